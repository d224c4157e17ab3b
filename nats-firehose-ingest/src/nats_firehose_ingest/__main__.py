"""The command nats-firehose-ingest."""

from __future__ import annotations

import asyncio
import sys
import time

from pipeline_core import background, logs
from pipeline_core import service as frame
from pipeline_core.connection import connected
from pipeline_core.deadletters import DeadLetters
from pipeline_core.errors import ServiceError
from pipeline_core.publisher import Publisher
from pipeline_core.service import Service
from pipeline_core.settings import load
from pipeline_core.topology import Bucket, Stream, bring_about, dead_letter_stream, ensure
from prometheus_client import CollectorRegistry

from nats_firehose_ingest import dry_run
from nats_firehose_ingest.cursors import Cursors
from nats_firehose_ingest.filtering.filters import Filters
from nats_firehose_ingest.filtering.language import Languages
from nats_firehose_ingest.filtering.sieve import Sieve
from nats_firehose_ingest.ingest import Ingest
from nats_firehose_ingest.ledger import CursorLedger
from nats_firehose_ingest.metrics import Metrics
from nats_firehose_ingest.pulse import Pulse
from nats_firehose_ingest.settings import IngestSettings
from nats_firehose_ingest.sources.capture import Capture
from nats_firehose_ingest.sources.configured import source
from nats_firehose_ingest.statistics import Statistics


async def ingest_once(service: Service[IngestSettings]) -> None:
    """The same as a command: who waits for its end must know whether it came to it."""
    try:
        await ingest(service)
    except asyncio.CancelledError as interrupted:
        raise ServiceError("interrupted: the same command goes on where this one was") from interrupted


async def ingest(service: Service[IngestSettings]) -> None:
    """Read, publish and keep the cursor until cancelled; then wait for what is under way and save the cursor."""
    settings, log, health = service.settings, service.log, service.health
    if settings.capture is not None:
        with Capture(settings.capture):
            """One that cannot be read is said before a broker is waited for."""
    metrics = Metrics(service.registry)
    raw = Stream(
        settings.nats_stream,
        settings.nats_subject,
        settings.num_stream_replicas,
        duplicate_window=settings.duplicate_window_seconds,
    )
    letters_stream = dead_letter_stream(raw.name, raw.subject, settings.num_stream_replicas)
    bucket = Bucket(settings.nats_kv_bucket, settings.num_stream_replicas)
    sieve, statistics = sieve_of(settings), Statistics(metrics, log)
    pulse = Pulse(time.monotonic, settings.unready_after, settings.receive_timeout)
    health.ready_while(settings.source, pulse.trouble)
    async with connected(service, metrics.nats_connected) as client:
        js = client.jetstream()
        await bring_about(js, health, log, raw, letters_stream, bucket)

        async def mend() -> None:
            await ensure(js, raw, letters_stream, bucket)

        store = await js.key_value(bucket.name)
        async with (
            Cursors(store, mend, settings.service_name, settings.cursor_save_interval, metrics, log) as cursors,
            Publisher(client, log, metrics.publish_errors, mend, max_retries=settings.max_retries) as publisher,
        ):
            origins: set[str] = set()

            async def resume(origin: str) -> CursorLedger:
                origins.add(origin)
                return await cursors.ledger(origin, settings.start_cursor)

            def stuck() -> str | None:
                """Where messages cannot be stored the reading waits, and a restart would not help."""
                return pulse.stuck() if client.is_connected and publisher.failing() is None else None

            health.alive_while("reading", stuck)
            health.ready_while("publishing", publisher.failing)
            health.ready_while("cursor", cursors.failing)
            health.tell("cursors", cursors.told)
            metrics.under_way.set_function(lambda: publisher.under_way)
            letters = DeadLetters(publisher, letters_stream.subject, settings.service_name, metrics.bad)
            work = Ingest(publisher, letters, cursors, sieve, settings.nats_subject, statistics, metrics, log)
            telling = background.start(statistics.tell(settings.stats_interval), log, "statistics")
            await cursors.recall()
            try:
                await work.run(source(settings, resume, pulse, metrics, log, cursors.whereabouts))
                await publisher.flush()
                log.info("capture read", **statistics.told())
                if settings.once:
                    cursors.finish(origins)
                else:  # a service that ends is started again, and would read the capture again
                    pulse.rest()
                    await asyncio.Event().wait()
            finally:
                telling.cancel()


def sieve_of(settings: IngestSettings) -> Sieve:
    """The filters that the settings ask for, and the detection of languages."""
    filters = Filters(
        text_filtering=settings.enable_text_filtering,
        shortest=settings.min_text_length,
        longest=settings.max_text_length,
        languages=settings.listed("only_languages"),
        authors=settings.listed("only_authors"),
        excluded_authors=settings.listed("except_authors"),
    )
    return Sieve(filters, Languages())


def count(settings: IngestSettings) -> int:
    """The dry run; the process's exit code. What it finds goes to standard output, its log beside it."""
    log = logs.configure(settings.service_name, settings.log_level, "console", sys.stderr)
    metrics, pulse = Metrics(CollectorRegistry()), Pulse(time.monotonic, settings.unready_after)
    return dry_run.run(
        lambda resume: source(settings, resume, pulse, metrics, log),
        sieve_of(settings).sift,
        settings.start_cursor,
        settings.output,
    )


def main() -> None:
    """Run the command."""
    settings = load(IngestSettings)
    sys.exit(count(settings) if settings.dry_run else frame.run(ingest_once if settings.once else ingest, settings))


if __name__ == "__main__":
    main()
