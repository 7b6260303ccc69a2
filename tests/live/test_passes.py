"""Links with a pass, in a real browser: joining under the name in the pass, permissions, and refusals."""

import json
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from tests.support.app_actions import NO_DEVICES, join_call, open_chat, sees_message, send_chat
from tests.support.browser import EACH, Browser, Page
from tests.support.call import links, media_flows
from tests.support.server import LiveServer

ENDED: Final = "The host ended the call."

ASKED: Final = """
globalThis.__asked = 0;
const lend = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (wish) => { __asked += 1; return lend(wish); };
"""
"""Counts the page's requests for camera or microphone."""

KEEPS_TO_NOTHING: Final = """
globalThis.WebSocket = class extends WebSocket {
  set onmessage(listener) {
    super.onmessage = ({data}) => listener({data: data.replace(/,"may":\\[[^\\]]*\\]/g, '')});
  }
};
const take = RTCPeerConnection.prototype.setRemoteDescription;
RTCPeerConnection.prototype.setRemoteDescription = function ({type, sdp}) {
  return take.call(this, {type, sdp: sdp.replaceAll('a=sendonly', 'a=sendrecv')});
};
"""
"""A modified page: it ignores permissions, and sends media even where the other side wants to receive none."""

SENDS: Final = """async () => {
  const reports = await Promise.all(__connections.map((each) => each.getStats()));
  const sent = reports.flatMap((report) => [...report.values()]).filter(({type}) => type === 'outbound-rtp');
  return ['audio', 'video'].every((kind) => sent.some((each) => each.kind === kind && each.packetsSent > 20));
}"""

SEES: Final = """async (people) => {
  const reports = await Promise.all(__connections.map((each) => each.getStats()));
  const seen = reports.filter((report) => [...report.values()].some(
    ({type, kind, framesDecoded}) => type === 'inbound-rtp' && kind === 'video' && framesDecoded > 0));
  return seen.length === people;
}"""

LINE: Final = "The boat comes in at four"

TRACKS: Final = """
[...document.querySelectorAll('video[data-mine=false]')].map(({srcObject}) => srcObject?.getTracks().length ?? 0)
"""
"""The number of tracks shown of each other person."""

DELIVERED: Final = "document.querySelector('[role=log] .said-state') === null"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[LiveServer, httpx.Client]]:
    """A server that requires passes, and an HTTP client with a key to its API."""
    keys = tmp_path / "keys.toml"
    keys.write_text(f'[site]\nsha256 = "{sha256(b"a key").hexdigest()}"\n')
    flags = ("--rooms", "tokens", "--api-keys", str(keys), "--log-level", "debug")
    with LiveServer(*flags) as server:
        api = httpx.Client(base_url=f"{server.url}/api/v1", headers={"authorization": "Bearer a key"})
        with api:
            yield server, api


def made(api: httpx.Client, **wanted: Any) -> dict[str, Any]:
    answer: dict[str, Any] = api.post("/rooms", json=wanted).raise_for_status().json()
    return answer


@pytest.mark.beside
def test_link_from_the_api_opens_its_room_and_the_site_ends_the_call(
    chromium: Browser, site: tuple[LiveServer, httpx.Client]
) -> None:
    server, api = site
    room = made(api)
    host = join_call(chromium, room["links"]["host"]["url"], "Alice", NO_DEVICES)
    admitted = join_call(chromium, room["links"]["member"]["url"], "Bob", NO_DEVICES)
    host.until("document.querySelectorAll('video').length > 1")
    [seen] = api.get("/rooms").json()["rooms"]
    assert [(each["name"], each["role"]) for each in seen["members"]] == [("Alice", "host"), ("Bob", "member")]

    api.post(f"/rooms/{room['room']}/end").raise_for_status()
    for page in (host, admitted):
        page.until("(words) => document.body.innerText.includes(words)", ENDED)
    for link in room["links"].values():
        assert link["pass"] not in server.transcript()


@pytest.mark.beside
@pytest.mark.parametrize("second", EACH)
def test_watcher_sees_hears_and_reads_without_permission_prompts(
    second: str, chromium: Browser, site: tuple[LiveServer, httpx.Client], request: pytest.FixtureRequest
) -> None:
    """One person joins before the watcher and one after, so that each side makes an offer; then the page reloads."""
    _, api = site
    other: Browser = request.getfixturevalue(second)
    to = made(api, permissions=[])["links"]
    alice = join_call(chromium, to["host"]["url"], "Alice")
    watcher = other.open(to["member"]["url"], init_script=ASKED)
    watcher.until("document.body.innerText.includes('You can watch and listen here.')")
    watcher.fill("Your name", "Wendy")
    watcher.click("button", "Join")
    watcher.until(SEES, 1)
    join_call(chromium, to["host"]["url"], "Bob")
    watcher.until(SEES, 2)
    media_flows(watcher)
    send_chat(alice, LINE)
    reads(watcher)
    assert "You can read messages here, but not send any." in watcher.text()
    assert watcher.evaluate("document.querySelectorAll('textarea').length") == 0
    assert not any(name in watcher.evaluate("document.body.innerHTML") for name in ("microphone", "Turn camera"))
    alice.until("document.querySelectorAll('.tile').length === 3")
    assert sorted(link.frames_decoded > 0 for link in links(alice) if link.path) == [False, True]

    watcher.reload()
    watcher.until(SEES, 2)
    reads(watcher)
    assert watcher.evaluate("__asked") == 0


def reads(page: Page) -> None:
    """Open the chat and wait until the message is there."""
    page.click("button", "Chat")
    page.until("(line) => document.querySelector('[role=log]')?.innerText.includes(line)", LINE)


@pytest.mark.beside
def test_nothing_sent_by_a_modified_watcher_page_is_shown(
    chromium: Browser, site: tuple[LiveServer, httpx.Client], tmp_path: Path
) -> None:
    _, api = site
    to = made(api, permissions=[])["links"]
    alice = join_call(chromium, to["host"]["url"], "Alice")
    mallory = join_call(chromium, to["member"]["url"], "Mallory", KEEPS_TO_NOTHING)
    mallory.until(SENDS)
    media_flows(mallory)
    send_chat(mallory, "Look at me")
    mallory.click("button", "Files")
    (tmp_path / "look.txt").write_text("Look at me")
    mallory.attach(".sending input[type=file]", tmp_path / "look.txt")
    mallory.until("document.body.innerText.includes('send files here.')")

    open_chat(alice)
    send_chat(alice, "Is anybody there?")
    mallory.click("button", "Chat")
    assert sees_message(mallory, "Is anybody there?")
    alice.until(DELIVERED)  # she got it after she sent hers, and messages of one person arrive in order
    assert "Look at me" not in alice.text()
    assert alice.evaluate("document.querySelectorAll('.asks, .file').length") == 0
    [link] = [link for link in links(alice) if link.path]
    assert (link.frames_decoded, link.audio_energy) == (0, 0)
    assert alice.evaluate(TRACKS) == [0]
    assert not mallory.evaluate(DELIVERED)


@pytest.mark.more
@pytest.mark.beside
def test_call_with_an_end_time_warns_first_and_then_admits_no_one(chromium: Browser, tmp_path: Path) -> None:
    key = OctKey.import_key({"kty": "oct", "kid": "site", "k": "c2VjcmV0" * 8})
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [key.as_dict()]}))
    with LiveServer("--rooms", "tokens", "--pass-keys", str(tmp_path / "keys.json")) as server:
        now = time.time()
        claims = {"room": "tea", "aud": "eyeline", "exp": now + 300, "ends": now + 15}
        link = f"{server.url}/r/tea#pass={jwt.encode({'alg': 'HS256', 'kid': 'site'}, claims, key)}"
        people = [join_call(chromium, link, name, NO_DEVICES) for name in ("Alice", "Bob")]
        for page in people:
            page.until("document.body.innerText.includes('This call ends in less than a minute.')")
        for page in people:
            page.until("document.body.innerText.includes('Its time is up.')")
        people[0].reload()
        people[0].until("document.body.innerText.includes('Its time is up.')")
