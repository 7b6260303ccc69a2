"""Linux network namespaces: small machines with their own network, created and removed by a test."""

import contextlib
import ctypes
import itertools
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pytest

from tests.support.process import Machine, Process, scratch
from tests.support.server import ROOT
from tests.support.tools import need

_CLONE_NEWNET: Final = 0x40000000
_numbers = itertools.count()


def need_root() -> None:
    """Skip the test unless namespaces can be created here; on CI, fail."""
    need("ip")
    if os.geteuid() == 0:
        return
    reason = "network namespaces need root"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def run(*argv: str, text: str | None = None) -> str:
    """Run a command that must succeed, and return its output."""
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(argv)}: {done.stderr}"
    return done.stdout


class Namespace:
    """One network namespace, with a name unique to this run."""

    def __init__(self, label: str) -> None:
        self.name = f"eyeline-{os.getpid()}-{next(_numbers)}-{label}"
        self._files = Path("/etc/netns", self.name)
        self._dns: Process | None = None
        self._logs = scratch(label)
        run("ip", "netns", "add", self.name)
        for scope in ("all", "default"):  # late duplicate address detection would look like a network change
            self.do(f"sysctl -q -w net.ipv6.conf.{scope}.accept_dad=0")
        self.do("ip link set lo up")

    def do(self, command: str, text: str | None = None) -> str:
        """Run a command inside; its arguments are separated by spaces."""
        return run("ip", "netns", "exec", self.name, *command.split(), text=text)

    @property
    def prefix(self) -> tuple[str, ...]:
        """The prefix of a command that runs it inside."""
        return ("ip", "netns", "exec", self.name)

    @property
    def machine(self) -> Machine:
        """The `Machine` for a browser that runs inside."""
        return Machine(self.prefix, self.dial)

    def dial(self, address: tuple[str, int], source: str = "") -> socket.socket:
        """A TCP connection made inside, usable from outside; from the address `source`, or else from any."""
        made = self._inside(lambda: socket.create_connection(address, timeout=10, source_address=(source, 0)))
        made.settimeout(None)
        return made

    def udp(self, port: int = 0) -> socket.socket:
        """An IPv4 UDP socket inside, usable from outside."""
        made = self._inside(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        made.bind(("0.0.0.0", port))
        return made

    def _inside(self, make: Callable[[], socket.socket]) -> socket.socket:
        made: list[socket.socket | BaseException] = []

        def work() -> None:
            try:
                _enter(self.name)
                made.append(make())
            except BaseException as error:
                made.append(error)

        thread = threading.Thread(target=work)  # a thread of its own, since a thread stays in its namespace
        thread.start()
        thread.join()
        [outcome] = made
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def names(self, hosts: Mapping[str, str]) -> None:
        """Resolve these names inside, by hosts file and DNS; all others are unknown."""
        self._files.mkdir(parents=True)
        lines = ["127.0.0.1 localhost", "::1 localhost", *(f"{ip} {name}" for name, ip in hosts.items())]
        self._files.joinpath("hosts").write_text("\n".join(lines) + "\n", encoding="ascii")
        self._files.joinpath("resolv.conf").write_text("nameserver 127.0.0.1\n", encoding="ascii")
        given = [word for each in hosts.items() for word in each]
        argv = [*self.prefix, sys.executable, "-m", "tests.support.dns", *given]
        log = Path(self._logs.name, "dns")
        self._dns = Process(argv, log, {**os.environ, "PYTHONPATH": str(ROOT)})
        self._dns.wait_for_line("(listening)")

    def delete(self) -> None:
        """Delete it with all its links; processes still inside lose their network."""
        if self._dns is not None:
            self._dns.end()
        self._logs.cleanup()
        with contextlib.suppress(AssertionError):
            run("ip", "netns", "delete", self.name)
        shutil.rmtree(self._files, ignore_errors=True)
        with contextlib.suppress(OSError):
            self._files.parent.rmdir()  # if it was ours and is empty


def _enter(name: str) -> None:
    """Move this thread into a namespace."""
    with Path("/run/netns", name).open("rb") as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


class Wires:
    """Namespaces and the links between them, removed at the end of the block."""

    def __init__(self) -> None:
        need_root()
        self._namespaces: list[Namespace] = []

    def namespace(self, label: str) -> Namespace:
        """Add a machine."""
        made = Namespace(label)
        self._namespaces.append(made)
        return made

    def cable(self, one: Namespace, end: str, other: Namespace, other_end: str) -> None:
        """Connect two machines by a veth pair with these interface names."""
        run("ip", "link", "add", end, "netns", one.name, "type", "veth", "peer", other_end, "netns", other.name)
        one.do(f"ip link set {end} up")
        other.do(f"ip link set {other_end} up")

    def bridge(self, label: str, plugs: Sequence[tuple[Namespace, str]]) -> Namespace:
        """Add a switch connected to each machine."""
        switch = self.namespace(label)
        switch.do("ip link add br0 type bridge")
        switch.do("ip link set br0 up")
        for number, (machine, end) in enumerate(plugs):
            self.cable(switch, f"p{number}", machine, end)
            switch.do(f"ip link set p{number} master br0")
        return switch

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in reversed(self._namespaces):
            each.delete()
