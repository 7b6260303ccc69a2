"""Requests within a call: how they find the other device, also when it has come back or the server was killed."""

import pytest
from tests.sip.phones import DOMAIN, Net, Phone, call

from eyeline.sip.message import SipRequest


def came_back(phone: Phone) -> None:
    """The phone's connection breaks, and it registers over a new one."""
    phone.cut()
    phone.connect()
    phone.register()


@pytest.mark.parametrize(
    "method", ["UPDATE", "INFO", "REFER", "NOTIFY", "MESSAGE", "PRACK", "BYE", "OPTIONS", "WHATEVER"]
)
def test_every_method_passes_both_ways(method: str) -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, invite, answer = call(alice, bob)
    there = alice.within(method, answered, 20)
    alice.send(there)
    bob.answer(bob.last(method))
    assert alice.response(there).status == 200
    back = bob.back(method, invite, answer)
    bob.send(back)
    alice.answer(alice.last(method))
    assert bob.response(back).status == 200


def test_only_our_lines_change_in_a_request() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    sent = alice.within("INFO", answered, 20, ("X-Odd", " a  b;c"), ("x-Odd", "2"))
    alice.send(sent)
    got = bob.last("INFO")
    assert got.headers.values("x-odd") == sent.headers.values("x-odd")
    assert got.max_forwards == 69
    assert "route" not in got.headers
    assert got.headers.all("via")[1:] == sent.headers.all("via")
    assert (got.uri, got.from_, got.to, got.cseq) == (sent.uri, sent.from_, sent.to, sent.cseq)


def test_reinvite_is_acknowledged_end_to_end() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, invite, answer = call(alice, bob)
    reinvite = bob.back("INVITE", invite, answer)
    bob.send(reinvite)
    alice.answer(alice.last("INVITE"))
    assert [each.status for each in bob.responses() if each.via.branch == reinvite.via.branch] == [100, 200]
    bob.send(bob.back("ACK", invite, answer))
    assert alice.last("ACK").cseq.number == 1
    assert answered.call_id == alice.last("ACK").call_id


def test_refused_reinvite_is_acknowledged_hop_by_hop() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    reinvite = alice.within("INVITE", answered, 20)
    alice.send(reinvite)
    bob.answer(bob.last("INVITE"), 491)
    ack = bob.last("ACK")
    assert ack.via == bob.last("INVITE").via
    assert alice.response(reinvite).status == 491


@pytest.mark.parametrize("returns", ["callee", "caller"])
def test_device_that_came_back_over_another_connection_keeps_its_call(returns: str) -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, invite, answer = call(alice, bob)
    came_back(bob if returns == "callee" else alice)
    alice.send(alice.within("INFO", answered, 20))
    bob.send(bob.back("INFO", invite, answer))
    assert len(bob.requests("INFO")) == len(alice.requests("INFO")) == 1


def test_device_without_an_instance_is_known_by_its_contact() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.phone("bob")
    bob.register(instance=False)
    answered, _, _ = call(alice, bob)
    bob.cut()
    bob.connect()
    bob.register(instance=False)
    alice.send(alice.within("INFO", answered, 20))
    assert len(bob.requests("INFO")) == 1


def test_request_waits_for_a_device_that_is_away() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    bob.cut()
    info = alice.within("INFO", answered, 20)
    alice.send(info)
    net.wait(9)
    bob.connect()
    bob.register()
    bob.answer(bob.last("INFO"))
    assert alice.response(info).status == 200


@pytest.mark.parametrize("method", ["INFO", "INVITE", "BYE"])
def test_request_to_a_device_that_stays_away_is_480_after_ten_seconds(method: str) -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    bob.cut()
    request = alice.within(method, answered, 20)
    alice.send(request)
    net.wait(9.9)
    assert 480 not in alice.statuses()
    net.wait(0.2)
    assert alice.response(request).status == 480


def test_request_that_may_have_been_lost_with_the_connection_is_sent_again() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    alice.send(alice.within("INFO", answered, 20))
    came_back(bob)
    first, second = bob.requests("INFO")
    assert first == second


def test_request_that_was_answered_is_not_sent_again() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    alice.send(alice.within("INFO", answered, 20))
    bob.answer(bob.last("INFO"))
    came_back(bob)
    assert len(bob.requests("INFO")) == 1


def test_answer_reaches_a_caller_that_came_back_while_the_phone_rang() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    alice.invite("bob")
    bob.answer(bob.last("INVITE"), 180)
    alice.cut()
    bob.answer(bob.last("INVITE"))
    alice.connect()
    alice.register()
    assert alice.statuses()[-1] == 200


def test_callee_that_came_back_while_it_rang_can_answer() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    alice.invite("bob")
    bob.answer(bob.last("INVITE"), 180)
    came_back(bob)
    bob.answer(bob.last("INVITE"))
    assert alice.statuses()[-1] == 200


def test_silence_within_a_call_is_480_and_never_408() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    request = alice.within("INFO", answered, 20)
    alice.send(request)
    net.wait(33)
    assert alice.response(request).status == 480


@pytest.mark.parametrize("first", ["alice", "bob"])
def test_calls_go_on_after_the_server_was_killed(first: str) -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, invite, answer = call(alice, bob)
    net.start()
    for phone in (alice, bob) if first == "alice" else (bob, alice):
        phone.connect()
        phone.register()
    alice.send(alice.within("INFO", answered, 20))
    bob.send(bob.back("INFO", invite, answer))
    assert len(bob.requests("INFO")) == len(alice.requests("INFO")) == 1


def test_request_after_the_server_was_killed_waits_for_the_other_device_to_register() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    net.start()
    alice.connect()
    alice.register()
    request = alice.within("INFO", answered, 20)
    alice.send(request)
    net.wait(5)
    bob.connect()
    bob.register()
    bob.answer(bob.last("INFO"))
    assert alice.response(request).status == 200


def test_request_of_a_connection_that_is_not_authenticated_is_challenged_and_then_passes() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    alice.cut()
    alice.connect()
    challenge = alice.ask(alice.within("BYE", answered, 20))
    assert challenge.status == 407
    alice.send(alice.within("BYE", answered, 21, ("Proxy-Authorization", alice.credentials(challenge, "BYE"))))
    got = bob.last("BYE")
    assert "proxy-authorization" not in got.headers


def test_callee_that_was_called_by_another_name_of_the_server_speaks_in_the_call_after_a_restart() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    alice.connect(host="meet.local")
    alice.register()
    invite = alice.invite("bob@meet.local")
    received = bob.last("INVITE")
    answer = bob.answer(received)
    alice.send(alice.within("ACK", alice.response(invite), 1))
    net.start()
    bob.connect()
    bob.register()
    bob.send(bob.back("INFO", received, answer))
    alice.connect()
    alice.register()
    assert len(alice.requests("INFO")) == 1


def test_forged_flow_token_leads_nowhere() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    sent = alice.within("INFO", answered, 20)
    token = sent.headers.all("route")[-1][5:29]
    other = ("B" if token[0] == "A" else "A") + token[1:]
    line = sent.headers.values("route")[-1].replace(token, other)
    headers = sent.headers.without("route").appended("Route", f"<sip:{DOMAIN};lr>").appended("Route", line)
    forged = SipRequest(sent.method, sent.uri, headers)
    alice.send(forged)
    assert alice.response(forged).status in {404, 480}
    assert bob.requests("INFO") == []


def test_page_that_unregisters_in_a_call_keeps_the_call() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    bob.register(expires=0)
    assert net.server.online() == ["alice"]
    alice.send(alice.within("INFO", answered, 20))
    assert len(bob.requests("INFO")) == 1


def test_calls_are_counted_until_they_end() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    assert net.server.calls_in_progress == 1
    alice.send(alice.within("BYE", answered, 20))
    assert net.server.calls_in_progress == 0


def test_calls_of_a_device_that_is_gone_are_forgotten() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    call(alice, bob)
    bob.cut()
    net.wait(11)
    assert net.server.calls_in_progress == 0


def test_call_without_any_request_is_forgotten_after_twelve_hours() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    net.wait(11 * 3600)
    alice.register()
    alice.send(alice.within("INFO", answered, 20))
    bob.answer(bob.last("INFO"))
    net.wait(11 * 3600)
    assert net.server.calls_in_progress == 1
    net.wait(2 * 3600)
    assert net.server.calls_in_progress == 0


def test_attended_transfer_reaches_the_device_that_has_the_call() -> None:
    net = Net()
    alice, bob, carol = net.registered("alice"), net.registered("bob"), net.registered("carol")
    answered, _, _ = call(alice, bob)
    refer = alice.within("REFER", answered, 20, ("Refer-To", f"<sip:carol@{DOMAIN}?Replaces=x%3Bto-tag%3Da>"))
    alice.send(refer)
    assert bob.last("REFER").headers.get("refer-to") == refer.headers.get("refer-to")
    bob.answer(bob.last("REFER"), 202)
    invite = bob.invite("carol", ("Replaces", "x;to-tag=a;from-tag=b"), ("Referred-By", f"<sip:alice@{DOMAIN}>"))
    got = carol.last("INVITE")
    assert [got.headers.get(name) for name in ("replaces", "referred-by")] == [
        invite.headers.get(name) for name in ("replaces", "referred-by")
    ]


def test_device_that_came_back_is_not_given_up_later() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    bob.cut()
    net.wait(5)
    bob.connect()
    bob.register()
    net.wait(20)
    assert net.server.calls_in_progress == 1
    alice.send(alice.within("INFO", answered, 20))
    assert len(bob.requests("INFO")) == 1


def test_after_the_server_was_killed_a_device_that_never_returns_is_480_too() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    net.start()
    alice.connect()
    alice.register()
    request = alice.within("INFO", answered, 20)
    alice.send(request)
    net.wait(11)
    assert alice.response(request).status == 480


def test_route_beyond_the_server_is_kept() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    alice.send(alice.within("INFO", answered, 20, ("Route", "<sip:beyond.example;lr>")))
    assert bob.last("INFO").headers.values("route") == ["<sip:beyond.example;lr>"]


def test_ack_that_may_not_be_forwarded_is_dropped() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    ack = alice.within("ACK", answered, 1)
    alice.send(ack.with_(headers=ack.headers.replaced("Max-Forwards", "0")))
    alice.send(ack.with_(headers=ack.headers.without("route")))
    assert len(bob.requests("ACK")) == 1


def test_flow_token_outside_of_a_call_opens_no_door() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    routes = [("Route", each) for each in reversed(answered.headers.all("record-route"))]
    request = alice.request("INVITE", "bob", *routes)
    spoofed = request.headers.replaced("From", '"Bank" <sip:alice@bank.example>;tag=1')
    assert alice.ask(SipRequest("INVITE", request.uri, spoofed)).status == 403
    assert len(bob.requests("INVITE")) == 1
    alice.send(alice.request("INVITE", "bob", *routes))
    assert bob.last("INVITE").headers.get("p-asserted-identity") == f"<sip:alice@{DOMAIN}>"


def test_ack_of_a_stranger_is_dropped() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    stranger = net.phone("carol")
    routes = [("Route", each) for each in reversed(answered.headers.all("record-route"))]
    stranger.send(stranger.request("ACK", "bob", *routes, to_tag="x"))
    assert len(bob.requests("ACK")) == 1


def test_ack_of_a_caller_that_came_back_and_has_not_registered_yet_passes() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    invite = alice.invite("bob")
    bob.answer(bob.last("INVITE"))
    answered = alice.response(invite)
    alice.cut()
    alice.connect()
    alice.send(alice.within("ACK", answered, 1))
    assert len(bob.requests("ACK")) == 1
