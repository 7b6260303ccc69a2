"""A network lab: two networks behind NAT routers, and a server outside.

    alice .6 -- router .5 | 198.51.100.21 --+-- 198.51.100.22 | router .65 -- bob .66
                                            |
                                   server 198.51.100.10

The inner networks are 203.0.113.0/26 and 203.0.113.64/26, so without NAT they are reachable from outside.  The lab can
also be IPv6 only.
"""

import os
import signal
import sys
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from tests.support.namespaces import Namespace, Wires
from tests.support.nat import CUT, Kind, rules
from tests.support.process import Process, scratch
from tests.support.server import ROOT
from tests.support.tools import need

NAME: Final = "eyeline.test"
"""The server's host name in both networks: Firefox accepts no IP address for TURN over TLS."""


class Network(NamedTuple):
    """An address range; `address` is a format for a machine's number."""

    address: str
    bits: int

    def at(self, number: int) -> str:
        return self.address.format(number)

    def plug(self, place: Namespace, device: str, number: int) -> None:
        """Assign this address to a machine, usable at once."""
        place.do(f"ip address add {self.at(number)}/{self.bits} dev {device}" + " nodad" * (":" in self.address))


class Plan(NamedTuple):
    """The addressing of a lab."""

    outside: Network
    alice: Network
    bob: Network

    @property
    def ip(self) -> str:
        """The command that sets routes."""
        return "ip -6" if ":" in self.outside.address else "ip -4"


IPV4: Final = Plan(Network("198.51.100.{}", 24), Network("203.0.113.{}", 26), Network("203.0.113.6{}", 26))
IPV6: Final = Plan(Network("2001:db8::{}", 64), Network("2001:db8:a::{}", 64), Network("2001:db8:b::{}", 64))

_NOWHERE, _SERVER, _GATEWAY, _HOST = 1, 10, 5, 6


class Side:
    """One network: a router and one machine behind it."""

    def __init__(self, wires: Wires, plan: Plan, label: str, inside: Network, number: int) -> None:
        self.router, self.host = wires.namespace(f"nat-{label}"), wires.namespace(label)
        self.inside, self._plan, self._home, self.number = inside, plan, number, number
        wires.cable(self.router, "lan", self.host, "eth0")
        inside.plug(self.router, "lan", _GATEWAY)
        inside.plug(self.host, "eth0", _HOST)
        self.host.do(f"{plan.ip} route add default via {inside.at(_GATEWAY)}")
        self.host.names({NAME: plan.outside.at(_SERVER)})
        self.router.do("sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")

    @property
    def outside(self) -> str:
        """The router's public address."""
        return self._plan.outside.at(self.number)

    def become(self, kind: Kind) -> None:
        """Make the router this kind of NAT, with its first address and no connection state."""
        if self.number != self._home:
            self.move(self._home)
        self.router.do("nft -f -", text=rules(kind))
        self.forget()

    def forget(self) -> None:
        """Lose all connection state, like a router that is rebooted."""
        self.router.do("conntrack -F")

    def move(self, number: int) -> None:
        """Change the router's public address, as providers do at night."""
        outside = self._plan.outside
        self.router.do(f"ip address delete {outside.at(self.number)}/{outside.bits} dev wan")
        self.number = number
        outside.plug(self.router, "wan", number)
        _to_everywhere(self.router, self._plan, "wan")
        self.forget()

    def cut(self) -> None:
        """Silently cut the router off from the outside."""
        self.router.do("nft -f -", text=CUT)

    def mend(self) -> None:
        """Reconnect the router to the outside."""
        self.router.do("nft delete table inet cut")


class Lab:
    """`with Lab() as lab`: exists inside the block."""

    def __init__(self, plan: Plan = IPV4) -> None:
        for program in ("ip", "nft", "conntrack"):
            need(program)
        self._plan = plan
        self._wires = Wires()
        self.server = self._wires.namespace("server")
        try:
            self._build(plan)
        except BaseException:
            self._wires.__exit__(None, None, None)
            raise

    def _build(self, plan: Plan) -> None:
        self.a = Side(self._wires, plan, "alice", plan.alice, 21)
        self.b = Side(self._wires, plan, "bob", plan.bob, 22)
        self._wires.bridge("outside", [(self.server, "eth0"), (self.a.router, "wan"), (self.b.router, "wan")])
        plan.outside.plug(self.server, "eth0", _SERVER)
        self.server.names({NAME: plan.outside.at(_SERVER)})
        _to_everywhere(self.server, plan, "eth0")
        for side, other in ((self.a, self.b), (self.b, self.a)):
            plan.outside.plug(side.router, "wan", side.number)
            _to_everywhere(side.router, plan, "wan")
            for place, network, by in ((side.router, other.inside, other), (self.server, side.inside, side)):
                to = ip_network(f"{network.at(_HOST)}/{network.bits}", strict=False)
                place.do(f"{plan.ip} route add {to} via {plan.outside.at(by.number)}")

    def connect(self, kind_a: Kind, kind_b: Kind) -> None:
        """Make the routers these kinds of NAT."""
        self.a.become(kind_a)
        self.b.become(kind_b)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wires.__exit__(kind, error, trace)


class LabServer:
    """`eyeline serve` in the lab, on port 443 with TLS by default."""

    def __init__(self, place: Namespace, *flags: str, env: Mapping[str, str] | None = None) -> None:
        self._scratch = scratch("lab-server")
        self._log = Path(self._scratch.name, "log")
        self.data_dir = Path(self._scratch.name, "data")
        data = ("--data-dir", str(self.data_dir))
        flags = flags or ("--port", "443", "--tls", "self-signed")
        argv = [*place.prefix, sys.executable, "-m", "eyeline", "serve", *data, *flags]
        self._process = Process(argv, self._log, {**os.environ, **(env or {}), "PYTHONPATH": str(ROOT / "src")})
        self.url = f"https://{NAME}"

    def log(self) -> str:
        """Everything it has printed."""
        return self._process.log()

    def wait_for_line(self, pattern: str) -> None:
        """Wait until the log matches."""
        self._process.wait_for_line(f"({pattern})")

    def hang_up(self) -> None:
        """SIGHUP: read files again, and order a certificate at once."""
        os.kill(self._process.pid, signal.SIGHUP)

    def __enter__(self) -> Self:
        self._process.wait_for_line(r"(Eyeline is running)")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.end(signal.SIGKILL)  # a graceful shutdown would wait for sockets over removed networks
        self._scratch.cleanup()


def _to_everywhere(place: Namespace, plan: Plan, device: str) -> None:
    """A default route to nowhere: real servers have one, and without it sending would be an error."""
    nowhere = plan.outside.at(_NOWHERE)
    place.do(f"ip neighbor replace {nowhere} lladdr 02:00:00:00:00:01 dev {device} nud permanent")
    place.do(f"{plan.ip} route replace default via {nowhere} dev {device}")
