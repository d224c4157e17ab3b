"""A relay whose frames are made beforehand, so that serving them costs little: `python -m benchmarks.relay PORT`."""

from __future__ import annotations

import sys

from aiohttp import web
from mock_ingest.wire import to_bytes
from mock_ingest.world import World

FRAMES = 60_000
FIRST = 1_000_000


def main() -> None:
    """Make the frames, say so, serve them to every client."""
    world = World(seed=1, rate=100.0)
    frames = [to_bytes(world.event(seq)) for seq in range(FIRST, FIRST + FRAMES)]

    async def subscribe(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        try:
            for one in frames:
                await socket.send_bytes(one)
            async for _ in socket:
                pass
        except ConnectionError:  # a client that has read enough
            return socket
        return socket

    app = web.Application()
    app.router.add_get("/xrpc/com.atproto.sync.subscribeRepos", subscribe)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=lambda *_: print("ready", flush=True))


if __name__ == "__main__":
    main()
