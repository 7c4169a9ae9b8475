"""Who learns by doing? A copy of the project in which what EXERCISES.md asks for is blank.

    python -m lab.stubs         # out/lab; or name a new folder. `bash run.sh lab` does this

Bodies go, docstrings stay: no stub can be older than its solution. The copy's .venv is a link to
ours.
"""

import ast
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from commands import fail, manual, plainly

ROOT = Path(__file__).parent.parent
HOLES = """
1 sft.py backward mask
2 rl.py advantages
3 rl.py reinforce_loss
4 model.py logprobs
5 eval.py rank_score_at_k
6 lab/exercises/terse.py told
7 lab/exercises/partial.py judge
8 lab/exercises/inputs.py find_input
"""  # number, file, function; where a name follows, only the line that assigns it is blank


def blanked(source, exercise, function, name=""):
    """The source without the function's body, but for its docstring, or without its statement
    `name = ...`: NotImplementedError("exercise 2") is raised there."""
    for node in ast.walk(ast.parse(source)):
        if getattr(node, "name", "") == function:
            body = node.body[1:]
    for node in body:
        if name and ast.unparse(node).startswith(f"{name} = "):
            body = [node]
    lines, indent = source.splitlines(keepends=True), " " * body[0].col_offset
    stub = f'{indent}raise NotImplementedError("exercise {exercise}")\n'
    lines[body[0].lineno - 1:body[-1].end_lineno] = stub
    return "".join(lines)


def copy_project(folder, exercises):
    """A new folder. These exercises are blank in it; runs, caches, answers are left behind."""
    ignore = shutil.ignore_patterns(".git", ".venv", "out", "*cache*", "mutations.tsv")
    with TemporaryDirectory() as temporary:  # the folder may stand in the one that is copied
        copy = shutil.copytree(ROOT, Path(temporary) / "copy", ignore=ignore)
        for row in HOLES.strip().splitlines():
            exercise, file, *hole = row.split()
            if exercise in exercises:
                text = blanked((copy / file).read_text(), exercise, *hole)
                (copy / file).write_text(text)
        (copy / ".venv").symlink_to(ROOT / ".venv")
        shutil.move(copy, folder)


@plainly()
def main():
    parser = manual(__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default="out/lab", help="a new one")
    folder = parser.parse_args().folder
    if folder.exists():
        fail(f"{folder} is there: delete it, or name another")
    copy_project(folder, "12345678")
    print(f"{folder} is there; EXERCISES.md says what to do in it")


if __name__ == "__main__":
    main()
