"""Attacks on credentials: a client without valid ones gets nothing and leaves no state (RFC 8489, 9.2, 16)."""

import base64
import hashlib

import pytest
from tests.support.turn import ASK, HERE, UNIX, Client, World, code

from eyeline.turn import credentials, integrity
from eyeline.turn.attributes import (
    ErrorCode,
    MessageIntegrity,
    MessageIntegritySha256,
    Nonce,
    PasswordAlgorithm,
    PasswordAlgorithms,
    Realm,
    Software,
    UserHash,
    Username,
)
from eyeline.turn.effects import Free
from eyeline.turn.integrity import is_signed, is_signed_sha256
from eyeline.turn.message import ALLOCATE, BINDING, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, Class, Message
from eyeline.turn.nonce import FRESH_S
from eyeline.turn.server import ANSWERS_BURST, ANSWERS_TO_A_STREAM, answer_limit


def test_challenge_is_short() -> None:
    """RFC 8489, 16: responses to a spoofed source are bounded, in length too."""
    client = Client(World())
    bare = Message(ALLOCATE, Class.REQUEST, bytes(12), ASK).encode()
    [answer] = client.world.receive(bare, client.flow)
    challenge = Message.decode(answer)
    assert [type(each) for each in challenge.attributes] == [ErrorCode, Realm, Nonce, PasswordAlgorithms]
    assert code(challenge) == 401
    assert challenge.get(Software) is None
    assert len(answer) <= 4 * len(bare)


@pytest.mark.parametrize("method", [ALLOCATE, REFRESH, CREATE_PERMISSION, CHANNEL_BIND])
def test_challenge_stays_within_the_amplification_limit(method: int) -> None:
    """Even for the shortest request, a header alone."""
    client = Client(World())
    bare = Message(method, Class.REQUEST, bytes(12)).encode()
    for request in (bare, integrity.add_fingerprint(bare)):
        [answer] = client.world.receive(request, client.flow)
        assert code(Message.decode(answer)) == 401
        assert len(answer) <= 4.8 * len(request)


def test_no_state_is_kept_for_unauthenticated_clients() -> None:
    """RFC 8656, 21.1: state exhaustion; a thousand unknown clients leave only their source's rate limit."""
    world = World()
    for port in range(1000):
        stranger = Client(world, username=f"1800000600:x.{port}", password="guess", port=port)
        assert stranger.allocate() == 401
    server = world.server
    assert len(server.allocations) == 0
    assert (server._waiting, server.allocations._pending, world.authenticator._members) == ({}, {}, set())
    assert world.effects == []


@pytest.mark.parametrize("sha256", [False, True])
def test_valid_credentials_are_accepted_and_the_response_is_signed_like_the_request(sha256: bool) -> None:
    client = Client(World(), sha256=sha256)
    client.challenged()
    [answer] = client.world.receive(client.signed(ALLOCATE, *ASK), client.flow)
    message = Message.decode(answer)
    assert code(message) == 0
    if sha256:
        key = credentials.key_sha256(client.username, "eyeline", client.password)
        assert is_signed_sha256(answer, key)
        assert message.get(MessageIntegrity) is None
    else:
        assert is_signed(answer, credentials.key_md5(client.username, "eyeline", client.password))
        assert message.get(MessageIntegritySha256) is None


@pytest.mark.parametrize("sha256", [False, True])
def test_unknown_user_is_indistinguishable_from_a_wrong_password(sha256: bool) -> None:
    """RFC 8489, 9.2.4, and RFC 8656, 21.1.1."""
    world = World()
    wrong = Client(world, sha256=sha256)
    wrong.password = "guess"
    unknown = Client(world, username="1800000600:nobody.x", password="guess", port=2, sha256=sha256)
    for client in (wrong, unknown):
        client.challenged()
    answers = [client.send(client.signed(ALLOCATE, *ASK)) for client in (wrong, unknown)]
    shapes = [[(type(each), each if isinstance(each, ErrorCode) else None) for each in a.attributes] for a in answers]
    assert shapes[0] == shapes[1]
    assert code(answers[0]) == 401


@pytest.mark.parametrize("missing", [Username, Realm, Nonce])
def test_signature_without_its_attributes_is_a_bad_request(missing: type) -> None:
    client = Client(World())
    client.challenged()
    whole = (*ASK, Username(client.username), Realm("eyeline"), Nonce(client.nonce))
    request = Message(
        ALLOCATE, Class.REQUEST, bytes(12), tuple(each for each in whole if not isinstance(each, missing))
    )
    key = credentials.key_md5(client.username, "eyeline", client.password)
    assert code(client.send(integrity.sign(request.encode(), key))) == 400


def test_stripped_or_altered_password_algorithms_are_refused() -> None:
    """Bid-down attacks (RFC 8489, 9.2.4 and 16.1): one of the two attributes alone, or a list that isn't ours."""
    client = Client(World())
    client.challenged()
    md5, sha = PasswordAlgorithm(PasswordAlgorithm.MD5), PasswordAlgorithm(PasswordAlgorithm.SHA256)
    key = credentials.key_md5(client.username, "eyeline", client.password)
    for altered in (
        (PasswordAlgorithms((sha, md5)),),
        (md5,),
        (PasswordAlgorithms((md5,)), md5),
        (PasswordAlgorithms((md5, sha)), md5),
        (PasswordAlgorithms((sha, md5)), PasswordAlgorithm(7)),
    ):
        who = (Username(client.username), Realm("eyeline"), Nonce(client.nonce))
        request = Message(ALLOCATE, Class.REQUEST, bytes(12), (*ASK, *altered, *who)).encode()
        assert code(client.send(integrity.sign(request, key))) == 400


def test_nonce_with_altered_security_features_is_refused() -> None:
    """RFC 8489, 9.2.1: the security feature bits are covered by the nonce's HMAC."""
    client = Client(World())
    client.challenged()
    assert client.nonce.startswith("obMatJos2gAAA")
    client.nonce = client.nonce.replace("obMatJos2gAAA", "obMatJos2AAAA")
    assert client.allocate() == 438


def test_userhash_is_neither_offered_nor_accepted() -> None:
    """RFC 8489, 9.2: a client may use USERHASH only where the nonce announces it."""
    client = Client(World())
    client.challenged()
    assert not base64.b64decode(client.nonce[9:13])[0] & 0b0100_0000
    userhash = UserHash(hashlib.sha256(f"{client.username}:eyeline".encode()).digest())
    who = (*ASK, userhash, Realm("eyeline"), Nonce(client.nonce))
    request = Message(ALLOCATE, Class.REQUEST, bytes(12), who).encode()
    key = credentials.key_md5(client.username, "eyeline", client.password)
    assert code(client.send(integrity.sign(request, key))) == 400


def test_nonce_is_valid_for_one_address_and_ten_minutes() -> None:
    """RFC 8489, 9.2: a forged, foreign or expired nonce gets 438 with a new one, and nothing about the credentials."""
    world = World()
    alice, other = Client(world), Client(world, port=41_000)
    alice.challenged()
    other.nonce = alice.nonce
    assert other.allocate() == 438
    alice.nonce = alice.nonce[:-1] + ("A" if alice.nonce[-1] != "A" else "B")
    assert alice.allocate() == 438
    alice.challenged()
    world.advance(FRESH_S - 1)
    alice.username, alice.password = credentials.mint(
        b"only the server knows", world.authenticator.member("tea", "alice"), UNIX + FRESH_S
    )
    assert alice.allocate() == 0
    world.advance(3)
    assert alice.refresh() == 438


@pytest.mark.parametrize(
    "username",
    [
        "1799999999:alice",
        "1800000000:alice",
        "1800003601:alice",
        "9" * 30 + ":alice",
        "alice",
        ":alice",
        "x:alice",
        "-1:a",
    ],
)
def test_expired_or_premature_credentials_get_no_allocation(username: str) -> None:
    """Expired, more than an hour ahead, or not a number, though signed with the right secret."""
    password = credentials.password(b"only the server knows", username)
    assert Client(World(), username=username, password=password).allocate() == 401


def test_allocation_can_be_refreshed_with_expired_credentials() -> None:
    """Browsers refresh with the credentials of the allocation; the end of the seat ends the allocation."""
    world = World()
    client = Client(world)
    assert client.allocate() == 0
    world.advance(500)
    assert client.refresh() == 0
    world.advance(200)
    client.challenged()
    assert client.refresh() == 0
    assert Client(world, username=client.username, password=client.password, port=2).allocate() == 401


@pytest.mark.parametrize("step", [7200, -7200])
def test_credentials_made_right_after_the_clock_was_set_are_valid_at_once(step: float) -> None:
    """Before the next `wake`, which comes once a second."""
    world = World()
    made = world.server.admit("tea", "alice", UNIX + step)
    assert made is not None
    assert Client(world, username=made.username, password=made.password).allocate() == 0


def test_leaving_member_loses_allocation_and_credentials() -> None:
    world = World()
    alice, bob = Client(world), Client(world, peer="bob", port=2)
    assert (alice.allocate(), bob.allocate()) == (0, 0)
    world.perform(world.server.revoke("tea", "alice"))
    assert world.effects[-1] == Free(alice.flow)
    assert alice.refresh() == 437
    assert alice.allocate() == 401
    assert bob.refresh() == 0
    assert Client(world, port=3).allocate() == 0, "a member that resumes the seat gets new credentials"


def test_state_of_a_member_is_dropped_with_the_seat() -> None:
    world = World()
    for number in range(100):
        for _ in range(4):
            world.advance(60)
            world.server.admit("tea", f"peer-{number}", UNIX + world.now)
        assert len(world.authenticator._members) == 1
        world.server.revoke("tea", f"peer-{number}")
    assert world.authenticator._members == set()


def test_client_with_an_allocation_over_tcp_is_not_rate_limited() -> None:
    world = World()
    alice = Client(world, transport="stream")
    for _ in range(ANSWERS_TO_A_STREAM):
        assert alice.allocate() == 0
        assert alice.refresh(0) == 0
    assert alice.allocate() == 0
    for _ in range(2 * ANSWERS_TO_A_STREAM):
        assert alice.refresh() == 0
    world.server.revoke("tea", "alice")
    for _ in range(ANSWERS_TO_A_STREAM):
        assert alice.refresh() == 437
    assert world.receive(alice.signed(REFRESH), alice.flow) == []


def test_client_with_an_allocation_over_udp_does_not_use_up_the_shared_rate_limit() -> None:
    world = World(rate_limit=answer_limit())
    alice = Client(world)
    assert alice.allocate() == 0
    for _ in range(2 * ANSWERS_BURST):
        assert world.receive(Message(BINDING, Class.REQUEST, bytes(12)).encode(), alice.flow)
    assert Client(world, peer="bob", port=alice.port + 1).allocate() == 0


def test_allocation_of_another_member_cannot_be_changed() -> None:
    """RFC 8656, 5 and 21.1.3: 441 for a member's credentials on another member's 5-tuple."""
    world = World()
    alice = Client(world)
    assert alice.allocate() == 0
    mallory = Client(world, peer="mallory", port=alice.port)
    assert mallory.refresh(0) == 441
    assert mallory.bind(0x4001) == 441
    assert mallory.allocate() == 437
    assert alice.refresh() == 0


def test_newer_credentials_of_the_same_member_are_accepted() -> None:
    world = World()
    alice = Client(world)
    assert alice.allocate() == 0
    world.advance(100)
    renewed = Client(world, port=alice.port)
    assert renewed.username != alice.username
    assert renewed.refresh() == 0


def test_replayed_request_has_no_new_effect() -> None:
    """RFC 8656, 7.2: the same transaction gets the same bytes, another one 437."""
    client = Client(World())
    client.challenged()
    request = client.signed(ALLOCATE, *ASK)
    first = client.world.receive(request, client.flow)
    effects = list(client.world.effects)
    assert client.world.receive(request, client.flow) == first
    assert client.world.effects == effects
    assert client.allocate() == 437


def test_replay_from_another_address_is_refused() -> None:
    world = World()
    client = Client(world)
    client.challenged()
    request = client.signed(REFRESH)
    elsewhere = client.flow._replace(client=HERE)
    [answer] = world.receive(request, elsewhere)
    assert code(Message.decode(answer)) == 438


@pytest.mark.parametrize("username", ["%s%n", "a\nb", "a\0b", "x" * 508, "☂:☂"])
def test_malformed_usernames_are_unknown_users(username: str) -> None:
    assert Client(World(), username=username, password="x").allocate() == 401


def test_response_of_one_member_is_not_repeated_to_another() -> None:
    """Two members behind one NAT mapping, and the same transaction id: the second one has seen the first request."""
    alice = Client(World())
    bob = Client(alice.world, peer="bob")
    alice.challenged()
    bob.nonce = alice.nonce
    first = alice.send(alice.signed(ALLOCATE, *ASK, transaction=bytes(12)))
    assert alice.send(alice.signed(ALLOCATE, *ASK, transaction=bytes(12))) == first
    assert code(bob.send(bob.signed(ALLOCATE, *ASK, transaction=bytes(12)))) == 437
    assert code(alice.send(alice.signed(ALLOCATE, *ASK, transaction=bytes(11) + b"x"))) == 437


@pytest.mark.parametrize("sha256", [False, True])
def test_signature_counts_only_with_our_realm(sha256: bool) -> None:
    """The key is derived from our realm; REALM itself must name it as well (RFC 8489, 9.2.4)."""
    client = Client(World(), sha256=sha256)
    client.challenged()
    signed = client.signed(ALLOCATE, *ASK)
    assert code(client.send(replaced_realm(client, signed, "eyeline"))) == 0
    other = Client(World(), sha256=sha256)
    other.challenged()
    assert code(other.send(replaced_realm(other, other.signed(ALLOCATE, *ASK), "another"))) == 401


def replaced_realm(client: Client, signed: bytes, realm: str) -> bytes:
    """The request with this REALM instead, and a signature by the same key."""
    message = Message.decode(signed)
    kept = [each for each in message.attributes if not isinstance(each, MessageIntegrity | MessageIntegritySha256)]
    attributes = tuple(Realm(realm) if isinstance(each, Realm) else each for each in kept)
    datagram = Message(message.method, Class.REQUEST, message.transaction, attributes).encode()
    if client.sha256:
        return integrity.sign_sha256(datagram, credentials.key_sha256(client.username, "eyeline", client.password))
    return integrity.sign(datagram, credentials.key_md5(client.username, "eyeline", client.password))
