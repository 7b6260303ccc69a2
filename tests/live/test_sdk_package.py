"""The npm package of the SDK, as another project's TypeScript page installs, builds and uses it."""

import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urljoin

import pytest
from tests.support.browser import Browser
from tests.support.call import all_flow
from tests.support.folder import served
from tests.support.server import ROOT, LiveServer

from eyeline import __version__

pytestmark = [pytest.mark.beside, pytest.mark.more]

DEADLINE_S = 60
SDK = ROOT / "web/sdk"
TOOLS = ROOT / "web/node_modules/.bin"


def run(*argv: str | Path, cwd: Path) -> None:
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack")
    run("npm", "pack", "--pack-destination", folder, cwd=SDK)
    return folder / f"eyeline-sdk-{__version__}.tgz"


@pytest.fixture(scope="module")
def project(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`examples/vite` with the package installed, and neither network nor anything else of ours at hand."""
    folder = tmp_path_factory.mktemp("project") / "vite"
    shutil.copytree(
        ROOT / "examples/vite",
        folder,
        ignore=shutil.ignore_patterns("node_modules", "dist", "package-lock.json", "*.tgz"),
    )
    manifest = json.loads((folder / "package.json").read_text())
    manifest["dependencies"]["@eyeline/sdk"] = f"file:{tarball}"
    del manifest["devDependencies"]  # the compiler and Vite of web/ do
    (folder / "package.json").write_text(json.dumps(manifest))
    run("npm", "install", "--offline", "--no-audit", "--no-fund", cwd=folder)
    return folder


@pytest.fixture
def site(project: Path) -> Iterator[str]:
    run(TOOLS / "vite", "build", "--logLevel", "warn", cwd=project)
    with served(project / "dist") as url:
        yield url


def test_package_holds_the_module_its_types_and_no_more(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        names = {name.removeprefix("package/") for name in archive.getnames()}
        license_text = archive.extractfile("package/LICENSE")
        assert license_text is not None
        assert license_text.read() == (ROOT / "LICENSE").read_bytes()
    assert names == {"package.json", "README.md", "LICENSE", "dist/eyeline.js", "dist/eyeline.d.ts"}


def test_package_brings_no_other_package_along(project: Path) -> None:
    installed = {path.parent.relative_to(project).as_posix() for path in project.rglob("package.json")}
    assert installed == {".", "node_modules/@eyeline/sdk"}


def test_types_hold_in_a_strict_project(project: Path) -> None:
    run(TOOLS / "tsc", cwd=project)


def test_types_find_a_mistake(project: Path) -> None:
    wrong = project / "src/wrong.ts"
    wrong.write_text("import { join } from '@eyeline/sdk';\nawait join({ url: '/', room: 7, name: 'Alice' });\n")
    done = subprocess.run([TOOLS / "tsc"], cwd=project, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    wrong.unlink()
    assert "src/wrong.ts(2,24): error TS2322" in done.stdout


def test_page_built_with_the_package_joins_a_call(chromium: Browser, site: str) -> None:
    with LiveServer("--allowed-origin", site.rstrip("/")) as server:
        alice, bob = (
            chromium.open(urljoin(site, "?" + urlencode({"server": f"{server.url}/", "room": "tea", "name": name})))
            for name in ("Alice", "Bob")
        )
        all_flow(alice, bob)
        assert alice.evaluate("document.querySelector('video').title") == "Bob"
