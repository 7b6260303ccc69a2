"""The sdist and the wheel, built as packagers build them."""

import gzip
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from tests.support.server import ROOT

DEADLINE_S = 60


def run(*argv: str, cwd: Path, **environ: str) -> None:
    done = subprocess.run(
        argv, cwd=cwd, env=os.environ | environ, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(folder), cwd=ROOT)
    (built,) = folder.glob("*.tar.gz")
    return built


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist with an empty PATH: no Node, no npm, and nothing to build the docs from."""
    folder = tmp_path_factory.mktemp("wheel")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=source, PATH="")
    (built,) = folder.glob("*.whl")
    return built


def test_sdist_contains_the_repository_with_its_tests_and_what_is_built_from_it(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(tracked.splitlines()) - names == set()
    assert {"src/eyeline/web/index.html", "src/eyeline/docs/index.html.gz"} <= names
    rubbish = ("node_modules", ".venv", "__pycache__", ".make", ".built-from")
    assert [name for name in names if any(part in rubbish for part in name.split("/"))] == []


def test_unit_tests_run_in_the_unpacked_sdist(sdist: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    tests = ("tests/test_docs.py", "tests/test_generated.py", "tests/test_release.py", "tests/test_settings.py")
    run(sys.executable, "-m", "pytest", "-q", *tests, cwd=source, PYTHONPATH="src")


def test_wheel_builds_from_the_sdist_without_node_and_contains_the_app_and_the_docs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    web = {"index.html", "index.html.br", "sdk/eyeline.js", "sdk/eyeline.d.ts"}
    assert {f"eyeline/web/{name}" for name in web} <= names
    assert {"eyeline/docs/index.html.gz", "eyeline/docs/use/index.html.gz", "eyeline/docs/search.json.gz"} <= names
    assert [name for name in names if name.endswith(".built-from")] == []
    assert any(name.startswith("eyeline/web/assets/") for name in names)


def test_wheel_without_a_compiler_is_for_every_platform(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")


def test_wheel_with_the_packet_pump_is_for_this_platform_and_every_python(sdist: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    build = ("-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path))
    run(sys.executable, *build, cwd=source, BUILD_PACKET_PUMP="required")
    (built,) = tmp_path.glob("*.whl")
    assert "-cp311-abi3-linux_" in built.name
    with zipfile.ZipFile(built) as archive:
        names = [name for name in archive.namelist() if name.startswith("eyeline/_native/")]
        archive.extractall(tmp_path / "unpacked")
    assert sorted(names) == [f"eyeline/_native/{each}" for each in ("__init__.py", "packets.abi3.so", "packets.pyi")]
    which = "import eyeline; from eyeline.serve.relay.pump_choice import BEST; print(eyeline.__file__, BEST)"
    environ = os.environ | {"PYTHONPATH": str(tmp_path / "unpacked")}
    said = subprocess.run([sys.executable, "-c", which], env=environ, capture_output=True, text=True, check=True)
    assert said.stdout.split() == [str(tmp_path / "unpacked/eyeline/__init__.py"), "native"]


def test_licences_of_what_the_docs_bring_with_them_are_in_the_list(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        brought = gzip.decompress(archive.read("eyeline/docs/assets/javascripts/LICENSE.gz")).decode()
        listed = archive.read("eyeline/web/third-party.txt").decode()
    names = re.findall(r"^Package: (.+)@", brought, re.MULTILINE)
    assert len(names) >= 4
    assert [name for name in names if f"## {name}, in Zensical (" not in listed] == []


def test_installed_wheel_finds_its_pages(wheel: Path, tmp_path: Path) -> None:
    pip = ["-m", "pip", "install", "--no-index", "--no-deps", "--quiet", "--target", str(tmp_path), str(wheel)]
    run(sys.executable, *pip, cwd=tmp_path)
    ask = "from eyeline.serve.http.static_files import *; assert BUILD.is_relative_to(Path.cwd()), BUILD; StaticFiles()"
    run(sys.executable, "-c", ask, cwd=tmp_path, PYTHONPATH=str(tmp_path))
