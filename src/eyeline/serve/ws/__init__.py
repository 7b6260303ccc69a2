"""WebSockets: one `Connection` for each socket, its edges, and the bus to the rooms."""
