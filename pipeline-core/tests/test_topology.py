from __future__ import annotations

import asyncio
from dataclasses import replace

import nats
import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from pipeline_core import logs
from pipeline_core.errors import TopologyError
from pipeline_core.refusals import in_words
from pipeline_core.testing import running_broker
from pipeline_core.topology import BorrowedStream, Bucket, Consumer, Stream, dead_letter_stream, ensure

RAW = Stream("bluesky-posts", "bluesky.posts")
WORKER = Consumer("bluesky-posts", "unified-processor", "bluesky.posts")


async def test_ensure_creates_what_is_missing_and_can_be_repeated(client: Client) -> None:
    js = client.jetstream()
    for _ in range(2):
        await ensure(js, RAW, WORKER, Bucket("firehose-state"))
    config = (await js.stream_info("bluesky-posts")).config
    assert (config.subjects, config.max_msgs, config.duplicate_window) == (["bluesky.posts.>"], 5_000_000, 600.0)
    assert (await js.consumer_info("bluesky-posts", "unified-processor")).config.ack_wait == 30.0


async def test_ensure_updates_a_stream_and_a_consumer_whose_settings_changed(client: Client) -> None:
    js = client.jetstream()
    await ensure(js, RAW, WORKER)
    await ensure(js, replace(RAW, duplicate_window=120.0), replace(WORKER, ack_wait=7.0, max_ack_pending=5))
    assert (await js.stream_info("bluesky-posts")).config.duplicate_window == 120.0
    config = (await js.consumer_info("bluesky-posts", "unified-processor")).config
    assert (config.ack_wait, config.max_ack_pending) == (7.0, 5)


async def test_an_update_leaves_what_an_operator_set_by_hand(client: Client) -> None:
    js = client.jetstream()
    await ensure(js, RAW)
    current = (await js.stream_info("bluesky-posts")).config
    await js.update_stream(current.evolve(description="ours", allow_direct=True))
    await ensure(js, replace(RAW, duplicate_window=60.0))
    config = (await js.stream_info("bluesky-posts")).config
    assert (config.description, config.allow_direct, config.duplicate_window) == ("ours", True, 60.0)


async def test_a_stream_keeps_its_subjects_and_ours_is_added_with_a_warning(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("test", "INFO", "console")
    js = client.jetstream()
    for stream in (RAW, replace(RAW, subject="other.place"), RAW, replace(RAW, subject="bluesky.posts.dev")):
        await ensure(js, stream)
    assert (await js.stream_info(RAW.name)).config.subjects == ["bluesky.posts.>", "other.place.>"]
    warned = [line for line in capsys.readouterr().out.splitlines() if "other subjects" in line]
    assert len(warned) == 1
    assert "bluesky.posts.>" in warned[0]
    assert "other.place.>" in warned[0]
    await ensure(js, replace(RAW, subject="bluesky"))
    assert (await js.stream_info(RAW.name)).config.subjects == ["other.place.>", "bluesky.>"], "all are still taken"


async def test_many_processes_may_ensure_at_once(client: Client) -> None:
    js = client.jetstream()
    await asyncio.gather(*(ensure(js, replace(RAW, duplicate_window=100.0 + i), WORKER) for i in range(8)))
    assert (await js.stream_info("bluesky-posts")).config.duplicate_window >= 100.0


async def test_a_borrowed_stream_is_created_but_never_changed(client: Client) -> None:
    js = client.jetstream()
    await ensure(js, BorrowedStream(RAW))
    await ensure(js, BorrowedStream(replace(RAW, duplicate_window=1.0)))
    assert (await js.stream_info("bluesky-posts")).config.duplicate_window == 600.0


async def test_a_refusal_names_the_stream_and_the_brokers_reason(client: Client) -> None:
    js = client.jetstream()
    await ensure(js, RAW)
    with pytest.raises(TopologyError, match=r"'other' on subject 'bluesky\.posts'.*overlap"):
        await ensure(js, Stream("other", "bluesky.posts"))


def test_dead_letters_of_production_and_of_a_laptop_do_not_meet() -> None:
    production = dead_letter_stream("bluesky-posts", "bluesky.posts.>", 3)
    local = dead_letter_stream("bluesky-posts-dev", "bluesky.posts.dev.>", 1)
    assert (production.name, production.config.subjects) == ("bluesky-dlq", ["bluesky.dlq.>"])
    assert (local.name, local.config.subjects) == ("bluesky-dlq-dev", ["bluesky.dlq.dev.>"])


async def test_a_filter_that_no_subject_of_the_stream_can_match_is_refused_until_there_is_one(client: Client) -> None:
    js = client.jetstream()
    await ensure(js, RAW)
    mistyped = replace(WORKER, subject="bluesky.psots")
    with pytest.raises(TopologyError, match=r"bluesky\.posts\.>.*bluesky\.psots\.>.*INPUT_SUBJECT"):
        await ensure(js, mistyped)
    await ensure(js, replace(RAW, subject="bluesky.psots"), mistyped, replace(WORKER, name="few", subject="bluesky"))


async def test_a_broker_without_jetstream_is_told_as_that() -> None:
    with running_broker(jetstream=False) as bare:
        client = await nats.connect(bare.url)
        for wanted in (RAW, WORKER, Bucket("firehose-state"), BorrowedStream(RAW)):
            with pytest.raises((TopologyError, NatsError)) as refused:
                await ensure(client.jetstream(), wanted)
            assert "JetStream is not enabled on this broker" in in_words(refused.value)
        await client.close()
