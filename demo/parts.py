"""The parts of the suite: which command, with which settings, and where each says that it is ready."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from pipeline_core.testing import nats_server_binary

from demo.ports import ADDRESS, Ports

ROOT = Path(__file__).parents[1]
DASHBOARD = ROOT / "bsky-sentiment-web"
DRAIN_SECONDS = 7.0  # less than the supervisor's patience, so that a service ends in order even without its broker
STREAMS = {
    "raw": ("bluesky-posts-dev", "bluesky.posts.dev"),
    "enriched": ("bluesky-posts-enriched-dev", "bluesky.enriched.dev"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One process. It has started when `started` answers 200, and can work when `ready` does."""

    name: str
    command: list[str]
    started: str
    ready: str
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path = ROOT
    log: Path | None = None
    """Where it writes its lines, if not to the terminal: shown only if it fails."""


def broker(ports: Ports, store: Path) -> Part:
    """JetStream with its files in `store`, every acknowledged message on the disk."""
    configuration, log = store / "nats.conf", store / "nats.log"
    store.mkdir(parents=True, exist_ok=True)
    configuration.write_text(
        f"server_name: nats\nlisten: {ADDRESS}:{ports.broker}\nhttp: {ADDRESS}:{ports.monitoring}\n"
        f"log_file: {json.dumps(str(log))}\n"  # its banner would fill the first screen
        f"jetstream {{ store_dir: {json.dumps(str(store / 'jetstream'))}, sync_interval: always }}\n"
    )
    healthz = f"http://{ADDRESS}:{ports.monitoring}/healthz"
    return Part("nats", [nats_server_binary(), "-c", str(configuration)], healthz, healthz, log=log)


def mock_firehose(ports: Ports, rate: float) -> Part:
    """A made-up network that serves `rate` events a second as a relay would."""
    return _service(
        "mock-ingest",
        "mock_ingest",
        ports,
        ports.mock_ingest,
        MODE="firehose",
        RATE=str(rate),
        FIREHOSE_HOST=ADDRESS,
        FIREHOSE_PORT=str(ports.firehose),
    )


def ingest(ports: Ports, upstream_hosts: str | None) -> Part:
    """From `upstream_hosts` (the real firehose if None) to the raw stream."""
    stream, subject = STREAMS["raw"]
    hosts = {} if upstream_hosts is None else {"UPSTREAM_HOSTS": upstream_hosts}
    return _service(
        "nats-firehose-ingest",
        "nats_firehose_ingest",
        ports,
        ports.ingest,
        NATS_STREAM=stream,
        NATS_SUBJECT=subject,
        **hosts,
    )


def processor(ports: Ports) -> Part:
    """From the raw stream to the enriched one."""
    return _service(
        "nats-stream-processor",
        "nats_stream_processor",
        ports,
        ports.processor,
        INPUT_STREAM=STREAMS["raw"][0],
        INPUT_SUBJECT=STREAMS["raw"][1],
        OUTPUT_STREAM=STREAMS["enriched"][0],
        OUTPUT_SUBJECT=STREAMS["enriched"][1],
    )


def dashboard(ports: Ports) -> Part:
    """The page, as built for production."""
    address = f"http://{ADDRESS}:{ports.dashboard}"
    return Part(
        "bsky-sentiment-web",
        [shutil.which("node") or "node", "scripts/start.mjs"],
        started=f"{address}/api/health",
        ready=f"{address}/api/health",
        environment={
            "NATS_URL": f"nats://{ADDRESS}:{ports.broker}",
            "OUTPUT_STREAM": STREAMS["enriched"][0],
            "OUTPUT_SUBJECT": STREAMS["enriched"][1],
            "PORT": str(ports.dashboard),
            "HOSTNAME": ADDRESS,
        },
        folder=DASHBOARD,
    )


def _service(name: str, module: str, ports: Ports, port: int, **settings: str) -> Part:
    address = f"http://{ADDRESS}:{port}"
    return Part(
        name,
        [sys.executable, "-m", module],
        started=f"{address}/health",
        ready=f"{address}/ready",
        environment={
            "NATS_URL": f"nats://{ADDRESS}:{ports.broker}",
            "HEALTH_CHECK_HOST": ADDRESS,
            "HEALTH_CHECK_PORT": str(port),
            "LOG_FORMAT": "console",
            "STATS_INTERVAL": "30",
            "DRAIN_SECONDS": str(DRAIN_SECONDS),
            **settings,
        },
    )
