"""May be skipped: model.py's `logprobs` and `generate` with the same answers, some 30 times faster.

    from fast import generate, logprobs        # what sft.py, rl.py and eval.py do

What makes it fast: queries, keys and values from one product; on CPUs attention as plain products; bf16
where the hardware is fast at it (logits stay fp32); few shapes, by padding, and compiled blocks in
training; in sampling a cache of keys and values, rows that have ended leaving the batch, and on a GPU
hundreds of kernels launched as one (CUDA graphs). Letters for axes as in model.py; R rows in sampling.
"""

from __future__ import annotations

import copy
from contextlib import nullcontext
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch
import torch.nn.functional as F

from model import Rollout, Transformer, check_prompts, collate, rotate

BATCH_ROWS = {"cpu": 256, "mps": 256, "cuda": 2048}  # sampled at once
torch.backends.cuda.enable_cudnn_sdp(False)  # it makes a plan for every new shape, 0.1 s each


def fast_dtype(device: str) -> torch.dtype:
    """bf16 on CUDA and on CPUs with bf16 instructions (without them it would be slower)."""
    if device == "cuda" or device == "cpu" and torch.cpu._is_avx512_bf16_supported():
        return torch.bfloat16
    return torch.float32


# --------------------------------------------------------------------------------------------------
# The pass through the model, over the same parameters.

def normed(norm, x):
    """In the dtype of x, also under autocast."""
    return F.rms_norm(x, x.shape[-1:], norm.weight.to(x.dtype))


def attention(layer, x, rope, mask, cache=None, at=None):
    """x (B, T, D); rope: cos and sin, each (B or 1, T, 1, hs/2); mask (B or 1, T, S) of 0 and -inf, None
    for causal by a GPU's own kernel. With a cache (2, B, nkv, room, hs) new keys and values are written to
    each row's positions `at` (B, T), and the first S of all are attended to in the cache's dtype."""
    B, T, _ = x.shape
    c = layer.c
    nh, nkv, hs = c.n_head, c.n_kv_head, c.head_size
    parts = (layer.q_proj, layer.k_proj, layer.v_proj)
    weight = torch.cat([p.weight for p in parts])
    bias = torch.cat([p.bias for p in parts]) if c.bias else None
    q, k, v = F.linear(x, weight, bias).split([nh * hs, nkv * hs, nkv * hs], -1)
    q = rotate(normed(layer.q_norm, q.view(B, T, nh, hs)), rope)                        # (B, T, nh, hs)
    k = rotate(normed(layer.k_norm, k.view(B, T, nkv, hs)), rope)
    v = v.view(B, T, nkv, hs)
    if cache is None:
        k, v = k.transpose(1, 2), v.transpose(1, 2)                                     # (B, nkv, T, hs)
    else:
        rows = torch.arange(B, device=x.device)[:, None]
        cache[0][rows, :, at] = k.to(cache.dtype)
        cache[1][rows, :, at] = v.to(cache.dtype)
        q, (k, v) = q.to(cache.dtype), cache[:, :, :, :mask.shape[-1]]                  # (B, nkv, S, hs)
    if mask is None:
        q = q.transpose(1, 2)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True).transpose(1, 2)
    else:
        # The g heads of a group are rows of one product with their shared keys. On CPUs this beats
        # scaled_dot_product_attention (training, bf16, B=16, T=192: 23.7k against 19.5k tokens/s).
        g = nh // nkv
        q = q.view(B, T, nkv, g, hs).transpose(1, 2).reshape(B, nkv, T * g, hs)
        scores = (q @ k.transpose(-1, -2)).view(B, nkv, T, g, -1) * hs**-0.5 + mask[:, None, :, None]
        y = scores.softmax(-1).to(v.dtype).view(B, nkv, T * g, -1) @ v                  # (B, nkv, T g, hs)
        y = y.view(B, nkv, T, g, hs).transpose(1, 2).to(x.dtype)
    return layer.o_proj(y.reshape(B, T, nh * hs))


def block(layer, x, rope, mask, cache=None, at=None):
    x = x + attention(layer.self_attn, normed(layer.input_layernorm, x), rope, mask, cache, at)
    return x + layer.mlp(normed(layer.post_attention_layernorm, x))


def causal_mask(T: int, device, dtype) -> torch.Tensor:
    return torch.full((1, T, T), -torch.inf, device=device, dtype=dtype).triu(1)


# --------------------------------------------------------------------------------------------------
# Training.

compiled: WeakKeyDictionary = WeakKeyDictionary()  # model -> `block`, compiled


def padded(T: int) -> int:
    """The positions that T positions are trained with: the next multiple of 16."""
    return -(-T // 16) * 16


def cut_batches(lengths, batch_tokens: int) -> list[np.ndarray]:
    """Row numbers of each batch, longest rows first: as many rows as go into batch_tokens, padding
    included (a longer row goes alone). So all batches of rows about as long have one shape."""
    order, batches = np.argsort(-np.asarray(lengths), kind="stable"), []
    while len(order):
        rows = max(1, batch_tokens // padded(lengths[order[0]] - 1))
        batches.append(order[:rows])
        order = order[rows:]
    return batches


def send(t: torch.Tensor, device: torch.device) -> torch.Tensor:
    """To the device; a GPU goes on with what it is doing meanwhile."""
    if device.type == "cuda" and not t.is_cuda:
        return t.pin_memory().to(device, non_blocking=True)
    return t.to(device)


def logprobs(model: Transformer, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """As model.logprobs, in bf16 where that is fast -> (M,) fp32. The output matrix is applied where the
    mask is. ids and mask on the CPU: a mask on a GPU would have to be waited for."""
    device, n_ctx = model.cos.device, model.config.n_ctx
    dtype = fast_dtype(device.type)
    targets, T = ids[:, 1:][mask[:, 1:]], ids.shape[1] - 1                              # (M,)
    if T > n_ctx:
        raise ValueError(f"sequence of {T} tokens; the model's n_ctx is {n_ctx}")
    # Libraries prepare their products for each shape anew: few shapes, a quarter less time on CPUs.
    more = (0, min(padded(T), n_ctx) - T)
    ids, mask = F.pad(ids[:, :-1], more), F.pad(mask[:, 1:], more)
    at = mask.flatten().nonzero()[:, 0]
    at = F.pad(at, (0, -len(at) % 256))                                                 # (M or more,)
    ids, at, targets = send(ids, device), send(at, device), send(targets, device)
    T = ids.shape[1]
    rope = (model.cos[None, :T, None].to(dtype), model.sin[None, :T, None].to(dtype))
    causal = None if device.type == "cuda" else causal_mask(T, device, dtype)
    step = compiled.get(model, block) if len(ids) > 1 else block  # a single row would be compiled anew
    low = dtype == torch.bfloat16
    with torch.autocast(device.type, dtype) if low else nullcontext():
        x = model.embed_tokens(ids).to(dtype)
        for layer in model.layers:
            x = step(layer, x, rope, causal)
        x = normed(model.norm, x).flatten(0, 1).index_select(0, at)                     # (M or more, D)
        logits = model.lm_head(x)[:len(targets)].float()                                # (M, V)
        return -F.cross_entropy(logits, targets, reduction="none")


def compile_training(model: Transformer) -> str:
    """Let torch.compile fuse the blocks that logprobs runs (one for all layers; lab/bench.py says what it
    gains). Takes ten to twenty seconds once, and a C++ compiler or Triton; where it fails the model stays
    as it is. -> what was done, in words."""
    compiled[model] = torch.compile(block, dynamic=True)
    T = min(113, model.config.n_ctx + 1)
    ids = torch.zeros(67, T, dtype=torch.long)  # sizes like no other: equal ones would be tied
    said = "compiled"
    try:
        logprobs(model, ids, torch.ones_like(ids, dtype=torch.bool)).sum().backward()
    except Exception as problem:  # no compiler, no Triton, an unsupported platform: all differ
        del compiled[model]
        said = f"not compiled ({type(problem).__name__})"
    model.zero_grad()
    return said


# --------------------------------------------------------------------------------------------------
# Sampling.

@dataclass
class Rows:
    """The rows that are still sampled, one entry of each tensor a row."""
    number: torch.Tensor       # (R,) where in the batch the row began
    token: torch.Tensor        # (R,) the last one drawn
    logprob: torch.Tensor      # (R,) of it
    position: torch.Tensor     # (R,) where it stands
    over: torch.Tensor         # (R,) bool: it ended the row
    uniform: torch.Tensor      # (R, 1) what the next one is drawn by
    cache: torch.Tensor        # (layers, 2, R, nkv, room, hs) keys and values so far

    def keep(self, stay: torch.Tensor) -> None:
        self.number, self.token, self.logprob = self.number[stay], self.token[stay], self.logprob[stay]
        self.position, self.over = self.position[stay], self.over[stay]
        self.uniform, self.cache = self.uniform[stay], self.cache[:, :, stay]


class Batch:
    """Prompts continued together: read, then once a token retire and advance."""
    last_graph = None  # the memory that a captured graph worked in passes on to the next

    def __init__(self, model, prompts, group, room, temperature, generator):
        self.model, self.room, self.temperature, self.generator = model, room, temperature, generator
        self.device = model.cos.device
        self.cuda = self.device.type == "cuda"
        weight = model.embed_tokens.weight.dtype
        self.dtype = weight if self.cuda else torch.float32  # of attention: on CPUs bf16 is slower there
        self.head = model.lm_head.weight.float()  # logits in fp32: rounded to bf16 they would tie
        self.span = torch.arange(room, device=self.device)
        self.graph, self.shape = None, None
        self.read(prompts, group)

    def hidden(self, ids, at, mask, cache):
        """ids, at (R, T), mask (R or 1, T, S), cache as in Rows -> (R, T, D)."""
        x = self.model.embed_tokens(ids)
        cos, sin = self.model.cos[at][:, :, None].to(x.dtype), self.model.sin[at][:, :, None].to(x.dtype)
        for k, layer in enumerate(self.model.layers):
            x = block(layer, x, (cos, sin), mask, cache[k], at)
        return normed(self.model.norm, x)

    def read(self, prompts, group) -> None:
        """Each prompt once, its cache copied to its group; then the first token of every row."""
        c, device = self.model.config, self.device
        ids = collate(prompts, 0).to(device)                                            # (B, T)
        B, T = ids.shape
        lengths = torch.tensor([len(prompt) for prompt in prompts], device=device)
        cache = torch.zeros(c.n_layer, 2, B, c.n_kv_head, self.room, c.head_size,
                            device=device, dtype=self.dtype)
        mask, last = causal_mask(T, device, self.dtype), []
        for start in range(0, B, 64):  # in parts: the attention scores of whole prompts are large
            part = slice(start, start + 64)
            at = self.span[:T].expand(ids[part].shape)
            x = self.hidden(ids[part], at, mask, cache[:, :, part])                     # (64, T, D)
            last.append(x[torch.arange(len(x), device=device), lengths[part] - 1])
        logits = F.linear(torch.cat(last).float(), self.head)                           # (B, V)
        number = torch.arange(B * group, device=device)
        uniform = torch.rand(B * group, 1, device=device, generator=self.generator)
        token, logprob = self.draw(logits.repeat_interleave(group, 0), uniform)
        self.rows = Rows(number, token, logprob, lengths.repeat_interleave(group),
                         torch.zeros_like(number, dtype=torch.bool), uniform,
                         cache.repeat_interleave(group, 2) if group > 1 else cache)

    def draw(self, logits, uniform):
        """(R, V), (R, 1) -> token (R,), its log probability (R,)."""
        logps = (logits / (self.temperature or 1)).log_softmax(-1)
        if self.temperature:  # the first at which the cumulative distribution exceeds the uniform number
            cdf = logps.exp().cumsum(-1)
            token = torch.searchsorted(cdf, uniform * cdf[:, -1:], right=True)[:, 0]
            token = token.clamp(max=logits.shape[1] - 1)
        else:
            token = logps.argmax(-1)
        return token, logps.gather(1, token[:, None])[:, 0]

    def retire(self) -> bool:
        """Rows that are over leave the batch -> are others left? Leaving means copying the cache, so
        they idle until enough have ended."""
        stay = (~self.rows.over).nonzero()[:, 0]
        if 0 < len(stay) <= len(self.rows.over) * (4 if self.cuda else 7) // 8:
            self.rows.keep(stay)
        return len(stay) > 0

    def advance(self, S: int) -> None:
        """Every row's next token. S: the longest row so far, or more. On a GPU a shape's second turn is
        captured, and later ones launch its hundreds of kernels as one."""
        self.rows.uniform.uniform_(generator=self.generator)
        shape = (len(self.rows.token), S)
        if not self.cuda or shape != self.shape:
            self.step(S)
            self.graph, self.shape = None, shape
            return
        if self.graph is None:
            self.graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                self.graph.capture_begin(*[Batch.last_graph.pool()] if Batch.last_graph else [])
                self.step(S)
                self.graph.capture_end()
            torch.cuda.current_stream().wait_stream(stream)
            Batch.last_graph = self.graph
        self.graph.replay()

    def step(self, S: int) -> None:
        """The work of `advance`, in place."""
        rows = self.rows
        at = rows.position.clamp(max=self.room - 1)[:, None]                            # (R, 1)
        mask = torch.zeros(len(at), S, device=self.device, dtype=self.dtype)
        mask = mask.masked_fill_(self.span[:S] > at, -torch.inf)[:, None]               # (R, 1, S)
        x = self.hidden(rows.token[:, None], at, mask, rows.cache)                      # (R, 1, D)
        token, logprob = self.draw(F.linear(x[:, 0].float(), self.head), rows.uniform)
        rows.token.copy_(token)
        rows.logprob.copy_(logprob)
        rows.position.add_(1)

    def run(self, longest: int, max_new_tokens: int, end: int):
        """-> tokens, log probabilities (all rows, max_new_tokens); what follows a row's end is no part
        of it. longest: the longest prompt's tokens."""
        count = len(self.rows.token)
        tokens = torch.full((count, max_new_tokens), end, device=self.device)
        logps = torch.zeros(count, max_new_tokens, device=self.device)
        for turn in range(max_new_tokens):
            rows = self.rows
            tokens[rows.number, turn], logps[rows.number, turn] = rows.token, rows.logprob
            rows.over |= (rows.token == end) | (rows.position >= self.room)
            look = not self.cuda or turn % 8 == 7  # looking costs a wait on a GPU
            if turn + 1 == max_new_tokens or look and not self.retire():
                break
            S = longest + turn + 1
            self.advance(min(self.room, -(-S // 128) * 128 if self.cuda else S))
        return tokens.tolist(), logps.tolist()


@torch.inference_mode()
def generate(model: Transformer, prompts: list[list[int]], max_new_tokens: int, group: int = 1,
             seed: int = 0, *, end: int, temperature: float = 1.0) -> list[list[Rollout]]:
    """As model.generate. Prompts of like length are worked on together; the weights in bf16 where that
    is fast, logits in fp32, on CPUs attention and its cache, too."""
    device, n_ctx = model.cos.device, model.config.n_ctx
    check_prompts(prompts, n_ctx)
    generator = torch.Generator(device).manual_seed(seed)
    model = copy.deepcopy(model).to(fast_dtype(device.type))
    results: list[list[Rollout]] = [[] for _ in prompts]
    order = sorted(range(len(prompts)), key=lambda k: len(prompts[k]))
    at_once = max(1, BATCH_ROWS[device.type] // group)
    for start in range(0, len(order), at_once):
        chosen = order[start:start + at_once]
        longest = len(prompts[chosen[-1]])
        room = min(n_ctx, longest + max_new_tokens)
        batch = Batch(model, [prompts[k] for k in chosen], group, room, temperature, generator)
        tokens, logps = batch.run(longest, max_new_tokens, end)
        for row in range(len(tokens)):
            k = chosen[row // group]
            n = min(max_new_tokens, room - len(prompts[k]) + 1)
            sampled = tokens[row][:n]
            finished = end in sampled
            if finished:
                n = sampled.index(end) + 1
            results[k].append(Rollout(sampled[:n], logps[row][:n], finished))
    return results
