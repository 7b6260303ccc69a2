"""What people write finds everybody, also who comes later or has been away."""

from tests.support.browser import Browser, Page
from tests.support.people import join_call, open_chat, say, sees_line
from tests.support.server import LiveServer

LINES = "[...document.querySelectorAll('.said-words')].map((each) => each.textContent)"


def lines(page: Page) -> list[str]:
    open_chat(page)
    found: list[str] = page.evaluate(LINES)
    return found


def test_who_comes_later_reads_what_was_written_before_once_and_in_order(
    chromium: Browser, firefox: Browser, server: LiveServer
) -> None:
    room = f"{server.url}/r/later"
    alice, bob = join_call(chromium, room, "Alice"), join_call(firefox, room, "Bob")
    said = ["One", "Two", "Three"]
    for writer, reader, line in ((alice, bob, said[0]), (bob, alice, said[1]), (alice, bob, said[2])):
        say(writer, line)
        assert sees_line(reader, line)
    carol = join_call(chromium, room, "Carol")
    for line in said:
        assert sees_line(carol, line)
    say(bob, "Four")
    for page in (alice, carol):
        assert sees_line(page, "Four")
    assert lines(carol) == lines(alice) == [*said, "Four"]


def test_who_loads_the_page_anew_reads_what_the_others_wrote(chromium: Browser, server: LiveServer) -> None:
    room = f"{server.url}/r/anew"
    alice, bob = (join_call(chromium, room, name) for name in ("Alice", "Bob"))
    say(alice, "Are you there?")
    assert sees_line(bob, "Are you there?")
    bob.reload()
    bob.until("document.querySelector('main.call:not(.returning)') !== null")
    assert sees_line(bob, "Are you there?")
    say(bob, "I am back")
    assert sees_line(alice, "I am back")
    assert lines(bob) == ["Are you there?", "I am back"]
