"""The real parts that the tests of every service may ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import nats
import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext
from pipeline_core.testing import Broker, running_broker


@pytest.fixture
def broker() -> Iterator[Broker]:
    with running_broker() as started:
        yield started


@pytest.fixture
async def client(broker: Broker) -> AsyncIterator[Client]:
    async def quiet(_: Exception) -> None:
        """Tests break connections on purpose."""

    connection = await nats.connect(broker.url, max_reconnect_attempts=-1, reconnect_time_wait=0.1, error_cb=quiet)
    yield connection
    await connection.close()


@pytest.fixture
def js(client: Client) -> JetStreamContext:
    return client.jetstream()
