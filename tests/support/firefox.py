"""Firefox, driven by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/), without geckodriver.

BiDi can't yet deny a camera or set a dark color scheme in Firefox, so privileged scripts do both
(`--remote-allow-system-access`), per person and per tab.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, Unpack

from tests.support.browser import PLAIN, REMEMBER, USABLE, Page, Permission, Point, TouchKind, Visit
from tests.support.process import HERE, PATIENCE, START, CommandError, CommandSocket, Json, Machine, Process, scratch
from tests.support.tools import need

PREFS: Final[Mapping[str, bool | int | str]] = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.aboutwelcome.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage": "about:blank",
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.autoDisableScopes": 0,
    "extensions.enabledScopes": 0,
    "extensions.getAddons.cache.enabled": False,
    "layout.frame_rate": 20,  # enough for its camera; at 60 a call takes a third more CPU
    "media.autoplay.default": 0,
    "media.devices.unfocused.enabled": True,
    "media.gmp-provider.enabled": False,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "permissions.isolateBy.userContext": True,
    "remote.active-protocols": 1,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "startup.homepage_welcome_url": "about:blank",
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}
# WebDriver's code points of non-printing keys (https://www.w3.org/TR/webdriver2/#keyboard-actions).
KEYS: Final = {
    "Backspace": "\ue003", "Tab": "\ue004", "Enter": "\ue007", "Shift": "\ue008", "Control": "\ue009", "Alt": "\ue00a",
    "Escape": "\ue00c", "Space": " ", "PageUp": "\ue00e", "PageDown": "\ue00f", "End": "\ue010", "Home": "\ue011",
    "ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015", "Delete": "\ue017",
    "Meta": "\ue03d",
}  # fmt: skip

_PREPARE: Final = """(context, address, allowed, dark, calm) => {
  const path = 'chrome://remote/content/shared/NavigableManager.sys.mjs';
  const tab = ChromeUtils.importESModule(path).NavigableManager.getBrowsingContextById(context);
  looks.set(tab.browserId, [dark ? 'dark' : 'light', calm ? 'reduce' : 'no-preference']);
  const url = Services.io.newURI(address);
  const who = Services.scriptSecurityManager.createContentPrincipal(url, tab.originAttributes);
  for (const name of ['camera', 'microphone']) {
    const {ALLOW_ACTION, DENY_ACTION} = Services.perms;
    Services.perms.addFromPrincipal(who, name, allowed.includes(name) ? ALLOW_ACTION : DENY_ACTION);
  }
}"""

# Firefox prompts for a camera only in the focused window, of which there is one.  Here it never prompts: what was
# allowed before is granted at once, and the rest is denied.  Of speakers it picks the last one.
_DECIDE: Final = """(() => {
  const {WebRTCParent} = ChromeUtils.importESModule('resource:///actors/WebRTCParent.sys.mjs');
  const usual = WebRTCParent.prototype.receiveMessage;
  WebRTCParent.prototype.receiveMessage = function (message) {
    if (message.name !== 'webrtc:Request') return usual.call(this, message);
    const {callID, windowID, audioOutputDevices} = message.data;
    const speaker = audioOutputDevices?.at(-1);
    if (speaker) return this.sendAsyncMessage('webrtc:Allow', {callID, windowID, devices: [speaker.deviceIndex]});
    const allowed = this.checkRequestAllowed(message.data, this.manager.documentPrincipal);
    if (!allowed) this.denyRequest(message.data);
  };
})()"""

# A navigation may put another browsing context into the tab, without the overrides of the one before: with
# Cross-Origin-Opener-Policy, or when the old page is kept for Back.
_KEEP_LOOKS: Final = """(() => {
  globalThis.looks = new Map();
  Services.obs.addObserver(({ browsingContext: tab }) => {
    const wanted = tab.parent === null ? looks.get(tab.browserId) : undefined;
    if (wanted) [tab.prefersColorSchemeOverride, tab.prefersReducedMotionOverride] = wanted;
  }, 'window-global-created');
})()"""


class Firefox:
    """One Firefox process.  Without `devices` there is no camera and no microphone (`NotFoundError`)."""

    name = "firefox"

    def __init__(
        self, *, devices: bool = True, prefs: Mapping[str, bool | int | str] = PREFS, machine: Machine = HERE
    ) -> None:
        self._tabs: dict[str, FirefoxTab] = {}
        self._profile = scratch(self.name)
        profile = Path(self._profile.name, "profile")
        profile.mkdir()
        wishes = {**PREFS, **prefs, "media.navigator.streams.fake": devices}
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in wishes.items())
        profile.joinpath("user.js").write_text("".join(lines))
        remote = ("--remote-debugging-port", "0", "--remote-allow-system-access")
        argv = [*machine.prefix, need("firefox-esr"), "--headless", "--no-remote", "--profile", str(profile), *remote]
        self._process = Process(argv, Path(self._profile.name, "log"))
        try:
            url = self._process.wait_for_line(r"WebDriver BiDi listening on (ws://\S+)")
            self.socket = CommandSocket(f"{url}/session", self._on_event, machine)
            self._start_session()
        except BaseException:
            self._end(0.0)
            raise

    def open(self, url: str, **visit: Unpack[Visit]) -> Page:
        """Open `url` as a new person, in a user context of their own."""
        whole: Visit = {**PLAIN, **visit}
        person = self.socket.request("browser.createUserContext", {})["userContext"]
        page = Page(self.tab(person, whole))
        page.goto(url)
        return page

    def tab(self, person: str, visit: Visit) -> "FirefoxTab":
        tab = FirefoxTab(self, person, visit)
        self._tabs[tab.context] = tab
        return tab

    def forget(self, tab: "FirefoxTab") -> None:
        """Forget a tab; with a person's last tab, remove their user context."""
        self._tabs.pop(tab.context, None)
        if all(other.person != tab.person for other in self._tabs.values()):
            self.socket.request("browser.removeUserContext", {"userContext": tab.person})

    def prepare(self, context: str, url: str, visit: Visit) -> None:
        """Set permissions and emulated media of a tab that is about to open `url`."""
        given = (context, url, list(visit["permissions"]), visit["color_scheme"] == "dark", visit["reduced_motion"])
        self._run_privileged(f"({_PREPARE})(...{json.dumps(given)})")

    @contextmanager
    def without_webrtc(self) -> Iterator[None]:
        """Pages opened inside the block have no `RTCPeerConnection`, as with many privacy add-ons."""
        name = "media.peerconnection.enabled"
        self._run_privileged(f"Services.prefs.setBoolPref('{name}', false)")
        try:
            yield
        finally:
            self._run_privileged(f"Services.prefs.setBoolPref('{name}', true)")

    def close_pages(self) -> None:
        for tab in list(self._tabs.values()):
            tab.close()

    def close(self) -> None:
        with suppress(CommandError):
            self.socket.request("browser.close", {}, deadline=5.0)
        self._end(5.0)
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start_session(self) -> None:
        wishes = {"acceptInsecureCerts": True, "unhandledPromptBehavior": {"default": "accept"}}
        self.socket.request("session.new", {"capabilities": {"alwaysMatch": wishes}}, deadline=START)
        self.socket.request("session.subscribe", {"events": ["log.entryAdded"]})
        windows = self.socket.request("browsingContext.getTree", {"moz:scope": "chrome"})["contexts"]
        self._chrome = windows[0]["context"]
        self._run_privileged(_DECIDE)
        self._run_privileged(_KEEP_LOOKS)

    def _run_privileged(self, expression: str) -> None:
        """Run a privileged script."""
        target = {"context": self._chrome}
        _value(
            self.socket.request("script.evaluate", {"expression": expression, "target": target, "awaitPromise": False})
        )

    def _end(self, patience: float) -> None:
        self._process.wait(patience)
        self._profile.cleanup()

    def _on_event(self, message: Json) -> None:
        params = message["params"]
        if tab := self._tabs.get(params.get("source", {}).get("context", "")):
            kind = params.get("method", "uncaught")
            tab.console.append(f"{kind}: {params['text']}")


class FirefoxTab:
    """A top-level browsing context in its own window, since a background tab is a hidden page."""

    def __init__(self, browser: Firefox, person: str, visit: Visit) -> None:
        self._browser, self.person, self._visit = browser, person, visit
        self._socket = browser.socket
        self.console: list[str] = []
        self.gone = False
        made = self._socket.request("browsingContext.create", {"type": "window", "userContext": person})
        self.context: str = made["context"]
        script = f"() => {{ {REMEMBER}{visit['init_script']} }}"
        self._socket.request("script.addPreloadScript", {"functionDeclaration": script, "contexts": [self.context]})
        self.resize(*visit["viewport"])

    def go(self, url: str) -> None:
        self._browser.prepare(self.context, url, self._visit)
        self._bidi("browsingContext.navigate", url=url, wait="interactive")

    def reload(self) -> None:
        self._bidi("browsingContext.reload", wait="interactive")

    def run(self, expression: str, deadline: float) -> str:
        params = {"expression": expression, "target": {"context": self.context}, "awaitPromise": True}
        return str(_value(self._socket.request("script.evaluate", params, deadline=deadline)))

    def find(self, role: str | None, name: str) -> list[str]:
        """Search only usable elements: searching the whole document takes five times as long (200 ms)."""
        candidates = self._locate({"type": "css", "value": USABLE})
        value = {"name": name} | ({"role": role} if role else {})
        return self._locate({"type": "accessibility", "value": value}, candidates) if candidates else []

    def call_on(self, node: str, function: str) -> Any:
        answer = self._socket.request(
            "script.callFunction",
            {
                "functionDeclaration": f"async (element) => JSON.stringify(await ({function})(element))",
                "arguments": [{"sharedId": node}],
                "target": {"context": self.context},
                "awaitPromise": True,
            },
        )
        return json.loads(_value(answer))

    def move_to(self, x: float, y: float) -> None:
        step = {"type": "pointerMove", "x": round(x), "y": round(y)}
        self._act({"type": "pointer", "id": "mouse", "actions": [step]})

    def press_at(self, x: float, y: float) -> None:
        steps = [
            {"type": "pointerMove", "x": round(x), "y": round(y)},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._act({"type": "pointer", "id": "mouse", "actions": steps})

    def touch(self, kind: TouchKind, points: Sequence[Point]) -> None:
        raise CommandError("Firefox makes no clicks of WebDriver BiDi's touches")

    def type(self, text: str) -> None:
        done = f"document.execCommand('insertText', false, {json.dumps(text)})"
        if self.run(f"String({done})", PATIENCE) != "true":
            raise CommandError("no editable element has the focus")

    def key(self, key: str, modifiers: Sequence[str]) -> None:
        held = [KEYS[modifier] for modifier in modifiers]
        down = [{"type": "keyDown", "value": value} for value in held]
        up = [{"type": "keyUp", "value": value} for value in reversed(held)]
        self._act({"type": "key", "id": "keys", "actions": [*down, *_stroke(KEYS.get(key, key)), *up]})

    def attach(self, css: str, paths: Sequence[Path]) -> None:
        nodes = self._locate({"type": "css", "value": css})
        if not nodes:
            raise CommandError(f"no element is {css}")
        self._bidi("input.setFiles", element={"sharedId": nodes[0]}, files=[str(path) for path in paths])

    def drop(self, x: float, y: float, paths: Sequence[Path]) -> None:
        raise CommandError("WebDriver BiDi can't drop files")

    def download_to(self, folder: Path) -> None:
        allow = {"type": "allowed", "destinationFolder": str(folder)}
        self._socket.request("browser.setDownloadBehavior", {"downloadBehavior": allow, "userContexts": [self.person]})

    def permit(self, permissions: Sequence[Permission]) -> None:
        raise CommandError(f"{permissions}: permissions are given before the page is opened")

    def capture(self) -> bytes:
        return base64.b64decode(self._bidi("browsingContext.captureScreenshot")["data"])

    def resize(self, width: int, height: int) -> None:
        self._bidi("browsingContext.setViewport", viewport={"width": width, "height": height})

    def poll(self) -> None:
        self._socket.poll()

    def another(self) -> "FirefoxTab":
        return self._browser.tab(self.person, self._visit)

    def close(self) -> None:
        with suppress(CommandError):
            self._bidi("browsingContext.close", promptUnload=False)
        self.gone = True
        self._browser.forget(self)

    def _act(self, actions: Json) -> None:
        self._bidi("input.performActions", actions=[actions])

    def _locate(self, locator: Json, inside: Sequence[str] = ()) -> list[str]:
        start = {"startNodes": [{"sharedId": node} for node in inside]} if inside else {}
        answer = self._bidi("browsingContext.locateNodes", locator=locator, **start)
        return list(dict.fromkeys(node["sharedId"] for node in answer["nodes"]))

    def _bidi(self, method: str, **params: Any) -> Json:
        return self._socket.request(method, {"context": self.context, **params}, deadline=PATIENCE)


def _stroke(key: str) -> Iterator[Json]:
    yield {"type": "keyDown", "value": key}
    yield {"type": "keyUp", "value": key}


def _value(answer: Json) -> Any:
    if answer["type"] == "exception":
        raise CommandError(answer["exceptionDetails"]["text"])
    return answer["result"].get("value")
