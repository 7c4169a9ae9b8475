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
from functools import lru_cache

PLAIN_CALLS = frozenset("abs len int str float bool max min sum ord chr round sorted list tuple set dict divmod repr any all".split())
ITERATORS = frozenset("range zip enumerate reversed map filter iter".split())
_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")
_INLINED = sys.version_info >= (3, 12)  # comprehensions have no frame of their own any more
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SIMPLE = frozenset((ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return, ast.Continue, ast.Break, ast.Pass, ast.Raise,
                     ast.Assert, ast.Delete, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal))
_WITH_VALUES = frozenset((ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return, ast.If, ast.While, ast.Assert, ast.Match))


@lru_cache(maxsize=16)
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
_FIXED = frozenset((types.FunctionType, types.BuiltinFunctionType, type, types.ModuleType, types.MethodType))
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


class _Reading:
    """A stdin that tells what was taken from it. input() and iteration come here too."""
    took = staticmethod(lambda text: text)

    def readline(self, *size):
        return self.took(super().readline(*size))

    def read(self, *size):
        return self.took(super().read(*size))


class _Stdin(_Reading, io.StringIO):
    pass


class _JailedStdin(_Reading, io.TextIOWrapper):
    pass


_YIELDS, _RETURNS = [frozenset(opcode.opmap[name] for name in names if name in opcode.opmap) for names in (
    ("YIELD_VALUE", "RESUME"), ("RETURN_VALUE", "RETURN_CONST", "YIELD_VALUE", "RESUME"))]  # RESUME: where 3.13 says a yield was


def run_traced(code: str, stdin: str, max_events: int, max_bytes: int, emit=None) -> dict:
    """Run and record -> {events, stdout, error, status, complete, reason}. emit(event) is told of every event at once, then
    emit(reason) if a limit is hit; it need not return from that."""
    try:
        program, statements, marked = number(code)
        caught = emit is not None and any(isinstance(s, ast.ExceptHandler) and _may_catch_recursion(s) for s in statements.values())
        if marked or caught:
            program = _Look().visit(number.__wrapped__(code)[0])  # a tree of its own: the narrator reads the other
        program = compile(program, "<program>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        return {"events": [], "stdout": "", "error": "SyntaxError", "status": "ERROR", "complete": True, "reason": "",
                "ending": str(problem)}

    events, frames, count, used, printed, over, switched, settrace = [], {}, 0, 0, 0, "", False, sys.settrace
    jailed, missing = emit is not None, object()
    opcodes, skips, globals_used, globals_seen = {}, {}, {}, {}
    space = {"__name__": "__main__"}
    if jailed:
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        space = main.__dict__
        out = io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogateescape", newline="\n", write_through=True)
    else:
        out = io.StringIO()

    def said():
        return out.buffer.getvalue().decode("utf-8", "replace") if jailed else out.getvalue()

    def took(line):
        """Text was taken from stdin: by the innermost frame of the program."""
        frame = sys._getframe(2)
        while frame is not None and frame not in frames:
            frame = frame.f_back
        if frame is not None:
            frames[frame][4].append(line)
        return line

    def see(mark, value):
        entry = frames.get(sys._getframe(1))
        if entry is not None:
            entry[3].append([mark, text_of(value)])
        return value

    def result(status, error, complete, reason="", ending=""):
        return {"events": events, "stdout": said(), "error": error, "status": status, "complete": complete, "reason": reason,
                "ending": ending}

    def note(kind, frame, extra=None, value=""):
        """Add an event with everything that changed since the frame's previous one."""
        nonlocal used, printed, over, count
        entry = frames.get(frame)
        variables = frame.f_locals if frame.f_code is not program else space  # 3.12 mixes up names of comprehensions there
        if entry is None:
            entry = frames[frame] = [count, {}, sum(name[:2] == "__" for name in variables), [], []]
            count += 1
        seen, changes, short, more = entry[1], {}, {}, None
        for name, held in variables.items():
            before = seen.get(name)
            if before is not None and before[0] is held or name[:2] == "__":
                continue
            kept = type(held)
            if kept in _ATOMS:
                now, kept = _atom(held), held
            else:
                kept, now = held if kept in _FIXED else missing, text_of(held)
            if before is None or before[1] != now:
                changes[name] = now
                short[name] = now if before is None or len(now) < 200 else difference(before[1], now)
                used += len(short[name] if type(short[name]) is str else short[name][2])
            seen[name] = kept, now
        if len(seen) + entry[2] != len(variables):
            for name in [name for name in seen if name not in variables]:
                changes[name] = short[name] = None
                del seen[name]
        if entry[0]:
            space_now, code_now = frame.f_globals, frame.f_code
            names = globals_used.get(code_now)
            if names is None or names[0] != len(space_now):
                names = globals_used[code_now] = len(space_now), [n for n in code_now.co_names if n in space_now and n[:2] != "__"]
            for name in names[1]:
                held, before = space_now.get(name, missing), globals_seen.get(name)
                if before is not None and before[0] is held or held is missing or type(held) in _FIXED:
                    continue
                now = text_of(held)
                if before is None or before[1] != now:
                    more = more or {"globals": {}}
                    more["globals"][name] = now
                    used += len(now) if before is None or len(now) < 200 else len(difference(before[1], now)[2])
                globals_seen[name] = (held if type(held) in _ATOMS else missing), now
        else:
            for name, now in changes.items():
                globals_seen[name] = missing, now
        if entry[3] or entry[4]:
            more = more or {}
            if entry[3]:
                more["seen"] = entry[3]
                used += sum(len(seen_text) for _, seen_text in entry[3])
                entry[3] = []
            if entry[4]:
                more["read"] = "".join(entry[4])
                entry[4] = []
        if extra is None:
            extra, length = "", out.buffer.tell() if jailed else out.tell()
            if length != printed:
                extra = out.buffer.getvalue()[printed:length].decode("utf-8", "replace") if jailed else out.getvalue()[printed:length]
                printed = length
                used += len(extra)
        event = [kind, entry[0], frame.f_lineno, changes, extra, value, more]
        events.append(event)
        if emit is not None:
            emit([kind, entry[0], frame.f_lineno, short, extra, value, more])
        if len(events) > max_events or used > max_bytes:
            over = over or (f"more than {max_events:,} events" if len(events) > max_events else f"more than {max_bytes:,} bytes of values")
        if over:
            if emit is not None:
                emit(over)
            raise Limit

    def room(frames=4):
        """Raises RecursionError where the stack is so full that not even settrace could be called."""
        return frames == 0 or room(frames - 1)

    def safely(function):
        """A trace function whose own failure does not reach the program. Without stack left to record, tracing pauses until handled()."""
        def guarded(frame, event, argument):
            nonlocal over
            try:
                if event == "call":
                    room()
                return function(frame, event, argument)
            except RecursionError:
                settrace(None)
            except BaseException as problem:
                over = over or "the recorder failed: " + _NAME(type(problem))
                settrace(None)
        return guarded

    def handled():
        """Called at the head of except clauses that may have caught a RecursionError: goes on recording if that had stopped it."""
        if sys.gettrace() is None and not switched and not over:
            try:
                frame, problem = sys._getframe(1), sys.exc_info()[1]
                note("exception", frame, _NAME(type(problem)), _message(problem))
                note("line", frame)
                while frame is not None and frame.f_code.co_filename == "<program>":
                    frame.f_trace, frame = local, frame.f_back
                settrace(tracer)
            except RecursionError:
                pass

    def switch(function):
        nonlocal switched
        switched = True
        settrace(function)

    def opcode_at(frame):
        code_now = frame.f_code
        binary = opcodes.get(code_now)
        if binary is None:
            binary = opcodes[code_now] = code_now.co_code
        return binary[frame.f_lasti] if 0 <= frame.f_lasti < len(binary) else -1

    def local(frame, event, argument):
        if event == "line":
            if _INLINED:
                skip = skips.get(frame.f_code)
                if skip is None:
                    skip = skips[frame.f_code] = {2 * k for k, place in enumerate(frame.f_code.co_positions()) if place[2] == 1}
                if skip and frame.f_lasti in skip:
                    return local
            note("line", frame)
        elif event == "return":
            last = events[-1] if events else None
            if frame.f_code.co_flags & 0x2A0 and opcode_at(frame) in _YIELDS and not (  # generator, coroutine, async generator
                    last is not None and last[0] == "exception" and frame in frames and last[1] == frames[frame][0]):
                note("yield", frame, None, text_of(argument))
            else:
                unwound = argument is None and opcode_at(frame) not in _RETURNS
                note("return", frame, None, "" if unwound else text_of(argument))
                frames.pop(frame, None)
        elif event == "exception":
            note("exception", frame, _NAME(argument[0]), _message(argument[1]))
        return local

    def tracer(frame, event, argument):
        name = frame.f_code.co_name
        if frame.f_code.co_filename != "<program>" or name[0] == "<" and name != "<module>":
            return None
        note("resume" if frame in frames else "call", frame, frame.f_code.co_qualname.rpartition("<locals>.")[2])
        return local

    if jailed:
        local, tracer = safely(local), safely(tracer)
        builtins.__handled__, sys.settrace = handled, switch
    builtins.__see__ = see
    keep, status, error, ending = (sys.stdin, sys.stdout), "OK", "", ""
    sys.stdin = _JailedStdin(io.BytesIO(stdin.encode("utf-8", "surrogateescape")), "utf-8", "surrogateescape") if jailed else _Stdin(stdin)
    sys.stdin.took = took
    sys.stdout = out
    try:
        settrace(tracer)
        try:
            exec(program, space)
        finally:
            settrace(None)
    except Limit:
        return result("LIMIT", "", False, over)
    except SystemExit as stop:
        status, error = ("OK", "") if stop.code in (None, 0) else ("ERROR", "SystemExit")
    except BaseException as exception:
        status, error, ending = "ERROR", _NAME(type(exception)), _message(exception)
    finally:
        if not jailed:
            sys.stdin, sys.stdout = keep
    if over:
        return result("LIMIT", error, False, over)
    ended = any(e[0] == "return" and e[1] == 0 for e in events[-1:])
    if error == "RecursionError" and not switched:  # nobody caught it, so nothing happened after the last event
        ended = ended or "".join([e[4] for e in events if e[0] in ("line", "return", "yield")]) == said()
    reason = "" if ended else "the program switched tracing off" if switched else "the stack was full"
    return result(status, error, ended, reason, ending)


def serve(job: str) -> None:
    """The recorder's main program inside the sandbox: one JSON line an event (the first one by one, so that a crash loses nothing of a
    short run, then in batches), then one for the result without its events."""
    job, waiting, count, channel = json.loads(job), [], 0, os.dup(1)
    os.dup2(2, 1)  # what the program writes past sys.stdout must not mix with ours; the sandbox throws stderr away

    def send(final=b""):
        data, waiting[:] = b"".join(waiting) + final, []
        while data:
            data = data[os.write(channel, data):]

    def emit(event):
        nonlocal count
        if type(event) is str:
            send(json.dumps({"status": "LIMIT", "reason": event}).encode() + b"\n")
            leave(0)
        waiting.append(json.dumps(event).encode() + b"\n")
        count += 1
        if count < 200 or count % 100 == 0:
            send()

    leave = os._exit
    sys.setrecursionlimit(sys.getrecursionlimit() + 3 + (not _INLINED))  # so many frames more than in an untraced run lie below the program

    def exit_now(status):
        send()
        leave(status)

    os._exit = exit_now
    ended = run_traced(**job, emit=emit)
    try:
        import atexit
        import threading
        threading._shutdown()
        atexit._run_exitfuncs()
    finally:
        if hasattr(sys.stdout, "buffer") and isinstance(sys.stdout.buffer, io.BytesIO):
            ended["stdout"] = sys.stdout.buffer.getvalue().decode("utf-8", "replace")
        del ended["events"]
        send(json.dumps(ended).encode() + b"\n")
        leave(0)
