"""Signalling messages: decode is total, encode is its inverse, and every limit is exact."""

import json
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from eyeline.signalling.codec import decode, decode_from_broker, encode
from eyeline.signalling.messages import (
    MESSAGE_BYTES_MAX,
    Count,
    DisplayName,
    FromBroker,
    Hello,
    Join,
    JoinPass,
    Leave,
    Payload,
    PeerId,
    Ping,
    Resume,
    ResumeToken,
    RoomName,
    Signal,
    ToBroker,
)
from eyeline.signalling.refusals import REFUSALS, Code, Refusal

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SHAPES: dict[object, st.SearchStrategy[Any]] = {
    RoomName: st.text("az09-", min_size=1, max_size=64),
    DisplayName: st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=64),
    PeerId: st.text("azAZ09_-", min_size=8, max_size=32),
    ResumeToken: TEXT,
    JoinPass: TEXT,
    Payload: TEXT,
    Count: st.integers(0, 2**53 - 1),
    str: TEXT,
    bool: st.booleans(),
    type(None): st.none(),
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of the type of a field or a message."""
    if hint in SHAPES:
        return SHAPES[hint]
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) is tuple:
        return st.lists(values(get_args(hint)[0]), max_size=2).map(tuple)
    if isinstance(hint, type) and issubclass(hint, Struct):
        return st.builds(hint, **{name: values(part) for name, part in get_type_hints(hint).items()})
    return st.one_of([values(part) for part in get_args(hint)])


def code_of(text: str | bytes) -> Code | None:
    """The code of the refusal, or None if the frame is accepted.  Any other exception is raised."""
    try:
        message = decode(text)
    except Refusal as refusal:
        return refusal.code
    assert isinstance(message, ToBroker)
    return None


TO_BROKER = st.deferred(lambda: values(ToBroker))
FROM_BROKER = st.deferred(lambda: values(FromBroker))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
TAGS = ["hello", "join", "resume", "signal", "leave", "ping", "pong", "joined", "", 1, None]
FIELDS = ["room", "name", "token", "heard", "to", "n", "data", "from"]
near_messages = st.builds(
    lambda tag, fields: {"type": tag} | fields,
    st.sampled_from(TAGS),
    st.dictionaries(st.sampled_from(FIELDS), json_values | values(Count) | values(PeerId), max_size=5),
)


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=100)
def test_any_bytes_are_a_message_or_a_refusal(frame: bytes) -> None:
    assert code_of(frame) in {None, "malformed", "invalid", "unknown-type"}


@given(st.text(st.characters(), max_size=200))  # including lone surrogates
@settings(deadline=None)
def test_any_text_is_a_message_or_a_refusal(frame: str) -> None:
    assert code_of(frame) in {None, "malformed", "invalid", "unknown-type"}


@given(near_messages | json_values)
@settings(deadline=None, max_examples=150)
def test_any_json_is_a_message_or_a_refusal_other_than_bad_json(value: object) -> None:
    codes = {None, "invalid", "unknown-type"}
    if any(word in json.dumps(value) for word in ("NaN", "Infinity", "\\ud")):  # not JSON for us
        codes.add("malformed")

    assert code_of(json.dumps(value)) in codes


@given(TO_BROKER)
@settings(deadline=None, max_examples=100)
def test_broker_decodes_what_a_client_encodes(message: ToBroker) -> None:
    assert decode(encode(message)) == message
    assert decode(encode(message).encode()) == message


@given(FROM_BROKER)
@settings(deadline=None, max_examples=100)
def test_client_decodes_what_the_broker_encodes(message: FromBroker) -> None:
    assert decode_from_broker(encode(message)) == message


@given(FROM_BROKER)
@settings(deadline=None)
def test_json_names_are_camel_case_and_absent_options_are_omitted(message: FromBroker) -> None:
    def look(value: Any) -> None:
        assert value is not None
        for key, inner in value.items() if isinstance(value, dict) else ():
            assert key.isascii()
            assert "_" not in key
            look(inner)

    look(json.loads(encode(message)))


def a_signal(payload: str) -> str:
    """A signal, in JSON as browsers write it."""
    return json.dumps({"type": "signal", "to": "alice-0001", "n": 1, "data": payload}, ensure_ascii=False)


def test_message_of_64_kib_is_accepted_and_one_byte_more_is_refused() -> None:
    frame = '{"type":"ping"}'
    padded = frame + " " * (MESSAGE_BYTES_MAX - len(frame))

    assert decode(padded) == decode(padded.encode()) == Ping()
    assert code_of(padded + " ") == code_of((padded + " ").encode()) == "too-large"


def test_size_is_measured_in_utf_8_bytes() -> None:
    assert code_of(a_signal("é" * 30_000)) is None
    assert code_of(a_signal("é" * 33_000)) == "too-large"


def test_size_of_text_with_lone_surrogates_is_measured() -> None:
    assert code_of("\ud800" * MESSAGE_BYTES_MAX) == "malformed"
    assert code_of("\ud800" * (MESSAGE_BYTES_MAX + 1)) == "too-large"


def test_payload_has_at_most_60_ki_characters() -> None:
    assert code_of(a_signal("x" * 60 * 1024)) is None
    assert code_of(a_signal("x" * (60 * 1024 + 1))) == "invalid"


@pytest.mark.parametrize("name", ["a" * 64, "💜" * 64, "Zoë", "a b", "<b>", "O'Neil", "李雷", "עדי"])
def test_ordinary_names_are_accepted(name: str) -> None:
    assert decode(json.dumps({"type": "join", "name": name})) == Join(DisplayName(name))


@pytest.mark.parametrize("name", ["\u3164", "\u2800 ", "\u00ad", "\u200d", "\ufe0f", "\U000e0041\U000e007f"])
def test_invisible_names_are_refused(name: str) -> None:
    assert code_of(json.dumps({"type": "join", "name": name})) == "invalid"
    assert decode(json.dumps({"type": "join", "name": f"A{name}"})) == Join(DisplayName(f"A{name}"))


@pytest.mark.parametrize("name", ["", "a" * 65, " ", "\u00a0\u3000", "a\n", "\x7f", "\u202ebob", "a\u2066b", "\u200e"])
def test_empty_long_and_deceptive_names_are_refused(name: str) -> None:
    assert code_of(json.dumps({"type": "join", "name": name})) == "invalid"


@pytest.mark.parametrize("room", ["a", "a" * 64, "tea-room-7", "-", "0"])
def test_valid_room_names_are_accepted(room: str) -> None:
    assert decode(json.dumps({"type": "hello", "room": room})) == Hello(RoomName(room))


@pytest.mark.parametrize("room", ["", "a" * 65, "Tea", "tea room", "tea\n", "té", "tea/milk", "..", "tea_room"])
def test_invalid_room_names_are_refused(room: str) -> None:
    assert code_of(json.dumps({"type": "hello", "room": room})) == "invalid"


@pytest.mark.parametrize("peer", ["a" * 7, "a" * 33, "alice 0001", "alice-0001\n", "älice-0001"])
def test_invalid_peer_ids_are_refused(peer: str) -> None:
    assert code_of(json.dumps({"type": "signal", "to": peer, "n": 1, "data": ""})) == "invalid"


@pytest.mark.parametrize(("heard", "code"), [(0, None), (2**53 - 1, None), (2**53, "invalid"), (-1, "invalid")])
def test_count_accepts_every_safe_javascript_integer(heard: int, code: Code | None) -> None:
    assert code_of(json.dumps({"type": "resume", "token": "", "name": "Alice", "heard": heard})) == code


@pytest.mark.parametrize("heard", ["1", "1.0", "true", "null", '"1"', "1e3", "9" * 400, "[1]"])
def test_count_that_is_not_a_safe_integer_is_refused(heard: str) -> None:
    frame = f'{{"type":"resume","token":"t","name":"Alice","heard":{heard}}}'

    assert code_of(frame) == (None if heard == "1" else "invalid")


def test_token_has_at_most_2048_characters() -> None:
    assert code_of(encode(Resume(ResumeToken("t" * 2048), DisplayName("Alice"), Count(0)))) is None
    assert code_of(encode(Resume(ResumeToken("t" * 2049), DisplayName("Alice"), Count(0)))) == "invalid"


@pytest.mark.parametrize("opening", ['{"type":"join","x":' + "[" * 60_000, '{"a":' * 12_000])
def test_deep_nesting_is_refused_without_a_crash(opening: str) -> None:
    assert code_of(opening) == "malformed"


@pytest.mark.parametrize("extra", ['"x":1', '"x":{"y":[null]}', '"Type":"join"', '"":""'])
def test_unknown_fields_are_ignored(extra: str) -> None:
    assert decode(f'{{{extra},"type":"leave"}}') == decode(f'{{"type":"leave",{extra}}}') == Leave()


def test_refusal_names_the_field_that_is_wrong() -> None:
    with pytest.raises(Refusal, match="The field heard is wrong: expected `int`, got `str`"):
        decode('{"type":"resume","token":"t","name":"Alice","heard":"x"}')
    with pytest.raises(Refusal, match="missing required field `name`"):
        decode('{"type":"join"}')


def test_refusal_does_not_repeat_what_was_sent() -> None:
    for frame in ('{"type":"secret"}', '{"type":"hello","room":"SECRET"}', '{"type":"join","name":"\\u0000secret"}'):
        with pytest.raises(Refusal) as caught:
            decode(frame)
        assert "secret" not in caught.value.message.lower()


@pytest.mark.parametrize("data", ["`type`", " - at `$.type`"])
def test_type_inside_a_signals_data_is_not_the_message_type(data: str) -> None:
    assert decode(a_signal(data)) == Signal(PeerId("alice-0001"), Count(1), Payload(data))


def test_close_codes_are_in_the_private_range() -> None:
    closing = {row.closes for row in REFUSALS.values() if row.closes is not None}

    assert all(code == 1009 or 4000 <= code <= 4999 for code in closing)


def test_json_is_read_as_the_page_of_the_protocol_says() -> None:
    assert decode('{"type": "signal", "to": "bob-0001", "n": 1, "n": 2, "data": ""}') == Signal(
        PeerId("bob-0001"), Count(2), Payload("")
    )
    assert decode('{"type": "hello", "room": "tea", "pass": null}') == Hello(RoomName("tea"))
    for wrong in ('"to": "bob-0001", "n": 1.0', '"to": "nobody", "n": 1'):
        with pytest.raises(Refusal, match=r"^The field (n|to) "):
            decode(f'{{"type": "signal", {wrong}, "data": ""}}')
