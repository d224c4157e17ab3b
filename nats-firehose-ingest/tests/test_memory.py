"""Memory does not grow with what was read: a million frames through decoder, filters, publisher and ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
import zstandard
from nats_firehose_ingest.sources.capture import LENGTH
from pipeline_core.testing import Broker, eventually, running_service
from relay import pds_frames

EARLY, LATE = 100_000, 1_000_000  # frames
FRAMES = pds_frames()


@pytest.mark.timeout(600)  # a million frames are read and stored; what hangs is still told, by `eventually`
async def test_memory_after_a_million_frames_is_that_after_a_tenth_of_them(broker: Broker, tmp_path: Path) -> None:
    capture = tmp_path / "capture.zst"
    recording = b"".join(LENGTH.pack(len(frame)) + frame for frame in FRAMES)
    with capture.open("wb") as file, zstandard.ZstdCompressor(1).stream_writer(file) as compressed:
        for _ in range(LATE // len(FRAMES) + 1):
            compressed.write(recording)
    async with running_service(
        "nats_firehose_ingest", NATS_URL=broker.url, SOURCE="file", CAPTURE=str(capture), LOG_LEVEL="WARNING"
    ) as ingest:

        async def memory_after(frames: int) -> float:
            async def read() -> bool:
                return await ingest.metric("firehose_frames_total") >= frames

            await eventually(read, f"{frames} frames read", patience=400.0)
            return await ingest.metric("process_resident_memory_bytes")

        early, late = await memory_after(EARLY), await memory_after(LATE)
    assert late < early * 1.1, f"{early / 1e6:.1f} MB after {EARLY} frames, {late / 1e6:.1f} MB after {LATE}"
