"""What happened, step by step, in words? Records the run of a program and tells it in sentences.

    python trace.py prog.py --stdin "3 1 2"         # explain the run of a program
    python trace.py prog.py --stdin-file input.txt  # its input from a file (-: from our own input)
    python trace.py prog.py --call "f([1, 2], 3)"   # run the file, then this call
    python trace.py prog.py --format raw            # frames: source line and changed variables
    python trace.py prog.py --format json           # everything that was recorded, with the words
    python trace.py prog.py --html out.html         # a page to step through it

    program             what each line changed           sentences (paper section 2.1, NLEX)
    x = 3               {"x": "3"}                       x = 3.
    y = x * 3 + 1       {"y": "10"}                      y = 3 * 3 + 1 = 9 + 1 = 10.
    if y > 4:           {}                               10 > 4 is true, so we enter the if.
        print(y)        {}, printed "10\\n"               We print 10.

In this order: `record` notes every executed statement and what it changed; one function for each
kind of statement makes its sentence (rounds.py has the expressions in it); `explain` walks through
the events and asks them; `first_wrong_step` compares a simulation with the truth.

This file knows what the programs of the worlds contain, one statement a line, and runs them in this
process: they are ours. tracer/ builds on it for Python at large, recorded inside the sandbox; the
command uses that. A new wording is a change in one function here; a new kind of statement is a
function and a line in SENTENCES; a new format is a function like `raw`.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from dataclasses import dataclass
from typing import NamedTuple

from rounds import Expressions, Untold, abridged, expression, is_print, shorten, targets, text_of

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
    more: dict | None  # {"read": what was taken from stdin} (tracer/ adds more)


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


def record(code: str, stdin: str = "", max_events: int = 1_000) -> Trace:
    """Run a program of the worlds, in this process. One event too many: status LIMIT."""
    trace = Trace(code, stdin, [], "", "", "OK", True)
    source, out, kept = io.StringIO(stdin), io.StringIO(), (sys.stdin, sys.stdout)
    frames, place = {}, 0  # {frame: (number, its variables' texts)}; characters read of stdin

    def watch(frame, kind, argument):
        """The trace function. It returns the one for the events inside of a call: itself."""
        nonlocal place
        extra, value, more, changes = frame.f_code.co_name, "", None, {}
        if frame.f_code.co_filename != "<program>" or extra == "<listcomp>":
            return None
        if kind == "line" and frame.f_lineno == trace.events[-1].line:
            return watch  # since Python 3.12 a comprehension reports its line again
        if kind == "call":
            frames[frame] = len(frames), {}
        elif kind == "exception":
            extra, value = argument[0].__name__, str(argument[1])
            trace.error = extra  # nothing catches it
        else:
            extra = out.getvalue()[len(trace.stdout):]
            trace.stdout += extra
            if kind == "return" and not trace.error:
                value = text_of(argument)
        if source.tell() > place:
            more = {"read": stdin[place:source.tell()]}
            place = source.tell()
        number, known = frames[frame]
        variables = frame.f_locals if number else frame.f_globals
        for name, held in variables.items():
            if name[:2] != "__":
                text = text_of(held)
                if text != known.get(name):
                    known[name] = changes[name] = text
        trace.events.append(Event(kind, number, frame.f_lineno, changes, extra, value, more))
        if len(trace.events) > max_events:
            raise Limit
        return watch

    try:
        program = compile(ast.parse(code), "<program>", "exec")
        sys.stdin, sys.stdout = source, out
        sys.settrace(watch)
        exec(program, {"__name__": "__main__"})
    except Limit:
        trace.status, trace.complete = "LIMIT", False
        trace.reason = f"more than {max_events:,} events"
    except Exception as problem:
        trace.status, trace.error, trace.ending = "ERROR", type(problem).__name__, str(problem)
    finally:
        sys.settrace(None)
        sys.stdin, sys.stdout = kept
    return trace


# ------------------------------------------------------------------------------------------------
# Sentences: one function for each kind of statement.

PHRASES = [("so we enter the if.", "so we go inside."), ("so we skip the if.", "so we move on.")]
NO_PROGRAM = "The program does not parse: SyntaxError."


class Frame(Expressions):
    """A call in progress, and the statement that has just run in it. From rounds.py it has `chain`
    (an expression's rounds, its value), `told` (the rounds to be said), `last`, `condition`."""

    def __init__(self, name: str):
        super().__init__({})
        self.name, self.node, self.after = name, None, {}  # texts of variables: before, after it
        self.turns = {}                                    # {for statement: turns begun}

    def go_on(self, event: Event) -> None:
        self.before, self.after = self.after, {**self.after, **event.changes}
        self.event = event
        self.read = shorten((event.more or {}).get("read", "").strip())
        body = getattr(self.node, "body", None)  # does a line of it come next?
        self.inside = event.kind == "line" and bool(body) and (
            body[0].lineno <= event.line <= body[-1].end_lineno)

    def now(self, names) -> str:
        """x = 3, y = 5"""
        return ", ".join([f"{name} = {self.short(name)}" for name in names])

    def short(self, name: str) -> str:
        return shorten(self.after[name], self.before.get(name))


def tell_assign(frame) -> str:
    node = frame.node
    names = targets(node.target if isinstance(node, ast.AugAssign) else node.targets[0])
    if frame.read:
        return tell_read(frame.read, frame.now(names))
    rounds = frame.told(expression(node), frame.after[names[0]], frame.short(names[0]))
    return tell_value(names[0], rounds)


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
    rounds = frame.told(call.args[0], frame.last(call.args[0])[0])
    return tell_append(rounds, frame.now(frame.event.changes))


def tell_append(rounds: list[str], changed: str) -> str:
    return f"We append {' = '.join(rounds)}, so {changed}."


def tell_print(frame, call) -> str:
    printed = shorten(frame.event.extra.strip() or "an empty line")
    argument = call.args[0] if len(call.args) == 1 else ast.Tuple(call.args, ast.Load())
    try:
        texts = frame.chain(argument)[0][:-1]
    except Untold:  # *out, several
        texts = []
    return tell_printed(abridged(texts, argument, printed))


def tell_printed(rounds: list[str]) -> str:
    return f"We print {' = '.join(rounds)}."


def tell_crash(frame) -> str:
    source, error = expression(frame.node), frame.event.extra
    try:
        texts = abridged(frame.chain(source)[0], source)
    except Untold:
        texts = []
    return tell_stop("" if error == "NameError" else ": ".join(texts), error)


def tell_stop(where: str, error: str) -> str:
    return f"{where} stops with {error}." if where else f"We stop with {error}."


def tell_call(name: str, given: str = "") -> str:
    return f"We call {name} with {given}." if given else f"We call {name}."


def tell_return(name: str, value: str = "") -> str:
    return f"{name} returns {value}." if value else f"{name} returns."


Frame.sentences = SENTENCES = {
    ast.Assign: tell_assign, ast.AugAssign: tell_assign, ast.If: tell_if, ast.While: tell_while,
    ast.For: tell_for, ast.Continue: tell_continue, ast.FunctionDef: tell_def,
    ast.Expr: tell_expression}


# ------------------------------------------------------------------------------------------------
# The narrator.

def explain(trace: Trace, frame=Frame) -> list[tuple[int, str]]:
    """-> (event index, sentence): what had happened when that event was recorded. frame: the class
    that makes a call's sentences."""
    told = walk(trace, frame) if trace.events else [(0, NO_PROGRAM)]
    return [(index, sentence) for index, sentence in told if sentence]


def walk(trace: Trace, new_frame):
    """Yields what explain returns; a sentence may be empty. Nothing is told after a crash."""
    frames, statements = {}, {}
    for node in ast.walk(ast.parse(trace.code)):
        if isinstance(node, ast.stmt):
            statements[node.lineno] = node
    for index, event in enumerate(trace.events):
        if event.kind == "call":
            frames[event.frame] = new_frame(event.extra)
        frame = frames[event.frame]
        frame.go_on(event)
        inner = frame.name != "<module>"
        if event.kind == "call" and inner:
            yield index, tell_call(frame.name)
        elif event.kind == "exception":
            yield index, tell_crash(frame)
            return
        elif frame.node:
            yield index, frame.sentences[type(frame.node)](frame)
        if event.kind == "line":
            frame.node = statements[event.line]
        elif event.kind == "return" and inner:
            yield index, tell_return(frame.name)


def narrate(trace: Trace, seed: int = 0, frame=Frame) -> list[str]:
    """The sentences. Bit k of the seed picks the second wording of the k-th of PHRASES."""
    return reworded(explain(trace, frame), seed)


def reworded(steps, seed: int) -> list[str]:
    wordings = [pair for k, pair in enumerate(PHRASES) if seed >> k & 1]
    return [reword(sentence, wordings) for _, sentence in steps]


def reword(line: str, wordings) -> str:
    for old, new in wordings:
        if line.endswith(old):
            return line.removesuffix(old) + new
    return line


def raw(trace: Trace) -> list[str]:
    """Frames in the style of CWM (Code World Model): a source line, and what it changed."""
    if not trace.events:
        return ["SyntaxError"]
    return in_frames(trace, ["", *trace.code.splitlines()])


def in_frames(trace: Trace, source) -> list[str]:
    """source: the text of each line"""
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
    return reword(line.rstrip(), [(second, first) for first, second in PHRASES])


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


SHAPES = [("loop", "Turn |The loop ends|We continue|We break"), ("print", "We print"),
          ("format", "We (?!append)"), ("indexing", ".* (by index|backwards): "),
          ("comparison", ".* is (true|false), "), ("arithmetic", ".* = ")]


def shape_of(line: str) -> str:
    for shape, pattern in SHAPES:
        if re.match(pattern, line):
            return shape
    return "format"


def mistake(got: str, want: str) -> str:
    shape = shape_of(want)
    if shape != "loop" and shape != shape_of(got):
        return "format"
    if shape == "comparison" and got.split(", so ")[0] == want.split(", so ")[0]:
        return "branch"
    if shape == "arithmetic" and re.search(r"[A-Za-z_]\[", want.split(" = ")[1]):
        return "indexing"
    return shape


if __name__ == "__main__":
    from tracer.command import main  # the one import of what is built on this file
    main()
