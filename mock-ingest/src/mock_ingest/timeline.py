"""Which events a client may have at this moment, and where its stream starts. Pure: the clock is passed in."""

from collections.abc import Callable
from dataclasses import dataclass

from mock_ingest.kinds import FIRST_SEQ
from mock_ingest.world import World

Clock = Callable[[], int]
"""Microseconds since 1970."""


class FutureCursor(Exception):
    """The client claims to have seen what has not happened."""


@dataclass(frozen=True, slots=True)
class Start:
    """A stream begins with the event after ``after``; ``outdated`` if the cursor asked for what is gone."""

    after: int
    outdated: bool = False


class Timeline:
    """The part of the world that has happened and is still kept.

    With a ``count`` the world ends that many events after the head of the moment this object was made.
    """

    def __init__(self, world: World, clock: Clock, retention_seconds: float, count: int = 0) -> None:
        self._world, self._clock = world, clock
        self._retention_us = int(retention_seconds * 1_000_000)
        self._last = world.head(clock()) + count if count else None

    def head(self) -> int:
        """The newest event."""
        now = self._world.head(self._clock())
        return now if self._last is None else min(now, self._last)

    def oldest(self) -> int:
        """The oldest event that is kept."""
        return max(FIRST_SEQ, self._world.head(self._clock() - self._retention_us))

    def is_over(self, seq: int) -> bool:
        """True if nothing will ever follow ``seq``."""
        return self._last is not None and seq >= self._last

    def start(self, cursor: int | None) -> Start:
        """Where a client with this cursor starts: after it; at the oldest event if that is later; at the head
        without a cursor. FutureCursor if it lies beyond the head."""
        head = self.head()
        if cursor is None:
            return Start(head)
        if cursor > head:
            raise FutureCursor
        before_oldest = min(self.oldest() - 1, head)
        return Start(before_oldest, outdated=True) if cursor < before_oldest else Start(cursor)
