"""Short authentication string: two people who see the same four emoji have the same keys at both ends."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyeline.signalling.short_auth_string import EMOJI, Ends, commitment, emoji, statement

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent.parent / "vectors" / "emoji.json").read_text())


@pytest.mark.parametrize("vector", VECTORS)
def test_short_auth_string_matches_the_test_vectors(vector: dict[str, Any]) -> None:
    committed, answered = bytes.fromhex(vector["committed"]), bytes.fromhex(vector["answered"])
    ends = Ends(bytes.fromhex(vector["committer"]), bytes.fromhex(vector["responder"]))
    assert commitment(committed, ends).hex() == vector["commitment"]
    assert [word for _, word in emoji(committed, answered, ends)] == vector["emoji"]
    assert statement("committer", committed, answered, ends).hex() == vector["statements"]["committer"]
    assert statement("responder", committed, answered, ends).hex() == vector["statements"]["responder"]


def test_all_64_emoji_and_their_names_are_distinct() -> None:
    assert len({symbol for symbol, _ in EMOJI}) == len({word for _, word in EMOJI}) == len(EMOJI) == 64


NONCES = st.binary(min_size=16, max_size=16)
KEYS = st.binary(min_size=32, max_size=32)


@given(NONCES, NONCES, KEYS, KEYS, KEYS)
def test_key_of_a_man_in_the_middle_changes_commitment_and_statement(
    committed: bytes, answered: bytes, alice: bytes, bob: bytes, mallory: bytes
) -> None:
    if mallory in (alice, bob):
        return
    honest, lied = Ends(alice, bob), Ends(alice, mallory)
    assert commitment(committed, honest) != commitment(committed, lied)
    assert statement("committer", committed, answered, honest) != statement("committer", committed, answered, lied)
    assert statement("committer", committed, answered, honest) != statement("responder", committed, answered, honest)
