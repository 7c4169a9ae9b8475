"""What becomes of a problem? Its programs, what the model believes of them, the pick, the repairs.

    python eval.py --episode 7                       # by out/rl.pt, else out/sft.pt, else ours
    python eval.py --episode 7 --ckpt out/sft.pt     # by another

Problem K, from 0 on, is a row of the world's test problems, in the order in which tasks.py draws
them by the seed: nobody chose it by how well it goes, and no program that behaves like its solution
was trained on. What the model says is sampled at temperature 1; self-RLEF has four programs at
most. `>>` marks a wrong belief, `!` the first wrong line of the simulation that led to it. Writes
no file.
"""

from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import indent

import eval as course
import tasks
import tracer
from answers import Model, Truth, as_taught, checkpoint_of
from commands import fail
from sandbox import Sandbox
from trace import first_wrong_step

RUN = "{mark} on {stdin}: it believes {believed}, where {want} is wanted: {verdict}. Truly {true}."
ENDS = "really run, it fails a test", "really run, it passes all tests"


def in_words(outcome):
    return "".join(outcome).strip() if outcome else "nothing readable"


def look(model, truth, attempt):
    """-> code ("": none could be read); solves: does it really pass all tests, hidden ones, too?
    runs: on each public test stdin, want (what is expected), told (the explanation, line by line),
    believed and true (what comes out), verdict (of the belief: right | wrong), mark (">>" where it
    is not the truth) and line (then: number of the first wrong line, if one is)."""
    runs = []
    for stdin, want in attempt.problem.public if attempt.code else ():
        pair, mark, step = (attempt.code, stdin), "  ", None
        (answer,), (true,) = model.simulate([pair]), truth.outcomes([pair])
        believed, told = tasks.parse_outcome(answer), tasks.explanation_lines(answer)
        if in_words(believed) != in_words(true):
            mark, step = ">>", first_wrong_step(told, as_taught(tracer.record(*pair), {})[0])
        verdict = "right" if tasks.same_outcome(believed, (want, "")) else "wrong"
        runs.append({"stdin": stdin, "want": want, "told": told, "believed": in_words(believed),
                     "true": in_words(true), "verdict": verdict, "mark": mark,
                     "line": step and step[0]})
    return {"code": attempt.code, "solves": bool(truth.right([[attempt]])), "runs": runs}


def play(model, truth, problem, n, turns):
    """One episode as plain data -> the problem's fields (statement, public, ...) and
    programs: n of them, as of `look`; pick: the number of the first that it believes to pass most;
    tied: how many it believes to pass as many;
    turns: of self-RLEF from program 0 on, as of `look`, with answer: a fix or #SUBMIT, "" where no
    turn is left. The model remembers what it said, so asking again tells what was said then."""
    rounds = course.solve(model, [problem], n)
    codes = [attempt.code for (attempt,) in rounds]
    model.simulate(list(product(codes, dict(problem.public))))  # all at once: faster
    scores = course.scores(rounds, model.belief)[:, 0].tolist()
    programs, told = [look(model, truth, attempt) for (attempt,) in rounds], []
    (last,) = course.self_rlef(rounds[0], model.write, model.belief, turns)
    for turn, code in enumerate(last.programs, 1):
        attempt, answer = course.Attempt(problem, [code]), ""
        if turn < turns:
            (results,) = course.on_public_tests([attempt], model.belief)
            (answer,) = model.write([course.fix_prompt(attempt, results)], turn)
        told.append(look(model, truth, attempt) | {"answer": answer})
    best = scores.index(max(scores))
    return vars(problem) | {"programs": programs, "pick": best, "tied": scores.count(scores[best]),
                            "turns": told}


def text_of(program, explained):
    lines = [program["code"].strip() or "(no program can be read)"]
    for run in program["runs"]:
        lines.append(RUN.format_map(run))
        for k, line in enumerate(run["told"] if explained else ()):
            lines.append(f"{'!' if k == run['line'] else '':>6} {line}")
    return indent("\n".join(lines), "    ")


def text(episode):
    """The episode, to be read."""
    lines = ["{statement}\nPhrases with two readings: {vague}".format_map(episode)]
    tie = ": the first of {tied} believed to pass as many" if episode["tied"] > 1 else ""
    for k, program in enumerate(episode["programs"]):
        pick = f" (picked{tie.format_map(episode)})" if k == episode["pick"] else ""
        lines.append(f"Program {k}{pick}: {ENDS[program['solves']]}\n{text_of(program, False)}")
    lines.append("Repairs (self-RLEF): program 0 first, each told what its own simulation says")
    for k, turn in enumerate(episode["turns"], 1):
        answer = indent(turn["answer"] or "(no turn is left)", "    ")
        lines.append(f"Attempt {k}: {ENDS[turn['solves']]}\n{text_of(turn, True)}\n\n{answer}")
    return "\n\n".join(lines)


def show(args):
    if not 0 <= args.episode < tasks.CHUNK:
        fail(f"--episode is a number from 0 to {tasks.CHUNK - 1}, not {args.episode}")
    path = checkpoint_of(args)
    with TemporaryDirectory() as folder, Sandbox(cpu_seconds=0.5) as sandbox:
        args.out = Path(folder)  # what the model says is kept there, and goes
        model = Model(path, args)
        made = model.checkpoint["made"]
        args.world, args.world_size = made.get("world", "contest"), made.get("world_size", "cpu")
        problems = tasks.make_rows(args, "test_problems", 0, args.episode + 1)
        if not problems:
            fail(f"the world {args.world} has no problems")
        print(f"Test problem {args.episode}, {path}")
        turns = min(args.turns, 4)  # of some problems all ten: twenty seconds
        print(text(play(model, Truth(sandbox), problems[-1], args.samples, turns)))
