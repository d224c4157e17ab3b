"""Events of an upstream over a WebSocket, with reconnects, fail-over and a watch for silence. What is asked and how the
answer is read is a dialect's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from itertools import cycle
from typing import Protocol

import aiohttp
from pipeline_core.backoff import Backoff
from pipeline_core.logs import Log
from pipeline_core.timestamps import now

from nats_firehose_ingest.events import Event, UpstreamError
from nats_firehose_ingest.ledger import CursorLedger
from nats_firehose_ingest.metrics import Metrics
from nats_firehose_ingest.pulse import Pulse

CONNECT_TIMEOUT = 15.0  # seconds until a host has answered the upgrade to a WebSocket
CLOSE_TIMEOUT = 1.0  # seconds for upstream's answer to our close; a backlog on its way can hold that up
LARGEST_FRAME = 64 * 1024 * 1024  # bytes; the protocol's own limit on a commit is 5 MB, but a frame must not stop us
STEADY = 30.0  # seconds after which a connection counts as good, and the next failure as the first
ATTEMPTS_AT_A_HOST = 3  # in a row, without a single event, before the next host's turn
BAD_REQUEST = 400  # the HTTP status of a subscription that is refused for what it asks
LONGEST_WORDS = 200  # characters of upstream's own words in a log line
STAMP_INTERVAL = 0.001  # seconds that one reading of the clock serves: a stamp shows milliseconds

Resume = Callable[[str], Awaitable[CursorLedger]]
"""The ledger of an origin, with the cursor that is stored for it."""


class Dialect(Protocol):
    """One way to subscribe to an upstream."""

    subprotocols: tuple[str, ...]
    """What to offer as Sec-WebSocket-Protocol."""
    oldest: int
    """The cursor that asks for all that upstream still has."""
    contiguous: bool
    """Whether a hole in the sequence means events that we were not sent."""

    def origin(self, host: str) -> str:
        """The name of the sequence that this host counts in this dialect."""
        ...

    async def url(self, session: aiohttp.ClientSession, host: str, cursor: int | None) -> str:
        """Where to connect to go on after `cursor`, or live where it is None. Whatever must be fetched beforehand is
        fetched by `session`."""
        ...

    def decode(self, origin: str, data: bytes, received_at: str) -> Event:
        """The event in one WebSocket message. Whatever is wrong with it is part of the event. UpstreamError for an
        error frame."""
        ...


class Upstream:
    """Events of one of `hosts` for ever. Whatever ends a connection, a close with any code, an error frame, silence, is
    counted by reason and followed by another after a growing wait.

    It stays with a host that gives events, as only there its cursor means something: another host tells what comes,
    not what was missed. So the next host has its turn only after several fruitless attempts, and if no cursor is stored
    for it that is a gap, counted and said. No pings are sent: while a full window stops the reading, their answers
    would not be read either, and a healthy connection would be cut.
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
    ) -> None:
        self._dialect, self._hosts, self._resume = dialect, hosts, resume
        self._receive_timeout, self._pulse = receive_timeout, pulse
        self._metrics, self._log = metrics, log
        self._left: str | None = None  # the host that was read from before this one
        self._from_oldest = False  # the next connection asks for all there is, as our cursor was too old

    async def events(self) -> AsyncIterator[Event]:
        """Every event in order. Stop reading and upstream is held back: nothing is queued here but what the socket
        buffers."""
        backoff = Backoff(first=0.5, most=60.0)
        loop = asyncio.get_running_loop()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
            for host in cycle(self._hosts):
                ledger, fruitless = await self._resume(self._dialect.origin(host)), 0
                while fruitless < ATTEMPTS_AT_A_HOST:
                    self._pulse.beat()
                    started, reason, why = loop.time(), "", ""
                    fruitless += 1
                    try:
                        async with aclosing(self._session(session, host, ledger)) as told:
                            async for event in told:
                                fruitless = 0
                                yield event
                    except _Ended as ended:
                        reason, why = ended.reason, str(ended)
                    except UpstreamError as ended:
                        reason, why = "error_frame", str(ended)
                        self._heed(ended, host, ledger)
                    except (aiohttp.ClientError, OSError, TimeoutError) as failed:
                        reason, why = "connect_failed", f"{type(failed).__name__}: {failed}"
                    if loop.time() - started > STEADY:
                        backoff.reset()
                    await self._wait(backoff.next(), host, reason, why)

    async def _session(
        self, session: aiohttp.ClientSession, host: str, ledger: CursorLedger
    ) -> AsyncGenerator[Event, None]:
        """One connection, until it ends with one of the errors that `events` knows."""
        cursor = self._dialect.oldest if self._from_oldest and ledger.position is None else ledger.position
        async with asyncio.timeout(CONNECT_TIMEOUT):
            socket = await self._connect(session, host, cursor)
        silence = Silence(socket, self._receive_timeout)
        try:
            self._connected(host, cursor)
            origin, decode = self._dialect.origin(host), self._dialect.decode
            stamp, stamped, fresh = "", 0.0, True
            while True:
                silence.listening()
                message = await socket.receive()
                moment = silence.heard()
                self._pulse.beat()
                if moment - stamped > STAMP_INTERVAL:
                    stamp, stamped = now(), moment
                if message.type is aiohttp.WSMsgType.BINARY:
                    event = decode(origin, message.data, stamp)
                elif message.type is aiohttp.WSMsgType.TEXT:
                    event = decode(origin, message.data.encode(), stamp)
                else:
                    raise _why_ended(message, socket, silence)
                if event.seq is not None:
                    if fresh:
                        self._check_resumed(event.seq, host, ledger)
                        fresh = self._from_oldest = False
                    self._count_skipped(event.seq, ledger.position)
                yield event
        finally:
            self._metrics.connected.set(0)
            await silence.end()
            await socket.close()

    async def _connect(
        self, session: aiohttp.ClientSession, host: str, cursor: int | None
    ) -> aiohttp.ClientWebSocketResponse:
        url = await self._dialect.url(session, host, cursor)
        try:
            return await session.ws_connect(
                url,
                protocols=self._dialect.subprotocols,
                max_msg_size=LARGEST_FRAME,
                compress=0,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT),
            )
        except aiohttp.WSServerHandshakeError as refused:
            if refused.status == BAD_REQUEST:
                await _raise_named(session, url)
            raise

    def _connected(self, host: str, cursor: int | None) -> None:
        self._metrics.connected.set(1)
        self._pulse.connected()
        if self._left not in (None, host) and cursor is None:
            self._metrics.gaps.labels("host_changed").inc()
            self._log.warning("no cursor for this host: what the last one had not told is missing", host=host)
        self._left = host
        self._log.info("upstream connected", host=host, cursor=cursor)

    def _heed(self, ended: UpstreamError, host: str, ledger: CursorLedger) -> None:
        if ended.name == "FutureCursor":
            self._forget("future_cursor", "upstream does not know our cursor: going on live", host, ledger)
        elif ended.name == "CursorTooOld":
            self._from_oldest = True
            self._forget("outdated_cursor", "upstream no longer has what follows our cursor", host, ledger)

    def _check_resumed(self, seq: int, host: str, ledger: CursorLedger) -> None:
        """A relay whose sequence has begun anew does not always say so. Where the sequence is a time, or the cursor was
        a time, to be told something older is nothing new."""
        if self._dialect.contiguous and ledger.position is not None and seq < ledger.position:
            self._forget("sequence_reset", "upstream counts anew, below our cursor: going on with it", host, ledger)

    def _forget(self, reason: str, what: str, host: str, ledger: CursorLedger) -> None:
        self._metrics.gaps.labels(reason).inc()
        self._log.error(what, host=host, cursor=ledger.position)
        ledger.forget()

    def _count_skipped(self, seq: int, position: int | None) -> None:
        if self._dialect.contiguous and position is not None and seq > position + 1:
            self._metrics.skipped.inc(seq - position - 1)

    async def _wait(self, delay: float, host: str, reason: str, why: str) -> None:
        self._metrics.reconnects.labels(reason).inc()
        self._pulse.lost(f"{host}: {why}")
        self._log.warning("upstream lost", host=host, reason=reason, why=why, retry_seconds=round(delay, 1))
        await asyncio.sleep(delay)


class Silence:
    """Closes a connection on which nothing was heard for `timeout` seconds of listening. The time that the reader
    spends elsewhere does not count: a full window is no silence. One timer a connection, as one a message costs more
    than the message."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, timeout: float) -> None:
        self._socket, self._timeout = socket, timeout
        self._loop = asyncio.get_running_loop()
        self._since: float | None = None
        self._timer = self._loop.call_later(timeout, self._look)
        self._closing: asyncio.Task[bool] | None = None

    @property
    def broken(self) -> bool:
        """Whether it was silence that closed the connection."""
        return self._closing is not None

    def listening(self) -> None:
        """From now on."""
        self._since = self._loop.time()

    def heard(self) -> float:
        """Something came. Gives the loop's time."""
        self._since = None
        return self._loop.time()

    async def end(self) -> None:
        """Watch no longer."""
        self._timer.cancel()
        if self._closing is not None:
            await self._closing

    def _look(self) -> None:
        quiet = self._loop.time() - self._since if self._since is not None else 0.0
        if quiet >= self._timeout:
            self._closing = self._loop.create_task(self._socket.close())
        else:
            self._timer = self._loop.call_later(self._timeout - quiet, self._look)


class _Ended(Exception):
    """The connection is over. `reason` is the token it is counted under."""

    def __init__(self, reason: str, why: str) -> None:
        super().__init__(why)
        self.reason = reason


def _why_ended(message: aiohttp.WSMessage, socket: aiohttp.ClientWebSocketResponse, silence: Silence) -> _Ended:
    if silence.broken:
        return _Ended("silence", "nothing was heard for too long")
    code = socket.close_code
    if message.type is aiohttp.WSMsgType.ERROR:
        why = f"{type(message.data).__name__}: {message.data}"
    else:
        why = f"closed with {code} {message.extra or ''}".strip()
    return _Ended(f"close_{code}" if code else "connection_lost", why)


async def _raise_named(session: aiohttp.ClientSession, url: str) -> None:
    """Ask once more for what was refused, as the client keeps no body of a failed upgrade. UpstreamError with the name
    that an XRPC error has in it, if it has one."""
    async with session.get(url) as answer:
        try:
            told = await answer.json(content_type=None)
        except ValueError:
            return
    if isinstance(told, dict) and isinstance(told.get("error"), str):
        raise UpstreamError(told["error"], str(told.get("message") or "")[:LONGEST_WORDS])
