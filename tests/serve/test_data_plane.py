"""The relay's data plane on real sockets: what is relayed between clients and peers, under uvloop and asyncio."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest
from tests.support.relaying import (
    CHANNEL,
    Client,
    Running,
    address,
    each_pump,
    files,
    receives_nothing,
    running,
    udp,
    until,
)

from eyeline.serve.relay.tcp_stream import STUCK_S, UNUSED_S
from eyeline.turn.attributes import ErrorCode
from eyeline.turn.message import ALLOCATE, DATA, REFRESH, SEND, Class, Message
from eyeline.turn.relay_attributes import (
    UDP,
    Data,
    DontFragment,
    Lifetime,
    RequestedTransport,
    XorPeerAddress,
)

pytestmark = pytest.mark.usefixtures("each_pump")
__all__ = ["each_pump"]


@pytest.fixture(params=["asyncio", "uvloop"])
def relay(request: pytest.FixtureRequest) -> Iterator[Running]:
    with running(request.param) as made:
        yield made


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 200, 1200])
def test_channel_data_passes_both_ways_without_its_padding(relay: Running, transport: str, size: int) -> None:
    client, data = Client(relay, transport), os.urandom(size)
    with closing(client.socket), udp() as peer:
        relayed = client.allocate()
        client.bind(peer)
        client.send_channel_data(CHANNEL, data)
        assert peer.recvfrom(2048) == (data, ("127.0.0.1", relayed.port))
        peer.sendto(data, ("127.0.0.1", relayed.port))
        assert client.receive() == CHANNEL.to_bytes(2) + size.to_bytes(2) + data


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("size", [0, 1, 3, 1200])
def test_indications_pass_both_ways(relay: Running, transport: str, size: int) -> None:
    """RFC 8656, 11; the padding that we send is zero."""
    client, data = Client(relay, transport), os.urandom(size)
    with closing(client.socket), udp() as peer:
        relayed = client.allocate()
        client.permit(peer)
        for more in ((), (DontFragment(),)):
            client.send_indication(peer, Data(data), *more)
            assert peer.recv(2048) == data
        peer.sendto(data, ("127.0.0.1", relayed.port))
        answer = client.receive()
        message = Message.decode(answer)
        assert (message.method, message.message_class) == (DATA, Class.INDICATION)
        assert message.attributes == (XorPeerAddress(address(peer)), Data(data))
        assert answer.endswith(data + bytes(-size % 4))


def test_nothing_passes_without_a_permission(relay: Running) -> None:
    client = Client(relay)
    with closing(client.socket), udp() as peer:
        relayed = client.allocate()
        peer.sendto(b"let me in", ("127.0.0.1", relayed.port))
        client.send_indication(peer, Data(b"let me out"))
        client.send_channel_data(CHANNEL, b"by a channel that isn't bound")
        assert receives_nothing(client.socket)
        assert receives_nothing(peer)
        client.permit(peer)
        peer.sendto(b"now", ("127.0.0.1", relayed.port))
        assert Message.decode(client.receive()).get(Data) == Data(b"now")


def test_channel_receives_only_from_its_peer(relay: Running) -> None:
    """A permission is for an address; data from another port of it arrives in indications."""
    client = Client(relay)
    with closing(client.socket), udp() as peer, udp() as neighbour:
        relayed = client.allocate()
        client.bind(peer)
        neighbour.sendto(b"me too", ("127.0.0.1", relayed.port))
        message = Message.decode(client.receive())
        assert message.get(XorPeerAddress) == XorPeerAddress(address(neighbour))


def test_channel_data_with_a_wrong_length_is_dropped(relay: Running) -> None:
    """RFC 8656, 12.6: a length beyond the datagram is invalid; bytes beyond the length are padding."""
    client = Client(relay)
    with closing(client.socket), udp() as peer:
        client.allocate()
        client.bind(peer)
        client.send_channel_data(CHANNEL, b"short", length=6)
        client.socket.send(b"\x40\x01\x00")
        client.send_channel_data(CHANNEL, b"right and more", length=5)
        assert peer.recv(2048) == b"right"
        assert receives_nothing(peer)


def test_malformed_send_indication_is_dropped(relay: Running) -> None:
    client = Client(relay)
    with closing(client.socket), udp() as peer:
        client.allocate()
        client.permit(peer)
        whole = Message(SEND, Class.INDICATION, bytes(12), (XorPeerAddress(address(peer)), Data(b"x"))).encode()
        for broken in (
            whole[:-4],
            whole + b"\0",
            whole[:4] + bytes(4) + whole[8:],
            whole[:20],
            whole[:22] + b"\xff\xff" + whole[24:],
        ):
            client.socket.send(broken)
        client.send_indication(peer)
        assert receives_nothing(peer)


def test_unreachable_peer_ends_nothing(relay: Running) -> None:
    """RFC 8656, 11.5: an ICMP error from a peer appears as an error of the next call on the socket."""
    client = Client(relay)
    with closing(client.socket), udp() as alive:
        client.allocate()
        with udp() as dead:
            client.bind(dead)
            gone = address(dead)
        for _ in range(5):
            client.send_channel_data(CHANNEL, b"anybody?")
        client.permit(alive)
        client.socket.send(
            Message(SEND, Class.INDICATION, bytes(12), (XorPeerAddress(gone), Data(b"anybody?"))).encode()
        )
        client.send_indication(alive, Data(b"still there"))
        assert alive.recv(2048) == b"still there"
        assert client.request(REFRESH).message_class is Class.SUCCESS


def test_unreachable_client_ends_nothing_for_others(relay: Running) -> None:
    gone, other = Client(relay), Client(relay, peer="bob")
    with closing(other.socket), udp() as peer:
        relayed = gone.allocate()
        gone.bind(peer)
        gone.socket.close()
        for _ in range(5):
            peer.sendto(b"hello?", ("127.0.0.1", relayed.port))
        theirs = other.allocate()
        other.bind(peer)
        peer.sendto(b"hello", ("127.0.0.1", theirs.port))
        assert other.receive()[4:] == b"hello"


def test_nothing_is_relayed_for_a_member_that_left(relay: Running) -> None:
    client = Client(relay)
    with closing(client.socket), udp() as peer:
        relayed = client.allocate()
        client.bind(peer)
        relay.revoke("alice")
        until(lambda: relay.allocations() == 0)
        client.send_channel_data(CHANNEL, b"still here?")
        peer.sendto(b"still there?", ("127.0.0.1", relayed.port))
        assert receives_nothing(peer)
        error = client.request(ALLOCATE, RequestedTransport(UDP)).get(ErrorCode)
        assert error is not None
        assert error.code == 401


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_refresh_with_lifetime_zero_closes_everything(relay: Running, transport: str) -> None:
    client = Client(relay, transport)
    with closing(client.socket), udp() as peer:
        relayed = client.allocate()
        client.bind(peer)
        before = files()
        assert client.request(REFRESH, Lifetime(0)).message_class is Class.SUCCESS
        until(lambda: files() == before - (3 if transport == "udp" else 2))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
            again.bind(("127.0.0.1", relayed.port))


def test_exhausted_port_range_is_reported() -> None:
    with running("uvloop", ports=range(48_000, 48_002)) as small:
        clients = [Client(small, peer=str(number), host=f"127.0.0.{2 + number}") for number in range(3)]
        answers = [client.request(ALLOCATE, RequestedTransport(UDP)) for client in clients]
        errors = [answer.get(ErrorCode) for answer in answers]
        assert [error and error.code for error in errors] == [None, None, 508]
        for client in clients:
            client.socket.close()


def test_member_is_limited_to_the_bandwidth() -> None:
    with running("uvloop", rate=100_000) as slow:
        client = Client(slow)
        with closing(client.socket), udp() as peer:
            client.allocate()
            client.bind(peer)
            for _ in range(400):
                client.send_channel_data(CHANNEL, bytes(1000))
            peer.settimeout(0.5)
            came = 0
            with suppress(TimeoutError):
                while True:
                    came += len(peer.recv(2048))
            assert 90_000 <= came <= 200_000
            assert slow.relay.totals().dropped > 0
            assert came <= slow.relay.totals().to_peers_bytes <= 200_000
            client.send_channel_data(CHANNEL, b"dropped data is not counted")
            assert peer.recv(2048) == b"dropped data is not counted"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_bytes_are_counted_without_headers_and_only_if_they_pass(relay: Running, transport: str) -> None:
    client = Client(relay, transport)
    with closing(client.socket), udp() as peer, udp() as stranger:
        relayed = client.allocate()
        client.send_indication(stranger, Data(b"without a permission"))
        client.bind(peer)
        client.send_indication(peer, Data(b"seven b"))
        client.send_channel_data(CHANNEL, b"eight by")
        assert {peer.recv(2048), peer.recv(2048)} == {b"seven b", b"eight by"}
        peer.sendto(b"nine byte", ("127.0.0.1", relayed.port))
        client.receive()
        until(lambda: relay.relay.totals()[:4] == (2, 15, 1, 9))


def test_stream_may_arrive_in_single_bytes_or_all_at_once(relay: Running) -> None:
    client = Client(relay, "tcp")
    with closing(client.socket), udp() as peer:
        client.allocate()
        client.bind(peer)
        stream = b"".join(CHANNEL.to_bytes(2) + b"\0\x05" + word + bytes(3) for word in (b"first", b"again"))
        for byte in stream:
            client.socket.send(bytes((byte,)))
        client.socket.send(stream)
        assert [peer.recv(2048) for _ in range(4)] == [b"first", b"again"] * 2


@pytest.mark.parametrize("junk", [b"\x80\0\0\0junk", b"\0\1\0\0nocookie" + bytes(20), b"\xff" * 70_000])
def test_stream_that_is_neither_stun_nor_channel_data_is_closed(relay: Running, junk: bytes) -> None:
    client = Client(relay, "tcp")
    with closing(client.socket), udp() as peer:
        relayed = client.allocate()
        client.bind(peer)
        client.socket.sendall(junk)
        with pytest.raises((ConnectionResetError, AssertionError)):
            client.receive()
        until(lambda: relay.allocations() == 0)
        assert relayed.port


def test_oversized_frame_is_dropped_and_the_stream_continues(relay: Running) -> None:
    """It doesn't fit a UDP packet; the message after it is relayed."""
    client = Client(relay, "tcp")
    with closing(client.socket), udp() as peer:
        client.allocate()
        client.bind(peer)
        client.socket.sendall(CHANNEL.to_bytes(2) + b"\xff\xff" + bytes(65_536))
        client.send_channel_data(CHANNEL, b"after it")
        assert peer.recv(65_536) == b"after it"


def test_slow_client_costs_a_bounded_buffer(relay: Running) -> None:
    """Data beyond the buffer is dropped, as on a congested path; other clients aren't affected."""
    client, other = Client(relay, "tcp"), Client(relay, "tcp", peer="bob")
    with closing(client.socket), closing(other.socket), udp() as peer:
        relayed = client.allocate()
        client.bind(peer)
        for _ in range(20_000):
            peer.sendto(bytes(1000), ("127.0.0.1", relayed.port))
        theirs = other.allocate()
        other.bind(peer)
        peer.sendto(b"hello", ("127.0.0.1", theirs.port))
        assert other.receive()[4:] == b"hello"
        [buffered] = [
            each._transport.get_write_buffer_size()
            for flow, each in relay.relay._streams.items()
            if each._transport is not None and flow.client.port == client.socket.getsockname()[1]
        ]
        assert buffered <= 1 << 18


def test_connection_without_an_allocation_is_closed_after_30_seconds(relay: Running) -> None:
    idle, busy = Client(relay, "tcp"), Client(relay, "tcp", peer="bob")
    with closing(idle.socket), closing(busy.socket):
        busy.allocate()
        until(lambda: relay.streams() == 2)
        relay.tick(UNUSED_S - 1)
        relay.tick(UNUSED_S + 1)
        with pytest.raises((ConnectionResetError, AssertionError)):
            idle.receive()
        until(lambda: relay.streams() == 1)
        assert busy.request(REFRESH).message_class is Class.SUCCESS


def test_client_that_never_reads_is_closed_after_30_seconds(relay: Running) -> None:
    client = Client(relay, "tcp")
    with closing(client.socket), udp() as peer:
        relayed = client.allocate()
        client.bind(peer)
        [stream] = relay.relay._streams.values()
        while stream._blocked_at is None:
            peer.sendto(bytes(1000), ("127.0.0.1", relayed.port))
        relay.tick(STUCK_S - 1)
        assert relay.allocations() == 1
        relay.tick(STUCK_S + 1)
        until(lambda: relay.streams() == relay.allocations() == 0)


def test_data_from_our_own_ports_is_not_passed_on(relay: Running) -> None:
    """Only relayed addresses of ours may be peers, even if a permission covers all ports of this machine."""
    client = Client(relay)
    with closing(client.socket), udp() as peer, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        relayed = client.allocate()
        client.permit(peer)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ours.bind(("127.0.0.1", relay.port))
        ours.sendto(b"from the port that TURN listens on", ("127.0.0.1", relayed.port))
        peer.sendto(b"from a peer", ("127.0.0.1", relayed.port))
        assert Message.decode(client.receive()).get(Data) == Data(b"from a peer")
        assert receives_nothing(client.socket)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("way", ["channel", "indications"])
def test_bandwidth_limit_covers_data_from_peers(transport: str, way: str) -> None:
    with running("uvloop", rate=100_000) as slow:
        client = Client(slow, transport)
        with closing(client.socket), udp() as peer:
            relayed = client.allocate()
            if way == "channel":
                client.bind(peer)
            else:
                client.permit(peer)
            for number in range(1, 401):
                peer.sendto(bytes(1000), ("127.0.0.1", relayed.port))
                if number % 100 == 0:
                    until(lambda: seen(slow) >= number)  # noqa: B023  # called at once
            assert 90_000 <= slow.relay.totals().to_clients_bytes <= 200_000
            assert slow.relay.totals().dropped >= 200


def seen(relay: Running) -> int:
    """Packets that the relay has passed to clients or dropped."""
    totals = relay.relay.totals()
    return totals.to_clients_packets + totals.dropped
