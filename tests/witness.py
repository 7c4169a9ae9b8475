"""What really happened? Runs a program under the plain interpreter, instrumented, and writes down everything that it did.

    witness(code, stdin)     # -> {"log": [item, ...], "stdout", "error", "cut"}

It shares nothing with tracer/: the syntax tree is rewritten so that every expression passes its value through a hook, and every statement
says when it begins, ends, tests, turns, enters, leaves, raises, handles. Slow on purpose. A node is named by its place in ast.walk(tree).

An item is a list: kind, activation (a call in progress; the module is 0), then what belongs to the kind; {changes} are those of the
variables since the frame's previous item, {variable: [text, is it new to somebody who looks one level deep]}, None for one that is gone.
    call node name {parameter: text}          return text    gone (by an exception)    yield text {changes}    wait text {changes}    resume
    begin node {changes}                      end node {changes}       returns text {changes} (its value is known)
    value node text                           builtin node (Python's own print)        place node text (after the statement)
    test node truth {changes}                 turn node {changes}      over node {changes}
    enter node {changes}                      leave node passes {changes}
    raise node name message number {changes}  try clause               handle clause name message {changes}
    subject node text {changes}               case case {changes}      unmatched node
    out text                                  read text
"""

import builtins
import collections
import contextlib
import datetime
import dis
import functools
import gc
import io
import json
import marshal
import os
import re
import resource
import sys
import types

from instrument import rewritten


def witness(code: str, stdin: str = "", seconds: int = 60, statements: int = 12_000) -> dict:
    """Runs the program in a process of its own, in an empty folder. error: the name of what ended it, "died" if it took more CPU seconds
    than that, "timeout" if it waits. More statements are not looked at: cut."""
    import subprocess  # here: the process that is looked at starts without them
    import tempfile
    from pathlib import Path
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "prog.py").write_bytes(code.encode("utf-8", "surrogateescape"))
        (place / "input").write_bytes(stdin.encode("utf-8", "surrogateescape"))
        (place / "cwd").mkdir()
        space = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8", "PATH": os.defpath, "HOME": "~"}
        with (place / "input").open("rb") as source, (place / "output").open("w+b") as out:
            try:
                command = [sys.executable, "-B", "-S", __file__, str(place), str(seconds), str(statements)]
                subprocess.run(command, stdin=source, stdout=out, stderr=subprocess.DEVNULL, cwd=place / "cwd", env=space,
                               timeout=30 * seconds, check=False)
            except subprocess.TimeoutExpired:
                return {"log": [], "stdout": "", "error": "timeout", "cut": True}
        result = place / "result"
        if not result.exists():
            return {"log": [], "stdout": "", "error": "died", "cut": True}
        found = json.loads(result.read_text("utf-8", "surrogatepass"))
        found["log"] = list(filled(found["log"], found.pop("texts")))
        found["stdout"] = (place / "output").read_bytes().decode("utf-8", "replace")
        return found


def filled(log: list, texts: list):
    """Puts the texts in the places of their numbers."""
    for kind, *rest in log:
        if kind in ("value", "place", "subject", "return", "returns", "yield", "wait"):
            last = 2 if kind in ("value", "place", "subject") else 1
            rest[last] = texts[rest[last]]
        if kind == "call":
            rest[-1] = {name: texts[number] for name, number in rest[-1].items()}
        elif rest and isinstance(rest[-1], dict):
            rest[-1] = {name: new and [texts[new[0]], new[1]] for name, new in rest[-1].items()}
        yield [kind, *rest]


# ------------------------------------------------------------------------------------------------
# Values as text.

ATOMS = frozenset((int, bool, type(None), float, str, complex, range, bytes, bytearray, type(...), type(NotImplemented)))
GROUPS = {list: "[]", tuple: "()", set: "{}", frozenset: "{}", dict: "{}"}
SHOWN = (re.Pattern, datetime.date, datetime.datetime, datetime.time, datetime.timedelta, datetime.timezone)
NAMED_AS = {types.ModuleType: "module", types.MethodType: "method"}
NAMED = (types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType, type, types.ModuleType, types.MethodType)
HELD = {"UserDict": "data", "UserList": "data", "ChainMap": "maps", "Queue": "queue", "LifoQueue": "queue", "PriorityQueue": "queue"}
HEAD, TAIL, CUT = 1500, 700, "\u22ef"
LONG = 1200  # of more items, the first and the last ones are looked at


def text_of(value) -> int:
    """As Python writes it; objects by type and fields; <Type detail> for what has no notation. The middle of a text that is very long is
    left out at CUT. -> the text's place in Run.texts"""
    return looked_at(value)[0]


def looked_at(value) -> tuple:
    """-> the text's place, something that is different for different values"""
    data = simple(value)
    if data is not None:
        if data not in Run.simple:
            Run.simple[data] = Run.place(written(value, (), 0, False))
        return Run.simple[data], data
    text = written(value, (), 0, False)
    return Run.place(text), hash(text)


def simple(value) -> bytes | None:
    """Groups of numbers and texts only, at the speed of C."""
    if type(value) not in GROUPS or len(value) > LONG:
        return None
    for part in value.values() if type(value) is dict else value:
        if type(part) in GROUPS and len(part) > LONG:
            return None
    try:
        data = marshal.dumps(value, 2)
    except ValueError:
        return None
    return None if (b"<" in data or b">" in data) and has_set(value) else data  # sets are dumped in an order of their own


def has_set(value) -> bool:
    parts = [*value, *value.values()] if type(value) is dict else value
    return type(value) in (set, frozenset) or any(type(part) in GROUPS and has_set(part) for part in parts)


def written(value, outer, own: int, shallow: bool) -> str:
    """outer: identities of the values around this one; own: how many of these are objects of the program's classes; shallow:
    objects inside of objects, and what is five levels deep, are left out."""
    kind = type(value)
    if value is vars(builtins):
        return "<dict>"
    if kind in (bytes, bytearray) and len(value) >= 1000:
        return f"<{kind.__name__} of {len(value)} bytes>"
    if kind in ATOMS:
        return f"<int of {value.bit_length()} bits>" if kind is int and value.bit_length() > 2000 else repr(value)
    if len(outer) > 14 or id(value) in outer and (kind in GROUPS or len(outer) > 5):
        return "...".join(GROUPS[kind]) if kind in GROUPS else f"{type.__dict__['__name__'].__get__(kind)}(...)"
    if shallow and len(outer) > 3:
        return f"<{kind}>"
    outer = (*outer, id(value))

    def inside(part):
        return written(part, outer, own, shallow)

    def items(base):
        walk = collections.OrderedDict.items if isinstance(value, collections.OrderedDict) else dict.items
        members = list((walk if base is dict else base.__iter__)(value))
        if len(members) > LONG:  # its middle will be left out
            members = members[:HEAD // 2] + members[-TAIL // 2:]
        if base is dict:
            return ", ".join([f"{inside(key)}: {inside(held)}" for key, held in members])
        return ", ".join(map(inside, members))
    if kind in GROUPS:
        data = simple(value) if 10 < len(value) <= LONG and not shallow else None
        if data is not None:
            try:
                return repr(value)
            except ValueError:  # a number of more than 4,300 digits
                pass
        inner, (first, last) = items(kind), GROUPS[kind]
        if kind is frozenset or kind is set and not inner:
            return f"{kind.__name__}({inner and '{' + inner + '}'})"
        return f"{first}{inner}{',' * (kind is tuple and len(value) == 1)}{last}"
    name, module = type.__dict__["__name__"].__get__(kind), type.__dict__["__module__"].__get__(kind)
    parents = type.__dict__["__mro__"].__get__(kind)  # isinstance would ask the program's __class__
    if not set(parents).isdisjoint(NAMED):
        called = type.__dict__["__name__"].__get__(value) if type in parents else getattr(value, "__name__", "?")
        what = NAMED_AS.get(kind, "class" if type in parents else "function")
        return "<lambda>" if called == "<lambda>" else f"<{what} {called}>"
    if kind in (type({}.keys()), type({}.values()), type({}.items())):
        return f"{name}([{', '.join(map(inside, value))}])"
    if kind is slice:
        return f"slice({', '.join(map(inside, (value.start, value.stop, value.step)))})"
    if kind is io.StringIO:
        return f"StringIO({'' if value.closed else repr(value.getvalue())})"
    if kind is collections.deque:
        limit = "" if value.maxlen is None else f", maxlen={value.maxlen}"
        return f"deque([{', '.join(map(inside, value))}]{limit})"
    if kind is collections.defaultdict:
        return f"defaultdict({getattr(value.default_factory, '__name__', None)}, {{{items(dict)}}})"
    if "_member_map_" in type.__dict__["__dict__"].__get__(kind):
        called = object.__getattribute__(value, "__dict__").get("_name_")
        flags = [one if one[:1].isdigit() else f"{name}.{one}" for one in called.split("|")] if called else []
        return f"({' | '.join(flags)})" if len(flags) > 1 else "".join(flags) or f"<{name}>"
    if kind in (datetime.datetime, datetime.time) and value.tzinfo is not None:
        if type(value.tzinfo).__module__ == "__main__":
            return f"<{name}>"
        return f"{repr(value.replace(tzinfo=None)).removeprefix('datetime.')[:-1]}, tzinfo={inside(value.tzinfo)})"
    if module != "__main__" and getattr(sys.modules.get(module), name, None) is not kind:
        module = ""  # a class of the program that calls itself a library's
    if kind in SHOWN or (module, name) in (("decimal", "Decimal"), ("fractions", "Fraction")):
        return repr(value).removeprefix("datetime.")
    if (module, name) == ("array", "array") and len(value) < 400:
        return repr(value)
    if module in ("collections", "queue") and HELD.get(name) in getattr(value, "__dict__", ()):
        return f"{name}({inside(vars(value)[HELD[name]])})"
    if BaseException in parents:
        return f"{name}({', '.join(map(inside, BaseException.args.__get__(value)))})"
    base = next((parent for parent in parents if parent in GROUPS or parent in (int, str, float)), None)
    if base is tuple and hasattr(kind, "_fields"):
        return f"{name}({', '.join([f'{k}={inside(v)}' for k, v in zip(kind._fields, tuple.__iter__(value))])})"
    if base in GROUPS:
        if module != "__main__" and kind not in (collections.Counter, collections.OrderedDict):
            return f"<{name}>"
        if kind is collections.Counter:
            with contextlib.suppress(TypeError):
                value = dict(value.most_common())
        first, last = GROUPS[base]
        return f"{name}({first}{items(base)}{last})"
    if base:
        return f"{name}({getattr(base, f'__{base.__name__}__')(value)!r})"
    if module != "__main__":
        return f"<{name}>"
    if shallow and own:
        return f"{name}(...)"
    own += 1
    private = {f"_{parent.__name__.lstrip('_')}__": "__" for parent in parents}

    def called(field: str) -> str:
        start = next((start for start in private if field.startswith(start)), "")
        return f"__{field.removeprefix(start)}" if start else field
    return f"{name}({', '.join([f'{called(k)}={written(v, outer, own, shallow)}' for k, v in fields(value, parents)])})"


def fields(value, parents) -> list:
    try:
        found = [pair for pair in object.__getattribute__(value, "__dict__").items() if pair[0] != "__orig_class__"]
    except AttributeError:
        found = []
    for parent in reversed(parents):
        space = type.__dict__["__dict__"].__get__(parent)
        order = list(space.get("__slots__", ()))
        for name, slot in sorted(space.items(), key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order)):
            if type(slot) is types.MemberDescriptorType and name[:2] != "__":
                try:
                    found.append((name, slot.__get__(value)))
                except AttributeError:
                    pass
    return found


def part_of(whole, key, is_field: bool):
    """What an index or a field holds, without calling anything of the program; raises LookupError where that cannot be told."""
    try:
        if is_field:
            if key[:2] == "__" and key[-2:] != "__":  # a private name, of one of its classes
                kinds = [kind.__name__.lstrip("_") for kind in (whole if isinstance(whole, type) else type(whole)).__mro__]
                key = next(f"_{kind}{key}" for kind in kinds if f"_{kind}{key}" in vars(whole))
            if isinstance(whole, type):
                return type.__dict__["__dict__"].__get__(whole)[key]
            own = dict(fields(whole, type(whole).__mro__))
            if key in own:
                return own[key]
            held = next(vars(kind)[key] for kind in type(whole).__mro__ if key in vars(kind))
            return held if not hasattr(type(held), "__get__") else vars(None)
        base = next(base for base in (list, dict, tuple, collections.deque, bytearray) if isinstance(whole, base))
        if getattr(getattr(type(whole), "__missing__", None), "__module__", "") == "__main__" and key not in dict.keys(whole):
            raise KeyError  # else the program would be asked
        if base is dict and getattr(type(key).__hash__, "__module__", "") == "__main__":
            raise KeyError  # likewise
        return base.__getitem__(whole, key)
    except Exception:
        raise LookupError from None


# ------------------------------------------------------------------------------------------------
# While it runs.

class Run:
    """What all activations share."""
    log, stack, made, statements, printed, exceptions, limit = [], [], 0, 0, 0, 0, 1000
    places, kept, raises, folder = {}, set(), set(), ""
    texts, simple = {}, {}

    @classmethod
    def place(cls, text: str) -> int:
        if len(text) > HEAD + TAIL:
            text = text[:HEAD] + CUT + text[-TAIL:]
        return cls.texts.setdefault(text, len(cls.texts))


def write_down(*item) -> None:
    Run.log.append(item)


def look_at_output() -> None:
    """What was printed since the last look was printed by the innermost activation."""
    sys.__stdout__.flush()
    size = os.fstat(1).st_size
    if size > Run.printed:
        data = os.pread(1, size - Run.printed, Run.printed)
        Run.printed = size
        write_down("out", Run.stack[-1].number if Run.stack else 0, data.decode("utf-8", "replace"))


class Activation:
    any = BaseException

    def __init__(self, name: str):
        self.number, self.name = Run.made, name
        Run.made += 1
        self.known, self.kept, self.statement, self.noted, self.entered, self.result = {}, {}, None, None, [], None
        self.handling, self.matched, self.operand, self.unopened = [], False, None, None

    def here(self) -> None:
        """This activation runs now: a generator that goes on is on top again."""
        look_at_output()
        if not Run.stack or Run.stack[-1] is not self:
            if self in Run.stack:
                del Run.stack[Run.stack.index(self) + 1:]
            else:
                Run.stack.append(self)

    def changes(self, depth: int = 2) -> dict:
        frame = sys._getframe(depth)
        known = self.known.setdefault(frame.f_code, {})
        variables = dict(frame.f_locals)
        if frame.f_locals is not frame.f_globals:
            for name in globals_of(frame.f_code):
                if name in frame.f_globals and name not in variables:
                    variables[name] = frame.f_globals[name]
        new = {}
        for name, value in variables.items():
            if name in HIDDEN:
                continue
            text, deep = looked_at(value)
            old = known.get(name)
            if old is None or old[0] != deep:
                shallow = hash(written(value, (), 0, True))
                new[name] = [text, old is None or old[1] != shallow]
                known[name] = deep, shallow
        for name in [name for name in known if name not in variables]:
            new[name] = None
            del known[name]
        return new

    def begin(self, number: int) -> None:
        self.here()
        self.statement, self.noted = number, None
        Run.statements += 1
        write_down("begin", self.number, number, self.changes())
        if Run.statements > Run.most:
            finish("", True)

    def end(self, number: int) -> None:
        self.here()
        changes = self.changes()
        self.look_at_places(number, "place")
        self.kept.clear()
        write_down("end", self.number, number, changes)

    def look_at_places(self, number: int, kind: str) -> None:
        for goal, whole, key in Run.places.get(number, ()):
            try:
                if key is None:
                    held = self.kept[goal]
                elif whole is None:
                    frame = sys._getframe(2)
                    held = frame.f_locals[key] if key in frame.f_locals else frame.f_globals[key]
                elif isinstance(key, str):
                    held = part_of(self.kept[whole], key, True)
                else:
                    held = part_of(self.kept[whole], self.kept.get(key[0], key[1]), False)
            except LookupError:
                continue
            if kind == "value" and key is None:
                continue
            write_down(kind, self.number, goal, text_of(held))

    def v(self, number: int, value):
        if number in Run.kept:
            self.kept[number] = value
        write_down("value", self.number, number, text_of(value))
        if value is print:
            write_down("builtin", self.number, number)
        return value

    def truth(self, value) -> bool:
        self.operand = value
        return bool(value)

    def decided(self, number: int, truth: bool) -> bool:
        write_down("value", self.number, number, text_of(self.operand))
        return truth

    def old(self, number: int) -> None:
        self.look_at_places(number, "value")

    def second(self, _, value):
        return value

    def test(self, number: int, _, value) -> bool:
        self.here()
        truth = bool(value)
        write_down("test", self.number, number, truth, self.changes())
        return truth

    def holds(self, number: int, value) -> bool:
        truth = bool(value)
        write_down("test", self.number, number, truth, self.changes())
        return truth

    def turn(self, number: int) -> None:
        self.here()
        write_down("turn", self.number, number, self.changes())

    def over(self, number: int) -> None:
        self.here()
        write_down("over", self.number, number, self.changes())

    def enter(self, number: int) -> None:
        self.here()
        self.entered.append(number)
        write_down("enter", self.number, number, self.changes())

    def leave(self, number: int) -> None:
        self.here()
        self.note(3)
        if self.entered[-1:] == [number]:
            self.entered.pop()
            problem = sys.exc_info()[1]
            passes = problem is not None and number_of(problem) == self.noted
            write_down("leave", self.number, number, passes, self.changes())
        elif self.unopened == number and sys.exc_info()[1] is None:
            write_down("leave", self.number, number, False, self.changes())
        self.unopened = None

    def opening(self, number: int) -> None:
        """One of several managers raised an exception, on its way in or out."""
        self.note(3)
        self.unopened = number if self.entered[-1:] != [number] else None

    def note(self, depth: int = 2) -> None:
        """Is an exception on its way that was not yet written down? depth: as _getframe counts
        from changes()."""
        problem = sys.exc_info()[1]
        if problem is None or self.statement is None or number_of(problem) == self.noted:
            return
        self.here()
        number = number_of(problem)
        around = [held for activation in Run.stack for held in activation.handling]
        if number in around and self.statement not in Run.raises:
            return  # one that is being handled
        self.noted = number
        changes = self.changes(depth) if depth else {}
        write_down("raise", self.number, self.statement, type(problem).__name__, message(problem), number, changes)

    def clause(self, number: int, kind):
        self.note(3)
        write_down("try", self.number, number)
        return kind

    def handle(self, number: int) -> None:
        self.note(3)
        self.here()
        problem = sys.exc_info()[1]
        write_down("handle", self.number, number, type(problem).__name__, message(problem), self.changes())
        self.handling.append(number_of(sys.exc_info()[1]))

    def subject(self, number: int, _, value):
        self.here()
        write_down("subject", self.number, number, text_of(value), self.changes())
        self.matched = False
        return value

    def case(self, number: int) -> None:
        self.here()
        self.matched = True
        write_down("case", self.number, number, self.changes())

    def unmatched(self, number: int) -> None:
        self.here()
        if not self.matched:
            write_down("unmatched", self.number, number)
        self.matched = True

    def returns(self, value):
        self.here()
        self.result = value
        write_down("returns", self.number, text_of(value), self.changes())
        return value

    def falls(self) -> None:
        self.result = None
        self.statement = None

    def gone(self) -> None:
        self.note(3)
        self.statement = None
        self.result = Activation

    def leaves(self) -> None:
        self.here()
        if self.result is Activation:
            write_down("gone", self.number)
        else:
            write_down("return", self.number, text_of(self.result))
        Run.stack.pop()

    def yields(self, value):
        self.here()
        write_down("yield", self.number, text_of(value), self.changes())
        Run.stack.pop()
        return value

    def resumes(self, value):
        write_down("resume", self.number)
        Run.stack.append(self)
        return value

    def awaits(self, awaitable):
        return Through(self, awaitable)

    def through(self, iterable):
        return passing(self, iter(iterable), "yield")


class Through:
    def __init__(self, activation, awaitable):
        self.activation, self.awaitable = activation, awaitable

    def __await__(self):
        inner = self.awaitable if hasattr(self.awaitable, "send") else type(self.awaitable).__await__(self.awaitable)
        return passing(self.activation, inner, "wait")


def passing(activation, inner, kind: str):
    """yield from, or await: everything that comes from within goes on."""
    step, given = getattr(inner, "send", None) or (lambda _: next(inner)), None
    while True:
        try:
            value = step(given)
        except StopIteration as stop:
            return stop.value
        activation.here()
        write_down(kind, activation.number, text_of(value), activation.changes())
        Run.stack.pop()
        try:
            given = yield value
            step = getattr(inner, "send", None) or (lambda _: next(inner))
        except GeneratorExit:
            if hasattr(inner, "close"):
                inner.close()
            raise
        except BaseException as problem:
            if not hasattr(inner, "throw"):
                raise
            step, given = inner.throw, problem
        write_down("resume", activation.number)
        Run.stack.append(activation)


HIDDEN = {"__ora__", "__warningregistry__", "__name__", "__doc__", "__file__", "__builtins__", "__annotations__", "__package__", "__loader__", "__spec__",
          "__module__", "__qualname__", "__class__", "__cached__"}


@functools.cache
def globals_of(code) -> set:
    """Names that it looks up, or binds, in the module: co_names has those of attributes, too."""
    return {step.argval for step in dis.get_instructions(code) if step.opname.endswith(("_GLOBAL", "_GLOBALS", "_NAME"))}


def called(number: int):
    """A function of the program begins."""
    frame = sys._getframe(1)
    look_at_output()
    if len(Run.stack) > 300:
        depth, outer = 0, frame
        while outer is not None:
            depth, outer = depth + 1, outer.f_back
        if depth > Run.limit + 1:
            raise RecursionError("maximum recursion depth exceeded")
    activation = Activation(frame.f_code.co_qualname)
    Run.stack.append(activation)
    given = {name: text_of(value) for name, value in frame.f_locals.items() if name != "__class__"}
    write_down("call", activation.number, number, frame.f_code.co_qualname.rpartition("<locals>.")[2], given)
    return activation


def number_of(problem) -> int:
    """Exceptions are numbered; the number is kept in them, so that they do not live longer."""
    number = problem.__dict__.get("__ora__")
    if number is None:
        number = problem.__dict__["__ora__"] = Run.exceptions
        Run.exceptions += 1
    return number


def message(problem) -> str:
    """"" where a method of the program's would have to say it."""
    for kind in type.__dict__["__mro__"].__get__(type(problem)):
        if "__str__" in type.__dict__["__dict__"].__get__(kind):
            if type.__dict__["__module__"].__get__(kind) == "__main__":
                return ""
            break
    try:
        return str(problem) if not isinstance(problem, SystemExit) else "" if problem.code is None else str(problem.code)
    except Exception:
        return ""


def finish(error: str, cut: bool, ending: str = "", last: int = -1) -> None:
    """Writes the result and ends the process."""
    look_at_output()
    with open(f"{Run.folder}/half", "w", encoding="utf-8", errors="surrogatepass") as file:
        json.dump({"log": Run.log, "texts": list(Run.texts), "error": error, "cut": cut, "ending": ending, "last": last}, file)
    os.replace(f"{Run.folder}/half", f"{Run.folder}/result")  # whole, or not at all: its time may be over
    Run.leave(0)


class Stdin(io.TextIOWrapper):
    mode = "r"

    def told(self, text: str) -> str:
        look_at_output()
        write_down("read", Run.stack[-1].number if Run.stack else 0, text)
        return text

    def readline(self, *size):
        return self.told(super().readline(*size))

    def read(self, *size):
        return self.told(super().read(*size))


def main(folder: str, seconds: str, statements: str) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 1))
    Run.folder, Run.leave, Run.most = folder, os._exit, int(statements)
    with open(f"{folder}/prog.py", "rb") as file:
        code = file.read().decode("utf-8", "surrogateescape")
    tree, Run.places, Run.raises = rewritten(code)
    for goals in Run.places.values():
        for _, whole, key in goals:
            Run.kept.update([whole, key[0] if isinstance(key, tuple) else None])
    program = compile(tree, f"{folder}/prog.py", "exec", dont_inherit=True)
    space = types.ModuleType("__main__")
    sys.modules["__main__"] = space
    space.__dict__.update(__file__="/program.py", __builtins__=__builtins__)
    sys.argv, sys.path[0] = ["prog.py"], os.getcwd()
    raw = io.FileIO(0, closefd=False)
    raw.name = "<stdin>"
    sys.stdin = sys.__stdin__ = Stdin(io.BufferedReader(raw), "utf-8", "surrogateescape")
    set_limit = sys.setrecursionlimit

    def limited(depth: int) -> None:
        set_limit(depth + 100)
        Run.limit = depth
    limited(1000)
    sys.setrecursionlimit, sys.getrecursionlimit = limited, lambda: Run.limit
    os._exit = lambda status: finish("", False)
    import _sitebuiltins
    import builtins
    builtins.help = _sitebuiltins._Helper()
    builtins.exit, builtins.quit = _sitebuiltins.Quitter("exit", ""), _sitebuiltins.Quitter("quit", "")
    builtins.__ora_call__ = called
    builtins.__ora__ = top = Activation("<module>")
    Run.stack.append(top)
    error, ending, last = "", "", None
    try:
        exec(program, space.__dict__)
    except BaseException as problem:
        top.note(0)
        last = problem
        error, ending = type(problem).__name__, message(problem)
        if isinstance(problem, SystemExit) and problem.code in (None, 0):
            error = ""
    finally:
        import atexit
        import threading
        threading._shutdown()
        atexit._run_exitfuncs()
        with contextlib.suppress(Exception):
            sys.stdout.flush()
    number = -1 if last is None else number_of(last)
    sys.modules["__main__"] = space = last = None  # as at Python's end: what is left may have something to say
    top.kept.clear()
    top.operand = top.result = None
    gc.collect()
    finish(error, False, ending, number)


if __name__ == "__main__":
    main(*sys.argv[1:])
