"""Reads what a sentence says of values: texts that were shortened, "x = 3, y = 5", rounds of a reduction, what is to blame.

    Reader(world, slot).told("x = 3, acct.balance = 150", slot.after)       # raises Wrong where the witness saw another value
    Reader(world, slot).chain("2 * 3 + 1 = 6 + 1 = 7", source, ["7"])       # every round, parsed and laid over the source expression
    Reader(world, slot).blame("f(3): 1 / 0")                                # is that what had no value?

world and slot are oracle.py's.
"""

import ast
import re
from functools import lru_cache
from typing import NamedTuple

from witness import CUT

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Wrong(Exception):
    """What a sentence says is not so."""


PIECE = re.compile(r" \.\.\. \d+ more \.\.\. | \.\.\. \d+ more| \.\.\. |\.\.\.|<[\w.-]+(?:(?! \.\.\. ) (?:(?! \.\.\. )[^<>])*)?>")
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
        same = first.startswith(head[:len(first)]) and (shown.endswith("...") or " more" in tail or last.endswith(tail[-len(last):]))
        return same or " ... " in shown and parts_fit(shown, true)
    shown, true = ADDRESS.sub("0x", shown), ADDRESS.sub("0x", true)
    if shown[0] == "{" and "<" in true and in_any_order(shown) == in_any_order(true):
        return True  # the order of a set of classes is that of their addresses
    if " ... " in shown and len(true) < 100:
        return False
    for gap in re.finditer("(?= \\.\\.\\. )", shown):  # the text may hold other dots
        head, tail = shown[:gap.start()], shown[gap.start() + 5:]
        if len(head) + len(tail) < len(true) and true.startswith(head) and true.endswith(tail):
            return True
    return fits_around(shown, true) or " ... " in shown and parts_fit(shown, true)


def parts_fit(shown: str, true: str) -> bool:
    """Do the parts between what lies too deep, <dict> or Node(...), and the gap come one after another?"""
    head, _, tail = shown.partition(" ... ")
    halves = re.sub(r"(<\w*|\(\.*)$", "", head), re.sub(r"^([^<>]*>|\.*\))", "", tail)
    parts = [part for half in halves for part in re.split(r"<\w+>|\(\.\.\.\)", half)]
    place = 0
    for part in parts if CUT not in true else ():
        place = true.find(part, place) + len(part)
        if place < len(part):
            return False
    return len(parts) > 2 and true.startswith(parts[0]) and true.endswith(parts[-1])


def in_any_order(text: str) -> list[str]:
    """The items of a set; of anything else the whole."""
    items = split(text[1:-1], ", ")
    return [text] if any(len(split(item, ": ")) > 1 for item in items) else sorted(items)


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
            private = [text for name, text in env.items() if node.id[:2] == "__" and name.endswith(node.id)]  # in a class: _A__n
            return env.get(node.id) or "".join(private[:1]) or None
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
            if gave := re.match(r"(?:[Ww]hat (.+?) gave|the old (.+?)) is now (?=.)", text):
                true, rest = self.of_temporary(gave[1] or gave[2], bool(gave[2])), text[gave.end():]
            if old := re.match(r"(the old .+?) = ", rest):  # n = the old parent[n] = 6
                self.is_old(old[1])
                rest = rest[old.end():]
            if true is None:
                raise Wrong(f"nothing is known of {label[:80]}")
            ends = [match.start() for match in NEXT.finditer(rest)] + [len(rest)]
            end = next((e for e in ends if true == "" or shown_as(rest[:e], true)), None)
            if end is None:
                raise Wrong(f"{label} is {true[:150]}, not {rest[:150]}")
            text = rest[end + 2:]

    def of_temporary(self, label: str, old=False) -> str | None:
        """What a method or del makes of what a slice, a call or a property gave, or of what has lost its name (old); "" of an object."""
        for node in ast.walk(self.slot.node):
            owner = getattr(getattr(node, "func", node), "value", None)
            called = isinstance(node, ast.Call) or isinstance(getattr(node, "ctx", None), ast.Del)
            if not called or owner is None or not self.values(owner) or not self.is_as(label, owner):
                continue
            value, given = self.values(owner)[-1], []
            made = [part for part in ast.walk(owner) if isinstance(part, (ast.Call, ast.Slice, ast.Attribute))]
            if old and any(isinstance(part, (ast.Call, ast.Slice)) for part in made):
                continue  # a copy: the old one is as it was
            if not (made or old) or value[-1:] == ")":
                return "" if made or old else None
            try:
                value = ast.literal_eval(value)
                for part in getattr(node, "args", ()):
                    given.append(part.value if isinstance(part, ast.Constant) else ast.literal_eval(self.values(part)[-1]))
            except ValueError:
                return ""  # with an object
            if isinstance(node, ast.Subscript):
                del value[ast.literal_eval(node.slice)]
            else:
                getattr(value, node.func.attr)(*given)
            return repr(value)
        return None

    def is_as(self, label: str, node) -> bool:
        if label == unparsed(node):
            return True
        try:
            self.stage(label, load(node))
        except Wrong:
            return False
        return True

    # Rounds: 2 * 3 + 1 = 6 + 1 = 7

    def chain(self, text: str, source, finals, sign: str = " = ") -> None:
        """Every round lies over the source, and the last one is one of `finals`."""
        places = [match.start() for match in re.finditer(re.escape(sign), text)]
        must = None not in finals
        finals = [final for final in finals if final is not None]
        for place in [None, *places] if finals else []:
            end = text if place is None else text[place + len(sign):]
            if any(shown_as(end, final) for final in finals):
                if place is not None:
                    self.rounds(split(text[:place], sign), source)
                return
        if finals and must:
            raise Wrong(f"it ends as {finals[0][:150]}, not {split(text, sign)[-1][:150]}")
        self.rounds(split(text, sign), source)

    def rounds(self, stages: list[str], source) -> None:
        for stage in stages:
            self.stage(stage, source)

    def stage(self, shown: str, source) -> None:
        if source is None:
            raise Wrong(f"{shown[:80]} has no source")
        if shown.startswith("the old "):  # h = the old h.n
            if shown != f"the old {unparsed(source)}":
                raise Wrong(f"{shown[:80]} is not what was assigned")
            return self.is_old(shown)
        if shown_as(shown, unparsed(source)) or any(shown_as(shown, value) for value in self.values(source)[-1:]):
            return
        hidden = []

        def hide(match):
            if match[0][0] in "'\"":
                return match[0]
            hidden.append(match[0])
            return f"__hidden{len(hidden) - 1}"
        text = HIDE.sub(hide, shown)
        try:
            tree = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, MemoryError):
            raise Wrong(f"not readable: {shown[:150]}") from None
        self.text, self.hidden = text, hidden
        self.lay(tree, source, frozenset(), False)

    def is_old(self, shown: str) -> None:
        targets = [unparsed(part) for part in ast.walk(self.slot.node) if isinstance(getattr(part, "ctx", None), ast.Store)]
        if shown.removeprefix("the old ") not in targets:
            raise Wrong(f"{shown[:80]} is what it still is")

    def written(self, got) -> str:
        text = self.text.encode()[got.col_offset:got.end_col_offset].decode() if "\n" not in self.text else ast.unparse(got)
        return text if not self.hidden else re.sub(r"__hidden(\d+)", lambda match: self.hidden[int(match[1])], text)

    def lay(self, got, source, bound: frozenset, lazy: bool) -> None:
        """`got`, part of a round, over the part of the source that it stands for. bound: names of inner scopes."""
        if isinstance(source, ast.Constant):
            if isinstance(got, ast.Constant) and type(got.value) is type(source.value) and repr(got.value) == repr(source.value):
                return
            if source.value is ... and self.written(got) == "Ellipsis":
                return
            raise Wrong(f"{self.written(got)[:80]} stands for {unparsed(source)}")
        text = self.written(got)
        if type(got) is type(source) and text == unparsed(source):
            return
        values = self.world.seen(source, self.slot, later=lazy)
        if isinstance(source, ast.Name):
            if source.id in bound:
                raise Wrong(f"{source.id} is a name of its own in there, not {self.written(got)[:80]}")
            if not values and self.part(source, self.slot.before):
                values = [self.part(source, self.slot.before)]
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
        known = {name: self.part(ast.Name(name), self.slot.before) or "" for name in names}
        numbers = {name: text for name, text in known.items() if re.fullmatch(r"-?[\d.]{1,12}", text)}
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
            if isinstance(source, ast.IfExp) and getattr(theirs, "value", 0) is ... and self.chosen(source) is not mine:
                continue  # what was not evaluated and is long
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
        loop = node  # or the one that asks for more once its body is done
        while loop and not (isinstance(loop, (ast.For, ast.AsyncFor)) and text.startswith(f"for {bare(loop.target)} in ")):
            loop = self.world.parents.get(loop)
        failed = self.failing(node)
        if loop and (loop is not node or self.failing(ast.Tuple([node.iter])) in (None, node.iter)):
            return self.stage(text[len(f"for {bare(loop.target)} in "):], loop.iter)
        if self.slot.name in ("NameError", "UnboundLocalError") and f"'{text}'" in self.slot.text:
            return None  # a name alone
        if failed is None and isinstance(node, ast.AugAssign):
            if text == unparsed(node):
                return None
            failed = node
        if failed is None and isinstance(node, (ast.Assign, ast.AnnAssign, ast.Delete)):
            return self.refused(text)
        if isinstance(node, (ast.Import, ast.ImportFrom)) and text == unparsed(node):
            return None
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


    def refused(self, text: str) -> None:
        """"t[0] = 5", "Assigning to p.x", "del d['k']": a target that did not take the value, or could not be deleted."""
        node = self.slot.node
        parts = [type(part) for target in getattr(node, "targets", ()) for part in ast.walk(target)]
        given = isinstance(node, ast.Assign) and not isinstance(node.value, (ast.Tuple, ast.List)) and text == unparsed(node.value)
        if given and ast.Tuple in parts and ast.Attribute not in parts and ast.Subscript not in parts and "unpack" not in self.slot.text:
            return None  # what gives the values
        label, _, given = text.removeprefix("Assigning to ").removeprefix("del ").partition(" = ")
        how = "Assigning to " if not given else ""
        if not text.startswith("del " if isinstance(node, ast.Delete) else how):
            raise Wrong(f"{text[:80]} is not what was done")
        problem = Wrong("no part was to change")
        for several in getattr(node, "targets", ()):  # as it is written: an index may be another by then
            if isinstance(several, (ast.Tuple, ast.List)) and not given and label in map(unparsed, several.elts):
                return None
        for target in getattr(node, "targets", None) or [node.target]:
            if isinstance(target, (ast.Attribute, ast.Subscript)):
                try:
                    self.stage(label, load(target))
                    return self.chain(given, node.value, self.values(node.value)[-1:] or [None]) if given else None
                except Wrong as wrong:
                    problem = wrong
        raise problem


def bare(node) -> str:
    """A target as it is written: (a, b), c"""
    return unparsed(node)[1:-1] if isinstance(node, ast.Tuple) and node.elts else unparsed(node)


def load(target):
    """A target as an expression that is read."""
    copy = type(target)(**dict(ast.iter_fields(target)))
    copy.ctx = ast.Load()
    return copy


# Texts in quotes, which stay; <values without a notation> and groups without their middle, which are hidden from the parser.
HIDE = re.compile(r"'(?:\\.|[^\\'])*'|\"(?:\\.|[^\\\"])*\""
                  r"|<[A-Za-z_][\w.-]*(?: [^<>]*)?>|[\[({][^\[\](){}'\"]* \.\.\. [^\[\](){}'\"]*[\])}]")
NEXT = re.compile(r", (?=[A-Za-z_][\w.]*(?:\[[^=]*\])?[\w.\[\]]* = |what .+ gave is now |the old .+ is now )")


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
    text = re.sub(r"<[A-Za-z_][\w.-]*(?: [^<>]*)?>", lambda match: repr(match[0]), text)
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
    return re.sub(r"(['\"])(<[A-Za-z_][\w.-]*(?: [^<>]*)?>)\1", r"\2", text)


class Placed(NamedTuple):
    """A target, asked for what it holds after the statement."""
    target: ast.expr

    @property
    def number(self) -> int:
        return -self.target.number
