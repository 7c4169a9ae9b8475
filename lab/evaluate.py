"""Every other measurement: the lab's checkpoints, controls, judges, and where simulation fails.

    python -m lab.evaluate                                # adds to out/metrics.json; after rl.py
    python -m lab.evaluate --samples 20 --predictions 5   # the paper's sizes
    python -m lab.report --out out                        # the tables

Measures the course as eval.py does, then whatever has a checkpoint in --out; lab/README.md says how
each is made. What the models were asked before is not asked again, so a killed run goes on.
"""

import time
from collections import defaultdict
from itertools import cycle

import numpy as np

import eval as course
from answers import Model
from commands import say
from eval import Attempt, self_rlef
from lab import figures
from lab.figures import by_group, compare, of
from tasks import explanation_lines, load_split, same_outcome
from trace import first_wrong_step

# Checkpoint: its name in metrics.json, stage/answer format. "other" is a copy of another seed's
# rl.pt: behaviour decides the split, so what is held out from one is held out from all.
CHECKPOINTS = """
sft-predict sft_predict_only/nlex
sft-raw sft/raw
sft-none sft/none
predict-rl rl_predict_only/nlex
rl-rejection rl_rejection/nlex
sft-control sft_control/nlex
no-fix no_fix/nlex
no-tests no_tests/nlex
other other/nlex
"""
STAGES = course.CHECKPOINTS | dict(line.split() for line in CHECKPOINTS.strip().splitlines())
PREDICT_ONLY = "sft-short-nlex sft-short-none sft-predict sft-raw sft-none predict-rl".split()
DEFAULT = """
rl minus sft
rl minus sft-control
rl-rejection minus rl
sft-control minus sft
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
JUDGES = {  # key of metrics.json: who judges, whose programs
    "best_at_k": ("rl", "rl"),
    "best_at_k_predict_only": ("predict-rl", "rl"),
    "best_at_k_other": ("rl", "other"),
}
REPAIRS = {"self_rlef": "rl", "self_rlef_sft": "sft", "self_rlef_no_fix": "no-fix"}


class Lab:
    """The test data, the checkpoints that are there, and the measurements beyond the course's. Each
    of the latter returns keys of metrics.json."""

    def __init__(self, args, truth):
        self.args, self.truth, self.models = args, truth, {}
        sets, self.problems = load_split(args, "test", args.cases, args.problems)
        self.sets = {set_: sets[set_] for set_ in ("short", "longer")}  # new names: course alone
        for name in STAGES:
            path = args.out / f"{name}.pt"
            if path.exists():
                self.models[name] = Model(path, args, "lab/README.md says how it is made")

    def solve(self, name, show_tests=True):
        """-> n rounds of attempts; is each right, (n, P)."""
        rounds = course.solve(self.models[name], self.problems, self.args.samples, show_tests)
        return rounds, self.truth.right(rounds)

    def predict(self, name, cases):
        """-> (1 + n, N): is the greedy prediction right, is each sampled one."""
        pairs, right = [(case.code, case.stdin) for case in cases], []
        for draw in range(self.args.predictions + 1):
            outcomes = self.models[name].belief(pairs, draw)
            right.append([same_outcome(got, case.outcome) for got, case in zip(outcomes, cases)])
        return np.array(right)

    def breakdown(self, name, cases):
        """Where the sampled predictions go wrong."""
        kinds, told = [], self.models[name].simulate([(case.code, case.stdin) for case in cases])
        for case, answer in zip(cases, told):
            wrong = first_wrong_step(explanation_lines(answer), explanation_lines(case.nlex))
            kinds.append(wrong[1] if wrong else "none")
        return figures.breakdown(cases, self.predict(name, cases)[1:], kinds)

    def every_checkpoint(self):
        """Prediction and solving, alone and beside the others."""
        made, columns = defaultdict(dict), defaultdict(dict)
        for name, model in self.models.items():
            stage, extra = STAGES[name], model.checkpoint["extra"]
            told = {key: extra.get(key) for key in ("tokens", "examples", "seconds")}
            made["training"][name] = told
            for set_, cases in self.sets.items():
                rates = figures.rates(self.predict(name, cases), 5)
                columns[name] |= of(cases, rates, f"{set_} ")
                made["predict"][f"{stage}/{set_}"] = figures.figures(of(cases, rates))["pass@1"]
            if name in ("sft", "rl"):
                for set_, cases in {"": sum(self.sets.values(), []), **self.sets}.items():
                    for key, rows in self.breakdown(name, cases).items():
                        made[key][f"{stage}/{set_}".strip("/")] = rows
            if name not in PREDICT_ONLY:
                rounds = course.solve(model, self.problems, self.args.samples, first=0)
                rates = figures.rates(self.truth.right(rounds), 8)
                columns[name] |= of(self.problems, rates, "solve ")
                solved = of(self.problems, rates)
                made["solve"][name] = figures.figures(solved)
                for reading, row in figures.split(solved, figures.reading).items():
                    made["solve"][f"{name}/{reading}"] = row
        for key, line in ALONE.items():
            for column, figure in compare(columns, line)["differences"].get(line, {}).items():
                made[key][column.removesuffix(" pass@1")] = figure
        return made | {"rl_table": {"default": compare(columns, DEFAULT)}}

    def own_programs(self):
        """Several models predict the same programs, those that rl wrote."""
        rounds, columns, args = self.solve("rl")[0], {}, self.args
        cases = course.own_cases(rounds, self.truth, args.cases, args.seed)
        for name in ("rl", "sft", "sft-predict", "predict-rl"):
            if name in self.models:
                columns[name] = of(cases, figures.rates(self.predict(name, cases), 5), "own ")
        return {"own_programs": compare(columns, OWN)}

    def pick(self, judge, author, show_tests=True):
        """Columns "pass", "exec", "simulate", ...: (n, P) each."""
        rounds, right = self.solve(author, show_tests)
        count = self.args.predictions if author == "rl" else 1
        best = course.pick(self.models[judge], rounds, right, self.truth, count)
        return of(self.problems, best)

    def picking(self):
        """Who judges whose programs; prompts without tests."""
        made, prompts = {}, {}
        for key, pair in JUDGES.items():
            if self.models.keys() >= {*pair}:
                made[key] = by_group(self.pick(*pair))
        if "no-tests" in self.models:
            for show_tests, prompt in enumerate(("without tests", "with tests")):
                prompts[prompt] = self.pick("no-tests", "no-tests", show_tests)
        return made | {"public_tests": compare(prompts, "without tests minus with tests")}

    def repair(self, name, observe, prompt=course.fix_prompt):
        """Self-RLEF from the checkpoint's first programs -> for each problem: is each program right
        that was written for it."""
        model, right = self.models[name], []
        (first,) = course.solve(model, self.problems, 1)
        for done in self_rlef(first, model.write, observe, self.args.turns, prompt):
            each = [Attempt(done.problem, [code]) for code in done.programs]
            right.append(self.truth.right([each])[0])
        return right

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
            runs = {"simulated": self.repair(name, model.belief),
                    "oracle": self.repair(name, self.truth.outcomes),
                    "resample": [right[:n, p] for p, n in enumerate(columns["resample_turns"])]}
            if name == "rl":
                others = self.repair(name, model.belief, exchanged(rounds[0], model))
                columns["exchanged"] = np.array([each[-1] for each in others])
                columns["exchanged_turns"] = list(map(len, others))
                columns["final_minus_exchanged"] = columns["final"] - columns["exchanged"]
                runs["exchanged"] = others
            columns["final_minus_oracle"] = columns["final"] - columns["oracle_final"]
            made[key] = by_group(of(self.problems, columns)) | {"curve": {}}
            for run, rows in runs.items():
                made[key]["curve"][run] = figures.figures(of(self.problems, figures.curve(rows)))
        return made


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
    for part in (lab.every_checkpoint, lab.own_programs, lab.picking, lab.repairing):
        for key, rows in part().items():
            metrics[key] |= rows
        say(f"lab    {part.__name__} {time.time() - started:6.0f} s")
    return metrics


def main():
    course.measure, course.__doc__ = measure, __doc__
    course.main()


if __name__ == "__main__":
    main()
