"""`Settings`: every setting of the server in one frozen value, with its default, its limits and its description."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from eyeline.errors import SetupError
from eyeline.settings import formats

_ROUTERS = (
    *("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
    *("::1/128", "fc00::/7"),
)
"""Where the routers of hosting platforms are: networks that can't be reached from the internet."""


class Settings(Struct, frozen=True, kw_only=True):
    """The configuration of a server.  Contains no secrets: those are in files, mostly under `data_dir`."""

    host: Annotated[
        formats.ListenAddress,
        Meta(description="Address to listen on. `::` means every address of this machine, IPv6 and IPv4."),
    ] = "::"
    port: Annotated[
        formats.PortNumber,
        Meta(description="TCP port for pages and WebSockets. 0 picks a free one and prints it at start."),
    ] = 8000
    stun_port: Annotated[formats.PortNumber, Meta(description="UDP port for STUN and TURN. 0 picks a free one.")] = 3478
    public_address: Annotated[
        formats.HostOrAddress | None,
        Meta(
            title="a host name or an IP address",
            description="Public name or address of this server, also for relayed calls. Default: the host name that "
            "clients opened and, for relayed calls, this machine's own address.",
        ),
    ] = None
    public_url: Annotated[
        formats.PagesUrl | None,
        Meta(
            title="a URL such as https://meet.example.org or https://example.org/calls",
            description="URL of the pages, if a proxy changes it. Used for links of the HTTP API, for link previews, "
            "for the path below which pages are served, and for TURN over TCP. Default: the URL that clients opened.",
        ),
    ] = None
    root_path: Annotated[
        formats.RootPath | None,
        Meta(
            title="a path such as /calls",
            description="Path below which a proxy serves the pages, whether it removes the path from requests or not. "
            "Default: the path in `public_url`, or else `X-Forwarded-Prefix` from a trusted proxy.",
        ),
    ] = None
    allowed_hosts: Annotated[
        tuple[formats.HostOrAddress, ...],
        Meta(
            max_length=100,
            title="at most 100 host names",
            description="Further names of this server. Pages and calls opened by an unknown name are refused, which "
            "prevents DNS rebinding. Always allowed: IP addresses, names in local networks such as `meet.local`, the "
            "names in `public_address` and `public_url`, and, if this isn't set, every name over HTTPS.",
        ),
    ] = ()
    relay: Annotated[
        Literal["on", "off"],
        Meta(description="Whether this server relays calls that find no direct path (TURN); they stay encrypted."),
    ] = "on"
    relay_ports: Annotated[
        formats.PortRange,
        Meta(
            title="two ports, such as 49152-65535",
            description="UDP ports for relayed calls. Open them in the firewall too. Each relayed link takes one.",
        ),
    ] = "49152-65535"
    relay_allow: Annotated[
        tuple[formats.NetworkRange, ...],
        Meta(
            max_length=100,
            title="at most 100 ranges such as 192.168.1.0/24",
            description="Private address ranges that the relay may send to, in addition to the public internet.",
        ),
    ] = ()
    relay_kilobytes: Annotated[
        int,
        Meta(ge=16, le=10_000_000, description="Bandwidth limit of the relay per person, in kilobytes per second."),
    ] = 4000
    relay_coalesce_us: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000,
            description="For how many microseconds the relay gathers packets, to handle more of them at once: less "
            "work on a busy server, that much more delay. Only the packet pump in C does so.",
        ),
    ] = 0
    turn_urls: Annotated[
        tuple[formats.TurnUrl, ...],
        Meta(
            max_length=10,
            title="at most 10 addresses such as turn:turn.example.org:3478?transport=udp",
            description="Your own TURN servers, which clients should also use. Needs `turn_secret`.",
        ),
    ] = ()
    turn_secret: Annotated[
        Path | None,
        Meta(title="a file", description="File with the shared secret of `turn_urls` (coturn: `static-auth-secret`)."),
    ] = None
    turn_api: Annotated[
        formats.ApiUrl | None,
        Meta(
            title="a URL such as https://turn.example.org/credentials",
            description="URL of a TURN service that issues credentials over HTTP, as Cloudflare's does. Needs "
            "`turn_api_token`.",
        ),
    ] = None
    turn_api_token: Annotated[
        Path | None, Meta(title="a file", description="File with the bearer token of `turn_api`.")
    ] = None
    platform: Annotated[
        Literal["none", "http"],
        Meta(
            description="`http` on a hosting platform that passes only HTTP to this server: its own STUN and TURN "
            "can't be reached there, and its router, at a private address, is a trusted proxy."
        ),
    ] = "none"
    data_dir: Annotated[
        Path,
        Meta(
            title="a folder",
            description="Folder for data that survives restarts: signing key, certificates. Created if missing.",
        ),
    ] = field(default_factory=lambda: default_data_dir({}))
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(title="debug, info, warning or error", description="Minimum level of log lines to write."),
    ] = "info"
    log_format: Annotated[Literal["human", "json"], Meta(description="Format of log lines, on standard error.")] = (
        "human"
    )
    metrics: Annotated[
        Literal["token", "open"],
        Meta(
            description="Access to `/metrics`: `token` requires the bearer token in the data directory, `open` lets "
            "anyone who can reach the port read them."
        ),
    ] = "token"
    cert: Annotated[
        Path | None,
        Meta(title="a PEM file", description="TLS certificate with its chain. Needs `key`; enables HTTPS."),
    ] = None
    key: Annotated[
        Path | None, Meta(title="a PEM file", description="Private key of `cert`, without a passphrase.")
    ] = None
    tls: Annotated[
        Literal["off", "self-signed"],
        Meta(description="`self-signed` creates a certificate for the local network, where cameras need HTTPS too."),
    ] = "off"
    domains: Annotated[
        tuple[formats.DomainName, ...],
        Meta(
            max_length=100,
            title="at most 100 names such as meet.example.org, without https:// and port",
            description="Names of this server, for which it gets a certificate from an authority (ACME) and renews it. "
            "Port 443 of each name must lead here; it becomes the default of `port`. Port 80 is opened too, if it is "
            "free: the authority may use it, and others are redirected to https.",
        ),
    ] = ()
    acme_email: Annotated[
        formats.EmailAddress | None,
        Meta(title="an e-mail address", description="Where the authority may reach you about your certificates."),
    ] = None
    acme_directory: Annotated[
        formats.DirectoryUrl,
        Meta(
            title="a URL that starts with https:",
            description="The authority's ACME directory. By default that of Let's Encrypt.",
        ),
    ] = "https://acme-v02.api.letsencrypt.org/directory"
    room_capacity: Annotated[int, Meta(ge=2, le=12, description="Maximum number of people in a room.")] = 6
    max_sockets: Annotated[
        int, Meta(ge=10, le=1_000_000, description="Maximum number of WebSockets, and of rooms, in total.")
    ] = 10_000
    sockets_per_address: Annotated[
        int,
        Meta(
            ge=10,
            le=1_000_000,
            description="Maximum number of WebSockets per IPv4 address or IPv6 /64. The rate limits scale with it.",
        ),
    ] = 100
    trusted_proxies: Annotated[
        tuple[formats.NetworkRange, ...],
        Meta(
            max_length=100,
            title="at most 100 IP addresses or networks such as 10.0.0.0/8",
            description="Reverse proxies whose `X-Forwarded-For`, `X-Forwarded-Proto`, `X-Forwarded-Host` and "
            "`X-Forwarded-Prefix` are trusted, and whose PROXY protocol is.",
        ),
    ] = ()
    allowed_origins: Annotated[
        tuple[formats.OriginUrl, ...],
        Meta(
            max_length=100,
            title="at most 100 web origins such as https://example.org",
            description="Other web origins whose pages may use this server, and show its pages in a frame. "
            "Eyeline's own pages may always use it.",
        ),
    ] = ()

    site_name: Annotated[
        formats.SiteName | None,
        Meta(
            title="1 to 60 characters",
            description="Name of the operator, such as a club or a company. Shown at the foot of the pages "
            "outside calls, in link previews and in invitations.",
        ),
    ] = None
    imprint_url: Annotated[
        formats.LinkUrl | None,
        Meta(
            title=formats.LINK_WORDS,
            description="Your legal notice (in German: Impressum). Linked at the foot of the pages.",
        ),
    ] = None
    contact_url: Annotated[
        formats.LinkUrl | None,
        Meta(title=formats.LINK_WORDS, description="How people reach you. Linked at the foot of the pages."),
    ] = None

    rooms: Annotated[
        Literal["open", "tokens"],
        Meta(
            description="Who may create and enter rooms: `open` means anybody who knows the name, `tokens` only people "
            "with a pass (a token signed by a key in `pass_keys`, or from the HTTP API)."
        ),
    ] = "open"
    pass_keys: Annotated[
        Path | None,
        Meta(
            title="a JSON file",
            description="JSON Web Key Set with the keys that sign passes: Ed25519 public keys or shared secrets.",
        ),
    ] = None
    pass_audience: Annotated[
        str,
        Meta(
            pattern=r"^[\x21-\x7e]{1,255}$",
            title="1 to 255 characters",
            description="Name of this server, which passes must have as their `aud`.",
        ),
    ] = "eyeline"  # noqa: S105  not a secret

    api_keys: Annotated[
        Path | None,
        Meta(
            title="a TOML file",
            description="Keys of the HTTP API, as SHA-256 hashes. Without it the API is disabled.",
        ),
    ] = None

    sip_domain: Annotated[
        formats.HostOrAddress | None,
        Meta(
            title="a host name or an IP address",
            description="Host in the addresses of SIP users. Default: the first name in `domains`, or else that in "
            "`public_url` or `public_address`. If set, SIP is on even without accounts, for pages that register with "
            "credentials of the HTTP API.",
        ),
    ] = None
    sip_port: Annotated[
        formats.PortNumber | None,
        Meta(
            description="TCP port for SIP phones: usually 5061 with a certificate, where it speaks both TLS and TCP, "
            "or else 5060. Browsers don't need it: they use the WebSocket `/sip`."
        ),
    ] = None
    sip_udp: Annotated[
        Literal["off", "on"],
        Meta(description="Whether SIP phones may also use UDP, at the port `sip_port`, where nothing is encrypted."),
    ] = "off"

    call_phones: Annotated[
        Literal["off", "on"],
        Meta(
            description="Whether people in a room may call SIP users, so that they join by phone: hosts and co-hosts, "
            "and where nobody has to let people in, everybody."
        ),
    ] = "on"

    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """`trusted_proxies`, or else the router of the `platform`, parsed.  Raises SetupError."""
        proxies = self.trusted_proxies or (_ROUTERS if self.platform == "http" else ())
        try:
            return tuple(ip_network(proxy, strict=False) for proxy in proxies)
        except ValueError as error:
            raise SetupError(f"trusted_proxies is invalid: {error}.") from None

    def pages_path(self) -> str:
        """`root_path` or else the path in `public_url`, without a slash at its end.  Raises SetupError."""
        path = (self.public_url or "").partition("://")[2].partition("/")[2].rstrip("/")
        public = f"/{path}" if path else ""
        root = (self.root_path or public).rstrip("/")
        if self.public_url is not None and root != public:
            raise SetupError(f"root_path is '{root}', but public_url is '{self.public_url}', without that path.")
        return root

    def relay_range(self) -> range:
        """`relay_ports`, parsed.  Raises SetupError."""
        first, last = (int(port) for port in self.relay_ports.split("-"))
        if not 1024 <= first < last <= 65535:
            raise SetupError(f"relay_ports is '{self.relay_ports}', but must be an ascending range in 1024-65535.")
        return range(first, last + 1)

    def relay_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """`relay_allow`, parsed.  Raises SetupError."""
        try:
            return tuple(ip_network(network, strict=False) for network in self.relay_allow)
        except ValueError as error:
            raise SetupError(f"relay_allow is invalid: {error}.") from None


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """The default data directory, by the XDG base directory specification, which ignores relative paths."""
    base = Path(environ.get("XDG_DATA_HOME", ""))
    try:
        return (base if base.is_absolute() else Path("~/.local/share").expanduser()) / "eyeline"
    except RuntimeError:  # for example in a container whose user is unknown to the system
        raise SetupError("data_dir has no default, since this user has no home: set it with --data-dir.") from None
