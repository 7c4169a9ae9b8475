"""Reinforcement learning: the estimator against hand-made cases, the three environments with a scripted model, resuming."""

import json
import os
import random
import subprocess
import sys
from argparse import Namespace
from contextlib import nullcontext
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pytest
import torch

import rl
import tasks
import world
from model import ModelConfig, Tokenizer, Transformer, cut_batches, generate, load_checkpoint, save_checkpoint
from rl import Turn, advantages, backward, reinforce_loss

TINY = {"n_layer": 2, "n_head": 2, "n_kv_head": 1, "n_embd": 32, "n_ctx": 512}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Matrices this small only wait for a second thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer()


@pytest.fixture
def model(tokenizer, monkeypatch):
    """A small model that is no longer at its initialisation (there every block is the identity), in fp32 everywhere."""
    monkeypatch.setattr(rl, "autocast", lambda device: nullcontext())
    torch.manual_seed(0)
    model = Transformer(ModelConfig(n_vocab=tokenizer.n_vocab, **TINY))
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.05 * torch.randn_like(p))
    return model


# ---------------------------------------------------------------------------------------------------------------------------
# The estimator.

def test_advantages():
    rewards = torch.tensor([[1.0, -1, -1, -1], [1, 1, -1, -1], [1, 1, 1, 1], [-1, -1, -1, -1]])
    assert advantages(rewards).tolist() == [[1.5, -0.5, -0.5, -0.5], [1, 1, -1, -1], [0, 0, 0, 0], [0, 0, 0, 0]]
    loo = advantages(rewards, "loo")
    for i in range(4):
        for j in range(4):
            others = [rewards[i, k].item() for k in range(4) if k != j]
            assert loo[i, j].item() == pytest.approx(rewards[i, j].item() - sum(others) / 3, abs=1e-6)
    assert loo[2:].eq(0).all()
    torch.testing.assert_close(loo, advantages(rewards) * 4 / 3)
    for G in range(2, 20):  # a group of equal rewards gives exact zeros, whatever its size
        assert advantages(torch.ones(1, G)).eq(0).all() and advantages(-torch.ones(1, G), "loo").eq(0).all()


def test_gradient_of_a_hand_computed_case():
    """Two actions per rollout from one softmax over three: d loss / d theta = - sum_j A_j sum_t (onehot(action_jt) - p) / N."""
    theta = torch.tensor([0.0, 0.0, 0.0], requires_grad=True)           # p = 1/3 each
    actions, scores = [[0, 0], [1, 2]], [1.0, -1.0]
    logps = [theta.log_softmax(-1)[torch.tensor(a)] for a in actions]
    reinforce_loss(logps, scores, n_tokens=8).backward()                # 4 tokens here, 4 more in skipped groups
    # (onehot - p) summed: rollout 0: (2 - 2/3, -2/3, -2/3), rollout 1: (-2/3, 1/3, 1/3); difference (2, -1, -1)
    assert theta.grad.tolist() == pytest.approx([-2 / 8, 1 / 8, 1 / 8])


TRUTH = "a = 1.\n1 == 1 is true, so we enter the if.\nWe print 3.\n<output>\n3\n</output>"


def by_line(tokenizer, answers):
    """step_credit of answers (texts with their end token), with the tokens of a line merged."""
    ids = [tokenizer.answer(text) for text in answers]
    merged = []
    for tokens, credit in zip(ids, rl.step_credit(ids, TRUTH, tokenizer)):
        sizes = rl.lines_of(tokens, tokenizer)[1]
        assert len(credit) == len(tokens) == sum(sizes)
        starts = [sum(sizes[:k]) for k in range(len(sizes))]
        assert all(len(set(credit[a:a + n])) == 1 for a, n in zip(starts, sizes))   # one value on all tokens of a line
        merged.append([pytest.approx(credit[a]) for a in starts])
    return merged


def test_credit_goes_to_the_line_where_rollouts_part(tokenizer):
    other_words = TRUTH.replace("enter the if", "go inside").replace("we enter", "we go")
    printed_4, a_2 = TRUTH.replace("print 3", "print 4"), TRUTH.replace("a = 1", "a = 2")
    lines = by_line(tokenizer, [TRUTH, other_words, printed_4, a_2])
    #       a = 1.  the if  We print  <output>  3  </output>  end
    assert lines == [[0.5, 0, 2 / 3, 0, 0, 0, 0], [0.5, 0, 2 / 3, 0, 0, 0, 0],     # baselines 1/2, 1, 1/3, 1, 1, 1, 1
                     [0.5, 0, -4 / 3, 0, 0, 0, 0],                                # nothing after its first false line
                     [-1.5, 0, 0, 0, 0, 0, 0]]                                    # all that follows is not judged
    assert by_line(tokenizer, [TRUTH, TRUTH]) == [[0] * 7] * 2                     # equal answers teach nothing
    assert by_line(tokenizer, [a_2, a_2]) == [[0] * 7] * 2


def test_an_answer_that_is_cut_off_or_goes_on_is_false_there(tokenizer):
    whole, cut = tokenizer.answer(TRUTH), tokenizer.encode(TRUTH)
    (*_, closing, end), (*_, last) = rl.step_credit([whole, cut], TRUTH, tokenizer)
    assert (closing, end, last) == (1, 0, -1)
    more = tokenizer.answer(TRUTH + "\nAnd more.")
    credit = rl.step_credit([whole, more], TRUTH, tokenizer)
    assert credit[0][-1] == 1 and credit[1][-1] == 0 and -1 in credit[1] and len(credit[1]) == len(more)
    assert rl.line_rewards(["<|end|>"], [None]) == [-1]                            # spelling the end token is not ending
    assert rl.step_credit([[], whole], TRUTH, tokenizer)[0] == []                   # a prompt that was too long


def test_rejection_imitates_right_answers_alone():
    assert advantages(torch.tensor([[1.0, -1], [1, 1], [-1, -1]]), "rejection").tolist() == [[1, 0], [1, 1], [0, 0]]


def made_up_turns(tokenizer, n=7):
    rng = random.Random(0)
    prompts = [tokenizer.prompt("Predict.\nprint(" + "1" * rng.randint(1, 30) + ")") for _ in range(n)]
    answers = [tokenizer.answer("7" * rng.randint(1, 40)) for _ in range(n)]
    return [Turn(prompt, answer, [0.0] * len(answer), "") for prompt, answer in zip(prompts, answers)]


def gradient(model, *arguments):
    model.zero_grad()
    backward(model, *arguments)
    return {name: p.grad.clone() for name, p in model.named_parameters()}


def test_the_split_into_micro_batches_does_not_change_the_gradient(model, tokenizer):
    turns, scores = made_up_turns(tokenizer), [1.5, -0.5, 0.8, -1, 1, -0.2, 0.4]
    lengths = [len(turn.prompt) + len(turn.tokens) for turn in turns]
    assert len(cut_batches(lengths, 1)) == 7 and len(cut_batches(lengths, 10**6)) == 1 < len(cut_batches(lengths, 150)) < 7
    whole = gradient(model, turns, scores, 500, 10**6, tokenizer.pad)
    for budget in (1, 150):
        split = gradient(model, turns, scores, 500, budget, tokenizer.pad)
        for name in whole:
            torch.testing.assert_close(split[name], whole[name], rtol=1e-4, atol=1e-7)
    assert max(g.abs().max().item() for g in whole.values()) > 1e-4
    loss = sum(-a * model.logprobs(torch.tensor([t.prompt + t.tokens]), torch.arange(n)[None] >= len(t.prompt)).sum()
               for a, t, n in zip(scores, turns, lengths)) / 500     # the formula, one rollout at a time
    model.zero_grad()
    loss.backward()
    for name, p in model.named_parameters():
        torch.testing.assert_close(p.grad, whole[name], rtol=1e-4, atol=1e-7)


def test_equal_answers_are_trained_once_with_the_same_gradient(model, tokenizer):
    turns = made_up_turns(tokenizer, 3)
    turns, scores = turns + turns[:1], [[a] * len(t.tokens) for a, t in zip([1.5, -0.5, 0.8, -1.0], turns + turns[:1])]
    once, summed = rl.merge_equal(turns, scores)
    assert len(once) == 3 and summed[0] == [0.5] * len(turns[0].tokens)
    for name, g in gradient(model, turns, scores, 100, 10**6, tokenizer.pad).items():
        torch.testing.assert_close(gradient(model, once, summed, 100, 10**6, tokenizer.pad)[name], g, rtol=1e-4, atol=1e-7)


def test_zero_advantages_give_exactly_zero_gradient(model, tokenizer):
    turns = made_up_turns(tokenizer, 4)
    scores = advantages(torch.tensor([[-1.0, -1, -1, -1]]))[0].tolist()
    assert all(g.eq(0).all() for g in gradient(model, turns, scores, 100, 10**6, tokenizer.pad).values())


def test_the_end_token_is_trained(model, tokenizer):
    """The reward of an answer reaches its end token: that alone, of an empty answer, moves its probability the right way."""
    turn = Turn(tokenizer.prompt("Predict.\nprint(3)"), [tokenizer.end], [0.0], "")
    ids = torch.tensor([turn.prompt + turn.tokens])
    mask = torch.arange(ids.shape[1])[None] >= len(turn.prompt)
    before = model.logprobs(ids, mask).item()
    grads = gradient(model, [turn], [1.0], 1, 10**6, tokenizer.pad)
    with torch.no_grad():
        for name, p in model.named_parameters():
            p -= 0.01 * grads[name]
    assert model.logprobs(ids, mask).item() > before + 1e-3


def sampler(model, tokenizer):
    return rl.Sampler(partial(generate, model, end=tokenizer.end, dtype=torch.float32), tokenizer, model.config.n_ctx)


def test_rollout_log_probabilities_are_the_recomputed_ones(model, tokenizer):
    sample = sampler(model, tokenizer)
    groups = sample(["Predict.\nprint(1)", "Predict.\nprint(1 + 2 + 3)\nInput:\n4 5"], 30, group=4)
    assert [len(group) for group in groups] == [4, 4]
    turns = [turn for group in groups for turn in group]
    assert sample.tokens == sum(len(turn.tokens) for turn in turns)
    assert backward(model, turns, [1.0] * 8, sample.tokens, 200, tokenizer.pad) / sample.tokens < 1e-4
    wrong = [Turn(t.prompt, t.tokens, [value / 2 for value in t.logprobs], t.text) for t in turns]   # another temperature, say
    assert backward(model, wrong, [1.0] * 8, sample.tokens, 200, tokenizer.pad) / sample.tokens > 0.1


def test_a_prompt_beyond_the_context_counts_as_cut_off(model, tokenizer):
    (long,), (short,) = sampler(model, tokenizer)(["1 " * 600, "1"], 5)
    assert long.tokens == [] and long.text is None and short.tokens


SHARED = """
import json, sys
from argparse import Namespace
import torch
import torch.distributed as dist
from model import ModelConfig, Tokenizer, Transformer
from parallel import join_processes
from rl import Learner, Turn

rank, ranks = join_processes(1, "cpu")
torch.manual_seed(0)
tokenizer = Tokenizer()
model = Transformer(ModelConfig(n_vocab=tokenizer.n_vocab, n_layer=1, n_head=2, n_kv_head=1, n_embd=32))
for p in model.parameters():
    p.data.add_(0.05 * torch.randn_like(p))
args = Namespace(muon_lr=0.01, adam_lr=0.01, temperature_lr=0.03, clip=1.0, micro_tokens=100, batch_rows=64)
learner = Learner(model, tokenizer, args, rank, ranks)
if rank:
    learner.serve()
else:
    prompts = [tokenizer.prompt("1" * k) for k in range(1, 8)]
    groups = learner.everywhere("sample", prompts, 5, 2, 3)
    turns = [Turn(p, tokenizer.answer("7" * k), [0.0] * (k + 1), "") for k, p in enumerate(prompts)]
    for _ in range(3):
        gap, norm = learner.everywhere("learn", turns, [1.5, -0.5, 0.8, -1, 1, -0.2, 0.4], 50, 1.0)
    with open(sys.argv[1], "w") as file:
        json.dump({"ranks": ranks, "gap": gap, "norm": norm, "sizes": [len(group) for group in groups],
                   "weights": torch.cat([p.flatten() for p in model.parameters()]).tolist()}, file)
    learner.everywhere("leave")
"""


def test_two_processes_learn_what_one_does(tmp_path):
    script, results = tmp_path / "shared.py", []
    script.write_text(SHARED)
    root = str(Path(__file__).parent.parent)
    for ranks in (1, 2):
        subprocess.run([sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={ranks}", str(script),
                        str(tmp_path / "result.json")], check=True, capture_output=True, cwd=root,
                       env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": root})
        results.append(json.loads((tmp_path / "result.json").read_text()))
    one, two = results
    assert (one["ranks"], two["ranks"]) == (1, 2) and one["sizes"] == two["sizes"] == [2] * 7
    for key in ("gap", "norm"):
        assert two[key] == pytest.approx(one[key], rel=0.02)               # bf16 rounds differently in other batch shapes
    difference = torch.tensor(one["weights"]) - torch.tensor(two["weights"])
    assert difference.abs().mean() < 1e-4                                  # three steps move each by about 0.03


# ---------------------------------------------------------------------------------------------------------------------------
# The environments, with a model that says what it is told to.

ARGS = Namespace(group=2, own_share=0.25, replay_share=0.5, predict_weight=0.8, max_new_tokens_predict=9, max_new_tokens_solve=9)
RIGHT = "```python\nprint(sum(map(int, input().split())))\n```"
WRONG = "```python\nprint(max(map(int, input().split())))\n```"


class Script:
    """Stands in for the Sampler: hands out the given texts (None: cut off), and keeps the prompts it got."""
    def __init__(self, *texts):
        self.texts, self.users = list(texts), []

    def __call__(self, users, max_new_tokens, group=1):
        self.users += users
        return [[Turn([1], [2, 3], [-1.0, -1.0], self.texts.pop(0)) for _ in range(group)] for _ in users]


@pytest.fixture
def runner(sandbox):
    return tasks.Runner(sandbox)


@pytest.fixture
def nothing_held_out(monkeypatch):
    monkeypatch.setattr(tasks, "heldout", lambda programs, sandbox: [False] * len(programs))


def problem():
    return world.Problem("Print the sum.", "list", False, [["1 2", "3"], ["4 0", "4"]], [["2 2", "4"]], "", "")


def test_predict_is_rewarded_by_its_output_alone():
    case = tasks.Case("print(3)", "", "3\n", "", "", "short", "plain")
    predict = rl.Predict([case], [], ARGS)
    answers = ["<output>\n3\n</output>", "Nonsense.\n<output>\n3\n</output>", "<output>\n4\n</output>", "3", None,
               "<output>\n3\n<error>ValueError\n</output>"]
    rewards = predict.rewards([case], [[Turn([], [], [], text) for text in answers]])
    assert rewards == [[1, 1, -1, -1, -1, -1]]


def test_predict_prompts_are_mixed_as_told():
    cases = [tasks.Case(f"print({k})", "", f"{k}\n", "", "", "longer" if k % 2 else "short", "plain") for k in range(40)]
    own = [tasks.Case(f"print({k})", "", f"{k}\n", "", "", "own", "plain") for k in range(100, 110)]
    predict = rl.Predict(cases, own, ARGS)
    drawn = predict.prompts(random.Random(0), 16)
    assert [sum(c.set == s for c in drawn) for s in ("own", "longer", "short")] == [4, 6, 6]
    right, wrong = "<output>\n{}\n</output>", "<output>\n</output>"
    script = Script()
    script.texts = [text for case in drawn for text in (right.format(case.stdout.strip()), wrong)]          # every group is mixed
    groups = predict.play(random.Random(0), 16, script)
    assert all([e.reward for e in group] == [1, -1] for group in groups)
    replayed = predict.prompts(random.Random(1), 16)
    assert sum(c.set == "longer" and c in drawn for c in replayed) >= 3                                     # half of the six
    case = drawn[-1]
    predict.remember(case, mixed=False)
    assert case not in predict.mixed[case.set]
    assert len(rl.Predict(cases[:1], [], ARGS).prompts(random.Random(0), 4)) == 4                           # a set may be empty


def test_lines_are_rewarded_and_own_programs_are_recorded(runner, tokenizer):
    """The own program comes without an explanation: it is recorded, and the answers part where one is false."""
    own = [tasks.Case("a = 2\nprint(a)", "", "2\n", "", "", "own", "plain")]
    predict = rl.Predict([], own, Namespace(**{**vars(ARGS), "own_share": 1.0}), runner.sandbox)
    texts = ["a = 2.\nWe print 2.\n<output>\n2\n</output>", "a = 3.\nWe print 2.\n<output>\n2\n</output>"]

    def sample(users, max_new_tokens, group):
        return [[Turn([1], tokenizer.answer(text), [], text) for text in texts] for _ in users]
    sample.tokenizer = tokenizer
    ((right, lucky),) = predict.play(random.Random(0), 1, sample)
    assert own[0].nlex.startswith("a = 2.\n") and (right.reward, lucky.reward) == (1, 1)     # both outputs are right
    assert right.credit[0] == 1 and lucky.credit[0] == -1 and lucky.credit[-1] == 0


def test_solve_is_judged_by_all_tests(runner, nothing_held_out):
    own = rl.OwnPrograms(runner)
    solve = rl.Solve([problem()], own, runner, ARGS)
    script = Script(RIGHT, None)
    (group,) = solve.play(random.Random(0), 5, script)
    assert [e.reward for e in group] == [1, -1] and script.users == [tasks.solve_prompt(problem())]
    passes_public_only = "```python\na = input()\nprint({'1 2': 3, '4 0': 4}.get(a, 0))\n```"
    assert [e.reward for e in solve.play(random.Random(0), 1, Script(passes_public_only, "no program"))[0]] == [-1, -1]
    assert [(c.stdin, c.stdout.strip(), c.set) for c in own.cases] == [("1 2", "3", "own"), ("4 0", "4", "own")]


def test_own_programs_are_few_distinct_and_never_held_out(runner, nothing_held_out, monkeypatch):
    own = rl.OwnPrograms(runner)
    own.add([(problem(), f"print(sum(map(int, input().split())) + {k % 6} - {k % 6})") for k in range(12)])
    assert len(own.cases) == 2 * rl.OWN_PROGRAMS and len({c.code for c in own.cases}) == rl.OWN_PROGRAMS
    monkeypatch.setattr(tasks, "heldout", lambda programs, sandbox: [True] * len(programs))
    refusing = rl.OwnPrograms(runner)
    refusing.add([(problem(), "print(sum(map(int, input().split())))")])
    assert refusing.cases == []


def test_multi_turn(runner, nothing_held_out):
    args = Namespace(**{**vars(ARGS), "group": 6})
    multi = rl.MultiTurn([problem()], rl.OwnPrograms(runner), runner, args)
    firsts = [RIGHT, WRONG, WRONG, RIGHT, "no program", None]
    script = Script(*firsts, tasks.SUBMIT, RIGHT, tasks.SUBMIT, WRONG)                    # the last two episodes end after one turn
    (group,) = multi.play(random.Random(0), 1, script)
    assert [e.reward for e in group] == [1, 1, -1, -1, -1, -1]
    assert [len(e.turns) for e in group] == [2, 2, 2, 2, 1, 1]
    assert multi.stats == {"multi_first": pytest.approx(2 / 6, abs=1e-3), "multi_submit": 0.5, "multi_one_turn": 2}
    true = tasks.feedback(problem(), [("2\n", ""), ("4\n", "")])                          # max instead of sum
    assert script.users[2] == tasks.fix_prompt(problem(), tasks.parse_program(WRONG), true)


def test_multi_turn_never_shows_a_held_out_program(runner, monkeypatch):
    monkeypatch.setattr(tasks, "heldout", lambda programs, sandbox: ["max" in code for code, _ in programs])
    multi = rl.MultiTurn([problem()], rl.OwnPrograms(runner), runner, ARGS)
    script = Script(WRONG, RIGHT, tasks.SUBMIT)
    (group,) = multi.play(random.Random(0), 1, script)
    assert [e.reward for e in group] == [-1, 1] and [len(e.turns) for e in group] == [1, 2]
    assert not any("max" in user for user in script.users)


# ---------------------------------------------------------------------------------------------------------------------------
# The run.

def test_the_log_is_cut_at_the_checkpoint(tmp_path):
    log = tmp_path / "rl.jsonl"
    log.write_text('{"step": 0}\n{"step": 1}\n{"step": 2}\n{"ste')
    tasks.cut_log(log, 1)
    assert log.read_text() == '{"step": 0}\n{"step": 1}\n'


def run(monkeypatch, out, *flags):
    monkeypatch.setattr("sys.argv", ["rl.py", "--preset", "quick", "--out", str(out), "--steps", "4", "--predict-prompts", "4",
                                     "--solve-prompts", "1", "--fix-prompts", "1", "--group", "2", "--max-new-tokens-predict", "12",
                                     "--max-new-tokens-solve", "8", "--val-every", "3", "--val-cases", "2", "--save-every", "2", *flags])
    rl.main()


def test_missing_files_are_one_clear_line(tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        run(monkeypatch, tmp_path)
    error = capsys.readouterr().err
    assert stop.value.code == 2 and error.count("\n") == 1 and "is missing" in error and "python tasks.py" in error


def test_a_stopped_run_continues_to_the_same_weights(tmp_path, monkeypatch, tokenizer):
    rng, knobs = random.Random(0), world.KNOBS["cpu"]
    torch.manual_seed(0)
    start = Transformer(ModelConfig(n_vocab=tokenizer.n_vocab, **{**TINY, "n_layer": 1}))
    start.norm.weight.data.uniform_(0.5, 1.5)

    def draw(make, n, *rest):
        samples = (make(rng, knobs, *rest) for _ in iter(int, 1))
        return "".join(json.dumps(asdict(next(s for s in samples if s is not None))) + "\n" for _ in range(n))
    for name in ("whole", "stopped"):
        (tmp_path / name / "data").mkdir(parents=True)
        save_checkpoint(tmp_path / name / "sft.pt", start)
    for name, split in (("rl", "train"), ("val", "val")):
        cases = draw(tasks.random_case, 8, split, "short") + draw(tasks.random_case, 8, split, "longer")
        problems = draw(world.random_problem, 3, split, False)
        for folder in ("whole", "stopped"):
            (tmp_path / folder / "data" / f"{name}_cases.jsonl").write_text(cases)
            (tmp_path / folder / "data" / f"{name}_problems.jsonl").write_text(problems)
    # an untrained model is never right: reward something it sometimes does, so that there is something to learn and to remember
    monkeypatch.setattr(rl.Predict, "rewards", lambda self, cases, turns: [[rl.sign(sum(t.tokens) % 2) for t in group] for group in turns])

    def solve_rewards(self, problems, programs):
        self.own.add([(p, p.solution) for p in problems])
        return [[rl.sign(k % 2 == 0) for k in range(len(group))] for group in programs]
    monkeypatch.setattr(rl.Solve, "rewards", solve_rewards)

    run(monkeypatch, tmp_path / "whole")
    learn, calls = rl.backward, []

    def killed(*arguments):
        calls.append(0)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return learn(*arguments)
    monkeypatch.setattr(rl, "backward", killed)
    with pytest.raises(KeyboardInterrupt):
        run(monkeypatch, tmp_path / "stopped")
    assert (tmp_path / "stopped/rl-state.pt").exists() and not (tmp_path / "stopped/rl.pt").exists()
    monkeypatch.setattr(rl, "backward", learn)
    run(monkeypatch, tmp_path / "stopped")
    one, two = (load_checkpoint(tmp_path / name / "rl.pt")["model"].state_dict() for name in ("whole", "stopped"))
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert any(not torch.equal(one[key], value) for key, value in start.state_dict().items())
    factor = one["norm.weight"] / start.norm.weight      # the temperature: all gains by the same factor
    assert (factor - 1).abs().min() > 1e-3 and torch.allclose(factor, factor[0].expand_as(factor))

    def lines(name):
        clock = ("seconds", "second", "runs")  # time, and what the cache of true runs had forgotten
        rows = map(json.loads, (tmp_path / name / "rl.jsonl").read_text().splitlines())
        return [{k: v for k, v in row.items() if not any(word in k for word in clock)} for row in rows]
    assert lines("whole") == lines("stopped") and [row["step"] for row in lines("whole")] == [0, 1, 2, 3, 4]
    assert lines("whole")[4]["predict_own"] > 0 and lines("whole")[4]["predict_replay"] > 0
    assert "val_longer" in lines("whole")[3] and "val_solve" in lines("whole")[4]
    before = (tmp_path / "whole/rl.pt").stat().st_mtime_ns
    run(monkeypatch, tmp_path / "whole")
    assert (tmp_path / "whole/rl.pt").stat().st_mtime_ns == before
