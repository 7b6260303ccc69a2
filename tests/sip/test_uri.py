"""SIP URIs: parsing, and which of them name the same resource."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyeline.sip.uri import SipUri, scheme_of, unescape


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("sip:example.com", SipUri("example.com")),
        ("SIPS:Alice@EXAMPLE.com:5061", SipUri("example.com", "Alice", "sips", 5061)),
        ("sip:a;b=1@x;transport=TCP;lr", SipUri("x", "a;b=1", params={"transport": "TCP", "lr": ""})),
        ("sip:alice:secret@x?Subject=hi", SipUri("x", "alice", password="secret", headers="Subject=hi")),
        ("sip:a%40b@[2001:db8::1]:5070", SipUri("[2001:db8::1]", "a%40b", port=5070)),
        ("sip:k3@3j2k.invalid;transport=ws", SipUri("3j2k.invalid", "k3", params={"transport": "ws"})),
    ],
)
def test_a_uri_is_parsed(text: str, uri: SipUri) -> None:
    assert SipUri.parse(text) == uri
    assert SipUri.parse(str(uri)) == uri


@pytest.mark.parametrize(
    "text",
    [
        *("", "sip:", "sip:@x", "tel:+1", "sip:a b@x", "sip:a@x:0", "sip:a@x:65536", "sip:a@x;;lr", "sip:a@x;lr;LR"),
        *("sip:2001:db8::1", "sip:[2001:db8:::1]", "sip:[::1", "sip:a%4@x", "sip:a@x\r\n", "<sip:a@x>", "sip:a@b@x"),
    ],
)
def test_an_invalid_uri_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        SipUri.parse(text)


def test_escapes_in_a_user_stand_for_utf_8() -> None:
    assert SipUri.parse("sip:J%c3%B6rg%40home@x").name == "Jörg@home"
    assert unescape("%ff%00") == "�\0"


# Pairs as in RFC 3261, 19.1.4
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("sip:%61lice@x;transport=TCP", "sip:alice@X;Transport=tcp", True),
        ("sip:carol@x", "sip:carol@x;newparam=5", True),
        ("sip:carol@x;security=on", "sip:carol@x;newparam=5", True),
        ("sip:carol@x;security=on", "sip:carol@x;security=off", False),
        ("sip:ALICE@x", "sip:alice@x", False),
        ("sip:bob@x", "sip:bob@x:5060", False),
        ("sip:bob@x", "sip:bob@x;transport=udp", False),
        ("sip:bob@x", "sips:bob@x", False),
        ("sip:bob@x", "sip:bob@x?Subject=a", False),
    ],
)
def test_which_uris_are_equivalent(one: str, other: str, same: bool) -> None:
    assert SipUri.parse(one).is_equivalent(SipUri.parse(other)) is same
    assert SipUri.parse(other).is_equivalent(SipUri.parse(one)) is same


def test_the_scheme_of_any_uri() -> None:
    assert scheme_of("TEL:+1") == "tel"
    for text in ("", "x", "1a:b", "sip:", "a b:c", "sip:<a>"):
        with pytest.raises(ValueError, match=r"."):
            scheme_of(text)


@given(st.text(alphabet="sip:@;=?%4[].ax1-,", max_size=40))
def test_any_text_is_a_uri_or_refused(text: str) -> None:
    try:
        uri = SipUri.parse("sip:" + text)
    except ValueError:
        return
    assert SipUri.parse(str(uri)) == uri
