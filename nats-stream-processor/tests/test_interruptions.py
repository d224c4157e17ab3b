"""Nothing is lost or doubled whatever ends: the command, the broker, a stream."""

from __future__ import annotations

from nats.aio.client import Client
from pipeline_core.testing import Broker, eventually
from processing import ENRICHED, answered, enriched, holds, processing, publish, raw


async def test_nothing_is_lost_or_doubled_by_sigkill(broker: Broker, client: Client) -> None:
    posts = [raw(number) for number in range(400)]
    await publish(client, *(post.to_json() for post in posts))
    async with processing(broker) as processor:
        for share in (20, 150):
            await eventually(lambda share=share: holds(client, share), f"{share} posts stored")
            processor.kill_and_restart()
        await eventually(lambda: answered(client, stored=len(posts)), "all posts answered")
    found = await enriched(client)
    assert {post.uri for post in found} == {post.uri for post in posts}
    assert len(found) == len(posts), "a post was stored twice"


async def test_nothing_is_lost_or_doubled_by_a_broker_restart(broker: Broker, client: Client) -> None:
    posts = [raw(number) for number in range(300)]
    await publish(client, *(post.to_json() for post in posts))
    async with processing(broker) as processor:
        await eventually(lambda: holds(client, 20), "some posts stored")
        broker.kill()
        await eventually(lambda: processor.answers("/ready", 503), "unready without a broker")
        broker.start()
        await eventually(lambda: answered(client, stored=len(posts)), "all posts answered")
        await eventually(lambda: processor.answers("/ready", 200), "ready again")
    assert len(await enriched(client)) == len(posts)


async def test_sigterm_hands_back_at_once_what_is_not_finished(broker: Broker, client: Client) -> None:
    posts = [raw(number) for number in range(600)]
    await publish(client, *(post.to_json() for post in posts))
    async with processing(broker, ACK_WAIT_SECONDS="300") as first:
        await eventually(lambda: holds(client, 10), "some posts stored")
        code, output = await first.stop()
        assert code == 0, output
        assert len(await enriched(client)) < len(posts), "it stopped in the middle"
    async with processing(broker, ACK_WAIT_SECONDS="300"):
        await eventually(lambda: answered(client, stored=len(posts)), "all posts answered, long before the ack wait")
    assert len(await enriched(client)) == len(posts)


async def test_it_waits_for_a_raw_stream_that_it_may_make_itself(broker: Broker, client: Client) -> None:
    async with processing(broker) as processor:
        await eventually(lambda: processor.answers("/ready", 200), "ready with an empty stream")
        await publish(client, raw(1).to_json())
        await eventually(lambda: answered(client, stored=1), "the post answered")


async def test_an_enriched_stream_deleted_under_it_is_made_again(broker: Broker, client: Client) -> None:
    async with processing(broker) as processor:
        await publish(client, raw(1).to_json())
        await eventually(lambda: answered(client, stored=1), "the first post stored")
        await client.jetstream().delete_stream(ENRICHED.name)
        await client.jetstream().publish("bluesky.posts.create", raw(2).to_json())
        await eventually(lambda: answered(client, stored=1), "the second stored in a new stream")
        await eventually(lambda: processor.answers("/ready", 200), "ready again")
