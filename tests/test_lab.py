"""The laboratory's variants: each replaces one function of the core, and what it replaces it with is right."""

import contextlib
import io
import json
import os
import re
import shutil
import sys
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import in_process, tiny_flags

import rl
import runs
import sft
import tasks
import worlds
from lab import control, export, minutes, no_fix, no_tests, raw, rejection, vocab
from lab.vocab import draw_pieces, learn_vocab
from model import PIECES, SPECIALS, Rollout, Tokenizer, load_checkpoint, save_checkpoint

ROOT = Path(__file__).resolve().parent.parent


def episode(task, reward, tokens=(2, 3), turns=1):
    made = [rl.Turn([1], Rollout(list(tokens), [-1.0] * len(tokens), True), "") for _ in range(turns)]
    return rl.Episode(task, made, rewards=[reward])


# ---------------------------------------------------------------------------------------------------------------------
# Other rewards.

def test_rejection_imitates_the_last_turns_of_right_episodes_alone():
    group = [episode(None, 1.0, turns=2), episode(None, -1.0, turns=2), episode(None, 1.0)]
    rejection.right_ones(group, 0.8)
    assert [[turn.advantage for turn in e.turns] for e in group] == [[0, 0.8], [0, 0], [0.8]]


# ---------------------------------------------------------------------------------------------------------------------
# Other data, and controls.

@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """An out folder with small data files and a tiny start."""
    out = tmp_path_factory.mktemp("lab")
    sizes = {"sft-cases": 100, "sft-problems": 60, "rl-cases": 8, "rl-problems": 6, "test-cases": 2, "test-problems": 2, "val-cases": 2,
             "val-problems": 2}
    run("tasks.py", out, *(f"--{name}={size}" for name, size in sizes.items()))
    run("sft.py", out, *TINY)
    return out


TINY = ("--steps=4", "--n-layer=1", "--n-embd=32", "--val-every=4", "--val-cases=2", "--max-new-tokens-predict=20",
        "--max-new-tokens-solve=20")
PLAY = ("--steps=1", "--predict-prompts=2", "--group=2", "--val-every=1", "--val-cases=2", "--max-new-tokens-predict=20",
        "--max-new-tokens-solve=20")


MAINS = {"sft.py": sft.main, "rl.py": rl.main, "lab.control": control.main}


def run(script, out, *flags):
    """The script's output, inside this process. Its own modules are those of the tests where it is one of MAINS."""
    sections = {"tasks.py": ["data"], "rl.py": ["rl", "answers"], "lab.verifier": ["answers"], "eval.py": ["answers", "eval"]}
    given = [*tiny_flags(*sections.get(script, ["sft", "model", "answers"])), "--out", str(out), *flags]
    if script in MAINS:
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as printed:
            patch.setattr(sys, "argv", [script, *given])
            MAINS[script]()
        return printed.getvalue()
    code, said, errors = in_process(*(["-m", script] if script.startswith("lab.") else [script]), *given)
    assert code == 0, errors[-2000:]
    return said


def test_samples_of_the_variants(out, monkeypatch):
    monkeypatch.setattr(tasks, "sft_texts", tasks.sft_texts)            # a variant replaces it
    kinds = ("predict", "solve", "fix", "try")
    course, untold, unfixed = ({kind: [] for kind in kinds} for _ in range(3))
    for read, made in ((sft.samples, course), (no_tests.no_tests, untold), (no_fix.no_fix, unfixed)):
        for task, user, answer in read(Namespace(out=out, seed=0, explained=0.4, asked=0.0, world="contest", n_ctx=1024)):
            made[task].append((user, answer))
    assert len(course["predict"]) == 100 and course["predict"] == untold["predict"] == unfixed["predict"]
    changed = [pair for pair in zip(course["solve"], untold["solve"], strict=True) if pair[0] != pair[1]]
    assert 0 < len(changed) < 20 and course["fix"] and untold["fix"] and course["try"] and not unfixed["fix"] and not unfixed["try"]
    for (user, program), (without, same) in changed:
        assert user.startswith(without + "\nTest: ") and program == same


def test_a_control_goes_on_with_its_start_for_as_long_as_rl_trained(out, capsys):
    run("rl.py", out, *PLAY, "--solve-prompts=1", "--fix-prompts=1")
    model, start = load_checkpoint(out / "rl.pt"), load_checkpoint(out / "sft.pt")
    assert model["extra"]["texts"] == start["extra"]["texts"]
    expected = max(1, round(4 * model["extra"]["seconds"] / start["extra"]["seconds"]))
    run("lab.control", out, *TINY[1:])
    done = load_checkpoint(out / "sft-control.pt")
    assert done["step"] == expected and done["extra"]["texts"] == start["extra"]["texts"]
    assert not torch.equal(done["model"].norm.weight, start["model"].norm.weight)
    assert "is there" in run("lab.control", out, *TINY[1:])
    def refused(*flags):
        with pytest.raises(SystemExit) as stop:
            run("lab.control", out, *flags)
        assert stop.value.code == 2
        return capsys.readouterr().err
    assert "was made with max_new_tokens_solve 20, not 60" in refused(*TINY[1:-1])
    (out / "sft-control.pt").rename(out / "kept.pt")                    # a control begins, on tokens that its start has not read
    path = out / "data" / start["extra"]["texts"]
    read, file = path.read_bytes(), dict(np.load(path))
    np.savez(path, **file | {"tokens": file["tokens"][::-1]})
    assert "sft.pt was made with texts " in refused(*TINY[1:])
    path.write_bytes(read)
    (out / "kept.pt").rename(out / "sft-control.pt")
    whole = (out / "rl.pt").read_bytes()
    save_checkpoint(out / "rl.pt", model["model"], step=1, extra=model["extra"] | {"commit": "another"})
    assert "was made with rl_and_start" in refused(*TINY[1:])           # another run of RL: another control
    shutil.copy(out / "sft.pt", out / "rl.pt")
    assert "rl.pt is no run of rl.py" in refused(*TINY[1:])
    (out / "rl.pt").unlink()
    assert "`python rl.py --preset " in refused(*TINY[1:])
    (out / "rl.pt").write_bytes(whole)


def test_a_verifier_trains_on_anothers_programs_and_on_prediction_alone(out):
    if not (out / "rl.pt").exists():
        run("rl.py", out, *PLAY, "--solve-prompts=1", "--fix-prompts=1")
    run("lab.verifier", out, *PLAY, "--start=sft")
    rows = [json.loads(line) for line in (out / "predict-rl.jsonl").read_text().splitlines()]
    assert "predict_pass" in rows[1] and "solve_pass" not in rows[1] and "multi_pass" not in rows[1] and "val_solve" not in rows[1]
    assert load_checkpoint(out / "predict-rl.pt")["extra"]["own"] == load_checkpoint(out / "rl.pt")["extra"]["own"]


# ---------------------------------------------------------------------------------------------------------------------
# Minutes.

def test_minutes_of_a_run_are_a_row_of_the_table(tmp_path, monkeypatch, capsys):
    def told(out):
        monkeypatch.setattr(sys, "argv", ["minutes.py", str(out)])
        minutes.main()
        return [[cell.strip() for cell in line.strip("| ").split("|")] for line in capsys.readouterr().out.splitlines()]
    head, line, row = told(ROOT / "results/quick-seed0")
    assert head == ["run", "machine", "date", "data", "sft", "rl", "eval"] and len(line) == len(row) == 7
    (kept,) = [line.strip("| ").split(" | ") for line in (ROOT / "lab/README.md").read_text().splitlines() if line.startswith("| results/quick-seed0 ")]
    assert row[3:] == kept[3:] == ["0.3", "1.9", "2.6", "1.8"]
    assert f"{os.cpu_count()} cores" in row[1] and row[2] == runs.provenance()["date"]
    (tmp_path / "seconds.json").write_text('{"data": 90, "sft": 600.0, "peak_memory_mb": 900}')
    assert told(tmp_path)[2][3:] == ["1.5", "10.0", "0.0", "0.0"]        # the others have not ended yet
    with pytest.raises(SystemExit) as stop:
        told(tmp_path / "nosuch")
    assert stop.value.code == 2 and "no stage of a run has ended in" in capsys.readouterr().err


def test_variable_dumps_in_place_of_sentences(out, monkeypatch):
    case = tasks.Case("x = 3\nprint(x)\n", "", "3\n", "", "", "short", "plain")
    assert raw.answer(case, True) == f'{tasks.EXPLAINED}x = 3 {{"x": 3}}\nprint(x) {{}}\n<output>\n3\n</output>'
    assert raw.answer(case, False) == case.answer(False)
    monkeypatch.setattr(tasks.Case, "answer", tasks.Case.answer)
    args = Namespace(out=out, seed=0, explained=1, asked=0.0)
    told = [text for task, _, text in raw.samples(args) if task == "predict"]
    cases = tasks.load_cases(out / "data" / "sft_cases.jsonl")
    assert told == [raw.answer(case, True) for case in cases] and told[0] != cases[0].nlex


# ---------------------------------------------------------------------------------------------------------------------
# The vocabulary.

def test_a_learnt_vocabulary_is_bytes_then_frequent_pieces(tmp_path):
    path = tmp_path / "vocab.tiktoken"
    pieces = re.findall(PIECES, "y = average + 34\n" * 25 + "z = seldom + 5\n")
    learn_vocab(pieces, path)
    tokenizer = Tokenizer(path)
    assert len(tokenizer.encode(" = ")) == len(tokenizer.encode("average")) == 1 and len(tokenizer.encode("seldom")) == 6
    assert tokenizer.decode(list(range(256))[65:70]) == "ABCDE"
    assert tokenizer.n_vocab == len(path.read_text().splitlines()) + len(SPECIALS)
    learn_vocab(pieces, path, n_ranks=258)
    assert Tokenizer(path).n_vocab == 258 + len(SPECIALS)


def test_a_vocabulary_comes_from_a_worlds_texts_of_every_kind(monkeypatch, tmp_path):
    pieces = set(draw_pieces(worlds.load("contest"), 300))
    assert {"Solve", "Submit", "Try ", " obtained ", "Predict", "zip"} <= pieces
    pieces = draw_pieces(worlds.load("functions"), 60)
    assert {"Predict", "repr", "f", "Step by step:\n"} <= set(pieces) and max(map(pieces.count, set(pieces))) <= 60
    assert not any(len(piece) > 1 and piece[0] in "'\"" for piece in pieces)             # what is in quotes is spelled
    monkeypatch.setattr("sys.argv", ["vocab", str(tmp_path / "v"), "--world", "nosuch"])
    with pytest.raises(SystemExit):
        vocab.main()


# ---------------------------------------------------------------------------------------------------------------------
# What checkpoints were made with.

def test_an_exported_file_keeps_what_it_was_made_with(out, tmp_path):
    small = tmp_path / "small.pt"
    export.main([str(out / "sft.pt"), str(small)])
    whole, made = runs.load(out / "sft.pt"), runs.load(small)
    assert made["made"] == whole["made"] and made["extra"] == {"commit": whole["extra"]["commit"]} and not made["optimizers"]
    assert small.stat().st_size < 0.6 * (out / "sft.pt").stat().st_size
    for name, weights in whole["model"].state_dict().items():
        assert torch.equal(weights.bfloat16().float(), made["model"].state_dict()[name])


def test_from_shipped_copies_one_can_begin_anywhere(out, tmp_path, capsys):
    """lab/README.md, "Start anywhere": SFT is there, RL goes on from it; both are there, and are evaluated."""
    if not (out / "rl.pt").exists():
        run("rl.py", out, *PLAY, "--solve-prompts=1", "--fix-prompts=1")
    (tmp_path / "data").symlink_to(out / "data")
    export.main([str(out / "sft.pt"), str(tmp_path / "sft.pt")])
    assert "sft.pt is there" in run("sft.py", tmp_path, *TINY)
    run("rl.py", tmp_path, *PLAY, "--solve-prompts=1", "--fix-prompts=1")
    rows = [(folder / "rl.jsonl").read_text().splitlines() for folder in (out, tmp_path)]
    assert [len(lines) for lines in rows] == [2, 2] and load_checkpoint(tmp_path / "rl.pt")["extra"]["start"] == "sft"
    small = ("--problems=1", "--cases=1", "--samples=1", "--turns=2", "--max-new-tokens-predict=20", "--max-new-tokens-solve=20")
    export.main([str(out / "rl.pt"), str(tmp_path / "rl.pt")])
    run("eval.py", tmp_path, *small)
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["commit"] == load_checkpoint(out / "rl.pt")["extra"]["commit"]
    shutil.copy(out / "rl.pt", tmp_path / "rl.pt")                      # a run's own rl.pt has begun with its own sft.pt
    with pytest.raises(AssertionError, match="rl.pt was made with start_and_data"):
        run("eval.py", tmp_path, *small)
    with pytest.raises(SystemExit) as stop:
        run("lab.control", tmp_path, *TINY[1:])
    assert stop.value.code == 2 and "is a shipped copy" in capsys.readouterr().err
    (tmp_path / "sft.pt").unlink()
    with pytest.raises(SystemExit):
        run("rl.py", tmp_path, *PLAY, "--name=another")
    assert "sft.pt does not exist; `python sft.py --name sft --preset " in capsys.readouterr().err


def test_what_is_missing_or_of_another_kind_is_one_line(out, tmp_path, capsys):
    def refused(main, *argv):
        with pytest.raises(SystemExit) as stop:
            main(list(map(str, argv)))
        told = capsys.readouterr().err
        assert stop.value.code == 2 and told.count("\n") == 1
        return told
    assert "nosuch.pt does not exist; name another" in refused(export.main, tmp_path / "nosuch.pt", tmp_path / "x.pt")
    (tmp_path / "torn.pt").write_bytes((out / "sft.pt").read_bytes()[:999])
    assert "torn.pt is cut off" in refused(export.main, tmp_path / "torn.pt", tmp_path / "x.pt")
    assert "nosuch" in refused(export.main, out / "sft.pt", tmp_path / "nosuch" / "x.pt")


def test_the_bench_lets_all_take_turns_and_ends_with_one_line_of_json(monkeypatch, capsys):
    from lab import bench
    turns, made = [], []

    def contestant(kind, model, how):
        made.append((kind, model and model.config.canon, how))
        number = len(made)
        return lambda: turns.append(number), 10
    monkeypatch.setattr(bench, "training", lambda model, logprobs: contestant("train", model, logprobs))
    monkeypatch.setattr(bench, "sampling", lambda rows, model, generate: contestant(rows, model, generate))
    monkeypatch.setattr(bench, "find_spec", lambda name: True)
    monkeypatch.setattr(bench, "hugging_face", lambda model, attention: None)
    monkeypatch.setattr(bench.torch.nn.Module, "compile", id)
    monkeypatch.setattr(bench.fast, "compile_training", id)
    monkeypatch.setattr(sys, "argv", ["bench", "--rounds", "2"])
    bench.main()
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    rows = ["train {}", "train {}, compiled", "sample {}, 64 rows", "sample {}, 256 rows"]
    assert list(last["figures"]) == [row.format(who) for who in ("ours", "course", "transformers") for row in rows]
    assert list(last["ratios"]) == [row.format("ours") for row in rows] and turns == 3 * [*range(1, 9), 13, *range(10, 13)]  # 13: eager
    log, draw = bench.fast.logprobs, bench.fast.generate
    assert made == [(kind, canon, how) for canon, hows in ((False, (log, log, draw, draw)), (True, (log, log, draw, draw)), (None, 4 * (None,)))
                    for kind, how in zip(("train", "train", 64, 256), hows)] + [("train", None, None)]


def test_what_a_contestant_of_the_bench_does_in_its_turn(monkeypatch):
    from lab import bench
    monkeypatch.setitem(tasks.PRESETS["cpu"], "model", dict(n_layer=1, n_embd=16))
    model, seen = bench.transformer(), []
    before, generate = model.state_dict()["layers.0.mlp.up_proj.weight"].clone(), lambda *given, end: seen.append(given)
    turn, tokens = bench.training(model, bench.fast.logprobs)
    turn()
    assert tokens == 10 * 16 * 192 and not torch.equal(before, model.state_dict()["layers.0.mlp.up_proj.weight"])
    turn, tokens = bench.sampling(3, model, generate)
    turn()
    [(same, prompts, new)] = seen
    assert same is model and new == 150 and tokens == 450 and len(prompts) == 3 and all(60 <= len(prompt) <= 140 for prompt in prompts)
