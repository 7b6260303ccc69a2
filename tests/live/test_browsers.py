"""The browser harness itself: both browsers do what the tests command, and their WebRTC statistics are right."""

import asyncio
import subprocess
import time
from pathlib import Path

import pytest
from tests.support.browser import Browser, Page, PageError
from tests.support.call import decoded, links, media_flows
from tests.support.chromium import Chromium
from tests.support.firefox import Firefox
from tests.support.server import LiveServer

pytestmark = [pytest.mark.harness, pytest.mark.beside]

BOTH = ["chromium", "firefox"]
MEDIA = "() => navigator.mediaDevices.getUserMedia({video: true, audio: true}).then((s) => s.getTracks().length)"


@pytest.fixture
def browser(request: pytest.FixtureRequest) -> Browser:
    fixture: Browser = request.getfixturevalue(request.param)
    return fixture


def join(offerer: Page, answerer: Page) -> None:
    """Exchange offer and answer between two bare pages."""
    answer = answerer.evaluate("answer", offerer.evaluate("offer"))
    offerer.evaluate("(description) => connection.setRemoteDescription(description)", answer)


def living(group: int) -> list[str]:
    """The command lines of a process group, without zombies."""
    table = subprocess.run(["ps", "-eo", "pgid=,stat=,args="], check=True, capture_output=True, text=True).stdout
    rows = [line.split(None, 2) for line in table.splitlines()]
    return [row[2] for row in rows if row[0] == str(group) and not row[1].startswith("Z")]


@pytest.mark.parametrize("offering", BOTH)
@pytest.mark.parametrize("answering", BOTH)
def test_two_people_see_and_hear_each_other(
    offering: str, answering: str, bare: str, request: pytest.FixtureRequest
) -> None:
    alice: Page = request.getfixturevalue(offering).open(bare)
    bob: Page = request.getfixturevalue(answering).open(bare)
    join(alice, bob)
    for one, other in ((alice, bob), (bob, alice)):
        one.until("channel.readyState === 'open'")
        one.evaluate("channel.send('tea?')")
        assert other.until("lines[0]") == "tea?"
        media_flows(one)
        (link,) = links(one)
        assert (link.state, link.path) == ("connected", "host-host")
        assert link.bytes_received > 0


def test_two_processes_of_chromium_meet(chromium: Browser, bare: str) -> None:
    with Chromium() as other:
        alice, bob = chromium.open(bare), other.open(bare)
        join(alice, bob)
        media_flows(alice)


def test_screen_is_shared(bare: str) -> None:
    share = "void (greet.onclick = async () => { screenShared = await navigator.mediaDevices.getDisplayMedia(); })"
    with Chromium(screen=True) as browser:
        page = browser.open(bare, init_script="var screenShared;")
        page.evaluate(share)
        page.click("button", "Say hello")
        assert page.until("screenShared.getVideoTracks().length") == 1


@pytest.mark.parametrize("browser", BOTH, indirect=True)
class TestEachBrowser:
    def test_elements_are_found_by_role_and_name(self, browser: Browser, bare: str) -> None:
        page = browser.open(bare)
        page.fill("Your name", "Alice")
        page.fill("Your name", "Zoë 🙂")
        page.click("button", "Say hello")
        assert "Hello, Zoë 🙂" in page.text()
        assert page.evaluate("document.activeElement.id") == "greet"
        assert page.console == ["log: greeted"]

    def test_key_presses_reach_the_page(self, browser: Browser, bare: str) -> None:
        page = browser.open(bare)
        for key in ("m", "Escape", "Shift+Tab", "ArrowLeft", "Enter"):
            page.press(key)
            assert page.evaluate("document.title") == key
        page.fill("Your name", "Bob")
        page.press("Tab")
        page.press("Space")
        assert "Hello, Bob" in page.text()

    @pytest.mark.parametrize(("name", "why"), [("Not now", "disabled"), ("Unseen", "none")])
    def test_elements_that_a_person_cannot_click_are_not_clicked(
        self, browser: Browser, bare: str, name: str, why: str
    ) -> None:
        with pytest.raises(PageError, match=why):
            browser.open(bare).click("button", name, deadline=0.1)

    def test_failed_wait_describes_the_page(self, browser: Browser, bare: str) -> None:
        page = browser.open(bare)
        page.evaluate("console.warn('the kettle', 1)")
        with pytest.raises(PageError) as late:
            page.until("missing.value", deadline=1.0)
        words = str(late.value)
        assert all(word in words for word in ("ReferenceError", "the kettle 1", f"url: {bare}"))
        picture = Path(words.split("screenshot: ")[1].splitlines()[0])
        assert picture.read_bytes().startswith(b"\x89PNG")

    def test_values_and_errors_are_passed_to_python(self, browser: Browser, bare: str) -> None:
        page = browser.open(bare)
        assert page.evaluate("async (a, b) => [a.x + b, null, undefined]", {"x": 1}, 2) == [3, None, None]
        assert page.until("document.querySelector('h1')") == "h1"
        with pytest.raises(PageError, match="TypeError: no tea"):
            page.evaluate("async () => { throw new TypeError('no tea'); }")
        with pytest.raises(PageError, match="no result"):
            page.evaluate("new Promise(() => {})", deadline=0.1)
        assert page.evaluate("1 + 1") == 2

    def test_uncaught_errors_are_recorded(self, browser: Browser, bare: str) -> None:
        page = browser.open(bare)
        page.evaluate("void setTimeout(() => { globalThis.thrown = true; throw new Error('spilt'); })")
        page.until("globalThis.thrown")
        end = time.monotonic() + 5.0
        while not any("uncaught" in line and "spilt" in line for line in page.console):
            assert time.monotonic() < end, page.console

    def test_camera_can_be_denied_to_one_person_only(self, browser: Browser, bare: str) -> None:
        alice, bob = browser.open(bare), browser.open(bare, permissions=["microphone"])
        assert alice.evaluate(MEDIA) == 2
        with pytest.raises(PageError, match="NotAllowedError"):
            bob.evaluate(MEDIA)
        assert bob.evaluate("navigator.mediaDevices.getUserMedia({audio: true}).then(() => 'heard')") == "heard"

    def test_viewport_and_color_scheme_are_as_requested(self, browser: Browser, bare: str) -> None:
        look = "[innerWidth, innerHeight, ...['color-scheme: dark', 'reduced-motion'].map((q) =>"
        look += " matchMedia(`(prefers-${q})`).matches)]"
        alice = browser.open(bare)
        bob = browser.open(bare, viewport=(390, 844), color_scheme="dark", reduced_motion=True)
        assert alice.evaluate(look) == [1280, 800, False, False]
        assert bob.evaluate(look) == [390, 844, True, True]
        bob.resize(844, 390)
        assert bob.until("innerWidth === 844") is True

    def test_color_scheme_and_motion_are_in_force_on_each_page_of_the_app(self, browser: Browser) -> None:
        """Its pages have Cross-Origin-Opener-Policy, so a navigation puts another browsing context into the tab."""
        look = "['color-scheme: dark', 'reduced-motion'].map((q) => matchMedia(`(prefers-${q})`).matches)"
        early = f"globalThis.early = {look};"
        with LiveServer() as server:
            page = browser.open(server.url, init_script=early, color_scheme="dark", reduced_motion=True)
            assert page.evaluate(f"[early, {look}]") == [[True, True]] * 2
            page.goto(f"{server.url}/r/tea")
            assert page.evaluate(f"[early, {look}]") == [[True, True]] * 2
            page.reload()
            assert page.evaluate(look) == [True, True]
            assert browser.open(server.url).evaluate(look) == [False, False]

    def test_people_share_no_storage_and_tabs_of_one_person_share_it(self, browser: Browser, bare: str) -> None:
        alice, bob = browser.open(bare, init_script="globalThis.early = document.title;"), browser.open(bare)
        alice.evaluate("void localStorage.setItem('seat', 'a')")
        tab = alice.another(bare)
        assert [page.evaluate("localStorage.getItem('seat')") for page in (tab, bob)] == ["a", None]
        alice.evaluate("globalThis.mark = 1")
        alice.reload()
        assert alice.evaluate("[globalThis.mark, early]") == [None, ""]
        assert [page.evaluate("document.visibilityState") for page in (alice, tab, bob)] == ["visible"] * 3

    def test_files_can_be_chosen(self, browser: Browser, bare: str, tmp_path: Path) -> None:
        cake = tmp_path / "cake.txt"
        cake.write_text("lemon")
        page = browser.open(bare)
        page.attach("#file", cake)
        assert page.evaluate("file.files[0].text()") == "lemon"

    def test_closed_connection_is_not_listed(self, browser: Browser, bare: str) -> None:
        page = browser.open(bare)
        page.evaluate("connection.close()")
        assert links(page) == []
        assert decoded(page).frames == 0

    def test_asyncio_can_be_used_beside_a_browser(self, browser: Browser, bare: str) -> None:
        page = browser.open(bare)
        assert asyncio.run(asyncio.sleep(0, "free")) == "free"
        assert page.evaluate("1") == 1


@pytest.mark.parametrize("kind", [Chromium, Firefox])
def test_browser_without_devices_finds_none_and_leaves_no_process(kind: type[Chromium | Firefox], bare: str) -> None:
    with kind(devices=False) as browser:
        profile, pid = Path(browser._profile.name), browser._process.pid
        with pytest.raises(PageError, match="NotFoundError"):
            browser.open(bare).evaluate(MEDIA)
    assert not profile.exists()
    assert not living(pid)
