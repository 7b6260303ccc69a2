"""Fuzz the packet pump in C with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer.

    .venv/bin/python -m tools.fuzz_native [--seconds 60]

Needs clang and its runtime libraries.  Exits with the fuzzer's output if it finds something.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
SOURCES: Final = ROOT / "src/eyeline/_native"
TARGET: Final = ROOT / "tests/native/fuzz_pump.c"

_BINDING_TO_PYTHON: Final = "module.c"
_FLAGS: Final = ("-std=c11", "-g", "-O1", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all")
_INPUT_BYTES_MAX: Final = 4096


def fuzz(seconds: int) -> tuple[int, str]:
    """The fuzzer's exit status, 0 if it found nothing, and what it said."""
    sources = [str(path) for path in sorted(SOURCES.glob("*.c")) if path.name != _BINDING_TO_PYTHON]
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/fuzz"
        subprocess.run(["clang", *_FLAGS, "-I", str(SOURCES), *sources, str(TARGET), "-o", program], check=True)
        done = subprocess.run(
            [program, f"-max_total_time={seconds}", f"-max_len={_INPUT_BYTES_MAX}", f"-artifact_prefix={folder}/"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    status, said = fuzz(parser.parse_args().seconds)
    print(said if status else said.splitlines()[-1])
    sys.exit(status)


if __name__ == "__main__":
    main()
