"""Eyeline for `bench/sip.py`: with the account that it uses, and without limits per connection, address and account."""

import sys
from functools import partial
from pathlib import Path

import msgspec

from eyeline.serve.app import build
from eyeline.serve.run import run
from eyeline.serve.sip.accounts import AccountFile, SipPassword
from eyeline.settings import Settings
from eyeline.sip import server
from eyeline.sip.limits import SipLimits

MANY = 1e9
UNLIMITED = SipLimits(
    connection_rate=MANY,
    connection_burst=MANY,
    address_rate=MANY,
    address_burst=MANY,
    account_rate=MANY,
    account_burst=MANY,
    devices_per_address=1_000_000,
    calls_per_account=1_000_000,
    transactions=10_000_000,
)


def main() -> None:
    port, folder, users = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    names = [f"user{number}" for number in range(users)]
    hashed = {name: SipPassword.of(name, "localhost", "correct-horse") for name in names}
    AccountFile(folder).path.write_bytes(msgspec.json.encode({"realm": "localhost", "accounts": hashed}))
    AccountFile(folder).path.chmod(0o600)
    vars(server)["SipLimits"] = lambda: UNLIMITED
    settings = Settings(
        data_dir=folder, host="127.0.0.1", port=port, stun_port=0, sockets_per_address=1_000_000, max_sockets=100_000
    )
    run(settings, lambda _where: None, partial(build, one_port=True))


if __name__ == "__main__":
    main()
