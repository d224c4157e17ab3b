"""One subscription: a WebSocket to one host, and the events that come over it until it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import aiohttp
from pipeline_core.timestamps import now

from nats_firehose_ingest.events import Event, UpstreamError

CONNECT_TIMEOUT = 15.0  # seconds until a host has answered the upgrade to a WebSocket
CLOSE_TIMEOUT = 1.0  # seconds for upstream's answer to our close; a backlog on its way can hold that up
# Bytes of a frame. The protocol's own limit is 5 MB, and what is small in a frame can be large in memory: an empty
# array is one byte there and some seventy here.
LARGEST_FRAME = 8 * 1024 * 1024
BAD_REQUEST = 400  # the HTTP status of a subscription that is refused for what it asks
LARGEST_REFUSAL = 64 * 1024  # bytes read of a refusal, which is an error's name and a sentence
STAMP_INTERVAL = 0.001  # seconds that one reading of the clock serves: a stamp shows milliseconds


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

    def since(self, moment: float) -> int | None:
        """A cursor that asks for everything since `moment`, in seconds since 1970, where a cursor can be a time."""
        ...

    async def url(self, session: aiohttp.ClientSession, host: str, cursor: int | None) -> str:
        """Where to connect to go on after `cursor`, or live where it is None. Whatever must be fetched beforehand is
        fetched by `session`."""
        ...

    def decode(self, origin: str, data: bytes, received_at: str) -> Event:
        """The event in one WebSocket message. Whatever is wrong with it is part of the event. UpstreamError for an
        error frame."""
        ...


class Ended(Exception):
    """The subscription is over. `reason` is the token it is counted under."""

    def __init__(self, reason: str, why: str) -> None:
        super().__init__(why)
        self.reason = reason


@asynccontextmanager
async def subscription(
    session: aiohttp.ClientSession, dialect: Dialect, host: str, cursor: int | None, receive_timeout: float
) -> AsyncIterator[AsyncGenerator[Event, None]]:
    """The events that `host` tells after `cursor`. They end by Ended or UpstreamError, never otherwise; a host that
    cannot be reached gives aiohttp's ClientError, OSError or TimeoutError.

    No pings are sent: while a full window stops the reading, their answers would not be read either, and a healthy
    connection would be cut.
    """
    async with asyncio.timeout(CONNECT_TIMEOUT):
        socket = await _connect(session, dialect, host, cursor)
    silence = Silence(socket, receive_timeout)
    try:
        yield _events(socket, silence, dialect, dialect.origin(host))
    finally:
        await silence.end()
        await socket.close()


async def _events(
    socket: aiohttp.ClientWebSocketResponse, silence: Silence, dialect: Dialect, origin: str
) -> AsyncGenerator[Event, None]:
    decode, clock, stamp, stamped = dialect.decode, asyncio.get_running_loop().time, "", 0.0
    while True:
        silence.listening = True
        message = await socket.receive()
        silence.heard()
        moment = clock()
        if moment - stamped > STAMP_INTERVAL:
            stamp, stamped = now(), moment
        if message.type is aiohttp.WSMsgType.BINARY:
            yield decode(origin, message.data, stamp)
        elif message.type is aiohttp.WSMsgType.TEXT:
            yield decode(origin, message.data.encode(), stamp)
        else:
            raise _why_ended(message, socket, silence)


async def _connect(
    session: aiohttp.ClientSession, dialect: Dialect, host: str, cursor: int | None
) -> aiohttp.ClientWebSocketResponse:
    url = await dialect.url(session, host, cursor)
    try:
        return await session.ws_connect(
            url,
            protocols=dialect.subprotocols,
            max_msg_size=LARGEST_FRAME,
            compress=0,
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT),
        )
    except aiohttp.WSServerHandshakeError as refused:
        if refused.status == BAD_REQUEST:
            await _raise_named(session, url)
        raise


async def _raise_named(session: aiohttp.ClientSession, url: str) -> None:
    """Ask once more for what was refused, as the client keeps no body of a failed upgrade. UpstreamError with the name
    that an XRPC error has in it, if it has one."""
    async with session.get(url) as answer:
        body = await _beginning(answer.content)
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return
    if isinstance(told, dict) and isinstance(told.get("error"), str):
        raise UpstreamError(told["error"], str(told.get("message") or ""))


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    body = b""
    while len(body) < LARGEST_REFUSAL and (chunk := await content.read(LARGEST_REFUSAL - len(body))):
        body += chunk
    return body


def _why_ended(message: aiohttp.WSMessage, socket: aiohttp.ClientWebSocketResponse, silence: Silence) -> Ended:
    if silence.broken:
        return Ended("silence", "nothing was heard for too long")
    code = socket.close_code
    if message.type is aiohttp.WSMsgType.ERROR:
        why = f"{type(message.data).__name__}: {message.data}"
    else:
        why = f"closed with {code} {message.extra or ''}".strip()
    return Ended(f"close_{code}" if code else "connection_lost", why)


class Silence:
    """Closes a connection on which nothing was heard for `timeout` seconds of listening, or up to a quarter longer. The
    time that the reader spends elsewhere does not count: a full window is no silence. It looks now and then, as a timer
    a message would cost more than the message."""

    _LOOKS = 4  # in `timeout` seconds

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, timeout: float) -> None:
        self._socket, self._interval = socket, timeout / self._LOOKS
        self._loop = asyncio.get_running_loop()
        self.listening = False
        """Set by the reader before it waits for a message, and cleared when one came."""
        self._heard_since_look = False
        self._quiet_looks = 0
        self._timer = self._loop.call_later(self._interval, self._look)
        self._closing: asyncio.Task[bool] | None = None

    @property
    def broken(self) -> bool:
        """Whether it was silence that closed the connection."""
        return self._closing is not None

    def heard(self) -> None:
        """A message came."""
        self.listening, self._heard_since_look = False, True

    async def end(self) -> None:
        """Watch no longer."""
        self._timer.cancel()
        if self._closing is not None:
            await self._closing

    def _look(self) -> None:
        quiet = self.listening and not self._heard_since_look
        self._quiet_looks = self._quiet_looks + 1 if quiet else 0
        self._heard_since_look = False
        if self._quiet_looks > self._LOOKS - 1:
            self._closing = self._loop.create_task(self._socket.close())
        else:
            self._timer = self._loop.call_later(self._interval, self._look)
