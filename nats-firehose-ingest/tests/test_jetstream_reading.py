"""A Jetstream is read over a real connection, and gone on with where one ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from jetstream import Jetstream, Told
from nats_firehose_ingest.decoding.jetstream import decode_v2
from nats_firehose_ingest.events import Event
from nats_firehose_ingest.ledger import CursorLedger
from nats_firehose_ingest.metrics import Metrics
from nats_firehose_ingest.pulse import Pulse
from nats_firehose_ingest.sources.jetstream import JetstreamV1, JetstreamV2
from nats_firehose_ingest.sources.upstream import Dialect, Upstream
from pipeline_core import logs
from pipeline_core.testing import eventually
from prometheus_client import CollectorRegistry
from recorded import DICTIONARIES, FRAMES, LAST, NOW, TOLD, by_frames, messages
from relay import GOING_AWAY


@dataclass
class Reading:
    """What is read of a server by `dialect`, as the service reads it: a ledger keeps the place, and a cursor from the
    future is forgotten."""

    server: Jetstream
    dialect: Dialect
    cursor: int | None = None
    events: list[Event] = field(default_factory=list)
    metrics: Metrics = field(default_factory=lambda: Metrics(CollectorRegistry()))

    @asynccontextmanager
    async def to_the_end(self) -> AsyncIterator[list[Event]]:
        """Inside, the last event has come, and what should not come had a while to come. Reading goes on until the
        block is left."""
        reading = asyncio.create_task(self._read())
        try:
            await eventually(self._has_the_last, "the last event")
            await asyncio.sleep(0.2)
            yield self.events
        finally:
            reading.cancel()
            await asyncio.wait([reading])
        assert reading.cancelled(), reading

    async def whole(self) -> list[Event]:
        async with self.to_the_end() as events:
            return events

    async def _read(self) -> None:
        ledger, pulse = CursorLedger(self.cursor), Pulse(time.monotonic, 30.0)

        async def resume(_: str) -> CursorLedger:
            return ledger

        log = logs.configure("test", "INFO", "console")
        async for event in Upstream(self.dialect, [self.server.url], resume, 60.0, pulse, self.metrics, log).events():
            self.events.append(event)
            ledger.read(event.seq, 0)
            if event.notice == "FutureCursor":
                ledger.forget()

    async def _has_the_last(self) -> bool:
        return bool(self.events) and self.events[-1].seq in (LAST.seq, LAST.time_us)

    def counted(self, name: str) -> dict[str, float]:
        counter = getattr(self.metrics, name)
        return {
            next(iter(sample.labels.values())): sample.value
            for metric in counter.collect()
            for sample in metric.samples
            if sample.name.endswith("_total")
        }


ALL = [message.message_id for message in by_frames(FRAMES)]
KINDS_V2 = {"commit", "identity", "account", "sync"}


@pytest.mark.parametrize("compress", [False, True])
async def test_version_1_goes_on_where_a_connection_was_cut_and_what_comes_again_is_known_by_its_id(
    compress: bool,
) -> None:
    server = Jetstream(TOLD, cut_after=[200, 100], close_with=[GOING_AWAY])
    async with server.serving():
        reading = Reading(server, JetstreamV1(compress))
        async with reading.to_the_end() as events:
            await eventually(lambda: _asked(server, 4), "a connection after each end")
    ids = [message.message_id for message in messages(events)]
    assert list(dict.fromkeys(ids)) == ALL
    assert 0 < len(ids) - len(ALL) <= 6, "more than the last two events of a connection came again"
    assert not any(event.bad for event in events)
    assert {event.kind for event in events} == {"commit", "identity", "account"}
    assert "cursor" not in server.asked[0]
    assert all(int(asked["cursor"]) + 1 in {event.time_us for event in TOLD} for asked in server.asked[1:])
    assert {asked.get("compress") for asked in server.asked} == {"true" if compress else None}
    assert reading.counted("gaps") == {}


async def _asked(server: Jetstream, times: int) -> bool:
    return len(server.asked) >= times


@pytest.mark.parametrize("compress", [False, True])
async def test_version_2_goes_on_where_a_connection_was_cut_and_nothing_comes_again(compress: bool) -> None:
    server = Jetstream(TOLD, DICTIONARIES[:1], cut_after=[200, 100], close_with=[GOING_AWAY])
    async with server.serving():
        reading = Reading(server, JetstreamV2(compress))
        async with reading.to_the_end() as events:
            await eventually(lambda: _asked(server, 4), "a connection after each end")
    assert [message.message_id for message in messages(events)] == ALL
    assert not any(event.bad for event in events)
    assert {event.kind for event in events} == KINDS_V2
    assert [asked.get("cursor") for asked in server.asked][::3] == [None, str(LAST.seq + 1)]
    assert {asked.get("zstdDictionary") for asked in server.asked} == {"40001" if compress else None}
    assert server.fetched == (len(server.asked) if compress else 0)
    assert reading.counted("gaps") == {}


async def test_a_stored_cursor_brings_what_follows_it_and_that_the_one_before_it_comes_again_is_no_gap() -> None:
    server = Jetstream(TOLD)
    stored = next(second for first, second in pairwise(TOLD[200:]) if _is_of_a_post(first) and _is_of_a_post(second))
    async with server.serving():
        by_time = Reading(server, JetstreamV1(), stored.time_us)
        by_sequence = Reading(server, JetstreamV2(compress=False), stored.seq)
        first, second = await by_time.whole(), await by_sequence.whole()
    ids = [message.message_id for event in TOLD[stored.seq :] for message in decode_v2("", event.v2, NOW).messages]
    assert [message.message_id for message in messages(second)] == ids
    assert [event.seq for event in first[:2]] == [stored.time_us - 1, stored.time_us]
    assert [message.message_id for message in messages(first[2:])] == ids
    assert by_time.counted("gaps") == by_sequence.counted("gaps") == {}
    assert len(ids) > 100


def _is_of_a_post(event: Told) -> bool:
    return event.body.get("collection") == "app.bsky.feed.post"


async def test_a_cursor_from_the_future_is_given_up_and_all_that_comes_is_read() -> None:
    server = Jetstream(TOLD)
    async with server.serving():
        reading = Reading(server, JetstreamV2(compress=False), 10**9)
        events = await reading.whole()
    assert [message.message_id for message in messages(events)] == ALL
    assert [asked.get("cursor") for asked in server.asked] == [str(10**9 + 1), None]
    assert reading.counted("gaps") == {"future_cursor": 1}


async def test_what_is_no_longer_there_is_a_gap_and_all_that_is_there_is_read() -> None:
    server = Jetstream(TOLD, DICTIONARIES[:1], floor=300)
    async with server.serving():
        reading = Reading(server, JetstreamV2(), 7)
        events = await reading.whole()
    assert [asked["cursor"] for asked in server.asked] == ["8", str(10**15 + 1)]
    assert [message.message_id for message in messages(events)] == [
        message.message_id for event in TOLD[299:] for message in decode_v2("", event.v2, NOW).messages
    ]
    assert reading.counted("gaps") == {"outdated_cursor": 1}


async def test_an_upstream_that_finds_us_too_slow_is_asked_again_where_we_are() -> None:
    server = Jetstream(TOLD, DICTIONARIES[:1], slow_after=[150])
    async with server.serving():
        reading = Reading(server, JetstreamV2())
        events = await reading.whole()
    assert [message.message_id for message in messages(events)] == ALL
    assert reading.counted("reconnects") == {"error_frame": 1}
    assert len(server.asked) == 2


async def test_a_dictionary_that_is_no_longer_taken_is_fetched_anew() -> None:
    server = Jetstream(TOLD, DICTIONARIES)
    async with server.serving():
        reading = Reading(server, JetstreamV2())
        events = await reading.whole()
    assert [message.message_id for message in messages(events)] == ALL
    assert [asked["zstdDictionary"] for asked in server.asked] == ["40001", "40002"]
    assert reading.counted("reconnects") == {"error_frame": 1}


async def test_a_host_without_a_dictionary_that_can_be_used_is_a_failed_connection() -> None:
    server = Jetstream(TOLD, [b"no dictionary", *DICTIONARIES[:1]])
    async with server.serving():
        reading = Reading(server, JetstreamV2())
        await reading.whole()
    assert reading.counted("reconnects") == {"connect_failed": 1}
    assert server.fetched == 2


def test_each_version_has_a_cursor_of_its_own() -> None:
    assert len({JetstreamV1().origin("wss://host"), JetstreamV2().origin("wss://host"), "wss://host"}) == 3
