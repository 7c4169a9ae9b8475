"""What does this program really print? Runs untrusted programs fast, in processes of their own, and compares outputs.

    python sandbox.py prog.py < input        # run one file and print its result
    run("print(input())", "hello")           # -> Result(status='OK', stdout='hello\\n', error='', seconds=0.0004)
    with Sandbox() as sandbox:               # one worker per core, hundreds of runs a second each
        results = sandbox.map([(code, stdin), ...])

A worker is a small fresh interpreter (this file with --serve; never a fork of the trainer) that forks one child per run. The child gets
only the code and its stdin; what is expected stays with the caller, so no program can read its answer.

Promised: a run is over within its CPU limit (wall: three times that and a second), its memory and output are limited, its process group is
killed, and neither an exit, a crash nor a killed worker harms the caller or the next run.
Not promised: anything against malice. Programs run as you, and can read and write your files and use the network.
"""

from __future__ import annotations

import atexit
import base64
import gc
import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue


@dataclass(frozen=True)
class Result:
    """status: OK, ERROR (exception or non-zero exit), TIMEOUT, MEMORY, SIGNAL n, OUTPUT_LIMIT. stdout: what was printed before the end.
    error: the exception's name, "" if none. seconds: CPU time."""
    status: str
    stdout: str
    error: str
    seconds: float


# ---------------------------------------------------------------------------------------------------------------------------
# The caller's side.

class Sandbox:
    """A pool of workers, as a context manager. Limits hold for every run: CPU seconds, megabytes of memory, bytes of output.
    Raises ValueError for limits that are not positive."""

    def __init__(self, workers: int | None = None, *, cpu_seconds: float = 2.0, memory_mb: int = 512, output_bytes: int = 65536):
        if (workers is not None and workers < 1) or min(cpu_seconds, memory_mb, output_bytes) <= 0:
            raise ValueError(f"workers and limits must be positive, got {workers=} {cpu_seconds=} {memory_mb=} {output_bytes=}")
        self.limits = {"cpu_seconds": cpu_seconds, "memory_mb": memory_mb, "output_bytes": output_bytes}
        self.workers: list[_Worker | None] = [None] * (workers or os.cpu_count() or 1)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """End every worker. The sandbox can be used again; workers then start anew."""
        for k, worker in enumerate(self.workers):
            if worker:
                worker.close()
                self.workers[k] = None

    def run(self, code: str, stdin: str = "") -> Result:
        return self.map([(code, stdin)])[0]

    def map(self, jobs: Sequence[tuple[str, str]], **limits) -> list[Result]:
        """Run every (code, stdin), all workers busy; results in the order of the jobs. Raises ValueError for jobs that are not text."""
        for k, job in enumerate(jobs):
            if len(job) != 2 or not all(isinstance(part, str) for part in job):
                raise ValueError(f"job {k} must be (code, stdin), both str")
        results: list = [None] * len(jobs)
        waiting: SimpleQueue = SimpleQueue()
        for k in range(len(jobs)):
            waiting.put(k)

        def serve(slot: int) -> None:
            while True:
                try:
                    k = waiting.get_nowait()
                except Empty:
                    return
                worker = self.workers[slot] = self.workers[slot] or _Worker()
                results[k] = worker.run(*jobs[k], {**self.limits, **limits})
                if results[k] is None:  # the worker died: report the run (it may be the cause, so it is not retried), start another
                    worker.close()
                    self.workers[slot], results[k] = None, Result("SIGNAL 9", "", "", 0.0)

        slots = range(min(len(self.workers), len(jobs)))
        threads = [threading.Thread(target=serve, args=(slot,), daemon=True) for slot in slots]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except BaseException:
            self.close()
            raise
        return results


class _Worker:
    """One interpreter started fresh, spoken to in JSON lines."""

    def __init__(self):
        environment = {"PYTHONHASHSEED": "0", "PATH": os.defpath, "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}
        self.process = subprocess.Popen([sys.executable, "-S", "-s", "-P", os.path.abspath(__file__), "--serve"], env=environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)

    def run(self, code: str, stdin: str, limits: dict) -> Result | None:
        """None if the worker has died."""
        encoded = [base64.b64encode(text.encode("utf-8", "surrogatepass")).decode() for text in (code, stdin)]
        try:
            self.process.stdin.write(json.dumps([*encoded, limits]).encode() + b"\n")
            self.process.stdin.flush()
            return Result(*json.loads(self.process.stdout.readline()))
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


_shared: list[Sandbox] = []


def run(code: str, stdin: str = "", *, cpu_seconds: float = 2.0, memory_mb: int = 512, output_bytes: int = 65536) -> Result:
    """Run one program in a worker kept for this purpose. Raises ValueError for limits that are not positive, or arguments not text."""
    if min(cpu_seconds, memory_mb, output_bytes) <= 0:
        raise ValueError(f"limits must be positive, got {cpu_seconds=} {memory_mb=} {output_bytes=}")
    if not _shared:
        _shared.append(Sandbox(1))
        atexit.register(_shared[0].close)
    return _shared[0].map([(code, stdin)], cpu_seconds=cpu_seconds, memory_mb=memory_mb, output_bytes=output_bytes)[0]


_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", re.ASCII)


def same_output(got: str, want: str) -> bool:
    """Token by token (split at white space), equal count, case-sensitive. Two plain decimal numbers are equal exactly where the wanted one
    looks like an integer, else within 1e-5 * max(1, |want|) (the paper's tolerance). Never raises on text."""
    a, b = got.split(), want.split()
    return len(a) == len(b) and all(x == y or _same_number(x, y) for x, y in zip(a, b))


def _same_number(got: str, want: str) -> bool:
    if max(len(got), len(want)) > 64 or not (_NUMBER.fullmatch(got) and _NUMBER.fullmatch(want)):
        return False
    a, b = float(got), float(want)
    if abs(a) == float("inf") or abs(b) == float("inf"):
        return False
    if re.fullmatch(r"[+-]?[0-9]+", want):  # exactly, beyond the precision of a float
        return int(got) == int(want) if re.fullmatch(r"[+-]?[0-9]+", got) else a == b and a == int(want)
    return abs(a - b) <= 1e-5 * max(1.0, abs(b))


# ---------------------------------------------------------------------------------------------------------------------------
# The worker's side: read a job, fork a child for it, watch the child, answer.

def _serve() -> None:
    import ast  # noqa: F401  what programs usually import, and what _child needs, once, before forking
    import bisect  # noqa: F401
    import collections  # noqa: F401
    import ctypes  # noqa: F401
    import functools  # noqa: F401
    import heapq  # noqa: F401
    import io  # noqa: F401
    import itertools  # noqa: F401
    import math  # noqa: F401
    import random  # noqa: F401
    import resource  # noqa: F401
    import string  # noqa: F401

    gc.disable()   # a collection in the child would touch, and so copy, every page
    gc.freeze()
    jobs, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    for line in jobs:  # ends when the caller closes the pipe or dies
        code, stdin, limits = json.loads(line)
        code = base64.b64decode(code).decode("utf-8", "surrogatepass")
        answers.write(json.dumps(_watch(code, base64.b64decode(stdin), limits)).encode() + b"\n")
        answers.flush()


def _watch(code: str, stdin: bytes, limits: dict) -> list:
    """Run one child -> [status, stdout, error, CPU seconds]."""
    in_read, in_write = os.pipe()
    out_read, out_write = os.pipe()
    end_read, end_write = os.pipe()   # how it ended, apart from what it printed
    child = os.fork()
    if child == 0:
        _child(code, limits, in_read, out_write, end_write)
    for fd in (in_read, out_write, end_write):
        os.close(fd)
    os.set_blocking(in_write, False)
    deadline = time.monotonic() + 3 * limits["cpu_seconds"] + 1
    output, ending, state, over = b"", b"", None, ""
    reading, writing = {out_read, end_read}, bool(stdin)
    if not stdin:
        os.close(in_write)
    while reading and not over:
        readable, writable, _ = select.select(reading, [in_write] if writing else [], [], 0.02)
        for fd in readable:
            data = os.read(fd, 65536)
            if not data:
                reading.discard(fd)
            elif fd == out_read:
                output += data
                over = "OUTPUT_LIMIT" if len(output) > limits["output_bytes"] else over
            else:
                ending = (ending + data)[:200]
        if writable:
            try:
                stdin = stdin[os.write(in_write, stdin):]
            except BlockingIOError:
                pass
            except OSError:
                stdin = b""
            if not stdin:
                writing = False
                os.close(in_write)
        if time.monotonic() > deadline:
            over = "TIMEOUT"
        elif not readable and not writable:  # idle: the child may have ended while a grandchild holds its pipes
            pid, status, usage = os.wait4(child, os.WNOHANG)
            if pid:
                state = status, usage
                break
    if writing:
        os.close(in_write)
    for fd in (out_read, end_read):
        os.close(fd)
    if state is None and over:
        _kill(child)
    if state is None:
        while True:  # closing its pipes is no way to live on
            pid, status, usage = os.wait4(child, os.WNOHANG)
            if pid:
                state = status, usage
                break
            if time.monotonic() > deadline:
                over = over or "TIMEOUT"
                _kill(child)
            time.sleep(0.0005)
    _kill(child)                      # whatever it left in its process group
    status, usage = state
    seconds = usage.ru_utime + usage.ru_stime
    error, code = ending.decode("utf-8", "replace"), os.waitstatus_to_exitcode(status)
    if not over:
        if -code in (signal.SIGXCPU, signal.SIGPROF) or seconds > limits["cpu_seconds"]:
            over = "TIMEOUT"
        elif error == "MemoryError":
            over = "MEMORY"
        elif code < 0:
            over = f"SIGNAL {-code}"
        else:
            over = "ERROR" if error or code else "OK"
    return [over, output[:limits["output_bytes"]].decode("utf-8", "replace"), error, round(seconds, 6)]


def _kill(child: int) -> None:
    for kill in (os.killpg, os.kill):
        try:
            kill(child, signal.SIGKILL)
            return
        except (ProcessLookupError, PermissionError):
            pass


def _child(code: str, limits: dict, stdin: int, stdout: int, ending: int) -> None:
    """Becomes the program; never returns."""
    status, error = 0, ""
    try:
        import resource
        import types
        os.setsid()
        _die_with_parent()
        os.dup2(stdin, 0)
        os.dup2(stdout, 1)
        ending = os.dup2(ending, 63)
        os.closerange(3, 63)
        os.closerange(64, 256)
        cpu = int(limits["cpu_seconds"]) + 1
        for name, soft, hard in (("RLIMIT_CPU", cpu, cpu + 1), ("RLIMIT_AS", *[limits["memory_mb"] * 2**20] * 2), ("RLIMIT_CORE", 0, 0)):
            try:
                resource.setrlimit(getattr(resource, name), (soft, hard))
            except (AttributeError, ValueError, OSError):
                pass  # a limit this system does not have, or a lower one already in force
        signal.setitimer(signal.ITIMER_PROF, limits["cpu_seconds"])   # finer than RLIMIT_CPU; its signal ends the process
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.stdin = open(0, encoding="utf-8", errors="surrogateescape")
        sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape")
        sys.stderr = open(2, "w")
        sys.argv = ["program.py"]
        import builtins
        builtins.exit = builtins.quit = sys.exit                      # -S left them out
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            exec(compile(code, "<program>", "exec"), main.__dict__)
        finally:
            threading._shutdown()
            atexit._run_exitfuncs()
    except SystemExit as stop:
        if stop.code not in (None, 0):
            status, error = 1, "SystemExit"
    except BaseException as exception:
        status, error = 1, type(exception).__name__
    try:
        sys.stdout.flush()
    except BaseException as exception:
        status, error = 1, error or type(exception).__name__
    try:
        os.write(ending, error.encode("utf-8", "replace")[:200])
    finally:
        os._exit(status)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        try:
            import ctypes
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)                # PR_SET_PDEATHSIG
        except (ImportError, OSError, AttributeError):
            pass


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        _serve()
    elif len(sys.argv) == 2 and not sys.argv[1].startswith("-"):
        try:
            program = open(sys.argv[1], encoding="utf-8").read()
        except (OSError, UnicodeDecodeError) as problem:
            sys.exit(f"sandbox.py: cannot read {sys.argv[1]}: {problem}")
        print(run(program, "" if sys.stdin.isatty() else sys.stdin.read()))
    else:
        print(__doc__)
        sys.exit(0 if sys.argv[1:] in ([], ["-h"], ["--help"]) else "sandbox.py: one argument, the program's file")
