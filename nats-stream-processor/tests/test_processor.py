"""What the command, with its own model, makes of raw posts on a real broker."""

from __future__ import annotations

import json

from nats.aio.client import Client
from pipeline_core.messages import SENTIMENTS, TOPICS, EnrichedPost
from pipeline_core.testing import Broker, ServiceProcess, eventually
from processing import TEXTS, answered, enriched, messages, processing, publish, raw


async def test_every_post_comes_out_once_whatever_its_text_and_what_is_no_post_is_buried(
    broker: Broker, client: Client
) -> None:
    posts = [raw(number, text) for number, text in enumerate(TEXTS)]
    poison = [b"", b"{}", b'{"uri": "u", "author": "a", "timestamp": "2026-07-04T14:38:08Z", "text": "\\ud800"}']
    await publish(client, *(post.to_json() for post in posts), *poison)
    async with processing(broker) as processor:
        await eventually(lambda: answered(client, stored=len(posts)), "all posts answered")
        assert (await processor.get("/ready"))[0] == 200
        found = await enriched(client)
        assert {post.uri: post.text for post in found} == {post.uri: post.text for post in posts}
        assert all(post.processor == "nats-stream-processor" for post in found)
        for message in await messages(client, "bluesky-posts-enriched"):
            *base, sentiment, topic = message.subject.split(".")
            body = json.loads(message.data)
            assert base == ["bluesky", "enriched"]
            assert (sentiment.upper(), topic) == (body["sentiment"]["label"], body["topics"]["top_topic"])
            assert sentiment.upper() in SENTIMENTS
            assert topic in TOPICS
        letters = await messages(client, "bluesky-dlq")
        assert [letter.data or b"" for letter in letters] == poison
        assert {letter.headers["Dlq-Reason"] for letter in letters} == {"invalid_post"}
        assert await processor.metric('stream_processor_dead_letters_total{reason="invalid_post"}') == 3
        code, output = await processor.stop()
        assert code == 0, output


async def test_a_post_in_a_language_that_no_model_was_taught_passes_without_a_guess(
    broker: Broker, client: Client
) -> None:
    korean = raw(1, "오늘 날씨가 정말 좋네요").model_copy(update={"lang": "ko"})
    await publish(client, korean.to_json(), raw(2, "I love this!").to_json(), raw(3, "I love this!").to_json())
    async with processing(broker) as processor:
        await eventually(lambda: answered(client, stored=3), "all answered")
        unread, *read = await messages(client, "bluesky-posts-enriched")
        assert unread.subject == "bluesky.enriched.none.none"
        said = EnrichedPost.model_validate_json(unread.data)
        assert (said.sentiment, said.topics, said.unclassified) == (None, None, "language_not_supported")
        assert [message.subject.split(".")[2] for message in read] == ["positive"] * 2
        assert await processor.metric('stream_processor_unsupported_language_posts_total{language="ko"}') == 1
        reason = 'stream_processor_posts_unclassified_total{reason="language_not_supported"}'
        assert await processor.metric(reason) == 1
        assert await processor.metric("stream_processor_posts_repeated_total") == 1


async def test_an_uncertain_sentiment_is_marked_or_left_out_and_counted(broker: Broker, client: Client) -> None:
    await publish(client, raw(1, "ok").to_json())
    async with processing(broker, SENTIMENT_CONFIDENCE_THRESHOLD="0.999", CONSUMER_NAME="marks") as processor:
        await eventually(lambda: uncertain(processor), "answered and counted")
    await client.jetstream().purge_stream("bluesky-posts-enriched")
    await publish(client, raw(2, "ok").to_json())
    settings = {"SENTIMENT_CONFIDENCE_THRESHOLD": "0.999", "UNCERTAIN_SENTIMENT": "omit", "CONSUMER_NAME": "omits"}
    async with processing(broker, **settings) as processor:
        await eventually(lambda: uncertain(processor), "answered and counted")
        assert await processor.metric('stream_processor_posts_unclassified_total{reason="uncertain"}') == 1


async def uncertain(processor: ServiceProcess) -> bool:
    return await processor.metric("stream_processor_sentiment_uncertain_total") == 1


async def test_a_post_that_comes_again_is_counted_once(broker: Broker, client: Client) -> None:
    await publish(client, *[raw(1, "I love this!").to_json()] * 3)
    async with processing(broker) as processor:
        await eventually(lambda: answered(client, stored=1), "all copies answered")
        for counter in ("sentiment_predictions_total", "sentiment_confidence_count", "topic_confidence_count"):
            assert await processor.metric(f"stream_processor_{counter}") == 1
        assert await processor.metric("stream_processor_posts_duplicate_total") == 2


async def test_the_specifications_smallest_message_is_answered(broker: Broker, client: Client) -> None:
    smallest = {
        "uri": "at://test/12345",
        "text": "This is the best day of my life, I love it!",
        "author": "test-user-67890",
        "timestamp": "2025-09-30T10:30:00Z",
    }
    await publish(client, json.dumps(smallest).encode())
    async with processing(broker):
        await eventually(lambda: answered(client, stored=1), "the post answered")
    (message,) = await messages(client, "bluesky-posts-enriched")
    body = json.loads(message.data)
    assert body.items() >= smallest.items()
    assert body["sentiment"]["label"] == "POSITIVE"
    assert 0 < body["sentiment"]["score"] <= 1
    assert body["processed_at"].endswith("Z")
