"""Which requests are refused, with which status, and what is passed on."""

import pytest
from tests.sip.phones import DOMAIN, OFFER, Net, Phone, account

from eyeline.sip.message import SipRequest

PLAIN = b"v=0\r\nm=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"


def asked(phone: Phone, request: SipRequest) -> int:
    """The status of the last response to a request."""
    return phone.ask(request).status


def test_spoofed_from_is_403() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    assert asked(alice, alice.request("INVITE", "bob", sender="carol")) == 403
    assert bob.requests() == []


def test_right_password_for_another_address_is_403() -> None:
    net = Net()
    alice = net.phone("alice")
    challenge = alice.ask(alice.request("MESSAGE", "bob", sender="carol"))
    assert challenge.status == 407
    credentials = ("Proxy-Authorization", alice.credentials(challenge, "MESSAGE"))
    assert asked(alice, alice.request("MESSAGE", "bob", credentials, sender="carol")) == 403


def test_nobody_registers_for_another_person() -> None:
    net = Net()
    alice = net.phone("alice")
    challenge = alice.ask(alice.request("REGISTER", "bob", uri=f"sip:{DOMAIN}"))
    contact = ("Contact", f"<{alice.contact}>")
    credentials = ("Authorization", alice.credentials(challenge, "REGISTER"))
    assert asked(alice, alice.request("REGISTER", "bob", contact, credentials, uri=f"sip:{DOMAIN}")) == 403
    assert net.server.online() == []


def test_from_of_another_domain_is_403() -> None:
    alice = Net().registered("alice")
    request = alice.request("MESSAGE", "bob")
    headers = request.headers.replaced("From", "<sip:alice@elsewhere.example>;tag=1")
    assert asked(alice, SipRequest("MESSAGE", request.uri, headers)) == 403


@pytest.mark.parametrize(
    ("uri", "status"),
    [
        ("tel:+15550100", 416),
        ("mailto:bob@call.example", 416),
        ("sip:bob@elsewhere.example", 404),
        (f"sip:nobody@{DOMAIN}", 480),
        ("sip:bob@203.0.113.1", 0),
        (f"sips:bob@{DOMAIN}", 416),
        (f"sip:b%6fb@{DOMAIN.upper()};transport=ws", 0),
    ],
)
def test_request_uri(uri: str, status: int) -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    request = alice.request("MESSAGE", "bob", uri=uri)
    alice.send(request)
    assert [each.status for each in alice.responses() if each.via.branch == request.via.branch] == [status][
        : status > 0
    ]
    assert len(bob.requests()) == (status == 0)


def test_max_forwards_0_is_483_and_otherwise_goes_down() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    request = alice.request("MESSAGE", "bob")
    last = SipRequest("MESSAGE", request.uri, request.headers.replaced("Max-Forwards", "0"))
    assert asked(alice, last) == 483
    alice.send(alice.request("MESSAGE", "bob"))
    assert bob.last("MESSAGE").max_forwards == 69


def test_request_without_max_forwards_gets_70() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    request = alice.request("MESSAGE", "bob")
    alice.send(SipRequest("MESSAGE", request.uri, request.headers.without("max-forwards")))
    assert bob.last("MESSAGE").max_forwards == 70


def test_loop_is_482_but_a_spiral_is_not() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    alice.invite("bob")
    got = bob.last("INVITE")
    vias = got.headers.without("content-length").prepended("Via", "SIP/2.0/WS bob.invalid;branch=z9hG4bKagain")
    home = SipRequest("INVITE", f"sip:bob@{DOMAIN}", vias)
    alice.send(home)
    assert alice.response(home).status == 482
    onward = SipRequest(
        "INVITE", f"sip:carol@{DOMAIN}", vias.with_first("Via", "SIP/2.0/WS bob.invalid;branch=z9hG4bKon")
    )
    alice.send(onward)
    assert alice.response(onward).status == 480


def test_proxy_require_is_420() -> None:
    alice = Net().registered("alice")
    answer = alice.ask(alice.request("MESSAGE", "bob", ("Proxy-Require", "foo, bar")))
    assert (answer.status, answer.headers.get("unsupported")) == (420, "foo, bar")


def test_require_is_for_the_callee() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    alice.send(alice.request("MESSAGE", "bob", ("Require", "foo")))
    assert bob.last("MESSAGE").headers.get("require") == "foo"


def test_unknown_method_passes_to_a_user_but_is_405_for_the_server() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    alice.send(alice.request("WHATEVER", "bob"))
    assert bob.last("WHATEVER").method == "WHATEVER"
    answer = alice.ask(alice.request("WHATEVER", "bob", uri=f"sip:{DOMAIN}"))
    assert (answer.status, answer.headers.get("allow")) == (405, "OPTIONS, REGISTER")


def test_preloaded_route_to_a_name_that_the_server_does_not_know_is_ignored() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    alice.send(alice.request("MESSAGE", "bob", ("Route", f"<sip:{DOMAIN};lr>, <sip:10.0.0.1:8443;transport=ws;lr>")))
    assert "route" not in bob.last("MESSAGE").headers


def test_message_that_is_not_answered_is_480() -> None:
    net = Net()
    alice, _ = net.registered("alice"), net.registered("bob")
    message = alice.request("MESSAGE", "bob")
    alice.send(message)
    net.wait(33)
    assert alice.response(message).status == 480


@pytest.mark.parametrize("host", ["meet.local", "Meet.local:8000", "[fd00::1]:8443", "[fd00::1]"])
def test_name_by_which_a_client_reaches_the_server_means_the_server(host: str) -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    name = host.removesuffix(":8000").removesuffix(":8443")
    assert asked(alice, alice.request("MESSAGE", "bob", uri=f"sip:bob@{name}")) == 404
    bob.cut()
    bob.connect(host=host)
    bob.register()
    alice.send(alice.request("MESSAGE", "bob", uri=f"sip:bob@{name}"))
    assert len(bob.requests("MESSAGE")) == 1


def test_publish_is_405() -> None:
    alice = Net().registered("alice")
    assert asked(alice, alice.request("PUBLISH", "alice")) == 405


def test_options_of_the_server_needs_no_password() -> None:
    alice = Net().phone("alice")
    answer = alice.ask(alice.request("OPTIONS", "alice", uri=f"sip:{DOMAIN}"))
    assert answer.status == 200
    assert "INVITE" in answer.headers.first("allow")


def test_options_with_require_is_420() -> None:
    alice = Net().registered("alice")
    assert asked(alice, alice.request("OPTIONS", "alice", ("Require", "foo"), uri=f"sip:{DOMAIN}")) == 420


def test_options_for_json_describes_the_server_to_users_only() -> None:
    net = Net()
    accept = ("Accept", "application/json")
    stranger, alice = net.phone("bob"), net.registered("alice")
    assert asked(stranger, stranger.request("OPTIONS", "bob", accept, uri=f"sip:{DOMAIN}")) == 407
    answer = alice.ask(alice.request("OPTIONS", "alice", accept, uri=f"sip:{DOMAIN}"))
    assert (answer.status, answer.body) == (200, b'{"user":"alice"}')


def test_message_over_64_kib_is_513() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    alice.send(alice.request("MESSAGE", "bob", body=b"x" * 60_000))
    alice.send(alice.request("MESSAGE", "bob").encode().replace(b"\r\n\r\n", b"\r\n\r\n" + b"x" * 66_000))
    assert alice.responses()[-1].status == 513
    assert net.server.refused["size"] == 1
    assert len(bob.requests("MESSAGE")) == 1


def test_credentials_and_claimed_identities_are_not_passed_on() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    extra = [("Authorization", "Digest x"), ("Proxy-Authorization", "Digest x"), ("P-Preferred-Identity", "<sip:x@x>")]
    extra.append(("Remote-Party-ID", '"Carol" <sip:carol@call.example>;screen=yes'))
    alice.invite("bob", *extra, ("P-Asserted-Identity", "<sip:carol@call.example>"))
    got = bob.last("INVITE").headers
    assert {"authorization", "proxy-authorization", "p-preferred-identity", "remote-party-id"}.isdisjoint(got.keys)
    assert got.values("p-asserted-identity") == [f"<sip:alice@{DOMAIN}>"]


def test_source_address_goes_to_the_sender_only() -> None:
    net = Net()
    alice, bob = net.registered("alice", address="198.51.100.7"), net.registered("bob")
    invite = alice.invite("bob")
    assert b"198.51.100.7" not in bob.raw[-1]
    via = alice.response(invite).via
    assert (via.sent_by, via.params["received"]) == (invite.via.sent_by, "198.51.100.7")
    assert "rport" not in via.params


@pytest.mark.parametrize(
    ("via", "answered"),
    [
        ("SIP/2.0/WSS a.invalid;branch=z9hG4bK1", "SIP/2.0/WSS a.invalid;branch=z9hG4bK1;received=198.51.100.7"),
        ("SIP/2.0/WSS a.invalid;received=1.2.3.4;branch=z9hG4bK1", "SIP/2.0/WSS a.invalid;received=198.51.100.7;"),
        ("SIP/2.0/WSS a.invalid ; RECEIVED=1.2.3.4;branch=z9hG4bK1", "SIP/2.0/WSS a.invalid;received=198.51.100.7;"),
        ("SIP/2.0/TCP a:5061;branch=z9hG4bK1, SIP/2.0/TCP b", "SIP/2.0/TCP a:5061;branch=z9hG4bK1;received=198."),
        ("SIP/2.0/TCP a:5061;branch=z9hG4bK1;ttl", "SIP/2.0/TCP a:5061;branch=z9hG4bK1;ttl;received=198.51.100.7"),
    ],
)
def test_received_is_where_the_request_came_from(via: str, answered: str) -> None:
    alice = Net().phone("alice", address="198.51.100.7")
    request = alice.request("OPTIONS", "alice", uri=f"sip:{DOMAIN}")
    alice.send(request.with_(headers=request.headers.replaced("Via", via)))
    assert alice.responses()[-1].headers.values("via")[0].startswith(answered)


def test_rport_is_filled_in_if_it_was_asked_for() -> None:
    net = Net()
    alice = net.phone("alice", "udp")
    request = alice.request("OPTIONS", "alice", uri=f"sip:{DOMAIN}")
    headers = request.headers.with_first("Via", f"{request.headers.first('via')};rport")
    assert alice.ask(SipRequest("OPTIONS", request.uri, headers)).via.params["rport"] == str(40000 + alice.flow_id)


def test_plain_rtp_for_a_browser_is_488_at_once() -> None:
    net = Net()
    desk, page = net.registered("alice", "tcp"), net.registered("bob")
    invite = desk.invite("bob", body=PLAIN)
    answer = desk.response(invite)
    assert answer.status == 488
    assert "DTLS" in answer.headers.first("warning")
    assert page.requests() == []


def test_plain_rtp_rings_the_phones_of_a_user_who_also_has_a_page() -> None:
    net = Net()
    desk, page, phone = net.registered("alice", "tcp"), net.registered("bob"), net.registered("bob", "tls")
    desk.invite("bob", body=PLAIN)
    assert (len(page.requests()), len(phone.requests())) == (0, 1)


@pytest.mark.parametrize("body", [OFFER, b""])
def test_other_offers_pass(body: bytes) -> None:
    net = Net()
    alice, bob = net.registered("alice", "tcp"), net.registered("bob")
    alice.invite("bob", body=body)
    assert bob.last("INVITE").body == body


def test_double_crlf_is_answered_by_one() -> None:
    alice = Net().phone("alice")
    alice.send(b"\r\n\r\n")
    alice.send(b"\r\n")
    assert alice.raw == [b"\r\n"]


def test_malformed_request_is_400_and_malformed_response_is_dropped() -> None:
    alice = Net().phone("alice")
    raw = alice.request("OPTIONS", "alice").encode()
    alice.send(raw.replace(b"Max-Forwards: ", b"Max-Forwards: x"))
    alice.send(b"SIP/2.0 20 OK\r\n\r\n")
    alice.send(b"nonsense")
    alice.send(b"\0" * 50)
    assert [each.status for each in alice.responses()] == [400]


def test_credentials_end_with_their_account() -> None:
    net = Net()
    net.accounts["alice"] = account("alice", ends=1_800_000_000.0 + net.now + 100)
    alice = net.phone("alice")
    assert "expires=100" in alice.register().headers.first("contact")
    net.wait(101)
    assert asked(alice, alice.request("MESSAGE", "bob")) == 407
    assert alice.register().status == 401


def test_removed_account_is_logged_out_at_once() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    net.perform(net.server.revoke("alice", net.now))
    assert (alice.closed, bob.closed) == (True, False)
    assert net.server.online() == ["bob"]


def test_offline_user_is_480_and_unknown_user_too() -> None:
    net = Net()
    alice = net.registered("alice")
    assert [asked(alice, alice.request("INVITE", each)) for each in ("carol", "nobody")] == [480, 480]
