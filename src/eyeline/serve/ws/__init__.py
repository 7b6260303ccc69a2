"""WebSocket signalling: one `Connection` per socket, its ASGI and fast-path edges, and the bus to the rooms."""
