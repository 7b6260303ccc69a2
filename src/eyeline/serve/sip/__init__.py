"""SIP for browsers and phones: WebSocket, TCP, TLS and UDP edges around one `SipServer`, and the accounts."""

from typing import Final

ACCOUNTS_FILE: Final = "sip-accounts.json"
"""In the data directory.  Here, because a server without it never loads the rest."""
