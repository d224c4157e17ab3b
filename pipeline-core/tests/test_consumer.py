from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError
from pipeline_core.consumer import PullConsumer
from pipeline_core.logs import Log
from pipeline_core.testing import Broker, eventually
from pipeline_core.topology import Consumer, Stream, ensure

STREAM = Stream("posts", "posts")
CONSUMER = Consumer("posts", "worker", "posts", ack_wait=2.0)


def pulling(client: Client, log: Log, in_flight: int = 32) -> PullConsumer:
    async def prepare() -> None:
        await ensure(client.jetstream(), STREAM, CONSUMER)

    return PullConsumer(client, CONSUMER, log, prepare, in_flight=in_flight)


async def fill(client: Client, first: int, last: int) -> None:
    await ensure(client.jetstream(), STREAM)
    for i in range(first, last):
        await client.jetstream().publish("posts.create", b"%d" % i)


async def read(consumer: PullConsumer, number: int, most: int = 7) -> list[int]:
    got: list[int] = []
    async with asyncio.timeout(30):
        while len(got) < number:
            for message in await consumer.take(most):
                got.append(int(message.data))
                await message.ack()
    return got


async def test_messages_come_in_order_and_once_and_in_flight_is_bounded(client: Client, log: Log) -> None:
    await fill(client, 0, 200)
    async with pulling(client, log, in_flight=20) as consumer:
        first = await consumer.take(5)
        assert len(first) <= 5
        for message in first:
            await message.ack()
        rest = await read(consumer, 200 - len(first))
        assert [int(message.data) for message in first] + rest == list(range(200))
        await asyncio.sleep(0.1)
        await fill(client, 200, 260)
        await asyncio.sleep(0.5)
        assert consumer.waiting <= 20


async def test_what_is_put_back_is_taken_again_at_its_place(client: Client, log: Log) -> None:
    await fill(client, 0, 6)
    async with pulling(client, log) as consumer:
        while consumer.waiting < 6:
            await asyncio.sleep(0.01)
        taken = await consumer.take(4)
        consumer.put_back(taken[1:3])
        assert [int(message.data) for message in await consumer.take(6)] == [1, 2, 4, 5]


async def test_a_message_published_later_arrives_by_the_pull_that_is_open(client: Client, log: Log) -> None:
    async with pulling(client, log) as consumer:
        waiting = asyncio.create_task(read(consumer, 1))
        await asyncio.sleep(0.3)
        await fill(client, 5, 6)
        assert await waiting == [5]


async def test_leaving_hands_back_what_was_not_taken_at_once(client: Client, log: Log) -> None:
    await fill(client, 0, 10)
    async with pulling(client, log) as consumer:
        await (await consumer.take(1))[0].ack()
        while consumer.waiting < 9:
            await asyncio.sleep(0.01)
    async with asyncio.timeout(1.5), pulling(client, log) as successor:  # sooner than the ack wait of 2 s
        messages: list[Msg] = []
        while len(messages) < 9:
            messages += await successor.take(9)
    assert sorted(int(message.data) for message in messages) == list(range(1, 10))


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_reading_goes_on_after_a_broker_restart(end: str, broker: Broker, client: Client, log: Log) -> None:
    await fill(client, 0, 5)
    async with pulling(client, log) as consumer:
        assert await read(consumer, 5) == [0, 1, 2, 3, 4]
        getattr(broker, end)()
        await asyncio.sleep(0.5)
        broker.start()
        while not client.is_connected:
            await asyncio.sleep(0.05)
        await fill(client, 5, 10)
        # A broker that is killed may forget our last acknowledgements and deliver those messages again.
        got: set[int] = set()
        while not got >= {5, 6, 7, 8, 9}:
            got.update(await read(consumer, 1))


@pytest.mark.parametrize("victim", ["consumer", "stream"])
async def test_a_consumer_or_stream_deleted_under_it_is_made_again(victim: str, client: Client, log: Log) -> None:
    await fill(client, 0, 3)
    js = client.jetstream()
    async with pulling(client, log) as consumer:
        assert await read(consumer, 3) == [0, 1, 2]
        if victim == "consumer":
            await js.delete_consumer("posts", "worker")
        else:
            await js.delete_stream("posts")
        async with asyncio.timeout(20):
            while True:
                try:
                    await js.consumer_info("posts", "worker")
                    break
                except NotFoundError:
                    await asyncio.sleep(0.1)
        await client.jetstream().publish("posts.create", b"99")
        got: list[int] = []
        while 99 not in got:
            got += await read(consumer, 1)
        assert consumer.unserved() is None


async def test_a_mistyped_subject_is_told_with_those_of_the_stream(client: Client, log: Log) -> None:
    await ensure(client.jetstream(), STREAM)
    mistyped = replace(CONSUMER, subject="psots")

    async def said() -> bool:
        why = consumer.unserved() or ""
        return "posts.>" in why and "psots.>" in why

    async with PullConsumer(client, mistyped, log, lambda: ensure(client.jetstream(), mistyped)) as consumer:
        await eventually(said, "why no message can come")


async def test_what_is_held_longer_than_the_ack_wait_is_not_given_out_again(client: Client, log: Log) -> None:
    await fill(client, 0, 10)
    async with pulling(client, log) as slow, pulling(client, log) as other:
        while slow.waiting + other.waiting < 10:
            await asyncio.sleep(0.01)
        held = await (slow if slow.waiting else other).take(1)
        await asyncio.sleep(2.5 * CONSUMER.ack_wait)
        info = await client.jetstream().consumer_info("posts", "worker")
        assert (info.num_ack_pending, info.num_redelivered) == (10, 0), "taken or waiting, it is worked on once"
        await held[0].ack()
        await read(slow, slow.waiting)
        await read(other, other.waiting)
        async with asyncio.timeout(10):
            while (await client.jetstream().consumer_info("posts", "worker")).num_ack_pending:
                await asyncio.sleep(0.05)


async def test_what_is_forgotten_is_given_out_again_although_it_was_never_answered_for(
    client: Client, log: Log
) -> None:
    await fill(client, 0, 1)
    async with pulling(client, log) as consumer, asyncio.timeout(10):
        (dropped,) = await consumer.take(1)
        consumer.forget(dropped)
        (again,) = await consumer.take(1)
        assert again.metadata.num_delivered == 2


async def test_who_is_not_alive_keeps_nothing_and_asks_for_nothing(client: Client, log: Log) -> None:
    await fill(client, 0, 5)
    alive = True

    async def prepare() -> None:
        await ensure(client.jetstream(), STREAM, CONSUMER)

    async with PullConsumer(client, CONSUMER, log, prepare, alive=lambda: alive, in_flight=5) as stuck:
        held = await stuck.take(5)
        while stuck.waiting < 5 and held:  # its room of five fills again
            await fill(client, 5, 10)
            await asyncio.sleep(0.1)
        alive = False
        async with asyncio.timeout(20), pulling(client, log) as other:
            assert {*await read(other, 10)} == {*range(10)}
