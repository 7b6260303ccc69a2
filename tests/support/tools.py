"""Third-party programs that tests need."""

import os
import shutil
from typing import Final

import pytest

DEBIAN: Final = {
    "ip": "iproute2",
    "nft": "nftables",
    "node": "nodejs",
    "turnserver": "coturn",
    "turnutils_natdiscovery": "coturn",
    "turnutils_peer": "coturn",
    "turnutils_stunclient": "coturn",
    "turnutils_uclient": "coturn",
}
"""Programs whose package has another name."""


def need(program: str) -> str:
    """The path of `program`.  Without it the test is skipped; on CI (`CI=true`), where no one reads skips, it fails."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    if found := shutil.which(program, path=path):
        return found
    reason = f"no {program} here: apt install {DEBIAN.get(program, program)}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
