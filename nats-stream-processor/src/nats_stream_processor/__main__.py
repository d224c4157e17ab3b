"""The command nats-stream-processor."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from pipeline_core import background
from pipeline_core import service as frame
from pipeline_core.connection import connected
from pipeline_core.consumer import PullConsumer
from pipeline_core.deadletters import DeadLetters
from pipeline_core.errors import ServiceError
from pipeline_core.publisher import Publisher
from pipeline_core.service import Service
from pipeline_core.settings import load
from pipeline_core.topology import BorrowedStream, Consumer, Stream, bring_about, dead_letter_stream, ensure

from nats_stream_processor.classifier import load_classifier
from nats_stream_processor.cpus import usable_cpus
from nats_stream_processor.deliveries import Deliveries
from nats_stream_processor.deployment import UNIFIED, Deployment
from nats_stream_processor.embedded import EmbeddedModels
from nats_stream_processor.engine import Engine
from nats_stream_processor.errors import ModelError
from nats_stream_processor.metrics import Metrics
from nats_stream_processor.names import EMBEDDED
from nats_stream_processor.processor import Processor
from nats_stream_processor.settings import ProcessorSettings, UnifiedSettings
from nats_stream_processor.trials import Docket


async def process(service: Service[ProcessorSettings], deployment: Deployment) -> None:
    """Load the model, then process raw posts until cancelled; then finish or hand back what was taken."""
    settings, log, health = service.settings, service.log, service.health
    metrics = Metrics(service.registry, deployment.metrics_prefix)
    health.ready_while("model", lambda: "not loaded yet")
    engine = await _load(service, metrics)
    health.ready_while("model", lambda: None)
    replicas, window = settings.num_stream_replicas, settings.duplicate_window_seconds
    raw = Stream(settings.input_stream, settings.input_subject, replicas, duplicate_window=window)
    enriched = Stream(settings.output_stream, settings.output_subject, replicas, duplicate_window=window)
    letters_stream = dead_letter_stream(raw.name, raw.subject, replicas)
    consumer = Consumer(
        settings.input_stream,
        settings.consumer_name,
        settings.input_subject,
        ack_wait=settings.ack_wait_seconds,
        max_ack_pending=settings.max_ack_pending,
    )
    async with connected(service, metrics.nats_connected) as client:
        js = client.jetstream()
        await bring_about(js, health, log, enriched, letters_stream)
        messages = PullConsumer(
            client,
            consumer,
            log,
            lambda: ensure(js, BorrowedStream(raw), consumer),
            alive=lambda: not health.why_dead(),
        )
        publisher = Publisher(
            client,
            log,
            metrics.publish_errors,
            lambda: ensure(js, enriched, letters_stream),
            max_retries=settings.max_retries,
        )
        letters = DeadLetters(publisher, letters_stream.subject, settings.service_name, metrics.dead_letters)
        docket = Docket(js, raw.name, consumer.name, replicas, log)
        deliveries = Deliveries(messages, letters, docket, settings, metrics, log)
        processor = Processor(engine, deliveries, publisher, settings, deployment, metrics, log)
        health.alive_while("model", processor.stuck)
        health.ready_while("consumer", messages.unserved)
        health.ready_while("publishing", publisher.failing)
        health.tell("posts", processor.told)
        metrics.queue_size.set_function(lambda: messages.waiting)
        async with messages, deliveries, publisher:
            telling = background.start(processor.tell(settings.stats_interval), log, "statistics")
            watching = background.start(metrics.backlog.watch(client, consumer, log), log, "backlog")
            try:
                await processor.run()
            finally:
                telling.cancel()
                watching.cancel()
                await messages.stop()


async def _load(service: Service[ProcessorSettings], metrics: Metrics) -> Engine:
    threads = service.settings.threads or usable_cpus()
    started = time.monotonic()
    # No thread of asyncio's own: it waits for those at its end, and a model may be on its way for minutes.
    loading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="loading")
    try:
        engine = await asyncio.get_running_loop().run_in_executor(loading, _engine, service, metrics, threads)
    except ModelError as broken:
        raise ServiceError(str(broken)) from broken
    finally:
        loading.shutdown(wait=False)
    settings = service.settings
    if settings.without_effect:
        service.log.warning("settings of models by name have no effect on embedded ones", given=settings.without_effect)
    named = {task: model.name for task, model in settings.named_models.items()}
    models = dict.fromkeys(sorted(settings.rules.tasks), EMBEDDED) | named
    service.log.info(
        "models loaded",
        seconds=round(time.monotonic() - started, 2),
        threads=threads,
        **models,
        embedded_languages=engine.embedded_languages,
    )
    return engine


def _engine(service: Service[ProcessorSettings], metrics: Metrics, threads: int) -> Engine:
    settings = service.settings
    classifiers = {
        task: load_classifier(model, threads=threads, log=service.log) for task, model in settings.named_models.items()
    }
    embedded = EmbeddedModels.load(threads=threads) if settings.rules.tasks - set(classifiers) else None
    return Engine(embedded, **classifiers, timed=lambda model: metrics.inference.labels(model).time())


def main() -> None:
    """Run the service."""
    frame.end(frame.run(partial(process, deployment=UNIFIED), load(UnifiedSettings)))


if __name__ == "__main__":
    main()
