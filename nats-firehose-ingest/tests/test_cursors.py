"""The cursor: where the reading goes on, when it is saved, and what is on record where it is of no use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

from ingesting import FRAMES, LAST, assert_exactly_the_messages, connected, cursor_saved, ingesting
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import KeyNotFoundError
from nats_firehose_ingest.cursors import Cursors, key
from nats_firehose_ingest.decoding.frames import decode
from nats_firehose_ingest.events import Event
from nats_firehose_ingest.filtering.filters import Filters
from nats_firehose_ingest.filtering.language import Languages
from nats_firehose_ingest.filtering.sieve import Sieve
from nats_firehose_ingest.ingest import Ingest
from nats_firehose_ingest.metrics import Metrics
from nats_firehose_ingest.statistics import Statistics
from pipeline_core import logs
from pipeline_core.deadletters import DeadLetters
from pipeline_core.publisher import Publisher
from pipeline_core.testing import Broker, eventually, running_service
from pipeline_core.topology import Bucket, Stream, ensure
from prometheus_client import CollectorRegistry
from relay import Relay, encode


async def test_a_cursor_from_the_future_is_given_up_counted_and_the_stream_goes_on(
    broker: Broker, js: JetStreamContext
) -> None:
    relay = Relay(FRAMES, greetings=[encode({"op": -1}, {"error": "FutureCursor", "message": "no"})])
    async with (
        relay.serving() as url,
        ingesting(broker, url, START_CURSOR="99999999") as ingest,
    ):
        await assert_exactly_the_messages(js)
        assert relay.cursors[:2] == [99999999, None]
        assert await ingest.metric('firehose_gaps_total{reason="future_cursor"}') == 1


async def test_a_cursor_too_old_is_a_gap_on_record(broker: Broker, js: JetStreamContext) -> None:
    relay = Relay(FRAMES, greetings=[encode({"op": 1, "t": "#info"}, {"name": "OutdatedCursor"})])
    async with relay.serving() as url, ingesting(broker, url) as ingest:
        await assert_exactly_the_messages(js)
        assert await ingest.metric('firehose_gaps_total{reason="outdated_cursor"}') == 1


async def test_a_cursor_that_is_deleted_makes_the_reading_begin_anew(broker: Broker, js: JetStreamContext) -> None:
    relay = Relay(FRAMES)
    async with relay.serving() as url:
        async with ingesting(broker, url) as ingest:
            await assert_exactly_the_messages(js)
            await ingest.stop()
        await (await js.key_value("firehose-state")).delete(key("nats-firehose-ingest", url))
        async with ingesting(broker, url, START_CURSOR="7"):
            await eventually(lambda: connected(relay, 2), "connected again")
        assert relay.cursors == [0, 7]


async def test_the_cursor_waits_for_the_oldest_post_that_is_not_stored(client: Client, js: JetStreamContext) -> None:
    log, metrics = logs.configure("test", "INFO", "console"), Metrics(CollectorRegistry())
    await ensure(js, Bucket("firehose-state"), Stream("bluesky-dlq", "bluesky.dlq"))
    store = await js.key_value("firehose-state")
    events = [decode("wss://host", frame, "2026-07-04T14:38:08.999Z") for frame in FRAMES]
    oldest = next(event.seq for event in events if event.messages)
    assert oldest is not None

    async def nothing() -> None:
        """No stream is made: its posts cannot be stored yet."""

    class Told:
        async def events(self) -> AsyncGenerator[Event, None]:
            for event in events:
                yield event

    async def saved() -> int:
        return int((await store.get(key("ingest", "wss://host"))).value or b"")

    async def has_saved() -> bool:
        with suppress(KeyNotFoundError):
            return await saved() > 0
        return False

    async with (
        Cursors(store, nothing, "ingest", 0.05, metrics, log) as cursors,
        Publisher(client, log, metrics.publish_errors, window=10_000) as publisher,
    ):
        letters = DeadLetters(publisher, "bluesky.dlq", "ingest", metrics.bad)
        sieve = Sieve(Filters(text_filtering=False), Languages())
        ingest = Ingest(publisher, letters, cursors, sieve, "bluesky.posts", Statistics(metrics, log), metrics, log)
        reading = asyncio.create_task(ingest.run(Told()))
        await eventually(has_saved, "a first cursor")
        await asyncio.sleep(0.3)  # time for many more saves
        assert await saved() == oldest - 1
        await ensure(js, Stream("bluesky-posts", "bluesky.posts"))
        await reading
    assert await saved() == LAST


async def test_a_first_cursor_is_saved_at_once_so_that_an_early_death_costs_nothing(
    broker: Broker, js: JetStreamContext
) -> None:
    relay = Relay(FRAMES)
    async with (
        relay.serving() as url,
        running_service(
            "nats_firehose_ingest",
            NATS_URL=broker.url,
            UPSTREAM_HOSTS=url,
            CURSOR_SAVE_INTERVAL="3600",
            ENABLE_TEXT_FILTERING="false",
        ) as ingest,
    ):
        await eventually(lambda: cursor_saved(js, url), "a cursor, although the interval is an hour")
        ingest.kill_and_restart()
        await assert_exactly_the_messages(js)
        await eventually(lambda: connected(relay, 2), "the second process connected")
        assert relay.cursors[0] is None
        assert relay.cursors[1] is not None
