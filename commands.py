"""How does a command speak, refuse, stop and write? One line each, and files whole or not at all.

This file may be skipped. It needs the standard library alone: data are made without torch.
"""

import argparse
import ctypes
import json
import os
import resource
import shlex
import signal
import subprocess
import sys
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path


def say(text, file=None):
    """Print; of torchrun's processes, which would all say the same, the first one does."""
    if os.environ.get("RANK", "0") == "0":
        print(text, file=file, flush=True)


def fail(message):
    """One line on stderr, exit status 2."""
    say(f"{Path(sys.argv[0]).name}: {message}", sys.stderr)
    sys.exit(2)


def refuse_others(path, was: dict, wanted: dict):
    """Ends the program, naming the first difference, if the file was made with other settings than
    those wanted; it may have been made with more."""
    for name, value in wanted.items():
        if was.get(name, "unknown") != value:
            fail(f"{path} was made with {name} {was.get(name, 'unknown')}, not {value}: use the "
                 "same flags, delete it, or name another folder by --out")


def manual(text):
    """-> a parser of flags whose --help begins with this text."""
    return argparse.ArgumentParser(description=text,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)


@contextmanager
def plainly(*expected):
    """Around a script's main: Ctrl-C, and what a machine may refuse, are one line, no traceback; so
    are the expected exceptions, whose text says all."""
    try:
        yield
    except expected as problem:
        fail(problem)
    except KeyboardInterrupt:
        say("stopped; the same command goes on", sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # `| head`
        os._exit(141)  # as of a program that the signal ended
    except (OSError, BrokenProcessPool) as problem:
        fail(f"{problem}; once that is mended, the same command goes on")


@contextmanager
def helpers_end():
    """Around the work of a pool: Ctrl-C ends this process at once and, by `serve`, the pool's, for
    which it would wait."""
    try:
        with plainly():
            yield
    except SystemExit as stop:
        if stop.code == 130:
            os._exit(130)
        raise


def commit():
    """Of this code, "-dirty" if it is changed, "unknown" without git. Whatever is made records it;
    nothing compares it."""
    folder = shlex.quote(str(Path(__file__).parent))
    describe = f"git -C {folder} describe --always --dirty --abbrev=40 --exclude=*"
    return subprocess.getoutput(f"{describe} 2>/dev/null") or "unknown"


def serve():
    """In a helper process: Ctrl-C is for the one that gave the work, with which (on Linux) we end,
    also by kill -9."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def replace_text(path, text):
    """The file appears whole or not at all."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")  # two commands may write it at once
    temporary.write_text(text)
    os.replace(temporary, path)


def read_json(path):
    """What a small file of ours holds; {} where there is none. Ends the program where it is
    damaged."""
    try:
        found = json.loads(path.read_text()) if path.exists() else {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        fail(f"{path} is damaged: delete it; the same command goes on")
    return found


def add_seconds(out, stage, seconds):
    """Add a stage's wall seconds (also of a run that was killed and resumed) and this process's
    peak memory to <out>/seconds.json -> what stands there now."""
    path = out / "seconds.json"
    record = read_json(path)
    record[stage] = round(record.get(stage, 0) + seconds, 1)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit
    record["peak_memory_mb"] = max(record.get("peak_memory_mb", 0), peak)
    replace_text(path, json.dumps(record, indent=1))
    return record
