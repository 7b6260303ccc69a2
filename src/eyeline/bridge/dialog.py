"""One side of a SIP dialog (RFC 3261, 12): what requests within a call and their answers have in common."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from eyeline.sip.header_fields import MAGIC_COOKIE, NameAddress
from eyeline.sip.headers import Headers
from eyeline.sip.message import SipRequest, SipResponse

Fields = Sequence[tuple[str, str]]

ALLOW: Final = "INVITE, ACK, CANCEL, BYE, UPDATE, INFO, MESSAGE, OPTIONS"
SDP: Final = "application/sdp"

TEXT_MAX: Final = 4000
"""Characters of a chat line; longer texts are cut."""


class DialogSide:
    """One side of a dialog, once it's there; `CalleeDialog` and `CallerDialog` begin it."""

    call_id: str
    tag: str
    """Of this side; unique."""
    remote_tag: str
    remote: str
    """The address of the phone's user."""
    _local: str
    """The values of From and To in requests of this side."""
    _remote: str
    _target: str
    _routes: list[str]

    def __init__(self, tag: str, contact: str, host: str) -> None:
        """`contact` is the URI of this side, and `host` its name in Via."""
        self.tag = tag
        self._contact = contact
        self._host = host
        self._remote_cseq = -1
        self._local_cseq = 0
        self._branches = 0

    def takes(self, request: SipRequest) -> bool:
        """Whether a request is newer than all before (RFC 3261, 12.2.2); it's noted then."""
        if request.cseq.number <= self._remote_cseq and request.method not in {"ACK", "CANCEL"}:
            return False
        self._remote_cseq = max(self._remote_cseq, request.cseq.number)
        return True

    def retarget(self, message: SipRequest | SipResponse) -> None:
        """INVITE, UPDATE and their 2xx may change where requests are sent."""
        with suppress(ValueError):  # without a valid Contact the last one stays
            self._target = _target(message)

    def request(self, method: str, extra: Fields = (), body: bytes = b"") -> SipRequest:
        """A new request within the dialog."""
        self._local_cseq += 1
        return self._request(method, self._local_cseq, extra, body)

    def acknowledge(self, response: SipResponse) -> SipRequest:
        """The ACK for the final response to an INVITE of ours."""
        if response.status < 300:
            return self._request("ACK", response.cseq.number, (), b"")
        ack = self._request("ACK", response.cseq.number, (), b"")
        return ack.with_(headers=ack.headers.replaced("Via", str(response.via)))

    def answer(self, request: SipRequest, status: int, extra: Fields = (), body: bytes = b"") -> SipResponse:
        """A response within the dialog, or one that begins it."""
        fields = [*extra]
        if status < 300 and request.method in {"INVITE", "UPDATE"}:
            fields += [("Record-Route", each) for each in request.headers.values("record-route")]
            fields += [("Contact", f"<{self._contact}>"), ("Allow", ALLOW)]
        if body:
            fields.append(("Content-Type", SDP))
        return request.answer(status, to_tag=self.tag, extra=fields, body=body)

    def text(self, text: str) -> SipRequest:
        """A text for the phone's user, as a MESSAGE of its own (RFC 3428), which stock clients show."""
        self._branches += 1
        number = self._branches
        fields = [
            ("Via", f"SIP/2.0/TCP {self._host};branch={MAGIC_COOKIE}{self.tag}.{number}"),
            ("Max-Forwards", "70"),
            ("From", f"<{self._contact.partition(';')[0]}>;tag={self.tag}m"),
            ("To", f"<{self.remote}>"),
            ("Call-ID", f"{self.tag}m{number}"),
            ("CSeq", "1 MESSAGE"),
            ("Content-Type", "text/plain;charset=UTF-8"),
        ]
        return SipRequest("MESSAGE", self.remote, Headers.of(*fields), text.encode())

    def _request(self, method: str, number: int, extra: Fields, body: bytes) -> SipRequest:
        self._branches += 1
        fields = [
            ("Via", f"SIP/2.0/TCP {self._host};branch={MAGIC_COOKIE}{self.tag}.{self._branches}"),
            ("Max-Forwards", "70"),
            *(("Route", each) for each in self._routes),
            ("From", self._local),
            ("To", self._remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{number} {method}"),
        ]
        if method in {"INVITE", "UPDATE"}:
            fields += [("Contact", f"<{self._contact}>"), ("Allow", ALLOW)]
        if body:
            fields.append(("Content-Type", SDP))
        return SipRequest(method, self._target, Headers.of(*fields, *extra), body)


class CalleeDialog(DialogSide):
    """The side that was called.  Raises `ValueError` if the INVITE has no valid Contact."""

    def __init__(self, invite: SipRequest, tag: str, contact: str, host: str) -> None:
        super().__init__(tag, contact, host)
        self.call_id = invite.call_id
        self.remote_tag = invite.from_.tag
        self.remote = invite.from_.uri
        self._local = f"{invite.headers.get('to') or ''};tag={tag}"
        self._remote = invite.headers.get("from") or ""
        self._target = _target(invite)
        self._routes = invite.headers.all("record-route")
        self._remote_cseq = invite.cseq.number


class CallerDialog(DialogSide):
    """The side that calls `remote`, an address."""

    def __init__(self, remote: str, tag: str, contact: str, host: str) -> None:
        super().__init__(tag, contact, host)
        self.call_id = f"{tag}@{host}"
        self.remote_tag = ""
        self.remote = self._target = remote
        self._local = f"<{contact.partition(';')[0]}>;tag={tag}"
        self._remote = f"<{remote}>"
        self._routes = []

    def introduce(self, name: str) -> None:
        """Show the phone who calls.  Before the first request."""
        quoted = name.replace("\\", r"\\").replace('"', r"\"")
        self._local = f'"{quoted}" {self._local}'

    def confirm(self, response: SipResponse) -> None:
        """The phone has answered: requests go where its 2xx says."""
        self.remote_tag = response.to.tag
        self._remote = response.headers.get("to") or ""
        self._routes = response.headers.all("record-route")[::-1]
        self.retarget(response)

    def cancel(self, invite: SipRequest) -> SipRequest:
        """CANCEL for the INVITE (RFC 3261, 9.1)."""
        headers = invite.headers.only(("via", "max-forwards", "from", "to", "call-id"))
        return SipRequest("CANCEL", invite.uri, headers.appended("CSeq", f"{invite.cseq.number} CANCEL"))


def text_of(request: SipRequest) -> str | None:
    """What a MESSAGE says; None if it isn't plain text, or empty."""
    kind = (request.headers.get("content-type") or "").partition(";")[0].strip().lower()
    text = request.body.decode(errors="replace").strip()[:TEXT_MAX]
    return text if kind == "text/plain" and text else None


def _target(message: SipRequest | SipResponse) -> str:
    return NameAddress.parse(message.headers.first("contact")).uri
