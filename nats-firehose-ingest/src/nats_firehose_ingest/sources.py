"""Which source the settings ask for."""

from __future__ import annotations

from pipeline_core.logs import Log

from nats_firehose_ingest.events import Source
from nats_firehose_ingest.firehose import Firehose
from nats_firehose_ingest.metrics import Metrics
from nats_firehose_ingest.pulse import Pulse
from nats_firehose_ingest.settings import IngestSettings
from nats_firehose_ingest.upstream import Dialect, Resume, Upstream


def source(settings: IngestSettings, resume: Resume, pulse: Pulse, metrics: Metrics, log: Log) -> Source:
    """The source, not yet connected or opened."""
    return Upstream(_dialect(settings), settings.hosts, resume, settings.receive_timeout, pulse, metrics, log)


def _dialect(settings: IngestSettings) -> Dialect:
    return Firehose()
