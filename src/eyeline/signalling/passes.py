"""Passes: JSON Web Tokens (JWT, RFC 7519), signed by a site, that authorize their holder to enter a room.

A pass is for one room and is valid until it expires.  It doesn't affect a seat that has already been given.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from eyeline.signalling.messages import PERMISSIONS, DisplayName, JoinPass, NameText, Permission, Role, RoomName
from eyeline.signalling.refusals import Refusal

if TYPE_CHECKING:
    from joserfc.jwk import Key

PASS_SECONDS_MAX: Final = 30 * 24 * 60 * 60
"""Maximum remaining lifetime of a pass, because passes can't be revoked."""

CLOCK_SECONDS_MAX: Final = 60
"""Tolerated clock skew: how far the signer's clock may be ahead of ours."""

HMAC_BYTES_MIN: Final = 32
"""Minimum length of a shared secret (RFC 7518, section 3.2)."""

NAME_CHARACTERS_MAX: Final = 64
"""Maximum length of a name in a pass.  Everybody can read it, so it is never an encrypted card."""

_OUR_KID: Final = "eyeline"

Subject = Annotated[str, Meta(min_length=1, max_length=64)]
Moment = Annotated[float, Meta(ge=0, le=2**43)]
"""Seconds since 1970."""
Permissions = Annotated[
    tuple[Permission, ...], Meta(max_length=len(PERMISSIONS), extra_json_schema={"uniqueItems": True})
]


def distinct(permissions: Permissions) -> None:
    """Check what the type `Permissions` can't express: no duplicates.  Raises ValueError."""
    if len(set(permissions)) < len(permissions):
        raise ValueError("a permission is given twice")


class Person(Struct, frozen=True, array_like=True):
    """A person as the site identifies them: kept with the seat, whatever the client sends when it reconnects."""

    name: NameText | None = None
    """The name they must use; None lets them choose."""
    role: Role = "member"
    sub: Subject | None = None
    """The site's id for this person, whatever their name.  It keeps a removed person out."""
    permissions: Permissions = PERMISSIONS
    """What they may send to the others, without duplicates."""
    ends: Moment | None = None
    """When the call ends for them: they then lose their seat and can't get it back."""
    sip: bool = False
    """Whether they are on a phone, through the SIP bridge."""
    called: bool = False
    """Whether the room has called that phone."""

    def __post_init__(self) -> None:
        distinct(self.permissions)
        if len(self.permissions) == len(PERMISSIONS):
            force_setattr(self, "permissions", PERMISSIONS)  # the usual order, so that messages omit it

    def display_name(self, chosen: DisplayName) -> DisplayName:
        """The name set by the site, or else the chosen one."""
        return chosen if self.name is None else DisplayName(self.name)

    def is_out(self, unix_now: float) -> bool:
        """Whether their time in the call is up."""
        return self.ends is not None and self.ends <= unix_now


NOBODY_KNOWN: Final = Person()


class Pass(Struct, frozen=True):
    """The content of a valid pass."""

    person: Person
    until: float
    """Seconds since 1970."""


class _Header(Struct, frozen=True):
    alg: str
    kid: str


class _Claims(Struct, frozen=True, omit_defaults=True):
    room: RoomName
    aud: str | tuple[str, ...]
    exp: Moment
    iat: Moment | None = None
    name: NameText | None = None
    role: Role = "member"
    sub: Subject | None = None
    nbf: Moment | None = None
    ends: Moment | None = None
    permissions: Permissions = PERMISSIONS
    """An unknown permission invalidates the whole pass, because it couldn't be enforced."""

    def __post_init__(self) -> None:
        distinct(self.permissions)


class _Jwk(Struct, frozen=True):
    kid: Annotated[str, Meta(min_length=1, max_length=64)]
    kty: Literal["OKP", "oct"]
    crv: str | None = None
    x: str | None = None
    k: str | None = None
    d: str | None = None


class _JwkSet(Struct, frozen=True):
    keys: tuple[_Jwk, ...]


def keys_of(text: bytes) -> "dict[str, Key]":
    """The keys in a JSON Web Key Set (RFC 7517), by `kid`: Ed25519 public keys and shared secrets.

    Raises ValueError whose text is a clause that names the fault.
    """
    try:
        jwks = msgspec.json.decode(text, type=_JwkSet)
    except msgspec.DecodeError as error:
        raise ValueError(f"it isn't a JSON Web Key Set ({error})") from None
    keys: dict[str, Key] = {}
    for jwk in jwks.keys:
        if jwk.kid in keys or jwk.kid == _OUR_KID:
            raise ValueError(f"the kid {jwk.kid!r} is already in use")
        keys[jwk.kid] = _key(jwk)
    return keys


def _key(jwk: _Jwk) -> "Key":
    from eyeline.signalling.jws import import_key

    if jwk.kty == "OKP":
        if jwk.crv != "Ed25519" or jwk.x is None:
            raise ValueError(f"the key {jwk.kid!r} isn't an Ed25519 key")
        if jwk.d is not None:
            raise ValueError(f"the key {jwk.kid!r} is a private key; use the public one")
        material = {"kty": "OKP", "crv": "Ed25519", "x": jwk.x}
    else:
        if jwk.k is None or len(jwk.k) * 3 // 4 < HMAC_BYTES_MIN:
            raise ValueError(f"the secret {jwk.kid!r} has fewer than {HMAC_BYTES_MIN} bytes")
        material = {"kty": "oct", "k": jwk.k}
    try:
        return import_key(material)
    except ValueError:
        raise ValueError(f"the key {jwk.kid!r} can't be read") from None


class PassVerifier:
    """Verifies passes signed with the site's keys, and signs passes with its own `secret`.

    The key determines the algorithm, never the pass.  `audience` must be among the `aud` of a pass.
    """

    def __init__(self, keys: "Mapping[str, Key]", *, secret: bytes, audience: str) -> None:
        self._secret = secret
        self._keys = keys
        self._audience = audience

    @cached_property
    def _ours(self) -> "Key":
        from eyeline.signalling.jws import hmac_key

        return hmac_key(self._secret)

    def mint(self, room: RoomName, person: Person, unix_now: float, until: float) -> JoinPass:
        """A pass of about 250 characters that this verifier accepts until then."""
        from eyeline.signalling.jws import sign

        claims = _Claims(
            room,
            self._audience,
            round(until),
            iat=round(unix_now),
            name=person.name,
            role=person.role,
            sub=person.sub,
            permissions=person.permissions,
            ends=person.ends,
        )
        return JoinPass(sign({"kid": _OUR_KID, "typ": "JWT"}, msgspec.json.encode(claims), self._ours))

    def check(self, shown: JoinPass, room: RoomName, unix_now: float) -> Pass:
        """Verify a pass for this room and return its content.

        The only exception is `Refusal`: `time-up` if the call is over for this person, `pass-expired`, or
        `pass-invalid` for any other fault, with a message for the developer of the site.
        """
        claims = _read(self._verified(shown))
        audiences = (claims.aud,) if isinstance(claims.aud, str) else claims.aud
        if self._audience not in audiences:
            raise _wrong("it isn't for this site (aud)")
        if claims.room != room:
            raise _wrong("it is for another room")
        if claims.name is not None and len(claims.name) > NAME_CHARACTERS_MAX:
            raise _wrong(f"its name has more than {NAME_CHARACTERS_MAX} characters")
        person = Person(claims.name, claims.role, claims.sub, claims.permissions, claims.ends)
        if person.is_out(unix_now):
            raise Refusal("time-up")
        if unix_now >= claims.exp:
            raise Refusal("pass-expired")
        if claims.exp > unix_now + PASS_SECONDS_MAX:
            raise _wrong("it expires too far in the future (exp)")
        if max(claims.nbf or 0, claims.iat or 0) > unix_now + CLOCK_SECONDS_MAX:
            raise _wrong("it isn't valid yet (nbf, iat)")
        return Pass(person, claims.exp)

    def _verified(self, shown: JoinPass) -> bytes:
        from eyeline.signalling.jws import WrongAlgorithmError, verify

        try:
            header = msgspec.json.decode(_header_json(shown), type=_Header)
            key = self._ours if header.kid == _OUR_KID else self._keys.get(header.kid)
            if key is None:
                raise _wrong("this server has no key with its kid")
            return verify(shown, key)
        except WrongAlgorithmError:
            raise _wrong("its alg doesn't match its key") from None
        except ValueError:  # includes DecodeError and UnicodeError
            raise _wrong("it isn't a JSON Web Token signed with a key of this server") from None


def _header_json(shown: JoinPass) -> bytes:
    header = shown.partition(".")[0]
    return urlsafe_b64decode(header + "=" * (-len(header) % 4))


def _read(payload: bytes) -> _Claims:
    try:
        json.loads(payload, object_pairs_hook=_without_duplicates)
        return msgspec.json.decode(payload, type=_Claims)
    except msgspec.ValidationError as error:
        raise _wrong(f"its claims are invalid ({error})") from None
    except (ValueError, RecursionError):
        raise _wrong("its claims aren't a JSON object with unique names") from None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Reject duplicate claims, which two parsers may read differently (RFC 7519, section 4)."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _wrong(why: str) -> Refusal:
    return Refusal("pass-invalid", f"This pass can't be used here: {why}.")
