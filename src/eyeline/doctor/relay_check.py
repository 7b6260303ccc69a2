"""Checks STUN and TURN with real requests and relayed packets."""

import asyncio
import ipaddress
import ssl
from contextlib import AsyncExitStack
from typing import Final

from eyeline.doctor.finding import Outcome, Trouble
from eyeline.doctor.turn_socket import TurnSocket, Where, connected, shown
from eyeline.turn.attribute_formats import Address
from eyeline.turn.client import Answered, ErrorResponse
from eyeline.turn.credentials import Credentials
from eyeline.turn.relay_attributes import IPV4, IPV6

AGAIN_S: Final = 0.25
"""Interval at which the test packet is sent again."""

ROUND_S: Final = 3.0
"""Timeout for the test packet: 12 attempts."""

_WRONG_FAMILY: Final = 440
_HELLO: Final = b"eyeline doctor"

CLOSED: Final = {
    IPV4: ("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1"),
    IPV6: ("::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "fd00::1", "fe80::1", "64:ff9b::7f00:1"),
}
"""Addresses that a relay must not send to, one of each kind: loopback, private, cloud metadata, shared; for IPv6 also
embedded IPv4 addresses."""


async def binding(where: Where, context: ssl.SSLContext | None) -> Outcome[Address]:
    """Check STUN; returns the server-reflexive address of this machine."""
    async with connected(where, context=context) as socket:
        await socket.granted(socket.client.request_binding(_now()), "A Binding request")
        if socket.client.mapped is None:
            raise Trouble("stun-silent", "The answer contains no address.")
        return Outcome(socket.client.mapped, f"It sees this machine at {shown(socket.client.mapped)}.")


async def relay_round_trip(where: Where, login: Credentials, context: ssl.SSLContext | None) -> Outcome[Address]:
    """Check TURN by sending a packet from one relayed address to another; returns one of them."""
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(connected(where, login, context))
        other = await stack.enter_async_context(connected(where, login, context))
        here, there = await _allocate_any(one), await _allocate_any(other)
        await one.granted(one.client.permit(there, _now()), f"The relay's own address {shown(there)} as a peer")
        await other.granted(other.client.permit(here, _now()), f"The relay's own address {shown(here)} as a peer")
        begun = _now()
        if not await _arrives(one, other, there):
            raise Trouble(
                "turn-no-data", f"Relayed at {shown(here)}, but no packet from there arrived at {shown(there)}."
            )
        ms = (_now() - begun) * 1000
        for socket in (one, other):
            await socket.granted(socket.client.refresh(0, _now()), "Giving back the allocation")
        return Outcome(here, f"Relayed at {shown(here)}; a packet took {ms:.0f} ms.")


async def policy(where: Where, login: Credentials, context: ssl.SSLContext | None) -> Outcome[None]:
    """Request permissions for peers that must be refused (RFC 8656, 21.3.2)."""
    opened: list[str] = []
    asked = 0
    for family, closed in CLOSED.items():
        async with connected(where, login, context) as socket:
            own = await _allocate(socket, family)
            for ip in closed if own else ():
                peer = Address(ipaddress.ip_address(ip).packed, 80)
                if own is None or peer.ip == own.ip:
                    continue  # relay to relay is allowed
                asked += 1
                answer = await socket.ask(socket.client.permit(peer, _now()))
                opened += [ip] if isinstance(answer, Answered) else []
            if own:
                await socket.granted(socket.client.refresh(0, _now()), "Giving back the allocation")
    if opened:
        return Outcome(None, f"Clients may send to {', '.join(opened)}.", "failure", "policy-open")
    return Outcome(None, f"All {asked} addresses of internal networks are refused.")


async def advertised(relayed: Address, server: str) -> Outcome[None]:
    """Check whether peers can reach a relayed address, given the address at which the server is reached."""
    seen, given = ipaddress.ip_address(server.partition("%")[0]), ipaddress.ip_address(relayed.ip)
    if seen.is_global and not given.is_global:
        words = f"It advertises {given}, but is reached at {seen}: --public-address {seen}"
        return Outcome(None, words, "failure", "address-private")
    return Outcome(None, f"It advertises {given}.")


async def _allocate(socket: TurnSocket, family: int) -> Address | None:
    """Request an allocation; None if the relay has no addresses of this family."""
    answer = await socket.ask(socket.client.allocate(family, _now()))
    if isinstance(answer, ErrorResponse):
        if answer.code == _WRONG_FAMILY:
            return None
        raise Trouble("turn-refused", f"An allocation was refused with {answer.code}.")
    if socket.client.relayed is None:
        raise Trouble("turn-refused", "An allocation succeeded, but without an address.")
    return socket.client.relayed


async def _allocate_any(socket: TurnSocket) -> Address:
    found = await _allocate(socket, IPV4) or await _allocate(socket, IPV6)
    if found is None:
        raise Trouble("turn-refused", "The relay has addresses of neither family.")
    return found


async def _arrives(one: TurnSocket, other: TurnSocket, there: Address) -> bool:
    """Whether a packet from one arrives at the other."""
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
