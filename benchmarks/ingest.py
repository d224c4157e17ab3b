"""Ingest from a socket to a broker that writes every post to the disk before it acknowledges it."""

from __future__ import annotations

import asyncio
import sys

import psutil
from pipeline_core.testing import eventually, free_port, running_broker, running_service

from benchmarks.relay import FRAMES

REPEATS = 3


async def once(upstream: str) -> tuple[float, float]:
    """Frames a second and microseconds of processor time a frame."""
    loop = asyncio.get_running_loop()
    with running_broker() as broker:
        async with running_service(
            "nats_firehose_ingest", NATS_URL=broker.url, UPSTREAM_HOSTS=upstream, START_CURSOR="0", LOG_LEVEL="ERROR"
        ) as ingest:
            process = psutil.Process(ingest.process.pid)

            async def begun() -> bool:
                return await ingest.metric("firehose_frames_total") > 0

            async def read() -> bool:
                return await ingest.metric("firehose_frames_total") >= FRAMES

            await eventually(begun, "first frame")
            before = await ingest.metric("firehose_frames_total")
            started, used = loop.time(), sum(process.cpu_times()[:2])
            await eventually(read, f"{FRAMES} frames read")
            frames = FRAMES - before
            return frames / (loop.time() - started), (sum(process.cpu_times()[:2]) - used) / frames * 1e6


async def run() -> None:
    """Print the median of a few runs."""
    port = free_port()
    relay = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.relay", str(port)), stdout=asyncio.subprocess.PIPE
    )
    try:
        await relay.stdout.readline()  # type: ignore[union-attr]  # it is a pipe
        runs = sorted([await once(f"ws://127.0.0.1:{port}") for _ in range(REPEATS)])
    finally:
        relay.kill()
        await relay.wait()
    rate, cost = runs[REPEATS // 2]
    print(f"ingest          {rate:6.0f} frames/s, {cost:.0f} µs of processor time a frame, socket to disk")
