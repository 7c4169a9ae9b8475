"""The list of mistakes that mutate.py makes does not rot: each can still be made, and its test is there."""

import ast
import re

from mutate import ROOT, mutations


def test_every_mistake_can_be_made():
    rows = mutations()
    assert len(rows) >= 30 and len({(file, text, replacement) for file, text, replacement, _ in rows}) == len(rows)
    for number, (file, text, replacement, test) in enumerate(rows, 1):
        code, (page, _, name) = (ROOT / file).read_text(), test.partition("::")
        assert code.count(text) == 1 and text != replacement, (number, file, text)
        ast.parse(code.replace(text, replacement))
        assert re.search(rf"^def {name}\(", (ROOT / page).read_text(), re.MULTILINE), (number, test)
