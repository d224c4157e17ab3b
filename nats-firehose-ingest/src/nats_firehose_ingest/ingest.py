"""From events to the raw stream: sift, publish, settle."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from functools import partial

from nats.js.api import PubAck
from pipeline_core import subjects
from pipeline_core.deadletters import DeadLetters
from pipeline_core.errors import PublishRejected
from pipeline_core.logs import Log, Seldom
from pipeline_core.messages import RawMessage
from pipeline_core.publisher import Publisher

from nats_firehose_ingest.cursors import Cursors
from nats_firehose_ingest.events import BadInput, Event, Source
from nats_firehose_ingest.filtering.sieve import Sieve
from nats_firehose_ingest.ledger import CursorLedger, Reading
from nats_firehose_ingest.metrics import Metrics
from nats_firehose_ingest.statistics import Statistics


class Ingest:
    """Publishes what a source yields. The window of the publisher holds back the source; the ledger of an origin
    learns of each message as JetStream stores it."""

    def __init__(
        self,
        publisher: Publisher,
        letters: DeadLetters,
        cursors: Cursors,
        sieve: Sieve,
        subject: str,
        statistics: Statistics,
        metrics: Metrics,
        log: Log,
    ) -> None:
        self._publisher, self._letters, self._cursors, self._sieve = publisher, letters, cursors, sieve
        self._subject, self._statistics, self._metrics = subject, statistics, metrics
        self._log, self._seldom = log, Seldom(log)
        self._burials: set[asyncio.Future[None]] = set()  # held, or they could be collected before they are done

    async def run(self, source: Source) -> None:
        """Publish until the source ends."""
        origin, ledger = "", CursorLedger()
        async with aclosing(source.events()) as events:
            async for event in events:
                if event.origin != origin:
                    origin, ledger = event.origin, await self._cursors.ledger(event.origin)
                self._statistics.count(event)
                if event.messages or event.bad:
                    await self._take(event, ledger)
                elif event.notice:
                    self._log.info("upstream says", origin=event.origin, notice=event.notice)
                else:  # nine events of ten
                    ledger.read(event.seq, 0, event.time)

    async def _take(self, event: Event, ledger: CursorLedger) -> None:
        messages, dropped = self._sieve.sift(event.messages)
        self._statistics.drop(dropped)
        before = ledger.position
        reading = ledger.read(event.seq, len(messages) + len(event.bad), event.time)
        for message in messages:
            stored = await self._publisher.publish(
                subjects.raw(self._subject, message),
                message.to_json(),
                message_id=message.message_id,
                lines=(message.author, message.line),
                behind=None if message.kind == "create" else message.line,
            )
            stored.add_done_callback(partial(self._stored, ledger, reading, message))
        place = event.seq if event.seq is not None else f"after-{before}"
        for number, bad in enumerate(event.bad):
            await self._bury(ledger, reading, bad, f"{event.origin}:{place}:{number}")

    async def _bury(self, ledger: CursorLedger, reading: Reading | None, bad: BadInput, source: str) -> None:
        self._seldom.warning("bad input", bad.reason, source=source, reason=bad.reason, detail=bad.detail)
        buried = await self._letters.bury(bad.payload, reason=bad.reason, error=bad.detail, source=source)
        buried.add_done_callback(partial(self._buried, ledger, reading))

    def _stored(
        self, ledger: CursorLedger, reading: Reading | None, message: RawMessage, ack: asyncio.Future[PubAck]
    ) -> None:
        if ack.cancelled():
            return
        if isinstance(rejected := ack.exception(), PublishRejected):
            burial = asyncio.ensure_future(self._bury_rejected(ledger, reading, message, str(rejected)))
            self._burials.add(burial)
            burial.add_done_callback(self._burials.discard)
            return
        self._statistics.stored(message.kind, duplicate=bool(ack.result().duplicate))
        ledger.settle(reading)

    async def _bury_rejected(
        self, ledger: CursorLedger, reading: Reading | None, message: RawMessage, why: str
    ) -> None:
        self._metrics.rejected.inc()
        self._log.error("message rejected", id=message.message_id, why=why)
        buried = await self._letters.bury(message.to_json(), reason="rejected", error=why, source=message.message_id)
        buried.add_done_callback(partial(self._buried, ledger, reading))

    def _buried(self, ledger: CursorLedger, reading: Reading | None, ack: asyncio.Future[PubAck]) -> None:
        if ack.cancelled():
            return
        if (rejected := ack.exception()) is not None:
            self._log.error("dead letter rejected", why=str(rejected))
        ledger.settle(reading)
