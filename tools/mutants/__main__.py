"""Mutation testing of the server: `make mutants SIDE=server`, or python -m tools.mutants --sample 300 --seed 1.

Makes small wrong changes to `src/eyeline/{signalling,turn,serve}`, one at a time, in a copy of the repository, and runs
the fast tests that reach the changed line.  Prints each change that no test notices, and how many were noticed.

The sample is the same for the same seed, but for what has changed in the source.  Results are kept in `--results`: run
it again after a stop and it goes on, and run it again after writing a test and it tries what no test noticed before.
Needs cosmic-ray, which makes the changes, in an environment of its own; `--python` is the one that runs the tests.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from itertools import zip_longest
from pathlib import Path

from tools.mutants.job import FOLDERS, ROOT, Job
from tools.mutants.results import Results
from tools.mutants.source_changes import Mutant, sample


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int, default=300, help="changes in all, the same number in each folder")
    parser.add_argument("--seconds", type=float, default=1800, help="after which no further change is tried")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--results", type=Path, default=ROOT / ".make" / "mutants-server.jsonl")
    args = parser.parse_args()
    chosen = [sample(folder, args.sample // len(FOLDERS), args.seed) for folder in FOLDERS]
    work = [each for row in zip_longest(*chosen) for each in row if each is not None]
    results = Results(args.results)
    waiting = [mutant for mutant in work if not results.stands(mutant)]
    print(f"{len(work)} changes, {len(waiting)} of them to try", flush=True)
    try_out(waiting, results, args.python, args.seconds)
    report(work, results)


def try_out(waiting: list[Mutant], results: Results, python: str, seconds: float) -> None:
    """Have the tests run on each change, and keep the results as they come."""
    jobs = [Job(path=str(each.path), source=each.source(), lines=list(each.lines)) for each in waiting]
    with tempfile.TemporaryFile("w+") as file:
        file.writelines(json.dumps(job) + "\n" for job in jobs)
        file.seek(0)
        command = [python, "-m", "tools.mutants.trial", str(seconds)]
        with subprocess.Popen(command, cwd=ROOT, stdin=file, stdout=subprocess.PIPE, text=True) as trial:
            assert trial.stdout is not None
            for mutant, line in zip(waiting, trial.stdout, strict=False):
                results.keep(mutant, json.loads(line))
    if trial.returncode:
        raise SystemExit(trial.returncode)


def report(work: list[Mutant], results: Results) -> None:
    """Print the changes that no test notices, and the numbers for each folder."""
    tried: Counter[str] = Counter()
    noticed: Counter[str] = Counter()
    for mutant in work:
        outcome = results.outcome(mutant)
        if outcome is not None:
            tried[mutant.folder] += 1
            noticed[mutant.folder] += outcome
        if outcome is False:
            print("not noticed:", *mutant.diff(), "", sep="\n")
    for folder in FOLDERS:
        share = 100 * noticed[folder] / max(1, tried[folder])
        print(f"{folder}: {noticed[folder]} of {tried[folder]} changes noticed, {share:.0f} %")


if __name__ == "__main__":
    main()
