"""Ingest, as a process, between two hosts and a broker that all may fail, in any order and at any moment."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial

from mock_ingest.events import Commit
from mock_ingest.timeline import Timeline
from mock_ingest.world import World
from nats.js import JetStreamContext
from nats.js.errors import KeyNotFoundError
from nats.js.kv import KeyValue
from nats_firehose_ingest.cursors import LAST_READ, key
from pipeline_core.testing import Broker, ServiceProcess, eventually, running_service
from pipeline_core.topology import Bucket

from tests.faulty_relay import GONE, Ending, FaultyRelay
from tests.reckoning import Reckoning, reckon, stored

SERVICE = "nats-firehose-ingest"
SAVE_INTERVAL = 0.3  # seconds between saves of the cursor: about what is read again after a SIGKILL
RECEIVE_TIMEOUT = 1.0  # seconds; no host of ours is silent for so long unless it is meant to be
AWAY = 10.0  # seconds
SLACK = 120.0  # seconds of events before the first one due that hosts still have, as a search may look at them
ANEW = 10_000_000  # how far a sequence that begins anew lies below the last one: more than a run has events
MOST_LOSSES = 4  # of connections by one process, as it waits twice as long after each


class Clock:
    """The world's time, in microseconds since 1970: ours, until it stops."""

    def __init__(self) -> None:
        self._stop: int | None = None

    def __call__(self) -> int:
        now = time.time_ns() // 1000
        return now if self._stop is None else min(now, self._stop)

    def stop_at(self, time_us: int) -> None:
        """Let nothing happen after this."""
        self._stop = time_us


class FaultRun:
    """`first` is the first event that ingest has to see, in the world's numbers."""

    def __init__(
        self, world: World, clock: Clock, first: int, broker: Broker, hosts: list[FaultyRelay], ingest: ServiceProcess
    ) -> None:
        self.world, self.first, self.ingest = world, first, ingest
        self.last = 0
        """The last event, once it is known."""
        self.happened: Counter[str] = Counter()
        """How often each fault has happened."""
        self.log = ""
        """All that ingest has printed, once it has stopped."""
        self._clock, self._broker, self._hosts = clock, broker, hosts
        self._losses = 0
        self._away: asyncio.Task[None] | None = None
        self._leaving = asyncio.Event()

    @property
    def sent(self) -> int:
        """Frames that the hosts have sent; some of them more than once."""
        return sum(host.sent for host in self._hosts)

    async def through(self, name: str, after: int) -> None:
        """Let this fault happen when so many more frames are sent, and see that ingest has noticed it. AssertionError
        where either does not come about."""
        losses, fault = FAULTS[name]
        if self._losses and self._losses + losses > MOST_LOSSES:
            await self.through("sigkill", after)
        target = self.sent + after
        await _until(lambda: self.sent >= target, f"{after} more frames sent before {name}")
        await fault(self)
        self._losses = 0 if name == "sigkill" else self._losses + losses
        self.happened[name] += 1

    async def kill(self) -> None:
        """SIGKILL of ingest, and a new process."""
        mark = self._welcomed()
        self.ingest.kill_and_restart()
        if self._away is None or self._away.done():  # it waits for the broker first
            await _until(lambda: self._welcomed() > mark, "a new process connected")

    async def end(self, ending: Ending) -> None:
        """The connection ends, and ingest knows how. One that it was about to leave by itself may end unnoticed."""
        reason = f'firehose_reconnects_total{{reason="{ending.reason}"}}'
        known = await self.ingest.metric(reason)
        while await self.ingest.metric(reason) == known:
            host, mark = await self._host(), self._welcomed()
            host.end(ending)
            await _until(partial(self._welcomed_since, mark), f"connected again after {ending}")

    async def fall_silent(self) -> None:
        """The host tells nothing more on a connection that stands."""
        host, mark = await self._host(), self._welcomed()
        host.fall_silent()
        await _until(lambda: self._welcomed() > mark, "connected again after silence")

    async def count_anew(self) -> None:
        """The host comes back with a sequence that is below every cursor of it."""
        host, mark = await self._host(), self._welcomed()
        host.count_anew(max(shift for host in self._hosts for shift in host.shifts) + ANEW)
        await _until(lambda: self._welcomed() > mark + 1, "connected again after FutureCursor")

    async def change_host(self) -> None:
        """The host is down until another one is read from."""
        host = await self._host()
        await host.down()
        await _until(lambda: any(other.clients for other in self._hosts), "another host read from")
        await host.up()

    async def take_broker_away(self) -> None:
        """For a while, in which other faults go on."""
        await self._broker_back()
        self._away = asyncio.create_task(self._without_broker(AWAY))

    async def restart_broker(self) -> None:
        """Kill it and start it again."""
        await self._broker_back()
        await self._without_broker(0.0)

    async def finish(self) -> None:
        """Let the world end, wait until ingest has stored all of it, and stop ingest. AssertionError where it does not
        come so far, or fails."""
        await self._broker_back()
        mark = self.world.head(self._clock())
        await self._stored(mark)
        self.last = self.world.head(self._clock()) + 1
        while not isinstance(self.world.event(self.last), Commit):  # broken events have no number to save as cursor
            self.last += 1
        self._clock.stop_at(self.world.time_us(self.last + 1) - 1)
        await self._stored(self.last)
        code, self.log = await self.ingest.stop()
        assert code == 0, self.log

    async def reckoning(self, js: JetStreamContext) -> Reckoning:
        """What the streams must hold against what they hold, after `finish`."""
        oldest = self.world.head(self.world.time_us(self.first) - int(SLACK * 1e6))
        shifts = sorted(shift for host in self._hosts for shift in host.shifts)
        due, possible = range(self.first, self.last + 1), range(oldest, self.last + 1)
        return reckon(self.world, due, possible, shifts, await stored(js))

    async def close(self) -> None:
        """Bring back what is away, now."""
        self._leaving.set()
        await self._broker_back()

    async def _stored(self, seq: int) -> None:
        """Wait until the cursor has come to this event, for as long as it moves."""
        while not await self._has_stored(seq):
            cursor = await self.ingest.metric("firehose_cursor")
            await eventually(partial(self._has_moved, cursor), f"a cursor after {cursor} saved")

    async def _has_moved(self, cursor: float) -> bool:
        return await self.ingest.metric("firehose_cursor") != cursor

    async def _has_stored(self, seq: int) -> bool:
        """Whether the cursor has come to this event in the numbers of a host that is read from."""
        cursor = await self.ingest.metric("firehose_cursor")
        head = self.world.head(self._clock())
        return any(seq <= cursor + host.shift <= head for host in self._hosts if host.clients)

    def _welcomed_since(self, mark: int) -> bool:
        return self._welcomed() > mark

    def _welcomed(self) -> int:
        return sum(host.welcomed for host in self._hosts)

    async def _host(self) -> FaultyRelay:
        """The host that ingest reads from, once it no longer looks for its place there."""

        async def found() -> bool:
            reading = await self.ingest.metric("firehose_connected") == 1
            return reading and any(host.clients for host in self._hosts)

        await eventually(found, "a host read from")
        return next(host for host in self._hosts if host.clients)

    async def _broker_back(self) -> None:
        if self._away is not None:
            away, self._away = self._away, None
            await away

    async def _without_broker(self, seconds: float) -> None:
        await asyncio.to_thread(self._broker.kill)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._leaving.wait(), seconds)
        await asyncio.to_thread(self._broker.start)  # so that the hosts, in this process, go on telling


FAULTS: dict[str, tuple[int, Callable[[FaultRun], Awaitable[None]]]] = {
    "sigkill": (0, FaultRun.kill),
    "broker_away": (0, FaultRun.take_broker_away),
    "broker_killed": (0, FaultRun.restart_broker),
    "tcp_drop": (1, lambda run: run.end(GONE)),
    "close_1000": (1, lambda run: run.end(Ending(code=1000))),
    "close_1001": (1, lambda run: run.end(Ending(code=1001))),
    "close_1008": (1, lambda run: run.end(Ending(code=1008))),
    "consumer_too_slow": (1, lambda run: run.end(Ending(error="ConsumerTooSlow"))),
    "silence": (1, FaultRun.fall_silent),
    "future_cursor": (2, FaultRun.count_anew),
    "change_of_host": (4, FaultRun.change_host),
}
"""Each fault, with the connections that it costs ingest."""


@asynccontextmanager
async def ingesting_through_faults(
    broker: Broker, js: JetStreamContext, world: World, backlog: int, log_level: str = "INFO"
) -> AsyncIterator[FaultRun]:
    """Ingest with a cursor that lies `backlog` events behind the newest one, between two hosts that number the same
    events differently."""
    clock = Clock()
    head = world.head(clock())
    retention = (clock() - world.time_us(head - backlog)) / 1e6 + SLACK
    timeline = Timeline(world, clock, retention_seconds=retention)
    hosts = [FaultyRelay(world, timeline), FaultyRelay(world, timeline, shift=-ANEW)]
    bucket = Bucket("firehose-state")
    await bucket.ensure(js)
    store = await js.key_value(bucket.name)
    await store.put(key(SERVICE, hosts[0].url), str(head - backlog).encode())
    async with AsyncExitStack() as stack:
        for host in hosts:
            await host.up()
            stack.push_async_callback(host.down)
        ingest = await stack.enter_async_context(
            running_service(
                "nats_firehose_ingest",
                NATS_URL=broker.url,
                UPSTREAM_HOSTS=",".join(host.url for host in hosts),
                CURSOR_SAVE_INTERVAL=str(SAVE_INTERVAL),
                RECEIVE_TIMEOUT=str(RECEIVE_TIMEOUT),
                ENABLE_TEXT_FILTERING="false",
                LOG_LEVEL=log_level,
            )
        )
        run = FaultRun(world, clock, head - backlog + 1, broker, hosts, ingest)
        stack.push_async_callback(run.close)
        await eventually(lambda: _has_saved(store), "where ingest reads saved once")
        yield run


async def _has_saved(store: KeyValue) -> bool:
    """Whether the first cursor and the time that goes with it are stored; faults before that are those of a start."""
    try:
        await store.get(key(SERVICE, LAST_READ))
    except KeyNotFoundError:
        return False
    return True


async def _until(holds: Callable[[], bool], what: str) -> None:
    async def asked() -> bool:
        return holds()

    await eventually(asked, what)
