"""TLS for clients that receive in one thread and send in another, as the blocking client of `websockets` does.

OpenSSL doesn't allow that for one connection, and Python's `ssl` doesn't prevent it: about one handshake in 200 hung.
"""

import select
import socket
import ssl
import threading
from contextlib import suppress

from tests.support.server import unverified

_SEND_WITHIN_S = 10
_CHUNK_BYTES = 65536


def tls_client(client: socket.socket, name: str | None) -> socket.socket:
    """Open TLS over a connected socket; returns a plain socket to what is encrypted, for any number of threads.

    Like a browser, it offers HTTP/1.1 by ALPN; it doesn't check the certificate.  Closing the returned socket closes
    the connection.
    """
    context = unverified()
    context.set_alpn_protocols(["http/1.1"])
    secure = context.wrap_socket(client, server_hostname=name)
    with socket.create_server(("127.0.0.1", 0)) as server:  # TCP, as `websockets` 15.0 sets options of it
        near = socket.create_connection(server.getsockname())
        far, _ = server.accept()
    threading.Thread(target=_carry, args=(secure, far), daemon=True).start()
    return near


def _carry(secure: ssl.SSLSocket, far: socket.socket) -> None:
    with secure, far, suppress(OSError):
        while True:
            ready = [secure] if secure.pending() else select.select([secure, far], [], [])[0]
            if secure in ready:
                secure.settimeout(0)
                with suppress(ssl.SSLWantReadError):  # only a part of a record, or no data, such as a session ticket
                    if not (received := secure.recv(_CHUNK_BYTES)):
                        return
                    far.sendall(received)
            if far in ready:
                if not (said := far.recv(_CHUNK_BYTES)):
                    return
                secure.settimeout(_SEND_WITHIN_S)
                secure.sendall(said)
