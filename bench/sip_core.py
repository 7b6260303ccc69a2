"""How many REGISTER cycles and complete calls per second the SIP machine alone handles on one core, without sockets.

    PYTHONPATH=src:. .venv/bin/python bench/sip_core.py [--rounds 5] [--cycles 4000] [--profile register|call]

Only the server's own CPU time counts, for parsing, deciding and encoding.  A cycle is REGISTER, 401, REGISTER with
digest, 200.  A call is INVITE with an offer of 6 KB, 100, 180, 200, ACK, BYE and 200 between two pages on
WebSockets that have registered.
"""

import argparse
import cProfile
import pstats
from collections.abc import Callable
from statistics import median
from time import process_time

from tests.sip.phones import Net, Phone, account, call

from eyeline.sip.effects import SipAccount, SipEffect
from eyeline.sip.server import SipServer

CANDIDATE = "a=candidate:1 1 udp 2113937151 0c4ae0ee-2d4a-4f4c-9a2f-7c7b5f0a3e11.local 54321 typ host\r\n"
SDP = ("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=fingerprint:sha-256 AB:CD\r\n" + CANDIDATE * 62).encode()


class Timed(SipServer):
    """A server that adds up the time it takes."""

    spent_s = 0.0
    profile: cProfile.Profile | None = None

    def receive(self, flow_id: int, data: bytes, now: float, unix: float) -> list[SipEffect]:
        """As the server does."""
        return self._timed(lambda: super(Timed, self).receive(flow_id, data, now, unix))

    def found(self, query: int, found: SipAccount | None, now: float, unix: float) -> list[SipEffect]:
        """As the server does."""
        return self._timed(lambda: super(Timed, self).found(query, found, now, unix))

    def wake(self, now: float, unix: float) -> list[SipEffect]:
        """As the server does."""
        return self._timed(lambda: super(Timed, self).wake(now, unix))

    def _timed(self, run: Callable[[], list[SipEffect]]) -> list[SipEffect]:
        if self.profile is not None:
            self.profile.enable()
        start = process_time()
        effects = run()
        self.spent_s += process_time() - start
        if self.profile is not None:
            self.profile.disable()
        return effects


class Bench(Net):
    """The phones' net with a timed server, for `users` people."""

    def __init__(self, users: int) -> None:
        super().__init__()
        self.server: Timed
        self.accounts = {f"user{n}": account(f"user{n}") for n in range(users)}

    make_server = Timed


def registers(net: Bench, phones: list[Phone]) -> None:
    """One REGISTER cycle of each phone."""
    for phone in phones:
        phone.register()
        phone.forget()
    net.wait(0.5)


def calls(net: Bench, phones: list[Phone]) -> None:
    """One call of each two phones."""
    for caller, callee in zip(phones[::2], phones[1::2], strict=True):
        answered, _, _ = call(caller, callee, body=SDP)
        caller.send(caller.within("BYE", answered, 20))
        callee.answer(callee.last("BYE"))
        assert caller.responses()[-1].status == 200
        caller.forget()
        callee.forget()
    net.wait(0.5)


def per_second(net: Bench, work: Callable[[Bench, list[Phone]], None], phones: list[Phone], cycles: int) -> float:
    """Cycles per second of the server's time."""
    done = 0
    before = net.server.spent_s
    while done < cycles:
        work(net, phones)
        done += len(phones) // (1 if work is registers else 2)
    return done / (net.server.spent_s - before)


def main() -> None:
    """Print the medians, or a profile."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cycles", type=int, default=4000)
    parser.add_argument("--profile", choices=["register", "call"])
    options = parser.parse_args()
    net = Bench(200)
    phones = [net.phone(user) for user in net.accounts]
    registers(net, phones)
    works = {"register": registers, "call": calls}
    if options.profile:
        net.server.profile = cProfile.Profile()
        per_second(net, works[options.profile], phones, options.cycles)
        pstats.Stats(net.server.profile).sort_stats("tottime").print_stats(35)
        return
    for name, work in works.items():
        rates = [per_second(net, work, phones, options.cycles) for _ in range(options.rounds)]
        print(f"{name}: {median(rates):,.0f} per second ({min(rates):,.0f}-{max(rates):,.0f})")


if __name__ == "__main__":
    main()
