"""Atomic writes of small files, also on file systems without hard links, `fsync` or file modes (FAT, SMB, FUSE)."""

import contextlib
import errno
import os
from pathlib import Path
from typing import Final

_UNSUPPORTED: Final = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
"""What file systems answer to a call that they don't have; `link` gives EPERM on FAT."""


def create(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, and leave one alone that another process has created meanwhile.

    Without hard links, such a process can read the file while it is still being written.
    """
    draft = _draft(path, content, 0o600)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        _create_without_link(path, content)
    finally:
        draft.unlink()


def replace(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file, or replace it: a concurrent reader sees either the old file or the new one.

    If root writes it, it belongs to the owner of its folder: the user as which the server runs.
    """
    draft = _draft(path, content, mode)
    if os.geteuid() == 0:
        folder = path.parent.stat()
        with contextlib.suppress(OSError):
            os.chown(draft, folder.st_uid, folder.st_gid)
    draft.replace(path)


def exposed(path: Path) -> str | None:
    """How other users of this machine can get at a secret in a file, and what to do; None if they can't.

    The group is trusted: it may be one that a container platform gives to the volume.
    """
    folder, file = path.parent.stat().st_mode, path.stat().st_mode if path.exists() else 0
    if folder & 0o002:
        return f"Other users of this machine can replace the files in {path.parent}: run chmod o-rwx {path.parent}"
    if file & 0o006 and folder & 0o001:
        return f"Other users of this machine can read {path}: run chmod o-rwx {path}, and replace it if they may have."
    return None


def keeps_modes(folder: Path) -> bool:
    """Whether the file system keeps the mode of a new file, or shows one for all files, as FAT and SMB do."""
    draft = _draft(folder / "mode", b"", 0o600)
    try:
        return draft.stat().st_mode & 0o777 == 0o600
    finally:
        draft.unlink()


def _draft(path: Path, content: bytes, mode: int) -> Path:
    """The content in a hidden file beside `path`."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    _write_new(draft, content, mode)
    return draft


def _create_without_link(path: Path, content: bytes) -> None:
    with contextlib.suppress(FileExistsError):
        _write_new(path, content, 0o600)


def _write_new(path: Path, content: bytes, mode: int) -> None:
    """Write a file that doesn't exist yet, or none.  Raises `FileExistsError` if it does."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            _sync(file.fileno())
    except BaseException:
        path.unlink()
        raise


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
