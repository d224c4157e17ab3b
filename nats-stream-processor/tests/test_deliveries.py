"""What comes again: when, and in which order it is tried."""

from __future__ import annotations

import random

import pytest
from nats.aio.msg import Msg
from nats_stream_processor.deliveries import LONGEST_RETRY_DELAY, Delivery, condemned, on_trial, retry_delay


def delivery(number: int, times: int) -> Delivery:
    """As the broker's reply subject says it."""
    return Delivery(Msg(_client=None, reply=f"$JS.ACK.posts.worker.{times}.{number}.1.1700000000000000000.0"))


def test_each_retry_waits_twice_as_long_up_to_a_bound() -> None:
    assert [retry_delay(5.0, times) for times in (1, 2, 3, 4)] == [5, 10, 20, 40]
    assert retry_delay(5.0, 5) == retry_delay(5.0, 10_000) == LONGEST_RETRY_DELAY
    assert retry_delay(0.0, 7) == 0


def sequence(suspect: Delivery) -> int:
    return suspect.message.metadata.sequence.stream


@pytest.mark.parametrize("number", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("fatal", [7, 8])
def test_of_suspects_that_come_together_only_those_that_kill_are_condemned(number: int, fatal: int) -> None:
    for seed in range(20):
        killers = set(random.Random(seed).sample(range(100), number))
        left, buried, times = set(range(100)), set[int](), 4
        while left:
            suspects = {each: delivery(each, times) for each in left}
            ended = {sequence(one) for one in condemned(list(suspects.values()), fatal)}
            left, buried = left - ended, buried | ended
            while left and (tried := sequence(on_trial([suspects[each] for each in left], fatal))) not in killers:
                left.remove(tried)
            times += 1
        assert buried == killers
        assert times <= fatal + 2 * number, "deaths in all"


def test_nobody_is_condemned_for_another_who_came_more_often() -> None:
    assert condemned([delivery(1, 4), delivery(2, 8), delivery(3, 5)], 7) == []
