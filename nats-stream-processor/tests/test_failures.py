"""What a failing model, a missing stream or a refusal costs: the processor in this process, on a real broker."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from nats.aio.client import Client
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
from pipeline_core.messages import Deletion, RawPost
from pipeline_core.publisher import Publisher
from pipeline_core.testing import eventually
from pipeline_core.topology import Consumer, dead_letter_stream, ensure
from processing import ENRICHED, RAW, answered, enriched, messages, publish, raw, unanswered
from prometheus_client import CollectorRegistry

LETTERS = dead_letter_stream(RAW.name, RAW.subject, 1)


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


async def _done(processor: Processor, number: int) -> bool:
    return processor.told()["done"] >= number
