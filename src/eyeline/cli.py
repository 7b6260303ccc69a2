"""The command line: the only place that reads argv and exits.

Exit status: 0 after a clean stop (Ctrl-C or SIGTERM), 1 when the doctor found a failure, 2 when the server can't start
as told.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import segno
import typer
from rich.console import Console
from rich.text import Text
from typer.models import OptionInfo

from eyeline import __version__
from eyeline.doctor.examine import examine
from eyeline.doctor.finding import Finding, Mark
from eyeline.errors import SetupError
from eyeline.serve.local_address import EVERYWHERE, Listening
from eyeline.serve.run import run
from eyeline.settings import Setting, all_settings, read

main = typer.Typer(name="eyeline", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

_KNOBS = {knob.name: knob for knob in all_settings()}
_FAILED = 1
_CANT_START = 2
_MARKS: dict[Mark, tuple[str, str]] = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failure": ("✗", "red")}


def _option(name: str) -> OptionInfo:
    """The option for a setting.  It takes any text: `settings.read` checks it, wherever it comes from."""
    knob = _KNOBS[name]
    option: OptionInfo = typer.Option(
        knob.flag, help=_help(knob), metavar="", show_default=False, rich_help_panel="Settings"
    )
    return option


def _help(knob: Setting) -> str:
    default = f"default {knob.default}; " if knob.default else ""
    return f"{knob.description} ({knob.allowed}; {default}{knob.variable})"


def _version(wanted: bool) -> None:
    if wanted:
        print(f"eyeline {__version__}")  # noqa: T201  what was asked for
        raise typer.Exit


@main.callback()
def eyeline(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which one.")
    ] = False,
) -> None:
    """Self-hosted, peer-to-peer video calls."""


@main.command()
def serve(
    context: typer.Context,
    host: Annotated[str | None, _option("host")] = None,
    port: Annotated[str | None, _option("port")] = None,
    stun_port: Annotated[str | None, _option("stun_port")] = None,
    public_address: Annotated[str | None, _option("public_address")] = None,
    relay: Annotated[str | None, _option("relay")] = None,
    relay_ports: Annotated[str | None, _option("relay_ports")] = None,
    relay_allow: Annotated[list[str] | None, _option("relay_allow")] = None,
    relay_kilobytes: Annotated[str | None, _option("relay_kilobytes")] = None,
    turn_urls: Annotated[list[str] | None, _option("turn_urls")] = None,
    turn_secret: Annotated[str | None, _option("turn_secret")] = None,
    data_dir: Annotated[str | None, _option("data_dir")] = None,
    log_level: Annotated[str | None, _option("log_level")] = None,
    log_format: Annotated[str | None, _option("log_format")] = None,
    metrics: Annotated[str | None, _option("metrics")] = None,
    cert: Annotated[str | None, _option("cert")] = None,
    key: Annotated[str | None, _option("key")] = None,
    tls: Annotated[str | None, _option("tls")] = None,
    room_capacity: Annotated[str | None, _option("room_capacity")] = None,
    max_sockets: Annotated[str | None, _option("max_sockets")] = None,
    sockets_per_address: Annotated[str | None, _option("sockets_per_address")] = None,
    trusted_proxies: Annotated[list[str] | None, _option("trusted_proxies")] = None,
    allowed_origins: Annotated[list[str] | None, _option("allowed_origins")] = None,
    rooms: Annotated[str | None, _option("rooms")] = None,
    pass_keys: Annotated[str | None, _option("pass_keys")] = None,
    pass_audience: Annotated[str | None, _option("pass_audience")] = None,
    api_keys: Annotated[str | None, _option("api_keys")] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="", help="A TOML file with settings. (a TOML file; EYELINE_CONFIG)")
    ] = None,
) -> None:
    """Run the whole service: pages, broker and STUN.

    A setting comes from its option, else from its EYELINE_ variable, else from the file, else from its default.
    """
    flags: dict[str, Any] = {name: context.params[name] for name in _KNOBS if context.params[name] not in (None, [])}
    try:
        run(read(flags, os.environ, config), greet)
    except SetupError as error:
        print(f"eyeline: {error}", file=sys.stderr)  # noqa: T201
        raise typer.Exit(_CANT_START) from None
    except KeyboardInterrupt:
        raise typer.Exit from None


@main.command()
def doctor(
    url: Annotated[
        str | None, typer.Argument(metavar="[URL]", help="Its pages, such as https://meet.example.org.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object for each check, a line each.")] = False,
    config: Annotated[
        Path | None, typer.Option(metavar="", help="Without URL: the settings of the server on this machine.")
    ] = None,
) -> None:
    """Look at a server from outside: ports, proxy, certificate, clock, STUN and relay.

    Exit status 1 when something fails.
    """
    findings: list[Finding] = []
    console = Console(highlight=False, emoji=False, soft_wrap=True)

    def tell(finding: Finding) -> None:
        findings.append(finding)
        if json:
            print(msgspec.json.encode(finding._asdict() | {"advice": finding.advice}).decode(), flush=True)  # noqa: T201
        else:
            console.print(_line(finding))

    try:
        asyncio.run(examine(url or _here(config), tell))
    except SetupError as error:
        print(f"eyeline: {error}", file=sys.stderr)  # noqa: T201
        raise typer.Exit(_CANT_START) from None
    failed = sum(finding.mark == "failure" for finding in findings)
    if not json:
        console.print(f"{failed} of {len(findings)} checks failed." if failed else "Nothing failed.")
    if failed:
        raise typer.Exit(_FAILED)


def _here(config: Path | None) -> str:
    """The server of this machine's own settings."""
    settings = read({}, os.environ, config)
    secure = settings.cert is not None or settings.tls == "self-signed"
    host = "localhost" if settings.host in EVERYWHERE else settings.host
    return f"http{'s' * secure}://{f'[{host}]' if ':' in host else host}:{settings.port}"


def _line(finding: Finding) -> Text:
    """Told apart by word and sign, not by colour alone."""
    sign, colour = _MARKS[finding.mark]
    words = Text.assemble((f"{sign} {finding.mark:<7}", colour), "  ", (finding.what, "bold"))
    if finding.code:
        words.append(f"  {finding.code}", colour)
    words.append(f"  {finding.ms:.0f} ms", "dim")
    words.append(f"\n           {finding.detail}")
    if finding.advice:
        words.append(f"\n           -> {finding.advice}")
    return words


def greet(listening: Listening) -> None:
    """Say where to point a browser."""
    console = Console(highlight=False, emoji=False, soft_wrap=True)  # `:CD:` in a fingerprint is no disc
    console.print(Text.assemble("Eyeline is running: ", (listening.here, "bold")))
    for address in listening.network:
        console.print(Text.assemble("On other machines:  ", (address, "bold")))
    if listening.network and console.is_terminal:
        segno.make(listening.network[0], micro=False).terminal(compact=True)
    if listening.relay is not None:
        console.print(f"Relayed calls:      {listening.relay}")
    if listening.fingerprint is not None:
        console.print(f"SHA-256 of the certificate: {listening.fingerprint}")
    elif listening.network:
        console.print("Other machines need HTTPS for camera and microphone: --tls self-signed")
    console.print("Ctrl-C stops it.")
    sys.stdout.flush()
