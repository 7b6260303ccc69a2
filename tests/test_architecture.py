"""Architecture tests: which module may import which, what must stay free of I/O, and how large a file may be."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "eyeline"

FLOORS = {
    "errors": 1,
    "checks": 1,
    "rate_limit": 1,
    "signalling": 2,
    "turn": 2,
    "sip": 2,
    "_native": 3,
    "settings": 3,
    "bridge": 3,
    "serve": 4,
    "doctor": 4,
    "service": 4,
    "__init__": 5,
    "cli": 5,
    "__main__": 6,
}
"""Every top-level module of the package.  Modules on the same floor don't import each other."""

SANS_IO = {"errors", "checks", "rate_limit", "signalling", "turn", "sip", "settings", "bridge"}
"""Modules without I/O, clocks, randomness or logging: all of that is passed in."""

BANNED_BELOW_THE_EDGE = {
    *("asyncio", "concurrent", "multiprocessing", "threading", "queue", "sched", "select", "selectors", "signal"),
    *("time", "datetime", "calendar", "zoneinfo", "random", "secrets", "uuid", "tempfile"),
    *("socket", "socketserver", "ssl", "http", "urllib", "subprocess", "os", "io", "sys"),
    *("logging", "structlog", "warnings", "starlette", "uvicorn", "websockets", "redis", "aiortc"),
}

WINGS = {"http", "ws", "relay", "sip", "process"}
"""The subpackages of `serve`.  They don't import one another; what they share is at the root of `serve`."""

ROOT_OF_SERVE_THAT_JOINS_THE_WINGS = {"app", "run"}

BANNED_NAMES = {
    *(
        "base",
        "common",
        "constants",
        "core",
        "enums",
        "exceptions",
        "helper",
        "helpers",
        "interfaces",
        "lib",
        "manager",
    ),
    *("managers", "misc", "mixins", "models", "shared", "tools", "types", "util", "utils"),
}

LINES_OF_A_FILE = 500
LINES_OF_A_FUNCTION = 60

PYTHON = sorted(path for top in ("src", "tests", "tools", "bench") for path in (ROOT / top).rglob("*.py"))
TYPESCRIPT = sorted(path for path in (ROOT / "web").glob("*/src/**/*") if path.suffix in {".ts", ".tsx"})
MODULES = sorted(PACKAGE.rglob("*.py"))

Def = ast.FunctionDef | ast.AsyncFunctionDef


def shown(path: Path) -> str:
    """The path relative to the repository."""
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    """The module's syntax tree."""
    return ast.parse(path.read_text(), shown(path))


def top(path: Path) -> str:
    """The top-level module or package that `path` belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Every imported module, wherever in the file the import is; `from a import b` may mean `a.b`."""
    for node in ast.walk(tree(path)):
        match node:
            case ast.Import(names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module, names, level):
                assert level == 0, f"{shown(path)}:{node.lineno} is a relative import: write the full name"
                yield from (f"{module}.{alias.name}" for alias in names)
            case _:
                pass


def test_every_top_level_module_has_a_floor_and_exists() -> None:
    parts = {top(path) for path in MODULES}

    assert parts == set(FLOORS), "list it in FLOORS, or remove it"


def test_no_module_has_a_catch_all_name() -> None:
    names = {part.removesuffix(".py") for path in MODULES for part in path.relative_to(PACKAGE).parts}

    assert names & BANNED_NAMES == set(), "move a helper to the module that uses it"


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_imports_point_down(path: Path) -> None:
    here = top(path)
    for name in imports(path):
        package, _, rest = name.partition(".")
        there = rest.partition(".")[0]
        if package == "eyeline" and rest != "__version__":
            there = there if there in FLOORS else "__init__"  # an export of the package itself
            assert there == here or FLOORS[there] < FLOORS[here], f"{here} must not import {name}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "serve").rglob("*.py")), ids=shown)
def test_the_wings_of_serve_do_not_import_one_another(path: Path) -> None:
    here = path.relative_to(PACKAGE / "serve").parts[0].removesuffix(".py")
    if here in ROOT_OF_SERVE_THAT_JOINS_THE_WINGS:
        return
    imported = {name.split(".")[2] for name in imports(path) if name.startswith("eyeline.serve.")}

    assert (imported & WINGS) - {here} == set(), "move shared code to the root of serve, or pass it in"


def test_serve_has_the_wings_that_are_listed() -> None:
    assert {path.parent.name for path in (PACKAGE / "serve").glob("*/__init__.py")} == WINGS


APP = ROOT / "web/app/src"
APP_IMPORTS = {
    "platform": {"platform"},
    "model": {"platform", "strings", "model"},
    "strings": {"strings", "model"},
    "view": {"platform", "strings", "model", "view", "view/ui", "style", "panels.css"},
    "view/ui": {"platform", "strings", "view/ui"},
}
"""What each folder of the web app may import from the others."""

PHONE_IMPORTS = {
    "platform": {"platform", "app/platform"},
    "model": {"platform", "strings", "model", "app/platform", "app/model"},
    "strings": {"strings", "platform", "model", "app/strings"},
    "view": {"strings", "model", "view", "platform", "app/strings", "app/model", "app/view"},
}
"""What each folder of the phone may import from the others, and from the web app."""


def app_folder(path: Path) -> str:
    """The folder of the web app that a file is in; `view/ui` is one of its own."""
    first, *rest = path.relative_to(APP).parts
    return f"{first}/{rest[0]}" if (first, *rest[:1]) == ("view", "ui") else first


@pytest.mark.parametrize("path", [p for p in TYPESCRIPT if APP in p.parents and p.parent != APP], ids=shown)
def test_model_and_platform_of_the_web_app_import_no_view(path: Path) -> None:
    here = app_folder(path)
    targets = re.findall(r"""(?:from|import|import\()\s*'(\.[^'?]*)""", path.read_text())
    there = {app_folder((path.parent / target).resolve()) for target in targets}

    assert there <= APP_IMPORTS[here]


PHONE = ROOT / "web/phone/src"


@pytest.mark.parametrize("path", [p for p in TYPESCRIPT if PHONE in p.parents and p.parent != PHONE], ids=shown)
def test_model_and_platform_of_the_phone_import_no_view(path: Path) -> None:
    targets = re.findall(r"""(?:from|import|import\()\s*'(\.[^'?]*|@eyeline/app/\w+)""", path.read_text())
    there = {
        target.removeprefix("@eyeline/")
        if target.startswith("@")
        else (path.parent / target).resolve().relative_to(PHONE).parts[0]
        for target in targets
    }

    assert there <= PHONE_IMPORTS[path.relative_to(PHONE).parts[0]]


@pytest.mark.parametrize("path", [path for path in MODULES if top(path) in SANS_IO], ids=shown)
def test_sans_io_modules_import_no_clock_socket_randomness_or_log(path: Path) -> None:
    banned = {name for name in imports(path) if name.partition(".")[0] in BANNED_BELOW_THE_EDGE}

    assert banned == set(), "pass it in"


@pytest.mark.parametrize("path", [path for path in MODULES if top(path) in SANS_IO], ids=shown)
def test_sans_io_modules_await_open_and_print_nothing(path: Path) -> None:
    for node in ast.walk(tree(path)):
        assert not isinstance(node, ast.AsyncFunctionDef | ast.Await), f"line {node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"open", "print", "input", "__import__", "exec", "eval"}, f"line {node.lineno}"


@pytest.mark.parametrize("path", PYTHON + TYPESCRIPT, ids=shown)
def test_file_has_at_most_500_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LINES_OF_A_FILE


@pytest.mark.parametrize("path", PYTHON, ids=shown)
def test_function_has_at_most_60_lines(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, Def):
            assert (node.end_lineno or node.lineno) - node.lineno < LINES_OF_A_FUNCTION, node.name


def task_groups(module: ast.Module) -> set[str]:
    """Names bound to a `TaskGroup`, by `async with` or as a parameter."""
    names = set()
    for node in ast.walk(module):
        match node:
            case ast.withitem(ast.Call(func), ast.Name(name)) if "TaskGroup" in ast.unparse(func):
                names.add(name)
            case ast.arg(name, ast.expr() as annotation) if "TaskGroup" in ast.unparse(annotation):
                names.add(name)
            case _:
                pass
    return names


@pytest.mark.parametrize("path", PYTHON, ids=shown)
def test_every_task_has_a_parent(path: Path) -> None:
    module = tree(path)
    groups = task_groups(module)
    for node in ast.walk(module):
        match node:
            case ast.Attribute(owner, "create_task" | "ensure_future" | "run_coroutine_threadsafe"):
                assert ast.unparse(owner) in groups, f"line {node.lineno}: {ast.unparse(node)}"
            case ast.alias("create_task" | "ensure_future"):
                pytest.fail(f"line {node.lineno}: import asyncio, and use a TaskGroup")
            case _:
                pass


def type_names(path: Path) -> Iterator[str]:
    """The public types that a module defines: classes, and aliases such as `Effect = Send | Close`."""
    for node in tree(path).body:
        match node:
            case ast.ClassDef(name) | ast.Assign([ast.Name(name)]):
                if name[0].isupper() and not name.isupper():
                    yield name
            case _:
                pass


def test_no_two_types_have_the_same_name() -> None:
    places: dict[str, list[str]] = {}
    for path in MODULES:
        for name in type_names(path):
            places.setdefault(name, []).append(shown(path))

    assert {name: where for name, where in places.items() if len(where) > 1} == {}


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_every_module_and_every_public_class_and_function_has_a_docstring(path: Path) -> None:
    for node in [tree(path), *ast.iter_child_nodes(tree(path))]:
        if isinstance(node, ast.Module | ast.ClassDef | Def) and not getattr(node, "name", "").startswith("_"):
            assert ast.get_docstring(node), f"{getattr(node, 'name', 'the module')} has no docstring"


def test_no_file_contains_an_absolute_path_of_a_developers_machine() -> None:
    place = re.compile(r"(?<![\w.$}])/" + r"(work|root|home/\w+|Users)/")
    texts = [*PYTHON, *TYPESCRIPT, *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.*"), ROOT / "Makefile"]

    assert [
        shown(path)
        for path in texts
        if path.name != ".git" and path.is_file() and place.search(path.read_text(errors="ignore"))
    ] == []
