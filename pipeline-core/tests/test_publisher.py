from __future__ import annotations

import asyncio
import contextlib
from itertools import count

import pytest
from nats.aio.client import Client
from pipeline_core.deadletters import DeadLetters
from pipeline_core.errors import PublishRejected
from pipeline_core.logs import Log
from pipeline_core.publisher import Publisher
from pipeline_core.testing import Broker
from pipeline_core.topology import Stream, ensure
from prometheus_client import CollectorRegistry, Counter

STREAM = Stream("posts", "posts")


@pytest.fixture
def errors() -> Counter:
    return Counter("errors", "…", registry=CollectorRegistry())


def failures(errors: Counter) -> float:
    return float(errors._value.get())


async def stored(client: Client) -> int:
    return (await client.jetstream().stream_info("posts")).state.messages


async def test_every_message_is_stored_once_although_each_is_sent_twice(
    client: Client, log: Log, errors: Counter
) -> None:
    await ensure(client.jetstream(), STREAM)
    async with Publisher(client, log, errors, window=16) as publisher:
        acks = [
            await publisher.publish("posts.create", b"%d" % i, message_id=str(i)) for i in range(300) for _ in range(2)
        ]
    assert await stored(client) == 300
    assert sum(bool(ack.result().duplicate) for ack in acks) == 300


async def test_the_window_bounds_what_is_under_way(client: Client, log: Log, errors: Counter) -> None:
    await ensure(client.jetstream(), STREAM)
    async with Publisher(client, log, errors, window=8) as publisher:
        for i in range(200):
            await publisher.publish("posts.create", b"x", message_id=str(i))
            assert publisher.under_way <= 8
    assert publisher.under_way == 0


async def test_a_publish_before_the_stream_exists_is_stored_once_it_does(
    client: Client, log: Log, errors: Counter
) -> None:
    async with Publisher(client, log, errors, max_retries=1) as publisher:
        ack = await publisher.publish("posts.create", b"early", message_id="early")
        while publisher.failing() is None:
            await asyncio.sleep(0.05)
        await ensure(client.jetstream(), STREAM)
        await asyncio.wait_for(ack, 20)
        assert publisher.failing() is None
    assert await stored(client) == 1
    assert failures(errors) >= 1


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_nothing_is_lost_or_doubled_when_the_broker_dies_and_comes_back(
    end: str, broker: Broker, client: Client, log: Log, errors: Counter
) -> None:
    await ensure(client.jetstream(), STREAM)
    sent = 0

    async def keep_publishing(publisher: Publisher, until: asyncio.Event) -> None:
        nonlocal sent
        for i in count():
            if until.is_set():
                return
            await publisher.publish("posts.create", b"%d" % i, message_id=str(i))
            sent += 1
            await asyncio.sleep(0.001)

    async with Publisher(client, log, errors, window=64, ack_timeout=1.0) as publisher:
        done = asyncio.Event()
        publishing = asyncio.create_task(keep_publishing(publisher, done))
        await asyncio.sleep(0.5)
        getattr(broker, end)()
        await asyncio.sleep(0.5)
        broker.start()
        await asyncio.sleep(1.0)
        done.set()
        await publishing
    assert await stored(client) == sent > 100


async def test_a_message_that_can_never_be_stored_is_rejected_and_its_neighbours_pass(
    client: Client, log: Log, errors: Counter
) -> None:
    await client.jetstream().add_stream(STREAM.config.evolve(max_msg_size=1000))
    async with Publisher(client, log, errors) as publisher:
        acks = [
            await publisher.publish("posts.create", b"x" * size, message_id=str(size)) for size in (10, 2000, 20, 2**21)
        ]
    assert [isinstance(ack.exception(), PublishRejected) for ack in acks] == [False, True, False, True]
    assert await stored(client) == 2


async def test_a_message_too_large_only_with_its_headers_costs_itself_and_not_the_connection(
    client: Client, log: Log, errors: Counter
) -> None:
    await ensure(client.jetstream(), STREAM)
    async with Publisher(client, log, errors) as publisher:
        edge = [client.max_payload - less for less in (0, 20, 60, 500)]
        acks = [await publisher.publish("posts.create", b"x" * size, message_id=str(size)) for size in edge]
    assert isinstance(acks[0].exception(), PublishRejected)
    assert acks[-1].exception() is None
    assert client.is_connected
    assert await stored(client) == sum(ack.exception() is None for ack in acks)


async def test_an_ordered_message_stays_in_its_line_although_those_before_it_had_to_be_sent_again(
    client: Client, log: Log, errors: Counter
) -> None:
    js = client.jetstream()
    await js.add_stream(name="posts", subjects=["posts.delete"])  # deletions it would take at once, posts not yet
    async with Publisher(client, log, errors, ack_timeout=0.2) as publisher:

        async def post_and_delete() -> None:
            await publisher.publish("posts.create", b"post", message_id="post", lines=("author", "uri"))
            await publisher.publish("posts.create", b"other", message_id="other", lines=("author", "another uri"))
            await publisher.publish(
                "posts.delete", b"delete", message_id="delete", lines=("author", "uri"), behind="uri"
            )
            await publisher.publish("posts.create", b"again", message_id="again", lines=("author", "uri"))

        publishing = asyncio.create_task(post_and_delete())
        while failures(errors) < 2:
            await asyncio.sleep(0.02)
        await ensure(js, STREAM)
        await publishing
    told = [await js.get_msg("posts", seq=number) for number in range(1, 5)]
    assert [message.data for message in told if message.data != b"other"] == [b"post", b"delete", b"again"]
    assert not publisher._lines, "what is stored leaves nothing behind"


async def test_a_stream_that_is_missing_is_asked_for(client: Client, log: Log, errors: Counter) -> None:
    async def make() -> None:
        await ensure(client.jetstream(), STREAM)

    async with Publisher(client, log, errors, make) as publisher:
        await publisher.publish("posts.create", b"early", message_id="early")
    assert await stored(client) == 1


async def test_a_dead_letter_keeps_its_bytes_and_tells_its_reason_on_one_line(
    client: Client, log: Log, errors: Counter
) -> None:
    js = client.jetstream()
    await ensure(js, Stream("dlq", "bluesky.dlq"))
    counted = Counter("letters", "…", ["reason"], registry=CollectorRegistry())
    async with Publisher(client, log, errors) as publisher:
        letters = DeadLetters(publisher, "bluesky.dlq.>", "ingest", counted)
        for _ in range(2):
            await letters.bury(b"\xff\x00", reason="bad_frame", error="no\r\nX-Evil: 1 é", source="host:7")
    letter = await js.get_msg("dlq", seq=1)
    assert letter.subject == "bluesky.dlq.ingest.bad_frame"
    assert letter.data == b"\xff\x00"
    assert letter.headers is not None
    assert letter.headers["Dlq-Error"] == "no\\r\\nX-Evil: 1 \\xe9"
    assert letter.headers["Dlq-Source"] == "host:7"
    assert (await js.stream_info("dlq")).state.messages == 1
    assert counted.labels("bad_frame")._value.get() == 2


async def test_a_flush_ends_behind_whoever_waits_for_a_message(client: Client, log: Log, errors: Counter) -> None:
    await ensure(client.jetstream(), STREAM)
    told: list[str] = []
    async with Publisher(client, log, errors) as publisher:
        flushing = publisher.flush()

        def flush_at_once(_: object) -> None:
            """The answer has come, and the others who wait for it have not been told yet."""
            with contextlib.suppress(StopIteration):
                flushing.send(None)
                return
            told.append("flushed")

        stored = await publisher.publish("posts.create", b"x", message_id="x")
        stored.add_done_callback(flush_at_once)
        stored.add_done_callback(lambda _: told.append("stored"))
        await stored
    flushing.close()
    assert told == ["stored"]


async def test_nobody_waits_for_ever_where_the_retries_have_failed(
    client: Client, log: Log, errors: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: Publisher) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(Publisher, "_mend", broken)
    publisher = Publisher(client, log, errors, window=1)

    async def publish_what_no_stream_takes() -> None:
        async with publisher:
            await publisher.publish("posts.create", b"x", message_id="1", lines=("author",))
            await asyncio.sleep(3600)

    async with asyncio.timeout(20):
        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(publish_what_no_stream_takes())
        await publisher.publish("posts.create", b"x", message_id="2", lines=("author",), behind="author")
