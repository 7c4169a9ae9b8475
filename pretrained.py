"""How does one begin with a model of others? Reads Hugging Face's folders. May be skipped.

    python sft.py --init FOLDER --muon-lr 0.0005 --adam-lr 0.00002    # rl.py, eval.py go on from it
    python -m lab.folder out/rl.pt FOLDER                             # and back

Qwen2, Qwen2.5, Qwen3, Llama and what is built like it (SmolLM2): config.json, *.safetensors (bf16,
fp16, fp32), tokenizer.json (byte-level BPE). What model.py lacks is refused by a ValueError, whose
one line names it. A checkpoint keeps the folder's texts, under extra["pretrained"]: name -> text.
A prompt has the form of the model's chat if that is one of CHATS, else it is a plain line.
"""

import json
import re
import unicodedata
from contextlib import contextmanager
from pathlib import Path

import tiktoken
import torch

import model as ours

KEPT = ("config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json",
        "special_tokens_map.json", "chat_template.jinja")  # the first two must be there
DTYPES = {"BF16": torch.bfloat16, "F16": torch.float16, "F32": torch.float32}
# What ends an answer -> a user's text {} and what leads to the answer. SYSTEM comes before it.
CHATS = {"<|im_end|>": "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n",
         "<|eot_id|>": "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n{}<|eot_id|>"
                       "<|start_header_id|>assistant<|end_header_id|>\n\n"}
SYSTEM = re.compile(r"<\|im_start\|>system(?:\\n|\n)[^'\"{}]+<\|im_end\|>(?:\\n|\n)")
USUAL = dict(add_prefix_space=False, individual_digits=True, behavior="Isolated", invert=False)
# How text is cut into pieces: GPT-2's way, and that with every digit alone.
GPT2 = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
DIGITS = GPT2.replace(r" ?\p{N}+", r"\p{N}").replace(r"(?!\S)", r"(?![^\s\p{N}])")


def read(folder, n_ctx):
    """-> ModelConfig, of a context of at most n_ctx; the folder's texts."""
    folder, texts = snapshot(folder), {}
    with readable(folder):
        for name in KEPT:
            if (folder / name).exists():
                texts[name] = (folder / name).read_text(encoding="utf-8")
            elif name in KEPT[:2] or (folder / name).is_symlink():
                raise ValueError(f"{name} is missing, or a link to nothing")
        config, _ = config_of(json.loads(texts["config.json"]), n_ctx), Tokenizer(texts)
    return config, texts


@contextmanager
def readable(path):
    """Whatever goes wrong with others' files is a ValueError of one line."""
    try:
        yield
    except Exception as problem:  # files of arbitrary bytes can raise anything in there
        why = f"{type(problem).__name__}: {problem}".removeprefix("ValueError: ").partition("\n")[0]
        raise ValueError(f"{path} cannot be used: {why}") from None


def snapshot(folder):
    """A folder of the hub's cache stands for what its refs/main names."""
    folder, main = Path(folder), Path(folder, "refs", "main")
    return folder / "snapshots" / main.read_text().strip() if main.exists() else folder


def refuse(name, lacks):
    """lacks: what this project has not -> is it asked for?"""
    for what, is_asked in lacks.items():
        if is_asked:
            raise ValueError(f"{name} has what is not supported here: {what}")


def config_of(c, n_ctx):
    """c: config.json. In a llama3 rope pairs that turn often keep their speed."""
    kind, heads, width = c["model_type"], c["num_attention_heads"], c["hidden_size"]
    rope = c.get("rope_parameters") or {"rope_theta": c.get("rope_theta", 10_000.0)}
    rope = rope | (c.get("rope_scaling") or {})
    way = rope.get("rope_type", rope.get("type", "default"))
    refuse("config.json", {
        f"model_type {kind}": kind not in ("qwen2", "qwen3", "llama"),
        f"rope_type {way}": way not in ("default", "linear", "llama3"),
        f"hidden_act {c.get('hidden_act')}": c.get("hidden_act", "silu") != "silu",
        "sliding windows": c.get("use_sliding_window") or "sliding" in str(c.get("layer_types")),
        "partial_rotary_factor": rope.get("partial_rotary_factor", 1) != 1,
        "attention_bias, mlp_bias": c.get("attention_bias") or c.get("mlp_bias"),
        "quantization_config": c.get("quantization_config")})
    size, scale = c.get("head_dim") or width // heads, ()
    if way != "default":
        speeds = rope["rope_theta"] ** (-torch.arange(0, size, 2) / size)
        turns = rope.get("original_max_position_embeddings", 0) * speeds / (2 * torch.pi)
        low, high = rope.get("low_freq_factor", 0.0), rope.get("high_freq_factor", 1.0)
        kept = ((turns - low) / (high - low)).clamp(0, 1)
        scale = tuple((kept + (1 - kept) / rope["factor"]).tolist())
    return ours.ModelConfig(
        c["vocab_size"], c["num_hidden_layers"], heads, c.get("num_key_value_heads") or heads,
        width, min(n_ctx, c.get("max_position_embeddings", n_ctx)), "swiglu",
        c.get("tie_word_embeddings", False), rope["rope_theta"], bias=kind == "qwen2", canon=False,
        qk_norm=kind == "qwen3", norm_eps=c.get("rms_norm_eps", 1e-6), head_dim=size,
        mlp_width=c["intermediate_size"], rope_scale=scale)


def tensors(folder):
    """-> name -> (bytes, dtype, shape). A file has the length of its header in 8 bytes, the header,
    the tensors' bytes; it is mapped into memory: what is not used is not read."""
    found, names, index = {}, ["model.safetensors"], folder / "model.safetensors.index.json"
    with readable(index):
        if index.exists():
            names = sorted({*json.loads(index.read_text())["weight_map"].values()})
    for path in map(folder.joinpath, names):
        with readable(path):
            data = torch.from_file(str(path), size=path.stat().st_size, dtype=torch.uint8)
            begin = 8 + int.from_bytes(data[:8].numpy().tobytes(), "little")
            header = json.loads(data[8:begin].numpy().tobytes())
            for name in sorted(header.keys() - {"__metadata__"}):
                kind, shape = header[name]["dtype"], header[name]["shape"]
                first, last = header[name]["data_offsets"]
                refuse(name, {f"dtype {kind}": kind not in DTYPES})
                size = torch.Size(shape).numel() * DTYPES[kind].itemsize
                found[name] = data[begin + first:begin + last], DTYPES[kind], shape
                if first < 0 or not last - first == size == len(found[name][0]):
                    raise ValueError(f"truncated or damaged at {name}; get it again")
    return found


def fill(model, folder):
    """The folder's weights, in the model's precision."""
    found = tensors(snapshot(folder))
    for name, p in model.named_parameters():  # of a tied model without lm_head
        theirs = name if name == "lm_head.weight" else f"model.{name}"
        data, dtype, shape = found.pop(theirs, None) or (None, None, "none")
        if shape != [*p.shape]:
            raise ValueError(f"{folder}: {theirs} has shape {shape}, not {[*p.shape]}")
        p.data.copy_(data.clone().view(dtype).view(shape))  # cloned: it may lie at an odd address
        refuse(folder, {f"{theirs} is not all numbers": not p.isfinite().all()})
    refuse(folder, {name: not name.endswith(("inv_freq", "lm_head.weight")) for name in found})


class Tokenizer(ours.Tokenizer):
    """model.Tokenizer of a folder's texts. tiktoken joins whatever pair has the lowest id, the file
    joins pairs in their order: the same where ids are in that order."""

    def __init__(self, texts):
        read = lambda name: json.loads(texts.get(name, "{}"))
        file, config, more = map(read, ("tokenizer.json", "config.json", "tokenizer_config.json"))
        bpe, cuts = file["model"], file["pre_tokenizer"] or {"type": "none"}
        cuts = cuts.get("pretokenizers", [cuts])
        kinds, first, last = " + ".join(cut["type"] for cut in cuts), cuts[0], cuts[-1]
        ways = {"Split + ByteLevel": first.get("pattern", {}).get("Regex")}
        if last.get("use_regex", True):
            ways = {"ByteLevel": GPT2, "Digits + ByteLevel": DIGITS}
        odd = [key for cut in cuts for key in USUAL if cut.get(key, USUAL[key]) != USUAL[key]]
        self.form, self.n_vocab = (file["normalizer"] or {}).get("type"), config["vocab_size"]
        refuse("tokenizer.json", {
            f"model {bpe.get('type')}": bpe.get("type", "BPE") != "BPE",
            "byte_fallback (SentencePiece)": bpe.get("byte_fallback"),
            "end_of_word_suffix": bpe.get("end_of_word_suffix"),
            f"pre_tokenizer {kinds}": odd or not ways.get(kinds),
            f"normalizer {self.form}": self.form not in (None, "NFC")})
        plain = [*range(33, 127), *range(161, 173), *range(174, 256)]  # bytes spelled by themselves
        others = sorted({*range(256)} - {*plain})
        letters = {chr(256 + k): byte for k, byte in enumerate(others)} | {chr(b): b for b in plain}
        specials = {token["content"]: token["id"] for token in file["added_tokens"]}
        ranks, vocab = {}, bpe["vocab"]
        for piece in vocab.keys() - specials.keys():
            ranks[bytes(map(letters.__getitem__, piece))] = vocab[piece]
        joined = [vocab["".join(pair).replace(" ", "")] for pair in bpe["merges"]]
        alone = {rank for piece, rank in ranks.items() if len(piece) > 1} - {*joined}
        for rank in {*range(self.n_vocab)} - {*ranks.values(), *specials.values()}:
            specials[f"<|unused {rank}|>"] = rank
        refuse("tokenizer.json", {
            "merges in another order than ids": joined != sorted(joined),
            "pieces that no merge makes": alone and not bpe.get("ignore_merges"),
            "more tokens than vocab_size": len(ranks) + len(specials) > self.n_vocab})
        for byte in range(256):  # some lack bytes that hardly a text has: those are left out
            ranks.setdefault(bytes([byte]), self.n_vocab + byte)
        self.encoding = tiktoken.Encoding("theirs", pat_str=ways[kinds], special_tokens=specials,
                                          mergeable_ranks=ranks)
        chat = texts.get("chat_template.jinja") or str(more.get("chat_template"))
        begin, end = str(more.get("bos_token")), str(more.get("eos_token"))
        ids, post = config.get("eos_token_id"), str(file.get("post_processor"))
        self.template = (begin if f"'{begin}'" in post else "") + "{}\n"
        for ending, form in CHATS.items():
            if ending in chat and ending in specials:
                before = "".join(SYSTEM.findall(chat)[:1]).replace("\\n", "\n")
                end, self.template = ending, before + form
        self.end = self.pad = specials.get(end, ids[0] if isinstance(ids, list) else ids)
        refuse("tokenizer.json", {"no token that ends a text": not isinstance(self.end, int)})
        self.specials, used = specials, [name for name in specials if name in self.template]
        self.parts = re.split(f"({'|'.join(map(re.escape, used)) or '(?!)'})", self.template)

    def encode(self, text):
        text = unicodedata.normalize(self.form, text) if self.form else text
        return [rank for rank in self.encoding.encode_ordinary(text) if rank < self.n_vocab]

    def prompt(self, user):
        ids = []
        for part in self.parts:
            special = self.specials.get(part)
            ids += self.encode(part.replace("{}", user)) if special is None else [special]
        return ids
