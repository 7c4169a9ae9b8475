"""The world of mini contests: programs, problems in words, wrong programs.

    python tasks.py --show          # samples of everything made here

A *spec* is a composition: source of values x filter x map x fold x final step. From one spec come a
statement in words, programs in several styles, and (through other readings of a vague phrase) other
specs. Around them: *scratch* programs that are no composition (straight-line arithmetic, nested ifs
and loops, small string and list work), and *mutants*, programs broken on purpose. All of
them, but a third of those to train on, get other names in the end (worlds.renamed); solutions do
not and are plain: the model reads any program and writes in a style of its own. One spec:

    Read a list of numbers. Keep the even ones. Add 3 to each. Print the sum, plus 4.

    nums = list(map(int, input().split()))
    r = 0
    for x in nums:
        if x % 2 == 0:
            y = x + 3
            r += y
    print(r + 4)
"""

import ast
import random
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import trace
from rounds import names_in
from worlds import RESERVED, Problem, Program, class_of, outputs_on, renamed, split_of

TELLER = trace  # our trace.py, which knows what these programs contain
# How large the world is; `gpu` is wide, `quick` small. Numbers of inputs go up to top; short and
# longer are lengths; without: the components (below) that do not occur; scratch: share of programs.
WIDE_ONLY = {("source", "letters"), ("change", "mod"), ("fold", "product")}
NOT_QUICK = {*WIDE_ONLY, ("source", "digits"), ("source", "gaps"), ("fold", "flip")}
SIZES = {
    "cpu": dict(top=9, short=(3, 5), longer=(6, 7), constants=(1, 2, 3, 4, 5), wide=False,
                without=WIDE_ONLY, scratch=1 / 8),
    "quick": dict(top=5, short=(2, 3), longer=(4, 5), constants=(1, 2, 3), wide=False,
                  without=NOT_QUICK, scratch=0),
    "gpu": dict(top=99, short=(3, 8), longer=(9, 12), constants=tuple(range(1, 21)), wide=True,
                without=(), scratch=1 / 8),
}

# ------------------------------------------------------------------------------------------------
# Components: their words and their code. {c} is the component's constant. The program's style fills
# in the other names: {x} a value, {y} the value after the map, {r} the result, {items} the list of
# values, {i} an index into it.


class Source(NamedTuple):
    """Where the values come from, and how each kind of loop gets at them."""
    words: str
    kind: str                # of its input: list, n, digits or word
    header: str              # the line that reads it
    target: str              # for <target> in <over>: <value> is the value
    over: str
    value: str
    length: str = ""         # while {i} < <length>: <value_at> is the value
    value_at: str = ""
    shown: str = ""          # parts of the input that a trial lists before the value


class Keep(NamedTuple):
    words: str
    condition: str
    negated: str


class Fold(NamedTuple):
    words: str
    start: str
    better: str              # the condition for an update, "" for always
    update: str


class Map(NamedTuple):       # also the final step
    words: str
    value: str


READ_LIST = "{items} = list(map(int, input().split()))"
SOURCES = {
    "list": Source("Read a list of numbers.", "list", READ_LIST,
                   "{x}", "{items}", "{x}", "len({items})", "{items}[{i}]"),
    "range": Source("Read n and take 1 to n.", "n", "n = int(input())",
                    "{x}", "range(1, n + 1)", "{x}"),
    "digits": Source("Read a number and take its digits.", "digits", "s = input()",
                     "d", "s", "int(d)", "len(s)", "int(s[{i}])"),
    "gaps": Source("Read a list and take the gaps between neighbours.", "list", READ_LIST,
                   "a, b", "zip({items}, {items}[1:])", "abs(a - b)",
                   "len({items}) - 1", "abs({items}[{i}] - {items}[{i} + 1])", "a, b, "),
    "letters": Source("Read a word and take the place of each letter in the alphabet.", "word",
                      "s = input()", "d", "s", "ord(d) - 96", "len(s)", "ord(s[{i}]) - 96", "d, "),
}
KEEP = {
    "all": Keep("", "", ""),
    "even": Keep("Keep the even ones.", "{x} % 2 == 0", "{x} % 2 == 1"),
    "odd": Keep("Keep the odd ones.", "{x} % 2 == 1", "{x} % 2 == 0"),
    "above": Keep("Keep those above {c}.", "{x} > {c}", "{x} <= {c}"),
    "below": Keep("Keep those below {c}.", "{x} < {c}", "{x} >= {c}"),
    "threes": Keep("Keep the multiples of 3.", "{x} % 3 == 0", "{x} % 3 != 0"),
}
CHANGE = {
    "same": Map("", "{x}"),
    "add": Map("Add {c} to each.", "{x} + {c}"),
    "sub": Map("Subtract {c} from each.", "{x} - {c}"),
    "double": Map("Double each.", "{x} * 2"),
    "square": Map("Square each.", "{x} * {x}"),
    "mod": Map("Take each modulo {c}.", "{x} % {c}"),
}
FOLD = {
    "sum": Fold("the sum", "0", "", "{r} += {y}"),
    "count": Fold("the count", "0", "", "{r} += 1"),
    "max": Fold("the largest, at least 0", "0", "{y} > {r}", "{r} = {y}"),
    "min": Fold("the smallest, at most 99", "99", "{y} < {r}", "{r} = {y}"),
    "last": Fold("the last, or 0", "0", "", "{r} = {y}"),
    "flip": Fold("the result of value minus result, from 0", "0", "", "{r} = {y} - {r}"),
    "product": Fold("the product", "1", "", "{r} *= {y}"),
}
FINAL = {
    "none": Map("", "{r}"),
    "plus": Map(", plus {c}", "{r} + {c}"),
    "minus": Map(", minus {c}", "{r} - {c}"),
    "mod": Map(", modulo {c}", "{r} % {c}"),
}
TABLES = {"source": SOURCES, "keep": KEEP, "change": CHANGE, "fold": FOLD, "final": FINAL}

# Vague phrases: two readings each, told apart only by the public tests.
OPEN = {
    "keep": {("even", "odd"): "Keep some by parity.",
             ("above", "below"): "Keep those on one side of {c}."},
    "change": {("add", "sub"): "Shift each by {c}.", ("double", "square"): "Grow each."},
    "fold": {("max", "min"): "the extreme", ("sum", "count"): "the total"},
    "final": {("plus", "minus"): ", adjusted by {c}"},
}


@dataclass(frozen=True, order=True)
class Spec:
    """A composition; a slot is (name, constant), the constant 0 where the component has none."""
    source: tuple
    keep: tuple
    change: tuple
    fold: tuple
    final: tuple

    @property
    def kind(self):
        """The kind of its input: list, n, digits or word."""
        return component(self, "source").kind


def component(spec, slot):
    """The slot's entry in its table, with the constant filled in."""
    name, constant = getattr(spec, slot)
    entry = TABLES[slot][name]
    return entry._make(text.replace("{c}", str(constant)) for text in entry)


def random_spec(rng, knobs):
    parts = []
    for slot, table in TABLES.items():
        name = rng.choice([n for n in table if (slot, n) not in knobs["without"]])
        constant = 0
        if "{c}" in table[name].words:
            constant = rng.choice([c for c in knobs["constants"] if c > 1 or name != "mod"])
        parts.append((name, constant))
    return Spec(*parts)


def open_phrase(spec, slot):
    """(the two readings of the slot's vague phrase, the phrase); None if it has no such phrase."""
    name, constant = getattr(spec, slot)
    for pair, phrase in OPEN[slot].items():
        if name in pair:
            return pair, phrase.format(c=constant)
    return None


def statement(spec, vague=frozenset()):
    """The problem in words; slots named in `vague` use the phrase that leaves the reading open."""
    words = {}
    for slot in TABLES:
        words[slot] = open_phrase(spec, slot)[1] if slot in vague else component(spec, slot).words
    question = f"Print {words['fold']}{words['final']}."
    sentences = [words["source"], words["keep"], words["change"], question]
    return " ".join(filter(None, sentences))


def readings(spec, vague):
    """Every spec that the vague statement could mean, this one first."""
    found = [spec]
    for slot in sorted(vague):
        name, constant = getattr(spec, slot)
        (one, two), _ = open_phrase(spec, slot)
        other = (two if name == one else one, constant)
        both = []
        for reading in found:
            both += [reading, replace(reading, **{slot: other})]
        found = both
    return found


# ------------------------------------------------------------------------------------------------
# What is wrong about a program, and what would be right, thought through on one test.

# {components} are filled in first, {{names}} last.
TRIAL = """
{source.header}
{{r}} = {fold.start}
steps = [[{{r}}]]
for {source.target} in {source.over}:
    {{x}} = {source.value}
    steps.append([{source.shown}{{x}}])
    if not ({keep.condition}):
        steps[-1].append("skip")
        continue
    {{y}} = {change.value}
    if {fold.better}:
        {fold.update}
    steps[-1] += [{{y}}, {{r}}]
steps.append([{final.value}])
"""


def trial(spec, stdin):
    """What the spec makes of an input -> texts: the result at first; each value (behind what it
    comes from), with skip, or the changed value and the new result; what is printed."""
    parts = {slot: component(spec, slot) for slot in TABLES}
    parts["keep"] = parts["keep"]._replace(condition=parts["keep"].condition or "True")
    parts["fold"] = parts["fold"]._replace(better=parts["fold"].better or "True")
    scope, names = {"input": lambda: stdin}, dict(x="x", y="y", r="r", items="items")
    exec(TRIAL.format(**parts).format(**names), scope)
    return [" ".join(map(str, numbers)) for numbers in scope["steps"]]


def told(spec):
    """What is done with the values, in a few words: "above 3, double, sum"."""
    words = []
    for slot in ("keep", "change", "fold", "final"):
        name, constant = getattr(spec, slot)
        if name not in ("all", "same", "none"):
            words.append(f"{name} {constant}" if constant else name)
    return ", ".join(words)


def try_on(spec, stdin, want):
    """-> Try above 3, double, sum: 0, 6 12 12, 1 skip, 12. Wrong."""
    made = trial(spec, stdin)
    verdict = "Right" if made[-1] == want else "Wrong"
    return f"Try {told(spec)}: {', '.join(made)}. {verdict}.\n"


def diagnosis(wrong, spec, vague, stdin, want):
    """How the wrong spec reads the statement; then the other readings, in sorted order from the
    wrong one on and round again, each computed on a test (`trial`) until one prints what is
    wanted. "" where an earlier reading prints it, too.

    Read as: above 3, double, sum.
    On 6 1 4 we want 2.
    Try above 3, square, sum: 0, 6 36 36, 1 skip, 4 16 52, 52. Wrong.
    Try below 3, double, sum: 0, 6 skip, 1 2 2, 4 skip, 2. Right.
    So: below 3, double, sum.
    """
    lines = f"Read as: {told(wrong)}.\nOn {stdin} we want {want}.\n"
    for reading in sorted(readings(spec, vague), key=lambda reading: (reading <= wrong, reading)):
        lines += try_on(reading, stdin, want)
        if lines.endswith("Right.\n"):
            break
    return f"{lines}So: {told(reading)}.\n" if reading == spec else ""


# ------------------------------------------------------------------------------------------------
# Programs from a spec. Lines keep the names {x}, {y}, ... until `render` fills them in.

class Style(NamedTuple):
    names: dict              # x, y, r, items, i, and values: the list that holds every x
    loop: str                # for | while | comprehension
    skip: bool               # `continue` where the condition does not hold
    helper: bool             # the value after the map gets a name, {y}
    function: bool           # all of it inside main()


def random_style(rng, wide, plain=False):
    """plain: for-loops without `continue`."""
    x, y = rng.choice(("xy", "vw", "ez"))
    r = rng.choice("rtm")
    items = rng.choice(("nums", "vals"))
    names = dict(x=x, y=y, r=r, items=items, values=items[0] + "s", i=rng.choice("ij"))
    loop = "while" if rng.random() < 0.15 else "for"
    skip = rng.random() < 0.4
    helper = rng.random() < 0.5
    if wide and rng.random() < 0.2:
        loop = "comprehension"
    function = wide and rng.random() < 0.2
    if plain:
        loop, skip = "for", False
    return Style(names, loop, skip, helper, function)


def indent(lines):
    return ["    " + line for line in lines]


def fold_lines(spec):
    """The result {r} takes in the value {y}."""
    fold = component(spec, "fold")
    if fold.better:
        return [f"if {fold.better}:", "    " + fold.update]
    return [fold.update]


def body_lines(spec, style):
    """Filter, map and fold: what a loop does with its value {x}."""
    keep, value = component(spec, "keep"), component(spec, "change").value
    fold, lines = component(spec, "fold"), fold_lines(spec)
    # An expression that is used twice needs a name of its own.
    if value != "{x}" and "{y}" in fold.update and (style.helper or fold.better):
        lines = ["{y} = " + value, *lines]
    else:
        lines = [line.replace("{y}", value) for line in lines]
    if not keep.condition:
        return lines
    if style.skip:
        return [f"if {keep.negated}:", "    continue", *lines]
    return [f"if {keep.condition}:", *indent(lines)]


def for_loop(spec, style):
    source = component(spec, "source")
    take = [] if source.value == "{x}" else ["{x} = " + source.value]
    return [f"for {source.target} in {source.over}:", *indent(take + body_lines(spec, style))]


def while_loop(spec, style):
    source = component(spec, "source")
    head, take = ["{x} = 0", "while {x} < n:"], ["{x} += 1"]  # x counts from 1 to n itself
    if source.length:
        head = ["{i} = 0", "while {i} < " + source.length + ":"]
        take = ["{x} = " + source.value_at, "{i} += 1"]
    return head + indent(take + body_lines(spec, style))


def comprehensions(spec):
    """The values, then those kept and changed, each in a list of its own."""
    source, condition = component(spec, "source"), component(spec, "keep").condition
    value = component(spec, "change").value
    only = f" if {condition}" if condition else ""
    return ["{values} = [" + f"{source.value} for {source.target} in {source.over}]",
            "{y}s = [" + value + " for {x} in {values}" + only + "]"]


def render(spec, rng=None, wide=False, plain=False):
    """A program for the spec, style and names drawn by rng (None: always the same)."""
    style = random_style(rng or random.Random(0), wide, plain)
    lines = [component(spec, "source").header]
    start = "{r} = " + component(spec, "fold").start
    if style.loop == "comprehension":
        lines += [*comprehensions(spec), start, "for {y} in {y}s:", *indent(fold_lines(spec))]
    elif style.loop == "while":
        lines += [start, *while_loop(spec, style)]
    else:
        lines += [start, *for_loop(spec, style)]
    lines.append(f"print({component(spec, 'final').value})")
    if style.function:
        lines = ["def main():", *indent(lines), "", "", "main()"]
    return "\n".join(lines).format(**style.names) + "\n"


@lru_cache(maxsize=200_000)
def spec_class(spec):
    """Class of every program of this spec, whatever its style (a test checks that styles agree);
    "" when its output never varies."""
    outputs = outputs_on(render(spec), FIXED_INPUTS[spec.kind])
    return class_of("", spec.kind, outputs) if len(set(outputs)) > 1 else ""


# ------------------------------------------------------------------------------------------------
# Scratch programs: no composition. One function a shape; each returns the lines of a program.

class Scribbler:
    """Draws expressions over the variables that are known so far. practice: their numbers have two
    digits, too, as results have that loops come to."""
    def __init__(self, rng, top, practice):
        self.rng, self.top, self.practice = rng, top, practice
        self.names = rng.sample("abcdfghkmnpquvwz", 4)
        self.known = []     # variables that have a value
        self.digits = []    # those whose value is a number written in the program

    def number(self):
        return str(self.rng.randint(0, 50 if self.practice else self.top))

    def variable(self):
        return self.rng.choice(self.known)

    def arithmetic(self):
        """Two operands, sometimes three; products of plain numbers only, which is what the small
        model has a chance to learn."""
        rng = self.rng
        if self.practice and self.known and rng.random() < 0.3:
            return f"{self.variable()} % {rng.randint(2, 5)}"
        if not self.practice and rng.random() < 0.3:
            return f"{rng.choice([*self.digits, self.number()])} * {self.number()}"
        left = self.variable() if self.known and rng.random() < 0.7 else self.number()
        text = f"{left} {rng.choice('+-')} {self.number()}"
        if rng.random() < 0.2:
            text += f" {rng.choice('+-')} {self.number()}"
        return text

    def condition(self):
        left = self.variable()
        sign = self.rng.choice(("<", ">", "==", "<=", ">=", "!="))
        return f"{left} {sign} {self.rng.choice([*self.known, self.number()])}"

    def assignments(self):
        """One to three variables get a value."""
        lines = []
        for name in self.names[:self.rng.randint(1, 3)]:
            value = self.arithmetic() if self.known and self.rng.random() < 0.6 else self.number()
            lines.append(f"{name} = {value}")
            self.known.append(name)
            if value.isdigit():
                self.digits.append(name)
        return lines


def straight(s):
    lines = s.assignments()
    return [*lines, f"print({s.arithmetic() if s.rng.random() < 0.6 else s.variable()})"]


def branch(s):
    lines = s.assignments()
    lines += [f"if {s.condition()}:", f"    print({s.arithmetic()})"]
    if s.rng.random() < 0.4:
        lines += [f"elif {s.condition()}:", f"    print({s.variable()})"]
    if s.rng.random() < 0.7:
        shown = s.arithmetic() if s.rng.random() < 0.5 else s.variable()
        return [*lines, "else:", f"    print({shown})"]
    return [*lines, f"print({s.variable()})"]


def loop(s):
    rng, i = s.rng, s.names[3]
    lines = s.assignments()
    low, r = rng.randint(0, 4), s.variable()
    wide = rng.random() < 0.6
    bounds = f"{low}, {low + rng.randint(1, 4)}" if wide else rng.randint(2, 4)
    sign = rng.choice(("+=", "-="))
    step = rng.choice((i, s.number(), s.variable()))
    lines += [f"for {i} in range({bounds}):", f"    {r} {sign} {step}"]
    if rng.random() < 0.7:
        return [*lines, f"print({rng.choice((r, f'{r} + {i}'))})"]
    return [*lines, f"    print({rng.choice((i, r))})"]


def nested(s):
    r, a, b, _ = s.names
    return [f"{r} = {s.number()}",
            f"for {a} in range({s.rng.randint(2, 3)}):",
            f"    for {b} in range({s.rng.randint(1, 3)}):",
            f"        {r} += {s.rng.choice((a, b, f'{a} * {b}', f'{a} + {b}'))}",
            f"print({r})"]


def list_work(s):
    rng, x = s.rng, s.names[0]
    more, less = f"{x} + {rng.randint(1, 5)}", f"{x} - {rng.randint(1, 5)}"
    work = [f"out.append({rng.choice((more, f'{x} * 2', less, x))})"]
    if rng.random() < 0.6:
        condition = f"{x} {rng.choice(('<', '>', '!='))} {rng.randint(1, s.top - 1)}"
        work = [f"if {condition}:", *indent(work)]
    head = ["nums = list(map(int, input().split()))", "out = []", f"for {x} in nums:"]
    return [*head, *indent(work), rng.choice(("print(*out)", "print(len(out))", "print(out)"))]


def text_work(s):
    rng, (x, t, _, _) = s.rng, s.names
    digit, some = rng.randint(0, 9), rng.random() < 0.5
    before, after = f"{t} = {x} + {t}", f"{t} = {t} + {x}"
    if some:
        work = [f"if {x} != '{digit}':", "    " + rng.choice((after, before))]
    else:
        work = [rng.choice((before, after))]
    end = rng.choice((f"print({t})", f"print(len({t}))"))
    return ["s = input()", f"{t} = ''", f"for {x} in s:", *indent(work), end]


def scratch(rng, knobs, practice=False):
    """A small program that is no composition -> (code, kind of its input: none, list or digits)."""
    scribbler = Scribbler(rng, knobs["top"], practice)
    shape = rng.choice((straight, straight, branch, branch, loop, nested, list_work, text_work))
    kind = {list_work: "list", text_work: "digits"}.get(shape, "none")
    return "\n".join(shape(scribbler)) + "\n", kind


# ------------------------------------------------------------------------------------------------
# Inputs.

LETTERS = {"digits": "0123456789", "word": "abcdefghijklmnopqrstuvwxyz"}


def draw_input(kind, rng, knobs, length):
    """One stdin of the kind; `length` is the range of item counts (for kind n: of n itself)."""
    size = rng.randint(*length)
    if kind == "none":
        return ""
    if kind == "n":
        return str(size)
    if kind in LETTERS:
        return "".join(rng.choice(LETTERS[kind]) for _ in range(size))
    return " ".join(str(rng.randint(0, knobs["top"])) for _ in range(size))


def fixed_inputs():
    """The inputs that tell behaviours apart. Never change them: they decide every split."""
    rng = random.Random(20260403)
    inputs = {"n": [str(n) for n in range(64)], "none": [""]}
    for kind in ("list", "digits", "word"):
        inputs[kind] = [draw_input(kind, rng, SIZES["cpu"], (2, 7)) for _ in range(64)]
    return inputs


FIXED_INPUTS = fixed_inputs()


def behaviour_class(code, kind):
    """Class of one of OUR programs (runs it here)."""
    return class_of(code, kind, outputs_on(code, FIXED_INPUTS[kind]))


# ------------------------------------------------------------------------------------------------
# Mutants: programs broken on purpose.

def change_arithmetic(node, rng):
    """No new products: they would soon have many digits."""
    node.op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()


def change_comparison(node, rng):
    signs = ast.Lt, ast.Gt, ast.LtE, ast.GtE, ast.Eq, ast.NotEq
    node.ops[0] = rng.choice([sign for sign in signs if sign is not type(node.ops[0])])()


def change_constant(node, rng):
    near = range(max(0, node.value - 2), node.value + 3)
    node.value = rng.choice([value for value in near if value != node.value])


def change_name(spot, rng):
    node, names = spot
    node.id = rng.choice([name for name in names if name != node.id])


def drop_condition(spot, rng):
    """The branch's body always runs."""
    body, k = spot
    body[k:k + 1] = body[k].body


def drop_assignment(spot, rng):
    body, k = spot
    del body[k]


WEIGHTS = {change_arithmetic: 4, change_comparison: 4, change_constant: 5, change_name: 2,
           drop_condition: 2, drop_assignment: 1}
CRASHES = change_name, drop_assignment


def mutate(code, rng, crash=False):
    """The program with one place of its syntax tree changed or, one time in twelve, with a
    character missing so that it may not parse. crash: one that probably ends in an exception."""
    if rng.random() < (1 / 5 if crash else 1 / 12):
        k = rng.choice([k for k, ch in enumerate(code) if ch in ":()=["])
        return code[:k] + code[k + 1:]
    tree = ast.parse(code)
    spots = {change: [] for change in WEIGHTS}
    names = sorted({name.id for name in names_in(tree)} - RESERVED | {"q", "u"})  # mostly unknown
    for node in ast.walk(tree):
        if isinstance(node, (ast.BinOp, ast.AugAssign)):
            spots[change_arithmetic].append(node)
        elif isinstance(node, ast.Compare):
            spots[change_comparison].append(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, int):
            spots[change_constant].append(node)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
            spots[change_name].append((node, names))
        elif isinstance(node, (ast.Module, ast.FunctionDef, ast.For, ast.While, ast.If)):
            for k, line in enumerate(node.body):
                if isinstance(line, ast.If):
                    spots[drop_condition].append((node.body, k))
                elif isinstance(line, ast.Assign) and len(node.body) > 1:
                    spots[drop_assignment].append((node.body, k))
    possible = [change for change in WEIGHTS if spots[change]]
    if crash:
        possible = [change for change in CRASHES if spots[change]] or possible
    change = rng.choices(possible, [WEIGHTS[change] for change in possible])[0]
    change(rng.choice(spots[change]), rng)
    return ast.unparse(tree) + "\n"


# ------------------------------------------------------------------------------------------------
# What a world must have: programs with an input, and problems.

def random_program(rng, knobs, split, set_):
    """Some programs are scratch (knobs). One in five is a mutant (of either). To train on: twice as
    many scratch ones, which teach to look names up, half of them with larger numbers; half of the
    mutants crash; a third keeps the names that solutions have."""
    kind, spec, practice = "plain", None, split == "train" and rng.random() < 0.5
    if rng.random() < knobs["scratch"] * (2 if split == "train" else 1):
        kind = "scratch"
        code, input_kind = scratch(rng, knobs, practice)
        if set_ == "longer" and input_kind == "none":
            return None
    else:
        spec = random_spec(rng, knobs)
        code, input_kind = render(spec, rng, knobs["wide"]), spec.kind
    if rng.random() < 0.2:
        kind = "mutant"
        code = mutate(code, rng, crash=practice)
    cls = spec_class(spec) if kind == "plain" else behaviour_class(code, input_kind)
    if not cls or split_of(cls) != split:
        return None
    if split != "train" or rng.random() < 2 / 3:
        code = renamed(code, rng, unseen=set_ == "new_names")
    length = knobs["longer" if set_ == "longer" else "short"]
    return Program(code, draw_input(input_kind, rng, knobs, length), cls, kind)


def random_problem(rng, knobs, split, n_vague):
    """One problem with so many vague phrases; None if this draw does not qualify. Checked by
    running: every other reading fails a public test and fails a hidden test; all readings lie in
    the same split (outside training, of several vague phrases, the right one)."""
    spec = random_spec(rng, knobs)
    slots = [slot for slot in OPEN if open_phrase(spec, slot)]
    if len(slots) < n_vague:
        return None
    vague = frozenset(rng.sample(slots, n_vague))
    cls, others = spec_class(spec), []
    for reading in readings(spec, vague):
        other_cls = spec_class(reading)
        apart = n_vague < 2 or split == "train" or reading == spec
        if not other_cls or apart and split_of(other_cls) != split:
            return None
        if reading != spec:
            if other_cls == cls:
                return None
            others.append(reading)
    solution = render(spec, rng, knobs["wide"], plain=True)
    tests = random_tests(spec.kind, solution, others, rng, knobs)
    if tests is None:
        return None
    problem = Problem(statement(spec, vague), spec.kind, n_vague, *tests, solution, cls)
    if split == "train":
        for reading in sorted([spec, *others]):
            problem.tries += try_on(reading, *problem.public[0])
        add_wrong_attempt(problem, spec, others, vague, rng, knobs)
    return problem


def random_tests(kind, solution, others, rng, knobs):
    """(2 or 3 public tests, 8 hidden ones), each part refuting every other reading; None if eight
    attempts found none."""
    for _ in range(8):
        n_public = rng.randint(2, 3)
        lengths = [knobs["short"]] * (n_public + 6) + [knobs["longer"]] * 2
        inputs = dict.fromkeys(draw_input(kind, rng, knobs, length) for length in lengths * 2)
        inputs = list(inputs)  # each once, in order
        if len(inputs) < len(lengths):  # kind n has few: the hidden ones reach further
            public = inputs[:n_public]
            inputs = public + [str(n) for n in range(1, 16) if str(n) not in public]
        inputs = inputs[:len(lengths)]
        want = outputs_on(solution, inputs)
        refuted = True
        for other in others:
            got = outputs_on(render(other), inputs)
            if got[:n_public] == want[:n_public] or got[n_public:] == want[n_public:]:
                refuted = False
        if refuted:
            tests = [[stdin, stdout.strip()] for stdin, stdout in zip(inputs, want)]
            return tests[:n_public], tests[n_public:]
    return None


def add_wrong_attempt(problem, spec, others, vague, rng, knobs):
    """What a learner might have written instead: another reading, or one component misread; with
    its outcomes on the public tests and what is wrong about it."""
    inputs, want = zip(*problem.public)
    for _ in range(6):
        if others and rng.random() < 0.9:
            wrong = rng.choice(others)
        else:
            slot = rng.choice(("keep", "change", "fold", "final"))
            wrong = replace(spec, **{slot: getattr(random_spec(rng, knobs), slot)})
        code = render(wrong, rng, knobs["wide"], plain=True)
        outputs = outputs_on(code, inputs)
        failed = [k for k, output in enumerate(outputs) if output.strip() != want[k]]
        cls = spec_class(wrong)
        if not failed or not cls or split_of(cls) != "train":
            continue
        problem.repair = diagnosis(wrong, spec, vague, *problem.public[failed[0]])
        if problem.repair:
            problem.wrong, problem.wrong_outcomes = code, [[output, ""] for output in outputs]
            return
