"""What every command does in a terminal: lines in colour, and errors of the setup as one sentence."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from eyeline.errors import SetupError

_CANT_START = 2


@contextmanager
def setup_errors() -> Iterator[None]:
    """Print a `SetupError`, and exit with status 2."""
    try:
        yield
    except SetupError as error:
        click.echo(f"eyeline: {error}", err=True)
        sys.exit(_CANT_START)


def printable(text: str) -> str:
    """Replace control characters: text from another server could contain escape sequences for the terminal."""
    return "".join(each if each.isprintable() else "\ufffd" for each in text)


def print_line(line: str) -> None:
    """Print a line, in colour if the terminal supports it and NO_COLOR isn't set (https://no-color.org)."""
    click.echo(line, color=False if os.environ.get("NO_COLOR") else None)
