"""Decoding frames: ours beside the AT Protocol SDK's models, on the same frames in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from atproto import CAR, firehose_models, models, parse_subscribe_repos_message
from mock_ingest.wire import to_bytes
from mock_ingest.world import World
from nats_firehose_ingest.decoding.frames import decode

FRAMES = 2000
REPEATS = 7


def by_the_sdk(frame: bytes) -> int:
    """What a client does that decodes with the SDK's models: the number of posts created."""
    message = parse_subscribe_repos_message(firehose_models.MessageFrame.from_bytes(frame))
    if not isinstance(message, models.ComAtprotoSyncSubscribeRepos.Commit):
        return 0
    blocks = CAR.from_bytes(message.blocks).blocks
    created = [op for op in message.ops if op.action == "create" and op.path.startswith("app.bsky.feed.post/")]
    return sum(blocks[op.cid]["text"] is not None for op in created)


def by_us(frame: bytes) -> int:
    """The same by our decoder, edits and deletions included."""
    return len(decode("host", frame, "2026-07-04T14:38:09.000Z").messages)


def run() -> None:
    """Print both times a frame and their ratio."""
    world = World(seed=1, rate=100.0)
    frames = [to_bytes(world.event(seq)) for seq in range(1_000_000, 1_000_000 + FRAMES)]
    times: dict[Callable[[bytes], int], list[float]] = {by_us: [], by_the_sdk: []}
    for _ in range(REPEATS):
        for way, spent in times.items():
            started = time.perf_counter()
            posts = sum(map(way, frames))
            spent.append((time.perf_counter() - started) / FRAMES * 1e6)
    ours, theirs = median(times[by_us]), median(times[by_the_sdk])
    size = sum(map(len, frames)) / FRAMES / 1000
    print(
        f"decoding        {ours:6.1f} µs a frame ({size:.1f} kB, {posts / FRAMES:.0%} posts), "
        f"SDK {theirs:.1f} µs: {theirs / ours:.1f} times ours"
    )
