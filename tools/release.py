"""Release a version: check that it can be released, build the wheel and the sdist, and tag the commit.

    .venv/bin/python tools/release.py [--dry-run | --tagged TAG]

You push the tag; then `.github/workflows/release.yml` runs this with `--tagged` and attaches the built files.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
DIST: Final = ROOT / "dist"
NOTES: Final = DIST / "notes.md"

_HEADING: Final = re.compile(r"^## \[(?P<version>[^\]]+)\](?: - (?P<date>\S+))?[ \t]*$", re.MULTILINE)
_LINK: Final = re.compile(r"^\[[^\]]+\]: \S+\n?", re.MULTILINE)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


class NotReadyError(Exception):
    """The release isn't possible; the message is one sentence."""


def release_notes(changelog: str, version: str) -> str:
    """The changelog section of `version` without its heading.

    Raises NotReadyError if it has no date or is empty, or if a change is still listed as unreleased.
    """
    headings = list(_HEADING.finditer(changelog))
    ends = [heading.start() for heading in headings[1:]] + [len(changelog)]
    for heading, end in zip(headings, ends, strict=True):
        if heading["version"] == "Unreleased" and changelog[heading.end() : end].strip():
            raise NotReadyError(
                "CHANGELOG.md lists changes as unreleased: give them a version, in src/eyeline/__init__.py and "
                "web/sdk/package.json too."
            )
        if heading["version"] != version:
            continue
        if not _DATE.fullmatch(heading["date"] or ""):
            raise NotReadyError(f"CHANGELOG.md has no date for {version}: write `## [{version}] - YYYY-MM-DD`.")
        if notes := _LINK.sub("", changelog[heading.end() : end]).strip():
            return notes + "\n"
        raise NotReadyError(f"CHANGELOG.md says nothing about {version}.")
    raise NotReadyError(f"CHANGELOG.md has no section for {version}.")


def agreed_version(package: str, sdk: str) -> str:
    """The version in both `eyeline/__init__.py` and the SDK's `package.json`.  Raises NotReadyError if they differ."""
    said = re.search(r'^__version__ = "([^"]+)"$', package, re.MULTILINE)
    if said is None:
        raise NotReadyError("src/eyeline/__init__.py has no __version__.")
    other = json.loads(sdk).get("version")
    if other != said[1]:
        raise NotReadyError(f"src/eyeline/__init__.py says {said[1]}, and web/sdk/package.json {other}.")
    return said[1]


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def check_tree(tag: str, tagged: str | None) -> None:
    """Raise NotReadyError for uncommitted changes, if `tagged` isn't `tag` or, without it, if `tag` exists."""
    if changed := git("status", "--porcelain"):
        raise NotReadyError(f"There are uncommitted changes:\n{changed}")
    if tagged is not None and tagged != tag:
        raise NotReadyError(f"The tag is {tagged}, but this version's tag is {tag}.")
    if tagged is None and git("tag", "--list", tag):
        raise NotReadyError(f"{tag} is already released: its tag exists.")


def build(version: str) -> list[Path]:
    """The sdist, and a wheel for every platform, which has no packet pump in C."""
    everywhere = os.environ | {"BUILD_PACKET_PUMP": "off"}
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", str(DIST)], cwd=ROOT, env=everywhere, check=True)
    files = [DIST / f"eyeline-{version}-py3-none-any.whl", DIST / f"eyeline-{version}.tar.gz"]
    if missing := [file.name for file in files if not file.exists()]:
        raise NotReadyError(f"The build didn't make {' and '.join(missing)}.")
    return files


def release(*, dry_run: bool, tagged: str | None) -> None:
    package, sdk = ROOT / "src/eyeline/__init__.py", ROOT / "web/sdk/package.json"
    version = agreed_version(package.read_text(), sdk.read_text())
    tag = f"v{version}"
    notes = release_notes(ROOT.joinpath("CHANGELOG.md").read_text(), version)
    check_tree(tag, tagged)
    for file in build(version):
        print(f"{file.relative_to(ROOT)}: {file.stat().st_size:,} bytes")
    NOTES.write_text(notes)
    if dry_run:
        print(f"A release would make the tag {tag}, with these notes:\n\n{notes}")
    elif tagged is None:
        git("tag", "--annotate", "--message", f"Eyeline {version}", tag)
        print(f"Tagged {tag}. To publish it: git push origin {tag}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the wheel and the sdist, and tag the version.")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--dry-run", action="store_true", help="build, and print what would be tagged")
    how.add_argument("--tagged", metavar="TAG", help="build the version that already has this tag")
    args = parser.parse_args()
    try:
        release(dry_run=args.dry_run, tagged=args.tagged)
    except NotReadyError as why:
        sys.exit(f"Not released: {why}")


if __name__ == "__main__":
    main()
