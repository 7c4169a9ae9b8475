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
from itertools import chain, groupby, repeat, zip_longest

ATOM, PENDING = 10, object()  # binds more strongly than any operator; no value yet
LAST = -1                     # binds less strongly than anything
OPERATORS = {  # sign, how strongly it binds (its operands: as much, more), what it does
    ast.Add: ("+", 6, operator.add), ast.Sub: ("-", 6, operator.sub),
    ast.Mult: ("*", 7, operator.mul), ast.Mod: ("%", 7, operator.mod),
    ast.Div: ("/", 7, operator.truediv), ast.FloorDiv: ("//", 7, operator.floordiv),
    ast.In: ("in", 1.5, lambda a, b: a in b), ast.NotIn: ("not in", 1.5, lambda a, b: a not in b),
    ast.Not: ("not ", 1, operator.not_),
    ast.Lt: ("<", 1.5, operator.lt), ast.Gt: (">", 1.5, operator.gt),
    ast.LtE: ("<=", 1.5, operator.le), ast.GtE: (">=", 1.5, operator.ge),
    ast.Eq: ("==", 1.5, operator.eq), ast.NotEq: ("!=", 1.5, operator.ne)}
ANY = repeat(0)  # what parts must bind in brackets
FUNCTIONS = {"abs": abs, "int": int, "len": len, "max": max, "min": min, "ord": ord,
             "[]": operator.getitem}


class Untold(Exception):
    """Nothing can be shown: a name has no value, or the expression a form unknown here."""


def text_of(value) -> str:
    """A value of the worlds as text."""
    if isinstance(value, int) and value.bit_length() > 2000:
        return f"<int of {value.bit_length()} bits>"
    return f"<function {value.__name__}>" if callable(value) else repr(value)


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
    start = common(text, before) if before and len(before) > 120 else 0
    if 60 < start < len(text) - 60:
        return f"{text[:30]} ... {text[max(30, start - 25):start + 35]} ... {text[-20:]}"
    if start > 60:  # near the end
        return f"{text[:30]} ... {text[min(start - 25, len(text) - 40):]}"
    head, tail = text[:70], text[-40:]
    if " ... " in text:  # of one that lacks its middle: one gap is enough
        head, tail = head.partition(" ...")[0].rstrip(" ."), tail.rpartition(" ... ")[2]
    return f"{head} ... {tail}"


def common(a: str, b: str) -> int:
    """How many characters at their beginnings are the same; they may be long."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[low:middle] == b[low:middle] else (low, middle - 1)
    return low


def source_of(node: ast.AST, limit: int = 70) -> str:
    """An expression or simple statement as written, on one line; "" where that is long."""
    text = ast.unparse(node)
    return text if len(text) <= limit and "\n" not in text else ""


def abridged(texts: list[str], source: ast.expr, value: str | None = None) -> list[str]:
    """The rounds of a reduction, and the value, without repetitions. A round that is very long is
    left out; for the first one the source stands in. Of many, "..." stands for those within."""
    rounds = distinct(texts)
    if rounds[-1:] == [value]:
        rounds.pop()
    short = [text for text in rounds if len(text) <= 120]
    if rounds and len(rounds[0]) > 120 and source_of(source, 120):
        short.insert(0, source_of(source, 120))
    if sum(map(len, short)) > 300:
        short[1:max(2, len(short) - 2)] = ["..."]
    return distinct(short if value is None else [*short, shorten(value)])


def distinct(texts: list[str]) -> list[str]:
    return [text for text, _ in groupby(texts)]


def literal(text: str, value):
    return text, 8.5 if text[0] == "-" else ATOM, value  # (-3) ** 2


def enclosed(stage, need: float) -> str:
    """In parentheses where it binds less strongly than it must."""
    text, binds, _ = stage
    return text if binds >= need else f"({text})"


def side_by_side(template: str, parts, strength=ATOM, needs=ANY):
    """The rounds of an operation while its parts go on. -> its last text, their values"""
    now = [None] * len(parts)
    for _, *following in zip_longest([0], *parts):  # without parts, one round
        now = [new or old for new, old in zip(following, now)]
        text = template % tuple(map(enclosed, now, needs))
        yield text, strength, PENDING
    return text, [value for _, _, value in now]


def operation(template: str, parts, function, strength=ATOM, needs=ANY):
    """When all parts have come to values, it is worked out itself."""
    _, values = yield from side_by_side(template, parts, strength, needs)
    if PENDING not in values:
        result = function(*values)
        yield literal(repr(result), result)


def constant(frame, node):
    yield literal(repr(node.value), node.value)


def name(frame, node):
    text = frame.before[node.id]
    yield literal(text, value_of(text))


def infix(frame, node):
    sign, strength, function, *needs = frame.operators[type(node.op)]
    template = f"%s {sign.replace('%', '%%')} %s"
    parts = [frame.rounds(node.left), frame.rounds(node.right)]
    return operation(template, parts, function, strength, needs or [strength, strength // 1 + 1])


def unary(frame, node):
    sign, strength, function, *needs = frame.operators[type(node.op)]
    parts = [frame.rounds(node.operand)]
    return operation(sign + "%s", parts, function, strength, needs or [strength])


def comparison(frame, node):
    """a < b, a < b < c"""
    parts = list(map(frame.rounds, [node.left, *node.comparators]))
    signs, _, functions = zip(*[frame.operators[type(sign)] for sign in node.ops])

    def hold(*values):
        return all([holds(*pair) for holds, *pair in zip(functions, values, values[1:])])
    return operation(f"%s {' %s '.join(signs)} %s", parts, hold, 1.5, repeat(2))


def begun(frame, node):
    """-> first round, all rounds; of what may never have been evaluated: its source."""
    try:
        rounds = frame.rounds(node)
        first = next(rounds)
    except Exception:  # an index that would have crashed, a variable without a value
        first, rounds = (ast.unparse(node), frame.binds(node), PENDING), ()
    return first, chain([first], rounds)


def boolean(frame, node):
    """and, or: from the left, the rest only if it is needed."""
    sign, deciding = (" and ", False) if isinstance(node.op, ast.And) else (" or ", True)
    firsts, alternatives = zip(*map(frame.operand, node.values))
    for k, rounds in enumerate(alternatives[:-1], 1):
        rest = [enclosed(first, 1) for first in firsts[k:]]
        for last in rounds:
            yield sign.join([enclosed(last, 1), *rest]), 0.5, PENDING
        truth = frame.truth(last[2], node, k)
        if truth in (None, deciding):
            if truth == deciding:
                yield last
            return
    yield from alternatives[-1]


def named(frame, node):
    """A variable that keeps its name, for its text may be long: nums[2], len(nums)."""
    yield node.id, ATOM, frame.last(node)[2]


def call(frame, node):
    [argument], name = node.args, node.func.id
    by_name = name == "len" and isinstance(argument, ast.Name)
    part = named(frame, argument) if by_name else frame.rounds(argument)
    return operation(name + "(%s)", [part], frame.functions[name])


def subscript(frame, node):
    """nums[i + 1] is nums[2] at once."""
    parts = [named(frame, node.value), iter([frame.last(node.slice)])]
    return operation("%s[%s]", parts, frame.functions["[]"])


def comprehension(frame, node, kept=()):
    """As it is written, with the values of the names from outside: nobody looks inside. kept: more
    names that stay."""
    copy, own = ast.parse(ast.unparse(node)), {*targets(node), *kept}
    owners = {part.value for part in ast.walk(copy) if isinstance(part, ast.Attribute)}
    for name in names_in(copy):
        text = frame.before.get(name.id, "<")
        if name.id not in own and text[0] != "<" and len(text) <= 60:
            alone = text[0] == "-" and kept != () or name in owners and text.isdigit()
            name.id = f"({text})" if alone else text
    yield ast.unparse(copy), ATOM, PENDING


def names_in(node) -> list[ast.Name]:
    return [part for part in ast.walk(node) if isinstance(part, ast.Name)]


@lru_cache(maxsize=1000)
def targets(node) -> list[str]:
    """Names that it binds, as they are written: x of `x = 3`, a and b of `for a, *b in ...`."""
    return list(bound(node))


def bound(node):
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    for part in ast.iter_child_nodes(node):
        yield from bound(part)


def expression(statement):
    """What a statement works out: its right side, its condition, what it prints."""
    if isinstance(statement, ast.AugAssign):
        return ast.BinOp(statement.target, statement.op, statement.value)
    part = getattr(statement, "value", None) or getattr(statement, "test", None)
    return part.args[0] if is_print(part) and part.args else part


def is_print(call) -> bool:
    return isinstance(call, ast.Call) and getattr(call.func, "id", "") == "print"


class Expressions:
    """`before` holds the texts of the variables."""
    forms = {ast.Constant: constant, ast.Name: name, ast.BinOp: infix, ast.UnaryOp: unary,
             ast.Compare: comparison, ast.BoolOp: boolean, ast.Call: call,
             ast.Subscript: subscript, ast.ListComp: comprehension}
    operators, functions, no_values = OPERATORS, FUNCTIONS, (PENDING,)
    shown = staticmethod(abridged)  # which rounds are told

    def __init__(self, before: dict[str, str]):
        self.before = before

    def rounds(self, node):
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

    def binds(self, node):
        """How strongly, of what is told as it is written."""
        return LAST

    def operand(self, node):
        """Of `and`, `or`: as `begun`."""
        return begun(self, node)

    def truth(self, value, node, k: int):
        """Of an operand of `and`, `or` before the k-th; None: not known."""
        return None if value in self.no_values else bool(value)

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
            if error or value is not PENDING and texts[-1] != final:
                texts = []
        except Untold:
            texts = []
        return self.shown([*texts, final], node, end or final)

    def condition(self, test, truth: bool) -> str:
        """The rounds of a condition without the last, True or False."""
        return ": ".join(self.told(test, str(truth))[:-1]) or ast.unparse(test)
