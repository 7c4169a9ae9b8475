"""How does one begin with a model of others? Reads Hugging Face's folders. May be skipped.

    python sft.py --init FOLDER --muon-lr 0.0005 --adam-lr 0.00002    # see lab/pretrained.md

Qwen2 to Qwen3, Llama, SmolLM2. Checkpoints keep the folder's texts, in extra["pretrained"].
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
GPT2 = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
DIGITS = GPT2.replace(r" ?\p{N}+", r"\p{N}").replace(r"(?!\S)", r"(?![^\s\p{N}])")  # each alone
USUAL = dict(add_prefix_space=False, individual_digits=True, behavior="Isolated", invert=False)
# What ends an answer -> a user's text {} and what leads to the answer. SYSTEM comes before it.
CHATS = {"<|im_end|>": "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n",
         "<|eot_id|>": "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n{}<|eot_id|>"
                       "<|start_header_id|>assistant<|end_header_id|>\n\n"}
WORDS = {"ValueError": "", "KeyError": "it lacks ", "JSONDecodeError": "torn, or git-lfs pointer: ",
         "FileNotFoundError": "config.json, tokenizer.json, *.safetensors of a folder are read: "}
SYSTEM = re.compile(r"<\|im_start\|>system(?:\\n|\n)[^'\"{}]+<\|im_end\|>(?:\\n|\n)")


@contextmanager
def readable(path):
    """Whatever goes wrong with others' files is a ValueError of one line."""
    try:
        yield
    except Exception as problem:  # files of arbitrary bytes can raise anything in there
        told = WORDS.get(name := type(problem).__name__, f"{name}: ")
        raise ValueError(f"{path} cannot be used: {told}{problem}".partition("\n")[0]) from None


def refuse(what, it_has):
    if it_has:
        raise ValueError(f"it has {what}")


def read(folder, n_ctx):
    """-> ModelConfig, of a context of at most n_ctx; the folder's texts."""
    texts = {}
    for path in map(Path(folder).joinpath, KEPT):
        with readable(path):
            if path.name in KEPT[:2] or path.exists() or path.is_symlink():
                texts[path.name] = path.read_text(encoding="utf-8")
                if path.suffix == ".json":
                    json.loads(texts[path.name])  # is it whole?
    with readable(folder):
        config, _ = config_of(json.loads(texts["config.json"]), n_ctx), Tokenizer(texts)
    return config, texts


def config_of(c, n_ctx):  # c: config.json
    kind = c["model_type"]
    refuse(f"model_type {kind}, not qwen2, qwen3, llama", kind not in ("qwen2", "qwen3", "llama"))
    heads, width = c["num_attention_heads"], c["hidden_size"]
    rope = c.get("rope_parameters") or {"rope_theta": c.get("rope_theta", 10_000.0)}
    rope = rope | (c.get("rope_scaling") or {})
    way, act = rope.get("rope_type", rope.get("type", "default")), c.get("hidden_act", "silu")
    refuse(f"rope_type {way}, not default, llama3", way not in ("default", "llama3"))
    refuse(f"hidden_act {act}, not silu", act != "silu")
    refuse("sliding windows", c.get("use_sliding_window") or "sliding" in str(c.get("layer_types")))
    for key in ("attention_bias", "mlp_bias", "quantization_config", "partial_rotary_factor"):
        refuse(key, (c | rope).get(key))
    size, scale = c.get("head_dim") or width // heads, ()
    if way == "llama3":  # pairs that turn often keep their speed
        speeds = rope["rope_theta"] ** (-torch.arange(0, size, 2) / size)
        turns = rope["original_max_position_embeddings"] * speeds / (2 * torch.pi)
        low, high = rope["low_freq_factor"], rope["high_freq_factor"]
        kept = ((turns - low) / (high - low)).clamp(0, 1)
        scale = tuple((kept + (1 - kept) / rope["factor"]).tolist())
    return ours.ModelConfig(
        c["vocab_size"], c["num_hidden_layers"], heads, c.get("num_key_value_heads") or heads,
        width, min(n_ctx, c.get("max_position_embeddings", n_ctx)), "swiglu",
        c.get("tie_word_embeddings", False), rope["rope_theta"], bias=kind == "qwen2", canon=False,
        qk_norm=kind == "qwen3", norm_eps=c.get("rms_norm_eps", 1e-6), head_dim=size,
        mlp_width=c["intermediate_size"], rope_scale=scale)


def tensors(path):
    """-> name -> (bytes, dtype, shape). A file: header's length in 8 bytes, header, all bytes."""
    data = torch.from_file(str(path), size=path.stat().st_size, dtype=torch.uint8)  # mapped
    begin = 8 + int.from_bytes(data[:8].numpy().tobytes(), "little")
    header, end, found = json.loads(data[8:begin].numpy().tobytes()), 0, {}
    header.pop("__metadata__", None)
    for name, row in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        kind, shape, first = row["dtype"], row["shape"], end
        refuse(f"{name} of dtype {kind}", kind not in DTYPES)
        end += torch.Size(shape).numel() * DTYPES[kind].itemsize
        refuse(f"a damaged {name}; get it again", row["data_offsets"] != [first, end])
        found[name.removeprefix("model.")] = data[begin:][first:end], DTYPES[kind], shape
    refuse(f"{len(data)} bytes, not {begin + end}; get it again", len(data) != begin + end)
    return found


def load(folder, config):
    """-> Transformer, in fp32, with the folder's weights."""
    files, found, index = ["model.safetensors"], {}, Path(folder, "model.safetensors.index.json")
    with readable(index):
        if index.exists():
            files = sorted({*json.loads(index.read_text())["weight_map"].values()})
    for path in map(Path(folder).joinpath, files):
        with readable(path):
            found |= tensors(path)
    with readable(folder):
        model = ours.Transformer(config)
        for name, p in model.named_parameters():  # of a tied model without lm_head
            data, dtype, shape = found.pop(name)
            refuse(f"{name} of shape {shape}, not {[*p.shape]}", shape != [*p.shape])
            p.data.copy_(data.clone().view(dtype).view(shape))  # cloned: it may lie at an odd byte
            refuse(f"what is no number in {name}", not p.isfinite().all())
        for name in found:
            refuse(name, not name.endswith(("inv_freq", "lm_head.weight")))
    return model


def pattern_of(way):
    """way: pre_tokenizer of tokenizer.json -> a pattern that finds the same pieces."""
    cuts, kinds = way.get("pretokenizers", [way]), []
    for cut in cuts:
        refuse(f"pre_tokenizer {cut}", cut | USUAL != USUAL | cut)
        kinds.append(cut["type"])
    known, kinds = {"ByteLevel": GPT2, "Digits + ByteLevel": DIGITS}, " + ".join(kinds)
    if not cuts[-1].get("use_regex", True):
        known = {"Split + ByteLevel": cuts[0].get("pattern", {}).get("Regex")}
    refuse(f"pre_tokenizer {kinds}", not known.get(kinds))
    return known[kinds]


def ranks_of(bpe, specials):
    """bpe: model of tokenizer.json -> piece in bytes -> id. tiktoken joins whatever pair has the
    lowest id, the file joins pairs in its order: the same, if they were learnt in that order."""
    letters, others, vocab, ranks = {}, iter(range(256, 512)), bpe["vocab"], {}
    for byte in range(256):  # is written as its letter, or as one of others
        shows = 33 <= byte < 127 or 161 <= byte != 173
        letters[chr(byte if shows else next(others))] = byte
    joined = [vocab["".join(pair).replace(" ", "")] for pair in bpe["merges"]]
    refuse("merges in another order than ids", joined != sorted(joined))
    made = {*vocab.values()} if bpe.get("ignore_merges") else {*joined}
    for piece in vocab.keys() - specials.keys():
        refuse(f"{piece}, which no merge makes", len(piece) > 1 and vocab[piece] not in made)
        ranks[bytes(map(letters.__getitem__, piece))] = vocab[piece]
    return ranks


class Tokenizer(ours.Tokenizer):
    """model.Tokenizer, of a folder. A prompt is a turn of a chat of CHATS, or else a plain line."""

    def __init__(self, texts):
        file, config = json.loads(texts["tokenizer.json"]), json.loads(texts["config.json"])
        bpe, self.form = file["model"], (file["normalizer"] or {}).get("type")
        refuse(f"tokenizer {bpe.get('type')}, not BPE", bpe.get("type", "BPE") != "BPE")
        refuse("byte_fallback, as of SentencePiece", bpe.get("byte_fallback"))
        refuse(f"normalizer {self.form}", self.form not in (None, "NFC"))
        specials = {token["content"]: token["id"] for token in file["added_tokens"]}
        ranks, self.n_vocab = ranks_of(bpe, specials), config["vocab_size"]
        used, ids = [*ranks.values(), *specials.values()], {*range(self.n_vocab)}
        refuse("ids beyond vocab_size, or twice", len(used) > len(ids.intersection(used)))
        refuse("an added token of spaces", any(map(str.isspace, specials)))
        self.set_chat(texts, file["post_processor"], config.get("eos_token_id"), specials)
        self.specials = specials | {f"<|unused {rank}|>": rank for rank in ids.difference(used)}
        ranks = {bytes([k]): self.n_vocab + k for k in range(256)} | ranks  # it may lack some
        pattern = pattern_of(file["pre_tokenizer"] or {"type": "none"})
        self.encoding = tiktoken.Encoding("theirs", pat_str=pattern, mergeable_ranks=ranks,
                                          special_tokens=self.specials)

    def set_chat(self, texts, post, ends, specials):
        """post: what may begin a text; ends: of config.json, an id or ids."""
        config = json.loads(texts.get("tokenizer_config.json", "{}"))
        chat = texts.get("chat_template.jinja") or str(config.get("chat_template"))
        begin, end = str(config.get("bos_token")), str(config.get("eos_token"))
        self.template = (begin if f"'{begin}'" in str(post) else "") + "{}\n"
        for ending, form in CHATS.items():
            if ending in chat and ending in specials:
                before = "".join(SYSTEM.findall(chat)[:1]).replace("\\n", "\n")
                end, self.template = ending, before + form
        self.end = self.pad = specials.get(end, ends[0] if isinstance(ends, list) else ends)
        refuse("no token that ends a text", self.end not in specials.values())
        self.parts = re.split(f"({'|'.join(map(re.escape, specials))})", self.template)

    def encode(self, text):
        text = unicodedata.normalize(self.form, text) if self.form else text
        return [rank for rank in self.encoding.encode_ordinary(text) if rank < self.n_vocab]

    def prompt(self, user):
        ids = []
        for part in self.parts:
            special = self.specials.get(part)
            ids += self.encode(part.replace("{}", user)) if special is None else [special]
        return ids
