"""The docs in real browsers: the search at `/docs` works, and browsers answer the offer in the peer protocol."""

import pytest
from tests.support.browser import Browser
from tests.support.examples import blocks
from tests.support.server import LiveServer

pytestmark = pytest.mark.beside

FOUND = "[...document.querySelectorAll('div')].find((each) => each.shadowRoot)?.shadowRoot"
OPEN_SEARCH = f"""(() => {{
  const open = {FOUND}?.activeElement?.tagName === 'INPUT';
  if (!open && !(window.clickedAt > performance.now() - 3000)) {{
    window.clickedAt = performance.now();
    document.querySelector('.md-search__button').click();
  }}
  return open;
}})()"""
IN_NAVIGATION = """[...document.querySelectorAll('.md-sidebar--primary a')]
  .filter((each) => each.checkVisibility({ visibilityProperty: true })).map((each) => each.textContent.trim())"""


@pytest.fixture(params=["chromium", "firefox"])
def browser(request: pytest.FixtureRequest) -> Browser:
    found: Browser = request.getfixturevalue(request.param)
    return found


def test_search_finds_a_page_without_another_server(browser: Browser, server: LiveServer) -> None:
    page = browser.open(f"{server.url}/docs/use/")
    page.until(OPEN_SEARCH)  # repeated, because a click before its script is ready does nothing
    for key in "allocations":
        page.press(key)
    page.until(f"{FOUND}.textContent.includes('eyeline_turn_allocations')")
    fetched = page.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
    assert any(url.endswith("/search.json") for url in fetched)
    assert [url for url in fetched if not url.startswith(f"{server.url}/docs/")] == []
    assert [line for line in page.console if line.startswith("error")] == []
    assert page.evaluate(f"{FOUND}.querySelector('li a').href").startswith(f"{server.url}/docs/")


def test_keyboard_opens_the_navigation_on_a_narrow_page(chromium: Browser, server: LiveServer) -> None:
    page = chromium.open(f"{server.url}/docs/use/", viewport=(360, 740))
    page.until("document.readyState === 'complete'")
    assert page.evaluate(IN_NAVIGATION) == []
    page.press("Tab")
    assert page.evaluate("document.activeElement.labels[0].htmlFor") == "__drawer"
    page.press(" ")
    page.until(f"{IN_NAVIGATION}.includes('Security: what holds, and what does not')")
    page.press("Tab")
    assert page.evaluate("document.activeElement.labels[0].htmlFor") == "__search"


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
