"""The command itself, as a process, between a relay over a real WebSocket and a real broker."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, suppress

import nats
import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import KeyNotFoundError, NotFoundError
from nats_firehose_ingest.cursors import LAST_READ, Cursors, key
from nats_firehose_ingest.decoding.frames import decode
from nats_firehose_ingest.events import Event
from nats_firehose_ingest.filtering.filters import Filters
from nats_firehose_ingest.filtering.language import Languages
from nats_firehose_ingest.filtering.sieve import Sieve
from nats_firehose_ingest.ingest import Ingest
from nats_firehose_ingest.ledger import CursorLedger
from nats_firehose_ingest.metrics import Metrics
from nats_firehose_ingest.pulse import Pulse
from nats_firehose_ingest.sources import subscription
from nats_firehose_ingest.sources.firehose import Firehose
from nats_firehose_ingest.sources.upstream import Upstream
from nats_firehose_ingest.statistics import Statistics
from pipeline_core import logs
from pipeline_core.deadletters import DeadLetters
from pipeline_core.messages import read_message
from pipeline_core.publisher import Publisher
from pipeline_core.testing import Broker, ServiceProcess, eventually, free_port, running_service
from pipeline_core.timestamps import now
from pipeline_core.topology import Bucket, Stream, ensure
from prometheus_client import CollectorRegistry
from relay import GOING_AWAY, RECORDING, Relay, encode, made_by_jetstream, pds_frames, relay_frames, sequence

FRAMES = pds_frames()
STAMP = now()
MESSAGES = [message for frame in FRAMES for message in decode("", frame, STAMP).messages]
IDS = {message.message_id for message in MESSAGES}
POSTS = [message for message in MESSAGES if message.kind in ("create", "update")]
LAST = max(sequence(frame) or 0 for frame in FRAMES)
GARBAGE = [b"\xff\x00garbage", encode({"op": 1, "t": "#labels"}, {"seq": LAST + 1})]


def ingesting(broker: Broker, upstream: str, **settings: str) -> AbstractAsyncContextManager[ServiceProcess]:
    """The command reading `upstream` from its very beginning, with nothing filtered."""
    return running_service(
        "nats_firehose_ingest",
        **{
            "NATS_URL": broker.url,
            "UPSTREAM_HOSTS": upstream,
            "START_CURSOR": "0",
            "ENABLE_TEXT_FILTERING": "false",
            "CURSOR_SAVE_INTERVAL": "0.2",
            **settings,
        },
    )


async def count(js: JetStreamContext, stream: str = "bluesky-posts") -> int:
    try:
        return (await js.stream_info(stream)).state.messages
    except (NotFoundError, nats.errors.Error):
        return 0


async def stored(js: JetStreamContext) -> list[str]:
    """The id of every message of the raw stream, in its order, worked out from what is stored."""
    told = [await js.get_msg("bluesky-posts", seq=number) for number in range(1, await count(js) + 1)]
    assert all(one.subject.endswith(f".{read_message(one.data or b'').kind}") for one in told)
    return [read_message(one.data or b"").message_id for one in told]


async def assert_exactly_the_messages(js: JetStreamContext) -> None:
    await eventually(lambda: _at_least(js, len(IDS)), "all messages stored")
    await asyncio.sleep(0.5)  # room for a duplicate to show itself
    ids = await stored(js)
    assert set(ids) == IDS
    assert len(ids) == len(IDS), "a message was stored twice"


async def _at_least(js: JetStreamContext, number: int) -> bool:
    return await count(js) >= number


async def test_every_post_once_bad_input_in_the_dead_letters_and_a_clean_end(
    broker: Broker, js: JetStreamContext
) -> None:
    relay = Relay([*FRAMES[:200], GARBAGE[0], *FRAMES[200:], GARBAGE[1]])
    async with relay.serving() as url, ingesting(broker, url) as ingest:
        await assert_exactly_the_messages(js)
        await eventually(lambda: _bad(ingest, 2), "both bad frames counted")
        letters = [await js.get_msg("bluesky-dlq", seq=n) for n in (1, 2)]
        assert [(letter.subject.rpartition(".")[2], letter.data) for letter in letters] == [
            ("undecodable_frame", GARBAGE[0]),
            ("unknown_event_type", GARBAGE[1]),
        ]
        assert (await ingest.get("/ready"))[0] == 200
        assert await ingest.metric("nats_firehose_posts_published_total") == len(POSTS)
        code, output = await ingest.stop()
        assert code == 0, output
        bucket = await js.key_value("firehose-state")
        assert (await bucket.get(key("nats-firehose-ingest", url))).value == str(LAST + 1).encode()
        assert all(json.loads(line) for line in output.splitlines()), "every line of the log is JSON"


@pytest.mark.skipif(not RECORDING.is_dir(), reason=f"no recording of the production relay at {RECORDING}")
async def test_the_production_relays_frames_become_the_posts_that_production_jetstream_made_of_them(
    broker: Broker, js: JetStreamContext
) -> None:
    expected = made_by_jetstream()
    async with Relay(relay_frames()).serving() as url, ingesting(broker, url):
        await eventually(lambda: _at_least(js, len(expected) + 2), "the posts, a deletion and an account stored")
    told = [json.loads((await js.get_msg("bluesky-posts", seq=n)).data) for n in range(1, await count(js) + 1)]
    posts = [message for message in told if message["kind"] == "create"]
    assert {post["uri"]: (post["cid"], post["text"], post["langs"], post["created_at"]) for post in posts} == expected
    assert len(posts) == len(expected)


async def _bad(ingest: ServiceProcess, number: int) -> bool:
    return await ingest.metric("firehose_bad_input_total") >= number


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_is_lost_or_doubled_by_sigkill_and_restart(
    broker: Broker, js: JetStreamContext, seed: int
) -> None:
    async with Relay(FRAMES).serving() as url, ingesting(broker, url) as ingest:
        for share in (1, 2):
            target = len(IDS) * share * (seed + 1) // 10
            await eventually(lambda target=target: _at_least(js, target), f"{target} posts stored")
            ingest.kill_and_restart()
        await assert_exactly_the_messages(js)


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_nothing_is_lost_or_doubled_by_a_broker_that_goes_and_comes_back(
    broker: Broker, js: JetStreamContext, end: str
) -> None:
    async with Relay(FRAMES).serving() as url, ingesting(broker, url) as ingest:
        await eventually(lambda: _at_least(js, 20), "some posts stored")
        getattr(broker, end)()
        await eventually(lambda: ingest.answers("/ready", 503), "unready without a broker")
        assert (await ingest.get("/health"))[0] == 200, "a restart would not bring the broker back"
        broker.start()
        await assert_exactly_the_messages(js)
        await eventually(lambda: ingest.answers("/ready", 200), "ready again")


async def test_connections_cut_or_closed_with_any_code_are_renewed_where_they_ended(
    broker: Broker, js: JetStreamContext
) -> None:
    relay = Relay(FRAMES, cut_after=[100, 50], close_with=[GOING_AWAY, 1000, 1008])
    async with relay.serving() as url, ingesting(broker, url):
        await assert_exactly_the_messages(js)
        await eventually(lambda: _connected(relay, 6), "a connection after each end")
        assert relay.cursors[0] == 0
        assert relay.cursors == sorted(relay.cursors, key=lambda cursor: cursor or 0)
        assert relay.cursors[-1] == LAST


async def _connected(relay: Relay, times: int) -> bool:
    return len(relay.cursors) >= times


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
        await eventually(lambda: _connected(first, 3), "a connection after each end")
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
            await eventually(lambda: _at_least(js, 1), "posts of the first host")
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
            await eventually(lambda: _saved(js, LAST_READ), "which host was read last is saved")
            async with first.serving(port):
                ingest.kill_and_restart()
                await eventually(lambda: _connected(second, 2), "the second host asked again")
                await eventually(lambda: ingest.answers("/ready", 200), "ready")
                assert first.cursors == []
                assert second.cursors[-1] == LAST


async def test_a_cursor_that_is_deleted_makes_the_reading_begin_anew(broker: Broker, js: JetStreamContext) -> None:
    relay = Relay(FRAMES)
    async with relay.serving() as url:
        async with ingesting(broker, url) as ingest:
            await assert_exactly_the_messages(js)
            await ingest.stop()
        await (await js.key_value("firehose-state")).delete(key("nats-firehose-ingest", url))
        async with ingesting(broker, url, START_CURSOR="7"):
            await eventually(lambda: _connected(relay, 2), "connected again")
        assert relay.cursors == [0, 7]


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


async def test_silence_ends_a_connection_and_reading_goes_on_with_another(broker: Broker, js: JetStreamContext) -> None:
    relay = Relay(FRAMES)
    async with relay.serving() as url, ingesting(broker, url, RECEIVE_TIMEOUT="0.5") as ingest:
        await assert_exactly_the_messages(js)
        await eventually(lambda: _connected(relay, 3), "new connections")
        assert await ingest.metric('firehose_reconnects_total{reason="silence"}') >= 2


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
        await eventually(lambda: _saved(js, url), "a cursor, although the interval is an hour")
        ingest.kill_and_restart()
        await assert_exactly_the_messages(js)
        await eventually(lambda: _connected(relay, 2), "the second process connected")
        assert relay.cursors[0] is None
        assert relay.cursors[1] is not None


async def test_a_stream_or_bucket_deleted_under_it_is_made_again(broker: Broker, js: JetStreamContext) -> None:
    relay = Relay(FRAMES[:100])
    async with relay.serving() as url, ingesting(broker, url, RECEIVE_TIMEOUT="1") as ingest:
        await eventually(lambda: _at_least(js, 1), "some posts stored")
        await js.delete_stream("bluesky-posts")
        await js.delete_key_value("firehose-state")
        relay.frames = FRAMES
        later = {message.message_id for frame in FRAMES[100:] for message in decode("", frame, STAMP).messages}
        await eventually(lambda: _at_least(js, len(later)), "messages stored in the new stream")
        await eventually(lambda: ingest.answers("/ready", 200), "ready again")
        await eventually(lambda: _saved(js, url), "the cursor saved in the new bucket")


async def _saved(js: JetStreamContext, url: str) -> bool:
    try:
        await (await js.key_value("firehose-state")).get(key("nats-firehose-ingest", url))
    except (NotFoundError, nats.errors.Error, nats.js.errors.Error):
        return False
    return True


async def test_a_post_that_the_stream_will_never_take_is_a_dead_letter(broker: Broker, js: JetStreamContext) -> None:
    await ensure(js, Stream("bluesky-posts", "bluesky.posts"))
    config = (await js.stream_info("bluesky-posts")).config
    await js.update_stream(config.evolve(max_msg_size=700))
    async with Relay(FRAMES).serving() as url, ingesting(broker, url):
        await eventually(lambda: _together(js, len(IDS)), "each message stored or buried")
        letter = await js.get_last_msg("bluesky-dlq", "bluesky.dlq.nats-firehose-ingest.rejected")
        assert read_message(letter.data or b"").message_id in IDS


async def _together(js: JetStreamContext, number: int) -> bool:
    return await count(js) + await count(js, "bluesky-dlq") == number


async def test_it_starts_before_its_broker_and_is_unready_but_alive(broker: Broker, js: JetStreamContext) -> None:
    broker.stop()
    async with Relay(FRAMES).serving() as url, ingesting(broker, url) as ingest:
        await eventually(lambda: ingest.answers("/health", 200), "alive without a broker")
        assert (await ingest.get("/ready"))[0] == 503
        broker.start()
        await assert_exactly_the_messages(js)


async def test_a_taken_port_is_named_with_the_setting_that_chooses_another(broker: Broker) -> None:
    async with ingesting(broker, "ws://127.0.0.1:1") as first:
        await eventually(lambda: first.answers("/health", 200), "alive")
        async with ingesting(broker, "ws://127.0.0.1:1", HEALTH_CHECK_PORT=str(first.port)) as second:
            code, output = await second.ended()
        assert code == 1
        assert f"127.0.0.1:{first.port} is taken" in output
        assert "HEALTH_CHECK_PORT" in output
        assert "Traceback" not in output
