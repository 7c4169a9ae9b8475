"""The lab's figures from rows with a known result; a whole evaluation of the lab by a script; programs from elsewhere."""

import json
from types import SimpleNamespace

import pytest
from conftest import tiny_flags
from test_eval import arguments, make_data, problem, run_main, save_model, scripted

import tasks
from answers import Model
from eval import Attempt, figure
from lab import evaluate, figures, programs
from lab.figures import bin_of, compare, of, split
from lab.report import TABLES, expanded, grid, read, render


def test_bins():
    assert [bin_of(n, (5, 10, 15, 20, 30), 1) for n in (1, 5, 6, 30, 31, 900)] == ["1-5", "1-5", "6-10", "21-30", "31+", "31+"]
    assert [bin_of(n, (9, 19, 49, 99), 0) for n in (0, 9, 10, 50, 99, 100)] == ["0-9", "0-9", "10-19", "50-99", "50-99", "100+"]


def test_differences_are_paired_and_of_models_that_are_there():
    items = [SimpleNamespace(cls=c) for c in "abcd"]
    models = {"x": of(items, {"c": [1, 1, 0, 1], "only x": [1, 0, 0, 0]}), "y": of(items, {"c": [0, 1, 0, 1]})}
    record = compare(models, ["x minus y", "x minus z"])
    assert list(record["models"]) == ["y", "x"] and record["models"]["x"]["c"]["value"] == 0.75
    assert record["models"]["x"]["only x"]["n"] == 4
    assert set(record["differences"]) == {"x minus y"} and set(record["differences"]["x minus y"]) == {"c"}
    assert record["differences"]["x minus y"]["c"] == figure([1, 0, 0, 0], list("abcd"))  # narrower than of two independent samples
    parts = split(models["x"], lambda item: item.cls in "ac")
    assert (parts[True]["c"]["value"], parts[False]["c"]["value"], parts[True]["c"]["n"]) == (0.5, 1.0, 2)
    assert [f["value"] for f in figures.figures(of(items, {"k": [[1, 1, 1, 1], [0, 0, 0, 1]]}))["k"]] == [1.0, 0.25]


def test_groups_are_statements_without_and_with_vague_phrases():
    groups = figures.by_group(of([problem("a"), problem("b", vague=1)], {"init": [0, 1], "k": [[0, 1], [1, 1]]}))
    assert (groups["init"]["value"], groups["clear"]["init"]["value"], groups["open"]["init"]["value"]) == (0.5, 0, 1)
    assert [f["value"] for f in groups["clear"]["k"]] == [0, 1]
    assert list(of("ab", {"greedy": [1, 0]}, "solve/{}")) == ["solve/greedy"]


def test_predictions_broken_down():
    def case(steps, size, kind="plain"):
        return tasks.Case("", "", "", "", str(steps), "short", kind, steps, f"{tasks.EXPLAINED}x = {size}.\n")
    cases, right = [case(4, 10), case(12, 120), case(31, 5, "crash"), case(2, 5)], [True, True, False, True]
    told = figures.breakdown(cases, right)
    value = lambda key: {name: f["value"] for name, f in told[key].items()}
    assert value("predict_by_steps") == {"1-5": 1.0, "11-15": 1.0, "31+": 0.0}
    assert value("predict_by_kind") == {"plain": 1.0, "crash": 0.0}
    answers = [case.nlex for case in cases[:2]] + [f"{tasks.EXPLAINED}x = 6.\n", tasks.AT_ONCE]
    wrong = figures.wrong_steps(cases, right, answers)
    assert (wrong["n"], wrong["wrong"], wrong["kinds"]) == (4, 1, {"arithmetic": 1})
    assert wrong["right_with_wrong_step"] == figure([0, 0, 1], ["4", "12", "2"])          # the last, of three that are right


# ---------------------------------------------------------------------------------------------------------------------
# The lab's whole evaluation, by a script.


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """The folder of a whole evaluation of every checkpoint, by a script; what ran it."""
    out, names = tmp_path_factory.mktemp("lab"), (*evaluate.course.STAGES, *evaluate.CHECKPOINTS.split())
    make_data(out)
    assert len(set(names)) == len(names)
    for name in names:
        save_model(out / f"{name}.pt", seed=len(name))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("measure", "__doc__"):  # the lab's main replaces them
            patch.setattr(evaluate.course, name, getattr(evaluate.course, name))
        patch.setattr("sys.argv", ["evaluate.py", *tiny_flags("answers", "eval", samples=8, predictions=2, turns=5), "--out", str(out)])
        patch.setattr(Model, "sample", scripted)
        evaluate.main()
        metrics = json.loads((out / "metrics.json").read_text())
        patch.setattr(Model, "sample", None)  # the same command again asks nothing, and comes to the same numbers
        evaluate.main()
    for made in (again := json.loads((out / "metrics.json").read_text())), metrics:
        made |= {"seconds": {}, "evaluated": {}}
    assert again == metrics
    return out, metrics


def test_evaluation_of_every_checkpoint_that_is_there(evaluated):
    _, metrics = evaluated
    names = {*evaluate.course.STAGES, *evaluate.CHECKPOINTS.split()}
    for key in ("predict", "predict_greedy", "explained"):
        assert {f"{name}/free/{set_}" for name in names for set_ in ("short", "longer")} < set(metrics[key])
        assert {name.split("/")[1] for name in metrics[key] if name.startswith(("sft/", "rl/"))} == {"free", "direct", "explained"}
    for key in ("beside", "own_programs"):
        assert metrics[key]["models"]["rl"].keys() >= metrics[key]["differences"]["rl minus sft"].keys() > set()
    assert metrics["beside"]["models"]["rl-0"]["predict_greedy/longer"] == metrics["predict_greedy"]["rl-0/free/longer"]
    assert metrics["beside"]["differences"]["rl minus sft"]["predict/short"] == metrics["rl_minus_sft"]["predict/short"]
    assert metrics["own_programs"]["models"]["rl"]["predict"] == metrics["predict"]["rl/free/own"]
    assert set(metrics["formats_alone"]["models"]) == {"sft-none", "sft-predict", "sft-raw"}
    assert set(metrics["solve"]) == names - {*evaluate.PREDICT_ONLY} and metrics["training"]["rl"]["tokens"] == 1000
    assert set(metrics["solve"]["rl"]) == {"pass@1", "pass@8", "greedy", "clear", "open"}

    assert sum(row["n"] for row in metrics["predict_by_kind"]["rl/explained"].values()) == 8  # short and longer, new names are not among them
    assert set(metrics["first_wrong_step"]) == {f"{stage}/explained{set_}" for stage in ("sft", "rl") for set_ in ("", "/short", "/longer")}
    at, ten = metrics["sft_temperatures"], metrics["pass_at_10_before"]
    assert set(at) == {"0.3", "0.5", "0.7", "1.0"} and set(at["0.3"]) == set(ten) == {"short", "longer"}
    assert all(ten[set_]["value"] >= at["1.0"][set_]["value"] for set_ in ten)

    best, loop = metrics["best_at_k"], metrics["self_rlef"]
    assert len(best["simulate"]) == len(best["open"]["exec"]) == 8
    assert set(metrics["public_tests"]["models"]) == {"with tests", "without tests"}
    assert set(metrics["public_tests"]["differences"]) == {"without tests minus with tests"}
    for told in (loop, loop["vague"]):
        assert set(told) >= {"exchanged", "exchanged_turns", "final_minus_exchanged", "final_minus_oracle", "first_fix", "final_4", "open"}
    assert set(loop["clear"]) == set(loop["open"]) and loop["vague"]["open"]["final"] == loop["vague"]["final"]
    assert "exchanged" not in metrics["self_rlef_sft"] and loop["vague"]["first_fix"].keys() == {"right", "same", "chance"}


OF_FILES = {"elsewhere", "tinypy", "trace", "trace_speed", "sandbox", "soak", "bench", "ratios", "candidates", "everyday"}
OF_FILES |= {name for name in TABLES if name.startswith("functions")}
FEW = {"time", "training", "by_kind", "by_steps", "wrong_steps", "first_fix"}  # four cases and no training have not all that is in these


@pytest.mark.parametrize("name", sorted(TABLES.keys() - OF_FILES))
def test_every_row_and_column_of_a_runs_tables_is_measured(evaluated, name):
    run, table = read(evaluated[0]), TABLES[name]
    columns, _ = grid(table, [run])
    heads, rows = [column[0] for column in columns], columns[0][1:]
    assert rows and heads[0] == table.head
    if name not in FEW:
        assert heads[1:len(table.columns) + 1] == [label for label, _ in table.columns]
        assert {row[0] for row in expanded(run, table.rows) if "first_fix" not in row[1]} <= set(rows)  # it is of the few that fail


def test_whatever_a_run_lacks_is_left_out(evaluated):
    metrics = read(evaluated[0])
    told = lambda metrics: "".join(render(table, [metrics], ["x"]) for table in TABLES.values())
    whole = told(metrics).count("\n")
    for key in metrics:
        less = told({name: value for name, value in metrics.items() if name != key})
        assert "None" not in less and "nan" not in less and less.count("\n") <= whole


def test_a_draw_between_0_and_1_is_a_temperature(tmp_path, monkeypatch):
    save_model(tmp_path / "sft.pt")
    model, seen = Model(tmp_path / "sft.pt", arguments(tmp_path)), []
    monkeypatch.setattr("answers.generate", lambda *rest, **options: seen.append(options["temperature"]) or [])
    for temperature in evaluate.TEMPERATURES:
        model.sample(4, temperature, ["x"])
    assert seen == [0.3, 0.5, 0.7, 1]


def test_exchanged_feedback_is_the_next_problems():
    first = [Attempt(problem("a"), ["good"]), Attempt(problem("b", 3), ["bad"])]
    model = SimpleNamespace(belief=lambda pairs: [("1\n" if code == "good" else "0\n", "") for code, _ in pairs])
    own = evaluate.course.on_public_tests(first, model.belief)
    told = list(map(evaluate.exchanged(first, model), first, own))
    assert told[0].count("wrong") == 2 and told[1].count("right") == 3 and "b2 -> 1 obtained 1 right" in told[1]


def test_programs_from_elsewhere(tmp_path, monkeypatch, capsys):
    rows = [{"code": "print(1 + 2)", "input": "", "output": "3", "level": "1"},
            {"code": "print(3)", "input": "", "output": "3", "level": "2"},
            {"code": "print(" + "1 + " * 600 + "1)", "input": "", "output": "601", "level": "2"},
            {"code": "def f(x):\n    return [x]", "input": "3", "output": "[3]"}]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    save_model(tmp_path / "rl.pt", n_ctx=512)

    def sample(self, max_new_tokens, draw, prompts, begin=""):
        assert draw == 0 and not begin  # greedily
        return ["cut" if len(prompt) > 999 else f"<output>\n{'[ 3 ]' if 'def f' in prompt else 3}\n</output>" for prompt in prompts]
    monkeypatch.setattr(Model, "sample", sample)
    flags = [path, "--out", tmp_path, "--ckpt", tmp_path / "rl.pt"]
    said = run_main(monkeypatch, capsys, programs.main, *flags)
    kept = json.loads((tmp_path / "programs-rows.json").read_text())
    assert {level: f["value"] for level, f in kept["levels"].items()} == {"all": 0.5, "1": 1.0, "2": 0.5, "function": 0.0}  # exact repr
    assert kept["too_long"] == 1 and "too long" in said and str(programs.COURSE) not in json.dumps(kept)
    for text in ('{"code": "print(1)"}', "no JSON", '{"code": 1, "input": "", "output": ""}'):
        path.write_text(text)
        with pytest.raises(SystemExit) as ended:
            run_main(monkeypatch, capsys, programs.main, *flags)
        error = capsys.readouterr().err
        assert ended.value.code == 2 and "line 1" in error and error.count("\n") == 1


def test_a_function_becomes_a_program(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"code": "def f(x):\\n    return x", "input": "\'a\'", "output": "\'a\'", "id": "one"}\n\n')
    (case,) = programs.load_programs(path)
    assert case.code == "def f(x):\n    return x\n\nprint(repr(f('a')))\n" and (case.stdin, case.kind, case.cls) == ("", "function", "one")
    assert programs.is_right(case, ("'a'\n", "")) and not programs.is_right(case, ("' a'\n", "")) and not programs.is_right(case, None)
    assert tasks.same_outcome(("3 \n", ""), ("3", ""))
