"""Two processes under torchrun: they compute what one does, in learning, in SFT and in RL, each with its share. One start of torchrun, which
runs this very file, serves all of it: most of its time is importing torch twice."""

import json
import os
import subprocess
import sys
from pathlib import Path

import conftest  # first: it finds our files
import pytest
import test_model
import test_rl
import test_sft
import torch

import rl
import runs
import sft
from model import load_checkpoint, make_optimizers, save_checkpoint
from sft import apply_gradients

pytestmark = pytest.mark.usefixtures("one_cpu_thread")


# ---------------------------------------------------------------------------------------------------------------------------
# What each of the two does.

def learn(out, rank, ranks):
    """Four steps on a tiny model, in the last of which only the second process has a gradient."""
    model = test_model.tiny()
    optimizers, norms = make_optimizers(model, 0.02, 0.003), []
    for seed in range(3):
        test_model.batch_loss(model, seed, rank, ranks).backward()
        norms.append(apply_gradients(model, optimizers, 0.5, 1.0))
    if rank == 1:
        test_model.batch_loss(model, 3).backward()
    norms.append(apply_gradients(model, optimizers, 0.5, 1.0))
    if rank == 0:
        save_checkpoint(out / "two.pt", model)
    return {"ranks": ranks, "norms": norms, "sum": runs.sum_over_processes(torch.tensor([rank + 1.0])).tolist(),
            "gathered": runs.gather([rank] * (rank + 1)), "weights": runs.gather([[p.sum().item() for p in model.parameters()]]),
            "shared": [runs.share(list(range(n)), lambda items: [(k, rank) for k in items]) for n in (0, 1, 5)]}


def play(out):
    """RL with rewards that teach something. -> each step's N, gradient norm and sum of the weights; every answer sampled here."""
    steps, sampled = [], []
    backward, apply, own, advantages = rl.backward, rl.apply_gradients, rl.own_cases, rl.set_advantages

    def watched_backward(model, turns, n_tokens, *rest):
        steps.append({"n_tokens": n_tokens})
        return backward(model, turns, n_tokens, *rest)

    def watched_apply(model, *rest):
        norm = apply(model, *rest)
        steps[-1] |= {"norm": norm, "weights": sum(p.double().abs().sum().item() for p in model.parameters())}
        return norm

    def watched_advantages(group, weight):
        sampled.extend(turn.rollout.tokens for episode in group for turn in episode.turns)
        advantages(group, weight)
    rl.predict, rl.judge = test_rl.odd_is_right, test_rl.every_second_solves
    rl.backward, rl.apply_gradients, rl.set_advantages = watched_backward, watched_apply, watched_advantages
    rl.own_cases = lambda groups, pool, held_out: own(groups, pool, lambda programs: [False] * len(programs))
    sys.argv = test_rl.flags(out, "rl-shared", steps=3, predict_prompts=3, solve_prompts=2, fix_prompts=5)
    rl.main()
    return {"steps": steps, "sampled": sampled}


def work(out):
    torch.set_num_threads(1)
    rank, ranks = runs.join_processes("cpu")
    record = {"learnt": learn(out, rank, ranks)}
    for script in (sft, rl):
        script.join_processes, script.leave_processes = lambda device: (rank, ranks), torch.distributed.barrier
    sys.argv = test_sft.flags(out, "sft-shared", "--steps", "20")
    sft.main()
    record["played"] = play(out)
    (out / f"rank{rank}.json").write_text(json.dumps(record))
    runs.leave_processes()
    print("one has left, the first goes on")


# ---------------------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def out(tmp_path_factory, tokenizer):
    """The folder in which both have worked, and one alone has run SFT."""
    out = tmp_path_factory.mktemp("processes")
    test_sft.make_data(out, sft_cases=40, sft_problems=12, rl_cases=8, rl_problems=3)
    test_rl.save_start(out, tokenizer)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    done = subprocess.run([*torchrun, str(Path(__file__)), str(out)], cwd=conftest.ROOT, text=True, capture_output=True, timeout=240,
                          env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""})
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("parameters, ") == done.stdout.count("goes on") == 1          # one of them speaks
    test_sft.run(*test_sft.flags(out, "sft-alone", "--steps", "20"))
    return out


@pytest.fixture
def records(out):
    return [json.loads((out / f"rank{rank}.json").read_text()) for rank in (0, 1)]


def test_gradients_sums_and_lists_are_those_of_one_process(out, records):
    model = test_model.tiny()
    norms = test_model.train(model, make_optimizers(model, 0.02, 0.003), range(4))
    for record in records:
        got = record["learnt"]
        assert got["ranks"] == 2 and got["sum"] == [3.0] and got["gathered"] == [0, 1, 1]
        assert got["shared"] == [[], [[0, 0]], [[0, 0], [1, 1], [2, 0], [3, 1], [4, 0]]]
        assert got["weights"][0] == got["weights"][1]                                    # the same in both, to the last bit
        assert got["norms"] == pytest.approx(norms, rel=1e-3)
    two = load_checkpoint(out / "two.pt")["model"].state_dict()
    for name, value in model.state_dict().items():
        torch.testing.assert_close(two[name], value, atol=2e-3, rtol=2e-2, msg=name)


def test_sft_learns_what_one_process_does(out):
    one, two = (test_sft.log(out / f"sft-{name}.jsonl") for name in ("alone", "shared"))
    assert [line["step"] for line in two] == [10, 20] and [line["tokens"] for line in two] == [line["tokens"] for line in one]
    assert [line["loss"] for line in two] == pytest.approx([line["loss"] for line in one], rel=0.02)  # bf16 rounds otherwise
    alone, weights = (load_checkpoint(out / f"sft-{name}.pt")["model"].state_dict() for name in ("alone", "shared"))
    for key, expected in alone.items():
        # some begin at zero: another course would end as far away as they are large
        assert (weights[key] - expected).norm() < 0.15 * expected.norm(), key


def test_in_rl_they_play_their_shares_and_learn_one_model(out, records):
    lines = test_rl.log(out / "rl-shared.jsonl")
    assert [line["step"] for line in lines] == [0, 1, 2, 3]
    one, two = (record["played"] for record in records)
    assert one["steps"] == two["steps"]                                             # N, norm and weights are the same in both
    assert [step["n_tokens"] for step in one["steps"]] == [line["tokens"] for line in lines[1:]]
    assert sum(map(len, one["sampled"] + two["sampled"])) == sum(line["tokens"] for line in lines[1:])
    assert len(one["sampled"]) > len(two["sampled"]) > 10                           # of an odd number of prompts the first plays one more
    assert not any(tokens in one["sampled"] for tokens in two["sampled"])           # and each samples its own
    assert [line["groups"] for line in lines[1:]] == [3 + 2 + 5] * 3                # two and one, one and one, three and two
    own = load_checkpoint(out / "rl-shared.pt")["extra"]["own"]
    pairs = [(case["cls"], case["code"], case["stdin"]) for case in own]
    assert 0 < len(pairs) == len(set(pairs))                                        # three problems: both drew them, in one step
    assert not (out / "rl-shared-state.pt").exists()


if __name__ == "__main__":
    work(Path(sys.argv[1]))
