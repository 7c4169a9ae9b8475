"""The world of everyday programs: small ones, as people type them first.

    nums = list(map(int, input().split()))
    big = 0
    for n in nums:
        if n > 4:
            big += n
        else:
            print(n)
    print("sum", big)

    python tasks.py --world everyday

A program reads a list, a number, a word or nothing. Half of the programs are what everybody writes
(IDIOMS: the largest, two lists, a word backwards), their signs, numbers and words drawn anew. In
the others statements come in any order: loops, conditions, updates, prints, each drawn over what
has a value by then, so that only the program says what comes next. Left out is what takes more than
SENTENCES sentences or comes to numbers beyond LARGEST. There are no problems.

Told in the words of worlds/tinypy.py, names before values. The vocabulary has tokens for common
names (lab.vocab learnt it); in nearly half of the programs all names are made up: letters and a
few syllables. What is read, in quotes or (but for signs and quotes in it) printed is a token a
letter (SPELLED), for it is copied, counted and walked through letter by letter.

Splits are by behaviour, and another printed word is another behaviour: a held-out program may be
one of training that prints other words. Of an idiom in which nothing is drawn (a word without its
vowels) all programs are in one split.
"""

import copy
import random
import re
from pathlib import Path

from worlds import (
    LETTERS,
    NAME_OR_TEXT,
    RESERVED,
    UNSEEN,
    Program,
    class_of,
    outputs_on,
    renamed,
    split_of,
)
from worlds.contest import indent, mutate
from worlds.tinypy import TELLER, narrate  # noqa: F401

VOCABULARY = Path(__file__).with_suffix(".tiktoken")
SPELLED = r"""(?x)(
      (?<=Input:\n) [^\n]+  |  (?<=We[ ]read[ ]) [^\n]*? (?=,[ ]so)                # what is read
    | '(?:[^'\\\n]|\\.)*'  |  "(?:[^"\\\n]|\\.)*"                                   # in quotes
    | (?:(?<=We[ ]print[ ]) | (?<=[ ]=[ ])) (?=[^=\n]*[A-Za-z]) [^='"\n]* (?=\.\n)  # printed
    | (?<=<output>\n) (?s:.*?) (?=<error>|</output>))"""
SIZES = {"cpu": dict(short=(3, 5), longer=(6, 7))}
LINES, SENTENCES, LARGEST = 11, 36, 99
READ = {"list": "{} = list(map(int, input().split()))", "n": "{} = int(input())"}
# of words that are made up; what is there twice comes twice as often
ONSETS = "b c d f g h j k l m n p r s t v w y z b c d g l m p r s t th st br ch pl sh gr".split()
VOWELS = "a e i o u a e i o u a e o ee oo ea ou ai".split()
CODAS = [""] * 18 + "n r s t l ck nd ll ss d m p".split()
SIGNS = ("<", ">", "<", ">", "==", "<=", ">=", "!=")
FORMS = {  # how often: as a statement of any program, of a body, of a body within a body
    "start": (1, 0, 0), "define": (3, 1, 1), "show": (1, 2, 1), "update": (2, 5, 6),
    "append": (1, 4, 4), "join": (1, 4, 4), "branch": (3, 4, 0), "either": (0.5, 0.3, 0),
    "loop": (2, 1, 0), "count": (1, 0, 0)}

# What everybody writes, by what is read (XS, W, N): dots are depth, what follows ? is there half of
# the time (one line, or from ?? to the end). Capitals are names (A, I, L, P, S, ...) or drawn by
# Writer.drawn: D, E, K numbers, F an operation, Q a phrase, V a letter or sign, Z a condition about
# I or N, Y I or what is computed of it; < may become <=. Two never come: with N = 0 they run on.
IDIOMS = """
list: A = D; for I in XS:; .if I > A:; ..A = I; ?print(Q); print(A)
list: A = E; for I in XS:; .if I < A:; ..A = I; print(A); ?print(A F)
list: A = D; B = E; for I in XS:; .if I > A:; ..A = I; .if I < B:; ..B = I; print(A, B)
list: A = 1; B = E; for I in XS:; .if I > A:; ..A = I; .if I < B:; ..B = I; print(Q, A - B)
list: A = D; for I in XS:; .if Z:; ..A += 1; print(A)
list: A = D; for I in XS:; .if Z:; ..A = A + I; print(A); ?print(A F)
list: A = 0; B = 0; for I in XS:; .if Z:; ..A += 1; .else:; ..B += 1; ??if A > B:; .print(Q)
list: A = 0; B = 0; for I in XS:; .if Z:; ..A = A + 1; .else:; ..B = B + I; print(A, B)
list: A = 0; B = 0; for I in XS:; .if Z:; ..A += I; .elif Z:; ..B += I; ?print(Q, A); print(A - B)
list: for I in XS:; .if Z:; ..print(Q, I); .elif Z:; ..print(Q, I); .else:; ..print(Q, I)
list: A = 0; for I in XS:; .if Z:; ..if Z:; ...print(Q); ..A = A + 1; print(Q, A)
list: L = []; M = []; for I in XS:; .if Z:; ..L.append(I); .else:; ..M.append(I); print(L); print(M)
list: L = []; M = []; for I in XS:; .L.append(I F); .if Z:; ..M.append(I); print(M); print(len(L))
list: L = []; for I in XS:; .if Z:; ..L.append(I F); print(L); ?print(len(L))
list: L = []; for I in XS:; .L.append(I F); A = 0; for J in L:; .A += J; print(A)
list: L = []; A = D; for I in XS:; .A += I; .L.append(A); print(L); ??if A >= E:; .print(Q)
list: A = D; B = 0; for I in XS:; .if I > A:; ..B = B + 1; .A = I; print(B)
list: A = 0; B = 0; for I in XS:; .if I > A and A > 0:; ..B += 1; .A = I; print(Q, B)
list: L = []; A = 0; for I in XS:; .if I != A:; ..L.append(I); .A = I; print(L)
list: A = E; for I in XS:; .A = A - I; .print(A); if A < D:; .print(Q); else:; .print(Q)
list: A = 0; for I in XS:; .A += I; if A > E:; .print(Q); elif A > D:; .print(Q); else:; .print(Q)
list: A = 0; for I in range(len(XS)):; .A += XS[I] * I; print(A)
list: A = 0; B = 0; while B < len(XS):; .A += XS[B]; .B += 1; print(A)
list: A = XS[0]; for I in XS:; .if I > A:; ..A = I; print(Q, A); ?print(Q, A - XS[0])
list: A = 0; for I in XS:; .A += I; print(Q, A); print(Q, len(XS)); ?print(A F)
list: A = 0; B = 1; for I in XS:; .A += I * B; .B += 1; print(A)
list: A = D; B = 0; for I in XS:; .if I == K:; ..A += 1; .B += A; print(Q, B)
list: for I in XS:; .A = I F; .if A > E:; ..print(Q, A); .else:; ..print(A)
list: P = False; for I in XS:; .if Z:; ..P = True; print(P)
list: P = False; for I in XS:; .if Z:; ..P = True; if P:; .print(Q); else:; .print(Q)
list: P = True; for I in XS:; .if Z:; ..P = False; if not P:; .print(Q); ?print(P)
list: A = sum(XS); print(Q, A); print(A // len(XS))
list: print(max(XS)); print(min(XS)); ?print(sum(XS))
list: print(Q, max(XS) - min(XS)); ?print(sum(XS) // len(XS))
list: A = 0; for I in XS:; .A += I; B = A // len(XS); print(Q, B); ??if B > K:; .print(Q)
list: A = max(XS); B = 0; for I in XS:; .if I == A:; ..B += 1; print(B)
list: if K in XS:; .print(Q); else:; .print(Q); ?print(len(XS))
word: S = ""; for I in W:; .S = I + S; print(S); ??if S == W:; .print(Q); else:; .print(Q)
word: S = ""; for I in W:; .if I != V:; ..S = S + I; print(S); ?print(len(S))
word: S = ""; for I in W:; .if I == V:; ..S += V; .else:; ..S += I; print(S)
word: S = ""; for I in W:; .S = S + I + V; print(S)
word: S = ""; for I in W:; .S += I + I; print(S); ?print(len(S))
word: L = []; for I in W:; .if I != V:; ..L.append(I); print(L); ?print(len(L))
word: L = []; for I in W:; .if I == V:; ..L.append(V); .else:; ..L.append(I); print(L)
word: A = 0; for I in W:; .if I == "a" or I == "e" or I == "i" or I == "o":; ..A += 1; print(A)
word: A = 0; for I in W:; .if I == V or I == V or I == V:; ..A += 1; print(Q, len(W) - A)
word: A = 0; B = 0; for I in W:; .if I == V or I == V:; ..A += 1; .else:; ..B += 1; print(A, B)
word: A = 0; for I in W:; .if I == V:; ..A += 1; print(Q, A); ??if A > D:; .print(Q)
word: S = ""; A = 0; for I in W:; .if I == S:; ..A += 1; .S = I; print(A)
word: A = len(W); print(Q, W); if A > D:; .print(Q); elif A == D:; .print(Q); else:; .print(Q)
word: A = len(W); print(Q, A, Q); if A > D:; .print(Q); else:; .print(Q)
word: S = ""; while len(S) < len(W):; .S = S + V; print(S); ?print(W + V + S)
word: A = 0; for I in W:; .A = A + 1; .print(A, I)
word: print(Q, W); ?print(W + V); if len(W) > D:; .print(Q); else:; .print(Q)
word: for I in W:; .print(I + V)
word: A = 0; for I in W:; .if I in "aeiou":; ..A += 1; print(A); ?print(len(W) - A)
word: S = ""; for I in W:; .if I not in "aeiou":; ..S += I; print(S)
word: S = ""; for I in W:; .if I in "aeiou":; ..S = S + V; .else:; ..S = S + I; print(S)
word: A = 0; B = 0; for I in W:; .if I in "aeiou":; ..A += 1; .else:; ..B += 1; print(A, B)
word: print(W[0]); print(len(W)); ?print(W + W)
word: if V in W:; .print(Q); else:; .print(Q); ?print(W)
n: if N < D:; .A = D; elif N < E:; .A = D; else:; .A = E; print(Q, A)
n: if N < D:; .print(Q); elif N < E:; .print(Q); else:; .print(Q); ?print(N F)
n: if N % K == 0:; .print(Q); else:; .print(Q); ?print(N F)
n: while N > 0:; .print(N); .N -= 1; print(Q)
n: while N > 0:; .if N == D:; ..print(Q); .else:; ..print(N); .N = N - 1; ?print(Q)
n: A = 1; while N > 1:; .A = A * N; .N = N - 1; print(A)
n: A = 1; for I in range(1, N + 1):; .A = A * I; print(A)
n: A = D; for I in range(N):; .A += Y; print(A)
n: A = 0; for I in range(1, N + 1):; .A += I; ?.print(A); print(Q, A)
n: L = []; for I in range(1, N + 1):; .L.append(I F); print(L); ?print(len(L))
n: L = []; for I in range(1, N + 1):; .if Z:; ..L.append(I); print(L)
n: for I in range(1, N + 1):; .print(I F)
n: for I in range(1, N + 1):; .print(I, Q, I * K)
n: for I in range(N):; .if Z:; ..print(Q); .else:; ..print(I)
n: S = ""; for I in range(N):; .S = S + V; .print(S); ?print(Q)
n: S = ""; for I in range(N):; .if Z:; ..S += V; .else:; ..S += V; print(S)
n: A = 0; B = 1; for I in range(N):; .C = A + B; .A = B; .B = C; ?.print(A); print(A)
n: A = 0; B = 1; L = []; for I in range(N):; .L.append(A); .C = A + B; .A = B; .B = C; print(L)
n: A = E; B = 0; while A > N:; .A -= N; .B += 1; print(B, A)
n: A = D; B = 0; while A < N:; .A += K; .B += 1; print(B); ?print(A - N)
n: A = D; while N > 0 and A < E:; .A = A + K; .N = N - 1; print(A, N)
n: A = E; while N != A:; .if N > A:; ..N = N - A; .else:; ..A = A - N; print(A)
n: A = 0; while N > 1:; .if N % 2 == 0:; ..N -= K; .else:; ..N -= 1; .A += 1; print(A)
n: A = N // K; B = N % K; print(A, Q, B)
n: for I in range(1, N + 1):; .print(V * I)
n: while N > 0:; .print(V * N); .N -= 1
n: A = 0; while N > 0:; .A += N % K; .N = N // K; ?.print(N); print(A)
n: A = N F; B = A + D; print(Q, A); print(Q, B); ?print(B - N)
none: A = 0; B = 1; while A < E:; .print(A); .C = A + B; .A = B; .B = C
none: A = D; B = D; C = A * B; G = K * (A + B); print(C); print(Q, G)
none: A = D; B = D; C = A * K + B * K; print(Q, C); G = E - C; print(Q, G)
none: A = D; B = D; C = D; G = D; H = A * C + B * G; print(Q, H); ?print(H F)
none: A = D; B = E; C = A; A = B; B = C; print(A, B)
none: A = D; B = E; print(A + B); print(A - B); print(A * K)
none: A = D; B = E; if A < B:; .print(Q); elif A == B:; .print(Q); else:; .print(Q); ?print(A, B)
none: A = D; B = E; A += B; B = A - B; print(A); print(B)
none: S = Q; T = Q; print(S, T); U = S + V + T; print(U); ?print(len(U))
none: S = Q; T = Q; U = S; S = T; T = U; print(S, T)
none: S = Q; A = D; print(S, A); A = A F; print(S, A)
none: S = Q; A = 0; for I in S:; .A += 1; print(A); ?print(S)
none: A = E; B = K; while A > B:; .A = A - B; ?.print(A); print(Q, A)
none: for I in range(1, D):; .S = ""; .for J in range(I):; ..S += V; .print(S)
none: for I in range(1, K):; .L = []; .for J in range(1, K):; ..L.append(I * J); .print(L)
none: A = 0; for I in range(K):; .for J in range(K):; ..A += Y; print(A)
none: A = D; B = D; C = A + B; if C > E:; .C = C - D; print(Q, C); print(C F)
none: A = E; B = A // K; C = A % K; print(B, C); ?print(Q, B * K)
none: A = E; B = K; C = A % B; print(C); if C == 0 or A < B:; .print(Q); else:; .print(Q, C)
none: A = 0; while A < D:; .A += 1; .print(A, A * A)
none: A = D; B = D; C = D; G = A + B + C; print(Q, G); ??if G > E:; .print(Q); else:; .print(Q)
"""
MARK = r"""'[^']*'|"[^"]*"|\b[A-Z]S?\b|(?<= )[<>]=?(?= )"""
HELD = dict.fromkeys("ABCGH", "number") | dict.fromkeys("LM", "made") | dict.fromkeys("STU", "text")


class Writer:
    """Draws the lines of one program. known: variables by what they hold: a number (or xs[i]), the
    list that was read, a list or text that is made, the text that was read, one letter of it."""

    def __init__(self, rng):
        self.rng = rng
        self.names = rng.sample(LETTERS[:26], 26)
        self.known = {kind: [] for kind in ("number", "list", "made", "text", "word", "letter")}
        self.item = ""      # the innermost loop's variable
        self.touched = []   # what statements have changed

    def chance(self, share):
        return self.rng.random() < share

    def pick(self, *options):
        return self.rng.choice(options)

    def new(self, kind):
        self.known[kind].append(self.names.pop())
        return self.known[kind][-1]

    # Expressions.

    def digit(self):
        return str(self.rng.randint(0, self.pick(3, 9, 9, 20)))

    def number(self, share=0.6):
        """A variable, or a number."""
        numbers = self.known["number"]
        if not numbers or not self.chance(share):
            return self.digit()
        return self.item if self.item in numbers and self.chance(0.5) else self.pick(*numbers)

    def other(self, name, share):
        """As number, but not this variable."""
        drawn = self.number(share)
        return self.digit() if drawn == name else drawn

    def operation(self, left=""):
        left = left or self.number(0.9)
        if self.chance(0.2):
            return f"{left} % {self.rng.randint(2, 5)}"
        if self.chance(0.1):
            return f"{left} // {self.rng.randint(2, 5)}"
        if self.chance(0.25):
            return f"{left} * {self.pick('2', '3', left, self.number(0.3))}"
        return f"{left} {self.pick('+', '+', '-')} {self.number(0.5)}"

    def amount(self):
        """What comes to a number."""
        sized = self.known["list"] + self.known["made"] + self.known["text"] + self.known["word"]
        if sized and self.chance(0.08):
            return f"len({self.pick(*sized)})"
        if self.known["list"] and self.chance(0.08):
            return f"{self.pick('sum', 'max', 'min')}({self.pick(*self.known['list'])})"
        if self.known["list"] and self.chance(0.08):
            return f"{self.pick(*self.known['list'])}[{self.rng.randint(0, 1)}]"
        if self.chance(0.15):
            return self.number(0.8)
        text = self.operation()
        if self.chance(0.05):
            return f"({text}) {self.pick('+', '-', '*', '%')} {self.rng.randint(2, 5)}"
        return f"{text} {self.pick('+', '-')} {self.number(0.5)}" if self.chance(0.2) else text

    def quoted(self, *texts):
        quote = self.pick("'", '"', '"')
        return quote + self.pick(*texts) + quote

    def phrase(self):
        """A word or some, in quotes"""
        words = [made_up(self.rng) for _ in range(self.pick(1, 1, 1, 2, 2, 3))]
        words[0] = words[0].title() if self.chance(0.2) else words[0]
        return self.quoted(" ".join(words) + self.pick(*[""] * 6, ":", "!", "?", " ="))

    def comparison(self):
        if self.known["letter"] and self.chance(0.2):
            sign = self.pick("in", "in", "not in")
            return f"{self.known['letter'][-1]} {sign} {self.quoted('aeiou', 'aeiou', '13579')}"
        sized = self.known["made"] + self.known["text"] + self.known["word"] + self.known["list"]
        if sized and self.chance(0.08):
            return f"len({self.pick(*sized)}) {self.pick(*SIGNS)} {self.rng.randint(0, 6)}"
        if self.known["letter"] and self.chance(0.7):
            sign = self.pick("==", "==", "!=")
            return f"{self.known['letter'][-1]} {sign} {self.quoted(*'aeioubst1357')}"
        left = self.number(1)
        if self.chance(0.25):
            sign = self.pick("==", "==", "!=")
            return f"{left} % {self.pick(2, 2, 3, 4)} {sign} {self.pick(0, 1)}"
        if self.chance(0.1):
            left = self.operation(left)
        return f"{left} {self.pick(*SIGNS)} {self.other(left, 0.4)}"

    def condition(self):
        parts = self.comparison(), self.comparison()
        return f" {self.pick('and', 'or')} ".join(parts) if self.chance(0.12) else parts[0]

    def printed(self):
        variables = []
        for kind in ("number", "made", "text", "word", "letter"):
            variables += self.known[kind]
        touched = [name for name in self.touched if name in variables]
        if not variables or self.chance(0.15):
            return self.phrase()
        if self.known["text"] and self.chance(0.1):
            return f"{self.pick(*self.known['text'])} + {self.quoted(*'|*-.!s')}"
        last = self.pick(*touched) if touched and self.chance(0.7) else self.pick(*variables)
        if self.chance(0.2):
            after = f", {self.phrase()}" * self.chance(0.2)
            return f"{self.phrase()}, {last}{after}"
        if len(variables) > 2 and self.chance(0.12):
            return ", ".join(self.rng.sample(variables, self.pick(2, 3)))
        return self.amount() if self.known["number"] and self.chance(0.25) else last

    # Statements: each returns its lines.

    def start(self, depth):
        kind = self.pick("number", "number", "number", "made", "text")
        text = self.phrase() if self.chance(0.3) else self.quoted("")
        value = {"number": self.digit(), "made": "[]", "text": text}[kind]
        return [f"{self.new(kind)} = {value}"]

    def define(self, depth):
        value = self.amount()
        return [f"{self.new('number')} = {value}"]

    def show(self, depth):
        return [f"print({self.printed()})"]

    def counters(self):
        return [name for name in self.known["number"] if name != self.item and "[" not in name]

    def update(self, depth):
        name = self.pick(*self.counters())
        self.touched.append(name)
        value = self.pick(self.other(name, 0.8), self.other(name, 0.8), "1", self.operation())
        form = self.rng.random()
        if form < 0.45:
            return [f"{name} {self.pick('+=', '+=', '+=', '-=', '*=')} {value}"]
        if form < 0.7:
            return [f"{name} = {name} {self.pick('+', '+', '-', '*')} {value}"]
        return [f"{name} = {self.other(name, 0.9) if self.chance(0.4) else self.amount()}"]

    def append(self, depth):
        name = self.pick(*self.known["made"])
        self.touched.append(name)
        return [f"{name}.append({self.amount()})"]

    def join(self, depth):
        name, other = self.pick(*self.known["text"]), self.quoted(*"*-oxab")
        if self.known["letter"] and self.chance(0.8):
            other = self.known["letter"][-1]
        self.touched.append(name)
        return [self.pick(f"{name} = {name} + {other}", f"{name} = {other} + {name}",
                          f"{name} += {other}")]

    def branch(self, depth):
        lines = [f"if {self.condition()}:", *self.block(depth)]
        if self.chance(0.25):
            lines += [f"elif {self.condition()}:", *self.block(depth)]
        return [*lines, "else:", *self.block(depth)] if self.chance(0.4) else lines

    def either(self, depth):
        """A variable that has a value either way."""
        head, one, two = f"if {self.condition()}:", self.amount(), self.amount()
        name = self.new("number")
        return [head, f"    {name} = {one}", "else:", f"    {name} = {two}"]

    def loop(self, depth):
        lists, kind, low = self.known["list"], "number", self.rng.randint(0, 3)
        lists = lists + [name for name in self.known["made"] if name in self.touched and not depth]
        over = f"range({self.rng.randint(2, 5)})"
        if self.chance(0.35):
            over = f"range({low}, {low + self.rng.randint(1, 5)})"
        elif self.known["number"] and self.chance(0.4):
            end = self.pick(*self.known["number"])
            over = self.pick(f"range({end})", f"range(1, {end} + 1)")
        if lists and self.chance(0.15):
            return self.places(depth, self.pick(*lists))
        if lists and self.chance(0.8):
            over = self.pick(*lists)
        elif self.known["word"] and self.chance(0.9):
            over, kind = self.known["word"][0], "letter"
        name = self.names.pop()
        return [f"for {name} in {over}:", *self.block(depth, name, kind)]

    def places(self, depth, items):
        """Over the places of a list."""
        name = self.new("number")
        body = self.block(depth, f"{items}[{name}]", "number")
        self.known["number"].remove(name)
        return [f"for {name} in range(len({items})):", *body]

    def count(self, depth):
        """A while loop: of a number down to 0, up to a number, along a list."""
        numbers, lists = self.known["number"], self.known["list"]
        form, low, sign, first, item = self.rng.random(), self.rng.randint(0, 2), "+", [], ""
        if form < 0.4:
            sign, end = "-", "> 0"
            name = self.pick(*numbers) if numbers and self.chance(0.4) else ""
            head = [] if name else [f"{self.new('number')} = {self.rng.randint(1, 5)}"]
        else:
            limit, name = low + self.rng.randint(1, 4), ""
            if numbers and self.chance(0.3):
                limit = self.pick(*numbers)
            end = f"{self.pick('<', '<=')} {limit}"
            if lists and self.chance(0.4):
                end, low = f"< len({lists[0]})", 0
            head = [f"{self.new('number')} = {low}"]
        name = name or numbers[-1]
        if "len" in end:
            item = f"{lists[0]}[{name}]"
            if self.chance(0.5):
                item, value = self.names.pop(), item
                first = [f"    {item} = {value}"]
        step = 1 if item else self.pick(1, 1, 1, 2)
        last = self.pick(f"{name} {sign}= {step}", f"{name} = {name} {sign} {step}")
        body = self.block(depth, item, "number") if item else self.block(depth, name)
        return [*head, f"while {name} {end}:", *first, *body, f"    {last}"]

    def block(self, depth, item="", kind=""):
        """A body. item: the loop's variable; kind: what it holds, if only the body knows it. What
        gets its first value there is not known behind it."""
        before, outer = copy.deepcopy(self.known), self.item
        if kind:
            self.known[kind].append(item)
        self.item = item or outer
        lines = self.statements(depth + 1, self.pick(1, 1, 1, 2, 2, 3))
        self.known, self.item = before, outer
        return indent(lines)

    def statements(self, depth, n):
        lines = []
        for _ in range(n):
            needs = {"update": self.counters(), "append": self.known["made"],
                     "join": self.known["text"], "either": self.known["number"],
                     "branch": self.known["number"] + self.known["letter"]}
            weights = [shares[min(depth, 2)] * bool(needs.get(form, True))
                       for form, shares in FORMS.items()]
            (form,) = self.rng.choices([*FORMS], weights)
            lines += getattr(self, form)(depth)
        return lines

    def first_values(self):
        lines = []
        for _ in range(self.pick(1, 1, 2, 3)):
            computed = self.known["number"] and self.chance(0.3)
            lines += self.define(0) if computed else self.start(0)
        return lines

    def drawn(self, mark, item):
        """What a mark of IDIOMS stands for that is no name: all are drawn, one is taken. item: what
        a condition is about."""
        number, sign = self.rng.randint, self.pick(*SIGNS)
        if mark[0] in "<>":
            return self.pick(mark, mark, mark[0], f"{mark[0]}=")
        return {
            "D": str(number(0, self.pick(3, 5, 9))), "E": str(number(4, self.pick(10, 20, 50))),
            "K": str(number(2, self.pick(3, 5, 10))), "F": f"{self.pick(*'+-*%')} {number(2, 5)}",
            "Q": self.phrase(), "V": self.quoted(*"aeioubst*-+.# |"),
            "Y": self.pick(item, f"{item} * {number(2, 3)}", f"{item} + {number(1, 4)}"),
            "Z": self.pick(f"{item} {sign} {number(1, 8)}",
                           f"{item} % {self.pick(2, 2, 3)} == {self.pick(0, 0, 1)}")}[mark]

    def idiom(self, kind):
        """-> the lines of one of IDIOMS, over what was read"""
        read = {"list": "XS", "word": "W", "n": "N"}.get(kind)
        names = {read: self.known[{"n": "number"}.get(kind, kind)][-1]} if read else {}

        def fill(match):
            mark = match[0]
            if mark[0] in "'\"":
                return mark
            if mark[0] in "DEKQVFYZ<>":
                return self.drawn(mark, names.get("I") or names.get("N"))
            if mark not in names:
                names[mark] = self.names.pop()
            return names[mark]
        lines, ideas = [], re.findall(rf"^{kind}: (.+)", IDIOMS, re.M)
        text = re.sub(r"\?\?(.*)", r"\1" * self.chance(0.5), self.pick(*ideas))
        for line in text.strip("; ").split("; "):
            if "?" not in line or self.chance(0.5):
                code = line.lstrip("?.")
                lines.append("    " * line.count(".", 0, -len(code)) + re.sub(MARK, fill, code))
            if " = " in line and line[0] in HELD and names.get(line[0]):
                self.known[HELD[line[0]]].append(names[line[0]])
        return lines

    def program(self):
        """-> its lines, the kind of its input"""
        kind = self.pick("none", "none", "list", "list", "n", self.pick("digits", "word", "word"))
        usual = kind != "digits" and self.chance(0.5)
        lines = self.first_values() if self.chance(0.1 if usual else 0.4) else []
        if kind != "none":
            name = self.new({"list": "list", "n": "number"}.get(kind, "word"))
            lines.append(READ.get(kind, "{} = input()").format(name))
        if usual:
            lines += self.idiom(kind)
            lines += self.statements(0, 1) if self.chance(0.2) else []
            last = self.show(0)
            return lines + (last if self.chance(0.2) else []), kind
        lines += self.first_values() if self.chance(0.7) or kind == "none" else []
        most = [self.branch, self.branch, self.loop, self.count]
        if kind in ("list", "digits", "word"):
            most = [self.loop] * 6 + [self.count]
        chance = 0.85 if kind in ("list", "digits", "word") else 0.5 * bool(self.known["number"])
        middle = self.pick(*most)(0) if self.chance(chance) else []
        if not middle or self.chance(0.3):
            middle += self.statements(0, self.pick(1, 1, 2, 3))
        for _ in range(self.pick(1, 1, 1, 2)):
            middle += self.show(0)
        return lines + middle, kind


def random_code(rng):
    """-> a program, the kind of its input. One in ten is typed with an empty line, another one
    without blanks (but around //)."""
    lines, kind = Writer(rng).program()
    typed = rng.random()
    if typed < 0.1:
        lines.insert(rng.randrange(len(lines)), "")
    code = "\n".join(lines) + "\n"
    if typed > 0.9:
        code = re.sub(r" ([-+*%=<>!]+) ", r"\1", code).replace(", ", ",")
    return code, kind


def made_up(rng, least=0):
    """A word that could be one: grale, mufeen"""
    text = ""
    for _ in range(rng.choice((1, 1, 2, 2, 2, 3))):
        text += rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS)
    return text if len(text) >= least else text + made_up(rng, least - len(text))


def spelled(code, rng):
    """The program with names made up for it, some of them alike: mufeen_grale, grale2."""
    new, shared, alike = {}, made_up(rng), rng.choice((0, 0, 0.5))
    for name in NAME_OR_TEXT.findall(code):
        drawn = made_up(rng)
        if rng.random() < alike:
            drawn = rng.choice((f"{shared}_{drawn}", f"{drawn}_{shared}", shared + drawn.title()))
        elif rng.random() < 0.15:
            drawn = rng.choice((f"{drawn}_{made_up(rng)}", f"{drawn}{made_up(rng).title()}",
                                f"{drawn}{rng.randint(1, 9)}"))
        if name[0] not in "'\"" and not {name, drawn} & RESERVED and (
                drawn not in UNSEEN and drawn not in new.values()):
            new.setdefault(name, drawn)
    return NAME_OR_TEXT.sub(lambda match: new.get(match[0], match[0]), code)


def draw_input(kind, rng, length):
    """One stdin of the kind. length: least and most items; a number is about so large."""
    size = rng.randint(*length)
    if kind == "list":
        top = rng.choice((9, 9, 20))
        return " ".join(str(rng.randint(0, top)) for _ in range(size))
    if kind == "digits":
        return "".join(str(rng.randint(0, 9)) for _ in range(size))
    if kind == "n":
        return str(size + rng.randint(-2, 5))
    return made_up(rng, size)[:size] if kind == "word" else ""


def fixed_inputs():
    """The inputs that tell behaviours apart. Never change them: they decide every split."""
    rng = random.Random(20261130)
    inputs = {"none": [""], "n": [str(n) for n in range(16)]}
    for kind in ("list", "digits", "word"):
        inputs[kind] = [draw_input(kind, rng, (2, 7)) for _ in range(16)]
    return inputs


FIXED_INPUTS = fixed_inputs()


def fits(run):
    """Short enough, and no large numbers? A text in quotes may have many digits."""
    lines = narrate(run) if run.complete else []
    numbers = re.findall(r"\d+", re.sub(r"We read \S+|'.*?'", "", "\n".join(lines)))
    return 0 < len(lines) <= SENTENCES and all(len(n) < 4 and int(n) <= LARGEST for n in numbers)


def random_program(rng, knobs, split, set_):
    """One in fifteen is a mutant."""
    code, kind = random_code(rng)
    if code.count("\n") > LINES or set_ == "longer" and kind == "none":
        return None
    sort = "mutant" if rng.random() < 1 / 15 else "plain"
    code = mutate(code, rng) if sort == "mutant" else code
    outputs = outputs_on(code, FIXED_INPUTS[kind], max_turns=300, max_size=300)
    cls = class_of(code, kind, outputs)
    if split_of(cls) != split or any("Timeout" in output for output in outputs):
        return None
    code = renamed(code, rng, unseen=set_ == "new_names")
    if set_ != "new_names" and rng.random() < 0.45:
        code = spelled(code, rng)
    stdin = draw_input(kind, rng, knobs["longer" if set_ == "longer" else "short"])
    fitting = fits(TELLER.record(code, stdin, max_events=4 * SENTENCES))
    return Program(code, stdin, cls, sort) if fitting else None
