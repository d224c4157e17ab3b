"""Raw messages from being given out to us until they are answered for: acknowledged, given back or buried.

A message that fails is tried again, later each time, and becomes a dead letter when it has failed MAX_DELIVER times.
One that ends the process leaves no word: all that shows is that it, and whatever was at work beside it, comes again.
So what has come more than MAX_DELIVER times is tried alone. What has come FATAL_DELIVERIES more times becomes a dead
letter if a trial of it has begun and never ended.

What is set aside for one of these reasons stays ours meanwhile, and keeps back what must follow it.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import PubAck
from pipeline_core import background
from pipeline_core.consumer import PullConsumer
from pipeline_core.deadletters import DeadLetters
from pipeline_core.logs import Log, Seldom
from pipeline_core.messages import read_message
from pipeline_core.refusals import in_words
from pydantic import ValidationError

from nats_stream_processor.delivery import Delivery
from nats_stream_processor.errors import in_one_line, what_is_invalid
from nats_stream_processor.metrics import Metrics
from nats_stream_processor.order import must_follow
from nats_stream_processor.settings import ProcessorSettings
from nats_stream_processor.trials import Docket, next_on_trial

LONGEST_RETRY_DELAY = 60.0  # seconds; what passes at all has mostly passed by then, and nobody waits longer for a post
_MOST_DOUBLINGS = 16  # enough for any delay to reach its bound, and no number too large for a float


class Deliveries:
    """Leaving the block hands back what was not answered for, for another replica. Leave the publisher's block first,
    so that what is under way counts as answered for."""

    def __init__(
        self,
        consumer: PullConsumer,
        letters: DeadLetters,
        docket: Docket,
        settings: ProcessorSettings,
        metrics: Metrics,
        log: Log,
    ) -> None:
        self._consumer, self._letters, self._docket, self._settings = consumer, letters, docket, settings
        self._metrics, self._log, self._seldom = metrics, log, Seldom(log)
        self._held: dict[str, Delivery] = {}  # by the subject of the answer to the broker
        self._at_work: set[Delivery] = set()
        self._let_go = asyncio.Event()
        self._set_aside: set[Delivery] = set()
        self._suspects: list[Delivery] = []
        self._followers: list[Delivery] = []
        self._suspects_turn = False
        self._answered: asyncio.Queue[tuple[Delivery, asyncio.Future[PubAck]]] = asyncio.Queue()
        self._acknowledging: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._acknowledging = background.start(self._acknowledge_for_ever(), self._log, "acknowledgements")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._consumer.stop()
        if self._acknowledging is not None:
            self._acknowledging.cancel()
        while not self._answered.empty():
            await self._settle(*self._answered.get_nowait())
        self._followers.clear()
        # What waited to be taken again the consumer has handed back.
        unfinished = [delivery for delivery in self._held.values() if not delivery.message.is_acked]
        for delivery in unfinished:
            await self._give_back(delivery, delay=0)
        if unfinished:
            self._log.info("handed back", messages=len(unfinished))

    @property
    def held(self) -> int:
        """How many were taken and are not answered for."""
        return len(self._held)

    @property
    def waiting(self) -> int:
        """How many have come and were not taken."""
        return self._consumer.waiting

    async def take(self, most: int) -> list[Delivery]:
        """Wait for messages that may be worked on together, `most` as a rule, oldest first. A suspect comes alone,
        after all that was taken before is answered for. Suspects and others take turns."""
        while True:
            if self._suspects and (self._suspects_turn or not self._consumer.waiting):
                self._suspects_turn = False
                if (suspect := await self._suspect()) is not None:
                    return [suspect]
            else:
                together = await self._sorted(await self._consumer.take(most))
                self._suspects_turn = True
                if together:
                    return together

    def keep_back(self, delivery: Delivery) -> bool:
        """Whether it must follow a message that is set aside. Then it is taken again when that one is answered for."""
        kept = self._must_wait(delivery)
        if kept:
            self._put_aside(delivery)
            self._followers.append(delivery)
        return kept

    def answer(self, delivery: Delivery, stored: asyncio.Future[PubAck]) -> None:
        """Acknowledge it as soon as `stored`, the publishing of what became of it, is done."""
        stored.add_done_callback(lambda ack: self._answered.put_nowait((delivery, ack)))

    async def failed(self, delivery: Delivery, error: Exception) -> None:
        """It could not be worked on: try it again later, or bury it if that was done often enough."""
        delivery.failures += 1
        if delivery.failures >= self._settings.max_deliver:
            await self.bury(delivery, "inference_failed", in_one_line(error))
            return
        self._metrics.errors.labels("inference_failed").inc()
        self._log.warning("post failed", place=delivery.place, error=in_one_line(error))
        self._put_aside(delivery)
        delay = retry_delay(self._settings.retry_delay, delivery.failures)
        asyncio.get_running_loop().call_later(delay, self._take_again, [delivery])
        await self._docket.strike(delivery)

    async def bury(self, delivery: Delivery, reason: str, error: str) -> None:
        """Make it a dead letter and acknowledge it when that is stored."""
        delivery.buried = True
        self._metrics.errors.labels(reason).inc()
        self._seldom.warning("dead letter", reason, place=delivery.place, reason=reason, error=error)
        message = delivery.message
        self.answer(
            delivery,
            await self._letters.bury(
                message.data, reason=reason, error=error, source=delivery.place, subject=message.subject
            ),
        )

    async def _sorted(self, messages: Sequence[Msg]) -> list[Delivery]:
        """Those that can be worked on: what is no message of the raw stream is buried, suspects wait for their trial,
        and what must follow waits too."""
        together = []
        # All are held before the first is looked at: who is cancelled meanwhile hands back the rest too.
        for delivery in [self._received(message) for message in messages]:
            if delivery.said is None and not await self._can_be_read(delivery):
                continue
            if self.keep_back(delivery):
                continue
            if delivery.times > self._settings.max_deliver:
                self._put_aside(delivery)
                self._suspects.append(delivery)
                continue
            together.append(delivery)
        return together

    def _received(self, message: Msg) -> Delivery:
        delivery = self._held.setdefault(message.reply, Delivery(message))
        self._at_work.add(delivery)
        return delivery

    async def _can_be_read(self, delivery: Delivery) -> bool:
        try:
            delivery.said = read_message(delivery.message.data)
        except ValidationError as invalid:
            await self.bury(delivery, "invalid_post", what_is_invalid(invalid))
        return delivery.said is not None

    async def _suspect(self) -> Delivery | None:
        """The next on trial, when all that is at work is answered for; None where an earlier trial has judged it."""
        await self._until(lambda: not self._at_work)
        await self._consumer.flush()  # the last one's acknowledgement must not die with this one
        suspect = next_on_trial(self._suspects)
        self._suspects.remove(suspect)
        self._at_work.add(suspect)
        fatal = self._settings.max_deliver + self._settings.fatal_deliveries
        if suspect.times > fatal and await self._docket.holds(suspect):
            error = f"given out {suspect.times - 1} times, and nobody lived to answer"
            await self.bury(suspect, "never_answered", error)
            return None
        # Each one is told, as this may be the last word before it ends the process.
        self._log.warning("tried alone", place=suspect.place, deliveries=suspect.times)
        await self._docket.enter(suspect)
        return suspect

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._let_go.clear()
            await self._let_go.wait()

    def _put_aside(self, delivery: Delivery) -> None:
        self._set_aside.add(delivery)
        self._rest(delivery)

    def _rest(self, delivery: Delivery) -> None:
        self._at_work.discard(delivery)
        self._let_go.set()

    def _must_wait(self, delivery: Delivery) -> bool:
        return any(
            delivery.sequence > other.sequence
            and delivery.said is not None
            and other.said is not None
            and must_follow(delivery.said, other.said)
            for other in self._set_aside
        )

    def _take_again(self, deliveries: Sequence[Delivery]) -> None:
        self._consumer.put_back([each.message for each in deliveries if each.message.reply in self._held])

    def _drop(self, delivery: Delivery) -> None:
        self._held.pop(delivery.message.reply, None)
        self._consumer.forget(delivery.message)
        self._rest(delivery)
        if delivery in self._set_aside:
            self._set_aside.remove(delivery)
            free = [follower for follower in self._followers if not self._must_wait(follower)]
            self._followers = [follower for follower in self._followers if follower not in free]
            self._take_again(free)

    async def _give_back(self, delivery: Delivery, *, delay: float) -> None:
        self._drop(delivery)
        try:
            await delivery.message.nak(delay=delay or None)
        except NatsError as error:  # the broker gives it out again by itself after the ack wait
            self._log.warning("not handed back", place=delivery.place, error=in_words(error))
        await self._docket.strike(delivery)

    async def _acknowledge_for_ever(self) -> None:
        while True:
            await self._settle(*await self._answered.get())

    async def _settle(self, delivery: Delivery, ack: asyncio.Future[PubAck]) -> None:
        if ack.cancelled():
            return
        if (rejected := ack.exception()) is not None:
            await self._rejected(delivery, rejected)
            return
        if not delivery.buried:
            self._count(delivery, duplicate=bool(ack.result().duplicate))
        self._metrics.processing.observe(time.monotonic() - delivery.since)
        await self._docket.strike(delivery)
        self._drop(delivery)
        try:
            await delivery.message.ack()
        except NatsError as error:  # it comes again, and JetStream recognises its enriched post
            self._log.warning("not acknowledged", place=delivery.place, error=in_words(error))

    async def _rejected(self, delivery: Delivery, why: BaseException) -> None:
        if delivery.buried:  # not even its dead letter can be stored: it stays in the raw stream and comes again
            self._log.error("dead letter rejected", place=delivery.place, why=str(why))
            await self._give_back(delivery, delay=retry_delay(self._settings.retry_delay, delivery.times))
        else:
            await self.bury(delivery, "rejected", str(why))

    def _count(self, delivery: Delivery, *, duplicate: bool) -> None:
        if duplicate:
            self._metrics.duplicates.inc()
        elif delivery.enriched is not None:
            self._metrics.count(delivery.enriched)
        elif delivery.said is not None:
            self._metrics.passed_on.labels(delivery.said.kind).inc()


def retry_delay(first: float, attempts: int) -> float:
    """Seconds to wait after so many attempts: twice as long each time, up to a bound."""
    return min(LONGEST_RETRY_DELAY, math.ldexp(first, min(attempts - 1, _MOST_DOUBLINGS)))
