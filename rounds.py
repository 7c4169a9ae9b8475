"""Expressions in words: values in place of names, then every round works out what it can.

    x * 3 + 1 > len(nums)      # as it is written
    2 * 3 + 1 > len(nums)      # with x = 2
    6 + 1 > 4                  # every operation whose operands are known, all at once
    7 > 4
    True

    Expressions({"x": "2", "nums": "[5, 6, 7, 8]"}).chain(node)   # -> the texts after the first

An expression is a generator of its rounds (text, how strongly that binds, value). An exception of
the program comes out of it where it happened; one that ends PENDING cannot be worked out here.
There is one function for each form of expression that the worlds contain; tracer/expressions.py
adds Python's other forms.
"""

from __future__ import annotations

import ast
import operator
from functools import lru_cache
from itertools import groupby
from os.path import commonprefix

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


def text_of(value) -> str:
    """A value of the worlds as text."""
    if isinstance(value, int) and value.bit_length() > 2000:
        return f"<int of {value.bit_length()} bits>"
    return "<function>" if callable(value) else repr(value)


@lru_cache(maxsize=50_000)
def value_of(text: str):
    """The value of a recorded text; PENDING where only the text is known."""
    try:
        return ast.literal_eval(text)
    except SyntaxError:
        return PENDING


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


def expression(statement):
    """What a statement works out: its right side, its condition, what it prints."""
    if isinstance(statement, ast.AugAssign):
        return ast.BinOp(ast.Name(statement.target.id), statement.op, statement.value)
    part = getattr(statement, "value", None) or getattr(statement, "test", None)
    return part.args[0] if is_print(part) and part.args else part


def is_print(call) -> bool:
    return isinstance(call, ast.Call) and getattr(call.func, "id", "") == "print"


class Expressions:
    """`before` holds the texts of the variables."""
    forms = {ast.Constant: constant, ast.Name: name, ast.BinOp: infix, ast.Compare: infix,
             ast.Call: call, ast.Subscript: subscript, ast.ListComp: comprehension}
    operators, functions = OPERATORS, FUNCTIONS

    def __init__(self, before: dict[str, str]):
        self.before = before

    def rounds(self, node):
        if type(node) not in self.forms:
            raise Untold
        return self.forms[type(node)](self, node)

    def chain(self, node) -> tuple[list[str], object, str]:
        """-> texts of all rounds, the value, the name of the exception that ended them."""
        texts, value = [], PENDING
        try:
            for text, _, value in self.rounds(node):  # noqa: B007
                texts.append(text)
        except Exception as problem:
            if not texts:
                raise Untold from None
            return texts, PENDING, type(problem).__name__
        return texts, value, ""

    def last(self, node):
        """The last round; Untold if that is no value."""
        texts, value, _ = self.chain(node)
        if value is PENDING:
            raise Untold
        return literal(texts[-1], value)

    def told(self, node, final: str, end: str = "") -> list[str]:
        """The rounds of an expression whose value was recorded, and that value (as `end`): it alone
        where they come to another one."""
        try:
            texts, value, error = self.chain(node)
        except Untold:
            texts, value, error = [], PENDING, ""
        if error or value is not PENDING and texts[-1] != final:
            texts = []
        return abridged([*texts, final], node, end or final)

    def condition(self, test, truth: bool) -> str:
        """The rounds of a condition without the last, True or False."""
        return ": ".join(self.told(test, str(truth))[:-1]) or ast.unparse(test)
