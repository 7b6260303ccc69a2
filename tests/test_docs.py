"""Links in the docs lead somewhere, and "Where do I find" in CONTRIBUTING.md names what exists."""

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
TRACKED: Final = set(
    subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
)
PAGES: Final = sorted(path for path in TRACKED if path.endswith(".md") and (ROOT / path).exists())
ROW: Final = re.compile(r"^\| ([^|*]+) \| (`[^|]+`) \| (`[^|]+`) \|$", re.MULTILINE)
TASKS: Final = ROW.findall((ROOT / "CONTRIBUTING.md").read_text().partition("## Where do I find\n")[2])


def prose(page: str) -> str:
    """The page without code."""
    return re.sub(r"```.*?```|`[^`\n]*`", "", (ROOT / page).read_text(), flags=re.DOTALL)


def links(page: str) -> list[str]:
    """The relative links and images of the page."""
    return [to for to in re.findall(r"\]\(([^)\s]+)\)", prose(page)) if not re.match(r"[a-z]+:", to)]


def anchors(page: str) -> set[str]:
    """Those that GitHub makes from the headings, and those that the page itself names."""
    text = (ROOT / page).read_text()
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    named = re.findall(r'<a id="([^"]+)"></a>', text)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings} | set(named)


@pytest.mark.parametrize("page", PAGES)
def test_every_relative_link_leads_to_a_tracked_file_and_a_heading(page: str) -> None:
    broken = []
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (ROOT / page).parent.joinpath(name).resolve().relative_to(ROOT).as_posix() if name else page
        exists = target in TRACKED or any(path.startswith(f"{target}/") for path in TRACKED)
        if not exists or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


def test_where_do_i_find_lists_many_tasks() -> None:
    assert len(TASKS) >= 20


@pytest.mark.parametrize(("files", "names"), [task[1:] for task in TASKS], ids=[task[0] for task in TASKS])
def test_where_do_i_find_names_files_that_exist_and_what_is_in_them(files: str, names: str) -> None:
    paths = re.findall(r"`([^`]+)`", files)
    text = "".join((ROOT / path).read_text() for path in paths)

    assert [path for path in paths if path not in TRACKED] == []
    assert [
        name for name in re.findall(r"`([^`]+)`", names) if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
    ] == []
