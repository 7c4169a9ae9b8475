"""Reward every line of a prediction, not its outcome alone (beyond the paper).

    python -m lab.steps          # out/rl-steps.pt; takes the flags of rl.py

Explanations follow rules, so every line can be held against the true one (wording variants are
equal; <output>, </output> and the end token are lines, too). Line l of rollout j earns

    r_jl = +1 if it is true, -1 if it is the first false one; nothing after that
    A_jl = w (r_jl - b_l) on the tokens of line l alone
    b_l  = mean of r_jl over the group's rollouts whose lines 1 ... l-1 are all true

So credit goes to the place where rollouts part: what was right before a mistake is not punished
for it. Solving and fixing keep the outcome's reward, and so do runs that cannot be recorded. It
cannot be gamed into a better figure: every accuracy, also in the log, is judged by the output.
"""

from __future__ import annotations

import rl
import tasks
import trace as nlex  # our trace.py
import tracer
from commands import fail
from model import Tokenizer

by_outcome, train_by_outcome = rl.set_advantages, rl.train
tokenizer = Tokenizer()


def lines_of(tokens: list[int]) -> tuple[list[str | None], list[int]]:
    """An answer's lines, worded in one way, and the number of tokens of each. The end token is a
    line of its own, told as None."""
    lines: list[list[int]] = []
    before = "\n"
    for token in tokens:
        if "\n" in before or token == tokenizer.end:
            lines.append([])
        lines[-1].append(token)
        before = tokenizer.decode([token])
    texts: list[str | None] = []
    for line in lines:
        text = tokenizer.decode(line).rstrip()
        texts.append(None if line == [tokenizer.end] else nlex.canonical(text))
    return texts, [len(line) for line in lines]


def line_rewards(lines: list[str | None], true: list[str | None]) -> list[float]:
    """r_l of the lines up to and including the first false one. An answer that was cut off is false
    in its last line. ["a = 1.", "b = 3.", "We print 3."], ["a = 1.", "b = 2.", ...] -> [1, -1]"""
    rewards: list[float] = []
    for k, line in enumerate(lines):
        ends = k + 1 < len(lines) or line is None
        right = k < len(true) and line == true[k] and ends
        rewards.append(1.0 if right else -1.0)
        if rewards[-1] < 0:
            break
    return rewards


def step_credit(answers: list[list[int]], truth: str) -> list[list[float]]:
    """A, for w = 1, of each token of a group's answers (token lists); truth: the true answer."""
    true, _ = lines_of(tokenizer.answer(truth))
    read = [lines_of(tokens) for tokens in answers]
    rewards = [line_rewards(lines, true) for lines, _ in read]
    baseline = []
    for k in range(max(map(len, rewards))):
        reached = [row[k] for row in rewards if len(row) > k]
        baseline.append(sum(reached) / len(reached))
    credit = []
    for row, (_, sizes) in zip(rewards, read):
        tokens: list[float] = []
        for k, size in enumerate(sizes):
            tokens += [row[k] - baseline[k] if k < len(row) else 0.0] * size
        credit.append(tokens)
    return credit


def explain(case: tasks.Case) -> str:
    """The case's true answer, "" where its run cannot be recorded; own programs come without."""
    if not case.nlex:
        run = tracer.record(case.code, case.stdin, max_events=1_000)
        if run.complete and run.status != "LIMIT":
            case.nlex = tasks.predict_answer(tracer.narrate(run), case.outcome)
    return case.nlex


def by_lines(group: list[rl.Episode], weight: float) -> None:
    case = group[0].task
    truth = explain(case) if isinstance(case, tasks.Case) else ""
    if not truth:
        return by_outcome(group, weight)
    answers = [episode.turns[0].rollout.tokens for episode in group]
    for episode, credit in zip(group, step_credit(answers, truth)):
        episode.turns[0].advantage = [weight * a for a in credit]


def train(args, model, own, extra: dict, rank: int, ranks: int) -> None:
    format = extra.get("format", "nlex")
    if format != "nlex":
        fail(f"{args.start}.pt answers in the format {format}, not in sentences")
    train_by_outcome(args, model, own, extra, rank, ranks)


if __name__ == "__main__":
    rl.train = train
    rl.set_advantages = by_lines
    rl.main("rl-steps", __doc__)
