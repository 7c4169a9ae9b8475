"""To be skipped at first reading: any Python program explained. Builds on trace.py.

    record(code, stdin)      # -> trace.Trace, recorded inside the sandbox
    narrate(trace, seed)     # -> sentences; explain: with the events they are about; raw: frames

recorder.py runs in the sandbox: it gives every statement a line of its own and notes what it
changed. narrator.py and expressions.py say it in words. command.py is what `python trace.py` does.
"""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path

from sandbox import Sandbox, run
from trace import Event, Trace
from tracer.narrator import explain, in_fewer_words, narrate, raw  # noqa: F401
from tracer.recorder import whole

ENDS = {"OK": "the program ended its process", "ERROR": "the program ended its process",
        "TIMEOUT": "more than 10 seconds", "MEMORY": "the memory limit"}


RECORDER = Path(__file__).with_name("recorder.py").read_text(encoding="utf-8")


def record(code: str, stdin: str = "", max_events: int = 10_000, max_bytes: int = 1_000_000, *,
           sandbox: Sandbox | None = None) -> Trace:
    """Record a run. Limits (the paper's: 10,000 events, 1 MB) end the recording with status LIMIT,
    complete=False and the reason; so do the sandbox's, with the events up to then. Complete is only
    what printed the same as an untraced run (in `sandbox`, if one is given). Never raises on
    account of the program."""
    job = json.dumps({"code": code, "max_events": max_events, "max_bytes": max_bytes})
    driver = (f"space = {{'__name__': 'recorder'}}\n"
              f"exec(compile({RECORDER!r}, '<recorder>', 'exec'), space)\n"
              f"space['serve']({job!r})\n")
    result = run(driver, stdin, cpu_seconds=10.0, output_bytes=40 * max_bytes + 1_000_000)
    events, end = [], None
    for line in result.stdout.splitlines():
        try:
            item = json.loads(line)
        except ValueError:
            break
        if isinstance(item, list):
            events.append(Event(*item))
        else:
            end = item
    whole(events)
    if end is None:  # the run ended before the recorder did: os._exit, a signal, a limit
        ends = {**ENDS, "OUTPUT_LIMIT": f"more than {max_bytes:,} bytes of values"}
        reason = ends.get(result.status, f"the process died: {result.status}")
        end = {"status": "LIMIT", "reason": reason}
    printed = "".join(map(printed_by, events))
    trace = Trace(code, stdin, events, **{"stdout": printed, "error": "", "complete": False, **end})
    if trace.status != "LIMIT":
        once = partial(run, cpu_seconds=10.0, output_bytes=max_bytes)
        compare(trace, partial(sandbox.run if sandbox else once, code, stdin))
    return trace


def printed_by(event) -> str:
    more = event.more or {}
    turns = more.get("turns", []) + more.get("asked", [0, []])[1]
    said = event.extra if event.kind in ("line", "return", "yield") else more.get("said", "")
    return "".join([printed for printed, _ in turns]) + said


def compare(trace: Trace, untraced) -> None:
    """Incomplete where an untraced run printed something else. Addresses of objects are as good as
    any others. If the sandbox is the reason of an exception, that is said with its message; what
    follows after the program has caught a failed import does without."""
    true = untraced()
    note = true.note
    imports = trace.error in ("ImportError", "ModuleNotFoundError")
    if note and trace.error and (imports or "modules" not in note):
        trace.ending += f" ({note})"
    texts = [re.sub(" at 0x[0-9a-f]{6,}", "", run.stdout) for run in (trace, true)]
    if texts[0] == texts[1] and trace.error == true.error:
        return
    if true.status == "MEMORY" and trace.error == "MemoryError":
        return
    trace.complete, trace.reason = False, "what it prints differs when it is not traced"
    if true.status not in ("OK", "ERROR"):
        trace.reason = f"without tracing it ends by {true.status}"
    elif untraced().stdout != true.stdout:
        trace.reason = "what it prints differs every time (chance, time, addresses)"
    elif re.search(r"\bos\.write\(", trace.code):
        trace.reason = "what it prints by os.write is not recorded"
