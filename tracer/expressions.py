"""All other expressions in words: trace.py's rounds, for every form that Python has.

    frame = Expressions("main")
    frame.before = {"x": "2"}
    frame.chain(ast.parse("x ** 3 > 5 and x", mode="eval").body)

Arithmetic and comparisons on builtin values are worked out here, where that is quick and safe; what
other expressions came to (calls, attributes, comprehensions) was recorded while they ran (`seen`:
{mark of the expression: text}). Nothing of the program is run again. rounds.py says what a round
is; here a value may also be UNKNOWN: that of an object of which only the text is known.
"""

from __future__ import annotations

import ast
import builtins
import operator
import re
from contextlib import suppress
from functools import lru_cache
from itertools import chain, repeat

import rounds as plain
from rounds import ATOM, LAST, PENDING, Untold, begun, enclosed, literal, operation, side_by_side
from trace import Frame
from tracer.recorder import COMPREHENSIONS, ORDERED, PATHS, PLAIN_CALLS, is_identity

LARGE = 8000  # longer texts are not worked with
UNKNOWN = object()  # no value of ours


HOLDS_ITSELF = re.compile(r"\[\.\.\.\]|\(\.\.\.\)|\{\.\.\.\}")


def range_of(text: str) -> range:
    return range(*ast.literal_eval(text.removeprefix("range")))


@lru_cache(maxsize=50_000)
def value_of(text: str):
    """The value that a recorded text stands for, UNKNOWN if it is no literal."""
    short = len(text) <= LARGE and " ... " not in text  # parsing takes its time
    whole = short and not HOLDS_ITSELF.search(text)
    for read in (ast.literal_eval, float, range_of) if whole else ():  # inf, nan
        try:
            return read(text)
        except Exception:
            pass
    return UNKNOWN


def is_hidden(text: str) -> bool:
    """<function>, <generator>: nothing to tell but the type."""
    return text[0] == "<" and not text.startswith("<int of ")


def known(text: str):
    return literal(text, value_of(text))


# ------------------------------------------------------------------------------------------------
# What is worked out here, and how.

SECOND = {"**": range(-64, 64), "<<": range(2000), "round": (None, *range(-99, 100))}


def is_safe(sign: str, *values) -> bool:
    """Can it be done again from these values, without taking long or filling the memory?"""
    if UNKNOWN in values:
        return False
    first, second = [*values, None, None][:2]
    if sign in SECOND and not (sign == "**" and isinstance(second, float)):
        return second in SECOND[sign]
    if sign == "%" and isinstance(first, (str, bytes)):  # "%9999d"
        return not re.search(r"\*|\d{4}", str(first))
    if sign == "*" and hasattr(second, "__len__"):  # 3 * "ab"
        first, second = second, first
    return sign != "*" or not hasattr(first, "__len__") or second * len(first) <= 10_000


def careful(sign: str, function):
    def work(*values):
        if not is_safe(sign, *values):
            raise Untold
        return function(*values)
    return work


OPERATORS = {
    **plain.OPERATORS,
    ast.LShift: ("<<", 5.5, operator.lshift), ast.RShift: (">>", 5.5, operator.rshift),
    ast.BitAnd: ("&", 5, operator.and_), ast.BitXor: ("^", 4, operator.xor),
    ast.BitOr: ("|", 3, operator.or_), ast.Pow: ("**", 9, operator.pow, 10, 8),
    ast.Is: ("is", 1.5, operator.is_), ast.IsNot: ("is not", 1.5, operator.is_not),
    ast.USub: ("-", 8, operator.neg, 9), ast.UAdd: ("+", 8, operator.pos),  # -(-3)
    ast.Invert: ("~", 8, operator.invert)}
OPERATORS = {kind: (sign, strength, careful(sign, function), *needs)
             for kind, (sign, strength, function, *needs) in OPERATORS.items()}
FUNCTIONS = {name: careful(name, vars(builtins)[name]) for name in PLAIN_CALLS}
FUNCTIONS["[]"] = careful("[]", operator.getitem)


# ------------------------------------------------------------------------------------------------
# Forms of which one part is evaluated, or not all.

def choice(frame, node):
    """a if test else b: the test, then the one that was chosen."""
    body, if_true = begun(frame, node.body)
    other, if_false = begun(frame, node.orelse)
    with suppress(Exception):  # the test may be what fails
        chosen = frame.chosen(node, [*frame.rounds(node.test)][-1][2])
        if chosen and len(other[0]) > 60:
            other = "...", ATOM, PENDING
        if chosen is False and len(body[0]) > 60:
            body = "...", ATOM, PENDING
    text = ""
    for stage in frame.rounds(node.test):
        if not text or stage[2] is PENDING:
            text = f"{enclosed(body, 0.4)} if {enclosed(stage, 0.4)} else {enclosed(other, 0.3)}"
            yield text, 0.3, PENDING
    chosen = frame.chosen(node, stage[2])
    if chosen is not None:
        yield from if_true if chosen else if_false


def arithmetic(frame, node):
    """12 & (12 - 1), in brackets: nobody knows by heart what binds more strongly than &."""
    sign, strength, function, *_ = frame.operators[type(node.op)]
    if sign not in ("&", "|", "^", "<<", ">>"):
        return plain.infix(frame, node)
    left = strength if isinstance(getattr(node.left, "op", None), type(node.op)) else 8
    parts = [frame.rounds(node.left), frame.rounds(node.right)]
    return operation(f"%s {sign} %s", parts, function, strength, [left, 8])


def unary(frame, node):
    """`not` of an object: what was done next shows what it was; a list with items is true."""
    text = ""
    try:
        for text, *rest in plain.unary(frame, node):
            yield text, *rest
    except Untold:
        if not isinstance(node.op, ast.Not):
            raise
        if isinstance(node.operand, PATHS) and re.match(r"not [\[{(][^\]})]", text):
            yield known("False")


def compared(frame, node):
    """a < b < c: the rest only if it is needed. a is b: by names, for two lists that look alike may
    be two."""
    first, second, *others = [node.left, *node.comparators]
    if is_identity(node) and ast.Constant not in map(type, (first, second)):
        yield ast.unparse(node), 1.5, PENDING
        return
    if not others:
        yield from plain.comparison(frame, node)
        return
    signs, _, functions = zip(*[frame.operators[type(sign)] for sign in node.ops])
    later, tails = [begun(frame, part) for part in others], []
    for sign, (text, _) in zip(signs[1:], later):
        tails.append(f" {sign} {enclosed(text, 2)}")
    template = f"%s {signs[0]} %s{''.join(tails).replace('%', '%%')}"
    pair = [frame.rounds(first), frame.rounds(second)]
    text, values = yield from side_by_side(template, pair, 1.5, repeat(2))
    for k, (_, rounds) in enumerate([*later, (None, ())]):
        if any(value in frame.no_values for value in values[-2:]):
            return
        holds = functions[k](*values[-2:])
        if k == len(later) or not holds:
            yield known(repr(holds))
            return
        head = text.removesuffix("".join(tails[k:]))
        for stage in rounds:
            text = f"{head} {signs[k + 1]} {enclosed(stage, 2)}{''.join(tails[k + 1:])}"
            yield text, 1.5, PENDING
        values.append(stage[2])


# ------------------------------------------------------------------------------------------------
# Forms whose value only somebody who looked can tell.

def path_of(node) -> str:
    """"a.b.c" for names and attributes of names, "" for others."""
    if type(node) is ast.Attribute:
        inner = path_of(node.value)
        return inner and f"{inner}.{node.attr}"
    return node.id if type(node) is ast.Name else ""


def receiver(frame, node, method=False):
    """What stands before a dot or an index: a path as it is written; else (5).bit_length(), and
    strings and numbers where their methods are called. -> template, parts"""
    path = path_of(node)
    if path and not (method and type(node) is ast.Name and (
            (frame.seen_of(node) or frame.before.get(path, "?"))[0] in "'\"0123456789")):
        return path, []
    return "%s", [dotted(frame.rounds(node))]


def dotted(rounds):
    for text, binds, value in rounds:
        if text[:6] != "<super":
            yield f"({text})" if text.isdigit() or binds < 9 else text, ATOM, value


def name(frame, node):
    text, same = frame.seen_of(node), frame.after.get(node.id) == frame.before.get(node.id)
    if not text and (same or not hasattr(node, "mark")):  # else not asked for, maybe another now
        text = frame.before.get(node.id) or vars(builtins)[node.id] and "<"
    if text and hasattr(node, "early") and text[-1] in ")]}" and frame.after.get(node.id) != text:
        text = ""  # a list that has changed by the time it is used
    yield known(text) if text and not is_hidden(text) else (node.id, ATOM, PENDING)


def attribute(frame, node):
    template, parts = receiver(frame, node.value)
    return side_by_side(f"{template}.{node.attr}", parts)


def subscript(frame, node):
    template, parts = receiver(frame, node.value)
    if parts or type(node.slice) is ast.Slice:
        return side_by_side(template + "[%s]", [*parts, frame.rounds(node.slice)])
    if getattr(frame.event, "kind", "") == "exception" and frame.knows(node.value):
        return plain.subscript(frame, node)  # it may be what raised it
    return iter([(f"{template}[{frame.last(node.slice)[0]}]", ATOM, PENDING)])


def places(frame, node):
    """1:n, ::2"""
    parts = [node.lower, node.upper, *filter(None, [node.step])]
    template = ":".join(["%s" if part else "" for part in parts])
    return side_by_side(template, [frame.rounds(part) for part in parts if part])


def call(frame, node):
    function, path = node.func, path_of(node.func)
    template, parts = path, []
    if type(function) is ast.Attribute:
        template, parts = receiver(frame, function.value, method=True)
        template += "." + function.attr
    elif type(function) in (ast.Subscript, ast.Call):  # table["+"](a, b), f(1)(2)
        template, parts = "%s", [iter([next(frame.rounds(function))])]
    elif not path:
        raise Untold
    arguments = [frame.rounds(part) for part in [*node.args, *node.keywords]]
    template += "(" + ", ".join(["%s"] * len(arguments)) + ")"
    if path in PLAIN_CALLS and getattr(node, "builtin", False):
        if path == "len" and frame.knows(node.args[0]) and not hasattr(node.args[0], "mark"):
            return plain.call(frame, node)
        if not hasattr(node, "mark") and path not in ORDERED:
            return operation(template, arguments, FUNCTIONS[path])
    return side_by_side(template, parts + arguments)


def prefixed(frame, node):
    """*values, **options, key=3: no values of their own"""
    sign = "*" if type(node) is ast.Starred else f"{node.arg}=" if node.arg else "**"
    for stage in frame.rounds(node.value):
        yield sign + enclosed(stage, 0), ATOM, PENDING


def display(frame, node):
    """[1, x], (1, x), {1, x}, {1: x}"""
    parts = entries = node.keys if type(node) is ast.Dict else node.elts
    shape = type(node)([ast.Name("%s")] * len(entries))
    if type(node) is ast.Dict:
        parts, shape.values = [*chain.from_iterable(zip(entries, node.values))], shape.keys
    if ast.Starred in map(type, parts):
        raise Untold
    if not parts:
        yield known(ast.unparse(node))
        return
    template = ast.unparse(shape)
    if ast.Slice in map(type, parts):  # grid[1:2, 3]
        template = template[1:-1]
    text, values = yield from side_by_side(template, list(map(frame.rounds, parts)))
    result = value_of(text)
    if result is not UNKNOWN and len(result) < len(entries):  # two that are equal
        raise Untold
    if PENDING not in values:
        yield literal(text, result)


def comprehension(frame, node):
    """With the values of names from outside that it finds: not of those that a function in it will
    look up later, nor in texts like f"{x}", nor of those that are others by now."""
    kept = set()
    if isinstance(getattr(frame, "definition", None), ast.ClassDef):
        kept.update(frame.variables)  # those of the class it does not see
    for part in ast.walk(node):
        if getattr(node, "late", False) or part is not node and isinstance(
                part, (ast.Lambda, ast.GeneratorExp, ast.JoinedStr)):
            kept.update([inner.id for inner in plain.names_in(part)])
    for inner in plain.names_in(node):
        text = frame.before.get(inner.id, "")
        if frame.after.get(inner.id, "") != text or "=" in text and text[0].isalpha():  # an object
            kept.add(inner.id)
    return plain.comprehension(frame, node, kept)


def written(frame, node):
    """f"{x}", and lambda: as they are written."""
    text = frame.seen_of(node)
    told = text and text[0] != "<"
    yield known(text) if told else (ast.unparse(node), frame.binds(node), PENDING)


def ended(rounds, text: str):
    """What was recorded is the end, whatever they come to."""
    try:
        for stage in rounds:
            if stage[2] is PENDING:
                yield stage
    except Untold:
        pass
    yield known(text)


class Expressions(Frame):
    """A frame whose `seen` holds what marked expressions came to."""
    operators, functions, no_values = OPERATORS, FUNCTIONS, (PENDING, UNKNOWN)
    event = None
    forms = {
        **plain.Expressions.forms, ast.Name: name, ast.IfExp: choice, ast.Call: call,
        ast.Compare: compared, ast.BinOp: arithmetic, ast.UnaryOp: unary,
        ast.Starred: prefixed, ast.keyword: prefixed,
        ast.Subscript: subscript, ast.Slice: places, ast.Attribute: attribute,
        ast.List: display, ast.Tuple: display, ast.Set: display, ast.Dict: display,
        **dict.fromkeys(COMPREHENSIONS, comprehension),
        ast.JoinedStr: written, ast.Lambda: written,
        ast.NamedExpr: lambda frame, node: frame.rounds(node.value)}

    def __init__(self, name: str):
        super().__init__(name)
        self.seen = {}

    def seen_of(self, node) -> str | None:
        """What was recorded of a marked expression."""
        return self.seen.get(getattr(node, "mark", None))

    def knows(self, node) -> bool:
        """Is it a variable with a value, not only a text?"""
        text = self.before.get(getattr(node, "id", ""), "?")
        return value_of(text) is not UNKNOWN

    def rounds(self, node):
        rounds, text = super().rounds(node), self.seen_of(node)
        told = text and (type(node) is ast.Call or not is_hidden(text))
        return ended(rounds, text) if told else rounds

    def binds(self, node):
        """As rounds.py's: for those with a sign, as strongly as that."""
        if isinstance(node, (ast.Call, ast.Subscript, ast.Attribute, ast.Name, ast.JoinedStr)):
            return ATOM
        sign = getattr(node, "op", None) or getattr(node, "ops", [None])[0]
        return self.operators.get(type(sign), ("", LAST))[1]

    def operand(self, node):
        """An object that has fields by its name."""
        first, rounds = begun(self, node)
        if isinstance(node, ast.Name) and first[2] is UNKNOWN and "=" in first[0]:
            first = node.id, ATOM, PENDING
            rounds = iter([first])
        return first, rounds

    def truth(self, value, node, k: int):
        """Of an object: was the rest asked for?"""
        rest = chain.from_iterable(map(ast.walk, node.values[k:]))
        marks = {part.mark for part in rest if hasattr(part, "mark")}
        if value not in self.no_values or not marks:
            return super().truth(value, node, k)
        went_on = not marks.isdisjoint(self.seen)
        if isinstance(node.values[k - 1], ast.UnaryOp) and not went_on:
            return None  # nothing shows its value
        return isinstance(node.op, ast.And) == went_on

    def chosen(self, node, value):
        """Which part of `a if test else b` ran? None: not known. Where the test is an object: the
        one of which something was seen."""
        if value not in self.no_values:
            return bool(value)
        for part, way in (node.body, True), (node.orelse, False):
            if any(map(self.seen_of, ast.walk(part))):
                return way
        return None

    def computes(self, node, error: str) -> bool:
        """Is it clear from its own rounds that it raised this exception?"""
        try:
            return super().chain(node)[2] == error
        except Untold:
            return False

    def chain(self, node, final: str | None = None, raised: str = ""):
        """As trace.py's. What came of it in the end is known where the expression itself does not
        tell: its `final` text, or the exception that it `raised`. Untold otherwise."""
        texts, value, error = super().chain(node)
        if value is not PENDING or error not in ("", "Untold"):
            return texts, value, error
        if raised and not error:
            return texts, PENDING, raised
        if final is None or error and len(texts[0]) > 200:
            raise Untold
        return [*texts, final], PENDING, ""
