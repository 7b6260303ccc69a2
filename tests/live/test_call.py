"""Calls in the web app, in real browsers with a real server."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.app_actions import NO_DEVICES, is_whole, join_call, seats, sees_message, send_chat
from tests.support.browser import Browser, Page
from tests.support.call import all_flow, decoded, links, media_flows
from tests.support.examples import examples
from tests.support.firefox import Firefox
from tests.support.folder import served
from tests.support.server import LiveServer
from tests.support.socket import Socket

README = examples("README.md")
HOSTILE = "<img src=x onerror=globalThis.hacked=1>"
CONNECTED = "__connections.some((each) => each.connectionState === 'connected')"
SENDS_720P = """async () => {
  const connected = __connections.filter((each) => each.connectionState === 'connected');
  const reports = await Promise.all(connected.map((each) => each.getStats()));
  return reports.some((report) => [...report.values()].some(({type, kind, frameWidth, frameHeight}) =>
    type === 'outbound-rtp' && kind === 'video' && frameWidth === 1280 && frameHeight === 720));
}"""


@pytest.mark.parametrize("second", ["chromium", "firefox"])
@pytest.mark.parametrize("first", ["chromium", "firefox"])
def test_two_people_see_hear_and_write_to_each_other(
    first: str, second: str, server: LiveServer, request: pytest.FixtureRequest
) -> None:
    """The second to join makes the offer, so each browser makes offers to each.

    Where both are the same browser, the first also opens a picture-in-picture window.
    """
    browsers: list[Browser] = [request.getfixturevalue(first), request.getfixturevalue(second)]
    room = f"{server.url}/r/{first}-{second}"
    alice = join_call(browsers[0], room, "Alice")
    bob = join_call(browsers[1], room, "Bob")
    all_flow(alice, bob)
    for page in (alice, bob):
        assert [link.state for link in links(page) if link.path] == ["connected"]
    if first == second:
        picture_in_picture_shows_and_mutes(alice, bob)
    for writer, reader, line in ((alice, bob, "The boat comes in at four."), (bob, alice, "Just about ☂")):
        send_chat(writer, line)
        assert sees_message(reader, line)


def picture_in_picture_shows_and_mutes(alice: Page, bob: Page) -> None:
    """The small window shows the other's moving picture, a button of it mutes, a key in it unmutes."""
    alice.click("button", "More")
    alice.click("menuitemcheckbox", "Picture-in-picture")
    video = "documentPictureInPicture.window?.document.querySelector('video')"
    shown = alice.until(f"() => {video}?.videoWidth > 0 && {video}.currentTime")
    alice.until(f"(before) => {video}.currentTime > before", shown)
    assert alice.evaluate(f"{video}.muted"), "heard twice"
    is_muted = "(muted) => /Alice, muted/.test(document.querySelector('main').textContent) === muted"
    window = "documentPictureInPicture.window"
    alice.evaluate(f"{window}.document.querySelector('[aria-label=\"Mute microphone\"]').click()")
    bob.until(is_muted, True)
    alice.evaluate(
        f"void {window}.document.body.dispatchEvent(new {window}.KeyboardEvent('keydown', {{key: 'm', bubbles: true}}))"
    )
    bob.until(is_muted, False)
    alice.press("o")
    alice.until("documentPictureInPicture.window === null")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("chromium", "firefox"),
        pytest.param("chromium", "chromium", marks=pytest.mark.more),
        pytest.param("firefox", "firefox", marks=pytest.mark.more),
    ],
)
def test_a_camera_is_sent_at_1280x720_within_six_seconds_of_connecting(
    first: str, second: str, server: LiveServer, request: pytest.FixtureRequest
) -> None:
    """At first video is sent at half the resolution, so that it appears sooner."""
    browsers: list[Browser] = [request.getfixturevalue(first), request.getfixturevalue(second)]
    room = f"{server.url}/r/size-{first}-{second}"
    pages = [join_call(each, room, name, camera="") for each, name in zip(browsers, ("Alice", "Bob"), strict=True)]
    for page in pages:
        page.until(CONNECTED)
    end = time.monotonic() + 6
    for page in pages:
        page.until(SENDS_720P, deadline=max(0.1, end - time.monotonic()))


@pytest.mark.parametrize(
    "script",
    [pytest.param(NO_DEVICES, marks=pytest.mark.beside), pytest.param("", marks=pytest.mark.more)],
    ids=["unseen", "seen"],
)
def test_four_people_are_all_connected_with_each_other(script: str, chromium: Browser, server: LiveServer) -> None:
    room = f"{server.url}/r/four-{len(script)}"
    pages = [join_call(chromium, room, name, script) for name in ("Alice", "Bob", "Carol", "Dave")]
    for page in pages:
        page.until("document.querySelectorAll('video').length === 4")
        page.until(
            "() => __connections.filter((each) => each.connectionState === 'connected').length === 3", deadline=30
        )
    if not script:
        all_flow(*pages, deadline=30)
    one_is_pinned_while_alice_hides_herself(pages[0])
    send_chat(pages[3], "Tea for four")
    for page in pages[:3]:
        assert sees_message(page, "Tea for four")


def one_is_pinned_while_alice_hides_herself(alice: Page) -> None:
    widths = "[...document.querySelectorAll('.tile')].map((tile) => tile.offsetWidth / innerWidth)"
    alice.click("button", "Pin Carol")
    alice.until(f"{widths}.filter((width) => width > 0.6).length === 1")
    alice.press("h")
    alice.until(f"{widths}.length === 3")
    alice.press("2")
    alice.until(f"{widths}.every((width) => width < 0.6)")


@pytest.mark.beside
def test_call_survives_a_killed_server_and_everyone_resumes_their_seat(chromium: Browser) -> None:
    with LiveServer() as server:
        alice, bob = (join_call(chromium, f"{server.url}/r/tea", name) for name in ("Alice", "Bob"))
        before = [seats(page) for page in (alice, bob)]
        media_flows(alice)
        for page in (alice, bob):
            is_whole(page)
        server.kill()
        start = [decoded(page).frames for page in (alice, bob)]
        frames = start
        for _ in range(3):  # 12 seconds
            alice.until("(end) => performance.now() > end", alice.evaluate("performance.now() + 4000"))
            now = [decoded(page).frames for page in (alice, bob)]
            assert all(later > earlier for earlier, later in zip(frames, now, strict=True)), (frames, now)
            frames = now
        assert all(later - earlier > 60 for earlier, later in zip(start, frames, strict=True)), (start, frames)
        send_chat(alice, "Still here?")
        assert sees_message(bob, "Still here?")
        server.start()
        for page, seat in zip((alice, bob), before, strict=True):
            page.until("(n) => __joined.length > n", len(seat), deadline=30)
            assert seats(page)[-1] == seat[-1]
        carol = join_call(chromium, f"{server.url}/r/tea", "Carol")
        media_flows(carol)
        for page in (alice, bob, carol):
            page.until("document.querySelectorAll('video').length === 3")


@pytest.mark.beside
def test_reload_keeps_the_seat_and_skips_the_lobby(chromium: Browser, server: LiveServer) -> None:
    alice, bob = (join_call(chromium, f"{server.url}/r/reload", name) for name in ("Alice", "Bob"))
    media_flows(alice)
    [seat] = seats(bob)
    bob.reload()
    bob.until("__joined.length === 1")
    assert seats(bob) == [seat]
    all_flow(alice, bob)
    send_chat(alice, "Welcome back")
    assert sees_message(bob, "Welcome back")


@pytest.mark.beside
def test_leaving_participant_disappears_at_once_and_can_rejoin(chromium: Browser, server: LiveServer) -> None:
    alice, bob = (join_call(chromium, f"{server.url}/r/leaving", name, NO_DEVICES) for name in ("Alice", "Bob"))
    alice.until(CONNECTED)
    bob.click("button", "Leave")
    alice.until("document.body.innerText.includes('Nobody else here')", deadline=3)
    bob.until("document.body.innerText.includes('You left')")
    bob.click("button", "Rejoin")
    for page in (alice, bob):
        page.until("document.querySelectorAll('video').length === 2")


@pytest.mark.beside
def test_muted_microphone_and_hidden_camera_are_shown_to_others(chromium: Browser, server: LiveServer) -> None:
    alice, bob = (join_call(chromium, f"{server.url}/r/mute", name) for name in ("Alice", "Bob"))
    media_flows(alice)
    bob.press("m")
    bob.click("button", "Turn camera off")
    alice.until("/Bob[^]*muted/.test(document.querySelector('main').textContent)")
    alice.until("/Bob[^]*camera off/.test(document.querySelector('main').textContent)")
    bob.click("button", "Unmute microphone")
    bob.click("button", "Turn camera on")
    media_flows(alice)


@pytest.mark.beside
def test_hostile_name_and_chat_messages_are_shown_as_text(chromium: Browser, server: LiveServer) -> None:
    alice = join_call(chromium, f"{server.url}/r/hostile", "Alice", NO_DEVICES)
    mallory = join_call(chromium, f"{server.url}/r/hostile", HOSTILE, NO_DEVICES)
    alice.until("(name) => document.body.innerText.includes(name)", HOSTILE)
    for line in (HOSTILE, "\u202etxt.exe", "a" * 3900, "<script>globalThis.hacked=1</script>"):
        send_chat(mallory, line)
    assert sees_message(alice, "<script>globalThis.hacked=1</script>")
    assert alice.evaluate("globalThis.hacked === undefined && document.images.length === 0")
    assert alice.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.beside
@pytest.mark.parametrize("permissions", [("camera",), ("microphone",)])
def test_denied_permission_is_explained_and_joining_still_works(
    permissions: tuple[str, ...], chromium: Browser, server: LiveServer
) -> None:
    alice = join_call(chromium, f"{server.url}/r/only-{permissions[0]}", "Alice")
    bob = chromium.open(alice.evaluate("location.href"), permissions=permissions)  # type: ignore[arg-type]
    bob.until("/Your browser (did not allow|blocks) the (camera|microphone)/.test(document.body.innerText)")
    bob.fill("Your name", "Bob")
    bob.click("button", "Join")
    bob.until(CONNECTED)
    bob.until("document.querySelector('video') !== null")
    alice.until("document.body.innerText.includes('Bob')")


@pytest.mark.beside
def test_browser_without_webrtc_is_told_so_before_the_lobby(
    firefox: Browser, firefox_process: Firefox, server: LiveServer
) -> None:
    captures = """
    globalThis.captures = 0;
    navigator.mediaDevices.getUserMedia = async () => { captures += 1; throw new Error('none'); };
    """
    with firefox_process.without_webrtc():
        page = firefox.open(f"{server.url}/r/tea", init_script=captures)
        page.until("() => document.body.innerText.includes('It has no WebRTC')")
        assert page.evaluate("typeof RTCPeerConnection === 'undefined' && captures === 0")
        assert not page.evaluate("[...document.querySelectorAll('button')].some((each) => each.textContent === 'Join')")


@pytest.mark.beside
def test_full_room_is_reported_and_can_be_joined_once_a_seat_is_free(chromium: Browser) -> None:
    with LiveServer("--room-capacity", "2") as server:
        alice, _ = (join_call(chromium, f"{server.url}/r/tea", name, NO_DEVICES) for name in ("Alice", "Bob"))
        carol = chromium.open(f"{server.url}/r/tea")
        carol.until("/full/i.test(document.body.innerText)")
        alice.click("button", "Leave")
        carol.until("!/full/i.test(document.body.innerText)")
        carol.fill("Your name", "Carol")
        carol.click("button", "Join")
        carol.until(CONNECTED)


@pytest.mark.beside
def test_call_can_be_used_by_keyboard_alone(chromium: Browser, server: LiveServer) -> None:
    alice = chromium.open(server.url, permissions=("microphone",))
    alice.until("document.body.innerText.includes('New call')")
    tab_to(alice, "New call")
    alice.press("Enter")
    alice.until("location.pathname.startsWith('/r/')")
    room = alice.evaluate("location.href")
    alice.fill("Your name", "Alice")
    alice.press("Enter")
    alice.until("document.body.innerText.includes('Nobody else here')")
    join_call(chromium, room, "Bob", NO_DEVICES)
    alice.until(CONNECTED)
    alice.press("m")
    alice.until("document.querySelector('[aria-label=\"Unmute microphone\"]') !== null")
    alice.press("c")
    alice.until("document.activeElement instanceof HTMLTextAreaElement")
    alice.press("Escape")
    tab_to(alice, "Leave")
    alice.press("Enter")
    alice.until("document.body.innerText.includes('You left')")


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element of that name has the focus, with a visible focus ring."""
    for _ in range(30):
        page.press("Tab")
        here = "document.activeElement.ariaLabel ?? document.activeElement.innerText"
        if page.evaluate(here) == name:
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(f"Tab does not lead to {name}")


@pytest.fixture
def example() -> Iterator[str]:
    with served(Path(__file__).parents[2] / "examples/ten-lines") as url:
        yield url


def test_page_of_another_site_joins_with_ten_lines_or_with_the_example_in_the_readme(
    chromium: Browser, example: str, tmp_path: Path
) -> None:
    with served(tmp_path) as folder:
        origins = [flag for url in (example, folder) for flag in ("--allowed-origin", url.rstrip("/"))]
        with LiveServer(*origins) as server:
            alice = join_call(chromium, f"{server.url}/r/tea", "Alice")
            guest = chromium.open(f"{example}?server={server.url}/&room=tea")
            all_flow(alice, guest)
            assert "Guest" in alice.text()

            README["page.html"].save(tmp_path, {"https://meet.example.org": server.url, "name: 'Alice'": "name: 'Bob'"})
            bob = chromium.open(f"{folder}page.html")
            all_flow(alice, guest, bob)
            assert bob.evaluate("document.querySelectorAll('#people video').length") == 2
            bob.goto("about:blank")
            alice.until("document.body.innerText.includes('Bob left')")
            with Socket(server.url) as visitor:  # the server would keep the seat of somebody who is only away
                visitor.send({"type": "hello", "room": "tea"})
                members = visitor.receive("welcome")["roster"]["members"]
            assert [member["name"] for member in members] == ["Alice", "Guest"]
