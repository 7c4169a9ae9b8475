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
from itertools import chain, groupby
from os.path import commonprefix

import trace as plain
from rounds import PENDING, Untold, expression, is_print, operation, targets
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
from tracer.expressions import OPERATORS, UNKNOWN, Expressions, is_hidden, known, path_of, value_of
from tracer.recorder import number

numbered = lru_cache(maxsize=16)(number)
TOKENS = re.compile(r"""'(?:\\.|[^\\'])*'|"(?:\\.|[^\\"])*"|.""", re.DOTALL)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)

# ------------------------------------------------------------------------------------------------
# Texts, shortened.


def shorten(text: str, before: str | None = None) -> str:
    """A long text without its middle; where it changed stays visible."""
    if len(text) <= 120:
        return text
    start = len(commonprefix([text, before])) if before and len(before) > 120 else 0
    if 60 < start < len(text) - 60:
        return f"{text[:30]} ... {text[max(30, start - 25):start + 35]} ... {text[-20:]}"
    return f"{text[:70]} ... {text[-40:]}"


def source_of(node: ast.AST, limit: int = 70) -> str:
    """An expression or simple statement as written, on one line; "" where that is long."""
    text = ast.unparse(node)
    return text if len(text) <= limit and "\n" not in text else ""


def abridged(texts: list[str], source: ast.expr, value: str | None = None) -> list[str]:
    """The rounds of a reduction, and the value, without repetitions. A round that is very long is
    left out; for the first one the source stands in."""
    rounds = distinct(texts)
    if value is not None and rounds and rounds[-1] == value:
        rounds.pop()
    short = [text for text in rounds if len(text) <= 120]
    if rounds and len(rounds[0]) > 120 and source_of(source, 120):
        short.insert(0, source_of(source, 120))
    if sum(map(len, short)) > 300:
        short = [short[0], short[-1]]
    return distinct(short if value is None else [*short, shorten(value)])


def distinct(texts: list[str]) -> list[str]:
    return [text for text, _ in groupby(texts)]


def on_one_line(printed: str) -> str:
    text = printed[:-1] if printed[-1:] == "\n" else printed
    return shorten(text.replace("\n", " / ") if text.strip() else repr(text))


def is_object(text: str | None) -> bool:
    """Account(owner='Ann'): a value told by its type and fields."""
    return bool(text) and text[-1] == ")" and text.partition("(")[0].isidentifier()


@lru_cache(maxsize=1000)
def fields_of(text: str) -> dict[str, str]:
    """"Account(owner='Ann', balance=3)" -> {"owner": "'Ann'", "balance": "3"}."""
    fields, depth, part = {}, 0, ""
    for token in TOKENS.findall(text[text.index("(") + 1:-1] + ","):
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
def lines_inside(node) -> frozenset:
    parts = chain.from_iterable(map(ast.walk, node.body))
    return frozenset([part.line for part in parts if hasattr(part, "line")])


def contains(node, *kinds) -> bool:
    return node is not None and any([isinstance(part, kinds) for part in ast.walk(node)])


# ------------------------------------------------------------------------------------------------
# A call in progress.


class Frame(Expressions):
    def __init__(self, name: str, definition):
        super().__init__(name)
        self.definition = definition
        self.variables = {}       # its own; `before` and `after` hold the module's, too
        self.came = 0             # the line before
        self.read = ""            # what the statement took from stdin
        self.started = 0          # how much had been told when the statement began
        self.quiet = True         # nothing has been told since then

    def runs_calls(self) -> bool:
        """Is it a function's, not the module's or that of a class body?"""
        return self.name != "<module>" and not isinstance(self.definition, ast.ClassDef)

    def read_text(self) -> str:
        return shorten(" ".join(self.read.splitlines()))

    def told(self, node, final: str, end: str | None = None) -> list[str]:
        texts, _, error = self.chain(node, final)
        if error or texts[-1] != final:
            raise Untold
        if is_hidden(final) and len(texts) > 1:
            return abridged(texts[:-1], node)
        return abridged(texts, node, end or final)

    def condition(self, test, truth: bool) -> str:
        """A condition and its rounds, without the final True or False."""
        try:
            texts, value, error = self.chain(test)
        except Untold:
            error = "Untold"
        if error or value is not UNKNOWN and bool(value) != truth:
            return source_of(test) or "The condition"
        rounds = texts[:-1] if value is True or value is False else texts
        return ": ".join(abridged(rounds or texts, test)) or "The condition"

    def now(self, names) -> str:
        shown = []
        for name in names:
            if name in self.after:
                shown.append(f"{name} = {shorten(self.after[name], self.before.get(name))}")
        return ", ".join(shown)

    def changed(self, but=()) -> str:
        """"x = 3, acct.balance = 150": new values; of an object only the fields that are new."""
        parts = []
        for name, text in self.changes.items():
            old = self.before.get(name)
            if text is None or is_hidden(text) or name in but:
                continue
            new = {}
            if is_object(text) and is_object(old) and (
                    text.partition("(")[0] == old.partition("(")[0]):
                old_fields = fields_of(old)
                new = {k: v for k, v in fields_of(text).items() if old_fields.get(k) != v}
            for field, value in new.items():
                parts.append(f"{name}.{field} = {shorten(value, old_fields.get(field))}")
            if not new:
                parts.append(f"{name} = {shorten(text, old)}")
        return ", ".join(parts)

    def locate(self, node, variables) -> str:
        """The recorded text of what a target (x, x.field, x[index]) holds; Untold where the texts
        do not show it."""
        if type(node) is ast.Name and node.id in variables:
            return variables[node.id]
        if type(node) is ast.Attribute:
            text = self.locate(node.value, variables)
            if is_object(text) and node.attr in fields_of(text):
                return fields_of(text)[node.attr]
        if type(node) is ast.Subscript and type(node.slice) is not ast.Slice:
            try:
                whole = value_of(self.locate(node.value, variables))
                return repr(whole[self.last(node.slice)[2]])
            except Exception:
                pass
        raise Untold

    def label(self, target) -> str:
        """A target as it is said: grid[1][2], self.items['a']."""
        if type(target) is ast.Name:
            return target.id
        if type(target) is ast.Attribute:
            return f"{self.label(target.value)}.{target.attr}"
        if type(target) is ast.Subscript and type(target.slice) is not ast.Slice:
            return f"{self.label(target.value)}[{self.last(target.slice)[0]}]"
        raise Untold


def sentence(text: str) -> str:
    return text and f"{text}."


# ------------------------------------------------------------------------------------------------
# Sentences.


def tell_change(frame) -> str:
    return sentence(frame.changed())


def tell_assign(frame) -> str:
    node = frame.node
    goals = node.targets if isinstance(node, ast.Assign) else [node.target]
    if node.value is None:
        return ""
    names = [name for goal in goals for name in targets(goal)]
    if frame.read:
        return tell_read(frame.read_text(), frame.now(names) or frame.changed())
    if len(goals) > 1 or isinstance(goals[0], (ast.Tuple, ast.List)):
        text = ", ".join(filter(None, [frame.now(names), frame.changed(names)]))
        return sentence(text or f"{source_of(node) or 'We assign'}, and nothing changes")
    if not isinstance(goals[0], ast.Name):
        return tell_part(frame, goals[0])
    return tell_name(frame, names[0]) if names[0] in frame.after else ""


def tell_name(frame, name: str) -> str:
    """x = 3, x += 3"""
    value, final, old = frame.node.value, frame.after[name], frame.before.get(name)
    if isinstance(value, ast.Lambda):
        return f"We define {name} as {source_of(value) or 'a lambda'}."
    called = type(value) is ast.Call and not isinstance(frame.node, ast.AugAssign) and (
        frame.before.get(path_of(value.func)) == "<function>")
    if not called or frame.quiet:
        try:
            source = expression(frame.node)
            return tell_value(name, frame.told(source, final, shorten(final, old)))
        except Untold:
            pass
    source = "" if called or isinstance(frame.node, ast.AugAssign) else source_of(value)
    if not source or source == final or isinstance(
            value, (ast.JoinedStr, ast.Await, ast.Yield, ast.YieldFrom)):
        return tell_value(name, [shorten(final, old)])
    return tell_value(name, [source] if is_hidden(final) else [source, shorten(final, old)])


def tell_part(frame, target) -> str:
    """x.field = ... or x[index] = ..."""
    try:
        label = frame.label(target)
    except Untold:
        label, text = "", ""
    else:
        text = new_part(frame, target, label)
    root = label.replace("[", ".").partition(".")[0]
    whole = frame.after.get(root, "<") if isinstance(target, ast.Subscript) else "<"
    if text and not is_object(whole) and whole[0] != "<" and root in frame.changes:
        text += f", {root} = {shorten(whole, frame.before.get(root))}"
    rest = frame.changed([root] if text else ())
    told = ", ".join(filter(None, [text, rest]))
    return sentence(told or f"We run {source_of(frame.node) or 'an assignment'}")


def new_part(frame, target, label: str) -> str:
    """"grid[1] = 2 + 3 = 5", as much of it as can be told."""
    node, value = frame.node, frame.node.value
    sign = OPERATORS.get(type(node.op), "@")[0] if isinstance(node, ast.AugAssign) else ""
    given = frame.seen.get(getattr(value, "mark", None))
    try:
        new = frame.locate(target, frame.after)
    except Untold:
        new = None
    try:
        if sign:
            texts = augmented(frame, target)
        else:
            texts, _, error = frame.chain(value, new or given)
            if error:
                raise Untold
        if texts[-1] != new and (sign or new or given and texts[-1] != given):
            raise Untold
        return tell_value(label, abridged(texts, value, texts[-1]))[:-1]
    except Untold:
        pass
    if new is None and isinstance(value, ast.Constant):
        given = given or repr(value.value)
    if new or given and not sign:
        return f"{label} = {shorten(new or given)}"
    return f"{label} {sign}= {shorten(given)}" if given else ""


def augmented(frame, target) -> list[str]:
    """First and last round of target + value."""
    try:
        sign, strength, needs, function = OPERATORS[type(frame.node.op)]
        old = iter([known(frame.locate(target, frame.before))])
        parts = [old, frame.rounds(frame.node.value)]
        rounds = list(operation(f"{{}} {sign} {{}}", strength, parts, needs, function))
    except Exception:
        raise Untold from None
    if rounds[-1][2] is PENDING:
        raise Untold
    return [rounds[0][0], rounds[-1][0]]


def tell_expression(frame) -> str:
    call, text = frame.node.value, frame.changed()
    if not isinstance(call, ast.Call):
        return sentence(text)
    if is_print(call):
        return tell_print(frame, call)
    if text and isinstance(call.func, ast.Attribute):
        return tell_method(text, call.func.attr, given_to(frame, call))
    if text or not frame.quiet or frame.event.extra:
        return sentence(text)
    return tell_call(source_of(call) or path_of(call.func) or "a function")


def given_to(frame, call) -> str:
    """The arguments of a call, with their values if that is short, in parentheses."""
    written = list(map(ast.unparse, [*call.args, *call.keywords]))
    try:
        given = [frame.last(argument)[0] for argument in call.args]
    except Untold:  # not worth naming: the change itself follows
        given = written[:len(call.args)]
    for arguments in ([*given, *written[len(given):]], written):
        text = ", ".join(arguments)
        if len(text) <= 120:
            return f"({text})"
    return ""


def tell_print(frame, call) -> str:
    printed = frame.event.extra
    if not printed:
        file = next((source_of(k.value) for k in call.keywords if k.arg == "file"), "")
        return f"We print to {file}." if file else tell_printed(["nothing"])
    if len(call.args) == 1 and not call.keywords and not isinstance(
            call.args[0], (ast.Starred, ast.JoinedStr)):
        try:
            texts, value, error = frame.chain(call.args[0])
        except Untold:
            texts = []
        if len(texts) > 1 and not error and value is not UNKNOWN and f"{value}\n" == printed:
            return tell_printed(abridged(texts[:-1], call.args[0], on_one_line(printed)))
    return tell_printed([on_one_line(printed) if printed.strip("\n") else "an empty line"])


def tell_returned(frame) -> str:
    value = frame.event.value
    if frame.node.value is None:
        return tell_return(frame.name)
    try:
        return tell_return(frame.name, " = ".join(frame.told(frame.node.value, value)))
    except Untold:
        return tell_end(frame)


def tell_end(frame) -> str:
    value = frame.event.value
    return tell_return(frame.name, "" if value == "None" else shorten(value))


def tell_for(frame) -> str:
    names = targets(frame.node.target)
    if not frame.inside or names:
        return plain.tell_for(frame)
    return tell_turn(frame, frame.changed())


def tell_def(frame) -> str:
    how = [source for source in map(source_of, frame.node.decorator_list) if source]
    if not how:
        return plain.tell_def(frame)
    return f"We define {frame.node.name}, decorated with {' and '.join(how)}."


def tell_class(frame) -> str:
    names = [part.name for part in frame.node.body if isinstance(part, DEFINITIONS)]
    methods = f" with {', '.join(names)}" if names else ""
    return f"We define class {frame.node.name}{methods}."


def tell_assert(frame) -> str:
    return f"{frame.condition(frame.node.test, True)} is true, so the assertion holds."


def tell_import(frame) -> str:
    return f"We import {', '.join([alias.name for alias in frame.node.names])}."


def tell_break(frame) -> str:
    return "We break out of the loop."


def tell_handler(frame) -> str:
    kind = frame.node.type
    if frame.inside:
        return "We handle the exception."
    return f"The except clause{' for ' + ast.unparse(kind) if kind else ''} does not match."


def tell_with(frame) -> str:
    if frame.came in lines_inside(frame.node):
        return "We leave the with block."
    managers = filter(None, [source_of(item.context_expr) for item in frame.node.items])
    what, text = ", ".join(managers), frame.changed()
    return f"We enter the with block{what and f' of {what}'}{text and f', so {text}'}."


def tell_match(frame) -> str:
    subject = frame.node.subject
    try:
        texts, _, _ = frame.chain(subject)
        return f"We match {' = '.join(abridged(texts, subject, texts[-1]))}."
    except Untold:
        return f"We match {source_of(subject) or 'the subject'}."


def tell_case(frame) -> str:
    guard, text = frame.node.guard, frame.changed() if frame.inside else ""
    what = source_of(frame.node.pattern) + (f" if {source_of(guard)}" if guard else "")
    how = "matches" if frame.inside else "does not match"
    return f"Case {what} {how}{text and f', so {text}'}."


def tell_delete(frame) -> str:
    text = frame.changed()
    return f"We delete {', '.join(map(ast.unparse, frame.node.targets))}{text and f', so {text}'}."


def tell_raised_again(frame) -> str:
    return "We raise it again."


def tell_crash(frame) -> str:
    """The sentence for a statement that raised an exception."""
    node, name, message = frame.node, frame.event.extra, shorten(frame.event.value)
    named = f"{name}: {message}" if message else name
    if name == "SystemExit" or isinstance(node, ast.Raise):
        if name != "SystemExit":
            return f"We raise {named}."
        return f"We leave the program{'' if message in ('', '0') else f' with {message}'}."
    if name == "GeneratorExit":
        return f"{frame.name} is closed."
    if isinstance(node, ast.Assert) and name == "AssertionError":
        condition = frame.condition(node.test, False)
        return f"{condition} is false, so the assertion fails with {named}."
    if frame.read or name == "NameError":  # a name without a value leaves nothing to show
        return tell_stop("", name)
    if isinstance(node, ast.AugAssign) and not isinstance(node.target, ast.Name):
        source = node.value
    else:
        source = expression(node)
    try:
        texts, _, error = frame.chain(source, raised=name)
    except Untold:
        error = ""
    if error != name:
        return tell_stop("", name)
    return tell_stop(": ".join(abridged(texts, source)) or "This", name)


SENTENCES = {
    **plain.SENTENCES, **dict.fromkeys(ASSIGNMENTS, tell_assign), ast.Expr: tell_expression,
    **dict.fromkeys(DEFINITIONS, tell_def), ast.ClassDef: tell_class, ast.Return: tell_returned,
    **dict.fromkeys((ast.For, ast.AsyncFor), tell_for), ast.Assert: tell_assert,
    **dict.fromkeys((ast.Import, ast.ImportFrom), tell_import), ast.Break: tell_break,
    **dict.fromkeys((ast.With, ast.AsyncWith), tell_with), ast.ExceptHandler: tell_handler,
    ast.Match: tell_match, ast.match_case: tell_case, ast.Delete: tell_delete,
    ast.Raise: tell_raised_again}


# ------------------------------------------------------------------------------------------------
# The narrator.


class Narrator:
    """Walks through the events; `raised`: an exception is on its way."""

    def __init__(self, trace: Trace):
        self.trace, self.steps, self.index, self.raised = trace, [], 0, False
        self.statements = numbered(trace.code)[1]
        self.frames, self.shared = {}, {}  # shared: the module's variables
        self.endless = {}                  # first line of the body -> `while True` loops
        for node in self.statements.values():
            if type(node) is ast.While and type(node.test) is ast.Constant:
                self.endless.setdefault(node.body[0].line, []).append(node)

    def say(self, text: str) -> None:
        if text:
            self.steps.append((self.index, text))

    def explain(self) -> list[tuple[int, str]]:
        for index, event in enumerate(self.trace.events):
            self.index = index
            if event.kind == "call":
                self.call(event)
            elif event.frame in self.frames:  # not called where no stack was left to record it
                self.go_on(self.frames[event.frame], event)
        if self.trace.error == "RecursionError" and not self.raised:
            self.say(tell_stop("", "RecursionError"))
        return self.steps

    def call(self, event: Event) -> None:
        definition = self.statements.get(event.line)
        frame = self.frames[event.frame] = Frame(event.extra, definition)
        self.update(frame, event)
        self.raised = False
        names = list(event.changes)
        if isinstance(definition, DEFINITIONS):
            a = definition.args
            parameters = [*a.posonlyargs, *a.args, a.vararg, *a.kwonlyargs, a.kwarg]
            names = [parameter.arg for parameter in parameters if parameter]
        given = [name for name in names if event.changes.get(name, "<")[0] != "<"]
        if frame.runs_calls():
            self.say(tell_call(frame.name, frame.now(given)))

    def update(self, frame, event: Event) -> None:
        """The variables the frame can see, before and after: the module's, then its own."""
        more = event.more or {}
        shared = more.get("globals", {})
        frame.event, frame.changes = event, {**event.changes, **shared}
        frame.before = {**self.shared, **frame.variables}
        if event.kind != "call":
            frame.seen.update(more.get("seen", ()))
            frame.read += more.get("read", "")
        for variables in (frame.variables, self.shared) if event.frame == 0 else (frame.variables,):
            for name, text in event.changes.items():
                if text is None:
                    variables.pop(name, None)
                else:
                    variables[name] = text
        self.shared.update(shared)
        frame.after = {**self.shared, **frame.variables}
        inside = event.kind == "line" and hasattr(frame.node, "body")
        frame.inside = inside and event.line in lines_inside(frame.node)

    def go_on(self, frame, event: Event) -> None:
        self.update(frame, event)
        if event.kind == "resume":
            self.say(f"{frame.name} goes on.")
        elif event.kind == "exception":
            self.exception(frame)
        elif event.kind == "yield":
            if isinstance(frame.definition, ast.AsyncFunctionDef) and not contains(
                    frame.node, ast.Yield, ast.YieldFrom):
                self.say(f"{frame.name} waits.")
            else:
                self.say(f"{frame.name} yields {shorten(event.value)}.")
            self.raised = False
        else:
            self.finish(frame)
            if event.kind == "return":
                self.leave(frame)
            else:
                self.begin(frame)

    def exception(self, frame) -> None:
        node = frame.node
        if frame.event.extra in ("StopIteration", "StopAsyncIteration") and (
                isinstance(node, (ast.For, ast.AsyncFor)) or contains(
                    node, ast.Await, ast.YieldFrom)):
            return  # the end of its values
        if not self.raised and node is not None:
            frame.came = node.line
            self.say(tell_crash(frame))
        self.raised, frame.node = True, None

    def finish(self, frame) -> None:
        """The sentences for a statement that has just run."""
        node, event = frame.node, frame.event
        if node is not None and node is frame.definition:  # the head of a class body
            return
        ran = node is not None and not (self.raised and event.kind == "return")
        is_call = isinstance(node, ast.Expr) and is_print(node.value)
        if event.extra and not (ran and is_call):
            self.say(tell_printed([on_one_line(event.extra)]))
        if not ran:
            return
        if frame.read and not isinstance(node, (*ASSIGNMENTS, ast.For)):
            self.say(tell_read(frame.read_text(), ""))
        if isinstance(frame.definition, ast.ClassDef) and isinstance(node, DEFINITIONS):
            return  # told with the class
        if isinstance(node, ast.Return) and event.value == "":
            return
        if isinstance(node, (ast.If, ast.While, ast.Return)):
            self.say(tell_change(frame))
        frame.quiet = len(self.steps) == frame.started
        if not isinstance(node, ast.Pass):
            self.say(SENTENCES.get(type(node), tell_change)(frame))

    def leave(self, frame) -> None:
        if frame.event.value == "":  # an exception passes
            self.raised = True
        elif not self.raised and frame.runs_calls() and not isinstance(frame.node, ast.Return):
            self.say(tell_end(frame))
        frame.node = None

    def begin(self, frame) -> None:
        """A statement is about to run."""
        self.raised = False
        line, came = frame.event.line, frame.came
        if frame.node is not None:
            came = frame.came = frame.node.line
        for loop in self.endless.get(line, ()):  # no event of their own where they begin again
            if came in lines_inside(loop):
                frame.node, frame.inside = loop, True
                self.say(plain.tell_while(frame))
                break
        node = frame.node = self.statements.get(line)
        frame.seen, frame.read, frame.started = {}, "", len(self.steps)
        if isinstance(node, (ast.For, ast.AsyncFor)) and came not in lines_inside(node):
            frame.turns[node] = 0


def explain(trace: Trace) -> list[tuple[int, str]]:
    """-> (event index, sentence): what had happened when that event was recorded."""
    if trace.error == "SyntaxError" and not trace.events:
        return [(0, NO_PROGRAM)]
    return Narrator(trace).explain()


def narrate(trace: Trace, seed: int = 0) -> list[str]:
    """The sentences, in the wording of the seed: see trace.narrate."""
    return reworded(explain(trace), seed)


def raw(trace: Trace) -> list[str]:
    """Frames, as trace.raw's; statements that share a line of the source are told one by one."""
    if trace.error == "SyntaxError" and not trace.events:
        return ["SyntaxError"]
    written = trace.code.splitlines() or [""]
    source = {0: ""}
    for line, node in numbered(trace.code)[1].items():
        own = line <= len(written)
        source[line] = written[line - 1] if own else ast.unparse(node).splitlines()[0]
    return in_frames(trace, source, shorten)
