"""Finding a moment in a sequence, on sequences whose every event's time is known."""

from __future__ import annotations

import asyncio
from bisect import bisect_right

from hypothesis import given
from hypothesis import strategies as st
from nats_firehose_ingest.events import Event
from nats_firehose_ingest.sources.seek import SAMPLE, TOLERANCE, Place, place_of, seek
from pipeline_core.timestamps import format_utc

DAY = 86_400.0  # seconds


class Told:
    """A sequence of `total` events from `first` on, `rate` a second, the newest now (at `total / rate` seconds), of
    which the oldest were forgotten. Every tenth server's clock is an hour off."""

    def __init__(self, first: int, total: int, rate: float, forgotten: int) -> None:
        self.first, self.total, self.rate, self.forgotten = first, total, rate, forgotten
        self.probes = 0

    def time(self, seq: int) -> float:
        return (seq - self.first) / self.rate

    async def probe(self, cursor: int | None) -> Place | None:
        self.probes += 1
        last = self.first + self.total - 1
        begin = last if cursor is None else max(cursor + 1, self.first + self.forgotten)
        events = [
            Event("", "commit", seq, stamp(self.time(seq) + (3600 if seq % 10 == 0 else 0)))
            for seq in range(begin, min(begin + SAMPLE, last + SAMPLE))
        ]
        return place_of(events)


def stamp(time: float) -> str:
    from datetime import UTC, datetime

    return format_utc(datetime.fromtimestamp(time, UTC))


@given(
    first=st.integers(1, 10**11),
    total=st.integers(1, 130_000_000),
    rate=st.sampled_from([1.0, 50.0, 500.0, 3000.0]),
    ago=st.floats(1.0, DAY),
    forgotten=st.integers(0, 10_000_000),
)
def test_all_from_the_moment_on_is_told_and_little_before(
    first: int, total: int, rate: float, ago: float, forgotten: int
) -> None:
    told = Told(first, total, rate, min(forgotten, total - 1))
    newest = told.time(first + total - 1)
    moment = newest - ago
    cursor = asyncio.run(seek(told.probe, moment))
    assert cursor is not None
    kept = first + told.forgotten
    needed = max(first + bisect_right(range(total), moment, key=lambda place: place / rate), kept)
    sample = SAMPLE / rate
    assert cursor < needed, "an event from the moment on would not be told"
    if cursor >= kept:
        assert told.time(cursor) >= moment - TOLERANCE - 2 * sample - 2 * SAMPLE / rate
    assert told.probes <= 60


@given(total=st.integers(SAMPLE, 200_000), ago=st.floats(1.0, 200_000.0), rate=st.sampled_from([0.1, 1.0, 20.0]))
def test_a_quiet_host_is_searched_from_its_oldest_event_on(total: int, ago: float, rate: float) -> None:
    told = Told(1, total, rate, 0)
    moment = told.time(total) - ago

    async def quiet(cursor: int | None) -> Place | None:
        return None if cursor is None or cursor >= total else await told.probe(cursor)

    cursor = asyncio.run(seek(quiet, moment))
    assert cursor is not None
    assert cursor < 1 + bisect_right(range(total), moment, key=lambda place: place / rate)
    if cursor:
        assert told.time(cursor) >= moment - TOLERANCE - 4 * SAMPLE / rate
    assert told.probes <= 60


def test_a_host_that_once_does_not_answer_in_time_gives_no_place_rather_than_a_late_one() -> None:
    told = Told(1, 10_000_000, 500.0, 0)

    async def slow(cursor: int | None) -> Place | None:
        return await told.probe(cursor) if cursor is None else None

    assert asyncio.run(seek(slow, told.time(5_000_000))) is None


def test_a_host_that_tells_nothing_gives_no_place() -> None:
    async def silent(_: int | None) -> Place | None:
        return None

    assert asyncio.run(seek(silent, 0.0)) is None


def test_a_few_clocks_that_are_far_off_do_not_move_a_place() -> None:
    events = [Event("", "commit", seq, stamp(1000.0 if seq % 5 else 10**9)) for seq in range(1, SAMPLE)]
    assert place_of([Event("", "info", None, None), *events]) == Place(1, 1000.0)


def test_events_without_a_time_or_a_sequence_make_no_place() -> None:
    assert place_of([]) is None
    assert place_of([Event("", "commit", 7, None)]) is None
    assert place_of([Event("", "commit", None, stamp(0.0))]) is None
    assert place_of([Event("", "commit", 7, "soon")]) is None
