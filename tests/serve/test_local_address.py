"""The URLs that a server prints at its start."""

from eyeline.serve.local_address import addresses, listening
from eyeline.settings import Settings


def test_server_with_domains_is_reached_by_their_names_alone() -> None:
    where = listening(Settings(domains=("meet.example.org", "tea.example.org")), 443, "AB:CD")
    assert (where.here, where.network) == ("https://meet.example.org", ("https://tea.example.org",))
    assert where.fingerprint is None, "it changes as soon as there is a certificate"


def test_server_on_all_ipv4_addresses_has_no_ipv6_address() -> None:
    assert all("." in address for address in addresses("0.0.0.0"))
    assert {address for address in addresses("::") if "." in address} == set(addresses("0.0.0.0"))


def test_server_without_domains_is_reached_by_its_addresses() -> None:
    where = listening(Settings(host="192.0.2.7", public_address="meet.example.org"), 8000, None)
    assert (where.here, where.network) == (
        "http://192.0.2.7:8000",
        ("http://192.0.2.7:8000", "http://meet.example.org:8000"),
    )
