"""The STUN/TURN UDP listener on real loopback sockets, under uvloop and asyncio."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from contextlib import closing

import pytest
import uvloop
from tests.support import relaying
from tests.support.relaying import each_pump

from eyeline.errors import SetupError
from eyeline.serve.relay.pump_choice import source_limit
from eyeline.serve.relay.relay import Relay
from eyeline.serve.relay.udp_listener import RECEIVE_BUFFER_BYTES, UdpListeners, _same_source
from eyeline.turn import integrity
from eyeline.turn.attribute_formats import Address
from eyeline.turn.attributes import XorMappedAddress
from eyeline.turn.message import BINDING, Class, Message
from eyeline.turn.server import ANSWERS_BURST, Server, answer_limit

REQUEST = Message(BINDING, Class.REQUEST, bytes(range(12))).encode()
PATIENCE_SECONDS = 5

pytestmark = pytest.mark.usefixtures("each_pump")
__all__ = ["each_pump"]

Play = Callable[[Coroutine[None, None, None]], None]


@pytest.fixture(params=[None, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def play(request: pytest.FixtureRequest) -> Play:
    """Run the scene under uvloop or asyncio."""

    def run(scene: Coroutine[None, None, None]) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(asyncio.wait_for(scene, PATIENCE_SECONDS))

    return run


def client(host: str = "127.0.0.1") -> socket.socket:
    each = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    each.setblocking(False)
    each.bind((host, 0))
    return each


async def answer(asking: socket.socket) -> tuple[bytes, str]:
    """The next datagram and its source address (uvloop has no `sock_recvfrom`)."""
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(asking, readable.set)
    await readable.wait()
    loop.remove_reader(asking)
    data, peer = asking.recvfrom(2048)
    return data, peer[0]


def relay(host: str = "::", port: int = 0) -> Relay:
    limit = answer_limit(source_limit(relaying.pump_kind()))
    return Relay(Server(limit), UdpListeners.open(host=host, port=port))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("listen_on", ["::", "same"])
def test_client_learns_its_address(play: Play, host: str, listen_on: str) -> None:
    async def scene() -> None:
        with closing(relay(host if listen_on == "same" else listen_on)) as serving, client(host) as alice:
            alice.sendto(REQUEST, (host, serving.port))
            data, came_from = await answer(alice)
            ip = socket.inet_pton(alice.family, host)
            assert Message.decode(data).get(XorMappedAddress) == XorMappedAddress(Address(ip, alice.getsockname()[1]))
            assert came_from == host

    play(scene())


def test_response_comes_from_the_address_that_was_queried(play: Play) -> None:
    async def scene() -> None:
        with closing(relay()) as serving, client() as alice:
            alice.sendto(REQUEST, ("127.0.0.9", serving.port))
            assert (await answer(alice))[1] == "127.0.0.9"

    play(scene())


def test_response_may_leave_by_any_interface() -> None:
    v4 = (socket.IPPROTO_IP, 8, b"\3\0\0\0" + b"ours" + b"dest")
    v6 = (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, b"our sixteen byte" + b"\3\0\0\0")
    assert [info for _, _, info in _same_source([v4, v6])] == [
        bytes(4) + b"ours" + b"dest",
        b"our sixteen byte" + bytes(4),
    ]


def test_departed_client_does_not_disturb_others(play: Play) -> None:
    async def scene() -> None:
        with closing(relay()) as serving:
            for _ in range(20):
                with client() as gone:
                    gone.sendto(REQUEST, ("127.0.0.1", serving.port))
            with client() as alice:
                alice.sendto(REQUEST, ("127.0.0.1", serving.port))
                assert (await answer(alice))[0]

    play(scene())


def test_empty_huge_and_malformed_datagrams_do_no_harm(play: Play) -> None:
    async def scene() -> None:
        with closing(relay()) as serving, client() as alice:
            for junk in b"", bytes(60_000), b"\0\1\0\0", REQUEST + b"x":
                alice.sendto(junk, ("127.0.0.1", serving.port))
            alice.sendto(REQUEST, ("127.0.0.1", serving.port))
            assert (await answer(alice))[0][:2] == b"\1\1"

    play(scene())


def test_flood_is_answered_within_its_rate_limit(play: Play) -> None:
    async def scene() -> None:
        with closing(relay()) as serving, client() as mallory, client("::1") as alice:
            for _ in range(3 * ANSWERS_BURST):
                mallory.sendto(REQUEST, ("127.0.0.1", serving.port))
            alice.sendto(REQUEST, ("::1", serving.port))
            await answer(alice)
            await asyncio.wait_for(until_drained(serving, mallory), PATIENCE_SECONDS)
            assert ANSWERS_BURST <= received(mallory) < 2 * ANSWERS_BURST

    play(scene())


async def until_drained(serving: Relay, asking: socket.socket) -> None:
    """Wait until a request from another address of the same family is answered, so that all earlier ones are done."""
    with client("127.0.0.2") as last:
        last.sendto(REQUEST, (asking.getsockname()[0], serving.port))
        await answer(last)


def received(asking: socket.socket) -> int:
    count = 0
    while True:
        try:
            asking.recv(2048)
        except BlockingIOError:
            return count
        count += 1


def test_flood_does_not_starve_other_tasks(play: Play) -> None:
    async def scene() -> None:
        with closing(relay()) as serving, client() as mallory:
            for _ in range(3 * ANSWERS_BURST):
                mallory.sendto(REQUEST, ("127.0.0.1", serving.port))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert received(mallory) < ANSWERS_BURST

    play(scene())


def test_chosen_port_is_the_same_for_both_families(play: Play) -> None:
    async def scene() -> None:
        with closing(relay()) as serving:
            for host in "127.0.0.1", "::1":
                with client(host) as alice:
                    alice.sendto(REQUEST, (host, serving.port))
                    assert (await answer(alice))[1] == host

    play(scene())


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_port_in_use_is_reported_by_its_setting(play: Play, host: str) -> None:
    async def scene() -> None:
        with client(host) as taker:
            port = taker.getsockname()[1]
            with pytest.raises(SetupError, match=rf"UDP port {port} is already in use.*stun_port"):
                relay(port=port)

    play(scene())


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_host_of_another_machine_is_reported_by_its_setting(play: Play, host: str) -> None:
    async def scene() -> None:
        with pytest.raises(SetupError, match=rf"{host}.*settings host"):
            relay(host)

    play(scene())


def test_closed_relay_frees_its_port_and_may_be_closed_again(play: Play) -> None:
    async def scene() -> None:
        serving = relay()
        port = serving.port
        serving.close()
        serving.close()
        again = relay(port=port)
        assert again.port == port
        again.close()

    play(scene())


def test_kernel_buffers_a_megabyte_while_the_loop_is_busy(play: Play) -> None:
    async def scene() -> None:
        with closing(relay()) as serving:
            sizes = {each.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) for each in serving._listeners._sockets}
            assert sizes == {2 * RECEIVE_BUFFER_BYTES}  # Linux counts its own overhead too

    play(scene())


def test_bare_bindings_and_other_stun_share_the_rate_limit(play: Play) -> None:
    with_attribute = integrity.add_fingerprint(REQUEST)

    async def scene() -> None:
        with closing(relay()) as serving, client() as mallory:
            for _ in range(ANSWERS_BURST):
                mallory.sendto(with_attribute, ("127.0.0.1", serving.port))
                mallory.sendto(REQUEST, ("127.0.0.1", serving.port))
            await until_drained(serving, mallory)
            assert ANSWERS_BURST <= serving.stun_answers() < 1.5 * ANSWERS_BURST

    play(scene())


def test_answers_are_counted(play: Play) -> None:
    async def scene() -> None:
        with closing(relay()) as serving, client() as alice:
            for _ in range(3):
                alice.sendto(REQUEST, ("127.0.0.1", serving.port))
                await answer(alice)
            assert serving.stun_answers() == 3

    play(scene())
