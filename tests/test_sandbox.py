"""The sandbox: statuses, limits, streams, workers; and when two outputs are the same."""

import os
import subprocess
import sys
import time

import pytest

from sandbox import Result, Sandbox, run, same_output


@pytest.mark.parametrize("code, stdin, status, stdout, error", [
    ("print(input())", "hello\n", "OK", "hello\n", ""),
    ("", "", "OK", "", ""),
    ("print(1)\n1 / 0", "", "ERROR", "1\n", "ZeroDivisionError"),
    ("print(", "", "ERROR", "", "SyntaxError"),
    ("print('a\0b')\0", "", "ERROR", "", "SyntaxError"),
    ("import sys\nprint(1)\nsys.exit(3)", "", "ERROR", "1\n", "SystemExit"),
    ("import sys\nsys.exit('x')", "", "ERROR", "", "SystemExit"),
    ("print(1)\nexit()", "", "OK", "1\n", ""),
    ("input()\ninput()", "one\n", "ERROR", "", "EOFError"),
    ("raise KeyboardInterrupt", "", "ERROR", "", "KeyboardInterrupt"),
    ("class Mine(Exception): pass\nraise Mine", "", "ERROR", "", "Mine"),
    ("def f(): f()\nf()", "", "ERROR", "", "RecursionError"),
    ("import os\nprint(1, flush=True)\nos._exit(0)", "", "OK", "1\n", ""),
    ("import os\nos.abort()", "", "SIGNAL 6", "", ""),
    ("import os\nos.kill(os.getpid(), 9)", "", "SIGNAL 9", "", ""),
    ("x = 'a' * 10**11", "", "MEMORY", "", "MemoryError"),
    ("import atexit\natexit.register(print, 'bye')", "", "OK", "bye\n", ""),
    ("import threading, time\nthreading.Thread(target=lambda: (time.sleep(.05), print('late'))).start()", "", "OK", "late\n", ""),
    ("if __name__ == '__main__':\n    print('main')", "", "OK", "main\n", ""),
    ("import sys\nfor line in sys.stdin:\n    print(line.strip())", "a\nb", "OK", "a\nb\n", ""),
    ("import sys\nprint(len(sys.stdin.buffer.read()))", "abc", "OK", "3\n", ""),
    ("print(open(0).read())", "abc", "OK", "abc\n", ""),
    ("from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\nprint(P(1))", "", "OK", "P(x=1)\n", ""),
    ("import pickle\nclass P: pass\nprint(type(pickle.loads(pickle.dumps(P()))).__name__)", "", "OK", "P\n", ""),
    ("print({'b', 'a'} == {'a', 'b'}, 'ü')", "", "OK", "True ü\n", ""),
])
def test_status_output_and_error(sandbox, code, stdin, status, stdout, error):
    result = sandbox.run(code, stdin)
    assert (result.status, result.stdout, result.error) == (status, stdout, error)
    assert 0 <= result.seconds < 1


@pytest.mark.parametrize("code", ["while True: pass",
                                  "import time\ntime.sleep(60)", "try:\n    while True: pass\nexcept BaseException: pass",
                                  "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
                                  "import signal\n[signal.signal(s, signal.SIG_IGN) for s in (1, 2, 13, 15, 24, 27)]\nwhile True: pass",
                                  "import os, time\nos.close(1)\nos.close(63)\ntime.sleep(60)"])
def test_time_limits(code):
    began = time.time()
    assert run(code, cpu_seconds=0.2).status == "TIMEOUT"
    assert time.time() - began < 3 * 0.2 + 1 + 0.5
    assert run("print(1)").stdout == "1\n"


def test_output_limit_keeps_the_beginning():
    result = run("while True: print('x' * 100)", output_bytes=1000)
    assert result.status == "OUTPUT_LIMIT" and result.stdout.startswith("x" * 100) and len(result.stdout) == 1000


def test_memory_limit():
    assert run("x = []\nwhile True: x.append('a' * 1000000)", memory_mb=200).status == "MEMORY"
    assert run("x = 'a' * 300_000_000\nprint(len(x))", memory_mb=500).stdout == "300000000\n"


def test_large_streams_do_not_deadlock():
    text = "abc\n" * 500_000
    assert run("import sys\nsys.stdout.write(sys.stdin.read())", text, output_bytes=3_000_000).stdout == text
    assert run("print('x' * 200_000)\nprint(len(input()))", "y" * 300_000, output_bytes=300_000).stdout.endswith("300000\n")
    assert run("print('never read')", text).stdout == "never read\n"


def test_the_child_of_a_program_is_killed_and_not_waited_for(tmp_path):
    began = time.time()
    code = f"import os, time\nif os.fork() == 0:\n    time.sleep(1)\n    open({str(tmp_path / 'alive')!r}, 'w')\n    os._exit(0)\nprint(1)"
    assert run(code).stdout == "1\n"
    assert time.time() - began < 0.9
    time.sleep(1.2)
    assert not (tmp_path / "alive").exists()


def test_map_keeps_the_order_and_runs_share_nothing(sandbox):
    jobs = [("import time\nk = int(input())\ntime.sleep(0.01 * (k % 3))\nprint(k)", str(k)) for k in range(40)]
    assert [r.stdout for r in sandbox.map(jobs)] == [f"{k}\n" for k in range(40)]
    assert sandbox.map([]) == []
    sandbox.run("import math\nmath.pi = 3\nleft = 1")
    assert sandbox.run("import math\nprint(math.pi > 3.1, 'left' in globals())").stdout == "True False\n"


def test_a_worker_that_dies_is_replaced_and_its_run_reported():
    with Sandbox(1) as sandbox:
        results = sandbox.map([("print(1)", ""), ("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)", ""), ("print(2)", "")])
        assert [r.status for r in results] == ["OK", "SIGNAL 9", "OK"]
        assert results[2] == Result("OK", "2\n", "", results[2].seconds)


def test_no_worker_outlives_its_caller():
    code = "from sandbox import Sandbox\ns = Sandbox(2)\ns.map([('1', '')] * 8)\nprint(*[w.process.pid for w in s.workers if w])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=os.path.dirname(os.path.dirname(__file__)))
    time.sleep(0.3)
    for pid in map(int, done.stdout.split()):
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
        assert state.strip()[:1] in ("", "Z")  # gone, or dead and not yet collected by the system


def test_wrong_arguments():
    with pytest.raises(ValueError, match="positive"):
        Sandbox(0)
    with pytest.raises(ValueError, match="positive"):
        run("", cpu_seconds=0)
    with pytest.raises(ValueError, match="job 0"):
        run(3)


@pytest.mark.parametrize("got, want, same", [
    ("1\n2", "1 2", True), ("1 2", "1", False), ("a", "A", False), ("", "", True), (" \n", "", True), ("1\r\n", "1\n", True),
    ("1.0", "1", True), ("1", "1.0", True), ("1.000009", "1.0", True), ("1.0001", "1.0", False), ("100000.5", "100000.0", True),
    ("1000001", "1000000", False), ("1.000001", "1", False), ("12345678901234567890", "12345678901234567891", False),
    ("nan", "nan", True), ("nan", "1", False), ("inf", "1e308", False), ("1e999", "1e308", False), ("sNaN", "1.0", False),
    ("1e999999999", "1.0", False), ("1_000", "1000", False), ("١", "1", False), ("9" * 10**6, "1.0", False), ("+1", "1", True),
    ("-0", "0", True), (".5", "0.5", True), ("5.", "5", True), ("1e2", "100", True), ("0x10", "16", False),
])
def test_same_output(got, want, same):
    assert same_output(got, want) is same
