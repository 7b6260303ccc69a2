"""A second process with the same data directory doesn't start: people in the same room would miss each other."""

import asyncio
import errno
import fcntl
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from eyeline.errors import SetupError
from eyeline.serve.app import Eyeline, build
from eyeline.serve.process.instance_lock import InstanceLock
from eyeline.settings import Settings


def started(folder: Path) -> Eyeline:
    """A running application, without a fixed port that would give a second one away."""
    eyeline = build(Settings(data_dir=folder, stun_port=0, host="127.0.0.1"))
    eyeline.start()
    return eyeline


def test_second_worker_is_refused_with_the_reason(tmp_path: Path) -> None:
    async def run() -> None:
        first = started(tmp_path)
        with pytest.raises(SetupError, match="run one, with one worker"):
            started(tmp_path)
        first.close()

    asyncio.run(run())


def test_next_process_starts_after_a_stop_and_after_a_failed_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        started(tmp_path).close()
        with monkeypatch.context() as broken:
            broken.setattr("eyeline.serve.app.IceServerProvider", lambda *_, **__: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                started(tmp_path)
        started(tmp_path).close()

    asyncio.run(run())


def test_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    hold = (
        "import sys, pathlib; from eyeline.serve.process.instance_lock import InstanceLock; "
        "lock = InstanceLock(pathlib.Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    argv = [sys.executable, "-c", hold, str(tmp_path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(SetupError):
            InstanceLock(tmp_path)
        holder.kill()
    InstanceLock(tmp_path).release()


def test_file_system_without_locks_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unsupported(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with caplog.at_level(logging.WARNING):
        InstanceLock(tmp_path).release()
    assert "nothing prevents a second process" in caplog.text
