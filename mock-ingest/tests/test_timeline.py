from __future__ import annotations

import pytest
from mock_ingest.timeline import FutureCursor, Start, Timeline
from mock_ingest.world import World

SECOND = 1_000_000
NOW = 1_795_000_000 * SECOND


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def timeline(clock: Clock, retention: float = 60, count: int = 0) -> Timeline:
    return Timeline(World(1, 10), clock, retention, count)


def test_without_a_cursor_a_client_starts_at_the_head(clock: Clock) -> None:
    assert timeline(clock).start(None) == Start(17_950_000_000)


def test_with_a_cursor_a_client_starts_after_it(clock: Clock) -> None:
    line = timeline(clock)
    assert line.start(line.head() - 5) == Start(line.head() - 5)
    assert line.start(line.head()) == Start(line.head())


def test_an_old_cursor_starts_at_the_oldest_event_kept(clock: Clock) -> None:
    line = timeline(clock, retention=60)
    assert line.oldest() == line.head() - 600
    assert line.start(line.oldest() - 2) == Start(line.oldest() - 1, outdated=True)
    assert line.start(line.oldest() - 1) == Start(line.oldest() - 1)
    assert line.start(0).outdated


def test_a_cursor_beyond_the_head_is_refused(clock: Clock) -> None:
    line = timeline(clock)
    with pytest.raises(FutureCursor):
        line.start(line.head() + 1)


def test_without_retention_only_the_head_is_kept(clock: Clock) -> None:
    line = timeline(clock, retention=0)
    assert line.start(line.head() - 1) == Start(line.head() - 1)
    assert line.start(line.head() - 2) == Start(line.head() - 1, outdated=True)


def test_a_world_with_a_count_ends_that_many_events_after_it_started(clock: Clock) -> None:
    line = timeline(clock, count=25)
    end = line.head() + 25
    assert not line.is_over(end - 1)
    clock.now += 60 * SECOND
    assert line.head() == end
    assert line.is_over(end)


def test_a_world_without_a_count_never_ends(clock: Clock) -> None:
    assert not timeline(clock).is_over(2**60)


def test_an_ended_world_that_is_older_than_the_retention_has_nothing_left(clock: Clock) -> None:
    line = timeline(clock, retention=1, count=5)
    clock.now += 3600 * SECOND
    assert line.start(line.head() - 3) == Start(line.head(), outdated=True)
