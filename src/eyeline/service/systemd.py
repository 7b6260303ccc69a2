"""Installs, shows and removes the service.  Every failure is a `SetupError` that says what to do."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from eyeline.errors import SetupError
from eyeline.service.unit import DATA_DIR, MARK, unit
from eyeline.settings import all_settings, read

NAME: Final = "eyeline.service"
_HIDDEN: Final = tuple(map(Path, ("/root", "/home", "/run/user", "/tmp", "/var/tmp")))  # noqa: S108  not used
"""Folders that the service doesn't see (`ProtectHome`, `PrivateTmp`)."""
_WRITTEN_PERMISSIONS: Final = 0o644


class Machine(NamedTuple):
    """Where systemd is."""

    root: Path = Path("/")

    @property
    def unit(self) -> Path:
        """The unit's file."""
        return self.root / "etc/systemd/system" / NAME

    def systemctl(self, *words: str) -> int:
        """Run systemctl and return its exit status; its output is shown."""
        program = shutil.which("systemctl")
        if program is None or not (self.root / "run/systemd/system").is_dir():
            raise SetupError(
                "systemd doesn't run on this machine. `eyeline service install --print` prints the unit for another "
                "machine; for containers see docs/install.md."
            )
        return subprocess.run([program, *words], check=False).returncode  # noqa: S603


def unit_for(flags: Mapping[str, object], config: Path | None) -> str:
    """The unit that runs this installation with these options of `eyeline serve`, by setting name.

    Raises SetupError if an option is invalid, or if the service couldn't read this installation or a file.
    """
    if "data_dir" in flags:
        raise SetupError(f"data_dir can't be set: the service keeps its data in {DATA_DIR}.")
    settings = read(flags, {}, config)
    options: list[str] = []
    files: dict[str, Path] = {} if config is None else {"--config": config}
    for setting in all_settings():
        if setting.name not in flags:
            continue
        value = getattr(settings, setting.name)
        if isinstance(value, Path):
            files[setting.flag] = value
        else:
            for each in value if setting.repeats else [value]:
                options += [setting.flag, str(each)]
    for path in files.values():
        if not path.is_file():
            raise SetupError(f"{path} isn't a file.")
    return unit(
        [sys.executable, "-m", "eyeline", "serve"], options, {flag: each.resolve() for flag, each in files.items()}
    )


def install(text: str, machine: Machine, *, replace: bool) -> None:
    """Write the unit, and start it now and at each boot.  A unit with other content is replaced only by `replace`."""
    _as_root()
    _readable_by_everybody([Path(sys.executable), Path(sys.executable).resolve(), Path(os.__file__), Path(__file__)])
    _systemctl(machine, "daemon-reload")
    if machine.unit.exists() and machine.unit.read_text(encoding="utf-8") != text and not replace:
        raise SetupError(f"{machine.unit} has other content already. Compare it with --print, then add --replace.")
    new = machine.unit.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.chmod(_WRITTEN_PERMISSIONS)
    new.replace(machine.unit)
    _systemctl(machine, "daemon-reload")
    _systemctl(machine, "enable", NAME)
    _systemctl(machine, "restart", NAME)


def status(machine: Machine) -> int:
    """Show what systemd says about the service; returns its exit status, 0 if the service runs."""
    _installed(machine)
    return machine.systemctl("status", "--no-pager", "--full", NAME)


def uninstall(machine: Machine) -> None:
    """Stop the service and remove its unit; its data stays."""
    _as_root()
    _installed(machine)
    if not machine.unit.read_text(encoding="utf-8").startswith(MARK):
        raise SetupError(f"{machine.unit} wasn't written by `eyeline service install`: remove it yourself.")
    _systemctl(machine, "disable", "--now", NAME)
    machine.unit.unlink()
    _systemctl(machine, "daemon-reload")


def _systemctl(machine: Machine, *words: str) -> None:
    if machine.systemctl(*words) != 0:
        raise SetupError(f"`systemctl {' '.join(words)}` failed; `journalctl -u {NAME}` says why.")


def _as_root() -> None:
    if os.geteuid() != 0:
        raise SetupError(f"This needs root: sudo {sys.argv[0]} service ...")


def _installed(machine: Machine) -> None:
    if not machine.unit.exists():
        raise SetupError(f"The service isn't installed: there is no {machine.unit}.")


def _readable_by_everybody(paths: list[Path]) -> None:
    """Raise SetupError unless a user of systemd's making can read this installation."""
    for path in paths:
        hidden = any(path.is_relative_to(folder) for folder in _HIDDEN)
        if hidden or not all(_enterable(folder) for folder in path.parents):
            raise SetupError(
                f"The service can't read {path}, where this installation or its Python is. Install Eyeline for the "
                "whole machine, for example with `/usr/bin/python3 -m venv /opt/eyeline` and "
                "`/opt/eyeline/bin/pip install` of its wheel, and use /opt/eyeline/bin/eyeline."
            )


def _enterable(folder: Path) -> bool:
    return bool(folder.stat().st_mode & 0o001)
