"""The sandbox: statuses, limits, streams, workers, programs that try to do harm; and when two outputs are the same."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from itertools import islice
from pathlib import Path

import agree
import pytest
from hostile import CASES, runs_at, soak
from real import programs

import jail
import sandbox as sandbox_module
from jail import lock
from jail.probes import PROBES
from sandbox import Result, Sandbox, run, same_output

ROOT = Path(__file__).resolve().parent.parent
NOBODY = dict(user=65534, group=65534, extra_groups=[])
ROOT_USER = hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.mark.parametrize("code, stdin, status, stdout, error", [
    ("print(input())", "hello\n", "OK", "hello\n", ""),
    ("", "", "OK", "", ""),
    ("print(1)\n1 / 0", "", "ERROR", "1\n", "ZeroDivisionError"),
    ("print(", "", "ERROR", "", "SyntaxError"),
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


def test_the_sandbox_agrees_with_plain_python(sandbox):
    """Status, output and exception's name of the programs in agree.py, of every kind."""
    programs = agree.table()
    assert len(agree.PROGRAMS) >= 9 and min(map(len, agree.PROGRAMS.values())) >= 9 and len(programs) >= 200
    assert agree.differences(sandbox, programs) == []


@pytest.mark.parametrize("part, step", [("contest_programs", 12), ("cruxeval", 50), ("tinypy", 80)])
def test_programs_that_nobody_here_wrote_agree_with_plain_python(sandbox, real_data, part, step):
    if not (real_data / f"{part}.jsonl").exists():
        pytest.skip(f"no {part}.jsonl in the real data")
    sample = [(code, stdin) for _, code, stdin, _ in islice(programs(part), 0, None, step)]
    assert len(sample) >= 15 and agree.differences(sandbox, sample) == []


@pytest.mark.parametrize("code, note", [
    ("import numpy", "modules .* not numpy"), ("import beside.it", "modules .* not beside"), ("from beside import it", "modules .* not beside"),
    ("try: import numpy\nexcept ImportError: pass\nprint(1)", "modules .* not numpy"),
    ("open('data.txt')", "files"), ("open('data.txt', 'w')", "files"), ("import os\nos.listdir()", "files"), ("open(__file__)", "files"),
    ("import subprocess\nsubprocess.run(['ls'])", "processes"), ("import urllib.request as u\nu.urlopen('http://127.0.0.1')", "network"),
    ("import threading\nthreading.stack_size(512 << 20)\nthreading.Thread(target=print).start()", "thread's whole stack"),
    ("import pickle, copy, platform, asyncio\nprint(1)", "^$"), ("1 / 0", "^$"), ("raise RuntimeError('x')", "^$"), ("import sys\nsys.exit(3)", "^$"),
    ("try: open('data.txt')\nexcept OSError: print(1)", "^$"),
    ("raise TimeoutError", "^$"), ("raise FileNotFoundError('mine')", "^$"), ("class Lost(OSError): pass\nraise Lost('x')", "^$"),
    ("import os\nos.close(77)", "^$"), ("import io\nio.BytesIO().fileno()", "^$"),
    ("import socket\nsocket.create_connection(('127.0.0.1', 9))", "network"),
])
def test_where_the_sandbox_is_the_reason_the_result_says_so(sandbox, code, note):
    result = sandbox.run(code)
    assert re.search(note, result.note) and (result.status == "OK") is code.endswith("print(1)")


@pytest.mark.parametrize("stdin, seen", [("\ud800", "'\\ud800'"), ("\udcff", "'\\udcff'"), ("\ud800\udcff", "'\\ud800\\udcff'"), ("ü", "'\\xfc'")])
def test_one_character_in_is_one_character_read(sandbox, stdin, seen):
    assert sandbox.run("print(ascii(input()))", stdin).stdout == seen + "\n"


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


def test_promise_order_map_keeps_the_order_and_runs_share_nothing(sandbox):
    jobs = [("import time\nk = int(input())\ntime.sleep(0.01 * (k % 3))\nprint(k)", str(k)) for k in range(40)]
    assert [r.stdout for r in sandbox.map(jobs)] == [f"{k}\n" for k in range(40)]
    assert sandbox.map([]) == []
    sandbox.run("import math\nmath.pi = 3\nleft = 1")
    assert sandbox.run("import math\nprint(math.pi > 3.1, 'left' in globals())").stdout == "True False\n"


def test_a_worker_that_dies_is_replaced_and_its_run_reported():
    with Sandbox(1) as sandbox:
        sandbox.run("import time")
        threading.Timer(0.3, os.kill, (sandbox.workers[0, True].process.pid, signal.SIGKILL)).start()
        results = sandbox.map([("print(1)", ""), ("import time\ntime.sleep(600)", ""), ("print(2)", "")])
        assert [r.status for r in results] == ["OK", "SIGNAL 9", "OK"]
        assert results[2] == Result("OK", "2\n", "", results[2].seconds)


@pytest.mark.parametrize("ending, kill", [("returns", 0), ("is killed", signal.SIGKILL), ("gets Ctrl-C", signal.SIGINT)])
def test_promise_leftovers_no_worker_outlives_its_caller(ending, kill):
    code = f"""from sandbox import Sandbox
import signal, threading
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin without
s = Sandbox(2, cpu_seconds=100)
s.map([('import time', '')] * 4)
threading.Timer(0.3, lambda: print(*[w.process.pid for w in s.workers.values()], flush=True)).start()
s.map([('import time; time.sleep({60 if kill else 1})', '')] * 4)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT) as caller:
        workers = {int(pid) for pid in caller.stdout.readline().split()}
        family = {pid for pid, parent in processes().items() if pid in workers or parent in workers}
        assert len(family) == 4  # two workers, two programs
        if kill:
            caller.send_signal(kill)
        try:
            caller.wait(10)
        finally:
            caller.kill()
    for _ in range(40):
        if not (left := family & set(processes())):
            return
        time.sleep(0.05)
    pytest.fail(f"still alive: {left}")


def test_ctrl_c_that_reaches_another_thread_ends_the_run():
    code = """import signal, threading, time
from sandbox import Sandbox
signal.signal(signal.SIGINT, signal.default_int_handler)
s = Sandbox(2, cpu_seconds=100)
s.map([('1', '')] * 4)
threading.Timer(0.3, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGINT)).start()
try:
    s.map([('import time; time.sleep(60)', '')] * 4)
except KeyboardInterrupt:
    print('interrupted')
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=20)
    assert done.stdout == "interrupted\n"


def processes() -> dict[int, int]:
    """Living processes and their parents."""
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True).stdout.split("\n")
    return {int(row[0]): int(row[1]) for row in map(str.split, table) if row and row[2][0] != "Z"}


@pytest.mark.parametrize("wrong", [dict(workers=0), dict(workers=1.5), dict(workers=True), dict(cpu_seconds=0),
                                   dict(cpu_seconds=float("nan")), dict(memory_mb=-1), dict(memory_mb="512"), dict(output_bytes=0),
                                   dict(output_bytes=1e12)])
def test_wrong_limits(wrong):
    with pytest.raises(ValueError, match="must be a positive .*, got"):
        Sandbox(**wrong)
    if "workers" not in wrong:
        with pytest.raises(ValueError, match="must be a positive number, below 10..12, got"):
            run("", **wrong)


@pytest.mark.parametrize("job", [3, ("print()",), ("print()", b""), "ab", None])
def test_wrong_jobs(sandbox, job):
    with pytest.raises(ValueError, match=r"job 1 must be \(code, stdin\), both str"):
        sandbox.map([("", ""), job])


def test_a_worker_that_cannot_start_is_an_error(monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(RuntimeError, match="did not start"):
        Sandbox(1).run("")


def test_run_from_several_threads():
    answers = [None] * 8
    def ask(k):
        answers[k] = run(f"print({k})").stdout
    threads = [threading.Thread(target=ask, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [f"{k}\n" for k in range(8)]


def test_programs_that_import_nothing_have_a_worker_of_their_own():
    """A lighter one; what a program can do and see is the same in both."""
    with Sandbox(1) as sandbox:
        look = "print('dataclasses' in vars(__builtins__)['__im' + 'port__']('sys').modules)"
        assert [r.stdout for r in sandbox.map([(look, ""), ("import math\n" + look, "")])] == ["False\n", "True\n"]
        assert set(sandbox.workers) == {(0, False), (0, True)}


def test_promise_apart_nothing_of_an_earlier_run_is_in_memory():
    """One run reads, computes and prints a secret; the next looks through all of its own memory, where fork could have left it."""
    search = """import ctypes, gc
gc.unfreeze()
pages = {(id(o) >> 12) + k for o in gc.get_objects() for k in range(-16, 17)}
libc, vector = ctypes.CDLL(None), ctypes.create_string_buffer(1)
half, other = input().encode(), input().encode()       # the whole must not come about by looking for it
keep = half + other if input() == 'keep' else None
looked = found = 0
for page in sorted(pages):
    if libc.mincore(ctypes.c_void_p(page << 12), ctypes.c_size_t(4096), vector) == 0:
        text = ctypes.string_at(page << 12, 4096)
        looked += 1
        found += any(text.startswith(other, at.end()) for at in __import__('re').finditer(half, text))
print(looked > 500, found > 0)"""
    half, other = ("".join(random.choices("abcdefghijklmnop", k=12)) for _ in range(2))
    with Sandbox(1) as sandbox:
        for _ in range(20):
            assert sandbox.run(f"import math  # {half}{other}\nprint(input() * 500)", half + other).status == "OK"
        assert sandbox.run(search, f"{half}\n{other}\n\n").stdout == "True False\n"
        assert sandbox.run(search, f"{half}\n{other}\nkeep\n").stdout == "True True\n"    # it would have found it


# ---------------------------------------------------------------------------------------------------------------------------
# Programs that try to do harm (hostile.py), as whoever runs the tests, as an ordinary user, and on kernels that have less.

def ordinary_user() -> tuple[list[str], Path]:
    """A Python that nobody (the user) can start, and a folder with copies that nobody can read."""
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            check = [python, "-c", "import sys; assert sys.version_info >= (3, 11)"]
            subprocess.run(check, check=True, capture_output=True, cwd="/", **NOBODY)
        except (OSError, subprocess.CalledProcessError):
            continue
        folder = Path(tempfile.mkdtemp())
        shutil.copytree(ROOT / "jail", folder / "jail", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("sandbox.py", "commands.py", "tests/hostile.py"):
            shutil.copy(ROOT / name, folder)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)
        return [python], folder
    pytest.skip("no Python that an ordinary user may start")


@pytest.fixture(scope="module")
def hostile_runs():
    """kind of user or kernel -> (level, {name of the case: what came of it}), from a process that runs all cases, four at a time."""
    known = {}

    def outcomes(kind: str) -> tuple[str, dict]:
        if kind not in known:
            known[kind] = drive(kind)
        return known[kind]

    return outcomes


def drive(kind: str) -> tuple[str, dict]:
    but = [] if kind in TIMED else ["--but", "time"]
    command, options = [sys.executable, "tests/hostile.py", *but], {"cwd": ROOT}
    if kind == "ordinary user":
        if not ROOT_USER:
            pytest.skip("the tests do not run as root: 'this user' is an ordinary one")
        python, folder = ordinary_user()
        command, options = [*python, "hostile.py", *but], dict(cwd=folder, **NOBODY)
    elif kind != "this user":
        if Sandbox(1).level != "full":
            pytest.skip("this kernel has less already")
        command += kind.split()
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, **options)
    if kind == "ordinary user":
        shutil.rmtree(folder)
    assert done.returncode == 0, f"the caller did not survive: {done.returncode}\n{done.stderr[-3000:]}"
    level, *rows, bystander = map(json.loads, done.stdout.splitlines())
    assert bystander, "a process that had nothing to do with it was killed"
    return level, {row[0]: row[1:] for row in rows}


TIMED = ("this user", "--without landlock seccomp")  # with all locks and with none: no lock keeps the promise "time", and it takes time


@pytest.mark.parametrize("kind, case", [pytest.param(kind, case, id=f"{kind}-{case.promise}: {case.name}")
                                        for kind in (*TIMED, "ordinary user", "--without landlock") for case in CASES
                                        if kind in TIMED or case.promise != "time"])
def test_hostile_program(kind, case, hostile_runs):
    level, outcomes = hostile_runs(kind)
    if not runs_at(case, level):
        pytest.skip(f"level {level!r} does not promise {case.promise}")
    outcome, wanted, harm = outcomes[case.name]
    assert outcome == wanted and not harm


def test_every_promise_has_its_tests():
    promised = re.findall(r"^    (\w+)  +", sandbox_module.__doc__.split("Not promised")[0], re.MULTILINE)
    assert len(promised) == len(set(promised)) >= 13
    tested = {case.promise for case in CASES} | {name.split("_")[2] for name in globals() if name.startswith("test_promise_")}
    assert set(promised) == tested
    assert len(CASES) == len({case.name for case in CASES}) >= 90


def test_what_is_not_promised(sandbox):
    """So that nobody relies on it: each line under "Not promised", but for the kernel's holes, of which no test knows one."""
    existence = "import os\nfacts = os.stat('/etc/passwd')\nprint(facts.st_size > 0, facts.st_mtime > 0, os.path.exists('/no'))"
    assert sandbox.run(existence).stdout == "True True False\n"
    honesty = sandbox.run("class MemoryError(Exception): pass\nprint('42')\nraise MemoryError")
    assert (honesty.status, honesty.stdout) == ("MEMORY", "42\n")
    assert sandbox.run("import os\nprint('42', flush=True)\nos._exit(0)\n1 / 0").status == "OK"
    quiet = sandbox.run("import os, time\nwhile time.process_time() < 0.3: pass\nprint(os.uname().machine, os.cpu_count() > 0)")
    assert quiet.stdout == f"{os.uname().machine} True\n" and 0.3 <= quiet.seconds < 1
    lines = re.findall(r"^    (\w+)  +", sandbox_module.__doc__.split("Not promised")[1], re.MULTILINE)
    assert lines == ["existence", "honesty", "kernel", "quiet"]


def test_soak_mixed_runs_all_come_out_as_they_must():
    found = soak(300)
    assert found["wrong"] == 0 and found["hostile"] >= 3, found["examples"]


def test_limits_of_any_size():
    assert run("print(1)", cpu_seconds=1e11, memory_mb=10**11, output_bytes=10**11).stdout == "1\n"
    assert run("print(1)", cpu_seconds=0.5, memory_mb=64.5, output_bytes=1.5).status == "OUTPUT_LIMIT"


def test_a_worker_starts_light():
    """Nothing of ours, and no module that every fork would pay for."""
    loaded = run("import sys\nprint(*sorted(sys.modules))\nprint(sys.path)", output_bytes=100_000).stdout
    assert not re.search(r"\b(jail|sandbox|threading|subprocess|torch|numpy)\b", loaded)
    assert str(ROOT) not in loaded.replace(str(ROOT / ".venv"), "")


def test_recording_happens_in_the_same_jail(tmp_path):
    from tracer import record
    canary = tmp_path / "canary"
    canary.write_text("alive")
    for act in (f"open({str(canary)!r}, 'w')", f"import os\nos.remove({str(canary)!r})", "import os\nos.fork()",
                "import os\nos.kill(os.getppid(), 9)", "import socket\nsocket.socket()",
                f"import sys\nsys.settrace(None)\nopen({str(canary)!r}, 'a')"):
        if Sandbox(1).level == "full":
            trace = record(act)
            assert trace.error in ("PermissionError", "") and trace.stdout == "" and canary.read_text() == "alive"
    assert canary.read_text() == "alive" and record("print(1)").stdout == "1\n"


def test_the_command_runs_a_file_or_says_in_one_line_what_is_wrong(tmp_path):
    program, broken = tmp_path / "prog.py", tmp_path / "broken.py"
    program.write_text("print(input() * 2)")
    (tmp_path / "bom.py").write_bytes(b"\xef\xbb\xbfprint('\xc3\xbc')\r\n")
    (tmp_path / "latin.py").write_bytes(b"# coding: latin-1\nprint('\xfc')")
    (tmp_path / "bytes.py").write_text("import sys\nprint(sys.stdin.buffer.read())")
    broken.write_bytes(b"# \xff")
    command = [sys.executable, str(ROOT / "sandbox.py")]
    done = subprocess.run([*command, str(program)], input="ab", capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("Result(status='OK', stdout='abab\\n', error=''")
    for name, stdin, printed in (("bom", b"", "ü\n"), ("latin", b"", "ü\n"), ("bytes", b"\xff\r\n", r"b'\xff\r\n'" + "\n")):
        done = subprocess.run([*command, str(tmp_path / f"{name}.py")], input=stdin, capture_output=True)
        assert f"status='OK', stdout={printed!r}," in done.stdout.decode()
    (tmp_path / "cookie.py").write_bytes(b"# coding: nonsense\nprint(1)")
    for wrong in (broken, tmp_path / "no.py", tmp_path / "cookie.py"):
        done = subprocess.run([*command, str(wrong)], capture_output=True, text=True)
        assert done.returncode == 2 and re.fullmatch(r"sandbox.py: cannot read .*\n", done.stderr)


@pytest.mark.parametrize("command", ["sandbox.py", "trace.py"])
def test_commands_without_an_input_and_with_an_output_that_knows_no_umlauts(tmp_path, command):
    program = tmp_path / "prog.py"
    program.write_text("print('\\xe9')\n")
    line = f"{sys.executable} {command} {program} {'--stdin -' * (command == 'trace.py')} <&-"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=ROOT, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0 and "\\xe9" in done.stdout and not done.stderr


def test_check_tries_every_protection():
    done = subprocess.run([sys.executable, "sandbox.py", "--check"], capture_output=True, text=True, cwd=ROOT)
    level, *lines = done.stdout.splitlines()
    assert [line[5:] for line in lines] == list(PROBES) and {line[:4] for line in lines} <= {"yes ", "no  "}
    assert level.split(": ")[1] in ("full", "seccomp", "landlock", "limits")
    assert level != "level: full" or all(line.startswith("yes") for line in lines)
    assert not Path("/tmp/sandbox-check").exists()


def test_the_jails_readme_names_every_level_and_file():
    readme = (ROOT / "jail/README.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", readme, re.MULTILINE) == ["full", "seccomp", "landlock", "limits"]
    files = {path.name for path in (ROOT / "jail").glob("*.py")} - {"__init__.py"}
    assert set(re.findall(r"^\| \[(\w+\.py)\]", readme, re.MULTILINE)) == files
    assert readme.startswith("May be skipped") and jail.__doc__.startswith("May be skipped")


def test_the_numbers_of_the_calls_are_those_of_the_kernel():
    header = {"x86_64": "x86_64-linux-gnu/asm/unistd_64.h", "aarch64": "asm-generic/unistd.h"}.get(os.uname().machine, "")
    if not header or not (path := Path("/usr/include", header)).exists():
        pytest.skip("no kernel headers here")
    true = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", path.read_text()))
    for name, number in (lock.numbers(lock.CALLS) | lock.numbers(lock.CHECKED)).items():
        assert int(true[name]) == number, name


# ---------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("got, want, same", [
    ("1\n2", "1 2", True), ("1 2", "1", False), ("a", "A", False), ("", "", True), (" \n", "", True), ("1\r\n", "1\n", True),
    ("1.0", "1", True), ("1", "1.0", True), ("1.000009", "1.0", True), ("1.0001", "1.0", False), ("1.00001", "1.0", True), ("1.0000101", "1.0", False), ("0.99999", "1.0", True), ("100000.5", "100000.0", True),
    ("1000001", "1000000", False), ("1.000001", "1", False), ("12345678901234567890", "12345678901234567891", False),
    ("nan", "nan", True), ("nan", "1", False), ("inf", "1e308", False), ("1e999", "1e308", False), ("sNaN", "1.0", False),
    ("1e999999999", "1.0", False), ("1_000", "1000", False), ("١", "1", False), ("9" * 10**6, "1.0", False), ("+1", "1", True),
    ("0010", "10", False), ("10", "0010", False), ("007", "7", False), ("7", "007", False), ("007", "007", True), ("00", "0", False),
    ("07.5", "7.5", False), ("1.50", "1.5", True), ("0.0", "0", True), ("+07", "7", False), ("1e05", "100000", True),
    ("0." + "3" * 80, "0." + "3" * 81, True), ("0." + "3" * 80, "0." + "4" * 81, False), ("9" * 399, "+" + "9" * 399, True),
    ("9" * 400, "+" + "9" * 400, False), ("1" * 70 + ".0", "1" * 70, False), ("1e400", "1e400", True), ("1e308", "1e308.0", False),
    ("1e400", "1e401", False), ("1", "1e999", False), ("1e999", "1.0", False),
    ("a\u00a0b", "a b", False), ("a\u00a0b", "a\u00a0b", True), ("1\u00a0", "1", False), ("a\x1fb", "a b", False), ("a\u2003b", "a b", False),
    ("a\x85b", "a b", False), ("a\tb\x0bc\x0cd\re", "a b c d e", True), ("\ufeff1", "1", False), ("True", "1", False), ("[1.0000001]", "[1.0]", False),
    ("-0", "0", True), (".5", "0.5", True), ("5.", "5", True), ("1e2", "100", True), ("0x10", "16", False),
])
def test_same_output(got, want, same):
    assert same_output(got, want) is same


def test_same_output_never_raises():
    pieces = ["1", "-", "+", ".", "e", "E", "9" * 70, "nan", "inf", "_", " ", "\n", "\t", "\0", "\u0661", "\ud800",
              "\u2028", "x", "0x", "1e999", "\U0001f40d"]
    random.seed(0)
    texts = ["".join(random.choices(pieces, k=random.randrange(8))) for _ in range(3000)]
    for got, want in zip(texts, reversed(texts)):
        assert same_output(got, want) in (True, False)
        assert same_output(got, got) is True
        assert same_output(got, want) is same_output(f" {got}\n", want)
