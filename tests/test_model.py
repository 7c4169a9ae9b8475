"""Tokenizer, transformer, sampling, optimizers, checkpoints: on tiny untrained models with weights drawn large enough to matter."""

import copy
import pickle
import random
from contextlib import nullcontext
from functools import partial
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import model as model_file
from model import (
    SPECIALS,
    CheckpointError,
    ModelConfig,
    Tokenizer,
    Transformer,
    autocast,
    collate,
    export,
    learn_vocab,
    load_checkpoint,
    make_optimizers,
    restore_rng,
    save_checkpoint,
)

V = 12  # vocabulary of the tiny models
generate = partial(model_file.generate, dtype=torch.float32)  # where tokens are compared exactly
CONFIGS = {
    "shared keys": {},
    "grouped, swiglu": dict(n_kv_head=2, mlp="swiglu", tied=False),
    "all heads, biases": dict(n_kv_head=4, bias=True),
}


def tiny(seed=0, **changes) -> Transformer:
    """Two layers, 32 wide, 64 positions. The initialisation makes every block the identity, so all weights are drawn again."""
    torch.manual_seed(seed)
    model = Transformer(ModelConfig(**{**dict(n_vocab=V, n_layer=2, n_head=4, n_kv_head=1, n_embd=32, n_ctx=64), **changes}))
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
    for piece in ("list(map(int, input().split()))", "int(input())", "\n    ", "<output>\n", "```python\n"):
        assert len(tokenizer.encode(piece)) == 1, piece


def test_learnt_vocabulary_is_bytes_then_frequent_pieces(tmp_path):
    path = tmp_path / "vocab.tiktoken"
    text = "x = total + 12\n" * 30 + "y = average + 34\n" * 25
    learn_vocab(text + "z = seldom + 5\n", path)
    first = path.read_bytes()
    tokenizer = Tokenizer(path)
    assert len(tokenizer.encode(" = ")) == 1
    assert len(tokenizer.encode("average ")) == 1 and len(tokenizer.encode("seldom ")) == 7
    assert tokenizer.decode(list(range(256))[65:70]) == "ABCDE"
    assert tokenizer.n_vocab == len(first.splitlines()) + len(SPECIALS)
    learn_vocab(text + "z = seldom + 5\n", path)
    assert path.read_bytes() == first
    learn_vocab(text, path, n_ranks=258)
    assert Tokenizer(path).n_vocab == 258 + len(SPECIALS)


def test_unusable_vocabulary_is_said_in_one_line(tmp_path):
    with pytest.raises(SystemExit, match="missing.vocab is missing"):
        Tokenizer(tmp_path / "missing.vocab")
    (tmp_path / "damaged.vocab").write_text("IQ== zero\n")
    with pytest.raises(SystemExit, match="damaged.vocab is damaged"):
        Tokenizer(tmp_path / "damaged.vocab")


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


def test_attention_for_cpus_and_for_gpus_agree(any_model):
    attention, x = any_model.layers[0].self_attn, torch.randn(2, 9, 32)
    rope = (any_model.cos[None, :9, None], any_model.sin[None, :9, None])
    mask = torch.full((1, 9, 9), -torch.inf).triu(1)
    torch.testing.assert_close(attention(x, rope, mask), attention(x, rope, None), atol=1e-5, rtol=1e-4)


def test_attention_depends_on_distance_not_on_position(any_model):
    """Rotary positions: the same sequence a few positions later has the same logits."""
    ids, T, shift = torch.randint(V, (2, 10)), 10, 7
    mask = torch.full((1, T, T), -torch.inf).triu(1)
    logits = []
    for first in (0, shift):
        at = torch.arange(first, first + T)[None].expand(2, T)
        x = any_model.embed_tokens(ids)
        for layer in any_model.layers:
            x = layer(x, (any_model.cos[at][:, :, None], any_model.sin[at][:, :, None]), mask)
        logits.append(any_model.lm_head(any_model.norm(x)))
    torch.testing.assert_close(*logits, atol=1e-4, rtol=1e-4)


def test_logprobs_are_those_of_the_logits(any_model):
    rows = ragged(4, low=3)
    ids = collate(rows, pad=0)
    mask = torch.tensor([[1 <= t < len(row) and t % 2 == 1 for t in range(ids.shape[1])] for row in rows])
    logp = any_model.logprobs(ids, mask)
    full = any_model(ids).log_softmax(-1)
    where = mask.nonzero().tolist()                                         # row by row
    assert logp.tolist() == pytest.approx([full[b, t - 1, ids[b, t]].item() for b, t in where], abs=1e-4)
    assert logp.requires_grad
    any_model.block = None                                                  # what is compiled never sees a single row
    alone = torch.cat([any_model.logprobs(ids[k:k + 1], mask[k:k + 1]) for k in range(len(ids))])
    torch.testing.assert_close(alone, logp, atol=1e-4, rtol=1e-4)


def test_logprobs_take_no_more_than_the_context():
    model = tiny(n_ctx=20)                                                  # no multiple of 16
    assert len(model.logprobs(torch.ones(2, 21, dtype=torch.long), torch.ones(2, 21, dtype=torch.bool))) == 40
    with pytest.raises(ValueError, match="n_ctx"):
        model.logprobs(torch.ones(2, 22, dtype=torch.long), torch.ones(2, 22, dtype=torch.bool))


def test_bf16_is_close_to_fp32(any_model):
    ids, mask = torch.randint(V, (4, 16)), torch.ones(4, 16, dtype=torch.bool)
    with autocast("cpu"):
        low = any_model.logprobs(ids, mask)
    assert low.dtype == torch.float32
    assert (low - any_model.logprobs(ids, mask)).abs().mean() < 0.1


def test_fresh_model_is_nearly_uniform_and_every_weight_learns():
    torch.manual_seed(0)
    model = Transformer(ModelConfig(n_vocab=V, n_layer=2, n_embd=32, n_ctx=64))
    ids, mask = torch.randint(V, (4, 16)), torch.ones(4, 16, dtype=torch.bool)
    logp = model.logprobs(ids, mask)
    assert -logp.mean().item() == pytest.approx(torch.tensor(float(V)).log().item(), abs=0.2)
    optimizers = make_optimizers(model, 0.02, 0.01)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for _ in range(3):  # blocks start as the identity: their inner weights move from the second step on
        for optimizer in optimizers:
            optimizer.zero_grad()
        (-model.logprobs(ids, mask).mean()).backward()
        for optimizer in optimizers:
            optimizer.step()
    assert model.logprobs(ids, mask).mean() > logp.mean() + 0.1
    assert all(not torch.equal(p, before[name]) for name, p in model.named_parameters())


def test_sizes():
    model = tiny()
    block = 32 * 32 + 2 * 8 * 32 + 32 * 32 + 2 * 4 * 32 * 32 + 2 * 8 + 2 * 32       # q, k and v, o, up and down, head norms, norms
    assert model.n_params() == V * 32 + 2 * block + 32
    matrices = V * 32 + 2 * (block - 2 * 8 - 2 * 32)
    assert model.flops_per_token(10) == 6 * matrices + 6 * 2 * 32 * 10
    assert tiny(tied=False).n_params() == model.n_params() + V * 32
    assert tiny(tied=False).flops_per_token(10) == model.flops_per_token(10)


def test_impossible_requests_are_refused():
    with pytest.raises(ValueError, match="multiple"):
        Transformer(ModelConfig(n_vocab=V, n_embd=30))
    with pytest.raises(ValueError, match="n_ctx is 64"):
        tiny()(torch.zeros(1, 65, dtype=torch.long))


def test_transformers_computes_the_same_from_the_same_weights():
    pytest.importorskip("transformers", reason="the extra `parity` is not installed")
    import bench
    model = bench.transformer()
    ids = torch.randint(0, model.config.n_vocab, (2, 40))
    for attention in ("sdpa", "eager"):
        other = bench.hugging_face(model, attention)
        assert sum(p.numel() for p in other.parameters()) == model.n_params()
        torch.testing.assert_close(other(input_ids=ids).logits, model(ids), atol=2e-4, rtol=1e-3)


# ---------------------------------------------------------------------------------------------------------------------------
# Sampling.

def alone(model, prompt, count) -> list[int]:
    """Greedy continuation the slow way: the whole sequence anew for each token."""
    ids = list(prompt)
    with torch.no_grad():
        for _ in range(count):
            ids.append(model(torch.tensor([ids]))[0, -1].argmax().item())
    return ids[len(prompt):]


def test_cached_logits_are_the_uncached_ones(any_model):
    """Token by token with a cache longer than needed, two rows of which the second is two positions behind."""
    c, ids = any_model.config, torch.randint(V, (2, 12))
    full = any_model(ids)
    caches = [tuple(torch.full((2, c.n_kv_head, 30, c.head_size), 7.0) for _ in "kv") for _ in range(c.n_layer)]
    with torch.inference_mode():
        for t in range(14):
            at = torch.tensor([[min(t, 11)], [max(t - 2, 0)]])
            mask = torch.where(torch.arange(t + 1) <= at, 0.0, -torch.inf)[:, None]
            logits = any_model.lm_head(any_model.hidden(ids.gather(1, at), at, mask, caches))[:, 0]
            for row in range(2):
                torch.testing.assert_close(logits[row], full[row, at[row, 0]], atol=1e-4, rtol=1e-4)


def test_greedy_rows_do_not_depend_on_their_batch(any_model):
    prompts = ragged(12)
    expected = [alone(any_model, prompt, 15) for prompt in prompts]
    for batch_rows in (1, 5, 64):
        rollouts = generate(any_model, prompts, max_new_tokens=15, end=-1, temperature=0, batch_rows=batch_rows)
        assert [group[0].tokens for group in rollouts] == expected
        assert not any(group[0].finished for group in rollouts)


def test_rows_stop_at_the_end_token_and_leave_the_others_alone():
    model, prompts = tiny(3), ragged(24, seed=1)
    free = [alone(model, prompt, 25) for prompt in prompts]
    stops = {end: [tokens.index(end) if end in tokens else None for tokens in free] for end in range(V)}
    end = max(range(V), key=lambda end: len(set(stops[end])))                    # the token that ends rows at the most different turns
    assert None in stops[end] and len(set(stops[end])) > 4
    for (rollout,), tokens, stop in zip(generate(model, prompts, max_new_tokens=25, end=end, temperature=0), free, stops[end]):
        assert rollout.finished == (stop is not None)
        assert rollout.tokens == (tokens[:stop + 1] if rollout.finished else tokens)
        assert len(rollout.logprobs) == len(rollout.tokens)


@pytest.mark.parametrize("temperature", [1.0, 0.6, 0.0])
def test_rollout_logprobs_are_the_recomputed_ones(any_model, temperature):
    prompts = ragged(10, seed=2)
    groups = generate(any_model, prompts, max_new_tokens=20, end=5, temperature=temperature, group=3, batch_rows=9)
    flat = [(prompt, rollout) for prompt, group in zip(prompts, groups) for rollout in group]
    assert len(flat) == 30 and (temperature == 0 or 5 < sum(r.finished for _, r in flat) < 30)
    for prompt, rollout in flat:
        full = any_model(torch.tensor([prompt + rollout.tokens]))[0, len(prompt) - 1:-1] / (temperature or 1.0)
        expected = full.log_softmax(-1)[range(len(rollout.tokens)), rollout.tokens]
        assert rollout.logprobs == pytest.approx(expected.tolist(), abs=1e-3)
        assert rollout.finished == (rollout.tokens[-1] == 5) and 5 not in rollout.tokens[:-1]
    if temperature == 1:  # what RL does: one padded batch
        ids = collate([prompt + r.tokens for prompt, r in flat], pad=0)
        mask = torch.tensor([[len(p) <= t < len(p) + len(r.tokens) for t in range(ids.shape[1])] for p, r in flat])
        assert any_model.logprobs(ids, mask).tolist() == pytest.approx(sum((r.logprobs for _, r in flat), []), abs=1e-3)


def test_sampling_in_bf16_is_close(any_model):
    prompts, gaps = ragged(10, seed=2), []
    for prompt, group in zip(prompts, model_file.generate(any_model, prompts, 20, 3, end=-1, dtype=torch.bfloat16)):
        for rollout in group:
            full = any_model(torch.tensor([prompt + rollout.tokens]))[0, len(prompt) - 1:-1].log_softmax(-1)
            gaps.append((torch.tensor(rollout.logprobs) - full[range(20), rollout.tokens]).abs())
    assert torch.cat(gaps).mean() < 0.03 and torch.cat(gaps).max() < 0.3       # weights this large make logits of 10 and more


needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@needs_gpu
@pytest.mark.parametrize("temperature", [1.0, 0.0])
def test_sampling_on_a_gpu_is_what_the_model_says(temperature):
    """Captured and replayed, over several lengths of the cache, while rows leave."""
    model, prompts = tiny(n_ctx=512), ragged(40, seed=2)
    groups = generate(copy.deepcopy(model).cuda(), prompts, max_new_tokens=400, end=9, temperature=temperature, group=3)
    lengths = sorted(len(rollout.tokens) for group in groups for rollout in group)
    assert lengths[0] < 10 and lengths[-1] > 150
    for prompt, group in zip(prompts, groups):
        for rollout in group:
            full = model(torch.tensor([prompt + rollout.tokens]))[0, len(prompt) - 1:-1] / (temperature or 1.0)
            expected = full.log_softmax(-1)[range(len(rollout.tokens)), rollout.tokens]
            assert rollout.logprobs == pytest.approx(expected.tolist(), abs=1e-3)
            assert temperature or rollout.logprobs == pytest.approx(full.log_softmax(-1).amax(-1).tolist(), abs=1e-3)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=needs_gpu)])
def test_compiled_training_computes_what_eager_training_on_a_cpu_does(device, monkeypatch):
    """Also for other shapes than the first, and for a single row. In fp32, where equal is equal."""
    monkeypatch.setattr(model_file, "autocast", lambda device: nullcontext())
    eager = tiny(n_ctx=256)
    compiled = copy.deepcopy(eager).to(device)
    if "not" in (said := compiled.compile_training()):
        pytest.skip(said)
    for rows, T in ((5, 40), (1, 40), (3, 200)):
        ids, mask = torch.randint(0, V, (rows, T)), torch.rand(rows, T) < 0.5
        for model in (eager, compiled):
            model.zero_grad()
            model.logprobs(ids, mask).mean().backward()
        for (name, a), b in zip(eager.named_parameters(), compiled.parameters()):
            torch.testing.assert_close(b.grad.cpu(), a.grad, atol=1e-4, rtol=1e-2, msg=name)


def test_a_group_shares_its_prompt_and_nothing_else():
    model, prompts = tiny(), ragged(5)
    greedy = generate(model, prompts, max_new_tokens=10, end=-1, temperature=0)
    for group, (single,) in zip(generate(model, prompts, max_new_tokens=10, end=-1, temperature=0, group=4), greedy):
        assert [rollout.tokens for rollout in group] == [single.tokens] * 4
    sampled = generate(model, prompts, max_new_tokens=10, end=-1, group=4, seed=1)
    assert all(a.tokens != b.tokens for group in sampled for a, b in pairwise(group))
    assert sampled == generate(model, prompts, max_new_tokens=10, end=-1, group=4, seed=1)
    assert sampled != generate(model, prompts, max_new_tokens=10, end=-1, group=4, seed=2)


def test_samples_follow_the_distribution():
    model, prompt, n = tiny(), [1, 2, 3], 20_000
    for temperature in (1.0, 0.5):
        (group,) = generate(model, [prompt], max_new_tokens=1, end=-1, group=n, temperature=temperature, batch_rows=n)
        share = torch.bincount(torch.tensor([rollout.tokens[0] for rollout in group]), minlength=V) / n
        expected = (model(torch.tensor([prompt]))[0, -1] / temperature).softmax(-1)
        assert (share - expected).abs().max() < 5 * (0.25 / n) ** 0.5               # five standard errors


def test_sampling_stops_where_the_context_ends():
    """A token beyond n_ctx could not be read, so the last one sampled stands at position n_ctx; other rows do not matter."""
    model, prompts = tiny(n_ctx=16), [[1, 2, 3], [4] * 14, [5] * 15]
    expected = [alone(tiny(n_ctx=16), prompt, 16 - len(prompt) + 1) for prompt in prompts]
    for chosen in ([0, 1, 2], [0], [2]):
        rollouts = generate(model, [prompts[k] for k in chosen], max_new_tokens=40, end=-1, temperature=0)
        assert [group[0].tokens for group in rollouts] == [expected[k] for k in chosen]
    for impossible in ([0] * 16, []):
        with pytest.raises(ValueError, match="prompt 1 has"):
            generate(model, [[1], impossible], max_new_tokens=4, end=-1)


def test_generate_leaves_the_model_as_it_was():
    model = tiny().train()
    state, weights = torch.get_rng_state(), {k: v.clone() for k, v in model.state_dict().items()}
    generate(model, ragged(4), max_new_tokens=5, end=0, group=2)
    assert model.training
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(v, weights[k]) for k, v in model.state_dict().items())
    assert generate(model, [], max_new_tokens=5, end=0) == []


# ---------------------------------------------------------------------------------------------------------------------------
# Optimizers and checkpoints.

def train(model, optimizers, steps, seed) -> None:
    torch.manual_seed(seed)
    for _ in range(steps):
        ids = torch.randint(V, (4, 12))
        loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()


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


def test_checkpoint_round_trip_continues_to_the_same_weights(any_model, tmp_path):
    path, optimizers = tmp_path / "state.pt", make_optimizers(any_model, 0.02, 0.003)
    train(any_model, optimizers, 3, seed=1)
    save_checkpoint(path, any_model, optimizers, step=3, extra={"tokens": 36, "format": "nlex"})
    drawn = random.random(), torch.rand(1).item()
    saved = load_checkpoint(path)
    assert saved["step"] == 3 and saved["extra"] == {"tokens": 36, "format": "nlex"}
    assert saved["model"].config == any_model.config and same_weights(saved["model"], any_model)
    restore_rng(saved)
    assert (random.random(), torch.rand(1).item()) == drawn
    again = make_optimizers(saved["model"], 0.5, 0.5)                             # the saved rates win
    for optimizer, state in zip(again, saved["optimizers"]):
        optimizer.load_state_dict(state)
    assert [o.param_groups[0]["base_lr"] for o in again] == [0.02, 0.003]
    train(any_model, optimizers, 3, seed=2)
    train(saved["model"], again, 3, seed=2)
    assert same_weights(saved["model"], any_model)


def test_tied_matrices_stay_tied_after_loading(tmp_path):
    save_checkpoint(tmp_path / "tied.pt", tiny())
    model = load_checkpoint(tmp_path / "tied.pt")["model"]
    assert model.lm_head.weight is model.embed_tokens.weight


def test_export_is_small_and_close(any_model, tmp_path):
    export(tmp_path / "small.pt", any_model)
    loaded = load_checkpoint(tmp_path / "small.pt")
    assert loaded["optimizers"] == []
    for name, value in loaded["model"].state_dict().items():
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, any_model.state_dict()[name], rtol=2**-8, atol=0)


def test_a_save_that_dies_leaves_the_old_file(tmp_path, monkeypatch):
    path, old, new = tmp_path / "state.pt", tiny(0), tiny(1)
    save_checkpoint(path, old, step=1)

    def half(record, file):
        with open(file, "wb") as out:
            out.write(b"PK\x03\x04 half of it")
        raise KeyboardInterrupt
    monkeypatch.setattr(model_file.torch, "save", half)
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
    with pytest.raises(CheckpointError, match="cut.pt is damaged"):
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
        with pytest.raises(CheckpointError, match="foreign.pt is not a checkpoint of this project"):
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
        with pytest.raises(CheckpointError, match="old.pt does not fit this version") as problem:
            load_checkpoint(path)
        assert "\n" not in str(problem.value)


def test_a_checkpoint_without_its_step_is_refused(tmp_path):
    path = tmp_path / "partial.pt"
    save_checkpoint(path, tiny())
    record = torch.load(path, weights_only=True)
    torch.save({key: value for key, value in record.items() if key != "step"}, path)
    with pytest.raises(CheckpointError, match="partial.pt"):
        load_checkpoint(path)


def test_a_flipped_byte_in_the_weights_is_noticed(tmp_path):
    path = tmp_path / "flipped.pt"
    save_checkpoint(path, tiny())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="flipped.pt"):
        load_checkpoint(path)


@pytest.mark.parametrize("cut", [0, 1])
def test_a_cut_off_vocabulary_is_said_to_be_damaged(tmp_path, cut):
    path = tmp_path / "cut.vocab"
    path.write_bytes(model_file.VOCAB.read_bytes().rstrip()[:-1] if cut else b"")
    with pytest.raises(SystemExit, match="cut.vocab is damaged"):
        Tokenizer(path)
