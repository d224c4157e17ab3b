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
from pipeline_core.messages import AccountChange, Deletion, RawMessage, RawPost
from pipeline_core.publisher import Publisher
from pipeline_core.timestamps import now

from nats_stream_processor.deliveries import Deliveries
from nats_stream_processor.delivery import Delivery
from nats_stream_processor.deployment import Deployment
from nats_stream_processor.engine import Engine
from nats_stream_processor.enrich import enrich, language
from nats_stream_processor.errors import in_one_line
from nats_stream_processor.metrics import Metrics
from nats_stream_processor.prediction import Prediction
from nats_stream_processor.settings import ProcessorSettings

TAKEN_AT_ONCE = 128  # posts; some twenty batches, about 150 ms of two cores: the longest a newcomer waits for the model
LONGEST_CALL = 600.0  # seconds of the model; a two by name may take 4 each for a long post
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
            posts = [delivery.said for delivery in batch if isinstance(delivery.said, RawPost)]
            await self._read.put((batch, await self._predictions(posts)))

    async def _publish_for_ever(self) -> None:
        while True:
            batch, answers = await self._read.get()
            predictions = iter(answers)
            for delivery in batch:
                prediction = next(predictions) if isinstance(delivery.said, RawPost) else None
                if not self._deliveries.keep_back(delivery):  # nothing before it has failed since it was taken
                    await self._answer(delivery, prediction)

    async def _answer(self, delivery: Delivery, prediction: Prediction | Exception | None) -> None:
        match delivery.said, prediction:
            case RawPost() as post, Prediction() as read:
                service = self._settings.service_name
                delivery.enriched = enrich(post, read, self._rules, processor=service, processed_at=now())
                self._done += 1
                self._metrics.processed.inc()
                subject = subjects.enriched(self._root, delivery.enriched)
                await self._publish(delivery, post, subject, delivery.enriched.to_json())
            case RawPost(), Exception() as error:
                await self._deliveries.failed(delivery, error)
            case Deletion() | AccountChange() as removal, _:
                subject = subjects.removal(self._root, removal)
                await self._publish(delivery, removal, subject, delivery.message.data)

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
