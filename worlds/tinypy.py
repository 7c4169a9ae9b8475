r"""The world of TinyPy: the little language of the TinyPy benchmark, from a generator of our own.

    a = 7                   # level 2.2; bodies are indented by a tab
    k = (2 * a)-(a + 3)
    if not ( a >= 3) or (not a == 9) :
        print(k)
    else :
        print(a / 2)

    python tasks.py --world tinypy

Six levels: 1.1 and 1.2 print something that was computed, 2.1 and 2.2 choose what to print, 3.1 and
3.2 print in a loop; the second of each pair has longer expressions. The forms of the lines, their
spacing and the probabilities of held-out programs come from counts over the benchmark's rows, level
by level; no program of it was copied. Programs to train on are harder, for long values are what a
small model gets wrong: 1.2, 2.2 and 3.2 come twice as often, half of them with two long values.
Nothing here knows the benchmark, so a program may come out equal to one of its rows: lab/tinypy.py
drops those from the training data and counts them.

The benchmark is this world's test, and its programs have no input. Therefore a program's class is
its text alone: classes by behaviour or syntax would hold out whole shapes ("a = c; print(a)") from
training. Held-out programs are other programs, not other kinds of programs. Set "short" draws from
all levels, as "new_names" does, "longer" from 2.2, 3.1 and 3.2. There are no problems.

Its sentences leave little to be copied, counted or looked for (lab/LOG.md has what that brought):
names stand before values, so that finding which variable a line means and finding its value are two
steps; a group in brackets is told with its value, where it stands; the parts of `and` and `or` come
one after another, as far as they are needed; an elif is called so. In the contest world, where a
variable's place tells its part, names before values only cost.
"""

import ast
import hashlib
import operator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import NamedTuple

import trace
from rounds import (
    ATOM,
    LAST,
    OPERATORS,
    PENDING,
    Expressions,
    call,
    distinct,
    infix,
    literal,
    side_by_side,
    value_of,
)
from rounds import operation as worked_out
from worlds import Program, split_of

ELIF = "elif "
FIRST_WORDING = [(second, first) for first, second in trace.PHRASES]


def name(frame, node):
    """A round of its own for each name: "We print a = 3.", "b = a + 1 = 3 + 1 = 4." """
    text = frame.before[node.id]
    yield node.id, ATOM, PENDING
    yield literal(text, value_of(text))


def in_turn(frame, node):
    """and, or: one part after another, as far as they are needed: "a > 3: 2 > 3: False or b == 1:
    4 == 1"."""
    sign, deciding = ("and", False) if isinstance(node.op, ast.And) else ("or", True)
    written = value = ""
    for part in node.values:
        if value:
            written = ast.unparse(part)
            if sign == "and" and isinstance(part, ast.BoolOp):
                written = f"({written})"
            yield f"{value[0]} {sign} {written}", LAST, PENDING
            if value[2] is not PENDING and bool(value[2]) is deciding:
                break
        for value in frame.rounds(part):
            if value[0] != written and value[2] is PENDING:
                yield value
    yield value


def operation(frame, node):
    return frame.infix(frame.operands(frame.before), node)


def operand(frame, node):
    """(a + 1) * (2 - b) is "(a + 1 = 3 + 1 = 4) * (2 - b = 2 - 1 = 1) = 4 * 1 = 4"."""
    rounds = frame.infix(frame, node)
    if isinstance(node.left, ast.BinOp) or isinstance(node.right, ast.BinOp):
        yield from rounds
        return
    stages = list(rounds)
    yield f"({' = '.join(distinct([text for text, _, _ in stages]))})", ATOM, PENDING
    yield stages[-1]


def several(frame, node):
    """A tuple's items, without brackets: print's arguments."""
    yield from side_by_side(", ".join(["%s"] * len(node.elts)), list(map(frame.rounds, node.elts)))


def listed(frame, node):
    return as_call("[%s]", frame, node.elts, list)


def as_call(template, frame, parts, function):
    """[a, 3], max(a, b)"""
    template %= ", ".join(["%s"] * len(parts))
    return worked_out(template, list(map(frame.rounds, parts)), lambda *values: function(values))


def sum_or_other(frame, node):
    """sum(nums) is "sum(nums) = 3 + 8 + 4 = 11 + 4 = 15"."""
    name = node.func.id
    if len(node.args) > 1 and name in ("max", "min"):
        yield from as_call(f"{name}(%s)", frame, node.args, frame.functions[name])
        return
    if name != "sum":
        yield from call(frame, node)
        return
    [items] = node.args
    yield ast.unparse(node), ATOM, PENDING
    total, *others = frame.last(items)[2] or [0]
    while others:
        yield " + ".join(map(str, [total, *others])), OPERATORS[ast.Add][1], PENDING
        total += others.pop(0)
    yield literal(str(total), total)


class NamesFirst(trace.Frame):
    forms = {**trace.Frame.forms, ast.Name: name, ast.BoolOp: in_turn, ast.BinOp: operation,
             ast.Tuple: several, ast.List: listed, ast.Call: sum_or_other}
    operators = {**OPERATORS, ast.USub: ("-", 8, operator.neg)}
    infix = staticmethod(infix)
    others = ()  # what runs if the last condition was false

    @staticmethod
    def shown(rounds, source, value):
        """All, however long."""
        return [*distinct(rounds)[:-1], value]

    def condition(self, test, truth):
        word = ELIF * (self.node in self.others)
        self.others = [node for node in self.node.orelse if node.col_offset == self.node.col_offset]
        return word + super().condition(test, truth)


class Operands(Expressions):
    operators, functions, infix = NamesFirst.operators, NamesFirst.functions, staticmethod(infix)
    forms = {**NamesFirst.forms, ast.BinOp: operand}


NamesFirst.operands = Operands


def narrate(run, seed=0, frame=NamesFirst):
    """As trace.narrate, but an elif is called so: which line comes next need not be counted."""
    lines = trace.narrate(run, seed, frame)
    for k, line in enumerate(lines):
        if line.startswith(ELIF):
            lines[k - 1] = lines[k - 1].replace("go to the else.", "go to the elif.")
            line = trace.reword(line.removeprefix(ELIF), FIRST_WORDING)
            lines[k] = line.replace("the if.", "the elif.")
    return lines


TELLER = SimpleNamespace(record=trace.record, narrate=narrate)
FIXED_INPUTS = {"none": [""]}


class Level(NamedTuple):
    """What its programs contain. computed: "" (nothing), plain, long, longest (two long ones)."""
    most: int                # of its first lines, `a = 7`; each further one with probability 1/2
    computed: tuple = ()     # the forms of the line after them, each as likely
    ending: str = "print"    # print | if | for
    shown: float = 0.5       # how often a variable is printed, and no operation
    logic: bool = False      # conditions in parentheses, joined by and, or


ASSIGNMENTS = ("", "plain", "long")
LEVELS = {
    "1.1": Level(2, ("", "plain")),
    "1.2": Level(4, ASSIGNMENTS),
    "2.1": Level(6, ending="if", shown=1),
    "2.2": Level(6, ASSIGNMENTS, ending="if", logic=True),
    "3.1": Level(3, ending="for", shown=1),
    "3.2": Level(5, ASSIGNMENTS, ending="for", shown=0.7)}
LONGER = ("2.2", "3.1", "3.2")
LONG_VALUES = ("1.2", "2.2", "3.2")  # hard: to train on, drawn twice as often, half with `longest`
SIZES = {"cpu": {}, "gpu": {}}  # there is one size only

LETTERS = "abcdefghijklmnopqrstuvwxyz"
COMPARISONS = ("<", ">", "<=", ">=", "==", "!=")
NEGATIONS = ("", "", " ", "not ")  # `if a > 1`, also written `if  a > 1`
BEYOND = (1, 2, 3, 5, 5, 8)        # the end of a range is a digit plus one of these


@dataclass
class Writer:
    """Draws the lines of one program."""
    rng: object
    level: Level
    names: list          # variables that start as a digit; operations and conditions are about them
    result: str = ""     # the variable of the computed line

    def half(self):
        return self.rng.random() < 0.5

    def digit(self):
        return str(self.rng.randint(0, 9))

    def variable(self):
        return self.rng.choice(self.names)

    def term(self):
        return self.variable() if self.half() else self.digit()

    def operation(self, left):
        return f"{left} {self.rng.choice('+-*/')} {self.term()}"

    def long_value(self):
        """(a + 1)*(2 - b)/(a * a), with no end but for chance"""
        text = f"({self.operation(self.term())})"
        while self.half():
            text += f"{self.rng.choice('+-*/')}({self.operation(self.term())})"
        return text

    def computed_line(self):
        form = self.rng.choice(self.level.computed or [""])
        if not form:
            return []
        value = self.operation(self.term()) if form == "plain" else self.long_value()
        if form == "longest":
            value += self.rng.choice("+-*/") + self.long_value()
        self.result = self.rng.choice(LETTERS)
        return [f"{self.result} = {value}"]

    def comparison(self):
        return f"{self.variable()} {self.rng.choice(COMPARISONS)} {self.term()}"

    def condition(self):
        """not a > 1; level 2.2: not (a > 1) and (not b < 3)"""
        if not self.level.logic:
            return self.rng.choice(NEGATIONS) + self.comparison()
        text = "not " if self.half() else ""
        text += f"({self.rng.choice(NEGATIONS)}{self.comparison()})"
        while self.rng.random() < 1 / 3:
            sign = self.rng.choice(("and", "or"))
            text += f" {sign} ({self.rng.choice(NEGATIONS)}{self.comparison()})"
        return text

    def print_line(self):
        if self.rng.random() < self.level.shown:
            return f"print({self.result or self.variable()})"
        return f"print({self.operation(self.variable())})"

    def branches(self):
        shape = self.rng.choice((["if"], ["if", "else"], ["if", "elif", "else"]))
        lines = []
        for word in shape:
            head = word if word == "else" else f"{word} {self.condition()}"
            lines += [f"{head} :", f"\t{self.print_line()}"]
        return lines

    def loop(self):
        bounds = f"{self.digit()}, {self.rng.randint(0, 9) + self.rng.choice(BEYOND)}"
        if self.half():
            bounds += f", {self.rng.randint(1, 3)}"
        return [f"for {self.variable()} in range({bounds}) :", f"\t{self.print_line()}"]

    def lines(self):
        first = [f"{name} = {self.digit()}" for name in self.names]
        lines = first + self.computed_line()
        if self.level.ending == "if":
            return lines + self.branches()
        return lines + (self.loop() if self.level.ending == "for" else [self.print_line()])


def random_code(rng, level):
    """A program of the level."""
    names = [rng.choice(LETTERS)]
    while len(names) < level.most and rng.random() < 0.5:
        names.append(rng.choice(LETTERS))
    return "\n".join(Writer(rng, level, names).lines()) + "\n"


def divides_by_zero(code):
    try:
        exec(code, {"print": repr})  # nothing is shown
    except ZeroDivisionError:
        return True
    return False


def random_program(rng, knobs, split, set_):
    """kind: the level. None also for what divides by zero: no program of the benchmark crashes."""
    levels = [*LEVELS, *(LONG_VALUES if split == "train" else ())]
    kind = rng.choice(LONGER if set_ == "longer" else levels)
    level = LEVELS[kind]
    if split == "train" and kind in LONG_VALUES and rng.random() < 0.5:
        level = level._replace(computed=["longest"])
    code = random_code(rng, level)
    cls = hashlib.sha1(code.encode()).hexdigest()[:12]
    if split_of(cls) != split or divides_by_zero(code):
        return None
    return Program(code, "", cls, kind)
