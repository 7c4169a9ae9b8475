r"""Which programs and problems are there? A world is one file here; all worlds share this one.

    python tasks.py --world contest         # worlds/contest.py, the course's world (the default)

A world is a module with two tables and one function, or two. A whole one, worlds/sums.py:

    from worlds import Program, class_of, outputs_on, split_of

    SIZES = {"cpu": {"top": 9}, "gpu": {"top": 99}}     # by preset; knobs: how large the world is
    FIXED_INPUTS = {"n": [str(n) for n in range(64)]}   # by kind: inputs that tell programs apart

    def random_program(rng, knobs, split, set_):
        stdin = str(rng.randint(10, 99) if set_ == "longer" else rng.randint(1, 9))
        code = f"n = int(input())\nprint(n + {rng.randint(0, knobs['top'])})\n"
        cls = class_of(code, "n", outputs_on(code, FIXED_INPUTS["n"]))
        return Program(code, stdin, cls, "plain") if split_of(cls) == split else None

SIZES must have cpu; a preset that it lacks (here quick) gets the cpu size.

random_program(rng, knobs, split, set_) -> Program, or None: this draw does not qualify, draw
again. split is train, val or test. set_ is one of SETS: "short" and "longer" are about the input;
"new_names" is short, in words that no training program has for names (val and test only).
random_problem(rng, knobs, split, n_vague) -> Problem or None, likewise; so many phrases of the
statement have two readings. A world without problems has no such function; then the files of
problems are empty. Every draw comes from rng, so that a seed names the data.

TELLER, if there is one, says who records and tells the world's programs. Without it tracer does:
any Python, in the sandbox, milliseconds a run. trace.py is far faster, in this process, but
knows only what the programs of worlds/contest.py contain; it would tell others wrongly.

VOCABULARY, if there is one, is the path of its own tokens (lab/vocab.py learns them), and SPELLED a
pattern with one group: what it finds in a text is spelled, a token a byte.

Splits are by behaviour: a program's class is a hash of what it prints on the fixed inputs of its
kind, and the class alone decides whether it may be trained on, chosen by, or tested on. Two
programs that do the same thing can therefore never stand on both sides, unless their output never
varies: then the class is that of their syntax.

Programs of a world are ours and therefore trusted: they run in this process. Programs from a
model go through `heldout`.
"""

import ast
import builtins
import hashlib
import importlib
import inspect
import json
import keyword
import pkgutil
import re
import string
from dataclasses import dataclass, field

SETS = ("short", "longer", "new_names")


def load(name):
    """The module worlds/<name>.py. Raises ValueError (one line) if there is none of that name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    if name not in names:
        raise ValueError(f"no world is called {name!r}; worlds/ has {', '.join(names)}")
    return importlib.import_module(f"worlds.{name}")


def size_of(name, preset):
    """Which of the world's SIZES the preset gets: its own, else cpu. Raises as `load` does."""
    return preset if preset in load(name).SIZES else "cpu"


@dataclass
class Program:
    """A program and one input for it."""
    code: str
    stdin: str
    cls: str                   # behaviour class
    kind: str                  # plain | mutant | scratch, or whatever sorts this world's programs


@dataclass
class Problem:
    """A statement with public tests (shown) and hidden tests (judged), [stdin, stdout] each."""
    statement: str
    kind: str                  # the kind of its input, a key of the world's FIXED_INPUTS
    vague: int                 # phrases that have two readings
    public: list
    hidden: list
    solution: str
    cls: str
    # In training only:
    wrong: str = ""            # a program of a training class that fails a public test, if found
    wrong_outcomes: list = field(default_factory=list)  # [stdout, exception] on each public test
    repair: str = ""           # what is wrong about it and what would be right, in words
    tries: str = ""            # each reading, tried on the first public test (several may be right)

    @property
    def tests(self):
        return self.public + self.hidden


# ------------------------------------------------------------------------------------------------
# Names. A world writes its programs with any; `renamed` gives others: only looking up helps then.

LETTERS = string.ascii_lowercase * 3 + string.ascii_uppercase
WORDS = """above acc adjusted after age alphabet ans answer append arr at avg bag below best
between bit bonus box bucket buffer by cell change cnt coin cost count counter cur current define
digits dist does each elem end entry even extreme first fix flag found gain gaps goal guess high
hit idx index info item items its key kids largest last least left letter level limit line lines
lo low main mark mid minus modulo most move msg multiples name neighbours num number numbers nums
odd of on one ones out output pair parity parse part pick place plus pos prev price product
program queue rank rate res rest result returns right row score seen side size smallest some span
start state step stock stop stops take temp text the those tmp to todo top tot total turn unit
val vals value values weight width word work""".split()
UNSEEN = """apple badge blue cargo data depth east ember fee fuel garden grain hops ink jar kelp
lamp mass north orbit pearl quota ratio stone tally trail urn vase wheel zone""".split()
NAME = re.compile(r"(?<![.\w])[A-Za-z_]\w*")
NAME_OR_TEXT = re.compile(rf"""'[^'\n]*'|"[^"\n]*"|{NAME.pattern}""")
RESERVED = {*keyword.kwlist, *dir(builtins)}


def random_name(rng, words):
    """One of the words, two of them, or letters and digits that mean nothing."""
    form = rng.random()
    if form < 0.6:
        return rng.choice(words)
    if form < 0.75:
        return f"{rng.choice(words)}_{rng.choice(words)}"
    if form < 0.87:
        return rng.choice(LETTERS) + rng.choice(string.digits)
    return "".join(rng.choices(LETTERS, k=rng.randint(2, 5)))


def renamed(code, rng, unseen=False):
    """The program with other names for its variables and functions: in half of the programs all are
    single letters. unseen: words that no training program has, instead. Texts in quotes stay. Not
    for programs with names in f-strings or with keyword arguments: those would be replaced, too."""
    new, share = {}, 1 if unseen else rng.choice((0, 0, 0.5, 1))       # of words

    def draw():
        if rng.random() >= share:
            return rng.choice(LETTERS)
        return rng.choice(UNSEEN) if unseen else random_name(rng, WORDS)

    def other(match):
        name = match[0]
        taken = RESERVED | set(new.values()) | set(() if unseen else UNSEEN)
        while name[0] not in "'\"" and name not in new and name not in RESERVED:
            drawn = draw()
            if drawn not in taken:
                new[name] = drawn
        return new.get(name, name)
    return NAME_OR_TEXT.sub(other, code)


# ------------------------------------------------------------------------------------------------
# Behaviour classes and splits.

def outputs_on(code, inputs, max_turns=2000, max_size=None, max_bits=10_000):
    """What the program prints (then <error>Name) on each stdin -> list of str. Loops end with
    <error>Timeout after max_turns in all, and at a turn where a number has more than max_bits (one
    that is squared at every turn would never come to an end), or a text, list or dict more than
    max_size characters, if that is given.

    Self-contained, so that its source can travel into the sandbox for programs we did not write."""
    import ast
    import io
    import sys

    class Timeout(BaseException):
        pass

    class CountTurns(ast.NodeTransformer):  # a call of turn() at the head of every loop body
        def visit_For(self, node):
            self.generic_visit(node)
            node.body.insert(0, ast.Expr(ast.Call(ast.Name("__turn__", ast.Load()), [], [])))
            return node

        visit_While = visit_For

    turns = 0

    def turn():
        nonlocal turns
        turns += 1
        if turns > max_turns:
            raise Timeout
        for name, value in sys._getframe(1).f_locals.items():
            if type(value) is int and value.bit_length() > max_bits:
                raise Timeout
            sized = max_size and type(value) in (str, list, dict) and name[:2] != "__"
            if sized and len(str(value)) > max_size:
                raise Timeout

    try:
        tree = ast.fix_missing_locations(CountTurns().visit(ast.parse(code)))
        program = compile(tree, "<program>", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return ["<error>SyntaxError"] * len(inputs)
    results, before = [], (sys.stdin, sys.stdout)
    try:
        for text in inputs:
            turns, error = 0, ""
            sys.stdin = io.StringIO(text)
            sys.stdout = captured = io.StringIO()
            try:
                exec(program, {"__name__": "__main__", "__turn__": turn})
            except SystemExit as stop:
                error = "" if stop.code in (None, 0) else "<error>SystemExit"
            except BaseException as exception:
                error = "<error>" + type(exception).__name__
            results.append(captured.getvalue()[:2000] + error)
    finally:
        sys.stdin, sys.stdout = before
    return results


def syntax(node):
    """As ast.dump of Python 3.11, whose text is another one in every later Python: the tree of a
    program, names and constants blotted out."""
    if isinstance(node, list):
        return f"[{', '.join(map(syntax, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    kind, parts = type(node).__name__, []
    for name, value in ast.iter_fields(node):
        if (kind, name) == ("Constant", "value"):
            parts.append("value=0")
        elif value is not None and name != "type_params":  # which 3.11 has not
            parts.append(f"{name}={BLOTTED.get(name) or syntax(value)}")
    return f"{kind}({', '.join(parts)})"


BLOTTED = {"id": "'a'", "name": "'a'", "arg": "'a'",
           "format_spec": "''"}  # some 3.12 end a format_spec with an empty text


def abstract_syntax(code):
    """The program's syntax, the same in every Python; if it does not parse, its text with words and
    numbers blotted out."""
    try:
        return syntax(ast.parse(code))
    except (SyntaxError, ValueError, RecursionError):
        return re.sub(r"\d+", "0", re.sub(r"[^\W\d]\w*", "a", code))


def class_of(code, kind, outputs):
    """Name of the behaviour class, from the kind of input and the outputs on the fixed inputs of
    that kind. Where the output never varies, the abstracted syntax stands in for it."""
    if len(set(outputs)) == 1:
        outputs = [abstract_syntax(code)]
    text = "\0".join([kind, *outputs])
    return hashlib.sha1(text.encode("utf-8", "replace")).hexdigest()[:12]


def split_of(cls):
    """train (75 %), val (10 %) or test (15 %), by the class alone."""
    share = int(cls[:6], 16) % 100
    return "train" if share < 75 else "val" if share < 85 else "test"


def heldout(programs, fixed_inputs, sandbox):
    """For programs nobody here wrote, (code, kind of input) each: does its class belong to
    validation or test? -> list of bool. Runs in the sandbox; a program that cannot be classed there
    counts as held out, so that it is never shown in training."""
    driver = f"""import json, sys
{inspect.getsource(outputs_on)}
job = json.load(sys.stdin)
print(json.dumps(outputs_on(job["code"], job["inputs"])))
"""
    jobs = {}                          # each distinct program runs once
    for code, kind in programs:
        job = json.dumps({"code": code, "inputs": fixed_inputs[kind]})
        jobs[code, kind] = driver, job
    answers = dict.fromkeys(jobs, True)
    for (code, kind), result in zip(jobs, sandbox.map(list(jobs.values()))):
        try:
            cls = class_of(code, kind, json.loads(result.stdout))
            answers[code, kind] = split_of(cls) != "train"
        except (ValueError, TypeError):
            pass
    return [answers[pair] for pair in programs]
