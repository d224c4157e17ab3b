from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator

import nats
import pytest
from mock_ingest.messages import BROKEN_PAYLOADS
from nats.aio.client import Client
from nats.js.api import StreamConfig
from pipeline_core import subjects
from pipeline_core.messages import RawPost, read_message
from pipeline_core.testing import Broker, free_port, running_broker

STREAM, SUBJECT = "bluesky-posts-dev", "bluesky.posts.dev"


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with running_broker() as started:
        yield started


@pytest.fixture
async def client(broker: Broker) -> AsyncIterator[Client]:
    """A connection to a broker without streams."""
    client = await nats.connect(broker.url)
    js = client.jetstream()
    for name in await js.streams_info():
        await js.delete_stream(str(name.config.name))
    yield client
    await client.close()


async def mock(broker: Broker, *arguments: str) -> asyncio.subprocess.Process:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "mock_ingest", *arguments),
        env=kept
        | {
            "NATS_URL": broker.url,
            "NATS_STREAM": STREAM,
            "NATS_SUBJECT": SUBJECT,
            "HEALTH_CHECK_PORT": str(free_port()),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def summary(process: asyncio.subprocess.Process) -> dict[str, object]:
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, out + err
    lines = [json.loads(line) for line in out.splitlines()]
    (published,) = [line for line in lines if line["event"] == "published"]
    return dict(published)


async def stored(client: Client) -> list[nats.js.api.RawStreamMsg]:
    js = client.jetstream()
    count = (await js.stream_info(STREAM)).state.messages
    return [await js.get_msg(STREAM, seq) for seq in range(1, count + 1)]


async def test_count_messages_are_stored_where_ingest_puts_them_and_the_command_says_so(
    broker: Broker, client: Client
) -> None:
    told = await summary(await mock(broker, "--count", "2000", "--rate", "50000", "--seed", "1"))
    assert (told["stored"], told["duplicates"], told["stream"]) == (2000, 0, STREAM)
    held = await stored(client)
    assert len(held) == 2000
    messages = [read_message(message.data or b"") for message in held]
    for message, said in zip(held, messages, strict=True):
        assert message.subject == subjects.raw(SUBJECT, said)
        assert (message.headers or {})["Nats-Msg-Id"] == said.message_id
    kinds = {said.kind for said in messages}
    assert {"create", "update", "delete"} <= kinds <= {"create", "update", "delete", "account"}
    posts = [said for said in messages if isinstance(said, RawPost)]
    assert all(post.uri.startswith(f"at://{post.author}/app.bsky.feed.post/") for post in posts)
    created = [post.uri for post in posts if post.kind == "create"]
    assert len(set(created)) == len(created) > 1500


async def test_a_signal_stops_the_endless_mode_and_everything_published_is_stored(
    broker: Broker, client: Client
) -> None:
    process = await mock(broker, "--rate", "500", "--seed", "2")
    js = client.jetstream()
    while True:
        await asyncio.sleep(0.05)
        try:
            if (await js.stream_info(STREAM)).state.messages >= 50:
                break
        except nats.js.errors.NotFoundError:
            assert process.returncode is None
    process.send_signal(signal.SIGINT)
    told = await summary(process)
    assert told["stored"] == (await js.stream_info(STREAM)).state.messages


async def test_the_stream_of_another_service_keeps_its_settings(broker: Broker, client: Client) -> None:
    js = client.jetstream()
    await js.add_stream(StreamConfig(name=STREAM, subjects=[f"{SUBJECT}.>"], max_msgs=77))
    await summary(await mock(broker, "--count", "5", "--rate", "5000", "--seed", "3"))
    assert (await js.stream_info(STREAM)).config.max_msgs == 77


async def test_garbage_is_published_when_asked_for(broker: Broker, client: Client) -> None:
    await summary(await mock(broker, "--count", "100", "--rate", "5000", "--garbage-share", "0.5", "--seed", "4"))
    payloads = [message.data or b"" for message in await stored(client)]
    assert len(payloads) == 100
    assert set(payloads) & set(BROKEN_PAYLOADS.values())
    assert any(b"did:plc:" in payload and payload not in BROKEN_PAYLOADS.values() for payload in payloads)
