"""What an autoscaler is told of a consumer."""

from __future__ import annotations

import asyncio

import pytest
from nats.aio.client import Client
from pipeline_core import background
from pipeline_core.backlog import RATE_WINDOW, STALE, Backlog
from pipeline_core.logs import Log
from pipeline_core.testing import Broker, eventually
from pipeline_core.topology import Consumer, Stream, ensure
from prometheus_client import CollectorRegistry

STREAM = Stream("posts", "posts")
CONSUMER = Consumer("posts", "worker", "posts")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Watched:
    """A backlog, its registry and a clock of the test's own."""

    def __init__(self) -> None:
        self.registry, self.clock = CollectorRegistry(), Clock()
        self.backlog = Backlog("p", self.registry, self.clock)

    def sample(self, name: str) -> float | None:
        return self.registry.get_sample_value(f"p_global_{name}")

    def exported(self) -> list[float | None]:
        return [self.sample(name) for name in ("backlog_messages", "arrived_messages_total", "arrivals_per_second")]


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_nothing_is_exported_before_the_first_answer_and_no_rate_before_the_second(watched: Watched) -> None:
    assert watched.exported() == [None, None, None]
    watched.backlog.read(7, 100)
    assert watched.exported() == [7, 100, None]


def test_the_rate_is_that_of_the_last_minute(watched: Watched) -> None:
    arrived = 0
    for second in range(0, 200, 5):
        watched.clock.now = float(second)
        arrived += 5 * (1000 if second < 100 else 20)
        watched.backlog.read(0, arrived)
    assert watched.clock.now > 100 + RATE_WINDOW
    assert watched.sample("arrivals_per_second") == 20


def test_what_nobody_confirms_is_no_longer_exported(watched: Watched) -> None:
    watched.backlog.read(7, 100)
    watched.clock.now = STALE
    assert watched.sample("backlog_messages") == 7
    watched.clock.now += 0.1
    assert watched.exported() == [None, None, None]


def test_a_stream_made_anew_is_no_negative_rate(watched: Watched) -> None:
    watched.backlog.read(7, 100)
    watched.clock.now = 5
    watched.backlog.read(0, 3)
    assert watched.exported() == [0, 3, None]
    watched.clock.now = 10
    watched.backlog.read(0, 13)
    assert watched.sample("arrivals_per_second") == 2


async def test_the_broker_is_asked_and_where_it_is_away_nothing_is_exported(
    broker: Broker, client: Client, log: Log
) -> None:
    registry = CollectorRegistry()
    backlog, js = Backlog("p", registry), client.jetstream()

    async def exports(messages: int | None, arrived: int | None) -> bool:
        told = [
            registry.get_sample_value(f"p_global_{name}") for name in ("backlog_messages", "arrived_messages_total")
        ]
        return told == [messages, arrived]

    watching = background.start(backlog.watch(client, CONSUMER, log, interval=0.1), log, "backlog")
    await eventually(lambda: exports(None, None), "nothing without a consumer")
    await ensure(js, STREAM, CONSUMER)
    for number in range(5):
        await js.publish("posts.create", b"%d" % number)
    await eventually(lambda: exports(5, 5), "all of them pending")
    reader = await js.pull_subscribe_bind(CONSUMER.name, STREAM.name)
    taken = await reader.fetch(3)
    await asyncio.sleep(0.3)
    assert await exports(5, 5), "given out is not yet done"
    for message in taken:
        await message.ack()
    await eventually(lambda: exports(2, 5), "three acknowledged")
    broker.kill()
    await eventually(lambda: exports(None, None), "nothing known without a broker")
    broker.start()
    await eventually(lambda: exports(2, 5), "known again")
    assert not watching.done()
    watching.cancel()


async def test_once_the_connection_is_known_lost_nothing_is_exported_whenever_it_was_asked(
    broker: Broker, client: Client, log: Log
) -> None:
    registry = CollectorRegistry()
    backlog = Backlog("p", registry)
    await ensure(client.jetstream(), STREAM, CONSUMER)
    watching = background.start(backlog.watch(client, CONSUMER, log, interval=3600.0), log, "backlog")

    async def exported() -> bool:
        return registry.get_sample_value("p_global_backlog_messages") is not None

    async def lost() -> bool:
        return not client.is_connected

    await eventually(exported, "the first answer")
    broker.kill()
    await eventually(lost, "the loss is known")
    assert not await exported()
    watching.cancel()
