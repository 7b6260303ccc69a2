"""Odd and hostile SIP messages get their documented answer, and random changes to a real one are handled too."""

import random
from pathlib import Path
from typing import Final

import pytest
from tests.sip.odd_messages import (
    BY_THE_SERVER,
    DROPPED,
    READ,
    REFUSED,
    TORTUOUS,
    VALID,
    ByTheServer,
    Odd,
    mutated,
    real_invite,
    table,
)

from eyeline.sip.header_fields import CSeq, NameAddress, Via
from eyeline.sip.message import BadMessageError, SipRequest, parse

DOCS: Final = Path(__file__).parents[2] / "docs" / "sip.md"
MUTATIONS: Final = 2000


@pytest.mark.parametrize("odd", VALID + REFUSED, ids=lambda odd: odd.what)
def test_an_odd_message_gets_its_answer(odd: Odd) -> None:
    status = READ
    try:
        parse(odd.data)
    except BadMessageError as error:
        status = DROPPED if error.request is None else error.status
    assert status == odd.answer


def test_spaces_and_folding_do_not_change_what_a_message_says() -> None:
    message = parse(TORTUOUS)
    assert isinstance(message, SipRequest)
    assert (message.method, message.uri, message.body) == ("INVITE", "sip:bob@example.com;odd-param", b"v=0\r")
    assert message.from_ == NameAddress("sip:alice@example.com", {"tag": "ta"}, 'Alice "\\" L.')
    assert message.to == NameAddress("sip:bob@example.com", {"tag": "tb"})
    assert (message.max_forwards, message.cseq, message.call_id) == (
        70,
        CSeq(31, "INVITE"),
        "q4k1.with-a.dot@192.0.2.8",
    )
    assert [Via.parse(each).sent_by for each in message.headers.all("via")] == [
        *("q4k1.invalid", "192.0.2.9", "192.0.2.10:5070"),
    ]
    assert NameAddress.parse(message.headers.first("contact")).params == {"p": "v", "q": "0.5"}
    assert message.headers.get("a-header-of-the-future") == 'many words, over "two\\" lines'


@pytest.mark.parametrize("odd", VALID, ids=lambda odd: odd.what)
def test_a_valid_message_means_the_same_after_it_was_forwarded(odd: Odd) -> None:
    message = parse(odd.data)
    again = parse(message.encode())
    assert parse(again.encode()) == again
    assert again.headers.lines[: len(message.headers.lines)] == message.headers.lines


def test_two_thousand_changes_to_a_real_invite_are_read_or_refused() -> None:
    generator = random.Random(4475)
    counts = {"read": 0, "answered": 0, "dropped": 0}
    for _ in range(MUTATIONS):
        counts[_outcome(mutated(real_invite(), generator))] += 1
    assert min(counts.values()) > MUTATIONS // 50


@pytest.mark.parametrize("row", BY_THE_SERVER, ids=lambda row: row.what)
def test_a_refusal_of_the_server_has_its_test(row: ByTheServer) -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert f"def {row.test}(" in tests


def test_every_odd_message_is_in_the_docs() -> None:
    assert table() in DOCS.read_text(), f"the table in docs/sip.md must be:\n{table()}"


def _outcome(data: bytes) -> str:
    """What happens to a message; whatever was read or is answered is used as the server would."""
    refusal = None
    try:
        message = parse(data)
    except BadMessageError as error:
        refusal = error
    if refusal is None:
        again = parse(message.encode())
        assert (again.via, again.from_, again.to, again.body) == (message.via, message.from_, message.to, message.body)
        return "read"
    if refusal.request is None:
        return "dropped"
    assert b"\r\n\r\n" not in refusal.request.answer(refusal.status, refusal.reason, to_tag="t").encode()[:-4]
    return "answered"
