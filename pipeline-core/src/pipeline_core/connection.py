"""A connection to the broker that waits patiently, comes back by itself and says what it is doing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nats.aio.client import PING_PROTO, Client
from nats.errors import Error as NatsError
from prometheus_client import Gauge

from pipeline_core.logs import Log
from pipeline_core.refusals import in_words
from pipeline_core.service import Service
from pipeline_core.settings import AnySettings

RECONNECT_WAIT = 1  # seconds between attempts on one server
PING_INTERVAL = 10  # seconds; two unanswered pings mean a dead connection
REPEAT_LOG = 30.0  # seconds before the same trouble is logged again


class InOrder(Client):
    """A client whose `flush` and `drain` prove that the broker has read all that was said before them.

    The library's own (2.16) send their PING past what still waits to be written: the answer then says nothing of that.
    """

    async def _send_ping(self, future: asyncio.Future[bool] | None = None) -> None:
        self._pongs.append(future or asyncio.Future())
        await self._send_command(PING_PROTO)
        await self._flush_pending()


@asynccontextmanager
async def connected(service: Service[AnySettings], gauge: Gauge) -> AsyncIterator[Client]:
    """A connection, however long the broker takes to appear; `gauge` is 1 while it stands. Closed at the end.

    Without a broker the service is unready. A connection that the client gives up for good ends the service, since
    only a new one would help.
    """
    log, settings, health = service.log, service.settings, service.health
    servers = ", ".join(server.rpartition("@")[2] for server in settings.nats_servers)
    unconnected = f"not connected to {servers}"
    health.ready_while("broker", lambda: unconnected)
    gauge.set(0)

    closing = False

    async def lost() -> None:
        gauge.set(0)
        if not closing:
            log.warning("broker lost", servers=servers)

    owner = asyncio.current_task()

    async def given_up() -> None:
        if not closing and owner is not None:
            log.error("broker connection given up", servers=servers)
            owner.cancel()

    async def back() -> None:
        gauge.set(1)
        log.info("broker back", servers=servers)

    trouble = _Trouble(log, servers)
    client = InOrder()
    await client.connect(
        settings.nats_servers,
        name=settings.service_name,
        inbox_prefix=settings.nats_inbox_prefix,
        max_reconnect_attempts=-1,
        reconnect_time_wait=RECONNECT_WAIT,
        ping_interval=PING_INTERVAL,
        max_outstanding_pings=2,
        disconnected_cb=lost,
        reconnected_cb=back,
        closed_cb=given_up,
        error_cb=trouble.tell,
    )
    gauge.set(1)
    health.ready_while("broker", lambda: None if client.is_connected else unconnected)
    version = client.connected_server_version
    log.info("broker connected", servers=servers, version=f"{version.major}.{version.minor}.{version.patch}")
    try:
        yield client
    finally:
        closing = True
        try:
            await client.close()
        except (NatsError, OSError) as error:
            log.warning("broker connection not closed cleanly", error=in_words(error))


class _Trouble:
    """Logs each kind of trouble once in a while, not at every attempt."""

    def __init__(self, log: Log, servers: str) -> None:
        self._log, self._servers = log, servers
        self._told: dict[str, float] = {}

    async def tell(self, error: Exception) -> None:
        what = in_words(error)
        now = time.monotonic()
        if now - self._told.get(what, -REPEAT_LOG) >= REPEAT_LOG:
            self._told = {what: now}
            self._log.warning("broker trouble", error=what, servers=self._servers)
