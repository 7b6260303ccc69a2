"""What a line of the log looks like, to people and to machines."""

import json
import logging
import re
from collections.abc import Iterator
from datetime import datetime

import pytest

from eyeline.serve import logs
from eyeline.serve.logs import LogEvent

OURS = logging.getLogger("eyeline.api")
THEIRS = logging.getLogger("library")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Each test sets up the logging of the whole process."""
    root, ours, uvicorn = logging.getLogger(), logging.getLogger("eyeline"), logging.getLogger("uvicorn.error")
    before = root.handlers[:], root.level, ours.level, uvicorn.filters[:]
    root.handlers = []
    yield
    root.handlers, root.level, ours.level, uvicorn.filters = before
    for each in (root, ours):
        each.setLevel(each.level)  # it has told the loggers below


def test_people_get_one_line_with_the_values_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info", "human")
    OURS.info(LogEvent("!", refused="no-key", key="my site"))
    OURS.debug(LogEvent("<", message="Hello"))

    assert re.fullmatch(r"\d\d:\d\d:\d\d \[info\] ! refused=no-key key='my site'\n", capsys.readouterr().err)


def test_machines_get_one_object_an_event_with_the_traceback_inside(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info", "json")
    OURS.info(LogEvent("!", refused="no-key"))
    try:
        int("no number")
    except ValueError:
        THEIRS.exception("It %s", "failed")
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())

    assert (ours["event"], ours["refused"], ours["level"]) == ("!", "no-key", "info")
    assert datetime.fromisoformat(ours["timestamp"]).utcoffset() is not None
    assert (theirs["event"], theirs["level"]) == ("It failed", "error")
    assert theirs["exception"].endswith("'no number'")


def test_a_value_cannot_begin_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info", "human")
    OURS.info(LogEvent("!", key="x\n12:00:00 [info] ! forged=yes"))

    assert len(capsys.readouterr().err.splitlines()) == 1


def test_libraries_say_only_what_is_wrong_and_we_say_as_much_as_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("debug", "human")
    assert logs.logs_debug()
    THEIRS.info("192.0.2.7 has come")
    OURS.debug(LogEvent("<", message="Hello"))
    logs.set_up("error", "human")
    assert not logs.logs_debug()
    OURS.warning(LogEvent("!", forwarded="no"))
    said = capsys.readouterr().err

    assert "message=Hello" in said
    assert "192.0.2.7" not in said
    assert "forwarded" not in said
