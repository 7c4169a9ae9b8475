"""Every other measurement: the lab's checkpoints, controls, judges, and where simulation fails.

    python -m lab.evaluate                                # adds to out/metrics.json; after rl.py
    python -m lab.evaluate --samples 20 --predictions 5   # the paper's sizes
    python -m lab.report --out out                        # the tables

Measures the course as eval.py does, then whatever has a checkpoint in --out; lab/README.md says how
each is made. What the models were asked before is not asked again, so a killed run goes on.
"""

import time
from collections import defaultdict
from itertools import cycle, product

import numpy as np

import eval as course
from answers import Model
from commands import say
from eval import self_rlef
from lab import figures
from lab.figures import by_group, compare, of
from tasks import load_problems, load_split, parse_outcome, same_outcome

# What is measured beside the course's. "other" is a copy of another seed's rl.pt: behaviour decides
# the split, so what is held out from one is held out from all.
CHECKPOINTS = """
sft-control
sft-explained
sft-0
rl-0
sft-5
rl-5
rl-rejection
sft-predict
predict-rl
sft-none
sft-raw
no-fix
no-tests
other
"""
PREDICT_ONLY = ("sft-predict", "predict-rl", "sft-none", "sft-raw")
PAIRS = {  # whose differences are told
    "beside": ["rl minus sft", "rl minus sft-control", "rl minus sft-explained",
               "rl minus rl-rejection", "rl-5 minus sft-5", "rl-0 minus sft-0"],
    "formats_alone": ["sft-predict minus sft-none", "sft-predict minus sft-raw"],
    "own_programs": ["rl minus sft", "predict-rl minus rl", "sft-predict minus sft",
                     "predict-rl minus sft-predict"],
    "public_tests": ["without tests minus with tests"],
}
JUDGES = {  # key of metrics.json: who judges, whose programs
    "best_at_k": ("rl", "rl"),
    "best_at_k_predict_only": ("predict-rl", "rl"),
    "best_at_k_other": ("rl", "other"),
}
REPAIRS = {"self_rlef": "rl", "self_rlef_sft": "sft", "self_rlef_no_fix": "no-fix"}
TEMPERATURES = (0.3, 0.5, 0.7, 1)


class Lab:
    """The test data, the checkpoints that are there, and the measurements beyond the course's. Each
    of the latter returns keys of metrics.json."""

    def __init__(self, args, truth):
        self.args, self.truth, self.models = args, truth, {}
        sets, self.problems = load_split(args, "test", args.cases, args.problems)
        self.vague = load_problems(args.out / "data" / "test_vague.jsonl")[:args.problems]
        self.sets = {set_: sets[set_] for set_ in ("short", "longer")}  # new names: course alone
        for name in (*course.STAGES, *CHECKPOINTS.split()):
            path = args.out / f"{name}.pt"
            if path.exists():
                self.models[name] = Model(path, args, "lab/README.md says how it is made")

    def solve(self, name, show_tests=True):
        """-> n rounds of attempts; is each right, (n, P)."""
        rounds = course.solve(self.models[name], self.problems, self.args.samples, show_tests)
        return rounds, self.truth.right(rounds)

    def answers(self, name, cases, draw=1, begin=""):
        """-> the predictions; is each right."""
        pairs = [(case.code, case.stdin) for case in cases]
        told = self.models[name].simulate(pairs, draw, begin)
        return told, [same_outcome(parse_outcome(answer), case.outcome)
                      for case, answer in zip(cases, told)]

    def every_checkpoint(self):
        """Prediction and solving, alone and beside the others."""
        made, columns = defaultdict(dict), defaultdict(dict)
        for name, model in self.models.items():
            extra = model.checkpoint["extra"]
            made["training"][name] = {
                key: extra.get(key) for key in ("tokens", "examples", "seconds")}
            for set_, cases in self.sets.items():
                predicted = course.predict(model, cases, self.args.predictions)
                columns[name] |= of(cases, predicted, "{}/" + set_)
                for key, row in figures.figures(of(cases, predicted)).items():
                    made[key][f"{name}/free/{set_}"] = row
            if name not in PREDICT_ONLY:
                rounds = course.solve(model, self.problems, self.args.samples, first=0)
                greedy, *right = self.truth.right(rounds)
                solved = {"greedy": greedy} | course.pass_rates(np.array(right))
                columns[name] |= of(self.problems, solved, "solve/{}")
                made["solve"][name] = by_group(of(self.problems, solved))
        for key in ("beside", "formats_alone"):
            made[key] = compare(columns, PAIRS[key])
        return made

    def mistakes(self):
        """Where the first sampled predictions go wrong, told to explain and told not to."""
        made, sets = defaultdict(dict), {"": sum(self.sets.values(), []), **self.sets}
        for name, format, set_ in product(course.STAGES, ("direct", "explained"), sets):
            cases, key = sets[set_], f"{name}/{format}/{set_}".strip("/")
            told, right = self.answers(name, cases, begin=course.FORMATS[format])
            for label, rows in figures.breakdown(cases, right).items():
                made[label][key] = rows
            if format == "explained":
                made["first_wrong_step"][key] = figures.wrong_steps(cases, right, told)
        return made

    def sampling(self):
        """Before RL: other temperatures (a draw between 0 and 1 is one); any of ten answers."""
        made = defaultdict(lambda: defaultdict(dict))
        for set_, cases in self.sets.items():
            rows = {}
            for draw in (*TEMPERATURES, *range(2, 11)):
                rows[draw] = self.answers("sft", cases, draw)[1]
            for temperature in TEMPERATURES:
                row = figures.figures(of(cases, {set_: rows[temperature]}))
                made["sft_temperatures"][f"{temperature:.1f}"] |= row
            ten = course.pass_rates(np.array([rows[draw] for draw in range(1, 11)]), 10)["pass@10"]
            made["pass_at_10_before"] |= figures.figures(of(cases, {set_: ten}))
        return made

    def own_programs(self):
        """Several models predict the same programs, those that rl wrote."""
        rounds, columns, args = self.solve("rl")[0], {}, self.args
        cases = course.own_cases(rounds, self.truth, args.cases, args.seed)
        for name in ("rl", "sft", "sft-predict", "predict-rl"):
            if name in self.models:
                predicted = course.predict(self.models[name], cases, args.predictions)
                columns[name] = of(cases, predicted)
        return {"own_programs": compare(columns, PAIRS["own_programs"])}

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
        return made | {"public_tests": compare(prompts, PAIRS["public_tests"])}

    def repair(self, name, problems, n_vague):
        """Figures of self-RLEF as the course's, beside more controls, by group."""
        model, turns = self.models[name], self.args.turns
        columns = course.repair(model, problems, self.truth, turns)
        if name == "rl":
            (first,) = course.solve(model, problems, 1)
            told = exchanged(first, model)
            others = self_rlef(first, model.write, model.belief, turns, told)
            columns["exchanged"] = self.truth.right([others])[0]
            columns["exchanged_turns"] = [len(attempt.programs) for attempt in others]
            columns["final_minus_exchanged"] = columns["final"] - columns["exchanged"]
        columns["final_minus_oracle"] = columns["final"] - columns["oracle_final"]
        same = course.repairs(model, problems, self.truth, turns, n_vague)
        return same | by_group(of(problems, columns))

    def repairing(self):
        """Self-RLEF of several checkpoints, also where several phrases are vague."""
        made = {}
        for key, name in REPAIRS.items():
            if name in self.models:
                vague = self.repair(name, self.vague, (2, 3))
                made[key] = self.repair(name, self.problems, (1,)) | {"vague": vague}
        return made


def exchanged(first, model):
    """Fix prompts with what was observed of the next problem's first program: what does the
    feedback itself contribute?"""
    observed = course.on_public_tests(first, model.belief)
    others = dict(zip([id(attempt.problem) for attempt in first], observed[1:] + observed[:1]))

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
    for part in (lab.every_checkpoint, lab.mistakes, lab.sampling, lab.own_programs, lab.picking,
                 lab.repairing):
        for key, rows in part().items():
            metrics[key] |= rows
        say(f"lab    {part.__name__} {time.time() - started:6.0f} s")
    return metrics


def main():
    course.measure, course.__doc__ = measure, __doc__
    course.main()


if __name__ == "__main__":
    main()
