"""Passes: a site's own word on who may enter a room, signed as a JSON Web Token (RFC 7519).

A pass is for one room and opens its door until it ends; it says nothing about a seat that was given already.
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
"""How far off the end of a pass may be: nobody can take one back."""

CLOCK_SECONDS_MAX: Final = 60
"""How far the clock of who signs may be ahead of ours."""

HMAC_BYTES_MIN: Final = 32
"""A shared secret may be no shorter (RFC 7518, section 3.2)."""

NAME_CHARACTERS_MAX: Final = 64
"""A name that a pass says is read by all, so it is never a sealed card."""

_OUR_KID: Final = "eyeline"

Subject = Annotated[str, Meta(min_length=1, max_length=64)]
Moment = Annotated[float, Meta(ge=0, le=2**43)]
"""Seconds since 1970."""
Permissions = Annotated[
    tuple[Permission, ...], Meta(max_length=len(PERMISSIONS), extra_json_schema={"uniqueItems": True})
]


def distinct(permissions: Permissions) -> None:
    """What the type of `Permissions` can't say.  Raises ValueError."""
    if len(set(permissions)) < len(permissions):
        raise ValueError("a permission is there twice")


class Person(Struct, frozen=True, array_like=True):
    """Who somebody is, on the word of the site: kept with the seat, whatever the client says when it comes back."""

    name: NameText | None = None
    """The only name that they may have; None leaves it to them."""
    role: Role = "member"
    sub: Subject | None = None
    """Who it is for the site, whatever the name: who was removed is kept out by it."""
    may: Permissions = PERMISSIONS
    """What they may send to the others, each word once."""
    ends: Moment | None = None
    """When the call ends for them: from then on they have no seat, and no way back to one."""

    def __post_init__(self) -> None:
        distinct(self.may)
        if len(self.may) == len(PERMISSIONS):
            force_setattr(self, "may", PERMISSIONS)  # all of them in another order: left out of messages as well

    def display_name(self, chosen: DisplayName) -> DisplayName:
        """The name that the site gives them, or else the one they have chosen."""
        return chosen if self.name is None else DisplayName(self.name)

    def is_out(self, unix_now: float) -> bool:
        """Whether the call is over for them."""
        return self.ends is not None and self.ends <= unix_now


NOBODY_KNOWN: Final = Person()


class Pass(Struct, frozen=True):
    """What a pass says that fits the room."""

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
    """A word that is not known is refused with the whole pass: better refused than not kept to."""

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

    Raises ValueError with a clause that says what is wrong.
    """
    try:
        jwks = msgspec.json.decode(text, type=_JwkSet)
    except msgspec.DecodeError as error:
        raise ValueError(f"it is no JSON Web Key Set ({error})") from None
    keys: dict[str, Key] = {}
    for jwk in jwks.keys:
        if jwk.kid in keys or jwk.kid == _OUR_KID:
            raise ValueError(f"the kid {jwk.kid!r} is taken")
        keys[jwk.kid] = _key(jwk)
    return keys


def _key(jwk: _Jwk) -> "Key":
    from eyeline.signalling.jws import import_key

    if jwk.kty == "OKP":
        if jwk.crv != "Ed25519" or jwk.x is None:
            raise ValueError(f"the key {jwk.kid!r} is not of the curve Ed25519")
        if jwk.d is not None:
            raise ValueError(f"the key {jwk.kid!r} is a private one, which this server has no use for")
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
    """Checks passes of the site's keys, and signs ones of its own with `secret`.

    The algorithm follows from the key, never from the pass; `audience` is what a pass must be for.
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
        """A pass of about 250 characters that this desk takes until then."""
        from eyeline.signalling.jws import sign

        claims = _Claims(
            room,
            self._audience,
            round(until),
            iat=round(unix_now),
            name=person.name,
            role=person.role,
            sub=person.sub,
            permissions=person.may,
            ends=person.ends,
        )
        return JoinPass(sign({"kid": _OUR_KID, "typ": "JWT"}, msgspec.json.encode(claims), self._ours))

    def check(self, shown: JoinPass, room: RoomName, unix_now: float) -> Pass:
        """What the pass says.

        Raises `Refusal` and nothing else: `time-up` for one to a call that is over, `pass-expired` for one that has
        ended, `pass-invalid`, with words for who made it, for all others that don't open this room now.
        """
        claims = _read(self._verified(shown))
        audiences = (claims.aud,) if isinstance(claims.aud, str) else claims.aud
        if self._audience not in audiences:
            raise _wrong("it is not for this site (aud)")
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
            raise _wrong("it ends later than a pass may (exp)")
        if max(claims.nbf or 0, claims.iat or 0) > unix_now + CLOCK_SECONDS_MAX:
            raise _wrong("it does not hold yet (nbf, iat)")
        return Pass(person, claims.exp)

    def _verified(self, shown: JoinPass) -> bytes:
        from eyeline.signalling.jws import WrongAlgorithmError, verify

        try:
            header = msgspec.json.decode(_part(shown), type=_Header)
            key = self._ours if header.kid == _OUR_KID else self._keys.get(header.kid)
            if key is None:
                raise _wrong("no key here has its kid")
            return verify(shown, key)
        except WrongAlgorithmError:
            raise _wrong("its alg is not the one of its key") from None
        except ValueError:  # of which DecodeError and UnicodeError are kinds
            raise _wrong("it is no JSON Web Token that a key here has signed") from None


def _part(shown: JoinPass) -> bytes:
    """The header, as its JSON."""
    header = shown.partition(".")[0]
    return urlsafe_b64decode(header + "=" * (-len(header) % 4))


def _read(payload: bytes) -> _Claims:
    try:
        json.loads(payload, object_pairs_hook=_once)
        return msgspec.json.decode(payload, type=_Claims)
    except msgspec.ValidationError as error:
        raise _wrong(f"its claims are not as they should be ({error})") from None
    except (ValueError, RecursionError):
        raise _wrong("its claims are no JSON object that says each thing once") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers of a claim that is there twice need not agree on it (RFC 7519, section 4)."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _wrong(why: str) -> Refusal:
    return Refusal("pass-invalid", f"This pass can't be used here: {why}.")
