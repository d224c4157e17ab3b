"""From events to the raw stream: publish, settle, count."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial

from nats.js.api import PubAck
from pipeline_core import subjects
from pipeline_core.deadletters import DeadLetters
from pipeline_core.errors import PublishRejected
from pipeline_core.logs import Log, Seldom
from pipeline_core.messages import RawPost
from pipeline_core.publisher import Publisher
from pipeline_core.timestamps import rfc3339_utc

from nats_firehose_ingest.cursors import Cursors
from nats_firehose_ingest.events import Event
from nats_firehose_ingest.ledger import CursorLedger, Reading
from nats_firehose_ingest.metrics import Metrics


class Ingest:
    """Publishes what a source yields. The window of the publisher holds back the source; the ledger of a host learns
    of each message as JetStream stores it."""

    def __init__(
        self, publisher: Publisher, letters: DeadLetters, cursors: Cursors, subject: str, metrics: Metrics, log: Log
    ) -> None:
        self._publisher, self._letters, self._cursors = publisher, letters, cursors
        self._subject = f"{subjects.prefix(subject)}.{subjects.CREATE}"
        self._metrics, self._log, self._seldom = metrics, log, Seldom(log)
        self._frames = self._posts = self._bad = 0
        self._newest: str | None = None
        self._burials: set[asyncio.Future[None]] = set()  # held, or they could be collected before they are done

    async def run(self, events: AsyncIterator[Event]) -> None:
        """Publish until the source ends."""
        async for event in events:
            await self._take(event, await self._cursors.ledger(event.host))

    async def _take(self, event: Event, ledger: CursorLedger) -> None:
        self._frames += 1
        self._newest = event.time or self._newest
        self._metrics.frames.labels(event.kind).inc()
        for action in event.operations:
            self._metrics.operations.labels(action).inc()
        if event.notice == "OutdatedCursor":
            self._metrics.gaps.labels("outdated_cursor").inc()
            self._log.warning("upstream no longer has what follows our cursor", host=event.host, cursor=ledger.position)
        elif event.notice:
            self._log.info("upstream says", host=event.host, notice=event.notice)
        before = ledger.position
        reading = ledger.read(event.seq, len(event.posts) + len(event.bad))
        self._posts += len(event.posts)
        self._bad += len(event.bad)
        for post in event.posts:
            stored = await self._publisher.publish(self._subject, post.to_json(), message_id=post.message_id)
            stored.add_done_callback(partial(self._stored, ledger, reading, post))
        for number, bad in enumerate(event.bad):
            place = event.seq if event.seq is not None else f"after-{before}"
            self._seldom.warning(
                "bad input", bad.reason, host=event.host, seq=place, reason=bad.reason, detail=bad.detail
            )
            buried = await self._letters.bury(
                bad.payload, reason=bad.reason, error=bad.detail, source=f"{event.host}:{place}:{number}"
            )
            buried.add_done_callback(partial(self._buried, ledger, reading))

    def _stored(
        self, ledger: CursorLedger, reading: Reading | None, post: RawPost, ack: asyncio.Future[PubAck]
    ) -> None:
        if ack.cancelled():
            return
        if isinstance(rejected := ack.exception(), PublishRejected):
            burial = asyncio.ensure_future(self._bury_rejected(ledger, reading, post, str(rejected)))
            self._burials.add(burial)
            burial.add_done_callback(self._burials.discard)
            return
        if ack.result().duplicate:
            self._metrics.duplicates.inc()
        else:
            self._metrics.published.inc()
        ledger.settle(reading)

    async def _bury_rejected(self, ledger: CursorLedger, reading: Reading | None, post: RawPost, why: str) -> None:
        self._metrics.rejected.inc()
        self._log.error("post rejected", uri=post.uri, why=why)
        buried = await self._letters.bury(post.to_json(), reason="rejected", error=why, source=post.message_id)
        buried.add_done_callback(partial(self._buried, ledger, reading))

    def _buried(self, ledger: CursorLedger, reading: Reading | None, ack: asyncio.Future[PubAck]) -> None:
        if ack.cancelled():
            return
        if (rejected := ack.exception()) is not None:
            self._log.error("dead letter rejected", why=str(rejected))
        ledger.settle(reading)

    async def tell(self, interval: float) -> None:
        """Statistics as one line in the log, and as gauges, every `interval` seconds, for ever."""
        frames = posts = 0
        last = time.monotonic()
        while True:
            await asyncio.sleep(interval)
            moment = time.monotonic()
            seconds, last = moment - last, moment
            frames_per_second, posts_per_second = (self._frames - frames) / seconds, (self._posts - posts) / seconds
            frames, posts = self._frames, self._posts
            lag = _age(self._newest) if self._newest else None
            self._metrics.frames_per_second.set(frames_per_second)
            self._metrics.posts_per_second.set(posts_per_second)
            if lag is not None:
                self._metrics.lag.set(lag)
            self._log.info(
                "reading",
                frames_per_second=round(frames_per_second, 1),
                posts_per_second=round(posts_per_second, 1),
                posts=posts,
                bad=self._bad,
                lag_seconds=lag,
                under_way=self._publisher.under_way,
            )


def _age(event_time: str) -> float | None:
    """Seconds since `event_time`; None if it is no time."""
    try:
        return round((datetime.now(UTC) - datetime.fromisoformat(rfc3339_utc(event_time))).total_seconds(), 3)
    except ValueError:
        return None
