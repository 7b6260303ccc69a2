"""The process: listening sockets, TLS, the demultiplexer of the one TCP port, uvicorn."""
