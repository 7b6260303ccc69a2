"""The release script: release notes from the changelog, and what it refuses."""

import pytest
from tools.release import NotReadyError, agreed_version, release_notes

CHANGELOG = """# Changelog

## [Unreleased]

## [0.2.0] - 2027-01-31

The second.

### Fixed

- Tea is hot, see [the pot](docs/pot.md).

## [0.1.1] - soon

- Tea.

## [0.1.0] - 2026-11-28

- Water.

[Unreleased]: ../../compare/v0.2.0...HEAD
[0.1.0]: ../../releases/tag/v0.1.0
"""


@pytest.mark.parametrize(
    ("version", "notes"),
    [
        ("0.2.0", "The second.\n\n### Fixed\n\n- Tea is hot, see [the pot](docs/pot.md).\n"),
        ("0.1.0", "- Water.\n"),
    ],
)
def test_release_notes_are_exactly_the_section_of_the_version(version: str, notes: str) -> None:
    assert release_notes(CHANGELOG, version) == notes


@pytest.mark.parametrize(
    ("version", "why"),
    [("0.3.0", "has no section for 0.3.0"), ("0.1.1", "has no date for 0.1.1"), ("Unreleased", "has no date")],
)
def test_version_without_a_dated_changelog_section_is_refused(version: str, why: str) -> None:
    with pytest.raises(NotReadyError, match=why):
        release_notes(CHANGELOG, version)


def test_empty_changelog_section_is_refused() -> None:
    with pytest.raises(NotReadyError, match=r"says nothing about 1\.0\.0"):
        release_notes("## [1.0.0] - 2027-02-01\n\n## [0.1.0] - 2026-11-28\n\n- Tea.\n", "1.0.0")


def test_python_and_the_sdk_have_one_version() -> None:
    package = '"""Calls."""\n\n__version__ = "0.2.0"\n'
    assert agreed_version(package, '{"version": "0.2.0"}') == "0.2.0"
    with pytest.raises(NotReadyError, match=r"says 0\.2\.0, and web/sdk/package\.json 0\.1\.9"):
        agreed_version(package, '{"version": "0.1.9"}')
    with pytest.raises(NotReadyError, match="has no __version__"):
        agreed_version("", '{"version": "0.1.9"}')
