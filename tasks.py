"""What do we learn from? Presets, data files, and the three texts: predict, solve, submit or fix.

    python tasks.py                 # make the data files of the preset under out/data (all cores, deterministic by --seed)
    python tasks.py --show          # print a few samples of every kind
    python tasks.py --show --seed 7 # others
    python tasks.py --texts 6000 | python model.py --learn-vocab     # how vocab.tiktoken was made

world.py draws programs and problems; here they become prompts and answers, as TEXT (paper sections 2.1, 2.2, 4). The model turns text
into tokens; nothing in this file knows about tokens. Data files are JSON lines of `Case` (a program, an input, its true outcome and
explanation) and `Problem` (a statement with public and hidden tests):

    file             made of             who may read it, and what for
    sft_cases        train classes       sft: explanations of short inputs, 3 % longer ones
    sft_problems     train classes       sft: solutions, wrong attempts with their true outcomes
    rl_cases         train classes       rl: programs and inputs, half of them longer; the reward sees the truth, the model never does
    rl_problems      train classes       rl: statements and tests; nobody the solution
    val_*            validation classes  choosing (learning rates, shares, steps)
    test_*           test classes        the report, once
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import shutil
import signal
import sys
import time
from dataclasses import asdict, dataclass, fields
from multiprocessing import Pool
from pathlib import Path

import trace as nlex  # our trace.py
import world
from sandbox import Sandbox, same_output
from world import Problem, heldout  # noqa: F401  (part of this chapter's vocabulary)

# ---------------------------------------------------------------------------------------------------------------------------
# One table of sizes and budgets. Every value is also a flag of the script that owns the section (n_layer -> --n-layer).

PRESETS = {
    "cpu": {
        "data": dict(sft_cases=74_000, sft_problems=16_000, rl_cases=4_000, rl_problems=1_200,
                     val_cases=300, val_problems=200, test_cases=400, test_problems=400),
        "model": dict(n_layer=4, n_head=4, n_kv_head=1, n_embd=128, n_ctx=1024),
        "sft": dict(steps=7000, batch_tokens=3072, short_tokens=1_000_000, muon_lr=0.02, adam_lr=0.003, clip=1.0, warmup=50,
                    fix_share=0.7, without_tests=0.0, fix_traces=0.0, data_share=1.0,
                    val_every=1750, save_every=875, val_cases_used=100, compile=1, processes=1),
        "rl": dict(steps=40, predict_prompts=14, solve_prompts=5, fix_prompts=5, group=8, muon_lr=0.002, adam_lr=3e-4, temperature_lr=0.03,
                   clip=0.1, warmup=3, predict_weight=0.8, max_new_tokens_predict=450, max_new_tokens_solve=160, micro_tokens=8192,
                   val_every=20, val_cases=100, save_every=10, own_share=0.25, replay_share=0.5, batch_rows=256, processes=2),
        "eval": dict(problems=400, cases=400, samples=8, predictions=1, turns=10, max_new_tokens_predict=450,
                     max_new_tokens_solve=160, batch_rows=256, processes=2),
    },
    "gpu": {  # has run once, cut down; what the whole takes is calculated in the README
        "data": dict(sft_cases=400_000, sft_problems=200_000, rl_cases=40_000, rl_problems=10_000,
                     val_cases=500, val_problems=300, test_cases=2_000, test_problems=400),
        "model": dict(n_layer=10, n_head=8, n_kv_head=2, n_embd=512, n_ctx=2048),
        "sft": dict(steps=4000, batch_tokens=65_536, short_tokens=30_000_000, muon_lr=0.02, adam_lr=0.002, clip=1.0, warmup=100,
                    fix_share=0.7, without_tests=0.0, fix_traces=0.0, data_share=1.0,
                    val_every=500, save_every=500, val_cases_used=300, compile=1, processes=1),
        "rl": dict(steps=100, predict_prompts=64, solve_prompts=24, fix_prompts=24, group=8, muon_lr=0.002, adam_lr=3e-4,
                   temperature_lr=0.03, clip=0.1, warmup=10, predict_weight=0.8, max_new_tokens_predict=1000, max_new_tokens_solve=300,
                   micro_tokens=65_536, val_every=25, val_cases=300, save_every=10, own_share=0.25, replay_share=0.5, batch_rows=1024,
                   processes=1),
        "eval": dict(problems=400, cases=2_000, samples=20, predictions=5, turns=10, max_new_tokens_predict=1000,
                     max_new_tokens_solve=300, batch_rows=2048, processes=1),
    },
    "quick": {  # the machinery at toy size; its numbers mean nothing
        "data": dict(sft_cases=3_000, sft_problems=1_000, rl_cases=60, rl_problems=30, val_cases=16, val_problems=10,
                     test_cases=16, test_problems=12),
        "model": dict(n_layer=2, n_head=2, n_kv_head=1, n_embd=64, n_ctx=1024),
        "sft": dict(steps=300, batch_tokens=2048, short_tokens=100_000, muon_lr=0.02, adam_lr=0.003, clip=1.0, warmup=5,
                    fix_share=0.7, without_tests=0.0, fix_traces=0.0, data_share=1.0,
                    val_every=150, save_every=100, val_cases_used=8, compile=0, processes=1),
        "rl": dict(steps=2, predict_prompts=3, solve_prompts=2, fix_prompts=2, group=4, muon_lr=0.002, adam_lr=3e-4, temperature_lr=0.03,
                   clip=0.1, warmup=1, predict_weight=0.8, max_new_tokens_predict=100, max_new_tokens_solve=60, micro_tokens=8192,
                   val_every=2, val_cases=8, save_every=1, own_share=0.25, replay_share=0.5, batch_rows=64, processes=1),
        "eval": dict(problems=12, cases=16, samples=8, predictions=1, turns=3, max_new_tokens_predict=100,
                     max_new_tokens_solve=60, batch_rows=128, processes=1),
    },
}

MAY_BE_ZERO = ("warmup", "compile", "predict_prompts", "solve_prompts", "fix_prompts")
HELP = {
    "sft_cases": "programs with explanations for SFT", "sft_problems": "problems with solutions for SFT",
    "rl_cases": "predict prompts for RL", "rl_problems": "problems for RL", "val_cases": "validation cases per input length",
    "val_problems": "validation problems", "test_cases": "test cases per input length", "test_problems": "test problems",
    "n_layer": "transformer layers", "n_head": "attention heads", "n_kv_head": "key/value heads (fewer: faster sampling)",
    "n_embd": "width", "n_ctx": "longest sequence in tokens",
    "steps": "optimizer steps", "batch_tokens": "tokens in a batch, padding included",
    "short_tokens": "tokens of a short --predict-only run",
    "muon_lr": "learning rate of Muon (matrices)", "adam_lr": "learning rate of AdamW (everything else)",
    "temperature_lr": "learning rate of the log of the policy's temperature",
    "clip": "gradient clipping by global norm", "warmup": "steps of linear warm-up",
    "fix_share": "submit-or-fix samples per problem",
    "without_tests": "share of solve prompts that show no tests", "fix_traces": "share of fix prompts that show how the failing run went",
    "data_share": "use only this share of the cases and problems",
    "val_every": "steps between validations", "save_every": "steps between saves",
    "val_cases_used": "validation cases per input length at each validation",
    "compile": "1: torch.compile the training pass where that works, 0: do not",
    "processes": "on a CPU, without torchrun: processes that share the work, at most one a core (other samples than with one)",
    "predict_prompts": "predict prompts a step", "solve_prompts": "solve prompts a step", "fix_prompts": "multi-turn problems a step",
    "group": "rollouts per prompt (the paper: 8)", "predict_weight": "weight of the predict reward (the paper: 0.8)",
    "max_new_tokens_predict": "longest explanation in tokens", "max_new_tokens_solve": "longest program in tokens",
    "micro_tokens": "padded tokens per backward pass (memory only: the gradient does not depend on it)",
    "own_share": "share of predict prompts from the model's own right programs",
    "replay_share": "share of predict prompts whose group was mixed before", "batch_rows": "rows sampled at once",
    "problems": "test problems used", "cases": "test cases per set used", "samples": "programs sampled per problem",
    "predictions": "predictions per item", "turns": "programs at most in self-RLEF (the paper: 10)",
}


def settings(parser: argparse.ArgumentParser, section: str, argv: list[str] | None = None, also: tuple = ()) -> argparse.Namespace:
    """Adds --preset, --seed, --out and one flag for each value of PRESETS[preset][section] (and the sections in `also`; default: the
    preset's value), then parses."""
    default = "gpu" if shutil.which("nvidia-smi") else "cpu"
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--preset", choices=PRESETS, default=default)
    preset = first.parse_known_args(argv)[0].preset
    parser.add_argument("--preset", choices=PRESETS, default=default, help="sizes and budgets (default: gpu where one is visible)")
    parser.add_argument("--seed", type=int, default=0, help="seed of data, weights and sampling")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for data, checkpoints, logs and the report")
    for key, value in [item for name in (section, *also) for item in PRESETS[preset][name].items()]:
        parser.add_argument("--" + key.replace("_", "-"), type=type(value), default=value, help=f"{HELP[key]} (default: {value})")
    parser.allow_abbrev = False
    args = parser.parse_args(argv)
    for key, value in [item for name in (section, *also) for item in PRESETS[preset][name].items()]:
        least = 1 if type(value) is int and key not in MAY_BE_ZERO else 0
        if not getattr(args, key) >= least:
            parser.error(f"--{key.replace('_', '-')} must be at least {least}")
    return args


def cut_log(log: Path, step: int) -> None:
    """Drop the lines of later steps, which will be done again (the last may be torn)."""
    kept = []
    for line in log.read_text().splitlines() if log.exists() else ():
        try:
            kept += [line] if json.loads(line)["step"] <= step else []
        except ValueError:
            break
    log.write_text("".join(line + "\n" for line in kept))


def log_metrics(path: Path | str, record: dict) -> None:
    """Append one JSON line."""
    with open(path, "a") as file:
        file.write(json.dumps(record) + "\n")


def add_seconds(out: Path | str, stage: str, seconds: float) -> None:
    """Add a stage's wall seconds (also of a run that was killed and resumed) and this process's peak memory to <out>/seconds.json."""
    path = Path(out) / "seconds.json"
    record = json.loads(path.read_text()) if path.exists() else {}
    record[stage] = round(record.get(stage, 0) + seconds, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    record["peak_memory_mb"] = round(max(record.get("peak_memory_mb", 0), peak))
    torch = sys.modules.get("torch")  # making data needs none
    if torch and torch.cuda.is_available():
        record["peak_gpu_memory_mb"] = round(max(record.get("peak_gpu_memory_mb", 0), torch.cuda.max_memory_reserved() / 2**20))
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(record, indent=1))
    os.replace(temporary, path)


# ---------------------------------------------------------------------------------------------------------------------------
# Outcomes.

Outcome = tuple[str, str]  # what a run printed, and the name of the exception that ended it ("" if none)


def same_outcome(got: Outcome | None, want: Outcome) -> bool:
    """Both parts right: stdout by the sandbox's rule (empty equals empty), the exception by name. None is never right."""
    return got is not None and got[1] == want[1] and same_output(got[0], want[0])


class Runner:
    """True execution, remembered: each distinct (program, stdin) runs once."""
    def __init__(self, sandbox: Sandbox):
        self.sandbox, self.known, self.runs = sandbox, {}, 0

    def outcomes(self, jobs: list[tuple[str, str]]) -> list[Outcome | None]:
        """Outcome of each (program, stdin); None where the run hit a limit."""
        new = [job for job in dict.fromkeys(map(tuple, jobs)) if job not in self.known]
        self.runs += len(new)
        for job, result in zip(new, self.sandbox.map(new)):
            self.known[job] = (result.stdout, result.error) if result.status in ("OK", "ERROR") else None
        return [self.known[tuple(job)] for job in jobs]

    def solved(self, jobs: list[tuple[str, list]]) -> list[bool]:
        """Whether each program passes all its tests ([stdin, stdout] each); stops each program at its first failed test."""
        right = [bool(tests) for _, tests in jobs]
        for turn in range(max((len(tests) for _, tests in jobs), default=0)):
            alive = [k for k, (_, tests) in enumerate(jobs) if right[k] and turn < len(tests)]
            results = self.outcomes([(jobs[k][0], jobs[k][1][turn][0]) for k in alive])
            for k, outcome in zip(alive, results):
                right[k] = same_outcome(outcome, (jobs[k][1][turn][1], ""))
        return right


# ---------------------------------------------------------------------------------------------------------------------------
# The three texts.

SUBMIT = "#SUBMIT"


@dataclass
class Case:
    """One prediction: a program, an input, the truth, and the answers in two formats (the third, `none`, is the output block alone)."""
    code: str
    stdin: str
    stdout: str
    error: str          # exception name, "" if the run ended well
    cls: str            # behaviour class, the unit of the bootstrap
    set: str            # short | longer | own
    kind: str           # plain | mutant | crash | scratch (foreign programs: their level)
    steps: int = 0      # lines of the explanation
    nlex: str = ""
    raw: str = ""

    @property
    def outcome(self) -> Outcome:
        return self.stdout, self.error

    def answer(self, format: str) -> str:
        """The assistant's text in format nlex | raw | none."""
        return predict_answer([], self.outcome) if format == "none" else {"nlex": self.nlex, "raw": self.raw}[format]


def predict_prompt(code: str, stdin: str) -> str:
    """Output prediction: the program and its input, never the problem or the expected output (paper section 4)."""
    return f"Predict.\n{code.rstrip()}\nInput:\n{stdin.rstrip()}"


def predict_answer(lines: list[str], outcome: Outcome) -> str:
    """Explanation, then the output block: ["r = 3.", ...], ("3", "") -> "r = 3.\\n...<output>\\n3\\n</output>"."""
    stdout, error = outcome
    body = stdout.rstrip() + "\n" if stdout.strip() else ""
    return "".join(line + "\n" for line in lines) + f"<output>\n{body}" + (f"<error>{error}\n" if error else "") + "</output>"


_OUTPUT = re.compile(r"<output>\n(.*?)(?:<error>(\w+)\n)?</output>\s*\Z", re.DOTALL)


def parse_outcome(answer: str) -> Outcome | None:
    """The outcome a prediction states, None if it has no well-formed output block at its end."""
    match = _OUTPUT.search(answer)
    return (match[1], match[2] or "") if match else None


def explanation_lines(answer: str) -> list[str]:
    """The explanation of an answer, line by line, without the output block."""
    return answer.split("<output>")[0].splitlines()


def _fence(code: str) -> str:
    return f"```python\n{code.rstrip()}\n```"


def solve_prompt(problem: Problem, show_tests: bool = True) -> str:
    tests = "".join(f"\nTest: {stdin} -> {stdout}" for stdin, stdout in problem.public) if show_tests else ""
    return f"Solve.\n{problem.statement}{tests}"


def parse_program(answer: str) -> str | None:
    """The program in the answer's last fenced block, None if there is none."""
    blocks = re.findall(r"```python\n(.*?)```", answer, re.DOTALL)
    return blocks[-1] if blocks else None


def is_submit(answer: str) -> bool:
    return answer.strip() == SUBMIT


def feedback(problem: Problem, outcomes: list[Outcome | None]) -> list[tuple[str, str, Outcome | None, bool]]:
    """Per public test: input, expected output, obtained outcome (true or predicted; None: unreadable), right or wrong."""
    return [(stdin, want, got, same_outcome(got, (want, ""))) for (stdin, want), got in zip(problem.public, outcomes)]


def fix_prompt(problem: Problem, code: str, results: list[tuple[str, str, Outcome | None, bool]], explain=None) -> str:
    """Submit or fix (paper section 4): statement, program, and what came of each public test. Beyond the paper: explain, a function from an
    input to the lines of an explanation, adds how the first failing test's run went."""
    lines = [f"Submit or fix.\n{problem.statement}\n{_fence(code)}"]
    for stdin, want, got, right in results:
        text = "nothing" if got is None else (got[0].strip() + (f" <error>{got[1]}" if got[1] else "")).strip() or "nothing"
        lines.append(f"Test: {stdin} -> {want} obtained {text} {'right' if right else 'wrong'}")
    failing = [stdin for stdin, _, _, right in results if not right]
    if explain and failing:
        lines += [f"The run on {failing[0]}:", *explain(failing[0])]
    return "\n".join(lines)


def sft_texts(problem: Problem, rng: random.Random, fix_share: float, without_tests: float = 0.0,
              fix_traces: float = 0.0) -> list[tuple[str, str, str]]:
    """(task, user text, assistant text) samples of one training problem: its solution and, for a share, a submit-or-fix turn in which
    two attempts of three are wrong (true outcomes, as the paper trains). Ablations: a share of solve prompts without the public tests
    (paper A.1.3), a share of fix prompts with the true run of the failing test."""
    hide = without_tests and rng.random() < without_tests
    texts = [("solve", solve_prompt(problem, show_tests=not hide), _fence(problem.solution))]
    if rng.random() < fix_share:
        if problem.wrong and rng.random() < 2 / 3:
            results = feedback(problem, [tuple(outcome) for outcome in problem.wrong_outcomes])
            tell = fix_traces and rng.random() < fix_traces
            explain = lambda stdin: nlex.narrate(nlex.record(problem.wrong, stdin, max_events=1_000, trusted=True), seed=rng.randint(0, 3))
            texts.append(("fix", fix_prompt(problem, problem.wrong, results, explain if tell else None), _fence(problem.solution)))
        else:
            results = feedback(problem, [(want, "") for _, want in problem.public])
            texts.append(("fix", fix_prompt(problem, problem.solution, results), SUBMIT))
    return texts


# ---------------------------------------------------------------------------------------------------------------------------
# Data files.

def random_case(rng: random.Random, knobs: dict, split: str, set_: str) -> Case | None:
    """One prediction case of the split; None when this draw does not qualify (draw again). One program in eight is scratch, one in five
    is a mutant."""
    kind, spec = "plain", None
    if rng.random() < 0.125:
        kind = "scratch"
        code, input_kind = world.scratch(rng, knobs)
        if set_ == "longer" and input_kind == "none":
            return None
    else:
        spec = world.random_spec(rng, knobs)
        code, input_kind = world.render(spec, rng, knobs["wide"]), spec.kind
    mutant = rng.random() < 0.2
    if mutant:
        kind, code = "mutant", world.mutate(code, rng)
    cls = world.spec_class(spec) if spec and not mutant else world.behaviour_class(code, input_kind)
    if not cls or world.split_of(cls) != split:
        return None
    stdin = world.draw_input(input_kind, rng, knobs, knobs[set_])
    trace = nlex.record(code, stdin, max_events=1_000, trusted=True)
    if trace.status == "LIMIT":
        return None
    lines = nlex.narrate(trace, seed=rng.randint(0, 3))
    outcome = (trace.stdout, trace.error)
    return Case(code, stdin, trace.stdout, trace.error, cls, set_, "crash" if trace.error else kind, len(lines),
                predict_answer(lines, outcome), predict_answer(nlex.raw(trace), outcome))


_CHUNK = 100  # samples made from one seed: the files do not depend on the number of cores


def _make_chunk(job: tuple) -> list[str]:
    name, split, knobs, seed, chunk, count = job
    rng = random.Random(f"{seed}/{name}/{chunk}")
    longer_share = {"sft": 0.03, "rl": 0.5}.get(name.split("_")[0])
    rows = []
    while len(rows) < count:
        k = chunk * _CHUNK + len(rows)
        if name.endswith("cases"):
            # validation and test files hold as many longer cases as short ones
            longer = rng.random() < longer_share if longer_share else k % 2 == 1
            row = random_case(rng, knobs, split, "longer" if longer else "short")
        else:
            row = world.random_problem(rng, knobs, split, openness=k % 2 == 1)
        if row is not None:
            rows.append(json.dumps(asdict(row)))
    return rows


def make_data(out: Path, args: argparse.Namespace) -> None:
    """Write every data file under out/data that is not there yet (each appears whole or not at all)."""
    knobs = world.KNOBS["gpu" if args.preset == "gpu" else "cpu"]
    folder = out / "data"
    folder.mkdir(parents=True, exist_ok=True)
    sizes = {name: getattr(args, name) * (2 if name in ("val_cases", "test_cases") else 1) for name in PRESETS["cpu"]["data"]}
    with Pool(os.cpu_count()) as pool:
        for name, size in sizes.items():
            path, started = folder / f"{name}.jsonl", time.time()
            if path.exists():
                print(f"data   {name:14s} is there")
                continue
            split = {"sft": "train", "rl": "train"}.get(name.split("_")[0], name.split("_")[0])
            chunks = [(name, split, knobs, args.seed, c, min(_CHUNK, size - c * _CHUNK)) for c in range(-(-size // _CHUNK))]
            temporary = path.with_suffix(".tmp")
            with open(temporary, "w") as file:
                for rows in pool.imap(_make_chunk, chunks):
                    file.write("\n".join(rows) + "\n")
            os.replace(temporary, path)
            print(f"data   {name:14s} {size:7,d} in {time.time() - started:5.1f} s", flush=True)


def _load(path: Path | str, cls):
    path = Path(path)
    if not path.exists():
        sys.exit(f"{path} is missing: make it with `python tasks.py --out {path.parent.parent}`")
    names, rows = {f.name for f in fields(cls)}, []
    with open(path) as file:
        for number, line in enumerate(file, 1):
            try:
                rows.append(cls(**{k: v for k, v in json.loads(line).items() if k in names}))
            except (ValueError, TypeError, AttributeError) as problem:
                sys.exit(f"{path}, line {number}: not a {cls.__name__} ({problem}); delete the file and run `python tasks.py` again")
    return rows


def load_cases(path: Path | str) -> list[Case]:
    return _load(path, Case)


def load_problems(path: Path | str) -> list[Problem]:
    return _load(path, Problem)


def load_programs(path: Path | str) -> list[Case]:
    """Foreign programs, JSON lines with code, input, output (and maybe level, id). Rows whose code only defines a function f (CruxEval)
    become a program: the function, then print(repr(f(arguments)))."""
    path, cases = Path(path), []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError) as problem:  # not there, a folder, not UTF-8
        sys.exit(f"cannot read {path}: {getattr(problem, 'strerror', None) or problem}")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            code, stdin, stdout = texts = row["code"], row["input"], row["output"]
            if not all(isinstance(text, str) for text in texts):
                raise TypeError("each must be a string")
        except (ValueError, KeyError, TypeError) as problem:
            sys.exit(f"{path}, line {number}: needs the fields code, input, output ({type(problem).__name__}: {problem})")
        level = str(row.get("level", "all"))
        if re.search(r"^def f\(", code, re.MULTILINE) and not re.search(r"^print\(|input\(", code, re.MULTILINE):
            code, stdin, level = f"{code.rstrip()}\n\nprint(repr(f({stdin})))\n", "", "function"
        cases.append(Case(code, stdin, stdout, "", str(row.get("id", number)), "foreign", level))
    return cases


def show(args: argparse.Namespace) -> None:
    """Print samples of each text."""
    rng, knobs = random.Random(args.seed), world.KNOBS["gpu" if args.preset == "gpu" else "cpu"]

    def draw(make, *rest):
        while True:
            sample = make(rng, knobs, *rest)
            if sample is not None:
                return sample

    def block(title, user, assistant):
        print(f"\n=== {title}\n--- user\n{user}\n--- assistant\n{assistant}")

    for set_ in ("short", "longer"):
        case = draw(random_case, "train", set_)
        block(f"predict ({case.kind}, {set_}), nlex", predict_prompt(case.code, case.stdin), case.nlex)
    block("the same, raw", "(as above)", case.raw)
    block("the same, none", "(as above)", case.answer("none"))
    for openness in (False, True):
        problem = draw(world.random_problem, "train", openness)
        for task, user, assistant in sft_texts(problem, rng, 1.0):
            block(f"{task} ({'open' if problem.open else 'clear'})", user, assistant)


def write_texts(count: int, seed: int) -> None:
    """Print texts of every kind from both sizes of the world, for learning a vocabulary."""
    rng = random.Random(seed)
    for k in range(count):
        knobs, set_ = world.KNOBS["gpu" if k % 3 == 0 else "cpu"], "longer" if k % 4 == 0 else "short"
        case = random_case(rng, knobs, "train", set_)
        problem = world.random_problem(rng, knobs, "train", k % 2 == 0)
        if case:
            print(predict_prompt(case.code, case.stdin), case.nlex, case.raw, sep="\n")
        if problem:
            print(*[f"{user}\n{assistant}" for _, user, assistant in sft_texts(problem, rng, 1.0)], sep="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="print samples instead of writing files")
    parser.add_argument("--texts", type=int, metavar="N", help="print texts of N draws, for learning a vocabulary")
    args = settings(parser, "data")
    if args.show:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it quietly
        show(args)
    elif args.texts:
        write_texts(args.texts, args.seed)
    else:
        started = time.time()
        make_data(args.out, args)
        add_seconds(args.out, "data", time.time() - started)
