"""Did it work? Output prediction, solving, picking by simulation (best@k), repairing by simulation
(self-RLEF), measured before and after RL.

    python eval.py                                   # out/metrics.json, out/report.md; after rl.py
    python eval.py --samples 20 --predictions 5      # the paper's sizes
    python eval.py --show prog.py --stdin "3 1 2"    # a model's simulation, and the truth
    python eval.py --episode 7                       # one problem: programs, pick, repairs
    torchrun --nproc_per_node=2 eval.py              # two processes share the work

Paper sections 3 (best@k), 4 (self-RLEF, Algorithm 1) and 5. The model only ever reads prompts; to
know the truth, every program is really run in the sandbox. Everything is sampled at temperature 1,
predictions also greedily. A figure is {value, lo, hi, n}: a mean and its 95 % interval by bootstrap
over behaviour classes. Test split only: nothing may be chosen by these numbers.

What the models say is kept in out/eval-cache: a killed evaluation goes on by the same command.
lab/evaluate.py measures what is left out here: other checkpoints, controls, where simulation fails.
"""

import json
import math
import random
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import product
from pathlib import Path

import numpy as np

import tasks
from answers import Truth, load_models, show
from commands import add_seconds, manual, plainly, replace_text, say
from model import pick_device
from runs import join_processes, leave_processes, provenance
from sandbox import Sandbox
from tasks import parse_program, same_outcome

STAGES = ("sft", "rl")  # checkpoints in --out
# How a prediction has to begin: as the model chooses; at once; in steps.
FORMATS = {"free": "", "direct": tasks.AT_ONCE, "explained": tasks.EXPLAINED}

# --------------------------------------------------------------------------------------------------
# Estimators.


def pass_at_k(n, c, k):
    """Chance that k of n programs, c of them right, hold a right one; unbiased (Chen et al. 2021):
    (8, 2, 1) -> 0.25."""
    return 1 - math.comb(n - c, k) / math.comb(n, k)


def rank_score_at_k(scores, correct, k):
    """Expected correctness of the best-scored program of a random k-subset, ties broken at random;
    exact (Hassid et al. 2024, paper section 3). Each of m programs of one score, with a programs
    above, is picked in [C(n-a, k) - C(n-a-m, k)] / m of the C(n, k) subsets:
    ([2, 1], [0, 1], 2) -> 0."""
    n, expected = len(scores), 0.0
    for score, right in zip(scores, correct):
        m, a = scores.count(score), sum(other > score for other in scores)
        expected += right * (math.comb(n - a, k) - math.comb(n - a - m, k)) / m
    return expected / math.comb(n, k)


@lru_cache
def resamples(n_classes):
    """(1000, n_classes): how often each class is drawn in each bootstrap resample."""
    rng = np.random.default_rng(0)
    return rng.multinomial(n_classes, np.full(n_classes, 1 / n_classes), size=1000).astype(float)


def figure(values, classes):
    """-> {value, lo, hi, n}: the mean of n values and its 95 % interval by bootstrap over whole
    classes (values of one class are not independent). Without values: value, lo, hi are None."""
    value = lo = hi = None
    if len(values):
        _, member = np.unique(classes, return_inverse=True)
        sums, sizes = np.bincount(member, values), np.bincount(member)  # (n_classes,)
        drawn = resamples(len(sums))
        lo, hi = np.quantile(drawn @ sums / (drawn @ sizes), (0.025, 0.975))
        value, lo, hi = np.round([np.mean(values), lo, hi], 5).tolist()
    return {"value": value, "lo": lo, "hi": hi, "n": len(values)}


def figures(columns, items):
    """A figure of each column of values, one for each item."""
    made = {}
    for key, values in columns.items():
        made[key] = figure(values, classes_of(items))
    return made


def classes_of(items):
    return [item.cls for item in items]


def paired_difference(a, b, classes):
    """Figure of a - b, item by item: the items' own difficulty drops out of the interval."""
    return figure(np.subtract(a, b, dtype=float), classes)


# --------------------------------------------------------------------------------------------------
# Picking and repairing. `observe` is a function that tells the outcomes of runs: the true ones
# (Truth.outcomes: they are run) or those that the model believes in (Model.belief). `write` tells
# the model's answers to prompts (Model.write). The same prompt can be answered many times: `draw` 0
# is the greedy answer, draws 1, 2, 3, ... are sampled, each anew.
#     observe: (program, stdin) pairs -> outcomes or None
#     write: prompts, draw -> answers

@dataclass
class Attempt:
    """A problem and the programs written for it so far ("": none could be read)."""
    problem: tasks.Problem
    programs: list[str]
    submitted: bool = False

    @property
    def code(self):
        return self.programs[-1]  # the one that counts

    @property
    def cls(self):
        return self.problem.cls


def on_public_tests(attempts, observe):
    """-> for each attempt what is observed on its problem's public tests, by tasks.feedback. Where
    there is no program nothing is observed: None, which is wrong."""
    pairs = []
    for attempt in attempts:
        if attempt.code:
            pairs += product([attempt.code], dict(attempt.problem.public))
    outcomes, results = dict(zip(pairs, observe(pairs))), []
    for attempt in attempts:
        observed = [outcomes.get((attempt.code, stdin)) for stdin, _ in attempt.problem.public]
        results.append(tasks.feedback(attempt.problem, observed))
    return results


def scores(rounds, observe):
    """The share of the public tests that each attempt is observed to pass; -1 where there is no
    program. rounds: n lists of an attempt at every problem. -> (n, P)."""
    shares = []
    for attempts in rounds:
        for attempt, results in zip(attempts, on_public_tests(attempts, observe)):
            passed = sum(right for *_, right in results)
            shares.append(passed / len(results) if attempt.code else -1)
    return np.reshape(shares, (len(rounds), -1))


def fix_prompt(attempt, results):
    return tasks.fix_prompt(attempt.problem, attempt.code, results)


def self_rlef(first, write, observe, turns, prompt=fix_prompt):
    """Algorithm 1 (paper section 4): observe the program on each public test, ask to submit or fix,
    until it submits or has written `turns` programs (then the last one counts). An answer without a
    program submits what there is. All problems go turn by turn together; in turn t answer t counts.
    first: an attempt at every problem -> an attempt at each, with all programs."""
    attempts = [Attempt(attempt.problem, [attempt.code]) for attempt in first]
    for turn in range(1, turns):
        active, prompts = [attempt for attempt in attempts if not attempt.submitted], []
        for attempt, results in zip(active, on_public_tests(active, observe)):
            prompts.append(prompt(attempt, results))
        for attempt, answer in zip(active, write(prompts, turn)):
            program = parse_program(answer)
            if program is None or tasks.is_submit(answer):
                attempt.submitted = True
            else:
                attempt.programs.append(program)
    return attempts


def resample(accepted):
    """Control for self-RLEF: instead of fixes new programs, until one is accepted, else the last.
    accepted: (n, P) is simulated to pass all public tests. -> (P,) which of n is submitted."""
    return np.where(accepted.any(0), accepted.argmax(0), len(accepted) - 1)


# --------------------------------------------------------------------------------------------------
# The measurements. Axes: N cases, P problems, n programs a problem.


def predict(model, cases, replicates, begin=""):
    """-> (N,) each. predict: the share of the `replicates` sampled predictions of a case that are
    right; predict_greedy: is the greedy one right? explained: has the first sampled one steps?"""
    pairs, right = [(case.code, case.stdin) for case in cases], []
    for draw in range(replicates + 1):
        outcomes = model.belief(pairs, draw, begin)
        right.append([same_outcome(got, case.outcome) for got, case in zip(outcomes, cases)])
    steps = [text.startswith(tasks.EXPLAINED) for text in model.simulate(pairs, 1, begin)]
    return {"predict": np.mean(right[1:], axis=0), "predict_greedy": right[0], "explained": steps}


def own_cases(rounds, truth, most, seed):
    """Programs that the model wrote itself, on public tests of their problems: at most so many
    distinct (program, stdin), drawn at random; those whose run hits a limit are left out."""
    classes = {}
    for attempts in rounds:
        for attempt in attempts:
            for stdin, _ in attempt.problem.public:
                if attempt.code:
                    classes[attempt.code, stdin] = attempt.cls
    drawn, cases = random.Random(seed).sample(list(classes), min(most, len(classes))), []
    for pair, outcome in zip(drawn, truth.outcomes(drawn)):
        if outcome:
            cases.append(tasks.Case(*pair, *outcome, classes[pair], "own", "own"))
    return cases


def solve(model, problems, n, show_tests=True, first=1):
    """-> rounds of an attempt at every problem: draws first to n, of which 0 is the greedy one."""
    prompts, rounds = [tasks.solve_prompt(problem, show_tests) for problem in problems], []
    for draw in range(first, n + 1):
        attempts = []
        for problem, answer in zip(problems, model.write(prompts, draw)):
            attempts.append(Attempt(problem, [parse_program(answer) or ""]))
        rounds.append(attempts)
    return rounds


def pass_rates(right, most=8):
    """(n, P) -> pass@1 and pass@8 (of fewer: pass@n), (P,) each."""
    n, rates = len(right), {}
    for k in (1, min(most, n)):
        rates[f"pass@{k}"] = [pass_at_k(n, c, k) for c in right.sum(0, dtype=int)]
    return rates


def best_at_k(right, scores):
    """(n, P) both -> (n, P): chance that the best-scored of k = 1 to n programs is right."""
    best = np.zeros(right.shape)
    for k, p in np.ndindex(right.shape):
        best[k, p] = rank_score_at_k(scores[:, p].tolist(), right[:, p], k + 1)
    return best


def pick(model, rounds, right, truth, replicates):
    """best@k by the model's simulation of the public tests and by other judges; right: (n, P).
    -> judge -> (n, P); gain over one program; simulation_gap, what is lost to really running."""
    brevity = [-len(attempt.code) or -math.inf for attempt in sum(rounds, [])]
    judges = {
        "pass": right,                            # knows the truth: the ceiling, pass@k
        "exec": scores(rounds, truth.outcomes),   # really runs the public tests: the oracle
        "random": np.zeros(right.shape),          # all the same: pass@1, whatever k
        "short1": np.reshape(brevity, right.shape),  # none at all is not short
    }
    best = {"simulate": np.zeros(right.shape)}
    for judge, judged in judges.items():
        best[judge] = best_at_k(right, judged)
    for draw in range(1, replicates + 1):
        simulated = scores(rounds, partial(model.belief, draw=draw))
        best["simulate"] += best_at_k(right, simulated) / replicates
    best["gain"] = best["simulate"] - best["random"]
    best["simulation_gap"] = best["exec"] - best["simulate"]
    return best


def repair(model, problems, truth, turns):
    """Self-RLEF, told what the model simulates or what is true (oracle), and its control, all from
    the same first programs, with 2, 4 and `turns` programs. -> columns, (P,) each."""
    rounds = solve(model, problems, turns)  # resampling may try as often as self-RLEF may fix
    right = truth.right(rounds)             # (turns, P)
    accepted, runs = scores(rounds, model.belief) == 1, {}
    for run, observe in (("", model.belief), ("oracle_", truth.outcomes)):
        runs[run] = self_rlef(rounds[0], model.write, observe, turns)
    columns = {"init": right[0]}
    for most, n in {"_2": 2, "_4": 4, "": turns}.items():
        at = resample(accepted[:n])
        columns[f"resample{most}"] = right[at, np.arange(len(at))]
        columns[f"resample{most}_turns"] = at + 1
        for run, attempts in runs.items():
            first = []
            for attempt in attempts:
                first.append(Attempt(attempt.problem, attempt.programs[:n]))
            columns[f"{run}final{most}"] = truth.right([first])[0]
            columns[f"{run}turns{most}"] = [len(attempt.programs) for attempt in first]
        columns[f"final_minus_resample{most}"] = (
            columns[f"final{most}"] - columns[f"resample{most}"])
    gain = columns["final"] - right[0]
    return columns | {"gain": gain, "fixed": gain > 0, "broken": gain < 0}


def first_fix(model, problems, truth):
    """What becomes of a first program that fails a public test when the model is told so, truly.
    -> the attempts; right: solves it; same: prints what it printed on every test; chance: that a
    reading drawn anew is the right one."""
    (first,), told, same, chance = solve(model, problems, 1), [], [], []
    for attempt, share in zip(first, scores([first], truth.outcomes)[0]):
        if attempt.code and share < 1:
            told.append(attempt)
    fixed = self_rlef(told, model.write, truth.outcomes, 2)
    for attempt in fixed:
        inputs = dict(attempt.problem.tests)
        was = truth.outcomes(list(product([attempt.programs[0]], inputs)))
        now = truth.outcomes(list(product([attempt.code], inputs)))
        same.append(was == now)
        chance.append(0.5 ** attempt.problem.vague)
    return fixed, {"right": truth.right([fixed])[0], "same": same, "chance": chance}


def repairs(model, problems, truth, turns, n_vague):
    """Figures of self-RLEF; of the first fix, where so many phrases are vague."""
    made = figures(repair(model, problems, truth, turns), problems)
    open_ones = [problem for problem in problems if problem.vague in n_vague]
    fixed, columns = first_fix(model, open_ones, truth)
    return made | {"first_fix": figures(columns, fixed)}


DIFFERENCES = {  # stage/format, minus that
    "rl_minus_sft": ("rl/free", "sft/free"),
    "rl_minus_explained": ("rl/free", "sft/explained"),  # what RL adds beyond choosing to explain
    "explained_minus_direct": ("sft/explained", "sft/direct"),
}


def measure(args, truth):
    """The course: the paper's figures before and after RL."""
    sets, problems = tasks.load_split(args, "test", args.cases, args.problems)
    models, metrics, columns = load_models(args, STAGES), defaultdict(dict), {}
    for stage, model in models.items():
        say(f"eval   {stage}")
        metrics["commit"] = model.checkpoint["extra"]["commit"]  # of the last one
        rounds = solve(model, problems, args.samples)
        right = truth.right(rounds)  # (samples, P)
        rates = pass_rates(right)
        rates["greedy"] = truth.right(solve(model, problems, 0, first=0))[0]
        metrics["solve"][stage] = figures(rates, problems)
        best = metrics["best_at_k_sft" if stage == "sft" else "best_at_k"]
        for judge, rows in pick(model, rounds, right, truth, args.predictions).items():
            best[judge] = [figure(row, classes_of(problems)) for row in rows]
        own = own_cases(rounds, truth, args.cases, args.seed)
        for format, begin in FORMATS.items():
            for set_, cases in (sets | {"own": own}).items():
                of_cases = classes_of(cases)
                for key, values in predict(model, cases, args.predictions, begin).items():
                    metrics[key][f"{stage}/{format}/{set_}"] = figure(values, of_cases)
                    columns[key, f"{stage}/{format}", set_] = values
    metrics["self_rlef"] = repairs(model, problems, truth, args.turns, (1,))
    vague = tasks.load_problems(args.out / "data" / "test_vague.jsonl")[:args.problems]
    metrics["self_rlef"]["vague"] = repairs(model, vague, truth, args.turns, (2, 3))
    for name, (a, b) in DIFFERENCES.items():
        for key, set_ in product(("predict", "predict_greedy"), sets):
            metrics[name][f"{key}/{set_}"] = paired_difference(
                columns[key, a, set_], columns[key, b, set_], classes_of(sets[set_]))
    return metrics


TABLE = """
prediction, short inputs, after SFT | predict:sft/free/short
the same after RL | predict:rl/free/short
greedy, after SFT | predict_greedy:sft/free/short
greedy, after RL | predict_greedy:rl/free/short
greedy, RL minus SFT | rl_minus_sft:predict_greedy/short
greedy, after SFT, told to explain | predict_greedy:sft/explained/short
greedy, explained minus at once | explained_minus_direct:predict_greedy/short
explains unasked, after RL | explained:rl/free/short
longer inputs, greedy, after SFT, told to explain | predict_greedy:sft/explained/longer
longer inputs, greedy, after RL | predict_greedy:rl/free/longer
longer inputs, greedy, RL minus told to explain | rl_minus_explained:predict_greedy/longer
names never seen, greedy, after RL | predict_greedy:rl/free/new_names
its own programs, after RL | predict:rl/free/own
solves with one program, after SFT | solve:sft:pass@1
solves with one program, after RL | solve:rl:pass@1
best of {k} by its own simulation | best_at_k:simulate:-1
best of {k} by really running the public tests | best_at_k:exec:-1
any right among {k}, the ceiling | best_at_k:pass:-1
simulation gap, before RL | best_at_k_sft:simulation_gap:-1
simulation gap: what is lost to really running | best_at_k:simulation_gap:-1
self-RLEF: first program | self_rlef:init
self-RLEF: submitted program | self_rlef:final
with true feedback | self_rlef:oracle_final
control: resample until simulation accepts | self_rlef:resample
one vague phrase, told the truth: first fix right | self_rlef:first_fix:right
several vague phrases: first fix right | self_rlef:vague:first_fix:right
several: a reading drawn anew, by chance | self_rlef:vague:first_fix:chance
several, four programs: self-RLEF minus resampling | self_rlef:vague:final_minus_resample_4
"""


def table(metrics):
    lines = ["| percent (95 % interval) | |", "|---|---|"]
    for row in TABLE.strip().format(k=len(metrics["best_at_k"]["pass"])).splitlines():
        words, path = row.split(" | ")
        place = metrics
        for key in path.split(":"):
            place = place[-1] if key == "-1" else place[key]
        mean, lo, hi = 100 * np.array(list(map(place.get, ("value", "lo", "hi"))), dtype=float)
        text = f"{mean:.1f} ({lo:.1f} to {hi:.1f})".replace("nan (nan to nan)", "-")
        lines.append(f"| {words:50} | {text:23} |")
    return "\n".join(lines)


# --------------------------------------------------------------------------------------------------
# The commands.


@plainly()
def main():
    parser = manual(__doc__)
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--show", type=Path, metavar="PROG.PY", help="simulate this program")
    parser.add_argument("--stdin", default="", help="with --show: its standard input, as text "
                        "(-: this command's own)")
    asked.add_argument("--episode", type=int, help="play this test problem")
    parser.add_argument("--ckpt", type=Path,
                        help="with these: who (OUT/rl.pt, else OUT/sft.pt, else ours)")
    args = tasks.settings(parser, "answers", "eval")
    args.rank, args.ranks = join_processes(pick_device())
    if args.show:
        return show(args)
    if args.stdin or args.ckpt and args.episode is None:
        parser.error("--stdin goes with --show, --ckpt with --show or --episode; lab.programs "
                     "measures one checkpoint alone, on programs from elsewhere")
    if args.episode is not None:
        from lab import episode
        return episode.show(args)
    started = time.time()
    with Sandbox(cpu_seconds=0.5) as sandbox:  # these programs take milliseconds or never end
        metrics = measure(args, Truth(sandbox))
    if args.rank == 0:
        metrics |= {"preset": args.preset, "seed": args.seed, "evaluated": provenance(),
                    "seconds": add_seconds(args.out, "eval", time.time() - started)}
        replace_text(args.out / "metrics.json", json.dumps(metrics, indent=1))
        text = (f"{table(metrics)}\n\npreset {args.preset}, seed {args.seed}, "
                f"weights of commit {metrics['commit'][:7]}\n")
        replace_text(args.out / "report.md", text)
        print(text)
    leave_processes()


if __name__ == "__main__":
    main()
