"""Is every sentence true, and is none missing? Lays an explanation beside what witness.py saw of the same program.

    judge(code, stdin, sentences)      # -> [Fault(kind, sentence number, text, why), ...]; kinds: false, missing, kind, untold
    python tests/oracle.py FOLDER...   # explains every FOLDER/*.py (input: the .in beside it) and counts what is wrong

It shares nothing with the recorder or the narrator: no events, no marks, no numbering. What the witness saw becomes a row of slots, in the
order in which things happened: a statement that ended, a turn, a call, an exception. Every slot wants its sentence (some may do without
one, NEEDLESS says which) and every sentence a slot; FORMS says which sentences fit which slots and what must be true then. Sentences and
slots are laid side by side at the lowest cost, so one that is missing or false does not disturb the others.
"""

import ast
import bisect
import heapq
import re
import signal
import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from instrument import numbered
from reading import ADDRESS, DEFINITIONS
from sentences import fit
from witness import witness

# What needs no sentence of its own, and why. Statements in which nothing happens (pass, global, nonlocal, a docstring, an annotation
# without a value, the head of a try) are not looked at by the witness.
NEEDLESS = {
    "calls": "told by what it did: calls of the program's own functions, what it printed, read, yielded",
    "no effect": "an expression without a call, alone in its line",
    "method": "a function in a class is told with the class",
    "constant": "while True, if 0: decided before the run",
    "hidden": "what changed has no notation, lies deeper than an explanation shows, or is told by calls",
    "turn": "what a loop over the input reads is the value of its turn",
    "passes": "an exception was told where it was raised; a with block is left by it, a generator closed by it",
    "waits": "a coroutine that waits, and goes on, may say so",
}


class Fault(NamedTuple):
    kind: str
    place: int  # of the sentence
    text: str
    why: str


class Slot:
    """Something that happened. optional: why it needs no sentence, a key of NEEDLESS, or "". begin, end: places in the log between which
    its values were seen; before, after: {variable: text}."""

    def __init__(self, kind: str, act: int, node=None, optional="", **more):
        self.kind, self.act, self.node, self.optional = kind, act, node, optional
        self.begin = self.end = 0
        self.before, self.after, self.changes, self.name, self.text, self.truth = {}, {}, {}, "", "", None
        self.calls, self.printed, self.total, self.read, self.joined, self.midline = False, "", "", "", False, False
        vars(self).update(more)

    def __repr__(self):
        what = f" {ast.unparse(self.node).splitlines()[0][:60]}" if isinstance(self.node, (ast.stmt, ast.expr)) else ""
        return f"{self.kind}{what} {self.name}{' ' * bool(self.text)}{self.text[:60]}".rstrip()


def plain(text: str) -> str:
    """Without quotes and what stands around: 'ab\\n' -> ab"""
    return str(ast.literal_eval(text)).strip() if text[0] in "'\"" else text


# ------------------------------------------------------------------------------------------------
# From the log to slots.

class World:
    """One run of one program: slots, and the values of every expression."""

    def __init__(self, code: str, log: list, last: int = -1):
        self.tree, self.nodes = numbered(code)
        self.log, self.last = log, last
        self.slots, self.seen_at, self.calls_at = [], defaultdict(list), []
        self.scopes, self.envs, self.names, self.begun = {}, defaultdict(dict), {0: "<module>"}, {}
        self.outs, self.reads, self.tried, self.turns, self.told = defaultdict(list), defaultdict(list), {}, {}, set()
        self.own_prints, self.prompts = set(), defaultdict(list)
        self.open, self.midline = False, {}
        self.current, self.result, self.parents, self.begins = {}, {}, {}, defaultdict(list)
        self.find_scopes(self.tree, 0)
        for time, (kind, act, *rest) in enumerate(log):
            self.time = time
            if act in self.tried and kind not in ("handle", "value"):
                self.unmatched(act)
            getattr(self, f"on_{kind}")(act, *rest)
        self.time = len(log)

    def find_scopes(self, node, scope: int) -> None:
        for child in ast.iter_child_nodes(node):
            self.parents[child] = node
            self.scopes[child] = scope
            inner = child.number if isinstance(child, ast.ClassDef) else 0 if isinstance(child, DEFINITIONS) else scope
            self.find_scopes(child, inner)

    def seen(self, node, slot, later=False) -> list[str]:
        """The values of an expression, while the slot's statement ran (later: if none, until it begins again)."""
        found = self.seen_at.get((slot.act, getattr(node, "number", -1)), ())
        texts = [text for _, text in found[bisect.bisect_left(found, (slot.begin,)):bisect.bisect_left(found, (slot.end,))]]
        if later and not texts and slot.node is not None:
            begins = self.begins.get((slot.act, slot.node.number), ())
            again = bisect.bisect_right(begins, slot.end)
            end = begins[again] if again < len(begins) else len(self.log)
            texts = [text for _, text in found[bisect.bisect_left(found, (slot.end,)):bisect.bisect_left(found, (end,))]]
        return texts

    def env(self, act: int, node) -> dict:
        return self.envs[act, self.scopes.get(node, 0)]

    def change(self, act: int, node, changes: dict) -> dict:
        """-> what was visible before"""
        env = self.env(act, node)
        before = dict(env)
        for name, new in changes.items():
            if new is None:
                env.pop(name, None)
            else:
                env[name] = new[0]
        return before

    def add(self, kind: str, act: int, number=None, changes=(), **more) -> Slot:
        node = self.nodes[number] if number is not None else None
        begin, before = self.begun.get((act, number), (0, {}))
        slot = Slot(kind, act, node, begin=begin, before=before, end=self.time, **more)
        if node is not None:
            self.change(act, node, dict(changes))
            slot.after = dict(self.env(act, node))
            slot.changes = {name: new for name, new in dict(changes).items() if new}
        self.flush(act, slot)
        slot.calls = bisect.bisect_left(self.calls_at, begin) < len(self.calls_at) and kind != "call"
        self.slots.append(slot)
        return slot

    def is_print(self, act: int, number) -> bool:
        node = self.nodes[number] if number is not None else None
        call = getattr(node, "value", None)
        if not (isinstance(node, ast.Expr) and isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"):
            return False
        return (act, call.func.number) in self.own_prints

    def flush(self, act: int, slot) -> None:
        """What was printed and read before something else is told."""
        for other in {**self.prompts, **self.outs, **self.reads}:
            ends = other == act and slot.kind in ("stmt", "print", "raise", "test", "return", "over", "turn", "enter", "leave")
            printing = self.is_print(other, self.current.get(other))
            reads = "".join(self.reads.pop(other, []))
            prompt = self.prompts.pop(other, []) if printing else self.prompts.pop(other, []) + self.outs.pop(other, [])
            if prompt:
                text = "".join(prompt)
                self.slots.append(Slot("out", other, printed=text, total=text, midline=self.midline[other]))
                slot.total = text
            if reads:
                joined = ends and slot.kind in ("stmt", "turn")
                is_turn = slot.kind == "turn" and other == act and not re.search(r"input\(|\.read", ast.unparse(slot.node.iter)) and any(
                    reads.strip() == plain(slot.after.get(part.id, "<")) for part in ast.walk(slot.node.target) if isinstance(part, ast.Name))
                self.slots.append(Slot("read", other, read=reads, joined=joined, optional="turn" * is_turn))
                slot.read = reads
        if slot.kind == "print":
            slot.printed = "".join(self.outs.pop(act, []))
            slot.midline = self.midline.get(act, False)
            slot.total += slot.printed

    def on_value(self, act, number, text):
        self.seen_at[act, number].append((self.time, text))

    def on_builtin(self, act, number):
        self.own_prints.add((act, number))

    def on_place(self, act, number, text):
        self.seen_at[act, -number].append((self.time, text))

    def on_out(self, act, text):
        if self.reads.get(act):  # it prints again
            prompt = "".join(self.prompts.pop(act, []))
            if prompt:
                self.slots.append(Slot("out", act, printed=prompt, total=prompt, midline=self.midline[act]))
            self.slots.append(Slot("read", act, read="".join(self.reads.pop(act))))
        if not self.outs[act]:
            self.midline[act] = self.open
        self.open = text[-1:] != "\n"
        self.outs[act].append(text)

    def on_read(self, act, text):
        self.prompts[act] += self.outs.pop(act, [])
        self.open = False  # whoever types ends the line
        self.reads[act].append(text)

    def on_begin(self, act, number, changes):
        node = self.nodes[number]
        self.change(act, node, changes)
        self.begun[act, number] = self.time, dict(self.env(act, node))
        self.current[act] = number
        self.begins[act, number].append(self.time)
        self.turns[act, number] = 0
        if isinstance(node, (ast.Break, ast.Continue)):
            self.add("stmt", act, number)
        if isinstance(node, ast.ClassDef) and any(isinstance(part, ASSIGNED) and part.value for part in node.body):
            self.add("class", act, name=node.name)

    def on_end(self, act, number, changes):
        node = self.nodes[number]
        kind = "print" if self.is_print(act, number) else "stmt"
        busy = bool(self.outs.get(act) or self.reads.get(act))
        if kind == "print" or isinstance(node, ast.Assert):
            self.also(act, number, changes)
        slot = self.add(kind, act, number, changes)
        within = self.log[slot.begin:self.time]
        inner = any(item[1] != act or item[0] in ("yield", "wait", "out", "read") for item in within)
        slot.calls = any(item[1] != act for item in within)
        if isinstance(node, ast.Expr) and kind == "stmt":
            own = node.value.value if isinstance(node.value, ast.Await) else node.value
            slot.optional = "calls" if inner or busy else "no effect" * (not isinstance(own, ast.Call) and not changes)
            tests = own.values[:-1] if isinstance(own, ast.BoolOp) else [own.test] if isinstance(own, ast.IfExp) else []
            names = {getattr(part, "id", "") for test in tests for part in ast.walk(test)}
            if tests and "print" not in names and [(slot.kind, slot.act) for slot in self.slots[-2:-1]] == [("out", act)]:
                self.slots[-2:] = self.slots[:-3:-1]  # what is run is told before what it prints
        elif isinstance(node, DEFINITIONS):
            slot.optional = "method" * bool(self.scopes[node])
        elif isinstance(node, ast.Assert):
            self.slots.remove(slot)

    def on_test(self, act, number, truth, changes):
        node = self.nodes[number]
        if isinstance(node, ast.Assert) and not truth:
            return
        self.also(act, number, changes)
        self.add("test", act, number, changes, truth=truth, optional="constant" * isinstance(node.test, ast.Constant))

    def also(self, act, number, changes) -> None:
        """What a statement changed before its own sentence: (n := n + 1) > 3."""
        if changes and number is not None:
            slot = self.add("change", act, number, changes, joined=self.is_print(act, number))
            seen = any(new and new[1] and new[0][0] != "<" for new in changes.values())
            slot.optional = "hidden" * (slot.calls or not seen)

    def on_turn(self, act, number, changes):
        self.turns[act, number] += 1
        target = list(ast.walk(self.nodes[number].target))
        if not any(isinstance(part, (ast.Attribute, ast.Subscript)) and isinstance(part.ctx, ast.Store) for part in target):
            self.header(act, number, changes, [part.id for part in target if isinstance(part, ast.Name)])
        self.add("turn", act, number, changes, name=str(self.turns[act, number]))

    def on_over(self, act, number, changes):
        self.header(act, number, changes)
        self.add("over", act, number, changes)

    def header(self, act, number, changes, but=()):
        """What the head of a loop changed: not what it binds, nor what a pattern in its body may have bound without matching."""
        captured = [getattr(part, "name", None) for part in ast.walk(self.nodes[number]) if isinstance(part, (ast.MatchAs, ast.MatchStar))]
        self.also(act, number, {name: new for name, new in changes.items() if name not in (*but, *captured)})

    def on_enter(self, act, number, changes):
        self.add("enter", act, number, changes)

    def on_leave(self, act, number, passes, changes):
        self.add("leave", act, number, changes, optional="passes" * passes)

    def on_raise(self, act, number, name, message, exception, changes):
        passes = exception in self.told or name == "GeneratorExit"
        self.told.add(exception)
        if changes:
            seen = any(new and new[1] and new[0][0] != "<" for new in changes.values())
            waited = any(isinstance(part, (ast.Yield, ast.YieldFrom, ast.Await)) for part in ast.walk(self.nodes[number]))
            self.add("change", act, number, changes, optional="" if seen and passes and not waited else "passes")
        self.add("raise", act, number, name=name, text=message, optional="passes" * passes, truth=exception == self.last)

    def on_try(self, act, number):
        self.tried[act] = number

    def unmatched(self, act):
        self.slots.append(Slot("nomatch", act, self.nodes[self.tried.pop(act)]))

    def on_handle(self, act, number, name, message, changes):
        if self.tried.get(act) != number and act in self.tried:
            self.unmatched(act)
        self.tried.pop(act, None)
        self.add("handle", act, number, changes, name=name, text=message)

    def on_subject(self, act, number, text, changes):
        self.also(act, number, changes)
        self.add("match", act, number, changes, text=text)

    def on_case(self, act, number, changes):
        self.cases(act, self.parents[self.nodes[number]], number, changes)

    def on_unmatched(self, act, number):
        self.cases(act, self.nodes[number], None, {})

    def cases(self, act, match, number, changes):
        for case in match.cases:
            more = {"begin": self.begun.get((act, match.number), (0,))[0]} if case.number == number else {}
            self.add("case", act, case.number, changes if case.number == number else {}, truth=case.number == number)
            vars(self.slots[-1]).update(more)
            if case.number == number:
                return

    def on_call(self, act, number, name, given):
        self.names[act] = name
        self.calls_at.append(self.time)
        self.add("call", act, number, name=name)
        self.slots[-1].after = given

    def on_returns(self, act, text, changes):
        number = self.current[act]
        delayed = self.is_delayed(self.nodes[number])
        if not delayed:
            self.also(act, number, changes)
        self.result[act] = number, self.begun[act, number], self.time
        if delayed:
            self.add("delay", act, number, changes, text=text)

    def is_delayed(self, node) -> bool:
        """Is a finally clause or the end of a with block between a return and the end of the call?"""
        while not isinstance(around := self.parents[node], DEFINITIONS):
            final = getattr(around, "finalbody", [])
            if isinstance(around, (ast.With, ast.AsyncWith)) or final and node not in final:
                return True
            node = around
        return False

    def on_return(self, act, text):
        number, (begin, before), end = self.result.pop(act, (None, (0, {}), 0))
        slot = self.add("return", act, name=self.names[act], text=text)
        if number is not None:
            slot.node, slot.begin, slot.before, slot.end = self.nodes[number], begin, before, end

    def on_gone(self, act):
        self.result.pop(act, None)

    def on_yield(self, act, text, changes):
        number = self.current.get(act)
        self.also(act, number, changes)
        slot = self.add("yield", act, name=self.names[act], text=text)
        if number is not None:
            slot.node, (slot.begin, slot.before) = self.nodes[number], self.begun[act, number]

    def on_wait(self, act, text, changes):
        self.also(act, self.current.get(act), changes)
        self.add("wait", act, name=self.names[act], optional="waits")

    def on_resume(self, act):
        self.calls_at.append(self.time)
        waited = next((slot.kind for slot in reversed(self.slots) if slot.act == act and slot.kind in ("wait", "yield")), "")
        self.add("resume", act, name=self.names[act], optional="waits" * (waited == "wait"))


# ------------------------------------------------------------------------------------------------
# Side by side.

ASSIGNED = ast.Assign, ast.AnnAssign, ast.AugAssign
BACK = 60  # alignments that lag so far behind the best one are given up


def align(world: World, sentences: list[str], cut_told: bool, cut_seen: bool) -> list[Fault]:
    """The cheapest way to lay sentences beside slots; every fault costs 1. cut_told: the explanation may end early; cut_seen: the slots."""
    slots, memory = world.slots, {}

    def fits(i, j):
        if (i, j) not in memory:
            memory[i, j] = fit(world, sentences[i], slots[j])
        return memory[i, j]
    best, queue, ways, furthest = {(0, 0): 0}, [(0, 0, 0, 0)], {}, 0
    while queue:
        cost, _, i, j = heapq.heappop(queue)
        if cost > best[i, j] or i + j < furthest - BACK:
            continue
        furthest = max(furthest, i + j)
        if i == len(sentences) and (j == len(slots) or cut_told) or j == len(slots) and cut_seen:
            break
        steps = []
        if i < len(sentences) and j < len(slots):
            found = fits(i, j)
            if found is not None:
                steps.append((i + 1, j + 1, found[0]))
            if slots[j].kind in ("read", "change") and slots[j].joined and j + 1 < len(slots):
                found = fits(i, j + 1)
                if found is not None and found[1] == "both":
                    steps.append((i + 1, j + 2, found[0]))
        if j < len(slots):
            is_full = i < len(sentences) and sentences[i].startswith("So it goes on until the stack is full")
            steps.append((i, j + 1, None if slots[j].optional in NEEDLESS or is_full else "missing"))
        if i < len(sentences):
            steps.append((i + 1, j, "extra"))
        for k, m, fault in steps:
            price = cost + (0.99 if fault in ("missing", "extra") else 1 if fault else 0)
            if price < best.get((k, m), 1e9):
                best[k, m] = price
                ways[k, m] = i, j, fault
                heapq.heappush(queue, (price, -k - m, k, m))
    faults = []
    while (i, j) in ways:
        k, m, fault = ways[i, j]
        text = sentences[k] if k < len(sentences) else ""
        if fault == "missing":
            faults.append(Fault("missing", k, text, f"nothing is told of {slots[m]}"))
        elif fault == "extra":
            there = slots[m] if m < len(slots) else "the end"
            faults.append(Fault("kind" if KINDS.match(text) else "false", k, text, f"that did not happen here, but {there}"))
        elif fault:
            other = KINDS.match(text) and slots[m].kind in ("stmt", "change")
            faults.append(Fault("untold" if fault.startswith("untold") else "kind" if other else "false", k, text, fault))
        i, j = k, m
    return faults[::-1]


# A sentence about a with block, an exception or a loop that does not fit is one of the wrong kind.
KINDS = re.compile(r"We (enter|leave) the with|We (handle|raise) |.* stops? with |Turn |The .*(loop|except clause)|"
                   r".* the loop (goes on|ends)")


def judge(code: str, stdin: str, sentences: list[str], complete: bool = True, seen: dict | None = None) -> list[Fault]:
    seen = seen or witness(code, stdin)
    world = World(code, seen["log"], seen.get("last", -1))
    return align(world, sentences, not complete, seen["cut"])


class Explained(NamedTuple):
    trace: object
    sentences: list
    faults: list
    refused: str  # why there is no explanation to the end: a limit, "wrong output", what the oracle cannot look at; "" where there is one


def explained(code: str, stdin: str = "", want: str | None = None, max_events: int = 10_000) -> Explained:
    """Records, explains and judges a program. want: its true output, where that is known from elsewhere."""
    import tracer
    from sandbox import same_output
    trace = tracer.record(code, stdin, max_events)
    sentences = [text for _, text in tracer.explain(trace)]

    def result(refused: str, faults=()):
        return Explained(trace, sentences, list(faults), refused)
    if not trace.events:
        return result("" if trace.error == "SyntaxError" else trace.reason)
    if trace.complete and want is not None and (trace.error or not same_output(trace.stdout, want)):
        return result("wrong output")
    seen = witness(code, stdin, statements=max_events + 2000)
    if seen["error"] in ("timeout", "died"):
        return result(trace.reason or f"oracle: {seen['error']}")
    told, saw = ADDRESS.sub("0x", trace.stdout), ADDRESS.sub("0x", seen["stdout"])
    if trace.complete and not seen["cut"] and (told, trace.error) != (saw, seen["error"]):
        return result(f"oracle: it prints something else when it is instrumented ({seen['error']})")
    if trace.reason.startswith(("what it prints", "without tracing")):
        return result(trace.reason)
    faults = judge(code, stdin, sentences, trace.complete, seen)
    if faults and re.search(r"\b(import|from) (threading|_thread|concurrent|multiprocessing|asyncio)\b", code):
        return result("oracle: threads run when they like")
    for _ in range(3 if faults else 0):  # two may be alike by chance
        again = witness(code, stdin, statements=max_events + 2000)
        if ADDRESS.sub("0x", repr(again["log"])) != ADDRESS.sub("0x", repr(seen["log"])):
            return result("oracle: it does something else every time")
    return result(trace.reason, faults)


def programs(name: str, every: int = 1):
    """-> (name, code, stdin, true output or None) of a file, of a folder's files, or of a part of real/ ("real/quixbugs"), one of so many."""
    if name.startswith("real/"):
        from real import programs as real
        yield from real(name.removeprefix("real/"), every)
        return
    place = Path(name)
    for path in (sorted(place.glob("*.py")) if place.is_dir() else [place])[::every]:
        stdin = path.with_suffix(".in")
        code = path.read_bytes().decode("utf-8-sig", "replace").replace("\r\n", "\n")
        yield path.name, code, stdin.read_text() if stdin.exists() else "", None


def main() -> None:
    """Options: --show N faults of a program (3), --every K programs one (1). Stopped, it counts what it has seen."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    options = {name: int(value) for name, value in zip(sys.argv, sys.argv[1:]) if name in ("--show", "--every")}
    names = [name for name, before in zip(sys.argv[1:], sys.argv) if not name.startswith("--") and not before.startswith("--")]
    for name in names:
        counts, refused = dict.fromkeys(("programs", "refused", "sentences", *KINDS_OF_FAULT, "programs with faults"), 0), []
        try:
            for key, code, stdin, want in programs(name, options.get("--every", 1)):
                _, sentences, faults, reason = explained(code, stdin, want)
                counts["programs"] += 1
                counts["sentences"] += len(sentences)
                counts["refused"] += bool(reason)
                counts["programs with faults"] += bool(faults)
                if reason:
                    refused.append(f"{key}: refused: {reason}")
                for fault in faults:
                    counts[fault.kind] += 1
                for fault in faults[:options.get("--show", 3)]:
                    print(f"{key}: {fault.kind} {fault.place}: {fault.text[:160]}  [{fault.why[:200]}]", flush=True)
        except KeyboardInterrupt:
            print("stopped")
        print(*refused, sep="\n")
        print(f"{name}: {', '.join(f'{what} {number:,}' for what, number in counts.items())}", flush=True)


KINDS_OF_FAULT = ("false", "missing", "kind", "untold")


if __name__ == "__main__":
    main()
