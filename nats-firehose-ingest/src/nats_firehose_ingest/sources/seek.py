"""Finding a moment in a sequence that knows no times: where another host goes on from what the last one told. Pure,
given a probe.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median

from nats_firehose_ingest.events import Event
from nats_firehose_ingest.ledger import seconds

SAMPLE = 21  # events whose median time tells where a place lies: servers' clocks differ, and a few are far off
TOLERANCE = 60.0  # seconds that a place may lie before the moment; what is told twice is recognised
FIRST_STEP = 10_000  # events: twenty seconds of the whole network
GROWTH = 4  # how much further back each look goes


@dataclass(frozen=True, slots=True)
class Place:
    """A sequence, and the time of what follows it, in seconds since 1970."""

    seq: int
    time: float


Probe = Callable[[int | None], Awaitable[Place | None]]
"""The place at which an upstream begins for a cursor, or live for None; None where it tells nothing."""


async def seek(probe: Probe, moment: float) -> int | None:
    """A cursor after which everything from `moment` on is told, and little before; 0 where the upstream itself begins
    later. None where it tells nothing to judge by."""
    newest = await probe(None)
    if newest is not None:
        bounds = await _down(probe, moment, newest)
    elif (oldest := await probe(0)) is not None:
        bounds = await _up(probe, moment, oldest)
    else:
        return None
    return None if bounds is None else await _narrow(probe, moment, *bounds)


async def _down(probe: Probe, moment: float, newest: Place) -> tuple[Place, int] | None:
    """From the newest event back in growing steps: a place not after the moment, and a cursor after it. None where it
    does not tell what it must have."""
    late, early, step = newest.seq, newest, FIRST_STEP
    while early.time > moment and early.seq > 0:
        late, cursor = early.seq, max(0, early.seq - step)
        step *= GROWTH
        place = await probe(cursor)
        if place is None:
            return None
        early = Place(cursor, place.time)
    return early, late


async def _up(probe: Probe, moment: float, oldest: Place) -> tuple[Place, int] | None:
    """The same from the oldest event on, as a quiet host tells nothing live for a long time."""
    early, step = Place(0, oldest.time), FIRST_STEP
    while early.time <= moment:
        cursor = max(early.seq, oldest.seq) + step
        place = await probe(cursor)
        if place is None or place.time > moment:
            return early, cursor
        early, step = Place(cursor, place.time), step * GROWTH
    return early, early.seq


async def _narrow(probe: Probe, moment: float, early: Place, late: int) -> int:
    while early.time < moment - TOLERANCE and late - early.seq > SAMPLE:
        middle = (early.seq + late) // 2
        place = await probe(middle)
        if place is None or place.time > moment:
            late = middle
        else:
            early = Place(middle, place.time)
    return early.seq


def place_of(events: list[Event]) -> Place | None:
    """Where a stretch of events lies: its first sequence, and the median of its times. None where it has neither."""
    sequences = [event.seq for event in events if event.seq is not None]
    times = [time for event in events if (time := seconds(event.time)) is not None]
    return Place(sequences[0], median(times)) if sequences and times else None
