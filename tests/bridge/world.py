"""Rooms, pages and phones in virtual time: the real broker and the real bridge, without the SIP server between them."""

import json
from itertools import count
from typing import Any

from tests.support.network import Client, Network

from eyeline.bridge.bridge import Bridge
from eyeline.bridge.effects import AttachSession, BridgeEffect, DetachSession, SendToServer
from eyeline.signalling.messages import Joined, PeerId, Signalled
from eyeline.signalling.requests import Notify, SessionId
from eyeline.signalling.session import AskBridge, Post
from eyeline.sip.message import SipRequest, SipResponse, parse

DOMAIN = "call.example"
UNIX = 1_800_000_000.0
FINGERPRINT = "a=fingerprint:sha-256 " + ":".join(["AB"] * 32)


def sdp(*sections: str, ufrag: str = "phone", setup: str = "actpass", origin: int = 1) -> str:
    """A session description; a section is `audio 0`: its kind and its `mid`."""
    mids = " ".join(section.split()[1] for section in sections)
    media = ""
    for section in sections:
        kind, mid = section.split()
        transport = "UDP/DTLS/SCTP webrtc-datachannel" if kind == "application" else "UDP/TLS/RTP/SAVPF 96"
        media += (
            f"m={kind} 9 {transport}\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:secret\r\n"
            f"{FINGERPRINT}\r\na=setup:{setup}\r\na=mid:{mid}\r\n"
        )
    return f"v=0\r\no=- {origin} 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {mids}\r\n{media}"


class World(Network):
    """The broker with the bridge."""

    def __init__(self, *, guests: bool = True) -> None:
        super().__init__()
        self.ids = count(1)
        self.bridge = Bridge(DOMAIN, "run", lambda: PeerId(f"phone-{next(self.ids):04}"), guests=guests)
        self.attached: set[SessionId] = set()
        self.sent: list[SipRequest | SipResponse] = []
        """What the bridge has sent to the phones."""

    def perform(self, effects: list[BridgeEffect]) -> None:
        """Do what the bridge asks for."""
        for effect in effects:
            match effect:
                case AttachSession(session):
                    self.attached.add(session)
                case DetachSession(session):
                    self.attached.remove(session)
                case SendToServer(data):
                    self.sent.append(parse(data))
                case Post(room, request):
                    self.ask(room, request)

    def _deliver(self, tells: list[Notify]) -> None:
        super()._deliver(tells)
        for tell in tells:
            if tell.session in self.attached:
                self.perform(self.bridge.on_news(tell.session, tell.news, self.now))

    def ask_bridge(self, asked: AskBridge) -> None:
        self.perform(self.bridge.ask(asked, self.now, UNIX + self.now, online=asked.command.user != "nobody"))

    def pass_time(self, until: float) -> None:
        while (due := self.bridge.next_wake()) is not None and due <= until:
            super().pass_time(max(due, self.now))
            self.perform(self.bridge.wake(self.now))
        super().pass_time(until)

    def give(self, message: SipRequest | SipResponse) -> None:
        """A message from a phone, as the SIP server passes it on."""
        self.perform(self.bridge.receive(message.encode(), self.now, UNIX + self.now))

    def page(self, name: str, shown: str = "", room: str = "tea", **hello: str) -> "Page":
        """A page that has joined a room, with the name that is shown."""
        return Page(self, name, shown or name, room, **hello)

    def phone(self, name: str = "bob") -> "Phone":
        """A phone."""
        return Phone(self, name)


class Page:
    """Somebody in a room with a browser; `link` is the number of its connection."""

    def __init__(self, world: World, name: str, shown: str, room: str, **hello: str) -> None:
        """`hello` is what it says besides the room."""
        self.world = world
        self.link = 100
        self.client: Client = world.open(name, network=f"network of {name}")
        self._send({"type": "hello", "room": room, **hello})
        self._send({"type": "join", "name": shown})
        [self.joined] = [each for each in self.client.messages() if isinstance(each, Joined)]
        self._count = count(1)

    def read(self) -> list[dict[str, Any]]:
        """The signals that came since the last time."""
        came = [each for each in self.client.messages() if isinstance(each, Signalled)]
        return [{"from": each.sender, **json.loads(each.data)} for each in came]

    def signal(self, to: str, about: dict[str, Any], answered: int | None) -> None:
        """Send a signal about a description or a candidate, to the connection `answered`."""
        data = json.dumps({"link": self.link, "to": answered, "about": about})
        self._send({"type": "signal", "to": to, "n": next(self._count), "data": data})

    def describe(self, to: str, kind: str, number: int, text: str, answered: int | None, ufrag: str = "page") -> None:
        """Send an offer or answer."""
        about = {"description": {"kind": kind, "number": number, "ufrag": ufrag, "sdp": text}}
        self.signal(to, about, answered)

    def trickle(self, to: str, answered: int, candidate: str, ufrag: str = "page", mid: str = "0") -> None:
        """Send a candidate."""
        self.signal(to, {"candidate": {"ufrag": ufrag, "candidate": candidate, "mid": mid}}, answered)

    def stay(self, seconds: float) -> None:
        """Let time pass, with the pings of a page that is still there."""
        end = self.world.now + seconds
        while self.world.now < end:
            self.world.pass_time(min(end, self.world.now + 5))
            self._send({"type": "ping"})

    def call_phone(self, user: str = "bob") -> None:
        """Call a phone."""
        self._send({"type": "call-phone", "user": user})

    def hang_up_phone(self, user: str = "bob") -> None:
        """Don't call it any more."""
        self._send({"type": "hang-up-phone", "user": user})

    def govern(self, **rules: str) -> None:
        """Set the rules of the room."""
        self._send({"type": "govern", "rules": rules})

    def leave(self) -> None:
        """Leave the room."""
        self._send({"type": "leave"})

    def _send(self, message: dict[str, Any]) -> None:
        self.world.send(self.client, json.dumps(message))


class Phone:
    """A phone that calls a room."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.cseq = count(1)
        self.tag = ""
        """The tag of the other side."""

    def invite(self, room: str = "tea", body: str | None = None, extra: str = "") -> SipRequest:
        """Call a room; `extra` are more header lines."""
        offer = sdp("audio 0", "video 1") if body is None else body
        return self.ask("INVITE", f"sip:{room}@{DOMAIN}", offer, extra=extra)

    def within(self, method: str, body: str = "", number: int = 0, kind: str = "application/sdp") -> SipRequest:
        """A request within the call."""
        if not self.tag:
            self.tag = self.answers()[-1].to.tag
        return self.ask(method, f"sip:tea@{DOMAIN};transport=tcp", body, number, kind)

    def ask(
        self,
        method: str,
        uri: str,
        body: str = "",
        number: int = 0,
        kind: str = "application/sdp",
        extra: str = "",
    ) -> SipRequest:
        """Send a request."""
        number = number or next(self.cseq)
        tag = f";tag={self.tag}" if self.tag else ""
        content = f"Content-Type: {kind}\r\n" if body else ""
        branch = f"{self.name}1" if method == "CANCEL" else f"{self.name}{number}{method if method == 'ACK' else ''}"
        head = (
            f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/TCP x;branch=z9hG4bK{branch}\r\nMax-Forwards: 69\r\n"
            f'From: "{self.name.title()}" <sip:{self.name}@{DOMAIN}>;tag=from-{self.name}\r\n'
            f"To: <sip:tea@{DOMAIN}>{tag}\r\n"
            f"Call-ID: call-{self.name}\r\nCSeq: {number} {method}\r\nContact: <sip:{self.name}@x.invalid>\r\n"
            f"Record-Route: <sip:tokenb@{DOMAIN};lr>\r\nRecord-Route: <sip:tokena@{DOMAIN};lr>\r\n"
            f"{extra}{content}Content-Length: {len(body.encode())}\r\n\r\n"
        )
        request = parse(head.encode() + body.encode())
        assert isinstance(request, SipRequest)
        self.world.give(request)
        return request

    def answers(self) -> list[SipResponse]:
        """All responses so far."""
        return [each for each in self.world.sent if isinstance(each, SipResponse)]

    def statuses(self) -> list[int]:
        """The status of each."""
        return [each.status for each in self.answers()]

    def requests(self) -> list[SipRequest]:
        """All requests that the phone got."""
        return [each for each in self.world.sent if isinstance(each, SipRequest)]


def answered(world: World, page: Page, phone: Phone) -> tuple[str, int]:
    """A call that is up; returns the phone's id in the room, and the number of its connection."""
    phone.invite()
    [offer] = page.read()
    peer, link = offer["from"], offer["link"]
    page.describe(peer, "answer", 1, sdp("audio 0", "video 1", ufrag="page", setup="active"), link)
    page.trickle(peer, link, "candidate:1 1 udp 2122260223 192.0.2.7 50000 typ host")
    world.pass_time(world.now + 0.5)
    phone.within("ACK", number=1)
    return peer, link
