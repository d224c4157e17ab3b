"""Events of whichever of several hosts gives them, for ever: reconnects, fail-over, and where to go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import cycle

import aiohttp
from pipeline_core.backoff import Backoff
from pipeline_core.logs import Log

from nats_firehose_ingest.events import Event, UpstreamError
from nats_firehose_ingest.ledger import CursorLedger
from nats_firehose_ingest.metrics import Metrics
from nats_firehose_ingest.pulse import Pulse
from nats_firehose_ingest.sources.seek import SAMPLE, Place, place_of, seek
from nats_firehose_ingest.sources.subscription import Dialect, Ended, subscription

STEADY = 30.0  # seconds after which a connection counts as good, and the next failure as the first
ATTEMPTS_AT_A_HOST = 3  # in a row, without a single event, before the next host's turn
MARGIN = 30.0  # seconds before the last event at which another sequence is taken up: events overtake each other
STALE = 300.0  # seconds that a host's own cursor may lie behind: half the window in which a repetition is recognised
SEQUENCE_RESET = "SequenceReset"  # our own word beside upstream's names of errors
PROBE_TIMEOUT = 5.0  # seconds to hear a sample of events; a host that tells live may need them

Resume = Callable[[str], Awaitable[CursorLedger]]
"""The ledger of an origin, with the cursor that is stored for it."""


@dataclass(slots=True)
class Whereabouts:
    """Which sequence was read last, by this process or an earlier one: where another one has to go on."""

    last: CursorLedger | None = None


class Upstream:
    """Events of one of `hosts` for ever. Whatever ends a connection, a close with any code, an error frame, silence, is
    counted by reason and followed by another after a growing wait.

    It stays with a host that gives events, as only there its cursor means something, and begins with the one it read
    last. The next host has its turn after several fruitless attempts. There, and where a host no longer knows our
    cursor, the place is found by time: some seconds are told twice, and JetStream recognises those. Where even that
    is impossible, reading goes on live. Each loss of a cursor is counted as a gap, and each found place as found.
    """

    def __init__(
        self,
        dialect: Dialect,
        hosts: list[str],
        resume: Resume,
        receive_timeout: float,
        pulse: Pulse,
        metrics: Metrics,
        log: Log,
        whereabouts: Whereabouts | None = None,
    ) -> None:
        self._dialect, self._hosts, self._resume = dialect, hosts, resume
        self._receive_timeout, self._pulse = receive_timeout, pulse
        self._metrics, self._log = metrics, log
        self._whereabouts = whereabouts or Whereabouts()
        self._from_oldest = False  # the next connection asks for all there is, as our cursor was too old

    async def events(self) -> AsyncGenerator[Event, None]:
        """Every event in order. Stop reading and upstream is held back: nothing is queued here but what the socket
        buffers."""
        backoff = Backoff(first=0.5, most=30.0)
        loop = asyncio.get_running_loop()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
            for host in cycle(await self._beginning_with_the_last()):
                ledger, fruitless = await self._resume(self._dialect.origin(host)), 0
                while fruitless < ATTEMPTS_AT_A_HOST:
                    started, reason, why, fresh = loop.time(), "", "", True
                    fruitless += 1
                    self._pulse.beat()
                    try:
                        async with self._subscribed(session, host, ledger) as told:
                            async for event in told:
                                self._pulse.beat()
                                if event.seq is not None:
                                    self._check(event.seq, ledger.position, fresh)
                                    self._whereabouts.last, self._from_oldest = ledger, False
                                    fresh, fruitless = False, 0
                                elif event.notice == "FutureCursor":
                                    raise UpstreamError(event.notice, "")
                                yield event
                    except Ended as ended:
                        reason, why = ended.reason, str(ended)
                    except UpstreamError as ended:
                        reason, why = "error_frame", str(ended)
                        self._heed(ended, host, ledger)
                    except (aiohttp.ClientError, OSError, TimeoutError) as failed:
                        reason, why = "connect_failed", f"{type(failed).__name__}: {failed}"
                    if loop.time() - started > STEADY:
                        backoff.reset()
                    await self._wait(backoff.next(), host, reason, why)

    async def _beginning_with_the_last(self) -> list[str]:
        """The hosts in their order, from the one that was read last."""
        for number, host in enumerate(self._hosts):
            if await self._resume(self._dialect.origin(host)) is self._whereabouts.last:
                return self._hosts[number:] + self._hosts[:number]
        return self._hosts

    @asynccontextmanager
    async def _subscribed(
        self, session: aiohttp.ClientSession, host: str, ledger: CursorLedger
    ) -> AsyncIterator[AsyncGenerator[Event, None]]:
        cursor = await self._cursor(session, host, ledger)
        async with subscription(session, self._dialect, host, cursor, self._receive_timeout) as told, aclosing(told):
            self._metrics.connected.set(1)
            self._pulse.connected()
            self._log.info("upstream connected", host=host, cursor=cursor)
            try:
                yield told
            finally:
                self._metrics.connected.set(0)

    async def _cursor(self, session: aiohttp.ClientSession, host: str, ledger: CursorLedger) -> int | None:
        """Where to go on at this host; None for live."""
        last = self._whereabouts.last
        if last is not None and last is not ledger and _is_behind(ledger, last):
            self._lose("host_changed", "another host: its sequence is not the one read last", host, ledger)
        if ledger.position is not None:
            return ledger.position
        if self._from_oldest:
            return self._dialect.oldest
        if last is None or last.reached is None:
            return None
        moment = last.reached - MARGIN
        cursor = self._dialect.since(moment)
        if cursor is None:
            cursor = await seek(lambda place: self._probe(session, host, place), moment)
        if cursor is not None:
            self._metrics.found.inc()
            self._log.info("place found by time", host=host, cursor=cursor, seconds_since_1970=round(moment))
        return cursor

    async def _probe(self, session: aiohttp.ClientSession, host: str, cursor: int | None) -> Place | None:
        self._pulse.beat()
        told: list[Event] = []
        # What came until an end is all there is: of a quiet host, or beyond its newest event.
        with suppress(TimeoutError, UpstreamError):
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

    def _heed(self, ended: UpstreamError, host: str, ledger: CursorLedger) -> None:
        if ended.name == "FutureCursor":
            self._lose("future_cursor", "upstream does not know our cursor", host, ledger)
        elif ended.name == "CursorTooOld":
            self._from_oldest = True
            self._lose("outdated_cursor", "upstream no longer has what follows our cursor", host, ledger)
        elif ended.name == SEQUENCE_RESET:
            self._lose("sequence_reset", "upstream counts anew, below our cursor", host, ledger)

    def _check(self, seq: int, position: int | None, fresh: bool) -> None:
        """A relay whose sequence has begun anew does not always say so; and a hole in it is what we were not sent.
        Where a cursor can be a time, to be told something older is nothing new."""
        if not self._dialect.contiguous or position is None:
            return
        if seq > position + 1:
            self._metrics.skipped.inc(seq - position - 1)
        elif fresh and seq < position:
            raise UpstreamError(SEQUENCE_RESET, f"{seq} after {position}")

    def _lose(self, reason: str, what: str, host: str, ledger: CursorLedger) -> None:
        self._metrics.gaps.labels(reason).inc()
        self._log.warning(what, host=host, cursor=ledger.position)
        ledger.forget()

    async def _wait(self, delay: float, host: str, reason: str, why: str) -> None:
        self._metrics.reconnects.labels(reason).inc()
        self._pulse.lost(f"{host}: {why}")
        self._log.warning("upstream lost", host=host, reason=reason, why=why, retry_seconds=round(delay, 1))
        await asyncio.sleep(delay)


def _is_behind(ledger: CursorLedger, last: CursorLedger) -> bool:
    """Whether the cursor of a host would tell again so much of what `last` told that it would not be recognised."""
    if ledger.position is None or ledger.reached is None or last.reached is None:
        return True
    return last.reached - ledger.reached > STALE
