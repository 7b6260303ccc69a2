"""Browser automation: a page in a real browser, used as a person does, by role and name, by mouse and keys.

`Page` is the same for all browsers; each browser is a small adapter (`Tab`) below it.  Roles and names are those of the
browser's accessibility tree, so a test that finds a button proves that a screen reader finds it.
"""

import itertools
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Final, Literal, Protocol, Self, TypedDict, TypeVar, Unpack
from weakref import WeakSet

import pytest

from tests.support.process import PATIENCE, CommandError

T = TypeVar("T")
Permission = Literal["camera", "microphone"]
TouchKind = Literal["touchStart", "touchMove", "touchEnd"]
Point = tuple[float, float]
DEADLINE: Final = 30.0
"""Seconds that anything may take on a busy machine; a test of a promised time passes its own deadline."""

POLLS: Final = (0.01, 0.01, 0.02, 0.02, 0.04, 0.04, 0.08)
"""Seconds between polls; the last value repeats.  Polling uses the page's processor too."""
PICTURES: Final = Path(tempfile.gettempdir(), "eyeline-screenshots")
_pictures = itertools.count(1)

# Runs in every page before its own scripts.  Pages expose nothing, and the tests need the real WebRTC statistics.
REMEMBER: Final = """
globalThis.__connections = [];
globalThis.RTCPeerConnection &&= new Proxy(RTCPeerConnection, {
  construct(target, given, as) {
    const connection = Reflect.construct(target, given, as);
    globalThis.__connections.push(connection);
    return connection;
  },
});
"""

EACH: Final = ("chromium", pytest.param("firefox", marks=pytest.mark.more))
"""The browser that most people use, and in `make test-more` also the other one."""

USABLE: Final = "a, button, input, select, textarea, summary, option, [contenteditable], [role]"
"""The CSS selector of elements that `click` and `fill` consider."""

_STATE: Final = """[location.href, document.body.innerText.slice(0, 500), globalThis.__connections.map((each) =>
  [each.signalingState, each.iceGatheringState, each.iceConnectionState, each.connectionState].join(' '))]"""

_RUN: Final = """(async () => {
  try {
    const it = (
%s
    );
    const value = typeof it === 'function' ? await it(...%s) : await it;
    const plain = value instanceof Node ? value.nodeName.toLowerCase() : value;
    return JSON.stringify([true, [Boolean(value), plain]]);
  } catch (error) {
    const words = error?.name ? `${error.name}: ${error.message}\\n${error.stack}` : String(error);
    return JSON.stringify([false, words]);
  }
})()"""

_SPOT: Final = """async (element) => {
  const place = () => element.getBoundingClientRect();
  if (!element.isConnected || !element.checkVisibility({visibilityProperty: true})) return 'hidden';
  if (element.matches(':disabled') || element.closest('[aria-disabled=true]')) return 'disabled';
  element.scrollIntoView({block: 'nearest', inline: 'nearest', behavior: 'instant'});
  const before = place();
  await new Promise((resolve) => setTimeout(resolve, 16));
  const {x, y, width, height} = place();
  if (x !== before.x || y !== before.y) return 'moving';
  const spot = [x + width / 2, y + height / 2];
  const hit = element.getRootNode().elementFromPoint(...spot);
  if (!element.contains(hit) && hit?.closest('label')?.control !== element)
    return {spot, words: `covered by ${hit?.outerHTML.slice(0, 120)}`};
  return spot;
}"""

_FIELD: Final = """(element) => {
  if (!element.matches?.('input, textarea, [contenteditable]')) return 'no field';
  if (!element.checkVisibility({visibilityProperty: true})) return 'hidden';
  if (element.matches(':disabled, :read-only')) return 'disabled';
  element.focus();
  if (element.select) element.select(); else getSelection().selectAllChildren(element);
  return ['focused'];
}"""


class PageError(AssertionError):
    """The page threw an error, or a wait timed out."""


class Visit(TypedDict, total=False):
    """Options of opening a page; the defaults are in `PLAIN`."""

    permissions: Sequence[Permission]
    """Granted permissions; the others are denied (`NotAllowedError`)."""
    viewport: tuple[int, int]
    color_scheme: Literal["light", "dark"]
    reduced_motion: bool
    touch: bool
    """A phone's screen: it has touch and no mouse that hovers."""
    init_script: str
    """Statements that run before any script of each document."""


PLAIN: Final[Visit] = {
    "permissions": ("camera", "microphone"),
    "viewport": (1280, 800),
    "color_scheme": "light",
    "reduced_motion": False,
    "touch": False,
    "init_script": "",
}


class Tab(Protocol):
    """What `Page` needs from a browser.  Errors are `CommandError`."""

    console: list[str]
    gone: bool
    """Whether the tab was closed."""

    def go(self, url: str) -> None: ...
    def reload(self) -> None: ...
    def run(self, expression: str, deadline: float) -> str: ...
    def find(self, role: str | None, name: str) -> list[str]: ...
    def call_on(self, node: str, function: str) -> Any: ...
    def move_to(self, x: float, y: float) -> None: ...
    def press_at(self, x: float, y: float) -> None: ...
    def touch(self, kind: TouchKind, points: Sequence[Point]) -> None: ...
    def type(self, text: str) -> None: ...
    def key(self, key: str, modifiers: Sequence[str]) -> None: ...
    def attach(self, css: str, paths: Sequence[Path]) -> None: ...
    def drop(self, x: float, y: float, paths: Sequence[Path]) -> None: ...
    def download_to(self, folder: Path) -> None: ...
    def permit(self, permissions: Sequence[Permission]) -> None: ...
    def capture(self) -> bytes: ...
    def resize(self, width: int, height: int) -> None: ...
    def poll(self) -> None: ...
    def another(self) -> "Tab": ...
    def close(self) -> None: ...


class Page:
    """One tab of one person.  Waits have a deadline in seconds, and on failure report the page's text and console."""

    _open: ClassVar[WeakSet["Page"]] = WeakSet()

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        self._open.add(self)
        self._nudges = itertools.cycle((0, 1))  # moving the mouse to its present position has no effect

    def evaluate(self, js: str, *args: object, deadline: float = PATIENCE) -> Any:
        """The JSON value of an expression, or of a function (sync or async) called with `args`."""
        return self._run(js, args, deadline)[1]

    def until(self, js: str, *args: object, deadline: float = DEADLINE) -> Any:
        """Wait until `js` (as in `evaluate`) is truthy, and return its value.  Errors count as falsy."""

        def look() -> tuple[bool, Any]:
            truthy, value = self._run(js, args, deadline)
            return truthy, value

        return self._wait(look, f"until {js}", deadline)

    def click(self, role: str, name: str, deadline: float = 15.0) -> None:
        """Click the one element of that role and name, once it is visible, enabled, still and not covered.

        Meanwhile the mouse is moved over it, since faded controls reappear under the mouse.
        """
        spot = self._wait(lambda: self._only(role, name, _SPOT), f"click {role} {name!r}", deadline)
        self._tab.press_at(*spot)

    def press_at(self, x: float, y: float) -> None:
        """Click there at once, without a look at the page: it may be too busy to answer."""
        self._tab.press_at(x, y)

    def tap_at(self, x: float, y: float, held_ms: float) -> None:
        """Touch the screen there with a finger for that long (Chromium only)."""
        self._tab.touch("touchStart", [(x, y)])
        time.sleep(held_ms / 1000)
        self._tab.touch("touchEnd", [])

    def fingers(self, *path: Sequence[Point]) -> None:
        """Put fingers on the screen, move each along its places on the path, and lift them (Chromium only)."""
        self._tab.touch("touchStart", path[0])
        for points in path[1:]:
            self._tab.touch("touchMove", points)
        self._tab.touch("touchEnd", [])

    def fill(self, label: str, text: str, deadline: float = 15.0) -> None:
        """Replace the text of the field of that name in one step, as an input method does."""
        self._wait(lambda: self._only(None, label, _FIELD), f"fill {label!r}", deadline)
        self._tab.key("Delete", ())
        self._tab.type(text)

    def press(self, keys: str) -> None:
        """Press a key by its DOM name: `Enter`, `m`, `Shift+Tab`."""
        *modifiers, key = keys.split("+") if len(keys) > 1 else [keys]
        self._tab.key(key, modifiers)

    def attach(self, css: str, *paths: Path) -> None:
        """Choose files in the `input type=file` that matches the selector."""
        self._tab.attach(css, paths)

    def drop(self, *paths: Path) -> None:
        """Drop files and folders from the disk onto the middle of the page (Chromium only)."""
        x, y = self.evaluate("[innerWidth / 2, innerHeight / 2]")
        self._tab.drop(x, y, paths)

    def download_to(self, folder: Path) -> None:
        """Save this person's downloads in that folder."""
        self._tab.download_to(folder)

    def permit(self, *permissions: Permission) -> None:
        """Grant this person these permissions, and revoke the others (Chromium only)."""
        self._tab.permit(permissions)

    def text(self) -> str:
        """The visible text of the page."""
        return str(self.evaluate("document.body.innerText"))

    @property
    def console(self) -> list[str]:
        """Console messages and uncaught errors so far."""
        self._tab.poll()
        return self._tab.console

    def goto(self, url: str) -> None:
        self._tab.go(url)

    def reload(self) -> None:
        self._tab.reload()

    def another(self, url: str) -> "Page":
        """A second tab of the same person (same storage, same permissions)."""
        page = Page(self._tab.another())
        page.goto(url)
        return page

    def resize(self, width: int, height: int) -> None:
        self._tab.resize(width, height)

    def screenshot(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self._tab.capture())

    def close(self) -> None:
        self._tab.close()

    def _run(self, js: str, args: Sequence[object], deadline: float) -> Any:
        source = _RUN % (js.strip().rstrip(";"), json.dumps(args))
        try:
            fine, value = json.loads(self._tab.run(source, deadline))
        except CommandError as error:
            raise PageError(str(error)) from error
        if not fine:
            raise PageError(value)
        return value

    def _only(self, role: str | None, name: str, function: str) -> tuple[bool, Any]:
        """The result of `function` for the only usable element: a list if it is usable, else the reason as text."""
        answers = [self._tab.call_on(node, function) for node in self._tab.find(role, name)]
        for answer in answers:
            if isinstance(answer, dict):
                x, y = answer["spot"]
                self._tab.move_to(x + next(self._nudges), y)
        usable = [answer for answer in answers if isinstance(answer, list)]
        if len(usable) == 1:
            return True, usable[0]
        return False, f"{len(usable)} usable of {answers or 'none'}"

    def _wait(self, look: Callable[[], tuple[bool, T]], what: str, deadline: float) -> T:
        end = time.monotonic() + deadline
        pauses = itertools.chain(POLLS, itertools.repeat(POLLS[-1]))
        while True:
            try:
                truthy, value = look()
                seen = repr(value)
            except (PageError, CommandError) as error:
                truthy, seen = False, str(error)
            if truthy:
                return value
            if time.monotonic() > end:
                raise PageError(f"not in {deadline:.1f} s: {what}\nlast seen: {seen}\n{self._scene()}")
            time.sleep(next(pauses))

    def _state(self) -> str:
        try:
            url, text, connections = self.evaluate(_STATE, deadline=5.0)
            return "\n".join([f"url: {url}", f"connections: {connections}", f"text: {text}", "console:", *self.console])
        except (PageError, CommandError) as error:
            return f"page state unavailable: {error}"

    def _scene(self) -> str:
        """A description of the page for the error message of a failed wait."""
        path = PICTURES / f"{next(_pictures)}.png"
        try:
            self.screenshot(path)
            picture = f"screenshot: {path}"
        except (PageError, CommandError) as error:
            picture = f"no screenshot: {error}"
        others = [page._state() for page in self._open if page is not self and not page._tab.gone]
        return "\n".join([picture, self._state(), *others])


class Browser(Protocol):
    """A browser process."""

    name: str

    def open(self, url: str, **visit: Unpack[Visit]) -> Page:
        """Open `url` as a new person (own storage, own permissions); returns when its scripts have run."""
        ...

    def close_pages(self) -> None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...
