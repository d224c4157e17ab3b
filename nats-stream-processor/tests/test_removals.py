"""Deletions, account changes and edits through the command itself, on a real broker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager

from nats.aio.client import Client
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError
from pipeline_core import subjects
from pipeline_core.messages import AccountChange, Deletion, EnrichedPost, RawMessage, RawPost
from pipeline_core.testing import Broker, ServiceProcess, all_answered, eventually, running_service
from pipeline_core.topology import Stream, ensure

RAW = Stream("bluesky-posts", "bluesky.posts")
MOMENT = "2026-07-04T14:38:08.999Z"


def processing(broker: Broker) -> AbstractAsyncContextManager[ServiceProcess]:
    return running_service("nats_stream_processor", NATS_URL=broker.url, ACK_WAIT_SECONDS="3")


def author(number: int) -> str:
    return f"did:plc:{number}"


def post(number: int) -> RawPost:
    return RawPost(
        uri=f"at://{author(number)}/app.bsky.feed.post/{number}",
        cid=f"bafy{number}",
        author=author(number),
        text=f"Post number {number} " + "about something " * (number % 7),
        timestamp=MOMENT,
    )


def edit(number: int) -> RawPost:
    changes = {"kind": "update", "rev": f"3k{number}", "cid": "bafyedited", "text": "I hate this so much."}
    return RawPost.model_validate({**post(number).model_dump(), **changes})


def deletion(number: int) -> Deletion:
    return Deletion(author=author(number), uri=post(number).uri, rev=f"3l{number}", timestamp=MOMENT)


def leaving(number: int) -> AccountChange:
    return AccountChange(author=author(number), active=False, status="takendown", timestamp=MOMENT)


def life(posts: int) -> Iterator[RawMessage]:
    """Posts of as many authors; every second is edited, every third deleted, every fifth author leaves: each of it
    close behind the post, so that one batch holds them together."""
    for number in range(posts):
        yield post(number)
        if number % 2 == 0:
            yield edit(number)
        if number % 3 == 0:
            yield deletion(number)
        if number % 5 == 0:
            yield leaving(number)


async def publish(client: Client, *messages: RawMessage) -> None:
    js = client.jetstream()
    await ensure(js, RAW)
    for message in messages:
        await js.publish(subjects.raw(RAW.subject, message), message.to_json())


async def stored(client: Client, stream: str = "bluesky-posts-enriched") -> list[RawStreamMsg]:
    js = client.jetstream()
    total = (await js.stream_info(stream)).state.messages
    return [await js.get_msg(stream, seq=number) for number in range(1, total + 1)]


async def holds(client: Client, number: int) -> bool:
    try:
        return (await client.jetstream().stream_info("bluesky-posts-enriched")).state.messages >= number
    except NotFoundError:
        return False


async def answered(client: Client) -> bool:
    return await all_answered(client.jetstream(), "bluesky-posts", "unified-processor")


def ids(messages: list[RawStreamMsg]) -> list[str]:
    return [(message.headers or {})["Nats-Msg-Id"] for message in messages]


async def test_what_one_processor_takes_comes_out_once_and_in_the_order_of_the_raw_stream(
    broker: Broker, client: Client
) -> None:
    told = list(life(60))
    await publish(client, *told)
    async with processing(broker) as processor:
        await eventually(lambda: answered(client), "all messages answered")
        for kind, number in (("delete", 20), ("account", 12)):
            assert await processor.metric(f'stream_processor_removals_passed_on_total{{kind="{kind}"}}') == number
        assert await processor.metric("stream_processor_posts_published_total") == 60 + 30
    found = await stored(client)
    assert ids(found) == [message.message_id for message in told]
    removals = {
        f"bluesky.enriched.{message.kind}": {other.to_json() for other in told if other.kind == message.kind}
        for message in told
        if message.kind in ("delete", "account")
    }
    for subject, payloads in removals.items():
        assert {message.data for message in found if message.subject == subject} == payloads


async def test_nothing_is_lost_or_doubled_by_sigkill(broker: Broker, client: Client) -> None:
    told = list(life(200))
    await publish(client, *told)
    async with processing(broker) as processor:
        for share in (20, 150):
            await eventually(lambda share=share: holds(client, share), f"{share} messages stored")
            processor.kill_and_restart()
        await eventually(lambda: holds(client, len(told)), "all messages stored")
        await eventually(lambda: answered(client), "all messages answered")
    assert sorted(ids(await stored(client))) == sorted(message.message_id for message in told)


async def test_a_removal_is_passed_on_byte_for_byte_and_stored_once_however_often_it_comes(
    broker: Broker, client: Client
) -> None:
    await publish(client)
    wording = (
        b'{ "kind":"delete", "of the future": [1],\n"author":"did:plc:1", "uri":"at://did:plc:1/app.bsky.feed.post/1",'
    )
    wording += b'"rev":"3l1", "timestamp":"2026-07-04T14:38:08.999Z" }'
    for _ in range(3):
        await client.jetstream().publish("bluesky.posts.delete", wording)
    async with processing(broker) as processor:
        await eventually(lambda: answered(client), "all copies answered")
        assert await processor.metric('stream_processor_removals_passed_on_total{kind="delete"}') == 1
        assert await processor.metric("stream_processor_posts_duplicate_total") == 2
        assert await processor.metric("stream_processor_posts_processed_total") == 0
        assert await processor.metric("stream_processor_model_inference_duration_seconds_count") == 0
    (message,) = await stored(client)
    assert (message.subject, message.data) == ("bluesky.enriched.delete", wording)
    assert ids([message]) == [deletion(1).message_id]


async def test_an_edit_is_read_by_the_model_and_keeps_what_it_is(broker: Broker, client: Client) -> None:
    await publish(client, post(1), edit(1))
    async with processing(broker):
        await eventually(lambda: answered(client), "both answered")
    first, second = (EnrichedPost.model_validate_json(message.data or b"") for message in await stored(client))
    assert (first.uri, first.kind, first.rev) == (second.uri, "create", None)
    assert (second.kind, second.rev, second.text) == ("update", "3k1", edit(1).text)
    assert second.sentiment is not None
    assert second.sentiment.label == "NEGATIVE"
    assert json.loads(second.to_json()).items() >= json.loads(edit(1).to_json()).items()


async def test_a_message_of_an_unknown_kind_is_buried_and_its_neighbours_pass(broker: Broker, client: Client) -> None:
    await publish(client, post(1))
    mystery = {**post(2).model_dump(), "kind": "mystery"}
    await client.jetstream().publish("bluesky.posts.mystery", json.dumps(mystery).encode())
    for no_object in (b"null", b"[]"):
        await client.jetstream().publish("bluesky.posts.create", no_object)
    await publish(client, deletion(1))
    async with processing(broker) as processor:
        await eventually(lambda: answered(client), "all answered")
        assert await processor.metric('stream_processor_dead_letters_total{reason="invalid_post"}') == 3
    assert ids(await stored(client)) == [post(1).message_id, deletion(1).message_id]
    letters = await stored(client, "bluesky-dlq")
    assert [json.loads(letter.data or b"") for letter in letters] == [mystery, None, []]
    for headers in (letter.headers or {} for letter in letters):
        assert headers["Dlq-Reason"] == "invalid_post"
        assert "kind is create (or left out), update, delete or account" in headers["Dlq-Error"]
