"""A dry run: read, decode, sift and count, without any broker."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Literal

from pipeline_core.errors import ServiceError
from pipeline_core.messages import RawMessage

from nats_firehose_ingest.events import Source
from nats_firehose_ingest.ledger import CursorLedger
from nats_firehose_ingest.sources.upstream import Resume
from nats_firehose_ingest.tally import Tally, report

Sift = Callable[[Sequence[RawMessage]], tuple[list[RawMessage], Counter[str]]]
"""What is left of messages, and how many were dropped by which reason."""


def run(source: Callable[[Resume], Source], sift: Sift, start: int | None, form: Literal["text", "json"]) -> int:
    """Read until the source ends or a signal comes, and print what was counted; the process's exit code. A cursor is
    neither read nor kept: the reading begins at `start`."""
    tally, began, cpu = Tally(), time.monotonic(), time.process_time()
    failed = None
    try:
        asyncio.run(_until_stopped(DryRun(sift, start, tally), source))
    except ServiceError as failure:
        failed = failure
    if tally.frames or failed is None:
        counted = tally.as_dict(time.monotonic() - began, time.process_time() - cpu)
        print(json.dumps(counted) if form == "json" else report(counted))
    if failed is not None:
        print(failed, file=sys.stderr)
    return 1 if failed is not None else 0


class DryRun:
    """Counts what a source gives."""

    def __init__(self, sift: Sift, start: int | None, tally: Tally) -> None:
        self._sift, self._start, self._tally = sift, start, tally
        self._ledgers: dict[str, CursorLedger] = {}

    async def resume(self, origin: str) -> CursorLedger:
        """The ledger of an origin, which lives as long as this run: a lost connection goes on where it was."""
        return self._ledgers.setdefault(origin, CursorLedger(self._start))

    async def read(self, source: Source) -> None:
        """Until it ends."""
        async with aclosing(source.events()) as events:
            async for event in events:
                self._tally.count(event, *self._sift(event.messages))
                (await self.resume(event.origin)).read(event.seq, 0, event.time)


async def _until_stopped(dry: DryRun, source: Callable[[Resume], Source]) -> None:
    reading = asyncio.ensure_future(dry.read(source(dry.resume)))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, reading.cancel)
    await asyncio.wait({reading})
    if not reading.cancelled():
        await reading
