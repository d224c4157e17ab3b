"""The world as a firehose: ``com.atproto.sync.subscribeRepos`` over WebSocket, for any number of clients.

A client costs nothing but its place in the story: what it has not read yet is not kept for it but told again. So a
slow client slows down nobody but itself, and none is ever dropped for being slow.
"""

import asyncio
import json
import time
from functools import lru_cache

from aiohttp import WSCloseCode, web
from pipeline_core.endpoints import serve
from pipeline_core.service import Service
from prometheus_client import CollectorRegistry, Counter, Gauge

from mock_ingest import frames
from mock_ingest.settings import MockSettings
from mock_ingest.timeline import FutureCursor, Timeline
from mock_ingest.wire import to_bytes
from mock_ingest.world import World

PATH = "/xrpc/com.atproto.sync.subscribeRepos"
#: Seconds between looks at the clock by a client that has everything: a frame is at most this late.
_TICK = 0.02
#: Frames of a backlog between two chances for other clients and for the health endpoints.
_BURST = 32
#: Frames kept for clients that read the same part of the story, of about 6 KB each.
_FRAMES_KEPT = 2_000
#: Seconds that a client has to answer our close frame.
_CLOSE_TIMEOUT = 1.0
#: The digits of the largest sequence number, an int64.
_CURSOR_DIGITS = 19


class Firehose:
    """The WebSocket endpoint over one timeline."""

    def __init__(self, world: World, timeline: Timeline, registry: CollectorRegistry) -> None:
        self._timeline = timeline
        self._frame = lru_cache(_FRAMES_KEPT)(lambda seq: to_bytes(world.event(seq)))
        self._stopping = asyncio.Event()
        self._clients = Gauge("mock_ingest_clients", "Clients connected to the firehose", registry=registry)
        self._sent = Counter("mock_ingest_frames_sent", "Frames sent, of all clients together", registry=registry)

    def application(self) -> web.Application:
        """The endpoint as an aiohttp application; its clients are closed with 1001 when it shuts down."""
        app = web.Application()
        app.router.add_get(PATH, self._subscribe)
        app.on_shutdown.append(self._stop)
        return app

    async def _stop(self, _: web.Application) -> None:
        self._stopping.set()

    async def _subscribe(self, request: web.Request) -> web.StreamResponse:
        cursor = _cursor(request)
        socket = web.WebSocketResponse(compress=False, timeout=_CLOSE_TIMEOUT)
        if not socket.can_prepare(request):
            raise _bad_request("this method is a subscription: connect with WebSocket")
        await socket.prepare(request)
        with self._clients.track_inprogress():
            code = await self._until_over(socket, cursor)
            await socket.close(code=code)
        return socket

    async def _until_over(self, socket: web.WebSocketResponse, cursor: int | None) -> int:
        """Tell the story until it ends, the client leaves or the server stops; the code to close with."""
        telling = asyncio.create_task(self._tell(socket, cursor))
        listening = asyncio.create_task(_listen(socket))
        stopping = asyncio.create_task(self._stopping.wait())
        tasks = {telling, listening, stopping}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(telling, listening, stopping, return_exceptions=True)
        told = outcomes[0]
        if isinstance(told, int):
            return told
        if isinstance(told, Exception) and not isinstance(told, ConnectionError):
            raise told
        return WSCloseCode.GOING_AWAY if self._stopping.is_set() else WSCloseCode.OK

    async def _tell(self, socket: web.WebSocketResponse, cursor: int | None) -> int:
        """Send the backlog as fast as the client reads, then each event when it happens."""
        try:
            start = self._timeline.start(cursor)
        except FutureCursor:
            await socket.send_bytes(frames.error("FutureCursor", "the cursor is ahead of this stream"))
            return WSCloseCode.POLICY_VIOLATION
        if start.outdated:
            text = "the cursor is older than what is kept; continuing with the oldest event there is"
            await socket.send_bytes(frames.info("OutdatedCursor", text))
        seq = start.after
        while not self._timeline.is_over(seq):
            seq = await self._send_up_to(self._timeline.head(), seq, socket)
            await asyncio.sleep(_TICK)
        return WSCloseCode.OK

    async def _send_up_to(self, head: int, seq: int, socket: web.WebSocketResponse) -> int:
        while seq < head:
            seq += 1
            await socket.send_bytes(self._frame(seq))
            self._sent.inc()
            if seq % _BURST == 0:
                await asyncio.sleep(0)
        return seq


async def serve_firehose(service: Service[MockSettings]) -> None:
    """Serve until cancelled."""
    settings, log = service.settings, service.log
    world = World(
        settings.seed,
        settings.rate,
        post_share=settings.post_share,
        hostile_share=settings.hostile_share,
        garbage_share=settings.garbage_share,
    )
    timeline = Timeline(world, lambda: time.time_ns() // 1_000, settings.retention_seconds, settings.count)
    head = Gauge("mock_ingest_head", "Sequence number of the newest event", registry=service.registry)
    head.set_function(timeline.head)
    app = Firehose(world, timeline, service.registry).application()
    listening = False
    service.health.ready_while("firehose", lambda: None if listening else "not listening yet")
    async with serve(app, settings.firehose_host, settings.firehose_port, "FIREHOSE_PORT") as port:
        listening = True
        log.info(
            "firehose", url=f"ws://{settings.firehose_host}:{port}{PATH}", seed=settings.seed, head=timeline.head()
        )
        await asyncio.Event().wait()


async def _listen(socket: web.WebSocketResponse) -> None:
    """Answer pings and notice the close. What a client says means nothing to a firehose."""
    async for _ in socket:
        pass


def _cursor(request: web.Request) -> int | None:
    text = request.query.get("cursor")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _CURSOR_DIGITS):
        raise _bad_request("cursor must be a whole number of at most 19 digits")
    return int(text)


def _bad_request(text: str) -> web.HTTPBadRequest:
    body = json.dumps({"error": "InvalidRequest", "message": text})
    return web.HTTPBadRequest(text=body, content_type="application/json")
