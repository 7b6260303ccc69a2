"""CANCEL: before and after the callee rings, and when it crosses the answer."""

import pytest
from tests.sip.phones import Net, Phone

from eyeline.sip.message import SipRequest


def calling(net: Net) -> tuple[Phone, Phone, SipRequest]:
    """Alice calls Bob, whose device hasn't said anything yet."""
    alice, bob = net.registered("alice"), net.registered("bob")
    return alice, bob, alice.invite("bob")


def cancel(phone: Phone, invite: SipRequest, *extra: tuple[str, str]) -> SipRequest:
    """Send CANCEL for an INVITE."""
    branch, number = invite.via.branch, invite.cseq.number
    request = phone.request("CANCEL", "bob", *extra, branch=branch, call_id=invite.call_id, number=number)
    phone.send(request)
    return request


def cancelled(phone: Phone) -> list[int]:
    """The statuses of the answers to CANCEL."""
    return [each.status for each in phone.responses() if each.cseq.method == "CANCEL"]


def of_invite(phone: Phone) -> list[int]:
    """The statuses of the answers to INVITE."""
    return [each.status for each in phone.responses() if each.cseq.method == "INVITE"]


def test_cancel_after_ringing() -> None:
    alice, bob, invite = calling(Net())
    bob.answer(bob.last("INVITE"), 180)
    cancel(alice, invite, ("Reason", "Q.850;cause=16"))
    assert cancelled(alice) == [200]
    received = bob.last("CANCEL")
    assert received.headers.get("reason") == "Q.850;cause=16"
    assert received.via == bob.last("INVITE").via
    bob.answer(received)
    bob.answer(bob.last("INVITE"), 487)
    assert of_invite(alice) == [100, 180, 487]
    assert bob.requests()[-1].method == "ACK"


def test_cancel_waits_until_the_callee_has_said_something() -> None:
    alice, bob, invite = calling(Net())
    cancel(alice, invite)
    assert cancelled(alice) == [200]
    assert bob.requests("CANCEL") == []
    bob.answer(bob.last("INVITE"), 180)
    assert len(bob.requests("CANCEL")) == 1
    assert 180 not in of_invite(alice)


def test_cancel_is_sent_once() -> None:
    alice, bob, invite = calling(Net())
    bob.answer(bob.last("INVITE"), 180)
    cancel(alice, invite)
    bob.answer(bob.last("INVITE"), 180)
    assert len(bob.requests("CANCEL")) == 1


def test_busy_that_crosses_cancel_is_487_only_if_the_device_says_so() -> None:
    alice, bob, invite = calling(Net())
    bob.answer(bob.last("INVITE"), 180)
    cancel(alice, invite)
    bob.answer(bob.last("INVITE"), 486)
    assert of_invite(alice)[-1] == 486


@pytest.mark.parametrize("crossing", ["the answer comes after CANCEL", "CANCEL comes after the answer"])
def test_answer_that_crosses_cancel_is_ended_by_the_server_unless_it_is_acknowledged(crossing: str) -> None:
    net = Net()
    alice, bob, invite = calling(net)
    bob.answer(bob.last("INVITE"), 180)
    if crossing == "the answer comes after CANCEL":
        cancel(alice, invite)
        bob.answer(bob.last("INVITE"))
    else:
        bob.answer(bob.last("INVITE"))
        cancel(alice, invite)
    assert of_invite(alice)[-1] == 200
    net.wait(0.4)
    assert bob.requests("BYE") == []
    net.wait(0.2)
    assert [each.method for each in bob.requests()[-2:]] == ["ACK", "BYE"]
    assert 'text="Request Terminated"' in (bob.last("BYE").headers.get("reason") or "")
    assert net.server.calls_in_progress == 0


def test_answer_that_crosses_cancel_lives_if_the_caller_acknowledges_it() -> None:
    net = Net()
    alice, bob, invite = calling(net)
    bob.answer(bob.last("INVITE"), 180)
    cancel(alice, invite)
    bob.answer(bob.last("INVITE"))
    answered = alice.response(invite)
    alice.send(alice.within("ACK", answered, 1))
    net.wait(10)
    assert bob.requests("BYE") == []
    alice.send(alice.within("BYE", answered, 2))
    assert len(bob.requests("BYE")) == 1


def test_late_answer_after_the_server_ended_the_call_is_acknowledged_again() -> None:
    net = Net()
    alice, bob, invite = calling(net)
    bob.answer(bob.last("INVITE"), 180)
    cancel(alice, invite)
    bob.answer(bob.last("INVITE"))
    net.wait(1)
    before = of_invite(alice)
    bob.answer(bob.last("INVITE"))
    assert [each.method for each in bob.requests()[-3:]] == ["ACK", "BYE", "ACK"]
    assert of_invite(alice) == before


def test_cancel_after_the_call_was_acknowledged_changes_nothing() -> None:
    net = Net()
    alice, bob, invite = calling(net)
    bob.answer(bob.last("INVITE"))
    alice.send(alice.within("ACK", alice.response(invite), 1))
    cancel(alice, invite)
    net.wait(5)
    assert bob.requests("BYE") == bob.requests("CANCEL") == []


def test_cancel_of_nothing_is_481() -> None:
    net = Net()
    alice = net.registered("alice")
    cancel(alice, alice.request("INVITE", "bob"))
    assert cancelled(alice) == [481]


def test_nobody_else_can_cancel_a_call() -> None:
    net = Net()
    _, bob, invite = calling(net)
    bob.answer(bob.last("INVITE"), 180)
    carol = net.registered("carol")
    forged = carol.request("CANCEL", "bob", branch=invite.via.branch, call_id=invite.call_id, sender="alice")
    headers = forged.headers.replaced("Via", invite.headers.first("via"))
    carol.send(SipRequest("CANCEL", forged.uri, headers))
    assert cancelled(carol) == [481]
    assert bob.requests("CANCEL") == []


def test_caller_that_came_back_over_another_connection_can_cancel() -> None:
    net = Net()
    alice, bob, invite = calling(net)
    bob.answer(bob.last("INVITE"), 180)
    alice.cut()
    alice.connect()
    alice.register()
    cancel(alice, invite)
    assert len(bob.requests("CANCEL")) == 1


def test_phones_stop_ringing_when_the_caller_is_gone_for_good() -> None:
    net = Net()
    alice, bob, _ = calling(net)
    bob.answer(bob.last("INVITE"), 180)
    alice.cut()
    net.wait(9)
    assert bob.requests("CANCEL") == []
    net.wait(2)
    assert len(bob.requests("CANCEL")) == 1
    bob.answer(bob.last("INVITE"))
    assert [each.method for each in bob.requests()[-2:]] == ["ACK", "BYE"]


def test_cancel_while_the_account_is_looked_up_ends_the_call_before_it_rings() -> None:
    net = Net()
    bob, alice = net.registered("bob"), net.phone("alice")
    net.hold_lookups = True
    challenge = alice.ask(alice.request("INVITE", "bob"))
    invite = alice.invite("bob", ("Proxy-Authorization", alice.credentials(challenge, "INVITE")))
    cancel(alice, invite)
    assert of_invite(alice)[-1] == 487
    net.release_lookups()
    assert bob.requests("INVITE") == []


def test_callee_that_hangs_up_before_the_server_would_gets_no_second_bye() -> None:
    net = Net()
    alice, bob, invite = calling(net)
    received = bob.last("INVITE")
    bob.answer(received, 180)
    cancel(alice, invite)
    answer = bob.answer(received)
    bob.send(bob.back("BYE", received, answer))
    net.wait(5)
    assert len(alice.requests("BYE")) == 1
    assert bob.requests("BYE") == []
