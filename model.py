"""Who learns? Tokenizer, transformer, sampling with a key/value cache, optimizers, checkpoints.

    python model.py                          # parameters and FLOPs per token of the CPU preset's model
    python model.py --export out/rl.pt model.pt                      # the weights alone, in bf16: small enough to commit
    python tasks.py --texts 6000 | python model.py --learn-vocab     # how vocab.tiktoken was learnt

Axes: B batch rows, T positions, D width, nh heads, nkv key/value heads, hs head size, V vocabulary, M scored positions.

Initialisation
    embed_tokens, lm_head                 normal, std 0.02 (tied: one matrix)
    q, k, v, gate, up                     uniform, std 1/sqrt(fan in)
    o, down (into the residual stream)    zero: every block starts as the identity
    norm gains                            one
"""

from __future__ import annotations

import argparse
import base64
import collections
import copy
import math
import os
import random
import re
import sys
import zipfile
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import tiktoken
import torch
import torch.nn.functional as F
from torch import nn

# ---------------------------------------------------------------------------------------------------------------------------
# Tokenizer. tiktoken cuts text into pieces by a pattern; a piece that is in the ranks is one token, any other is spelled in bytes. So
# the vocabulary is 256 bytes and the most frequent pieces of the texts we generate, and any text at all round-trips.

PIECES = "|".join([
    r"list\(map\(int, input\(\)\.split\(\)\)\)|int\(input\(\)\)|input\(\)|<output>\n|</output>|<error>|```python\n|```",  # idioms
    r", so [a-z ]+\.\n| is (?:true|false)(?=, so)|The loop ends\.\n|No turn is left\.\n|We continue\.\n|[.}]\n",
    r"[0-9]",                           # every digit its own token: arithmetic is done digit by digit
    r"\n *",                            # a line end with the next line's indentation
    r" ?[A-Za-z_]{2,} ?",               # a word with its spaces
    r"[A-Za-z_]",                       # a single letter, bare, so that a variable is the same token wherever it stands
    r" ?[-+*/%=<>!]+ ?",                # an operator with its spaces
    r" ?[\[({] ?|[\])}]+",              # brackets
    r", |: |\. ?|'|\"",                 # punctuation
    r" +",
    r"[^\sA-Za-z0-9_]|\s|.",            # anything else, one character at a time
])
VOCAB = Path(__file__).with_name("vocab.tiktoken")
SPECIALS = ("<|user|>", "<|assistant|>", "<|end|>", "<|pad|>")


class Tokenizer:
    """Text <-> token ids. Raises SystemExit with one line if the vocabulary file is missing or damaged."""

    def __init__(self, path: Path | str = VOCAB):
        try:
            rows = [line.split() for line in Path(path).read_text().splitlines()]
            ranks = {base64.b64decode(token): int(rank) for token, rank in rows}
            if sorted(ranks.values()) != list(range(len(rows))) or len(rows) < 256:
                raise ValueError("ranks are missing")
        except FileNotFoundError:
            sys.exit(f"{path} is missing: restore it from the repository, or learn it (see `python model.py --help`)")
        except ValueError as problem:
            sys.exit(f"{path} is damaged ({problem}): restore it from the repository")
        specials = {name: len(ranks) + k for k, name in enumerate(SPECIALS)}
        self.encoding = tiktoken.Encoding("nano-self-execution", pat_str=PIECES, mergeable_ranks=ranks, special_tokens=specials)
        self.user, self.assistant, self.end, self.pad = specials.values()
        self.n_vocab = len(ranks) + len(SPECIALS)

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


def learn_vocab(text: str, path: Path | str = VOCAB, n_ranks: int = 512) -> None:
    """256 bytes, then the most frequent pieces of the text (ties alphabetically; at least 20 occurrences)."""
    counts = collections.Counter(piece.encode() for piece in re.findall(PIECES, text))
    pieces = [p for p, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if len(p) > 1 and n >= 20]
    tokens = [bytes([b]) for b in range(256)] + pieces[:n_ranks - 256]
    Path(path).write_text("".join(f"{base64.b64encode(t).decode()} {rank}\n" for rank, t in enumerate(tokens)))


# ---------------------------------------------------------------------------------------------------------------------------
# Transformer: pre-norm, RMSNorm, rotary positions, normed queries and keys, grouped-query attention. Names as in Hugging Face's Qwen3.

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


class RMSNorm(nn.Module):
    def __init__(self, size: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))

    def forward(self, x):
        return F.rms_norm(x, x.shape[-1:], self.weight.to(x.dtype))


class Attention(nn.Module):
    def __init__(self, c: ModelConfig):
        super().__init__()
        self.c = c
        self.q_proj = nn.Linear(c.n_embd, c.n_head * c.head_size, bias=c.bias)
        self.k_proj = nn.Linear(c.n_embd, c.n_kv_head * c.head_size, bias=c.bias)
        self.v_proj = nn.Linear(c.n_embd, c.n_kv_head * c.head_size, bias=c.bias)
        self.o_proj = nn.Linear(c.n_head * c.head_size, c.n_embd, bias=c.bias)
        self.q_norm, self.k_norm = RMSNorm(c.head_size), RMSNorm(c.head_size)

    def forward(self, x, rope, mask, cache=None, at=None):
        """x (B, T, D); rope (cos, sin), each (B or 1, T, 1, hs/2); mask (B or 1, T, S), 0 or -inf, None for causal on CUDA. With a cache (k
        and v, each (B, nkv, S_max, hs)) new keys go to position `at` (B, T) of each row and all S are attended to, in the cache's and the
        mask's dtype."""
        B, T, _ = x.shape
        nh, nkv, hs = self.c.n_head, self.c.n_kv_head, self.c.head_size
        parts = (self.q_proj, self.k_proj, self.v_proj)
        bias = torch.cat([p.bias for p in parts]) if self.c.bias else None
        qkv = F.linear(x, torch.cat([p.weight for p in parts]), bias)                        # one matmul instead of three
        q, k, v = qkv.split([nh * hs, nkv * hs, nkv * hs], -1)
        q = rotate(self.q_norm(q.view(B, T, nh, hs)), rope)                                  # (B, T, nh, hs)
        k = rotate(self.k_norm(k.view(B, T, nkv, hs)), rope).transpose(1, 2)                 # (B, nkv, T, hs)
        v = v.view(B, T, nkv, hs).transpose(1, 2)
        if cache is not None:
            S = mask.shape[-1]
            rows = torch.arange(B, device=x.device)[:, None]
            cache[0][rows, :, at] = k.transpose(1, 2).to(mask.dtype)                          # in place
            cache[1][rows, :, at] = v.transpose(1, 2).to(mask.dtype)
            q, k, v = q.to(mask.dtype), cache[0][:, :, :S], cache[1][:, :, :S]
        g = nh // nkv                                                                        # query heads per key/value head
        if mask is None:
            y = F.scaled_dot_product_attention(q.transpose(1, 2), k, v, is_causal=True, enable_gqa=True).transpose(1, 2)
        else:
            # The g heads of a group are rows of one matmul against their shared keys; on CPUs this beats
            # scaled_dot_product_attention (fwd + bwd, bf16, B=16, T=192: 23.7k against 19.5k tokens/s for the whole model).
            q = q.view(B, T, nkv, g, hs).transpose(1, 2).reshape(B, nkv, T * g, hs)
            scores = (q @ k.transpose(-1, -2)).view(B, nkv, T, g, -1) * hs**-0.5 + mask[:, None, :, None]
            y = scores.softmax(-1).to(v.dtype).view(B, nkv, T * g, -1) @ v                   # (B, nkv, T g, hs)
            y = y.view(B, nkv, T, g, hs).transpose(1, 2).to(x.dtype)
        return self.o_proj(y.reshape(B, T, nh * hs))


def rotate(x, rope):
    cos, sin = rope
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


class MLP(nn.Module):
    def __init__(self, c: ModelConfig):
        super().__init__()
        hidden = 4 * c.n_embd if c.mlp == "relu2" else 8 * c.n_embd // 3 // 8 * 8
        if c.mlp == "swiglu":
            self.gate_proj = nn.Linear(c.n_embd, hidden, bias=c.bias)
        self.up_proj = nn.Linear(c.n_embd, hidden, bias=c.bias)
        self.down_proj = nn.Linear(hidden, c.n_embd, bias=c.bias)
        self.relu2 = c.mlp == "relu2"

    def forward(self, x):
        return self.down_proj(F.relu(self.up_proj(x)).square() if self.relu2 else F.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    def __init__(self, c: ModelConfig):
        super().__init__()
        self.input_layernorm, self.post_attention_layernorm = RMSNorm(c.n_embd), RMSNorm(c.n_embd)
        self.self_attn, self.mlp = Attention(c), MLP(c)

    def forward(self, x, rope, mask, cache=None, at=None):
        x = x + self.self_attn(self.input_layernorm(x), rope, mask, cache, at)
        return x + self.mlp(self.post_attention_layernorm(x))


class Transformer(nn.Module):
    def __init__(self, config: ModelConfig):
        super().__init__()
        c = self.config = config
        if c.n_embd % c.n_head or c.n_head % c.n_kv_head or c.mlp not in ("relu2", "swiglu"):
            raise ValueError(f"impossible model: n_embd must be a multiple of n_head, n_head of n_kv_head, mlp relu2 or swiglu; got {c}")
        self.embed_tokens = nn.Embedding(c.n_vocab, c.n_embd)
        self.layers = nn.ModuleList(Block(c) for _ in range(c.n_layer))
        self.norm = RMSNorm(c.n_embd)
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
        angles = torch.arange(c.n_ctx)[:, None] * c.rope_theta ** (-torch.arange(0, c.head_size, 2) / c.head_size)  # (n_ctx, hs/2)
        self.block = Block.__call__  # in training perhaps compiled, see compile_training
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def hidden(self, ids, at=None, mask=None, caches=None, block=Block.__call__):
        """ids (B, T) -> (B, T, D). at (B, T): positions (default 0..T-1); mask (B or 1, T, S); caches: one (k, v) per layer."""
        T = ids.shape[1]
        if at is None:
            if T > self.config.n_ctx:
                raise ValueError(f"sequence of {T} tokens, but the model's n_ctx is {self.config.n_ctx}")
            rope = (self.cos[None, :T, None], self.sin[None, :T, None])
            if ids.device.type != "cuda":
                mask = torch.full((1, T, T), -torch.inf, device=ids.device).triu(1)
        else:
            rope = (self.cos[at][:, :, None], self.sin[at][:, :, None])
        x = self.embed_tokens(ids)
        if torch.is_autocast_enabled(ids.device.type):  # the residual stream too: half the memory traffic of the elementwise steps
            dtype = torch.get_autocast_dtype(ids.device.type)
            x, mask = x.to(dtype), None if mask is None else mask.to(dtype)
        rope = tuple(r.to(x.dtype) for r in rope)
        for k, layer in enumerate(self.layers):
            x = block(layer, x, rope, mask, caches[k] if caches else None, at)
        return self.norm(x)

    def forward(self, ids):
        """ids (B, T) -> logits (B, T, V)."""
        return self.lm_head(self.hidden(ids))

    def logprobs(self, ids, mask):
        """log p(ids[b, t] | ids[b, :t]) wherever mask[b, t] and t >= 1, row by row: ids (B, T), mask (B, T) bool -> (M,).
        The output matrix is applied at those positions only. Both from the CPU: a mask on a GPU would have to be waited for."""
        targets, T = ids[:, 1:][mask[:, 1:]], ids.shape[1] - 1                                         # (M,)
        # The libraries prepare their products for each shape anew: with few shapes, a quarter less time on CPUs.
        more = (0, min(padded(T) - T, max(0, self.config.n_ctx - T)))
        ids, at = F.pad(ids[:, :-1], more), F.pad(mask[:, 1:], more).flatten().nonzero()[:, 0]
        at = F.pad(at, (0, -len(at) % 256))                                                            # (M or more,)
        block = self.block if len(ids) > 1 else Block.__call__  # for a single row it would be compiled anew
        ids, at, targets = (send(t, self.cos.device) for t in (ids, at, targets))
        hidden = self.hidden(ids, block=block).flatten(0, 1).index_select(0, at)         # (M or more, D)
        return -F.cross_entropy(self.lm_head(hidden)[:len(targets)].float(), targets, reduction="none")

    def compile_training(self) -> str:
        """Let torch.compile fuse the blocks of the pass that logprobs runs (one for all layers; tests/bench.py says what it gains). Takes
        ten to twenty seconds once, and a C++ compiler or Triton; where it fails the model stays as it is. -> what was done, in words."""
        self.block = torch.compile(Block.forward, dynamic=True)
        ids = torch.zeros(67, min(113, self.config.n_ctx + 1), dtype=torch.long)  # sizes like no other: equal ones would be tied
        try:
            with autocast(self.cos.device.type):
                self.logprobs(ids, torch.ones_like(ids, dtype=torch.bool)).sum().backward()
            said = "compiled"
        except Exception as problem:  # no compiler, no Triton, an unsupported platform: each raises something else
            self.block, said = Block.__call__, f"not compiled ({type(problem).__name__})"
        self.zero_grad(set_to_none=True)
        return said

    def n_params(self) -> int:
        return sum(p.numel() for p in self.parameters())

    def flops_per_token(self, T: int) -> int:
        """Forward and backward: 6 per matrix parameter, 12 D T / 2 per layer for attention over T/2 positions on average (causal)."""
        matrices = sum(p.numel() for name, p in self.named_parameters() if p.ndim == 2 and "embed_tokens" not in name)
        matrices += self.config.n_vocab * self.config.n_embd if self.config.tied else 0
        return 6 * matrices + 6 * self.config.n_layer * self.config.n_embd * T


def padded(T: int) -> int:
    """The positions that T positions are trained with: the next multiple of 16."""
    return -(-T // 16) * 16


def cut_batches(lengths, batch_tokens: int) -> list[np.ndarray]:
    """Row numbers of each batch, longest rows first: as many rows as go into batch_tokens, padding included (a longer row goes alone).
    So all batches of rows about as long have one shape."""
    order, batches = np.argsort(-np.asarray(lengths), kind="stable"), []
    while len(order):
        rows = max(1, batch_tokens // padded(lengths[order[0]] - 1))
        batches.append(order[:rows])
        order = order[rows:]
    return batches


def collate(rows: list, pad: int) -> torch.Tensor:
    """Tokens of each row, lists or arrays -> (B, T), padded on the right. Causal attention never looks right, so padding changes nothing
    before it."""
    ids = np.full((len(rows), max(map(len, rows))), pad, dtype=np.int64)
    for k, row in enumerate(rows):
        ids[k, :len(row)] = row
    return torch.from_numpy(ids)


def send(t: torch.Tensor, device: torch.device) -> torch.Tensor:
    """To the device; a GPU goes on with what it is doing meanwhile."""
    return t.pin_memory().to(device, non_blocking=True) if device.type == "cuda" and not t.is_cuda else t.to(device)


# ---------------------------------------------------------------------------------------------------------------------------
# Sampling.

@dataclass
class Rollout:
    tokens: list[int]        # sampled tokens, the end token included if it was reached
    logprobs: list[float]    # of each token under the distribution it was sampled from (greedy: the untempered one)
    finished: bool           # the end token was reached


last_graph = None  # the memory that a captured graph worked in passes on to the next


@torch.inference_mode()
def generate(model: Transformer, prompts: list[list[int]], max_new_tokens: int, group: int = 1, seed: int = 0, *, end: int,
             temperature: float = 1.0, batch_rows: int = 256, dtype: torch.dtype | None = None) -> list[list[Rollout]]:
    """`group` continuations of every prompt. temperature 0 is greedy. dtype: of weights and activations (default: bf16 where it is fast;
    logits are fp32, and so are attention and its cache on CPUs).

    Prompts of like length are worked on together, up to batch_rows rows at once. Each prompt is read once and its cache copied to
    its group; keys and values are written in place; rows that have ended leave the batch. Raises ValueError for a prompt that leaves no
    room in n_ctx."""
    device, c = model.cos.device, model.config
    for k, prompt in enumerate(prompts):
        if not 0 < len(prompt) < c.n_ctx:
            raise ValueError(f"prompt {k} has {len(prompt)} tokens; the model takes 1 to {c.n_ctx - 1}")
    generator = torch.Generator(device=device).manual_seed(seed)
    results: list[list[Rollout]] = [[] for _ in prompts]
    order = sorted(range(len(prompts)), key=lambda k: len(prompts[k]))
    step = max(1, batch_rows // group)
    model = copy.deepcopy(model).to(dtype or fast_dtype(device.type))
    for start in range(0, len(order), step):
        chosen = order[start:start + step]
        for k, rollout in _sample(model, [prompts[k] for k in chosen], group, max_new_tokens, end, temperature, generator):
            results[chosen[k]].append(rollout)
    return results


def _sample(model, prompts, group, max_new_tokens, end, temperature, generator):
    """One batch of `generate` -> (prompt number, Rollout) pairs, in order."""
    device, c = model.cos.device, model.config
    lengths = torch.tensor([len(p) for p in prompts], device=device)
    T = int(lengths.max())
    ids = collate(prompts, 0).to(device)                                                     # (B, T)
    B, room = len(prompts), min(c.n_ctx, T + max_new_tokens)
    dtype = model.embed_tokens.weight.dtype if device.type == "cuda" else torch.float32  # of attention: on CPUs bf16 is slower there
    caches = [tuple(torch.zeros(B, c.n_kv_head, room, c.head_size, device=device, dtype=dtype) for _ in "kv") for _ in range(c.n_layer)]
    at = torch.arange(T, device=device)[None]                                                # (1, T)
    causal = torch.full((1, T, T), -torch.inf, device=device, dtype=dtype).triu(1)
    last = []                                                                                # each prompt's last position
    for start in range(0, B, 64):  # in parts: the attention scores of whole prompts are large
        part = slice(start, start + 64)
        hidden = model.hidden(ids[part], at.expand(ids[part].shape), causal, [tuple(t[part] for t in pair) for pair in caches])
        last.append(hidden[torch.arange(len(hidden), device=device), lengths[part] - 1])
    head = model.lm_head.weight.float()  # logits in fp32: rounded to bf16 they would tie
    logits = F.linear(torch.cat(last).float(), head)                                         # (B, V)
    if group > 1:
        logits, lengths = logits.repeat_interleave(group, 0), lengths.repeat_interleave(group)
        caches = [tuple(t.repeat_interleave(group, 0) for t in pair) for pair in caches]
    tokens = torch.full((B * group, max_new_tokens), end, device=device)
    logprobs = torch.zeros(B * group, max_new_tokens, device=device)
    alive, position = torch.arange(B * group, device=device), lengths.clone()                # row numbers still in the batch
    over = torch.zeros_like(alive, dtype=torch.bool)
    span = torch.arange(room, device=device)

    def draw(logits, uniform):
        """(rows, V), (rows, 1) -> token (rows,), its log probability (rows,)."""
        logps = (logits / (temperature or 1)).log_softmax(-1)
        if temperature:  # the first token at which the cumulative distribution exceeds a uniform number
            cdf = logps.exp().cumsum(-1)
            token = torch.searchsorted(cdf, uniform * cdf[:, -1:], right=True)[:, 0].clamp(max=c.n_vocab - 1)
        else:
            token = logps.argmax(-1)
        return token, logps.gather(1, token[:, None])[:, 0]

    def advance(S):
        """Every row's next token, in place. S: the longest row so far, or more."""
        at = position.clamp(max=room - 1)[:, None]                                           # (rows, 1)
        mask = torch.zeros(len(at), S, device=device, dtype=dtype).masked_fill_(span[:S] > at, -torch.inf)[:, None]
        drawn = draw(F.linear(model.hidden(token[:, None], at, mask, caches)[:, 0].float(), head), uniform)
        for old, new in zip((token, logp), drawn):
            old.copy_(new)
        position.add_(1)

    uniform = torch.rand(B * group, 1, device=device, generator=generator)
    token, logp = draw(logits, uniform)
    global last_graph
    graph, shape, cuda = None, None, device.type == "cuda"
    for turn in range(max_new_tokens):
        tokens[alive, turn], logprobs[alive, turn] = token, logp
        over = over | (token == end) | (position >= room)
        if turn + 1 == max_new_tokens:
            break
        if not cuda or turn % 8 == 7:  # looking costs a wait on a GPU
            stay = (~over).nonzero()[:, 0]
            if len(stay) == 0:
                break
            if len(stay) <= len(over) * (4 if cuda else 7) // 8:  # leaving means copying the cache: until enough have ended they idle
                alive, token, logp, position, over, uniform = (t[stay] for t in (alive, token, logp, position, over, uniform))
                caches = [tuple(t[stay] for t in pair) for pair in caches]
        S = min(room, -(-(T + turn + 1) // 128) * 128 if cuda else T + turn + 1)
        uniform.uniform_(generator=generator)
        if not cuda or shape != (len(token), S):
            advance(S)
            graph, shape = None, (len(token), S)
            continue
        if graph is None:  # a shape's second turn is captured: later ones launch its hundreds of kernels as one
            graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                graph.capture_begin(*[last_graph.pool()] if last_graph else [])
                advance(S)
                graph.capture_end()
            torch.cuda.current_stream().wait_stream(stream)
            last_graph = graph
        graph.replay()
    tokens, logprobs = tokens.tolist(), logprobs.tolist()
    for row in range(B * group):
        n = min(max_new_tokens, room - len(prompts[row // group]) + 1)
        sampled = tokens[row][:n]
        finished = end in sampled
        n = sampled.index(end) + 1 if finished else n
        yield row // group, Rollout(sampled[:n], logprobs[row][:n], finished)


# ---------------------------------------------------------------------------------------------------------------------------
# Devices and optimizers.

torch.backends.cuda.enable_cudnn_sdp(False)  # its attention makes a plan for every new shape, 0.1 s each; batches hardly ever repeat one


def pick_device() -> str:
    return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"


def fast_dtype(device: str) -> torch.dtype:
    """bf16 where the hardware is fast at it: CUDA, and CPUs with bf16 instructions (without them it would be slower)."""
    fast = device == "cuda" or (device == "cpu" and getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)())
    return torch.bfloat16 if fast else torch.float32


def autocast(device: str):
    return torch.autocast(device, torch.bfloat16) if fast_dtype(device) == torch.bfloat16 else nullcontext()


def make_optimizers(model: Transformer, muon_lr: float, adam_lr: float) -> list[torch.optim.Optimizer]:
    """Muon (Jordan et al. 2024) for the layers' matrices, AdamW for embeddings, output and gains. Each group keeps its rate in "base_lr",
    which a schedule multiplies. Three Newton-Schulz steps instead of five: two fifths off Muon's time (12 of 52 ms a step on one core)
    for the same validation loss (7.8 against 8.3 nats an example after 1,500 steps, one seed each)."""
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and name.startswith("layers.")]
    known = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if id(p) not in known]
    optimizers = [torch.optim.Muon(matrices, lr=muon_lr, weight_decay=0, momentum=0.95, ns_steps=3),
                  torch.optim.AdamW(rest, lr=adam_lr, betas=(0.9, 0.98), weight_decay=0, fused=model.cos.device.type != "mps")]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["base_lr"] = group["lr"]
    return optimizers


# ---------------------------------------------------------------------------------------------------------------------------
# Checkpoints.

FORMAT = "nano-self-execution/1"


class CheckpointError(Exception):
    """The file cannot be used; the message says why and what to do."""


def save_checkpoint(path: Path | str, model: Transformer, optimizers=(), step: int = 0, extra: dict | None = None, dtype=None) -> None:
    """Write weights, optimizers, step, `extra` (plain values) and the states of every random generator, whole or not at all."""
    weights = {k: v.detach().to("cpu", dtype) for k, v in model.state_dict().items() if not (model.config.tied and k == "lm_head.weight")}
    record = {"format": FORMAT, "config": asdict(model.config), "model": weights, "optimizers": [o.state_dict() for o in optimizers],
              "step": step, "extra": extra or {},
              "rng": {"python": random.getstate(), "torch": torch.get_rng_state()}}
    temporary = Path(f"{path}.tmp")
    torch.save(record, temporary)
    os.replace(temporary, path)


def export(path: Path | str, model: Transformer) -> None:
    """The weights alone, in bf16: small enough to commit."""
    save_checkpoint(path, model, dtype=torch.bfloat16)


def load_checkpoint(path: Path | str, device: str = "cpu") -> dict:
    """-> model (fp32), optimizers (state dicts), step, extra, rng. Raises CheckpointError. Loads data only, never code."""
    if not Path(path).exists():
        raise CheckpointError(f"{path} does not exist")
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.testzip():
                raise ValueError("its check sums do not match")
        record = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as problem:  # a file of arbitrary bytes can raise anything in there
        reason = str(problem).partition("\n")[0][:100]
        raise CheckpointError(f"{path} is damaged or no checkpoint ({reason}); delete it and train again") from None
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise CheckpointError(f"{path} is not a checkpoint of this project ({FORMAT})")
    try:
        model = Transformer(ModelConfig(**record["config"]))
        weights = {k: v.float() for k, v in record["model"].items()}
        if model.config.tied:
            weights["lm_head.weight"] = weights["embed_tokens.weight"]
        model.load_state_dict(weights)
        rest = {key: record[key] for key in ("optimizers", "step", "extra", "rng")}
    except (KeyError, TypeError, RuntimeError, ValueError) as problem:
        raise CheckpointError(f"{path} does not fit this version of the model ({str(problem).splitlines()[0][:100]})") from None
    return {"model": model.to(device), **rest}


def restore_rng(checkpoint: dict) -> None:
    """Put Python's and torch's random generators back to where the checkpoint was saved."""
    random.setstate(checkpoint["rng"]["python"])
    torch.set_rng_state(checkpoint["rng"]["torch"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("--learn-vocab", action="store_true", help="learn vocab.tiktoken from the text on stdin")
    parser.add_argument("--export", nargs=2, metavar=("FROM", "TO"), help="write a checkpoint's weights alone, in bf16")
    args = parser.parse_args()
    if args.export:
        try:
            export(args.export[1], load_checkpoint(args.export[0])["model"])
        except CheckpointError as problem:
            sys.exit(f"model.py: {problem}")
        sys.exit()
    if args.learn_vocab:
        learn_vocab(sys.stdin.read(), VOCAB)
    model = Transformer(ModelConfig(Tokenizer().n_vocab))
    print(model.config)
    print(f"{model.n_params():,} parameters, {model.flops_per_token(256):,} FLOPs per token (forward and backward, T = 256)")
