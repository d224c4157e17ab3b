"""Tells the user what is under way: live on a terminal, in lines elsewhere. Always on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gke_cluster.execute import Progress
from gke_cluster.steps import Step
from gke_cluster.tables import printable

HEARTBEAT = 60.0  # seconds between two lines about what is still under way: a log must show that it lives


class Lines:
    """A line for what begins, ends or takes long."""

    def __init__(self) -> None:
        self._since: dict[Step, float] = {}
        self._told: set[Step] = set()
        self._heartbeat = time.monotonic()

    def started(self, step: Step) -> None:
        """The step was asked for."""
        self._since[step] = time.monotonic()
        _say(f"{step}: begun")

    def waiting(self, step: Step, why: str) -> None:
        """Told once, however often it is tried."""
        if step not in self._told:
            self._told.add(step)
            _say(f"{step}: waits. {why}")

    def ended(self, step: Step, error: str) -> None:
        """Its operation is over."""
        now = time.monotonic()
        seconds = now - self._since.pop(step, now)
        _say(f"{step}: {'failed' if error else 'done'} after {seconds:.0f} s")

    def tick(self) -> None:
        """A look was taken at all that is under way."""
        if self._since and time.monotonic() - self._heartbeat >= HEARTBEAT:
            self._heartbeat = time.monotonic()
            _say(f"still under way: {', '.join(map(str, self._since))}")


class Live:
    """A spinner and a clock for each step, on a terminal."""

    def __init__(self, bars: Any) -> None:
        self._bars = bars
        self._tasks: dict[Step, Any] = {}

    def started(self, step: Step) -> None:
        """The step was asked for."""
        self._show(step, "")

    def waiting(self, step: Step, why: str) -> None:
        """The step cannot be asked for yet."""
        self._show(step, f"waits. {why}")

    def ended(self, step: Step, error: str) -> None:
        """Its operation is over."""
        self._show(step, "failed" if error else "done")
        self._bars.update(self._tasks[step], total=1, completed=1)

    def tick(self) -> None:
        """The bars turn by themselves."""

    def _show(self, step: Step, state: str) -> None:
        words = printable(f"{step}  {state}".rstrip())
        if step in self._tasks:
            self._bars.update(self._tasks[step], description=words)
        else:
            self._tasks[step] = self._bars.add_task(words, total=None)


@contextmanager
def told() -> Iterator[Progress]:
    """Whichever standard error can show."""
    if sys.stderr is None or not sys.stderr.isatty():  # it is None where the caller has closed it
        yield Lines()
        return
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(finished_text=" "), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True)) as bars:
        yield Live(bars)


def _say(line: str) -> None:
    print(printable(line), file=sys.stderr, flush=True)
