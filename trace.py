"""What happened, step by step, in words? Records the run of a program and tells it in sentences.

    python trace.py prog.py --stdin "3 1 2"         # explain the run of a program
    python trace.py prog.py --stdin-file input.txt  # its input from a file (-: from our own input)
    python trace.py prog.py --call "f([1, 2], 3)"   # run the file, then this call
    python trace.py prog.py --format raw            # frames: source line and changed variables
    python trace.py prog.py --format json           # everything that was recorded, with the words

    program             what each line changed           sentences (paper section 2.1, NLEX)
    x = 3               {"x": "3"}                       x = 3.
    y = x * 3 + 1       {"y": "10"}                      y = 3 * 3 + 1 = 9 + 1 = 10.
    if y > 4:           {}                               10 > 4 is true, so we enter the if.
        print(y)        {}, printed "10\\n"               We print 10.

In this order: the recorder notes every executed statement and what it changed; expressions are
reduced round by round; one function for each kind of statement makes its sentence; the narrator
walks through the events and asks them; `first_wrong_step` compares a simulation with the truth.

This file knows what the programs of the worlds contain, one statement a line, and runs them in this
process: they are ours. tracer/ builds on it for Python at large, recorded inside the sandbox; the
command uses that.
"""

from __future__ import annotations

import ast
import io
import operator
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

# ------------------------------------------------------------------------------------------------
# The recorder.


class Event(NamedTuple):
    """It comes BEFORE its line runs, so what changed since the frame's previous event was done by
    the line reported before. Values are text at once: a list may be another one a moment later."""
    kind: str      # call | line | return | exception (tracer/ adds yield | resume)
    frame: int     # frames are numbered in the order of their calls; the module is 0
    line: int      # of the statement that is about to run
    changes: dict  # {name: text} of the frame's variables that changed; None: it is gone
    extra: str     # call: the function; exception: its name; else what was printed meanwhile
    value: str     # return: its value, "" where an exception passes; exception: its message
    more: dict | None  # {"read": what was taken from stdin} (tracer/ adds values of expressions)


@dataclass
class Trace:
    """A recorded run."""
    code: str
    stdin: str
    events: list
    stdout: str
    error: str         # name of the exception that ended the run, "" if none
    status: str        # OK | ERROR | LIMIT
    complete: bool     # recorded to its end
    reason: str = ""   # why it is not complete
    ending: str = ""   # the message of the exception that ended the run


class Limit(BaseException):
    """The program has made too many events."""


def text_of(value) -> str:
    if isinstance(value, int) and value.bit_length() > 2000:
        return f"<int of {value.bit_length()} bits>"
    return "<function>" if callable(value) else repr(value)


@lru_cache(maxsize=16)
def parse(code: str) -> tuple[ast.Module, dict]:
    """-> syntax tree, {line: statement}. Raises SyntaxError."""
    tree = ast.parse(code)
    return tree, {node.lineno: node for node in ast.walk(tree) if isinstance(node, ast.stmt)}


def record(code: str, stdin: str = "", max_events: int = 1_000) -> Trace:
    """Run a program of the worlds, in this process. One event too many: status LIMIT."""
    trace = Trace(code, stdin, [], "", "", "OK", True)
    source, out, kept = io.StringIO(stdin), io.StringIO(), (sys.stdin, sys.stdout)
    frames, place = {}, 0  # {frame: (number, its variables' texts)}; characters read of stdin

    def watch(frame, kind, argument):
        """The trace function. It returns the one for the events inside of a call: itself."""
        nonlocal place
        code = frame.f_code
        if code.co_filename != "<program>" or code.co_name == "<listcomp>":
            return None
        extra, value, more = code.co_name, "", None
        if kind == "call":
            frames[frame] = len(frames), {}
        elif kind == "exception":  # nothing catches it
            extra, value = argument[0].__name__, str(argument[1])
            trace.status, trace.error, trace.ending = "ERROR", extra, value
        else:
            extra = out.getvalue()[len(trace.stdout):]
            trace.stdout += extra
            if kind == "return" and not trace.error:
                value = text_of(argument)
        if source.tell() > place:
            more = {"read": stdin[place:source.tell()]}
            place = source.tell()
        (number, known), changes = frames[frame], {}
        for name, held in frame.f_locals.items():
            if name[:2] != "__":
                text = text_of(held)
                if text != known.get(name):
                    known[name] = changes[name] = text
        trace.events.append(Event(kind, number, frame.f_lineno, changes, extra, value, more))
        if len(trace.events) > max_events:
            raise Limit
        return watch

    try:
        program = compile(parse(code)[0], "<program>", "exec")
        sys.stdin, sys.stdout = source, out
        sys.settrace(watch)
        exec(program, {"__name__": "__main__"})
    except SyntaxError as problem:
        trace.status, trace.error, trace.ending = "ERROR", "SyntaxError", str(problem)
    except Limit:
        trace.status, trace.complete = "LIMIT", False
        trace.reason = f"more than {max_events:,} events"
    except Exception:
        pass  # noted
    finally:
        sys.settrace(None)
        sys.stdin, sys.stdout = kept
    return trace


# ------------------------------------------------------------------------------------------------
# Expressions: values in place of names, then in every round all operations whose operands are
# known. With x = 2, x * 3 + 1 is first 2 * 3 + 1, then 6 + 1, then 7.
#
# Each is a generator of its rounds (text, how strongly that binds, value): an exception of the
# program comes out of it in its round; one that ends PENDING cannot be worked out here.

ATOM, PENDING = 10, object()  # binds more strongly than any operator; no value yet
OPERATORS = {  # sign, how strongly it binds, how strongly its operands must, what it does
    ast.Add: ("+", 6, (6, 7), operator.add), ast.Sub: ("-", 6, (6, 7), operator.sub),
    ast.Mult: ("*", 7, (7, 8), operator.mul), ast.Mod: ("%", 7, (7, 8), operator.mod),
    ast.Lt: ("<", 1.5, (2, 2), operator.lt), ast.Gt: (">", 1.5, (2, 2), operator.gt),
    ast.LtE: ("<=", 1.5, (2, 2), operator.le), ast.GtE: (">=", 1.5, (2, 2), operator.ge),
    ast.Eq: ("==", 1.5, (2, 2), operator.eq), ast.NotEq: ("!=", 1.5, (2, 2), operator.ne)}
FUNCTIONS = {"abs": abs, "int": int, "len": len, "ord": ord, "[]": operator.getitem}


class Untold(Exception):
    """Nothing can be shown: a name has no value, or the expression a form unknown here."""


@lru_cache(maxsize=50_000)
def value_of(text: str):
    try:
        return ast.literal_eval(text)
    except SyntaxError:
        return PENDING  # <int of 2001 bits>


def literal(text: str, value):
    return text, 8.5 if text[0] == "-" else ATOM, value  # (-3) ** 2


def side_by_side(template: str, strength, parts, needs):
    """The rounds of an operation while its parts go on. -> their last rounds"""
    now = [next(part) for part in parts]
    while True:
        texts = []
        for (text, binds, _), need in zip(now, needs):
            texts.append(text if binds >= need else f"({text})")
        yield template.format(*texts), strength, PENDING
        following = [next(part, None) for part in parts]
        if not any(following):
            return now
        now = [new or old for new, old in zip(following, now)]


def operation(template: str, strength, parts, needs, function):
    """When all parts have come to values, it is worked out itself."""
    ended = yield from side_by_side(template, strength, parts, needs)
    values = [value for _, _, value in ended]
    if PENDING not in values:
        result = function(*values)
        yield literal(repr(result), result)


def constant(frame, node):
    yield literal(repr(node.value), node.value)


def name(frame, node):
    if node.id not in frame.before:
        raise Untold
    text = frame.before[node.id]
    yield literal(text, value_of(text))


def infix(frame, node):
    if isinstance(node, ast.Compare):
        left, sign, right = node.left, node.ops[0], node.comparators[0]
    else:
        left, sign, right = node.left, node.op, node.right
    sign, strength, needs, function = frame.operators[type(sign)]
    parts = [frame.rounds(left), frame.rounds(right)]
    return operation(f"{{}} {sign} {{}}", strength, parts, needs, function)


def named(frame, node):
    """A variable that keeps its name, for its text may be long: nums[2], len(nums)."""
    yield node.id, ATOM, frame.last(node)[2]


def call(frame, node):
    name = getattr(node.func, "id", "")
    if name not in frame.functions:
        raise Untold
    parts = [frame.rounds(argument) for argument in node.args]
    if name == "len" and isinstance(node.args[0], ast.Name):
        parts = [named(frame, node.args[0])]
    return plain_call(frame, name, parts)


def plain_call(frame, name: str, parts):
    template = f"{name}({', '.join(['{}'] * len(parts))})"
    return operation(template, ATOM, parts, [0] * len(parts), frame.functions[name])


def subscript(frame, node):
    """nums[i + 1] is nums[2] at once."""
    parts = [named(frame, node.value), iter([frame.last(node.slice)])]
    return operation("{}[{}]", ATOM, parts, [0, 0], frame.functions["[]"])


def comprehension(frame, node):
    """As it is written, with the values of the names from outside: nobody looks inside."""
    copy, own = ast.parse(ast.unparse(node)), targets(node)
    for part in ast.walk(copy):
        if isinstance(part, ast.Name) and part.id not in own:
            text = frame.before.get(part.id, part.id)
            part.id = text if len(text) <= 60 and text[0] != "<" else part.id
    yield ast.unparse(copy), ATOM, PENDING


def targets(node) -> list[str]:
    """Names that it binds: x of `x = 3`, a and b of `for a, b in ...`."""
    names = [part for part in ast.walk(node) if isinstance(part, ast.Name)]
    return [name.id for name in names if isinstance(name.ctx, ast.Store)]


class Frame:
    """A call in progress, and the statement that has just run in it."""
    forms = {ast.Constant: constant, ast.Name: name, ast.BinOp: infix, ast.Compare: infix,
             ast.Call: call, ast.Subscript: subscript, ast.ListComp: comprehension}
    operators, functions = OPERATORS, FUNCTIONS

    def __init__(self, name: str):
        self.name, self.node = name, None
        self.before, self.after = {}, {}  # texts of the variables, as the statement found them
        self.turns = {}                   # {for statement: turns that have begun}

    def go_on(self, event: Event) -> None:
        self.before, self.after = self.after, {**self.after, **event.changes}
        self.event = event
        self.read = event.more["read"].strip() if event.more else ""
        body = getattr(self.node, "body", None)  # does a line of it come next?
        self.inside = event.kind == "line" and bool(body) and (
            body[0].lineno <= event.line <= body[-1].end_lineno)

    def rounds(self, node):
        if type(node) not in self.forms:
            raise Untold
        return self.forms[type(node)](self, node)

    def chain(self, node) -> tuple[list[str], object, str]:
        """-> texts of all rounds, the value, the name of the exception that ended them."""
        texts, value = [], PENDING
        try:
            for text, _, value in self.rounds(node):
                texts.append(text)
        except Exception as problem:
            if not texts:
                raise Untold from None
            return texts, PENDING, type(problem).__name__
        return texts, value, ""

    def last(self, node):
        """The last round; Untold if that is no value."""
        try:
            *_, last = self.rounds(node)
        except Exception:
            raise Untold from None
        if last[2] is PENDING:
            raise Untold
        return last

    def told(self, node, final: str) -> list[str]:
        """The rounds of an expression whose value was recorded."""
        try:
            texts, _, _ = self.chain(node)
        except Untold:
            texts = []
        if texts and len(texts[0]) > 120:
            texts[0] = ast.unparse(node)
        return list(dict.fromkeys([*texts, final]))

    def condition(self, test, truth: bool) -> str:
        return ": ".join(self.told(test, str(truth))[:-1])

    def now(self, names) -> str:
        """x = 3, y = 5"""
        return ", ".join([f"{name} = {self.after[name]}" for name in names])


# ------------------------------------------------------------------------------------------------
# Sentences: one function for each kind of statement.

PHRASES = [("so we enter the if.", "so we go inside."), ("so we skip the if.", "so we move on."),
           ("The loop ends.", "No turn is left.")]  # first and second wording
NO_PROGRAM = "The program does not parse: SyntaxError."


def tell_assign(frame) -> str:
    node = frame.node
    names = targets(node.target if isinstance(node, ast.AugAssign) else node.targets[0])
    if frame.read:
        return tell_read(frame.read, frame.now(names))
    return tell_value(names[0], frame.told(expression(node), frame.after[names[0]]))


def tell_value(name: str, rounds: list[str]) -> str:
    return f"{name} = {' = '.join(rounds)}."


def tell_read(read: str, values: str) -> str:
    return f"We read {read}, so {values}." if values else f"We read {read}."


def tell_if(frame) -> str:
    if frame.inside:
        return verdict(frame, "so we enter the if.")
    return verdict(frame, "so we go to the else." if frame.node.orelse else "so we skip the if.")


def tell_while(frame) -> str:
    return verdict(frame, "so the loop goes on." if frame.inside else "so the loop ends.")


def verdict(frame, then: str) -> str:
    condition = frame.condition(frame.node.test, frame.inside)
    return f"{condition} is {'true' if frame.inside else 'false'}, {then}"


def tell_for(frame) -> str:
    if frame.inside:
        return tell_turn(frame, frame.now(targets(frame.node.target)))
    frame.turns.pop(frame.node, None)
    return "The loop ends."


def tell_turn(frame, values: str) -> str:
    turn = frame.turns[frame.node] = frame.turns.get(frame.node, 0) + 1
    return f"Turn {turn}: {values}." if values else f"Turn {turn}."


def tell_continue(frame) -> str:
    return "We continue."


def tell_def(frame) -> str:
    return f"We define {frame.node.name}."


def tell_expression(frame) -> str:
    call = frame.node.value
    if is_print(call):
        return tell_print(frame, call)
    if not isinstance(call, ast.Call) or isinstance(call.func, ast.Name):
        return ""  # the function's statements have been told
    given = frame.last(call.args[0])[0]
    return tell_method(frame.now(frame.event.changes), call.func.attr, f"({given})")


def tell_method(changed: str, name: str, given: str) -> str:
    return f"{changed} after {name}{given}."


def is_print(call) -> bool:
    return isinstance(call, ast.Call) and getattr(call.func, "id", "") == "print"


def tell_print(frame, call) -> str:
    printed = frame.event.extra.strip()
    try:
        texts, _, _ = frame.chain(call.args[0])
    except Untold:  # *out
        texts = [printed]
    return tell_printed([*texts[:-1], printed or "an empty line"])


def tell_printed(rounds: list[str]) -> str:
    return f"We print {' = '.join(rounds)}."


def expression(node):
    """What a statement works out: its right side, its condition, what it prints."""
    if isinstance(node, ast.AugAssign):
        return ast.BinOp(ast.Name(node.target.id), node.op, node.value)
    part = getattr(node, "value", None) or getattr(node, "test", None)
    return part.args[0] if is_print(part) else part


def tell_crash(frame) -> str:
    error = frame.event.extra
    try:
        texts, _, _ = frame.chain(expression(frame.node))
    except Untold:
        texts = []
    return tell_stop("" if error == "NameError" else ": ".join(texts), error)


def tell_stop(where: str, error: str) -> str:
    return f"{where} stops with {error}." if where else f"We stop with {error}."


def tell_call(name: str, given: str = "") -> str:
    return f"We call {name} with {given}." if given else f"We call {name}."


def tell_return(name: str, value: str = "") -> str:
    return f"{name} returns {value}." if value else f"{name} returns."


SENTENCES = {ast.Assign: tell_assign, ast.AugAssign: tell_assign, ast.If: tell_if,
             ast.While: tell_while, ast.For: tell_for, ast.Continue: tell_continue,
             ast.FunctionDef: tell_def, ast.Expr: tell_expression}


# ------------------------------------------------------------------------------------------------
# The narrator.

def explain(trace: Trace) -> list[tuple[int, str]]:
    """-> (event index, sentence): what had happened when that event was recorded."""
    if not trace.events:
        return [(0, NO_PROGRAM)]
    statements, frames, told = parse(trace.code)[1], {}, []
    for index, event in enumerate(trace.events):
        if event.kind == "call":
            frame = frames[event.frame] = Frame(event.extra)
            if frame.name != "<module>":
                told.append((index, tell_call(frame.name)))
        frame = frames[event.frame]
        frame.go_on(event)
        if event.kind == "exception":
            told.append((index, tell_crash(frame)))
            break
        if frame.node:
            told.append((index, SENTENCES[type(frame.node)](frame)))
        if event.kind == "line":
            frame.node = statements[event.line]
        elif event.kind == "return" and frame.name != "<module>":
            told.append((index, tell_return(frame.name)))
    return [(index, sentence) for index, sentence in told if sentence]


def narrate(trace: Trace, seed: int = 0) -> list[str]:
    """The sentences. Bit k of the seed picks the second wording of the k-th of PHRASES."""
    return [reword(sentence, seed) for _, sentence in explain(trace)]


def reword(sentence: str, seed: int) -> str:
    for k, (first, second) in enumerate(PHRASES):
        if seed >> k & 1 and sentence.endswith(first):
            return sentence.removesuffix(first) + second
    return sentence


def raw(trace: Trace) -> list[str]:
    """Frames in the style of CWM traces: a source line, and the variables it changed."""
    return in_frames(trace, ["", *trace.code.splitlines()], str) if trace.events else ["SyntaxError"]


def in_frames(trace, source, shorten) -> list[str]:
    lines, running = [], {}
    for kind, frame, line, changes, extra, _, _ in trace.events:
        if frame in running:
            shown = []
            for name, text in changes.items():
                if not text or text[0] != "<":
                    shown.append(f'"{name}": {shorten(text or "gone")}')
            error = f" {extra}" if kind == "exception" else ""
            lines.append(f"{source[running.pop(frame)].strip()} {{{', '.join(shown)}}}{error}")
        if kind == "line":
            running[frame] = line
    return lines


# ------------------------------------------------------------------------------------------------
# Where a simulation goes wrong.

def canonical(line: str) -> str:
    """The line in its first wording."""
    for first, second in PHRASES:
        if line.endswith(second):
            return line.removesuffix(second) + first
    return line.rstrip()


def first_wrong_step(simulated_lines: list[str], true_lines: list[str]) -> tuple[int, str] | None:
    """-> (index, kind) of the first line that is not true, None if all are. Kinds: arithmetic,
    comparison, branch, loop, indexing, print, format (a line of another shape, missing or too
    many). Wordings do not matter."""
    for k in range(max(len(simulated_lines), len(true_lines))):
        if k >= len(true_lines) or k >= len(simulated_lines):
            return k, "format"
        got, want = canonical(simulated_lines[k]), canonical(true_lines[k])
        if got != want:
            return k, mistake(got, want)
    return None


def mistake(got: str, want: str) -> str:
    shape = shape_of(want)
    if shape == "loop" or shape != shape_of(got):
        return "loop" if shape == "loop" else "format"
    if shape == "condition":
        same = got.rpartition(", so ")[0] == want.rpartition(", so ")[0]
        return "branch" if same else "comparison"
    if shape == "assignment":
        return "indexing" if re.search(r"[A-Za-z_]\[", want.split(" = ")[1]) else "arithmetic"
    return "print" if shape == "We print" else "format"


def shape_of(line: str) -> str:
    if re.match("Turn |The loop ends|We continue|We break", line):
        return "loop"
    if line.startswith("We "):
        return " ".join(line.split()[:2])
    if " is true, " in line or " is false, " in line:
        return "condition"
    return "assignment" if " = " in line else "other"


if __name__ == "__main__":
    from tracer.command import main  # the one import of what is built on this file
    main()
