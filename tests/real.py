"""Programs that nobody here wrote. The files are no part of the project."""

import ast
import doctest
import json
import re
import sysconfig
from itertools import islice
from pathlib import Path
from textwrap import indent

from methods import methods

from rounds import is_print, targets
from sandbox import Sandbox

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "real"


def programs(part: str, every: int = 1):
    """-> (name, code, stdin, true output) of the programs of one file, or of one line of so many. Of a
    buggy program the true output is its own (None: not told). "library": see there."""
    if part in ("library", "algorithms"):
        yield from islice(library() if part == "library" else algorithms(), 0, None, every)
        return
    with place(part).open() as lines, Sandbox(1) as sandbox:
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


def place(part: str) -> Path:
    """Of its file; algorithms: the source distribution of that version on PyPI, unpacked."""
    return REAL / ("algorithms-1.0.1" if part == "algorithms" else f"{part}.jsonl")


def algorithms():
    """The test methods that run to their end in the sandbox."""
    with Sandbox(1) as sandbox:
        for name, code in methods(place("algorithms"), "algorithms"):
            if sandbox.run(code).status == "OK":
                yield name, code, "", None


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
            source = path.read_bytes()
            if where.parts[0] in ("site-packages", "lib2to3") or b">>> " not in source:  # others' packages; Python 2
                continue
            tree = ast.parse(source)
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and ">>> " in node.value:
                    code = example(node.value)
                    if where.parts[0] != "test":
                        code = imports(code, tree, ".".join(where.parts).removesuffix(".__init__")) + code
                    if code and sandbox.run(code).status == "OK":
                        yield f"{where}:{node.lineno}", code, "", None


def example(text: str) -> str:
    """The examples of a text as a program: values are printed, expected exceptions caught. "": there are none."""
    program = ""
    try:
        for one in doctest.DocTestParser().get_examples(text):
            source = one.source
            if one.want and not one.exc_msg and is_value(source):
                source = f"print(repr(({source.strip()}\n)))\n"
            if one.exc_msg:
                source = "try:\n" + indent(source, "    ") + "except Exception as problem:\n    print(problem)\n"
            program += source
    except ValueError:  # a wrong indent
        return ""
    return program


def is_value(source: str) -> bool:
    try:
        return not is_print(ast.parse(source, mode="eval").body)
    except SyntaxError:
        return False


def imports(code: str, tree: ast.Module, module: str) -> str:
    """What an example takes from the module that it stands in."""
    own = [node.name for node in tree.body if hasattr(node, "name")]
    for node in tree.body:
        own += targets(node) if isinstance(node, ast.Assign) else []
    used = [name for name in dict.fromkeys(own) if re.search(rf"\b{name}\b", code)]
    return f"from {module} import {', '.join(used)}\n" if used else ""
