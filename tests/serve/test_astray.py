"""Who comes by http:// to a port that speaks TLS."""

import ssl
from contextlib import suppress

import pytest

from eyeline.serve.certificate import Certificate, self_signed
from eyeline.serve.patience import HEAD_BYTES_MAX

ASKED = b"GET /r/tea?x=%22 HTTP/1.1\r\nAccept: */*\r\nhost: meet.example:8443\r\n\r\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("data"), [])


class Server:
    """One connection, without a socket."""

    def __init__(self, certificate: Certificate) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = certificate.context().wrap_bio(self.incoming, self.outgoing, server_side=True)

    def hear(self, data: bytes) -> bytes:
        """What it answers; raises SSLError when it hangs up."""
        self.incoming.write(data)
        with suppress(ssl.SSLWantReadError):
            self.tls.do_handshake()
        return self.outgoing.read()


@pytest.fixture
def server(certificate: Certificate) -> Server:
    made = Server(certificate)
    assert made.hear(b"") == b""
    return made


def location(answer: bytes) -> bytes:
    assert answer.startswith(b"HTTP/1.1 308 ")
    assert answer.endswith(b"\r\n\r\n")
    return answer.partition(b"\r\nlocation: ")[2].partition(b"\r\n")[0]


@pytest.mark.parametrize("at_once", [1, 30, 1000])
def test_who_asks_by_http_is_sent_to_https(server: Server, at_once: int) -> None:
    answer = b"".join(server.hear(ASKED[start : start + at_once]) for start in range(0, len(ASKED), at_once))
    assert location(answer) == b"https://meet.example:8443/r/tea?x=%22"


@pytest.mark.parametrize("host", [b"localhost", b"192.0.2.7:8000", b"[2001:db8::7]:8443"])
def test_head_is_answered_as_get_for_every_kind_of_host(server: Server, host: bytes) -> None:
    assert location(server.hear(b"HEAD / HTTP/1.0\r\nHost:%s \r\n\r\n" % host)) == b"https://" + host + b"/"


def test_a_path_with_two_slashes_stays_a_path(server: Server) -> None:
    answer = server.hear(b"GET //evil.example HTTP/1.1\r\nHost: meet.example\r\n\r\n")
    assert location(answer) == b"https://meet.example//evil.example"


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.0\r\n",
        b"GET / HTTP/1.1\r\nHost: \r\n",
        b"GET / HTTP/1.1\r\nHost: alice@evil.example\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example/x\r\n",
        b"GET / HTTP/1.1\r\nHost: a b\r\n",
        b"GET / HTTP/1.1\r\nHost: meet.example\nset-cookie: x=1\r\n",
        b"GET / HTTP/1.1\r\nHost: meet.example\rset-cookie: x=1\r\n",
        b"GET / HTTP/1.1\r\nHost: meet.example\r\nHost: evil.example\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: meet.example\r\n",
        b"GET evil.example HTTP/1.1\r\nHost: meet.example\r\n",
        b"GET /\nset-cookie:x=1 HTTP/1.1\r\nHost: meet.example\r\n",
        b"GET / a HTTP/1.1\r\nHost: meet.example\r\n",
        b"GET /caf\xc3\xa9 HTTP/1.1\r\nHost: meet.example\r\n",
        b"GET / HTTP/1.1\r\nx: " + b"x" * HEAD_BYTES_MAX,
        b"POST / HTTP/1.1\r\nHost: meet.example\r\n",
        b"\x00\x01\x00\x00\x21\x12\xa4\x42",
    ],
)
def test_what_looks_wrong_is_hung_up_on_and_gets_nothing_of_it_back(server: Server, head: bytes) -> None:
    with pytest.raises(ssl.SSLError) as raised:
        server.hear(head + b"\r\n")
    assert not isinstance(raised.value, ssl.SSLWantReadError)
    answer = server.outgoing.read()
    assert b"HTTP" not in answer
    assert b"example" not in answer


def test_who_has_its_answer_and_goes_on_is_hung_up_on(server: Server) -> None:
    server.hear(ASKED)
    with pytest.raises(ssl.SSLError, match="answer"):
        server.hear(ASKED)
    assert server.outgoing.read() == b""


@pytest.mark.parametrize("at_once", [1, 100_000])
def test_tls_is_as_ever(server: Server, certificate: Certificate, at_once: int) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    trust = ssl.create_default_context(cafile=certificate.cert)
    client = trust.wrap_bio(incoming, outgoing, server_hostname="localhost")
    for _ in range(2):
        try:
            client.do_handshake()
        except ssl.SSLWantReadError:
            said = outgoing.read()
            for start in range(0, len(said), at_once):
                incoming.write(server.hear(said[start : start + at_once]))
    server.hear(outgoing.read())
    client.write(b"tea")
    server.incoming.write(outgoing.read())
    assert server.tls.read() == b"tea"
