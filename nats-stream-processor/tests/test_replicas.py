"""Replicas that share the consumer, come, go and die; and a post that they die of."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import NotFoundError
from pipeline_core.messages import RawPost
from pipeline_core.publisher import WINDOW
from pipeline_core.testing import Broker, ServiceProcess, all_answered, eventually, running_service
from pipeline_core.topology import Stream, ensure

RAW = Stream("bluesky-posts", "bluesky.posts")
ENRICHED, LETTERS = "bluesky-posts-enriched", "bluesky-dlq"


@asynccontextmanager
async def replicas(
    broker: Broker, number: int, module: str = "nats_stream_processor", **settings: str
) -> AsyncIterator[list[ServiceProcess]]:
    settings = {"NATS_URL": broker.url, "ACK_WAIT_SECONDS": "2", "THREADS": "1", **settings}
    settings["PYTHONPATH"] = str(Path(__file__).parent)  # where `mortal` is
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(running_service(module, **settings)) for _ in range(number)]


def post(number: int, text: str = "") -> RawPost:
    return RawPost(
        uri=f"at://did:plc:{number % 50}/app.bsky.feed.post/{number}",
        cid=f"bafy{number}",
        author=f"did:plc:{number % 50}",
        text=text or f"Post number {number}, " + "of some length " * (number % 9),
        timestamp="2026-07-04T14:38:08.999Z",
    )


async def publish(client: Client, *posts: RawPost) -> None:
    js = client.jetstream()
    await ensure(js, RAW)
    for each in posts:
        await js.publish("bluesky.posts.create", each.to_json(), headers={"Nats-Msg-Id": each.message_id})


async def messages(client: Client, stream: str) -> list[Any]:
    js = client.jetstream()
    total = (await js.stream_info(stream)).state.messages
    reader = await js.pull_subscribe(">", stream=stream, config=ConsumerConfig(ack_policy=AckPolicy.NONE))
    found: list[Any] = []
    while len(found) < total:
        found += await reader.fetch(total - len(found), timeout=10)
    await reader.unsubscribe()
    return found


async def uris(client: Client) -> list[str]:
    return [RawPost.model_validate_json(message.data).uri for message in await messages(client, ENRICHED)]


async def stored(client: Client, number: int, stream: str = ENRICHED) -> bool:
    try:
        return (await client.jetstream().stream_info(stream)).state.messages >= number
    except NotFoundError:
        return False


async def answered(client: Client) -> bool:
    return await all_answered(client.jetstream(), RAW.name, "unified-processor")


async def test_three_replicas_killed_at_random_lose_and_double_nothing(broker: Broker, client: Client) -> None:
    draw = random.Random(20260704)
    posts = [post(number) for number in range(1500)]
    async with replicas(broker, 3) as three:
        await publish(client, posts[0])
        await eventually(lambda: stored(client, 1), "the first post stored")
        flowing = asyncio.create_task(_flow(client, posts[1:]))
        for victim in (draw.randrange(3) for _ in range(8)):
            await asyncio.sleep(draw.uniform(0.1, 1.2))
            three[victim].kill_and_restart()
        await flowing
        await eventually(lambda: answered(client), "all posts answered")
    given_out = (await client.jetstream().consumer_info(RAW.name, "unified-processor")).delivered
    assert given_out is not None
    assert given_out.consumer_seq > len(posts), "nobody died at work"
    found = await messages(client, ENRICHED)
    assert sorted(message.headers["Nats-Msg-Id"] for message in found) == sorted(each.message_id for each in posts)
    assert not await stored(client, 1, LETTERS), "no post was to blame"


async def test_replicas_join_and_leave_while_posts_flow(broker: Broker, client: Client) -> None:
    posts = [post(number) for number in range(900)]
    async with replicas(broker, 1, ACK_WAIT_SECONDS="300") as (first,):
        await publish(client, *posts[:300])
        await eventually(lambda: stored(client, 50), "the first at work")
        async with replicas(broker, 2, ACK_WAIT_SECONDS="300") as (second, third):
            await eventually(lambda: second.answers("/ready", 200), "the second ready")
            await eventually(lambda: third.answers("/ready", 200), "the third ready")
            flowing = asyncio.create_task(publish(client, *posts[300:]))
            await eventually(lambda: at_work(second), "the second has a share")
            await eventually(lambda: at_work(third), "the third has a share")
            for leaving in (first, second):
                code, output = await leaving.stop()
                assert code == 0, output
            await flowing
            await eventually(lambda: answered(client), "all answered, long before an ack wait")
            await eventually(lambda: _told(third, len(posts)), "the last one tells of all that ever arrived")
            assert await third.metric("stream_processor_global_backlog_messages") == 0
    assert sorted(await uris(client)) == sorted(each.uri for each in posts)


async def _flow(client: Client, posts: list[RawPost]) -> None:
    for each in posts:
        await publish(client, each)
        await asyncio.sleep(0.003)


async def _told(replica: ServiceProcess, arrived: int) -> bool:
    return await replica.metric("stream_processor_global_arrived_messages_total") == arrived


async def at_work(replica: ServiceProcess) -> bool:
    return await replica.metric("stream_processor_posts_published_total") > 0


async def test_a_post_that_ends_the_process_each_time_is_buried_and_its_neighbours_pass(
    broker: Broker, client: Client
) -> None:
    neighbours = [post(number) for number in range(40)]
    fatal = post(100, "FATAL to whoever reads it")
    await publish(client, *neighbours[:20], fatal, *neighbours[20:])
    async with replicas(broker, 1, "mortal", MAX_DELIVER="1", FATAL_DELIVERIES="6") as (mortal,):
        deaths = 0
        while not await stored(client, 1, LETTERS):
            if mortal.process.poll() is not None:
                deaths += 1
                mortal.kill_and_restart()
            await asyncio.sleep(0.05)
        await eventually(lambda: answered(client), "nothing left over")
        assert await mortal.metric('stream_processor_dead_letters_total{reason="never_answered"}') == 1
        assert await mortal.metric("stream_processor_errors_total") == 1
        _, output = await mortal.stop()
    assert sorted(await uris(client)) == sorted(each.uri for each in neighbours)
    (letter,) = await messages(client, LETTERS)
    assert letter.data == fatal.to_json()
    assert letter.headers["Dlq-Reason"] == "never_answered"
    assert letter.headers["Dlq-Source"] == "bluesky-posts:21"
    assert deaths == 7, "once beside the others, then alone"
    accused = [json.loads(line)["place"] for line in output.splitlines() if '"tried alone"' in line]
    assert accused.count("bluesky-posts:21") == 6, "named before each death, among the others or not"


async def test_what_a_model_that_hangs_holds_goes_to_another_replica(broker: Broker, client: Client) -> None:
    await publish(client, post(0, "SLOW post"), *(post(number) for number in range(1, 40)))
    async with replicas(broker, 1, "mortal", LONGEST_CALL="1") as (hanging,):
        await eventually(lambda: hanging.answers("/health", 503), "it says that a restart would help")
        assert "model" in (await hanging.get("/health"))[1]
        async with replicas(broker, 1):
            await eventually(lambda: answered(client), "the other has answered for all")
    assert len(await uris(client)) == 40


async def test_sigterm_does_not_wait_for_a_model_that_is_slow(broker: Broker, client: Client) -> None:
    posts = [post(number, f"SLOW post {number}") for number in range(80)]
    await publish(client, *posts)
    async with replicas(broker, 1, "mortal", ACK_WAIT_SECONDS="300") as (slow,):
        await eventually(lambda: _given_out(client), "posts given out")
        await asyncio.sleep(1)
        async with asyncio.timeout(25):  # before the ack wait, and before the model is done
            code, output = await slow.stop()
        assert code == 0, output
        assert "handed back" in output
    async with replicas(broker, 1, ACK_WAIT_SECONDS="300"):
        await eventually(lambda: stored(client, len(posts)), "another replica does them at once")
    assert sorted(await uris(client)) == sorted(each.uri for each in posts)


async def test_sigterm_hands_back_in_time_what_cannot_be_stored(broker: Broker, client: Client) -> None:
    await publish(client, *(post(number) for number in range(30)))
    settings = {"ACK_WAIT_SECONDS": "300", "DRAIN_SECONDS": "2"}
    async with replicas(broker, 1, **settings) as (unlucky,):
        await eventually(lambda: stored(client, 30), "a replica at work")
        await client.jetstream().update_stream(
            (await client.jetstream().stream_info(ENRICHED)).config.evolve(sealed=True)
        )
        await publish(client, *(post(number) for number in range(30, 60)))
        await eventually(lambda: _given_out(client), "posts that the stream refuses")
        await asyncio.sleep(1)
        code, output = await unlucky.stop()
        assert (code, "not drained in time" in output, "handed back" in output) == (1, True, True), output
    assert await handed_back(client, 30) == {post(number).to_json() for number in range(30, 60)}


async def test_sigterm_hands_back_what_waits_behind_dead_letters_that_cannot_be_stored(
    broker: Broker, client: Client
) -> None:
    await publish(client, post(0))
    settings = {"ACK_WAIT_SECONDS": "300", "DRAIN_SECONDS": "2"}
    async with replicas(broker, 1, **settings) as (unlucky,):
        await eventually(lambda: stored(client, 1), "a replica at work")
        await client.jetstream().update_stream(
            (await client.jetstream().stream_info(LETTERS)).config.evolve(sealed=True)
        )
        unreadable = {f"no post {number}".encode() for number in range(WINDOW + 100)}
        for payload in sorted(unreadable):
            await client.publish("bluesky.posts.create", payload)
        await eventually(lambda: _without_room(unlucky), "one waits for room among the dead letters")
        code, output = await unlucky.stop()
        assert (code, "handed back" in output) == (1, True), output
    assert await handed_back(client, len(unreadable)) == unreadable


async def _without_room(replica: ServiceProcess) -> bool:
    return await replica.metric('stream_processor_errors_total{error_type="invalid_post"}') > WINDOW


async def handed_back(client: Client, number: int) -> set[bytes]:
    """What the consumer gives out at once, so many different messages."""
    reader = await client.jetstream().pull_subscribe_bind("unified-processor", RAW.name)
    back: set[bytes] = set()
    async with asyncio.timeout(20):
        while len(back) < number:
            back |= {message.data for message in await reader.fetch(number, timeout=5)}
    return back


async def _given_out(client: Client) -> bool:
    try:
        return bool((await client.jetstream().consumer_info(RAW.name, "unified-processor")).num_ack_pending)
    except NotFoundError:
        return False
