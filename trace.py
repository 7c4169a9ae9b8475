"""What happened, step by step, in words? Records the run of any program, explains it, checks a simulation against the truth.

    python trace.py prog.py --stdin "3 1 2"               # explain the run of a program
    python trace.py prog.py --stdin-file input.txt        # its input from a file (- : from this command's own input)
    python trace.py prog.py --call "f([1, 2], 3)"         # run the file, then this call
    python trace.py prog.py --format raw                  # structured frames instead of words: source line and changed variables
    python trace.py prog.py --format json                 # everything that was recorded, with the words

recorder.py notes every executed statement and what it changed; narrator.py says it in words (paper section 2.1, NLEX); this file is the
door to both. Foreign programs are recorded inside the sandbox, and only a recording that printed what an untraced run prints is explained.
Programs this project generated itself (trusted=True) are recorded in this process.

Every line of a simulation can be compared with the true one: `first_wrong_step`.
Exit status: 0 explained, also when the program crashed; 1 explained in part or refused, with the reason; 2 nothing to explain.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import signal
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tracer.expressions import chain  # noqa: F401  (this file is where others find it)
from tracer.narrator import PHRASES, explain, narrate, raw  # noqa: F401
from tracer.recorder import number, run_traced, whole
from sandbox import Sandbox, run


@dataclass
class Trace:
    """A recorded run; the form of its events is described in recorder.py."""
    code: str
    stdin: str
    events: list
    stdout: str
    error: str         # name of the exception that ended the run, "" if none
    status: str        # OK | ERROR | LIMIT
    complete: bool     # recorded to its end, with the output of an untraced run
    reason: str = ""   # why it is not complete
    ending: str = ""   # the message of the exception that ended the run


@cache
def _recorder() -> str:
    return (Path(__file__).with_name("tracer") / "recorder.py").read_text(encoding="utf-8")


def record(code: str, stdin: str = "", max_events: int = 10_000, max_bytes: int = 1_000_000, *, sandbox: Sandbox | None = None,
           trusted: bool = False) -> Trace:
    """Record a run. Limits (the paper's: 10,000 events, 1 MB) end the recording with status LIMIT, complete=False and the reason; so do
    the sandbox's, with the events up to then. trusted=True runs the program in this process: only for programs this project generated
    itself. Never raises on account of the program."""
    if trusted:
        return Trace(code, stdin, **run_traced(code, stdin, max_events, max_bytes))
    job = json.dumps({"code": code, "stdin": stdin, "max_events": max_events, "max_bytes": max_bytes})
    driver = f"space = {{'__name__': 'recorder'}}\nexec(compile({_recorder()!r}, '<recorder>', 'exec'), space)\nspace['serve']({job!r})\n"
    result = run(driver, stdin, cpu_seconds=10.0, output_bytes=40 * max_bytes + 1_000_000)
    events, end = [], None
    for line in result.stdout.splitlines():
        try:
            item = json.loads(line)
        except ValueError:
            break
        if isinstance(item, list):
            events.append(item)
        else:
            end = item
    whole(events)
    trace = Trace(code, stdin, events, "".join(e[4] for e in events if e[0] in ("line", "return", "yield")), "", "LIMIT", False)
    if end is None:  # the run ended before the recorder did: os._exit, a signal, a limit of the sandbox
        reasons = {"OK": "the program ended its process", "ERROR": "the program ended its process", "TIMEOUT": "more than 10 seconds",
                   "MEMORY": "the memory limit", "OUTPUT_LIMIT": f"more than {max_bytes:,} bytes of values"}
        trace.reason = reasons.get(result.status, f"the process died: {result.status}")
        return trace
    for name, value in end.items():
        setattr(trace, name, value)
    if trace.status == "LIMIT":
        return trace
    true = sandbox.run(code, stdin) if sandbox else run(code, stdin, cpu_seconds=10.0, output_bytes=max_bytes)
    if (trace.stdout, trace.error) != (true.stdout, true.error) and not (true.status == "MEMORY" and trace.error == "MemoryError"):
        trace.complete, trace.reason = False, "what it prints differs when it is not traced" if (
            true.status in ("OK", "ERROR")) else f"without tracing it ends by {true.status}"
    return trace


# ---------------------------------------------------------------------------------------------------------------------------
# Where a simulation goes wrong.

def canonical(line: str) -> str:
    """The line in its first wording."""
    for first, second in PHRASES:
        if line.endswith(second):
            return line[: -len(second)] + first
    return line.rstrip()


def first_wrong_step(simulated_lines: list[str], true_lines: list[str]) -> tuple[int, str] | None:
    """-> (line index, kind) of the first line that is not true, None if all are. Kinds: arithmetic, comparison, branch, loop, indexing,
    print, format (a line of another shape, missing or too many). Wording variants are equal."""
    for k in range(max(len(simulated_lines), len(true_lines))):
        if k >= len(true_lines) or k >= len(simulated_lines):
            return k, "format"
        got, want = canonical(simulated_lines[k]), canonical(true_lines[k])
        if got != want:
            return k, _kind(got, want)
    return None


def _shape(line: str) -> str:
    if line.startswith("Turn ") or line in ("The loop ends.", "We continue.", "We break out of the loop."):
        return "loop"
    if line.startswith("We "):
        return " ".join(line.split()[:2])
    return "condition" if (" is true, " in line or " is false, " in line) else "assignment" if " = " in line else "other"


def _kind(got: str, want: str) -> str:
    shape = _shape(want)
    if _shape(got) != shape:
        return "loop" if shape == "loop" else "format"
    if shape == "loop":
        return "loop"
    if shape == "We print":
        return "print"
    if shape == "condition":
        return "branch" if got.rpartition(", so ")[0] == want.rpartition(", so ")[0] else "comparison"
    if shape == "assignment":
        return "indexing" if re.search(r"[A-Za-z_]\[", want.partition(" = ")[2].partition(" = ")[0]) else "arithmetic"
    return "format"


# ---------------------------------------------------------------------------------------------------------------------------

def ending(trace: Trace) -> str:
    """The sentence that tells how a run ended, "" where it came to its end: "The program stops with IndexError: ..., line 3."."""
    if not trace.error:
        return ""
    place, before = 0, None
    for event, line in zip(trace.events, _lines(trace)):  # where the last exception was raised, not where it passed through
        if event[0] == "exception" and not (before[0] == "return" and before[5] == ""):
            place = line
        before = event
    what = f"{trace.error}: {trace.ending}" if trace.ending else trace.error
    return f"The program stops with {what}" + (f" (line {place})." if place else ".")


def _lines(trace: Trace) -> list[int]:
    """For each event, the source line of the statement that had just run (call: of the definition)."""
    statements, running, lines = number(trace.code)[1] if trace.events else {}, {}, []
    for kind, frame, line, *_ in trace.events:
        node = statements.get(line if kind == "call" else running.get(frame))
        lines.append(node.source if node is not None else 0)
        if kind == "line":
            running[frame] = line
    return lines


def _fail(message: str) -> None:
    print(f"trace.py: {message}", file=sys.stderr)
    sys.exit(2)


def _read(path: str) -> str:
    """A text file, or our own input for "-"."""
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:  # not there, not a file, not UTF-8
        _fail(f"cannot read {path}: {getattr(problem, 'strerror', None) or problem}")


_COLOURS = [(r" is true(?=[,.])", "32"), (r" is false(?=[,.])", "31"), (r"^(We print .*)$", "1"), (r"^(Turn \d+:)", "36"),
            (r"(.* stops with .*|We stop with .*|We raise .*)$", "31")]


def _coloured(line: str) -> str:
    for pattern, colour in _COLOURS:
        line = re.sub(pattern, lambda match, colour=colour: f"\x1b[{colour}m{match[0]}\x1b[0m", line)
    return line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("program", help="a Python file")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--stdin", default="", metavar="TEXT", help="its standard input, as text (-: this command's own input)")
    source.add_argument("--stdin-file", metavar="FILE", help="its standard input, from a file (-: this command's own input)")
    parser.add_argument("--call", metavar="CALL", help='after the file, run this call and print the result: "f([1, 2], 3)"')
    parser.add_argument("--format", choices=("nlex", "raw", "json"), default="nlex", help="natural language, structured frames, or JSON")
    parser.add_argument("--max-events", type=int, default=10_000, help="stop recording after so many events (default: 10000)")
    args = parser.parse_args()
    if args.max_events < 1:
        _fail("--max-events must be at least 1")
    code = _read(args.program)
    if args.call is not None:
        try:
            if not isinstance(ast.parse(args.call.strip(), mode="eval").body, ast.Call):
                raise SyntaxError
        except (SyntaxError, ValueError):
            _fail(f'--call needs one call, such as "f([1, 2], 3)", got {args.call!r}')
        code += f"\nprint(repr({args.call.strip()}))\n"
    try:
        compile(code, args.program, "exec", dont_inherit=True)
    except SyntaxError as problem:
        _fail(f"{args.program}, line {problem.lineno}: {problem.msg}")
    except (ValueError, RecursionError, MemoryError) as problem:
        _fail(f"{args.program} cannot be compiled: {problem}")
    stdin = _read("-" if args.stdin == "-" else args.stdin_file) if args.stdin == "-" or args.stdin_file else args.stdin
    trace = record(code, stdin, max_events=args.max_events)
    refused = not trace.complete and trace.status != "LIMIT" and trace.reason.startswith(("what it prints", "without tracing"))
    steps = [] if refused else explain(trace)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it quietly
    if args.format == "json":
        lines = _lines(trace)
        print(json.dumps({**vars(trace), "steps": [{"line": lines[k], "event": k, "text": text} for k, text in steps]}))
    elif not refused:
        lines = raw(trace) if args.format == "raw" else [*[text for _, text in steps], *filter(None, [ending(trace)])]
        colour = args.format == "nlex" and sys.stdout.isatty() and "NO_COLOR" not in os.environ
        print("".join(f"{_coloured(line) if colour else line}\n" for line in lines), end="")
        print(f"<output>\n{trace.stdout.rstrip()}" if trace.stdout.strip() else "<output>")
        print((f"<error>{trace.error}\n" if trace.error else "") + "</output>")
    if trace.error == "EOFError" and not stdin:
        print("trace.py: the program reads input: give it with --stdin, --stdin-file or -", file=sys.stderr)
    if not trace.complete:
        print(f"trace.py: {'no explanation' if refused else 'explained only in part'}: {trace.reason}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
