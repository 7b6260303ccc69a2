"""What clients are told for ICE."""

import asyncio
from pathlib import Path

import pytest

from eyeline.doctor.line import parse
from eyeline.serve.traversal import Traversal
from eyeline.settings import Settings
from eyeline.signalling.messages import PeerId, RoomName

SCOPE = {"type": "websocket", "scheme": "wss", "client": ("192.0.2.9", 4711)}


def told(data_dir: Path, public: str | None, host: bytes) -> list[str]:
    """All URLs for somebody who has a seat and came by this `Host`."""

    async def ask() -> list[str]:
        settings = Settings(data_dir=data_dir, stun_port=0, host="127.0.0.1", public_address=public)
        traversal = Traversal(settings, bytes(32), one_port=True)
        ice = traversal.ice({**SCOPE, "headers": [(b"host", host)]})
        traversal.relay.close()
        return [url for server in ice.mint(RoomName("tea"), PeerId("alice")) for url in server.urls]

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("public", "host", "shown"),
    [
        ("2001:db8::5", b"meet.example.org", "[2001:db8::5]"),
        ("192.0.2.5", b"meet.example.org", "192.0.2.5"),
        (None, b"[2001:db8::5]:8000", "[2001:db8::5]"),
        (None, b"meet.example.org", "meet.example.org"),
    ],
)
def test_a_url_for_ice_has_ipv6_in_brackets(tmp_path: Path, public: str | None, host: bytes, shown: str) -> None:
    """RFC 7064, 3.1, and RFC 7065, 3.1."""
    urls = told(tmp_path, public, host)
    assert [url.partition(":")[0] for url in urls] == ["stun", "turn", "turns"]
    for url in urls:
        where = parse(url)
        assert where is not None
        assert where.host == shown.strip("[]")
        assert f":{shown}:{where.port}" in url
