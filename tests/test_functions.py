"""The world of functions: its grammar, its explanations and tokens, the evaluation on a benchmark of ours."""

import ast
import dataclasses
import json
import random
import re
import sys
from argparse import Namespace

import pytest

import answers
import tasks
import tracer
from lab import candidates
from lab import functions as lab
from runs import tokenizer_of
from worlds import UNSEEN, functions, split_of
from worlds.functions import EXPRESSIONS, STATEMENTS, Values, Writer

TYPES = {"str": str, "char": str, "part": str, "int": int, "small": int, "bool": bool, "strs": list, "ints": list, "rows": list, "pairs": list,
         "table": dict, "words": dict, "codes": dict, "triple": tuple, "duo": tuple, "test": bool, "number": bool}
MISTAKES = (IndexError, KeyError, ValueError, TypeError, ZeroDivisionError)


def draw(n, split="train", set_="short", seed=0):
    rng, cases = random.Random(seed), []
    while len(cases) < n:
        case = tasks.random_case(rng, functions, {}, split, set_)
        if case:
            cases.append(case)
    return cases


@pytest.fixture(scope="module")
def drawn():
    return draw(120)


def writer(seed):
    """In whose scope a variable of every type is."""
    rng = random.Random(seed)
    values = Values(rng, long=True)
    made = Writer(rng, values, False)
    kinds = ("str", "char", "part", "int", "small", "ints", "rows", "strs", "table", "words")
    made.scope = [(f"the_{kind}", kind) for kind in kinds]
    return made, {f"the_{kind}": values.draw(kind) for kind in kinds}


@pytest.mark.parametrize("kind", EXPRESSIONS)
def test_every_template_makes_a_value_of_its_type(kind):
    for template in EXPRESSIONS[kind][0]:
        found = False
        for seed in range(300):
            made, space = writer(seed)
            space["x"] = space["the_ints"][0] if kind == "number" else space["the_str"][:1]
            try:
                text = made.fill(template, 1, each="x" if kind in ("test", "number") else "")
                value = eval(text, dict(space))
            except (functions.NoSuchVariable, *MISTAKES):
                continue
            assert type(value) is TYPES[kind], (template, text, value)
            found = True
            break
        assert found, template


@pytest.mark.parametrize("place", STATEMENTS)
def test_every_statement_runs(place):
    for template in STATEMENTS[place][0]:
        told = []
        for seed in range(400):
            made, space = writer(seed)
            try:
                lines = made.fill(template, 1).replace("\n", "\n        ")
            except functions.NoSuchVariable:
                continue
            code = f"def f({', '.join(space)}):\n    for _ in [0]:\n        {lines}\n\nf(**{space})\n"
            told += functions.outputs_on(code, [""], 50, 10_000)
            if told[-1] in ("", "<error>Timeout") and ("while" in template or not told[-1]):
                break
        else:
            raise AssertionError((template, told))
        assert not {"<error>SyntaxError", "<error>NameError"} & set(told), (template, told)


def test_draws_are_those_of_the_seed_and_of_the_split(drawn):
    assert [case.code for case in draw(5)] == [case.code for case in drawn[:5]]
    for split in ("val", "test"):
        assert {split_of(case.cls) for case in draw(5, split)} == {split}
    assert {split_of(case.cls) for case in drawn} == {"train"}
    kinds = {case.kind for case in drawn}
    assert kinds > {"for", "if", "straight", "primitive"} and sum(case.kind == "crash" for case in drawn) < 12


def test_names_that_training_never_shows(drawn):
    unseen = re.compile(rf"\b({'|'.join(UNSEEN)})\b")
    for case in draw(8, "val", "new_names"):
        stored = {node.arg for node in ast.walk(ast.parse(case.code)) if isinstance(node, ast.arg)}
        assert {word for name in stored for word in name.split("_")} <= set(UNSEEN)
    for case in drawn:
        names = [node.id for node in ast.walk(ast.parse(case.code)) if isinstance(node, ast.Name)]
        assert not any(map(unseen.fullmatch, names))


HABITUAL = """def f(text, n):
    a, b = (text + '  a\\n, b: c ', n + n * 2)
    d = {'a': 1, 'b': [n - 1]}
    for k, v in (d, d):
        if n >= 2 and (not text.isdigit()):
            return ''.join((c for c in text if c > 'a')) + ''.join((c for c in b))
    return (a, (a + b) * (n + n))"""


@pytest.mark.parametrize("habit", functions.HABITS.strip().splitlines())
def test_people_type_a_program_in_many_ways(habit, monkeypatch):
    """Each way is seen, and none changes what a program does or a text of it, nor keeps another place from it."""
    monkeypatch.setattr(functions, "HABITS", "100 " + habit.split(" ", 1)[1])
    told = {functions.typed(random.Random(seed), HABITUAL) for seed in range(9)}
    assert told - {HABITUAL} and {functions.meaning(text) for text in told} == {functions.meaning(HABITUAL)} != {None}
    assert functions.typed(random.Random(0), "f('a , b: c + d')") in ("f('a , b: c + d')", 'f("a , b: c + d")')


def test_a_habit_that_would_change_one_place_is_followed_in_the_others(monkeypatch):
    monkeypatch.setattr(functions, "HABITS", next(line for line in functions.HABITS.splitlines() if "breturn" in line).replace("90", "100"))
    code = "def f(a, b):\n    a, b = (b, a)\n    if a:\n        return (a + b) * (a - b)\n    return (a, b)"
    told = {functions.typed(random.Random(seed), code) for seed in range(20)}
    assert code.replace("(b, a)", "b, a").replace("n (a, b)", "n a, b") in told and len(told) > 2  # always, and now and then


def test_how_a_program_is_typed_is_not_told(drawn):
    functions_ = [lab.function_of(case.code) for case in drawn]
    assert sum(ast.unparse(ast.parse(code)) != code for code in functions_) > 30
    assert sum('f("' in case.code for case in drawn) > 5
    for case in drawn:
        plain = ast.unparse(ast.parse(case.code))
        assert functions.narrate(functions.record(plain)) == functions.narrate(functions.record(case.code)), case.code


def test_recorded_here_or_in_the_sandbox_it_is_the_same_run(drawn):
    for case in drawn[:12]:
        here, there = functions.record(case.code), tracer.record(case.code)
        assert here == there and (here.stdout, here.error) == case.outcome


def test_what_is_long_is_not_complete():
    assert not functions.record("for i in range(500):\n    pass\n").complete


def test_outputs_stop_where_values_explode():
    for line in ("s = s + s", "xs.append(''.join(xs) * 3)", "d[len(d)] = str(d)"):
        code = f"s, xs, d = 'ab', ['ab'], {{}}\nfor i in range(150):\n    {line}\n"
        assert functions.outputs_on(code, [""], *functions.LIMITS) == ["<error>Timeout"]


COUNTED = """def f(text, xs):
    for c in reversed(text):
        xs.insert(1, c)
    try:
        return xs[1:] + xs[text.find(text[2:3]):][::-1]
    except IndexError:
        return len(text.strip())

print(repr(f("it's", [7])))
"""


def test_what_counts_by_place_is_listed_with_its_places_once():
    """Before the statement that needs it; not what has no second item, not for its ends, not an item that is not there yet."""
    told = functions.narrate(functions.record(COUNTED))
    listed = [line for line in told if " by index: " in line or " backwards: " in line]
    assert listed == ["""text by index: "0i 1t 2' 3s 4".""", """text backwards: "3s 2' 1t 0i".""", "xs by index: 0: 7, 1: 's', 2.",
                      """xs by index: 0: 7, 1: "'", 2: 's', 3.""", """xs by index: 0: 7, 1: 't', 2: "'", 3: 's', 4.""",
                      """xs by index: 0: 7, 1: 'i', 2: 't', 3: "'", 4: 's', 5."""]
    assert told.index(listed[0]) == 1 and told[3] == "Turn 1: c = 's'." and told[told.index(listed[2]) + 1].endswith("after insert(1, \"'\").")
    assert told == functions.narrate(tracer.record(COUNTED))


@pytest.mark.parametrize("statement, listed", [
    ("return a[1]", "a"), ("return a[0]", ""), ("return a[-1]", ""), ("return a[1:]", ""), ("return a[2:]", "a"), ("return a[::2]", "a"),
    ("return a[::-1]", "aa"), ("b[1] = a", "b"), ("return len(a) + len(b)", "ab"), ("while len(a) < 0:\n        a = b", "a"), ("return a.find('x')", "a"),
    ("b.pop()", ""), ("b.pop(1)", "b"), ("b.insert(0, a)", ""), ("b.insert(1, a)", "b"), ("for c in a:\n        pass", "a"),
    ("for k, c in enumerate(a):\n        pass", "a"), ("for k in range(len(b)):\n        b[k] = a", "bbb"), ("if a:\n        return b[1]", "b"),
    ("if not a:\n        return b[1]", ""), ("try:\n        return a[9]\n    except IndexError:\n        pass", "a"), ("return [len(c) for c in a]", ""),
    ("return 'xyz'[len(a) - 2]", "'xyz'a"), ("return a.replace('b', '[')", ""), ("return '[1]'.join(b[1:3]) + 'a[2]'", "b"), ("return f'{a}-{b}'[2:]", ""),
    ("return b.index(0)", "b"), ("return b.count(-1)", "b"), ("return len(a) + len(b[::-1])", "abb"), ("return len(aa[::-1]) + len(a)", "a"),
    ("return reversed(b)", "bb"), ("return a.upper()", "")])
def test_which_values_count_by_place(statement, listed):
    told = functions.narrate(functions.record(f"def f(a, b):\n    {statement}\n\nprint(repr(f('abx', [1, 0, -1])))\n"))
    assert "".join(re.findall("^(.*) (?:by index|backwards): ", "\n".join(told), re.M)) == listed, told


def test_the_truth_beside_a_simulation_is_in_the_words_that_its_model_learnt():
    run = tracer.record(COUNTED)
    usual = list(map(tracer.in_fewer_words, tracer.narrate(run)))
    assert answers.as_taught(run, {"world": "functions"}) == (functions.narrate(run), True) and functions.narrate(run) != usual
    assert answers.as_taught(run, {"world": "gone"}) == answers.as_taught(run, {"world": "contest"}) == (usual, True)


def test_what_does_not_parse_is_told_as_ever():
    assert functions.narrate(tracer.record("def f(:")) == tracer.narrate(tracer.record("def f(:")) != []


def test_places_are_true(drawn):
    """What is listed of a variable is a value that it had."""
    seen = 0
    for case in drawn:
        true = set()
        for name, text in {item for event in functions.record(case.code).events for item in event.changes.items()}:
            value = ast.literal_eval(text) if text and text[0] in "'\"[(" else ""
            places = [(f"{k}{item}" if isinstance(value, str) else f"{k}: {item!r}") for k, item in enumerate(value)]
            for way, items in ("by index", [*places, str(len(value))]), ("backwards", places[::-1]):
                true.add(f"{name} {way}: {repr(' '.join(items)) if isinstance(value, str) else ', '.join(items)}.")
        for line in tasks.explanation_lines(case.nlex):
            if re.match(r"[a-zA-Z_]\w* (by index|backwards): ", line):
                assert line in true, (line, case.code)
                seen += 1
    assert seen > 40


def test_programs_of_others_are_told_as_ours_are():
    """No definition, wherever it stands, and no print of the result, whatever the function's name."""
    code = "import re\nK = 3\n\ndef h(x):\n    return x + K\n\ndef g(a):\n    return h(a)\n\nprint(repr(g(1)))\n"
    assert functions.narrate(tracer.record(code)) == [
        "We import re.", "K = 3.", "We call g with a = 1.", "We call h with x = 1.", "h returns 1 + 3 = 4.", "g returns h(1) = 4."]


def test_letters_of_texts_are_tokens_of_their_own(drawn):
    """Wherever a text stands in quotes, in code, explanation and output; and every text comes back."""
    tokenizer, seen = tokenizer_of("functions"), 0
    for case in drawn:
        for text in (case.prompt, case.nlex):
            ids = tokenizer.encode(text)
            assert tokenizer.decode(ids) == text
            spelled, place = set(), 0
            for match in re.finditer(functions.SPELLED, text):
                start = len(text[:match.start()].encode())
                spelled.update(range(start, start + len(match[0].encode())))
            for token in ids:
                size = len(tokenizer.encoding.decode_single_token_bytes(token))
                if spelled & set(range(place, place + size)):
                    assert size == 1
                    seen += 1
                place += size
    assert seen > 10_000
    assert len(tokenizer.encode("We call f with")) < 6
    for awkward in ("'", "it's", "'a\\'b' + \"it's\"", "''''", "'a\nb'", "é'é\u4e2d'", "<|end|>'<|end|>'"):
        assert tokenizer.decode(tokenizer.encode(awkward)) == awkward
    course = tokenizer_of("contest")
    assert course.encode("print('total')") == course.encoding.encode_ordinary("print('total')")


def test_explanations_end_in_what_is_printed(drawn):
    for case in drawn:
        lines = tasks.explanation_lines(case.nlex)
        if not case.error:
            assert lines[-1].endswith(f"= {case.stdout.strip()}.") or lines[-1] == f"f returns {case.stdout.strip()}.", case


def test_what_the_lab_counts():
    case = tasks.Case("def f(a, b):\n    for x in a:\n        b += x.upper() * len(a)\n    return b\n\nprint(repr(f('ab', '')))\n", "", "'ab'\n",
                      "", "1", "foreign", "function")
    one = dataclasses.replace(case, code="def f(a):\n    return a\n\nprint(repr(f(12, 3)))\n", stdout="1\n")  # how 12 begins is no echo
    crash = dataclasses.replace(one, stdout="", error="KeyError")
    assert lab.calls(lab.function_of(case.code)) == {".upper()", "len()"}
    assert lab.baselines([case, case, one, crash]) == {"echo": 0.5, "commonest": 0.5}
    counted = lab.histogram([case, one])
    halves = {".upper()", "len()", "For", "AugAssign", "Add", "Mult", "BinOp", "Call", "Attribute", "Store", "returns str", "returns int",
              "50-99 characters", "0-49 characters"}
    assert counted == {"characters": (73 + 22) / 2} | dict.fromkeys(halves, 0.5)
    assert lab.explain([case]) == [case] and not lab.explain([dataclasses.replace(one, code="def f():\n    1 / 0\n\nprint(repr(f()))\n", stdout="")])
    true = tasks.explanation_lines(case.nlex)
    assert true[0] == "We call f with a = 'ab', b = ''." and case.stdout == "'ab'\n"  # the file's word, though it is wrong
    answers = ["\n".join([tasks.EXPLAINED.strip(), *true[:3], wrong, *true[4:], tasks.AT_ONCE + "'ab'", "</output>"]) for wrong in (true[3], "b = 'a'.")]
    told = lab.details([case] * 9, [*answers, ""] * 3, [True, False, False] * 3)
    assert told["method"].keys() == {".upper()", "len()"} and told["method"]["len()"]["value"] == pytest.approx(1 / 3, abs=1e-4)
    assert told["construct"]["for"]["n"] == told["length"]["50-99"]["n"] == told["plain"]["True"]["n"] == 9
    for change, plain in (("\n    b", "\n\n    b"), "True"), (("a, b", "a,b"), "False"), (("'ab'", '"ab"'), "False"):
        assert lab.LABELS["plain"](dataclasses.replace(case, code=case.code.replace(*change))) == plain
    assert told["first_wrong_step"]["kinds"] == {"arithmetic": 3, "format": 0, "cut off": 3}
    assert told["first_wrong_step"]["right_with_wrong_step"]["value"] == 0
    text = lab.examples([case] * 3, [*answers, ""], [True, False, False])
    assert "== Right, every line right\n" in text and "== Wrong, wrong from line 4\n" in text and "== Wrong, wrong from line 1\n" in text


def test_each_template_stands_alone(monkeypatch):
    monkeypatch.setattr(functions, "EXPRESSIONS", {kind: EXPRESSIONS[kind] for kind in ("duo", "test", "rows")})
    monkeypatch.setattr(functions, "STATEMENTS", {"mutate": (STATEMENTS["mutate"][0][:3], None)})
    cases, templates = lab.primitives(2), len(EXPRESSIONS["duo"][0]) + len(EXPRESSIONS["rows"][0]) + 3
    assert templates < len(cases) <= 2 * templates and all(case.nlex for case in cases)
    one_line = [case for case in cases if case.kind == "primitive"]
    assert all("append(" in case.code or "insert(" in case.code for case in cases if case not in one_line) and len(one_line) < len(cases)
    assert sum("divmod(" in case.code for case in cases) == 2 and cases == lab.primitives(2)


def test_every_character_counts_and_every_way_is_asked():
    class Said:
        def simulate(self, pairs, draw, begin):
            assert draw == 0
            results = {"": "'a b'", tasks.EXPLAINED: "'a  b'", tasks.AT_ONCE: "'a  b' "}
            return [f"<output>\n{results[begin]}\n</output>" for _ in pairs]

        def belief(self, *asked):
            return list(map(tasks.parse_outcome, self.simulate(*asked)))
    case = tasks.Case("def f(a):\n    return a\n\nprint(repr(f('a  b')))\n", "", "'a  b'\n", "", "1", "short", "primitive")
    right, told = lab.predict(Said(), [case, case])
    assert right == {"free": [False, False], "explained": [True, True], "direct": [False, False], "explained_minus_direct": [1, 1]}
    assert told == ["<output>\n'a  b'\n</output>"] * 2


def test_functions_are_the_same_whatever_their_names():
    """Those of a benchmark leave the data under other names, too: of variables, of builtins that are variables, of the function; beside imports."""
    def same(a, b):
        return bool(lab.nameless(a) & lab.nameless(b))
    ours = "def f(text, n):\n    out = [c for c in text if len(c) > n]\n    return sorted(out, key=len)"
    assert same(ours, ours.replace("text", "str").replace("out", "list")) and same(ours, "import re\n\n" + ours.replace("f(", "keep_long(") + "\n\nkeep_long(1)")
    assert same(ours, f"def other(x):\n    return x\n\n{ours}") and same(ours, ours.replace("\n", "  # why\n").replace("[c", "[ c"))
    for old, new in ((">", "<"), ("sorted", "list"), ("len(c)", "len(n)"), ("key", "reverse")):
        assert not same(ours, ours.replace(old, new)), new


def test_files_that_cannot_be_used_are_one_line_and_status_2(tmp_path, monkeypatch, capsys):
    good = {"code": "def f(a):\n    return a", "input": "1", "output": "1"}
    (tmp_path / "good").write_text(json.dumps(good))
    texts = ["", "{", "[]", '{"code": 1, "input": "", "output": ""}', json.dumps(good | {"code": "def f(:"}), json.dumps(good | {"code": "print(1)"})]
    mbpp = ["", "{", '{"code": "x = 1", "test_list": ["assert ("]}', '{"code": "x = 1", "test_list": ["x"]}',
            json.dumps({"code": "def g(a):\n    1 / 0", "test_list": ["assert g(1) == 2"]})]
    people = ["{", '{"problem": "p"}', '{"problem": "p", "sample_tests": [], "candidates": [1]}']
    bad = tmp_path / "bad"
    for module, arguments, contents in ((lab, [bad], texts), (lab, [tmp_path / "good", "--mbpp", bad], mbpp), (candidates, [bad], people)):
        for text in [None, *contents]:
            bad.unlink(missing_ok=True)
            if text is not None:
                bad.write_text(text)
            monkeypatch.setattr(sys, "argv", ["x", *map(str, arguments), "--preset", "cpu", "--out", str(tmp_path / "out")])
            with pytest.raises(SystemExit) as stop:
                module.main()
            told = capsys.readouterr().err
            assert stop.value.code == 2 and told.count("\n") == 1 and ("bad" in told or "must be" in told), (text, told)


def test_from_data_to_the_benchmark(tmp_path, monkeypatch, capsys, one_cpu_thread):
    """Three functions as a benchmark, models of a few steps: everything that the lab writes is there; two of them, though under other
    names, leave the data of SFT and RL; the same command goes on."""
    problems = " ".join(f"--{name} 1" for name in ("sft-problems", "rl-problems", "val-problems", "test-problems", "val-vague", "test-vague"))
    sizes = {"data": f"--sft-cases 40 --rl-cases 6 --val-cases 2 --test-cases 3 {problems}",
             "model": "--n-layer 1 --n-embd 32 --n-head 2 --n-kv-head 1",
             "sft": "--steps 3 --batch-tokens 4096 --val-every 3 --val-cases 1 --compile 0",
             "rl": "--steps 1 --predict-prompts 2 --solve-prompts 0 --fix-prompts 0 --val-cases 1 --group 2"}
    monkeypatch.setattr(lab, "SIZES", {"cpu": sizes})
    monkeypatch.setattr(lab, "ANSWERS", "--max-new-tokens-predict 12")
    monkeypatch.setattr(lab, "primitives", lambda: draw(4) + [dataclasses.replace(draw(1)[0], code="def f(a):\n    return len(a)\n\nprint(repr(f('b')))\n")] * 8)
    rows = [{"code": "def f(a):\n    return a", "input": "'b'", "output": "'b'"}]
    for name in ("sft_cases", "rl_cases"):
        (case,) = tasks.make_rows(Namespace(world="functions", world_size="cpu", seed=0), name, 0, 1)
        code, _, call = case.code.partition("\n\nprint(repr(f(")
        first = re.search(r"f\((\w+)", code)[1]
        rows.append({"code": re.sub(rf"\b{first}\b", "other", code), "input": call.strip()[:-3], "output": case.stdout.strip()})
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    tests = ["assert g(2) == 4", "assert g([1]) == [1, 1]", "assert not g(0)"]
    (tmp_path / "mbpp.jsonl").write_text(json.dumps({"code": "def g(a):\r\n    return a + a", "test_list": tests}))
    command = ["x", str(tmp_path / "rows.jsonl"), "--mbpp", str(tmp_path / "mbpp.jsonl"), "--preset", "cpu", "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", list(command))
    lab.main()
    capsys.readouterr()
    told = json.loads((tmp_path / "out/functions.json").read_text())
    theirs = set().union(*(lab.nameless(row["code"]) for row in rows))
    for name, n in (("sft_cases", 40), ("rl_cases", 6)):
        left = tasks.load_cases(tmp_path / f"out/data/{name}.jsonl")
        assert told["dropped"][name] == n - len(left) >= 1 and not any(theirs & lab.nameless(case.code) for case in left)
    assert told["benchmark"]["baselines"]["echo"] >= 0.3 and told["histogram"]["characters"]["mbpp"] == 26
    assert set(told["benchmark"]["differences"]["rl minus sft"]) == {*lab.WAYS, "explained_minus_direct"}
    assert told["primitives"]["models"]["rl"]["explained"]["n"] == 12 and told["methods"]["len()"]["primitives"]["n"] >= 8
    for stage in ("sft", "rl"):
        assert told["benchmark"]["models"][stage]["explained"]["n"] == 3 and set(told["short"]["models"][stage]) >= set(lab.WAYS)
        assert told["mbpp"]["models"][stage]["free"] == {"value": 0, "lo": 0, "hi": 0, "n": 2} and told["mbpp"][stage]["first_wrong_step"]["kinds"]["cut off"] == 2
    assert (tmp_path / "out/examples-benchmark.txt").read_text().count("== Wrong") == 3
    before = (tmp_path / "out/rl.pt").read_bytes()
    monkeypatch.setattr(sys, "argv", command)
    lab.main()
    again = json.loads((tmp_path / "out/functions.json").read_text())
    assert "is there" in capsys.readouterr().out and again == told and (tmp_path / "out/rl.pt").read_bytes() == before
    problem = {"problem": "p", "sample_tests": [{"input": "2\n", "output": "4\n"}, {"input": "3\n", "output": "6\n"}], "candidates": [
        {"code": "print(2 * int(input()))", "status": "all_pass"}, {"code": "print(4)", "status": "some_pass"},
        {"code": "x = 1\n" * 999, "status": "none_pass"}]}
    (tmp_path / "c.jsonl").write_text(json.dumps(problem))
    monkeypatch.setattr(sys, "argv", ["x", str(tmp_path / "c.jsonl"), "--out", str(tmp_path / "out"), "--world", "functions", "--ckpt",
                                      str(tmp_path / "out/rl.pt"), "--preset", "cpu", "--max-new-tokens-predict", "9"])
    candidates.main()
    told = json.loads((tmp_path / "out/candidates.json").read_text())
    assert (told["runs"], told["fit"], told["answered"], told["exec"]["value"]) == (6, 4, 0, 1)
    assert told["random"]["value"] == told["simulate"]["value"] == pytest.approx(1 / 3, abs=1e-4)
    outcomes = {(row["code"], "2\n"): ("4\n", "") for row in problem["candidates"][:2]}
    assert candidates.picked(*candidates.to_problem(problem, 1), outcomes) == 0.5
    test, program = problem["sample_tests"][0], problem["candidates"][0]
    for change in ({"sample_tests": [{"input": "2"}]}, {"sample_tests": [test | {"output": 4}]}, {"sample_tests": [test | {"input": None}]}, {"sample_tests": 1},
                   {"candidates": [program | {"code": None}]}, {"candidates": [{"code": "x"}]}, {"candidates": None}):
        (tmp_path / "c.jsonl").write_text(json.dumps(problem) + "\n" + json.dumps(problem | change))
        with pytest.raises(SystemExit):
            candidates.main()
        said = capsys.readouterr().err
        assert "cannot use " in said and "c.jsonl, line 2: " in said and said.count("\n") == 1
