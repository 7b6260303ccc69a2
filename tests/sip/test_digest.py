"""Digest authentication: the RFC's example, replays, old nonces and wrong answers."""

import hashlib
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from eyeline.sip import digest
from eyeline.sip.digest import FRESH_S, NC_WINDOW, Algorithm, Digest, DigestCredentials, credentials_in, ha1
from eyeline.sip.headers import Headers

REALM: Final = "example.com"
ALGORITHMS: Final[tuple[Algorithm, ...]] = ("SHA-256", "MD5")
HASHES: Final = {each: ha1("alice", REALM, "secret", each) for each in ALGORITHMS}
UNIX: Final = 1_800_000_000.0


def checker() -> Digest:
    return Digest(b"k" * 32, REALM)


def nonce_of(challenge: str) -> str:
    return challenge.partition('nonce="')[2].partition('"')[0]


def answer(
    nonce: str, algorithm: Algorithm = "MD5", nc: str = "00000001", password: str = "secret"
) -> DigestCredentials:
    """What a client answers to a REGISTER's challenge."""
    hashed = hashlib.md5 if algorithm == "MD5" else hashlib.sha256

    def digest(*parts: str) -> str:
        return hashed(":".join(parts).encode()).hexdigest()

    uri = "sip:example.com"
    response = digest(digest("alice", REALM, "secret"), nonce, nc, "cn", "auth", digest("REGISTER", uri))
    return DigestCredentials("alice", REALM, nonce, uri, response, algorithm, "auth", "cn", nc)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_right_password_is_accepted(algorithm: Algorithm) -> None:
    server = checker()
    nonce = nonce_of(server.challenge([algorithm], UNIX)[0])
    assert server.verify(answer(nonce, algorithm), "REGISTER", HASHES, UNIX) == "ok"


def test_the_best_algorithm_is_offered_first_each_in_its_own_header() -> None:
    first, second = checker().challenge(ALGORITHMS, UNIX)
    assert nonce_of(first) == nonce_of(second)
    assert first.endswith(', algorithm=SHA-256, qop="auth"')
    assert second.endswith(', algorithm=MD5, qop="auth"')
    assert checker().challenge(["MD5"], UNIX, stale=True)[0].endswith(', qop="auth", stale=true')


# Values of RFC 7616, 3.9.1, which is about HTTP
def test_the_example_of_the_rfc_has_its_response() -> None:
    realm, nonce = "http-auth@example.org", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    response = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    given = DigestCredentials(
        "Mufasa", realm, nonce, "/dir/index.html", response, "SHA-256", "auth", cnonce, "00000001"
    )
    hashes: dict[Algorithm, str] = {"SHA-256": ha1("Mufasa", realm, "Circle of Life", "SHA-256")}
    assert Digest(b"k", realm).verify(given, "GET", hashes, UNIX) == "stale"  # right, for a nonce that isn't ours
    assert Digest(b"k", realm).verify(given, "PUT", hashes, UNIX) == "wrong"


@pytest.mark.parametrize(
    "change",
    [
        *({"response": "0" * 32}, {"response": ""}, {"uri": "sip:other"}, {"cnonce": "x"}, {"nc": "00000002"}),
        *({"qop": ""}, {"qop": "auth-int"}, {"realm": "other"}, {"algorithm": "SHA-256"}, {"algorithm": "MD5-sess"}),
    ],
    ids=str,
)
def test_anything_else_is_wrong(change: dict[str, str]) -> None:
    server = checker()
    given = replace(answer(nonce_of(server.challenge(["MD5"], UNIX)[0])), **change)
    assert server.verify(given, "REGISTER", HASHES, UNIX) == "wrong"


@pytest.mark.parametrize("nc", ["", "1", "00000000", "0000000g", "000000001", "-0000001", "+0000001", "0000000\u0661"])
def test_a_count_has_eight_digits(nc: str) -> None:
    server = checker()
    given = answer(nonce_of(server.challenge(["MD5"], UNIX)[0]), nc=nc)
    assert server.verify(given, "REGISTER", HASHES, UNIX) == "wrong"


def test_an_unknown_user_and_another_method_are_wrong() -> None:
    server = checker()
    given = answer(nonce_of(server.challenge(["MD5"], UNIX)[0]))
    assert server.verify(given, "REGISTER", {}, UNIX) == "wrong"
    assert server.verify(given, "INVITE", HASHES, UNIX) == "wrong"


def test_nothing_is_accepted_twice() -> None:
    server = checker()
    given = answer(nonce_of(server.challenge(["MD5"], UNIX)[0]))
    assert [server.verify(given, "REGISTER", HASHES, UNIX) for _ in range(3)] == ["ok", "stale", "stale"]


def test_counts_may_overtake_one_another_within_the_window() -> None:
    server = checker()
    nonce = nonce_of(server.challenge(["MD5"], UNIX)[0])

    def verdict(count: int) -> str:
        return server.verify(answer(nonce, nc=f"{count:08x}"), "REGISTER", HASHES, UNIX)

    assert [verdict(count) for count in (3, 1, 3, 2, 1)] == ["ok", "ok", "stale", "ok", "stale"]
    assert [verdict(count) for count in (NC_WINDOW + 3, 4, 3, 4)] == ["ok", "ok", "stale", "stale"]
    assert [verdict(count) for count in (0xFFFFFFFF, NC_WINDOW + 4)] == ["ok", "stale"]


@given(st.lists(st.integers(1, 200), max_size=60))
def test_no_count_is_accepted_twice_whatever_the_order(counts: list[int]) -> None:
    server = checker()
    nonce = nonce_of(server.challenge(["MD5"], UNIX)[0])
    accepted = [
        count for count in counts if server.verify(answer(nonce, nc=f"{count:08x}"), "REGISTER", HASHES, UNIX) == "ok"
    ]
    assert len(accepted) == len(set(accepted))


def test_every_challenge_has_its_own_nonce() -> None:
    server = checker()
    assert len({nonce_of(server.challenge(["MD5"], UNIX)[0]) for _ in range(100)}) == 100


def test_a_nonce_becomes_stale() -> None:
    server = checker()
    nonce = nonce_of(server.challenge(["MD5"], UNIX)[0])
    assert server.verify(answer(nonce), "REGISTER", HASHES, UNIX + FRESH_S - 1) == "ok"
    assert server.verify(answer(nonce, nc="00000002"), "REGISTER", HASHES, UNIX + FRESH_S) == "stale"
    assert server.verify(answer(nonce, nc="00000002"), "REGISTER", HASHES, UNIX - 1) == "stale"


def test_a_nonce_of_an_earlier_process_is_stale() -> None:
    nonce = nonce_of(checker().challenge(["MD5"], UNIX)[0])
    later = checker()
    assert later.verify(answer(nonce), "REGISTER", HASHES, UNIX + 1) == "stale"
    later.challenge(["MD5"], UNIX + 2)
    assert later.verify(answer(nonce), "REGISTER", HASHES, UNIX + 3) == "stale"


@pytest.mark.parametrize("nonce", ["", "x", "é", "A" * 40])
def test_a_nonce_that_was_not_made_here_is_stale(nonce: str) -> None:
    server = checker()
    server.challenge(["MD5"], UNIX)
    assert server.verify(answer(nonce), "REGISTER", HASHES, UNIX) == "stale"


def test_used_nonces_take_bounded_memory_and_forgotten_ones_are_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "MAX_USED_NONCES", 3)
    server = checker()
    nonces = [nonce_of(server.challenge(["MD5"], UNIX)[0]) for _ in range(5)]
    for nonce in nonces:
        assert server.verify(answer(nonce), "REGISTER", HASHES, UNIX) == "ok"
    again = [server.verify(answer(nonce), "REGISTER", HASHES, UNIX) for nonce in nonces]
    assert again == ["stale"] * 5
    later = [server.verify(answer(nonce, nc="00000002"), "REGISTER", HASHES, UNIX) for nonce in nonces]
    assert later == ["stale", "stale", "ok", "ok", "ok"]


def test_credentials_are_read_from_the_header_of_the_realm() -> None:
    value = (
        'dIGEST username="al\\"ice, b", realm="example.com" , nonce="n=", uri="sip:a,b",response=abc,qop=auth,'
        'cnonce="c" ,nc=00000001, algorithm=MD5, opaque=""'
    )
    others = ("Authorization", "Bearer abc"), ("Authorization", 'Digest realm="other", username="x"')
    headers = Headers.of(*others, ("Authorization", value))
    assert credentials_in(headers, "Authorization", REALM) == DigestCredentials(
        'al"ice, b', REALM, "n=", "sip:a,b", "abc", "MD5", "auth", "c", "00000001"
    )
    assert credentials_in(headers, "Proxy-Authorization", REALM) is None


@given(st.text(max_size=80))
def test_any_credentials_are_handled(text: str) -> None:
    given = DigestCredentials.parse("Digest " + text)
    assert given is not None
    assert checker().verify(replace(given, realm=REALM, qop="auth"), "REGISTER", HASHES, UNIX) == "wrong"
