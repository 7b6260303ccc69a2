"""STUN (RFC 8489) and TURN (RFC 8656): messages, and what a server and a client decide.  No I/O."""
