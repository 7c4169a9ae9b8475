"""Do the tests notice a mistake? Makes those of mutations.tsv, one at a time, in a copy of the project.

    python tests/mutate.py          # all of them
    python tests/mutate.py 3 17     # the third and the seventeenth line

A line has four columns: a file; a text that it holds once; what stands there by mistake; the test that catches it.
Caught: that test passes without the mistake and fails with it. Prints a line for each, and ends with status 1 unless all are caught.
Mistakes in jail/ are left to tests that do no harm where a protection is missing; never to hostile.py.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def mutations():
    """-> [file, text, replacement, test] of each line."""
    return [line.split("\t") for line in (ROOT / "tests" / "mutations.tsv").read_text().splitlines()]


def copy_project(folder):
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in files.strip("\0").split("\0"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)


def run_test(folder, test):
    """-> pytest's exit status: 0 passed, 1 failed, others: it could not be run."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", test]
    # Without bytecode: a file that changes twice within a second, to the same length, would not be compiled anew.
    return subprocess.run(command, cwd=folder, capture_output=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}).returncode


def verdict(folder, file, text, replacement, test, passing):
    """passing: the tests known to pass without a mistake; this one is added."""
    path = folder / file
    right = path.read_text() if path.exists() else ""
    if right.count(text) != 1:
        return "text not found"
    if test not in passing and run_test(folder, test) != 0:
        return "NOT CAUGHT: the test fails without the mistake"
    passing.add(test)
    path.write_text(right.replace(text, replacement))
    status = run_test(folder, test)
    path.write_text(right)
    return "caught" if status == 1 else f"NOT CAUGHT (pytest's status: {status})"


def main():
    rows, passing, missed = mutations(), set(), 0
    chosen = [int(word) for word in sys.argv[1:]] or range(1, len(rows) + 1)
    with tempfile.TemporaryDirectory() as folder:
        copy_project(Path(folder))
        for number in chosen:
            said = verdict(Path(folder), *rows[number - 1], passing)
            missed += said != "caught"
            print(f"{number:3d}  {said:14s}  {rows[number - 1][0]}: {rows[number - 1][2]}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} caught")
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()
