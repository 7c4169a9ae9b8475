"""Supervised fine-tuning: what is trained on, in which batches, and that a killed run is the same run."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

import sft
from model import ModelConfig, Tokenizer, Transformer, cut_batches, load_checkpoint, padded, save_checkpoint

ROOT = Path(__file__).parent.parent
TINY = {"n_layer": 1, "n_head": 2, "n_kv_head": 1, "n_embd": 32, "n_ctx": 1024}


def test_batches_hold_like_lengths_and_stay_within_the_budget():
    lengths = np.random.default_rng(0).integers(20, 300, size=2000)
    plan = sft.plan_batches(lengths, 3000, 200, None, seed=0)
    assert len(plan) == 200
    shapes = [(len(rows), padded(lengths[rows].max() - 1)) for rows in plan]
    assert all(rows * T <= 3000 for rows, T in shapes)
    assert sum(lengths[rows].sum() for rows in plan) / sum(rows * T for rows, T in shapes) > 0.85
    assert len(set(shapes)) < 40                                            # one for each padded length, and the ends of the pools
    again = sft.plan_batches(lengths, 3000, 200, None, seed=0)
    assert all((a == b).all() for a, b in zip(plan, again))
    first_epoch = np.concatenate(sft.plan_batches(lengths, 3000, None, int(lengths.sum()), seed=0))
    assert len(np.unique(first_epoch)) == len(lengths) == len(first_epoch)


def test_a_row_longer_than_the_budget_goes_alone():
    lengths = [50, 700, 49, 17, 600]
    batches = [rows.tolist() for rows in cut_batches(lengths, 100)]
    assert batches == [[1], [4], [0], [2, 3]]                               # 49 positions are 64, 48 are 48


def test_token_budget_counts_no_padding():
    lengths = np.full(500, 90)                                              # rows of 96 positions
    plan = sft.plan_batches(lengths, 960, None, 18_000, seed=0)
    assert sum(lengths[rows].sum() for rows in plan) == 18_000 and {len(rows) for rows in plan} == {10}


def test_schedule():
    factors = [sft.schedule(step, 100, 10) for step in range(100)]
    assert factors[0] == pytest.approx(0.1) and max(factors) == 1.0 and factors[30] == 1.0
    assert factors[75] == pytest.approx(0.5) and 0 < factors[99] <= 0.02


def test_only_answer_tokens_are_trained_and_the_end_token_is_one_of_them():
    """A changed prompt token that nothing attends to changes no target; every target is an answer token; the end token has gradient."""
    torch.manual_seed(0)
    tokenizer = Tokenizer()
    model = Transformer(ModelConfig(n_vocab=tokenizer.n_vocab, **TINY))
    prompt, answer = tokenizer.prompt("Predict.\nprint(3)\nInput:\n"), tokenizer.answer("<output>\n3\n</output>")
    ids = torch.tensor([prompt + answer])
    mask = torch.arange(ids.shape[1])[None] >= len(prompt)
    logp = model.logprobs(ids, mask)
    assert logp.shape == (len(answer),)
    full = torch.log_softmax(model(ids).float(), -1)[0]
    expected = [full[len(prompt) - 1 + k, token].item() for k, token in enumerate(answer)]
    assert logp.tolist() == pytest.approx(expected, abs=1e-4)
    assert answer[-1] == tokenizer.end
    gradient = torch.autograd.grad(logp[-1], model.embed_tokens.weight)[0]
    assert gradient[tokenizer.end].abs().sum() > 0


def test_a_control_goes_on_with_its_start_for_as_long_as_rl_trained(tmp_path):
    model = Transformer(ModelConfig(n_vocab=Tokenizer().n_vocab, **TINY))
    mixture = {"format": "raw", "fix_share": 0.5, "without_tests": 0.1, "fix_traces": 0.2, "data_share": 0.3}
    save_checkpoint(tmp_path / "few.pt", model, step=4000, extra={**mixture, "seconds": 500.0, "tokens": 1})
    save_checkpoint(tmp_path / "few-rl.pt", model, step=100, extra={"start": "few", "seconds": 250.0})
    assert sft.control_of(tmp_path, "few-rl") == ("few", 2000, mixture)
    with pytest.raises(SystemExit, match="few.pt"):
        sft.control_of(tmp_path, "few")                  # no RL run


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """An out folder with small data files."""
    out = tmp_path_factory.mktemp("sft")
    sizes = {"sft-cases": 100, "sft-problems": 50, "rl-cases": 2, "rl-problems": 2, "test-cases": 2, "test-problems": 2, "val-cases": 2,
             "val-problems": 2}
    subprocess.run([sys.executable, str(ROOT / "tasks.py"), "--preset", "quick", "--out", str(out),
                    *(f"--{name}={size}" for name, size in sizes.items())], check=True, capture_output=True)
    return out


def command(out, name, *more):
    return [sys.executable, str(ROOT / "sft.py"), "--preset", "quick", "--out", str(out), "--name", name, "--val-every", "1000",
            "--val-cases-used", "2", *more]


def weights(path):
    return load_checkpoint(path)["model"].state_dict()


MORE = ("--steps", "40", "--save-every", "10", "--processes")
ALONE = {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def whole(data):
    """Weights and losses of a run of two processes."""
    subprocess.run(command(data, "whole", *MORE, "2"), check=True, capture_output=True, env=ALONE)
    return weights(data / "whole.pt"), losses(data / "whole.jsonl")


def losses(path):
    return [json.loads(line)["loss"] for line in path.read_text().splitlines()]


def test_two_processes_compute_what_one_does(data, whole):
    subprocess.run(command(data, "alone", *MORE, "1"), check=True, capture_output=True, env=ALONE)
    curve = losses(data / "alone.jsonl")
    assert len(curve) == len(whole[1]) >= 1
    assert whole[1] == pytest.approx(curve, rel=0.02)    # bf16 rounds differently in other batch shapes
    for key, one in weights(data / "alone.pt").items():  # some begin at zero: another course would end as far away as they are large
        assert (whole[0][key] - one).norm() < 0.15 * one.norm(), key


def test_a_killed_run_continues_to_the_same_weights(data, whole):
    killed = subprocess.Popen(command(data, "killed", *MORE, "2"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ALONE,
                              start_new_session=True)
    state, deadline = data / "killed-state.pt", time.time() + 60
    while not state.exists() and time.time() < deadline:
        time.sleep(0.01)
    if sys.platform == "linux":
        killed.kill()                                    # the second process must end with the first
    else:
        os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    assert state.exists() and not (data / "killed.pt").exists()
    subprocess.run(command(data, "killed", *MORE, "2"), check=True, capture_output=True, env=ALONE)
    b = weights(data / "killed.pt")
    assert all(torch.equal(a, b[key]) for key, a in whole[0].items())
    again = subprocess.run(command(data, "killed", *MORE, "2"), check=True, capture_output=True, text=True, env=ALONE)
    assert "is there" in again.stdout
