"""The cursor law: the cursor is below the oldest post that JetStream has not acknowledged. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(slots=True)
class Reading:
    """A frame whose messages are not all stored: how many are left, and the sequence read just before it."""

    before: int
    left: int


class CursorLedger:
    """What was read of one upstream host and what of it is safely stored.

    `read` every frame in the order it came, then `settle` its reading once for each of its messages as JetStream
    acknowledges them, in any order. `cursor` is the sequence up to which all is stored, the one to save; `position`
    is the last one read, from which the same process may go on after a lost connection, as its publisher still holds
    what is under way. Frames without messages cost no memory; frames with some are bounded by the publisher's window,
    plus one.
    """

    def __init__(self, cursor: int | None = None) -> None:
        self.position = cursor
        self._open: deque[Reading] = deque()

    @property
    def cursor(self) -> int | None:
        """None until a frame was read, where none was stored before."""
        return self._open[0].before if self._open else self.position

    def read(self, seq: int | None, messages: int) -> Reading | None:
        """Note a frame of `messages` messages; None where it has none. A frame whose sequence is unknown, or not
        above the last one, stands just behind the last one."""
        before = self.position
        if before is None and seq is not None:
            before = seq - 1
        if seq is not None and (self.position is None or seq > self.position):
            self.position = seq
        if not messages or before is None:
            return None
        reading = Reading(before, messages)
        self._open.append(reading)
        return reading

    def settle(self, reading: Reading | None) -> None:
        """Note that one message of `reading` is stored."""
        if reading is None:
            return
        reading.left -= 1
        while self._open and self._open[0].left <= 0:
            self._open.popleft()

    def forget(self) -> None:
        """Start anew without a cursor: upstream does not know ours. What is under way stays open."""
        self.position = None
