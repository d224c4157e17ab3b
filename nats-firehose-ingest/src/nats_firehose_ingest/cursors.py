"""The cursor of each upstream host, kept in a key-value bucket of the broker."""

from __future__ import annotations

import asyncio
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

from nats_firehose_ingest.ledger import CursorLedger
from nats_firehose_ingest.metrics import Metrics

LAST_SAVE_TIMEOUT = 2.0  # seconds for the save at the end, which a broker that is away must not hold up
FAILURES_UNTIL_UNREADY = 3
FIRST_SAVE_POLL = 0.05  # seconds; a first cursor is saved at once, so that a death in the first seconds costs nothing


class Cursors:
    """A ledger for each host; inside the block their cursors are saved every `interval` seconds, and once more when
    it is left. Sequences belong to one host and are never carried to another."""

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
        """The cursor of each host, for the operator."""
        return {host: ledger.cursor for host, ledger in self._ledgers.items()}

    async def ledger(self, host: str, start: int | None = None) -> CursorLedger:
        """The ledger of `host`, from the cursor stored for it, else from `start`."""
        if host not in self._ledgers:
            stored = await self._load(host)
            self._saved[host] = start if stored is None else stored
            self._ledgers[host] = CursorLedger(self._saved[host])
        return self._ledgers[host]

    async def _load(self, host: str) -> int | None:
        backoff = Backoff(first=0.5, most=5.0)
        while True:
            try:
                entry = await self._bucket.get(key(self._service, host))
                return int(entry.value or b"")
            except KeyNotFoundError:
                return None
            except ValueError:
                self._log.error("stored cursor is no number: starting without", host=host)
                return None
            except (NatsError, JetStreamError) as error:
                delay = backoff.next()
                why = str(error) or type(error).__name__
                self._log.warning("cursor not read", host=host, why=why, retry_seconds=round(delay, 1))
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
        """Whether a host has a cursor and none stored. After a failure it waits its turn like any other."""
        unsaved = (ledger.cursor is not None for host, ledger in self._ledgers.items() if self._saved[host] is None)
        return not self._failures and any(unsaved)

    async def _save(self) -> None:
        for host, ledger in list(self._ledgers.items()):  # a host may join while a save is awaited
            cursor = ledger.cursor
            if cursor is None or cursor == self._saved[host]:
                continue
            try:
                await self._bucket.put(key(self._service, host), str(cursor).encode())
            except (NatsError, JetStreamError) as error:
                self._failures += 1
                why = str(error) or type(error).__name__
                self._log.warning("cursor not saved, trying again", host=host, cursor=cursor, why=why)
                await self._mend()
                continue
            self._failures = 0
            self._saved[host] = cursor
            self._metrics.cursor.set(cursor)

    async def _mend(self) -> None:
        try:
            await self._ensure()
        except (NatsError, TopologyError) as error:
            self._log.warning("bucket not mended", why=str(error) or type(error).__name__)


def key(service: str, host: str) -> str:
    """The bucket's key for a host's cursor: `nats-firehose-ingest.bsky.network`, of the characters a key may have."""
    bare = re.sub(r"^wss?://", "", host)
    return f"{service}.{re.sub(r'[^-_=.a-zA-Z0-9]', '_', bare)}".rstrip(".")
