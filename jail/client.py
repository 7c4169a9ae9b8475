"""The caller's side: starts a worker, hands it one program after another, takes what they print."""

import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from jail import ANSWER, REQUEST, STOP

LARGEST_PIPE = 1 << 20   # bytes
# What programs import: once in a worker, not once per run. Not threading and random, which make
# every fork slower.
USUAL = b"""ast bisect collections copy dataclasses datetime decimal fractions functools heapq
inspect io itertools json math operator re string typing"""


class Ending(NamedTuple):
    """How a run ended. exit_code: -n for signal n. limit: the one that ended it, TIMEOUT or MEMORY,
    or "". output may be longer than wanted. error: the last exception's name, or "". note: what the
    sandbox has to do with it, or ""."""
    exit_code: int
    limit: str
    cpu_seconds: float
    output: bytes
    error: str = ""
    note: str = ""


class Worker:
    """One interpreter started fresh. Programs and their inputs go straight to its forks. importing:
    it is for programs that import something; others are a tenth faster where nothing else is.
    Raises RuntimeError where it does not start."""

    def __init__(self, importing):
        self.owner = os.getpid()
        environment = {
            "PYTHONHASHSEED": "0",     # the same hashes in every run
            "LC_ALL": "C.UTF-8", "PATH": os.defpath,
            "MALLOC_ARENA_MAX": "1",   # glibc reserves 64 MB of the memory limit for each arena
            "LD_BIND_NOW": "1",        # else every fork looks up the same functions again
        }
        command = [sys.executable, "-S", "-s", "-P", Path(__file__).resolve().parent / "worker.py"]
        self.control, theirs = socket.socketpair()
        with theirs, readable(USUAL * importing) as names:   # a file, as programs have it
            self.process = subprocess.Popen(command, env=environment, cwd="/", stdin=names,
                                            stdout=theirs, start_new_session=True)
        hello = self.control.makefile("rb").readline()
        if not hello:
            self.close()
            raise RuntimeError(f"the sandbox's worker ({sys.executable}) did not start; "
                               "what it said is above")
        self.level = hello.decode().strip()

    def close(self):
        self.process.kill()   # the kernel kills its program with it
        self.process.wait()
        self.control.close()

    def run(self, code, stdin, cpu_seconds, memory_mb, output_bytes) -> Ending | None:
        """Run one program; None if the worker has died."""
        try:   # bytes that are no UTF-8 come as surrogates, as in sys.stdin
            given, surrogates = stdin.encode("utf-8", "surrogateescape"), False
        except UnicodeEncodeError:
            given, surrogates = stdin.encode("utf-8", "surrogatepass"), True
        file = readable(given)
        read, write = os.pipe()
        output_read, output_write = open(read, "rb", 0), open(write, "wb", 0)
        channel, theirs = socket.socketpair()   # the program there, its last exception's name back
        output, answer = bytearray(), b""
        # The worker keeps the time; this is for a worker that hangs.
        patience = min(3 * cpu_seconds + 30, 1e6)
        # Other ends stay open here too, so that a program that closes its own gets us no SIGPIPE.
        with file, output_read, output_write, channel:
            try:
                with theirs:
                    request = REQUEST.pack(cpu_seconds, int(memory_mb * 2**20), surrogates)
                    ends = [file.fileno(), output_write.fileno(), theirs.fileno()]
                    socket.send_fds(self.control, [request], ends)
                channel.settimeout(patience)
                channel.sendall(code.encode("utf-8", "surrogatepass"))
                channel.shutdown(socket.SHUT_WR)   # now it starts
                control, output_fd = self.control.fileno(), output_read.fileno()
                os.set_blocking(output_fd, False)
                poll = select.poll()
                for fd in (control, output_fd):
                    poll.register(fd, select.POLLIN)
                give_up = time.monotonic() + patience
                while not answer:
                    # Never for long: Ctrl-C may reach another thread, and the main one sees it
                    # only when it wakes.
                    ready = dict(poll.poll(500))
                    if time.monotonic() > give_up:
                        return None
                    if output_fd in ready:
                        output += output_read.read(1 << 16) or b""
                        if len(output) > output_bytes:   # enough seen: the worker may end it
                            poll.unregister(output_fd)
                            self.control.send(STOP)
                    if control in ready:   # or closed, by another thread
                        answer = self.control.recv(ANSWER.size, socket.MSG_WAITALL)
                        exit_code, limit, cpu_seconds = ANSWER.unpack(answer)
            except (OSError, ValueError, struct.error):
                return None
            # Nothing of the program is alive: what is in the pipes is all there will be.
            output += output_read.read(LARGEST_PIPE) or b""
            said = ""
            with suppress(OSError):   # there is nothing
                said = os.read(channel.fileno(), LARGEST_PIPE).decode("utf-8", "replace")
            words = [text[:200] for text in said.split("\0")[-2:]]
        return Ending(exit_code, limit.rstrip(b"\0").decode(), cpu_seconds, output, *words)


def readable(content):
    """A file that holds this and has no name: in memory, where the system has such files."""
    memory = hasattr(os, "memfd_create")
    file = open(os.memfd_create("stdin"), "wb") if memory else tempfile.TemporaryFile()
    file.write(content)
    file.seek(0)
    return file
