"""What do we learn from? Presets, data files, and the three texts: predict, solve, submit or fix.

    python tasks.py                 # the preset's data files under out/data, deterministic by --seed
    python tasks.py --show          # print a few samples of every kind
    python tasks.py --show --seed 7 # others
    python tasks.py --world contest # the world, a file in worlds/

A world draws programs and problems; here they become prompts and answers, as TEXT (paper sections 2.1,
2.2, 4). The model turns text into tokens; nothing in this file knows about tokens. Data files are JSON
lines of `Case` (a program, an input, its true outcome and explanation) and `Problem` (a statement with
public and hidden tests):

    file          made of             who may read it, and what for
    sft_cases     train classes       sft: explanations of short inputs, 3 % longer ones
    sft_problems  train classes       sft: solutions, wrong attempts with their true outcomes
    rl_cases      train classes       rl: programs and inputs, half of them longer; the reward sees the
                                      truth, the model never does
    rl_problems   train classes       rl: statements and tests; nobody the solution
    val_*         validation classes  choosing (learning rates, steps)
    test_*        test classes        the report, once

settings.json beside them says what they were made with. Files of other settings are never used.
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
import worlds
from sandbox import Sandbox, same_output
from worlds import Problem

# ---------------------------------------------------------------------------------------------------
# One table of sizes and budgets: each value in the presets cpu, gpu and quick (the machinery at toy size;
# its numbers mean nothing), and what it is. Each is a flag of the scripts that use its section:
# n_layer -> --n-layer.

TABLE = {
    "data": [
        ("sft_cases", 74_000, 400_000, 3_000, "programs with explanations for SFT"),
        ("sft_problems", 16_000, 200_000, 1_000, "problems with solutions for SFT"),
        ("rl_cases", 4_000, 40_000, 60, "predict prompts for RL"),
        ("rl_problems", 1_200, 10_000, 30, "problems for RL"),
        ("val_cases", 300, 500, 16, "validation cases per input length"),
        ("val_problems", 200, 300, 10, "validation problems"),
        ("test_cases", 400, 2_000, 16, "test cases per input length"),
        ("test_problems", 400, 400, 12, "test problems"),
    ],
    "model": [
        ("n_layer", 4, 10, 2, "transformer layers"),
        ("n_head", 4, 8, 2, "attention heads"),
        ("n_kv_head", 1, 2, 1, "key/value heads (fewer: faster sampling)"),
        ("n_embd", 128, 512, 64, "width"),
        ("n_ctx", 1024, 2048, 1024, "longest sequence in tokens"),
    ],
    "answers": [
        ("max_new_tokens_predict", 450, 1000, 100, "longest explanation in tokens"),
        ("max_new_tokens_solve", 160, 300, 60, "longest program in tokens"),
    ],
    "sft": [
        ("steps", 7000, 4000, 300, "optimizer steps"),
        ("batch_tokens", 3072, 65_536, 2048, "tokens in a batch, padding included"),
        ("short_tokens", 1_000_000, 30_000_000, 100_000, "tokens of a --predict-only run"),
        ("muon_lr", 0.02, 0.02, 0.02, "learning rate of Muon (matrices)"),
        ("adam_lr", 0.003, 0.002, 0.003, "learning rate of AdamW (everything else)"),
        ("clip", 1.0, 1.0, 1.0, "gradient clipping by global norm"),
        ("warmup", 50, 100, 5, "steps of linear warm-up"),
        ("val_every", 1750, 500, 150, "steps between validations"),
        ("val_cases", 100, 300, 8, "validation cases per input length at each validation"),
        ("save_every", 875, 500, 100, "steps between saves"),
        ("compile", 1, 1, 0, "1: torch.compile the training pass where that works, 0: do not"),
    ],
    "rl": [
        ("steps", 40, 100, 2, "optimizer steps"),
        ("predict_prompts", 14, 64, 3, "predict prompts a step"),
        ("solve_prompts", 5, 24, 2, "solve prompts a step"),
        ("fix_prompts", 5, 24, 2, "multi-turn problems a step"),
        ("group", 8, 8, 4, "rollouts per prompt (the paper: 8)"),
        ("muon_lr", 0.002, 0.002, 0.002, "learning rate of Muon (matrices)"),
        ("adam_lr", 3e-4, 3e-4, 3e-4, "learning rate of AdamW (everything else)"),
        ("clip", 0.1, 0.1, 0.1, "gradient clipping by global norm"),
        ("warmup", 3, 10, 1, "steps of linear warm-up"),
        ("predict_weight", 0.8, 0.8, 0.8, "weight of the predict reward (the paper: 0.8)"),
        ("own_share", 0.25, 0.25, 0.25, "share of predict prompts from own right programs"),
        ("micro_tokens", 8192, 65_536, 8192, "padded tokens per backward pass (memory only)"),
        ("val_every", 20, 25, 2, "steps between validations"),
        ("val_cases", 100, 300, 8, "validation cases per input length at each validation"),
        ("save_every", 10, 10, 1, "steps between saves"),
    ],
    "eval": [
        ("problems", 400, 400, 12, "test problems used"),
        ("cases", 400, 2_000, 16, "test cases per input length used"),
        ("samples", 8, 20, 8, "programs sampled per problem"),
        ("predictions", 1, 5, 1, "predictions per item"),
        ("turns", 10, 10, 3, "programs at most in self-RLEF (the paper: 10)"),
    ],
}
MAY_BE_ZERO = ("warmup", "compile", "predict_prompts", "solve_prompts", "fix_prompts")

PRESETS = {"cpu": {}, "gpu": {}, "quick": {}}  # preset -> section -> name -> value
for _section, _rows in TABLE.items():
    for _column, _preset in enumerate(PRESETS, 1):
        PRESETS[_preset][_section] = {row[0]: row[_column] for row in _rows}


def fail(message: object) -> None:
    """One line on stderr, exit status 2."""
    print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr)
    sys.exit(2)


def settings(parser: argparse.ArgumentParser, *sections: str, argv: list[str] | None = None):
    """Adds --preset, --seed, --out, --world and a flag for each value of the table's sections (default: the
    preset's value), then parses -> Namespace. Data under --out that is of another world is refused."""
    default = "gpu" if shutil.which("nvidia-smi") else "cpu"
    parser.allow_abbrev = False
    parser.add_argument("--preset", choices=PRESETS, default=default,
                        help="sizes and budgets (default: gpu where one is visible)")
    parser.add_argument("--seed", type=int, default=0, help="seed of data, weights and sampling")
    parser.add_argument("--out", type=Path, default=Path("out"),
                        help="folder for data, checkpoints, logs and the report")
    parser.add_argument("--world", default="contest", help="a file in worlds/")
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--preset", default=default)
    preset = PRESETS.get(first.parse_known_args(argv)[0].preset, PRESETS[default])
    least = {}
    for section in sections:
        for name, *_, help in TABLE[section]:
            value, flag = preset[section][name], "--" + name.replace("_", "-")
            parser.add_argument(flag, type=type(value), default=value, help=f"{help} ({value})")
            least[name] = 1 if type(value) is int and name not in MAY_BE_ZERO else 0
    args = parser.parse_args(argv)
    for name, value in least.items():
        if not getattr(args, name) >= value:
            parser.error(f"--{name.replace('_', '-')} must be at least {value}")
    try:
        worlds.load(args.world)
    except ValueError as problem:
        fail(problem)
    check_data(args.out / "data", world_settings(args))
    return args


def world_settings(args: argparse.Namespace) -> dict:
    return {"world": args.world, "world_size": "gpu" if args.preset == "gpu" else "cpu"}


def check_data(folder: Path, wanted: dict) -> bool:
    """Whether the folder holds data files. Ends the program if they were made with other settings."""
    path = folder / "settings.json"
    advice = f"delete {folder}, or take another folder by --out"
    if not path.exists():
        return False
    try:
        made = dict(json.loads(path.read_text()))
    except ValueError:
        fail(f"{path} is damaged: {advice}")
    for name, value in wanted.items():
        if made.get(name) != value:
            fail(f"{folder} was made with {name} {made.get(name)}, this is {name} {value}: {advice}")
    return True


# ---------------------------------------------------------------------------------------------------
# Logs.

def log_metrics(path: Path | str, record: dict) -> None:
    """Append one JSON line."""
    with open(path, "a") as file:
        file.write(json.dumps(record) + "\n")


def cut_log(log: Path, step: int) -> None:
    """Drop the lines of later steps, which will be done again (the last may be torn)."""
    kept = ""
    for line in log.read_text().splitlines() if log.exists() else ():
        try:
            if json.loads(line)["step"] <= step:
                kept += line + "\n"
        except ValueError:
            break
    log.write_text(kept)


def add_seconds(out: Path | str, stage: str, seconds: float) -> None:
    """Add a stage's wall seconds (also of a run that was killed and resumed) and this process's peak memory
    to <out>/seconds.json."""
    path = Path(out) / "seconds.json"
    record = json.loads(path.read_text()) if path.exists() else {}
    record[stage] = round(record.get(stage, 0) + seconds, 1)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    peaks = {"peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit}
    torch = sys.modules.get("torch")  # making data needs none
    if torch and torch.cuda.is_available():
        peaks["peak_gpu_memory_mb"] = torch.cuda.max_memory_reserved() / 2**20
    for name, peak in peaks.items():
        record[name] = max(record.get(name, 0), round(peak))
    replace_text(path, json.dumps(record, indent=1))


def replace_text(path: Path, text: str) -> None:
    """Write the file whole or not at all."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text)
    os.replace(temporary, path)


# ---------------------------------------------------------------------------------------------------
# Outcomes.

Outcome = tuple[str, str]  # what a run printed, and the name of the exception that ended it, or ""


def same_outcome(got: Outcome | None, want: Outcome) -> bool:
    """Both parts right: stdout by the sandbox's rule (empty equals empty), the exception by name. None is
    never right."""
    return got is not None and got[1] == want[1] and same_output(got[0], want[0])


class Runner:
    """True execution, remembered: each distinct (program, stdin) runs once."""
    def __init__(self, sandbox: Sandbox):
        self.sandbox, self.known, self.runs = sandbox, {}, 0

    def outcomes(self, jobs: list[tuple[str, str]]) -> list[Outcome | None]:
        """Outcome of each (program, stdin); None where the run hit a limit."""
        new = [job for job in dict.fromkeys(jobs) if job not in self.known]
        self.runs += len(new)
        for job, result in zip(new, self.sandbox.map(new)):
            ended = result.status in ("OK", "ERROR")
            self.known[job] = (result.stdout, result.error) if ended else None
        return [self.known[job] for job in jobs]

    def solved(self, jobs: list[tuple[str, list]]) -> list[bool]:
        """Whether each program passes all its tests ([stdin, stdout] each); stops each program at its first
        failed test."""
        right = [bool(tests) for _, tests in jobs]
        for turn in range(max((len(tests) for _, tests in jobs), default=0)):
            alive = [k for k, (_, tests) in enumerate(jobs) if right[k] and turn < len(tests)]
            outcomes = self.outcomes([(jobs[k][0], jobs[k][1][turn][0]) for k in alive])
            for k, outcome in zip(alive, outcomes):
                right[k] = same_outcome(outcome, (jobs[k][1][turn][1], ""))
        return right


# ---------------------------------------------------------------------------------------------------
# The three texts.

SUBMIT = "#SUBMIT"
FIX_SHARE = 0.7  # submit-or-fix samples per problem in SFT


@dataclass
class Case:
    """One prediction: a program, an input, the truth, and the answers in two formats (the third, `none`, is
    the output block alone)."""
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
        answers = {"nlex": self.nlex, "raw": self.raw, "none": predict_answer([], self.outcome)}
        return answers[format]


def predict_prompt(code: str, stdin: str) -> str:
    """Output prediction: the program and its input, never the problem or the expected output (paper
    section 4)."""
    return f"Predict.\n{code.rstrip()}\nInput:\n{stdin.rstrip()}"


def predict_answer(lines: list[str], outcome: Outcome) -> str:
    """Explanation, then the output block:
    ["r = 3.", ...], ("3", "") -> "r = 3.\\n...<output>\\n3\\n</output>"."""
    stdout, error = outcome
    parts = [*lines, "<output>"]
    if stdout.strip():
        parts.append(stdout.rstrip())
    if error:
        parts.append(f"<error>{error}")
    return "\n".join([*parts, "</output>"])


OUTPUT = re.compile(r"<output>\n(.*?)(?:<error>(\w+)\n)?</output>\s*\Z", re.DOTALL)


def parse_outcome(answer: str) -> Outcome | None:
    """The outcome a prediction states, None if it has no well-formed output block at its end."""
    match = OUTPUT.search(answer)
    return (match[1], match[2] or "") if match else None


def explanation_lines(answer: str) -> list[str]:
    """The explanation of an answer, line by line, without the output block."""
    return answer.split("<output>")[0].splitlines()


def fence(code: str) -> str:
    return f"```python\n{code.rstrip()}\n```"


def solve_prompt(problem: Problem, show_tests: bool = True) -> str:
    lines = ["Solve.", problem.statement]
    for stdin, stdout in problem.public if show_tests else ():
        lines.append(f"Test: {stdin} -> {stdout}")
    return "\n".join(lines)


def parse_program(answer: str) -> str | None:
    """The program in the answer's last fenced block, None if there is none."""
    blocks = re.findall(r"```python\n(.*?)```", answer, re.DOTALL)
    return blocks[-1] if blocks else None


def is_submit(answer: str) -> bool:
    return answer.strip() == SUBMIT


def feedback(problem: Problem, outcomes: list[Outcome | None]) -> list[tuple]:
    """Per public test: input, expected output, obtained outcome (true or predicted; None: unreadable), right
    or wrong."""
    results = []
    for (stdin, want), got in zip(problem.public, outcomes):
        results.append((stdin, want, got, same_outcome(got, (want, ""))))
    return results


def fix_prompt(problem: Problem, code: str, results: list[tuple], explain=None) -> str:
    """Submit or fix (paper section 4): statement, program, and what came of each public test (`feedback`).
    Beyond the paper: explain, a function from an input to the lines of an explanation, adds how the first
    failing test's run went."""
    lines = ["Submit or fix.", problem.statement, fence(code)]
    story = []
    for stdin, want, got, right in results:
        stdout, error = got or ("", "")
        text = f"{stdout.strip()} <error>{error}" if error else stdout
        verdict = "right" if right else "wrong"
        lines.append(f"Test: {stdin} -> {want} obtained {text.strip() or 'nothing'} {verdict}")
        if explain and not right and not story:
            story = [f"The run on {stdin}:", *explain(stdin)]
    return "\n".join(lines + story)


def fix_text(problem: Problem, wrong: bool) -> tuple[str, str, str]:
    """(task, user text, assistant text): after a wrong attempt the solution, after the solution #SUBMIT. The
    outcomes are true ones, as the paper trains."""
    if wrong:
        results = feedback(problem, [tuple(outcome) for outcome in problem.wrong_outcomes])
        return "fix", fix_prompt(problem, problem.wrong, results), fence(problem.solution)
    results = feedback(problem, [(want, "") for _, want in problem.public])
    return "fix", fix_prompt(problem, problem.solution, results), SUBMIT


def sft_texts(problem: Problem, rng: random.Random) -> list[tuple[str, str, str]]:
    """(task, user text, assistant text) samples of one training problem: its solution and, for a share, a
    submit-or-fix turn in which two attempts of three are wrong."""
    texts = [("solve", solve_prompt(problem), fence(problem.solution))]
    if rng.random() < FIX_SHARE:
        wrong = bool(problem.wrong) and rng.random() < 2 / 3
        texts.append(fix_text(problem, wrong))
    return texts


# ---------------------------------------------------------------------------------------------------
# Data files.

def random_case(rng: random.Random, world, knobs, split: str, set_: str) -> Case | None:
    """One prediction case of the split; None when this draw does not qualify (draw again)."""
    program = world.random_program(rng, knobs, split, set_)
    if program is None:
        return None
    run = record(program.code, program.stdin)
    if run.status == "LIMIT":
        return None
    lines = nlex.narrate(run, seed=rng.randint(0, 3))
    outcome = (run.stdout, run.error)
    kind = "crash" if run.error else program.kind
    return Case(program.code, program.stdin, *outcome, program.cls, set_, kind, len(lines),
                predict_answer(lines, outcome), predict_answer(nlex.raw(run), outcome))


def record(code, stdin):  # for the moment
    old = "trusted" in nlex.record.__code__.co_varnames
    return nlex.record(code, stdin, max_events=1_000, **({"trusted": True} if old else {}))


CHUNK = 100  # samples made from one seed: the files do not depend on the number of cores
LONGER_SHARE = {"sft": 0.03, "rl": 0.5}  # in validation and test every second case


def make_chunk(job: tuple) -> str:
    """JSON lines of `count` samples of the file `name`, the chunk-th CHUNK of them."""
    name, world_name, world_size, seed, chunk, count = job
    world = worlds.load(world_name)
    knobs = world.SIZES[world_size]
    rng = random.Random(f"{seed}/{name}/{chunk}")
    stage, what = name.split("_")
    split = "train" if stage in LONGER_SHARE else stage
    lines = []
    while len(lines) < count:
        odd = len(lines) % 2 == 1
        if what == "problems":
            row = world.random_problem(rng, knobs, split, openness=odd)
        else:
            longer = rng.random() < LONGER_SHARE[stage] if split == "train" else odd
            row = random_case(rng, world, knobs, split, "longer" if longer else "short")
        if row is not None:
            lines.append(json.dumps(asdict(row)) + "\n")
    return "".join(lines)


def make_data(args: argparse.Namespace) -> None:
    """Write every data file under out/data that is not there yet (each appears whole or not at all)."""
    folder = args.out / "data"
    sizes = {name: getattr(args, name) for name in PRESETS[args.preset]["data"]}
    made_with = world_settings(args) | {"seed": args.seed} | sizes
    if not check_data(folder, made_with):
        if list(folder.glob("*.jsonl")):
            fail(f"{folder} has files of unknown settings: delete it, or take another by --out")
        folder.mkdir(parents=True, exist_ok=True)
        replace_text(folder / "settings.json", json.dumps(made_with, indent=1))
    has_problems = hasattr(worlds.load(args.world), "random_problem")
    with Pool(os.cpu_count()) as pool:
        for name, size in sizes.items():
            path, started = folder / f"{name}.jsonl", time.time()
            if path.exists():
                print(f"data   {name:14s} is there")
                continue
            if name in ("val_cases", "test_cases"):
                size *= 2  # of each input length
            if name.endswith("problems") and not has_problems:
                size = 0
            jobs = []
            for chunk in range(-(-size // CHUNK)):
                count = min(CHUNK, size - chunk * CHUNK)
                jobs.append((name, args.world, made_with["world_size"], args.seed, chunk, count))
            temporary = path.with_suffix(".tmp")
            with open(temporary, "w") as file:
                for text in pool.imap(make_chunk, jobs):
                    file.write(text)
            os.replace(temporary, path)
            print(f"data   {name:14s} {size:7,d} in {time.time() - started:5.1f} s", flush=True)


def load_rows(path: Path | str, cls: type) -> list:
    """The rows of a data file. Ends the program if it is missing or damaged."""
    path, rows = Path(path), []
    if not path.exists():
        fail(f"{path} is missing: make it with `python tasks.py --out {path.parent.parent}`")
    known = {field.name for field in fields(cls)}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            row = json.loads(line)
            rows.append(cls(**{name: row[name] for name in row if name in known}))
        except (ValueError, TypeError) as problem:
            fail(f"{path}, line {number}: not a {cls.__name__} ({problem}); "
                 "delete the file and run `python tasks.py` again")
    return rows


def load_cases(path: Path | str) -> list[Case]:
    return load_rows(path, Case)


def load_problems(path: Path | str) -> list[Problem]:
    return load_rows(path, Problem)


# ---------------------------------------------------------------------------------------------------
# The command.

def draw(make, *rest):
    """make(*rest), again and again until the draw qualifies."""
    while (sample := make(*rest)) is None:
        pass
    return sample


def show(args: argparse.Namespace) -> None:
    """Print samples of each text."""
    rng, world = random.Random(args.seed), worlds.load(args.world)
    knobs = world.SIZES[world_settings(args)["world_size"]]
    texts = []
    for set_ in ("short", "longer"):
        case = draw(random_case, rng, world, knobs, "train", set_)
        title = f"predict ({case.kind}, {set_}), nlex"
        texts.append((title, predict_prompt(case.code, case.stdin), case.nlex))
    for format in ("raw", "none"):
        texts.append((f"the same, {format}", "(as above)", case.answer(format)))
    if hasattr(world, "random_problem"):
        for openness in (False, True):
            problem = draw(world.random_problem, rng, knobs, "train", openness)
            texts.append((f"solve ({'open' if openness else 'clear'})", solve_prompt(problem),
                          fence(problem.solution)))
            texts.append(fix_text(problem, wrong=False))
            if problem.wrong:
                texts.append(fix_text(problem, wrong=True))
    for title, user, assistant in texts:
        print(f"\n=== {title}\n--- user\n{user}\n--- assistant\n{assistant}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="print samples, write nothing")
    args = settings(parser, "data")
    if args.show:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it quietly
        show(args)
    else:
        started = time.time()
        make_data(args)
        add_seconds(args.out, "data", time.time() - started)
