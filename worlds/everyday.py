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

A program reads a list, a number, a word or nothing. everyday.txt has a thousand, each of another
form, that a language model wrote when it was asked for what people type: the seeds. A seed is
"# 4 | 9", examples of its input with | between, and its program; an empty line ends it. Drawn are:
half, a seed with some of its numbers, signs and words in quotes drawn anew (`varied`), a quarter of
these with a statement and a print more; three in ten, the statements of two seeds shuffled, each in
its order (`woven`); a fifth, statements in any order, each drawn over what has a value by then
(Writer), so that only the program says what comes next. Left out is what takes more than SENTENCES
sentences or comes to numbers beyond LARGEST, what runs on, and nine in ten of those that crash.
There are no problems.

Told in the words of worlds/tinypy.py, names before values. The vocabulary has tokens for common
names (lab.vocab learnt it, of this world at f0b356b); two in five programs keep their names, in
nearly as many all are made up: letters and a few syllables. What is read, in quotes or (but for
signs and quotes in it) printed is a token a letter (SPELLED), for it is copied, counted and walked
through letter by letter.

Splits are by behaviour, and another printed word is another behaviour: a held-out program may be
one of training that prints other words, and most seeds are in training.
"""

import copy
import random
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

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
from worlds.contest import indent, mutate
from worlds.tinypy import TELLER, narrate  # noqa: F401

VOCABULARY = Path(__file__).with_suffix(".tiktoken")
SPELLED = r"""(?x)(
      (?<=Input:\n) [^\n]+  |  (?<=We[ ]read[ ]) [^\n]*? (?=,[ ]so)                # what is read
    | '(?:[^'\\\n]|\\.)*'  |  "(?:[^"\\\n]|\\.)*"                                   # in quotes
    | (?:(?<=We[ ]print[ ]) | (?<=[ ]=[ ])) (?=[^=\n]*[A-Za-z]) [^='"\n]* (?=\.\n)  # printed
    | (?<=<output>\n) (?s:.*?) (?=<error>|</output>))"""
SIZES = {"cpu": dict(short=(3, 5), longer=(6, 7))}
LINES, SENTENCES, LARGEST = 12, 44, 99
LIMITS = {"max_turns": 300, "max_size": 300, "max_bits": 10}   # of runs; beyond: Timeout
KINDS = "number", "list", "made", "text", "word", "letter", "flag"
READ = {"list": "{} = list(map(int, input().split()))", "n": "{} = int(input())"}
# of words that are made up; what is there twice comes twice as often
ONSETS = "b c d f g h j k l m n p r s t v w y z b c d g l m p r s t th st br ch pl sh gr".split()
VOWELS = "a e i o u a e i o u a e o ee oo ea ou ai".split()
CODAS = [""] * 18 + "n r s t l ck nd ll ss d m p".split()
SIGNS = ("<", ">", "<", ">", "==", "<=", ">=", "!=")
FORMS = {  # how often: as a statement of any program, of a body, of a body within a body
    "start": (1, 0, 0), "define": (3, 1, 1), "show": (1, 2, 1), "update": (2, 5, 6),
    "append": (1, 4, 4), "join": (1, 4, 4), "branch": (3, 4, 0), "either": (0.5, 0.3, 0),
    "loop": (2, 1, 0), "count": (1, 0, 0)}

QUOTED = r"""'[^'\n]*'|"[^"\n]*\""""
# What `varied` draws anew, a sign among its like; blanks that may be left out; a statement with its
# body and its else.
ALIKE = SIGNS[1:], ("+", "-", "*"), ("%", "//"), ("and", "or"), ("+=", "-="), ("True", "False")
VARIED = re.compile(QUOTED + r"|\b(?:\d+|True|False)\b"
                    r"|(?<= )(?:[-+*%<>]|//|[-+<>=!]=|and|or)(?= )")
BLANKS = re.compile(QUOTED + "| [-+*%=<>!]+ |, ")
BLOCK = re.compile(r"^(?!else|elif)\S.*\n(?:(?: |else|elif).*\n)*", re.M)


class Seed(NamedTuple):
    kind: str      # of its input, guessed: digits is a word whose first example is digits
    inputs: list   # examples
    code: str


def kind_of(code, stdin):
    if "= input()" in code:
        return "digits" if stdin.isdigit() else "word"
    return "list" if "input().split" in code else "n" if "input()" in code else "none"


def read_seeds(text):
    seeds = []
    for part in text.split("\n\n"):
        head, code = part.strip().split("\n", 1)
        inputs = head[1:].strip().split(" | ")
        seeds.append(Seed(kind_of(code, inputs[0]), inputs, code + "\n"))
    return seeds


SEEDS = read_seeds(Path(__file__).with_suffix(".txt").read_text())
SEEDS_OF = {kind: [seed for seed in SEEDS if seed.kind == kind]
            for kind in ("none", "list", "n", "word", "digits")}
SAID = [word for seed in SEEDS for text in re.findall(QUOTED, seed.code)
        for word in re.findall("[A-Za-z]{2,}", text)]


class Writer:
    """Draws the lines of one program. known: variables by what they hold: a number (or xs[i]), the
    list that was read, a list or text that is made, the text that was read, one letter of it, a
    truth value."""

    def __init__(self, rng):
        self.rng = rng
        self.names = rng.sample(LETTERS[:26], 26)
        self.known = {kind: [] for kind in KINDS}
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
        return str(self.rng.randint(0, self.pick(3, 9, 9, 20, 50)))

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
        if self.chance(0.1):
            return f"{left} // {self.rng.randint(2, 5)}"
        if self.chance(0.25):
            return f"{left} * {self.pick('2', '3', left, self.number(0.3))}"
        return f"{left} {self.pick('+', '+', '-')} {self.number(0.5)}"

    def all_of(self, *kinds):
        """The variables of these kinds."""
        return sum([self.known[kind] for kind in kinds], [])

    def amount(self):
        """What comes to a number."""
        sized = self.all_of("list", "made", "text", "word")
        if sized and self.chance(0.08):
            return f"len({self.pick(*sized)})"
        if self.known["list"] and self.chance(0.08):
            return f"{self.pick('sum', 'max', 'min')}({self.pick(*self.known['list'])})"
        if self.known["list"] and self.chance(0.08):
            return f"{self.pick(*self.known['list'])}[{self.rng.randint(0, 1)}]"
        if self.chance(0.15):
            return self.number(0.8)
        text = self.operation()
        if self.chance(0.05):
            return f"({text}) {self.pick('+', '-', '*', '%')} {self.rng.randint(2, 5)}"
        return f"{text} {self.pick('+', '-')} {self.number(0.5)}" if self.chance(0.2) else text

    def quoted(self, *texts):
        quote = self.pick("'", '"', '"')
        return f"{quote}{self.pick(*texts)}{quote}"

    def phrase(self):
        """A word or some, in quotes"""
        words = [made_up(self.rng) for _ in range(self.pick(1, 1, 1, 2, 2, 3))]
        words[0] = words[0].title() if self.chance(0.2) else words[0]
        return self.quoted(" ".join(words) + self.pick(*[""] * 6, ":", "!", "?", " ="))

    def comparison(self):
        if self.known["letter"] and self.chance(0.2):
            sign = self.pick("in", "in", "not in")
            return f"{self.known['letter'][-1]} {sign} {self.quoted('aeiou', 'aeiou', '13579')}"
        sized = self.all_of("made", "text", "word", "list")
        if sized and self.chance(0.08):
            return f"len({self.pick(*sized)}) {self.pick(*SIGNS)} {self.rng.randint(0, 6)}"
        if self.known["letter"] and self.chance(0.7):
            sign = self.pick("==", "==", "!=")
            return f"{self.known['letter'][-1]} {sign} {self.quoted(*'aeioubst1357')}"
        held = self.all_of("made", "list")
        left = self.number(1)
        if held and self.chance(0.1):
            return f"{left} {self.pick('in', 'not in')} {self.pick(*held)}"
        if self.chance(0.25):
            sign = self.pick("==", "==", "!=")
            return f"{left} % {self.pick(2, 2, 3, 4)} {sign} {self.pick(0, 1)}"
        if self.chance(0.2):
            left = self.pick(self.operation(left), self.amount())
        return f"{left} {self.pick(*SIGNS)} {self.other(left, 0.4)}"

    def condition(self):
        parts = self.comparison(), self.comparison()
        if self.known["flag"] and self.chance(0.3):
            parts = f"{self.pick('', '', 'not ')}{self.pick(*self.known['flag'])}", parts[1]
        return f" {self.pick('and', 'or')} ".join(parts) if self.chance(0.12) else parts[0]

    def printed(self):
        variables = self.all_of("number", "made", "text", "word", "letter", "flag")
        touched = [name for name in self.touched if name in variables]
        if not variables or self.chance(0.15):
            return self.phrase()
        texts = self.all_of("text", "word")
        if texts and self.chance(0.1):
            return f"{self.pick(*texts)} + {self.pick(self.phrase(), self.quoted(*'|*-.!s'))}"
        last = self.pick(*touched) if touched and self.chance(0.7) else self.pick(*variables)
        if self.chance(0.2):
            after = f", {self.phrase()}" * self.chance(0.2)
            return f"{self.phrase()}, {last}{after}"
        if len(variables) > 2 and self.chance(0.2):
            parts = self.rng.sample(variables, self.pick(2, 2, 3))
            parts = [part for each in parts for part in (self.phrase(), each)]
            return ", ".join(parts[self.pick(0, 1)::self.pick(1, 2)])
        return self.amount() if self.known["number"] and self.chance(0.25) else last

    # Statements: each returns its lines.

    def start(self, depth):
        kind = self.pick(*["number"] * 6, "made", "made", "text", "text", "flag")
        text = self.phrase() if self.chance(0.3) else self.quoted("")
        value = {"number": self.digit(), "made": "[]", "text": text,
                 "flag": self.pick("True", "False")}[kind]
        return [f"{self.new(kind)} = {value}"]

    def define(self, depth):
        if self.known["number"] and self.chance(0.15):
            value = self.condition()
            return [f"{self.new('flag')} = {value}"]
        value = self.amount()
        return [f"{self.new('number')} = {value}"]

    def show(self, depth):
        return [f"print({self.printed()})"]

    def counters(self):
        return [name for name in self.known["number"] if name != self.item and "[" not in name]

    def update(self, depth):
        if self.known["flag"] and self.chance(0.2):
            return [f"{self.pick(*self.known['flag'])} = {self.pick('True', 'False')}"]
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
        kind = self.pick("none", "none", "list", "list", "n", self.pick("digits", "word", "word"))
        lines = self.first_values() if self.chance(0.4) else []
        if kind != "none":
            name = self.new({"list": "list", "n": "number"}.get(kind, "word"))
            lines.append(READ.get(kind, "{} = input()").format(name))
        lines += self.first_values() if self.chance(0.7) or kind == "none" else []
        most = [self.branch, self.branch, self.loop, self.count]
        chance = 0.5 * bool(self.known["number"])
        if kind in ("list", "digits", "word"):
            most, chance = [self.loop] * 6 + [self.count], 0.85
        middle = self.pick(*most)(0) if self.chance(chance) else []
        if not middle or self.chance(0.3):
            middle += self.statements(0, self.pick(1, 1, 2, 3))
        for _ in range(self.pick(1, 1, 1, 2)):
            middle += self.show(0)
        return lines + middle, kind


def varied(code, rng):
    """The program with other numbers, signs and words in quotes: none, some or many of them."""
    share = rng.choice((0, 0.2, 0.5))

    def other(match):
        text = match[0]
        if rng.random() > share * (0.5 if text in "01" else 1):
            return text
        if text[0] in "'\"":
            return text[0] + other_words(text[1:-1], rng) + text[0]
        if text.isdigit():
            number, by = int(text), 2 + int(text) // 3
            return str(rng.randint(max(0, number - by), number + by))
        for signs in ALIKE:
            if text in signs:
                return rng.choice(signs)
        return text
    return VARIED.sub(other, code)


def other_words(text, rng):
    if len(text) == 1:
        return rng.choice("aeioubst*-+.# |")

    def other(match):
        drawn = rng.choice((made_up(rng), rng.choice(SAID)))
        return drawn.title() if match[0].istitle() else drawn
    return text if text == "aeiou" else re.sub("[A-Za-z]{2,}", other, text)


@cache
def kinds_at_end(code, stdin):
    """-> {variable: what it holds at the end: a number, a text, a list (made), a truth value}"""
    texts = {}
    for event in TELLER.record(code, stdin, max_events=300).events:
        texts |= event.changes
    kinds = {"'": "text", '"': "text", "[": "made", "T": "flag", "F": "flag"}
    return {name: kinds.get(text[0], "number") for name, text in texts.items()}


def woven(one, two, rng):
    """A program of the statements of two, shuffled, each in its order. Names of the second are
    other ones than the first's, but for what is read, and a third of those that hold the same kind
    of thing."""
    mine, theirs = [kinds_at_end(seed.code, seed.inputs[0]) for seed in (one, two)]
    new = {}
    for name, kind in theirs.items():
        same = [other for other in mine if mine[other] == kind]
        if same and rng.random() < 0.35:
            new[name] = rng.choice(same)
        elif name in mine:
            new[name] = f"{name}{rng.randint(2, 99)}"
    reads = re.findall(r"(\w+) = .*input\(", one.code + two.code)
    if len(reads) == 2:
        new[reads[1]] = reads[0]
    code = NAME_OR_TEXT.sub(lambda match: new.get(match[0], match[0]), two.code)
    others = [block for block in BLOCK.findall(code) if "input(" not in block]
    parts = [BLOCK.findall(one.code), others]
    order = [0] * len(parts[0]) + [1] * len(parts[1])
    rng.shuffle(order)
    blocks = [parts[which].pop(0) for which in order]
    while sum(block.count("\n") for block in blocks) > LINES:
        blocks.remove(rng.choice([block for block in blocks if "input(" not in block]))
    return "".join(blocks)


def with_more(code, stdin, rng):
    """The program with a statement more that is about its variables."""
    writer = Writer(rng)
    for name, kind in kinds_at_end(code, stdin).items():
        writer.known[kind].append(name)
        writer.names = [letter for letter in writer.names if letter != name]
    writer.touched = sum(writer.known.values(), [])
    return code + "\n".join(writer.statements(0, 1) + writer.show(0)) + "\n"


def random_code(rng):
    """-> a program, the kind of its input, what that is like"""
    form = rng.random()
    if form < 0.2:
        lines, kind = Writer(rng).program()
        return "\n".join(lines) + "\n", kind, ""
    one = rng.choice(SEEDS)
    code = one.code
    if form < 0.5:
        kinds = one.kind, one.kind, one.kind, "none"
        code = woven(one, rng.choice(SEEDS_OF[rng.choice(kinds)]), rng)
    elif form < 0.62:
        code = with_more(code, one.inputs[0], rng)
    return varied(code, rng), one.kind, rng.choice(one.inputs)


def typed(code, rng):
    """One in ten has an empty line, another one no blanks (but around //)."""
    form = rng.random()
    if form < 0.1:
        lines = code.splitlines(True)
        lines.insert(rng.randrange(1, len(lines)), "\n")
        return "".join(lines)
    if form > 0.9:
        return BLANKS.sub(lambda match: match[0].strip(" "), code)
    return code


def made_up(rng, least=0):
    """A word that could be one: grale, mufeen"""
    text = ""
    for _ in range(rng.choice((1, 1, 2, 2, 2, 3))):
        text += rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS)
    return text if len(text) >= least else text + made_up(rng, least - len(text))


def spelled(code, rng):
    """The program with names made up for it, some of them alike: mufeen_grale, grale2."""
    new, shared, alike = {}, made_up(rng), rng.choice((0, 0, 0.5))
    for name in NAME_OR_TEXT.findall(code):
        drawn = made_up(rng)
        if rng.random() < alike:
            drawn = rng.choice((f"{shared}_{drawn}", f"{drawn}_{shared}", shared + drawn.title()))
        elif rng.random() < 0.15:
            drawn = rng.choice((f"{drawn}_{made_up(rng)}", f"{drawn}{made_up(rng).title()}",
                                f"{drawn}{rng.randint(1, 9)}"))
        if name[0] not in "'\"" and not {name, drawn} & RESERVED and (
                drawn not in UNSEEN and drawn not in new.values()):
            new.setdefault(name, drawn)
    return NAME_OR_TEXT.sub(lambda match: new.get(match[0], match[0]), code)


def draw_input(kind, rng, length, like=""):
    """One stdin of the kind. length: least and most items, if it has some. like: an example, whose
    numbers are about as large; a word is it in half of the draws."""
    size = rng.randint(*length)
    if kind == "list":
        numbers = list(map(int, like.split())) or [0, rng.choice((9, 9, 20, 50))]
        numbers = range(min(numbers) - min(numbers) // 3, max(numbers) + max(numbers) // 4 + 1)
        if rng.random() < 0.3:
            numbers = rng.choices(numbers, k=rng.randint(1, 3))   # some come again
        numbers = rng.choices(numbers, k=size)
        return " ".join(map(str, sorted(numbers) if rng.random() < 0.1 else numbers))
    if kind == "digits":
        return "".join(str(rng.randint(0, 9)) for _ in range(size))
    if kind == "n":
        number = int(like or size) + (size > 5)
        return str(max(0, number + rng.randint(-2 - number // 4, 3 + number // 4)))
    if kind == "word" and rng.random() < 0.15:
        half = made_up(rng, size)[:(size + 1) // 2]
        return half + half[-1 - size % 2::-1]                     # the same backwards
    if like and size < 6 and rng.random() < 0.5:
        return like
    return made_up(rng, size)[:size] if kind == "word" else ""


def fixed_inputs():
    """The inputs that tell behaviours apart. They decide every split: whoever changes them should
    train from random weights (the model that is shipped began with one of other splits)."""
    rng = random.Random(20261130)
    inputs = {"none": [""], "n": [str(n) for n in (*range(1, 13), 18, 25, 40, 63)]}
    for kind in ("list", "digits", "word"):
        inputs[kind] = [draw_input(kind, rng, (2, 7)) for _ in range(16)]
    return inputs


FIXED_INPUTS = fixed_inputs()


def fits(run):
    """Short enough, and no large numbers? A text in quotes may have many digits."""
    lines = narrate(run) if run.complete else []
    numbers = re.findall(r"\d+", re.sub(r"We read \S+|'.*?'", "", "\n".join(lines)))
    return 0 < len(lines) <= SENTENCES and all(len(n) < 4 and int(n) <= LARGEST for n in numbers)


def random_program(rng, knobs, split, set_):
    """One in fifteen is a mutant; of others that crash nine in ten are left out."""
    code, kind, like = random_code(rng)
    if code.count("\n") > LINES or set_ == "longer" and kind == "none":
        return None
    sort = "mutant" if rng.random() < 1 / 15 else "plain"
    code = typed(mutate(code, rng) if sort == "mutant" else code, rng)
    stdin = draw_input(kind, rng, knobs["longer" if set_ == "longer" else "short"], like)
    names = rng.random()
    if set_ == "new_names" or names > 0.75 or {*NAME_OR_TEXT.findall(code)} & {*UNSEEN}:
        code = renamed(code, rng, unseen=set_ == "new_names")
    elif names > 0.4:
        code = spelled(code, rng)
    if "Timeout" in outputs_on(code, [stdin], **LIMITS)[0]:
        return None  # TELLER would square a number for ever, or fill the memory with a text
    run = TELLER.record(code, stdin, max_events=4 * SENTENCES)
    if not fits(run) or run.error and sort == "plain" and rng.random() < 0.9:
        return None
    outputs = outputs_on(code, FIXED_INPUTS[kind], **LIMITS)
    cls = class_of(code, kind, outputs)
    if split_of(cls) != split or sum("Timeout" in output for output in outputs) > len(outputs) / 2:
        return None
    return Program(code, stdin, cls, sort)
