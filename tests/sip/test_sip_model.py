"""Random lives of phones, and hostile messages: nothing raises, calls beside go on, and nothing is left behind."""

from random import Random

import pytest
from tests.sip.phones import PHONE_LIMITS, Net, Phone, call

from eyeline.sip.effects import SipTransport
from eyeline.sip.message import SipRequest

STATUSES = (100, 180, 183, 200, 200, 302, 404, 480, 486, 487, 500, 603)
ODD_BYTES = (b"\r\n", b"\0", b";", b",", b"<", b'"', b":", b"sip:", b"%00", b"\xff", b"9" * 30)
METHODS = ("INFO", "BYE", "UPDATE", "INVITE", "MESSAGE", "ACK")


class Life:
    """Phones that do random things."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.net = Net()
        transports: tuple[SipTransport, ...] = ("wss", "tcp", "udp")
        people = [(user, transport) for transport in transports for user in ("alice", "bob", "carol")]
        self.phones = [self.net.registered(user, transport) for user, transport in people]

    def step(self) -> None:
        """One phone does one thing."""
        actions = (self.move, self.invite, self.invite, self.answer, self.answer, self.answer, self.cancel, self.within)
        phone = self.random.choice(self.phones)
        if phone.flow_id not in self.net.phones:
            phone.connect()
            phone.register(instance=self.random.random() < 0.8)
        self.random.choice(actions)(phone)
        if self.random.random() < 0.2:
            self.net.wait(self.random.choice((0.1, 0.6, 0.6, 3, 11, 40)))

    def move(self, phone: Phone) -> None:
        if self.random.random() < 0.5:
            phone.cut()
        else:
            phone.register(expires=self.random.choice((0, 60, 600)))

    def invite(self, phone: Phone) -> None:
        user = self.random.choice(("alice", "bob", "carol"))
        invite = phone.invite(user)
        challenge = phone.response(invite)
        if challenge.status == 407:
            phone.invite(user, ("Proxy-Authorization", phone.credentials(challenge, "INVITE")))

    def answer(self, phone: Phone) -> None:
        for request in phone.requests()[-3:]:
            if request.method != "ACK":
                phone.answer(request, self.random.choice(STATUSES), tag=self.random.choice(("", "x", "y")))

    def cancel(self, phone: Phone) -> None:
        sent = [each for each in phone.sent if each.startswith(b"INVITE")]
        if sent:
            phone.send(self.random.choice(sent[-2:]).replace(b"INVITE", b"CANCEL"))

    def within(self, phone: Phone) -> None:
        dialogs = [each for each in phone.responses() if each.status == 200 and "record-route" in each.headers]
        if dialogs:
            dialog = self.random.choice(dialogs[-2:])
            phone.send(phone.within(self.random.choice(METHODS), dialog, self.random.randrange(1, 50)))


@pytest.mark.parametrize("seed", range(25))
def test_nothing_is_left_when_everybody_has_gone(seed: int) -> None:
    life = Life(seed)
    for _ in range(300):
        life.step()
    for phone in life.phones:
        phone.cut()
    life.net.wait(4000)
    assert life.net.server.state_sizes() == {}


def real_messages(net: Net) -> list[bytes]:
    """Messages of every kind, as phones send them."""
    mallory, bob = net.registered("carol"), net.registered("bob")
    answered, received, _ = call(mallory, bob)
    mallory.send(mallory.within("UPDATE", answered, 7, ("Session-Expires", "90"), ("Supported", "timer, outbound")))
    bob.answer(bob.last("UPDATE"))
    invite = mallory.invite("bob", ("Allow", "INVITE, ACK"), ("X-Folded", "a,b"))
    mallory.send(SipRequest("CANCEL", invite.uri, invite.headers.replaced("CSeq", f"{invite.cseq.number} CANCEL")))
    assert received.method == "INVITE"
    return [each for each in (*mallory.sent, *bob.sent) if each.strip()]


def mutated(random: Random, raw: bytes) -> bytes:
    """The message with a few random changes."""
    data = bytearray(raw)
    for _ in range(random.randrange(1, 4)):
        at = random.randrange(len(data))
        match random.randrange(6):
            case 0:
                data[at] = random.randrange(256)
            case 1:
                del data[at : at + random.randrange(1, 30)]
            case 2:
                data[at:at] = random.choice(
                    (b"\r\n", b"\0", b";", b",", b"<", b'"', b":", b"sip:", b"%00", b"\xff", b"9" * 30)
                )
            case 3:
                lines = bytes(data).split(b"\r\n")
                random.shuffle(lines)
                data = bytearray(b"\r\n".join(lines))
            case 4:
                lines = bytes(data).split(b"\r\n")
                lines.insert(random.randrange(len(lines)), random.choice(lines))
                data = bytearray(b"\r\n".join(lines))
            case _:
                data = data[:at]
        if not data:
            return b"x"
    return bytes(data)


@pytest.mark.parametrize("seed", range(4))
def test_two_thousand_mutated_messages_do_not_disturb_a_call_beside_them(seed: int) -> None:
    random = Random(seed)
    net = Net(PHONE_LIMITS)
    alice, bob = net.registered("alice"), net.registered("bob")
    answered, invite, answer = call(alice, bob)
    raws = real_messages(net)
    mallory = net.registered("carol")
    stranger = net.phone("carol", "udp")
    for _ in range(500):
        raw = mutated(random, random.choice(raws))
        for phone in (mallory, stranger):
            if phone.flow_id not in net.phones:
                phone.connect()
            net.perform(net.server.receive(phone.flow_id, raw, net.now, 1_800_000_000.0 + net.now))
    alice.send(alice.within("INFO", answered, 20))
    bob.send(bob.back("BYE", invite, answer))
    assert (len(bob.requests("INFO")), len(alice.requests("BYE"))) == (1, 1)
    for phone in list(net.phones.values()):
        phone.cut()
    net.wait(4000)
    assert net.server.state_sizes() == {}
