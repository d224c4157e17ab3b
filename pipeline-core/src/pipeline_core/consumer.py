"""Reading from a durable consumer by pulling: bounded in flight, nothing lost when the broker forgets a pull.

One pull request is open at a time (ADR-13, ADR-37 of NATS). It ends when its messages have come, when the broker says
so, when the connection was renewed, or when the broker stays silent past the request's own expiry: a broker that was
restarted can hold a pull that it will never serve.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from bisect import insort
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js.api import Header

from pipeline_core import background
from pipeline_core.backoff import Backoff
from pipeline_core.errors import TopologyError
from pipeline_core.logs import Log
from pipeline_core.refusals import in_words
from pipeline_core.topology import Consumer

IN_FLIGHT = 256  # messages asked for ahead of the work; at 10 posts/s they still finish within the ack wait of 30 s
PULL_EXPIRES = 5.0  # seconds the broker keeps a pull open
PULL_GRACE = 2.0  # seconds after which a pull that was not even declared expired is dead
TICK = 0.25  # seconds between looks at the connection while a pull is open
KEEP_INTERVAL = 1.0  # seconds between looks at what has long been ours; less where the ack wait is short

_NO_RESPONDERS = "503"
_CONFLICT = "409"


class PullConsumer:
    """The messages of one durable consumer. `take` gives what has come; the caller acknowledges each message or
    forgets it. Until it does the message is ours, taken or not: the broker is told so after half of each ack wait, as a
    slow machine would otherwise see it given out to another, and work twice. While we are not `alive` it is not told
    so, and nothing is asked for: others shall have what is stuck here.

    `ensure` is called before the first pull and again whenever the consumer turns out to be gone (deleted, or its
    stream made anew), so that a running service mends what an operator removed.
    """

    def __init__(
        self,
        client: Client,
        consumer: Consumer,
        log: Log,
        ensure: Callable[[], Awaitable[None]],
        *,
        alive: Callable[[], bool] = lambda: True,
        in_flight: int = IN_FLIGHT,
    ) -> None:
        self._client, self._consumer, self._log, self._ensure = client, consumer, log, ensure
        self._alive = alive
        self._in_flight = in_flight
        self._inbox = client.new_inbox()
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{consumer.stream}.{consumer.name}"
        self._waiting: list[Msg] = []  # by their place in the stream: what was handed back comes in no order
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()
        self._pulls = 0
        self._reply = ""  # where the open pull is answered
        self._open = 0  # messages that it may still bring
        self._status: str | None = None
        self._changed = asyncio.Event()
        self._missing: str | None = "not found yet"
        self._subscription: Subscription | None = None
        self._puller: asyncio.Task[None] | None = None
        self._unanswered: dict[str, tuple[float, Msg]] = {}  # with the moment at which half of its ack wait is over
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._subscription = await self._client.subscribe(
            f"{self._inbox}.*", cb=self._on_message, pending_msgs_limit=0, pending_bytes_limit=0
        )
        self._puller = background.start(self._pull_for_ever(), self._log, "pulls")
        self._keeper = background.start(self._keep_for_ever(), self._log, "messages in progress")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        if self._keeper is not None:
            self._keeper.cancel()

    async def stop(self) -> None:
        """Ask for no more, and hand what was not taken back to the broker at once, for another replica. What is still
        on its way to us has come, too, when this returns: so whatever is handed back later goes to others."""
        if self._puller is not None:
            self._puller.cancel()
        subscription, self._subscription = self._subscription, None
        if not self._client.is_connected:
            return
        with contextlib.suppress(NatsError):
            if subscription is not None:
                await subscription.drain()  # type: ignore[no-untyped-call]
            while self._waiting:
                await self._waiting.pop(0).nak()
            await self._client.flush()

    @property
    def waiting(self) -> int:
        """Messages that have come and were not taken yet, or were put back."""
        return len(self._waiting)

    def unserved(self) -> str | None:
        """A health check: why no message can come, if the consumer is missing."""
        return self._missing and f"consumer {self._consumer.name} of {self._consumer.stream}: {self._missing}"

    async def take(self, most: int) -> list[Msg]:
        """Wait for a message, then give what is there, `most` at the most, oldest first."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        taken, self._waiting = self._waiting[:most], self._waiting[most:]
        self._taken.set()
        return taken

    def put_back(self, messages: Sequence[Msg]) -> None:
        """They were taken and shall be taken again, at their place."""
        for message in messages:
            self._queue(message)

    def forget(self, message: Msg) -> None:
        """It is no longer ours: if the broker did not hear how it ended, it gives it out again after the ack wait."""
        self._unanswered.pop(message.reply, None)

    async def flush(self) -> None:
        """Wait until the broker has read what was said of messages. Where it is away there is nothing to wait for: what
        it does not learn it gives out again."""
        with contextlib.suppress(NatsError):
            await self._client.flush()

    async def _keep_for_ever(self) -> None:
        half = self._consumer.ack_wait / 2
        while True:
            await asyncio.sleep(min(KEEP_INTERVAL, half / 4))
            if not self._client.is_connected or not self._alive():
                continue
            now = asyncio.get_running_loop().time()
            for place, (due, message) in list(self._unanswered.items()):
                if message.is_acked:
                    self.forget(message)
                elif due <= now and place in self._unanswered:  # not forgotten while we told of those before it
                    self._unanswered[place] = (now + half, message)
                    with contextlib.suppress(NatsError):
                        await message.in_progress()

    async def _on_message(self, message: Msg) -> None:
        status = (message.headers or {}).get(Header.STATUS.value) if not message.reply else None
        if status is None:
            self._open = max(0, self._open - 1)
            self._queue(message)
            half_over = asyncio.get_running_loop().time() + self._consumer.ack_wait / 2
            self._unanswered[message.reply] = (half_over, message)
            if self._open == 0:
                self._changed.set()
            return
        if message.subject != self._reply:
            return  # the late word on an earlier pull
        description = (message.headers or {}).get(Header.DESCRIPTION.value, "")
        self._status = f"{status} {description}".strip()
        self._open = 0
        self._changed.set()

    def _queue(self, message: Msg) -> None:
        insort(self._waiting, message, key=lambda queued: queued.metadata.sequence.stream)
        self._arrived.set()

    async def _pull_for_ever(self) -> None:
        backoff = Backoff(first=0.25, most=5.0)
        while True:
            try:
                if self._missing is not None:
                    await self._ensure()
                    self._missing = None
                    self._log.info("consuming", stream=self._consumer.stream, consumer=self._consumer.name)
                await self._pull()
                if self._missing is None:
                    backoff.reset()
                    continue
            except (NatsError, TopologyError, TimeoutError) as error:
                self._missing = in_words(error)
            delay = backoff.next()
            self._log.warning(
                "cannot consume", stream=self._consumer.stream, why=self._missing, retry_seconds=round(delay, 2)
            )
            await asyncio.sleep(delay)

    async def _pull(self) -> None:
        """Ask for as many messages as there is room for and wait until that request is over."""
        while len(self._waiting) > self._in_flight // 2 or not self._alive():
            self._taken.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await self._taken.wait()
        self._open = self._in_flight - len(self._waiting)
        self._status = None
        self._changed.clear()
        self._pulls += 1
        self._reply = f"{self._inbox}.{self._pulls}"
        request = {"batch": self._open, "expires": int(PULL_EXPIRES * 1e9)}
        connections = self._client.stats["reconnects"]
        await self._client.publish(self._subject, json.dumps(request).encode(), reply=self._reply)
        loop = asyncio.get_running_loop()
        dead_at = loop.time() + PULL_EXPIRES + PULL_GRACE
        while self._open and loop.time() < dead_at and self._client.stats["reconnects"] == connections:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await self._changed.wait()
        if self._status and self._status.startswith((_NO_RESPONDERS, _CONFLICT)):
            self._missing = self._status
