"""The dialect `firehose`: com.atproto.sync.subscribeRepos, of a relay or of a single server."""

from __future__ import annotations

import aiohttp

from nats_firehose_ingest.decoding.frames import decode
from nats_firehose_ingest.events import Event

PATH = "/xrpc/com.atproto.sync.subscribeRepos"


class Firehose:
    """Binary frames of DAG-CBOR. The cursor is the sequence of the last event that was read; what follows it comes."""

    subprotocols: tuple[str, ...] = ()
    oldest = 0
    contiguous = True

    def origin(self, host: str) -> str:
        """The host."""
        return host

    def since(self, moment: float) -> int | None:
        """None: a sequence says nothing of times."""
        return None

    async def url(self, session: aiohttp.ClientSession, host: str, cursor: int | None) -> str:
        """With the cursor, where there is one."""
        return f"{host}{PATH}" if cursor is None else f"{host}{PATH}?cursor={cursor}"

    def decode(self, origin: str, data: bytes, received_at: str) -> Event:
        """The event in one frame."""
        return decode(origin, data, received_at)
