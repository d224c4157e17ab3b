"""`python -m charts.autoscaling`: how the charts' settings, and others beside them, follow a burst of posts."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import yaml

from charts.autoscaling.autoscaler import Direction, Settings
from charts.autoscaling.designs import BACKLOG_OF_EVERY_POD, of_values
from charts.autoscaling.simulation import Outcome, simulate

VALUES = Path(__file__).parents[1] / "pipeline" / "values.yaml"
CAPACITY, STEADY, BURST = 30.0, 80.0, 150.0  # posts/s: of a pod with large models, before and after, and in the burst
BURST_SECONDS, AFTERWARDS = 600, 3600
LEAST = 2  # pods: fewer than the steady load needs, so that the steady load itself shows what swings
Arrivals = Callable[[int], float]
WINDOWS = (0, 60, 180)  # seconds to wait before a step up
QUIET = (0, 120, 300, 600)  # seconds to wait before a step down


def burst(steady: float, height: float) -> Arrivals:
    """Posts a second, by the second: a burst from the beginning, and a steady load around it."""
    return lambda second: height if 0 <= second < BURST_SECONDS else steady


def pulses(steady: float, height: float) -> Arrivals:
    """Posts a second, by the second: two minutes of every five are a burst."""
    return lambda second: height if second >= 0 and second % 300 < 120 else steady


def rate(written: str) -> float:
    """A type of argument: posts a second."""
    if not 0 <= float(written) < math.inf:
        raise argparse.ArgumentTypeError(f"{written} is no number of posts a second")
    return float(written)


def outcome(settings: Settings, capacity: float = CAPACITY, load: Arrivals | None = None) -> Outcome:
    """Seventy minutes of `load`; if none is given of the burst, and the hour behind it."""
    return simulate(settings, load or burst(STEADY, BURST), capacity, BURST_SECONDS + AFTERWARDS)


def charts_own(capacity: float = CAPACITY) -> Settings:
    """What the charts' shared values say, for pods of this capacity."""
    autoscaling = yaml.safe_load(VALUES.read_text())["exports"]["defaults"]["autoscaling"]
    return of_values(autoscaling, capacity, LEAST)


def main() -> None:
    """Print a line for each choice of windows. A turn is a step up after one down, or the reverse."""
    parser = argparse.ArgumentParser(prog="python -m charts.autoscaling", description=__doc__)
    parser.add_argument("--capacity", type=rate, default=CAPACITY, help="posts/s of one pod (%(default)s)")
    parser.add_argument("--steady", type=rate, default=STEADY, help="posts/s before and after (%(default)s)")
    parser.add_argument("--burst", type=rate, default=BURST, help="posts/s for ten minutes (%(default)s)")
    given = parser.parse_args()
    if not given.capacity:
        parser.error("a pod that does nothing takes no posts/s: --capacity more than 0")
    own = charts_own(given.capacity)
    designs = {"the charts'": own, "backlog of every pod": BACKLOG_OF_EVERY_POD} | {
        f"up after {up:>3} s, down after {down:>3} s": replace(
            own, up=Direction(up, own.up.pods, own.up.period), down=Direction(down, own.down.pods, own.down.period)
        )
        for up in WINDOWS
        for down in QUIET
    }
    print(f"{'':32} {'burst: peak':>12} {'turns':>6} {'pod hours':>10} {'pulses: turns':>14}")
    for name, settings in designs.items():
        one = outcome(settings, given.capacity, burst(given.steady, given.burst))
        many = outcome(settings, given.capacity, pulses(given.steady, given.burst))
        hours = sum(one.pods) / 3600
        print(f"{name:32} {one.peak:12,.0f} {one.direction_changes:6} {hours:10.1f} {many.direction_changes:14}")


if __name__ == "__main__":
    main()
