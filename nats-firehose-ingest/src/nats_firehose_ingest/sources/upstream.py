"""Events of whichever of several hosts gives them, for ever: reconnects and fail-over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from itertools import cycle

import aiohttp
from pipeline_core.backoff import Backoff
from pipeline_core.logs import Log

from nats_firehose_ingest.events import Event, UpstreamError
from nats_firehose_ingest.ledger import CursorLedger
from nats_firehose_ingest.metrics import Metrics
from nats_firehose_ingest.pulse import Pulse
from nats_firehose_ingest.sources.resumption import MOST_SEARCHES, Resumption, Start, Whereabouts
from nats_firehose_ingest.sources.subscription import Dialect, Ended, subscription

STEADY = 30.0  # seconds after which a connection counts as good, and the next failure as the first
LONGEST_WAIT = 30.0  # seconds between two attempts
# In a row, without a single event, before the next host's turn: enough to be told that our cursor is unknown, to search
# as often as is worth it, and to go on live.
ATTEMPTS_AT_A_HOST = MOST_SEARCHES + 2
UNTAKEABLE_ATTEMPTS = 3  # at a message that ends the connection
UNTAKEABLE = {"close_1007", "close_1009"}
"""How a connection ends over a message that is no UTF-8 or too large, and would again the next time."""

Resume = Callable[[str], Awaitable[CursorLedger]]
"""The ledger of an origin, with the cursor that is stored for it."""


class Upstream:
    """Events of one of `hosts` for ever. Whatever ends a connection, a close with any code, an error frame, silence, is
    counted by reason and followed by another after a growing wait.

    It stays with a host that gives events, as only there its cursor means something, and begins with the one it read
    last. The next host has its turn after several fruitless attempts. There, and where a host no longer knows our
    cursor, the place is found by time: some seconds are told twice, and JetStream recognises those. Where even that
    is impossible, reading goes on live.
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
        *,
        searching: Dialect | None = None,
    ) -> None:
        """`searching` is the dialect for the search of a place, where what that reads is nobody's business."""
        self._dialect, self._hosts, self._resume = dialect, hosts, resume
        self._receive_timeout, self._pulse = receive_timeout, pulse
        self._metrics, self._log = metrics, log
        self._whereabouts = whereabouts or Whereabouts()
        self._resumption = Resumption(searching or dialect, self._whereabouts, receive_timeout, pulse, metrics, log)
        self._untakeable = 0  # connections in a row that ended over the same message

    async def events(self) -> AsyncGenerator[Event, None]:
        """Every event in order. Stop reading and upstream is held back: nothing is queued here but what the socket
        buffers."""
        backoff = Backoff(first=0.5, most=LONGEST_WAIT)
        loop = asyncio.get_running_loop()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
            for host in cycle(await self._beginning_with_the_last()):
                ledger, fruitless = await self._resume(self._dialect.origin(host)), 0
                self._resumption.turn_to(host)
                while fruitless < ATTEMPTS_AT_A_HOST:
                    started, reason, why, fresh = loop.time(), "", "", True
                    fruitless += 1
                    self._pulse.beat()
                    try:
                        start = await self._resumption.start(session, host, ledger)
                        async with self._subscribed(session, host, start) as told:
                            async for event in told:
                                self._pulse.heard()
                                if event.notice == "FutureCursor":
                                    raise UpstreamError(event.notice, "")
                                if event.notice == "OutdatedCursor":
                                    self._resumption.outdated(start, host, ledger)
                                if event.seq is not None:
                                    self._check(event.seq, start, ledger.position, fresh)
                                    if fresh:
                                        self._resumption.arrived(event, start, host, ledger)
                                        fresh, fruitless, self._untakeable = False, 0, 0
                                yield event
                    except Ended as ended:
                        reason, why = ended.reason, str(ended)
                        self._step_over(reason, host, ledger)
                    except UpstreamError as ended:
                        reason, why = "error_frame", str(ended)
                        self._resumption.heed(ended)
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
        self, session: aiohttp.ClientSession, host: str, start: Start
    ) -> AsyncIterator[AsyncGenerator[Event, None]]:
        async with (
            subscription(session, self._dialect, host, start.cursor, self._receive_timeout) as told,
            aclosing(told),
        ):
            self._metrics.connected.set(1)
            self._pulse.connected()
            self._log.info("upstream connected", host=host, cursor=start.cursor)
            try:
                yield told
            finally:
                self._metrics.connected.set(0)

    def _check(self, seq: int, start: Start, position: int | None, fresh: bool) -> None:
        """A relay whose sequence has begun anew does not always say so; and a hole in it is what we were not sent.
        Where a cursor can be a time, to be told something older is nothing new."""
        if not self._dialect.contiguous or position is None or (fresh and start.loss is not None):
            return
        if seq > position + 1:
            self._metrics.skipped.inc(seq - position - 1)
        elif fresh and seq < position:
            raise UpstreamError("SequenceReset", f"{seq} after {position}")

    def _step_over(self, reason: str, host: str, ledger: CursorLedger) -> None:
        """A message that always ends the connection must not keep us from all that follows it."""
        if reason not in UNTAKEABLE or ledger.position is None:
            return
        self._untakeable += 1
        if self._untakeable == UNTAKEABLE_ATTEMPTS:
            self._metrics.gaps.labels("untakeable_message").inc()
            self._log.error("a message that cannot be taken: going on behind it", host=host, cursor=ledger.position)
            ledger.step_over()
            self._untakeable = 0

    async def _wait(self, delay: float, host: str, reason: str, why: str) -> None:
        self._metrics.reconnects.labels(reason).inc()
        self._pulse.lost(f"{host}: {why}")
        self._log.warning("upstream lost", host=host, reason=reason, why=why, retry_seconds=round(delay, 1))
        await asyncio.sleep(delay)
