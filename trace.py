"""What happened, step by step, in words? Records a run, narrates it, checks a narration against the truth (paper section 2.1, NLEX).

    python trace.py prog.py --stdin "3 1 2"              # explain the run of a program
    python trace.py prog.py --stdin "3 1 2" --format raw # the same as structured frames: source line and changed variables

`record` runs the program under sys.settrace and notes, at every line, which variables changed. `narrate` turns that into one sentence
per executed statement, with concrete values and the arithmetic in between: current values are substituted into the expression, and what
can be reduced is reduced, round by round ("r = 2 + 3 * 4 = 2 + 12 = 14."). Sub-expressions are evaluated here only when they are pure
and on builtin values, and a sentence is used only if its result equals the recorded one; everything else falls back to the recorded
change. Being rendered by rule, a narration cannot state another output than the true one, and every line of a simulation can be compared
with the true one (`first_wrong_step`).

Foreign programs are recorded inside the sandbox: the recorder travels there as source. Ours (trusted=True) are recorded in this process.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sandbox import Sandbox, run


@dataclass
class Trace:
    """events: lists [kind, frame, line, changes, printed], kind line | call | return | exception. `changes` are the frame's variables
    (name: text) that changed since the frame's previous event, so they belong to the line reported before; `printed` is what was
    written to stdout since the previous event of any frame. A call has the function's name in place of `printed`, an exception its own."""
    code: str
    stdin: str
    events: list
    stdout: str
    error: str        # name of the exception that ended the run, "" if none
    status: str       # OK | ERROR | LIMIT
    complete: bool    # recorded to its end, with the output of an untraced run


# ---------------------------------------------------------------------------------------------------------------------------
# The recorder. Self-contained, so that its source can travel into the sandbox.

def run_traced(code: str, stdin: str, max_events: int, max_bytes: int) -> dict:
    """-> {events, stdout, error, status, complete}. A line event fires BEFORE its line runs; values are kept as text at once."""
    import io
    import sys

    class Limit(BaseException):
        pass

    plain = {int: repr, bool: repr, type(None): repr, float: repr, str: repr}

    def text(value, depth=0):
        kind = type(value)
        if kind in plain:
            if kind is int and value.bit_length() > 2000:
                return "<int>"
            return repr(value) if kind is not str or len(value) < 2000 else repr(value[:2000]) + "..."
        if depth < 4 and kind in (list, tuple, set, frozenset, dict) and len(value) <= 400:
            if kind is dict:
                return "{" + ", ".join([text(k, depth + 1) + ": " + text(v, depth + 1) for k, v in value.items()]) + "}"
            inner = ", ".join([text(v, depth + 1) for v in value])
            if kind is list:
                return "[" + inner + "]"
            if kind is tuple:
                return "(" + inner + ("," if len(value) == 1 else "") + ")"
            return "{" + inner + "}" if inner and kind is set else kind.__name__ + "(" + (inner and "{" + inner + "}") + ")"
        return "<" + kind.__name__ + ">"

    def result(status, error, complete):
        return {"events": events, "stdout": out.getvalue(), "error": error, "status": status, "complete": complete}

    events, frames, count, used, printed, out, over = [], {}, 0, 0, 0, io.StringIO(), False

    def note(kind, frame, extra=None):
        nonlocal used, printed, over, count
        entry = frames.get(frame)
        if entry is None:
            entry = frames[frame] = [count, {}]
            count += 1
        seen, changes = entry[1], {}
        for name, value in frame.f_locals.items():
            if name[:2] != "__":
                now = text(value)
                if seen.get(name) != now:
                    seen[name] = changes[name] = now
                    used += len(now)
        for name in [n for n in seen if n not in frame.f_locals] if len(seen) > len(frame.f_locals) else ():
            changes[name] = None
            del seen[name]
        if extra is None:
            length = out.tell()
            if length != printed:
                extra = out.getvalue()[printed:length]
                printed = length
                used += len(extra)
        events.append([kind, entry[0], frame.f_lineno, changes, extra or ""])
        if len(events) > max_events or used > max_bytes:
            over = True
        if over:
            raise Limit

    def local(frame, event, argument):
        if event == "line":
            note("line", frame)
        elif event == "return":
            value = text(argument)
            note("return", frame)
            events[-1].append(value)
            frames.pop(frame, None)
        elif event == "exception":
            note("exception", frame, argument[0].__name__)
        return local

    def tracer(frame, event, argument):
        if frame.f_code.co_filename != "<program>" or frame.f_code.co_name[0] == "<" and frame.f_code.co_name != "<module>":
            return None
        note("call", frame, frame.f_code.co_name)
        return local

    try:
        program = compile(code, "<program>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return result("ERROR", "SyntaxError", True)
    keep, status, error = (sys.stdin, sys.stdout), "OK", ""
    sys.stdin, sys.stdout = io.StringIO(stdin), out
    try:
        sys.settrace(tracer)
        try:
            exec(program, {"__name__": "__main__"})
        finally:
            sys.settrace(None)
    except Limit:
        return result("LIMIT", "", False)
    except SystemExit as stop:
        status, error = ("OK", "") if stop.code in (None, 0) else ("ERROR", "SystemExit")
    except BaseException as exception:
        status, error = "ERROR", type(exception).__name__
    finally:
        sys.stdin, sys.stdout = keep
    if over:
        return result("LIMIT", "", False)
    ended = any(e[0] == "return" and e[1] == 0 for e in events[-1:])
    return result(status, error, ended)


def record(code: str, stdin: str = "", max_events: int = 10_000, max_bytes: int = 1_000_000, *, sandbox: Sandbox | None = None,
           trusted: bool = False) -> Trace:
    """Record a run. Limits (the paper's: 10,000 events, 1 MB) end the recording with status LIMIT and complete=False. trusted=True runs
    the program in this process: only for programs this project generated itself."""
    if trusted:
        return Trace(code, stdin, **run_traced(code, stdin, max_events, max_bytes))
    driver = ("import json, sys\n" + inspect.getsource(run_traced)
              + "\njob = json.load(sys.stdin)\nprint(json.dumps(run_traced(**job)))\n")
    job = json.dumps({"code": code, "stdin": stdin, "max_events": max_events, "max_bytes": max_bytes})
    limits = {"cpu_seconds": 10.0, "output_bytes": 40 * max_bytes + 1_000_000}
    result = run(driver, job, **limits)
    try:
        trace = Trace(code, stdin, **json.loads(result.stdout))
    except (ValueError, TypeError):  # the program broke the recorder, or hit a limit of the sandbox
        return Trace(code, stdin, [], "", "", "LIMIT", False)
    true = sandbox.run(code, stdin) if sandbox else run(code, stdin)
    trace.complete = trace.complete and (trace.stdout, trace.error) == (true.stdout, true.error)
    return trace


# ---------------------------------------------------------------------------------------------------------------------------
# Expressions in words. A state is a literal (LIT, value, text), a text that stands for itself (REF, text, value), or an operation on
# states. show() gives its text, step() reduces every operation whose operands are literals.

class Opaque(Exception):
    """The expression cannot be shown by substitution: calls of user functions, attributes, values that are not builtin."""


LIT, BINARY, UNARY, COMPARE, BOOL, CALL, REF = range(7)
_BINARY = {ast.Add: ("+", 6, lambda a, b: a + b), ast.Sub: ("-", 6, lambda a, b: a - b), ast.Mult: ("*", 7, lambda a, b: a * b),
           ast.Div: ("/", 7, lambda a, b: a / b), ast.FloorDiv: ("//", 7, lambda a, b: a // b), ast.Mod: ("%", 7, lambda a, b: a % b),
           ast.Pow: ("**", 9, lambda a, b: a ** b), ast.BitAnd: ("&", 5, lambda a, b: a & b), ast.BitOr: ("|", 3, lambda a, b: a | b),
           ast.BitXor: ("^", 4, lambda a, b: a ^ b)}
_COMPARE = {ast.Lt: ("<", lambda a, b: a < b), ast.Gt: (">", lambda a, b: a > b), ast.LtE: ("<=", lambda a, b: a <= b),
            ast.GtE: (">=", lambda a, b: a >= b), ast.Eq: ("==", lambda a, b: a == b), ast.NotEq: ("!=", lambda a, b: a != b),
            ast.In: ("in", lambda a, b: a in b), ast.NotIn: ("not in", lambda a, b: a not in b),
            ast.Is: ("is", lambda a, b: a is b), ast.IsNot: ("is not", lambda a, b: a is not b)}
_PURE = {f.__name__: f for f in (abs, len, int, str, float, bool, max, min, sum, ord, chr, round, sorted, list, tuple, set, range, zip,
                                 enumerate, reversed, map, any, all, dict, divmod, repr)}
_SUMMARISED = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@lru_cache(maxsize=50_000)
def _value(text: str):
    """The value a recorded text stands for; Opaque if it is not a literal."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise Opaque from None


def _lit(value):
    return (LIT, value, repr(value))


def build(node: ast.expr, env: dict[str, str]):
    """The expression with current values in place of names."""
    kind = type(node)
    if kind is ast.Constant:
        return _lit(node.value)
    if kind is ast.Name:
        text = env.get(node.id)
        if text is None:
            raise Opaque
        return (LIT, _value(text), text)
    if kind is ast.BinOp and type(node.op) in _BINARY:
        return (BINARY, *_BINARY[type(node.op)], build(node.left, env), build(node.right, env))
    if kind is ast.UnaryOp and isinstance(node.op, (ast.USub, ast.Not)):
        return (UNARY, "-" if isinstance(node.op, ast.USub) else "not ", build(node.operand, env))
    if kind is ast.Compare and len(node.ops) == 1:
        return (COMPARE, *_COMPARE[type(node.ops[0])], build(node.left, env), build(node.comparators[0], env))
    if kind is ast.BoolOp:
        return (BOOL, "and" if isinstance(node.op, ast.And) else "or", tuple(build(v, env) for v in node.values))
    if kind is ast.Subscript and type(node.value) is ast.Name and not isinstance(node.slice, ast.Slice):
        container, index = _value(env.get(node.value.id, "?")), _finish(build(node.slice, env))
        return (REF, f"{node.value.id}[{index[2]}]", lambda: container[index[1]])
    if kind is ast.Call and type(node.func) is ast.Name and node.func.id in _PURE and node.func.id not in env and not node.keywords:
        if node.func.id == "len" and len(node.args) == 1 and type(node.args[0]) is ast.Name:
            value = _value(env.get(node.args[0].id, "?"))
            return (REF, f"len({node.args[0].id})", lambda: len(value))
        if not any(isinstance(a, (ast.Starred, *_SUMMARISED)) for a in node.args):
            return (CALL, node.func.id, _PURE[node.func.id], tuple(build(a, env) for a in node.args))
    # Everything else that is pure is summarised: what went in, what came out.
    free = _pure_names(node)
    values = {name: _value(env[name]) for name in free if name in env}
    text = ast.unparse(_Substitute({n: env[n] for n in free if n in env}).visit(ast.parse(ast.unparse(node), mode="eval")))
    program = compile(ast.Expression(node), "<expression>", "eval")
    return (REF, text, lambda: eval(program, {"__builtins__": _PURE, **values}))


class _Substitute(ast.NodeTransformer):
    def __init__(self, env):
        self.env = env

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load) and node.id in self.env:
            return ast.Name(self.env[node.id])
        return node


_METHODS = {"split", "join", "upper", "lower", "strip", "count", "find", "index", "replace", "startswith", "endswith", "isdigit",
            "isalpha", "get", "keys", "values", "items", "copy"}
_ALLOWED = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.comprehension, ast.Constant, ast.Name, ast.BinOp,
            ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.Subscript, ast.Slice, ast.List, ast.Tuple, ast.Dict, ast.Set,
            ast.Call, ast.Attribute, ast.Starred, ast.JoinedStr, ast.FormattedValue, *_SUMMARISED)


def _pure_names(node: ast.expr) -> set[str]:
    """Names read by an expression that is safe and side-effect free to evaluate again; Opaque otherwise."""
    bound, free = set(), set()
    for part in ast.walk(node):
        if not isinstance(part, _ALLOWED) or isinstance(part, (ast.Pow, ast.LShift)):
            raise Opaque
        if isinstance(part, ast.Attribute) and part.attr not in _METHODS:
            raise Opaque
        if isinstance(part, ast.Call):
            if not (isinstance(part.func, ast.Attribute) or isinstance(part.func, ast.Name) and part.func.id in _PURE) or part.keywords:
                raise Opaque
        elif isinstance(part, ast.Name):
            (bound if isinstance(part.ctx, ast.Store) else free).add(part.id)
    return free - bound


def _finish(state):
    while state[0] != LIT:
        state = step(state)
    return state


def show(state, above: int = 0) -> str:
    """Text of a state; `above` is the binding strength of what surrounds it, for parentheses."""
    kind = state[0]
    if kind == LIT:
        return f"({state[2]})" if above >= 9 and state[2][0] == "-" else state[2]
    if kind == REF:
        return state[1]
    if kind == CALL:
        return f"{state[1]}({', '.join([show(a) for a in state[3]])})"
    if kind == BINARY:
        text, strength = f"{show(state[4], state[2])} {state[1]} {show(state[5], state[2] + 1)}", state[2]
    elif kind == COMPARE:
        text, strength = f"{show(state[3], 2)} {state[1]} {show(state[4], 2)}", 1.5
    elif kind == UNARY:
        text, strength = state[1] + show(state[2], 8 if state[1] == "-" else 1), 8 if state[1] == "-" else 1
    else:
        text, strength = f" {state[1]} ".join([show(v, 1) for v in state[2]]), 0.5
    return f"({text})" if strength < above else text


def step(state):
    """One round of reduction. Exceptions of the operation itself (1 % 0) come through."""
    kind = state[0]
    if kind == LIT:
        return state
    if kind == REF:
        return _checked(state[2]())
    if kind == BINARY:
        left, right = state[4], state[5]
        if left[0] == LIT and right[0] == LIT:
            a, b = left[1], right[1]
            if state[1] == "**" and not (isinstance(b, int) and -1 < b < 64) or (
                    state[1] == "*" and not all(isinstance(v, (int, float)) for v in (a, b)) and max(
                        v if isinstance(v, int) else 0 for v in (a, b)) > 1000):
                raise Opaque
            return _checked(state[3](a, b))
        return (*state[:4], step(left), step(right))
    if kind == COMPARE:
        left, right = state[3], state[4]
        return _checked(state[2](left[1], right[1])) if left[0] == LIT and right[0] == LIT else (*state[:3], step(left), step(right))
    if kind == UNARY:
        if state[2][0] == LIT:
            return _checked(-state[2][1] if state[1] == "-" else not state[2][1])
        return (UNARY, state[1], step(state[2]))
    if kind == CALL:
        if all(a[0] == LIT for a in state[3]):
            return _checked(state[2](*[a[1] for a in state[3]]))
        return (*state[:3], tuple(step(a) for a in state[3]))
    first, rest = state[2][0], state[2][1:]       # and / or: from the left, the rest only if needed
    if first[0] != LIT:
        return (BOOL, state[1], (step(first), *rest))
    if not rest or bool(first[1]) == (state[1] == "or"):
        return first
    return rest[0] if len(rest) == 1 else (BOOL, state[1], rest)


def _checked(value):
    if type(value) not in (int, bool, float, str, list, tuple, dict, set, type(None)):
        raise Opaque
    return (LIT, value, repr(value))


def chain(node: ast.expr, env: dict[str, str]) -> tuple[list[str], object, str]:
    """Every stage of the reduction -> texts, final value, name of the exception that stopped it ("" if none). Raises Opaque."""
    try:
        state = build(node, env)
    except Exception:  # an index that crashes, an operand that is never evaluated
        raise Opaque from None
    texts = [show(state)]
    while state[0] != LIT:
        try:
            state = step(state)
        except Opaque:
            raise
        except Exception as exception:
            return texts, None, type(exception).__name__
        texts.append(show(state))
    return texts, state[1], ""


# ---------------------------------------------------------------------------------------------------------------------------
# The narrator.

PHRASES = [("so we enter the if.", "so we go inside."), ("so we skip the if.", "so we move on."), ("The loop ends.", "No turn is left.")]


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:70] + " ... " + text[-40:]


@lru_cache(maxsize=256)
def _statements(code: str) -> tuple[dict, list[str]]:
    """-> line number -> statement or except clause that starts there (or the innermost one that spans it), source lines."""
    starts, spans = {}, {}
    for node in ast.walk(ast.parse(code)):  # breadth first: the innermost comes last
        if isinstance(node, (ast.stmt, ast.ExceptHandler)):
            # several statements on one line cannot be told apart: told by what they print and change
            starts[node.lineno] = ast.Pass() if node.lineno in starts else node
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                spans[line] = node
    return {**spans, **starts}, code.splitlines()


def _inside(node, line: int) -> bool:
    return node.body[0].lineno <= line <= node.body[-1].end_lineno and line != node.lineno


class _Narrator:
    def __init__(self, trace: Trace):
        self.trace, self.lines = trace, []
        self.statements, self.source = _statements(trace.code)
        self.env, self.pending, self.turns, self.names, self.unread = {}, {}, {}, {}, trace.stdin.splitlines()
        self.printed = {}

    def tell(self) -> list[str]:
        raised, depth = False, []
        for event in self.trace.events:
            kind, frame, line, changes, extra = event[:5]
            env = self.env.setdefault(frame, {})
            if kind == "call":
                env.update(changes)
                self.names[frame] = extra
                if extra != "<module>":
                    given = ", ".join(f"{k} = {_short(v)}" for k, v in changes.items() if v[0] != "<")
                    self.lines.append(f"We call {extra} with {given}." if given else f"We call {extra}.")
                depth.append(frame)
                continue
            before = self.env[frame] = dict(env)
            for name, text in changes.items():
                if text is None:
                    env.pop(name, None)
                else:
                    env[name] = text
            self.env[frame] = env
            if extra and kind != "exception":
                for open_frame in depth:
                    self.printed[open_frame] = self.printed.get(open_frame, "") + extra
            node = self.pending.pop(frame, None)
            if kind == "exception":
                if not raised:
                    self.stops(node, self.view(frame, before), extra)
                raised = True
                self.printed.pop(frame, None)
                continue
            if node is not None and not (raised and kind == "return"):
                self.finish(node, frame, self.view(frame, before), changes, kind, line, event)
            self.printed.pop(frame, None)
            if kind == "return":
                depth.remove(frame)
                if self.names[frame] != "<module>" and not raised and not isinstance(node, ast.Return):
                    self.lines.append(f"{self.names[frame]} returns.")
            else:
                raised = False
                self.pending[frame] = self.statements.get(line)
        return self.lines

    def view(self, frame: int, local: dict) -> dict:
        """Variables the frame can read: the module's, then its own."""
        return local if frame == 0 else {**self.env.get(0, {}), **local}

    def finish(self, node, frame, before, changes, kind, line, event) -> None:
        """The sentence for a statement that has just run; `before` are the values it found, the frame's env those it left."""
        env, add = self.env[frame], self.lines.append
        after = self.view(frame, env)
        changed = ", ".join(f"{k} = {_short(v)}" for k, v in changes.items() if v and v[0] != "<")
        if isinstance(node, (ast.For, ast.AsyncFor)):
            key = (frame, id(node))
            taken = kind == "line" and _inside(node, line)
            if taken:
                self.turns[key] = self.turns.get(key, 0) + 1
                names = [n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)]
                add(f"Turn {self.turns[key]}: " + ", ".join(f"{n} = {_short(env.get(n, '?'))}" for n in names) + ".")
            else:
                self.turns.pop(key, None)
                add("The loop ends.")
        elif isinstance(node, (ast.If, ast.While)):
            taken = kind == "line" and _inside(node, line)
            if isinstance(node, ast.If):
                then = "so we enter the if." if taken else "so we go to the else." if node.orelse else "so we skip the if."
            else:
                then = "so the loop goes on." if taken else "so the loop ends."
            verdict = "true" if taken else "false"
            try:
                texts, value, error = chain(node.test, before)
                if error or bool(value) != taken:
                    raise Opaque
                stages = texts[:-1] if value is True or value is False else texts
                add(": ".join(map(_short, stages or texts)) + f" is {verdict}, {then}")
            except Opaque:
                add(f"The condition is {verdict}, {then}")
        elif isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            self.assign(node, before, after, changed)
        elif isinstance(node, ast.Expr):
            self.expression(node, frame, before, changed)
        elif isinstance(node, ast.Continue):
            add("We continue.")
        elif isinstance(node, ast.Break):
            loops = [n for n in self.statements.values() if isinstance(n, (ast.For, ast.While)) and n.lineno < node.lineno <= n.end_lineno]
            self.turns.pop((frame, id(max(loops, key=lambda n: n.lineno))), None)
            add("We break out of the loop.")
        elif isinstance(node, ast.Return):
            value = event[5]
            name = self.names[frame]
            try:
                texts, result, error = chain(node.value, before)
                if error or repr(result) != value:
                    raise Opaque
                add(f"{name} returns {' = '.join(map(_short, texts))}.")
            except (Opaque, AttributeError):
                add(f"{name} returns {_short(value)}." if value != "None" else f"{name} returns.")
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            add(f"We define {node.name}.")
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            add(f"We import {', '.join(a.name for a in node.names)}.")
        elif isinstance(node, ast.ExceptHandler):
            for loop in self.statements.values():  # the exception has ended the loops inside the try
                if isinstance(loop, ast.For) and not loop.lineno <= node.lineno <= loop.end_lineno:
                    self.turns.pop((frame, id(loop)), None)
            add("We handle the exception.")
        else:
            printed = self.printed.get(frame, "").strip().replace("\n", " / ")
            if printed and isinstance(node, ast.Pass):
                add(f"We print {_short(printed)}.")
            if changed:
                add(f"{changed}.")

    def reads(self, node) -> str | None:
        """The input line(s) a statement consumes by input(), None if it reads nothing."""
        count = sum(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "input" for n in ast.walk(node))
        if not count:
            return None
        taken, self.unread = self.unread[:count], self.unread[count:]
        return " ".join(taken)

    def assign(self, node, before, after, changed) -> None:
        target = node.target if not isinstance(node, ast.Assign) else node.targets[0]
        simple = isinstance(target, ast.Name) and (not isinstance(node, ast.Assign) or len(node.targets) == 1)
        names = [n.id for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        values = ", ".join(f"{n} = {_short(after[n])}" for n in names if n in after) or changed
        read = self.reads(node)
        if read is not None:
            self.lines.append(f"We read {_short(read)}, so {values}.")
            return
        if simple and node.value is not None:
            value = ast.BinOp(ast.Name(target.id), node.op, node.value) if isinstance(node, ast.AugAssign) else node.value
            try:
                texts, _, error = chain(value, before)
                if error or texts[-1] != after.get(target.id):
                    raise Opaque
                texts = [t for k, t in enumerate(texts) if k == 0 or t != texts[k - 1]]
                self.lines.append(f"{target.id} = {' = '.join(map(_short, texts))}.")
                return
            except Opaque:
                pass
        if values:
            self.lines.append(f"{values}.")

    def expression(self, node, frame, before, changed) -> None:
        call = node.value
        printed = self.printed.get(frame, "")
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print":
            text = printed.rstrip("\n").replace("\n", " / ")
            if len(call.args) == 1 and not call.keywords and not isinstance(call.args[0], ast.Starred):
                try:
                    texts, value, error = chain(call.args[0], before)
                    if not error and f"{value}\n" == printed and len(texts) > 1:
                        text = " = ".join([*texts[:-1], text])
                except Opaque:
                    pass
            self.lines.append(f"We print {_short(text)}." if text else "We print an empty line.")
        elif isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and changed:
            given = []
            try:
                given = [_finish(build(a, before))[2] for a in call.args]
            except Exception:  # not worth naming: the change itself follows
                given = [ast.unparse(a) for a in call.args]
            self.lines.append(f"{changed} after {call.func.attr}({_short(', '.join(given))}).")
        elif self.reads(node) is not None:
            self.lines.append("We read a line.")
        elif changed:
            self.lines.append(f"{changed}.")

    def stops(self, node, before, name) -> None:
        """The sentence for a statement that raised an exception."""
        expression = getattr(node, "test", None) or getattr(node, "value", None)
        if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name) and expression.func.id == "print" and expression.args:
            expression = expression.args[0]
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            expression = ast.BinOp(ast.Name(node.target.id), node.op, node.value)
        try:
            if name == "MemoryError" or any(isinstance(part, _SUMMARISED) for part in ast.walk(expression)):
                raise Opaque  # evaluating it again here could take what the sandbox refused it
            texts, _, error = chain(expression, before)
            if error == name:
                self.lines.append(f"{': '.join(map(_short, texts))} stops with {name}.")
                return
        except (Opaque, AttributeError, TypeError):
            pass
        self.lines.append(f"We stop with {name}.")


def narrate(trace: Trace, seed: int = 0) -> list[str]:
    """One sentence per executed statement, without the output block. The seed picks among PHRASES, once for the whole trace (bit k of
    it: the k-th phrase's second wording)."""
    if trace.error == "SyntaxError" and not trace.events:
        return ["The program does not parse: SyntaxError."]
    lines = _Narrator(trace).tell()
    for k, (first, second) in enumerate(PHRASES):
        if seed >> k & 1:
            lines = [line.replace(first, second) if line.endswith(first) else line for line in lines]
    return lines


def raw(trace: Trace) -> list[str]:
    """The run as structured frames, in the style of CWM traces: every executed source line with the variables it changed."""
    if trace.error == "SyntaxError" and not trace.events:
        return ["SyntaxError"]
    source, lines, open_line = trace.code.splitlines() or [""], [], {}
    for kind, frame, line, changes, extra, *_ in trace.events:
        if frame in open_line:
            changed = ", ".join(f'"{k}": {_short(v or "gone")}' for k, v in changes.items() if not v or v[0] != "<")
            lines.append(f"{source[open_line.pop(frame) - 1].strip()} {{{changed}}}" + (f" {extra}" if kind == "exception" else ""))
        if kind == "line":
            open_line[frame] = line
    return lines


# ---------------------------------------------------------------------------------------------------------------------------
# Where a simulation goes wrong.

def canonical(line: str) -> str:
    """The line in its first wording."""
    for first, second in PHRASES:
        if line.endswith(second):
            return line[: -len(second)] + first
    return line.rstrip()


def first_wrong_step(simulated_lines: list[str], true_lines: list[str]) -> tuple[int, str] | None:
    """-> (line index, kind) of the first line that is not true, None if all are. Kinds: arithmetic, comparison, branch, loop, indexing,
    print, format (a line of another shape, missing or too many). Wording variants are equal."""
    for k in range(max(len(simulated_lines), len(true_lines))):
        if k >= len(true_lines) or k >= len(simulated_lines):
            return k, "format"
        got, want = canonical(simulated_lines[k]), canonical(true_lines[k])
        if got != want:
            return k, _kind(got, want)
    return None


def _shape(line: str) -> str:
    if line.startswith("Turn ") or line in ("The loop ends.", "We continue.", "We break out of the loop."):
        return "loop"
    if line.startswith("We "):
        return " ".join(line.split()[:2])
    return "condition" if (" is true, " in line or " is false, " in line) else "assignment" if " = " in line else "other"


def _kind(got: str, want: str) -> str:
    shape = _shape(want)
    if _shape(got) != shape:
        return "loop" if shape == "loop" else "format"
    if shape == "loop":
        return "loop"
    if shape == "We print":
        return "print"
    if shape == "condition":
        return "branch" if got.rpartition(", so ")[0] == want.rpartition(", so ")[0] else "comparison"
    if shape == "assignment":
        return "indexing" if re.search(r"[A-Za-z_]\[", want.partition(" = ")[2].partition(" = ")[0]) else "arithmetic"
    return "format"


# ---------------------------------------------------------------------------------------------------------------------------

def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("program", type=Path, help="a Python file")
    parser.add_argument("--stdin", default="", help="its standard input, as text")
    parser.add_argument("--format", choices=("nlex", "raw"), default="nlex", help="natural language or structured frames")
    args = parser.parse_args()
    try:
        code = args.program.read_text()
    except (OSError, UnicodeDecodeError) as problem:
        print(f"trace.py: cannot read {args.program}: {problem}", file=sys.stderr)
        sys.exit(2)
    trace = record(code, args.stdin)
    if trace.status == "LIMIT":
        print("trace.py: the run is too long to explain (over 10,000 events, 1 MB, or the sandbox's limits)", file=sys.stderr)
        sys.exit(2)
    print(*(narrate(trace) if args.format == "nlex" else raw(trace)), sep="\n")
    print(f"<output>\n{trace.stdout.rstrip()}")
    print((f"<error>{trace.error}\n" if trace.error else "") + "</output>")
    if not trace.complete:
        print("trace.py: traced and untraced output differ; do not trust this explanation", file=sys.stderr)


if __name__ == "__main__":
    main()
