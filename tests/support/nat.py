"""Kinds of NAT as nftables rules (terms of RFC 4787).  The lab's routers have `wan` outside and `lan` inside.

Unsolicited packets are dropped on arrival, never accepted: otherwise conntrack would keep the packet's tuple, the
later response would leave from another port, and hole punching would fail.
"""

from typing import Final, Literal, get_args

Kind = Literal["none", "full", "addr", "port", "sym", "udpblock"]
"""No NAT; endpoint-independent mapping with full-cone, address- or port-restricted filtering; endpoint-dependent
mapping (symmetric); port-restricted with nothing allowed out but TCP to port 443."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

CUT: Final = """
table inet cut {
  chain forward { type filter hook forward priority raw; drop; }
}
"""
"""Nothing passes."""

_HEAD: Final = """
flush ruleset
table inet lab {
  map inside { type inet_service : ipv4_addr; flags dynamic; size 65535; }
  set met { type ipv4_addr . inet_service; flags dynamic; size 65535; }
  chain input {
    type filter hook input priority filter;
    iifname wan meta l4proto udp ct state new drop
  }
"""

_CLOSED: Final = """
  chain forward {
    type filter hook forward priority filter;
    %s
    iifname wan ct state new ct status dnat accept
    iifname wan ct state new drop
  }
"""

_INTO: Final = """
  chain into {
    type nat hook prerouting priority dstnat;
    iifname wan meta l4proto udp %s dnat ip to udp dport map @inside
  }
"""

_OUT_OF: Final = """
  chain out_of {
    type nat hook postrouting priority srcnat;
    oifname wan meta l4proto udp update @inside { udp sport : ip saddr } update @met { ip daddr . udp sport }
    oifname wan masquerade %s
  }
"""

_ONLY_443: Final = """
    iifname lan meta l4proto udp drop
    iifname lan tcp dport != 443 drop
"""


FIREWALL: Final = _HEAD + _CLOSED % "" + "}\n"
"""No NAT, but unsolicited packets are dropped, as is usual with IPv6."""

FIREWALL_443: Final = _HEAD + _CLOSED % _ONLY_443 + "}\n"
"""The same, with nothing allowed out but TCP to port 443."""


def rules(kind: Kind) -> str:
    """The rules for `nft -f -` in the router."""
    match kind:
        case "none":
            body = ""
        case "full":
            body = _CLOSED % "" + _INTO % "" + _OUT_OF % ""
        case "addr":
            body = _CLOSED % "" + _INTO % "ip saddr . udp dport @met" + _OUT_OF % ""
        case "port":
            body = _CLOSED % "" + _OUT_OF % ""
        case "sym":
            body = _CLOSED % "" + _OUT_OF % "random,fully-random"
        case "udpblock":
            body = _CLOSED % _ONLY_443 + _OUT_OF % ""
    return _HEAD + body + "}\n"
