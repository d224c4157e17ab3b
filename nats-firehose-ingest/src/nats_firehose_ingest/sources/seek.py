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
    """A sequence and the time there, in seconds since 1970."""

    seq: int
    time: float


Probe = Callable[[int | None], Awaitable[Place | None]]
"""The place at which an upstream begins for a cursor, or live for None; None where it tells nothing."""


async def seek(probe: Probe, moment: float) -> int | None:
    """A cursor after which everything from `moment` on is told, and little before; 0 where the upstream itself begins
    later. None where it tells nothing to judge by."""
    newest = await probe(None)
    if newest is None:
        return None
    late, early, told = newest.seq, newest.seq, newest.time
    step = FIRST_STEP
    while told > moment and early > 0:
        late, early = early, max(0, early - step)
        step *= GROWTH
        if (place := await probe(early)) is None:
            return None
        told = place.time
    while told < moment - TOLERANCE and late - early > SAMPLE:
        middle = (early + late) // 2
        if (place := await probe(middle)) is None:
            return None
        if place.time > moment:
            late = middle
        else:
            early, told = middle, place.time
    return early


def place_of(events: list[Event]) -> Place | None:
    """Where a stretch of events lies: its first sequence, and the median of its times. None where it has neither."""
    sequences = [event.seq for event in events if event.seq is not None]
    times = [time for event in events if (time := seconds(event.time)) is not None]
    return Place(sequences[0], median(times)) if sequences and times else None
