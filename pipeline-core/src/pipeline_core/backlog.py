"""What a durable consumer has still to do and how fast more arrives, as the broker tells it.

Each replica asks the same broker about the same consumer and exports the same figures: whoever scales by them takes the
largest, never the sum, which would grow with the number of replicas. What the broker does not tell is not exported: an
old figure, or 0, would scale on an error.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from pipeline_core.logs import Log, Seldom
from pipeline_core.refusals import in_words
from pipeline_core.topology import Consumer

INTERVAL = 5.0  # seconds between questions: two small requests, and finer than any scraping
PATIENCE = 2.0  # seconds for an answer
RATE_WINDOW = 60.0  # seconds over which arrivals are averaged: shorter follows noise, longer delays the scaling
STALE = 3 * INTERVAL  # seconds after which an answer counts for nothing, should no other follow it
_TOLD_SELDOM = 60.0  # seconds between log lines on an unanswered question


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer: `arrived` is the stream's last sequence, so that it counts what was ever stored; `backlog` what the
    consumer has not given out or nobody has acknowledged. `at` in seconds of the clock."""

    at: float
    backlog: int
    arrived: int


class Backlog(Collector):
    """The metrics `<prefix>_global_backlog_messages`, `<prefix>_global_arrived_messages_total` and
    `<prefix>_global_arrivals_per_second`. `watch` keeps them fresh."""

    def __init__(self, prefix: str, registry: CollectorRegistry, clock: Callable[[], float] = time.monotonic) -> None:
        self._prefix, self._clock = prefix, clock
        self._readings: deque[Reading] = deque()
        self._connected: Callable[[], bool] = lambda: True
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Samples for what is known, none for the rest."""
        backlog = GaugeMetricFamily(
            f"{self._prefix}_global_backlog_messages",
            "Messages that the consumer has not given out, or that nobody has acknowledged. "
            "The same in every replica: aggregate by max",
        )
        arrived = CounterMetricFamily(
            f"{self._prefix}_global_arrived_messages",
            "Messages that were ever stored in the raw stream. The same in every replica: aggregate by max",
        )
        rate = GaugeMetricFamily(
            f"{self._prefix}_global_arrivals_per_second",
            f"Messages stored in the raw stream per second, over the last {RATE_WINDOW:.0f} s. "
            "The same in every replica: aggregate by max",
        )
        if (last := self.last) is not None:
            backlog.add_metric([], last.backlog)
            arrived.add_metric([], last.arrived)
        if (arrivals := self.arrivals_per_second) is not None:
            rate.add_metric([], arrivals)
        yield from (backlog, arrived, rate)

    @property
    def last(self) -> Reading | None:
        """The newest answer, while it counts: the connection stands and the answer is not stale."""
        if not self._readings or not self._connected() or self._clock() - self._readings[-1].at > STALE:
            return None
        return self._readings[-1]

    @property
    def arrivals_per_second(self) -> float | None:
        """Averaged over the window, or over what is known of it; None before there are two answers."""
        if (last := self.last) is None or (first := self._readings[0]) is last:
            return None
        return (last.arrived - first.arrived) / (last.at - first.at)

    def read(self, backlog: int, arrived: int) -> None:
        """Take an answer of the broker."""
        now = self._clock()
        if self._readings and arrived < self._readings[-1].arrived:  # another stream of the same name
            self._readings.clear()
        self._readings.append(Reading(now, backlog, arrived))
        while now - self._readings[0].at > RATE_WINDOW:
            self._readings.popleft()

    def unknown(self) -> None:
        """The broker could not be asked. What arrived meanwhile is not made up: the average begins anew."""
        self._readings.clear()

    async def watch(self, client: Client, consumer: Consumer, log: Log, interval: float = INTERVAL) -> None:
        """Ask on a clock of its own, for ever, beside the work."""
        js, seldom = client.jetstream(timeout=PATIENCE), Seldom(log, _TOLD_SELDOM)
        self._connected = lambda: client.is_connected
        while True:
            try:
                if not client.is_connected:
                    self.unknown()  # a request would only wait in the client's buffer
                else:
                    info = await js.consumer_info(consumer.stream, consumer.name)
                    stream = await js.stream_info(consumer.stream)
                    self.read((info.num_pending or 0) + (info.num_ack_pending or 0), stream.state.last_seq)
            except NotFoundError:
                self.unknown()  # who pulls from it makes it anew, and says so
            except NatsError as error:
                self.unknown()
                seldom.warning("backlog unknown", "unknown", consumer=consumer.name, why=in_words(error))
            await asyncio.sleep(interval)
