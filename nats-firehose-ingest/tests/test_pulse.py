"""What `/ready` and `/health` say of the reading, by a clock that the test turns."""

from __future__ import annotations

from nats_firehose_ingest.pulse import STANDS_AFTER, STUCK_AFTER, Pulse


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_what_was_never_connected_is_trouble_at_once() -> None:
    assert Pulse(Clock(), patience=30.0).trouble() == "not connected yet"


def test_a_lost_connection_is_trouble_only_when_it_stays_lost() -> None:
    clock = Clock()
    pulse = Pulse(clock, patience=30.0)
    pulse.heard()
    assert pulse.trouble() is None
    pulse.lost("closed with 1001")
    clock.now += 29.0
    pulse.lost("connection refused")
    assert pulse.trouble() is None
    clock.now += 1.0
    assert pulse.trouble() == "connection refused", "each failed attempt does not begin the patience anew"
    pulse.heard()
    assert pulse.trouble() is None


def test_a_connection_without_an_event_is_one_only_if_it_stands() -> None:
    clock = Clock()
    pulse = Pulse(clock, patience=30.0)
    for _ in range(100):
        pulse.connected()
        clock.now += 0.1
        assert pulse.trouble() is not None
        pulse.lost("closed with 1008")
        clock.now += 10.0
        assert pulse.trouble() is not None
    pulse.connected()
    clock.now += STANDS_AFTER
    assert pulse.trouble() is None
    pulse.lost("closed with 1001")
    assert pulse.trouble() is None, "a quiet upstream that stood has its patience"


def test_reading_that_makes_no_step_is_stuck_beyond_the_longest_silence() -> None:
    clock = Clock()
    pulse = Pulse(clock, patience=30.0, silence=60.0)
    clock.now += STUCK_AFTER + 59.0
    assert pulse.stuck() is None
    clock.now += 1.0
    assert pulse.stuck() == "no step for 360 s"
    pulse.beat()
    assert pulse.stuck() is None


def test_who_has_nothing_more_to_do_is_not_stuck() -> None:
    clock = Clock()
    pulse = Pulse(clock, patience=30.0)
    pulse.rest()
    clock.now += 10 * STUCK_AFTER
    assert pulse.stuck() is None
