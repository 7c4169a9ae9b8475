"""Who learns? A tokenizer and a transformer, and the plainest way to do all that is done with them:
score tokens, sample, step, save, share the work.

    python model.py          # parameters and FLOPs per token of the CPU preset's model

fast.py has `logprobs` and `generate` again, with a key/value cache and much else; the answers are the
same, and a test says so. Read these here.

Axes: B batch rows, T positions, D width, nh heads, nkv key/value heads, hs head size, V vocabulary,
M scored positions.

Initialisation
    embed_tokens, lm_head                 normal, std 0.02 (tied: one matrix)
    q, k, v, gate, up                     uniform, std 1/sqrt(fan in)
    o, down (into the residual stream)    zero: every block starts as the identity
    norm gains                            one
"""

from __future__ import annotations

import base64
import ctypes
import math
import os
import signal
import sys
import zipfile
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import tiktoken
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

# --------------------------------------------------------------------------------------------------
# Tokenizer. tiktoken cuts text into pieces by a pattern; a piece that is in the ranks is one token, any
# other is spelled in bytes. The vocabulary is 256 bytes and the most frequent pieces of the texts we
# generate (lab/vocab.py), so any text at all round-trips.

PIECES = "|".join([
    r"list\(map\(int, input\(\)\.split\(\)\)\)|int\(input\(\)\)|input\(\)",                  # idioms
    r"<output>\n|</output>|<error>|```python\n|```",
    r", so [a-z ]+\.\n| is (?:true|false)(?=, so)",
    r"The loop ends\.\n|No turn is left\.\n|We continue\.\n|[.}]\n",
    r"[0-9]",                # every digit its own token: arithmetic is done digit by digit
    r"\n *",                 # a line end with the next line's indentation
    r" ?[A-Za-z_]{2,} ?",    # a word with its spaces
    r"[A-Za-z_]",            # a single letter, bare: a variable is the same token wherever it stands
    r" ?[-+*/%=<>!]+ ?",     # an operator with its spaces
    r" ?[\[({] ?|[\])}]+",   # brackets
    r", |: |\. ?|'|\"",      # punctuation
    r" +",
    r"[^\sA-Za-z0-9_]|\s|.",  # anything else, one character at a time
])
VOCAB = Path(__file__).with_name("vocab.tiktoken")
SPECIALS = ("<|user|>", "<|assistant|>", "<|end|>", "<|pad|>")


class Tokenizer:
    """Text <-> token ids. Raises SystemExit with one line if the vocabulary file is missing or damaged."""

    def __init__(self, path: Path | str = VOCAB):
        ranks = {}
        try:
            for line in Path(path).read_text().splitlines():
                token, rank = line.split()
                ranks[base64.b64decode(token)] = int(rank)
            if sorted(ranks.values()) != list(range(len(ranks))) or len(ranks) < 256:
                raise ValueError("ranks are missing")
        except FileNotFoundError:
            sys.exit(f"{path} is missing: restore it from the repository, or see lab/vocab.py")
        except ValueError as problem:
            sys.exit(f"{path} is damaged ({problem}): restore it from the repository")
        n = len(ranks)
        self.user, self.assistant, self.end, self.pad = range(n, n + len(SPECIALS))
        self.n_vocab = n + len(SPECIALS)
        self.encoding = tiktoken.Encoding(
            "nano-self-execution", pat_str=PIECES, mergeable_ranks=ranks,
            special_tokens=dict(zip(SPECIALS, range(n, self.n_vocab))))

    def encode(self, text: str) -> list[int]:
        """Special tokens spelled out in the text are ordinary text here."""
        return self.encoding.encode_ordinary(text)

    def decode(self, ids: list[int]) -> str:
        return self.encoding.decode(ids)

    def prompt(self, user: str) -> list[int]:
        """<|user|> text <|assistant|>"""
        return [self.user, *self.encode(user), self.assistant]

    def answer(self, assistant: str) -> list[int]:
        """text <|end|>"""
        return [*self.encode(assistant), self.end]


# --------------------------------------------------------------------------------------------------
# Transformer: pre-norm, RMSNorm, rotary positions, normed queries and keys, grouped-query attention.
# Names as in Hugging Face's Qwen3.

@dataclass
class ModelConfig:
    n_vocab: int
    n_layer: int = 4
    n_head: int = 4
    n_kv_head: int = 1       # 1: all heads share keys and values, a cache a quarter the size
    n_embd: int = 128
    n_ctx: int = 1024        # longest sequence
    mlp: str = "relu2"       # relu2 | swiglu
    tied: bool = True        # one matrix for embedding and output
    rope_theta: float = 10_000.0
    bias: bool = False

    @property
    def head_size(self) -> int:
        return self.n_embd // self.n_head


def rotate(x, rope):
    """Rotary positions (Su et al. 2021): each pair (a, b) turned by an angle that grows with position."""
    cos, sin = rope                                                    # each (B or 1, T, 1, hs/2)
    a, b = x.chunk(2, -1)                                              # x (B, T, nh, hs)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


class Attention(nn.Module):
    def __init__(self, c: ModelConfig):
        super().__init__()
        self.c = c
        self.q_proj = nn.Linear(c.n_embd, c.n_head * c.head_size, bias=c.bias)
        self.k_proj = nn.Linear(c.n_embd, c.n_kv_head * c.head_size, bias=c.bias)
        self.v_proj = nn.Linear(c.n_embd, c.n_kv_head * c.head_size, bias=c.bias)
        self.o_proj = nn.Linear(c.n_head * c.head_size, c.n_embd, bias=c.bias)
        self.q_norm = nn.RMSNorm(c.head_size)
        self.k_norm = nn.RMSNorm(c.head_size)

    def forward(self, x, rope):
        B, T, D = x.shape
        q = self.q_proj(x).view(B, T, self.c.n_head, self.c.head_size)
        k = self.k_proj(x).view(B, T, self.c.n_kv_head, self.c.head_size)
        v = self.v_proj(x).view(B, T, self.c.n_kv_head, self.c.head_size)
        q = rotate(self.q_norm(q), rope).transpose(1, 2)               # (B, nh, T, hs)
        k = rotate(self.k_norm(k), rope).transpose(1, 2)               # (B, nkv, T, hs)
        v = v.transpose(1, 2)                                          # (B, nkv, T, hs)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return self.o_proj(y.transpose(1, 2).reshape(B, T, D))


class MLP(nn.Module):
    def __init__(self, c: ModelConfig):
        super().__init__()
        self.gated = c.mlp == "swiglu"
        hidden = 8 * c.n_embd // 3 // 8 * 8 if self.gated else 4 * c.n_embd
        if self.gated:
            self.gate_proj = nn.Linear(c.n_embd, hidden, bias=c.bias)
        self.up_proj = nn.Linear(c.n_embd, hidden, bias=c.bias)
        self.down_proj = nn.Linear(hidden, c.n_embd, bias=c.bias)

    def forward(self, x):
        if self.gated:
            return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))
        return self.down_proj(F.relu(self.up_proj(x)).square())


class Block(nn.Module):
    def __init__(self, c: ModelConfig):
        super().__init__()
        self.input_layernorm = nn.RMSNorm(c.n_embd)
        self.post_attention_layernorm = nn.RMSNorm(c.n_embd)
        self.self_attn = Attention(c)
        self.mlp = MLP(c)

    def forward(self, x, rope):
        x = x + self.self_attn(self.input_layernorm(x), rope)
        return x + self.mlp(self.post_attention_layernorm(x))


class Transformer(nn.Module):
    def __init__(self, config: ModelConfig):
        super().__init__()
        c = self.config = config
        if c.n_embd % c.n_head or c.n_head % c.n_kv_head or c.mlp not in ("relu2", "swiglu"):
            raise ValueError("impossible model: n_embd must be a multiple of n_head, n_head of "
                             f"n_kv_head, mlp relu2 or swiglu; got {c}")
        self.embed_tokens = nn.Embedding(c.n_vocab, c.n_embd)
        self.layers = nn.ModuleList(Block(c) for _ in range(c.n_layer))
        self.norm = nn.RMSNorm(c.n_embd)
        self.lm_head = nn.Linear(c.n_embd, c.n_vocab, bias=False)
        if c.tied:
            self.lm_head.weight = self.embed_tokens.weight
        for name, p in self.named_parameters():
            if name.endswith("bias") or "o_proj" in name or "down_proj" in name:
                nn.init.zeros_(p)
            elif "embed_tokens" in name or "lm_head" in name:
                nn.init.normal_(p, std=0.02)
            elif p.ndim == 2:
                bound = math.sqrt(3 / p.shape[1])
                nn.init.uniform_(p, -bound, bound)
        speed = c.rope_theta ** (-torch.arange(0, c.head_size, 2) / c.head_size)        # (hs/2,)
        angles = torch.arange(c.n_ctx)[:, None] * speed                                 # (n_ctx, hs/2)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def hidden(self, ids):
        """ids (B, T) -> (B, T, D), what the output matrix is applied to."""
        T = ids.shape[1]
        if T > self.config.n_ctx:
            raise ValueError(f"sequence of {T} tokens; the model's n_ctx is {self.config.n_ctx}")
        rope = (self.cos[None, :T, None], self.sin[None, :T, None])    # each (1, T, 1, hs/2)
        x = self.embed_tokens(ids)                                     # (B, T, D)
        for layer in self.layers:
            x = layer(x, rope)
        return self.norm(x)

    def forward(self, ids):
        """ids (B, T) -> logits (B, T, V)."""
        return self.lm_head(self.hidden(ids))

    def n_params(self) -> int:
        return sum(p.numel() for p in self.parameters())

    def flops_per_token(self, T: int) -> int:
        """Forward and backward: 6 per weight of a matrix, and per layer 12 D for each of the T/2
        positions that attention looks at on average."""
        matrices = self.lm_head.weight.numel()
        for p in self.layers.parameters():
            matrices += p.numel() if p.ndim == 2 else 0
        return 6 * matrices + 6 * self.config.n_layer * self.config.n_embd * T


# --------------------------------------------------------------------------------------------------
# Scoring and sampling.

def collate(rows: list, pad: int) -> torch.Tensor:
    """Tokens of each row, lists or arrays -> (B, T) on the CPU, padded on the right. Causal attention
    never looks right, so padding changes nothing before it. [[1, 2, 3], [4]] -> [[1, 2, 3], [4, pad, pad]]"""
    ids = torch.full((len(rows), max(map(len, rows))), pad)
    for k, row in enumerate(rows):
        ids[k, :len(row)] = torch.as_tensor(row)
    return ids


def logprobs(model: Transformer, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """log p(ids[b, t] | ids[b, :t]) wherever mask[b, t], t >= 1, row by row.
    ids (B, T) int64, mask (B, T) bool -> (M,), with gradients."""
    device = model.cos.device
    ids, mask = ids.to(device), mask.to(device)
    logps = model(ids[:, :-1]).log_softmax(-1)                         # (B, T-1, V)
    logps = logps.gather(2, ids[:, 1:, None])[:, :, 0]                 # (B, T-1): of the next token
    return logps[mask[:, 1:]]                                          # (M,)


@dataclass
class Rollout:
    tokens: list[int]        # sampled tokens, the end token included if it was reached
    logprobs: list[float]    # of each, under the distribution it was drawn from (greedy: untempered)
    finished: bool           # the end token was reached


def check_prompts(prompts: list[list[int]], n_ctx: int) -> None:
    """Raises ValueError for a prompt that is empty or leaves no room in the context."""
    for k, prompt in enumerate(prompts):
        if not 0 < len(prompt) < n_ctx:
            raise ValueError(f"prompt {k} has {len(prompt)} tokens; the model takes 1 to {n_ctx - 1}")


@torch.inference_mode()
def generate(model: Transformer, prompts: list[list[int]], max_new_tokens: int, group: int = 1,
             seed: int = 0, *, end: int, temperature: float = 1.0) -> list[list[Rollout]]:
    """`group` continuations of every prompt; temperature 0 is greedy. A rollout ends with the token
    `end`, after max_new_tokens, or where the context ends. Raises ValueError as check_prompts."""
    device, n_ctx = model.cos.device, model.config.n_ctx
    check_prompts(prompts, n_ctx)
    generator = torch.Generator(device).manual_seed(seed)
    results = []
    for prompt in prompts:
        rollouts = []
        for _ in range(group):
            ids, rollout = list(prompt), Rollout([], [], finished=False)
            while len(rollout.tokens) < max_new_tokens and len(ids) <= n_ctx and not rollout.finished:
                logits = model(torch.tensor([ids], device=device))[0, -1]              # (V,)
                logps = (logits / (temperature or 1)).log_softmax(-1)
                if temperature == 0:
                    token = logps.argmax().item()
                else:
                    token = torch.multinomial(logps.exp(), 1, generator=generator).item()
                ids.append(token)
                rollout.tokens.append(token)
                rollout.logprobs.append(logps[token].item())
                rollout.finished = token == end
            rollouts.append(rollout)
        results.append(rollouts)
    return results


# --------------------------------------------------------------------------------------------------
# Learning.

def pick_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def make_optimizers(model: Transformer, muon_lr: float, adam_lr: float) -> list[torch.optim.Optimizer]:
    """Muon (Jordan et al. 2024) for the layers' matrices, AdamW for embeddings, output and gains. Each
    group keeps its rate in "base_lr", which a schedule multiplies. Three Newton-Schulz steps instead of
    five: two fifths off Muon's time (12 of 52 ms a step on one core) for the same validation loss."""
    matrices, rest = [], []
    for name, p in model.named_parameters():
        chosen = matrices if p.ndim == 2 and name.startswith("layers.") else rest
        chosen.append(p)
    fused = model.cos.device.type != "mps"
    muon = torch.optim.Muon(matrices, lr=muon_lr, weight_decay=0, momentum=0.95, ns_steps=3)
    adam = torch.optim.AdamW(rest, lr=adam_lr, betas=(0.9, 0.98), weight_decay=0, fused=fused)
    for optimizer in (muon, adam):
        for group in optimizer.param_groups:
            group["base_lr"] = group["lr"]
    return [muon, adam]


def apply_gradients(model: Transformer, optimizers: list, rate: float, clip: float) -> float:
    """One step on the gradients in .grad, summed over the processes and then cleared; a missing one
    counts as zero. rate: factor on every learning rate. -> the gradients' norm before clipping."""
    grads = []
    for p in model.parameters():
        if p.grad is None:
            p.grad = torch.zeros_like(p)
        grads.append(p.grad)
    if dist.is_initialized():
        vector_to_parameters(sum_over_processes(parameters_to_vector(grads)), grads)
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip).item()
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["base_lr"] * rate
        optimizer.step()
        optimizer.zero_grad()
    return norm


# --------------------------------------------------------------------------------------------------
# Processes: `torchrun --nproc_per_node=8 rl.py` runs the same program eight times. All of them do the
# same on their share of the work; only rank 0 writes files and prints. Without torchrun: one process.

def join_processes(device: str) -> tuple[int, int]:
    """-> this process's rank, and how many share the run."""
    if "RANK" not in os.environ:
        return 0, 1
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: if torchrun is killed, so are we
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    backend = "cpu:gloo,cuda:nccl" if device == "cuda" else "gloo"
    dist.init_process_group(backend, timeout=timedelta(days=1))
    return dist.get_rank(), dist.get_world_size()


def sum_over_processes(tensor: torch.Tensor) -> torch.Tensor:
    total = tensor.clone()
    if dist.is_initialized():
        dist.all_reduce(total)
    return total


def gather_lists(mine: list) -> list[list]:
    """-> every process's list, in the order of their ranks, in every process."""
    if not dist.is_initialized():
        return [mine]
    parts = [[]] * dist.get_world_size()
    dist.all_gather_object(parts, mine)
    return parts


def gather(mine: list) -> list:
    """The lists of all processes, one after another."""
    return sum(gather_lists(mine), [])


def share(items: list, work) -> list:
    """Each process does work(its items) -> one result an item. -> the results of all, in order."""
    rank, ranks = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
    results = [None] * len(items)
    for first, part in enumerate(gather_lists(work(items[rank::ranks]))):
        results[first::ranks] = part
    return results


def leave_processes() -> None:
    """The end of a shared run: all have come this far, and rank 0 goes on alone."""
    if dist.is_initialized():
        dist.barrier()
        if dist.get_rank() > 0:
            os._exit(0)  # on the usual way out gloo's clean-up sometimes aborts a process
        dist.destroy_process_group()


# --------------------------------------------------------------------------------------------------
# Checkpoints.

FORMAT = "nano-self-execution/1"


class CheckpointError(Exception):
    """The file cannot be used; the message says why and what to do."""


def save_checkpoint(path: Path | str, model: Transformer, optimizers=(), step: int = 0,
                    extra: dict | None = None) -> None:
    """Write weights, optimizers, step and `extra` (plain values), whole or not at all."""
    weights = model.state_dict()
    if model.config.tied:
        del weights["lm_head.weight"]
    record = {"format": FORMAT, "config": asdict(model.config), "model": weights,
              "optimizers": [o.state_dict() for o in optimizers], "step": step, "extra": extra or {}}
    temporary = Path(f"{path}.tmp")
    torch.save(record, temporary)
    os.replace(temporary, path)


def load_checkpoint(path: Path | str, device: str = "cpu") -> dict:
    """-> model (fp32), optimizers (state dicts), step, extra. Raises CheckpointError. Loads data only,
    never code."""
    if not Path(path).exists():
        raise CheckpointError(f"{path} does not exist")
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.testzip():
                raise ValueError("its check sums do not match")
        record = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as problem:  # a file of arbitrary bytes can raise anything in there
        reason = str(problem).partition("\n")[0][:100]
        raise CheckpointError(f"{path} is damaged or no checkpoint ({reason}); "
                              "delete it and train again") from None
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise CheckpointError(f"{path} is not a checkpoint of this project ({FORMAT})")
    try:
        model = Transformer(ModelConfig(**record["config"]))
        weights = record["model"]
        if model.config.tied:
            weights["lm_head.weight"] = weights["embed_tokens.weight"]
        model.load_state_dict(weights)  # from bf16, too
        rest = {key: record[key] for key in ("optimizers", "step", "extra")}
    except (KeyError, TypeError, RuntimeError, ValueError) as problem:
        reason = str(problem).splitlines()[0][:100]
        raise CheckpointError(f"{path} does not fit this version of the model ({reason})") from None
    return {"model": model.to(device), **rest}


if __name__ == "__main__":
    model = Transformer(ModelConfig(Tokenizer().n_vocab))
    print(model.config)
    print(f"{model.n_params():,} parameters, {model.flops_per_token(256):,} FLOPs per token "
          "(forward and backward, T = 256)")
