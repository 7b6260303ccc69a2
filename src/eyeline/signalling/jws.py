"""JSON Web Signatures (RFC 7515): signing and verifying, by Ed25519 or HMAC, with JSON Web Keys (RFC 7517).

The only module that knows the library for it, which takes a fifth of a server's start.  So `passes` imports it with the
first key or the first pass.
"""

from collections.abc import Mapping
from typing import Final

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import Key, OctKey
from joserfc.jwk import import_key as _import_key
from joserfc.jws import JWSRegistry


class WrongAlgorithmError(ValueError):
    """The header names an algorithm that is not the one of the key."""


class _Registry(JWSRegistry):
    """Takes the algorithms that it is made for.

    An Ed25519 key has one under two names: `EdDSA`, which nearly everybody writes and joserfc warns of, and `Ed25519`
    (RFC 9864).
    """

    def get_alg(self, name: str) -> JWSAlgModel:
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


_ED25519: Final = _Registry(algorithms=["EdDSA", "Ed25519"])
_HMAC: Final = _Registry(algorithms=["HS256"])


def import_key(jwk: Mapping[str, str]) -> Key:
    """A key that can verify.  Raises ValueError if the members of `jwk` are none."""
    try:
        key = _import_key({**jwk})
        key.get_op_key("verify")
    except (JoseError, ValueError) as error:
        raise ValueError(str(error)) from None
    return key


def hmac_key(secret: bytes) -> Key:
    """A shared secret as a key."""
    return OctKey.import_key(secret)


def sign(header: Mapping[str, str], payload: bytes, key: Key) -> str:
    """The compact form, signed by HS256."""
    return jws.serialize_compact({**header, "alg": "HS256"}, payload, key, registry=_HMAC)


def verify(compact: str, key: Key) -> bytes:
    """The payload, if `key` has signed it.  Raises `WrongAlgorithmError`, and ValueError for everything else."""
    registry = _HMAC if key.key_type == "oct" else _ED25519
    try:
        return jws.deserialize_compact(compact, key, registry=registry).payload
    except UnsupportedAlgorithmError:
        raise WrongAlgorithmError from None
    except JoseError as error:
        raise ValueError(str(error)) from None
