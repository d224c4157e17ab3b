"""The command itself, as a process, between a relay over a real WebSocket and a real broker."""

from __future__ import annotations

import json

import pytest
from ingesting import (
    FRAMES,
    GARBAGE,
    IDS,
    LAST,
    POSTS,
    STAMP,
    assert_exactly_the_messages,
    at_least,
    connected,
    count,
    cursor_saved,
    ingesting,
)
from nats.js import JetStreamContext
from nats_firehose_ingest.cursors import key
from nats_firehose_ingest.decoding.frames import decode
from pipeline_core.messages import read_message
from pipeline_core.testing import Broker, ServiceProcess, eventually
from pipeline_core.topology import Stream, ensure
from relay import GOING_AWAY, RECORDING, Relay, made_by_jetstream, relay_frames


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
        await eventually(lambda: at_least(js, len(expected) + 2), "the posts, a deletion and an account stored")
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
            await eventually(lambda target=target: at_least(js, target), f"{target} posts stored")
            ingest.kill_and_restart()
        await assert_exactly_the_messages(js)


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_nothing_is_lost_or_doubled_by_a_broker_that_goes_and_comes_back(
    broker: Broker, js: JetStreamContext, end: str
) -> None:
    async with Relay(FRAMES).serving() as url, ingesting(broker, url) as ingest:
        await eventually(lambda: at_least(js, 20), "some posts stored")
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
        await eventually(lambda: connected(relay, 6), "a connection after each end")
        assert relay.cursors[0] == 0
        assert relay.cursors == sorted(relay.cursors, key=lambda cursor: cursor or 0)
        assert relay.cursors[-1] == LAST


async def test_silence_ends_a_connection_and_reading_goes_on_with_another(broker: Broker, js: JetStreamContext) -> None:
    relay = Relay(FRAMES)
    async with relay.serving() as url, ingesting(broker, url, RECEIVE_TIMEOUT="0.5") as ingest:
        await assert_exactly_the_messages(js)
        await eventually(lambda: connected(relay, 3), "new connections")
        assert await ingest.metric('firehose_reconnects_total{reason="silence"}') >= 2


async def test_a_stream_or_bucket_deleted_under_it_is_made_again(broker: Broker, js: JetStreamContext) -> None:
    relay = Relay(FRAMES[:100])
    async with relay.serving() as url, ingesting(broker, url, RECEIVE_TIMEOUT="1") as ingest:
        await eventually(lambda: at_least(js, 1), "some posts stored")
        await js.delete_stream("bluesky-posts")
        await js.delete_key_value("firehose-state")
        relay.frames = FRAMES
        later = {message.message_id for frame in FRAMES[100:] for message in decode("", frame, STAMP).messages}
        await eventually(lambda: at_least(js, len(later)), "messages stored in the new stream")
        await eventually(lambda: ingest.answers("/ready", 200), "ready again")
        await eventually(lambda: cursor_saved(js, url), "the cursor saved in the new bucket")


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
