"""The command itself, with its own model, as a process, and what it has stored."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

from nats.aio.client import Client
from nats.js.errors import NotFoundError
from pipeline_core.messages import EnrichedPost, RawPost
from pipeline_core.testing import Broker, ServiceProcess, running_service
from pipeline_core.topology import Stream, ensure

RAW = Stream("bluesky-posts", "bluesky.posts")
ENRICHED = Stream("bluesky-posts-enriched", "bluesky.enriched")
TEXTS = [
    "What a wonderful match, we won!",
    "I hate this cold.",
    "",
    "👩‍👩‍👧‍👦" * 100,
    "x" * 3000,
    "\u202e<script>\x00*.>",
    "今日はいい天気",
]


def processing(broker: Broker, **settings: str) -> AbstractAsyncContextManager[ServiceProcess]:
    return running_service(
        "nats_stream_processor", **{"NATS_URL": broker.url, "ACK_WAIT_SECONDS": "3", "RETRY_DELAY": "0.1", **settings}
    )


def raw(number: int, text: str | None = None) -> RawPost:
    return RawPost(
        uri=f"at://did:plc:a/app.bsky.feed.post/{number}",
        cid=f"bafy{number}",
        author="did:plc:a",
        text=f"Post number {number}: {TEXTS[number % len(TEXTS)]}" if text is None else text,
        timestamp="2026-07-04T14:38:08.999Z",
        langs=["en"],
    )


async def publish(client: Client, *payloads: bytes) -> None:
    await ensure(client.jetstream(), RAW)
    for payload in payloads:
        await client.jetstream().publish("bluesky.posts.create", payload)


async def messages(client: Client, stream: str) -> list[Any]:
    js = client.jetstream()
    try:
        state = (await js.stream_info(stream)).state
    except NotFoundError:
        return []
    return [await js.get_msg(stream, seq=number) for number in range(1, state.messages + 1)]


async def enriched(client: Client) -> list[EnrichedPost]:
    return [
        EnrichedPost.model_validate_json(message.data) for message in await messages(client, "bluesky-posts-enriched")
    ]


async def unanswered(client: Client) -> int:
    info = await client.jetstream().consumer_info("bluesky-posts", "unified-processor")
    return (info.num_pending or 0) + (info.num_ack_pending or 0)


async def answered(client: Client, *, stored: int) -> bool:
    try:
        info = await client.jetstream().stream_info("bluesky-posts-enriched")
        return info.state.messages >= stored and await unanswered(client) == 0
    except NotFoundError:
        return False


async def holds(client: Client, number: int) -> bool:
    try:
        return (await client.jetstream().stream_info("bluesky-posts-enriched")).state.messages >= number
    except NotFoundError:
        return False
