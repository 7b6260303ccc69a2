"""The doctor checks every ICE server that a server advertises."""

import asyncio

from eyeline.doctor.examine import ice_servers
from eyeline.doctor.finding import Finding
from eyeline.signalling.messages import IceServer


def test_malformed_address_is_a_failure() -> None:
    stun, turn = "stun:2001:db8::5:40617", "turn:2001:db8::5:40617?transport=udp"
    servers = (IceServer((stun,)), IceServer((turn,), "alice", "secret"))
    told: list[Finding] = []
    asyncio.run(ice_servers(servers, "2001:db8::5", None, told.append))
    assert [(each.what, each.mark, each.code) for each in told] == [
        (f"Address {stun}", "failure", "address-malformed"),
        (f"Address {turn}", "failure", "address-malformed"),
    ]
    assert told[0].advice
