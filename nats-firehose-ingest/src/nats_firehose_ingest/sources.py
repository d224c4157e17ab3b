"""Which source the settings ask for."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import aiohttp
from pipeline_core.logs import Log

from nats_firehose_ingest.events import Event, Source
from nats_firehose_ingest.file import File
from nats_firehose_ingest.firehose import Firehose
from nats_firehose_ingest.jetstream import JetstreamV1, JetstreamV2
from nats_firehose_ingest.metrics import Metrics
from nats_firehose_ingest.progress import Bar
from nats_firehose_ingest.pulse import Pulse
from nats_firehose_ingest.recorder import Recorder
from nats_firehose_ingest.settings import IngestSettings
from nats_firehose_ingest.subscription import Dialect
from nats_firehose_ingest.upstream import Resume, Upstream, Whereabouts


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
    dialect = _dialect(settings)
    recorder = None
    if settings.record is not None:
        recorder = Recorder(settings.record, "frames" if settings.source == "firehose" else "lines")
        dialect = Recording(dialect, recorder)
    upstream = Upstream(dialect, settings.hosts, resume, settings.receive_timeout, pulse, metrics, log, whereabouts)
    return upstream if recorder is None else Recorded(upstream, recorder)


def _dialect(settings: IngestSettings) -> Dialect:
    if settings.source == "firehose":
        return Firehose()
    compress = settings.compress and settings.record is None  # a capture holds what comes, and lines are lines
    return JetstreamV2(compress) if settings.jetstream_version == 2 else JetstreamV1(compress)


class Recording:
    """A dialect that is recorded as it is read."""

    def __init__(self, dialect: Dialect, recorder: Recorder) -> None:
        self._dialect, self._recorder = dialect, recorder
        self.subprotocols, self.oldest, self.contiguous = dialect.subprotocols, dialect.oldest, dialect.contiguous

    def origin(self, host: str) -> str:
        """The dialect's own."""
        return self._dialect.origin(host)

    def since(self, moment: float) -> int | None:
        """The dialect's own."""
        return self._dialect.since(moment)

    async def url(self, session: aiohttp.ClientSession, host: str, cursor: int | None) -> str:
        """The dialect's own."""
        return await self._dialect.url(session, host, cursor)

    def decode(self, origin: str, data: bytes, received_at: str) -> Event:
        """The event, recorded. CaptureError where that fails."""
        self._recorder.take(data)
        return self._dialect.decode(origin, data, received_at)


class Recorded:
    """A source whose capture is complete when it is left."""

    def __init__(self, source: Source, recorder: Recorder) -> None:
        self._source, self._recorder = source, recorder

    async def events(self) -> AsyncGenerator[Event, None]:
        """The source's own."""
        with self._recorder:
            async for event in self._source.events():
                yield event
