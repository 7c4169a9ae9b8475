"""FORKS.md, applied: its files are saved in a copy of the project, its commands run at tiny size."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import in_process, tiny_flags

ROOT = Path(__file__).resolve().parent.parent
BLOCKS = re.findall(r"^```python\n# (\S+?\.py)(?:, run as: python ([^\n]*))?\n(.*?)^```", (ROOT / "FORKS.md").read_text(), re.MULTILINE | re.DOTALL)
SHORT = {"max_new_tokens_predict": 20, "max_new_tokens_solve": 20, "val_cases": 1}
SFT = tiny_flags("model", "sft", **SHORT | {"steps": 2, "val_every": 2})
RL = tiny_flags("rl", **SHORT)
SMALL = tiny_flags("data", sft_cases=20, sft_problems=8, rl_cases=4, rl_problems=4, val_cases=2, test_cases=2)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The project with FORKS.md's files in it, tiny data of the course's world in out, of the new one in out/letters."""
    copy = tmp_path_factory.mktemp("forks") / "copy"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "results", "out", "tests", "__pycache__"))
    for name, _, text in BLOCKS:
        assert not (copy / name).exists()
        (copy / name).write_text(text)
    for more in ([], ["--world", "letters", "--out", "out/letters"]):
        subprocess.run([sys.executable, "tasks.py", *SMALL, *more], cwd=copy, check=True, stdout=subprocess.DEVNULL)
    return copy


def test_there_is_a_file_for_each_fork_and_every_file_has_its_command():
    assert [name for name, *_ in BLOCKS] == ["worlds/letters.py", "lab/numbered.py", "lab/grpo.py", "lab/inputs_sft.py", "lab/inputs_rl.py",
                                             "lab/no_canon.py"]
    text = (ROOT / "FORKS.md").read_text()
    assert len(BLOCKS) == text.count("```python\n") and "python tasks.py --world letters --show" in text
    for name, command, code in BLOCKS[1:]:
        assert command.split()[:2] == ["-m", name.removesuffix(".py").replace("/", ".")]
        compile(code, name, "exec", dont_inherit=True)
    assert [title for title in re.findall(r"^## (.*)", text, re.MULTILINE)] == ["A world", "A trace format", "A reward", "An environment", "A model"]


CHECK = """
import numpy as np, model, runs, sft
tokenizer = model.Tokenizer()
def texts(name, task):
    file = np.load(f"out/data/{name}-0.5-0.7-0.npz")
    rows = [row for row in file["index"].tolist() if row[3] == task]
    return [tokenizer.decode(file["tokens"][start:start + length].tolist()) for start, _, length, _ in rows]
assert all("Line 1: We read" in text or "Line " in text for text in texts("numbered", sft.TASKS.index("explain"))), texts("numbered", 1)[:2]
found = texts("inputs_sft", len(sft.TASKS))
assert len(found) > 10 and all("Find an input." in text and "Output:" in text for text in found)
config = runs.load("out/no-canon.pt")["model"].config
assert (config.canon, config.mlp) == (False, "swiglu")
"""


def test_every_fork_runs(copy):
    commands = {name: command.split() for name, command, _ in BLOCKS if command}

    def run(*words):
        code, said, errors = in_process(*words, folder=copy)
        assert code == 0, f"{words}: {errors[-3000:]}"
        return said
    said = run("tasks.py", "--world", "letters", "--show")
    assert "Read a word. Start at" in said and "so we enter the if." in said
    run("sft.py", *SFT, "--world", "letters", "--out", "out/letters")
    for name in ("lab/numbered.py", "lab/inputs_sft.py", "lab/no_canon.py"):
        run(*commands[name], *SFT)
    (copy / "out/sft.pt").symlink_to("numbered.pt")                     # a start for RL
    for name in ("lab/inputs_rl.py", "lab/grpo.py"):
        run(*commands[name], *RL)
    for name in ("letters/sft", "numbered", "sft-inputs", "no-canon", "rl-inputs", "rl-grpo"):
        assert (copy / f"out/{name}.pt").exists(), name
    (copy / "check.py").write_text(CHECK)
    run("check.py")


def test_advantages_of_the_reward_are_normed(monkeypatch):
    torch = pytest.importorskip("torch")
    import rl

    (code,) = [code for name, _, code in BLOCKS if name == "lab/grpo.py"]
    called = []
    monkeypatch.setattr(rl, "main", lambda *words: called.append(words))
    monkeypatch.setattr(rl, "advantages", rl.advantages)
    plain = rl.advantages
    exec(compile(code, "grpo", "exec", dont_inherit=True), {})
    rewards = torch.tensor([1.0, -1, -1, -1, -1, -1, -1, -1])
    assert called[0][0] == "rl-grpo" and rl.advantages(rewards).std().item() == pytest.approx(1, rel=1e-3)
    assert rl.advantages(torch.full((8,), 0.3)).eq(0).all()
    for right, times in ((1, "1.41"), (4, "0.94")):
        rewards = torch.tensor([1.0] * right + [-1.0] * (8 - right))
        assert f"{(rl.advantages(rewards) / plain(rewards)).mean():.2f}" == times and times in (ROOT / "FORKS.md").read_text()
