"""Secrets in files that settings name, and errors about such files, without secrets that were set in their place."""

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


def read_secret(name: str, file: Path) -> bytes:
    """The secret in the file that a setting names, without white space around it.  Raises SetupError."""
    try:
        secret = file.read_bytes().strip()
    except OSError as error:
        raise unreadable(name, file, error) from None
    if not secret:
        raise SetupError(f"{name} is {file}, but that file is empty.")
    return secret
