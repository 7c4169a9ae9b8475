"""In words: one sentence per executed statement, from the recorded events and the syntax tree (paper section 2.1, NLEX).

    explain(trace)        # -> [(0, "r = 2 + 3 * 4 = 2 + 12 = 14."), ...]: which event a sentence is about, and the sentence
    narrate(trace)        # -> the sentences alone, in one of eight wordings

Current values are put into the expression, and what can be reduced is reduced, round by round. Arithmetic and comparisons on builtin
values are worked out here; what other expressions came to (calls, attributes, comprehensions) was recorded while they ran. A sentence is
used only if its end is the recorded one; everything else falls back to what changed. So a narration cannot state another result than the
true one, and nothing in it takes longer than reading the trace.
"""

from __future__ import annotations

import ast
import builtins
from functools import lru_cache

from recorder import PLAIN_CALLS, number

# ---------------------------------------------------------------------------------------------------------------------------
# Expressions in words. A state is a literal (LIT, value, text), a text that stands for a value (REF, text, value), an operation on states,
# or an expression whose value was recorded (SEEN, strength, texts between the states, states, recorded text or None). show() gives its
# text, step() reduces every operation whose operands are literals.


class Opaque(Exception):
    """The expression cannot be shown by substitution: a variable without a value, operators of values that are not builtin."""


class _Unknown:
    """The value of a literal that is known by its text alone."""
    def __repr__(self):
        raise Opaque


UNKNOWN = _Unknown()
LIT, BINARY, UNARY, COMPARE, BOOL, CALL, REF, SEEN, CHOICE = range(9)
_BINARY = {ast.Add: ("+", 6, lambda a, b: a + b), ast.Sub: ("-", 6, lambda a, b: a - b), ast.Mult: ("*", 7, lambda a, b: a * b),
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
def _value(text: str):
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


def _lit(value):
    return (LIT, value, repr(value))


def _known(text: str):
    """A literal by its text."""
    try:
        return (LIT, _value(text), text)
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
        return _known(text) if not _is_hidden(text) else (SEEN, 10, [node.id], (), None)
    if kind is ast.BinOp and type(node.op) in _BINARY:
        return (BINARY, *_BINARY[type(node.op)], build(node.left, env, seen), build(node.right, env, seen))
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
    if recorded is not None and _is_hidden(recorded) and kind is not ast.Call:
        recorded = None  # its name says more than <function>
    if kind is ast.Subscript:
        return _subscript(node, recorded, env, seen)
    if kind is ast.Call:
        return _call(node, recorded, env, seen)
    if kind is ast.Attribute:
        if _path(node):
            return (SEEN, 10, [_path(node)], (), recorded)
        return (SEEN, 10, ["", f".{node.attr}"], (build(node.value, env, seen),), recorded)
    if kind in (ast.List, ast.Tuple, ast.Set, ast.Dict):
        return _display(node, env, seen)
    if kind in _COMPREHENSIONS:
        bound = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        short = {} if hasattr(node, "late") else {
            name: text for name, text in env.items() if len(text) <= 60 and text[0] != "<" and name not in bound}
        return (SEEN, 10, [ast.unparse(_Substitute(short).visit(ast.parse(ast.unparse(node), mode="eval")))], (), recorded)
    if kind is ast.JoinedStr and recorded:
        return _known(recorded)
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


def _path(node) -> str | None:
    """"a.b.c" for names and attributes of names."""
    while type(node) is ast.Attribute:
        inner = _path(node.value)
        return inner and f"{inner}.{node.attr}"
    return node.id if type(node) is ast.Name else None


def _subscript(node, recorded, env, seen):
    path = _path(node.value)
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
    index = _finish(build(node.slice, env, seen))
    if type(node.value) is ast.Name and recorded is None and not hasattr(node, "mark"):
        try:
            container = _value(env.get(node.value.id, "?"))
            return (REF, f"{path}[{index[2]}]", lambda: container[index[1]])
        except Opaque:
            pass
    return (SEEN, 10, [f"{path}[{index[2]}]"], (), recorded)


def _call(node, recorded, env, seen):
    name, states = _path(node.func), []
    plain = type(node.func) is ast.Name and name in PLAIN_CALLS and name not in env and not node.keywords
    if plain and name == "len" and len(node.args) == 1 and type(node.args[0]) is ast.Name and not hasattr(node.args[0], "mark"):
        value = _value(env.get(node.args[0].id, "?"))
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
        if kind in (ast.Set, ast.Dict) and len(_value(text)) < len(states) // (2 if kind is ast.Dict else 1):
            raise Opaque
        return text
    made.by_text = True
    return (SEEN, 10, texts, tuple(states), made) if states else _known(texts[0])


def _finish(state):
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
                return _known(state[4](state[3]))
            if any(s[1] is UNKNOWN for s in state[3]):
                raise Opaque
            return _checked(state[4]([s[1] for s in state[3]]))
        return state if state[4] is None else _known(state[4])
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
            return [*texts, final], _known(final)[1], ""
        state = new
        texts.append(show(state))
    return texts, state[1], ""


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


def _is_hidden(text: str) -> bool:
    """<function>, <generator>: nothing to tell but the type."""
    return text[0] == "<" and not text.startswith("<int of ")


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
            return repr(_value(_locate(node.value, env, seen))[_finish(build(node.slice, env, seen))[1]])
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
            if text is None or _is_hidden(text):
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
                hidden = _is_hidden(final) and len(texts) > 1
                self.add(f"{name} = {_joined(texts[:-1] if hidden else texts, value, value=None if hidden else _short(final, before.get(name)))}.")
                return
            except Opaque:
                pass
        source = "" if told_before or isinstance(node, ast.AugAssign) else _source(value)
        if source and source != final and not isinstance(value, (ast.JoinedStr, ast.Await, ast.Yield, ast.YieldFrom)):
            self.add(f"{name} = {source}." if _is_hidden(final) else f"{name} = {source} = {_short(final, before.get(name))}.")
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
                states = (BINARY, *_BINARY[type(node.op)], _known(_locate(target, before, frame.seen)), build(value, before, frame.seen))
                texts = [show(states), show(_finish(states))]
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
                        text = f"{label} {_BINARY[type(node.op)][0]}= {_short(new)}" if type(node.op) in _BINARY else None
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
                    given = [_finish(build(a, before, frame.seen))[2] for a in call.args]
                except Exception:  # not worth naming: the change itself follows
                    given = [ast.unparse(a) for a in call.args]
                given = ", ".join([*given, *map(ast.unparse, call.keywords)])
                if len(given) > 120:
                    given = ", ".join(map(ast.unparse, [*call.args, *call.keywords]))
                self.add(f"{text} after {call.func.attr}({given})." if len(given) <= 120 else f"{text} after {call.func.attr}.")
            elif text:
                self.add(f"{text}.")
            elif len(self.lines) == frame.started and not printed:
                self.add(f"We call {_source(call) or _path(call.func) or 'a function'}.")

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
            hidden = _is_hidden(value) and len(texts) > 1
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
            if frame.read:
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
        return f"{_label(target.value, env, seen)}[{_finish(build(target.slice, env, seen))[2]}]"
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
