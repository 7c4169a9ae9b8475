"""Which file is small enough to commit? A checkpoint's weights alone, in bf16, and what made them.

    python -m lab.export out/rl.pt model.pt
"""

from pathlib import Path

from commands import manual, plainly
from model import save_checkpoint
from runs import load


@plainly(RuntimeError)  # torch's word for no such folder, and for a full disk
def main(argv=None):
    parser = manual(__doc__)
    parser.add_argument("source", type=Path, help="checkpoint")
    parser.add_argument("target", type=Path, help="file to write")
    args = parser.parse_args(argv)
    saved = load(args.source, remedy="name another")
    kept = {"made": saved["made"], "commit": saved["extra"].get("commit", "unknown")}
    if "pretrained" in saved["extra"]:
        kept["pretrained"] = saved["extra"]["pretrained"]
    save_checkpoint(args.target, saved["model"].bfloat16(), extra=kept)


if __name__ == "__main__":
    main()
