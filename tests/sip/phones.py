"""Phones in virtual time, on a real `SipServer`: what they send is written out, and what they get is parsed."""

import hashlib
import re
from contextlib import suppress
from ipaddress import ip_address
from itertools import count

from eyeline.sip.digest import ha1
from eyeline.sip.effects import CloseFlow, Describe, LookUp, SendSip, SipAccount, SipEffect, SipFlow, SipTransport
from eyeline.sip.limits import SipLimits
from eyeline.sip.message import BadMessageError, SipRequest, SipResponse, parse
from eyeline.sip.server import SipServer

DOMAIN = "call.example"
PASSWORD = "correct horse"
KEY = bytes(range(32))
UNIX = 1_800_000_000.0
OFFER = b"v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=fingerprint:sha-256 AB:CD\r\n"

PHONE_LIMITS = SipLimits(connection_rate=1e6, connection_burst=1e6, account_rate=1e6, account_burst=1e6)


def account(user: str, password: str = PASSWORD, ends: float | None = None) -> SipAccount:
    """An account as the account store keeps it."""
    return SipAccount(user, ha1(user, DOMAIN, password, "MD5"), ha1(user, DOMAIN, password, "SHA-256"), ends)


class Net:
    """The server, its clock and its accounts; performs what the server asks for."""

    def __init__(self, limits: SipLimits = PHONE_LIMITS) -> None:
        self.now = 1000.0
        self.accounts: dict[str, SipAccount] = {each: account(each) for each in ("alice", "bob", "carol")}
        self.limits = limits
        self.runs = 0
        self.ids = count(1)
        self.phones: dict[int, Phone] = {}
        self.hold_lookups = False
        self.held: list[SipEffect] = []
        self.start()

    def start(self) -> None:
        """A server that knows nothing; all connections are cut."""
        self.runs += 1
        hosts = frozenset({DOMAIN, "203.0.113.1"})
        self.server = self.make_server(DOMAIN, DOMAIN, hosts, KEY, f"run{self.runs}", self.limits)
        self.phones.clear()

    make_server = SipServer

    def perform(self, effects: list[SipEffect]) -> None:
        """Do what the server asks for."""
        for effect in effects:
            match effect:
                case SendSip(flow_id, data):
                    self.phones[flow_id].take(data)
                case CloseFlow(flow_id):
                    self.phones.pop(flow_id).closed = True
                    self.perform(self.server.disconnect(flow_id, self.now))
                case LookUp() if self.hold_lookups:
                    self.held.append(effect)
                case LookUp(query, username, _):
                    found = self.accounts.get(username)
                    self.perform(self.server.found(query, found, self.now, UNIX + self.now))
                case Describe(query, user, _):
                    self.perform(self.server.described(query, f'{{"user":"{user}"}}'.encode(), self.now))

    def release_lookups(self) -> None:
        """Answer all lookups that were held."""
        self.hold_lookups = False
        held, self.held = self.held, []
        self.perform(held)

    def wait(self, seconds: float) -> None:
        """Let time pass; the server is woken whenever it wants."""
        end = self.now + seconds
        while (at := self.server.next_wake()) is not None and at <= end:
            self.now = max(at, self.now)
            self.perform(self.server.wake(self.now, UNIX + self.now))
        self.now = end

    def phone(self, user: str, transport: SipTransport = "wss", *, instance: str = "", address: str = "") -> "Phone":
        """A phone with an open connection; it isn't registered."""
        phone = Phone(self, user, transport, instance or f"{user}-{next(self.ids)}", address)
        phone.connect()
        return phone

    def registered(self, user: str, transport: SipTransport = "wss", **kwargs: str) -> "Phone":
        """A phone that has registered, and has read the answer."""
        phone = self.phone(user, transport, **kwargs)
        phone.register()
        return phone


class Phone:
    """One phone or page."""

    def __init__(self, net: Net, user: str, transport: SipTransport, instance: str, address: str) -> None:
        self.net = net
        self.user = user
        self.transport = transport
        self.instance = instance
        self.address = bytes([192, 0, 2, next(net.ids) % 256])
        if address:
            self.address = b"" if address == "hidden" else ip_address(address).packed
        self.inbox: list[SipRequest | SipResponse] = []
        self.raw: list[bytes] = []
        self.sent: list[bytes] = []
        self.closed = False
        self.cseq = count(1)
        self.contact = f"sip:{instance}@{instance}.invalid;transport=ws"

    def connect(self, *, rooms: bool = False, host: str = DOMAIN) -> None:
        """Open a new connection, to the server as `host`, or as the bridge to `rooms`."""
        self.closed = False
        self.flow_id = next(self.net.ids)
        self.net.phones[self.flow_id] = self
        flow = SipFlow(self.flow_id, self.transport, self.address, 40000 + self.flow_id, host)
        open_flow = self.net.server.attach_rooms if rooms else self.net.server.connect
        open_flow(flow, self.net.now)

    def cut(self) -> None:
        """The connection is lost."""
        self.net.phones.pop(self.flow_id, None)
        self.net.perform(self.net.server.disconnect(self.flow_id, self.net.now))

    def take(self, data: bytes) -> None:
        """The server has sent this."""
        self.raw.append(data)
        with suppress(BadMessageError):  # a keep-alive, or the answer to an invalid message, whose fields it repeats
            self.inbox.append(parse(data))

    def forget(self) -> None:
        """Empty the inbox."""
        self.inbox.clear()
        self.raw.clear()
        self.sent.clear()

    def send(self, data: bytes | SipRequest | SipResponse) -> None:
        """Send a message."""
        raw = data if isinstance(data, bytes) else data.encode()
        self.sent.append(raw)
        net = self.net
        net.perform(net.server.receive(self.flow_id, raw, net.now, UNIX + net.now))

    def ask(self, request: SipRequest) -> SipResponse:
        """Send a request, and read its final response."""
        self.send(request)
        return self.response(request)

    def response(self, request: SipRequest) -> SipResponse:
        """The last response to a request."""
        return [each for each in self.responses() if each.via.branch == request.via.branch][-1]

    def responses(self) -> list[SipResponse]:
        """All responses that were received."""
        return [each for each in self.inbox if isinstance(each, SipResponse)]

    def statuses(self) -> list[int]:
        """The status of each response, without those to REGISTER."""
        return [each.status for each in self.responses() if each.cseq.method != "REGISTER"]

    def requests(self, method: str = "") -> list[SipRequest]:
        """All requests that were received."""
        return [each for each in self.inbox if isinstance(each, SipRequest) and method in {"", each.method}]

    def last(self, method: str) -> SipRequest:
        """The request that was received last."""
        return self.requests(method)[-1]

    def request(
        self,
        method: str,
        to: str,
        *extra: tuple[str, str],
        uri: str = "",
        body: bytes = b"",
        sender: str = "",
        call_id: str = "",
        number: int = 0,
        to_tag: str = "",
        from_tag: str = "",
        branch: str = "",
    ) -> SipRequest:
        """A request outside of calls; `to` is a user, or an address with @."""
        address = f"sip:{to if '@' in to else f'{to}@{DOMAIN}'}"
        number = number or next(self.cseq)
        branch = branch or f"z9hG4bK{self.instance}-{next(self.net.ids)}"
        tag = f";tag={to_tag}" if to_tag else ""
        lines = [
            f"{method} {uri or address} SIP/2.0",
            f"Via: SIP/2.0/{self.transport.upper()} {self.instance}.invalid;branch={branch}",
            "Max-Forwards: 70",
            f"From: <sip:{sender or self.user}@{DOMAIN}>;tag={from_tag or self.instance}",
            f"To: <{address}>{tag}",
            f"Call-ID: {call_id or f'call-{next(self.net.ids)}'}",
            f"CSeq: {number} {method}",
            *(f"{name}: {value}" for name, value in extra),
        ]
        head = "\r\n".join(lines)
        found = parse(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        assert isinstance(found, SipRequest)
        return found

    def invite(self, to: str, *extra: tuple[str, str], body: bytes = OFFER) -> SipRequest:
        """Send an INVITE; returns it."""
        fields = (("Contact", f"<{self.contact}>"), ("Content-Type", "application/sdp"), *extra)
        request = self.request("INVITE", to, *fields, body=body)
        self.send(request)
        return request

    def register(self, *, expires: int = 600, password: str = PASSWORD, instance: bool = True) -> SipResponse:
        """Register with digest."""
        outbound = f';+sip.instance="<urn:uuid:{self.instance}>";reg-id=1' if instance else ""
        contact = f"<{self.contact}>{outbound};expires={expires}"
        extra = (("Contact", contact), ("Supported", "outbound, path"))
        first = self.ask(self.request("REGISTER", self.user, *extra, call_id=self.instance, uri=f"sip:{DOMAIN}"))
        credentials = ("Authorization", credentials_for(first, "REGISTER", self.user, password))
        return self.ask(
            self.request("REGISTER", self.user, *extra, credentials, call_id=self.instance, uri=f"sip:{DOMAIN}")
        )

    def credentials(self, challenge: SipResponse, method: str, password: str = PASSWORD) -> str:
        """The answer to a challenge."""
        return credentials_for(challenge, method, self.user, password)

    def answer(self, request: SipRequest, status: int = 200, *, tag: str = "", body: bytes = b"") -> SipResponse:
        """Answer a request that was received."""
        extra = [("Record-Route", value) for value in request.headers.values("record-route")]
        if request.method == "INVITE" and status < 300:
            extra.append(("Contact", f"<{self.contact}>"))
        response = request.answer(status, to_tag=tag or f"tag-{self.instance}", extra=extra, body=body)
        self.send(response)
        return response

    def within(self, method: str, dialog: SipResponse, number: int, *extra: tuple[str, str]) -> SipRequest:
        """A request of the caller within the call that this 2xx has begun."""
        return self.inside(method, dialog, number, *extra, local=("From", dialog), remote=("To", dialog), reverse=True)

    def inside(
        self,
        method: str,
        dialog: SipRequest | SipResponse,
        number: int,
        *extra: tuple[str, str],
        local: tuple[str, SipRequest | SipResponse],
        remote: tuple[str, SipRequest | SipResponse],
        reverse: bool,
    ) -> SipRequest:
        """A request within a call, from the point of view of this side."""
        routes = dialog.headers.all("record-route")
        contact = dialog.headers.all("contact")[0].strip("<>")
        fields = [
            ("Via", f"SIP/2.0/{self.transport.upper()} {self.instance}.invalid;branch=z9hG4bK{next(self.net.ids)}"),
            ("Max-Forwards", "70"),
            ("From", local[1].headers.first(local[0])),
            ("To", remote[1].headers.first(remote[0])),
            ("Call-ID", dialog.call_id),
            ("CSeq", f"{number} {method}"),
            *(("Route", each) for each in (reversed(routes) if reverse else routes)),
            *extra,
        ]
        head = "\r\n".join(f"{name}: {value}" for name, value in fields)
        found = parse(f"{method} {contact} SIP/2.0\r\n{head}\r\n\r\n".encode())
        assert isinstance(found, SipRequest)
        return found

    def back(self, method: str, invite: SipRequest, answer: SipResponse, number: int = 1) -> SipRequest:
        """A request of the callee within a call: `invite` is what it got, `answer` what it sent."""
        return self.inside(method, invite, number, local=("To", answer), remote=("From", invite), reverse=False)


def credentials_for(challenge: SipResponse, method: str, user: str, password: str, nc: str = "00000001") -> str:
    """The answer to the last challenge, as JsSIP makes it."""
    name = "www-authenticate" if challenge.status == 401 else "proxy-authenticate"
    nonce = re.findall(r'nonce="(.*?)"', challenge.headers.values(name)[-1])[0]
    a1, a2 = ha1(user, DOMAIN, password, "MD5"), _md5(f"{method}:sip:{DOMAIN}")
    return (
        f'Digest username="{user}", realm="{DOMAIN}", nonce="{nonce}", uri="sip:{DOMAIN}", algorithm=MD5, qop=auth, '
        f'cnonce="abc", nc={nc}, response="{_md5(f"{a1}:{nonce}:{nc}:abc:auth:{a2}")}"'
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def call(caller: Phone, callee: Phone, body: bytes = OFFER) -> tuple[SipResponse, SipRequest, SipResponse]:
    """A call that was answered and acknowledged: the 2xx as the caller got it, the INVITE as the callee got it, and the
    2xx as it sent that."""
    invite = caller.invite(callee.user, body=body)
    received = callee.last("INVITE")
    callee.answer(received, 180)
    answer = callee.answer(received, body=body)
    answered = caller.response(invite)
    caller.send(caller.within("ACK", answered, invite.cseq.number))
    return answered, received, answer
