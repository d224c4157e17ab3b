"""What a connection to the broker tells the log."""

from __future__ import annotations

import json
import urllib.request

import pytest
from pipeline_core import logs
from pipeline_core.connection import InOrder, connected
from pipeline_core.health import Health
from pipeline_core.service import Service
from pipeline_core.settings import Settings
from pipeline_core.testing import Broker
from prometheus_client import CollectorRegistry, Gauge


async def test_the_log_tells_the_brokers_version_as_the_broker_writes_it(
    broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(nats_url=broker.url, _cli_parse_args=False)
    service = Service(settings, logs.configure("test", "INFO", "json"), Health(), CollectorRegistry())
    async with connected(service, Gauge("nats_connected", "1 while it stands", registry=service.registry)):
        pass
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    with urllib.request.urlopen(f"http://127.0.0.1:{broker.monitoring_port}/varz") as answer:
        version = json.load(answer)["version"]
    assert [line["version"] for line in lines if line["event"] == "broker connected"] == [version]


async def test_a_flush_comes_back_behind_what_was_said_before_it(broker: Broker) -> None:
    client = InOrder()
    await client.connect(broker.url)
    try:
        for _ in range(20):
            heard = await client.subscribe("said")
            await client.flush()
            await client.publish("said", b"x" * 100_000)
            await client.flush()
            assert heard.pending_msgs == 1, "the broker's own answer to it had come"
            await heard.unsubscribe()
    finally:
        await client.close()
