r"""The world of functions: strings, lists and dictionaries, in the manner of CRUXEval-O.

    def f(text, n):                  # one function, called once
        out = []
        for c in text.split('-'):
            if len(c) > n:
                out.insert(0, c.upper())
        return '-'.join(out)

    print(repr(f('ab-c-def', 1)))

    python tasks.py --world functions --show

The language is a grammar: two tables, EXPRESSIONS and STATEMENTS, each line a type or a place, a
weight, and a template with holes. The weights and the ways of typing come from counts over
CRUXEval's functions (which methods, builtins, statements, types of arguments and results, how
often), and what a first model got wrong there said what was missing: so the world is made after
that benchmark, though no function, call or text was copied. lab/functions.py drops what is equal.

The arguments are drawn first. Texts in the code are often parts of them, so that a replacement
finds something to replace and a split somewhere to split. What crashes is kept once in thirty
draws; a call that gives back its first argument, once in three. People type the same program in
many ways (HABITS); its explanation is always in the same one.

Explanations are tracer's, of a recording made in this process: the programs are ours. Small models
do not learn to count in one step, so before what takes a value's items by their places (BY_PLACE)
these are listed: "text by index: '0a 1b 2'." Tokens: a text in quotes is spelled letter by letter
wherever it stands (VOCABULARY, SPELLED); methods, names and most words of explanations are tokens.
A "primitive" is one method or builtin.
"""

import ast
import io
import random
import re
import string
import sys
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import tracer
from trace import Event, Trace, reworded
from tracer.recorder import Recorder, number, whole
from worlds import (
    LETTERS,
    RESERVED,
    UNSEEN,
    WORDS,
    Program,
    class_of,
    outputs_on,
    random_name,
    split_of,
)

SIZES = {"cpu": {}}  # there is one size only
FIXED_INPUTS = {}    # made for each signature: fixed_calls
LIMITS = 200, 10_000  # turns of loops; characters of a value
TURNS = 15, 15, 200  # at most, in thirds of the training programs: so as many tokens hold more
# A variable or text whose items count by their places: not at the ends, which need no numbers. What
# else is in quotes is passed over.
BY_PLACE = re.compile(r"""
    \b(?:len|enumerate|reversed)\(('[^']*'|\w+)\)
    |('[^']*'|\b\w+)(?:\[(?!(?:0|-1|-?1?:|:-?1)\])
        |\.(?:r?find|r?index|count|ljust|rjust|center|zfill)\(
        |\.(?:insert|pop)\((?!0\b|-1\b|\)))
    |f?'[^']*'|"[^"]*\"""", re.VERBOSE)
VOCABULARY = Path(__file__).with_suffix(".tiktoken")
SPELLED = r"""('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")"""

# ------------------------------------------------------------------------------------------------
# The grammar. Types: str, char (a str of one letter), part (a str to look for), int, small (an int
# that may be an index or a count), bool, strs and ints (lists), rows (lists of ints), pairs (a list
# of tuples), table (str or int -> int), words (str -> str), codes (int -> str), triple (three str),
# some (any of them).
# {new ints} is a variable that the statement makes, {var ints} one that is there, {same ints} what
# stood in the last hole of that type, {block} further statements; | ends a line.

EXPRESSIONS = r"""
str 80 {str}.replace({part}, {part})
str 12 {str}.replace({part}, {part}, {small})
str 40 {str}.lower()
str 18 {str}.upper()
str 10 {str}.swapcase()
str 7 {str}.title()
str 8 {str}.capitalize()
str 4 {str}.casefold()
str 14 {str}.strip({part})
str 8 {str}.strip()
str 10 {str}.rstrip({part})
str 4 {str}.rstrip()
str 4 {str}.lstrip({part})
str 14 {str}.removeprefix({part})
str 6 {str}.removesuffix({part})
str 10 {str}.ljust({width}, {mark})
str 6 {str}.rjust({width}, {mark})
str 8 {str}.center({width}, {mark})
str 7 {str}.zfill({width})
str 3 {str}.expandtabs({small})
str 70 {mark}.join({strs})
str 70 ''.join({strs})
str 10 {mark}.join(map(str, {ints}))
str 4 ''.join([str({each}) for {each} in {ints}])
str 8 ''.join([{each} for {each} in {str} if {test}])
str 8 ''.join(({each} for {each} in {str} if {test}))
str 5 ''.join(reversed({str}))
str 5 ''.join(sorted({str}))
str 4 {str}.translate(str.maketrans({mark}, {mark}))
str 40 {str}[{small}:]
str 40 {str}[:{small}]
str 20 {str}[:-{small}]
str 16 {str}[-{small}:]
str 16 {str}[{small}:{small}]
str 30 {str}[::-1]
str 5 {str}[::2]
str 4 {str}[1::2]
str 5 {str}[:len({str})]
str 7 {str}[len({part}):]
str 6 {str}[:-len({part})]
str 4 {var strs}.pop()
str 3 {var strs}.pop({small})
str 2 {pairs}[{small}][0]
str 40 {str} + {str}
str 16 {str} * {small}
str 18 {strs}[{small}]
str 10 {strs}[-1]
str 9 str({int})
str 2 f'{{{var str}}}: {{{var int}}}'
str 2 f'{{{var str}}}-{{{var str}}}'
str 1 f'{{{var int}}}{{{var str}}}'
str 2 '{{}}: {{}}'.format({str}, {int})
str 1 '{{}} {{}}'.format({str}, {str})
str 4 {str} if {bool} else {str}
str 2 {triple}[0]
str 2 {triple}[1]
str 2 {triple}[2]
str 6 {words}.get({part}, {str})
str 4 max({strs})
str 3 min({strs}, key=len)
char 110 {str}[{small}]
char 14 {str}[-1]
char 20 {str}[0]
char 5 {char}.upper()
char 8 {strs}[{small}][{small}]
char 6 {char}.lower()
char 5 chr(ord({char}) + {small})
part 1 {str}
int 100 len({sized})
int 18 {str}.count({part})
int 6 {ints}.count({int})
int 6 {strs}.count({part})
int 24 {str}.find({part})
int 5 {str}.find({part}, {small})
int 16 {str}.rfind({part})
int 34 {str}.index({part})
int 26 {str}.rindex({part})
int 8 {ints}.index({int})
int 6 {strs}.index({part})
int 30 {int} + {int}
int 24 {int} - {int}
int 12 {int} * {small}
int 10 {int} // {divisor}
int 14 {int} % {divisor}
int 60 {ints}[{small}]
int 18 {ints}[-1]
int 6 {var ints}.pop()
int 5 {var ints}.pop({small})
int 2 {var table}.pop({part}, {small})
int 3 len({rows}[{small}])
int 9 sum({ints})
int 10 max({ints})
int 6 min({ints})
int 4 max({int}, {int})
int 3 min({int}, {int})
int 3 abs({int})
int 4 sum((1 for {each} in {str} if {test}))
int 3 sum((int({each}) for {each} in {str} if {each}.isdigit()))
int 4 ord({char})
int 6 {table}.get({part}, {small})
int 5 {table}[{part}]
int 2 {int} if {bool} else {int}
small 12 len({sized}) // 2
small 10 len({sized}) - 1
small 4 {small} - 1
small 4 {small} + 1
small 5 {str}.find({part})
bool 20 {str}.startswith({part})
bool 18 {str}.endswith({part})
bool 14 {str}.isdigit()
bool 10 {str}.isupper()
bool 14 {str}.islower()
bool 12 {str}.isalpha()
bool 10 {str}.isalnum()
bool 11 {str}.isascii()
bool 10 {str}.isdecimal()
bool 10 {str}.isnumeric()
bool 8 {str}.isspace()
bool 6 {str}.istitle()
bool 2 {str}.isidentifier()
bool 16 {part} in {str}
bool 4 {part} not in {str}
bool 6 {part} in {strs}
bool 6 {int} in {ints}
bool 3 {part} not in {strs}
bool 3 {int} not in {ints}
bool 8 {part} in {keyed}
bool 5 {part} not in {keyed}
bool 50 {int} == {int}
bool 30 {char} == {char}
bool 18 {str} == {str}
bool 26 {int} != {int}
bool 14 {char} != {char}
bool 44 {int} > {int}
bool 44 {int} < {int}
bool 24 {int} >= {int}
bool 12 {int} <= {int}
bool 14 {int} % {divisor} == 0
bool 6 {int} % 2 == 1
bool 6 not {sized}
bool 8 not {bool}
bool 3 {int} < {int} < {int}
bool 4 {str}[{small}:].startswith({part})
bool 20 {bool} and {bool}
bool 10 {bool} or {bool}
bool 4 all(({test} for {each} in {str}))
bool 4 any(({test} for {each} in {str}))
test 16 {each}.isalpha()
test 14 {each}.isdigit()
test 8 {each}.islower()
test 8 {each}.isupper()
test 6 {each}.isalnum()
test 10 {each} != {char}
test 6 {each} == {char}
test 10 {each} not in {part}
test 10 {each} in {part}
strs 18 {str}.split({mark})
strs 14 {str}.split()
strs 6 {str}.split({mark}, {small})
strs 8 {str}.rsplit({mark}, {small})
strs 11 {str}.splitlines()
strs 18 list({str})
strs 4 sorted({str})
strs 4 sorted({strs})
strs 4 sorted({strs}, key=len)
strs 14 {strs}[::-1]
strs 10 {strs}[{small}:]
strs 10 {strs}[:{small}]
strs 12 {strs} + {strs}
strs 5 {strs} * {small}
strs 6 [{each} for {each} in {str} if {test}]
strs 6 [{each} for {each} in {strs} if {test}]
strs 3 [{each}.upper() for {each} in {strs}]
strs 2 [{each} + {part} for {each} in {strs}]
strs 6 list({keyed})
strs 5 list({keyed}.keys())
strs 6 list({words}.values())
strs 4 list(map(str, {ints}))
strs 14 {strs}.copy()
strs 4 {strs}[:]
strs 4 list(reversed({strs}))
strs 4 [{str}, {str}]
ints 14 sorted({ints})
ints 4 sorted({ints}, reverse=True)
ints 14 {ints}[::-1]
ints 14 {ints}[{small}:]
ints 14 {ints}[:{small}]
ints 6 {ints}[::2]
ints 14 {ints} + {ints}
ints 5 {ints} * {small}
ints 14 {ints}.copy()
ints 6 {ints}[:]
ints 4 {ints}[:len({sized}) // 2]
ints 8 {rows}[{small}]
ints 2 [len({each}) for {each} in {rows}]
ints 3 sum({rows}, [])
rows 10 {rows}[::-1]
rows 8 {rows}.copy()
rows 6 {rows}[{small}:]
rows 4 {rows} + [{ints}]
rows 3 [{ints}, {ints}]
ints 8 list(range({small}))
ints 5 [{each} for {each} in {ints} if {number}]
ints 3 [{each} * {small} for {each} in {ints}]
ints 3 [{each} + {small} for {each} in {ints}]
ints 3 [len({each}) for {each} in {strs}]
ints 8 list({table}.values())
ints 4 [{int}, {int}]
ints 1 [{str}.count({each}) for {each} in {str}]
number 10 {each} > {int}
number 8 {each} != {int}
number 10 {each} % {divisor} == 0
number 8 {each} < {int}
number 5 {each} in {ints}
pairs 10 list({table}.items())
pairs 6 sorted({table}.items())
pairs 6 list(enumerate({str}))
pairs 5 list(zip({str}, {ints}))
pairs 4 [({each}, {str}.count({each})) for {each} in {str}]
table 14 {table}.copy()
table 8 dict({table})
table 2 dict.fromkeys({str}, {small})
table 1 dict.fromkeys({strs}, {small})
table 1 {{{each}: {str}.count({each}) for {each} in {str}}}
table 1 {{{each}: len({each}) for {each} in {strs}}}
table 3 dict(zip({strs}, {ints}))
words 10 {words}.copy()
words 6 dict({words})
words 1 {{{each}: {each}.upper() for {each} in {strs}}}
codes 6 dict(enumerate({str}))
codes 4 dict(zip({ints}, {strs}))
triple 6 {str}.partition({mark})
triple 12 {str}.rpartition({mark})
triple 5 ({str}, {str}, {str})
triple 4 tuple({strs})
duo 10 ({str}, {int})
duo 6 ({int}, {int})
duo 6 ({str}, {str})
duo 4 ({strs}, {int})
duo 3 divmod({int}, {divisor})
"""
# place: top (of the function), loop (in a block), before (accumulators, before a loop), for.
STATEMENTS = r"""
before 40 {new strs} = []
before 30 {new str} = ''
before 22 {new int} = 0
before 20 {new ints} = []
before 14 {new table} = {{}}
before 6 {new words} = {{}}
before 2 {new rows} = []
before 8 {new strs} = list({str})
before 6 {new ints} = {ints}.copy()
top 36 {new str} = {str}
top 22 {new int} = {int}
top 22 {new strs} = {strs}
top 14 {new ints} = {ints}
top 7 {new table} = {table}
top 4 {new words} = {words}
top 5 {new triple} = {triple}
top 5 {new bool} = {bool}
top 4 {new str}, {new int} = {var table}.popitem()
top 2 {new rows} = {rows}
if 14 if {bool}:|    return {some}
if 5 if {bool}:|    return {word}
if 5 if {bool}:|    return True
if 5 if {bool}:|    return False
if 1 if {bool}:|    return None
if 5 if {bool}:|    return {word}|else:|    return {word}
if 8 if {bool}:|    return {some}|else:|    return {some}
if 2 if {var str}.isdigit():|    return int({same str})
if 18 if {bool}:|    {block}
if 14 if {bool}:|    {block}|else:|    {block}
if 4 if {bool}:|    return {some}|elif {bool}:|    return {some}
top 3 try:|    {new int} = {str}.index({part})|except ValueError:|    {block}
top 4 {new int}, {new str} = ({int}, {str})
top 4 {new str}, _, {new str} = {str}.partition({mark})
loop 24 if {bool}:|    {block}
loop 12 if {bool}:|    {block}|else:|    {block}
loop 4 if {bool}:|    break
loop 5 if {bool}:|    return {some}
loop 4 if {bool}:|    return False
loop 4 if {bool}:|    return True
loop 2 if {bool}:|    return {word}
loop 3 if {bool}:|    {block}|elif {bool}:|    {block}
loop 2 for {new char} in {var str}:|    {block}
loop 2 for {new int} in {var ints}:|    {block}
loop 1 if {bool}:|    continue
mutate 26 {var strs}.append({str})
mutate 12 {var ints}.append({int})
mutate 6 {var strs}.insert({small}, {str})
mutate 6 {var ints}.insert({small}, {int})
mutate 2 {var strs}.pop()
mutate 2 {var strs}.pop({small})
mutate 4 {var ints}.pop()
mutate 7 {var ints}.pop({small})
mutate 2 {var strs}.reverse()
mutate 4 {var ints}.reverse()
mutate 2 {var strs}.sort()
mutate 4 {var ints}.sort()
mutate 2 {var ints}.sort(reverse=True)
mutate 5 {var strs}.remove({part})
mutate 5 {var ints}.remove({int})
mutate 2 {var strs}.extend({strs})
mutate 3 {var ints}.extend({ints})
mutate 4 {var ints}[:{small}] = {ints}
mutate 3 {var strs}[{small}:{small}] = {strs}
mutate 4 {var rows}.append({ints})
mutate 2 {var rows}.pop({small})
mutate 3 {var strs}.clear()
mutate 3 {var ints}.clear()
mutate 6 {var strs}[{small}] = {str}
mutate 6 {var ints}[{small}] = {int}
mutate 4 {var ints}[{small}] += {small}
mutate 2 del {var ints}[{small}]
mutate 3 {var ints}[0], {same ints}[-1] = ({same ints}[-1], {same ints}[0])
mutate 2 {var ints}.sort(key=lambda {each}: -{each})
mutate 2 {var strs}.sort(key=len)
mutate 8 {var table}[{str}] = {int}
mutate 5 {var table}[{str}] = {var table}.get({str}, 0) + 1
mutate 4 {var table}.update({table})
mutate 3 {var table}.pop({part}, {small})
mutate 2 {var table}.pop({part})
mutate 2 del {var table}[{part}]
mutate 4 {var table}.popitem()
mutate 2 {var table}.clear()
mutate 2 {var table}.setdefault({str}, {small})
mutate 5 {var words}[{str}] = {str}
mutate 3 {var words}.update({words})
mutate 3 {var words}.popitem()
mutate 5 {var str} += {str}
mutate 6 {var str} = {str} + {var str}
mutate 20 {var str} = {str}
mutate 6 {var int} += {small}
mutate 3 {var int} += {int}
mutate 2 {var int} -= {small}
mutate 3 {var int} *= {small}
for 50 for {new char} in {var str}:|    {block}
for 45 for {new small} in range(len({var str})):|    {block}
for 27 for {new small} in range(len({var ints})):|    {block}
for 15 for {new small} in range({small}):|    {block}
for 10 for {new small} in range({int}):|    {block}
for 5 for {new small} in range({small}, len({var str})):|    {block}
for 5 for {new small} in range(len({var ints}) - 1, -1, -1):|    {block}
for 3 for {new small} in range({int} + 1):|    {block}
for 6 for {new ints} in {var rows}:|    {block}
for 4 while {var ints} and {bool}:|    {same ints}.pop()|    {block}
for 4 while {var int} < len({var str}) and {same str}[{same int}] != {char}:|    {same int} += 1
for 6 for {new small} in range(1, len({var str})):|    {block}
for 6 for {new small} in range(0, len({var str}), 2):|    {block}
for 6 for {new small} in range(len({var str}) - 1, -1, -1):|    {block}
for 26 for {new int} in {var ints}:|    {block}
for 22 for {new str} in {var strs}:|    {block}
for 10 for {new str} in {str}.split({mark}):|    {block}
for 10 for {new small}, {new char} in enumerate({var str}):|    {block}
for 4 for {new small}, {new int} in enumerate({var ints}):|    {block}
for 40 for {new str}, {new int} in {var table}.items():|    {block}
for 5 for {new str}, {new str} in {var words}.items():|    {block}
for 6 for {new str} in {var table}:|    {block}
for 4 for {new char}, {new int} in zip({var str}, {var ints}):|    {block}
for 5 while {part} in {var str}:|    {same str} = {same str}.replace({same part}, '', 1)
for 3 while {var str}.startswith({char}):|    {same str} = {same str}[1:]
for 1 while {var str}.endswith({char}):|    {same str} = {same str}[:-1]
for 9 while len({var str}) > {small}:|    {same str} = {same str}[1:]|    {block}
for 6 while len({var strs}) > {small}:|    {same strs}.pop()
for 6 while len({var ints}) > {small}:|    {block}|    {same ints}.pop()
for 6 while {var ints}:|    {new int} = {same ints}.pop()|    {block}
for 6 while {var int} > {small}:|    {block}|    {same int} -= {divisor}
for 5 while {var int} > 0:|    {block}|    {same int} //= 2
for 4 while {var int} < len({var str}):|    {block}|    {same int} += {divisor}
"""
# What holes without a template of their own stand for, and which variables fit a hole.
FITS = """
str str char part
part char part
int int small
sized str strs ints rows table words
keyed table words
"""
# Types of results, of first and further arguments; shapes of functions. Where no variable is taken,
# how many percent are computed; else they are literals.
KINDS = """
result 60 str
result 12 strs
result 9 ints
result 8 int
result 3 table
result 6 bool
result 2 words
result 2 pairs
result 3 triple
result 4 duo
result 2 rows
first 62 str
first 15 ints
first 9 int
first 6 strs
first 5 table
first 3 words
first 1 codes
first 2 rows
further 38 part
further 34 int
further 12 str
further 7 ints
further 5 strs
further 3 table
computed 90 str
computed 60 int
computed 25 small
computed 5 part
computed 70 char
computed 90 strs
computed 80 ints
shape 26 primitive
shape 36 straight
shape 22 if
shape 100 loop
"""
NAMES = """
str text s string value txt word line sentence st str1 name key out result res ans
char c char ch letter x l
part char sep ch c sub letter s1 prefix suffix delimiter x
int n num count total x k result length m value a val
small i j n k idx index
bool flag ok found is_ok same
strs words parts lst items result out res ls l strings
ints nums numbers arr array lst a xs values result items
triple parts t a pieces
table d dic dct counts result table scores
words d dic dct pairs mapping
codes d dic codes
rows matrix rows grid lists array lst
pairs pairs items result
"""
SEPARATORS = [", ", *" ,-_.|:/;#"]
# How people type what ast.unparse, which writes the programs, writes otherwise: percent of them,
# pattern => replacement; of texts, only the quotes. What would change a program is not done.
HABITS = r"""
20 '((?:[^'"\\\n]|\\[^'"])*)' => "\1"
90 \(\(([^()]*(?:\([^()]*\)[^()]*)*)\)\) => (\1)
90 (=|\breturn|\bin)\s\((.*)\)(:?)$ => \1 \2\3
80 \b(and|or)\s\(([^()]*(?:\([^()]*\)[^()]*)*)\) => \1 \2
30 \s([-+%]|[*/]+)\s => \1
4 \s([<>]|[<>=!]=)\s => \1
2 \s([-+*/]*=)\s => \1
6 ,\s => ,
5 :\s(?=\S) => :
2 :(\s)(?=\S) => \1:\1
4 return\s(.*)$ => return (\1)
5 \b(if|elif|while)\s(.*):$ => \1 (\2):
3 ([-+])\s(\w+\s[*/%]+\s\w+) => \1 (\2)
6 ^([ ]+(?:if|elif|else)\b.*:)\n[ ]+((?!if|for|while|try).*)$ => \1 \2
2 (?<![\w\])'"])([\[{])([^\[\]{}]+)([\]}]) => \1 \2 \3
4 (?<!:)\n([ ]+(?:for|while|if|return)\b) => \n\n\1
2 (\s)(\S+)$ => \1\2\1
2 ^([ ]+)((?:for|while|if|return)\b.*)$ => \1# \2\n\1\2
"""
SYLLABLES = """ba be bo ca co da de di fa fi ga go ha hi ja ka ki la le lo ma me mi na no pa po ra
re ri sa se so ta te to va vi wa we za an en in on ar er or st th ch sh tr""".split()


def lines_of(table):
    """-> kind -> (templates, weights)"""
    rows = {}
    for kind, weight, template in re.findall(r"^(\w+) (\d+) (.*)", table, re.M):
        templates, weights = rows.setdefault(kind, ([], []))
        templates.append(template)
        weights.append(int(weight))
    return rows


EXPRESSIONS, STATEMENTS, KINDS = map(lines_of, (EXPRESSIONS, STATEMENTS, KINDS))
COMPUTED = dict(zip(*KINDS["computed"]))
NAMES, FITS = (dict(re.findall(r"(\w+) (.*)", table)) for table in (NAMES, FITS))
HOLE = re.compile(r"\{\{|\}\}|\{(?:(new|var|same) )?(\w+)\}")
# What nobody writes: x = x, x += x, replace(a, a), x == x.
SAME = re.compile(r"\b(\w+) [-+*/]*= \1$"
                  r"|replace\(([^(),]+), \2\)|\b(\w+) (?:[-<>]|[!=<>]=) \3\b", re.M)


class NoSuchVariable(Exception):
    """A template asks for a variable of a type that is not there: draw another."""


def names_in(text):
    return re.findall(r"(?<!['\w])[A-Za-z_]\w*(?!')", text)


def drawn(rng, lines):
    return rng.choices(*lines)[0]


# ------------------------------------------------------------------------------------------------
# Values: arguments, and the texts and numbers in the code.

@dataclass
class Values:
    """Draws values of each type, brief ones for the code. Of `parts`, letters and pieces of the
    texts drawn so far, is what programs look for."""
    rng: object
    long: bool = False
    brief: bool = False
    parts: list = field(default_factory=list)

    def draw(self, kind):
        value = getattr(self, kind)()
        for text in value if isinstance(value, (list, dict)) else [value]:
            if isinstance(text, str) and text:
                start = self.rng.randrange(len(text))
                self.parts += [*self.rng.choices(text, k=3), text[start:start + 2]]
                self.parts += [text[:2], text[:8]]
        return value

    def pick(self, *options):
        return self.rng.choice(options)

    def between(self, least, most):
        return self.rng.randint(least, most)

    def size(self, most):
        """Few are large; of long values, none is small."""
        most //= 3 if self.brief else 1
        least = most // 2 if self.long else 0
        return min(self.between(least, most), self.between(least, most + 3))

    def word(self):
        made = "".join(self.rng.choices(SYLLABLES, k=self.between(1, 3)))
        plain = "".join(self.rng.choices(string.ascii_lowercase, k=self.between(2, 8)))
        word = self.pick(made, plain, self.rng.choice(WORDS))
        return self.pick(word, word, word, word.title(), word.upper(), word[:3])

    def letters(self, most=36):
        """Of few or many different ones: aabab, xK3_q."""
        low, both = string.ascii_lowercase, string.ascii_letters
        every = self.pick(low, low, "ab", "aAbB1", string.digits, both, both + string.digits,
                          string.punctuation + "abc  ", "xyz. ", "01")
        return "".join(self.rng.choices(every, k=self.size(most)))

    def sentence(self):
        mark = self.pick(" ", " ", " ", *SEPARATORS, "\n", "\t")
        words = [self.word() for _ in range(2 + self.size(6))]
        if self.rng.random() < 0.2:
            words[-1] = str(self.between(0, 999))
        return mark.join(words) + self.pick("", "", "", "", "!", ".", " ", mark)

    def str(self):
        return self.pick(self.word, self.letters, self.letters, self.sentence)()

    def part(self):
        if self.parts and self.rng.random() < 0.7:
            return self.pick(*self.parts)
        return self.pick(self.mark, self.mark, self.word, lambda: self.letters(6))()

    def mark(self):
        return self.pick(*SEPARATORS, *string.ascii_lowercase)

    char = mark

    def small(self):
        return min(self.between(0, 6), self.between(0, 6))

    def int(self):
        return self.between(*self.pick((0, 3), (0, 9), (-9, 20), (0, 99)))

    def ints(self):
        most = self.pick(3, 9, 9, 50, 999)
        least = self.pick(0, 0, 0, -most)
        return [self.between(least, most) for _ in range(self.size(11))]

    def strs(self):
        make = self.pick(self.word, self.word, self.mark, lambda: self.letters(9))
        return [make() for _ in range(self.size(9))]

    def rows(self):
        return [[self.int() for _ in range(self.size(4))] for _ in range(self.size(4))]

    def table(self):
        make = self.pick(self.mark, self.word, self.word, self.small)
        return {make(): self.int() for _ in range(self.size(6))}

    def words(self):
        return {self.pick(self.mark, self.word)(): self.word() for _ in range(self.size(6))}

    def codes(self):
        return {self.between(0, 20): self.word() for _ in range(self.size(6))}

    def width(self):
        return self.between(2, 14)

    def divisor(self):
        return self.pick(2, 2, 2, 3, 3, 4, 5, 10)


# ------------------------------------------------------------------------------------------------
# Programs.

class Writer:
    """Draws one function, of one template (type or "mutate", template) if that is to stand alone.
    scope: [(name, type)] of the variables that are there."""

    def __init__(self, rng, values, new_names, alone=None):
        self.rng, self.values, self.new_names, self.alone = rng, values, new_names, alone
        self.scope, self.taken = [], {"f", "_"}
        values.brief = True  # in the code
        self.turning, self.empty = set(), set()  # variables of loops; accumulators

    def name(self, kind):
        rng, tried = self.rng, 0
        while True:
            if self.new_names:
                name = "_".join(rng.choices(UNSEEN, k=1 if tried < 9 else 2))
            elif tried < 9 and rng.random() < 0.75:
                name = rng.choice(NAMES[kind].split())
            else:
                name = rng.choice((rng.choice(LETTERS), random_name(rng, WORDS)))
            tried += 1
            if name not in self.taken | RESERVED:
                self.taken.add(name)
                return name

    def fitting(self, kind):
        types = FITS.get(kind, kind).split()
        return [name for name, type_ in self.scope if type_ in types]

    def variable(self, kind, without=()):
        """Later ones are more likely."""
        names = [name for name in self.fitting(kind) if name not in without]
        if not names:
            raise NoSuchVariable(kind)
        return self.rng.choice(names + 2 * names[-2:])

    def expression(self, kind, depth, receiver=False):
        """receiver: no value, for a method follows."""
        rng = self.rng
        if kind == "some":
            return self.expression(drawn(rng, KINDS["result"]), depth, receiver)
        grammar = kind in EXPRESSIONS
        if self.fitting(kind) and (not grammar or rng.random() < (0.35 if depth > 1 else 0.8)):
            return self.variable(kind)
        deep = depth > (-1 if kind == "bool" else 0)
        if grammar and deep and 100 * rng.random() < COMPUTED.get(kind, 100):
            for _ in range(9):
                template = drawn(rng, EXPRESSIONS[kind])
                try:
                    text = self.fill(template, depth - 1)
                except NoSuchVariable:
                    continue
                if any(name in names_in(text) for name, _ in self.scope):
                    return text
        if receiver and kind != "mark" or not hasattr(self.values, kind):
            raise NoSuchVariable(kind)
        return repr(self.values.draw(kind))

    def fill(self, template, depth, each=""):
        """The template with its holes filled. What it makes is in scope afterwards."""
        new, same, loop = [], {}, template.startswith(("for", "while"))
        each = each or self.name("char") if "{each}" in template else each

        def hole(match):
            way, kind = match[1], match[2]
            if kind is None:
                return match[0][0]
            if kind == "each":
                return each
            if kind in ("test", "number"):
                return self.fill(drawn(self.rng, EXPRESSIONS[kind]), 0, each)
            if way == "new":
                new.append((self.name(kind), kind))
                return new[-1][0]
            if way == "var":
                same[kind] = self.variable(kind, self.empty if loop else self.turning)
            elif way != "same":
                receiver = line[match.end():match.end() + 1] in (".", "[")
                text = self.expression(kind, depth, receiver)
                same[kind] = f"({text})" if " " in text else text
            return same[kind]

        lines = []
        for line in template.split("|"):
            indent = line[:len(line) - len(line.lstrip())]
            if line.strip() == "{block}":
                self.turning.update(name for name, _ in new)
                lines += [indent + inner for inner in self.block(new, depth)]
            else:
                lines.append(HOLE.sub(hole, line))
        if SAME.search("\n".join(lines)):
            raise NoSuchVariable(template)
        if not loop:
            self.scope += new
        return "\n".join(lines)

    def block(self, new, depth):
        """Lines of a body; what it makes is forgotten after it."""
        before = len(self.scope)
        self.scope += new
        lines = []
        for _ in range(self.rng.choice((1, 1, 2, 3) if depth > 1 else (1, 1, 1, 2))):
            place = "loop" if depth > 0 and self.rng.random() < 0.35 else "mutate"
            lines += self.statement(place, depth - 1)
        del self.scope[before:]
        return lines

    def statement(self, place, depth):
        for _ in range(30):
            before = len(self.scope)
            template = drawn(self.rng, STATEMENTS[place])
            try:
                return self.fill(template, depth).split("\n")
            except NoSuchVariable:
                del self.scope[before:]
        raise NoSuchVariable(place)

    def function(self, kinds):
        """A function of arguments of these types."""
        for kind in kinds:
            self.scope.append((self.name(kind), kind))
        names = ", ".join(name for name, _ in self.scope)
        shape = "primitive" if self.alone else drawn(self.rng, KINDS["shape"])
        lines = self.primitive() if shape == "primitive" else self.body(shape)
        body = "\n    ".join(lines)
        return ast.unparse(ast.parse(f"def f({names}):\n    {body}\n"))

    def body(self, shape):
        rng, lines = self.rng, []
        if shape == "loop":
            for _ in range(rng.choice((0, 1, 1, 1, 1, 2))):
                lines += self.statement("before", 1)
                self.empty.add(self.scope[-1][0])
        for _ in range(rng.choice((0, 0, 0, 1, 1) if shape == "loop" else (0, 0, 1, 1, 2, 2, 3))):
            lines += self.statement(rng.choice(("top", "top", "top", "mutate", "if")), 2)
        if shape == "loop":
            lines += self.statement("for", 2)
            if rng.random() < 0.3:
                lines += self.statement(rng.choice(("top", "mutate", "if", "for")), 1)
        elif shape == "if":
            lines += self.statement("if", 2)
        return [*lines, f"return {self.result(2 if len(lines) < 3 else 1)}"]

    def primitive(self):
        """One method or builtin, each as likely."""
        kinds = [kind for kind in EXPRESSIONS if kind not in ("test", "number")]
        kind = self.rng.choice(["mutate", *kinds, *kinds])
        table = STATEMENTS if kind == "mutate" else EXPRESSIONS
        kind, template = self.alone or (kind, self.rng.choice(table[kind][0]))
        told = self.fill(template, 0, each="x")
        if kind != "mutate":
            return [f"return {told}"]
        return [told, f"return {self.rng.choice([name for name, _ in self.scope if name in told])}"]

    def result(self, depth):
        """Often what was made last; rarely a constant."""
        if self.rng.random() < 0.06:
            return self.rng.choice(("True", "False", self.expression("word", 0)))
        name, kind = self.rng.choice(self.scope[-1:] + self.scope[-2:])
        if kind in KINDS["result"][0] and self.rng.random() < 0.5:
            return name
        for _ in range(9):
            text = self.expression("some", depth, receiver=True)
            if self.rng.random() < 0.2 or name in names_in(text):
                return text
        return name


def meaning(code):
    """Equal for programs that differ in how they are typed. None: it does not parse."""
    with suppress(SyntaxError):
        return ast.dump(ast.parse(code))


def typed(rng, code):
    """The same program, as somebody types it, who has some habits and follows them often."""
    for share, pattern, becomes in re.findall("^([0-9]+) (.*) => (.*)", HABITS, re.M):
        if 100 * rng.random() > int(share):
            continue
        often = rng.choice((0.5, 1))
        for match in reversed([*re.finditer(f"{pattern}|{SPELLED}", code, re.M)]):
            if not match[match.re.groups] and rng.random() < often:  # the last group: of a text
                other = code[:match.start()] + match.expand(becomes) + code[match.end():]
                code = other if meaning(other) == meaning(code) else code
    return code


def random_kinds(rng):
    """The types of the arguments."""
    kinds = [drawn(rng, KINDS["first"])]
    while len(kinds) < 3 and rng.random() < (0.45 if len(kinds) == 1 else 0.16):
        kinds.append(drawn(rng, KINDS["further"]))
    return kinds


@cache
def fixed_calls(kind):
    """Arguments that tell functions apart, fourteen for these types."""
    rng, calls = random.Random(kind), []
    for k in range(14):
        values = Values(rng, long=k % 2 == 1)
        calls.append(repr(tuple(map(values.draw, kind.split()))))
    return calls


def construct(function):
    """primitive (one line) | straight | if | try | for | while, by its first statement that has
    others in it."""
    inner = re.search(r"^ +(for|while|if|try)\b", function, re.M)
    return inner[1] if inner else "straight" if function.count("\n") > 1 else "primitive"


def random_program(rng, knobs, split, set_):
    """kind: its construct."""
    kinds, values = random_kinds(rng), Values(rng, set_ == "longer" or rng.random() < 0.1)
    arguments = [values.draw(kind) for kind in kinds]
    try:
        code = Writer(rng, values, set_ == "new_names", **knobs).function(kinds)
    except NoSuchVariable:
        return None
    call = ", ".join(map(repr, arguments))
    program = f"{code}\n\nprint(repr(f({call})))\n"
    limits = (rng.choice(TURNS), LIMITS[1]) if split == "train" else LIMITS
    if not wanted(rng, code, repr(arguments[0]), *outputs_on(program, [""], *limits)):
        return None
    kind = " ".join(kinds)
    outputs = outputs_on(f"{code}\nprint(repr(f(*eval(input()))))\n", fixed_calls(kind), *LIMITS)
    cls = class_of(code, kind, outputs)
    if split_of(cls) != split or len(set(outputs)) == 1 and rng.random() < 0.9:
        return None
    program = f"{typed(rng, code)}\n\nprint(repr({typed(rng, f'f({call})')}))\n"
    return Program(program, "", cls, construct(code))


def wanted(rng, code, first, output):
    """Not: what does not end, is long; rarely: what has a variable that nobody reads, crashes,
    gives back its first argument."""
    stored, loaded = set(), {"_"}
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.arg):
            stored.add(node.arg)
        elif isinstance(node, ast.Name):
            (loaded if isinstance(node.ctx, ast.Load) else stored).add(node.id)
    if re.search("Timeout|SyntaxError", output) or len(output) > 70:  # a break outside of a loop
        return False
    if stored - loaded and rng.random() < 0.8:
        return False
    rare = 0.03 if "<error>" in output else 1 / 3 if output.rstrip() == first else 1
    worded = "ValueError" in output and re.search(r"max\(|min\(", code)  # otherwise by each Python
    return rng.random() < rare and not worded


# ------------------------------------------------------------------------------------------------
# Explanations: tracer's, recorded in this process, with lists of places, without what the last line
# repeats.

def record(code, stdin="", max_events=300):
    """As tracer.record, without the sandbox, a hundred times as fast: the programs are ours. Not
    complete: more than max_events, or than 6,000 bytes of values."""
    events, space = [], (sys.stdin, sys.stdout, sys.__stdin__, sys.__stdout__, sys.settrace)
    main = sys.modules["__main__"]
    try:
        end = Recorder(code, io.BytesIO(), min(max_events, 300), 6_000, events.append).run()
    finally:
        sys.stdin, sys.stdout, sys.__stdin__, sys.__stdout__, sys.settrace = space
        sys.modules["__main__"] = main
    events = [Event(*event) for event in events if type(event) is list]  # last: why it stops
    whole(events)
    return Trace(**{"code": code, "stdin": stdin, "events": events, **end})


def by_place(statement):
    """Yields what has items that the statement takes by their places, "by index" or "backwards"."""
    head = getattr(statement, "test", getattr(statement, "iter", statement))
    text = "" if hasattr(head, "body") else ast.unparse(head)  # try, def
    if isinstance(statement, ast.For):
        yield text, "by index"
    for match in BY_PLACE.finditer(text):
        name = match[1] or match[2]
        yield name, "by index"
        if match[0].startswith("reversed") or text.startswith("::-1]", match.end()):
            yield name, "backwards"


def placed(text, way):
    """'ab' -> '0a 1b 2'; [7, 'x'] -> 0: 7, 1: 'x', 2: each item after its index, the length last.
    Backwards: '1b 0a'. Of what has no two items nothing."""
    with suppress(ValueError, SyntaxError):  # no literal
        value = ast.literal_eval(text)
        if type(value) in (str, list, tuple) and len(value) > 1:
            spelled = text[0] in "'\""
            items = [f"{k}{item}" if spelled else f"{k}: {item!r}" for k, item in enumerate(value)]
            items = items[::-1] if way == "backwards" else [*items, str(len(items))]
            return repr(" ".join(items)) if spelled else ", ".join(items)
    return ""


def explain(run):
    """As tracer's; before what is said of a statement that needs the places of a value's items they
    are listed, unless they were before."""
    told, listed, space, running = defaultdict(list), set(), defaultdict(dict), {}
    for index, sentence in tracer.explain(run):
        told[index].append(sentence)
    if not run.events:  # it does not parse
        return (yield from enumerate(told[0]))
    statements = number(run.code)[1]
    for index, event in enumerate(run.events):
        statement, variables = running.get(event.frame), space[event.frame]
        late = isinstance(statement, ast.For) and "Turn 1:" not in " ".join(told[index])
        for name, way in by_place(statement) if told[index] and statement and not late else ():
            places = placed(variables.get(name) or name or "", way)
            if (name, places) not in listed and places:
                yield index, f"{name} {way}: {places}."
                listed.add((name, places))
        for sentence in told[index]:
            yield index, sentence
        variables.update(event.changes)
        running[event.frame] = statements.get(event.line)


def narrate(run, seed=0):
    """Without "We define f." and "We print repr(f(...)) = ...": f's return says it."""
    return [line for line in reworded(explain(run), seed)
            if not line.startswith(("We define ", "We print repr("))]


TELLER = SimpleNamespace(record=record, narrate=narrate)
