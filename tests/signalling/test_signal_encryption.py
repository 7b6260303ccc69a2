"""Signal encryption with the link's secret: the broker can't read, change, replay, reorder or redirect signals."""

import json
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyeline.signalling.signal_encryption import CARD_CHARACTERS, Card, Endpoint, Seal, derive

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent.parent / "vectors" / "seal.json").read_text())


def raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "==")


SECRET = raw(VECTORS["secret"])
IV = raw(VECTORS["iv"])
SEAL = Seal(SECRET, "tea")
ALICE, BOB = (Endpoint(VECTORS["ends"][name]["id"], raw(VECTORS["ends"][name]["nonce"])) for name in ("alice", "bob"))


@pytest.mark.parametrize("purpose", ["card", "signal"])
def test_keys_match_the_test_vectors(purpose: Any) -> None:
    assert derive(SECRET, "tea", purpose).hex() == VECTORS["keys"][purpose]
    assert derive(SECRET, "coffee", purpose).hex() == VECTORS["otherRoom"][purpose]


def test_each_room_and_each_purpose_has_its_own_key() -> None:
    keys = [*VECTORS["keys"].values(), *VECTORS["otherRoom"].values()]
    assert len(set(keys)) == 4


@pytest.mark.parametrize("vector", VECTORS["cards"])
def test_cards_match_the_test_vectors(vector: dict[str, str]) -> None:
    card = Card(raw(vector["nonce"]), vector["name"])
    assert SEAL.seal_card(card, IV) == vector["sealed"]
    assert SEAL.open_card(vector["sealed"]) == card


@pytest.mark.parametrize("vector", VECTORS["signals"])
def test_signals_match_the_test_vectors(vector: dict[str, Any]) -> None:
    assert SEAL.seal_signal(vector["text"], ALICE, BOB, vector["count"], IV) == vector["sealed"]
    assert SEAL.open_signal(vector["sealed"], ALICE, BOB, 0) == (vector["count"], vector["text"])


@given(st.text(max_size=64))
def test_card_does_not_reveal_the_length_of_the_name(name: str) -> None:
    name = name.replace("\0", "").encode(errors="replace").decode()
    assert len(SEAL.seal_card(Card(ALICE.nonce, name), IV)) == CARD_CHARACTERS


@pytest.mark.parametrize("other", [Seal(bytes(16), "tea"), Seal(SECRET, "coffee")])
def test_another_secret_or_another_room_decrypts_nothing(other: Seal) -> None:
    assert other.open_card(VECTORS["cards"][0]["sealed"]) is None
    assert other.open_signal(VECTORS["signals"][1]["sealed"], ALICE, BOB, 0) is None


def test_card_is_not_accepted_as_a_signal() -> None:
    card = VECTORS["cards"][0]["sealed"]
    assert SEAL.open_signal(card, ALICE, BOB, 0) is None


@pytest.mark.parametrize(
    ("sender", "receiver"),
    [
        (BOB, ALICE),  # reflected
        (ALICE, Endpoint("carol-01", BOB.nonce)),  # redirected
        (Endpoint("carol-01", ALICE.nonce), BOB),  # in another's name
        (Endpoint(ALICE.id, bytes(16)), BOB),  # from an earlier page of the sender
        (ALICE, Endpoint(BOB.id, bytes(16))),  # for an earlier page of the receiver
    ],
)
def test_signal_decrypts_only_for_its_sender_receiver_and_pages(sender: Endpoint, receiver: Endpoint) -> None:
    assert SEAL.open_signal(VECTORS["signals"][1]["sealed"], sender, receiver, 0) is None


def test_signal_is_accepted_once_and_in_order() -> None:
    first, second = (SEAL.seal_signal("", ALICE, BOB, count, IV) for count in (1, 2))
    assert SEAL.open_signal(second, ALICE, BOB, 1) == (2, "")
    assert SEAL.open_signal(second, ALICE, BOB, 2) is None
    assert SEAL.open_signal(first, ALICE, BOB, 2) is None


@given(st.integers(0, 10**9), st.integers(0, 63))
def test_changed_character_is_detected(place: int, change: int) -> None:
    sealed = VECTORS["signals"][1]["sealed"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    place %= len(sealed)
    changed = sealed[:place] + alphabet[change] + sealed[place + 1 :]
    assert changed == sealed or SEAL.open_signal(changed, ALICE, BOB, 0) is None


@given(st.text(max_size=500))
def test_any_input_decrypts_or_is_rejected(text: str) -> None:
    assert SEAL.open_card(text) is None
    assert SEAL.open_signal(text, ALICE, BOB, 0) is None
