"""The part of the relay in C, which is there only where it could be built; `packets.pyi` says what it does."""
