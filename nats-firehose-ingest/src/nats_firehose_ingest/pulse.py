"""Whether the reading goes on: what `/ready` and `/health` ask. Pure, given a clock."""

from __future__ import annotations

from collections.abc import Callable

STUCK_AFTER = 300.0  # seconds without a step; connecting, silence and waits between attempts all end far sooner


class Pulse:
    """A source beats at every step and says when it is connected and when it lost that."""

    def __init__(self, clock: Callable[[], float], patience: float) -> None:
        """`clock` gives seconds; a connection may be lost for `patience` seconds before that is trouble."""
        self._clock, self._patience = clock, patience
        self._beat = clock()
        self._trouble: str | None = "not connected yet"
        self._since = self._beat - patience  # what never was connected has no patience to claim

    def beat(self) -> None:
        """A step was made."""
        self._beat = self._clock()

    def connected(self) -> None:
        """Events can come."""
        self._trouble = None

    def lost(self, why: str) -> None:
        """None can come until `connected`."""
        if self._trouble is None:
            self._since = self._clock()
        self._trouble = why

    def trouble(self) -> str | None:
        """A condition of being ready: why no events come, if that has lasted longer than the patience."""
        return self._trouble if self._clock() - self._since >= self._patience else None

    def stuck(self) -> str | None:
        """A condition of being alive: whether no step was made for so long that only a restart helps."""
        still = self._clock() - self._beat
        return f"no step for {still:.0f} s" if still >= STUCK_AFTER else None
