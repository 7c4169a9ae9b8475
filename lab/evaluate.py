"""Every other measurement: the lab's checkpoints, controls, judges, and where simulation fails.

    python -m lab.evaluate                                # adds to out/metrics.json; after rl.py
    python -m lab.evaluate --samples 20 --predictions 5   # the paper's sizes
    python -m lab.report --out out                        # the tables

Measures the course as eval.py does, then whatever has a checkpoint in --out; lab/README.md says how
each is made. What the models were asked before is not asked again, so a killed run goes on.
"""

from __future__ import annotations

import time
from collections import defaultdict
from functools import partial
from itertools import cycle

import numpy as np

import eval as course
import tasks
import tracer
from answers import Model, load_tests
from commands import say
from eval import Attempt, scores, self_rlef
from lab import figures
from lab.figures import Item, by_group, compare, of
from runs import share
from tasks import explanation_lines, parse_outcome, same_outcome
from trace import first_wrong_step

# Checkpoint: its name in metrics.json, stage/answer format. "other" is a copy of another seed's
# rl.pt: behaviour decides the split, so what is held out from one is held out from all.
CHECKPOINTS = """
sft-predict sft_predict_only/nlex
sft-raw sft/raw
sft-none sft/none
predict-rl rl_predict_only/nlex
rl-steps rl_steps/nlex
rl-rejection rl_rejection/nlex
rl-loo rl_loo/nlex
sft-control sft_control/nlex
sft-ceiling sft_ceiling/nlex
few few/nlex
few-rl few_rl/nlex
few-rl-steps few_rl_steps/nlex
few-rl-rejection few_rl_rejection/nlex
few-control few_control/nlex
few-ceiling few_ceiling/nlex
joint-raw joint/raw
joint-raw-rl joint_rl/raw
joint-none joint/none
joint-none-rl joint_rl/none
no-fix no_fix/nlex
extra extra/nlex
other other/nlex
"""
STAGES = course.CHECKPOINTS | dict(line.split() for line in CHECKPOINTS.strip().splitlines())
PREDICT_ONLY = "sft-short-nlex sft-short-none sft-predict sft-raw sft-none predict-rl".split()
DEFAULT = """
rl minus sft
rl minus sft-control
rl-steps minus rl
rl-rejection minus rl
rl-loo minus rl
sft-control minus sft
sft-ceiling minus sft
"""
SCARCE = """
few-rl minus few
few-rl minus few-control
few-rl-steps minus few-rl
few-rl-rejection minus few-rl
few-control minus few
few-ceiling minus few
"""
FORMATS = """
rl minus sft
joint-raw-rl minus joint-raw
joint-none-rl minus joint-none
sft minus joint-raw
sft minus joint-none
rl minus joint-raw-rl
rl minus joint-none-rl
"""
ALONE = {
    "nlex_minus_none_full": "sft-predict minus sft-none",
    "nlex_minus_raw_full": "sft-predict minus sft-raw",
}
OWN = """
rl minus sft
predict-rl minus rl
sft-predict minus sft
predict-rl minus sft-predict
"""
TRACES = """
simulated_trace minus simulated
oracle_trace minus oracle
"""
JUDGES = {  # key of metrics.json: who judges, whose programs, from prompts with tests; then keys of
    # the prompt in public_tests, and of the readings of vague statements
    "best_at_k": ("rl", "rl", True, "rl", "open_readings"),
    "best_at_k_predict_only": ("predict-rl", "rl", True, "verifier", ""),
    "best_at_k_other": ("rl", "other", True, "other", ""),
    "best_at_k_extra": ("extra", "extra", True, "with tests", ""),
    "best_at_k_extra_without_tests": ("extra", "extra", False, "without tests",
                                      "open_readings_without_tests"),
}
REPAIRS = {"self_rlef": "rl", "self_rlef_sft": "sft", "self_rlef_no_fix": "no-fix"}
TOLD = 100  # own programs whose true run is recorded, to find the first wrong step


class Lab:
    """The test data, the checkpoints that are there, and the measurements beyond the course's. Each
    of the latter returns keys of metrics.json."""

    def __init__(self, args, truth):
        self.args, self.truth, self.models = args, truth, {}
        self.problems, sets = load_tests(args)
        self.cases = sets["short"] + sets["longer"]  # new names: the course's checkpoints only
        for name in STAGES:
            path = args.out / f"{name}.pt"
            if path.exists():
                self.models[name] = Model(path, args, "lab/README.md says how it is made")

    def solve(self, name, show_tests=True):
        """-> n rounds of attempts; (n, P) is each right, and its share of public tests passed."""
        rounds = course.solve(self.models[name], self.problems, self.args.samples, show_tests)
        return rounds, self.truth.right(rounds), scores(rounds, self.truth.outcomes)

    def true_lines(self, pairs):
        """The explanation of each run, recorded in one process; none if it does not end soon."""
        return share(pairs, self.record)

    def record(self, pairs):
        told = []
        for code, stdin in pairs:
            run = tracer.record(code, stdin, 1_000, sandbox=self.truth.sandbox)
            told.append(tracer.narrate(run) if run.complete and run.status != "LIMIT" else [])
        return told

    def own_cases(self, name):
        """As in the course; with the true explanation of the first TOLD."""
        rounds, args = self.solve(name)[0], self.args
        cases = course.own_cases(rounds, self.truth, args.cases, args.seed)
        told = self.true_lines([(case.code, case.stdin) for case in cases[:TOLD]])
        for case, lines in zip(cases, told):
            case.steps, case.nlex = len(lines), tasks.predict_answer(lines, case.outcome)
        return cases

    def predict(self, name, cases):
        pairs, texts, items = [(case.code, case.stdin) for case in cases], [], []
        for draw in range(self.args.predictions + 1):
            texts.append(self.models[name].simulate(pairs, draw))
        for case, told in zip(cases, zip(*texts)):
            outcomes = list(map(parse_outcome, told))
            greedy, *right = [same_outcome(outcome, case.outcome) for outcome in outcomes]
            words = [got and (got[0].split(), got[1]) for got in outcomes[1:]]
            commonest = max(words, key=words.count)
            votes, majority = words.count(commonest), right[words.index(commonest)]
            wrong = first_wrong_step(explanation_lines(told[1]), explanation_lines(case.nlex))
            items.append(Item(case, greedy, right, votes, majority, wrong[1] if wrong else "none"))
        return items

    def every_checkpoint(self):
        """Prediction and solving, alone and beside the others."""
        made, columns = defaultdict(dict), {}
        for name, model in self.models.items():
            stage, extra = STAGES[name], model.checkpoint["extra"]
            items = self.predict(name, self.cases)
            columns[name] = figures.predicted(items)
            for column, figure in figures.figures(columns[name]).items():
                if column.endswith(" pass@1"):
                    made["predict"][f"{stage}/{column.removesuffix(' pass@1')}"] = figure
            told = {key: extra.get(key) for key in ("tokens", "examples", "seconds")}
            made["training"][name] = told
            if name in ("sft", "rl"):
                items += self.predict(name, self.own_cases(name))
                for key, rows in figures.breakdown(items, stage).items():
                    made[key] |= rows
            if name == "extra":
                made["solve"] |= self.solving("extra-without-tests", *self.solve(name, False))
            if name not in PREDICT_ONLY:
                rounds, right, passed = self.solve(name)
                made["solve"] |= self.solving(name, rounds, right, passed)
                greedy = self.truth.right(course.solve(model, self.problems, 0, first=0))[0]
                made["solve"][name] |= figures.figures(of(self.problems, {"greedy": greedy}))
                for rate, values in course.pass_rates(right).items():
                    columns[name][f"solve {rate}"] = values, self.problems
        for key, line in ALONE.items():
            for column, figure in compare(columns, line)["differences"].get(line, {}).items():
                made[key][column.removesuffix(" pass@1")] = figure
        made["rl_table"]["default"] = compare(columns, DEFAULT)
        made["rl_table"]["scarce"] = compare(columns, SCARCE)
        return made | {"formats": compare(columns, FORMATS)}

    def solving(self, label, rounds, right, passed):
        """Rows label, label/clear, label/open: figures of pass@k and public@k."""
        rates = course.pass_rates(right)
        for rate, values in course.pass_rates(passed == 1, 10).items():
            rates[rate.replace("pass", "public")] = values
        all_, made = by_group(of(self.problems, rates)), {}
        for group in ("clear", "open"):
            made[f"{label}/{group}"] = all_.pop(group, {})
        return made | {label: all_}

    def own_programs(self):
        """Several models predict the same programs, those that rl wrote."""
        cases, columns = self.own_cases("rl"), {}
        for name in ("rl", "sft", "sft-predict", "predict-rl"):
            if name in self.models:
                columns[name] = figures.predicted(self.predict(name, cases))
        return {"own_programs": compare(columns, OWN)}

    def picking(self):
        """Who judges whose programs; how vague statements are read; prompts without tests."""
        made, picked = {}, {}
        for key, (judge, author, show_tests, prompt, readings) in JUDGES.items():
            if not {judge, author} <= self.models.keys():
                continue
            model, (rounds, right, passed) = self.models[judge], self.solve(author, show_tests)
            count, simulated = self.args.predictions if author == "rl" else 1, []
            best = course.pick(model, rounds, right, self.truth, count)
            for draw in range(1, count + 1):
                simulated.append(scores(rounds, partial(model.belief, draw=draw)))
            best["simulate_all"] = course.best_at_k(right, sum(simulated))  # beyond the paper
            made[key] = by_group(of(self.problems, best))
            made[key] |= figures.judged(simulated[0], passed, right, self.problems)
            k = min(8, len(right))
            values = {"solve pass@1": best["random"][0], f"solve pass@{k}": best["pass"][k - 1],
                      f"best@{k} exec": best["exec"][k - 1],
                      f"best@{k} simulate": best["simulate"][k - 1]}
            picked[prompt] = of(self.problems, values)
            if readings:
                made[readings] = figures.open_readings(values, self.problems)
        return made | {"public_tests": compare(picked, "without tests minus with tests")}

    def repair(self, name, observe, prompt=course.fix_prompt):
        """Self-RLEF from the checkpoint's first programs -> attempts, and for each problem: is each
        program right that was written for it."""
        model, right = self.models[name], []
        (first,) = course.solve(model, self.problems, 1)
        attempts = self_rlef(first, model.write, observe, self.args.turns, prompt)
        for done in attempts:
            each = [Attempt(done.problem, [code]) for code in done.programs]
            right.append(self.truth.right([each])[0])
        return attempts, right

    def repairing(self):
        """Self-RLEF of several checkpoints, program by program, beside its controls."""
        made = {}
        for key, name in REPAIRS.items():
            if name not in self.models:
                continue
            model, turns = self.models[name], self.args.turns
            columns = course.repair(model, self.problems, self.truth, turns)
            rounds = course.solve(model, self.problems, turns)
            right = self.truth.right(rounds)
            last, simulated = self.repair(name, model.belief)
            runs = {"simulated": simulated, "oracle": self.repair(name, self.truth.outcomes)[1]}
            runs["resample"] = [right[:n, p] for p, n in enumerate(columns["resample_turns"])]
            if name == "rl":
                _, runs["exchanged"] = self.repair(name, model.belief, exchanged(rounds[0], model))
                columns["exchanged"] = np.array([each[-1] for each in runs["exchanged"]])
                columns["exchanged_turns"] = list(map(len, runs["exchanged"]))
                columns["final_minus_exchanged"] = columns["final"] - columns["exchanged"]
            columns["final_minus_oracle"] = columns["final"] - columns["oracle_final"]
            made[key] = by_group(of(self.problems, columns)) | {"curve": {}, "table": {}}
            for run, rows in runs.items():
                made[key]["curve"][run] = figures.figures(of(self.problems, figures.curve(rows)))
            public = scores([rounds[0], last], self.truth.outcomes) == 1
            for tests, ends in (("all tests", (columns["init"], columns["final"])),
                                ("public tests", public)):
                changed = of(self.problems, figures.changes(*ends))
                made[key]["table"][tests] = figures.figures(changed)
        return made

    def repairing_with_traces(self):
        """Self-RLEF that is also told how the first failing run went, by simulation or really."""
        if "extra" not in self.models:
            return {}
        model, columns, turns = self.models["extra"], {}, {}
        simulated = lambda pair: explanation_lines(model.simulate([pair])[0])
        true = lambda pair: self.true_lines([pair])[0]
        for run, observe, explain in (("simulated", model.belief, None),
                                      ("simulated_trace", model.belief, simulated),
                                      ("oracle", self.truth.outcomes, None),
                                      ("oracle_trace", self.truth.outcomes, true)):
            _, right = self.repair("extra", observe, partial(prompt_with_trace, explain))
            columns[run] = of(self.problems, figures.curve(right, "after {}"))
            turns[run] = list(map(len, right))
        turns = figures.figures(of(self.problems, turns))
        return {"self_rlef_traces": compare(columns, TRACES) | {"turns": turns}}


def prompt_with_trace(explain, attempt, results):
    code, tell = attempt.code, None
    if explain and code:
        tell = lambda stdin: explain((code, stdin))
    return tasks.fix_prompt(attempt.problem, code, results, tell)


def exchanged(first, model):
    """Fix prompts with what was observed of the next problem's first program: what does the
    feedback itself contribute?"""
    observed, others = course.on_public_tests(first, model.belief), {}
    for attempt, results in zip(first, observed[1:] + observed[:1]):
        others[id(attempt.problem)] = results

    def prompt(attempt, results):
        told = []
        for (stdin, want, *_), (*_, got, right) in zip(results, cycle(others[id(attempt.problem)])):
            told.append((stdin, want, got, right))
        return course.fix_prompt(attempt, told)
    return prompt


course_alone = course.measure


def measure(args, truth):
    """The course's metrics, and the lab's."""
    metrics, lab, started = course_alone(args, truth), Lab(args, truth), time.time()
    for part in (lab.every_checkpoint, lab.own_programs, lab.picking, lab.repairing,
                 lab.repairing_with_traces):
        for key, rows in part().items():
            metrics[key] |= rows
        say(f"lab    {part.__name__} {time.time() - started:6.0f} s")
    return metrics


def main():
    course.measure, course.__doc__ = measure, __doc__
    course.main()


if __name__ == "__main__":
    main()
