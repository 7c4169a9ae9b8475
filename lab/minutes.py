"""How long does it take here? A run's minutes by stage, as a row for the table in lab/README.md.

    python -m lab.minutes out           # what `bash run.sh time` does; a folder that a run wrote

A stage's seconds are those of all its sittings; the machine is the one that this command runs on.
"""

import json
from pathlib import Path

from commands import fail, manual, plainly
from runs import provenance

STAGES = ("data", "sft", "rl", "eval")


@plainly()
def main():
    parser = manual(__doc__)
    parser.add_argument("out", type=Path, nargs="?", default="out", help="default: out")
    out = parser.parse_args().out
    try:
        took = json.loads((out / "seconds.json").read_text())
    except (OSError, ValueError):
        fail(f"no stage of a run has ended in {out}; is it in another folder, as out/quick?")
    here, minutes = provenance(), [f"{took.get(stage, 0) / 60:.1f}" for stage in STAGES]
    print("| run | machine | date |", " | ".join(STAGES), "|\n" + "|---" * (3 + len(STAGES)) + "|")
    print(f"| {out} | {here['machine']} | {here['date']} |", " | ".join(minutes), "|")


if __name__ == "__main__":
    main()
