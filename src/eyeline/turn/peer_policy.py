"""Peer address policy: which peers a relay may send to (RFC 8656, 21.3.2 and 21.4); by default only public addresses.

An IPv6 address can embed an IPv4 address, to which some router may translate it, so both must be allowed.
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
"""Denied by default: this network, private (RFC 1918), shared (RFC 6598), loopback, link-local including cloud metadata
services, protocol assignments, 6to4 relays, benchmarks (RFC 2544), multicast, reserved and broadcast, and one cloud's
internal service on a public address; for IPv6 the same kinds, and segment routing (RFC 9602)."""

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
"""IPv6 prefixes with an embedded IPv4 address, and the byte at which it begins."""

_LOCAL_NAT64: Final = ipaddress.ip_network("64:ff9b:1::/48")  # RFC 8215: leads into the operator's own network
_TEREDO: Final = ipaddress.ip_network("2001::/32")
_ISATAP: Final = (bytes.fromhex("00005efe"), bytes.fromhex("02005efe"))


class Policy:
    """Allows public addresses, and the ranges that the operator has opened."""

    def __init__(self, opened: Iterable[Range] = ()) -> None:
        self._opened = tuple(opened)

    def is_opened(self, ip: bytes) -> bool:
        """Whether the address is in a range that the operator has opened."""
        address = ipaddress.ip_address(ip)
        return any(address in each for each in self._opened if each.version == address.version)

    def allows(self, ip: bytes) -> bool:
        """Whether the relay may send to peers at this address of 4 or 16 bytes.

        An IPv6 address that embeds a denied IPv4 address is allowed only if the IPv6 address itself was opened.
        """
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
