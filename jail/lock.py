"""The lock: resource limits, Landlock and seccomp. A process puts it on and never takes it off.

What a locked program may do is decided by the kernel, not by Python, so it does not matter what the
program does to the interpreter it runs in. No privileges are needed; what a system does not have is
left out, and Lock.level says so.
"""

import ctypes
import errno
import os
import resource
import struct
import sys
from contextlib import suppress

OPEN_FILES = 128   # descriptors a program may have
libc = ctypes.CDLL(None)
LINUX = sys.platform == "linux" and sys.maxsize > 2**32
MACHINE = {"x86_64": 0, "aarch64": 1}.get(os.uname().machine) if LINUX else None   # column of CALLS


def limit(what, soft, more=0):
    """Lower one resource limit; leave it where a lower one is in force, or this system has none."""
    with suppress(ValueError, OSError):
        resource.setrlimit(what, (soft, soft + more))


def prctl(option, value):
    return LINUX and libc.prctl(option, value, 0, 0, 0) == 0


# ------------------------------------------------------------------------------------------------
# Landlock (Linux 5.13): files are opened below the interpreter's own folders, for reading, or not.

READ_FILE, READ_DIR, WRITE_FILE = 4, 8, 2


def landlock_ruleset():
    """Descriptor of the rules, or None where the kernel has no Landlock."""
    version = libc.syscall(444, None, None, 1) if LINUX else -1   # landlock_create_ruleset
    if version < 1:
        return None
    files = (1 << (13, 14, 15, 15, 16)[min(version, 5) - 1]) - 1   # every right it can withhold
    # TCP; abstract sockets and signals. seccomp refuses them all the same.
    withheld = struct.pack("QQQ", files, 3 * (version >= 4), 3 * (version >= 6))
    ruleset = libc.syscall(444, withheld, ctypes.c_size_t(24), 0)
    if ruleset < 0:
        return None
    folders = (os.path.dirname(os.__file__), os.path.join(sys.base_prefix, "lib"), *sys.path,
               "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo")
    rules = dict.fromkeys(folders, READ_FILE | READ_DIR)
    rules |= dict.fromkeys(("/etc/ld.so.cache", "/etc/localtime", "/dev/urandom"), READ_FILE)
    rules[os.devnull] = READ_FILE | WRITE_FILE
    for path, rights in rules.items():
        with suppress(OSError):   # it is not there
            fd = os.open(path, os.O_PATH)
            libc.syscall(445, ruleset, 1, struct.pack("=Qi", rights, fd), 0)   # landlock_add_rule
            os.close(fd)
    return ruleset


# ------------------------------------------------------------------------------------------------
# seccomp (Linux 3.17): the kernel answers the calls below and no other. A list of what is allowed,
# because a list of what is forbidden is out of date with the next kernel. A call's two numbers are
# those of x86-64 and aarch64 (-: it has no such call).

CALLS = """
read 0 63, write 1 64, readv 19 65, writev 20 66, pread64 17 67, pwrite64 18 68, close 3 57,
close_range 436 436, lseek 8 62, stat 4 -, lstat 6 -, fstat 5 80, newfstatat 262 79,
statx 332 291, access 21 -, faccessat 269 48, faccessat2 439 439, readlink 89 -,
readlinkat 267 78, getdents 78 -, getdents64 217 61, getcwd 79 17, chdir 80 49, fchdir 81 50,
umask 95 166, dup 32 23, dup2 33 -, dup3 292 24, pipe 22 -, pipe2 293 59, poll 7 -, ppoll 271 73,
select 23 -, pselect6 270 72, epoll_create 213 -, epoll_create1 291 20, epoll_ctl 233 21,
epoll_wait 232 -, epoll_pwait 281 22, eventfd2 290 19, timerfd_create 283 85,
timerfd_settime 286 86, timerfd_gettime 287 87, sendto 44 206, recvfrom 45 207, shutdown 48 210,
getsockname 51 204, getpeername 52 205, getsockopt 55 209, mmap 9 222, munmap 11 215,
mprotect 10 226, mremap 25 216, madvise 28 233, mincore 27 232, brk 12 214, membarrier 324 283,
futex 202 98, set_robust_list 273 99, get_robust_list 274 100, set_tid_address 218 96,
rseq 334 293, arch_prctl 158 -, exit 60 93, exit_group 231 94, rt_sigaction 13 134,
rt_sigprocmask 14 135, rt_sigpending 127 136, rt_sigtimedwait 128 137, rt_sigsuspend 130 133,
rt_sigreturn 15 139, sigaltstack 131 132, restart_syscall 219 128, pause 34 -, alarm 37 -,
setitimer 38 103, getitimer 36 102, nanosleep 35 101, clock_nanosleep 230 115,
clock_gettime 228 113, clock_getres 229 114, gettimeofday 96 169, time 201 -, times 100 153,
getrusage 98 165, sysinfo 99 179, uname 63 160, getrandom 318 278, getcpu 309 168, getpid 39 172,
getppid 110 173, gettid 186 178, getuid 102 174, geteuid 107 175, getgid 104 176, getegid 108 177,
getgroups 115 158, getresuid 118 148, getresgid 120 150, getpgid 121 155, getpgrp 111 -,
getsid 124 156, getpriority 140 141, sched_yield 24 124, sched_getaffinity 204 123,
getrlimit 97 163, setrlimit 160 164"""

# Allowed if the argument with this number (from 0) is one of these values. SELF stands for the
# process itself, the only one that may be signalled or limited: see install. fcntl: F_DUPFD,
# F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC, F_GETPIPE_SZ; not F_SETOWN, which sends
# signals, nor locks or leases on the library's files. ioctl: is it a terminal, how much is there to
# read, blocking or not. socketpair: local streams, which have no other end to address.
# The last three: see rules.
CHECKED = """
kill 62 129 if 0 in SELF, tgkill 234 131 if 0 in SELF, prlimit64 302 261 if 0 in 0 SELF,
prctl 157 167 if 0 in 15 16, fcntl 72 25 if 1 in 0 1 2 3 4 1030 1032,
ioctl 16 29 if 1 in 0x5401 0x802C542A 0x5413 0x541B 0x5421 0x5450 0x5451,
socketpair 53 199 if 0 in 1 if 1 in 1 0o4001 0o2000001 0o2004001,
open 2 -, openat 257 56, clone 56 220"""

# A filter is a program for the kernel: it looks at a call and says what becomes of it.
OWN, LOAD, AND, RETURN, EQUAL, EQUAL_OWN = 0x01, 0x20, 0x54, 0x06, 0x15, 0x1D
AT_LEAST, ANY_BIT = 0x35, 0x45
KILL, REFUSE, ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
NUMBER, ARCHITECTURE, ARGUMENT = 0, 4, (16, 24, 32)   # where the facts of a call are


def numbers(table):
    """Name -> number on this machine."""
    rows = [row.split() for row in table.split(",")]
    return {row[0]: int(row[1 + MACHINE]) for row in rows if row[1 + MACHINE] != "-"}


def instruction(code, value, yes=0, no=0):
    """yes and no: how many instructions to skip."""
    return struct.pack("HBBI", code, yes, no, value)


def refuse(error):
    return instruction(RETURN, REFUSE | error)


def one_of(argument, values):
    """EPERM unless the call's argument is one of the values: one_of("0", "15 16")."""
    rule, values = instruction(LOAD, ARGUMENT[int(argument)]), values.split()
    for k, value in enumerate(values):
        same = (EQUAL_OWN, 0) if value == "SELF" else (EQUAL, int(value, 0))
        rule += instruction(*same, len(values) - k)
    return rule + refuse(errno.EPERM)


def opening(argument, landlock):
    """EACCES unless a file is opened for reading. argument: which one holds the flags."""
    # Not even the null device is opened for writing, nor a file made.
    flags, wanted = os.O_ACCMODE | os.O_TRUNC | os.O_CREAT, instruction(EQUAL, 0, 1)
    if landlock:   # which forgets, before version 3, that opening for reading may truncate
        flags, wanted = os.O_ACCMODE | os.O_TRUNC, instruction(EQUAL, os.O_TRUNC, 0, 1)
    look = instruction(LOAD, ARGUMENT[argument]) + instruction(AND, flags)
    return look + wanted + refuse(errno.EACCES)


def rules(landlock):
    """Calls of CHECKED -> instructions that refuse a call, or go on to what follows."""
    found = {}
    for row in CHECKED.split(","):
        call, *conditions = row.split(" if ")
        rule = b""
        for condition in conditions:
            rule += one_of(*condition.split(" in "))
        found[call.split()[0]] = rule
    found["open"] = opening(1, landlock)
    found["openat"] = opening(2, landlock)
    found["clone"] = (instruction(LOAD, ARGUMENT[0])
                      + instruction(ANY_BIT, 0x7E020080, 1)   # CLONE_NEW...: refused
                      + instruction(ANY_BIT, 0x00010000, 1)   # CLONE_THREAD: allowed
                      + refuse(errno.EPERM))
    return found


def seccomp_filter(landlock):
    """Which calls are allowed. Those of other architectures have other numbers, and kill."""
    program = instruction(OWN, 0) + instruction(LOAD, ARCHITECTURE)   # 0: see install
    program += instruction(EQUAL, (0xC000003E, 0xC00000B7)[MACHINE], 1) + instruction(RETURN, KILL)
    program += instruction(LOAD, NUMBER)
    program += instruction(AT_LEAST, 0x40000000, 0, 1) + instruction(RETURN, KILL)
    checks = rules(landlock)
    for name, number in numbers(CHECKED).items():
        rule = checks[name] + instruction(RETURN, ALLOW)
        program += instruction(EQUAL, number, 0, len(rule) // 8) + rule
    allowed = numbers(CALLS).values()
    for k, number in enumerate(allowed):
        program += instruction(EQUAL, number, len(allowed) - k + 2)
    # Calls newer than 2019 do not exist, so that the C library goes the way that it has for older
    # kernels; older ones are forbidden.
    program += instruction(AT_LEAST, 424, 0, 1) + refuse(errno.ENOSYS) + refuse(errno.EPERM)
    return program + instruction(RETURN, ALLOW)


def loadable(program):
    """A filter's memory and what points to it. Made before the fork: the child is fast."""
    memory = bytearray(program)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    return memory, struct.pack("HxxxxxxP", len(memory) // 8, address)   # struct sock_fprog


def install(memory, sock_fprog):
    """Filter this process's calls -> True. The first instruction keeps the process's id."""
    struct.pack_into("I", memory, 4, os.getpid())
    return libc.prctl(22, 2, sock_fprog, 0, 0) == 0   # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


# ------------------------------------------------------------------------------------------------

class Lock:
    """What this system has of the above, for the children of this process, which is secured itself.
    level: full, seccomp (no Landlock), landlock (no seccomp) or limits (neither)."""

    def __init__(self):
        prctl(4, 0)    # PR_SET_DUMPABLE: no process of the same user looks into its memory
        prctl(36, 1)   # PR_SET_CHILD_SUBREAPER: orphans come to this process, which ends them
        prctl(38, 1)   # PR_SET_NO_NEW_PRIVS
        limit(resource.RLIMIT_CORE, 0)
        limit(resource.RLIMIT_FSIZE, 0)   # no byte into any file
        limit(resource.RLIMIT_NOFILE, OPEN_FILES)
        if sys.platform == "darwin":      # where it counts processes, not threads
            limit(resource.RLIMIT_NPROC, 0)
        self.ruleset, self.filter = landlock_ruleset(), None
        if not self.holds():
            self.ruleset = None
        landlock = self.ruleset is not None
        if MACHINE is not None:
            self.filter = loadable(seccomp_filter(landlock))
        if not self.holds():
            self.filter = None
        self.level = ("limits", "landlock", "seccomp", "full")[landlock + 2 * bool(self.filter)]
        if LINUX:
            # What makes root root goes: limits bind, processes that still have it are out of reach.
            # With Landlock it may still read the interpreter's folders, whoever owns them.
            keep = 4 * landlock   # CAP_DAC_READ_SEARCH
            libc.capset(struct.pack("Ii", 0x20080522, 0), struct.pack("II16x", keep, keep))

    def close(self):
        """Lock this process -> True. Landlock before seccomp, which would refuse its call."""
        if self.ruleset is not None and libc.syscall(446, self.ruleset, 0) != 0:
            return False   # landlock_restrict_self
        return self.filter is None or install(*self.filter)

    def holds(self):
        """Does the kernel really take it? Tried in a child."""
        child = os.fork()
        if child == 0:
            os._exit(not self.close())
        return os.waitpid(child, 0)[1] == 0
