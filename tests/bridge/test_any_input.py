"""Whatever a phone, a page or the SIP server sends, the bridge raises nothing and its call ends with both sides."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.bridge.world import DOMAIN, Page, Phone, World, answered, sdp

METHODS = ("INVITE", "UPDATE", "ACK", "CANCEL", "BYE", "INFO", "MESSAGE", "OPTIONS", "REFER", "DANCE")
BODIES = ("", "x", "v=0\r\n", sdp("audio 0"), sdp("audio 0", "video 1", ufrag="new"), sdp("application 7", "audio 3"))

phone_steps = st.tuples(st.just("phone"), st.sampled_from(METHODS), st.sampled_from(BODIES), st.integers(1, 40))
answer_steps = st.tuples(st.just("answer"), st.sampled_from((100, 180, 200, 408, 488, 491)), st.sampled_from(BODIES))
page_steps = st.tuples(
    st.just("page"),
    st.sampled_from(("offer", "answer", "candidate", "text")),
    st.sampled_from(BODIES),
    st.integers(0, 3),
    st.integers(-1, 2),
)
time_steps = st.tuples(st.just("time"), st.sampled_from((0.1, 0.5, 2.0, 35.0)))


@settings(max_examples=150, deadline=None)
@given(st.lists(phone_steps | answer_steps | page_steps | time_steps, max_size=12))
def test_any_steps_leave_a_bridge_that_works(steps: list[tuple[object, ...]]) -> None:
    world = World()
    alice, bob = world.page("alice"), world.phone()
    peer, link = answered(world, alice, bob)
    for step in steps:
        _perform(alice, bob, peer, link, step)
    alice.leave()
    world.pass_time(world.now + 1)
    assert (len(world.bridge), world.attached, world.bridge.next_wake()) == (0, set(), None)


def _perform(alice: Page, bob: Phone, peer: str, link: int, step: tuple[object, ...]) -> None:
    match step:
        case ("phone", str(method), str(body), int(number)):
            bob.within(method, body, number)
        case ("answer", int(status), str(body)):
            for request in [each for each in bob.requests()[-1:] if each.method != "ACK"]:
                alice.world.give(request.answer(status, to_tag="from-bob", body=body.encode()))
        case ("page", str(kind), str(body), int(number), int(newer)):
            alice.link += newer
            to = None if newer else link
            if kind == "candidate":
                alice.trickle(peer, link, "candidate:9 1 udp 1 192.0.2.1 9 typ host")
            elif kind == "text":
                alice.signal(peer, {"text": body}, to)
            else:
                alice.describe(peer, kind, number, body, to, ufrag=f"ufrag{number}")
        case ("time", float(seconds)):
            alice.stay(seconds)
        case _:
            raise AssertionError(step)


@given(st.binary(max_size=200))
def test_any_bytes_from_the_server_are_taken(data: bytes) -> None:
    world = World()
    world.perform(world.bridge.receive(data, 0.0, 0.0))
    world.perform(world.bridge.receive(f"BYE sip:tea@{DOMAIN} SIP/2.0\r\n".encode() + data, 0.0, 0.0))
    assert len(world.bridge) == 0
