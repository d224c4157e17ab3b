"""The command itself on a real broker: alone, and beside nats-stream-processor on one raw stream."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from nats.aio.client import Client
from nats.js.api import RawStreamMsg
from pipeline_core import subjects
from pipeline_core.messages import TOPICS, AccountChange, Deletion, EnrichedPost, RawMessage, RawPost
from pipeline_core.testing import Broker, ServiceProcess, all_answered, eventually, running_service
from pipeline_core.topology import Stream, ensure
from tinymodels import tiny_model

RAW = Stream("bluesky-posts", "bluesky.posts")
ENRICHED = "bluesky-posts-enriched"
BOTH = ("unified-processor", "topic-processor")
MOMENT = "2026-07-04T14:38:08.999Z"
TEXTS = [
    "What a wonderful match, we won!",
    "I hate this cold.",
    "",
    "x" * 3000,
    "\u202e<script>\x00*.>",
    "今日はいい天気",
]


def processing(module: str, broker: Broker, **settings: str) -> AbstractAsyncContextManager[ServiceProcess]:
    return running_service(module, NATS_URL=broker.url, ACK_WAIT_SECONDS="3", **settings)


def topics_processor(broker: Broker, **settings: str) -> AbstractAsyncContextManager[ServiceProcess]:
    return processing("nats_stream_processor_topics", broker, **settings)


def author(number: int) -> str:
    return f"did:plc:{number}"


def post(number: int) -> RawPost:
    return RawPost(
        uri=f"at://{author(number)}/app.bsky.feed.post/{number}",
        cid=f"bafy{number}",
        author=author(number),
        text=TEXTS[number % len(TEXTS)],
        timestamp=MOMENT,
    )


def life(posts: int) -> Iterator[RawMessage]:
    """Posts of as many authors; every second is edited, every third deleted, every fifth author leaves."""
    for number in range(posts):
        yield post(number)
        if number % 2 == 0:
            yield RawPost.model_validate({**post(number).model_dump(), "kind": "update", "rev": f"3k{number}"})
        if number % 3 == 0:
            yield Deletion(author=author(number), uri=post(number).uri, rev=f"3l{number}", timestamp=MOMENT)
        if number % 5 == 0:
            yield AccountChange(author=author(number), active=False, status="takendown", timestamp=MOMENT)


async def publish(client: Client, *messages: RawMessage) -> None:
    js = client.jetstream()
    await ensure(js, RAW)
    for message in messages:
        await js.publish(subjects.raw(RAW.subject, message), message.to_json())


async def stored(client: Client) -> list[RawStreamMsg]:
    js = client.jetstream()
    total = (await js.stream_info(ENRICHED)).state.messages
    return [await js.get_msg(ENRICHED, seq=number) for number in range(1, total + 1)]


async def answered(client: Client, *consumers: str) -> bool:
    return await all_answered(client.jetstream(), RAW.name, *consumers)


def ids(messages: list[RawStreamMsg]) -> list[str]:
    return [(message.headers or {})["Nats-Msg-Id"] for message in messages]


def prefixed(messages: list[RawMessage]) -> list[str]:
    return [f"topics-only:{message.message_id}" for message in messages]


async def test_alone_it_adds_topics_to_every_post_and_passes_removals_on_behind_their_posts(
    broker: Broker, client: Client
) -> None:
    told = list(life(30))
    await publish(client, *told)
    async with topics_processor(broker) as processor:
        await eventually(lambda: answered(client, "topic-processor"), "all messages answered")
        assert await processor.answers("/ready", 200)
        assert await processor.metric("topic_processor_posts_published_total") == 30 + 15
        assert await processor.metric("topic_processor_removals_passed_on_total") == 10 + 6
        assert await processor.metric("topic_processor_sentiment_predictions_total") == 0
        assert "stream_processor_" not in (await processor.get("/metrics"))[1]
        code, output = await processor.stop()
        assert code == 0, output
    assert [info.name for info in await client.jetstream().consumers_info(RAW.name)] == ["topic-processor"]
    found = await stored(client)
    assert ids(found) == prefixed(told)
    for before, after in zip(told, found, strict=True):
        if isinstance(before, RawPost):
            enriched = EnrichedPost.model_validate_json(after.data or b"")
            assert (enriched.uri, enriched.text, enriched.kind) == (before.uri, before.text, before.kind)
            assert enriched.sentiment is None
            assert enriched.topics is not None
            assert enriched.topics.top_topic in TOPICS
            assert enriched.processor == "nats-stream-processor-topics"
            assert after.subject == f"bluesky.enriched.topics.only.none.{enriched.topics.top_topic}"
        else:
            assert (after.subject, after.data) == (f"bluesky.enriched.topics.only.{before.kind}", before.to_json())


async def test_beside_the_other_processor_each_gives_one_answer_to_each_message_whoever_dies(
    broker: Broker, client: Client
) -> None:
    told = list(life(60))
    await publish(client, *told)
    async with processing("nats_stream_processor", broker) as unified, topics_processor(broker) as topics:
        await eventually(lambda: answered(client, *BOTH), "the first messages answered")
        await client.jetstream().publish("bluesky.posts.create", b"no message at all")
        more = [message for message in life(120) if message not in told]
        await publish(client, *more)
        topics.kill_and_restart()
        unified.kill_and_restart()
        await eventually(lambda: answered(client, *BOTH), "all messages answered")
    told += more
    assert sorted(ids(await stored(client))) == sorted([*(message.message_id for message in told), *prefixed(told)])
    posts = [message for message in told if isinstance(message, RawPost)]
    removals = [message for message in told if message not in posts]
    full, alone = await given(client, "bluesky.enriched.*.*"), await given(client, "bluesky.enriched.topics.only.*.*")
    assert set(ids(full)) == {message.message_id for message in posts}
    assert set(ids(alone)) == set(prefixed(posts))
    assert set(ids(await given(client, "bluesky.enriched.*"))) == {message.message_id for message in removals}
    assert set(ids(await given(client, "bluesky.enriched.topics.only.*"))) == set(prefixed(removals))
    assert topics_of(full) == topics_of(alone)
    assert (await client.jetstream().stream_info("bluesky-dlq")).state.messages == 1


async def given(client: Client, subject: str) -> list[RawStreamMsg]:
    """What of the enriched stream the broker would give to a subscriber of `subject`."""
    matching = (await client.jetstream().stream_info(ENRICHED, subjects_filter=subject)).state.subjects or {}
    return [message for message in await stored(client) if message.subject in matching]


def topics_of(messages: list[RawStreamMsg]) -> dict[tuple[str, str], list[str]]:
    """The topics that posts are given, by uri and kind."""
    posts = [EnrichedPost.model_validate_json(message.data or b"") for message in messages]
    return {(post.uri, post.kind): post.topics.topics for post in posts if post.topics}


async def test_a_language_that_no_model_was_taught_is_said_and_not_guessed(broker: Broker, client: Client) -> None:
    await publish(client, RawPost.model_validate({**post(1).model_dump(), "lang": "tlh"}))
    async with topics_processor(broker) as processor:
        await eventually(lambda: answered(client, "topic-processor"), "the post answered")
        assert await processor.metric("topic_processor_posts_unclassified_total") == 1
    (message,) = await stored(client)
    enriched = EnrichedPost.model_validate_json(message.data or b"")
    assert (enriched.topics, enriched.unclassified) == (None, "language_not_supported")
    assert message.subject == "bluesky.enriched.topics.only.none.none"


async def test_its_own_name_of_the_model_is_obeyed_and_sentiment_is_none_of_its_business(
    broker: Broker, client: Client, tmp_path: Path
) -> None:
    words = [f"word{number}" for number in range(len(TOPICS))]
    model = tiny_model(tmp_path, TOPICS, words, problem_type="multi_label_classification")
    sports = post(1).model_copy(update={"text": f"{words[TOPICS.index('sports')]} " * 5, "lang": "tlh"})
    await publish(client, sports)
    async with topics_processor(broker, MODEL_NAME=str(model), SENTIMENT_MODEL_NAME="/nowhere"):
        await eventually(lambda: answered(client, "topic-processor"), "the post answered")
    (message,) = await stored(client)
    assert message.subject == "bluesky.enriched.topics.only.none.sports"


async def test_its_own_name_of_the_threshold_is_obeyed(broker: Broker, client: Client) -> None:
    await publish(client, *(post(number) for number in range(12)))
    async with topics_processor(broker, SIGMOID_THRESHOLD="0.001"):
        await eventually(lambda: answered(client, "topic-processor"), "all posts answered")
    found = [EnrichedPost.model_validate_json(message.data or b"") for message in await stored(client)]
    for enriched in found:
        assert enriched.topics is not None
        likely = {topic for topic, probability in enriched.topics.probabilities.items() if probability > 0.001}
        assert likely <= set(enriched.topics.topics)
    assert max(len(enriched.topics.topics) for enriched in found if enriched.topics) > 1
