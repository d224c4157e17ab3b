"""A host of the firehose that fails in every way that hosts do, serving a world of mock-ingest by the rules of
subscribeRepos. It runs in the test's own process, so that each fault comes at a moment that the test draws.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from aiohttp import WSCloseCode, web
from mock_ingest import frames
from mock_ingest.events import Event, Garbage
from mock_ingest.timeline import FutureCursor, Timeline
from mock_ingest.wire import to_bytes
from mock_ingest.world import World
from pipeline_core.testing import free_port

PATH = "/xrpc/com.atproto.sync.subscribeRepos"
TICK = 0.01  # seconds between looks at the clock by a client that has everything
BURST = 32  # frames between two chances for the rest of the process
FRAMES_KEPT = 4000  # of about 6 KB: what a client reads again after a reconnect
CLOSE_TIMEOUT = 30.0  # seconds that a client has to answer our close frame, which it may find behind much else


@dataclass(frozen=True, slots=True)
class Ending:
    """How a connection ends: after an error frame of this name, with a close frame of this code, or, where there is
    neither, with the TCP connection gone."""

    code: int | None = None
    error: str | None = None

    @property
    def reason(self) -> str:
        """What ingest is to count it as."""
        return "error_frame" if self.error is not None else f"close_{self.code or WSCloseCode.ABNORMAL_CLOSURE}"


GONE = Ending()


@dataclass(eq=False)
class _Client:
    ending: asyncio.Future[Ending]
    heard: asyncio.Event = field(default_factory=asyncio.Event)  # cleared: nothing more is told on this connection


class FaultyRelay:
    """The event `seq` of the world is told as number `seq - shift`, so that two hosts, or one before and after it was
    set up anew, count the same story differently."""

    def __init__(self, world: World, timeline: Timeline, shift: int = 0) -> None:
        self.shift = shift
        self.shifts = {shift}
        """All that were used so far."""
        self.sent = 0
        """Frames so far."""
        self.welcomed = 0
        """Connections so far."""
        self._port = free_port()
        self._timeline = timeline
        self._frame = lru_cache(FRAMES_KEPT)(lambda seq, shift: told_as(world.event(seq), seq - shift))
        self._clients: set[_Client] = set()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Its WebSocket base URL, for all its lives."""
        return f"ws://127.0.0.1:{self._port}"

    @property
    def clients(self) -> int:
        """Connections that stand and are told something."""
        return sum(client.heard.is_set() for client in self._clients)

    async def up(self) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_get(PATH, self._subscribe)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()

    async def down(self) -> None:
        """Drop every connection and listen no longer."""
        if self._runner is None:
            return
        self.end(GONE)
        await self._runner.cleanup()
        self._runner = None

    def end(self, ending: Ending) -> None:
        """End every connection there is."""
        for client in self._clients:
            if not client.ending.done():
                client.ending.set_result(ending)

    def fall_silent(self) -> None:
        """Tell nothing more on the connections there are, which stay."""
        for client in self._clients:
            client.heard.clear()

    def count_anew(self, shift: int) -> None:
        """Come back with other numbers, as a host does whose sequence was lost."""
        self.shift = shift
        self.shifts.add(shift)
        self.end(GONE)

    async def _subscribe(self, request: web.Request) -> web.WebSocketResponse:
        cursor = int(request.query["cursor"]) if "cursor" in request.query else None
        socket = web.WebSocketResponse(compress=False, timeout=CLOSE_TIMEOUT)
        try:
            await socket.prepare(request)
        except ConnectionError as left:  # the client, meanwhile
            raise web.HTTPServiceUnavailable from left
        client = _Client(asyncio.get_running_loop().create_future())
        client.heard.set()
        self._clients.add(client)
        self.welcomed += 1
        telling = asyncio.create_task(self._tell(client, socket, cursor))
        listening = asyncio.create_task(_listen(socket))
        try:
            endings: set[asyncio.Future[Any]] = {telling, listening, client.ending}
            await asyncio.wait(endings, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._clients.discard(client)
            telling.cancel()
            listening.cancel()
            outcome, _ = await asyncio.gather(telling, listening, return_exceptions=True)
        if isinstance(outcome, Exception) and not isinstance(outcome, ConnectionError):
            raise outcome
        await _end(request, socket, client.ending.result() if client.ending.done() else Ending(WSCloseCode.OK))
        return socket

    async def _tell(self, client: _Client, socket: web.WebSocketResponse, cursor: int | None) -> None:
        """Send the backlog as fast as the client reads, then each event when it happens."""
        shift = self.shift
        try:
            start = self._timeline.start(None if cursor is None else cursor + shift)
        except FutureCursor:
            client.ending.set_result(Ending(error="FutureCursor"))
            return
        if start.outdated:
            await socket.send_bytes(frames.info("OutdatedCursor", "going on with the oldest event there is"))
        seq = start.after
        while True:
            head = self._timeline.head()
            while seq < head:
                await client.heard.wait()
                seq += 1
                await socket.send_bytes(self._frame(seq, shift))
                self.sent += 1
                if seq % BURST == 0:
                    await asyncio.sleep(0)
            await asyncio.sleep(TICK)


def told_as(event: Event, number: int) -> bytes:
    """The frame of an event under another sequence number."""
    if isinstance(event, Garbage):
        event = replace(event, commit=replace(event.commit, seq=number))
    return to_bytes(replace(event, seq=number))


async def _listen(socket: web.WebSocketResponse) -> None:
    """Notice the close."""
    async for _ in socket:
        pass


async def _end(request: web.Request, socket: web.WebSocketResponse, ending: Ending) -> None:
    if ending == GONE:
        if request.transport is not None:
            request.transport.abort()
        return
    if ending.error is not None and not socket.closed:
        await socket.send_bytes(frames.error(ending.error, "a fault of this relay"))
    await socket.close(code=ending.code or WSCloseCode.POLICY_VIOLATION)
