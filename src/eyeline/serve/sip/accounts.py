"""SIP accounts, in `sip-accounts.json` in the data directory: per user two hashes of the password (HA1), not itself.

`eyeline sip` writes the file; a running server notices.  The hashes contain the realm, so the file keeps it too: the
passwords stay valid when the server gets another name.
"""

import contextlib
import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Self

import msgspec
from msgspec import Meta, Struct

from eyeline.errors import SetupError
from eyeline.serve import atomic_file
from eyeline.serve.logs import LogEvent
from eyeline.serve.sip import ACCOUNTS_FILE
from eyeline.sip.digest import ha1

_log = logging.getLogger("eyeline.sip")

ACCOUNTS_MAX: Final = 100_000
PASSWORD_CHARACTERS_MIN: Final = 8
PASSWORD_CHARACTERS_MAX: Final = 200

UserName = Annotated[str, Meta(pattern=r"^[a-z0-9+][a-z0-9._+-]{0,63}\Z")]
"""The user part of a SIP address.  Lower case only, so that no two accounts look alike."""

_Hex128 = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
_Hex256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class _Row(Struct, frozen=True, forbid_unknown_fields=True):
    md5: _Hex128
    sha256: _Hex256


class _Content(Struct, frozen=True, forbid_unknown_fields=True):
    realm: Annotated[str, Meta(pattern=r'^[^"\\\x00-\x1f\x7f]{1,255}\Z')]
    accounts: Annotated[dict[UserName, _Row], Meta(max_length=ACCOUNTS_MAX)]


class SipPassword(Struct, frozen=True):
    """A password as a server keeps it: its HA1 values (RFC 7616, 3.4.2), in hexadecimal.

    They suffice to log in to this realm, but not to find out the password.
    """

    md5: str
    sha256: str

    @classmethod
    def of(cls, user: str, realm: str, password: str) -> Self:
        """Hash a password."""
        return cls(ha1(user, realm, password, "MD5"), ha1(user, realm, password, "SHA-256"))


class Accounts(Struct, frozen=True):
    """All accounts at one time.  `realm` is None before the first one."""

    realm: str | None
    passwords: dict[str, SipPassword]


class AccountFile:
    """The file.  Each method raises `SetupError`: it can't be used, or what is asked for can't be done."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / ACCOUNTS_FILE
        self._name = str(self.path)

    def stamp(self) -> tuple[int, int, int] | None:
        """Differs after each change; None if there is no file.  Each look-up calls it: `os.stat` takes 2 us."""
        try:
            found = os.stat(self._name)  # noqa: PTH116  twice as fast
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def read(self) -> Accounts:
        """The accounts; none if there is no file."""
        content = self._content()
        if content is None:
            return Accounts(None, {})
        return Accounts(
            content.realm, {name: SipPassword(row.md5, row.sha256) for name, row in content.accounts.items()}
        )

    def settle_realm(self, realm: str) -> str:
        """The realm of all accounts, which is `realm` if there is no file yet."""
        with self._changing(realm) as content:
            return content.realm

    def add(self, user: str, password: str, realm: str) -> None:
        """Add an account.  `realm` applies if it is the first one; later ones get the same."""
        try:
            msgspec.convert(user, UserName)
        except msgspec.ValidationError:
            raise SetupError(
                f"A user's name is 1 to 64 lower-case letters, digits and . _ + -, such as alice: not {user!r}."
            ) from None
        with self._changing(realm) as content:
            if user in content.accounts:
                raise SetupError(f"{user} has an account already: eyeline sip passwd {user} changes its password.")
            if len(content.accounts) >= ACCOUNTS_MAX:
                raise SetupError(f"{self.path} can't have more than {ACCOUNTS_MAX} accounts.")
            content.accounts[user] = _row(user, content.realm, password)

    def change_password(self, user: str, password: str) -> None:
        """Set another password."""
        with self._changing() as content:
            self._require(user, content)
            content.accounts[user] = _row(user, content.realm, password)

    def remove(self, user: str) -> None:
        """Remove an account."""
        with self._changing() as content:
            self._require(user, content)
            del content.accounts[user]

    def _require(self, user: str, content: _Content) -> None:
        if user not in content.accounts:
            raise SetupError(f"There is no account {user!r}: eyeline sip list shows all.")

    def _content(self) -> _Content | None:
        try:
            if not self.path.exists():
                return None
            exposed = atomic_file.exposed(self.path)
            if exposed is not None and atomic_file.keeps_modes(self.path.parent):
                raise SetupError(exposed)
            return msgspec.json.decode(self.path.read_bytes(), type=_Content)
        except OSError as error:
            raise SetupError(f"{self.path} can't be read: {error.strerror}.") from None
        except (ValueError, RecursionError) as error:  # includes the errors of msgspec
            raise SetupError(f"{self.path} is damaged: {error}.") from None

    @contextlib.contextmanager
    def _changing(self, realm: str = "") -> Iterator[_Content]:
        """The content, which is written back.  Two processes that change it do so one after the other."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                with contextlib.suppress(OSError):  # a file system without locks
                    fcntl.flock(folder, fcntl.LOCK_EX)
                content = self._content() or _Content(realm, {})
                before = msgspec.json.encode(content) if self.path.exists() else b""
                yield content
                after = msgspec.json.encode(content)
                if after != before:
                    atomic_file.replace(self.path, msgspec.json.format(after) + b"\n", mode=0o600)
            finally:
                os.close(folder)
        except OSError as error:
            raise SetupError(f"{self.path} can't be written: {error.strerror}.") from None


class LiveAccounts:
    """The accounts of a running server, read again when the file has changed.

    Raises `SetupError` as `AccountFile.read` does; later faults are logged, and the accounts stay as they were.
    """

    def __init__(self, file: AccountFile) -> None:
        self._file = file
        self._stamp = file.stamp()
        self._accounts = self._reported = file.read()

    def current(self) -> Accounts:
        """The accounts now."""
        stamp = self._file.stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._accounts = self._file.read()
            except SetupError as error:
                _log.error(LogEvent("!", accounts="unchanged", why=str(error)))
        return self._accounts

    def changed(self) -> list[str]:
        """Users whose account was removed, or got another password, since the last call."""
        before, after = self._reported.passwords, self.current().passwords
        self._reported = self._accounts
        return [] if before is after else [user for user, password in before.items() if after.get(user) != password]


def _row(user: str, realm: str, password: str) -> _Row:
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        raise SetupError(f"A password has {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters.")
    hashed = SipPassword.of(user, realm, password)
    return _Row(hashed.md5, hashed.sha256)
