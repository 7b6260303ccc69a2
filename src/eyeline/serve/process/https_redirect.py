"""HTTPS redirect on the same port: plain `http://` requests to a TLS port are redirected to `https://`.

`handshake` tells such clients from those that speak TLS.  `Demultiplexer` then answers, closes the connection, and
applies the request timeout.  Port 80 (`acme.http_01`) reads and redirects requests in the same way.
"""

import re
from typing import Final, Literal, NamedTuple

from eyeline.serve.connection_limits import HEAD_BYTES_MAX

_ASKS: Final = (b"GET ", b"HEAD ")
_REQUEST: Final = re.compile(rb"(?:GET|HEAD) (/[!-~]*) HTTP/1\.[01]\r\n")
_HOST: Final = re.compile(rb"\r\nhost:([^\r\n]*+)(?=\r\n)", re.IGNORECASE)
_AUTHORITY: Final = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_ANSWER: Final = (
    b"HTTP/1.1 308 Permanent Redirect\r\nlocation: https://%s%s\r\ncache-control: no-store\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class Target(NamedTuple):
    """What a GET or HEAD request asks for.  Nothing else of the request is copied into an answer."""

    authority: bytes
    """The host, with its port if there is one."""
    path: bytes
    """In printable ASCII, with a slash at its start."""


def answer(head: bytes) -> bytes | None:
    """The redirect for this request head; empty if it isn't a request, None if it is incomplete."""
    target = read_target(head)
    if isinstance(target, Target):
        return redirect(*target)
    return b"" if target == "malformed" else None


def redirect(authority: bytes, path: bytes) -> bytes:
    """The response that redirects to https."""
    return _ANSWER % (authority, path)


def read_target(head: bytes) -> Target | Literal["incomplete", "malformed"]:
    """What this request head asks for, if host and path are valid."""
    if not any(head.startswith(method[: len(head)]) for method in _ASKS):
        return "malformed"
    if b"\r\n\r\n" not in head:
        return "incomplete" if len(head) <= HEAD_BYTES_MAX else "malformed"
    head = head.partition(b"\r\n\r\n")[0] + b"\r\n"
    asked, hosts = _REQUEST.match(head), [host.strip(b" \t") for host in _HOST.findall(head)]
    if asked is None or len(hosts) != 1 or not _AUTHORITY.fullmatch(hosts[0]):
        return "malformed"
    return Target(hosts[0], asked[1])
