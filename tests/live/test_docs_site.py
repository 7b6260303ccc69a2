"""The docs at `/docs` in real browsers: their search works, and nothing comes from elsewhere."""

import pytest
from tests.support.browser import Browser
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
