"""Errors about files that settings name, without secrets that were set in place of a file."""

import os
from pathlib import Path
from typing import Final

from eyeline.errors import SetupError

_SUFFIX_CHARACTERS: Final = 5


def unreadable(name: str, file: Path, error: OSError) -> SetupError:
    """The error for the file that a setting names; doesn't repeat a value that may be a secret instead of a file."""
    known_folder = any(os.path.isdir(folder) for folder in list(file.parents)[:-1])  # noqa: PTH112  never raises
    if known_folder or 0 < len(file.suffix) <= _SUFFIX_CHARACTERS or os.path.exists(file):  # noqa: PTH110  never raises
        return SetupError(f"{name} is '{file}', but that file can't be read: {error.strerror}.")
    return SetupError(f"{name} must name a file, but there is none of that name (not shown, since it may be a secret).")
