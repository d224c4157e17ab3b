"""The command itself, as a process that reads the recorded frames of a personal data server, and what it has stored."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager

import nats
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from nats_firehose_ingest.cursors import key
from nats_firehose_ingest.decoding.frames import decode
from pipeline_core.messages import read_message
from pipeline_core.testing import Broker, ServiceProcess, eventually, running_service
from pipeline_core.timestamps import now
from relay import Relay, encode, pds_frames, sequence

FRAMES = pds_frames()
STAMP = now()
MESSAGES = [message for frame in FRAMES for message in decode("", frame, STAMP).messages]
IDS = {message.message_id for message in MESSAGES}
POSTS = [message for message in MESSAGES if message.kind in ("create", "update")]
LAST = max(sequence(frame) or 0 for frame in FRAMES)
GARBAGE = [b"\xff\x00garbage", encode({"op": 1, "t": "#labels"}, {"seq": LAST + 1})]


def ingesting(broker: Broker, upstream: str, **settings: str) -> AbstractAsyncContextManager[ServiceProcess]:
    """The command reading `upstream` from its very beginning, with nothing filtered."""
    return running_service(
        "nats_firehose_ingest",
        **{
            "NATS_URL": broker.url,
            "UPSTREAM_HOSTS": upstream,
            "START_CURSOR": "0",
            "ENABLE_TEXT_FILTERING": "false",
            "CURSOR_SAVE_INTERVAL": "0.2",
            **settings,
        },
    )


async def count(js: JetStreamContext, stream: str = "bluesky-posts") -> int:
    try:
        return (await js.stream_info(stream)).state.messages
    except (NotFoundError, nats.errors.Error):
        return 0


async def stored(js: JetStreamContext) -> list[str]:
    """The id of every message of the raw stream, in its order, worked out from what is stored."""
    told = [await js.get_msg("bluesky-posts", seq=number) for number in range(1, await count(js) + 1)]
    assert all(one.subject.endswith(f".{read_message(one.data or b'').kind}") for one in told)
    return [read_message(one.data or b"").message_id for one in told]


async def assert_exactly_the_messages(js: JetStreamContext) -> None:
    await eventually(lambda: at_least(js, len(IDS)), "all messages stored")
    await asyncio.sleep(0.5)  # room for a duplicate to show itself
    ids = await stored(js)
    assert set(ids) == IDS
    assert len(ids) == len(IDS), "a message was stored twice"


async def at_least(js: JetStreamContext, number: int) -> bool:
    return await count(js) >= number


async def connected(relay: Relay, times: int) -> bool:
    return len(relay.cursors) >= times


async def cursor_saved(js: JetStreamContext, url: str) -> bool:
    try:
        await (await js.key_value("firehose-state")).get(key("nats-firehose-ingest", url))
    except (NotFoundError, nats.errors.Error, nats.js.errors.Error):
        return False
    return True
