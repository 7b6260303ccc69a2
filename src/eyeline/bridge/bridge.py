"""The bridge: a SIP user agent for all rooms, behind one flow of the SIP server.

`sip:<room>@<domain>` is a room.  The server gives the bridge what is for no user who is registered.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

from eyeline.bridge.call import PHONE, RoomCall
from eyeline.bridge.dialog import ALLOW, CalleeDialog, CallerDialog
from eyeline.bridge.effects import BridgeEffect, SendToServer
from eyeline.bridge.limits import BridgeLimits
from eyeline.bridge.outgoing import CALLED_PHONE, OutgoingCall, WantedCall
from eyeline.bridge.refusals import warning
from eyeline.signalling.messages import (
    DISPLAY_NAME,
    CallPhone,
    DisplayName,
    PeerId,
    PhoneCall,
    PhoneCallEnd,
    RoomName,
    SipUser,
)
from eyeline.signalling.requests import Announce, News, RequestSeat, SessionId
from eyeline.signalling.session import AskBridge, Post
from eyeline.sip.message import BadMessageError, SipRequest, SipResponse, parse
from eyeline.sip.uri import SipUri
from eyeline.sip.validation import is_plain_rtp

MAX_CALLS: Final = 1000
"""How many phones may be in rooms at once; further ones get 480."""

NO_NAME: Final = DisplayName("Phone")
"""The name of a caller whose own can't be shown."""

_ROOM: Final = re.compile(r"[a-z0-9-]{1,64}")
_NAME: Final = re.compile(DISPLAY_NAME)


class _Caller(NamedTuple):
    """A member who calls a phone."""

    peer: PeerId
    network: str
    finds: bool
    """Whether whom they call has a phone that is online."""


class Bridge:
    """All calls between phones and rooms."""

    def __init__(self, domain: str, run: str, new_peer: Callable[[], PeerId], *, guests: bool = True) -> None:
        """`run` is new for each process.  `new_peer` makes a random id.  Without `guests` rooms need a pass, which a
        phone can't have."""
        self._domain = domain
        self._run = run
        self._new_peer = new_peer
        self._guests = guests
        self._limits = BridgeLimits()
        self._begun = 0
        self._calls: dict[str, RoomCall] = {}
        """By the tag of this side."""
        self._sessions: dict[SessionId, RoomCall] = {}
        self._invites: dict[tuple[str, str], str] = {}
        """The tag by Call-ID and branch of the INVITE, for CANCEL."""
        self._invited: dict[str, tuple[str, str]] = {}
        """The other way round."""

    def __len__(self) -> int:
        """The number of calls."""
        return len(self._calls)

    def receive(self, data: bytes, now: float, unix: float) -> list[BridgeEffect]:
        """A message from the SIP server."""
        try:
            message = parse(data)
        except BadMessageError:
            return []  # the server has checked it
        if isinstance(message, SipResponse):
            call = self._calls.get(message.from_.tag)
            return self._settled(call, call.receive(message, now)) if call is not None else []
        call = self._call_of(message)
        if call is not None:
            return self._settled(call, call.receive(message, now))
        if message.to.tag or message.method == "CANCEL":
            return [] if message.method == "ACK" else [_answer(message, 481, self._new_tag())]
        return self._begin(message, now, unix)

    def ask(self, asked: AskBridge, now: float, unix: float, *, online: bool) -> list[BridgeEffect]:
        """A member calls a phone, or ends such a call.  `online`: whether that user has any."""
        room, caller, user = asked.room, asked.caller, asked.command.user
        if isinstance(asked.command, CallPhone):
            return self._ring(room, user, _Caller(caller, asked.network, online), now, unix)
        calls = [call for call in self._calls.values() if isinstance(call, OutgoingCall)]
        return [
            effect for call in calls if call.is_by(room, caller, user) for effect in self._settled(call, call.hang_up())
        ]

    def ring(self, room: RoomName, user: SipUser, now: float, unix: float) -> list[BridgeEffect]:
        """The site calls a user's phones into a room with one person."""
        return self._ring(room, user, None, now, unix)

    def _ring(
        self, room: RoomName, user: SipUser, caller: _Caller | None, now: float, unix: float
    ) -> list[BridgeEffect]:
        refusal = self._refusal(room, user, caller, now)
        if refusal is not None:
            return [] if caller is None else [Post(room, Announce(PhoneCall(user, "ended", refusal), caller.peer))]
        tag = self._new_tag()
        dialog = CallerDialog(f"sip:{user}@{self._domain}", tag, self._contact(room), self._domain)
        name = DisplayName(user) if _NAME.fullmatch(user) else NO_NAME
        seat = RequestSeat(SessionId(f"sip {tag}"), self._new_peer(), name, CALLED_PHONE, invited=True)
        wanted = WantedCall(user, None if caller is None else caller.peer, self._guests)
        call = OutgoingCall(dialog, seat, room, int(unix * 1000), wanted)
        self._calls[tag] = self._sessions[seat.session] = call
        return self._settled(call, call.start(now))

    def _refusal(self, room: RoomName, user: SipUser, caller: _Caller | None, now: float) -> PhoneCallEnd | None:
        """Why this call isn't tried."""
        if len(self._calls) >= MAX_CALLS:
            return "failed"
        if caller is None:
            return None
        pending = any(isinstance(call, OutgoingCall) and call.rings_in(room) for call in self._calls.values())
        if pending or not self._limits.may_call(user, caller.network, now):
            return "too-many"
        return None if caller.finds else "unavailable"

    def _contact(self, room: RoomName) -> str:
        return f"sip:{room}@{self._domain};transport=tcp"

    def on_news(self, session: SessionId, news: News, now: float) -> list[BridgeEffect]:
        """News from a room."""
        call = self._sessions.get(session)
        return [] if call is None else self._settled(call, call.on_news(news, now))

    def next_wake(self) -> float | None:
        """When to call `wake`."""
        times = [time for call in self._calls.values() if (time := call.next_wake()) is not None]
        return min(times, default=None)

    def wake(self, now: float) -> list[BridgeEffect]:
        """That time has come."""
        effects: list[BridgeEffect] = []
        for call in list(self._calls.values()):
            wake = call.next_wake()
            if wake is not None and wake <= now:
                effects += self._settled(call, call.wake(now))
        return effects

    def drain(self) -> list[BridgeEffect]:
        """The server stops: end all calls."""
        return [effect for call in list(self._calls.values()) for effect in self._settled(call, call.drain())]

    def _begin(self, request: SipRequest, now: float, unix: float) -> list[BridgeEffect]:
        tag = self._new_tag()
        room = _room_of(request.uri)
        if room is None:
            return [_answer(request, 480, tag)]
        if request.method == "MESSAGE":
            call = next((each for each in self._calls.values() if each.is_of(room, request.from_.uri)), None)
            return [_answer(request, 480, tag)] if call is None else call.say(request, tag)
        if request.method != "INVITE":
            status = 200 if request.method == "OPTIONS" else 405
            return [_answer(request, status, tag, ("Allow", ALLOW))]
        extensions = request.headers.all("require")
        if extensions:
            return [_answer(request, 420, tag, ("Unsupported", ", ".join(extensions)))]
        if not self._guests:
            return [_answer(request, 403, tag, *warning("this site lets only people with a pass in"))]
        if len(self._calls) >= MAX_CALLS:
            return [_answer(request, 480, tag)]
        if is_plain_rtp(request) or b"a=ice-ufrag:" not in request.body:
            return [_answer(request, 488, tag, *warning("a browser needs ICE and DTLS-SRTP"))]
        try:
            dialog = CalleeDialog(request, tag, self._contact(room), self._domain)
            seat = RequestSeat(SessionId(f"sip {tag}"), self._new_peer(), _name_of(request), PHONE)
            announces = self._limits.may_announce(room, now)
            call = RoomCall(request, dialog, seat, room, int(unix * 1000), announces=announces)
        except ValueError:
            return [_answer(request, 400, tag)]
        self._calls[tag] = self._sessions[seat.session] = call
        self._invited[tag] = _invite_key(request)
        self._invites[self._invited[tag]] = tag
        return self._settled(call, call.start(now))

    def _call_of(self, request: SipRequest) -> RoomCall | None:
        if request.method == "CANCEL":
            return self._calls.get(self._invites.get(_invite_key(request), ""))
        call = self._calls.get(request.to.tag)
        if call is None or (call.dialog.call_id, call.dialog.remote_tag) != (request.call_id, request.from_.tag):
            return None
        return call

    def _settled(self, call: RoomCall, effects: list[BridgeEffect]) -> list[BridgeEffect]:
        """Forget a call that is over."""
        if call.state == "over":
            self._calls.pop(call.dialog.tag, None)
            self._sessions.pop(call.session, None)
            self._invites.pop(self._invited.pop(call.dialog.tag, ("", "")), None)
        return effects

    def _new_tag(self) -> str:
        self._begun += 1
        return f"{self._run}r{self._begun:x}"


def _answer(request: SipRequest, status: int, tag: str, *extra: tuple[str, str]) -> SendToServer:
    return SendToServer(request.answer(status, to_tag=tag, extra=extra).encode())


def _invite_key(request: SipRequest) -> tuple[str, str]:
    return request.call_id, request.via.branch


def _room_of(text: str) -> RoomName | None:
    try:
        name = SipUri.parse(text).name
    except ValueError:
        return None
    return RoomName(name) if _ROOM.fullmatch(name) else None


def _name_of(request: SipRequest) -> DisplayName:
    """The caller's name for people, or else the user of the address."""
    sender = request.from_
    names = [sender.display.strip()]
    with suppress(ValueError):
        names.append(SipUri.parse(sender.uri).name)
    return next((DisplayName(name) for name in names if _NAME.fullmatch(name)), NO_NAME)
