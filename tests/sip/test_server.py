"""The SIP server as a whole: registering, calling, and requests within calls."""

from tests.sip.phones import Net, call


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
