"""The server's I/O layer: all sockets, clocks, tasks and HTTP are here."""
