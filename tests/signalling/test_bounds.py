"""Bounds on what a room remembers, which also bound the size of resume tokens, and what co-hosts may do."""

import pytest

from eyeline.signalling.messages import Appoint, Count, DisplayName, PeerId, Refused, RemoveMember, Role, RoomName
from eyeline.signalling.moderation import APPOINTED_MAX, REMOVED_MAX, Moderation, may_remove
from eyeline.signalling.passes import Person
from eyeline.signalling.refusals import REFUSALS
from eyeline.signalling.requests import (
    Admitted,
    LeaveRoom,
    Moderate,
    Notify,
    Remove,
    RequestSeat,
    ResumeSeat,
    SessionId,
)
from eyeline.signalling.resume_token import Claim
from eyeline.signalling.room import BANNED_MAX, RETURN_SECONDS, BrokerRun, Room
from eyeline.signalling.wall_clock import WallClock

TEA = RoomName("tea")
BEFORE, NOW = "life-1", "life-2"


def room(capacity: int = 6) -> Room:
    return Room(TEA, capacity=capacity, broker_run=BrokerRun(NOW, began=0, wall_clock=WallClock()), now=0)


def peer(number: int) -> PeerId:
    return PeerId(f"peer-{number:06}")


def join(into: Room, number: int, person: Person | None = None, now: float = 1) -> list[Notify]:
    name, session = DisplayName(f"Peer {number}"), SessionId(f"session-{number}")
    return into.receive(RequestSeat(session, peer(number), name, person or Person()), now)


def resume(into: Room, number: int, moderation: Moderation | None = None) -> list[Notify]:
    """A member from before the restart comes back."""
    claim = Claim(TEA, peer(number), Count(number), BEFORE, Person(), moderation or Moderation())
    return into.receive(ResumeSeat(SessionId(f"session-{number}"), claim, DisplayName("Back"), Count(0)), 1)


def outcome(news: list[Notify]) -> str:
    """What the first news is about: `joined`, or why not."""
    first = news[0].news
    assert isinstance(first, Admitted | Refused)
    return first.code if isinstance(first, Refused) else "joined"


def test_restored_room_holds_at_most_twice_its_capacity() -> None:
    restored = room(capacity=3)
    for number in range(3):
        assert outcome(join(restored, number)) == "joined"
    came = [outcome(resume(restored, number)) for number in range(10, 15)]
    assert came == ["joined", "joined", "joined", "room-full", "room-full"]
    assert restored.seats == 6


def test_room_remembers_a_bounded_number_of_removed_people() -> None:
    long = room()
    outcome(join(long, 0))
    for number in range(1, BANNED_MAX + 2):
        assert outcome(join(long, number, Person(sub=f"person {number}"))) == "joined"
        long.receive(Remove(peer(number)), 1)
    assert len(long._banned) == BANNED_MAX
    assert outcome(join(long, 5000, Person(sub=f"person {BANNED_MAX}"))) == "removed"
    assert outcome(join(long, 5001, Person(sub=f"person {BANNED_MAX + 1}"))) == "joined"


def test_released_seats_are_remembered_only_while_seats_are_restored() -> None:
    long = room()
    outcome(join(long, 0))
    for number, now in [(1, RETURN_SECONDS - 1.0), (2, RETURN_SECONDS), (3, RETURN_SECONDS + 1.0)]:
        outcome(join(long, number, now=now))
        long.receive(LeaveRoom(SessionId(f"session-{number}")), now)
    assert long._released == {peer(1)}


def test_merged_moderation_is_bounded() -> None:
    """Each token holds as much as it may, about other people: the newest decisions are kept."""

    def full(first: int, version: int) -> Moderation:
        removed = tuple(peer(first + each) for each in range(REMOVED_MAX))
        appointed: tuple[tuple[PeerId, Role], ...] = tuple(
            (peer(first + each), "co-host") for each in range(APPOINTED_MAX)
        )
        return Moderation(Count(version), removed=removed, appointed=appointed)

    older, newer = full(100, 1), full(200, 2)
    for merged in (older.and_also(newer), newer.and_also(older)):
        assert merged.removed == newer.removed
        assert merged.appointed == newer.appointed
    restored = room()
    resume(restored, 1, older)
    [claim] = [each.news.claim for each in resume(restored, 2, newer) if isinstance(each.news, Admitted)]
    assert len(claim.moderation.removed) == REMOVED_MAX
    assert len(claim.moderation.appointed) == APPOINTED_MAX


def test_decisions_of_a_host_are_bounded() -> None:
    moderation = Moderation()
    for number in range(2 * REMOVED_MAX):
        moderation = moderation.without(peer(number), number).appointing(peer(number), "co-host", number)
    assert moderation.removed == tuple(map(peer, range(REMOVED_MAX, 2 * REMOVED_MAX)))
    assert [one for one, _ in moderation.appointed] == [
        peer(number) for number in range(2 * REMOVED_MAX - APPOINTED_MAX, 2 * REMOVED_MAX)
    ]


@pytest.mark.parametrize(
    ("role", "removable"),
    [("host", {"member", "co-host"}), ("co-host", {"member"})],
)
def test_role_may_remove_only_lower_roles(role: Role, removable: set[Role]) -> None:
    roles: tuple[Role, ...] = ("host", "co-host", "member")
    assert {other for other in roles if may_remove(role, other)} == removable


def test_co_host_cannot_remove_another_co_host() -> None:
    held = room()
    join(held, 0, Person(role="host"))
    for number in (1, 2, 3):
        join(held, number)
    for number in (1, 2):
        held.receive(Moderate(SessionId("session-0"), Appoint(peer(number), "co-host")), 2)
    refused = Notify(SessionId("session-1"), Refused("not-host", REFUSALS["not-host"].message))
    assert held.receive(Moderate(SessionId("session-1"), RemoveMember(peer(2))), 3) == [refused]
    assert held.receive(Moderate(SessionId("session-1"), RemoveMember(peer(0))), 3) == [refused]
    held.receive(Moderate(SessionId("session-1"), RemoveMember(peer(3))), 3)
    assert [seat.member.id for seat in held.inside] == [peer(0), peer(1), peer(2)]
