"""Passes (JWTs): a valid pass admits to its room until it expires; any other token is refused."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OKPKey

from eyeline.signalling.messages import PERMISSIONS, DisplayName, JoinPass, Permission, RoomName
from eyeline.signalling.passes import Pass, PassVerifier, Person, keys_of
from eyeline.signalling.refusals import Refusal

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "passes.json").read_text())
NOW = 1_800_000_000.0
TEA = RoomName("tea")
SECRET = b"a secret of the site, long enough"
SITE = OKPKey.generate_key("Ed25519", {"kid": "site"})
PUBLIC: dict[str, Any] = SITE.as_dict(private=False)
CLAIMS = {"room": "tea", "aud": "eyeline", "iat": NOW, "exp": NOW + 300}


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


JWKS = json.dumps({"keys": [PUBLIC, {"kty": "oct", "kid": "shared", "k": b64(SECRET)}]}).encode()
DESK = PassVerifier(keys_of(JWKS), secret=bytes(32), audience="eyeline")


def signed(header: dict[str, Any], payload: dict[str, Any] | bytes, secret: bytes | None = SECRET) -> JoinPass:
    """A JWT made by hand, as an attacker could: HMAC with `secret`, or the site's signature if it is None."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    text = f"{b64(json.dumps(header).encode())}.{b64(body)}"
    key: Any = SITE.get_op_key("sign")
    mac = key.sign(text.encode()) if secret is None else hmac.digest(secret, text.encode(), hashlib.sha256)
    return JoinPass(f"{text}.{b64(mac)}")


def by_secret(**claims: object) -> JoinPass:
    """A pass with these claims besides the usual ones; None removes a claim."""
    return signed({"alg": "HS256", "kid": "shared"}, {k: v for k, v in (CLAIMS | claims).items() if v is not None})


def code_of(shown: str, now: float = NOW) -> str | None:
    """The code of the refusal, or None if the pass is accepted."""
    try:
        DESK.check(JoinPass(shown), TEA, now)
    except Refusal as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519"])
def test_pass_signed_with_the_sites_private_key_opens_its_room(alg: str) -> None:
    shown = signed({"alg": alg, "kid": "site", "typ": "JWT"}, CLAIMS | {"name": "Alice", "role": "host"}, secret=None)
    assert DESK.check(shown, TEA, NOW) == Pass(Person(DisplayName("Alice"), "host"), NOW + 300)


def test_pass_signed_with_a_shared_secret_opens_its_room_and_may_omit_the_name() -> None:
    assert DESK.check(by_secret(aud=["other", "eyeline"]), TEA, NOW) == Pass(Person(), NOW + 300)


def test_pass_minted_by_the_server_opens_its_room() -> None:
    alice = Person(DisplayName("Alice"), "host")
    assert DESK.check(DESK.mint(TEA, alice, NOW, NOW + 60), TEA, NOW) == Pass(alice, NOW + 60)


@pytest.mark.parametrize("vector", VECTORS["passes"], ids=lambda vector: str(vector["is"]))
def test_passes_of_the_vectors_are_accepted_or_refused_as_they_say(vector: dict[str, Any]) -> None:
    keys = keys_of(json.dumps({"keys": VECTORS["keys"]}).encode())
    desk, claims = PassVerifier(keys, secret=bytes(32), audience=VECTORS["audience"]), vector["claims"]
    shown, room, now = JoinPass(vector["pass"]), RoomName(VECTORS["room"]), float(VECTORS["now"])
    if vector["refused"] is not None:
        with pytest.raises(Refusal) as refusal:
            desk.check(shown, room, now)
        assert refusal.value.code == vector["refused"]
        return
    person = desk.check(shown, room, now).person
    assert (person.name, person.role) == (claims.get("name"), claims.get("role", "member"))
    assert person.permissions == tuple(claims.get("permissions", PERMISSIONS))


@given(st.permutations(PERMISSIONS), st.integers(0, len(PERMISSIONS)))
def test_pass_carries_permissions(order: list[Permission], count: int) -> None:
    may = tuple(order[:count])
    said = DESK.check(by_secret(permissions=may), TEA, NOW).person
    assert said == Person(permissions=may)
    assert DESK.check(DESK.mint(TEA, said, NOW, NOW + 60), TEA, NOW).person == said


def test_permission_given_twice_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="twice"):
        Person(permissions=("chat", "chat"))


def test_all_permissions_in_any_order_equal_no_list() -> None:
    assert DESK.check(by_secret(permissions=PERMISSIONS[::-1]), TEA, NOW).person == Person()


def test_pass_may_be_valid_for_30_days() -> None:
    assert code_of(by_secret(exp=NOW + 30 * 86_400), NOW) is None


def test_pass_expires_at_its_exact_second() -> None:
    assert (code_of(by_secret(), NOW + 299.9), code_of(by_secret(), NOW + 300)) == (None, "pass-expired")


def test_pass_carries_the_end_of_the_call_and_is_refused_after_it() -> None:
    shown = by_secret(ends=NOW + 60)
    assert DESK.check(shown, TEA, NOW + 59.9).person == Person(ends=NOW + 60)
    assert [code_of(shown, NOW + later) for later in (60, 300)] == ["time-up", "time-up"]


INVALID = {
    "alg none, unsigned": signed({"alg": "none", "kid": "site"}, CLAIMS).rpartition(".")[0] + ".",
    "alg none, signed": signed({"alg": "none", "kid": "shared"}, CLAIMS),
    "alg None": signed({"alg": None, "kid": "shared"}, CLAIMS),
    "HMAC with the public key's bytes as secret": signed(
        {"alg": "HS256", "kid": "site"}, CLAIMS, SITE.get_op_key("verify").public_bytes_raw()
    ),
    "HMAC with the public key as text": signed({"alg": "HS256", "kid": "site"}, CLAIMS, str(PUBLIC["x"]).encode()),
    "HMAC with the public key in PEM": signed({"alg": "HS256", "kid": "site"}, CLAIMS, SITE.as_pem(private=False)),
    "asymmetric alg for the shared secret": signed({"alg": "EdDSA", "kid": "shared"}, CLAIMS),
    "another HMAC": signed({"alg": "HS512", "kid": "shared"}, CLAIMS),
    "an unknown kid": signed({"alg": "HS256", "kid": "other"}, CLAIMS),
    "the server's own kid": signed({"alg": "HS256", "kid": "eyeline"}, CLAIMS),
    "no kid": signed({"alg": "HS256"}, CLAIMS),
    "a kid that isn't a string": signed({"alg": "HS256", "kid": ["shared"]}, CLAIMS),
    "a key in its header": signed({"alg": "HS256", "kid": "x", "jwk": {"kty": "oct", "k": b64(SECRET)}}, CLAIMS),
    "an extension that must be understood": signed({"alg": "HS256", "kid": "shared", "crit": ["exp"]}, CLAIMS),
    "an unencoded payload": signed({"alg": "HS256", "kid": "shared", "b64": False, "crit": ["b64"]}, CLAIMS),
    "signed by another secret": signed({"alg": "HS256", "kid": "shared"}, CLAIMS, b"another secret"),
    "another audience": by_secret(aud="elsewhere"),
    "other audiences": by_secret(aud=["elsewhere"]),
    "no audience": by_secret(aud=None),
    "another room": by_secret(room="wine"),
    "no room": by_secret(room=None),
    "all rooms": by_secret(room="*"),
    "no expiry": by_secret(exp=None),
    "an expiry as a string": by_secret(exp=str(NOW + 300)),
    "a huge expiry": by_secret(exp=2**53),
    "an infinite expiry": signed({"alg": "HS256", "kid": "shared"}, b'{"room": "tea", "aud": "eyeline", "exp": 1e999}'),
    "an expiry of NaN": signed({"alg": "HS256", "kid": "shared"}, b'{"room": "tea", "aud": "eyeline", "exp": NaN}'),
    "an expiry too far ahead": by_secret(exp=NOW + 30 * 86_400 + 1),
    "issued in the far future": by_secret(iat=NOW + 86_400),
    "not yet valid": by_secret(nbf=NOW + 120),
    "an unknown role": by_secret(role="owner"),
    "an end of the call that isn't a number": by_secret(ends="soon"),
    "a negative end of the call": by_secret(ends=-1),
    "an unknown permission": by_secret(permissions=["files", "record"]),
    "a duplicate permission": by_secret(permissions=["chat", "chat"]),
    "more permissions than exist": by_secret(permissions=[*PERMISSIONS, "chat"]),
    "permissions that aren't a list": by_secret(permissions="chat"),
    "permissions of null": signed(
        {"alg": "HS256", "kid": "shared"}, json.dumps(CLAIMS | {"permissions": None}).encode()
    ),
    "a blank name": by_secret(name=" "),
    "an encrypted card as name": by_secret(name="A" * 400),
    "a duplicate claim": signed(
        {"alg": "HS256", "kid": "shared"},
        b'{"room": "wine", "room": "tea", "aud": "eyeline", "exp": %d}' % (NOW + 300),
    ),
    "claims that are a list": signed({"alg": "HS256", "kid": "shared"}, b"[1]"),
    "claims that aren't JSON": signed({"alg": "HS256", "kid": "shared"}, b"\xff\xfe"),
    "deeply nested claims": signed({"alg": "HS256", "kid": "shared"}, b"[" * 1000),
    "a header that is a list": f"{b64(b'[1]')}.{b64(b'{}')}.{b64(b'x')}",
    "two parts": by_secret().rpartition(".")[0],
    "five parts, like an encrypted JWT": "e30.e30.e30.e30.e30",
    "not a JWT": "hello",
    "empty": "",
    "not ASCII": "é.é.é",
    "truncated": by_secret()[:-1],
    "a modified header": "X" + by_secret()[1:],
}


@pytest.mark.parametrize("shown", INVALID.values(), ids=INVALID.keys())
def test_invalid_pass_is_refused(shown: str) -> None:
    assert code_of(shown) == "pass-invalid"


def test_small_clock_skew_is_tolerated() -> None:
    assert code_of(by_secret(iat=NOW + 50, nbf=NOW + 50)) is None


@given(st.text())
def test_arbitrary_text_is_refused_with_a_code(text: str) -> None:
    assert code_of(text) == "pass-invalid"


@given(st.binary(), st.sampled_from(["shared", "site"]))
def test_signed_bytes_that_are_not_claims_are_refused_with_a_code(payload: bytes, kid: str) -> None:
    alg, secret = ("HS256", SECRET) if kid == "shared" else ("EdDSA", None)
    assert code_of(signed({"alg": alg, "kid": kid}, payload, secret)) == "pass-invalid"


def test_refusal_explains_what_is_wrong_with_the_pass() -> None:
    with pytest.raises(Refusal, match="this server has no key with its kid"):
        DESK.check(signed({"alg": "HS256", "kid": "other"}, CLAIMS), TEA, NOW)


@pytest.mark.parametrize(
    ("jwks", "why"),
    [
        (b"no JSON", "isn't a JSON Web Key Set"),
        (b'{"keys": [{"kty": "RSA", "kid": "a"}]}', "isn't a JSON Web Key Set"),
        (json.dumps({"keys": [PUBLIC | {"kid": ""}]}).encode(), "isn't a JSON Web Key Set"),
        (json.dumps({"keys": [PUBLIC, PUBLIC]}).encode(), "is already in use"),
        (json.dumps({"keys": [PUBLIC | {"kid": "eyeline"}]}).encode(), "is already in use"),
        (json.dumps({"keys": [PUBLIC | {"crv": "X25519"}]}).encode(), "isn't an Ed25519 key"),
        (json.dumps({"keys": [PUBLIC | {"x": "short"}]}).encode(), "can't be read"),
        (json.dumps({"keys": [SITE.as_dict(private=True)]}).encode(), "private"),
        (json.dumps({"keys": [{"kty": "oct", "kid": "a", "k": b64(bytes(31))}]}).encode(), "fewer than 32 bytes"),
        (json.dumps({"keys": [{"kty": "oct", "kid": "a", "k": "!" * 60}]}).encode(), "can't be read"),
    ],
)
def test_unsafe_key_is_refused_at_startup(jwks: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        keys_of(jwks)
