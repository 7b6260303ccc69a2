"""Digest authentication (RFC 3261, 22; RFC 7616 and 8760) by MD5 and SHA-256.

Nonces are stateless: a time and a number, authenticated by a keyed BLAKE2s, so a client that never answers a challenge
uses no memory.  For a nonce that was used, the server remembers which counts (`nc`) it has seen, so that nothing
captured works a second time.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from hashlib import blake2s, md5, sha256
from hmac import compare_digest
from typing import Final, Literal, Self

from msgspec import Struct

from eyeline.sip.headers import Headers

Algorithm = Literal["MD5", "SHA-256"]
Verdict = Literal["ok", "stale", "wrong"]

FRESH_S: Final = 300
"""Lifetime of a nonce; after it the client gets a new one, and need not ask for the password again (`stale`)."""

MAX_USED_NONCES: Final = 50_000
"""How many used nonces are remembered, about 10 MB.  When there are more, the oldest become stale."""

NC_WINDOW: Final = 64
"""Requests with the same nonce may overtake one another by so many counts."""

_FIELD: Final = re.compile(r'(?<![A-Za-z])([A-Za-z]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^",\s]++))\s*+(?:,|$)')
_NAMES: Final = ("username", "realm", "nonce", "uri", "response", "algorithm", "qop", "cnonce", "nc")

_TIME_BYTES: Final = 6
_NUMBER_BYTES: Final = 6
_TAG_BYTES: Final = 16

_ALGORITHMS: Final[Mapping[str, Algorithm]] = {"": "MD5", "MD5": "MD5", "SHA-256": "SHA-256"}
_NO_HA1: Final = "0" * 32
_COUNT: Final = re.compile(r"[0-9A-Fa-f]{8}")


def ha1(user: str, realm: str, password: str, algorithm: Algorithm) -> str:
    """The hash of a password that an account stores (RFC 7616, 3.4.2), in hexadecimal digits."""
    return _hash(algorithm, f"{user}:{realm}:{password}")


class DigestCredentials(Struct, frozen=True):
    """What a client answers to a challenge."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: str
    qop: str
    cnonce: str
    nc: str

    @classmethod
    def parse(cls, value: str) -> Self | None:
        """Parse the value of an Authorization header; None for another scheme than Digest."""
        scheme, _, rest = value.partition(" ")
        if scheme.lower() != "digest":
            return None
        fields: dict[str, str] = {}
        for name, quoted, plain in reversed(_FIELD.findall(rest)):  # of two with the same name the first counts
            fields[name.lower()] = plain or (re.sub(r"\\(.)", r"\1", quoted) if "\\" in quoted else quoted)
        return cls(*[fields.get(name, "") for name in _NAMES])


def credentials_in(headers: Headers, name: str, realm: str) -> DigestCredentials | None:
    """The credentials for this realm in all headers `name`: Authorization or Proxy-Authorization."""
    found = (DigestCredentials.parse(value) for value in headers.values(name))
    return next((each for each in found if each is not None and each.realm == realm), None)


class Digest:
    """Makes challenges for one realm, and verifies the answers."""

    def __init__(self, key: bytes, realm: str) -> None:
        self._mac = blake2s(key=sha256(key).digest(), digest_size=_TAG_BYTES, person=b"sipnonce")
        """Keyed once, and copied for each nonce."""
        self._realm = realm
        self._issued = 0
        self._first_ms: int | None = None
        """When the first nonce was made: what an earlier process made with this key is stale."""
        self._used: dict[int, _Counts] = {}
        """The used nonces by their number, in the order of their first use."""
        self._forgotten = 0
        """Nonces up to this number are stale, unless they are in `_used`."""

    def challenge(self, algorithms: Sequence[Algorithm], unix: float, *, stale: bool = False) -> list[str]:
        """Header values of WWW-Authenticate or Proxy-Authenticate, one for each algorithm.

        Order the best one first (RFC 8760, 2.3).  JsSIP and SIP.js take the last one.
        """
        self._issued += 1
        now_ms = int(unix * 1000)
        if self._first_ms is None:
            self._first_ms = now_ms
        body = now_ms.to_bytes(_TIME_BYTES) + self._issued.to_bytes(_NUMBER_BYTES)
        nonce = base64.urlsafe_b64encode(body + self._tag(body)).decode()
        end = ', qop="auth", stale=true' if stale else ', qop="auth"'
        return [f'Digest realm="{self._realm}", nonce="{nonce}", algorithm={each}{end}' for each in algorithms]

    def verify(
        self, credentials: DigestCredentials, method: str, hashes: Mapping[Algorithm, str], unix: float
    ) -> Verdict:
        """Check an answer; `hashes` has the HA1 of the user, and is empty for an unknown one, which takes as long.

        `stale`: the password is right, but the nonce is old, unknown, or was used with this count before.  The URI in
        the answer isn't compared with the request's, since phones write different ones; the count makes a captured
        answer useless for any other request all the same.
        """
        algorithm = _ALGORITHMS.get(credentials.algorithm.upper())
        if algorithm is None or credentials.qop != "auth" or credentials.realm != self._realm:
            return "wrong"
        nonce, nc = credentials.nonce, credentials.nc
        a2 = _hash(algorithm, f"{method}:{credentials.uri}")
        stored = hashes.get(algorithm, _NO_HA1)
        expected = _hash(algorithm, f"{stored}:{nonce}:{nc}:{credentials.cnonce}:{credentials.qop}:{a2}")
        equal = compare_digest(expected.encode(), credentials.response.lower().encode())
        count = _count(nc)
        if not equal or algorithm not in hashes or not count:
            return "wrong"
        return "ok" if self._is_first_use(nonce, count, int(unix * 1000)) else "stale"

    def _tag(self, body: bytes) -> bytes:
        mac = self._mac.copy()
        mac.update(body)
        return mac.digest()

    def _is_first_use(self, nonce: str, count: int, now_ms: int) -> bool:
        """Take note of a nonce and count: whether the nonce is ours and fresh, and the count new."""
        try:
            decoded = base64.b64decode(nonce.encode("ascii"), altchars=b"-_", validate=True)
        except ValueError:
            return False
        body = decoded[: _TIME_BYTES + _NUMBER_BYTES]
        issued_ms, number = int.from_bytes(body[:_TIME_BYTES]), int.from_bytes(body[_TIME_BYTES:])
        if not compare_digest(decoded, body + self._tag(body)):
            return False
        if self._first_ms is None or issued_ms < self._first_ms or not 0 <= now_ms - issued_ms < FRESH_S * 1000:
            return False
        counts = self._used.get(number)
        if counts is None:
            if number <= self._forgotten:
                return False
            self._forget(now_ms)
            counts = self._used[number] = _Counts(issued_ms)
        return counts.use(count)

    def _forget(self, now_ms: int) -> None:
        """Forget nonces that are stale anyway, and the oldest if there are too many."""
        while self._used:
            number, counts = next(iter(self._used.items()))
            if now_ms - counts.issued_ms < FRESH_S * 1000:
                if len(self._used) < MAX_USED_NONCES:
                    return
                self._forgotten = max(self._forgotten, number)
            del self._used[number]


class _Counts:
    """Which counts of a nonce were used: the highest, and a bit for each of the `NC_WINDOW` before it."""

    __slots__ = ("_bits", "_highest", "issued_ms")

    def __init__(self, issued_ms: int) -> None:
        self.issued_ms = issued_ms
        self._highest = 0
        self._bits = 0

    def use(self, count: int) -> bool:
        ahead = count - self._highest
        if ahead > 0:
            self._bits = (self._bits << min(ahead, NC_WINDOW) | 1) & (1 << NC_WINDOW) - 1
            self._highest = count
            return True
        bit = 1 << -ahead
        if -ahead >= NC_WINDOW or self._bits & bit:
            return False
        self._bits |= bit
        return True


def _count(nc: str) -> int:
    """The number in `nc`, which has eight hexadecimal digits; 0 if it is invalid."""
    return int(nc, 16) if _COUNT.fullmatch(nc) else 0


def _hash(algorithm: Algorithm, text: str) -> str:
    hashed = md5 if algorithm == "MD5" else sha256
    return hashed(text.encode(), usedforsecurity=False).hexdigest()
