"""How much one connection, one address and one account may ask of the SIP server."""

from collections import Counter
from typing import Literal

from msgspec import Struct

from eyeline.rate_limit import RateLimit, TokenBucket

SipLimit = Literal[
    "size",  # a message over 64 KiB: 513
    "connection-rate",  # messages on one connection: it's closed; over UDP they are dropped
    "address-rate",  # requests of one address without authentication: the connection is closed, or they are dropped
    "account-rate",  # requests of one account: 503 with Retry-After, for REGISTER like the above
    "passwords",  # wrong passwords from one address: 403, and the connection is closed
    "registrations",  # devices of one account or one address: 403
    "calls",  # calls and requests of one account that go on at once: 486
    "transactions",  # requests that the whole server is working on: 503; within calls twice as many are allowed
]


class SipLimits(Struct, frozen=True):
    """Rates are per second, bursts for a source that has been idle.  The defaults suit a site of some thousand people.

    A browser sends about ten messages per call, and registers about once a minute at most.
    """

    connection_rate: float = 50.0
    connection_burst: float = 200.0
    address_rate: float = 20.0
    """Requests without authentication, of one IPv4 address or one IPv6 /64: an office behind one NAT that starts to
    work sends two per device."""
    address_burst: float = 400.0
    account_rate: float = 10.0
    account_burst: float = 60.0
    wrong_rate: float = 0.1
    wrong_burst: float = 10.0
    devices_per_address: int = 500
    """Devices of one IPv4 address or one IPv6 /64."""
    calls_per_account: int = 20
    transactions: int = 50_000
    lookups_per_connection: int = 16
    """Requests of one connection that wait for their account; more are dropped."""


class LimitCounters:
    """The state of the limits, and how often each refused something."""

    def __init__(self, limits: SipLimits) -> None:
        self._limits = limits
        self._accounts = RateLimit(per_second=limits.account_rate, burst=limits.account_burst)
        self._addresses = RateLimit(per_second=limits.address_rate, burst=limits.address_burst)
        self._wrong = RateLimit(per_second=limits.wrong_rate, burst=limits.wrong_burst)
        self.refused: Counter[SipLimit] = Counter()

    def connection_bucket(self, now: float) -> TokenBucket:
        """For the messages of a new connection."""
        return TokenBucket(per_second=self._limits.connection_rate, burst=self._limits.connection_burst, now=now)

    def account(self, user: str, now: float) -> bool:
        """Count a request of an authenticated user; False if there were too many."""
        key = hash(user).to_bytes(8, signed=True)
        return self._accounts.try_spend(key, now) or self.refuse("account-rate")

    def address(self, address: bytes, now: float) -> bool:
        """Count a request without authentication; False if there were too many."""
        return not address or self._addresses.try_spend(address, now) or self.refuse("address-rate")

    def wrong_password(self, address: bytes, now: float) -> bool:
        """Count a wrong password; False if there were too many."""
        return not address or self._wrong.try_spend(address, now) or self.refuse("passwords")

    def refuse(self, limit: SipLimit) -> bool:
        """Count that something was refused; False, for the caller to return."""
        self.refused[limit] += 1
        return False
