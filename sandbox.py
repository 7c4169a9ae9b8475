"""What does this program really print? Runs untrusted programs, locked in, and compares outputs.

    python sandbox.py prog.py < input      # run one file and print its result
    python sandbox.py --check              # what holds on this machine, protection by protection
    run("print(input())", "hello")         # -> Result("OK", "hello\\n", error="", seconds=0.0004)
    Sandbox().map([(code, stdin), ...])    # one worker per core, hundreds of runs a second each

A worker (jail/, to be skipped) is a small fresh interpreter that forks one child per run. The child
gets code and stdin; what is expected stays with the caller, so no program can read its answer.

Promised, at every level:
    time        a run ends within its CPU limit (2 s), and within 3 times that and 1 s by the clock
    memory      a program gets no more than memory_mb (512)
    output      at most output_bytes (65,536) are kept, and no flood stalls or fills the caller
    order       results come in the order of the jobs, each that of its own run
    apart       no run sees anything of another: code, input, output, changed modules
    survival    caller and next run go on; a worker that dies is replaced and its run reported
    leftovers   when the caller ends, is killed or gets Ctrl-C, its workers and their programs end
Promised at Sandbox.level "full", Linux 5.13 or newer (jail/README.md has the other levels):
    writing     no file is made, changed or removed
    reading     no file is read but Python's own library, shared libraries and the time zone
    network     no connection, no name lookup, no server
    processes   no other process or program is started
    signals     no other process is signalled, limited or slowed down on purpose
    calls       the kernel answers no call but those that jail/lock.py lists
    looking     no other process's memory, environment, arguments or open files are seen
Not promised, at any level:
    existence   a program can ask whether a file exists, and its size and date
    honesty     a program can end with any output, status or exception's name that it likes
    kernel      a hole in the kernel or the processor is not closed
    quiet       a program can use all of its CPU time, and learn what machine this is
"""

from __future__ import annotations

import atexit
import itertools
import os
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import decode_source
from pathlib import Path

from commands import fail, manual, plainly
from jail.client import Ending, Worker
from jail.probes import check


@dataclass(frozen=True)
class Result:
    """status: OK, ERROR (exception or non-zero exit), TIMEOUT, MEMORY, SIGNAL n, OUTPUT_LIMIT.
    stdout: what was printed before the end. error: the exception's name with ERROR and MEMORY, else
    "". seconds: CPU time. note: how the sandbox differs from plain Python here, if it does."""
    status: str
    stdout: str
    error: str
    seconds: float
    note: str = ""


class Sandbox:
    """A pool of workers, as a context manager. Limits hold for every run. Raises ValueError for
    wrong limits, RuntimeError where no worker can be started."""

    def __init__(self, workers: int | None = None, *, cpu_seconds: float = 2.0,
                 memory_mb: int = 512, output_bytes: int = 65536):
        workers = os.cpu_count() or 1 if workers is None else workers
        if type(workers) is not int or workers < 1:   # True is no number of workers
            raise ValueError(f"workers must be a positive whole number, or None, got {workers!r}")
        self.limits = checked(dict(cpu_seconds=cpu_seconds, memory_mb=memory_mb,
                                   output_bytes=output_bytes))
        self.slots = range(workers)
        self.workers = {}   # (slot, whether for programs that import something): once it is needed
        self.busy = threading.Lock()   # one map at a time: a worker serves one run at a time

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """End every worker. The sandbox can be used again; workers then start anew."""
        for place in list(self.workers):
            self._end(place)

    @property
    def level(self) -> str:
        """What holds here: full, seccomp, landlock or limits."""
        with self.busy:
            return self._worker((0, False)).level

    def run(self, code: str, stdin: str = "") -> Result:
        return self.map([(code, stdin)])[0]

    def map(self, jobs: list[tuple[str, str]], **limits) -> list[Result]:
        """Run every (code, stdin), all workers busy; results in the order of the jobs. limits are
        for this call. Raises ValueError for jobs that are not text."""
        jobs = list(jobs)
        for k, job in enumerate(jobs):
            match job:
                case str(), str():
                    continue
            raise ValueError(f"job {k} must be (code, stdin), both str")
        limits = checked(self.limits | limits)
        results = [None] * len(jobs)
        work = (itertools.count(), jobs, limits, results)
        with self.busy, ThreadPoolExecutor(len(self.slots)) as threads:
            try:
                others = [threads.submit(self._serve, slot, *work)
                          for slot in self.slots[1:len(jobs)]]
                self._serve(0, *work)   # the first slot is served by this thread
                for other in others:
                    other.result()
            except BaseException:   # Ctrl-C: no thread takes another job, and what runs is ended
                jobs.clear()
                self.close()
                raise
        return results

    def _serve(self, slot: int, turns, jobs: list, limits: dict, results: list) -> None:
        """Give this slot's worker the next job, as long as there is one."""
        while (k := next(turns)) < len(jobs):
            place = slot, "import" in jobs[k][0]
            ending = self._worker(place).run(*jobs[k], **limits)
            if ending is None:   # the run may be the cause, so it is not tried again
                self._end(place)
            results[k] = as_result(ending or Ending(-9, "", 0.0, b""), limits["output_bytes"])

    def _worker(self, place) -> Worker:
        worker = self.workers.get(place)
        if worker is None or worker.owner != os.getpid():   # a fork of the caller needs its own
            worker = self.workers[place] = Worker(place[1])
        return worker

    def _end(self, place) -> None:
        worker = self.workers.pop(place, None)
        if worker:
            worker.close()


def checked(limits: dict) -> dict:
    for name, value in limits.items():
        if type(value) not in (int, float) or not 0 < value < 1e12:
            raise ValueError(f"{name} must be a positive number, below 10**12, got {value!r}")
    return limits


def as_result(ending: Ending, output_bytes: int) -> Result:
    status, error = "OK", ""
    if len(ending.output) > output_bytes:
        status = "OUTPUT_LIMIT"
    elif ending.limit:
        status = ending.limit
    elif ending.exit_code < 0:
        status = f"SIGNAL {-ending.exit_code}"
    elif ending.exit_code > 0:
        error = ending.error
        status = "MEMORY" if error == "MemoryError" else "ERROR"
    stdout = ending.output[:int(output_bytes)].decode("utf-8", "replace")
    return Result(status, stdout, error, round(ending.cpu_seconds, 6), ending.note)


_shared = Sandbox(1)   # of run(): its worker starts with the first run
atexit.register(_shared.close)


def run(code: str, stdin: str = "", **limits) -> Result:
    """Run one program in a worker kept for this purpose; limits as for `Sandbox`. Raises ValueError
    for wrong arguments."""
    return _shared.map([(code, stdin)], **limits)[0]


TOKEN = re.compile(r"\S+", re.ASCII)
DECIMAL = re.compile(r"[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]*)")


def same_output(got: str, want: str) -> bool:
    """Token by token (split at blanks, tabs, line ends; a no-break space is text), equal count,
    case-sensitive. Two plain decimal numbers of at most 400 characters are equal exactly where the
    wanted one looks like an integer, else within 1e-5 * max(1, |want|) (the paper's tolerance):
    1.000009 for 1.0, not 1000001 for 1000000. Leading zeros make a text: 007 is not 7, nor 10 0010.
    Never raises on text."""
    ours, theirs = TOKEN.findall(got), TOKEN.findall(want)
    same = (x == y or same_number(x, y) for x, y in zip(ours, theirs))
    return len(ours) == len(theirs) and all(same)


def same_number(got: str, want: str) -> bool:
    if max(len(got), len(want)) > 400 or not (DECIMAL.fullmatch(got) and DECIMAL.fullmatch(want)):
        return False
    a, b = float(got), float(want)   # as such, 1.00001 - 1.0 is a little more than 1e-5
    if WHOLE.fullmatch(want):   # exactly, beyond the precision of a float
        return int(got) == int(want) if WHOLE.fullmatch(got) else a == b == int(want)
    return abs(a - b) <= 1.000000001e-5 * max(1.0, abs(b)) < float("inf")


@plainly()
def main() -> None:
    parser = manual(__doc__)
    parser.add_argument("program", nargs="?", type=Path, help="file to run on this input")
    parser.add_argument("--check", action="store_true", help="try every protection")
    args = parser.parse_args()
    sys.stdout.reconfigure(errors="backslashreplace")
    if args.check:
        with Sandbox(cpu_seconds=0.5) as sandbox:
            print(check(sandbox))
    elif args.program is None:
        parser.print_help()
    else:
        try:
            code = decode_source(args.program.read_bytes())
        except (OSError, SyntaxError, UnicodeDecodeError) as problem:
            fail(f"cannot read {args.program}: {problem}")
        given = sys.stdin and not sys.stdin.isatty()   # None: it is closed
        if given:
            sys.stdin.reconfigure(errors="surrogateescape")   # bytes that are no text go through
        print(run(code, sys.stdin.read() if given else ""))


if __name__ == "__main__":
    main()
