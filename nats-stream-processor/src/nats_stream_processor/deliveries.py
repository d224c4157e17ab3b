"""Raw messages from being given out to us until they are answered for: acknowledged, given back or buried.

A message that fails is given out again, later each time, and becomes a dead letter at its MAX_DELIVER-th delivery.
One that ends the process leaves no word: all that shows is that it, and whatever was at work beside it, comes again.
So what has come more than MAX_DELIVER times is tried alone. Of what has come FATAL_DELIVERIES more times only what is
to blame becomes a dead letter: the first and the last that are left, as all before and behind them have passed.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import PubAck
from pipeline_core import background
from pipeline_core.consumer import PullConsumer
from pipeline_core.deadletters import DeadLetters
from pipeline_core.logs import Log, Seldom
from pipeline_core.messages import RawMessage, RawPost

from nats_stream_processor.errors import in_one_line
from nats_stream_processor.metrics import Metrics
from nats_stream_processor.settings import ProcessorSettings

LONGEST_RETRY_DELAY = 60.0  # seconds; what passes at all has mostly passed by then, and nobody waits longer for a post
_MOST_DOUBLINGS = 16  # enough for any delay to reach its bound, and no number too large for a float


@dataclass(slots=True, eq=False)
class Delivery:
    """A raw message that was given out to us and is not answered for. `said` is what it says, if that can be read."""

    message: Msg
    since: float = field(default_factory=time.monotonic)
    said: RawMessage | None = None
    buried: bool = False

    @property
    def place(self) -> str:
        """Its stream and sequence: `bluesky-posts:1234`."""
        metadata = self.message.metadata
        return f"{metadata.stream}:{metadata.sequence.stream}"

    @property
    def times(self) -> int:
        """How often it was given out, now included, to whichever replica and whatever became of that."""
        return self.message.metadata.num_delivered


class Deliveries:
    """Leaving the block hands back what was not answered for, for another replica. Leave the publisher's block first,
    so that what is under way counts as answered for."""

    def __init__(
        self, consumer: PullConsumer, letters: DeadLetters, settings: ProcessorSettings, metrics: Metrics, log: Log
    ) -> None:
        self._consumer, self._letters, self._settings = consumer, letters, settings
        self._metrics, self._log, self._seldom = metrics, log, Seldom(log)
        self._held: set[Delivery] = set()
        self._let_go = asyncio.Event()
        self._suspects: list[Delivery] = []
        self._suspects_turn = False
        self._judged = False
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
        unfinished = list(self._held)
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
        while not self._suspects_turn and (self._consumer.waiting or not self._suspects):
            together = await self._sorted(await self._consumer.take(most))
            if not self._judged and condemned(self._suspects, self._fatal):
                together += await self._judge()
            if together:
                self._suspects_turn = bool(self._suspects)
                return together
        self._suspects_turn = False
        await self._until(lambda: self._held == set(self._suspects))
        await self._consumer.flush()  # the last one's acknowledgement must not die with this one
        suspect = on_trial(self._suspects, self._fatal)
        self._suspects.remove(suspect)
        # Each one is told, as this may be the last word before it ends the process.
        self._log.warning("tried alone", place=suspect.place, deliveries=suspect.times)
        return [suspect]

    def answer(self, delivery: Delivery, stored: asyncio.Future[PubAck]) -> None:
        """Acknowledge it as soon as `stored`, the publishing of what became of it, is done."""
        stored.add_done_callback(lambda ack: self._answered.put_nowait((delivery, ack)))

    async def failed(self, delivery: Delivery, error: Exception) -> None:
        """It could not be worked on: give it out again later, or bury it if that was tried often enough."""
        if delivery.times >= self._settings.max_deliver:
            await self.bury(delivery, "inference_failed", in_one_line(error))
        else:
            self._metrics.errors.labels("inference_failed").inc()
            self._log.warning("post failed", place=delivery.place, error=in_one_line(error))
            await self._give_back(delivery, delay=retry_delay(self._settings.retry_delay, delivery.times))

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
        """Those above suspicion; suspects wait for their trial."""
        deliveries = [Delivery(message) for message in messages]
        self._held.update(deliveries)
        often = self._settings.max_deliver
        self._suspects += [delivery for delivery in deliveries if delivery.times > often]
        return [delivery for delivery in deliveries if delivery.times <= often]

    async def _judge(self) -> list[Delivery]:
        """Bury the condemned, once: who is the first and the last must show in trials anew. First wait for all that
        died beside them: after an ack wait it has come again. Those of it above suspicion are given."""
        self._judged = True
        await asyncio.sleep(self._settings.ack_wait_seconds)
        late = await self._sorted(await self._consumer.take(self._consumer.waiting)) if self._consumer.waiting else []
        for delivery in condemned(self._suspects, self._fatal):
            self._suspects.remove(delivery)
            error = f"given out {delivery.times - 1} times, and nobody lived to answer"
            await self.bury(delivery, "never_answered", error)
        return late

    @property
    def _fatal(self) -> int:
        return self._settings.max_deliver + self._settings.fatal_deliveries

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._let_go.clear()
            await self._let_go.wait()

    def _drop(self, delivery: Delivery) -> None:
        self._held.discard(delivery)
        self._consumer.forget(delivery.message)
        self._let_go.set()

    async def _give_back(self, delivery: Delivery, *, delay: float) -> None:
        self._drop(delivery)
        try:
            await delivery.message.nak(delay=delay or None)
        except NatsError as error:  # the broker gives it out again by itself after the ack wait
            self._log.warning("not handed back", place=delivery.place, error=str(error))

    async def _acknowledge_for_ever(self) -> None:
        while True:
            await self._settle(*await self._answered.get())

    async def _settle(self, delivery: Delivery, ack: asyncio.Future[PubAck]) -> None:
        if ack.cancelled():
            return
        if (rejected := ack.exception()) is not None:
            await self._rejected(delivery, rejected)
            return
        if delivery.said is not None and not delivery.buried:
            self._count(delivery.said, duplicate=bool(ack.result().duplicate))
        self._metrics.processing.observe(time.monotonic() - delivery.since)
        self._drop(delivery)
        try:
            await delivery.message.ack()
        except NatsError as error:  # it comes again, and JetStream recognises its enriched post
            self._log.warning("not acknowledged", place=delivery.place, error=str(error))

    async def _rejected(self, delivery: Delivery, why: BaseException) -> None:
        if delivery.buried:  # not even its dead letter can be stored: it stays in the raw stream and comes again
            self._log.error("dead letter rejected", place=delivery.place, why=str(why))
            await self._give_back(delivery, delay=retry_delay(self._settings.retry_delay, delivery.times))
        else:
            await self.bury(delivery, "rejected", str(why))

    def _count(self, message: RawMessage, *, duplicate: bool) -> None:
        if duplicate:
            self._metrics.duplicates.inc()
        elif isinstance(message, RawPost):
            self._metrics.published.inc()
        else:
            self._metrics.passed_on.labels(message.kind).inc()


def on_trial(suspects: Sequence[Delivery], fatal: int) -> Delivery:
    """The suspect to try next. If it ends the process, those that still wait come again with it, so they are tried
    forwards and backwards in turn: all pass that stand before the first or behind the last that kills."""
    in_order = sorted(suspects, key=_sequence)
    return in_order[0 if _forwards(suspects, fatal) else -1]


def condemned(suspects: Sequence[Delivery], fatal: int) -> list[Delivery]:
    """The first and the last of the suspects, where they came more than `fatal` times, and since the last judgement
    all were tried in both orders."""
    if not suspects or not _forwards(suspects, fatal):
        return []
    ends = {min(suspects, key=_sequence), max(suspects, key=_sequence)}
    return [delivery for delivery in ends if delivery.times > fatal]


def _forwards(suspects: Sequence[Delivery], fatal: int) -> bool:
    return (max(suspect.times for suspect in suspects) - fatal) % 2 == 1


def _sequence(delivery: Delivery) -> int:
    return delivery.message.metadata.sequence.stream


def retry_delay(first: float, deliveries: int) -> float:
    """Seconds to wait after so many deliveries, the first being 1: twice as long each time, up to a bound."""
    return min(LONGEST_RETRY_DELAY, math.ldexp(first, min(deliveries - 1, _MOST_DOUBLINGS)))
