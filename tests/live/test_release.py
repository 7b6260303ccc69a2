"""`make release` in a copy of the repository: what it builds, tags and refuses."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.process import scratch
from tests.support.server import ROOT

from eyeline import __version__

DEADLINE_S = 60
IDENTITY = ("-c", "user.name=Alice", "-c", "user.email=alice@example.org", "-c", "commit.gpgSign=false")


@pytest.fixture
def copy() -> Iterator[Path]:
    """A repository with one commit, and with the app and the docs built."""
    folder = scratch("release")
    root = Path(folder.name)
    for name in git(ROOT, "ls-files").splitlines():
        root.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    for name in ("web", "docs"):
        shutil.copytree(ROOT / "src/eyeline" / name, root / "src/eyeline" / name)
    changelog = root / "CHANGELOG.md"
    changelog.write_text(re.sub(r"(## \[Unreleased\]\n).*?(?=## \[)", r"\1\n", changelog.read_text(), flags=re.DOTALL))
    git(root, "init", "--quiet")
    commit(root)
    yield root
    folder.cleanup()


def git(root: Path, *arguments: str) -> str:
    argv = ["git", *IDENTITY, *arguments]
    return subprocess.run(argv, cwd=root, check=True, capture_output=True, text=True).stdout.strip()


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Make tea")


def release(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    alice = {f"GIT_COMMITTER_{what}": "alice@example.org" for what in ("NAME", "EMAIL")}
    return subprocess.run(
        [sys.executable, "tools/release.py", *arguments],
        cwd=root,
        env={**os.environ, **alice},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


def test_dry_run_builds_both_packages_and_creates_no_tag(copy: Path) -> None:
    done = release(copy, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert f"would make the tag v{__version__}" in done.stdout
    assert copy.joinpath(f"dist/eyeline-{__version__}.tar.gz").exists()
    with zipfile.ZipFile(copy / f"dist/eyeline-{__version__}-py3-none-any.whl") as wheel:
        assert "eyeline/web/index.html" in wheel.namelist()
    assert "### Added" in copy.joinpath("dist/notes.md").read_text()
    assert git(copy, "tag") == ""


def test_release_tags_the_commit_and_cannot_be_repeated(copy: Path) -> None:
    assert release(copy).returncode == 0
    assert git(copy, "tag", "--points-at", "HEAD") == f"v{__version__}"
    again = release(copy)
    assert again.returncode == 1
    assert again.stderr == f"Not released: v{__version__} is already released: its tag exists.\n"
    assert release(copy, "--tagged", f"v{__version__}").returncode == 0


def test_release_is_refused_while_changes_are_listed_as_unreleased(copy: Path) -> None:
    changelog = copy / "CHANGELOG.md"
    changelog.write_text(changelog.read_text().replace("## [Unreleased]\n", "## [Unreleased]\n\n- Tea.\n"))
    commit(copy)
    done = release(copy)
    assert (done.returncode, "lists changes as unreleased" in done.stderr) == (1, True)


def test_release_is_refused_with_uncommitted_changes_or_another_tag(copy: Path) -> None:
    other = release(copy, "--tagged", "v9.9.9")
    assert (other.returncode, "The tag is v9.9.9" in other.stderr) == (1, True)
    copy.joinpath("README.md").write_text("Tea.\n")
    dirty = release(copy)
    assert dirty.returncode == 1
    assert "uncommitted changes" in dirty.stderr
    assert "README.md" in dirty.stderr
    assert not copy.joinpath("dist").exists()
