"""Listening TCP sockets."""

import errno
import os
import socket

from eyeline.errors import SetupError
from eyeline.serve.local_address import NO_NAME

BACKLOG_CONNECTIONS = 2048


def listen(host: str, port: int) -> list[socket.socket]:
    """Listening sockets on all addresses of `host`, on one port; port 0 picks a free one.

    `::` includes IPv4, and means only IPv4 on a machine without IPv6.  Raises SetupError.
    """
    sockets: list[socket.socket] = []
    try:
        for family, address in _resolved(host):
            taken = sockets[0].getsockname()[1] if sockets else port
            both = address == "::"
            sockets.append(
                socket.create_server((address, taken), family=family, backlog=BACKLOG_CONNECTIONS, dualstack_ipv6=both)
            )
    except UnicodeError:
        raise SetupError(f"host is '{host}', but that isn't a valid name: {NO_NAME}.") from None
    except OSError as error:
        for listener in sockets:
            listener.close()
        raise SetupError(_why_not(host, port, error)) from None
    return sockets


def _resolved(host: str) -> list[tuple[socket.AddressFamily, str]]:
    if host == "::" and not socket.has_dualstack_ipv6():
        host = "0.0.0.0"  # noqa: S104  see above
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _why_not(host: str, port: int, error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return f"host is '{host}', but that name doesn't resolve: {error.strerror}."
    match error.errno:
        case errno.EADDRINUSE:
            return f"port is {port}, but another program listens there already: stop it or choose another port."
        case errno.EACCES:
            return (
                f"port is {port}, but this user may not listen on ports below 1024: give the service the capability "
                "CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE), or choose another port."
            )
        case _:
            words = os.strerror(error.errno) if error.errno else str(error)
            return f"host is '{host}', but this machine can't listen there: {words}."
