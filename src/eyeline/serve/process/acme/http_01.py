"""HTTP-01 (RFC 8555, 8.3): what port 80 answers to an authority, and to everybody else."""

from collections.abc import Callable, Collection
from typing import Final

from eyeline.checks import CHALLENGE_PATH, NO_CHALLENGE
from eyeline.serve.process.https_redirect import Target, read_target, redirect

_PREFIX: Final = CHALLENGE_PATH.encode()
_WRONG_HOST: Final = b"This server doesn't know the name in this address.\n"


def answer(head: bytes, names: Collection[str], key_authorization: Callable[[str], str | None]) -> bytes | None:
    """The response to this request head; empty if it isn't a request, None if it is incomplete.

    Any path but that of a challenge is redirected to https, if the host is one of these `names`, in lower case.
    """
    target = read_target(head)
    if not isinstance(target, Target):
        return b"" if target == "malformed" else None
    if target.path.startswith(_PREFIX):
        found = key_authorization(target.path.removeprefix(_PREFIX).decode())
        if found is None:
            return _response(b"404 Not Found", NO_CHALLENGE)
        return _response(b"200 OK", found.encode())
    name = target.authority.partition(b":")[0].decode().lower().removesuffix(".")
    if name not in names:
        return _response(b"421 Misdirected Request", _WRONG_HOST)
    return redirect(name.encode(), target.path)


def _response(status: bytes, body: bytes) -> bytes:
    return (
        b"HTTP/1.1 %s\r\ncontent-type: text/plain\r\nx-content-type-options: nosniff\r\ncache-control: no-store\r\n"
        b"content-length: %d\r\nconnection: close\r\n\r\n%s" % (status, len(body), body)
    )
