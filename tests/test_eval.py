"""Estimators against brute force; picking and repairing with scripted models; a whole evaluation by a script."""

import io
import itertools
import json
import os
import random
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from conftest import ROOT, tiny_flags

import answers
import eval as course
import runs
import tasks
import worlds
from answers import Model
from eval import (
    Attempt,
    best_at_k,
    figure,
    on_public_tests,
    paired_difference,
    pass_at_k,
    rank_score_at_k,
    resample,
    scores,
    self_rlef,
)
from model import ModelConfig, Rollout, Tokenizer, Transformer, save_checkpoint
from tasks import Problem

# ---------------------------------------------------------------------------------------------------------------------
# Estimators.


def test_pass_at_k_equals_enumeration():
    for n in range(1, 8):
        for c in range(n + 1):
            for k in range(1, n + 1):
                subsets = list(itertools.combinations([1] * c + [0] * (n - c), k))
                assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, subsets)) / len(subsets))


def test_rank_score_limits():
    correct = [1, 0, 0, 1, 0]
    assert rank_score_at_k(correct, correct, 3) == pytest.approx(pass_at_k(5, 2, 3))      # a perfect judge reaches the ceiling
    assert rank_score_at_k([0] * 5, correct, 3) == pytest.approx(0.4)                      # no information: pass@1
    assert rank_score_at_k([3, 9, 2, 1, 0], correct, 5) == 0                              # k = n: the best-scored one
    both = best_at_k(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[2, 0], [1, 0]]))
    assert both.tolist() == [[0.5, 0.5], [0.0, 0.5]]                                      # (k, problem)


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


# ---------------------------------------------------------------------------------------------------------------------
# Picking and repairing, with programs that are just names and models that follow a script.


def problem(name, tests=2, vague=0):
    return Problem(statement=name, kind="ints", vague=vague, public=[[f"{name}{t}", "1"] for t in range(tests)],
                   hidden=[["h", "1"]], solution="", cls=name)


class Script:
    """Answers that come in order per statement."""

    def __init__(self, **texts):
        self.texts, self.users, self.turns = {name: list(rows) for name, rows in texts.items()}, [], []

    def __call__(self, users, number):
        self.users += users
        self.turns.append(number)
        return [self.texts[user.split("\n")[1]].pop(0) for user in users]


def observe(pairs):
    """Programs named good pass everything, half tests that end in 0, public all but the hidden ones, the others nothing."""
    passed = {"good": lambda stdin: True, "half": lambda stdin: stdin[-1] == "0", "publ": lambda stdin: stdin != "h"}
    return [("1\n" if passed.get(code[:4], lambda stdin: False)(stdin) else "0\n", "") for code, stdin in pairs]


def attempts_of(**codes):
    return [Attempt(problem(name), [code]) for name, code in codes.items()]


def test_public_tests_are_observed_in_order_all_at_once():
    seen = []
    attempts = [Attempt(problem("a"), ["old", "good"]), Attempt(problem("b"), [""]), Attempt(problem("c", 3), ["bad"])]
    got = on_public_tests(attempts, lambda pairs: seen.append(pairs) or observe(pairs))
    assert [[row[2:] for row in rows] for rows in got] == [
        [(("1\n", ""), True)] * 2, [(None, False)] * 2, [(("0\n", ""), False)] * 3]
    assert seen == [[("good", "a0"), ("good", "a1"), ("bad", "c0"), ("bad", "c1"), ("bad", "c2")]]  # "" is no program
    assert "a0 -> 1 obtained nothing wrong" in course.fix_prompt(*attempts_of(a=""), *on_public_tests(attempts_of(a=""), observe))
    assert scores([attempts, attempts[::-1]], observe).tolist() == [[1, -1, 0], [0, -1, 1]]  # none is worse than a bad one
    half = scores([attempts_of(a="x", b="")], lambda pairs: [("1\n", "") if stdin[1] == "0" else None for _, stdin in pairs])
    assert half.tolist() == [[0.5, -1]]
    assert scores([attempts_of(a="")], lambda pairs: [("1\n", "")] * len(pairs)).tolist() == [[-1]]


def test_self_rlef_submits_fixes_and_stops_at_the_limit():
    first = attempts_of(a="good", b="bad", c="", d="d1")
    answer = Script(a=[tasks.SUBMIT], b=[tasks.fence("bad2"), tasks.fence("good3"), tasks.SUBMIT],
                    c=["no program at all"], d=[tasks.fence("d2"), tasks.fence("d3"), tasks.fence("d4")])
    done = self_rlef(first, answer, observe, turns=4)
    assert [attempt.programs for attempt in done] == [
        ["good"], ["bad", "bad2\n", "good3\n"], [""], ["d1", "d2\n", "d3\n", "d4\n"]]
    assert [attempt.submitted for attempt in done] == [True, True, True, False] and answer.turns == [1, 2, 3]
    assert all(not texts for texts in answer.texts.values())  # at the limit nothing more is asked
    users = answer.users[:4]
    assert "right" in users[0] and "wrong" not in users[0].split("Submit or fix.")[1] and "wrong" in users[1]
    assert [attempt.programs for attempt in self_rlef(first, None, None, turns=1)] == [["good"], ["bad"], [""], ["d1"]]
    assert [attempt.code for attempt in first] == ["good", "bad", "", "d1"] and done[1].code == "good3\n"  # first is left as it was


def test_resampling_takes_the_first_that_is_accepted():
    accepted = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [1, 0, 1, 1]], dtype=bool)  # (n, P)
    assert resample(accepted).tolist() == [0, 2, 1, 2] and resample(accepted[:2]).tolist() == [0, 1, 1, 1]


class Believer:
    """A model that believes what `observe` says, solves with these rounds of programs, and submits or mends b, in turn by these."""

    def __init__(self, rounds, overrated=(), fixes=("good",)):
        self.rounds, self.overrated, self.fixes, self.asked = rounds, overrated, fixes, []

    def belief(self, pairs, draw=1):
        self.asked.append(draw)
        return [("1\n", "") if code in self.overrated else outcome for (code, _), outcome in zip(pairs, observe(pairs))]

    def write(self, prompts, draw):
        if prompts and prompts[0].startswith("Solve"):
            return [tasks.fence(code) if code else "none" for code in self.rounds[draw - 1]]
        return [tasks.fence(self.fixes[draw - 1]) if "wrong" in prompt and "\nb\n" in prompt else tasks.SUBMIT for prompt in prompts]


class Runner:
    outcomes = staticmethod(observe)

    def right(self, rounds):
        return np.array([[a.code.startswith("good") and "wrong" not in a.code for a in attempts] for attempts in rounds], dtype=float)


def test_picking_and_repairing_with_known_results():
    a, b = problem("a"), problem("b")
    programs = [("good but wrong", "bad"), ("bad long program", "worse"), ("good", "good"), ("", "worst")]
    rounds = [[Attempt(a, [left]), Attempt(b, [right])] for left, right in programs]
    right = np.array([[0, 0], [0, 0], [1, 1], [0, 0]], dtype=float)
    model = Believer(programs, overrated=("worse",))
    best = course.pick(model, rounds, right, Runner(), replicates=2)
    assert model.asked == [1] * 4 + [2] * 4  # every replicate asks for other answers
    at_4 = {judge: values[3].tolist() for judge, values in best.items()}
    assert at_4 == {"pass": [1, 1], "exec": [0.5, 1], "simulate": [0.5, 0.5], "short1": [1, 0], "random": [0.25, 0.25],
                    "gain": [0.25, 0.25], "simulation_gap": [0, 0.5]}  # the unreadable program is last, however short
    assert best["pass"][:, 0] == pytest.approx([pass_at_k(4, 1, k) for k in (1, 2, 3, 4)])
    assert best["gain"][0].tolist() == [0, 0]
    columns = course.repair(Believer(programs), [a, b], Runner(), turns=3)
    told = {key: list(map(float, values)) for key, values in columns.items() if "_2" not in key and "_4" not in key}
    assert told == {"init": [0, 0], "final": [0, 1], "turns": [1, 2], "oracle_final": [0, 1], "oracle_turns": [1, 2],
                    "gain": [0, 1], "fixed": [0, 1], "broken": [0, 0],
                    "resample": [0, 1], "resample_turns": [1, 3], "final_minus_resample": [0, 0]}


def test_repairs_with_two_and_four_programs_are_those_of_runs_with_so_many():
    """b is mended by the fourth program, which only the truth asks for: the model overrates the third."""
    programs = [("good but wrong", "bad"), ("worse", "bad"), ("good", "good"), ("", "bad"), ("good", "bad")]
    model = Believer(programs, overrated=("bad3\n",), fixes=("bad2", "bad3", "good", "good"))
    columns = {turns: course.repair(model, [problem("a"), problem("b")], Runner(), turns) for turns in (5, 2, 3, 4)}
    told = {key: list(map(float, values)) for key, values in columns[5].items()}
    assert (told["final_2"], told["final_4"], told["final"]) == ([0, 0], [0, 0], [0, 0])
    assert (told["turns_2"], told["turns_4"], told["turns"]) == ([1, 2], [1, 3], [1, 3])
    assert (told["oracle_final_2"], told["oracle_final_4"], told["oracle_final"]) == ([0, 0], [0, 1], [0, 1])
    assert (told["oracle_turns_2"], told["oracle_turns_4"], told["oracle_turns"]) == ([1, 2], [1, 4], [1, 4])
    assert (told["resample_2"], told["resample_4"], told["resample"]) == ([0, 0], [0, 1], [0, 1])     # the first accepted, else the last
    assert (told["final_minus_resample_2"], told["final_minus_resample_4"]) == ([0, 0], [0, -1])
    for turns in (2, 4):
        for key in ("final", "turns", "oracle_final", "oracle_turns", "resample", "final_minus_resample"):
            assert list(columns[turns][key]) == list(columns[5][f"{key}_{turns}"]), (turns, key)
    assert columns[2].keys() == columns[3].keys() == columns[4].keys() == columns[5].keys()           # whatever --turns is


class Fixer(Believer):
    """Each problem's first program and its fix; "": none."""

    def __init__(self, **said):
        super().__init__(())
        self.said = said

    def write(self, prompts, draw):
        answers = []
        for prompt in prompts:
            code = self.said[prompt.split("\n")[1]][prompt.startswith("Submit")]
            answers.append(tasks.fence(code) if code else tasks.SUBMIT)
        return answers


def test_the_first_fix_of_those_that_fail_a_public_test():
    model = Fixer(a=("good", "bad"), b=("bad", "good"), c=("bad", "bad2"), d=("half", "bad"), e=("", "good"), f=("public", "bad"), g=("bad", ""))
    vague = dict(a=1, b=1, c=2, d=3, e=1, f=1, g=1)
    problems = [problem(name, vague=number) for name, number in vague.items()]
    told, columns = course.first_fix(model, problems, Runner())
    assert [one.problem.statement for one in told] == ["b", "c", "d", "g"]         # not those without a program, or that fail hidden tests alone
    assert {key: list(map(float, values)) for key, values in columns.items()} == {
        "right": [1, 0, 0, 0], "same": [0, 1, 0, 1], "chance": [0.5, 0.25, 0.125, 0.5]}
    of = course.repairs(model, problems, Runner(), 3, (2, 3))
    assert {key: (row["value"], row["n"]) for key, row in of["first_fix"].items()} == {"right": (0, 2), "same": (0.5, 2), "chance": (0.1875, 2)}
    assert {row["n"] for key, row in of.items() if key != "first_fix"} == {7} and of["init"]["value"] == pytest.approx(1 / 7, abs=1e-5)
    assert course.repairs(model, problems, Runner(), 3, (1,))["first_fix"]["right"] == figure([1, 0], ["b", "g"])
    assert course.repairs(model, problems[:1], Runner(), 3, (1,))["first_fix"]["same"]["n"] == 0


def test_predictions_by_how_they_begin():
    cases = [tasks.Case(f"print({k})", "", f"{k}\n", "", "", "short", "plain") for k in (1, 2)]
    one, two = "<output>\n1\n</output>", "<output>\n2\n</output>"
    said = {"": [[one, two], [tasks.EXPLAINED + one, one], [two, tasks.EXPLAINED + two]],  # the greedy ones, two sampled ones of each
            tasks.EXPLAINED: [[tasks.EXPLAINED + two] * 2] * 3, tasks.AT_ONCE: [[one] * 2] * 3}

    class Says:
        def simulate(self, pairs, draw=1, begin=""):
            assert pairs == [("print(1)", ""), ("print(2)", "")]
            return said[begin][draw]

        def belief(self, *given):
            return list(map(tasks.parse_outcome, self.simulate(*given)))
    for begin, share, greedy, explained in (("", [0.5, 0.5], [1, 1], [1, 0]), (tasks.EXPLAINED, [0, 1], [0, 1], [1, 1]),
                                            (tasks.AT_ONCE, [1, 0], [1, 0], [0, 0])):
        told = course.predict(Says(), cases, 2, begin)
        assert {key: list(map(float, values)) for key, values in told.items()} == {
            "predict": share, "predict_greedy": greedy, "explained": explained}


def test_own_programs_are_distinct_pairs_from_all_rounds():
    a, b = problem("a"), problem("b")
    rounds = [[Attempt(a, ["x"]), Attempt(b, [""])], [Attempt(a, ["x"]), Attempt(b, ["y"])], [Attempt(a, ["z"]), Attempt(b, ["loop"])]]
    truth = SimpleNamespace(outcomes=lambda pairs: [None if code == "loop" else (f"{code}{stdin}", "") for code, stdin in pairs])
    cases = course.own_cases(rounds, truth, 99, 0)
    told = {(case.code, case.stdin, case.stdout, case.cls, case.set) for case in cases}
    assert len(cases) == 6 and told == {(code, stdin, code + stdin, stdin[0], "own") for code, stdin in (
        ("x", "a0"), ("x", "a1"), ("z", "a0"), ("z", "a1"), ("y", "b0"), ("y", "b1"))}  # without those that never end
    chosen = [[(case.code, case.stdin) for case in course.own_cases(rounds, truth, 3, seed)] for seed in (0, 0, 1)]
    assert chosen[0] == chosen[1] != chosen[2] and max(map(len, chosen)) <= 3


# ---------------------------------------------------------------------------------------------------------------------
# Asking a model.


def arguments(out, **more):
    return SimpleNamespace(**{"out": out, "seed": 0, "rank": 0, "ranks": 1, "max_new_tokens_predict": 6,
                              "max_new_tokens_solve": 4, **more})


def save_model(path, n_ctx=64, seed=0, made=()):
    torch.manual_seed(seed)
    model = Transformer(ModelConfig(n_vocab=Tokenizer().n_vocab, n_layer=1, n_head=2, n_kv_head=1, n_embd=32, n_ctx=n_ctx))
    made = {"preset": "quick", "seed": "0", "world": "contest"} | dict(made)
    save_checkpoint(path, model, extra={"tokens": 1000, "seconds": 1.5, "made": made, "commit": f"{path.stem} 0123456789"})


def test_a_model_is_asked_once_and_remembers(tmp_path, monkeypatch):
    save_model(tmp_path / "rl.pt")
    model = Model(tmp_path / "rl.pt", arguments(tmp_path))
    asked, real = [], Model.sample

    def sample(self, max_new_tokens, draw, prompts, begin):
        asked.append((max_new_tokens, draw, prompts, *filter(None, [begin])))
        return real(self, max_new_tokens, draw, prompts, begin, cut=True)  # random weights end no answer
    monkeypatch.setattr(Model, "sample", sample)
    prompts = ["one", "two", "one", "long " * 99]
    told = model.write(prompts, 1)
    assert told[0] == told[2] and asked == [(4, 1, ["long " * 99, "one", "two"])]
    again = model.write(["two", "one", "three"], 1)
    assert again[:2] == [told[1], told[0]] and asked[1] == (4, 1, ["three"])
    assert model.write(["one"], 2) != model.write(["one"], 1) and asked[2] == (4, 2, ["one"])  # another number, another try
    assert model.simulate([("p", "1")], 0) == model.ask(6, [tasks.predict_prompt("p", "1")], 0) and len(asked) == 4
    model.simulate([("p", "1")], 0, "B")
    model.belief([("p", "1")], 0, "B")
    assert asked.pop() == (6, 0, [tasks.predict_prompt("p", "1")], "B") and len(asked) == 4         # begun otherwise, another answer
    # killed and started again, it still knows; other weights do not
    assert Model(tmp_path / "rl.pt", arguments(tmp_path)).write(prompts, 1) == told and len(asked) == 4
    stored = (tmp_path / "rl.pt").read_bytes()
    save_model(tmp_path / "rl.pt", seed=1)
    Model(tmp_path / "rl.pt", arguments(tmp_path)).write(prompts, 1)
    assert len(asked) == 5
    (tmp_path / "rl.pt").write_bytes(stored)  # the old ones again, whatever their date; nor does other code take what this one said
    assert Model(tmp_path / "rl.pt", arguments(tmp_path)).write(prompts, 1) == told and len(asked) == 5
    with monkeypatch.context() as patch:
        patch.setattr(answers, "digest", lambda path, *code: runs.digest(path, *code, ROOT / "README.md"))
        Model(tmp_path / "rl.pt", arguments(tmp_path)).write(prompts, 1)
    assert len(asked) == 6
    asked.pop()
    # nor does another seed take what this one said, nor another number of processes
    for seed, ranks in ((1, 1), (0, 2)):
        Model(tmp_path / "rl.pt", arguments(tmp_path, seed=seed, ranks=ranks)).write(prompts, 1)
    assert len(asked) == 7
    # draw 0 is greedy: it does not depend on the seed, which also differs from process to process
    calls = []
    monkeypatch.setattr(answers, "generate", lambda *rest, **options: calls.append((rest[4], options["temperature"])) or [])
    for seed, rank, draw in ((0, 0, 0), (0, 0, 1), (0, 0, 2), (1, 0, 1), (0, 1, 1)):
        model.args, model.rank = arguments(tmp_path, seed=seed), rank
        real(model, 4, draw, ["x"])
    assert [temperature for _, temperature in calls] == [0, 1, 1, 1, 1] and len({seed for seed, _ in calls}) == 5
    # an answer that is cut off is wrong, whatever it says; to be shown there is what there is of it
    told = model.tokenizer.encode("<output>\n3\n</output>")
    rollouts = [[Rollout(told, [], False)], [Rollout([*told, model.tokenizer.end], [], True)]]
    monkeypatch.setattr(answers, "generate", lambda *rest, **options: rollouts)
    assert real(model, 4, 1, ["x", "y"]) == ["", "<output>\n3\n</output>"]
    assert real(model, 4, 1, ["x", "y"], cut=True) == ["<output>\n3\n</output>"] * 2
    assert real(model, 4, 1, ["x", "y"], "So: ") == ["", "So: <output>\n3\n</output>"]


# ---------------------------------------------------------------------------------------------------------------------
# The whole evaluation. Random weights write no program, so the answers are a script's.


def scripted(self, max_new_tokens, draw, prompts, begin=""):
    """Programs that are right, wrong, or none; predictions that are sometimes right; every second fix submits."""
    said = []
    for k, prompt in enumerate(prompts):
        if prompt.startswith("Predict"):
            lines = ["r = 1."] if begin == tasks.EXPLAINED or not begin and (k + draw) % 4 == 0 else []
            said.append(tasks.predict_answer(lines, (str((k + draw + len(begin)) % 3), "")))
        elif prompt.startswith("Solve") or (k + draw) % 2:
            programs = ["print(len(input()))", "print(1 / 0)", "print(0)"]
            said.append(tasks.fence(programs[(k + draw) % 3]) if (k + draw) % 4 else "nothing")
        else:
            said.append(tasks.SUBMIT)
    return said


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Test data and the two checkpoints of the course."""
    folder = tmp_path_factory.mktemp("evaluation")
    make_data(folder)
    for name in course.STAGES:
        save_model(folder / f"{name}.pt", seed=len(name))
    return folder


def make_data(folder):
    (folder / "data").mkdir()
    world, rng, cases, problems, vague = worlds.load("contest"), random.Random(0), [], [], []
    while len(cases) < 4 * len(worlds.SETS):
        case = tasks.random_case(rng, world, world.SIZES["cpu"], "test", worlds.SETS[len(cases) % len(worlds.SETS)])
        cases += [case] if case else []
    for made, n_vague in ((problems, (0, 1)), (vague, (2, 3))):
        while len(made) < 4:
            drawn = world.random_problem(rng, world.SIZES["cpu"], "test", n_vague[len(made) % 2])
            made += [drawn] if drawn else []
    for name, rows in (("cases", cases), ("problems", problems), ("vague", vague[:3])):
        (folder / "data" / f"test_{name}.jsonl").write_text("".join(json.dumps(vars(row)) + "\n" for row in rows))
    (folder / "data" / "settings.json").write_text(json.dumps({"world": "contest", "world_size": "quick", "seed": 0}))
    (folder / "seconds.json").write_text(json.dumps({"data": 1.0, "sft": 60.0, "peak_memory_mb": 10}))


FLAGS = tiny_flags("answers", "eval", samples=4, predictions=2)


def run_main(monkeypatch, capsys, main, *flags):
    monkeypatch.setattr(sys, "argv", ["eval.py", *map(str, flags)])
    main()
    return capsys.readouterr().out


def test_evaluation_from_checkpoints_to_report(out, monkeypatch, capsys):
    monkeypatch.setattr(Model, "sample", scripted)
    said = run_main(monkeypatch, capsys, course.main, *FLAGS, "--out", out)
    metrics = json.loads((out / "metrics.json").read_text())
    told = {f"{stage}/{format}/{set_}" for stage in ("sft", "rl") for format in ("free", "direct", "explained") for set_ in (*worlds.SETS, "own")}
    assert set(metrics["predict"]) == set(metrics["predict_greedy"]) == set(metrics["explained"]) == told
    assert metrics["predict"]["rl/free/short"]["n"] == 4 and 4 < metrics["predict"]["rl/direct/own"]["n"] <= 16
    explained = {key: row["value"] for key, row in metrics["explained"].items()}
    assert all(value == 1 for key, value in explained.items() if "/explained/" in key)
    assert all(value == 0 for key, value in explained.items() if "/direct/" in key) and 0 < explained["sft/free/short"] < 1
    assert set(metrics["solve"]) == {"sft", "rl"} and all(set(rates) == {"greedy", "pass@1", "pass@4"} for rates in metrics["solve"].values())
    for best in (metrics["best_at_k"], metrics["best_at_k_sft"]):
        assert {len(rows) for rows in best.values()} == {4}
        assert set(best) == {"pass", "exec", "simulate", "short1", "random", "gain", "simulation_gap"}
    repaired = {"init", "gain", "fixed", "broken", "first_fix"}
    for most in ("", "_2", "_4"):
        repaired |= {f"{key}{most}" for key in ("final", "turns", "oracle_final", "oracle_turns", "resample", "final_minus_resample")}
    for n, part in ((4, metrics["self_rlef"]), (3, metrics["self_rlef"]["vague"])):
        assert {key for key in part if not key.startswith("resample") or "turns" not in key} - {"vague"} == repaired
        assert set(part["first_fix"]) == {"right", "same", "chance"} and part["first_fix"]["same"]["n"] <= n
        assert {row["n"] for key, row in part.items() if key not in ("first_fix", "vague")} == {n}
        for most in ("", "_2", "_4"):
            gain = part[f"final{most}"]["value"] - part[f"resample{most}"]["value"]
            assert part[f"final_minus_resample{most}"]["value"] == pytest.approx(gain, abs=1e-4)
    for name, (one, two) in {"rl_minus_sft": ("rl/free", "sft/free"), "rl_minus_explained": ("rl/free", "sft/explained"),
                             "explained_minus_direct": ("sft/explained", "sft/direct")}.items():
        assert set(metrics[name]) == {f"{key}/{set_}" for key in ("predict", "predict_greedy") for set_ in worlds.SETS}
        for path, row in metrics[name].items():
            key, set_ = path.split("/")
            assert row["value"] == pytest.approx(metrics[key][f"{one}/{set_}"]["value"] - metrics[key][f"{two}/{set_}"]["value"], abs=1e-4)
    assert metrics["seconds"]["sft"] == 60 and metrics["seconds"]["eval"] > 0 and metrics["seed"] == 0
    text = (out / "report.md").read_text()
    assert metrics["commit"] == "rl 0123456789" and metrics["evaluated"]["commit"] == runs.provenance()["commit"]
    assert text.endswith("\npreset quick, seed 0, weights of commit rl 0123\n")
    assert text.strip() in said and text.count("\n| ") == len(course.TABLE.strip().splitlines()) and "nan" not in text
    assert "| best of 4 by its own simulation" in text and "| any right among 4, the ceiling" in text

    # the same command again asks nothing, and comes to the same numbers
    monkeypatch.setattr(Model, "sample", None)
    run_main(monkeypatch, capsys, course.main, *FLAGS, "--out", out)
    again = json.loads((out / "metrics.json").read_text())
    assert {**again, "seconds": 0, "evaluated": {}} == {**metrics, "seconds": 0, "evaluated": {}}


def test_a_killed_evaluation_comes_to_the_same_numbers(out, tmp_path, monkeypatch, capsys):
    (tmp_path / "data").symlink_to(out / "data")
    for name in course.STAGES:
        (tmp_path / f"{name}.pt").symlink_to(out / f"{name}.pt")
    finished = []

    def killed(*rest, **how):
        if len(finished) in (3, 8, 14, 20):
            finished.append("killed")
            raise KeyboardInterrupt
        finished.append("sampled")
        return scripted(*rest, **how)
    monkeypatch.setattr(Model, "sample", killed)
    for _ in range(4):
        with pytest.raises(SystemExit) as ended:
            run_main(monkeypatch, capsys, course.main, *FLAGS, "--out", tmp_path)
        assert ended.value.code == 130 and capsys.readouterr().err == "stopped; the same command goes on\n"
    run_main(monkeypatch, capsys, course.main, *FLAGS, "--out", tmp_path)
    metrics = [json.loads((folder / "metrics.json").read_text()) | {"seconds": 0, "evaluated": {}} for folder in (out, tmp_path)]
    assert metrics[0] == metrics[1] and len(finished) > 24


def test_a_world_without_problems(out, tmp_path, monkeypatch, capsys):
    make_data(tmp_path)
    for name in ("problems", "vague"):
        (tmp_path / "data" / f"test_{name}.jsonl").write_text("")
    for name in course.STAGES:
        (tmp_path / f"{name}.pt").symlink_to(out / f"{name}.pt")
    monkeypatch.setattr(Model, "sample", scripted)
    said = run_main(monkeypatch, capsys, course.main, *FLAGS, "--out", tmp_path)
    assert "| self-RLEF: submitted program                       | - " in said and json.loads(
        (tmp_path / "metrics.json").read_text())["predict"]["rl/free/short"]["n"] == 4


def test_a_missing_checkpoint_is_one_line_before_anything_is_measured(out, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Model, "sample", None)

    def said():
        with pytest.raises(SystemExit) as ended:
            run_main(monkeypatch, capsys, course.main, *FLAGS, "--out", tmp_path)
        error = capsys.readouterr().err
        assert ended.value.code == 2 and error.count("\n") == 1
        return error
    assert "test_cases.jsonl" in said()
    (tmp_path / "data").symlink_to(out / "data")
    for name in course.STAGES:
        (tmp_path / f"{name}.pt").symlink_to(out / f"{name}.pt")
    for name in course.STAGES:  # whichever is missing, the others being there
        (tmp_path / f"{name}.pt").unlink()
        assert f"{name}.pt does not exist; `python {name}.py --preset quick --out {tmp_path} --world contest --seed 0` makes it" in said()
        (tmp_path / f"{name}.pt").write_bytes(b"no checkpoint")
        assert f"{name}.pt is cut off, or no checkpoint" in said()
        (tmp_path / f"{name}.pt").unlink()
        (tmp_path / f"{name}.pt").symlink_to(out / f"{name}.pt")


def test_weights_of_another_seed_preset_or_world_are_refused(out, tmp_path, monkeypatch, capsys):
    """Not one of them is taken for what the flags say, nor what began elsewhere for what RL made of its partner."""
    extra = {"rl": [("start_and_data", "123")]}
    (tmp_path / "data").symlink_to(out / "data")
    for name in course.STAGES:
        (tmp_path / f"{name}.pt").symlink_to(out / f"{name}.pt")
    for name in course.STAGES:
        for key, value in (("seed", "1"), ("preset", "cpu"), ("world", "another"), ("vocabulary", "0123"),
                           *extra.get(name, ())):
            (tmp_path / f"{name}.pt").unlink()
            save_model(tmp_path / f"{name}.pt", made={key: value})
            with pytest.raises(SystemExit) as ended:
                run_main(monkeypatch, capsys, course.main, *FLAGS, "--out", tmp_path)
            error = capsys.readouterr().err
            assert ended.value.code == 2 and error.count("\n") == 1 and f"{name}.pt was made with {key} {value}, not " in error
        (tmp_path / f"{name}.pt").unlink()
        (tmp_path / f"{name}.pt").symlink_to(out / f"{name}.pt")


def test_samples_and_turns_are_two_budgets(out, tmp_path, monkeypatch, capsys):
    (tmp_path / "data").symlink_to(out / "data")
    for name in course.STAGES:
        (tmp_path / f"{name}.pt").symlink_to(out / f"{name}.pt")
    monkeypatch.setattr(Model, "sample", scripted)
    flags = [*tiny_flags("answers", "eval", samples=2, turns=5), "--out", tmp_path]
    said = run_main(monkeypatch, capsys, course.main, *flags)
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert {len(rows) for rows in metrics["best_at_k"].values()} == {2} and set(metrics["solve"]["rl"]) == {"greedy", "pass@1", "pass@2"}
    assert "best of 2 by its own" in said
    asked = {}
    for name in ("sft", "rl"):
        (file,) = (tmp_path / "eval-cache").glob(f"{name}-[0-9a-f]*-seed0-of1.json")
        asked[name] = sorted(key for key in json.loads(file.read_text()) if key.startswith("60 "))
    assert asked == {"sft": ["60 0 ", "60 1 ", "60 2 "], "rl": ["60 0 ", "60 1 ", "60 2 ", "60 3 ", "60 4 ", "60 5 "]}  # resampling: as many tries as turns


def test_show_tells_the_simulation_and_where_it_is_wrong_the_truth(out, tmp_path, monkeypatch, capsys):
    program, empty = tmp_path / "prog.py", tmp_path / "empty"
    program.write_text("x = int(input())\nprint(x + 1)\n")
    flags = ["--out", empty, "--show", program, "--stdin", "4"]
    monkeypatch.setattr(answers.signal, "signal", lambda *_: None)  # pytest's own pipes stay as they are
    said = run_main(monkeypatch, capsys, course.main, *FLAGS, *flags, "--ckpt", out / "sft.pt")
    assert said.count("\n>> ") == 2 and "\n   the truth, from >> on\n>> " in said and "'5\\n'" in said and "output wrong: " in said
    import tracer
    run = tracer.record(program.read_text(), "4")
    truth = tasks.predict_answer(list(map(tracer.in_fewer_words, tracer.narrate(run))), ("5\n", ""))
    monkeypatch.setattr(Model, "sample", lambda self, most, draw, prompts, begin, cut: [truth] if draw == 0 else None)
    monkeypatch.setattr(answers, "EVERYDAY", tmp_path / "everyday.pt")
    answers.EVERYDAY.symlink_to(out / "rl.pt")
    said = run_main(monkeypatch, capsys, course.main, *flags)
    assert "\n>> " not in said and said.count("We print 4 + 1 = 5.") == 1 and "output right: simulated '5\\n', true '5\\n'" in said
    assert str(answers.EVERYDAY) in said and not empty.exists()  # nothing is written
    with monkeypatch.context() as slip:
        slip.setattr(Model, "sample", lambda self, most, draw, prompts, begin, cut: [truth.replace("4 + 1 = 5", "4 + 1 = 6")])
        slipped = run_main(monkeypatch, capsys, course.main, *flags)
    assert ", >> its first wrong line (other words do not count)\n" in slipped and "output right, in spite of >>: simulated '5\\n'" in slipped
    monkeypatch.setattr("sys.stdin", io.StringIO("4"))
    assert run_main(monkeypatch, capsys, course.main, *flags, "--stdin", "-") == said
    for name in ("sft", "rl"):  # the last stage that is there
        empty.mkdir(exist_ok=True)
        (empty / f"{name}.pt").symlink_to(out / f"{name}.pt")
        assert f"({empty / name}.pt) on" in run_main(monkeypatch, capsys, course.main, *flags)
    assert len(list(empty.iterdir())) == 2
    (empty / "data").mkdir()  # whatever data lie there
    (empty / "data" / "settings.json").write_text('{"world": "another", "world_size": "gpu"}')
    assert "output right: " in run_main(monkeypatch, capsys, course.main, *flags)
    monkeypatch.setattr("sys.stdin", io.StringIO("print(input())\n"))
    with pytest.raises(SystemExit) as ended:
        run_main(monkeypatch, capsys, course.main, "--out", out, "--show", "-", "--stdin", "-")
    assert ended.value.code == 2 and "both want this command's input" in capsys.readouterr().err
    for bad, text in (("none.py", None), ("reads.py", "print(input())\n"), ("bad.py", "x = = 3\n"), ("endless.py", "while True:\n    x = 1\n"),
                      ("deep.py", "x = " + "-" * 3000 + "1\n"), ("empty.py", "\n"), ("long.py", "x = 1\n" * 40)):
        if text:
            (tmp_path / bad).write_text(text)
        with pytest.raises(SystemExit) as ended:
            run_main(monkeypatch, capsys, course.main, "--out", out, "--show", tmp_path / bad)
        error = capsys.readouterr().err
        assert ended.value.code == 2 and error.count("\n") == 1 and ("longer than" in error) == (bad == "long.py")


def test_show_can_be_cut_by_head(tmp_path):
    save_model(tmp_path / "model.pt", n_ctx=1024)
    command = f"{sys.executable} eval.py --out {tmp_path}/out --ckpt {tmp_path}/model.pt --show examples/word_count.py --stdin 'a b' --max-new-tokens-predict 4 | head -n 0"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.stdout == done.stderr == "" and not (tmp_path / "out").exists()


def test_a_figure_without_values_is_a_dash():
    nothing, some = figure([], []), figure([1, 0], ["a", "b"])
    metrics = {}
    for row in course.TABLE.strip().splitlines():
        place = metrics
        *path, key = row.split(" | ")[1].removesuffix(":-1").split(":")
        for part in path:
            place = place.setdefault(part, {})
        place[key] = [some, nothing] if row.endswith("-1") else some
    lines = course.table(metrics).splitlines()
    assert "50.0 (0.0 to 100.0)" in lines[2] and sum(" | - " in line for line in lines) == course.TABLE.count("-1")
