"""What comes again: when, and in which order it is tried."""

from __future__ import annotations

from nats.aio.msg import Msg
from nats_stream_processor.deliveries import LONGEST_RETRY_DELAY, Delivery, on_trial, retry_delay


def delivery(number: int, times: int) -> Delivery:
    """As the broker's reply subject says it."""
    return Delivery(Msg(_client=None, reply=f"$JS.ACK.posts.worker.{times}.{number}.1.1700000000000000000.0"))


def test_each_retry_waits_twice_as_long_up_to_a_bound() -> None:
    assert [retry_delay(5.0, times) for times in (1, 2, 3, 4)] == [5, 10, 20, 40]
    assert retry_delay(5.0, 5) == retry_delay(5.0, 10_000) == LONGEST_RETRY_DELAY
    assert retry_delay(0.0, 7) == 0


def test_of_suspects_that_come_together_all_pass_but_the_one_that_kills() -> None:
    for killer in range(20):
        left, times = set(range(20)), 4
        for _ in range(3):
            while (
                tried := on_trial([delivery(number, times) for number in left]).message.metadata.sequence.stream
            ) != killer:
                left.remove(tried)
            times += 1
        assert left == {killer}, "after three deaths of it"
