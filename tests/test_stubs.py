"""A copy for EXERCISES.md: what is blank fails by its own test, and nothing else does."""

import ast
import json
import os
import random
import re
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from statistics import fmean

import pytest

import tasks
import trace
from lab import stubs
from lab.exercises import terse
from model import Tokenizer

ROOT = Path(__file__).resolve().parent.parent
EXERCISES = [row.split() for row in stubs.HOLES.strip().splitlines()]


def test_a_body_goes_and_its_docstring_stays():
    source = '''def other(a):
    """Of other."""
    return a


class C:
    def f(self, a):
        """Of f,
        on two lines."""
        b = a  # a comment
        if b:
            b = (1,
                 2)

        return b

    def after(self):
        return 3
'''
    blank = stubs.blanked(source, 4, "f")
    assert blank == source.replace('''        b = a  # a comment
        if b:
            b = (1,
                 2)

        return b
''', '''        raise NotImplementedError("exercise 4")
''')
    one = stubs.blanked(source.replace("        if b:", "        bb = 1\n        if b:"), 5, "f", "b")
    assert one.splitlines()[9:12] == ['        raise NotImplementedError("exercise 5")', "        bb = 1", "        if b:"]


def test_every_exercise_has_a_hole_a_docstring_a_test_and_a_section():
    assert [number for number, *_ in EXERCISES] == [*"12345678"]
    tests, sections = (ROOT / "tests/test_exercises.py").read_text(), (ROOT / "EXERCISES.md").read_text()
    for number, file, function, *_ in EXERCISES:
        (found,) = [node for node in ast.walk(ast.parse((ROOT / file).read_text())) if getattr(node, "name", "") == function]
        assert ast.get_docstring(found)
        assert len(re.findall(rf"^def test_exercise_{number}_", tests, re.MULTILINE)) == 1
        (section,) = re.findall(rf"^## {number}\. .*?(?=^## |\Z)", sections, re.MULTILINE | re.DOTALL)
        assert f"`{function}`" in section and f"({file})" in section and f"-k exercise_{number}" in section
        for part in ("minutes", "**Read**", "**Do**", "**Right when**", "**Expect**", "**Discuss.**"):
            assert part in section, (number, part)


# Both copies in one process, which imports torch before it forks.
IN_COPIES = """
import os, sys
import pytest, torch
for copy in sys.argv[1:]:
    if os.fork() == 0:
        os.chdir(copy)
        os._exit(pytest.main(["-q", "-p", "no:cacheprovider", "tests/test_exercises.py"]))
    os.wait()
    print("---", flush=True)
"""


def test_in_a_copy_what_is_blank_fails_and_the_rest_passes(tmp_path):
    blanks = ["1357", "2468"]
    for blank in blanks:
        stubs.copy_project(tmp_path / blank, blank)
    done = subprocess.run([sys.executable, "-c", IN_COPIES, *blanks], cwd=tmp_path, capture_output=True, text=True,
                          env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "300"})
    for blank, said in zip(blanks, done.stdout.split("---\n")[:-1], strict=True):
        failed = re.findall(r"^FAILED \S+::test_exercise_(\d)\S* - NotImplementedError: exercise (\d)$", said, re.MULTILINE)
        assert failed == [(number, number) for number in blank], said[-3000:] + done.stderr
        assert re.search(r"^4 failed, 4 passed", said, re.MULTILINE)


def test_the_copy_is_new_and_complete_and_links_to_our_packages(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["stubs.py", str(tmp_path / "made/lab")])
    stubs.main()
    copy = tmp_path / "made/lab"
    assert "EXERCISES.md" in capsys.readouterr().out and (copy / ".venv").is_symlink()
    assert (copy / "results/course-seed0/rl.pt").exists() and (copy / "run.sh").exists() and not (copy / ".git").exists()
    for number, file, *_ in EXERCISES:
        text = (copy / file).read_text()
        assert f'raise NotImplementedError("exercise {number}")' in text
        compile(text, file, "exec", dont_inherit=True)
    with pytest.raises(SystemExit) as stop:
        stubs.main()
    assert stop.value.code == 2 and "is there: delete it" in capsys.readouterr().err


# ---------------------------------------------------------------------------------------------------------------------
# The figures that are to be expected: smallest and largest of the course's seeds.

def band(values, digits, factor=1.0):
    return f"{factor * min(values):.{digits}f} to {factor * max(values):.{digits}f}"


def rows_of(run, name):
    return [json.loads(line) for line in (run / name).read_text().splitlines()]


def test_expected_figures_are_those_of_the_results():
    text, found = " ".join((ROOT / "EXERCISES.md").read_text().split()), []
    runs = sorted(ROOT.glob("results/course-seed*"))
    assert all(f"`results/{run.name}`" in text for run in runs)
    sft = [{row["step"]: row for row in rows_of(run, "sft.jsonl")} for run in runs]
    rl = [rows_of(run, "rl.jsonl") for run in runs]
    metrics = [json.loads((run / "metrics.json").read_text()) for run in runs]

    def skipped(rows):
        return fmean(row["skipped"] / row["groups"] for row in rows)
    losses = [band([rows[step]["loss"] for rows in sft], 3) for step in (4000, 13000)]
    found.append(f"a loss of {losses[0]} nats a token at step 4,000 and of {losses[1]} at the last, 13,000")
    first, last = (band([skipped(part(rows)) for rows in rl], 0, 100) for part in (lambda rows: rows[1:11], lambda rows: rows[-10:]))
    found.append(f"{first} % of the groups are skipped in the first ten steps, and {last} % in the last ten")
    found.append(f"gradient norm of {band([fmean(row['grad_norm'] for row in rows[1:]) for rows in rl], 4)}, mean over all steps")
    first, last = (band([rows[k]["explained"] for rows in rl], 0, 100) for k in (1, -1))
    found.append(f"from {first} % in the first step to {last} % in the last")
    found.append(f"`logp_gap` of at most {band([max(row['logp_gap'] for row in rows[1:]) for rows in rl], 4)} nats in any step")
    best = {judge: band([run["best_at_k"][judge][7]["value"] for run in metrics], 1, 100) for judge in ("random", "simulate", "exec")}
    found.append(f"{best['random']} % right picked at random, {best['simulate']} % by simulation, {best['exec']} % by really running")
    found.append(f"stands beside {band([rows[13000]['val_short_steps'] for rows in sft], 2)} of the course's `sft.jsonl`")
    solved = [band([run["solve"][stage]["pass@1"]["value"] for run in metrics], 1, 100) for stage in ("sft", "rl")]
    found.append(f"pass@1 where it was, at {solved[0]} % before and {solved[1]} % after")
    for words in found:
        assert words in text, words


def test_expected_figures_of_the_world_are_counted():
    """Tokens of the terse format beside the sentences'; how often an input of another case gives the same output."""
    tokenizer, shares, chances = Tokenizer(), [], []
    for seed in range(3):
        cases = tasks.make_rows(Namespace(world="contest", world_size="cpu", seed=seed), "test_cases", 0, 100)
        tokens = {form: sum(len(tokenizer.encode(answer)) for answer in answers) for form, answers in {
            "words": [case.nlex for case in cases], "terse": [terse.answer(case, True) for case in cases]}.items()}
        shares.append(tokens["terse"] / tokens["words"])
        rng, same = random.Random(seed), []
        for case in cases:
            run = trace.record(case.code, rng.choice([other for other in cases if other is not case]).stdin)
            same.append(tasks.same_outcome((run.stdout, run.error), case.outcome))
        chances.append(fmean(same))
    text = " ".join((ROOT / "EXERCISES.md").read_text().split())
    assert f"{band(shares, 2)} times the tokens" in text and f"is right in {band(chances, 0, 100)} %" in text
