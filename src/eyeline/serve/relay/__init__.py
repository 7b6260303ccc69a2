"""STUN and TURN over UDP and TCP: sockets, the data plane, and the ICE servers that clients are told of."""
