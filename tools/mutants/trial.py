"""Runs the fast tests on a copy of the repository in which one change was made.

Runs in the environment of the tests: python -m tools.mutants.trial SECONDS.  Reads `Job`s from standard input, one JSON
object per line, and writes a `Verdict` for each to standard output.  Each job runs in a fork of a process that has
loaded pytest and all libraries, which takes longer than most tests.
"""

import compileall
import hashlib
import importlib
import importlib.util
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Final, TypedDict

import pytest
from coverage import CoverageData
from tools.mutants.job import FOLDERS, ROOT, Job, Verdict

SLOW: Final = {"test_asgi_servers.py"}
TIMEOUT_S: Final = 10
"""Besides what the tests took with no change.  A change that makes them hang is noticed as well.  Time in which the
machine is busy elsewhere doesn't count."""
CPU_SECONDS: Final = 8
"""Processor time that one test may take: some changes make an endless loop.  That is noticed, too."""
MEMORY_BYTES: Final = 4 << 30
"""Address space of the tests of one change: some changes make a loop that fills the memory.  That is noticed, too."""
_BROKEN: Final = 99
_OURS: Final = {"eyeline", "tests", "tools", "__main__"}


class Outcome(TypedDict):
    """What came of a run of pytest."""

    by: str | None
    """The first test that failed, or what else ended the run; None if all passed."""
    seconds: dict[str, float]
    """How long each test took."""


class _OutcomeFile:
    """Writes the first test that failed, and how long each test took, to a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._outcome: Outcome = {"by": None, "seconds": {}}

    def pytest_runtest_logstart(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)  # ends the process

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        seconds = self._outcome["seconds"]
        seconds[report.nodeid] = seconds.get(report.nodeid, 0) + report.duration
        self.pytest_collectreport(report)

    def pytest_collectreport(self, report: pytest.CollectReport | pytest.TestReport) -> None:
        if report.failed:
            self._outcome["by"] = self._outcome["by"] or report.nodeid

    def pytest_sessionfinish(self) -> None:
        self._file.write_text(json.dumps(self._outcome))


class _Copy:
    """A copy of the repository, and which tests reach which line of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._reached: dict[str, dict[str, dict[str, list[str]]]] = {}
        """For each folder and path: the tests that reach a line."""
        self._seconds: dict[str, float] = {}
        for part in ("src", "tests", "tools"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        for file in ("pyproject.toml", "CHANGELOG.md"):
            shutil.copy(ROOT / file, folder / file)
        for part in ("docs", "web"):
            (folder / part).symlink_to(ROOT / part)
        compileall.compile_dir(folder / "src", quiet=2)
        compileall.compile_dir(folder / "tests", quiet=2)

    def load_libraries(self) -> None:
        """Import what the tests import, but for our own modules, so that forks have it."""
        names = self._folder / ".modules"

        class Names:
            def pytest_collection_finish(self) -> None:
                names.write_text("\n".join(sys.modules))

        self._pytest(["--collect-only", *(f"tests/{folder}" for folder in FOLDERS)], Names())
        for name in names.read_text().splitlines():
            if name.partition(".")[0] not in _OURS:
                with suppress(Exception):
                    importlib.import_module(name)

    def try_out(self, job: Job) -> Verdict:
        """Make the change, and run the tests that reach its lines, or all of its folder if none does."""
        path = self._folder / job["path"]
        folder = Path(job["path"]).parts[2]
        if folder not in self._reached:
            self._measure(folder)
        before = path.read_text()
        Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
        path.write_text(job["source"])
        try:
            tests = self._tests(folder, job)
            seconds = TIMEOUT_S + self._seconds_of(tests)
            by = self._pytest([*tests, "-x", "--hypothesis-profile=mutants"], seconds=seconds)["by"]
        finally:
            path.write_text(before)
        return {"noticed": True, "by": by} if by else {"noticed": False}

    def _measure(self, folder: str) -> None:
        """Run the folder's tests with no change, unless that was done before."""
        files = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "tests" / folder).rglob("*.py")])
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
        kept = ROOT / ".make" / f"mutants-{folder}.json"
        if not kept.exists() or json.loads(kept.read_text())["digest"] != digest:
            outcome = self._pytest([*self._files(folder), "--cov=src", "--cov-context=test", "--cov-report="])
            if outcome["by"]:
                out = (self._folder / ".out").read_text()
                raise SystemExit(f"Without any change, this fails in {folder}: {outcome['by']}\n{out}")
            data = CoverageData(str(self._folder / ".coverage"))
            data.read()
            reached = {
                str(Path(path).relative_to(self._folder)): data.contexts_by_lineno(path)
                for path in data.measured_files()
            }
            kept.write_text(json.dumps({"digest": digest, "reached": reached, "seconds": outcome["seconds"]}))
        found = json.loads(kept.read_text())
        self._reached[folder] = found["reached"]
        self._seconds |= found["seconds"]

    def _tests(self, folder: str, job: Job) -> list[str]:
        """Those that reach the lines; the quickest first."""
        contexts = self._reached[folder].get(job["path"], {})
        found = {name.partition("|")[0] for line in job["lines"] for name in contexts.get(str(line), []) if name}
        # Lines that run at import belong to every test that imports the module.
        module = ".".join(Path(job["path"]).with_suffix("").parts[1:])
        return sorted(found, key=lambda test: self._seconds.get(test, 0)) or self._files(folder, module)

    def _files(self, folder: str, module: str = "") -> list[str]:
        """The test files of a folder; those that name the module first, and the quickest of them first."""

        def order(path: Path) -> tuple[bool, float]:
            return module not in path.read_text(), self._seconds_of([f"tests/{folder}/{path.name}::"])

        files = [path for path in (self._folder / "tests" / folder).glob("test_*.py") if path.name not in SLOW]
        return [str(path.relative_to(self._folder)) for path in sorted(files, key=order)]

    def _seconds_of(self, tests: list[str]) -> float:
        """How long they took with no change; they may also be files."""
        prefixes = tuple(tests)
        return sum(seconds for test, seconds in self._seconds.items() if test.startswith(prefixes))

    def _pytest(self, arguments: list[str], *plugins: object, seconds: float = 600) -> Outcome:
        """Run pytest in a fork, for at most so long."""
        file = self._folder / ".outcome"
        file.unlink(missing_ok=True)
        child = os.fork()
        if child == 0:
            code = _BROKEN
            try:
                code = self._run(arguments, [_OutcomeFile(file), *plugins])
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        code = _wait(child, seconds)
        if code in {_BROKEN, pytest.ExitCode.USAGE_ERROR}:
            raise SystemExit((self._folder / ".out").read_text())
        outcome: Outcome = json.loads(file.read_text()) if file.exists() else {"by": None, "seconds": {}}
        if code and not outcome["by"]:
            outcome["by"] = f"exit code {code}"
        return outcome

    def _run(self, arguments: list[str], plugins: list[object]) -> int:
        os.setpgrp()
        os.chdir(self._folder)
        out = os.open(".out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)
        sys.path[:0] = [str(self._folder / "src"), str(self._folder)]
        os.environ |= {"PYTHONPATH": f"{self._folder / 'src'}:{self._folder}", "PYTHONDONTWRITEBYTECODE": "1"}
        sys.dont_write_bytecode = True
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        options = ["-q", "-n", "0", "-p", "no:cacheprovider", "--assert=plain"]
        return int(pytest.main([*options, *arguments], plugins=plugins))


def _wait(child: int, seconds: float) -> int:
    """Wait for a process that leads a group.  Its exit code; negative if it took longer and was stopped."""
    start = time.monotonic()
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        waited = int(Path(f"/proc/{child}/schedstat").read_text().split()[1]) / 1e9
        if time.monotonic() - start - waited > seconds:
            os.killpg(child, signal.SIGKILL)
        time.sleep(0.02)


def main() -> None:
    end = time.monotonic() + float(sys.argv[1])
    verdicts = os.fdopen(os.dup(1), "w", buffering=1)
    with tempfile.TemporaryDirectory() as scratch, redirect_stdout(sys.stderr):
        copy = _Copy(Path(scratch))
        copy.load_libraries()
        for line in sys.stdin:
            if time.monotonic() > end:
                break
            job: Job = json.loads(line)
            verdicts.write(json.dumps(copy.try_out(job)) + "\n")


if __name__ == "__main__":
    main()
