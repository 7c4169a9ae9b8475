"""How a program ends: what the interpreter does then, in its order; and is it the sandbox's doing?

A module of its own, with builtins of its own: a program may empty the builtins, every module that
it can import, and those of the functions below it on the stack.
"""

import atexit
import builtins
import errno
import gc
import sys

__builtins__ = dict(vars(builtins))
run_exit_functions, collect = atexit._run_exitfuncs, gc.collect
modules, stdout, hook = sys.modules, sys.stdout, sys.excepthook
errno_of = OSError.errno.__get__   # whatever a class of the program's has
# What the lock says; an address that cannot be looked up has a number below 0. What a program
# raises itself has no number, mostly.
LOCKED = {errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOSYS, errno.EFBIG, errno.EAGAIN,
          errno.EMFILE, errno.ENETUNREACH}
KNOWN = {*sys.stdlib_module_names, "org"}   # which the library looks for, in Jython


class Absent:
    """Asked last where a module is: notes the names of those that are nowhere."""
    names = []

    def find_spec(name, *_):
        if name.partition(".")[0] not in KNOWN:
            Absent.names.append(name)


def failed(problem):
    """What becomes of an exception that nobody caught -> exit status, the exception's name."""
    if isinstance(problem, SystemExit):
        code = problem.code
        status = int(code is not None)
        if isinstance(code, int):
            status = code & 255 if -2**63 <= code < 2**63 else 255
        return status, "SystemExit" if status else ""
    sys.last_value = problem
    try:
        if sys.excepthook is not hook:   # which says nothing to anybody
            sys.excepthook(type(problem), problem, problem.__traceback__.tb_next)   # ours is first
    except SystemExit as stop:
        return failed(stop)
    except BaseException:
        pass
    return 1, type(problem).__name__


def finish():
    """All that follows -> the name of an exception that kept output from being written, or ""; what
    the sandbox has to do with the program's end, or ""."""
    try:
        note = reason(getattr(sys, "last_value", None))
    except BaseException:   # of the program's own class
        note = ""
    lost = errors(flush, wait, run_exit_functions, flush)
    errors(forget, flush)
    return lost[0] if lost else "", note


def errors(*steps):
    """-> the names of the exceptions in which they end."""
    names = []
    for step in steps:
        try:
            step()
        except BaseException as problem:
            names.append(type(problem).__name__)
    return names


def reason(problem):
    if Absent.names:
        return f"the sandbox has the modules of Python's library alone, not {Absent.names[0]}"
    if type(problem).__name__ == "URLError":   # urllib's, around another
        problem = vars(problem).get("reason")
    number = errno_of(problem) if issubclass(type(problem), OSError) else None
    if type(number) is int and (number < 0 or number in LOCKED):
        return "the sandbox keeps files, other processes and the network out of reach"
    if "can't start new thread" in getattr(problem, "args", ""):
        return "a thread's whole stack counts as memory in the sandbox"
    return ""


def flush():
    stream = getattr(sys, "stdout", None)
    if stream is not None and not getattr(stream, "closed", False):
        stream.flush()


def wait():
    """For the threads that are no daemons."""
    if "threading" in modules:
        modules["threading"]._shutdown()


def forget():
    """The main module goes: its objects' __del__, finally in generators and the like may print. The
    first collection decides in which order."""
    collect()
    sys.last_value, sys.stdout, modules["__main__"] = None, stdout, None
    collect()
