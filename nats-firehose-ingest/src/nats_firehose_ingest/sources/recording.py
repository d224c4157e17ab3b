"""Recording what is read while it is read."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import aiohttp

from nats_firehose_ingest.events import Event, Source
from nats_firehose_ingest.sources.recorder import Recorder
from nats_firehose_ingest.sources.subscription import Dialect


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
            async with aclosing(self._source.events()) as events:
                async for event in events:
                    yield event
