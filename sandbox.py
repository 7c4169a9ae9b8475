"""What does this program really print? Runs untrusted programs fast, in locked processes of their own, and compares outputs.

    python sandbox.py prog.py < input        # run one file and print its result
    python sandbox.py --check                # what holds on this machine, protection by protection
    run("print(input())", "hello")           # -> Result(status='OK', stdout='hello\\n', error='', seconds=0.0004)
    with Sandbox() as sandbox:               # one worker per core, hundreds of runs a second each
        results = sandbox.map([(code, stdin), ...])

A worker (jail.py) is a small fresh interpreter, never a fork of the trainer, that forks one child per run. The child gets the code and
its stdin; what is expected stays with the caller, so no program can read its answer.

Promised, at every level:
    time        a run ends within its CPU limit, and within three times that and a second by the clock
    memory      a program gets no more than memory_mb
    output      at most output_bytes are kept, and no flood stalls or fills the caller
    order       results come in the order of the jobs, each that of its own run
    apart       no run sees anything of another: code, input, output, changed modules
    survival    whatever a program does, caller and next run go on; a worker that dies is replaced and its run reported
    leftovers   when the caller ends, is killed or gets Ctrl-C, its workers and their programs end
Promised at level "full", which Sandbox.level names: Linux with Landlock and seccomp (5.13 and newer), as root or not:
    writing     no file is made, changed or removed
    reading     no file is read but Python's own library, shared libraries and the time zone
    network     no connection, no name lookup, no server
    processes   no other process or program is started
    signals     no other process is signalled, limited or slowed down on purpose
    calls       the kernel answers no call but those that jail.py lists
    looking     no other process's memory, environment, arguments or open files are seen
At level "seccomp" (no Landlock), reading and looking are not promised, and not even the null device can be written. At "landlock" and
"limits" (neither; macOS) only the first list is, and there memory only as far as the system has such a limit. Windows: use WSL.

Not promised, at any level:
    existence   a program can ask whether a file exists, and its size and date
    honesty     a program can end with whatever output, status or exception's name it likes: only what it prints is compared
    kernel      a hole in the kernel or the processor is not closed
    quiet       a program can use all of its CPU time, and learn what machine this is
"""

from __future__ import annotations

import atexit
import os
import re
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from jail import ANSWER, REQUEST, RUN, STOP


@dataclass(frozen=True)
class Result:
    """status: OK, ERROR (exception or non-zero exit), TIMEOUT, MEMORY, SIGNAL n, OUTPUT_LIMIT. stdout: what was printed before the end.
    error: the exception's name with ERROR and MEMORY, "" if none. seconds: CPU time."""
    status: str
    stdout: str
    error: str
    seconds: float


def check_limits(cpu_seconds: float, memory_mb: int, output_bytes: int) -> None:
    for name, value in (("cpu_seconds", cpu_seconds), ("memory_mb", memory_mb), ("output_bytes", output_bytes)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e12:
            raise ValueError(f"{name} must be a positive number, below 10**12, got {value!r}")


class Sandbox:
    """A pool of workers, as a context manager. Limits hold for every run: CPU seconds, megabytes of memory, bytes of output.
    Raises ValueError for wrong limits, RuntimeError where no worker can be started."""

    def __init__(self, workers: int | None = None, *, cpu_seconds: float = 2.0, memory_mb: int = 512, output_bytes: int = 65536):
        if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
            raise ValueError(f"workers must be a positive whole number, or None for one per core, got {workers!r}")
        check_limits(cpu_seconds, memory_mb, output_bytes)
        self.limits = {"cpu_seconds": cpu_seconds, "memory_mb": memory_mb, "output_bytes": output_bytes}
        self.workers: list[_Worker | None] = [None] * (workers or os.cpu_count() or 1)
        self.busy = threading.Lock()      # one map at a time: a worker serves one run at a time

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """End every worker. The sandbox can be used again; workers then start anew."""
        for slot, worker in enumerate(self.workers):
            if worker:
                worker.close()
                self.workers[slot] = None

    @property
    def level(self) -> str:
        """What holds here: full, seccomp, landlock or limits (see the top of this file)."""
        with self.busy:
            return self._worker(0).level

    def _worker(self, slot: int) -> _Worker:
        worker = self.workers[slot]
        if worker is None or worker.owner != os.getpid():  # a fork of the caller must not talk to the caller's workers
            worker = self.workers[slot] = _Worker()
        return worker

    def run(self, code: str, stdin: str = "") -> Result:
        return self.map([(code, stdin)])[0]

    def map(self, jobs: Sequence[tuple[str, str]], **limits) -> list[Result]:
        """Run every (code, stdin), all workers busy; results in the order of the jobs. Raises ValueError for jobs that are not text."""
        jobs = list(jobs)
        for k, job in enumerate(jobs):
            if not isinstance(job, tuple | list) or len(job) != 2 or not all(isinstance(part, str) for part in job):
                raise ValueError(f"job {k} must be (code, stdin), both str")
        limits = {**self.limits, **limits}
        check_limits(**limits)
        results: list = [None] * len(jobs)
        problems: list[BaseException] = []
        waiting: SimpleQueue = SimpleQueue()
        for k in range(len(jobs)):
            waiting.put(k)

        def serve(slot: int) -> None:
            try:
                while not problems:
                    k = waiting.get_nowait()
                    worker = self._worker(slot)
                    results[k] = worker.run(*jobs[k], **limits)
                    if results[k] is None:  # the worker died: report the run (it may be the cause, so it is not retried), start another
                        worker.close()
                        self.workers[slot], results[k] = None, Result("SIGNAL 9", "", "", 0.0)
            except Empty:
                pass
            except BaseException as problem:
                problems.append(problem)

        with self.busy:
            threads = [threading.Thread(target=serve, args=(slot,), daemon=True) for slot in range(min(len(self.workers), len(jobs)))]
            try:
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
            except BaseException as problem:    # Ctrl-C: no thread takes another job, and what runs loses its worker
                problems.append(problem)
                self.close()
                for thread in threads:
                    thread.join()
                self.close()
                raise
            if problems:
                raise problems[0]
        return results


class _Worker:
    """One interpreter started fresh, which runs one program at a time in a fork of itself. Code and stdin go straight to that fork."""

    def __init__(self):
        self.owner = os.getpid()
        # Same hashes in every run; UTF-8; one arena, because glibc reserves 64 MB of the memory limit for each.
        environment = {"PYTHONHASHSEED": "0", "PATH": os.defpath, "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1", "MALLOC_ARENA_MAX": "1"}
        self.control, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-S", "-s", "-P", str(Path(__file__).resolve().parent / "jail.py")]
            self.process = subprocess.Popen(command, env=environment, cwd="/", stdin=theirs, stdout=subprocess.DEVNULL,
                                            start_new_session=True)
        hello = self.control.makefile("rb").readline()
        if not hello.endswith(b"\n"):
            self.close()
            raise RuntimeError(f"the sandbox's worker ({sys.executable}) did not start; what it said is above")
        self.level = hello.decode().strip()

    def run(self, code: str, stdin: str, cpu_seconds: float, memory_mb: float, output_bytes: int) -> Result | None:
        """None if the worker has died."""
        stdin_read, stdin_write = os.pipe()
        output_read, output_write = os.pipe()
        ours, theirs = socket.socketpair()     # the channel: code there, the name of the last exception back
        channel = ours.fileno()
        # Their ends stay open here too, so that a program which closes its own gets this process no SIGPIPE.
        ends = {stdin_read, stdin_write, output_read, output_write}
        pending = {fd: memoryview(text.encode("utf-8", "surrogatepass")) for fd, text in ((stdin_write, stdin), (channel, code))}
        output, answer, enough = bytearray(), b"", False
        give_up = time.monotonic() + 3 * cpu_seconds + 30     # the worker itself keeps the time; this is for a worker that hangs
        try:
            request = RUN + REQUEST.pack(cpu_seconds, int(memory_mb * 2**20))
            socket.send_fds(self.control, [request], [stdin_read, output_write, theirs.fileno()])
            os.close(output_write)
            ends.discard(output_write)
            for fd in (stdin_write, output_read, channel):
                os.set_blocking(fd, False)
            poll = select.poll()
            poll.register(self.control.fileno(), select.POLLIN)
            poll.register(output_read, select.POLLIN)

            def feed(fd: int) -> None:
                """Write what the pipe or channel takes; close it after the last byte."""
                try:
                    pending[fd] = pending[fd][os.write(fd, pending[fd]):]
                except BlockingIOError:
                    pass
                if pending[fd]:
                    return poll.register(fd, select.POLLOUT)
                if fd == channel:
                    ours.shutdown(socket.SHUT_WR)
                else:
                    os.close(fd)
                    ends.discard(fd)
                del pending[fd]

            for fd in list(pending):
                feed(fd)
            while not answer:
                if time.monotonic() > give_up:
                    return None
                for fd, _ in poll.poll(1000):
                    if fd in pending:
                        poll.unregister(fd)
                        feed(fd)
                    elif fd == output_read:
                        data = os.read(fd, 65536)
                        output += data
                        if len(output) > output_bytes:
                            enough = True
                            self.control.send(STOP)
                        if not data or enough:
                            poll.unregister(fd)
                    else:
                        answer = self.control.recv(ANSWER.size, socket.MSG_WAITALL)
                        if len(answer) < ANSWER.size:
                            return None
            # Nothing of the program is alive: what is in the pipes is all there will be.
            if not enough:
                output += _rest(output_read, output_bytes + 1 - len(output))
            error = _rest(channel, 1 << 16).rpartition(b"\0")[2][:200].decode("utf-8", "replace")
        except (OSError, ValueError):
            return None
        finally:
            for fd in ends:
                os.close(fd)
            ours.close()
            theirs.close()
        status, why, seconds = ANSWER.unpack(answer)
        code = os.waitstatus_to_exitcode(status)
        if len(output) > output_bytes:
            verdict = "OUTPUT_LIMIT"
        elif why := why.rstrip(b"\0"):
            verdict, error = {b"TIME": "TIMEOUT", b"MEMORY": "MEMORY"}[why], ""
        elif code < 0:
            verdict = f"SIGNAL {-code}"
        elif code:
            verdict = "MEMORY" if error == "MemoryError" else "ERROR"
        else:
            verdict = "OK"
        error = error if verdict in ("ERROR", "MEMORY") else ""
        return Result(verdict, output[:output_bytes].decode("utf-8", "replace"), error, round(seconds, 6))

    def close(self) -> None:
        self.process.kill()     # its program is killed by the kernel when it goes
        self.process.wait()
        self.control.close()


def _rest(fd: int, size: int) -> bytes:
    """What a non-blocking descriptor still holds, up to a size."""
    data = b""
    try:
        while len(data) < size and (more := os.read(fd, min(65536, size - len(data)))):
            data += more
    except OSError:
        pass
    return data


_shared: list[Sandbox] = []


def run(code: str, stdin: str = "", *, cpu_seconds: float = 2.0, memory_mb: int = 512, output_bytes: int = 65536) -> Result:
    """Run one program in a worker kept for this purpose. Raises ValueError for wrong limits, or arguments that are not text."""
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
# What holds here? Every protection is tried: a program does what it should not be able to, and must be stopped.

PROBES = {
    "CPU time ends": "while True: pass",
    "sleeping ends": "import time; time.sleep(60)",
    "memory ends": "bytearray(1 << 31)",
    "output ends": "while True: print('x' * 1000)",
    "no file is written": "import os; os.close(os.open('/tmp/sandbox-check', 65)); os.remove('/tmp/sandbox-check')",
    "no shared memory is made": "import _posixshmem as m; m.shm_open('/sandbox-check', 66, mode=384); m.shm_unlink('/sandbox-check')",
    "no file is read": "open('/etc/passwd')",
    "no folder is listed": "import os; os.listdir('/')",
    "no connection": "import socket; socket.create_server(('127.0.0.1', 0))",
    "no new process": "import os; os.fork() or os._exit(0)",
    "no other program": "import os; os.execv('/bin/sh', ['sh', '-c', 'exit 0'])",
    "no signal to others": "import os; os.kill(os.getppid(), 0)",
    "no limit of others": "import os, resource; resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)",
    "no memory of others": "import os; open(f'/proc/{os.getppid()}/mem')",
    "no environment of others": "import os; open(f'/proc/{os.getppid()}/environ')",
    "no kernel call but those listed": "import os; os.setpriority(os.PRIO_PROCESS, 0, 1)",
}


def check() -> str:
    """The level and each protection's answer, one a line."""
    with Sandbox(cpu_seconds=0.5) as sandbox:
        lines = [f"level: {sandbox.level}"]
        for name, result in zip(PROBES, sandbox.map([(code, "") for code in PROBES.values()])):
            held = result.status in ("TIMEOUT", "MEMORY", "OUTPUT_LIMIT") or result.error in ("PermissionError", "BlockingIOError")
            lines.append(f"{'yes' if held else 'no ':4s} {name}")
    return "\n".join(lines)


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        print(check())
    elif len(sys.argv) == 2 and not sys.argv[1].startswith("-"):
        try:
            program = Path(sys.argv[1]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            sys.exit(f"sandbox.py: cannot read {sys.argv[1]}: {problem}")
        print(run(program, "" if sys.stdin.isatty() else sys.stdin.read()))
    else:
        print(__doc__)
        sys.exit(0 if sys.argv[1:] in ([], ["-h"], ["--help"]) else "sandbox.py: one argument, the program's file, or --check")
