"""Programs that try to do harm, each with the exact outcome it must have, and the driver that runs them and looks at what is left.

    python tests/hostile.py                            # as whoever you are; one JSON line a case
    python tests/hostile.py --without landlock seccomp # as on a kernel that does not have them

Every program finds CANARY (a file), FOLDER (around it) and CALLER (a process id) defined. Those of some promises start with the same lines.
"""
# ruff: noqa: E501  a program on a line of its own is read best

import argparse
import gc
import json
import math
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

CPU_SECONDS, MEMORY_MB, OUTPUT_BYTES = 0.3, 160, 20_000
LANES = 8
# At which levels the platform can keep a promise; elsewhere its programs are not run, and their tests are skipped.
NEEDS = {"reopens its output": ("full", "landlock", "limits"), "the null device": ("full", "landlock", "limits"), "reading": ("full", "landlock"), "looking": ("full",),
         **dict.fromkeys(("writing", "network", "processes", "signals", "calls"), ("full", "seccomp"))}
COMMON = {"looking": "import os, ctypes, resource\nlibc = ctypes.CDLL(None, use_errno=True)",
          "calls": """import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    if libc.syscall(number, *map(ctypes.c_long, arguments)) == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
x86 = os.uname().machine == 'x86_64'"""}
COMMON["signals"] = COMMON["looking"]


LINUX = sys.platform == "linux"


class Case(NamedTuple):
    promise: str
    name: str
    status: str        # "OK" with what is printed, "ERROR" with the exception's name, ...
    detail: str
    code: str
    stdin: str = ""


def runs_at(case: Case, level: str) -> bool:
    """Does this platform keep the promise, so that the program may be let loose on it?"""
    return level in NEEDS.get(case.name, NEEDS.get(case.promise, (level,))) and (LINUX or case.promise != "memory")


CASES = [Case(*case) for case in [
    # time
    ("time", "endless loop", "TIMEOUT", "", "while 1: pass"),
    ("time", "sleep", "TIMEOUT", "", "import time; time.sleep(600)"),
    ("time", "catches everything in a loop", "TIMEOUT", "", "while True:\n    try:\n        while True: pass\n    except BaseException: pass"),
    ("time", "ignores every signal", "TIMEOUT", "",
     "import signal\nfor s in set(signal.Signals) - {9, 19}: signal.signal(s, signal.SIG_IGN)\nwhile True: pass"),
    ("time", "blocks every signal", "TIMEOUT", "", "import signal\nsignal.pthread_sigmask(0, range(1, 65))\nwhile True: pass"),
    ("time", "7**7**9", "TIMEOUT", "", "7**7**9"),
    ("time", "regex backtracking", "TIMEOUT", "", "import re; re.match('(a+)+b', 'a' * 100)"),
    ("time", "atexit that sleeps", "TIMEOUT", "", "import atexit, time; atexit.register(time.sleep, 600)"),
    ("time", "destructor that loops", "TIMEOUT", "", "class A:\n    def __del__(self):\n        while True: pass\nA()"),
    ("time", "raises its own CPU limit", "TIMEOUT", "",
     "import resource\ntry: resource.setrlimit(resource.RLIMIT_CPU, (900, 900))\nexcept ValueError: pass\nwhile True: pass"),
    ("time", "stops its timers", "TIMEOUT", "", "import signal\nfor k in range(3): signal.setitimer(k, 0)\nwhile True: pass"),
    ("time", "signal.alarm", "SIGNAL 14", "", "import signal, time\nsignal.setitimer(signal.ITIMER_REAL, 0.05)\ntime.sleep(600)"),
    ("time", "busy threads", "TIMEOUT", "",
     "import threading\nfor _ in range(8): threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()"),
    ("time", "non-daemon thread that sleeps", "TIMEOUT", "", "import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()"),
    ("time", "deadlock", "TIMEOUT", "", "import threading\nlock = threading.Lock()\nwith lock: lock.acquire()"),
    ("time", "stops itself", "TIMEOUT", "", "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"),
    ("time", "closes its output, then sleeps", "TIMEOUT", "", "import os, time\nos.close(1)\ntime.sleep(600)"),
    ("time", "closes everything, then sleeps", "TIMEOUT", "", "import os, time\nos.closerange(0, 1000)\ntime.sleep(600)"),
    ("time", "reads from a pipe nobody writes to", "TIMEOUT", "", "import os\nos.read(os.pipe()[0], 1)"),
    ("time", "int of very many digits", "TIMEOUT", "", "import sys\nsys.set_int_max_str_digits(0)\nprint(len(str(10**3_000_000)))"),
    ("time", "many small sleeps", "TIMEOUT", "", "import time\nwhile True: time.sleep(0.001)"),
    # memory
    ("memory", "4 GB bytearray", "MEMORY", "MemoryError", "bytearray(4 << 30)"),
    ("memory", "growing list", "MEMORY", "MemoryError", "x = [bytes(80 << 20)]\nwhile True: x.append(bytes(100_000))"),
    ("memory", "growing list of small objects", "MEMORY", "MemoryError", "x = [bytes(80 << 20)]\nwhile True: x += [bytes(2000) for _ in range(10_000)]"),
    ("memory", "catches MemoryError", "OK", "caught\n", "try: bytearray(4 << 30)\nexcept MemoryError: print('caught')"),
    ("memory", "catches MemoryError for ever", "TIMEOUT", "", "while True:\n    try: bytearray(4 << 30)\n    except MemoryError: pass"),
    ("memory", "a string of 10**11", "MEMORY", "MemoryError", "'a' * 10**11"),
    ("memory", "mmap", "ERROR", "OSError", "import mmap; mmap.mmap(-1, 1 << 31)"),
    ("memory", "raises its own memory limit", "ERROR", "ValueError",
     "import resource; resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)"),
    ("memory", "10,000 threads", "ERROR", "RuntimeError",
     "import threading, time\nfor _ in range(10_000): threading.Thread(target=time.sleep, args=(600,), daemon=True).start()"),
    ("memory", "1,000 small threads", "MEMORY", "",
     "import _thread, time\n_thread.stack_size(32768)\nfor _ in range(1000): _thread.start_new_thread(time.sleep, (600,))\ntime.sleep(600)"),
    ("memory", "1,000 pipes", "ERROR", "OSError", "import os\nkeep = [os.pipe() for _ in range(1000)]"),
    # output
    ("output", "flood by lines", "OUTPUT_LIMIT", "", "while True: print('x' * 100)"),
    ("output", "flood without a newline", "OUTPUT_LIMIT", "", "import os\nwhile True: os.write(1, b'x' * 65536)"),
    ("output", "flood of one character a write", "OUTPUT_LIMIT", "", "import os\nfor _ in range(30_000): os.write(1, b'x')"),
    ("output", "one huge line", "OUTPUT_LIMIT", "", "print('x' * 50_000_000)"),
    ("output", "flood of stderr", "OK", "1\n", "import sys\nfor _ in range(2000): sys.stderr.write('x' * 10_000)\nprint(1)"),
    ("output", "just too much", "OUTPUT_LIMIT", "", "print('x' * 20_000)"),
    ("output", "just not too much", "OK", "x" * 19_999 + "\n", "print('x' * 19_999)"),
    ("output", "not UTF-8", "OK", "a\ufffd\ufffdb", "import sys\nsys.stdout.buffer.write(b'a\\xff\\xfeb')"),
    ("output", "lone surrogate", "ERROR", "UnicodeEncodeError", "print('\\ud800')"),
    ("output", "emoji", "OK", "\U0001f40d\n", "print('\\U0001f40d')"),
    ("output", "10**5000", "ERROR", "ValueError", "print(10**5000)"),
    ("output", "closes stdout, then exits", "OK", "1\n", "import os\nprint(1, flush=True)\nos.close(1)\nos._exit(0)"),
    ("output", "closes stdout with text in it", "ERROR", "OSError", "import os\nprint(1)\nos.close(1)"),
    ("output", "reopens its output", "OK", "1\n2\n", "print(1, flush=True)\nopen('/dev/stdout', 'w').write('2\\n')"),
    ("output", "floods the channel", "OK", "1\n", "import os\nos.set_blocking(63, False)\ntry:\n    while True: os.write(63, b'x' * 4096)\nexcept OSError: print(1)"),
    # writing
    ("writing", "into /tmp", "ERROR", "PermissionError", "open('/tmp/sandbox-was-here', 'w')"),
    ("writing", "beside the canary", "ERROR", "PermissionError", "open(FOLDER + '/new', 'w')"),
    ("writing", "over the canary", "ERROR", "PermissionError", "open(CANARY, 'w')"),
    ("writing", "behind the canary", "ERROR", "PermissionError", "open(CANARY, 'a')"),
    ("writing", "fills the disk", "ERROR", "PermissionError", "with open(FOLDER + '/big', 'wb') as f:\n    while True: f.write(bytes(1 << 20))"),
    ("writing", "fills /dev/shm", "ERROR", "PermissionError", "open('/dev/shm/big', 'wb')"),
    ("writing", "shared memory", "ERROR", "PermissionError", "from _posixshmem import shm_open\nshm_open('/sandbox-was-here', 66, mode=0o600)"),
    ("writing", "semaphore", "ERROR", "PermissionError", "import multiprocessing; multiprocessing.Lock()"),
    ("writing", "remove", "ERROR", "PermissionError", "import os; os.remove(CANARY)"),
    ("writing", "rmtree", "ERROR", "PermissionError", "import shutil; shutil.rmtree(FOLDER)"),
    ("writing", "rmdir", "ERROR", "PermissionError", "import os; os.rmdir(FOLDER)"),
    ("writing", "rename", "ERROR", "PermissionError", "import os; os.rename(CANARY, CANARY + '.old')"),
    ("writing", "chmod", "ERROR", "PermissionError", "import os; os.chmod(CANARY, 0)"),
    ("writing", "chown", "ERROR", "PermissionError", "import os; os.chown(CANARY, os.getuid(), os.getgid())"),
    ("writing", "utime", "ERROR", "PermissionError", "import os; os.utime(CANARY, (0, 0))"),
    ("writing", "setxattr", "ERROR", "PermissionError", "import os; os.setxattr(CANARY, 'user.x', b'x')"),
    ("writing", "truncate", "ERROR", "PermissionError", "import os; os.truncate(CANARY, 0)"),
    ("writing", "opens for reading, but truncates", "ERROR", "PermissionError", "import os; os.open(os.__file__, os.O_RDONLY | os.O_TRUNC)"),
    ("writing", "opens for reading, but makes", "ERROR", "PermissionError", "import os; os.open(FOLDER + '/new', os.O_RDONLY | os.O_CREAT)"),
    ("writing", "over the library", "ERROR", "PermissionError", "import os; open(os.__file__, 'a')"),
    ("writing", "symlink", "ERROR", "PermissionError", "import os; os.symlink(CANARY, FOLDER + '/link')"),
    ("writing", "hard link", "ERROR", "PermissionError", "import os; os.link(CANARY, FOLDER + '/link')"),
    ("writing", "fifo", "ERROR", "PermissionError", "import os; os.mkfifo(FOLDER + '/fifo')"),
    ("writing", "device", "ERROR", "PermissionError", "import os; os.mknod(FOLDER + '/device', 0o20666, os.makedev(1, 1))"),
    ("writing", "folder", "ERROR", "PermissionError", "import os; os.mkdir(FOLDER + '/sub')"),
    ("writing", "temporary file", "ERROR", "FileNotFoundError", "import tempfile; tempfile.TemporaryFile()"),
    ("writing", "nameless file", "ERROR", "PermissionError", "import os; os.open(FOLDER, os.O_TMPFILE | os.O_RDWR)"),
    ("writing", "file in memory", "ERROR", "PermissionError", "import os; os.memfd_create('x')"),
    ("writing", "database", "ERROR", "OperationalError", "import sqlite3; sqlite3.connect(FOLDER + '/x.db').execute('create table t (x)')"),
    ("writing", "locks the library", "ERROR", "PermissionError", "import fcntl, os; fcntl.flock(open(os.__file__), fcntl.LOCK_EX)"),
    ("writing", "leases the library", "ERROR", "PermissionError", "import fcntl, os; fcntl.fcntl(open(os.__file__), fcntl.F_SETLEASE, fcntl.F_RDLCK)"),
    ("writing", "after changing folder", "ERROR", "PermissionError", "import os\nos.chdir(FOLDER)\nopen('new', 'w')"),
    # reading
    ("reading", "the canary", "ERROR", "PermissionError", "open(CANARY).read()"),
    ("reading", "/etc/passwd", "ERROR", "PermissionError", "open('/etc/passwd').read()"),
    ("reading", "a folder", "ERROR", "PermissionError", "import os; os.listdir(FOLDER)"),
    ("reading", "the root folder", "ERROR", "PermissionError", "import os; os.listdir('/')"),
    ("reading", "the caller's programs", "ERROR", "PermissionError", "import sys; open(sys.orig_argv[-1]).read()"),
    ("reading", "a way around by ..", "ERROR", "PermissionError", "import os; open(os.path.dirname(os.__file__) + '/../../../../../../../etc/passwd')"),
    ("reading", "a descriptor that is only a path", "ERROR", "PermissionError", "import os; open(f'/proc/self/fd/{os.open(CANARY, os.O_PATH)}').read()"),
    ("reading", "the disk", "ERROR", "PermissionError", "import os\nos.open('/dev/mem', 0) if os.path.exists('/dev/mem') else os.open('/dev/kmsg', 0)"),
    ("reading", "what the project says", "ERROR", "PermissionError", "import os; open('/proc/version').read()"),
    # network
    ("network", "TCP", "ERROR", "PermissionError", "import socket; socket.create_connection(('127.0.0.1', 80))"),
    ("network", "UDP", "ERROR", "PermissionError", "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 53))"),
    ("network", "name lookup", "ERROR", "gaierror", "import socket; socket.getaddrinfo('example.com', 80)"),
    ("network", "server", "ERROR", "PermissionError", "import socket; socket.create_server(('127.0.0.1', 0))"),
    ("network", "abstract address", "ERROR", "PermissionError", "import socket; socket.socket(socket.AF_UNIX).connect('\\0x')"),
    ("network", "datagram pair", "ERROR", "PermissionError", "import socket; socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].connect('\\0x')"),
    ("network", "a pair connects elsewhere", "ERROR", "PermissionError", "import socket; socket.socketpair()[0].connect('\\0x')"),
    ("network", "netlink", "ERROR", "PermissionError", "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)"),
    ("network", "web page", "ERROR", "URLError", "import urllib.request; urllib.request.urlopen('http://127.0.0.1')"),
    # processes
    ("processes", "fork bomb", "ERROR", "PermissionError", "import os\nwhile True: os.fork()"),
    ("processes", "fork bomb that catches errors", "TIMEOUT", "", "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"),
    ("processes", "double fork with setsid", "ERROR", "PermissionError",
     "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(600)"),
    ("processes", "setsid", "ERROR", "PermissionError", "import os; os.setsid()"),
    ("processes", "shell in the background", "ERROR", "PermissionError", "import subprocess; subprocess.Popen('sleep 600 &', shell=True)"),
    ("processes", "os.system", "OK", "True\n", "import os; print(os.system('sleep 600 &') != 0)"),
    ("processes", "os.popen", "ERROR", "PermissionError", "import os; os.popen('id').read()"),
    ("processes", "posix_spawn", "ERROR", "PermissionError", "import os; os.posix_spawn('/bin/sh', ['sh', '-c', 'sleep 600'], {})"),
    ("processes", "multiprocessing", "ERROR", "PermissionError", "import multiprocessing as m; m.get_context('fork').Process(target=print).start()"),
    ("processes", "exec", "ERROR", "PermissionError", "import os; os.execv('/bin/sh', ['sh', '-c', 'echo 1'])"),
    ("processes", "terminal", "ERROR", "OSError", "import pty; pty.spawn('/bin/sh')"),
    ("processes", "child that holds the output", "ERROR", "PermissionError", "import os, time\nif os.fork() == 0: time.sleep(600)\nprint(1)"),
    # signals
    ("signals", "kill the worker", "ERROR", "PermissionError", "os.kill(os.getppid(), 9)"),
    ("signals", "kill the caller", "ERROR", "PermissionError", "os.kill(CALLER, 9)"),
    ("signals", "stop the worker", "ERROR", "PermissionError", "os.kill(os.getppid(), 19)"),
    ("signals", "kill(-1)", "ERROR", "PermissionError", "os.kill(-1, 9)"),
    ("signals", "killpg(0)", "ERROR", "PermissionError", "os.killpg(0, 9)"),
    ("signals", "the caller's group", "ERROR", "PermissionError", "os.killpg(os.getpgid(CALLER), 9)"),
    ("signals", "pidfd", "ERROR", "OSError", "import signal; signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 9)"),
    ("signals", "tgkill of the worker", "OK", "-1 1\n", "print(libc.tgkill(os.getppid(), os.getppid(), 9), ctypes.get_errno())"),
    ("signals", "sigqueue", "OK", "-1 1\n", "print(libc.sigqueue(os.getppid(), 9, None), ctypes.get_errno())"),
    ("signals", "by the owner of a pipe", "ERROR", "PermissionError",
     "import fcntl\nr, w = os.pipe()\nfcntl.fcntl(r, 10, 9)\nfcntl.fcntl(r, fcntl.F_SETOWN, os.getppid())\nfcntl.fcntl(r, 4, fcntl.FASYNC)\nos.write(w, b'x')"),
    ("signals", "by the owner of its input", "ERROR", "PermissionError",
     "import fcntl\nfcntl.fcntl(0, fcntl.F_SETOWN, CALLER)\nfcntl.fcntl(0, 4, fcntl.FASYNC)"),
    ("signals", "prlimit of the worker", "ERROR", "PermissionError", "resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (3, 3))"),
    ("signals", "prlimit of the caller", "ERROR", "PermissionError", "resource.prlimit(CALLER, resource.RLIMIT_CPU, (1, 1))"),
    ("signals", "priority of the caller", "ERROR", "PermissionError", "os.setpriority(os.PRIO_PROCESS, CALLER, 19)"),
    ("signals", "its own priority", "ERROR", "PermissionError", "os.nice(-5)"),
    ("signals", "core of the caller", "ERROR", "PermissionError", "os.sched_setaffinity(CALLER, {0})"),
    ("signals", "scheduler", "ERROR", "PermissionError", "os.sched_setscheduler(CALLER, os.SCHED_IDLE, os.sched_param(0))"),
    ("signals", "types into the terminal", "ERROR", "PermissionError", "import fcntl; fcntl.ioctl(0, 0x5412, b'x')"),
    # looking
    ("looking", "memory of the worker", "ERROR", "PermissionError", "open(f'/proc/{os.getppid()}/mem', 'rb')"),
    ("looking", "memory of the worker, to write", "ERROR", "PermissionError", "open(f'/proc/{os.getppid()}/mem', 'wb')"),
    ("looking", "environment of the caller", "ERROR", "PermissionError", "open(f'/proc/{CALLER}/environ').read()"),
    ("looking", "arguments of the caller", "ERROR", "PermissionError", "open(f'/proc/{CALLER}/cmdline').read()"),
    ("looking", "open files of the caller", "ERROR", "PermissionError", "os.listdir(f'/proc/{CALLER}/fd')"),
    ("looking", "output of the caller", "ERROR", "PermissionError", "open(f'/proc/{CALLER}/fd/1', 'w').write('x')"),
    ("looking", "socket of the worker", "ERROR", "PermissionError", "for k in range(100):\n    try: open(f'/proc/{os.getppid()}/fd/{k}', 'r+')\n"
     "    except FileNotFoundError: pass"),
    ("looking", "ptrace", "OK", "-1\n", "print(libc.ptrace(16, os.getppid(), 0, 0))"),
    ("looking", "process_vm_readv", "OK", "-1\n", "print(libc.process_vm_readv(os.getppid(), None, 0, None, 0, 0))"),
    ("apart", "secrets in its own environment", "OK", "None []\n",
     "import os, sys\nprint(os.environ.get('SECRET'), [x for x in sys.orig_argv + sys.argv + list(os.environ.values()) if 'secret' in x.lower()])"),
    ("apart", "writes to every descriptor", "OK", "right\n",
     "import os\nfor fd in range(3, 1000):\n    try: os.write(fd, b'{}\\n' * 20)\n    except OSError: pass\nprint('right')"),
    ("apart", "reads every descriptor", "OK", "[]\n", "import os\nfound = []\nfor fd in set(range(1000)) - {0, 1, 2}:\n    try: found += [x] if (x := os.read(fd, 100)) else []\n"
     "    except OSError: pass\nprint(found)"),
    ("apart", "imports the jail", "ERROR", "ModuleNotFoundError", "import jail"),
    ("apart", "imports what is beside the jail", "ERROR", "ModuleNotFoundError", "import sandbox"),
    ("apart", "walks frames", "OK", "none\n", "import sys\nf, seen, want = sys._getframe().f_back, '', ''.join(['EXPEC', 'TED'])\nwhile f: seen, f = seen + repr(f.f_locals), f.f_back\n"
     "print('found' if want in seen else 'none')"),
    ("apart", "walks objects", "OK", "none\n", "import gc\ngc.unfreeze()\nwant = ''.join(['EXPEC', 'TED'])\nprint('found' if any(want in repr(o)[:10_000] for o in gc.get_objects() if type(o) in (dict, list, tuple) and o is not globals()) else 'none')"),
    # kernel calls
    ("calls", "unshare", "ERROR", "PermissionError", "call(272 if x86 else 97, 0x10000000)"),
    ("calls", "setns", "ERROR", "PermissionError", "call(308 if x86 else 268, 0, 0)"),
    ("calls", "mount", "ERROR", "PermissionError", "call(165 if x86 else 40, 0, 0, 0, 0, 0)"),
    ("calls", "chroot", "ERROR", "PermissionError", "os.chroot('/')"),
    ("calls", "setuid", "ERROR", "PermissionError", "os.setuid(os.getuid())"),
    ("calls", "io_uring", "ERROR", "OSError", "call(425, 8, 0)"),
    ("calls", "bpf", "ERROR", "PermissionError", "call(321 if x86 else 280, 0, 0, 0)"),
    ("calls", "perf_event_open", "ERROR", "PermissionError", "call(298 if x86 else 241, 0, 0, 0, 0, 0)"),
    ("calls", "userfaultfd", "ERROR", "PermissionError", "call(323 if x86 else 282, 0)"),
    ("calls", "keyctl", "ERROR", "PermissionError", "call(250 if x86 else 219, 0, 0)"),
    ("calls", "add_key", "ERROR", "PermissionError", "call(248 if x86 else 217, 0, 0, 0, 0, 0)"),
    ("calls", "shmget", "ERROR", "PermissionError", "call(29 if x86 else 194, 0, 4096, 0o1600)"),
    ("calls", "semget", "ERROR", "PermissionError", "call(64 if x86 else 190, 0, 1, 0o1600)"),
    ("calls", "msgget", "ERROR", "PermissionError", "call(68 if x86 else 186, 0, 0o1600)"),
    ("calls", "mq_open", "ERROR", "PermissionError", "call(240 if x86 else 180, 0, 66, 0o600, 0)"),
    ("calls", "inotify", "ERROR", "PermissionError", "call(294 if x86 else 26, 0)"),
    ("calls", "fanotify", "ERROR", "PermissionError", "call(300 if x86 else 262, 0, 0)"),
    ("calls", "open_by_handle_at", "ERROR", "PermissionError", "call(304 if x86 else 265, 0, 0, 0)"),
    ("calls", "pidfd_getfd", "ERROR", "OSError", "call(438, 3, 0, 0)"),
    ("calls", "process_madvise", "ERROR", "OSError", "call(440, 3, 0, 0, 0, 0)"),
    ("calls", "clone3", "ERROR", "OSError", "call(435, 0, 0)"),
    ("calls", "clone into a namespace", "ERROR", "PermissionError", "call(56 if x86 else 220, 0x10010F00, 0, 0, 0, 0)"),
    ("calls", "vfork", "ERROR", "PermissionError", "call(58 if x86 else 220, 0x4111, 0, 0, 0, 0)"),
    ("calls", "execveat", "ERROR", "PermissionError", "call(322 if x86 else 281, 0, 0, 0, 0, 0x1000)"),
    ("calls", "another filter", "ERROR", "PermissionError", "call(317 if x86 else 277, 1, 0, 0)"),
    ("calls", "lives on without its parent", "OK", "-1\n", "print(libc.prctl(1, 0, 0, 0, 0))"),
    ("calls", "lets itself be looked at", "OK", "-1\n", "print(libc.prctl(4, 1, 0, 0, 0))"),
    ("calls", "bigger pipes", "ERROR", "PermissionError", "import fcntl; fcntl.fcntl(1, 1031, 1 << 20)"),
    ("calls", "splice", "ERROR", "PermissionError", "call(275 if x86 else 76, 0, 0, 1, 0, 1, 0)"),
    ("calls", "reboot", "ERROR", "PermissionError", "call(169 if x86 else 142, 0, 0, 0)"),
    ("calls", "sets the clock", "ERROR", "PermissionError", "import time; time.clock_settime(0, 0)"),
    ("calls", "host name", "ERROR", "PermissionError", "import socket; socket.sethostname('x')"),
    ("calls", "calls of 32 bits", "SIGNAL 31" if os.uname().machine == "x86_64" else "ERROR", "" if os.uname().machine == "x86_64" else "PermissionError",
     "call(0x40000000 + 57) if x86 else call(1000)"),
    # survival
    ("survival", "os._exit(0) after a flushed print", "OK", "1\n", "import os\nprint(1, flush=True)\nos._exit(0)"),
    ("survival", "os._exit(0) after a print", "OK", "", "import os\nprint(1)\nos._exit(0)"),
    ("survival", "the right output, but exit status 3", "ERROR", "SystemExit", "import sys\nprint(1)\nsys.exit(3)"),
    ("survival", "os._exit(3)", "ERROR", "", "import os; os._exit(3)"),
    ("survival", "exit()", "OK", "1\n", "print(1)\nexit()"),
    ("survival", "exit with a text", "ERROR", "SystemExit", "import sys; sys.exit('x')"),
    ("survival", "print in atexit", "OK", "bye\n", "import atexit; atexit.register(print, 'bye')"),
    ("survival", "error in atexit", "OK", "", "import atexit; atexit.register(lambda: 1 / 0)"),
    ("survival", "infinite recursion", "ERROR", "RecursionError", "def f(): f()\nf()"),
    ("survival", "recursion of depth 50,000", "OK", "50000\n",
     "import sys\nsys.setrecursionlimit(10**6)\ndef f(n): return 0 if n == 0 else 1 + f(n - 1)\nprint(f(50_000))"),
    ("survival", "recursion of repr", "ERROR", "RecursionError", "x = []\nfor _ in range(100_000): x = [x]\nrepr(x)"),
    ("survival", "deep recursion in a thread", "OK", "30000\n", "import sys, threading\nsys.setrecursionlimit(10**6)\nthreading.stack_size(64 << 20)\n"
     "def f(n): return 0 if n == 0 else 1 + f(n - 1)\nt = threading.Thread(target=lambda: print(f(30_000)))\nt.start()\nt.join()"),
    ("survival", "null pointer", "SIGNAL 11", "", "import ctypes; ctypes.string_at(0)"),
    ("survival", "abort", "SIGNAL 6", "", "import os; os.abort()"),
    ("survival", "kills itself", "SIGNAL 9", "", "import os; os.kill(os.getpid(), 9)"),
    ("survival", "terminates itself", "SIGNAL 15", "", "import signal; signal.raise_signal(15)"),
    ("survival", "illegal instruction", "SIGNAL 4", "", "import os; os.kill(os.getpid(), 4)"),
    ("survival", "empties sys.modules", "OK", "1\n", "import sys\nsys.modules.clear()\nprint(1)"),
    ("survival", "empties builtins", "ERROR", "NameError", "import builtins\nbuiltins.__dict__.clear()\nprint(1)"),
    ("survival", "replaces os._exit", "OK", "1\n", "import os\nos._exit = lambda *_: None\nprint(1)"),
    ("survival", "replaces all of os", "OK", "1\n", "import os\nfor name in dir(os): setattr(os, name, lambda *_: None)\nprint(1)"),
    ("survival", "replaces what is above it", "OK", "1\n",
     "import sys\nf = sys._getframe().f_back\nwhile f: f.f_globals.clear(); f = f.f_back\nprint(1)"),
    ("survival", "traces what is above it", "ERROR", "ZeroDivisionError", "import sys\ndef t(*_): 1 / 0\nsys.setprofile(t)"),
    ("survival", "replaces stdout", "OK", "1\n", "import sys\nprint(1)\nsys.stdout = None"),
    ("survival", "stdout that cannot be flushed", "ERROR", "ZeroDivisionError",
     "import sys\nclass S:\n    closed = False\n    def write(self, x): pass\n    def flush(self): 1 / 0\nprint(1)\nsys.stdout = S()"),
    ("survival", "closes stdout", "OK", "1\n", "import sys\nprint(1)\nsys.stdout.close()"),
    ("survival", "BaseException", "ERROR", "BaseException", "raise BaseException"),
    ("survival", "KeyboardInterrupt", "ERROR", "KeyboardInterrupt", "raise KeyboardInterrupt"),
    ("survival", "GeneratorExit", "ERROR", "GeneratorExit", "raise GeneratorExit"),
    ("survival", "an exception's odd name", "ERROR", "x\n{\"status\": \"OK\"}", "raise type('x\\n{\"status\": \"OK\"}', (Exception,), {})"),
    ("survival", "an exception's long name", "ERROR", "x" * 200, "raise type('x' * 10**6, (Exception,), {})"),
    ("survival", "writes a name, then fails", "ERROR", "ZeroDivisionError", "import os\nos.write(63, b'\\0MemoryError')\n1 / 0"),
    ("survival", "writes a name, then succeeds", "OK", "1\n", "import os\nos.write(63, b'\\0MemoryError')\nprint(1)"),
    ("survival", "writes a result to the worker", "OK", "1\n", "import os\nfor fd in range(3, 200):\n    try: os.write(fd, bytes(13))\n    except OSError: pass\nprint(1)"),
    ("survival", "SyntaxError", "ERROR", "SyntaxError", "print("),
    ("survival", "NUL byte", "ERROR", "SyntaxError" if sys.version_info >= (3, 11, 4) else "ValueError", "print(1)\0"),
    ("survival", "lone surrogate in the code", "ERROR", "UnicodeEncodeError", "print('\ud800')"),
    ("survival", "deeply nested code", "ERROR", "SyntaxError", "(" * 300 + ")" * 300),
    ("survival", "reads past the end", "ERROR", "EOFError", "input(); input()", "one"),
    ("survival", "stdin.buffer", "OK", "3\n", "import sys; print(len(sys.stdin.buffer.read()))", "abc"),
    ("survival", "open(0)", "OK", "abc\n", "print(open(0).read())", "abc"),
    ("survival", "/dev/stdin", "OK", "abc\n", "print(open('/dev/stdin').read())", "abc"),
    ("survival", "input, then buffer", "OK", "a 0\n", "import sys; print(input(), len(sys.stdin.buffer.read()))", "a\nb"),
    ("survival", "input that is not read", "OK", "1\n", "import sys\nsys.stdin.close()\nprint(1)", "x" * 1_000_000),
    # ordinary programs that some jails break
    ("survival", "__main__ guard", "OK", "1\n", "if __name__ == '__main__': print(1)"),
    ("survival", "dataclass", "OK", "P(x=1)\n", "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\nprint(P(1))"),
    ("survival", "pickle of its own class", "OK", "P\n", "import pickle\nclass P: pass\nprint(type(pickle.loads(pickle.dumps(P()))).__name__)"),
    ("survival", "asyncio", "OK", "1\n", "import asyncio\nasync def f():\n    await asyncio.sleep(0.001)\n    print(1)\nasyncio.run(f())"),
    ("survival", "thread pool", "OK", "[0, 1, 4]\n", "from concurrent.futures import ThreadPoolExecutor as T\nwith T(4) as t: print(list(t.map(lambda x: x * x, range(3))))"),
    ("survival", "its own limits", "OK", "True\n", "import resource\nresource.setrlimit(resource.RLIMIT_STACK, resource.getrlimit(resource.RLIMIT_STACK))\nprint(True)"),
    ("survival", "the null device", "OK", "1\n", "import os\nprint(1, file=open(os.devnull, 'w'))\nprint(1)"),
    ("survival", "many modules", "OK", "1\n", "import csv, decimal, email.message, hashlib, html, json, logging, lzma, secrets, sqlite3, ssl, unittest, uuid, xml.etree.ElementTree, zoneinfo\n"
     "zoneinfo.ZoneInfo('UTC'), uuid.uuid4(), hashlib.sha256(b'').hexdigest()\nprint(1)"),
]]


# ---------------------------------------------------------------------------------------------------------------------------
# The driver.

def children() -> dict[int, list[int]]:
    """Every living process's children, by process id."""
    table: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir() if LINUX else ():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                table.setdefault(int(parent), []).append(int(entry.name))
    return table


def without(names: list[str]) -> None:
    """This process and its children find a kernel without Landlock, or without seccomp: both calls fail as they would there."""
    import errno

    from jail import lock
    from jail.lock import EQUAL, LOAD, instruction, refuse
    program = instruction(lock.OWN, 0)
    if "landlock" in names:
        program += instruction(LOAD, lock.NUMBER) + instruction(EQUAL, 444, 0, 1) + refuse(errno.ENOSYS)
    if "seccomp" in names:
        number = {"x86_64": 157, "aarch64": 167}[os.uname().machine]  # prctl(PR_SET_SECCOMP, ...)
        program += instruction(LOAD, lock.NUMBER) + instruction(EQUAL, number, 0, 3)
        program += instruction(LOAD, lock.ARGUMENT[0]) + instruction(EQUAL, 22, 0, 1) + refuse(errno.EINVAL)
    assert lock.prctl(38, 1) and lock.install(*lock.loadable(program + instruction(lock.RETURN, lock.ALLOW)))


def state_of_caller() -> list:
    names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    return [{name: resource.getrlimit(getattr(resource, name)) for name in names}, os.nice(0), os.getcwd(), os.environ.get("SECRET"),
            sorted(os.sched_getaffinity(0)) if LINUX else None]


def canary_state(folder: Path) -> list:
    facts = []
    for path in sorted([folder, *folder.rglob("*")]):
        stat = path.lstat()
        facts.append([path.name, stat.st_mode, stat.st_uid, stat.st_size, stat.st_mtime_ns, path.read_text() if path.is_file() else ""])
    return facts


def run_case(case: Case, sandbox, folder: Path) -> list:
    """-> [name, outcome, the outcome it must have (on this Python), harm]; harm: what is not as it was, in words."""
    harm = []
    caller, canary, shared = state_of_caller(), canary_state(folder), {p for p in map(str, Path("/dev/shm").glob("*")) if "sandbox" in p or "big" in p}
    head = f"CANARY, FOLDER, CALLER = {str(folder / 'canary')!r}, {str(folder)!r}, {os.getpid()}; "
    code = case.code if case.name in ("SyntaxError", "NUL byte") else head + "pass\n" + COMMON.get(case.promise, "") + "\n" + case.code
    expected = "EXPECTED" * 3   # in this process's memory only
    began = time.monotonic()
    result = sandbox.run(code, case.stdin)
    took = time.monotonic() - began
    if took > 3 * CPU_SECONDS + 1 + 0.5:
        harm.append(f"took {took:.2f} s")
    if canary_state(folder) != canary:
        harm.append("the canary has changed")
    if {p for p in map(str, Path("/dev/shm").glob("*")) if "sandbox" in p or "big" in p} != shared or Path("/tmp/sandbox-was-here").exists():
        harm.append("files left elsewhere")
    if state_of_caller() != caller or expected[:8] != "EXPECTED":
        harm.append("the caller's limits or settings have changed")
    family = children()
    if left := [pid for worker in sandbox.workers.values() for pid in family.get(worker.process.pid, [])]:
        harm.append(f"alive below a worker: {left}")
    if left := set(family.get(os.getpid(), [])) - ours:
        harm.append(f"alive below the caller: {left}")
    after = sandbox.run("print(int(input()) * 2)", "21")
    if (after.status, after.stdout, after.error) != ("OK", "42\n", ""):
        harm.append(f"the next run: {after}")
    detail = {"OK": result.stdout, "ERROR": result.error, "MEMORY": result.error}.get(result.status, "")
    return [case.name, [result.status, detail], [case.status, case.detail], harm]


# ---------------------------------------------------------------------------------------------------------------------------
# The soak: many runs, ordinary and hostile ones mixed, each with what must come of it.

HARMFUL = [case for case in CASES if case.promise in ("output", "memory", "processes", "network", "calls", "survival") and not case.stdin
           and case.status in ("ERROR", "OUTPUT_LIMIT", "SIGNAL 6", "SIGNAL 9", "SIGNAL 11") or case.name in ("endless loop", "7**7**9")]


def ordinary(rng: random.Random) -> tuple:
    """-> (code, stdin), status, stdout (None: not compared), error"""
    a, b = rng.randrange(1000), rng.randrange(1, 1000)
    return rng.choice([
        (("print(int(input()) * 2)", str(a)), "OK", f"{2 * a}\n", ""),
        ((f"import sys\nprint(sum(map(int, sys.stdin)) + {b})", f"{a}\n{b}\n"), "OK", f"{a + 2 * b}\n", ""),
        ((f"import math, collections\nprint(math.gcd({a}, {b}))", ""), "OK", f"{math.gcd(a, b)}\n", ""),
        ((f"def f(n): return n if n < 2 else f(n - 1) + f(n - 2)\nprint(f({b % 12}), {a})", ""), "OK", None, ""),
        ((f"print({a})\n1 / 0", ""), "ERROR", f"{a}\n", "ZeroDivisionError"),
        ((f"x = [{a}]\nprint(x[{b}])", ""), "ERROR", "", "IndexError"),
        (("import sys\nprint(input())\nsys.exit(1)", str(a)), "ERROR", f"{a}\n", "SystemExit"),
        (("print(sys.stdin.read())", str(a)), "ERROR", "", "NameError"),
    ])


def hostile(rng: random.Random) -> tuple:
    case = rng.choice(HARMFUL)
    return (COMMON.get(case.promise, "") + "\n" + case.code, ""), case.status, None, case.detail if case.status == "ERROR" else ""


def state() -> dict:
    """Of this process: resident memory, open descriptors, processes below it."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {"resident_mb": round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 2), "descriptors": len(os.listdir("/proc/self/fd")),
            "processes": len(children().get(os.getpid(), []))}


def soak(total: int) -> dict:
    from sandbox import Sandbox
    rng, wrong, states, harmful, began = random.Random(0), [], [], 0, time.time()
    with Sandbox(cpu_seconds=0.5, memory_mb=160, output_bytes=20_000) as sandbox:
        while (done := 1000 * len(states)) < total:
            jobs = [hostile(rng) if rng.random() < 0.02 else ordinary(rng) for _ in range(min(1000, total - done))]
            for (job, status, stdout, error), result in zip(jobs, sandbox.map([job for job, *_ in jobs])):
                harmful += stdout is None and status != "OK"
                if (result.status, result.error) != (status, error) or stdout is not None and result.stdout != stdout:
                    wrong.append([job[0][-200:], status, error, result.status, result.error])
            states.append(state())
    return {"runs": total, "hostile": harmful, "wrong": len(wrong), "examples": wrong[:20], "seconds": round(time.time() - began, 1),
            "runs_per_second": round(total / (time.time() - began), 1),
            "after_first_thousand": states[0], "after_last_thousand": states[-1]}


# ---------------------------------------------------------------------------------------------------------------------------

ours: set[int] = set()  # the workers


def main() -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parent))          # sandbox.py is beside this file, or one folder up
    sys.path.insert(1, str(Path(__file__).resolve().parent.parent))
    from jail.lock import prctl
    from sandbox import Sandbox
    parser = argparse.ArgumentParser()
    parser.add_argument("--without", nargs="*", default=[], help="landlock, seccomp")
    parser.add_argument("--but", help="a promise whose cases are left out")
    args = parser.parse_args()
    if args.without:
        without(args.without)
    os.environ["SECRET"] = "the caller's secret"
    prctl(36, 1)                           # PR_SET_CHILD_SUBREAPER: whatever escapes a worker turns up here
    with tempfile.TemporaryDirectory() as base:
        lanes = []
        for k in range(LANES):                   # most of the time is waiting for limits
            folder = Path(base, f"folder{k}")
            folder.mkdir()
            (folder / "canary").write_text("alive and well\n")
            (folder / "sub").mkdir()
            lane = Sandbox(1, cpu_seconds=CPU_SECONDS, memory_mb=MEMORY_MB, output_bytes=OUTPUT_BYTES)
            level = lane.level
            lane.run("import os")   # programs that import something have their own worker
            lanes.append((lane, folder))
        bystander = subprocess.Popen(["sleep", "1000"])
        ours.update({bystander.pid, *(worker.process.pid for lane, _ in lanes for worker in lane.workers.values())})
        print(json.dumps(level), flush=True)

        cases = [case for case in CASES if runs_at(case, level) and case.promise != args.but]
        waiting = iter(sorted(cases, key=lambda case: case.status != "TIMEOUT"))   # the slow ones first

        def drive(lane) -> None:
            for case in waiting:
                print(json.dumps(run_case(case, *lane)) + "\n", end="", flush=True)

        with ThreadPoolExecutor(len(lanes)) as pool:
            list(pool.map(drive, lanes))
        alive = bystander.poll() is None
        bystander.kill()
        bystander.wait()
        for lane, _ in lanes:
            lane.close()
        print(json.dumps(alive))


if __name__ == "__main__":
    main()
