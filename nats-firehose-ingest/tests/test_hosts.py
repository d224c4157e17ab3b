"""The command itself with several hosts to read from: which it reads, and from where on."""

from __future__ import annotations

import asyncio
import time

import pytest
from ingesting import FRAMES, LAST, assert_exactly_the_messages, at_least, connected, cursor_saved, ingesting
from nats.js import JetStreamContext
from nats_firehose_ingest.cursors import LAST_READ, key
from nats_firehose_ingest.ledger import CursorLedger
from nats_firehose_ingest.metrics import Metrics
from nats_firehose_ingest.pulse import Pulse
from nats_firehose_ingest.sources import subscription
from nats_firehose_ingest.sources.firehose import Firehose
from nats_firehose_ingest.sources.upstream import Upstream
from pipeline_core import logs
from pipeline_core.testing import Broker, ServiceProcess, eventually, free_port
from prometheus_client import CollectorRegistry
from relay import GOING_AWAY, Relay


async def test_the_next_host_takes_over_and_has_a_cursor_of_its_own(broker: Broker, js: JetStreamContext) -> None:
    relay = Relay(FRAMES)
    async with relay.serving() as url:
        nobody = f"ws://127.0.0.1:{free_port()}"
        async with ingesting(broker, f"{nobody},{url}"):
            await assert_exactly_the_messages(js)
        bucket = await js.key_value("firehose-state")
        assert sorted(await bucket.keys()) == sorted(key("nats-firehose-ingest", name) for name in (url, LAST_READ))


async def test_a_host_that_closes_is_asked_again_before_another_has_its_turn(
    broker: Broker, js: JetStreamContext
) -> None:
    first, second = Relay(FRAMES, cut_after=[100], close_with=[GOING_AWAY]), Relay(FRAMES)
    async with first.serving() as url, second.serving() as other, ingesting(broker, f"{url},{other}") as ingest:
        await assert_exactly_the_messages(js)
        await eventually(lambda: connected(first, 3), "a connection after each end")
        assert second.cursors == []
        assert await ingest.metric("firehose_gaps_total") == 0


async def test_another_hosts_place_is_found_by_time_where_no_cursor_is_stored_for_it(
    broker: Broker, js: JetStreamContext
) -> None:
    relay, second = Relay(FRAMES[:100]), Relay(FRAMES)
    async with second.serving() as other:
        async with relay.serving() as url:
            ingest = ServiceProcess(
                "nats_firehose_ingest",
                NATS_URL=broker.url,
                UPSTREAM_HOSTS=f"{url},{other}",
                CURSOR_SAVE_INTERVAL="0.2",
                ENABLE_TEXT_FILTERING="false",
            )
            await eventually(lambda: at_least(js, 1), "posts of the first host")
        try:
            await assert_exactly_the_messages(js)
            assert second.cursors[0] is None, "its newest event is asked for first"
            assert second.cursors[-1] == 0, "both hosts tell the same seconds, so all of it is told again"
            assert await ingest.metric('firehose_gaps_total{reason="host_changed"}') == 1
            assert await ingest.metric("firehose_places_found_total") == 1
            await ingest.stop()
            bucket = await js.key_value("firehose-state")
            names = (url, other, LAST_READ)
            assert sorted(await bucket.keys()) == sorted(key("nats-firehose-ingest", name) for name in names)
        finally:
            ingest.kill()


async def test_a_restart_begins_with_the_host_that_was_read_last(broker: Broker, js: JetStreamContext) -> None:
    first, second = Relay(FRAMES), Relay(FRAMES)
    async with second.serving() as other:
        port = free_port()
        async with ingesting(broker, f"ws://127.0.0.1:{port},{other}") as ingest:
            await assert_exactly_the_messages(js)
            await eventually(lambda: cursor_saved(js, LAST_READ), "which host was read last is saved")
            async with first.serving(port):
                ingest.kill_and_restart()
                await eventually(lambda: connected(second, 2), "the second host asked again")
                await eventually(lambda: ingest.answers("/ready", 200), "ready")
                assert first.cursors == []
                assert second.cursors[-1] == LAST


async def test_a_host_that_never_answers_the_upgrade_costs_its_timeout_only(
    broker: Broker, js: JetStreamContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "CONNECT_TIMEOUT", 0.3)

    async def mute(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    silent = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    ledger = CursorLedger(0)

    async def resume(_: str) -> CursorLedger:
        return ledger

    relay = Relay(FRAMES)
    async with relay.serving() as url:
        log = logs.configure("test", "INFO", "console")
        pulse = Pulse(time.monotonic, 0.0)
        source = Upstream(Firehose(), [silent, url], resume, 60.0, pulse, Metrics(CollectorRegistry()), log)
        async with asyncio.timeout(20):
            event = await anext(source.events())
    server.close()
    assert event.origin == url
