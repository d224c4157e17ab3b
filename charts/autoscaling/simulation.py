"""A burst of posts on pods that an autoscaler starts and stops. Pure; one step is a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from charts.autoscaling.autoscaler import SYNC_SECONDS, Autoscaler, Load, Settings

START_SECONDS = 20
"""From asking for a pod until it works, on a node that has the image."""
RATE_WINDOW = 60
"""Seconds over which the services average their arrivals (pipeline_core.backlog)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the backlog (messages) and of the pods asked for, each second."""

    backlog: list[float]
    pods: list[int]

    @property
    def peak(self) -> float:
        """The largest backlog."""
        return max(self.backlog)

    @property
    def direction_changes(self) -> int:
        """Times that a step up followed one down or the reverse."""
        steps = [after - before for before, after in pairwise(self.pods) if after != before]
        return sum(before * after < 0 for before, after in pairwise(steps))


def simulate(settings: Settings, arrivals: Callable[[int], float], capacity: float, seconds: int) -> Outcome:
    """From the fewest pods and no backlog. `arrivals(second)` and `capacity`, of one pod, are messages a second; what
    arrived before the beginning is asked for with negative seconds."""
    autoscaler = Autoscaler(settings)
    asked, working, backlog = settings.least, settings.least, 0.0
    starting: list[int] = []
    outcome = Outcome([], [])
    for second in range(seconds):
        if second % SYNC_SECONDS == 0:
            before, seen = asked, sum(map(arrivals, range(second - RATE_WINDOW, second))) / RATE_WINDOW
            asked = autoscaler.decide(second, Load(backlog, seen, asked))
            starting += [second + START_SECONDS] * max(asked - before, 0)
        working += sum(at <= second for at in starting)
        starting = [at for at in starting if at > second]
        working = min(working, asked)
        backlog = max(backlog + arrivals(second) - working * capacity, 0.0)
        outcome.backlog.append(backlog)
        outcome.pods.append(asked)
    return outcome
