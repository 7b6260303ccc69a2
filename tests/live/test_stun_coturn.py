"""Interoperability: coturn's STUN client against our server."""

import asyncio
import re
import shutil

import pytest

from eyeline.serve.relay.relay import Relay
from eyeline.serve.relay.udp_listener import UdpListeners
from eyeline.turn.server import Server, answer_limit

pytestmark = pytest.mark.skipif(
    shutil.which("turnutils_stunclient") is None, reason="turnutils_stunclient is missing: apt install coturn"
)


async def what_coturn_is_told(host: str) -> str:
    relay = Relay(Server(answer_limit()), UdpListeners.open(host="::", port=0))
    try:
        process = await asyncio.create_subprocess_exec(
            "turnutils_stunclient", "-p", str(relay.port), host, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 0
        return output.decode()
    finally:
        relay.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_coturn_client_learns_its_address(host: str) -> None:
    told = asyncio.run(what_coturn_is_told(host))
    assert re.search(rf"reflexive addr: \[?{host}\]?:\d+", told), told
