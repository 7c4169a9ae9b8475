"""Programs for which the sandbox must give what `python program.py < input` gives in an empty folder, and the plain run itself.

    python tests/agree.py                                   # the table below; every difference, one a line
    python tests/agree.py contest_programs cruxeval ...     # programs that nobody here wrote (see real.py)
"""
# ruff: noqa: E501  a program on a line of its own is read best

import dataclasses
import os
import re
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# The last line of a traceback: a name at its beginning.
NAME = re.compile(r"^(?:  \| )?([A-Za-z_][\w.]*)(?:: .*)?$", re.MULTILINE)

ADDRESS = re.compile("0x[0-9a-f]{6,}")
SECONDS = 30   # for a plain run

# kind -> programs, each a text or (text, stdin). What they print must not depend on the machine, the time or an address.
PROGRAMS: dict[str, list] = {
    "annotations": [
        "class A:\n    def merge(self, other: A): return 1\nprint(A().merge(None))",
        "def f(n: int, *, m: 'x' = 2) -> str: return n\nprint(f.__annotations__)",
        "from __future__ import annotations\ndef f(n: no.such.name): return n\nprint(f.__annotations__)",
        "x: int = 3\ny: str\nprint(__annotations__)",
        "print('__annotations__' in globals(), __cached__, sorted(globals()) == dir(), len(dir()))",
        "from dataclasses import dataclass, fields\n@dataclass\nclass P:\n    x: int\n    y: 'str'\nprint([f.type for f in fields(P)])",
        "print(5 / 2, 0o17, 1_000)\nfrom typing import get_type_hints\ndef f(a: list[int]): pass\nprint(get_type_hints(f))",
        "def f(x: print('evaluated')): pass",
        "from __future__ import braces",
        "print(1)\nfrom __future__ import annotations",
    ],
    "the main module": [
        "print(__name__, __doc__, __package__, __spec__, type(__builtins__).__name__)",
        "'a docstring'\nprint(__doc__)",
        "import os, sys\nprint(os.path.basename(__file__) == os.path.basename(sys.argv[0]), os.path.isabs(__file__), len(sys.argv))",
        "import __main__, sys\nx = 3\nprint(__main__.x, sys.modules['__main__'] is __main__, vars(__main__) is globals())",
        "import pickle\nclass P: pass\nprint(type(pickle.loads(pickle.dumps(P()))).__module__)",
        "import inspect\ndef f():\n    return 1  # one\nprint(inspect.getsource(f))",
        "import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    print([line.strip() for line in traceback.format_exc().splitlines() if 'File' not in line])",
        "print(help is not None, repr(exit), repr(quit))",
        "def f():\n    'what it does'\nhelp(f)",
        "import builtins\nprint(sorted(set(dir(builtins)) - {'copyright', 'credits', 'license'}))",
        "import sys\nprint(sys.flags.optimize, sys.dont_write_bytecode, sys.flags.dev_mode, __debug__)\nassert False, 'asserted'",
        "print(vars() is globals(), dir() == sorted(globals()))",
        "import unittest\nclass T(unittest.TestCase):\n    def test_one(self): print('tested')\nunittest.main()",
        "import doctest\ndef f(x):\n    '''\n    >>> f(1)\n    3\n    '''\n    return x + 1\nprint(doctest.testmod())",
    ],
    "source text": [
        "\ufeffprint('bom')",
        "# -*- coding: utf-8 -*-\nprint('ü')",
        "#!/usr/bin/env python3\n# vim: set fileencoding=utf-8 :\nprint('ä', len('ä'))",
        "print('a')\r\nif True:\r\n    print('''b\r\nc''')\r\n",
        "print('a')\rprint('b')\r",
        "if True:\n\tprint('tab')\n\x0cprint('form feed')",
        "print('no newline at the end')  # comment",
        "x = 1\n\n\\\n\nprint(x)",
        "print('\\N{SNOWMAN} \u2028 \u00a0')\nnäme = 1\nprint(näme)",
        "print(1\nprint(2)", "if True:\nprint(1)", "\tx = 1\n  y = 2", "x = 'abc", "return 1", "break", "await x", "x = 08", "1 = x",
        "print(1)\0", "", "# nothing", "'''only a docstring'''",
        "x = 1 if 1 is 1 else 2\nprint(x, '\\d')", "print('a' 'b' is 'ab')\nassert (1, 'always')",
    ],
    "the end": [
        "class A:\n    def __del__(self): print('del')\na = A()\nprint('end')",
        "def g():\n    try: yield 1\n    finally: print('closed')\nx = g()\nnext(x)\nprint('end')",
        "class A:\n    def __init__(self, n): self.n = n\n    def __del__(self): print('del', self.n)\na, b, c = A(1), A(2), A(3)\nb = None\nprint('end')",
        "class A:\n    def __del__(self): print('del', self.me is self)\na = A()\na.me = a\nprint('end')",
        "class A:\n    def __del__(self): print('del')\nA.keep = A()\nprint('end')",
        "class A:\n    def __init__(self, n): self.n = n\n    def __del__(self): print(self.n)\nl = [A(k) for k in range(5)]\nd = {k: A(k) for k in 'abc'}\nx = A('x')",
        "class Node:\n    def __init__(self, v): self.v, self.up, self.down = v, None, []\n    def __del__(self): print('del', self.v)\nroot = Node(0)\nfor k in range(3):\n    node = Node(k + 1)\n    node.up = root\n    root.down.append(node)\nprint('end')",
        "class A:\n    def __del__(self): print('del')\ndef f():\n    a = A()\n    1 / 0\nf()",
        "import atexit\nclass A:\n    def __del__(self): print('del')\na = A()\natexit.register(print, 'bye')\natexit.register(print, 'first')\nprint('end')",
        "import atexit\nclass A:\n    def __del__(self): print('del')\ndef f():\n    a = A()\n    raise SystemExit(2)\natexit.register(print, 'bye')\nf()",
        "import atexit\n@atexit.register\ndef fails(): 1 / 0\nprint('end')",
        "import atexit, sys\natexit.register(lambda: sys.exit(3))\nprint('end')",
        "import atexit\natexit.register(lambda: atexit.register(print, 'late'))\nprint('end')",
        "import atexit, sys\natexit.register(lambda: print(repr(sys.last_value)))\n1 / 0",
        "import weakref\nclass A: pass\na = A()\nweakref.finalize(a, print, 'finalized')\nprint('end')",
        "import weakref\nclass A: pass\na = A()\nr = weakref.ref(a, lambda _: print('gone'))\nprint('end')",
        "from contextlib import contextmanager\n@contextmanager\ndef c():\n    try: yield 1\n    finally: print('left')\nx = c()\nx.__enter__()\nprint('end')",
        "async def f():\n    try: await g()\n    finally: print('cancelled')\nclass g:\n    def __await__(self): yield 1\nx = f()\nx.send(None)\nprint('end')",
        "class A:\n    def __del__(self): raise ValueError\na = A()\nprint('end')",
        "class A:\n    def __del__(self): print('del', a is not None, len([1]))\na = A()",
        "import os\nout = os.fdopen(1, 'w', closefd=False)\nout.write('not flushed\\n')",
        "import sys\nout = open(1, 'w', closefd=False)\nprint('to out', file=out)\nprint('to stdout')",
        "import io, sys\nprint('a')\nsys.stdout = io.StringIO()\nprint('b')",
        "import io, sys\nsys.stdout = io.TextIOWrapper(open(1, 'wb', closefd=False), 'ascii', 'replace')\nprint('ü')",
        "import sys\nclass Out:\n    def __init__(self): self.texts = []\n    def write(self, text): self.texts.append(text)\n    def flush(self): sys.__stdout__.write(''.join(self.texts).upper())\nsys.stdout = Out()\nprint('loud')",
        "import sys\nclass Out:\n    def write(self, text): sys.__stdout__.write(text)\nsys.stdout = Out()\nprint('no flush')",
        "import sys\nsys.stdout = None\nprint('nothing')",
        "import sys\nprint('closed')\nsys.stdout.close()",
        "import sys\nb = sys.stdout.detach()\nb.write(b'detached\\n')",
        "import gc\nprint(gc.isenabled(), gc.get_threshold())",
        "import gc\nclass A:\n    def __del__(self): print('del')\ndef f():\n    a = A()\n    a.me = a\nf()\nprint(gc.collect() > 0)\nprint('end')",
        "class A:\n    live = 0\n    def __init__(self):\n        self.me = self\n        A.live += 1\n    def __del__(self): A.live -= 1\nfor k in range(20000): A()\nprint(A.live < 3000)",
        "import tempfile, shelve\nprint('end')",
        "import sys\nsys.excepthook = lambda *facts: (print('hook', facts[0].__name__, facts[1], facts[2].tb_lineno), sys.__excepthook__(*facts))\n1 / 0",
        "import sys\nsys.unraisablehook = lambda problem: print('unraisable', problem.exc_value)\nclass A:\n    def __del__(self): 1 / 0\nA()\nprint('end')",
    ],
    "exits": [
        "print(1)\nraise FileNotFoundError('no such', 'x')",
        "class E(OSError):\n    @property\n    def errno(self): print('asked')\nprint(1)\nraise E('x')",
        "class URLError(Exception): pass\nprint(1)\nraise URLError('x')",
        "import sys\nsys.exit(2**63)",
        "import sys\nsys.exit(-2**64)",
        "import sys\nsys.excepthook = lambda *a: sys.exit(7)\n1 / 0",
        "import sys\nsys.excepthook = lambda *a: sys.exit(0)\n1 / 0",
        *[f"import sys\nprint('before')\nsys.exit({code})" for code in (
            "", "None", "0", "3", "'text'", "''", "True", "False", "0.0", "1.5", "256", "257", "-1", "-256", "2**40", "[]", "(1, 2)", "b''")],
        "raise SystemExit", "raise SystemExit(0)", "raise SystemExit('x')", "exit()", "exit(4)", "quit('bye')", "print(1)\nexit", "quit(0)",
        "class Own(SystemExit): pass\nraise Own(5)", "class Own(SystemExit):\n    code = 0\nraise Own(5)",
        "e = SystemExit(5)\ne.code = 0\nraise e",
        "try:\n    raise SystemExit(3)\nfinally:\n    print('finally')",
        "try:\n    exit(3)\nexcept SystemExit as stop:\n    print('caught', stop.code)",
        "import os\nprint('lost')\nos._exit(0)", "import os\nprint('kept', flush=True)\nos._exit(3)", "import os\nos._exit(256)",
        "import os\nos.abort()", "import os\nos.kill(os.getpid(), 15)", "import signal, os\nsignal.raise_signal(signal.SIGUSR1)",
        "import signal\nsignal.signal(signal.SIGUSR1, lambda *_: print('signal'))\nsignal.raise_signal(signal.SIGUSR1)",
        "raise KeyboardInterrupt", "raise GeneratorExit", "raise BaseException('x')", "raise StopIteration", "raise MemoryError",
        "class Mine(Exception): pass\nraise Mine('two\\nlines')", "raise ExceptionGroup('g', [ValueError()])", "raise ValueError from KeyError('k')",
        "raise 3", "1 / 0", "[][1]", "{}['k']", "int('x')", "nothing", "None.x", "assert 0", "import nosuchmodule", "open('nosuchfile')",
        "from math import nothing", "'a' + 1", "def f(): yield\nnext(iter(()))", "b'\\xff'.decode()", "print('\\ud800')",
        "import sys\nprint('a')\nprint('b', file=sys.stderr)\nsys.stderr.write('c')",
        "import warnings\nwarnings.warn('careful')\nprint('after')", "import warnings\nwarnings.simplefilter('error')\nwarnings.warn('careful')",
        "import os\nos.close(1)\nprint('lost')", "import logging\nlogging.warning('to stderr')\nprint(1)",
        "import os\nprint('x')\nos.write(1, b'y')", "import os, sys\nsys.stdout.write('x' * 5000)\nos.write(1, b'|')\nprint('z' * 5000)",
        "import os\nprint('x' * 10000)\nos._exit(0)",
    ],
    "threads": [
        "import threading\ndef f(): 1 / 0\nt = threading.Thread(target=f)\nt.start()\nt.join()\nprint('on')",
        "import threading, time\ndef f():\n    time.sleep(0.05)\n    print('late')\nthreading.Thread(target=f).start()\nprint('end')",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(9,), daemon=True).start()\nprint('end')",
        "import threading, sys\nt = threading.Thread(target=sys.exit, args=(3,))\nt.start()\nt.join()\nprint('on')",
        "import threading\nprint(threading.current_thread() is threading.main_thread(), threading.main_thread().name, threading.active_count())",
        "import threading\nthreading.excepthook = lambda problem: print('hook', problem.exc_type.__name__)\nt = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()",
        "import threading, sys\nsys.setrecursionlimit(10**6)\nthreading.stack_size(64 << 20)\ndef f(n): return n and 1 + f(n - 1)\nt = threading.Thread(target=lambda: print(f(20000)))\nt.start()\nt.join()",
        "import threading\nthreading.stack_size(128 << 20)\nt = threading.Thread(target=lambda: print('large'))\nt.start()\nt.join()",
        "from concurrent.futures import ThreadPoolExecutor as T\nwith T(3) as t: print(sum(t.map(len, ['a', 'bc'])))",
        "import threading, atexit\natexit.register(print, 'bye')\nimport time\nthreading.Thread(target=lambda: (time.sleep(0.05), print('thread'))).start()",
        "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    return 3\nprint(asyncio.run(f()))",
        "import asyncio\nasync def f(): 1 / 0\nasync def main():\n    print(await asyncio.gather(f(), return_exceptions=True))\nasyncio.run(main())",
    ],
    "the stack": [
        "import sys\ndef down(n): return 0 if n == 0 else down(n - 1) + 1\nprint(down(990), sys.getrecursionlimit())",
        *[f"def down(n): return 0 if n == 0 else down(n - 1) + 1\nprint(down({n}))" for n in range(993, 1000)],
        "depth = 0\ndef f():\n    global depth\n    depth += 1\n    f()\ntry: f()\nexcept RecursionError: print(depth)",
        "import sys\nsys.setrecursionlimit(200)\ndepth = 0\ndef f():\n    global depth\n    depth += 1\n    f()\ntry: f()\nexcept RecursionError as problem: print(depth, problem, sys.getrecursionlimit())",
        "def f(n):\n    try: return f(n + 1)\n    except RecursionError: return n\nprint(f(0))",
        "import sys\nsys.setrecursionlimit(5000)\nf = lambda n: n and f(n - 1)\nprint(f(4990))",
        "class A:\n    n = 0\n    def __getattr__(self, name):\n        A.n += 1\n        return getattr(self, name + 'x'[:0])\ntry: A().b\nexcept RecursionError: print(A.n)",
        "class A:\n    n = 0\n    def __repr__(self):\n        A.n += 1\n        return repr(self)\ntry: repr(A())\nexcept RecursionError: print(A.n)",
        "import sys\nx = []\nfor _ in range(2000): x = [x]\ntry: print(len(repr(x)))\nexcept RecursionError as problem: print('RecursionError')",
        "n = 0\nclass C:\n    def __eq__(self, other):\n        global n\n        n += 1\n        return [self] == [C()]\ntry: C() == C()\nexcept RecursionError: print(n)",
        "from functools import lru_cache\n@lru_cache(None)\ndef fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)\nfor n in (300, 330, 400, 499, 600):\n    fib.cache_clear()\n    try: print(n, fib(n) % 1000)\n    except RecursionError: print(n, 'too deep')",
        "import json\nd = []\nfor _ in range(990): d = [d]\ntry: print(len(json.dumps(d)))\nexcept RecursionError: print('too deep')",
        "import sys\nfor n in (-9, 1, 'x', 2.0, 2**31):\n    try: sys.setrecursionlimit(n)\n    except Exception as problem: print(n, type(problem).__name__)",
        "import sys\ndef f(): return sys._getframe(1).f_code.co_name\nprint(f())",
        "def f(): f()\nf()", "def g():\n    yield from g()\nnext(g())", "import copy\nx = []\nfor _ in range(500): x = [x]\ncopy.deepcopy(x)",
    ],
    "stdin": [
        ("import sys\nprint(sys.stdin.name, sys.stdin.mode, sys.stdin.fileno(), sys.stdin.encoding, sys.stdin.errors, sys.stdin.isatty(), sys.stdin.line_buffering)", ""),
        ("import sys\nprint(sys.stdin.buffer.name, sys.stdin.buffer.mode, sys.stdin.buffer.raw.name, sys.stdin.buffer.raw.mode, sys.stdin.newlines)", ""),
        ("import sys\nprint(sys.stdin.seekable(), sys.stdin.readable(), sys.stdin.writable(), sys.stdin is sys.__stdin__)", "a"),
        ("import os\nprint(len(os.read(0, os.fstat(0).st_size)))", "1 2 3\n"),
        ("import os, stat\nprint(stat.S_ISREG(os.fstat(0).st_mode))", ""),
        ("import sys\nprint(sys.stdin.read(2), sys.stdin.tell())\nsys.stdin.seek(0)\nprint(sys.stdin.read())", "a\nbc\n"),
        ("import mmap\nwith mmap.mmap(0, 0, access=mmap.ACCESS_READ) as m: print(m[:], m.readline())", "abc\nd\n"),
        ("import io, os\ninput = io.BytesIO(os.read(0, os.fstat(0).st_size)).readline\nprint(int(input()) + int(input()))", "1\n2\n"),
        ("import os, sys\nprint(os.read(sys.stdin.fileno(), 100))", "abc\n"),
        ("print(ascii(input()), ascii(input()))", "a\r\nb\r\n"), ("import sys\nprint(ascii(sys.stdin.readlines()))", "a\rb\r\nc\n\n"),
        ("print(repr(open(0).read()))", "a\r\nb"), ("print(repr(open('/dev/stdin').read()))", "abc"), ("import fileinput\nfor line in fileinput.input(): print(repr(line))", "a\nb"),
        ("import sys\nprint(sys.stdin.buffer.read())", "\u00fc\r\n"), ("print(ascii(input()))", "\udcff\udc80a\n"), ("import sys\nprint(sys.stdin.buffer.read())", "\udcffa"),
        ("print(input())", "\udcff\n"), ("print(ascii(input()))", "\ufeff1\n"), ("print(ascii(input()))", "\0\x1a\x0c\x85\u2028\n"),
        ("print(input('prompt> ') * 2)", "ab\n"), ("print(input())\nprint(input())", "one"), ("input()", ""), ("print(repr(input()))", "\n"),
        ("import sys\nfor line in sys.stdin:\n    print(line, end='')\n    print(sys.stdin.readline(), end='|')", "a\nb\nc\n"),
        ("import sys\nnext(sys.stdin)\nsys.stdin.tell()", "a\nb\n"), ("import sys\nprint(list(map(int, sys.stdin.read().split())))", " 1\n2\t3 \n"),
        ("import sys\nprint(sys.stdin.readline(2), sys.stdin.readline(), sys.stdin.readline(), repr(sys.stdin.readline()))", "abcd\ne\n"),
        ("import sys\nsys.stdin.close()\nprint(1)\ninput()", "x"), ("import sys\nsys.stdin.write('x')", ""), ("import os\nos.write(0, b'x')", "abc"),
        ("import sys\nsys.stdin = open(0, 'rb')\nprint(sys.stdin.readline())", "ab\n"), ("import sys, io\nsys.stdin = io.StringIO('own')\nprint(input())", "x"),
        ("import sys\nsys.stdin.reconfigure(encoding='latin-1', newline=None)\nprint(ascii(sys.stdin.read()))", "\u00fc\r\n"),
        ("print(sum(int(x) for x in open(0).read().split()))", "1 " * 100000), ("import sys\nprint(len(sys.stdin.readline()), len(sys.stdin.readline()))", "x" * 300000 + "\ny"),
        ("while True:\n    try: line = input()\n    except EOFError: break\n    print(line[::-1])", "ab\ncd"), ("import select, sys\nprint(select.select([sys.stdin], [], [], 0)[0] == [sys.stdin])", ""),
        ("import os\nos.lseek(0, 2, 1)\nprint(input())", "abcd\n"),
    ],
    "stdout": [
        "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.detach(), encoding='utf-8')\nprint('é')",
        "import codecs, sys\nsys.stdout = codecs.getwriter('utf-8')(sys.stdout.detach())\nprint('é')",
        "import sys\nprint(sys.stdout.name, sys.stdout.mode, sys.stdout.fileno(), sys.stdout.encoding, sys.stdout.errors, sys.stdout.isatty(), sys.stdout.line_buffering, sys.stdout.write_through)",
        "import sys\nprint(sys.stdout.buffer.name, sys.stdout.buffer.mode, sys.stdout.seekable(), sys.stdout.readable(), sys.stdout.newlines, sys.stdout is sys.__stdout__)",
        "import sys\nprint(sys.stderr.name, sys.stderr.mode, sys.stderr.fileno(), sys.stderr.encoding, sys.stderr.errors, sys.stderr.line_buffering)",
        "import sys\nprint('a')\nsys.stdout.buffer.write(b'b\\n')\nprint('c')", "import sys\nsys.stdout.buffer.write(b'\\xff\\xfe')", "print('\\udcff')", "print('a', end='\\r\\n')\nprint('b\\rc')",
        "import sys\nsys.stdout.reconfigure(line_buffering=True)\nprint('a')\nimport os\nos._exit(0)", "print('\\0\\x07\\x1b[0m\\U0001f40d')", "import sys\nprint(sys.stdout.write('abc'))",
        "import sys\nsys.stdout.tell()", "import os\nprint(os.isatty(1), os.isatty(0))", "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as out: print('x')\nprint(repr(out.getvalue()))",
        "import os\nos.dup2(os.open(os.devnull, os.O_WRONLY), 1)\nprint('lost')", "import sys\nsys.stdout, sys.stderr = sys.stderr, sys.stdout\nprint('lost')\nprint('kept', file=sys.stderr)",
    ],
    "library": [
        "import random\nrandom.seed(7)\nprint(random.random(), random.sample(range(99), 3))", "print({'a', 'b', 'c'}, hash('abc'), {1: 2}, frozenset('xyz'))",
        "import sys\nprint(sys.version_info[:2], sys.maxsize, sys.byteorder, sys.getdefaultencoding(), sys.getfilesystemencoding(), sys.int_info.bits_per_digit)",
        "import decimal, fractions, datetime, statistics\nprint(decimal.Decimal(1) / 3, fractions.Fraction(3, 6), datetime.date(2024, 2, 29), statistics.mean([1, 2]))",
        "import locale\nprint(locale.getpreferredencoding(False), f'{1234567:n}', locale.localeconv()['decimal_point'])",
        "import argparse\np = argparse.ArgumentParser(prog='p')\np.add_argument('--x', type=int, default=3)\nprint(p.parse_args())",
        "import argparse\nargparse.ArgumentParser(prog='p').parse_args(['--no'])", "import timeit, time\nprint(timeit.timeit('1', number=3) < 1, time.perf_counter() > 0)",
        "from enum import Enum\nclass C(Enum):\n    A = 1\nprint(C.A, repr(C.A))", "import typing, collections.abc\nprint(typing.Optional[int], isinstance([], collections.abc.Sequence))",
        "import sys\nprint(sys.argv[1:], sys.warnoptions, sys._xoptions, sys.flags.hash_randomization)", "import this", "print(__import__('math').pi, eval('1 + 1'))\nexec('print(2)')",
        "exec('from __future__ import annotations\\ndef f(x: no): pass\\nprint(f.__annotations__)')\ndef g(x: int): pass\nprint(g.__annotations__)",
        "import copy, pickle, string, re, math, itertools, functools, operator, heapq, bisect, io, abc, types, time, calendar, queue, secrets, uuid, textwrap, pprint, csv, zlib, struct, array, cmath, numbers\nprint('all')",
    ],
}


def plain(code: str, stdin: str = "") -> tuple[str, str, set[str]]:
    """`python program.py < input` in an empty folder -> status and output as the sandbox puts them, the names that the exception may have."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "program.py").write_bytes(code.encode("utf-8", "surrogatepass"))
        Path(folder, "input").write_bytes(stdin.encode("utf-8", "surrogateescape"))
        environment = {"PATH": os.defpath, "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}
        with Path(folder, "input").open("rb") as file:
            Path(folder, "input").unlink()
            command = [sys.executable, "program.py"]
            try:
                done = subprocess.run(command, stdin=file, capture_output=True, cwd=folder, env=environment, timeout=SECONDS)
            except subprocess.TimeoutExpired:
                return "TIMEOUT", "", {""}
    status, names = "OK", {""}
    if done.returncode and done.returncode != -signal.SIGINT:
        status = "ERROR" if done.returncode > 0 else f"SIGNAL {-done.returncode}"
    if done.returncode > 0 or done.returncode == -signal.SIGINT:
        status = "ERROR"
        told = re.split(r'  File "|Exception ignored in', done.stderr.decode("utf-8", "replace"), maxsplit=1)[1:]
        names = {name.rpartition(".")[2] for name in NAME.findall("".join(told))} or {"SystemExit", ""}   # which have no traceback
    return status, done.stdout.decode("utf-8", "replace").replace(f"{folder}/", "/"), names


def differences(sandbox, programs: list[tuple[str, str]], threads: int = 2) -> list:
    """-> [program, what plain Python gives, the sandbox's result], where they differ."""
    with ThreadPoolExecutor(threads) as pool:
        wanted = list(pool.map(lambda program: plain(*program), programs))
    found = []
    for program, (status, stdout, names), result in zip(programs, wanted, sandbox.map(programs, cpu_seconds=10)):
        if result.status == "MEMORY":
            result = dataclasses.replace(result, status="ERROR")
        if result.status == "TIMEOUT":   # neither has ended
            result = dataclasses.replace(result, stdout="")
        same = ADDRESS.sub("", result.stdout) == ADDRESS.sub("", stdout)
        if not same or result.status != status or result.error not in names:
            found.append([program, (status, stdout, names), result])
    return found


def table() -> list[tuple[str, str]]:
    rows = [row for kind in PROGRAMS.values() for row in kind]
    return [row if isinstance(row, tuple) else (row, "") for row in rows]


def main() -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from real import programs

    from sandbox import Sandbox
    jobs = [(code, stdin) for part in sys.argv[1:] for _, code, stdin, _ in programs(part)] or table()
    with Sandbox(1, cpu_seconds=5) as sandbox:
        found = differences(sandbox, jobs)
    for program, wanted, result in found:
        print(repr(program)[-600:], *[f"    {str(side)[:300]!r}" for side in (wanted, result)], sep="\n")
    print(f"{len(jobs)} programs, {len(found)} differ")


if __name__ == "__main__":
    main()
