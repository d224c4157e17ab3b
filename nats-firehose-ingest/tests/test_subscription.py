"""What a hostile or broken host can do to the one subscription: end it, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import libipld
import pytest
from aiohttp import web
from nats_firehose_ingest.events import Event, UpstreamError
from nats_firehose_ingest.sources.firehose import Firehose
from nats_firehose_ingest.sources.subscription import LARGEST_REFUSAL, Ended, subscription
from nats_firehose_ingest.untrusted import LONGEST_WORDS
from relay import encode

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/xrpc/com.atproto.sync.subscribeRepos", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"ws://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def told_by(handler: Handler) -> list[Event]:
    async with (
        serving(handler) as url,
        aiohttp.ClientSession() as session,
        subscription(session, Firehose(), url, None, 60.0) as events,
    ):
        return [event async for event in events]


def refusing(body: bytes) -> Handler:
    async def refuse(_: web.Request) -> web.StreamResponse:
        return web.Response(status=400, body=body)

    return refuse


def saying(frame: bytes) -> Handler:
    async def say(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        await socket.send_bytes(frame)
        await socket.close()
        return socket

    return say


async def test_a_refusal_is_told_by_its_name_and_the_beginning_of_its_words() -> None:
    long = f'{{"error": "{"E" * 1000}", "message": "{"m" * 1000}"}}'
    with pytest.raises(UpstreamError, match="FutureCursor: no such"):
        await told_by(refusing(b'{"error": "FutureCursor", "message": "no such"}'))
    with pytest.raises(UpstreamError) as refused:
        await told_by(refusing(long.encode()))
    assert str(refused.value) == f"{'E' * LONGEST_WORDS}: {'m' * LONGEST_WORDS}"


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b'{"error": 7}', b"[" * 100_000, b"[" * 10_000])
async def test_a_refusal_that_says_nothing_is_a_failed_connection(body: bytes) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await told_by(refusing(body))


async def test_of_a_refusal_without_end_only_the_beginning_is_read() -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(status=400)
        await answer.prepare(request)
        while True:
            await answer.write(b" " * (LARGEST_REFUSAL // 4))
            await asyncio.sleep(0.01)

    with pytest.raises(aiohttp.WSServerHandshakeError):
        await told_by(refuse)


@pytest.mark.parametrize(("size", "fits"), [(5_000_000, True), (9_000_000, False)])
async def test_a_frame_far_beyond_the_protocols_limit_ends_the_connection(size: int, fits: bool) -> None:
    frame = encode({"op": 1, "t": "#sync"}, {"seq": 7, "blocks": bytes(size)})
    assert libipld.decode_dag_cbor_multi(frame)[1]["seq"] == 7
    with pytest.raises(Ended) as ended:
        await told_by(saying(frame))
    assert (ended.value.reason != "close_1009") == fits
