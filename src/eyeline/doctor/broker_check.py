"""The broker, by its own protocol: a room that nobody else knows, where the doctor sits alone and gets credentials."""

import secrets
import ssl
from collections.abc import Callable
from typing import NamedTuple

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus
from websockets.typing import Subprotocol

from eyeline.doctor.finding import Said, Trouble
from eyeline.doctor.site_check import SiteAddress
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
    decode_from_broker,
    encode,
)

_OURS = frozenset({403, 429, 503})
"""The statuses by which a broker turns a WebSocket away; whatever else there is comes from something in between."""


class DoctorSeat(NamedTuple):
    """What the doctor holds in its room."""

    socket: ClientConnection
    ice_servers: tuple[IceServer, ...]

    async def stay(self) -> None:
        """Answer the broker's pings until cancelled, or until it goes away."""
        try:
            async for text in self.socket:
                if isinstance(decode_from_broker(text), Ping):
                    await self.socket.send(encode(Pong()))
        except ConnectionClosed:
            return

    async def leave(self) -> None:
        """Give it up."""
        try:
            await self.socket.send(encode(Leave()))
        except ConnectionClosed:
            return
        finally:
            await self.socket.close()


async def open_socket(site: SiteAddress, context: ssl.SSLContext | None) -> Said[ClientConnection]:
    """Upgrade to a WebSocket with our subprotocol."""
    url = f"ws{'s' * site.secure}://{site.authority}{site.prefix}/ws"
    try:
        socket = await connect(
            url, ssl=context, subprotocols=[Subprotocol(SUBPROTOCOL)], proxy=None, compression=None, close_timeout=1
        )
    except InvalidStatus as error:
        status = error.response.status_code
        if status in _OURS:
            raise Trouble("broker-refused", f"The handshake was answered {status}.") from None
        raise Trouble("proxy-no-upgrade", f"The handshake was answered {status}, not 101.") from None
    except (InvalidHandshake, InvalidMessage) as error:
        raise Trouble("proxy-no-upgrade", f"{error}.") from None
    if socket.subprotocol != SUBPROTOCOL:
        await socket.close()
        raise Trouble("proxy-no-upgrade", f"It opens, but without the subprotocol {SUBPROTOCOL}.")
    return Said(socket, f"It opens, with the subprotocol {SUBPROTOCOL}.")


async def sit_down(socket: ClientConnection) -> Said[DoctorSeat]:
    """Say hello and join, in a new room."""
    room = RoomName(f"doctor-{secrets.token_hex(16)}")
    await socket.send(encode(Hello(room=room)))
    await _hear(socket, lambda message: isinstance(message, Welcome))
    await socket.send(encode(Join(name=DisplayName("Doctor"))))
    joined = await _hear(socket, lambda message: isinstance(message, Joined))
    assert isinstance(joined, Joined)
    return Said(DoctorSeat(socket, joined.ice_servers), "It answers hello, and gives a seat.")


async def _hear(socket: ClientConnection, wanted: Callable[[FromBroker], bool]) -> FromBroker:
    """The first message that is wanted."""
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
        raise Trouble("broker-refused", "What answers does not speak our protocol.") from None
