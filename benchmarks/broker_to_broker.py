"""The whole processor, a process of its own, between two streams of a broker that writes all it takes to the disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from statistics import quantiles

import nats
import psutil
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import Header
from nats.js.errors import NotFoundError
from pipeline_core import subjects
from pipeline_core.logs import configure
from pipeline_core.messages import RawPost
from pipeline_core.publisher import Publisher
from pipeline_core.testing import ServiceProcess, running_broker, running_service
from pipeline_core.topology import Stream, ensure
from prometheus_client import CollectorRegistry, Counter

RAW = Stream("bluesky-posts", "bluesky.posts")
ENRICHED = Stream("bluesky-posts-enriched", "bluesky.enriched")
CONSUMER = "unified-processor"
LOOK_INTERVAL = 0.01  # seconds
PATIENCE = 60.0  # seconds without anything new
WARM_UP = 1  # seconds of posts that are not counted: the first ones meet cold caches
LEAD = 0.1  # seconds until the first post of a steady stream is due
MEGABYTE = 1e6

Settings = Mapping[str, str]
"""Of the processor, as environment variables."""


class Stuck(RuntimeError):
    """The processor does not get on."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What the processor makes of posts that wait for it."""

    rate: float
    """Posts a second, from the moment that the first are given out until the last is stored."""
    cost: float
    """Milliseconds of processor time a post, all threads together, the broker's not counted."""
    memory: float
    """Megabytes resident, at the most."""


@dataclass(frozen=True, slots=True)
class Steady:
    """What the processor makes of posts that come at a steady rate."""

    ready: float
    """Seconds from the start of the process until /ready says yes."""
    p50: float
    """Milliseconds from sending the raw post until a consumer of the enriched stream has it."""
    p95: float
    p99: float
    late: float
    """Milliseconds that the worst post was sent behind its time: ours, not the processor's."""


async def backlog(posts: Sequence[RawPost], settings: Settings) -> Backlog:
    """All posts are in the raw stream before the processor starts. Raises Stuck."""
    async with streams() as (url, client, js):
        await store(client, posts)
        async with running_service("nats_stream_processor", **environment(url, settings)) as service:
            process, loop = psutil.Process(service.process.pid), asyncio.get_running_loop()
            most = 0

            async def given_out() -> int:
                try:
                    delivered = (await js.consumer_info(RAW.name, CONSUMER)).delivered
                except NotFoundError:  # the processor makes it when it is ready to read
                    return 0
                return delivered.consumer_seq if delivered else 0

            async def stored() -> int:
                nonlocal most
                if service.process.poll() is None:
                    most = max(most, process.memory_info().rss)
                return (await js.stream_info(ENRICHED.name)).state.messages

            # Not from the first one stored: the processor stores what it took at once together.
            await until(1, given_out, service)
            started, used = loop.time(), sum(process.cpu_times()[:2])
            await until(len(posts), stored, service)
            return Backlog(
                rate=len(posts) / (loop.time() - started),
                cost=(sum(process.cpu_times()[:2]) - used) / len(posts) * 1000,
                memory=most / MEGABYTE,
            )


async def steady(posts: Sequence[RawPost], rate: int, settings: Settings) -> Steady:
    """The posts are sent at `rate` a second, each when it is due, whatever became of those before. Raises Stuck."""
    async with streams() as (url, client, js):
        loop = asyncio.get_running_loop()
        came: dict[str, float] = {}

        async def receive(message: Msg) -> None:
            came[(message.headers or {})[Header.MSG_ID.value]] = loop.time()

        async def received() -> int:
            return len(came)

        await js.subscribe(subjects.everything_below(ENRICHED.subject), cb=receive, ordered_consumer=True)
        started = loop.time()
        async with running_service("nats_stream_processor", **environment(url, settings)) as service:

            async def is_ready() -> int:
                return await service.answers("/ready", 200)

            await until(1, is_ready, service)
            ready = loop.time() - started
            sent, late = await send(client, posts, rate)
            await until(len(posts), received, service)
        counted = list(sent)[rate * WARM_UP :]
        shares = quantiles([(came[name] - sent[name]) * 1000 for name in counted], n=100, method="inclusive")
        return Steady(ready, shares[49], shares[94], shares[98], late * 1000)


async def send(client: Client, posts: Sequence[RawPost], rate: int) -> tuple[dict[str, float], float]:
    """When each was sent, by its message id, and the most seconds that one was late. Due times are absolute, so that
    a hiccup of ours does not shift those that follow."""
    loop = asyncio.get_running_loop()
    begin, late = loop.time() + LEAD, 0.0
    sent: dict[str, float] = {}
    for number, post in enumerate(posts):
        due, payload = begin + number / rate, post.to_json()
        await asyncio.sleep(due - loop.time())
        sent[post.message_id] = loop.time()
        late = max(late, sent[post.message_id] - due)
        await client.publish(subjects.raw(RAW.subject, post), payload, headers={Header.MSG_ID.value: post.message_id})
    return sent, late


async def store(client: Client, posts: Sequence[RawPost]) -> None:
    """Publish them all, many under way at a time, and wait until all are stored."""
    errors = Counter("publish_errors", "Of the benchmark", registry=CollectorRegistry())
    async with Publisher(client, configure("bench", "ERROR", "console"), errors) as publisher:
        for post in posts:
            subject = subjects.raw(RAW.subject, post)
            await publisher.publish(subject, post.to_json(), message_id=post.message_id)


async def until(number: int, count: Callable[[], Awaitable[int]], service: ServiceProcess) -> int:
    """Look often until there are so many; how many there are then. Raises Stuck."""
    loop = asyncio.get_running_loop()
    last, since = 0, loop.time()
    while (now := await count()) < number:
        if service.process.poll() is not None:
            raise Stuck(f"the processor has ended:\n{(await service.ended())[1]}")
        if now > last:
            last, since = now, loop.time()
        if loop.time() - since > PATIENCE:
            raise Stuck(f"the processor has been at {now} of {number} for {PATIENCE:.0f} s")
        await asyncio.sleep(LOOK_INTERVAL)
    return now


@asynccontextmanager
async def streams() -> AsyncIterator[tuple[str, Client, JetStreamContext]]:
    """A broker's address with both streams empty, and a connection to it."""

    async def quiet(_: Exception) -> None:
        """Ctrl-C reaches the broker too."""

    with running_broker() as broker:
        client = await nats.connect(broker.url, error_cb=quiet)
        try:
            js = client.jetstream()
            await ensure(js, RAW, ENRICHED)
            yield broker.url, client, js
        finally:
            with suppress(NatsError, OSError):
                await client.close()


def environment(url: str, settings: Settings) -> dict[str, str]:
    """Streams, consumer and models are these unless `settings` name others, whatever our own environment says."""
    return {
        "NATS_URL": url,
        "INPUT_STREAM": RAW.name,
        "INPUT_SUBJECT": RAW.subject,
        "OUTPUT_STREAM": ENRICHED.name,
        "OUTPUT_SUBJECT": ENRICHED.subject,
        "LOG_LEVEL": "ERROR",
        "CONSUMER_NAME": CONSUMER,
        "SENTIMENT_MODEL_NAME": "embedded",
        "TOPIC_MODEL_NAME": "embedded",
        **settings,
    }
