"""STUN (RFC 8489): messages and the Binding method.  No I/O."""
