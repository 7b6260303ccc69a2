"""WebSockets over ASGI: the portable edge, which runs in any ASGI server."""

import asyncio
from typing import NamedTuple

from starlette.types import Receive, Scope, Send

from eyeline.serve.connection_limits import AdmittedSocket
from eyeline.serve.websocket import accepted
from eyeline.serve.ws.connection import AuthorizeRoom, Broker, Connection
from eyeline.signalling.messages import SUBPROTOCOL
from eyeline.signalling.session import Ice


class SocketContext(NamedTuple):
    """The context of one WebSocket: its limits, its ICE servers, and the site's authorization."""

    admitted: AdmittedSocket
    ice: Ice
    site: AuthorizeRoom | None
    """The site's code that authorizes clients; None if the site doesn't decide."""


async def serve(broker: Broker, context: SocketContext, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one WebSocket, from accepting it to its end."""
    async with accepted(scope, send, SUBPROTOCOL) as socket:
        connection = broker.open(socket, context.admitted, context.ice)
        socket.deliver_to(connection)
        try:
            await _receive_all(connection, context.site, receive)
        finally:
            broker.drop(connection)


async def _receive_all(connection: Connection, site: AuthorizeRoom | None, receive: Receive) -> None:
    async with asyncio.TaskGroup() as tasks:
        asking = None if site is None else tasks.create_task(connection.consult(site))
        while (message := await receive())["type"] == "websocket.receive":
            connection.receive(message.get("text") or message.get("bytes") or b"")
        if asking is not None:
            asking.cancel()
