"""STUN (RFC 8489) and TURN (RFC 8656): messages, and the state machines of a server and a client.  Sans-IO."""
