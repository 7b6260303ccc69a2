"""Chromium, driven by CDP (Chrome DevTools Protocol) over its own WebSocket."""

import base64
import itertools
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, Unpack

from tests.support.browser import PLAIN, REMEMBER, USABLE, Page, Permission, Point, TouchKind, Visit
from tests.support.process import HERE, PATIENCE, CommandError, CommandSocket, Json, Machine, Process, scratch
from tests.support.tools import need

OFF: Final = (
    "WebRtcHideLocalIpsWithMdns",
    "Translate",
    "MediaRouter",
    "OptimizationHints",
    # Pages of the address bar, two per window: most of the cost of opening a window.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
)
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
    "--ignore-certificate-errors",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    f"--disable-features={','.join(OFF)}",
    "--disable-renderer-backgrounding",
    "--disable-sync",
    "--enable-blink-features=ComputedAccessibilityInfo",
    "--force-device-scale-factor=0.5",  # of the window, not the page: halves the work of drawing
    "--hide-scrollbars",
    "--password-store=basic",
    "--remote-debugging-port=0",
)
MODIFIERS: Final = {"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}
# Windows virtual key codes, which Chromium uses; keys that type something also have their text.
KEYS: Final = {
    "Backspace": (8, ""), "Tab": (9, ""), "Enter": (13, "\r"), "Escape": (27, ""), " ": (32, " "), "Space": (32, " "),
    "PageUp": (33, ""), "PageDown": (34, ""), "End": (35, ""), "Home": (36, ""), "ArrowLeft": (37, ""),
    "ArrowUp": (38, ""), "ArrowRight": (39, ""), "ArrowDown": (40, ""), "Delete": (46, ""),
}  # fmt: skip

# Not `load`: a video waiting for its first frame delays it.
_BUILT: Final = "String(performance.getEntriesByType('navigation')[0]?.domContentLoadedEventEnd > 0)"

# The accessibility tree through the elements: CDP's own query waits for `load` too.
_FIND: Final = f"""(role, name) => {{
  const candidates = '{USABLE}';
  const fits = (element) => element.computedName === name && [null, element.computedRole].includes(role);
  return [...document.querySelectorAll(candidates)].filter((element) => element.checkVisibility() && fits(element));
}}"""


class Chromium:
    """One Chromium process.

    Without `devices` there is no camera and no microphone (`NotFoundError`).  With `screen`, `getDisplayMedia` returns
    a fake screen at once, but then no permission can be denied in this process.  `program` is another Chromium than the
    installed one.
    """

    name = "chromium"

    def __init__(
        self,
        *,
        devices: bool = True,
        screen: bool = False,
        flags: Sequence[str] = (),
        machine: Machine = HERE,
        program: Path | None = None,
    ) -> None:
        self._tabs: dict[str, ChromiumTab] = {}
        self._profile = scratch(self.name)
        fake = ["--use-fake-device-for-media-stream"] * devices + ["--use-fake-ui-for-media-stream"] * screen
        profile = f"--user-data-dir={self._profile.name}/profile"
        argv = [*machine.prefix, str(program or need("chromium")), *FLAGS, *fake, *flags, profile, "about:blank"]
        self._process = Process(argv, Path(self._profile.name, "log"))
        try:
            url = self._process.wait_for_line(r"DevTools listening on (ws://\S+)")
            self.socket = CommandSocket(url, self._on_event, machine)
        except BaseException:
            self._end(0.0)
            raise

    def open(self, url: str, **visit: Unpack[Visit]) -> Page:
        """Open `url` as a new person, in a browser context of their own."""
        whole: Visit = {**PLAIN, **visit}
        context = self.socket.request("Target.createBrowserContext", {})["browserContextId"]
        self.permit(context, whole["permissions"])
        page = Page(self.tab(context, whole))
        page.goto(url)
        return page

    def permit(self, context: str, permissions: Sequence[Permission]) -> None:
        for name in ("camera", "microphone"):
            setting = "granted" if name in permissions else "denied"
            permission = {"permission": {"name": name}, "setting": setting, "browserContextId": context}
            self.socket.request("Browser.setPermission", permission)

    def tab(self, context: str, visit: Visit) -> "ChromiumTab":
        tab = ChromiumTab(self, context, visit)
        self._tabs[tab.session] = tab
        return tab

    def forget(self, tab: "ChromiumTab") -> None:
        """Forget a tab; with a person's last tab, dispose of their browser context."""
        self._tabs.pop(tab.session, None)
        if all(other.context != tab.context for other in self._tabs.values()):
            self.socket.request("Target.disposeBrowserContext", {"browserContextId": tab.context})

    def close_pages(self) -> None:
        for tab in list(self._tabs.values()):
            tab.close()

    def close(self) -> None:
        with suppress(CommandError):
            self.socket.send("Browser.close", {})
        self._end(5.0)
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _end(self, patience: float) -> None:
        self._process.wait(patience)
        self._profile.cleanup()

    def _on_event(self, message: Json) -> None:
        if tab := self._tabs.get(message.get("sessionId", "")):
            tab.on_event(message["method"], message["params"])


class ChromiumTab:
    """A CDP session of one page target."""

    def __init__(self, browser: Chromium, context: str, visit: Visit) -> None:
        self._browser, self.context, self._visit = browser, context, visit
        self.console: list[str] = []
        self.gone = False
        self._socket = browser.socket
        width, height = visit["viewport"]
        window = {"browserContextId": context, "newWindow": True, "width": width, "height": height}
        self._target = self._socket.request("Target.createTarget", {"url": "about:blank", **window})["targetId"]
        attach = {"targetId": self._target, "flatten": True}
        self.session: str = self._socket.request("Target.attachToTarget", attach)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._cdp(f"{domain}.enable")
        motion = "reduce" if visit["reduced_motion"] else "no-preference"
        media = {"prefers-color-scheme": visit["color_scheme"], "prefers-reduced-motion": motion}
        self._cdp("Emulation.setEmulatedMedia", features=[{"name": k, "value": v} for k, v in media.items()])
        self._cdp("Emulation.setFocusEmulationEnabled", enabled=True)
        self._cdp("Page.addScriptToEvaluateOnNewDocument", source=REMEMBER + visit["init_script"])
        self.resize(width, height)
        if visit["touch"]:
            self._cdp("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=5)

    def go(self, url: str) -> None:
        if failed := self._cdp("Page.navigate", url=url).get("errorText"):
            raise CommandError(f"{url}: {failed}")
        self._loaded("")

    def reload(self) -> None:
        old = self._loader()
        self._cdp("Page.reload")
        self._loaded(old)

    def run(self, expression: str, deadline: float) -> str:
        params = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        answer = self._socket.request("Runtime.evaluate", params, deadline=deadline, sessionId=self.session)
        return str(_value(answer))

    def find(self, role: str | None, name: str) -> list[str]:
        query = f"({_FIND})(...{json.dumps([role, name])})"
        return [node["objectId"] for node in self._objects(query)]

    def call_on(self, node: str, function: str) -> Any:
        answer = self._cdp(
            "Runtime.callFunctionOn",
            functionDeclaration=f"async function () {{ return JSON.stringify(await ({function})(this)); }}",
            objectId=node,
            awaitPromise=True,
            returnByValue=True,
        )
        return json.loads(_value(answer))

    def move_to(self, x: float, y: float) -> None:
        self._cdp("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def press_at(self, x: float, y: float) -> None:
        self.move_to(x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self._cdp("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def touch(self, kind: TouchKind, points: Sequence[Point]) -> None:
        fingers = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(points)]
        self._cdp("Input.dispatchTouchEvent", type=kind, touchPoints=fingers)

    def type(self, text: str) -> None:
        self._cdp("Input.insertText", text=text)

    def key(self, key: str, modifiers: Sequence[str]) -> None:
        code, text = KEYS.get(key) or (ord(key.upper()), key)
        held = sum(MODIFIERS[modifier] for modifier in modifiers)
        dom = {"Space": " "}.get(key, key)
        event: Json = {"key": dom, "code": _code(key), "windowsVirtualKeyCode": code, "modifiers": held}
        written = {} if held & ~MODIFIERS["Shift"] or not text else {"text": text}
        self._cdp("Input.dispatchKeyEvent", type="keyDown" if written else "rawKeyDown", **event, **written)
        self._cdp("Input.dispatchKeyEvent", type="keyUp", **event)

    def attach(self, css: str, paths: Sequence[Path]) -> None:
        found = self._objects(f"[...document.querySelectorAll({json.dumps(css)})]")
        if not found:
            raise CommandError(f"no element is {css}")
        self._cdp("DOM.setFileInputFiles", files=[str(path) for path in paths], objectId=found[0]["objectId"])

    def drop(self, x: float, y: float, paths: Sequence[Path]) -> None:
        copying = 1
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": copying}
        for phase in ("dragEnter", "dragOver", "drop"):
            self._cdp("Input.dispatchDragEvent", type=phase, x=x, y=y, data=data)

    def download_to(self, folder: Path) -> None:
        allow = {"behavior": "allow", "browserContextId": self.context, "downloadPath": str(folder)}
        self._socket.request("Browser.setDownloadBehavior", allow)

    def permit(self, permissions: Sequence[Permission]) -> None:
        self._browser.permit(self.context, permissions)

    def capture(self) -> bytes:
        return base64.b64decode(self._cdp("Page.captureScreenshot", format="png")["data"])

    def resize(self, width: int, height: int) -> None:
        self._cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def poll(self) -> None:
        self._socket.poll()

    def another(self) -> "ChromiumTab":
        return self._browser.tab(self.context, self._visit)

    def close(self) -> None:
        with suppress(CommandError):
            self._socket.request("Target.closeTarget", {"targetId": self._target})
        self.gone = True
        self._browser.forget(self)

    def on_event(self, method: str, params: Json) -> None:
        match method:
            case "Runtime.consoleAPICalled":
                words = (str(a.get("value", a.get("description", a["type"]))) for a in params["args"])
                self.console.append(f"{params['type']}: {' '.join(words)}")
            case "Runtime.exceptionThrown":
                self.console.append(f"uncaught: {_words(params['exceptionDetails'])}")
            case "Log.entryAdded":
                entry = params["entry"]
                self.console.append(f"{entry['level']}: {entry['text']} {entry.get('url', '')}".rstrip())
            case "Page.javascriptDialogOpening":
                self._socket.send("Page.handleJavaScriptDialog", {"accept": True}, sessionId=self.session)
            case _:
                pass

    def _cdp(self, method: str, /, **params: Any) -> Json:
        return self._socket.request(method, params, sessionId=self.session)

    def _objects(self, query: str) -> list[Json]:
        """Handles of the objects in the list that `query` returns."""
        answer = self._cdp("Runtime.evaluate", expression=query)
        _value(answer)
        members = self._cdp("Runtime.getProperties", objectId=answer["result"]["objectId"], ownProperties=True)
        return [member["value"] for member in members["result"] if member["name"].isdecimal()]

    def _loader(self) -> str:
        return str(self._cdp("Page.getFrameTree")["frameTree"]["frame"]["loaderId"])

    def _loaded(self, old: str) -> None:
        """Wait until a document other than `old` is parsed and its scripts have run."""
        end = time.monotonic() + PATIENCE
        for pause in itertools.chain([0.0], itertools.repeat(0.01)):
            time.sleep(pause)
            with suppress(CommandError):
                if self._loader() != old and self.run(_BUILT, PATIENCE) == "true":
                    return
            if time.monotonic() > end:
                raise CommandError("the page does not load")


def _code(key: str) -> str:
    if len(key) > 1:
        return key
    return f"Key{key.upper()}" if key.isalpha() else f"Digit{key}" if key.isdigit() else {" ": "Space"}.get(key, "")


def _value(answer: Json) -> Any:
    if thrown := answer.get("exceptionDetails"):
        raise CommandError(_words(thrown))
    return answer["result"].get("value")


def _words(thrown: Json) -> str:
    return str(thrown.get("exception", {}).get("description", thrown["text"]))
