"""Local IP addresses of this machine, and the URLs at which the server can be reached."""

import socket

from msgspec import Struct

from eyeline.settings import Settings

NO_NAME = "each part between its dots has 1 to 63 characters"
EVERYWHERE = ("::", "0.0.0.0")  # noqa: S104  the wildcard addresses


class Listening(Struct, frozen=True):
    """Where a started server can be reached."""

    here: str
    """The URL for a browser on this machine."""
    network: tuple[str, ...]
    """The URLs for other machines: in the local network, and the public one."""
    fingerprint: str | None
    """SHA-256 fingerprint of the certificate, for people to compare; None without TLS, or if an authority issues it."""
    relay: str | None = None
    """The addresses of relayed calls and the UDP ports to open in a firewall; None without a relay."""
    needs_turn: bool = False
    """Only HTTP gets here, and no TURN server elsewhere is set."""


def addresses(host: str) -> list[str]:
    """The IP addresses of this machine that a server listening on `host` has, IPv4 first.  Sends nothing."""
    if host not in EVERYWHERE:
        return [host]
    families = [(socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")]
    found = []
    for family, elsewhere in families if host == "::" else families[:1]:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((elsewhere, 9))
                found.append(str(probe.getsockname()[0]))
        except OSError:
            continue  # this machine has no route in this address family
    return found


def in_url(name: str) -> str:
    """A name or an address as in a URL, with IPv6 in brackets (RFC 3986, 3.2.2)."""
    return f"[{name}]" if ":" in name else name


def listening(settings: Settings, port: int, fingerprint: str | None) -> Listening:
    """Where a server that listens on `port` can be reached; `port` is the actual one, never 0."""
    scheme = "http" if fingerprint is None else "https"
    if settings.domains:
        local, *names = settings.domains
    else:
        local = "localhost" if settings.host in EVERYWHERE else settings.host
        names = addresses(settings.host)[:1] + ([settings.public_address] if settings.public_address else [])
    if settings.platform == "http":
        public = (settings.public_url,) if settings.public_url else ()
        needs_turn = not (settings.turn_urls or settings.turn_api)
        return Listening(_url(scheme, local, port), public, fingerprint, needs_turn=needs_turn)
    distant = [name for name in names if not (name in ("localhost", "::1") or name.startswith("127."))]
    path = settings.pages_path()
    return Listening(
        here=_url(scheme, local, port) + path,
        network=tuple(dict.fromkeys(_url(scheme, name, port) + path for name in distant)),
        fingerprint=None if settings.domains else fingerprint,
        relay=None if settings.relay == "off" else _relay(settings),
    )


def _relay(settings: Settings) -> str:
    where = settings.public_address or " and ".join(addresses(settings.host)) or "127.0.0.1"
    known = f"{settings.stun_port} and " if settings.stun_port else ""
    return f"{where}, UDP ports {known}{settings.relay_ports}"


def _url(scheme: str, name: str, port: int) -> str:
    usual = {"http": 80, "https": 443}[scheme]
    shown = in_url(name)
    return f"{scheme}://{shown}" if port == usual else f"{scheme}://{shown}:{port}"
