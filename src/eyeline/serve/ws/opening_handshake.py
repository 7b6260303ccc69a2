"""The WebSocket opening handshake of a server (RFC 6455, 4.2): what must be in the request, and the responses."""

import hashlib
from base64 import b64decode, b64encode
from binascii import Error as InvalidBase64
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from eyeline.serve.websocket import Reject

HeaderLines = Sequence[tuple[bytes, bytes]]
"""Names in lower case, and values."""

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY_BYTES: Final = 16
_VERSION: Final = b"13"
_ACCEPTED: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
)


def fault(method: str, http_version: str, headers: HeaderLines) -> Reject | None:
    """The response to a request that isn't a valid handshake, or None.  The caller has read `Upgrade`."""
    if method != "GET":
        return _refusal(405, "The method must be GET.", (b"allow", b"GET"))
    if http_version != "1.1":
        return _refusal(505, "The HTTP version must be 1.1.")
    if _values(headers, b"sec-websocket-version") != [_VERSION]:
        return _refusal(426, "The Sec-WebSocket-Version must be 13.", (b"sec-websocket-version", _VERSION))
    keys = _values(headers, b"sec-websocket-key")
    if len(keys) != 1 or not _is_key(keys[0]):
        return _refusal(400, "There must be one Sec-WebSocket-Key, 16 bytes in Base64.")
    return None


def subprotocols(headers: HeaderLines) -> list[str]:
    """The subprotocols that the client offers, the preferred one first."""
    offered = b",".join(_values(headers, b"sec-websocket-protocol")).decode("latin-1").split(",")
    return [name for each in offered if (name := each.strip())]


def accepted(headers: HeaderLines, subprotocol: str, more: HeaderLines) -> bytes:
    """The response that accepts a handshake without `fault`."""
    (key,) = _values(headers, b"sec-websocket-key")
    accept = b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    protocol = b"\r\nSec-WebSocket-Protocol: " + subprotocol.encode()
    return b"".join((_ACCEPTED, accept, protocol, b"\r\n", *_lines(more), b"\r\n"))


def refused(answer: Reject, more: HeaderLines) -> bytes:
    """The response that refuses a handshake; the connection must be closed after it."""
    status = b"HTTP/1.1 %d %s\r\n" % (answer.status, HTTPStatus(answer.status).phrase.encode())
    close = (b"connection", b"close")
    return b"".join((status, *_lines((*answer.headers, *more, close)), b"\r\n", answer.body))


def _values(headers: HeaderLines, wanted: bytes) -> list[bytes]:
    return [value.strip() for name, value in headers if name == wanted]


def _is_key(key: bytes) -> bool:
    try:
        return len(b64decode(key, validate=True)) == _KEY_BYTES
    except InvalidBase64:
        return False


def _refusal(status: int, why: str, *headers: tuple[bytes, bytes]) -> Reject:
    body = f"This isn't a WebSocket handshake: {why}\n".encode()
    kind, size = (b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))
    return Reject(status, [kind, size, *headers], body)


def _lines(headers: HeaderLines) -> list[bytes]:
    return [name + b": " + value + b"\r\n" for name, value in headers]
