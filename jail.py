"""The inside of the sandbox: a worker that forks one locked-in child per program. sandbox.py starts it; it is not called by hand.

    caller --[limits + 3 descriptors]--> worker --fork--> child: lock, then the program
             stdin, stdout, channel       |
    caller <--[how it ended, CPU]---------+

The worker is a small fresh interpreter with the usual modules imported. It never sees a program, an input or an output: the child reads
its program from the channel, prints to the caller's pipe, and inherits nothing of earlier runs. What the child may do is decided by the
kernel (limits, Landlock, seccomp), not by Python, so it does not matter what the program does to the interpreter it runs in.
"""

from __future__ import annotations

import atexit
import builtins
import ctypes
import errno
import gc
import os
import select
import signal
import socket
import struct
import sys
import time
import types

RUN, STOP = b"r", b"s"
REQUEST = struct.Struct("<dq")    # CPU seconds, bytes of memory
ANSWER = struct.Struct("<i6sd")   # wait status; TIME or MEMORY if ended for that; CPU seconds
CHANNEL = 63       # the child's descriptor for its program (in) and the name of its last exception (out)
OPEN_FILES = 128
THREADS = 256      # more are killed: each costs kernel memory that no limit counts
# What programs import: once here, instead of once per run. Not threading, which makes every fork slower.
USUAL = ("ast bisect collections copy dataclasses datetime decimal fractions functools heapq inspect io itertools json math operator "
         "random re string typing")

try:
    libc = ctypes.CDLL(None, use_errno=True)
except (OSError, TypeError):
    libc = None
LINUX = sys.platform == "linux" and libc is not None and struct.calcsize("P") == 8
MACHINE = {"x86_64": 0, "aarch64": 1}.get(os.uname().machine if LINUX else "")   # the column of CALLS


# ---------------------------------------------------------------------------------------------------------------------------
# Limits (POSIX): no core files, no byte into any file, few descriptors; CPU and memory as the run asks.

def limit(name: str, soft: int, hard: int | None = None) -> None:
    """Lower one resource limit; leave it where this system does not have it, or has a lower one in force."""
    try:
        import resource
        resource.setrlimit(getattr(resource, name), (soft, soft if hard is None else hard))
    except (ImportError, AttributeError, ValueError, OSError):
        pass


def prctl(option: int, value: int) -> bool:
    return LINUX and libc.prctl(option, value, 0, 0, 0) == 0


PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NAME, PR_GET_NAME = 1, 4, 15, 16
PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 22, 36, 38
CAP_DAC_READ_SEARCH = 2


def drop_capabilities(keep: int) -> None:
    """What makes root root. Afterwards no program can reach into processes that still have it, and limits bind."""
    if LINUX:
        header, data = struct.pack("Ii", 0x20080522, 0), struct.pack("6I", keep, keep, 0, 0, 0, 0)
        libc.capset(header, data)


# ---------------------------------------------------------------------------------------------------------------------------
# Landlock (Linux 5.13): files can be opened below the interpreter's own folders, for reading, and nowhere else.

READ_FILE, READ_DIR, WRITE_FILE = 4, 8, 2
FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}  # every right that version of Landlock can withhold


def landlock_ruleset() -> int | None:
    """Descriptor of the rules, or None where the kernel has no Landlock."""
    version = libc.syscall(444, None, ctypes.c_size_t(0), 1) if LINUX else -1
    if version < 1:
        return None
    network, scope = 3 * (version >= 4), 3 * (version >= 6)   # TCP; abstract sockets and signals. seccomp refuses them all the same
    ruleset = libc.syscall(444, struct.pack("QQQ", FILES.get(version, (1 << 16) - 1), network, scope), ctypes.c_size_t(24), 0)
    if ruleset < 0:
        return None
    libraries = {os.path.dirname(os.__file__), os.path.join(sys.base_prefix, "lib"), *sys.path, "/lib", "/lib64", "/usr/lib", "/usr/lib64"}
    rules = {path: READ_FILE | READ_DIR for path in (*libraries, "/usr/share/zoneinfo") if os.path.isdir(path)}
    rules |= dict.fromkeys(("/etc/ld.so.cache", "/etc/localtime", "/dev/urandom"), READ_FILE) | {os.devnull: READ_FILE | WRITE_FILE}
    for path, rights in rules.items():
        try:
            fd = os.open(path, os.O_PATH)
        except OSError:
            continue
        libc.syscall(445, ruleset, 1, struct.pack("=Qi", rights, fd), 0)
        os.close(fd)
    return ruleset


# ---------------------------------------------------------------------------------------------------------------------------
# seccomp (Linux 3.17): the kernel answers the calls below and no other. A list of what is allowed, because a list of what is
# forbidden is out of date with the next kernel.

CALLS = """read 0 63, write 1 64, readv 19 65, writev 20 66, pread64 17 67, pwrite64 18 68, close 3 57, close_range 436 436, lseek 8 62,
stat 4 -, lstat 6 -, fstat 5 80, newfstatat 262 79, statx 332 291, access 21 -, faccessat 269 48, faccessat2 439 439, readlink 89 -,
readlinkat 267 78, getdents 78 -, getdents64 217 61, getcwd 79 17, chdir 80 49, fchdir 81 50, umask 95 166, dup 32 23, dup2 33 -,
dup3 292 24, pipe 22 -, pipe2 293 59, poll 7 -, ppoll 271 73, select 23 -, pselect6 270 72, epoll_create 213 -, epoll_create1 291 20,
epoll_ctl 233 21, epoll_wait 232 -, epoll_pwait 281 22, eventfd2 290 19, timerfd_create 283 85, timerfd_settime 286 86,
timerfd_gettime 287 87, sendto 44 206, recvfrom 45 207, shutdown 48 210, getsockname 51 204, getpeername 52 205, getsockopt 55 209,
mmap 9 222, munmap 11 215, mprotect 10 226, mremap 25 216, madvise 28 233, mincore 27 232, brk 12 214, membarrier 324 283, futex 202 98,
set_robust_list 273 99, get_robust_list 274 100, set_tid_address 218 96, rseq 334 293, arch_prctl 158 -, exit 60 93, exit_group 231 94,
rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigpending 127 136, rt_sigtimedwait 128 137, rt_sigsuspend 130 133, rt_sigreturn 15 139,
sigaltstack 131 132, restart_syscall 219 128, pause 34 -, alarm 37 -, setitimer 38 103, getitimer 36 102, nanosleep 35 101,
clock_nanosleep 230 115, clock_gettime 228 113, clock_getres 229 114, gettimeofday 96 169, time 201 -, times 100 153, getrusage 98 165,
sysinfo 99 179, uname 63 160, getrandom 318 278, getcpu 309 168, getpid 39 172, getppid 110 173, gettid 186 178, getuid 102 174,
geteuid 107 175, getgid 104 176, getegid 108 177, getgroups 115 158, getresuid 118 148, getresgid 120 150, getpgid 121 155, getpgrp 111 -,
getsid 124 156, getpriority 140 141, sched_yield 24 124, sched_getaffinity 204 123, getrlimit 97 163, setrlimit 160 164"""
CHECKED = """open 2 -, openat 257 56, clone 56 220, kill 62 129, tgkill 234 131, prlimit64 302 261, prctl 157 167, fcntl 72 25,
ioctl 16 29, socketpair 53 199"""   # allowed with some arguments only: see seccomp_rules
LOAD, AND, RETURN, EQUAL, AT_LEAST, ANY_BIT = 0x20, 0x54, 0x06, 0x15, 0x35, 0x45
ALLOW, KILL = 0x7FFF0000, 0x80000000
NUMBER, ARCHITECTURE = 0, 4                                                         # offsets in struct seccomp_data
SELF = 0x5E1F5E1F   # stands for the child's process id, the only one that may be signalled or limited, until there is a child
ARGUMENT = lambda k: 16 + 8 * k                                                     # its low half: all that these calls look at


def numbers(table: str) -> dict[str, int]:
    rows = [row.split() for row in table.split(",")]
    return {row[0]: int(row[1 + MACHINE]) for row in rows if row[1 + MACHINE] != "-"}


def instruction(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """One instruction of the filter; yes and no: how many instructions to skip."""
    return struct.pack("HBBI", code, yes, no, value)


def refuse(error: int) -> bytes:
    return instruction(RETURN, 0x00050000 | error)


def one_of(argument: int, *values: int) -> bytes:
    """Allow if the call's argument is one of the values, else EPERM."""
    tests = [instruction(EQUAL, value & 0xFFFFFFFF, len(values) - k) for k, value in enumerate(values)]
    return instruction(LOAD, ARGUMENT(argument)) + b"".join(tests) + refuse(errno.EPERM) + instruction(RETURN, ALLOW)


def seccomp_rules(landlock: bool) -> dict[str, bytes]:
    """The calls whose arguments decide, and how."""
    threads_only = (instruction(LOAD, ARGUMENT(0)) + instruction(ANY_BIT, 0x7E020080, 1)            # no new namespaces,
                    + instruction(ANY_BIT, 0x00010000, 1) + refuse(errno.EPERM) + instruction(RETURN, ALLOW))  # and CLONE_THREAD
    if landlock:  # which forgets, before version 3, that opening for reading may truncate
        flags, wanted = os.O_ACCMODE | os.O_TRUNC, (instruction(EQUAL, os.O_TRUNC, 0, 1))
    else:         # no file is opened for writing, not even the null device
        flags, wanted = os.O_ACCMODE | os.O_TRUNC | os.O_CREAT, (instruction(EQUAL, 0, 1, 0))
    opening = lambda k: (instruction(LOAD, ARGUMENT(k)) + instruction(AND, flags) + wanted + refuse(errno.EACCES)
                         + instruction(RETURN, ALLOW))
    local = instruction(LOAD, ARGUMENT(0)) + instruction(EQUAL, socket.AF_UNIX, 1) + refuse(errno.EPERM)
    return {
        "open": opening(1), "openat": opening(2), "clone": threads_only,
        "kill": one_of(0, SELF), "tgkill": one_of(0, SELF), "prlimit64": one_of(0, 0, SELF), "prctl": one_of(0, PR_SET_NAME, PR_GET_NAME),
        "fcntl": one_of(1, 0, 1, 2, 3, 4, 1030, 1032),   # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC, F_GETPIPE_SZ:
        #                                                  not F_SETOWN, which sends signals; no locks or leases on the library's files
        "ioctl": one_of(1, 0x5401, 0x802C542A, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451),   # a terminal? how much to read? blocking?
        "socketpair": local + one_of(1, 1, 1 | 0o4000, 1 | 0o2000000, 1 | 0o2004000),   # streams, which have no other end to address
    }


def seccomp_filter(landlock: bool) -> bytes:
    program = [instruction(LOAD, ARCHITECTURE), instruction(EQUAL, (0xC000003E, 0xC00000B7)[MACHINE], 1), instruction(RETURN, KILL),
               instruction(LOAD, NUMBER), instruction(AT_LEAST, 0x40000000, 0, 1), instruction(RETURN, KILL)]  # other ABIs, other numbers
    rules, checked = seccomp_rules(landlock), numbers(CHECKED)
    program += [instruction(EQUAL, number, 0, len(rules[name]) // 8) + rules[name] for name, number in checked.items()]
    allowed = list(numbers(CALLS).values())
    program += [instruction(EQUAL, number, len(allowed) - k + 2) for k, number in enumerate(allowed)]
    # Calls newer than 2019 do not exist, so that the C library takes the way it has for older kernels; older ones are forbidden.
    program += [instruction(AT_LEAST, 424, 0, 1), refuse(errno.ENOSYS), refuse(errno.EPERM), instruction(RETURN, ALLOW)]
    return b"".join(program)


class Filter:
    """A program ready for the kernel: memory laid out before the fork, so that the child has only to fill in its process id."""

    def __init__(self, program: bytes):
        self.places = [at + 4 for at in range(0, len(program), 8) if program[at + 4:at + 8] == struct.pack("I", SELF)]
        self.buffer = ctypes.create_string_buffer(program, len(program))
        self.pointer = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(self.buffer))   # struct sock_fprog

    def install(self, pid: int) -> bool:
        for place in self.places:
            struct.pack_into("I", self.buffer, place, pid)
        return libc.prctl(PR_SET_SECCOMP, 2, self.pointer, 0, 0) == 0


# ---------------------------------------------------------------------------------------------------------------------------
# The worker.

class Jail:
    """What this system has of the above. level: full, seccomp (no Landlock), landlock (no seccomp) or limits (neither)."""

    def __init__(self):
        prctl(PR_SET_DUMPABLE, 0)             # no process of the same user looks into the worker's memory
        prctl(PR_SET_CHILD_SUBREAPER, 1)      # orphans come to the worker, which ends them
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        for name, value in (("RLIMIT_CORE", 0), ("RLIMIT_FSIZE", 0), ("RLIMIT_NOFILE", OPEN_FILES)):
            limit(name, value)
        if sys.platform == "darwin":          # where it counts processes, not threads
            limit("RLIMIT_NPROC", 0)
        self.ruleset = landlock_ruleset()
        self.seccomp = LINUX and MACHINE is not None
        if self.ruleset is not None and not self._works(self.restrict_files):
            self.ruleset = None
        self.filter = Filter(seccomp_filter(self.ruleset is not None)) if self.seccomp else None
        self.seccomp = self.seccomp and self._works(self.restrict_calls)
        # Behind Landlock root may still read the interpreter's folders when they belong to somebody else.
        drop_capabilities(1 << CAP_DAC_READ_SEARCH if self.ruleset is not None else 0)
        self.level = {(1, 1): "full", (0, 1): "seccomp", (1, 0): "landlock", (0, 0): "limits"}[self.ruleset is not None, self.seccomp]

    @staticmethod
    def _works(protection) -> bool:
        """Does it, really, in a child of its own?"""
        pid = os.fork()
        if pid == 0:
            os._exit(0 if protection() else 1)
        return os.waitpid(pid, 0)[1] == 0

    def restrict_files(self) -> bool:
        return self.ruleset is None or libc.syscall(446, self.ruleset, 0) == 0

    def restrict_calls(self) -> bool:
        return not self.seccomp or self.filter.install(os.getpid())

    def lock(self, cpu_seconds: float, memory: int) -> None:
        """Never to be undone. Landlock before seccomp, which would not let its call through."""
        limit("RLIMIT_CPU", int(cpu_seconds) + 1, int(cpu_seconds) + 2)   # the watcher is finer; this stands when it is gone
        limit("RLIMIT_AS", memory)
        if not (self.restrict_files() and self.restrict_calls()):
            raise OSError("the kernel refused a protection that it has")


def serve() -> None:
    """Until the caller closes its end or dies: fork a child for each request, watch it, answer."""
    control, nothing = socket.socket(fileno=os.dup(0)), os.open(os.devnull, os.O_RDWR)
    for name in USUAL.split():
        __import__(name)
    jail = Jail()
    control.sendall(jail.level.encode() + b"\n")
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    # What a first run sets up in the interpreter, every later one finds.
    exec(compile("try: print(input())\nexcept EOFError: print(flush=True)", "<first>", "exec"), {})
    for fd, place in zip(os.pipe(), (0, 1)):   # stand-ins of the right kind, for the streams that the children inherit
        os.dup2(fd, place)
        os.close(fd)
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", errors="surrogateescape")
    sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8", errors="surrogateescape")
    sys.stderr = sys.__stderr__ = open(2, "w")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv, sys.modules["__main__"] = ["program.py"], types.ModuleType("__main__")
    builtins.exit = builtins.quit = sys.exit                      # -S left them out
    gc.disable()   # a collection in the child would touch, and so copy, every page
    gc.freeze()
    while True:
        order, fds, _, _ = socket.recv_fds(control, 1, 3)
        if order == STOP:      # which crossed the answer: that run is over
            continue
        request = control.recv(REQUEST.size, socket.MSG_WAITALL)
        if order != RUN or len(request) < REQUEST.size:
            return
        cpu_seconds, memory = REQUEST.unpack(request)
        worker, child = os.getpid(), os.fork()
        if child == 0:
            become_program(jail, worker, fds, cpu_seconds, memory)
        for fd in fds:
            os.close(fd)
        control.sendall(ANSWER.pack(*watch(child, control, cpu_seconds)))


def watch(child: int, control: socket.socket, cpu_seconds: float) -> tuple[int, bytes, float]:
    """Wait for the child's end, or end it -> the fields of ANSWER. Nothing of it is alive afterwards."""
    deadline = time.monotonic() + 3 * cpu_seconds + 1   # wall time: under load, CPU time is what counts, but a sleeper must end too
    why, gone = b"", (0, 0, None)
    try:
        ending = os.pidfd_open(child)
    except (AttributeError, OSError):
        ending = None
    try:
        pause = 0.002 if ending is None else 0.02
        while True:
            left = min(deadline - time.monotonic(), cpu_seconds - used(child))
            if left <= 0:
                why = b"TIME"
                break
            ready = select.select([control] if ending is None else [control, ending], [], [], min(left, pause))[0]
            if control in ready:             # the caller has seen enough, or is gone
                control.recv(1)
                break
            if ending in ready:
                break
            if threads(child) > THREADS:
                why = b"MEMORY"
                break
            if ending is None and (gone := os.wait4(child, os.WNOHANG))[0]:
                break
    finally:
        if ending is not None:
            os.close(ending)
    for kill in (os.killpg, os.kill):        # its group; itself, should it have died before having one
        try:
            kill(child, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
    _, status, usage = gone if gone[0] else os.wait4(child, 0)
    sweep()
    seconds = usage.ru_utime + usage.ru_stime
    if seconds > cpu_seconds or os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        why = why or b"TIME"
    return status, why, seconds


def used(child: int) -> float:
    """CPU seconds of a process so far; 0 where the system has no such clock."""
    try:
        return time.clock_gettime(~child << 3 | 2) if LINUX else 0.0
    except OSError:
        return 0.0


def threads(child: int) -> int:
    try:
        with open(f"/proc/{child}/stat", "rb") as file:
            return int(file.read().rsplit(b")", 1)[1].split()[17])
    except (OSError, ValueError, IndexError):
        return 1


def sweep() -> None:
    """End what left the child's group and came to us as an orphan. Under seccomp there is nothing: this is for other levels."""
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                with open(f"/proc/self/task/{os.getpid()}/children") as file:
                    for pid in file.read().split():
                        os.kill(int(pid), signal.SIGKILL)
        except OSError:  # no children left (or no list of them)
            return


# ---------------------------------------------------------------------------------------------------------------------------
# The child.

def become_program(jail: Jail, worker: int, fds: list[int], cpu_seconds: float, memory: int) -> None:
    """Lock, run, report the name of the last exception; never returns. Exit status 0 only if the program came to a good end."""
    # All that is needed after the program, in local names: it may have replaced or emptied everything else.
    leave, write, name_of, system, channel = os._exit, os.write, lambda e, type=type: type(e).__name__, sys, CHANNEL
    modules, run_exit_functions, stopped, anything, attribute = sys.modules, atexit._run_exitfuncs, SystemExit, BaseException, getattr
    status, error, stdout, memory_reserve = 1, "SandboxError", sys.stdout, bytes(1 << 22)
    try:
        os.setsid()
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != worker:
            leave(1)
        for fd, place in zip(fds, (0, 1, CHANNEL)):
            os.dup2(fd, place)
        code = b"".join(iter(lambda: os.read(CHANNEL, 1 << 16), b""))
        jail.lock(cpu_seconds, memory)
        os.closerange(3, CHANNEL)
        os.closerange(CHANNEL + 1, OPEN_FILES)
        error = ""
        try:
            try:
                exec(compile(code.decode("utf-8", "surrogatepass"), "<program>", "exec"), sys.modules["__main__"].__dict__)
            finally:
                memory_reserve = None  # noqa: F841  what follows needs some memory also when the program has used up all
                if "threading" in modules:
                    modules["threading"]._shutdown()     # waits for the threads that are no daemons
                run_exit_functions()
            status = 0
        except stopped as stop:
            status, error = (0, "") if stop.code is None or stop.code == 0 else (1, "SystemExit")
        except anything as exception:
            error = name_of(exception)
        try:
            for stream in (system.stdout, stdout):   # the program may have put another in its place
                if stream is not None and not attribute(stream, "closed", False):
                    stream.flush()
        except anything as exception:
            status, error = 1, error or name_of(exception)
    finally:
        try:
            if status:
                write(channel, b"\0" + error.encode("utf-8", "replace")[:200])   # after \0: the program may have written here too
        finally:
            leave(status)


if __name__ == "__main__":
    serve()
