"""The systemd unit: runs this installation's `eyeline serve` with nothing but the permissions that it needs."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from eyeline.errors import SetupError

MARK: Final = "# Written by `eyeline service install`: to change an option, run it again with --replace.\n"
"""The first line of a unit, by which we recognise our own."""

DATA_DIR: Final = Path("/var/lib/eyeline")
"""`StateDirectory`: systemd creates it, and gives it to the user that it makes up for each start (`DynamicUser`)."""

_WEB_SERVERS: Final = "nginx.service apache2.service httpd.service caddy.service haproxy.service lighttpd.service"
"""They get port 80 at boot, if they are on this machine: with `--domain` we take it only if it is free."""

_PLAIN: Final = re.compile(r"[A-Za-z0-9_@+=:,./-]+")
_SANDBOX: Final = """\
DynamicUser=yes
StateDirectory=eyeline
StateDirectoryMode=0700
UMask=0077
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed
ProtectProc=invisible
ProcSubset=pid
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
"""


def unit(command: Iterable[str], options: Iterable[str], files: dict[str, Path]) -> str:
    """The text of the unit for `command`, the program with its arguments, and more `options` for it.

    `files` are options that name a file, by flag.  systemd reads them as root and passes on a copy
    (`LoadCredential`), since the service's own user can't read, for example, a private key of certbot.  Raises
    SetupError if one has control characters in its name.
    """
    for path in files.values():
        if not str(path).isprintable():
            raise SetupError(f"{str(path)!r} isn't a file name that systemd accepts.")
    credentials = {flag: (flag.removeprefix("--"), path) for flag, path in files.items()}
    words = [*command, "--data-dir", str(DATA_DIR), *options]
    line = [_quoted(word) for word in words]
    line += [f"{flag} ${{CREDENTIALS_DIRECTORY}}/{name}" for flag, (name, _) in credentials.items()]
    loads = "".join(f"LoadCredential={name}:{_specifier_free(str(path))}\n" for name, path in credentials.values())
    return (
        f"{MARK}"
        "[Unit]\n"
        "Description=Eyeline, video calls from browser to browser\n"
        "Wants=network-online.target\n"
        "After=network-online.target\n"
        f"After={_WEB_SERVERS}\n"
        "StartLimitIntervalSec=0\n"
        "\n"
        "[Service]\n"
        "Type=notify\n"
        f"ExecStart={' '.join(line)}\n"
        "ExecReload=kill -HUP $MAINPID\n"
        "Restart=on-failure\n"
        "RestartSec=1\n"
        "LimitNOFILE=524288\n"
        f"{loads}"
        "\n"
        f"{_SANDBOX}"
        "\n"
        "[Install]\n"
        "WantedBy=multi-user.target\n"
    )


def _quoted(word: str) -> str:
    """A word as in `ExecStart`, where systemd expands `%` and `$`."""
    if _PLAIN.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{_specifier_free(escaped)}"'


def _specifier_free(text: str) -> str:
    return text.replace("%", "%%")
