"""Checks the WebSocket and the signalling: joins a room that nobody else knows, which also gives TURN credentials."""

import secrets
from collections.abc import Callable
from typing import NamedTuple

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus
from websockets.typing import Origin, Subprotocol

from eyeline.doctor.finding import Outcome, Trouble
from eyeline.doctor.site_check import SiteAddress, TlsContexts
from eyeline.signalling.codec import decode_from_broker, encode
from eyeline.signalling.messages import (
    SUBPROTOCOL,
    DisplayName,
    FromBroker,
    Hello,
    IceServer,
    Join,
    Joined,
    Leave,
    Ping,
    Pong,
    Refused,
    RoomName,
    Welcome,
)

_OURS = frozenset({403, 429, 503})
"""The statuses with which a broker refuses a WebSocket; any other comes from a proxy in between."""


class DoctorSeat(NamedTuple):
    """The doctor's seat in its room."""

    socket: ClientConnection
    ice_servers: tuple[IceServer, ...]

    async def stay(self) -> None:
        """Answer the broker's pings until cancelled or disconnected."""
        try:
            async for text in self.socket:
                if isinstance(decode_from_broker(text), Ping):
                    await self.socket.send(encode(Pong()))
        except ConnectionClosed:
            return

    async def leave(self) -> None:
        """Release the seat and close the socket."""
        try:
            await self.socket.send(encode(Leave()))
        except ConnectionClosed:
            return
        finally:
            await self.socket.close()


async def open_socket(site: SiteAddress, tls: TlsContexts | None) -> Outcome[ClientConnection]:
    """Upgrade to a WebSocket with our subprotocol, as a page of the site does."""
    url = f"ws{'s' * site.secure}://{site.authority}{site.prefix}/ws"
    try:
        socket = await connect(
            url,
            ssl=None if tls is None else tls.http,
            origin=Origin(site.origin),
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            proxy=None,
            compression=None,
            close_timeout=1,
        )
    except InvalidStatus as error:
        status, body = error.response.status_code, bytes(error.response.body or b"")
        if status == 421:
            raise Trouble("host-refused", f"The handshake for the host {site.host_header} got status 421.") from None
        if status == 403 and b'"foreign-origin"' in body:
            raise Trouble("origin-refused", f"A page of {site.origin} got status 403.") from None
        if status in _OURS:
            raise Trouble("broker-refused", f"The handshake got status {status}.") from None
        raise Trouble("proxy-no-upgrade", f"The handshake got status {status} instead of 101.") from None
    except (InvalidHandshake, InvalidMessage) as error:
        raise Trouble("proxy-no-upgrade", f"{error}.") from None
    if socket.subprotocol != SUBPROTOCOL:
        await socket.close()
        raise Trouble("proxy-no-upgrade", f"It opened, but without the subprotocol {SUBPROTOCOL}.")
    return Outcome(socket, f"It opened with the subprotocol {SUBPROTOCOL}.")


async def join_room(socket: ClientConnection) -> Outcome[DoctorSeat]:
    """Send hello and join, in a new room."""
    room = RoomName(f"doctor-{secrets.token_hex(16)}")
    await socket.send(encode(Hello(room=room)))
    await _receive_until(socket, lambda message: isinstance(message, Welcome))
    await socket.send(encode(Join(name=DisplayName("Doctor"))))
    joined = await _receive_until(socket, lambda message: isinstance(message, Joined))
    assert isinstance(joined, Joined)
    return Outcome(DoctorSeat(socket, joined.ice_servers), "Joining a room works.")


async def _receive_until(socket: ClientConnection, wanted: Callable[[FromBroker], bool]) -> FromBroker:
    """Receive messages until one is `wanted`."""
    try:
        while True:
            message = decode_from_broker(await socket.recv())
            if wanted(message):
                return message
            if isinstance(message, Refused):
                raise Trouble("broker-refused", f"{message.code}: {message.message}")
    except ConnectionClosed as error:
        raise Trouble("broker-refused", f"The WebSocket was closed: {error}.") from None
    except msgspec.DecodeError:
        raise Trouble("broker-refused", "The server doesn't speak Eyeline's protocol.") from None
