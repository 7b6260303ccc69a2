"""What came of each change, kept in a file so that a stop loses nothing."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TypedDict

from tools.mutants.job import ROOT, Verdict
from tools.mutants.source_changes import Mutant


class _Result(TypedDict):
    path: str
    name: str
    verdict: Verdict
    source: str
    tests: str


@cache
def _digest(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class Results:
    """Results of this run and of runs before it, one JSON object per line."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(exist_ok=True)
        self._file = file
        self._tests = _digest(*sorted((ROOT / "tests").rglob("*.py")))
        self._results: dict[tuple[str, str], _Result] = {}
        for line in file.read_text().splitlines() if file.exists() else ():
            result: _Result = json.loads(line)
            self._results[result["path"], result["name"]] = result

    def outcome(self, mutant: Mutant) -> bool | None:
        """Whether a test noticed it when it was last tried; None if it wasn't tried with the module as it is now."""
        result = self._results.get((str(mutant.path), mutant.name))
        return result["verdict"]["noticed"] if result and result["source"] == _digest(ROOT / mutant.path) else None

    def stands(self, mutant: Mutant) -> bool:
        """Whether trying it again would tell nothing new: a test noticed it, or the tests are the same."""
        outcome = self.outcome(mutant)
        return outcome is True or (
            outcome is False and self._results[str(mutant.path), mutant.name]["tests"] == self._tests
        )

    def keep(self, mutant: Mutant, verdict: Verdict) -> None:
        """Write down what came of it."""
        source = _digest(ROOT / mutant.path)
        result = _Result(path=str(mutant.path), name=mutant.name, verdict=verdict, source=source, tests=self._tests)
        self._results[result["path"], result["name"]] = result
        with self._file.open("a") as file:
            file.write(json.dumps(result) + "\n")
