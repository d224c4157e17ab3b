from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from libipld import decode_dag_cbor_multi
from mock_ingest.firehose import PATH, Firehose
from mock_ingest.timeline import Timeline
from mock_ingest.wire import to_bytes
from mock_ingest.world import World
from pipeline_core.endpoints import serve
from prometheus_client import CollectorRegistry

RATE = 100
NOW = 1_795_000_000_000_000


class Clock:
    """A clock that a test holds still or moves on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now

    def let_happen(self, events: int) -> None:
        self.now += events * 1_000_000 // RATE


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world() -> World:
    return World(3, RATE)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@asynccontextmanager
async def served(
    world: World, clock: Clock, registry: CollectorRegistry, *, retention: float = 3600, count: int = 0
) -> AsyncIterator[str]:
    firehose = Firehose(world, Timeline(world, clock, retention, count), registry)
    async with serve(firehose.application(), "127.0.0.1", 0, "FIREHOSE_PORT") as port:
        yield f"http://127.0.0.1:{port}{PATH}"


@pytest.fixture
async def url(world: World, clock: Clock, registry: CollectorRegistry) -> AsyncIterator[str]:
    async with served(world, clock, registry) as address:
        yield address


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def read(socket: aiohttp.ClientWebSocketResponse, frames: int) -> list[bytes]:
    return [await socket.receive_bytes(timeout=10) for _ in range(frames)]


def told(world: World, first: int, frames: int) -> list[bytes]:
    return [to_bytes(world.event(seq)) for seq in range(first, first + frames)]


async def test_a_cursor_is_answered_with_everything_after_it(
    url: str, http: aiohttp.ClientSession, world: World, clock: Clock
) -> None:
    head = world.head(clock.now)
    async with http.ws_connect(f"{url}?cursor={head - 300}") as socket:
        assert await read(socket, 300) == told(world, head - 299, 300)


async def test_without_a_cursor_only_what_happens_from_now_on_is_told(
    url: str, http: aiohttp.ClientSession, world: World, clock: Clock, registry: CollectorRegistry
) -> None:
    head = world.head(clock.now)
    async with http.ws_connect(url) as socket:
        while registry.get_sample_value("mock_ingest_clients") != 1:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        clock.let_happen(3)
        assert await read(socket, 3) == told(world, head + 1, 3)


async def test_the_backlog_runs_over_into_what_happens_live(
    url: str, http: aiohttp.ClientSession, world: World, clock: Clock
) -> None:
    head = world.head(clock.now)
    async with http.ws_connect(f"{url}?cursor={head - 2}") as socket:
        assert await read(socket, 2) == told(world, head - 1, 2)
        clock.let_happen(2)
        assert await read(socket, 2) == told(world, head + 1, 2)


async def test_a_client_that_comes_back_with_its_cursor_misses_nothing_and_sees_nothing_twice(
    url: str, http: aiohttp.ClientSession, world: World, clock: Clock
) -> None:
    head = world.head(clock.now)
    cursor, seen = head - 250, []
    for _ in range(5):
        async with http.ws_connect(f"{url}?cursor={cursor}") as socket:
            seen += await read(socket, 50)
        cursor += 50
    assert seen == told(world, head - 249, 250)


async def test_an_outdated_cursor_is_told_so_and_starts_at_the_oldest_event(
    world: World, clock: Clock, registry: CollectorRegistry, http: aiohttp.ClientSession
) -> None:
    async with served(world, clock, registry, retention=2) as url, http.ws_connect(f"{url}?cursor=1") as socket:
        header, body = decode_dag_cbor_multi(await socket.receive_bytes())
        assert (header["t"], body["name"]) == ("#info", "OutdatedCursor")
        assert await read(socket, 5) == told(world, world.head(clock.now) - 2 * RATE, 5)


async def test_a_future_cursor_is_refused_with_an_error_frame_and_1008(
    url: str, http: aiohttp.ClientSession, world: World, clock: Clock
) -> None:
    async with http.ws_connect(f"{url}?cursor={world.head(clock.now) + 1}") as socket:
        header, body = decode_dag_cbor_multi(await socket.receive_bytes())
        assert header == {"op": -1}
        assert body["error"] == "FutureCursor"
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 1008


@pytest.mark.parametrize("cursor", ["abc", "1.5", "-1", "", "٣", "9" * 20, "1e3", "0x10"])
async def test_a_cursor_that_is_no_number_is_a_bad_request(url: str, http: aiohttp.ClientSession, cursor: str) -> None:
    async with http.get(url, params={"cursor": cursor}) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"] == "InvalidRequest"
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await http.ws_connect(f"{url}?cursor={cursor}")
    assert refused.value.status == 400


async def test_a_plain_request_is_told_to_use_websocket(url: str, http: aiohttp.ClientSession) -> None:
    async with http.get(url) as answer:
        assert answer.status == 400
        assert "WebSocket" in (await answer.json())["message"]


async def test_frames_are_not_compressed_even_if_the_client_offers_it(url: str, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect(url, compress=15) as socket:
        assert socket.compress == 0


async def test_a_client_that_does_not_read_holds_up_nobody_and_loses_nothing(
    url: str, http: aiohttp.ClientSession, world: World, clock: Clock, registry: CollectorRegistry
) -> None:
    backlog = 6_000  # about 35 MB: more than all buffers between the two hold
    head = world.head(clock.now)
    async with (
        http.ws_connect(f"{url}?cursor={head - backlog}") as slow,
        http.ws_connect(f"{url}?cursor={head - backlog}") as quick,
    ):
        slow_first = await read(slow, 1)
        assert await read(quick, backlog) == told(world, head - backlog + 1, backlog)
        sent = registry.get_sample_value("mock_ingest_frames_sent_total")
        assert sent is not None
        assert sent < 2 * backlog, "the server wrote on although nobody read"
        assert slow_first + await read(slow, backlog - 1) == told(world, head - backlog + 1, backlog)


async def test_what_a_client_says_is_ignored_and_its_pings_are_answered(
    url: str, http: aiohttp.ClientSession, world: World, clock: Clock
) -> None:
    head = world.head(clock.now)
    async with http.ws_connect(f"{url}?cursor={head - 1}", autoping=False) as socket:
        await socket.send_str("hello?")
        await socket.ping(b"are you there")
        kinds = {(await socket.receive(timeout=10)).type for _ in range(2)}
        assert kinds == {aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.PONG}


async def test_clients_are_counted_while_they_stay(
    url: str, http: aiohttp.ClientSession, world: World, clock: Clock, registry: CollectorRegistry
) -> None:
    def clients() -> float | None:
        return registry.get_sample_value("mock_ingest_clients")

    head = world.head(clock.now)
    async with http.ws_connect(f"{url}?cursor={head - 1}") as one, http.ws_connect(f"{url}?cursor={head - 1}") as two:
        await read(one, 1)
        await read(two, 1)
        assert clients() == 2
    while clients():
        await asyncio.sleep(0.01)


async def test_a_client_that_vanishes_is_forgotten(
    url: str, http: aiohttp.ClientSession, world: World, clock: Clock, registry: CollectorRegistry
) -> None:
    socket = await http.ws_connect(f"{url}?cursor={world.head(clock.now) - 5_000}")
    await read(socket, 1)
    transport = socket.get_extra_info("socket")
    assert transport is not None
    connection = socket._conn
    assert connection is not None
    assert connection.transport is not None
    connection.transport.abort()
    while registry.get_sample_value("mock_ingest_clients"):
        await asyncio.sleep(0.01)


async def test_shutting_down_closes_every_client_with_1001(
    world: World, clock: Clock, registry: CollectorRegistry, http: aiohttp.ClientSession
) -> None:
    head = world.head(clock.now)
    async with served(world, clock, registry) as url:
        sockets = [await http.ws_connect(f"{url}?cursor={head - 1}") for _ in range(3)]
        for socket in sockets:
            await read(socket, 1)
        ends = [asyncio.create_task(socket.receive(timeout=10)) for socket in sockets]
    assert [(await end).data for end in ends] == [1001, 1001, 1001]


async def test_a_finite_world_closes_with_1000_after_its_last_event(
    world: World, clock: Clock, registry: CollectorRegistry, http: aiohttp.ClientSession
) -> None:
    head = world.head(clock.now)
    async with served(world, clock, registry, count=10) as url:
        async with http.ws_connect(f"{url}?cursor={head - 5}") as socket:
            clock.let_happen(1_000)
            assert await read(socket, 15) == told(world, head - 4, 15)
            assert (await socket.receive(timeout=10)).type is aiohttp.WSMsgType.CLOSE
            assert socket.close_code == 1000
        async with http.ws_connect(f"{url}?cursor={head + 10}") as socket:
            assert (await socket.receive(timeout=10)).type is aiohttp.WSMsgType.CLOSE
            assert socket.close_code == 1000
