"""How is a run kept, and shared? Logs, provenance, saves to go on from, torchrun's processes.

This file may be skipped: it is what sft.py, rl.py and eval.py need besides their idea.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import shlex
import signal
import subprocess
import sys
import time
from datetime import timedelta

import torch
import torch.distributed as dist
from tqdm import tqdm

from model import CheckpointError, load_checkpoint, save_checkpoint
from tasks import add_seconds, fail, replace_text, say

WORLD_SIZE = int(os.environ.get("WORLD_SIZE", 1))  # processes of torchrun

# --------------------------------------------------------------------------------------------------
# Logs.

def log_metrics(path, record):
    """Append one JSON line."""
    with open(path, "a") as file:
        file.write(json.dumps(record) + "\n")


def cut_log(path, step):
    """Drop the lines of later steps, which will be done again (the last may be torn)."""
    kept = ""
    for line in path.read_text(errors="replace").splitlines(True) if path.exists() else ():
        try:
            kept += line if json.loads(line)["step"] <= step and line.endswith("\n") else ""
        except (ValueError, TypeError, KeyError):
            break
    replace_text(path, kept)


def log_step(args, record: dict, rank: int) -> None:
    """One line to out/<name>.jsonl; its numbers, shortened, to the terminal."""
    if rank == 0:
        log_metrics(args.out / f"{args.name}.jsonl", record)
        told = [f"{key} {round(value, 4)}" for key, value in record.items() if key != "seconds"]
        tqdm.write("  ".join([f"{args.name:6s}", *told]))


def provenance() -> dict:
    """What a figure can be traced by."""
    try:
        here = os.path.dirname(os.path.abspath(__file__))
        commit = subprocess.check_output(["git", "-C", here, "rev-parse", "HEAD"],
                                         stderr=subprocess.DEVNULL, text=True).strip()
    except (OSError, subprocess.CalledProcessError):  # no git, or no repository
        commit = "unknown"
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    system = f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}"
    machine = (f"{system} {platform.machine()}, {os.cpu_count()} cores, {device}, "
               f"Python {platform.python_version()}, torch {torch.__version__}")
    return {"command": shlex.join(["python", *sys.orig_argv[1:]]), "commit": commit,
            "processes": WORLD_SIZE, "date": time.strftime("%Y-%m-%d"),
            "machine": machine}


# --------------------------------------------------------------------------------------------------
# Saves. A run has a name (args.name) and writes out/<name>.pt and out/<name>.jsonl.

def resume(args, model, optimizers, rank: int) -> tuple[int, dict]:
    """Go on where a killed run was saved last -> steps done, its extra; (0, {}) if there is none.
    Sets args.began, from which `save` counts the seconds."""
    path, args.began = args.out / f"{args.name}-state.pt", time.time()
    saved = {"step": 0, "extra": {}}
    if path.exists():
        try:
            saved = load_checkpoint(path, str(model.device))
        except CheckpointError as problem:
            fail(problem)
        refuse_other_flags(args, path, saved["extra"].pop("flags", {}))
        model.load_state_dict(saved["model"].state_dict())
        for optimizer, stored in zip(optimizers, saved["optimizers"]):
            optimizer.load_state_dict(stored)
    processes = saved["extra"].get("processes", WORLD_SIZE)
    if processes != WORLD_SIZE:
        say(f"{args.name:6s}  goes on with {WORLD_SIZE} processes, not {processes} as before: "
            "it will draw other samples")
    if rank == 0:  # what follows is done again, from the beginning also the line of step 0
        cut_log(args.out / f"{args.name}.jsonl", saved["step"] or -1)
    return saved["step"], saved["extra"]


def flags_of(args) -> dict[str, str]:
    return {name: str(value) for name, value in vars(args).items() if name not in ("out", "began")}


def refuse_other_flags(args, path, saved: dict[str, str]) -> None:
    """End the program if the run was begun with other flags."""
    for name, now in flags_of(args).items():
        if saved.get(name, now) != now:
            fail(f"{path} was begun with {name} {saved[name]}, not {now}: go on with the same "
                 "flags, or delete that file")


def save(args, model, optimizers, step: int, last: bool, extra: dict) -> None:
    """out/<name>.pt after the last step, before it out/<name>-state.pt, with the optimizers."""
    path = args.out / f"{args.name}{'' if last else '-state'}.pt"
    extra = extra | {"processes": WORLD_SIZE} | ({} if last else {"flags": flags_of(args)})
    save_checkpoint(path, model, () if last else optimizers, step, extra)
    if last:
        (args.out / f"{args.name}-state.pt").unlink(missing_ok=True)
    add_seconds(args.out, args.name, time.time() - args.began)
    args.began = time.time()


# --------------------------------------------------------------------------------------------------
# Several processes: torchrun starts them, all run the same program, only rank 0 writes.

def join_processes(device):
    """-> this process's rank, and how many share the run: torchrun's, else this one alone."""
    if "RANK" not in os.environ:
        return 0, 1
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: torchrun killed, so are we
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    backend = "cpu:gloo,cuda:nccl" if device == "cuda" else "gloo"
    dist.init_process_group(backend, timeout=timedelta(days=1))  # rank 0 may have much to write
    return dist.get_rank(), dist.get_world_size()


def sum_over_processes(tensor):
    """In place; returned, too."""
    if dist.is_initialized():
        dist.all_reduce(tensor)
    return tensor


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
