"""The `eyeline` command line, tested as real processes."""

import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import click
import pytest

from eyeline import __version__
from eyeline.cli import _line, greet
from eyeline.doctor.finding import Finding
from eyeline.serve.local_address import Listening
from eyeline.serve.process.tls import self_signed
from eyeline.settings import all_settings

DEADLINE_S = 20


def command(folder: Path, *arguments: str) -> list[str]:
    places = ["--host", "127.0.0.1", "--port", "0", "--stun-port", "0", "--data-dir", str(folder / "data")]
    return [sys.executable, "-m", "eyeline", "serve", *places, *arguments]


def environment(**extra: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("EYELINE_")} | extra


def run_command(argv: list[str], **extra: str) -> subprocess.CompletedProcess[str]:
    environ = environment(**extra)
    return subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=DEADLINE_S, check=False)


def refused(folder: Path, *arguments: str, **extra: str) -> str:
    """The one-line error of a server that can't start, without the program's name."""
    done = run_command(command(folder, *arguments), **extra)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("eyeline: ")
    return line.removeprefix("eyeline: ")


@contextmanager
def serving(
    folder: Path, *arguments: str, stdin: int = subprocess.DEVNULL
) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A listening server and the lines it printed at startup."""
    with subprocess.Popen(
        command(folder, *arguments), env=environment(), stdin=stdin, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            lines = []
            for line in process.stdout:
                lines.append(line.rstrip("\n"))
                if "Ctrl-C" in line:
                    break
            yield process, lines
        finally:
            process.kill()


def port_in(line: str) -> int:
    return int(line.rpartition(":")[2])


def test_version_is_printed() -> None:
    done = run_command([sys.executable, "-m", "eyeline", "--version"])
    assert (done.returncode, done.stdout) == (0, f"eyeline {__version__}\n")


def test_help_names_every_setting_and_its_variable() -> None:
    done = run_command([sys.executable, "-m", "eyeline", "serve", "--help"], COLUMNS="200")
    assert done.returncode == 0
    assert [
        knob.name for knob in all_settings() if knob.flag not in done.stdout or knob.variable not in done.stdout
    ] == []


def test_port_in_use_is_reported_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        words = refused(tmp_path, "--port", port)
    assert words == f"port is {port}, but another program listens there already: stop it or choose another port."


def test_stun_port_in_use_is_reported_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = str(other.getsockname()[1])
        assert port in refused(tmp_path, "--stun-port", port)


def test_address_of_another_machine_is_reported_in_one_sentence(tmp_path: Path) -> None:
    assert refused(tmp_path, "--host", "192.0.2.77").startswith("host is '192.0.2.77', but this machine can't listen")


def test_bad_certificate_is_reported_in_one_sentence(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text("hello", encoding="ascii")
    words = refused(tmp_path, "--cert", str(bad), "--key", str(bad))
    assert words == f"cert is '{bad}', but that isn't a certificate in a PEM file."


def test_key_of_another_certificate_is_reported_in_one_sentence(tmp_path: Path) -> None:
    alice, bob = self_signed(tmp_path / "alice", []), self_signed(tmp_path / "bob", [])
    words = refused(tmp_path, "--cert", str(alice.cert), "--key", str(bob.key))
    assert words == f"key is '{bob.key}', but that isn't the key of the certificate."


@pytest.mark.parametrize("tls", ["off", "self-signed"])
def test_data_dir_that_is_not_a_folder_is_reported_in_one_sentence(tmp_path: Path, tls: str) -> None:
    (tmp_path / "file").touch()
    words = refused(tmp_path, "--data-dir", str(tmp_path / "file" / "data"), "--tls", tls)
    assert str(tmp_path / "file" / "data") in words
    assert "Not a directory" in words


def test_invalid_flag_is_reported_in_one_sentence(tmp_path: Path) -> None:
    words = refused(tmp_path, "--room-capacity", "100")
    assert words == "room_capacity is '100' from --room-capacity, but must be a whole number from 2 to 12."


def test_invalid_environment_variable_is_reported_in_one_sentence(tmp_path: Path) -> None:
    assert refused(tmp_path, EYELINE_LOG_FORMAT="xml") == (
        "log_format is 'xml' from EYELINE_LOG_FORMAT, but must be human or json."
    )


def test_invalid_config_file_is_reported_in_one_sentence(tmp_path: Path) -> None:
    config = tmp_path / "eyeline.toml"
    config.write_text("colour = 1", encoding="utf-8")
    assert refused(tmp_path, "--config", str(config)).startswith(f"Unknown setting 'colour' in {config}")


def test_unknown_option_exits_with_status_2(tmp_path: Path) -> None:
    done = run_command(command(tmp_path, "--prot", "1"))
    assert done.returncode == 2
    assert "--port" in done.stderr


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_server_prints_its_address_and_stops_cleanly(tmp_path: Path, sign: signal.Signals) -> None:
    with serving(tmp_path) as (process, lines):
        assert lines[0].startswith("Eyeline is running: http://127.0.0.1:")
        socket.create_connection(("127.0.0.1", port_in(lines[0])), timeout=DEADLINE_S).close()
        process.send_signal(sign)
        assert process.wait(DEADLINE_S) == 0


def test_hangup_stops_a_server_whose_terminal_was_closed_and_no_other(tmp_path: Path) -> None:
    def runs_on(process: subprocess.Popen[str]) -> bool:
        process.send_signal(signal.SIGHUP)  # as `systemctl reload` does
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        return True

    with serving(tmp_path) as (process, _):
        assert runs_on(process)
    controller, terminal = os.openpty()
    with serving(tmp_path, stdin=terminal) as (process, _):
        os.close(terminal)
        assert runs_on(process)
        os.close(controller)
        process.send_signal(signal.SIGHUP)
        assert process.wait(DEADLINE_S) == 0


def test_listening_on_the_network_prints_the_address_and_an_https_hint(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "::", "--public-address", "2001:db8::5") as (_, lines):
        port = port_in(lines[0])
    assert lines[0] == f"Eyeline is running: http://localhost:{port}"
    assert f"On other machines:  http://[2001:db8::5]:{port}" in lines
    assert "Other machines need HTTPS for camera and microphone: --tls self-signed" in lines


def test_printed_fingerprint_matches_the_served_certificate(tmp_path: Path) -> None:
    with serving(tmp_path, "--tls", "self-signed") as (_, lines):
        trust = ssl.create_default_context(cafile=str(tmp_path / "data" / "self-signed.pem"))
        with (
            socket.create_connection(("127.0.0.1", port_in(lines[0])), timeout=DEADLINE_S) as plain,
            trust.wrap_socket(plain, server_hostname="localhost") as secured,
        ):
            seen = sha256(secured.getpeercert(binary_form=True) or b"").digest().hex(":").upper()
    assert lines[1] == "Relayed calls:      127.0.0.1, UDP ports 49152-65535"
    assert lines[2] == f"SHA-256 of the certificate: {seen}"


def test_plain_http_to_the_https_port_is_redirected(tmp_path: Path) -> None:
    with serving(tmp_path, "--tls", "self-signed") as (_, lines):
        port = port_in(lines[0])
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as plain:
            plain.sendall(f"GET /r/tea HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
            answer = plain.recv(4096).decode()
    assert answer.startswith("HTTP/1.1 308 ")
    assert f"\r\nlocation: https://localhost:{port}/r/tea\r\n" in answer


def test_fingerprint_is_printed_exactly(capsys: pytest.CaptureFixture[str]) -> None:
    greet(Listening(here="https://[::1]:8000", network=(), fingerprint="0A:CD:AB"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["Eyeline is running: https://[::1]:8000", "SHA-256 of the certificate: 0A:CD:AB"]


def test_service_manager_is_told_when_the_server_is_ready_and_when_it_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, address in [(str(tmp_path / "notify"), str(tmp_path / "notify")), (f"@{tmp_path}", f"\0{tmp_path}")]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(address)
            manager.settimeout(DEADLINE_S)
            monkeypatch.setenv("NOTIFY_SOCKET", name)
            with serving(tmp_path) as (process, lines):
                assert manager.recv(100) == b"READY=1"
                socket.create_connection(("127.0.0.1", port_in(lines[0])), timeout=DEADLINE_S).close()
                process.send_signal(signal.SIGTERM)
                assert manager.recv(100) == b"STOPPING=1"
                assert process.wait(DEADLINE_S) == 0


def test_start_on_a_platform_says_that_a_turn_server_is_needed(tmp_path: Path) -> None:
    warning = "This platform passes only HTTP: STUN and TURN can't work here"
    with serving(tmp_path, "--platform", "http", "--public-url", "https://meet.example.org") as (_, lines):
        assert lines[1] == "On other machines:  https://meet.example.org"
        assert [line for line in lines if line.startswith(warning) and "--turn-url" in line and "--turn-api" in line]
        assert not any("--tls" in line or "Relayed" in line for line in lines)
    (tmp_path / "secret").write_text("tea", encoding="ascii")
    turn = ["--turn-url", "turn:turn.example.org", "--turn-secret", str(tmp_path / "secret")]
    with serving(tmp_path, "--platform", "http", *turn) as (_, lines):
        assert not any(line.startswith(warning) for line in lines)


@pytest.mark.parametrize("name", ["host", "public_address"])
@pytest.mark.parametrize("value", ["meet..example.org", "m" * 64])
def test_invalid_dns_name_is_reported_in_one_sentence(tmp_path: Path, name: str, value: str) -> None:
    said = refused(tmp_path, f"--{name}".replace("_", "-"), value)
    assert (
        said == f"{name} is '{value}', but that isn't a valid name: each part between its dots has 1 to 63 characters."
    )


def test_doctor_rejects_an_invalid_host_name() -> None:
    done = run_command([sys.executable, "-m", "eyeline", "doctor", "https://meet..example.org"])
    assert (done.returncode, done.stderr) == (2, "eyeline: 'https://meet..example.org' isn't a valid address.\n")


@pytest.mark.parametrize(
    ("host", "asked"), [("127.0.0.2", "'127.0.0.2', 1"), ("::1", "'::1', 1"), ("0.0.0.0", "'127.0.0.1', 1")]
)
def test_doctor_without_an_address_checks_the_configured_server(host: str, asked: str) -> None:
    done = run_command([sys.executable, "-m", "eyeline", "doctor"], EYELINE_HOST=host, EYELINE_PORT="1")
    assert done.returncode == 1
    assert asked in done.stdout


def test_doctor_passes_no_commands_of_another_server_on_to_the_terminal() -> None:
    line = click.unstyle(_line(Finding("TURN \x1b[2J", "ok", None, 3.0, "It said \x1b]0;x\x07.")))

    assert line == "✓ ok       TURN \ufffd[2J  3 ms\n           It said \ufffd]0;x\ufffd."
