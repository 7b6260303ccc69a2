"""The ranges in pyproject.toml and the two files of pins agree: both ends of each range are what the tests run with."""

import re
import tomllib
from pathlib import Path

import pytest
from hatch_build import ZENSICAL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RUNTIME = [Requirement(line) for line in PROJECT["dependencies"]]
TESTS = [Requirement(line) for line in PROJECT["optional-dependencies"]["unit"]]


def pins(name: str) -> dict[str, str]:
    """The versions in a file of constraints."""
    found = re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / name).read_text(), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in found}


@pytest.mark.parametrize("wanted", RUNTIME, ids=lambda wanted: wanted.name)
def test_the_lowest_version_that_is_allowed_is_the_one_that_is_tested(wanted: Requirement) -> None:
    (least,) = [each.version for each in wanted.specifier if each.operator == ">="]

    assert Version(pins("constraints-lowest.txt")[canonicalize_name(wanted.name)]) == Version(least)


@pytest.mark.parametrize("file", ["constraints.txt", "constraints-lowest.txt"])
@pytest.mark.parametrize("wanted", [*RUNTIME, *TESTS], ids=lambda wanted: wanted.name)
def test_pins_are_in_the_ranges(wanted: Requirement, file: str) -> None:
    assert wanted.specifier.contains(pins(file)[canonicalize_name(wanted.name)])


def test_zensical_is_pinned_to_the_version_whose_inline_style_the_server_allows() -> None:
    assert Requirement(ZENSICAL).specifier.contains(pins("constraints.txt")["zensical"])
