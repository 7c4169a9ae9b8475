"""EXERCISES.md: when is it right? A test for each exercise; those of a copy that `bash run.sh lab` made fail until it is done.

    .venv/bin/python -m pytest -q tests/test_exercises.py -k exercise_1
"""

import itertools
import math
import random
from argparse import Namespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import eval as course
import model as plain
import rl
import sft
import trace
from answers import Runner
from lab.exercises import inputs, partial, terse
from model import ModelConfig, Rollout, Tokenizer, Transformer
from tasks import Case
from worlds import Problem

pytestmark = pytest.mark.usefixtures("one_cpu_thread")


def small_model(n_vocab=40, n_ctx=64):
    """Random weights that are no longer at their initialisation, where every block is the identity."""
    torch.manual_seed(0)
    model = Transformer(ModelConfig(n_vocab, n_layer=2, n_head=2, n_embd=32, n_ctx=n_ctx))
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.1 * torch.randn_like(p))
    return model


# ---------------------------------------------------------------------------------------------------------------------

def test_exercise_1_only_the_answers_tokens_are_learnt(monkeypatch):
    """Three samples in one row of tokens; the index says where each starts, where its answer does, and where it ends."""
    tokens = np.array([1, 2, 3, 4, 39, 5, 6, 39, 7, 8, 9, 10, 11, 12, 39], dtype=np.uint16)
    rows = np.array([(0, 2, 5, 0), (5, 1, 3, 0), (8, 4, 7, 0)])        # of the second only the first token is given
    seen, model = [], small_model()

    def logprobs(model, ids, mask):                                     # written out: exercise 4 is another one
        seen.append(mask)
        logps = model(ids).log_softmax(-1)
        chosen = [logps[b, t - 1, ids[b, t]] for b, t in mask.nonzero().tolist()]
        return torch.stack(chosen)
    monkeypatch.setattr(sft, "logprobs", logprobs)
    loss = sft.backward(model, tokens, rows, n_answer=8.0, pad=0)
    assert seen[0].dtype == torch.bool and seen[0].int().tolist() == [
        [0, 0, 1, 1, 1, 0, 0],                                          # "39", which ends the answer, is learnt; padding is not
        [0, 1, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 1, 1]]
    gradient = model.embed_tokens.weight.grad.clone()
    model.zero_grad()
    expected = 0.0
    for start, given, length, _ in rows.tolist():
        ids = torch.tensor(tokens[start:start + length].astype(int))
        expected = expected + F.cross_entropy(model(ids[None, :-1])[0, given - 1:], ids[given:], reduction="sum") / 8
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert torch.allclose(gradient, model.embed_tokens.weight.grad, atol=1e-6)


# ---------------------------------------------------------------------------------------------------------------------

def test_exercise_2_advantages_compare_an_answer_with_its_group():
    assert rl.advantages(torch.tensor([1.0, -1, -1, -1])).tolist() == [1.5, -0.5, -0.5, -0.5]
    assert rl.advantages(torch.tensor([1.0, 1, -1, -1])).tolist() == [1, 1, -1, -1]          # no division by the deviation
    for G in range(2, 20):
        for reward in (1.0, -1.0, 0.1, -0.7):                           # rl.learnable skips a group whose advantages are 0, exactly
            assert rl.advantages(torch.full((G,), reward)).eq(0).all()
    assert rl.advantages(torch.tensor([1.0, -1, -1, 1])).tolist() == [1, -1, -1, 1]          # equal ends, unequal rewards
    assert rl.advantages(torch.tensor([-0.5, -0.25, -0.5, -0.75])).tolist() == [0, 0.25, 0, -0.25]      # small differences count
    rewards = torch.randn(8, generator=torch.Generator().manual_seed(0))
    before = rewards.clone()
    rl.advantages(rewards)
    assert torch.equal(rewards, before)                                 # what is given stays as it is
    assert rl.advantages(rewards).sum().item() == pytest.approx(0, abs=1e-6)
    assert torch.allclose(rl.advantages(rewards + 5), rl.advantages(rewards), atol=1e-5)     # what is easy for all teaches nothing


# ---------------------------------------------------------------------------------------------------------------------

def test_exercise_3_the_loss_has_the_gradient_that_was_computed_by_hand():
    """A policy of three actions with one parameter each; two rollouts of two tokens: 0 0, which was good, and 1 2, which was not.
    d loss / d theta = - sum over tokens of A (onehot(action) - p) / N."""
    theta = torch.zeros(3, requires_grad=True)                          # p = 1/3 each
    logp = theta.log_softmax(-1)[torch.tensor([0, 0, 1, 2])]
    advantages, N = torch.tensor([1.0, 1, -1, -1]), 8                   # four of the eight tokens were in groups that are skipped
    loss = rl.reinforce_loss(logp, advantages, N)
    assert loss.shape == () and loss.item() == pytest.approx(0, abs=1e-6)                    # and still it teaches something:
    loss.backward()
    # 0 0: (2, 0, 0) - 2 (1/3, 1/3, 1/3); 1 2: (0, 1, 1) - the same; their difference: (2, -1, -1)
    assert theta.grad.tolist() == pytest.approx([-2 / 8, 1 / 8, 1 / 8])
    twice = rl.reinforce_loss(torch.cat([logp, logp]).detach(), torch.cat([advantages, 3 * advantages]), N)
    assert twice.item() == pytest.approx(0, abs=1e-6)
    alone = rl.reinforce_loss(torch.tensor([-2.0]), torch.tensor([1.5]), 10)
    assert alone.item() == pytest.approx(0.3)                           # one number divides, however few tokens are here


# ---------------------------------------------------------------------------------------------------------------------

def test_exercise_4_what_was_sampled_has_the_log_probability_that_is_computed_again():
    model, prompts = small_model(), [[1, 2, 3], [4, 5], [6, 7, 8, 9, 10]]
    sequences, before = [], []
    for prompt, group in zip(prompts, plain.generate(model, prompts, 6, group=2, end=39)):
        for rollout in group:
            sequences.append((len(prompt), prompt + rollout.tokens))
            before += rollout.logprobs
    ids = plain.collate([tokens for _, tokens in sequences], 0)
    mask = torch.zeros_like(ids, dtype=torch.bool)
    for row, (given, tokens) in zip(mask, sequences):
        row[given:len(tokens)] = True
    again = plain.logprobs(model, ids, mask)
    assert again.shape == (len(before),) and again.tolist() == pytest.approx(before, abs=1e-5)
    again.sum().backward()                                              # what was sampled had none, this has gradients
    assert model.embed_tokens.weight.grad.abs().sum() > 0
    mask[:, 0] = True                                                   # nothing comes before the first token: it has no probability
    assert plain.logprobs(model, ids, mask).tolist() == pytest.approx(before, abs=1e-5)


# ---------------------------------------------------------------------------------------------------------------------

def picked(scores, correct, k):
    """Every k-subset; of its best-scored programs each is picked equally often."""
    total, subsets = 0.0, list(itertools.combinations(range(len(scores)), k))
    for subset in subsets:
        best = [i for i in subset if scores[i] == max(scores[j] for j in subset)]
        total += sum(correct[i] for i in best) / len(best)
    return total / len(subsets)


def test_exercise_5_rank_score_is_what_all_subsets_give():
    assert course.rank_score_at_k([2, 1], [0, 1], 2) == 0
    assert course.rank_score_at_k([0, 0, 0, 0], [1, 0, 0, 0], 3) == pytest.approx(0.25)      # a judge that knows nothing: pass@1
    rng = random.Random(0)
    for _ in range(60):
        n = rng.randint(1, 7)
        scores = [rng.choice([-math.inf, -120, 0, 1 / 3, 2 / 3, 1, 1]) for _ in range(n)]    # -inf: a program that cannot be read
        correct = np.array([rng.randint(0, 1) for _ in range(n)])
        for k in range(1, n + 1):
            assert course.rank_score_at_k(scores, correct, k) == pytest.approx(picked(scores, correct, k)), (scores, correct, k)


# ---------------------------------------------------------------------------------------------------------------------

SUM_EVEN = """nums = list(map(int, input().split()))
r = 0
for x in nums:
    if x % 2 == 0:
        r += x
print(r)
"""


def test_exercise_6_a_line_for_each_step_that_changed_or_printed_something():
    run = trace.record(SUM_EVEN, "3 8")
    assert terse.told(run) == ["nums = [3, 8]", "r = 0", "x = 3", "x = 8", "r = 8", "prints 8"]
    assert terse.told(trace.record("a, b = 1, 2\na = b\nif a > 5:\n    b = 0\nprint(a, b)", "")) == ["a = 1; b = 2", "a = 2", "prints 2 2"]
    assert terse.told(trace.record("x = 1\nprint(x)\nprint(x // 0)", "")) == ["x = 1", "prints 1"]              # it ends there
    case = Case(SUM_EVEN, "3 8", "8\n", "", "", "short", "plain")
    explained = terse.answer(case, True)
    assert explained.startswith("Step by step:\nnums = [3, 8]\n") and explained.endswith("prints 8\n<output>\n8\n</output>")
    assert terse.answer(case, False) == "<output>\n8\n</output>"
    tokenizer, words = Tokenizer(), "\n".join(trace.narrate(run))
    assert len(tokenizer.encode("\n".join(terse.told(run)))) < 0.8 * len(tokenizer.encode(words))


# ---------------------------------------------------------------------------------------------------------------------

class Runs(Runner):
    """In place of the sandbox: what comes of a program on an input is in a table; elsewhere the run hits a limit."""

    def __init__(self, table):
        self.table = table

    def outcomes(self, jobs):
        assert all(isinstance(part, str) for job in jobs for part in job), jobs              # as the sandbox does
        assert not {"", "None"} & {code for code, _ in jobs}, "a program that cannot be read is no program that runs"
        return [self.table.get(job) for job in jobs]


def turn(text, finished=True):
    return rl.Turn([1], Rollout([2], [-1.0], finished), text if finished else "")


def test_exercise_7_a_wrong_program_is_the_less_wrong_the_more_tests_it_passes():
    problem = Problem("Double it.", "n", 0, [["1", "2"], ["2", "4"]], [["3", "6"], ["4", "8"], ["5", "10"]], "", "")
    table = {("good", str(n)): (f"{2 * n}\n", "") for n in range(1, 6)} | {
        ("two", "1"): ("2", ""), ("two", "2"): ("5", ""), ("two", "3"): ("6", ""), ("two", "4"): ("8", "ValueError"), ("two", "5"): None,
        ("four", "1"): ("2", ""), ("four", "2"): ("4", ""), ("four", "3"): ("6", ""), ("four", "4"): ("8", ""), ("four", "5"): ("11", ""),
        ("none", "1"): ("", "ValueError"), ("none", "2"): ("", ""), ("none", "3"): None, ("none", "4"): ("9", "")}
    episodes = [rl.Episode(problem, [turn("")], programs=[program]) for program in ("good", "two", "four", "none", None)]
    episodes.append(rl.Episode(problem, [turn(""), turn("")], programs=["none", "good"], rewards=[-1.0]))
    partial.judge(episodes, Runs(table))
    rewards = [1.0, 2 / 5 - 1, 4 / 5 - 1, -1.0, -1.0]                   # public tests and hidden ones count alike
    assert [episode.rewards for episode in episodes[:5]] == [[pytest.approx(reward)] for reward in rewards]
    assert episodes[5].rewards == [-1.0, 1.0]
    kept = rl.own_cases([episodes], [], lambda programs: [False] * len(programs))
    assert {case.code for case in kept} == {"good"}                     # what passes four of five is not kept as true


# ---------------------------------------------------------------------------------------------------------------------

def test_exercise_8_any_input_is_right_that_gives_the_output():
    case = Case("print(int(input()) ** 2)", "3", "9\n", "", "", "short", "plain")
    empty = Case("print(9)", "", "9\n", "", "", "short", "plain")
    given = {inputs.find_prompt(case): [turn("3"), turn("-3"), turn("2"), turn("nine")],
             inputs.find_prompt(empty): [turn(""), turn("7"), turn("7", finished=False), turn("8"), turn("1\n2"), turn("6")]}
    asked = []

    def answers(users, max_new_tokens, group):
        asked.append((users, max_new_tokens, group))
        return [given[user] for user in users]
    table = {(case.code, "3"): ("9\n", ""), (case.code, "-3"): ("9", ""), (case.code, "2"): ("4\n", ""), (case.code, "nine"): ("", "ValueError"),
             (empty.code, ""): ("9\n", ""), (empty.code, "7"): ("9\n", ""), (empty.code, "1\n2"): ("9\n", ""), (empty.code, "6"): ("9\n", "ValueError")}
    groups = inputs.find_input([case, empty], answers, Namespace(max_new_tokens_predict=50, group=4), Runs(table))
    assert asked == [([inputs.find_prompt(case), inputs.find_prompt(empty)], 50, 4)]
    assert [[episode.rewards for episode in group] for group in groups] == [
        [[1.0], [1.0], [-1.0], [-1.0]],                                 # -3 does as well as the 3 that made it
        [[1.0], [1.0], [-1.0], [-1.0], [1.0], [-1.0]]]                  # cut off; a limit; two lines, as they stand; an exception at the end
    assert [group[0].task for group in groups] == [case, empty] and groups[0][2].turns == [given[inputs.find_prompt(case)][2]]
