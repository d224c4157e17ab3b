"""The model alone, one by one and in batches, and the whole processor from broker to broker."""

from __future__ import annotations

import asyncio
import time
from itertools import count, islice
from statistics import median

import nats
import psutil
from mock_ingest.messages import raw_messages
from mock_ingest.world import World
from nats_stream_processor.cpus import usable_cpus
from nats_stream_processor.engine import Engine
from pipeline_core.messages import RawPost
from pipeline_core.testing import eventually, running_broker, running_service
from pipeline_core.topology import Stream, ensure

POSTS = 2000
ALONE = 200  # posts of the one-by-one arm, which is slower
REPEATS = 5


def sample() -> list[RawPost]:
    """Made-up posts, the same at every run."""
    world = World(seed=1, rate=100.0)
    told = (message for seq in count(1_000_001) for message in raw_messages(world.event(seq)))
    posts = (message for message in told if isinstance(message, RawPost) and message.kind == "create")
    return [*islice(posts, POSTS)]


def engine(posts: list[RawPost]) -> None:
    """Print posts a second of the bare engine."""
    model = Engine.load(threads=usable_cpus())
    texts = [post.text for post in posts]
    model.predict(texts[:50])
    together, alone = [], []
    for repeat in range(REPEATS):
        part = texts[repeat * ALONE : (repeat + 1) * ALONE]
        started = time.perf_counter()
        model.predict(part)
        together.append(ALONE / (time.perf_counter() - started))
        started = time.perf_counter()
        for text in part:
            model.predict([text])
        alone.append(ALONE / (time.perf_counter() - started))
    print(
        f"model           {median(together):6.0f} posts/s in batches, {median(alone):.0f} one by one, "
        f"{usable_cpus()} threads"
    )


async def service(posts: list[RawPost]) -> None:
    """Print posts a second, processor time and memory of the whole service on a backlog."""
    with running_broker() as broker:
        client = await nats.connect(broker.url)
        js = client.jetstream()
        await ensure(js, Stream("bluesky-posts", "bluesky.posts"))
        for post in posts:
            await js.publish("bluesky.posts.create", post.to_json())
        loop = asyncio.get_running_loop()
        async with running_service("nats_stream_processor", NATS_URL=broker.url, LOG_LEVEL="ERROR") as processor:
            process = psutil.Process(processor.process.pid)

            async def begun() -> bool:
                return await processor.metric("stream_processor_posts_published_total") > 0

            async def done() -> bool:
                return await processor.metric("stream_processor_posts_published_total") >= POSTS

            await eventually(begun, "first post")
            before = await processor.metric("stream_processor_posts_published_total")
            started, used = loop.time(), sum(process.cpu_times()[:2])
            await eventually(done, f"{POSTS} posts")
            number = POSTS - before
            rate = number / (loop.time() - started)
            cost = (sum(process.cpu_times()[:2]) - used) / number * 1000
            memory = process.memory_info().rss / 1e6
        await client.close()
    print(
        f"processor       {rate:6.0f} posts/s, {cost:.1f} ms of processor time a post, {memory:.0f} MB, "
        "broker to broker"
    )


async def run() -> None:
    """Both."""
    posts = sample()
    engine(posts)
    await service(posts)
