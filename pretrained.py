"""How does one begin with a model of others? Hugging Face's folders: read, and written back.

    python sft.py --init FOLDER --muon-lr 0.0005 --adam-lr 0.00002    # rl.py, eval.py go on from it
    python pretrained.py FOLDER out/base.pt                           # or: rl.py --start base
    python pretrained.py out/rl.pt FOLDER                             # for the tools of others

This file may be skipped. A folder is read by its config.json (Qwen2, Qwen2.5, Qwen3; Llama and what
is built like it: SmolLM2), *.safetensors (bf16, fp16 or fp32, in one file or several) and
tokenizer.json (byte-level BPE). Whatever model.py cannot compute is refused by a ValueError, whose
one line names it. A checkpoint keeps the folder's texts under extra["pretrained"]; so it needs the
folder no more, and what is written back has them, too.

A prompt has the form of the model's chat where its template is one of CHATS, else it is plain text
and a line end; an answer ends with the token that ends a message there, or a text.
"""

import json
import math
import os
import re
import unicodedata
from pathlib import Path

import tiktoken
import torch

import model as ours
from commands import fail, manual, plainly, replace_text, say

NEEDED = ("config.json", "tokenizer.json")
KEPT = (*NEEDED, "tokenizer_config.json", "generation_config.json", "special_tokens_map.json",
        "chat_template.jinja")
DTYPES = {"BF16": torch.bfloat16, "F16": torch.float16, "F32": torch.float32}

# What begins a message in a template -> a user's text and what leads to the answer; its end.
CHATS = {
    "<|im_start|>": ("<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>"),
    "<|start_header_id|>": (
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n{}<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"),
}
SYSTEM = re.compile(r"<\|im_start\|>system(?:\\n|\n)([^'\"{}]+)<\|im_end\|>")  # said where nobody says one

# How text is cut into pieces: GPT-2's way, and the same after every digit was set apart.
GPT2 = (r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")
DIGITS = (r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?![^\s\p{N}])|\s+")


def read(folder, n_ctx):
    """-> ModelConfig, of a context of at most n_ctx tokens; texts: name -> text, of the files KEPT.
    A folder of the hub's cache (snapshots, refs) stands for its main snapshot."""
    folder, texts = snapshot(folder), {}
    for name in KEPT:
        path = folder / name
        if path.exists():
            texts[name] = path.read_text(encoding="utf-8")
        elif name in NEEDED or path.is_symlink():
            link = ", a link to nothing" if path.is_symlink() else ""
            raise ValueError(f"{path} is missing{link}: download the whole folder")
    try:
        config = config_of(parsed(texts, "config.json"), n_ctx)
        Tokenizer(texts)
    except (KeyError, TypeError, AttributeError) as problem:
        raise ValueError(f"{folder} is damaged or of another kind ({problem!r})") from None
    return config, texts


def snapshot(folder):
    main = Path(folder) / "refs" / "main"
    return Path(folder) / "snapshots" / main.read_text().strip() if main.exists() else Path(folder)


def parsed(texts, name):
    try:
        return json.loads(texts.get(name, "{}"))
    except ValueError as problem:
        raise ValueError(f"{name} is damaged ({problem})") from None


def refuse(name, found):
    """found: what model.py lacks -> is it so?"""
    for what, is_so in found.items():
        if is_so:
            raise ValueError(f"{name} asks for {what}, which is not to be had here")


def config_of(c, n_ctx):
    """c: config.json."""
    heads, kind = c["num_attention_heads"], c.get("model_type")
    rope = {"rope_theta": c.get("rope_theta", 10_000.0), **(c.get("rope_scaling") or {}),
            **(c.get("rope_parameters") or {})}
    way = rope.get("rope_type", rope.get("type", "default"))
    refuse("config.json", {
        f"model_type {kind}": kind not in ("qwen2", "qwen3", "llama"),
        f"rope_type {way}": way not in ("default", "linear", "llama3"),
        "rotary positions of a part": rope.get("partial_rotary_factor", 1) != 1,
        f"hidden_act {c.get('hidden_act')}": c.get("hidden_act", "silu") != "silu",
        "attention_bias": c.get("attention_bias"),
        "mlp_bias": c.get("mlp_bias"),
        "sliding windows": c.get("use_sliding_window")
                           or {*(c.get("layer_types") or [])} - {"full_attention"},
        "quantised weights": c.get("quantization_config")})
    head_size, scale = c.get("head_dim") or c["hidden_size"] // heads, ()
    if way != "default":
        scale = rope_scale(rope, way, head_size)
    return ours.ModelConfig(
        n_vocab=c["vocab_size"], n_layer=c["num_hidden_layers"], n_head=heads,
        n_kv_head=c.get("num_key_value_heads") or heads, n_embd=c["hidden_size"],
        n_ctx=min(n_ctx, c.get("max_position_embeddings", n_ctx)), mlp="swiglu",
        tied=c.get("tie_word_embeddings", False), rope_theta=rope["rope_theta"],
        bias=kind == "qwen2", canon=False, qk_norm=kind == "qwen3",
        norm_eps=c.get("rms_norm_eps", 1e-6), head_dim=head_size,
        mlp_width=c["intermediate_size"], rope_scale=scale)


def rope_scale(rope, way, head_size):
    """Factors on the speeds of the head_size / 2 pairs. linear: all the same. llama3: pairs that
    turn often in the context that was trained with keep theirs; between, a straight line."""
    factors = []
    for k in range(head_size // 2):
        kept = 0.0
        if way == "llama3":
            speed = rope["rope_theta"] ** (-2 * k / head_size)
            turns = rope["original_max_position_embeddings"] * speed / (2 * math.pi)
            low, high = rope["low_freq_factor"], rope["high_freq_factor"]
            kept = min(1.0, max(0.0, (turns - low) / (high - low)))
        factors.append(kept + (1 - kept) / rope["factor"])
    return tuple(factors)


# --------------------------------------------------------------------------------------------------
# Weights. A *.safetensors file: length of the header (8 bytes), header (JSON: name -> dtype, shape,
# first and last byte), bytes. It is mapped into memory: only what is copied is read.

def theirs(name):
    return name if name == "lm_head.weight" else f"model.{name}"


def tensors(folder):
    """-> name -> bytes (uint8), dtype, shape."""
    found, files, folder = {}, ["model.safetensors"], snapshot(folder)
    if (index := folder / "model.safetensors.index.json").exists():
        files = sorted(set(parsed({index.name: index.read_text()}, index.name)["weight_map"].values()))
    for path in map(folder.joinpath, files):
        if not path.exists():
            raise ValueError(f"{path} is missing: weights are read from *.safetensors alone")
        try:
            whole = torch.from_file(str(path), size=path.stat().st_size, dtype=torch.uint8)
            start = 8 + int.from_bytes(whole[:8].numpy().tobytes(), "little")
            header = json.loads(whole[8:start].numpy().tobytes())
            header.pop("__metadata__", None)
            for name, entry in header.items():
                dtype, shape = DTYPES.get(entry["dtype"]), entry["shape"]
                refuse(path, {f"{entry['dtype']} ({name})": dtype is None})
                first, last = entry["data_offsets"]
                found[name] = whole[start + first:start + last], dtype, shape
                if not 0 <= first <= last == first + math.prod(shape) * dtype.itemsize or (
                        start + last > len(whole)):
                    raise KeyError(name)
        except (KeyError, TypeError, AttributeError, UnicodeDecodeError, RuntimeError,
                json.JSONDecodeError) as problem:
            raise ValueError(f"{path} is truncated or damaged ({problem}): get it again") from None
    return found


def fill(model, folder):
    """The folder's weights, in the model's precision."""
    found = tensors(folder)
    if model.config.tied:
        found["lm_head.weight"] = found.get(theirs("embed_tokens.weight"))
    for name, p in model.state_dict().items():
        data, dtype, shape = found.pop(theirs(name), None) or (None, None, "none")
        if list(p.shape) != shape:
            raise ValueError(f"{folder}: {theirs(name)} should have the shape {list(p.shape)}, "
                             f"there is {shape}")
        p.copy_(data.clone().view(dtype).view(shape))  # a clone: data may lie at an odd address
        if not p.isfinite().all():
            raise ValueError(f"{folder}: {theirs(name)} is damaged: not all of it are numbers")
    rest = [name for name in found if not name.endswith("rotary_emb.inv_freq")]
    refuse(folder, {f"{len(rest)} more tensors, such as {rest[:1]}": rest})


def save(model, texts, folder):
    """A new folder of the model: its texts, and weights of the dtype that config.json names."""
    folder.mkdir(parents=True)
    for name, text in texts.items():
        replace_text(folder / name, text)
    config = parsed(texts, "config.json")
    word = config.get("dtype") or config.get("torch_dtype") or "float32"
    code, dtype = next(row for row in DTYPES.items() if str(row[1]) == f"torch.{word}")
    header, weights, end = {"__metadata__": {"format": "pt"}}, [], 0
    for name, p in model.state_dict().items():
        if name != "lm_head.weight" or not model.config.tied:
            first, end = end, end + p.numel() * dtype.itemsize
            header[theirs(name)] = {"dtype": code, "shape": [*p.shape], "data_offsets": [first, end]}
            weights.append(p)
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with open(folder / "half", "wb") as file:
        file.write(len(head).to_bytes(8, "little") + head)
        for p in weights:
            file.write(p.detach().cpu().to(dtype).contiguous().view(torch.uint8).numpy())
    os.replace(folder / "half", folder / "model.safetensors")


# --------------------------------------------------------------------------------------------------
# Tokenizer.

def pattern(pre):
    """How a pre_tokenizer of tokenizer.json cuts texts, as one regular expression."""
    parts = pre.get("pretokenizers", [pre])
    kinds, first, last = [part["type"] for part in parts], parts[0], parts[-1]
    if last["type"] == "ByteLevel" and not last.get("add_prefix_space"):
        if last.get("use_regex", True):
            if kinds == ["ByteLevel"]:
                return GPT2
            if kinds == ["Digits", "ByteLevel"] and first["individual_digits"]:
                return DIGITS
        elif kinds == ["Split", "ByteLevel"] and first["behavior"] == "Isolated":
            if "Regex" in first["pattern"] and not first["invert"]:
                return first["pattern"]["Regex"]
    raise ValueError(f"tokenizer.json has a pre_tokenizer that is not read: {' + '.join(kinds)}")


class Tokenizer(ours.Tokenizer):
    """The same of a folder's texts."""

    def __init__(self, texts):
        name = "tokenizer.json"
        file, config = parsed(texts, name), parsed(texts, "config.json")
        bpe, more = file["model"], parsed(texts, "tokenizer_config.json")
        normalizer = (file.get("normalizer") or {}).get("type")
        refuse(name, {f"a tokenizer {bpe.get('type')}": bpe.get("type") != "BPE",
                      "byte_fallback (SentencePiece)": bpe.get("byte_fallback"),
                      "marks at the ends of words": bpe.get("end_of_word_suffix")
                                                    or bpe.get("continuing_subword_prefix"),
                      f"normalizer {normalizer}": normalizer not in (None, "NFC")})
        self.form = normalizer
        specials = {token["content"]: token["id"] for token in file["added_tokens"]}
        self.n_vocab = config["vocab_size"]
        ranks = ranks_of(bpe, specials)
        for rank in {*range(self.n_vocab)} - {*ranks.values(), *specials.values()}:
            specials[f"<|unused {rank}|>"] = rank  # rows of the embedding without a token
        refuse(name, {"more tokens than vocab_size": len(ranks) + len(specials) > self.n_vocab})
        for byte in range(256):  # some know no bytes that no text has: these are left out
            ranks.setdefault(bytes([byte]), self.n_vocab + byte)
        self.encoding = tiktoken.Encoding("pretrained", pat_str=pattern(file["pre_tokenizer"]),
                                          mergeable_ranks=ranks, special_tokens=specials)
        self.specials = specials
        self.template, end = chat_of(texts, more, file, specials)
        used = [special for special in specials if special in self.template]
        self.parts = re.split("|".join(map("({})".format, map(re.escape, used))), self.template)
        end = specials.get(end, config.get("eos_token_id"))
        self.end = self.pad = end[0] if isinstance(end, list) else end
        refuse(name, {"no token that ends a text": self.end is None})

    def encode(self, text):
        text = unicodedata.normalize(self.form, text) if self.form else text
        return [rank for rank in self.encoding.encode_ordinary(text) if rank < self.n_vocab]

    def prompt(self, user):
        ids = []
        for part in filter(None, self.parts):
            if part in self.specials:
                ids.append(self.specials[part])
            else:
                ids += self.encode(part.replace("{}", user))
        return ids


def ranks_of(bpe, specials):
    """-> bytes of each piece -> rank, which is its id. tiktoken joins whatever pair has the lowest
    rank, the merges join pairs in their order: the same where ids are in that order."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]  # these bytes are spelled as such
    others = sorted({*range(256)} - {*plain})
    letters = {chr(256 + k): byte for k, byte in enumerate(others)} | {chr(b): b for b in plain}
    ranks, joined = {}, []
    for token, rank in bpe["vocab"].items():
        if token not in specials:
            ranks[bytes(letters[letter] for letter in token)] = rank
    for merge in bpe["merges"]:
        pair = merge.split(" ") if isinstance(merge, str) else merge
        joined.append(bpe["vocab"]["".join(pair)])
    singles = [rank for piece, rank in ranks.items() if len(piece) == 1]
    alone = {*ranks.values()} - {*joined} - {*singles}
    refuse("tokenizer.json", {
        "merges in another order than ids": joined != sorted(joined),
        "pieces that no merge makes": alone and not bpe.get("ignore_merges")})
    return ranks


def chat_of(texts, more, file, specials):
    """-> a prompt, {} for the user's text; the token that ends the answer, None: unknown."""
    chat = texts.get("chat_template.jinja") or more.get("chat_template") or ""
    chat = chat if isinstance(chat, str) else chat[0]["template"]  # of several
    for mark, (form, end) in CHATS.items():
        if mark in chat and {mark, end} <= specials.keys():
            system = SYSTEM.search(chat)
            return (system[0].replace("\\n", "\n") + "\n" if system else "") + form, end
    begin, post = "", file.get("post_processor") or {}
    for processor in post.get("processors", [post]):
        for piece in processor.get("single", []):
            begin += piece.get("SpecialToken", {}).get("id", "")
    end = more.get("eos_token")
    return begin + "{}\n", end["content"] if isinstance(end, dict) else end


@plainly(ValueError, ours.CheckpointError)
def main():
    parser = manual(__doc__)
    parser.add_argument("source", type=Path, help="a folder, or a checkpoint that began with one")
    parser.add_argument("target", type=Path, help="the checkpoint, or the folder, to be made")
    parser.add_argument("--n-ctx", type=int, default=1024, help="a checkpoint's longest sequence")
    args = parser.parse_args()
    if args.source.is_dir():
        config, texts = read(args.source, args.n_ctx)
        model = ours.Transformer(config)
        fill(model, args.source)
        ours.save_checkpoint(args.target, model, extra={"pretrained": texts})
        prompt = Tokenizer(texts).template
        return say(f"{args.target}: {model.n_params():,} parameters, prompts {prompt!r}")
    saved = ours.load_checkpoint(args.source)
    if "pretrained" not in saved["extra"]:
        fail(f"{args.source} did not begin with a folder: its tokenizer has no such form")
    save(saved["model"], saved["extra"]["pretrained"], args.target)


if __name__ == "__main__":
    main()
