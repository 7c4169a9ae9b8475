"""How fast are training and sampling, beside what one would otherwise pick?

    python -m lab.bench --rounds 1                    # a look
    python -m lab.bench | tail -1 > results/bench.json    # five minutes on 2 quiet cores

The contestants take turns, round after round. Figures are medians over the rounds, and so are
ratios, each formed within a round; the last line on stdout is all of it, as JSON. All have the CPU
preset's sizes. Beside transformers ours have one architecture with it (Qwen3's: with SwiGLU,
without our convolutions) and the same weights; ours train with Muon, transformers' with AdamW, with
its eager attention, the fastest here, or compiled. "course" is what the course trains, convolutions
and all. Training: 16 rows of 192 tokens, the second half learnt. Sampling: prompts of 60 to 140
tokens and 150 new ones; no row ends. Without transformers (pip install -e '.[parity]') they are
left out.
"""

import json
import random
import time
from functools import partial
from importlib.util import find_spec
from statistics import median

import torch

import fast
import model as plain
import tasks
from commands import manual, plainly
from runs import provenance
from sft import apply_gradients

NEW = 150  # tokens sampled in a row


def transformer(**shape):
    torch.manual_seed(0)
    model = plain.Transformer(plain.ModelConfig(
        plain.Tokenizer().n_vocab, **tasks.PRESETS["cpu"]["model"] | shape))
    for p in model.parameters():  # fresh blocks are the identity: weights large enough to matter
        if p.ndim == 2:
            p.data.normal_(std=0.05)
    return model


def hugging_face(model, attention):
    """The same model in transformers."""
    from transformers import Qwen3Config, Qwen3ForCausalLM
    c = model.config
    other = Qwen3ForCausalLM(Qwen3Config(
        vocab_size=c.n_vocab, hidden_size=c.n_embd, num_hidden_layers=c.n_layer,
        num_attention_heads=c.n_head, num_key_value_heads=c.n_kv_head, head_dim=c.head_size,
        intermediate_size=model.layers[0].mlp.up_proj.out_features, rope_theta=c.rope_theta,
        max_position_embeddings=c.n_ctx, rms_norm_eps=torch.finfo(torch.float32).eps,
        tie_word_embeddings=c.tied, attn_implementation=attention))
    other.model.load_state_dict(model.state_dict(), strict=False)
    return other


# A contestant: (what it does in its turn, how many tokens that is).

def training(model, logprobs):
    """logprobs: as fast's; None: model is transformers'."""
    ids = torch.randint(plain.Tokenizer().n_vocab, (16, 192))
    mask = torch.arange(192).expand(16, 192) >= 96
    optimizers = fast.make_optimizers(model, 0.02, 0.003)
    low = fast.fast_dtype(ids.device) == torch.bfloat16
    if logprobs is None:
        optimizers = [torch.optim.AdamW(model.parameters(), fused=True)]
        optimizers[0].param_groups[0]["base_lr"] = 1e-5

    def turn():
        for _ in range(10):
            with torch.autocast("cpu", torch.bfloat16, enabled=low):
                if logprobs is None:
                    labels = ids.masked_fill(~mask, -100)
                    loss = model(input_ids=ids, labels=labels, use_cache=False).loss
                else:
                    loss = -logprobs(model, ids, mask).mean()
            loss.backward()
            apply_gradients(model, optimizers, 1.0, 1.0)
    return turn, 10 * ids.numel()


def sampling(rows, model, generate):
    """generate: as fast's; None: model is transformers'."""
    rng, pad = random.Random(0), plain.Tokenizer().pad
    prompts = [rng.choices(range(256), k=rng.randint(60, 140)) for _ in range(rows)]
    ids = plain.collate([prompt[::-1] for prompt in prompts], pad).flip(1)  # padded on the left

    def turn():
        if generate is None:
            model.generate(input_ids=ids, attention_mask=ids != pad, do_sample=True, top_k=0,
                           min_new_tokens=NEW, max_new_tokens=NEW, pad_token_id=pad)
        else:
            generate(model, prompts, NEW, end=-1)
    return turn, rows * NEW


def enter(who, make, logprobs, generate, compile_training):
    """make: function that makes the model, which compile_training compiles in place."""
    compiled = make()
    compile_training(compiled)
    return {f"train {who}": training(make(), logprobs),
            f"train {who}, compiled": training(compiled, logprobs),
            f"sample {who}, 64 rows": sampling(64, make(), generate),
            f"sample {who}, 256 rows": sampling(256, make(), generate)}


@plainly()
def main():
    parser = manual(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="default: 5, after one to warm up")
    args = parser.parse_args()
    qwen = partial(transformer, mlp="swiglu", canon=False)
    tools = fast.logprobs, fast.generate, fast.compile_training
    contestants = enter("ours", qwen, *tools) | enter("course", transformer, *tools)
    if find_spec("transformers"):
        compiled = lambda: hugging_face(qwen(), "sdpa")
        contestants |= enter("transformers", compiled, None, None, torch.nn.Module.compile)
        contestants["train transformers"] = training(hugging_face(qwen(), "eager"), None)

    figures, ratios = {}, {}
    speeds = {name: [] for name in contestants}  # tokens a second, round by round
    for k in range(1 + args.rounds):
        for name, (turn, tokens) in contestants.items():
            began = time.perf_counter()
            turn()
            if k:  # the first one is to warm up
                speeds[name].append(tokens / (time.perf_counter() - began))
    for name, one in speeds.items():
        figures[name] = {"tokens_per_second": median(one)}
        rival = name.replace("ours", "transformers")
        if name != rival in speeds:
            ratios[name] = median([a / b for a, b in zip(one, speeds[rival])])
        print(f"{name:34s} {median(one):10,.0f} tokens a second   {ratios.get(name, '')}")
    print(json.dumps({"rounds": args.rounds, "figures": figures, "ratios": ratios, **provenance()}))


if __name__ == "__main__":
    main()
