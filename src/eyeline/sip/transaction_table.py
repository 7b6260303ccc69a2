"""SIP transactions (RFC 3261, 17, with the Accepted state of RFC 6026) as tables: states, events, timers.

`transaction` runs them.  The letters of the timers are those of the RFC: A, B, D and M of an INVITE's client, E, F and
K of another client, G, H, I and L of an INVITE's server, J of another server.
"""

from collections.abc import Mapping
from math import inf
from typing import Final, Literal, NamedTuple

T1: Final = 0.5
"""An estimate of the round-trip time, in seconds: the first wait before a retransmission."""

T2: Final = 4.0
"""The longest wait between retransmissions, except of an INVITE."""

T4: Final = 5.0
"""How long a message may stay in the network."""

LIFETIME: Final = 64 * T1
"""How long a transaction waits, in seconds (Timers B, F, H, J, L and M)."""

TransactionState = Literal["calling", "trying", "proceeding", "completed", "confirmed", "accepted", "terminated"]
TransactionEvent = Literal[
    "request",  # the request arrived again
    "ack",
    "provisional",  # a response of 1xx: received by a client, sent by a server
    "success",  # 2xx
    "failure",  # 3xx to 6xx
    "retransmit",  # Timer A, E or G
    "expire",  # any other timer
]
TransactionAction = Literal[
    "pass",  # tell the user of the transaction
    "pass-and-ack",  # ... and acknowledge a failure hop by hop
    "ack",  # acknowledge it once more
    "send",  # send the request or response, or send it once more
    "time-out",  # tell the user that there was no answer
    "nothing",
]


class Step(NamedTuple):
    """What an event does."""

    state: TransactionState
    action: TransactionAction = "nothing"


class StateTimers(NamedTuple):
    """The timers that start when a state is entered; seconds."""

    lasts: float | None = None
    """Until "expire".  None keeps the timer that is running, `inf` starts none."""
    lasts_reliable: float | None = None
    """The same on a reliable transport; 0 ends the transaction at once."""
    retransmit_first: float = T1
    retransmit_cap: float | None = None
    """On an unreliable transport the first retransmission is after `retransmit_first`, and the wait doubles up to this;
    None: there are none."""


class TransactionKind(NamedTuple):
    """One of the four state machines.  What isn't in its table is ignored."""

    first: TransactionState
    table: Mapping[tuple[TransactionState, TransactionEvent], Step]
    timers: Mapping[TransactionState, StateTimers]


INVITE_CLIENT: Final = TransactionKind(
    "calling",
    {
        ("calling", "retransmit"): Step("calling", "send"),
        ("calling", "expire"): Step("terminated", "time-out"),
        ("calling", "provisional"): Step("proceeding", "pass"),
        ("calling", "success"): Step("accepted", "pass"),
        ("calling", "failure"): Step("completed", "pass-and-ack"),
        ("proceeding", "provisional"): Step("proceeding", "pass"),
        ("proceeding", "success"): Step("accepted", "pass"),
        ("proceeding", "failure"): Step("completed", "pass-and-ack"),
        ("completed", "failure"): Step("completed", "ack"),
        ("completed", "expire"): Step("terminated"),
        ("accepted", "success"): Step("accepted", "pass"),
        ("accepted", "expire"): Step("terminated"),
    },
    {
        "calling": StateTimers(LIFETIME, LIFETIME, retransmit_cap=LIFETIME),  # Timers B and A
        "proceeding": StateTimers(inf, inf),  # ended by Timer C of the proxy
        "completed": StateTimers(LIFETIME, 0),  # Timer D
        "accepted": StateTimers(LIFETIME, LIFETIME),  # Timer M
    },
)

NON_INVITE_CLIENT: Final = TransactionKind(
    "trying",
    {
        ("trying", "retransmit"): Step("trying", "send"),
        ("trying", "expire"): Step("terminated", "time-out"),
        ("trying", "provisional"): Step("proceeding", "pass"),
        ("trying", "success"): Step("completed", "pass"),
        ("trying", "failure"): Step("completed", "pass"),
        ("proceeding", "retransmit"): Step("proceeding", "send"),
        ("proceeding", "expire"): Step("terminated", "time-out"),
        ("proceeding", "provisional"): Step("proceeding", "pass"),
        ("proceeding", "success"): Step("completed", "pass"),
        ("proceeding", "failure"): Step("completed", "pass"),
        ("completed", "expire"): Step("terminated"),
    },
    {
        "trying": StateTimers(LIFETIME, LIFETIME, retransmit_cap=T2),  # Timers F and E
        "proceeding": StateTimers(retransmit_first=T2, retransmit_cap=T2),
        "completed": StateTimers(T4, 0),  # Timer K
    },
)

INVITE_SERVER: Final = TransactionKind(
    "proceeding",
    {
        ("proceeding", "request"): Step("proceeding", "send"),
        ("proceeding", "provisional"): Step("proceeding", "send"),
        ("proceeding", "success"): Step("accepted", "send"),
        ("proceeding", "failure"): Step("completed", "send"),
        ("completed", "request"): Step("completed", "send"),
        ("completed", "retransmit"): Step("completed", "send"),
        ("completed", "ack"): Step("confirmed"),
        ("completed", "expire"): Step("terminated"),
        ("confirmed", "expire"): Step("terminated"),
        ("accepted", "success"): Step("accepted", "send"),
        ("accepted", "expire"): Step("terminated"),
    },
    {
        "completed": StateTimers(LIFETIME, LIFETIME, retransmit_cap=T2),  # Timers H and G
        "confirmed": StateTimers(T4, 0),  # Timer I
        "accepted": StateTimers(LIFETIME, LIFETIME),  # Timer L
    },
)

NON_INVITE_SERVER: Final = TransactionKind(
    "trying",
    {
        ("trying", "provisional"): Step("proceeding", "send"),
        ("trying", "success"): Step("completed", "send"),
        ("trying", "failure"): Step("completed", "send"),
        ("proceeding", "request"): Step("proceeding", "send"),
        ("proceeding", "provisional"): Step("proceeding", "send"),
        ("proceeding", "success"): Step("completed", "send"),
        ("proceeding", "failure"): Step("completed", "send"),
        ("completed", "request"): Step("completed", "send"),
        ("completed", "expire"): Step("terminated"),
    },
    {"completed": StateTimers(LIFETIME, 0)},  # Timer J
)
