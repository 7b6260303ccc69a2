"""What one connection, one address and one account may ask for."""

import pytest
from msgspec.structs import replace
from tests.sip.phones import PHONE_LIMITS, Net, Phone, call

from eyeline.sip.dialogs import MIN_SESSION_S, SILENT_S
from eyeline.sip.limits import SipLimits
from eyeline.sip.message import SipResponse
from eyeline.sip.transaction_table import LIFETIME


def test_connection_that_sends_too_much_is_closed() -> None:
    net = Net(SipLimits(connection_rate=1, connection_burst=10))
    alice = net.phone("alice")
    for _ in range(10):
        alice.send(b"\r\n\r\n")
    assert not alice.closed
    alice.send(b"\r\n\r\n")
    assert alice.closed
    assert net.server.refused["connection-rate"] == 1


def test_udp_source_that_sends_too_much_is_ignored_for_a_while() -> None:
    net = Net(SipLimits(connection_rate=1, connection_burst=10))
    alice = net.phone("alice", "udp")
    for _ in range(20):
        alice.send(b"\r\n\r\n")
    assert len(alice.raw) == 10
    net.wait(1)
    alice.send(b"\r\n\r\n")
    assert (len(alice.raw), alice.closed) == (11, False)


def test_address_that_asks_without_a_password_too_often_is_cut_off() -> None:
    net = Net(replace(PHONE_LIMITS, address_rate=1, address_burst=5))
    for _ in range(5):
        alice = net.phone("alice", address="198.51.100.7")
        assert alice.ask(alice.request("INVITE", "bob")).status == 407
    alice = net.phone("alice", address="198.51.100.7")
    alice.send(alice.request("INVITE", "bob"))
    assert (alice.statuses(), alice.closed) == ([], True)
    assert net.server.refused["address-rate"] == 1
    bob = net.phone("bob", address="198.51.100.8")
    assert bob.ask(bob.request("INVITE", "alice")).status == 407


def test_guessing_passwords_ends_with_403_and_the_connection() -> None:
    net = Net(replace(PHONE_LIMITS, wrong_rate=0.1, wrong_burst=3))
    for _ in range(3):
        phone = net.phone("alice", address="198.51.100.7")
        assert phone.register(password="wrong").status == 401
    phone = net.phone("alice", address="198.51.100.7")
    assert phone.register(password="wrong").status == 403
    assert phone.closed
    assert net.server.refused["passwords"] == 1
    net.wait(10)
    assert net.phone("alice", address="198.51.100.7").register(password="wrong").status == 401


def test_account_that_asks_too_often_gets_503_with_a_time() -> None:
    net = Net(replace(PHONE_LIMITS, account_rate=1, account_burst=5))
    pages = [net.registered("alice"), net.registered("alice")]
    answers = [page.ask(page.request("MESSAGE", "bob")) for page in pages * 2]
    assert [each.status for each in answers] == [480, 480, 480, 503]
    assert answers[-1].headers.get("retry-after") == "5"
    assert net.server.refused["account-rate"] == 1


def test_register_is_never_answered_by_503() -> None:
    net = Net(replace(PHONE_LIMITS, account_rate=1, account_burst=1))
    net.registered("alice")
    phone = net.phone("alice")
    challenge = phone.ask(phone.request("REGISTER", "alice"))
    phone.send(phone.request("REGISTER", "alice", ("Authorization", phone.credentials(challenge, "REGISTER"))))
    assert [each.status for each in phone.responses()] == [401]
    assert phone.closed


def test_account_has_at_most_ten_devices() -> None:
    net = Net()
    phones = [net.phone("alice") for _ in range(11)]
    assert [phone.register().status for phone in phones] == [200] * 10 + [403]
    assert net.server.refused["registrations"] == 1


def test_address_has_a_limited_number_of_devices() -> None:
    net = Net(replace(PHONE_LIMITS, devices_per_address=2))
    users = ("alice", "bob", "carol")
    assert [net.phone(user, address="198.51.100.7").register().status for user in users] == [200, 200, 403]
    assert net.server.refused["registrations"] == 1
    assert net.phone("carol", address="198.51.100.8").register().status == 200


def test_all_addresses_of_an_ipv6_64_count_as_one() -> None:
    net = Net(replace(PHONE_LIMITS, devices_per_address=2))
    phones = [net.phone(user, address=f"2001:db8::{n}") for n, user in enumerate(("alice", "bob", "carol"))]
    assert [phone.register().status for phone in phones] == [200, 200, 403]
    assert net.phone("carol", address="2001:db8:0:1::1").register().status == 200


def test_place_of_a_device_is_free_again_when_it_goes() -> None:
    net = Net(replace(PHONE_LIMITS, devices_per_address=1))
    net.registered("alice", address="198.51.100.7").cut()
    bob = net.registered("bob", address="198.51.100.7")
    assert net.server.online() == ["bob"]
    bob.register(expires=0)
    assert net.registered("carol", address="198.51.100.7").responses()[-1].status == 200


def test_account_has_a_limited_number_of_calls() -> None:
    net = Net(replace(PHONE_LIMITS, calls_per_account=2))
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    ringing = alice.invite("bob")
    refused = alice.invite("bob")
    assert [alice.response(each).status for each in (ringing, refused)] == [100, 486]
    assert net.server.refused["calls"] == 1
    alice.send(alice.within("BYE", answered, 20))
    bob.answer(bob.last("BYE"))
    assert alice.response(alice.invite("bob")).status == 100


def timed_call(net: Net, value: str) -> tuple[Phone, Phone, SipResponse]:
    """A call whose 2xx has this Session-Expires."""
    alice, bob = net.registered("alice"), net.registered("bob")
    invite = alice.invite("bob")
    extra = [("Record-Route", each) for each in bob.last("INVITE").headers.values("record-route")]
    extra += [("Contact", f"<{bob.contact}>"), ("Session-Expires", value)]
    bob.send(bob.last("INVITE").answer(200, to_tag="b", extra=extra))
    answered = alice.response(invite)
    alice.send(alice.within("ACK", answered, 1))
    return alice, bob, answered


def test_call_whose_session_timer_has_run_out_is_not_counted() -> None:
    net = Net()
    timed_call(net, "120;refresher=uac")
    net.wait(120 + LIFETIME - 1)
    assert net.server.calls_in_progress == 1
    net.wait(2)
    assert net.server.calls_in_progress == 0


@pytest.mark.parametrize("value", ["", "soon", "-1"])
def test_call_without_a_valid_session_timer_is_counted_for_hours(value: str) -> None:
    net = Net()
    timed_call(net, value)
    net.wait(SILENT_S - 1)
    assert net.server.calls_in_progress == 1
    net.wait(2)
    assert net.server.calls_in_progress == 0


def test_session_timer_that_is_too_short_counts_as_the_shortest() -> None:
    net = Net()
    timed_call(net, "1")
    net.wait(MIN_SESSION_S + LIFETIME - 1)
    assert net.server.calls_in_progress == 1


def test_each_refresh_sets_how_long_a_call_is_counted() -> None:
    net = Net()
    alice, bob, answered = timed_call(net, "90")
    for number, expires in ((7, "600"), (8, "90")):
        alice.send(alice.within("UPDATE", answered, number, ("Session-Expires", expires)))
        bob.send(bob.last("UPDATE").answer(200, extra=[("Session-Expires", expires)]))
        net.wait(int(expires) + LIFETIME - 1)
        assert net.server.calls_in_progress == 1
    net.wait(2)
    assert net.server.calls_in_progress == 0


def test_busy_server_refuses_new_requests_but_ends_calls() -> None:
    net = Net(replace(PHONE_LIMITS, transactions=4))
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    first = alice.invite("bob")
    refused = alice.invite("bob")
    assert alice.response(refused).status == 503
    assert net.server.refused["transactions"] == 1
    bye = alice.within("BYE", answered, 20)
    alice.send(bye)
    bob.answer(bob.last("BYE"))
    assert alice.response(bye).status == 200
    bob.answer(bob.last("INVITE"), 486)
    assert alice.response(first).status == 486


def test_slow_lookups_of_one_connection_are_bounded() -> None:
    net = Net(replace(PHONE_LIMITS, lookups_per_connection=2))
    net.hold_lookups = True
    alice = net.phone("alice")
    challenge = alice.ask(alice.request("MESSAGE", "bob"))
    for _ in range(5):
        alice.send(alice.request("MESSAGE", "bob", ("Proxy-Authorization", alice.credentials(challenge, "MESSAGE"))))
    assert len(net.held) == 2
    net.release_lookups()
    assert alice.statuses() == [407, 480, 407]


def test_messages_kept_for_a_device_that_is_away_are_bounded() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, _, _ = call(alice, bob)
    bob.cut()
    for number in range(20, 70):
        alice.send(alice.within("INFO", answered, number))
    bob.connect()
    bob.register()
    assert [each.cseq.number for each in bob.requests("INFO")] == list(range(38, 70))


def test_calls_of_an_account_are_counted_one_by_one() -> None:
    net = Net(replace(PHONE_LIMITS, calls_per_account=2))
    alice, bob = net.registered("alice"), net.registered("bob")
    first, _, _ = call(alice, bob)
    call(alice, bob)
    alice.send(alice.within("BYE", first, 20))
    bob.answer(bob.last("BYE"))
    third, fourth = alice.invite("bob"), alice.invite("bob")
    assert [alice.response(each).status for each in (third, fourth)] == [100, 486]


def test_limits_per_address_do_not_apply_to_addresses_that_a_proxy_hides() -> None:
    net = Net(
        replace(PHONE_LIMITS, address_rate=1, address_burst=2, wrong_rate=1, wrong_burst=2, devices_per_address=1)
    )
    for user in ("alice", "bob", "carol"):
        phone = net.phone(user, address="hidden")
        assert phone.register(password="wrong").status == 401
        assert phone.register().status == 200


def test_requests_that_are_never_answered_leave_nothing_behind() -> None:
    net = Net(replace(PHONE_LIMITS, address_rate=1, address_burst=5, lookups_per_connection=2))
    for _ in range(50):
        phone = net.phone("alice", "udp", address="198.51.100.7")
        phone.send(phone.request("REGISTER", "alice"))
    assert net.server.state_sizes() == {}
    assert net.server.refused["address-rate"] == 45


def test_lookups_beyond_the_limit_and_of_closed_connections_leave_nothing_behind() -> None:
    net = Net(replace(PHONE_LIMITS, lookups_per_connection=2))
    alice = net.phone("alice")
    challenge = alice.ask(alice.request("MESSAGE", "bob"))
    net.hold_lookups = True
    for _ in range(5):
        alice.send(alice.request("MESSAGE", "bob", ("Proxy-Authorization", alice.credentials(challenge, "MESSAGE"))))
    alice.cut()
    net.release_lookups()
    assert net.server.state_sizes() == {}


def test_request_that_is_sent_again_while_its_account_is_looked_up_is_handled_once() -> None:
    net = Net()
    alice, bob = net.phone("alice", "udp"), net.registered("bob")
    challenge = alice.ask(alice.request("MESSAGE", "bob"))
    net.hold_lookups = True
    message = alice.request("MESSAGE", "bob", ("Proxy-Authorization", alice.credentials(challenge, "MESSAGE")))
    alice.send(message)
    alice.send(message)
    net.release_lookups()
    assert len(bob.requests("MESSAGE")) == 1
    assert alice.statuses() == [407]


def test_refusals_are_not_bounded_by_memory_but_by_rate() -> None:
    net = Net(replace(PHONE_LIMITS, address_rate=1, address_burst=5, transactions=1))
    phone = net.phone("alice", "udp")
    for _ in range(10):
        request = phone.request("INVITE", "bob")
        phone.send(request.with_(headers=request.headers.replaced("Max-Forwards", "0")))
    assert phone.statuses() == [483] * 5
    assert net.server.transactions == 0


def test_names_of_strangers_are_not_learned() -> None:
    net = Net()
    for number in range(300):
        net.phone("alice").connect(host=f"name{number}.example")
    alice = net.phone("alice")
    alice.connect(host="real.example")
    alice.register()
    bob = net.registered("bob")
    bob.send(bob.request("MESSAGE", "alice", uri="sip:alice@real.example"))
    assert len(alice.requests("MESSAGE")) == 1
    assert bob.ask(bob.request("MESSAGE", "alice", uri="sip:alice@name1.example")).status == 404
