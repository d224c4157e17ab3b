"""What was read and stored so far: metrics for a scraper, a line in the log for a reader."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from pipeline_core.logs import Log

from nats_firehose_ingest.events import KINDS, Event
from nats_firehose_ingest.ledger import seconds
from nats_firehose_ingest.metrics import Metrics


class Statistics:
    """Counts events as they are read and messages as they are stored."""

    def __init__(self, metrics: Metrics, log: Log) -> None:
        self._metrics, self._log = metrics, log
        self._frames = {kind: metrics.frames.labels(kind) for kind in KINDS}  # a look-up by label costs 1.5 µs a frame
        self._read = self._posts = self._duplicates = self._bad = self._dropped = 0
        self._newest: str | None = None
        metrics.lag.set_function(lambda: self.lag() or 0.0)

    def count(self, event: Event) -> None:
        """Count an event as it is read."""
        self._read += 1
        self._frames[event.kind].inc()
        if event.time is not None:
            self._newest = event.time
        for action in event.operations:
            self._metrics.operations.labels(action).inc()
        self._bad += len(event.bad)

    def drop(self, reasons: Counter[str]) -> None:
        """Count posts that the filters dropped."""
        for reason, posts in reasons.items():
            self._dropped += posts
            self._metrics.dropped.labels(reason).inc(posts)

    def stored(self, kind: str, *, duplicate: bool) -> None:
        """Count a message that JetStream has; `duplicate` if it had it before."""
        if duplicate:
            self._duplicates += 1
            self._metrics.duplicates.inc()
        elif kind in ("create", "update"):
            self._posts += 1
            self._metrics.published.inc()
        else:
            self._metrics.removals.labels(kind).inc()

    def lag(self) -> float | None:
        """How long ago, in seconds, the newest event that was read happened; None if none had a time to be read. It
        grows while nothing comes, and while nothing can be read because nothing can be stored."""
        told = seconds(self._newest)
        return None if told is None else round(time.time() - told, 3)

    def told(self) -> dict[str, int]:
        """What there was since the start, for the log."""
        return {
            "frames": self._read,
            "posts": self._posts,
            "duplicates": self._duplicates,
            "dropped": self._dropped,
            "bad": self._bad,
        }

    async def tell(self, interval: float) -> None:
        """One line in the log, and rates as gauges, every `interval` seconds, for ever."""
        read = posts = 0
        last = time.monotonic()
        while True:
            await asyncio.sleep(interval)
            moment = time.monotonic()
            seconds, last = moment - last, moment
            frames_per_second, posts_per_second = (self._read - read) / seconds, (self._posts - posts) / seconds
            read, posts = self._read, self._posts
            self._metrics.frames_per_second.set(frames_per_second)
            self._metrics.posts_per_second.set(posts_per_second)
            self._log.info(
                "reading",
                frames_per_second=round(frames_per_second, 1),
                posts_per_second=round(posts_per_second, 1),
                **self.told(),
                lag_seconds=self.lag(),
            )
