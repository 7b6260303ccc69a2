// Written by tools/protocol.py from src/eyeline/checks.py: change it there.

/** What can keep two people from connecting, by code: what was found, and what to do about it. */
export const CHECKS = {
  'insecure-page': {
    message: "This page isn't secure (https), so the browser blocks the camera and microphone.",
    visitor: 'Open the https address of this page.',
    operator: 'Serve the site over HTTPS, with `--cert` and `--key`, or behind a proxy that does.',
  },
  'camera-refused': {
    message: 'The browser did not allow the camera.',
    visitor: 'Allow it in the address bar, then test again. You can join calls without it.',
    operator: "Nothing: it's the visitor's own device and browser.",
  },
  'camera-missing': {
    message: 'No camera was found.',
    visitor: 'Plug one in, then test again. You can join calls without one.',
    operator: "Nothing: it's the visitor's own device and browser.",
  },
  'camera-busy': {
    message: 'Another program is using the camera.',
    visitor: 'Close that program, then test again.',
    operator: "Nothing: it's the visitor's own device and browser.",
  },
  'camera-failed': {
    message: 'The browser could not start the camera.',
    visitor: 'Restart the browser, then test again.',
    operator: "Nothing: it's the visitor's own device and browser.",
  },
  'microphone-refused': {
    message: 'The browser did not allow the microphone.',
    visitor: 'Allow it in the address bar, then test again. You can join calls without it.',
    operator: "Nothing: it's the visitor's own device and browser.",
  },
  'microphone-missing': {
    message: 'No microphone was found.',
    visitor: 'Plug one in, then test again. You can join calls without one.',
    operator: "Nothing: it's the visitor's own device and browser.",
  },
  'microphone-busy': {
    message: 'Another program is using the microphone.',
    visitor: 'Close that program, then test again.',
    operator: "Nothing: it's the visitor's own device and browser.",
  },
  'microphone-failed': {
    message: 'The browser could not start the microphone.',
    visitor: 'Restart the browser, then test again.',
    operator: "Nothing: it's the visitor's own device and browser.",
  },
  'no-webrtc': {
    message: "The browser has no WebRTC, or it's turned off.",
    visitor: 'Use another browser, or turn off the add-on that blocks WebRTC.',
    operator: "Nothing: it's the visitor's own device and browser.",
  },
  'broker-unreachable': {
    message: 'The server did not answer.',
    visitor: 'Check your network, then test again.',
    operator: "Check that the server is running and that its TCP port is open to the visitor's network.",
  },
  'broker-refused': {
    message: 'The server answered, but refused the connection.',
    visitor: 'Test again in a minute.',
    operator: 'Look for the refusal in the log, and check `max_sockets` and `sockets_per_address`.',
  },
  'proxy-no-upgrade': {
    message: 'Pages load, but no WebSocket opens: something on the way blocks it.',
    visitor: "Try another network. If it's the same there, tell the administrator.",
    operator: 'Make the proxy forward the `Upgrade` and `Connection` headers, and use HTTP/1.1 to the server.',
  },
  'stun-silent': {
    message: 'STUN did not answer over UDP, so your public address is unknown.',
    visitor: 'Calls need a relay from this network. Try another network for a direct path.',
    operator: "Open the UDP port (`stun_port`). If other networks get an answer, the visitor's network blocks UDP.",
  },
  'no-relay': {
    message: "This server offers no relay, so two networks that block direct paths can't connect.",
    visitor: 'Try another network on either side.',
    operator: 'Turn the relay on (`relay`), or name one of your own (`turn_urls`).',
  },
  'turn-udp-blocked': {
    message: 'The relay did not answer over UDP.',
    visitor: 'Not a problem if it answers over TCP or TLS: calls go that way, with more delay.',
    operator: "Open the UDP port. If other networks get an answer, the visitor's network blocks UDP.",
  },
  'turn-tcp-blocked': {
    message: 'The relay did not answer over TCP.',
    visitor: 'Not a problem if it answers over UDP or TLS.',
    operator: "Open the TCP port to the visitor's network. A proxy that speaks only HTTP must not be in between.",
  },
  'turn-tls-blocked': {
    message: 'The relay did not answer over TLS.',
    visitor: 'Not a problem if it answers over UDP or TCP.',
    operator: 'Open the TLS port, without an HTTP-only proxy in between, and check that the certificate fits the name.',
  },
  'turn-refused': {
    message: 'The relay answered, but refused.',
    visitor: 'Test again in a minute, then tell the administrator.',
    operator: "See the log: it may be a quota, a clock that is off, or a relay whose secret differs from the broker's.",
  },
  'turn-no-data': {
    message: 'The relay accepted us, but nothing came through it.',
    visitor: 'Tell the administrator.',
    operator: 'Open `relay_ports` (UDP), and check that the relay can be reached at `public_address`.',
  },
  'no-candidates': {
    message: 'Your browser found no network it could use on this device.',
    visitor: "Check that you're online, and that no add-on or policy blocks WebRTC.",
    operator: "Nothing: it's the visitor's own device and browser.",
  },
  'network-blocked': {
    message: 'Your network blocks UDP, and our relay did not answer.',
    visitor: "Try another network, such as your phone's.",
    operator: 'Offer the relay over TLS on port 443, which most networks allow.',
  },
  'relay-silent': {
    message: 'No direct path was found, and our relay did not answer.',
    visitor: "Try another network, such as your phone's.",
    operator: "Open the relay's UDP and TCP ports; `/test` shows which of them is closed.",
  },
  'peer-silent': {
    message: 'The other side has not said how it can be reached.',
    visitor: 'Wait, or ask them to reload their page: their network or browser is in the way.',
    operator: "Nothing, unless it happens to many people: then see the broker's log.",
  },
  'no-path': {
    message: 'Both sides have addresses, but nothing got through between them.',
    visitor: "Try again. If that doesn't help, one of you should try another network.",
    operator: "Check that the relay's ports are open (`relay_ports`), and that its policy lets its own addresses connect.",
  },
};

export type CheckCode = keyof typeof CHECKS;
