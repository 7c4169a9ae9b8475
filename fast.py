"""May be skipped: model.py's `logprobs` and `generate`, same answers, some forty times as fast.

    from fast import generate, logprobs        # what sft.py, rl.py and eval.py do

How: queries, keys and values from one product; on CPUs attention as plain products; bf16 where the
hardware is fast at it (logits stay fp32); in training few shapes and compiled blocks; in sampling a
cache of keys and values, few operations a token, rows that leave once they have ended, and on a GPU
hundreds of kernels launched as one (CUDA graphs). Letters for axes as in model.py; R: rows still
being sampled.
"""

import copy
from weakref import WeakKeyDictionary

import numpy as np
import torch
import torch.nn.functional as F

from model import TAPS, Canon, Rollout, collate, rotate

BATCH_ROWS = 2048 if torch.cuda.is_available() else 256  # sampled at once
torch.backends.cuda.enable_cudnn_sdp(False)  # it makes a plan for every new shape, 0.1 s each


def fast_dtype(device):
    """bf16 on CUDA and on CPUs with bf16 instructions (without them it would be slower)."""
    low = device.type == "cuda" or device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if low else torch.float32


# --------------------------------------------------------------------------------------------------
# The way through the layers, with model.py's parameters.

def normed(norm, x):
    return F.rms_norm(x, x.shape[-1:], norm.weight.to(x.dtype))  # in bf16 under autocast, too


def attention(layer, x, rope, mask, slots, keys=None, values=None):
    """x (B, T, D); rope as for rotate; mask (B or 1, 1, T g or 1, S) of 0 and less, g heads to a
    key, or None: causal, on a GPU. keys (B, nkv, hs, room) and values (B, nkv, room, hs), if given:
    those of x are written to `slots` (T,), and the first S are attended to."""
    c = layer.c
    nh, nkv, hs = c.n_head, c.n_kv_head, c.head_size
    parts = (layer.q_proj, layer.k_proj, layer.v_proj)
    bias = torch.cat([p.bias for p in parts]) if c.bias else None
    qkv = F.linear(x, torch.cat([p.weight for p in parts]), bias).to(x.dtype)
    q, v = qkv.unflatten(-1, (-1, hs)).split([nh + nkv, nkv], 2)       # (B, T, nh + nkv, hs)
    gains = torch.stack([layer.q_norm.weight] * nh + [layer.k_norm.weight] * nkv).to(x.dtype)
    q, k = rotate(F.rms_norm(q, (hs,)) * gains, rope).split([nh, nkv], 2)
    k, v = k.permute(0, 2, 3, 1), v.transpose(1, 2)                    # k (B, nkv, hs, T)
    if keys is not None:
        keys.index_copy_(3, slots, k.to(keys.dtype))
        values.index_copy_(2, slots, v.to(keys.dtype))
        k, v = keys[..., :mask.shape[3]], values[:, :, :mask.shape[3]]
    if mask is None:
        y = F.scaled_dot_product_attention(q.transpose(1, 2), k.mT, v, is_causal=True,
                                           enable_gqa=True).transpose(1, 2)    # (B, T, nh, hs)
    else:
        # The g heads of a group are rows of one product with their keys. On CPUs this beats
        # scaled_dot_product_attention (training, bf16, B=16, T=192: 23.7k against 19.5k tokens/s).
        q = q.unflatten(2, (nkv, -1)).transpose(1, 2)                  # (B, nkv, T, g, hs)
        scores = q.flatten(2, 3) @ k * hs**-0.5                        # (B, nkv, T g, S)
        y = (scores + mask).softmax(-1).to(v.dtype) @ v                # (B, nkv, T g, hs)
        y = y.view(q.shape).transpose(1, 2)                            # (B, T, nkv, g, hs)
    return layer.o_proj(y.flatten(2))


def canon(layer, x, past, mask):
    """x (B, T, D) -> the same with each position's predecessors. past (B, TAPS - 1, D), or None:
    what stood in front; then it becomes the last of it and x."""
    if past is None or not isinstance(layer, Canon):
        return layer(x)
    if x.shape[1] > 1:  # prompts: nothing stands where their last position does not look
        x = x * (mask[:, 0, -1:].mT == 0)
    y, seen = layer(x, past), torch.cat([past, x], 1)
    past.copy_(seen[:, 1 - TAPS:])
    return y


def block(layer, x, rope, mask, cache, slots):
    *keys_values, one, two = cache
    y = canon(layer.input_canon, normed(layer.input_layernorm, x), one, mask)
    x = x + attention(layer.self_attn, y, rope, mask, slots, *keys_values)
    y = canon(layer.post_attention_canon, normed(layer.post_attention_layernorm, x), two, mask)
    return x + layer.mlp(y)


def hidden(model, ids, rope, mask, caches=None, slots=None, step=block):
    """ids (B, T) -> (B, T, D). rope, mask, slots: as for attention. caches: of each layer four
    tensors, keys, values, and what its two convolutions remember."""
    low = fast_dtype(ids.device)
    x = model.embed_tokens(ids).to(torch.float32 if caches else low)
    with torch.autocast(ids.device.type, low, enabled=low == torch.bfloat16):
        for k, layer in enumerate(model.layers):
            cache = caches[4 * k:4 * k + 4] if caches else [None] * 4
            x = step(layer, x, rope.to(x.dtype), mask, cache, slots)
        return normed(model.norm, x)


def causal(T, model):
    """-> (T g, T): 0, and -1e9, less than any score, where a later position would be seen."""
    mask = torch.full((T, T), -1e9, device=model.device).triu(1)
    return mask.repeat_interleave(model.config.n_head // model.config.n_kv_head, 0)


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
    whole = min(padded(T), n_ctx)
    more = (0, whole - T)
    scored = F.pad(mask[:, 1:], more).flatten().nonzero()[:, 0]
    scored = F.pad(scored, (0, -len(scored) % 256))                    # (M or more,)
    targets = ids[:, 1:][mask[:, 1:]].to(device)                       # (M,)
    ids, scored = F.pad(ids[:, :-1], more).to(device), scored.to(device)
    below = None if device.type == "cuda" else causal(whole, model).to(fast_dtype(device))
    step = compiled.get(model, block) if len(ids) > 1 else block       # for one row compiled anew
    x = hidden(model, ids, model.rope[:, :whole], below, step=step)    # (B, T, D)
    x = x.flatten(0, 1).index_select(0, scored)
    head = model.lm_head.weight.to(x.dtype)                            # x (M or more, D)
    logits = F.linear(x, head)[:len(targets)].float()                  # (M, V)
    return -F.cross_entropy(logits, targets, reduction="none")


def compile_training(model):
    """Let torch.compile fuse the blocks that logprobs runs, one for all layers; lab/bench.py says
    what it gains. Takes ten to twenty seconds once, and a C++ compiler or Triton; where it fails
    the model stays as it is. -> what was done, in words."""
    ids = torch.zeros(67, min(113, model.config.n_ctx + 1), dtype=torch.long)  # else sizes get tied
    try:
        compiled[model] = torch.compile(block, dynamic=True)
        logprobs(model, ids, torch.ones_like(ids, dtype=torch.bool)).sum().backward()
    except Exception as problem:  # no compiler, no Triton, an unsupported platform: all differ
        compiled.pop(model, None)
        return f"not compiled ({type(problem).__name__})"
    finally:
        model.zero_grad()
    return "compiled"


# --------------------------------------------------------------------------------------------------
# Sampling.

class Batch:
    """Prompts, shortest first, continued together: read, then retire and advance in turns. They are
    aligned on the right: all rows write one slot. `ids` and `logps` (B group, room) are the result;
    the other tensors have only the rows still sampled."""
    last_graph = None  # the memory that a captured graph worked in passes on to the next

    def __init__(self, model, prompts, group, new, end, temperature, generator):
        c, device = model.config, model.device
        self.model, self.group, self.end = model, group, end
        self.temperature, self.generator, self.cuda = temperature, generator, device.type == "cuda"
        ids = collate([prompt[::-1] for prompt in prompts], -1).flip(1)                # (B, T)
        self.T = ids.shape[1]
        self.room = self.T + new
        ids = F.pad(ids, (0, new), value=-1).to(device).repeat_interleave(group, 0)
        self.position = (ids >= 0).sum(1) - 1                          # (R,) of its last token
        self.mask = -1e9 * (ids < 0)[:, None, None]                    # (R, 1, 1, room)
        self.ids = ids.clamp(min=0)
        self.logps = 0.0 * ids
        self.uniform = torch.rand(len(ids), 1, device=device, generator=generator)
        self.row = torch.arange(len(ids), device=device)               # (R,) which of ids
        self.over = self.row < 0                                       # (R,) it has ended
        self.slot = torch.tensor([self.T - 1], device=device)          # (1,) of the last tokens
        keys = torch.zeros(len(prompts), c.n_kv_head, c.head_size, self.room, device=device,
                           dtype=fast_dtype(device))
        past = torch.zeros(len(prompts), TAPS - 1, c.n_embd, device=device)
        self.caches = []
        for _ in model.layers:
            self.caches += [keys.clone(), keys.mT.contiguous(), past.clone(), past.clone()]
        self.graph, self.shape = None, None

    def read(self):
        """Each prompt once, its cache copied to its group; then every row's first token. 64 at a
        time: the attention scores of whole prompts are large."""
        slots, last = torch.arange(self.T, device=self.ids.device), []                 # (T,)
        at = self.position[::self.group, None] + slots - self.slot     # (B, T)
        ids, rope = self.ids[::self.group, :self.T], self.model.rope[:, at.clamp(min=0)]
        mask = self.mask[::self.group, :, :, :self.T] + causal(self.T, self.model)
        for k in range(0, len(ids), 64):
            some = slice(k, k + 64)
            caches = [t[some] for t in self.caches]
            x = hidden(self.model, ids[some], rope[:, some], mask[some], caches, slots)
            last.append(x[:, -1])
        self.caches = [t.repeat_interleave(self.group, 0) for t in self.caches]
        self.draw(torch.cat(last).repeat_interleave(self.group, 0))

    def draw(self, x):
        """x (R, D): each row's next token, in place. Logits in fp32: in bf16 they would tie."""
        p = (self.model.lm_head(x) / (self.temperature or 1)).softmax(-1)              # (R, V)
        if self.temperature:  # the first where the cumulative distribution exceeds a uniform number
            cdf = p.cumsum(-1)
            drawn = torch.searchsorted(cdf, self.uniform[:len(cdf)] * cdf[:, -1:],
                                       right=True).clamp(max=cdf.shape[1] - 1)         # (R, 1)
        else:
            drawn = p.argmax(-1, keepdim=True)
        self.slot += 1
        self.position += 1
        self.ids[self.row, self.slot] = drawn[:, 0]
        self.logps[self.row, self.slot] = p.gather(1, drawn)[:, 0].log()
        self.over |= (drawn[:, 0] == self.end) | (self.position >= self.model.config.n_ctx)

    def retire(self):
        """Leaving means copying the cache: until enough have ended they idle. -> is a row left?"""
        stay = (~self.over).nonzero()[:, 0]
        if 0 < len(stay) <= len(self.over) * (4 if self.cuda else 7) // 8:
            self.row, self.over = self.row[stay], self.over[stay]
            self.position, self.mask = self.position[stay], self.mask[stay]
            self.caches = [t[stay] for t in self.caches]
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
        """The work of `advance`, in place. S: the slots written so far and this one, or more."""
        self.mask.index_fill_(3, self.slot, 0)
        ids = self.ids[self.row, self.slot][:, None]                   # (R, 1)
        rope = self.model.rope
        rope = rope[:, self.position % rope.shape[1], None]            # idle rows may be beyond
        x = hidden(self.model, ids, rope, self.mask[..., :S], self.caches, self.slot)
        self.draw(x[:, 0])


@torch.inference_mode()
def generate(model, prompts, max_new_tokens, group=1, seed=0, *, end, temperature=1.0):
    """As model.generate, prompts of like length together. In bf16 where that is fast, but logits in
    fp32. Raises ValueError for a prompt that is empty or leaves no room in the context."""
    device, n_ctx, results = model.device, model.config.n_ctx, [[] for _ in prompts]
    for k, prompt in enumerate(prompts):
        if not 0 < len(prompt) < n_ctx:
            raise ValueError(f"prompt {k} has {len(prompt)} tokens, not 1 to {n_ctx - 1}")
    generator = torch.Generator(device).manual_seed(seed)
    model = copy.deepcopy(model)
    model.layers.to(fast_dtype(device))
    order = sorted(range(len(prompts)), key=lambda k: len(prompts[k]))
    at_once = max(1, BATCH_ROWS // group)
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
            k, first = chosen[row // group], batch.T
            last = first + min(max_new_tokens, n_ctx + 1 - len(prompts[k]))
            finished = end in ids[first:last]
            if finished:
                last = ids.index(end, first) + 1
            results[k].append(Rollout(ids[first:last], logps[first:last], finished))
    return results
