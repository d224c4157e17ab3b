"""What comes again: when, in which order it is tried, and what waits for it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import PubAck
from nats_stream_processor.deliveries import LONGEST_RETRY_DELAY, Deliveries, retry_delay
from nats_stream_processor.delivery import Delivery
from nats_stream_processor.deployment import UNIFIED
from nats_stream_processor.metrics import Metrics
from nats_stream_processor.settings import UnifiedSettings
from nats_stream_processor.trials import Docket, next_on_trial
from pipeline_core import logs, subjects
from pipeline_core.consumer import PullConsumer
from pipeline_core.deadletters import DeadLetters
from pipeline_core.messages import AccountChange, Deletion, RawMessage, RawPost
from pipeline_core.publisher import Publisher
from pipeline_core.topology import Consumer, Stream, dead_letter_stream, ensure
from prometheus_client import CollectorRegistry

RAW = Stream("bluesky-posts", "bluesky.posts")
LETTERS = dead_letter_stream(RAW.name, RAW.subject, 1)
CONSUMER = Consumer(RAW.name, "unified-processor", RAW.subject)
MOMENT = "2026-07-04T14:38:08.999Z"


def delivery(number: int, times: int) -> Delivery:
    """As the broker's reply subject says it."""
    return Delivery(Msg(_client=None, reply=f"$JS.ACK.posts.worker.{times}.{number}.1.1700000000000000000.0"))


def test_each_retry_waits_twice_as_long_up_to_a_bound() -> None:
    assert [retry_delay(5.0, times) for times in (1, 2, 3, 4)] == [5, 10, 20, 40]
    assert retry_delay(5.0, 5) == retry_delay(5.0, 10_000) == LONGEST_RETRY_DELAY
    assert retry_delay(0.0, 7) == 0


@pytest.mark.parametrize("number", [1, 2, 3, 4, 7])
def test_two_trials_pass_all_before_the_first_and_behind_the_last_that_kills(number: int) -> None:
    for seed in range(20):
        killers = set(random.Random(seed).sample(range(100), number))
        left = set(range(100))
        for times in (4, 5):
            suspects = {each: delivery(each, times) for each in left}
            while (tried := next_on_trial([suspects[each] for each in left]).sequence) not in killers:
                left.remove(tried)
        assert (min(left), max(left)) == (min(killers), max(killers))


def post(number: int) -> RawPost:
    author = f"did:plc:{number}"
    uri = f"at://{author}/app.bsky.feed.post/{number}"
    return RawPost(uri=uri, cid=f"bafy{number}", author=author, text=f"post {number}", timestamp=MOMENT)


def end_of(number: int) -> Deletion:
    return Deletion(author=post(number).author, uri=post(number).uri, rev="3k1", timestamp=MOMENT)


def leaving(number: int) -> AccountChange:
    return AccountChange(author=post(number).author, active=False, status="takendown", timestamp=MOMENT)


async def publish(client: Client, *messages: RawMessage) -> None:
    await ensure(client.jetstream(), RAW)
    for message in messages:
        await client.jetstream().publish(subjects.raw(RAW.subject, message), message.to_json())


async def hand_back(client: Client, number: int, times: int) -> None:
    """As processes do that are stopped in order before they came to these messages."""
    await ensure(client.jetstream(), RAW, CONSUMER)
    reader = await client.jetstream().pull_subscribe_bind(CONSUMER.name, RAW.name)
    for _ in range(times):
        left = number
        while left:
            for message in await reader.fetch(left, timeout=10):
                await message.nak()
                left -= 1
    await reader.unsubscribe()
    await client.flush()


@asynccontextmanager
async def delivering(client: Client, **settings: float) -> AsyncIterator[Deliveries]:
    js, log = client.jetstream(), logs.configure("test", "INFO", "console")
    metrics = Metrics(CollectorRegistry(), UNIFIED.metrics_prefix)
    await ensure(js, LETTERS)
    pulling = PullConsumer(client, CONSUMER, log, lambda: ensure(js, RAW, CONSUMER))
    publisher = Publisher(client, log, metrics.publish_errors)
    letters = DeadLetters(publisher, LETTERS.subject, "test", metrics.dead_letters)
    docket = Docket(js, RAW.name, CONSUMER.name, 1, log)
    chosen = UnifiedSettings.model_validate({"retry_delay": 0.2, "max_deliver": 1, **settings})
    deliveries = Deliveries(pulling, letters, docket, chosen, metrics, log)
    async with asyncio.timeout(30), pulling, deliveries, publisher:
        yield deliveries


def stored(deliveries: Deliveries, *answered: Delivery) -> None:
    ack = asyncio.get_running_loop().create_future()
    ack.set_result(PubAck(stream="enriched", seq=1))
    for each in answered:
        deliveries.answer(each, ack)


def sequences(taken: Sequence[Delivery]) -> list[int]:
    return [each.sequence for each in taken]


async def all_come(deliveries: Deliveries, number: int) -> None:
    while deliveries.waiting < number:
        await asyncio.sleep(0.01)


async def test_suspects_come_alone_and_take_turns_with_the_others(client: Client) -> None:
    await publish(client, *(post(number) for number in range(1, 4)))
    await hand_back(client, 3, times=2)
    await publish(client, *(post(number) for number in range(4, 10)))
    async with delivering(client, max_deliver=2) as deliveries:
        await all_come(deliveries, 9)
        turns = []
        for _ in range(6):
            taken = await deliveries.take(5 if not turns else 2)
            turns.append(sequences(taken))
            stored(deliveries, *taken)
    assert turns == [[4, 5], [1], [6, 7], [2], [8, 9], [3]]


async def test_a_suspect_waits_until_all_that_was_taken_before_is_answered_for(client: Client) -> None:
    await publish(client, post(1))
    await hand_back(client, 1, times=1)
    await publish(client, post(2))
    async with delivering(client) as deliveries:
        await all_come(deliveries, 2)
        others = await deliveries.take(2)
        assert sequences(others) == [2]
        suspect = asyncio.create_task(deliveries.take(2))
        await asyncio.sleep(0.3)
        assert not suspect.done()
        stored(deliveries, *others)
        taken = await suspect
        assert sequences(taken) == [1]
        stored(deliveries, *taken)


async def test_a_post_that_was_never_tried_is_not_buried_however_often_it_was_handed_back(client: Client) -> None:
    await publish(client, *(post(number) for number in range(1, 4)))
    await hand_back(client, 3, times=20)
    async with delivering(client, max_deliver=3, fatal_deliveries=10) as deliveries:
        tried = []
        while len(tried) < 3:
            taken = await deliveries.take(8)
            tried += sequences(taken)
            stored(deliveries, *taken)
    assert sorted(tried) == [1, 2, 3]
    assert (await client.jetstream().stream_info(LETTERS.name)).state.messages == 0


async def test_a_trial_that_ends_in_an_orderly_hand_back_proves_nothing(client: Client) -> None:
    await publish(client, post(1))
    await hand_back(client, 1, times=20)
    for _ in range(2):
        async with delivering(client) as deliveries:
            assert sequences(await deliveries.take(8)) == [1]
    assert (await client.jetstream().stream_info(LETTERS.name)).state.messages == 0


async def test_a_post_is_tried_as_often_as_any_other_although_it_was_handed_back(client: Client) -> None:
    await publish(client, post(1))
    await hand_back(client, 1, times=2)
    async with delivering(client, max_deliver=3, retry_delay=0) as deliveries:
        for _ in range(3):
            (taken,) = await deliveries.take(8)
            await deliveries.failed(taken, RuntimeError("cannot compute"))
        while deliveries.held:
            await asyncio.sleep(0.01)
    assert (await client.jetstream().stream_info(LETTERS.name)).state.messages == 1


@pytest.mark.parametrize("change", [end_of, leaving])
async def test_what_changes_a_post_that_has_failed_comes_behind_it(change: type[RawMessage], client: Client) -> None:
    await publish(client, post(1), change(1), post(2))
    async with delivering(client, max_deliver=2) as deliveries:
        await all_come(deliveries, 3)
        first, its_change, other = await deliveries.take(8)
        await deliveries.failed(first, RuntimeError("cannot compute"))
        assert [deliveries.keep_back(each) for each in (its_change, other)] == [True, False]
        stored(deliveries, other)
        assert await deliveries.take(8) == [first]
        assert not deliveries.keep_back(first)
        stored(deliveries, first)
        assert await deliveries.take(8) == [its_change]
        assert not deliveries.keep_back(its_change)
        stored(deliveries, its_change)


async def test_what_changes_a_suspect_comes_behind_it_and_what_follows_that_behind_both(client: Client) -> None:
    await publish(client, post(1))
    await hand_back(client, 1, times=1)
    again = post(1).model_copy(update={"uri": f"at://{post(1).author}/app.bsky.feed.post/another"})
    await publish(client, leaving(1), again)
    async with delivering(client) as deliveries:
        await all_come(deliveries, 3)
        for number in (1, 2, 3):
            taken = await deliveries.take(8)
            assert sequences(taken) == [number]
            stored(deliveries, *taken)


async def test_what_was_kept_back_comes_behind_what_it_follows_after_a_hand_back_too(client: Client) -> None:
    await publish(client, *(message for number in range(1, 9) for message in (post(number), end_of(number))))
    async with delivering(client, max_deliver=2, retry_delay=60) as deliveries:
        await all_come(deliveries, 16)
        for taken in await deliveries.take(16):
            if isinstance(taken.said, RawPost):
                await deliveries.failed(taken, RuntimeError("cannot compute"))
            else:
                assert deliveries.keep_back(taken)
    async with delivering(client, max_deliver=2) as successor:
        await all_come(successor, 16)
        assert sequences(await successor.take(16)) == list(range(1, 17))
