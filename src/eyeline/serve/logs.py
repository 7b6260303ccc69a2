"""Structured logging: one line an event, with its values by name, for people or as JSON, on standard error.

Uses the standard library's `logging`, so a site that mounts Eyeline finds these events with its own.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Literal

import msgspec

_NO_NEWS = (
    "Application startup failed. Exiting.",  # its cause says it better
    "Invalid HTTP request received.",  # anybody can send one, as often as they like
    "ASGI callable returned without completing handshake.",  # said of each WebSocket that was refused as ASGI wants it
)


class LogEvent:
    """What is logged: a sign, and values by name.  As text it is `! refused=no-key`."""

    def __init__(self, sign: str, **values: str) -> None:
        self.sign = sign
        self.values = values

    def __str__(self) -> str:
        return " ".join([self.sign, *(f"{name}={_word(value)}" for name, value in self.values.items())])


def set_up(level: Literal["debug", "info", "warning", "error"], form: Literal["human", "json"]) -> None:
    """Set up logging for the whole process, for `eyeline serve`: a site that mounts Eyeline sets up its own.

    Of the libraries only warnings and errors are written, whatever the level: their debug lines name addresses.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Human("%(asctime)s [%(level)s] %(message)s", "%H:%M:%S"))
    logging.getLogger("eyeline").setLevel(threshold)
    logging.getLogger("uvicorn.error").addFilter(lambda record: record.msg not in _NO_NEWS)
    logging.basicConfig(handlers=[handler], level=max(threshold, logging.WARNING), force=True)


def is_noted() -> bool:
    """Whether debug lines are written: otherwise none is built for each message."""
    return logging.getLogger("eyeline").isEnabledFor(logging.DEBUG)


class _Human(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        record.__dict__["level"] = record.levelname.lower()
        return super().format(record)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said = record.msg
        event = {**said.values, "event": said.sign} if isinstance(said, LogEvent) else {"event": record.getMessage()}
        event["level"] = record.levelname.lower()
        event["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(event).decode()


def _word(value: str) -> str:
    """The value, quoted where it would break the line's format."""
    return value if value.isprintable() and value and not set(value) & set(" ='\"") else repr(value)
