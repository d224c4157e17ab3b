"""Where the reading goes on when hosts change, fail or lie: in process, against relays over real WebSockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from contextlib import aclosing

import pytest
from aiohttp import web
from nats_firehose_ingest.events import Event
from nats_firehose_ingest.ledger import CursorLedger, seconds
from nats_firehose_ingest.metrics import Metrics
from nats_firehose_ingest.pulse import Pulse
from nats_firehose_ingest.sources import resumption
from nats_firehose_ingest.sources.firehose import PATH, Firehose
from nats_firehose_ingest.sources.resumption import Whereabouts
from nats_firehose_ingest.sources.upstream import Upstream
from pipeline_core import logs
from pipeline_core.testing import free_port
from pipeline_core.timestamps import now
from prometheus_client import CollectorRegistry
from relay import Relay, encode

FIRST = 1000.0  # seconds since 1970 at which the sequences of these tests begin


def stamp(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def identities(sequences: Iterable[int], *, began: float = FIRST, every: float = 1.0) -> list[bytes]:
    """Frames without posts, the one with sequence n told n times `every` seconds after `began`."""
    return [
        encode({"op": 1, "t": "#identity"}, {"seq": seq, "did": "did:plc:a", "time": stamp(began + seq * every)})
        for seq in sequences
    ]


class Reading:
    """What one process reads of `hosts`; `ledgers` are what it remembers of them, and of `last`, the one read last."""

    def __init__(self, hosts: list[str], ledgers: dict[str, CursorLedger], last: CursorLedger | None = None) -> None:
        self.ledgers = ledgers
        self.metrics, self.pulse = Metrics(CollectorRegistry()), Pulse(time.monotonic, 0.0)
        log = logs.configure("test", "INFO", "console")
        whereabouts = Whereabouts(last)
        self.upstream = Upstream(Firehose(), hosts, self.resume, 60.0, self.pulse, self.metrics, log, whereabouts)

    async def resume(self, origin: str) -> CursorLedger:
        return self.ledgers.setdefault(origin, CursorLedger())

    async def first(self, events: int = 1) -> list[Event]:
        """So many events that have a sequence."""
        read: list[Event] = []
        async with asyncio.timeout(60), aclosing(self.upstream.events()) as told:
            async for event in told:
                (await self.resume(event.origin)).read(event.seq, 0, event.time)
                if event.seq is not None:
                    read.append(event)
                if len(read) == events:
                    break
        return read

    def gaps(self) -> dict[str, float]:
        (family,) = self.metrics.gaps.collect()
        return {sample.labels["reason"]: sample.value for sample in family.samples if sample.name.endswith("_total")}

    def found(self) -> float:
        return float(self.metrics.found._value.get())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resumption, "PROBE_TIMEOUT", 0.3)


async def test_another_host_is_taken_up_a_little_before_what_is_stored() -> None:
    last = CursorLedger(77, reached=FIRST + 5000)
    async with Relay(identities(range(1, 9001)), live=True).serving() as url:
        reading = Reading([url], {}, last)
        (event,) = await reading.first()
    told = seconds(event.time)
    assert told is not None
    assert FIRST + 4900 <= told <= FIRST + 5000 - resumption.MARGIN
    assert reading.gaps() == {"host_changed": 1}
    assert reading.found() == 1


async def test_what_is_read_and_not_stored_holds_back_where_another_host_is_taken_up() -> None:
    last = CursorLedger(0)
    last.read(1, 1, stamp(FIRST + 2000))  # its message is never stored
    for second in range(100):
        last.read(second + 2, 0, stamp(FIRST + 5000 + second))
    async with Relay(identities(range(1, 9001)), live=True).serving() as url:
        (event,) = await Reading([url], {}, last).first()
    told = seconds(event.time)
    assert told is not None
    assert told <= FIRST + 2000


async def test_a_host_that_does_not_answer_a_search_is_read_by_its_own_cursor() -> None:
    last = CursorLedger(77, reached=FIRST + 5000)
    relay = Relay(identities(range(1, 101)))
    async with relay.serving() as url:
        relay.mute = True  # tells nothing unless it is asked for what follows 7
        reading = Reading([url], {url: CursorLedger(7)}, last)
        (event,) = await reading.first()
    assert event.seq == 8
    assert reading.found() == 0


async def test_a_gap_is_counted_when_it_is_known_and_not_for_every_attempt() -> None:
    last = CursorLedger(77, reached=FIRST + 5000)
    async with Relay(identities(range(1, 9001)), live=True).serving() as url:
        reading = Reading([f"ws://127.0.0.1:{free_port()}", url], {}, last)
        await reading.first()
    assert reading.gaps() == {"host_changed": 1}
    assert reading.found() == 1


async def test_a_host_that_no_longer_has_the_moment_leaves_a_gap_that_is_not_called_found() -> None:
    last = CursorLedger(77, reached=FIRST + 5000)
    async with Relay(identities(range(8000, 9001)), live=True).serving() as url:
        reading = Reading([url], {}, last)
        (event,) = await reading.first()
    assert event.seq == 8000
    assert reading.gaps() == {"host_changed": 1}
    assert reading.found() == 0


async def test_a_time_ahead_of_our_clock_is_not_searched_for() -> None:
    began = time.time() - 5000
    last = CursorLedger(77, reached=time.time() + 3600)
    async with Relay(identities(range(1, 5001), began=began), live=True).serving() as url:
        (event,) = await Reading([url], {}, last).first()
    told = seconds(event.time)
    assert told is not None
    assert told <= time.time() - resumption.MARGIN + 5


async def test_a_sequence_that_begins_anew_without_a_word_is_taken_up_by_time() -> None:
    ledger = CursorLedger(10**9, reached=FIRST + 5000)
    relay = Relay(identities(range(1, 9001)), live=True, deaf=True)
    async with relay.serving() as url:
        reading = Reading([url], {url: ledger}, ledger)
        (event,) = await reading.first()
    told = seconds(event.time)
    assert told is not None
    assert FIRST + 4900 <= told <= FIRST + 5000 - resumption.MARGIN
    assert reading.gaps() == {"sequence_reset": 1}


async def test_a_host_that_knows_neither_our_cursor_nor_answers_a_search_is_read_live_in_the_end() -> None:
    ledger = CursorLedger(10**9, reached=FIRST + 5000)
    relay = Relay(identities(range(1, 101)), future_cursor=True, mute_for_searches=4)
    async with relay.serving() as url:
        reading = Reading([url], {url: ledger}, ledger)
        await reading.first()
    assert reading.gaps() == {"future_cursor": 1}
    assert reading.found() == 0


async def test_a_message_too_large_to_be_taken_is_stepped_over_and_counted() -> None:
    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        cursor = int(request.query.get("cursor", 0))
        for number, frame in ((1, identities([1])[0]), (2, b"\x00" * (70 << 20)), (3, identities([3])[0])):
            if number > cursor:
                await socket.send_bytes(frame)
        async for _ in socket:
            pass
        return socket

    app, runner = web.Application(), None
    app.router.add_get(PATH, serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port := free_port()).start()
        reading = Reading([url := f"ws://127.0.0.1:{port}"], {})
        reading.ledgers[url] = CursorLedger(0)
        assert [event.seq for event in await reading.first(2)] == [1, 3]
        assert reading.gaps() == {"untakeable_message": 1}
    finally:
        await runner.cleanup()


def test_these_sequences_tell_the_times_they_should() -> None:
    assert seconds(stamp(FIRST)) == FIRST
    assert seconds(now()) is not None
