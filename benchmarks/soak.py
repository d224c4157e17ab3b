"""`make soak`: ingest through many random faults, over a backlog and then live, and what that cost: nothing, it should
say. `python -m benchmarks.soak --posts 100000 --seed 1`.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from contextlib import suppress

import nats
import psutil
from mock_ingest.world import World
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import Error as JetStreamError
from pipeline_core import background
from pipeline_core.logs import configure
from pipeline_core.testing import Broker, running_broker

from tests.faults import FAULTS, FaultRun, ingesting_through_faults
from tests.reckoning import Reckoning

POSTS = 100_000
POST_SHARE = 0.4  # of the events; more than in life, so that more is under way at any moment
GARBAGE_SHARE = 0.01
RATE = 200.0  # events a second: twice the posts of the real network
BACKLOG_SHARE = 0.7  # of the events, read as fast as ingest can; the rest comes live
GAP = (500, 6000)  # frames between two faults
RARE = {"future_cursor", "change_of_host"}  # half as often: after each, a minute or more of events is told again
LOOK_INTERVAL = 1.0  # seconds between looks at ingest's memory and at the stream
LINE_INTERVAL = 10.0  # seconds between lines of progress
MIB = 1024 * 1024
INTERRUPTED = 130  # exit code, as shells give it for SIGINT


class Soak:
    """One run with what is seen of it as it goes on."""

    def __init__(self, js: JetStreamContext, run: FaultRun, posts: int) -> None:
        self._js, self._run, self._wanted = js, run, posts
        self._started = time.monotonic()
        self.posts = 0
        """Posts that the stream holds."""
        self._rss: dict[str, int] = {}

    async def go_through(self, chance: random.Random) -> None:
        """Fault after fault until the stream holds the posts that are wanted."""
        names, weights = list(FAULTS), [1 if name in RARE else 2 for name in FAULTS]
        while self.posts < self._wanted:
            (fault,) = chance.choices(names, weights)
            await self._run.through(fault, after=chance.randint(*GAP))

    async def watch(self) -> None:
        """Look and tell, for ever."""
        due = LINE_INTERVAL
        while True:
            await asyncio.sleep(LOOK_INTERVAL)
            await self.look()
            if self.seconds >= due:
                due += LINE_INTERVAL
                print(f"{self.seconds:5.0f} s  {self.posts:7d} posts  {self.faults()}", flush=True)

    async def look(self) -> None:
        """Count the posts, unless the broker is away, and read how much memory ingest has."""
        try:
            subject = "bluesky.posts.create"
            state = (await self._js.stream_info("bluesky-posts", subjects_filter=subject)).state
            self.posts = (state.subjects or {}).get(subject, 0)
        except (NatsError, JetStreamError):
            return
        rss = psutil.Process(self._run.ingest.process.pid).memory_info().rss
        self._rss["end"] = rss
        self._rss["most"] = max(rss, self._rss.get("most", 0))
        if self.posts >= self._wanted / 10:
            self._rss.setdefault("at 10 %", rss)

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._started

    def faults(self) -> str:
        """How often each has happened."""
        happened = self._run.happened
        return f"{happened.total()} faults ({', '.join(f'{name} {times}' for name, times in happened.most_common())})"

    def summary(self, result: Reckoning | None) -> str:
        """The one line at the end; without a result where the run did not come to its end."""
        last = self._run.last
        memory = ", ".join(f"{name} {rss / MIB:.0f}" for name, rss in sorted(self._rss.items()))
        found = (
            "cut short: not compared"
            if result is None
            else f"{last - self._run.first + 1} events, {result.expected} messages: {len(result.lost)} lost, "
            f"{len(result.doubled)} doubled, {len(result.strangers)} never told; {result.broken} broken frames: "
            f"{len(result.letters_missing)} dead letters missing"
        )
        return f"soak: {self.posts} posts, {found}; {self.faults()}; {self.seconds:.0f} s; MiB of ingest: {memory}"


async def soak(broker: Broker, posts: int, seed: int) -> bool:
    """Run and print; whether nothing was lost, doubled or invented."""

    async def quiet(_: Exception) -> None:
        """The broker goes on purpose."""

    world = World(seed, RATE, post_share=POST_SHARE, garbage_share=GARBAGE_SHARE)
    backlog = int(posts / POST_SHARE * BACKLOG_SHARE)
    client = await nats.connect(broker.url, max_reconnect_attempts=-1, reconnect_time_wait=0.2, error_cb=quiet)
    try:
        js = client.jetstream()
        async with ingesting_through_faults(broker, js, world, backlog, log_level="ERROR") as run:
            observed = Soak(js, run, posts)
            watching = background.start(observed.watch(), configure("soak", "INFO", "console"), "watch")
            try:
                await observed.go_through(random.Random(seed))
                await observed.look()
                watching.cancel()
                print(f"{observed.seconds:5.0f} s  reading to the end, then comparing", flush=True)
                await run.finish()
                result = await run.reckoning(js)
            except (asyncio.CancelledError, AssertionError):
                print(observed.summary(None), flush=True)
                raise
            finally:
                watching.cancel()
            print(observed.summary(result), flush=True)
            return result.faultless
    finally:
        with suppress(NatsError, OSError):  # Ctrl-C reaches the broker too, and it may be gone already
            await client.close()


def main() -> None:
    """Exit code 0 if all is there once, 1 if not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description="Ingest through random faults.")
    parser.add_argument("--posts", type=int, default=POSTS, help="new posts that are to be stored (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the posts and of the faults (%(default)s)")
    chosen = parser.parse_args()
    with running_broker() as broker:
        try:
            faultless = asyncio.run(soak(broker, chosen.posts, chosen.seed))
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        except AssertionError as stuck:
            sys.exit(f"soak: ingest is stuck: {stuck}")
    sys.exit(0 if faultless else 1)


if __name__ == "__main__":
    main()
