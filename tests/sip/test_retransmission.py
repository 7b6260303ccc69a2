"""Phones over UDP: messages are lost, and sent again (RFC 3261, 17)."""

import re

import pytest
from tests.sip.phones import Net, Phone, call

from eyeline.sip.message import SipRequest


def from_udp(net: Net) -> tuple[Phone, SipRequest, Phone]:
    """Alice, over UDP, calls Bob with a verified INVITE."""
    alice, bob = net.registered("alice", "udp"), net.registered("bob", "udp")
    challenge = alice.ask(alice.request("INVITE", "bob"))
    ack = alice.request("ACK", "bob", branch=challenge.via.branch, call_id=challenge.call_id)
    alice.send(ack)
    return alice, alice.invite("bob", ("Proxy-Authorization", alice.credentials(challenge, "INVITE"))), bob


def test_every_call_over_udp_is_challenged() -> None:
    net = Net()
    alice, _ = net.registered("alice", "udp"), net.registered("bob")
    for _ in range(2):
        assert alice.ask(alice.request("INVITE", "bob")).status == 407


@pytest.mark.parametrize("change", ["", "Max-Forwards: 0", "From: <sip:x@elsewhere.example>;tag=1", "CSeq: x"])
def test_forged_source_address_gets_one_datagram_at_most_and_uses_no_memory(change: str) -> None:
    net = Net()
    alice = net.phone("alice", "udp")
    raw = alice.request("INVITE", "bob").encode()
    if change:
        raw = re.sub(rb"(?m)^" + change.split(":", maxsplit=1)[0].encode() + rb":.*$", change.encode() + rb"\r", raw)
    alice.send(raw)
    assert net.server.transactions == 0
    net.wait(40)
    assert len(alice.raw) == 1


def test_ack_stops_the_retransmissions() -> None:
    net = Net()
    alice, _, _ = from_udp(net)
    net.wait(0.9)
    assert alice.statuses().count(407) == 1


def test_invite_is_sent_again_until_there_is_a_response() -> None:
    net = Net()
    _, _, bob = from_udp(net)
    net.wait(3.6)
    assert len(bob.requests("INVITE")) == 4, "at 0, 0.5, 1.5 and 3.5 s"
    bob.answer(bob.last("INVITE"), 100)
    net.wait(30)
    assert len(bob.requests("INVITE")) == 4


def test_invite_without_any_response_is_408_after_32_seconds() -> None:
    net = Net()
    alice, invite, bob = from_udp(net)
    net.wait(33)
    assert len(bob.requests("INVITE")) == 7
    assert alice.response(invite).status == 408


def test_other_request_is_sent_again_at_most_every_four_seconds() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob", "udp")
    answered, _, _ = call(alice, bob)
    info = alice.within("INFO", answered, 20)
    alice.send(info)
    net.wait(33)
    assert len(bob.requests("INFO")) == 11, "at 0, 0.5, 1.5, 3.5, 7.5, 11.5, ... 31.5 s"
    assert alice.response(info).status == 480


def test_repeated_request_gets_the_same_response_and_is_passed_on_once() -> None:
    net = Net()
    alice, invite, bob = from_udp(net)
    bob.answer(bob.last("INVITE"), 180)
    alice.send(invite)
    assert alice.raw[-1] == alice.raw[-2]
    assert len(bob.requests("INVITE")) == 1


def test_repeated_register_is_no_replay() -> None:
    net = Net()
    alice = net.phone("alice", "udp")
    first = alice.register()
    alice.send(alice.sent[-1])
    assert alice.responses()[-1] == first


def test_response_to_a_finished_request_is_kept_for_32_seconds() -> None:
    net = Net()
    net.registered("alice", "udp")
    net.wait(31)
    assert net.server.transactions == 1
    net.wait(2)
    assert net.server.transactions == 0


def test_failure_is_sent_again_until_the_caller_acknowledges_it() -> None:
    net = Net()
    alice, sent, bob = from_udp(net)
    bob.answer(bob.last("INVITE"), 486)
    net.wait(1.6)
    assert alice.statuses().count(486) == 3
    alice.send(alice.request("ACK", "bob", branch=sent.via.branch, call_id=sent.call_id, number=sent.cseq.number))
    net.wait(30)
    assert alice.statuses().count(486) == 3


def test_repeated_failure_is_acknowledged_again() -> None:
    net = Net()
    _, _, bob = from_udp(net)
    bob.answer(bob.last("INVITE"), 486)
    bob.answer(bob.last("INVITE"), 486)
    assert len(bob.requests("ACK")) == 2


def test_repeated_2xx_reaches_the_caller_each_time_for_32_seconds() -> None:
    net = Net()
    alice, _, bob = from_udp(net)
    for _ in range(3):
        bob.answer(bob.last("INVITE"))
        net.wait(4)
    assert alice.statuses().count(200) == 3
    net.wait(32)
    assert net.server.transactions == 0


def test_nothing_is_sent_again_on_a_connection() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    alice.invite("bob")
    net.wait(20)
    assert len(bob.requests("INVITE")) == 1
    assert alice.statuses() == [100]


def test_requests_within_a_call_over_udp_need_no_password() -> None:
    net = Net()
    alice, invite, bob = from_udp(net)
    bob.answer(bob.last("INVITE"))
    answered = alice.response(invite)
    alice.send(alice.within("ACK", answered, invite.cseq.number))
    alice.send(alice.within("BYE", answered, 20))
    assert [each.method for each in bob.requests()] == ["INVITE", "ACK", "BYE"]


def test_forged_udp_source_cannot_call_even_with_a_tag() -> None:
    net = Net()
    alice, bob = net.registered("alice", "udp"), net.registered("bob")
    assert alice.ask(alice.request("MESSAGE", "bob", to_tag="x")).status == 407
    assert bob.requests() == []


def test_other_request_is_sent_again_every_four_seconds_after_a_provisional_response() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob", "udp")
    answered, _, _ = call(alice, bob)
    alice.send(alice.within("INFO", answered, 20))
    bob.answer(bob.last("INFO"), 100)
    net.wait(33)
    assert len(bob.requests("INFO")) == 1 + 7, "at 4, 8, ... 28 s"
