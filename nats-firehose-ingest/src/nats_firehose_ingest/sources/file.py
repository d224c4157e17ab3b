"""The source `file`: events of a recorded capture."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from pipeline_core.timestamps import now

from nats_firehose_ingest.decoding import frames
from nats_firehose_ingest.decoding.jetstream import Decode, decoder_of
from nats_firehose_ingest.events import BadInput, Event, UpstreamError
from nats_firehose_ingest.pulse import Pulse
from nats_firehose_ingest.sources.capture import Capture
from nats_firehose_ingest.sources.upstream import Resume

# Records and bytes that are read at once, in a thread; between two such batches everything else has its turn. So many
# records keep the loop for some milliseconds, and handing over one at a time would cost more than the record.
BATCH_RECORDS = 256
BATCH_BYTES = 1024 * 1024


class Progress(AbstractContextManager[Any], Protocol):
    """Whoever looks on, from the beginning of the reading to its end."""

    def moved(self, read: int, size: int, records: int) -> None:
        """`read` of the file's `size` bytes were read, in all so many records."""
        ...


class File:
    """Events of a capture, once; then it ends. `seq` is the number of the record in the capture, from 1, whatever
    upstream counted: a capture can come of many connections and hosts. So it goes on behind the record that the
    ledger of `file:<size>-<hash>` names."""

    def __init__(self, path: Path, resume: Resume, pulse: Pulse, progress: Progress) -> None:
        self._path, self._resume, self._pulse, self._progress = path, resume, pulse, progress

    async def events(self) -> AsyncGenerator[Event, None]:
        """Every event in order. Stop reading and nothing more of the file is read. CaptureError where it is no capture
        or cannot be read."""
        loop, position = asyncio.get_running_loop(), 0
        # The thread ends first: what it reads from must not be closed under it.
        with Capture(self._path) as capture, self._progress, ThreadPoolExecutor(1, "capture") as reader:
            start = (await self._resume(capture.origin)).position or 0
            batches, decode = _batches(capture), frames.decode if capture.form == "frames" else _decode_line
            self._pulse.heard()
            while batch := await loop.run_in_executor(reader, next, batches, None):
                self._pulse.heard()
                received_at = now()
                for record in batch:
                    position += 1
                    if position > start:
                        yield _event(capture.origin, position, record, decode, received_at)
                self._progress.moved(capture.read, capture.size, position)


def _batches(capture: Capture) -> Iterator[list[bytes | BadInput]]:
    batch: list[bytes | BadInput] = []
    size = 0
    for record in capture:
        batch.append(record)
        size += len(record) if isinstance(record, bytes) else len(record.payload)
        if len(batch) >= BATCH_RECORDS or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _decode_line(origin: str, line: bytes, received_at: str) -> Event:
    return decoder_of(line)(origin, line, received_at)


def _event(origin: str, position: int, record: bytes | BadInput, decode: Decode, received_at: str) -> Event:
    if isinstance(record, BadInput):
        return Event(origin, "unreadable", position, bad=[record])
    try:
        event = decode(origin, record, received_at)
    except UpstreamError as last_word:
        # It ended a connection while this was recorded; what follows came by the next one.
        event = Event(origin, "info", notice=str(last_word))
    event.seq = position
    if event.notice:
        event.notice = f"while recording: {event.notice}"  # it was about the recorder's cursor, not about ours
    return event
