"""Is every sentence true? Reads an explanation back into claims and checks each against the recorded events and Python's own evaluation.

    check(trace, explain(trace))   # -> [(sentence number, what is wrong), ...]; [] if every claim holds

It shares nothing with narrator.py but the recording and the numbering of statements. From the source expression of the statement and the
recorded values it works out, top down, what each part was worth; a stage such as `3 * 2 + len(xs)` is parsed and laid over the source:
where they agree in form their parts are compared, where the stage has a value that value must be the part's. What cannot be verified counts
as false, and so does a sentence of unknown form.
"""

import ast
import builtins
import re
from functools import lru_cache

from tracer.recorder import number

SAFE = {name: getattr(builtins, name) for name in "abs len int str float bool max min sum ord chr round sorted list tuple set dict divmod "
        "repr any all range zip enumerate reversed map".split()}
UNKNOWN = object()
BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")


class Wrong(Exception):
    """A claim that does not hold."""


@lru_cache(maxsize=10_000)
def literal(text: str):
    """The value of a text, UNKNOWN if it is no literal. inf and nan count as literals."""
    if text[:1] == "<":
        return UNKNOWN
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        pass
    if len(text) < 20_000 and re.fullmatch(r"[\[\](){},:\s\w.'\"+-]*\b(inf|nan)\b[\[\](){},:\s\w.'\"+-]*", text):
        try:
            return eval(text, {"__builtins__": {}, "inf": float("inf"), "nan": float("nan")})
        except Exception:
            pass
    return UNKNOWN


def alike(a, b) -> bool:
    """Equal and of the same type; nan equals nan."""
    return type(a) is type(b) and (a == b or a != a and b != b)


def shown_as(shown: str, true: str) -> bool:
    """Is `shown` the text, or the text without some of its middle (" ... ")?"""
    if shown == true:
        return True
    pieces = shown.split(" ... ")
    if len(pieces) < 2 or not (true.startswith(pieces[0]) and true.endswith(pieces[-1])) or len(true) < 100:
        return False
    place = len(pieces[0])
    for piece in pieces[1:-1]:
        place = true.find(piece, place)
        if place < 0:
            return False
        place += len(piece)
    return place <= len(true) - len(pieces[-1])


def split(text: str, sign: str) -> list[str]:
    """Split where `sign` stands outside of brackets and quotes."""
    parts, depth, quote, start, k = [], 0, "", 0, 0
    while k < len(text):
        ch = text[k]
        if quote:
            k += ch == "\\"
            if ch == quote:
                quote = ""
        elif ch in "'\"":
            quote = ch
        elif ch in "([{":
            depth += 1
        elif ch in ")]}":
            depth -= 1
        elif depth == 0 and text.startswith(sign, k):
            parts.append(text[start:k])
            k += len(sign)
            start = k
            continue
        k += 1
    return [*parts, text[start:]]


def fields_of(text: str) -> dict[str, str]:
    """"Account(owner='Ann', balance=3)" -> its fields as texts."""
    match = re.fullmatch(r"\w+\((.*)\)", text, re.DOTALL)
    parts = [part.partition("=") for part in split(match[1], ", ")] if match else []
    return {name: value for name, sign, value in parts if sign and name.isidentifier()}


@lru_cache(maxsize=1000)
def lines_within(node) -> frozenset[int]:
    return frozenset({n.line for part in node.body for n in ast.walk(part) if hasattr(n, "line")})


class Moment:
    """What was known of a frame when a statement ended: before, after (texts of variables), seen (recorded values), node, event."""
    def __init__(self, before, after, seen, node, event, read):
        self.before, self.after, self.seen, self.node, self.event, self.read = before, after, seen, node, event, read

    def value(self, e):
        """What the expression was worth, from recorded texts; UNKNOWN if they do not tell. May raise what the program raised."""
        mark = getattr(e, "mark", None)
        if mark in self.seen:
            return literal(self.seen[mark])
        if mark is not None and not isinstance(e, ast.Name):
            return UNKNOWN
        kind = type(e)
        if kind is ast.Constant:
            return e.value
        if kind is ast.Name:
            return literal(self.before[e.id]) if e.id in self.before else UNKNOWN
        if kind is ast.NamedExpr:
            return self.value(e.value)
        if kind is ast.IfExp:
            test = self.value(e.test)
            return UNKNOWN if test is UNKNOWN else self.value(e.body if test else e.orelse)
        if kind is ast.BoolOp:
            for operand in e.values:
                value = self.value(operand)
                if value is UNKNOWN or bool(value) == isinstance(e.op, ast.Or):
                    break
            return value
        if kind in (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Subscript, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.Slice) or (
                kind is ast.Call and isinstance(e.func, ast.Name) and e.func.id in SAFE and not e.keywords):
            space, parts = {"__builtins__": {}}, {}
            for field, child in ast.iter_fields(e):
                if isinstance(child, ast.expr) and field != "func":
                    parts[field] = self.constant(child, space)
                elif isinstance(child, list) and child and isinstance(child[0], ast.expr):
                    parts[field] = [self.constant(c, space) for c in child]
            if UNKNOWN in [v for v in space.values() if v is UNKNOWN]:
                if kind is ast.Compare and isinstance(e.ops[0], (ast.Is, ast.IsNot)) and None in space.values():
                    return isinstance(e.ops[0], ast.IsNot)
                return UNKNOWN
            if kind is ast.BinOp and not small(e.op, *list(space.values())[1:]):
                return UNKNOWN
            if kind is ast.Call:
                space[e.func.id] = SAFE[e.func.id]
            copy = type(e)(**{**dict(ast.iter_fields(e)), **parts})
            if hasattr(copy, "ctx"):
                copy.ctx = ast.Load()
            return eval(compile(ast.fix_missing_locations(ast.Expression(copy)), "<claim>", "eval"), space)
        return UNKNOWN

    def constant(self, e, space):
        """A name that stands for the value of a part, put into `space`."""
        if isinstance(e, ast.Slice):
            return ast.Slice(*[part and self.constant(part, space) for part in (e.lower, e.upper, e.step)])
        name = f"v{len(space)}"
        space[name] = self.value(e)
        return ast.Name(name, ast.Load())

    def text(self, e) -> str | None:
        """The recorded text of the part, also where it is no literal."""
        mark = getattr(e, "mark", None)
        return self.seen.get(mark) or (self.before.get(e.id) if isinstance(e, ast.Name) else None)

    def stage(self, shown: str, source, final: str | None = None) -> None:
        """Is a stage of a reduction the source with some parts replaced by their values?"""
        if final is not None and shown_as(shown, final) or shown == ast.unparse(source):
            return
        known = sorted({t for t in (*self.seen.values(), *self.before.values(), *([final] if final else [])) if literal(t) is UNKNOWN},
                       key=len, reverse=True)
        holders = {}
        for k, text in enumerate(known):  # <generator>, Account(owner='Ann')
            if text in shown:
                shown = shown.replace(text, f"__value{k}")
                holders[f"__value{k}"] = text
        try:
            tree = ast.parse(shown, mode="eval").body
        except SyntaxError:
            raise Wrong(f"not readable: {shown}") from None
        self.lay(tree, source, holders, final)

    def lay(self, got, source, holders, final=None) -> None:
        """`got`, parsed from a sentence, over the source expression."""
        if isinstance(got, ast.Name) and got.id in holders:
            if holders[got.id] not in (self.text(source), final):
                raise Wrong(f"{holders[got.id]} is not the value of {ast.unparse(source)}")
            return
        if isinstance(source, ast.NamedExpr):
            return self.lay(got, source.value, holders, final)
        if isinstance(source, ast.IfExp) and isinstance(got, ast.IfExp):
            try:
                return self.parts(got, source, holders)
            except Wrong:
                pass  # the branch that was taken is a choice, too
        if isinstance(source, ast.IfExp):
            test = self.value(source.test)
            if test is UNKNOWN:
                raise Wrong(f"condition of {ast.unparse(source)} is not known")
            return self.lay(got, source.body if test else source.orelse, holders, final)
        value = literal(ast.unparse(got))
        if value is not UNKNOWN and not isinstance(source, ast.Constant):
            text = self.text(source) or final
            true = literal(text) if text is not None else self.value(source)
            if true is UNKNOWN and text is None:
                if type(got) is type(source):
                    return self.parts(got, source, holders)
                raise Wrong(f"the value of {ast.unparse(source)} was not recorded")
            if not alike(value, true):
                raise Wrong(f"{ast.unparse(source)} is {true!r}, not {value!r}")
            return
        if isinstance(source, ast.BoolOp):
            for k, operand in enumerate(source.values):  # the operands before this one have been left behind
                rest = source.values[k:]
                try:
                    if len(rest) == 1:
                        return self.lay(got, operand, holders, final)
                    if isinstance(got, ast.BoolOp) and type(got.op) is type(source.op) and len(got.values) == len(rest):
                        for part, mine in zip(got.values, rest):
                            self.lay(part, mine, holders)
                        return
                except Wrong:
                    if len(rest) == 1:
                        raise
                if bool(self.value(operand)) == isinstance(source.op, ast.Or):
                    raise Wrong(f"{ast.unparse(operand)} decides {ast.unparse(source)}")
        if type(got) is not type(source):
            raise Wrong(f"{ast.unparse(got)} does not follow from {ast.unparse(source)}")
        self.parts(got, source, holders)

    def parts(self, got, source, holders) -> None:
        for field, mine in ast.iter_fields(source):
            theirs = getattr(got, field)
            if isinstance(mine, ast.AST) and not isinstance(mine, ast.expr_context):
                if isinstance(mine, ast.expr):
                    self.lay(theirs, mine, holders)
                elif type(mine) is not type(theirs):
                    raise Wrong(f"{ast.unparse(got)} has another operator than {ast.unparse(source)}")
                else:
                    self.parts(theirs, mine, holders)
            elif isinstance(mine, list):
                if len(mine) != len(theirs):
                    raise Wrong(f"{ast.unparse(got)} has not the parts of {ast.unparse(source)}")
                for a, b in zip(theirs, mine):
                    if isinstance(b, ast.expr):
                        self.lay(a, b, holders)
                    elif isinstance(b, ast.AST):
                        if type(a) is not type(b):
                            raise Wrong(f"{ast.unparse(got)} has another operator than {ast.unparse(source)}")
                        self.parts(a, b, holders)
            elif not isinstance(mine, ast.AST) and field not in ("kind", "type_comment") and (type(mine), mine) != (type(theirs), theirs):
                raise Wrong(f"{theirs!r} stands for {mine!r}")

    def held(self, label: str, env: dict) -> str | None:
        """The text of x, x.field.field or x[1] in recorded variables, None where they do not show it."""
        try:
            e = ast.parse(label, mode="eval").body
        except SyntaxError:
            return None
        if isinstance(e, ast.Name):
            return env.get(e.id)
        if isinstance(e, ast.Attribute):
            inner = self.held(ast.unparse(e.value), env)
            return fields_of(inner).get(e.attr) if inner else None
        if isinstance(e, ast.Subscript):
            inner, key = self.held(ast.unparse(e.value), env), literal(ast.unparse(e.slice))
            try:
                return repr(literal(inner)[key]) if inner and key is not UNKNOWN else None
            except (TypeError, KeyError, IndexError):
                return None
        return None

    def told(self, label: str) -> str | None:
        """The text of a variable, of a part of one, or of the part that the statement changes."""
        part = getattr(self.node, "part", None)
        target = getattr(self.node, "target", None) or getattr(getattr(getattr(self.node, "value", None), "func", None), "value", None)
        if part is not None and part + 1 in self.seen and target is not None and not isinstance(target, ast.Name):
            try:
                self.lay(ast.parse(label, mode="eval").body, loaded(target), {})
                return self.seen[part + 1]
            except (Wrong, SyntaxError):
                pass
        return self.held(label, self.after)

    def values(self, text: str) -> None:
        """"a = 1, b.c = 2": do these variables have these values now? A text that was shortened is compared piece by piece."""
        while text:
            label, sign, rest = text.partition(" = ")
            true = self.told(label) if sign else None
            if true is None:
                raise Wrong(f"no value is recorded for {label}")
            ends = [m.start() for m in re.finditer(r", (?=[A-Za-z_][\w.\[\]'\"]* = )", rest)] + [len(rest)]
            end = next((e for e in ends if shown_as(rest[:e], true)), None)
            if end is None:
                raise Wrong(f"{label} is {true[:200]}, not {rest[:200]}")
            text = rest[end + 2:]

    def chain_and_more(self, text: str, source, final: str | None) -> None:
        """"1 + 2 = 3, a = [3]": a chain, and what else has changed."""
        places = [len(text), *[k.start() for k in re.finditer(r", (?=[A-Za-z_][\w.\[\]'\"]* = )", text)]]
        for place in places:
            try:
                self.chain(text[:place], source, final)
                return self.values(text[place + 2:])
            except Wrong as problem:
                wrong = problem
        raise wrong

    def chain(self, text: str, source, final: str | None) -> None:
        """"1 + 2 = 3": every stage, and the last one against the recorded end."""
        stages = split(text, " = ")
        if final is not None and not shown_as(stages[-1], final):
            place = next((m.end() for m in re.finditer(" = ", text) if shown_as(text[m.end():], final)), None)
            if place is None and not shown_as(text, final):
                raise Wrong(f"ends as {stages[-1][:200]}, recorded was {final[:200]}")
            stages = [*split(text[:place - 3], " = "), final] if place else [final]
        for stage in stages:
            self.stage(stage, source, final)


def loaded(target):
    """A target as an expression."""
    return ast.parse(ast.unparse(target), mode="eval").body


def small(operator, a, b) -> bool:
    """Can the operation be tried without danger?"""
    if not isinstance(operator, (ast.Pow, ast.LShift, ast.Mult, ast.Mod)):
        return True
    if isinstance(operator, ast.Mod):
        return not isinstance(a, (str, bytes)) or not re.search(r"\d{4}|\*", str(a))
    if isinstance(operator, ast.Mult):
        sizes = [v if isinstance(v, (int, float, complex)) else len(v) for v in (a, b)]
        return all(isinstance(v, (int, float, complex)) for v in (a, b)) or max(sizes) < 10_000
    return isinstance(b, (int, float)) and abs(b) < 3000


SENTENCES = []  # (pattern, check): the first pattern that fits is asked; a check raises Wrong


def sentence(pattern):
    def add(function):
        SENTENCES.append((re.compile(pattern, re.DOTALL), function))
        return function
    return add


def need(holds, what: str) -> None:
    if not holds:
        raise Wrong(what)


@sentence(r"We call ([\w.]+)(?: with (.*))?\.")
def _call(match, m, state):
    kind, _, _, changes, name, *_ = m.event
    if kind != "call":  # a call nothing else is known of
        return need(isinstance(m.node, ast.Expr), "no call here")
    need(name == match[1], f"called {name}")
    if match[2]:
        m.values(match[2])


@sentence(r"We call .*\.")
def _call_text(match, m, state):
    need(isinstance(m.node, ast.Expr), "no call here")
    need(match[0][len("We call "):-1] in (ast.unparse(m.node.value), ast.unparse(m.node.value.func)), "another statement was run")


@sentence(r"([\w.]+) goes on\.")
def _resume(match, m, state):
    need(m.event[0] == "resume" and m.event[4] == match[1], "nothing goes on here")


@sentence(r"([\w.]+) (waits|is closed|gets .*)\.")
def _wait(match, m, state):
    if match[2].startswith("gets "):
        return need(m.event[0] == "exception" and match[2] == "gets " + named(m.event), "nothing was thrown")
    need(m.event[0] == "yield" or m.event[4] == "GeneratorExit", "no wait here")
    need(state.name == match[1], f"it is {state.name}")


@sentence(r"([\w.]+) yields (.*)\.")
def _yield(match, m, state):
    need(m.event[0] == "yield" and state.name == match[1] and shown_as(match[2], m.event[5]), f"yielded {m.event[5]}")


@sentence(r"([\w.<>]+) returns(?: (.*))?\.")
def _return(match, m, state):
    need(m.event[0] == "return" and state.name == match[1], "no return here")
    if match[2] is None:
        need(m.event[5] == "None", f"returned {m.event[5]}")
    elif isinstance(m.node, ast.Return) and m.node.value is not None:
        m.chain(match[2], m.node.value, None if m.event[5][0] == "<" and match[2][-1] != ">" else m.event[5])
    else:
        need(shown_as(match[2], m.event[5]), f"returned {m.event[5]}")


@sentence(r"Turn (\d+)(?:: (.*))?\.")
def _turn(match, m, state):
    need(isinstance(m.node, (ast.For, ast.AsyncFor)) and m.goes_inside, "no turn of a loop")
    need(int(match[1]) == state.turn, f"turn {state.turn}")
    if match[2]:
        m.values(match[2])


@sentence(r"(?:The loop(?: over (.*))? ends|No turn is left)\.")
def _loop_ends(match, m, state):
    need(isinstance(m.node, (ast.For, ast.AsyncFor)) and not m.goes_inside, "the loop goes on")
    need(match[1] in (None, bare(m.node.target)), "another loop")


@sentence(r"(True|[\d.]+|'.*') is true, so the loop goes on\.")
def _endless(match, m, state):
    loops = [n for n in state.statements.values() if isinstance(n, ast.While) and n.body[0].line == m.event[2]]
    if isinstance(m.node, ast.While):
        return _condition(re.fullmatch(r"(.*) is (true|false), so (.*)\.", match[0]), m, state)
    need(any(isinstance(n.test, ast.Constant) and ast.unparse(n.test) == match[1] and n.test.value for n in loops), "no loop begins again")


@sentence(r"(.*) is (true|false), so (we .*|the loop goes on|the loop ends)\.")
def _condition(match, m, state):
    node = m.node
    need(isinstance(node, (ast.If, ast.While)), "no condition here")
    true = match[2] == "true"
    need(true == m.goes_inside, f"the condition was {m.goes_inside}")
    ways = ("the loop goes on" if true else "the loop ends",) if isinstance(node, ast.While) else (
        "we enter the if", "we go inside") if true else ("we go to the else",) if node.orelse and not (getattr(node, "tries_elif", False) and not state.fewer) else ("we try the elif",) if node.orelse else ("we skip the if", "we move on")
    need(match[3] in ways, f"the way is: {ways[0]}")
    _stages(match[1], node.test, m, true)


def _stages(text, source, m, true):
    if text == ast.unparse(source) or " ... " in text and ast.unparse(source).endswith(text.partition(" ... ")[2]):
        return
    for stage in split(text, ": "):
        m.stage(stage, source)
    value = m.value(source)
    if value is not UNKNOWN:
        need(bool(value) == true, f"{ast.unparse(source)} is {value!r}")
    last = literal(split(text, ": ")[-1])
    need(last is UNKNOWN or bool(last) == true, f"{last!r} is {not true}")


@sentence(r"(.*) is true, so the assertion holds\.")
def _assertion(match, m, state):
    need(isinstance(m.node, ast.Assert) and m.event[0] != "exception", "no assertion held")
    _stages(match[1], m.node.test, m, True)


def named(event) -> str:
    """An exception as it is told: its name, and its message if it has one."""
    return f"{event[4]}: {event[5]}" if event[5] else event[4]


@sentence(r"(.*) is false, so the assertion fails with (\w+(?:: .*)?)\.")
def _assertion_fails(match, m, state):
    need(isinstance(m.node, ast.Assert) and m.event[0] == "exception", "no assertion failed")
    need(shown_as(match[2], named(m.event)), f"the exception is {named(m.event)}")
    _stages(match[1], m.node.test, m, False)


def bare(target) -> str:
    """A target as it is written: (a, b), c"""
    text = ast.unparse(target)
    return text[1:-1] if isinstance(target, ast.Tuple) else text


def at(m):
    """The part of the statement whose instruction raised the exception; the statement, if there is no telling."""
    place, _ = (m.event[6] or {}).get("at", (0, ""))
    return list(ast.walk(m.node))[place]


@sentence(r"We cannot unpack (.*) into ([^:]*?)(?:, (\d+) values for (\d+) names)?: (.*)\.")
def _unpack(match, m, state):
    need(m.event[0] == "exception" and shown_as(match[5], named(m.event)), "another exception")
    target = at(m)
    need(match[2] == bare(target), "another target")
    if match[1] != "the values":
        need(target in getattr(m.node, "targets", ()), "a part of the target failed")
        need(shown_as(match[1], m.text(m.node.value) or repr(m.value(m.node.value))), "other values")
    if match[3]:
        need(int(match[3]) == len(literal(match[1])) and int(match[4]) == len(target.elts), "other numbers")


@sentence(r"(?:(.*) stops|We stop) with (\w+)(: .*)?\.")
def _stops(match, m, state):
    if m.event[0] != "exception":
        return need(state.error == match[2] and state.last, "nothing stopped here")
    name, values = match[2] + (match[3] or ""), ""
    for place in [None, *[k.start() for k in re.finditer(", where ", name)]]:
        if name[:place] == m.event[4] or shown_as(name[:place], named(m.event)):  # trace.py leaves the message out
            values = name[place + len(", where "):] if place else ""
            break
    else:
        raise Wrong(f"stopped with {named(m.event)}")
    m.values(values)
    if match[1]:
        _blamed(match[1], m, at(m), (m.event[6] or {}).get("at", (0, ""))[1])


def _blamed(text, m, part, step):
    """Is what is said to have stopped the part that did, or the whole that it stands in?"""
    node = m.node
    if step in ("GET_ITER", "FOR_ITER") and isinstance(node, ast.For):
        start = f"for {bare(node.target)} in "
        need(text.startswith(start), "it is the loop that stopped")
        return m.stage(text[len(start):], node.iter)
    if isinstance(getattr(part, "ctx", None), (ast.Store, ast.Del)):
        text = text.removeprefix("del ").removeprefix("Assigning to ")
        label, _, value = text.partition(" = ")
        m.stage(label, loaded(part))
        return value and m.stage(value, node.value)
    sources = [part] if isinstance(part, ast.expr) else []
    if isinstance(node, ast.AugAssign):
        sources.append(ast.BinOp(loaded(node.target), node.op, node.value))
    for source in (getattr(node, "test", None), getattr(node, "value", None)):
        if source is not None and (not isinstance(part, ast.expr) or part in ast.walk(source)):
            sources.append(source)
    if isinstance(getattr(node, "value", None), ast.Call) and node.value.args:
        sources.append(node.value.args[0])
    for source in sources:
        try:
            for stage in split(text, ": "):
                m.stage(stage, source)
            return
        except Wrong as problem:
            wrong = problem
    raise wrong if sources else Wrong("it is not known what stopped")


@sentence(r"We raise (it again|(\w+(?:: .*)?))\.")
def _raise(match, m, state):
    need(isinstance(m.node, ast.Raise), "nothing is raised")
    if match[2]:
        need(m.event[0] == "exception" and shown_as(match[2], named(m.event)), "something else is raised")


@sentence(r"We leave the program(?: with (.*))?\.")
def _leave(match, m, state):
    need(m.event[0] == "exception" and m.event[4] == "SystemExit", "the program goes on")
    need((match[1] or "") == m.event[5] or not match[1] and m.event[5] == "0", f"it ends with {m.event[5]}")


@sentence(r"We handle (.*)\.")
def _handle(match, m, state):
    need(isinstance(m.node, ast.ExceptHandler) and m.goes_inside, "nothing was handled")
    name = f" as {m.node.name}" if m.node.name else ""
    need(match[1] in (f"{state.failed}{name}", f"the exception{name}"), f"it was {state.failed}")


@sentence(r"The except clause(?: for (.*))? does not match\.")
def _no_match(match, m, state):
    need(isinstance(m.node, ast.ExceptHandler) and not m.goes_inside, "the exception was handled")
    need((match[1] or "") == (ast.unparse(m.node.type) if m.node.type else ""), "another except clause")


@sentence(r"We print to (.*?)(?:, so (.*))?\.")
def _print_to(match, m, state):
    file = [k.value for k in getattr(m.node.value, "keywords", ()) if k.arg == "file"]
    if not file or m.printed:
        return _print(re.fullmatch(r"We print (.*)\.", match[0], re.DOTALL), m, state)
    need(match[1] == ast.unparse(file[0]), "not printed there")
    m.values(match[2] or "")


@sentence(r"We print (.*)\.")
def _print(match, m, state):
    printed, text = m.printed or m.asked, match[1]
    is_print = isinstance(m.node, ast.Expr) and isinstance(m.node.value, ast.Call) and getattr(m.node.value.func, "id", "") == "print"
    state.told += printed
    if re.match("nothing to the output(, so .*)?$", text) and is_print and not printed:
        return m.values(text.partition(", so ")[2])
    line = printed[:-1] if printed[-1:] == "\n" else printed
    if not line.strip("\n"):
        line = f"{len(printed)} empty lines" if line else text if text == "the end of the line" else "an empty line"
    elif line != line.strip() or " = " in line or " / " in line or "\n\n" in line:
        line = repr(line)
    else:
        line = line.replace("\n", " / ")
    if shown_as(text, line):
        return
    need(is_print and len(m.node.value.args) == 1, f"printed {line[:200]}")
    place = next((k.end() for k in re.finditer(" = ", text) if shown_as(text[k.end():], line)), None)
    need(place is not None, f"printed {line[:200]}")
    for stage in split(text[:place - 3], " = "):
        m.stage(stage, m.node.value.args[0])


@sentence(r"We read (.*?)(?:, so (.*))?\.")
def _read(match, m, state):
    text = match[0][len("We read "):-1]
    true = " ".join((m.asked_read or m.read).splitlines())
    for place in [len(text), *[k.start() for k in re.finditer(", so ", text)]]:
        if shown_as(text[:place], true):
            return m.values(text[place + 5:])
    raise Wrong(f"read {true[:200]}")


@sentence(r"We (define|import|continue|break|enter|leave|match|delete|run) ?(.*)\.")
def _fixed(match, m, state):
    node, what = m.node, match[2]
    if match[1] == "define":
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            return need(what in (f"{target.id} as {ast.unparse(node.value)}", f"{target.id} as a lambda"), "another definition")
        need(isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)), "no definition")
        return need(re.match(r"(class )?(\w+)", what)[2] == node.name, f"{node.name} was defined")
    if match[1] == "import":
        need(isinstance(node, (ast.Import, ast.ImportFrom)), "no import")
        source = f" from {'.' * node.level}{node.module or ''}" if isinstance(node, ast.ImportFrom) else ""
        return need(what == ", ".join(map(ast.unparse, node.names)) + source, "another import")
    if match[1] == "break":
        target = getattr(state.loops.get(node), "target", None)
        return need(isinstance(node, ast.Break) and what == "out of the loop" + (
            f" over {bare(target)}" if target else ""), "another loop")
    if match[1] in ("enter", "leave"):
        need(isinstance(node, (ast.With, ast.AsyncWith)), "no with statement")
        need(match[1] == state.way, f"we {state.way} it")
        if ", so " in what:
            m.values(what.rpartition(", so ")[2])
        return
    if match[1] == "match":
        need(isinstance(node, ast.Match), "no match statement")
        return what == ast.unparse(node.subject) or m.chain(what, node.subject, None)
    if match[1] == "delete":
        need(isinstance(node, ast.Delete), "nothing is deleted")
        text, _, rest = what.partition(", so ")
        need(text == ", ".join(map(ast.unparse, node.targets)), "something else is deleted")
        return m.values(rest)
    if match[1] == "run":
        return need(what in (ast.unparse(node), "an assignment"), "another statement was run")
    need(isinstance(node, ast.Continue if match[1] == "continue" else ast.Break), "another statement was run")


@sentence(r"Case (.*?) (matches|does not match)(?:, so (.*))?\.")
def _case(match, m, state):
    need(isinstance(m.node, ast.match_case) and m.goes_inside == (match[2] == "matches"), "the other way")
    need(match[1] == ast.unparse(m.node.pattern) + (f" if {ast.unparse(m.node.guard)}" if m.node.guard else "") or len(match[1]) == 0,
         "another pattern")
    m.values(match[3] or "")


@sentence(r"(.*) after (\w+)\.")
def _after_call(match, m, state):
    need(isinstance(m.node, ast.Expr) and getattr(m.node.value.func, "attr", "") == match[2], "another call")
    m.values(match[1])


@sentence(r"(.*) after (\w+)\((.*)\)\.")
def _after(match, m, state):
    text = match[0][:-1]
    for place in [k.start() for k in re.finditer(" after ", text)]:
        call = m.node.value if isinstance(m.node, ast.Expr) else None
        rest = text[place + len(" after "):]
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and rest.startswith(call.func.attr + "("):
            shown = rest[len(call.func.attr) + 1:-1]
            source = [*map(ast.unparse, call.args), *map(ast.unparse, call.keywords)]
            if shown != ", ".join(source):
                given = split(shown, ", ")
                need(len(given) == len(source), "other arguments")
                for a, b in zip(given, call.args):
                    if a != ast.unparse(b):
                        m.stage(a, b)
            return m.values(text[:place])
    return _values(re.fullmatch(r"(.*)\.", match[0], re.DOTALL), m, state)


@sentence(r"(.*), and nothing changes\.")
def _nothing(match, m, state):
    need(match[1] in (ast.unparse(m.node), "We assign") and not m.event[3], "something changes")


@sentence(r"(?:(.*) after|We run) (?:an assignment|(.*) (\S*=) (.*))\.")
def _taken(match, m, state):
    """p._v = 10 after p.v = 5: a function of the program took the value."""
    node, grown = m.node, isinstance(m.node, ast.AugAssign)
    target = node.target if grown else getattr(node, "targets", [None])[0]
    try:
        need(isinstance(target, (ast.Attribute, ast.Subscript)), "no part is assigned")
        need(not match[3] or match[3] == (f"{SIGNS[type(node.op)]}=" if grown else "="), "another assignment")
        for text, source in ((match[2], loaded(target)), (match[4], node.value)):
            need(not text or text == ast.unparse(source) or m.stage(text, source) is None, "")
    except Wrong:
        return _values(re.fullmatch(r"(.*)\.", match[0], re.DOTALL), m, state)
    m.values(match[1] or "")


SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**", ast.LShift: "<<",
         ast.RShift: ">>", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.MatMult: "@"}


@sentence(r"(.*)\.")
def _values(match, m, state):
    node, text = m.node, match[1]
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and node.value is not None:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if isinstance(target, ast.Name) and (not isinstance(node, ast.Assign) or len(node.targets) == 1):
            need(text.startswith(f"{target.id} = "), f"{target.id} is assigned")
            source, final = node.value, m.after.get(target.id)
            if final is None and text == ast.unparse(node):   # a name of Python's own
                return
            need(final is not None, f"{target.id} has no value")
            if isinstance(node, ast.AugAssign):
                source = ast.BinOp(ast.Name(target.id, ast.Load()), node.op, source)
            text = text[len(target.id) + 3:]
            if final[0] == "<" and not text.endswith(final):
                return text == ast.unparse(source) or m.chain_and_more(text, source, None)
            return m.chain_and_more(text, source, final)
        if isinstance(target, (ast.Attribute, ast.Subscript)) and (not isinstance(node, ast.Assign) or len(node.targets) == 1):
            return _part(text, target, node, m)
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple) and len(node.targets) == 1:
            return _swap(text, target, node.value, m)
    m.values(text)


def _swap(text, target, source, m):
    """a = 2, b = 3 % 2 = 1: every name by the stages of its own value."""
    try:
        return m.values(text)
    except Wrong:
        pass
    for k, (name, value) in enumerate(zip(target.elts, source.elts)):
        need(isinstance(name, ast.Name) and text.startswith(f"{name.id} = "), "another name")
        rest = text[len(name.id) + 3:]
        more = ast.unparse(target.elts[k + 1]) if k + 1 < len(target.elts) else "\\w+"
        for place in [len(rest), *[n.start() for n in re.finditer(f", (?={more}[\\w.\\[\\]'\"]* = )", rest)]]:
            try:
                m.chain(rest[:place], value, m.after.get(name.id))
                text = rest[place + 2:]
                break
            except Wrong as problem:
                wrong = problem
        else:
            raise wrong
    m.values(text)


def _part(text, target, node, m):
    """grid[1] = 2 + 3 = 5, other = [0, 5]: the part by its stages, the rest by its values."""
    mark = getattr(node, "part", 0.5)
    old, new = m.seen.get(mark), m.seen.get(mark + 1)
    label, _, rest = text.partition(" = ")
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        whole = m.after.get(target.value.id) or ""
        need(not re.fullmatch(r"\w+\(\w+=.*\)", whole, re.DOTALL) or f"{target.attr}=" in whole, f"there is no field {target.attr}")
    m.stage(label, loaded(target))
    source, trial = node.value, m
    if isinstance(node, ast.AugAssign):
        need(new is not None, f"{label} is not known")
        source = ast.BinOp(ast.Name("_old", ast.Load()), node.op, node.value)
        trial = Moment({**m.before, "_old": old}, m.after, m.seen, node, m.event, "")
        rest = re.sub(rf"^{re.escape(label)}(?= )", "_old", rest)
    else:
        new = m.text(node.value) or (repr(node.value.value) if isinstance(node.value, ast.Constant) else None)
        if new and new[0] == "<" and not rest.startswith(new):
            new = None
    for place in [len(rest), *[k.start() for k in re.finditer(r", (?=[A-Za-z_][\w.\[\]'\"]* = )", rest)]]:
        try:
            trial.chain(rest[:place], source, new)
            return m.values(rest[place + 2:])
        except Wrong as problem:
            wrong = problem
    try:
        return m.values(text)  # what a function of the program made of it
    except Wrong:
        raise wrong from None


class _State:
    """One frame while the events are replayed."""
    def __init__(self, name):
        self.name, self.env, self.node, self.came, self.seen, self.read = name, {}, None, 0, {}, ""
        self.turns, self.turn, self.printed, self.failed, self.loops = {}, 0, "", None, {}
        self.open, self.way, self.struck = set(), "", False  # with statements


def check(trace, steps: list[tuple[int, str]], fewer_words=False) -> list[tuple[int, str]]:
    """Every sentence of an explanation (event index, text) against the events -> [(sentence number, what is wrong)]."""
    wrong, waiting, frames, shared = [], list(enumerate(steps)), {}, {}
    if trace.error == "SyntaxError" and not trace.events:
        return [] if [t for _, t in steps] == ["The program does not parse: SyntaxError."] else [(0, "it does not parse")]
    _State.fewer = fewer_words  # as trace.py tells it: an elif is an else
    statements, told, loops = number(trace.code)[1], "", {}
    for node in statements.values():
        for part in ast.walk(node) if isinstance(node, (ast.For, ast.AsyncFor, ast.While)) else ():
            loops[part] = node
    for index, event in enumerate(trace.events):
        kind, frame, line, changes, extra, value, more = event
        more = more or {}
        if kind == "call":
            frames[frame] = _State(extra)
        state = frames.get(frame)
        if state is None:
            continue
        before = {**shared, **state.env}
        state.seen.update((mark, text) for mark, text in more.get("seen", ()))
        state.read += more.get("read", "")
        for name, text in changes.items():
            for env in (state.env, shared) if frame == 0 else (state.env,):
                if text is None:
                    env.pop(name, None)
                else:
                    env[name] = text
        shared.update(more.get("globals", {}))
        node = state.node
        if kind in ("line", "return", "yield"):
            state.printed += extra
        state.printed += more.get("said", "")
        m = Moment(before, {**shared, **state.env}, state.seen, node, event, state.read)
        m.printed, state.loops = state.printed, loops
        asker, m.asked, m.asked_read = more.get("asked", (None, "", ""))
        if kind == "exception":
            state.failed = named(event)
        m.goes_inside = kind == "line" and hasattr(node, "body") and line in lines_within(node)
        if kind == "line" and isinstance(node, (ast.For, ast.AsyncFor)):
            state.turn = state.turns[node.line] = state.turns.get(node.line, 0) + 1 if m.goes_inside else 0
        state.statements, state.error, state.last, state.told = statements, trace.error, index == len(trace.events) - 1, ""
        while waiting and waiting[0][1][0] == index:
            place, (_, text) = waiting.pop(0)
            try:
                for pattern, test in SENTENCES:
                    match = pattern.fullmatch(text)
                    if match:
                        test(match, m, state)
                        break
                else:
                    raise Wrong("a sentence of no known form")
            except Wrong as problem:
                wrong.append((place, f"{text[:300]}  [{problem}]"))
        if kind in ("line", "return") and state.printed != state.told or m.asked != state.told and m.asked:
            wrong.append((steps.index(waiting[0][1]) if waiting else len(steps), f"printed {extra[:100]!r}, told {state.told[:100]!r}"))
        told += state.told
        if kind in ("line", "return", "exception"):
            new = statements.get(line) if kind == "line" else None
            if node is not None:
                state.came = node.line
            stay = kind == "exception" and event[4] == "StopAsyncIteration"
            if not stay:
                state.node, state.seen, state.read, state.printed = new, {}, "", ""
            if isinstance(new, (ast.With, ast.AsyncWith)):
                again = state.way == "leave" and state.came == new.line and state.struck
                state.way = "leave" if new in state.open or again else "enter"
                (state.open.discard if state.way == "leave" else state.open.add)(new)
            state.struck = kind == "exception" or state.struck and isinstance(new, (ast.With, ast.AsyncWith))
            if isinstance(new, (ast.For, ast.AsyncFor)) and state.came not in lines_within(new):
                state.turns[new.line] = 0
    wrong += [(place, f"{text}  [about no event]") for place, (_, text) in waiting]
    if trace.complete and not trace.stdout.startswith(told) and ".buffer" not in trace.code:  # bytes go past the text
        wrong.append((len(steps), "what is told to be printed is not the output"))
    return wrong
