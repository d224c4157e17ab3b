"""A Jetstream for tests: tells what is in recorded frames over a real WebSocket by the rules of both versions."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib import resources
from typing import Any

import libipld
import zstandard
from aiohttp import WSCloseCode, web
from atproto import CAR

NSID = "network.bsky.jetstream.subscribeEvents"
FIRST_MOMENT = 1_783_175_888_000_000  # microseconds: the fourth of July 2026
DICTIONARY_V1 = resources.files("nats_firehose_ingest").joinpath("data", "jetstream_v1.zdict").read_bytes()


@dataclass(frozen=True)
class Told:
    """One event. `body` is the operation of a commit, or upstream's own event of another kind."""

    seq: int
    kind: str
    did: str
    body: dict[str, Any]

    @property
    def time_us(self) -> int:
        return FIRST_MOMENT + self.seq  # no two are closer to each other

    @cached_property
    def v1(self) -> bytes:
        return line({"did": self.did, "time_us": self.time_us, "kind": self.kind, self.kind: self.body})

    @cached_property
    def v2(self) -> bytes:
        time = datetime.fromtimestamp(self.time_us / 1e6, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        inside = self.body if self.kind == "commit" else {self.kind: self.body}
        head = {"$type": f"{NSID}#{self.kind}", "seq": self.seq, "did": self.did, "time": time, "witnessedAt": time}
        return line({"$type": "message", "payload": head | inside})


def line(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def told(frames: Iterable[bytes]) -> list[Told]:
    """What Jetstream makes of a relay's frames: an event of each operation, and of what is no commit."""
    found: list[Told] = []
    for frame in frames:
        header, body = libipld.decode_dag_cbor_multi(frame)
        kind = header["t"].removeprefix("#")
        if kind != "commit":
            found.append(Told(len(found) + 1, kind, body["did"], dag_json(body)))
            continue
        blocks = CAR.from_bytes(body["blocks"]).blocks
        for op in body["ops"]:
            collection, rkey = op["path"].split("/")
            done = {"rev": body["rev"], "operation": op["action"], "collection": collection, "rkey": rkey}
            if op["cid"] is not None:
                cid = libipld.encode_cid(op["cid"])
                done |= {"record": dag_json(blocks[cid]), "cid": cid}
            found.append(Told(len(found) + 1, "commit", body["repo"], done))
    return found


def dag_json(value: Any) -> Any:
    """Links and bytes as DAG-JSON writes them (ipld.io/specs/codecs/dag-json)."""
    if isinstance(value, dict):
        return {key: dag_json(inside) for key, inside in value.items()}
    if isinstance(value, list):
        return [dag_json(inside) for inside in value]
    if isinstance(value, bytes):
        is_link = len(value) == 36 and value[:1] == b"\x01"
        return {"$link": libipld.encode_cid(value)} if is_link else {"$bytes": base64.b64encode(value).decode()}
    return value


def trained(lines: list[bytes], dictionary_id: int) -> bytes:
    """A zstd dictionary made of `lines`."""
    return zstandard.train_dictionary(16 * 1024, lines, dict_id=dictionary_id).as_bytes()


def packer(dictionary: bytes) -> zstandard.ZstdCompressor:
    return zstandard.ZstdCompressor(dict_data=zstandard.ZstdCompressionDict(dictionary))


@dataclass
class Jetstream:
    """`told` is sent from the cursor on, or all of it to who has none, as if it just happened; then the connection
    stays open, unless `close_with` says how it ends. After as many events as the next entry of `cut_after` the TCP
    connection is dropped, or of `slow_after` closed with ConsumerTooSlow. Sequences below `floor` are no longer there.
    Of `dictionaries` the first is the current one; each time it was fetched the next takes its place, until the last.
    """

    told: list[Told]
    dictionaries: list[bytes] = field(default_factory=list)
    floor: int = 1
    cut_after: list[int] = field(default_factory=list)
    slow_after: list[int] = field(default_factory=list)
    close_with: list[int] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    fetched: int = 0
    url: str = ""

    async def handle_v1(self, request: web.Request) -> web.StreamResponse:
        query = self._ask(request)
        wanted, cursor = request.query.getall("wantedCollections", []), int(query.get("cursor", 0))
        if cursor > self.told[-1].time_us:
            cursor = 0
        events = [
            event
            for event in self._kept()
            if event.time_us >= cursor and event.kind != "sync" and _is_wanted(event, wanted)
        ]
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        pack = packer(DICTIONARY_V1) if query.get("compress") == "true" else None
        return await self._serve(request, socket, [], [event.v1 for event in events], pack)

    async def handle_v2(self, request: web.Request) -> web.StreamResponse:
        query = self._ask(request)
        cursor, notices = int(query.get("cursor", 0)), list[bytes]()
        if "wantedCollections" in query or "compress" in query:
            return refused("InvalidRequest", "that is version 1")
        if cursor >= 10**15:
            oldest = self._kept()[0]
            if cursor < oldest.time_us:
                notices.append(info("OutdatedCursor", f"resumed at {oldest.seq}"))
            cursor = next((event.seq for event in self._kept() if event.time_us >= cursor), self.told[-1].seq + 1)
        elif 0 < cursor < self.floor:
            return refused("CursorTooOld", f"the floor is {self.floor}")
        elif cursor > self.told[-1].seq + 1:
            notices.append(info("FutureCursor", "going on live"))
            cursor = 0
        pack = None
        if "zstdDictionary" in query:
            if int(query["zstdDictionary"]) != zstandard.ZstdCompressionDict(self.dictionaries[0]).dict_id():
                return refused("UnknownZstdDictionary", "there is another now")
            pack = packer(self.dictionaries[0])
        kinds, wanted = request.query.getall("kinds", []), request.query.getall("collections", [])
        events = [
            event
            for event in self._kept()
            if event.seq >= cursor and (not kinds or event.kind in kinds) and _is_wanted(event, wanted)
        ]
        socket = web.WebSocketResponse(compress=False, protocols=("xrpc.v1.json",))
        await socket.prepare(request)
        assert socket.ws_protocol == "xrpc.v1.json"
        return await self._serve(request, socket, notices, [event.v2 for event in events], pack)

    async def handle_dictionary(self, _: web.Request) -> web.Response:
        self.fetched += 1
        if not self.dictionaries:
            raise web.HTTPNotFound
        dictionary = self.dictionaries[0]
        if len(self.dictionaries) > 1:
            self.dictionaries.pop(0)
        return web.Response(body=dictionary, content_type="application/octet-stream")

    def _ask(self, request: web.Request) -> dict[str, str]:
        if request.headers.get("Upgrade"):  # and not the same address by HTTP, for the words of a refusal
            self.asked.append(dict(request.query))
        return dict(request.query)

    def _kept(self) -> list[Told]:
        return [event for event in self.told if event.seq >= self.floor]

    async def _serve(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        notices: list[bytes],
        lines: list[bytes],
        pack: zstandard.ZstdCompressor | None,
    ) -> web.WebSocketResponse:
        async def send(line: bytes) -> None:
            await (socket.send_str(line.decode()) if pack is None else socket.send_bytes(pack.compress(line)))

        for notice in notices:
            await send(notice)
        cut = self.cut_after.pop(0) if self.cut_after else None
        slow = self.slow_after.pop(0) if self.slow_after else None
        for number, told in enumerate(lines):
            if number == cut:
                assert request.transport is not None
                request.transport.abort()
                return socket
            if number == slow:
                await send(line({"$type": "error", "error": "ConsumerTooSlow", "message": "read faster"}))
                await socket.close(code=WSCloseCode.POLICY_VIOLATION)
                return socket
            await send(told)
        if self.close_with:
            await socket.close(code=self.close_with.pop(0))
            return socket
        async for _ in socket:
            await socket.close(code=WSCloseCode.POLICY_VIOLATION)
        return socket

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_get("/subscribe", self.handle_v1)
        app.router.add_get(f"/xrpc/{NSID}", self.handle_v2)
        app.router.add_get("/xrpc/network.bsky.jetstream.getZstdDictionary", self.handle_dictionary)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"ws://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self.url
        finally:
            await runner.cleanup()


def info(name: str, message: str) -> bytes:
    return line({"$type": "message", "payload": {"$type": f"{NSID}#info", "name": name, "message": message}})


def refused(error: str, message: str) -> web.Response:
    return web.json_response({"error": error, "message": message}, status=400)


def _is_wanted(event: Told, collections: list[str]) -> bool:
    return not collections or event.kind != "commit" or event.body["collection"] in collections
