"""What happened? Records a run, statement by statement. This file travels into the sandbox as source, so it imports nothing of ours.

    number(code)                                   # names every statement by a line number of its own, marks what to look at
    run_traced("x = 3\\nx += 1", "", 10_000, 10**6)  # -> {"events": [...], "stdout": "", "error": "", "status": "OK", ...}

Python's tracing (sys.settrace) reports lines, not statements. So the program is compiled from a syntax tree in which every statement has
a line of its own: two statements on one line become two lines, a statement over five lines becomes one. A line event fires BEFORE its
line runs, so what changed since the frame's previous event belongs to the line reported before. Values are kept as text at once: a list
may be another list a moment later, and no method of the program's own classes (`__repr__` least of all) is ever called.

An event is [kind, frame, line, changes, extra, value, more]:
    kind      call | line | return | yield | resume | exception
    frame     frames are numbered in the order of their calls; the module is 0
    line      of the statement that is about to run (call: of the definition)
    changes   {name: text} of the frame's variables that changed since its previous event, None for one that is gone
    extra     call: the function's name; exception: its name; else what was printed since the previous event of any frame
    value     return, yield: the value; exception: its message; else ""
    more      {"globals": module variables this function uses, where their text changed, "seen": [[mark, text], ...] values of marked
              expressions in the order of evaluation, "read": what was taken from stdin}, each only if there is any; usually None
"""

from __future__ import annotations

import ast
import builtins
import io
import itertools
import json
import opcode
import os
import sys
import types

PLAIN_CALLS = frozenset("abs len int str float bool max min sum ord chr round sorted list tuple set dict divmod repr any all".split())
ITERATORS = frozenset("range zip enumerate reversed map filter iter".split())
_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")
_INLINED = sys.version_info >= (3, 12)  # comprehensions have no frame of their own any more
FRAMES_BELOW = 3 + (not _INLINED)  # so many more than in an untraced run lie below the program
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SIMPLE = frozenset((ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return, ast.Continue, ast.Break, ast.Pass, ast.Raise,
                     ast.Assert, ast.Delete, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal))
_WITH_VALUES = frozenset((ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return, ast.If, ast.While, ast.Assert, ast.Match))


def number(code: str):
    """-> (syntax tree, {line: statement, except clause or case}, whether anything is marked). Raises what ast.parse raises.

    Statements that begin on a line of their own keep its number, others get a number past the end of the source (their `source` attribute
    holds the true one). Expressions whose value the narrator cannot work out from the variables get an attribute `mark`."""
    tree = ast.parse(code)
    statements, spare, marks = {}, itertools.count(len(code.splitlines()) + 2), itertools.count()
    queue, reading = list(reversed(tree.body)), "input(" in code
    while queue:  # in the order of the source
        node = queue.pop()
        kind = type(node)
        first = node.lineno if kind is not ast.match_case else node.pattern.lineno
        if kind in _DEFINITIONS and node.decorator_list:
            first = node.decorator_list[0].lineno
        line = next(spare) if first in statements else first
        statements[line] = node
        node.line, node.source = line, first
        if kind in _SIMPLE:
            end = node.end_lineno
        else:
            for field in reversed(_BLOCKS):
                queue.extend(reversed(getattr(node, field, ())))
            end = (node.test if kind in (ast.If, ast.While) else node.iter).end_lineno if kind in (ast.If, ast.While, ast.For) else 0
        if kind in _WITH_VALUES and not (reading and kind in (ast.Assign, ast.AnnAssign, ast.AugAssign) and _reads(node)):
            _mark_statement(node, marks)
        if first != line or end != line or _INLINED:
            _place_all(node, line)
    return tree, statements, next(marks) > 0


def _place(node, line: int, column: int) -> None:
    node.lineno = node.end_lineno = line
    node.col_offset = node.end_col_offset = column


def _place_all(node, line: int) -> None:
    """The statement and its expressions on one line; what a comprehension repeats in column 1, where it has no frame of its own."""
    if type(node) is not ast.match_case:
        _place(node, line, 0)
    blocks = [id(child) for field in _BLOCKS for child in getattr(node, field, ())] if type(node) not in _SIMPLE else ()
    parts = [part for child in ast.iter_child_nodes(node) if id(child) not in blocks for part in ast.walk(child)]
    for part in parts:
        if hasattr(part, "lineno"):
            _place(part, line, 0)
    for part in parts if _INLINED else ():
        if isinstance(part, (ast.ListComp, ast.SetComp, ast.DictComp)):
            first_iterable = {id(n) for n in ast.walk(part.generators[0].iter)}
            for inner in ast.walk(part):
                if hasattr(inner, "lineno") and id(inner) not in first_iterable:
                    _place(inner, line, 1)


def _reads(node) -> bool:
    """Does it call input()? What it has read is told then, and nothing else of its expression."""
    return any(type(n) is ast.Call and type(n.func) is ast.Name and n.func.id == "input" for n in ast.walk(node))


def _mark_statement(node, marks) -> None:
    dirty = False  # has something been called that may have changed variables?

    def mark(e, whole=False):
        """Mark what must be looked at while `e` is evaluated; whole: its value will be known anyway."""
        nonlocal dirty
        kind = type(e)
        if kind is ast.Constant:
            return
        if kind is ast.Name:
            if dirty:
                e.mark = next(marks)
        elif kind is ast.Call:
            plain = type(e.func) is ast.Name and e.func.id in PLAIN_CALLS and not e.keywords
            if type(e.func) is ast.Attribute and (dirty or type(e.func.value) is not ast.Name):
                mark(e.func.value)
            for argument in [*e.args, *[k.value for k in e.keywords]]:
                inner = argument.value if type(argument) is ast.Starred else argument
                mark(inner)
                plain = plain and inner is argument and not isinstance(inner, _COMPREHENSIONS + (ast.Lambda,)) and not (
                    type(inner) is ast.Call and type(inner.func) is ast.Name and inner.func.id in ITERATORS)
            if not plain:
                if not (type(e.func) is ast.Name and e.func.id in PLAIN_CALLS | ITERATORS):
                    dirty = True
                if not whole and not (type(e.func) is ast.Name and e.func.id in ITERATORS):
                    e.mark = next(marks)
        elif kind is ast.Attribute:
            if type(e.value) is not ast.Name:
                mark(e.value)
            if not whole:
                e.mark = next(marks)
        elif kind is ast.Subscript:
            simple = type(e.value) is ast.Name and type(e.slice) in (ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Subscript)
            if type(e.value) is not ast.Name:
                mark(e.value)
            for part in (e.slice.lower, e.slice.upper, e.slice.step) if type(e.slice) is ast.Slice else (e.slice,):
                if part is not None:
                    mark(part)
            if not whole and (dirty or not simple):
                e.mark = next(marks)
        elif kind in _COMPREHENSIONS or kind is ast.JoinedStr:
            if dirty:
                e.late = True  # the variables may be others by now
            dirty = True
            if not whole and kind is not ast.GeneratorExp:
                e.mark = next(marks)
        elif kind in (ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.NamedExpr,
                      ast.Starred):
            children = [e.test, e.body, e.orelse] if kind is ast.IfExp else [e.value] if kind is ast.NamedExpr else ast.iter_child_nodes(e)
            for child in children:
                if isinstance(child, ast.expr):
                    mark(child)

    kind = type(node)
    if kind in (ast.If, ast.While, ast.Assert):
        mark(node.test)
    elif kind is ast.Return:
        if node.value:
            mark(node.value, True)
    elif kind is ast.Match:
        mark(node.subject)
    elif kind in (ast.Assign, ast.AnnAssign, ast.AugAssign):
        targets = node.targets if kind is ast.Assign else [node.target]
        if node.value and type(targets[0]) is not ast.Tuple:
            mark(node.value, kind is not ast.AugAssign and len(targets) == 1 and type(targets[0]) is ast.Name)
        if len(targets) == 1 and type(targets[0]) in (ast.Subscript, ast.Attribute):
            if type(getattr(targets[0], "slice", None)) not in (type(None), ast.Slice):
                mark(targets[0].slice)
            if type(node.value) is not ast.Constant and not hasattr(node.value, "mark"):
                node.value.mark = next(marks)  # where the target's own text does not show it
    elif kind is ast.Expr and type(node.value) is ast.Call:
        call = node.value
        if type(call.func) is ast.Attribute or type(call.func) is ast.Name and call.func.id == "print":
            for argument in call.args:
                mark(argument.value if type(argument) is ast.Starred else argument)


class _Look(ast.NodeTransformer):
    """Marked expressions report their values: `f(x)` becomes `__see__(7, f(x))`. Except clauses for RecursionError call __handled__."""
    def visit(self, node):
        self.generic_visit(node)
        if isinstance(node, ast.ExceptHandler) and _may_catch_recursion(node):
            hook = ast.parse("try: __handled__()\nexcept RecursionError: pass").body[0]  # no room for the call: as it was
            for part in ast.walk(hook):
                _place(part, node.line, 0)
            node.body.insert(0, hook)
        if not hasattr(node, "mark"):
            return node
        hook = ast.copy_location(ast.Name("__see__", ast.Load()), node)
        return ast.copy_location(ast.Call(hook, [ast.copy_location(ast.Constant(node.mark), node), node], []), node)


def _may_catch_recursion(handler: ast.ExceptHandler) -> bool:
    names = {n.id for n in ast.walk(handler.type) if isinstance(n, ast.Name)} if handler.type else {"BaseException"}
    return bool(names & {"RecursionError", "RuntimeError", "Exception", "BaseException"})


# ---------------------------------------------------------------------------------------------------------------------------
# Values as text.

# attributes of classes, past any metaclass
_NAME, _MRO, _SPACE, _MODULE = [type.__dict__[name].__get__ for name in ("__name__", "__mro__", "__dict__", "__module__")]
_ATOMS = frozenset((int, bool, type(None), float, str))
_FIXED = frozenset((types.FunctionType, types.BuiltinFunctionType, type, types.ModuleType,
                    types.MethodType))
_CONSTANT = _ATOMS | _FIXED  # the same object has the same text
_REPR = frozenset((complex, bytes, bytearray, range))
_LIBRARY = {("collections", "deque"): list, ("collections", "Counter"): dict, ("collections", "defaultdict"): dict,
            ("collections", "OrderedDict"): dict}
_MANY, _ROOM, _DEEP = 400, 1000, 4
_room = 0


def text_of(value) -> str:
    """A value in Python's notation where it has one (builtin values, no subclasses): [1, 'a']. Others by type and fields:
    Account(owner='Ann', balance=3), <function>. What is too long is abbreviated so that it is no Python: [0, 1 ... 98 more ... 99]."""
    global _room
    _room = _ROOM
    try:
        return _text(value, 0)
    except RecursionError:
        return "<" + _NAME(type(value)) + ">"


def _atom(value) -> str:
    kind = type(value)
    if kind is str:
        return repr(value) if len(value) < 2000 else repr(value[:2000]) + "..."
    if kind is int and value.bit_length() > 2000:
        return f"<int of {value.bit_length()} bits>"
    return repr(value)


def _text(value, depth: int) -> str:
    global _room
    kind = type(value)
    if kind in _ATOMS:
        return _atom(value)
    if kind in (list, tuple, set, frozenset, dict):
        return _items(kind, value, depth)
    if kind in _FIXED:
        return "<" + _NAME(kind) + ">"
    if kind in _REPR:
        return repr(value) if kind in (complex, range) or len(value) < 1000 else f"<{kind.__name__} of {len(value)} bytes>"
    name, module = _NAME(kind), _MODULE(kind)
    if "_member_map_" in _SPACE(kind):  # an Enum
        return f"{name}.{object.__getattribute__(value, '__dict__').get('_name_', '?')}"
    if module in ("fractions", "decimal") and name in ("Fraction", "Decimal"):
        return f"{name}({str(value)!r})" if name == "Decimal" else f"Fraction({value.numerator}, {value.denominator})"
    base = type(None)
    for base in _MRO(kind):
        known = _LIBRARY.get((_MODULE(base), _NAME(base)))
        if known and base is kind or base in (list, tuple, set, frozenset, dict, int, str, float):
            break
    else:
        known = None
    if depth >= _DEEP or _room < 0:
        return f"{name}(...)"
    if known or base in (list, set, frozenset, dict):
        if module != "__main__" and not known:
            return f"<{name}>"
        inner = _items(list if known is list else base if not known else dict, value, depth)
        if name == "defaultdict":
            return f"defaultdict({'None' if value.default_factory is None else getattr(value.default_factory, '__name__', '?')}, {inner})"
        return f"{name}({inner})"
    if base is tuple:
        fields = next((_SPACE(b)["_fields"] for b in _MRO(kind) if "_fields" in _SPACE(b)), None)
        values = list(tuple.__iter__(value))
        if type(fields) is tuple and len(fields) == len(values):
            return f"{name}(" + ", ".join([f"{f}={_text(v, depth + 1)}" for f, v in zip(fields, values)]) + ")"
        return f"{name}({_items(tuple, tuple(values), depth)})"
    if base in (int, str, float):
        plain = {int: int.__int__, str: str.__str__, float: float.__float__}[base](value)
        return f"{name}({_atom(plain)})"
    if BaseException in _MRO(kind):
        return f"{name}(" + ", ".join([_text(v, depth + 1) for v in BaseException.args.__get__(value)]) + ")"
    if module != "__main__":
        return "<" + name + ">"
    return f"{name}(" + ", ".join([f"{k}={_text(v, depth + 1)}" for k, v in _fields(value, kind)]) + ")"


def _fields(value, kind) -> list:
    """The data of an object of one of the program's own classes, without calling any of its methods."""
    global _room
    found = []
    try:
        own = object.__getattribute__(value, "__dict__")
        if type(own) is dict:
            found += [(k, v) for k, v in own.items() if type(k) is str]
    except AttributeError:
        pass
    for base in reversed(_MRO(kind)):
        for k, v in _SPACE(base).items():
            if type(v) is types.MemberDescriptorType and k[:2] != "__":
                try:
                    found.append((k, v.__get__(value)))
                except AttributeError:
                    pass
    _room -= len(found)
    return found[:40]


def _items(kind, value, depth: int) -> str:
    global _room
    size = kind.__len__(value) if kind is not list or type(value) is list else len(value)
    _room -= size
    if depth >= _DEEP:
        return "<" + kind.__name__ + ">"
    if size > _MANY or _room < 0:
        keep = 10 if _room + size > 0 else 2
        head = list(itertools.islice(iter(value) if kind is not dict else dict.items(value), keep))
        tail = list(value)[-5:] if kind in (list, tuple) and keep == 10 else []
        parts = [_text(v, depth + 1) for v in head] if kind is not dict else [
            _text(k, depth + 1) + ": " + _text(v, depth + 1) for k, v in head]
        inner = ", ".join(parts) + (f" ... {size - len(head) - len(tail)} more" if size > len(head) + len(tail) else "")
        inner += " ... " + ", ".join([_text(v, depth + 1) for v in tail]) if tail else ""
    elif kind is dict:
        return "{" + ", ".join([_text(k, depth + 1) + ": " + _text(v, depth + 1) for k, v in dict.items(value)]) + "}"
    elif kind is list and type(value) is list:
        return "[" + ", ".join([_atom(v) if type(v) in _ATOMS else _text(v, depth + 1) for v in value]) + "]"
    else:
        inner = ", ".join([_text(v, depth + 1) for v in kind.__iter__(value)] if kind is not list else [_text(v, depth + 1) for v in value])
    if kind is dict:
        return "{" + inner + "}"
    if kind is list:
        return "[" + inner + "]"
    if kind is tuple:
        return "(" + inner + ("," if size == 1 else "") + ")"
    return "{" + inner + "}" if inner and kind is set else kind.__name__ + "(" + (inner and "{" + inner + "}") + ")"


def _message(exception) -> str:
    """What str() would say, where that runs none of the program's own methods."""
    try:
        if not isinstance(exception, BaseException) or not all(type(a) in _ATOMS for a in BaseException.args.__get__(exception)):
            return ""
        if isinstance(exception, SystemExit):
            return "" if exception.code is None else str(exception.code)
        own = next(b for b in _MRO(type(exception)) if "__str__" in _SPACE(b))
        return str(exception)[:300] if own.__module__ == "builtins" else ""
    except Exception:
        return ""


# ---------------------------------------------------------------------------------------------------------------------------
# The recorder.

def difference(before: str, now: str) -> list:
    """-> [k, m, text]: now == before[:k] + text + before[len(before) - m:]. What a limit of bytes counts, and what is sent."""
    def common(a, b):
        low, high = 0, min(len(a), len(b))
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if a[:middle] == b[:middle] else (low, middle - 1)
        return low
    k = common(before, now)
    m = common(before[k:][::-1], now[k:][::-1])
    return [k, m, now[k:len(now) - m]]


def whole(events: list) -> None:
    """Puts the full texts back into events that were sent as differences."""
    texts = {}
    for kind, frame, _, changes, *_ in events:
        if kind == "call":
            texts[frame] = {}
        known = texts.setdefault(frame, {})
        for name, now in changes.items():
            if type(now) is list:
                before = known[name]
                now = changes[name] = before[:now[0]] + now[2] + before[len(before) - now[1]:]
            known[name] = now


class Limit(BaseException):
    pass


class _Stdin(io.TextIOWrapper):
    """A stdin that tells what was taken from it. input() and iteration come here too."""

    def readline(self, *size):
        return self.took(super().readline(*size))

    def read(self, *size):
        return self.took(super().read(*size))


def _operations(*names) -> frozenset:
    return frozenset([opcode.opmap[name] for name in names if name in opcode.opmap])


_YIELDS = _operations("YIELD_VALUE", "RESUME")  # RESUME: where 3.13 says a yield was
_RETURNS = _YIELDS | _operations("RETURN_VALUE", "RETURN_CONST")
_MISSING = object()
_settrace = sys.settrace


class _Call:
    """A frame of the program. known: {name: (value if it cannot change, text)}; seen, read: values
    of marked expressions and input taken since its previous event."""
    __slots__ = ("number", "known", "seen", "read")

    def __init__(self, number: int):
        self.number, self.known, self.seen, self.read = number, {}, [], []


class Recorder:
    """Runs a program and tells `emit` of every event at once: it need not return from that."""

    def __init__(self, code: str, stdin: str, max_events: int, max_bytes: int, emit):
        self.max_events, self.max_bytes, self.emit = max_events, max_bytes, emit
        self.calls, self.calls_made, self.events = {}, 0, 0   # {frame: _Call}
        self.last = ("", None)                            # kind and frame of the last event
        self.used = self.printed = 0                      # bytes of values, of stdout
        self.over, self.switched = "", False              # a limit; tracing was switched off
        self.globals_used, self.globals_seen, self.repeats = {}, {}, {}
        tree, statements, marked = number(code)
        handlers = [s for s in statements.values() if isinstance(s, ast.ExceptHandler)]
        if marked or any(map(_may_catch_recursion, handlers)):
            tree = _Look().visit(tree)
        self.program = compile(tree, "<program>", "exec", dont_inherit=True)
        self.out = io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogateescape", newline="\n",
                                    write_through=True)
        self.stdin = _Stdin(io.BytesIO(stdin.encode("utf-8", "surrogateescape")), "utf-8",
                            "surrogateescape")
        self.stdin.took = self.took

    def said(self, start: int = 0) -> str:
        return self.out.buffer.getvalue()[start:].decode("utf-8", "replace")

    def took(self, text: str) -> str:
        """Text was taken from stdin: by the innermost frame of the program."""
        frame = sys._getframe(1)
        while frame is not None and frame not in self.calls:
            frame = frame.f_back
        if frame is not None:
            self.calls[frame].read.append(text)
        return text

    def see(self, mark: int, value):
        """What a marked expression came to."""
        call = self.calls.get(sys._getframe(1))
        if call is not None:
            call.seen.append([mark, text_of(value)])
        return value

    def note(self, kind: str, frame, extra=None, value: str = "") -> None:
        """An event, with everything that changed since the frame's previous one."""
        call = self.calls.get(frame)
        if call is None:
            call = self.calls[frame] = _Call(self.calls_made)
            self.calls_made += 1
        changes, more = self.changes(call, frame), {}
        shared = self.shared(frame) if call.number else {}
        if shared:
            more["globals"] = shared
        if call.seen:
            more["seen"] = call.seen
            self.used += sum([len(text) for _, text in call.seen])
        if call.read:
            more["read"] = "".join(call.read)
        call.seen, call.read = [], []
        if extra is None:
            extra, length = "", self.out.buffer.tell()
            if length != self.printed:
                extra, self.printed = self.said(self.printed), length
                self.used += len(extra)
        self.events += 1
        self.last = kind, frame
        self.emit([kind, call.number, frame.f_lineno, changes, extra, value, more or None])
        if self.events > self.max_events:
            self.over = self.over or f"more than {self.max_events:,} events"
        elif self.used > self.max_bytes:
            self.over = self.over or f"more than {self.max_bytes:,} bytes of values"
        if self.over:
            self.emit(self.over)
            raise Limit

    def changes(self, call: _Call, frame) -> dict:
        """{name: text, or difference() to the text before, or None for one that is gone}"""
        # 3.12 mixes up names of comprehensions in the module's f_locals
        variables = self.space if frame.f_code is self.program else frame.f_locals
        known, changes = call.known, {}
        for name, held in variables.items():
            before = known.get(name)
            if before is not None and before[0] is held or name[:2] == "__":
                continue
            text = text_of(held)
            if before is None or before[1] != text:
                changes[name] = self.sent(text, before)
                if call.number == 0:
                    self.globals_seen[name] = _MISSING, text
            known[name] = held if type(held) in _CONSTANT else _MISSING, text
        for name in [name for name in known if name not in variables]:
            changes[name] = None
            del known[name]
        return changes

    def sent(self, text: str, before):
        """The text, or what is new of a long one. Counts it."""
        if before is None or len(text) < 200:
            self.used += len(text)
            return text
        new = difference(before[1], text)
        self.used += len(new[2])
        return new

    def shared(self, frame) -> dict:
        """Variables of the module that this function uses, where their text has changed."""
        space, code, changes = frame.f_globals, frame.f_code, {}
        size, names = self.globals_used.get(code, (0, ()))
        if size != len(space):
            names = [name for name in code.co_names if name in space and name[:2] != "__"]
            self.globals_used[code] = len(space), names
        for name in names:
            held, before = space.get(name, _MISSING), self.globals_seen.get(name)
            if before is not None and before[0] is held or held is _MISSING:
                continue
            if type(held) in _FIXED:
                continue
            text = text_of(held)
            if before is None or before[1] != text:
                self.sent(text, before)
                changes[name] = text
            self.globals_seen[name] = held if type(held) in _ATOMS else _MISSING, text
        return changes

    # Trace functions: the program must not notice if they fail.

    def watch(self, frame, event: str, argument):
        """Follows calls of the program. Without stack left to record, tracing pauses until
        handled()."""
        try:
            _check_stack()
            code = frame.f_code
            if code.co_filename != "<program>" or (
                    code.co_name[0] == "<" and code.co_name != "<module>"):
                return None
            self.note("resume" if frame in self.calls else "call", frame,
                      code.co_qualname.rpartition("<locals>.")[2])
            return self.inside
        except BaseException as problem:
            return self.failed(problem)

    def inside(self, frame, event: str, argument):
        """Follows what happens in a call."""
        try:
            if event == "line":
                if not (_INLINED and self.is_repeated(frame)):
                    self.note("line", frame)
            elif event == "return":
                self.returned(frame, argument)
            elif event == "exception":
                self.note("exception", frame, _NAME(argument[0]), _message(argument[1]))
            return self.inside
        except BaseException as problem:
            return self.failed(problem)

    def failed(self, problem) -> None:
        if not isinstance(problem, RecursionError):
            self.over = self.over or "the recorder failed: " + _NAME(type(problem))
        _settrace(None)

    def returned(self, frame, value) -> None:
        code, place = frame.f_code.co_code, frame.f_lasti
        operation = code[place] if 0 <= place < len(code) else -1
        if frame.f_code.co_flags & 0x2A0 and operation in _YIELDS and (  # generators, coroutines
                self.last != ("exception", frame)):
            self.note("yield", frame, None, text_of(value))
            return
        unwound = value is None and operation not in _RETURNS
        self.note("return", frame, None, "" if unwound else text_of(value))
        self.calls.pop(frame, None)

    def is_repeated(self, frame) -> bool:
        """Is it a line event from within a comprehension, which has no frame of its own?"""
        code = frame.f_code
        if code not in self.repeats:
            places = enumerate(code.co_positions())
            self.repeats[code] = {2 * k for k, place in places if place[2] == 1}
        return frame.f_lasti in self.repeats[code]

    def handled(self) -> None:
        """Called at the head of except clauses that may have caught a RecursionError: goes on
        recording if that had stopped it."""
        if sys.gettrace() is not None or self.switched or self.over:
            return
        try:
            frame, problem = sys._getframe(1), sys.exc_info()[1]
            self.note("exception", frame, _NAME(type(problem)), _message(problem))
            self.note("line", frame)
            while frame is not None and frame.f_code.co_filename == "<program>":
                frame.f_trace, frame = self.inside, frame.f_back
            _settrace(self.watch)
        except RecursionError:
            pass

    def switch(self, function) -> None:
        """What the program finds as sys.settrace."""
        self.switched = True
        _settrace(function)

    def run(self) -> dict:
        """-> {stdout, error, status, complete, reason, ending}"""
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        self.space = main.__dict__
        builtins.__see__, builtins.__handled__, sys.settrace = self.see, self.handled, self.switch
        sys.stdin, sys.stdout = self.stdin, self.out
        status, error, ending = "OK", "", ""
        try:
            _settrace(self.watch)
            try:
                exec(self.program, self.space)
            finally:
                _settrace(None)
        except Limit:
            pass
        except SystemExit as stop:
            if stop.code not in (None, 0):
                status, error = "ERROR", "SystemExit"
        except BaseException as problem:
            status, error, ending = "ERROR", _NAME(type(problem)), _message(problem)
        if self.over:
            return _result(self.said(), error, "LIMIT", False, self.over, "")
        ended = self.last[0] == "return" and self.last[1].f_code is self.program
        if error == "RecursionError" and not self.switched:
            # nobody caught it, so nothing happened after the last event
            ended = ended or self.printed == self.out.buffer.tell()
        reason = "the program switched tracing off" if self.switched else "the stack was full"
        return _result(self.said(), error, status, ended, "" if ended else reason, ending)


def _check_stack(frames: int = 4) -> None:
    """Raises RecursionError where the stack is so full that not even settrace could be called."""
    if frames:
        _check_stack(frames - 1)


def _result(stdout, error, status, complete, reason, ending) -> dict:
    return {"stdout": stdout, "error": error, "status": status, "complete": complete,
            "reason": reason, "ending": ending}


class _Channel:
    """Sends one JSON line an event to whoever runs the sandbox: the first ones one by one, so that a
    crash loses nothing of a short run, then in batches."""

    def __init__(self):
        self.waiting, self.count, self.file = [], 0, os.dup(1)
        os.dup2(2, 1)  # what the program writes past sys.stdout must not mix with ours

    def emit(self, item) -> None:
        """An event, or the reason to stop at once."""
        if type(item) is str:
            self.end({"status": "LIMIT", "reason": item})
        self.waiting.append(json.dumps(item).encode() + b"\n")
        self.count += 1
        if self.count < 200 or self.count % 100 == 0:
            self.send()

    def send(self) -> None:
        data, self.waiting = b"".join(self.waiting), []
        while data:
            data = data[os.write(self.file, data):]

    def end(self, result: dict) -> None:
        self.waiting.append(json.dumps(result).encode() + b"\n")
        self.leave(0)

    def leave(self, status: int, leave=os._exit) -> None:
        """What the program finds as os._exit."""
        self.send()
        leave(status)


def serve(job: str) -> None:
    """The recorder's main program inside the sandbox."""
    channel = _Channel()
    os._exit = channel.leave
    sys.setrecursionlimit(sys.getrecursionlimit() + FRAMES_BELOW)
    try:
        recorder = Recorder(**json.loads(job), emit=channel.emit)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        channel.end(_result("", "SyntaxError", "ERROR", True, "", str(problem)))
    result = recorder.run()
    try:
        import atexit
        import threading
        threading._shutdown()
        atexit._run_exitfuncs()
    finally:
        if isinstance(getattr(sys.stdout, "buffer", None), io.BytesIO):
            result["stdout"] = sys.stdout.buffer.getvalue().decode("utf-8", "replace")
        channel.end(result)
