"""Challenges (RFC 8555, 8), by which a server proves to an authority that a name leads to it; and the pending ones."""

import ssl
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from eyeline.serve.process.acme.tls_alpn import context_of
from eyeline.serve.process.handshake import Handshake

ChallengeType = Literal["tls-alpn-01", "http-01"]

PORTS: Final[dict[ChallengeType, int]] = {"tls-alpn-01": 443, "http-01": 80}
"""The port of the name to which an authority connects."""


class Challenge(Struct, frozen=True):
    """A challenge of the current order, with its answer."""

    type: ChallengeType
    name: str
    """The name to validate."""
    token: str
    key_authorization: str
    """The token and the thumbprint of the account's key (RFC 8555, 8.1)."""


class PendingChallenges:
    """The challenges of the current order.  The thread that orders writes them; handshakes and port 80 read them.

    `folder` is one for temporary files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._by_token: dict[str, str] = {}

    def add(self, challenge: Challenge) -> None:
        """Answer the authority from now on.  Raises OSError."""
        if challenge.type == "tls-alpn-01":
            self._contexts[challenge.name] = context_of(challenge.name, challenge.key_authorization, self._folder)
        else:
            self._by_token[challenge.token] = challenge.key_authorization

    def clear(self) -> None:
        """The order has ended."""
        self._contexts.clear()
        self._by_token.clear()

    def context(self, handshake: ssl.SSLObject, name: str | None) -> ssl.SSLContext | None:
        """TLS-ALPN-01: the context for a client that validates a pending name; None for any other client."""
        if name is None or not isinstance(handshake, Handshake) or not handshake.validates:
            return None
        return self._contexts.get(name.lower())

    def key_authorization(self, token: str) -> str | None:
        """HTTP-01: the answer for a token; None if no challenge has it."""
        return self._by_token.get(token)
