"""The page of a run and of a program: is everything in it, and true? Does what a program wrote stay text? Does it work in a browser?"""

import json
import math
import os
import re
import shutil
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

import tasks
import tracer
from lab import page, report
from trace import canonical

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = (ROOT / "lab/page.html").read_text()
COURSE = sorted(ROOT.glob("results/course-seed*"))
COMMITTED = ROOT / "results/course-seed0/page.html"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
of_the_results = pytest.mark.skipif(not COMMITTED.exists(), reason="there is no results/course-seed0/page.html")

WORLD = Namespace(seed=0, world="contest", world_size="cpu")  # of the committed runs

HOSTILE = """# </script><script>document.title = "taken"</script><!-- DATA \u2028 \u2029 \u00e9 \U0001f40d
text = "</script><img src=x onerror=alert(1)>"
print(text, "<b>&lt;</b>", '\\ud800'.encode("utf-8", "surrogatepass"))
"""
CALLS = """total = 0
def add(n):
    global total
    total += n
    if n:
        m = add(n - 1)
    return total
def count():
    for i in range(2):
        yield i
print(add(3))
found = [k for k in count()]
for k in count():
    print(k)
del k
"""


def data_of(path: Path) -> dict:
    """What a page was filled with. It must hold one data block, as the template does."""
    text = path.read_text()
    assert text.count("</script") == TEMPLATE.count("</script") and len(text) < 1_000_000 and text.isascii()
    (block,) = re.findall('<script id="data" type="application/json">(.*?)</script>', text, re.DOTALL)
    assert text == TEMPLATE.replace("DATA", block)
    return json.loads(block)


def ask(*words, **options):
    return subprocess.run([sys.executable, *map(str, words)], cwd=ROOT, capture_output=True, text=True, timeout=120, **options)


# ---------------------------------------------------------------------------------------------------------------------
# A program, step by step.

def replayed(program: dict):
    """-> after each step: the variables of every frame, as the page puts them together."""
    frames = {}
    for step in program["steps"]:
        for frame, changes in step["changes"].items():
            for name, text in changes.items():
                frames.setdefault(int(frame), {})[name] = text
                if text is None or text[0] == "<":
                    del frames[int(frame)][name]
        yield step, {frame: dict(values) for frame, values in frames.items()}


def test_steps_are_the_explanation_with_the_values_of_the_run():
    trace = tracer.record(CALLS)
    program = page.stepped(trace)
    assert [step["text"] for step in program["steps"]] == tracer.narrate(trace)
    assert "".join(step["printed"] for step in program["steps"]) == trace.stdout == "6\n0\n1\n"
    assert program["frames"] == {0: "<module>", 1: "add", 2: "add", 3: "add", 4: "add", 5: "count", 6: "count"}
    states = {step["text"]: (step, state) for step, state in replayed(program)}
    step, state = states["total = 3 + 2 = 5."]  # in the second call of add
    assert (step["line"], step["stack"], state[0]["total"], state[2]) == (4, [0, 1, 2], "5", {"n": "2"})
    step, state = states["count yields 1."]
    assert (step["line"], step["stack"], state[6]) == (10, [0, 6], {"i": "1"})
    *_, (step, state) = replayed(program)
    assert step["line"] == 15 and step["stack"] == [0] and state[0] == {"total": "6", "found": "[0, 1]"}  # k is gone, functions are hidden


def test_a_step_that_crashed_and_a_program_that_does_not_parse():
    program = page.stepped(tracer.record("xs = [1]\nprint(xs[2])"))
    assert program["ending"] == "The program stops with IndexError: list index out of range (line 2)." and program["steps"][-1]["line"] == 2
    program = page.stepped(tracer.record("x = ("))
    assert program["steps"] == [] and "SyntaxError" in program["ending"]


def test_deep_calls_and_long_values_stay_small():
    program = page.stepped(tracer.record("def f(n):\n    return f(n - 1) + 1 if n else 0\nx = '<' * 5000\nprint(f(50))\nprint(x)"))
    assert max(len(step["stack"]) for step in program["steps"]) == 5
    assert max(len(step["printed"]) for step in program["steps"]) == 1000 and len(page.packed(program)) < 100_000


def test_steps_without_room_are_left_out_and_it_is_said(tmp_path):
    code = "\n".join(["x = '<' * 100", "for i in range(2400):", "    y = x + str(i)", "    print(y)"])
    trace = tracer.record(code)
    page.write_program(trace, tmp_path / "page.html")
    program = data_of(tmp_path / "page.html")["program"]
    told = tracer.narrate(trace)
    assert program["cut"] and 100 < len(program["steps"]) < len(told)
    assert [step["text"] for step in program["steps"]] == told[:len(program["steps"])]
    assert not page.stepped(tracer.record("x = 1"))["cut"]


def test_what_a_program_wrote_cannot_leave_the_data(tmp_path):
    page.write_program(tracer.record(HOSTILE, "</script>\u2028"), tmp_path / "page.html")
    program = data_of(tmp_path / "page.html")["program"]
    assert program["code"] == HOSTILE and program["stdin"] == "</script>\u2028"
    assert "innerHTML" not in TEMPLATE and "insertAdjacent" not in TEMPLATE and "document.write" not in TEMPLATE


def test_the_template_loads_nothing():
    assert re.findall(r"https?://[^\"' ]+", TEMPLATE) == ["http://www.w3.org/2000/svg"]  # the name of a namespace
    assert "default-src 'none'" in TEMPLATE and not re.search(r"\b(src|import|fetch)\b *[=(]", TEMPLATE.replace("default-src", ""))
    assert TEMPLATE.isascii() and TEMPLATE.count("DATA") == 1 and len(TEMPLATE.splitlines()) <= 600


# ---------------------------------------------------------------------------------------------------------------------
# python trace.py prog.py --html

def test_trace_writes_a_page(tmp_path):
    to = tmp_path / "out.html"
    done = ask("trace.py", "examples/sum_even.py", "--stdin", "3 8 4", "--html", to)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{to}\n", "")
    assert [step["text"] for step in data_of(to)["program"]["steps"]] == ask("trace.py", "examples/sum_even.py", "--stdin", "3 8 4").stdout.split(
        "\n<output>")[0].splitlines()
    done = ask("trace.py", "examples/sum_even.py", "--stdin", "-", "--html", to, input="2 4")
    assert done.returncode == 0 and data_of(to)["program"]["stdin"] == "2 4"
    done = ask("trace.py", "examples/power.py", "--call", "power(3, 2)", "--html", to)
    assert done.returncode == 0 and data_of(to)["program"]["steps"][-1]["printed"] == "9\n"


def test_trace_writes_a_page_of_what_there_is_and_says_so(tmp_path):
    to = tmp_path / "out.html"
    done = ask("trace.py", "examples/power.py", "--max-events", "5", "--html", to)
    assert done.returncode == 1 and "explained only in part: more than 5 events" in done.stderr
    assert data_of(to)["program"]["reason"] == "more than 5 events"
    to.unlink()
    (tmp_path / "odd.py").write_text("import sys\nprint(sys.gettrace() is None)\n")
    done = ask("trace.py", tmp_path / "odd.py", "--html", to)
    assert done.returncode == 1 and "no explanation: what it prints differs" in done.stderr and not to.exists()


@pytest.mark.parametrize("target", ["absent/out.html", ".", ""])
def test_a_page_that_cannot_be_written_is_one_line(tmp_path, target):
    done = ask("trace.py", "examples/sum_even.py", "--stdin", "3", "--html", tmp_path / target if target else "")
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and done.stderr.startswith("trace.py: "), done.stderr
    assert not done.stdout and not [*tmp_path.iterdir()]


# ---------------------------------------------------------------------------------------------------------------------
# A run of the course.

def figure(value):
    return {"value": value, "lo": value - 0.1, "hi": value + 0.1, "n": 400}


def a_run(folder: Path, seed: int = 0, value: float = 0.5, **more) -> Path:
    """A folder with an evaluation and logs, one of them torn, with a number that is none."""
    folder.mkdir()
    metrics = {"preset": "cpu", "seed": seed, "predict": {}, "predict_greedy": {"sft/free/short": figure(0.2), "rl/free/short": figure(value)},
               "commit": "abcdefgh"}
    (folder / "metrics.json").write_text(json.dumps(metrics | more))
    (folder / "sft.jsonl").write_text('{"step": 50, "loss": 1.5}\n{"step": 100, "loss": NaN}\n{"step": 150, "loss": 0.5, "val_solve": null}\n{"st')
    (folder / "rl.jsonl").write_text("".join(f'{{"step": {k}, "explained": {value * k / 2}}}\n' for k in (1, 2)))
    return folder


def lines(data: dict, title: str) -> list:
    return dict(map(tuple, data["curves"]))[title]


def test_the_page_of_several_runs(tmp_path):
    runs = [a_run(tmp_path / "a"), a_run(tmp_path / "b", 1, 0.7)]
    page.main([str(run) for run in runs])
    assert not (tmp_path / "b/page.html").exists()
    data = data_of(tmp_path / "a/page.html")
    assert not data["own"] and "predictions" not in data and "problems" not in data
    assert data["table"][0] == ["effect", "output prediction, greedy, short inputs"]
    assert [column[1] for column in data["table"][1:]] == ["20.0 (20.0 to 20.0)", "60.0 (50.0 to 70.0)"]
    assert "seed 0, 1" in data["source"] and str(runs[1]) in data["source"]
    assert lines(data, "SFT: loss (nats a token)") == 2 * [[[50, 1.5], [150, 0.5]]]
    assert lines(data, "RL: explains unasked (%)") == [[[1, 0.25], [2, 0.5]], [[1, 0.35], [2, 0.7]]]
    assert lines(data, "SFT: solves with one program (%)") == [[], []] and len(data["curves"]) == len(report.listed(page.PANELS))


def test_what_is_drawn_is_logged():
    """By sft.py and rl.py, whose docstrings tell their logs."""
    rl, sft = pytest.importorskip("rl"), pytest.importorskip("sft")
    plays = [rl.__doc__.replace("<play>", play) for play in ("predict", "multi")]
    logged = {"sft": sft.__doc__, "rl": sft.__doc__ + "".join(plays)}                    # what validation tells, sft.py says
    for log, key, _ in report.listed(page.PANELS):
        assert re.search(rf"\b{key}\b", logged[log]), (log, key)


def test_the_page_of_one_run_above_others(tmp_path):
    own, other = a_run(tmp_path / "own", 5, 0.9), a_run(tmp_path / "other")
    page.main(["--out", str(own), str(other)])
    data = data_of(own / "page.html")
    assert data["own"] and [run[-1] for run in lines(data, "RL: explains unasked (%)")] == [[2, 0.9], [2, 0.5]]
    assert data["table"][-1][1] == "90.0 (80.0 to 100.0)" and not (other / "page.html").exists()  # of this run alone


@pytest.mark.skipif(not COURSE, reason="there is no results/course-seed*")
def test_without_others_the_committed_runs_of_its_preset(tmp_path):
    page.main(["--out", str(a_run(tmp_path / "cpu"))])
    loss = lines(data_of(tmp_path / "cpu/page.html"), "SFT: loss (nats a token)")
    assert len(loss) == 1 + len(COURSE) and loss[1:] == [page.curves([folder])[0][1][0] for folder in COURSE]
    page.main(["--out", str(a_run(tmp_path / "quick", preset="quick"))])
    assert len(lines(data_of(tmp_path / "quick/page.html"), "SFT: loss (nats a token)")) == 1 + len([*ROOT.glob("results/quick-seed*")])


def broken(folder, text):
    (folder / "metrics.json").write_text(text)


@pytest.mark.parametrize("damage, flags", [
    (shutil.rmtree, ["--out"]), (shutil.rmtree, []),
    (lambda run: broken(run, "{"), ["--out"]), (lambda run: broken(run, "[]"), []), (lambda run: broken(run, "3"), []),
    (lambda run: broken(run, '{"predict": {}}'), ["--out"]),
    (lambda run: (run / "page.html").mkdir(), []),
    (lambda run: (run / "rl.pt").write_text("no checkpoint"), []),
], ids=["no folder", "no folder to compare", "torn", "a list", "a number", "no preset", "not writable", "rl.pt"])
def test_what_cannot_be_used_is_one_line(tmp_path, capsys, damage, flags):
    damage(a_run(tmp_path / "run"))
    with pytest.raises(SystemExit) as stopped:
        page.main([*flags, str(tmp_path / "run")])
    said = capsys.readouterr()
    assert stopped.value.code == 2 and said.err.count("\n") == 1 and str(tmp_path / "run") in said.err and not said.out, said


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A page for which the committed models were asked, about less than usual."""
    pytest.importorskip("torch")
    if not (COURSE and (COURSE[0] / "rl.pt").exists()):
        pytest.skip("there is no results/course-seed0/rl.pt")
    run = a_run(tmp_path_factory.mktemp("asked") / "run")
    for name in ("sft.pt", "rl.pt"):
        (run / name).symlink_to(COURSE[0] / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "CASES", 3)
        patch.setattr(page, "PROBLEMS", 1)
        patch.setitem(tasks.PRESETS["cpu"]["eval"], "turns", 3)
        page.main([str(run)])
    return run / "page.html"


def check_predictions(predictions, cases, sandbox):
    """Every figure, again from the texts."""
    for shown, case in zip(predictions, cases, strict=True):
        ran = sandbox.run(case.code, case.stdin)
        assert shown["want"] == [ran.stdout, ran.error] and shown["program"]["code"] == case.code and shown["set"] == case.set
        assert len(shown["true"]) == len(shown["program"]["steps"]) or ran.error == "SyntaxError"
        for stage in ("sft", "rl"):
            told, wrong = shown[stage]["told"], shown[stage]["wrong"]
            assert shown[stage]["right"] == tasks.same_outcome(shown[stage]["got"], tuple(shown["want"]))
            told, true = [*map(canonical, told)], [*map(canonical, shown["true"])]
            assert told == true if wrong is None else told[:wrong[0]] == true[:wrong[0]] and told[:wrong[0] + 1] != true[:wrong[0] + 1]


def check_problems(problems, drawn, sandbox):
    """Truth and verdicts, again by running."""
    jobs = {(program["code"], stdin): None for played, problem in zip(problems, drawn, strict=True) for stdin, _ in problem.tests
            for program in [*played["programs"], *played["turns"]]}
    jobs = dict(zip(jobs, sandbox.map(list(jobs))))
    for played, problem in zip(problems, drawn):
        assert played["statement"] == problem.statement and len(played["programs"]) == 8
        for program in [*played["programs"], *played["turns"]]:
            right = [tasks.same_outcome((ran.stdout, ran.error), (want, "")) and ran.status == "OK"
                     for stdin, want in problem.tests for ran in [jobs[program["code"], stdin]]]
            assert program["solves"] == all(right) and (program["runs"] or not program["code"])
            for told in program["runs"]:
                ran = jobs[program["code"], told["stdin"]]
                assert told["true"] == (ran.stdout + ran.error).strip() or ran.status not in ("OK", "ERROR")
                assert (told["mark"] == ">>") == (told["believed"] != told["true"])
                assert told["verdict"] == ("right" if told["believed"] == told["want"] else "wrong")


def test_what_the_model_says_is_judged_by_the_truth(asked, sandbox):
    data = data_of(asked)
    check_predictions(data["predictions"], tasks.make_rows(WORLD, "test_cases", 0, 3), sandbox)
    check_problems(data["problems"], tasks.make_rows(WORLD, "test_problems", 0, 1), sandbox)


# ---------------------------------------------------------------------------------------------------------------------
# The committed page.

@of_the_results
def test_the_committed_page_is_that_of_the_committed_files():
    data, folders = data_of(COMMITTED), [str(folder.relative_to(ROOT)) for folder in COURSE]
    runs = [report.read(folder) for folder in COURSE]
    columns, counts = report.grid(report.TABLES["headline"], runs)
    assert data["table"] == [list(column) for column in columns] and data["source"] == report.source(runs, folders, counts)
    assert data["curves"] == json.loads(json.dumps(page.curves(COURSE))) and not data["own"]
    assert all(math.isfinite(value) for _, runs in data["curves"] for run in runs for _, value in run)


@of_the_results
def test_what_the_committed_page_shows_of_the_model_is_true(sandbox):
    data = data_of(COMMITTED)
    check_predictions(data["predictions"], tasks.make_rows(WORLD, "test_cases", 0, page.CASES), sandbox)
    check_problems(data["problems"], tasks.make_rows(WORLD, "test_problems", 0, page.PROBLEMS), sandbox)


# ---------------------------------------------------------------------------------------------------------------------
# In a browser, where there is one.

def browsed(path: Path, folder: Path, width: int = 1280, fragment: str = "#selftest") -> str:
    """The document after its scripts have run. Nothing may have been said to the console."""
    if BROWSER is None:
        pytest.skip("no Chromium here")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync",
             f"--user-data-dir={folder / 'profile'}", f"--window-size={width},900", "--enable-logging=stderr", "--dump-dom"]
    done = subprocess.run([BROWSER, *flags, f"{path.resolve().as_uri()}{fragment}"], capture_output=True, text=True, timeout=120,
                          env=os.environ | {"HOME": str(folder)})
    assert "CONSOLE" not in done.stderr, done.stderr
    return done.stdout


def verdict(document: str) -> str:
    (text,) = re.findall('<p id="selftest">(.*?)</p>', document)
    return text


@of_the_results
@pytest.mark.parametrize("width", [1280, 400])
def test_the_committed_page_opens_and_steps_through_everything(tmp_path, width):
    data = data_of(COMMITTED)
    steps = sum(len(shown["program"]["steps"]) for shown in data["predictions"])
    document = browsed(COMMITTED, tmp_path, width)
    assert verdict(document) == f"ok: {steps} steps" and steps > 100
    for words in ("What came out", "How it learnt", f"mean of {len(COURSE)} runs", "12 predictions", "6 picks", "6 repairs", "first wrong line", "wrong belief"):
        assert words in document.split("<script")[0]


def test_hostile_text_is_shown_and_stays_text(tmp_path):
    page.write_program(tracer.record(HOSTILE, "<script>"), tmp_path / "page.html")
    document = browsed(tmp_path / "page.html", tmp_path)
    assert verdict(document) == "ok: 2 steps"
    shown = document.split('<script id="data"')[0]
    assert "<title>nano-self-execution</title>" in shown and not re.search("<(img|b)[ >]", shown)
    assert "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;" in shown


def test_the_page_notices_what_is_wrong(tmp_path):
    """Else the tests above say nothing."""
    program = page.stepped(tracer.record("x = 1\ny = 2"))
    program["steps"][1]["line"] = 7
    page.write_page(tmp_path / "page.html", {"program": program})
    assert verdict(browsed(tmp_path / "page.html", tmp_path)) == "step 1: line 0 is lit, not 7"
    page.write_page(tmp_path / "page.html", {"program": program | {"code": None}})
    with pytest.raises(AssertionError, match="CONSOLE.*Uncaught TypeError"):
        browsed(tmp_path / "page.html", tmp_path)
