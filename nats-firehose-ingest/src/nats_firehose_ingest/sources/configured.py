"""Which source the settings ask for."""

from __future__ import annotations

from pipeline_core.logs import Log

from nats_firehose_ingest.events import Source
from nats_firehose_ingest.metrics import Metrics
from nats_firehose_ingest.progress import Bar
from nats_firehose_ingest.pulse import Pulse
from nats_firehose_ingest.settings import IngestSettings
from nats_firehose_ingest.sources.file import File
from nats_firehose_ingest.sources.firehose import Firehose
from nats_firehose_ingest.sources.jetstream import JetstreamV1, JetstreamV2
from nats_firehose_ingest.sources.recorder import Recorder
from nats_firehose_ingest.sources.recording import Recorded, Recording
from nats_firehose_ingest.sources.resumption import Whereabouts
from nats_firehose_ingest.sources.subscription import Dialect
from nats_firehose_ingest.sources.upstream import Resume, Upstream


def source(
    settings: IngestSettings,
    resume: Resume,
    pulse: Pulse,
    metrics: Metrics,
    log: Log,
    whereabouts: Whereabouts | None = None,
) -> Source:
    """The source, not yet connected or opened."""
    if settings.capture is not None:
        return File(settings.capture, resume, pulse, Bar(settings.capture.name))
    plain = dialect = _dialect(settings)
    recorder = None
    if settings.record is not None:
        recorder = Recorder(settings.record, "frames" if settings.source == "firehose" else "lines")
        dialect = Recording(dialect, recorder)
    upstream = Upstream(
        dialect,
        settings.hosts,
        resume,
        settings.receive_timeout,
        pulse,
        metrics,
        log,
        whereabouts,
        searching=plain,
    )
    return upstream if recorder is None else Recorded(upstream, recorder)


def _dialect(settings: IngestSettings) -> Dialect:
    if settings.source == "firehose":
        return Firehose()
    compress = settings.compress and settings.record is None  # a capture holds what comes, and lines are lines
    return JetstreamV2(compress) if settings.jetstream_version == 2 else JetstreamV1(compress)
