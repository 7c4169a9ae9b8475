"""The worker: a small fresh interpreter, started by client.py, that forks a child per program.

It never sees a program, an input or an output: the child reads its program from the channel, prints
to the caller's pipe, and inherits nothing of earlier runs.
"""

import builtins
import gc
import linecache
import os
import resource
import select
import signal
import site
import socket
import sys
import time
import types
from contextlib import suppress

# Our files are imported by their path, then forgotten: what is on sys.path, a program may read.
sys.path.insert(0, os.path.dirname(os.path.dirname(__file__)))
from jail import ANSWER, REQUEST, ending  # noqa: E402
from jail.lock import OPEN_FILES, Lock, limit, prctl  # noqa: E402

del sys.path[0], sys.modules["jail"], sys.modules["jail.lock"], sys.modules["jail.ending"]
__builtins__ = ending.__builtins__   # our own: a program may empty its

CHANNEL = 63   # the child's descriptor for its program (in) and its last exception's name (out)
THREADS = 256  # more are killed: each costs kernel memory that no limit counts
FILE = "/program.py"   # as programs know themselves: there is no such file


def serve():
    """Until the caller closes its end or dies: fork a child for each request, watch it, answer."""
    control = socket.socket(fileno=os.dup(1))
    for name in os.read(0, 4096).decode().split():   # what client.py says that programs use
        __import__(name)
    lock = Lock()
    control.sendall(lock.level.encode() + b"\n")
    prepare_interpreter()
    while True:
        request, fds, _, _ = socket.recv_fds(control, REQUEST.size, 3)
        if not request:
            return
        if not fds:   # STOP, which crossed the answer: that run is over
            continue
        cpu_seconds, *more = REQUEST.unpack(request)
        worker, child = os.getpid(), os.fork()
        if child == 0:
            become_program(lock, worker, fds, cpu_seconds, *more)
        for fd in fds:
            os.close(fd)
        control.sendall(ANSWER.pack(*watch(child, control, cpu_seconds)))


def prepare_interpreter():
    """All that is the same in every run: the streams, what `site` adds, the main module."""
    for fd in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), fd)
    site.setquit()   # -S leaves them out
    site.sethelper()
    # What a first run sets up in the interpreter, every later one finds.
    exec(compile("try: print(input())\nexcept EOFError: print(flush=True)", FILE, "exec"), {})
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["program.py"]
    sys.meta_path.append(ending.Absent)
    # The recursion limit is the program's alone: what is below it on the stack does not count.
    below = 3 + (sys.version_info < (3, 12))   # three functions of ours; exec() counts in 3.11
    get, put = sys.getrecursionlimit, sys.setrecursionlimit
    sys.getrecursionlimit = lambda: get() - below
    sys.setrecursionlimit = lambda n: put(n + below if n < 2**31 - below else n)
    put(get() + below)
    gc.collect()
    gc.freeze()   # collections in a child touch, and so copy, no page of what is there
    ours = sys.modules["__main__"]
    main = sys.modules["__main__"] = types.ModuleType("__main__")   # but this may go
    if hasattr(ours, "__annotations__"):   # before Python 3.14
        main.__annotations__ = {}
    main.__builtins__, main.__file__, main.__cached__ = builtins, FILE, None
    gc.collect(0)   # as in Python, it is older than its objects: that orders how they end


# ------------------------------------------------------------------------------------------------
# Beside the child.

def watch(child, control, cpu_seconds):
    """Wait for the child's end, or end it -> the fields of ANSWER. Nothing of it is alive then."""
    # Under load CPU time is what counts, but a sleeper must end too.
    deadline = time.monotonic() + 3 * cpu_seconds + 1
    try:
        ending = os.pidfd_open(child)   # readable at its end
        events, pause = [control, ending], 0.02
    except (AttributeError, OSError):   # not on this system: ask every 2 ms
        ending, events, pause = None, [control], 0.002
    over, gone = b"", (0, 0, None)
    while True:
        used = 0.0
        with suppress(OSError):   # this system has no such clock
            used = time.clock_gettime(~child << 3 | 2)
        left = min(deadline - time.monotonic(), cpu_seconds - used)
        if left <= 0:
            over = b"TIMEOUT"
            break
        ready = select.select(events, [], [], min(left, pause))[0]
        if control in ready:   # the caller has seen enough, or is gone
            control.recv(REQUEST.size)
            break
        if ending in ready:
            break
        with suppress(OSError):   # this system has no such list
            if len(os.listdir(f"/proc/{child}/task")) > THREADS:
                over = b"MEMORY"
                break
        if ending is None and (gone := os.wait4(child, os.WNOHANG))[0]:
            break
    if ending is not None:
        os.close(ending)
    for kill in (os.killpg, os.kill):   # itself, should it have died before it had a group
        with suppress(OSError):
            kill(child, signal.SIGKILL)
    _, status, usage = gone if gone[0] else os.wait4(child, 0)
    sweep()
    exit_code, seconds = os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime
    if seconds > cpu_seconds or exit_code == -signal.SIGXCPU:
        over = over or b"TIMEOUT"
    return exit_code, over, seconds


def sweep():
    """End what left the child's group and came to us as an orphan: nothing where seccomp holds."""
    deadline = time.monotonic() + 1
    with suppress(OSError):   # no children left (or no list of them)
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                with open(f"/proc/self/task/{os.getpid()}/children") as file:
                    for pid in file.read().split():
                        os.kill(int(pid), signal.SIGKILL)


# ------------------------------------------------------------------------------------------------
# The child.

def become_program(lock, worker, fds, cpu_seconds, memory, surrogates):
    """Lock, run, report the name of the last exception; never returns.
    Exit status 0 only if the program came to a good end."""
    # All that is needed after the program has local names: it may replace or empty everything else.
    leave, write, channel, end = os._exit, os.write, CHANNEL, ending
    status, error, note, memory_reserve = 1, "SandboxError", "", bytes(1 << 22)
    try:
        os.setsid()
        prctl(1, signal.SIGKILL)   # PR_SET_PDEATHSIG: it does not outlive the worker
        if os.getppid() != worker:
            leave(1)
        for fd, place in zip(fds, (0, 1, CHANNEL)):
            os.dup2(fd, place)
        if surrogates:
            sys.stdin.reconfigure(errors="surrogatepass")
        text = b"".join(iter(lambda: os.read(CHANNEL, 1 << 16), b""))
        # The worker ends the CPU time more exactly; this limit stands when the worker is gone.
        limit(resource.RLIMIT_CPU, int(cpu_seconds) + 1, 1)
        limit(resource.RLIMIT_AS, memory)
        if not lock.close():
            raise OSError("the kernel refused a protection that it has")
        os.closerange(3, CHANNEL)
        os.closerange(CHANNEL + 1, OPEN_FILES)
        error = ""
        try:
            try:
                text = text.decode("utf-8", "surrogatepass").removeprefix("\ufeff")
                linecache.cache[FILE] = (lambda: text,)   # for inspect and tracebacks
                program = compile(text, FILE, "exec", dont_inherit=True)
                exec(program, vars(sys.modules["__main__"]))
            finally:
                memory_reserve = None  # noqa: F841  the program may have used up all the rest
            status = 0
        except BaseException as problem:
            status, error = end.failed(problem)
        lost, note = end.finish()
        if lost:
            status, error = 120, error or lost
    finally:
        try:
            if status or note:   # after \0: the program may have written here too
                write(channel, f"\0{error[:200]}\0{note[:200]}".encode("utf-8", "replace"))
        finally:
            leave(status)


if __name__ == "__main__":
    serve()
