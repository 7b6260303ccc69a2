"""Content Security Policy: a script injected into our page doesn't run, in real browsers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tests.support.browser import Browser
from tests.support.socket import serving

from eyeline.serve.app import build
from eyeline.settings import Settings

pytestmark = pytest.mark.beside

INJECTED: Final = b"""
<script>globalThis.hacked = 'inline'</script>
<script src="data:text/javascript,globalThis.hacked='data'"></script>
<script type="module">globalThis.hacked = 'module'</script>
<img src="nowhere.png" onerror="globalThis.hacked = 'handler'">
<iframe srcdoc="<script>parent.hacked = 'frame'</script>"></iframe>
<object data="data:text/html,<script>parent.hacked='object'</script>"></object>
<a id="lure" href="javascript:globalThis.hacked = 'link'">More</a>
"""
TRIES: Final = {
    "text": "setTimeout('globalThis.hacked = 1')",
    "function": "setTimeout(() => { new Function('globalThis.hacked = 1')() })",
    "element": "document.body.append(Object.assign(document.createElement('script'), {text: 'globalThis.hacked = 1'}))",
    "address": "document.body.append(Object.assign(document.createElement('script'), {src: 'data:,hacked=1'}))",
    "attribute": "document.body.setAttribute('onclick', 'globalThis.hacked = 1'); document.body.click()",
    "link": "document.getElementById('lure').click()",
    "markup": "document.body.innerHTML = '<img src=x onerror=\"globalThis.hacked = 1\">'",
}
"""An injection as a bug in our scripts could cause it."""


class Injecting:
    """The site with injected markup in its pages; optionally without its policy, so that the script runs."""

    def __init__(self, site: ASGIApp, *, policy: bool) -> None:
        self._site, self._policy = site, policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        plain = [each for each in scope.get("headers", ()) if each[0] != b"accept-encoding"]
        page = False

        async def changed(message: Message) -> None:
            nonlocal page
            if message["type"] == "http.response.start":
                headers = message["headers"]
                page = (b"content-type", b"text/html; charset=utf-8") in headers
                dropped = {b"content-length"} if self._policy else {b"content-length", b"content-security-policy"}
                message["headers"] = [each for each in headers if not page or each[0] not in dropped]
            elif message["type"] == "http.response.body" and page and not message.get("more_body"):
                message["body"] += INJECTED
            await send(message)

        await self._site({**scope, "headers": plain}, receive, changed)


@pytest.fixture(params=["chromium", "firefox"])
def browser(request: pytest.FixtureRequest) -> Browser:
    found: Browser = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def harmless(tmp_path: Path) -> Iterator[str]:
    site = build(Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1"))
    with serving(Injecting(site, policy=True)) as url:
        yield url


def test_injected_script_is_blocked(browser: Browser, harmless: str) -> None:
    page = browser.open(harmless)
    page.until("document.querySelector('h1') !== null && document.getElementById('lure') !== null")
    assert page.evaluate("globalThis.hacked ?? 'no'") == "no"
    for name, attempt in TRIES.items():
        page.evaluate(f"(() => {{ try {{ {attempt}; }} catch {{}} }})()")
        page.evaluate("new Promise((done) => setTimeout(done, 20))")
        assert page.evaluate("globalThis.hacked ?? 'no'") == "no", name


def test_injected_script_runs_without_the_policy(browser: Browser, tmp_path: Path) -> None:
    """This proves that the test above can fail."""
    site = build(Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1"))
    with serving(Injecting(site, policy=False)) as url:
        page = browser.open(url)
        page.until("globalThis.hacked !== undefined")
