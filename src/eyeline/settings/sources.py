"""Where settings come from: the command line, the environment, a TOML file, or else their defaults.

Each is validated at start: a setting that is unknown or invalid is a `SetupError`, which names it and says what is
allowed.
"""

import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import fields

from eyeline.errors import SetupError
from eyeline.settings import international
from eyeline.settings.descriptions import PREFIX, Setting, all_settings
from eyeline.settings.fields import Settings, default_data_dir

_CONFIG = f"{PREFIX}CONFIG"
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
        values["data_dir"] = default_data_dir(environ)
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
    if settings.sip_udp == "on" and settings.sip_port is None:
        raise SetupError("sip_udp is 'on' but sip_port is not set: set the port, such as 5060.")
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
        array = "an array of " if strict and setting.repeats and not isinstance(value, list) else ""
        wrong = f"{setting.name} is {shown} {source}, but must be {array}{setting.allowed}."
        hints = international.hints(value if isinstance(value, list | tuple) else [value])
        raise SetupError(" ".join([wrong, *hints])) from None


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
        elif variable.startswith(PREFIX) and variable != _CONFIG:
            nearest = _nearest(variable, [*names, _CONFIG])
            raise SetupError(f"Unknown setting {variable!r} in the environment; {nearest}")
    return texts


def _nearest(name: str, names: list[str]) -> str:
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else f"the settings are {', '.join(names)}."
