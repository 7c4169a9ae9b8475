"""The narrator: what it says, that it is true, and where a simulation first departs from it."""

import ast
import contextlib
import io
import random
import re

import pytest

import trace as plain
import tracer
from rounds import ATOM, FUNCTIONS, Expressions, Untold
from sandbox import Sandbox
from trace import first_wrong_step, narrate, raw, record
from worlds import contest, outputs_on


def told(code, stdin="", seed=0):
    return tracer.narrate(tracer.record(code, stdin), seed)


def drawn(seed, count, sizes=("cpu", "gpu")):
    """Programs of the world and their input: all splits, mutants and crashes included."""
    rng = random.Random(seed)
    for k in range(count):
        knobs = contest.SIZES[sizes[k % len(sizes)]]
        if k % 4 == 0:
            code, kind = contest.scratch(rng, knobs)
        else:
            spec = contest.random_spec(rng, knobs)
            code, kind = contest.render(spec, rng, knobs["wide"]), spec.kind
        if k % 3 == 0:
            code = contest.mutate(code, rng)
        yield code, contest.draw_input(kind, rng, knobs, (3, 6))


@pytest.mark.parametrize("code, stdin, lines", [
    ("nums = list(map(int, input().split()))", "3 8 4", ["We read 3 8 4, so nums = [3, 8, 4]."]),
    ("n = int(input())", "5", ["We read 5, so n = 5."]),
    ("a, b = map(int, input().split())", "5 7", ["We read 5 7, so a = 5, b = 7."]),
    ("s = input()\nx = int(s[1])", "34", ["We read 34, so s = '34'.", "x = int(s[1]) = int('4') = 4."]),
    ("r = 0", "", ["r = 0."]),
    ("x = 3\ny = x * 3 + 1", "", ["x = 3.", "y = 3 * 3 + 1 = 9 + 1 = 10."]),
    ("x = 3\ny = (x - 5) * (x + 1)", "", ["x = 3.", "y = (3 - 5) * (3 + 1) = -2 * 4 = -8."]),
    ("x = 3\nx += 4", "", ["x = 3.", "x = 3 + 4 = 7."]),
    ("x = 3\nx -= 1 + 1", "", ["x = 3.", "x = 3 - (1 + 1) = 3 - 2 = 1."]),
    ("x = 3\nx = x", "", ["x = 3.", "x = 3."]),
    ("if 3 % 2 == 0:\n    x = 1", "", ["3 % 2 == 0: 1 == 0 is false, so we skip the if."]),
    ("x = 8\nif x > 3:\n    x = 1", "", ["x = 8.", "8 > 3 is true, so we enter the if.", "x = 1."]),
    ("x = 2\nif x > 3:\n    x = 1\nelse:\n    x = 5", "", ["x = 2.", "2 > 3 is false, so we go to the else.", "x = 5."]),
    ("x = 2\nif x > 3:\n    x = 1\nelif x > 1:\n    x = 5", "", ["x = 2.", "2 > 3 is false, so we try the elif.",
                                                                 "2 > 1 is true, so we enter the if.", "x = 5."]),
    ("x = 2\nif x > 3 or x == 2:\n    x = 1", "", ["x = 2.", "2 > 3 or 2 == 2: False or 2 == 2: 2 == 2 is true, so we enter the if.",
                                                   "x = 1."]),
    ("for x in range(2):\n    print(x)", "", ["Turn 1: x = 0.", "We print 0.", "Turn 2: x = 1.", "We print 1.", "The loop over x ends."]),
    ("for a, b in zip([1, 2], [3, 4]):\n    pass", "", ["Turn 1: a = 1, b = 3.", "Turn 2: a = 2, b = 4.", "The loop over a, b ends."]),
    ("for x in []:\n    pass\nprint(1)", "", ["The loop over x ends.", "We print 1."]),
    ("i = 0\nwhile i < 2:\n    i += 1", "", ["i = 0.", "0 < 2 is true, so the loop goes on.", "i = 0 + 1 = 1.",
                                             "1 < 2 is true, so the loop goes on.", "i = 1 + 1 = 2.", "2 < 2 is false, so the loop ends."]),
    ("for x in [1, 2]:\n    if x == 1:\n        continue\n    break", "", [
        "Turn 1: x = 1.", "1 == 1 is true, so we enter the if.", "We continue.", "Turn 2: x = 2.", "2 == 1 is false, so we skip the if.",
        "We break out of the loop over x."]),
    ("for x in [1, 2]:\n    for y in [3]:\n        z = x", "", ["Turn 1: x = 1.", "Turn 1: y = 3.", "z = 1.", "The loop over y ends.",
                                                               "Turn 2: x = 2.", "Turn 1: y = 3.", "z = 2.", "The loop over y ends.",
                                                               "The loop over x ends."]),
    ("nums = [4, 5]\ni = 0\nx = nums[i + 1]", "", ["nums = [4, 5].", "i = 0.", "x = nums[1] = 5."]),
    ("nums = [4, 5]\ni = len(nums) - 1", "", ["nums = [4, 5].", "i = len(nums) - 1 = 2 - 1 = 1."]),
    ("ys = []\nys.append(2 + 3)", "", ["ys = [].", "We append 2 + 3 = 5, so ys = [5]."]),
    ("xs = [3, 8]\nys = [x * 2 for x in xs if x > 3]", "", ["xs = [3, 8].", "ys = [x * 2 for x in [3, 8] if x > 3] = [16]."]),
    ("x = 5\nxs = [3]\nys = [x for x in xs]", "", ["x = 5.", "xs = [3].", "ys = [x for x in [3]] = [3]."]),
    ("xs = [3, 8]\nr = sum(xs)", "", ["xs = [3, 8].", "r = sum([3, 8]) = 11."]),
    ("t = ''\nt = 'a' + t", "", ["t = ''.", "t = 'a' + '' = 'a'."]),
    ("r = 25\nprint(r + 4)", "", ["r = 25.", "We print 25 + 4 = 29."]),
    ("print('yes')", "", ["We print yes."]),
    ("print(1, 'a')", "", ["We print 1 a."]),
    ("print()", "", ["We print an empty line."]),
    ("def f(x):\n    y = x * 3\n    return y + 1\ny = f(8)", "", ["We define f.", "We call f with x = 8.", "y = 8 * 3 = 24.",
                                                                  "f returns 24 + 1 = 25.", "y = 25."]),
    ("def main():\n    print(1)\nmain()", "", ["We define main.", "We call main.", "We print 1.", "main returns."]),
    ("x = 0\ny = 1 % x", "", ["x = 0.", "1 % 0 stops with ZeroDivisionError: integer modulo by zero."]),
    ("x = [1][5]", "", ["[1][5] stops with IndexError: list index out of range."]),
    ("print(q)", "", ["q stops with NameError: name 'q' is not defined."]),
    ("ys = [x + 1 for x in data]", "", ["[x + 1 for x in data] stops with NameError: name 'data' is not defined."]),
    ("try:\n    x = 1 // 0\nexcept ZeroDivisionError:\n    x = 2", "", [
        "1 // 0 stops with ZeroDivisionError: integer division or modulo by zero.",
        "We handle ZeroDivisionError: integer division or modulo by zero.", "x = 2."]),
    ("x = (", "", ["The program does not parse: SyntaxError."]),
])
def test_lines(code, stdin, lines):
    assert told(code, stdin) == lines
    if stays_in_the_world(code):
        assert narrate(record(code, stdin)) == list(map(tracer.in_fewer_words, lines))


def stays_in_the_world(code):
    """Does the program hold nothing but what trace.py and rounds.py know?"""
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except SyntaxError:
        return True
    calls = {ast.unparse(n.func) for n in nodes if isinstance(n, ast.Call)}
    targets = [n.targets[0] for n in nodes if isinstance(n, ast.Assign)]
    kinds = {type(n) for n in nodes if isinstance(n, (ast.stmt, ast.expr))} - {ast.List, ast.Tuple, ast.Slice, ast.Starred, ast.Attribute}
    return (kinds <= {*plain.SENTENCES, *Expressions.forms} and calls <= {*FUNCTIONS, "input", "print", "range", "map", "list",
            "input().split", "ys.append", "zip", "main"} and all(isinstance(t, ast.Name) for t in targets) and "pass" not in code and "][" not in code)


def test_both_recorders_and_both_narrators_say_the_same_of_the_worlds_programs():
    for code, stdin in drawn(21, 150):
        here, there = record(code, stdin), tracer.record(code, stdin, max_events=1000)
        for k, event in enumerate(there.events):  # it also says what parts came to, and where an exception was raised
            read = (event.more or {}).get("read")
            there.events[k] = event._replace(more=read and {"read": read})
        assert here.events == there.events and vars(here) == vars(there), code
        there = tracer.record(code, stdin, max_events=1000)
        assert plain.explain(here) == [(k, tracer.in_fewer_words(text)) for k, text in tracer.explain(there)], code
        assert raw(here) == tracer.raw(there), code


def test_of_the_worlds_programs_only_the_limit_is_refused():
    statuses = {record(code, stdin).status for code, stdin in drawn(22, 2000)}
    assert statuses <= {"OK", "ERROR", "LIMIT"} and {"OK", "ERROR"} <= statuses
    limit = record("while 1 < 2:\n    x = 1", "", 50)
    assert (limit.status, limit.complete, limit.reason, len(limit.events)) == ("LIMIT", False, "more than 50 events", 51)
    assert narrate(limit)[-2:] == ["x = 1.", "1 < 2 is true, so the loop goes on."]


def test_raw_frames():
    code = "x = 3\nif x > 2:\n    x += 1\nprint(x)"
    assert raw(record(code)) == tracer.raw(tracer.record(code)) == [
        'x = 3 {"x": 3}', "if x > 2: {}", 'x += 1 {"x": 4}', "print(x) {}"]
    assert raw(record("x = 1\ny = x % 0")) == ['x = 1 {"x": 1}', "y = x % 0 {} ZeroDivisionError"]
    assert raw(record("x = (")) == ["SyntaxError"]
    assert tracer.raw(tracer.record("x = 5; y = 6\n")) == ['x = 5; y = 6 {"x": 5}', 'y = 6 {"y": 6}']
    assert tracer.record("import sys\nsys.exit('fatal')").ending == "fatal"
    missing = "try:\n    import nosuch\nexcept ImportError:\n    nosuch = None\n"
    assert tracer.record(missing + "[1][2]").ending == "list index out of range"             # the sandbox is not the reason
    assert "the modules of Python's library alone, not nosuch" in tracer.record("import nosuch").ending


def test_seed_changes_wording_only():
    code = "x = 8\nif x > 3:\n    x = 1\nif x > 3:\n    x = 2\nfor x in range(0):\n    x = 3"
    first = narrate(record(code))
    assert first == list(map(tracer.in_fewer_words, told(code)))
    for seed in range(4):
        other = narrate(record(code), seed)
        assert [line for line in other if line in dict(plain.PHRASES).values() or line.endswith(("inside.", "move on."))] == [
            line for ends, line in ((1, "8 > 3 is true, so we go inside."), (2, "1 > 3 is false, so we move on.")) if seed & ends]
        assert other[:2] == told(code, seed=seed)[:2]
        assert first_wrong_step(other, first) is None
    assert other != first


def check_claims(lines, stdout):
    """Every chain of equalities and every verdict in a narration, evaluated again from its text alone."""
    claims = 0
    for line in lines:
        verdict = re.match(r"(.*) is (true|false), ", line)
        if verdict and "condition" not in line:
            for part in verdict[1].split(": "):
                if not re.search(r"[a-z]+\[|len\(", part):
                    assert bool(eval(part)) == (verdict[2] == "true"), line
                    claims += 1
        elif re.match(r"[a-z]+ = |We print .* = ", line):
            parts = line.removesuffix(".").removeprefix("We print ").split(" = ")
            values = [eval(part) for part in (parts if line.startswith("We") else parts[1:])
                      if not re.search(r"[a-z]+\[|len\(|after|, [a-z]", part)]
            assert all(value == values[-1] for value in values), line
            claims += len(values) > 1
    return claims


def test_every_claim_is_true_and_the_output_is_that_of_an_untraced_run():
    """The check shares nothing with the renderer: it evaluates the sentences."""
    claims = 0
    for code, stdin in drawn(11, 400, ["cpu"]):
        trace = record(code, stdin, 1000)
        if trace.status == "LIMIT":
            continue
        lines = narrate(trace)
        assert trace.stdout + (f"<error>{trace.error}" if trace.error else "") == outputs_on(code, [stdin])[0]
        claims += check_claims(lines, trace.stdout)
    assert claims > 2000


def test_a_changed_claim_is_noticed():
    lines = narrate(record("x = 3\ny = x * 3 + 1\nif y > 4:\n    print(y + 1)"))
    assert check_claims(lines, "") == 3
    for bad in (["y = 3 * 3 + 1 = 9 + 1 = 11."], ["10 > 4 is false, so we skip the if."], ["We print 10 + 1 = 12."]):
        with pytest.raises(AssertionError):
            check_claims(bad, "")


@pytest.mark.parametrize("code, stdin", [
    ("import sys\nfor line in sys.stdin:\n    print(line.strip()[::-1])", "ab\ncd"),
    ("class A:\n    def __repr__(self):\n        raise ValueError\na = A()\nb = [a]\nprint(len(b))", ""),
    ("def g():\n    yield 1\n    yield 2\nprint(sum(g()), [x for x in g()])", ""),
    ("d = {}\nfor c in 'abca':\n    d[c] = d.get(c, 0) + 1\nprint(d)", ""),
    ("def fact(n):\n    return 1 if n < 2 else n * fact(n - 1)\nprint(fact(5))", ""),
    ("x = 10 ** 400\nprint(x % 7)", ""),
    ("try:\n    [][1]\nexcept IndexError as e:\n    print('caught')\nfinally:\n    print('done')", ""),
    ("import math\nprint(math.gcd(12, 18))\nexit()", ""),
    ("x = [1, 2]\ny = x\ny.append(3)\nprint(x, sorted(x, reverse=True))", ""),
    ("f = lambda x: x + 1\nprint(f(2), f'{3 + 4}')", ""),
    ("while True:\n    print(1); break\nprint(2)", ""),
    ("for i in range(3): print(i)", ""),
    ("print(\n    1 +\n    2\n)", ""),
    ("a = b = 3\nprint(a if b > 2 else 0)", ""),
])
def test_other_programs_are_told_without_a_wrong_output(code, stdin, sandbox):
    there, true = tracer.record(code, stdin), sandbox.run(code, stdin)
    assert (there.stdout, there.error, there.status) == (true.stdout, true.error, true.status)
    assert there.complete and tracer.narrate(there) and tracer.raw(there)


def test_limits_end_a_recording():
    for recorder in (record, tracer.record):
        trace = recorder("while True:\n    pass", max_events=100)
        assert trace.status == "LIMIT" and not trace.complete and len(trace.events) <= 101 and "100 events" in trace.reason
    assert tracer.record("x = 'a' * 1000\nwhile True:\n    x += 'b'", max_bytes=5000).status == "LIMIT"
    stubborn = "while True:\n    try:\n        pass\n    except BaseException:\n        pass"
    assert tracer.record(stubborn, max_events=50).status == "LIMIT"
    assert tracer.record("x = 1", max_events=3).status == "OK"


def test_output_that_differs_when_traced_is_marked():
    with Sandbox(1) as sandbox:
        assert not tracer.record("import sys\nprint(sys.gettrace() is None)", sandbox=sandbox).complete
        assert tracer.record("print(3)", sandbox=sandbox).complete


@pytest.mark.parametrize("got, want, kind", [
    ("r = 2 + 3 = 6.", "r = 2 + 3 = 5.", "arithmetic"), ("x = nums[1] = 4.", "x = nums[1] = 8.", "indexing"),
    ("3 > 2 is false, so we skip the if.", "3 > 2 is true, so we enter the if.", "comparison"),
    ("3 > 2 is true, so we skip the if.", "3 > 2 is true, so we enter the if.", "branch"),
    ("3 > 2 is true, so the loop goes on.", "3 > 2 is true, so we enter the if.", "branch"),
    ("4 > 2 is true, so we enter the if.", "3 > 2 is true, so we enter the if.", "comparison"),
    ("Turn 2: x = 4.", "Turn 2: x = 8.", "loop"), ("The loop ends.", "Turn 2: x = 8.", "loop"), ("We print 3.", "We print 4.", "print"),
    ("r = 5.", "We print 4.", "format"), ("r = 5.", "Turn 2: x = 8.", "loop"), ("We continue.", "r = 5.", "format"),
])
def test_kind_of_the_first_wrong_step(got, want, kind):
    lines = ["r = 0.", want, "We print 1."]
    found = first_wrong_step(["r = 0.", got, "We print 1."], lines)
    assert found == (1, kind)
    assert first_wrong_step(lines, lines) is None
    assert first_wrong_step(lines[:2], lines) == (2, "format") and first_wrong_step([*lines, "r = 1."], lines) == (3, "format")


def test_substitution_is_python(seed=5):
    """chain() against eval on random arithmetic."""
    rng = random.Random(seed)
    for _ in range(300):
        text = str(rng.randint(0, 9))
        for _ in range(rng.randint(1, 4)):
            text = f"({text})" if rng.random() < 0.3 else text
            text = f"{text} {rng.choice('+-*')} {rng.choice(['x', str(rng.randint(0, 9))])}" if rng.random() < 0.5 else (
                f"{rng.choice(['y', str(rng.randint(0, 9))])} {rng.choice('+-*')} {text}")
        stages, value, error = Expressions({"x": "-3", "y": "4"}).chain(ast.parse(text, mode="eval").body)
        assert not error and value == eval(text, {"x": -3, "y": 4}) and all(eval(stage) == value for stage in stages)


def test_an_expression_that_cannot_be_told_says_so():
    for text in ("q + 1", "len(q)", "x[q]", "f(x)", "x @ x", "x[1 % 0]"):
        with pytest.raises(Untold):
            Expressions({"x": "3"}).chain(ast.parse(text, mode="eval").body)
    assert Expressions({"x": "0"}).chain(ast.parse("1 + 7 % x", mode="eval").body)[2] == "ZeroDivisionError"
    assert Expressions({"x": "-3"}).last(ast.parse("x - 1", mode="eval").body) == ("-4", 8.5, -4) and ATOM > 8.5


def test_rounds_that_end_elsewhere_than_the_run_are_not_told():
    node = ast.parse("x + 1", mode="eval").body
    assert Expressions({"x": "2"}).told(node, "3") == ["2 + 1", "3"]
    assert Expressions({"x": "2"}).told(node, "4") == Expressions({}).told(node, "4") == ["4"]
    assert Expressions({"x": "2"}).condition(node, True) == "x + 1"


def random_program(rng, depth=2):
    """A small program with loops, conditions, strings, lists, functions and try/except; it may crash, it always ends."""
    pad = "    "

    def value():
        return rng.choice(["a", "b", "c", str(rng.randint(0, 9)), f"a {rng.choice('+-*')} {rng.randint(1, 5)}", "len(xs)", "len(s)",
                           f"xs[{rng.randint(0, 3)}]", f"b // {rng.choice('ac')}", f"c % {rng.randint(0, 3)}", "f(a)", "max(a, b)"])

    def block(level, indent):
        lines = []
        for _ in range(rng.randint(1, 3)):
            kind = rng.choice(["set", "set", "add", "append", "text", "print", "if", "for", "while", "try"][:6 if level == 0 else 10])
            if kind == "set":
                lines.append(f"{rng.choice('abc')} = {value()}")
            elif kind == "add":
                lines.append(f"{rng.choice('abc')} {rng.choice('+-')}= {value()}")
            elif kind == "append":
                lines.append(rng.choice([f"xs.append({value()})", "xs.pop()", f"xs[{rng.randint(0, 2)}] = {value()}"]))
            elif kind == "text":
                lines.append(rng.choice(["s = s + 'u'", "s = str(a) + s", "s = s[1:]", "a = int(s)"]))
            elif kind == "print":
                lines.append(f"print({rng.choice([value(), 's', 'a, b', '*xs'])})")
            elif kind == "if":
                lines += [f"if {value()} {rng.choice(['<', '>', '=='])} {value()}:", *block(level - 1, pad)]
                if rng.random() < 0.5:
                    lines += ["else:", *block(level - 1, pad)]
            elif kind == "for":
                lines += [f"for i{level} in {rng.choice([f'range({rng.randint(0, 3)})', 's[:3]', 'xs[:3]'])}:", *block(level - 1, pad)]
            elif kind == "while":
                lines += [f"w{level} = 0", f"while w{level} < {rng.randint(1, 3)}:", f"{pad}w{level} += 1", *block(level - 1, pad)]
            else:
                lines += ["try:", *block(level - 1, pad), "except (ZeroDivisionError, IndexError, ValueError):", *block(0, pad)]
        return [indent + line for line in lines]
    head = ["def f(x):", "    if x > 3:", "        return x - 3", "    return x * 2", "a = 3", "b = 7", "c = 0", "xs = [4, 1]", "s = '52'"]
    return "\n".join([*head, *block(depth, ""), *block(depth, "")]) + "\n"


def test_random_programs_end_with_the_values_and_the_output_of_a_plain_run():
    rng, ends, crashes = random.Random(4), 0, 0
    for _ in range(150):
        code = random_program(rng)
        trace = tracer.record(code, "", 3000)
        if trace.status == "LIMIT":
            continue
        scope, error, out = {}, "", io.StringIO()
        try:
            with contextlib.redirect_stdout(out):
                exec(compile(code, "<plain>", "exec"), scope)
        except Exception as exception:
            error = type(exception).__name__
        assert (trace.stdout, trace.error) == (out.getvalue(), error), code
        claimed = {}
        for line in tracer.narrate(trace):
            for name, text in re.findall(r"(?:^|, (?:so )?)([abcs]|xs) = (?:.* = )?([^=]*?)(?=, (?:[abcs]|xs) = | after |\.$)", line):
                claimed[name] = text
            for place, text in re.findall(r"^xs\[(\d)\] = (?:.* = )?(.*?)\.$", "" if " stops " in line else line):  # the item says enough
                claimed["xs"] = repr([*ast.literal_eval(claimed["xs"])[:int(place)], ast.literal_eval(text),
                                      *ast.literal_eval(claimed["xs"])[int(place) + 1:]])
        for name, text in claimed.items():
            assert ast.literal_eval(text) == scope[name], (code, name)
            ends += 1
        crashes += bool(error)
    assert ends > 240 and crashes > 12


# Once false, or raising.
@pytest.mark.parametrize("code, stdin, lines", [
    pytest.param("xs = [1]\nn = 0\nx = xs[1 % n]", "", ["xs = [1].", "n = 0.", "1 % 0 stops with ZeroDivisionError: integer modulo by zero."],
                 id="a crash inside an index raises out of narrate"),
    pytest.param("xs = [1]\nys = [0]\ni = 1\nif i < len(ys) and xs[ys[i]] > 0:\n    pass\nx = 2", "", None,
                 id="an operand that is never evaluated raises out of narrate"),
    pytest.param("for a in [1, 2]:\n    while True:\n        break", "", [
        "Turn 1: a = 1.", "True is true, so the loop goes on.", "We break out of the loop.", "Turn 2: a = 2.",
        "True is true, so the loop goes on.", "We break out of the loop.", "The loop over a ends."],
                 id="break of a while resets the for around it"),
    pytest.param("def f(xs):\n    for x in xs:\n        return x\nf([1])\nf([2])", "", [
        "We define f.", "We call f with xs = [1].", "Turn 1: x = 1.", "f returns 1.", "We call f with xs = [2].", "Turn 1: x = 2.",
        "f returns 2."], id="turns go on counting after return"),
    pytest.param("for k in range(2):\n    try:\n        for x in [1]:\n            y = 1 // 0\n    except ZeroDivisionError:\n        pass",
                 "", ["Turn 1: k = 0.", "Turn 1: x = 1.", "1 // 0 stops with ZeroDivisionError: integer division or modulo by zero.",
                      "We handle ZeroDivisionError: integer division or modulo by zero.",
                      "Turn 2: k = 1.", "Turn 1: x = 1.", "1 // 0 stops with ZeroDivisionError: integer division or modulo by zero.",
                      "We handle ZeroDivisionError: integer division or modulo by zero.", "The loop over k ends."],
                 id="turns go on counting after an exception"),
    pytest.param("for i in range(int(input())):\n    x = int(input())", "1\n4",
                 ["We read 1.", "Turn 1: i = 0.", "We read 4, so x = 4.", "The loop over i ends."],
                 id="what the head of a loop reads"),
    pytest.param("x = 1\nif x > 0: print(x)", "", ["x = 1.", "1 > 0 is true, so we enter the if.", "We print 1."],
                 id="a body on the line of its if"),
    pytest.param("t = 0\ndef f():\n    global t\n    t += 1\nf()", "",
                 ["t = 0.", "We define f.", "We call f.", "t = 0 + 1 = 1.", "f returns.", "t = 1 after f()."],
                 id="a global changed in a function keeps its old value"),
    pytest.param("x = -3\ny = x ** 2", "", ["x = -3.", "y = (-3) ** 2 = 9."], id="a negative base needs parentheses"),
    pytest.param("", "", [], id="raw of an empty program raises"),
    pytest.param("from contextlib import suppress\ntry:\n    [].x\nexcept AttributeError:\n    try:\n        {}['b']\n    except KeyError:\n        pass\n"
                 "    with suppress(AttributeError):\n        raise", "", [
                     "We import suppress from contextlib.", "[].x stops with AttributeError: 'list' object has no attribute 'x'.",
                     "We handle AttributeError: 'list' object has no attribute 'x'.", "{}['b'] stops with KeyError: 'b'.", "We handle KeyError: 'b'.",
                     "We enter the with block of suppress(AttributeError).", "We raise it again.",
                     "We leave the with block of suppress(AttributeError), which handles AttributeError: 'list' object has no attribute 'x'."],
                 id="raised again after another was handled"),
    pytest.param("class M:\n    def __matmul__(self, other):\n        return 3\nm = [M()]\nm[0] @= 2\nn = M()\nn @= 2", "", [
        "We define class M with __matmul__.", "m = [M()].", "We call M.__matmul__ with other = 2.", "M.__matmul__ returns 3.",
        "m[0] = 3.", "n = M().", "We call M.__matmul__ with other = 2.", "M.__matmul__ returns 3.", "n = 3."],
                 id="an operator without rounds"),
    pytest.param("class A:\n    pass\na = A()\na.x: int\na.y: int = 3", "", ["We define class A.", "a = A().", "a.y = 3."],
                 id="an annotation without a value"),
    ("xs = [1]\nys = [2 * x for x in xs] * 2\nzs = {x for x in xs}.copy()", "",  # from Python 3.12 on they have no frames
     ["xs = [1].", "ys = [2 * x for x in [1]] * 2 = [2] * 2 = [2, 2].", "zs = {x for x in [1]}.copy() = {1}.copy() = {1}."]),
])
def test_odd_programs(code, stdin, lines):
    trace = tracer.record(code, stdin)
    tracer.raw(trace)
    told_lines = tracer.narrate(trace)
    assert lines is None or told_lines == lines


@pytest.mark.parametrize("want, got", [("xs = [1, 2].", "xs = [1, 3]."), ("r = sum([3, 8]) = 11.", "r = sum([3, 8]) = 12."),
                                       ("We append 5, so ys = [5].", "We append 5, so ys = [6].")])
def test_a_list_is_not_an_index(want, got):
    assert first_wrong_step([got], [want]) == (0, "arithmetic")
