"""Learning by imitation: supervised fine-tuning on explanations, solutions and repairs
(paper sections 2.1 and 5.1.1).

    python sft.py                                        # out/sft.pt
    python sft.py --explained 1 --name all-explained     # out/all-explained.pt
    torchrun --nproc_per_node=8 sft.py                   # each process has a share of every batch

The model starts from random weights: what a pre-trained model brings (the paper starts from Qwen2.5
and CWM) is learnt here, too; or, by --init, from such a model (pretrained.py) or one of ours, to go
on with other data. Of the predictions a share (--explained) is told step by step, the others state
the output at once. In most of the explained ones (--asked) the answer's first token, "Step by
step:", is given like a prompt: the model learns how to explain, not that it should. Of all others
(44 % in preset cpu) a third is explained, and nothing says which: whether explaining pays is left
to RL to find out.
The loss is the cross-entropy of the assistant's tokens, the end token included, over their mean
number a batch, the same for every batch: so each token counts as much as any other. User tokens are
only read. Batches hold samples of like length, so little is padded, and no sample sees another;
those longer than --n-ctx are left out.
Muon trains the matrices, AdamW the rest; the rate is warmed up, held, and decays linearly to zero
over the second half. A killed run goes on by the same command, to the same weights (`resume` and
`save` in runs.py).

The log out/<name>.jsonl has one line every 50 steps and at each validation or save:
    tokens             read so far, prompts included, padding not
    loss               nats an assistant token, mean over the steps since the last line: 3.5
                       first, 0.1 after a third of the steps, 0.03 last
    train_seconds      so far, without validation
    val_short, val_longer                  share of right predictions of validation programs, four
                                           of each at temperature 1, by input length
    val_short_greedy, val_longer_greedy    the same of the likeliest answer
    val_short_steps, val_longer_steps      of the likeliest answer that begins to explain
    val_explained                          share of the answers at temperature 1 that explain
    val_solve                              share of validation problems that one program solves
"""

import math
import os
import random
import time
import zlib
from array import array
from functools import partial
from pathlib import Path

os.environ.setdefault("GOMP_SPINCOUNT", "2000")  # before torch: threads that wait soon sleep

import numpy as np
import torch
from tqdm import tqdm

import tasks
from answers import Runner, validate
from commands import fail, manual, plainly, say
from fast import compile_training, cut_batches, logprobs, make_optimizers  # model.py's, faster
from model import collate, pick_device
from runs import (
    digest,
    gather,
    is_there,
    join_processes,
    leave_processes,
    log_step,
    origin_of,
    resume,
    save,
    speed,
    start_of,
    sum_gradients,
    sum_over_processes,
    tokenizer_of,
    vocabulary_file,
)
from sandbox import Sandbox

TASKS = ("predict", "explain", "solve", "fix", "try")  # the first two are predictions
SOURCES = "model.py pretrained.py rounds.py sft.py tasks.py trace.py".split()  # of the tokens


# --------------------------------------------------------------------------------------------------
# Data: the tokens of every sample, and in which batches they are read.

def samples(args):
    """What is imitated -> (task, user text, assistant text), one after another."""
    data, rng = args.out / "data", random.Random(args.seed)
    for case in tasks.load_cases(data / "sft_cases.jsonl"):
        explained = rng.random() < args.explained
        task = "explain" if explained and rng.random() < args.asked else "predict"
        yield task, case.prompt, case.answer(explained)
    for problem in tasks.load_problems(data / "sft_problems.jsonl"):
        yield from tasks.sft_texts(problem, rng)


def read_samples(samples, args, rank: int, begun=()):
    """begun: see tokenizer_of. -> tokens (array, all samples in turn), index (array, rows of start,
    length of what is given, whole length, task), name of the file that keeps them,
    out/data/<source>-<shares explained, asked>-<seed>.npz, where source is the file that
    `samples` stands in. The first process writes it where it is missing or made from others."""
    data, source = args.out / "data", Path(samples.__code__.co_filename)
    path = data / f"{source.stem}-{args.explained}-{args.asked}-{args.seed}.npz"
    code = map(Path(__file__).with_name, SOURCES)
    files = vocabulary_file(args.world), *code, source, *sorted(data.glob("*.jsonl"))
    origin = f"{digest(*files)} {zlib.crc32(str(begun).encode())}"
    if rank == 0 and origin_of(path) != origin:
        tokenizer, rows = tokenizer_of(args.world, begun), []
        tokens = array("H" if tokenizer.n_vocab < 2**16 else "I")
        first = len(tokenizer.encode(tasks.EXPLAINED))
        for task, user, assistant in samples(args):
            prompt, answer = tokenizer.prompt(user), tokenizer.answer(assistant)
            length = len(prompt) + len(answer)
            given = len(prompt) + first * (task == "explain")
            rows.append((len(tokens), given, length, TASKS.index(task)))
            tokens.extend(prompt + answer)
        half = path.with_suffix(f".{os.getpid()}.npz")  # two runs may make it at once
        np.savez(half, tokens=np.array(tokens), index=np.array(rows, dtype=np.int64), origin=origin)
        os.replace(half, path)  # whole or not at all
    gather([])  # the others wait for the file
    file = np.load(path)
    return file["tokens"], file["index"], path.name


def plan_batches(lengths: np.ndarray, batch_tokens: int, n_batches: int | None,
                 n_tokens: int | None, seed: int) -> list[np.ndarray]:
    """Sample numbers of each batch, for the whole run: epochs over shuffled samples, batches of
    like length from pools of about 40 batches, of at most batch_tokens, padding included. Ends
    after n_batches, or once n_tokens (padding not counted) are used."""
    rng, plan, used = np.random.default_rng(seed), [], 0
    pool_size = max(1, 40 * batch_tokens // int(lengths.mean()))
    while True:
        order = rng.permutation(len(lengths))
        for pool in np.array_split(order, max(1, len(order) // pool_size)):
            batches = cut_batches(lengths[pool], batch_tokens)
            for k in rng.permutation(len(batches)):
                batch = pool[batches[k]]
                plan.append(batch)
                used += int(lengths[batch].sum())
                if len(plan) == n_batches or (n_tokens and used >= n_tokens):
                    return plan


# --------------------------------------------------------------------------------------------------
# Learning.

def schedule(step: int, steps: int, warmup: int) -> float:
    """Factor on every rate: linear warm-up, constant, linear decay to zero over the second half."""
    return min(1.0, (step + 1) / max(1, warmup), 2 * (steps - step) / steps)


def backward(model, tokens, rows, n_answer: float, pad: int, rank=0, ranks=1) -> torch.Tensor:
    """Add this process's share of the batch's gradient to .grad. rows: of the index; n_answer:
    assistant tokens in the mean batch. -> its share of the loss ()."""
    rows = rows[rank::ranks]
    if len(rows) == 0:  # fewer rows than processes
        return torch.zeros((), device=model.device)
    ids = collate([tokens[start:start + length] for start, _, length, _ in rows], pad)     # (B, T)
    position = torch.arange(ids.shape[1])
    prompt, length = torch.from_numpy(rows[:, 1:3].T[:, :, None].copy())                   # (B, 1)
    mask = (position >= prompt) & (position < length)           # (B, T): the assistant's tokens
    loss = -logprobs(model, ids, mask).sum() / n_answer
    loss.backward()
    return loss.detach()


def apply_gradients(model, optimizers, rate, clip):
    """One step on the gradients in .grad, summed over the processes, then cleared; a missing one is
    zero. rate: factor on every learning rate. -> the gradients' norm before clipping."""
    for p in model.parameters():
        if p.grad is None:
            p.grad = torch.zeros_like(p)
    sum_gradients(model)
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), clip).item()
    if not math.isfinite(norm):  # of a loss that is infinite or no number
        fail("the gradient is not finite: lower the learning rates; this step is not saved")
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["base_lr"] * rate
        optimizer.step()
        optimizer.zero_grad()
    return norm


def train(args, model, tokens, index, plan, extra: dict, rank: int, ranks: int):
    """One optimizer step for each batch of the plan (rows of the index); log, validate, save.
    extra: what the checkpoint is to remember."""
    compiled = compile_training(model) if args.compile else "not compiled"
    tokenizer = tokenizer_of(args.world, extra)
    optimizers = make_optimizers(model, args.muon_lr, args.adam_lr)
    first, saved = resume(args, model, optimizers, rank)
    seconds = saved.get("seconds", 0.0)
    lengths = [int(index[rows, 2].sum()) for rows in plan]                  # tokens of each batch
    n_answer = np.mean([(index[rows, 2] - index[rows, 1]).sum() for rows in plan])
    say(f"{args.name:6s}  {model.n_params():,} parameters, {len(plan):,} steps, "
              f"{sum(lengths):,} tokens, {model.device}, {compiled}, {speed()}")
    with Sandbox(cpu_seconds=0.5) as sandbox:  # these programs take milliseconds or never end
        solves = (index[:, 3] == TASKS.index("solve")).any()
        items = tasks.load_split(args, "val", args.val_cases, args.val_cases)
        check = partial(validate, model, tokenizer, *items, Runner(sandbox), args, solves)
        losses, began = [], time.time()
        for step in tqdm(range(first + 1, len(plan) + 1), args.name, len(plan), initial=first,
                         disable=rank > 0 or None):
            rows, rate = index[plan[step - 1]], schedule(step - 1, len(plan), args.warmup)
            losses.append(backward(model, tokens, rows, n_answer, tokenizer.pad, rank, ranks))
            apply_gradients(model, optimizers, rate, args.clip)

            last = step == len(plan)
            validates = last or step % args.val_every == 0
            saves = last or step % args.save_every == 0
            if validates or saves or step % 50 == 0:
                loss = sum_over_processes(torch.stack(losses).mean()).item()
                seconds += time.time() - began
                read = sum(lengths[:step])
                record = {"step": step, "tokens": read, "loss": loss, "train_seconds": seconds}
                if validates:
                    record |= check()
                log_step(args, record, rank)
                if rank == 0 and saves:
                    examples = sum(map(len, plan[:step]))
                    done = {"tokens": read, "examples": examples, "seconds": seconds}
                    save(args, model, optimizers, step, last, extra | done)
                losses, began = [], time.time()


# --------------------------------------------------------------------------------------------------

@plainly()
def main(samples=samples, name="sft", doc=__doc__):
    """samples: as above; name: of the checkpoint and the log, where --name gives none; doc: what
    --help says."""
    parser = manual(doc)
    parser.add_argument("--predict-only", action="store_true", help="output prediction alone")
    parser.add_argument("--tokens", type=int, help="end once so many are read, before --steps")
    parser.add_argument("--init", dest="folder",
                        help="a .pt of ours, or a folder (lab/pretrained.md), to begin with")
    parser.add_argument("--name", default=name, help=f"of checkpoint and log (default: {name})")
    args = tasks.settings(parser, "sft", "model", "answers")
    if (args.tokens or 1) < 1:
        parser.error("--tokens must be at least 1")
    if max(args.explained, args.asked) > 1:
        parser.error("--explained and --asked are shares, at most 1")
    if args.name == "sft" and args.predict_only:
        parser.error("--predict-only needs --name: sft.pt has all texts")
    rank, ranks = join_processes(device := pick_device())
    torch.manual_seed(args.seed)
    model, begun = start_of(args, tasks.PRESETS[args.preset]["model"])
    tokens, index, texts = read_samples(samples, args, rank, begun)
    args.texts = zlib.crc32(tokens)
    if is_there(args):
        return leave_processes()
    if args.predict_only:
        index = index[index[:, 3] < TASKS.index("solve")]
    kinds = set(index[:, 3])
    index = index[index[:, 2] <= args.n_ctx]
    if set(index[:, 3]) != kinds:
        fail(f"some text is always beyond {args.n_ctx} tokens: --n-ctx must be larger")
    plan = plan_batches(index[:, 2], args.batch_tokens, args.steps, args.tokens, args.seed)
    train(args, model.to(device), tokens, index, plan, {"texts": texts, **begun}, rank, ranks)
    leave_processes()


if __name__ == "__main__":
    main()
