"""May be skipped: model.py's `logprobs`, `generate`, `make_optimizers`, the same in fp32, faster.

    from fast import generate, logprobs, make_optimizers        # what sft.py, rl.py, eval.py do

How: queries, keys and values from one product; on CPUs attention as plain products; bf16 where the
hardware is fast at it (logits stay fp32); in training few shapes, compiled blocks and Muon's step
for all matrices of one shape together; in sampling a cache of keys and values, few operations a
token, rows that leave once they have ended, and on a GPU hundreds of kernels launched as one (CUDA
graphs). Letters for axes as in model.py; R: rows still being sampled.
"""

import copy
import ctypes
from collections import defaultdict
from functools import partial
from weakref import WeakKeyDictionary

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import model as plain
from model import TAPS, Rollout, collate, rotate

STACKED = 2**24  # weights in one of Muon's products; its copies take some 200 MB
BATCH_ROWS = 2048 if torch.cuda.is_available() else 256  # sampled at once
libc = ctypes.CDLL(None)
if hasattr(libc, "mallopt"):  # glibc keeps what is freed (below 32 MiB), not to map it anew
    libc.mallopt(-1, 2**30)   # M_TRIM_THRESHOLD
    libc.mallopt(-3, 2**25)   # M_MMAP_THRESHOLD
torch.backends.cuda.enable_cudnn_sdp(False)  # it makes a plan for every new shape, 0.1 s each


def fast_dtype(device):
    """bf16 on CUDA and on CPUs with bf16 instructions (without them it would be slower)."""
    low = device.type == "cuda" or device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if low else torch.float32


# --------------------------------------------------------------------------------------------------
# The way through the layers, with model.py's parameters.

def normed(norm, x):
    if isinstance(norm, nn.Identity):
        return x
    weight = norm.weight.to(x.dtype)  # in bf16 under autocast, too
    return F.rms_norm(x, x.shape[-1:], weight, norm.eps)


def attend(q, k, v, mask):
    """q (B, nkv, T, g, hs); k, v (B, nkv, S, hs); mask (1, 1, T g, S) -> as q"""
    scores = q.flatten(2, 3) @ k.transpose(-1, -2) * q.shape[-1]**-0.5  # (B, nkv, T g, S)
    return ((scores + mask).softmax(-1).to(v.dtype) @ v).view(q.shape)


def attention(layer, x, rope, mask):
    """x (B, T, D); rope as for rotate; mask (1, 1, T g, T) of 0 and -inf, g heads to a key, or
    None, on a GPU: causal."""
    c = layer.c
    nkv, hs = c.n_kv_head, c.head_size
    parts = (layer.q_proj, layer.k_proj, layer.v_proj)
    bias = torch.cat([p.bias for p in parts]) if c.bias else None
    qkv = F.linear(x, torch.cat([p.weight for p in parts]), bias)      # (B, T, (nh + 2 nkv) hs)
    q, k, v = qkv.unflatten(-1, (-1, hs)).split([c.n_head, nkv, nkv], 2)
    q = rotate(normed(layer.q_norm, q), rope)                          # (B, T, nh, hs)
    k = rotate(normed(layer.k_norm, k), rope).transpose(1, 2)          # (B, nkv, T, hs)
    v = v.transpose(1, 2)
    if mask is None:
        y = F.scaled_dot_product_attention(q.transpose(1, 2), k, v, is_causal=True, enable_gqa=True)
        return layer.o_proj(y.transpose(1, 2).flatten(2))
    # The g heads of a group are rows of one product with their keys. On CPUs this beats
    # scaled_dot_product_attention.
    q = q.unflatten(2, (nkv, -1)).transpose(1, 2)                      # (B, nkv, T, g, hs)
    half = q.shape[2] // 2  # this half of the text sees itself
    seen = q.shape[3] * half
    y = attend(q[:, :, half:], k, v, mask[:, :, seen:])
    if half:
        early = attend(q[:, :, :half], k[:, :, :half], v[:, :, :half], mask[:, :, :seen, :half])
        y = torch.cat([early, y], 2)                                   # (B, nkv, T, g, hs)
    return layer.o_proj(y.transpose(1, 2).flatten(2))


def block(layer, x, rope, mask):
    y = layer.input_canon(normed(layer.input_layernorm, x))
    x = x + attention(layer.self_attn, y, rope, mask)
    return x + layer.mlp(layer.post_attention_canon(normed(layer.post_attention_layernorm, x)))


def hidden(model, ids, step=block):
    """ids (B, T) -> (B, T, D). Each sees itself and earlier ones."""
    T, device, mask = ids.shape[1], ids.device, None
    x = model.embed_tokens(ids).to(fast_dtype(device))
    rope = model.rope[:, :T].to(x.dtype)
    if device.type != "cuda":
        g = model.config.n_head // model.config.n_kv_head
        mask = x.new_full((T, T), -torch.inf).triu(1).repeat_interleave(g, 0)[None, None]
    for layer in model.layers:
        x = step(layer, x, rope, mask)
    return normed(model.norm, x)


# --------------------------------------------------------------------------------------------------
# Training.

compiled = WeakKeyDictionary()  # model -> its compiled block


def padded(T):
    """The positions that T positions are trained with: the next multiple of 16."""
    return -(-T // 16) * 16


def cut_batches(lengths, batch_tokens):
    """-> an array of row numbers for each batch, longest rows first: as many as go into
    batch_tokens, padding included (a longer row goes alone). So batches of rows about as long have
    one shape."""
    order, batches = np.argsort(-np.asarray(lengths), kind="stable"), []
    while len(order):
        rows = max(1, batch_tokens // padded(lengths[order[0]] - 1))
        batches.append(order[:rows])
        order = order[rows:]
    return batches


def logprobs(model, ids, mask):
    """As model.logprobs, in bf16 where that is fast -> (M,) fp32. The output matrix is applied at
    the M positions only. ids, mask on the CPU: a mask on a GPU would have to be waited for."""
    device, n_ctx, T = model.device, model.config.n_ctx, ids.shape[1] - 1
    if T > n_ctx:
        raise ValueError(f"sequence of {T} tokens; the model's n_ctx is {n_ctx}")
    # Libraries prepare their products for each shape anew: with few shapes, a quarter less time.
    more = (0, min(padded(T), n_ctx) - T)
    scored = F.pad(mask[:, 1:], more).flatten().nonzero()[:, 0]
    scored = F.pad(scored, (0, -len(scored) % 256))                    # (M or more,)
    targets = ids[:, 1:][mask[:, 1:]].to(device)                       # (M,)
    ids, scored = F.pad(ids[:, :-1], more).to(device), scored.to(device)
    dtype = fast_dtype(device)
    step = compiled.get(model, block) if len(ids) > 1 else block       # for one row compiled anew
    with torch.autocast(device.type, torch.bfloat16, enabled=dtype == torch.bfloat16):
        x = hidden(model, ids, step)                                   # (B, T, D)
        x = x.flatten(0, 1).index_select(0, scored)                    # (M or more, D)
        logits = model.lm_head(x)[:len(targets)].float()               # (M, V)
        return -F.cross_entropy(logits, targets, reduction="none")


def compile_training(model):
    """Let torch.compile fuse the blocks that logprobs runs, one for all layers; lab/bench.py says
    what it gains. Takes ten to twenty seconds once, and a C++ compiler or Triton; where it fails
    the model stays as it is. -> what was done, in words."""
    ids = torch.zeros(67, min(113, model.config.n_ctx + 1), dtype=torch.long)  # else sizes get tied
    mask = torch.zeros_like(ids, dtype=torch.bool)
    mask[:, -1] = True  # logits of all positions would take gigabytes
    try:
        compiled[model] = torch.compile(block, dynamic=True)
        logprobs(model, ids, mask).sum().backward()
    except Exception as problem:  # no compiler, no Triton, an unsupported platform: all differ
        compiled.pop(model, None)
        return f"not compiled ({type(problem).__name__})"
    finally:
        model.zero_grad()
    return "compiled"


def make_optimizers(model, muon_lr, adam_lr):
    """As model.make_optimizers."""
    muon, adam = plain.make_optimizers(model, muon_lr, adam_lr)
    muon.step = partial(step_together, muon)
    return [muon, adam]


@torch.no_grad()
def step_together(muon):
    """torch.optim.Muon's step (Nesterov, no weight decay), in fewer, larger products, and in fp32
    where bf16 is slow. Overwrites the gradients."""
    for group in muon.param_groups:
        shapes, momentum = defaultdict(list), group["momentum"]
        for p in group["params"]:
            state = muon.state[p]
            if not state:
                state["momentum_buffer"] = torch.zeros_like(p)
            mean = state["momentum_buffer"].lerp_(p.grad, 1 - momentum)
            p.grad.lerp_(mean, momentum)
            shapes[p.shape].append(p)
        for (rows, columns), same in shapes.items():
            rate = group["lr"] * max(1, rows / columns)**0.5
            at_once = max(1, STACKED // (rows * columns))
            for k in range(0, len(same), at_once):
                chosen = same[k:k + at_once]
                x = torch.stack([p.grad for p in chosen]).to(fast_dtype(same[0].device))
                x = orthogonal(x.mT, group).mT if rows > columns else orthogonal(x, group)
                for p, change in zip(chosen, x):
                    p.add_(change, alpha=-rate)


def orthogonal(x, group):
    """Newton-Schulz. x (matrices, short, long) -> the same with singular values near 1."""
    a, b, c = group["ns_coefficients"]
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=group["eps"])
    for _ in range(group["ns_steps"]):
        gram = x @ x.mT
        gram = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        x = torch.baddbmm(x, gram, x, beta=a)
    return x


# --------------------------------------------------------------------------------------------------
# Sampling.

def rows_of_cache(c, device, prompts, max_new_tokens):
    """How many rows of keys and values go into a third of what tensors leave of the GPU's memory,
    on CPUs into 2 GiB: large models have large ones."""
    positions = min(c.n_ctx, max(map(len, prompts), default=0) + max_new_tokens)
    numbers = 2 * c.n_layer * c.n_kv_head * c.head_size * positions
    if device.type == "cuda":
        whole = torch.cuda.get_device_properties(device).total_memory
        return (whole - torch.cuda.memory_allocated(device)) // 3 // (2 * numbers)
    return 2**31 // (4 * numbers)


def ready(model):
    """A copy for sampling, where every operation counts: gains of norms are multiplied into what
    follows them, and q_proj makes queries, keys and values."""
    model = copy.deepcopy(model)
    model.head = model.lm_head.weight.detach().float()  # in fp32: rounded logits would tie
    for layer in model.layers:
        attn, mlp = layer.self_attn, layer.mlp
        parts = attn.q_proj, attn.k_proj, attn.v_proj
        weight = torch.cat([p.weight for p in parts]) * layer.input_layernorm.weight
        attn.q_proj.weight = nn.Parameter(weight)
        if attn.c.bias:
            attn.q_proj.bias = nn.Parameter(torch.cat([p.bias for p in parts]))
        attn.k_proj = attn.v_proj = None
        if attn.c.qk_norm:
            gains = [attn.q_norm.weight] * attn.c.n_head + [attn.k_norm.weight] * attn.c.n_kv_head
            attn.gain = nn.Parameter(torch.stack(gains))               # (nh + nkv, hs)
        for part in (mlp.up_proj, mlp.gate_proj) if mlp.gated else (mlp.up_proj,):
            part.weight *= layer.post_attention_layernorm.weight
        for taps in (layer.input_canon, layer.post_attention_canon) if attn.c.canon else ():
            taps.weight = nn.Parameter(taps.weight[:, 0].T.contiguous())               # (TAPS, D)
            taps.weight[-1] += 1  # a position's share of itself
    return model.to(fast_dtype(model.device))


def unit(norm, x):
    """RMSNorm without its gain."""
    return F.rms_norm(x, x.shape[-1:], eps=norm.eps)


def canon(layer, x, before, kept):
    """x (R, T, D) -> the same with each position's predecessors. before (R, TAPS - 1, D): what
    stood in front; then what `kept`, an index, says of it and x, one behind the other."""
    if isinstance(layer, nn.Identity):
        return x
    T, seen = x.shape[1], torch.cat([before, x], 1)
    before.copy_(seen[kept])
    x = x * layer.weight[-1]
    for k in range(TAPS - 1):
        x = torch.addcmul(x, seen[:, k:k + T], layer.weight[k])
    return x


def lean(layer, x, rope, mask, cache, slots, kept):
    """The block of a model that is `ready`: x (R, T, D) -> the same. rope as for rotate; mask (R
    nkv or 1, T g, S) of 0 and -inf, g heads to a key; cache: keys and values (R, nkv, room, hs),
    of which new ones go to `slots`, an index, and the first S are attended to, in its dtype; and
    what the two convolutions remember; kept as for canon."""
    attn, (keys, values, one, two) = layer.self_attn, cache
    nh, nkv, hs = attn.c.n_head, attn.c.n_kv_head, attn.c.head_size
    y = canon(layer.input_canon, unit(layer.input_layernorm, x), one, kept)
    qk, v = attn.q_proj(y).unflatten(-1, (-1, hs)).split([nh + nkv, nkv], 2)  # (R, T, .., hs)
    if attn.c.qk_norm:
        qk = unit(attn.q_norm, qk) * attn.gain
    q, k = rotate(qk, rope).to(keys.dtype).split([nh, nkv], 2)
    keys[slots], values[slots] = k, v.to(keys.dtype)
    k, v = [t[:, :, :mask.shape[-1]].flatten(0, 1) for t in (keys, values)]  # (R nkv, S, hs)
    q = q.unflatten(2, (nkv, -1)).transpose(1, 2)                      # (R, nkv, T, g, hs)
    y = torch.baddbmm(mask, q.reshape(len(k), -1, hs), k.mT, alpha=hs**-0.5).softmax(-1) @ v
    y = y.view(q.shape).transpose(1, 2).flatten(2)                     # (R, T, nh hs)
    x = x + attn.o_proj(y.to(x.dtype))
    y = canon(layer.post_attention_canon, unit(layer.post_attention_layernorm, x), two, kept)
    return x + layer.mlp(y)


def cached(model, ids, at, S, caches, last):
    """ids (R, T) at positions `at` (R or 1, T), all below S -> (R, T, D), not yet normed, of a
    model that is `ready`. last (R,): of each row's positions the last that is no padding."""
    c, x = model.config, model.embed_tokens(ids)
    mask = caches[0][0].new_zeros(*at.shape, S)
    mask.masked_fill_(torch.arange(S, device=x.device) > at[:, :, None], -torch.inf)
    mask = mask.repeat_interleave(c.n_head // c.n_kv_head, 1)          # (R or 1, T g, S)
    if len(at) > 1:
        mask = mask.repeat_interleave(c.n_kv_head, 0)
    rope, rows = model.rope[:, at], torch.arange(len(x), device=x.device)[:, None]
    kept = rows, last[:, None] + torch.arange(1, TAPS, device=x.device)
    for layer, cache in zip(model.layers, caches):
        x = lean(layer, x, rope, mask, cache, (rows, slice(None), at), kept)
    return x


class Batch:
    """Prompts, shortest first, continued together: read, then retire and advance in turns. `ids`
    and `logps` are the result; the other tensors have only the rows still sampled."""
    last_graph = None  # the memory that a captured graph worked in passes on to the next

    def __init__(self, model, prompts, group, max_new_tokens, end, temperature, generator):
        c, device = model.config, model.device
        self.model, self.group, self.end = model, group, end
        self.temperature, self.generator, self.cuda = temperature, generator, device.type == "cuda"
        ids = collate(prompts, 0)                                      # (B, T)
        self.T = ids.shape[1]
        self.room = min(c.n_ctx, self.T + max_new_tokens)
        ids = F.pad(ids, (0, max_new_tokens)).to(device)
        self.ids = ids.repeat_interleave(group, 0)                     # (B group, T + new)
        self.logps = torch.zeros(self.ids.shape, device=device)
        self.uniform = torch.rand(len(self.ids), 1, device=device, generator=generator)
        self.row = torch.arange(len(self.ids), device=device)          # (R,) which of ids
        lengths = torch.tensor([len(prompt) for prompt in prompts], device=device)
        self.position = lengths.repeat_interleave(group)               # (R,) of its last token
        self.over = torch.zeros_like(self.row, dtype=torch.bool)       # (R,) it has ended
        dtype = model.embed_tokens.weight.dtype
        keys = torch.zeros(len(prompts), c.n_kv_head, self.room, c.head_size, device=device,
                           dtype=dtype if self.cuda else torch.float32)  # faster on CPUs
        past = torch.zeros(len(prompts), TAPS - 1, c.n_embd, device=device, dtype=dtype)
        self.caches = [[t.clone() for t in (keys, keys, past, past)] for _ in model.layers]
        self.graph, self.shape = None, None

    def of_caches(self, function):
        """function(tensor) of every tensor of every layer's cache."""
        return [list(map(function, cache)) for cache in self.caches]

    def read(self):
        """Each prompt once, its cache copied to its group; then every row's first token. Some at a
        time: the attention scores of whole prompts are large, and like lengths need few pads."""
        some, last = 64 if self.cuda else 16, []
        ids, ends = self.ids[::self.group], self.position[::self.group] - 1
        for k in range(0, len(ids), some):
            caches, end = self.of_caches(lambda t, k=k: t[k:k + some]), ends[k:k + some]
            T = int(end[-1]) + 1
            at = torch.arange(T, device=ids.device)[None]
            x = cached(self.model, ids[k:k + some, :T], at, T, caches, end)            # (16, T, D)
            last.append(x[range(len(x)), end])
        self.caches = self.of_caches(lambda t: t.repeat_interleave(self.group, 0))
        self.draw(torch.cat(last).repeat_interleave(self.group, 0))

    def draw(self, x):
        """x (R, D), behind the last layer: each row's next token, in place."""
        logits = F.linear(normed(self.model.norm, x.float()), self.model.head)         # (R, V)
        logps = (logits / (self.temperature or 1)).log_softmax(-1)
        if self.temperature:  # the first where the cumulative distribution exceeds a uniform number
            cdf = logps.exp().cumsum(-1)
            drawn = torch.searchsorted(cdf, self.uniform[:len(cdf)] * cdf[:, -1:], right=True)
            drawn = drawn.clamp(max=cdf.shape[1] - 1)                  # (R, 1)
        else:
            drawn = logps.argmax(-1, keepdim=True)
        self.ids[self.row, self.position] = drawn[:, 0]
        self.logps[self.row, self.position] = logps.gather(1, drawn)[:, 0]
        self.over |= (drawn[:, 0] == self.end) | (self.position >= self.room)

    def retire(self):
        """Leaving means copying the cache: until enough have ended they idle. -> is a row left?"""
        stay = (~self.over).nonzero()[:, 0]
        if 0 < len(stay) <= len(self.over) * (4 if self.cuda else 7) // 8:
            self.row, self.position = self.row[stay], self.position[stay]
            self.over = self.over[stay]
            self.caches = self.of_caches(lambda t: t.index_select(0, stay))
        return len(stay) > 0

    def advance(self, turn):
        """Every row's next token. On a GPU a shape's second turn is captured, and later ones launch
        its kernels as one; so that shapes last, the cache is read in steps of 128 positions."""
        R, S = len(self.row), self.T + turn
        S = min(self.room, -(-S // 128) * 128 if self.cuda else S)
        self.uniform[:R].uniform_(generator=self.generator)
        if not self.cuda or self.shape != (R, S):
            self.step(S)
            self.graph, self.shape = None, (R, S)
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

    def step(self, S):
        """The work of `advance`, in place. S: the longest row so far, or more."""
        at = self.position.clamp(max=self.room - 1)[:, None]           # (R, 1)
        ids = self.ids[self.row, self.position][:, None]
        here = torch.zeros_like(self.row)
        x = cached(self.model, ids, at, S, self.caches, here)          # (R, 1, D)
        self.position += 1
        self.draw(x[:, 0])


@torch.inference_mode()
def generate(model, prompts, max_new_tokens, group=1, seed=0, *, end, temperature=1.0):
    """As model.generate, prompts of like length together. In bf16 where that is fast, but logits in
    fp32 and, on CPUs, attention and its cache. Raises ValueError for a prompt that is empty or
    leaves no room in the context."""
    c, device, results = model.config, model.device, [[] for _ in prompts]
    n_ctx = c.n_ctx
    for k, prompt in enumerate(prompts):
        if not 0 < len(prompt) < n_ctx:
            raise ValueError(f"prompt {k} has {len(prompt)} tokens, not 1 to {n_ctx - 1}")
    generator = torch.Generator(device).manual_seed(seed)
    model = ready(model)
    order = sorted(range(len(prompts)), key=lambda k: len(prompts[k]))
    at_once = max(1, min(BATCH_ROWS, rows_of_cache(c, device, prompts, max_new_tokens)) // group)
    for start in range(0, len(order), at_once):
        chosen = order[start:start + at_once]
        batch = Batch(model, [prompts[k] for k in chosen], group, max_new_tokens, end, temperature,
                      generator)
        batch.read()
        for turn in range(1, max_new_tokens):
            looks = not batch.cuda or turn % 8 == 0                    # costs a wait on a GPU
            if looks and not batch.retire():
                break
            batch.advance(turn)
        for row, (ids, logps) in enumerate(zip(batch.ids.tolist(), batch.logps.tolist())):
            k = chosen[row // group]
            first = len(prompts[k])
            last = min(first + max_new_tokens, batch.room + 1)
            finished = end in ids[first:last]
            if finished:
                last = ids.index(end, first) + 1
            results[k].append(Rollout(ids[first:last], logps[first:last], finished))
    return results
