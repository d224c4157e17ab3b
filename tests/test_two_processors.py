"""What the page shows of one raw stream that both processors read, or the topics-only one alone."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from nats.aio.client import Client
from pipeline_core import subjects
from pipeline_core.messages import Deletion, RawPost
from pipeline_core.testing import Broker, all_answered, eventually, free_port, running_service
from pipeline_core.topology import Stream, ensure

DASHBOARD = Path(__file__).parents[1] / "bsky-sentiment-web"
RAW = Stream("bluesky-posts", "bluesky.posts")
CONSUMERS = {"nats_stream_processor": "unified-processor", "nats_stream_processor_topics": "topic-processor"}
POSTS, DELETED = 40, 10


@asynccontextmanager
async def dashboard(**settings: str) -> AsyncIterator[str]:
    """The origin of a dashboard as it is built for production."""
    if not (DASHBOARD / ".next" / "BUILD_ID").exists():
        pytest.skip("the dashboard is not built: `make setup` builds it")
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *("node", "scripts/start.mjs"),
        cwd=DASHBOARD,
        env={"PATH": os.environ["PATH"], "PORT": str(port), "HOSTNAME": "127.0.0.1", **settings},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        await process.wait()


def post(number: int) -> RawPost:
    author = f"did:plc:{number}"
    uri = f"at://{author}/app.bsky.feed.post/3k{number}"
    return RawPost(uri=uri, cid=f"bafy{number}", author=author, text=f"post {number}", timestamp="2026-07-04T14:38:08Z")


async def publish(client: Client) -> None:
    js = client.jetstream()
    await ensure(js, RAW)
    posts = [post(number) for number in range(POSTS)]
    ends = [Deletion(author=one.author, uri=one.uri, timestamp=one.timestamp) for one in posts[:DELETED]]
    for message in (*posts, *ends):
        await js.publish(subjects.raw(RAW.subject, message), message.to_json())


async def answered(client: Client, consumer: str) -> bool:
    return await all_answered(client.jetstream(), RAW.name, consumer)


async def metrics(origin: str) -> dict[str, float]:
    """Those of the dashboard that have no label; none while it does not answer."""
    async with aiohttp.ClientSession() as http:
        try:
            async with http.get(f"{origin}/metrics") as answer:
                lines = (await answer.text()).splitlines()
        except aiohttp.ClientConnectionError:
            return {}
    return {name: float(value) for name, _, value in (line.partition(" ") for line in lines) if name.isidentifier()}


async def snapshot(origin: str) -> dict[str, Any]:
    """What a page that opens now is sent first."""
    async with aiohttp.ClientSession() as http, http.get(f"{origin}/api/stream") as events:
        async for line in events.content:
            if line.startswith(b"data: "):
                return json.loads(line.removeprefix(b"data: "))
    raise AssertionError("the stream of events ended without any")


@pytest.mark.parametrize(
    ("processors", "output_subject", "unscored"),
    [
        (list(CONSUMERS), "bluesky.enriched.>", 0),
        (list(CONSUMERS), "bluesky.enriched.topics.only.>", POSTS - DELETED),
        (["nats_stream_processor_topics"], "bluesky.enriched.topics.only.>", POSTS - DELETED),
    ],
)
async def test_each_post_and_each_removal_reaches_the_page_once(
    processors: list[str], output_subject: str, unscored: int, broker: Broker, client: Client
) -> None:
    await publish(client)
    async with AsyncExitStack() as running:
        for module in processors:
            await running.enter_async_context(running_service(module, NATS_URL=broker.url))
        for module in processors:
            await eventually(lambda module=module: answered(client, CONSUMERS[module]), f"all read by {module}")
    stored = (await client.jetstream().stream_info("bluesky-posts-enriched")).state.messages
    assert stored == len(processors) * (POSTS + DELETED)

    async with dashboard(NATS_URL=broker.url, OUTPUT_SUBJECT=output_subject) as origin:

        async def all_shown() -> bool:
            return (await metrics(origin)).get("sentiment_web_window_posts") == POSTS - DELETED

        await eventually(all_shown, "the posts that are left shown")
        shown = await snapshot(origin)
        counted = await metrics(origin)
    assert {one["text"] for one in shown["posts"]} == {f"post {number}" for number in range(DELETED, POSTS)}
    assert (shown["stats"]["window"]["total"], shown["stats"]["last15"]["unscored"]) == (POSTS - DELETED, unscored)
    assert counted["sentiment_web_messages_received_total"] == POSTS + DELETED
    assert counted["sentiment_web_posts_repeated_total"] == 0
