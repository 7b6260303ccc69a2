"""What can stand between two people, by codes that the call, the page `/test` and `eyeline doctor` share."""

from typing import Final, Literal, NamedTuple, get_args

CheckCode = Literal[
    "insecure-page",
    "camera-refused",
    "camera-missing",
    "camera-busy",
    "camera-failed",
    "microphone-refused",
    "microphone-missing",
    "microphone-busy",
    "microphone-failed",
    "no-webrtc",
    "broker-unreachable",
    "broker-refused",
    "proxy-no-upgrade",
    "stun-silent",
    "no-relay",
    "turn-udp-blocked",
    "turn-tcp-blocked",
    "turn-tls-blocked",
    "turn-refused",
    "turn-no-data",
    "no-candidates",
    "network-blocked",
    "relay-silent",
    "peer-silent",
    "no-path",
    "port-closed",
    "port-refused",
    "other-scheme",
    "certificate-expired",
    "certificate-untrusted",
    "clock-off",
    "policy-open",
    "address-private",
    "address-malformed",
]


class Check(NamedTuple):
    """What a code means.  Words for people: they may change, the code does not."""

    message: str
    """What was found."""
    visitor: str | None
    """What a visitor can do; None where only the operator ever sees the code."""
    operator: str
    """What the operator can do."""


_THEIR_DEVICE: Final = "Nothing: it is the visitor's own device and browser."

CHECKS: Final[dict[CheckCode, Check]] = {
    "insecure-page": Check(
        "The page did not come over https, so the browser keeps camera and microphone from it.",
        "Open the https address of this page.",
        "Serve over HTTPS, with `--cert` and `--key`, or behind a proxy that does.",
    ),
    "camera-refused": Check(
        "The browser did not allow the camera.",
        "Allow it in the address bar, then test again. You can join calls without it.",
        _THEIR_DEVICE,
    ),
    "camera-missing": Check(
        "No camera was found.", "Plug one in, then test again. You can join calls without one.", _THEIR_DEVICE
    ),
    "camera-busy": Check("Another program is using the camera.", "Close it there, then test again.", _THEIR_DEVICE),
    "camera-failed": Check(
        "The browser could not start the camera.", "Start the browser anew, then test again.", _THEIR_DEVICE
    ),
    "microphone-refused": Check(
        "The browser did not allow the microphone.",
        "Allow it in the address bar, then test again. You can join calls without it.",
        _THEIR_DEVICE,
    ),
    "microphone-missing": Check(
        "No microphone was found.", "Plug one in, then test again. You can join calls without one.", _THEIR_DEVICE
    ),
    "microphone-busy": Check(
        "Another program is using the microphone.", "Close it there, then test again.", _THEIR_DEVICE
    ),
    "microphone-failed": Check(
        "The browser could not start the microphone.", "Start the browser anew, then test again.", _THEIR_DEVICE
    ),
    "no-webrtc": Check(
        "The browser has no WebRTC, or it is switched off.",
        "Take another browser, or switch off the add-on that blocks WebRTC.",
        _THEIR_DEVICE,
    ),
    "broker-unreachable": Check(
        "The server did not answer.",
        "Check your network, then test again.",
        "See that the server runs and that its TCP port is open to the visitor's network.",
    ),
    "broker-refused": Check(
        "The server answered, and let nobody in.",
        "Test again in a minute.",
        "See the log for the refusal, and `max_sockets` and `sockets_per_address`.",
    ),
    "proxy-no-upgrade": Check(
        "Pages come, but no WebSocket opens: something on the way does not pass it on.",
        "Try another network. If it is the same there, tell the administrator.",
        "Let the proxy pass `Upgrade` and `Connection` on, with HTTP/1.1 to the server.",
    ),
    "stun-silent": Check(
        "STUN did not answer over UDP, so your public address is not known.",
        "Calls need a relay from this network. Try another network for a direct path.",
        "Open the UDP port (`stun_port`). If other networks get an answer, the visitor's network lets no UDP out.",
    ),
    "no-relay": Check(
        "This server offers no relay, so two networks that let no direct path through can't meet.",
        "Try another network, on either side.",
        "Switch the relay on (`relay`), or name one of your own (`turn_urls`).",
    ),
    "turn-udp-blocked": Check(
        "The relay did not answer over UDP.",
        "No matter, if it answers over TCP or TLS: calls go that way, with more delay.",
        "Open the UDP port. If other networks get an answer, the visitor's network lets no UDP out.",
    ),
    "turn-tcp-blocked": Check(
        "The relay did not answer over TCP.",
        "No matter, if it answers over UDP or TLS.",
        "Open the TCP port to the visitor's network, past any proxy that speaks only HTTP.",
    ),
    "turn-tls-blocked": Check(
        "The relay did not answer over TLS.",
        "No matter, if it answers over UDP or TCP.",
        "Open the TLS port past any proxy that speaks only HTTP, and see that the certificate is valid for its name.",
    ),
    "turn-refused": Check(
        "The relay answered, and refused.",
        "Test again in a minute, then tell the administrator.",
        "See the log: quotas, clocks that differ, or a secret that the relay does not share with the broker.",
    ),
    "turn-no-data": Check(
        "The relay was given, but nothing came through it.",
        "Tell the administrator.",
        "Open `relay_ports` (UDP), and see that `public_address` is the address that the relay can be reached at.",
    ),
    "no-candidates": Check(
        "Your browser found no way out of this device at all.",
        "Check that you are online, and that no add-on or policy blocks WebRTC.",
        _THEIR_DEVICE,
    ),
    "network-blocked": Check(
        "Your network lets no UDP out, and our relay did not answer.",
        "Try another network, such as your phone's.",
        "Let the relay be reached over TLS on port 443, which most networks let out.",
    ),
    "relay-silent": Check(
        "No direct path was found, and our relay did not answer.",
        "Try another network, such as your phone's.",
        "Open the UDP port and the TCP port of the relay; `/test` tells which of them is closed.",
    ),
    "peer-silent": Check(
        "The other side has said nothing of where it can be reached.",
        "Wait, or ask them to load their page anew: their network or browser is in the way.",
        "Nothing, unless it happens to many: then see the log of the broker.",
    ),
    "no-path": Check(
        "Both networks were reached, but nothing got through between them.",
        "Try again. If that does not help, one of you tries another network.",
        "See that the relay's own ports are open (`relay_ports`), and that its policy lets its own addresses meet.",
    ),
    "port-closed": Check(
        "A port can't be reached from outside.", None, "Open it in the firewall, and forward it where there is NAT."
    ),
    "port-refused": Check(
        "Nothing listens on a port.",
        None,
        "Start the server there, and see its `host` and `port`; a firewall that refuses looks the same.",
    ),
    "other-scheme": Check(
        "Of http and https the port speaks the other one.",
        None,
        "Name that one in the address, here and in links.",
    ),
    "certificate-expired": Check("The certificate has expired, or is not valid yet.", None, "Renew it."),
    "certificate-untrusted": Check(
        "Browsers do not trust the certificate: its name or its chain is wrong.",
        None,
        "Take one for this name, and give `--cert` the whole chain.",
    ),
    "clock-off": Check("The clock is wrong, so credentials of the relay are refused.", None, "Let NTP set the clock."),
    "policy-open": Check(
        "The relay lets strangers into networks that should be closed to them.",
        None,
        "Close the ranges that you opened, unless this is a lab.",
    ),
    "address-private": Check(
        "The relay gives out a private address, though it is reached at a public one.",
        None,
        "Name the public address with `public_address` (coturn: `external-ip`).",
    ),
    "address-malformed": Check(
        "What the server names for STUN or TURN is no address of either, so browsers refuse to make calls with it.",
        None,
        "See `public_address` and `turn_urls`; an IPv6 address in a URL stands in brackets.",
    ),
}
assert set(CHECKS) == set(get_args(CheckCode))

VERDICTS: Final[tuple[CheckCode, ...]] = (
    "no-candidates",
    "network-blocked",
    "turn-refused",
    "relay-silent",
    "peer-silent",
    "no-relay",
    "no-path",
)
"""Those that a call itself can say of a line that does not come about."""
