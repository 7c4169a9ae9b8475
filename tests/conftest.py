"""Shared by all tests: our files come first on the path, torch uses two threads, tiny sizes, fixtures that several tests need."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
# The standard library has a `trace` too: whoever imported that one before us must not have decided for us.
if "trace" in sys.modules and Path(sys.modules["trace"].__file__ or "").parent != ROOT:
    del sys.modules["trace"]
os.environ.setdefault("MPLBACKEND", "Agg")  # plots go to files, also where there is a screen

try:
    import torch
except ImportError:  # sandbox, trace and tasks are tested without it
    pass
else:
    torch.set_num_threads(2)


# By section of tasks.TABLE: values that make every stage take seconds, whatever the presets say.
TINY = {
    "data": dict(sft_cases=150, sft_problems=60, rl_cases=20, rl_problems=10, val_cases=4, val_problems=4, val_vague=4, test_cases=4, test_problems=4,
                 test_vague=4),
    "model": dict(n_layer=2, n_head=2, n_kv_head=1, n_embd=64, n_ctx=1024),
    "answers": dict(max_new_tokens_predict=100, max_new_tokens_solve=60),
    "sft": dict(steps=4, batch_tokens=2048, explained=0.5, asked=0.7, warmup=5, val_every=4, val_cases=2, save_every=100, compile=0),
    "rl": dict(steps=1, predict_prompts=2, solve_prompts=2, fix_prompts=2, group=2, warmup=1, val_every=1, val_cases=2, save_every=1),
    "eval": dict(problems=12, cases=16, samples=8, predictions=1, turns=3),
}


def tiny_flags(*sections, **others) -> list[str]:
    """Flags of these sections; others, in place of a section's or beside them: tiny_flags("sft", steps=8) -> ["--preset", "quick",
    "--steps", "8", "--batch-tokens", "2048", ...]."""
    values = {}
    for section in sections:
        values |= TINY[section]
    flags = ["--preset", "quick"]
    for name, value in (values | others).items():
        flags += ["--" + name.replace("_", "-"), str(value)]
    return flags


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def sandbox():
    """One sandbox with two workers for the whole session: starting workers is the slow part."""
    from sandbox import Sandbox

    with Sandbox(workers=2) as shared:
        yield shared


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with programs nobody here wrote (tinypy.jsonl, cruxeval.jsonl, ...). They are not part of the project."""
    folder = ROOT.parent / "shared" / "real"
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}")
    return folder


@pytest.fixture(scope="module")
def one_cpu_thread():
    """Runs of SFT and RL on one thread of a CPU: there weights are equal bit by bit, and small matrices only wait for a second thread."""
    import rl
    import sft

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        for module in (rl, sft):
            patch.setattr(module, "pick_device", lambda: "cpu")
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tokenizer():
    from model import Tokenizer

    return Tokenizer()
