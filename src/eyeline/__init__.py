"""Eyeline: self-hosted, peer-to-peer video calls.

A site that mounts Eyeline needs only what is exported here.  Other modules may change in any version.  The exports are
loaded when first used, so `import eyeline` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from eyeline.serve.app import Eyeline, build
    from eyeline.serve.sip.accounts import SipPassword
    from eyeline.serve.sip.edge import FindSipPassword
    from eyeline.serve.ws.authorize import Authorize
    from eyeline.settings import Settings
    from eyeline.signalling.passes import Person

__version__ = "0.1.0"
__all__ = ["Authorize", "Eyeline", "FindSipPassword", "Person", "Settings", "SipPassword", "__version__", "build"]

_DEFINED_IN: Final = {
    "Authorize": "eyeline.serve.ws.authorize",
    "FindSipPassword": "eyeline.serve.sip.edge",
    "Eyeline": "eyeline.serve.app",
    "Person": "eyeline.signalling.passes",
    "Settings": "eyeline.settings",
    "SipPassword": "eyeline.serve.sip.accounts",
    "build": "eyeline.serve.app",
}


def __getattr__(name: str) -> object:
    """Load an export on first use (PEP 562)."""
    if name not in _DEFINED_IN:
        raise AttributeError(f"module 'eyeline' has no attribute '{name}'")
    return getattr(import_module(_DEFINED_IN[name]), name)


def __dir__() -> list[str]:
    return __all__
