"""SIP (RFC 3261): messages, and the state machines of a registrar and a forking proxy.  Sans-IO."""
