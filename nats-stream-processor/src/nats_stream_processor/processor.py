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
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import PubAck
from pipeline_core import background, subjects
from pipeline_core.consumer import PullConsumer
from pipeline_core.deadletters import DeadLetters
from pipeline_core.logs import Log, Seldom
from pipeline_core.messages import AccountChange, Deletion, EnrichedPost, RawMessage, RawPost, read_message
from pipeline_core.publisher import Publisher
from pipeline_core.timestamps import now
from pydantic import ValidationError

from nats_stream_processor.deployment import Deployment
from nats_stream_processor.engine import Engine, Prediction
from nats_stream_processor.enrich import enrich
from nats_stream_processor.metrics import Metrics
from nats_stream_processor.settings import ProcessorSettings

TAKEN_AT_ONCE = 32  # posts; four small batches, about 40 ms of two cores: the longest a newcomer waits for the model
MODEL = "embedded"


@dataclass(slots=True)
class Held:
    """A raw message that was taken and is not yet answered for. `said` is what it says, if that can be read."""

    message: Msg
    since: float
    said: RawMessage | None = None
    buried: bool = False

    @property
    def place(self) -> str:
        """Its stream and sequence: `bluesky-posts:1234`."""
        metadata = self.message.metadata
        return f"{metadata.stream}:{metadata.sequence.stream}"


class Processor:
    """Inside the block, `run` works for ever; leaving it hands back what was taken and not finished, for another
    replica. Leave the publisher's block first, so that what is under way counts as finished."""

    def __init__(
        self,
        engine: Engine,
        consumer: PullConsumer,
        publisher: Publisher,
        letters: DeadLetters,
        settings: ProcessorSettings,
        deployment: Deployment,
        metrics: Metrics,
        log: Log,
    ) -> None:
        self._engine, self._consumer, self._publisher, self._letters = engine, consumer, publisher, letters
        self._settings, self._metrics, self._log, self._seldom = settings, metrics, log, Seldom(log)
        self._deployment, self._root = deployment, deployment.root(settings.output_subject)
        self._held: dict[int, Held] = {}
        self._answered: asyncio.Queue[tuple[Held, asyncio.Future[PubAck]]] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")
        self._acknowledging: asyncio.Task[None] | None = None
        self._done = 0

    async def __aenter__(self) -> Self:
        self._acknowledging = background.start(self._acknowledge_for_ever(), self._log, "acknowledgements")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._acknowledging is not None:
            self._acknowledging.cancel()
        while not self._answered.empty():
            await self._settle(*self._answered.get_nowait())
        unfinished = list(self._held.values())
        for held in unfinished:
            await self._give_back(held, delay=0)
        if unfinished:
            self._log.info("handed back", messages=len(unfinished))
        self._thread.shutdown(wait=False)

    async def run(self) -> None:
        """Process for ever."""
        while True:
            batch = [Held(message, time.monotonic()) for message in await self._consumer.take(TAKEN_AT_ONCE)]
            self._held.update((id(held), held) for held in batch)
            await self._process(batch)

    def told(self) -> dict[str, int]:
        """How many posts wait, are at work and are done, for the operator."""
        return {"waiting": self._consumer.waiting, "held": len(self._held), "done": self._done}

    async def tell(self, interval: float) -> None:
        """Statistics as one line in the log every `interval` seconds, for ever."""
        before, last = 0, time.monotonic()
        while True:
            await asyncio.sleep(interval)
            moment = time.monotonic()
            rate, before, last = (self._done - before) / (moment - last), self._done, moment
            self._log.info("processing", posts_per_second=round(rate, 1), posts=before, waiting=self._consumer.waiting)

    async def _process(self, batch: list[Held]) -> None:
        for held in batch:
            try:
                held.said = read_message(held.message.data)
            except ValidationError as invalid:
                await self._bury(held, "invalid_post", _first(invalid))
        texts = [held.said.text for held in batch if isinstance(held.said, RawPost)]
        predictions = iter(await self._predictions(texts))
        for held in batch:
            match held.said:
                case RawPost() as post:
                    await self._answer(held, post, next(predictions))
                case Deletion() | AccountChange() as removal:
                    subject = subjects.removal(self._root, removal)
                    await self._publish(held, removal, subject, held.message.data)

    async def _answer(self, held: Held, post: RawPost, prediction: Prediction | Exception) -> None:
        if isinstance(prediction, Exception):
            await self._failed(held, prediction)
            return
        enriched = enrich(
            post,
            prediction.sentiment if "sentiment" in self._deployment.tasks else None,
            prediction.topics,
            threshold=self._settings.topic_sigmoid_threshold,
            processor=self._settings.service_name,
            processed_at=now(),
        )
        self._count(enriched)
        await self._publish(held, post, subjects.enriched(self._root, enriched), enriched.to_json())

    async def _failed(self, held: Held, error: Exception) -> None:
        self._metrics.errors.labels("inference").inc()
        if held.message.metadata.num_delivered >= self._settings.max_deliver:
            await self._bury(held, "inference_failed", repr(error))
        else:
            self._log.warning("post failed", place=held.place, error=repr(error))
            await self._give_back(held, delay=self._settings.retry_delay)

    async def _predictions(self, texts: list[str]) -> list[Prediction | Exception]:
        """One for each text; what the model raised where it cannot read that text."""
        if not texts:
            return []
        try:
            return [*await self._predict(texts)]
        except Exception as error:  # noqa: BLE001 - whatever the model raises, one post of the batch is the cause
            if len(texts) == 1:
                return [error]
            self._log.warning("batch failed, trying its posts one by one", posts=len(texts), error=repr(error))
            return [prediction for text in texts for prediction in await self._predictions([text])]

    async def _predict(self, texts: list[str]) -> list[Prediction]:
        with self._metrics.inference.labels(MODEL).time():
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.predict, texts)

    async def _publish(self, held: Held, message: RawMessage, subject: str, payload: bytes) -> None:
        """In the raw stream's order where that matters: a deletion must not come before its post."""
        stored = await self._publisher.publish(
            subject,
            payload,
            message_id=self._deployment.message_id(message),
            lines=(message.author, message.line),
            behind=None if message.kind == "create" else message.line,
        )
        stored.add_done_callback(lambda ack: self._answered.put_nowait((held, ack)))

    def _count(self, post: EnrichedPost) -> None:
        self._done += 1
        self._metrics.processed.inc()
        if post.sentiment is not None:
            self._metrics.sentiments.labels(post.sentiment.label).inc()
            self._metrics.sentiment_confidence.observe(post.sentiment.score)
        if post.topics is not None:
            for topic in post.topics.topics:
                self._metrics.topics.labels(topic).inc()
            self._metrics.topic_confidence.observe(post.topics.top_confidence)

    def _count_stored(self, message: RawMessage, *, duplicate: bool) -> None:
        if duplicate:
            self._metrics.duplicates.inc()
        elif isinstance(message, RawPost):
            self._metrics.published.inc()
        else:
            self._metrics.passed_on.labels(message.kind).inc()

    async def _bury(self, held: Held, reason: str, error: str) -> None:
        held.buried = True
        self._metrics.errors.labels(reason).inc()
        self._seldom.warning("dead letter", reason, place=held.place, reason=reason, error=error)
        buried = await self._letters.bury(held.message.data, reason=reason, error=error, source=held.place)
        buried.add_done_callback(lambda ack: self._answered.put_nowait((held, ack)))

    async def _give_back(self, held: Held, *, delay: float) -> None:
        self._held.pop(id(held), None)
        try:
            await held.message.nak(delay=delay or None)
        except NatsError as error:  # the broker gives it out again by itself after the ack wait
            self._log.warning("not handed back", place=held.place, error=str(error))

    async def _acknowledge_for_ever(self) -> None:
        while True:
            await self._settle(*await self._answered.get())

    async def _settle(self, held: Held, ack: asyncio.Future[PubAck]) -> None:
        if ack.cancelled():
            return
        if (rejected := ack.exception()) is not None:
            if held.buried:  # not even its dead letter can be stored: it stays in the raw stream and comes again
                self._log.error("dead letter rejected", place=held.place, why=str(rejected))
                await self._give_back(held, delay=self._settings.retry_delay)
            else:
                await self._bury(held, "rejected", str(rejected))
            return
        if held.said is not None and not held.buried:
            self._count_stored(held.said, duplicate=bool(ack.result().duplicate))
        self._metrics.processing.observe(time.monotonic() - held.since)
        self._held.pop(id(held), None)
        try:
            await held.message.ack()
        except NatsError as error:  # it comes again, and JetStream recognises its enriched post
            self._log.warning("not acknowledged", place=held.place, error=str(error))


def _first(invalid: ValidationError) -> str:
    error = invalid.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}".removeprefix(": ")
