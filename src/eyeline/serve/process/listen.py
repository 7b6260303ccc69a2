"""Listening TCP sockets."""

import errno
import logging
import os
import socket

from eyeline.errors import SetupError
from eyeline.serve.local_address import NO_NAME
from eyeline.serve.logs import LogEvent

_log = logging.getLogger("eyeline.process")

BACKLOG_CONNECTIONS = 2048


def listen(host: str, port: int, setting: str = "port") -> list[socket.socket]:
    """Listening sockets on all addresses of `host`, on one port; port 0 picks a free one.

    `setting` names the port in errors.  `::` includes IPv4, and means only IPv4 on a machine without IPv6.  Raises
    SetupError.
    """
    try:
        return _opened(host, port)
    except UnicodeError:
        raise SetupError(f"host is '{host}', but that isn't a valid name: {NO_NAME}.") from None
    except OSError as error:
        raise SetupError(_why_not(host, f"{setting} is {port}", error)) from None


def listen_if_free(host: str, port: int) -> list[socket.socket]:
    """The same for a port that isn't essential: none if another program has it, or this user may not listen there."""
    try:
        return _opened(host, port)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        _log.info(LogEvent("=", port=str(port), used="no", why=why))
        return []


def _opened(host: str, port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for family, address in _resolved(host):
            taken = sockets[0].getsockname()[1] if sockets else port
            both = address == "::"
            sockets.append(
                socket.create_server((address, taken), family=family, backlog=BACKLOG_CONNECTIONS, dualstack_ipv6=both)
            )
    except OSError:
        for listener in sockets:
            listener.close()
        raise
    return sockets


def _resolved(host: str) -> list[tuple[socket.AddressFamily, str]]:
    if host == "::" and not socket.has_dualstack_ipv6():
        host = "0.0.0.0"  # noqa: S104  see above
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _why_not(host: str, port: str, error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return f"host is '{host}', but that name doesn't resolve: {error.strerror}."
    match error.errno:
        case errno.EADDRINUSE:
            return f"{port}, but another program listens there already: stop it or choose another port."
        case errno.EACCES:
            return (
                f"{port}, but this user may not listen on ports below 1024: run it as root or by `eyeline service "
                "install`, give it the capability CAP_NET_BIND_SERVICE, or choose another port."
            )
        case _:
            words = os.strerror(error.errno) if error.errno else str(error)
            return f"host is '{host}', but this machine can't listen there: {words}."
