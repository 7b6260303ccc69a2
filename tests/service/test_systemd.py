"""The service of systemd: its unit, and what installing and removing it does to a machine."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from eyeline import cli
from eyeline.errors import SetupError
from eyeline.service import systemd
from eyeline.service.systemd import Machine, unit_for
from eyeline.service.unit import unit

ANALYZE = shutil.which("systemd-analyze")
with_analyze = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze isn't here: apt-get install systemd")


def verdict(folder: Path, *words: str, text: str) -> subprocess.CompletedProcess[str]:
    """What systemd-analyze says of the unit."""
    assert ANALYZE is not None
    path = folder / "eyeline.service"
    path.write_text(text, encoding="utf-8")
    argv = [ANALYZE, *words, str(path)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def machine(folder: Path, monkeypatch: pytest.MonkeyPatch, *, fails: str = "nothing") -> Machine:
    """A machine with a systemctl that writes down how it is called, and fails at one verb."""
    (folder / "etc/systemd/system").mkdir(parents=True)
    (folder / "run/systemd/system").mkdir(parents=True)
    program = folder / "bin" / "systemctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >>{folder}/calls\n[ "$1" != {fails} ]\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(systemd, "_HIDDEN", ())
    monkeypatch.setattr(systemd, "_enterable", lambda _folder: True)
    return Machine(folder)


def calls(folder: Path) -> list[str]:
    path = folder / "calls"
    return path.read_text().splitlines() if path.exists() else []


@with_analyze
def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    done = verdict(
        tmp_path, "verify", "--man=no", text=unit_for({"port": "443", "site_name": '100 % "tea" $HOME'}, None)
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@with_analyze
def test_exposure_of_the_service_is_under_2(tmp_path: Path) -> None:
    done = verdict(tmp_path, "security", "--offline=true", "--threshold=19", "--no-pager", text=unit_for({}, None))

    assert done.returncode == 0, done.stdout


def test_options_reach_the_server_as_they_were_given() -> None:
    text = unit_for({"port": "443", "allowed_origins": ("https://a.example", "https://b.example")}, None)
    start = f"ExecStart={sys.executable} -m eyeline serve --data-dir /var/lib/eyeline "

    assert f"{start}--port 443 --allowed-origin https://a.example --allowed-origin https://b.example\n" in text


@pytest.mark.parametrize(
    ("name", "quoted"),
    [("Tea Society", '"Tea Society"'), ("100 %n", '"100 %%n"'), ("$HOME", '"$$HOME"'), ('a"b\\', '"a\\"b\\\\"')],
)
def test_characters_that_mean_something_to_systemd_are_escaped(name: str, quoted: str) -> None:
    assert f" --site-name {quoted}\n" in unit_for({"site_name": name}, None)


def test_files_that_only_root_can_read_are_passed_on_as_credentials(tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).touch(mode=0o600)
    text = unit_for({"cert": str(tmp_path / "cert.pem"), "key": str(tmp_path / "key.pem")}, None)

    assert f"\nLoadCredential=cert:{tmp_path}/cert.pem\nLoadCredential=key:{tmp_path}/key.pem\n" in text
    assert " --cert ${CREDENTIALS_DIRECTORY}/cert --key ${CREDENTIALS_DIRECTORY}/key\n" in text


def test_file_that_is_missing_and_a_data_directory_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="none isn't a file"):
        unit_for({"pass_keys": str(tmp_path / "none")}, None)
    with pytest.raises(SetupError, match="data_dir can't be set"):
        unit_for({"data_dir": str(tmp_path)}, None)


def test_path_with_a_second_line_is_refused() -> None:
    with pytest.raises(SetupError, match="isn't a file name that systemd accepts"):
        unit([], [], {"--cert": Path("/etc/a\nExecStart=/bin/sh")})


def test_install_enables_and_starts_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = machine(tmp_path, monkeypatch)
    systemd.install(unit_for({}, None), here, replace=False)

    assert here.unit.read_text() == unit_for({}, None)
    assert stat.S_IMODE(here.unit.stat().st_mode) == 0o644
    assert calls(tmp_path)[-3:] == ["daemon-reload", "enable eyeline.service", "restart eyeline.service"]


def test_installing_the_same_again_is_fine_and_other_content_needs_replace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = machine(tmp_path, monkeypatch)
    old, new = unit_for({"port": "443"}, None), unit_for({"port": "8443"}, None)
    systemd.install(old, here, replace=False)
    systemd.install(old, here, replace=False)
    with pytest.raises(SetupError, match="has other content already"):
        systemd.install(new, here, replace=False)
    assert here.unit.read_text() == old
    systemd.install(new, here, replace=True)
    assert here.unit.read_text() == new


def test_failure_of_systemctl_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = machine(tmp_path, monkeypatch, fails="restart")
    with pytest.raises(
        SetupError, match=r"`systemctl restart eyeline\.service` failed; `journalctl -u eyeline\.service` says why"
    ):
        systemd.install(unit_for({}, None), here, replace=False)


def test_uninstall_stops_and_removes_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = machine(tmp_path, monkeypatch)
    systemd.install(unit_for({}, None), here, replace=False)
    systemd.uninstall(here)

    assert not here.unit.exists()
    assert calls(tmp_path)[-2:] == ["disable --now eyeline.service", "daemon-reload"]
    for act in (systemd.uninstall, systemd.status):
        with pytest.raises(SetupError, match="The service isn't installed"):
            act(here)


def test_unit_of_somebody_else_is_not_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = machine(tmp_path, monkeypatch)
    here.unit.write_text("[Service]\nExecStart=/bin/true\n")
    with pytest.raises(SetupError, match="wasn't written by"):
        systemd.uninstall(here)
    assert here.unit.exists()


def test_status_is_that_of_systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = machine(tmp_path, monkeypatch, fails="status")
    here.unit.touch()

    assert systemd.status(here) == 1
    assert calls(tmp_path) == ["status --no-pager --full eyeline.service"]


def test_machine_without_systemd_is_reported_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = machine(tmp_path, monkeypatch)
    (tmp_path / "run/systemd/system").rmdir()
    with pytest.raises(SetupError, match="systemd doesn't run on this machine"):
        systemd.install(unit_for({}, None), here, replace=False)
    assert not here.unit.exists()


def test_install_and_uninstall_need_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = machine(tmp_path, monkeypatch)
    here.unit.touch()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SetupError, match="This needs root"):
        systemd.install("", here, replace=True)
    with pytest.raises(SetupError, match="This needs root"):
        systemd.uninstall(here)
    assert calls(tmp_path) == []


@pytest.mark.parametrize("place", ["root/eyeline", "home/bob/venv", "tmp/venv"])
def test_installation_that_the_service_can_not_read_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    hidden = systemd._HIDDEN
    here = machine(tmp_path, monkeypatch)
    monkeypatch.setattr(systemd, "_HIDDEN", hidden)
    monkeypatch.setattr(sys, "executable", f"/{place}/bin/python")
    with pytest.raises(SetupError, match=f"The service can't read /{place}/bin/python, where this installation or its"):
        systemd.install(unit_for({}, None), here, replace=False)
    assert not here.unit.exists()


def test_folder_that_is_closed_to_others_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o700)
    (tmp_path / "open").mkdir(mode=0o755)

    assert not systemd._enterable(tmp_path / "closed")
    assert systemd._enterable(tmp_path / "open")


def test_print_shows_the_unit_and_needs_neither_root_nor_systemd() -> None:
    done = CliRunner().invoke(cli.main, ["service", "install", "--print", "--port", "443"])

    assert (done.exit_code, done.output) == (0, unit_for({"port": "443"}, None))


def test_invalid_option_is_reported_before_anything_is_done() -> None:
    done = CliRunner().invoke(cli.main, ["service", "install", "--port", "http"])

    assert done.exit_code == 2
    assert done.output == "eyeline: port is 'http' from --port, but must be a whole number from 0 to 65535.\n"
