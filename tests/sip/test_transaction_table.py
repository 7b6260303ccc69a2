"""The tables of the four transactions."""

from typing import get_args

import pytest

from eyeline.sip.transaction_table import (
    INVITE_CLIENT,
    INVITE_SERVER,
    NON_INVITE_CLIENT,
    NON_INVITE_SERVER,
    TransactionAction,
    TransactionEvent,
    TransactionKind,
    TransactionState,
)

KINDS = {
    "client of an INVITE": INVITE_CLIENT,
    "other client": NON_INVITE_CLIENT,
    "server of an INVITE": INVITE_SERVER,
    "other server": NON_INVITE_SERVER,
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def reached(kind: TransactionKind) -> set[TransactionState]:
    """All states that can be reached from the first one."""
    found, new = {kind.first}, {kind.first}
    while new:
        new = {step.state for (state, _), step in kind.table.items() if state in new} - found
        found |= new
    return found


@every_kind
def test_every_row_can_happen(kind: TransactionKind) -> None:
    assert {state for state, _ in kind.table} == reached(kind) - {"terminated"}
    assert set(kind.timers) <= reached(kind)


@every_kind
def test_every_state_after_the_final_response_ends_by_a_timer(kind: TransactionKind) -> None:
    for state in reached(kind) & {"completed", "confirmed", "accepted"}:
        assert kind.table[state, "expire"].state == "terminated"
        assert kind.timers[state].lasts


@every_kind
def test_what_is_sent_again_has_a_timer(kind: TransactionKind) -> None:
    again = {state for state, event in kind.table if event == "retransmit"}
    assert again == {state for state, timers in kind.timers.items() if timers.retransmit_cap}


@every_kind
def test_only_a_client_passes_and_only_what_it_sent_times_out(kind: TransactionKind) -> None:
    actions = {step.action for step in kind.table.values()}
    assert ("pass" in actions) == ("time-out" in actions) == (kind in (INVITE_CLIENT, NON_INVITE_CLIENT))


def test_every_action_and_event_is_used() -> None:
    rows = [row for kind in KINDS.values() for row in kind.table.items()]
    assert {event for (_, event), _ in rows} == set(get_args(TransactionEvent))
    assert {step.action for _, step in rows} == set(get_args(TransactionAction))
