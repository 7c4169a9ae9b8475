"""How fast are training and sampling, beside what one would otherwise pick?

    python -m lab.bench --out results/bench.json      # 15 minutes on 2 quiet cores
    python -m lab.bench --rounds 1                    # a look, 3 minutes

The contestants take turns, round after round. Figures are medians over the rounds, and so are
ratios, each formed within a round. All have the CPU preset's sizes, one architecture (Qwen3's: with
SwiGLU, without our convolutions) and the same weights; ours train with Muon, transformers' with
AdamW. Training: 16 rows of 192 tokens, the second half learnt; transformers with its eager
attention, the fastest here, or compiled. Sampling: prompts of 60 to 140 tokens and 100 new ones; no
row ends; without a cache it is model.py's. Without transformers (pip install -e '.[parity]') ours
are alone.
"""

import importlib.util
import json
import random
import time
from pathlib import Path
from statistics import median

import torch

import fast
import model as plain
import tasks
from commands import manual
from runs import provenance
from sft import apply_gradients

NEW = 100  # tokens sampled in a row


def transformer():
    torch.manual_seed(0)
    sizes = tasks.PRESETS["cpu"]["model"]
    config = plain.ModelConfig(plain.Tokenizer().n_vocab, mlp="swiglu", canon=False, **sizes)
    model = plain.Transformer(config)
    for p in model.parameters():  # fresh blocks are the identity: weights large enough to matter
        if p.ndim == 2:
            p.data.normal_(std=0.05)
    return model


def hugging_face(model, attention="sdpa"):
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

def training(theirs, compiled):
    model = transformer()
    ids = torch.randint(model.config.n_vocab, (16, 192))
    mask = torch.arange(192).expand(16, 192) >= 96
    optimizers = plain.make_optimizers(model, 0.02, 0.003)
    if theirs:
        model = hugging_face(model, "sdpa" if compiled else "eager")
        optimizers = [torch.optim.AdamW(model.parameters(), fused=True)]
        optimizers[0].param_groups[0]["base_lr"] = 1e-5
        run = torch.compile(model) if compiled else model
    elif compiled:
        fast.compile_training(model)

    def turn():
        for _ in range(10):
            if theirs:
                with torch.autocast("cpu", torch.bfloat16):
                    labels = ids.masked_fill(~mask, -100)
                    loss = run(input_ids=ids, labels=labels, use_cache=False).loss
            else:
                loss = -fast.logprobs(model, ids, mask).mean()
            loss.backward()
            apply_gradients(model, optimizers, 1.0, 1.0)
    return turn, 10 * ids.numel()


def sampling(rows, theirs=False, generate=fast.generate):
    model, rng, prompts = transformer(), random.Random(0), []
    for _ in range(rows):
        prompts.append(rng.choices(range(256), k=rng.randint(60, 140)))
    if theirs:
        pad, other = model.config.n_vocab - 1, hugging_face(model)
        ids = plain.collate([prompt[::-1] for prompt in prompts], pad).flip(1)  # padded on the left

    def turn():
        if theirs:
            other.generate(input_ids=ids, attention_mask=ids != pad, do_sample=True, top_k=0,
                           min_new_tokens=NEW, max_new_tokens=NEW, pad_token_id=pad)
        else:
            generate(model, prompts, NEW, end=-1)
    return turn, rows * NEW


def main():
    parser = manual(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="default: 5, after one to warm up")
    parser.add_argument("--out", type=Path, help="write the figures to this file")
    args = parser.parse_args()
    contestants = {"sample without a cache": sampling(1, generate=plain.generate)}
    for theirs in (False, True) if importlib.util.find_spec("transformers") else (False,):
        who = "transformers" if theirs else "ours"
        contestants[f"train {who}"] = training(theirs, compiled=False)
        contestants[f"train {who}, compiled"] = training(theirs, compiled=True)
        for rows in (1, 16, 64):
            contestants[f"sample {who}, {rows} rows"] = sampling(rows, theirs)

    figures, ratios = {}, {}
    speeds = {name: [] for name in contestants}  # tokens a second, round by round
    for _ in range(1 + args.rounds):
        for name, (turn, tokens) in contestants.items():
            began = time.perf_counter()
            turn()
            speeds[name].append(tokens / (time.perf_counter() - began))
    for name, ours in speeds.items():
        figures[name] = {"tokens_per_second": median(ours[1:])}
        theirs = speeds.get(name.replace("ours", "transformers"), ours)
        if theirs is not ours:
            ratios[name] = median([a / b for a, b in zip(ours[1:], theirs[1:])])
        print(f"{name:34s} {median(ours[1:]):10,.0f} tokens a second   {ratios.get(name, '')}")
    record = {"rounds": args.rounds, "figures": figures, "ratios": ratios, **provenance()}
    if args.out:
        args.out.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
