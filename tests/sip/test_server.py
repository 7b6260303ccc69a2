"""The SIP server as a whole: registering, calling, and requests within calls."""

import gc

from tests.sip.phones import Net, call

from eyeline.sip.proxy import Branch, ResponseContext
from eyeline.sip.transaction import ClientTransaction, ServerTransaction


def test_phone_registers_with_digest() -> None:
    net = Net()
    answer = net.phone("alice").register()
    assert answer.status == 200
    assert "expires=600" in answer.headers.first("contact")
    assert net.server.online() == ["alice"]


def test_wrong_password_is_challenged_again() -> None:
    net = Net()
    assert net.phone("alice").register(password="wrong").status == 401
    assert net.server.online() == []


def test_call_from_invite_to_bye() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    assert answered.status == 200
    assert alice.statuses() == [100, 180, 200]
    assert [each.method for each in bob.requests()] == ["INVITE", "ACK"]
    bye = alice.within("BYE", answered, 9)
    alice.send(bye)
    bob.answer(bob.last("BYE"))
    assert alice.response(bye).status == 200
    assert net.server.transactions == 2, "the INVITE's, for repeated 2xx"
    net.wait(40)
    assert net.server.transactions == 0


def test_callee_sends_requests_within_the_call_too() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    _, invite, answer = call(alice, bob)
    bye = bob.back("BYE", invite, answer)
    bob.send(bye)
    alice.answer(alice.last("BYE"))
    assert bob.response(bye).status == 200


def test_unknown_user_is_challenged_again_like_one_with_a_wrong_password() -> None:
    net = Net()
    assert net.phone("nobody").register().status == 401
    assert net.phone("nobody", "udp").register().status == 401


def test_registration_that_was_verified_after_its_connection_was_lost_does_not_count() -> None:
    net = Net()
    alice = net.phone("alice")
    challenge = alice.ask(alice.request("REGISTER", "alice"))
    net.hold_lookups = True
    fields = (("Contact", f"<{alice.contact}>"), ("Authorization", alice.credentials(challenge, "REGISTER")))
    alice.send(alice.request("REGISTER", "alice", *fields))
    alice.cut()
    net.release_lookups()
    assert net.server.online() == []


def test_phone_that_has_unregistered_leaves_nothing_behind() -> None:
    net = Net()
    alice = net.registered("alice")
    alice.register(expires=0)
    assert net.server.state_sizes() == {}


def test_finished_calls_leave_no_timers() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    alice.send(alice.within("BYE", answered, 20))
    bob.answer(bob.last("BYE"))
    alice.invite("bob")
    net.wait(70)
    assert net.server.state_sizes() == {"devices": 2, "registrations": 2}


def test_revoked_account_is_offline_before_its_connection_has_closed() -> None:
    net = Net()
    net.registered("alice")
    net.registered("alice", "udp")
    effects = net.server.revoke("alice", net.now)
    assert len(effects) == 2
    assert net.server.online() == []


def test_register_that_requires_an_unknown_extension_is_420() -> None:
    net = Net()
    alice = net.phone("alice")
    challenge = alice.ask(alice.request("REGISTER", "alice"))
    fields = (("Authorization", alice.credentials(challenge, "REGISTER")), ("Require", "outbound, foo"))
    answer = alice.ask(alice.request("REGISTER", "alice", ("Contact", f"<{alice.contact}>"), *fields))
    assert (answer.status, answer.headers.get("unsupported")) == (420, "foo")


def objects_of_calls() -> int:
    """How many of the objects that each call needs are in memory."""
    kinds = (ResponseContext, Branch, ClientTransaction, ServerTransaction)
    return sum(type(each) in kinds for each in gc.get_objects())


def test_finished_calls_are_freed_without_the_garbage_collector() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    gc.collect()
    gc.disable()
    try:
        before = objects_of_calls()
        call(alice, bob)
        bob.answer(bob.last("INVITE"), 200, tag="another")
        alice.invite("bob")
        assert objects_of_calls() > before
        net.wait(100)
        assert objects_of_calls() == before
    finally:
        gc.enable()
