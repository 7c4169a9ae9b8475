"""Shared by all tests: our files come first on the path, torch uses two threads, fixtures that several tests need."""

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
