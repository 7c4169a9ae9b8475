"""Every command a reader may type, every link and size limit: help and wrong flags of each script, the course at tiny size,
README.md, lab/README.md, run.sh. Most commands run inside this process; one of each kind in its own."""

import ast
import importlib.util
import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tokenize
import tomllib
from functools import cache
from pathlib import Path

import pytest
from conftest import in_process, tiny_flags

ROOT = Path(__file__).resolve().parent.parent
METHOD = ("model", "trace", "sandbox", "tasks", "sft", "rl", "eval")
SETTINGS = ("tasks.py", "sft.py", "rl.py", "eval.py")  # scripts with --preset, --seed, --out, --world
DOCUMENTS = sorted(ROOT / name for name in subprocess.run(
    ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True).stdout.split())
WRITTEN = [path for path in DOCUMENTS if path.name != "report.md"]  # by people; reports are made by runs
README = (ROOT / "README.md").read_text()

SHORT = {"max_new_tokens_predict": 20, "max_new_tokens_solve": 20}
TINY = {  # a flag stands behind those of the command, for of two equal flags the last counts
    "tasks.py": tiny_flags("data", sft_cases=40, sft_problems=15, rl_cases=6, rl_problems=4),
    "sft.py": tiny_flags("sft", batch_tokens=1024, save_every=2, **SHORT),
    "rl.py": tiny_flags("rl", solve_prompts=1, fix_prompts=1, **SHORT),
    "eval.py": tiny_flags("eval", problems=2, cases=2, samples=2, turns=2, **SHORT),
}
COURSE = ("tasks.py", "sft.py", "rl.py", "eval.py")
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}


def run(arguments: list, cwd: Path = ROOT, timeout: float = 240) -> subprocess.CompletedProcess:
    """Run to the end, with nothing to read, and return exit code and output."""
    return subprocess.run([*map(str, arguments)], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
                          env=ONE_THREAD)


def succeed(arguments: list, **options) -> str:
    """Run, require exit code 0, return everything printed."""
    done = run(arguments, **options)
    said = done.stdout[-2000:] + done.stderr[-4000:]
    assert done.returncode == 0, f"{shlex.join(map(str, arguments))} ended with {done.returncode}:\n{said}"
    return done.stdout + done.stderr


def tiny(command: str, out: Path) -> list[str]:
    """A command of the course (its words after python) with flags that make it finish in seconds."""
    script, *words = shlex.split(command)
    size = tiny_flags("model") if script == "sft.py" else []
    return [script, *size, *words, *TINY[script], "--out", str(out)] if script in TINY else [script, *words]


# ---------------------------------------------------------------------------------------------------------------------
# The scripts.

@pytest.mark.parametrize("script", [f"{name}.py" for name in METHOD if name != "model"])
def test_help_is_the_manual_and_an_unknown_flag_an_error(script):
    code, said, _ = help_of(script)
    assert code == 0 and "usage:" in said and f"python {script}" in said  # the header docstring, with its commands
    for flag in ("--preset", "--seed", "--out", "--world") if script in SETTINGS else ():
        assert flag in said
    code, said, errors = in_process(script, "--no-such-flag")
    assert code == 2 and ("--no-such-flag" in errors or "required" in errors), errors


def test_model_tells_its_size():
    assert "750,464 parameters" in in_process("model.py")[1]


def lab_commands() -> list[str]:
    """lab/ files that are commands."""
    return sorted(f"lab.{path.stem}" for path in (ROOT / "lab").glob("*.py") if "__main__" in path.read_text())


help_of = cache(lambda *words: in_process(*words, "--help"))


@pytest.mark.parametrize("module", lab_commands())
def test_lab_help_is_the_manual_and_an_unknown_flag_an_error(module):
    code, said, errors = help_of("-m", module)
    assert code == 0 and "usage:" in said and f"python -m {module}" in said, errors
    assert in_process("-m", module, "--no-such-flag")[0] == 2


@pytest.mark.parametrize("script", ["sft.py", "rl.py", "eval.py"])
def test_a_missing_earlier_stage_is_one_clear_line(script, tmp_path):
    code, said, errors = in_process(*tiny(script, tmp_path))
    assert code == 2 and re.fullmatch(rf"{script}: .*(python|bash) .*\n", errors), errors  # what is missing, what to do


# ---------------------------------------------------------------------------------------------------------------------
# The course, once, at tiny size; the other commands run in the same folder afterwards.

@pytest.fixture(scope="session")
def course(tmp_path_factory) -> Path:
    """The out folder of a finished tiny course."""
    out = tmp_path_factory.mktemp("course") / "out"
    succeed([sys.executable, *tiny("tasks.py", out)])
    for command in COURSE[1:]:
        code, said, errors = in_process(*tiny(command, out))
        assert code == 0, f"{command}: {said[-2000:]}{errors[-4000:]}"
    return out


def test_course_leaves_what_it_promises(course):
    for name in ("data/sft_cases.jsonl", "data/test_vague.jsonl", "sft.pt", "rl.pt", "report.md", "metrics.json", "seconds.json"):
        assert (course / name).stat().st_size > 0, name
    metrics = json.loads((course / "metrics.json").read_text())
    for key in ("preset", "seed", "seconds", "predict", "solve", "best_at_k", "self_rlef"):
        assert key in metrics, key
    assert set(json.loads((course / "seconds.json").read_text())) >= {"data", "sft", "rl", "eval"}
    for figure in metrics["predict"].values():
        assert set(figure) >= {"value", "lo", "hi", "n"}
        assert figure["n"] == 0 or 0 <= figure["lo"] <= figure["value"] <= figure["hi"] <= 1


def test_finished_stages_are_skipped(course):
    before = {name: (course / name).stat().st_mtime_ns for name in ("data/sft_cases.jsonl", "sft.pt", "rl.pt")}
    for script in ("tasks.py", "sft.py", "rl.py"):
        assert in_process(*tiny(script, course))[0] == 0
    assert before == {name: (course / name).stat().st_mtime_ns for name in before}


# ---------------------------------------------------------------------------------------------------------------------
# The documents.

def commands_in(text: str) -> list[list[str]]:
    """Words of each command in ```bash blocks, comments dropped."""
    blocks = re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]
    return [words for words in lines if words]


PYTHON_COMMANDS = [words[1:] for words in commands_in(README) if words[0] == "python"]


def test_readme_is_short_and_shows_the_commands_that_matter():
    assert len(README.splitlines()) <= 250 and len(README.split()) <= 2250
    shown = [shlex.join(words) for words in commands_in(README)]
    assert {"bash run.sh", "bash run.sh quick", "bash run.sh test", *(f"python {command}" for command in COURSE)} <= {*shown}
    assert all(shlex.split(command)[0] in ("python", "bash", "source") for command in shown)


def test_readme_python_commands(course, tmp_path):
    """All but the course's own, which the fixture ran. The first of each script is a process of its own."""
    scripts, others = set(), [words for words in PYTHON_COMMANDS if shlex.join(words) not in COURSE]
    for words in others:
        if words[:2] == ["-m", "lab.export"]:
            words = [*words[:2], course / "rl.pt", tmp_path / "model.pt"]
        elif "--ckpt" in words:
            words = [*words[:-1], course / "rl.pt"]
        elif "--episode" in words:  # how an episode goes on is tests/test_episode.py's
            words = [*words, "--samples", "2", "--turns", "2"]
        if words[0] in scripts or words[0] == "-m":
            code, said, errors = in_process(*words)
            assert code == 0, f"{words}: {said[-2000:]}{errors[-4000:]}"
        else:
            said = succeed([sys.executable, *words])
        scripts.add(words[0])
    assert len(others) >= 6 and (tmp_path / "model.pt").stat().st_size < (course / "rl.pt").stat().st_size


def test_run_sh_commands_in_documents_exist():
    for words in [words for path in WRITTEN for words in commands_in(path.read_text()) if words[:2] == ["bash", "run.sh"]]:
        command = words[2] if len(words) > 2 and not words[2].startswith("-") else ""
        assert command in ("", "quick", "test", "lab", "time", "setup", "help")
        if command != "test":  # whose flags are pytest's
            assert {word.split("=")[0] for word in words if word.startswith("-")} <= {"--preset", "--seed", "--out", "--world"}


def test_lab_readme_has_a_command_for_everything_and_only_flags_that_exist():
    named = set()
    for words in commands_in((ROOT / "lab/README.md").read_text()):
        if "torch.distributed.run" in words:
            words = ["python", *words[next(k for k, word in enumerate(words) if word.endswith(".py")):]]
        if words[0] in ("bash", "mkdir", "cp"):
            continue
        command = tuple(words[1:3] if words[1] == "-m" else words[1:2])
        named.add(command[-1])
        for flag in [word for word in words if word.startswith("--")]:
            assert re.search(rf"{flag}\b", help_of(*command)[1]), f"{shlex.join(words)}: no {flag}"
    assert set(lab_commands()) <= named


def test_lab_readme_makes_every_checkpoint_that_is_measured():
    from lab.evaluate import CHECKPOINTS
    made = []
    for words in commands_in((ROOT / "lab/README.md").read_text()):
        default = ""
        if words[1] == "-m" and words[2] == "lab.control":
            default = "sft-control"
        elif words[1] == "-m" and words[2] in lab_commands():
            source = (ROOT / f"{words[2].replace('.', '/')}.py").read_text()
            default = re.findall(r'^    (?:rl|sft)\.main\((?:\w+, )?"([\w-]+)"', source, re.MULTILINE)
            default = default[0] if default else ""
        made.append(words[words.index("--name") + 1] if "--name" in words else default)
    made = [name for name in made if name not in ("", "sft")]  # lab.functions trains one of another world
    assert len(made) == len(set(made)) and set(made) == {line.split()[0] for line in CHECKPOINTS.split("\n") if line} - {"other"}


def test_reading_minutes_are_honest():
    """25 lines a minute, within a minute and a half."""
    rows = re.findall(r"^\| \[.*?\]\((\S+\.py)\) \|.*\| (\d+) \|$", README, re.MULTILINE)
    assert {f"{name}.py" for name in METHOD} <= {name for name, _ in rows}
    for name, minutes in rows:
        assert abs(len((ROOT / name).read_text().splitlines()) / 25 - int(minutes)) < 1.5, name


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_paths_in_documents_exist(path):
    text = path.read_text()
    for name, target in re.findall(r"\[([^\]]*)\]\(([^)\s]+)\)", text):
        if target.startswith(("http:", "https:")):
            continue
        where = path.parent / target.partition("#")[0]
        assert where.exists(), f"{path.name} links to {target}, which is not there"
        if re.fullmatch(r"`\w+`", name) and where.suffix == ".py":  # [`function`](file.py)
            defined = rf"^\s*(def|class) {name[1:-1]}\b|^{name[1:-1]}\b.* = "
            assert re.search(defined, where.read_text(), re.MULTILINE), f"{target} has no {name}"
    for name in re.findall(r"`((?:results|examples|tests|lab|worlds|tracer|jail)/[\w./-]*\w)`", text):
        assert name == "worlds/sums.py" or (ROOT / name).exists(), f"{path.name} names {name}, which is not there"


# ---------------------------------------------------------------------------------------------------------------------
# How large the method may be. Tokens are Python's without comments and docstrings: wrapping cannot hide them.

def measure(text: str) -> dict:
    """-> lines, tokens, widest line, longest function, comprehensions per 100 lines that hold code."""
    tree = ast.parse(text)
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    docstrings = {node.body[0].lineno for node in [tree, *functions, *classes] if ast.get_docstring(node, clean=False) is not None}
    counted = [token for token in tokenize.generate_tokens(io.StringIO(text).readline)
               if token.type in (tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.STRING)
               and not (token.type == tokenize.STRING and token.start[0] in docstrings)]
    comprehensions = [node for node in ast.walk(tree) if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp))]
    return {"lines": len(text.splitlines()), "tokens": len(counted), "widest": max(map(len, text.splitlines())),
            "longest": max(node.end_lineno - node.lineno + 1 for node in functions),
            "comprehensions": 100 * len(comprehensions) / len({token.start[0] for token in counted})}


def test_measure():
    text = '"""Doc\nstring."""\n\n\ndef f(x):\n    """No token."""\n    # nor this\n    return [y for y in x]\n'
    assert measure(text) == {"lines": 8, "tokens": 14, "widest": 25, "longest": 4, "comprehensions": 50}


def test_the_method_stays_small_and_plain():
    sizes = {name: measure((ROOT / f"{name}.py").read_text()) for name in METHOD}
    assert sum(size["lines"] for size in sizes.values()) <= 2520
    assert sum(size["tokens"] for size in sizes.values()) <= 16_460
    for name, size in sizes.items():
        assert size["widest"] <= 100 and size["longest"] <= 70 and size["comprehensions"] <= 6, (name, size)


def test_everything_that_is_no_test_stays_small():
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    files = [ROOT / name for name in listed if not name.startswith("tests/") and (ROOT / name).exists()]
    sizes = {path: measure(path.read_text() + "\ndef f(): pass\n") for path in files}  # a file may be without a function
    assert sum(size["tokens"] - 6 for size in sizes.values()) <= 94_850  # of which tracer/ has 25,310, fast.py 4,430, worlds/functions.py and its lab have 6,500, everyday.py and its lab 4,880, pretrained.py 2,100
    assert [path.name for path, size in sizes.items() if size["widest"] > 100] == []


# ---------------------------------------------------------------------------------------------------------------------
# run.sh, with stand-ins for the scripts that write down how they were called.

def test_run_sh_help_from_anywhere(tmp_path):
    for script in ("run.sh", ".ci/run"):
        succeed(["bash", "-n", ROOT / script])
    assert os.access(ROOT / ".ci/run", os.X_OK) and len((ROOT / "run.sh").read_text().splitlines()) <= 90
    text = succeed(["bash", ROOT / "run.sh", "help"], cwd=tmp_path)
    assert all(f"bash run.sh {name}" in text for name in ("quick", "test", "lab", "time", "setup", "help"))
    assert succeed(["bash", ROOT / "run.sh", "quick", "--help"], cwd=tmp_path) == text
    wrong = run(["bash", ROOT / "run.sh", "tset"], cwd=tmp_path)
    assert wrong.returncode == 1 and wrong.stderr.startswith("run.sh: no such command: tset")


@pytest.fixture
def stand_in(tmp_path) -> Path:
    """A copy of run.sh whose set-up is done (with this test's Python) and whose scripts only log arguments."""
    for name in ("run.sh", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    python = tmp_path / ".venv/bin/python"
    python.write_text(f'#!/bin/sh\ncase "$2" in pip) exit 0 ;; esac\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    shutil.copy(ROOT / "requirements.txt", tmp_path / ".venv/requirements.done")
    code = """import os, sys
open("log", "a").write(os.environ.get("RANK", "") + " ".join(sys.argv) + "\\n")
sys.exit(3 if os.path.exists(sys.argv[0] + ".fail") else 0)
"""
    for script in SETTINGS:
        (tmp_path / script).write_text(code)
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab/plots.py").touch()
    (tmp_path / "lab/minutes.py").write_text("import sys\nprint('of', sys.argv[1])\n")
    (tmp_path / "lab/stubs.py").write_text("import sys\nprint('blank', sys.argv[1:])\n")
    return tmp_path


def assert_logged(stand_in, flags):
    logged = (stand_in / "log").read_text().splitlines()
    assert logged[:2] == [f"{command} {flags}" for command in COURSE[:2]]
    shared = [f"{rank}{command} {flags}" for command in COURSE[2:] for rank in "01"]
    alone = [f"{command} {flags}" for command in COURSE[2:]]  # one core, or a GPU
    assert sorted(logged[2:]) in (sorted(shared), sorted(alone))


def test_run_sh_hands_its_flags_to_every_stage_and_shares_two_of_them(stand_in):
    text = succeed(["bash", stand_in / "run.sh", "--seed", "1"], cwd=ROOT)
    assert_logged(stand_in, "--seed 1")
    assert "minutes:\nof out\n" in text and "out/metrics.json" in text


def test_run_sh_quick_says_that_its_world_is_smaller(stand_in):
    text = succeed(["bash", stand_in / "run.sh", "quick", "--seed=2"])
    assert "preset quick: a smaller world" in text and "out/quick/report.md" in text
    assert_logged(stand_in, "--preset quick --out out/quick --seed=2")
    assert "minutes:\nof out/quick\n" in text
    assert ("lab.plots out/quick" in text) == bool(importlib.util.find_spec("matplotlib"))


def test_run_sh_lab_and_time(stand_in):
    assert succeed(["bash", stand_in / "run.sh", "lab"]) == "blank []\n"
    assert succeed(["bash", stand_in / "run.sh", "lab", "/tmp/a lab"]) == "blank ['/tmp/a lab']\n"
    assert succeed(["bash", stand_in / "run.sh", "time", "out/quick"]) == "of out/quick\n"


@pytest.mark.parametrize("script", ["tasks.py", "rl.py"])  # one process, and perhaps two
def test_run_sh_stops_at_ctrl_c(stand_in, script):
    """As from a terminal: all processes get it. One line, status 130."""
    (stand_in / script).write_text(f"""import os, signal, sys, time
sys.path.insert(0, {str(ROOT)!r})
from commands import plainly, serve
signal.signal(signal.SIGINT, signal.default_int_handler)
with plainly():
    if "RANK" in os.environ:
        serve()
    if os.environ.get("RANK", "0") == "0":
        os.killpg(0, signal.SIGINT)
    time.sleep(60)
""")
    done = subprocess.run(["bash", stand_in / "run.sh"], capture_output=True, text=True, timeout=60, start_new_session=True, env=ONE_THREAD,
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    assert done.returncode == 130 and done.stderr == "stopped; the same command goes on\n", done.stderr
    assert "eval.py" not in (stand_in / "log").read_text() if script == "rl.py" else not (stand_in / "log").exists()


def test_run_sh_lets_every_stage_take_the_flags_of_others(stand_in):
    for script in SETTINGS:
        code = (stand_in / script).read_text()
        (stand_in / script).write_text(code.replace("import os, sys\n", "import os, sys\nos.environ['COURSE']\n"))
    succeed(["bash", stand_in / "run.sh", "quick", "--steps", "5", "--n-layer", "4", "--sft-cases", "200"])
    assert_logged(stand_in, "--preset quick --out out/quick --steps 5 --n-layer 4 --sft-cases 200")


def test_run_sh_stops_at_a_failed_stage(stand_in):
    (stand_in / "rl.py.fail").touch()
    done = run(["bash", stand_in / "run.sh"])
    assert done.returncode == 1 and re.fullmatch(r"run.sh: rl.py stopped; .*\n", done.stderr), done.stderr
    assert "eval.py" not in (stand_in / "log").read_text()


# ---------------------------------------------------------------------------------------------------------------------

def test_pins_satisfy_the_lower_bounds():
    requirement = pytest.importorskip("packaging.requirements").Requirement
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = dict(re.findall(r"^(\S+)==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    bounds = {r.name: r.specifier for r in map(requirement, project["dependencies"])}
    assert set(pins) == set(bounds) and all(bounds[name].contains(version) for name, version in pins.items())
