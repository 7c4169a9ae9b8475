"""Every command a reader may type: help and wrong flags of each script, the course at tiny size, README, run.sh."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
SCRIPTS = ("trace.py", "tasks.py", "sft.py", "rl.py", "eval.py")
RUN_SH = ("quick", "controls", "full", "test", "setup", "help")  # and nothing, for the course

# Smaller than --preset quick. A flag whose value is not in the preset's table any more is left out.
TINY = {
    "tasks.py": dict(sft_cases=150, sft_problems=60, rl_cases=20, rl_problems=10, val_cases=4, val_problems=4,
                     test_cases=4, test_problems=4),
    "sft.py": dict(steps=4, batch_tokens=1024, short_tokens=4000, val_every=4, save_every=2, val_cases_used=2),
    "rl.py": dict(steps=1, predict_prompts=2, solve_prompts=1, fix_prompts=1, group=2, val_every=1, val_cases=2,
                  max_new_tokens_predict=40, max_new_tokens_solve=40),
    "eval.py": dict(problems=4, cases=4, turns=2, max_new_tokens_predict=40, max_new_tokens_solve=40),
}  # fmt: skip
SECTION = {"tasks.py": "data", "sft.py": "sft", "rl.py": "rl", "eval.py": "eval"}
COURSE = ("tasks.py", "sft.py", "sft.py --predict-only", "sft.py --predict-only --format none", "rl.py", "eval.py")


def run(arguments: list[str], cwd: Path = ROOT, timeout: float = 240) -> subprocess.CompletedProcess:
    """Run to the end, with nothing to read, and return exit code and output."""
    return subprocess.run(arguments, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)


def succeed(arguments: list[str], **options) -> str:
    """Run, require exit code 0, return everything printed."""
    done = run(arguments, **options)
    said = done.stdout[-2000:] + done.stderr[-4000:]
    assert done.returncode == 0, f"{shlex.join(arguments)} ended with {done.returncode}:\n{said}"
    return done.stdout + done.stderr


def tiny_flags(script: str, out: Path) -> list[str]:
    """Flags that make a script of the course finish in seconds. Of two equal flags the last counts: these go last."""
    if script not in TINY:
        return []
    import tasks

    known = tasks.PRESETS["quick"][SECTION[script]]
    flags = [f"--{key.replace('_', '-')}={value}" for key, value in TINY[script].items() if key in known]
    return ["--preset", "quick", "--out", str(out), *flags]


# ---------------------------------------------------------------------------------------------------------------------
# The scripts.

@pytest.fixture(scope="module")
def answers() -> dict[tuple[str, str], subprocess.CompletedProcess]:
    """(script, flag) -> what it answered. Two at a time: most of it is importing torch."""
    asked = [(script, flag) for script in SCRIPTS if (ROOT / script).exists() for flag in ("--help", "--no-such-flag")]
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(asked, pool.map(lambda pair: run([sys.executable, *pair]), asked)))


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_is_the_manual_and_an_unknown_flag_an_error(script, answers):
    helped, refused = answers[script, "--help"], answers[script, "--no-such-flag"]
    assert helped.returncode == 0, helped.stderr
    assert "usage:" in helped.stdout and f"python {script}" in helped.stdout  # the header docstring, with its commands
    for flag in ("--preset", "--seed", "--out") if script in TINY else ():
        assert flag in helped.stdout
    assert refused.returncode == 2 and ("--no-such-flag" in refused.stderr or "required: program" in refused.stderr)
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("script", ["sft.py", "rl.py", "eval.py"])
def test_a_missing_earlier_stage_is_one_clear_line(script, tmp_path):
    done = run([sys.executable, script, *tiny_flags(script, tmp_path)])
    assert done.returncode and "Traceback" not in done.stderr, done.stderr
    assert "missing" in done.stderr + done.stdout or "does not exist" in done.stderr + done.stdout


# ---------------------------------------------------------------------------------------------------------------------
# The course, once, at tiny size; the README's commands run in the same folder afterwards.

@pytest.fixture(scope="session")
def course(tmp_path_factory) -> Path:
    """The out folder of a finished tiny course."""
    out = tmp_path_factory.mktemp("course") / "out"
    for command in COURSE:
        script, *flags = command.split()
        succeed([sys.executable, script, *flags, *tiny_flags(script, out)])
    return out


def test_course_leaves_what_it_promises(course):
    for name in ("data/sft_cases.jsonl", "data/test_problems.jsonl", "sft.pt", "sft-short-nlex.pt", "sft-short-none.pt",
                 "rl.pt", "report.md", "metrics.json", "seconds.json"):
        assert (course / name).stat().st_size > 0, name
    metrics = json.loads((course / "metrics.json").read_text())
    for key in ("preset", "device", "commit", "seed", "seconds", "peak_memory_mb", "parameters", "predict", "solve",
                "best_at_k", "self_rlef"):
        assert key in metrics, key
    assert set(metrics["seconds"]) >= {"data", "sft", "rl", "eval", "total"}
    for figure in metrics["predict"].values():
        assert set(figure) >= {"value", "lo", "hi", "n"} and 0 <= figure["lo"] <= figure["value"] <= figure["hi"] <= 1


def test_what_rl_is_held_against(course):
    """SFT continued for as long as RL trained, with RL's explanations, too; RL on predictions alone, by imitation."""
    succeed([sys.executable, "sft.py", "--control", "rl", "--ceiling", *tiny_flags("sft.py", course)])
    succeed([sys.executable, "rl.py", "--start", "sft-short-nlex", "--name", "few-rl", "--reward", "rejection",
             *tiny_flags("rl.py", course),
             "--solve-prompts", "0", "--fix-prompts", "0"])
    assert (course / "sft-ceiling.pt").exists() and (course / "few-rl.pt").exists()
    assert "val_solve" not in (course / "few-rl.jsonl").read_text()  # no solve prompts: nothing to validate
    predicted = {kind: np.load(next((course / "data").glob(f"{kind}-nlex-*.npy")))[:, 3].tolist().count(0) for kind in ("sft", "ceiling")}
    assert predicted["ceiling"] == 2 * predicted["sft"] > 0  # its start's explained cases, and as many of RL's
    refused = run([sys.executable, "sft.py", "--control", "nothing", *tiny_flags("sft.py", course)])
    assert refused.returncode == 1 and "nothing.pt" in refused.stderr and "Traceback" not in refused.stderr


def test_two_processes_share_reinforcement_and_evaluation(course):
    said = succeed([sys.executable, "rl.py", "--name", "rl-shared", *tiny_flags("rl.py", course), "--processes", "2"])
    assert said.count("predict pass") == 1 and len((course / "rl-shared.jsonl").read_text().splitlines()) == 2
    said = succeed([sys.executable, "eval.py", *tiny_flags("eval.py", course), "--processes", "2"])
    shared = min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
    assert said.count("wrote") == 1 and f"processes: {shared}," in (course / "metrics.json").read_text()
    (course / "rl-broken.pt").write_bytes(b"no checkpoint")
    refused = run([sys.executable, "rl.py", "--start", "rl-broken", "--name", "x", *tiny_flags("rl.py", course), "--processes", "2"])
    assert refused.returncode == 2 and "damaged" in refused.stderr and "Traceback" not in refused.stderr


def test_finished_stages_are_skipped(course):
    before = {name: (course / name).stat().st_mtime_ns for name in ("data/sft_cases.jsonl", "sft.pt", "rl.pt")}
    for script in ("tasks.py", "sft.py", "rl.py"):
        succeed([sys.executable, script, *tiny_flags(script, course)])
    assert before == {name: (course / name).stat().st_mtime_ns for name in before}


def test_bench_measures_and_says_so_in_json(tmp_path):
    out = tmp_path / "bench.json"
    said = succeed([sys.executable, "tests/bench.py", "--quick", "--rounds", "1", "--only", "sample ours, 16", "--out", str(out)])
    record = json.loads(out.read_text())
    assert json.dumps(record["ratios"]) in said and "| sample ours, 16 rows |" in said
    assert record["figures"]["sample ours, 16 rows"]["tokens_per_second"] > 0 and record["command"].startswith("python tests/bench.py")


def test_ratios_are_formed_within_a_round_and_take_the_fastest_of_the_others():
    import bench
    speed = lambda value: {"tokens_per_second": value}
    rounds = [{"train ours": speed(30), "train transformers": speed(10), "train transformers, eager attention": speed(15)},
              {"train ours": speed(20), "train transformers": speed(5)}, {"train ours": speed(9), "train transformers": speed(3)}]
    assert bench.medians([*map(bench.ratios, rounds)]) == {"train_ratio_transformers": 3}
    assert bench.medians(rounds)["train ours"] == speed(20)


# ---------------------------------------------------------------------------------------------------------------------
# The README.

def readme_commands() -> list[list[str]]:
    """Words of each command in the README's ```bash blocks: comments dropped, long lines joined, `a && b` split."""
    text = README.read_text() if README.exists() else ""
    commands = []
    for block in re.findall(r"^```(?:bash|sh)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line.strip().removeprefix("$ "), comments=True)
            while "&&" in words:
                commands.append(words[:words.index("&&")])
                words = words[words.index("&&") + 1:]
            commands.append(words)
    return [words for words in commands if words]


def is_script(words: list[str]) -> bool:
    return Path(words[0]).name in ("python", "python3") and len(words) > 1 and words[1].endswith(".py")


PYTHON_COMMANDS = [words for words in readme_commands() if is_script(words)]
SHELL_COMMANDS = [words for words in readme_commands() if words[:2] == ["bash", "run.sh"]]


def at_tiny_size(words: list[str], out: Path) -> list[str]:
    """The same command with tiny sizes, its files under out, and stand-ins for files the reader would bring."""
    program, rows = out / "prog.py", out / "programs.jsonl"
    program.write_text("total = 0\nfor x in map(int, input().split()):\n    total += x\nprint(total)\n")
    rows.write_text(json.dumps({"code": "print(1 + 2)\n", "input": "", "output": "3\n"}) + "\n")
    script, *rest = words[1:]
    result, previous = [sys.executable, script], ""
    for word in rest:
        if previous == "--tokens":
            word = "2000"
        elif previous == "--programs":
            word = str(rows)
        elif not (ROOT / word).exists():
            if re.fullmatch(r"(out|results)/.*\.pt", word):  # also committed results that are not there yet
                word = str(out / ("rl.pt" if word.startswith("results/") else word.split("/")[-1]))
            elif word.endswith(".py"):
                word = str(program)
        result.append(word)
        previous = word
    return result + tiny_flags(script, out)


@pytest.mark.skipif(not README.exists(), reason="no README.md yet")
def test_readme_shows_the_commands_that_matter():
    assert ["bash", "run.sh"] in [words[:2] for words in SHELL_COMMANDS]
    assert PYTHON_COMMANDS


@pytest.mark.parametrize("words", PYTHON_COMMANDS, ids=shlex.join)
def test_readme_python_command(words, course):
    if "-m" in words:
        pytest.skip("not one of our scripts")
    assert (ROOT / words[1]).exists(), f"the README names {words[1]}, which is not there"
    succeed(at_tiny_size(words, course))


@pytest.mark.parametrize("words", SHELL_COMMANDS, ids=shlex.join)
def test_readme_run_sh_command(words):
    rest = words[2:]
    command = rest.pop(0) if rest and not rest[0].startswith("-") else ""
    assert command in ("", *RUN_SH)
    if command != "test":  # whose flags are pytest's
        assert {word.split("=")[0] for word in rest if word.startswith("-")} <= {"--preset", "--seed", "--out"}


def readme_tables() -> dict[str, str]:
    """The README's tables by the names of their blocks, made from results/. `_seed1`: what seed 1 has that the larger full run lacks."""
    import bench

    from report import bars_table, full_budget, minutes, over_seeds, rl_beside_controls, training_log
    load = lambda name: json.loads((ROOT / "results" / name / "metrics.json").read_text())
    seeds, gpu = [load(f"cpu-seed{seed}") for seed in range(3)], load("gpu-seed0")
    return {"results": over_seeds(seeds), "controls": rl_beside_controls([*seeds, load("full")]), **full_budget(load("full")),
            **{f"{key}_seed1": text.replace("**", "**Seed 1: ", 1) for key, text in full_budget(load("full-seed1")).items()},
            "minutes": minutes(load("course"), training_log(ROOT / "results/course/rl.jsonl")),
            "gpu": bars_table(gpu), "gpu_minutes": minutes(gpu, training_log(ROOT / "results/gpu-seed0/rl.jsonl")),
            "bench": bench.show(json.loads((ROOT / "results/bench.json").read_text())),
            "bench_train": bench.show(json.loads((ROOT / "results/bench-train.json").read_text()))}


def test_readme_tables_are_those_of_the_committed_results():
    tables = readme_tables()
    shown = dict(re.findall(r"<!-- (\w+) -->\n(.*?)\s*<!-- end of \1 -->", README.read_text(), re.DOTALL))
    for key in tables:
        assert {key, f"{key}_seed1"} & shown.keys() or key.endswith("_seed1"), f"the README lacks the table {key}"
    for name in shown.keys() - {"trace", "sandbox"}:  # those have tests of their own
        assert shown[name] == tables[name], f"the README's table {name} is not that of results/"


# ---------------------------------------------------------------------------------------------------------------------
# run.sh, with stand-ins for the scripts that write down how they were called.

def test_run_sh_help_from_anywhere(tmp_path):
    for script in ("run.sh", ".ci/run"):
        succeed(["bash", "-n", str(ROOT / script)])
    assert os.access(ROOT / ".ci/run", os.X_OK)
    text = succeed(["bash", str(ROOT / "run.sh"), "help"], cwd=tmp_path)
    assert all(f"bash run.sh {name}" in text for name in RUN_SH)
    wrong = run(["bash", str(ROOT / "run.sh"), "tset"], cwd=tmp_path)
    assert wrong.returncode == 1 and "no such command: tset" in wrong.stderr


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
open("log", "a").write(" ".join(sys.argv) + "\\n")
sys.exit(3 if os.path.exists(sys.argv[0] + ".fail") else 0)
"""
    for script in ("tasks.py", "sft.py", "rl.py", "eval.py"):
        (tmp_path / script).write_text(code)
    return tmp_path


def test_run_sh_hands_its_flags_to_every_stage(stand_in):
    (stand_in / "out").mkdir()
    (stand_in / "out/seconds.json").write_text(json.dumps({"sft": 600.0, "peak_memory_mb": 900}))
    text = succeed(["bash", str(stand_in / "run.sh"), "--seed", "1"], cwd=ROOT)
    assert "30 minutes" in text.splitlines()[0]
    assert (stand_in / "log").read_text().splitlines() == [f"{command} --seed 1" for command in COURSE]
    assert re.search(r"^sft +17 +10\.0$", text, re.MULTILINE) and "out/metrics.json" in text


def test_run_sh_quick_says_that_its_numbers_mean_nothing(stand_in):
    text = succeed(["bash", str(stand_in / "run.sh"), "quick", "--seed=2"])
    assert "numbers mean nothing" in text.lower() and "out/quick/report.md" in text
    expected = [f"{command} --preset quick --out out/quick --seed=2" for command in COURSE]
    assert (stand_in / "log").read_text().splitlines() == expected


def test_run_sh_full_makes_every_checkpoint_with_flags_that_exist(stand_in, answers):
    from eval import CHECKPOINTS
    succeed(["bash", str(stand_in / "run.sh"), "full"])
    lines = [line.split() for line in (stand_in / "log").read_text().splitlines()]
    assert [" ".join(line) for line in lines[:len(COURSE) - 1]] == [f"{command} --preset cpu" for command in COURSE[:-1]]
    assert [line[0] for line in lines].count("eval.py") == 1 and lines[-1][0] == "eval.py"
    for script, *flags in lines:
        assert all(flag in answers[script, "--help"].stdout for flag in flags if flag.startswith("--"))
    named = [line[line.index("--name") + 1] for line in lines if "--name" in line]
    default = {"sft", "rl", "sft-short-nlex", "sft-short-none", "sft-control", "sft-ceiling", "few-control", "few-ceiling"}
    assert len(named) == len(set(named)) and set(named) | default == set(CHECKPOINTS) - {"other"}


def test_run_sh_stops_at_a_failed_stage(stand_in):
    (stand_in / "rl.py.fail").touch()
    done = run(["bash", str(stand_in / "run.sh")])
    assert done.returncode == 3 and "rl stopped with status 3" in done.stderr
    assert "eval.py" not in (stand_in / "log").read_text()


# ---------------------------------------------------------------------------------------------------------------------

def test_pins_satisfy_the_lower_bounds():
    requirement = pytest.importorskip("packaging.requirements").Requirement
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = dict(re.findall(r"^(\S+)==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    bounds = {r.name: r.specifier for r in map(requirement, project["dependencies"])}
    assert set(pins) == set(bounds) and all(bounds[name].contains(version) for name, version in pins.items())
