"""Ingest on the firehose of a real personal data server under load, killed while it reads.

`PDS_LAB` names a folder with such a server: `npm start` there listens on PDS_PORT and PLC_PORT and prints a line of
JSON when it is ready; `npm run load` makes OPS operations of the kind MODE on the server at PDS, and prints what it
made.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import nats
import pytest
from pipeline_core.messages import AccountChange, read_message
from pipeline_core.testing import eventually, free_port, running_broker, running_service
from relay import Change, changes_by_the_sdk

LAB = os.environ.get("PDS_LAB")
OPERATIONS = 1000
QUIET = 3.0  # seconds without a frame: the recording is complete


@asynccontextmanager
async def personal_data_server(folder: Path) -> AsyncIterator[str]:
    port, directory = free_port(), free_port()
    process = await asyncio.create_subprocess_exec(
        *("npm", "start", "--silent"),
        cwd=folder,
        env={**os.environ, "PDS_PORT": str(port), "PLC_PORT": str(directory)},
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        while b"ready_ms" not in await asyncio.wait_for(process.stdout.readline(), 60):
            assert process.returncode is None
        yield f"127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def load(folder: Path, server: str) -> int:
    """Make operations of every kind; the number of posts made."""
    process = await asyncio.create_subprocess_exec(
        *("npm", "run", "load", "--silent"),
        cwd=folder,
        env={**os.environ, "PDS": f"http://{server}", "MODE": "mix", "OPS": str(OPERATIONS)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    made = json.loads(output.splitlines()[-1])["made"]
    assert made["err"] == 0
    return int(made["post"])


async def announced(server: str) -> list[Change]:
    """Every change of a post that the server ever announced, read without any code of ours."""
    found: list[Change] = []
    url = f"ws://{server}/xrpc/com.atproto.sync.subscribeRepos?cursor=0"
    async with aiohttp.ClientSession() as session, session.ws_connect(url, max_msg_size=0) as socket:
        while True:
            try:
                found += changes_by_the_sdk(await socket.receive_bytes(timeout=QUIET))
            except TimeoutError:
                return found


@pytest.mark.skipif(not LAB, reason="PDS_LAB names no folder with a personal data server")
async def test_exactly_the_posts_of_a_real_server_also_when_killed_while_it_reads() -> None:
    folder = Path(LAB or "")
    with running_broker() as broker:
        async with (
            personal_data_server(folder) as server,
            running_service(
                "nats_firehose_ingest",
                NATS_URL=broker.url,
                UPSTREAM_HOSTS=f"ws://{server}",
                START_CURSOR="0",
                CURSOR_SAVE_INTERVAL="0.5",
                ENABLE_TEXT_FILTERING="false",
            ) as ingest,
        ):
            client = await nats.connect(broker.url)
            js = client.jetstream()

            async def stored(kind: str) -> int:
                info = await js.stream_info("bluesky-posts", subjects_filter=">")
                return (info.state.subjects or {}).get(f"bluesky.posts.{kind}", 0)

            made = await load(folder, server)
            loading = asyncio.create_task(load(folder, server))
            while not loading.done():
                await asyncio.sleep(1.5)
                ingest.kill_and_restart()
            made += await loading

            async def complete() -> bool:
                return await stored("create") >= made

            await eventually(complete, f"{made} posts stored")
            expected = await announced(server)
            ours: list[Change] = []
            for number in range(1, (await js.stream_info("bluesky-posts")).state.messages + 1):
                message = read_message((await js.get_msg("bluesky-posts", seq=number)).data or b"")
                if not isinstance(message, AccountChange):
                    ours.append((message.kind, message.uri, getattr(message, "cid", None), message.rev))
            assert sum(kind == "create" for kind, *_ in expected) == made
            assert {kind for kind, *_ in expected} == {"create", "update", "delete"}
            assert sorted(ours, key=str) == sorted(expected, key=str)
            await client.close()
