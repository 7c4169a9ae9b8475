"""Folders of Hugging Face's: config.json, weights, tokenizers, chats, refusals; SFT, RL and evaluation from one; and, where the extra
`parity` is installed, the same numbers and tokens as transformers and tokenizers. The folders are made here: no model is downloaded."""

import importlib
import json
import math
import os
import random
import re
import struct
import sys
import unicodedata
from pathlib import Path

import pytest
import torch
from conftest import ROOT, tiny_flags

import fast
import model as plain
import pretrained
from lab import folder as folders
from model import Transformer

pytestmark = pytest.mark.usefixtures("one_cpu_thread")
CONFIG = {"model_type": "llama", "hidden_size": 32, "intermediate_size": 40, "num_hidden_layers": 2, "num_attention_heads": 4,
          "num_key_value_heads": 2, "vocab_size": 300, "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "tie_word_embeddings": True,
          "eos_token_id": 0, "torch_dtype": "float32"}
LETTERS = {**{b: chr(b) for b in (*range(33, 127), *range(161, 173), *range(174, 256))}}
LETTERS |= {b: chr(256 + k) for k, b in enumerate(b for b in range(256) if b not in LETTERS)}
MERGES = ["h e", "Ġ t", "Ġt he", "Ċ Ċ", "1 2", "s t", "Ġ Ġ", "e p"]
CHATML = ("{% for m in messages %}{% if loop.first and m['role'] != 'system' %}{{ '<|im_start|>system\\nBe brief.<|im_end|>\\n' }}{% endif %}"
          "{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
          "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")
LLAMA3 = ("{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\\n\\n' + m['content'] + '<|eot_id|>' }}"
          "{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}")
QWEN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
ADDED = dict(special=True, single_word=False, lstrip=False, rstrip=False, normalized=False)
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
DIGITS = {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, BYTE_LEVEL]}
SPLIT = {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": QWEN}, "behavior": "Isolated", "invert": False},
                                               {**BYTE_LEVEL, "use_regex": False}]}


def tokenizer_file(specials=("<|endoftext|>", "<|im_start|>", "<|im_end|>"), without=(), **changes) -> dict:
    vocab = {name: k for k, name in enumerate(specials)}
    for piece in [*(LETTERS[b] for b in range(256) if b not in without), *(merge.replace(" ", "") for merge in MERGES)]:
        vocab[piece] = len(vocab)
    file = {"added_tokens": [{"id": k, "content": name, **ADDED} for k, name in enumerate(specials)], "normalizer": None,
            "pre_tokenizer": DIGITS, "post_processor": None, "model": {"type": "BPE", "vocab": vocab, "merges": MERGES}}
    return {**file, **changes}


def texts_of(file=None, config=CONFIG, **more) -> dict:
    return {"config.json": json.dumps(config), "tokenizer.json": json.dumps(file or tokenizer_file()),
            "tokenizer_config.json": json.dumps({"eos_token": "<|endoftext|>", **more})}


def random_model(config=CONFIG, n_ctx=512) -> Transformer:
    model = Transformer(pretrained.config_of(config, n_ctx)).eval()
    torch.manual_seed(0)
    for name, p in model.named_parameters():
        p.data.normal_(mean=1.0 if "norm" in name else 0.0, std=0.2)
    return model


def a_folder(path, config=CONFIG, **texts) -> Path:
    folders.save(random_model(config), texts_of(config=config) | texts, path)
    return path


def write(path, weights, pad=0):
    """A *.safetensors file by another hand: (dtype's name, bytes, shape) of each tensor, a header of any length."""
    header, body = {"__metadata__": {}}, b""
    for name, (dtype, data, shape) in weights.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    head = json.dumps(header).encode() + b" " * pad
    path.write_bytes(struct.pack("<Q", len(head)) + head + body)


def packed(p, kind):
    """The numbers of a tensor as bytes, with struct alone; a bf16 is the upper half of an fp32."""
    numbers = p.detach().flatten().tolist()
    if kind == "F32":
        return struct.pack(f"<{len(numbers)}f", *numbers)
    if kind == "F16":
        return struct.pack(f"<{len(numbers)}e", *numbers)
    return b"".join(struct.pack("<f", number)[2:] for number in numbers)


# ---------------------------------------------------------------------------------------------------------------------------
# Weights.

@pytest.mark.parametrize("kind", ["F32", "F16", "BF16"])
def test_weights_are_read_in_every_precision_in_one_file_or_several(tmp_path, kind):
    folder = a_folder(tmp_path / "f")
    source = random_model()
    rows = {}
    for name, p in source.named_parameters():
        rows[f"model.{name}"] = kind, packed(p, kind), [*p.shape]
    rows["model.layers.0.self_attn.rotary_emb.inv_freq"] = "F32", b"\0" * 16, [4]                # of old Llamas
    for parts in (1, 3):
        (folder / "model.safetensors").unlink(missing_ok=True)
        names = [f"model-{k + 1}-of-{parts}.safetensors" if parts > 1 else "model.safetensors" for k in range(parts)]
        for k, name in enumerate(names):
            write(folder / name, {key: rows[key] for key in list(rows)[k::parts]}, pad=k + 1)    # tensors at odd addresses
        if parts > 1:
            where = {key: names[k % parts] for k, key in enumerate(rows)}
            (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": where}))
        model = pretrained.load(folder, pretrained.read(folder, 512)[0])
        for (name, p), q in zip(source.named_parameters(), model.parameters()):
            if kind == "BF16":  # cut off, not rounded
                assert ((p - q).abs() <= p.abs() / 128).all() and not (q.detach().view(torch.int32) & 0xFFFF).any(), name
            else:
                assert torch.equal(q, p.to(getattr(torch, "float16" if kind == "F16" else "float32")).float()), name
        assert model.lm_head.weight is model.embed_tokens.weight


@pytest.mark.parametrize("changes", [{}, {"tie_word_embeddings": False}, {"model_type": "qwen2"}, {"model_type": "qwen3", "head_dim": 16},
                                     {"torch_dtype": "bfloat16"}, {"dtype": "float16"}])
def test_a_folder_written_back_is_the_same_model(tmp_path, changes):
    config = CONFIG | changes
    model = random_model(config)
    dtype = getattr(torch, config.get("dtype", config["torch_dtype"]))
    for p in model.parameters():
        p.data = p.data.to(dtype).float()
    folders.save(model, texts_of(config=config), tmp_path / "f")
    again, texts = pretrained.read(tmp_path / "f", 512)
    other = pretrained.load(tmp_path / "f", again).eval()
    ids = torch.randint(300, (2, 30))
    assert torch.equal(other(ids), model(ids)) and texts == texts_of(config=config) and again == model.config
    data = (tmp_path / "f/model.safetensors").read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    assert length % 8 == 0 and header.pop("__metadata__") == {"format": "pt"} and ("lm_head.weight" in header) != model.config.tied
    assert {row["dtype"] for row in header.values()} == {{2: "BF16", 4: "F32"}[dtype.itemsize] if dtype != torch.float16 else "F16"}
    assert len(data) == 8 + length + sum(p.numel() for p in model.parameters()) * dtype.itemsize
    with pytest.raises(FileExistsError):
        folders.save(model, texts, tmp_path / "f")


def test_a_hubs_cache_and_its_links(tmp_path):
    """blobs are files, snapshots/<hash> are links to them."""
    real = a_folder(tmp_path / "real")
    top = tmp_path / "models--someone--something"
    snapshot = top / "snapshots" / "abc123"
    for folder in (top / "blobs", snapshot):
        folder.mkdir(parents=True)
    for file in real.iterdir():
        file.rename(top / "blobs" / file.name)
        (snapshot / file.name).symlink_to(Path("../../blobs") / file.name)
    for folder in (snapshot, str(snapshot)):
        config, texts = pretrained.read(folder, 64)
        model = pretrained.load(folder, config)
        assert config.n_ctx == 64 and texts.keys() == texts_of().keys()
        assert all(torch.equal(p, q) for p, q in zip(model.parameters(), random_model().parameters()))
    with pytest.raises(ValueError, match="someone--something/config.json cannot be used: config.json, tokenizer.json, "):
        pretrained.read(top, 64)
    (top / "blobs/tokenizer_config.json").unlink()
    with pytest.raises(ValueError, match="abc123/tokenizer_config.json cannot be used: config.json, tokenizer.json, "):
        pretrained.read(snapshot, 64)


def changed(path, offset, value):
    data = bytearray(path.read_bytes())
    data[offset:offset + len(value)] = value
    path.write_bytes(data)


def edited(path, change):
    """The header, in which `change` may put what it likes; the tensors stay."""
    data = path.read_bytes()
    end = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:end])
    change(header)
    head = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + data[end:])


def weights(harm):
    return lambda folder: harm(folder / "model.safetensors")


def header(change):
    return weights(lambda path: edited(path, change))


def row(name, **values):
    return header(lambda rows: rows[f"model.{name}"].update(values))


def config(**values):
    return lambda folder: (folder / "config.json").write_text(json.dumps(CONFIG | values))


def file(name, text):
    return lambda folder: (folder / name).write_text(text)


GATE = "layers.0.mlp.gate_proj.weight"
INDEX = "model.safetensors.index.json"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 538090408\n"
DAMAGES = {
    "no folder": (lambda f: f.rename(f.with_name("away")), "f/config.json cannot be used: config.json, tokenizer.json, "),
    "no config": (lambda f: (f / "config.json").unlink(), "f/config.json cannot be used: config.json, tokenizer.json, "),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "f/tokenizer.json cannot be used: config.json, tokenizer.json, "),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "f/model.safetensors cannot be used: config.json, tokenizer.json, "),
    "torn config": (file("config.json", '{"model_type": '), "f/config.json cannot be used: torn, or git-lfs pointer: "),
    "torn tokenizer": (file("tokenizer.json", '{"model": {"vocab": {"a'), "f/tokenizer.json cannot be used: torn, or git-lfs pointer: "),
    "torn chat": (file("tokenizer_config.json", "{"), "f/tokenizer_config.json cannot be used: torn, or git-lfs pointer: "),
    "a pointer": (weights(lambda p: p.write_text(POINTER)), "f/model.safetensors cannot be used: torn, or git-lfs pointer"),
    "a tokenizer's pointer": (file("tokenizer.json", POINTER), "f/tokenizer.json cannot be used: torn, or git-lfs pointer"),
    "other weights": (weights(lambda p: p.rename(p.with_name("pytorch_model.bin"))), "config.json, tokenizer.json, *.safetensors of a folder are read"),
    "GPT-2": (file("config.json", '{"model_type": "gpt2", "n_head": 12, "n_embd": 768, "vocab_size": 50257}'), "f cannot be used: it has model_type gpt2"),
    "not utf-8": (lambda f: (f / "tokenizer.json").write_bytes(b"\xff\xfe"), "f/tokenizer.json cannot be used: UnicodeDecodeError"),
    "a folder in place of a file": (lambda f: (f / "chat_template.jinja").mkdir(), "f/chat_template.jinja cannot be used: IsADirectoryError"),
    "a list": (file("config.json", "[]"), "TypeError"),
    "a config without widths": (file("config.json", '{"model_type": "llama", "vocab_size": 300, "eos_token_id": 0}'), "it lacks 'num_attention_heads'"),
    "no heads": (config(num_attention_heads=0), "ZeroDivisionError"),
    "a text for a number": (config(num_hidden_layers="2"), "TypeError"),
    "heads that share nothing": (config(num_key_value_heads=3), "impossible model"),
    "cut short": (weights(lambda p: os.truncate(p, p.stat().st_size - 1)), "bytes, not "),
    "cut in the header": (weights(lambda p: os.truncate(p, 100)), "torn, or git-lfs pointer"),
    "cut in the length": (weights(lambda p: os.truncate(p, 5)), "f/model.safetensors cannot be used: "),
    "empty": (weights(lambda p: os.truncate(p, 0)), "f/model.safetensors cannot be used: "),
    "longer": (weights(lambda p: p.write_bytes(p.read_bytes() + b"\0")), "bytes, not "),
    "a huge header": (weights(lambda p: changed(p, 0, b"\xff" * 8)), "f/model.safetensors cannot be used: "),
    "a pickle": (weights(lambda p: torch.save({}, p)), "f/model.safetensors cannot be used: "),
    "a header of lists": (header(lambda rows: rows.update(a=[])), "TypeError"),
    "no numbers": (weights(lambda p: changed(p, p.stat().st_size - 4, b"\x00\x00\xc0\x7f")), "what is no number in norm.weight"),
    "infinite": (weights(lambda p: changed(p, p.stat().st_size - 4, b"\x00\x00\x80\x7f")), "what is no number in norm.weight"),
    "another dtype": (row(GATE, dtype="I8"), f"model.{GATE} of dtype I8"),
    "another size": (row(GATE, dtype="F16"), f"a damaged model.{GATE}"),
    "another shape": (row(GATE, shape=[32, 40]), f"{GATE} of shape [32, 40], not [40, 32]"),
    "a false shape": (row(GATE, shape=[41, 32]), f"a damaged model.{GATE}"),
    "a negative shape": (row(GATE, shape=[-40, -32]), f"{GATE} of shape [-40, -32]"),
    "no shape": (header(lambda rows: rows[f"model.{GATE}"].pop("shape")), "it lacks 'shape'"),
    "the bytes of another": (header(lambda rows: rows[f"model.{GATE}"].update(
        data_offsets=rows["model.layers.1.mlp.gate_proj.weight"]["data_offsets"])), "it has a damaged model.layers."),
    "a late beginning": (header(lambda rows: rows[f"model.{GATE}"].update(data_offsets=[o + 4 * (k == 0) for k, o in enumerate(
        rows[f"model.{GATE}"]["data_offsets"])])), f"a damaged model.{GATE}"),
    "offsets of text": (row(GATE, data_offsets="ab"), "TypeError"),
    "another name": (header(lambda rows: rows.update({"model.layers.7.mlp.up_proj.weight": rows.pop("model.layers.1.mlp.up_proj.weight")})),
                     "it lacks 'layers.1.mlp.up_proj.weight'"),
    "no part": (file(INDEX, '{"weight_map": {"a": "part-2.safetensors"}}'), "f/part-2.safetensors cannot be used: config.json, tokenizer.json, "),
    "a part that says nothing": (file(INDEX, '{"weight_map": {}}'), "it lacks 'embed_tokens.weight'"),
    "a damaged index": (file(INDEX, "{}"), "index.json cannot be used: it lacks 'weight_map'"),
    "an index of numbers": (file(INDEX, '{"weight_map": {"a": [1]}}'), "index.json cannot be used: TypeError"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_folder_is_one_line(tmp_path, damage):
    folder = a_folder(tmp_path / "f")
    harm, words = DAMAGES[damage]
    harm(folder)
    with pytest.raises(ValueError) as problem:
        config, _ = pretrained.read(folder, 512)
        pretrained.load(folder, config)
    said = str(problem.value)
    assert words in said and "\n" not in said and str(folder) in said, said


def test_a_weight_too_many_is_refused(tmp_path):
    folder = a_folder(tmp_path / "f", CONFIG | {"model_type": "qwen2"})                         # with biases
    (folder / "config.json").write_text(json.dumps(CONFIG))
    config, _ = pretrained.read(folder, 512)
    with pytest.raises(ValueError, match=r"f cannot be used: it has layers.0.self_attn.[qkv]_proj.bias"):
        pretrained.load(folder, config)


# ---------------------------------------------------------------------------------------------------------------------------
# config.json.

@pytest.mark.parametrize("changes, named", [
    ({"model_type": "gpt2"}, "model_type gpt2"), ({"hidden_act": "gelu"}, "hidden_act gelu"), ({"attention_bias": True}, "attention_bias"),
    ({"mlp_bias": True}, "mlp_bias"), ({"use_sliding_window": True}, "sliding windows"), ({"quantization_config": {"bits": 4}}, "quantization_config"),
    ({"layer_types": ["full_attention", "sliding_attention"]}, "sliding windows"), ({"rope_scaling": {"type": "yarn", "factor": 4.0}}, "rope_type yarn"),
    ({"rope_parameters": {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}}, "rope_type dynamic"),
    ({"rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": 0.5}}, "partial_rotary_factor"),
    ({"rope_scaling": {"type": "linear", "factor": 4.0}}, "rope_type linear"), ({"rope_scaling": {"rope_type": "longrope"}}, "rope_type longrope"),
    ({"model_type": "mistral", "sliding_window": 4096}, "model_type mistral"), ({"model_type": "gemma2"}, "model_type gemma2"),
    ({"model_type": "phi3", "sliding_window": 2047, "rope_scaling": {"type": "longrope"}}, "model_type phi3"),
])
def test_what_the_model_cannot_compute_is_named(changes, named):
    with pytest.raises(ValueError) as problem:
        pretrained.config_of(CONFIG | changes, 512)
    assert named in str(problem.value)
    pretrained.config_of(CONFIG | {"layer_types": ["full_attention"] * 2, "rope_scaling": None, "use_sliding_window": False}, 512)


def test_what_a_config_says_and_leaves_out():
    c = pretrained.config_of(CONFIG, 4096)
    assert (c.n_ctx, c.head_size, c.bias, c.qk_norm, c.canon, c.tied, c.rope_theta) == (2048, 8, False, False, False, True, 10_000.0)
    bare = {key: CONFIG[key] for key in ("model_type", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "vocab_size")}
    c = pretrained.config_of(bare | {"rope_theta": 1e6}, 100)
    assert (c.n_ctx, c.n_kv_head, c.norm_eps, c.tied, c.rope_theta, c.rope_scale) == (100, 4, 1e-6, False, 1e6, ())
    two, three = (pretrained.config_of(CONFIG | {"model_type": kind}, 9) for kind in ("qwen2", "qwen3"))
    assert (two.bias, two.qk_norm, three.bias, three.qk_norm) == (True, False, False, True)


def test_how_positions_are_scaled():
    rope = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}
    scaling = CONFIG | {"rope_theta": 10_000.0, "head_dim": 8}
    scale = pretrained.config_of(scaling | {"rope_scaling": {"rope_type": "llama3", **rope}}, 64).rope_scale
    speeds = [1.0, 0.1, 0.01, 0.001]                                           # radians a position: 10.2, 1.02, 0.10, 0.01 turns in 64
    share = (64 * 0.1 / (2 * math.pi) - 1) / 3
    assert scale == pytest.approx([1, share + (1 - share) / 8, 1 / 8, 1 / 8])
    model = random_model(scaling | {"rope_scaling": {"rope_type": "llama3", **rope}}, 64)
    assert model.rope[0, 5, 0].tolist() == pytest.approx([math.cos(5 * a * b) for a, b in zip(speeds, scale)], abs=1e-6)
    for key in rope:  # none is guessed
        with pytest.raises(KeyError, match=key):
            pretrained.config_of(scaling | {"rope_scaling": {"rope_type": "llama3"} | {k: v for k, v in rope.items() if k != key}}, 64)


# ---------------------------------------------------------------------------------------------------------------------------
# Tokenizers.

def pieces(tokenizer, text):
    return [tokenizer.decode([token]) for token in tokenizer.encode(text)]


def test_text_is_cut_and_joined_as_the_file_says():
    digits = pretrained.Tokenizer(texts_of())
    assert pieces(digits, " the the12  3'll\n\nst") == [" the", " the", "1", "2", "  ", "3", "'", "l", "l", "\n", "\n", "st"]
    gpt2 = pretrained.Tokenizer(texts_of(tokenizer_file(pre_tokenizer=BYTE_LEVEL)))
    assert pieces(gpt2, " the12  3") == [" the", "12", " ", " ", "3"]
    qwen = pretrained.Tokenizer(texts_of(tokenizer_file(pre_tokenizer=SPLIT, normalizer={"type": "NFC"})))
    assert pieces(qwen, "12 \n\nthe") == ["1", "2", " ", "\n\n", "t", "he"]
    assert qwen.encode("e\u0301") == qwen.encode("\u00e9") and digits.encode("e\u0301") != digits.encode("\u00e9")


def test_every_id_has_a_text_and_every_text_ids():
    tokenizer = pretrained.Tokenizer(texts_of())
    assert tokenizer.n_vocab == 300 and len({tokenizer.decode([token]) for token in range(256 + len(MERGES) + 3, 300)}) == 300 - 259 - len(MERGES)
    for text in ("", " ", "naïve café 北京 🧑\u200d🚀\t\r\n", "<|im_end|>", "".join(map(chr, range(0x250)))):
        tokens = tokenizer.encode(text)
        assert tokenizer.decode(tokens) == text and not {0, 1, 2} & set(tokens)                  # specials spelled out are plain text
    some = pretrained.Tokenizer(texts_of(tokenizer_file(without=(4, 0xF1))))
    assert some.decode(some.encode("a\x04b")) == "ab" and max(some.encode("\x04\U00050000z")) < 300


@pytest.mark.parametrize("more, end, prompt", [
    ({"chat_template": CHATML}, "<|im_end|>", "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n\n\nx {} <|im_end|> y<|im_end|>\n<|im_start|>assistant\n"),
    ({"chat_template": CHATML.replace("\\n", "\n")}, "<|im_end|>",
     "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n\n\nx {} <|im_end|> y<|im_end|>\n<|im_start|>assistant\n"),
    ({"chat_template": "{% for m in messages %}<|im_start|>{{ m.role }}<|im_end|>{% endfor %}"}, "<|im_end|>",
     "<|im_start|>user\n\n\nx {} <|im_end|> y<|im_end|>\n<|im_start|>assistant\n"),
    ({"chat_template": "[INST] {{ messages }} [/INST]"}, "<|endoftext|>", "\n\nx {} <|im_end|> y\n"),          # not known: plain
    ({}, "<|endoftext|>", "\n\nx {} <|im_end|> y\n"),
    ({"eos_token": {"content": "<|im_end|>"}}, "<|endoftext|>", "\n\nx {} <|im_end|> y\n"),                    # eos_token_id of config.json
])
def test_prompts_have_the_form_of_the_chat(more, end, prompt):
    tokenizer = pretrained.Tokenizer(texts_of(**more))
    user, specials = "\n\nx {} <|im_end|> y", tokenizer.specials
    ids = tokenizer.prompt(user)
    assert tokenizer.decode(ids) == prompt and tokenizer.end == tokenizer.pad == specials[end] == tokenizer.answer("a")[-1]
    chat = "<|im_start|>" in prompt
    assert ids.count(specials["<|im_end|>"]) == (prompt.count("<|im_end|>") - 1 if chat else 0)             # but the user's own
    assert specials["<|im_start|>"] not in tokenizer.encode(prompt)
    if chat:  # the line end before the text and the text's own are one piece
        assert "\n\n" in [tokenizer.decode([token]) for token in ids]


def test_a_first_token_and_a_template_in_a_file_of_its_own():
    names = ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
    post = {"type": "Sequence", "processors": [{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": names[0]}}, {"Sequence": {"id": "A"}}]}]}
    base = texts_of(tokenizer_file(names, post_processor=post), bos_token=names[0], eos_token=names[1])
    assert pretrained.Tokenizer(base).template == "<|begin_of_text|>{}\n" and pretrained.Tokenizer(base).prompt("a")[0] == 0
    without = texts_of(tokenizer_file(names), bos_token=names[0], eos_token=names[1])
    assert pretrained.Tokenizer(without).template == "{}\n"
    chat = pretrained.Tokenizer(base | {"chat_template.jinja": LLAMA3})
    assert chat.decode(chat.prompt("hi")) == ("<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|>"
                                              "<|start_header_id|>assistant<|end_header_id|>\n\n")
    assert chat.end == 4 and len([token for token in chat.prompt("hi") if token < 5]) == 6


def bpe(**changes):
    return {"model": tokenizer_file()["model"] | changes}


def one_more(token, content):
    return {"added_tokens": [*tokenizer_file()["added_tokens"], {"id": token, "content": content}]}


@pytest.mark.parametrize("changes, named", [
    ({"model": {"type": "Unigram", "vocab": [["a", -1.0]]}}, "tokenizer Unigram"), ({"model": {"type": "WordPiece", "vocab": {}}}, "tokenizer WordPiece"),
    (bpe(byte_fallback=True), "SentencePiece"), (bpe(vocab=tokenizer_file()["model"]["vocab"] | {"a</w>": 299}), "a</w>, which no merge makes"),
    ({"pre_tokenizer": None}, "pre_tokenizer none"), ({"pre_tokenizer": {"type": "Metaspace"}}, "pre_tokenizer Metaspace"),
    ({"pre_tokenizer": {**BYTE_LEVEL, "add_prefix_space": True}}, "pre_tokenizer {'type': 'ByteLevel', 'add_prefix_space': True"),
    ({"pre_tokenizer": {**DIGITS, "pretokenizers": [{"type": "Digits", "individual_digits": False}, BYTE_LEVEL]}}, "pre_tokenizer {'type': 'Digits', 'individual_digits': False}"),
    ({"pre_tokenizer": {**SPLIT, "pretokenizers": [{**SPLIT["pretokenizers"][0], "behavior": "Removed"}, SPLIT["pretokenizers"][1]]}}, "'behavior': 'Removed'"),
    ({"pre_tokenizer": {**SPLIT, "pretokenizers": [*SPLIT["pretokenizers"][:1], BYTE_LEVEL]}}, "pre_tokenizer Split + ByteLevel"),
    ({"pre_tokenizer": {**BYTE_LEVEL, "use_regex": False}}, "pre_tokenizer ByteLevel"), ({"pre_tokenizer": {**SPLIT, "pretokenizers": []}}, "IndexError"),
    ({"pre_tokenizer": {**SPLIT, "pretokenizers": [{"type": "Split", "pattern": {"Regex": "("}}, SPLIT["pretokenizers"][1]]}}, "Parsing error"),
    ({"normalizer": {"type": "NFKC"}}, "normalizer NFKC"), (bpe(merges=[MERGES[1], MERGES[0], *MERGES[2:]]), "another order"),
    (bpe(merges=MERGES[:-1]), "no merge makes"), (bpe(vocab=tokenizer_file()["model"]["vocab"] | {LETTERS[k] * 9: 400 + k for k in range(99)}, ignore_merges=True), "vocab_size"),
    (bpe(vocab=tokenizer_file()["model"]["vocab"] | {"字": 299}), "it lacks '字'"), (bpe(vocab=tokenizer_file()["model"]["vocab"] | {"a": 50}), "twice"),
    (bpe(merges=["h e", "he q"]), "it lacks 'heq'"), (bpe(vocab=tokenizer_file()["model"]["vocab"] | {"a": -1}), "ids beyond vocab_size"),
    (one_more(300, "<|x|>"), "ids beyond vocab_size"), (one_more(9, "<|x|>"), "twice"), (one_more(299, "   "), "an added token of spaces"), ({"added_tokens": None}, "TypeError"), ({"model": None}, "AttributeError"),
])
def test_a_tokenizer_that_cannot_be_read_is_named(tmp_path, changes, named):
    folder = a_folder(tmp_path / "f", **{"tokenizer.json": json.dumps(tokenizer_file(**changes))})
    with pytest.raises(ValueError) as problem:
        pretrained.read(folder, 512)
    assert named in str(problem.value) and "\n" not in str(problem.value)


def test_a_text_without_an_end_is_refused():
    config = {key: value for key, value in CONFIG.items() if key != "eos_token_id"}
    for eos in ({}, {"eos_token_id": None}, {"eos_token_id": 300}, {"eos_token_id": 40}):              # 40 is a piece of text
        with pytest.raises(ValueError, match="no token that ends a text"):
            pretrained.Tokenizer(texts_of(config=config | eos, eos_token=None))
    assert pretrained.Tokenizer(texts_of(config=config | {"eos_token_id": [2, 0]}, eos_token=None)).end == 2


# ---------------------------------------------------------------------------------------------------------------------------
# The stages.

def test_a_large_model_is_asked_for_few_answers_at_once():
    small, large = plain.ModelConfig(500), plain.ModelConfig(500, n_layer=30, n_head=9, n_kv_head=3, n_embd=576)
    prompts, cpu = [[1] * 500], torch.device("cpu")
    assert fast.rows_of_cache(small, cpu, prompts, 524) > fast.BATCH_ROWS                        # the course is sampled as ever
    assert fast.rows_of_cache(large, cpu, prompts, 524) == 2**31 // (30 * 2 * 3 * 64 * 4 * 1024)


def test_compiling_a_large_vocabulary_needs_few_logits(monkeypatch):
    """Twelve bytes a logit: 7,504 positions of Qwen's 151,936 would take 14 GB."""
    monkeypatch.setattr(torch, "compile", lambda block, dynamic: block)
    model, rows = Transformer(plain.ModelConfig(500, n_layer=1, n_embd=32)), []
    model.lm_head.register_forward_hook(lambda head, given, made: rows.append(len(made)))
    assert fast.compile_training(model) == "compiled" and rows == [256]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """out/ after tasks.py, sft.py --init, rl.py and eval.py, and the folder it began with."""
    top = tmp_path_factory.mktemp("pretrained")
    a_folder(top / "f", **{"tokenizer_config.json": json.dumps({"chat_template": CHATML})})
    run("tasks", *tiny_flags("data", out=top / "out"))
    sizes = {"n_ctx": 1024, "max_new_tokens_predict": 20, "max_new_tokens_solve": 20, "out": top / "out"}
    run("sft", *tiny_flags("sft", init=top / "f", muon_lr=0.001, adam_lr=0.001, **sizes))
    del sizes["n_ctx"]
    run("rl", *tiny_flags("rl", muon_lr=0.0001, adam_lr=0.0001, **sizes))
    run("eval", *tiny_flags("eval", cases=2, problems=2, samples=1, turns=2, **{k: v for k, v in sizes.items()}))
    return top


def run(script, *flags):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [f"{script}.py", *flags])
        if script == "tasks":
            import tasks
            from commands import manual
            tasks.make_data(tasks.settings(manual(tasks.__doc__), "data"))
        else:
            importlib.import_module(script).main()


def test_samples_are_in_the_models_tokens(course):
    import numpy as np

    import sft
    import tasks

    tokenizer = pretrained.Tokenizer({name: (course / "f" / name).read_text() for name in texts_of()})
    (path,) = (course / "out/data").glob("sft-*.npz")
    file = np.load(path)
    kinds = set()
    for start, given, length, task in file["index"].tolist():
        ids = file["tokens"][start:start + length].tolist()
        kinds.add(sft.TASKS[task])
        text, answer = tokenizer.decode(ids[:given]), tokenizer.decode(ids[given:-1])
        begin = "<|im_start|>assistant\n" + tasks.EXPLAINED * (sft.TASKS[task] == "explain")
        assert text.startswith("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n") and text.endswith(begin), text
        assert ids[-1] == tokenizer.end and tokenizer.end not in ids[given:-1] and answer
    assert kinds == set(sft.TASKS)


def test_sft_rl_and_evaluation_go_on_from_a_folder(course, monkeypatch, capsys):
    start = random_model(n_ctx=1024)
    sft, rl = (plain.load_checkpoint(course / f"out/{name}.pt") for name in ("sft", "rl"))
    assert sft["model"].config == start.config == rl["model"].config
    before, after = start.state_dict(), sft["model"].state_dict()
    moved = {name: (after[name] - before[name]).abs().max().item() for name in before if name != "lm_head.weight"}
    assert all(0 < step < 0.05 for step in moved.values()), moved                                # four small steps from the folder's weights
    texts = {name: (course / "f" / name).read_text() for name in texts_of()}
    assert sft["extra"]["pretrained"] == rl["extra"]["pretrained"] == texts
    made = sft["extra"]["made"]
    assert "start" not in made and "folder" not in made and made["init"].isdigit() and (made["n_layer"], made["n_embd"], made["n_kv_head"]) == ("2", "32", "2")
    metrics = json.loads((course / "out/metrics.json").read_text())
    assert metrics["predict"]["rl/free/short"]["n"] == 2
    flags = tiny_flags("sft", init=course / "f", muon_lr=0.001, adam_lr=0.001, n_ctx=1024, max_new_tokens_predict=20, max_new_tokens_solve=20, out=course / "out")
    run("sft", *flags)
    said = capsys.readouterr().out
    assert "sft.pt is there" in said and "prompts are '<|im_start|>system\\nBe brief." in said
    moved = course / "elsewhere/f"                                                               # wherever the folder lies, it is known
    moved.mkdir(parents=True, exist_ok=True)
    for path in (course / "f").iterdir():
        (moved / path.name).write_bytes(path.read_bytes())
    monkeypatch.chdir(moved.parent)
    flags[flags.index("--init") + 1] = "f"
    run("sft", *flags)
    assert "sft.pt is there" in capsys.readouterr().out
    changed(moved / "model.safetensors", (moved / "model.safetensors").stat().st_size - 4, struct.pack("<f", 0.5))
    with pytest.raises(SystemExit):
        run("sft", *flags)                                                                       # another model of the same sizes
    assert "sft.pt was made with init " in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run("sft", *tiny_flags("sft", "model", out=course / "out"))                              # random weights, our tokens
    assert "sft.pt was made with" in capsys.readouterr().err


def test_large_vocabularies_keep_their_tokens(tmp_path, monkeypatch):
    """Above 65,535 a token needs four bytes."""
    from argparse import Namespace

    import sft

    high = Namespace(n_vocab=70_000, encode=lambda text: [1], prompt=lambda text: [2], answer=lambda text: [65_536, 69_999])
    monkeypatch.setattr(sft, "tokenizer_of", lambda world, begun: high)
    read = []
    monkeypatch.setattr(sft, "digest", lambda *paths: read.extend(path.name for path in paths))
    (tmp_path / "data").mkdir()
    args = Namespace(out=tmp_path, explained=0.5, asked=0.5, seed=0, world="contest", n_ctx=99)
    tokens, _, _ = sft.read_samples(lambda args: iter([("predict", "a", "b"), ("solve", "c", "d")]), args, 0)
    assert plain.collate([tokens], 0).tolist() == [[2, 65_536, 69_999] * 2]
    assert {"model.py", "pretrained.py", "sft.py", "tasks.py"} <= {*read}                       # whose change makes the file anew


def test_from_a_folder_to_a_checkpoint_and_back(course, tmp_path, capsys):
    folders.main([str(course / "f"), str(tmp_path / "base.pt"), "--n-ctx", "99"])
    assert f"base.pt: {random_model().n_params():,} parameters, prompts '<|im_start|>system" in capsys.readouterr().out
    base = plain.load_checkpoint(tmp_path / "base.pt")
    assert base["model"].config.n_ctx == 99
    assert all(torch.equal(p, q) for p, q in zip(base["model"].parameters(), random_model().parameters()))
    folders.main([str(course / "out/rl.pt"), str(tmp_path / "back")])
    again = pretrained.load(tmp_path / "back", pretrained.read(tmp_path / "back", 1024)[0])
    ids = torch.randint(300, (1, 20))
    assert torch.equal(again(ids), plain.load_checkpoint(course / "out/rl.pt")["model"](ids))
    for command in ([str(ROOT / "results/course-seed0/sft.pt"), str(tmp_path / "no")], [str(tmp_path / "none.pt"), str(tmp_path / "no")]):
        with pytest.raises(SystemExit):
            folders.main(command)
        assert capsys.readouterr().err.count("\n") == 1 and not (tmp_path / "no").exists()


def test_the_documented_commands_are_understood(course, tmp_path, capsys):
    """Each comes as far as to what it needs from the one before."""
    import tasks
    from commands import manual
    from lab import programs

    lines = [line for line in (ROOT / "lab/pretrained.md").read_text().splitlines() if line.startswith("python ")]
    names = {"out/trial": tmp_path / "trial", "out/qwen": tmp_path / "qwen", "out/before": tmp_path / "before", "FOLDER": course / "f"}
    said = ["", "sft_cases.jsonl is missing", "sft.pt does not exist", "_cases.jsonl is missing"]
    trial, gpu = [*said, "rl.pt does not exist"], said
    alone = ["base.pt: ", "cannot read CRUXEVAL.jsonl", "cannot read CRUXEVAL.jsonl"]
    assert len(lines) == len(trial + gpu + alone)
    for line, words in zip(lines, trial + gpu + alone):
        for name, place in names.items():
            line = re.sub(rf"\b{name}\b", str(place), line)
        _, script, *flags = line.partition("  #")[0].split()
        if script == "tasks.py":
            args = tasks.settings(manual(""), "data", argv=flags)
            assert (args.world, args.sft_cases) in (("functions", 40_000), ("contest", 400))
            continue
        try:
            if script == "-m":
                if flags[0] == "lab.folder":
                    folders.main(flags[1:])
                else:
                    with pytest.MonkeyPatch.context() as patch:
                        patch.setattr(sys, "argv", flags)
                        programs.main()
            else:
                run(script.removesuffix(".py"), *flags)
        except SystemExit:
            pass
        told = "".join(capsys.readouterr())
        assert words in told and told.splitlines()[-1].count(words) == 1 and len(told.splitlines()) <= 2, told
    assert plain.load_checkpoint(tmp_path / "before/base.pt")["model"].config.n_ctx == 2048


def test_a_copy_for_sharing_keeps_the_folders_texts(course, tmp_path):
    from lab import export
    export.main([str(course / "out/sft.pt"), str(tmp_path / "small.pt")])
    assert plain.load_checkpoint(tmp_path / "small.pt")["extra"]["pretrained"]["config.json"] == json.dumps(CONFIG)


@pytest.mark.parametrize("damage", ["no config", "cut short", "heads that share nothing"])
def test_a_wrong_folder_is_one_line_from_a_command(course, tmp_path, capsys, damage):
    harm, words = DAMAGES[damage]
    harm(a_folder(tmp_path / "f"))
    commands = (lambda: run("sft", *tiny_flags("sft", init=tmp_path / "f", out=course / "out", name="other", n_ctx=1024, muon_lr=0.001, adam_lr=0.001)),
                lambda: folders.main([str(tmp_path / "f"), str(tmp_path / "base.pt")]))
    for command in commands:
        with pytest.raises(SystemExit) as end:
            command()
        said = capsys.readouterr().err
        assert end.value.code == 2 and said.count("\n") == 1 and words in said and "f" in said, said


def test_what_is_forgotten_or_too_much_beside_a_folder_is_one_line(course, tmp_path, capsys):
    rates = dict(muon_lr=0.001, adam_lr=0.001)
    folder, start = ["--init", str(course / "f")], ["--name", "second", "--start", "sft.pt"]
    for script, flags, words in (
            ("sft", [*folder, "--muon-lr", "0.001"], "needs --muon-lr and --adam-lr"), ("sft", [*folder, "--adam-lr=0.001"], "needs --muon-lr and --adam-lr"),
            ("sft", ["--init", "", *tiny_flags(**rates)], "config.json cannot be used: config.json, tokenizer.json"),
            ("sft", [*folder, *tiny_flags(**rates), "--n-layer=4"], "of their flags only --n-ctx"),
            ("sft", [*folder, *tiny_flags(**rates), "--n-kv-head", "2"], "of their flags only --n-ctx"),
            ("sft", ["--init", str(course / "f/model.safetensors"), *tiny_flags(**rates)], "config.json cannot be used: NotADirectoryError"),
            ("rl", start, "needs --muon-lr and --adam-lr"), ("rl", [*start, "--muon-lr", "0.001"], "needs --muon-lr and --adam-lr"),
            ("rl", ["--start", "none", "--world", "contest"], f"none.pt does not exist; `python sft.py --name none --preset quick --out {tmp_path} --world contest --seed 0` makes it"),
            ("eval", ["--ckpt", str(course / "out/rl.pt")], "--ckpt with --show or --episode"), ("eval", ["--episode", "1", "--stdin", "3"], "--stdin goes with --show")):
        out = course / "out" if "second" in flags else tmp_path
        with pytest.raises(SystemExit) as end:
            run(script, "--preset", "quick", "--out", str(out), *flags)
        said = capsys.readouterr().err
        assert end.value.code == 2 and words in said and (script == "eval" or said.count("\n") == 1), (flags, said)
    assert not (course / "out/second.pt").exists() and not list(tmp_path.iterdir())
    run("rl", *tiny_flags("rl", max_new_tokens_predict=20, max_new_tokens_solve=20, out=course / "out", **rates), *start)
    assert plain.load_checkpoint(course / "out/second.pt")["extra"]["start"] == "sft"           # "sft.pt" is the same


def test_a_folder_or_a_foreign_file_is_not_to_be_deleted(course, tmp_path, capsys):
    import runs

    for path in (course / "f", course / "f/model.safetensors", course / "f/config.json"):
        with pytest.raises(plain.CheckpointError, match="is cut off, or no checkpoint of this project") as problem:
            plain.load_checkpoint(path)
        assert "delete" not in str(problem.value) and "given as its folder" in str(problem.value)
    torch.save(random_model().state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(plain.CheckpointError, match="no checkpoint of this project") as problem:
        plain.load_checkpoint(tmp_path / "pytorch_model.bin")
    assert "delete" not in str(problem.value)
    with pytest.raises(SystemExit):
        run("eval", "--preset", "quick", "--out", str(tmp_path), "--show", str(ROOT / "examples/power.py"), "--ckpt", str(course / "f"))
    said = capsys.readouterr().err
    assert "no checkpoint of this project" in said and "delete" not in said and said.count("\n") == 1
    (tmp_path / "sft-state.pt").write_bytes(b"PK")                                             # a run's own: the same command would write it
    with pytest.raises(SystemExit):
        runs.load(tmp_path / "sft-state.pt")
    assert "delete it, and the same command makes it anew" in capsys.readouterr().err


def test_a_target_that_is_there_stays_as_it_is(course, tmp_path, capsys):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    for source in (course / "f", course / "out/rl.pt"):
        for target in (tmp_path / "folder", tmp_path / "file"):
            with pytest.raises(SystemExit) as end:
                folders.main([str(source), str(target)])
            said = capsys.readouterr().err
            assert end.value.code == 2 and f"{target} is there: name another" in said and said.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"folder", "file"} and (tmp_path / "file").read_text() == "mine"
    assert not list((tmp_path / "folder").iterdir())


def test_a_checkpoint_that_cannot_be_written_is_one_line(course, tmp_path, capsys):
    with pytest.raises(SystemExit):
        folders.main([str(course / "f"), str(course / "f/config.json/base.pt")])
    assert capsys.readouterr().err.count("\n") == 1


def test_a_longer_context_finds_the_longer_samples(course, tmp_path, capsys):
    """One file of tokens serves every --n-ctx; what is too long is left out when batches are planned."""
    import shutil

    import numpy as np

    (tmp_path / "out").mkdir()
    shutil.copytree(course / "out/data", tmp_path / "out/data", ignore=shutil.ignore_patterns("*.npz"))
    with pytest.raises(SystemExit):
        run("sft", *tiny_flags("sft", "model", n_ctx=64, out=tmp_path / "out"))
    assert "some text is always beyond 64 tokens: --n-ctx must be larger" in capsys.readouterr().err
    (path,) = (tmp_path / "out/data").glob("sft-*.npz")
    assert np.load(path)["index"][:, 2].max() > 64


# ---------------------------------------------------------------------------------------------------------------------------
# The same as others compute.

def theirs(kind, **more):
    """A random model of transformers, weights large enough to matter."""
    other = pytest.importorskip("transformers", reason="the extra `parity` is not installed")
    sizes = dict(vocab_size=300, hidden_size=48, intermediate_size=80, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                 max_position_embeddings=256, eos_token_id=0)
    torch.manual_seed(0)
    model = getattr(other, f"{kind}ForCausalLM")(getattr(other, f"{kind}Config")(**sizes | more)).eval()
    for name, p in model.named_parameters():
        p.data.normal_(mean=1.0 if "norm" in name else 0.0, std=0.3 if "norm" in name or "bias" in name else 0.2)
    return model


LLAMA3_ROPE = dict(rope_type="llama3", rope_theta=5e5, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)


@pytest.mark.parametrize("kind, more", [
    ("Qwen2", {"tie_word_embeddings": True}), ("Qwen2", {"tie_word_embeddings": False}), ("Qwen3", {"tie_word_embeddings": True, "head_dim": 32}),
    ("Llama", {"tie_word_embeddings": False}), ("Llama", {"rms_norm_eps": 0.01, "rope_parameters": LLAMA3_ROPE}),
    ("Llama", {"num_key_value_heads": 4, "head_dim": 16}),
], ids=str)
def test_transformers_folders_give_its_logits_and_texts(tmp_path, kind, more, monkeypatch):
    monkeypatch.setattr(fast, "fast_dtype", lambda device: torch.float32)
    other = theirs(kind, **more)
    other.save_pretrained(tmp_path / "f")
    text = (tmp_path / "f/config.json").read_text()
    model = pretrained.load(tmp_path / "f", pretrained.config_of(json.loads(text), 256)).eval()
    ids = torch.randint(300, (2, 200))
    with torch.no_grad():
        logits = other(ids).logits
        assert (model(ids) - logits).abs().max() < 1e-4 < logits.std()
    start = ids[:1, :10]
    told = other.generate(start, max_new_tokens=64, do_sample=False, eos_token_id=None, pad_token_id=0)[0, 10:].tolist()
    for module in (plain, fast):
        assert module.generate(model, [start[0].tolist()], 64, end=-1, temperature=0)[0][0].tokens == told
    folders.save(model, {"config.json": text}, tmp_path / "back")
    with torch.no_grad():
        assert torch.equal(type(other).from_pretrained(tmp_path / "back")(ids).logits, logits)


def random_texts(count):
    """Of every script; letters that this Python does not know are left out: the two may know different Unicodes."""
    rng, texts = random.Random(0), []
    alphabets = [range(32, 127), range(9, 14), range(48, 58), range(128), range(0x250), range(0x300, 0x370), range(0x600, 0x700), range(0x900, 0xA00),
                 range(0x2000, 0x2070), range(0x3040, 0x30FF), range(0xAC00, 0xAD00), range(0x1F600, 0x1F650), range(0x10000), range(0x110000)]
    while len(texts) < count:
        drawn = []
        for _ in range(rng.randint(1, 12)):
            alphabet = rng.choice(alphabets)
            drawn += [chr(rng.choice(alphabet)) for _ in range(rng.randint(1, 5))]
        texts.append("".join(c for c in drawn if unicodedata.category(c) not in ("Cn", "Cs")))
    return texts


@pytest.mark.parametrize("pre, normalizer", [(BYTE_LEVEL, None), (DIGITS, None), (SPLIT, {"type": "NFC"})], ids=["GPT-2", "SmolLM2", "Qwen2"])
def test_tokenizers_gives_the_same_tokens(pre, normalizer):
    other = pytest.importorskip("tokenizers", reason="the extra `parity` is not installed")
    texts, code = random_texts(10_000), [path.read_text() for path in sorted(ROOT.glob("*.py")) if path.name != "pretrained.py"]
    empty = {"version": "1.0", "added_tokens": [], "normalizer": normalizer, "pre_tokenizer": pre,
             "model": {"type": "BPE", "vocab": {}, "merges": []}}
    theirs = other.Tokenizer.from_str(json.dumps(empty))
    alphabet = other.pre_tokenizers.ByteLevel.alphabet()
    trainer = other.trainers.BpeTrainer(vocab_size=3000, show_progress=False, initial_alphabet=alphabet, special_tokens=["<|endoftext|>"])
    theirs.train_from_iterator(code + texts[:2000], trainer)
    assert theirs.get_vocab_size() == 3000
    ours = pretrained.Tokenizer(texts_of(json.loads(theirs.to_str()), CONFIG | {"vocab_size": 3000}))
    for text in texts + code:
        assert ours.encode(text) == theirs.encode(text).ids, ascii(text[:80])


@pytest.mark.parametrize("template", [CHATML, LLAMA3], ids=["ChatML", "Llama 3"])
def test_transformers_renders_the_same_prompts(tmp_path, template):
    other = pytest.importorskip("transformers", reason="the extra `parity` is not installed")
    pytest.importorskip("jinja2", reason="transformers renders chats with jinja2")
    names = ("<|begin_of_text|>", "<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
    kind = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": names[0], "eos_token": "<|eot_id|>", "chat_template": template}
    texts = texts_of(tokenizer_file(names, version="1.0", decoder=BYTE_LEVEL), **kind)
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    theirs, ours = other.AutoTokenizer.from_pretrained(tmp_path), pretrained.Tokenizer(texts)
    for user in ("Predict.\nx = 12\nInput:\n1 2", "\n\nthe step", "{}"):
        told = theirs.apply_chat_template([{"role": "user", "content": user}], add_generation_prompt=True, tokenize=True, return_dict=False)
        assert ours.prompt(user) == told, user
