"""In words: every kind of statement, in frames that call, yield, raise and catch.

    explain(trace)    # -> [(1, "r = 2 + 3 * 4 = 2 + 12 = 14."), ...]: an event's index, a sentence
    narrate(trace)    # -> the sentences alone, in one of four wordings

It extends trace.py: sentences that are made there are made there only. A sentence with rounds of
arithmetic is used only if its end is the recorded one; everything else falls back to what changed.
So a narration cannot state another result than the true one, and nothing in it takes longer than
reading the trace.
"""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from functools import lru_cache

import trace as plain
from rounds import (
    Untold,
    abridged,
    common,
    expression,
    is_print,
    names_in,
    shorten,
    source_of,
    targets,
)
from trace import (
    NO_PROGRAM,
    Event,
    Trace,
    in_frames,
    reworded,
    tell_append,
    tell_call,
    tell_printed,
    tell_read,
    tell_return,
    tell_stop,
    tell_turn,
    tell_value,
)
from tracer.expressions import UNKNOWN, Expressions, is_hidden, path_of, value_of
from tracer.recorder import (
    ASSIGNMENTS,
    LAZY,
    PARTS,
    PATHS,
    all_statements,
    evaluated,
    is_identity,
    number,
)

numbered = lru_cache(maxsize=16)(number)
TOKENS = re.compile(r"""'(?:\\.|[^\\'])*'|"(?:\\.|[^\\"])*"|.""", re.DOTALL)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
WITHS, FORS = (ast.With, ast.AsyncWith), (ast.For, ast.AsyncFor)
LOOPS = (*FORS, ast.While)
WAITS = "YIELD_VALUE RESUME RETURN_GENERATOR JUMP_BACKWARD_NO_INTERRUPT".split()
IMMUTABLE = "( date( time( datetime( timedelta( Decimal( Fraction( frozenset(".split()
# what `worked_out` leaves out: rounds with a text, or a call of another function than these
WORDY = re.compile(r"['\"]|\b(?!max\(|min\(|abs\()[A-Za-z_][\w.]*\(")
HARMLESS = {kind for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, (
    ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context, ast.Name, ast.Attribute,
    ast.Constant, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.List, ast.Tuple))}
READS, TAKES = re.compile(r"input\(|\.read"), re.compile(r"pop(left|item)?\(|\bnext\(")
CONTAINERS = re.compile(r"""[\[{('"]|(set|deque|Counter|defaultdict|OrderedDict)\(""")
ITERATES = "GET_ITER FOR_ITER GET_AITER GET_ANEXT".split()

# ------------------------------------------------------------------------------------------------
# Texts, shortened.


def on_one_line(printed: str, midline: bool = False) -> str:
    """What was printed; in quotes where the line goes on, or where it could be taken for words of
    ours. midline: was the line begun before?"""
    if printed == "\n":
        return "the end of the line" if midline else "an empty line"
    text = printed.removesuffix("\n")
    if (text == printed or text != text.strip() or " = " in text or " / " in text
            or "\n\n" in text or text[:1] in ("'", '"') or text[-1:] == "."
            or "\n" in text and re.search(r"^-?[\d.]+$", text, re.M)   # 6 / 2 would be a division
            or not text.replace("\n", "").isprintable()):
        return shorten(repr(text))
    return shorten(text.replace("\n", " / "))


def listed(texts) -> str:
    return ", ".join(filter(None, texts))


def says(text: str, label: str) -> bool:
    """Does "xs = [1], s = 2" have a value of it?"""
    return f", {label} = " in f", {text}"


def bare(node) -> str:
    """A target as it is written: (a, b), c"""
    text = ast.unparse(node)
    return text[1:-1] if isinstance(node, ast.Tuple) and node.elts else text


def prints(node) -> bool:
    """Is it a call of Python's own print?"""
    return is_print(node) and getattr(node, "builtin", False)


@lru_cache(maxsize=1000)
def fields_of(text: str) -> dict[str, str]:
    """"Account(owner='Ann', balance=3)" -> {"owner": "'Ann'", "balance": "3"}; {} for others."""
    fields, depth, part = {}, 0, ""
    kind, _, inside = text.partition("(")
    if text[-1:] != ")" or not kind.isidentifier():
        return fields
    for token in TOKENS.findall(inside[:-1] + ","):
        depth += (token in "([{<") - (token in ")]}>")
        if token != "," or depth:
            part += token
            continue
        name, _, value = part.strip().partition("=")
        if name.isidentifier() and value:
            fields[name] = value
        part = ""
    return fields


def is_all(old: str, new: str, key: str, was: str | None, item: str) -> bool:
    """Is one item all that a container's texts differ in? was: its text before; None: there was
    none; "": not known. Others may change with it, as in xs[0] = xs.pop(). A Counter's are in
    another order by then."""
    if new.startswith("Counter({"):
        one = {value_of(key): 0}
        old, new = [value_of(text[len("Counter("):-1] or "{}") for text in (old, new)]
        return type(old) is type(new) is dict and {**old, **one} == {**new, **one}
    same, rest = common(old, new), common(old[::-1], new[::-1])
    for gone, come in (was, item), (None, f"{key}: {item}"), (None, f", {key}: {item}"):
        for place in range(max(0, len(new) - len(come) - rest), same + 1):
            end = place + len(come) + len(old) - len(new)  # where old goes on
            if new.startswith(come, place) and place <= end and (
                    gone == "" or old[place:end] == (gone or "")):
                return True
    return False


@lru_cache(maxsize=1000)
def lines_inside(node) -> set[int]:
    """{} of a statement without a body."""
    return {part.line for part in all_statements(getattr(node, "body", ()))}


# ------------------------------------------------------------------------------------------------
# A call in progress.


class Frame(Expressions):
    def __init__(self, event: Event, definition, shared: dict):
        super().__init__(event.extra)
        self.definition = definition
        # Is it a function's, not the module's or that of a class body?
        self.is_call = event.frame > 0 and not isinstance(definition, ast.ClassDef)
        self.shared = shared                                 # the module's variables
        self.variables = {} if event.frame else shared       # its own
        self.came = self.line = 0  # lines of the statement before and of this one
        self.read = self.printed = ""   # what the statement took from stdin, and printed
        self.midline = False       # was there something in the line before that?
        self.said = self.asked = False  # it printed, it read, and that has been told
        self.early = False         # it has been told before it is over
        self.leaves = self.torn = False  # is a with statement left? because of an exception?
        self.handled = ""          # the exception, if it ends there
        self.thrown = False        # was the exception thrown into this generator?
        self.failed = None         # the last exception here: name and message
        self.entered = None        # the with statement whose second part it stopped
        self.started = 0           # how much had been told when the statement began
        self.told = []             # and what has been told since then
        self.others = ()           # names that have got another object of the same class

    def go_on(self, event: Event) -> None:
        """`before` and `after` hold all variables that it can see."""
        more = self.more = event.more or {}
        shared = more.get("globals", {})
        self.event, self.changes = event, {**event.changes, **shared}
        self.others = more.get("others", ())
        self.seen.update(more.get("seen", ()))
        self.read += more.get("read", "")
        self.printed += more.get("said", "")
        if event.kind in ("line", "return", "yield"):
            self.printed += event.extra
        self.before = self.after  # a call in between may have changed what is shared
        self.shared.update(shared)
        self.same = [name for name, text in event.changes.items() if self.shared.get(name) == text]
        for name, text in event.changes.items():
            self.variables[name] = text
            if text is None:
                del self.variables[name]
        self.after = {**self.shared, **self.variables}
        self.inside = event.line in lines_inside(self.node)

    def fail(self, name: str, message: str) -> None:
        message = repr(message) if "\n" in message else message
        self.failed = f"{name}: {message}" if message else name

    def texts(self, node, final: str | None = None, raised: str = "") -> list[str]:
        """All rounds of an expression; [] if they cannot be told or do not come to the final text
        (or exception) that was recorded."""
        try:
            texts, _, error = self.chain(node, final, raised)
        except Untold:
            return []
        return texts if error == raised and final in (None, texts[-1]) else []

    def condition(self, test, truth: bool) -> str:
        """A condition and its rounds, without the final True or False."""
        texts = self.texts(test) or self.texts(test, str(truth))  # its parts may not tell
        value = value_of(texts[-1]) if texts else UNKNOWN
        if value is not UNKNOWN and bool(value) != truth:
            texts = []
        rounds = texts[:-1] if isinstance(value, bool) else texts
        if not texts or path_of(test) or is_identity(test):
            rounds = [*filter(None, [source_of(test, 120)]), *rounds]  # names say more
        shown = abridged(rounds or texts, test)
        source = source_of(test, 240) if isinstance(test, ast.BoolOp) else ""
        if rounds and len(rounds[0]) > 120 and len(source) > 120:
            shown.insert(0, source)
        return ": ".join(shown or [shorten((texts or [ast.unparse(test)])[0])])

    def now(self, names) -> str:
        """x = 3, y = 5"""
        return super().now([name for name in dict.fromkeys(names) if name in self.after])

    def bound(self, names) -> str:
        """What a statement binds is told whole, then what else has changed."""
        return listed([self.now(names), self.changed(names)])

    def changed(self, but=(), item: str = "", was: str | None = "") -> str:
        """"x = 3, acct.balance = 150": new values; of an object only the fields that are new. but:
        names, and fields as they are said, that have been told. item: the text of the first (`was`:
        before), which is enough of what it is an item of if no other changed."""
        shown, whole = [], item and but[0].partition("[")[0]
        key = item and but[0].rpartition("[")[2][:-1]
        for name, text in self.changes.items():
            old, new = self.before.get(name, ""), {}
            if text is None or is_hidden(text) or name in but or text[0] == "{" == old[:1] and (
                    isinstance(value_of(text), set) and value_of(text) == value_of(old)):
                continue  # or a set in another order
            if name not in self.others and text.partition("(")[0] == old.partition("(")[0]:
                before, fields = fields_of(old), fields_of(text)
                if before.keys() - fields.keys():
                    fields = {}  # one is gone
                for field, value in fields.items():
                    if value != before.get(field):
                        new[f"{name}.{field}"] = before.get(field, ""), value
            for label, (past, value) in (new or {name: (old, text)}).items():
                if label not in but and not (
                        label == whole and is_all(past, value, key, was, item)):
                    shown.append(f"{label} = {shorten(value, past)}")
        return ", ".join(shown)

    def so(self) -> str:
        text = self.changed()
        return text and f", so {text}"

    def label(self, target) -> str:
        """A target as it is said: grid[1].x"""
        if type(target) not in PARTS:
            return ast.unparse(ast.Attribute(target, "_", ast.Load())).removesuffix("._")
        label = self.label(target.value)
        if type(target) is ast.Attribute:
            return f"{label}.{target.attr}"
        try:
            if type(target.slice) is ast.Slice:
                return f"{label}[{[*self.rounds(target.slice)][-1][0]}]"
            return f"{label}[{self.last(target.slice)[0]}]"
        except (Untold, LookupError):
            return f"{label}{ast.unparse(ast.Subscript(ast.Name(''), target.slice, ast.Load()))}"

    def part(self, target):
        """The texts of the part that the statement changes, before and after; None: not known"""
        mark = getattr(target, "part", 0.5)
        return self.seen.get(mark), self.seen.get(mark + 1)


def sentence(*texts: str) -> str:
    text = listed(texts)
    return text and f"{text}."


# ------------------------------------------------------------------------------------------------
# Sentences: each function takes the frame and returns the text, "" where there is nothing to say.


def tell_called(frame):
    """A call, with its parameters in the order of the source."""
    if not frame.is_call:
        body = getattr(frame.definition, "body", ())
        begins = any([isinstance(part, ASSIGNMENTS) and part.value for part in body])
        return f"We begin class {frame.definition.name}." if begins else ""
    names, given = [*frame.changes], frame.event.changes
    if isinstance(frame.definition, DEFINITIONS):
        parts = ast.iter_child_nodes(frame.definition.args)
        names = [part.arg for part in parts if isinstance(part, ast.arg)]
    if "." in frame.name and not getattr(frame.definition, "decorator_list", ()) and (
            names and given.get(names[0], "")[-2:] == "()"):  # self, without fields
        names = names[1:]
    return tell_call(frame.name, frame.now(
        [name for name in names if given.get(name) != "<traceback>"]))


def tell_change(frame):
    return sentence(frame.changed())


def tell_output(frame):
    return frame.printed and tell_printed([on_one_line(frame.printed, frame.midline)])


def tell_input(frame, values: str = ""):
    lines = frame.read.splitlines()
    if any([line[-1:] == "." for line in lines]):
        lines = list(map(repr, lines))
    text = ", then ".join(lines)
    if text != text.strip() or len(lines) > 1 and not all(lines):
        text = repr(frame.read)
    return frame.read and tell_read(shorten(text) or "an empty line", values)


def tell_assign(frame):
    node = frame.node
    goals = getattr(node, "targets", None) or [node.target]
    if node.value is None:
        return ""
    several = len(goals) > 1 or isinstance(goals[0], (ast.Tuple, ast.List))
    if frame.read or frame.asked or several:
        names = targets(ast.Tuple(goals))
        values = listed([frame.now(names), frame.changed(names)])
        if not isinstance(node.value, ast.Tuple):
            values = listed([*kept(frame, goals[0], values), values])
    if frame.read and not several:
        values = worked_out(frame, goals[0]) or values
        if re.fullmatch(r"\w+ = <\w+>", values):  # <map>, <list_iterator>
            values = source_of(node)
    if frame.read or frame.asked:
        return tell_input(frame, values) if frame.read else sentence(values)
    if len(goals) > 1 and all([getattr(goal, "id", "") in frame.after for goal in goals]):
        return tell_name(frame, *[goal.id for goal in goals])
    if several:
        text = chained(frame, goals) or one_by_one(frame, goals, node.value)
        if not text and len(goals) == 1:
            text = unpacked(frame, goals[0], values)
        return sentence(text or values) or unchanged(frame, goals)
    if not isinstance(goals[0], ast.Name):
        return tell_part(frame, goals[0])
    if goals[0].id not in frame.after:  # Python's own, as __name__
        return sentence(source_of(node))
    return tell_name(frame, goals[0].id)


def kept(frame, goal, values: str):
    """Attributes among several targets that were the same before."""
    for part in getattr(goal, "elts", ()):
        if isinstance(part, ast.Attribute) and path_of(part.value) not in targets(frame.node):
            text = fields_of(frame.after.get(path_of(part.value), "")).get(part.attr)
            if text and not says(values, frame.label(part)):
                yield f"{frame.label(part)} = {shorten(text)}"


def worked_out(frame, goal) -> str:
    """total += int(input()), with what is read in its place; "" of x = int(input())"""
    node, label, source = frame.node, frame.label(goal), expression(frame.node)
    old, new = frame.part(node)
    if not isinstance(goal, ast.Name) and isinstance(node, ast.AugAssign):
        source = grown(frame, label)
    texts = frame.texts(source, new or frame.after.get(label))
    rounds = abridged([text for text in texts if not WORDY.search(text)], node.value)
    other = frame.changed([label], new or "", old)
    return listed([f"{label} = {' = '.join(rounds)}", other]) if len(rounds) > 1 else ""


def unpacked(frame, goal, values: str) -> str:
    """q, r = divmod(17, 5): what it comes to, then who gets what."""
    value = frame.node.value
    written = isinstance(value, (ast.Tuple, ast.List))
    texts = [] if frame.told or written else frame.texts(value)
    if len(texts) < 2 or value_of(texts[-1]) is UNKNOWN or not values:
        return ""
    return tell_value(bare(goal), ended(texts, value, shorten(texts[-1])))[:-1] + f", so {values}"


def unchanged(frame, goals) -> str:
    """That nothing has changed is said of what is written whole."""
    source = source_of(frame.node) and " = ".join(map(bare, [*goals, frame.node.value]))
    for name in names_in(ast.Tuple(goals)):
        if value_of(frame.after.get(name.id, "<")) is UNKNOWN:
            return f"We run {source or 'an assignment'}."
    return f"{source or 'We assign'}, and nothing changes."


def labels_of(frame, goals):
    """Targets as they are said; as one is written where an earlier one has changed a name in it."""
    earlier = set()
    for goal in goals:
        changed = earlier.intersection([name.id for name in names_in(goal)])
        yield ast.unparse(goal) if changed else frame.label(goal)
        earlier.update(targets(goal))


def rebinds(goals, goal) -> bool:
    """Is something in a target assigned to by the same statement?"""
    bound = {*map(ast.unparse, goals)}
    return any([isinstance(part, PATHS) and ast.unparse(part) in bound
                for part in [*ast.walk(goal)][1:]])


def text_of(frame, node, variables) -> str:
    """What a variable, a field or an item holds; "<" where that is not known, "" of an attribute
    that is no field."""
    if isinstance(node, ast.Attribute):
        fields = fields_of(text_of(frame, node.value, variables))
        return fields.get(node.attr, "" if fields else "<")
    if isinstance(node, ast.Subscript):
        with suppress(Untold, LookupError, TypeError):
            items = value_of(text_of(frame, node.value, variables))
            return repr(items[frame.last(node.slice)[2]])
    return variables.get(getattr(node, "id", ""), "<")


def holds(frame, goal, text: str):
    """Has a target this text now, or has a function of the program taken another value? None: not
    known."""
    now = text_of(frame, goal, frame.after)
    kind, cut, _ = now.partition("(...)")
    if now == text or cut and text.startswith(f"{kind}("):
        return True
    return None if "<" in now or "..." in now + text else False


def chained(frame, goals) -> str:
    """memo[2] = x = 2 + 3, worked out; "" where not all of them are known to hold it."""
    value = frame.node.value
    texts = frame.texts(value, frame.seen_of(value))
    if len(goals) == 1 or not texts or value_of(texts[-1]) is UNKNOWN:
        return ""
    items, was = [goal for goal in goals if isinstance(goal, ast.Subscript)], ""
    for goal in goals:
        held = isinstance(goal, PATHS) and not rebinds(goals, goal) and (
            holds(frame, goal, texts[-1]))
        if held is False or held is None and frame.told:
            return ""
    labels = [*labels_of(frame, [*items, *goals])]
    if len(items) == 1:  # the item says enough of the whole, if nothing else in that changed
        was = text_of(frame, items[0], frame.before)
    text = tell_value(" = ".join(labels[len(items):]), ended(texts, value, shorten(texts[-1])))
    return listed([text[:-1], frame.changed(labels, texts[-1] if was else "", was)])


def one_by_one(frame, goals, value) -> str:
    """a, b = b, a % b: each name with the rounds of its value. x, y.z = 1, 2 where a value shows in
    no variable: of a class, deep inside an object, of one that has lost its name."""
    names, pairs, parts = targets(ast.Tuple(goals)), [(goal, value) for goal in goals], []
    if isinstance(goals[0], ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = list(zip(goals[0].elts, value.elts))
    plain_pairs = all(isinstance(goal, PATHS) and not isinstance(part, ast.Starred)
                      for goal, part in pairs)
    every, holders, said = [goal for goal, _ in pairs], [], []
    kinds = {*map(type, every)}
    swaps = kinds == {ast.Name} and len({*names}) == len(pairs)
    each = len(pairs) > len(goals) and (swaps or ast.Attribute in kinds)
    if not plain_pairs or not each and all([shows(frame, goal, every) for goal in every]):
        return ""
    for goal in every:
        if isinstance(goal, PARTS):
            holders += [ast.unparse(goal.value), *frame.texts(goal.value)[-1:]]
    for label, (goal, part) in zip(labels_of(frame, every), pairs):
        text = frame.after.get(getattr(goal, "id", "")) or (
            frame.texts(part) or [frame.seen_of(part) or frame.before.get(path_of(part), "")])[-1]
        if {text, ast.unparse(part)} & {*holders} and text != frame.after.get(label):
            # what it holds is changed by this statement, too
            again = getattr(part, "id", "") not in names and frame.after.get(path_of(part))
            text = again or re.sub(r"^([\w.]*[\[({]).*(.)$", r"\1...\2", text)
        held = None if rebinds(every, goal) else holds(frame, goal, text)
        if text and held is False or held is None and frame.told and len(pairs) > len(goals):
            return ""  # who gets what?
        if text:
            rounds = each and frame.texts(part, text) or [text]
            if not swaps and ast.unparse(part) in {*map(ast.unparse, every)} - {ast.unparse(goal)}:
                rounds = [f"the old {ast.unparse(part)}", text]  # it holds something else by now
            end = shorten(text, frame.before.get(label))
            parts.append(tell_value(label, ended(rounds, part, end))[:-1])
            said.append(label)
    return listed([*parts, frame.changed(said)])


def shows(frame, goal, goals) -> bool:
    """Is the value of a target part of its variable's text?"""
    if isinstance(goal, ast.Name) or rebinds(goals, goal):
        return isinstance(goal, ast.Name)
    while isinstance(goal, ast.Subscript):
        goal = goal.value
    text = text_of(frame, goal, frame.after)
    return not re.search(r"^$|^<|\(\.\.\.\)|<dict>|<list>| \.\.\. ", text)


def tell_name(frame, *names):
    """x = 3, x += 3, x = y = 3"""
    node, value, final = frame.node, frame.node.value, frame.after[names[0]]
    name = " = ".join(names)
    if isinstance(value, ast.Lambda):
        return f"We define {name} as {source_of(value) or 'a lambda'}{frame.so()}."
    grown = isinstance(node, ast.AugAssign)
    called = not grown and isinstance(value, ast.Call) and (
        frame.before.get(path_of(value.func), "").startswith("<function"))
    texts, source, end = [], expression(node), frame.short(names[0])
    if not called or not frame.told:  # else its statements have been told
        if not grown or adds(frame, frame.before.get(name, "")):
            texts = frame.texts(source, final)
        if not texts and not grown and not isinstance(
                value, (ast.Await, ast.Yield, ast.YieldFrom)):
            texts = [source_of(value) or end, final]
    text = tell_value(name, ended(texts, source, end))[:-1]
    other = frame.changed(names)
    part = deep(frame, value, value.func) if hasattr(value, "part") else ""  # x = a.b.pop()
    old = re.match(r"the old \w+(\S+)", part)
    if re.search(rf"\b{re.match('[^.[]*', part)[0]}\b", other) or old and f"{old[1]} = " in other:
        part = ""  # told with all that it is a part of
    return sentence(text, part, other)


def deep(frame, node, target) -> str:
    """"a.b[0].kids = []": what has changed deep inside, in what target is a part of; "" where its
    name, or a function of the program, may stand for something else by now."""
    old, new = frame.part(node)
    root = target.value
    while isinstance(root, PARTS):
        root = root.value
    name = getattr(root, "id", "")
    if not new or old == new or is_hidden(new) or not name:
        return ""
    gone = name in targets(frame.node)  # n = n.kids.setdefault("a", N()): n is another by now
    if gone and not is_made(frame, target.value):
        return f"the old {ast.unparse(target.value)} is now {shorten(new, old)}"
    return "" if frame.told else held_now(frame, target.value, old, new)


def held_now(frame, owner, old: str, new: str) -> str:
    """"d['k'] = [1]": what has changed. Of a slice, or what a call or property gave, nobody knows
    whether something else holds it."""
    how = "what %s gave is now %s" if is_made(frame, owner) else "%s = %s"
    return how % (frame.label(owner), shorten(new, old))


def is_made(frame, owner) -> bool:
    """Is it, or what it is a part of, made by a slice or call? A property's is no field."""
    if isinstance(owner, ast.Attribute) and frame.told:
        fields = fields_of((frame.texts(owner.value) or [""])[-1])
        if fields and owner.attr not in fields:
            return True
    while isinstance(owner, PARTS):
        if isinstance(getattr(owner, "slice", None), ast.Slice):
            return True
        owner = owner.value
    return isinstance(owner, ast.Call)


def adds(frame, old: str) -> bool:
    """Would x + y be what x += y is? Containers and objects may take what + refuses."""
    other = (frame.texts(frame.node.value) or ["?"])[-1]
    kinds = [re.match(r"\w*\(|[\[{]|", text.replace("set()", "{"))[0] for text in (old, other)]
    repeats = kinds == ["[", ""] and isinstance(frame.node.op, ast.Mult)
    return repeats or kinds[0] in ("", *IMMUTABLE) or (
        kinds[0] == kinds[1] and kinds[0] in "[ { deque( Counter( array(".split())


def ended(texts: list[str], source: ast.expr, end: str) -> list[str]:
    """The rounds that lead to a value, and the value; <generator> and the like only if alone."""
    rounds = abridged(texts[:-1], source)
    if rounds and is_hidden(end) and " " not in end:  # <generator>, but not <class Account>
        return rounds
    if rounds and "<" in end and UNKNOWN not in map(value_of, rounds[-1:]):
        return rounds  # the whole, where its value says less
    return abridged(texts[:-1], source, end)


def tell_part(frame, target):
    """x.field = ... or x[index] = ...: the part, and what else changed."""
    node, value, label = frame.node, frame.node.value, frame.label(target)
    old, known = frame.part(node)
    texts, source, new = [], value, known
    if isinstance(node, ast.AugAssign):
        source = grown(frame, label)
        texts = old and adds(frame, old) and frame.texts(source, new)
    elif known or not hasattr(node, "part"):  # else a function of the program took it
        new = new or frame.seen_of(value)
        texts = frame.texts(value, new) or [new or ast.unparse(value)]
    if texts or new:
        rounds = texts or [new]
        text = tell_value(label, ended(rounds, source, shorten(rounds[-1], old)))[:-1]
        key = getattr(target, "slice", None)  # an item says enough of the whole
        item = rounds[-1] if key and not isinstance(key, ast.Slice) else ""
        return sentence(text, frame.changed([label], item, old if known else ""))
    text, source = frame.changed(), source_of(node) or "an assignment"
    if says(text, label):
        return sentence(text)
    return f"{text} after {source}." if text else f"We run {source}."


def grown(frame, label: str):
    """grid[0] + 3 of grid[0] += 3, with the part as a variable of its own."""
    frame.before[label] = frame.part(frame.node)[0]
    return ast.BinOp(ast.Name(label), frame.node.op, frame.node.value)


def tell_expression(frame):
    call, text = frame.node.value, frame.changed()
    if isinstance(call, ast.Await):
        call = call.value
    if prints(call):
        return tell_print(frame, call)
    if not isinstance(call, ast.Call):
        kinds = [*map(type, ast.walk(frame.node.value))]
        harmless = kinds[0] is not ast.Constant and ast.In not in kinds and ast.NotIn not in kinds
        if harmless and not text and not frame.told and {*kinds} <= HARMLESS and source_of(call):
            return f"{source_of(call)}, and nothing changes."
        return tell_choice(frame, call) or sentence(text)
    function, given = call.func, given_to(frame, call)
    if isinstance(function, ast.Attribute):
        old, new = frame.part(call)
        fresh = path_of(getattr(function.value, "func", None))  # App().run()
        if old != new and not is_hidden(new) and not (
                text and is_made(frame, function.value)
                or fresh and new.startswith(f"{fresh}(")):
            label = frame.label(function.value)
            whole, text = label.partition("[")[0], frame.changed([label], new, old)
            if whole == label or not says(text, whole):  # else label may be another item now
                text = listed([held_now(frame, function.value, old, new), text])
        texts = frame.texts(call.args[0]) if call.args else []
        if text and texts and function.attr == "append" and len(call.args) == 1 and not frame.told:
            return tell_append(ended(texts, call.args[0], shorten(texts[-1])), text)
        if text:
            chained = any(isinstance(part, ast.Call) for part in ast.walk(function.value))
            name = (chained or is_of_class(frame, function)) and source_of(function)
            name = name or function.attr
            return f"{re.sub('^what ', 'What ', text)} after {name}{given}."
    name = path_of(function) or source_of(function)
    if name and not isinstance(function, (*PATHS, ast.Call)):
        name = f"({name})"
    if not name:
        name, given = "a function", ""
    if text:
        return f"{text} after {name}{given}."
    owner = isinstance(function, ast.Attribute) and frame.texts(function.value)
    if frame.told and not (owner and CONTAINERS.match(owner[-1])):
        return ""  # its own statements have been told; a container's method has none
    return tell_call(f"{name}{given}" if len(given) <= 70 else name)


def is_of_class(frame, function) -> bool:
    """A.__init__ and list.append, which are given the object"""
    owner = path_of(getattr(function, "value", None))
    return frame.before.get(owner, "")[:6] == "<class" or owner in ("list", "dict", "set", "object")


def decides(node) -> bool:
    """Does x > 2 and f(), f() if x else g() choose what is run, and print nothing before that?"""
    tests = [node.test] if isinstance(node, ast.IfExp) else []
    if isinstance(node, ast.BoolOp):
        tests = node.values[:-1]
    return bool(tests) and not any([prints(part) for test in tests for part in ast.walk(test)])


def tell_choice(frame, node):
    """x > 2 and out.append(x), f() if x else g(): "3 > 2 is true, so we run out.append(x): out =
    [3]."; "" of others."""
    if isinstance(node, ast.IfExp):
        test, chosen, other = node.test, node.body, node.orelse
    elif isinstance(node, ast.BoolOp):
        *rest, chosen = node.values
        test, other = ast.BoolOp(node.op, rest) if rest[1:] else rest[0], None
    else:
        return ""
    value = value_of((frame.texts(test) or ["<"])[-1])
    if value is UNKNOWN or any([line[:8] != "We print" for _, line in frame.told]):
        return ""
    truth, text = bool(value), frame.changed()
    said = f"{frame.condition(test, truth)} is {'true' if truth else 'false'}, so we"
    if other and not truth:
        chosen = other
    elif not other and truth == isinstance(node.op, ast.Or):
        return f"{said} skip {source_of(chosen) or 'the rest'}."
    return f"{said} run {source_of(chosen) or 'a part'}{text and f': {text}'}."


def given_to(frame, call) -> str:
    """The arguments of a call in parentheses, if that is short: by values where they are known, but
    for keywords, an object whose class's function is called, and what takes something away."""
    given = list(map(ast.unparse, [*call.args, *call.keywords]))
    for k, node in enumerate(call.args):
        if not TAKES.search(given[k]) and (k or not is_of_class(frame, call.func)):
            with suppress(Untold):
                text = frame.last(node)[0]
                given[k] = text if len(text) <= 70 else given[k]
    text = ", ".join(given)
    return f"({text})" if len(text) <= 120 else ""


def tell_print(frame, call):
    options = {keyword.arg: keyword.value for keyword in call.keywords}
    if not frame.printed:
        if frame.said:
            return tell_change(frame)
        if "file" in options:
            what = texts_printed(frame, call.args, options)
            if what is None:  # as it is written
                what = ", ".join(map(ast.unparse, call.args))
            place = f"{what} to {ast.unparse(options['file'])}".lstrip()
            return f"We print {place}{frame.so()}."
        return f"We print nothing to the output{frame.so()}."
    end = on_one_line(frame.printed, frame.midline)
    if len(call.args) == 1 and "file" not in options:
        texts, last = frame.texts(call.args[0]), getattr(options.get("end"), "value", None)
        if texts and f"{value_of(texts[-1])}{chr(10) if last is None else last}" == frame.printed:
            return tell_printed(abridged(texts[:-1], call.args[0], end))
    return tell_printed([end])


def texts_printed(frame, arguments, options) -> str:
    """What print makes of its arguments; None where that is not known."""
    said, given = [], [options.get(key, ast.Constant(None)) for key in ("sep", "end")]
    if not all(isinstance(node, ast.Constant) for node in given):
        return None
    separator, end = [usual if node.value is None else node.value
                      for node, usual in zip(given, (" ", "\n"))]
    for argument in arguments:
        starred = isinstance(argument, ast.Starred)
        text = (frame.texts(argument.value if starred else argument) or ["<"])[-1]
        value = value_of(text)
        if value is UNKNOWN or starred and isinstance(value, set):
            return None  # who knows in which order
        for each in value if starred else [value]:
            said.append(each if isinstance(each, str) else repr(each) if starred else text)
    printed = separator.join(said) + end
    return printed and on_one_line(printed)


def tell_returned(frame):
    value = frame.event.value
    source = frame.node.value if isinstance(frame.node, ast.Return) else None
    texts = frame.texts(source, value)
    if value == "None" and not texts:
        return tell_return(frame.name)
    return tell_return(frame.name, " = ".join(ended(texts, source, shorten(value))))


def tell_delayed(frame):
    """A return that something comes before: a finally clause, the end of a with block."""
    value = frame.node.value
    if frame.event.kind == "return":
        return tell_change(frame)
    final = frame.seen_of(value) or "a value"
    text = value and " = ".join(ended(frame.texts(value, final), value, shorten(final)))
    return f"We are about to return {text or ''}".rstrip() + f"{frame.so()}."


def tell_if(frame):
    text = plain.tell_if(frame)
    return text.replace("go to the else.", "try the elif.") if (
        getattr(frame.node, "tries_elif", False)) else text


def tell_for(frame):
    if frame.inside and takes_parts(frame.node.target):
        return tell_turn(frame, frame.bound(targets(frame.node.target)))
    told = plain.tell_for(frame)
    return told if frame.inside else told.replace("loop", loop_of(frame.node))


def takes_parts(target) -> bool:
    """for i, xs[i] in ..."""
    return any(isinstance(part, PARTS) for part in ast.walk(target))


def takes_line(frame) -> bool:
    """for line in sys.stdin: is what was read told with the turn?"""
    if not isinstance(frame.node, ast.For) or READS.search(ast.unparse(frame.node.iter)):
        return False
    names = targets(frame.node.target)
    values = [str(value_of(frame.after.get(name, "<"))).strip() for name in names]
    return frame.read.strip() in values


def loop_of(node) -> str:
    return "loop" if isinstance(node, ast.While) else f"loop over {bare(node.target)}"


def tell_def(frame):
    if isinstance(frame.definition, ast.ClassDef) and frame.node in frame.definition.body:
        return ""  # told with the class
    return decorated(frame, plain.tell_def(frame))


def decorated(frame, text: str) -> str:
    how = " and ".join(map(ast.unparse, frame.node.decorator_list))
    return f"{text[:-1]}{', decorated with ' * bool(how)}{how}{frame.so()}."


def tell_class(frame):
    names = dict.fromkeys(
        [part.name for part in frame.node.body if isinstance(part, DEFINITIONS)])
    text = f"We define class {frame.node.name}{' with ' * bool(names)}{', '.join(names)}."
    return decorated(frame, text)


def tell_assert(frame):
    return f"{frame.condition(frame.node.test, True)} is true, so the assertion holds."


def tell_import(frame):
    source = "." * getattr(frame.node, "level", 0) + (getattr(frame.node, "module", None) or "")
    names = ", ".join(map(ast.unparse, frame.node.names))
    return f"We import {names}{source and f' from {source}'}."


def tell_handler(frame):
    node = frame.node
    if frame.inside:
        name = f" as {node.name}" if node.name else ""
        if node.takes_part:
            value = listed([f"{ast.unparse(node.type)}{name}", frame.now([node.name or ""])])
            return f"We handle the part that is {value}."
        return f"We handle {frame.failed or 'the exception'}{name}."
    kind = node.type
    return f"The except clause{' for ' + ast.unparse(kind) if kind else ''} does not match."


def tell_with(frame):
    what = listed([source_of(item.context_expr) for item in frame.node.items])
    way = "leave" if frame.leaves else "enter"
    names = []
    for item in frame.node.items if way == "enter" else ():
        names += targets(item.optional_vars) if item.optional_vars else []
    text = frame.bound(names)
    handles = frame.handled and f", which handles {shorten(frame.handled)}"
    return f"We {way} the with block{what and f' of {what}'}{handles}{text and f', so {text}'}."


def tell_match(frame):
    subject = frame.node.subject
    texts = frame.texts(subject) or [source_of(subject) or "the subject"]
    return f"We match {' = '.join(abridged(texts[:-1], subject, shorten(texts[-1])))}."


def tell_case(frame):
    node, names = frame.node, []
    what = " if ".join([shorten(ast.unparse(part)) for part in (node.pattern, node.guard) if part])
    for part in ast.walk(node.pattern):
        names += filter(None, [getattr(part, "name", None), getattr(part, "rest", None)])
    bound = frame.bound(names * frame.inside)
    text = f"Case {what} {'matches' if frame.inside else 'does not match'}"
    return sentence(text, bound and f"{'so' if frame.inside else 'with'} {bound}")


def tell_delete(frame):
    node, text = frame.node, frame.so()
    part = hasattr(node, "part") and deep(frame, node, node.targets[-1])
    if part and not text:
        text = f", so {part}"
    return f"We delete {', '.join(map(frame.label, node.targets))}{text}."


def tell_yield(frame):
    value = frame.event.value
    return f"{frame.name} yields {shorten(value)}." if value else f"{frame.name} waits."


# ------------------------------------------------------------------------------------------------
# What went wrong, and where.


def raised_by(frame, event: Event):
    """-> the part of the statement whose instruction raised the exception, None if there is no
    telling, and the instruction."""
    place, step = (event.more or {}).get("at") or (None, "")
    parts = list(ast.walk(frame.node)) if frame.node else []
    return parts[place] if place is not None and place < len(parts) else None, step


def is_thrown(frame, event: Event) -> bool:
    """Does an exception come from outside, where the frame waits?"""
    _, step = raised_by(frame, event)
    return event.kind == "exception" and (frame.node is None or step in WAITS)


def tell_crash(frame, part, step: str):
    """The sentence for a statement that raised an exception."""
    node, name, named = frame.node, frame.event.extra, shorten(frame.failed)
    if name == "GeneratorExit":
        return f"{frame.name} is closed."
    if step == "RAISE_VARARGS" and isinstance(node, ast.Assert):
        return f"{frame.condition(node.test, False)} is false, so the assertion fails with {named}."
    if step == "RAISE_VARARGS":
        made = frame.before.get(path_of(node.exc), "")  # a class whose __init__ wants more
        if "must derive from BaseException" in named or (
                made[:7] == "<class " and made != f"<class {name}>"):
            return tell_stop(source_of(node), named)
        cause = node.cause and shorten((frame.texts(node.cause) or [source_of(node.cause)])[-1])
        made = path_of(getattr(node.exc, "func", None)).rpartition(".")[2] == name
        if frame.failed == name and made and node.exc.args:
            named += given_to(frame, node.exc)  # its __str__ was not asked
        return f"We raise {named}{cause and f', from {cause}' or ''}."
    if frame.thrown:
        return f"{frame.name} gets {named}."
    if step.startswith("UNPACK") and "unpack" in named:
        return tell_unpack(frame, part, named)
    if name in ("NameError", "UnboundLocalError") or isinstance(part, (ast.Import, ast.ImportFrom)):
        for whole in filter(None, [getattr(node, "iter", None), expression(node), part]):
            if part in ast.walk(whole):
                return tell_stop(source_of(whole), named)
        return tell_stop("", named)  # nobody knows where
    where = blamed(frame, part, step)
    return tell_stop(where, named + held(frame, part, where))


def tell_unpack(frame, target, named: str):
    """Too many values for too few names, or the other way round. They are told where it is the
    statement's own target that they do not fit, not a part of it."""
    node, text = frame.node, ""
    if target in getattr(node, "targets", ()):
        text = frame.seen_of(node.value) or (frame.texts(node.value) or [""])[-1]
    elif target is getattr(node, "target", None):
        text = item_of(frame)
    if text == "<map>":
        text = source_of(node.value)
    given = value_of(text)
    counts = f", {counted(given, 'value')} for {counted(target.elts, 'name')}" if (
        hasattr(given, "__len__") and isinstance(target, (ast.Tuple, ast.List)) and (
            ast.Starred not in map(type, target.elts))) else ""
    names = bare(target).rstrip(",")  # of one
    return f"We cannot unpack {shorten(text) or 'the values'} into {names}{counts}: {named}."


def item_of(frame) -> str:
    """What a loop over a list, a tuple, a dict or a text would take next; "" where not known."""
    node = frame.node
    items = value_of((frame.texts(node.iter) or ["<"])[-1])
    taken = frame.turns.get(node, 0)
    again = {*targets(node)} & {name.id for name in names_in(node.iter)}
    known = isinstance(items, (list, tuple, dict, str)) and taken < len(items) and not again
    return repr([*items][taken]) if known else ""


def counted(things, name: str) -> str:
    return f"{len(things)} {name}{'s' * (len(things) != 1)}"


def blamed(frame, part, step: str) -> str:
    """What stopped, in its rounds."""
    node, name = frame.node, frame.event.extra
    if isinstance(part, ast.FormattedValue):
        part = next(text for text in ast.walk(node)
                    if isinstance(text, ast.JoinedStr) and part in text.values)
    if step.startswith("UNPACK"):  # what gives the values
        return source_of(node.value) if isinstance(node, ast.Assign) else ""
    if isinstance(node, FORS) and step in ITERATES:
        texts = frame.texts(node.iter) or [source_of(node.iter)]
        return f"for {bare(node.target)} in {shorten(texts[-1])}"
    if isinstance(getattr(part, "ctx", None), (ast.Store, ast.Del)):
        several = isinstance(part.ctx, ast.Store) and part not in getattr(node, "targets", (part,))
        label = ast.unparse(part) if several else frame.label(part)  # an index may be another now
        if step.startswith("STORE"):
            texts = frame.texts(node.value) if part in getattr(node, "targets", ()) else ()
            return f"{label} = {shorten(texts[-1])}" if texts else f"Assigning to {label}"
        return f"del {label}" if step.startswith("DELETE") else label
    source = expression(node)
    if isinstance(node, ast.AugAssign) and part is node:
        old = frame.before.get(path_of(node.target)) or frame.part(node)[0]
        if not adds(frame, old or ""):
            return source_of(node)
        if not isinstance(node.target, ast.Name):
            source = grown(frame, frame.label(node.target))
    elif isinstance(part, ast.expr) and (
            source is None or part not in ast.walk(source) or isinstance(source, ast.Tuple) or
            isinstance(node, ast.AugAssign) and part in ast.walk(node.target) or
            goes_on(source, part) or
            any([isinstance(call, (ast.Call, ast.IfExp)) and part in list(ast.walk(call))[1:]
                 for call in ast.walk(source)]) or not frame.computes(part, name)):
        source = part  # the rest has nothing to do with it
    for whole in (source, part):
        texts = frame.texts(whole, raised=name)
        if texts:
            return ": ".join(abridged(texts, whole))
    return source_of(source) if source else ""


def goes_on(source, part) -> bool:
    """Is there more behind it, which has not been worked out?"""
    parts = list(evaluated(source))
    behind = parts[parts.index(part):] if part in parts else ()
    return any(isinstance(node, ast.expr) and part not in ast.walk(node) for node in behind)


def held(frame, part, where: str) -> str:
    """Values of what is named there; of what a comprehension or lambda binds those within it."""
    names, inner = [], set()
    if not part:
        return ""
    part = getattr(part, "iter", part)  # a loop's head
    for scope in ast.walk(frame.node):
        if isinstance(scope, LAZY) and (
                part in ast.walk(scope) or scope in ast.walk(part)):
            inner.update([name.arg for name in ast.walk(scope) if isinstance(name, ast.arg)])
            inner.update(*[targets(loop.target) for loop in getattr(scope, "generators", ())])
    for node in names_in(part):
        named = re.search(rf"(?<![\w.'\"]){node.id}\b", where)
        if isinstance(frame.node, LOOPS) and isinstance(node.ctx, ast.Store) or not named:
            continue  # what a loop takes next has no name yet
        if node.id not in inner and not is_hidden(frame.after.get(node.id, "<")):
            names.append(node.id)
    bound = frame.more.get("inner", {})
    found = [f"{name} = {shorten(bound[name])}" for name in sorted(inner & bound.keys())
             if not is_hidden(bound[name])]
    values = listed([frame.now(names), *found])
    if re.search(r"no attribute '__\w*[^\W_]'", frame.failed):  # a private name, from outside:
        return ""  # there it is another one
    return values and f", where {values}"


SENTENCES = {
    **plain.SENTENCES, **dict.fromkeys(ASSIGNMENTS, tell_assign), ast.Expr: tell_expression,
    **dict.fromkeys(DEFINITIONS, tell_def), ast.ClassDef: tell_class, ast.If: tell_if,
    **dict.fromkeys(FORS, tell_for), ast.Assert: tell_assert,
    **dict.fromkeys((ast.Import, ast.ImportFrom), tell_import), ast.Delete: tell_delete,
    **dict.fromkeys(WITHS, tell_with), ast.ExceptHandler: tell_handler,
    ast.Match: tell_match, ast.match_case: tell_case, ast.Return: tell_delayed,
    ast.Break: lambda frame: f"We break out of the {loop_of(frame.node.loop)}.",
    ast.Raise: lambda frame: "We raise it again."}


# ------------------------------------------------------------------------------------------------
# The narrator.


class Narrator:
    """Walks through the events."""

    def __init__(self, trace: Trace):
        self.events, self.steps, self.frames, self.shared = trace.events, [], {}, {}
        self.statements = numbered(trace.code)[1]
        self.midline = False  # has a line of the output been begun?
        # behind it nothing runs: what ends the program, and what it passes
        lines = [index for index, event in enumerate(self.events) if event.kind == "line"]
        self.last_line = max(lines, default=0)
        for node in self.statements.values():
            for part in ast.walk(node) if isinstance(node, LOOPS) else ():
                part.loop = node  # the innermost one comes last
            for clause in getattr(node, "handlers", ()):
                clause.takes_part = isinstance(node, ast.TryStar)

    def step(self, index: int, event: Event):
        """Yields the sentences for an event; they may be empty."""
        kind = event.kind
        if kind == "call":
            definition = self.statements.get(event.line)
            self.frames[event.frame] = Frame(event, definition, self.shared)
        frame = self.frames.get(event.frame)
        if frame is None:  # not called where no stack was left to record it
            return
        more = event.more or {}
        asked, turns = more.get("asked", (None, ()))
        yield from self.took_turns(self.frames.get(asked), turns)
        yield from self.took_turns(frame, more.get("turns", ()))
        printed = frame.printed
        if not printed:
            frame.midline = self.midline
        frame.go_on(event)
        if frame.printed != printed:
            self.midline = frame.printed[-1] != "\n" and not frame.read
        if kind == "line" and event.line == frame.line and frame.node and not isinstance(
                frame.node, LOOPS):
            return  # a jump inside a statement, or another context of a with
        before, after = self.events[index - 1], self.events[index + 1:index + 2]
        thrown = any(is_thrown(frame, next_) for next_ in after if next_.frame == event.frame)
        if kind == "call" and not thrown:
            yield tell_called(frame)
        elif kind == "resume" and not thrown:
            yield f"{frame.name} goes on."
        elif kind == "yield":
            yield from self.so_far(frame)
            yield tell_change(frame)
            yield tell_yield(frame)
        elif kind == "exception":
            late = before.kind == "call" and not isinstance(frame.definition, DEFINITIONS)
            frame.thrown = late or before.kind == "resume" and is_thrown(frame, event)
            yield from self.failed(frame, before, index)
        elif kind in ("line", "return"):
            yield from self.finish(frame)
            if kind == "line":
                self.begin(frame)
                if isinstance(frame.node, ast.Break) and after and after[0].frame != event.frame:
                    frame.early = True  # it is told before what it closes
                    yield SENTENCES[ast.Break](frame)
            elif event.value and frame.is_call:
                yield tell_returned(frame)

    def took_turns(self, frame, turns):
        """What a statement printed and read before it printed again, or made this call."""
        for printed, read in turns if frame else ():
            frame.printed, frame.read, frame.midline = printed, read, self.midline
            self.midline = False  # a line has ended
            yield from self.so_far(frame)

    def so_far(self, frame):
        """What a statement that is not over has printed and read."""
        yield tell_output(frame)
        yield tell_input(frame)
        frame.said |= bool(frame.printed)
        frame.asked |= bool(frame.read)
        frame.printed = frame.read = ""

    def failed(self, frame, before: Event, index: int):
        """An exception is told where it was raised; what C code catches ends there."""
        event = frame.event
        part, step = raised_by(frame, event)
        if event.extra == "StopAsyncIteration" and not isinstance(
                part, (ast.Await, ast.Call, ast.Raise)):
            return  # an asynchronous loop has come to its end
        frame.fail(event.extra, event.value)
        inner = self.frames.get(before.frame)
        passes = is_unwound(before) and inner and inner.failed == frame.failed
        if frame.node or frame.thrown:
            if passes:
                if index < self.last_line or event.frame:
                    yield sentence(frame.changed(frame.same))
            else:
                yield tell_output(frame)
                frame.printed = ""
                yield tell_input(frame)
                yield tell_change(frame)
                yield tell_crash(frame, part, step)
        several = isinstance(frame.node, WITHS) and len(frame.node.items) > 1
        frame.entered = frame.node if several and part not in ast.walk(
            frame.node.items[0]) else None
        frame.node = None

    def finish(self, frame):
        """The sentences for a statement that has just run."""
        node, event = frame.node, frame.event
        following = self.statements.get(event.line) if event.kind == "line" else None
        torn = is_unwound(event) or frame.more.get("torn") or isinstance(
            following, ast.ExceptHandler)
        if frame.entered and not torn:
            frame.node, frame.leaves, frame.handled = frame.entered, True, frame.failed
            yield tell_with(frame)
        frame.entered = None
        ran = node not in (None, frame.definition) and (
            not is_unwound(event) or frame.failed or isinstance(node, ast.Raise))
        alone = node.value if ran and isinstance(node, ast.Expr) else None
        printing = alone and prints(alone)
        choosing = decides(alone) and not frame.read
        if not printing and not choosing:
            yield tell_output(frame)
        if not ran or frame.early:
            return
        if frame.read and not isinstance(node, ASSIGNMENTS) and not takes_line(frame):
            yield tell_input(frame)
        frame.handled = ""
        if frame.leaves and frame.torn and not torn:
            frame.handled = frame.failed or ""
        if isinstance(node, (ast.If, ast.While, ast.Assert, ast.Match)) or (
                printing and frame.printed):
            yield tell_change(frame)
        elif isinstance(node, FORS) and not takes_parts(node.target):
            yield sentence(frame.changed(targets(node.target)))
        frame.told = self.steps[frame.started:]
        yield SENTENCES.get(type(node), tell_change)(frame)
        if choosing:
            yield tell_output(frame)

    def begin(self, frame):
        """A statement is about to run."""
        frame.came, frame.line = frame.line, frame.event.line
        if "failed" in frame.more:
            frame.fail(*frame.more["failed"])
        frame.torn = frame.more.get("torn") == "here" or frame.node is None
        frame.node = node = self.statements.get(frame.line)
        inside = frame.came in lines_inside(node)
        if inside and getattr(node, "takes_part", False):
            frame.node = None  # what is left of the exception is looked at behind except*
        frame.leaves = inside and isinstance(node, WITHS)
        frame.seen = {}
        frame.read = frame.printed = ""
        frame.said = frame.asked = frame.early = False
        frame.started = len(self.steps)
        if node in frame.turns and not inside:
            frame.turns[node] = 0


def is_unwound(event: Event) -> bool:
    """Has an exception ended the call?"""
    return event.kind == "return" and event.value == ""


def explain(trace: Trace) -> list[tuple[int, str]]:
    """-> (event index, sentence): what had happened when that event was recorded."""
    if trace.error == "SyntaxError" and not trace.events:
        return [(0, NO_PROGRAM)]
    narrator = Narrator(trace)
    steps = narrator.steps
    for index, event in enumerate(trace.events):
        for told in filter(None, narrator.step(index, event)):
            steps.append((index, told))
    if trace.error == "RecursionError" and not is_unwound(event):
        steps.append((index, "So it goes on until the stack is full: RecursionError."))
    return steps


def narrate(trace: Trace, seed: int = 0) -> list[str]:
    """The sentences, in the wording of the seed: see trace.narrate."""
    return reworded(explain(trace), seed)


# What trace.py, and who has learnt from it, says in fewer words.
FEWER = [(r" over .* ends\.$", " ends."), (r"( stops? with \w+): .*", r"\1."),
         (r"^(?!We print).* stops with NameError", "We stop with NameError"),
         ("try the elif.$", "go to the else.")]


def in_fewer_words(sentence: str) -> str:
    for pattern, words in FEWER:
        sentence = re.sub(pattern, words, sentence, flags=re.DOTALL)
    return sentence


def raw(trace: Trace) -> list[str]:
    """Frames, as trace.raw's; statements that share a line of the source are told one by one."""
    if trace.error == "SyntaxError" and not trace.events:
        return ["SyntaxError"]
    source = dict(enumerate(["", *re.split("\r\n?|\n", trace.code), ""]))
    for line, node in numbered(trace.code)[1].items():
        if not source.get(line):
            source[line] = ast.unparse(node).splitlines()[0]
    return in_frames(trace, source)
