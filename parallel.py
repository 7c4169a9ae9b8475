"""Who else works on it? The processes that share a run: one a GPU or, on a CPU, one a core.

    torchrun --nproc_per_node=8 sft.py      # and rl.py, eval.py: each process takes its share of every batch, the first one writes

Without torchrun, on a CPU, a script starts the others itself (`--processes`; two in rl.py and eval.py): few rows gain little from threads.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from typing import NoReturn

import torch
import torch.distributed as dist
from torch import nn


def join_processes(wanted: int, device: str) -> tuple[int, int]:
    """-> this process's rank, and how many share the run: those that torchrun started. Else, on a CPU, this one and wanted - 1 that it
    starts with its own command (at most one a core, one thread each); they end with it."""
    if "RANK" not in os.environ:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        ranks = min(wanted, cores)
        if device != "cpu" or ranks < 2:
            return 0, 1
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        os.environ |= {"WORLD_SIZE": str(ranks), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1", "RANK": "0"}
        for rank in range(1, ranks):
            other = {**os.environ, "RANK": str(rank), "PARENT": str(os.getpid())}
            atexit.register(subprocess.Popen([sys.executable, *sys.argv], env=other).kill)
        torch.set_num_threads(1)
    elif sys.platform == "linux" and "PARENT" in os.environ:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: also if the first process is killed
        if str(os.getppid()) != os.environ["PARENT"]:
            sys.exit()
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("cpu:gloo,cuda:nccl" if device == "cuda" else "gloo", timeout=timedelta(days=1))
    return dist.get_rank(), dist.get_world_size()


def leave_processes() -> None:
    """The end of a shared run: all have come this far, and the first one goes on alone."""
    if dist.is_initialized():
        dist.barrier()
        if dist.get_rank() > 0:
            os._exit(0)  # the usual way out, gloo's clean-up sometimes aborts a process
        dist.destroy_process_group()


def sum_gradients(model: nn.Module, value: torch.Tensor) -> torch.Tensor:
    """With several processes: every .grad becomes the sum of theirs, and so does the returned value (). Missing gradients count as zero."""
    if not dist.is_initialized():
        return value
    parameters = list(model.parameters())
    for p in parameters:
        p.grad = torch.zeros_like(p) if p.grad is None else p.grad
    flat = torch.cat([value.view(1), *(p.grad.flatten() for p in parameters)])
    dist.all_reduce(flat)
    for p, summed in zip(parameters, flat[1:].split([p.numel() for p in parameters])):
        p.grad.copy_(summed.view_as(p))
    return flat[0].clone()


class Team:
    """The processes of a run in which the first one decides: what it calls `everywhere` the others, waiting in `serve`, do, too."""
    def __init__(self, rank: int = 0, ranks: int = 1):
        self.rank, self.ranks = rank, ranks

    def everywhere(self, method: str, *given):
        """self.method(*given) in every process -> the first one's result."""
        if self.ranks > 1:
            dist.broadcast_object_list([(method, given)])
        return getattr(self, method)(*given)

    def serve(self) -> NoReturn:
        while True:
            job = [None]
            dist.broadcast_object_list(job)
            method, given = job[0]
            getattr(self, method)(*given)

    def share(self, items: list, work) -> list:
        """Called everywhere: work(this process's items) -> one result an item. -> in the first process all results, in the items' order."""
        mine = work(items[self.rank::self.ranks])
        if self.ranks == 1:
            return mine
        parts = [None] * self.ranks if self.rank == 0 else None
        dist.gather_object(mine, parts)
        return [parts[k % self.ranks][k // self.ranks] for k in range(len(items))] if parts else []

    def leave(self) -> None:
        leave_processes()
