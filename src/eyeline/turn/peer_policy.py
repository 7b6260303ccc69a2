"""Which peers a relay may be asked to send to (RFC 8656, 21.3.2 and 21.4): by default none but the open internet.

An IPv6 address can have an IPv4 address in it, and a router somewhere may take it out: it is refused for either.
"""

import ipaddress
from collections.abc import Iterable
from typing import Final

Range = ipaddress.IPv4Network | ipaddress.IPv6Network

_CLOSED: Final = tuple(
    ipaddress.ip_network(each)
    for each in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"),
        *("168.63.129.16/32", "::/128", "::1/128", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "100::/64"),
        *("2001:2::/48", "5f00::/16"),
    )
)
"""This network, private (RFC 1918), shared (RFC 6598), loopback, link-local with the clouds' metadata, protocol
assignments, the 6to4 relays, benchmarks (RFC 2544), multicast, reserved and broadcast, and a cloud's own service behind
a public address; of IPv6 the same kinds, and segment routing (RFC 9602)."""

_MAPPED_AND_KIN: Final = tuple(
    (ipaddress.ip_network(prefix), at)
    for prefix, at in (
        ("::/96", 12),  # IPv4-compatible
        ("::ffff:0:0/96", 12),  # IPv4-mapped
        ("::ffff:0:0:0/96", 12),  # IPv4-translated (RFC 2765)
        ("64:ff9b::/96", 12),  # NAT64 (RFC 6052)
        ("2002::/16", 2),  # 6to4
    )
)
"""Prefixes of IPv6 and the byte at which the IPv4 address begins."""

_LOCAL_NAT64: Final = ipaddress.ip_network("64:ff9b:1::/48")  # RFC 8215: what lies behind is the operator's own
_TEREDO: Final = ipaddress.ip_network("2001::/32")
_ISATAP: Final = (bytes.fromhex("00005efe"), bytes.fromhex("02005efe"))


class Policy:
    """What an operator has opened, on top of the open internet."""

    def __init__(self, opened: Iterable[Range] = ()) -> None:
        self._opened = tuple(opened)

    def is_opened(self, ip: bytes) -> bool:
        """Whether the operator named a range that this address is in."""
        address = ipaddress.ip_address(ip)
        return any(address in each for each in self._opened if each.version == address.version)

    def allows(self, ip: bytes) -> bool:
        """Whether peers at this address, of 4 or 16 bytes, may be sent to.  A disguise has to pass for what it hides,
        too; one that hides an address which may not be sent to passes only if its own form was opened."""
        if self.is_opened(ip):
            return True
        address = ipaddress.ip_address(ip)
        if any(address in each for each in _CLOSED if each.version == address.version):
            return False
        if address.version == 4:
            return True
        if address in _LOCAL_NAT64:
            return False
        return all(self.allows(hidden) for hidden in _hidden(ip, address))


def _hidden(ip: bytes, address: ipaddress.IPv6Address) -> list[bytes]:
    found = [ip[at : at + 4] for prefix, at in _MAPPED_AND_KIN if address in prefix]
    if address in _TEREDO:
        found += [ip[4:8], bytes(byte ^ 0xFF for byte in ip[12:])]
    if ip[8:12] in _ISATAP:
        found.append(ip[12:])
    return found
