"""The source `firehose`: com.atproto.sync.subscribeRepos over a WebSocket, with reconnects and fail-over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from itertools import cycle

import aiohttp
from pipeline_core.backoff import Backoff
from pipeline_core.logs import Log
from pipeline_core.timestamps import now

from nats_firehose_ingest.events import Event, UpstreamError
from nats_firehose_ingest.frames import decode
from nats_firehose_ingest.ledger import CursorLedger
from nats_firehose_ingest.metrics import Metrics

PATH = "/xrpc/com.atproto.sync.subscribeRepos"
CONNECT_TIMEOUT = 15.0  # seconds until a host has answered the upgrade to a WebSocket
CLOSE_TIMEOUT = 1.0  # seconds for upstream's answer to our close; a backlog on its way can hold that up
LARGEST_FRAME = 64 * 1024 * 1024  # bytes; the protocol's own limit on a commit is 5 MB, but a frame must not stop us
STEADY = 30.0  # seconds after which a connection counts as good, and the next failure as the first
ATTEMPTS_AT_A_HOST = 3  # in a row, without a single event, before the next host's turn

Resume = Callable[[str], Awaitable[CursorLedger]]


class Firehose:
    """Events of one of `hosts` for ever. Whatever ends a connection, a close with any code, an error frame, silence, is
    counted by reason and followed by another after a growing wait.

    It stays with a host that gives events, as only there its cursor means something: another host tells what comes,
    not what was missed. So the next host has its turn only after several fruitless attempts, and if no cursor is stored
    for it that is a gap, counted and said. No pings are sent: while a full window stops the reading, their answers
    would not be read either, and a healthy connection would be cut.
    """

    def __init__(self, hosts: list[str], resume: Resume, receive_timeout: float, metrics: Metrics, log: Log) -> None:
        self._hosts, self._resume, self._receive_timeout = hosts, resume, receive_timeout
        self._metrics, self._log = metrics, log
        self._left: str | None = None  # the host that was read from before this one
        self.trouble: str | None = "not connected to the firehose yet"

    async def events(self) -> AsyncIterator[Event]:
        """Every event in order. Stop reading and upstream is held back: nothing is queued here but what the socket
        buffers."""
        backoff = Backoff(first=0.5, most=60.0)
        loop = asyncio.get_running_loop()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
            for host in cycle(self._hosts):
                ledger, fruitless = await self._resume(host), 0
                while fruitless < ATTEMPTS_AT_A_HOST:
                    started, reason, why = loop.time(), "", ""
                    fruitless += 1
                    try:
                        async for event in self._session(session, host, ledger):
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
        async with asyncio.timeout(CONNECT_TIMEOUT):
            query = {} if ledger.position is None else {"cursor": str(ledger.position)}
            socket = await session.ws_connect(
                f"{host}{PATH}",
                params=query,
                max_msg_size=LARGEST_FRAME,
                compress=0,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT),
            )
        try:
            self._connected(host, ledger.position)
            while True:
                try:
                    message = await socket.receive(self._receive_timeout)
                except TimeoutError as silent:
                    raise _Ended("silence", f"nothing for {self._receive_timeout} s") from silent
                if message.type is aiohttp.WSMsgType.BINARY:
                    yield decode(host, message.data, now())
                elif message.type is aiohttp.WSMsgType.TEXT:
                    yield decode(host, message.data.encode(), now())
                else:
                    code = socket.close_code
                    raise _Ended(f"close_{code}" if code else "connection_lost", _why_closed(message, code))
        finally:
            self._metrics.connected.set(0)
            await socket.close()

    def _connected(self, host: str, position: int | None) -> None:
        self._metrics.connected.set(1)
        self.trouble = None
        if self._left not in (None, host) and position is None:
            self._metrics.gaps.labels("host_changed").inc()
            self._log.warning("no cursor for this host: what the last one had not told is missing", host=host)
        self._left = host
        self._log.info("firehose connected", host=host, cursor=position)

    def _heed(self, ended: UpstreamError, host: str, ledger: CursorLedger) -> None:
        if ended.name != "FutureCursor":
            return
        self._metrics.gaps.labels("future_cursor").inc()
        self._log.error("upstream does not know our cursor: going on live", host=host, cursor=ledger.position)
        ledger.forget()

    async def _wait(self, delay: float, host: str, reason: str, why: str) -> None:
        self._metrics.reconnects.labels(reason).inc()
        self.trouble = f"{host}: {why}"
        self._log.warning("firehose lost", host=host, reason=reason, why=why, retry_seconds=round(delay, 1))
        await asyncio.sleep(delay)


class _Ended(Exception):
    """The connection is over. `reason` is the token it is counted under."""

    def __init__(self, reason: str, why: str) -> None:
        super().__init__(why)
        self.reason = reason


def _why_closed(message: aiohttp.WSMessage, code: int | None) -> str:
    if message.type is aiohttp.WSMsgType.ERROR:
        return f"{type(message.data).__name__}: {message.data}"
    return f"closed with {code} {message.extra or ''}".strip()
