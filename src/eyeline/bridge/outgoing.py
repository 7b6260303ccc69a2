"""A room calls a phone.

An INVITE must have an offer, since JsSIP never answers one without; but the page that is in the room makes its offer
only when the phone is there.  So the phone gets an offer that leads nowhere, and once somebody has picked up, the real
one in a second INVITE.  Meanwhile it has a seat: the page sees who is being called, and prepares its offer.
"""

from hashlib import sha256
from typing import Final

from eyeline.bridge.call import ANSWER_WITHIN, RoomCall
from eyeline.bridge.dialog import CallerDialog
from eyeline.bridge.refusals import Rejection
from eyeline.bridge.sdp import SessionDescription
from eyeline.signalling.messages import RoomName
from eyeline.signalling.requests import RequestSeat
from eyeline.sip.message import SipResponse

RING_MAX: Final = 60.0
"""Seconds that a phone rings."""

_CODECS: Final = {
    "audio": ("111 126", ("111 opus/48000/2", "126 telephone-event/8000")),
    "video": ("96", ("96 VP8/90000",)),
}


class OutgoingCall(RoomCall):
    """One call to a phone."""

    def __init__(self, dialog: CallerDialog, seat: RequestSeat, room: RoomName, link: int) -> None:
        super().__init__(None, dialog, seat, room, link)
        self._caller = dialog
        self._rings = False
        """The INVITE has no final response yet."""
        self._provisional = False

    def _begin(self, now: float) -> None:
        """There is a seat: ring the phone."""
        self.state = "up"
        self._rings = True
        offer = _offer_to_nowhere(self._caller.tag)
        self._layout.for_phone(offer)
        self._layout.new_page()
        self._own = self._caller.request("INVITE", body=self._body(offer))
        self._deadline = now + RING_MAX
        self._send(self._own)

    def _response(self, response: SipResponse, now: float) -> None:
        if self._rings and self._own is not None and response.cseq == self._own.cseq:
            self._provisional = True
            if response.status >= 300:
                self._send(self._caller.acknowledge(response))
                self._rings, self._own = False, None
                self._leave()
                return
            if response.status >= 200:
                self._rings = False
                self._caller.confirm(response)
                self._liveness.start(now)
                super()._response(response, now)
                if self._own is None:
                    self._deadline = now + ANSWER_WITHIN  # in which the page must make its offer
                return
        super()._response(response, now)

    def _end(self, answer: Rejection) -> None:
        if not self._rings or self._own is None:
            super()._end(answer)
            return
        if self._provisional:
            self._send(self._caller.cancel(self._own))
        self._leave()


def _offer_to_nowhere(seed: str) -> SessionDescription:
    """An offer of audio and video whose other end doesn't exist."""
    digest = sha256(seed.encode())
    fingerprint = ":".join(f"{byte:02X}" for byte in digest.digest())
    transport = (
        f"a=ice-ufrag:{digest.hexdigest()[:8]}\r\na=ice-pwd:{digest.hexdigest()[:32]}\r\n"
        f"a=fingerprint:sha-256 {fingerprint}\r\na=setup:actpass\r\na=rtcp-mux\r\na=sendrecv\r\n"
    )
    media = ""
    for mid, (kind, (formats, codecs)) in enumerate(_CODECS.items()):
        lines = "".join(f"a=rtpmap:{each}\r\n" for each in codecs)
        media += f"m={kind} 9 UDP/TLS/RTP/SAVPF {formats}\r\nc=IN IP4 0.0.0.0\r\n{transport}a=mid:{mid}\r\n{lines}"
    text = f"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n{media}"
    return SessionDescription.parse(text)
