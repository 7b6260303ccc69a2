"""The packet pump in C uses no memory that it shouldn't: under sanitizers, with our tests and with fuzzing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.server import ROOT
from tools.fuzz_native import fuzz

pytestmark = pytest.mark.more

SANITIZERS = "-g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"
TESTS = (
    "tests/native",
    "tests/serve/test_data_plane.py",
    "tests/serve/test_attacks_on_the_relay.py",
    "tests/serve/test_relay.py",
)
FUZZ_S = 6


def library(name: str) -> str:
    return subprocess.run(
        ["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_all_tests_of_the_pump_pass_under_sanitizers(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("docs", "*.so", ".built-from"))
    environ = {
        **os.environ,
        "PYTHONPATH": f"{tmp_path / 'src'}:{ROOT}",
        "CC": "gcc",
        "CFLAGS": SANITIZERS,
        "BUILD_PACKET_PUMP": "required",
        "PYTHONMALLOC": "malloc",
        "ASAN_OPTIONS": "detect_leaks=0",  # Python itself gives back little at exit; `fuzz` looks for leaks
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }
    build = "from pathlib import Path; import hatch_build; hatch_build.build_native_if_stale(Path.cwd())"
    subprocess.run([sys.executable, "-c", build], cwd=tmp_path, env=environ, check=True)
    assert (tmp_path / "src/eyeline/_native/packets.abi3.so").exists()
    preloaded = {"LD_PRELOAD": f"{library('libasan.so')} {library('libubsan.so')}"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "native and not asyncio", *TESTS],
        cwd=ROOT,
        env=environ | preloaded,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-8000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def test_fuzzing_finds_nothing() -> None:
    status, said = fuzz(FUZZ_S)
    assert status == 0, said[-8000:]
