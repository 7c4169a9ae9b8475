"""The world of everyday programs: small ones, as people type them first.

    nums = list(map(int, input().split()))
    big = 0
    for n in nums:
        if n > 4:
            big += n
        else:
            print(n)
    print("sum", big)

    python tasks.py --world everyday

Statements come in any order: a program reads a list, a number, a text or nothing, gives variables
their first values, then has loops, conditions, updates and prints, each drawn over what has a value
by then. Nothing here is a composition as in worlds/contest.py: only the program says what comes
next. About half of the statements inside a loop mention its variable. Left out is what takes more
than SENTENCES sentences or comes to numbers beyond LARGEST. There are no problems.

Told in the words of worlds/tinypy.py, names before values. The vocabulary has tokens for common
names (lab.vocab learnt it); others are spelled, and in two of five programs all are made up.
"""

import copy
import re
from pathlib import Path

from worlds import (
    LETTERS,
    NAME_OR_TEXT,
    RESERVED,
    UNSEEN,
    Program,
    class_of,
    outputs_on,
    renamed,
    split_of,
)
from worlds.contest import draw_input, fixed_inputs, indent, mutate
from worlds.tinypy import TELLER, narrate  # noqa: F401

VOCABULARY = Path(__file__).with_suffix(".tiktoken")
FIXED_INPUTS = {kind: inputs[:16] for kind, inputs in fixed_inputs().items()}
SIZES = {"cpu": dict(top=9, short=(3, 5), longer=(6, 7))}
LINES, SENTENCES, LARGEST = 14, 45, 99
READ = {"list": "{} = list(map(int, input().split()))", "n": "{} = int(input())"}
SHOWN = "big cold done even few high hot low many no odd ok one small sum total win yes zero"
SIGNS = ("<", ">", "<", ">", "==", "<=", ">=", "!=")
FORMS = {  # statements of any program, of a loop's or condition's body, of a body within a body
    "start": (1, 0, 0), "define": (3, 1, 1), "show": (1, 2, 1), "update": (2, 5, 6),
    "append": (1, 4, 4), "join": (1, 4, 4), "branch": (3, 4, 0), "either": (0.5, 0.3, 0),
    "loop": (2, 1, 0), "count": (1, 0, 0)}


class Writer:
    """Draws the lines of one program. known: variables by what they hold: a number, the list that
    was read, a list or text that is made, the text that was read, one letter of it."""

    def __init__(self, rng):
        self.rng = rng
        self.names = rng.sample(LETTERS[:26], 26)
        self.known = {kind: [] for kind in ("number", "list", "made", "text", "word", "letter")}
        self.item = ""      # the innermost loop's variable
        self.touched = []   # what statements have changed

    def chance(self, share):
        return self.rng.random() < share

    def pick(self, *options):
        return self.rng.choice(options)

    def new(self, kind):
        self.known[kind].append(self.names.pop())
        return self.known[kind][-1]

    # Expressions.

    def digit(self):
        return str(self.rng.randint(0, self.pick(3, 9, 9, 20)))

    def number(self, share=0.6):
        """A variable, or a number."""
        numbers = self.known["number"]
        if not numbers or not self.chance(share):
            return self.digit()
        return self.item if self.item in numbers and self.chance(0.5) else self.pick(*numbers)

    def other(self, name, share):
        """As number, but not this variable."""
        drawn = self.number(share)
        return self.digit() if drawn == name else drawn

    def operation(self, left=""):
        left = left or self.number(0.9)
        if self.chance(0.2):
            return f"{left} % {self.rng.randint(2, 5)}"
        if self.chance(0.25):
            return f"{left} * {self.pick('2', '3', left, self.number(0.3))}"
        return f"{left} {self.pick('+', '+', '-')} {self.number(0.5)}"

    def amount(self):
        """What comes to a number."""
        sized = self.known["list"] + self.known["made"] + self.known["text"] + self.known["word"]
        if sized and self.chance(0.08):
            return f"len({self.pick(*sized)})"
        if self.known["list"] and self.chance(0.08):
            return f"{self.pick(*self.known['list'])}[{self.rng.randint(0, 1)}]"
        if self.chance(0.15):
            return self.number(0.8)
        text = self.operation()
        if self.chance(0.05):
            return f"({text}) {self.pick('+', '-', '*', '%')} {self.rng.randint(2, 5)}"
        return f"{text} {self.pick('+', '-')} {self.number(0.5)}" if self.chance(0.2) else text

    def quoted(self, *texts):
        quote = self.pick("'", '"')
        return quote + self.pick(*texts) + quote

    def comparison(self):
        if self.known["letter"] and self.chance(0.7):
            sign = self.pick("==", "==", "!=")
            return f"{self.known['letter'][-1]} {sign} {self.quoted(*'aeioubst1357')}"
        left = self.number(1)
        if self.chance(0.25):
            sign = self.pick("==", "==", "!=")
            return f"{left} % {self.pick(2, 2, 3, 4)} {sign} {self.pick(0, 1)}"
        if self.chance(0.1):
            left = self.operation(left)
        return f"{left} {self.pick(*SIGNS)} {self.other(left, 0.4)}"

    def condition(self):
        parts = self.comparison(), self.comparison()
        return f" {self.pick('and', 'or')} ".join(parts) if self.chance(0.12) else parts[0]

    def printed(self):
        variables = []
        for kind in ("number", "made", "text", "word", "letter"):
            variables += self.known[kind]
        touched = [name for name in self.touched if name in variables]
        if not variables or self.chance(0.15):
            return self.quoted(*SHOWN.split())
        last = self.pick(*touched) if touched and self.chance(0.7) else self.pick(*variables)
        if self.chance(0.12):
            return f"{self.quoted(*SHOWN.split())}, {last}"
        if len(variables) > 2 and self.chance(0.12):
            return ", ".join(self.rng.sample(variables, self.pick(2, 3)))
        return self.amount() if self.known["number"] and self.chance(0.25) else last

    # Statements: each returns its lines.

    def start(self, depth):
        kind = self.pick("number", "number", "number", "made", "text")
        value = {"number": self.digit(), "made": "[]", "text": self.quoted("")}[kind]
        return [f"{self.new(kind)} = {value}"]

    def define(self, depth):
        value = self.amount()
        return [f"{self.new('number')} = {value}"]

    def show(self, depth):
        return [f"print({self.printed()})"]

    def counters(self):
        return [name for name in self.known["number"] if name != self.item and "[" not in name]

    def update(self, depth):
        name = self.pick(*self.counters())
        self.touched.append(name)
        value = self.pick(self.other(name, 0.8), self.other(name, 0.8), "1", self.operation())
        form = self.rng.random()
        if form < 0.45:
            return [f"{name} {self.pick('+=', '+=', '+=', '-=', '*=')} {value}"]
        if form < 0.7:
            return [f"{name} = {name} {self.pick('+', '+', '-', '*')} {value}"]
        return [f"{name} = {self.other(name, 0.9) if self.chance(0.4) else self.amount()}"]

    def append(self, depth):
        name = self.pick(*self.known["made"])
        self.touched.append(name)
        return [f"{name}.append({self.amount()})"]

    def join(self, depth):
        name, other = self.pick(*self.known["text"]), self.quoted(*"*-oxab")
        if self.known["letter"] and self.chance(0.8):
            other = self.known["letter"][-1]
        self.touched.append(name)
        return [self.pick(f"{name} = {name} + {other}", f"{name} = {other} + {name}",
                          f"{name} += {other}")]

    def branch(self, depth):
        lines = [f"if {self.condition()}:", *self.block(depth)]
        if self.chance(0.25):
            lines += [f"elif {self.condition()}:", *self.block(depth)]
        return [*lines, "else:", *self.block(depth)] if self.chance(0.4) else lines

    def either(self, depth):
        """A variable that has a value either way."""
        head, one, two = f"if {self.condition()}:", self.amount(), self.amount()
        name = self.new("number")
        return [head, f"    {name} = {one}", "else:", f"    {name} = {two}"]

    def loop(self, depth):
        lists, kind, low = self.known["list"], "number", self.rng.randint(0, 3)
        lists = lists + [name for name in self.known["made"] if name in self.touched and not depth]
        over = f"range({self.rng.randint(2, 5)})"
        if self.chance(0.35):
            over = f"range({low}, {low + self.rng.randint(1, 5)})"
        elif self.known["number"] and self.chance(0.4):
            end = self.pick(*self.known["number"])
            over = self.pick(f"range({end})", f"range(1, {end} + 1)")
        if lists and self.chance(0.15):
            return self.places(depth, self.pick(*lists))
        if lists and self.chance(0.8):
            over = self.pick(*lists)
        elif self.known["word"] and self.chance(0.9):
            over, kind = self.known["word"][0], "letter"
        name = self.names.pop()
        return [f"for {name} in {over}:", *self.block(depth, name, kind)]

    def places(self, depth, items):
        """Over the places of a list."""
        name = self.new("number")
        body = self.block(depth, f"{items}[{name}]", "number")
        self.known["number"].remove(name)
        return [f"for {name} in range(len({items})):", *body]

    def count(self, depth):
        """A while loop: of a number down to 0, up to a number, along a list."""
        numbers, lists = self.known["number"], self.known["list"]
        form, low, sign, first, item = self.rng.random(), self.rng.randint(0, 2), "+", [], ""
        if form < 0.4:
            sign, end = "-", "> 0"
            name = self.pick(*numbers) if numbers and self.chance(0.4) else ""
            head = [] if name else [f"{self.new('number')} = {self.rng.randint(1, 5)}"]
        else:
            limit, name = low + self.rng.randint(1, 4), ""
            if numbers and self.chance(0.3):
                limit = self.pick(*numbers)
            end = f"{self.pick('<', '<=')} {limit}"
            if lists and self.chance(0.4):
                end, low = f"< len({lists[0]})", 0
            head = [f"{self.new('number')} = {low}"]
        name = name or numbers[-1]
        if "len" in end:
            item = f"{lists[0]}[{name}]"
            if self.chance(0.5):
                item, value = self.names.pop(), item
                first = [f"    {item} = {value}"]
        step = 1 if item else self.pick(1, 1, 1, 2)
        last = self.pick(f"{name} {sign}= {step}", f"{name} = {name} {sign} {step}")
        body = self.block(depth, item, "number") if item else self.block(depth, name)
        return [*head, f"while {name} {end}:", *first, *body, f"    {last}"]

    def block(self, depth, item="", kind=""):
        """A body. item: the loop's variable; kind: what it holds, if only the body knows it. What
        gets its first value there is not known behind it."""
        before, outer = copy.deepcopy(self.known), self.item
        if kind:
            self.known[kind].append(item)
        self.item = item or outer
        lines = self.statements(depth + 1, self.pick(1, 1, 1, 2, 2, 3))
        self.known, self.item = before, outer
        return indent(lines)

    def statements(self, depth, n):
        lines = []
        for _ in range(n):
            needs = {"update": self.counters(), "append": self.known["made"],
                     "join": self.known["text"], "either": self.known["number"],
                     "branch": self.known["number"] + self.known["letter"]}
            weights = [shares[min(depth, 2)] * bool(needs.get(form, True))
                       for form, shares in FORMS.items()]
            (form,) = self.rng.choices([*FORMS], weights)
            lines += getattr(self, form)(depth)
        return lines

    def first_values(self):
        lines = []
        for _ in range(self.pick(1, 1, 2, 3)):
            computed = self.known["number"] and self.chance(0.3)
            lines += self.define(0) if computed else self.start(0)
        return lines

    def program(self):
        """-> its lines, the kind of its input"""
        kind = self.pick("none", "none", "list", "list", "n", self.pick("digits", "word"))
        lines = self.first_values() if self.chance(0.4) else []
        if kind != "none":
            name = self.new({"list": "list", "n": "number"}.get(kind, "word"))
            lines.append(READ.get(kind, "{} = input()").format(name))
        lines += self.first_values() if self.chance(0.7) or kind == "none" else []
        most = [self.branch, self.branch, self.loop, self.count]
        if kind in ("list", "digits", "word"):
            most = [self.loop] * 6 + [self.count]
        chance = 0.85 if kind in ("list", "digits", "word") else 0.5 * bool(self.known["number"])
        middle = self.pick(*most)(0) if self.chance(chance) else []
        if not middle or self.chance(0.3):
            middle += self.statements(0, self.pick(1, 1, 2, 3))
        for _ in range(self.pick(1, 1, 1, 2)):
            middle += self.show(0)
        return lines + middle, kind


def random_code(rng):
    """-> a program, the kind of its input. One in ten is typed without blanks, or with an empty
    line."""
    lines, kind = Writer(rng).program()
    typed = rng.random()
    if typed < 0.1:
        lines.insert(rng.randrange(len(lines)), "")
    code = "\n".join(lines) + "\n"
    if typed > 0.9:
        code = re.sub(r" ([-+*%=<>!]+) ", r"\1", code).replace(", ", ",")
    return code, kind


def made_up(rng):
    """A name that is no word: kemola, runSiti, vo_ta"""
    name = ""
    for k in range(rng.randint(2, 4)):
        syllable = rng.choice("bcdfghjklmnprstvwyz") + rng.choice("aeiou")
        name += "_" * (bool(name) and rng.random() < 0.15) + syllable
        if k and rng.random() < 0.1:
            name = name[:-2] + syllable.title()
    return name + rng.choice(("", "", "", "s", "n", "r", "1", "2"))


def spelled(code, rng):
    """The program with names made up for it. They are spelled, for the vocabulary has none."""
    new = {}
    for name in NAME_OR_TEXT.findall(code):
        drawn = made_up(rng)
        if name[0] not in "'\"" and not {name, drawn} & RESERVED and (
                drawn not in UNSEEN and drawn not in new.values()):
            new.setdefault(name, drawn)
    return NAME_OR_TEXT.sub(lambda match: new.get(match[0], match[0]), code)


def fits(run):
    """Short enough, and no large numbers? A text may have many digits."""
    lines = narrate(run) if run.complete else []
    numbers = re.findall(r"\d+", re.sub(r"We read \S+|'.*?'", "", "\n".join(lines)))
    return 0 < len(lines) <= SENTENCES and all(len(n) < 4 and int(n) <= LARGEST for n in numbers)


def random_program(rng, knobs, split, set_):
    """One in fifteen is a mutant."""
    code, kind = random_code(rng)
    if code.count("\n") > LINES or set_ == "longer" and kind == "none":
        return None
    sort = "mutant" if rng.random() < 1 / 15 else "plain"
    code = mutate(code, rng) if sort == "mutant" else code
    outputs = outputs_on(code, FIXED_INPUTS[kind], max_turns=300, max_size=300)
    cls = class_of(code, kind, outputs)
    if split_of(cls) != split or any("Timeout" in output for output in outputs):
        return None
    code = renamed(code, rng, unseen=set_ == "new_names")
    if set_ != "new_names" and rng.random() < 0.4:
        code = spelled(code, rng)
    stdin = draw_input(kind, rng, knobs, knobs["longer" if set_ == "longer" else "short"])
    fitting = fits(TELLER.record(code, stdin, max_events=4 * SENTENCES))
    return Program(code, stdin, cls, sort) if fitting else None
