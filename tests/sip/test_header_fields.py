"""Values of SIP header fields: addresses, Via, CSeq, parameters and lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyeline.sip.header_fields import CSEQ_LIMIT, CSeq, NameAddress, Via, parse_number, split_list, unquote


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("sip:a@x;tag=1", NameAddress("sip:a@x", {"tag": "1"})),
        ("<sip:a@x;transport=ws>;tag=1", NameAddress("sip:a@x;transport=ws", {"tag": "1"})),
        ("Alice  B <sip:a@x>", NameAddress("sip:a@x", {}, "Alice  B")),
        ("caller<sip:a@x>", NameAddress("sip:a@x", {}, "caller")),
        (r'"A \"B\" \\" <sip:a@x> ; TAG = 1 ;lr', NameAddress("sip:a@x", {"tag": "1", "lr": ""}, 'A "B" \\')),
        ('"" <tel:+1>', NameAddress("tel:+1")),
        ('<sip:a@x>;+sip.instance="<urn:uuid:1>"', NameAddress("sip:a@x", {"+sip.instance": '"<urn:uuid:1>"'})),
    ],
)
def test_an_address_is_parsed(value: str, address: NameAddress) -> None:
    assert NameAddress.parse(value) == address


@pytest.mark.parametrize(
    "value",
    [
        *("", "*", "sip", "a@x", "<>", "<sip:a@x", '"A <sip:a@x>', "A, B <sip:a@x>", "< sip:a@x >", "<sip:a@x>;;tag=1"),
        *("sip:a@x?Route=b", "sip:a,b@x", "<sip:a@x>;tag=1;tag=2", "<sip:a@x>;tag=", "<sip:a@x> x", '<sip:a"@x>'),
    ],
)
def test_an_invalid_address_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        NameAddress.parse(value)


def test_a_via_is_parsed_with_any_space() -> None:
    via = Via.parse("SIP  / 2.0 / tcp\t [2001:db8::9] : 5070 ; branch = z9hG4bKx;rport")
    assert via == Via("TCP", "[2001:db8::9]", 5070, {"branch": "z9hG4bKx", "rport": ""})
    assert str(via) == "SIP/2.0/TCP [2001:db8::9]:5070;branch=z9hG4bKx;rport"


@pytest.mark.parametrize(
    "value", ["", "SIP/2.0/UDP", "SIP/3.0/UDP x", "SIP/2.0/UDP x;;", "SIP/2.0/UDP x:0", "SIP/2.0/UDP x:65536"]
)
def test_an_invalid_via_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Via.parse(value)


@pytest.mark.parametrize(
    ("branch", "unique"), [("z9hG4bK1", True), ("Z9HG4BK1", True), ("z9hG4bK", False), ("1", False)]
)
def test_a_branch_is_unique_if_it_has_the_magic_cookie_and_more(branch: str, unique: bool) -> None:
    assert Via("UDP", "x", None, {"branch": branch}).is_unique is unique


def test_a_via_says_where_its_request_came_from() -> None:
    asked = Via.parse("SIP/2.0/UDP x.invalid;rport;branch=b").received_from("192.0.2.1", 1234)
    assert str(asked) == "SIP/2.0/UDP x.invalid;rport=1234;branch=b;received=192.0.2.1"
    assert "rport" not in Via.parse("SIP/2.0/UDP x.invalid;branch=b").received_from("192.0.2.1", 1234).params


def test_a_cseq_number_is_below_two_to_the_31() -> None:
    assert CSeq.parse(f"{CSEQ_LIMIT - 1}  INVITE") == CSeq(CSEQ_LIMIT - 1, "INVITE")
    for value in (f"{CSEQ_LIMIT} INVITE", "1INVITE", "1", "-1 INVITE", "9" * 5000 + " INVITE"):
        with pytest.raises(ValueError, match=r"."):
            CSeq.parse(value)


@pytest.mark.parametrize("value", ["", "-1", "+1", "1.0", "٣", "256", "9" * 5000])
def test_a_number_has_decimal_digits_and_a_limit(value: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_number(value, 255)


def test_a_list_is_split_at_commas_outside_of_quotes_and_brackets() -> None:
    assert split_list('a, "b, c" <d,e>,, f ') == ["a", '"b, c" <d,e>', "f"]
    assert split_list('a, "b, c') == ["a", '"b, c']
    assert split_list(" ") == []


@given(st.text(alphabet='ab,"<>\\ ', max_size=30))
def test_any_list_is_split(value: str) -> None:
    assert all(each == each.strip() != "" for each in split_list(value))


def test_a_quoted_string_is_unquoted() -> None:
    assert (unquote(r'"a \"b\""'), unquote("a"), unquote('"')) == ('a "b"', "a", '"')
