"""Two networks behind routers, and a server outside: as much of an internet as a call needs.

    alice .2 -- natA .1 | 198.51.100.21 --+-- 198.51.100.22 | natB .65 -- bob .66
                                          |
                                  server 198.51.100.10

The networks inside are 203.0.113.0/26 and 203.0.113.64/26: without NAT they can be reached from outside.
"""

import os
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.support.namespaces import Namespace, Wires
from tests.support.nat import CUT, Kind, rules
from tests.support.server import ROOT
from tests.support.tools import need
from tests.support.wire import Process, scratch

NAME: Final = "eyeline.test"
"""The server's, in both networks; Firefox takes no IP address for TURN over TLS."""

SERVER: Final = "198.51.100.10"
_NOWHERE: Final = "198.51.100.1"


class Side:
    """One network: a router, and one machine behind it."""

    def __init__(self, wires: Wires, label: str, inside: int, outside: int) -> None:
        self.router, self.host = wires.namespace(f"nat-{label}"), wires.namespace(label)
        self.network = f"203.0.113.{inside}/26"
        self.outside = f"198.51.100.{outside}"
        self.address = f"203.0.113.{inside + 2}"
        gateway = f"203.0.113.{inside + 1}"
        wires.cable(self.router, "lan", self.host, "eth0")
        self.router.do(f"ip address add {gateway}/26 dev lan")
        self.host.do(f"ip address add {self.address}/26 dev eth0")
        self.host.do(f"ip route add default via {gateway}")
        self.host.names({NAME: SERVER})
        self.router.do("sysctl -q -w net.ipv4.ip_forward=1")
        self._home = self.outside

    def become(self, kind: Kind) -> None:
        """From now on the router is of this kind, where it was at first, and has forgotten every connection."""
        if self.outside != self._home:
            self.move(int(self._home.rpartition(".")[2]))
        self.router.do("nft -f -", text=rules(kind))
        self.forget()

    def forget(self) -> None:
        """What a router does that is switched off and on."""
        self.router.do("conntrack -F")

    def move(self, outside: int) -> None:
        """The router gets another address outside, as from a provider at night."""
        self.router.do(f"ip address delete {self.outside}/24 dev wan")
        self.outside = f"198.51.100.{outside}"
        self.router.do(f"ip address add {self.outside}/24 dev wan")
        _to_everywhere(self.router, "wan")
        self.forget()

    def cut(self) -> None:
        """Nothing passes between the router and the outside, and nobody is told."""
        self.router.do("nft -f -", text=CUT)

    def mend(self) -> None:
        """It passes again."""
        self.router.do("nft delete table inet cut")


class Lab:
    """`with Lab() as lab`: made when the block begins, gone when it ends."""

    def __init__(self) -> None:
        for program in ("ip", "nft", "conntrack"):
            need(program)
        self._wires = Wires()
        self.server = self._wires.namespace("server")
        try:
            self._build()
        except BaseException:
            self._wires.__exit__(None, None, None)
            raise

    def _build(self) -> None:
        self.a, self.b = Side(self._wires, "alice", 0, 21), Side(self._wires, "bob", 64, 22)
        self._wires.bridge("outside", [(self.server, "eth0"), (self.a.router, "wan"), (self.b.router, "wan")])
        self.server.do(f"ip address add {SERVER}/24 dev eth0")
        self.server.names({NAME: SERVER})
        _to_everywhere(self.server, "eth0")
        for side, other in ((self.a, self.b), (self.b, self.a)):
            side.router.do(f"ip address add {side.outside}/24 dev wan")
            _to_everywhere(side.router, "wan")
            side.router.do(f"ip route add {other.network} via {other.outside}")
            self.server.do(f"ip route add {side.network} via {side.outside}")

    def connect(self, kind_a: Kind, kind_b: Kind) -> None:
        """From now on the routers are of these kinds."""
        self.a.become(kind_a)
        self.b.become(kind_b)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wires.__exit__(kind, error, trace)


class LabServer:
    """`eyeline serve` in the lab, on 443 under TLS unless told otherwise."""

    def __init__(self, place: Namespace, *flags: str) -> None:
        self._scratch = scratch("lab-server")
        self._log = Path(self._scratch.name, "log")
        data = ("--data-dir", str(Path(self._scratch.name, "data")))
        flags = flags or ("--port", "443", "--tls", "self-signed")
        argv = [*place.prefix, sys.executable, "-m", "eyeline", "serve", *data, *flags]
        self._process = Process(argv, self._log, {**os.environ, "PYTHONPATH": str(ROOT / "src")})
        self.url = f"https://{NAME}"

    def log(self) -> str:
        """All that it has printed."""
        return self._process.log()

    def __enter__(self) -> Self:
        self._process.says(r"(Eyeline is running)")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.end(signal.SIGTERM)
        self._scratch.cleanup()


def _to_everywhere(place: Namespace, device: str) -> None:
    """A way to everywhere, at whose end nobody is: a server has one, and without it sending there is an error."""
    place.do(f"ip neighbor replace {_NOWHERE} lladdr 02:00:00:00:00:01 dev {device} nud permanent")
    place.do(f"ip route replace default via {_NOWHERE} dev {device}")
