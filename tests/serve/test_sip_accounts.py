"""The file of SIP accounts: what it keeps, who may read it, and that a running server follows it."""

import hashlib
import os
import threading
from pathlib import Path

import pytest

from eyeline.errors import SetupError
from eyeline.serve.sip.accounts import AccountFile, LiveAccounts, SipPassword


def test_only_hashes_of_a_password_are_kept_and_only_the_owner_may_read_them(tmp_path: Path) -> None:
    file = AccountFile(tmp_path / "data")
    file.add("alice", "correct horse", "example.org")

    assert file.path.stat().st_mode & 0o777 == 0o600
    assert b"horse" not in file.path.read_bytes()
    assert file.read().realm == "example.org"
    assert file.read().passwords["alice"] == SipPassword(
        hashlib.md5(b"alice:example.org:correct horse").hexdigest(),
        hashlib.sha256(b"alice:example.org:correct horse").hexdigest(),
    )


def test_realm_of_the_first_account_stays_so_that_passwords_stay_valid(tmp_path: Path) -> None:
    file = AccountFile(tmp_path)
    file.add("alice", "correct horse", "old.example.org")
    file.add("bob", "battery staple", "new.example.org")

    assert file.read().realm == "old.example.org"
    assert file.read().passwords["bob"] == SipPassword.of("bob", "old.example.org", "battery staple")


def test_password_can_be_changed_and_an_account_removed(tmp_path: Path) -> None:
    file = AccountFile(tmp_path)
    file.add("alice", "correct horse", "example.org")
    file.add("bob", "battery staple", "example.org")
    file.change_password("alice", "another one")
    file.remove("bob")

    assert file.read().passwords == {"alice": SipPassword.of("alice", "example.org", "another one")}


@pytest.mark.parametrize(
    "user", ["", "Alice", "al ice", "a" * 65, "алиса", "alice@example.org", "1:alice", ".a", "a\n"]
)
def test_name_that_could_be_mistaken_for_another_is_refused(tmp_path: Path, user: str) -> None:
    with pytest.raises(SetupError, match="lower-case letters"):
        AccountFile(tmp_path).add(user, "correct horse", "example.org")


def test_what_cannot_be_done_is_said_and_changes_nothing(tmp_path: Path) -> None:
    file = AccountFile(tmp_path)
    file.add("alice", "correct horse", "example.org")
    before = file.path.read_bytes()

    with pytest.raises(SetupError, match="has an account already"):
        file.add("alice", "correct horse", "example.org")
    with pytest.raises(SetupError, match="no account 'bob'"):
        file.remove("bob")
    with pytest.raises(SetupError, match="no account 'bob'"):
        file.change_password("bob", "correct horse")
    with pytest.raises(SetupError, match="8 to 200 characters"):
        file.change_password("alice", "short")
    assert file.path.read_bytes() == before


def test_accounts_that_two_programs_add_at_once_are_all_kept(tmp_path: Path) -> None:
    def add(user: str) -> None:
        AccountFile(tmp_path).add(user, "correct horse", "example.org")

    users = [f"user{number}" for number in range(20)]
    threads = [threading.Thread(target=add, args=(user,)) for user in users]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert sorted(AccountFile(tmp_path).read().passwords) == sorted(users)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write for another user")
def test_file_that_root_writes_belongs_to_the_user_of_the_server(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    AccountFile(tmp_path).add("alice", "correct horse", "example.org")

    found = AccountFile(tmp_path).path.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (65534, 65534, 0o600)


def test_running_server_follows_the_file(tmp_path: Path) -> None:
    file = AccountFile(tmp_path)
    live = LiveAccounts(file)
    assert live.current().passwords == {}

    file.add("alice", "correct horse", "example.org")
    assert list(live.current().passwords) == ["alice"]

    file.remove("alice")
    assert live.current().passwords == {}


@pytest.mark.parametrize("fault", [b"{", b"[]", b'{"realm":"a\\"b","accounts":{}}', b"\xff"])
def test_damaged_file_stops_the_start_and_leaves_a_running_server_its_accounts(
    tmp_path: Path, fault: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file = AccountFile(tmp_path)
    file.add("alice", "correct horse", "example.org")
    live = LiveAccounts(file)
    file.path.write_bytes(fault)

    with pytest.raises(SetupError, match="is damaged"):
        LiveAccounts(file)
    assert list(live.current().passwords) == ["alice"]
    assert list(live.current().passwords) == ["alice"]
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_file_that_everybody_may_read_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    file = AccountFile(tmp_path)
    file.add("alice", "correct horse", "example.org")
    file.path.chmod(0o644)

    with pytest.raises(SetupError, match="chmod o-rwx"):
        file.read()
