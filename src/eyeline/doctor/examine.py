"""Runs all checks of a server, in order of their dependencies."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Final

from eyeline.checks import CheckCode
from eyeline.doctor import broker_check, relay_check, site_check, turn_socket
from eyeline.doctor.finding import Finding, run_check
from eyeline.doctor.site_check import TlsContexts
from eyeline.doctor.turn_socket import Way
from eyeline.signalling.messages import IceServer
from eyeline.turn.credentials import Credentials

OnFinding = Callable[[Finding], None]

_BLOCKED: Final[dict[Way, CheckCode]] = {
    "udp": "turn-udp-blocked",
    "tcp": "turn-tcp-blocked",
    "tls": "turn-tls-blocked",
}


async def examine(url: str, report: OnFinding) -> None:
    """Check the server whose pages are at `url`, and report each finding at once.  Raises `SetupError`."""
    place = site_check.parse(url)
    finding, address = await run_check("TCP port", "port-closed", site_check.reach(place))
    report(finding)
    if address is None:
        return
    tls: TlsContexts | None = None
    if place.secure:
        finding, tls = await run_check("Certificate", "certificate-untrusted", site_check.certificate(place))
        report(finding)
        if tls is None and finding.mark == "failure":
            return
        if tls is None:
            place = place.other()
    finding, ahead = await run_check("Page", "broker-unreachable", site_check.page(place, tls))
    report(finding)
    if finding.code == "other-scheme":
        return
    if ahead is not None:
        finding, _ = await run_check("Clock", "clock-off", site_check.clock(ahead))
        report(finding)
    finding, _ = await run_check("Page's files", "files-missing", site_check.files(place, tls))
    report(finding)
    if finding.code == "host-refused":
        return
    finding, socket = await run_check("WebSocket", "proxy-no-upgrade", broker_check.open_socket(place, tls))
    report(finding)
    if socket is None:
        return
    async with socket:
        finding, seat = await run_check("Broker", "broker-refused", broker_check.join_room(socket))
        report(finding)
        if seat is None:
            return
        async with asyncio.TaskGroup() as tasks:
            staying = tasks.create_task(seat.stay())
            await ice_servers(seat.ice_servers, address, None if tls is None else tls.turn, report)
            staying.cancel()
        await seat.leave()


async def ice_servers(
    servers: tuple[IceServer, ...], address: str, context: ssl.SSLContext | None, report: OnFinding
) -> None:
    """Check STUN, and every relay over every transport, of the server at `address`."""
    for uri in dict.fromkeys(uri for each in servers for uri in each.urls):
        where = turn_socket.parse(uri)
        if where is None:
            report(Finding(f"Address {uri}", "failure", "address-malformed", 0, "It isn't a valid STUN or TURN URI."))
        elif uri.startswith("stun"):
            finding, _ = await run_check(f"STUN {uri}", "stun-silent", relay_check.binding(where, context))
            report(finding)
    relays = [each for each in servers if each.username is not None and each.credential is not None]
    if not relays:
        report(Finding("Relay", "warning", "no-relay", 0, "The broker gives no credentials for a relay."))
    for each in relays:
        await _relay(each, address, context, report)


async def _relay(server: IceServer, address: str, context: ssl.SSLContext | None, report: OnFinding) -> None:
    """Check one relay over all its transports; its policy and address only once, over the first that works."""
    login = Credentials(server.username or "", server.credential or "")
    judged = False
    for uri in server.urls:
        where = turn_socket.parse(uri)
        if where is None or uri.startswith("stun"):
            continue
        blocked = _BLOCKED[where.way]
        finding, relayed = await run_check(f"Relay {uri}", blocked, relay_check.relay_round_trip(where, login, context))
        report(finding)
        reached = relayed is not None or finding.code in ("turn-refused", "turn-no-data")
        if judged or not reached:
            continue
        judged = True
        finding, _ = await run_check("Relay's policy", blocked, relay_check.policy(where, login, context))
        report(finding)
        if relayed is not None:
            finding, _ = await run_check("Relay's address", "address-private", relay_check.advertised(relayed, address))
            report(finding)
