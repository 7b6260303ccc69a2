"""One call for several devices: who rings, who answers, and what the caller gets."""

import pytest
from tests.sip.phones import DOMAIN, Net, Phone, call

from eyeline.sip.message import SipRequest, SipResponse
from eyeline.sip.response_choice import best_response

ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


def ringing(net: Net) -> tuple[Phone, SipRequest, list[Phone]]:
    """Alice calls Bob, whose two devices ring."""
    alice, *bobs = net.registered("alice"), net.registered("bob"), net.registered("bob")
    invite = alice.invite("bob")
    for bob in bobs:
        bob.answer(bob.last("INVITE"), 180)
    return alice, invite, bobs


def test_every_device_of_the_callee_rings() -> None:
    alice, _, bobs = ringing(Net())
    assert alice.statuses() == [100, 180, 180]
    assert [bob.last("INVITE").uri for bob in bobs] == [bob.contact for bob in bobs]


def test_call_to_the_contact_of_one_device_rings_only_there() -> None:
    net = Net()
    carol, first, second = net.registered("carol"), net.registered("alice"), net.registered("alice")
    asked = first.contact.partition(";")[0]  # as SIP.js writes it into the Refer-To of an attended transfer
    carol.send(carol.request("INVITE", asked.removeprefix("sip:"), ("Replaces", "call-1;to-tag=a;from-tag=b")))
    assert first.last("INVITE").headers.get("replaces") == "call-1;to-tag=a;from-tag=b"
    assert second.requests("INVITE") == []
    first.cut()
    assert carol.ask(carol.request("MESSAGE", asked.removeprefix("sip:"))).status == 480
    net.wait(60)
    assert carol.ask(carol.request("MESSAGE", asked.removeprefix("sip:"))).status == 404


def test_nobody_gets_the_calls_to_a_contact_by_registering_the_same() -> None:
    net = Net()
    alice, carol, mallory = net.registered("alice"), net.registered("carol"), net.phone("bob")
    mallory.contact = alice.contact
    for phone in (mallory, alice, mallory):  # also when these renew their registrations
        assert phone.register().status == 200
        carol.send(carol.request("MESSAGE", alice.contact.removeprefix("sip:")))
        alice.answer(alice.last("MESSAGE"))
    assert len(alice.requests("MESSAGE")) == 3
    assert mallory.requests("MESSAGE") == []


def test_other_devices_stop_when_one_answers_and_learn_why() -> None:
    alice, invite, (first, second) = ringing(Net())
    first.answer(first.last("INVITE"))
    assert second.last("CANCEL").headers.get("reason") == ELSEWHERE
    second.answer(second.last("CANCEL"))
    second.answer(second.last("INVITE"), 487)
    assert [each.method for each in second.requests()] == ["INVITE", "CANCEL", "ACK"]
    assert alice.statuses() == [100, 180, 180, 200]
    assert alice.response(invite).to.tag == f"tag-{first.instance}"


def test_second_answer_never_reaches_the_caller_and_the_server_ends_it() -> None:
    alice, invite, (first, second) = ringing(Net())
    first.answer(first.last("INVITE"))
    second.answer(second.last("INVITE"))
    assert alice.statuses().count(200) == 1
    assert first.requests("BYE") == []
    ack, bye = second.requests()[-2:]
    assert (ack.method, ack.cseq.number) == ("ACK", invite.cseq.number)
    assert (bye.method, bye.cseq.number) == ("BYE", invite.cseq.number + 1)
    assert bye.headers.get("reason") == ELSEWHERE
    for each in (ack, bye):
        assert (each.uri, each.call_id, each.to.tag) == (second.contact, invite.call_id, f"tag-{second.instance}")
        assert each.from_.tag == invite.from_.tag


def test_repeated_second_answer_is_acknowledged_again_but_ended_once() -> None:
    net = Net()
    _, _, (first, second) = ringing(net)
    first.answer(first.last("INVITE"))
    second.answer(second.last("INVITE"))
    net.wait(0.5)
    second.answer(second.last("INVITE"))
    assert [each.method for each in second.requests()] == ["INVITE", "CANCEL", "ACK", "BYE", "ACK"]


def test_repeated_first_answer_reaches_the_caller_again() -> None:
    alice, _, (first, _) = ringing(Net())
    first.answer(first.last("INVITE"))
    first.answer(first.last("INVITE"))
    assert alice.statuses().count(200) == 2


def test_call_works_after_one_of_two_devices_answered() -> None:
    net = Net()
    other = net.registered("bob")
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    other.answer(other.last("INVITE"), 180)
    alice.send(alice.within("BYE", answered, 9))
    assert bob.last("BYE").method == "BYE"
    assert other.requests("BYE") == []


def test_busy_device_does_not_stop_the_other() -> None:
    alice, _, (first, second) = ringing(Net())
    first.answer(first.last("INVITE"), 486)
    assert alice.statuses() == [100, 180, 180]
    second.answer(second.last("INVITE"))
    assert alice.statuses()[-1] == 200


def test_caller_gets_the_best_response_once_all_devices_have_refused() -> None:
    alice, _, (first, second) = ringing(Net())
    first.answer(first.last("INVITE"), 480)
    second.answer(second.last("INVITE"), 486)
    assert alice.statuses() == [100, 180, 180, 486]
    assert [first.requests()[-1].method, second.requests()[-1].method] == ["ACK", "ACK"]


def test_decline_on_one_device_stops_all() -> None:
    alice, _, (first, second) = ringing(Net())
    first.answer(first.last("INVITE"), 603)
    assert alice.statuses()[-1] == 180
    second.answer(second.last("CANCEL"))
    second.answer(second.last("INVITE"), 487)
    assert alice.statuses()[-1] == 603


@pytest.mark.parametrize(
    ("statuses", "best"),
    [
        ([486, 480], 486),
        ([408, 404], 404),
        ([302, 486], 302),
        ([500, 486], 486),
        ([603, 302], 603),
        ([407, 486], 407),
        ([487, 488], 488),
        ([503], 500),
    ],
)
def test_best_response(statuses: list[int], best: int) -> None:
    invite = Net().phone("alice").request("INVITE", "bob")
    responses = [invite.answer(status) for status in statuses]
    assert best_response(responses, cancelled=False).status == best
    assert best_response(responses[::-1], cancelled=False).status == best


def test_challenges_of_all_devices_are_put_together() -> None:
    invite = Net().phone("alice").request("INVITE", "bob")
    statuses = (("a", 401), ("b", 401), ("c", 486))
    responses = [
        invite.answer(status, extra=[("WWW-Authenticate", f'Digest realm="{each}"')]) for each, status in statuses
    ]
    assert len(best_response(responses, cancelled=False).headers.values("www-authenticate")) == 2


def test_nobody_at_home_is_480() -> None:
    net = Net()
    alice = net.registered("alice")
    net.registered("bob").cut()
    alice.invite("bob")
    assert alice.statuses() == [480]


def test_device_that_never_rings_is_408() -> None:
    net = Net()
    alice, _ = net.registered("alice"), net.registered("bob")
    alice.invite("bob")
    net.wait(31)
    assert alice.statuses() == [100]
    net.wait(2)
    assert alice.statuses() == [100, 408]


def test_call_that_nobody_answers_ends_by_timer_c() -> None:
    net = Net()
    alice, _, bobs = ringing(net)
    net.wait(186)
    for bob in bobs:
        bob.answer(bob.last("CANCEL"))
        bob.answer(bob.last("INVITE"), 487)
    assert alice.statuses() == [100, 180, 180, 408]


def test_timer_c_starts_again_with_each_sign_of_life() -> None:
    net = Net()
    alice, _, (first, second) = ringing(net)
    for _ in range(3):
        net.wait(150)
        first.answer(first.last("INVITE"), 180)
        second.answer(second.last("INVITE"), 183)
    assert first.requests("CANCEL") == second.requests("CANCEL") == []
    assert 408 not in alice.statuses()


def test_device_that_ignores_cancel_does_not_keep_the_caller_waiting_for_ever() -> None:
    net = Net()
    alice, invite, _ = ringing(net)
    alice.send(alice.request("CANCEL", "bob", branch=invite.via.branch, call_id=invite.call_id, number=1))
    net.wait(33)
    assert alice.statuses()[-1] in {408, 487}


def test_message_goes_to_all_devices_and_the_first_answer_comes_back() -> None:
    net = Net()
    alice, *bobs = net.registered("alice"), net.registered("bob"), net.registered("bob")
    message = alice.request("MESSAGE", "bob", ("Content-Type", "text/plain"), body="grüße".encode())
    alice.send(message)
    assert [bob.last("MESSAGE").body.decode() for bob in bobs] == ["grüße", "grüße"]
    for bob in bobs:
        bob.answer(bob.last("MESSAGE"))
    assert [each.status for each in alice.responses() if each.cseq.method == "MESSAGE"] == [200]


def test_own_devices_ring_too_except_the_caller() -> None:
    net = Net()
    page, desk = net.registered("alice"), net.registered("alice")
    page.invite("alice")
    assert len(desk.requests("INVITE")) == 1
    assert page.requests("INVITE") == []


def test_record_route_names_both_sides() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob", "tcp")
    alice.invite("bob")
    theirs, ours = bob.last("INVITE").headers.values("record-route")
    assert f"@{DOMAIN};transport=tcp;lr>" in theirs
    assert f"@{DOMAIN};transport=ws;lr>" in ours


def test_max_breadth_is_divided_and_too_little_is_440() -> None:
    net = Net()
    alice, *bobs = net.registered("alice"), net.registered("bob"), net.registered("bob")
    alice.invite("bob", ("Max-Breadth", "5"))
    assert [bob.last("INVITE").headers.get("max-breadth") for bob in bobs] == ["2", "2"]
    refused = alice.invite("bob", ("Max-Breadth", "1"))
    assert alice.response(refused).status == 440


def test_answer_from_another_phone_than_the_one_that_was_called_is_ignored() -> None:
    net = Net()
    alice, bob, carol = net.registered("alice"), net.registered("bob"), net.registered("carol")
    alice.invite("bob")
    forged = bob.last("INVITE").answer(200, to_tag="x")
    assert isinstance(forged, SipResponse)
    carol.send(forged)
    assert alice.statuses() == [100]


def test_only_an_invite_rings() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    alice.send(alice.request("MESSAGE", "bob"))
    bob.answer(bob.last("MESSAGE"), 180)
    assert alice.statuses() == []
