"""The server's secrets in the data directory: who may read them, and which file systems they can be on."""

import errno
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from eyeline.errors import SetupError
from eyeline.serve.process.secrets_file import SERVER_SECRET_BYTES, load, metrics_token
from eyeline.serve.process.tls import self_signed

UNSUPPORTED = [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL]

Load = Callable[[Path], object]


def fails(number: int) -> Callable[..., None]:
    def call(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return call


def test_secret_survives_a_restart_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    secret = load(folder)
    assert len(secret) == SERVER_SECRET_BYTES
    assert load(folder) == secret
    assert (folder / "secret").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.iterdir()] == ["secret"]


@pytest.mark.parametrize("number", UNSUPPORTED)
def test_file_system_without_hard_links_or_fsync_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "link", fails(number))
    monkeypatch.setattr(os, "fsync", fails(number))
    assert load(tmp_path) == load(tmp_path)
    assert metrics_token(tmp_path) == metrics_token(tmp_path)
    assert self_signed(tmp_path, []).fingerprint() == self_signed(tmp_path, []).fingerprint()
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    files = {"secret", "metrics-token", "self-signed.pem", "self-signed-key.pem"}
    assert {path.name for path in tmp_path.iterdir()} == files


@pytest.mark.parametrize("links", [True, False])
def test_secret_of_another_process_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    """Another process creates it between our check and our write."""
    path = tmp_path / "secret"

    def theirs(size: int) -> bytes:
        path.write_bytes(b"t" * size)
        path.chmod(0o600)
        return b"o" * size

    monkeypatch.setattr(secrets, "token_bytes", theirs)
    if not links:
        monkeypatch.setattr(os, "link", fails(errno.EPERM))
    assert load(tmp_path) == b"t" * SERVER_SECRET_BYTES
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", ["link", "fsync"])
def test_full_disk_is_reported_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setattr(os, call, fails(errno.ENOSPC))
    with pytest.raises(SetupError, match=r"can't be used: No space left on device\. Choose another with --data-dir\.$"):
        load(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("read", [load, metrics_token])
def test_secret_that_other_users_can_read_is_refused(tmp_path: Path, read: Load) -> None:
    tmp_path.chmod(0o755)
    read(tmp_path)
    [path] = tmp_path.iterdir()
    for mode in (0o604, 0o602, 0o666):
        path.chmod(mode)
        with pytest.raises(SetupError, match=f"^Other users of this machine can read {path}: run chmod o-rwx {path},"):
            read(tmp_path)
    path.chmod(0o640)
    read(tmp_path)


def test_readable_file_in_a_private_folder_is_no_secret_for_others(tmp_path: Path) -> None:
    load(tmp_path)
    (tmp_path / "secret").chmod(0o644)
    tmp_path.chmod(0o700)
    assert load(tmp_path)


def test_folder_that_other_users_can_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(SetupError, match=f"can replace the files in {tmp_path}: run chmod o-rwx {tmp_path}$"):
        load(tmp_path)
    assert list(tmp_path.iterdir()) == []
    tmp_path.chmod(0o770)
    assert load(tmp_path)


def test_file_system_without_modes_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It shows the same mode for every file, however it was created."""

    def create(path: Path, flags: int, mode: int) -> int:
        del mode
        descriptor = unpatched(path, flags, 0o777)
        os.fchmod(descriptor, 0o777)
        return descriptor

    unpatched = os.open
    tmp_path.chmod(0o777)
    monkeypatch.setattr(os, "open", create)
    assert load(tmp_path) == load(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
