"""What does a checkpoint say, what does a program print? Asked once, kept, shared by the processes.

This file may be skipped: eval.py uses Model.belief, Model.write and Truth.outcomes, which do what
they say for lists of texts.
"""

from __future__ import annotations

import json
from functools import partial
from itertools import starmap

import numpy as np

import tasks
from fast import generate  # model.py's, faster
from model import CheckpointError, Tokenizer, load_checkpoint, pick_device
from runs import gather, share


class Model:
    """A checkpoint that answers prompts and remembers what it said, in a file, too: a killed
    evaluation goes on where it was, and nothing is asked twice."""

    def __init__(self, path, args):
        """Ends the program by one line where the file is missing or damaged."""
        try:
            self.checkpoint = load_checkpoint(path, pick_device())
        except CheckpointError as problem:
            tasks.fail(f"{problem}; `bash run.sh` makes everything")
        self.args, self.tokenizer = args, Tokenizer()
        self.write = partial(self.ask, args.max_new_tokens_solve)  # answers solve and fix prompts
        self.file = args.out / "eval-cache" / f"{path.stem}-{path.stat().st_mtime_ns}.json"
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.said = json.loads(self.file.read_text()) if self.file.exists() else {}

    def ask(self, max_new_tokens, prompts, number=1):
        """An answer to each prompt: number 0 is the greedy one, 1, 2, ... are sampled."""
        said = self.said.setdefault(f"{max_new_tokens} {number}", {})
        new = sorted(set(prompts) - said.keys())
        if new:
            said.update(zip(new, share(new, partial(self.sample, max_new_tokens, number))))
            if self.args.rank == 0:
                tasks.replace_text(self.file, json.dumps(self.said))
            gather([])  # who reads the file next finds it written
        return list(map(said.get, prompts))

    def sample(self, max_new_tokens, number, prompts):
        model, seed = self.checkpoint["model"], hash((self.args.seed, self.args.rank, number))
        most = model.config.n_ctx - 1  # a longer prompt is cut: no room for an answer, none is read
        rows = [self.tokenizer.prompt(prompt)[:most] for prompt in prompts]
        rollouts = generate(model, rows, max_new_tokens, seed=seed, end=self.tokenizer.end,
                            temperature=min(number, 1))
        return [self.tokenizer.decode(r.tokens).removesuffix("<|end|>") for (r,) in rollouts]

    def simulate(self, pairs, number=1):
        """An explanation of each (program, stdin)."""
        prompts = list(starmap(tasks.predict_prompt, pairs))
        return self.ask(self.args.max_new_tokens_predict, prompts, number)

    def belief(self, pairs, number=1):
        """What the model believes comes out of each (program, stdin); None: nothing readable."""
        return list(map(tasks.parse_outcome, self.simulate(pairs, number)))


class Truth(tasks.Runner):
    """What really comes out, by running; shared by the processes."""

    def outcomes(self, pairs):
        return share(pairs, super().outcomes)

    def right(self, attempts):
        """-> (P,) 1.0 for each attempt that passes all tests of its problem, else 0."""
        jobs = [(attempt.code, attempt.problem.tests) for attempt in attempts]
        return np.array(self.solved(jobs), dtype=float)
