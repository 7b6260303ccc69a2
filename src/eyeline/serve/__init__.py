"""The server's edge: the only home of sockets, clocks, tasks and HTTP."""
