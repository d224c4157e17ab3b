"""Law 1 over the whole way: every post the firehose tells reaches the enriched stream once, whatever dies meanwhile.

The world of mock-ingest is a pure function, so the test knows each event that the relay told.
"""

from __future__ import annotations

import asyncio
import json
import random
import time

import pytest
from mock_ingest.events import POST, Commit, Garbage
from mock_ingest.world import World
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from nats_firehose_ingest.cursors import key
from pipeline_core.testing import Broker, ServiceProcess, eventually, free_port, running_service

RATE, GARBAGE_SHARE = 250.0, 0.05
BACKLOG = 4000  # events told before the live ones
STILL_A_POST = {"unreadable_date"}
"""Flaws that do not cost the post."""


async def all_uris(js: JetStreamContext, stream: str) -> list[str]:
    total = (await js.stream_info(stream)).state.messages
    return [json.loads((await js.get_msg(stream, seq=number)).data or b"")["uri"] for number in range(1, total + 1)]


async def nothing_pending(js: JetStreamContext) -> bool:
    try:
        info = await js.consumer_info("bluesky-posts", "unified-processor")
    except NotFoundError:
        return False
    return not info.num_pending and not info.num_ack_pending


async def reads_live(ingest: ServiceProcess) -> bool:
    return await ingest.metric("firehose_messages_per_second") > 0 and await ingest.metric("firehose_lag_seconds") < 2


@pytest.mark.parametrize("seed", [1, 2])
async def test_each_post_once_through_deaths_of_ingest_processor_relay_and_broker(
    seed: int, broker: Broker, js: JetStreamContext
) -> None:
    world, chance = World(seed, RATE, garbage_share=GARBAGE_SHARE), random.Random(seed)
    first = world.head(time.time_ns() // 1000) - BACKLOG
    port = free_port()
    async with (
        running_service(
            "mock_ingest",
            MODE="firehose",
            SEED=str(seed),
            RATE=str(RATE),
            GARBAGE_SHARE=str(GARBAGE_SHARE),
            FIREHOSE_HOST="127.0.0.1",
            FIREHOSE_PORT=str(port),
        ) as relay,
        running_service(
            "nats_firehose_ingest",
            NATS_URL=broker.url,
            UPSTREAM_HOSTS=f"ws://127.0.0.1:{port}",
            START_CURSOR=str(first),
            CURSOR_SAVE_INTERVAL="0.3",
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
        await eventually(lambda: nothing_pending(js), "all posts processed")

        stored = await (await js.key_value("firehose-state")).get(key("nats-firehose-ingest", f"ws://127.0.0.1:{port}"))
        expected, flawed = [], []
        for seq in range(first + 1, int(stored.value or b"") + 1):
            match world.event(seq):
                case Commit(ops=ops):
                    expected += [op.uri for op in ops if op.action == "create" and op.collection == POST]
                case Garbage(flaw=flaw, commit=commit):
                    (expected if flaw in STILL_A_POST else flawed).append(commit.ops[0].uri)
        assert len(expected) > 300
        assert len(flawed) > 100
        for stream in ("bluesky-posts", "bluesky-posts-enriched"):
            uris = await all_uris(js, stream)
            assert set(uris) == set(expected), stream
            assert len(uris) == len(expected), f"a post stands twice in {stream}"
        assert (await js.stream_info("bluesky-dlq")).state.messages == len(flawed)
