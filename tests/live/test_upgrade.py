"""Upgrade and backup as in docs/install.md, under two hundred members: everyone keeps their seat.

The earlier version is the last tag; without one, or if `EARLIER` names no other commit, it is the current source with
another version number.  Only its server is built: its pages and docs are today's.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest
from tests.support.crowd import SEATS, Member, settled, until
from tests.support.server import ROOT, LiveServer

from eyeline import __version__

ROOMS: Final = 50
DEADLINE_S: Final = 60
EARLIER_VERSION: Final = "0.0.1"
SOURCES: Final = ("LICENSE", "README.md", "hatch_build.py", "pyproject.toml", "src/eyeline")


def run(*argv: str | Path, cwd: Path = ROOT) -> bytes:
    done = subprocess.run(argv, cwd=cwd, capture_output=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    return done.stdout


def earlier_commit() -> str | None:
    tags = run("git", "tag", "--list", "v*", "--merged", "HEAD~1", "--sort=-v:refname").decode().split()
    return os.environ.get("EARLIER") or next(iter(tags), None)


def built(folder: Path, commit: str | None, version: str) -> Path:
    """The wheel of the commit, or of the present source.  As in an sdist, web app and docs are there already."""
    source = folder / "source"
    if commit is None:
        for name in SOURCES:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            copy(ROOT / name, source / name)
    else:
        with tarfile.open(fileobj=BytesIO(run("git", "archive", commit, *SOURCES))) as archive:
            archive.extractall(source, filter="data")
        for name in ("web", "docs"):
            shutil.copytree(ROOT / "src/eyeline" / name, source / "src/eyeline" / name)
    source.joinpath("PKG-INFO").write_text(f"Metadata-Version: 2.4\nName: eyeline\nVersion: {version}\n")
    package = source / "src/eyeline/__init__.py"
    package.write_text(re.sub(r"(?m)^__version__ = .*$", f'__version__ = "{version}"', package.read_text()))
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=source)
    [wheel] = folder.glob(f"eyeline-{version}-*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The earlier and the present version."""
    return (
        built(tmp_path_factory.mktemp("earlier"), earlier_commit(), EARLIER_VERSION),
        built(tmp_path_factory.mktemp("present"), None, __version__),
    )


class Venv:
    """A virtual environment with the libraries of this one, and Eyeline from a wheel."""

    def __init__(self, folder: Path) -> None:
        self.eyeline = folder / "bin/eyeline"
        self._python = folder / "bin/python"
        run(sys.executable, "-m", "venv", "--without-pip", folder)
        [packages] = folder.glob("lib/python*/site-packages")
        libraries = Path(pytest.__file__).parents[1]
        packages.joinpath("libraries.pth").write_text(f"{libraries}\n")

    def install(self, wheel: Path) -> None:
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", self._python)
        run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel)

    def version(self) -> str:
        return run("env", "-u", "PYTHONPATH", self.eyeline, "--version", cwd=Path("/")).decode().split()[-1]


class InstalledServer(LiveServer):
    """`eyeline serve` of that environment."""

    def __init__(self, venv: Venv, port: int | None = None) -> None:
        super().__init__("--sockets-per-address", "100000", "--room-capacity", str(SEATS), port=port)
        self._venv = venv

    def _argv(self) -> Sequence[str]:
        _python, _m, _eyeline, *options = super()._argv()
        return ("env", "-u", "PYTHONPATH", str(self._venv.eyeline), *options)


@pytest.fixture
def venv(tmp_path: Path) -> Venv:
    return Venv(tmp_path / "venv")


async def everyone_keeps_their_seat(url: str, restart: Callable[[], None]) -> None:
    """Whatever `restart` does to the server: all come back, as who they were."""
    members = [Member(url, f"room-{number // SEATS}", number) for number in range(ROOMS * SEATS)]
    async with asyncio.TaskGroup() as people:
        lives = [people.create_task(each.run()) for each in members]
        await until(lambda: settled(members))
        taken = [len(each.seats) for each in members]
        await asyncio.to_thread(restart)
        await until(lambda: all(len(each.seats) > count for each, count in zip(members, taken, strict=True)))
        await until(lambda: settled(members))
        for life in lives:
            life.cancel()
    for each in members:
        assert set(each.seats) == {each.id}, "got another seat"
        assert each.refusals == []


def test_upgrade_costs_nobody_their_seat(venv: Venv, wheels: tuple[Path, Path]) -> None:
    earlier, present = wheels
    venv.install(earlier)

    def upgrade() -> None:
        assert venv.version() == EARLIER_VERSION
        venv.install(present)
        assert venv.version() == __version__
        assert server.stop() == 0
        server.start()

    with InstalledServer(venv) as server:
        asyncio.run(everyone_keeps_their_seat(server.url, upgrade))


def test_going_back_costs_nobody_their_seat(venv: Venv, wheels: tuple[Path, Path]) -> None:
    earlier, present = wheels
    venv.install(present)

    def go_back() -> None:
        venv.install(earlier)
        assert server.stop() == 0
        server.start()
        assert venv.version() == EARLIER_VERSION

    with InstalledServer(venv) as server:
        asyncio.run(everyone_keeps_their_seat(server.url, go_back))


@contextmanager
def another_machine(venv: Venv, lost: LiveServer, backup: Path) -> Iterator[LiveServer]:
    """A server with nothing but the backup, at the same name and port."""
    other = InstalledServer(venv, lost.port)
    run("tar", "-xzf", backup, "-C", other.data_dir.parent)
    try:
        other.start()
        yield other
    finally:
        other.close()


def test_backup_on_another_machine_gives_everyone_their_seat(
    venv: Venv, wheels: tuple[Path, Path], tmp_path: Path
) -> None:
    venv.install(wheels[1])
    backup = tmp_path / "eyeline.tar.gz"

    def burn_down() -> None:
        run("tar", "-C", server.data_dir.parent, "-czf", backup, server.data_dir.name)
        server.kill()
        shutil.rmtree(server.data_dir)
        machines.enter_context(another_machine(venv, server, backup))

    with ExitStack() as machines, InstalledServer(venv) as server:
        asyncio.run(everyone_keeps_their_seat(server.url, burn_down))
