"""Structured logging: one line per event with named values, for people or as JSON, on standard error.

Uses the standard library's `logging`, so that a site that mounts Eyeline gets these events along with its own.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Literal

import msgspec

_SUPPRESSED = (
    "Application startup failed. Exiting.",  # we print the cause instead
    "Invalid HTTP request received.",  # anybody can cause these in any number
    "ASGI callable returned without completing handshake.",  # logged for each WebSocket refused in the ASGI way
)


class LogEvent:
    """A log event: a sign and named values.  As text, for example, `! refused=no-key`."""

    def __init__(self, sign: str, **values: str) -> None:
        self.sign = sign
        self.values = values

    def __str__(self) -> str:
        return " ".join([self.sign, *(f"{name}={_quoted(value)}" for name, value in self.values.items())])


def set_up(level: Literal["debug", "info", "warning", "error"], form: Literal["human", "json"]) -> None:
    """Configure logging of the whole process, for `eyeline serve`; a site that mounts Eyeline configures its own.

    Libraries log only warnings and errors, whatever the level, because their debug lines contain client addresses.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Human("%(asctime)s [%(level)s] %(message)s", "%H:%M:%S"))
    logging.getLogger("eyeline").setLevel(threshold)
    logging.getLogger("uvicorn.error").addFilter(lambda record: record.msg not in _SUPPRESSED)
    logging.basicConfig(handlers=[handler], level=max(threshold, logging.WARNING), force=True)


def logs_debug() -> bool:
    """Whether debug lines are logged, so that callers can avoid building them."""
    return logging.getLogger("eyeline").isEnabledFor(logging.DEBUG)


class _Human(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        record.__dict__["level"] = record.levelname.lower()
        return super().format(record)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        logged = record.msg
        event = {"event": record.getMessage()}
        if isinstance(logged, LogEvent):
            event = {**logged.values, "event": logged.sign}
        event["level"] = record.levelname.lower()
        event["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(event).decode()


def _quoted(value: str) -> str:
    """The value, quoted if it would break the format of the line."""
    return value if value.isprintable() and value and not set(value) & set(" ='\"") else repr(value)
