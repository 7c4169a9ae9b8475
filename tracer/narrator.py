"""In words: one sentence per executed statement, from the recorded events and the syntax tree (paper section 2.1, NLEX).

    explain(trace)        # -> [(1, "r = 2 + 3 * 4 = 2 + 12 = 14."), ...]: which event a sentence is about, and the sentence
    narrate(trace)        # -> the sentences alone, in one of eight wordings

A sentence with stages of arithmetic (expressions.py) is used only if its end is the recorded one; everything else falls back to what
changed. So a narration cannot state another result than the true one, and nothing in it takes longer than reading the trace.
tests/claims.py checks every sentence against the recording.
"""

from __future__ import annotations

import ast
from functools import lru_cache

from tracer.expressions import BINARY, OPERATORS, UNKNOWN, Opaque, build, chain, finish, is_hidden, known, path_of, show, value_of
from tracer.recorder import number

# ---------------------------------------------------------------------------------------------------------------------------
# Texts of values: shortened, and by fields.

PHRASES = [("so we enter the if.", "so we go inside."), ("so we skip the if.", "so we move on."), ("The loop ends.", "No turn is left.")]


def _short(text: str, before: str | None = None) -> str:
    """A long text without its middle; where it changed stays visible."""
    if len(text) <= 120:
        return text
    if before is not None and len(before) > 120:
        start = next((k for k, (a, b) in enumerate(zip(text, before)) if a != b), min(len(text), len(before)))
        if 60 < start < len(text) - 60:
            return text[:30] + " ... " + text[max(30, start - 25):start + 35] + " ... " + text[-20:]
    return text[:70] + " ... " + text[-40:]


def _is_object(text: str | None) -> bool:
    """Account(owner='Ann'): a value told by its type and fields."""
    return bool(text) and text[-1] == ")" and (text[0].isalpha() or text[0] == "_") and text.partition("(")[0].isidentifier()


@lru_cache(maxsize=1000)
def _fields(text: str) -> dict[str, str]:
    """"Account(owner='Ann', balance=3)" -> {"owner": "'Ann'", "balance": "3"}."""
    fields, depth, quote, start, k, inner = {}, 0, "", 0, 0, text[text.index("(") + 1:-1] + ","
    while k < len(inner):
        ch = inner[k]
        if quote:
            if ch == "\\":
                k += 1
            elif ch == quote:
                quote = ""
        elif ch in "'\"":
            quote = ch
        elif ch in "([{<":
            depth += 1
        elif ch in ")]}>":
            depth -= 1
        elif ch == "," and depth == 0:
            name, _, value = inner[start:k].strip().partition("=")
            if name.isidentifier() and value:
                fields[name] = value
            start = k + 1
        k += 1
    return fields


def _locate(node, env, seen) -> str:
    """The recorded text of what a target (x, x.field, x[index]) holds; Opaque where the texts do not show it."""
    if type(node) is ast.Name and node.id in env:
        return env[node.id]
    if type(node) is ast.Attribute:
        text = _locate(node.value, env, seen)
        if _is_object(text) and node.attr in _fields(text):
            return _fields(text)[node.attr]
    if type(node) is ast.Subscript and type(node.slice) is not ast.Slice:
        try:
            return repr(value_of(_locate(node.value, env, seen))[finish(build(node.slice, env, seen))[1]])
        except Exception:
            pass
    raise Opaque


# ---------------------------------------------------------------------------------------------------------------------------
# The narrator.

class _Frame:
    """A call in progress. env: its variables. node: the statement that is running. came: the line before it. seen, read, started: values
    recorded and input taken while it runs, and how many sentences there were when it began."""
    def __init__(self, name: str, definition):
        self.name, self.definition = name, definition
        self.env, self.node, self.came, self.seen, self.read, self.started = {}, None, 0, {}, "", 0


@lru_cache(maxsize=1000)
def _lines_inside(node) -> frozenset:
    return frozenset(n.line for part in node.body for n in ast.walk(part) if hasattr(n, "line"))


def _source(node: ast.AST, limit: int = 70) -> str:
    """An expression or simple statement as written, on one line; "" where that is long."""
    text = ast.unparse(node)
    return text if len(text) <= limit and "\n" not in text else ""


class _Narrator:
    def __init__(self, trace):
        self.trace, self.lines, self.event = trace, [], 0
        self.statements = number(trace.code)[1]
        self.frames, self.globals, self.turns = {}, {}, {}
        self.endless = {}  # first line of the body -> `while True` loops
        for node in self.statements.values():
            if type(node) is ast.While and type(node.test) is ast.Constant:
                self.endless.setdefault(node.body[0].line, []).append(node)

    def add(self, text: str) -> None:
        self.lines.append((self.event, text))

    def tell(self) -> list[tuple[int, str]]:
        raised = False
        for index, (kind, number_, line, changes, extra, value, more) in enumerate(self.trace.events):
            self.event = index
            shared = more.get("globals", {}) if more else {}
            if kind == "call":
                self.globals.update(shared)
                frame = self.frames[number_] = _Frame(extra, self.statements.get(line))
                frame.env.update(changes)
                self.call(frame, changes)
                raised = False
                continue
            frame = self.frames.get(number_)
            if frame is None:  # called where no stack was left to record it
                continue
            if more:
                frame.seen.update((mark, text) for mark, text in more.get("seen", ()))
                frame.read += more.get("read", "")
            if kind == "resume":
                self.globals.update(shared)
                self.update(frame, number_, changes)
                self.add(f"{frame.name} goes on.")
                continue
            before = self.view(frame, number_)
            self.update(frame, number_, changes)
            if shared:
                self.globals.update(shared)
                changes = {**changes, **shared}
            node = frame.node
            if kind == "exception":
                if extra in ("StopIteration", "StopAsyncIteration") and node is not None and (
                        isinstance(node, (ast.For, ast.AsyncFor)) or _waits(node)):
                    continue  # the end of its values
                if not raised and node is not None:
                    self.stops(node, frame, before, extra, value)
                raised, frame.node = True, None
                continue
            unwound = kind == "return" and value == ""
            if kind == "yield":
                if isinstance(frame.definition, ast.AsyncFunctionDef) and not _has_yield(node):
                    self.add(f"{frame.name} waits.")
                else:
                    self.add(f"{frame.name} yields {_short(value)}.")
                raised = False
                continue
            if node is not None and node is frame.definition:
                pass  # the head of a class body
            elif node is not None and not (raised and kind == "return"):
                self.finish(node, frame, before, changes, kind, line, extra, value)
            elif extra:
                self.add(f"We print {_said(extra)}.")
            if kind == "return":
                if unwound:
                    raised = True
                elif not raised and frame.name != "<module>" and not isinstance(frame.definition, ast.ClassDef) and not isinstance(
                        node, ast.Return):
                    self.add(f"{frame.name} returns{'' if value == 'None' else ' ' + _short(value)}.")
                frame.node = None
            else:
                raised = False
                frame.came = node.line if node is not None else frame.came
                for loop in self.endless.get(line, ()):  # no event of their own where they begin again
                    if frame.came in _lines_inside(loop):
                        self.add(f"{ast.unparse(loop.test)} is true, so the loop goes on.")
                        break
                frame.node, frame.seen, frame.read, frame.started = self.statements.get(line), {}, "", len(self.lines)
                if isinstance(frame.node, (ast.For, ast.AsyncFor)) and frame.came not in _lines_inside(frame.node):
                    self.turns[number_, line] = 0
        if self.trace.error == "RecursionError" and not raised:
            self.add("We stop with RecursionError.")
        return self.lines

    def view(self, frame: _Frame, number_: int) -> dict[str, str]:
        """Variables the frame can read: the module's, then its own."""
        return dict(frame.env) if number_ == 0 else {**self.globals, **frame.env}

    def update(self, frame: _Frame, number_: int, changes: dict) -> None:
        for name, text in changes.items():
            for env in (frame.env, self.globals) if number_ == 0 else (frame.env,):
                if text is None:
                    env.pop(name, None)
                else:
                    env[name] = text

    def changed(self, changes: dict, before: dict) -> str:
        """"x = 3, acct.balance = 150": new values; of an object only the fields that are new."""
        parts = []
        for name, text in changes.items():
            old = before.get(name)
            if text is None or is_hidden(text):
                continue
            if _is_object(text) and _is_object(old) and text.partition("(")[0] == old.partition("(")[0]:
                old_fields = _fields(old)
                new = [(k, v) for k, v in _fields(text).items() if old_fields.get(k) != v]
                if new:
                    parts += [f"{name}.{k} = {_short(v, old_fields.get(k))}" for k, v in new]
                    continue
            parts.append(f"{name} = {_short(text, old)}")
        return ", ".join(parts)

    def call(self, frame: _Frame, changes: dict) -> None:
        definition = frame.definition
        if frame.name == "<module>" or isinstance(definition, ast.ClassDef):
            return
        names = changes
        if isinstance(definition, (ast.FunctionDef, ast.AsyncFunctionDef)):
            a = definition.args
            names = [p.arg for p in (*a.posonlyargs, *a.args, *filter(None, [a.vararg]), *a.kwonlyargs, *filter(None, [a.kwarg]))]
        given = ", ".join(f"{k} = {_short(changes[k])}" for k in names if k in changes and changes[k][0] != "<")
        self.add(f"We call {frame.name} with {given}." if given else f"We call {frame.name}.")

    def finish(self, node, frame, before, changes, kind, line, printed, value) -> None:
        """The sentences for a statement that has just run; `before` are the values it found, `changes` what it left."""
        is_print = type(node) is ast.Expr and type(node.value) is ast.Call and getattr(node.value.func, "id", "") == "print"
        if printed and not is_print:
            self.add(f"We print {_said(printed)}.")
        if frame.read and not isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For)):
            self.add(f"We read {_short(' '.join(frame.read.splitlines()))}.")
        goes_inside = kind == "line" and hasattr(node, "body") and line in _lines_inside(node)
        if isinstance(frame.definition, ast.ClassDef) and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return  # told with the class
        method = getattr(self, "tell_" + type(node).__name__, None)
        if method:
            method(node, frame, before, changes, goes_inside, value if isinstance(node, ast.Return) else printed)
        elif changes and not isinstance(node, ast.Pass):
            text = self.changed(changes, before)
            if text:
                self.add(f"{text}.")

    # One method per kind of statement: (node, frame, before, changes, whether a line of its body comes next, value returned or printed).

    def tell_For(self, node, frame, before, changes, goes_inside, _) -> None:
        number_ = self.trace.events[self.event][1]
        if not goes_inside:
            self.turns.pop((number_, node.line), None)
            self.add("The loop ends.")
            return
        turn = self.turns[number_, node.line] = self.turns.get((number_, node.line), 0) + 1
        names = [n.id for n in ast.walk(node.target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        values = ", ".join(f"{n} = {_short(frame.env.get(n, self.globals.get(n, '?')))}" for n in names) or self.changed(changes, before)
        self.add(f"Turn {turn}: {values}." if values else f"Turn {turn}.")

    tell_AsyncFor = tell_For

    def tell_If(self, node, frame, before, changes, goes_inside, _) -> None:
        if isinstance(node, ast.If):
            then = "so we enter the if." if goes_inside else "so we go to the else." if node.orelse else "so we skip the if."
        else:
            then = "so the loop goes on." if goes_inside else "so the loop ends."
        if changes and self.changed(changes, before):
            self.add(self.changed(changes, before) + ".")
        self.add(f"{self.verdict(node.test, frame, before, goes_inside)} is {'true' if goes_inside else 'false'}, {then}")

    tell_While = tell_If

    def verdict(self, test, frame, before, truth: bool) -> str:
        """A condition and its rounds of reduction, without the final True or False."""
        try:
            texts, value, error = chain(test, before, frame.seen)
            if error or value is not UNKNOWN and bool(value) != truth:
                raise Opaque
            stages = texts[:-1] if value is True or value is False else texts
            return _joined(stages or texts, test, ": ") or "The condition"
        except Opaque:
            return _source(test) or "The condition"

    def tell_Assert(self, node, frame, before, changes, *_) -> None:
        self.add(f"{self.verdict(node.test, frame, before, True)} is true, so the assertion holds.")

    def tell_Assign(self, node, frame, before, changes, *_) -> None:
        env, number_ = frame.env, self.trace.events[self.event][1]
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value is None:
            return
        after = self.view(frame, number_) if number_ else env
        if len(targets) == 1 and type(targets[0]) is ast.Name and not frame.read:
            self.assign_name(node, targets[0].id, frame, before, after)
            return
        names = [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        values = ", ".join(f"{n} = {_short(after[n], before.get(n))}" for n in names if n in after)
        if frame.read:
            values = values or self.changed(changes, before)
            read = _short(" ".join(frame.read.splitlines()))
            self.add(f"We read {read}, so {values}." if values else f"We read {read}.")
        elif len(targets) > 1 or isinstance(targets[0], (ast.Tuple, ast.List)):
            others = self.changed({k: v for k, v in changes.items() if k not in names}, before)
            text = ", ".join(filter(None, [values, others]))
            self.add(f"{text}." if text else f"{_source(node) or 'We assign'}, and nothing changes.")
        else:
            self.assign_part(node, targets[0], frame, before, after, changes)

    tell_AugAssign = tell_AnnAssign = tell_Assign

    def assign_name(self, node, name, frame, before, after) -> None:
        final = after.get(name)
        if final is None:
            return
        value = node.value
        if isinstance(value, ast.Lambda):
            self.add(f"We define {name} as {_source(value) or 'a lambda'}.")
            return
        if isinstance(node, ast.AugAssign):
            value = ast.BinOp(ast.Name(name), node.op, value)
        told_before = type(value) is ast.Call and type(value.func) is ast.Name and before.get(value.func.id) == "<function>"
        if not told_before or len(self.lines) == frame.started:
            try:
                texts, _, error = chain(value, before, frame.seen, final)
                if error or texts[-1] != final:
                    raise Opaque
                hidden = is_hidden(final) and len(texts) > 1
                end = None if hidden else _short(final, before.get(name))
                self.add(f"{name} = {_joined(texts[:-1] if hidden else texts, value, value=end)}.")
                return
            except Opaque:
                pass
        source = "" if told_before or isinstance(node, ast.AugAssign) else _source(value)
        if source and source != final and not isinstance(value, (ast.JoinedStr, ast.Await, ast.Yield, ast.YieldFrom)):
            self.add(f"{name} = {source}." if is_hidden(final) else f"{name} = {source} = {_short(final, before.get(name))}.")
        else:
            self.add(f"{name} = {_short(final, before.get(name))}.")

    def assign_part(self, node, target, frame, before, after, changes) -> None:
        """x.field = ... or x[index] = ..."""
        try:
            label = _label(target, before, frame.seen)
        except Exception:
            label = None
        after = {**before, **after}
        text = None
        try:
            if label is None:
                raise Opaque
            new = None
            try:
                new = _locate(target, after, frame.seen)
            except Opaque:
                new = frame.seen.get(getattr(node.value, "mark", None)) if isinstance(node, ast.Assign) else None
            value = node.value
            if isinstance(node, ast.AugAssign):
                states = (BINARY, *OPERATORS[type(node.op)], known(_locate(target, before, frame.seen)), build(value, before, frame.seen))
                texts = [show(states), show(finish(states))]
                if texts[-1] != new:
                    raise Opaque
            else:
                texts, _, error = chain(value, before, frame.seen, new)
                if error or new is not None and texts[-1] != new:
                    raise Opaque
            text = f"{label} = {_joined(texts, value, value=texts[-1])}"
        except Exception:
            if label is not None:
                try:
                    text = f"{label} = {_short(_locate(target, after, frame.seen))}"
                except Opaque:
                    new = frame.seen.get(getattr(node.value, "mark", None)) or (
                        repr(node.value.value) if isinstance(node.value, ast.Constant) else None)
                    if new and isinstance(node, ast.AugAssign):
                        text = f"{label} {OPERATORS[type(node.op)][0]}= {_short(new)}" if type(node.op) in OPERATORS else None
                    elif new:
                        text = f"{label} = {_short(new)}"
        root = label and label.replace("[", ".").partition(".")[0]
        whole = isinstance(target, ast.Subscript) and after.get(root, "<")
        if text and whole and not _is_object(whole) and whole[0] != "<" and root in changes:
            text += f", {root} = {_short(whole, before.get(root))}"
        rest = self.changed({k: v for k, v in changes.items() if not text or k != root}, before)
        if text or rest:
            self.add(", ".join(filter(None, [text, rest])) + ".")
        else:
            self.add(f"We run {_source(node) or 'an assignment'}.")

    def tell_Expr(self, node, frame, before, changes, goes_inside, printed) -> None:
        call = node.value
        if not isinstance(call, ast.Call):
            text = self.changed(changes, before)
            if text:
                self.add(f"{text}.")
        elif isinstance(call.func, ast.Name) and call.func.id == "print":
            self.tell_print(call, frame, before, printed)
        else:
            text = self.changed(changes, before)
            if text and isinstance(call.func, ast.Attribute):
                try:
                    given = [finish(build(a, before, frame.seen))[2] for a in call.args]
                except Exception:  # not worth naming: the change itself follows
                    given = [ast.unparse(a) for a in call.args]
                given = ", ".join([*given, *map(ast.unparse, call.keywords)])
                if len(given) > 120:
                    given = ", ".join(map(ast.unparse, [*call.args, *call.keywords]))
                self.add(f"{text} after {call.func.attr}({given})." if len(given) <= 120 else f"{text} after {call.func.attr}.")
            elif text:
                self.add(f"{text}.")
            elif len(self.lines) == frame.started and not printed:
                self.add(f"We call {_source(call) or path_of(call.func) or 'a function'}.")

    def tell_print(self, call, frame, before, printed) -> None:
        text = printed[:-1] if printed[-1:] == "\n" else printed
        if not printed:
            keywords = {k.arg: _source(k.value) for k in call.keywords}
            self.add(f"We print to {keywords['file']}." if keywords.get("file") else "We print nothing.")
            return
        if len(call.args) == 1 and not call.keywords and not isinstance(call.args[0], (ast.Starred, ast.JoinedStr)):
            try:
                texts, value, error = chain(call.args[0], before, frame.seen)
                if not error and (value is not UNKNOWN and f"{value}\n" == printed) and len(texts) > 1:
                    self.add(f"We print {_joined(texts[:-1], call.args[0], value=_said(printed))}.")
                    return
            except Opaque:
                pass
        self.add(f"We print {_said(printed)}." if text.strip("\n") else "We print an empty line.")

    def tell_Return(self, node, frame, before, changes, goes_inside, value) -> None:
        name = frame.name
        if value == "" or not isinstance(value, str):
            return
        text = self.changed(changes, before)
        if text:
            self.add(f"{text}.")
        if node.value is None:
            self.add(f"{name} returns.")
            return
        try:
            texts, result, error = chain(node.value, before, frame.seen, value)
            if error or texts[-1] != value:
                raise Opaque
            hidden = is_hidden(value) and len(texts) > 1
            self.add(f"{name} returns {_joined(texts[:-1] if hidden else texts, node.value, value=None if hidden else value)}.")
        except Opaque:
            self.add(f"{name} returns {_short(value)}." if value != "None" else f"{name} returns.")

    def tell_FunctionDef(self, node, *_) -> None:
        how = [s for s in map(_source, node.decorator_list) if s]
        self.add(f"We define {node.name}" + (f", decorated with {' and '.join(how)}." if how else "."))

    tell_AsyncFunctionDef = tell_FunctionDef

    def tell_ClassDef(self, node, *_) -> None:
        names = [n.name for n in node.body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
        self.add(f"We define class {node.name} with {', '.join(names)}." if names else f"We define class {node.name}.")

    def tell_Import(self, node, *_) -> None:
        self.add(f"We import {', '.join(a.name for a in node.names)}.")

    tell_ImportFrom = tell_Import

    def tell_Continue(self, *_) -> None:
        self.add("We continue.")

    def tell_Break(self, *_) -> None:
        self.add("We break out of the loop.")

    def tell_ExceptHandler(self, node, frame, before, changes, goes_inside, _) -> None:
        if goes_inside:
            self.add("We handle the exception.")
        else:
            self.add(f"The except clause{' for ' + ast.unparse(node.type) if node.type else ''} does not match.")

    def tell_With(self, node, frame, before, changes, goes_inside, _) -> None:
        if frame.came in _lines_inside(node):
            self.add("We leave the with block.")
        else:
            text = self.changed(changes, before)
            what = ", ".join(filter(None, [_source(item.context_expr) for item in node.items]))
            what = f"We enter the with block of {what}" if what else "We enter the with block"
            self.add(f"{what}, so {text}." if text else f"{what}.")

    tell_AsyncWith = tell_With

    def tell_Match(self, node, frame, before, *_) -> None:
        try:
            texts, _, error = chain(node.subject, before, frame.seen)
            self.add(f"We match {_joined(texts, node.subject, value=texts[-1])}.")
        except Opaque:
            self.add(f"We match {_source(node.subject) or 'the subject'}.")

    def tell_match_case(self, node, frame, before, changes, goes_inside, _) -> None:
        what = _source(node.pattern) + (f" if {_source(node.guard)}" if node.guard else "")
        text = self.changed(changes, before)
        self.add(f"Case {what} {'matches' if goes_inside else 'does not match'}" + (f", so {text}." if text and goes_inside else "."))

    def tell_Delete(self, node, frame, before, changes, *_) -> None:
        text = self.changed(changes, before)
        self.add(f"We delete {', '.join(map(ast.unparse, node.targets))}" + (f", so {text}." if text else "."))

    def tell_Raise(self, node, frame, before, changes, goes_inside, _) -> None:
        self.add("We raise it again.")

    def stops(self, node, frame, before, name, message) -> None:
        """The sentence for a statement that raised an exception."""
        named = f"{name}: {_short(message)}" if message else name
        frame.came = node.line
        if isinstance(node, ast.Raise) and name != "SystemExit":
            self.add(f"We raise {named}.")
            return
        if name == "GeneratorExit":
            self.add(f"{frame.name} is closed.")
            return
        if name == "SystemExit":
            self.add(f"We leave the program with {_short(message)}." if message not in ("", "0") else "We leave the program.")
            return
        if isinstance(node, ast.Assert) and name == "AssertionError":
            self.add(f"{self.verdict(node.test, frame, before, False)} is false, so the assertion fails with {named}.")
            return
        expression = getattr(node, "test", None) or getattr(node, "value", None)
        if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name) and expression.func.id == "print" and expression.args:
            expression = expression.args[0]
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            expression = ast.BinOp(ast.Name(node.target.id), node.op, node.value)
        try:
            if frame.read or name == "NameError":  # a name without a value leaves nothing to show
                raise Opaque
            texts, _, error = chain(expression, before, frame.seen, raised=name)
            if error == name:
                self.add(f"{_joined(texts, expression, ': ') or 'This'} stops with {name}.")
                return
        except (Opaque, AttributeError, TypeError):
            pass
        self.add(f"We stop with {name}.")


def _label(target, env, seen) -> str:
    """A target as it is said: grid[1][2], self.items['a']."""
    if type(target) is ast.Name:
        return target.id
    if type(target) is ast.Attribute:
        return f"{_label(target.value, env, seen)}.{target.attr}"
    if type(target) is ast.Subscript and type(target.slice) is not ast.Slice:
        return f"{_label(target.value, env, seen)}[{finish(build(target.slice, env, seen))[2]}]"
    raise Opaque


def _distinct(texts: list[str]) -> list[str]:
    """Without repetitions of the text before."""
    return [t for k, t in enumerate(texts) if k == 0 or t != texts[k - 1]]


def _joined(texts: list[str], source: ast.expr, sign: str = " = ", value: str | None = None) -> str:
    """The stages of a reduction, and the value. A stage that is very long is left out; for the first one the source stands in."""
    stages = _distinct(texts)
    if value is not None and stages and stages[-1] == value:
        stages.pop()
    short = [t for t in stages if len(t) <= 120]
    if stages and len(stages[0]) > 120 and _source(source, 120):
        short.insert(0, _source(source, 120))
    if sum(map(len, short)) > 300:
        short = [short[0], short[-1]]
    return sign.join(_distinct(short + ([] if value is None else [_short(value)])))


def _said(printed: str) -> str:
    """Printed text on one line."""
    text = printed[:-1] if printed[-1:] == "\n" else printed
    return _short(text.replace("\n", " / ") if text.strip() else repr(text))


def _waits(node) -> bool:
    return any(isinstance(n, (ast.Await, ast.YieldFrom)) for n in ast.walk(node))


def _has_yield(node) -> bool:
    return node is not None and any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in ast.walk(node))


def explain(trace) -> list[tuple[int, str]]:
    """-> (event index, sentence) pairs: the sentence tells what had happened when that event was recorded."""
    if trace.error == "SyntaxError" and not trace.events:
        return [(0, "The program does not parse: SyntaxError.")]
    return _Narrator(trace).tell()


def narrate(trace, seed: int = 0) -> list[str]:
    """One sentence per executed statement, without the output block. The seed picks among PHRASES, once for the whole trace (bit k of
    it: the k-th phrase's second wording)."""
    lines = [line for _, line in explain(trace)]
    for k, (first, second) in enumerate(PHRASES):
        if seed >> k & 1:
            lines = [line.replace(first, second) if line.endswith(first) else line for line in lines]
    return lines


def raw(trace) -> list[str]:
    """The run as structured frames, in the style of CWM traces: every executed source line with the variables it changed."""
    if trace.error == "SyntaxError" and not trace.events:
        return ["SyntaxError"]
    source, lines, open_line, statements = trace.code.splitlines() or [""], [], {}, number(trace.code)[1]
    for kind, frame, line, changes, extra, *_ in trace.events:
        if frame in open_line:
            changed = ", ".join(f'"{k}": {_short(v or "gone")}' for k, v in changes.items() if not v or v[0] != "<")
            line_before = open_line.pop(frame)
            text = source[line_before - 1] if line_before <= len(source) else ast.unparse(statements[line_before]).splitlines()[0]
            lines.append(f"{text.strip()} {{{changed}}}" + (f" {extra}" if kind == "exception" else ""))
        if kind == "line":
            open_line[frame] = line
    return lines
