"""Which sentences fit what happened, and what must be true then. The table of forms of the oracle.

    fit(world, sentence, slot)    # -> None: no form of that kind; else (what is wrong or "", "both" if it tells the slot before, too)

world and slot are oracle.py's. To add a wording: a function with @form(pattern, kinds of slots), which raises Wrong. Values are compared as
text with what the witness saw; rounds of a reduction are parsed and laid over the source expression, part by part.
"""

import ast
import re
from functools import lru_cache
from typing import NamedTuple

from witness import CUT

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Wrong(Exception):
    """What a sentence says is not so."""


# ------------------------------------------------------------------------------------------------
# Texts.

PIECE = re.compile(r" \.\.\. \d+ more \.\.\. | \.\.\. \d+ more| \.\.\. |\.\.\.|<[\w.]+(?: [^<>]*)?>")
GROUP = {"<type>": "<class [^>]*>", "<builtin_function_or_method>": "<function [^>]*>",
         "<list>": r"\[.*?\]", "<tuple>": r"\(.*?\)", "<dict>": r"\{.*?\}", "<set>": r"\{.*?\}"}
ADDRESS = re.compile(r"0x[0-9a-f]{6,}")


def fits_around(shown: str, true: str) -> bool:
    """Do the pieces of `shown` stand in the text, in this order?"""
    if "<" in shown and any(match[0][0] == "<" for match in PIECE.finditer(shown)):
        made, place = "", 0
        for match in PIECE.finditer(shown):
            text = match[0]
            made += re.escape(shown[place:match.start()])
            made += ".*?" if text[0] in " ." else GROUP.get(text, re.escape(text[:-1]) + (r"(?: [^>]*)?>" if " " not in text else ">"))
            place = match.end()
        return re.fullmatch(made + re.escape(shown[place:]), true, re.DOTALL) is not None
    first, *middle, last = PIECE.split(shown) if PIECE.search(shown) else [shown, ""]
    if not true.startswith(first) or not true.endswith(last):
        return False
    place = len(first)
    for piece in middle:
        place = true.find(piece, place)
        if place < 0:
            return False
        place += len(piece)
    return place <= len(true) - len(last)


def shown_as(shown: str, true: str | None) -> bool:
    """Is `shown` this value, or what is left of it when its middle, its depth or the detail of a <type> is left out?"""
    if true is None or not shown:
        return False
    if shown == true or "<" in true and shown == re.sub(r"<\w+ ([^<>]*)>", r"\1", true):
        return True
    if "..." not in shown and "<" not in shown:
        return "0x" in shown and ADDRESS.sub("0x", shown) == ADDRESS.sub("0x", true)
    if CUT in true:
        head, tail = shown.partition(" ... ")[0].rstrip("."), shown.rpartition(" ... ")[2]
        first, _, last = true.partition(CUT)
        return first.startswith(head[:len(first)]) and (shown.endswith("...") or " more" in tail or last.endswith(tail[-len(last):]))
    shown, true = ADDRESS.sub("0x", shown), ADDRESS.sub("0x", true)
    if " ... " in shown and len(true) < 100:
        return False
    return fits_around(shown, true)


def split(text: str, sign: str) -> list[str]:
    """Split where `sign` stands outside of brackets and quotes."""
    parts, depth, quote, start, k = [], 0, "", 0, 0
    if sign not in text:
        return [text]
    while k < len(text):
        ch = text[k]
        if quote:
            k += ch == "\\"
            quote = "" if ch == quote else quote
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


@lru_cache(maxsize=20_000)
def unparsed(node) -> str:
    return ast.unparse(node)


FALSE = {"False", "None", "0", "0.0", "''", '""', "[]", "()", "{}", "set()", "b''", "0j", "range(0, 0)", "frozenset()"}
ARITHMETIC = (ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.expr_context)
LAZY = (ast.Lambda, ast.GeneratorExp)
SCOPES = (*LAZY, ast.ListComp, ast.SetComp, ast.DictComp)


class Reader:
    """Compares what a sentence says with what was seen in one slot."""

    def __init__(self, world, slot):
        self.world, self.slot = world, slot

    def values(self, node) -> list[str]:
        return self.world.seen(node, self.slot)

    # Values: x = 3, acct.balance = 150

    def held(self, label: str, env: dict) -> str | None:
        """The text of x, x.field or x[1]; "" where it is there but cannot be told."""
        try:
            node = ast.parse(label, mode="eval").body
        except SyntaxError:
            return None
        return self.part(node, env)

    def placed(self, label: str) -> str:
        """What a field or an item holds that the statement names."""
        for node in ast.walk(self.slot.node) if self.slot.kind == "stmt" else ():
            if isinstance(node, (ast.Attribute, ast.Subscript)) and unparsed(node) == label:
                return "".join(self.world.seen(Placed(node), self.slot)[-1:])
        return ""

    def part(self, node, env: dict) -> str | None:
        if isinstance(node, ast.Name):
            return env.get(node.id)
        if not isinstance(node, (ast.Attribute, ast.Subscript)):
            return None
        inner = self.part(node.value, env)
        if not inner:
            return inner
        if CUT in inner or inner[0] == "<":
            return ""
        key = node.attr if isinstance(node, ast.Attribute) else ast.unparse(node.slice)
        return member(inner, key, isinstance(node, ast.Attribute))

    def told(self, text: str, env: dict) -> None:
        """"a = 1, b.c = 2": have these variables these values?"""
        while text:
            label, sign, rest = text.partition(" = ")
            true = self.held(label, env) if sign else None
            true = self.placed(label) or true
            if true is None:
                raise Wrong(f"nothing is known of {label[:80]}")
            ends = [match.start() for match in NEXT.finditer(rest)] + [len(rest)]
            end = next((e for e in ends if true == "" or shown_as(rest[:e], true)), None)
            if end is None:
                raise Wrong(f"{label} is {true[:150]}, not {rest[:150]}")
            text = rest[end + 2:]

    # Rounds: 2 * 3 + 1 = 6 + 1 = 7

    def chain(self, text: str, source, finals, sign: str = " = ") -> None:
        """Every round lies over the source, and the last one is one of `finals`."""
        places = [match.start() for match in re.finditer(re.escape(sign), text)]
        finals = [final for final in finals if final is not None]
        for place in [None, *places] if finals else []:
            end = text if place is None else text[place + len(sign):]
            if any(shown_as(end, final) for final in finals):
                if place is not None:
                    self.rounds(split(text[:place], sign), source)
                return
        if finals:
            raise Wrong(f"it ends as {finals[0][:150]}, not {split(text, sign)[-1][:150]}")
        self.rounds(split(text, sign), source)

    def rounds(self, stages: list[str], source) -> None:
        for stage in stages:
            self.stage(stage, source)

    def stage(self, shown: str, source) -> None:
        if source is None:
            raise Wrong(f"{shown[:80]} has no source")
        if shown == unparsed(source) or any(shown_as(shown, value) for value in self.values(source)[-1:]):
            return
        hidden = []

        def hide(match):
            if match[0][0] in "'\"":
                return match[0]
            hidden.append(match[0])
            return f"__hidden{len(hidden) - 1}"
        text = re.sub(r"'(?:\\.|[^\\'])*'|\"(?:\\.|[^\\\"])*\"|<[A-Za-z_][\w.]*(?: [^<>]*)?>", hide, shown)
        try:
            tree = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, MemoryError):
            raise Wrong(f"not readable: {shown[:150]}") from None
        self.text, self.hidden = text, hidden
        self.lay(tree, source, frozenset(), False)

    def written(self, got) -> str:
        text = self.text.encode()[got.col_offset:got.end_col_offset].decode() if "\n" not in self.text else ast.unparse(got)
        return text if not self.hidden else re.sub(r"__hidden(\d+)", lambda match: self.hidden[int(match[1])], text)

    def lay(self, got, source, bound: frozenset, lazy: bool) -> None:
        """`got`, part of a round, over the part of the source that it stands for. bound: names of inner scopes."""
        if isinstance(source, ast.Constant):
            if isinstance(got, ast.Constant) and type(got.value) is type(source.value) and repr(got.value) == repr(source.value):
                return
            raise Wrong(f"{self.written(got)[:80]} stands for {unparsed(source)}")
        text = self.written(got)
        if type(got) is type(source) and text == unparsed(source):
            return
        values = self.world.seen(source, self.slot, later=lazy)
        if isinstance(source, ast.Name):
            if source.id in bound:
                raise Wrong(f"{source.id} is a name of its own in there, not {self.written(got)[:80]}")
            if not values and source.id in self.slot.before:
                values = [self.slot.before[source.id]]
        elif not values and isinstance(source, (ast.BinOp, ast.UnaryOp)) and not bound:
            values = self.would_be(source)
        if values and type(got) is not ast.Name or isinstance(got, ast.Name) and (got.id.startswith("__hidden") or values):
            if values and all(shown_as(text, value) or shown_as(f"({text})", value) for value in values):  # (1+2j)
                return
        problem = None
        if isinstance(source, ast.NamedExpr) and not isinstance(got, ast.NamedExpr):
            return self.lay(got, source.value, bound, lazy)
        if type(got) is type(source) and not isinstance(source, ast.Name):
            try:
                return self.parts(got, source, bound, lazy)
            except Wrong as wrong:
                problem = wrong
        if isinstance(source, ast.IfExp):
            return self.lay(got, self.chosen(source), bound, lazy)
        if isinstance(source, ast.BoolOp):
            return self.left_over(got, source, bound, lazy)
        true = values[-1][:100] if values else "not evaluated"
        raise problem or Wrong(f"{unparsed(source)[:100]} is {true}, not {self.written(got)[:100]}")

    def would_be(self, source) -> list[str]:
        """What arithmetic on variables would have come to that was never reached: 5 < 3 and x + 1 < 4."""
        parts = list(ast.walk(source))
        names = {part.id for part in parts if isinstance(part, ast.Name)}
        numbers = {name: self.slot.before[name] for name in names if re.fullmatch(r"-?[\d.]{1,12}", self.slot.before.get(name, ""))}
        if len(numbers) < len(names) or any(isinstance(part, ast.Pow) or not isinstance(part, ARITHMETIC) for part in parts):
            return []
        space = {name: ast.literal_eval(text) for name, text in numbers.items()}
        try:
            return [repr(eval(ast.unparse(source), {"__builtins__": {}, **space}))]
        except Exception:
            return []

    def is_true(self, node) -> bool:
        if isinstance(node, ast.Constant):
            return bool(node.value)
        values = self.values(node)
        if not values:
            raise Wrong(f"{unparsed(node)[:80]} was not evaluated")
        text = values[-1]
        return text not in FALSE and not re.fullmatch(r"\w+\((\[\]|\{\}|\(\)|0|)\)", text)

    def chosen(self, source):
        """The branch of a conditional expression that was evaluated."""
        for branch in (source.body, source.orelse):
            if self.values(branch):
                return branch
        return source.body if self.is_true(source.test) else source.orelse

    def left_over(self, got, source, bound, lazy) -> None:
        """and, or: operands that did not decide have been left behind."""
        decides = isinstance(source.op, ast.Or)
        for k in range(1, len(source.values)):
            if self.is_true(source.values[k - 1]) == decides and not self.values(source.values[k]):
                raise Wrong(f"{unparsed(source.values[k - 1])[:80]} decides {unparsed(source)[:80]}")
            rest = source.values[k:]
            try:
                if len(rest) == 1:
                    return self.lay(got, rest[0], bound, lazy)
                if isinstance(got, ast.BoolOp) and type(got.op) is type(source.op) and len(got.values) == len(rest):
                    for part, mine in zip(got.values, rest):
                        self.lay(part, mine, bound, lazy)
                    return
            except Wrong:
                if len(rest) == 1:
                    raise
        raise Wrong(f"{self.written(got)[:100]} does not follow from {unparsed(source)[:100]}")

    def parts(self, got, source, bound, lazy) -> None:
        if isinstance(source, SCOPES):
            bound = bound | {node.id for node in ast.walk(source) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
            bound = bound | {node.arg for node in ast.walk(source) if isinstance(node, ast.arg)}
            lazy = lazy or isinstance(source, LAZY)
        for field, mine in ast.iter_fields(source):
            theirs = getattr(got, field)
            mine, theirs = (mine, theirs) if isinstance(mine, list) and isinstance(theirs, list) else ([mine], [theirs])
            if len(mine) != len(theirs):
                raise Wrong(f"{self.written(got)[:100]} has not the parts of {unparsed(source)[:100]}")
            for a, b in zip(theirs, mine):
                self.one_part(a, b, bound, lazy)

    def one_part(self, got, source, bound, lazy) -> None:
        if isinstance(source, ast.expr):
            if not isinstance(got, ast.expr):
                raise Wrong(f"a part is missing: {unparsed(source)[:80]}")
            self.lay(got, source, bound, lazy)
        elif isinstance(source, ast.expr_context):
            pass
        elif isinstance(source, ast.AST):
            if type(got) is not type(source):
                raise Wrong(f"{type(got).__name__} stands for {type(source).__name__}")
            self.parts(got, source, bound, lazy)
        elif got != source and not (got is None and source is None):
            raise Wrong(f"{got!r} stands for {source!r}")

    # Blame.

    def failing(self, node):
        """The part of a statement whose evaluation was begun and came to nothing; None if all parts have values."""
        for part in in_order(node):
            if isinstance(part, (ast.Constant, ast.Lambda)):
                continue
            if isinstance(part, (ast.Starred, ast.Slice, ast.keyword, ast.FormattedValue, ast.withitem)) or not isinstance(
                    getattr(part, "ctx", ast.Load()), ast.Load):
                found = self.failing(part)
                if found is not None:
                    return found
                if isinstance(part, (ast.Attribute, ast.Subscript)) and isinstance(node, ast.AugAssign) and not self.values(part):
                    return part
            elif not self.values(part):
                return part if isinstance(part, SCOPES) else self.failing(part) or part
        return None

    def blame(self, text: str) -> None:
        """"f(3): 1 / 0": rounds of an expression that contains what failed."""
        node, stages = self.slot.node, split(text, ": ")
        failed = self.failing(node)
        if failed is None and isinstance(node, ast.AugAssign):
            failed = node
        if failed is None:
            raise Wrong(f"all parts of the statement have values: {text[:80]} is not to blame")
        problem = None
        for part in [grown(node)] if isinstance(node, ast.AugAssign) else []:
            try:
                return self.rounds(stages, part)
            except Wrong as wrong:
                problem = wrong
        while isinstance(failed, ast.AST) and not isinstance(failed, ast.stmt):
            try:
                return self.rounds(stages, failed)
            except Wrong as wrong:
                problem = wrong
            failed = self.world.parents[failed]
        raise problem or Wrong(f"{text[:80]} is not what failed")


NEXT = re.compile(r", (?=[A-Za-z_][\w.]*(?:\[[^=]*\])?[\w.\[\]]* = )")


def in_order(node) -> list:
    """Parts of a statement or expression, in the order of their evaluation."""
    if isinstance(node, ast.Assign):
        return [node.value, *node.targets]
    if isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
        return [node.value, node.target] if isinstance(node, ast.AnnAssign) else [node.value]
    if isinstance(node, ast.IfExp):
        return [node.test]
    if isinstance(node, ast.Dict):
        return [part for pair in zip(node.keys, node.values) for part in pair if part is not None]
    if isinstance(node, (ast.If, ast.While)):
        return [node.test]
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return [node.iter]
    if isinstance(node, (ast.With, ast.AsyncWith)):
        return [item.context_expr for item in node.items]
    if isinstance(node, DEFINITIONS):
        return [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *node.keywords]
    return [part for part in ast.iter_child_nodes(node) if isinstance(part, (ast.expr, ast.keyword)) or isinstance(part, ast.Slice)]


@lru_cache(maxsize=10_000)
def grown(node) -> ast.BinOp:
    """x + 3 of x += 3"""
    return ast.copy_location(ast.BinOp(node.target, node.op, node.value), node)


@lru_cache(maxsize=5000)
def member(text: str, key: str, is_field: bool) -> str | None:
    """What a field or an index of a value, given as text, holds."""
    text = re.sub(r"<[A-Za-z_][\w.]*(?: [^<>]*)?>", lambda match: repr(match[0]), text)
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError):
        return ""
    if isinstance(node, ast.Call):
        if is_field:
            return next((plain(text, part.value) for part in node.keywords if part.arg == key), None)
        node = node.args[-1] if node.args and not node.keywords else next((part for part in node.args), node)
    if isinstance(node, ast.Dict):
        return next((plain(text, value) for name, value in zip(node.keys, node.values) if name and ast.unparse(name) == key), None)
    if isinstance(node, (ast.List, ast.Tuple)):
        try:
            return plain(text, node.elts[int(key)])
        except ValueError:
            return ""
        except IndexError:
            return None
    return ""


def plain(whole: str, node) -> str:
    text = ast.get_source_segment(whole, node) or ast.unparse(node)
    return re.sub(r"(['\"])(<[A-Za-z_][\w.]*(?: [^<>]*)?>)\1", r"\2", text)


# ------------------------------------------------------------------------------------------------
# The sentences: which slots each form fits, and what must be true.

FORMS = []  # (pattern, kinds of slots, check)


def form(text: str, *kinds: str):
    def add(check):
        FORMS.append((re.compile(text, re.DOTALL), kinds, check))
        return check
    return add


def need(holds, why: str) -> None:
    if not holds:
        raise Wrong(why)


@form(r"We call ([\w.<>]+)(?: with (.*))?\.", "call")
def called(reader, slot, name, given):
    need(name == slot.name, f"{slot.name} is called")
    reader.told(given or "", slot.after)


@form(r"([\w.<>]+) returns(?: (.*))?\.", "return")
def returned(reader, slot, name, value):
    need(name == slot.name, f"{slot.name} returns")
    if value is None:
        return need(slot.text == "None", f"it returns {slot.text[:100]}")
    source = slot.node.value if isinstance(slot.node, ast.Return) else None
    reader.chain(value, source, [slot.text, *hidden(slot.text, value)])


def hidden(true: str, shown: str) -> list:
    """A value without a notation need not be told."""
    return [None] if true[0] == "<" else []


@form(r"([\w.<>]+) yields (.*)\.", "yield")
def yielded(reader, slot, name, value):
    need(name == slot.name, f"{slot.name} yields")
    node = next((part for part in ast.walk(slot.node) if isinstance(part, ast.Yield)), None) if slot.node else None
    reader.chain(value, node and node.value, [slot.text])


@form(r"([\w.<>]+) goes on\.", "resume")
@form(r"([\w.<>]+) waits\.", "wait")
def goes_on(reader, slot, name):
    need(name == slot.name, f"it is {slot.name}")


@form(r"([\w.<>]+) is closed\.", "raise")
def closed(reader, slot, name):
    need(slot.name == "GeneratorExit" and name == reader.world.names[slot.act], f"{slot.name} is raised")


@form(r"Turn (\d+)(?:: (.*))?\.", "turn")
def turn(reader, slot, number, values):
    need(number == slot.name, f"it is turn {slot.name}")
    reader.told(values or "", slot.after)


@form(r"(?:The loop(?: over (.*))? ends|No turn is left)\.", "over")
def ends(reader, slot, name):
    need(name in (None, bare(slot.node.target)), f"the loop over {bare(slot.node.target)} ends")


def bare(node) -> str:
    return unparsed(node).strip("()")


@form(r"We handle (.*?)(?: as (\w+))?\.", "handle")
def handles(reader, slot, what, name):
    need(name is None or name == slot.node.name, "it has another name")
    need(what == "the exception" or named(what, slot), f"{slot.name}: {slot.text[:100]} is handled")


def named(what: str, slot) -> bool:
    """ValueError: its message (shortened; left out where it is not a plain text)"""
    name, _, message = what.partition(": ")
    return name == slot.name and (not message or shown_as(message, slot.text) or shown_as(what, f"{slot.name}: {slot.text}"))


@form(r"(.*) is (true|false), so (.*)\.", "test")
def condition(reader, slot, text, truth, way):
    need((truth == "true") == slot.truth, f"it is {str(slot.truth).lower()}")
    node = slot.node
    if isinstance(node, ast.Assert):
        ways = ["the assertion holds"]
    elif isinstance(node, ast.While):
        ways = ["the loop goes on"] if slot.truth else ["the loop ends"]
    elif slot.truth:
        ways = ["we enter the if", "we go inside"]
    elif node.orelse:
        is_elif = len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If) and node.orelse[0].col_offset == node.col_offset
        ways = ["we try the elif", "we go to the elif"] if is_elif else ["we go to the else"]
    else:
        ways = ["we skip the if", "we move on"]
    need(way in ways, f"{ways[0]}")
    stages_of(reader, text, node.test, slot.truth)


def stages_of(reader, text: str, source, truth: bool) -> None:
    if text == unparsed(source) or text == "The condition":
        return
    stages = split(text, ": ")
    reader.rounds(stages, source)
    if stages[-1] in ("True", "False"):
        need(stages[-1] == str(truth), f"it is {truth}")


@form(r"(.*) is false, so the assertion fails with (.*)\.", "raise")
def assertion(reader, slot, text, what):
    need(isinstance(slot.node, ast.Assert) and slot.name == "AssertionError", f"{slot.name} is raised")
    need(named(what, slot), f"the message is {slot.text}")
    stages_of(reader, text, slot.node.test, False)


@form(r"We stop with (\w+(?:: .*?)?)(?:, where (.*))?\.", "raise")
def we_stop(reader, slot, what, values):
    need(named(what, slot), f"{slot.name}: {slot.text[:100]} is raised")
    need(not isinstance(slot.node, ast.Raise) or reader.failing(slot.node) is not None, "it is raised by the program")
    reader.told(values or "", slot.after)


@form(r"(.*)\.", "raise")
def stops(reader, slot, text):
    """f(3): 1 / 0 stops with ZeroDivisionError: division by zero, where x = 0."""
    problem = Wrong("an exception is raised")
    for match in re.finditer(r" stops with ", text):
        for end in [match.start() for match in re.finditer(", where ", text)][::-1] + [len(text)]:
            if named(text[match.end():end], slot):
                try:
                    need(not isinstance(slot.node, ast.Raise) or reader.failing(slot.node) is not None, "it is raised by the program")
                    reader.blame(text[:match.start()])
                    return reader.told(text[end + len(", where "):], slot.after)
                except Wrong as wrong:
                    problem = wrong
    raise problem


@form(r"We cannot unpack (.*) into (.*?)(?:, (\d+) values for (\d+) names)?: (\w+: .*)\.", "raise")
def unpacks(reader, slot, value, target, count, names, what):
    need(named(what, slot), f"{slot.name}: {slot.text[:100]} is raised")
    need(reader.failing(slot.node) is None, "something else stopped")
    source = getattr(slot.node, "value", None)
    need(value == "the values" or source is None or any(shown_as(value, text) for text in reader.values(source)), "another value")
    goals = [part for part in ast.walk(slot.node) if isinstance(part, (ast.Tuple, ast.List)) and isinstance(part.ctx, ast.Store)]
    goal = next((part for part in goals if target == bare(part)), None)
    need(goal is not None, f"it was not unpacked into {target}")
    need(names is None or int(names) == len(goal.elts), f"{len(goal.elts)} names")
    try:
        size = len(ast.literal_eval(value))
    except (ValueError, SyntaxError, TypeError):
        size = None
    need(size is None or count is None or int(count) == size, f"{size} values")


@form(r"([\w.<>]+) gets (.*)\.", "raise")
def gets(reader, slot, name, what):
    need(name == reader.world.names[slot.act] and named(what, slot), f"{slot.name} is thrown into {reader.world.names[slot.act]}")
    need(any(isinstance(part, (ast.Yield, ast.YieldFrom, ast.Await)) for part in ast.walk(slot.node)), "it was raised here")


@form(r"We raise (.*)\.", "raise")
def raises(reader, slot, what):
    need(named(what, slot), f"{slot.name}: {slot.text[:100]} is raised")
    need(isinstance(slot.node, ast.Raise) or slot.name == "SystemExit", "no raise statement")


@form(r"We raise it again\.", "raise")
def again(reader, slot):
    need(isinstance(slot.node, ast.Raise) and slot.node.exc is None, "another statement")


@form(r"We leave the program(?: with (.*))?\.", "raise")
def leaves(reader, slot, status):
    need(slot.name == "SystemExit", f"{slot.name} is raised")
    need(slot.truth, "SystemExit is caught")
    need((status or "") == slot.text or not status and slot.text == "0", f"it is left with {slot.text}")


@form(r"The except clause(?: for (.*))? does not match\.", "nomatch")
def no_match(reader, slot, kind):
    need(kind == (slot.node.type and unparsed(slot.node.type)), "another except clause")


@form(r"We enter the with block(?: of (.*?))?(?:, so (.*))?\.", "enter")
@form(r"We leave the with block(?: of (.*?))?(?:, so (.*))?\.", "leave")
def enters(reader, slot, what, values):
    items = ", ".join(unparsed(item.context_expr) for item in slot.node.items)
    need(not what or what in items, f"the with block of {items}")
    reader.told(values or "", slot.after)


@form(r"We match (.*)\.", "match")
def matches(reader, slot, text):
    need(text in ("the subject", unparsed(slot.node.subject)) or reader.chain(text, slot.node.subject, [slot.text]) is None, "")


@form(r"Case (.*?)(?: (matches)(?:, so (.*))?| does not match)\.", "case")
def case(reader, slot, text, fits, values):
    need(bool(fits) == slot.truth, f"it {'matches' if slot.truth else 'does not match'}")
    guard = slot.node.guard
    need(not text or text == unparsed(slot.node.pattern) + (f" if {unparsed(guard)}" if guard else ""), "another pattern")
    reader.told(values or "", slot.after)


@form(r"We read (.*)\.", "read")
def reads(reader, slot, text):
    need(shown_as(text, " ".join(slot.read.splitlines())), f"it reads {slot.read[:100]}")


@form(r"We read (.*)\.", "stmt", "turn")
def reads_so(reader, slot, text):
    true = " ".join(slot.read.splitlines())
    for match in re.finditer(", so ", text):
        if slot.read and shown_as(text[:match.start()], true):
            return reader.told(text[match.end():], slot.after)
    raise Wrong(f"it reads {true[:100]!r}")


@form(r"We print nothing to the output(?:, so (.*))?\.", "print")
def elsewhere(reader, slot, values):
    need(not slot.total, f"it prints {slot.total!r}")
    reader.told(values or "", slot.after)


@form(r"We print (.*)\.", "out", "print")
def prints(reader, slot, text):
    if text == "nothing":
        arguments = slot.node.value.args if slot.kind == "print" else []
        empty = all(constant_or_value(reader, part) == "''" for part in arguments)
        need(not slot.total and empty, f"it prints {slot.total!r} or elsewhere")
        return None
    if slot.kind == "print" and not slot.printed and text.startswith("to "):
        files = [unparsed(part.value) for part in slot.node.value.keywords if part.arg == "file"]
        return need(text[3:] in files, "it is not printed there")
    texts = {shown for printed in (slot.printed, slot.total) for shown in on_one_line(printed)}
    if any(shown_as(text, shown) for shown in texts):
        return None
    need(slot.kind == "print" and len(slot.node.value.args) == 1, f"it prints {slot.printed[:100]!r}")
    return reader.chain(text, slot.node.value.args[0], list(texts))


def constant_or_value(reader, node) -> str:
    return repr(node.value) if isinstance(node, ast.Constant) else "".join(reader.values(node)[-1:])


def on_one_line(printed: str) -> list[str]:
    """How what was printed may be told."""
    line = printed.removesuffix("\n")
    if printed and not printed.strip("\n"):
        size = len(printed)
        return ["an empty line"] if size == 1 else [f"{NUMBERS.get(size, size)} empty lines", f"{size} empty lines"]
    return [line.replace("\n", " / "), repr(line), f"'{line}'", f'"{line}"'] if line.strip() else [repr(line)]


NUMBERS = {2: "two", 3: "three", 4: "four"}


@form(r"We (define|import|continue|break out of|delete) ?(.*)\.", "stmt")
def fixed(reader, slot, what, text):
    node = slot.node
    if what == "define":
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            return need(text in (f"{unparsed(target)} as {unparsed(node.value)}", f"{unparsed(target)} as a lambda"), "another definition")
        need(isinstance(node, (*DEFINITIONS, ast.ClassDef)), "nothing is defined")
        return need(re.match(r"(class )?(\w+)", text)[2] == node.name, f"{node.name} is defined")
    if what == "import":
        need(isinstance(node, (ast.Import, ast.ImportFrom)), "nothing is imported")
        names, written = ", ".join(alias.name for alias in node.names), ", ".join(map(unparsed, node.names))
        source = "." * getattr(node, "level", 0) + (getattr(node, "module", "") or "")
        return need(text in (names, written) or text == f"{written} from {source}", f"{names} is imported")
    if what == "delete":
        need(isinstance(node, ast.Delete), "nothing is deleted")
        text, _, rest = text.partition(", so ")
        need(text == ", ".join(map(unparsed, node.targets)), "something else is deleted")
        return reader.told(rest, slot.after)
    if what == "break out of":
        loop = node
        while not isinstance(loop, (ast.For, ast.AsyncFor, ast.While)):
            loop = reader.world.parents[loop]
        over = f" over {bare(loop.target)}" if not isinstance(loop, ast.While) else ""
        need(text in ("the loop", f"the loop{over}"), f"the loop{over} is left")
    return need(isinstance(node, ast.Continue if what == "continue" else ast.Break), "another statement")


@form(r"We call (.*)\.", "stmt")
def calls(reader, slot, text):
    need(isinstance(slot.node, ast.Expr), "no call")
    call = slot.node.value
    need(text in (unparsed(call), unparsed(getattr(call, "func", call)), "a function"), "something else is called")


@form(r"We run (.*)\.", "stmt")
def runs(reader, slot, text):
    need(text in (unparsed(slot.node), "an assignment"), "another statement")


@form(r"(.*) after ([\w.]+(?:\(.*\))?)\.", "stmt")
def after(reader, slot, values, what):
    call = slot.node.value if isinstance(slot.node, ast.Expr) else None
    need(isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute), "no method is called")
    text = f"{values} after {what}"
    places = [match for match in re.finditer(r" after ([\w.]+)(?:\((.*)\))?$|(?= after )", text, re.DOTALL)]
    problem = None
    for match in places:
        shown = re.fullmatch(r" after (\w+)(?:\((.*)\))?", text[match.start():], re.DOTALL)
        if not shown or shown[1] != call.func.attr:
            continue
        try:
            if shown[2] is not None:
                given = split(shown[2], ", ") if shown[2] else []
                sources = [*call.args, *call.keywords]
                need(len(given) == len(sources), "other arguments")
                for part, source in zip(given, sources):
                    if part != unparsed(source):
                        reader.stage(part, source)
            return reader.told(text[:match.start()], slot.after)
        except Wrong as wrong:
            problem = wrong
    raise problem or Wrong("another method is called")


@form(r"(.*), and nothing changes\.", "stmt")
def nothing(reader, slot, text):
    need(text in (unparsed(slot.node), "We assign") and not slot.changes, "something changes")


@form(r"(.*)\.", "stmt", "change")
def values(reader, slot, text):
    node = slot.node
    many = isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple) and isinstance(node.targets[0], ast.Tuple)
    if slot.kind == "stmt" and many:
        try:
            return swapped(reader, slot, text)
        except Wrong:
            pass
    if slot.kind == "stmt" and isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if len(targets) == 1 and not isinstance(targets[0], (ast.Tuple, ast.List, ast.Starred)):
            try:
                return assigned(reader, slot, text, targets[0])
            except Wrong as wrong:
                problem = wrong
            try:
                return reader.told(text, slot.after) if not isinstance(targets[0], ast.Name) else need(False, "")
            except Wrong:
                raise problem from None
    return reader.told(text, slot.after)


def assigned(reader, slot, text: str, target) -> None:
    """grid[1] = 2 + 3 = 5, grid = [0, 5]: the target by its rounds, then other variables."""
    node = slot.node
    label, sign, rest = text.partition(" = ")
    grows = re.fullmatch(r"(.+) (\S+)", label) if isinstance(node, ast.AugAssign) else None
    if grows and grows[2] in SIGNS:
        raise Wrong("the new value is not told")
    need(sign, "no value is told")
    reader.stage(label, load(target))
    finals = [text for text in [*reader.world.seen(Placed(target), slot)[-1:], *reader.values(node.value)[-1:]]]
    if isinstance(node, ast.AugAssign):
        finals = finals[:1] or [None]
    source = grown(node) if isinstance(node, ast.AugAssign) else node.value
    finals = finals or [unparsed(node.value) if isinstance(node.value, ast.Constant) else None]
    if finals[0] and finals[0][0] == "<" and not shown_as(split(rest, " = ")[-1], finals[0]):
        finals = [None]
    problem = None
    for end in [len(rest), *[match.start() for match in NEXT.finditer(rest)]]:
        try:
            reader.chain(rest[:end], source, finals)
            return reader.told(rest[end + 2:], slot.after)
        except Wrong as wrong:
            problem = problem or wrong
    raise problem


def swapped(reader, slot, text: str) -> None:
    """a = 5, b = 3 + 1 = 4: every name by the rounds of its own value."""
    goals, sources = slot.node.targets[0].elts, slot.node.value.elts
    need(len(goals) == len(sources), "not one value each")
    for k, (goal, source) in enumerate(zip(goals, sources)):
        label = f"{unparsed(goal)} = "
        need(text.startswith(label), f"{label} is not told")
        follows = f", {unparsed(goals[k + 1])} = " if k + 1 < len(goals) else None
        ends = [match.start() for match in re.finditer(re.escape(follows) if follows else NEXT, text)] + ([] if follows else [len(text)])
        problem = Wrong(f"{follows} is not told")
        for end in ends:
            try:
                reader.chain(text[len(label):end], source, [slot.after.get(unparsed(goal)), *reader.values(source)[-1:]])
                break
            except Wrong as wrong:
                problem = wrong
        else:
            raise problem
        text = text[end + 2:]
    reader.told(text, slot.after)


SIGNS = {"+=", "-=", "*=", "/=", "//=", "%=", "**=", "<<=", ">>=", "&=", "|=", "^=", "@="}


class Placed(NamedTuple):
    """A target, asked for what it holds after the statement."""
    target: ast.expr

    @property
    def number(self) -> int:
        return -self.target.number


def load(target):
    copy = type(target)(**dict(ast.iter_fields(target)))
    copy.ctx = ast.Load()
    return copy


def fit(world, sentence: str, slot) -> tuple[str, str] | None:
    """None: no form of this kind; else (what is wrong, which kind), "" where it is true."""
    found, best = None, None
    for shape, kinds, check in FORMS:
        if slot.kind not in kinds:
            continue
        match = shape.fullmatch(sentence)
        if not match:
            continue
        try:
            check(Reader(world, slot), slot, *match.groups())
        except Wrong as wrong:
            best = best or str(wrong) or "it does not fit"
            continue
        untold = left_untold(world, slot, sentence)
        return ("untold: " + ", ".join(untold) if untold else ""), ("both" if check in (reads_so, elsewhere) else "")
    return found if best is None else (best, "")


def left_untold(world, slot, sentence: str) -> list[str]:
    """Variables that changed, were not told and could be seen; what calls of the program's own functions did was told in them."""
    if slot.kind not in ("stmt", "change") or slot.calls:
        return []
    if isinstance(slot.node, (*DEFINITIONS, ast.ClassDef, ast.Import, ast.ImportFrom)):
        return []
    missing = []
    for name, (text, is_shallow) in slot.changes.items():
        old = slot.before.get(name, "<")
        if text[0] == "<" or text == old or not is_shallow:
            continue
        if not re.search(rf"(?<![\w.]){re.escape(name)}(?:\.\w+|\[[^=\]]*\])* = ", sentence):
            missing.append(f"{name} = {text[:80]}")
    if missing or slot.kind == "change":
        return missing
    for part in [part for call in ast.walk(slot.node) if isinstance(call, ast.Call) for part in ast.walk(call)]:
        if isinstance(part, (ast.Attribute, ast.Subscript)) and isinstance(part.ctx, ast.Load):
            held, before = world.seen(Placed(part), slot), world.seen(part, slot)
            root = re.match(r"\w*", unparsed(part))[0]
            if held and before and held[-1] != before[-1] and held[-1][0] != "<" and not re.search(rf"(?<![\w.]){root}[^ ]* = ", sentence):
                missing.append(f"{unparsed(part)} = {held[-1][:80]}")
    return missing
