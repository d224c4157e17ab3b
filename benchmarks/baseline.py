"""What ingest is measured against: the AT Protocol SDK's models for every frame, and each publish awaited before the
next. Run as `python -m benchmarks.baseline BROKER_URL RELAY_URL`; it prints how many frames it has read, ten times a
second.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator

import aiohttp
import nats
from atproto import CAR, firehose_models, models, parse_subscribe_repos_message
from nats_firehose_ingest.sources.firehose import PATH
from pipeline_core.messages import RawPost
from pipeline_core.timestamps import now
from pipeline_core.topology import Stream, ensure

TELL_INTERVAL = 0.1  # seconds


def posts(frame: bytes) -> Iterator[RawPost]:
    """The posts that a frame creates."""
    message = parse_subscribe_repos_message(firehose_models.MessageFrame.from_bytes(frame))
    if not isinstance(message, models.ComAtprotoSyncSubscribeRepos.Commit):
        return
    blocks = CAR.from_bytes(message.blocks).blocks
    for op in message.ops:
        if op.action == "create" and op.path.startswith("app.bsky.feed.post/"):
            record = models.get_or_create(blocks[op.cid], models.AppBskyFeedPost.Record)
            yield RawPost(
                uri=f"at://{message.repo}/{op.path}",
                cid=str(op.cid),
                author=message.repo,
                text=record.text,
                timestamp=record.created_at,
                received_at=now(),
                langs=record.langs or [],
            )


async def main(broker: str, relay: str) -> None:
    """Read for ever."""
    client = await nats.connect(broker)
    js = client.jetstream()
    await ensure(js, Stream("bluesky-posts", "bluesky.posts"))
    read, told = 0, 0.0
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{relay}{PATH}?cursor=0", max_msg_size=0) as socket,
    ):
        async for message in socket:
            for post in posts(message.data):
                await js.publish("bluesky.posts.create", post.to_json(), headers={"Nats-Msg-Id": post.message_id})
            read += 1
            if time.monotonic() - told > TELL_INTERVAL:
                told = time.monotonic()
                print(read, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
