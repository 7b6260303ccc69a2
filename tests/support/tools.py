"""Third-party programs that tests need."""

import os
import shutil
from pathlib import Path
from typing import Final

import pytest

DEBIAN: Final = {
    "baresip": "baresip-core",
    "ip": "iproute2",
    "nft": "nftables",
    "node": "nodejs",
    "pactl": "pulseaudio-utils",
    "pebble-challtestsrv": "pebble",
    "sipp": "sip-tester",
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
    raise _missing(program, DEBIAN.get(program, program))


def need_library(name: str, package: str) -> str:
    """The path of a shared library below `/usr/lib`, such as one to preload; missing ones as in `need`."""
    for found in (*Path("/usr/lib").glob(f"*-linux-gnu*/{name}"), *Path("/usr/lib64").glob(name)):
        return str(found)
    raise _missing(name, package)


def _missing(what: str, package: str) -> BaseException:
    reason = f"no {what} here: apt install {package}"
    on_ci = os.environ.get("CI") == "true"
    return pytest.fail.Exception(reason) if on_ci else pytest.skip.Exception(reason)
