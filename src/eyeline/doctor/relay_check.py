"""STUN and TURN, by asking them in earnest."""

import asyncio
import ipaddress
import ssl
from contextlib import AsyncExitStack
from typing import Final

from eyeline.doctor.finding import Said, Trouble
from eyeline.doctor.turn_socket import Line, Where, connected, shown
from eyeline.turn.attribute_formats import Address
from eyeline.turn.client import Answered, ErrorResponse
from eyeline.turn.credentials import Credentials
from eyeline.turn.relay_attributes import IPV4, IPV6

AGAIN_S: Final = 0.25
"""Until the packet that goes round is sent once more."""

ROUND_S: Final = 3.0
"""How long it may take: 12 packets."""

_WRONG_FAMILY: Final = 440
_HELLO: Final = b"eyeline doctor"

CLOSED: Final = {
    IPV4: ("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1"),
    IPV6: ("::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "fd00::1", "fe80::1", "64:ff9b::7f00:1"),
}
"""One address of each kind that strangers must not get at, by family: loopback, private, the clouds' metadata, shared;
of IPv6 also disguises."""


async def look_up(where: Where, context: ssl.SSLContext | None) -> Said[Address]:
    """STUN: gives the address that this machine is seen at."""
    async with connected(where, context=context) as line:
        await line.granted(line.client.request_binding(_now()), "A Binding request")
        if line.client.mapped is None:
            raise Trouble("stun-silent", "The answer has no address in it.")
        return Said(line.client.mapped, f"It sees this machine at {shown(line.client.mapped)}.")


async def go_round(where: Where, login: Credentials, context: ssl.SSLContext | None) -> Said[Address]:
    """TURN: a packet from one relayed address to another; gives one of them."""
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(connected(where, login, context))
        other = await stack.enter_async_context(connected(where, login, context))
        here, there = await _allocate_any(one), await _allocate_any(other)
        await one.granted(one.client.permit(there, _now()), f"The relay's own address {shown(there)} as a peer")
        await other.granted(other.client.permit(here, _now()), f"The relay's own address {shown(here)} as a peer")
        begun = _now()
        if not await _comes(one, other, there):
            raise Trouble("turn-no-data", f"Relayed at {shown(here)}, but no packet came from there to {shown(there)}.")
        ms = (_now() - begun) * 1000
        for line in (one, other):
            await line.granted(line.client.refresh(0, _now()), "To give the allocation back")
        return Said(here, f"Relayed at {shown(here)}; a packet went round in {ms:.0f} ms.")


async def lint(where: Where, login: Credentials, context: ssl.SSLContext | None) -> Said[None]:
    """Ask for peers that must be refused (RFC 8656, 21.3.2)."""
    opened: list[str] = []
    asked = 0
    for family, closed in CLOSED.items():
        async with connected(where, login, context) as line:
            own = await _allocate(line, family)
            for ip in closed if own else ():
                peer = Address(ipaddress.ip_address(ip).packed, 80)
                if own is None or peer.ip == own.ip:
                    continue  # relay to relay is allowed
                asked += 1
                answer = await line.ask(line.client.permit(peer, _now()))
                opened += [ip] if isinstance(answer, Answered) else []
            if own:
                await line.granted(line.client.refresh(0, _now()), "To give the allocation back")
    if opened:
        return Said(None, f"Strangers may send to {', '.join(opened)}.", "failure", "policy-open")
    return Said(None, f"All {asked} addresses of closed networks are refused.")


async def advertised(relayed: Address, server: str) -> Said[None]:
    """Whether peers can get at a relayed address, of a server that is reached at this address."""
    seen, given = ipaddress.ip_address(server.partition("%")[0]), ipaddress.ip_address(relayed.ip)
    if seen.is_global and not given.is_global:
        words = f"It gives out {given}, and is reached at {seen}: --public-address {seen}"
        return Said(None, words, "failure", "address-private")
    return Said(None, f"It gives out {given}.")


async def _allocate(line: Line, family: int) -> Address | None:
    """None when there are no relayed addresses of this family."""
    answer = await line.ask(line.client.allocate(family, _now()))
    if isinstance(answer, ErrorResponse):
        if answer.code == _WRONG_FAMILY:
            return None
        raise Trouble("turn-refused", f"An allocation was refused with {answer.code}.")
    if line.client.relayed is None:
        raise Trouble("turn-refused", "An allocation was granted, but without an address.")
    return line.client.relayed


async def _allocate_any(line: Line) -> Address:
    found = await _allocate(line, IPV4) or await _allocate(line, IPV6)
    if found is None:
        raise Trouble("turn-refused", "There are relayed addresses of neither family.")
    return found


async def _comes(one: Line, other: Line, there: Address) -> bool:
    """Whether the other hears the one."""
    end = _now() + ROUND_S
    while _now() < end:
        one.send(there, _HELLO)
        try:
            async with asyncio.timeout(AGAIN_S):
                while (await other.received()).data != _HELLO:
                    pass
        except TimeoutError:
            continue
        return True
    return False


def _now() -> float:
    return asyncio.get_running_loop().time()
