"""Mutation testing of the server: `make mutants`, or python -m tools.mutants --sample 300 --seconds 1800 --seed 1.

Makes small wrong changes to `src/eyeline/{signalling,turn,serve}`, one at a time, each in a copy of the repository, and
runs the fast tests of that folder.  Prints each change that no test notices, and how many were noticed.  The sample is
the same each time for the same source and seed; it is cut short after `--seconds`.  Needs cosmic-ray, which makes the
changes, in an environment of its own; `--python` is the one that runs the tests.
"""

import argparse
import difflib
import os
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path
from typing import Final, NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT: Final = Path(__file__).parent.parent
FOLDERS: Final = ("signalling", "turn", "serve")
SLOW: Final = {"test_asgi_servers.py"}
TIMEOUT_S: Final = 120
"""A change that makes the tests hang is noticed as well."""
MEMORY_BYTES: Final = 4 << 30
"""Address space of the tests of one change: some changes make a loop that fills the memory.  That is noticed, too."""
_USAGE_ERROR: Final = 4
SKIPPED: Final = ("BitOr", "Variable")
"""Operators that change type annotations, and those that need arguments."""


class Mutant(NamedTuple):
    """One change: the n-th that this operator can make to the file."""

    path: Path
    """Relative to the repository."""
    operator: str
    occurrence: int

    @property
    def folder(self) -> str:
        """The folder of `src/eyeline` that it is in."""
        return self.path.parts[2]


def mutants(folder: str) -> Iterator[Mutant]:
    """All changes that can be made to the modules of a folder."""
    operators = [name for name in operator_names() if not any(each in name for each in SKIPPED)]
    for path in sorted((ROOT / "src" / "eyeline" / folder).rglob("*.py")):
        nodes = list(ast_nodes(get_ast_from_path(path)))
        for name in sorted(operators):
            operator = get_operator(name)()
            positions = sum(len(list(operator.mutation_positions(node))) for node in nodes)
            yield from (Mutant(path.relative_to(ROOT), name, each) for each in range(positions))


def fails(folder: str, module: str, copy: Path, python: str) -> bool:
    """Whether a fast test of the folder fails in the copy; those that name the module run first."""
    files = [path for path in sorted((copy / "tests" / folder).glob("test_*.py")) if path.name not in SLOW]
    files.sort(key=lambda path: module not in path.read_text())
    command = [python, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider"]
    environ = {**os.environ, "PYTHONPATH": f"{copy / 'src'}:{copy}", "PYTHONDONTWRITEBYTECODE": "1"}
    tests = [str(path.relative_to(copy)) for path in files]
    try:
        done = subprocess.run(
            ["prlimit", f"--as={MEMORY_BYTES}", *command, *tests],
            cwd=copy,
            env=environ,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    if done.returncode == _USAGE_ERROR:
        raise SystemExit(done.stderr.decode())
    return done.returncode != 0


def is_noticed(mutant: Mutant, copy: Path, python: str) -> bool | None:
    """Whether a test fails with this change, made in the copy; None if it changes nothing.  Prints it if none does."""
    path = copy / mutant.path
    before = path.read_text()
    after = mutate_code(before, get_operator(mutant.operator)(), mutant.occurrence)
    if after is None or after == before:
        return None
    path.write_text(after)
    try:
        noticed = fails(mutant.folder, ".".join(mutant.path.with_suffix("").parts[1:]), copy, python)
    finally:
        path.write_text(before)
    if not noticed:
        lines = difflib.unified_diff(before.splitlines(), after.splitlines(), str(mutant.path), "", n=0, lineterm="")
        print(f"not noticed: {mutant.operator} {mutant.occurrence}", *lines, "", sep="\n", flush=True)
    return noticed


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int, default=300, help="changes in all, the same number in each folder")
    parser.add_argument("--seconds", type=float, default=1800, help="after which no further change is tried")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--python", default=sys.executable)
    args = parser.parse_args()
    chosen = []
    for folder in FOLDERS:
        found = list(mutants(folder))
        print(f"{folder}: {len(found)} changes are possible", flush=True)
        chosen.append(random.Random(args.seed).sample(found, min(len(found), args.sample // len(FOLDERS))))
    work = [each for row in zip_longest(*chosen) for each in row if each is not None]
    end = time.monotonic() + args.seconds
    tried: Counter[str] = Counter()
    noticed: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(2) as pool:
        copies: queue.Queue[Path] = queue.Queue()
        for name in ("one", "two"):
            for part in ("src", "tests"):
                shutil.copytree(ROOT / part, Path(scratch, name, part), ignore=shutil.ignore_patterns("__pycache__"))
            for file in ("pyproject.toml", "CHANGELOG.md"):
                shutil.copy(ROOT / file, Path(scratch, name, file))
            (Path(scratch, name) / "docs").symlink_to(ROOT / "docs")
            copies.put(Path(scratch, name))
        for folder in FOLDERS:
            if fails(folder, "", Path(scratch, "one"), args.python):
                raise SystemExit(f"The tests of {folder} fail without any change, or take more than {TIMEOUT_S} s.")

        def run(mutant: Mutant) -> None:
            copy = copies.get()
            try:
                outcome = is_noticed(mutant, copy, args.python) if time.monotonic() < end else None
            finally:
                copies.put(copy)
            if outcome is not None:
                tried[mutant.folder] += 1
                noticed[mutant.folder] += outcome

        list(pool.map(run, work))
    for folder in FOLDERS:
        share = 100 * noticed[folder] / max(1, tried[folder])
        print(f"{folder}: {noticed[folder]} of {tried[folder]} changes noticed, {share:.0f} %")


if __name__ == "__main__":
    main()
