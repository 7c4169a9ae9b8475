"""Expressions in words: values in place of names, reduced round by round (paper section 2.1, NLEX).

    chain(ast.parse("x * 3 + 1", mode="eval").body, {"x": "2"})   # -> (["2 * 3 + 1", "6 + 1", "7"], 7, "")

Arithmetic and comparisons on builtin values are worked out here, where that is quick; what other expressions came to (calls, attributes,
comprehensions) was recorded while they ran (`seen`), and nothing of the program is run again.

A state is a literal (LIT, value, text), a text that stands for a value (REF, text, function that gives it), an operation on states, or an
expression whose value was recorded (SEEN, strength, texts between the states, states, recorded text or None). show() gives its text,
step() reduces every operation whose operands are literals. `strength` is how strongly an operator binds, for parentheses.
"""

from __future__ import annotations

import ast
import builtins
from functools import lru_cache

from tracer.recorder import PLAIN_CALLS


class Opaque(Exception):
    """The expression cannot be shown by substitution: a variable without a value, operators of values that are not builtin."""


class _Unknown:
    """The value of a literal that is known by its text alone."""
    def __repr__(self):
        raise Opaque


UNKNOWN = _Unknown()
LIT, BINARY, UNARY, COMPARE, BOOL, CALL, REF, SEEN, CHOICE = range(9)
OPERATORS = {ast.Add: ("+", 6, lambda a, b: a + b), ast.Sub: ("-", 6, lambda a, b: a - b), ast.Mult: ("*", 7, lambda a, b: a * b),
           ast.Div: ("/", 7, lambda a, b: a / b), ast.FloorDiv: ("//", 7, lambda a, b: a // b), ast.Mod: ("%", 7, lambda a, b: a % b),
           ast.Pow: ("**", 9, lambda a, b: a ** b), ast.BitAnd: ("&", 5, lambda a, b: a & b), ast.BitOr: ("|", 3, lambda a, b: a | b),
           ast.BitXor: ("^", 4, lambda a, b: a ^ b), ast.LShift: ("<<", 5.5, lambda a, b: a << b),
           ast.RShift: (">>", 5.5, lambda a, b: a >> b)}
_COMPARE = {ast.Lt: ("<", lambda a, b: a < b), ast.Gt: (">", lambda a, b: a > b), ast.LtE: ("<=", lambda a, b: a <= b),
            ast.GtE: (">=", lambda a, b: a >= b), ast.Eq: ("==", lambda a, b: a == b), ast.NotEq: ("!=", lambda a, b: a != b),
            ast.In: ("in", lambda a, b: a in b), ast.NotIn: ("not in", lambda a, b: a not in b),
            ast.Is: ("is", lambda a, b: a is b), ast.IsNot: ("is not", lambda a, b: a is not b)}
_UNARY = {ast.USub: ("-", 8, lambda a: -a), ast.Not: ("not ", 1, lambda a: not a), ast.UAdd: ("+", 8, lambda a: +a),
          ast.Invert: ("~", 8, lambda a: ~a)}
_PLAIN = {f.__name__: f for f in (abs, len, int, str, float, bool, max, min, sum, ord, chr, round, sorted, list, tuple, set, dict, divmod,
                                  repr, any, all)}
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LARGE = 2000  # texts longer than this are not worked with


@lru_cache(maxsize=50_000)
def value_of(text: str):
    """The value a recorded text stands for; Opaque if it is not a literal."""
    if len(text) > 4 * _LARGE:
        raise Opaque
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        pass
    if "inf" not in text and "nan" not in text:
        raise Opaque
    try:
        tree = ast.parse(text, mode="eval").body
        for node in ast.walk(tree):
            for field, child in ast.iter_fields(node):
                for place, item in enumerate(child) if type(child) is list else [(None, child)]:
                    if type(item) is ast.Name and item.id in ("inf", "nan"):
                        new = ast.Constant(float(item.id))
                        child[place] = new if place is not None else None
                        if place is None:
                            setattr(node, field, new)
        return float(text) if text in ("inf", "nan") else ast.literal_eval(tree)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        raise Opaque from None


def is_hidden(text: str) -> bool:
    """<function>, <generator>: nothing to tell but the type."""
    return text[0] == "<" and not text.startswith("<int of ")


def _lit(value):
    return (LIT, value, repr(value))


def known(text: str):
    """A literal by its text."""
    try:
        return (LIT, value_of(text), text)
    except Opaque:
        return (LIT, UNKNOWN, text)


def build(node: ast.expr, env: dict[str, str], seen: dict[int, str]):
    """The expression with current values in place of names; `seen` holds the recorded values of marked expressions."""
    kind = type(node)
    if kind is ast.Constant:
        return _lit(node.value)
    if kind is ast.Name:
        text = seen.get(getattr(node, "mark", None)) or env.get(node.id)
        if text is None:
            raise Opaque
        return known(text) if not is_hidden(text) else (SEEN, 10, [node.id], (), None)
    if kind is ast.BinOp and type(node.op) in OPERATORS:
        return (BINARY, *OPERATORS[type(node.op)], build(node.left, env, seen), build(node.right, env, seen))
    if kind is ast.UnaryOp:
        return (UNARY, *_UNARY[type(node.op)], build(node.operand, env, seen))
    if kind is ast.Compare:
        states = [build(e, env, seen) for e in (node.left, *node.comparators)]
        if len(node.ops) == 1:
            return (COMPARE, *_COMPARE[type(node.ops[0])], *states)
        operators = [_COMPARE[type(op)] for op in node.ops]
        return (SEEN, 1.5, ["", *[f" {name} " for name, _ in operators], ""], tuple(states), lambda values: all(
            test(a, b) for (_, test), a, b in zip(operators, values, values[1:])))
    if kind is ast.BoolOp:
        return (BOOL, "and" if isinstance(node.op, ast.And) else "or", tuple(_perhaps(v, env, seen) for v in node.values))
    if kind is ast.IfExp:
        return (CHOICE, build(node.test, env, seen), _perhaps(node.body, env, seen), _perhaps(node.orelse, env, seen))
    if kind is ast.NamedExpr:
        return build(node.value, env, seen)
    recorded = seen.get(getattr(node, "mark", None))
    if recorded is not None and is_hidden(recorded) and kind is not ast.Call:
        recorded = None  # its name says more than <function>
    if kind is ast.Subscript:
        return _subscript(node, recorded, env, seen)
    if kind is ast.Call:
        return _call(node, recorded, env, seen)
    if kind is ast.Attribute:
        if path_of(node):
            return (SEEN, 10, [path_of(node)], (), recorded)
        return (SEEN, 10, ["", f".{node.attr}"], (build(node.value, env, seen),), recorded)
    if kind in (ast.List, ast.Tuple, ast.Set, ast.Dict):
        return _display(node, env, seen)
    if kind in _COMPREHENSIONS:
        bound = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        short = {} if hasattr(node, "late") else {
            name: text for name, text in env.items() if len(text) <= 60 and text[0] != "<" and name not in bound}
        return (SEEN, 10, [ast.unparse(_Substitute(short).visit(ast.parse(ast.unparse(node), mode="eval")))], (), recorded)
    if kind is ast.JoinedStr and recorded:
        return known(recorded)
    if kind in (ast.Lambda, ast.JoinedStr):
        return (SEEN, 0.2, [ast.unparse(node)], (), recorded)
    raise Opaque


class _Substitute(ast.NodeTransformer):
    def __init__(self, env):
        self.env = env

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load) and node.id in self.env:
            return ast.Name(self.env[node.id])
        return node


def _perhaps(node, env, seen):
    """build() of an expression that may not have been evaluated: its source where it cannot be shown."""
    try:
        return build(node, env, seen)
    except Exception:  # an index that would have crashed, a variable without a value
        return (SEEN, 0.2, [ast.unparse(node)], (), None)


def path_of(node) -> str | None:
    """"a.b.c" for names and attributes of names."""
    while type(node) is ast.Attribute:
        inner = path_of(node.value)
        return inner and f"{inner}.{node.attr}"
    return node.id if type(node) is ast.Name else None


def _subscript(node, recorded, env, seen):
    path = path_of(node.value)
    if type(node.slice) is ast.Slice:
        texts, states = [path + "[" if path else "", *([] if path else ["["])], [] if path else [build(node.value, env, seen)]
        for part, after in ((node.slice.lower, ":"), (node.slice.upper, ":" if node.slice.step else ""), (node.slice.step, "")):
            if part is not None:
                states.append(build(part, env, seen))
                texts.append("")
            texts[-1] += after
        texts[-1] += "]"
        return (SEEN, 10, texts, tuple(states), recorded)
    if not path:
        return (SEEN, 10, ["", "[", "]"], (build(node.value, env, seen), build(node.slice, env, seen)), recorded)
    index = finish(build(node.slice, env, seen))
    if type(node.value) is ast.Name and recorded is None and not hasattr(node, "mark"):
        try:
            container = value_of(env.get(node.value.id, "?"))
            return (REF, f"{path}[{index[2]}]", lambda: container[index[1]])
        except Opaque:
            pass
    return (SEEN, 10, [f"{path}[{index[2]}]"], (), recorded)


def _call(node, recorded, env, seen):
    name, states = path_of(node.func), []
    plain = type(node.func) is ast.Name and name in PLAIN_CALLS and name not in env and not node.keywords
    if plain and name == "len" and len(node.args) == 1 and type(node.args[0]) is ast.Name and not hasattr(node.args[0], "mark"):
        value = value_of(env.get(node.args[0].id, "?"))
        return (REF, f"len({node.args[0].id})", lambda: len(value))
    root = name and name.partition(".")[0]
    if root and root not in env and not hasattr(builtins, root):
        raise Opaque
    texts = [f"{name}("]
    if not name or type(node.func) is ast.Attribute and type(node.func.value) is ast.Name and (
            seen.get(getattr(node.func.value, "mark", None)) or env.get(node.func.value.id, "?"))[0] in "'\"0123456789":
        if type(node.func) is not ast.Attribute:
            raise Opaque
        texts = ["", f".{node.func.attr}("]  # methods of strings and numbers: with the value
        states.append(build(node.func.value, env, seen))
    for k, argument in enumerate([*node.args, *node.keywords]):
        if k:
            texts[-1] += ", "
        if type(argument) is ast.keyword:
            texts[-1] += f"{argument.arg}=" if argument.arg else "**"
        elif type(argument) is ast.Starred:
            texts[-1] += "*"
            plain = False
        states.append(build(getattr(argument, "value", argument) if type(argument) in (ast.keyword, ast.Starred) else argument, env, seen))
        texts.append("")
    texts[-1] += ")"
    if plain and recorded is None and not hasattr(node, "mark") and all(_literal_to_be(state) for state in states):
        return (CALL, name, _PLAIN[name], tuple(states))
    return (SEEN, 10, texts, tuple(states), recorded)


def _literal_to_be(state) -> bool:
    """False for what stays an expression in a call: lambdas, generators, iterators, calls whose value is the whole statement's."""
    return state[0] != SEEN or state[4] is not None


def _compose(texts, literals):
    return "".join(t + literal[2] for t, literal in zip(texts, literals)) + texts[-1]


def _display(node, env, seen):
    kind, states, texts = type(node), [], [{ast.List: "[", ast.Tuple: "("}.get(type(node), "{")]
    if kind is ast.Set and not node.elts or kind is ast.Dict and None in node.keys or kind is not ast.Dict and any(
            type(e) is ast.Starred for e in node.elts):
        raise Opaque
    for k, element in enumerate(node.elts if kind is not ast.Dict else [e for pair in zip(node.keys, node.values) for e in pair]):
        if k:
            texts[-1] += ": " if kind is ast.Dict and k % 2 else ", "
        states.append(build(element, env, seen))
        texts.append("")
    texts[-1] += {ast.List: "]", ast.Tuple: ",)" if len(states) == 1 else ")"}.get(kind, "}")

    def made(literals):
        text = _compose(texts, literals)
        if kind in (ast.Set, ast.Dict) and len(value_of(text)) < len(states) // (2 if kind is ast.Dict else 1):
            raise Opaque
        return text
    made.by_text = True
    return (SEEN, 10, texts, tuple(states), made) if states else known(texts[0])


def finish(state):
    while state[0] != LIT:
        new = step(state)
        if new is state:
            raise Opaque
        state = new
    return state


def show(state, above: float = 0) -> str:
    """Text of a state; `above` is the binding strength of what surrounds it, for parentheses."""
    kind = state[0]
    if kind == LIT:
        return f"({state[2]})" if above >= 9 and state[2][0] == "-" else state[2]
    if kind == REF:
        return state[1]
    if kind == CALL:
        return f"{state[1]}({', '.join([show(a) for a in state[3]])})"
    if kind == BINARY:
        left, right = (state[2] + 1, 8) if state[1] == "**" else (state[2], state[2] + 0.5 if state[1] in ("<<", ">>") else state[2] + 1)
        text, strength = f"{show(state[4], left)} {state[1]} {show(state[5], right)}", state[2]
    elif kind == COMPARE:
        text, strength = f"{show(state[3], 2)} {state[1]} {show(state[4], 2)}", 1.5
    elif kind == UNARY:
        text, strength = state[1] + show(state[4], state[2]), state[2]
    elif kind == SEEN:
        inner = 2 if state[1] == 1.5 else 9 if not state[2][0] else 0.25  # operands of a comparison, what a dot follows, arguments
        shown = [show(s, inner if k == 0 or inner == 2 else 0.25) for k, s in enumerate(state[3])]
        if inner == 9 and shown[0].isdigit():
            shown[0] = f"({shown[0]})"
        text, strength = "".join([t + s for t, s in zip(state[2], shown)]) + state[2][-1], state[1]
    elif kind == CHOICE:
        text, strength = f"{show(state[2], 0.4)} if {show(state[1], 0.4)} else {show(state[3], 0.3)}", 0.3
    else:
        text, strength = f" {state[1]} ".join([show(v, 1) for v in state[2]]), 0.5
    return f"({text})" if strength < above else text


def step(state):
    """One round of reduction; the same object where nothing can be reduced. Exceptions of the operation itself (1 % 0) come through."""
    kind = state[0]
    if kind == LIT:
        return state
    if kind == REF:
        return _checked(state[2]())
    if kind == BINARY:
        left, right = state[4], state[5]
        if left[0] == LIT and right[0] == LIT:
            _bounded(state[1], left[1], right[1])
            return _checked(state[3](left[1], right[1]))
        a, b = step(left), step(right)
        return state if a is left and b is right else (*state[:4], a, b)
    if kind == COMPARE:
        left, right = state[3], state[4]
        if left[0] == LIT and right[0] == LIT:
            if (left[1] is UNKNOWN or right[1] is UNKNOWN) and (
                    state[1] not in ("is", "is not") or left[1] is not None and right[1] is not None):
                raise Opaque
            return _checked(state[2](left[1], right[1]))
        a, b = step(left), step(right)
        return state if a is left and b is right else (*state[:3], a, b)
    if kind == UNARY:
        operand = state[4]
        if operand[0] == LIT:
            if operand[1] is UNKNOWN:
                raise Opaque
            return _checked(state[3](operand[1]))
        new = step(operand)
        return state if new is operand else (*state[:4], new)
    if kind == CALL:
        if all(a[0] == LIT for a in state[3]):
            values = [a[1] for a in state[3]]
            if any(v is UNKNOWN for v in values) or state[1] == "round" and len(values) > 1 and not (
                    isinstance(values[1], int) and abs(values[1]) < 100):
                raise Opaque
            return _checked(state[2](*values))
        return _step_parts(state, 3)
    if kind == SEEN:
        if not all(s[0] == LIT or s[0] == SEEN and s[4] is None and step(s) is s for s in state[3]):
            return _step_parts(state, 3)
        if callable(state[4]):
            if not all(s[0] == LIT for s in state[3]):
                return state
            if hasattr(state[4], "by_text"):
                return known(state[4](state[3]))
            if any(s[1] is UNKNOWN for s in state[3]):
                raise Opaque
            return _checked(state[4]([s[1] for s in state[3]]))
        return state if state[4] is None else known(state[4])
    if kind == CHOICE:
        if state[1][0] != LIT:
            new = step(state[1])
            if new[0] != LIT:
                return state if new is state[1] else (CHOICE, new, state[2], state[3])
            state = (CHOICE, new, state[2], state[3])
        return state[2] if _truth(state[1][1]) else state[3]
    first, rest = state[2][0], state[2][1:]       # and / or: from the left, the rest only if needed
    if first[0] != LIT:
        new = step(first)
        return state if new is first else (BOOL, state[1], (new, *rest))
    if not rest or _truth(first[1]) == (state[1] == "or"):
        return first
    return rest[0] if len(rest) == 1 else (BOOL, state[1], rest)


def _step_parts(state, place: int):
    parts = tuple(step(s) for s in state[place])
    if all(a is b for a, b in zip(parts, state[place])):
        return state
    return (*state[:place], parts, *state[place + 1:])


def _truth(value) -> bool:
    if value is UNKNOWN:
        raise Opaque
    return bool(value)


def _bounded(operator, a, b) -> None:
    """Refuses what could take long or fill the memory."""
    if a is UNKNOWN or b is UNKNOWN:
        raise Opaque
    if operator == "**" and not (isinstance(b, int) and -1 < b < 64) or operator == "<<" and not (isinstance(b, int) and b < 2000):
        raise Opaque
    if operator == "*" and not all(isinstance(v, (int, float)) for v in (a, b)):
        times, length = [v if isinstance(v, int) else 0 for v in (a, b)], [len(v) if hasattr(v, "__len__") else 1 for v in (a, b)]
        if max(times) > 1000 or max(times) * max(length) > 10_000:
            raise Opaque
    if operator == "%" and isinstance(a, str) and (len(a) > 100 or "*" in a or any(p.isdigit() and len(p) > 2 for p in a.split("%"))):
        raise Opaque
    if operator == "%" and isinstance(a, str) and sum(ch.isdigit() for ch in a) > 3:
        raise Opaque


def _checked(value):
    if type(value) not in (int, bool, float, str, list, tuple, dict, set, type(None)):
        raise Opaque
    return (LIT, value, repr(value))


def chain(node: ast.expr, env: dict[str, str], seen: dict[int, str] | None = None, final: str | None = None,
          raised: str = "") -> tuple[list[str], object, str]:
    """Every stage of the reduction -> texts, final value, name of the exception that stopped it ("" if none). final: the recorded
    value of the whole, where the expression does not give it away; raised: the recorded exception. Raises Opaque."""
    try:
        state = build(node, env, seen or {})
        texts = [show(state)]
    except Exception:  # an index that crashes, an operand that is never evaluated
        raise Opaque from None
    while state[0] != LIT:
        try:
            new = step(state)
        except Opaque:
            if final is None or len(texts[0]) > 200:
                raise
            new = state
        except Exception as exception:
            return texts, None, type(exception).__name__
        if new is state:  # the rest was not recorded
            if raised:
                return texts, None, raised
            if final is None:
                raise Opaque
            return [*texts, final], known(final)[1], ""
        state = new
        texts.append(show(state))
    return texts, state[1], ""
