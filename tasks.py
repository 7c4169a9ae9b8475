"""What do we learn from? Presets, data files, and the texts: predict, solve, submit or fix, try.

    python tasks.py                 # the preset's data files under out/data, fixed by --seed
    python tasks.py --show          # print a few samples of every kind
    python tasks.py --show --seed 7 # others
    python tasks.py --world contest # of another world: a file in worlds/

A world draws programs and problems; here they become prompts and answers, as TEXT (paper sections
2.1, 2.2, 4). The model turns text into tokens; nothing in this file knows about tokens. Data files
are JSON lines of `Case` (a program, an input, its true outcome and explanation) and `Problem` (a
statement with public and hidden tests):

    file          made of             who may read it, and what for
    sft_cases     train classes       sft: explanations of short inputs, 10 % longer ones
    sft_problems  train classes       sft: solutions, wrong attempts with their outcomes, tries
    rl_cases      train classes       rl: programs and inputs, half of them longer; the reward sees
                                      the truth, the model never does
    rl_problems   train classes       rl: statements and tests; nobody the solution
    val_*         validation classes  choosing (learning rates, steps)
    test_*        test classes        the report, once

Files that are there are kept: a killed run goes on by the same command. settings.json beside them
says which flags they were made with; files of other flags are refused, and so is another seed in
any later stage. After a change of the code (a world, the wording of explanations) delete the
folder, or name another by --out.
"""

import argparse
import json
import os
import random
import re
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import tracer
import worlds
from commands import (
    add_seconds,
    commit,
    fail,
    helpers_end,
    manual,
    plainly,
    read_json,
    refuse_others,
    replace_text,
    say,
    serve,
)
from sandbox import same_output
from worlds import SETS, Problem

# One table of sizes and budgets, by preset. Each value is a flag of the scripts that use its
# section: n_layer is --n-layer. quick is a smaller world, learnt in minutes.
TABLE = """
section  value                         cpu         gpu    quick  what it is
data     sft_cases                  64_000     400_000   11_000  programs with explanations for SFT
data     sft_problems               20_000     200_000    3_000  problems with solutions for SFT
data     rl_cases                    4_000      40_000      600  predict prompts for RL
data     rl_problems                 1_200      10_000      150  problems for RL
data     val_cases                     300         500       40  validation cases of each set
data     val_problems                  200         300       40  validation problems
data     val_vague                     100         100       20  of them, two or three phrases vague
data     test_cases                    400       2_000      100  test cases of each set
data     test_problems                 400         400       60  test problems
data     test_vague                    200         200       30  of them, two or three phrases vague
model    n_layer                         4          10        4  transformer layers
model    n_head                          4           8        4  attention heads
model    n_kv_head                       1           2        1  key/value heads (few: fast)
model    n_embd                        128         512      128  width
model    n_ctx                        1024        2048     1024  longest sequence in tokens
answers  max_new_tokens_predict        450        1000      300  longest explanation in tokens
answers  max_new_tokens_solve          450         800      400  longest program or repair in tokens
sft      steps                      13_000        4000     1300  optimizer steps
sft      batch_tokens                 2048      65_536     2048  tokens in a batch, padding included
sft      explained                     0.7         0.7      0.7  share of predictions told in steps
sft      asked                         0.8         0.8      0.7  of these, by a given first token
sft      muon_lr                     0.015        0.02    0.015  learning rate of Muon (matrices)
sft      adam_lr                     0.003       0.002    0.003  learning rate of AdamW (others)
sft      clip                          1.0         1.0      1.0  gradient clipping by global norm
sft      warmup                         50         100       30  steps of linear warm-up
sft      val_every                    3000         500      650  steps between validations
sft      val_cases                     100         300       40  cases per input length
sft      save_every                   1000         500      325  steps between saves
sft      compile                         1           1        1  1: torch.compile, 0: do not
rl       steps                           70         100       30  optimizer steps
rl       predict_prompts                 20          64       16  predict prompts a step
rl       solve_prompts                    3          24        3  solve prompts a step
rl       fix_prompts                      4          24        4  multi-turn problems a step
rl       group                           8           8        8  rollouts per prompt (paper: 8)
rl       muon_lr                     0.0005      0.0005   0.0005  learning rate of Muon (matrices)
rl       adam_lr                     0.0015      0.0015   0.0015  learning rate of AdamW (others)
rl       clip                          0.1         0.1      0.1  gradient clipping by global norm
rl       warmup                           3           3        3  steps of linear warm-up
rl       predict_weight                0.8         0.8      0.8  weight of its reward (as the paper)
rl       own_share                    0.25        0.25     0.25  predict prompts from own programs
rl       micro_tokens                 8192      65_536     8192  padded tokens a backward pass
rl       val_every                       35          25       15  steps between validations
rl       val_cases                     100         300       40  cases per input length
rl       save_every                     10          10        4  steps between saves
eval     problems                      400         400       60  test problems used
eval     cases                         400       2_000      100  test cases used of each set
eval     samples                         8          20        8  programs sampled per problem
eval     predictions                     1           5        1  predictions per item
eval     turns                          10          10        5  programs in self-RLEF (paper: 10)
"""
MAY_BE_ZERO = ("warmup", "compile", "predict_prompts", "solve_prompts", "fix_prompts")

PRESETS = {"cpu": {}, "gpu": {}, "quick": {}}  # preset -> section -> name -> value
HELP = {}                                      # section, name -> what it is
for _row in TABLE.strip().splitlines()[1:]:
    _section, _name, *_values, _text = _row.split(maxsplit=5)
    HELP[_section, _name] = f"{_text} (default: {' | '.join(_values)} in cpu | gpu | quick)"
    for _preset, _value in zip(PRESETS.values(), _values):
        _number = float(_value) if "." in _value else int(_value)
        _preset.setdefault(_section, {})[_name] = _number


def settings(parser, *sections, argv=None):
    """Adds --preset, --seed, --out, --world and a flag for each value of the table's sections, then
    parses -> Namespace, with world_size (see worlds/) and began, the time. Refuses data of another
    world or seed under --out. With COURSE in the environment (run.sh) flags of other sections may
    stand there."""
    flag = parser.add_argument
    flag("--preset", choices=PRESETS, default="cpu", help="sizes, budgets; cpu is for GPUs, too")
    flag("--seed", type=int, default=0, help="seed of data, weights and sampling (default: 0)")
    flag("--out", type=Path, default="out", help="folder for everything that is written")
    flag("--world", default="contest", help="a file in worlds/ (default: contest)")
    for section in (*sections, *(PRESETS["cpu"] if "COURSE" in os.environ else ())):
        for name, value in PRESETS["cpu"][section].items():
            with suppress(argparse.ArgumentError):  # two sections may have one name
                flag("--" + name.replace("_", "-"), type=type(value), help=HELP[section, name],
                     dest=name if section in sections else "elsewhere")
    parser.allow_abbrev = False
    args = parser.parse_args(argv)
    args.began, values = time.time(), vars(args)
    for section in sections:
        for name, value in PRESETS[args.preset][section].items():
            if values[name] is None:
                values[name] = value
            least = 0 if name in MAY_BE_ZERO or type(value) is float else 1
            if not least <= values[name] <= 10**9:
                flag = "--" + name.replace("_", "-")
                parser.error(f"{flag} must be at least {least}, at most a billion")
    if args.seed < 0:
        parser.error("--seed must be at least 0")
    with plainly(ValueError):
        args.world_size = worlds.size_of(args.world, args.preset)
    if not values.get("show"):
        check_data(args)
    return args


def check_data(args, *sizes):
    """Ends the program if there are data under --out of another world, of another size of it, seed,
    or of other sizes than these. -> what data of these settings are made with"""
    folder = args.out / "data"
    wanted = {name: vars(args)[name] for name in ("world", "world_size", "seed", *sizes)}
    if any(folder.glob("*.jsonl")):
        refuse_others(folder, read_json(folder / "settings.json"), wanted)
    return wanted


# ------------------------------------------------------------------------------------------------
# Outcomes: (what a run printed, the name of the exception that ended it or ""), None if unknown.

def same_outcome(got, want):
    """Both parts right: stdout by the sandbox's rule (empty equals empty), the exception by name.
    None is never right."""
    return got is not None and got[1] == want[1] and same_output(got[0], want[0])


# ------------------------------------------------------------------------------------------------
# The texts.

SUBMIT = "#SUBMIT"
# How an answer begins, each one token: explained, or at once.
EXPLAINED, AT_ONCE = "Step by step:\n", "<output>\n"
OUTPUT = re.compile(r"<output>\n(.*?)(?:<error>(\w+)\n)?</output>\s*\Z", re.DOTALL)


@dataclass
class Case:
    """One prediction: a program, an input, the truth, and its explanation."""
    code: str
    stdin: str
    stdout: str
    error: str          # exception name, "" if the run ended well
    cls: str            # behaviour class, the unit of the bootstrap
    set: str            # short | longer | new_names | own
    kind: str           # plain | mutant | crash | scratch (foreign programs: their level)
    steps: int = 0      # lines of the explanation
    nlex: str = ""

    @property
    def prompt(self):
        return predict_prompt(self.code, self.stdin)

    @property
    def outcome(self):
        return self.stdout, self.error

    def answer(self, explained):
        """The assistant's text: step by step, or the output block alone."""
        return self.nlex if explained else predict_answer([], self.outcome)


def predict_prompt(code, stdin):
    """Output prediction: the program and its input, never the problem or the expected output
    (paper section 4)."""
    return f"Predict.\n{code.rstrip()}\nInput:\n{stdin.rstrip()}"


def predict_answer(lines, outcome):
    """Explained (EXPLAINED, the explanation's lines, the output block) or, where there are no
    lines, at once (the output block), as in
    ["r = 3."], ("3", "") -> "Step by step:\\nr = 3.\\n<output>\\n3\\n</output>"."""
    stdout, error = outcome
    printed = stdout.rstrip() + "\n" if stdout.strip() else ""
    crash = f"<error>{error}\n" if error else ""
    explanation = EXPLAINED + "\n".join([*lines, ""]) if lines else ""
    return f"{explanation}{AT_ONCE}{printed}{crash}</output>"


def parse_outcome(answer):
    """The outcome a prediction states, None if it has no well-formed output block at its end."""
    match = OUTPUT.search(answer)
    return (match[1], match[2] or "") if match else None


def explanation_lines(answer):
    """The explanation of an answer, line by line, without its first line and the output block."""
    return answer.removeprefix(EXPLAINED).split(AT_ONCE)[0].splitlines()


def fence(code):
    return f"```python\n{code.rstrip()}\n```"


def solve_prompt(problem, show_tests=True):
    """The statement and, unless told otherwise, the public tests."""
    lines = ["Solve.", problem.statement]
    for stdin, stdout in problem.public if show_tests else ():
        lines.append(f"Test: {stdin} -> {stdout}")
    return "\n".join(lines)


def parse_program(answer):
    """The program in the answer's last fenced block, None if there is none."""
    blocks = re.findall(r"```python\n(.*?)```", answer, re.DOTALL)
    return blocks[-1] if blocks else None


def is_submit(answer):
    return answer.strip() == SUBMIT


def feedback(problem, outcomes):
    """Per public test: input, expected output, obtained outcome (true or predicted; None:
    unreadable), whether it is right."""
    results = []
    for (stdin, want), got in zip(problem.public, outcomes):
        results.append((stdin, want, got, same_outcome(got, (want, ""))))
    return results


def fix_prompt(problem, code, results):
    """Submit or fix (paper section 4): statement, program, and what came of each public test
    (`feedback`)."""
    lines = ["Submit or fix.", problem.statement, fence(code)]
    for stdin, want, got, right in results:
        stdout, error = got or ("", "")
        text = f"{stdout.strip()} <error>{error}" if error else stdout
        verdict = "right" if right else "wrong"
        lines.append(f"Test: {stdin} -> {want} obtained {text.strip() or 'nothing'} {verdict}")
    return "\n".join(lines)


def fix_text(problem, wrong):
    """(task, user text, assistant text) after the wrong attempt, to be answered by the solution, or
    after the solution, by #SUBMIT. The outcomes are true ones, as in the paper's training."""
    program, answer = problem.solution, SUBMIT
    outcomes = [(stdout, "") for _, stdout in problem.public]
    if wrong:
        program, outcomes = problem.wrong, problem.wrong_outcomes
        answer = problem.repair + fence(problem.solution)
    return "fix", fix_prompt(problem, program, feedback(problem, outcomes)), answer


def try_text(problem):
    """(task, user text, assistant text): practice for repairs, each reading tried on a test."""
    stdin, want = problem.public[0]
    return "try", f"Try.\n{problem.statement}\nOn {stdin} we want {want}.", problem.tries


def sft_texts(problem, rng):
    """(task, user text, assistant text) samples of one training problem: its solution; a
    submit-or-fix turn, seven of eight after a wrong attempt; where the world has it, a try."""
    texts = [("solve", solve_prompt(problem), fence(problem.solution)),
             fix_text(problem, problem.wrong and rng.random() < 7 / 8)]
    if problem.tries:
        texts.append(try_text(problem))
    return texts


# ------------------------------------------------------------------------------------------------
# Data files.

CHUNK = 100  # samples made from one seed: the files do not depend on the number of cores
LONGER_SHARE = {"sft": 0.10, "rl": 0.5}  # of cases; validation and test have as many of each set
# How many phrases of a problem are vague, in turn: what is measured; in training; in *_vague.
VAGUE = {"problems": (0, 1, 0, 1, 0, 1, 0, 2), "train": (0, 1, 0, 2, 1, 3), "vague": (2, 3)}


def random_case(rng, world, knobs, split, set_):
    """One prediction case of the split; None when this draw does not qualify (draw again)."""
    program = world.random_program(rng, knobs, split, set_)
    if program is None:
        return None
    teller = getattr(world, "TELLER", tracer)
    run = teller.record(program.code, program.stdin, max_events=1_000)
    if not run.complete:
        return None
    lines = teller.narrate(run, seed=rng.randint(0, 3))
    outcome, kind = (run.stdout, run.error), "crash" if run.error else program.kind
    return Case(program.code, program.stdin, *outcome, program.cls, set_, kind, len(lines),
                predict_answer(lines, outcome))


def make_rows(args, file, chunk, count):
    """The first `count` rows of one CHUNK of the file; none where the world has no problems."""
    world = worlds.load(args.world)
    knobs = world.SIZES[args.world_size]
    stage, what = file.split("_")
    split = "train" if stage in LONGER_SHARE else stage
    if what != "cases" and not hasattr(world, "random_problem"):
        return []
    rng, rows, refused = random.Random(f"{args.seed}/{file}/{chunk}"), [], 0
    vague = VAGUE.get("train" if split == "train" else what)
    while len(rows) < count:
        if what != "cases":
            row = world.random_problem(rng, knobs, split, vague[len(rows) % len(vague)])
        else:
            set_ = SETS[len(rows) % len(SETS)]
            if split == "train":
                set_ = "longer" if rng.random() < LONGER_SHARE[stage] else "short"
            row = random_case(rng, world, knobs, split, set_)
        refused += 1
        if row is not None:
            rows.append(row)
            refused = 0
        if refused > 20_000:
            raise ValueError(f"the world {args.world} has too few programs for {file}")
    return rows


def make_chunk(job):
    return "".join(json.dumps(asdict(row)) + "\n" for row in make_rows(*job))


def make_data(args):
    """Write every data file under out/data that is not there yet."""
    folder, sizes = args.out / "data", PRESETS[args.preset]["data"]
    made_with = check_data(args, *sizes)
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.glob("*.jsonl")):  # else they are made with what stands there
        text = json.dumps(made_with | {"commit": commit()}, indent=1)
        replace_text(folder / "settings.json", text)
    with ProcessPoolExecutor(initializer=serve) as pool, helpers_end():
        for name in sizes:
            path, started = folder / f"{name}.jsonl", time.time()
            if path.exists():
                say(f"data   {name:14s} is there")
                continue
            check_data(args, *sizes)  # again: another command may have come between
            size = made_with[name]
            if name in ("val_cases", "test_cases"):
                size *= len(SETS)
            jobs = []
            for first in range(0, size, CHUNK):
                jobs.append((args, name, first // CHUNK, min(CHUNK, size - first)))
            with plainly(ValueError):
                text = "".join(pool.map(make_chunk, jobs))
            replace_text(path, text)
            rows, seconds = text.count("\n"), time.time() - started
            say(f"data   {name:14s} {rows:7,d} in {seconds:5.1f} s")


def load_rows(path, cls):
    """The rows of a data file. Ends the program if it is missing or damaged."""
    if not path.exists():
        out = path.parent.parent
        fail(f"{path} is missing: make it with `python tasks.py --out {out}` and your other flags")
    rows = []
    for number, line in enumerate(path.open("rb"), 1):
        try:
            row = json.loads(line)
            rows.append(cls(**row))
            if len(row) < len(fields(cls)):  # of a version without this field
                raise ValueError("fields are missing")
        except (ValueError, TypeError) as problem:
            fail(f"{path}, line {number}: not a {cls.__name__} ({problem}); "
                 "delete the file and run `python tasks.py` again, with its flags")
    if not rows and cls is Case:
        fail(f"{path} is empty: delete it and run `python tasks.py` again, with its flags")
    return rows


def load_cases(path):
    return load_rows(path, Case)


def load_problems(path):
    return load_rows(path, Problem)


def load_split(args, split, n_cases, n_problems):
    """What val or test is measured on -> under each of SETS its first n_cases cases; problems."""
    data, sets = args.out / "data", {}
    cases = load_cases(data / f"{split}_cases.jsonl")
    for set_ in SETS:
        sets[set_] = [case for case in cases if case.set == set_][:n_cases]
    return sets, load_problems(data / f"{split}_problems.jsonl")[:n_problems]


def show(args):
    """Print samples of each text."""
    texts = []
    for case in make_rows(args, "val_cases", 0, 2):
        texts.append((f"predict, {case.set}", case.prompt, case.nlex))
        texts.append(("the same, at once", "(as above)", case.answer(explained=False)))
    for problem in make_rows(args, "sft_problems", 0, 2):
        texts.append(("solve", solve_prompt(problem), fence(problem.solution)))
        texts.append(fix_text(problem, wrong=False))
        if problem.wrong:
            texts.append(fix_text(problem, wrong=True))
        if problem.tries:
            texts.append(try_text(problem))
    for task, user, assistant in texts:
        print(f"\n=== {task}\n--- user\n{user}\n--- assistant\n{assistant}")


if __name__ == "__main__":
    parser = manual(__doc__)
    parser.add_argument("--show", action="store_true", help="print samples, write nothing")
    args = settings(parser, "data")
    if args.show:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it quietly
        show(args)
    else:
        started = time.time()
        with plainly():
            make_data(args)
            add_seconds(args.out, "data", time.time() - started)
