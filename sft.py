"""Learning by imitation: supervised fine-tuning on explanations, solutions and repairs (paper sections 2.1 and 5.1.1).

    python sft.py                                   # out/sft.pt: all three texts, explanations in words; start of everything else
    python sft.py --predict-only                    # out/sft-short-nlex.pt: output prediction alone, short_tokens tokens
    python sft.py --predict-only --format none      # out/sft-short-none.pt: the same number of tokens, answers without explanation
    python sft.py --format raw --name joint-raw     # all three texts again, runs told as variable dumps
    python sft.py --control rl                      # RL's control: its start trained on, on the same mixture, for as long as RL trained
    python sft.py --control rl --ceiling            # the same with explanations of RL's prompts, too, which RL's model never sees

The model starts from random weights: what a pre-trained model brings (the paper starts from Qwen2.5 and CWM) is learnt here too.
The loss is the mean cross-entropy over assistant tokens, the end token included; user tokens are only read. Batches hold samples of
like length, so little is padded, and no sample sees another. Muon trains the matrices, AdamW the rest; the rate is warmed up, held,
and decays linearly to zero over the second half (a control's starts at 0.3 of it, the only value tried). A killed run continues by the
same command, to the same weights.

Data-parallel: every process of `torchrun --nproc_per_node=N sft.py` takes each N-th row of a batch and the gradients are summed, so N
processes compute what one would (up to rounding). On a CPU `--processes N` does the same (parallel.py).
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

import tasks
from model import (
    CheckpointError,
    ModelConfig,
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
from parallel import join_processes, leave_processes, sum_gradients
from sandbox import Sandbox

TASKS = ("predict", "solve", "fix")
MIXTURE = ("format", "fix_share", "without_tests", "fix_traces", "data_share")  # a continued run goes on with its start's


# ---------------------------------------------------------------------------------------------------------------------------
# Data: every sample's tokens in one uint16 file, and an index with one row per sample.

def tokenised(tokenizer: Tokenizer, args: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """-> tokens (uint16, all samples one after another), index (int64, rows of start, prompt length, whole length, task).
    Made once from the data files, then memory-mapped."""
    stem = args.out / "data" / "-".join(["ceiling" if args.ceiling else "sft", *(str(getattr(args, key)) for key in MIXTURE)])
    tokens_path, index_path = stem.with_name(stem.name + ".bin"), stem.with_name(stem.name + ".npy")
    if not index_path.exists():
        data = args.out / "data"
        cases, problems = (rows[:max(1, round(len(rows) * args.data_share))] for rows in (
            tasks.load_cases(data / "sft_cases.jsonl"), tasks.load_problems(data / "sft_problems.jsonl")))
        if args.ceiling:  # as many of RL's prompts as explained cases of its own; predict keeps its share
            rl_cases = tasks.load_cases(data / "rl_cases.jsonl")
            cases, problems = cases + [*islice(cycle(rl_cases), len(cases))], problems * 2
        rng, rows, start = random.Random(args.seed), [], 0
        with open(tokens_path, "wb") as file:
            def add(task: str, user: str, assistant: str):
                nonlocal start
                prompt, answer = tokenizer.prompt(user), tokenizer.answer(assistant)
                file.write(np.array(prompt + answer, dtype=np.uint16).tobytes())
                rows.append((start, len(prompt), len(prompt) + len(answer), TASKS.index(task)))
                start += len(prompt) + len(answer)
            for case in cases:
                add("predict", tasks.predict_prompt(case.code, case.stdin), case.answer(args.format))
            for problem in problems:
                for task, user, assistant in tasks.sft_texts(problem, rng, args.fix_share, args.without_tests, args.fix_traces):
                    add(task, user, assistant)
        np.save(half := stem.with_name(stem.name + "-half.npy"), np.array(rows, dtype=np.int64))
        os.replace(half, index_path)
    return np.memmap(tokens_path, dtype=np.uint16, mode="r"), np.load(index_path)


def plan_batches(lengths: np.ndarray, batch_tokens: int, n_batches: int | None, n_tokens: int | None, seed: int) -> list[np.ndarray]:
    """Sample numbers of each batch, for the whole run: epochs over shuffled samples, batches of like length from pools of 40 batches, of
    at most batch_tokens, padding included. Ends after n_batches, or once n_tokens (padding not counted) are used. Deterministic."""
    rng, plan, used = np.random.default_rng(seed), [], 0
    pool_size = max(1, 40 * batch_tokens // int(lengths.mean()))
    while True:
        order = rng.permutation(len(lengths))
        for pool in np.array_split(order, max(1, len(order) // pool_size)):
            batches = cut_batches(lengths[pool], batch_tokens)
            for k in rng.permutation(len(batches)):
                plan.append(pool[batches[k]])
                used += int(lengths[plan[-1]].sum())
                if len(plan) == n_batches or (n_tokens and used >= n_tokens):
                    return plan


def schedule(step: int, steps: int, warmup: int) -> float:
    """Factor on every learning rate: linear warm-up, constant, linear decay to zero over the second half."""
    return min(1.0, (step + 1) / max(1, warmup), 2 * (steps - step) / steps)


def train_step(model, optimizers, tokens, rows, rate: float, clip: float, pad: int, rank: int = 0, ranks: int = 1) -> torch.Tensor:
    """One optimizer step on these rows of the index; each of several processes computes its share. rate: factor on every learning rate.
    -> loss (), the mean over the assistant tokens of the whole batch."""
    n_answer = int((rows[:, 2] - rows[:, 1]).sum())
    rows, device = rows[rank::ranks], model.cos.device
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["base_lr"] * rate
        optimizer.zero_grad(set_to_none=True)
    loss = torch.zeros((), device=device)
    if len(rows):  # there may be fewer rows than processes
        ids = collate([tokens[a:a + n] for a, _, n, _ in rows], pad)                                  # (B, T)
        at = torch.arange(ids.shape[1])
        mask = (at >= torch.tensor(rows[:, 1])[:, None]) & (at < torch.tensor(rows[:, 2])[:, None])   # (B, T): assistant tokens
        with autocast(device.type):
            loss = -model.logprobs(ids, mask).sum() / n_answer
        loss.backward()
    loss = sum_gradients(model, loss.detach())
    torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    for optimizer in optimizers:
        optimizer.step()
    return loss


# ---------------------------------------------------------------------------------------------------------------------------
# Validation.

def validate(sample, tokenizer, cases, problems, runner, args, solve: bool = True) -> dict:
    """At temperature 1, as in the report: output prediction by input length, pass@1 and pass@4 from four samples, and pass@1 on
    the problems. sample(prompts, max_new_tokens, group, seed) as model.generate. Same items and seed at every call; cases and problems are
    validation's: what is chosen is chosen by these numbers."""
    def answer(users: list[str], max_new_tokens: int, group: int) -> list[list[str]]:
        rollouts = sample([tokenizer.prompt(user) for user in users], max_new_tokens, group, 1)
        return [[tokenizer.decode(r.tokens[:-1]) if r.finished else "" for r in row] for row in rollouts]
    record = {}
    for set_ in ("short", "longer"):
        chosen = [c for c in cases if c.set == set_]
        answers = answer([tasks.predict_prompt(c.code, c.stdin) for c in chosen], args.max_new_tokens_predict, 4)
        right = [[tasks.same_outcome(tasks.parse_outcome(text), c.outcome) for text in row] for c, row in zip(chosen, answers)]
        record[f"val_{set_}"] = round(float(np.mean(right)), 4)
        record[f"val_{set_}_pass4"] = round(float(np.mean([any(row) for row in right])), 4)
    if solve:
        programs = [tasks.parse_program(text) for text, in answer([tasks.solve_prompt(p) for p in problems], args.max_new_tokens_solve, 1)]
        solved = runner.solved([(code or "(", p.tests) for code, p in zip(programs, problems)])         # "(" does not parse: wrong
        record["val_solve"] = round(float(np.mean(solved)), 4)
    return record


def control_of(out: Path, rl_name: str) -> tuple[str, int, dict]:
    """-> the checkpoint an RL run started from, how many SFT steps take as long as that run trained (validation counts for neither), and
    the mixture that start was trained on."""
    try:
        rl = load_checkpoint(out / f"{rl_name}.pt")
        start = load_checkpoint(out / f"{rl['extra']['start']}.pt")
        steps = max(1, round(start["step"] * rl["extra"]["seconds"] / start["extra"]["seconds"]))
        return rl["extra"]["start"], steps, {key: start["extra"][key] for key in MIXTURE}
    except (CheckpointError, KeyError) as problem:
        sys.exit(f"--control {rl_name} needs a finished {out / rl_name}.pt and the checkpoint it started from: {problem}")


# ---------------------------------------------------------------------------------------------------------------------------

def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--format", choices=("nlex", "raw", "none"), default="nlex", help="how answers of predict are written")
    parser.add_argument("--predict-only", action="store_true", help="train output prediction alone")
    parser.add_argument("--tokens", type=int, help="with --predict-only: budget in tokens, prompt and answer (default: short_tokens)")
    parser.add_argument("--control", metavar="RL", help="continue the checkpoint that this RL run started from, for as long as it trained")
    parser.add_argument("--ceiling", action="store_true", help="with --control: half of the explained cases are RL's prompts")
    parser.add_argument("--name", help="checkpoint and log (default: sft, sft-short-FORMAT, START-control or START-ceiling)")
    args = tasks.settings(parser, "sft", also=("model",))
    texts = ("predict",) if args.predict_only else TASKS
    if args.predict_only and args.control or args.ceiling and not args.control:
        parser.error("--control goes without --predict-only, --ceiling only with --control")
    if args.tokens and not args.predict_only:
        parser.error("--tokens goes with --predict-only; otherwise --steps")
    if not (args.name or args.predict_only or args.control or args.format == "nlex"):
        parser.error("--format for all three texts needs --name, as in --name joint-raw: sft.pt is the explained one")
    start = None
    if args.control:
        start, args.steps, mixture = control_of(args.out, args.control)
        vars(args).update(mixture, val_every=min(args.val_every, -(-args.steps // 4)))
    name = args.name or (f"sft-short-{args.format}" if args.predict_only else
                         f"{start}-ceiling" if args.ceiling else f"{start}-control" if start else "sft")
    stage = {"sft": "sft", "sft-control": "control", "sft-short-nlex": "short", "sft-short-none": "short"}.get(name, "ablations")
    final, state, log = args.out / f"{name}.pt", args.out / f"{name}-state.pt", args.out / f"{name}.jsonl"
    if final.exists():
        print(f"sft    {final} is there")
        return
    started = time.time()
    device = pick_device()
    tokenizer = Tokenizer()
    if os.environ.get("RANK", "0") == "0":
        tokenised(tokenizer, args)
    rank, ranks = join_processes(args.processes, device)  # from here on the files of tokens are whole
    torch.manual_seed(args.seed)

    tokens, index = tokenised(tokenizer, args)
    index = index[np.isin(index[:, 3], [TASKS.index(text) for text in texts])]
    config = ModelConfig(n_vocab=tokenizer.n_vocab, **{key: getattr(args, key) for key in tasks.PRESETS[args.preset]["model"]})
    index = index[index[:, 2] <= config.n_ctx]
    if missing := [text for text in texts if TASKS.index(text) not in index[:, 3] and (text != "fix" or args.fix_share)]:
        sys.exit(f"sft.py: no sample of {missing[0]} is as short as {config.n_ctx} tokens; --n-ctx must be larger")
    budget = (None, args.tokens or args.short_tokens) if args.predict_only else (args.steps, None)
    plan = plan_batches(index[:, 2], args.batch_tokens, *budget, seed=args.seed + (1_000 if start else 0))
    cases = tasks.load_cases(args.out / "data" / "val_cases.jsonl")
    cases = [c for s in ("short", "longer") for c in [c for c in cases if c.set == s][:args.val_cases_used]]
    problems = tasks.load_problems(args.out / "data" / "val_problems.jsonl")[:args.val_cases_used]

    try:
        model = load_checkpoint(args.out / f"{start}.pt", device)["model"] if start else Transformer(config).to(device)
    except ValueError as problem:
        sys.exit(f"sft.py: {problem}")
    compiled = model.compile_training() if args.compile else "not compiled"
    scale = 0.3 if start else 1.0  # a run continued from a finished schedule starts lower
    optimizers = make_optimizers(model, scale * args.muon_lr, scale * args.adam_lr)
    first, used, examples, seconds = 0, 0, 0, 0.0
    if state.exists():
        saved = load_checkpoint(state, device)
        model.load_state_dict(saved["model"].state_dict())
        for optimizer, stored in zip(optimizers, saved["optimizers"]):
            optimizer.load_state_dict(stored)
        restore_rng(saved)
        first, used, examples, seconds = saved["step"], *(saved["extra"][key] for key in ("tokens", "examples", "seconds"))
    if rank == 0 and first:
        tasks.cut_log(log, first)
    elif rank == 0:
        log.unlink(missing_ok=True)
    share = np.bincount(index[np.concatenate(plan), 3], index[np.concatenate(plan), 2], minlength=3)
    if rank == 0:
        print(f"sft    {name}: {model.n_params():,} parameters, {len(plan):,} steps, {int(share.sum()):,} tokens ("
              + ", ".join(f"{task} {part / share.sum():.0%}" for task, part in zip(TASKS, share) if part)
              + f"), {device}, {ranks} process{'es' * (ranks > 1)}, {compiled}", flush=True)

    lengths = argparse.Namespace(**tasks.PRESETS[args.preset]["rl"])  # of answers, in validation
    with Sandbox(cpu_seconds=0.5) as sandbox:  # these programs take milliseconds or never end
        runner = tasks.Runner(sandbox)
        model.train()
        mark, since, losses = time.time(), 0, []
        quiet = rank > 0 or not sys.stderr.isatty()
        for step in tqdm(range(first, len(plan)), initial=first, total=len(plan), desc=name, mininterval=5, disable=quiet):
            rows = index[plan[step]]
            rate = schedule(step, len(plan), args.warmup)
            loss = train_step(model, optimizers, tokens, rows, rate, args.clip, tokenizer.pad, rank, ranks)
            losses.append(loss)
            since += int(rows[:, 2].sum())
            used += int(rows[:, 2].sum())
            examples += len(rows)

            done = step + 1
            if rank > 0:
                continue
            if done % 50 == 0 or done % args.val_every == 0 or done == len(plan):
                seconds += time.time() - mark
                record = {"step": done, "tokens": used, "examples": examples, "loss": round(torch.stack(losses).mean().item(), 4),
                          "tokens_per_second": round(since / (time.time() - mark)), "train_seconds": round(seconds, 1)}
                if done % args.val_every == 0 or done == len(plan):
                    threads = torch.get_num_threads()
                    torch.set_num_threads(max(threads, ranks) if device == "cpu" else threads)              # the others are waiting
                    sample = partial(generate, model, end=tokenizer.end, batch_rows=lengths.batch_rows)
                    record.update(validate(sample, tokenizer, cases, problems, runner, lengths, "solve" in texts))
                    torch.set_num_threads(threads)
                    tqdm.write(f"sft    {name} " + " ".join(f"{k} {v}" for k, v in record.items()))
                tasks.log_metrics(log, record)
                mark, since, losses = time.time(), 0, []
            if done % args.save_every == 0 and done < len(plan):
                save_checkpoint(state, model, optimizers, done, {
                    "tokens": used, "examples": examples, "seconds": seconds + time.time() - mark})
                tasks.add_seconds(args.out, stage, time.time() - started)
                started = time.time()
    if rank == 0:
        save_checkpoint(final, model, step=len(plan), extra={"tokens": used, "examples": examples, "seconds": seconds,
                                                             **{key: getattr(args, key) for key in MIXTURE}})
        state.unlink(missing_ok=True)
        tasks.add_seconds(args.out, stage, time.time() - started)
    leave_processes()


if __name__ == "__main__":
    main()
