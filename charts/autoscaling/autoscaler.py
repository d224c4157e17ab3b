"""Kubernetes' HorizontalPodAutoscaler, as far as its steps up and down depend on its settings. Pure.

After kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale: every metric proposes a number of
pods, the largest counts, the stabilisation windows and then the policies of `behavior` bound the step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

SYNC_SECONDS = 15
"""Between two looks at the metrics, the controller's default."""
TOLERANCE = 0.1
"""Share by which a metric may miss its target before anything is done, the controller's default."""


@dataclass(frozen=True, slots=True)
class Load:
    """What there is to see: messages not yet processed, messages arriving a second, pods asked for."""

    backlog: float
    arrivals: float
    pods: int


Metric = Callable[[Load], float]
"""The number of pods that would be right, not yet rounded."""


def shared(figure: Callable[[Load], float], per_pod: float) -> Metric:
    """A figure of the whole pipeline divided among the pods: an external metric with an AverageValue."""
    return lambda load: figure(load) / per_pod


def repeated_by_every_pod(figure: Callable[[Load], float], per_pod: float) -> Metric:
    """The same figure exported by each pod and taken as its own share: the pods there are multiply it."""
    return lambda load: load.pods * figure(load) / per_pod


@dataclass(frozen=True, slots=True)
class Direction:
    """`behavior.scaleUp` or `.scaleDown`: at most `pods` in `period` seconds, after `window` seconds in which every
    proposal went at least as far."""

    window: int
    pods: int
    period: int


@dataclass(frozen=True, slots=True)
class Settings:
    """What stands in the chart's `autoscaling`."""

    metrics: Sequence[Metric]
    least: int
    most: int
    up: Direction
    down: Direction


@dataclass(slots=True)
class Autoscaler:
    """One autoscaler's memory. Times in seconds of one clock."""

    settings: Settings
    _proposals: list[tuple[int, int]] = field(default_factory=list)
    _steps: list[tuple[int, int]] = field(default_factory=list)

    def decide(self, now: int, load: Load) -> int:
        """The number of pods to ask for from now on."""
        proposal = self._proposal(load)
        self._proposals.append((now, proposal))
        floor = min(self._since(now - self.settings.up.window))
        ceiling = max(self._since(now - self.settings.down.window))
        stable = min(max(load.pods, floor), ceiling)
        change = min(max(stable - load.pods, -self._allowed(now, -1)), self._allowed(now, +1))
        if change:
            self._steps.append((now, change))
        return load.pods + change

    def _proposal(self, load: Load) -> int:
        wanted = max(self._rounded(metric(load), load.pods) for metric in self.settings.metrics)
        return min(max(wanted, self.settings.least), self.settings.most)

    @staticmethod
    def _rounded(pods: float, present: int) -> int:
        return present if abs(pods / present - 1) <= TOLERANCE else math.ceil(pods)

    def _since(self, start: int) -> list[int]:
        return [pods for at, pods in self._proposals if at >= start]

    def _allowed(self, now: int, sign: int) -> int:
        direction = self.settings.up if sign > 0 else self.settings.down
        recent = sum(change for at, change in self._steps if at > now - direction.period and change * sign > 0)
        return max(direction.pods - abs(recent), 0)
