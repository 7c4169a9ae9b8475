"""Estimators against brute force; picking and repairing with scripted models; a whole evaluation with random weights."""

import itertools
import json
import random
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import eval as evaluation
import figures
import report
import tasks
from eval import Answer, Simulator, on_public_tests, resample, self_rlef
from figures import bin_of, compare_choices, figure, paired_difference, pass_at_k, rank_score_at_k
from report import percent
from tasks import Problem

# ---------------------------------------------------------------------------------------------------------------------
# Estimators.

def test_pass_at_k_equals_enumeration():
    for n in range(1, 8):
        for c in range(n + 1):
            for k in range(1, n + 1):
                subsets = list(itertools.combinations([1] * c + [0] * (n - c), k))
                assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, subsets)) / len(subsets))


def enumerated_rank_score(scores, correct, k):
    """Every k-subset; of its best-scored programs each is picked equally often."""
    total, subsets = 0.0, list(itertools.combinations(range(len(scores)), k))
    for subset in subsets:
        best = [i for i in subset if scores[i] == max(scores[j] for j in subset)]
        total += sum(correct[i] for i in best) / len(best)
    return total / len(subsets)


def test_rank_score_equals_enumeration_with_ties():
    rng = random.Random(0)
    for _ in range(150):
        n = rng.randint(1, 8)
        scores = [rng.choice([-1, 0, 1, 1, 2, -float("inf")]) for _ in range(n)]
        correct = [rng.randint(0, 1) for _ in range(n)]
        for k in range(1, n + 1):
            assert rank_score_at_k(scores, correct, k) == pytest.approx(enumerated_rank_score(scores, correct, k))


def test_rank_score_limits():
    correct = [1, 0, 0, 1, 0]
    assert rank_score_at_k(correct, correct, 3) == pytest.approx(pass_at_k(5, 2, 3))      # a perfect judge reaches the ceiling
    assert rank_score_at_k([0] * 5, correct, 3) == pytest.approx(0.4)                      # no information: pass@1
    assert rank_score_at_k([3, 9, 2, 1, 0], correct, 5) == 0                              # k = n: the best-scored one


def test_figure_is_mean_and_interval_over_classes():
    assert figure([], []) == {"value": None, "lo": None, "hi": None, "n": 0}
    assert figure([1, 1, 1], ["a", "b", "c"]) == {"value": 1.0, "lo": 1.0, "hi": 1.0, "n": 3}
    rng = np.random.default_rng(0)
    values = rng.random(1000) < 0.7
    alone = figure(values, np.arange(1000))
    assert alone == figure(values, np.arange(1000)) and alone["n"] == 1000
    deviation = 1.96 * np.sqrt(alone["value"] * (1 - alone["value"]) / 1000)
    assert alone["value"] - alone["lo"] == pytest.approx(deviation, rel=0.2)
    assert alone["hi"] - alone["value"] == pytest.approx(deviation, rel=0.2)
    # ten copies of each value in one class carry no more information than one
    copies = figure(np.repeat(values[:100], 10), np.repeat(np.arange(100), 10))
    single = figure(values[:100], np.arange(100))
    assert copies["n"] == 1000 and copies["lo"] == pytest.approx(single["lo"]) and copies["hi"] == pytest.approx(single["hi"])


def test_paired_difference_is_narrow_where_items_move_together():
    easy = np.arange(200) % 2
    assert paired_difference(easy, easy, np.arange(200)) == {"value": 0.0, "lo": 0.0, "hi": 0.0, "n": 200}
    assert paired_difference([1, 0], [0, 0], ["a", "b"])["value"] == 0.5


def test_words():
    assert percent({"value": 0.803, "lo": 0.77, "hi": 0.8312}) == "80.3 (77.0 to 83.1)"
    assert percent({"value": 0.05, "lo": -0.01, "hi": 0.11}, signed=True) == "+5.0 (-1.0 to +11.0)"
    assert percent(None) == percent(figure([], [])) == "-"
    assert [bin_of(n) for n in (1, 5, 6, 30, 31, 900)] == ["1-5", "1-5", "6-10", "21-30", "31+", "31+"]
    assert [bin_of(n, figures.SIZE_BINS, 0) for n in (0, 9, 10, 50, 99, 100)] == ["0-9", "0-9", "10-19", "50-99", "50-99", "100+"]


def test_differences_are_paired_and_of_models_that_are_there():
    cls = ["a", "b", "c", "d"]
    record = figures.compare({"x": {"c": ([1, 1, 0, 1], cls), "only x": ([1], ["a"])}, "y": {"c": ([0, 1, 0, 1], cls)}},
                            [("x", "y"), ("x", "z")])
    assert record["models"]["x"]["c"]["value"] == 0.75 and record["models"]["x"]["only x"]["n"] == 1
    assert set(record["differences"]) == {"x minus y"} and set(record["differences"]["x minus y"]) == {"c"}
    assert record["differences"]["x minus y"]["c"] == figure([1, 0, 0, 0], cls)  # narrower than of two independent samples


def test_choices_by_simulation_and_by_running():
    right = [True, False, False]
    assert compare_choices([2, 0, 0], [2, 1, 0], right) == "same"
    assert compare_choices([2, 2, 0], [2, 1, 0], right) == "false pass"     # the wrong one shares the first place
    assert compare_choices([1, 2, 0], [2, 1, 0], right) == "false pass"     # the right one fails, but the wrong one is believed to pass
    assert compare_choices([0, 1, 0], [2, 1, 0], right) == "false fail"     # the wrong one is judged as it is
    assert compare_choices([0, 2, 1], [3, 2, 0], right) == "false fail"     # another is overrated, but not chosen
    assert compare_choices([2, 0, 0], [2, 2, 0], right) == "better"         # luck: it passes the public tests and is wrong
    assert compare_choices([1, -1, 1], [1, -1, 0], [True, False, False]) == "false pass"
    # whenever simulation's choice is worse without a false pass on top, one of the really best is simulated as worse than it is
    rng = random.Random(0)
    for _ in range(3000):
        passed, simulated = ([rng.randint(0, 2) for _ in range(4)] for _ in range(2))
        kind = compare_choices(simulated, passed, [p == 2 and rng.random() < 0.8 for p in passed])
        if kind == "false fail":
            assert any(p == max(passed) and score < p for score, p in zip(simulated, passed))


def test_vague_phrases_and_what_a_case_is_like():
    words = {"Read a list of numbers. Print the sum.": 0, "Read a list of numbers. Grow each. Print the sum.": 1,
             "Read n and take 1 to n. Keep those on one side of 12. Print the largest, at least 0, adjusted by 3.": 2}
    assert [figures.vague_phrases(SimpleNamespace(statement=text)) for text in words] == [*words.values()]
    rng, knobs = random.Random(0), tasks.world.KNOBS["cpu"]
    drawn = [tasks.world.random_problem(rng, knobs, "train", k % 2 == 1) for k in range(40)]
    assert all((figures.vague_phrases(problem) > 0) == problem.open for problem in drawn if problem)
    assert [evaluation.input_length(text) for text in ("", "3 1 2", "90417", "6", "12", "abc", "4 -1")] == [0, 3, 5, 6, 12, 3, 2]
    answer = "We read 907, so s = '907'.\nTurn 12: x = -40.\ny = int('88') = 8 * 5 = 40.\n<output>\n41\n</output>"
    assert evaluation.value_size(answer) == 41 and evaluation.value_size("<output>\n</output>") == 0


# ---------------------------------------------------------------------------------------------------------------------
# Picking and repairing, with programs that are just names and models that follow a script.

def problem(name, tests=2):
    return Problem(statement=name, kind="ints", open=name == "b", public=[[f"{name}{t}", "1"] for t in range(tests)],
                   hidden=[["h", "1"]], solution="", cls=name)


def fence(code):
    return f"```python\n{code}\n```"


class Script:
    """Answers whose texts come in order per statement."""

    def __init__(self, **texts):
        self.texts, self.users = {name: list(rows) for name, rows in texts.items()}, []

    def __call__(self, users, group=1):
        self.users += users
        return [[Answer(self.texts[user.split("\n")[1]].pop(0), 5) for _ in range(group)] for user in users]


def observe(pairs):
    """Programs named good pass everything, the others nothing."""
    return [("1\n" if code.startswith("good") else "0\n", "") for code, _ in pairs]


def test_on_public_tests_keeps_the_order_and_skips_unreadable_programs():
    seen = []
    got = on_public_tests([problem("a"), problem("b"), problem("c", 3)], ["good", None, "bad"],
                          lambda pairs: seen.extend(pairs) or observe(pairs))
    assert got == [[("1\n", "")] * 2, [None, None], [("0\n", "")] * 3]
    assert seen == [("good", "a0"), ("good", "a1"), ("bad", "c0"), ("bad", "c1"), ("bad", "c2")]
    assert [evaluation.count_right(problem("a"), code, outcomes) for code, outcomes in zip(["good", None, "bad"], got)] == [2, -1, 0]


def test_self_rlef_submits_fixes_and_stops_at_the_limit():
    problems = [problem(name) for name in "abcd"]
    answer = Script(a=[tasks.SUBMIT], b=[fence("bad2"), fence("good3"), tasks.SUBMIT],
                    c=["no program at all"], d=[fence("d2"), fence("d3"), fence("d4")])
    histories = self_rlef(problems, ["good", "bad", None, "d1"], answer, observe, turns=4)
    assert histories == [["good"], ["bad", "bad2\n", "good3\n"], [None], ["d1", "d2\n", "d3\n", "d4\n"]]
    assert all(not texts for texts in answer.texts.values())  # at the limit nothing more is asked
    first = answer.users[:4]
    assert "right" in first[0] and "wrong" not in first[0].split("Submit or fix.")[1]
    assert "wrong" in first[1] and "nothing" in first[2]
    assert self_rlef(problems, ["x"] * 4, None, None, turns=1) == [["x"]] * 4


def test_exchanged_feedback_is_the_next_problems():
    answer = Script(a=[tasks.SUBMIT], b=[tasks.SUBMIT])
    self_rlef([problem("a"), problem("b", 3)], ["good", "bad"], answer, observe, turns=3, exchange=True)
    assert answer.users[0].count("wrong") == 2 and answer.users[1].count("right") == 3


def test_feedback_can_tell_how_the_failing_run_went():
    seen, problems = [], [problem(name) for name in "abc"]
    explain = lambda code, stdin: seen.append((code, stdin)) or [f"x = {stdin}.", "We stop."]
    answer = Script(a=[tasks.SUBMIT], b=[fence("worse"), tasks.SUBMIT], c=[tasks.SUBMIT])
    histories = self_rlef(problems, ["good", "bad", None], answer, observe, turns=3, explain=explain)
    assert histories == [["good"], ["bad", "worse\n"], [None]]
    assert seen == [("bad", "b0"), ("worse\n", "b0")]  # the first failing test of what stands now; nothing of unreadable programs
    assert answer.users[1].endswith("The run on b0:\nx = b0.\nWe stop.") and all("The run" not in answer.users[k] for k in (0, 2))


def test_resampling_uses_the_drawn_programs_first():
    problems = [problem(name) for name in "abc"]
    answer = Script(b=[fence("good9"), fence("never")], c=[fence("c4"), fence("c5")])
    histories = resample(problems, [["bad", "good", "x"], ["b1", None, "b3"], ["c1", "c2", "c3"]], answer, observe, turns=5)
    assert histories == [["bad", "good"], ["b1", None, "b3", "good9\n"], ["c1", "c2", "c3", "c4\n", "c5\n"]]
    assert resample(problems[:1], [["b1", "b2", "b3"]], None, observe, turns=2) == [["b1", "b2"]]


def test_simulator_asks_once_and_remembers(tmp_path):
    asked = []

    def answer(users, group):
        asked.extend(users)
        return [[Answer(f"r = 1.\n<output>\n{len(asked)}\n</output>", 9)] * group for _ in users]
    simulator = Simulator(answer, tmp_path / "kept.json", [1])
    pairs = [("p", "1"), ("q", "1"), ("p", "1")]
    assert simulator.first(pairs) == [("2\n", ""), ("2\n", ""), ("2\n", "")] and len(asked) == 2
    assert [len(row) for row in simulator.outcomes(pairs, 3)] == [3, 3, 3] and len(asked) == 4
    simulator.save()
    again = Simulator(None, tmp_path / "kept.json", [1])
    assert again.outcomes(pairs, 3) == simulator.outcomes(pairs, 3)
    assert Simulator(None, tmp_path / "kept.json", [2]).known == {}


# ---------------------------------------------------------------------------------------------------------------------
# Figures from rows with a known result.

def test_best_at_k_and_repair_figures():
    problems = [problem("a"), problem("b")]
    rows = {"solve-rl": {"programs": [["x"] * 4] * 2, "tokens": [[4, 3, 2, 1], [1, 2, 3, 4]],
                         "right": [[True, False, False, False], [True, True, False, False]], "passed": [[2, 0, 1, -1], [2, 2, 2, 0]]},
            "best": {"scores": [[[2, 2, 0, -1], [2, 2, 0, 0]]]}}
    run = {"init": [True, False], "final": [True, True], "init_public": [True, True], "final_public": [True, True], "turns": [1, 3],
           "right": [[True], [False, False, True]]}
    rows["self-rlef"] = {"simulated": run, "oracle": run, "resample": {**run, "final": [False, True]}}
    summary = figures.summarise(rows, problems, {})
    best, loop = summary["best_at_k"], summary["self_rlef"]
    values = lambda key, part=best: [round(f["value"], 4) for f in part[key]]
    assert best["n"] == 4 and len(best["clear"]["pass"]) == 4
    assert values("pass") == [0.375, round((1 / 2 + 5 / 6) / 2, 4), round((3 / 4 + 1) / 2, 4), 1.0]
    assert values("simulate")[3] == 0.75 and values("exec")[3] == round((1 + 2 / 3) / 2, 4)
    assert values("random") == [0.375] * 4
    assert values("short1")[3] == 0.5 and values("short1", best["open"])[3] == 1.0  # the unreadable program is last, however short
    assert best["gain"][0]["value"] == 0 and summary["simulation_gap"]["value"] == pytest.approx(best["exec"][3]["value"] - 0.75, abs=1e-4)
    assert best["choices"] == {"same": 0, "false fail": 0, "false pass": 1, "better": 1} and best["open"]["choices"]["better"] == 1
    assert {t: f["value"] for t, f in loop["curve"]["simulated"].items()} == {"1": 0.5, "2": 0.5, "3": 1.0, "10": 1.0}
    assert best["accepts_right"]["value"] == 0.75 and best["rejects_wrong"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert summary["solve"]["rl/clear"]["pass@1"]["value"] == 0.25 and summary["solve"]["rl"]["public@1"]["value"] == 0.5
    assert (loop["fixed"]["value"], loop["broken"]["value"], loop["turns"]["value"]) == (0.5, 0, 2)
    assert loop["resample"]["value"] == 0.5 and loop["final_minus_resample"]["value"] == 0.5
    assert loop["table"]["all tests"]["wrong -> right"]["value"] == 0.5 and loop["table"]["public tests"]["right -> right"]["value"] == 1


def item(right, set_="short", **more):
    return {"set": set_, "kind": "plain", "cls": str(more.get("steps", 1)), "steps": 1, "length": 3, "size": 5, "votes": 1, "right": right,
            "readable": True, "majority": right[0], "greedy": right[0], **more}


def test_models_beside_each_other():
    yes, no, half = [True] * 5, [False] * 5, [True] + [False] * 4
    predictions = lambda *rights: {"items": [item(right, steps=k, length=3 + k, size=10 * k) for k, right in enumerate(rights, 1)],
                                   "extra": {}}
    rows = {"predict-sft": predictions(no, half), "predict-rl": predictions(yes, half), "predict-sft-control": predictions(half, half),
            "predict-few": predictions(no, no), "predict-few-rl": predictions(yes, no), "predict-joint-none": predictions(no, no)}
    own = lambda right: [item(right, "own")]
    rows["own"] = {"items": {"rl": own(half), "predict-rl": own(yes), "sft": own(no)}}
    solved = lambda right: {"programs": [["x"] * 4] * 2, "tokens": [[1] * 4] * 2, "right": right,
                            "passed": [[2 * r for r in row] for row in right]}
    rows |= {"solve-sft": solved([[0, 0, 0, 0], [1, 0, 0, 0]]), "solve-rl": solved([[1, 1, 0, 0], [1, 0, 0, 0]]),
             "solve-joint-none": solved([[0, 0, 0, 0], [0, 0, 0, 0]]), "solve-extra": solved([[1, 1, 1, 1], [0, 0, 0, 0]]),
             "solve-extra-without-tests": solved([[1, 0, 0, 0], [1, 1, 0, 0]])}
    perfect = [[2, 0, 0, 0], [2, 2, 0, 0]]
    rows |= {"best": {"scores": [[[0, 0, 2, 2], [2, 0, 0, 0]]]},
             "best-extra": {"scores": [[[2] * 4] * 2], "judge": "extra", "programs_of": "extra"},
             "best-extra-without-tests": {"scores": [perfect], "judge": "extra", "programs_of": "extra-without-tests"}}
    run = lambda *right: {"right": right, "turns": [len(row) for row in right], "too_long": 0}
    rows["self-rlef-traces"] = {"simulated": run([False, True], [True]), "simulated_trace": run([False, False, True], [True]),
                                "oracle": run([False], [True]), "oracle_trace": run([False, True], [True])}
    problems = [problem("a"), Problem(**{**vars(problem("b")), "statement": "Grow each. Print the sum."})]
    names = {name: "/".join(stage) for name, stage in evaluation.CHECKPOINTS.items()}
    summary = figures.summarise(rows, problems, names)
    value = lambda record, *keys: record["models"][keys[0]][keys[1]]["value"]
    change = lambda record, pair, column: record["differences"][pair][column]["value"]

    rl = summary["rl_table"]["default"]
    assert len(summary["rl_table"]["scarce"]["models"]) == 2
    assert (value(rl, "rl", "short pass@1"), value(rl, "rl", "short pass@5"), value(rl, "sft", "short pass@5")) == (0.6, 1.0, 0.5)
    assert set(rl["differences"]) == {"rl minus sft", "rl minus sft-control", "sft-control minus sft"}
    assert change(rl, "rl minus sft-control", "short pass@1") == 0.4 and change(rl, "sft-control minus sft", "short pass@5") == 0.5
    timed = lambda run, seconds: {**run, "training": {name: {"seconds": seconds} for name in run["training"]}}
    told = report.rl_beside_controls([timed(summary, 10), timed({**summary, "rl_table": {}}, 90)])  # the second has no such runs
    assert "default, 1 seed, n = 2" in told and "scarce" not in told  # of which there is no control
    assert [line.split("|")[-2].strip() for line in told.splitlines() if "minus" not in line][2:] == ["10"] * 3
    formats = summary["formats"]
    assert set(formats["models"]) == {"sft", "rl", "joint-none"} and value(formats, "rl", "solve pass@1") == 0.375
    assert set(formats["differences"]) == {"rl minus sft", "sft minus joint-none"}
    assert change(formats, "sft minus joint-none", "short pass@1") == 0.1 and change(formats, "rl minus sft", "solve pass@1") == 0.25
    assert change(summary["own_programs"], "predict-rl minus rl", "own pass@1") == 0.8
    assert value(summary["public_tests"], "without tests", "best@4 simulate") == 1.0
    assert change(summary["public_tests"], "without tests minus with tests", "solve pass@1") == -0.125
    assert change(summary["public_tests"], "without tests minus with tests", "best@4 simulate") == 0.5
    readings = summary["open_readings"]["models"]
    assert {key: row["chance"]["value"] for key, row in readings.items()} == {"0 vague": 1.0, "1 vague": 0.5}
    assert readings["1 vague"]["pass@1 minus chance"]["value"] == -0.25 and readings["1 vague"]["best@4 simulate"]["value"] == 1.0
    assert readings["0 vague"]["best@4 simulate"]["value"] == 0.0 and readings["0 vague"]["best@4 exec"]["value"] == 1.0
    traces = summary["self_rlef_traces"]
    assert [value(traces, "simulated_trace", f"after {t}") for t in (1, 2, 3, 10)] == [0.5, 0.5, 1.0, 1.0]
    assert change(traces, "simulated_trace minus simulated", "after 2") == -0.5
    assert change(traces, "oracle_trace minus oracle", "after 10") == 0.5 and traces["turns"]["simulated_trace"]["value"] == 2
    assert {key: f["value"] for key, f in summary["predict_by_length"]["rl/nlex"].items()} == {"4": 1.0, "5": 0.2}
    assert {key: f["value"] for key, f in summary["predict_by_size"]["rl/nlex"].items()} == {"10-19": 1.0, "20-49": 0.2}
    assert (summary["best_at_k_extra_without_tests"]["judge"], summary["best_at_k"]["judge"]) == ("extra", "rl")
    assert summary["solve"]["extra-without-tests"]["pass@1"]["value"] == 0.375
    shown = list(report.beside_each_other(summary))
    assert len(shown) == 12 and shown[0] == "default" and shown[-1] == "by_size"


def test_courses_of_training(tmp_path):
    (tmp_path / "rl.jsonl").write_text('{"step": 0, "val_short": 0.5}\n' + "".join(
        f'{{"step": {k}, "seconds": {{"sample": 2, "run": 1, "train": 3, "validate": 50}}}}\n' for k in (1, 2)))
    (tmp_path / "sft-control.jsonl").write_text('{"step": 1, "train_seconds": 8, "val_short": 0.6}\n')
    assert [x for x, _ in report.training_course(tmp_path, "rl", "rl")] == [0, 6, 12]  # validation is no training
    assert [(x, record["val_short"]) for x, record in report.training_course(tmp_path, "sft-control", "rl")] == [(0, 0.5), (8, 0.6)]
    assert report.training_course(tmp_path, "sft-ceiling", "rl") == []
    told = lambda n, **kinds: {"n": n, "wrong": sum(kinds.values()), "kinds": kinds}
    shares = report.wrong_step_shares({"first_wrong_step": {
        "sft/nlex/short": told(6, arithmetic=2), "sft/nlex/longer": told(4, loop=1, arithmetic=1), "sft/nlex/own": told(9, loop=9)}})
    assert shares == {"sft/nlex": {"arithmetic": 0.3, "loop": 0.1}, "rl/nlex": {}}


def test_a_half_written_log_line_is_no_error(tmp_path):
    path = tmp_path / "sft.jsonl"
    path.write_text('{"step": 50}\n{"step": 100}\n{"ste')
    assert report.training_log(path) == [{"step": 50}, {"step": 100}] and report.training_log(tmp_path / "none") == []


# ---------------------------------------------------------------------------------------------------------------------
# The whole evaluation, with random weights.

ABLATIONS = ("sft-none", "predict-rl", "rl-outcome", "joint-none-rl", "no-fix", "extra")


def test_sections_of_the_checkpoints_that_are_there():
    needed = [*evaluation.NEEDED]
    titles = lambda found, full=True: [section.title for section in evaluation.sections(found, full)]
    assert titles(needed, False) == ["solve-sft", "solve-rl", *(f"predict-{name}" for name in needed), "best", "self-rlef"]
    assert titles(needed)[8:] == ["own", "self-rlef-exchanged", "self-rlef-sft"]
    everything = titles([*evaluation.CHECKPOINTS])
    assert set(everything) >= {*(f"predict-{name}" for name in evaluation.CHECKPOINTS if name != "other"), "best-other", "self-rlef-no-fix"}
    assert len(set(everything)) == len(everything)
    find = lambda title, found: next(section for section in evaluation.sections(found, True) if section.title == title)
    assert find("best-predict-only", [*needed, "sft-predict"]).reads == ["sft-predict", "rl"]
    assert find("best-predict-only", [*needed, "sft-predict", "predict-rl"]).reads == ["predict-rl", "rl"]
    for last, found in (("joint-none", ["joint-none"]), ("joint-none-rl", ["joint-none", "joint-none-rl"]),
                        ("other", ["joint-none", "other"])):
        other = find("best-other", [*needed, *found])
        assert other.reads == ["rl", last] and other.options["programs_of"] == last and f"solve-{last}" in titles([*needed, *found])
    stages = [*evaluation.CHECKPOINTS.values()]
    assert len(set(stages)) == len(stages)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Test data, the four checkpoints of the default course, and some more."""
    torch = pytest.importorskip("torch")
    from model import ModelConfig, Tokenizer, Transformer, save_checkpoint

    folder = tmp_path_factory.mktemp("evaluation")
    (folder / "data").mkdir()
    knobs, rng = tasks.world.KNOBS["cpu"], random.Random(0)
    cases, problems = [], []
    while len(cases) < 8:
        case = tasks.random_case(rng, knobs, "test", "longer" if len(cases) % 2 else "short")
        cases += [case] if case else []
    while len(problems) < 4:
        drawn = tasks.world.random_problem(rng, knobs, "test", len(problems) % 2 == 1)
        problems += [drawn] if drawn else []
    for name, rows in (("cases", cases), ("problems", problems)):
        (folder / "data" / f"test_{name}.jsonl").write_text("".join(json.dumps(tasks.asdict(row)) + "\n" for row in rows))
    for name in ("sft", "rl", "sft-short-nlex", "sft-short-none", *ABLATIONS):
        torch.manual_seed(len(name))
        model = Transformer(ModelConfig(n_vocab=Tokenizer().n_vocab, n_layer=1, n_head=2, n_kv_head=1, n_embd=32, n_ctx=512))
        save_checkpoint(folder / f"{name}.pt", model, extra={"tokens": 1000, "examples": 10})
    (folder / "seconds.json").write_text(json.dumps({"data": 1.0, "sft": 60.0, "short": 10.0, "rl": 20.0, "peak_memory_mb": 10,
                                                   "peak_gpu_memory_mb": 1e6}))
    return folder


FLAGS = ["--preset", "quick", "--max-new-tokens-predict", "5", "--max-new-tokens-solve", "5", "--turns", "3", "--samples", "4"]


def main(monkeypatch, capsys, *flags):
    monkeypatch.setattr(sys, "argv", ["eval.py", *map(str, flags)])
    evaluation.main()
    return capsys.readouterr().out


@pytest.fixture
def solving(monkeypatch):
    """Random weights write no program: some answers to solve and fix prompts are replaced by text."""
    real = evaluation.make_generate

    def make(*rest, **options):
        answer = real(*rest, **options)

        def replaced(users, group=1):
            texts = ["```python\nprint(len(input()))\n```", tasks.SUBMIT, "```python\nprint(1 / 0)\n```", "<output>\n5\n</output>"]
            return [row if user.startswith("Predict") else [Answer(texts[(k + n) % 4], 7) for n in range(len(row))]
                    for k, (user, row) in enumerate(zip(users, answer(users, group)))]
        return replaced
    monkeypatch.setattr(evaluation, "make_generate", make)


def test_evaluation_from_checkpoints_to_report(out, monkeypatch, capsys, solving):
    flags = [*FLAGS, "--out", out, "--full", "--predictions", "2"]
    said = main(monkeypatch, capsys, *flags)
    metrics = json.loads((out / "metrics.json").read_text())
    assert set(metrics) >= {"preset", "device", "commit", "seed", "seconds", "peak_memory_mb", "parameters", "predict", "solve",
                            "best_at_k", "self_rlef", "predict_by_kind", "predict_by_steps", "first_wrong_step", "simulation_gap",
                            "nlex_minus_none", "rl_minus_sft"}
    assert metrics["peak_gpu_memory_mb"] == 1e6 and 91 <= metrics["seconds"]["total"] < 1000  # megabytes are no seconds
    stages = ["/".join(evaluation.CHECKPOINTS[name]) for name in ("sft", "rl", "sft-short-nlex", "sft-short-none", *ABLATIONS)]
    assert set(metrics["predict"]) == {*(f"{stage}/{set_}" for stage in stages for set_ in ("short", "longer")),
                                       "sft/nlex/own", "rl/nlex/own"}
    assert metrics["predict"]["rl/nlex/short"]["n"] == 4 and metrics["predict"]["rl/nlex/own"]["n"] > 0
    solving = ("sft", "rl", "rl-outcome", "joint-none-rl", "no-fix", "extra", "extra-without-tests")
    assert {f"{name}{group}" for name in solving for group in ("", "/clear", "/open")} == set(metrics["solve"])
    assert set(metrics["solve"]["rl"]) >= {"pass@1", "pass@4", "public@1", "public@4"}
    for method in ("pass", "simulate", "exec", "short1", "random"):
        assert len(metrics["best_at_k"][method]) == len(metrics["best_at_k"]["open"][method]) == 4
    assert set(metrics["self_rlef"]) >= {"init", "final", "oracle_final", "resample", "fixed", "broken", "turns", "exchanged"}
    assert set(metrics) >= {"rl_table", "formats", "own_programs", "best_at_k_predict_only", "best_at_k_other", "best_at_k_extra",
                            "best_at_k_extra_without_tests", "public_tests", "open_readings", "self_rlef_sft", "self_rlef_no_fix",
                            "self_rlef_traces", "predict_by_length", "predict_by_size"}
    own = metrics["own_programs"]
    assert set(own["models"]) == {"rl", "sft", "predict-rl"} and "predict-rl minus rl" in own["differences"]
    assert own["models"]["rl"]["own pass@1"] == metrics["predict"]["rl/nlex/own"]
    assert {row["own pass@1"]["n"] for row in own["models"].values()} == {metrics["predict"]["rl/nlex/own"]["n"]}
    assert (metrics["best_at_k_predict_only"]["judge"], metrics["best_at_k_other"]["programs_of"]) == ("predict-rl", "joint-none-rl")
    assert set(metrics["self_rlef"]["curve"]) == {"simulated", "oracle", "resample", "exchanged"}
    assert metrics["self_rlef"]["curve"]["simulated"]["1"] == metrics["self_rlef"]["init"]
    assert metrics["self_rlef"]["curve"]["simulated"]["3"] == metrics["self_rlef"]["final"]  # of three turns
    assert set(metrics["self_rlef_traces"]["models"]) == {"simulated", "simulated_trace", "oracle", "oracle_trace"}
    assert metrics["seconds"]["total"] == pytest.approx(91 + metrics["seconds"]["eval"], abs=0.3) and metrics["seconds"]["sft"] == 60
    text = (out / "report.md").read_text()
    assert "numbers mean nothing" in text and "NOT MET" in text and "NOT MET" in said
    assert "nan" not in text.lower().replace("nano", "") and "None" not in text
    assert all(f"## {title}\n{caption}" in text for title, caption, _ in report.beside_each_other(metrics).values())
    named = report.full_budget(metrics)
    assert set(report.PAPER) < set(named)
    printed = "\n\n".join(named.values())
    marks = ("| answer format", "rl-outcome minus sft", "rl minus joint-none-rl", "predict-rl minus rl", "rl, programs of joint-none-rl",
             "1 vague", "without tests minus with tests", "| no-fix", "oracle_trace minus oracle", "| items", "public@1",
             "| steps", "wrong step")
    places = [printed.index(words) for words in marks]
    assert "None" not in printed and places == sorted(places)

    # the same command again does what is missing, and comes to the same numbers
    (out / "eval-cache" / "self-rlef.json").unlink()
    again = main(monkeypatch, capsys, *flags)
    assert again.count("is there") == len(re.findall(r"^eval   \S+ +[\d.]+ s$", said, re.MULTILINE)) - 1 and again.count("self-rlef ") == 1
    assert {k: v for k, v in json.loads((out / "metrics.json").read_text()).items() if k not in ("seconds", "peak_memory_mb")} == \
           {k: v for k, v in metrics.items() if k not in ("seconds", "peak_memory_mb")}


def test_a_missing_checkpoint_is_one_line(out, tmp_path, monkeypatch, capsys):
    (tmp_path / "data").symlink_to(out / "data")
    with pytest.raises(SystemExit) as ended:
        main(monkeypatch, capsys, *FLAGS, "--out", tmp_path)
    error = capsys.readouterr().err
    assert ended.value.code == 2 and "sft.pt is missing: make it with `python sft.py" in error and error.count("\n") == 1


def test_programs_from_elsewhere(out, tmp_path, monkeypatch, capsys):
    rows = [{"code": "print(1 + 2)", "input": "", "output": "3", "level": "1"},
            {"code": "print(3)", "input": "", "output": "3", "level": "2"},
            {"code": "print(" + "1 + " * 600 + "1)", "input": "", "output": "601", "level": "2"},
            {"code": "def f(x):\n    return [x]", "input": "3", "output": "[3]"}]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setattr(evaluation, "parse_outcome", lambda text: ("[ 3 ]\n" if "[" in text else "3\n", ""))
    real = evaluation.make_generate
    monkeypatch.setattr(evaluation, "make_generate", lambda *rest: lambda users: [
        [Answer("[" if "def f" in user else "", row[0].tokens)] for user, row in zip(users, real(*rest)(users))])
    said = main(monkeypatch, capsys, *FLAGS, "--out", out, "--programs", path)
    kept = json.loads((out / "programs-rows.json").read_text())
    assert {level: f["value"] for level, f in kept["levels"].items()} == {"all": 0.5, "1": 1.0, "2": 0.5, "function": 0.0}  # exact repr
    assert kept["too_long"] == 1 and "too long" in said and kept["checkpoint"].endswith("rl.pt")


def test_show_puts_the_simulation_beside_the_truth(out, root, tmp_path, monkeypatch, capsys):
    program = tmp_path / "prog.py"
    program.write_text("x = int(input())\nprint(x + 1)\n")
    said = main(monkeypatch, capsys, *FLAGS, "--out", out, "--show", program, "--stdin", "4")
    assert "first wrong step" in said and "true '5'" in said and ": wrong" in said
    run = evaluation.nlex.record(program.read_text(), "4", trusted=True)
    truth = tasks.predict_answer(evaluation.nlex.narrate(run), ("5\n", ""))
    monkeypatch.setattr(evaluation, "make_generate", lambda *rest, **options: lambda users: [[Answer(truth, 9)]])
    said = main(monkeypatch, capsys, "--out", out, "--show", program, "--stdin", "4", "--ckpt", out / "sft.pt")
    assert "every step is right" in said and ": right" in said
    with pytest.raises(SystemExit) as ended:
        main(monkeypatch, capsys, "--out", out, "--show", tmp_path / "none.py")
    assert ended.value.code == 2


def test_default_checkpoint(tmp_path):
    (tmp_path / "sft.pt").touch()
    assert evaluation.default_checkpoint(tmp_path).samefile(tmp_path / "sft.pt")
    (tmp_path / "rl.pt").touch()
    assert evaluation.default_checkpoint(tmp_path).samefile(tmp_path / "rl.pt")


def test_answers_of_prompts_that_do_not_fit(monkeypatch):
    tokenizer = SimpleNamespace(prompt=lambda text: list(text), decode=lambda ids: "".join(ids), end="$")
    seen = {}

    def generate(model, prompts, max_new_tokens, group, seed, **options):
        seen.update(options, prompts=prompts, max_new_tokens=max_new_tokens, seed=seed)
        return [[SimpleNamespace(tokens=[*prompt, "$"])] * group for prompt in prompts]
    monkeypatch.setattr(evaluation, "generate", generate)
    models = evaluation.Models("cpu")
    models.read = lambda path: {"model": SimpleNamespace(config=SimpleNamespace(n_ctx=4))}
    answer = evaluation.make_generate(models, "rl.pt", tokenizer, 10, seed=3)
    assert answer(["ab", "abcd", "c"], 2) == [[("ab", 3)] * 2, [("", 0)] * 2, [("c", 2)] * 2]
    first = seen["seed"]
    answer(["a"])
    assert seen["seed"] != first and seen["max_new_tokens"] == 10
