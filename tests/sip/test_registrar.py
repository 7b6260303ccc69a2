"""The registrar and the location service: what REGISTER does, and how long a binding lasts."""

from typing import Final

import pytest

from eyeline.sip.header_fields import NameAddress
from eyeline.sip.location import GRACE_S, KEPT_LONGER_S, Location
from eyeline.sip.message import SipRequest, SipResponse, parse
from eyeline.sip.registrar import DEFAULT_GRANT_S, MAX_BINDINGS, MAX_GRANT_S, MIN_GRANT_S, register

AOR: Final = "alice@example.com"
PAGE: Final = '<sip:k3@j2.invalid;transport=ws>;reg-id=1;+sip.instance="<urn:uuid:1>"'
PHONE: Final = "<sip:alice@192.0.2.7:5061;transport=tls>"


def request(*contacts: str, expires: str = "", call_id: str = "c1", cseq: int = 1, extra: str = "") -> SipRequest:
    lines = [f"Contact: {contact}\r\n" for contact in contacts]
    lines += [f"Expires: {expires}\r\n"] if expires else []
    message = parse(
        (
            "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/WSS j2.invalid;branch=z9hG4bK1\r\n"
            f"From: <sip:{AOR}>;tag=1\r\nTo: <sip:{AOR}>\r\nCall-ID: {call_id}\r\nCSeq: {cseq} REGISTER\r\n"
            f"{''.join(lines)}{extra}Supported: path, outbound\r\n\r\n"
        ).encode()
    )
    assert isinstance(message, SipRequest)
    return message


def sent(
    location: Location, message: SipRequest, now: float = 0.0, flow: int = 1, longest_s: int = 3600
) -> SipResponse:
    answer = register(location, message, AOR, flow, now, longest_s)
    return message.answer(answer.status, answer.reason, to_tag="t", extra=answer.extra)


def granted(response: SipResponse) -> dict[str, int]:
    """The seconds granted to each URI."""
    assert response.status == 200
    addresses = [NameAddress.parse(each) for each in response.headers.all("contact")]
    return {address.uri: int(address.params["expires"]) for address in addresses}


def test_a_registration_is_answered_with_its_contact_instance_and_expiry() -> None:
    answer = sent(Location(), request(PAGE, expires="300"))
    assert answer.status == 200
    assert answer.headers.all("contact") == [
        '<sip:k3@j2.invalid;transport=ws>;+sip.instance="<urn:uuid:1>";reg-id=1;expires=300'
    ]
    assert answer.headers.all("require") == ["outbound"]


def test_a_contact_without_instance_needs_no_outbound() -> None:
    answer = sent(Location(), request("<sip:k3@j2.invalid>;reg-id=1"))
    assert answer.headers.all("contact") == [f"<sip:k3@j2.invalid>;expires={DEFAULT_GRANT_S}"]
    assert "require" not in answer.headers


@pytest.mark.parametrize(
    ("contact", "expires", "seconds"),
    [
        (PHONE, "", DEFAULT_GRANT_S),
        (PHONE, "120", 120),
        (PHONE + ";expires=90", "120", 90),
        (PHONE, "soon", DEFAULT_GRANT_S),
        (PHONE, "99999999999999999999", MAX_GRANT_S),
        (PHONE, str(MIN_GRANT_S), MIN_GRANT_S),
    ],
)
def test_how_long_a_registration_lasts(contact: str, expires: str, seconds: int) -> None:
    assert list(granted(sent(Location(), request(contact, expires=expires))).values()) == [seconds]


def test_a_token_limits_the_time() -> None:
    location = Location()
    assert list(granted(sent(location, request(PHONE), longest_s=45)).values()) == [45]
    assert sent(location, request(PHONE, expires="44", cseq=2), longest_s=45).status == 423


def test_too_short_a_time_gets_423_with_the_minimum() -> None:
    location = Location()
    answer = sent(location, request(PHONE, expires="59"))
    assert (answer.status, answer.headers.get("min-expires"), location.bindings(AOR)) == (423, "60", [])


def test_a_binding_lives_longer_than_granted() -> None:
    location = Location()
    sent(location, request(PHONE, expires="60"))
    assert location.wake(60 + KEPT_LONGER_S - 1) == []
    assert location.is_online(AOR)
    end = location.next_wake()
    assert end is not None
    assert 60 + KEPT_LONGER_S <= end <= 60 + KEPT_LONGER_S + 1
    assert location.wake(end) == [AOR]
    assert (len(location), location.next_wake()) == (0, None)


def test_a_refresh_replaces_the_binding() -> None:
    location = Location()
    sent(location, request(PHONE, expires="60"))
    sent(location, request(PHONE, expires="60", cseq=2), now=50.0)
    assert location.wake(100.0) == []
    assert granted(sent(location, request(), now=100.0)) == {PHONE[1:-1]: 10}


def test_a_new_connection_of_a_device_replaces_its_old_one() -> None:
    location = Location()
    sent(location, request(PAGE), flow=1)
    sent(location, request(PAGE.replace("k3", "k4"), call_id="c2"), flow=2)
    [binding] = location.bindings(AOR)
    assert (binding.flow_id, binding.contact, binding.device) == (2, "sip:k4@j2.invalid;transport=ws", '"<urn:uuid:1>"')
    assert location.close_flow(1, 1.0) == []


def test_a_device_with_two_flows_is_called_once_over_the_newest() -> None:
    location = Location()
    sent(location, request(PAGE), flow=1)
    sent(location, request(PAGE.replace("reg-id=1", "reg-id=2"), call_id="c2"), flow=2, now=1.0)
    assert [each.flow_id for each in location.bindings(AOR)] == [2]
    location.close_flow(2, 2.0)
    assert [each.flow_id for each in location.bindings(AOR)] == [1]


def test_a_device_is_not_called_after_its_connection_has_closed() -> None:
    location = Location()
    sent(location, request(PAGE), flow=1)
    sent(location, request(PHONE, call_id="c2"), flow=2)
    assert location.close_flow(1, 10.0) == []
    assert [each.contact for each in location.bindings(AOR)] == [PHONE[1:-1]]
    assert location.find(AOR, '"<urn:uuid:1>"') is None
    assert location.close_flow(2, 10.0) == [AOR]


def test_a_device_that_comes_back_is_found_under_its_new_connection() -> None:
    location = Location()
    sent(location, request(PAGE), flow=1)
    location.close_flow(1, 10.0)
    sent(location, request(PAGE, call_id="c2"), flow=5, now=12.0)
    found = location.find(AOR, '"<urn:uuid:1>"')
    assert found is not None
    assert found.flow_id == 5
    assert location.wake(10.0 + GRACE_S + 1) == []
    assert location.online() == [AOR]


def test_a_closed_connection_is_forgotten_after_the_grace() -> None:
    location = Location()
    sent(location, request(PAGE), flow=1)
    location.close_flow(1, 10.0)
    end = location.next_wake()
    assert end is not None
    assert 10 + GRACE_S <= end <= 11 + GRACE_S
    assert location.wake(end) == []
    assert len(location) == 0


def test_a_contact_is_removed_by_expires_0() -> None:
    location = Location()
    sent(location, request(PHONE))
    sent(location, request(PAGE, cseq=2))
    assert list(granted(sent(location, request(PHONE + ";expires=0", cseq=3)))) == ["sip:k3@j2.invalid;transport=ws"]
    assert granted(sent(location, request(PAGE, expires="0", cseq=4))) == {}


def test_a_star_removes_everything() -> None:
    location = Location()
    sent(location, request(PHONE))
    sent(location, request(PAGE, cseq=2))
    assert granted(sent(location, request("*", expires="0", cseq=3))) == {}
    assert location.all(AOR) == []


@pytest.mark.parametrize(
    ("contacts", "expires"),
    [
        (["*"], ""),
        (["*"], "60"),
        (["*", PHONE], "0"),
        ([PHONE, PHONE], ""),
        (["<tel:+1>"], ""),
        (["<sip:a@x?Route=b>"], ""),
        (["sip:a@x?Route=b"], ""),
        (["<sip:a@x"], ""),
        (["<sip:a@x>;reg-id=x"], ""),
        ([f"<sip:{'a' * 1024}@x>"], ""),
        ([PAGE, PAGE.replace("reg-id=1", "reg-id=2")], ""),
    ],
)
def test_an_invalid_contact_gets_400_and_changes_nothing(contacts: list[str], expires: str) -> None:
    location = Location()
    sent(location, request("<sip:before@x>", call_id="c0"))
    assert sent(location, request(*contacts, expires=expires)).status == 400
    assert [each.contact for each in location.all(AOR)] == ["sip:before@x"]


def test_an_older_request_of_the_same_call_gets_400() -> None:
    location = Location()
    sent(location, request(PHONE, cseq=5))
    for message in (request(PHONE, cseq=4), request(PHONE, cseq=5), request("*", expires="0", cseq=5)):
        assert sent(location, message).status == 400
    assert sent(location, request(PHONE, cseq=1, call_id="c2")).status == 200


def test_reg_id_behind_another_proxy_gets_439() -> None:
    behind = request(PAGE, extra="Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK2\r\n")
    assert sent(Location(), behind).status == 439


def test_a_user_has_a_limited_number_of_bindings() -> None:
    location = Location()
    for number in range(MAX_BINDINGS):
        assert sent(location, request(f"<sip:a{number}@x>", call_id=str(number)), flow=number).status == 200
    assert sent(location, request("<sip:more@x>")).status == 403
    assert sent(location, request(*[f"<sip:b{number}@x>" for number in range(MAX_BINDINGS + 1)])).status == 403
    location.close_flow(3, 1.0)
    assert sent(location, request("<sip:more@x>"), flow=11).status == 200
    assert len(location) == MAX_BINDINGS
    assert "sip:a3@x" not in {each.contact for each in location.all(AOR)}


def test_users_do_not_see_one_another() -> None:
    location = Location()
    sent(location, request(PHONE))
    assert register(location, request(), "bob@example.com", 2, 0.0).extra == (("Supported", "outbound"),)
    assert location.bindings("bob@example.com") == []
