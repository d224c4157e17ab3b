"""`python -m demo`: broker, firehose, ingest, processor and dashboard under one roof until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import signal
import sys
from pathlib import Path
from tempfile import mkdtemp

from demo import parts
from demo.ports import ADDRESS, ANY, USUAL, Ports, choose
from demo.supervisor import PartFailed, Supervisor

POLL = 0.5  # seconds
FIRST_WORD, REMINDER = 5.0, 30.0  # seconds until, and then between, words about posts that do not come


def say(line: str) -> None:
    """To standard output at once, also when it is a pipe."""
    print(line, flush=True)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--live", action="store_true", help="read Bluesky's real firehose instead of made-up posts")
    parser.add_argument("--rate", type=float, default=200.0, help="made-up events a second, 11 %% of them posts")
    parser.add_argument("--any-ports", action="store_true", help="use free ports, not the usual ones")
    parser.add_argument("--store", type=Path, help="keep the broker's files in this folder (default: a fresh one)")
    return parser.parse_args()


async def run(options: argparse.Namespace, store: Path) -> None:
    """Start everything, tell the address, and wait until a part fails or we are cancelled."""
    ports, taken = choose(ANY if options.any_ports else USUAL)
    for sentence in taken:
        say(sentence)
    async with Supervisor(say) as supervisor:
        await supervisor.start(parts.broker(ports, store))
        upstream = None
        if not options.live:
            await supervisor.start(parts.mock_firehose(ports, options.rate))
            upstream = f"ws://{ADDRESS}:{ports.firehose}"
        reader, enricher, page = parts.ingest(ports, upstream), parts.processor(ports), parts.dashboard(ports)
        for part in (reader, enricher, page):
            await supervisor.start(part)
        say(f"\nThe dashboard is at http://{ADDRESS}:{ports.dashboard} (Ctrl-C stops everything)\n")
        waiting = asyncio.create_task(_tell_of_posts(supervisor, reader, ports))
        try:
            await supervisor.first_to_end()
        finally:
            waiting.cancel()


async def _tell_of_posts(supervisor: Supervisor, reader: parts.Part, ports: Ports) -> None:
    """A word when the first enriched posts are there, and now and then one on why there are none."""
    loop = asyncio.get_running_loop()
    next_word = loop.time() + FIRST_WORD
    while not await _enriched(supervisor, ports):
        await asyncio.sleep(POLL)
        if loop.time() > next_word:
            next_word = loop.time() + REMINDER
            _, answer = await supervisor.get(reader.ready)
            why = "; ".join(json.loads(answer)["problems"].values()) if answer else "it does not answer"
            why = why or "reading, nothing is enriched yet"
            say(f"\nNo posts yet; trying again for as long as you let it (Ctrl-C stops). {reader.name}: {why}\n")
    say(f"\nPosts with sentiment and topics are on http://{ADDRESS}:{ports.dashboard}\n")


async def _enriched(supervisor: Supervisor, ports: Ports) -> bool:
    _, metrics = await supervisor.get(f"http://{ADDRESS}:{ports.processor}/metrics")
    counts = [line for line in metrics.splitlines() if line.startswith("stream_processor_posts_published_total ")]
    return any(float(line.rpartition(" ")[2]) > 0 for line in counts)


async def main() -> int:
    """The exit code: 0 after Ctrl-C or SIGTERM, 1 where a part failed."""
    options = arguments()
    store = options.store or Path(mkdtemp(prefix="pipeline-demo-"))
    work = asyncio.ensure_future(run(options, store))
    stopping = False

    def stop() -> None:
        nonlocal stopping
        if stopping:  # a second cancel would leave parts behind
            say("Still stopping: the services hand over their work first.")
            return
        stopping = True
        work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        await work
    except asyncio.CancelledError:
        say("Everything is stopped.")
    except PartFailed as failed:
        say(f"\n{failed}; everything is stopped.")
        return 1
    finally:
        if options.store is None:
            shutil.rmtree(store, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
