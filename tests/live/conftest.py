"""Pytest fixtures for the live tests: one process of each browser per run, new browser contexts for each test."""

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
    """On SIGTERM (`timeout`, CI) end the browsers too, as on Ctrl+C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run tests with video alone: on a busy processor, late video looks like missing video."""
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
    """Chromium; its pages are closed after each test."""
    yield chromium_process
    chromium_process.close_pages()


@pytest.fixture
def firefox(firefox_process: Browser) -> Iterator[Browser]:
    """Firefox; its pages are closed after each test."""
    yield firefox_process
    firefox_process.close_pages()


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    """`eyeline serve`, shared by the tests of a module; a test that needs flags or a fresh server starts its own."""
    with LiveServer() as running:
        yield running


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Two networks and a server between them, shared by the tests of a module."""
    with Lab() as made:
        yield made


@pytest.fixture(scope="session")
def bare() -> Iterator[str]:
    """The URL of the bare page."""
    with bare_page() as url:
        yield url
