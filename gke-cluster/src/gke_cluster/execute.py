"""Carries a plan out: stage after stage, the steps of one at the same time, until each operation has ended.

There are no threads: operations run at Google, and one loop looks at them in turn. What Ctrl-C stops is the looking.
"""

from __future__ import annotations

import time
from typing import Protocol

from gke_cluster.errors import ClusterError, StillRunning
from gke_cluster.explain import failure
from gke_cluster.interrupts import interruptible, undisturbed
from gke_cluster.operations import Busy, Operation
from gke_cluster.plans import Plan
from gke_cluster.steps import Step

PAUSE = 3.0  # seconds between two looks at what is under way: an operation takes from seconds to minutes


class Google(Protocol):
    """Whoever does the steps."""

    def start(self, step: Step) -> Operation | None:
        """Ask for a step."""

    def look(self, operation: Operation) -> Operation:
        """See how far it has come."""


class Progress(Protocol):
    """Whoever tells the user."""

    def started(self, step: Step) -> None:
        """The step was asked for."""

    def waiting(self, step: Step, why: str) -> None:
        """The step cannot be asked for yet, in Google's words."""

    def ended(self, step: Step, error: str) -> None:
        """Its operation is over; `error` is empty if it did what was asked."""

    def tick(self) -> None:
        """A look was taken at all that is under way."""


class Execution:
    """One plan being carried out."""

    def __init__(self, google: Google, progress: Progress, plan: Plan, timeout: int) -> None:
        self._google, self._progress, self._plan = google, progress, plan
        self._timeout, self._deadline = timeout, time.monotonic() + timeout
        self._unasked = list(plan.steps)
        self._asking: Step | None = None
        self._under_way: dict[Step, Operation] = {}
        self._failed: dict[Step, ClusterError] = {}

    def run(self, *, wait: bool) -> None:
        """All stages; without `wait` the last one is only asked for. Raises what went wrong."""
        with interruptible(
            lambda: (
                f"{self._state()}\nGoogle does not stop what was asked of it. Run the same command again: it goes on "
                "from what is there."
            )
        ):
            for number, stage in enumerate(self._plan.stages, 1):
                awaited = wait or number < len(self._plan.stages)
                self._ask(stage)
                while self._waits(stage) or (self._under_way and awaited):
                    self._rest()
                    self._look()
                    self._ask(stage)
                if self._failed:
                    raise self._failure()

    def _waits(self, stage: tuple[Step, ...]) -> bool:
        return any(step in self._unasked for step in stage)

    def _ask(self, stage: tuple[Step, ...]) -> None:
        for step in stage:
            if step in self._unasked:
                with undisturbed():
                    self._ask_for(step)

    def _ask_for(self, step: Step) -> None:
        self._asking = step
        try:
            operation = self._google.start(step)
        except Busy as busy:
            self._progress.waiting(step, str(busy))
        except ClusterError as refused:
            self._unasked.remove(step)
            self._end(step, refused)
        else:
            self._unasked.remove(step)
            self._progress.started(step)
            if operation is None:
                self._end(step, None)
            else:
                self._under_way[step] = operation
                self._settle(step, operation)
        self._asking = None

    def _look(self) -> None:
        for step, operation in tuple(self._under_way.items()):
            with undisturbed():
                self._settle(step, self._seen(operation))
        self._progress.tick()

    def _seen(self, operation: Operation) -> Operation:
        try:
            return self._google.look(operation)
        except ClusterError as lost:
            raise type(lost)(f"{lost}\n{self._state()}") from lost

    def _settle(self, step: Step, operation: Operation) -> None:
        if operation.done:
            del self._under_way[step]
            target = self._plan.target
            self._end(step, failure(operation.error, target.project, target.region) if operation.error else None)

    def _end(self, step: Step, failed: ClusterError | None) -> None:
        if failed is not None:
            self._failed[step] = failed
        self._progress.ended(step, str(failed or ""))

    def _rest(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise StillRunning(
                f"Waited {self._timeout} s, the --timeout. {self._state()}\nGoogle goes on with what is under way; "
                "run the same command again to see it through."
            )
        time.sleep(min(PAUSE, left))

    def _failure(self) -> ClusterError:
        kind = type(next(iter(self._failed.values())))
        return kind(f"{self._state()}\nOnce that is mended, the same command again goes on from what is there.")

    def _state(self) -> str:
        """What has failed, what is under way or may be, and what was not asked for yet."""
        under_way = [f"{step} ({operation.name})" for step, operation in self._under_way.items()]
        if self._asking in self._unasked:
            under_way.append(f"perhaps {self._asking}")
        to_do = [str(step) for step in self._unasked if step != self._asking]
        told = f"Under way: {', '.join(under_way)}." if under_way else "Nothing is under way."
        told += f" Not begun: {', '.join(to_do)}." if to_do else ""
        return "\n".join((*self._failures(), told))

    def _failures(self) -> list[str]:
        return [f"Could not {step}: {error}" for step, error in self._failed.items()]
