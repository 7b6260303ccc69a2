"""The licences of everything that is built into the pages are in the package, and in its licence expression."""

import re
import tomllib
from typing import Final

from eyeline.serve.http.static_files import BUILD
from tests.support.server import ROOT

HEADINGS: Final = re.findall(r"^## (.+) \(([^()]+)\)$", (BUILD / "third-party.txt").read_text(), re.MULTILINE)
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
IMPORT: Final = re.compile(r"""(?:from|import) '((?:@[\w-]+/)?[a-z][\w-]*)""")


def imported() -> set[str]:
    """The npm packages that the pages and the SDK import."""
    sources = [path for part in ("app", "phone", "sdk") for path in (ROOT / "web" / part / "src").rglob("*.ts*")]
    return {name for path in sources for name in IMPORT.findall(path.read_text())} - {"@eyeline/sdk", "@eyeline/app"}


def test_every_package_that_is_built_in_is_listed_with_its_licence() -> None:
    names = {name.partition(" - ")[0] for name, _ in HEADINGS}
    assert {"preact", "jssip"} <= imported()
    assert imported() <= names


def test_licence_expression_has_all_of_them_and_no_other() -> None:
    expression = set(PROJECT["license"].split(" AND "))
    assert expression == {"MIT"} | {licence for _, licence in HEADINGS}


def test_list_is_a_licence_file_of_the_package() -> None:
    assert [ROOT / path for path in PROJECT["license-files"]] == [ROOT / "LICENSE", BUILD / "third-party.txt"]
