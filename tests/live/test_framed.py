"""The frame in docs/embed.md: another site shows our page, if its origin is allowed."""

from pathlib import Path

import pytest
from tests.support.app_actions import join_call
from tests.support.browser import Browser, Page
from tests.support.call import all_flow
from tests.support.examples import examples
from tests.support.folder import served
from tests.support.server import LiveServer

pytestmark = pytest.mark.beside

FRAME = examples("docs/embed.md")["frame.html"]
CENTRE = "(css) => { const { x, y, width, height } = document.querySelector(css).getBoundingClientRect(); "
CENTRE += "return [x + width / 2, y + height / 2]; }"


def test_page_of_another_site_shows_the_call_in_a_frame(chromium: Browser, tmp_path: Path) -> None:
    with served(tmp_path) as site, LiveServer("--allowed-origin", site.rstrip("/")) as server:
        FRAME.save(tmp_path, {"https://meet.example.org": server.url})
        framed = chromium.open(f"{site}frame.html")
        alone = chromium.open(f"{server.url}/r/tea")
        alone.until("document.querySelector('input') !== null")
        framed.press_at(*alone.evaluate(CENTRE, "input"))
        for key in "Al":
            framed.press(key)
        framed.press("Enter")
        bob = join_call(chromium, f"{server.url}/r/tea", "Bob")
        all_flow(bob)
        assert "Al" in bob.text()


def test_page_of_a_site_that_is_not_allowed_shows_nothing(chromium: Browser, tmp_path: Path) -> None:
    with served(tmp_path) as site, LiveServer("--allowed-origin", "https://www.example.org") as server:
        FRAME.save(tmp_path, {"https://meet.example.org": server.url})
        assert "frame-ancestors https://www.example.org" in refused(chromium.open(f"{site}frame.html"))


def refused(page: Page) -> str:
    """What the browser says about the frame."""
    page.until("performance.getEntriesByType('navigation')[0].loadEventEnd > 0")
    return "\n".join(page.console)
