"""A SIP call to a room, as one machine: a callee towards the phone, and a member of the room.

It looks into the room, takes a seat if exactly one person is there, and offers that person's page what the phone
offers.  From then on each side may offer something new, which is passed on to the other; `signalling.negotiation`
settles which offer counts when two cross.
"""

from typing import Final, Literal, assert_never

from eyeline.bridge.awaited_ack import AwaitedAck
from eyeline.bridge.dialog import ALLOW, TEXT_MAX, DialogSide, Fields, text_of
from eyeline.bridge.effects import AttachSession, BridgeEffect, DetachSession, SendToServer
from eyeline.bridge.liveness import Liveness
from eyeline.bridge.page_link import PageLink
from eyeline.bridge.refusals import REJECTIONS, Rejection, problem_of, warning
from eyeline.bridge.sdp import Layout, SessionDescription
from eyeline.bridge.signal import About, parse_signal
from eyeline.bridge.trickle import Trickle
from eyeline.signalling.messages import (
    Member,
    PeerId,
    PhoneRefused,
    Refused,
    RoomName,
    Roster,
    Signalled,
    Waiting,
)
from eyeline.signalling.negotiation import (
    AddCandidate,
    Description,
    MakeAnswer,
    MakeOffer,
    Negotiation,
    NegotiationEffect,
    SendDescription,
    SetRemote,
)
from eyeline.signalling.passes import Person
from eyeline.signalling.requests import (
    Admitted,
    Announce,
    EnterLobby,
    LeaveRoom,
    LobbyState,
    News,
    RelaySignal,
    RequestSeat,
)
from eyeline.signalling.session import SEAT_TAKEN, Post
from eyeline.sip.message import SipRequest, SipResponse

ANSWER_WITHIN: Final = 30.0
"""Seconds in which the page must answer an offer, and the phone one of ours."""

WAIT_MAX: Final = 180.0
"""Seconds that a phone may ring in the waiting room."""

RETRY_AFTER: Final = 1.0
"""Seconds after which an offer that crossed the phone's is repeated (RFC 3261, 14.1: up to 2)."""

PHONE: Final = Person(permissions=("microphone", "camera", "chat"), sip=True)
"""Who a phone is in the room."""

State = Literal["looking", "ringing", "joining", "offering", "answered", "up", "ending", "over"]
"""`looking` into the room, `joining` it, `offering` the phone's media to the page, or waiting for its offer if the room
calls the phone, which is `ringing` then, `answered` and waiting for ACK, or `ending` and waiting for that ACK: BYE may
not come before it (RFC 3261, 15)."""


class RoomCall:
    """One call.  `link` is the number of this side's connection: the milliseconds since 1970."""

    def __init__(
        self,
        invite: SipRequest | None,
        dialog: DialogSide,
        seat: RequestSeat,
        room: RoomName,
        link: int,
        *,
        announces: bool = False,
    ) -> None:
        """`seat` is what the call asks the room for; `invite` is None if the room calls the phone.  If it `announces`,
        people in the room are told that the phone couldn't join them.

        Raises `ValueError` if the INVITE has no session description."""
        self._offer = None if invite is None else SessionDescription.parse(invite.body.decode())
        """What the phone has offered or answered, and the page doesn't have yet."""
        self.dialog = dialog
        self.session = seat.session
        self.room = room
        self._seat = seat
        self._announces = announces
        self.state: State = "looking"
        self._pending: SipRequest | None = invite
        """The phone's INVITE or UPDATE that waits for the page."""
        self._own: SipRequest | None = None
        """Our INVITE that waits for the phone."""
        self._owned: SessionDescription | None = None
        """What it offers; None if the page has replaced the connection meanwhile."""
        self._next: SessionDescription | None = None
        """What to offer once it has its response."""
        self._other: Member | None = None
        self._page = PageLink(link)
        self._negotiation = Negotiation(polite=True)
        self._layout = Layout()
        self._local: SessionDescription | None = None
        """What the page gets next."""
        self._trickle = Trickle()
        self._liveness = Liveness()
        self._version = 0
        self._unacknowledged: AwaitedAck | None = None
        self._deadline: float | None = None
        self._retry: tuple[float, SessionDescription] | None = None
        self._effects: list[BridgeEffect] = []

    def start(self, now: float) -> list[BridgeEffect]:
        """Look into the room."""
        self._deadline = now + ANSWER_WITHIN
        self._effects += [AttachSession(self.session), Post(self.room, EnterLobby(self.session))]
        return self._take()

    def on_news(self, news: News, now: float) -> list[BridgeEffect]:
        """News from the room."""
        match news:
            case LobbyState(roster) if self.state == "looking":
                self._look(roster, now)
            case Admitted(claim, roster) if self.state == "joining":
                self._enter(claim.peer, roster, now)
            case Waiting() if self.state == "joining":
                self._deadline = now + WAIT_MAX
                self._ring()
            case Refused(code) if self.state in {"looking", "joining"} or code in SEAT_TAKEN:
                self._end(REJECTIONS.get(code, Rejection(480)))
            case Roster(_, members) if self._other is not None and self.state != "over":
                if self._other.id not in {member.id for member in members}:
                    self._end(Rejection(480, "They Have Left"))
            case Signalled(sender, _, data) if self._other is not None and sender == self._other.id:
                self._signalled(data, now)
            case _:
                pass
        return self._take()

    def receive(self, message: SipRequest | SipResponse, now: float) -> list[BridgeEffect]:
        """A message from the phone."""
        if isinstance(message, SipResponse):
            self._response(message, now)
        elif not self.dialog.takes(message):
            self._answer(message, 500, (("Retry-After", "1"),))
        else:
            self._request(message, now)
        return self._take()

    def next_wake(self) -> float | None:
        """When to call `wake`."""
        times = [self._deadline, self._trickle.next_wake(), self._liveness.next_wake()]
        if self._unacknowledged is not None:
            times.append(self._unacknowledged.at)
        if self._retry is not None:
            times.append(self._retry[0])
        return min((time for time in times if time is not None), default=None)

    def wake(self, now: float) -> list[BridgeEffect]:
        """That time has come."""
        if self._deadline is not None and self._deadline <= now:
            self._too_late()
        self._complete(now)
        if self._unacknowledged is not None and self._unacknowledged.at <= now:
            self._repeat(self._unacknowledged, now)
        if self._retry is not None and self._retry[0] <= now:
            (_, description), self._retry = self._retry, None
            self._invite(description, now)
        if self._liveness.is_due(now):
            self._send(self.dialog.request("OPTIONS"))
        return self._take()

    def drain(self) -> list[BridgeEffect]:
        """The server stops: end the call."""
        self._end(Rejection(480))
        return self._take()

    def _take(self) -> list[BridgeEffect]:
        effects, self._effects = self._effects, []
        return effects

    # The room

    def _look(self, roster: Roster, now: float) -> None:
        answer = problem_of(roster.members)
        if answer is not None:
            if answer.obstacle is not None and self._announces:
                self._effects.append(Post(self.room, Announce(PhoneRefused(self._seat.name, answer.obstacle))))
            self._end(answer)
            return
        self._join(now)

    def _join(self, now: float) -> None:
        self.state = "joining"
        self._deadline = now + ANSWER_WITHIN
        self._effects.append(Post(self.room, self._seat))

    def _enter(self, me: PeerId, roster: Roster, now: float) -> None:
        others = [member for member in roster.members if member.id != me]
        answer = problem_of(others)
        if answer is not None:
            self._end(answer)
            return
        [self._other] = others
        order = next(member.order for member in roster.members if member.id == me)
        self._negotiation = Negotiation(polite=order > self._other.order)
        self._begin(now)

    def _begin(self, now: float) -> None:
        """There is a seat: offer the page what the phone offers."""
        self.state = "offering"
        self._deadline = now + ANSWER_WITHIN
        self._ring()
        self._negotiate(self._negotiation.need(), now)

    def _signalled(self, data: str, now: float) -> None:
        signal = parse_signal(data)
        if signal is None or self._page.is_stale(signal):
            return
        if self._page.replaces(signal, fresh=self._trickle.is_fresh):
            self._page_reconnects(now)
        self._page.bind(signal)
        if signal.about.candidate is not None:
            self._trickle.add(signal.about.candidate, now)
        elif signal.about.text is not None:
            if self.state in {"answered", "up"} and signal.about.text:
                self._send(self.dialog.text(signal.about.text[:TEXT_MAX]))
        elif signal.about.description is not None:
            self._negotiate(self._negotiation.receive(signal.about.description), now)

    def _page_reconnects(self, now: float) -> None:
        """The page has another connection: so must we, and nothing of the last one counts."""
        if self.state not in {"answered", "ringing", "up"}:
            self._end(Rejection(480))
            return
        self._page.number += 1
        self._negotiation = Negotiation(self._negotiation.polite)
        self._layout.new_page()
        self._trickle, self._retry = Trickle(), None
        self._owned = self._next = None
        self._give_way()

    def _send_signal(self, about: About) -> None:
        if self._other is not None:
            self._effects.append(Post(self.room, RelaySignal(self.session, self._other.id, *self._page.sign(about))))

    # Offers and answers

    def _negotiate(self, effects: list[NegotiationEffect], now: float) -> None:
        for effect in effects:
            match effect:
                case MakeOffer() | MakeAnswer():
                    if self._offer is None:
                        return
                    self._local, self._offer = self._layout.for_page(self._offer), None
                    self._negotiate(self._negotiation.done(), now)
                case SendDescription(kind, number):
                    self._describe(kind, number)
                case SetRemote(description):
                    self._from_page(description, now)
                case AddCandidate():
                    pass  # they are gathered by `_candidate`
                case _:
                    assert_never(effect)

    def _describe(self, kind: Literal["offer", "answer"], number: int) -> None:
        if self._local is not None:
            local = self._local
            self._send_signal(About(Description(kind, number, local.ufrag, str(local))))

    def _from_page(self, description: Description, now: float) -> None:
        """The page offers or answers: the phone gets it once its candidates are there."""
        try:
            remote = SessionDescription.parse(description.sdp)
        except ValueError:
            self._end(Rejection(488))
            return
        if description.kind == "offer":
            self._give_way()
            if self._pending is not None:
                self._end(Rejection(480))  # nobody but a hostile page offers before it has answered
                return
        self._trickle.expect(remote, now)
        self._complete(now)

    def _give_way(self) -> None:
        """The phone's own offer, if there is one, crosses one of the page, and must come again."""
        if self._pending is not None and self.state in {"answered", "up"}:
            self._answer(self._pending, 491)
            self._pending = None

    def _complete(self, now: float) -> None:
        """If all candidates of the page are there, the phone gets its description."""
        taken = self._trickle.take(now)
        if taken is None:
            return
        description, candidates = taken
        complete = self._layout.for_phone(description).with_candidates(candidates)
        if self._pending is None:
            self._invite(complete, now)
            return
        request, self._pending = self._pending, None
        response = self._answer(request, 200, body=self._body(complete))
        self._deadline = None
        if request.method == "INVITE":
            self.state = "answered" if self.state == "offering" else self.state
            self._unacknowledged = AwaitedAck.after(response, now)
        self._negotiate(self._negotiation.done(), now)

    def _body(self, description: SessionDescription) -> bytes:
        self._version += 1
        return str(description.with_origin(self._page.number, self._version)).encode()

    def _invite(self, description: SessionDescription, now: float) -> None:
        """Offer the phone what the page offers."""
        if self._own is not None:
            self._next = description
            return
        self._own, self._owned = self.dialog.request("INVITE", body=self._body(description)), description
        self._deadline = now + ANSWER_WITHIN
        self._send(self._own)

    # The phone

    def _request(self, request: SipRequest, now: float) -> None:
        match request.method:
            case "ACK":
                self._confirmed(now)
            case "CANCEL":
                self._answer(request, 200)
                if self.state in {"looking", "joining", "offering"}:
                    self._end(Rejection(487))
            case "BYE":
                self._answer(request, 200)
                if self._pending is not None:
                    self._answer(self._pending, 487)
                self._leave()
            case "INVITE" | "UPDATE":
                self.dialog.retarget(request)
                self._offered(request, now)
            case "MESSAGE":
                self._answer(request, self._said(request))
            case "INFO" | "OPTIONS":
                self._answer(request, 200, (("Allow", ALLOW),) if request.method == "OPTIONS" else ())
            case _:
                self._answer(request, 405, (("Allow", ALLOW),))

    def _confirmed(self, now: float) -> None:
        """The phone has acknowledged an answer."""
        self._unacknowledged = None
        if self.state == "ending":
            self._hang_up()
        elif self.state == "answered":
            self.state = "up"
            self._liveness.start(now)

    def is_of(self, room: RoomName, caller: str) -> bool:
        """Whether this is the call of that address with that room."""
        return (self.room, self.dialog.remote) == (room, caller)

    def say(self, request: SipRequest, to_tag: str) -> list[BridgeEffect]:
        """A MESSAGE outside of the dialog, from the phone's user."""
        self._send(request.answer(self._said(request), to_tag=to_tag))
        return self._take()

    def _said(self, request: SipRequest) -> int:
        """Pass on a text; returns the status for its MESSAGE."""
        text = text_of(request)
        if text is None:
            return 415
        if self.state not in {"answered", "up"}:
            return 480
        self._send_signal(About(text=text))
        return 200

    def _offered(self, request: SipRequest, now: float) -> None:
        """The phone offers something new, such as hold, or refreshes the session."""
        if request.method == "UPDATE" and not request.body:
            self._answer(request, 200)
            return
        if self._pending is not None or self._own is not None or self._negotiation.state != "stable":
            self._answer(request, 491)
            return
        try:
            self._offer = SessionDescription.parse(request.body.decode())
        except ValueError:
            self._answer(request, 488, warning("an offer is needed"))
            return
        self._pending = request
        self._deadline = now + ANSWER_WITHIN
        self._negotiate(self._negotiation.need(), now)

    def _response(self, response: SipResponse, now: float) -> None:
        if response.cseq.method == "OPTIONS" and response.status >= 200 and self._liveness.is_gone(response.status):
            self._end(Rejection(480))
        own, offered = self._own, self._owned
        if own is None or response.cseq != own.cseq or response.status < 200:
            return
        self._own = self._owned = self._deadline = None
        if response.status < 300:
            self.dialog.retarget(response)
        self._send(self.dialog.acknowledge(response))
        if offered is None:
            if self._next is not None:
                (description, self._next) = (self._next, None)
                self._invite(description, now)
        elif response.status == 491:
            self._retry = now + RETRY_AFTER, offered
        else:
            self._answered(response, now)

    def _answered(self, response: SipResponse, now: float) -> None:
        """The phone has answered the page's offer."""
        try:
            self._offer = SessionDescription.parse(response.body.decode() if response.status < 300 else "")
        except ValueError:
            self._end(Rejection(488))  # the page waits for an answer that won't come
            return
        self._negotiate(self._negotiation.done(), now)

    def _ring(self) -> None:
        if self._pending is not None:
            self._answer(self._pending, 180)

    def _repeat(self, last: AwaitedAck, now: float) -> None:
        if last.is_lost(now):
            if self.state == "ending":
                self._hang_up()
            else:
                self.state = "up"
                self._end(Rejection(408))
            return
        self._unacknowledged = last.repeated(now)
        self._send(last.response)

    def _too_late(self) -> None:
        self._deadline = None
        if self.state in {"answered", "up"} and self._pending is not None:
            self._answer(self._pending, 500)
            self._pending = None
        self._end(Rejection(480))

    def _answer(self, request: SipRequest, status: int, extra: Fields = (), *, body: bytes = b"") -> SipResponse:
        response = self.dialog.answer(request, status, extra, body)
        if request.method != "ACK":
            self._send(response)
        return response

    def _send(self, message: SipRequest | SipResponse) -> None:
        self._effects.append(SendToServer(message.encode()))

    # The end

    def _end(self, answer: Rejection) -> None:
        """End the call from this side."""
        if self.state in {"ending", "over"}:
            return
        if self.state == "answered":
            self._give_way()
            waiting = self._unacknowledged
            self._leave()
            self.state, self._unacknowledged = "ending", waiting
            return
        if self.state == "up":
            self._give_way()
            self._send(self.dialog.request("BYE"))
        elif self._pending is not None:
            response = self.dialog.answer(self._pending, answer.status, warning(answer.why) if answer.why else ())
            self._send(response)
        self._leave()

    def _hang_up(self) -> None:
        """The ACK has come, or won't come."""
        self._unacknowledged = None
        self.state = "over"
        self._send(self.dialog.request("BYE"))

    def _leave(self) -> None:
        left, self.state = self.state == "ending", "over"
        self._pending = self._own = self._next = self._retry = None
        self._unacknowledged = self._deadline = None
        self._trickle, self._liveness = Trickle(), Liveness()
        if not left:
            self._effects += [Post(self.room, LeaveRoom(self.session)), DetachSession(self.session)]
