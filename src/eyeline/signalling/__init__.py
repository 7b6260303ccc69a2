"""Rooms: who is inside, and what they say to each other until they are connected.  Messages and machines, no I/O."""
