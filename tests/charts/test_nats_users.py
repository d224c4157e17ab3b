"""The broker's users of nats.yaml on a real broker: each service does its work as its own user, and no other's."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import nats
import pytest
import yaml
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import StorageType
from nats.js.errors import NotFoundError
from nats_stream_processor.delivery import Delivery
from nats_stream_processor.trials import Docket
from pipeline_core import logs
from pipeline_core.testing import PATIENCE, Broker, all_answered, eventually, free_port, running_service
from pipeline_core.topology import Stream

from tests.charts.rendering import CLUSTER, ROOT

VALUES = yaml.safe_load((CLUSTER / "nats.yaml").read_text())
WEB = ROOT / "bsky-sentiment-web"
POSTS = 30
PAST = 10_100  # posts; those before the newest 10,000 the dashboard reads by a consumer that it then deletes
ENRICHED = Stream("bluesky-posts-enriched", "bluesky.enriched")

ANY_STREAMS_END = ("$JS.API.STREAM.DELETE.bluesky-posts", "$JS.API.STREAM.PURGE.bluesky-posts-enriched")
READS_RAW = "$JS.API.CONSUMER.CREATE.bluesky-posts.mine"
READS_ENRICHED = "$JS.API.CONSUMER.CREATE.bluesky-posts-enriched.mine"
REFUSED = {
    "ingest": [
        *(
            "bluesky.enriched.positive.music",
            "bluesky.dlq.nats-stream-processor.invalid_post",
            "$KV.firehose-state.other.x",
        ),
        *(READS_RAW, READS_ENRICHED, "$JS.API.STREAM.UPDATE.bluesky-posts-enriched"),
    ],
    "processor": [
        *(
            "bluesky.posts.create",
            "bluesky.dlq.nats-firehose-ingest.wrong_hash",
            "$KV.firehose-state.nats-firehose-ingest.x",
        ),
        *(READS_RAW, READS_ENRICHED, "$JS.API.STREAM.UPDATE.bluesky-posts"),
        *("$JS.API.CONSUMER.MSG.NEXT.bluesky-posts.topic-processor", "$JS.ACK.bluesky-posts.topic-processor.1.1.1.1.0"),
    ],
    "topics": [
        *("bluesky.posts.create", "bluesky.enriched.positive.music", "bluesky.dlq.nats-stream-processor.invalid_post"),
        *(READS_RAW, READS_ENRICHED, "$KV.bluesky-posts-trials.unified-processor.1"),
        *(
            "$JS.API.CONSUMER.MSG.NEXT.bluesky-posts.unified-processor",
            "$JS.ACK.bluesky-posts.unified-processor.1.1.1.1.0",
        ),
    ],
    "mock-ingest": [
        *("bluesky.enriched.positive.music", "bluesky.dlq.mock-ingest.x", "$KV.firehose-state.nats-firehose-ingest.x"),
        *(READS_RAW, READS_ENRICHED, "$JS.API.STREAM.UPDATE.bluesky-posts"),
    ],
    "web": [
        *("bluesky.posts.create", "bluesky.enriched.positive.music", "bluesky.dlq.web.x", READS_RAW),
        *("$JS.API.STREAM.CREATE.bluesky-posts-enriched", "$JS.API.STREAM.UPDATE.bluesky-posts-enriched"),
    ],
}


def configuration() -> str:
    """What the chart makes of `config.merge`: JSON, in which what stands between << and >> is not quoted."""
    return re.sub(r'"<<\s+(.*)\s+>>"', r"\1", json.dumps(VALUES["config"]["merge"], indent=1)).strip("{}")


def password(user: str) -> str:
    return f"p{user.encode().hex()}"


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    for variable, source in VALUES["container"]["env"].items():
        if variable.endswith("_PASSWORD"):
            assert source["valueFrom"]["secretKeyRef"]["name"] == "nats-users"
            monkeypatch.setenv(variable, password(source["valueFrom"]["secretKeyRef"]["key"]))
    started = Broker(tmp_path)
    with (tmp_path / "nats.conf").open("a") as file:
        file.write(configuration())
    started.start()
    yield started
    started.stop()


def url(broker: Broker, user: str) -> str:
    return f"nats://{user}:{password(user)}@127.0.0.1:{broker.port}"


@asynccontextmanager
async def connected(broker: Broker, user: str) -> AsyncIterator[tuple[Client, list[str]]]:
    """A connection as this user, and what the broker refused to it."""
    refused: list[str] = []

    async def note(error: Exception) -> None:
        refused.append(str(error))

    client = await nats.connect(url(broker, user), error_cb=note, inbox_prefix=f"_INBOX.{user}")
    yield client, refused
    await client.close()


def violations(folder: Path) -> list[str]:
    return [line for line in (folder / "nats.log").read_text().splitlines() if "iolation" in line]


async def stored(js: JetStreamContext, stream: str) -> int:
    try:
        return (await js.stream_info(stream)).state.messages
    except NotFoundError:
        return 0


async def test_each_service_does_its_work_as_its_own_user(broker: Broker, tmp_path: Path) -> None:
    port = str(free_port())
    async with (
        connected(broker, "admin") as (admin, _),
        running_service(
            "mock_ingest", MODE="firehose", GARBAGE_SHARE="0.2", FIREHOSE_HOST="127.0.0.1", FIREHOSE_PORT=port
        ),
        running_service("mock_ingest", NATS_URL=url(broker, "mock-ingest"), COUNT=str(POSTS), RATE="200") as mock,
        running_service(
            "nats_firehose_ingest",
            NATS_URL=url(broker, "ingest"),
            UPSTREAM_HOSTS=f"ws://127.0.0.1:{port}",
            CURSOR_SAVE_INTERVAL="0.2",
        ) as ingest,
        running_service("nats_stream_processor", NATS_URL=url(broker, "processor")) as processor,
        running_service("nats_stream_processor_topics", NATS_URL=url(broker, "topics")) as topics,
    ):
        js = admin.jetstream()
        code, output = await mock.ended()
        assert code == 0, output
        await js.publish("bluesky.posts.create", b"no post")
        await eventually(lambda: ingest.answers("/ready", 200), "ingest is ready")

        async def kept() -> bool:
            return await stored(js, "KV_firehose-state") > 1 and await stored(js, "bluesky-dlq") > 1

        await eventually(kept, "a cursor and the dead letters of ingest")
        assert (await ingest.stop())[0] == 0
        await eventually(
            lambda: all_answered(js, "bluesky-posts", "unified-processor", "topic-processor"), "all is processed"
        )
        assert await stored(js, "bluesky-posts-enriched") >= 2 * POSTS
        assert await processor.metric("stream_processor_dead_letters_total") == 1
        assert await topics.metric("topic_processor_dead_letters_total") == 1
    assert violations(tmp_path) == []


@pytest.mark.parametrize(("user", "consumer"), [("processor", "unified-processor"), ("topics", "topic-processor")])
async def test_a_processor_keeps_its_trials(broker: Broker, tmp_path: Path, user: str, consumer: str) -> None:
    reply = f"$JS.ACK.bluesky-posts.{consumer}.9.7.7.1700000000000000000.0"
    async with connected(broker, user) as (client, _):
        docket = Docket(client.jetstream(), "bluesky-posts", consumer, 1, logs.configure("test", "INFO", "json"))
        await docket.enter(Delivery(Msg(_client=client, reply=reply)))
        again = Delivery(Msg(_client=client, reply=reply))
        assert await docket.holds(again)
        await docket.strike(again)
        assert not await docket.holds(Delivery(Msg(_client=client, reply=reply)))
    assert violations(tmp_path) == []


@asynccontextmanager
async def dashboard(nats_url: str) -> AsyncIterator[str]:
    """The built dashboard, and its address."""
    if not (WEB / ".next" / "BUILD_ID").exists():
        pytest.skip("the dashboard is not built: `make setup` builds it")
    port = str(free_port())
    process = await asyncio.create_subprocess_exec(
        *(shutil.which("node") or "node", "scripts/start.mjs"),
        cwd=WEB,
        env={**os.environ, "NATS_URL": nats_url, "PORT": port, "HOSTNAME": "127.0.0.1"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), PATIENCE)


async def test_the_dashboard_reads_all_as_its_own_user(broker: Broker, tmp_path: Path) -> None:
    async with connected(broker, "admin") as (admin, _):
        js = admin.jetstream()
        await js.add_stream(
            ENRICHED.config.evolve(storage=StorageType.MEMORY)
        )  # so many would take a slow disk a minute
        for number in range(PAST):
            uri = f"at://did:plc:author/app.bsky.feed.post/{number}"
            post = {"uri": uri, "text": "x", "author": "did:plc:author", "timestamp": "2026-07-04T14:38:08.999Z"}
            await admin.publish("bluesky.enriched.positive.music", json.dumps(post).encode())

        async def all_stored() -> bool:
            return await stored(js, ENRICHED.name) == PAST

        await eventually(all_stored, "all posts are stored")
        async with dashboard(url(broker, "web")) as address, aiohttp.ClientSession() as browser:

            async def read() -> bool:
                try:
                    async with browser.get(f"{address}/metrics") as answer:
                        figures = await answer.text()
                except aiohttp.ClientError:
                    return False
                names = ("sentiment_web_messages_received_total", "sentiment_web_history_messages_total")
                found = [re.search(rf"^{name} (\d+)", figures, re.MULTILINE) for name in names]
                return all(count is not None and int(count[1]) > 0 for count in found)

            await eventually(read, "new and old posts are read")
    assert violations(tmp_path) == []


@pytest.mark.parametrize("user", REFUSED)
async def test_a_user_is_refused_what_is_not_its_own(broker: Broker, user: str) -> None:
    others = [other for other in (*REFUSED, "admin") if other != user]
    said = [*REFUSED[user], *ANY_STREAMS_END, *(f"_INBOX.{other}.answer" for other in others)]
    heard = ["bluesky.posts.>", "bluesky.enriched.>", "bluesky.dlq.>", "$KV.>", "$JS.>", "$SYS.>", ">", "_INBOX.>"]
    heard += [f"_INBOX.{other}.>" for other in others]
    async with connected(broker, user) as (client, refused):
        for subject in said:
            await client.publish(subject, b"{}")
        for subject in heard:
            await client.subscribe(subject)

        async def all_refused() -> bool:
            await client.flush()
            return len(refused) >= len(said) + len(heard)

        await eventually(all_refused, "each is refused", patience=5)
        wanted = [f'publish to "{subject}"' for subject in said] + [f'subscription to "{subject}"' for subject in heard]
        assert [words for words in wanted if not any(words.lower() in line.lower() for line in refused)] == []


async def test_nobody_comes_in_without_a_password_or_with_another_ones(broker: Broker) -> None:
    for address in (broker.url, f"nats://web:{password('admin')}@127.0.0.1:{broker.port}"):
        with pytest.raises(NatsError, match=r"(?i)authorization"):
            await nats.connect(address, allow_reconnect=False, max_reconnect_attempts=0, connect_timeout=2)
