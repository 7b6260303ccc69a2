"""A SIP device by hand, over WebSocket, TCP, TLS or UDP: what it sends and receives is text."""

import hashlib
import re
import secrets
import socket
import ssl
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urlsplit

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.support.server import unverified
from tests.support.tls import tls_client

DEADLINE_S = 10


class Wire(Protocol):
    """A connection that carries whole messages."""

    via: str

    def send(self, message: bytes) -> None: ...

    def receive(self, deadline: float = DEADLINE_S) -> bytes: ...

    def close(self) -> None: ...


class WebSocketWire:
    """`wss://host/sip`, given the URL of the server's pages."""

    def __init__(
        self,
        url: str,
        *,
        origin: str | None = None,
        subprotocol: str | None = "sip",
        sock: socket.socket | None = None,
    ) -> None:
        """`sock` is a connection to use in place of a new one."""
        parts = urlsplit(url)
        client = sock or socket.create_connection((parts.hostname, parts.port), DEADLINE_S)
        secure = parts.scheme == "https"
        self.via = f"SIP/2.0/{'WSS' if secure else 'WS'} client.invalid"
        self._open = connect(
            f"ws://{parts.netloc}{parts.path.rstrip('/')}/sip",
            sock=tls_client(client, parts.hostname) if secure else client,
            subprotocols=None if subprotocol is None else [Subprotocol(subprotocol)],
            additional_headers={} if origin is None else {"Origin": origin},
            open_timeout=DEADLINE_S,
            close_timeout=1,
            compression=None,
        )
        self.connection: ClientConnection = self._open.__enter__()

    def send(self, message: bytes) -> None:
        self.connection.send(message.decode())

    def receive(self, deadline: float = DEADLINE_S) -> bytes:
        found = self.connection.recv(timeout=deadline)
        return found if isinstance(found, bytes) else found.encode()

    def close(self) -> None:
        self._open.__exit__(None, None, None)


class StreamWire:
    """TCP, or TLS without a check of the certificate."""

    def __init__(self, port: int, *, tls: bool = False, host: str = "127.0.0.1") -> None:
        self.socket: socket.socket | ssl.SSLSocket = socket.create_connection((host, port), DEADLINE_S)
        if tls:
            self.socket = unverified().wrap_socket(self.socket)
        ip, own_port = self.socket.getsockname()[:2]
        self.via = f"SIP/2.0/{'TLS' if tls else 'TCP'} {ip}:{own_port}"
        self._seen = b""

    def send(self, message: bytes) -> None:
        self.socket.sendall(message)

    def receive(self, deadline: float = DEADLINE_S) -> bytes:
        self.socket.settimeout(deadline)
        while (whole := re.match(rb"\r\n(?!\r\n)|.+?\r\n\r\n", self._seen, re.DOTALL)) is None:
            self._seen += self._more()
        end = whole.end()
        length = re.search(rb"\r\nContent-Length: *(\d+)", whole[0], re.IGNORECASE)
        end += int(length[1]) if length else 0
        while len(self._seen) < end:
            self._seen += self._more()
        message, self._seen = self._seen[:end], self._seen[end:]
        return message

    def _more(self) -> bytes:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("closed")
        return data

    def close(self) -> None:
        self.socket.close()


class DatagramWire:
    """UDP."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.via = f"SIP/2.0/UDP 127.0.0.1:{self.socket.getsockname()[1]};rport"

    def send(self, message: bytes) -> None:
        self.socket.send(message)

    def receive(self, deadline: float = DEADLINE_S) -> bytes:
        self.socket.settimeout(deadline)
        return self.socket.recv(65536)

    def close(self) -> None:
        self.socket.close()


class Device:
    """`with Device(wire, "alice", "password") as alice`: answers challenges by MD5, the last one offered."""

    def __init__(
        self, wire: Wire, user: str, password: str, *, name: str | None = None, host: str = "localhost"
    ) -> None:
        """`name` is the digest username, if it isn't the user."""
        self.wire = wire
        self.host = host
        self.address = f"sip:{user}@{host}"
        self._user = user
        self._name, self._password = name or user, password

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wire.close()

    def register(self, expires: int = 600) -> str:
        """Register; returns the final response."""
        contact = f"Contact: <sip:{self._user}@client.invalid;transport=ws>;expires={expires}"
        return self.ask("REGISTER", f"sip:{self.host}", self.address, contact)

    def ask(self, method: str, uri: str, to: str, *headers: str, body: bytes = b"") -> str:
        """Send a request, with credentials if that is asked for; returns the final response."""
        call = secrets.token_hex(8)
        response = self._exchange(1, call, method, uri, to, headers, body)
        for header in ("WWW-Authenticate", "Proxy-Authenticate"):
            challenges = re.findall(rf"^{header}: Digest (.*)\r$", response, re.MULTILINE)
            if challenges:
                reply = "Authorization" if header == "WWW-Authenticate" else "Proxy-Authorization"
                answer = f"{reply}: Digest {self._answer(challenges[-1], method, uri)}"
                response = self._exchange(2, call, method, uri, to, (*headers, answer), body)
        return response

    def receive(self, deadline: float = DEADLINE_S) -> str:
        """The next message."""
        return self.wire.receive(deadline).decode()

    def answer(self, request: str, status: str) -> None:
        """Answer a request that was received."""
        copied = re.findall(r"^((?:Via|From|To|Call-ID|CSeq): .*)\r$", request, re.MULTILINE | re.IGNORECASE)
        to_tag = [line + (";tag=answer" if line.lower().startswith("to:") else "") for line in copied]
        self.wire.send("\r\n".join([f"SIP/2.0 {status}", *to_tag, "Content-Length: 0", "", ""]).encode())

    def _exchange(
        self, cseq: int, call: str, method: str, uri: str, to: str, headers: tuple[str, ...], body: bytes
    ) -> str:
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: {self.wire.via};branch=z9hG4bK{call}{cseq}",
            f"From: <{self.address}>;tag=from{call}",
            f"To: <{to}>",
            f"Call-ID: {call}",
            f"CSeq: {cseq} {method}",
            "Max-Forwards: 70",
            *headers,
            f"Content-Length: {len(body)}",
        ]
        self.wire.send("\r\n".join([*lines, "", ""]).encode() + body)
        while True:
            response = self.receive()
            if response.startswith("SIP/2.0 ") and not response.startswith("SIP/2.0 1"):
                return response

    def _answer(self, challenge: str, method: str, uri: str) -> str:
        said = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
        ha1 = _md5(f"{self._name}:{said['realm']}:{self._password}")
        digest = _md5(f"{ha1}:{said['nonce']}:00000001:c:auth:{_md5(f'{method}:{uri}')}")
        return (
            f'username="{self._name}", realm="{said["realm"]}", nonce="{said["nonce"]}", uri="{uri}", algorithm=MD5, '
            f'response="{digest}", qop=auth, nc=00000001, cnonce="c", opaque="{said.get("opaque", "")}"'
        )


def status_of(response: str) -> int:
    """The status of a response."""
    return int(response.split(" ", 2)[1])


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
