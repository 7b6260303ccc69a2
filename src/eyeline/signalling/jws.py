"""JSON Web Signatures (JWS, RFC 7515): signs and verifies with Ed25519 or HMAC and JSON Web Keys (RFC 7517).

The only module that imports the library for it, which takes a fifth of a server's start-up time.  So `passes` imports
this module lazily, with the first key or pass.
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
    """The algorithm in the header doesn't match the key."""


class _Registry(JWSRegistry):
    """Accepts exactly the algorithms given to it.

    Ed25519 signatures have two names: `EdDSA`, which is widely used but makes joserfc warn, and `Ed25519` (RFC 9864).
    """

    def get_alg(self, name: str) -> JWSAlgModel:
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


_ED25519: Final = _Registry(algorithms=["EdDSA", "Ed25519"])
_HMAC: Final = _Registry(algorithms=["HS256"])


def import_key(jwk: Mapping[str, str]) -> Key:
    """A key that can verify.  Raises ValueError if `jwk` is invalid."""
    try:
        key = _import_key({**jwk})
        key.get_op_key("verify")
    except (JoseError, ValueError) as error:
        raise ValueError(str(error)) from None
    return key


def hmac_key(secret: bytes) -> Key:
    """Make a key of a shared secret."""
    return OctKey.import_key(secret)


def sign(header: Mapping[str, str], payload: bytes, key: Key) -> str:
    """Sign with HS256; returns the compact form."""
    return jws.serialize_compact({**header, "alg": "HS256"}, payload, key, registry=_HMAC)


def verify(compact: str, key: Key) -> bytes:
    """Verify the signature and return the payload.  Raises `WrongAlgorithmError`, or ValueError for other faults."""
    registry = _HMAC if key.key_type == "oct" else _ED25519
    try:
        return jws.deserialize_compact(compact, key, registry=registry).payload
    except UnsupportedAlgorithmError:
        raise WrongAlgorithmError from None
    except JoseError as error:
        raise ValueError(str(error)) from None
