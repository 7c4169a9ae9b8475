"""Programs that nobody here wrote. The files are no part of the project."""

import ast
import doctest
import json
import re
import sysconfig
from itertools import islice
from pathlib import Path
from textwrap import indent

from sandbox import Sandbox

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "real"


def programs(part: str, every: int = 1):
    """-> (name, code, stdin, true output) of the programs of one file, or of one line of so many. Of a
    buggy program the true output is its own (None: not told). "library": see there."""
    if part == "library":
        yield from islice(library(), 0, None, every)
        return
    with (REAL / f"{part}.jsonl").open() as lines, Sandbox(1) as sandbox:
        for row in map(json.loads, islice(lines, 0, None, every)):
            if part == "cruxeval":
                code = f"{row['code']}\nprint(repr(f({row['input']})))\n"
                yield row["id"], code, "", row["output"] + "\n"
            elif part == "contest_programs":
                test = row["tests"][0]
                yield row["id"], row["code"], test["input"], test["output"]
            elif part == "tinypy":
                yield row["id"], row["code"], row["input"], row["output"]
            else:
                yield from quixbugs(row, sandbox)


def quixbugs(row: dict, sandbox: Sandbox):
    """The correct and the buggy program on the smallest test that the buggy one fails."""
    def code(version, test):
        call = f"{row['entry_point']}({', '.join(map(repr, test['args']))})"
        if re.search(r"^ +yield", row[version], re.MULTILINE):
            call = f"list({call})"
        return f"{row[version]}\nprint(repr({call}))\n"

    def output(version, test):
        return sandbox.run(code(version, test)).stdout.strip()
    tests = sorted(row["tests"], key=lambda test: len(repr(test["args"])))
    failed = (test for test in tests if output("buggy", test) != output("correct", test))
    test = next(failed, tests[0])
    for version in ("correct", "buggy"):
        yield f"{row['id']}/{version}", code(version, test), "", None


def library():
    """Python's own examples, no file is needed: every text with `>>>` in the sources of its standard library and its tests, file
    by file, is a program, where that runs to its end in the sandbox."""
    home = Path(sysconfig.get_path("stdlib"))
    with Sandbox(1) as sandbox:
        for path in sorted(home.rglob("*.py")):
            where = path.relative_to(home).with_suffix("")
            if where.parts[0] not in ("site-packages", "lib2to3"):  # others' packages; Python 2
                text = path.read_bytes()
                for node in ast.walk(ast.parse(text)) if b">>> " in text else ():
                    if isinstance(node, ast.Constant) and isinstance(node.value, str) and ">>> " in node.value:
                        code = example(node.value, ".".join(where.parts))
                        if code and sandbox.run(code).status == "OK":
                            yield f"{where}:{node.lineno}", code, "", None


def example(text: str, module: str):
    """The examples of a text as a program: values are printed, expected exceptions caught. "": there are none."""
    try:
        examples = doctest.DocTestParser().get_examples(text)
    except ValueError:  # a wrong indent
        return ""
    lines = [] if module.startswith("test.") else [f"from {module.removesuffix('.__init__')} import *\n"]
    for one in examples:
        source = one.source
        try:
            ast.parse(source, mode="eval")
            is_value = one.want and not one.exc_msg and not source.startswith("print")
        except SyntaxError:
            is_value = False
        if is_value:
            source = f"print(repr({source.strip()}))\n"
        if one.exc_msg:
            source = "try:\n" + indent(source, "    ") + "except Exception as problem:\n    print(problem)\n"
        lines.append(source)
    return "".join(lines) if examples else ""
