"""A link with a pass, in a real browser: it opens the room under the name in it, and says why when it does not."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.browser import Browser
from tests.support.people import join_call
from tests.support.server import LiveServer

ENDED = "Whoever runs this room ended the call for all."


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[LiveServer, httpx.Client]]:
    """A server that opens only to passes, and the site that may ask its API."""
    keys = tmp_path / "keys.toml"
    keys.write_text(f'[site]\nsha256 = "{sha256(b"a key").hexdigest()}"\n')
    flags = ("--rooms", "tokens", "--api-keys", str(keys), "--log-level", "debug")
    with LiveServer(*flags) as server:
        api = httpx.Client(base_url=f"{server.url}/api/v1", headers={"authorization": "Bearer a key"})
        with api:
            yield server, api


def made(api: httpx.Client) -> dict[str, Any]:
    answer: dict[str, Any] = api.post("/rooms", json={}).raise_for_status().json()
    return answer


def test_a_link_of_the_api_opens_its_room_and_the_site_ends_the_call(
    chromium: Browser, site: tuple[LiveServer, httpx.Client]
) -> None:
    server, api = site
    room = made(api)
    host = join_call(chromium, room["links"]["host"]["url"], "Alice")
    guest = join_call(chromium, room["links"]["member"]["url"], "Bob")
    host.until("document.querySelectorAll('video').length > 1")
    [seen] = api.get("/rooms").json()["rooms"]
    assert [(each["name"], each["role"]) for each in seen["members"]] == [("Alice", "host"), ("Bob", "member")]

    api.post(f"/rooms/{room['room']}/end").raise_for_status()
    for page in (host, guest):
        page.until("(words) => document.body.innerText.includes(words)", ENDED)
    for link in room["links"].values():
        assert link["pass"] not in server.transcript()


def test_who_has_no_pass_reads_why_the_room_stays_closed(
    chromium: Browser, site: tuple[LiveServer, httpx.Client]
) -> None:
    server, _ = site
    page = chromium.open(f"{server.url}/r/tea")
    page.until("document.body.innerText.includes('It opens only by a link that was made for you.')")
