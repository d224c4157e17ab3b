"""The source `firehose`: com.atproto.sync.subscribeRepos over a WebSocket, with reconnects and fail-over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
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
CONNECT_TIMEOUT = 15.0  # seconds
LARGEST_FRAME = 64 * 1024 * 1024  # bytes; the protocol's own limit on a commit is 5 MB, but a frame must not stop us
HEARTBEAT = 20.0  # seconds between pings; an unanswered one ends the connection
STEADY = 30.0  # seconds after which a connection counts as good, and the next failure as the first

Resume = Callable[[str], Awaitable[CursorLedger]]


class Firehose:
    """Events from the first of `hosts` that serves us, for ever. Whatever ends a connection, a close with any code, an
    error frame, silence, is counted by reason and followed by the next host after a growing wait."""

    def __init__(self, hosts: list[str], resume: Resume, receive_timeout: float, metrics: Metrics, log: Log) -> None:
        self._hosts, self._resume, self._receive_timeout = hosts, resume, receive_timeout
        self._metrics, self._log = metrics, log
        self.trouble: str | None = "not connected to the firehose yet"

    async def events(self) -> AsyncIterator[Event]:
        """Every event in order. Stop reading and upstream is held back: nothing is queued here but what the socket
        buffers."""
        backoff = Backoff(first=0.5, most=60.0)
        loop = asyncio.get_running_loop()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_TIMEOUT)) as session:
            for host in cycle(self._hosts):
                ledger = await self._resume(host)
                started = loop.time()
                reason, why = "unknown", ""
                try:
                    async for event in self._session(session, host, ledger.position):
                        yield event
                except UpstreamError as ended:
                    reason, why = "error_frame", str(ended)
                    if ended.name == "FutureCursor":
                        self._metrics.gaps.labels("future_cursor").inc()
                        self._log.error(
                            "upstream does not know our cursor: going on live", host=host, cursor=ledger.position
                        )
                        ledger.forget()
                except _Ended as ended:
                    reason, why = ended.reason, str(ended)
                except (aiohttp.ClientError, OSError, TimeoutError) as failed:
                    reason, why = "connect_failed", f"{type(failed).__name__}: {failed}"
                self._metrics.connected.set(0)
                self._metrics.reconnects.labels(reason).inc()
                if loop.time() - started > STEADY:
                    backoff.reset()
                delay = backoff.next()
                self.trouble = f"{host}: {why}"
                self._log.warning("firehose lost", host=host, reason=reason, why=why, retry_seconds=round(delay, 1))
                await asyncio.sleep(delay)

    async def _session(self, session: aiohttp.ClientSession, host: str, position: int | None) -> AsyncIterator[Event]:
        query = {} if position is None else {"cursor": str(position)}
        async with session.ws_connect(
            f"{host}{PATH}", params=query, max_msg_size=LARGEST_FRAME, heartbeat=HEARTBEAT, compress=0
        ) as socket:
            self._metrics.connected.set(1)
            self.trouble = None
            self._log.info("firehose connected", host=host, cursor=position)
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


class _Ended(Exception):
    """The connection is over. `reason` is the token it is counted under."""

    def __init__(self, reason: str, why: str) -> None:
        super().__init__(why)
        self.reason = reason


def _why_closed(message: aiohttp.WSMessage, code: int | None) -> str:
    if message.type is aiohttp.WSMsgType.ERROR:
        return f"{type(message.data).__name__}: {message.data}"
    return f"closed with {code} {message.extra or ''}".strip()
