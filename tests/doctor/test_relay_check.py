"""The doctor's check of relayed addresses."""

import asyncio

import pytest

from eyeline.doctor.relay_check import advertised
from eyeline.turn.attribute_formats import Address

PRIVATE = Address(bytes((10, 0, 0, 5)), 50_000)
PUBLIC = Address(bytes((9, 9, 9, 9)), 50_000)


@pytest.mark.parametrize(
    ("relayed", "server", "code"),
    [
        (PRIVATE, "9.9.9.9", "address-private"),
        (PRIVATE, "10.0.0.5", None),
        (PRIVATE, "fe80::1%eth0", None),
        (PUBLIC, "9.9.9.9", None),
    ],
)
def test_private_relayed_address_is_a_failure_only_on_a_public_server(
    relayed: Address, server: str, code: str | None
) -> None:
    assert asyncio.run(advertised(relayed, server)).code == code
