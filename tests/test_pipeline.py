"""Law 1 over the whole way: every message of the firehose reaches the enriched stream once, whatever dies meanwhile.

The world of mock-ingest is a pure function, so the test knows each event that the relay told.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator

import pytest
from mock_ingest.events import Event, Garbage
from mock_ingest.messages import raw_messages
from mock_ingest.wire import to_bytes
from mock_ingest.world import World
from nats.js import JetStreamContext
from nats_firehose_ingest.cursors import key
from nats_firehose_ingest.decoding.frames import decode
from nats_firehose_ingest.filtering.filters import Filters
from pipeline_core.messages import Deletion, RawMessage, RawPost, read_message
from pipeline_core.testing import Broker, ServiceProcess, all_answered, eventually, free_port, running_service
from pipeline_core.timestamps import now

RATE, GARBAGE_SHARE = 250.0, 0.05
HOSTILE_SHARE = 0.2  # of the posts; one in five of them is a text that filters drop
BACKLOG = 4000  # events told before the live ones


async def all_messages(js: JetStreamContext, stream: str) -> list[RawMessage]:
    total = (await js.stream_info(stream)).state.messages
    return [read_message((await js.get_msg(stream, seq=number)).data or b"") for number in range(1, total + 1)]


async def reads_live(ingest: ServiceProcess) -> bool:
    return await ingest.metric("firehose_messages_per_second") > 0 and await ingest.metric("firehose_lag_seconds") < 2


def told(event: Event) -> list[RawMessage]:
    """What an event says; of a broken frame, what the frame itself still says."""
    if isinstance(event, Garbage):
        return list(decode("", to_bytes(event), now()).messages)
    return list(raw_messages(event))


def let_through(messages: list[RawMessage], filters: Filters) -> Iterator[RawMessage]:
    """What filters leave: an edit that they drop takes the words before it along."""
    for message in messages:
        if not isinstance(message, RawPost) or filters.reason_to_drop(message) is None:
            yield message
        elif message.kind == "update":
            yield Deletion(uri=message.uri, author=message.author, rev=message.rev, timestamp=now())


def unnumbered_behind(world: World, cursor: int) -> int:
    """How many frames behind the cursor have no sequence to be read: they may have been read and are not in it."""
    behind = cursor + 1
    while decode("", to_bytes(world.event(behind)), "").seq is None:
        behind += 1
    return behind - cursor - 1


@pytest.mark.parametrize(("seed", "filtering"), [(1, False), (2, True)])
async def test_each_message_once_through_deaths_of_ingest_processor_relay_and_broker(
    seed: int, filtering: bool, broker: Broker, js: JetStreamContext
) -> None:
    world = World(seed, RATE, garbage_share=GARBAGE_SHARE, hostile_share=HOSTILE_SHARE)
    chance = random.Random(seed)
    first = world.head(time.time_ns() // 1000) - BACKLOG
    port = free_port()
    async with (
        running_service(
            "mock_ingest",
            MODE="firehose",
            SEED=str(seed),
            RATE=str(RATE),
            GARBAGE_SHARE=str(GARBAGE_SHARE),
            HOSTILE_SHARE=str(HOSTILE_SHARE),
            FIREHOSE_HOST="127.0.0.1",
            FIREHOSE_PORT=str(port),
        ) as relay,
        running_service(
            "nats_firehose_ingest",
            NATS_URL=broker.url,
            UPSTREAM_HOSTS=f"ws://127.0.0.1:{port}",
            START_CURSOR=str(first),
            CURSOR_SAVE_INTERVAL="0.3",
            ENABLE_TEXT_FILTERING=str(filtering),
        ) as ingest,
        running_service("nats_stream_processor", NATS_URL=broker.url, ACK_WAIT_SECONDS="3") as processor,
    ):
        mortal: list[ServiceProcess] = [relay, ingest, processor]
        for victim in [*mortal, ingest, processor]:
            await asyncio.sleep(chance.uniform(0.5, 2.0))
            victim.kill_and_restart()
        broker.kill()
        await asyncio.sleep(0.5)
        broker.start()
        await eventually(lambda: ingest.answers("/ready", 200), "ingest reads again")
        await eventually(lambda: reads_live(ingest), "the backlog read")
        code, output = await ingest.stop()
        assert code == 0, output
        await eventually(lambda: all_answered(js, "bluesky-posts", "unified-processor"), "all messages processed")

        stored = await (await js.key_value("firehose-state")).get(key("nats-firehose-ingest", f"ws://127.0.0.1:{port}"))
        events = [world.event(seq) for seq in range(first + 1, int(stored.value or b"") + 1)]
        said = [message for event in events for message in told(event)]
        expected = list(let_through(said, Filters(text_filtering=filtering)))
        assert {message.kind for message in expected} == {"create", "update", "delete", "account"}
        assert len(expected) > 300
        assert (len(expected) < len(said)) == filtering, "filters drop something, and nothing else does"
        for stream in ("bluesky-posts", "bluesky-posts-enriched"):
            ids = [message.message_id for message in await all_messages(js, stream)]
            assert set(ids) == {message.message_id for message in expected}, stream
            assert len(ids) == len(expected), f"a message stands twice in {stream}"
        flawed = sum(isinstance(event, Garbage) and not told(event) for event in events)
        assert flawed > 100
        letters = (await js.stream_info("bluesky-dlq")).state.messages
        assert flawed <= letters <= flawed + unnumbered_behind(world, int(stored.value or b""))
