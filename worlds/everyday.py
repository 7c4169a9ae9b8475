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

A program reads a list, a number, a word or nothing. everyday.txt has ten thousand, each of
another form, that a language model wrote when it was asked for what people type: the seeds. A seed
is "# 4 | 9", examples of its input with | between, and its program; an empty line ends it. Drawn
are: four in ten, the statements of two seeds shuffled, each in its order (`woven`); four in ten,
a seed as it is; the others, and a quarter of those that are woven, with one of their names for
another or two lines the other way round (`shaken`): only the program says what comes next. Some
numbers, signs and texts in quotes are drawn anew (`varied`). Left out is what takes more than
SENTENCES sentences or comes to numbers beyond LARGEST, what runs on, and all but two in a hundred
of those that crash but for the mutants, and whatever ends in NameError. Every tenth seed of a kind
of input is held out: validation and test have programs of these alone (so new seeds go to the end).
There are no problems.

Told in the words of worlds/tinypy.py, names before values, and in smaller steps (Stepwise): of a
loop what is yet to come, of a list's or text's items their places, what `in` and `max` have gone
through, divisions by tens, prints part by part. The vocabulary has tokens for common names
(lab.vocab learnt it, of this world at f0b356b); most programs keep their names, in a third all are
made up: letters, other words, a few syllables. What is read, in quotes or (but for signs and quotes
in it) printed is a token a letter (SPELLED), for it is copied, counted and walked through letter by
letter.

Splits are also by behaviour, where another printed word is another behaviour.
"""

import ast
import random
import re
from contextlib import suppress
from functools import cache
from itertools import repeat
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import trace
from rounds import (
    ATOM,
    PENDING,
    Untold,
    comparison,
    distinct,
    infix,
    is_print,
    literal,
    named,
    side_by_side,
    targets,
    value_of,
)
from worlds import (
    NAME_OR_TEXT,
    RESERVED,
    UNSEEN,
    Program,
    class_of,
    outputs_on,
    renamed,
    split_of,
    tinypy,
)
from worlds.contest import mutate

VOCABULARY = Path(__file__).with_suffix(".tiktoken")
SPELLED = r"""(?x)(
      (?<=Input:\n) [^\n]+  |  (?<=We[ ]read[ ]) [^\n]*? (?=,[ ]so)                # what is read
    | '(?:[^'\\\n]|\\.)*'  |  "(?:[^"\\\n]|\\.)*"                                   # in quotes
    | (?:(?<=We[ ]print[ ]) | (?<=[ ]=[ ]) | (?<=->[ ])) (?=[^=\n]*[A-Za-z])
      (?!(?:True|False)\.\n | [^=\n]*,[ ](?:last|rest|none)\b) [^='"\n]* (?=\.\n)   # printed
    | (?<=<output>\n) (?s:.*?) (?=<error>|</output>))"""
SIZES = {"cpu": dict(short=(3, 5), longer=(6, 7))}
LINES, SENTENCES, LARGEST = 9, 40, 99
LIMITS = {"max_turns": 300, "max_size": 300, "max_bits": 10}   # of runs; beyond: Timeout
# of words that are made up; what is there twice comes twice as often
ONSETS = "b c d f g h j k l m n p r s t v w y z b c d g l m p r s t th st br ch pl sh gr".split()
VOWELS = "a e i o u a e i o u a e o ee oo ea ou ai".split()
CODAS = [""] * 18 + "n r s t l ck nd ll ss d m p".split()
SIGNS = ("<", ">", "<", ">", "==", "<=", ">=", "!=")
QUOTED = r"""'[^'\n]*'|"[^"\n]*\""""
# What `varied` draws anew, a sign among its like; blanks that may be left out; a statement with its
# body and its else.
ALIKE = SIGNS[1:], ("+", "-", "*"), ("%", "//"), ("and", "or"), ("+=", "-="), ("True", "False")
VARIED = re.compile(QUOTED + r"|\b(?:\d+|True|False)\b"
                    r"|(?<= )(?:[-+*%<>]|//|[-+<>=!]=|and|or)(?= )")
BLANKS = re.compile(QUOTED + "| [-+*%=<>!]+ |, ")
BLOCK = re.compile(r"^(?!else|elif)\S.*\n(?:(?: |else|elif).*\n)*", re.M)


# --------------------------------------------------------------------------------------------------
# What a small model would have to count or to find in one step is told in several.

def places(items, first, step=1):
    """'0: 4, 1: 2'"""
    return ", ".join([f"{first + k * step}: {item!r}" for k, item in enumerate(items)])


def subscript(frame, node):
    """xs[i + 1] is xs[i + 1 = 1 + 1 = 2] = xs[0: 3, 1: 8, 2: 4] = 4; of the first two and the last
    nothing is listed."""
    place, worked_out = node.slice, isinstance(node.slice, ast.BinOp)
    stages = list(frame.infix(frame, place) if worked_out else frame.rounds(place))
    texts = distinct([text for text, _, _ in stages])
    if worked_out:
        texts = [" = ".join(texts)]
    stages = [(text, ATOM, stages[-1][2]) for text in texts]
    name = isinstance(node.value, ast.Name)
    part = named(frame, node.value) if name else frame.rounds(node.value)
    _, (items, k) = yield from side_by_side("%s[%s]", [part, iter(stages)])
    source = node.value.id if name else repr(items)
    item = items[k]
    if k > 1:
        yield f"{source}[{places(items[:k + 1], 0)}]", ATOM, PENDING
    elif k < -1:
        yield f"{source}[{places(items[:k - 1:-1], -1, -1)}]", ATOM, PENDING
    yield literal(repr(item), item)


def called(frame, node):
    """len(xs) = len(1: 3, 2: 8) = 2; max(xs) = max([3, 8, 4]) = max([8, 4]) = 8"""
    name, argument = node.func.id, node.args[0]
    if name == "range":
        yield from tinypy.as_call("range(%s)", frame, node.args, lambda ends: range(*ends))
        return
    if node.keywords:
        raise Untold
    if len(node.args) > 1 or name not in ("len", "max", "min"):
        yield from tinypy.sum_or_other(frame, node)
        return
    by_name = name == "len" and isinstance(argument, ast.Name)
    part = named(frame, argument) if by_name else frame.rounds(argument)
    _, [items] = yield from side_by_side(f"{name}(%s)", [part])
    if items is PENDING:
        return
    value = frame.functions[name](items)
    if name == "len":
        yield f"len({places(items, 1)})", ATOM, PENDING
    elif isinstance(items, list):
        while len(items) > 2:
            items = [frame.functions[name](items[:2]), *items[2:]]
            yield f"{name}({items})", ATOM, PENDING
    yield literal(repr(value), value)


def compared(frame, node):
    """8 in [3, 8, 4] = 8 in [8, 4] = True. A letter among those that the program has in quotes is
    known at once."""
    one, others = node.left, node.comparators[0]
    if not isinstance(node.ops[0], ast.In | ast.NotIn) or len(node.ops) > 1:
        yield from comparison(frame, node)
        return
    sign, strength, holds = frame.operators[type(node.ops[0])]
    parts = [frame.rounds(one), frame.rounds(others)]
    _, (item, items) = yield from side_by_side(f"%s {sign} %s", parts, strength, repeat(2))
    if PENDING in (item, items):
        return
    value, known = holds(item, items), isinstance(others, ast.Constant) or item == ""
    if isinstance(items, list) or isinstance(items, str) and len(item) == 1 and not known:
        while items and items[0] != item:
            items = items[1:]
            yield f"{item!r} {sign} {items!r}", strength, PENDING
    yield literal(repr(value), value)


def divided(frame, node):
    """44 // 3 = 10 + 14 // 3 = 14, and 42 % 18 = 24 % 18 = 6 % 18 = 6: tens first; by more than ten
    one at a time; by 1, 2 and 10 at once."""
    if not isinstance(node.op, ast.FloorDiv | ast.Mod):
        yield from infix(frame, node)
        return
    sign, strength, function = frame.operators[type(node.op)]
    template, parts = f"%s {sign.replace('%', '%%')} %s", map(frame.rounds, (node.left, node.right))
    _, (a, b) = yield from side_by_side(template, [*parts], strength, [strength, strength + 1])
    if PENDING in (a, b):
        return
    value, times = function(a, b), 0
    whole = isinstance(a, int) and isinstance(b, int)
    while whole and 2 < b != 10 and a >= (b if b > 10 else 10 * b):
        more = a // b // 10 * 10 or 1
        a, times = a - more * b, times + more
        left = f"{a} {sign} {b}"
        yield (f"{times} + {left}", 6, PENDING) if sign == "//" else (left, strength, PENDING)
    yield literal(repr(value), value)


def tell_for(frame):
    """for x in xs = [3, 8]. / Turn 1: x = 3, rest [8]. / Turn 2: x = 8, rest []. Of a range: Turn
    1: i = 1, last 2. What comes next, and whether something does, stands in the turn before."""
    node, told, begins = frame.node, trace.tell_for(frame), frame.node not in frame.items
    if begins:
        texts, frame.items[node] = frame.gone_through(node)
    items = frame.items[node]
    if not frame.inside:
        del frame.items[node]
    if items is None:
        return told
    if frame.inside and isinstance(items, range):
        told = f"{told[:-1]}, last {items[-1]}."
    elif frame.inside:
        told = f"{told[:-1]}, rest {frame.now_of(node, items)[frame.turns[node]:]!r}."
    if not begins:
        return told
    if isinstance(items, range):
        texts.append(f"{texts.pop()}, last {items[-1]}" if items else f"{texts.pop()}, none")
    return f"for {node.target.id} in {' = '.join(texts)}.\n{told}"


def tell_expression(frame):
    """We print 'sum', a + b = 3 + 4 = 7 -> sum 7. What is printed comes part by part, with all
    rounds."""
    call = frame.node.value
    if not is_print(call):
        return trace.tell_expression(frame)
    printed = frame.event.extra.strip() or "an empty line"
    try:
        parts = [distinct(frame.chain(part)[0]) for part in call.args]
    except Untold:
        parts = []
    if len(parts) > 1:
        return f"We print {', '.join(map(' = '.join, parts))} -> {printed}."
    return trace.tell_printed([text for part in parts for text in part[:-1]] + [printed])


class Stepwise(tinypy.NamesFirst):
    """A call in progress, told in these steps; Parts: operands of its operations."""
    forms = {**tinypy.NamesFirst.forms, ast.Subscript: subscript, ast.Call: called,
             ast.Compare: compared}
    sentences = {**trace.SENTENCES, ast.For: tell_for, ast.Expr: tell_expression}
    infix = staticmethod(divided)

    def __init__(self, name):
        super().__init__(name)
        self.items = {}  # of each for statement that is going on

    def gone_through(self, node):
        """-> rounds of what a for statement goes through, and that: a list, text or range; else
        None"""
        try:
            texts, items, error = self.chain(node.iter)
        except Untold:
            return [], None
        known = isinstance(node.target, ast.Name) and isinstance(items, list | str | range)
        return distinct(texts), None if error or not known else items

    def now_of(self, node, items):
        """A list may grow while it is gone through; another one under its name is not meant."""
        name, grown = getattr(node.iter, "id", ""), set()
        for part in ast.walk(node):
            if isinstance(part, ast.AugAssign):
                grown.update(targets(part))
        if not isinstance(items, list) or name in {"", *targets(node)} - grown:
            return items
        return value_of(self.before[name])

    def told(self, node, final, end=""):
        """A condition that is a name, an item or no truth value is told with what it comes to:
        i // 2: 3 // 2: 1 is true."""
        rounds = super().told(node, final, end)
        with suppress(Untold):
            bare = isinstance(node, ast.Name | ast.Subscript)
            if node is getattr(self.node, "test", None) and (
                    bare or not isinstance(self.last(node)[2], bool)):
                return [*distinct(self.chain(node)[0]), final]
        return rounds


class Parts(tinypy.Operands):
    forms, infix = {**Stepwise.forms, ast.BinOp: tinypy.operand}, staticmethod(divided)


Stepwise.operands = Parts


def narrate(run, seed=0):
    """In one wording: a second one would have to be guessed."""
    lines = tinypy.narrate(run, 0, Stepwise)
    return "\n".join(lines).split("\n")


TELLER = SimpleNamespace(record=trace.record, narrate=narrate)


class Seed(NamedTuple):
    kind: str      # of its input, guessed: digits is a word whose first example is digits
    inputs: list   # examples
    code: str


def kind_of(code, stdin):
    for text, kind in (("input().split", "list"), ("int(input", "n")):
        if text in code:
            return kind
    if "input()" not in code:
        return "none"
    return "digits" if stdin.isdigit() else "word"


def read_seeds(text):
    seeds = []
    for part in text.split("\n\n"):
        head, code = part.strip().split("\n", 1)
        inputs = head[1:].strip().split(" | ")
        seeds.append(Seed(kind_of(code, inputs[0]), inputs, code + "\n"))
    return seeds


SEEDS = read_seeds(Path(__file__).with_suffix(".txt").read_text())
KINDS = "none", "list", "n", "word", "digits"
SEEDS_OF = {kind: [seed for seed in SEEDS if seed.kind == kind] for kind in KINDS}
HELD_OUT = {kind: seeds[9::10] for kind, seeds in SEEDS_OF.items()}
TRAINING = {kind: [seed for k, seed in enumerate(seeds) if k % 10 < 9]
            for kind, seeds in SEEDS_OF.items()}
SAID = [word for seed in SEEDS for text in re.findall(QUOTED, seed.code)
        for word in re.findall("[A-Za-z]{2,}", text)]


def varied(code, like, rng):
    """The program with other numbers, signs and texts in quotes: none, some or many of them, the
    same text everywhere. -> it, and the example of its input, likewise"""
    share, words = rng.choice((0, 0.2, 0.5)), {}

    def other(match):
        text = match[0]
        if text[0] in "'\"":
            said = text[1:-1]
            if said not in words:
                words[said] = other_words(said, rng) if rng.random() < share else said
            return text[0] + words[said] + text[0]
        if rng.random() > share * (0.5 if text in ("0", "1") else 1):
            return text
        if text.isdigit():
            number, by = int(text), 2 + int(text) // 3
            return str(rng.randint(max(0, number - by), number + by))
        for signs in ALIKE:
            if text in signs:
                return rng.choice(signs)
        return text
    code = VARIED.sub(other, code)
    letters = {old: new for old, new in words.items() if len(old) == 1 and new.isalpha()}
    if like.isalpha():
        like = words.get(like, like.translate(str.maketrans(letters)))
    return code, like


def other_words(text, rng):
    if len(text) == 1:
        return rng.choice("aeioubst*-+.# |")

    def other(match):
        drawn = rng.choice((made_up(rng), rng.choice(SAID), rng.choice(SAID)))
        return drawn.title() if match[0].istitle() else drawn
    return text if text == "aeiou" else re.sub("[A-Za-z]{2,}", other, text)


def shaken(code, rng):
    """The program with another of its names at one place, or with two lines that follow one
    another, no heads of a block, the other way round."""
    spots = [spot for spot in NAME_OR_TEXT.finditer(code)
             if spot[0][0] not in "'\"" and spot[0] not in RESERVED]
    names = sorted({spot[0] for spot in spots})
    if len(names) > 1 and rng.random() < 0.6:
        spot = rng.choice(spots)
        names.remove(spot[0])
        return code[:spot.start()] + rng.choice(names) + code[spot.end():]
    lines = code.splitlines(True)
    depths = [len(line) - len(line.lstrip()) if line[-2] != ":" else -k
              for k, line in enumerate(lines, 1)]
    pairs = [k for k in range(1, len(lines)) if depths[k - 1] == depths[k]]
    if pairs:
        k = rng.choice(pairs)
        lines[k - 1:k + 1] = lines[k], lines[k - 1]
    return "".join(lines)


@cache
def kinds_at_end(code, stdin):
    """-> {variable: what it holds at the end: a number, a text, a list (made), a truth value}"""
    texts = {}
    for event in TELLER.record(code, stdin, max_events=300).events:
        texts |= event.changes
    kinds = {"'": "text", '"': "text", "[": "made", "T": "flag", "F": "flag"}
    return {name: kinds.get(text[0], "number") for name, text in texts.items()}


def woven(one, two, rng):
    """A program of the statements of two, shuffled, each in its order; if both read, the second's
    stand behind the read. Names of the second are other ones than the first's, but for what is
    read, and a third of those that hold the same kind of thing."""
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
    parts, blocks = [BLOCK.findall(one.code), others], []
    while len(reads) == 2 and "input(" not in "".join(blocks):
        blocks.append(parts[0].pop(0))
    order = [0] * len(parts[0]) + [1] * len(parts[1])
    rng.shuffle(order)
    blocks += [parts[which].pop(0) for which in order]
    while sum(block.count("\n") for block in blocks) > LINES:
        blocks.remove(rng.choice([block for block in blocks if "input(" not in block]))
    return "".join(blocks)


def random_code(rng, seeds):
    """-> a program, the kind of its input, what that is like. seeds: by kind"""
    form, one = rng.random(), rng.choice(sum(seeds.values(), []))
    code, like = one.code, rng.choice(one.inputs)
    if form < 0.4:
        kinds = one.kind, one.kind, one.kind, "none"
        code = woven(one, rng.choice(seeds[rng.choice(kinds)]), rng)
    if 0.3 < form < 0.6:
        code = shaken(code, rng)
    return *varied(code, like, rng), one.kind


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
        low, high = min(numbers), max(numbers)
        numbers = range(low - abs(low) // 3, high + abs(high) // 4 + 1)
        if rng.random() < 0.3:
            numbers = rng.choices(numbers, k=rng.randint(1, 3))   # some come again
        numbers = rng.choices(numbers, k=size)
        return " ".join(map(str, sorted(numbers) if rng.random() < 0.1 else numbers))
    if kind == "digits":
        return "".join(str(rng.randint(0, 9)) for _ in range(size))
    if kind == "n":
        number = int(like or size) + (size > 5)
        drawn = number + rng.randint(-2 - abs(number) // 4, 3 + abs(number) // 4)
        return str(drawn if number < 0 else max(0, drawn))
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
    if len([*filter(None, run.code.split("\n"))]) > LINES:
        return False
    numbers = re.findall(r"\d+", re.sub(r"We read \S+|'.*?'", "", "\n".join(lines)))
    return 0 < len(lines) <= SENTENCES and all(len(n) < 4 and int(n) <= LARGEST for n in numbers)


def random_program(rng, knobs, split, set_):
    """One in fifteen is a mutant; of others that crash two in a hundred stay."""
    code, like, kind = random_code(rng, TRAINING if split == "train" else HELD_OUT)
    if code.count("\n") > LINES or set_ == "longer" and kind == "none":
        return None
    sort = "mutant" if rng.random() < 1 / 15 else "plain"
    code = typed(mutate(code, rng) if sort == "mutant" else code, rng)
    stdin = draw_input(kind, rng, knobs["longer" if set_ == "longer" else "short"], like)
    names = rng.random()
    if set_ == "new_names" or names > 0.8 or {*NAME_OR_TEXT.findall(code)} & {*UNSEEN}:
        code = renamed(code, rng, unseen=set_ == "new_names")
    elif names > 0.68:
        code = spelled(code, rng)
    if "Timeout" in outputs_on(code, [stdin], **LIMITS)[0]:
        return None  # TELLER would square a number for ever, or fill the memory with a text
    run = TELLER.record(code, stdin, max_events=4 * SENTENCES)
    if not fits(run) or run.error == "NameError":
        return None
    if run.error and sort == "plain" and rng.random() < 0.98:
        return None
    outputs = outputs_on(code, FIXED_INPUTS[kind], **LIMITS)
    cls = class_of(code, kind, outputs)
    if split_of(cls) != split or sum("Timeout" in output for output in outputs) > len(outputs) / 2:
        return None
    return Program(code, stdin, cls, sort)
