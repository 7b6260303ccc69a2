"""Encodes and decodes the messages of the signalling protocol as JSON."""

import msgspec

from eyeline.signalling.messages import MESSAGE_BYTES_MAX, FromBroker, ToBroker
from eyeline.signalling.refusals import Refusal

_to_broker: msgspec.json.Decoder[ToBroker] = msgspec.json.Decoder(ToBroker)
_from_broker: msgspec.json.Decoder[FromBroker] = msgspec.json.Decoder(FromBroker)
_encoder = msgspec.json.Encoder()


def decode(text: str | bytes) -> ToBroker:
    """Decode the message in one frame.

    Whatever the bytes, the only exception is `Refusal`: `too-large`, `malformed` (not JSON), `unknown-type`, or
    `invalid` (a field has the wrong type or exceeds a limit; the text names it).
    """
    size = len(text) if isinstance(text, bytes) or text.isascii() else len(text.encode(errors="replace"))
    if size > MESSAGE_BYTES_MAX:
        raise Refusal("too-large")
    try:
        return _to_broker.decode(text)
    except msgspec.ValidationError as error:
        if str(error).endswith("at `$.type`") or "`type`" in str(error):
            raise Refusal("unknown-type") from None
        raise Refusal("invalid", _describe(error)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Refusal("malformed") from None


def _describe(error: msgspec.ValidationError) -> str:
    expected, _, path = str(error).rpartition(" - at ")
    if not expected:
        return f"{path}."
    field = path.strip("`").removeprefix("$.")
    if "regex" in expected:
        return f"The field {field} has a length or a character that is not allowed."
    return f"The field {field} is wrong: {expected[0].lower()}{expected[1:]}."


def encode(message: FromBroker | ToBroker) -> str:
    """Encode a message as one text frame."""
    return encode_utf8(message).decode()


def encode_utf8(message: FromBroker | ToBroker) -> bytes:
    """Encode a message as the UTF-8 bytes of one text frame."""
    return _encoder.encode(message)


def decode_from_broker(text: str | bytes) -> FromBroker:
    """Decode a broker's message, on the client's side.  Raises `msgspec.DecodeError` if it breaks the protocol."""
    return _from_broker.decode(text)
