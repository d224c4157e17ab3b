"""The command itself, as a process: started, asked, killed and started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from mock_ingest.firehose import PATH
from mock_ingest.wire import to_bytes
from mock_ingest.world import World
from pipeline_core.testing import free_port

FOLDER = Path(__file__).parent.parent
SEED, RATE = 11, 500


def environment(**settings: str | int) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"PYTHONUNBUFFERED": "1"} | {name: str(value) for name, value in settings.items()}


@asynccontextmanager
async def mock(port: int, health: int, **settings: str | int) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command in firehose mode, ready; killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "main.py",
        "--mode=firehose",
        cwd=FOLDER,
        env=environment(SEED=SEED, RATE=RATE, FIREHOSE_PORT=port, HEALTH_CHECK_PORT=health, **settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        await until_ready(health, process)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def until_ready(health: int, process: asyncio.subprocess.Process) -> None:
    async with aiohttp.ClientSession() as http:
        while process.returncode is None:
            try:
                async with http.get(f"http://127.0.0.1:{health}/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.05)
    assert process.stdout is not None
    pytest.fail((await process.stdout.read()).decode())


async def read(port: int, cursor: int, frames: int) -> list[bytes]:
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"ws://127.0.0.1:{port}{PATH}?cursor={cursor}") as socket,
    ):
        return [await socket.receive_bytes(timeout=10) for _ in range(frames)]


async def test_a_killed_server_goes_on_exactly_where_a_client_stopped() -> None:
    port, health = free_port(), free_port()
    async with mock(port, health) as process:
        cursor = await head_of(health) - 1_000
        before = await read(port, cursor, 400)
        process.kill()
        await process.wait()
    async with mock(port, health):
        again = await read(port, cursor, 400)
        after = await read(port, cursor + 400, 400)
    assert again == before
    world = World(SEED, RATE)
    assert before + after == [to_bytes(world.event(seq)) for seq in range(cursor + 1, cursor + 801)]


async def head_of(health: int) -> int:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{health}/metrics") as answer:
        line = next(line for line in (await answer.text()).splitlines() if line.startswith("mock_ingest_head "))
        return int(float(line.split()[1]))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_closes_the_clients_with_1001_and_exits_with_0(number: signal.Signals) -> None:
    port, health = free_port(), free_port()
    async with (
        mock(port, health) as process,
        aiohttp.ClientSession() as http,
        http.ws_connect(f"ws://127.0.0.1:{port}{PATH}") as client,
    ):
        await client.receive_bytes(timeout=10)
        process.send_signal(number)
        async for _ in client:
            pass
        assert client.close_code == 1001
        assert await process.wait() == 0


async def test_a_taken_port_is_named_with_the_setting_that_chose_it() -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        done = run("--mode", "firehose", FIREHOSE_PORT=taken.getsockname()[1], HEALTH_CHECK_PORT=free_port())
    assert done.returncode == 1
    last = json.loads(done.stdout.splitlines()[-1])
    assert "FIREHOSE_PORT" in last["why"]
    assert "Traceback" not in done.stdout + done.stderr


def test_help_tells_every_setting() -> None:
    done = run("--help")
    assert done.returncode == 0
    for flag in ("--mode", "--rate", "--count", "--seed", "--post-share", "--hostile-share", "--garbage-share"):
        assert flag in done.stdout
    for flag in ("--firehose-port", "--retention-seconds", "--nats-url", "--nats-subject", "--health-check-port"):
        assert flag in done.stdout


@pytest.mark.parametrize(
    ("flag", "value", "name"),
    [
        ("--rate", "0", "RATE"),
        ("--mode", "sing", "MODE"),
        ("--post-share", "2", "POST_SHARE"),
        ("--count", "x", "COUNT"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_in_one_line(flag: str, value: str, name: str) -> None:
    done = run(flag, value)
    assert done.returncode == 2
    assert done.stderr.startswith(f"{name}: ")
    assert repr(value) in done.stderr
    assert "Traceback" not in done.stderr


def run(*arguments: str, **settings: str | int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mock_ingest", *arguments],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
