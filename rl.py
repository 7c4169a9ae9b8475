"""Learning by reward: REINFORCE with a group-mean baseline over three environments (paper sections 2.2, 4 and 5).

    python rl.py                        # from out/sft.pt to out/rl.pt; log out/rl.jsonl; a killed run continues by the same command
    python rl.py --steps 60 --group 4   # every number of the preset's "rl" table is a flag
    torchrun --nproc_per_node=8 rl.py   # sampling and learning shared by 8 GPUs (parallel.py); the first process plays, rewards, writes
    python rl.py --reward outcome --name rl-outcome     # reward the output alone, as in the paper; another name for checkpoint and log

Environments (each one class below; each rollout ends with reward +1 or -1, an answer that was cut off before its end token counts as wrong)
    Predict     program and input -> explanation and output. Right when the stated outcome is the true one, judged by the output alone.
    Solve       statement and public tests -> program. Right when it passes all public and hidden tests.
    MultiTurn   solve, then the TRUE outcome of every public test -> `#SUBMIT` or one repair. Two separate prompts, one episode: right when
                the submitted program passes all tests; that reward goes to the tokens of both turns.

Estimator. A group is G rollouts (MultiTurn: G episodes) of one prompt i, with rewards r_i1 ... r_iG. One optimizer step descends

    loss = - sum_ij A_ij sum_t log p(token_ijt | prompt, token_ij,<t) / N        A_ij = w (r_ij - mean_j r_ij)

    w    weight of the environment: predict_weight for Predict, 1 for the others
    N    ONE number per step: all tokens sampled in it, end tokens, both turns and skipped groups included. So neither the split into
         micro-batches nor how many groups happened to be mixed rescales a token's gradient.
    --baseline loo: mean over the other G - 1 rollouts, which makes A larger by G / (G - 1).

Step-verified reward (--reward steps, the default; beyond the paper). Explanations follow rules, so every line of a prediction can be held
against the true one (wording variants are equal; <output>, </output> and the end token are lines too). Line l of rollout j earns

    r_jl = +1 if it is true, -1 if it is the first false one; nothing after that;    A_jl = w (r_jl - b_l) on the tokens of line l alone,
    b_l  = mean of r_jl over the group's rollouts whose lines 1 ... l-1 are all true.

So credit goes to the place where rollouts part: what was right before a mistake is not punished for it, what follows is neither. Solving
and fixing keep the outcome's reward, and so do predictions without an explanation (other answer formats, runs that cannot be recorded).
It cannot be gamed into a better figure: every accuracy, also in the log, is judged by the output alone. --reward outcome: the outcome for
all. --reward rejection: A = 1 for right rollouts, 0 for wrong ones, no baseline: imitation of own right answers (in MultiTurn of the
last turn, for the first may have been wrong), a control.

Groups without any A other than 0 (equal rewards) are skipped, and counted. On-policy: every batch is sampled from the very weights it
updates, at temperature 1 without top-k or top-p, once; hence no ratio and no clipping of ratios. No KL term, no reference model, no
length bonus.

Deviations from the paper
    - Prompts: predict is 58 % of them, half of the samples (paper: 15 % of samples, 25 % with multi-turn; other shares were not compared);
      a share replays prompts whose group was mixed the last time; and the pool of own right programs (up to 4 a problem, each with every
      public test, as in the paper) is gathered while training, not before.
    - Every line of a prediction is rewarded, not its outcome alone (--reward).
    - The rate decays linearly to zero.
    - The policy learns its temperature: the gain of the last norm, which scales every logit, changes by one factor, whose logarithm has a
      learning rate of its own (temperature_lr; 0 freezes it). Where the likeliest answer is right more often than a sampled one, reward
      sharpens the policy within tens of steps. Greedy accuracy, in the report beside accuracy at temperature 1, is blind to this factor:
      what RL adds there does not come from it.
    - Muon for matrices. It normalises its update, so there clipping (0.1, the paper's) only weighs steps against each other.
    - A program whose behaviour class is held out (validation, test) is never shown to the model, also when the model wrote it: it does
      not enter the own pool, and in MultiTurn such an episode ends, with the reward of its first program.
    - An unreadable second answer in MultiTurn counts as wrong; at evaluation self-RLEF then submits the last readable program.

Log, one line a step: <environment>_reward, _pass (multi also _first, the pass rate before the repair, and _submit), _length (tokens of an
answer), _cut (share cut off), skipped of groups, grad_norm before clipping, gain (mean of the last norm's: it follows the temperature),
entropy (nats a token: mean of -log p of what was sampled), logp_gap (mean difference between log p while sampling and while training:
rounding, nothing else), tokens/s, sandbox runs/s, seconds by part. Replay prefers hard prompts, so do not read progress off the pass rates
but off val_short, val_longer, val_solve (step 0: the start).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from dataclasses import asdict, dataclass
from functools import partial

import torch
from tqdm import tqdm

import tasks
import trace as nlex  # our trace.py
from model import (
    CheckpointError,
    Rollout,
    Tokenizer,
    Transformer,
    autocast,
    collate,
    cut_batches,
    generate,
    load_checkpoint,
    make_optimizers,
    pick_device,
    restore_rng,
    save_checkpoint,
)
from parallel import Team, join_processes, sum_gradients
from sandbox import Sandbox
from sft import MIXTURE, validate
from tasks import Case, Problem

OWN_PROGRAMS = 4        # right programs kept per problem (the paper's number)
MIXED_PROMPTS = 400     # prompts remembered for replay, per set


# ---------------------------------------------------------------------------------------------------------------------------
# Rollouts.

@dataclass
class Turn:
    """One prompt and what was sampled after it. text is None when the end token was not reached."""
    prompt: list[int]
    tokens: list[int]
    logprobs: list[float]
    text: str | None


@dataclass
class Episode:
    """The turns that one reward answers for. credit: the advantage of each token of its one turn, where rewards came line by line."""
    turns: list[Turn]
    reward: float
    credit: list[float] | None = None


class Sampler:
    """User texts -> sampled answers, at temperature 1: the distribution that is trained. Keeps count for the log."""
    def __init__(self, sample, tokenizer: Tokenizer, n_ctx: int):
        """sample(prompts, max_new_tokens, group, seed) as model.generate; n_ctx: what the model can read."""
        self.sample, self.tokenizer, self.n_ctx = sample, tokenizer, n_ctx
        self.seed = self.tokens = self.seconds = 0

    def __call__(self, users: list[str], max_new_tokens: int, group: int = 1) -> list[list[Turn]]:
        """`group` turns per user text. A prompt that leaves no room in the context gets empty turns, which count as cut off."""
        began = time.time()
        prompts = [self.tokenizer.prompt(user) for user in users]
        fits = [k for k, prompt in enumerate(prompts) if len(prompt) < self.n_ctx]
        turns = [[Turn(prompt, [], [], None)] * group for prompt in prompts]
        self.seed += 1
        for k, rollouts in zip(fits, self.sample([prompts[k] for k in fits], max_new_tokens, group, self.seed)):
            turns[k] = [Turn(prompts[k], r.tokens, r.logprobs, self.tokenizer.decode(r.tokens[:-1]) if r.finished else None)
                        for r in rollouts]
        self.tokens += sum(len(turn.tokens) for group_ in turns for turn in group_)
        self.seconds += time.time() - began
        return turns


# ---------------------------------------------------------------------------------------------------------------------------
# Environments. `play` draws n prompts, samples G answers to each and gives groups (n, G) of episodes; `stats` is for the log.

def sign(right: bool) -> float:
    return 1.0 if right else -1.0


class Predict:
    """Output prediction. own_share of the prompts are the model's own programs, the rest half longer inputs, half short ones; of each of
    these three sets replay_share comes from prompts whose group was mixed the last time (neither too easy nor too hard)."""
    name = "predict"

    def __init__(self, cases: list[Case], own: list[Case], args: argparse.Namespace, sandbox: Sandbox | None = None):
        self.sandbox = sandbox  # given: reward every line; own programs are recorded in it
        self.pools = {set_: [c for c in cases if c.set == set_] for set_ in ("longer", "short")} | {"own": own}
        self.mixed: dict[str, list[Case]] = {set_: [] for set_ in self.pools}
        self.args, self.weight, self.stats = args, args.predict_weight, {}

    def prompts(self, rng: random.Random, n: int) -> list[Case]:
        own = min(round(n * self.args.own_share), len(self.pools["own"]))
        counts = {"own": own, "longer": (n - own + 1) // 2, "short": (n - own) // 2}
        cases = []
        for set_, count in counts.items():
            replayed = min(round(count * self.args.replay_share), len(self.mixed[set_]))
            pool = self.pools[set_] or self.pools["longer"] + self.pools["short"]
            cases += rng.sample(self.mixed[set_], replayed) + rng.choices(pool, k=count - replayed)
        return cases

    def rewards(self, cases: list[Case], turns: list[list[Turn]]) -> list[list[float]]:
        return [[sign(turn.text is not None and tasks.same_outcome(tasks.parse_outcome(turn.text), case.outcome)) for turn in group]
                for case, group in zip(cases, turns)]

    def play(self, rng: random.Random, n: int, sample: Sampler) -> list[list[Episode]]:
        cases = self.prompts(rng, n)
        turns = sample([tasks.predict_prompt(c.code, c.stdin) for c in cases], self.args.max_new_tokens_predict, self.args.group)
        rewards = self.rewards(cases, turns)
        for case, group in zip(cases, rewards):
            self.remember(case, mixed=len(set(group)) > 1)
        self.stats = {"predict_replay": sum(map(len, self.mixed.values())), "predict_own": len(self.pools["own"])}
        episodes = [[Episode([turn], reward) for turn, reward in zip(*pair)] for pair in zip(turns, rewards)]
        if self.sandbox:
            for case, group in zip(cases, episodes):
                self.explain(case)
                if case.nlex:
                    for episode, credit in zip(group, step_credit([e.turns[0].tokens for e in group], case.nlex, sample.tokenizer)):
                        episode.credit = credit
        return episodes

    def explain(self, case: Case) -> None:
        """Own programs come without an explanation; where there is none to be had, the outcome alone is rewarded."""
        if not case.nlex:
            run = nlex.record(case.code, case.stdin, max_events=1_000, sandbox=self.sandbox)
            if run.complete and run.status != "LIMIT":
                case.nlex = tasks.predict_answer(nlex.narrate(run), case.outcome)

    def remember(self, case: Case, mixed: bool) -> None:
        kept = [c for c in self.mixed[case.set] if (c.code, c.stdin) != (case.code, case.stdin)]
        self.mixed[case.set] = (kept + [case] * mixed)[-MIXED_PROMPTS:]


class OwnPrograms:
    """The model's own right programs as predict prompts: up to OWN_PROGRAMS of a problem, each with every public test (paper section 5).
    Programs of held-out behaviour classes are refused."""
    def __init__(self, runner: tasks.Runner):
        self.runner, self.programs, self.cases = runner, {}, []      # programs: (statement, public tests) -> list of programs

    def add(self, right: list[tuple[Problem, str]]) -> None:
        """right: (problem, program that passes all its tests)."""
        new = {}
        for problem, code in right:
            key = problem.statement + "\n" + json.dumps(problem.public)
            kept = self.programs.get(key, []) + [k[1] for k in new if k[0] == key]
            if len(kept) < OWN_PROGRAMS and code not in kept:
                new[key, code] = problem
        refused = tasks.heldout([(code, problem.kind) for (_, code), problem in new.items()], self.runner.sandbox)
        for ((key, code), problem), no in zip(new.items(), refused):
            if no:
                continue
            self.programs.setdefault(key, []).append(code)
            for (stdin, _), outcome in zip(problem.public, self.runner.outcomes([(code, stdin) for stdin, _ in problem.public])):
                self.cases.append(Case(code, stdin, *outcome, cls="", set="own", kind="plain"))


class Solve:
    """Statement and public tests -> a program, judged by all tests. Right programs go to the own pool."""
    name, weight = "solve", 1.0

    def __init__(self, problems: list[Problem], own: OwnPrograms, runner: tasks.Runner, args: argparse.Namespace):
        self.problems, self.own, self.runner, self.args, self.stats = problems, own, runner, args, {}

    def prompts(self, rng: random.Random, n: int) -> list[Problem]:
        return rng.sample(self.problems, min(n, len(self.problems)))

    def rewards(self, problems: list[Problem], programs: list[list[str | None]]) -> list[list[float]]:
        """programs (n, G), None where there was no readable one -> (n, G). Right ones are offered to the own pool."""
        jobs = [(problem, code) for problem, group in zip(problems, programs) for code in group]
        solved = iter(self.runner.solved([(code, problem.tests) for problem, code in jobs if code is not None]))
        right = [code is not None and next(solved) for _, code in jobs]
        self.own.add([job for job, ok in zip(jobs, right) if ok])
        flat = iter(map(sign, right))
        return [[next(flat) for _ in group] for group in programs]

    def first_programs(self, rng, n, sample) -> tuple[list[Problem], list[list[Turn]], list[list[str | None]]]:
        problems = self.prompts(rng, n)
        turns = sample([tasks.solve_prompt(p) for p in problems], self.args.max_new_tokens_solve, self.args.group)
        return problems, turns, [[tasks.parse_program(turn.text or "") for turn in group] for group in turns]

    def play(self, rng: random.Random, n: int, sample: Sampler) -> list[list[Episode]]:
        problems, turns, programs = self.first_programs(rng, n, sample)
        rewards = self.rewards(problems, programs)
        return [[Episode([turn], reward) for turn, reward in zip(*pair)] for pair in zip(turns, rewards)]


class MultiTurn(Solve):
    """Solve, then one submit-or-fix turn with true feedback (paper section 4). The final reward is every turn's reward. An episode without
    a readable first program, or with one that must not be shown, has one turn."""
    name = "multi"

    def play(self, rng: random.Random, n: int, sample: Sampler) -> list[list[Episode]]:
        problems, firsts, programs = self.first_programs(rng, n, sample)
        before = self.rewards(problems, programs)
        episodes = [[Episode([turn], reward) for turn, reward in zip(*pair)] for pair in zip(firsts, before)]
        readable = [(i, j) for i, group in enumerate(programs) for j, code in enumerate(group) if code is not None]
        pairs = list(dict.fromkeys((programs[i][j], problems[i].kind) for i, j in readable))
        forbidden = dict(zip(pairs, tasks.heldout(pairs, self.runner.sandbox)))
        going = [(i, j) for i, j in readable if not forbidden[programs[i][j], problems[i].kind]]

        outcomes = iter(self.runner.outcomes([(programs[i][j], stdin) for i, j in going for stdin, _ in problems[i].public]))
        users = [tasks.fix_prompt(problems[i], programs[i][j], tasks.feedback(problems[i], [next(outcomes) for _ in problems[i].public]))
                 for i, j in going]
        seconds = [turns[0] for turns in sample(users, self.args.max_new_tokens_solve)]
        submits = [turn.text is not None and tasks.is_submit(turn.text) for turn in seconds]
        finals = [[programs[i][j]] if submit else [tasks.parse_program(turn.text or "")]
                  for (i, j), turn, submit in zip(going, seconds, submits)]
        after = self.rewards([problems[i] for i, _ in going], finals)
        for (i, j), turn, (reward,) in zip(going, seconds, after):
            episodes[i][j] = Episode([*episodes[i][j].turns, turn], reward)
        self.stats = {"multi_first": round(mean(r == 1 for group in before for r in group), 4),
                      "multi_submit": round(mean(submits), 4), "multi_one_turn": sum(map(len, programs)) - len(going)}
        return episodes


# ---------------------------------------------------------------------------------------------------------------------------
# The estimator.

def advantages(rewards: torch.Tensor, baseline: str = "mean") -> torch.Tensor:
    """(n groups, G) -> (n groups, G). mean: [[1, -1, -1, 1]] -> [[1, -1, -1, 1]]; [[1, -1, -1, -1]] -> [[1.5, -.5, -.5, -.5]].
    loo, the mean of the other rollouts: [[1, -1, -1, -1]] -> [[2, -2/3, -2/3, -2/3]]. Equal rewards give exact zeros.
    rejection: 1 where right, else 0."""
    G = rewards.shape[1]
    if baseline == "rejection":
        return (rewards > 0).float()
    sums = rewards.sum(1, keepdim=True)
    return rewards - (sums / G if baseline == "mean" else (sums - rewards) / (G - 1))


def lines_of(tokens: list[int], tokenizer: Tokenizer) -> tuple[list[str | None], list[int]]:
    """An answer's lines, worded in one way, and the number of tokens of each. The end token is a line of its own, told as None."""
    lines: list[list[int]] = []
    for k, token in enumerate(tokens):
        if k == 0 or token == tokenizer.end or "\n" in tokenizer.decode(tokens[k - 1:k]):
            lines.append([])
        lines[-1].append(token)
    texts = [None if line == [tokenizer.end] else nlex.canonical(tokenizer.decode(line).rstrip()) for line in lines]
    return texts, [*map(len, lines)]


def line_rewards(lines: list[str | None], true: list[str | None]) -> list[float]:
    """r_l of an answer's lines up to and including its first false one. An answer that was cut off is false in its last line.
    ["a = 1.", "b = 3.", "We print 3."], ["a = 1.", "b = 2.", "We print 2.", ...] -> [1, -1]"""
    rewards: list[float] = []
    for k, line in enumerate(lines):
        rewards.append(sign(k < len(true) and line == true[k] and (k + 1 < len(lines) or line is None)))
        if rewards[-1] < 0:
            break
    return rewards


def step_credit(answers: list[list[int]], truth: str, tokenizer: Tokenizer) -> list[list[float]]:
    """--reward steps: A of each token of a group's answers (token lists); truth: the true answer."""
    true, _ = lines_of(tokenizer.answer(truth), tokenizer)
    read = [lines_of(tokens, tokenizer) for tokens in answers]
    rewards = [line_rewards(lines, true) for lines, _ in read]
    longest = max(map(len, rewards))
    baseline = [mean(r[k] for r in rewards if len(r) > k) for k in range(longest)]
    return [[a for k, size in enumerate(sizes) for a in [r[k] - baseline[k] if k < len(r) else 0.0] * size]
            for r, (_, sizes) in zip(rewards, read)]


def reinforce_loss(logps: list[torch.Tensor], advantages: list[torch.Tensor], n_tokens: int) -> torch.Tensor:
    """- sum_j sum_t A_jt logp_jt / N. logps: one tensor (T_j,) per rollout; advantages: likewise, or one number per rollout; n_tokens: N,
    of the whole step, not of these rollouts."""
    return -sum((a * logp).sum() for a, logp in zip(advantages, logps)) / n_tokens


def merge_equal(turns: list[Turn], scores: list[list[float]]) -> tuple[list[Turn], list[list[float]]]:
    """Equal answers to equal prompts are trained once, with the sum of their advantages: the same gradient for less work."""
    merged: dict[tuple, tuple] = {}
    for turn, score in zip(turns, scores):
        key = (tuple(turn.prompt), tuple(turn.tokens))
        merged[key] = (turn, [a + b for a, b in zip(merged[key][1], score)] if key in merged else score)
    return [turn for turn, _ in merged.values()], [score for _, score in merged.values()]


def backward(model: Transformer, turns: list[Turn], scores: list, n_tokens: int, micro_tokens: int, pad: int) -> float:
    """Add the gradient of the step's loss to .grad; scores: A of each turn, or of each of its tokens.
    -> sum of |log p while sampling - log p now| over the tokens, nats."""
    device, gap = model.cos.device, 0.0
    for rows in cut_batches([len(turn.prompt) + len(turn.tokens) for turn in turns], micro_tokens):
        chosen = [turns[k] for k in rows]
        ids = collate([turn.prompt + turn.tokens for turn in chosen], pad)                                # (B, T)
        at, begin = torch.arange(ids.shape[1]), torch.tensor([len(turn.prompt) for turn in chosen])[:, None]
        sizes = [len(turn.tokens) for turn in chosen]
        mask = (at >= begin) & (at < begin + torch.tensor(sizes)[:, None])                                # (B, T): sampled tokens
        with autocast(device.type):
            logp = model.logprobs(ids, mask)                                     # (sum of sizes,)
        reinforce_loss(logp.split(sizes), [torch.as_tensor(scores[k], device=device) for k in rows], n_tokens).backward()
        sampled = torch.tensor([value for turn in chosen for value in turn.logprobs], device=device)
        gap += (logp.detach() - sampled).abs().sum().item()
    return gap


class Learner(Team):
    """The policy, in every process of the run. The first one plays, rewards and logs; sampling and learning are shared."""
    def __init__(self, model: Transformer, tokenizer: Tokenizer, args: argparse.Namespace, rank: int = 0, ranks: int = 1):
        super().__init__(rank, ranks)
        self.model, self.tokenizer, self.args = model, tokenizer, args
        self.temperature = torch.zeros(1, device=model.cos.device)  # what is to be added to the log of the last norm's gain
        self.optimizers = make_optimizers(model, args.muon_lr, args.adam_lr)
        self.optimizers.append(torch.optim.AdamW([self.temperature], lr=args.temperature_lr, betas=(0.9, 0.98), weight_decay=0.0))
        self.optimizers[-1].param_groups[0]["base_lr"] = args.temperature_lr

    def sample(self, prompts: list[list[int]], max_new_tokens: int, group: int, seed: int) -> list[list[Rollout]]:
        return self.share(prompts, lambda mine: generate(self.model, mine, max_new_tokens, group, seed * self.ranks + self.rank,
                                                         end=self.tokenizer.end, batch_rows=self.args.batch_rows))

    def learn(self, turns: list[Turn], scores: list, n_tokens: int, rate: float) -> tuple[float, float]:
        """One optimizer step. rate: factor on every learning rate. -> mean |log p while sampling - log p now|, norm of the gradient."""
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
            for group in optimizer.param_groups:
                group["lr"] = group["base_lr"] * rate
        mine = sorted(range(len(turns)), key=lambda k: len(turns[k].prompt) + len(turns[k].tokens))[self.rank::self.ranks]
        gap = backward(self.model, [turns[k] for k in mine], [scores[k] for k in mine], n_tokens, self.args.micro_tokens,
                       self.tokenizer.pad)
        gap = sum_gradients(self.model, torch.tensor(gap, device=self.temperature.device)).item()
        gain = self.model.norm.weight  # changes by one factor
        self.temperature.grad, gain.grad = (gain.grad @ gain.detach())[None], None
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.args.clip).item()
        for optimizer in self.optimizers:
            optimizer.step()
        gain.data *= self.temperature.exp()
        self.temperature.zero_()
        return gap / max(1, sum(len(turn.tokens) for turn in turns)), norm


# ---------------------------------------------------------------------------------------------------------------------------
# Validation and the log.

def mean(values) -> float:
    values = list(values)
    return sum(values) / max(1, len(values))


def describe(environment, groups: list[list[Episode]], skipped: int) -> dict:
    """What the log says of one environment in one step."""
    episodes = [episode for group in groups for episode in group]
    turns = [turn for episode in episodes for turn in episode.turns]
    name, reward = environment.name, mean(e.reward for e in episodes)
    return {f"{name}_reward": round(reward, 4), f"{name}_pass": round((reward + 1) / 2, 4), f"{name}_groups": len(groups),
            f"{name}_skipped": skipped, f"{name}_length": round(mean(len(t.tokens) for t in turns), 1),
            f"{name}_cut": round(mean(t.text is None for t in turns), 4), **environment.stats}


def tidy(record: dict, steps: int) -> str:
    """One line of the record for people."""
    s, told = record["seconds"], ("predict_pass", "solve_pass", "multi_first", "multi_pass", "predict_length", "predict_cut")
    passed = "  ".join(f"{key.replace('_', ' ')} {record[key]:.2f}" for key in told if key in record)
    return (f"rl     {record['step']:3d}/{steps}  {passed}  skipped {record['skipped']}/{record['groups']}  "
            f"gradient {record['grad_norm']:.3f}  entropy {record['entropy']:.3f}  "
            f"{sum(s.values()):.1f} s: sample {s['sample']:.1f} run {s['run']:.1f} train {s['train']:.1f}")


def fail(message: str):
    """One clear line instead of a traceback."""
    print(message, file=sys.stderr)
    sys.exit(2)


# ---------------------------------------------------------------------------------------------------------------------------

def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--baseline", choices=("mean", "loo"), default="mean",
                        help="of outcomes: the mean of the group, or of its other members (default: mean)")
    parser.add_argument("--reward", choices=("outcome", "steps", "rejection"), default="steps",
                        help="for the outcome; for every line; or none: imitate own right answers (default: steps)")
    parser.add_argument("--start", default="sft", help="checkpoint to start from (default: sft)")
    parser.add_argument("--own-from", metavar="RL", help="begin with the own programs of this finished run: a verifier of what it writes")
    parser.add_argument("--name", default="rl", help="name of the checkpoint and the log (default: rl)")
    args = tasks.settings(parser, "rl")
    if args.group < 2:
        fail("--group must be at least 2: the baseline is the mean of a group")
    start, final, state, log = (args.out / name for name in (f"{args.start}.pt", f"{args.name}.pt", f"{args.name}-state.pt",
                                                             f"{args.name}.jsonl"))
    files = {name: args.out / "data" / f"{name}.jsonl" for name in ("rl_cases", "rl_problems", "val_cases", "val_problems")}
    device, began, stage = pick_device(), time.time(), "rl" if args.name == "rl" else "ablations"
    try:
        if final.exists():
            print(f"rl     {final} is there ({load_checkpoint(final)['step']} steps)")
            return
        make_start = "sft.py" if args.start == "sft" else f"sft.py --name {args.start}"
        for path, command in [(path, "tasks.py") for path in files.values()] + [(start, make_start)]:
            if not path.exists():
                fail(f"{path} is missing: make it with `python {command} --preset {args.preset} --out {args.out}`")
        saved = load_checkpoint(state if state.exists() else start)
        mixture = {key: value for key, value in load_checkpoint(start)["extra"].items() if key in MIXTURE}
        given = load_checkpoint(args.out / f"{args.own_from}.pt")["extra"]["own"] if args.own_from else []
    except CheckpointError as problem:
        fail(str(problem))
    except KeyError:
        fail(f"{args.out / args.own_from}.pt is no finished RL run: --own-from needs one")

    tokenizer, problems = Tokenizer(), tasks.load_problems(files["rl_problems"])
    rl_cases, val_cases, val_problems = (load(files[name]) for load, name in (
        (tasks.load_cases, "rl_cases"), (tasks.load_cases, "val_cases"), (tasks.load_problems, "val_problems")))
    rank, ranks = join_processes(args.processes, device)  # after all that a person may have to mend
    model = saved["model"].to(device)
    learner = Learner(model, tokenizer, args, rank, ranks)
    for optimizer, stored in zip(learner.optimizers, saved["optimizers"] if state.exists() else []):
        optimizer.load_state_dict(stored)
    if rank > 0:
        learner.serve()
    sample = partial(learner.everywhere, "sample")
    with Sandbox(cpu_seconds=0.5) as sandbox:  # these programs take milliseconds or never end
        runner = tasks.Runner(sandbox)
        own, ask = OwnPrograms(runner), Sampler(sample, tokenizer, model.config.n_ctx)
        predict = Predict(rl_cases, own.cases, args,
                          sandbox if args.reward == "steps" and mixture.get("format", "nlex") == "nlex" else None)
        environments = [(predict, args.predict_prompts), (Solve(problems, own, runner, args), args.solve_prompts),
                        (MultiTurn(problems, own, runner, args), args.fix_prompts)]
        environments = [(environment, n) for environment, n in environments if n]
        validation = ([c for set_ in ("short", "longer") for c in [c for c in val_cases if c.set == set_][:args.val_cases]],
                      val_problems[:args.val_cases])

        first, seconds, solves = 0, 0.0, args.solve_prompts + args.fix_prompts > 0
        if state.exists():
            restore_rng(saved)
            first, seconds = saved["step"], saved["extra"]["seconds"]
            if saved["extra"]["processes"] != ranks:
                print(f"rl     goes on with {ranks} processes, not {saved['extra']['processes']} as before: other samples will be drawn")
            own.programs.update(saved["extra"]["programs"])
            own.cases += [Case(**row) for row in saved["extra"]["own"]]
            predict.mixed = {set_: [Case(**row) for row in rows] for set_, rows in saved["extra"]["mixed"].items()}
            tasks.cut_log(log, first)
        else:
            own.cases += [Case(**row) for row in given]
            log.unlink(missing_ok=True)
            record = {"step": 0, **validate(sample, tokenizer, *validation, runner, args, solves)}
            tasks.log_metrics(log, record)
            tqdm.write("rl     " + " ".join(f"{k} {v}" for k, v in record.items()))

        for step in tqdm(range(first, args.steps), initial=first, total=args.steps, desc="rl", disable=not sys.stderr.isatty()):
            # Everything random in a step comes from (seed, step): a resumed run is the same run.
            rng = random.Random(f"{args.seed}/{step}")
            ask.seed, ask.tokens, ask.seconds = rng.getrandbits(40), 0, 0.0
            ran, mark = runner.runs, time.time()
            record = {"step": step + 1}

            # 1. Play: sample groups of answers in every environment and reward them.
            turns, scores, sampled, skipped, rejection = [], [], [], 0, args.reward == "rejection"
            for environment, n in environments:
                groups = environment.play(rng, n, ask)
                rewards = torch.tensor([[e.reward for e in group] for group in groups]).view(-1, args.group)              # (n, G)
                A = advantages(rewards, "rejection" if rejection else args.baseline)
                equal = 0
                for group, row in zip(groups, A.tolist()):
                    sampled += [turn for episode in group for turn in episode.turns]
                    scored = [(turn, [environment.weight * a for a in episode.credit or [a] * len(turn.tokens)])
                              for episode, a in zip(group, row) for turn in episode.turns[-1 if rejection else 0:]]
                    scored = [(turn, score) for turn, score in scored if any(score)]
                    equal += not scored
                    turns += [turn for turn, _ in scored]
                    scores += [score for _, score in scored]
                record |= describe(environment, groups, equal)
                skipped += equal
            turns, scores = merge_equal(turns, scores)
            n_tokens, played = sum(len(turn.tokens) for turn in sampled), time.time() - mark

            # 2. Learn: one step of gradient ascent on the expected reward.
            mark, gap, norm = time.time(), 0.0, 0.0
            if turns:  # else every group was skipped and there is nothing to learn
                rate = min(1.0, (step + 1) / max(1, args.warmup)) * (1 - step / args.steps)
                gap, norm = learner.everywhere("learn", turns, scores, n_tokens, rate)
            trained = time.time() - mark

            # 3. Log, validate, save.
            running = played - ask.seconds
            record |= {"skipped": skipped, "groups": sum(record[f"{e.name}_groups"] for e, _ in environments), "grad_norm": round(norm, 5),
                       "gain": round(model.norm.weight.mean().item(), 4),
                       "entropy": round(-mean(value for turn in sampled for value in turn.logprobs), 4), "logp_gap": round(gap, 5),
                       "tokens": n_tokens, "sample_tokens_per_second": round(n_tokens / max(ask.seconds, 1e-9)),
                       "train_tokens_per_second": round(sum(len(t.prompt) + len(t.tokens) for t in turns) / max(trained, 1e-9)),
                       "sandbox_runs": runner.runs - ran, "sandbox_runs_per_second": round((runner.runs - ran) / max(running, 1e-9), 1)}
            done, mark = step + 1, time.time()
            if done % args.val_every == 0 or done == args.steps:
                record |= validate(sample, tokenizer, *validation, runner, args, solves)
            record["seconds"] = {"sample": round(ask.seconds, 2), "run": round(running, 2), "train": round(trained, 2),
                                 "validate": round(time.time() - mark, 2)}
            seconds += played + trained
            tasks.log_metrics(log, record)
            tqdm.write(tidy(record, args.steps) + "".join(f"  {k} {v:.3f}" for k, v in record.items() if k.startswith("val_")))
            if done % args.save_every == 0 and done < args.steps:
                save_checkpoint(state, model, learner.optimizers, done, {
                    "seconds": seconds, "processes": ranks, "programs": own.programs, "own": [asdict(c) for c in own.cases],
                    "mixed": {set_: [asdict(c) for c in cases] for set_, cases in predict.mixed.items()}})
                tasks.add_seconds(args.out, stage, time.time() - began)
                began = time.time()
    save_checkpoint(final, model, step=args.steps, extra={**mixture, "start": args.start, "baseline": args.baseline,
                                                          "reward": args.reward, "seconds": seconds,
                                                          "own": [asdict(c) for c in own.cases]})
    state.unlink(missing_ok=True)
    tasks.add_seconds(args.out, stage, time.time() - began)
    learner.everywhere("leave")


if __name__ == "__main__":
    main()
