"""The host part of SIP addresses: which one this server has, and which ones mean this server."""

from urllib.parse import urlsplit

from eyeline.serve.local_address import addresses
from eyeline.settings import Settings

_LOCAL = "localhost"


def domain_of(settings: Settings) -> str:
    """The host in the addresses of this server's users: `sip_domain`, or else its public name."""
    return (_public_names(settings) or [_LOCAL])[0].lower()


def hosts_of(settings: Settings) -> frozenset[str]:
    """All names and addresses by which this server may be asked for, in lower case."""
    names = [*_public_names(settings), *settings.allowed_hosts, *addresses(settings.host)]
    return frozenset(name.lower() for name in [*names, _LOCAL, "127.0.0.1", "::1"])


def _public_names(settings: Settings) -> list[str]:
    from_url = urlsplit(settings.public_url).hostname if settings.public_url else None
    names = [settings.sip_domain, *settings.domains, from_url, settings.public_address]
    return [name for name in names if name]
