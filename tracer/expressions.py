"""All other expressions in words: rounds.py, for every form that Python has.

    Expressions(before={"x": "2"}).chain(ast.parse("x ** 3 > 5 and x", mode="eval").body)

Arithmetic and comparisons on builtin values are worked out here, where that is quick and safe; what
other expressions came to (calls, attributes, comprehensions) was recorded while they ran (`seen`:
{mark of the expression: text}). Nothing of the program is run again. rounds.py says what a round
is; here a value may also be UNKNOWN: that of an object of which only the text is known.
"""

from __future__ import annotations

import ast
import builtins
import operator
from functools import lru_cache

import rounds as plain
from rounds import ATOM, PENDING, Untold, literal, operation, side_by_side
from trace import Frame
from tracer.recorder import ITERATORS, PLAIN_CALLS  # noqa: F401

LARGE = 8000    # longer texts are not worked with
UNKNOWN = object()
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@lru_cache(maxsize=50_000)
def value_of(text: str):
    """The value that a recorded text stands for, UNKNOWN if it is no literal."""
    if len(text) > LARGE:
        return UNKNOWN
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        pass
    if "inf" not in text and "nan" not in text:
        return UNKNOWN
    try:
        if text in ("inf", "nan"):
            return float(text)
        return ast.literal_eval(_Floats().visit(ast.parse(text, mode="eval")))
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return UNKNOWN


class _Floats(ast.NodeTransformer):
    def visit_Name(self, node):
        return ast.Constant(float(node.id)) if node.id in ("inf", "nan") else node


def is_hidden(text: str) -> bool:
    """<function>, <generator>: nothing to tell but the type."""
    return text[0] == "<" and not text.startswith("<int of ")


def known(text: str):
    return literal(text, value_of(text))


def careful(sign: str, function):
    """The function, where it is quick, and only for builtin values."""
    def work(*values):
        if any([value is UNKNOWN for value in values]):
            if sign not in ("is", "is not") or None not in values:
                raise Untold
        elif not is_quick(sign, *values):
            raise Untold
        result = function(*values)
        if type(result) not in (int, bool, float, str, list, tuple, dict, set, type(None)):
            raise Untold
        return result
    return work


def is_quick(sign: str, a=None, b=None, *_) -> bool:
    """May it be done again, without taking long or filling the memory?"""
    if sign == "**":
        return isinstance(b, int) and -1 < b < 64
    if sign == "<<":
        return isinstance(b, int) and b < 2000
    if sign == "round":
        return b is None or isinstance(b, int) and abs(b) < 100
    if sign == "*" and not (isinstance(a, (int, float)) and isinstance(b, (int, float))):
        times = max([value if isinstance(value, int) else 0 for value in (a, b)])
        length = max([len(value) if hasattr(value, "__len__") else 1 for value in (a, b)])
        return times <= 1000 and times * length <= 10_000
    if sign == "%" and isinstance(a, str):
        wide = [part for part in a.split("%") if len(part) > 2 and part.isdigit()]
        return len(a) <= 100 and "*" not in a and not wide and sum(map(str.isdigit, a)) <= 3
    return True


def _with_care(table: dict) -> dict:
    return {kind: (*row, careful(row[0], function)) for kind, (*row, function) in table.items()}


OPERATORS = _with_care({
    **plain.OPERATORS,
    ast.Div: ("/", 7, (7, 8), operator.truediv), ast.FloorDiv: ("//", 7, (7, 8), operator.floordiv),
    ast.Pow: ("**", 9, (10, 8), operator.pow), ast.BitAnd: ("&", 5, (5, 6), operator.and_),
    ast.BitOr: ("|", 3, (3, 4), operator.or_), ast.BitXor: ("^", 4, (4, 5), operator.xor),
    ast.LShift: ("<<", 5.5, (5.5, 6), operator.lshift),
    ast.RShift: (">>", 5.5, (5.5, 6), operator.rshift),
    ast.In: ("in", 1.5, (2, 2), lambda a, b: a in b),
    ast.NotIn: ("not in", 1.5, (2, 2), lambda a, b: a not in b),
    ast.Is: ("is", 1.5, (2, 2), operator.is_), ast.IsNot: ("is not", 1.5, (2, 2), operator.is_not)})
SIGNS = _with_care({
    ast.USub: ("-", 8, operator.neg), ast.UAdd: ("+", 8, operator.pos),
    ast.Invert: ("~", 8, operator.invert), ast.Not: ("not ", 1, operator.not_)})
FUNCTIONS = {name: careful(name, getattr(builtins, name)) for name in PLAIN_CALLS}
FUNCTIONS["[]"] = careful("[]", operator.getitem)


def path_of(node) -> str:
    """"a.b.c" for names and attributes of names, "" for others."""
    if type(node) is ast.Attribute:
        inner = path_of(node.value)
        return inner and f"{inner}.{node.attr}"
    return node.id if type(node) is ast.Name else ""


def recorded(template: str, parts, needs, text, strength=ATOM):
    """An operation of which only somebody who looked can tell the value."""
    yield from side_by_side(template, strength, parts, needs)
    if text is not None:
        yield known(text)


def shown(text: str, value=None, strength=ATOM):
    """A text that stands for the expression, then its recorded value."""
    yield text, strength, PENDING
    if value is not None:
        yield known(value)


def begun(frame, node):
    """-> first round, those that follow; of what may never have been evaluated: its source."""
    try:
        rounds = frame.rounds(node)
        return next(rounds), rounds
    except Exception:  # an index that would have crashed, a variable without a value
        return (ast.unparse(node), 0.2, PENDING), iter(())


def enclosed(stage, need: float) -> str:
    text, binds, _ = stage
    return text if binds >= need else f"({text})"


def is_true(value) -> bool:
    if value is UNKNOWN:
        raise Untold
    return bool(value)


def dotted(rounds):
    """What stands before a dot: (5).bit_length()."""
    for text, binds, value in rounds:
        yield f"({text})" if text.isdigit() else text, binds, value


def constant(frame, node):
    return iter([literal(repr(node.value), node.value)])


def name(frame, node):
    text = frame.seen_of(node) or frame.before.get(node.id)
    if text is None:
        raise Untold
    if is_hidden(text):
        return shown(node.id)
    return iter([known(text)])


def unary(frame, node):
    sign, strength, function = SIGNS[type(node.op)]
    return operation(sign + "{}", strength, [frame.rounds(node.operand)], [strength], function)


def comparison(frame, node):
    if len(node.ops) == 1:
        return plain.infix(frame, node)
    parts = [frame.rounds(part) for part in (node.left, *node.comparators)]
    rows = [OPERATORS[type(op)] for op in node.ops]

    def holds(*values):
        return all([row[3](a, b) for row, a, b in zip(rows, values, values[1:])])
    template = "{}" + "".join([f" {row[0]} {{}}" for row in rows])
    return operation(template, 1.5, parts, [2] * len(parts), careful("", holds))


def boolean(frame, node):
    """and, or: from the left, the rest only if it is needed."""
    sign, deciding = (" and ", False) if isinstance(node.op, ast.And) else (" or ", True)
    waiting = [begun(frame, value) for value in node.values]
    while len(waiting) > 1:
        stage, rounds = waiting.pop(0)
        rest = [enclosed(first, 1) for first, _ in waiting]
        while stage:
            last = stage
            yield sign.join([enclosed(stage, 1), *rest]), 0.5, PENDING
            stage = next(rounds, None)
        if last[2] is PENDING:
            return
        if is_true(last[2]) == deciding:
            yield last
            return
    yield waiting[0][0]
    yield from waiting[0][1]


def choice(frame, node):
    """a if test else b: the test, then the one that was chosen."""
    test, (body, after_body) = frame.rounds(node.test), begun(frame, node.body)
    orelse, after_orelse = begun(frame, node.orelse)
    first = True
    for stage in test:
        if first or stage[2] is PENDING:
            yield (f"{enclosed(body, 0.4)} if {enclosed(stage, 0.4)} "
                   f"else {enclosed(orelse, 0.3)}", 0.3, PENDING)
        first = False
    if stage[2] is not PENDING:
        chosen = is_true(stage[2])
        yield body if chosen else orelse
        yield from after_body if chosen else after_orelse


def subscript(frame, node):
    path, text = path_of(node.value), frame.seen_of(node, visible=True)
    parts, needs, template = [], [], path
    if not path:
        parts, needs, template = [dotted(frame.rounds(node.value))], [9], "{}"
    if type(node.slice) is ast.Slice:
        places = [node.slice.lower, node.slice.upper, node.slice.step]
        signs = ["" if place is None else "{}" for place in places]
        template += f"[{signs[0]}:{signs[1]}{':' + signs[2] if signs[2] else ''}]"
        parts += [frame.rounds(place) for place in places if place is not None]
        return recorded(template, parts, [*needs, 0.25, 0.25, 0.25], text)
    if not path:
        return recorded("{}[{}]", [*parts, frame.rounds(node.slice)], [9, 0.25], text)
    if type(node.value) is ast.Name and not hasattr(node, "mark") and (
            value_of(frame.before.get(path, "?")) is not UNKNOWN):
        return plain.subscript(frame, node)
    return shown(f"{path}[{frame.last(node.slice)[0]}]", text)


def call(frame, node):
    path, text = path_of(node.func), frame.seen_of(node)
    simple = path in PLAIN_CALLS and path not in frame.before and not node.keywords
    if simple and path == "len" and type(node.args[0]) is ast.Name and (
            not hasattr(node.args[0], "mark")):
        if value_of(frame.before.get(node.args[0].id, "?")) is UNKNOWN:
            raise Untold
        return plain.call(frame, node)
    if simple and not hasattr(node, "mark") and not any(
            [type(argument) is ast.Starred for argument in node.args]) and text is None:
        return plain.plain_call(frame, path, [frame.rounds(part) for part in node.args])
    root = path.partition(".")[0]
    if root and root not in frame.before and not hasattr(builtins, root):
        raise Untold
    template, parts, needs = path, [], []
    if not path or type(node.func) is ast.Attribute and type(node.func.value) is ast.Name and (
            (frame.seen_of(node.func.value) or frame.before.get(root, "?"))[0] in "'\"0123456789"):
        if type(node.func) is not ast.Attribute:
            raise Untold
        # methods of strings and numbers: with the value
        template, needs = "{}." + node.func.attr, [9]
        parts = [dotted(frame.rounds(node.func.value))]
    arguments = []
    for argument in [*node.args, *node.keywords]:
        if type(argument) is ast.keyword:
            arguments.append(f"{argument.arg}={{}}" if argument.arg else "**{}")
        else:
            arguments.append("*{}" if type(argument) is ast.Starred else "{}")
        inner = type(argument) in (ast.keyword, ast.Starred)
        parts.append(frame.rounds(argument.value if inner else argument))
        needs.append(0.25)
    template += f"({', '.join(arguments)})"
    return recorded(template, parts, needs, text)


def attribute(frame, node):
    path, text = path_of(node), frame.seen_of(node, visible=True)
    if path:
        return shown(path, text)
    return recorded("{}." + node.attr, [dotted(frame.rounds(node.value))], [9], text)


def display(frame, node):
    """[1, x], (1, x), {1, x}, {1: x}"""
    if type(node) is ast.Dict:
        if None in node.keys:
            raise Untold
        elements = [e for pair in zip(node.keys, node.values) for e in pair]
        inner = ", ".join(["{}: {}"] * len(node.keys))
    else:
        elements, inner = node.elts, ", ".join(["{}"] * len(node.elts))
    left, right = {ast.List: "[]", ast.Tuple: "()"}.get(type(node), "{}")
    if not elements:
        return iter([known(left + right)])
    if type(node) is ast.Tuple and len(elements) == 1:
        right = ",)"
    parts = [frame.rounds(element) for element in elements]
    return _displayed(node, parts, f"{left * 2 if left == '{' else left}{inner}"
                                   f"{right * 2 if right == '}' else right}")


def _displayed(node, parts, template):
    ended = yield from side_by_side(template, ATOM, parts, [0.25] * len(parts))
    if any([value is PENDING for _, _, value in ended]):
        return
    text = template.format(*[text for text, _, _ in ended])
    if type(node) in (ast.Set, ast.Dict):  # two that are equal: another text
        value, size = value_of(text), len(parts) // (2 if type(node) is ast.Dict else 1)
        if value is UNKNOWN or len(value) < size:
            raise Untold
    yield known(text)


def comprehension(frame, node):
    text = frame.seen_of(node, visible=True)
    if hasattr(node, "late"):  # the variables may be others by now
        yield ast.unparse(node), ATOM, PENDING
    else:
        yield from plain.comprehension(frame, node)
    if text is not None:
        yield known(text)


def formatted(frame, node):
    """f"{x}", and lambda: as they are written."""
    text = frame.seen_of(node, visible=True)
    if text and type(node) is ast.JoinedStr:
        return iter([known(text)])
    return shown(ast.unparse(node), text, 0.2)


def walrus(frame, node):
    return frame.rounds(node.value)


class Expressions(Frame):
    """A frame whose `seen` holds what marked expressions came to."""
    operators, functions = OPERATORS, FUNCTIONS
    forms = {**plain.Expressions.forms, ast.Constant: constant, ast.Name: name, ast.UnaryOp: unary,
             ast.Compare: comparison, ast.BoolOp: boolean, ast.IfExp: choice, ast.Call: call,
             ast.Subscript: subscript, ast.Attribute: attribute, ast.NamedExpr: walrus,
             **dict.fromkeys((ast.List, ast.Tuple, ast.Set, ast.Dict), display),
             **dict.fromkeys(COMPREHENSIONS, comprehension),
             **dict.fromkeys((ast.JoinedStr, ast.Lambda), formatted)}

    def __init__(self, name: str = "", before: dict | None = None, seen: dict | None = None):
        super().__init__(name)
        self.before, self.seen = before or {}, seen or {}

    def seen_of(self, node, visible=False) -> str | None:
        """The recorded text of a marked expression; visible: None for <function> and the like."""
        text = self.seen.get(getattr(node, "mark", None))
        return None if visible and text is not None and is_hidden(text) else text

    def rounds(self, node):
        if type(node) is ast.BinOp and type(node.op) not in self.operators:
            raise Untold
        return super().rounds(node)

    def chain(self, node, final: str | None = None, raised: str = ""):
        """As trace.py's. What came of it in the end is known where the expression itself does not
        tell: its `final` text, or the exception that it `raised`. Untold otherwise."""
        texts, value, error = super().chain(node)
        if error == "Untold":
            if final is None or len(texts[0]) > 200:
                raise Untold
        elif error or value is not PENDING:
            return texts, value, error
        if raised:
            return texts, PENDING, raised
        if final is None:
            raise Untold
        return [*texts, final], value_of(final), ""
