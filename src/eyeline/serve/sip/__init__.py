"""SIP for browsers and phones: WebSocket, TCP, TLS and UDP edges around one `SipServer`, and the accounts."""
