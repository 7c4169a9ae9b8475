"""The oracle refuses what explanations once said falsely, or did not say, and accepts what is true. Sentences here are written by hand, so
they do not depend on what tracer/ says today."""

import re
import textwrap
from functools import cache

import pytest
from oracle import judge
from reading import shown_as
from witness import witness

seen = cache(witness)

# name: program, stdin, (false explanation, kinds of its faults), true explanation. A line of dots stands for the lines before it differs.
CASES = {}


def case(name, program, true, false, kinds, stdin=""):
    """false: the true lines with some replaced: {place: new line, or None for one that is missing}, or a whole list."""
    CASES[name] = textwrap.dedent(program).lstrip(), stdin, textwrap.dedent(true).strip().splitlines(), false, kinds


case("blame: all parts have values", '''
    a, b = "1 2 3".split()
    ''', '''
    We cannot unpack ['1', '2', '3'] into a, b, 3 values for 2 names: ValueError: too many values to unpack (expected 2).
    ''', {0: "'1 2 3'.split() stops with ValueError."}, {"false"})

case("blame: the old value is looked up first", '''
    def g():
        return 1
    d = {}
    d["k"] += g()
    ''', '''
    We define g.
    d = {}.
    d['k'] stops with KeyError: 'k', where d = {}.
    ''', {2: "g() stops with KeyError."}, {"false"})

case("blame: the operand that failed", '''
    def half(n):
        return n / 0 + len("abc")
    half(3)
    ''', '''
    We define half.
    We call half with n = 3.
    3 / 0 stops with ZeroDivisionError.
    ''', {2: "len('abc') stops with ZeroDivisionError."}, {"false"})

case("a target that does not take the value", '''
    xs = [4]
    a = 1
    try:
        xs[a] = a + 1
    except IndexError:
        del xs[3]
    ''', '''
    xs = [4].
    a = 1.
    xs[1] = 2 stops with IndexError: list assignment index out of range, where xs = [4].
    We handle IndexError: list assignment index out of range.
    del xs[3] stops with IndexError: list assignment index out of range.
    ''', {2: "xs[1] = 3 stops with IndexError.", 4: "del xs[2] stops with IndexError."}, {"false"})

case("an exception swallowed by C code", '''
    class O:
        def __getattr__(self, name):
            raise AttributeError(name)
    def f(o):
        return hasattr(o, "x")
    f(O())
    x = 1
    ''', '''
    We define class O with __getattr__.
    We define f.
    We call f with o = O().
    We call O.__getattr__ with self = O(), name = 'x'.
    We raise AttributeError: x.
    f returns hasattr(O(), 'x') = False.
    x = 1.
    ''', {5: None, 6: None}, {"missing"})

case("a generator closed by leaving its loop", '''
    def gen():
        yield 1
        yield 2
    def first():
        for v in gen():
            return v
    x = first()
    ''', '''
    We define gen.
    We define first.
    We call first.
    We call gen.
    gen yields 1.
    Turn 1: v = 1.
    gen is closed.
    first returns 1.
    x = 1.
    ''', {7: None, 8: None}, {"missing"})

case("a generator that is closed does not return", '''
    def gen():
        yield 1
        yield 2
    g = gen()
    x = next(g)
    g.close()
    ''', '''
    We define gen.
    g = gen() = <generator>.
    We call gen.
    gen yields 1.
    x = 1.
    gen is closed.
    ''', {5: "gen returns."}, {"false"})

case("async with", '''
    import asyncio
    class A:
        async def __aenter__(self):
            return 7
        async def __aexit__(self, *e):
            pass
    async def main():
        async with A() as v:
            pass
    asyncio.run(main())
    ''', '''
    We import asyncio.
    We define class A with __aenter__, __aexit__.
    We define main.
    We call main.
    We call A.__aenter__ with self = A().
    A.__aenter__ returns 7.
    We enter the with block of A(), so v = 7.
    We call A.__aexit__ with self = A(), e = (None, None, None).
    A.__aexit__ returns.
    We leave the with block.
    main returns.
    ''', {6: "We stop with StopIteration.", 9: "We stop with StopIteration."}, {"missing", "kind"})

case("what an async generator yields", '''
    import asyncio
    async def gen():
        yield 1
    async def main():
        xs = [k async for k in gen()]
    asyncio.run(main())
    ''', '''
    We import asyncio.
    We define gen.
    We define main.
    We call main.
    We call gen.
    gen yields 1.
    gen goes on.
    gen returns.
    xs = [1].
    main returns.
    ''', {5: "gen yields <async_generator_wrapped_value>.", 8: "[k async for k in gen()] stops with StopIteration."}, {"false", "kind"})

case("walrus", '''
    n = 1
    if (n := n + 1) > 1 and n < 5:
        pass
    ''', '''
    n = 1.
    n = 2.
    1 + 1 > 1 and 2 < 5: 2 > 1 and 2 < 5: True and 2 < 5: 2 < 5 is true, so we enter the if.
    ''', {2: "1 + 1 > 1 and 1 < 5: 2 > 1 and 1 < 5: True and 1 < 5: 1 < 5 is true, so we enter the if."}, {"false"})

case("walrus in a list", '''
    n = 2
    z = [(n := n + 1), n][1]
    ''', '''
    n = 2.
    z = [2 + 1, 3][1] = [3, 3][1] = 3, n = 3.
    ''', {1: "z = [2 + 1, 2][1] = [3, 2][1] = 3, n = 3."}, {"false"})

case("the order of a set", '''
    s = {"apple", "pear", "fig", "plum"}
    x = sorted(list(s)) + [len(list(s))]
    ''', '''
    s = {'pear', 'plum', 'fig', 'apple'}.
    x = sorted(list(s)) + [len(list(s))] = ['apple', 'fig', 'pear', 'plum', 4].
    ''', {1: "x = sorted(['fig', 'plum', 'pear', 'apple']) + [4] = ['apple', 'fig', 'pear', 'plum', 4]."}, {"false"})

case("identity", '''
    def f(same):
        return same
    a = [1]
    b = [1]
    x = [f(a is b), 5][0]
    ''', '''
    We define f.
    a = [1].
    b = [1].
    We call f with same = False.
    f returns False.
    x = [f([1] is [1]), 5][0] = [f(False), 5][0] = [False, 5][0] = False.
    ''', {5: "x = [f([1] is [1]), 5][0] = [f(True), 5][0] = [False, 5][0] = False."}, {"false"})

case("while True goes on once a turn", '''
    while True:
        for k in range(2):
            print(k)
        break
    ''', '''
    True is true, so the loop goes on.
    Turn 1: k = 0.
    We print 0.
    Turn 2: k = 1.
    We print 1.
    The loop over k ends.
    We break out of the loop.
    ''', ["True is true, so the loop goes on.", "Turn 1: k = 0.", "We print 0.", "True is true, so the loop goes on.", "Turn 2: k = 1.",
          "We print 1.", "True is true, so the loop goes on.", "The loop over k ends.", "We break out of the loop."], {"kind"})

case("turn numbers", '''
    for i in "ab":
        for j in "c":
            pass
    ''', '''
    Turn 1: i = 'a'.
    Turn 1: j = 'c'.
    The loop over j ends.
    Turn 2: i = 'b'.
    Turn 1: j = 'c'.
    The loop over j ends.
    The loop over i ends.
    ''', {4: "Turn 2: j = 'c'.", 6: None}, {"false", "missing"})

case("which loop ends", '''
    for i in "a":
        for j in "c":
            pass
    ''', '''
    Turn 1: i = 'a'.
    Turn 1: j = 'c'.
    The loop over j ends.
    The loop over i ends.
    ''', {2: "The loop over i ends."}, {"false"})

case("a lazy generator reads its names late", '''
    k = 2
    g = (x * k for x in [1, 2])
    k = 10
    print(list(g))
    ''', '''
    k = 2.
    g = (x * k for x in [1, 2]).
    k = 10.
    We print [10, 20].
    ''', {1: "g = (x * 2 for x in [1, 2])."}, {"false"})

case("a parameter of a lambda", '''
    x = 7
    best = [max(g, key=lambda x: -x) for g in [[1, 2], [4, 3]]]
    ''', '''
    x = 7.
    best = [max(g, key=lambda x: -x) for g in [[1, 2], [4, 3]]] = [1, 3].
    ''', {1: "best = [max(g, key=lambda x: -7) for g in [[1, 2], [4, 3]]] = [1, 3]."}, {"false"})

case("parentheses", '''
    x = -3
    y = x ** 2
    ''', '''
    x = -3.
    y = (-3) ** 2 = 9.
    ''', {1: "y = -3 ** 2 = 9."}, {"false"})

case("entering and leaving", '''
    from contextlib import suppress, nullcontext
    with suppress(KeyError), nullcontext():
        {}["k"]
    x = 1
    ''', '''
    We import suppress, nullcontext from contextlib.
    We enter the with block of suppress(KeyError), nullcontext().
    {}['k'] stops with KeyError.
    We leave the with block.
    x = 1.
    ''', ["We import suppress, nullcontext.", "We enter the with block of suppress(KeyError), nullcontext().", "{}['k'] stops with KeyError.",
          "We leave the with block.", "We enter the with block of suppress(KeyError), nullcontext().", "x = 1."], {"kind"})

case("an exception that a with block lets pass", '''
    from contextlib import nullcontext
    with nullcontext():
        5 // 0
    ''', '''
    We import nullcontext from contextlib.
    We enter the with block of nullcontext().
    5 // 0 stops with ZeroDivisionError.
    We leave the with block.
    ''', {3: "We leave the with block of nullcontext(), which handles ZeroDivisionError: integer division or modulo by zero."}, {"kind"})

case("another exception that is handled", '''
    from contextlib import suppress
    with suppress(KeyError):
        {}["k"]
    ''', '''
    We import suppress from contextlib.
    We enter the with block of suppress(KeyError).
    {}['k'] stops with KeyError.
    We leave the with block of suppress(KeyError), which handles KeyError: 'k'.
    ''', {3: "We leave the with block of suppress(KeyError), which handles KeyError: 'q'."}, {"false"})

case("an alias", '''
    a = [1]
    b = a
    b += [2]
    ''', '''
    a = [1].
    b = [1].
    b = [1] + [2] = [1, 2], a = [1, 2].
    ''', {2: "b = [1] + [2] = [1, 2]."}, {"untold"})

case("pop", '''
    stack = [1, 2]
    x = stack.pop()
    ''', '''
    stack = [1, 2].
    x = stack.pop() = 2, stack = [1].
    ''', {1: "x = stack.pop() = 2."}, {"untold"})

case("pop in a print", '''
    stack = [1, 2]
    print(stack.pop())
    ''', '''
    stack = [1, 2].
    stack = [1].
    We print stack.pop() = 2.
    ''', {1: None}, {"missing"})

case("a field of a container of the library", '''
    from collections import defaultdict
    cnt = defaultdict(int)
    cnt["a"] += 1
    ''', '''
    We import defaultdict from collections.
    cnt = defaultdict(int) = defaultdict(int, {}).
    cnt['a'] = 0 + 1 = 1.
    ''', {2: "cnt['a'] += 1."}, {"false"})

case("class attributes", '''
    class D:
        n = 0
        xs = []
    D.n += 1
    D.xs.append(5)
    ''', '''
    We begin class D.
    n = 0.
    xs = [].
    We define class D.
    D.n = 0 + 1 = 1.
    We append 5, so D.xs = [5].
    ''', {0: "We begin class E.", 4: "D.n += 1.", 5: "We call D.xs.append(5)."}, {"false", "untold"})

case("what is appended", '''
    xs = [1]
    xs.append(2 * 3)
    xs.append(", so ")
    ''', '''
    xs = [1].
    We append 2 * 3 = 6, so xs = [1, 6].
    We append ', so ', so xs = [1, 6, ', so '].
    ''', {1: "We append 2 + 3 = 6, so xs = [1, 6].", 2: "We append ', so ', so xs = [1, ', so ']."}, {"false"})

case("private names", '''
    class A:
        def __init__(self):
            self.__n = 1
        def add(self):
            self.__n += 2
    A().add()
    __t = 5
    ''', '''
    We define class A with __init__, add.
    We call A.__init__.
    self.__n = 1.
    A.__init__ returns.
    We call A.add with self = A(__n=1).
    self.__n = 1 + 2 = 3.
    A.add returns.
    __t = 5.
    ''', {5: "self.__n += 2.", 7: None}, {"false", "missing"})

case("a long text that grows", '''
    d = {"k": "one two three"}
    d["k"] += " four five"
    ''', '''
    d = {'k': 'one two three'}.
    d['k'] = 'one two three' + ' four five' = 'one two three four five'.
    ''', {1: "d['k'] = ' four five' = 'one two three four five'."}, {"false"})

case("one print", '''
    class P:
        def __str__(self):
            return "P"
    print("a", P())
    ''', '''
    We define class P with __str__.
    We call P.__str__ with self = P().
    P.__str__ returns 'P'.
    We print a P.
    ''', ["We define class P with __str__.", "We call P.__str__ with self = P().", "We print a .", "P.__str__ returns 'P'.", "We print P."],
     {"false"})

case("print elsewhere", '''
    import io, contextlib
    buf = io.StringIO()
    with contextlib.redirect_stdout(buf):
        print("x")
    ''', '''
    We import io, contextlib.
    buf = io.StringIO() = StringIO('').
    We enter the with block of contextlib.redirect_stdout(buf).
    We print nothing to the output, so buf = StringIO('x\\n').
    We leave the with block.
    ''', {3: "We print nothing."}, {"missing", "false"})

case("a private name of a class", '''
    class A:
        def get(self, n):
            __x = n + 1
            __x += 2
            return __x
    x = A().get(4)
    ''', '''
    We define class A with get.
    We call A.get with n = 4.
    __x = 4 + 1 = 5.
    __x = 5 + 2 = 7.
    A.get returns 7.
    x = A().get(4) = 7.
    ''', {2: "__x = 4 + 1 = 6.", 3: "__x = 4 + 2 = 6."}, {"false"})

case("sets that are equal and stand in other orders", '''
    a, b = set(), set()
    for x in 8, 0:
        a.add(x)
    for x in 0, 8:
        b.add(x)
    ''', '''
    a = set(), b = set().
    Turn 1: x = 8.
    a = {8} after add(8).
    Turn 2: x = 0.
    a = {8, 0} after add(0).
    The loop over x ends.
    Turn 1: x = 0.
    b = {0} after add(0).
    Turn 2: x = 8.
    b = {0, 8} after add(8).
    The loop over x ends.
    ''', {9: "b = {8, 0} after add(8)."}, {"false"})

case("the Ellipsis, long bytes", '''
    x = [..., 1]
    y = bytes(1000)
    ''', '''
    x = [Ellipsis, 1].
    y = bytes(1000) = <bytes of 1000 bytes>.
    ''', {0: "x = [None, 1].", 1: "y = bytes(1000) = <bytes of 999 bytes>."}, {"false"})

case("a print of the program's own", '''
    log = []
    def print(text):
        log.append(text)
    print("hello")
    ''', '''
    log = [].
    We define print.
    We call print with text = 'hello'.
    We append 'hello', so log = ['hello'].
    print returns.
    ''', ["log = [].", "We define print.", "We call print with text = 'hello'.", "We append 'hello', so log = ['hello'].", "print returns.",
          "We print nothing."], {"false"})

case("two empty lines", 'print("\\n")', "We print '\\n'.", {0: "We print an empty line."}, {"false"})

case("read, then call", '''
    def double(n):
        return n * 2
    print(double(int(input("n? "))))
    ''', '''
    We define double.
    We print n? .
    We read 4.
    We call double with n = 4.
    double returns 4 * 2 = 8.
    We print double(int('4')) = double(4) = 8.
    ''', ["We define double.", "We call double with n = 4.", "We print n? .", "double returns 4 * 2 = 8.", "We read 4.",
          "We print double(int(input('n? '))) = double(int('4')) = double(4) = 8."], {"missing", "false"}, "4\n")

case("an exit that is caught", '''
    import sys
    try:
        sys.exit(3)
    except SystemExit:
        print("still here")
    ''', '''
    We import sys.
    We raise SystemExit: 3.
    We handle SystemExit: 3.
    We print still here.
    ''', {1: "We leave the program with 3."}, {"false"})

case("which exception is handled", '''
    try:
        int("x")
    except ValueError:
        pass
    ''', '''
    int('x') stops with ValueError.
    We handle ValueError: invalid literal for int() with base 10: 'x'.
    ''', {1: "We handle KeyError: 'x'."}, {"false"})

case("an except clause", '''
    try:
        int("x")
    except KeyError:
        pass
    except ValueError:
        pass
    ''', '''
    int('x') stops with ValueError.
    The except clause for KeyError does not match.
    We handle the exception.
    ''', {1: None}, {"missing"})

case("a limited deque", '''
    from collections import deque
    q = deque([1], maxlen=3)
    ''', '''
    We import deque from collections.
    q = deque([1], maxlen=3).
    ''', {1: "q = deque([1])."}, {"false"})

case("dates", '''
    from datetime import date, timedelta
    def due(n):
        return date(2024, 1, 30) + timedelta(days=n)
    due(3)
    ''', '''
    We import date, timedelta from datetime.
    We define due.
    We call due with n = 3.
    due returns date(2024, 1, 30) + timedelta(days=3) = date(2024, 2, 2).
    ''', {3: "due returns date(2024, 1, 30) + timedelta(days=3) = <date> + <timedelta>."}, {"false"})

case("no call", '''
    def g():
        yield 1
    x = g()
    x = None
    ''', '''
    We define g.
    x = g() = <generator>.
    x = None.
    ''', ["We define g.", "x = g() = <generator>.", "We call g.", "x = None."], {"false"})

case("elif", '''
    n = 5
    if n < 3:
        print("low")
    elif n > 4:
        print("high")
    ''', '''
    n = 5.
    5 < 3 is false, so we try the elif.
    5 > 4 is true, so we enter the if.
    We print high.
    ''', {1: "5 < 3 is false, so we go to the else."}, {"false"})

case("an empty value", '''
    import re
    p = re.compile("a")
    ''', '''
    We import re.
    p = re.compile('a').
    ''', {1: "p = ."}, {"false"})


case("unpacking a part", """
    (p, q), r = (1, 2, 3), 4
    """, """
    We cannot unpack the values into p, q: ValueError: too many values to unpack (expected 2).
    """, {0: "We cannot unpack ((1, 2, 3), 4) into p, q, 2 values for 2 names: ValueError: too many values to unpack (expected 2)."},
     {"false"})

case("unpacking the whole", """
    (p, q), r = (1, 2), 4, 5
    """, """
    We cannot unpack ((1, 2), 4, 5) into (p, q), r, 3 values for 2 names: ValueError: too many values to unpack (expected 2).
    """, {0: "We cannot unpack the values into p, q: ValueError: too many values to unpack (expected 2)."}, {"false"})

SETTER = """
    class P:
        def __init__(self):
            self._v = 0
        @property
        def v(self):
            return self._v
        @v.setter
        def v(self, n):
            self._v = n * 2
    p = P()
    p.v = 5
    p.v += 1
    """
SET = """
    We define class P with __init__, v.
    We call P.__init__.
    self._v = 0.
    P.__init__ returns.
    p = P() = P(_v=0).
    We call P.v with self = P(_v=0), n = 5.
    self._v = 5 * 2 = 10.
    P.v returns.
    p._v = 10 after p.v = 5.
    We call P.v with self = P(_v=10).
    P.v returns self._v = 10.
    We call P.v with self = P(_v=10), n = 11.
    self._v = 11 * 2 = 22.
    P.v returns.
    p._v = 22 after p.v += 1.
    """

case("a setter", SETTER, SET, {8: "p.v = 5, p._v = 10."}, {"false"})
case("a setter of what grows", SETTER, SET, {14: "p.v += 1, p._v = 22."}, {"false"})
case("another value for a setter", SETTER, SET, {14: "p._v = 22 after p.v -= 1."}, {"false"})
case("a property and its setter", SETTER, SET, {0: "We define class P with __init__, v, v."}, {"false"})

case("a target in a target", """
    for (i, ch), w in [((1, "a"), 2)]:
        pass
    """, """
    Turn 1: w = 2, i = 1, ch = 'a'.
    The loop over (i, ch), w ends.
    """, {1: "The loop over i, ch), w ends."}, {"false"})

case("a list that is in a list twice", """
    xs = [[0] * 2] * 2
    xs[0][1] += 5
    ys = [[0], [0]]
    ys[-2][0] = 3
    zs = [{"a": 1}] * 2
    zs[0]["a"] += 1
    """, """
    xs = [[0, 0]] * 2 = [[0, 0], [0, 0]].
    xs[0][1] = 0 + 5 = 5, xs = [[0, 5], [0, 5]].
    ys = [[0], [0]].
    ys[-2][0] = 3.
    zs = [{'a': 1}] * 2 = [{'a': 1}, {'a': 1}].
    zs[0]['a'] = 1 + 1 = 2, zs = [{'a': 2}, {'a': 2}].
    """, {1: "xs[0][1] = 0 + 5 = 5.", 5: "zs[0]['a'] = 1 + 1 = 2."}, {"untold"})


case("the end of a line", """
    print("a", end="")
    print()
    print()
    """, """
    We print a.
    We print the end of the line.
    We print an empty line.
    """, {1: "We print an empty line."}, {"false"})

case("a prompt", """
    print(int(input("n? ")))
    """, """
    We print 'n? '.
    input('n? ') stops with EOFError: EOF when reading a line.
    """, ["We print 'n? '.", "input('n? ') stops with EOFError: EOF when reading a line.", "We print 'n? '."], {"false"})


case("a class that calls itself a library's", """
    __name__ = "decimal"
    class Decimal:
        def __repr__(self):
            return "D"
    d = Decimal()
    """, """
    __name__ = 'decimal'.
    We define class Decimal with __repr__.
    d = Decimal().
    """, ["__name__ = 'decimal'.", "We define class Decimal with __repr__.", "We call Decimal.__repr__.", "d = Decimal()."], {"false"})

case("an operand is asked once", """
    class D:
        def __bool__(self):
            return False
    d = D()
    if d and 3 > 2:
        pass
    """, """
    We define class D with __bool__.
    d = D().
    We call D.__bool__.
    D.__bool__ returns False.
    d and 3 > 2 is false, so we skip the if.
    """, {4: "d and 3 > 2 is true, so we enter the if."}, {"false"})

case("a code in brackets", """
    codes = {}
    codes["]"] = 3
    """, """
    codes = {}.
    codes[']'] = 3.
    """, {1: "codes[']'] = 4."}, {"false"})

case("a key that __missing__ gives", """
    class Zeros(dict):
        def __missing__(self, key):
            return 0
    c = Zeros()
    c["a"] += 1
    """, """
    We define class Zeros with __missing__.
    c = Zeros() = Zeros({}).
    We call Zeros.__missing__ with self = Zeros({}), key = 'a'.
    Zeros.__missing__ returns 0.
    c = Zeros({'a': 1}) after c['a'] += 1.
    """, {2: None, 3: None}, {"missing"})

case("a template is filled in from the left", """
    class S:
        def find(self):
            return self
        def __str__(self):
            return "s"
    s = S()
    t = "%s %s" % (s, s.find())
    """, """
    We define class S with find, __str__.
    s = S().
    We call S.__str__ with self = S().
    S.__str__ returns 's'.
    We call S.find.
    S.find returns S().
    We call S.__str__ with self = S().
    S.__str__ returns 's'.
    t = 's s'.
    """, {2: "We call S.find.", 3: "S.find returns S()."}, {"false"})

case("what a lambda yields", """
    x = lambda: (yield 1)
    print(list(x()))
    """, """
    x = <lambda>.
    We print list(x()) = [1].
    """, {1: "We print list(x()) = [2]."}, {"false"})

case("what is left at the end", """
    class Dog:
        def __del__(self):
            print("del")
    d = Dog()
    """, """
    We define class Dog with __del__.
    d = Dog().
    We call Dog.__del__.
    We print del.
    Dog.__del__ returns.
    """, {3: "We print dog."}, {"false"})


def test_how_a_value_may_be_shown():
    assert shown_as("{<class B>, <class A>}", "{<class A>, <class B>}") and not shown_as("{<class B>, <class C>}", "{<class A>, <class B>}")
    assert not shown_as("{<class B>: 1, <class A>: 2}", "{<class A>: 2, <class B>: 1}")
    true = "'Before:  ... " + "x" * 200 + " is now modified'"
    assert shown_as(true[:14] + " ... " + true[-40:], true) and not shown_as(true[:14] + " ... " + true[-40:-2] + "p'", true)


@pytest.mark.parametrize("name", CASES)
def test_what_is_true_is_accepted(name):
    program, stdin, true, *_ = CASES[name]
    assert judge(program, stdin, true, seen=seen(program, stdin)) == []


@pytest.mark.parametrize("name", CASES)
def test_what_was_said_falsely_is_refused(name):
    program, stdin, true, false, kinds = CASES[name]
    if isinstance(false, dict):
        false = [line for line in ({**dict(enumerate(true)), **false}).values() if line is not None]
    faults = judge(program, stdin, false, seen=seen(program, stdin))
    assert {fault.kind for fault in faults} == kinds, faults


def altered(lines: list[str]):
    """Every number one more, every verdict turned round, every line left out or said twice."""
    for place, line in enumerate(lines):
        changes = [[], [line, line]]
        for match in re.finditer(r"(?<![\w.])\d+\b", line):
            changes.append([f"{line[:match.start()]}{int(match[0]) + 1}{line[match.end():]}"])
        for truth, other in ((" is true", " is false"), (" is false", " is true")):
            if truth in line:
                changes.append([line.replace(truth, other)])
        for change in changes:
            yield line, [*lines[:place], *change, *lines[place + 1:]]


def test_nothing_that_is_altered_is_accepted():
    tried, accepted = 0, []
    for program, stdin, true, *_ in CASES.values():
        for line, lines in altered(true):
            tried += 1
            if judge(program, stdin, lines, seen=seen(program, stdin)) == []:
                accepted.append((line, len(lines) - len(true)))
    assert tried > 400
    needless = ["gen is closed.", "gen is closed.", "True is true, so the loop goes on.", "We leave the with block."]
    assert accepted == [(line, -1) for line in needless]
