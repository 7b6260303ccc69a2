"""Tells a service manager, such as systemd, when the server is ready and when it stops (sd_notify)."""

import os
import socket
from contextlib import suppress
from typing import Literal


def notify(state: Literal["READY=1", "STOPPING=1"]) -> None:
    """Send `state` to the socket in `NOTIFY_SOCKET`; does nothing without it, or if nobody listens there."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    address = f"\0{path[1:]}" if path.startswith("@") else path  # @ is for Linux's abstract sockets
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.setblocking(False)
        manager.sendto(state.encode(), address)
