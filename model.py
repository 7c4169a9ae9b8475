"""Who learns? A tokenizer and a transformer, and the plainest way to use them.

    python model.py          # parameters and FLOPs per token of the CPU preset's model

`logprobs` and `generate` are here to be read. sft.py, rl.py and eval.py call those of fast.py: the
same answers, tested, with a key/value cache, compiled blocks and more.

Axes: B batch rows, T positions, D width, nh heads, nkv key/value heads, hs head size, V vocabulary,
M scored positions.

Initialisation
    embed_tokens, lm_head                 normal, std 0.02 (tied: one matrix)
    q, k, v, gate, up                     uniform, std 1/sqrt(fan in)
    o, down (into the residual stream)    zero: every block starts as the identity
    canon                                 normal, std 0.5: from zero, looking up starts late
    norm gains                            one
"""

import base64
import os
import re
import sys
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

import tiktoken
import torch
import torch.nn.functional as F
from torch import nn

# Tokenizer. tiktoken cuts text into pieces by a pattern; a piece that is in the ranks is one token,
# any other is spelled in bytes, so any text at all round-trips. The vocabulary is 256 bytes and the
# most frequent pieces of our texts; names are spelled, but for words of statements (lab/vocab.py).
PIECES = "|".join([
    r"list\(map\(int, input\(\)\.split\(\)\)\)|int\(input\(\)\)|input\(\)|<output>\n|</output>",
    r"Step by step:\n|Read as: | we want |Try |So: | (?:Right|Wrong)\.\n",
    r"<error>|```python\n|```|\nTest: | obtained | (?:right|wrong)\n|We (?:print|read|call) |Turn ",
    r", so (?:we|the) [a-z ]+\.\n|, so | is (?:true|false)(?=, so)|We continue\.\n",
    r"The loop ends\.\n|No turn is left\.\n|[.}]\n",  # so far: idioms, one no longer said
    r"[0-9]",                # every digit its own token: arithmetic is done digit by digit
    r"\n[ \t]*",             # a line end with the next line's indentation
    r" ?\b(?:and|break|continue|def|elif|else|for|if|in|not|or|return|while)\b ?",  # with spaces
    r"[A-Za-z_]+",           # any other word bare: a name is the same wherever it stands
    r" ?[-+*/%=<>!]+ ?",     # an operator with its spaces
    r" ?[\[({] ?|[\])}]+",   # brackets
    r", | ?: |\. ?|'|\"| +",  # punctuation, spaces
    r"[^\sA-Za-z0-9_]|\s|.",  # anything else, one character at a time
])
VOCAB = Path(__file__).with_name("vocab.tiktoken")
SPECIALS = ("<|user|>", "<|assistant|>", "<|end|>", "<|pad|>")


class Tokenizer:
    """Text <-> token ids. Exits with one line if the vocabulary file is missing or damaged.
    spelled: a pattern, one group; what it finds in a text is spelled in bytes, a token each."""

    def __init__(self, path=VOCAB, spelled=""):
        self.spelled, ranks = re.compile(spelled or "$(nowhere)"), {}
        try:
            for line in Path(path).read_text().splitlines():
                token, rank = line.split()
                ranks[base64.b64decode(token)] = int(rank)
            if sorted(ranks.values()) != list(range(len(ranks))) or len(ranks) < 256:
                raise ValueError("ranks are missing")
        except (OSError, ValueError) as problem:
            sys.exit(f"{path} is missing or damaged ({problem}): restore it from the repository")
        specials = {name: len(ranks) + k for k, name in enumerate(SPECIALS)}
        self.user, self.assistant, self.end, self.pad = specials.values()
        self.n_vocab = len(ranks) + len(specials)
        self.encoding = tiktoken.Encoding("nano-self-execution", pat_str=PIECES,
                                          mergeable_ranks=ranks, special_tokens=specials)

    def encode(self, text):
        """Special tokens spelled out in the text are ordinary text here."""
        ids = []
        for k, part in enumerate(self.spelled.split(text)):
            ids += part.encode() if k % 2 else self.encoding.encode_ordinary(part)
        return ids

    def decode(self, ids):
        return self.encoding.decode(ids)

    def prompt(self, user):
        """-> ids of <|user|> text <|assistant|>"""
        return [self.user, *self.encode(user), self.assistant]

    def answer(self, assistant):
        """-> ids of text <|end|>"""
        return [*self.encode(assistant), self.end]


# --------------------------------------------------------------------------------------------------
# Transformer: pre-norm, RMSNorm, rotary positions, normed queries and keys, grouped-query
# attention, short convolutions. Names as in Hugging Face's Qwen3.

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
    bias: bool = False       # of queries, keys, values
    canon: bool = True       # convolutions before attention and MLP
    # What models of others have (pretrained.py).
    qk_norm: bool = True     # normed queries and keys
    norm_eps: float | None = None
    head_dim: int = 0        # 0: n_embd / n_head
    mlp_width: int = 0       # 0: 4 n_embd, swiglu 8/3 of it
    rope_scale: tuple = ()   # factors on the pairs' speeds

    @property
    def head_size(self):
        return self.head_dim or self.n_embd // self.n_head


def rotate(x, rope):
    """Rotary positions (Su et al. 2021): pairs (a, b) of x (B, T, heads, hs) are turned by an angle
    that grows with the position. rope (2, T, 1, hs/2): its cosine and sine."""
    cos, sin = rope
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        own, shared = c.n_head * c.head_size, c.n_kv_head * c.head_size
        self.q_proj = nn.Linear(c.n_embd, own, bias=c.bias)
        self.k_proj = nn.Linear(c.n_embd, shared, bias=c.bias)
        self.v_proj = nn.Linear(c.n_embd, shared, bias=c.bias)
        self.o_proj = nn.Linear(own, c.n_embd, bias=False)
        norm = nn.RMSNorm if c.qk_norm else nn.Identity
        self.q_norm = norm(c.head_size, c.norm_eps)
        self.k_norm = norm(c.head_size, c.norm_eps)

    def forward(self, x, rope):
        heads = *x.shape[:2], -1, self.c.head_size
        q = self.q_proj(x).view(heads)                                 # (B, T, nh, hs)
        k = self.k_proj(x).view(heads)                                 # (B, T, nkv, hs)
        v = self.v_proj(x).view(heads).transpose(1, 2)                 # (B, nkv, T, hs)
        q = rotate(self.q_norm(q), rope).transpose(1, 2)               # (B, nh, T, hs)
        k = rotate(self.k_norm(k), rope).transpose(1, 2)               # (B, nkv, T, hs)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return self.o_proj(y.transpose(1, 2).flatten(2))


class MLP(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gated = c.mlp == "swiglu"
        hidden = c.mlp_width or (8 * c.n_embd // 3 // 8 * 8 if self.gated else 4 * c.n_embd)
        if self.gated:
            self.gate_proj = nn.Linear(c.n_embd, hidden, bias=False)
        self.up_proj = nn.Linear(c.n_embd, hidden, bias=False)
        self.down_proj = nn.Linear(hidden, c.n_embd, bias=False)

    def forward(self, x):
        if self.gated:
            return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))
        return self.down_proj(F.relu(self.up_proj(x)).square())


TAPS = 4


class Canon(nn.Module):
    """To each position a share of itself and of the three before it, channel by channel: a causal
    depthwise convolution (Canon layers, Allen-Zhu 2025; Primer, So et al. 2021). Where "x = 3" is
    read, the 3 has seen the x: that is what looking a name up needs."""
    def __init__(self, c):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(c.n_embd, 1, TAPS))

    def forward(self, x, before=None):
        """x (B, T, D); before (B, TAPS - 1, D): what stands in front of it, or nothing."""
        if before is None:
            before = x.new_zeros(len(x), TAPS - 1, x.shape[2])
        seen, T = torch.cat([before, x], 1), x.shape[1]                # (B, TAPS - 1 + T, D)
        weight = self.weight.to(x.dtype)
        for k in range(TAPS):
            x = x + seen[:, k:k + T] * weight[:, 0, k]
        return x


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.input_layernorm = nn.RMSNorm(c.n_embd, c.norm_eps)
        self.post_attention_layernorm = nn.RMSNorm(c.n_embd, c.norm_eps)
        self.self_attn, self.mlp = Attention(c), MLP(c)
        canon = Canon if c.canon else nn.Identity
        self.input_canon, self.post_attention_canon = canon(c), canon(c)

    def forward(self, x, rope):
        x = x + self.self_attn(self.input_canon(self.input_layernorm(x)), rope)
        return x + self.mlp(self.post_attention_canon(self.post_attention_layernorm(x)))


class Transformer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.config = c
        odd = (c.head_dim or c.n_embd / c.n_head) % 2
        if odd or c.n_head % c.n_kv_head or c.mlp not in ("relu2", "swiglu"):
            raise ValueError("impossible model: n_embd must be a multiple of twice n_head, n_head "
                             f"of n_kv_head, mlp relu2 or swiglu; got {c}")
        self.embed_tokens = nn.Embedding(c.n_vocab, c.n_embd)
        self.layers = nn.ModuleList([Block(c) for _ in range(c.n_layer)])
        self.norm = nn.RMSNorm(c.n_embd, c.norm_eps)
        self.lm_head = nn.Linear(c.n_embd, c.n_vocab, bias=False)
        if c.tied:
            self.lm_head.weight = self.embed_tokens.weight
        for name, p in self.named_parameters():
            if name.endswith("bias") or "o_proj" in name or "down_proj" in name:
                nn.init.zeros_(p)
            elif "embed_tokens" in name or "lm_head" in name:
                nn.init.normal_(p, std=0.02)
            elif "canon" in name:
                nn.init.normal_(p, std=0.5)
            elif p.ndim == 2:
                nn.init.kaiming_uniform_(p, nonlinearity="linear")
        speed = c.rope_theta ** (-torch.arange(0, c.head_size, 2) / c.head_size)       # (hs/2,)
        speed *= torch.tensor(c.rope_scale or 1)
        angles = torch.arange(c.n_ctx)[:, None, None] * speed          # (n_ctx, 1, hs/2)
        self.register_buffer("rope", torch.stack([angles.cos(), angles.sin()]), persistent=False)

    @property
    def device(self):
        return self.rope.device

    def forward(self, ids):
        """ids (B, T) -> logits (B, T, V)."""
        T = ids.shape[1]
        if T > self.config.n_ctx:
            raise ValueError(f"sequence of {T} tokens; the model's n_ctx is {self.config.n_ctx}")
        x = self.embed_tokens(ids)                                     # (B, T, D)
        for layer in self.layers:
            x = layer(x, self.rope[:, :T])
        return self.lm_head(self.norm(x))

    def n_params(self):
        return sum(p.numel() for p in self.parameters())


# --------------------------------------------------------------------------------------------------
# Scoring and sampling.

def collate(rows, pad):
    """Lists or arrays of tokens -> (B, T), padded on the right: [1, 2], [3] -> [[1, 2], [3, pad]].
    Causal attention never looks right, so padding changes nothing before it."""
    rows = [torch.as_tensor(row, dtype=torch.long) for row in rows]
    return nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=pad)


def logprobs(model, ids, mask):
    """log p(ids[b, t] | ids[b, :t]) wherever mask[b, t] and t >= 1, row by row; with gradients.
    ids (B, T) int64, mask (B, T) bool -> (M,)."""
    ids, mask = ids.to(model.device), mask.to(model.device)
    logps = model(ids[:, :-1]).log_softmax(-1)                         # (B, T-1, V)
    logps = logps.gather(2, ids[:, 1:, None])[:, :, 0]                 # (B, T-1), of the next token
    return logps[mask[:, 1:]]


@dataclass
class Rollout:
    tokens: list[int]        # sampled tokens, the end token included if it was reached
    logprobs: list[float]    # under the distribution that was drawn from (greedy: untempered)
    finished: bool           # the end token was reached


@torch.inference_mode()
def generate(model, prompts, max_new_tokens, group=1, seed=0, *, end, temperature=1.0):
    """prompts: lists of tokens -> for each a list of `group` Rollouts. One ends with the token
    `end`, after max_new_tokens, or where the context ends. temperature 0 is greedy."""
    generator = torch.Generator(model.device).manual_seed(seed)
    results = []
    for prompt in prompts:
        room = model.config.n_ctx - len(prompt) + 1  # the last token need not be read
        rollouts = []
        for _ in range(group):
            out = Rollout([], [], finished=False)
            for _ in range(min(max_new_tokens, room)):
                ids = torch.tensor([prompt + out.tokens], device=model.device)         # (1, T)
                logps = (model(ids)[0, -1] / (temperature or 1)).log_softmax(-1)       # (V,)
                if temperature == 0:
                    token = logps.argmax().item()
                else:
                    token = torch.multinomial(logps.exp(), 1, generator=generator).item()
                out.tokens.append(token)
                out.logprobs.append(logps[token].item())
                out.finished = token == end
                if out.finished:
                    break
            rollouts.append(out)
        results.append(rollouts)
    return results


# --------------------------------------------------------------------------------------------------
# Learning.

def pick_device():
    """Not Apple's: several processes cannot sum gradients there, and these models are small."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def make_optimizers(model, muon_lr, adam_lr):
    """Muon (Jordan et al. 2024) for the layers' matrices, AdamW for all others.
    "base_lr" is what a schedule multiplies. Three Newton-Schulz steps instead of five: less
    time for the same validation loss."""
    matrices, rest = [], []
    for name, p in model.named_parameters():
        is_matrix = p.ndim == 2 and name.startswith("layers.")
        (matrices if is_matrix else rest).append(p)
    return [torch.optim.Muon([{"params": matrices, "base_lr": muon_lr}], lr=muon_lr,
                             weight_decay=0, momentum=0.95, ns_steps=3),
            torch.optim.AdamW([{"params": rest, "base_lr": adam_lr}], lr=adam_lr,
                              weight_decay=0, betas=(0.9, 0.98), fused=True)]


# --------------------------------------------------------------------------------------------------
# Checkpoints.

FORMAT = "nano-self-execution/1"


class CheckpointError(Exception):
    """The file cannot be used; the message says why."""


def save_checkpoint(path, model, optimizers=(), step=0, extra=None):
    """Write weights, optimizers, step and `extra` (a dict of plain values), whole or not at all."""
    record = {"format": FORMAT, "config": asdict(model.config), "model": model.state_dict(),
              "step": step, "extra": extra or {}, "optimizers": []}
    for optimizer in optimizers:
        record["optimizers"].append(optimizer.state_dict())
    torch.save(record, f"{path}.tmp")
    os.replace(f"{path}.tmp", path)


def load_checkpoint(path, device="cpu"):
    """-> model (fp32), optimizers (state dicts), step, extra. Raises CheckpointError. Loads data,
    never code."""
    if not Path(path).exists():
        raise CheckpointError(f"{path} does not exist")
    if not zipfile.is_zipfile(path):
        raise CheckpointError(f"{path} is cut off, or no checkpoint of this project (a model of "
                              "Hugging Face's is given as its folder: lab/pretrained.md)")
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.testzip():
                raise ValueError("its check sums do not match")
        record = torch.load(path, map_location="cpu", weights_only=True)
        if record.get("format") != FORMAT:
            raise ValueError(f"it is not {FORMAT}")
        model = Transformer(ModelConfig(**record["config"]))
        weights = record["model"]
        if model.config.tied:
            weights["lm_head.weight"] = weights["embed_tokens.weight"]
        model.load_state_dict(weights)
        rest = {key: record[key] for key in ("optimizers", "step", "extra")}
    except Exception as problem:  # a file of arbitrary bytes can raise anything in there
        raise CheckpointError(f"{path} is damaged, no checkpoint of this project, or another "
                              f"version's ({problem!r:.100})") from None
    return {"model": model.to(device), **rest}


if __name__ == "__main__":
    model = Transformer(ModelConfig(Tokenizer().n_vocab))
    c, n, T = model.config, model.n_params(), 256
    # forward and backward: 6 per weight, and 12 D per layer for each of T/2 positions attended to
    flops = 6 * n + 6 * c.n_layer * c.n_embd * T
    print(f"{c}\n{n:,} parameters, {flops:,} FLOPs per token (T = {T})")
