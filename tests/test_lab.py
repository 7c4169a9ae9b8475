"""The laboratory's variants: each replaces one function of the core, and what it replaces it with is right."""

import contextlib
import io
import json
import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import tiny_flags

import rl
import runs
import sft
import tasks
from lab import control, export, extra, loo, no_fix, rejection, scarce, steps, vocab
from lab.vocab import draw_texts, learn_vocab
from model import SPECIALS, Rollout, Tokenizer, load_checkpoint, save_checkpoint

ROOT = Path(__file__).resolve().parent.parent
TRUTH = "a = 1.\n1 == 1 is true, so we enter the if.\nWe print 3.\n<output>\n3\n</output>"


def episode(task, reward, tokens=(2, 3), turns=1):
    made = [sft.Turn([1], Rollout(list(tokens), [-1.0] * len(tokens), True), "") for _ in range(turns)]
    return rl.Episode(task, made, rewards=[reward])


# ---------------------------------------------------------------------------------------------------------------------
# Other baselines and rewards.

def test_leave_one_out():
    for rewards in ([1.0, -1, -1, -1], [1.0, 1, -1, -1]):
        expected = [r - (sum(rewards) - r) / 3 for r in rewards]
        assert loo.leave_one_out(torch.tensor(rewards)).tolist() == pytest.approx(expected)
        torch.testing.assert_close(loo.leave_one_out(torch.tensor(rewards)), rl.advantages(torch.tensor(rewards)) * 4 / 3)
    for G in range(2, 20):  # a group of equal rewards gives exact zeros, whatever its size
        assert loo.leave_one_out(-torch.ones(G)).eq(0).all()


def test_rejection_imitates_the_last_turns_of_right_episodes_alone():
    group = [episode(None, 1.0, turns=2), episode(None, -1.0, turns=2), episode(None, 1.0)]
    rejection.right_ones(group, 0.8)
    assert [[turn.advantage for turn in e.turns] for e in group] == [[0, 0.8], [0, 0], [0.8]]


def by_line(answers):
    """step_credit of answers (texts with their end token), with the tokens of a line merged."""
    ids = [steps.tokenizer.answer(text) for text in answers]
    merged = []
    for tokens, credit in zip(ids, steps.step_credit(ids, TRUTH)):
        sizes = steps.lines_of(tokens)[1]
        assert len(credit) == len(tokens) == sum(sizes)
        starts = [sum(sizes[:k]) for k in range(len(sizes))]
        assert all(len(set(credit[a:a + n])) == 1 for a, n in zip(starts, sizes))   # one value on all tokens of a line
        merged.append([pytest.approx(credit[a]) for a in starts])
    return merged


def test_credit_goes_to_the_line_where_rollouts_part():
    other_words = TRUTH.replace("enter the if", "go inside").replace("we enter", "we go")
    printed_4, a_2 = TRUTH.replace("print 3", "print 4"), TRUTH.replace("a = 1", "a = 2")
    lines = by_line([TRUTH, other_words, printed_4, a_2])
    #       a = 1.  the if  We print  <output>  3  </output>  end
    assert lines == [[0.5, 0, 2 / 3, 0, 0, 0, 0], [0.5, 0, 2 / 3, 0, 0, 0, 0],     # baselines 1/2, 1, 1/3, 1, 1, 1, 1
                     [0.5, 0, -4 / 3, 0, 0, 0, 0],                                # nothing after its first false line
                     [-1.5, 0, 0, 0, 0, 0, 0]]                                    # all that follows is not judged
    assert by_line([TRUTH, TRUTH]) == [[0] * 7] * 2                                # equal answers teach nothing


def test_an_answer_that_is_cut_off_or_goes_on_is_false_there():
    whole, cut = steps.tokenizer.answer(TRUTH), steps.tokenizer.encode(TRUTH)
    (*_, closing, end), (*_, last) = steps.step_credit([whole, cut], TRUTH)
    assert (closing, end, last) == (1, 0, -1)
    more = steps.tokenizer.answer(TRUTH + "\nAnd more.")
    credit = steps.step_credit([whole, more], TRUTH)
    assert credit[0][-1] == 1 and credit[1][-1] == 0 and -1 in credit[1] and len(credit[1]) == len(more)
    assert steps.line_rewards(["<|end|>"], [None]) == [-1]                         # spelling the end token is not ending
    assert steps.step_credit([[], whole], TRUTH)[0] == []


def test_lines_are_rewarded_own_programs_recorded_and_solving_left_alone():
    own = tasks.Case("a = 2\nprint(a)", "", "2\n", "", "", "own", "plain")
    texts = ["a = 2.\nWe print 2.\n<output>\n2\n</output>", "a = 3.\nWe print 2.\n<output>\n2\n</output>"]
    group = [episode(own, 1.0, steps.tokenizer.answer(text)) for text in texts]    # both outputs are right
    steps.by_lines(group, 0.8)
    assert own.nlex.startswith("a = 2.\n")
    assert [e.turns[0].advantage[0] for e in group] == [0.8, -0.8] and group[1].turns[0].advantage[-1] == 0
    problem = tasks.Problem("Print the sum.", "list", False, [["1 2", "3"]], [["2 2", "4"]], "", "")
    group = [episode(problem, 1.0, turns=2), episode(problem, -1.0, turns=2)]
    steps.by_lines(group, 1.0)
    assert [[turn.advantage for turn in e.turns] for e in group] == [[1, 1], [-1, -1]]


# ---------------------------------------------------------------------------------------------------------------------
# Other data, and controls.

@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """An out folder with small data files and a tiny start."""
    out = tmp_path_factory.mktemp("lab")
    sizes = {"sft-cases": 100, "sft-problems": 60, "rl-cases": 8, "rl-problems": 6, "test-cases": 2, "test-problems": 2, "val-cases": 2,
             "val-problems": 2}
    run("tasks.py", out, *(f"--{name}={size}" for name, size in sizes.items()))
    run("sft.py", out, *TINY)
    return out


TINY = ("--steps=4", "--n-layer=1", "--n-embd=32", "--val-every=4", "--val-cases=2", "--max-new-tokens-predict=20",
        "--max-new-tokens-solve=20")
PLAY = ("--steps=1", "--predict-prompts=2", "--group=2", "--val-every=1", "--val-cases=2", "--max-new-tokens-predict=20",
        "--max-new-tokens-solve=20")


MAINS = {"sft.py": sft.main, "rl.py": rl.main, "lab.control": control.main}


def run(script, out, *flags):
    """The script's output. In this process where that changes nothing here: most of a new one's time is importing torch."""
    sections = {"tasks.py": ["data"], "rl.py": ["rl", "answers"], "lab.verifier": ["answers"]}
    given = [*tiny_flags(*sections.get(script, ["sft", "model", "answers"])), "--out", str(out), *flags]
    if script in MAINS:
        kept, sys.argv, printed = sys.argv, [script, *given], io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                MAINS[script]()
        finally:
            sys.argv = kept
        return printed.getvalue()
    start = ["-m", script] if script.startswith("lab.") else [str(ROOT / script)]
    done = subprocess.run([sys.executable, *start, *given], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_samples_of_the_variants(out):
    args = Namespace(out=out, seed=0, format="nlex")
    every, few = list(sft.samples(args)), list(scarce.few(args))
    predicted = [sample for sample in every if sample[0] == "predict"]
    assert len(predicted) == 100 and [s for s in few if s[0] == "predict"] == predicted[:5] and sum(s[0] == "solve" for s in few) == 3
    share, texts = tasks.FIX_SHARE, tasks.sft_texts
    try:
        assert {s[0] for s in no_fix.no_fix(args)} == {"predict", "solve"} and "fix" in {s[0] for s in every}
        tasks.FIX_SHARE = share
        other = list(extra.extra(args))
    finally:
        tasks.FIX_SHARE, tasks.sft_texts = share, texts
    solves = [user for task, user, _ in other if task == "solve"]
    fixes = [(user, answer) for task, user, answer in other if task == "fix"]
    assert 0 < sum("Test:" not in user for user in solves) < 20
    told = [answer for user, answer in fixes if "The run on" in user]
    assert len(fixes) / 4 < len(told) < len(fixes) and tasks.SUBMIT not in told


def test_a_control_goes_on_with_its_start_for_as_long_as_rl_trained(out, capsys):
    run("rl.py", out, *PLAY, "--solve-prompts=1", "--fix-prompts=1")
    model, start = load_checkpoint(out / "rl.pt"), load_checkpoint(out / "sft.pt")
    assert model["extra"]["texts"] == start["extra"]["texts"] == "sft-nlex-0.npz" and model["extra"]["format"] == "nlex"
    expected = max(1, round(4 * model["extra"]["seconds"] / start["extra"]["seconds"]))
    run("lab.control", out, *TINY[1:])
    done = load_checkpoint(out / "sft-control.pt")
    assert done["step"] == expected and done["extra"]["texts"] == start["extra"]["texts"]
    assert not torch.equal(done["model"].norm.weight, start["model"].norm.weight)
    assert "is there" in run("lab.control", out, *TINY[1:])
    for flags, words in [((*TINY[1:], "--of", "sft"), "needs a finished run"), ((*TINY[1:], "--of", "nosuch"), "needs a finished run"),
                         (TINY[1:-1], "was made with max_new_tokens_solve 20, not 60")]:
        with pytest.raises(SystemExit) as refused:
            run("lab.control", out, *flags)
        assert refused.value.code == 2 and words in capsys.readouterr().err
    whole = (out / "rl.pt").read_bytes()
    save_checkpoint(out / "rl.pt", model["model"], step=1, extra=model["extra"] | {"commit": "another"})
    with pytest.raises(SystemExit):                                     # another run of RL: another control
        run("lab.control", out, *TINY[1:])
    assert "was made with rl_and_start" in capsys.readouterr().err
    (out / "rl.pt").write_bytes(whole)


def test_the_ceiling_has_as_many_of_rls_prompts_as_its_own_and_predict_keeps_its_share(out):
    args = Namespace(out=out, seed=0, format="nlex")
    tokens, index, _ = sft.read_samples(sft.samples, args, 0)
    more, both = control.with_rl_prompts(tokens, index, args, 0)
    count = np.bincount(both[:, 3])
    assert count[0] == 200 and (count[1:] == 2 * np.bincount(index[:, 3])[1:]).all()
    texts = [steps.tokenizer.decode(list(more[start + 1:start + prompt - 1])) for start, prompt, _, task in both if task == 0]
    cases = tasks.load_cases(out / "data" / "rl_cases.jsonl")
    assert texts[100:108] == [tasks.predict_prompt(case.code, case.stdin) for case in cases] == texts[108:116]


def test_a_verifier_trains_on_anothers_programs_and_on_prediction_alone(out):
    if not (out / "rl.pt").exists():
        run("rl.py", out, *PLAY, "--solve-prompts=1", "--fix-prompts=1")
    run("lab.verifier", out, *PLAY, "--start=sft")
    rows = [json.loads(line) for line in (out / "predict-rl.jsonl").read_text().splitlines()]
    assert "predict_pass" in rows[1] and "solve_pass" not in rows[1] and "multi_pass" not in rows[1] and "val_solve" not in rows[1]
    assert load_checkpoint(out / "predict-rl.pt")["extra"]["own"] == load_checkpoint(out / "rl.pt")["extra"]["own"]


# ---------------------------------------------------------------------------------------------------------------------
# The vocabulary.

def test_a_learnt_vocabulary_is_bytes_then_frequent_pieces_without_names(tmp_path):
    path = tmp_path / "vocab.tiktoken"
    text = "x = total + 12\n" * 30 + "y = average + 34\n" * 25
    learn_vocab(text + "z = seldom + 5\n", {"total"}, path)
    first = path.read_bytes()
    tokenizer = Tokenizer(path)
    assert len(tokenizer.encode(" = ")) == 1
    assert len(tokenizer.encode("average")) == 1 and len(tokenizer.encode("seldom")) == 6
    assert len(tokenizer.encode("total")) == 5                          # a name: spelled
    assert tokenizer.decode(list(range(256))[65:70]) == "ABCDE"
    assert tokenizer.n_vocab == len(first.splitlines()) + len(SPECIALS)
    learn_vocab(text, (), path, n_ranks=258)
    assert Tokenizer(path).n_vocab == 258 + len(SPECIALS)


def test_the_vocabulary_comes_from_texts_of_both_worlds_and_of_every_kind(monkeypatch):
    monkeypatch.setattr(tasks, "FIX_SHARE", tasks.FIX_SHARE)            # draw_texts changes both
    monkeypatch.setattr(vocab.contest, "renamed", vocab.contest.renamed)
    text, names = draw_texts(600)
    for part in ("Predict.\n", "Solve.\n", "Submit or fix.\n", "ord(", "not (", "\tprint(", "zip(", " obtained ", "NameError"):
        assert part in text, part
    assert {"nums", "x", "r", "main", "out"} <= names and not names & {"print", "range", "for", "Keep"}


# ---------------------------------------------------------------------------------------------------------------------
# What checkpoints were made with.

def test_an_exported_file_keeps_what_it_was_made_with(out, tmp_path):
    small = tmp_path / "small.pt"
    export.main([str(out / "sft.pt"), str(small)])
    whole, made = runs.load(out / "sft.pt"), runs.load(small)
    assert made["made"] == whole["made"] and made["extra"] == {"commit": whole["extra"]["commit"]} and not made["optimizers"]
    assert small.stat().st_size < 0.6 * (out / "sft.pt").stat().st_size
    for name, weights in whole["model"].state_dict().items():
        assert torch.equal(weights.bfloat16().float(), made["model"].state_dict()[name])


def test_what_is_missing_or_of_another_kind_is_one_line(out, tmp_path, capsys):
    def refused(main, *argv):
        with pytest.raises(SystemExit) as stop:
            main(list(map(str, argv)))
        told = capsys.readouterr().err
        assert stop.value.code == 2 and told.count("\n") == 1
        return told
    assert "nosuch.pt does not exist; name another" in refused(export.main, tmp_path / "nosuch.pt", tmp_path / "x.pt")
    (tmp_path / "torn.pt").write_bytes((out / "sft.pt").read_bytes()[:999])
    assert "torn.pt is damaged" in refused(export.main, tmp_path / "torn.pt", tmp_path / "x.pt")
    assert "cannot be written" in refused(export.main, out / "sft.pt", tmp_path / "nosuch" / "x.pt")
