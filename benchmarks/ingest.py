"""Ingest from a socket to a broker that writes every post to the disk before it acknowledges it, beside the baseline,
in turns, on the same frames.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from statistics import median

import psutil
from pipeline_core.testing import eventually, free_port, running_broker, running_service

from benchmarks.relay import FRAMES

REPEATS = 5
BASELINE_FRAMES = FRAMES // 4  # it is slow, and its rate does not change
GOAL = 30_000  # frames a second, on one core
LINE = "{:15} {:6.0f} frames/s, {:5.1f} µs of processor time a frame"

Read = Callable[[], Awaitable[float]]
"""How many frames were read so far."""
Run = Callable[[str, str], Awaitable[tuple[float, float]]]
"""One run against a broker and a relay: frames a second, microseconds of processor time a frame."""


async def measure(pid: int, read: Read, frames: int) -> tuple[float, float]:
    """Frames a second, and microseconds of processor time a frame, from the first to the one numbered `frames`."""
    loop, process = asyncio.get_running_loop(), psutil.Process(pid)

    async def begun() -> bool:
        return await read() > 0

    async def done() -> bool:
        return await read() >= frames

    await eventually(begun, "first frame")
    before, started, used = await read(), loop.time(), sum(process.cpu_times()[:2])
    await eventually(done, f"{frames} frames read")
    told = await read() - before
    return told / (loop.time() - started), (sum(process.cpu_times()[:2]) - used) / told * 1e6


async def ours(broker: str, relay: str) -> tuple[float, float]:
    """One run of the service."""
    async with running_service(
        "nats_firehose_ingest", NATS_URL=broker, UPSTREAM_HOSTS=relay, START_CURSOR="0", LOG_LEVEL="ERROR"
    ) as ingest:
        return await measure(ingest.process.pid, lambda: ingest.metric("firehose_frames_total"), FRAMES)


async def baseline(broker: str, relay: str) -> tuple[float, float]:
    """One run of the baseline."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.baseline", broker, relay), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    read = 0.0

    async def follow(lines: asyncio.StreamReader) -> None:
        nonlocal read
        async for line in lines:
            read = float(line)

    async def told() -> float:
        return read

    following = asyncio.create_task(follow(process.stdout))
    try:
        return await measure(process.pid, told, BASELINE_FRAMES)
    finally:
        process.kill()
        await process.wait()
        following.cancel()


@asynccontextmanager
async def relay() -> AsyncIterator[str]:
    """The URL of a relay with frames made beforehand."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.relay", str(port)), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        await process.stdout.readline()
        yield f"ws://127.0.0.1:{port}"
    finally:
        process.kill()
        await process.wait()


async def run() -> None:
    """Print the medians of both, and how they compare."""
    runs: dict[Callable[[str, str], Awaitable[tuple[float, float]]], list[tuple[float, float]]] = {
        ours: [],
        baseline: [],
    }
    async with relay() as upstream:
        for _ in range(REPEATS):
            for way, found in runs.items():
                with running_broker() as broker:
                    found.append(await way(broker.url, upstream))
    rate, cost = (median(values) for values in zip(*runs[ours], strict=True))
    base_rate, base_cost = (median(values) for values in zip(*runs[baseline], strict=True))
    print(LINE.format("ingest", rate, cost) + ", socket to disk")
    print(LINE.format("  SDK, awaited", base_rate, base_cost))
    print(f"  {'':13} {rate / base_rate:.1f} times its frames, at {cost / base_cost:.2f} of its processor time")
    print(f"  {'':13} on one core of its own {1e6 / cost:.0f} frames/s (goal {GOAL})")
