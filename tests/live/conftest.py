"""One process of each browser for the whole run; new people, with nothing of the last test, for each test."""

import signal
from collections.abc import Iterator

import pytest
from tests.support.bare_page import bare_page
from tests.support.browser import Browser
from tests.support.chromium import Chromium
from tests.support.firefox import Firefox
from tests.support.lab import Lab
from tests.support.server import LiveServer


def pytest_configure() -> None:
    """A run that is told to end (`timeout`, CI) ends its browsers too, as with Ctrl+C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever has pictures has the machine: one that waits for a processor looks like one that never comes."""
    for item in items:
        known = vars(item.module).keys() if isinstance(item, pytest.Function) else ()
        if not {"Browser", "Page"}.isdisjoint(known) and item.get_closest_marker("beside") is None:
            item.add_marker("alone")
        if "Lab" in known:
            item.add_marker("nat")


@pytest.fixture(scope="session")
def chromium_process() -> Iterator[Browser]:
    with Chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def firefox_process() -> Iterator[Browser]:
    with Firefox() as browser:
        yield browser


@pytest.fixture
def chromium(chromium_process: Browser) -> Iterator[Browser]:
    """Chromium; whoever opens a page in it is gone after the test."""
    yield chromium_process
    chromium_process.close_pages()


@pytest.fixture
def firefox(firefox_process: Browser) -> Iterator[Browser]:
    """Firefox; whoever opens a page in it is gone after the test."""
    yield firefox_process
    firefox_process.close_pages()


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    """`eyeline serve` for the tests of one module; a test that needs flags or a fresh one makes its own."""
    with LiveServer() as running:
        yield running


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Two networks and a server between, for the tests of one module."""
    with Lab() as made:
        yield made


@pytest.fixture(scope="session")
def bare() -> Iterator[str]:
    """The address of the bare page."""
    with bare_page() as url:
        yield url
