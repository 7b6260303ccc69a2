"""The command line: the only place that reads argv and exits.

Exit status: 0 after a clean stop (Ctrl-C or SIGTERM), 1 if the doctor found a failure, 2 if the server can't start with
these settings or the service can't be installed.  Each command imports its modules when it runs, so that the server
starts without those of the doctor and the QR code, and `--version` without either.
"""

import gc
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from eyeline import __version__
from eyeline.cli.sip import sip
from eyeline.cli.terminal import print_line, printable, setup_errors
from eyeline.settings import Setting, all_settings, read

if TYPE_CHECKING:
    from eyeline.doctor.finding import Finding, Mark
    from eyeline.serve.local_address import Listening

_FAILED = 1
_MARKS: "dict[Mark, tuple[str, str]]" = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failure": ("✗", "red")}
_F = TypeVar("_F", bound=Callable[..., Any])


def _options(command: _F) -> _F:
    """Add one option per setting.  They accept any text, because `settings.read` validates all sources."""
    for setting in reversed(all_settings()):
        option = click.option(setting.flag, setting.name, metavar="TEXT", multiple=setting.repeats, help=_help(setting))
        command = option(command)
    return command


def _help(setting: Setting) -> str:
    default = f"default {setting.default}; " if setting.default else ""
    return f"{setting.description} ({setting.allowed}; {default}{setting.variable})"


@click.group()
@click.version_option(__version__, prog_name="eyeline", message="%(prog)s %(version)s", help="Print the version.")
def main() -> None:
    """Self-hosted, peer-to-peer video calls."""


main.add_command(sip)

_config = click.option(
    "--config", type=click.Path(path_type=Path), help="Read settings from a TOML file. (a TOML file; EYELINE_CONFIG)"
)


@main.command()
@_options
@_config
def serve(config: Path | None, **options: str | tuple[str, ...] | None) -> None:
    """Run the whole service: pages, signalling, STUN and TURN.

    A setting comes from its option, else from its EYELINE_ variable, else from the file, else from its default.
    """
    gc.disable()  # imports create no garbage, and collecting took a tenth of the start-up time
    from eyeline.serve.run import run

    gc.freeze()  # modules stay in memory, so the collector need not scan them again
    gc.enable()
    with setup_errors(), suppress(KeyboardInterrupt):  # Ctrl-C is how it is stopped
        run(read(_given(options), os.environ, config), greet)


@main.group()
def service() -> None:
    """Run Eyeline with systemd: at each boot, as a user of its own, with few permissions."""


@service.command()
@_options
@_config
@click.option("--print", "only_print", is_flag=True, help="Print the unit instead of installing it.")
@click.option("--replace", is_flag=True, help="Replace a unit that has other options.")
def install(config: Path | None, only_print: bool, replace: bool, **options: str | tuple[str, ...] | None) -> None:
    """Install and start the service, with these options of `eyeline serve`.  Needs root.

    Settings from EYELINE_ variables aren't passed on.
    """
    from eyeline.service import systemd
    from eyeline.service.unit import DATA_DIR

    with setup_errors():
        text = systemd.unit_for(_given(options), config)
        if only_print:
            click.echo(text, nl=False)
            return
        systemd.install(text, systemd.Machine(), replace=replace)
    print_line("Eyeline runs as a service now, also after each boot.")
    print_line(f"Unit:     {systemd.Machine().unit}")
    print_line("Status:   eyeline service status; the log: journalctl -u eyeline")
    name = next(iter(options["domains"] or ()), "YOUR.NAME")
    print_line(f"Check:    eyeline doctor https://{name}, from another network if possible")
    backup = "eyeline.tar.gz"  # it has the server's secrets, so only root may read it
    print_line(f"Back up:  install -m 600 /dev/null {backup} && tar -C {DATA_DIR.parent}/private -czf {backup} eyeline")
    print_line(
        f"Upgrade:  {sys.executable} -m pip install NEW-WHEEL && systemctl restart eyeline; calls go on meanwhile"
    )
    if options["cert"]:
        print_line("Renewal:  after one of the certificate, systemctl restart eyeline; calls go on meanwhile")
    print_line(
        f"Move:     stop it, back up; there install -d -m 700 {DATA_DIR.parent}/private, unpack the backup "
        "in it, and install the service with the same options"
    )


@service.command()
def status() -> None:
    """Show whether the service runs, and its last log lines."""
    from eyeline.service import systemd

    with setup_errors():
        sys.exit(systemd.status(systemd.Machine()))


@service.command()
def uninstall() -> None:
    """Stop the service and remove it; its data stays.  Needs root."""
    from eyeline.service import systemd
    from eyeline.service.unit import DATA_DIR

    with setup_errors():
        systemd.uninstall(systemd.Machine())
    print_line(
        f"The service was removed, its data wasn't. To do that too: rm -r {DATA_DIR.parent}/private/eyeline {DATA_DIR}"
    )


def _given(options: dict[str, str | tuple[str, ...] | None]) -> dict[str, str | tuple[str, ...]]:
    return {name: value for name, value in options.items() if value is not None and value != ()}


@main.command()
@click.argument("url", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per check, one per line.")
@click.option(
    "--config", type=click.Path(path_type=Path), help="Without URL: the settings file of the server on this machine."
)
def doctor(url: str | None, as_json: bool, config: Path | None) -> None:
    """Check a server from outside: ports, proxy, certificate, clock, STUN and relay.

    URL is the address of the server's pages, such as https://meet.example.org.

    The exit status is 1 if a check fails.
    """
    import asyncio

    import msgspec

    from eyeline.doctor.examine import examine

    findings: list[Finding] = []

    def report(finding: "Finding") -> None:
        findings.append(finding)
        if as_json:
            click.echo(msgspec.json.encode(finding._asdict() | {"advice": finding.advice}))
        else:
            print_line(_line(finding))

    with setup_errors():
        if url is None:
            report(_packet_pump())
        asyncio.run(examine(url or _local_url(config), report))
    failed = sum(finding.mark == "failure" for finding in findings)
    if not as_json:
        print_line(f"{failed} of {len(findings)} checks failed." if failed else "No check failed.")
    if failed:
        sys.exit(_FAILED)


def _packet_pump() -> "Finding":
    """Which packet pump this installation has; from outside that can't be seen."""
    from eyeline.doctor.finding import Finding
    from eyeline.serve.relay.pump_choice import BEST

    without = "Python: the relay would take less CPU time with the one in C, which needs a C compiler to install"
    return Finding("Packet pump", "ok", None, 0, "C" if BEST == "native" else without)


def _local_url(config: Path | None) -> str:
    """The URL of the server with this machine's settings."""
    from eyeline.serve.local_address import EVERYWHERE

    settings = read({}, os.environ, config)
    secure = bool(settings.domains) or settings.cert is not None or settings.tls == "self-signed"
    host = settings.domains[0] if settings.domains else "localhost" if settings.host in EVERYWHERE else settings.host
    return f"http{'s' * secure}://{f'[{host}]' if ':' in host else host}:{settings.port}{settings.pages_path()}"


def _line(finding: "Finding") -> str:
    """Format a finding; its mark is shown as word and sign, not only by colour."""
    sign, colour = _MARKS[finding.mark]
    words = [click.style(f"{sign} {finding.mark:<7}", fg=colour), click.style(printable(finding.what), bold=True)]
    if finding.code:
        words.append(click.style(finding.code, fg=colour))
    words.append(click.style(f"{finding.ms:.0f} ms", dim=True))
    more = [finding.detail, f"-> {finding.advice}"] if finding.advice else [finding.detail]
    return "\n           ".join(["  ".join(words), *map(printable, more)])


def greet(listening: "Listening") -> None:
    """Print the URLs at which the server can be reached."""
    print_line(f"Eyeline is running: {click.style(listening.here, bold=True)}")
    for address in listening.network:
        print_line(f"On other machines:  {click.style(address, bold=True)}")
    if listening.network and sys.stdout.isatty():
        import segno

        segno.make(listening.network[0], micro=False).terminal(compact=True)
    if listening.relay is not None:
        print_line(f"Relayed calls:      {listening.relay}")
    if listening.fingerprint is not None:
        print_line(f"SHA-256 of the certificate: {listening.fingerprint}")
    elif any(address.startswith("http:") for address in listening.network):
        print_line("Other machines need HTTPS for camera and microphone: --tls self-signed")
    if listening.needs_turn:
        print_line(
            "This platform passes only HTTP: STUN and TURN can't work here, so many calls between two networks will "
            "fail. Set a TURN server elsewhere: --turn-url with --turn-secret, or --turn-api with --turn-api-token."
        )
    print_line("Press Ctrl-C to stop.")
