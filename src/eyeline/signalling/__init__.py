"""WebRTC signalling: rooms, their members, and the offers, answers and candidates they exchange.  Sans-IO."""
