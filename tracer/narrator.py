"""In words: every kind of statement, in frames that call, yield, raise and catch.

    explain(trace)    # -> [(1, "r = 2 + 3 * 4 = 2 + 12 = 14."), ...]: an event's index, a sentence
    narrate(trace)    # -> the sentences alone, in one of eight wordings

It extends trace.py: sentences that are made there are made there only. A sentence with rounds of
arithmetic is used only if its end is the recorded one; everything else falls back to what changed.
So a narration cannot state another result than the true one, and nothing in it takes longer than
reading the trace. tests/claims.py checks every sentence against the recording.
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache

import trace as plain
from rounds import Untold, abridged, expression, is_print, shorten, source_of, targets
from trace import (
    NO_PROGRAM,
    Event,
    Trace,
    in_frames,
    reworded,
    tell_call,
    tell_method,
    tell_printed,
    tell_read,
    tell_return,
    tell_stop,
    tell_turn,
    tell_value,
)
from tracer.expressions import UNKNOWN, Expressions, is_hidden, path_of, value_of
from tracer.recorder import number

numbered = lru_cache(maxsize=16)(number)
TOKENS = re.compile(r"""'(?:\\.|[^\\'])*'|"(?:\\.|[^\\"])*"|.""", re.DOTALL)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)
WRAPPED = "<async_generator_wrapped_value>"  # what an asynchronous generator yields

# ------------------------------------------------------------------------------------------------
# Texts, shortened.


def on_one_line(printed: str) -> str:
    text = printed.removesuffix("\n")
    return shorten(text.replace("\n", " / ") if text.strip() else repr(text))


def listed(texts) -> str:
    return ", ".join(filter(None, texts))


def is_object(text: str | None) -> bool:
    """Account(owner='Ann'): a value told by its type and fields."""
    return bool(text) and text[-1] == ")" and text.partition("(")[0].isidentifier()


@lru_cache(maxsize=1000)
def fields_of(text: str | None) -> dict[str, str]:
    """"Account(owner='Ann', balance=3)" -> {"owner": "'Ann'", "balance": "3"}; {} for others."""
    fields, depth, part = {}, 0, ""
    if not is_object(text):
        return fields
    for token in TOKENS.findall(text.partition("(")[2][:-1] + ","):
        depth += (token in "([{<") - (token in ")]}>")
        if token != "," or depth:
            part += token
            continue
        name, _, value = part.strip().partition("=")
        if name.isidentifier() and value:
            fields[name] = value
        part = ""
    return fields


@lru_cache(maxsize=1000)
def lines_inside(node) -> set[int]:
    lines = set()
    for statement in node.body:
        for part in ast.walk(statement):
            lines.add(getattr(part, "line", None))
    return lines


# ------------------------------------------------------------------------------------------------
# A call in progress.


class Frame(Expressions):
    def __init__(self, event: Event, definition, shared: dict):
        super().__init__(event.extra)
        self.definition = definition
        # Is it a function's, not the module's or that of a class body?
        self.is_call = event.frame > 0 and not isinstance(definition, ast.ClassDef)
        self.shared = shared                                 # the module's variables
        self.variables = {} if event.frame else self.shared  # its own
        self.came = self.line = 0  # lines of the statement before and of this one
        self.read = ""             # what the statement took from stdin
        self.started = 0           # how much had been told when the statement began
        self.quiet = True          # nothing has been told since then

    def go_on(self, event: Event) -> None:
        """`before` and `after` hold all variables that it can see."""
        more = event.more or {}
        shared = more.get("globals", {})
        self.event, self.changes = event, {**event.changes, **shared}
        self.seen.update(more.get("seen", ()))
        self.read += more.get("read", "")
        self.before = {**self.shared, **self.variables}
        self.shared.update(shared)
        for name, text in event.changes.items():
            self.variables[name] = text
            if text is None:
                del self.variables[name]
        self.after = {**self.shared, **self.variables}
        self.inside = hasattr(self.node, "body") and event.line in lines_inside(self.node)

    def texts(self, node, final: str | None = None, raised: str = "") -> list[str]:
        """All rounds of an expression; [] if they cannot be told or do not come to the final text
        (or exception) that was recorded."""
        try:
            texts, _, error = self.chain(node, final, raised)
        except Untold:
            return []
        return texts if error == raised and final in (None, texts[-1]) else []

    def condition(self, test, truth: bool) -> str:
        """A condition and its rounds, without the final True or False."""
        texts = self.texts(test)
        value = value_of(texts[-1]) if texts else UNKNOWN
        if value is not UNKNOWN and bool(value) != truth:
            texts = []
        rounds = texts[:-1] if isinstance(value, bool) else texts
        return ": ".join(abridged(rounds or texts, test)) or source_of(test) or "The condition"

    def now(self, names) -> str:
        """x = 3, y = 5"""
        shown = []
        for name in names:
            if name in self.after:
                shown.append(f"{name} = {self.short(name)}")
        return ", ".join(shown)

    def changed(self, but=()) -> str:
        """"x = 3, acct.balance = 150": new values; of an object only the fields that are new."""
        shown = []
        for name, text in self.changes.items():
            if text is None or is_hidden(text) or name in but:
                continue
            old, new = self.before.get(name, ""), []
            if text.partition("(")[0] == old.partition("(")[0]:
                before = fields_of(old)
                for field, value in fields_of(text).items():
                    if value != before.get(field):
                        new.append(f"{name}.{field} = {shorten(value, before.get(field))}")
            shown += new or [f"{name} = {shorten(text, old)}"]
        return ", ".join(shown)

    def so(self) -> str:
        text = self.changed()
        return text and f", so {text}"

    def place(self, target, variables) -> tuple[str, str | None]:
        """-> a target as it is said, grid[1].x, and the recorded text of what it holds, None where
        the variables' texts do not show it."""
        if type(target) is ast.Name:
            return target.id, variables.get(target.id)
        if type(target) not in (ast.Attribute, ast.Subscript):
            raise Untold
        label, text = self.place(target.value, variables)
        if type(target) is ast.Attribute:
            return f"{label}.{target.attr}", fields_of(text).get(target.attr)
        index, _, key = self.last(target.slice)
        try:
            text = repr(value_of(text)[key])
        except Exception:
            text = None
        return f"{label}[{index}]", text


def sentence(text: str) -> str:
    return text and f"{text}."


# ------------------------------------------------------------------------------------------------
# Sentences: each function takes the frame and returns the text, "" where there is nothing to say.


def tell_called(frame):
    """A call, with its parameters in the order of the source."""
    if not frame.is_call:
        return ""
    names = frame.changes
    if isinstance(frame.definition, DEFINITIONS):
        parts = ast.iter_child_nodes(frame.definition.args)
        names = [part.arg for part in parts if isinstance(part, ast.arg)]
    shown = [name for name in names if frame.event.changes.get(name, "<")[0] != "<"]
    return tell_call(frame.name, frame.now(shown))


def tell_change(frame):
    return sentence(frame.changed())


def tell_input(frame, values: str = ""):
    return tell_read(shorten(" ".join(frame.read.splitlines())), values)


def tell_assign(frame):
    node = frame.node
    goals = node.targets if isinstance(node, ast.Assign) else [node.target]
    if node.value is None:
        return ""
    names = targets(ast.Tuple(goals))
    if frame.read:
        return tell_input(frame, frame.now(names) or frame.changed())
    if len(goals) > 1 or isinstance(goals[0], (ast.Tuple, ast.List)):
        text = listed([frame.now(names), frame.changed(names)])
        return sentence(text or f"{source_of(node) or 'We assign'}, and nothing changes")
    if not isinstance(goals[0], ast.Name):
        return tell_part(frame, goals[0])
    return tell_name(frame, names[0]) if names[0] in frame.after else ""


def tell_name(frame, name: str):
    """x = 3, x += 3"""
    node, value, final = frame.node, frame.node.value, frame.after[name]
    if isinstance(value, ast.Lambda):
        return f"We define {name} as {source_of(value) or 'a lambda'}."
    grown = isinstance(node, ast.AugAssign)
    called = not grown and isinstance(value, ast.Call) and (
        frame.before.get(path_of(value.func)) == "<function>")
    texts, source, end = [], expression(node), frame.short(name)
    if not called or frame.quiet:  # else its statements have been told
        texts = frame.texts(source, final)
        if not texts and not grown and not isinstance(
                value, (ast.Await, ast.Yield, ast.YieldFrom)):
            texts = [source_of(value) or end, final]
    return tell_value(name, ended(texts, source, end))


def ended(texts: list[str], source: ast.expr, end: str) -> list[str]:
    """The rounds that lead to a value, and the value; <function> and the like only if alone."""
    rounds = abridged(texts[:-1], source)
    return rounds if rounds and is_hidden(end) else abridged(texts[:-1], source, end)


def tell_part(frame, target):
    """x.field = ... or x[index] = ...: the part, of a list the whole too, what else changed."""
    text = new_part(frame, target)
    if not text:
        return sentence(frame.changed() or f"We run {source_of(frame.node) or 'an assignment'}")
    root = re.match(r"\w+", text)[0]
    whole = ""
    if isinstance(target, ast.Subscript) and root in frame.changes:
        whole = "" if is_object(frame.after[root]) else frame.now([root])
    return sentence(listed([text, whole, frame.changed([root])]))


def new_part(frame, target) -> str | None:
    """"grid[1] = 2 + 3 = 5", as much of it as can be told."""
    node, value = frame.node, frame.node.value
    grown = isinstance(node, ast.AugAssign)
    try:
        label, new = frame.place(target, frame.after)
    except Untold:
        return ""
    if grown and new is None:
        given = repr(value.value) if isinstance(value, ast.Constant) else frame.seen_of(value)
        return given and f"{label} {frame.operators.get(type(node.op), '@')[0]}= {shorten(given)}"
    source = value
    if grown:  # with the part as a variable of its own
        frame.before[label] = frame.place(target, frame.before)[1]
        source = ast.BinOp(ast.Name(label), node.op, value)
    texts = frame.texts(source, new) or [new]
    rounds = texts[:1] if grown else texts[:-1]
    return texts[-1] and tell_value(label, abridged(rounds, value, texts[-1]))[:-1]


def tell_expression(frame):
    call, text = frame.node.value, frame.changed()
    if is_print(call):
        return tell_print(frame, call)
    if isinstance(call, ast.Call):
        if text and isinstance(call.func, ast.Attribute):
            return tell_method(text, call.func.attr, given_to(frame, call))
        if not text and frame.quiet:
            return tell_call(source_of(call) or path_of(call.func) or "a function")
    return sentence(text)


def given_to(frame, call) -> str:
    """The arguments of a call, with their values if that is short, in parentheses."""
    given = list(map(ast.unparse, [*call.args, *call.keywords]))
    try:
        given[:len(call.args)] = [frame.last(argument)[0] for argument in call.args]
    except Untold:  # not worth naming: the change itself follows
        pass
    text = ", ".join(given)
    return f"({text})" if len(text) <= 120 else ""


def tell_print(frame, call):
    printed = frame.event.extra
    if not printed:
        for keyword in call.keywords:
            if keyword.arg == "file":
                return f"We print to {ast.unparse(keyword.value)}."
        return tell_printed(["nothing"])
    end = on_one_line(printed) if printed.strip("\n") else "an empty line"
    if len(call.args) == 1 and not call.keywords:
        texts = frame.texts(call.args[0])
        if texts and f"{value_of(texts[-1])}\n" == printed:
            return tell_printed(abridged(texts[:-1], call.args[0], end))
    return tell_printed([end])


def tell_returned(frame):
    value = frame.event.value
    source = frame.node.value if isinstance(frame.node, ast.Return) else None
    texts = frame.texts(source, value)
    if value == "None" and not texts:
        return tell_return(frame.name)
    return tell_return(frame.name, " = ".join(ended(texts, source, shorten(value))))


def tell_for(frame):
    if frame.inside and not targets(frame.node.target):
        return tell_turn(frame, frame.changed())
    return plain.tell_for(frame)


def tell_def(frame):
    if isinstance(frame.definition, ast.ClassDef):
        return ""  # told with the class
    how, text = " and ".join(map(ast.unparse, frame.node.decorator_list)), plain.tell_def(frame)
    return f"{text[:-1]}, decorated with {how}." if how else text


def tell_class(frame):
    names = [part.name for part in frame.node.body if isinstance(part, DEFINITIONS)]
    return f"We define class {frame.node.name}{' with ' if names else ''}{', '.join(names)}."


def tell_assert(frame):
    return f"{frame.condition(frame.node.test, True)} is true, so the assertion holds."


def tell_import(frame):
    return f"We import {', '.join([alias.name for alias in frame.node.names])}."


def tell_handler(frame):
    kind = frame.node.type
    if frame.inside:
        return "We handle the exception."
    return f"The except clause{' for ' + ast.unparse(kind) if kind else ''} does not match."


def tell_with(frame):
    if frame.came in lines_inside(frame.node):
        return "We leave the with block."
    what = listed([source_of(item.context_expr) for item in frame.node.items])
    return f"We enter the with block{what and f' of {what}'}{frame.so()}."


def tell_match(frame):
    subject = frame.node.subject
    texts = frame.texts(subject) or [source_of(subject) or "the subject"]
    return f"We match {' = '.join(abridged(texts[:-1], subject, shorten(texts[-1])))}."


def tell_case(frame):
    guard = frame.node.guard
    what = source_of(frame.node.pattern) + (f" if {source_of(guard)}" if guard else "")
    return f"Case {what} {f'matches{frame.so()}' if frame.inside else 'does not match'}."


def tell_delete(frame):
    return f"We delete {', '.join(map(ast.unparse, frame.node.targets))}{frame.so()}."


def tell_yield(frame):
    value = frame.event.value
    if isinstance(frame.definition, ast.AsyncFunctionDef) and value != WRAPPED:
        return f"{frame.name} waits."
    return f"{frame.name} yields {shorten(value)}."


def is_end(frame) -> bool:
    """Is the exception the end of the values that a loop, await or yield from goes through?"""
    node = frame.node
    if frame.event.extra not in ("StopIteration", "StopAsyncIteration") or node is None:
        return False
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return True
    return any([isinstance(part, (ast.Await, ast.YieldFrom)) for part in ast.walk(node)])


def tell_crash(frame):
    """The sentence for a statement that raised an exception."""
    node, name, message = frame.node, frame.event.extra, shorten(frame.event.value)
    named = f"{name}: {message}" if message else name
    if name == "SystemExit":
        return f"We leave the program{'' if message in ('', '0') else f' with {message}'}."
    if isinstance(node, ast.Raise):
        return f"We raise {named}."
    if name == "GeneratorExit":
        return f"{frame.name} is closed."
    if isinstance(node, ast.Assert) and name == "AssertionError":
        condition = frame.condition(node.test, False)
        return f"{condition} is false, so the assertion fails with {named}."
    if frame.read or name == "NameError":  # a name without a value leaves nothing to show
        return tell_stop("", name)
    part = isinstance(node, ast.AugAssign) and not isinstance(node.target, ast.Name)
    source = node.value if part else expression(node)
    texts = frame.texts(source, raised=name)
    return tell_stop(": ".join(abridged(texts, source)), name)


SENTENCES = {
    **plain.SENTENCES, **dict.fromkeys(ASSIGNMENTS, tell_assign), ast.Expr: tell_expression,
    **dict.fromkeys(DEFINITIONS, tell_def), ast.ClassDef: tell_class,
    **dict.fromkeys((ast.For, ast.AsyncFor), tell_for), ast.Assert: tell_assert,
    **dict.fromkeys((ast.Import, ast.ImportFrom), tell_import), ast.Delete: tell_delete,
    **dict.fromkeys((ast.With, ast.AsyncWith), tell_with), ast.ExceptHandler: tell_handler,
    ast.Match: tell_match, ast.match_case: tell_case,
    ast.Break: lambda frame: "We break out of the loop.",
    ast.Raise: lambda frame: "We raise it again."}


# ------------------------------------------------------------------------------------------------
# The narrator.


class Narrator:
    """Walks through the events; `raised`: an exception is on its way."""

    def __init__(self, trace: Trace):
        self.steps, self.frames, self.shared, self.raised = [], {}, {}, False
        self.statements = numbered(trace.code)[1]
        self.endless = {}  # first line of its body -> `while True` loop
        for node in self.statements.values():
            if type(node) is ast.While and type(node.test) is ast.Constant:
                self.endless[node.body[0].line] = node

    def step(self, event: Event):
        """Yields the sentences for an event; they may be empty."""
        if event.kind == "call":
            definition = self.statements.get(event.line)
            self.frames[event.frame] = Frame(event, definition, self.shared)
        frame = self.frames.get(event.frame)
        if frame is None:  # not called where no stack was left to record it
            return
        frame.go_on(event)
        if event.kind == "call":
            yield tell_called(frame)
        elif event.kind == "resume":
            yield f"{frame.name} goes on."
        elif event.kind == "yield":
            yield tell_yield(frame)
        elif event.kind == "exception":
            if not is_end(frame):
                if not self.raised and frame.node:
                    yield tell_crash(frame)
                self.raised, frame.node = True, None
        else:
            yield from self.finish(frame)
            if event.kind == "line":
                yield from self.begin(frame)
            elif event.value == "":  # an exception passes
                self.raised = True
            elif not self.raised and frame.is_call:
                yield tell_returned(frame)

    def finish(self, frame):
        """The sentences for a statement that has just run."""
        node, event = frame.node, frame.event
        ran = node not in (None, frame.definition) and not (self.raised and event.kind == "return")
        if event.extra and not (ran and isinstance(node, ast.Expr) and is_print(node.value)):
            yield tell_printed([on_one_line(event.extra)])
        if not ran:
            return
        if frame.read and not isinstance(node, (*ASSIGNMENTS, ast.For)):
            yield tell_input(frame)
        if isinstance(node, (ast.If, ast.While)):
            yield tell_change(frame)
        frame.quiet = len(self.steps) == frame.started
        yield SENTENCES.get(type(node), tell_change)(frame)

    def begin(self, frame):
        """A statement is about to run."""
        self.raised = False
        frame.came, frame.line = frame.line, frame.event.line
        loop = self.endless.get(frame.line)
        if loop and frame.came in lines_inside(loop):  # no event of its own where it begins again
            frame.node, frame.inside = loop, True
            yield plain.tell_while(frame)
        node = frame.node = self.statements.get(frame.line)
        frame.seen, frame.read, frame.started = {}, "", len(self.steps)
        if node in frame.turns and frame.came not in lines_inside(node):
            frame.turns[node] = 0


def explain(trace: Trace) -> list[tuple[int, str]]:
    """-> (event index, sentence): what had happened when that event was recorded."""
    if trace.error == "SyntaxError" and not trace.events:
        return [(0, NO_PROGRAM)]
    narrator = Narrator(trace)
    steps = narrator.steps
    for index, event in enumerate(trace.events):
        for told in filter(None, narrator.step(event)):
            steps.append((index, told))
    if trace.error == "RecursionError" and not narrator.raised:
        steps.append((index, tell_stop("", "RecursionError")))
    return steps


def narrate(trace: Trace, seed: int = 0) -> list[str]:
    """The sentences, in the wording of the seed: see trace.narrate."""
    return reworded(explain(trace), seed)


def raw(trace: Trace) -> list[str]:
    """Frames, as trace.raw's; statements that share a line of the source are told one by one."""
    if trace.error == "SyntaxError" and not trace.events:
        return ["SyntaxError"]
    source = dict(enumerate(["", *trace.code.splitlines(), ""]))
    for line, node in numbered(trace.code)[1].items():
        if line not in source:
            source[line] = ast.unparse(node).splitlines()[0]
    return in_frames(trace, source)
