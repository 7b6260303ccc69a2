"""The bridge between SIP calls and rooms: a phone takes part in a call of two.  Sans-IO."""
