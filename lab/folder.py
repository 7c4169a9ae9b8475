"""A folder of Hugging Face's into a checkpoint, and a checkpoint that began with one into a folder.

    python -m lab.folder FOLDER out/base.pt      # for rl.py --start base
    python -m lab.folder out/rl.pt FOLDER        # for the tools of others
"""

import json
from pathlib import Path

import torch

import pretrained
from commands import fail, manual, plainly, say
from model import CheckpointError, load_checkpoint, save_checkpoint
from pretrained import DTYPES


def save(model, texts, folder):
    """A new folder: the texts, and the weights in bf16 or fp16 if config.json names it, or fp32."""
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    config = json.loads(texts["config.json"])
    dtype = config.get("dtype") or config.get("torch_dtype")
    kind = {"bfloat16": "BF16", "float16": "F16"}.get(dtype, "F32")
    header, parts, end = {"__metadata__": {"format": "pt"}}, [], 0
    for name, p in model.named_parameters():  # of a tied model without lm_head
        data = p.data.cpu().to(DTYPES[kind]).contiguous().view(torch.uint8).numpy()
        theirs = name if name == "lm_head.weight" else f"model.{name}"
        header[theirs] = {"dtype": kind, "shape": [*p.shape],
                          "data_offsets": [end, end := end + data.size]}
        parts.append(data)
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with open(folder / "model.safetensors", "wb") as file:
        file.writelines([len(head).to_bytes(8, "little"), head, *parts])


@plainly(ValueError, CheckpointError, RuntimeError)  # torch's word for a full disk
def main(argv=None):
    parser = manual(__doc__)
    parser.add_argument("source", type=Path, help="a folder, or a checkpoint that began with one")
    parser.add_argument("target", type=Path, help="the checkpoint, or the new folder")
    parser.add_argument("--n-ctx", type=int, default=1024,
                        help="longest sequence in tokens (default: 1024; preset gpu's is 2048)")
    args = parser.parse_args(argv)
    if args.target.exists():
        fail(f"{args.target} is there: name another")
    if args.source.is_dir():
        config, texts = pretrained.read(args.source, args.n_ctx)
        model = pretrained.load(args.source, config)
        args.target.parent.mkdir(parents=True, exist_ok=True)
        save_checkpoint(args.target, model, extra={"pretrained": texts})
        return say(f"{args.target}: {model.n_params():,} parameters, "
                   f"prompts {pretrained.Tokenizer(texts).template!r}")
    saved = load_checkpoint(args.source)
    if "pretrained" not in saved["extra"]:
        fail(f"{args.source} did not begin with a folder: its tokenizer has no such form")
    save(saved["model"], saved["extra"]["pretrained"], args.target)


if __name__ == "__main__":
    main()
