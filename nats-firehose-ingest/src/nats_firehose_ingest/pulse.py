"""Whether the reading goes on: what `/ready` and `/health` ask. Pure, given a clock."""

from __future__ import annotations

from collections.abc import Callable

STUCK_AFTER = 300.0  # seconds without a step beyond the longest silence; connecting and waits end far sooner
STANDS_AFTER = 5.0  # seconds; an upstream that will not have us says so sooner


class Pulse:
    """A source beats at every step and says when it is connected and when it lost that."""

    def __init__(self, clock: Callable[[], float], patience: float, silence: float = 0.0) -> None:
        """`clock` gives seconds; a connection may be lost for `patience` seconds before that is trouble, and a step
        may take `silence` seconds if nothing is heard."""
        self._clock, self._patience, self._stuck_after = clock, patience, STUCK_AFTER + silence
        self._resting = False
        self._beat = clock()
        self._trouble: str | None = "not connected yet"
        self._since = self._beat - patience  # what never was connected has no patience to claim
        self._standing: float | None = None

    def beat(self) -> None:
        """A step was made."""
        self._beat = self._clock()

    def heard(self) -> None:
        """An event has come."""
        self._beat = self._clock()
        self._trouble = None

    def connected(self) -> None:
        """Events can come, if the connection stands."""
        self._standing = self._clock()

    def lost(self, why: str) -> None:
        """None can come until `connected`."""
        if self._trouble is None or self._stands():
            self._since = self._clock()
        self._trouble, self._standing = why, None

    def rest(self) -> None:
        """There is nothing more to do."""
        self._resting = True

    def trouble(self) -> str | None:
        """A condition of being ready: why no events come, if that has lasted longer than the patience. A connection
        without an event is none if it stands: an upstream may be quiet, but one that hangs up at once is no use."""
        if self._stands() or self._clock() - self._since < self._patience:
            return None
        return self._trouble

    def _stands(self) -> bool:
        return self._standing is not None and self._clock() - self._standing >= STANDS_AFTER

    def stuck(self) -> str | None:
        """A condition of being alive: whether no step was made for so long that only a restart helps."""
        still = self._clock() - self._beat
        return f"no step for {still:.0f} s" if still >= self._stuck_after and not self._resting else None
