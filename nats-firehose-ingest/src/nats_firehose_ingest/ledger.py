"""The cursor law: the cursor is below the oldest post that JetStream has not acknowledged. Pure."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from pipeline_core.timestamps import rfc3339_utc

RECENT = 21  # events whose median time is where the reading stands: servers' clocks differ, and a few are far off


@dataclass(slots=True, eq=False)
class Reading:
    """A frame whose messages are not all stored: how many are left, the sequence read just before it, its time."""

    before: int
    left: int
    time: str | None


class CursorLedger:
    """What was read of one origin and what of it is safely stored.

    `read` every frame in the order it came, then `settle` its reading once for each of its messages as JetStream
    acknowledges them, in any order. `cursor` is the sequence up to which all is stored, the one to save; `position`
    is the last one read, from which the same process may go on after a lost connection, as its publisher still holds
    what is under way. Only frames with messages under way take memory: no more of them than the publisher's window has
    room for, and the one that is being published.
    """

    def __init__(self, cursor: int | None = None, reached: float | None = None) -> None:
        """`cursor` and `reached` as an earlier process stored them, where one did."""
        self.position = cursor
        self._reached = reached
        self._times: deque[str | None] = deque(maxlen=RECENT)
        self._open: OrderedDict[Reading, None] = OrderedDict()  # in the order they were read; O(1) at both ends

    @property
    def cursor(self) -> int | None:
        """None until a frame was read, where none was stored before."""
        return next(iter(self._open)).before if self._open else self.position

    @property
    def reached(self) -> float | None:
        """The upstream's time of what was read last, in seconds since 1970; None where nothing is known of it."""
        times = [time for told in self._times if (time := seconds(told)) is not None]
        return median(times) if times else self._reached

    @property
    def stored_until(self) -> float | None:
        """The upstream's time until which all is stored: where another sequence may be taken up."""
        oldest = seconds(next(iter(self._open)).time) if self._open else None
        known = [time for time in (oldest, self.reached) if time is not None]
        return min(known, default=None)

    @property
    def unsettled(self) -> int:
        """How many frames have messages that are not stored."""
        return len(self._open)

    def read(self, seq: int | None, messages: int, time: str | None = None) -> Reading | None:
        """Note a frame of `messages` messages, told at `time`; None where it has none. A frame whose sequence is
        unknown, or not above the last one, stands just behind the last one."""
        self._times.append(time)
        before = self.position
        if before is None and seq is not None:
            before = seq - 1
        if seq is not None and (self.position is None or seq > self.position):
            self.position = seq
        if not messages or before is None:
            return None
        reading = Reading(before, messages, time)
        self._open[reading] = None
        return reading

    def settle(self, reading: Reading | None) -> None:
        """Note that one message of `reading` is stored."""
        if reading is None:
            return
        reading.left -= 1
        if reading.left == 0:
            del self._open[reading]

    def step_over(self) -> None:
        """Let the next frame be as if it had been read: it cannot be."""
        if self.position is not None:
            self.position += 1

    def forget(self) -> None:
        """Start anew without a cursor: upstream does not know ours. What is under way stays open."""
        self.position = None


def earliest(ledgers: list[CursorLedger]) -> float | None:
    """The upstream's time until which all that these ledgers know of is stored: of the first, and of each other that
    has messages under way."""
    times = [ledger.stored_until for ledger in ledgers[:1]]
    times += [ledger.stored_until for ledger in ledgers[1:] if ledger.unsettled]
    return min((time for time in times if time is not None), default=None)


def seconds(time: str | None) -> float | None:
    """An upstream's time in seconds since 1970; None where it is none."""
    try:
        return None if time is None else datetime.fromisoformat(rfc3339_utc(time)).timestamp()
    except ValueError:
        return None
