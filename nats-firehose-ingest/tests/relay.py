"""A relay for tests: serves recorded frames over a real WebSocket by the rules of subscribeRepos."""

from __future__ import annotations

import asyncio
import json
import lzma
import os
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import libipld
from aiohttp import WSCloseCode, web
from atproto import CAR, firehose_models, models, parse_subscribe_repos_message

PDS_FRAMES = Path(__file__).with_name("data") / "pds-600-frames.bin.xz"
RECORDING = Path(
    os.environ.get("RELAY_RECORDING", Path(__file__).parents[3] / "shared" / "data" / "atproto" / "relay-2026-07-04")
)
"""Frames of the production relay and what production Jetstream made of them: posts of people, not ours to ship."""

Found = dict[str, tuple[str, str, list[str], str]]
"""CID, text, languages and createdAt of each post, by uri."""

Change = tuple[str, str, str | None, str | None]
"""Action, uri, CID and revision of an operation on a post."""


def split(recording: bytes) -> Iterator[bytes]:
    """The frames of a recording, each behind its length (u32, little-endian)."""
    position = 0
    while position < len(recording):
        (length,) = struct.unpack_from("<I", recording, position)
        yield recording[position + 4 : position + 4 + length]
        position += 4 + length


def pds_frames() -> list[bytes]:
    return list(split(lzma.decompress(PDS_FRAMES.read_bytes())))


def relay_frames() -> list[bytes]:
    return list(split((RECORDING / "frames.u32le.bin").read_bytes()))


def posts_by_the_sdk(frame: bytes) -> Found:
    """The posts that a frame creates, as the AT Protocol SDK reads them, which shares no code with ours."""
    message = parse_subscribe_repos_message(firehose_models.MessageFrame.from_bytes(frame))
    found: Found = {}
    if not isinstance(message, models.ComAtprotoSyncSubscribeRepos.Commit):
        return found
    blocks = CAR.from_bytes(message.blocks).blocks
    for op in message.ops:
        if op.action == "create" and op.path.startswith("app.bsky.feed.post/"):
            post = blocks[op.cid]
            uri = f"at://{message.repo}/{op.path}"
            found[uri] = (str(op.cid), post["text"], post.get("langs", []), post["createdAt"])
    return found


def changes_by_the_sdk(frame: bytes) -> list[Change]:
    """What a frame does to posts, as the AT Protocol SDK reads it."""
    message = parse_subscribe_repos_message(firehose_models.MessageFrame.from_bytes(frame))
    if not isinstance(message, models.ComAtprotoSyncSubscribeRepos.Commit):
        return []
    return [
        (op.action, f"at://{message.repo}/{op.path}", str(op.cid) if op.cid else None, message.rev)
        for op in message.ops
        if op.path.startswith("app.bsky.feed.post/")
    ]


def made_by_jetstream() -> Found:
    """The posts created in the recording, as production Jetstream told them."""
    made: Found = {}
    for line in (RECORDING / "expected_v1.jsonl").read_text().splitlines():
        event = json.loads(line)
        done = event.get("commit", {})
        if done.get("operation") == "create" and done["collection"] == "app.bsky.feed.post":
            post = done["record"]
            uri = f"at://{event['did']}/{done['collection']}/{done['rkey']}"
            made[uri] = (done["cid"], post["text"], post.get("langs", []), post["createdAt"])
    return made


def sequence(frame: bytes) -> int | None:
    try:
        _, body = libipld.decode_dag_cbor_multi(frame)
        return body.get("seq")
    except (ValueError, AttributeError):
        return None


def encode(header: object, body: object) -> bytes:
    return libipld.encode_dag_cbor(header) + libipld.encode_dag_cbor(body)


@dataclass
class Relay:
    """`frames` are sent to a client whose cursor is below their sequence; then the connection stays open, unless
    `close_with` says how it ends or `last_word` is an error frame. `cut_after` drops the TCP connection after so many
    frames, once for each entry."""

    frames: list[bytes]
    close_with: list[int] = field(default_factory=list)
    cut_after: list[int] = field(default_factory=list)
    greetings: list[bytes] = field(default_factory=list)
    cursors: list[int | None] = field(default_factory=list)
    url: str = ""
    live: bool = False
    """Without a cursor, tell the newest event only, as a relay does."""
    mute: bool = False
    """Tell nothing live, and nothing that begins at the beginning, as a host too slow for a search."""
    mute_for_searches: int = 0
    """Tell so many connections without a cursor, or with 0, nothing."""
    future_cursor: bool = False
    """Answer a cursor beyond the newest event with the error frame."""
    deaf: bool = False
    """Do not heed a cursor beyond the newest event: tell all of it, as a host whose sequence has begun anew."""

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        cursor = int(request.query["cursor"]) if "cursor" in request.query else None
        self.cursors.append(cursor)
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        while self.greetings:
            await socket.send_bytes(self.greetings.pop(0))
        if self.live and cursor is None:
            cursor = (sequence(self.frames[-1]) or 0) - 1
        if self.future_cursor and cursor and cursor > (sequence(self.frames[-1]) or 0):
            await socket.send_bytes(encode({"op": -1}, {"error": "FutureCursor", "message": "no"}))
            await socket.close()
            return socket
        if self.mute_for_searches and not cursor:
            self.mute_for_searches -= 1
            await asyncio.sleep(60)
        if self.mute and not cursor:
            await asyncio.sleep(60)
        if self.deaf and cursor and cursor > (sequence(self.frames[-1]) or 0):
            cursor = 0
        cut = self.cut_after.pop(0) if self.cut_after else None
        sent, reached = 0, cursor or 0
        for frame in self.frames:
            reached = max(reached, sequence(frame) or reached)
            if cursor is not None and reached <= cursor:
                continue
            if cut is not None and sent >= cut:
                assert request.transport is not None
                request.transport.abort()
                return socket
            await socket.send_bytes(frame)
            sent += 1
        if self.close_with:
            await socket.close(code=self.close_with.pop(0))
        else:
            async for _ in socket:
                pass
        return socket

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_get("/xrpc/com.atproto.sync.subscribeRepos", self.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        self.url = f"ws://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self.url
        finally:
            await runner.cleanup()


GOING_AWAY = int(WSCloseCode.GOING_AWAY)
