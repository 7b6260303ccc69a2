"""What passes between the process that makes the changes and the one that runs the tests."""

from pathlib import Path
from typing import Final, NotRequired, TypedDict

ROOT: Final = Path(__file__).parent.parent.parent
"""The repository."""
FOLDERS: Final = ("signalling", "turn", "serve")
"""Folders of `src/eyeline` that are changed, each with the folder of `tests` of the same name."""


class Job(TypedDict):
    """A change to try."""

    path: str
    """The module, relative to the repository."""
    source: str
    """All of it, with the change."""
    lines: list[int]
    """The lines of the statement that is changed."""


class Verdict(TypedDict):
    """What came of it."""

    noticed: bool
    by: NotRequired[str]
    """The test that failed, or what else ended the run."""
