"""The cursor of each origin, kept in a key-value bucket of the broker."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from nats.errors import Error as NatsError
from nats.js.errors import Error as JetStreamError
from nats.js.errors import KeyNotFoundError
from nats.js.kv import KeyValue
from pipeline_core import background
from pipeline_core.backoff import Backoff
from pipeline_core.errors import TopologyError
from pipeline_core.logs import Log
from pipeline_core.refusals import in_words

from nats_firehose_ingest.ledger import CursorLedger, earliest
from nats_firehose_ingest.metrics import Metrics
from nats_firehose_ingest.sources.resumption import Whereabouts

LAST_SAVE_TIMEOUT = 2.0  # seconds for the save at the end, which a broker that is away must not hold up
FAILURES_UNTIL_UNREADY = 3
FIRST_SAVE_POLL = 0.05  # seconds; a first cursor is saved at once, so that a death in the first seconds costs nothing

LAST_READ = "_last"  # the name in the bucket under which stands which origin was read last, and the time reached there


class Cursors:
    """A ledger for each origin; inside the block their cursors are saved every `interval` seconds, and once more when
    it is left. Sequences belong to one origin and are never carried to another."""

    def __init__(
        self,
        bucket: KeyValue,
        ensure: Callable[[], Awaitable[None]],
        service: str,
        interval: float,
        metrics: Metrics,
        log: Log,
    ) -> None:
        """`ensure` makes the bucket anew, where somebody deleted it."""
        self._ensure, self._failures = ensure, 0
        self._bucket, self._service, self._interval = bucket, service, interval
        self._metrics, self._log = metrics, log
        self._ledgers: dict[str, CursorLedger] = {}
        self._saved: dict[str, int | None] = {}
        self.whereabouts = Whereabouts()
        self._finished: set[str] = set()
        self._saver: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._saver = background.start(self._save_for_ever(), self._log, "saves of the cursor")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._saver is not None:
            self._saver.cancel()
        try:
            async with asyncio.timeout(LAST_SAVE_TIMEOUT):
                await self._save()
        except TimeoutError:
            self._log.warning("cursor not saved at the end: reading will go on from the one saved before")

    def failing(self) -> str | None:
        """A health check: whether cursors have not been saved for a while."""
        failing = self._failures >= FAILURES_UNTIL_UNREADY
        return f"the last {self._failures} saves of a cursor failed" if failing else None

    def told(self) -> dict[str, int | None]:
        """The cursor of each origin, for the operator."""
        return {origin: ledger.cursor for origin, ledger in self._ledgers.items()}

    async def recall(self) -> None:
        """Learn from the bucket which origin an earlier process read last, and the time it had reached there."""
        stored = await self._get(key(self._service, LAST_READ))
        if stored is None:
            return
        try:
            told = json.loads(stored)
            origin, reached = str(told["origin"]), float(told["reached"])
        except (ValueError, KeyError, TypeError):
            self._log.error("what was read last cannot be read: starting without", stored=repr(stored[:100]))
            return
        if (ledger := await self.ledger(origin, reached=reached)).position is None:
            del self._ledgers[origin]  # somebody deleted its cursor, to begin anew
        else:
            self.whereabouts.last = ledger

    async def ledger(self, origin: str, start: int | None = None, reached: float | None = None) -> CursorLedger:
        """The ledger of `origin`, from the cursor stored for it, else from `start`."""
        if origin not in self._ledgers:
            stored = await self._load(origin)
            self._saved[origin] = start if stored is None else stored
            self._ledgers[origin] = CursorLedger(self._saved[origin], reached)
        return self._ledgers[origin]

    def finish(self, origins: set[str]) -> None:
        """Say that there is nothing left to read of `origins`: once all of one is stored its cursor is deleted, so that
        whoever reads it again begins anew."""
        self._finished |= origins

    async def _load(self, origin: str) -> int | None:
        stored = await self._get(key(self._service, origin))
        try:
            return None if stored is None else int(stored)
        except ValueError:
            self._log.error("stored cursor is no number: starting without", origin=origin)
            return None

    async def _get(self, place: str) -> bytes | None:
        backoff = Backoff(first=0.5, most=5.0)
        while True:
            try:
                return (await self._bucket.get(place)).value or b""
            except KeyNotFoundError:
                return None
            except (NatsError, JetStreamError) as error:
                delay = backoff.next()
                why = in_words(error)
                self._log.warning("bucket not read", key=place, why=why, retry_seconds=round(delay, 1))
                await asyncio.sleep(delay)

    async def _save_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + self._interval
        while True:
            await asyncio.sleep(min(FIRST_SAVE_POLL, self._interval))
            if loop.time() >= due or self._has_a_first_one():
                await self._save()
                due = loop.time() + self._interval

    def _has_a_first_one(self) -> bool:
        """Whether an origin has a cursor and none stored. After a failure it waits its turn like any other."""
        unsaved = (ledger.cursor is not None for origin, ledger in self._ledgers.items() if self._saved[origin] is None)
        return not self._failures and any(unsaved)

    async def _save(self) -> None:
        for origin, ledger in list(self._ledgers.items()):  # an origin may join while a save is awaited
            cursor, place = ledger.cursor, key(self._service, origin)
            if origin in self._finished and not ledger.unsettled:
                if await self._tried(self._bucket.delete(place)):
                    self._finished.discard(origin)
                    del self._ledgers[origin]
            elif (
                cursor is not None
                and cursor != self._saved[origin]
                and await self._tried(self._bucket.put(place, str(cursor).encode()))
            ):
                self._saved[origin] = cursor
                self._metrics.cursor.set(cursor)
                if ledger is self.whereabouts.last:
                    await self._save_last(origin, ledger)

    async def _save_last(self, origin: str, last: CursorLedger) -> None:
        """After its cursor: a death between the two leaves the host before, whose cursor is still good."""
        reached = earliest([last, *self._ledgers.values()])
        if reached is not None:  # an upstream may tell no times
            told = json.dumps({"origin": origin, "reached": reached}).encode()
            await self._tried(self._bucket.put(key(self._service, LAST_READ), told))

    async def _tried(self, change: Awaitable[object]) -> bool:
        try:
            await change
        except (NatsError, JetStreamError) as error:
            self._failures += 1
            self._log.warning("cursor not saved, trying again", why=in_words(error))
            await self._mend()
            return False
        self._failures = 0
        return True

    async def _mend(self) -> None:
        try:
            await self._ensure()
        except (NatsError, TopologyError) as error:
            self._log.warning("bucket not mended", why=in_words(error))


def key(service: str, origin: str) -> str:
    """The bucket's key for an origin's cursor: `nats-firehose-ingest.bsky.network`, in a key's characters."""
    bare = re.sub(r"^wss?://", "", origin)
    return f"{service}.{re.sub(r'[^-_=.a-zA-Z0-9]', '_', bare)}".rstrip(".")
