"""Every other measurement: all checkpoints of the lab, controls, judges, and where simulation fails.

    python -m lab.evaluate                                   # adds to out/metrics.json; after eval.py
    python -m lab.evaluate --samples 20 --predictions 5      # the paper's sizes
    python -m lab.report --out out                           # the tables

Measures the course as eval.py does (what that has asked the models is not asked again), then whatever
has a checkpoint in --out; lab/README.md says how each is made. Killed, it goes on by the same command.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import torch

import eval as course
import tasks
import tracer
from eval import Model, Truth, count_passed, on_public_tests, self_rlef
from lab import figures
from lab.figures import Item, by_group, columns_of, compare, curve
from model import join_processes, leave_processes, pick_device
from sandbox import Sandbox
from tasks import explanation_lines, parse_outcome, same_outcome
from trace import first_wrong_step

CHECKPOINTS = course.CHECKPOINTS | {  # file: its name in metrics.json, stage/answer format
    "sft-predict": "sft_predict_only/nlex", "sft-raw": "sft/raw", "sft-none": "sft/none",
    "predict-rl": "rl_predict_only/nlex",
    "rl-steps": "rl_steps/nlex", "rl-rejection": "rl_rejection/nlex", "rl-loo": "rl_loo/nlex",
    "sft-control": "sft_control/nlex", "sft-ceiling": "sft_ceiling/nlex",
    "few": "few/nlex", "few-rl": "few_rl/nlex", "few-rl-steps": "few_rl_steps/nlex",
    "few-rl-rejection": "few_rl_rejection/nlex", "few-control": "few_control/nlex",
    "few-ceiling": "few_ceiling/nlex",
    "joint-raw": "joint/raw", "joint-raw-rl": "joint_rl/raw",
    "joint-none": "joint/none", "joint-none-rl": "joint_rl/none",
    "no-fix": "no_fix/nlex", "extra": "extra/nlex",
    "other": "other/nlex",  # a copy of another seed's rl.pt: what is held out from one is from all
}
PREDICT_ONLY = ("sft-short-nlex", "sft-short-none", "sft-predict", "sft-raw", "sft-none", "predict-rl")
FAMILIES = {  # RL, and what it is held against
    "default": """
rl minus sft
rl minus sft-control
rl-steps minus rl
rl-rejection minus rl
rl-loo minus rl
sft-control minus sft
sft-ceiling minus sft
""",
    "scarce": """
few-rl minus few
few-rl minus few-control
few-rl-steps minus few-rl
few-rl-rejection minus few-rl
few-control minus few
few-ceiling minus few
""",
}
FORMATS = """
rl minus sft
joint-raw-rl minus joint-raw
joint-none-rl minus joint-none
sft minus joint-raw
sft minus joint-none
rl minus joint-raw-rl
rl minus joint-none-rl
"""
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
# key of metrics.json: who judges, whose programs, from prompts with tests, simulations a test (0: --predictions)
JUDGES = {
    "best_at_k": ("rl", "rl", True, 0),
    "best_at_k_predict_only": ("predict-rl", "rl", True, 0),
    "best_at_k_other": ("rl", "other", True, 1),
    "best_at_k_extra": ("extra", "extra", True, 1),
    "best_at_k_extra_without_tests": ("extra", "extra", False, 1),
}
REPAIRS = {"self_rlef": "rl", "self_rlef_sft": "sft", "self_rlef_no_fix": "no-fix"}
TOLD = 100  # own programs whose true run is recorded, to find the first wrong step


def input_length(stdin: str) -> int:
    """Items of an input of the course's world: "3 1 2" -> 3; "90417" -> 5 digits; "6" -> 6, the numbers
    from 1 to n (digits are never so few)."""
    items = stdin.split()
    if len(items) == 1 and items[0].isdecimal() and len(items[0]) <= 2:
        return int(items[0])
    return len(items[0]) if len(items) == 1 else len(items)


def value_size(answer: str) -> int:
    """The largest integer, sign left out, that a true explanation computes or prints: "Turn 12: x = -40."
    -> 40. Numbers of turns, the line of the input, and digits inside strings do not count."""
    text = re.sub(r"We read .*|Turn \d+:|'[^']*'", "", answer)
    return max(map(int, re.findall(r"\d+", text)), default=0)


class Lab:
    """The test data, the checkpoints that are there, and the measurements beyond the course's."""

    def __init__(self, args: argparse.Namespace, truth: Truth):
        self.args, self.truth, self.models = args, truth, {}
        data = args.out / "data"
        self.problems = tasks.load_problems(data / "test_problems.jsonl")[:args.problems]
        self.cases = tasks.load_cases(data / "test_cases.jsonl")[:2 * args.cases]
        self.n_public = [len(problem.public) for problem in self.problems]
        for name in CHECKPOINTS:
            if (args.out / f"{name}.pt").exists():
                self.models[name] = Model(args.out / f"{name}.pt", args)

    def solve(self, name: str, show_tests: bool = True) -> tuple[list, np.ndarray, np.ndarray]:
        """-> n rounds of attempts; right and passed, (n, P)."""
        n = max(self.args.samples, self.args.turns)
        rounds = course.solve(self.models[name], self.problems, n, show_tests)
        right = np.array(list(map(self.truth.right, rounds)))
        return rounds, right, count_passed(rounds, self.truth.outcomes)

    def true_lines(self, code: str, stdin: str, max_events: int = 10_000) -> list[str]:
        """The explanation of a run; none where it cannot be recorded to its end."""
        run = tracer.record(code, stdin, max_events, sandbox=self.truth.sandbox)
        return tracer.narrate(run) if run.complete and run.status != "LIMIT" else []

    def own_cases(self, name: str) -> list[tasks.Case]:
        """As in the course; with the true explanation of the first TOLD."""
        cases = course.own_cases(self.solve(name)[0][0], self.truth)
        for case in cases[:TOLD]:
            lines = self.true_lines(case.code, case.stdin)
            case.steps, case.nlex = len(lines), tasks.predict_answer(lines, case.outcome)
        return cases

    def predict(self, name: str, cases: list[tasks.Case]) -> list[Item]:
        pairs, items = [(case.code, case.stdin) for case in cases], []
        numbers = range(self.args.predictions + 1)
        texts = [self.models[name].simulate(pairs, number) for number in numbers]
        for case, (greedy, *sampled) in zip(cases, zip(*texts)):
            outcomes = [parse_outcome(text) for text in sampled]
            right = [same_outcome(outcome, case.outcome) for outcome in outcomes]
            votes = Counter((tuple(o[0].split()), o[1]) if o else None for o in outcomes)
            (commonest, count), = votes.most_common(1)
            majority = commonest == (tuple(case.stdout.split()), case.error)
            wrong = first_wrong_step(explanation_lines(sampled[0]), explanation_lines(case.nlex))
            items.append(Item(
                case.cls, case.set, case.kind, case.steps, input_length(case.stdin),
                value_size(case.nlex), same_outcome(parse_outcome(greedy), case.outcome), right,
                count, majority, wrong[1] if wrong else "none"))
        return items

    # ----------------------------------------------------------------------------------------------

    def predictions_and_solving(self) -> dict:
        """Every checkpoint, alone and beside the others."""
        made: dict = {"predict": {}, "predict_greedy": {}, "solve": {}, "training": {}}
        columns: dict = {}
        for name, model in self.models.items():
            stage, extra = CHECKPOINTS[name], model.checkpoint["extra"] or {}
            items = self.predict(name, self.cases)
            columns[name] = figures.predicted(items)
            for column, figure in figures.figures(columns[name]).items():
                set_, _, kind = column.partition(" ")
                key = {"pass@1": "predict", "greedy": "predict_greedy"}.get(kind)
                if key:
                    made[key][f"{stage}/{set_}"] = figure
            made["training"][name] = {key: extra.get(key) for key in ("tokens", "examples", "seconds")}
            if name in ("sft", "rl"):
                items += self.predict(name, self.own_cases(name))
                for key, rows in figures.breakdown(items, stage).items():
                    made.setdefault(key, {}).update(rows)
            if name not in PREDICT_ONLY:
                made["solve"] |= self.solving(name, columns[name])
        for key, a, b in (("nlex_minus_none_full", "sft-predict", "sft-none"),
                          ("nlex_minus_raw_full", "sft-predict", "sft-raw")):
            row = compare(columns, f"{a} minus {b}")["differences"].get(f"{a} minus {b}")
            if row:
                made[key] = {set_: row[f"{set_} pass@1"] for set_ in ("short", "longer")}
        made["rl_table"] = {family: compare(columns, pairs) for family, pairs in FAMILIES.items()}
        made["formats"] = compare(columns, FORMATS)
        return made

    def solving(self, name: str, columns: dict) -> dict:
        """Rows of the key "solve"; adds pass@1 and pass@8 to the columns of the checkpoint."""
        made = {}
        for show_tests in (True, False)[:1 + (name == "extra")]:
            _, right, passed = self.solve(name, show_tests)
            values = figures.solved(right, passed == self.n_public)
            label = name if show_tests else f"{name}-without-tests"
            groups = by_group(columns_of(values, self.problems), self.problems)
            made |= {f"{label}/clear": groups.pop("clear"), f"{label}/open": groups.pop("open")}
            made[label] = groups
            if show_tests:
                few = {f"solve {k}": values[k] for k in ("pass@1", "pass@8") if k in values}
                columns |= columns_of(few, self.problems)
        return made

    def own_programs(self) -> dict:
        """Several models predict the same programs, those that rl wrote."""
        cases, columns = self.own_cases("rl"), {}
        for name in ("rl", "sft", "sft-predict", "predict-rl"):
            if name in self.models:
                columns[name] = figures.predicted(self.predict(name, cases))
        return {"own_programs": compare(columns, OWN)}

    def picking(self) -> dict:
        """Who judges whose programs; how vague statements are read; prompts without tests."""
        made, picked = {}, {}
        for key, (judge, author, show_tests, count) in JUDGES.items():
            if not {judge, author} <= self.models.keys():
                continue
            rounds, right, passed = self.solve(author, show_tests)
            count, model = count or self.args.predictions, self.models[judge]
            best = course.pick(model, rounds, right, self.truth, count)
            simulated = []
            for number in range(1, count + 1):
                simulated.append(count_passed(rounds, partial(model.belief, number=number)))
            if count > 1:  # beyond the paper: all predictions of all tests together
                best["simulate_all"] = course.best_at_k(np.sum(simulated, axis=0), right)
            made[key] = by_group(columns_of(best, self.problems), self.problems)
            made[key] |= figures.judged(simulated[0], passed, right, self.problems)
            k = min(8, len(right))
            picked[key] = {"solve pass@1": best["random"][0], f"solve pass@{k}": best["pass"][k - 1],
                           f"best@{k} exec": best["exec"][k - 1],
                           f"best@{k} simulate": best["simulate"][k - 1]}
        for key, source in (("open_readings", "best_at_k"),
                            ("open_readings_without_tests", "best_at_k_extra_without_tests")):
            if source in picked:
                made[key] = figures.open_readings(picked[source], self.problems)
        if "best_at_k_extra" in picked:
            prompts = {"with tests": columns_of(picked["best_at_k_extra"], self.problems),
                       "without tests": columns_of(picked["best_at_k_extra_without_tests"],
                                                   self.problems)}
            made["public_tests"] = compare(prompts, "without tests minus with tests")
        return made

    def right_of(self, histories: list[list[str]]) -> list[list[float]]:
        """Is each program right that was written for each problem?"""
        rows = []
        for problem, programs in zip(self.problems, histories):
            rows.append(self.truth.right([(problem, code) for code in programs]).tolist())
        return rows

    def repairing(self) -> dict:
        """Self-RLEF of several checkpoints, program by program, beside its controls."""
        made = {}
        for key, name in REPAIRS.items():
            if name not in self.models:
                continue
            model, turns = self.models[name], self.args.turns
            rounds, right, _ = self.solve(name)
            columns = course.repair(model, rounds, right, self.truth, turns)
            runs = {"simulated": (model.belief, course.fix_prompt),
                    "oracle": (self.truth.outcomes, course.fix_prompt)}
            if name == "rl":
                runs["exchanged"] = model.belief, self.exchanged(rounds[0], model)
            rights = {}
            for run, (observe, prompt) in runs.items():  # those of course.repair are not asked again
                repairs = self_rlef(rounds[0], model.write, observe, turns, prompt)
                rights[run] = self.right_of([repair.programs for repair in repairs])
            at = np.array(columns["resample_turns"])
            rights["resample"] = [right[:n, p].tolist() for p, n in enumerate(at)]
            if "exchanged" in rights:
                columns["exchanged"] = np.array([row[-1] for row in rights["exchanged"]])
                columns["exchanged_turns"] = [len(row) for row in rights["exchanged"]]
                columns["final_minus_exchanged"] = columns["final"] - columns["exchanged"]
            columns["final_minus_oracle"] = columns["final"] - columns["oracle_final"]
            made[key] = by_group(columns_of(columns, self.problems), self.problems)
            made[key]["curve"] = {}
            for run, rows in rights.items():
                made[key]["curve"][run] = figures.figures(curve(rows, self.problems))
            made[key]["table"] = self.changes(name, rounds[0], columns)
        return made

    def changes(self, name: str, first: list, columns: dict) -> dict:
        """From the first to the submitted program, by all tests and by the public tests."""
        model, turns = self.models[name], self.args.turns
        repairs = self_rlef(first, model.write, model.belief, turns)
        ends = [first, [repair.attempt for repair in repairs]]
        public = count_passed(ends, self.truth.outcomes) == self.n_public
        ends = {"all tests": (columns["init"], columns["final"]), "public tests": public}
        made = {}
        for tests, (before, now) in ends.items():
            made[tests] = figures.figures(columns_of(figures.changes(before, now), self.problems))
        return made

    def exchanged(self, first: list, model: Model):
        """Fix prompts with what was observed of the next problem's first program: what does the feedback
        itself contribute?"""
        observed = on_public_tests(first, model.belief)
        others = {}
        for (problem, _), results in zip(first, observed[1:] + observed[:1]):
            others[id(problem)] = results

        def prompt(repair, results):
            other, told = others[id(repair.problem)], []
            for k, (stdin, want, *_) in enumerate(results):
                told.append((stdin, want, *other[k % len(other)][2:]))
            return tasks.fix_prompt(*repair.attempt, told)
        return prompt

    def repairing_with_traces(self) -> dict:
        """Self-RLEF that is also told how the first failing run went, by simulation or really."""
        if "extra" not in self.models:
            return {}
        model, (first, *_) = self.models["extra"], self.solve("extra")[0]
        simulated = lambda code, stdin: explanation_lines(model.simulate([(code, stdin)])[0])
        true = partial(self.true_lines, max_events=1_000)  # as in SFT; longer ones would not fit in
        columns, turns, too_long = {}, {}, {}
        for run, observe, explain in (("simulated", model.belief, None),
                                      ("simulated_trace", model.belief, simulated),
                                      ("oracle", self.truth.outcomes, None),
                                      ("oracle_trace", self.truth.outcomes, true)):
            long = []

            def prompt(repair, results, explain=explain, long=long):
                code = repair.programs[-1]
                tell = partial(explain, code) if explain and code else None
                text = tasks.fix_prompt(*repair.attempt, results, tell)
                if len(model.tokenizer.prompt(text)) >= model.checkpoint["model"].config.n_ctx:
                    long.append(text)
                return text
            repairs = self_rlef(first, model.write, observe, self.args.turns, prompt)
            histories = [repair.programs for repair in repairs]
            columns[run] = curve(self.right_of(histories), self.problems, "after {}")
            turns[run] = columns_of({"turns": list(map(len, histories))}, self.problems)
            too_long[run] = len(long)
        made = compare(columns, TRACES)
        made["turns"] = {run: figures.figures(column)["turns"] for run, column in turns.items()}
        return {"self_rlef_traces": {**made, "too_long": too_long}}


def about(args: argparse.Namespace) -> dict:
    """What was run, where."""
    folder = Path(__file__).parent
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True)
    device = f"cpu, processes: {args.ranks}, threads each: {torch.get_num_threads()}"
    if torch.cuda.is_available():
        device = torch.cuda.get_device_name()
    sizes = {key: value for key, value in vars(args).items() if isinstance(value, int | float)}
    return {"command": shlex.join(["python", "-m", "lab.evaluate", *sys.argv[1:]]),
            "date": time.strftime("%Y-%m-%d"), "device": device, "settings": sizes,
            "machine": f"{platform.platform()}, {os.cpu_count()} cores, Python "
                       f"{platform.python_version()}, torch {torch.__version__}",
            "commit": commit.stdout.strip() or "unknown"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    args = tasks.settings(parser, "answers", "eval")
    args.rank, args.ranks = join_processes(pick_device())
    started = time.time()
    with Sandbox(cpu_seconds=0.5) as sandbox:
        truth = Truth(sandbox)
        metrics, lab = course.measure(args, truth), Lab(args, truth)
        for part in (lab.predictions_and_solving, lab.own_programs, lab.picking, lab.repairing,
                     lab.repairing_with_traces):
            for key, rows in part().items():
                metrics.setdefault(key, {}).update(rows)
            if args.rank == 0:
                print(f"lab    {part.__name__} {time.time() - started:6.0f} s", flush=True)
    if args.rank == 0:
        tasks.add_seconds(args.out, "lab", time.time() - started)
        course.write(args, metrics | about(args))
    leave_processes()


if __name__ == "__main__":
    main()
