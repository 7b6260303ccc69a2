"""A certificate authority: Debian's pebble, the test server of Let's Encrypt, with a DNS of its own."""

import json
import signal
import socket
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from eyeline.serve.process.acme.store import AcmeFolder, pem_of
from eyeline.serve.process.tls import self_signed
from tests.support.process import HERE, Machine, Process, scratch
from tests.support.server import free_port, unverified
from tests.support.tools import need


class Authority:
    """`with Authority() as authority`: validates names at `port` of its machine, or at port 80; all names lead there.

    It is strict, and refuses 5 % of the nonces.  After `stop` it has forgotten everything.
    """

    def __init__(self, machine: Machine = HERE, port: int | None = None) -> None:
        self._machine = machine
        self.port = port or free_port(socket.SOCK_STREAM)
        self._scratch = scratch("authority")
        folder = Path(self._scratch.name)
        self._certificate = self_signed(folder, [])
        port = free_port(socket.SOCK_STREAM)
        self._dns = f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
        self._names = f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"
        self._management = free_port(socket.SOCK_STREAM)
        self._configuration = folder / "pebble.json"
        self._configuration.write_text(
            json.dumps(
                {
                    "pebble": {
                        "listenAddress": f"127.0.0.1:{port}",
                        "managementListenAddress": f"127.0.0.1:{self._management}",
                        "certificate": str(self._certificate.cert),
                        "privateKey": str(self._certificate.key),
                        "httpPort": 80,
                        "tlsPort": self.port,
                        "ocspResponderURL": "",
                        "externalAccountBindingRequired": False,
                    }
                }
            )
        )
        off = ["-http01", "", "-https01", "", "-tlsalpn01", ""]
        self._resolver = Process(
            [
                *machine.prefix,
                need("pebble-challtestsrv"),
                "-dns01",
                self._dns,
                "-management",
                self._names,
                "-defaultIPv6",
                "",
                *off,
            ],
            folder / "dns.log",
        )
        self._log = folder / "log"
        self._pebble: Process | None = None
        self.directory = f"https://localhost:{port}/dir"
        self.env = {"EYELINE_ACME_DIRECTORY": self.directory, "REQUESTS_CA_BUNDLE": str(self._certificate.cert)}
        """What a server needs to order there."""

    def start(self) -> None:
        """Start it, and wait until it answers."""
        env = {"PEBBLE_WFE_NONCEREJECT": "5", "PEBBLE_VA_NOSLEEP": "1"}
        argv = [
            *self._machine.prefix,
            need("pebble"),
            "-strict",
            "-config",
            str(self._configuration),
            "-dnsserver",
            self._dns,
        ]
        self._pebble = Process(argv, self._log, env)
        self._pebble.wait_for_line("(Listening on: )")

    def stop(self) -> None:
        """Be down."""
        if self._pebble is not None:
            self._pebble.end(signal.SIGKILL)

    def root(self) -> str:
        """The certificate that clients must trust, as PEM; each start makes another one."""
        address = ("127.0.0.1", self._management)
        with unverified().wrap_socket(self._machine.dial(address)) as connection:
            connection.sendall(b"GET /roots/0 HTTP/1.0\r\n\r\n")
            return b"".join(iter(lambda: connection.recv(4096), b"")).partition(b"\r\n\r\n")[2].decode()

    def lead_names_to(self, address: str) -> None:
        """Change the IPv4 address of all names."""
        self._resolver.wait_for_line("(Starting management server)")
        record = json.dumps({"ip": address}).encode()
        urllib.request.urlopen(f"http://{self._names}/set-default-ipv4", record, timeout=5).close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._resolver.end(signal.SIGKILL)
        self._scratch.cleanup()


def keep_certificate_that_ends_soon(data_dir: Path, directory: str, name: str) -> bytes:
    """Put another authority's certificate into a server's data, with a tenth of its lifetime left; returns its DER."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "another authority")])
    builder = x509.CertificateBuilder(issuer, x509.Name([]), key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=81)).not_valid_after(now + timedelta(days=9))
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    made = builder.add_extension(names, critical=True).sign(key, hashes.SHA256())
    AcmeFolder(data_dir, directory).save(pem_of(key), made.public_bytes(Encoding.PEM))
    return made.public_bytes(Encoding.DER)
