"""A room without a host can't be kept full from one network, and an office behind one NAT can still fill it."""

from tests.support.network import Client, Network

from eyeline.signalling.codec import decode_from_broker, encode
from eyeline.signalling.messages import (
    Count,
    DisplayName,
    FromBroker,
    Govern,
    Hello,
    Join,
    Joined,
    Leave,
    Refused,
    Resume,
    RoomName,
    Roster,
    Rules,
)
from eyeline.signalling.passes import Person
from eyeline.signalling.room import SEAT_SECONDS

TEA = RoomName("tea")


def join(network: Network, name: str, place: str, person: Person | None = None) -> Client:
    """A client that asks for a seat from this network."""
    shown = None if person is None else network.passes.mint(TEA, person, network.now, network.now + 86_400)
    client = network.open(name, place)
    network.send(client, encode(Hello(TEA, shown)))
    network.send(client, encode(Join(DisplayName(name))))
    return client


def news(client: Client) -> list[FromBroker]:
    """Everything that the client has received."""
    return [decode_from_broker(text) for text in client.got if isinstance(text, str)]


def answer(client: Client) -> str:
    """`joined`, or the code of the last refusal."""
    [*_, last] = [each for each in news(client) if isinstance(each, Joined | Refused)]
    return last.code if isinstance(last, Refused) else "joined"


def roster(client: Client) -> list[str]:
    """The names in the newest roster that the client has received."""
    [*_, last] = [each for each in news(client) if isinstance(each, Roster | Joined)]
    newest = last.roster if isinstance(last, Joined) else last
    return [member.name for member in newest.members]


def filled(capacity: int, place: str = "mallory's") -> tuple[Network, list[Client]]:
    network = Network(capacity)
    return network, [join(network, f"mal{number}", place) for number in range(capacity)]


def test_one_network_fills_a_room_and_others_get_the_other_half() -> None:
    network, crowd = filled(6)
    assert [answer(each) for each in crowd] == ["joined"] * 6
    assert answer(join(network, "mal7", "mallory's")) == "room-full"
    others = [join(network, f"oth{number}", f"home {number}") for number in range(4)]
    assert [answer(each) for each in others] == ["joined", "joined", "joined", "room-full"]
    assert len(roster(crowd[0])) == 9, "nobody who is present was removed"


def test_two_networks_cannot_keep_a_room_full_for_a_third() -> None:
    network, _ = filled(6)
    more = [join(network, f"new{number}", "mallory's other") for number in range(4)]
    assert [answer(each) for each in more] == ["joined", "joined", "joined", "room-full"]
    assert answer(join(network, "carol", "home")) == "room-full", "each of the two has its share"


def test_seat_of_somebody_away_goes_to_a_newcomer_from_elsewhere() -> None:
    network, crowd = filled(6)
    for client in crowd:
        network.now += 0.1
        network.lose(client)
    assert answer(join(network, "mal7", "mallory's")) == "room-full"
    others = [join(network, f"oth{number}", "home") for number in range(4)]
    assert [answer(each) for each in others] == ["joined", "joined", "joined", "room-full"]
    # Those away longest have lost their seats.
    assert roster(others[2]) == ["mal3", "mal4", "mal5", "oth0", "oth1", "oth2"]
    network.pass_time(network.now + SEAT_SECONDS)
    assert answer(join(network, "oth5", "home")) == "joined"


def test_people_from_different_networks_keep_their_seats() -> None:
    network = Network(4)
    crowd = [join(network, f"pat{number}", f"home {number // 2}") for number in range(4)]
    network.lose(crowd[0])
    assert answer(join(network, "late", "elsewhere")) == "room-full"


def test_network_of_a_member_is_the_one_it_came_back_from() -> None:
    network, crowd = filled(4)
    for number, client in enumerate(crowd[:2]):
        network.lose(client)
        token = next(each.resume for each in news(client) if isinstance(each, Joined))
        back = network.open(client.name, f"train {number}")
        network.send(back, encode(Resume(token, DisplayName(client.name), Count(0))))
        assert answer(back) == "joined"
    assert answer(join(network, "late", "elsewhere")) == "room-full"


def test_two_people_at_home_are_not_joined_by_a_third_in_a_room_for_two() -> None:
    network, _ = filled(2)
    assert answer(join(network, "carol", "elsewhere")) == "room-full"


def test_newcomer_from_an_unknown_network_has_no_claim() -> None:
    network, _ = filled(6)
    assert answer(join(network, "carol", "")) == "room-full"
    unknown, _ = filled(6, place="")
    assert answer(join(unknown, "carol", "home")) == "room-full"


def test_host_decides_who_stays_in_a_room_with_one() -> None:
    network = Network(4)
    join(network, "host", "home", Person(role="host"))
    for number in range(3):
        assert answer(join(network, f"mal{number}", "mallory's")) == "joined"
    assert answer(join(network, "carol", "elsewhere")) == "room-full"


def test_locked_room_takes_nobody() -> None:
    network, _ = filled(6)
    host = join(network, "host", "home", Person(role="host"))
    network.send(host, encode(Govern(Rules(entry="locked"))))
    network.send(host, encode(Leave()))
    carol = join(network, "carol", "elsewhere")
    assert answer(carol) == "room-full"
