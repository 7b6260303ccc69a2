"""Responses with files that are kept in memory: encodings, validators, and the headers of each."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Literal, NamedTuple

from starlette.datastructures import Headers
from starlette.types import Scope, Send

from eyeline.serve.http.content_negotiation import Encoding, preferred, unchanged

HeaderField = tuple[bytes, bytes]

TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".html": b"text/html; charset=utf-8",
    ".ico": b"image/x-icon",
    ".js": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".mp3": b"audio/mpeg",
    ".ogg": b"audio/ogg",
    ".png": b"image/png",
    ".svg": b"image/svg+xml",
    ".ts": b"text/plain; charset=utf-8",  # to read in a browser; the type registered for .ts is a video
    ".txt": b"text/plain; charset=utf-8",
    ".wasm": b"application/wasm",
    ".webmanifest": b"application/manifest+json",
    ".webp": b"image/webp",
    ".woff2": b"font/woff2",
}
"""The content type of each kind of file."""

_ALWAYS: tuple[HeaderField, ...] = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))
SAME_ORIGIN: HeaderField = (b"cross-origin-resource-policy", b"same-origin")
IMMUTABLE: tuple[HeaderField, ...] = ((b"cache-control", b"public, max-age=31536000, immutable"), SAME_ORIGIN)
"""For a file with a hash of its content in its name."""
REVALIDATE: tuple[HeaderField, ...] = ((b"cache-control", b"no-cache"), SAME_ORIGIN)
"""For a file that changes with the server's version."""


class Body(NamedTuple):
    """The content of a file in one encoding, with its entity tag."""

    content: bytes
    etag: str


class File(NamedTuple):
    """One file in all its encodings, with the headers that they share."""

    bodies: Mapping[Encoding, Body]
    headers: tuple[HeaderField, ...]


def body(content: bytes) -> Body:
    """The content with an entity tag made from it."""
    return Body(content, f'"{b64encode(hashlib.sha256(content).digest()[:15], b"-_").decode()}"')


def varies(bodies: Mapping[Encoding, Body]) -> tuple[HeaderField, ...]:
    """The header `Vary`, if there is a choice."""
    return ((b"vary", b"accept-encoding"),) if len(bodies) > 1 else ()


async def send_file(scope: Scope, send: Send, status: Literal[200, 404], file: File) -> None:
    """Send a file in the encoding that the client prefers, or 304 if it has that one."""
    asked = Headers(scope=scope)
    encoding = preferred(asked.get("accept-encoding", ""), file.bodies)
    body = file.bodies[encoding]
    headers = [*file.headers, (b"etag", body.etag.encode())]
    if status == 200 and unchanged(asked.get("if-none-match", ""), body.etag):
        await answer(scope, send, 304, headers, None)
        return
    if encoding != "identity":
        headers.append((b"content-encoding", encoding.encode()))
    await answer(scope, send, status, headers, body.content)


async def answer(scope: Scope, send: Send, status: int, headers: list[HeaderField], body: bytes | None) -> None:
    """Send a response.  `None` means without content (304); HEAD gets the same headers as GET."""
    length = [] if body is None else [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": [*_ALWAYS, *headers, *length]})
    sent = b"" if body is None or scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": sent})
