"""All checks of a server, in the order in which one needs another."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Final

from eyeline.checks import CheckCode
from eyeline.doctor import broker_check, relay_check, site_check, turn_socket
from eyeline.doctor.finding import Finding, look
from eyeline.doctor.turn_socket import Way
from eyeline.signalling.messages import IceServer
from eyeline.turn.credentials import Credentials

OnFinding = Callable[[Finding], None]

_BLOCKED: Final[dict[Way, CheckCode]] = {
    "udp": "turn-udp-blocked",
    "tcp": "turn-tcp-blocked",
    "tls": "turn-tls-blocked",
}


async def examine(url: str, tell: OnFinding) -> None:
    """Look at the server whose pages are at `url`, and tell of each finding as it comes.  Raises `SetupError`."""
    place = site_check.parse(url)
    finding, address = await look("TCP port", "port-closed", site_check.reach(place))
    tell(finding)
    if address is None:
        return
    context: ssl.SSLContext | None = None
    if place.secure:
        finding, context = await look("Certificate", "certificate-untrusted", site_check.certificate(place))
        tell(finding)
        if context is None and finding.mark == "failure":
            return
        if context is None:
            place = place.other()
    finding, ahead = await look("Page", "broker-unreachable", site_check.page(place, context))
    tell(finding)
    if finding.code == "other-scheme":
        return
    if ahead is not None:
        finding, _ = await look("Clock", "clock-off", site_check.clock(ahead))
        tell(finding)
    finding, socket = await look("WebSocket", "proxy-no-upgrade", broker_check.open_socket(place, context))
    tell(finding)
    if socket is None:
        return
    async with socket:
        finding, seat = await look("Broker", "broker-refused", broker_check.sit_down(socket))
        tell(finding)
        if seat is None:
            return
        async with asyncio.TaskGroup() as tasks:
            staying = tasks.create_task(seat.stay())
            await ice_servers(seat.ice_servers, address, context, tell)
            staying.cancel()
        await seat.leave()


async def ice_servers(
    servers: tuple[IceServer, ...], address: str, context: ssl.SSLContext | None, tell: OnFinding
) -> None:
    """STUN, and every relay by every way, of the server that is reached at `address`."""
    for uri in dict.fromkeys(uri for each in servers for uri in each.urls):
        where = turn_socket.parse(uri)
        if where is None:
            tell(Finding(f"Address {uri}", "failure", "address-malformed", 0, "It can't be read."))
        elif uri.startswith("stun"):
            finding, _ = await look(f"STUN {uri}", "stun-silent", relay_check.look_up(where, context))
            tell(finding)
    relays = [each for each in servers if each.username is not None and each.credential is not None]
    if not relays:
        tell(Finding("Relay", "warning", "no-relay", 0, "The broker gives no credentials for one."))
    for each in relays:
        await _relay(each, address, context, tell)


async def _relay(server: IceServer, address: str, context: ssl.SSLContext | None, tell: OnFinding) -> None:
    """One relay by all its ways; its policy and its address once, by the first that works."""
    login = Credentials(server.username or "", server.credential or "")
    judged = False
    for uri in server.urls:
        where = turn_socket.parse(uri)
        if where is None or uri.startswith("stun"):
            continue
        blocked = _BLOCKED[where.way]
        finding, relayed = await look(f"Relay {uri}", blocked, relay_check.go_round(where, login, context))
        tell(finding)
        reached = relayed is not None or finding.code in ("turn-refused", "turn-no-data")
        if judged or not reached:
            continue
        judged = True
        finding, _ = await look("Relay's policy", blocked, relay_check.lint(where, login, context))
        tell(finding)
        if relayed is not None:
            finding, _ = await look("Relay's address", "address-private", relay_check.advertised(relayed, address))
            tell(finding)
