"""The cursor of each upstream host, kept in a key-value bucket of the broker."""

from __future__ import annotations

import asyncio
import re
from types import TracebackType
from typing import Self

from nats.errors import Error as NatsError
from nats.js.errors import Error as JetStreamError
from nats.js.errors import KeyNotFoundError
from nats.js.kv import KeyValue
from pipeline_core.logs import Log

from nats_firehose_ingest.ledger import CursorLedger
from nats_firehose_ingest.metrics import Metrics

FIRST_SAVE_POLL = 0.05  # seconds; a first cursor is saved at once, so that a death in the first seconds costs nothing


class Cursors:
    """A ledger for each host; inside the block their cursors are saved every `interval` seconds, and once more when
    it is left. Sequences belong to one host and are never carried to another."""

    def __init__(self, bucket: KeyValue, service: str, interval: float, metrics: Metrics, log: Log) -> None:
        self._bucket, self._service, self._interval = bucket, service, interval
        self._metrics, self._log = metrics, log
        self._ledgers: dict[str, CursorLedger] = {}
        self._saved: dict[str, int | None] = {}
        self._saver: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._saver = asyncio.create_task(self._save_for_ever())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._saver is not None:
            self._saver.cancel()
        await self._save()

    async def ledger(self, host: str, start: int | None = None) -> CursorLedger:
        """The ledger of `host`, from the cursor stored for it, else from `start`."""
        if host not in self._ledgers:
            stored = await self._load(host)
            self._saved[host] = start if stored is None else stored
            self._ledgers[host] = CursorLedger(self._saved[host])
        return self._ledgers[host]

    async def _load(self, host: str) -> int | None:
        try:
            entry = await self._bucket.get(key(self._service, host))
        except KeyNotFoundError:
            return None
        try:
            return int(entry.value or b"")
        except ValueError:
            self._log.error("stored cursor is no number: starting without", host=host, value=repr(entry.value)[:100])
            return None

    async def _save_for_ever(self) -> None:
        while True:
            first = any(self._saved[host] is None for host in self._ledgers)
            await asyncio.sleep(FIRST_SAVE_POLL if first else self._interval)
            await self._save()

    async def _save(self) -> None:
        for host, ledger in self._ledgers.items():
            cursor = ledger.cursor
            if cursor is None or cursor == self._saved[host]:
                continue
            try:
                await self._bucket.put(key(self._service, host), str(cursor).encode())
            except (NatsError, JetStreamError) as error:
                self._log.warning("cursor not saved, trying again", host=host, cursor=cursor, error=str(error))
                continue
            self._saved[host] = cursor
            self._metrics.cursor.set(cursor)


def key(service: str, host: str) -> str:
    """The bucket's key for a host's cursor: `nats-firehose-ingest.bsky.network`, of the characters a key may have."""
    bare = re.sub(r"^wss?://", "", host)
    return f"{service}.{re.sub(r'[^-_=.a-zA-Z0-9]', '_', bare)}".rstrip(".")
