"""The portable ASGI edge for WebSockets: what is queued for a slow client, and how long closing may take."""

import asyncio
from collections.abc import Coroutine

import pytest
from starlette.types import Message

from eyeline.serve.websocket import CLOSE_WITHIN, OUTBOX_BYTES, Full
from eyeline.serve.ws.asgi import Outbox

HALF = b"x" * (OUTBOX_BYTES // 2)


def play(scene: Coroutine[None, None, None]) -> None:
    asyncio.run(asyncio.wait_for(scene, 5))


def test_outbox_of_a_client_that_does_not_read_is_bounded() -> None:
    async def scene() -> None:
        outbox = Outbox(asyncio.timeout(None))
        outbox.send_text(HALF)
        outbox.send_text(HALF)
        with pytest.raises(Full):
            outbox.send_text(b"x")

    play(scene())


def test_outbox_has_room_again_for_what_was_sent() -> None:
    async def scene() -> None:
        async with asyncio.timeout(None) as limit:
            outbox = Outbox(limit)
            sent: list[Message] = []
            all_sent = asyncio.Event()

            async def send(message: Message) -> None:
                sent.append(message)
                if len(sent) % 2 == 0:
                    all_sent.set()

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(outbox.pump(send))
                for _ in range(3):
                    all_sent.clear()
                    outbox.send_text(HALF)
                    outbox.send_text(HALF)
                    await all_sent.wait()
                outbox.close(1000, "left")
            assert [each["type"] for each in sent] == ["websocket.send"] * 6 + ["websocket.close"]

    play(scene())


def test_closed_socket_has_a_few_seconds_and_sends_nothing_more() -> None:
    async def scene() -> None:
        async with asyncio.timeout(None) as limit:
            outbox = Outbox(limit)
            assert limit.when() is None
            before = asyncio.get_running_loop().time()
            outbox.close(4004, "too-slow")
            first = limit.when()
            assert first is not None
            assert before + CLOSE_WITHIN <= first <= asyncio.get_running_loop().time() + CLOSE_WITHIN
            outbox.close(1000, "left")
            outbox.send_text(HALF)
            assert limit.when() == first, "a second close doesn't prolong it"
            sent: list[Message] = []

            async def send(message: Message) -> None:
                sent.append(message)

            await outbox.pump(send)
            assert sent == [{"type": "websocket.close", "code": 4004, "reason": "too-slow"}]

    play(scene())
