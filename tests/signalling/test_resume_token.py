"""Resume tokens: a key accepts exactly the tokens that it minted."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eyeline.signalling.messages import PERMISSIONS, Count, DisplayName, PeerId, ResumeToken, RoomName, Rules
from eyeline.signalling.moderation import APPOINTED_MAX, REMOVED_MAX, Moderation
from eyeline.signalling.passes import Person
from eyeline.signalling.refusals import Refusal
from eyeline.signalling.resume_token import TOKEN_SECONDS, Claim, TokenKey

KEY = TokenKey(b"k" * 32)
CLAIM = Claim(RoomName("tea"), PeerId("alice-0001"), Count(7), "life-1")
TOKEN = KEY.mint(CLAIM, 0)

text = st.text("aé日\U0001f440", min_size=1, max_size=64)
peers = st.text("azAZ09_-", min_size=8, max_size=16).map(PeerId)  # as the broker generates them
standings = st.builds(
    Moderation,
    st.integers(0, 2**53 - 1).map(Count),
    st.builds(Rules, st.sampled_from(["open", "knock", "locked"]), st.booleans(), st.booleans(), st.booleans()),
    st.lists(peers, max_size=REMOVED_MAX).map(tuple),
    st.lists(st.tuples(peers, st.sampled_from(["co-host", "member"])), max_size=APPOINTED_MAX).map(tuple),
)
LONGEST = Person(DisplayName("\U0001f440" * 64), "co-host", "\U0001f440" * 64, PERMISSIONS, 1.8e9)
FULL = Moderation(
    Count(2**53 - 1),
    Rules("locked", files=False, history=False, screens=False),
    (PeerId("a" * 16),) * REMOVED_MAX,
    ((PeerId("a" * 16), "co-host"),) * APPOINTED_MAX,
)
moments = st.none() | st.floats(0, 2**43)
claims = st.builds(
    Claim,
    st.text("az09-", min_size=1, max_size=64).map(RoomName),
    st.text("azAZ09_-", min_size=8, max_size=32).map(PeerId),
    st.integers(0, 2**53 - 1).map(Count),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.builds(
        Person, text.map(DisplayName), st.just("co-host"), text, st.permutations(PERMISSIONS).map(tuple), moments
    ),
    standings,
)


def is_refused(token: str, key: TokenKey = KEY, now: float = 0) -> bool:
    """Whether the token is refused."""
    try:
        key.check(ResumeToken(token), now)
    except Refusal as refusal:
        return refusal.code == "seat-gone"
    return False


@given(claims, st.floats(0, 1e10))
@settings(deadline=None)
def test_token_carries_its_claim(claim: Claim, now: float) -> None:
    assert KEY.check(KEY.mint(claim, now), now + TOKEN_SECONDS - 1) == claim


@given(claims)
@example(Claim(RoomName("a" * 64), PeerId("a" * 32), Count(2**53 - 1), "a" * 40, LONGEST, FULL))
@settings(deadline=None)
def test_token_is_short_and_url_safe(claim: Claim) -> None:
    token = KEY.mint(claim, 0)

    assert len(token) <= 2048
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=")


def test_token_with_any_one_bit_flipped_is_refused() -> None:
    raw = urlsafe_b64decode(TOKEN)

    for bit in range(8 * len(raw)):
        forged = bytearray(raw)
        forged[bit // 8] ^= 1 << bit % 8
        assert is_refused(urlsafe_b64encode(forged).decode()), bit


@pytest.mark.parametrize("length", range(len(TOKEN)))
def test_truncated_token_is_refused(length: int) -> None:
    assert is_refused(TOKEN[:length])


def test_token_expires_after_a_day() -> None:
    assert TOKEN_SECONDS == 86_400
    assert not is_refused(TOKEN, now=TOKEN_SECONDS - 1)
    assert is_refused(TOKEN, now=TOKEN_SECONDS)


def test_token_of_another_key_is_refused() -> None:
    assert is_refused(TokenKey(b"l" * 32).mint(CLAIM, 0))


@pytest.mark.parametrize(
    "other",
    [TOKEN + "=", TOKEN + "\n", " " + TOKEN, "!" + TOKEN, TOKEN + "AAAA", TOKEN[:8] + "\n" + TOKEN[8:], TOKEN * 2],
)
def test_token_in_another_encoding_is_refused(other: str) -> None:
    assert is_refused(other)


def test_token_in_the_other_base64_alphabet_is_refused() -> None:
    tokens = (KEY.mint(Claim(CLAIM.room, CLAIM.peer, Count(n), CLAIM.broker_run), 0) for n in range(1000))
    token = next(token for token in tokens if "-" in token and "_" in token)

    assert is_refused(token.replace("-", "+").replace("_", "/"))


def test_signed_bytes_that_are_not_a_claim_are_refused() -> None:
    class Other(msgspec.Struct, array_like=True):
        room: int

    token = KEY.mint(Other(1), 0)  # type: ignore[arg-type]

    assert is_refused(token)


@given(st.text(st.characters(), max_size=200))
@settings(deadline=None)
def test_any_other_text_is_refused(text: str) -> None:
    assert is_refused(text)
