"""Fetch, parse, infer, publish, then acknowledge.

While the model works, posts queue; when it is free it takes what is there: at low load a post waits for nobody, at high
load the batches are full. A raw message is acknowledged only when what became of it is stored: its enriched post, the
deletion or account change itself, or a dead letter.

What was taken is published in the raw stream's order, so that a deletion comes behind the post that it ends.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from pipeline_core import subjects
from pipeline_core.logs import Log
from pipeline_core.messages import AccountChange, Deletion, EnrichedPost, RawMessage, RawPost, read_message
from pipeline_core.publisher import Publisher
from pipeline_core.timestamps import now
from pydantic import ValidationError

from nats_stream_processor.deliveries import Deliveries, Delivery
from nats_stream_processor.deployment import Deployment
from nats_stream_processor.engine import Engine
from nats_stream_processor.enrich import enrich, language
from nats_stream_processor.errors import in_one_line
from nats_stream_processor.metrics import Metrics
from nats_stream_processor.prediction import Prediction
from nats_stream_processor.settings import ProcessorSettings

TAKEN_AT_ONCE = 64  # posts; a dozen batches, about 60 ms of two cores: the longest a newcomer waits for the model
LONGEST_CALL = 300.0  # seconds of the model; a two by name may take 4 each for a long post
BATCHES_READ = 1  # and not yet being published: the model waits where the broker is slower


class Processor:
    """`run` works for ever. What it has taken and not finished when it is cancelled, `deliveries` hands back."""

    def __init__(
        self,
        engine: Engine,
        deliveries: Deliveries,
        publisher: Publisher,
        settings: ProcessorSettings,
        deployment: Deployment,
        metrics: Metrics,
        log: Log,
    ) -> None:
        self._engine, self._deliveries, self._publisher = engine, deliveries, publisher
        self._settings, self._metrics, self._log = settings, metrics, log
        self._deployment, self._root = deployment, deployment.root(settings.output_subject)
        self._rules = settings.rules
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")
        self._read: asyncio.Queue[tuple[list[Delivery], list[Prediction | Exception]]] = asyncio.Queue(BATCHES_READ)
        self._done = 0
        self._called: float | None = None

    async def run(self) -> None:
        """Process for ever: what the model has read is published while it reads on."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._read_for_ever())
            both.create_task(self._publish_for_ever())

    def stuck(self) -> str | None:
        """A health check: since when the model owes an answer, if that is longer than any call of it takes."""
        if self._called is None or (seconds := time.monotonic() - self._called) <= LONGEST_CALL:
            return None
        return f"no answer to what it was given {seconds:.0f} s ago"

    def told(self) -> dict[str, int]:
        """How many posts wait, are at work and are done, for the operator."""
        return {"waiting": self._deliveries.waiting, "held": self._deliveries.held, "done": self._done}

    async def tell(self, interval: float) -> None:
        """Statistics as one line in the log every `interval` seconds, for ever."""
        before, last = 0, time.monotonic()
        while True:
            await asyncio.sleep(interval)
            moment = time.monotonic()
            rate, before, last = (self._done - before) / (moment - last), self._done, moment
            self._log.info(
                "processing", posts_per_second=round(rate, 1), posts=before, waiting=self._deliveries.waiting
            )

    async def _read_for_ever(self) -> None:
        while True:
            batch = await self._deliveries.take(TAKEN_AT_ONCE)
            for delivery in batch:
                try:
                    delivery.said = read_message(delivery.message.data)
                except ValidationError as invalid:
                    await self._deliveries.bury(delivery, "invalid_post", _why(invalid))
            posts = [delivery.said for delivery in batch if isinstance(delivery.said, RawPost)]
            await self._read.put((batch, await self._predictions(posts)))

    async def _publish_for_ever(self) -> None:
        while True:
            batch, answers = await self._read.get()
            predictions = iter(answers)
            for delivery in batch:
                match delivery.said:
                    case RawPost() as post:
                        await self._answer(delivery, post, next(predictions))
                    case Deletion() | AccountChange() as removal:
                        subject = subjects.removal(self._root, removal)
                        await self._publish(delivery, removal, subject, delivery.message.data)

    async def _answer(self, delivery: Delivery, post: RawPost, prediction: Prediction | Exception) -> None:
        if isinstance(prediction, Exception):
            await self._deliveries.failed(delivery, prediction)
            return
        enriched = enrich(post, prediction, self._rules, processor=self._settings.service_name, processed_at=now())
        self._count(enriched)
        await self._publish(delivery, post, subjects.enriched(self._root, enriched), enriched.to_json())

    async def _predictions(self, posts: list[RawPost]) -> list[Prediction | Exception]:
        """One for each post; what the model raised where it cannot read that post."""
        if not posts:
            return []
        try:
            return [*await self._predict(posts)]
        except Exception as error:  # noqa: BLE001 - whatever the model raises, one post of the batch is the cause
            if len(posts) == 1:
                return [error]
            self._log.warning("batch failed, trying its posts one by one", posts=len(posts), error=in_one_line(error))
            return [prediction for post in posts for prediction in await self._predictions([post])]

    async def _predict(self, posts: list[RawPost]) -> list[Prediction]:
        texts = [post.text for post in posts]
        languages = [language(post) for post in posts]
        repeats = self._engine.repeats
        loop = asyncio.get_running_loop()
        self._called = time.monotonic()
        try:
            predictions = await loop.run_in_executor(self._thread, self._engine.predict, texts, languages)
        finally:
            self._called = None
        self._metrics.repeats.inc(self._engine.repeats - repeats)
        return predictions

    async def _publish(self, delivery: Delivery, message: RawMessage, subject: str, payload: bytes) -> None:
        """In the raw stream's order where that matters: a deletion must not come before its post."""
        stored = await self._publisher.publish(
            subject,
            payload,
            message_id=self._deployment.message_id(message),
            lines=(message.author, message.line),
            behind=None if message.kind == "create" else message.line,
        )
        self._deliveries.answer(delivery, stored)

    def _count(self, post: EnrichedPost) -> None:
        self._done += 1
        self._metrics.processed.inc()
        if post.unclassified is not None:
            self._metrics.unclassified.labels(post.unclassified).inc()
        self._metrics.uncertain.inc(
            post.unclassified == "uncertain" or (post.sentiment is not None and post.sentiment.uncertain)
        )
        if post.unclassified == "language_not_supported" or post.topics is None:
            self._metrics.unsupported.labels(bounded(language(post))).inc()
        if post.sentiment is not None:
            self._metrics.sentiments.labels(post.sentiment.label).inc()
            self._metrics.sentiment_confidence.observe(post.sentiment.score)
        if post.topics is not None:
            for topic in post.topics.topics:
                self._metrics.topics.labels(topic).inc()
            self._metrics.topic_confidence.observe(post.topics.top_confidence)


def _why(invalid: ValidationError) -> str:
    error = invalid.errors(include_url=False, include_input=False)[0]
    if error["type"] == "union_tag_invalid":
        return "not a JSON object whose kind is create (or left out), update, delete or account"
    return f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}".removeprefix(": ")


def bounded(code: str) -> str:
    """As a label: authors write what they like, and three letters alone would make 17,576 series."""
    return code if len(code) == 2 else "other"
