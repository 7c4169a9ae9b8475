"""What happened? Records a run, statement by statement. This file travels into the sandbox as
source, so it imports nothing of ours.

    number(code)      # names every statement by a line of its own, marks what to look at
    Recorder(code, stdin, max_events, max_bytes, emit).run()    # emit is told of every event

Python's tracing (sys.settrace) reports lines, not statements. So the program is compiled from a
syntax tree in which every statement has a line of its own: two statements on one line become two
lines, a statement over five lines becomes one. Values are kept as text at once, and no method of
the program's own classes (`__repr__` least of all) is ever called.

Events are trace.Event's, as lists. More kinds: yield, resume. More in `more`: {"globals": module
variables that this function uses, where their text changed; "seen": [[mark, text], ...] values of
marked expressions in the order of evaluation; "turns": [[text printed, text read], ...], what a
statement did before it printed again; "asked": [frame, turns], what the caller did before this
call, if it read or ended a line; of an exception "said", what was printed
before it, "at": [place, instruction], the place in ast.walk(statement), and "inner": {name: text}
of the comprehension or lambda that it comes from, if they are of this turn; "others": names that
hold another object of the same class; "torn", "failed": see _caught()}. A long text that changed is
sent as its difference() to the text before; whole() puts it back.
"""

from __future__ import annotations

import ast
import builtins
import dis
import enum
import gc
import io
import itertools
import json
import opcode
import os
import re
import sys
import threading
import types
from collections import Counter, OrderedDict
from contextlib import suppress
from os.path import commonprefix

PLAIN_CALLS = frozenset("abs len int str float bool max min sum ord chr round sorted list tuple "
                        "set dict divmod repr any all".split())
ITERATORS = frozenset("range zip enumerate reversed map filter iter".split())
ORDERED = frozenset("list tuple set str repr sum".split())  # a set's order may decide
# Operators may do anything where the program has methods for them or other modules' values.
_ODD = re.compile(r"""^\s*(?:(?:async\ )?def\ __(?!init__|repr__|str__)|@.*setter|.*property|
    (?:import|from)\ (?!(?:(?:abc|bisect|copy|functools|heapq|itertools|json|math|operator|os|re|
    random|string|sys|time|typing)(?:,\ )?)+(?:\s|$)))""", re.MULTILINE | re.VERBOSE)
_BLOCKS = "body handlers orelse finalbody cases".split()
_INLINED = sys.version_info >= (3, 12)  # comprehensions have no frame of their own any more
FRAMES_BELOW = 3 + (not _INLINED)  # so many more than in an untraced run lie below the program
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)
TAKING = "pop popitem popleft setdefault".split()
LAZY = (*COMPREHENSIONS, ast.Lambda)
PARTS = (ast.Attribute, ast.Subscript)
PATHS = (ast.Name, *PARTS)
_CATCHES = {ast.With: "with", ast.AsyncWith: "with", ast.ExceptHandler: "except",
            ast.Raise: "raise"}  # one without an exception


def number(code: str):
    """-> (syntax tree, {line: statement, except clause or case}). Raises what ast.parse raises.

    Statements that begin on a line of their own keep its number, others get one past the end of the
    source (`source` holds the true one). Within a statement the column of a node is its place in
    ast.walk, so an instruction tells whose it is. Expressions whose value the narrator cannot work
    out from the variables get an attribute `mark`, calls of Python's own functions `builtin`."""
    tree, statements = ast.parse(code), {}
    spare, marks = itertools.count(len(code.splitlines()) + 2), _Marks(tree, code)
    for node in all_statements(tree.body):
        # what it begins with: a decorator, a case's pattern, or itself
        first, *_ = *getattr(node, "decorator_list", ()), getattr(node, "pattern", node)
        node.source = node.line = first.lineno
        if node.line in statements:
            node.line = next(spare)
        statements[node.line] = node
        if isinstance(node, ast.If) and node.orelse:
            node.tries_elif = node.orelse[0].col_offset == node.col_offset
        marks.statement(node)
    for node in statements.values():  # statements within it get their own lines after it
        for place, part in enumerate(ast.walk(node)):
            _put(part, node.line, place)
    for node in ast.walk(tree) if _INLINED else ():
        if isinstance(node, COMPREHENSIONS[:3]):
            _repeat(node)
    return tree, statements


def all_statements(block: list):
    """In the order of the source."""
    for node in block:
        yield node
        for name in _BLOCKS:
            yield from all_statements(getattr(node, name, ()))


def _put(node, line: int, column: int, repeated: int = 0) -> None:
    if hasattr(node, "lineno"):
        node.lineno = node.end_lineno = line
        node.col_offset, node.end_col_offset = column, column + repeated


def _repeat(comprehension) -> None:
    """What a comprehension repeats is one column wide, where it has no frame of its own."""
    once = list(ast.walk(comprehension.generators[0].iter))
    for inner in ast.walk(comprehension):
        if inner not in once:
            _put(inner, comprehension.lineno, comprehension.col_offset, 1)


def _named(node) -> str:
    return node.id if isinstance(node, ast.Name) else ""


class _Marks:
    """Marks what must be looked at while a statement is evaluated."""

    def __init__(self, tree, code: str):
        self.marks, self.consumed = itertools.count(), set()
        self.odd = bool(_ODD.search(code))  # nothing can be worked out from texts
        nodes, own, self.delayed = list(ast.walk(tree)), set(), set()
        self.tested = set()  # seen as a value it would be asked for its truth once more
        for node in nodes:
            self.tested.update(_tested(getattr(node, "test", None)))
            if isinstance(node, (ast.With, ast.AsyncWith)) or getattr(node, "finalbody", None):
                self.delayed.update(ast.walk(node))  # returns that something comes after
            own.update([vars(node).get(field) for field in "name asname arg".split()])
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                own.add(node.id)
        for node in nodes:
            if isinstance(node, ast.Call):
                node.builtin = hasattr(builtins, _named(node.func)) and node.func.id not in own

    def mark(self, node) -> None:
        node.mark = next(self.marks)

    def statement(self, node) -> None:
        self.dirty = False  # has something been called that may have changed variables?
        tested = getattr(node, "test", getattr(node, "subject", None))
        if tested:
            self.look(tested)
            if isinstance(tested, ast.Constant):
                self.mark(tested)  # or `while True` would have no event of its own
        elif isinstance(node, ast.Return):
            self.look(node.value, True)
            if node in self.delayed and node.value:
                self.mark(node.value)
        elif isinstance(node, ASSIGNMENTS) and node.value:
            self.assignment(node)
        elif isinstance(node, ast.Delete):
            for target in node.targets:
                self.look(getattr(target, "slice", None))
            if isinstance(getattr(node.targets[-1], "value", None), PARTS):
                self.part(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            function = node.value.func
            if isinstance(function, ast.Attribute) and isinstance(
                    function.value, (*PARTS, ast.Call)):
                self.part(node.value)
            self.look(node.value, True)

    def part(self, node) -> None:
        """What it changes is told before (as mark `part`) and after (as the next one)."""
        node.part = next(self.marks)
        next(self.marks)

    def assignment(self, node) -> None:
        target, *more = getattr(node, "targets", None) or [node.target]
        grown = isinstance(node, ast.AugAssign)
        whole = isinstance(target, ast.Name) and not more and not grown
        function = getattr(node.value, "func", None)
        if whole and getattr(function, "attr", "") in TAKING and isinstance(function.value, PARTS):
            self.part(node.value)
        index = getattr(target, "slice", None)
        if grown and not isinstance(target, ast.Name):
            self.look(target.value)
            self.look(index)
        parts = isinstance(target, PARTS) and not (more or isinstance(index, ast.Slice))
        self.look(node.value, whole)
        if parts and (grown or self.odd or index and self.dirty):
            self.part(node)
        if not whole and not grown and not hasattr(node.value, "mark") and not isinstance(
                node.value, (ast.Constant, ast.Name, ast.Tuple)):
            self.mark(node.value)  # where the target's own text does not show it
        if not grown:
            self.look(getattr(target, "value", None), True)
            self.look(index)

    def look(self, expression, known: bool = False) -> None:
        """Marks its parts. known: is its own value known anyway?"""
        parts = list(evaluated(expression)) if expression else []
        skipped, early = [expression] if known else [], []
        for part in parts:
            if isinstance(part, PARTS) and isinstance(part.value, PATHS):
                skipped.append(part.value)  # a.b of a.b.c is told as it is written
            if isinstance(part, ast.Call) and (_named(part.func) in PLAIN_CALLS or getattr(
                    part.func, "attr", "") == "join"):
                self.consumed.update(part.args)  # a generator, at once
        for part in parts:
            if isinstance(part, (*COMPREHENSIONS, ast.JoinedStr)):
                part.late = self.dirty or (  # the variables may be others by now
                    isinstance(part, ast.GeneratorExp) and part not in self.consumed)
            wanted = self.may_change(part) or _tells_little(part)
            changes = self.may_change(part) and not self.only_counts(part)
            if isinstance(part, ast.Name):
                wanted = self.dirty
                early.append(part)
            if isinstance(part, ast.Call) or changes:
                early = [name for name in early if name not in ast.walk(part)]  # others are used
            for name in early if changes else ():
                name.early = True  # looked up before something else was called
            if wanted and part not in skipped and part not in self.tested:
                self.mark(part)
            self.dirty |= changes

    def may_change(self, part) -> bool:
        """May variables have other values when it has been evaluated?"""
        if isinstance(part, ast.Call):
            return not self.is_plain(part) and not _iterates(part)
        if isinstance(part, COMPREHENSIONS):
            return self.odd or any(map(self.may_change, [*ast.walk(part)][1:]))
        return isinstance(part, (ast.NamedExpr, ast.JoinedStr)) or (
            self.odd and isinstance(part, (*PARTS, ast.BinOp, ast.UnaryOp, ast.Compare)))

    def only_counts(self, call) -> bool:
        """len([x for x in xs if x > k]): a comprehension in it calls nothing either."""
        if not isinstance(call, ast.Call) or _named(call.func) not in PLAIN_CALLS or (
                self.odd or call.keywords or not call.builtin):
            return False
        return not any([self.may_change(part) or isinstance(part, (ast.Starred, ast.Lambda))
                        for argument in call.args for part in ast.walk(argument)])

    def is_plain(self, call) -> bool:
        """Does it change nothing, and can its result be told from its arguments' texts?"""
        if _named(call.func) not in PLAIN_CALLS or not call.builtin or call.keywords or self.odd:
            return False
        lazy = [a for a in call.args if isinstance(a, (ast.Starred, *LAZY)) or _iterates(a)]
        return not lazy


def _tested(e):
    """Each `not` of which only the truth counts: of `not a or not b`."""
    if isinstance(e, ast.BoolOp):
        for part in e.values:
            yield from _tested(part)
    elif isinstance(e, ast.UnaryOp) and isinstance(e.op, ast.Not):
        yield e
        yield from _tested(e.operand)


def _iterates(e) -> bool:
    return isinstance(e, ast.Call) and _named(e.func) in ITERATORS and e.builtin


def _tells_little(e) -> bool:
    """Do the texts of its parts not tell its value?"""
    return isinstance(e, (*PARTS, *COMPREHENSIONS)) or is_identity(e) or (
        isinstance(e, ast.Call) and _named(e.func) in ORDERED)


def is_identity(e) -> bool:
    """a is b: two values that are equal may be one or two."""
    return isinstance(e, ast.Compare) and isinstance(e.ops[0], (ast.Is, ast.IsNot))


def evaluated(e):
    """An expression after its parts, in the order of their evaluation; nothing of what a lambda or
    comprehension does."""
    parts = ast.iter_child_nodes(e)
    if isinstance(e, (*LAZY, ast.JoinedStr)):
        parts = ()
    elif isinstance(e, ast.NamedExpr):
        parts = [e.value]
    elif isinstance(e, ast.IfExp):
        parts = [e.test, e.body, e.orelse]
    elif isinstance(e, ast.Call):  # of xs.append, xs
        parts = [getattr(e.func, "value", None), getattr(e.func, "slice", None)]
        parts = [*filter(None, parts), *e.args, *e.keywords]
    for part in parts:
        yield from evaluated(part)
    yield e


class _Look(ast.NodeTransformer):
    """Marked expressions report their values: `f(x)` becomes `__see__(f(x), 7)`. What holds a part
    that is about to change is held: `d[k] += 1` becomes `__hold__(d)[__key__(k, 8)] += 1`."""

    def visit(self, node):
        self.generic_visit(node)
        if hasattr(node, "part"):
            self.hold(node)
        return _hook("__see__", node, node.mark) if hasattr(node, "mark") else node

    def hold(self, node) -> None:
        assigned = isinstance(node, ASSIGNMENTS)
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        target = node.func if isinstance(node, ast.Call) else targets[-1]
        key = assigned and getattr(target, "slice", None)
        how = [] if key else [node.part, target.attr if assigned else ""]
        target.value = _hook("__hold__", target.value, *how)
        if key:
            target.slice = _hook("__key__", key, node.part)


def _hook(name: str, node, *arguments):
    """A call of ours around an expression."""
    call = ast.Call(ast.Name(name, ast.Load()), [node, *map(ast.Constant, arguments)], [])
    for part in (call, call.func, *call.args[1:]):
        ast.copy_location(part, node)
        part.end_col_offset = part.col_offset  # not repeated, though a comprehension is
    return call


# ------------------------------------------------------------------------------------------------
# Values as text.

# attributes of classes, past any metaclass
_NAME, _MRO, _SPACE, _MODULE = [
    type.__dict__[name].__get__ for name in "__name__ __mro__ __dict__ __module__".split()]
_OVER = type.__subclasscheck__  # _OVER(list, kind): asks no metaclass either
_ATOMS = frozenset((int, bool, type(None), float, str, complex, range, type(...),
                    type(NotImplemented)))
_FIXED = frozenset((types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType,
                    type, types.ModuleType, types.MethodType, type(re.compile("").match)))
_KINDS = {types.ModuleType: "module", types.MethodType: "method", type: "class"}
_VIEWS = frozenset(map(type, ({}.keys(), {}.values(), {}.items())))
_PRINTED = frozenset([("datetime", name) for name in (
    "date", "time", "datetime", "timedelta", "timezone")] + [
    ("re", "Pattern"), ("decimal", "Decimal"), ("fractions", "Fraction")])
_CONSTANT = _ATOMS | _FIXED  # the same object has the same text
_GROUPS, _PLAIN = frozenset((list, tuple, set, frozenset, dict)), frozenset((int, str, float))
_LIBRARY = {("collections", "deque"): list, ("collections", "Counter"): dict,
            ("collections", "defaultdict"): dict, ("collections", "OrderedDict"): dict}
_HOLDERS = {("collections", "UserDict"): "data", ("collections", "UserList"): "data",
            ("collections", "ChainMap"): "maps", **dict.fromkeys(
                [("queue", name) for name in ("Queue", "LifoQueue", "PriorityQueue")], "queue")}
_MANY, _ROOM, _DEEP = 400, 1000, 4
_MISSING, _BUILTINS = object(), vars(builtins)


def text_of(value) -> str:
    """A value in Python's notation where it has one (builtin values, no subclasses): [1, 'a'].
    Others by type and fields: Account(owner='Ann', balance=3), <function>. What is too long is
    abbreviated so that it is no Python: [0, 1 ... 98 more ... 99]."""
    if type(value) in _ATOMS:
        return _atom(value)
    try:
        return _Writer().text(value, 0)
    except RecursionError:
        return f"<{_NAME(type(value))}>"


def _atom(value) -> str:
    if type(value) is str and len(value) >= 2000:
        return repr(value[:2000]) + "..."
    if type(value) is int and value.bit_length() > 2000:
        return f"<int of {value.bit_length()} bits>"
    return repr(value)


def _fixed(kind, value) -> str:
    """<function main>, <class Account>, <module math>"""
    name = _NAME(value) if kind is type else getattr(value, "__name__", "?")
    return name if name == "<lambda>" else f"<{_KINDS.get(kind, 'function')} {name}>"


class _Writer:
    """Writes one value; `room`: for so many more items; `around`: ids of the kinds of objects
    around, for what links to others of its kind is written to one level, and of the containers
    around, for what holds itself is written [...], as Python does."""

    def __init__(self):
        self.room, self.around = _ROOM, []

    def text(self, value, depth: int) -> str:
        kind = type(value)
        if kind in _ATOMS:
            return _atom(value)
        if value is _BUILTINS:  # exec puts it there
            return "<dict>"
        if kind in _GROUPS:
            return self.items(kind, value, depth)
        if kind in _FIXED:
            return _fixed(kind, value)
        if kind is slice:
            return f"slice({self.listed(tuple, (value.start, value.stop, value.step), depth)})"
        if kind in _VIEWS:
            return f"{_NAME(kind)}({self.items(list, list(value), depth)})"
        if kind is bytes or kind is bytearray:
            short = len(value) < 1000
            return repr(value) if short else f"<{kind.__name__} of {len(value)} bytes>"
        name, module = _NAME(kind), _MODULE(kind)
        if module != "__main__" and vars(sys.modules.get(module, builtins)).get(name) is not kind:
            module = ""  # a class of the program that calls itself a library's
        if (module, name) in _PRINTED and (
                _MODULE(type(getattr(value, "tzinfo", None))) in ("builtins", "datetime")):
            return repr(value).removeprefix("datetime.")
        if (module, name) == ("array", "array") and len(value) < _MANY:
            return repr(value)
        field = _HOLDERS.get((module, name))
        if field and field in vars(value):
            return f"{name}({self.text(vars(value)[field], depth + 1)})"
        if (module, name) == ("_io", "StringIO"):
            return f"StringIO({'' if value.closed else _atom(value.getvalue())})"
        if _OVER(type, kind):
            return _fixed(type, value)
        if "_member_map_" in _SPACE(kind):  # an Enum
            called = object.__getattribute__(value, "__dict__").get("_name_")
            if not called:
                return f"<{name}>"
            flags = [part if part[:1].isdigit() else f"{name}.{part}" for part in called.split("|")]
            return f"({' | '.join(flags)})" if len(flags) > 1 else flags[0]
        return self.other(value, kind, name, module, depth)

    def other(self, value, kind, name: str, module: str, depth: int) -> str:
        """Objects, and subclasses of builtin types."""
        base = group = _LIBRARY.get((module, name))
        for parent in _MRO(kind) if not group else ():
            if parent in _GROUPS or parent in _PLAIN:
                base = parent
                break
        if depth >= _DEEP or self.room < 0 or id(kind) in self.around:
            return f"{name}(...)"
        named = base is tuple and self.named_tuple(value, kind, depth)
        if named:
            return name + named
        if base in _GROUPS:
            if module != "__main__" and not group:
                return f"<{name}>"
            inner = self.items(base, value, depth)
            if group and name == "defaultdict":
                made = value.default_factory
                inner = f"{_NAME(made) if type(made) is type else text_of(made)}, {inner}"
            if group and name == "deque" and value.maxlen is not None:
                inner += f", maxlen={value.maxlen}"
            return f"{name}({inner})"
        if base:
            plain = {int: int.__int__, str: str.__str__, float: float.__float__}[base](value)
            return f"{name}({_atom(plain)})"
        if _OVER(BaseException, kind):
            arguments = BaseException.args.__get__(value)
            return f"{name}({', '.join([self.text(part, depth + 1) for part in arguments])})"
        if module != "__main__":
            return f"<{name}>"
        self.around.append(id(kind))
        text = name + self.fields(_fields(value, kind), depth)
        self.around.pop()
        return text

    def fields(self, pairs: list, depth: int) -> str:
        self.room -= len(pairs)
        return f"({', '.join([f'{k}={self.text(v, depth + 1)}' for k, v in pairs[:40]])})"

    def named_tuple(self, value, kind, depth: int) -> str:
        values = tuple(tuple.__iter__(value))
        for parent in _MRO(kind):
            names = _SPACE(parent).get("_fields")
            if type(names) is tuple and len(names) == len(values):
                return self.fields(list(zip(names, values)), depth)
        return ""

    def items(self, kind, value, depth: int) -> str:
        own = isinstance(value, kind)  # a deque is written as a list
        walk = _pairs if kind is dict else kind.__iter__ if own else iter
        size, tail = kind.__len__(value) if own else len(value), []
        keep = size
        self.room -= size
        if depth >= _DEEP:
            return f"<{kind.__name__}>"
        if size > _MANY or self.room < 0:
            keep = 10 if self.room + size > 0 else 2
            if kind in (list, tuple) and keep == 10:
                tail = list(walk(value))[-5:]
        if id(value) in self.around:
            return {list: "[...]", tuple: "(...)"}.get(kind, "{...}")
        self.around.append(id(value))
        inner = self.listed(kind, itertools.islice(walk(value), keep), depth)
        self.around.pop()
        if size > keep + len(tail):
            inner += f" ... {size - keep - len(tail)} more"
        if tail:
            inner += " ... " + self.listed(kind, tail, depth)
        if kind is list:
            return f"[{inner}]"
        if kind is tuple:
            return f"({inner}{',' * (size == 1)})"
        if kind is dict or inner and kind is set:
            return f"{{{inner}}}"
        return f"{kind.__name__}({inner and f'{{{inner}}}'})"

    def listed(self, kind, values, depth: int) -> str:
        if kind is dict:
            return ", ".join([f"{self.text(k, depth + 1)}: {self.text(v, depth + 1)}"
                              for k, v in values])
        return ", ".join([self.text(value, depth + 1) for value in values])


def _pairs(value):
    """The items of a dict; of an OrderedDict in its own order, where none of the program's methods
    is needed for that, of a Counter as it is printed: the most common first."""
    if type(value) is Counter and {*map(type, value.values())} <= {int, float}:
        return sorted(value.items(), key=lambda pair: -pair[1])
    if not _OVER(OrderedDict, type(value)) or not all(
            [type(key) in _ATOMS for key in dict.__iter__(value)]):
        return dict.items(value)
    keys = dict.fromkeys(OrderedDict.__iter__(value)) | dict.fromkeys(dict.__iter__(value))
    return [(key, dict.get(value, key)) for key in keys]


def _fields(value, kind) -> list:
    """The data of an object of the program's own classes, without calling any of its methods."""
    try:
        own = object.__getattribute__(value, "__dict__")
        found = [pair for pair in own.items() if type(pair[0]) is str and (
            pair[0] != "__orig_class__")] if type(own) is dict else []
    except AttributeError:
        found = []
    for parent in reversed(_MRO(kind)):
        space = _SPACE(parent)
        given = space.get("__slots__")  # in this order, the space has them sorted
        order = [*given] if type(given) in (tuple, list, dict) and _is_plain(given) else []
        for name in dict.fromkeys([*order, *space]) if order else space:
            if type(space.get(name)) is types.MemberDescriptorType and name[:2] != "__":
                try:
                    found.append((name, space[name].__get__(value)))
                except AttributeError:
                    pass
    return [(_as_written(name, map(_NAME, _MRO(kind))), held) for name, held in found]


def _as_written(name: str, classes) -> str:
    """_Account__balance is __balance to who writes the class."""
    for parent in classes if name[:1] == "_" else ():
        prefix = f"_{parent.lstrip('_')}__"
        if name.startswith(prefix):
            return name[len(prefix) - 2:]
    return name


def _itself(holder, _):
    return holder


def _is_key(key) -> bool:
    """Has it a text, and does looking it up run none of the program's own methods?"""
    for name, library in ("__hash__", enum.Enum), ("__eq__", object):
        owner = next(parent for parent in _MRO(type(key)) if name in _SPACE(parent))
        if owner not in _ATOMS and owner not in (tuple, library):
            return False
    return not _OVER(tuple, type(key)) or all(map(_is_key, tuple.__iter__(key)))


def _item(holder, key):
    """holder[key], where that runs none of the program's own methods and changes nothing."""
    kind = type(holder)
    group = kind if kind in _GROUPS else _LIBRARY.get((_MODULE(kind), _NAME(kind)))
    if not _is_key(key):
        return _MISSING
    if group is list and type(key) is int and -len(holder) <= key < len(holder):
        return holder[key]
    if group is not dict:
        return _MISSING
    found = dict.get(holder, key, _MISSING)
    made = int if _NAME(kind) == "Counter" else getattr(holder, "default_factory", None)
    return made() if found is _MISSING and made in _ATOMS | _GROUPS else found


def _attribute(holder, name: str):
    """holder.name, as far as it is data."""
    kind, found = type(holder), _MISSING
    is_class = _OVER(type, kind)
    for parent in reversed(_MRO(holder if is_class else kind)):
        private = f"_{_NAME(parent).lstrip('_')}{name}" if name[:2] == "__" != name[-2:] else name
        found = _SPACE(parent).get(private, found)
    if is_class:
        return found
    slot = type(found) is types.MemberDescriptorType
    if hasattr(type(found), "__set__") and not slot:
        return _MISSING
    return dict(_fields(holder, kind)).get(name, _MISSING if slot else found)


def _is_plain(value, deep: int = 0) -> bool:
    """Does its text come from Python's own types alone, and is it short?"""
    if type(value) in _ATOMS or type(value) is bytes and len(value) < 1000:
        return True
    if type(value) not in _GROUPS or len(value) > 20 or deep > 2:
        return False
    parts = [*value, *value.values()] if type(value) is dict else value
    return all([_is_plain(part, deep + 1) for part in parts])


def _message(exception) -> str:
    """What str() would say, where that runs none of the program's own methods."""
    try:
        arguments = BaseException.args.__get__(exception)
        if not _is_plain(arguments[:1 if isinstance(exception, BaseExceptionGroup) else None]):
            return ""
        if isinstance(exception, SystemExit):
            return "" if exception.code is None else str(exception.code)
        own = next(parent for parent in _MRO(type(exception)) if "__str__" in _SPACE(parent))
        return str(exception)[:300] if own.__module__ == "builtins" else ""
    except Exception:
        return ""


# ------------------------------------------------------------------------------------------------
# The recorder.


def difference(before: str, now: str) -> list:
    """-> [k, m, text]: now == before[:k] + text + before[len(before) - m:]. What a limit of bytes
    counts, and what is sent."""
    k = len(commonprefix([before, now]))
    m = len(commonprefix([before[k:][::-1], now[k:][::-1]]))
    return [k, m, now[k:len(now) - m]]


def whole(events: list) -> None:
    """Puts the full texts back into events that were sent as differences."""
    texts = {}
    for _, frame, _, changes, *_ in events:
        known = texts.setdefault(frame, {})
        for name, now in changes.items():
            if type(now) is list:
                start, end, new = now
                before = known[name]
                changes[name] = before[:start] + new + before[len(before) - end:]
            known[name] = changes[name]


class Limit(BaseException):
    pass


class _Raw(io.BytesIO):
    """Where a stand-in for stdout puts its bytes."""
    name = "<stdout>"

    def fileno(self) -> int:
        return 1

    def seekable(self) -> bool:
        return False


class _Stdin(io.TextIOWrapper):
    """A stdin that tells what was taken from it. input() and iteration come here too."""
    mode = "r"

    def readline(self, *size):
        return self.took(super().readline(*size))

    def read(self, *size):
        return self.took(super().read(*size))


class _Stdout(io.TextIOWrapper):
    """A stdout that tells what was printed, and sends it on when the real one would."""
    mode = "w"

    def write(self, text):
        size = super().write(text)
        self.said(text)
        return size


for _stream in _Stdin, _Stdout:  # as a program finds them
    _stream.__name__ = _stream.__qualname__ = "TextIOWrapper"
    _stream.__module__ = "_io"


def _operations(*names) -> frozenset:
    return frozenset([opcode.opmap[name] for name in names if name in opcode.opmap])


_YIELDS = _operations("YIELD_VALUE", "RESUME")  # RESUME: where 3.13 says a yield was
_RETURNS = _YIELDS | _operations("RETURN_VALUE", "RETURN_CONST")
_ITERATES = _operations("FOR_ITER", "END_FOR", "SEND", "END_SEND")
# Where what a loop takes has no name yet: that has the value of the turn before.
_UNNAMED = _ITERATES | _operations("GET_ITER", "UNPACK_SEQUENCE", "UNPACK_EX")
# Names of Python's own in a module or class, not the program's.
_NOT_TOLD = frozenset("""__name__ __doc__ __package__ __loader__ __spec__ __builtins__ __file__
    __cached__ __annotations__ __module__ __qualname__ __class__ __classcell__ __firstlineno__
    __static_attributes__ __annotate__ __classdict__ __conditional_annotations__
    __type_params__ __warningregistry__""".split())
_settrace = sys.settrace


class _Call:
    """A frame of the program. known: {name: (value if it cannot change, text, id)}. Since its
    previous event: seen, values of marked expressions; said and read, output and input; turns,
    pairs of those, where its statement printed, read and printed again. held, later: of what its
    statement changes a part, and how to find that once more. line: the statement's; raised: id of
    the last exception here; failing: is it the last that happened here? uses: its module names."""
    __slots__ = ("number", "uses", "known", "seen", "said", "read", "turns", "held", "later",
                 "line", "raised", "failing")

    def __init__(self, number: int, uses=()):
        self.number, self.uses, self.known = number, uses, {}
        self.held = self.later = self.raised = None
        self.line, self.failing = 0, False
        self.seen, self.said, self.read, self.turns = [], [], [], []

    def turn(self) -> None:
        self.turns.append(["".join(self.said), "".join(self.read)])
        self.said, self.read = [], []


class Recorder:
    """Runs a program and tells `emit` of every event at once: it need not return from that."""

    file = "<program>"

    def __init__(self, code: str, stdin, max_events: int, max_bytes: int, emit):
        self.max_events, self.max_bytes, self.emit = max_events, max_bytes, emit
        self.calls, self.numbers, self.events = {}, itertools.count(), 0   # {frame: _Call}
        self.nobody = _Call(-1)                                # outside of all calls
        self.used = 0                                          # bytes of values and of output
        self.over, self.ended = "", False                      # a limit
        self.stopped = "the program switched tracing off"      # why, if no event is its last
        self.globals_seen, self.repeats, self.uses = {}, {}, {}
        self.kept = sys.stdin, sys.stdout                      # or they would close 0 and 1
        tree, statements = number(code)
        self.caught = {}  # {line where an exception may come to: "finally", "with", ...}
        for line, node in statements.items():
            for part in getattr(node, "finalbody", ())[:1]:
                self.caught[part.line] = "finally"
            if type(node) in _CATCHES and not getattr(node, "exc", None):
                self.caught.setdefault(line, _CATCHES[type(node)])
        self.program = compile(_Look().visit(tree), self.file, "exec", dont_inherit=True)
        self.raw = _Raw()
        self.out = _Stdout(io.BufferedWriter(self.raw), "utf-8", "surrogateescape", "\n")
        self.stdin = _Stdin(stdin, "utf-8", sys.stdin.errors, "\n")
        self.stdin.took, self.out.said = self.took, self.said

    def printed(self) -> str:
        """All of its output, in the order in which it left the program."""
        try:
            self.out.flush()
        except ValueError:  # closed
            pass
        return self.raw.getvalue().decode("utf-8", "replace")

    def innermost(self):
        """The frame of the program that is running: what it prints and reads is its statement's."""
        frame = sys._getframe(2)
        while frame and frame not in self.calls:
            frame = frame.f_back
        return self.calls.get(frame, self.nobody)

    def said(self, text: str) -> None:
        call = self.innermost()
        if call.read and text:
            call.turn()
        call.said.append(text)
        self.used += len(text)

    def took(self, text: str) -> str:
        self.innermost().read.append(text)
        return text

    def see(self, value, mark: int):
        """What a marked expression came to."""
        call = self.calls.get(sys._getframe(1))
        if call:
            call.seen.append([mark, text_of(value)])
        return value

    def hold(self, holder, mark: int | None = None, name: str = ""):
        """What is about to change: an attribute of it, or itself; an item, if key() follows."""
        call = self.calls.get(sys._getframe(1))
        if call:
            call.held = holder
            if mark is not None:
                self.part(call, mark, _attribute if name else _itself, holder, name)
        return holder

    def key(self, key, mark: int):
        call = self.calls.get(sys._getframe(1))
        if call:
            self.part(call, mark, _item, call.held, key)
        return key

    def part(self, call, mark: int, find, *place) -> None:
        """Notes a part of what is held; note() does so once more when the statement has run."""
        value = find(*place)
        if value is not _MISSING:
            call.seen.append([mark, text_of(value)])
        call.later = mark + 1, find, *place

    def note(self, kind: str, frame, extra=None, value: str = "", at=None, within=None) -> None:
        """An event, with everything that changed since the frame's previous one. within: where an
        exception comes from; from within this frame variables are mixed up (see _repeat)."""
        call = self.calls.get(frame)
        if call is None:
            call = self.calls[frame] = _Call(next(self.numbers), self.names_of(frame.f_code))
        more, line = {}, frame.f_lineno
        changes = self.changes(call, frame, more) if within is not frame else {}
        shared = self.shared(call, frame, more) if call.number else {}
        if shared:
            more["globals"] = shared
        if call.later and kind != "yield":
            self.part(call, *call.later)
            call.later = call.held = None
        if call.seen:
            more["seen"], call.seen = call.seen, []
            self.used += sum([len(text) for _, text in more["seen"]])
        if call.turns:
            more["turns"], call.turns = call.turns, []
        if call.read:
            more["read"], call.read = "".join(call.read), []
        back = frame.f_back if extra and not at else None  # of a call
        while back and back not in self.calls:  # a comprehension, or a library
            back = back.f_back
        caller = self.calls.get(back)
        if caller:
            if caller.read or caller.said and caller.said[-1].endswith("\n"):
                caller.turn()
            if caller.turns:
                more["asked"], caller.turns = [caller.number, caller.turns], []
        if at:
            more["at"], more["said"], call.said = at, "".join(call.said), []
        if within and within.f_code.co_code[within.f_lasti] not in _UNNAMED:
            more["inner"] = {name: text_of(held) for name, held in within.f_locals.items()}
        if extra is None:
            extra = ""
            if call.said:
                extra, call.said = "".join(call.said), []
        if kind == "line":
            call.line, call.failing = line, False
            if line in self.caught:
                more.update(_caught(self.caught[line], frame, call))
        self.events += 1
        self.emit([kind, call.number, line, changes, extra, value, more or None])
        if self.events > self.max_events:
            self.over = f"more than {self.max_events:,} events"
        elif self.used > self.max_bytes:
            self.over = f"more than {self.max_bytes:,} bytes of values"
        if self.over:
            self.emit(self.over)
            raise Limit

    def changes(self, call: _Call, frame, more: dict) -> dict:
        """{name: text, or difference() to the text before, or None for one that is gone}"""
        # 3.12 mixes up names of comprehensions in the module's f_locals
        variables = self.space if frame.f_code is self.program else frame.f_locals
        known, changes = call.known, {}
        for name, held in variables.items():
            before = known.get(name)
            if before is not None and before[0] is held or name in _NOT_TOLD:
                continue
            text = text_of(held)
            if before is None or before[1] != text:
                written = name
                if name[0] == "_":
                    written = _as_written(name, frame.f_code.co_qualname.split("."))
                changes[written] = self.sent(text, before)
                if text[-1] == ")" and _is_another(held, before):
                    more.setdefault("others", []).append(written)
                if call.number == 0:
                    self.globals_seen[name] = _MISSING, text, id(held)
            known[name] = held if type(held) in _CONSTANT else _MISSING, text, id(held)
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

    def names_of(self, code) -> list:
        """Names that it looks up in the module: co_names has those of attributes, too."""
        if id(code) not in self.uses:
            names = [step.argval for step in dis.get_instructions(code)
                     if step.opname.endswith(("_GLOBAL", "_GLOBALS", "_NAME"))]
            for inner in code.co_consts:
                if getattr(inner, "co_name", "")[:1] == "<":  # a comprehension, a lambda
                    names += self.names_of(inner)
            self.uses[id(code)] = list(dict.fromkeys(names))
        return self.uses[id(code)]

    def shared(self, call: _Call, frame, more: dict) -> dict:
        """Variables of the module that this function uses, where their text has changed."""
        changes = {}
        for name in call.uses:
            held, before = frame.f_globals.get(name, _MISSING), self.globals_seen.get(name)
            if held is _MISSING or type(held) in _FIXED or name in _NOT_TOLD or (
                    before is not None and before[0] is held):
                continue
            text = text_of(held)
            if before is None or before[1] != text:
                self.sent(text, before)
                if text[-1] == ")" and _is_another(held, before):
                    more.setdefault("others", []).append(name)
                changes[name] = text
            self.globals_seen[name] = held if type(held) in _ATOMS else _MISSING, text, id(held)
        return changes

    def watch(self, frame, event: str, argument):
        """The trace function, for calls of the program and for what happens in them. The program
        must not notice if it fails; where there is no stack left to record, it ends."""
        try:
            if event == "line":
                if not (_INLINED and self.is_repeated(frame)):
                    self.note("line", frame)
            elif event == "call":
                code = frame.f_code
                if code.co_filename != self.file or (
                        code.co_name[0] == "<" and code.co_name != "<module>"):
                    return None
                self.note("resume" if frame in self.calls else "call", frame,
                          code.co_qualname.rpartition("<locals>.")[2])
            elif event == "return":
                self.returned(frame, argument)
            elif event == "exception":
                self.raised(frame, *argument)
            return self.watch
        except RecursionError:
            self.stopped = "near the recursion limit nothing can be recorded"
        except BaseException as problem:
            self.over = self.over or "the recorder failed: " + _NAME(type(problem))
        _settrace(None)

    def raised(self, frame, kind, exception, trace) -> None:
        """Nothing is noted where iteration comes to its end."""
        code, place = frame.f_code, frame.f_lasti
        operation = code.co_code[place] if place >= 0 else -1
        if kind is StopIteration and operation in _ITERATES:
            return
        call = self.calls.get(frame, self.nobody)
        call.raised, call.failing = id(exception), True
        within = frame if _INLINED and self.is_repeated(frame) else None
        while trace := trace and trace.tb_next:
            inner = trace.tb_frame.f_code
            own = inner.co_filename == self.file and inner.co_name[0] == "<"
            within = trace.tb_frame if own else None  # a comprehension, or a lambda
        column = list(code.co_positions())[max(place, 0) // 2][2]
        self.note("exception", frame, _NAME(kind), _message(exception),
                  [column, opcode.opname[operation]], within)

    def returned(self, frame, value) -> None:
        code, place = frame.f_code.co_code, frame.f_lasti
        operation = code[place] if 0 <= place < len(code) else -1
        call = self.calls.get(frame, self.nobody)
        thrown = operation in _YIELDS and (  # an exception has come back to where it waited
            call.failing or call.line != frame.f_lineno)
        if frame.f_code.co_flags & 0x2A0 and operation in _YIELDS and not thrown:
            self.note("yield", frame, None, _yielded(frame, value))  # generators, coroutines
            return
        unwound = value is None and operation not in _RETURNS or thrown
        self.ended = frame.f_code is self.program
        self.note("return", frame, None, "" if unwound else text_of(value))
        self.calls.pop(frame, None)

    def is_repeated(self, frame) -> bool:
        """Is it a line event from within a comprehension, which has no frame of its own?"""
        code = frame.f_code
        if code not in self.repeats:
            places = enumerate(code.co_positions())
            self.repeats[code] = {2 * k for k, place in places if place[2] != place[3]}
        return frame.f_lasti in self.repeats[code]

    def run(self) -> dict:
        """-> {stdout, error, status, complete, reason, ending}"""
        main, told = types.ModuleType("__main__"), vars(sys.modules["__main__"])
        self.space = main.__dict__
        self.space.update({name: told[name] for name in _NOT_TOLD & told.keys()})
        sys.modules["__main__"] = main
        builtins.__see__, builtins.__hold__, builtins.__key__ = self.see, self.hold, self.key
        sys.stdin = sys.__stdin__ = self.stdin
        sys.stdout = sys.__stdout__ = self.out
        threading.settrace(self.watch)
        error = ending = ""
        try:
            _settrace(self.watch)
            try:
                exec(self.program, self.space)
            finally:
                _settrace(None)
        except Limit:
            pass
        except SystemExit as stop:
            code = stop.code
            failed = code & 255 if isinstance(code, int) else code is not None
            if failed:
                error, ending = "SystemExit", _message(stop)
        except BaseException as problem:
            error, ending = _NAME(type(problem)), _message(problem)
        status, ended = "ERROR" if error else "OK", self.ended
        if error == "RecursionError" and not any([call.said for call in self.calls.values()]):
            ended = True  # nobody caught it, so nothing happened after the last event
        if self.over:
            status, ended, ending = "LIMIT", False, ""
        return {"stdout": self.printed(), "error": error, "status": status, "complete": ended,
                "reason": "" if ended else self.over or self.stopped, "ending": ending}


def _is_another(held, before) -> bool:
    """Does a name hold another object than before? Else it may be told by its fields."""
    return before is not None and before[2] != id(held) and (
        before[1][-1:] == ")" and before[1][0] != "(")


def _caught(how: str, frame, call) -> dict:
    """{"torn": "here"} where an exception ends a with statement, "before" where one waits for a
    finally clause to end; {"failed": [name, message]} of one that is not the frame's last."""
    if frame.f_code.co_code[frame.f_lasti] == opcode.opmap["PUSH_EXC_INFO"]:
        return {"torn": "here"}
    handled = sys.exc_info()[1]
    last = id(handled) == call.raised
    if how == "finally" and last:
        return {"torn": "before"}
    if how in ("with", "finally") or last or handled is None:
        return {}
    call.raised = id(handled)
    return {"failed": [_NAME(type(handled)), _message(handled)]}


def _yielded(frame, value) -> str:
    """The text of what a generator yields, "" where a coroutine waits."""
    if frame.f_code.co_flags & 0x20:
        return text_of(value)
    if _NAME(type(value)) == "async_generator_wrapped_value":
        return text_of(*gc.get_referents(value))
    return ""


class _Channel:
    """Sends one JSON line an event to whoever runs the sandbox: the first ones one by one, so that
    a crash loses nothing of a short run, then in batches."""

    def __init__(self):
        self.file, self.count = os.fdopen(os.dup(1), "w"), 0
        os.dup2(2, 1)  # what the program writes past sys.stdout must not mix with ours

    def emit(self, item) -> None:
        """An event, or the reason to stop at once."""
        if type(item) is str:
            self.end({"status": "LIMIT", "reason": item})
        self.file.write(json.dumps(item) + "\n")
        self.count += 1
        if self.count < 200:
            self.file.flush()

    def end(self, result: dict) -> None:
        self.file.write(json.dumps(result))
        self.leave(0)

    def leave(self, status: int, leave=os._exit) -> None:
        """What the program finds as os._exit."""
        self.file.flush()
        leave(status)


def serve(job: str) -> None:
    """The recorder's main program inside the sandbox."""
    channel = _Channel()
    os._exit = channel.leave
    sys.setrecursionlimit(sys.getrecursionlimit() + FRAMES_BELOW)
    try:
        Recorder.file = getattr(sys.modules["__main__"], "__file__", Recorder.file)
        recorder = Recorder(**json.loads(job), stdin=sys.stdin.buffer, emit=channel.emit)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        channel.end({"status": "ERROR", "error": "SyntaxError", "complete": True,
                     "ending": str(problem)})
    result = recorder.run()
    try:
        import atexit
        _settrace(recorder.watch if result["complete"] else None)
        threading._shutdown()
        atexit._run_exitfuncs()
        with suppress(Exception):
            sys.stdout.flush()  # as Python does at its end: it may be of a class of the program
        sys.modules["__main__"] = recorder.space = None
        recorder.calls.clear()
        gc.collect()  # what is left may have something to say
    finally:
        _settrace(None)
        result["stdout"] = recorder.printed()
        channel.end(result)
