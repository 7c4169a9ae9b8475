"""How fast are training and sampling, beside what one would otherwise pick, and how does their cost grow?

    python tests/bench.py --out results/bench.json          # about 35 minutes on 2 quiet cores; without transformers its rows are left out
    python tests/bench.py --rounds 1 --quick                # a look: the machinery at toy size
    python tests/bench.py --show results/bench.json         # the README's block from a result

The contestants take turns, each in a process of its own and on the same two cores, round after round. Ratios are formed within a round;
figures and ratios are medians over the rounds. All models have the CPU preset's sizes and one architecture (Qwen3's, with SwiGLU), ours and
transformers' the same weights. Tokens per second count no padding: in training prompt and answer, in sampling new tokens. Of
transformers' settings (attention, dtype) the fastest counts, at 1, 16 and 64 rows of training its eager attention; its compiled training
has a ratio of its own.
"""

import argparse
import importlib.util
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import sft  # noqa: E402
import tasks  # noqa: E402
from eval import commit  # noqa: E402
from model import (  # noqa: E402
    ModelConfig,
    Tokenizer,
    Transformer,
    autocast,
    collate,
    fast_dtype,
    generate,
    make_optimizers,
    padded,
)
from parallel import Team, join_processes, leave_processes  # noqa: E402

SIZES = tasks.PRESETS["cpu"]["model"]


def transformer(scale: int = 1) -> Transformer:
    """The CPU preset's sizes, `scale` times as wide, with SwiGLU."""
    torch.manual_seed(0)
    model = Transformer(ModelConfig(n_vocab=Tokenizer().n_vocab, **{**SIZES, "n_embd": SIZES["n_embd"] * scale}, mlp="swiglu"))
    for p in model.parameters():  # fresh blocks are the identity: weights large enough to matter
        if p.ndim == 2:
            p.data.normal_(std=0.05)
    return model


def hugging_face(model: Transformer, attention: str = "sdpa"):
    """The same model in transformers."""
    from transformers import Qwen3Config, Qwen3ForCausalLM
    c = model.config
    config = Qwen3Config(vocab_size=c.n_vocab, hidden_size=c.n_embd, num_hidden_layers=c.n_layer, num_attention_heads=c.n_head,
                         num_key_value_heads=c.n_kv_head, head_dim=c.head_size, intermediate_size=model.layers[0].mlp.up_proj.out_features,
                         max_position_embeddings=c.n_ctx, tie_word_embeddings=c.tied, rms_norm_eps=torch.finfo(torch.float32).eps,
                         rope_theta=c.rope_theta, attn_implementation=attention, bos_token_id=None, eos_token_id=None)
    other = Qwen3ForCausalLM(config)
    weights = {name if name.startswith("lm_head") else f"model.{name}": p for name, p in model.state_dict().items()}
    other.load_state_dict(weights)
    return other


# ---------------------------------------------------------------------------------------------------------------------------
# What is measured. Each function runs in a process of its own and returns figures.

def batches(args, rows: int = 0):
    """Rows of SFT's data, as the course would train them; or so many of like length in each batch."""
    count = max(8, 1000 // rows) if rows and rows * args.steps > 1000 else args.steps  # 64 rows are four of the course's batches
    tokens, index = sft.tokenised(Tokenizer(), argparse.Namespace(
        out=args.data, ceiling=False, format="nlex", fix_share=0.7, without_tests=0.0, fix_traces=0.0, data_share=1.0, seed=0))
    index = index[index[:, 2] <= SIZES["n_ctx"]]
    plan = sft.plan_batches(index[:, 2], 3072, count, None, seed=0)
    if rows:
        few = np.random.default_rng(0).integers(len(index), size=rows * count)
        plan = np.random.default_rng(1).permutation(few[np.argsort(index[few, 2])].reshape(count, rows))
    return tokens, [index[chosen] for chosen in plan]


def timed(step, work: list) -> float:
    """Tokens a second of step(rows) over the work, the first quarter left out."""
    warmup = len(work) // 4
    for rows in work[:warmup]:
        step(rows)
    began = time.perf_counter()
    for rows in work[warmup:]:
        step(rows)
    return sum(int(rows[:, 2].sum()) for rows in work[warmup:]) / (time.perf_counter() - began)


def compile_or_fail(model: Transformer) -> None:
    said = model.compile_training()
    if said != "compiled":
        sys.exit(said)


def train_ours(args, rows: int = 0, processes: int = 1, compile: bool = True) -> dict:
    """As sft.py does it: compiled, Muon."""
    rank, ranks = join_processes(processes, "cpu")
    tokens, work = batches(args, rows)
    model, pad = transformer(), Tokenizer().pad
    if compile:
        compile_or_fail(model)
    optimizers = make_optimizers(model, 0.02, 0.003)
    speed = timed(lambda rows: sft.train_step(model, optimizers, tokens, rows, 1e-3, 1.0, pad, rank, ranks), work)
    lengths, prompts = (np.concatenate([rows[:, k] for rows in work]) for k in (2, 1))
    head = 6 * model.lm_head.weight.numel()  # applied to answers only
    flops = sum((model.flops_per_token(n) - head) * n for n in map(int, lengths)) + head * int((lengths - prompts).sum())
    return {"tokens_per_second": speed, "flops_per_token": flops / int(lengths.sum()),
            "padding": 1 - int((lengths - 1).sum()) / sum(len(rows) * padded(int(rows[:, 2].max()) - 1) for rows in work)}


def train_transformers(args, rows: int = 0, attention: str = "sdpa", compile: bool = False) -> dict:
    """The same batches, AdamW, bf16 autocast."""
    tokens, work = batches(args, rows)
    model, pad = hugging_face(transformer(), attention), Tokenizer().pad
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
    run = torch.compile(model, dynamic=True) if compile else model

    def step(rows):
        ids = collate([tokens[a:a + n] for a, _, n, _ in rows], pad)
        ids = torch.nn.functional.pad(ids, (0, padded(ids.shape[1]) - ids.shape[1]), value=pad)  # few shapes help it, too
        at = torch.arange(ids.shape[1])
        answer = (at >= torch.tensor(rows[:, 1])[:, None]) & (at < torch.tensor(rows[:, 2])[:, None])
        with autocast("cpu"):
            loss = run(input_ids=ids, labels=ids.masked_fill(~answer, -100), use_cache=False).loss  # padding is on the right: no mask
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return {"tokens_per_second": timed(step, work)}


def ragged_prompts(args, rows: int) -> list[list[int]]:
    cases, tokenizer = tasks.load_cases(args.data / "data" / "sft_cases.jsonl"), Tokenizer()
    return [tokenizer.prompt(tasks.predict_prompt(c.code, c.stdin)) for c in cases[:rows]]


def sample_ours(args, rows: int, processes: int = 2) -> dict:
    """As rl.py and eval.py do it; no row ever ends."""
    team = Team(*join_processes(processes if rows > 1 else 1, "cpu"))
    model, prompts = transformer(), ragged_prompts(args, rows)
    sample = lambda seed: team.share(prompts, lambda mine: generate(model, mine, args.new_tokens, seed=seed, end=-1))
    sample(0)
    began = time.perf_counter()
    new = sum(len(rollout.tokens) for group in sample(1) for rollout in group)
    return {"tokens_per_second": new / (time.perf_counter() - began)}


def sample_without_cache(args, rows: int) -> dict:
    """The plain loop: the whole sequence anew for every token, in bf16."""
    model, ids = transformer(), collate(ragged_prompts(args, rows), 0)
    lengths = torch.tensor([len(p) for p in ragged_prompts(args, rows)])
    began, n = time.perf_counter(), torch.arange(rows)
    with torch.inference_mode(), autocast("cpu"):
        for _ in range(args.new_tokens):
            ids = torch.nn.functional.pad(ids, (0, 1))
            hidden = model.hidden(ids)[n, lengths - 1]
            ids[n, lengths] = torch.multinomial(model.lm_head(hidden).float().softmax(-1), 1)[:, 0]
            lengths += 1
    return {"tokens_per_second": rows * args.new_tokens / (time.perf_counter() - began)}


def sample_transformers(args, rows: int, dtype: str = "float32") -> dict:
    """generate() with its cache, prompts padded on the left."""
    prompts, model = ragged_prompts(args, rows), hugging_face(transformer()).to(getattr(torch, dtype))
    T = max(map(len, prompts))
    ids = torch.tensor([[0] * (T - len(p)) + p for p in prompts])
    mask = torch.tensor([[0] * (T - len(p)) + [1] * len(p) for p in prompts])
    run = lambda: model.generate(input_ids=ids, attention_mask=mask, do_sample=True, top_k=0, top_p=1.0, temperature=1.0, pad_token_id=0,
                                 min_new_tokens=args.new_tokens, max_new_tokens=args.new_tokens)
    run()
    began = time.perf_counter()
    new = run().shape[1] - T
    return {"tokens_per_second": rows * new / (time.perf_counter() - began)}


def matmul_peak(args) -> dict:
    """bf16 matrix products of 1,024 x 1,024, one process a core."""
    _, ranks = join_processes(2, "cpu")
    a, b = (torch.randn(1024, 1024).to(fast_dtype("cpu")) for _ in range(2))
    for count in (5, args.steps):
        if ranks > 1:
            dist.barrier()
        began = time.perf_counter()
        for _ in range(count):
            a @ b
        if ranks > 1:
            dist.barrier()
    return {"flops_per_second": ranks * args.steps * 2 * 1024**3 / (time.perf_counter() - began)}


def growth(args, scale: int = 1, T: int = 128, batch_tokens: int = 3072) -> dict:
    """Microseconds a token of a compiled training step on rows of T tokens; one process, all threads."""
    model = transformer(scale)
    compile_or_fail(model)
    optimizers, rows = make_optimizers(model, 0.02, 0.003), batch_tokens // T
    ids = torch.randint(0, model.config.n_vocab, (rows, T))
    count = max(4, args.steps // 4 // scale)
    for k in range(2 * count):
        if k == count:
            began = time.perf_counter()
        with autocast("cpu"):
            model.logprobs(ids, torch.ones_like(ids, dtype=torch.bool)).mean().neg().backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
    return {"microseconds_per_token": 1e6 * (time.perf_counter() - began) / (count * rows * T), "parameters": model.n_params()}


CONTESTANTS = {  # name: (function, arguments, needs transformers)
    "peak": (matmul_peak, {}, False),
    "train ours": (train_ours, {}, False),
    "train ours, two processes": (train_ours, {"processes": 2}, False),
    "train ours, not compiled": (train_ours, {"compile": False}, False),
    "train transformers": (train_transformers, {}, True),
    "train transformers, eager attention": (train_transformers, {"attention": "eager"}, True),
    "train transformers, compiled": (train_transformers, {"compile": True}, True),
    **{f"train ours, {rows} rows": (train_ours, {"rows": rows}, False) for rows in (1, 16, 64)},
    **{f"train transformers, {rows} rows": (train_transformers, {"rows": rows, "attention": "eager"}, True) for rows in (1, 16, 64)},
    **{f"sample ours, {rows} rows": (sample_ours, {"rows": rows}, False) for rows in (1, 16, 64)},
    "sample ours, 64 rows, one process": (sample_ours, {"rows": 64, "processes": 1}, False),
    **{f"sample transformers, {rows} rows": (sample_transformers, {"rows": rows}, True) for rows in (1, 16, 64)},
    **{f"sample transformers, {rows} rows, bf16": (sample_transformers, {"rows": rows, "dtype": "bfloat16"}, True) for rows in (1, 16, 64)},
    "sample without cache, 64 rows": (sample_without_cache, {"rows": 64}, False),
    **{f"growth, width x{s}": (growth, {"scale": s}, False) for s in (1, 2, 4)},
    **{f"growth, length x{n}": (growth, {"T": 128 * n}, False) for n in (2, 4)},
    **{f"growth, batch x{n}": (growth, {"batch_tokens": 3072 * n}, False) for n in (2, 4)},
}


# ---------------------------------------------------------------------------------------------------------------------------

def measure(args) -> list[dict]:
    """Per round: contestant -> figures. One that fails is left out, with a line."""
    chosen = [name for name in CONTESTANTS if args.only in name]
    if importlib.util.find_spec("transformers") is None:
        print("transformers is not installed (pip install -e '.[parity]'): its rows are left out")
        chosen = [name for name in chosen if not CONTESTANTS[name][2]]
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])  # inherited by all contestants
    environment = {key: value for key, value in os.environ.items() if key not in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RANK")}
    rounds: list[dict] = [{} for _ in range(args.rounds)]
    for number, figures in enumerate(rounds, 1):
        for name in chosen:
            done = subprocess.run([sys.executable, __file__, "--run", name, "--data", str(args.data), "--steps", str(args.steps),
                                   "--new-tokens", str(args.new_tokens)], capture_output=True, text=True, env=environment)
            lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
            if done.returncode or not lines:
                print(f"round {number}  {name:40s} failed: {(done.stderr.strip().splitlines() or ['no output'])[-1][:200]}", flush=True)
                continue
            figures[name] = json.loads(lines[0])
            print(f"round {number}  {name:40s} " + "  ".join(f"{k} {v:,.4g}" for k, v in figures[name].items()), flush=True)
    return rounds


def medians(rounds: list[dict]) -> dict:
    """The same keys, at one or two levels, with the median over the rounds that have them."""
    keys = dict.fromkeys(key for record in rounds for key in record)
    have = {key: [record[key] for record in rounds if key in record] for key in keys}
    return {key: medians(values) if isinstance(values[0], dict) else statistics.median(values) for key, values in have.items()}


def ratios(figures: dict) -> dict:
    """The ratios that can be had from one round's figures."""
    speed = lambda *names: max((figures[name]["tokens_per_second"] for name in names if name in figures), default=None)
    pairs = {
        "train_ratio_transformers": (speed("train ours"), speed("train transformers", "train transformers, eager attention")),
        **{f"train_ratio_transformers_{rows}": (speed(f"train ours, {rows} rows"), speed(f"train transformers, {rows} rows"))
           for rows in (1, 16, 64)},
        "train_ratio_transformers_compiled": (speed("train ours"), speed("train transformers, compiled")),
        **{f"sampling_ratio_transformers_{rows}": (speed(f"sample ours, {rows} rows"), speed(
            f"sample transformers, {rows} rows", f"sample transformers, {rows} rows, bf16")) for rows in (1, 16, 64)},
        "sampling_ratio_without_cache": (speed("sample ours, 64 rows, one process"), speed("sample without cache, 64 rows")),
    }
    result = {key: ours / other for key, (ours, other) in pairs.items() if ours and other}
    if "peak" in figures and "train ours" in figures:
        ours = figures["train ours"]
        result["training_share_of_matmul_peak"] = ours["tokens_per_second"] * ours["flops_per_token"] / figures["peak"]["flops_per_second"]
    if "sampling_ratio_transformers_64" in result:
        result["sampling_ratio_transformers"] = result["sampling_ratio_transformers_64"]
    return result


def show(record: dict) -> str:
    """Markdown."""
    figures = record["figures"]
    lines = ["| tokens a second | |", "|---|---:|"]
    lines += [f"| {name} | {row['tokens_per_second']:,.0f} |" for name, row in figures.items() if "tokens_per_second" in row]
    base = figures.get("growth, width x1")
    if base:
        lines += ["", "| training step | parameters | microseconds a token | against the first |", "|---|---:|---:|---:|"]
        lines += [f"| {name.removeprefix('growth, ')} | {row['parameters']:,.0f} | {row['microseconds_per_token']:.0f} | "
                  f"{row['microseconds_per_token'] / base['microseconds_per_token']:.2f} |"
                  for name, row in figures.items() if name.startswith("growth")]
    if "peak" in figures:
        lines += ["", f"Peak of bf16 matrix products: {figures['peak']['flops_per_second'] / 1e9:,.0f} GFLOP/s; padding in training: "
                  f"{figures.get('train ours', {}).get('padding', 0):.1%}."]
    if record["ratios"]:
        lines += ["", "| ratio, ours to theirs | |", "|---|---:|"]
        lines += [f"| `{key}` | {value:.2f} |" for key, value in record["ratios"].items()]
    return "\n".join([*lines, "", f"{record['machine']}, {record['date']}, commit {record['commit'][:12]}, median of {record['rounds']} "
                      f"rounds: `{record['command']}`"])


def processor() -> str:
    info = Path("/proc/cpuinfo")
    names = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    return names[0] if names else platform.processor()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default: 3)")
    parser.add_argument("--quick", action="store_true", help="few steps, few tokens")
    parser.add_argument("--only", default="", help="contestants whose name holds this")
    parser.add_argument("--out", type=Path, help="write the figures to this file")
    parser.add_argument("--show", type=Path, metavar="FILE", help="print the README's block")
    parser.add_argument("--run", help=argparse.SUPPRESS)  # one contestant, in this process
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--steps", type=int, default=80, help="training steps of a round, a quarter of them to warm up (default: 80)")
    parser.add_argument("--new-tokens", type=int, default=150, help="tokens sampled a row (default: 150)")
    args = parser.parse_args()
    if args.show:
        if not args.show.exists():
            sys.exit(f"bench.py: {args.show} does not exist")
        print(show(json.loads(args.show.read_text())))
        return
    if args.run:
        function, options, _ = CONTESTANTS[args.run]
        figures = function(args, **options)
        leave_processes()
        print(json.dumps(figures))
        return
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
    if args.quick:
        args.steps, args.new_tokens = 8, 4
    with tempfile.TemporaryDirectory() as folder:
        args.data = Path(folder)
        few = ("rl-cases", "rl-problems", "val-cases", "val-problems", "test-cases", "test-problems")
        sizes = {"sft-cases": 200 if args.quick else 3000, "sft-problems": 40 if args.quick else 600, **dict.fromkeys(few, 2)}
        subprocess.run([sys.executable, str(ROOT / "tasks.py"), "--preset", "cpu", "--out", folder,
                        *(f"--{name}={size}" for name, size in sizes.items())], check=True, stdout=subprocess.DEVNULL)
        batches(args)  # makes the file of tokens
        rounds = measure(args)
    record = {"command": shlex.join(["python", "tests/bench.py", *sys.argv[1:]]), "date": str(date.today()), "commit": commit(),
              "rounds": args.rounds, "machine": f"2 of {os.cpu_count()} cores ({processor()}), {platform.system()}, Python "
              f"{platform.python_version()}, torch {torch.__version__}", "figures": medians(rounds),
              "ratios": {key: round(value, 3) for key, value in medians([*map(ratios, rounds)]).items()}}
    if args.out:
        args.out.write_text(json.dumps(record, indent=1) + "\n")
    print("\n" + show(record) + "\n\n" + json.dumps(record["ratios"]))


if __name__ == "__main__":
    main()
