"""How is a run kept, and shared? Logs, provenance, saves to go on from, torchrun's processes.

This file may be skipped: it is what sft.py, rl.py and eval.py need besides their idea.
"""

import json
import os
import platform
import shlex
import sys
import time
import zlib
from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
import torch.distributed as dist
from tqdm import tqdm

import pretrained
import worlds
from commands import add_seconds, commit, fail, plainly, refuse_others, replace_text, say, serve
from model import (
    PIECES,
    VOCAB,
    CheckpointError,
    ModelConfig,
    Tokenizer,
    Transformer,
    load_checkpoint,
    save_checkpoint,
)

COMMIT = commit()   # of the code as it was read, whatever is committed while it runs
REFERENCE = 0.135  # seconds that the products in `speed` took on the idle machine behind results/

# --------------------------------------------------------------------------------------------------
# Logs.

def cut_log(path, step):
    """Drop the lines of later steps, which will be done again (the last may be torn)."""
    path.touch()
    kept = ""
    for line in path.read_text(errors="replace").splitlines(keepends=True):
        try:
            kept += line if line.endswith("\n") and json.loads(line)["step"] <= step else ""
        except (ValueError, TypeError, LookupError):  # torn by a power failure
            break
    replace_text(path, kept)


def log_step(args, record, rank):
    """One line to out/<name>.jsonl; its numbers, shortened, to the terminal."""
    if rank == 0:
        with open(args.out / f"{args.name}.jsonl", "a") as file:
            file.write(json.dumps(record) + "\n")
        told = [f"{key} {round(value, 4)}" for key, value in record.items() if key != "seconds"]
        tqdm.write("  ".join([f"{args.name:6s}", *told]))


def provenance():
    """What a figure can be traced by."""
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    machine = (f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
               f"{torch.get_num_threads()} threads, {device}, "
               f"Python {platform.python_version()}, torch {torch.__version__}")
    return {"command": shlex.join(["python", *sys.orig_argv[1:]]), "commit": COMMIT,
            "processes": int(os.environ.get("WORLD_SIZE", 1)), "date": time.strftime("%Y-%m-%d"),
            "machine": machine}


def speed():
    """How fast is this CPU, busy as it is?"""
    x, began = torch.ones(512, 512), time.time()
    for _ in range(100):
        x @ x
    return f"a CPU {REFERENCE / (time.time() - began):.2f} times as fast as that of results/"


# --------------------------------------------------------------------------------------------------
# Provenance. Whatever is kept says what it was made with, and is refused to those who want others.

def digest(*paths):
    """-> a number, of the contents of files."""
    whole = 0
    for path in paths:
        whole = zlib.crc32(path.read_bytes(), whole)
    return whole


def origin_of(path):
    """What a file of tokens says it was made of; None where it is missing or damaged."""
    with suppress(OSError, ValueError, EOFError, BadZipFile, AttributeError):
        return np.load(path).get("origin")


def vocabulary_file(world):
    """The world's own, if it has one (and has not gone since)."""
    with suppress(ValueError):
        return getattr(worlds.load(world), "VOCABULARY", VOCAB)
    return VOCAB


def tokenizer_of(world, extra=()):
    """The world's, or that of the model that --init began with. extra: of the checkpoint."""
    if "pretrained" in extra:
        return pretrained.Tokenizer(extra["pretrained"])
    path = vocabulary_file(world)
    return Tokenizer(path, getattr(worlds.load(world), "SPELLED", "") if path != VOCAB else "")


def vocabulary(world):
    return {"vocabulary": str(digest(vocabulary_file(world))),
            "pieces": str(zlib.crc32(PIECES.encode()))}


def start_and_data(args, start):
    """Of what RL begins with."""
    return str(digest(start, *sorted((args.out / "data").glob("rl_*.jsonl"))))


def made_with(args):
    """What decides a run's weights: its flags, what the script added to them, the vocabulary."""
    made = vocabulary(args.world)
    for name, value in vars(args).items():
        if name not in ("out", "began", "elsewhere", "folder"):
            made[name] = str(value)
    return made


def maker(script, args):
    """-> the remedy where a checkpoint is missing: its command, with the flags all stages share."""
    return (f"`python {script} --preset {args.preset} --out {args.out} --world {args.world} "
            f"--seed {args.seed}` makes it")


def load(path, device="cpu", remedy="delete it, and the same command makes it anew"):
    """model.load_checkpoint, with its tokenizer and under "made" what it was made with. Ends the
    program by one line where the file is missing or damaged or knows another vocabulary."""
    try:
        saved = load_checkpoint(path, device)
    except CheckpointError as problem:
        fail(f"{problem}; {remedy}")
    saved["made"] = saved["extra"].pop("made", {})
    world = saved["made"].get("world", "contest")
    refuse_others(path, vocabulary(world) | saved["made"], vocabulary(world))
    saved["tokenizer"] = tokenizer_of(world, saved["extra"])
    return saved


def given(names):
    """-> those whose flags stand in the command."""
    typed = " ".join(sys.argv)
    return [name for name in names if f" --{name}".replace("_", "-") in typed]


def need_rates(extra):
    """Ends the program where what began with a folder would learn at a preset's rates."""
    if "pretrained" in extra and len(given(["muon_lr", "adam_lr"])) < 2:
        fail("a pre-trained model needs --muon-lr and --adam-lr: the presets' rates are for random "
             "weights (lab/pretrained.md has others)")


@plainly(ValueError)
def start_of(args, names):
    """What SFT begins with -> model, what checkpoints keep of it (see tokenizer_of). names: of the
    flags for sizes; with --init args get its sizes, and as "init" a number of what its files hold,
    wherever it lies."""
    if args.folder is None:
        shape = {name: getattr(args, name) for name in names}
        return Transformer(ModelConfig(tokenizer_of(args.world).n_vocab, **shape)), {}
    path = Path(args.folder)
    ours = path.suffix == ".pt"
    if [name for name in given(names) if ours or name != "n_ctx"]:
        fail("--init brings the model's sizes: of their flags only --n-ctx can stand beside it, "
             "where it is a folder")
    if ours:
        saved = load(path, remedy="--init names what to begin with")
        refuse_others(path, saved["made"], vocabulary(args.world))
        model = saved["model"]
        begun = {key: text for key, text in saved["extra"].items() if key == "pretrained"}
    else:
        config, texts = pretrained.read(path, args.n_ctx)
        model, begun = pretrained.load(path, config), {"pretrained": texts}
        say(f"{path}: prompts are {pretrained.Tokenizer(texts).template!r}")
    need_rates(begun)
    args.init = digest(*(sorted(path.glob("*.[js]*")) or [path]))  # json, jinja, safetensors
    vars(args).update({name: getattr(model.config, name) for name in names})
    return model, begun


def load_start(args, device):
    """What RL begins with, as of `load`; args know it by start_and_data."""
    args.start = args.start.removesuffix(".pt")
    path = args.out / f"{args.start}.pt"
    start = load(path, device, maker(f"sft.py --name {args.start}", args))
    need_rates(start["extra"])
    args.start_and_data = start_and_data(args, path)
    return start


def is_there(args):
    """Is the run finished? Ends the program if it was made with other settings."""
    path = args.out / f"{args.name}.pt"
    if path.exists():
        refuse_others(path, load(path)["made"], made_with(args))
        say(f"{args.name:6s}  {path} is there")
    return path.exists()


def keep(path, record):
    """Writes the figures and what they can be traced by, as JSON. -> the record that is kept"""
    record = record | provenance()
    replace_text(path, json.dumps(record, indent=1) + "\n")
    return record


# --------------------------------------------------------------------------------------------------
# Saves. A run has a name (args.name) and writes out/<name>.pt and out/<name>.jsonl.

def resume(args, model, optimizers, rank):
    """Go on where a killed run was saved last -> steps done, its extra; without one, 0 and {}."""
    path = args.out / f"{args.name}-state.pt"
    saved = {"step": 0, "extra": {}}
    if path.exists():
        saved = load(path, str(model.device))
        refuse_others(path, saved["made"], made_with(args))
        model.load_state_dict(saved["model"].state_dict())
        for optimizer, stored in zip(optimizers, saved["optimizers"]):
            optimizer.load_state_dict(stored)
    if rank == 0:  # what follows is done again, from the beginning also the line of step 0
        cut_log(args.out / f"{args.name}.jsonl", saved["step"] or -1)
    return saved["step"], saved["extra"]


def save(args, model, optimizers, step, last, extra):
    """out/<name>.pt after the last step, before it out/<name>-state.pt, with the optimizers. Adds
    the seconds since args.began, then sets it."""
    path = args.out / f"{args.name}{'' if last else '-state'}.pt"
    extra = extra | provenance() | {"made": made_with(args)}
    try:
        save_checkpoint(path, model, () if last else optimizers, step, extra)
    except RuntimeError as problem:  # how torch says that the disk is full
        fail(f"{path} cannot be written ({str(problem)[:80]}); the same command goes on")
    if last:
        (args.out / f"{args.name}-state.pt").unlink(missing_ok=True)
    add_seconds(args.out, args.name, time.time() - args.began)
    args.began = time.time()


# --------------------------------------------------------------------------------------------------
# Several processes: torchrun starts them, all run the same program, only rank 0 writes.

def join_processes(device):
    """-> this process's rank, and how many share the run: torchrun's, else this one alone."""
    torch.set_num_threads(min(8, torch.get_num_threads()))  # such small matrices feed no more
    if "LOCAL_RANK" not in os.environ:
        return 0, 1
    serve()
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    backend = "cpu:gloo,cuda:nccl" if device == "cuda" else "gloo"
    dist.init_process_group(backend)  # who waits half an hour for another gives up
    return dist.get_rank(), dist.get_world_size()


def sum_over_processes(tensor):
    """In place; returned, too."""
    if dist.is_initialized():
        dist.all_reduce(tensor)
    return tensor


def sum_gradients(model):
    """Over the processes, in place, in one message: many small ones took a fifth of a step."""
    if dist.is_initialized():
        gradients = [p.grad for p in model.parameters()]
        whole = torch.nn.utils.parameters_to_vector(gradients)
        torch.nn.utils.vector_to_parameters(sum_over_processes(whole), gradients)


def gather(mine):
    """-> the lists of all processes, one after another, in every process."""
    if not dist.is_initialized():
        return mine
    parts = [None] * dist.get_world_size()
    dist.all_gather_object(parts, mine)
    return sum(parts, [])


def share(items, work):
    """work(items) -> one result an item. Each process does its share -> all results, everywhere."""
    if not dist.is_initialized():
        return work(items)
    rank, ranks = dist.get_rank(), dist.get_world_size()
    results = [None] * len(items)
    for other, part in enumerate(gather([work(items[rank::ranks])])):
        results[other::ranks] = part
    return results


def leave_processes():
    """The end of a shared run: all have come this far, and rank 0 goes on alone."""
    if dist.is_initialized():
        dist.barrier()
        if dist.get_rank() > 0:
            os._exit(0)  # on the usual way out gloo's clean-up sometimes aborts a process
        dist.destroy_process_group()
