"""What does a model say, what does a program print?

This file may be skipped: sft.py and rl.py use ask, which samples answers to texts, validate, and
Runner, which runs programs and remembers what came out; eval.py uses Model.belief, Model.write,
Truth.outcomes and Truth.right, which do what they say for lists of texts, ask nothing twice and
share the work among processes; and show, its --show.
"""

import ast
import builtins
import json
import os
import random
import signal
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import starmap
from pathlib import Path

os.environ.setdefault("GOMP_SPINCOUNT", "2000")  # before torch: threads that wait soon sleep

import numpy as np

import tasks
import worlds
from commands import fail, read_json, refuse_others, replace_text
from fast import generate
from model import VOCAB, Rollout, pick_device
from runs import digest, gather, load, maker, share, start_and_data
from trace import first_wrong_step


@dataclass
class Turn:
    """One prompt and what was sampled after it."""
    prompt: list[int]
    rollout: Rollout                        # tokens, their log probabilities, finished
    text: str                               # "" where the end token was not reached: never right
    advantage: float = 0.0                  # in rl.py

    @property
    def explained(self):
        """Told in steps, to its end?"""
        return self.text.startswith(tasks.EXPLAINED)


def sample(model, tokenizer, users, max_new_tokens, group, seed, temperature=1.0, begin=""):
    """`group` answers to each user text -> groups of turns. begin: how every answer begins, as a
    part of its prompt. A prompt that fills the context is cut, and so is its answer: no room."""
    prompts, groups, room = [], [], model.config.n_ctx - 1
    for user in users:
        prompts.append((tokenizer.prompt(user) + tokenizer.encode(begin))[:room])
    answers = generate(model, prompts, max_new_tokens, group, seed, end=tokenizer.end,
                       temperature=temperature)
    for prompt, rollouts in zip(prompts, answers):
        turns = []
        for rollout in rollouts:
            text = begin + tokenizer.decode(rollout.tokens[:-1]) if rollout.finished else ""
            turns.append(Turn(prompt, rollout, text))
        groups.append(turns)
    return groups


def ask(model, tokenizer, rng, users, max_new_tokens, group=1, **how):
    """The same by another seed at each call: rng's next."""
    return sample(model, tokenizer, users, max_new_tokens, group, rng.getrandbits(40), **how)


def share_right(cases, groups):
    """Of the predictions in the groups of turns."""
    right = []
    for case, turns in zip(cases, groups):
        right += [tasks.same_outcome(tasks.parse_outcome(t.text), case.outcome) for t in turns]
    return float(np.mean(right))


def validate(model, tokenizer, sets, problems, runner, args, solve=True):
    """sets, problems: as of tasks.load_split. The same items and seed at every call. What is chosen
    is chosen by these numbers. Every process samples its share. -> the val_* keys of the log."""
    record, explained = {}, []
    answer = partial(ask, model, tokenizer, random.Random(1))
    ways = {"": dict(group=4), "_greedy": dict(temperature=0),
            "_steps": dict(temperature=0, begin=tasks.EXPLAINED)}
    for set_ in ("short", "longer"):
        users = [case.prompt for case in sets[set_]]
        for way, how in ways.items():
            predict = partial(answer, max_new_tokens=args.max_new_tokens_predict, **how)
            groups = share(users, predict)
            record[f"val_{set_}{way}"] = share_right(sets[set_], groups)
            if not way:
                explained += [turn.explained for turns in groups for turn in turns]
    record["val_explained"] = float(np.mean(explained))
    if solve and problems:  # a world may have none
        users, jobs = list(map(tasks.solve_prompt, problems)), []
        answers = share(users, lambda mine: answer(mine, args.max_new_tokens_solve))
        for problem, (turn,) in zip(problems, answers):
            jobs.append((tasks.parse_program(turn.text), problem.tests))
        record["val_solve"] = float(np.mean(runner.solved(jobs)))
    return record


RESULTS = Path(__file__).with_name("results")
COURSE, EVERYDAY = RESULTS / "course-seed0" / "rl.pt", RESULTS / "everyday" / "everyday.pt"


class Model:
    """A checkpoint that answers prompts and remembers what it said, in a file, too: a killed
    evaluation goes on where it was, and nothing is asked twice."""

    def __init__(self, path, args, remedy="train first, or name another by --ckpt"):
        """args: with rank, ranks, where several share the work. Ends the program by one line, with
        the remedy, where the file is missing or damaged."""
        self.checkpoint = load(path, pick_device(), remedy)
        self.args, self.tokenizer = args, self.checkpoint["tokenizer"]
        self.rank = getattr(args, "rank", 0)
        self.write = partial(self.ask, args.max_new_tokens_solve)  # answers solve and fix prompts
        # What is sampled depends on the weights, the code, the seed and how many share the work.
        names = "answers.py", "fast.py", "model.py", "pretrained.py", VOCAB.name
        code = map(VOCAB.with_name, names)
        origin = digest(path, *code)
        name = f"{path.stem}-{origin}-seed{args.seed}-of{getattr(args, 'ranks', 1)}.json"
        self.file = args.out / "eval-cache" / name
        self.said = read_json(self.file)

    def ask(self, max_new_tokens, prompts, draw=1, begin=""):
        """An answer to each prompt: draw 0 is the greedy one, 1, 2, ... are sampled. begin: how
        each has to begin."""
        said = self.said.setdefault(f"{max_new_tokens} {draw} {begin}", {})
        new = sorted(set(prompts) - said.keys())
        if new:
            work = partial(self.sample, max_new_tokens, draw, begin=begin)
            said.update(zip(new, share(new, work)))
            if self.rank == 0:
                self.file.parent.mkdir(parents=True, exist_ok=True)
                replace_text(self.file, json.dumps(self.said))
            gather([])  # who reads the file next finds it written
        return list(map(said.get, prompts))

    def too_long(self, prompt):
        """No room for an answer."""
        return len(self.tokenizer.prompt(prompt)) >= self.checkpoint["model"].config.n_ctx

    def sample(self, max_new_tokens, draw, prompts, begin="", cut=False):
        """Asks, and remembers nothing. An answer that is cut off is "", as in RL: never right;
        cut: what there is of it."""
        model, seed = self.checkpoint["model"], hash((self.args.seed, self.rank, draw))
        turns = sample(model, self.tokenizer, prompts, max_new_tokens, 1, seed, min(draw, 1), begin)
        answers = []
        for (turn,) in turns:
            cut_off = cut and not turn.rollout.finished
            answers.append(self.tokenizer.decode(turn.rollout.tokens) if cut_off else turn.text)
        return answers

    def simulate(self, pairs, draw=1, begin=""):
        """What the model says of each (program, stdin)."""
        prompts = list(starmap(tasks.predict_prompt, pairs))
        return self.ask(self.args.max_new_tokens_predict, prompts, draw, begin)

    def belief(self, pairs, draw=1, begin=""):
        """What the model believes comes out of each (program, stdin); None: nothing readable."""
        return list(map(tasks.parse_outcome, self.simulate(pairs, draw, begin)))


def load_models(args, stages):
    """-> stage: Model. Refuses weights that were made by other settings than these, and rl.pt if
    it began with another sft.pt; a copy by lab.export, which has other bytes, is not asked."""
    models = {}
    for stage in stages:
        path = args.out / f"{stage}.pt"
        models[stage] = model = Model(path, args, maker(f"{stage}.py", args))
        made, extra = model.checkpoint["made"], model.checkpoint["extra"]
        wanted = {"preset": args.preset, "seed": str(args.seed), "world": args.world}
        if stage == "rl" and "start_and_data" in made and "seconds" in extra:
            wanted["start_and_data"] = start_and_data(args, args.out / "sft.pt")
        refuse_others(path, made, wanted)
    return models


class Runner:
    """True execution, remembered: each distinct (program, stdin) runs once."""
    def __init__(self, sandbox):
        self.sandbox, self.known = sandbox, {}

    def outcomes(self, jobs):
        """Outcome of each (program, stdin); None where the run hit a limit."""
        new = [job for job in dict.fromkeys(jobs) if job not in self.known]
        for job, run in zip(new, self.sandbox.map(new)):
            self.known[job] = (run.stdout, run.error) if run.status in ("OK", "ERROR") else None
        return [self.known[job] for job in jobs]

    def solved(self, jobs):
        """Whether each program passes all its tests; a job is (program, [[stdin, stdout], ...]).
        None and "", no program, pass none. Stops each program at its first failed test."""
        right = [bool(code and tests) for code, tests in jobs]
        for turn in range(max([len(tests) for _, tests in jobs], default=0)):
            pairs, wanted = {}, {}  # by job number
            for k, (code, tests) in enumerate(jobs):
                if right[k] and turn < len(tests):
                    stdin, wanted[k] = tests[turn]
                    pairs[k] = code, stdin
            for k, outcome in zip(pairs, self.outcomes(list(pairs.values()))):
                right[k] = tasks.same_outcome(outcome, (wanted[k], ""))
        return right


class Truth(Runner):
    """What really comes out, by running; shared by the processes."""

    def outcomes(self, pairs):
        return share(pairs, super().outcomes)

    def right(self, rounds):
        """rounds: n lists of an attempt at every problem. -> (n, P): 1.0 where all tests of the
        problem are passed, else 0."""
        jobs = []
        for attempts in rounds:
            jobs += [(attempt.code, attempt.problem.tests) for attempt in attempts]
        return np.array(self.solved(jobs), dtype=float).reshape(len(rounds), -1)


def checkpoint_of(args):
    """Whom --show and --episode ask: --ckpt, else OUT/rl.pt, else OUT/sft.pt, else ours: --show the
    model of everyday programs, --episode the course's."""
    path = EVERYDAY if args.show else COURSE
    for own in (args.out / "sft.pt", args.out / "rl.pt"):
        path = own if own.exists() else path
    return args.ckpt or path


# What a person types for these kinds of syntax nodes; others have their name in ast, in lower case.
TYPED = dict(row.split(maxsplit=1) for row in """
Div /; FloorDiv //; Mod %; Pow **; USub -x; NotIn not in; IsNot is not; AugAssign += or another;
FunctionDef def; arg parameters; ClassDef class; ExceptHandler except; ImportFrom import;
alias import; withitem with; NamedExpr :=; IfExp ... if ... else ...; ListComp [... for ...];
SetComp {... for ...}; DictComp {... for ...}; GeneratorExp (... for ...); JoinedStr f'';
FormattedValue f''; Dict {}; Slice [:]; Subscript []; Starred *x""".split(";"))
SILENT = """module expr load store name call binop boolop unaryop compare arguments
comprehension""".split()  # they say nothing that their parts do not


def constructs(code):
    """-> what the program is made of, as it is typed: the first line that has it. Kinds of syntax
    and of constants, builtins, attributes and methods: "print(7 // 2)" -> {"print()": 1, "//": 1,
    "int constant": 1}"""
    found = {}

    def visit(node, line, called=""):
        line, kind = getattr(node, "lineno", line), type(node).__name__
        name, head = TYPED.get(kind, kind.lower()), getattr(node, "func", None)
        function = getattr(head, "id", "")  # that is called, if it has a name
        if kind == "Constant":
            name = f"{type(node.value).__name__} constant"
        elif kind == "Attribute":
            name = f".{node.attr}{called}"
        elif kind in ("If", "For", "While") and node.body[0].lineno == line:
            name += " with its body in one line"
        elif kind == "Assign" and len(node.targets) > 1:
            name = "x = y ="
        elif kind == "Subscript" and isinstance(node.ctx, ast.Store):
            name = "x[...] ="
        elif kind == "List" and node.elts:
            name = "list with items"
        elif kind == "Compare" and len(node.ops) > 1:
            name = "a < b < c"
        elif function == "input" and node.args:
            name = "input(prompt)"
        elif function in ("max", "min", "sum") and len(node.args) > 1:
            name = f"{function}(x, y)"
        elif kind == "keyword":
            name = f"{node.arg}="
        elif kind == "Name" and hasattr(builtins, node.id):
            name = node.id + called
            if name == "input()" and name in found:
                name = "a second input()"
        if name not in SILENT:
            found[name] = min(line, found.get(name, line))
        for child in ast.iter_child_nodes(node):
            visit(child, line, "()" if child is head else "")
    visit(ast.parse(code), 1)
    return found


def world_of(made):
    """The world of what the model was made with; None where it is not here."""
    with suppress(ValueError):
        return worlds.load(made.get("world", "contest"))


def never_seen(code, made):
    """-> ["def (line 3)", ...]: what the program has and two thousand draws of the world do not.
    made: what the model was made with."""
    world = world_of(made)
    if not world:
        return []
    rng, known, new = random.Random(0), set(), constructs(code)
    knobs = world.SIZES[made.get("world_size", "cpu")]
    for _ in range(2000):
        if new.keys() <= known:
            break
        program = world.random_program(rng, knobs, "train", "short")
        with suppress(SyntaxError):  # broken on purpose
            known |= constructs(program.code).keys() if program else set()
    return [f"{name} (line {new[name]})" for name in new if name not in known]


def as_taught(run, made, new=()):
    """-> the sentences about a recorded run; are they in the words that the model has learnt? new:
    what its world has not, and a teller of its own would tell wrongly."""
    import tracer  # explains any program

    told = list(map(tracer.in_fewer_words, tracer.narrate(run)))
    world = world_of(made)
    if not hasattr(world, "narrate"):
        return told, True
    with suppress(LookupError, AttributeError, TypeError):  # statements that share a line, ...
        if not (new and hasattr(world, "TELLER")):
            return world.narrate(run), True
    return told, False


def is_beyond(run, made):
    """Would its world leave this run out?"""
    fits = getattr(world_of(made), "fits", None)
    return bool(fits) and not fits(run)


def in_words(outcome):
    """("3\\n", "KeyError") -> "'3\\n' and KeyError"; None, where nothing is readable."""
    stdout, error = outcome or ("", "no output block")
    return f"{stdout!r} and {error}" if error else repr(stdout)


def show(args):
    """The model's simulation (greedy) and, from its first wrong line on, the truth. Writes no
    file."""
    import tracer.command  # explains any program

    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it quietly
    code = tracer.command.program_of(str(args.show))
    if args.stdin == "-":
        if str(args.show) == "-":
            fail("--show - and --stdin - both want this command's input")
        args.stdin = tracer.command.read("-")
    if not code.strip():
        fail(f"{args.show} is empty")
    run = tracer.record(code, args.stdin)
    if run.error == "EOFError" and not args.stdin:
        fail("the program reads input: give it with --stdin")
    if run.status == "LIMIT":
        fail(f"this run cannot be explained: {run.reason}")
    path = checkpoint_of(args)
    model, prompt = Model(path, args), tasks.predict_prompt(code, args.stdin)
    if model.too_long(prompt):
        fail(f"{args.show} and its input are longer than {path} can read")
    most, made = model.checkpoint["model"].config.n_ctx, model.checkpoint["made"]
    (told,) = model.sample(most, 0, [prompt], tasks.EXPLAINED, cut=True)
    new = never_seen(code, made)
    said, (true, taught) = tasks.explanation_lines(told), as_taught(run, made, new)
    wrong = first_wrong_step(said, true) if taught else None
    part = wrong[0] if wrong else -1
    print(code)
    if new:
        print(f"not in the world {made.get('world', 'contest')}, so the model has never seen it: "
              f"{', '.join(new)}\n")
    if taught and not new and is_beyond(run, made):
        print("longer, or with larger numbers, than what the model has seen\n")
    mark = ", >> its first wrong line (other words do not count)" if wrong else ""
    print(f"   the model ({path}) on {args.stdin!r}{mark}")
    for k, line in enumerate(said):
        print(">>" if k == part else "  ", line)
    if wrong or not taught:
        print("\n   the truth,", "from >> on" if taught else "in words the model has not learnt")
        for k, line in enumerate(true[max(part, 0):] or ["(nothing more)"]):
            print("  " if k or not taught else ">>", line)
    got, truth = tasks.parse_outcome(told), (run.stdout, run.error)
    verdict = "right" if tasks.same_outcome(got, truth) else "wrong"
    if wrong and verdict == "right":
        verdict += ", in spite of >>"
    print(f"\noutput {verdict}: simulated {in_words(got)}, true {in_words(truth)}")
