"""Tokenizer, transformer, sampling, learning, processes, checkpoints: model.py's plain functions, and fast.py's against them.
On tiny untrained models with weights drawn large enough to matter."""

import copy
import os
import pickle
import random
from functools import partial
from itertools import pairwise

import pytest
import torch
from torch import nn

import fast
import model as plain
import runs
from fast import compile_training, cut_batches, padded
from model import (
    SPECIALS,
    CheckpointError,
    ModelConfig,
    Tokenizer,
    Transformer,
    collate,
    load_checkpoint,
    make_optimizers,
    save_checkpoint,
)
from runs import gather, share, sum_over_processes
from sft import apply_gradients

V = 12  # vocabulary of the tiny models
CONFIGS = {
    "shared keys": {},
    "grouped, swiglu": dict(n_kv_head=2, mlp="swiglu", tied=False),
    "all heads, biases, no convolution": dict(n_kv_head=4, bias=True, canon=False),
    "others' parts": dict(n_kv_head=2, canon=False, qk_norm=False, norm_eps=0.01, head_dim=12, mlp="swiglu", mlp_width=24,
                          rope_scale=(1.0, 1.0, 0.7, 0.5, 0.25, 0.25)),
}


def tiny(seed=0, **changes) -> Transformer:
    """Two layers, 32 wide, 64 positions. The initialisation makes every block the identity, so all weights are drawn again."""
    model = Transformer(ModelConfig(**{**dict(n_vocab=V, n_layer=2, n_head=4, n_kv_head=1, n_embd=32, n_ctx=64), **changes}))
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            nn.init.normal_(p, mean=1.0 if "norm" in name else 0.0, std=0.5 if "embed" in name else 0.25)
    return model.eval()


@pytest.fixture(params=CONFIGS)
def any_model(request) -> Transformer:
    return tiny(**CONFIGS[request.param])


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer()


@pytest.fixture
def fp32(monkeypatch):
    """fast.py computes in fp32: where equal is equal."""
    monkeypatch.setattr(fast, "fast_dtype", lambda device: torch.float32)


def ragged(count, seed=0, low=1, high=20) -> list[list[int]]:
    rng = random.Random(seed)
    return [[rng.randrange(V) for _ in range(rng.randint(low, high))] for _ in range(count)]


# ---------------------------------------------------------------------------------------------------------------------------
# Tokenizer.

TEXTS = [
    "", " ", "\n", "\t\r\n  x\r\n", "a\u00a0b\u2028c\u3000\x00\x1b", "naïve café Straße 北京 e\u0301 \U0010ffff", "🧑\u200d🚀", "٣४½²Ⅷ",
    "__init__ _ __", "'\"\\\\\"'", "for a, b in zip(nums, nums[1:]):\n        total += -3 ** 2\n", "a" * 500, " " * 500, "(" * 500,
    *SPECIALS, "<|user|>hi<|end|><|pa",
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text[:12]))
def test_any_text_survives_encoding(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_random_unicode_survives_encoding(tokenizer):
    rng = random.Random(0)
    alphabets = [range(128), range(0x250), range(0x2000, 0x2070), range(0x10000), range(0x110000)]
    for _ in range(500):
        drawn = [rng.choice(rng.choice(alphabets)) for _ in range(rng.randint(1, 40))]
        text = "".join(chr(c) for c in drawn if not 0xD800 <= c < 0xE000)  # lone surrogates are no text: UTF-8 has none
        assert tokenizer.decode(tokenizer.encode(text)) == text


def test_special_tokens_written_in_a_text_are_plain_text(tokenizer):
    specials = {tokenizer.user, tokenizer.assistant, tokenizer.end, tokenizer.pad}
    assert len(specials) == 4 and max(specials) == tokenizer.n_vocab - 1
    text = "print('<|end|>')<|user|><|assistant|><|pad|>"
    assert not specials & set(tokenizer.encode(text))
    prompt, answer = tokenizer.prompt(text), tokenizer.answer(text)
    assert prompt == [tokenizer.user, *tokenizer.encode(text), tokenizer.assistant]
    assert answer == [*tokenizer.encode(text), tokenizer.end]
    assert tokenizer.decode(prompt) == f"<|user|>{text}<|assistant|>"


def test_every_digit_is_its_own_token(tokenizer):
    digits = {str(d): tokenizer.encode(str(d))[0] for d in range(10)}
    for text in ("1234567890", "x1 = -20", "[10, 22]", "a9b99", "3.14", "Test: 6 09 -> 18\n7"):
        pieces = [tokenizer.decode([t]) for t in tokenizer.encode(text)]
        assert [p for p in pieces if any(c.isdigit() for c in p)] == [c for c in text if c.isdigit()]
        assert all(digits[c] in tokenizer.encode(text) for c in text if c.isdigit())


def test_a_one_letter_name_is_the_same_token_wherever_it_stands(tokenizer):
    x = tokenizer.encode("x")
    assert len(x) == 1
    for text in ("x = 3", "(x)", "3 + x", "\n    x += 1", "[x, 4]", "print(x)", "x", "x: 3"):
        assert tokenizer.encode(text).count(x[0]) == 1, text


def test_frequent_code_is_one_token(tokenizer):
    for piece in ("list(map(int, input().split()))", "int(input())", "\n    ", "<output>\n", "```python\n", "Step by step:\n", "Read as: "):
        assert len(tokenizer.encode(piece)) == 1, piece


def test_unusable_vocabulary_is_said_in_one_line(tmp_path):
    with pytest.raises(SystemExit, match="missing.vocab is missing or damaged"):
        Tokenizer(tmp_path / "missing.vocab")
    (tmp_path / "damaged.vocab").write_text("IQ== zero\n")
    with pytest.raises(SystemExit, match="damaged.vocab is missing or damaged"):
        Tokenizer(tmp_path / "damaged.vocab")


@pytest.mark.parametrize("cut", [0, 1])
def test_a_cut_off_vocabulary_is_said_to_be_damaged(tmp_path, cut):
    path = tmp_path / "cut.vocab"
    path.write_bytes(plain.VOCAB.read_bytes().rstrip()[:-1] if cut else b"")
    with pytest.raises(SystemExit, match="cut.vocab is missing or damaged"):
        Tokenizer(path)


# ---------------------------------------------------------------------------------------------------------------------------
# Transformer.

def test_no_position_sees_what_comes_after_it(any_model):
    ids = torch.randint(V, (3, 20))
    changed = ids.clone()
    changed[:, 11:] = (changed[:, 11:] + 1) % V
    before, after = any_model(ids), any_model(changed)
    assert torch.equal(before[:, :11], after[:, :11])
    assert not torch.allclose(before[:, 11:], after[:, 11:])
    earlier = ids.clone()
    earlier[:, 4] = (earlier[:, 4] + 1) % V
    assert (any_model(earlier)[:, 5:] - before[:, 5:]).abs().amax(-1).gt(1e-4).all()


def test_padding_changes_nothing_before_it(any_model):
    rows = ragged(6)
    together = any_model(collate(rows, pad=3))
    for k, row in enumerate(rows):
        torch.testing.assert_close(together[k, :len(row)], any_model(torch.tensor([row]))[0], atol=1e-4, rtol=1e-4)


def test_collate_pads_on_the_right():
    assert collate([[1, 2, 3], [4]], pad=9).tolist() == [[1, 2, 3], [4, 9, 9]]


def test_attention_depends_on_distance_not_on_position(any_model):
    """Rotary positions: the same sequence a few positions later has the same logits."""
    ids, logits = torch.randint(V, (2, 10)), []
    for first in (0, 7):
        x = any_model.embed_tokens(ids)
        for layer in any_model.layers:
            x = layer(x, any_model.rope[:, first:first + 10])
        logits.append(any_model.lm_head(any_model.norm(x)))
    torch.testing.assert_close(*logits, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(any_model.rope[:, :10], any_model.rope[:, 7:17])


def test_logprobs_are_those_of_the_logits(any_model):
    rows = ragged(4, low=3)
    ids = collate(rows, pad=0)
    mask = torch.tensor([[1 <= t < len(row) and t % 2 == 1 for t in range(ids.shape[1])] for row in rows])
    logp = plain.logprobs(any_model, ids, mask)
    full = any_model(ids).log_softmax(-1)
    where = mask.nonzero().tolist()                                         # row by row
    assert logp.tolist() == pytest.approx([full[b, t - 1, ids[b, t]].item() for b, t in where], abs=1e-4)
    assert logp.requires_grad and logp.dtype == torch.float32
    everywhere = torch.ones_like(mask)                                      # the first token has no probability
    assert len(plain.logprobs(any_model, ids, everywhere)) == len(fast.logprobs(any_model, ids, everywhere)) == ids[:, 1:].numel()


def test_fast_logprobs_and_their_gradients_are_the_plain_ones(any_model, fp32):
    for rows, T in ((4, 20), (1, 17), (3, 64), (2, 65)):                    # 65: 64 are read
        ids = collate(ragged(rows, seed=T, low=T, high=T), pad=0)
        mask = torch.rand(rows, T) < 0.5
        grads = []
        for logprobs in (plain.logprobs, fast.logprobs):
            any_model.zero_grad()
            logp = logprobs(any_model, ids, mask)
            logp.mean().backward()
            grads.append((logp.detach(), [p.grad for p in any_model.parameters()]))
        torch.testing.assert_close(*grads, atol=1e-4, rtol=1e-3)


def test_logprobs_take_no_more_than_the_context():
    model = tiny(n_ctx=20)                                                  # no multiple of 16
    for logprobs in (plain.logprobs, fast.logprobs):
        assert len(logprobs(model, torch.ones(2, 21, dtype=torch.long), torch.ones(2, 21, dtype=torch.bool))) == 40
        with pytest.raises(ValueError, match="n_ctx is 20"):
            logprobs(model, torch.ones(2, 22, dtype=torch.long), torch.ones(2, 22, dtype=torch.bool))


def test_bf16_is_close_to_fp32(any_model, monkeypatch):
    monkeypatch.setattr(fast, "fast_dtype", lambda device: torch.bfloat16)
    ids, mask = torch.randint(V, (4, 16)), torch.ones(4, 16, dtype=torch.bool)
    low, exact = fast.logprobs(any_model, ids, mask), plain.logprobs(any_model, ids, mask)
    assert low.dtype == torch.float32
    assert 0 < (low - exact).abs().mean() < 0.1


def test_batches_are_full_of_rows_about_as_long():
    assert [padded(T) for T in (1, 16, 17)] == [16, 16, 32]
    lengths = [random.Random(k).randint(10, 90) for k in range(200)] + [500]
    batches = cut_batches(lengths, 300)
    assert sorted(k for batch in batches for k in batch) == list(range(201))
    sizes = [padded(max(lengths[k] for k in batch) - 1) * len(batch) for batch in batches]
    assert sizes[0] > 300 and len(batches[0]) == 1                          # a longer row goes alone
    assert all(200 < size <= 300 for size in sizes[1:-1])
    assert all(lengths[a[-1]] >= lengths[b[0]] for a, b in pairwise(batches))


def test_fresh_model_is_nearly_uniform_and_every_weight_learns():
    torch.manual_seed(0)
    model = Transformer(ModelConfig(n_vocab=V, n_layer=2, n_embd=32, n_ctx=64))
    ids, mask = torch.randint(V, (4, 16)), torch.ones(4, 16, dtype=torch.bool)
    logp = fast.logprobs(model, ids, mask)
    assert -logp.mean().item() == pytest.approx(torch.tensor(float(V)).log().item(), abs=0.2)
    optimizers = make_optimizers(model, 0.02, 0.01)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for _ in range(3):  # blocks start as the identity: their inner weights move from the second step on
        (-fast.logprobs(model, ids, mask).mean()).backward()
        apply_gradients(model, optimizers, 1.0, 1.0)
    assert fast.logprobs(model, ids, mask).mean() > logp.mean() + 0.1
    assert all(not torch.equal(p, before[name]) for name, p in model.named_parameters())


def test_canon_is_a_causal_depthwise_convolution():
    canon, x = tiny().layers[0].input_canon, torch.randn(3, 10, 32)
    padded = nn.functional.pad(x, (0, 0, 3, 0)).transpose(1, 2)
    expected = x + nn.functional.conv1d(padded, canon.weight, groups=32).transpose(1, 2)
    torch.testing.assert_close(canon(x), expected)
    torch.testing.assert_close(canon(x[:, 4:], before=x[:, 1:4]), canon(x)[:, 4:])


def test_initialisation_is_the_table_of_the_docstring():
    torch.manual_seed(0)
    model = Transformer(ModelConfig(n_vocab=400, n_layer=2, n_embd=64, mlp="swiglu", tied=False, bias=True))
    for name, p in model.named_parameters():
        if name.endswith("bias") or "o_proj" in name or "down_proj" in name:
            assert not p.any(), name
        elif "canon" in name:
            assert p.std().item() == pytest.approx(0.5, rel=0.15), name
        elif "norm" in name:
            assert (p == 1).all(), name
        elif "proj" in name:
            assert p.std().item() == pytest.approx(p.shape[1] ** -0.5, rel=0.1) and p.abs().max() <= (3 / p.shape[1]) ** 0.5, name
        else:
            assert p.std().item() == pytest.approx(0.02, rel=0.1), name


def test_sizes():
    model = tiny()
    block = 32 * 32 + 2 * 8 * 32 + 32 * 32 + 2 * 4 * 32 * 32 + 2 * 8 + 2 * 32       # q, k and v, o, up and down, head norms, norms
    block += 2 * 4 * 32                                                             # convolutions
    assert model.n_params() == V * 32 + 2 * block + 32
    assert tiny(tied=False).n_params() == model.n_params() + V * 32


def test_impossible_requests_are_refused():
    with pytest.raises(ValueError, match="multiple"):
        Transformer(ModelConfig(n_vocab=V, n_embd=30))
    with pytest.raises(ValueError, match="n_ctx is 64"):
        tiny()(torch.zeros(1, 65, dtype=torch.long))


def test_transformers_computes_the_same_from_the_same_weights():
    pytest.importorskip("transformers", reason="the extra `parity` is not installed")
    from lab import bench
    model = bench.transformer(mlp="swiglu", canon=False)
    ids = torch.randint(0, model.config.n_vocab, (2, 40))
    for attention in ("sdpa", "eager"):
        other = bench.hugging_face(model, attention)
        assert sum(p.numel() for p in other.parameters()) == model.n_params()
        torch.testing.assert_close(other(input_ids=ids).logits, model(ids), atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(
    not torch.cuda.is_available(), reason="needs a CUDA device"))])
def test_compiled_training_computes_what_plain_training_does(device, fp32, monkeypatch):
    """Also for other shapes than the first, and for a single row. On a CPU without writing C++, whose compiler takes half a minute the first time:
    what is split off, and when it is split off anew, is the same."""
    if device == "cpu":
        monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    model = tiny(n_ctx=256)
    compiled = copy.deepcopy(model).to(device)
    assert compile_training(compiled) == "compiled"
    assert model not in fast.compiled and all(p.grad is None for p in compiled.parameters())
    for rows, T in ((60, 80), (1, 40), (30, 200)):
        ids, mask = torch.randint(0, V, (rows, T)), torch.rand(rows, T) < 0.5
        for one, logprobs in ((model, plain.logprobs), (compiled, fast.logprobs)):
            one.zero_grad()
            logprobs(one, ids, mask).mean().backward()
        for (name, a), b in zip(model.named_parameters(), compiled.parameters()):
            torch.testing.assert_close(b.grad.cpu(), a.grad, atol=1e-4, rtol=1e-2, msg=name)


def test_where_nothing_can_be_compiled_training_goes_on(monkeypatch):
    def fail(*args, **options):
        def compiled(*args):
            raise RuntimeError("no compiler")
        return compiled
    monkeypatch.setattr(torch, "compile", fail)
    model = tiny()
    assert compile_training(model) == "not compiled (RuntimeError)" and model not in fast.compiled
    assert len(fast.logprobs(model, torch.ones(2, 5, dtype=torch.long), torch.ones(2, 5, dtype=torch.bool))) == 8


# ---------------------------------------------------------------------------------------------------------------------------
# Sampling: plain, and fast as plain.

def flat(groups) -> list:
    return [rollout for group in groups for rollout in group]


def check_rollouts(model, prompts, groups, end, temperature, abs=1e-3):
    """Every rollout ends where it should, and its log-probabilities are those of one plain pass over it."""
    for prompt, group in zip(prompts, groups, strict=True):
        for r in group:
            logits = model(torch.tensor([prompt + r.tokens]))[0, len(prompt) - 1:-1] / (temperature or 1.0)
            expected = logits.log_softmax(-1)[range(len(r.tokens)), r.tokens]
            assert r.logprobs == pytest.approx(expected.tolist(), abs=abs)
            assert temperature or r.logprobs == pytest.approx(logits.log_softmax(-1).amax(-1).tolist(), abs=abs)
            assert r.finished == (r.tokens[-1] == end) and end not in r.tokens[:-1]


@pytest.mark.parametrize("temperature", [1.0, 0.6, 0.0])
@pytest.mark.parametrize("generate", [plain.generate, fast.generate], ids=["plain", "fast"])
def test_rollout_logprobs_are_the_recomputed_ones(any_model, fp32, monkeypatch, generate, temperature):
    monkeypatch.setattr(fast, "BATCH_ROWS", 9)
    prompts = ragged(10 if generate is fast.generate else 4, seed=2)             # the plain one is slow
    groups = generate(any_model, prompts, 20, 3, end=6, temperature=temperature)
    rollouts = flat(groups)
    assert [len(group) for group in groups] == [3] * len(prompts)
    assert temperature < 1 or 0 < sum(r.finished for r in rollouts) < len(rollouts)  # colder ones may never end
    check_rollouts(any_model, prompts, groups, 6, temperature)
    if temperature == 1:  # what RL does: one padded batch
        rows = [prompt + r.tokens for prompt, group in zip(prompts, groups) for r in group]
        first = [len(prompt) for prompt, group in zip(prompts, groups) for _ in group]
        ids = collate(rows, pad=0)
        mask = torch.tensor([[a <= t < len(row) for t in range(ids.shape[1])] for a, row in zip(first, rows)])
        sampled = sum((r.logprobs for r in rollouts), [])
        assert fast.logprobs(any_model, ids, mask).tolist() == pytest.approx(sampled, abs=1e-3)


def same_greedy(model, prompts, max_new_tokens, end, group=1, expected=None):
    """fast.generate's greedy rollouts are plain's, row by row -> the plain ones."""
    expected = expected or plain.generate(model, prompts, max_new_tokens, end=end, temperature=0)
    got = fast.generate(model, prompts, max_new_tokens, group, end=end, temperature=0)
    for (single,), group_ in zip(expected, got, strict=True):
        assert len(group_) == group
        for rollout in group_:
            assert (rollout.tokens, rollout.finished) == (single.tokens, single.finished)
            assert rollout.logprobs == pytest.approx(single.logprobs, abs=1e-3)
    return expected


def test_greedy_rows_do_not_depend_on_their_batch(any_model, fp32, monkeypatch):
    prompts, expected = ragged(9), None
    for rows in (1, 4, 64):
        monkeypatch.setattr(fast, "BATCH_ROWS", rows)
        expected = same_greedy(any_model, prompts, 12, -1, expected=expected)
        assert not any(rollout.finished for rollout in flat(expected))
    same_greedy(any_model, ragged(70, seed=3), 2, end=-1, group=2)               # read in parts of 16


def test_rows_stop_at_the_end_token_and_leave_the_others_alone(fp32):
    model, prompts = tiny(3), ragged(24, seed=1)
    free = flat(plain.generate(model, prompts, 25, end=-1, temperature=0))
    stops = {end: [r.tokens.index(end) if end in r.tokens else None for r in free] for end in range(V)}
    end = max(range(V), key=lambda end: len(set(stops[end])))                    # ends rows at the most different turns
    assert None in stops[end] and len(set(stops[end])) > 4
    rollouts = flat(same_greedy(model, prompts, 25, end, group=3))
    for rollout, unending, stop in zip(rollouts, free, stops[end], strict=True):
        assert rollout.finished == (stop is not None)
        assert rollout.tokens == (unending.tokens[:stop + 1] if rollout.finished else unending.tokens)


def test_sampling_stops_where_the_context_ends(fp32):
    """A token beyond n_ctx could not be read, so the last one sampled stands at position n_ctx; other rows do not matter."""
    model, prompts = tiny(n_ctx=16), [[1, 2, 3], [4] * 14, [5] * 15]
    for chosen in ([0, 1, 2], [0], [2]):
        rollouts = flat(same_greedy(model, [prompts[k] for k in chosen], 40, end=-1, group=2))
        assert [len(r.tokens) for r in rollouts] == [16 - len(prompts[k]) + 1 for k in chosen]
    for impossible in ([0] * 16, []):
        with pytest.raises(ValueError, match="prompt 1 has"):
            fast.generate(model, [[1], impossible], max_new_tokens=4, end=-1)


@pytest.mark.parametrize("generate", [plain.generate, fast.generate], ids=["plain", "fast"])
def test_a_group_shares_its_prompt_and_nothing_else(generate):
    model, prompts = tiny(), ragged(5)
    sampled = generate(model, prompts, max_new_tokens=10, end=-1, group=4, seed=1)
    assert all(a.tokens != b.tokens for group in sampled for a, b in pairwise(group))
    assert sampled == generate(model, prompts, max_new_tokens=10, end=-1, group=4, seed=1)
    assert sampled != generate(model, prompts, max_new_tokens=10, end=-1, group=4, seed=2)


@pytest.mark.parametrize("generate, n", [(plain.generate, 300), (fast.generate, 20_000)], ids=["plain", "fast"])
def test_samples_follow_the_distribution(generate, n, fp32, monkeypatch):
    monkeypatch.setattr(fast, "BATCH_ROWS", n)
    model, prompt = tiny(), [1, 2, 3]
    for temperature in (1.0, 0.5):
        (group,) = generate(model, [prompt], max_new_tokens=1, end=-1, group=n, temperature=temperature)
        share = torch.bincount(torch.tensor([rollout.tokens[0] for rollout in group]), minlength=V) / n
        expected = (model(torch.tensor([prompt]))[0, -1] / temperature).softmax(-1)
        assert (share - expected).abs().max() < 5 * (0.25 / n) ** 0.5               # five standard errors


def test_sampling_in_bf16_is_close(any_model, monkeypatch):
    monkeypatch.setattr(fast, "fast_dtype", lambda device: torch.bfloat16)
    prompts, gaps = ragged(10, seed=2), []
    for prompt, group in zip(prompts, fast.generate(any_model, prompts, 20, 3, end=-1)):
        for rollout in group:
            full = any_model(torch.tensor([prompt + rollout.tokens]))[0, len(prompt) - 1:-1].log_softmax(-1)
            gaps.append((torch.tensor(rollout.logprobs) - full[range(20), rollout.tokens]).abs())
    gaps = torch.cat(gaps)
    assert 0 < gaps.mean() < 0.03 and gaps.max() < 0.5                              # weights this large make logits of 10 and more


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("temperature", [1.0, 0.0])
@pytest.mark.parametrize("config", CONFIGS)
def test_sampling_on_a_gpu_is_what_the_model_says(config, temperature, fp32):
    """Captured and replayed, over several lengths of the cache, while rows leave."""
    model, prompts = tiny(**CONFIGS[config] | {"n_ctx": 512}), ragged(40, seed=2)
    groups = fast.generate(copy.deepcopy(model).cuda(), prompts, max_new_tokens=400, end=9, temperature=temperature, group=3)
    lengths = sorted(len(rollout.tokens) for rollout in flat(groups))
    assert lengths[0] < 10 and lengths[-1] > 40
    check_rollouts(model, prompts, groups, 9, temperature)


@pytest.mark.parametrize("generate", [plain.generate, fast.generate], ids=["plain", "fast"])
def test_generate_leaves_the_model_as_it_was(generate):
    model = tiny().train()
    state, weights = torch.get_rng_state(), {k: v.clone() for k, v in model.state_dict().items()}
    generate(model, ragged(4), max_new_tokens=5, end=0, group=2)
    assert model.training
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(v, weights[k]) for k, v in model.state_dict().items())
    assert generate(model, [], max_new_tokens=5, end=0) == []


# ---------------------------------------------------------------------------------------------------------------------------
# Learning.

def batch_loss(model, seed, rank=0, ranks=1):  # also of test_processes.py
    """A process's part of a loss: the mean over all rows' tokens."""
    ids = collate(ragged(5, seed=seed, low=12, high=12), pad=0)
    mask = torch.ones_like(ids, dtype=torch.bool)
    return -plain.logprobs(model, ids[rank::ranks], mask[rank::ranks]).sum() / ids[:, 1:].numel()


def train(model, optimizers, seeds, clip=1.0) -> list[float]:
    norms = []
    for seed in seeds:
        batch_loss(model, seed).backward()
        norms.append(apply_gradients(model, optimizers, 0.5, clip))
    return norms


def same_weights(a: Transformer, b: Transformer) -> bool:
    return all(torch.equal(v, b.state_dict()[k]) for k, v in a.state_dict().items())


def test_muon_has_the_matrices_of_the_layers_and_adam_all_the_rest(any_model):
    muon, adam = make_optimizers(any_model, 0.02, 0.003)
    names = {id(p): name for name, p in any_model.named_parameters()}
    owned = [[names[id(p)] for group in optimizer.param_groups for p in group["params"]] for optimizer in (muon, adam)]
    assert sorted(owned[0] + owned[1]) == sorted(names.values())                  # each once
    assert all(name.startswith("layers.") and name.endswith("proj.weight") for name in owned[0])
    assert not any(name.endswith("proj.weight") for name in owned[1])
    assert [group["base_lr"] for o in (muon, adam) for group in o.param_groups] == [0.02, 0.003]


@pytest.mark.parametrize("stacked", [1, 2**24])  # each matrix alone, all of one shape together
@pytest.mark.parametrize("low, close", [(torch.bfloat16, 2e-4), (torch.float32, 2e-3)])  # torch's is in bf16
def test_muon_in_few_products_is_torchs(any_model, monkeypatch, stacked, low, close):
    monkeypatch.setattr(fast, "STACKED", stacked)
    monkeypatch.setattr(fast, "fast_dtype", lambda device: low)
    types, orthogonal = set(), fast.orthogonal
    monkeypatch.setattr(fast, "orthogonal", lambda x, group: types.add(x.dtype) or orthogonal(x, group))
    other = copy.deepcopy(any_model)
    ours, torchs = fast.make_optimizers(any_model, 0.02, 0.003), make_optimizers(other, 0.02, 0.003)
    for seed in range(3):
        for model, optimizers in ((any_model, ours), (other, torchs)):
            batch_loss(model, seed).backward()
            apply_gradients(model, optimizers, 0.5, 1.0)
        assert all(torch.allclose(p, q, atol=close) for p, q in zip(any_model.parameters(), other.parameters())), seed
    assert types == {low}
    states = [optimizers[0].state_dict() for optimizers in (ours, torchs)]
    assert states[0].keys() == states[1].keys() and states[0]["param_groups"] == states[1]["param_groups"]
    for k, held in states[0]["state"].items():
        assert torch.allclose(held["momentum_buffer"], states[1]["state"][k]["momentum_buffer"], atol=1e-3)


def test_a_step_clips_follows_the_schedule_and_clears(any_model):
    start = copy.deepcopy(any_model)
    optimizers = make_optimizers(any_model, 0.02, 0.003)
    batch_loss(any_model, 0).backward()
    norm = torch.stack([p.grad.norm() for p in any_model.parameters()]).norm().item()
    assert apply_gradients(any_model, optimizers, 0.0, 1.0) == pytest.approx(norm, rel=1e-4)
    assert same_weights(any_model, start)                                            # rate 0
    assert all(p.grad is None or not p.grad.any() for p in any_model.parameters())
    assert [group["lr"] for o in optimizers for group in o.param_groups] == [0.0, 0.0]
    (sgd := torch.optim.SGD(any_model.parameters(), lr=1.0)).param_groups[0]["base_lr"] = 0.2
    batch_loss(any_model, 0).backward()
    apply_gradients(any_model, [sgd], 0.5, 0.01)
    moved = torch.stack([(p - q).norm() for p, q in zip(any_model.parameters(), start.parameters())]).norm().item()
    assert moved == pytest.approx(0.2 * 0.5 * 0.01, rel=1e-2)                        # a gradient of norm `clip`
    assert apply_gradients(any_model, [sgd], 0.5, 0.01) == 0.0                       # missing gradients are zero


def test_without_torchrun_there_is_one_process():
    assert "RANK" in os.environ or runs.join_processes("cpu") == (0, 1)
    assert gather([3, 4]) == [3, 4] and sum_over_processes(torch.ones(2)).tolist() == [1.0, 1.0]
    assert share([1, 2, 3], lambda items: [10 * k for k in items]) == [10, 20, 30]
    runs.leave_processes()


# ---------------------------------------------------------------------------------------------------------------------------
# Checkpoints.

def test_checkpoint_round_trip_continues_to_the_same_weights(any_model, tmp_path):
    path, optimizers = tmp_path / "state.pt", make_optimizers(any_model, 0.02, 0.003)
    train(any_model, optimizers, range(3))
    save_checkpoint(path, any_model, optimizers, step=3, extra={"tokens": 36, "format": "nlex"})
    saved = load_checkpoint(path)
    assert saved["step"] == 3 and saved["extra"] == {"tokens": 36, "format": "nlex"}
    assert saved["model"].config == any_model.config and same_weights(saved["model"], any_model)
    again = make_optimizers(saved["model"], 0.5, 0.5)                             # the saved rates win
    for optimizer, state in zip(again, saved["optimizers"]):
        optimizer.load_state_dict(state)
    assert [o.param_groups[0]["base_lr"] for o in again] == [0.02, 0.003]
    train(any_model, optimizers, range(3, 6))
    train(saved["model"], again, range(3, 6))
    assert same_weights(saved["model"], any_model)


def test_the_committed_checkpoint_loads(root):
    saved = load_checkpoint(root / "results" / "course-seed0" / "rl.pt")
    assert saved["model"].config.n_vocab == Tokenizer().n_vocab and set(saved) == {"model", "optimizers", "step", "extra"}
    assert all(p.dtype == torch.float32 for p in saved["model"].parameters())


def test_tied_matrices_stay_tied_after_loading(tmp_path):
    save_checkpoint(tmp_path / "tied.pt", tiny())
    model = load_checkpoint(tmp_path / "tied.pt")["model"]
    assert model.lm_head.weight is model.embed_tokens.weight


def test_a_save_that_dies_leaves_the_old_file(tmp_path, monkeypatch):
    path, old, new = tmp_path / "state.pt", tiny(0), tiny(1)
    save_checkpoint(path, old, step=1)

    def half(record, file):
        with open(file, "wb") as out:
            out.write(b"PK\x03\x04 half of it")
        raise KeyboardInterrupt
    monkeypatch.setattr(plain.torch, "save", half)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(path, new, step=2)
    monkeypatch.undo()
    assert load_checkpoint(path)["step"] == 1 and same_weights(load_checkpoint(path)["model"], old)
    save_checkpoint(path, new, step=2)                                            # what the dead save left behind is in nobody's way
    assert load_checkpoint(path)["step"] == 2 and [p.name for p in tmp_path.iterdir()] == ["state.pt"]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.99])
def test_cut_off_file_is_said_to_be_damaged(tmp_path, share):
    path = tmp_path / "cut.pt"
    save_checkpoint(path, tiny())
    whole = path.read_bytes()
    path.write_bytes(whole[:int(share * len(whole))])
    with pytest.raises(CheckpointError, match="cut.pt is cut off"):
        load_checkpoint(path)


class Surprise:
    """Unpickling this would run code."""
    def __reduce__(self):
        return (pytest.fail, ("a checkpoint ran code",))


def test_foreign_files_are_refused_and_never_run(tmp_path):
    with pytest.raises(CheckpointError, match="does not exist"):
        load_checkpoint(tmp_path / "none.pt")
    path = tmp_path / "foreign.pt"
    contents = [b"", b"\x00" * 100, b"hello\n", b"\x89PNG\r\n\x1a\n", random.Random(0).randbytes(2000)]
    for content in contents + [pickle.dumps(value, 2) for value in (Surprise(), {"model": 3})]:
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="foreign.pt") as problem:
            load_checkpoint(path)
        assert "\n" not in str(problem.value)
    for record in ({"model": {}}, [1, 2], torch.zeros(3), {"format": "another/1"}):
        torch.save(record, path)
        with pytest.raises(CheckpointError, match="foreign.pt is .*no checkpoint of this project"):
            load_checkpoint(path)
    torch.save(Surprise(), path)
    with pytest.raises(CheckpointError, match="foreign.pt"):
        load_checkpoint(path)


def test_checkpoint_of_another_version_is_refused(tmp_path):
    path = tmp_path / "old.pt"
    save_checkpoint(path, tiny())
    record = torch.load(path, weights_only=True)
    changes = [{"config": {**record["config"], "n_experts": 4}}, {"config": {**record["config"], "n_embd": 64}},
               {"model": {k: v for k, v in record["model"].items() if k != "norm.weight"}}]
    for change in changes:
        torch.save({**record, **change}, path)
        with pytest.raises(CheckpointError, match="old.pt is .*another version") as problem:
            load_checkpoint(path)
        assert "\n" not in str(problem.value)
    del record["step"]
    torch.save(record, path)
    with pytest.raises(CheckpointError, match="old.pt"):
        load_checkpoint(path)


def test_a_flipped_byte_in_the_weights_is_noticed(tmp_path):
    path = tmp_path / "flipped.pt"
    save_checkpoint(path, tiny())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="flipped.pt"):
        load_checkpoint(path)
