"""Learning by reward: REINFORCE with a group-mean baseline in three environments
(paper sections 2.2, 4 and 5).

    python rl.py                        # from out/sft.pt to out/rl.pt; log out/rl.jsonl
    python rl.py --steps 60 --group 4   # every number of the preset's "rl" table is a flag
    torchrun --nproc_per_node=2 rl.py   # each process plays its share of the prompts

Environments: one function each, which plays prompts and rewards every episode with +1 or -1.
    predict      program and input -> explanation and output. Right when the stated output is the
                 true one; the explanation is not judged.
    solve        statement and public tests -> program. Right when it passes all tests, public and
                 hidden.
    multi_turn   solve, then the TRUE outcome of every public test -> `#SUBMIT` or one repair. Two
                 prompts, one episode: the submitted program's reward goes to both turns' tokens.
An answer that is cut off before its end token is wrong.

Estimator. A group is G episodes of one prompt i, with rewards r_i1 ... r_iG. A step descends

    loss = - sum_ij A_ij sum_t log p(token_ijt | prompt, token_ij,<t) / N
    A_ij = w (r_ij - mean_j r_ij)

    w    weight of the environment: predict_weight for predict, 1 for the others
    N    ONE number per step: all tokens sampled in it, end tokens, both turns, skipped groups and
         all processes included. Neither micro-batches nor skipped groups rescale a gradient.

Groups of equal rewards have A = 0: they are skipped, and counted. On-policy: every batch is sampled
from the very weights it updates, at temperature 1 without top-k or top-p, once. So there is no
importance ratio and no clipping of it; also no KL term, no reference model, no value function, no
length bonus.

Deviations from the paper
    - predict is 74 % of the prompts (paper: 15 % of the samples, 25 % with multi-turn).
    - Its pool of the model's own right programs (up to 4 a problem, each with every public test, as
      in the paper) is gathered while training, not before.
    - Muon for matrices. Clipping (0.1, the paper's) never acted in the course: norms stay below
      0.05. The rate decays linearly to zero.
    - A program whose behaviour class is held out (validation, test) is never shown to the model,
      also when the model wrote it: the pool refuses it, and in multi_turn its episode ends with it.

Log, one line a step (play is predict, solve or multi)
    <play>_pass             share of right episodes, multi_first: of first programs. Both move with
                            the prompts drawn: read progress off val_* (sft.py; step 0 is the start)
    <play>_length, _cut     tokens of an answer; share that was cut off (above 0.1: allow more)
    explained               share of the predictions that are told step by step
    skipped, groups         a quarter of the groups skipped is usual at first, half later; all of
                            them: nothing is left to learn from
    tokens                  sampled in this step: N
    entropy                 nats a token: mean of -log p of what was sampled. 0.05 at first, 0.03
                            later; rising to 0.2, with rewards falling: the rates are too high
    grad_norm               before clipping
    logp_gap                mean |log p while sampling - while training|: below 0.01 in the course
    seconds                 play (sampling and sandbox), train
The loss is not logged: the baseline keeps its value near zero whether the model learns or not.
"""

import os
import random
import time
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from inspect import getsource
from statistics import fmean

os.environ.setdefault("GOMP_SPINCOUNT", "2000")  # before torch: threads that wait soon sleep

import torch
from tqdm import tqdm

import tasks
import worlds
from answers import Runner, Turn, ask, validate
from commands import manual, plainly
from fast import cut_batches, logprobs, make_optimizers  # model.py's, faster
from model import collate, pick_device
from runs import (
    gather,
    is_there,
    join_processes,
    leave_processes,
    load_start,
    log_step,
    resume,
    save,
    tokenizer_of,
)
from sandbox import Sandbox
from sft import apply_gradients
from tasks import Case, Problem

OWN_PROGRAMS = 4        # right programs kept per problem (the paper's number)


# --------------------------------------------------------------------------------------------------
# Rollouts.

@dataclass
class Episode:
    """The turns that one reward answers for, the last one."""
    task: Case | Problem
    turns: list[Turn]
    programs: list[str | None] = field(default_factory=list)    # written so far; None: unreadable
    rewards: list[float] = field(default_factory=list)          # of each


# --------------------------------------------------------------------------------------------------
# Environments: tasks -> groups of rewarded episodes, G for each task. `answers` is answers.ask with
# its first three arguments given: user texts, max_new_tokens, group -> groups of turns.

def episodes_of(chosen, answered):
    """chosen: tasks; answered: groups of turns -> groups of episodes that have no reward yet."""
    groups = []
    for task, turns in zip(chosen, answered):
        group = []
        for turn in turns:
            group.append(Episode(task, [turn]))
        groups.append(group)
    return groups


def predict(cases, answers, args):
    users = [case.prompt for case in cases]
    groups = episodes_of(cases, answers(users, args.max_new_tokens_predict, args.group))
    for episode in sum(groups, []):
        outcome = tasks.parse_outcome(episode.turns[0].text)
        right = tasks.same_outcome(outcome, episode.task.outcome)
        episode.rewards.append(1.0 if right else -1.0)
    return groups


def solve(problems, answers, runner, args):
    users = list(map(tasks.solve_prompt, problems))
    groups = episodes_of(problems, answers(users, args.max_new_tokens_solve, args.group))
    for episode in sum(groups, []):
        episode.programs.append(tasks.parse_program(episode.turns[0].text))
    judge(sum(groups, []), runner)
    return groups


def multi_turn(groups, answers, runner, held_out, args):
    """groups: of solve, whose episodes go on. held_out: function from (program, kind of input)
    pairs to whether each must not be shown."""
    readable = [episode for episode in sum(groups, []) if episode.programs[0] is not None]
    secret = held_out([(episode.programs[0], episode.task.kind) for episode in readable])
    going, users = [], []                   # episodes with a second turn, and its prompts
    for episode, is_secret in zip(readable, secret):
        if not is_secret:
            problem, program = episode.task, episode.programs[0]
            outcomes = runner.outcomes([(program, stdin) for stdin, _ in problem.public])
            results = tasks.feedback(problem, outcomes)
            users.append(tasks.fix_prompt(problem, program, results))
            going.append(episode)
    for episode, (turn,) in zip(going, answers(users, args.max_new_tokens_solve, 1)):
        submits = tasks.is_submit(turn.text)
        episode.turns.append(turn)
        episode.programs.append(episode.programs[0] if submits else tasks.parse_program(turn.text))
    judge(going, runner)
    return groups


def judge(episodes, runner):
    """Reward each episode's last program: does it pass all tests, public and hidden?"""
    jobs = [(episode.programs[-1], episode.task.tests) for episode in episodes]
    for episode, right in zip(episodes, runner.solved(jobs)):
        episode.rewards.append(1.0 if right else -1.0)


# --------------------------------------------------------------------------------------------------
# Prompts for predict.

def draw_cases(rng, cases, own, n, own_share):
    """n cases: own_share of them the model's own programs, the others from the data file."""
    n_own = min(round(n * own_share), len(own))
    return rng.sample(own, n_own) + rng.choices(cases, k=n - n_own)


def own_cases(groups, pool, held_out):
    """The right programs of these episodes as predict cases, each with every public test of its
    problem (paper section 5): at most OWN_PROGRAMS a problem with those of the pool, none twice,
    none of a held-out class."""
    known: dict[str, set] = {}              # problem -> its programs
    for case in pool:                       # whose cls is the problem they were written for
        known.setdefault(case.cls, set()).add(case.code)
    new = []
    for episode in sum(groups, []):
        name = f"{episode.task.statement} {episode.task.public}"
        programs = known.setdefault(name, set())
        for program, reward in zip(episode.programs, episode.rewards):
            if reward > 0 and len(programs) < OWN_PROGRAMS and program not in programs:
                programs.add(program)
                new.append((program, name, episode.task))
    cases = []
    secret = held_out([(program, problem.kind) for program, _, problem in new])
    for (program, name, problem), is_secret in zip(new, secret):
        for stdin, stdout in problem.public:
            if not is_secret:
                cases.append(Case(program, stdin, stdout + "\n", "", name, "own", "plain"))
    return cases


# --------------------------------------------------------------------------------------------------
# The estimator.

def advantages(rewards: torch.Tensor) -> torch.Tensor:
    """(G,) -> (G,): [1, -1, -1, -1] -> [1.5, -0.5, -0.5, -0.5]. Equal rewards give exact zeros."""
    rewards = rewards - rewards[0]
    return rewards - rewards.mean()


def set_advantages(group: list[Episode], weight: float) -> None:
    """A of every turn: all turns of an episode, and all their tokens, share its last reward."""
    rewards = torch.tensor([episode.rewards[-1] for episode in group])                  # (G,)
    for episode, advantage in zip(group, advantages(rewards).tolist()):
        for turn in episode.turns:
            turn.advantage = weight * advantage


def reinforce_loss(logp: torch.Tensor, advantages: torch.Tensor, n_tokens: int) -> torch.Tensor:
    """logp, advantages (M,), of M tokens; n_tokens: N, of the whole step, not of these -> ()."""
    return -(advantages * logp).sum() / n_tokens


def backward(model, turns: list[Turn], n_tokens: int, micro_tokens: int, pad: int) -> float:
    """Add the gradient of the step's loss to .grad, micro_tokens (padding included) at a time.
    -> mean over these tokens of |log p while sampling - log p now|, nats."""
    gap, trained, device = 0.0, 0, model.device
    lengths = [len(turn.prompt) + len(turn.rollout.tokens) for turn in turns]
    for rows in cut_batches(lengths, micro_tokens):
        sequences, A, before = [], [], []
        for k in rows:
            turn = turns[k]
            sampled = turn.rollout.tokens
            sequences.append(turn.prompt + sampled)
            A += [turn.advantage] * len(sampled)
            before += turn.rollout.logprobs
        ids = collate(sequences, pad)                                                   # (B, T)
        mask = torch.zeros_like(ids, dtype=torch.bool)
        for row, k in zip(mask, rows):
            row[len(turns[k].prompt):lengths[k]] = True                                 # sampled
        logp = logprobs(model, ids, mask)                                               # (M,)
        reinforce_loss(logp, torch.tensor(A, device=device), n_tokens).backward()
        gap += (logp.detach() - torch.tensor(before, device=device)).abs().sum().item()
        trained += len(logp)
    return gap / max(1, trained)


# --------------------------------------------------------------------------------------------------
# The loop.

def turns_of(groups):
    return [turn for group in groups for episode in group for turn in episode.turns]


def learnable(groups):
    """The turns with an advantage: none of a group whose rewards are equal."""
    return [turn for turn in turns_of(groups) if turn.advantage]


def describe(step, played):
    """What the log says of one step, over all processes."""
    record, surprise = {"step": step, "skipped": 0, "groups": 0}, []
    for name, groups in played.items():
        first, last, lengths, cut = [], [], [], []
        for episode in sum(groups, []):
            first.append(episode.rewards[0] > 0)
            last.append(episode.rewards[-1] > 0)
        for turn in turns_of(groups):
            lengths.append(len(turn.rollout.tokens))
            cut.append(not turn.rollout.finished)
            surprise += turn.rollout.logprobs
        record["groups"] += len(groups)
        for group in groups:
            record["skipped"] += not learnable([group])
        if groups:
            record |= {f"{name}_pass": fmean(last), f"{name}_length": fmean(lengths),
                       f"{name}_cut": fmean(cut)}
            if name == "predict":
                record["explained"] = fmean(turn.explained for turn in turns_of(groups))
            if name == "multi":
                record["multi_first"] = fmean(first)
    return record | {"tokens": len(surprise), "entropy": -fmean(surprise or [0.0])}


def train(args, model, own: list[Case], extra: dict, rank: int, ranks: int):
    """Play, compare, learn, log, save, args.steps times. own: predict cases from the model's own
    programs to begin with; extra: what the checkpoint is to remember."""
    tokenizer = tokenizer_of(args.world, extra)
    cases = tasks.load_cases(args.out / "data" / "rl_cases.jsonl")
    problems = tasks.load_problems(args.out / "data" / "rl_problems.jsonl")
    part = lambda n: (n + ranks - 1 - rank) // ranks        # this process's, of n prompts
    optimizers = make_optimizers(model, args.muon_lr, args.adam_lr)
    done, saved = resume(args, model, optimizers, rank)
    own = [Case(**row) for row in saved.get("own", map(asdict, own))]
    seconds = saved.get("seconds", 0.0)
    with Sandbox(cpu_seconds=0.5) as sandbox:  # these programs take milliseconds or never end
        runner = Runner(sandbox)
        inputs = worlds.load(args.world).FIXED_INPUTS
        held_out = partial(worlds.heldout, fixed_inputs=inputs, sandbox=sandbox)
        items = tasks.load_split(args, "val", args.val_cases, args.val_cases)
        check = partial(validate, model, tokenizer, *items, runner, args,
                        args.solve_prompts + args.fix_prompts)
        if done == 0:
            log_step(args, {"step": 0, **check()}, rank)
        for step in tqdm(range(done + 1, args.steps + 1), "rl", args.steps, initial=done,
                         disable=rank > 0 or None):
            # All that is random comes from (seed, step, process): a resumed run is the same run.
            rng, began = random.Random(f"{args.seed}/{step}/{rank}"), time.time()
            answers = partial(ask, model, tokenizer, rng)

            # 1. Play: sample groups of answers in every environment and reward them.
            drawn = draw_cases(rng, cases, own, part(args.predict_prompts), args.own_share)
            n = min(part(args.solve_prompts), len(problems))
            to_fix = rng.sample(problems, min(part(args.fix_prompts), len(problems)))
            tries = solve(rng.sample(problems, n) + to_fix, answers, runner, args)  # in one call
            played = {"predict": predict(drawn, answers, args), "solve": tries[:n],
                      "multi": multi_turn(tries[n:], answers, runner, held_out, args)}
            written = gather(played["solve"] + played["multi"])
            own += gather([] if rank > 0 else own_cases(written, own, held_out))

            # 2. Compare: every answer with the others of its group.
            for name, groups in played.items():
                for group in groups:
                    set_advantages(group, args.predict_weight if name == "predict" else 1.0)
            record = describe(step, {name: gather(groups) for name, groups in played.items()})
            learning = time.time()

            # 3. Learn: one step of gradient ascent on the expected reward.
            turns = learnable(sum(played.values(), []))
            gap = backward(model, turns, record["tokens"], args.micro_tokens, tokenizer.pad)
            rate = min(1.0, step / max(1, args.warmup)) * (1 - (step - 1) / args.steps)
            norm = 0.0
            if record["skipped"] < record["groups"]:  # else momentum alone would move the weights
                norm = apply_gradients(model, optimizers, rate, args.clip)

            # 4. Log, validate, save.
            parts = {"play": learning - began, "train": time.time() - learning}
            seconds += sum(parts.values())
            record |= {"grad_norm": norm, "logp_gap": gap, "seconds": parts}
            last = step == args.steps
            if last or step % args.val_every == 0:
                record |= check()
            log_step(args, record, rank)
            if rank == 0 and (last or step % args.save_every == 0):
                kept = {"seconds": seconds, "own": list(map(asdict, own))}
                save(args, model, optimizers, step, last, extra | kept)


@plainly()
def main(name="rl", doc=__doc__):
    """name: of checkpoint and log, where --name gives none; doc: what --help says."""
    parser = manual(doc)
    parser.add_argument("--start", default="sft", help="name of what to start from (default: sft)")
    parser.add_argument("--name", default=name, help=f"of checkpoint and log (default: {name})")
    args = tasks.settings(parser, "rl", "answers")
    if args.group < 2:
        parser.error("--group must be at least 2: the baseline is the mean of a group")
    if args.own_share > 1:
        parser.error("--own-share is a share, at most 1")
    if args.predict_prompts + args.solve_prompts + args.fix_prompts == 0:
        parser.error("there are no prompts: each kind of them is 0")
    device = pick_device()
    rank, ranks = join_processes(device)
    start = load_start(args, device)
    with suppress(OSError, TypeError):  # of what stands in no file, or is no function
        sources = map(getsource, (predict, solve, multi_turn, judge, advantages, set_advantages))
        args.rewards = zlib.crc32("".join(sources).encode())
    if not is_there(args):
        args.processes = ranks  # as many must go on
        extra = start["extra"] | {"start": args.start}
        train(args, start["model"], [], extra, rank, ranks)
    leave_processes()


if __name__ == "__main__":
    main()
