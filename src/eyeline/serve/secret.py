"""The broker's own secret, kept in the data directory so that a restarted broker knows its seats again."""

import os
import secrets
from pathlib import Path
from typing import Final

from eyeline.errors import SetupError

SECRET_BYTES: Final = 32


def load(data_dir: Path) -> bytes:
    """The secret in `data_dir`, made on the first start (file mode 0600).

    Raises `SetupError` if the directory can't be used, or the file is not what was written.
    """
    path = data_dir / "secret"
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _write(path, secrets.token_bytes(SECRET_BYTES))
        secret = path.read_bytes()
    except OSError as error:
        raise SetupError(
            f"The data directory {data_dir} can't be used: {error.strerror}. Choose another with --data-dir."
        ) from None
    if len(secret) != SECRET_BYTES:
        raise SetupError(f"{path} is damaged: it must hold {SECRET_BYTES} bytes. Delete it and a new one is made.")
    return secret


def _write(path: Path, content: bytes) -> None:
    """All or nothing, and never over a file that another process made in the meantime."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
