"""A reward of one's own: a wrong program is the less wrong, the more tests it passes.

    python -m lab.exercises.partial     # out/rl-partial.pt: RL with it; takes the flags of rl.py
"""

import rl
from tasks import same_outcome


def judge(episodes, runner):
    """Reward each episode's last program: 1 if it passes all tests of its problem, else the share
    of them that it passes, minus 1. So what is above 0 is right, as rl.own_cases takes it."""
    for episode in episodes:
        program, tests = episode.programs[-1] or "(", episode.task.tests            # "(": none
        outcomes, passed = runner.outcomes([(program, stdin) for stdin, _ in tests]), 0
        for outcome, (_, stdout) in zip(outcomes, tests):
            passed += same_outcome(outcome, (stdout, ""))
        episode.rewards.append(1.0 if passed == len(tests) else passed / len(tests) - 1)


if __name__ == "__main__":
    rl.judge = judge
    rl.main("rl-partial", __doc__)
