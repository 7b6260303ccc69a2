"""What of uvicorn's insides Eyeline touches, by name: why pyproject.toml has an upper bound for it.

uvicorn documents none of this, and has changed some of it in a minor version.  Before the bound is raised, this must
pass with the new version, and the tests of WebSockets too.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
import uvicorn
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import Server, ServerState

from eyeline.serve import logs

SOURCES = Path(__file__).parents[2] / "src"

TOUCHED: dict[type, set[str]] = {
    HttpToolsProtocol: {
        *("client", "connections", "loop", "parser", "pipeline", "scheme", "scope", "server_state", "transport", "url"),
        *("__init__", "connection_made", "data_received", "connection_lost", "pause_writing", "resume_writing"),
        *("on_message_begin", "on_headers_complete", "on_message_complete"),
        *("handle_websocket_upgrade", "send_400_response"),
    },
    Server: {"__init__", "run", "startup", "shutdown", "should_exit"},
    Config: set(),
    ServerState: {"connections", "default_headers"},
}
"""What our subclasses read, set, call or override, and what is read of what they are handed."""

HANDED = {"config": Config, "server_state": ServerState}
"""What uvicorn hands to its protocols, by the name that it has in our source."""

Def = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of ours that imports uvicorn, or one that does: all of `serve`."""
    for path in sorted((SOURCES / "eyeline" / "serve").rglob("*.py")):
        yield ".".join(path.relative_to(SOURCES).with_suffix("").parts), ast.parse(path.read_text())


def theirs(ours: type) -> type | None:
    """The class of uvicorn that ours derives from, if it does."""
    return next((each for each in ours.__mro__ if each.__module__.partition(".")[0] == "uvicorn"), None)


def uses(node: ast.AST, owner: str) -> set[str]:
    """The attributes of the variable `owner`, and of `self.owner`."""
    return {
        each.attr
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute) and ast.unparse(each.value) in {owner, f"self.{owner}"}
    }


@cache
def has(cls: type) -> frozenset[str]:
    """What instances of the class have: what it and its bases define, and what their methods set."""
    names = set(dir(cls))
    for each in cls.__mro__[:-1]:
        names |= set(inspect.get_annotations(each))
        if each.__module__.partition(".")[0] == "uvicorn":
            names |= uses(ast.parse(textwrap.dedent(inspect.getsource(each))), "self")
    return frozenset(names)


def ours(node: ast.ClassDef) -> set[str]:
    """The names with an underscore that our own class defines: uvicorn's could begin with one, too."""
    names = {each.name for each in ast.walk(node) if isinstance(each, Def)}
    for each in ast.walk(node):
        match each:
            case ast.AnnAssign(ast.Name(name) | ast.Attribute(attr=name)):
                names.add(name)
            case ast.Assign(targets):
                names |= {to.id for to in targets if isinstance(to, ast.Name)}
                names |= {to.attr for to in targets if isinstance(to, ast.Attribute)}
            case _:
                pass
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


def found() -> dict[type, set[str]]:
    """What our source touches, read from the source."""
    touched: dict[type, set[str]] = {cls: set() for cls in TOUCHED}
    for name, tree in modules():
        for owner, cls in HANDED.items():
            touched[cls] |= uses(tree, owner)
        for node in tree.body:
            base = theirs(getattr(import_module(name), node.name)) if isinstance(node, ast.ClassDef) else None
            if isinstance(node, ast.ClassDef) and base is not None:
                overridden = {each.name for each in ast.walk(node) if isinstance(each, Def) and each.name in has(base)}
                used = uses(node, "self") | uses(node, "super()")
                touched[base] |= overridden | used - (ours(node) - has(base))
    return touched


@pytest.mark.parametrize("cls", TOUCHED, ids=lambda cls: cls.__name__)
def test_uvicorn_has_what_we_touch(cls: type) -> None:
    missing = sorted(TOUCHED[cls] - has(cls))

    assert missing == [], (
        f"uvicorn {uvicorn.__version__} has no {cls.__name__}.{', .'.join(missing)}, which src/eyeline/serve uses: "
        "find what took its place, or leave this version out in pyproject.toml"
    )


def test_the_list_of_what_we_touch_is_that_of_the_source() -> None:
    assert found() == TOUCHED, "bring TOUCHED up to date: it says what to look at in a new version of uvicorn"


def test_uvicorn_makes_protocols_with_the_arguments_that_ours_take() -> None:
    assert list(inspect.signature(HttpToolsProtocol).parameters) == ["config", "server_state", "app_state", "_loop"]


@pytest.mark.parametrize("words", logs._SUPPRESSED)
def test_uvicorn_still_says_what_the_log_leaves_out(words: str) -> None:
    folder = Path(uvicorn.__file__).parent

    assert [path for path in folder.rglob("*.py") if words in path.read_text()] != []
