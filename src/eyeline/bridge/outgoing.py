"""A room calls a phone.

The phone takes its seat first, as `called`: so the page makes its offer at once, and the phone gets it with the INVITE.
JsSIP never answers an INVITE without an offer, and baresip sends nothing after one that is replaced later.  Pages show
the phone once it's connected.
"""

from typing import Final, NamedTuple

from eyeline.bridge.call import RoomCall
from eyeline.bridge.dialog import CallerDialog
from eyeline.bridge.effects import BridgeEffect
from eyeline.bridge.refusals import Rejection, end_of, problem_of
from eyeline.bridge.sdp import SessionDescription
from eyeline.signalling.messages import PeerId, PhoneCall, PhoneCallEnd, PhoneCallState, RoomName, Roster, SipUser
from eyeline.signalling.moderation import may_invite
from eyeline.signalling.passes import Person
from eyeline.signalling.requests import Announce, News, RequestSeat
from eyeline.signalling.session import Post
from eyeline.sip.message import SipResponse

OFFER_WITHIN: Final = 10.0
"""Seconds in which the page must make its offer."""

RING_MAX: Final = 60.0
"""Seconds that a phone rings."""

CALLED_PHONE: Final = Person(permissions=("microphone", "camera", "chat"), sip=True, called=True)
"""Who it is in the room."""

_RINGING: Final = 180


class WantedCall(NamedTuple):
    """Who is called, and by whom."""

    user: SipUser
    caller: PeerId | None
    """The member who calls, and is told how it goes; None if it is the site."""
    guests: bool
    """Whether people without a pass may enter rooms."""


class OutgoingCall(RoomCall):
    """One call to a phone."""

    def __init__(self, dialog: CallerDialog, seat: RequestSeat, room: RoomName, link: int, wanted: WantedCall) -> None:
        super().__init__(None, dialog, seat, room, link)
        self._caller = dialog
        self._wanted = wanted
        self._provisional = 0
        """The status of the last provisional response: 180 or more while a phone rings."""
        self._why: PhoneCallEnd = "failed"

    def rings_in(self, room: RoomName) -> bool:
        """Whether it is to this room, and nobody has answered yet."""
        return self.room == room and self._is_pending

    @property
    def _is_pending(self) -> bool:
        return self.state in {"looking", "joining", "offering", "ringing"}

    def is_by(self, room: RoomName, caller: PeerId, user: SipUser) -> bool:
        """Whether this member has begun this call."""
        return (self.room, self._wanted.caller, self._wanted.user) == (room, caller, user)

    def hang_up(self) -> list[BridgeEffect]:
        """The caller ends it."""
        self._why = "cancelled"
        self._end(Rejection(487))
        return self._take()

    def on_news(self, news: News, now: float) -> list[BridgeEffect]:
        """News from the room."""
        if isinstance(news, Roster) and self._is_pending:
            problem = problem_of([member for member in news.members if member.id != self._seat.peer])
            if problem is not None:
                self._end(problem)
        return super().on_news(news, now)

    def _look(self, roster: Roster, now: float) -> None:
        caller = self._wanted.caller
        if caller is not None:
            roles = [member.role for member in roster.members if member.id == caller]
            if not roles or not may_invite(roles[0], roster.rules, guests=self._wanted.guests):
                self._why = "not-allowed"
                self._end(Rejection(403))
                return
        super()._look(roster, now)

    def _begin(self, now: float) -> None:
        """There is a seat: the page makes its offer."""
        if self._other is not None:
            self._caller.introduce(self._other.name)
        self.state = "offering"
        self._deadline = now + OFFER_WITHIN
        self._tell("calling")

    def _invite(self, description: SessionDescription, now: float) -> None:
        """Ring the phone with the first offer of the page."""
        super()._invite(description, now)
        if self.state == "offering":
            self.state, self._why = "ringing", "no-answer"
            self._deadline = now + RING_MAX

    def _response(self, response: SipResponse, now: float) -> None:
        if self.state != "ringing" or self._own is None or response.cseq != self._own.cseq:
            super()._response(response, now)
        elif response.status < 200:
            if self._provisional < _RINGING <= response.status:
                self._tell("ringing")
            self._provisional = response.status
        elif response.status < 300:
            self.state = "up"
            self._caller.confirm(response)
            self._liveness.start(now)
            self._tell("answered")
            super()._response(response, now)
        else:
            self._send(self._caller.acknowledge(response))
            self._why = end_of(response.status, rang=self._provisional >= _RINGING)
            self._leave()

    def _end(self, answer: Rejection) -> None:
        self._why = answer.obstacle or self._why
        if self.state != "ringing":
            super()._end(answer)
            return
        if self._own is not None and self._provisional:
            self._send(self._caller.cancel(self._own))
        self._leave()

    def _leave(self) -> None:
        if self._is_pending:
            self._tell("ended", self._why)
        super()._leave()

    def _tell(self, state: PhoneCallState, why: PhoneCallEnd | None = None) -> None:
        """Tell the caller how it goes."""
        user, caller, _ = self._wanted
        if caller is not None:
            self._effects.append(Post(self.room, Announce(PhoneCall(user, state, why), caller)))
