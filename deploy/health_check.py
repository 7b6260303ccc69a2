"""The image's health check: exit status 0 if the server answers at the port that its variables name."""

import http.client
import os
import sys
from collections.abc import Mapping

ALIVE = (200, 308)
"""Healthy, or a redirect to HTTPS, which the same process sends."""


def port(environ: Mapping[str, str]) -> int:
    """The server's port, which is 443 by default if it gets a certificate for a name."""
    default = 443 if environ.get("EYELINE_DOMAINS") else 8000
    return int(environ.get("EYELINE_PORT") or environ.get("PORT") or default)


def main() -> int:
    """The exit status."""
    connection = http.client.HTTPConnection("localhost", port(os.environ), timeout=4)
    try:
        connection.request("GET", "/healthz")
        return int(connection.getresponse().status not in ALIVE)
    except OSError:
        return 1


if __name__ == "__main__":
    sys.exit(main())
