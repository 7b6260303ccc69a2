"""The version of the browser harness: a digest of each file that drives browsers, and the version of each browser.

    .venv/bin/python -m tests.support.harness

`make test-harness` writes it to `.harness-shown` once `tests/live/test_browsers.py` has passed, and CI repeats that
only if the version differs.
"""

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.support.server import ROOT
from tests.support.tools import need

TESTS: Final = ROOT / "tests/live/test_browsers.py"
PAGE: Final = "bare_page"
"""The page that the tests open."""
BROWSERS: Final = ("chromium", "firefox-esr")
_IMPORT: Final = re.compile(r"^from tests\.support\.(\w+) import", re.MULTILINE)


def files() -> Iterator[Path]:
    """The tests, and everything they use from `tests/support`, including pages and scripts."""
    yield TESTS
    names = [PAGE, *_IMPORT.findall(TESTS.read_text())]
    for name in names:  # grows during the loop
        for path in sorted(Path(__file__).parent.glob(f"{name}.*")):
            yield path
            names += [each for each in _IMPORT.findall(path.read_text()) if each not in names]


def main() -> None:
    for path in files():
        sys.stdout.write(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(ROOT)}\n")
    for browser in BROWSERS:
        said = subprocess.run([need(browser), "--version"], check=True, capture_output=True, text=True).stdout
        sys.stdout.write(f"{said.strip()}\n")


if __name__ == "__main__":
    main()
