"""An environment of one's own: find an input on which a program prints what is wanted.

EXERCISES.md asks for it, and FORKS.md has the files that train it.
"""

from rl import episodes_of
from tasks import same_outcome


def find_prompt(case):
    return f"Find an input.\n{case.code.rstrip()}\nOutput:\n{case.stdout.rstrip()}"


def find_input(cases, answers, args, runner):
    """Cases -> groups of rewarded episodes, like rl.predict. An answer is an input as it stands:
    any is right on which the case's program really has the case's outcome. One that was cut off is
    wrong."""
    prompts = [find_prompt(case) for case in cases]
    groups = episodes_of(cases, answers(prompts, args.max_new_tokens_predict, args.group))
    episodes = sum(groups, [])
    jobs = [(episode.task.code, episode.turns[0].text) for episode in episodes]
    for episode, outcome in zip(episodes, runner.outcomes(jobs)):
        right = same_outcome(outcome, episode.task.outcome)
        finished = episode.turns[0].rollout.finished
        episode.rewards.append(1.0 if right and finished else -1.0)
    return groups
