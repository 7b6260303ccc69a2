"""STUN and TURN over UDP and TCP: sockets, the data plane, and the ICE servers for clients."""
