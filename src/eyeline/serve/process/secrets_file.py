"""The server's secrets, kept in the data directory so that resume tokens and metrics tokens survive a restart."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from eyeline.errors import SetupError

SERVER_SECRET_BYTES: Final = 32
TOKEN_CHARACTERS_MIN: Final = 16


def load(data_dir: Path) -> bytes:
    """The secret in `data_dir`, created on the first start (file mode 0600).

    Raises `SetupError` if the directory can't be used or the file is damaged.
    """
    path = data_dir / "secret"
    secret = _kept(path, lambda: secrets.token_bytes(SERVER_SECRET_BYTES))
    if len(secret) != SERVER_SECRET_BYTES:
        raise SetupError(
            f"{path} is damaged: it must have {SERVER_SECRET_BYTES} bytes. Delete it to have a new one created."
        )
    return secret


def metrics_token(data_dir: Path) -> str:
    """The bearer token for the metrics, in `metrics-token`: created on the first start, or set by the operator.

    Raises `SetupError` as `load` does.
    """
    path = data_dir / "metrics-token"
    token = (
        _kept(path, lambda: secrets.token_urlsafe(SERVER_SECRET_BYTES).encode() + b"\n")
        .decode(errors="replace")
        .strip()
    )
    if not (token.isascii() and len(token) >= TOKEN_CHARACTERS_MIN):
        raise SetupError(
            f"{path} must have at least {TOKEN_CHARACTERS_MIN} ASCII characters. Delete it to have a new one created."
        )
    return token


def _kept(path: Path, make: Callable[[], bytes]) -> bytes:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _write(path, make())
        return path.read_bytes()
    except OSError as error:
        raise SetupError(
            f"The data directory {path.parent} can't be used: {error.strerror}. Choose another with --data-dir."
        ) from None


def _write(path: Path, content: bytes) -> None:
    """Write atomically, without replacing a file that another process has created meanwhile."""
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
