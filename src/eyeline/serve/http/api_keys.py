"""API keys (bearer tokens) of the HTTP API, and which rooms each key has created.

The file has only hashes.  Keys are long and random, so a single SHA-256 is enough to protect them.
"""

import hmac
import secrets
import tomllib
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from eyeline.errors import SetupError
from eyeline.serve.setting_files import unreadable
from eyeline.signalling.messages import RoomName

_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz123456789"  # 32, as in room names made by the pages
_CHANCE: Final = 16
_MAC: Final = 8
_GROUP: Final = 4


class ApiKey(Struct, frozen=True):
    """A key, which can access the rooms that it created or, as `admin`, all rooms."""

    name: str
    admin: bool = False


class _Row(Struct, frozen=True, forbid_unknown_fields=True):
    sha256: Annotated[str, Meta(pattern="^[0-9A-Fa-f]{64}$")]
    admin: bool = False


_Rows = Annotated[dict[Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,64}$")], _Row], Meta(min_length=1, max_length=100)]


class ApiKeys:
    """All API keys.  `secret` authenticates the names of rooms."""

    def __init__(self, rows: list[tuple[ApiKey, bytes]], secret: bytes) -> None:
        self._rows = rows
        self._secret = secret

    def find(self, authorization: str) -> ApiKey | None:
        """The key in an `Authorization` header (RFC 6750), or None.  Takes the same time for any wrong key."""
        scheme, _, shown = authorization.partition(" ")
        shown_hash = sha256(shown.strip().encode(errors="replace")).digest()
        found = [key for key, known in self._rows if hmac.compare_digest(known, shown_hash)]
        return found[0] if found and scheme.lower() == "bearer" else None

    def name_room(self, key: ApiKey) -> RoomName:
        """The name of a new room: 80 random bits, and 40 that identify the key."""
        chance = "".join(secrets.choice(_LETTERS) for _ in range(_CHANCE))
        text = chance + self._mac(chance, key)
        return RoomName("-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP)))

    def may_see(self, key: ApiKey, room: RoomName) -> bool:
        """Whether the key created the room, or is an admin key."""
        text = room.replace("-", "")
        return key.admin or hmac.compare_digest(text[_CHANCE:], self._mac(text[:_CHANCE], key))

    def _mac(self, chance: str, key: ApiKey) -> str:
        mac = hmac.digest(self._secret, f"eyeline room 1\0{key.name}\0{chance}".encode(), sha256)
        return "".join(_LETTERS[byte & 31] for byte in mac[:_MAC])


def load(path: Path, secret: bytes) -> ApiKeys:
    """The keys in the file.  Raises `SetupError`."""
    try:
        rows = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _Rows)
    except OSError as error:
        raise unreadable("api_keys", path, error) from None
    except ValueError as error:  # includes the errors of TOML and msgspec
        raise SetupError(f"api_keys: {path} can't be used: {' '.join(str(error).split())}.") from None
    return ApiKeys([(ApiKey(name, row.admin), bytes.fromhex(row.sha256)) for name, row in rows.items()], secret)
