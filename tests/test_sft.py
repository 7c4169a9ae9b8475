"""Supervised fine-tuning: what is read and in which batches, what is trained, and that a killed run is the same run."""

import json
import math
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace

import numpy as np
import pytest
import torch
from conftest import small_model, tiny_flags

import answers
import model as plain
import runs
import sft
import tasks
from fast import padded
from model import Rollout, load_checkpoint
from worlds import SETS, Problem

TINY = {"n_layer": 1, "n_head": 2, "n_kv_head": 1, "n_embd": 32, "n_ctx": 512}
pytestmark = pytest.mark.usefixtures("one_cpu_thread")


@pytest.fixture
def model():
    return small_model(**TINY)


# ---------------------------------------------------------------------------------------------------------------------------
# Batches.

def test_batches_hold_like_lengths_and_stay_within_the_budget():
    lengths = np.random.default_rng(0).integers(20, 300, size=2000)
    plan = sft.plan_batches(lengths, 3000, 200, None, seed=0)
    assert len(plan) == 200
    shapes = [(len(rows), padded(lengths[rows].max() - 1)) for rows in plan]
    assert all(rows * T <= 3000 for rows, T in shapes)
    assert sum(lengths[rows].sum() for rows in plan) / sum(rows * T for rows, T in shapes) > 0.85
    assert len(set(shapes)) < 40                                            # one for each padded length, and the ends of the pools
    again = sft.plan_batches(lengths, 3000, 200, None, seed=0)
    other = sft.plan_batches(lengths, 3000, 200, None, seed=1)
    assert all((a == b).all() for a, b in zip(plan, again))
    assert not all(np.array_equal(a, b) for a, b in zip(plan, other))
    first_epoch = np.concatenate(sft.plan_batches(lengths, 3000, None, int(lengths.sum()), seed=0))
    assert len(np.unique(first_epoch)) == len(lengths) == len(first_epoch)


def test_token_budget_counts_no_padding():
    lengths = np.full(500, 90)                                              # rows of 96 positions
    plan = sft.plan_batches(lengths, 960, None, 18_000, seed=0)
    assert sum(lengths[rows].sum() for rows in plan) == 18_000 and {len(rows) for rows in plan} == {10}


def test_schedule():
    factors = [sft.schedule(step, 100, 10) for step in range(100)]
    assert factors[0] == pytest.approx(0.1) and max(factors) == 1.0 and factors[30] == 1.0
    assert factors[75] == pytest.approx(0.5) and 0 < factors[99] <= 0.02
    assert sft.schedule(0, 100, 0) == 1.0                                   # no warm-up


# ---------------------------------------------------------------------------------------------------------------------------
# Data.

def make_data(out, **sizes):
    """Small data files: make_data(out, sft_cases=10)."""
    sizes = dict.fromkeys(tasks.PRESETS["quick"]["data"], 2) | sizes
    tasks.make_data(tasks.settings(ArgumentParser(), "data", argv=[*tiny_flags(**sizes), "--out", str(out)]))


def test_samples_are_read_once_and_again_when_the_data_are_others(tmp_path, tokenizer, monkeypatch):
    make_data(tmp_path, sft_cases=4, sft_problems=6)
    args, calls = Namespace(out=tmp_path, explained=0.5, asked=0.0, seed=0, world="contest", n_ctx=1024), []

    def samples(args):
        calls.append(args.explained)
        yield from sft.samples(args)
    tokens, index, name = sft.read_samples(samples, args, rank=0)
    assert tokens.dtype == np.uint16 and index[:, 0].tolist() == [0, *np.cumsum(index[:, 2])[:-1]]
    texts = list(sft.samples(args))
    assert [sft.TASKS[task] for task in index[:, 3]] == [task for task, _, _ in texts]
    assert [task for task, _, _ in texts].count("predict") == 4 and [task for task, _, _ in texts].count("solve") == 6
    assert [task for task, _, _ in texts].count("fix") == [task for task, _, _ in texts].count("try") == 6
    for (start, prompt, length, _), (_, user, assistant) in zip(index, texts):
        assert tokens[start:start + prompt].tolist() == tokenizer.prompt(user)
        assert tokens[start + prompt:start + length].tolist() == tokenizer.answer(assistant)
        assert tokens[start + length - 1] == tokenizer.end

    again = sft.read_samples(samples, args, rank=0)
    assert calls == [0.5] and again[2] == name and (again[0] == tokens).all() and (again[1] == index).all()
    none = sft.read_samples(samples, Namespace(**{**vars(args), "explained": 0.0}), rank=0)      # other files
    other = sft.read_samples(samples, Namespace(**{**vars(args), "seed": 1}), rank=0)
    assert calls[1:] == [0.0, 0.5] and len({name, none[2], other[2]}) == 3
    assert none[1][none[1][:, 3] == 0, 2].sum() < index[index[:, 3] == 0, 2].sum()
    assert (sft.read_samples(samples, args, rank=0)[0] == tokens).all() and len(calls) == 3

    for name in ("sft_cases", "sft_problems"):                                              # whatever its date
        path = tmp_path / "data" / f"{name}.jsonl"
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
        os.utime(path, (1, 1))
        tokens, index, _ = sft.read_samples(samples, args, rank=0)
    assert len(calls) == 5 and [(index[:, 3] == sft.TASKS.index(task)).sum() for task in ("predict", "solve")] == [2, 2]
    monkeypatch.setattr(sft, "vocabulary_file", lambda world: tmp_path / "data" / "settings.json")
    sft.read_samples(samples, args, rank=0)
    assert len(calls) == 6


def test_a_share_of_the_predictions_is_explained_some_of_it_because_asked_to(monkeypatch, tmp_path, tokenizer):
    cases = [tasks.Case(f"print({k})", "", f"{k}\n", "", "", "short", "plain", 1, f"{tasks.EXPLAINED}in words {k}") for k in range(1_000)]
    monkeypatch.setattr(tasks, "load_cases", lambda path: cases)
    monkeypatch.setattr(tasks, "load_problems", lambda path: [])

    def arguments(share, seed=0, asked=0.0):
        return Namespace(out=tmp_path, explained=share, seed=seed, asked=asked, world="contest", n_ctx=99)

    def explained(*how, **others):
        args, found = arguments(*how, **others), set()
        for k, (case, (task, user, answer)) in enumerate(zip(cases, sft.samples(args), strict=True)):
            assert user == case.prompt                                                      # whatever the answer is
            found |= {k} if answer == case.answer(True) else set()
            assert k in found or answer == case.answer(False)
            assert (task == "explain") == (k in asked_for[args.asked] & found) and task in ("predict", "explain")
        return found
    asked_for = {0.0: set(), 1.0: {*range(1_000)}}
    some = explained(0.3)
    assert 260 < len(some) < 340 and 50 < len(some & {*range(250)}) < 100
    assert explained(0.3) == some and explained(0.3, seed=1) != some
    assert explained(0.0) == set() and len(explained(1.0)) == 1_000
    assert 260 < len(explained(0.3, asked=1.0)) < 340
    tasks_of = [task for task, _, _ in sft.samples(arguments(0.7, asked=0.8))]
    assert 500 < tasks_of.count("explain") < 620                                            # 0.56

    (tmp_path / "data").mkdir()
    tokens, index, _ = sft.read_samples(sft.samples, arguments(0.7, asked=0.8), rank=0)
    begins = tokenizer.encode(tasks.EXPLAINED)
    assert len(begins) == 1                                                                 # read, not learnt, where asked for
    for case, (start, given, length, task) in zip(cases, index):
        prompt = tokenizer.prompt(case.prompt)
        whole = tokens[start:start + length].tolist()
        assert whole[:given] == prompt + (begins if sft.TASKS[task] == "explain" else [])
        assert whole[len(prompt)] == begins[0] if given > len(prompt) else whole[given - 1] == prompt[-1]


# ---------------------------------------------------------------------------------------------------------------------------
# What is trained.

def made_up(tokenizer):
    """Four samples -> tokens, rows of the index."""
    tokens, rows = [], []
    texts = [("Predict.\nprint(3)\nInput:\n", "<output>\n3\n</output>"), ("Solve.\nPrint.", "1 + 1"), ("1", ""), ("2 2 2", "7")]
    for user, assistant in texts:
        prompt, answer = tokenizer.prompt(user), tokenizer.answer(assistant)
        rows.append((len(tokens), len(prompt), len(prompt) + len(answer), 0))
        tokens += prompt + answer
    return np.array(tokens, dtype=np.uint16), np.array(rows, dtype=np.int64)


def gradient(model):
    grads = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    return grads


def assert_close(one, two):
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=1e-4, atol=1e-6, msg=name)
    assert max(g.abs().max().item() for g in one.values()) > 1e-3


def test_only_assistant_tokens_are_trained_and_the_end_token_is_one_of_them(model, tokenizer, monkeypatch):
    """The loss and its gradient by the formula, one sample at a time; an answer that is an end token alone is trained, too."""
    monkeypatch.setattr(sft, "logprobs", plain.logprobs)
    tokens, rows = made_up(tokenizer)
    loss = sft.backward(model, tokens, rows, 20.0, tokenizer.pad)
    found = gradient(model)
    expected, n_answer = 0.0, 0
    for start, prompt, length, _ in rows:
        ids = torch.tensor(tokens[start:start + length].astype(np.int64))
        logp = model(ids[None])[0].log_softmax(-1)
        for at in range(prompt, length):                                    # the token at `at` is told by all before it
            expected -= logp[at - 1, ids[at]]
            n_answer += 1
    assert n_answer == sum(len(tokenizer.answer(text)) for text in ("<output>\n3\n</output>", "1 + 1", "", "7"))
    assert loss.item() == pytest.approx(expected.item() / 20, rel=1e-4)     # whatever is in this batch
    (expected / 20).backward()
    assert_close(found, gradient(model))

    masks = []
    monkeypatch.setattr(sft, "logprobs", lambda model, ids, mask: masks.append((ids, mask)) or plain.logprobs(model, ids, mask))
    sft.backward(model, tokens, rows[2:3], 20.0, tokenizer.pad)             # the answer is the end token
    ((ids, mask),) = masks
    assert ids[mask].tolist() == [tokenizer.end]


def test_the_shares_of_processes_sum_to_the_whole(model, tokenizer, monkeypatch):
    monkeypatch.setattr(sft, "logprobs", plain.logprobs)
    tokens, rows = made_up(tokenizer)
    loss = sft.backward(model, tokens, rows, 3.5, tokenizer.pad)
    whole = gradient(model)
    for ranks in (2, 3, 6):                                                 # six: two have nothing to do
        losses = [sft.backward(model, tokens, rows, 3.5, tokenizer.pad, rank, ranks) for rank in range(ranks)]
        assert sum(losses).item() == pytest.approx(loss.item(), rel=1e-5)
        assert_close(whole, gradient(model))


def test_a_token_counts_the_same_whatever_shares_its_batch(model, tokenizer, monkeypatch):
    """Alone, with a short answer, with longer ones: gradients add up."""
    monkeypatch.setattr(sft, "logprobs", plain.logprobs)
    tokens, rows = made_up(tokenizer)

    def of(*samples):
        loss = sft.backward(model, tokens, rows[list(samples)], 5.0, tokenizer.pad)
        return loss.item(), gradient(model)
    assert len({length - prompt for _, prompt, length, _ in rows}) > 2                      # long and short answers
    losses, alone = zip(*map(of, range(len(rows))))
    for batch in ((3, 2), (3, 0), (3, 0, 1, 2)):
        loss, found = of(*batch)
        assert loss == pytest.approx(sum(losses[k] for k in batch), rel=1e-5)
        assert_close(found, {name: sum(alone[k][name] for k in batch) for name in found})


# ---------------------------------------------------------------------------------------------------------------------------
# Asking and validation.

def scripted(answer, calls):
    """In place of generate: answer(user, begin, group, temperature) -> texts after begin (None: cut off)."""
    def generate(model, prompts, max_new_tokens, group=1, seed=0, *, end, temperature=1.0):
        calls.append((prompts, max_new_tokens, group, seed, end, temperature))
        tokenizer, groups = plain.Tokenizer(), []
        for prompt in prompts:
            user, begin = tokenizer.decode(prompt)[len("<|user|>"):].split("<|assistant|>")
            rollouts = []
            for text in answer(user, begin, group, temperature):
                tokens = [7] if text is None else tokenizer.answer(text)
                rollouts.append(Rollout(tokens, [-1.0] * len(tokens), text is not None))
            groups.append(rollouts)
        return groups
    return generate


def test_ask(model, tokenizer, monkeypatch):
    """Prompts and seed reach the sampler, at temperature 1 unless told; an answer without its end token has no text."""
    calls = []
    monkeypatch.setattr(answers, "generate", scripted(lambda *_: ["7 7", None], calls))
    rng = random.Random(5)
    groups = answers.ask(model, tokenizer, rng, ["1", "2 2"], 9, 2)
    answers.ask(model, tokenizer, rng, ["1", "2 2"], 9, 2, temperature=0)
    seed, other = calls[0][3], calls[1][3]
    assert calls[0] == ([tokenizer.prompt("1"), tokenizer.prompt("2 2")], 9, 2, seed, tokenizer.end, 1.0)
    assert seed == random.Random(5).getrandbits(40) != other     # a second turn must not repeat the first one's luck
    assert calls[1][5] == 0
    assert [[turn.text for turn in turns] for turns in groups] == [["7 7", ""], ["7 7", ""]]
    assert groups[1][0].prompt == tokenizer.prompt("2 2") and groups[1][0].rollout.tokens == tokenizer.answer("7 7")


def test_how_an_answer_begins_is_a_part_of_its_prompt(model, tokenizer, monkeypatch):
    calls = []
    monkeypatch.setattr(answers, "generate", scripted(lambda *_: ["7", None, ""], calls))
    for begin, explains in ((tasks.EXPLAINED, True), (tasks.AT_ONCE, False), ("", False)):
        (turns,) = answers.ask(model, tokenizer, random.Random(0), ["1"], 9, 3, begin=begin)
        assert [turn.prompt for turn in turns] == calls[-1][0] * 3 == [tokenizer.prompt("1") + tokenizer.encode(begin)] * 3
        assert [turn.text for turn in turns] == [begin + "7", "", begin]
        assert [turn.explained for turn in turns] == [explains, False, explains]            # cut off: nothing is said
        assert turns[0].rollout.tokens == tokenizer.answer("7") and len(turns[0].rollout.logprobs) == 2
    assert not answers.Turn([], None, "So: " + tasks.EXPLAINED).explained
    monkeypatch.undo()
    for begin in (tasks.EXPLAINED, tasks.AT_ONCE):                                          # by a real sampler
        turns = sum(answers.sample(model, tokenizer, ["1", "2 2"], 4, 8, 0, begin=begin), [])
        assert all(turn.prompt[-1:] == tokenizer.encode(begin) and len(turn.rollout.tokens) <= 4 for turn in turns)


def test_a_prompt_beyond_the_context_is_cut_and_so_is_its_answer(model, tokenizer):
    for begin in ("", tasks.EXPLAINED):
        (long,), (short,) = answers.ask(model, tokenizer, random.Random(0), ["1 " * 600, "1"], 5, begin=begin)
        assert len(long.prompt) == TINY["n_ctx"] - 1 and not long.rollout.finished and long.text == ""
        assert 1 <= len(long.rollout.tokens) <= 2 and len(short.rollout.tokens) >= 1
    assert answers.ask(model, tokenizer, random.Random(0), [], 5) == []


def test_validation_figures(model, tokenizer, monkeypatch, sandbox):
    """Two short cases and one longer: 3 of 4 and 0 of 4 answers right, and 4 of 4, 5 of the 12 explained. The greedy answers and those
    told to explain are others. One problem of two is solved."""
    cases = [tasks.Case(f"print({k})", "", f"{k}\n", "", "", set_, "plain") for k, set_ in ((1, "short"), (2, "longer"), (3, "short"))]
    tests = [["1 2", "3"]], [["2 2", "4"]]
    problems = [Problem(statement, "list", 0, *tests, "", "") for statement in ("Print the sum.", "Print the maximum.")]
    right, wrong = "```python\nprint(sum(map(int, input().split())))\n```", "```python\nprint(max(map(int, input().split())))\n```"
    sampled = {"print(1)": ["1", "1s", None, "1"], "print(2)": ["2s", "2s", "2", "2s"], "print(3)": ["2", "", None, "2s"]}
    greedy = {"print(1)": "1", "print(2)": "3", "print(3)": "4"}
    forced = {"print(1)": "1", "print(2)": "2", "print(3)": "3"}
    said = {"Print the sum.": right, "Print the maximum.": wrong}

    def answer(user, begin, group, temperature):
        name = user.splitlines()[1]
        if user.startswith("Solve."):
            return [said[name]]
        if temperature == 1:
            assert begin == ""
            told = sampled[name]
        else:
            assert begin in ("", tasks.EXPLAINED)
            told = [forced[name] if begin else greedy[name]]
        return [None if text is None else (tasks.EXPLAINED if "s" in text else "") + f"<output>\n{text.strip('s')}\n</output>" for text in told]
    asked = []
    monkeypatch.setattr(answers, "generate", scripted(answer, asked))
    runner, args = answers.Runner(sandbox), Namespace(max_new_tokens_predict=30, max_new_tokens_solve=20)
    sets = {"short": cases[::2], "longer": cases[1:2], "new_names": None}
    record = answers.validate(model, tokenizer, sets, problems, runner, args)
    assert record == {"val_short": 3 / 8, "val_short_greedy": 0.5, "val_short_steps": 1.0, "val_longer": 1.0, "val_longer_greedy": 0.0,
                      "val_longer_steps": 1.0, "val_explained": 5 / 12, "val_solve": 0.5}
    assert [(*call[1:3], call[5]) for call in asked] == [(30, 4, 1.0), (30, 1, 0), (30, 1, 0)] * 2 + [(20, 1, 1.0)]
    del record["val_solve"]
    assert answers.validate(model, tokenizer, sets, problems, runner, args, solve=False) == record
    assert asked[7:] == asked[:6]                        # the same seeds at every call


# ---------------------------------------------------------------------------------------------------------------------------
# Runs.

@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """An out folder with small data files."""
    out = tmp_path_factory.mktemp("sft")
    make_data(out, sft_cases=60, sft_problems=30)
    return out


def flags(out, name, *more):
    numbers = {"steps": 40, "save_every": 10, "val_every": 1000, "val_cases": 2, "batch_tokens": 1024, "max_new_tokens_predict": 8,
               "max_new_tokens_solve": 8, "n_layer": 1, "n_embd": 32, "n_ctx": 512}
    return ["sft.py", "--out", str(out), "--name", name, *tiny_flags("sft", "model", **numbers), *more]


def run(*command):
    """sft.py in this process."""
    before, sys.argv = sys.argv, list(command)
    try:
        sft.main()
    finally:
        sys.argv = before


def test_validation_reads_the_first_cases_of_each_length(data):
    sets, problems = tasks.load_split(Namespace(out=data), "val", 1, 1)
    assert {set_: [case.set for case in cases] for set_, cases in sets.items()} == {set_: [set_] for set_ in SETS} and len(problems) == 1
    assert sets["short"][0] == tasks.load_cases(data / "data" / "val_cases.jsonl")[0]


TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone")


def log(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def whole(data):
    """A run nobody disturbed: its checkpoint and its log."""
    run(*flags(data, "whole"))
    return load_checkpoint(data / "whole.pt"), log(data / "whole.jsonl")


def test_a_run_learns_logs_and_saves(data, whole, capsys):
    saved, lines = whole
    assert [line["step"] for line in lines] == [10, 20, 30, 40] and saved["step"] == 40
    losses = [line["loss"] for line in lines]
    assert losses == sorted(losses, reverse=True) and 6.4 > losses[0] > losses[-1] + 1      # it begins at 6.3
    measured = {f"val_{set_}{way}" for set_ in ("short", "longer") for way in ("", "_greedy", "_steps")} | {"val_explained", "val_solve"}
    assert {key for key in lines[-1] if key.startswith("val_")} == measured
    assert "val_short" not in lines[0]
    assert saved["extra"]["tokens"] == lines[-1]["tokens"] > 40 * 500
    assert saved["extra"]["examples"] > 40 and saved["extra"]["seconds"] == lines[-1]["train_seconds"] > 0
    assert (data / "data" / saved["extra"]["texts"]).exists() and not (data / "whole-state.pt").exists()
    before = (data / "whole.pt").stat().st_mtime_ns
    run(*flags(data, "whole"))
    assert "is there" in capsys.readouterr().out and (data / "whole.pt").stat().st_mtime_ns == before


def test_a_killed_run_continues_to_the_same_weights(root, data, whole):
    """torchrun is killed; on Linux that ends its processes, too. Then it goes on without torchrun."""
    state, deadline = data / "killed-state.pt", time.time() + 60
    process = subprocess.Popen([*TORCHRUN, "--nproc_per_node=1", *flags(data, "killed")], cwd=root, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""})
    while not state.exists() and process.poll() is None and time.time() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()                                                                   # returns when all that could write have ended
    assert state.exists() and (sys.platform != "linux" or not (data / "killed.pt").exists())
    with open(data / "killed.jsonl", "a") as file:                                          # it died while it wrote
        file.write('{"step": 39, "loss": 1}\n{"ste')
    run(*flags(data, "killed"))
    one, two = whole[0]["model"].state_dict(), load_checkpoint(data / "killed.pt")["model"].state_dict()
    assert all(torch.equal(one[key], two[key]) for key in one)
    lines = [log(data / f"{name}.jsonl") for name in ("whole", "killed")]
    for line in lines[0] + lines[1]:
        assert line.pop("train_seconds") > 0
    assert lines[0] == lines[1] and not state.exists()


def test_a_run_begins_with_a_checkpoint_of_ours(data, whole, monkeypatch, capsys):
    """With its weights and sizes; which one it was is remembered, not where it lay."""
    seen, sizes = [], {"--n-layer", "--n-head", "--n-kv-head", "--n-embd", "--n-ctx"}
    monkeypatch.setattr(sft, "train", lambda args, model, tokens, index, plan, extra, *team: seen.append((args, model, extra)))
    words = flags(data, "further", "--init", str(data / "whole.pt"))
    bare = [word for k, word in enumerate(words) if word not in sizes and words[k - 1] not in sizes]
    run(*bare)
    args, model, extra = seen.pop()
    assert all(torch.equal(one, two) for one, two in zip(model.state_dict().values(), whole[0]["model"].state_dict().values(), strict=True))
    assert (args.n_layer, args.n_ctx, args.init) == (1, 512, runs.digest(data / "whole.pt")) and "folder" not in runs.made_with(args)
    assert extra == {"texts": "sft-0.5-0.7-0.npz"}
    assert "of their flags only --n-ctx can stand beside it, where it is a folder" in told(capsys, *bare, "--n-ctx", "600")
    with pytest.raises(SystemExit):
        runs.start_of(Namespace(folder=str(data / "whole.pt"), world="functions"), [])
    assert "whole.pt was made with vocabulary" in capsys.readouterr().err
    assert "none.pt does not exist; --init names what to begin with" in told(capsys, *bare, "--init", str(data / "none.pt"))


def test_each_step_has_its_batch_and_its_rate(data, monkeypatch):
    seen = []
    means = []
    monkeypatch.setattr(sft, "backward", lambda model, tokens, rows, n_answer, *rest: means.append(n_answer) or seen.append(rows) or torch.zeros(()))
    monkeypatch.setattr(sft, "apply_gradients", lambda model, optimizers, rate, clip: seen.append((rate, clip)))
    monkeypatch.setattr(sft, "validate", lambda *given: {})
    run(*flags(data, "seen", "--steps", "8", "--warmup", "2", "--clip", "0.7"))
    index = np.load(data / "data" / "sft-0.5-0.7-0.npz")["index"]
    index = index[index[:, 2] <= 512]
    plan = sft.plan_batches(index[:, 2], 1024, 8, None, seed=0)
    assert len(seen) == 16 and all((index[rows] == given).all() for rows, given in zip(plan, seen[::2]))
    assert seen[1::2] == [(sft.schedule(step, 8, 2), 0.7) for step in range(8)]
    answers = sum((index[rows, 2] - index[rows, 1]).sum() for rows in plan)                 # tokens of the assistant
    assert means == [answers / 8] * 8                                                       # one number for all batches


def test_prediction_alone_is_trained_for_a_number_of_tokens(data, monkeypatch):
    seen = []
    monkeypatch.setattr(sft, "train", lambda args, model, tokens, index, plan, extra, *team: seen.append((args, index, plan, extra)))
    for more in ([], ["--asked", "0.3"], ["--explained", "0"]):
        run(*flags(data, "mine", "--predict-only", "--tokens", "9000", *more))
        args, index, plan, extra = seen.pop()
        assert args.name == "mine" and (index[:, 3] < sft.TASKS.index("solve")).all()
        assert 9000 <= sum(index[rows, 2].sum() for rows in plan) < 9000 + 1024
        assert extra == {"texts": f"sft-{args.explained}-{args.asked}-0.npz"}
    run(*flags(data, "mine", "--predict-only", "--tokens", "9000", "--steps", "3"))
    assert len(seen.pop()[2]) == 3                                                          # at most
    run(*flags(data, "sft", "--explained", "1"))
    args, index, plan, _ = seen.pop()
    assert args.name == "sft" and set(index[:, 3]) == set(range(len(sft.TASKS))) and len(plan) == 40
    command = flags(data, "")
    run(*command[:3], *command[5:])
    assert seen.pop()[0].name == "sft"                                                      # without --name


def told(capsys, *command):
    """What a command says that ends with status 2."""
    with pytest.raises(SystemExit) as stop:
        run(*command)
    assert stop.value.code == 2
    return capsys.readouterr().err


def test_errors_are_one_clear_line(data, tmp_path, capsys):
    nothing = told(capsys, *flags(tmp_path, "sft"))
    assert nothing.count("\n") == 1 and "is missing" in nothing and "python tasks.py" in nothing and nothing.count("sft.py") == 1
    short = told(capsys, *flags(data, "new", "--n-ctx", "8"))
    assert short.count("\n") == 1 and "--n-ctx must be larger" in short and short.count("sft.py") == 1
    assert "--predict-only needs --name" in told(capsys, *flags(data, "sft", "--predict-only")).splitlines()[-1]
    assert "--steps" in told(capsys, *flags(data, "new", "--steps", "0")).splitlines()[-1]
    assert "--tokens must be at least 1" in told(capsys, *flags(data, "new", "--tokens", "-5")).splitlines()[-1]
    assert "--nonsense" in told(capsys, *flags(data, "new", "--nonsense", "1")).splitlines()[-1]
    for odd in ("--n-head", "3"), ("--n-embd", "6"):                                         # of the width, of a head
        said = told(capsys, *flags(data, "new", *odd))
        assert said.count("\n") == 1 and "impossible model" in said
    assert "--seed must be at least 0" in told(capsys, *flags(data, "new", "--seed", "-1")).splitlines()[-1]
    file = tmp_path / "file"
    file.write_text("mine")
    assert told(capsys, *flags(file, "new")).count("\n") == 1 and file.read_text() == "mine"
    (data / "damaged-state.pt").write_bytes(b"PK nothing")
    damaged = told(capsys, *flags(data, "damaged"))
    assert damaged.splitlines()[-1].count("damaged-state.pt") == 1 and "delete it" in damaged


def test_a_run_goes_on_with_the_flags_it_was_begun_with(tmp_path, model, capsys, monkeypatch):
    args = Namespace(out=tmp_path, name="k", warmup=5, steps=60, world="contest", began=0.0)
    optimizers = plain.make_optimizers(model, 0.1, 0.1)
    assert runs.resume(args, model, optimizers, 0) == (0, {})
    monkeypatch.setattr(runs, "time", Namespace(time=iter([3.0, 3.0, 10.0, 10.0]).__next__, strftime=time.strftime))
    for _ in range(2):                                                                      # 3 seconds, then 7 more
        runs.save(args, model, optimizers, 7, False, {"seconds": 1.0})
    assert json.loads((tmp_path / "seconds.json").read_text())["k"] == 10
    step, extra = runs.resume(args, model, optimizers, 0)
    assert step == 7 and extra["seconds"] == 1.0
    other = Namespace(out=tmp_path, name="k", warmup=6, steps=60, world="contest")
    with pytest.raises(SystemExit):
        runs.resume(other, model, optimizers, 0)
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "k-state.pt was made with warmup 5, not 6" in error


def test_a_finished_run_of_others_is_refused(data, whole, capsys, monkeypatch):
    before = (data / "whole.pt").read_bytes()
    index = np.load(data / "data" / "sft-0.5-0.7-0.npz")["index"]
    for key, was, other in (("--steps", 40, 41), ("--n-layer", 1, 2), ("--muon-lr", 0.015, 0.01),
                            ("--explained", 0.5, 0.9), ("--asked", 0.7, 0.9)):
        said = told(capsys, *flags(data, "whole", key, str(other)))
        name = key[2:].replace("-", "_")
        assert said.count("\n") == 1 and f"whole.pt was made with {name} {was}, not {other}: " in said and "--out" in said
    monkeypatch.setattr(sft, "read_samples", lambda *given: (np.zeros(3, np.uint16), index, "other.npz"))
    assert "whole.pt was made with texts " in told(capsys, *flags(data, "whole"))
    monkeypatch.setattr(runs, "vocabulary", lambda world: {"pieces": "1"})
    assert "whole.pt was made with pieces " in told(capsys, *flags(data, "whole"))
    assert (data / "whole.pt").read_bytes() == before
    assert re.fullmatch("[0-9a-f]{40}(-dirty)?|unknown", load_checkpoint(data / "whole.pt")["extra"]["commit"])


def test_a_loss_that_is_no_number_stops_before_it_is_saved(data, capsys, monkeypatch):
    real, steps = sft.backward, []

    def backward(model, *rest):
        steps.append(0)
        if len(steps) < 12:
            return real(model, *rest)
        for p in model.parameters():
            p.grad = torch.full_like(p, math.nan)
        return torch.tensor(math.nan)
    monkeypatch.setattr(sft, "backward", backward)
    said = told(capsys, *flags(data, "nan"))
    assert said.splitlines()[-1].startswith("sft.py: the gradient is not finite") and not (data / "nan.pt").exists()
    assert load_checkpoint(data / "nan-state.pt")["step"] == 10 and "NaN" not in (data / "nan.jsonl").read_text()


def test_a_full_disk_is_one_line_and_what_was_saved_stays(data, whole, capsys):
    """No file may become larger than what is left."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    saved = (data / "whole.pt").stat().st_size
    for name, most in (("full", saved // 2), ("fuller", 10)):
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
        try:
            said = told(capsys, *flags(data, name))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert said.splitlines()[-1].startswith("sft.py: ") and "Traceback" not in said and "the same command goes on" in said
        assert not (data / f"{name}-state.pt").exists()


def test_a_rank_alone_is_no_team(monkeypatch):
    monkeypatch.setenv("RANK", "0")
    assert runs.join_processes("cpu") == (0, 1)


def test_a_process_that_dies_before_it_joins_ends_the_others(root, data):
    code = "import os, sys; os.environ['RANK'] == '1' and sys.exit(3); import runs; runs.join_processes('cpu')"
    (data / "dies.py").write_text(code)
    process = subprocess.run([*TORCHRUN, "--nproc_per_node=2", data / "dies.py"], cwd=root, capture_output=True, timeout=60,
                             env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)})
    assert process.returncode == 1


def test_threads_wait_without_spinning_unless_told(root):
    """libgomp reads it when torch is loaded; spinning made a run beside other work four times as slow."""
    for name in ("sft", "rl", "answers"):
        source = (root / f"{name}.py").read_text()
        first = min(source.index(f"\n{words}") for words in ("import torch", "import numpy", "import tasks", "from fast") if f"\n{words}" in source)
        assert source.index('os.environ.setdefault("GOMP_SPINCOUNT", "2000")') < first


def test_the_log_says_how_fast_the_machine_is():
    assert re.fullmatch(r"a CPU \d+\.\d\d times as fast as that of results/", runs.speed())
