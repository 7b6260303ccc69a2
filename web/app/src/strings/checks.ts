// Written by tools/protocol.py from src/eyeline/checks.py: change it there.

/** What can stand between two people, by code: what was found, and who can do what about it. */
export const CHECKS = {
  'insecure-page': {
    message: 'The page did not come over https, so the browser keeps camera and microphone from it.',
    visitor: 'Open the https address of this page.',
    operator: 'Serve over HTTPS, with `--cert` and `--key`, or behind a proxy that does.',
  },
  'camera-refused': {
    message: 'The browser did not allow the camera.',
    visitor: 'Allow it in the address bar, then test again. You can join calls without it.',
    operator: "Nothing: it is the visitor's own device and browser.",
  },
  'camera-missing': {
    message: 'No camera was found.',
    visitor: 'Plug one in, then test again. You can join calls without one.',
    operator: "Nothing: it is the visitor's own device and browser.",
  },
  'camera-busy': {
    message: 'Another program is using the camera.',
    visitor: 'Close it there, then test again.',
    operator: "Nothing: it is the visitor's own device and browser.",
  },
  'camera-failed': {
    message: 'The browser could not start the camera.',
    visitor: 'Start the browser anew, then test again.',
    operator: "Nothing: it is the visitor's own device and browser.",
  },
  'microphone-refused': {
    message: 'The browser did not allow the microphone.',
    visitor: 'Allow it in the address bar, then test again. You can join calls without it.',
    operator: "Nothing: it is the visitor's own device and browser.",
  },
  'microphone-missing': {
    message: 'No microphone was found.',
    visitor: 'Plug one in, then test again. You can join calls without one.',
    operator: "Nothing: it is the visitor's own device and browser.",
  },
  'microphone-busy': {
    message: 'Another program is using the microphone.',
    visitor: 'Close it there, then test again.',
    operator: "Nothing: it is the visitor's own device and browser.",
  },
  'microphone-failed': {
    message: 'The browser could not start the microphone.',
    visitor: 'Start the browser anew, then test again.',
    operator: "Nothing: it is the visitor's own device and browser.",
  },
  'no-webrtc': {
    message: 'The browser has no WebRTC, or it is switched off.',
    visitor: 'Take another browser, or switch off the add-on that blocks WebRTC.',
    operator: "Nothing: it is the visitor's own device and browser.",
  },
  'broker-unreachable': {
    message: 'The server did not answer.',
    visitor: 'Check your network, then test again.',
    operator: "See that the server runs and that its TCP port is open to the visitor's network.",
  },
  'broker-refused': {
    message: 'The server answered, and let nobody in.',
    visitor: 'Test again in a minute.',
    operator: 'See the log for the refusal, and `max_sockets` and `sockets_per_address`.',
  },
  'proxy-no-upgrade': {
    message: 'Pages come, but no WebSocket opens: something on the way does not pass it on.',
    visitor: 'Try another network. If it is the same there, tell the administrator.',
    operator: 'Let the proxy pass `Upgrade` and `Connection` on, with HTTP/1.1 to the server.',
  },
  'stun-silent': {
    message: 'STUN did not answer over UDP, so your public address is not known.',
    visitor: 'Calls need a relay from this network. Try another network for a direct path.',
    operator: "Open the UDP port (`stun_port`). If other networks get an answer, the visitor's network lets no UDP out.",
  },
  'no-relay': {
    message: "This server offers no relay, so two networks that let no direct path through can't meet.",
    visitor: 'Try another network, on either side.',
    operator: 'Switch the relay on (`relay`), or name one of your own (`turn_urls`).',
  },
  'turn-udp-blocked': {
    message: 'The relay did not answer over UDP.',
    visitor: 'No matter, if it answers over TCP or TLS: calls go that way, with more delay.',
    operator: "Open the UDP port. If other networks get an answer, the visitor's network lets no UDP out.",
  },
  'turn-tcp-blocked': {
    message: 'The relay did not answer over TCP.',
    visitor: 'No matter, if it answers over UDP or TLS.',
    operator: "Open the TCP port to the visitor's network, past any proxy that speaks only HTTP.",
  },
  'turn-tls-blocked': {
    message: 'The relay did not answer over TLS.',
    visitor: 'No matter, if it answers over UDP or TCP.',
    operator: 'Open the TLS port past any proxy that speaks only HTTP, and see that the certificate is valid for its name.',
  },
  'turn-refused': {
    message: 'The relay answered, and refused.',
    visitor: 'Test again in a minute, then tell the administrator.',
    operator: 'See the log: quotas, clocks that differ, or a secret that the relay does not share with the broker.',
  },
  'turn-no-data': {
    message: 'The relay was given, but nothing came through it.',
    visitor: 'Tell the administrator.',
    operator: 'Open `relay_ports` (UDP), and see that `public_address` is the address that the relay can be reached at.',
  },
  'no-candidates': {
    message: 'Your browser found no way out of this device at all.',
    visitor: 'Check that you are online, and that no add-on or policy blocks WebRTC.',
    operator: "Nothing: it is the visitor's own device and browser.",
  },
  'network-blocked': {
    message: 'Your network lets no UDP out, and our relay did not answer.',
    visitor: "Try another network, such as your phone's.",
    operator: 'Let the relay be reached over TLS on port 443, which most networks let out.',
  },
  'relay-silent': {
    message: 'No direct path was found, and our relay did not answer.',
    visitor: "Try another network, such as your phone's.",
    operator: 'Open the UDP port and the TCP port of the relay; `/test` tells which of them is closed.',
  },
  'peer-silent': {
    message: 'The other side has said nothing of where it can be reached.',
    visitor: 'Wait, or ask them to load their page anew: their network or browser is in the way.',
    operator: 'Nothing, unless it happens to many: then see the log of the broker.',
  },
  'no-path': {
    message: 'Both networks were reached, but nothing got through between them.',
    visitor: 'Try again. If that does not help, one of you tries another network.',
    operator: "See that the relay's own ports are open (`relay_ports`), and that its policy lets its own addresses meet.",
  },
};

export type CheckCode = keyof typeof CHECKS;
