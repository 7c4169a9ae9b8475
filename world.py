"""The world of mini contests: programs, problems in words, wrong programs, and splits by behaviour.

    python tasks.py --show          # samples of everything made here

A *spec* is a composition: source of values x filter x map x fold x final step. From one spec come a statement in words, programs in
several styles, and (through other readings of a vague phrase) other specs. Around them: *scratch* programs that are no composition
(straight-line arithmetic, nested ifs and loops, small string and list work), and *mutants*, programs broken on purpose.

Splits are by behaviour: a program's class is a hash of what it prints on 64 fixed inputs of its kind, and the class alone decides
whether it may be trained on, chosen by, or tested on. Two programs that do the same thing can therefore never stand on both sides.

Everything here is ours and therefore trusted: it runs in this process. Programs from a model go through `heldout` (sandbox).
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import itertools
import json
import random
from dataclasses import dataclass, field, replace
from functools import lru_cache

# ---------------------------------------------------------------------------------------------------------------------------
# Knobs: how large the world is. `cpu` is learnt in minutes by 0.7M parameters; `gpu` is wide.

KNOBS = {
    "cpu": dict(top=9, short=(3, 5), longer=(6, 7), constants=(1, 2, 3, 4, 5), wide=False),
    "gpu": dict(top=99, short=(3, 8), longer=(9, 12), constants=tuple(range(1, 21)), wide=True),
}

# ---------------------------------------------------------------------------------------------------------------------------
# Components. A component is (name, constant); the tables give its words and its code. {c} is the constant, {x} {y} {r} are names.

SOURCES = {"list": "Read a list of numbers.", "range": "Read n and take 1 to n.",
           "digits": "Read a number and take its digits.", "gaps": "Read a list and take the gaps between neighbours.",
           "letters": "Read a word and take the place of each letter in the alphabet."}  # the last one only in the wide world
KEEP = {  # filter: words, condition, negated condition
    "all": ("", "", ""),
    "even": ("Keep the even ones.", "{x} % 2 == 0", "{x} % 2 == 1"),
    "odd": ("Keep the odd ones.", "{x} % 2 == 1", "{x} % 2 == 0"),
    "above": ("Keep those above {c}.", "{x} > {c}", "{x} <= {c}"),
    "below": ("Keep those below {c}.", "{x} < {c}", "{x} >= {c}"),
    "threes": ("Keep the multiples of 3.", "{x} % 3 == 0", "{x} % 3 != 0"),
}
CHANGE = {  # map: words, expression
    "same": ("", "{x}"), "add": ("Add {c} to each.", "{x} + {c}"), "sub": ("Subtract {c} from each.", "{x} - {c}"),
    "double": ("Double each.", "{x} * 2"), "square": ("Square each.", "{x} * {x}"),
    "mod": ("Take each modulo {c}.", "{x} % {c}"),  # wide world only
}
FOLD = {  # fold: words, initial value, condition or "", update
    "sum": ("the sum", "0", "", "{r} += {y}"), "count": ("the count", "0", "", "{r} += 1"),
    "max": ("the largest, at least 0", "0", "{y} > {r}", "{r} = {y}"),
    "min": ("the smallest, at most 99", "99", "{y} < {r}", "{r} = {y}"),
    "last": ("the last, or 0", "0", "", "{r} = {y}"),
    "flip": ("the result of value minus result, from 0", "0", "", "{r} = {y} - {r}"),
    "product": ("the product", "1", "", "{r} *= {y}"),  # wide world only
}
FINAL = {"none": ("", "{r}"), "plus": (", plus {c}", "{r} + {c}"), "minus": (", minus {c}", "{r} - {c}"),
         "mod": (", modulo {c}", "{r} % {c}")}
WIDE_ONLY = {"letters", "product", ("change", "mod")}

# Vague phrases: two readings each, told apart only by the public tests.
OPEN = {
    "keep": {frozenset(("even", "odd")): "Keep some by parity.", frozenset(("above", "below")): "Keep those on one side of {c}."},
    "change": {frozenset(("add", "sub")): "Shift each by {c}.", frozenset(("double", "square")): "Grow each."},
    "fold": {frozenset(("max", "min")): "the extreme", frozenset(("sum", "count")): "the total"},
    "final": {frozenset(("plus", "minus")): ", adjusted by {c}"},
}


@dataclass(frozen=True)
class Spec:
    """A composition. `keep`, `change`, `final` are (name, constant); the constant is 0 where the component has none."""
    source: str
    keep: tuple[str, int]
    change: tuple[str, int]
    fold: str
    final: tuple[str, int]

    @property
    def kind(self) -> str:
        """The kind of its input: list, n, digits or word."""
        return {"list": "list", "gaps": "list", "range": "n", "digits": "digits", "letters": "word"}[self.source]


def random_spec(rng: random.Random, knobs: dict) -> Spec:
    def pick(slot, table):
        name = rng.choice([n for n in table if knobs["wide"] or not {n, (slot, n)} & WIDE_ONLY])
        words = table[name][0]
        c = 0
        if "{c}" in words:
            c = rng.choice([k for k in knobs["constants"] if k > 1] if name == "mod" else knobs["constants"])
        return name, c
    return Spec(pick("source", {k: ("",) for k in SOURCES})[0], pick("keep", KEEP), pick("change", CHANGE),
                pick("fold", FOLD)[0], pick("final", FINAL))


def statement(spec: Spec, vague: frozenset = frozenset()) -> str:
    """The problem in words; slots named in `vague` use the phrase that leaves the reading open."""
    def words(slot, table, name, c):
        phrase = table[name][0]
        if slot in vague:
            phrase = next(p for pair, p in OPEN[slot].items() if name in pair)
        return phrase.format(c=c)
    parts = [SOURCES[spec.source], words("keep", KEEP, *spec.keep), words("change", CHANGE, *spec.change),
             "Print " + words("fold", FOLD, spec.fold, 0) + words("final", FINAL, *spec.final) + "."]
    return " ".join(p for p in parts if p)


def vague_slots(spec: Spec) -> list[str]:
    """Slots of this spec for which a vague phrase exists."""
    names = {"keep": spec.keep[0], "change": spec.change[0], "fold": spec.fold, "final": spec.final[0]}
    return [slot for slot, pairs in OPEN.items() if any(names[slot] in pair for pair in pairs)]


def readings(spec: Spec, vague: frozenset) -> list[Spec]:
    """Every spec that the vague statement could mean, this one first."""
    def other(slot):
        now = getattr(spec, slot)
        name = now if slot == "fold" else now[0]
        partner = next(n for pair in OPEN[slot] if name in pair for n in pair if n != name)
        return partner if slot == "fold" else (partner, now[1])
    slots = sorted(vague)
    options = [[{}, {slot: other(slot)}] for slot in slots]
    return [replace(spec, **{k: v for change in combo for k, v in change.items()}) for combo in itertools.product(*options)]


# ---------------------------------------------------------------------------------------------------------------------------
# Programs from a spec.

def render(spec: Spec, rng: random.Random | None = None, wide: bool = False) -> str:
    """A program for the spec, style and names drawn by rng (None: the plainest)."""
    rng = rng or random.Random(0)
    x, y = rng.choice(("xy", "vw", "ez"))
    r, items, i = rng.choice("rtm"), rng.choice(("nums", "data")), rng.choice("ij")
    loop = "while" if rng.random() < 0.15 else "for"
    skip, helper = rng.random() < 0.4, rng.random() < 0.5
    if wide and rng.random() < 0.2:
        loop = "comprehension"
    names = dict(x=x, r=r, c=0)
    condition, negated = KEEP[spec.keep[0]][1:]
    condition, negated = (t.format(x=x, c=spec.keep[1]) for t in (condition, negated))
    value = CHANGE[spec.change[0]][1].format(x=x, c=spec.change[1])
    _, start, better, update = FOLD[spec.fold]
    # An expression used twice, or negated, needs a name of its own.
    helper = value != x and "{y}" in update and (helper or bool(better) or loop == "comprehension")
    names["y"] = y if helper else value
    final = FINAL[spec.final[0]][1].format(r=r, c=spec.final[1])

    # How the values arrive: header lines, the loop's first line, lines that make x from it.
    if spec.source == "range":
        head, take, over = ["n = int(input())"], [], "range(1, n + 1)"
    elif spec.source == "digits":
        head, take, over = ["s = input()"], [f"{x} = int(d)"], "s"
    elif spec.source == "letters":
        head, take, over = ["s = input()"], [f"{x} = ord(d) - 96"], "s"
    elif spec.source == "gaps":
        head, take, over = [f"{items} = list(map(int, input().split()))"], [f"{x} = abs(a - b)"], f"zip({items}, {items}[1:])"
    else:
        head, take, over = [f"{items} = list(map(int, input().split()))"], [], items
    target = {"digits": "d", "letters": "d", "gaps": "a, b"}.get(spec.source, x)

    lines = list(head)
    if loop == "comprehension":
        element = {"digits": "int(d)", "letters": "ord(d) - 96", "gaps": "abs(a - b)"}.get(spec.source)
        lines.append(f"{items[0]}s = [{element or x} for {target} in {over}]")
        lines += [f"{y}s = [{value} for {x} in {items[0]}s" + (f" if {condition}]" if condition else "]"), f"{r} = {start}"]
        body, inner = [], [f"for {y} in {y}s:"]
        names["y"] = y
    elif loop == "while" and spec.source != "range":
        bound = f"len({'s' if head[0].startswith('s =') else items})" + (" - 1" if spec.source == "gaps" else "")
        lines += [f"{r} = {start}", f"{i} = 0", f"while {i} < {bound}:"]
        body = {"digits": [f"{x} = int(s[{i}])"], "letters": [f"{x} = ord(s[{i}]) - 96"],
                "gaps": [f"{x} = abs({items}[{i}] - {items}[{i} + 1])"]}.get(spec.source, [f"{x} = {items}[{i}]"]) + [f"{i} += 1"]
    elif loop == "while":
        lines += [f"{r} = {start}", f"{x} = 0", f"while {x} < n:"]
        body = [f"{x} += 1"]
    else:
        lines += [f"{r} = {start}", f"for {target} in {over}:"]
        body = take
    work = ([f"{y} = {value}"] if helper and loop != "comprehension" else []) + (
        [f"if {better.format(**names)}:", "    " + update.format(**names)] if better else [update.format(**names)])
    if loop == "comprehension":
        lines += inner
    elif condition and skip:
        body += [f"if {negated}:", "    continue"]
    elif condition:
        work = [f"if {condition}:"] + ["    " + w for w in work]
    lines += ["    " + b for b in body + work]
    lines.append(f"print({final})")
    if wide and rng.random() < 0.2:  # the same as a function
        lines = ["def main():"] + ["    " + line for line in lines] + ["", "", "main()"]
    return "\n".join(lines) + "\n"


def scratch(rng: random.Random, knobs: dict) -> tuple[str, str]:
    """A small program that is no composition -> (code, kind of its input: none, list or digits)."""
    top = knobs["top"]
    names = rng.sample("abcdfghkmnpquvwz", 4)

    def number():
        return str(rng.randint(0, top))

    def arithmetic(known):
        """Two operands, sometimes three; products of single digits only, which is what the small model has a chance to learn."""
        digits = [n for n in known if n in small]
        if rng.random() < 0.3:
            return f"{rng.choice(digits + [number()])} * {number()}"
        text = f"{rng.choice(known) if known and rng.random() < 0.7 else number()} {rng.choice('+-')} {number()}"
        return f"{text} {rng.choice('+-')} {number()}" if rng.random() < 0.2 else text

    def compare(known):
        return f"{rng.choice(known)} {rng.choice(('<', '>', '==', '<=', '>=', '!='))} {rng.choice(known + [number()])}"

    lines, known, small = [], [], set()
    shape = rng.choice(("straight", "straight", "branch", "branch", "loop", "nested", "list", "string"))
    if shape in ("straight", "branch", "loop"):
        for name in names[:rng.randint(1, 3)]:
            value = arithmetic(known) if known and rng.random() < 0.6 else number()
            lines.append(f"{name} = {value}")
            known.append(name)
            if value.isdigit():
                small.add(name)
    if shape == "straight":
        lines.append(f"print({arithmetic(known) if rng.random() < 0.6 else rng.choice(known)})")
    elif shape == "branch":
        lines += [f"if {compare(known)}:", f"    print({arithmetic(known)})"]
        if rng.random() < 0.4:
            lines += [f"elif {compare(known)}:", f"    print({rng.choice(known)})"]
        if rng.random() < 0.7:
            lines += ["else:", f"    print({arithmetic(known) if rng.random() < 0.5 else rng.choice(known)})"]
        else:
            lines += [f"print({rng.choice(known)})"]
    elif shape == "loop":
        low, r = rng.randint(0, 4), rng.choice(known)
        i = names[3]
        bounds = f"{low}, {low + rng.randint(1, 4)}" if rng.random() < 0.6 else str(rng.randint(2, 4))
        lines += [f"for {i} in range({bounds}):", f"    {r} {rng.choice(('+=', '-='))} {rng.choice((i, number(), rng.choice(known)))}"]
        lines += [f"print({rng.choice((r, f'{r} + {i}'))})"] if rng.random() < 0.7 else [f"    print({rng.choice((i, r))})"]
    elif shape == "nested":
        r, a, b = names[:3]
        lines += [f"{r} = {number()}", f"for {a} in range({rng.randint(2, 3)}):", f"    for {b} in range({rng.randint(1, 3)}):",
                  f"        {r} += {rng.choice((a, b, f'{a} * {b}', f'{a} + {b}'))}", f"print({r})"]
    elif shape == "list":
        x, = names[:1]
        lines += ["nums = list(map(int, input().split()))", "out = []", f"for {x} in nums:"]
        change = rng.choice((f"{x} + {rng.randint(1, 5)}", f"{x} * 2", f"{x} - {rng.randint(1, 5)}", x))
        if rng.random() < 0.6:
            op = rng.choice(("<", ">", "!="))
            lines += [f"    if {x} {op} {rng.randint(1, top - 1)}:", f"        out.append({change})"]
        else:
            lines += [f"    out.append({change})"]
        lines.append(rng.choice(("print(*out)", "print(len(out))", "print(out)")))
    else:
        x, t = names[:2]
        lines += ["s = input()", f"{t} = ''", f"for {x} in s:"]
        digit = str(rng.randint(0, 9))
        if rng.random() < 0.5:
            lines += [f"    if {x} != '{digit}':", f"        {t} = {rng.choice((f'{t} + {x}', f'{x} + {t}'))}"]
        else:
            lines += [f"    {t} = {rng.choice((f'{x} + {t}', f'{t} + {x}'))}"]
        lines.append(rng.choice((f"print({t})", f"print(len({t}))")))
    return "\n".join(lines) + "\n", {"list": "list", "string": "digits"}.get(shape, "none")


def draw_input(kind: str, rng: random.Random, knobs: dict, length: tuple[int, int]) -> str:
    """One stdin of the kind; `length` is the range of item counts (for kind n: of n itself)."""
    size = rng.randint(*length)
    if kind == "none":
        return ""
    if kind == "n":
        return str(size)
    if kind == "digits":
        return "".join(rng.choice("0123456789") for _ in range(size))
    if kind == "word":
        return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(size))
    return " ".join(str(rng.randint(0, knobs["top"])) for _ in range(size))


# ---------------------------------------------------------------------------------------------------------------------------
# Wrong programs.

def mutate(code: str, rng: random.Random) -> str:
    """The program with one place of its syntax tree changed (operator, comparison, constant, name, dropped branch or assignment), or,
    one time in twelve, with a character missing so that it may not parse."""
    if rng.random() < 1 / 12:
        k = rng.choice([k for k, ch in enumerate(code) if ch in ":()=["])
        return code[:k] + code[k + 1:]
    tree = ast.parse(code)
    nodes = list(ast.walk(tree))
    spots = {
        "arithmetic": [n for n in nodes if isinstance(n, (ast.BinOp, ast.AugAssign))],
        "comparison": [n for n in nodes if isinstance(n, ast.Compare)],
        "constant": [n for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, int)],
        "name": [n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and len(n.id) == 1],
        "branch": [(body, k) for body in _bodies(nodes) for k, n in enumerate(body) if isinstance(n, ast.If)],
        "assignment": [(body, k) for body in _bodies(nodes) for k, n in enumerate(body) if isinstance(n, ast.Assign) and len(body) > 1],
    }
    weights = {"arithmetic": 4, "comparison": 4, "constant": 5, "name": 2, "branch": 2, "assignment": 1}
    kinds = [kind for kind in spots if spots[kind]]
    kind = rng.choices(kinds, [weights[k] for k in kinds])[0]
    spot = rng.choice(spots[kind])
    if kind == "arithmetic":
        spot.op = ast.Sub() if isinstance(spot.op, ast.Add) else ast.Add()  # no new products: they would soon have many digits
    elif kind == "comparison":
        operators = (ast.Lt(), ast.Gt(), ast.LtE(), ast.GtE(), ast.Eq(), ast.NotEq())
        spot.ops[0] = rng.choice([op for op in operators if type(op) is not type(spot.ops[0])])
    elif kind == "constant":
        spot.value = rng.choice([v for v in range(spot.value - 2, spot.value + 3) if v >= 0 and v != spot.value])
    elif kind == "name":
        spot.id = rng.choice("xyrtmvwq")
    elif kind == "branch":  # its body always runs
        body, k = spot
        body[k:k + 1] = body[k].body
    else:
        body, k = spot
        del body[k]
    return ast.unparse(tree) + "\n"


def _bodies(nodes: list) -> list[list]:
    return [n.body for n in nodes if isinstance(getattr(n, "body", None), list)]


# ---------------------------------------------------------------------------------------------------------------------------
# Behaviour classes and splits.

def outputs_on(code: str, inputs: list[str], max_turns: int = 2000) -> list[str]:
    """What the program prints (then <error>Name) on each stdin; loops end after max_turns in all, and once a number has 10,000 bits (one
    that is squared at every turn would never come to an end), with <error>Timeout.

    Self-contained, so that its source can travel into the sandbox for programs we did not write."""
    import ast
    import io
    import sys

    class Timeout(BaseException):
        pass

    class Count(ast.NodeTransformer):  # a counter at the head of every loop body
        def visit_For(self, node):
            self.generic_visit(node)
            node.body.insert(0, ast.Expr(ast.Call(ast.Name("__turn__", ast.Load()), [], [])))
            return node
        visit_While = visit_For

    try:
        program = compile(ast.fix_missing_locations(Count().visit(ast.parse(code))), "<program>", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return ["<error>SyntaxError"] * len(inputs)
    left = [0]

    def turn():
        left[0] -= 1
        if left[0] < 0 or any(type(v) is int and v.bit_length() > 10_000 for v in sys._getframe(1).f_locals.values()):
            raise Timeout

    results, keep = [], (sys.stdin, sys.stdout)
    try:
        for text in inputs:
            left[0] = max_turns
            sys.stdin, sys.stdout, error = io.StringIO(text), io.StringIO(), ""
            captured = sys.stdout
            try:
                exec(program, {"__name__": "__main__", "__turn__": turn})
            except SystemExit as stop:
                error = "" if stop.code in (None, 0) else "<error>SystemExit"
            except BaseException as exception:
                error = "<error>" + type(exception).__name__
            results.append(captured.getvalue()[:2000] + error)
    finally:
        sys.stdin, sys.stdout = keep
    return results


def _fixed_inputs() -> dict[str, list[str]]:
    rng, knobs = random.Random(20260403), KNOBS["cpu"]
    inputs = {kind: [draw_input(kind, rng, knobs, (2, 7)) for _ in range(64)] for kind in ("list", "digits", "word")}
    return {**inputs, "n": [str(n) for n in range(64)], "none": [""]}


FIXED_INPUTS = _fixed_inputs()


def _abstract(code: str) -> str:
    """The program's syntax with names and constants blotted out (its text with digits and letters blotted out if it does not parse)."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return "".join("0" if ch.isdigit() else "a" if ch.isalpha() else ch for ch in code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = "a"
        elif isinstance(node, ast.Constant):
            node.value = 0
    return ast.dump(tree)


def class_of(code: str, kind: str, outputs: list[str]) -> str:
    """Name of the behaviour class. Where the output never varies it says nothing, so the abstracted syntax stands in for it."""
    text = "\0".join([kind, *outputs])
    if len(set(outputs)) == 1:
        text = "\0".join([kind, _abstract(code)])
    return hashlib.sha1(text.encode("utf-8", "replace")).hexdigest()[:12]


def behaviour_class(code: str, kind: str) -> str:
    """Class of one of OUR programs (runs it here)."""
    return class_of(code, kind, outputs_on(code, FIXED_INPUTS[kind]))


@lru_cache(maxsize=200_000)
def spec_class(spec: Spec) -> str:
    """Class of every program of this spec, whatever its style (a test checks that styles agree); "" when its output never varies."""
    outputs = outputs_on(render(spec), FIXED_INPUTS[spec.kind])
    return class_of("", spec.kind, outputs) if len(set(outputs)) > 1 else ""


def split_of(cls: str) -> str:
    """train (75 %), val (10 %) or test (15 %), by the class alone."""
    share = int(cls[:6], 16) % 100
    return "train" if share < 75 else "val" if share < 85 else "test"


def heldout(programs: list[tuple[str, str]], sandbox) -> list[bool]:
    """For programs nobody here wrote, (code, kind) each: does its class belong to validation or test? Runs in the sandbox;
    a program that cannot be classed there counts as held out, so that it is never shown in training."""
    driver = ("import json, sys\n" + inspect.getsource(outputs_on)
              + "\njob = json.load(sys.stdin)\nprint(json.dumps(outputs_on(job['code'], job['inputs'])))\n")
    jobs = [(driver, json.dumps(dict(code=code, inputs=FIXED_INPUTS[kind]))) for code, kind in programs]
    answers = []
    for (code, kind), result in zip(programs, sandbox.map(jobs)):
        try:
            outputs = json.loads(result.stdout)
            answers.append(split_of(class_of(code, kind, outputs)) != "train")
        except (ValueError, TypeError):
            answers.append(True)
    return answers


# ---------------------------------------------------------------------------------------------------------------------------
# Problems.

@dataclass
class Problem:
    """A statement with public tests (shown) and hidden tests (judged); every test is [stdin, stdout]."""
    statement: str
    kind: str
    open: bool                 # some phrase has two readings that behave differently
    public: list
    hidden: list
    solution: str
    cls: str
    wrong: str = ""            # training only: a wrong program of a training class, which fails a public test ("" if none was found)
    wrong_outcomes: list = field(default_factory=list)  # its true [stdout, exception name] on each public test

    @property
    def tests(self) -> list:
        return self.public + self.hidden


def random_problem(rng: random.Random, knobs: dict, split: str, openness: bool) -> Problem | None:
    """One problem of the split, with or without open phrases; None when this draw does not qualify (draw again).

    Checked by running: every other reading fails a public test and fails a hidden test; all readings lie in the same split."""
    spec = random_spec(rng, knobs)
    slots = vague_slots(spec)
    vague: frozenset = frozenset()
    if openness:
        count = 1 if rng.random() < 0.75 else 2
        if len(slots) < count:
            return None
        vague = frozenset(rng.sample(slots, count))
    alternatives = readings(spec, vague)
    classes = []
    for reading in alternatives:
        classes.append(spec_class(reading))
        if not classes[-1] or split_of(classes[-1]) != split:
            return None
    others = [a for a, cls in zip(alternatives, classes) if cls != classes[0]]
    if openness and not others:
        return None
    solution = render(spec, rng, knobs["wide"])
    for _ in range(8):
        lengths = [knobs["short"]] * rng.randint(2, 3) + [knobs["short"]] * 6 + [knobs["longer"]] * 2
        n_public = len(lengths) - 8
        inputs = list(dict.fromkeys(draw_input(spec.kind, rng, knobs, length) for length in lengths * 2))
        if len(inputs) < len(lengths):  # kind n has few different inputs: public ones short, hidden ones reach further
            inputs = inputs[:n_public] + [str(k) for k in range(1, 16) if str(k) not in inputs[:n_public]]
        inputs = inputs[:len(lengths)]
        want = outputs_on(solution, inputs)
        got = [outputs_on(render(other), inputs) for other in others]
        if all(g[:n_public] != want[:n_public] and g[n_public:] != want[n_public:] for g in got):
            break
    else:
        return None
    tests = [[stdin, stdout.strip()] for stdin, stdout in zip(inputs, want)]
    problem = Problem(statement(spec, vague), spec.kind, bool(others), tests[:n_public], tests[n_public:], solution, classes[0])
    if split == "train":
        problem.wrong, problem.wrong_outcomes = _wrong_attempt(problem, spec, others, rng, knobs)
    return problem


def _wrong_attempt(problem: Problem, spec: Spec, others: list[Spec], rng: random.Random, knobs: dict) -> tuple[str, list]:
    """A program a learner might have written instead: another reading, one component misread, or a mutant; and its outcomes on the
    public tests. ("", []) if none was found."""
    inputs, want = [t[0] for t in problem.public], [t[1] for t in problem.public]
    for _ in range(6):
        roll = rng.random()
        if others and roll < 0.6:
            code = render(rng.choice(others), rng, knobs["wide"])
        elif roll < 0.8:
            slot = rng.choice(("keep", "change", "fold", "final"))
            code = render(replace(spec, **{slot: getattr(random_spec(rng, knobs), slot)}), rng, knobs["wide"])
        else:
            code = mutate(problem.solution, rng)
        outputs = outputs_on(code, inputs)
        fails = [o.strip() for o in outputs] != want and not any("<error>Timeout" in o for o in outputs)
        if fails and split_of(behaviour_class(code, problem.kind)) == "train":
            return code, [o.partition("<error>")[::2] for o in outputs]
    return "", []
