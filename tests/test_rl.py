"""Reinforcement learning: the estimator against hand-made cases, the three environments with a scripted model, whole runs."""

import json
import random
from argparse import ArgumentParser, Namespace

import pytest
import torch
from conftest import small_model, tiny_flags

import answers
import model as plain
import rl
import runs
import tasks
from answers import ask
from fast import cut_batches
from model import ModelConfig, Rollout, Transformer, load_checkpoint, save_checkpoint
from rl import Episode, Turn, advantages, backward, reinforce_loss
from worlds import Problem

TINY = {"n_layer": 2, "n_head": 2, "n_kv_head": 1, "n_embd": 32, "n_ctx": 512}
pytestmark = pytest.mark.usefixtures("one_cpu_thread")


@pytest.fixture
def model(monkeypatch):
    """In fp32 everywhere."""
    monkeypatch.setattr(rl, "logprobs", plain.logprobs)
    return small_model(**TINY)


# ---------------------------------------------------------------------------------------------------------------------------
# The estimator.

def test_advantages():
    for rewards, expected in (([1, -1, -1, -1], [1.5, -0.5, -0.5, -0.5]), ([1, 1, -1, -1], [1, 1, -1, -1]), ([1, 1, 1, 1], [0, 0, 0, 0])):
        assert advantages(torch.tensor(rewards).float()).tolist() == expected


def test_gradient_of_a_hand_computed_case():
    """Two actions per rollout from one softmax over three: d loss / d theta = - sum_j A_j sum_t (onehot(action_jt) - p) / N."""
    theta = torch.tensor([0.0, 0.0, 0.0], requires_grad=True)           # p = 1/3 each
    logp = theta.log_softmax(-1)[torch.tensor([0, 0, 1, 2])]            # two rollouts of two tokens
    loss = reinforce_loss(logp, torch.tensor([1.0, 1, -1, -1]), n_tokens=8)     # 4 tokens here, 4 more in skipped groups
    assert loss.item() == pytest.approx(0, abs=1e-6)                    # whether it learns or not
    loss.backward()
    # (onehot - p) summed: rollout 0: (2 - 2/3, -2/3, -2/3), rollout 1: (-2/3, 1/3, 1/3); difference (2, -1, -1)
    assert theta.grad.tolist() == pytest.approx([-2 / 8, 1 / 8, 1 / 8])


def episode(reward, *turns, task=None, programs=()):
    return Episode(task, list(turns), list(programs), [reward])


def test_all_turns_of_an_episode_share_its_last_reward():
    turns = [Turn([1], Rollout([2], [-1.0], True), "") for _ in range(4)]
    group = [episode(1.0, turns[0], turns[1]), episode(-1.0, turns[2]), episode(-1.0, turns[3])]
    group[0].rewards = [-1.0, 1.0]                                      # the first program was wrong, the repair right
    rl.set_advantages(group, 0.8)
    assert [turn.advantage for turn in turns] == pytest.approx([0.8 * 4 / 3, 0.8 * 4 / 3, -0.8 * 2 / 3, -0.8 * 2 / 3])
    assert rl.turns_of([group]) == turns == rl.learnable([group])
    equal = [episode(1.0, turns[0]), episode(1.0, turns[1])]
    rl.set_advantages(equal, 0.8)
    assert rl.learnable([equal, group[1:]]) == turns[2:]


def made_up_turns(tokenizer, scores):
    """One turn for each advantage."""
    rng = random.Random(0)
    prompts = [tokenizer.prompt("Predict.\nprint(" + "1" * rng.randint(1, 30) + ")") for _ in scores]
    answers = [tokenizer.answer("7" * rng.randint(1, 40)) for _ in scores]
    return [Turn(prompt, Rollout(answer, [0.0] * len(answer), True), "", score)
            for prompt, answer, score in zip(prompts, answers, scores)]


def gradient(model, *arguments):
    model.zero_grad()
    backward(model, *arguments)
    return {name: p.grad.clone() for name, p in model.named_parameters()}


def assert_close(one, two):
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=1e-4, atol=1e-6, msg=name)
    assert max(g.abs().max().item() for g in one.values()) > 1e-4


def by_the_formula(model, turns, n_tokens):
    """Gradient of - sum_j sum_t A_jt log p / N, one rollout and one token at a time."""
    loss = 0.0
    for turn in turns:
        tokens = turn.rollout.tokens
        logp = model(torch.tensor([turn.prompt + tokens]))[0].log_softmax(-1)
        for t, token in enumerate(tokens):
            loss = loss - turn.advantage * logp[len(turn.prompt) + t - 1, token] / n_tokens
    model.zero_grad()
    loss.backward()
    return {name: p.grad.clone() for name, p in model.named_parameters()}


def test_the_split_into_micro_batches_does_not_change_the_gradient(model, tokenizer):
    turns = made_up_turns(tokenizer, [1.5, -0.5, 0.8, -1.0, 1.0, -0.2, 0.4])
    lengths = [len(turn.prompt) + len(turn.rollout.tokens) for turn in turns]
    assert len(cut_batches(lengths, 1)) == 7 and len(cut_batches(lengths, 10**6)) == 1 < len(cut_batches(lengths, 150)) < 7
    whole = gradient(model, turns, 500, 10**6, tokenizer.pad)
    for budget in (1, 150):
        assert_close(whole, gradient(model, turns, 500, budget, tokenizer.pad))
    assert_close(whole, by_the_formula(model, turns, 500))


def test_zero_advantages_give_exactly_zero_gradient(model, tokenizer):
    scores = advantages(torch.tensor([-1.0, -1, -1, -1])).tolist()
    assert all(g.eq(0).all() for g in gradient(model, made_up_turns(tokenizer, scores), 100, 10**6, tokenizer.pad).values())
    assert backward(model, [], 100, 10**6, tokenizer.pad) == 0


def test_the_end_token_is_trained(model, tokenizer):
    """The reward of an answer reaches its end token: that alone, of an empty answer, moves its probability the right way."""
    turn = Turn(tokenizer.prompt("Predict.\nprint(3)"), Rollout([tokenizer.end], [0.0], True), "", 1.0)
    ids = torch.tensor([turn.prompt + turn.rollout.tokens])
    mask = torch.arange(ids.shape[1])[None] >= len(turn.prompt)
    before = plain.logprobs(model, ids, mask).item()
    grads = gradient(model, [turn], 1, 10**6, tokenizer.pad)
    with torch.no_grad():
        for name, p in model.named_parameters():
            p -= 0.01 * grads[name]
    assert plain.logprobs(model, ids, mask).item() > before + 1e-3


def test_rollout_log_probabilities_are_the_recomputed_ones(model, tokenizer, monkeypatch):
    """As they are sampled and trained (fast.py, bf16 where that is fast) and by the plain functions."""
    import fast
    users = ["Predict.\nprint(1)", "Predict.\nprint(1 + 2 + 3)\nInput:\n4 5", "Solve."]
    for source, bound in ((fast, 0.01), (plain, 1e-4)):
        monkeypatch.setattr(answers, "generate", source.generate)
        monkeypatch.setattr(rl, "logprobs", source.logprobs)
        turns = sum(ask(model, tokenizer, random.Random(0), users, 20, group=4), [])
        assert len(turns) == 12 and backward(model, turns, 100, 200, tokenizer.pad) < bound
        monkeypatch.setattr(answers, "generate", lambda *given, source=source, **more: source.generate(*given, **more | {"temperature": 2.0}))
        turns = sum(ask(model, tokenizer, random.Random(0), users, 20, group=4), [])
        assert backward(model, turns, 100, 200, tokenizer.pad) > 0.1


# ---------------------------------------------------------------------------------------------------------------------------
# The environments, with a model that says what it is told to.

ARGS = Namespace(group=2, max_new_tokens_predict=9, max_new_tokens_solve=8)
RIGHT = "```python\nprint(sum(map(int, input().split())))\n```"
WRONG = "```python\nprint(max(map(int, input().split())))\n```"
SUM = tasks.parse_program(RIGHT)


class Script:
    """Stands in for answers.ask: hands out the given texts (None: cut off), and keeps what it was asked."""
    def __init__(self, *texts):
        self.texts, self.users, self.calls = list(texts), [], []

    def __call__(self, users, max_new_tokens, group=1):
        self.users += users
        self.calls.append((len(users), max_new_tokens, group))
        groups = []
        for _ in users:
            texts = [self.texts.pop(0) for _ in range(group)]
            groups.append([Turn([1], Rollout([2, 3], [-1.0, -1.0], text is not None), text or "") for text in texts])
        return groups


@pytest.fixture
def runner(sandbox):
    return answers.Runner(sandbox)


def none_held_out(programs):
    return [False] * len(programs)


def problem(statement="Print the sum."):
    return Problem(statement, "list", 0, [["1 2", "3"], ["4 0", "4"]], [["2 2", "4"]], "", "")


def rewards(group):
    return [episode.rewards[-1] for episode in group]


def test_predict_is_rewarded_by_its_output_alone():
    cases = [tasks.Case("print(3)", "", "3\n", "", "", "short", "plain"),
             tasks.Case("print(1 // 0)", "", "", "ZeroDivisionError", "", "short", "crash")]
    told = ["<output>\n3\n</output>", "Step by step:\nNonsense.\n<output>\n3\n</output>", "<output>\n4\n</output>", "3", None,
               "<output>\n3\n<error>ValueError\n</output>"]
    crashes = ["<output>\n<error>ZeroDivisionError\n</output>", "<output>\n</output>", *[""] * 4]
    script = Script(*told, *crashes)
    groups = rl.predict(cases, script, Namespace(**{**vars(ARGS), "group": 6}))
    assert [rewards(group) for group in groups] == [[1, 1, -1, -1, -1, -1], [1, -1, -1, -1, -1, -1]]
    assert script.users == [tasks.predict_prompt(case.code, case.stdin) for case in cases] and script.calls == [(2, 9, 6)]
    assert groups[1][0].task is cases[1] and len(groups[1][0].turns) == 1
    assert [episode.turns[0].explained for episode in groups[0]] == [False, True, False, False, False, False]
    assert rl.predict([], Script(), ARGS) == []


def test_solve_is_judged_by_all_tests(runner):
    script = Script(RIGHT, None)
    (group,) = rl.solve([problem()], script, runner, ARGS)
    assert rewards(group) == [1, -1] and script.users == [tasks.solve_prompt(problem())] and script.calls == [(1, 8, 2)]
    assert [episode.programs for episode in group] == [[SUM], [None]]
    passes_public_only = "```python\na = input()\nprint({'1 2': 3, '4 0': 4}.get(a, 0))\n```"
    groups = rl.solve([problem(), problem()], Script(passes_public_only, "no program", WRONG, RIGHT), runner, ARGS)
    assert [rewards(group) for group in groups] == [[-1, -1], [-1, 1]]


def test_multi_turn(runner):
    args = Namespace(**{**vars(ARGS), "group": 7})
    firsts = [RIGHT, WRONG, WRONG, RIGHT, "no program", None, WRONG]
    script = Script(*firsts, tasks.SUBMIT, RIGHT, tasks.SUBMIT, WRONG, None)              # the fifth and sixth end after one turn
    (group,) = rl.multi_turn(rl.solve([problem()], script, runner, args), script, runner, none_held_out, args)
    assert rewards(group) == [1, 1, -1, -1, -1, -1, -1]
    assert [len(episode.turns) for episode in group] == [2, 2, 2, 2, 1, 1, 2]
    assert [episode.rewards[0] for episode in group] == [1, -1, -1, 1, -1, -1, -1]
    assert group[1].programs == [tasks.parse_program(WRONG), SUM] and group[0].programs == [SUM, SUM] and group[6].programs[1] is None
    assert script.calls == [(1, 8, 7), (5, 8, 1)]
    true = tasks.feedback(problem(), [("2\n", ""), ("4\n", "")])                          # max instead of sum
    assert script.users[2] == tasks.fix_prompt(problem(), tasks.parse_program(WRONG), true)


def test_multi_turn_never_shows_a_held_out_program(runner):
    asked = []

    def held_out(programs):
        asked.extend(programs)
        return ["max" in code for code, _ in programs]
    script = Script(WRONG, RIGHT, tasks.SUBMIT)
    (group,) = rl.multi_turn(rl.solve([problem()], script, runner, ARGS), script, runner, held_out, ARGS)
    assert asked == [(tasks.parse_program(WRONG), "list"), (SUM, "list")]
    assert rewards(group) == [-1, 1] and [len(episode.turns) for episode in group] == [1, 2]
    assert not any("max" in user for user in script.users)


def solved(problem, *programs):
    """A group of episodes, each with one right program."""
    return [episode(1.0, task=problem, programs=[program]) for program in programs]


def test_own_programs_are_few_distinct_and_never_held_out():
    many = [f"print(sum(map(int, input().split())) + {k % 6} - {k % 6})" for k in range(12)]
    own = rl.own_cases([solved(problem(), *many[:3]), solved(problem(), *many)], [], none_held_out)
    assert len(own) == 2 * rl.OWN_PROGRAMS and [case.code for case in own[::2]] == many[:rl.OWN_PROGRAMS]
    assert [(c.stdin, c.stdout.strip(), c.error, c.set) for c in own[:2]] == [("1 2", "3", "", "own"), ("4 0", "4", "", "own")]
    assert rl.own_cases([solved(problem(), *many)], own, none_held_out) == []             # full
    other = rl.own_cases([solved(problem("Add up."), *many[:2])], own, none_held_out)     # another problem
    assert len(other) == 4 and {case.cls for case in other}.isdisjoint(case.cls for case in own)

    pool = []                                                                             # over several steps
    for start in (0, 1, 2, 3, 4):
        pool = pool + rl.own_cases([solved(problem(), *many[start:start + 2])], pool, none_held_out)
    assert [case.code for case in pool[::2]] == many[:rl.OWN_PROGRAMS]

    asked = []

    def a_is_held_out(programs):
        asked.append(programs)
        return [code == "a" for code, _ in programs]
    secret = rl.own_cases([solved(problem(), "a", "b")], [], a_is_held_out)
    assert {case.code for case in secret} == {"b"} and asked == [[("a", "list"), ("b", "list")]]
    both = Episode(problem(), [], ["wrong", "mended"], [-1.0, 1.0])                       # of two turns, the right one
    submitted = Episode(problem(), [], ["good", "good"], [1.0, 1.0])
    lost = Episode(problem(), [], ["was right", None], [1.0, -1.0])
    assert [case.code for case in rl.own_cases([[both, submitted, lost]], [], none_held_out)[::2]] == ["mended", "good", "was right"]


def test_predict_prompts_are_mixed_as_told():
    cases = [tasks.Case(f"print({k})", "", f"{k}\n", "", "", "short", "plain") for k in range(40)]
    own = [tasks.Case(f"print({k})", "", f"{k}\n", "", "", "own", "plain") for k in range(100, 110)]
    draw = [case.set for case in rl.draw_cases(random.Random(0), cases, own, 16, 0.25)]
    assert draw.count("own") == 4 and draw.count("short") == 12
    some = rl.draw_cases(random.Random(0), cases, own, 60, 0.5)
    assert len(some) == 60 and len({case.code for case in some if case.set == "own"}) == 10          # all there are, each once
    assert [case.set for case in rl.draw_cases(random.Random(0), cases[:1], [], 3, 0.25)] == ["short"] * 3
    assert rl.draw_cases(random.Random(5), cases, own, 9, 0.3) == rl.draw_cases(random.Random(5), cases, own, 9, 0.3)
    assert rl.draw_cases(random.Random(0), cases, own, 0, 0.25) == []


def test_what_the_log_says_of_a_step():
    def turn(n, finished=True, text=""):
        return Turn([1], Rollout([5] * n, [-0.5] * n, finished), text)
    predict = [[episode(1.0, turn(3, text="Step by step:\nr = 3.\n<output>\n</output>")), episode(-1.0, turn(5, False))],
               [episode(1.0, turn(2, text="<output>\n</output>")), episode(1.0, turn(2, text="Stepwise"))]]
    multi = [[episode(1.0, turn(4, text="Step by step:\n"), turn(8)), episode(-1.0, turn(4))]]           # no predictions
    multi[0][0].rewards = [-1.0, 1.0]
    for group in predict + multi:
        rl.set_advantages(group, 0.8)
    record = rl.describe(7, {"predict": predict, "solve": [], "multi": multi})
    assert record == {"step": 7, "skipped": 1, "groups": 3, "predict_pass": 0.75, "predict_length": 3, "predict_cut": 0.25,
                      "explained": 0.25, "multi_first": 0.0, "multi_pass": 0.5, "multi_length": pytest.approx(16 / 3), "multi_cut": 0.0,
                      "tokens": 28, "entropy": pytest.approx(0.5)}
    for group in predict + multi:
        for ended in group:
            ended.rewards = [1.0]
        rl.set_advantages(group, 1.0)
    assert rl.describe(8, {"predict": predict, "solve": [], "multi": multi})["skipped"] == 3


# ---------------------------------------------------------------------------------------------------------------------------
# The run. An untrained model is never right: something it sometimes does is rewarded, so that there is something to learn.

real_predict, real_judge = rl.predict, rl.judge


def odd_is_right(cases, answers, args):
    """In place of rl.predict. Right: an answer with an odd sum of tokens."""
    groups = real_predict(cases, answers, args)
    for group in groups:
        for episode in group:
            episode.rewards = [1.0 if sum(episode.turns[0].rollout.tokens) % 2 else -1.0]
    return groups


def every_second_solves(episodes, runner):
    """In place of rl.judge. Every second episode wrote the solution."""
    for k, episode in enumerate(episodes):
        if k % 2 == 0:
            episode.programs[-1] = episode.task.solution
    real_judge(episodes, runner)


def save_start(out, tokenizer):
    """sft.pt: a model to start from."""
    torch.manual_seed(0)
    start = Transformer(ModelConfig(tokenizer.n_vocab, **{**TINY, "n_layer": 1}))
    save_checkpoint(out / "sft.pt", start, extra={"texts": "sft-0.5-0.7-0.npz", "seconds": 9.0})


@pytest.fixture(scope="module")
def out(tmp_path_factory, tokenizer):
    """An out folder with small data files and a model to start from."""
    out = tmp_path_factory.mktemp("rl")
    sizes = dict.fromkeys(tasks.PRESETS["quick"]["data"], 2) | {"rl_cases": 8, "rl_problems": 3}
    tasks.make_data(tasks.settings(ArgumentParser(), "data", argv=[*tiny_flags(**sizes), "--out", str(out)]))
    save_start(out, tokenizer)
    return out


def flags(out, name, **more):
    numbers = {"steps": 4, "predict_prompts": 4, "solve_prompts": 1, "fix_prompts": 1, "group": 2, "max_new_tokens_predict": 12,
               "max_new_tokens_solve": 8, "warmup": 3, "val_every": 3, "val_cases": 2, "save_every": 2} | more
    return ["rl.py", "--out", str(out), "--name", name, *tiny_flags(**numbers)]


@pytest.fixture
def run(monkeypatch, out):
    """rl.py in this process."""
    def run(name, out=out, **more):
        monkeypatch.setattr("sys.argv", flags(out, name, **more))
        rl.main()
    return run


@pytest.fixture
def stand_ins(monkeypatch):
    monkeypatch.setattr(rl, "predict", odd_is_right)
    monkeypatch.setattr(rl, "judge", every_second_solves)


def log(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def weights(path):
    return load_checkpoint(path)["model"].state_dict()


def test_a_stopped_run_continues_to_the_same_weights(out, run, stand_ins, monkeypatch):
    learn, sampled, given = rl.backward, [], []

    def watched(model, turns, n_tokens, *rest):
        given.append(n_tokens)
        assert turns and all(turn.advantage for turn in turns)
        return learn(model, turns, n_tokens, *rest)
    describe, asked, seeds = rl.describe, rl.ask, []
    monkeypatch.setattr(rl, "describe", lambda step, played: sampled.append(
        sum(len(turn.rollout.tokens) for turn in rl.turns_of(sum(played.values(), [])))) or describe(step, played))
    monkeypatch.setattr(rl, "ask", lambda *call: seeds.append(call[2].getstate()) or asked(*call))
    monkeypatch.setattr(rl, "backward", watched)
    apply, rates = rl.apply_gradients, []
    monkeypatch.setattr(rl, "apply_gradients", lambda model, optimizers, rate, *rest: rates.append(rate) or apply(
        model, optimizers, rate, *rest))
    run("whole")
    assert rates == pytest.approx([1 / 3 * 1, 2 / 3 * 3 / 4, 1 / 2, 1 / 4])         # three steps of warm-up; decays to zero
    assert len(seeds) == len(set(seeds)) >= 3 * 4                                   # no call repeats another's luck
    lines = log(out / "whole.jsonl")
    assert [line["step"] for line in lines] == [0, 1, 2, 3, 4]
    assert given == sampled == [line["tokens"] for line in lines[1:]]               # N: all tokens sampled, also of skipped groups
    assert all(line["groups"] == 6 and 0 <= line["skipped"] < 6 for line in lines[1:])
    assert {"val_short", "val_longer_steps", "val_explained", "val_solve"} <= set(lines[0]) and all("explained" in line for line in lines[1:])
    assert "val_solve" in lines[3] and "val_solve" in lines[4]
    assert "val_short" not in lines[1] and all(line["logp_gap"] < 0.01 for line in lines[1:])
    assert {"play", "train"} == set(lines[1]["seconds"])

    for stop_at, last in ((1, 0), (4, 3)):                                          # before the first save, and after it
        calls = []

        def killed(*arguments, calls=calls, stop_at=stop_at):
            calls.append(0)
            if len(calls) == stop_at:
                raise KeyboardInterrupt
            return learn(*arguments)
        monkeypatch.setattr(rl, "backward", killed)
        with pytest.raises(SystemExit) as ended:
            run("stopped")
        assert ended.value.code == 130
        assert (out / "stopped-state.pt").exists() == (stop_at > 2) and not (out / "stopped.pt").exists()
        assert [line["step"] for line in log(out / "stopped.jsonl")] == list(range(last + 1))
    monkeypatch.setattr(rl, "backward", learn)
    run("stopped")
    one, two, start = weights(out / "whole.pt"), weights(out / "stopped.pt"), weights(out / "sft.pt")
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert sum(not torch.equal(one[key], start[key]) for key in one) > 5
    again = log(out / "stopped.jsonl")
    for line in lines[1:] + again[1:]:
        del line["seconds"]
    assert lines == again
    kept, extra = load_checkpoint(out / "whole.pt")["extra"], load_checkpoint(out / "stopped.pt")["extra"]
    assert kept["own"] == extra["own"] and len(kept["own"]) > 0 and kept["start"] == "sft"
    assert kept["seconds"] > 0 and kept["texts"] == "sft-0.5-0.7-0.npz" and not (out / "stopped-state.pt").exists()
    before = (out / "whole.pt").stat().st_mtime_ns
    run("whole")
    assert (out / "whole.pt").stat().st_mtime_ns == before
    made = load_checkpoint(out / "whole.pt")["extra"]
    assert made["made"]["steps"] == "4" and made["made"]["start"] == "sft" and made["commit"] == runs.provenance()["commit"]


def test_a_step_without_a_lesson_changes_nothing(out, run, monkeypatch):
    """Groups differ in the first step alone: its momentum must not move the weights in the next. There are fewer problems than prompts."""
    lines, saved = [], []

    def set_advantages(group, weight):
        for k, turn in enumerate(rl.turns_of([group])):
            turn.advantage = weight * (-1) ** k if len(lines) == 1 else 0.0          # line 0 is validation's

    def save(args, model, *rest):
        saved.append({name: p.detach().clone() for name, p in model.named_parameters()})
    monkeypatch.setattr(rl, "set_advantages", set_advantages)
    monkeypatch.setattr(rl, "save", save)
    monkeypatch.setattr(rl, "log_step", lambda args, line, rank: lines.append(line))
    monkeypatch.setattr(rl, "validate", lambda *given: {})
    run("idle", steps=3, save_every=1, predict_prompts=1, solve_prompts=9, fix_prompts=9)
    assert [line["groups"] for line in lines[1:]] == [1 + 3 + 3] * 3 and [line["skipped"] for line in lines[1:]] == [0, 7, 7]
    assert lines[1]["grad_norm"] > 0 == lines[2]["grad_norm"]
    start = weights(out / "sft.pt")
    assert any(not torch.equal(saved[0][key], start[key]) for key in saved[0])
    for key in start:
        if key in saved[0]:
            assert torch.equal(saved[0][key], saved[1][key]) and torch.equal(saved[0][key], saved[2][key])


def told(capsys, run, *given, **more):
    """What a command says that ends with status 2."""
    with pytest.raises(SystemExit) as stop:
        run(*given, **more)
    assert stop.value.code == 2
    return capsys.readouterr().err


def test_errors_are_one_clear_line(out, tmp_path, run, capsys, tokenizer):
    start = told(capsys, run, "rl", out=tmp_path)
    assert start.count("\n") == 1 and "sft.pt does not exist" in start and "sft.py" in start and start.count("rl.py") == 1
    save_checkpoint(tmp_path / "sft.pt", Transformer(ModelConfig(tokenizer.n_vocab, n_layer=1, n_embd=32)))
    data = told(capsys, run, "rl", out=tmp_path)
    assert data.count("\n") == 1 and "is missing" in data and "python tasks.py" in data
    assert "--group must be at least 2" in told(capsys, run, "rl", group=1).splitlines()[-1]
    assert "no prompts" in told(capsys, run, "rl", predict_prompts=0, solve_prompts=0, fix_prompts=0).splitlines()[-1]
    assert "--own-share is a share" in told(capsys, run, "rl", own_share=1.5).splitlines()[-1]
    assert "--steps" in told(capsys, run, "rl", steps=0).splitlines()[-1]
    assert "--nonsense" in told(capsys, run, "rl", nonsense=1).splitlines()[-1]
    assert "--seed must be at least 0" in told(capsys, run, "rl", seed=-1).splitlines()[-1]
    (out / "damaged-state.pt").write_bytes(b"PK nothing")
    damaged = told(capsys, run, "damaged")
    assert damaged.count("\n") == 1 and "damaged-state.pt" in damaged and "delete it" in damaged


def test_a_finished_run_of_others_is_refused(out, run, capsys, monkeypatch, tokenizer):
    """Other flags, another start, other data, another vocabulary."""
    monkeypatch.setattr(rl, "validate", lambda *given: {})
    monkeypatch.setattr(rl, "train", lambda args, model, own, extra, rank, ranks: runs.resume(args, model, (), rank) and runs.save(
        args, model, (), 4, True, extra))
    run("mine")
    before = (out / "mine.pt").read_bytes()
    run("mine")
    assert "is there" in capsys.readouterr().out

    def refused(text, **more):
        said = told(capsys, run, "mine", **more)
        assert said.count("\n") == 1 and text in said and "--out" in said and "mine.pt was made with" in said, said
    for key, was, other in (("steps", 4, 5), ("muon_lr", tasks.PRESETS["quick"]["rl"]["muon_lr"], 0.1), ("predict_weight", 0.8, 0.5)):
        refused(f"{key} {was}, not {other}", **{key: other})
    assert "seed 0, not 1" in told(capsys, run, "mine", seed=1)                     # the data are, already
    start, data = (out / "sft.pt").read_bytes(), (out / "data/rl_cases.jsonl").read_text()
    model = Transformer(ModelConfig(tokenizer.n_vocab, **{**TINY, "n_layer": 1}))
    save_checkpoint(out / "sft.pt", model, extra={"made": {"steps": "20"}})
    refused("start_and_data ")
    (out / "sft.pt").write_bytes(start)
    (out / "data/rl_cases.jsonl").write_text(data[:data.index("\n") + 1])
    refused("start_and_data ")
    (out / "data/rl_cases.jsonl").write_text(data)
    with monkeypatch.context() as patch:
        patch.setattr(runs, "vocabulary", lambda world: {"vocabulary": "1"})
        refused("vocabulary ")
    for reward in ("predict", "judge", "set_advantages"):                           # a variant's, or edited
        with monkeypatch.context() as patch:
            patch.setattr(rl, reward, lambda *given: None)
            refused("rewards ")
    with monkeypatch.context() as patch:                                            # each process draws prompts of its own
        patch.setattr(rl, "join_processes", lambda device: (0, 2))
        run("mine")                                                                 # what is finished is finished
        (out / "mine.pt").rename(out / "mine-state.pt")
        said = told(capsys, run, "mine")
        assert "mine-state.pt was made with processes 1, not 2" in said and said.count("\n") == 1
        (out / "mine-state.pt").rename(out / "mine.pt")
    run("mine")
    assert (out / "mine.pt").read_bytes() == before


def test_equal_rewards_give_exact_zeros_whatever_they_are():
    for reward in (1, -1, 0.1, 0.7, -0.999, 1 / 3):
        for G in range(2, 20):
            assert not rl.advantages(torch.full((G,), float(reward))).any()
