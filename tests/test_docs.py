"""Links in the docs lead somewhere, also in the site, and "Where do I find" in CONTRIBUTING.md names what exists."""

import gzip
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import pytest
from tools import docs_site

ROOT: Final = Path(__file__).parents[1]

if not (ROOT / ".git").exists():
    pytest.skip("Git knows which files there are, and this isn't a checkout", allow_module_level=True)

TRACKED: Final = set(
    subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
)
PAGES: Final = sorted(path for path in TRACKED if path.endswith(".md") and (ROOT / path).exists())
CODE: Final = r"```.*?```|`[^`\n]*`"
ROW: Final = re.compile(r"^\| ([^|*]+) \| (`[^|]+`) \| (`[^|]+`) \|$", re.MULTILINE)
TASKS: Final = ROW.findall((ROOT / "CONTRIBUTING.md").read_text().partition("## Where do I find\n")[2])


def prose(page: str) -> str:
    """The page without code."""
    return re.sub(CODE, "", (ROOT / page).read_text(), flags=re.DOTALL)


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


def navigation(entries: list[Any]) -> Iterator[str]:
    """The pages in the navigation of the site, in order."""
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        else:
            for below in entry.values():
                yield from navigation(below if isinstance(below, list) else [below])


def test_every_page_of_the_docs_has_its_place_in_the_navigation_of_the_site() -> None:
    site = tomllib.loads((ROOT / "docs/site/zensical.toml").read_text())["project"]

    assert sorted(navigation(site["nav"])) == sorted(docs_site.pages(ROOT).values())


@pytest.fixture
def site(tmp_path: Path) -> Path:
    pytest.importorskip("zensical")
    docs_site.build(ROOT, tmp_path / "site")
    return tmp_path / "site"


def test_every_page_of_the_site_links_to_the_start_of_the_docs_and_to_the_app_wherever_they_are(site: Path) -> None:
    for name in docs_site.pages(ROOT).values():
        path = re.sub(r"(^|/)(index)?\.md$|\.md$", "/", name).lstrip("/")
        text = gzip.decompress((site / path / "index.html.gz").read_bytes()).decode()
        here = f"https://meet.example.org/calls/docs/{path}"
        logo = re.findall(r'<a href="([^"]*)"[^>]* data-md-component="logo"', text)
        app = re.findall(r'<a href="([^"]*)" class="start-a-call"', text)

        assert {urljoin(here, link) for link in logo} <= {"https://meet.example.org/calls/docs/", here[:-1]}
        assert {urljoin(here, link) for link in app} == {"https://meet.example.org/calls/"}


def test_javascript_api_begins_with_joining_a_room() -> None:
    begins = re.findall(r"^## (.+)\n(?:(?!###? ).*\n)*### (.+)$", (ROOT / "docs/sdk.md").read_text(), re.MULTILINE)

    assert begins[:3] == [("Joining", "join()"), ("Room", "Room"), ("Peer", "Peer")]


def test_copy_for_the_site_has_every_page_and_every_file_that_one_links_to(tmp_path: Path) -> None:
    docs_site.Copy(ROOT, tmp_path).write()
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    linked = {
        tmp_path.joinpath(name).parent.joinpath(link.partition("#")[0]).resolve().relative_to(tmp_path).as_posix()
        for name in docs_site.pages(ROOT).values()
        for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(CODE, "", (tmp_path / name).read_text(), flags=re.DOTALL))
        if not re.match(r"[a-z]+:|#", link)
    }

    assert set(docs_site.pages(ROOT).values()) <= found
    assert "files/compose.yaml" in linked
    assert linked - found == set()


def test_link_to_a_file_that_is_not_there_stops_the_build(tmp_path: Path) -> None:
    for name in ("docs/README.md", "CONTRIBUTING.md", "CHANGELOG.md", "bench/README.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("[the pot](pot.yaml)" if name == "docs/README.md" else "")

    with pytest.raises(docs_site.BrokenLink, match=r"docs/README\.md links to docs/pot\.yaml"):
        docs_site.Copy(tmp_path, tmp_path / "copy").write()


def test_code_is_copied_as_it_is_but_for_the_pipe_that_only_github_escapes(tmp_path: Path) -> None:
    copy = docs_site.Copy(ROOT, tmp_path)
    page = "```md\n[tea](tea.md)\n```\n| `a \\| b` | [Operate](operate.md#ports) |\n"

    assert copy.page("docs/install.md", page) == page.replace("\\|", "|")


def test_changelog_loses_the_links_that_only_github_has(tmp_path: Path) -> None:
    page = docs_site.Copy(ROOT, tmp_path).page("CHANGELOG.md", (ROOT / "CHANGELOG.md").read_text())

    assert "\n## Unreleased\n" in page
    assert "../../" not in page


def test_site_has_the_colours_of_the_app() -> None:
    ours, app = (
        dict(re.findall(rf"^  --([\w-]+): {colours};$", (ROOT / path).read_text(), re.MULTILINE))
        for path, colours in (
            ("docs/site/assets/eyeline.css", r"(var\(--light, .*)"),
            ("web/app/src/style/tokens.css", r"(light-dark\(.*\))"),
        )
    )
    ours = {
        name: re.sub(r"var\(--light, (.*)\) var\(--dark, (.*)\)", r"light-dark(\1, \2)", both)
        for name, both in ours.items()
    }
    shared = ours.keys() & app.keys()

    assert {"background", "surface", "raised", "text", "secondary", "hairline", "direct-words"} <= shared
    assert {name: ours[name] for name in shared} == {name: app[name] for name in shared}


def test_site_uses_no_function_that_supported_browsers_lack() -> None:
    rules = re.sub(r"/\*.*?\*/", "", (ROOT / "docs/site/assets/eyeline.css").read_text(), flags=re.DOTALL)
    assert not re.findall(r"(?:light-dark|color-mix|oklch)\(", rules)
