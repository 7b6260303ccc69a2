"""The docs in real browsers: the search at `/docs` works, and browsers answer the offer in the peer protocol."""

import pytest
from tests.support.browser import Browser
from tests.support.examples import blocks
from tests.support.server import LiveServer

pytestmark = pytest.mark.beside

FOUND = "[...document.querySelectorAll('div')].find((each) => each.shadowRoot)?.shadowRoot"


@pytest.fixture(params=["chromium", "firefox"])
def browser(request: pytest.FixtureRequest) -> Browser:
    found: Browser = request.getfixturevalue(request.param)
    return found


def test_search_by_keyboard_finds_a_page_without_another_server(browser: Browser, server: LiveServer) -> None:
    page = browser.open(f"{server.url}/docs/use/")
    page.until("document.readyState === 'complete'")
    page.press("Control+k")
    page.until(f"{FOUND}?.activeElement?.tagName === 'INPUT'")
    for key in "allocations":
        page.press(key)
    page.until(f"{FOUND}.textContent.includes('eyeline_turn_allocations')")
    fetched = page.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
    assert any(url.endswith("/search.json") for url in fetched)
    assert [url for url in fetched if not url.startswith(f"{server.url}/docs/")] == []
    assert [line for line in page.console if line.startswith("error")] == []
    assert page.evaluate(f"{FOUND}.querySelector('li a').href").startswith(f"{server.url}/docs/")


ANSWER = """async (sdp) => {
  const connection = new RTCPeerConnection();
  await connection.setRemoteDescription({ type: 'offer', sdp });
  const kinds = connection.getTransceivers().map((each) => each.receiver.track.kind);
  const { sdp: answer } = await connection.createAnswer();
  connection.close();
  return [kinds, answer.match(/^m=\\w+ [1-9]/gm).length];
}"""


def test_browsers_answer_the_offer_in_the_peer_protocol(browser: Browser, server: LiveServer) -> None:
    [offer] = blocks("docs/peer-protocol.md", "sdp")
    kinds, accepted = browser.open(f"{server.url}/docs/").evaluate(ANSWER, offer.replace("\n", "\r\n"))

    assert kinds == ["audio", "video", "video", "audio"]
    assert accepted == 5
