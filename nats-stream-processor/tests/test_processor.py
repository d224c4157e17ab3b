"""The command itself, with its own model, on a real broker."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from nats.aio.client import Client
from nats.js.errors import NotFoundError
from nats_stream_processor.deliveries import Deliveries
from nats_stream_processor.deployment import UNIFIED
from nats_stream_processor.embedded import EmbeddedModels
from nats_stream_processor.engine import Engine
from nats_stream_processor.metrics import Metrics
from nats_stream_processor.prediction import Prediction
from nats_stream_processor.processor import Processor
from nats_stream_processor.settings import UnifiedSettings
from nats_stream_processor.trials import Docket
from pipeline_core import logs
from pipeline_core.consumer import PullConsumer
from pipeline_core.deadletters import DeadLetters
from pipeline_core.messages import SENTIMENTS, TOPICS, Deletion, EnrichedPost, RawPost
from pipeline_core.publisher import Publisher
from pipeline_core.testing import Broker, ServiceProcess, eventually, running_service
from pipeline_core.topology import Consumer, Stream, dead_letter_stream, ensure
from prometheus_client import CollectorRegistry

RAW = Stream("bluesky-posts", "bluesky.posts")
ENRICHED = Stream("bluesky-posts-enriched", "bluesky.enriched")
LETTERS = dead_letter_stream(RAW.name, RAW.subject, 1)
TEXTS = [
    "What a wonderful match, we won!",
    "I hate this cold.",
    "",
    "👩‍👩‍👧‍👦" * 100,
    "x" * 3000,
    "\u202e<script>\x00*.>",
    "今日はいい天気",
]


def processing(broker: Broker, **settings: str) -> AbstractAsyncContextManager[ServiceProcess]:
    return running_service(
        "nats_stream_processor", **{"NATS_URL": broker.url, "ACK_WAIT_SECONDS": "3", "RETRY_DELAY": "0.1", **settings}
    )


def raw(number: int, text: str | None = None) -> RawPost:
    return RawPost(
        uri=f"at://did:plc:a/app.bsky.feed.post/{number}",
        cid=f"bafy{number}",
        author="did:plc:a",
        text=f"Post number {number}: {TEXTS[number % len(TEXTS)]}" if text is None else text,
        timestamp="2026-07-04T14:38:08.999Z",
        langs=["en"],
    )


async def publish(client: Client, *payloads: bytes) -> None:
    await ensure(client.jetstream(), RAW)
    for payload in payloads:
        await client.jetstream().publish("bluesky.posts.create", payload)


async def messages(client: Client, stream: str) -> list[Any]:
    js = client.jetstream()
    try:
        state = (await js.stream_info(stream)).state
    except NotFoundError:
        return []
    return [await js.get_msg(stream, seq=number) for number in range(1, state.messages + 1)]


async def enriched(client: Client) -> list[EnrichedPost]:
    return [
        EnrichedPost.model_validate_json(message.data) for message in await messages(client, "bluesky-posts-enriched")
    ]


async def unanswered(client: Client) -> int:
    info = await client.jetstream().consumer_info("bluesky-posts", "unified-processor")
    return (info.num_pending or 0) + (info.num_ack_pending or 0)


async def answered(client: Client, *, stored: int) -> bool:
    try:
        info = await client.jetstream().stream_info("bluesky-posts-enriched")
        return info.state.messages >= stored and await unanswered(client) == 0
    except NotFoundError:
        return False


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


async def test_nothing_is_lost_or_doubled_by_sigkill(broker: Broker, client: Client) -> None:
    posts = [raw(number) for number in range(400)]
    await publish(client, *(post.to_json() for post in posts))
    async with processing(broker) as processor:
        for share in (20, 150):
            await eventually(lambda share=share: _enough(client, share), f"{share} posts stored")
            processor.kill_and_restart()
        await eventually(lambda: answered(client, stored=len(posts)), "all posts answered")
    found = await enriched(client)
    assert {post.uri for post in found} == {post.uri for post in posts}
    assert len(found) == len(posts), "a post was stored twice"


async def _enough(client: Client, number: int) -> bool:
    try:
        return (await client.jetstream().stream_info("bluesky-posts-enriched")).state.messages >= number
    except NotFoundError:
        return False


async def test_nothing_is_lost_or_doubled_by_a_broker_restart(broker: Broker, client: Client) -> None:
    posts = [raw(number) for number in range(300)]
    await publish(client, *(post.to_json() for post in posts))
    async with processing(broker) as processor:
        await eventually(lambda: _enough(client, 20), "some posts stored")
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
        await eventually(lambda: _enough(client, 10), "some posts stored")
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


class Stumbling:
    """The real engine, but for texts that say they break it."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self.repeats = engine, 0
        self.alone: Counter[str] = Counter()

    def predict(self, texts: Sequence[str], languages: Sequence[str]) -> list[Prediction]:
        if len(texts) == 1:
            self.alone.update(text for text in texts if "POISON" in text)
        if any("POISON" in text for text in texts):
            raise RuntimeError("cannot compute")
        return self._engine.predict(texts, languages)


@asynccontextmanager
async def processing_here(client: Client, engine: Any) -> AsyncIterator[Processor]:
    """The processor in this process, on an engine of the test's own; it makes no stream but the one it reads."""
    settings = UnifiedSettings(_cli_parse_args=False, retry_delay=0.1)
    js, log, metrics = (
        client.jetstream(),
        logs.configure("test", "INFO", "console"),
        Metrics(CollectorRegistry(), UNIFIED.metrics_prefix),
    )
    consumer = Consumer("bluesky-posts", "unified-processor", "bluesky.posts")
    await ensure(js, LETTERS)
    pulling = PullConsumer(client, consumer, log, lambda: ensure(js, RAW, consumer))
    publisher = Publisher(client, log, metrics.publish_errors)
    letters = DeadLetters(publisher, LETTERS.subject, "test", metrics.dead_letters)
    docket = Docket(js, RAW.name, consumer.name, 1, log)
    deliveries = Deliveries(pulling, letters, docket, settings, metrics, log)
    processor = Processor(engine, deliveries, publisher, settings, UNIFIED, metrics, log)
    async with pulling, deliveries, publisher:
        running = asyncio.create_task(processor.run())
        yield processor
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_a_post_that_breaks_the_model_costs_itself_alone(client: Client) -> None:
    await ensure(client.jetstream(), ENRICHED)
    texts = ["A", "B", "C POISON", "D", "E POISON"]
    await publish(client, *(raw(number, text).to_json() for number, text in enumerate(texts)))
    stumbling = Stumbling(Engine(EmbeddedModels.load(threads=1)))
    async with processing_here(client, stumbling) as processor:
        await eventually(lambda: answered(client, stored=3), "three posts stored and nothing left over")
    assert sorted(post.text for post in await enriched(client)) == ["A", "B", "D"]
    buried = await messages(client, "bluesky-dlq")
    assert {RawPost.model_validate_json(letter.data).text for letter in buried} == {"C POISON", "E POISON"}
    assert {letter.headers["Dlq-Reason"] for letter in buried} == {"inference_failed"}
    assert len(buried) == 2
    assert stumbling.alone == {"C POISON": 3, "E POISON": 3}, "MAX_DELIVER attempts alone"
    assert failures(processor) == {"inference_failed": 6}, "each attempt once"


def failures(processor: Processor) -> dict[str, float]:
    """By what `errors_total` calls them."""
    samples = [sample for metric in processor._metrics.errors.collect() for sample in metric.samples]
    return {sample.labels["error_type"]: sample.value for sample in samples if sample.name.endswith("_total")}


async def test_a_raw_post_is_not_acknowledged_before_its_enriched_post_is_stored(client: Client) -> None:
    await publish(client, *(raw(number).to_json() for number in range(20)))
    async with processing_here(client, Engine(EmbeddedModels.load(threads=1))) as processor:
        await eventually(lambda: _done(processor, 20), "all posts given an answer")
        await asyncio.sleep(0.5)
        assert await unanswered(client) == 20, "there is no enriched stream yet"
        await ensure(client.jetstream(), ENRICHED)
        await eventually(lambda: answered(client, stored=20), "all posts stored, then acknowledged")


async def test_an_enriched_post_that_the_stream_will_never_take_is_a_dead_letter(client: Client) -> None:
    js = client.jetstream()
    await ensure(js, ENRICHED)
    await js.update_stream((await js.stream_info(ENRICHED.name)).config.evolve(max_msg_size=2000))
    await publish(client, raw(1, "short").to_json(), raw(2, "long " * 600).to_json())
    async with processing_here(client, Engine(EmbeddedModels.load(threads=1))):
        await eventually(lambda: answered(client, stored=1), "one stored, none left over")
    (letter,) = await messages(client, "bluesky-dlq")
    assert letter.headers["Dlq-Reason"] == "rejected"
    assert RawPost.model_validate_json(letter.data).uri == raw(2).uri


def end_of(post: RawPost, reason: str = "") -> bytes:
    told = Deletion(author=post.author, uri=post.uri, rev="3k1", timestamp=post.timestamp).model_dump()
    return json.dumps({**told, "reason": reason}).encode()


async def test_a_deletion_waits_for_its_post_even_where_that_has_to_be_sent_again(client: Client) -> None:
    await publish(client, raw(1).to_json())
    async with processing_here(client, Engine(EmbeddedModels.load(threads=1))) as processor:
        await eventually(lambda: _done(processor, 1), "the post given an answer")
        await asyncio.sleep(2)  # the attempts come seldom by now: whatever is new would be stored first
        await ensure(client.jetstream(), ENRICHED)
        await client.jetstream().publish("bluesky.posts.delete", end_of(raw(1)))
        await eventually(lambda: answered(client, stored=2), "both stored, then acknowledged")
    assert [json.loads(message.data)["kind"] for message in await messages(client, ENRICHED.name)] == [
        "create",
        "delete",
    ]


class Recovering(Stumbling):
    """The real engine, but for its first answer."""

    def predict(self, texts: Sequence[str], languages: Sequence[str]) -> list[Prediction]:
        if not self.alone:
            self.alone.update(texts)
            raise RuntimeError("cannot compute yet")
        return super().predict(texts, languages)


async def test_a_deletion_waits_for_its_post_even_where_that_has_to_be_read_again(client: Client) -> None:
    await ensure(client.jetstream(), ENRICHED)
    await publish(client, raw(1).to_json(), end_of(raw(1)))
    async with processing_here(client, Recovering(Engine(EmbeddedModels.load(threads=1)))):
        await eventually(lambda: answered(client, stored=2), "both stored, then acknowledged")
    assert [json.loads(message.data)["kind"] for message in await messages(client, ENRICHED.name)] == [
        "create",
        "delete",
    ]


async def test_a_deletion_that_the_stream_will_never_take_is_a_dead_letter(client: Client) -> None:
    js = client.jetstream()
    await ensure(js, ENRICHED)
    await js.update_stream((await js.stream_info(ENRICHED.name)).config.evolve(max_msg_size=2000))
    await publish(client, end_of(raw(1), "long " * 600), end_of(raw(2)))
    async with processing_here(client, Engine(EmbeddedModels.load(threads=1))):
        await eventually(lambda: answered(client, stored=1), "one stored, none left over")
    (letter,) = await messages(client, "bluesky-dlq")
    assert letter.headers["Dlq-Reason"] == "rejected"
    assert letter.data == end_of(raw(1), "long " * 600)


class Waiting:
    """An engine that computes until the event loop lets it go on."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.repeats = 0

    def predict(self, texts: Sequence[str], languages: Sequence[str]) -> list[Prediction]:
        self.begun.set()
        assert self.go_on.wait(20), "the event loop stood still"
        return [Prediction((0.2, 0.3, 0.5), (0.1,) * 19) for _ in texts]


async def test_the_event_loop_goes_on_while_the_model_computes(client: Client) -> None:
    await ensure(client.jetstream(), ENRICHED)
    await publish(client, raw(1).to_json())
    engine = Waiting()
    async with processing_here(client, engine):
        async with asyncio.timeout(10):
            while not engine.begun.is_set():
                await asyncio.sleep(0.01)
        engine.go_on.set()
        await eventually(lambda: answered(client, stored=1), "the post stored")


async def test_an_enriched_stream_deleted_under_it_is_made_again(broker: Broker, client: Client) -> None:
    async with processing(broker) as processor:
        await publish(client, raw(1).to_json())
        await eventually(lambda: answered(client, stored=1), "the first post stored")
        await client.jetstream().delete_stream(ENRICHED.name)
        await client.jetstream().publish("bluesky.posts.create", raw(2).to_json())
        await eventually(lambda: answered(client, stored=1), "the second stored in a new stream")
        await eventually(lambda: processor.answers("/ready", 200), "ready again")


async def _done(processor: Processor, number: int) -> bool:
    return processor.told()["done"] >= number
