"""The command `python trace.py prog.py`: see trace.py's first lines.

Exit status: 0 explained, also when the program crashed; 1 explained in part or refused, with the
reason; 2 nothing to explain.
"""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import sys
import tokenize

import trace as words
from commands import fail, manual, plainly
from tracer import explain, raw, record
from tracer.narrator import is_unwound, numbered


def ending(trace) -> str:
    """How a run ended: "The program stops with IndexError: ..., line 3.", "" if by itself."""
    if not trace.error:
        return ""
    place, before, message = 0, None, trace.ending
    unwound = {event.frame for event in trace.events if is_unwound(event)} | {0}  # and the module
    for event, line in zip(trace.events, lines_of(trace)):  # where it was raised, not passed on
        if event.kind == "exception" and event.extra == trace.error and (
                event.frame in unwound and not is_unwound(before)):
            place = line
        before = event
    if "\n" in message:
        message = repr(message)
    what = f"{trace.error}: {message}" if message else trace.error
    return f"The program stops with {what}" + (f" (line {place})." if place else ".")


def lines_of(trace) -> list[int]:
    """For each event, the source line of the statement that had just run (call: the definition)."""
    statements = numbered(trace.code)[1] if trace.events else {}
    running, lines = {}, []
    for event in trace.events:
        node = statements.get(event.line if event.kind == "call" else running.get(event.frame))
        lines.append(node.source if node else 0)
        if event.kind == "line":
            running[event.frame] = event.line
    return lines


def read(path: str) -> str:
    """A text file, or our own input for "-". A Python file says itself how it is encoded."""
    try:
        if path == "-":
            return sys.stdin.read() if sys.stdin else ""  # None: it is closed
        with tokenize.open(path) if path[-3:] == ".py" else open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, ValueError, SyntaxError) as problem:  # not there, not a file, not UTF-8
        fail(f"cannot read {path}: {getattr(problem, 'strerror', None) or problem}")


def program_of(path: str, call: str | None = None) -> str:
    """The program to run: the file, and the call that was asked for."""
    code = read(path)
    if call is not None:
        try:
            if not isinstance(ast.parse(call.strip(), mode="eval").body, ast.Call):
                raise SyntaxError
        except (SyntaxError, ValueError):
            fail(f'--call needs one call, such as "f([1, 2], 3)", got {call!r}')
        code += f"\nprint(repr({call.strip()}))\n"
    try:
        compile(code, path, "exec", dont_inherit=True)
    except SyntaxError as problem:
        place = f", line {problem.lineno}" if problem.lineno else ""
        fail(f"{path}{place}: {problem.msg}")
    except (ValueError, RecursionError, MemoryError) as problem:
        fail(f"{path} cannot be compiled: {problem}")
    return code


@plainly()
def main() -> None:
    parser = manual(words.__doc__)
    parser.allow_abbrev = False
    parser.add_argument("program", help="a Python file")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--stdin", metavar="TEXT",
                        help="its standard input, as text (-: this command's own input)")
    source.add_argument("--stdin-file", metavar="FILE",
                        help="its standard input, from a file (-: this command's own input)")
    parser.add_argument("--call", metavar="CALL",
                        help='after the file, run this call and print the result: "f([1, 2], 3)"')
    parser.add_argument("--format", choices=("nlex", "raw", "json"),
                        help="natural language (default), structured frames, or JSON")
    parser.add_argument("--max-events", type=int, default=10_000,
                        help="stop recording after so many events (default: 10000)")
    parser.add_argument("--html", metavar="FILE",
                        help="write a page to step through the run, and print no sentences")
    args = parser.parse_args()
    if args.max_events < 1:
        fail("--max-events must be at least 1")
    if args.html is not None and args.format:
        fail("--html writes a page and prints nothing: leave out --format")
    if args.html and os.path.realpath(args.html) == os.path.realpath(args.program):
        fail(f"--html would write over {args.program}")
    sys.stdout.reconfigure(errors="backslashreplace")
    code, stdin = program_of(args.program, args.call), args.stdin or ""
    if stdin == "-" or args.stdin_file:
        stdin = read(args.stdin_file or "-")
    trace = record(code, stdin, max_events=args.max_events)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it quietly
    refused = trace.reason.startswith(("what it prints", "without tracing"))
    if args.html is not None and not refused:
        from lab.page import write_program  # no more than a page: nothing else here needs it
        write_program(trace, args.html)
    else:
        show(trace, args.format or "nlex", refused)
    reads = trace.error == "EOFError" or re.search(r"\bstdin\b", code)
    if reads and not stdin and args.stdin is None:
        print("trace.py: the program reads input: give it with --stdin, --stdin-file or --stdin -",
              file=sys.stderr)
    if not trace.complete:
        how = "no explanation" if refused else "explained only in part"
        print(f"trace.py: {how}: {trace.reason}", file=sys.stderr)
        sys.exit(1)


def show(trace, form: str, refused: bool) -> None:
    steps = [] if refused else explain(trace)
    if form == "json":
        lines = lines_of(trace)
        told = [{"line": lines[k], "event": k, "text": text} for k, text in steps]
        print(json.dumps({**vars(trace), "steps": told}))
        return
    if refused:
        return
    lines = [text for _, text in steps] + [ending(trace)] * bool(trace.error)
    for line in raw(trace) if form == "raw" else lines:
        print(line)
    print(f"<output>\n{trace.stdout.rstrip()}" if trace.stdout.strip() else "<output>")
    if trace.error:
        print(f"<error>{trace.error}")
    print("</output>")
