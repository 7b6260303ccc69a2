"""Configuration: every setting of the server in one frozen value, validated once at start.

A setting comes from the command line, else from the environment (`EYELINE_PORT`), else from a TOML file
(`port = 8000`), else from its default.  `all_settings` lists them all; `--help` and the table in `docs/operate.md`
are generated from it.
"""

import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.inspect import IntType, LiteralType, Metadata, UnionType, VarTupleType, type_info
from msgspec.structs import FieldInfo, fields

from eyeline import setting_formats as formats
from eyeline.errors import LocalError, SetupError

_PREFIX = "EYELINE_"
_CONFIG = "EYELINE_CONFIG"
_PLATFORM_PORT = "PORT"
"""The variable in which hosting platforms pass the port.  `EYELINE_PORT` takes precedence."""
_SHOWN_CHARACTERS = 80
_HTTPS_PORT = 443
_SERVICE_LINK = re.compile(
    r"EYELINE_([A-Z0-9_]+_)?(SERVICE_(HOST|PORT(_[^=]*)?)=|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?=|PORT=(tcp|udp|sctp)://).*",
    re.DOTALL,
)
"""Variables that Kubernetes sets in a container for a Service named `eyeline` or `eyeline-stun`.  They are ignored,
since its `EYELINE_PORT` and `EYELINE_STUN_PORT` don't contain port numbers."""

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
    ] = msgspec.field(default_factory=lambda: _data_dir({}))
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
            title="at most 100 names such as meet.example.org",
            description="Names of this server, for which it gets a certificate from an authority (ACME) and renews it. "
            "Port 443 of each name must lead here; it becomes the default of `port`.",
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
            description="Other web origins whose pages may use this server; Eyeline's own pages always may.",
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


class Setting(Struct, frozen=True):
    """One setting, as documented for people.

    `name` is the key in the file; `allowed` and `default` are text; `repeats` means that the flag may be given more
    than once (in the environment the values are separated by commas).
    """

    name: str
    flag: str
    variable: str
    allowed: str
    default: str
    description: str
    repeats: bool


def all_settings() -> tuple[Setting, ...]:
    """All settings, in the order in which they are documented."""
    return tuple(_setting_of(field) for field in fields(Settings))


def read(flags: Mapping[str, Any], environ: Mapping[str, str], config: Path | None = None) -> Settings:
    """Read the settings from `flags`, `environ` and the file, in this order of precedence.

    `flags` has only what was given on the command line, by setting name.  The file is `config`, else the one named by
    `EYELINE_CONFIG`, else none.  Raises SetupError for the first setting that is unknown or invalid.
    """
    known = {setting.name: setting for setting in all_settings()}
    if config is None and _CONFIG in environ:
        config = _config(environ[_CONFIG])
    values: dict[str, Any] = {}
    if config is not None:
        for name, value in _from_file(config, list(known)).items():
            values[name] = _converted(known[name], value, f"in {config}", strict=True)
    for name, text in _from_environment(environ, known).items():
        given: Any = [part.strip() for part in text.split(",") if part.strip()] if known[name].repeats else text
        variable = known[name].variable if known[name].variable in environ else _PLATFORM_PORT
        values[name] = _converted(known[name], given, f"from {variable}", strict=False)
    for name, value in flags.items():
        values[name] = _converted(known[name], value, f"from {known[name].flag}", strict=False)
    if "data_dir" not in values:
        values["data_dir"] = _data_dir(environ)
    if values.get("domains"):
        values.setdefault("port", _HTTPS_PORT)
    return _validated(Settings(**values))


def _validated(settings: Settings) -> Settings:
    """Validate what patterns can't express: consistency between settings, and networks."""
    if settings.turn_urls and settings.turn_secret is None:
        raise SetupError("turn_urls is set but turn_secret is not: those servers would refuse everybody.")
    if settings.turn_secret is not None and not settings.turn_urls:
        raise SetupError("turn_secret is set but turn_urls is not: set the servers that use it.")
    if (settings.turn_api is None) != (settings.turn_api_token is None):
        given, missing = ("turn_api_token", "turn_api") if settings.turn_api is None else ("turn_api", "turn_api_token")
        raise SetupError(f"{given} is set but {missing} is not: credentials need both.")
    _validate_certificate(settings)
    if settings.rooms == "tokens" and settings.pass_keys is None and settings.api_keys is None:
        raise SetupError("rooms is 'tokens' but neither pass_keys nor api_keys is set: nobody could enter.")
    settings.proxies()
    settings.pages_path()
    settings.relay_range()
    settings.relay_networks()
    return settings


def _validate_certificate(settings: Settings) -> None:
    """There is only one certificate, and it has a key."""
    if settings.domains and settings.platform == "http":
        raise SetupError("domains is set, which needs TLS up to this server, but platform is 'http', which ends TLS.")
    if (settings.cert is None) != (settings.key is None):
        given, missing = ("key", "cert") if settings.cert is None else ("cert", "key")
        raise SetupError(f"{given} is set but {missing} is not: HTTPS needs both or neither.")
    if settings.cert is not None and settings.tls == "self-signed":
        raise SetupError(f"tls is 'self-signed' but cert is '{settings.cert}': set only one of them.")
    if settings.domains and (settings.cert is not None or settings.tls == "self-signed"):
        other = "tls" if settings.cert is None else "cert"
        raise SetupError(f"domains is set, which gets a certificate, but {other} is set too: set only one of them.")


def _converted(setting: Setting, value: Any, source: str, *, strict: bool) -> Any:
    (field,) = (field for field in fields(Settings) if field.name == setting.name)
    try:
        return msgspec.convert(value, field.type, strict=strict, dec_hook=_path)
    except msgspec.ValidationError:
        shown = repr(", ".join(map(str, value)) if isinstance(value, list | tuple) else value)
        shown = shown if len(shown) <= _SHOWN_CHARACTERS else f"{shown[:_SHOWN_CHARACTERS]}..."
        raise SetupError(f"{setting.name} is {shown} {source}, but must be {setting.allowed}.") from None


def _config(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise SetupError(f"{_CONFIG} is {text!r}, but there is no such home directory.") from None


def _path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str) and value and "\0" not in value:
        with suppress(RuntimeError):  # no such user, or no home directory
            return Path(value).expanduser()
    raise TypeError(f"not a path: {value!r}")


def _from_file(config: Path, names: list[str]) -> dict[str, Any]:
    try:
        keys = tomllib.loads(config.read_text(encoding="utf-8"))
    except OSError as error:
        raise SetupError(f"The configuration file {config} can't be read: {error.strerror}.") from None
    except ValueError as error:
        raise SetupError(f"The configuration file {config} isn't valid TOML: {' '.join(str(error).split())}.") from None
    for key in keys:
        if key not in names:
            raise SetupError(f"Unknown setting {key!r} in {config}; {_nearest(key, names)}")
    return keys


def _from_environment(environ: Mapping[str, str], known: Mapping[str, Setting]) -> dict[str, str]:
    names = {setting.variable: name for name, setting in known.items()}
    texts = {"port": environ[_PLATFORM_PORT]} if environ.get(_PLATFORM_PORT) else {}
    for variable in sorted(environ):
        if _SERVICE_LINK.fullmatch(f"{variable}={environ[variable]}"):
            continue
        if variable in names:
            texts[names[variable]] = environ[variable]
        elif variable.startswith(_PREFIX) and variable != _CONFIG:
            nearest = _nearest(variable, [*names, _CONFIG])
            raise SetupError(f"Unknown setting {variable!r} in the environment; {nearest}")
    return texts


def _nearest(name: str, names: list[str]) -> str:
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else f"the settings are {', '.join(names)}."


def _data_dir(environ: Mapping[str, str]) -> Path:
    """The default data directory, by the XDG base directory specification, which ignores relative paths."""
    base = Path(environ.get("XDG_DATA_HOME", ""))
    try:
        return (base if base.is_absolute() else Path("~/.local/share").expanduser()) / "eyeline"
    except RuntimeError:  # for example in a container whose user is unknown to the system
        raise SetupError("data_dir has no default, since this user has no home: set it with --data-dir.") from None


def _setting_of(field: FieldInfo) -> Setting:
    info = type_info(field.type)
    assert isinstance(info, Metadata), f"{field.name} has no description"
    words = info.extra_json_schema or {}
    repeats = isinstance(info.type, VarTupleType)
    return Setting(
        name=field.name,
        flag=f"--{_one_of(field.name) if repeats else field.name}".replace("_", "-"),
        variable=f"{_PREFIX}{field.name.upper()}",
        allowed=words.get("title") or _allowed(info.type),
        default=_default(field),
        description=words["description"],
        repeats=repeats,
    )


def _one_of(names: str) -> str:
    return f"{names.removesuffix('ies')}y" if names.endswith("ies") else names.removesuffix("s")


def _allowed(kind: object) -> str:
    match kind:
        case IntType(ge=least, le=most):
            return f"a whole number from {least} to {most}"
        case LiteralType(values=values):
            return f"{', '.join(map(str, values[:-1]))} or {values[-1]}"
        case Metadata(type=inner):
            return _allowed(inner)
        case UnionType(types=(inner, *_)):
            return _allowed(inner)
        case _:
            raise LocalError(f"a setting of this kind needs a title: {kind}")


def _default(field: FieldInfo) -> str:
    if field.name == "data_dir":
        return "~/.local/share/eyeline"
    return "" if field.default in (None, ()) else str(field.default)
