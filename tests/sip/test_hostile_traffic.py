"""Hostile traffic through the whole server: nothing that a client sends disturbs the calls of others."""

import random

from tests.sip.odd_messages import REFUSED, RINGING, VALID, mutated, real_invite
from tests.sip.phones import DOMAIN, Net, call

MUTATIONS = 2000


def test_two_thousand_changed_invites_leave_a_call_beside_them_alive() -> None:
    net = Net()
    alice, bob, carol = (net.registered(user) for user in ("alice", "bob", "carol"))
    answered, _, _ = call(alice, bob)
    generator = random.Random(3261)
    for number in range(MUTATIONS):
        invite = real_invite(number).replace(b"example.com", DOMAIN.encode()).replace(b"alice@", b"carol@")
        carol.send(mutated(invite, generator))
        if number % 500 == 0:
            net.wait(5)
            alice.send(alice.within("INFO", answered, 10 + number))
    assert not carol.closed
    assert {400, 403}.issubset(carol.statuses())
    net.wait(250)
    assert net.server.transactions == 0
    alice.send(alice.within("INFO", answered, 9999))
    assert [each.cseq.number for each in bob.requests("INFO")] == [10, 510, 1010, 1510, 9999]


def test_every_odd_message_is_taken_by_the_server() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    for odd in VALID + REFUSED:
        alice.send(odd.data.replace(b"example.com", DOMAIN.encode()))
        net.wait(1)
    net.wait(250)
    answered, _, _ = call(alice, bob)
    assert answered.status == 200


def test_a_response_to_nothing_is_dropped() -> None:
    net = Net()
    alice, bob = net.registered("alice"), net.registered("bob")
    alice.send(RINGING)
    alice.send(RINGING.replace(b"180", b"200"))
    assert (alice.statuses(), bob.statuses(), net.server.transactions) == ([], [], 0)
