"""A copy for EXERCISES.md: what is blank fails by its own test, and nothing else does."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lab import stubs

ROOT = Path(__file__).resolve().parent.parent
EXERCISES = [row.split() for row in stubs.HOLES.strip().splitlines()]


def test_a_body_goes_and_its_docstring_stays():
    source = '''def other(a):
    """Of other."""
    return a


class C:
    def f(self, a):
        """Of f,
        on two lines."""
        b = a  # a comment
        if b:
            b = (1,
                 2)

        return b

    def after(self):
        return 3
'''
    blank = stubs.blanked(source, 4, "f")
    assert blank == source.replace('''        b = a  # a comment
        if b:
            b = (1,
                 2)

        return b
''', '''        raise NotImplementedError("exercise 4")
''')
    one = stubs.blanked(source.replace("        if b:", "        bb = 1\n        if b:"), 5, "f", "b")
    assert one.splitlines()[9:12] == ['        raise NotImplementedError("exercise 5")', "        bb = 1", "        if b:"]


def test_every_exercise_has_a_hole_a_docstring_a_test_and_a_section():
    assert [number for number, *_ in EXERCISES] == [*"12345678"]
    tests, sections = (ROOT / "tests/test_exercises.py").read_text(), (ROOT / "EXERCISES.md").read_text()
    for number, file, function, *_ in EXERCISES:
        (found,) = [node for node in ast.walk(ast.parse((ROOT / file).read_text())) if getattr(node, "name", "") == function]
        assert ast.get_docstring(found)
        assert len(re.findall(rf"^def test_exercise_{number}_", tests, re.MULTILINE)) == 1
        (section,) = re.findall(rf"^## {number}\. .*?(?=^## |\Z)", sections, re.MULTILINE | re.DOTALL)
        assert f"`{function}`" in section and f"({file})" in section and f"-k exercise_{number}" in section
        for part in ("minutes", "**Read**", "**Do**", "**Right when**", "**Expect**", "**Discuss**"):
            assert part in section, (number, part)


@pytest.mark.parametrize("blank", ["1357", "2468"])
def test_in_a_copy_what_is_blank_fails_and_the_rest_passes(tmp_path, blank):
    stubs.copy_project(tmp_path / "copy", blank)
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_exercises.py"], cwd=tmp_path / "copy",
                          capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    failed = re.findall(r"^FAILED \S+::test_exercise_(\d)\S* - NotImplementedError: exercise (\d)$", done.stdout, re.MULTILINE)
    assert failed == [(number, number) for number in blank], done.stdout[-3000:]
    assert re.search(r"^4 failed, 4 passed", done.stdout, re.MULTILINE)


def test_the_copy_is_new_and_complete_and_links_to_our_packages(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["stubs.py", str(tmp_path / "made/lab")])
    stubs.main()
    copy = tmp_path / "made/lab"
    assert "EXERCISES.md" in capsys.readouterr().out and (copy / ".venv").is_symlink()
    assert (copy / "results/course-seed0/rl.pt").exists() and (copy / "run.sh").exists() and not (copy / ".git").exists()
    for number, file, *_ in EXERCISES:
        text = (copy / file).read_text()
        assert f'raise NotImplementedError("exercise {number}")' in text
        compile(text, file, "exec", dont_inherit=True)
    with pytest.raises(SystemExit) as stop:
        stubs.main()
    assert stop.value.code == 2 and "is there: delete it" in capsys.readouterr().err
