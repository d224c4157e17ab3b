"""The world's posts, edits, deletions and account changes into the raw stream, each when it happens."""

import asyncio
import time
from itertools import islice

from nats.js.api import PubAck
from pipeline_core.connection import connected
from pipeline_core.publisher import Publisher
from pipeline_core.service import Service
from pipeline_core.topology import BorrowedStream, Stream, bring_about
from prometheus_client import Counter, Gauge

from mock_ingest.messages import Publication, publications
from mock_ingest.settings import MockSettings
from mock_ingest.world import World

#: Of the events here. It leaves room for edits, deletions and account changes, and for the likes and follows that come
#: with them in this world, which publish nothing.
_POST_SHARE = 0.85


async def publish(service: Service[MockSettings]) -> None:
    """Publish `count` messages (0: without end), then wait until the stream holds them all.

    A message that is late, because the broker was away or the rate is more than it takes, is published at once:
    none is left out.
    """
    settings, registry = service.settings, service.registry
    stored = Counter("mock_ingest_posts_published", "Messages stored by JetStream", registry=registry)
    errors = Counter("mock_ingest_publish_errors", "Attempts that JetStream did not acknowledge", registry=registry)
    gauge = Gauge("nats_connected", "1 while the connection to the broker stands", registry=registry)
    async with connected(service, gauge) as client:
        stream = Stream(settings.nats_stream, settings.nats_subject, settings.num_stream_replicas)
        await bring_about(client.jetstream(), service.health, service.log, BorrowedStream(stream))
        started = time.monotonic()
        tally = _Tally(stored)
        try:
            async with Publisher(client, service.log, errors, max_retries=settings.max_retries) as publisher:
                service.health.ready_while("publisher", publisher.failing)
                await _tell(settings, publisher, tally)
        finally:
            seconds = time.monotonic() - started
            service.log.info(
                "published",
                stored=tally.stored,
                duplicates=tally.duplicates,
                seconds=round(seconds, 2),
                per_second=round(tally.stored / seconds, 1),
                stream=settings.nats_stream,
            )


async def _tell(settings: MockSettings, publisher: Publisher, tally: "_Tally") -> None:
    world = World(
        settings.seed,
        settings.rate,
        post_share=_POST_SHARE,
        hostile_share=settings.hostile_share,
        garbage_share=settings.garbage_share,
    )
    told = publications(world, world.head(_now_us()), settings.nats_subject)
    for publication in islice(told, settings.count or None):
        await _due(publication)
        future = await publisher.publish(publication.subject, publication.payload, message_id=publication.message_id)
        future.add_done_callback(tally.count)


class _Tally:
    """What became of the messages. Rejected ones are counted and logged by the publisher."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self.stored = self.duplicates = 0

    def count(self, acknowledged: asyncio.Future[PubAck]) -> None:
        if acknowledged.cancelled() or acknowledged.exception() is not None:
            return
        self.stored += 1
        self.duplicates += bool(acknowledged.result().duplicate)
        self._counter.inc()


async def _due(publication: Publication) -> None:
    early_us = publication.time_us - _now_us()
    if early_us > 0:
        await asyncio.sleep(early_us / 1_000_000)


def _now_us() -> int:
    return time.time_ns() // 1_000
