"""The limits in C do what those of `rate_limit` do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyeline.rate_limit import RateLimit, SourceLimit, TokenBucket

packets = pytest.importorskip("eyeline._native.packets", reason="the packet pump in C isn't built")

STEPS = st.lists(st.tuples(st.floats(-1, 2), st.floats(0, 6)), max_size=60)


@given(STEPS)
def test_token_bucket_is_that_of_python(steps: list[tuple[float, float]]) -> None:
    ours, native, now = TokenBucket(per_second=2, burst=4), packets.TokenBucket(per_second=2, burst=4), 0.0
    for pause, tokens in steps:
        now += pause
        assert native.is_full(now) == ours.is_full(now)
        assert native.available(now) == ours.available(now)
        ours.spend(tokens)
        native.spend(tokens)


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(0, 3)), max_size=80))
def test_source_limit_is_that_of_python(steps: list[tuple[float, int]]) -> None:
    ours, native, now = RateLimit(per_second=2, burst=4), packets.SourceLimit(per_second=2, burst=4), 0.0
    sources = [bytes((192, 0, 2, 1)), bytes(16), bytes((0x20, 1, *bytes(14))), bytes(4)]
    for pause, source in steps:
        now += pause
        assert native.try_spend(sources[source], now) == ours.try_spend(sources[source], now)


def test_addresses_of_one_ipv6_network_share_a_bucket_and_those_of_ipv4_do_not() -> None:
    limit = packets.SourceLimit(per_second=1, burst=1)
    network = bytes((0x20, 1, 0xD, 0xB8, 0, 0, 0, 7))
    assert limit.try_spend(network + bytes(8), 0.0)
    assert not limit.try_spend(network + b"another!", 0.0)
    assert limit.try_spend(bytes((192, 0, 2, 1)), 0.0)
    assert limit.try_spend(bytes((192, 0, 2, 2)), 0.0)
    assert not limit.try_spend(bytes((192, 0, 2, 1)), 0.0)


def test_a_flood_of_other_sources_does_not_refill_a_bucket() -> None:
    limit: SourceLimit = packets.SourceLimit(per_second=50, burst=200)
    victim = bytes((192, 0, 2, 1))
    assert sum(limit.try_spend(victim, 0.0) for _ in range(1000)) == 200
    for source in range(300_000):
        limit.try_spend(bytes((10, *source.to_bytes(3))), 0.0)
    assert not limit.try_spend(victim, 0.0)


@pytest.mark.parametrize("rates", [{"per_second": 0, "burst": 1}, {"per_second": 1, "burst": -1}])
def test_rates_must_be_positive(rates: dict[str, float]) -> None:
    for make in packets.TokenBucket, packets.SourceLimit:
        with pytest.raises(ValueError, match="must be positive"):
            make(**rates)


def test_source_that_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError, match="4 or 16 bytes"):
        packets.SourceLimit(per_second=1, burst=1).try_spend(b"12345", 0.0)
