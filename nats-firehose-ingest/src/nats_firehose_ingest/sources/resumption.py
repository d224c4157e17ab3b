"""Where the reading of a host goes on: after our cursor or, where that cannot be, at a place found by time."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, suppress
from dataclasses import dataclass

import aiohttp
from pipeline_core.logs import Log

from nats_firehose_ingest.events import Event, UpstreamError
from nats_firehose_ingest.ledger import CursorLedger, earliest, seconds
from nats_firehose_ingest.metrics import Metrics
from nats_firehose_ingest.pulse import Pulse
from nats_firehose_ingest.sources.seek import SAMPLE, Place, place_of, seek
from nats_firehose_ingest.sources.subscription import Dialect, Ended, subscription

MARGIN = 30.0  # seconds before what is stored at which another sequence is taken up: events overtake each other
STALE = 90.0  # seconds that a host's own cursor may lie behind: half of the least window that recognises a repetition
PROBE_TIMEOUT = 5.0  # seconds to hear a sample of events; a host that tells live may need them
MOST_SEARCHES = 2  # that fail before it is gone on without a place
FORGETTING = {"FutureCursor": "future_cursor", "SequenceReset": "sequence_reset", "CursorTooOld": "outdated_cursor"}
"""The errors by which an upstream says that our cursor is not to be followed, and what that is counted as."""


@dataclass(slots=True)
class Whereabouts:
    """Which sequence was read last, by this process or an earlier one: where another one has to go on."""

    last: CursorLedger | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Where a connection begins: after `cursor`, or live. `loss` says why that is not our own cursor, and `moment` is
    the time that the place was searched for, in seconds since 1970."""

    cursor: int | None
    loss: str | None = None
    moment: float | None = None


class Resumption:
    """Knows where to go on. A loss of the cursor is counted once, with the first event that comes after it, and so is a
    place that was found. Until then our own cursor is kept: what is told twice is better than what is not told."""

    def __init__(
        self,
        dialect: Dialect,
        whereabouts: Whereabouts,
        receive_timeout: float,
        pulse: Pulse,
        metrics: Metrics,
        log: Log,
    ) -> None:
        self._dialect, self._whereabouts, self._receive_timeout = dialect, whereabouts, receive_timeout
        self._pulse, self._metrics, self._log = pulse, metrics, log
        self._read: dict[int, CursorLedger] = {}  # by identity: the ledgers of all hosts that were read from
        self._host = ""
        self._loss: str | None = None
        self._searches = 0

    def turn_to(self, host: str) -> None:
        """What another host said of a cursor says nothing of this one's."""
        if host != self._host:
            self._host, self._loss, self._searches = host, None, 0

    def heed(self, ended: UpstreamError) -> None:
        """Take an upstream's word on our cursor. Where it does not even know the place that was found, nothing more
        is searched for."""
        if (loss := FORGETTING.get(ended.name)) is not None:
            self._searches = MOST_SEARCHES if self._loss == loss else 0
            self._loss = loss

    async def start(self, session: aiohttp.ClientSession, host: str, ledger: CursorLedger) -> Start:
        """Where to begin at this host. Ended where the place cannot be found now."""
        last, loss = self._whereabouts.last, self._loss
        if loss is None and last is not None and last is not ledger and _is_behind(ledger, last):
            loss = "host_changed"
        if loss is None:
            return Start(ledger.position)
        if loss == "outdated_cursor":
            return Start(self._dialect.oldest, loss)
        own = ledger.position if loss == "host_changed" else None
        reached = earliest([ledger for ledger in (last, *self._read.values()) if ledger is not None])
        if reached is None or self._searches >= MOST_SEARCHES:
            return Start(own, loss)
        moment = min(reached, time.time()) - MARGIN
        cursor = self._dialect.since(moment)
        if cursor is None:
            cursor = await seek(lambda place: self._probe(session, host, place), moment)
        if cursor is None:
            self._searches += 1
            raise Ended("place_not_found", "where to go on is not to be found by time")
        return Start(cursor, loss, moment)

    def arrived(self, event: Event, start: Start, host: str, ledger: CursorLedger) -> None:
        """The first event has come, and is not noted in the ledger yet."""
        self._whereabouts.last = self._read[id(ledger)] = ledger
        self._loss, self._searches = None, 0
        if start.loss is None:
            return
        if start.cursor is not None and start.cursor == ledger.position:
            self._log.warning("place not found by time: this host's own cursor is followed", host=host)
            return
        self._metrics.gaps.labels(start.loss).inc()
        told = seconds(event.time)
        if start.moment is not None and told is not None and told <= start.moment + MARGIN:
            self._metrics.found.inc()
            self._log.info("place found by time", host=host, reason=start.loss, cursor=start.cursor)
        else:
            self._log.error("gap", host=host, reason=start.loss, ours=ledger.position, begins_after=start.cursor)
        ledger.forget()

    def outdated(self, start: Start, host: str, ledger: CursorLedger) -> None:
        """Upstream begins behind the cursor that it was asked for. Where that was not ours, the first event tells."""
        if start.loss is None:
            self._metrics.gaps.labels("outdated_cursor").inc()
            self._log.error("gap", host=host, reason="outdated_cursor", ours=ledger.position)

    async def _probe(self, session: aiohttp.ClientSession, host: str, cursor: int | None) -> Place | None:
        self._pulse.beat()
        told: list[Event] = []
        # What came until an end is all there is: of a quiet host, or beyond its newest event.
        with suppress(TimeoutError, UpstreamError, Ended):
            async with (
                asyncio.timeout(PROBE_TIMEOUT),
                subscription(session, self._dialect, host, cursor, self._receive_timeout) as events,
                aclosing(events),
            ):
                async for event in events:
                    told.append(event)
                    if len(told) == SAMPLE:
                        break
        return place_of(told)


def _is_behind(ledger: CursorLedger, last: CursorLedger) -> bool:
    """Whether the cursor of a host would tell again so much of what `last` told that it would not be recognised."""
    if ledger.position is None or ledger.reached is None or last.reached is None:
        return True
    return last.reached - ledger.reached > STALE
