"""What a site that mounts Eyeline relies on: its own logging, and a goodbye to clients when it stops."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from tests.support.socket import Socket, serving

from eyeline.serve.app import Eyeline, build
from eyeline.settings import Settings


@pytest.fixture
def eyeline(tmp_path: Path) -> Eyeline:
    return build(Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1", log_level="debug"))


def test_nothing_is_printed_at_the_default_level_of_a_site(eyeline: Eyeline, capfd: pytest.CaptureFixture[str]) -> None:
    with serving(eyeline) as url, Socket(url) as alice:
        alice.join("tea", "Alice")
    assert capfd.readouterr() == ("", "")


def test_site_that_sets_debug_finds_the_events_in_its_own_log(
    eyeline: Eyeline, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "eyeline"), serving(eyeline) as url, Socket(url) as alice:
        alice.join("tea", "Alice")
    assert any("request=RequestSeat" in each.getMessage() for each in caplog.records if each.name.startswith("eyeline"))


def test_clients_have_been_told_when_to_come_back_before_the_lifespan_ends(eyeline: Eyeline) -> None:
    sent: list[dict[str, Any]] = []
    scope = {"type": "websocket", "path": "/ws", "subprotocols": ["eyeline.v1"], "headers": [], "client": ("::1", 1)}
    frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    joined = asyncio.Event()

    async def send(message: Any) -> None:
        sent.append(message)
        if '"joined"' in message.get("text", ""):
            joined.set()
        if message["type"] == "websocket.close":
            frames.put_nowait({"type": "websocket.disconnect", "code": message["code"]})

    async def run() -> None:
        async with asyncio.TaskGroup() as tasks:
            async with eyeline.lifespan(None):
                frames.put_nowait({"type": "websocket.connect"})
                tasks.create_task(eyeline(scope, frames.get, send))
                for message in ({"type": "hello", "room": "tea"}, {"type": "join", "name": "Alice"}):
                    frames.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})
                await joined.wait()
            told = [each["text"] for each in sent if "goodbye" in each.get("text", "")]
            assert [json.loads(each)["backInMs"] for each in told] == [1000]
            assert sent[-1] == {"type": "websocket.close", "code": 1012, "reason": "going away"}

    asyncio.run(run())
