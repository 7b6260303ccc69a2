"""A member of a room calls a phone by the WebSocket of rooms, on a server of its own process."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from tests.bridge.world import sdp
from tests.support.sip import Device, WebSocketWire
from tests.support.socket import Socket, serving

from eyeline.serve.app import build
from eyeline.serve.sip.accounts import AccountFile
from eyeline.settings import Settings

PASSWORD = "correct-horse"
PHONES = {"host": "call.example", "callIn": True, "callOut": True}


@contextmanager
def server(tmp_path: Path, *, sip: bool = True, call_phones: Literal["off", "on"] = "on") -> Any:
    """A server on which bob has an account, if it has SIP."""
    if sip:
        AccountFile(tmp_path).add("bob", PASSWORD, "call.example")
    settings = Settings(
        data_dir=tmp_path,
        stun_port=0,
        host="127.0.0.1",
        sip_domain="call.example" if sip else None,
        call_phones=call_phones,
    )
    with serving(build(settings)) as url:
        yield url


@contextmanager
def phone(url: str) -> Iterator[Device]:
    with Device(WebSocketWire(url), "bob", PASSWORD, host="call.example") as device:
        device.register()
        yield device


def test_phone_is_called_answers_and_takes_a_seat(tmp_path: Path) -> None:
    with server(tmp_path) as url, phone(url) as bob, Socket(url) as alice:
        assert alice.join("tea", "Alice")["phones"] == PHONES
        alice.send({"type": "call-phone", "user": "bob"})
        [_, member] = alice.receive("roster")["members"]
        assert (member["name"], member["sip"], member["called"]) == ("bob", True, True)
        assert alice.receive("phone-call") == {"type": "phone-call", "user": "bob", "state": "calling"}
        about = {"description": {"kind": "offer", "number": 1, "ufrag": "page", "sdp": sdp("audio 0", ufrag="page")}}
        data = json.dumps({"link": 100, "to": None, "about": about})
        alice.send({"type": "signal", "to": member["id"], "n": 1, "data": data})
        invite = bob.receive()
        assert 'From: "Alice" <sip:tea@call.example>' in invite
        bob.answer(invite, "180 Ringing")
        assert alice.receive("phone-call")["state"] == "ringing"
        bob.answer(invite, "200 OK")
        assert alice.receive("phone-call")["state"] == "answered"


def test_user_who_is_not_online_is_unavailable_at_once_whether_there_is_such_a_user_or_not(tmp_path: Path) -> None:
    with server(tmp_path) as url, Socket(url) as alice:
        alice.join("tea", "Alice")
        for user in ("bob", "nobody"):
            alice.send({"type": "call-phone", "user": user})
            ended = {"type": "phone-call", "user": user, "state": "ended", "why": "unavailable"}
            assert alice.receive("phone-call") == ended


def test_operator_can_forbid_it(tmp_path: Path) -> None:
    with server(tmp_path, call_phones="off") as url, phone(url), Socket(url) as alice:
        assert alice.join("tea", "Alice")["phones"] == PHONES | {"callOut": False}
        alice.send({"type": "call-phone", "user": "bob"})
        assert alice.receive("phone-call")["why"] == "not-allowed"


def test_without_sip_members_hear_nothing_of_phones(tmp_path: Path) -> None:
    with server(tmp_path, sip=False) as url, Socket(url) as alice:
        assert "phones" not in alice.join("tea", "Alice")
        alice.send({"type": "call-phone", "user": "bob"})
        assert alice.receive("phone-call")["why"] == "not-allowed"
