"""`make demo` as a user has it: the real parts, found in the page with a real browser, and nothing left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from pipeline_core.messages import SENTIMENTS, TOPICS
from playwright.async_api import Browser, expect

from demo.ports import ADDRESS, ANY, Ports, choose

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "bsky-sentiment-web" / ".next" / "BUILD_ID"
PATIENCE = 90.0  # seconds
MARK = "PIPELINE_DEMO_TEST"
"""An environment variable by which every process that a demo started, and its children, are found again."""


@asynccontextmanager
async def demonstration(*options: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A running demo on free ports and the address it printed once posts had arrived."""
    if not BUILT.exists():
        pytest.skip("the dashboard is not built: `make setup` builds it")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "demo",
        "--any-ports",
        *options,
        cwd=ROOT,
        env={**os.environ, MARK: "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    reading: asyncio.Task[bytes] | None = None
    try:
        address = await asyncio.wait_for(_address(process), PATIENCE)
        assert process.stdout is not None
        reading = asyncio.create_task(process.stdout.read())  # or its pipe would fill
        yield process, address
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.wait(), PATIENCE)
        if reading is not None:
            await reading


async def _address(process: asyncio.subprocess.Process) -> str:
    lines = []
    assert process.stdout is not None
    while line := (await process.stdout.readline()).decode():
        lines.append(line)
        if line.startswith("Posts with sentiment and topics are on "):
            return line.split()[-1]
    raise AssertionError("the demo ended without posts:\n" + "".join(lines))


def started_by_a_demo() -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) and process.pid != os.getpid():
                found.append(process)
        except psutil.Error:
            continue
    return found


async def test_posts_flow_through_the_real_parts_into_the_page_and_ctrl_c_leaves_nothing(browser: Browser) -> None:
    async with demonstration() as (process, address):
        page = await browser.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(address)
        posts = page.get_by_test_id("post")
        await expect(posts.first).to_be_visible(timeout=PATIENCE * 1000)
        await expect(page.get_by_test_id("state")).to_contain_text("live", ignore_case=True, timeout=PATIENCE * 1000)

        shown = await page.evaluate(
            """() => [...document.querySelectorAll('[data-testid=post]')].map(post => ({
                uri: post.dataset.uri,
                sentiment: post.querySelector('[data-testid=post-sentiment]').textContent.trim().toUpperCase(),
            }))"""
        )
        assert all(post["uri"].startswith("at://did:plc:") for post in shown)
        told = [any(post["sentiment"].startswith(name) for name in SENTIMENTS) for post in shown]
        said_why = [post["sentiment"] == "NO SENTIMENT" for post in shown]
        assert all(one or other for one, other in zip(told, said_why, strict=True))
        assert sum(told) > len(told) / 2, "most posts are in a language that a model was taught"

        async def total() -> int:
            return int(await page.get_by_test_id("total").get_attribute("data-count") or 0)

        before = await total()
        async with asyncio.timeout(PATIENCE):
            while await total() <= before:  # the page goes on counting while posts arrive
                await asyncio.sleep(0.2)
        counted = [
            int(await page.get_by_test_id(f"topic-{topic}").first.get_attribute("data-count") or 0) for topic in TOPICS
        ]
        assert sum(count > 0 for count in counted) > 5
        assert complaints == []

        assert len(started_by_a_demo()) >= 5
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
    assert started_by_a_demo() == []


async def test_a_part_that_dies_ends_the_demo_with_its_name_and_leaves_nothing() -> None:
    async with demonstration() as (process, _):
        (victim,) = [found for found in started_by_a_demo() if "nats_stream_processor" in " ".join(found.cmdline())]
        victim.kill()
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 1
    assert started_by_a_demo() == []


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1", "::"])
def test_a_port_taken_on_any_address_is_named_and_another_chosen(address: str) -> None:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as other:
        if ":" in address:
            other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            other.bind((address, 0))
        except OSError:
            pytest.skip(f"this machine has no {address}")
        other.listen()
        taken = other.getsockname()[1]
        usual, _ = choose(ANY)
        ports, words = choose(
            Ports(*[taken if name == "dashboard" else getattr(usual, name) for name in usual.__slots__])
        )
    assert ports.dashboard != taken
    assert ports.broker == usual.broker
    assert words == [f"port {taken} for the dashboard is taken: using {ports.dashboard}"]


def test_no_two_parts_are_given_the_same_port() -> None:
    ports, _ = choose(ANY)
    chosen = [getattr(ports, name) for name in ports.__slots__]
    assert len(set(chosen)) == len(chosen)
    for port in chosen:
        with socket.socket() as probe:
            probe.bind((ADDRESS, port))
