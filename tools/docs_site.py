"""Builds the docs as a site, which the server serves at `/docs`: python tools/docs_site.py FOLDER

Zensical builds from a copy of all pages of `docs/`, and of a few elsewhere.  Files that the pages link to, such as
`compose.yaml`, are copied too, so that the site needs nothing else.  `docs/site` has the navigation and the theme.
"""

import gzip
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
ELSEWHERE: Final = {
    "docs/README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "bench/README.md": "measurements.md",
}
"""Pages that have another name in the site."""
FILES: Final = "files"
"""The folder in the site of files that pages link to."""
FONTS: Final = "web/app/src/fonts"
_UNUSED: Final = ("assets/images", "assets/stylesheets/classic", "404.html", "sitemap.xml")
"""What Zensical writes and the pages don't use.  The server has a page of its own for what isn't there."""

_PACKED: Final = (".png", ".woff2")
_CODE: Final = re.compile(r"(^```.*?^```$|`[^`\n]*`)", re.DOTALL | re.MULTILINE)
_LINK: Final = re.compile(r"(!?)\[((?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*)\]\(([^)\s]+)\)")
_LINKED_FILE: Final = re.compile(r"\]\((?:\.\./)+([\w./-]+)\)")
_REFERENCE: Final = re.compile(r"^\[([^\]]+)\]: \.\./.*\n", re.MULTILINE)
_COMMENT: Final = re.compile(r"^<!-- .* -->\n", re.MULTILINE)


class BrokenLink(Exception):
    """A page links to something that isn't in the repository."""


def pages(root: Path) -> dict[str, str]:
    """The path of each page in the site, by its path in the repository."""
    inside = sorted(path.relative_to(root).as_posix() for path in (root / "docs").rglob("*.md"))
    return {path: path.removeprefix("docs/") for path in inside} | ELSEWHERE


class Copy:
    """A copy of the pages, with links that hold in the site."""

    def __init__(self, root: Path, to: Path) -> None:
        self._root = root
        self._to = to
        self._pages = pages(root)

    def write(self) -> None:
        """Write all pages, and the files that they link to.  Raises BrokenLink."""
        for source, name in self._pages.items():
            path = self._to / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.page(source, (self._root / source).read_text(encoding="utf-8")), encoding="utf-8")

    def page(self, source: str, text: str) -> str:
        """The text of a page in the site.  Copies the files that it links to."""
        text = _COMMENT.sub("\n", text)
        for name in _REFERENCE.findall(text):  # such as the comparison of two versions, which only GitHub has
            text = _REFERENCE.sub("", text).replace(f"[{name}]", name)
        return "".join(
            _unescaped(part) if _CODE.fullmatch(part) else self._linked(source, part) for part in _CODE.split(text)
        )

    def _linked(self, source: str, prose: str) -> str:
        def replaced(link: re.Match[str]) -> str:
            image, label, target = link.groups()
            return f"{image}[{self._linked(source, label)}]({self._target(source, target)})"

        return _LINK.sub(replaced, prose)

    def _target(self, source: str, target: str) -> str:
        path, hash_, anchor = target.partition("#")
        if not path or re.match(r"[a-z]+:", path):
            return target
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        name = self._pages.get(wanted) or self._file(source, wanted)
        return posixpath.relpath(name, posixpath.dirname(self._pages[source]) or ".") + hash_ + anchor

    def _file(self, source: str, wanted: str) -> str:
        """Copy a file, and return its path in the site."""
        path = self._root / wanted
        if not path.is_file():
            raise BrokenLink(f"{source} links to {wanted}, which is not a file")
        name = wanted.removeprefix("docs/") if wanted.startswith("docs/") else f"{FILES}/{wanted}"
        (self._to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, self._to / name)
        return name


def sources(root: Path) -> Iterator[Path]:
    """All files that the site is made from."""
    yield root / "tools" / "docs_site.py"
    yield from (path for path in (root / "docs").rglob("*") if path.is_file())
    yield from (root / FONTS).glob("*.woff2")
    for source in ELSEWHERE:
        yield root / source
    copied = {
        found for page in pages(root) for found in _LINKED_FILE.findall((root / page).read_text(encoding="utf-8"))
    }
    yield from (path for path in map(root.joinpath, copied) if path.is_file())


def _unescaped(code: str) -> str:
    """Code as Zensical wants it: in the cell of a table, GitHub needs a backslash before a pipe."""
    return code if code.startswith("```") else code.replace("\\|", "|")


def build(root: Path, to: Path) -> None:
    """Build the site of the checkout at `root` into the folder `to`, which is replaced.

    Raises BrokenLink, and CalledProcessError if Zensical fails or finds a fault.
    """
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        shutil.copytree(root / "docs" / "site", work, dirs_exist_ok=True)
        Copy(root, work / "docs").write()
        shutil.copytree(root / "docs" / "site" / "assets", work / "docs" / "assets")
        for font in (root / FONTS).glob("*.woff2"):
            shutil.copyfile(font, work / "docs" / "assets" / font.name)
        command = [sys.executable, "-m", "zensical", "build", "--strict"]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"Building the docs failed:\n{done.stdout}{done.stderr}")
        _slim(work / "site")
        shutil.rmtree(to, ignore_errors=True)
        shutil.move(work / "site", to)


def _slim(site: Path) -> None:
    """Remove what the pages don't use, and keep text only as gzip."""
    for name in _UNUSED:
        path = site / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in [path for path in site.rglob("*") if path.is_file() and path.suffix not in _PACKED]:
        Path(f"{path}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        path.unlink()


if __name__ == "__main__":
    build(ROOT, Path(sys.argv[1]))
