"""What eval.py --show says of a program that the model cannot know. No trained model is needed."""

import random
from types import SimpleNamespace

import pytest

pytest.importorskip("torch")

import answers  # noqa: E402
import tasks  # noqa: E402
import worlds  # noqa: E402

SHOUT = """n = int(input())
word = 'a'
def shout(text, *, times=2):
    return text.upper() * times
print(shout(word), end='!\\n')
print(n // 2, -n, 1.5, n ** 2 if n not in [1, 2] else None)
n += 1
"""


def test_constructs_are_named_as_they_are_typed_with_their_first_line():
    found = answers.constructs(SHOUT)
    assert list(found) == ["assign", "int()", "input()", "str constant", "def", "parameters", "int constant", "return", ".upper()",
                           "mult", "print()", "end=", "//", "-x", "float constant", "... if ... else ...", "not in", "list with items",
                           "**", "NoneType constant", "+= or another", "add"]
    assert found["int()"] == 1 and found["parameters"] == 3 and found[".upper()"] == 4 and found["end="] == 5 and found["add"] == 7
    assert answers.constructs("x = y = input('n')\nx[0] = 1 < 2 < 3\n").keys() >= {"x = y =", "input(prompt)", "x[...] =", "a < b < c"}
    assert answers.constructs("import os\nfrom os import path\nos.name\n[x for x in map(str, '1')]") == {
        "import": 1, ".name": 3, "[... for ...]": 4, "map()": 4, "str": 4, "str constant": 4}


def test_kinds_that_have_a_name_of_their_own_exist():
    import ast
    assert all(issubclass(getattr(ast, kind), ast.AST) for kind in answers.TYPED)
    assert set(answers.SILENT) <= {name.lower() for name in dir(ast)}


def test_what_the_world_does_not_have():
    new = answers.never_seen(SHOUT, {"world": "contest", "world_size": "cpu"})
    assert new == ["def (line 3)", "parameters (line 3)", "return (line 4)", ".upper() (line 4)", "end= (line 5)", "// (line 6)",
                   "-x (line 6)", "float constant (line 6)", "... if ... else ... (line 6)", "not in (line 6)", "list with items (line 6)", "** (line 6)",
                   "NoneType constant (line 6)"]
    assert "def (line 3)" not in answers.never_seen(SHOUT, {"world_size": "gpu"})            # its programs have functions
    assert {"int() (line 1)", "+= or another (line 7)"} <= set(answers.never_seen(SHOUT, {"world": "tinypy"}))
    assert answers.never_seen(SHOUT, {"world": "of somebody else"}) == []                # nothing is known of it


@pytest.mark.parametrize("made", [{}, {"world_size": "quick"}, {"world_size": "gpu"}, {"world": "tinypy"}],
                         ids=["cpu", "quick", "gpu", "tinypy"])
def test_a_program_of_the_world_has_nothing_new(made):
    rng, world = random.Random(3), worlds.load(made.get("world", "contest"))
    known, left = "", 200
    while left:
        program = world.random_program(rng, world.SIZES[made.get("world_size", "cpu")], "train", ("short", "longer")[left % 2])
        try:
            compile(program.code if program else "(", "program", "exec")
        except SyntaxError:
            continue
        known, left = known + program.code, left - 1
    assert not [name for name in answers.never_seen(known, made) if not name.startswith("a second input()")]


class Told:
    """In place of a checkpoint."""
    checkpoint = {"made": {"world": "contest", "world_size": "cpu"}, "model": SimpleNamespace(config=SimpleNamespace(n_ctx=99))}

    def __init__(self, *_):
        pass

    def too_long(self, prompt):
        return False

    def sample(self, max_new_tokens, draw, prompts, begin, cut):
        assert (max_new_tokens, draw, begin, cut) == (99, 0, tasks.EXPLAINED, True)                          # the likeliest that explains
        return ["Step by step:\nWe print 2.\n<output>\n2\n</output>"]


def test_it_is_said_before_the_simulation_and_only_where_there_is_something(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(answers, "Model", Told)
    monkeypatch.setattr(answers.signal, "signal", lambda *_: None)                       # pytest's own pipes stay as they are
    args = SimpleNamespace(show=tmp_path / "prog.py", stdin="", out=tmp_path, ckpt=None, max_new_tokens_predict=9)
    warning = "not in the world contest, so the model has never seen it: // (line 1), .bit_length() (line 2)\n"
    for code, warned in (("x = 4 // 2\nprint(x.bit_length())\n", True), ("print(1 + 1)\n", False)):
        args.show.write_text(code)
        answers.show(args)
        said = capsys.readouterr().out
        assert ("not in the world" in said) is warned and "   the model (" in said and "Step by step" not in said
        assert not warned or said.index(warning) < said.index("   the model (")
