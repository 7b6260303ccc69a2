"""Diagnostic codes: what keeps two people from connecting. Calls, the page `/test` and `eyeline doctor` share them."""

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
    "page-error",
    "broker-unreachable",
    "broker-refused",
    "proxy-no-upgrade",
    "host-refused",
    "origin-refused",
    "files-missing",
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
    "name-unknown",
    "port-closed",
    "port-refused",
    "address-silent",
    "other-scheme",
    "certificate-expired",
    "certificate-untrusted",
    "certificate-pending",
    "clock-off",
    "policy-open",
    "address-private",
    "address-malformed",
]


class Check(NamedTuple):
    """What a code means.  The texts may change, the code does not."""

    message: str
    """What was found."""
    visitor: str | None
    """What a visitor can do; None where only the operator ever sees the code."""
    operator: str
    """What the operator can do."""


_THEIR_DEVICE: Final = "Nothing: it's the visitor's own device and browser."

CHECKS: Final[dict[CheckCode, Check]] = {
    "insecure-page": Check(
        "This page isn't secure (https), so the browser blocks the camera and microphone.",
        "Open the https address of this page.",
        "Serve the site over HTTPS, with `--cert` and `--key`, or behind a proxy that does.",
    ),
    "camera-refused": Check(
        "The browser did not allow the camera.",
        "Allow it in the address bar, then test again. You can join calls without it.",
        _THEIR_DEVICE,
    ),
    "camera-missing": Check(
        "No camera was found.", "Plug one in, then test again. You can join calls without one.", _THEIR_DEVICE
    ),
    "camera-busy": Check("Another program is using the camera.", "Close that program, then test again.", _THEIR_DEVICE),
    "camera-failed": Check(
        "The browser could not start the camera.", "Restart the browser, then test again.", _THEIR_DEVICE
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
        "Another program is using the microphone.", "Close that program, then test again.", _THEIR_DEVICE
    ),
    "microphone-failed": Check(
        "The browser could not start the microphone.", "Restart the browser, then test again.", _THEIR_DEVICE
    ),
    "no-webrtc": Check(
        "The browser has no WebRTC, or it's turned off.",
        "Use another browser, or turn off the add-on that blocks WebRTC.",
        _THEIR_DEVICE,
    ),
    "page-error": Check(
        "This page failed to run the test: that's our fault.",
        "Update your browser, then test again. If it's the same, tell the administrator.",
        "Report it with the name of the browser. The browser's console shows the error.",
    ),
    "broker-unreachable": Check(
        "The server did not answer.",
        "Check your network, then test again.",
        "Check that the server is running and that its TCP port is open to the visitor's network.",
    ),
    "broker-refused": Check(
        "The server answered, but refused the connection.",
        "Test again in a minute.",
        "Look for the refusal in the log, and check `max_sockets` and `sockets_per_address`.",
    ),
    "proxy-no-upgrade": Check(
        "Pages load, but no WebSocket opens: something on the way blocks it.",
        "Try another network. If it's the same there, tell the administrator.",
        "Make the proxy forward the `Upgrade` and `Connection` headers, and use HTTP/1.1 to the server.",
    ),
    "host-refused": Check(
        "The server doesn't know the name in this address, so it refuses pages and calls.",
        None,
        "Set `public_url`, or add the name to `allowed_hosts`. If a proxy ends TLS, name it in `trusted_proxies` and "
        "let it send `X-Forwarded-Proto`.",
    ),
    "origin-refused": Check(
        "The server takes its own pages for those of another site, and refuses their calls.",
        None,
        "Let the proxy pass `Host` with its port (nginx: `$http_host`), or set `public_url`.",
    ),
    "files-missing": Check(
        "The page is there, but its own files aren't, so browsers show an empty page.",
        None,
        "If a proxy serves it below a path, set `root_path`, or `public_url` with that path.",
    ),
    "stun-silent": Check(
        "STUN did not answer over UDP, so your public address is unknown.",
        "Calls need a relay from this network. Try another network for a direct path.",
        "Open the UDP port (`stun_port`). If other networks get an answer, the visitor's network blocks UDP.",
    ),
    "no-relay": Check(
        "This server offers no relay, so two networks that block direct paths can't connect.",
        "Try another network on either side.",
        "Turn the relay on (`relay`), or name one of your own (`turn_urls`).",
    ),
    "turn-udp-blocked": Check(
        "The relay did not answer over UDP.",
        "Not a problem if it answers over TCP or TLS: calls go that way, with more delay.",
        "Open the UDP port. If other networks get an answer, the visitor's network blocks UDP.",
    ),
    "turn-tcp-blocked": Check(
        "The relay did not answer over TCP.",
        "Not a problem if it answers over UDP or TLS.",
        "Open the TCP port to the visitor's network. A proxy that speaks only HTTP must not be in between.",
    ),
    "turn-tls-blocked": Check(
        "The relay did not answer over TLS.",
        "Not a problem if it answers over UDP or TCP.",
        "Open the TLS port, without an HTTP-only proxy in between, and check that the certificate fits the name.",
    ),
    "turn-refused": Check(
        "The relay answered, but refused.",
        "Test again in a minute, then tell the administrator.",
        "See the log: it may be a quota, a clock that is off, or a relay whose secret differs from the broker's.",
    ),
    "turn-no-data": Check(
        "The relay accepted the connection, but nothing came through it.",
        "Tell the administrator.",
        "Open `relay_ports` (UDP), and check that the relay can be reached at `public_address`.",
    ),
    "no-candidates": Check(
        "Your browser found no network it could use on this device.",
        "Check that you're online, and that no add-on or policy blocks WebRTC.",
        _THEIR_DEVICE,
    ),
    "network-blocked": Check(
        "Your network blocks UDP, and our relay did not answer.",
        "Try another network, such as your phone's.",
        "Offer the relay over TLS on port 443, which most networks allow.",
    ),
    "relay-silent": Check(
        "No direct path was found, and our relay did not answer.",
        "Try another network, such as your phone's.",
        "Open the relay's UDP and TCP ports; `/test` shows which of them is closed.",
    ),
    "peer-silent": Check(
        "The other side has not said how it can be reached.",
        "Wait, or ask them to reload their page: their network or browser is in the way.",
        "Nothing, unless it happens to many people: then see the broker's log.",
    ),
    "no-path": Check(
        "Both sides have addresses, but nothing got through between them.",
        "Try again. If that doesn't help, one of you should try another network.",
        "Check that the relay's ports are open (`relay_ports`), and that its policy lets its own addresses connect.",
    ),
    "name-unknown": Check(
        "The server's name has no address.",
        None,
        "Check the spelling. If it is right, add a DNS record for it, or ask a name server that has one.",
    ),
    "port-closed": Check(
        "A port can't be reached from outside.", None, "Open it in the firewall, and forward it if there is NAT."
    ),
    "port-refused": Check(
        "Nothing is listening on a port.",
        None,
        "Start the server there, and check its `host` and `port`. A firewall that refuses looks the same.",
    ),
    "address-silent": Check(
        "One of the addresses of the server's name doesn't answer.",
        None,
        "Let it lead to the server, or remove its record (A or AAAA): browsers and certificate authorities may use it.",
    ),
    "other-scheme": Check(
        "The address says http where the port speaks https, or the other way round.",
        None,
        "Use the other one in the address, here and in links.",
    ),
    "certificate-expired": Check(
        "The certificate has expired, ends soon, or isn't valid yet.",
        None,
        "Renew it. With `domains` the server does so itself: its log says why it couldn't.",
    ),
    "certificate-untrusted": Check(
        "Browsers don't trust the certificate: its name or its chain is wrong.",
        None,
        "Get one for this name, and give `--cert` the full chain.",
    ),
    "certificate-pending": Check(
        "The server has no certificate from its authority yet, so browsers warn every visitor.",
        None,
        "Its log says why. Port 443 of each name in `domains` must lead to it, without a proxy or CDN that ends TLS, "
        "or else port 80 must.",
    ),
    "clock-off": Check("The clock is wrong, so the relay refuses credentials.", None, "Let NTP set the clock."),
    "policy-open": Check(
        "The relay lets strangers into networks that should be closed to them.",
        None,
        "Close the ranges that you opened, unless this is a lab.",
    ),
    "address-private": Check(
        "The relay announces a private address, though it's reached at a public one.",
        None,
        "Set the public address with `public_address` (coturn: `external-ip`).",
    ),
    "address-malformed": Check(
        "The server announces a malformed STUN or TURN address, so browsers refuse to make calls.",
        None,
        "Check `public_address` and `turn_urls`. An IPv6 address in a URL needs brackets.",
    ),
}
assert set(CHECKS) == set(get_args(CheckCode))

PENDING_CERTIFICATE: Final = "Eyeline, waiting for a certificate"
"""The common name in the self-signed certificate that a server shows until its authority has issued one."""

CHALLENGE_PATH: Final = "/.well-known/acme-challenge/"
"""Below it authorities look on port 80 (HTTP-01; RFC 8555, 8.3)."""
NO_CHALLENGE: Final = b"No such challenge.\n"
"""What a server answers there if it has no such challenge: by this the doctor recognizes it."""

VERDICTS: Final[tuple[CheckCode, ...]] = (
    "no-candidates",
    "network-blocked",
    "turn-refused",
    "relay-silent",
    "peer-silent",
    "no-relay",
    "no-path",
)
"""The codes that a call itself can report about a connection that can't be made."""
