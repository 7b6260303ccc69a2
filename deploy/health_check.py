"""The image's health check: exit status 0 if the server answers at EYELINE_PORT, else PORT, else 8000."""

import http.client
import os
import sys

ALIVE = (200, 308)
"""Healthy, or a redirect to HTTPS, which the same process sends."""

connection = http.client.HTTPConnection(
    "localhost", int(os.environ.get("EYELINE_PORT") or os.environ.get("PORT") or 8000), timeout=4
)
try:
    connection.request("GET", "/healthz")
    sys.exit(connection.getresponse().status not in ALIVE)
except OSError:
    sys.exit(1)
