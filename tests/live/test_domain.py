"""A name of its own on a machine of its own: ports 80 and 443 are free, and an authority validates the name there."""

from collections.abc import Iterator

import pytest
from tests.support.authority import Authority
from tests.support.lab import NAME, LabServer
from tests.support.namespaces import Namespace, Wires
from tests.support.proxies import Nginx

pytestmark = pytest.mark.nat


@pytest.fixture(scope="module")
def place() -> Iterator[Namespace]:
    with Wires() as wires:
        made = wires.namespace("domain")
        made.names({NAME: "127.0.0.1"})
        yield made


def ask(place: Namespace, path: str, host: str = NAME) -> bytes:
    """What port 80 answers."""
    with place.dial(("127.0.0.1", 80)) as connection:
        connection.settimeout(10)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(1000), b""))


def test_certificate_comes_by_port_80_where_a_proxy_ends_tls_on_port_443(place: Namespace) -> None:
    with (
        Authority(machine=place.machine, port=443) as authority,
        Nginx(place, NAME, {"listen 80;": "listen 8080;", "listen [::]:80;": "listen [::]:8080;"}),
        LabServer(place, "--port", "9443", "--domain", NAME, env=authority.env) as server,
    ):
        server.wait_for_line("certificate=issued")
        assert "port 443" in server.log()
        assert "again='at once, by port 80'" in server.log()
        assert f"location: https://{NAME}/r/tea\r\n".encode() in ask(place, "/r/tea")
        assert ask(place, "/.well-known/acme-challenge/x").startswith(b"HTTP/1.1 404 ")
