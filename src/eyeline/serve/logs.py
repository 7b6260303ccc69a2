"""How log lines look: one line an event, on standard error, ours and those of the libraries."""

import logging
import sys
from typing import Literal

import structlog

_NO_NEWS = (
    "Application startup failed. Exiting.",  # its cause says it better
    "Invalid HTTP request received.",  # anybody can send one, as often as they like
    "ASGI callable returned without completing handshake.",  # said of each WebSocket that was refused as ASGI wants it
)


def set_up(level: Literal["debug", "info", "warning", "error"], form: Literal["human", "json"]) -> None:
    """Say for the whole process what is written and how.  For `eyeline serve`: a site that mounts Eyeline has its own.

    Of the libraries only warnings and errors are written, whatever the level: their debug lines name addresses.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    stamp = structlog.processors.TimeStamper(fmt="iso" if form == "json" else "%H:%M:%S", utc=form == "json")
    shared: list[structlog.typing.Processor] = [structlog.processors.add_log_level, stamp]
    renderer = _renderer(form)
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.getLogger("uvicorn.error").addFilter(lambda record: record.msg not in _NO_NEWS)
    logging.basicConfig(handlers=[handler], level=max(threshold, logging.WARNING), force=True)


def is_noted() -> bool:
    """Whether debug lines are written, so that none is made in vain for each message.  True if the logger can't say."""
    ask = getattr(structlog.get_logger().bind(), "is_enabled_for", None)
    return ask is None or bool(ask(logging.DEBUG))


def _renderer(form: Literal["human", "json"]) -> structlog.typing.Processor:
    if form == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), pad_event_to=0, pad_level=False, exception_formatter=structlog.dev.plain_traceback
    )
