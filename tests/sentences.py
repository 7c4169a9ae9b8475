"""Which sentences fit what happened, and what must be true then: the table of forms of the oracle.

    fit(world, sentence, slot)    # -> None: no form of that kind; else (what is wrong or "", "both" if it tells the slot before, too)

To add a wording: a function with @form(pattern, kinds of slots), which raises Wrong. world and slot are oracle.py's.
"""

import ast
import re
from contextlib import suppress

from reading import (
    DEFINITIONS,
    NEXT,
    Placed,
    Reader,
    Wrong,
    bare,
    grown,
    load,
    shown_as,
    split,
    unparsed,
)

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


@form(r"We begin class (\w+)\.", "class")
def class_begun(reader, slot, name):
    need(name == slot.name, f"{slot.name} begins")


@form(r"([\w.<>]+) returns(?: (.*))?\.", "return")
def returned(reader, slot, name, value):
    need(name == slot.name, f"{slot.name} returns")
    if value is None:
        return need(slot.text == "None", f"it returns {slot.text[:100]}")
    source = slot.node.value if isinstance(slot.node, ast.Return) else None
    reader.chain(value, source, [slot.text, *hidden(slot.text, value)])


@form(r"We are about to return(?: (.*))?\.", "delay")
def delayed(reader, slot, text):
    text, problem = text or "", None
    need(text or slot.node.value is None, "it has a value")
    for match in re.finditer(", so |$", text):
        try:
            if text:
                reader.chain(text[:match.start()], slot.node.value, [slot.text, None])
            return reader.told(text[match.end():], slot.after)
        except Wrong as wrong:
            problem = problem or wrong
    raise problem


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


@form(r"The loop(?: over (.*))? ends\.", "over")
def ends(reader, slot, name):
    need(name in (None, bare(slot.node.target)), f"the loop over {bare(slot.node.target)} ends")


@form(r"We handle (.*?)(?: as (\w+))?\.", "handle")
def handles(reader, slot, what, name):
    need(name is None or name == slot.node.name, "it has another name")
    need(what == "the exception" or named(what, slot), f"{slot.name}: {slot.text[:100]} is handled")


def named(what: str, slot) -> bool:
    """ValueError: its message (shortened; left out where it is not a plain text)"""
    name, _, message = what.partition(": ")
    if "\n" in slot.text:
        return name == slot.name and shown_as(message, repr(slot.text))
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
    if text == unparsed(source):
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


@form(r"So it goes on until the stack is full: RecursionError\.", "raise")
def full(reader, slot):
    """The deepest calls before it need not be told."""
    need(slot.name == "RecursionError", f"{slot.name} is raised")


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
                    if is_refused(slot):
                        return need(text[:match.start()] == unparsed(slot.node) and end == len(text), "something else stopped")
                    need(not isinstance(slot.node, ast.Raise) or reader.failing(slot.node) is not None, "it is raised by the program")
                    reader.blame(text[:match.start()])
                    return reader.told(text[end + len(", where "):], {**slot.after, **bound_within(reader, slot.node)})
                except Wrong as wrong:
                    problem = wrong
    raise problem


def is_refused(slot) -> bool:
    """raise 5, and raise E of a class that wants arguments"""
    text = slot.before.get(unparsed(slot.node.exc), "") if isinstance(slot.node, ast.Raise) and slot.node.exc else "?"
    return "must derive from BaseException" in slot.text or text.startswith("<class ") and text != f"<class {slot.name}>"


def bound_within(reader, node) -> dict:
    """What names that comprehensions and lambdas bind came to last."""
    found = {}
    for scope in ast.walk(node):
        parts = list(ast.walk(scope)) if isinstance(scope, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)) else []
        own = {getattr(part, "arg", getattr(part, "id", "")) for part in parts if isinstance(part, ast.arg) or isinstance(getattr(part, "ctx", None), ast.Store)}
        for part in parts:
            if isinstance(part, ast.Name) and part.id in own and isinstance(part.ctx, ast.Load) and reader.values(part):
                found[part.id] = reader.values(part)[-1]
    return found


@form(r"We cannot unpack (.*) into (.*?)(?:, (\d+) values? for (\d+) names?)?: (\w+: .*)\.", "raise")
def unpacks(reader, slot, value, target, count, names, what):
    need(named(what, slot), f"{slot.name}: {slot.text[:100]} is raised")
    need(reader.failing(slot.node) is None, "something else stopped")
    source = getattr(slot.node, "value", None)
    given = reader.values(source) if source else []
    if isinstance(source, ast.Constant):
        given = [repr(source.value)]
    need(value == "the values" or source is None or value == unparsed(source) or any(shown_as(value, text) for text in given), "another value")
    goals = [part for part in ast.walk(slot.node) if isinstance(part, (ast.Tuple, ast.List)) and isinstance(part.ctx, ast.Store)]
    goal = next((part for part in goals if target == bare(part).rstrip(",")), None)
    need(goal is not None, f"it was not unpacked into {target}")
    own = getattr(slot.node, "targets", [])
    if isinstance(slot.node, (ast.For, ast.AsyncFor)) and goal is slot.node.target and value != "the values":
        items = (reader.values(slot.node.iter) or [slot.after.get(unparsed(slot.node.iter), "")])[-1]
        items, shown = ast.literal_eval(items), ast.literal_eval(value)
        need(shown == next((item for item in items if misfit(goal, item)), None), f"{value} is not what could not be unpacked")
        own = [goal]
    need(goal in own or value == "the values", f"{target} is a part of the target")
    try:
        failed = next(filter(None, [misfit(part, ast.literal_eval(given[-1])) for part in own]), None) if given else None
    except (ValueError, SyntaxError):
        failed = None
    need(failed is None or target == bare(failed).rstrip(","), f"it is {failed and bare(failed)} that could not be unpacked into")
    need(names is None or int(names) == len(goal.elts), f"{len(goal.elts)} names")
    try:
        size = len(ast.literal_eval(value))
    except (ValueError, SyntaxError, TypeError):
        size = None
    need(size is None or count is None or int(count) == size, f"{size} values")


def misfit(goal, value):
    """The first part of a target that its part of the value does not fit; None if all do."""
    if not isinstance(goal, (ast.Tuple, ast.List)):
        return None
    if not hasattr(value, "__len__"):
        return goal
    items, parts = list(value), goal.elts
    stars = [place for place, part in enumerate(parts) if isinstance(part, ast.Starred)]
    if len(items) < len(parts) - len(stars) or len(items) > len(parts) and not stars:
        return goal
    if stars:
        end = len(items) - (len(parts) - stars[0] - 1)
        items[stars[0]:end] = [items[stars[0]:end]]
    return next(filter(None, map(misfit, parts, items)), None)


@form(r"([\w.<>]+) gets (.*)\.", "raise")
def gets(reader, slot, name, what):
    need(name == reader.world.names[slot.act] and named(what, slot), f"{slot.name} is thrown into {reader.world.names[slot.act]}")
    need(any(isinstance(part, (ast.Yield, ast.YieldFrom, ast.Await)) for part in ast.walk(slot.node)), "it was raised here")
    slots = reader.world.slots
    before = next((other for other in reversed(slots[:slots.index(slot)]) if other.act == slot.act), slot)
    need(before.kind != "resume", "it had gone on")


@form(r"We raise (.*)\.", "raise")
def raises(reader, slot, what):
    need(not is_refused(slot), "it could not be raised")
    plain, _, cause = what.rpartition(", from ")
    if getattr(slot.node, "cause", None):
        need(cause, "its cause is not told")
        reader.stage(cause, slot.node.cause)
        what = plain
    call = getattr(slot.node, "exc", None)
    made = getattr(call, "func", None)
    if getattr(made, "attr", getattr(made, "id", "")) == slot.name and not slot.text and what.startswith(f"{slot.name}("):
        return arguments(reader, what.removeprefix(f"{slot.name}(").removesuffix(")"), call)
    need(named(what, slot), f"{slot.name}: {slot.text[:100]} is raised")
    need(isinstance(slot.node, ast.Raise) or slot.name == "SystemExit", "no raise statement")
    return None


@form(r"We raise it again\.", "raise")
def again(reader, slot):
    need(isinstance(slot.node, ast.Raise) and slot.node.exc is None, "another statement")


@form(r"The except clause(?: for (.*))? does not match\.", "nomatch")
def no_match(reader, slot, kind):
    need(kind == (slot.node.type and unparsed(slot.node.type)), "another except clause")


@form(r"We enter the with block(?: of (.*?))?(?:, so (.*))?\.", "enter")
def enters(reader, slot, what, values):
    items = ", ".join(unparsed(item.context_expr) for item in slot.node.items)
    need(not what or what in items, f"the with block of {items}")
    reader.told(values or "", slot.after)


@form(r"We leave the with block(?: of (.*?))?(?:, (so|which handles) (.*))?\.", "leave")
def leaves(reader, slot, what, way, text):
    if way != "which handles":
        return enters(reader, slot, what, text)
    for match in re.finditer(", so |$", text):
        handled = text[:match.start()]
        raised = [other for other in reader.world.slots if other.kind == "raise" and slot.begin < other.end <= slot.end and other.act == slot.act]
        if raised and not slot.optional and named(handled, raised[-1]):
            return enters(reader, slot, what, text[match.end():])
    raise Wrong("nothing is handled")


@form(r"We match (.*)\.", "match")
def matches(reader, slot, text):
    need(text in ("the subject", unparsed(slot.node.subject)) or reader.chain(text, slot.node.subject, [slot.text]) is None, "")


@form(r"Case (.*?)(?: (matches)(?:, so (.*))?| does not match(?:, with (.*))?)\.", "case")
def case(reader, slot, text, fits, values, tried):
    need(bool(fits) == slot.truth, f"it {'matches' if slot.truth else 'does not match'}")
    guard = slot.node.guard
    shown, parts = text.split(" if ", bool(guard)), [unparsed(slot.node.pattern), *([unparsed(guard)] if guard else [])]
    need(len(shown) == len(parts) and all(map(shown_as, shown, parts)), "another pattern")
    bound = dict.fromkeys(re.findall(r"\w+", unparsed(slot.node.pattern)), "")  # what no guard asked for is not known
    for part in ast.walk(guard) if guard else ():
        if isinstance(part, ast.Name) and part.id in bound:
            bound[part.id] = "".join(reader.values(part)[-1:])
    reader.told(values or tried or "", slot.after if fits else bound)


def is_read(text: str, read: str) -> bool:
    lines = read.splitlines()
    quoted = any(line.endswith(".") for line in lines)
    line = ", then ".join(map(repr, lines) if quoted else lines)
    line = repr(read) if not quoted and (line != line.strip() or re.search(r"^\n|\n\n", read)) else line
    return shown_as(text, line) or read == "\n" and text == "an empty line"


@form(r"We read (.*)\.", "read")
def reads(reader, slot, text):
    need(is_read(text, slot.read), f"it reads {slot.read[:100]}")


@form(r"We read (.*)\.", "stmt", "turn")
def reads_so(reader, slot, text):
    for match in re.finditer(", so ", text):
        if slot.read and is_read(text[:match.start()], slot.read):
            for target in getattr(slot.node, "targets", [getattr(slot.node, "target", None)]):
                with suppress(Wrong):
                    return assigned(reader, slot, text[match.end():], target)  # x = 10 + 2 = 12
            return reader.told(text[match.end():], slot.after)
    raise Wrong(f"it reads {slot.read[:100]!r}")


@form(r"We print (?:nothing to the output|(?:(.*) )?to (.*?))(?:, so (.*))?\.", "print")
def elsewhere(reader, slot, what, goal, values):
    need(not slot.total, f"it prints {slot.total!r}")
    files = [unparsed(part.value) for part in slot.node.value.keywords if part.arg == "file"]
    need(goal is None or goal in files, "it is not printed there")
    if what and what != ", ".join(map(unparsed, slot.node.value.args)):
        said, separator, end = [], " ", "\n"
        for part in slot.node.value.args:
            value = constant_or_value(reader, getattr(part, "value", part) if isinstance(part, ast.Starred) else part)
            need(value, f"nothing is known of {unparsed(part)}")
            several = isinstance(part, ast.Starred)
            said += map(str, ast.literal_eval(value)) if several else [ast.literal_eval(value) if value[0] in "'\"" else value]
        for part in slot.node.value.keywords:
            if part.arg in ("sep", "end") and part.value.value is not None:
                separator, end = (part.value.value, end) if part.arg == "sep" else (separator, part.value.value)
        printed = separator.join(said) + end
        lines = on_one_line(printed, False) if printed.endswith("\n") else [repr(printed)]
        need(any(shown_as(what, line) for line in lines), f"{printed!r} is printed")
    reader.told(values or "", slot.after)


@form(r"We print (.*)\.", "out", "print")
def prints(reader, slot, text):
    if text == "nothing":
        arguments = slot.node.value.args if slot.kind == "print" else []
        empty = all(constant_or_value(reader, part) == "''" for part in arguments)
        need(not slot.total and empty, f"it prints {slot.total!r} or elsewhere")
        return None
    texts = {shown for printed in (slot.printed, slot.total) for shown in on_one_line(printed, slot.midline)}
    if any(shown_as(text, shown) for shown in texts):
        return None
    need(slot.kind == "print" and len(slot.node.value.args) == 1, f"it prints {slot.printed[:100]!r}")
    return reader.chain(text, slot.node.value.args[0], list(texts))


def constant_or_value(reader, node) -> str:
    return repr(node.value) if isinstance(node, ast.Constant) else "".join(reader.values(node)[-1:])


def on_one_line(printed: str, midline: bool) -> list[str]:
    """How what was printed may be told. midline: the line was begun before."""
    if printed == "\n":
        return ["the end of the line" if midline else "an empty line"]
    line = printed.removesuffix("\n")
    return [line.replace("\n", " / "), repr(line), f"'{line}'", f'"{line}"'] if line.strip() else [repr(line)]


@form(r"We (define|import|continue|break out of|delete) ?(.*)\.", "stmt")
def fixed(reader, slot, what, text):
    node = slot.node
    if what == "define":
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            label = " = ".join(map(unparsed, node.targets if isinstance(node, ast.Assign) else [node.target]))
            text, _, rest = text.partition(", so ")
            reader.told(rest, slot.after)
            return need(text in (f"{label} as {unparsed(node.value)}", f"{label} as a lambda"), "another definition")
        need(isinstance(node, (*DEFINITIONS, ast.ClassDef)), "nothing is defined")
        text, _, rest = text.partition(", so ")
        reader.told(rest, slot.after)
        names = text.partition(" with ")[2].split(", ") if isinstance(node, ast.ClassDef) else []
        need(len(names) == len(set(names)), "a name is there twice")
        return need(re.match(r"(class )?(\w+)", text)[2] == node.name, f"{node.name} is defined")
    if what == "import":
        need(isinstance(node, (ast.Import, ast.ImportFrom)), "nothing is imported")
        names, written = ", ".join(alias.name for alias in node.names), ", ".join(map(unparsed, node.names))
        source = "." * getattr(node, "level", 0) + (getattr(node, "module", "") or "")
        return need(text in (names, written) or text == f"{written} from {source}", f"{names} is imported")
    if what == "delete":
        need(isinstance(node, ast.Delete), "nothing is deleted")
        text, _, rest = text.partition(", so ")
        shown = split(text, ", ")
        need(len(shown) == len(node.targets), "something else is deleted")
        for part, target in zip(shown, node.targets):
            need(part == unparsed(target) or reader.stage(part, load(target)) is None, "something else is deleted")
        return reader.told(rest, slot.after)
    if what == "break out of":
        need(isinstance(node, ast.Break), "another statement")
        loop = node
        while not isinstance(loop, (ast.For, ast.AsyncFor, ast.While)):
            loop = reader.world.parents[loop]
        over = f" over {bare(loop.target)}" if not isinstance(loop, ast.While) else ""
        need(text in ("the loop", f"the loop{over}"), f"the loop{over} is left")
    return need(isinstance(node, ast.Continue if what == "continue" else ast.Break), "another statement")


@form(r"We call (.*)\.", "stmt")
def calls(reader, slot, text):
    need(isinstance(slot.node, ast.Expr), "no call")
    call = call_of(slot)
    if not isinstance(call, ast.Call):
        return need(text == unparsed(call), "something else is called")
    name = callee(call)
    if text not in (unparsed(call), name, "a function"):
        need(text.startswith(f"{name}(") and text.endswith(")"), "something else is called")
        arguments(reader, text[len(name) + 1:-1], call)
    return None


def callee(call) -> str:
    name = unparsed(call.func)
    return name if isinstance(call.func, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)) else f"({name})"


def arguments(reader, text: str, call) -> None:
    """As they are written, or by value."""
    for source in [*call.args, *call.keywords]:
        need(text, "other arguments")
        part = unparsed(source)  # it may have commas, as a lambda has
        if text != part and not text.startswith(f"{part}, "):
            part = split(text, ", ")[0]
            reader.stage(part, source)
        text = text[len(part) + len(", "):]
    need(not text, "other arguments")


@form(r"We run (.*)\.", "stmt")
def runs(reader, slot, text):
    parts = [*getattr(slot.node, "targets", ()), getattr(slot.node, "value", None)]
    need(text in (unparsed(slot.node), "an assignment", " = ".join(map(bare, filter(None, parts)))) or taken(reader, slot, None, text) is None, "another statement")


@form(r"(.*) after (.*)\.", "stmt")
def taken(reader, slot, values, text):
    """p._v = 10 after p.v = 5: a function of the program took the value."""
    node, grows = slot.node, isinstance(slot.node, ast.AugAssign)
    target = node.target if grows else getattr(node, "targets", [None])[0]
    need(isinstance(target, (ast.Attribute, ast.Subscript)), "no part is assigned")
    sign = f" {unparsed(ast.AugAssign(ast.Name('x'), node.op, ast.Name('y'))).split()[1]} " if grows else " = "
    label, _, given = text.partition(sign)
    need(text == "an assignment" or reader.stage(label, load(target)) is None, "")
    if text not in (unparsed(node), "an assignment"):
        reader.chain(given, node.value, reader.values(node.value)[-1:] or [None])
    reader.told(values or "", slot.after)


def call_of(slot):
    """The call that is all of a statement, awaited or not; None for other statements."""
    call = slot.node.value if isinstance(slot.node, ast.Expr) else None
    return call.value if isinstance(call, ast.Await) else call


@form(r"(.* after .*)\.", "stmt")
def after(reader, slot, text):
    call, problem = call_of(slot), None
    need(isinstance(call, ast.Call), "nothing is called")
    name, owner = getattr(call.func, "attr", "") or callee(call), unparsed(getattr(call.func, "value", call))
    if isinstance(call.func, ast.Attribute) and any(isinstance(part, ast.Call) for part in ast.walk(call.func.value)):
        name = callee(call)
    if owner in ("list", "dict", "set", "object") or slot.before.get(owner, "").startswith("<class"):
        name = callee(call)  # A.__init__(self)
    for match in re.finditer(" after ", text):
        shown = re.fullmatch(rf" after {re.escape(name)}(?:\((.*)\))?", text[match.start():], re.DOTALL)
        if not shown:
            continue
        try:
            if shown[1] is not None:
                arguments(reader, shown[1], call)
            return reader.told(text[:match.start()], slot.after)
        except Wrong as wrong:
            problem = wrong
    raise problem or Wrong("something else is called")


@form(r"We append (.*)\.", "stmt")
def appended(reader, slot, text):
    call, problem = call_of(slot), Wrong("something else is called")
    need(isinstance(call, ast.Call) and len(call.args) == 1 and getattr(call.func, "attr", "") == "append", "nothing is appended")
    for match in re.finditer(", so ", text):
        try:
            reader.chain(text[:match.start()], call.args[0], reader.values(call.args[0])[-1:] or [None])
            return reader.told(text[match.end():], slot.after)
        except Wrong as wrong:
            problem = wrong
    raise problem


@form(r"(.*), and nothing changes\.", "stmt")
def nothing(reader, slot, text):
    parts = [*getattr(slot.node, "targets", ()), slot.node.value]
    need(text in (unparsed(slot.node), "We assign", " = ".join(map(bare, parts))) and not slot.changes, "something changes")


@form(r"(.*) is (true|false), so we (run|skip) (.*)\.", "stmt")
def chosen(reader, slot, text, truth, way, rest):
    """x > 2 and f(), f() if x else g()"""
    node = call_of(slot)
    need(isinstance(node, (ast.BoolOp, ast.IfExp)), "nothing is chosen")
    if isinstance(node, ast.IfExp):
        test, branch, runs = node.test, node.body if truth == "true" else node.orelse, True
    else:
        *tests, branch = node.values
        test, runs = ast.BoolOp(node.op, tests) if tests[1:] else tests[0], (truth == "true") == isinstance(node.op, ast.And)
    need(bool(reader.values(branch)) == runs == (way == "run") or isinstance(branch, ast.Constant), "it is the other way round")
    with suppress(ValueError):  # of an object
        need(not reader.values(test) or bool(ast.literal_eval(reader.values(test)[-1])) == (truth == "true"), "it is otherwise")
    stages_of(reader, text, test, truth == "true")
    need(rest == unparsed(branch) or rest.startswith(f"{unparsed(branch)}: "), "something else is run")
    reader.told(rest[len(unparsed(branch)) + 2:], slot.after)


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
        *labels, rest = text.split(" = ", len(targets))
        if len(targets) == len(labels) > 1 and all(reader.is_as(label, target) for label, target in zip(labels, targets)):  # x = y[0] = 3
            held = [reader.world.seen(Placed(target), slot)[-1:] or [slot.after.get(unparsed(target))] for target in targets]
            parts = [getattr(target, "slice", None) for target in targets]
            need(any(isinstance(part, ast.Slice) for part in parts) or all(value == held[0] for value in held), "they are not the same")
            return assigned(reader, slot, f"{labels[0]} = {rest}", targets[0])
        if len(targets) == 1 and isinstance(targets[0], (ast.Tuple, ast.List)) and text.startswith(label := f"{bare(targets[0])} = "):
            problem = Wrong("who gets what is not told")
            for match in re.finditer(", so ", text):
                try:
                    reader.chain(text[len(label):match.start()], node.value, reader.values(node.value)[-1:] or [None])
                    return reader.told(text[match.end():], slot.after)
                except Wrong as wrong:
                    problem = wrong
            raise problem
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
    placed = reader.world.seen(Placed(target), slot)[-1:]
    if slot.calls and isinstance(target, (ast.Attribute, ast.Subscript)) and not isinstance(getattr(target, "slice", None), ast.Slice):
        need(placed, f"a function of the program took what {unparsed(target)} was to hold")
    finals = placed if slot.calls and placed else [*placed, *reader.values(node.value)[-1:]]
    if isinstance(node, ast.AugAssign):
        finals = placed or [None]
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
                finals = [reader.held(unparsed(goal), slot.after), *reader.values(source)[-1:]]
                is_hidden = (finals[0] or "")[:1] == "<" and text[len(label):end] == unparsed(source)
                reader.chain(text[len(label):end], source, [None] if is_hidden else finals)
                break
            except Wrong as wrong:
                problem = wrong
        else:
            raise problem
        text = text[end + 2:]
    reader.told(text, slot.after)


SIGNS = {"+=", "-=", "*=", "/=", "//=", "%=", "**=", "<<=", ">>=", "&=", "|=", "^=", "@="}


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


def differing(text: str, old: str) -> list[tuple]:
    """The places, as (0, 'a') for [0]['a'], at which lists and dictionaries of the same shapes differ; none where they are no literals, or
    abbreviated, perhaps within a text."""
    if "⋯" in text + old:
        return []
    try:
        return list(places(ast.literal_eval(text), ast.literal_eval(old)))
    except (ValueError, SyntaxError):
        return []


def places(new, old, outer=()):
    pairs = None
    if isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        pairs = enumerate(zip(new, old))
    elif isinstance(new, dict) and isinstance(old, dict) and list(new) == list(old):
        pairs = [(key, (new[key], old[key])) for key in new]
    if pairs is None and repr(new) != repr(old):
        yield outer
    for key, (one, other) in pairs or ():
        yield from places(one, other, (*outer, key))


INDEX = r"\[(?:'[^']*'|\w=|[^=\]'])*\]"  # of codes[']'], too


def left_untold(world, slot, sentence: str) -> list[str]:
    """Variables that changed, were not told and could be seen; what calls of the program's own functions did was told in them."""
    if slot.kind not in ("stmt", "change", "delay") or slot.calls:
        return []
    if isinstance(slot.node, (*DEFINITIONS, ast.ClassDef, ast.Import, ast.ImportFrom)):
        return []
    missing = []
    for name, (text, is_shallow) in slot.changes.items():
        old = slot.before.get(name, "<")
        if text[0] == "<" or text == old or not is_shallow:
            continue
        name = re.sub(r"^_[^_]\w*?(?=__\w)", "", name)  # a private name, as it is written in its class
        if not re.search(rf"(?<![\w.]){re.escape(name)}(?:\.\w+|{INDEX})* = ", sentence):
            missing.append(f"{name} = {text[:80]}")
        elif (item := re.match(rf"{re.escape(name)}(?:{INDEX})+(?= = )", sentence)) and f", {name} = " not in sentence:
            depth = len([part for part in ast.walk(ast.parse(item[0])) if isinstance(part, ast.Subscript)])
            if len({place[:depth] for place in differing(text, old)}) > 1:
                missing.append(f"{name} = {text[:80]}")
    if missing or slot.kind == "change":
        return missing
    for part in [part for call in ast.walk(slot.node) if isinstance(call, ast.Call) for part in ast.walk(call)]:
        if isinstance(part, (ast.Attribute, ast.Subscript)) and isinstance(part.ctx, ast.Load):
            held, before = world.seen(Placed(part), slot), world.seen(part, slot)
            root = re.match(r"\w*", unparsed(part))[0]
            is_told = re.search(rf"(?<![\w.]){root}(?:\.\w+|\[.*?\])* = |hat {root}.* gave is now ", sentence)
            if held and before and held[-1] != before[-1] and held[-1][0] != "<" and not is_told:
                missing.append(f"{unparsed(part)} = {held[-1][:80]}")
    return missing
