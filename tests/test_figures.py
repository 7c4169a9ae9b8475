"""The lab's figures from rows with a known result; a whole evaluation of the lab by a script; programs from elsewhere."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from test_eval import FLAGS, make_data, problem, run_main, save_model, scripted

import tasks
from eval import Attempt, Model, figure
from lab import evaluate, figures, programs
from lab.figures import bin_of, compare, of, split


def test_bins():
    assert [bin_of(n, (5, 10, 15, 20, 30), 1) for n in (1, 5, 6, 30, 31, 900)] == ["1-5", "1-5", "6-10", "21-30", "31+", "31+"]
    assert [bin_of(n, (9, 19, 49, 99), 0) for n in (0, 9, 10, 50, 99, 100)] == ["0-9", "0-9", "10-19", "50-99", "50-99", "100+"]


def test_differences_are_paired_and_of_models_that_are_there():
    items = [SimpleNamespace(cls=c) for c in "abcd"]
    models = {"x": of(items, {"c": [1, 1, 0, 1], "only x": [1, 0, 0, 0]}), "y": of(items, {"c": [0, 1, 0, 1]})}
    record = compare(models, "x minus y\nx minus z\n")
    assert list(record["models"]) == ["y", "x"] and record["models"]["x"]["c"]["value"] == 0.75
    assert record["models"]["x"]["only x"]["n"] == 4
    assert set(record["differences"]) == {"x minus y"} and set(record["differences"]["x minus y"]) == {"c"}
    assert record["differences"]["x minus y"]["c"] == figure([1, 0, 0, 0], list("abcd"))  # narrower than of two independent samples
    parts = split(models["x"], lambda item: item.cls in "ac")
    assert (parts[True]["c"]["value"], parts[False]["c"]["value"], parts[True]["c"]["n"]) == (0.5, 1.0, 2)
    assert [f["value"] for f in figures.figures(of(items, {"k": [[1, 1, 1, 1], [0, 0, 0, 1]]}))["k"]] == [1.0, 0.25]


def test_what_a_case_is_like():
    assert [figures.input_length(text) for text in ("", "3 1 2", "90417", "6", "12", "abc", "4 -1")] == [0, 3, 5, 6, 12, 3, 2]
    answer = "We read 907, so s = '907'.\nTurn 12: x = -40.\ny = int('88') = 8 * 5 = 40.\n<output>\n41\n</output>"
    assert figures.value_size(answer) == 41 and figures.value_size("<output>\n</output>") == 0


def test_repairs_program_by_program():
    problems, right = [problem("a"), problem("b")], [[0, 0, 1], [1]]
    told = figures.figures(of(problems, figures.curve(right)))
    assert {key: f["value"] for key, f in told.items()} == {"1": 0.5, "2": 0.5, "3": 1.0, "10": 1.0}
    groups = figures.by_group(of(problems, {"init": [0, 1], "k": [[0, 1], [1, 1]]}))
    assert (groups["init"]["value"], groups["clear"]["init"]["value"], groups["open"]["init"]["value"]) == (0.5, 0, 1)
    assert [f["value"] for f in groups["clear"]["k"]] == [0, 1]


def test_rates():
    told = figures.rates(np.array([[1, 0], [1, 0], [1, 0], [1, 0], [1, 0], [1, 1]]), 5)
    assert {name: list(values) for name, values in told.items()} == {
        "pass@1": [1, pytest.approx(0.2)], "pass@5": [1, 1], "greedy": [1, 0]}
    columns = of("ab", told, "short ")
    assert list(columns) == ["short pass@1", "short pass@5", "short greedy"] and columns["short greedy"][1] == "ab"


def test_predictions_broken_down():
    def case(steps, length, size, kind="plain"):
        return tasks.Case("", " ".join("1" * length), "", "", str(steps), "short", kind, steps, f"x = {size}.\n")
    cases = [case(4, 10, 10), case(12, 9, 120), case(31, 3, 5, "crash"), case(2, 3, 5)]
    right = np.array([[True, True, False, True], *[[True, False, False, True]] * 4])
    told = figures.breakdown(cases, right, ["none", "none", "arithmetic", "loop"])
    value = lambda key: {name: f["value"] for name, f in told[key].items()}
    assert list(told["predict_by_steps"]) == ["1-5", "11-15", "31+"]
    assert value("predict_by_steps") == {"1-5": 1.0, "11-15": 0.2, "31+": 0.0}
    assert value("predict_by_length") == {"3": 0.5, "9": 0.2, "10": 1.0}
    assert value("predict_by_size") == {"0-9": 0.5, "10-19": 1.0, "100+": 0.2}
    assert value("predict_by_kind") == {"plain": pytest.approx(2.2 / 3, abs=1e-4), "crash": 0.0}
    wrong = told["first_wrong_step"]
    assert (wrong["n"], wrong["wrong"], wrong["kinds"]) == (4, 1, {"arithmetic": 1})
    assert wrong["right_with_wrong_step"] == figure([0, 0, 1], ["4", "12", "2"])          # the loop, of three that are right


# ---------------------------------------------------------------------------------------------------------------------
# The lab's whole evaluation, by a script.


def test_evaluation_of_every_checkpoint_that_is_there(tmp_path, monkeypatch, capsys):
    make_data(tmp_path)
    for name in ("measure", "__doc__"):  # the lab's main replaces them
        monkeypatch.setattr(evaluate.course, name, getattr(evaluate.course, name))
    stages = [*evaluate.STAGES.values()]
    assert len(set(stages)) == len(stages)
    there = (*evaluate.course.CHECKPOINTS, "sft-none", "sft-predict", "predict-rl", "rl-rejection", "no-fix", "no-tests", "other")
    for name in there:
        save_model(tmp_path / f"{name}.pt", seed=len(name))
    monkeypatch.setattr(Model, "sample", scripted)
    run_main(monkeypatch, capsys, evaluate.main, *FLAGS, "--out", tmp_path)
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert set(metrics) >= {"commit", "training", "rl_table", "own_programs", *evaluate.JUDGES, *evaluate.REPAIRS, "public_tests",
                            "nlex_minus_none_full", "predict_by_steps"}
    assert set(metrics["predict"]) == {*(f"{evaluate.STAGES[name]}/{set_}" for name in there for set_ in ("short", "longer")),
                                       *(f"{stage}/new_names" for stage in evaluate.course.CHECKPOINTS.values()),
                                       "sft/nlex/own", "rl/nlex/own"}
    assert sum(row["n"] for row in metrics["predict_by_kind"]["rl/nlex"].values()) == 8  # short and longer, new names are not among them
    assert set(metrics["predict_by_steps"]) >= {"sft/nlex", "rl/nlex"} and metrics["training"]["rl"]["tokens"] == 1000
    solving = ("sft", "rl", "rl-rejection", "no-fix", "no-tests", "other")
    assert {f"{name}{group}" for name in solving for group in ("", "/clear", "/open")} == set(metrics["solve"])
    assert set(metrics["solve"]["rl"]) == set(metrics["solve"]["rl/open"]) == {"pass@1", "pass@4", "greedy"}
    best, loop = metrics["best_at_k"], metrics["self_rlef"]
    assert len(best["simulate"]) == len(best["open"]["exec"]) == 4
    assert set(loop["curve"]) == {"simulated", "oracle", "resample", "exchanged"} and set(metrics["self_rlef_sft"]["curve"]) == {
        "simulated", "oracle", "resample"}
    for run, key in (("simulated", "final"), ("oracle", "oracle_final"), ("resample", "resample"), ("exchanged", "exchanged")):
        assert loop["curve"][run]["3"] == loop[key] and loop["curve"][run]["1"] == loop["init"], run  # of three turns
    assert set(loop["clear"]) == set(loop["open"]) >= {"final_minus_exchanged", "final_minus_oracle", "exchanged_turns"}
    own = metrics["own_programs"]
    assert set(own["models"]) == {"rl", "sft", "sft-predict", "predict-rl"} and "predict-rl minus rl" in own["differences"]
    assert own["models"]["rl"]["own pass@1"] == metrics["predict"]["rl/nlex/own"]
    assert set(metrics["rl_table"]["default"]["models"]) == {"sft", "rl", "rl-rejection"}
    assert set(metrics["rl_table"]["default"]["models"]["rl"]) == {
        f"{set_} {kind}" for set_ in ("short", "longer") for kind in ("pass@1", "pass@2", "greedy")} | {"solve pass@1", "solve pass@4", "solve greedy"}
    prompts = metrics["public_tests"]
    assert set(prompts["models"]) == {"with tests", "without tests"} and len(prompts["models"]["with tests"]["simulate"]) == 4
    assert set(prompts["differences"]) == {"without tests minus with tests"}

    monkeypatch.setattr(Model, "sample", None)  # the same command again asks nothing, and comes to the same numbers
    run_main(monkeypatch, capsys, evaluate.main, *FLAGS, "--out", tmp_path)
    again = json.loads((tmp_path / "metrics.json").read_text())
    assert {**again, "seconds": 0, "commit": ""} == {**metrics, "seconds": 0, "commit": ""}


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

    def sample(self, max_new_tokens, draw, prompts):
        assert draw == 0  # greedily
        return ["cut" if len(prompt) > 999 else f"<output>\n{'[ 3 ]' if 'def f' in prompt else 3}\n</output>" for prompt in prompts]
    monkeypatch.setattr(Model, "sample", sample)
    flags = [path, "--out", tmp_path, "--ckpt", tmp_path / "rl.pt"]
    said = run_main(monkeypatch, capsys, programs.main, *flags)
    kept = json.loads((tmp_path / "programs-rows.json").read_text())
    assert {level: f["value"] for level, f in kept["levels"].items()} == {"all": 0.5, "1": 1.0, "2": 0.5, "function": 0.0}  # exact repr
    assert kept["too_long"] == 1 and "too long" in said and kept["checkpoint"].endswith("rl.pt")
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
