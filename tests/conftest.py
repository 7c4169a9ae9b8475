"""Shared by all tests: our files come first on the path, torch uses one thread, tiny sizes, commands inside this process, fixtures that
several tests need."""

import contextlib
import importlib
import io
import os
import runpy
import signal
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
    torch.set_num_threads(1)  # small matrices only wait for a second thread; with one weights are equal bit by bit


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


def forget_ours(folder: Path) -> dict:
    """Takes the modules of the project, and of a copy of it in this folder, out of sys.modules. -> what was taken"""
    places = {place / name for place in (ROOT, folder) for name in ("", "worlds", "tracer", "jail", "lab", "lab/exercises")}
    names = [name for name, module in sys.modules.items() if Path(getattr(module, "__file__", None) or "/").parent in places]
    return {name: sys.modules.pop(name) for name in names}


def in_process(*words, folder: Path = ROOT) -> tuple[int, str, str]:
    """`python *words` in this folder, but inside this process: most of a new one's time is importing torch. The project's own
    modules are fresh. -> exit code, stdout, stderr"""
    words, module, code = list(map(str, words)), words[0] == "-m", 0
    out, errors, kept, argv, path = io.StringIO(), io.StringIO(), forget_ours(folder), sys.argv, sys.path[:]
    cwd, pipe = os.getcwd(), signal.getsignal(signal.SIGPIPE)
    try:
        sys.argv = words[module:]
        sys.path.insert(0, str(folder))
        importlib.invalidate_caches()
        os.chdir(folder)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
            if module:
                runpy.run_module(words[1], run_name="__main__", alter_sys=True)
            else:
                runpy.run_path(str(folder / words[0]), run_name="__main__")
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
        if isinstance(stop.code, str):
            errors.write(stop.code)
    finally:
        sys.argv, sys.path[:] = argv, path
        os.chdir(cwd)
        signal.signal(signal.SIGPIPE, pipe)
        forget_ours(folder)
        sys.modules.update(kept)
    return code, out.getvalue(), errors.getvalue()


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
    """Runs of SFT and RL on a CPU, where weights are equal bit by bit."""
    import rl
    import sft

    with pytest.MonkeyPatch.context() as patch:
        for module in (rl, sft):
            patch.setattr(module, "pick_device", lambda: "cpu")
        yield


def small_model(**sizes):
    """A model that is no longer at its initialisation, where every block is the identity."""
    from model import ModelConfig, Tokenizer, Transformer

    torch.manual_seed(0)
    model = Transformer(ModelConfig(Tokenizer().n_vocab, **sizes))
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.05 * torch.randn_like(p))
    return model


@pytest.fixture(scope="session")
def tokenizer():
    from model import Tokenizer

    return Tokenizer()
