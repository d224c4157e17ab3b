"""Publishing into JetStream: a window of messages under way, each acknowledged, retried until it is.

The acknowledgements come to an inbox of our own, as the client's own asynchronous publish never resolves a message
that JetStream answers with an error.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js.api import Header, PubAck
from prometheus_client import Counter
from pydantic_core import from_json

from pipeline_core import background
from pipeline_core.backoff import Backoff
from pipeline_core.errors import PublishRejected, TopologyError
from pipeline_core.logs import Log, Seldom
from pipeline_core.refusals import in_words

WINDOW = 256  # messages under way; more gains nothing on a local broker, and this many bound our memory
ACK_TIMEOUT = 5.0  # seconds; a leader's election in a cluster of three can take longer, and is then retried
SWEEP_INTERVAL = 0.25  # seconds between looks at what is overdue
MEND_INTERVAL = 2.0  # seconds between attempts to bring a missing stream back
_HEADER_LINE = 4  # bytes that frame one header: colon, space, CR, LF
_HEADER_FRAME = 16  # bytes around all headers: the version line and the empty one
# err_codes of JetStream that no retry will change: message, or its headers, larger than the stream allows.
_NEVER = {10054, 10097}


@dataclass(slots=True, eq=False)
class _Pending:
    subject: str
    payload: bytes
    headers: dict[str, str]
    acknowledged: asyncio.Future[PubAck]
    due: float
    lines: Sequence[str]
    behind: str | None
    awaited: bool = True  # an answer may still come; else it waits for its next attempt
    failures: int = 0
    backoff: Backoff = field(default_factory=lambda: Backoff(first=0.25, most=5.0))


class Publisher:
    """Publishes with at most `window` messages unacknowledged. Leaving the block in order, or because the service is
    stopping, waits until all are stored; a failure leaves at once, and who publishes again after it loses nothing.

    A message is sent again, with the same `Nats-Msg-Id`, until JetStream has stored it, through time-outs, refusals
    and lost connections: what JetStream stored already it recognises within the stream's duplicate window. Where
    nobody answers for a subject, `ensure` is called to make the stream anew.
    """

    def __init__(
        self,
        client: Client,
        log: Log,
        errors: Counter,
        ensure: Callable[[], Awaitable[None]] | None = None,
        *,
        window: int = WINDOW,
        ack_timeout: float = ACK_TIMEOUT,
        max_retries: int = 3,
    ) -> None:
        self._client, self._log, self._errors = client, log, errors
        self._seldom = Seldom(log)
        self._ensure, self._missing, self._mended = ensure, False, 0.0
        self._window, self._ack_timeout, self._max_retries = window, ack_timeout, max_retries
        self._inbox = client.new_inbox()
        self._pending: dict[int, _Pending] = {}
        self._lines: dict[str, list[_Pending]] = {}
        self._next_token = 0
        self._room = asyncio.Event()
        self._room.set()
        self._subscription: Subscription | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._subscription = await self._client.subscribe(f"{self._inbox}.*", cb=self._on_answer)
        self._sweeper = background.start(self._sweep(), self._log, "retries of publishes")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None or issubclass(kind, asyncio.CancelledError):
                await self.flush()
        finally:
            if self._sweeper is not None:
                self._sweeper.cancel()
            for pending in self._pending.values():
                pending.acknowledged.cancel()
            self._pending.clear()
            self._lines.clear()
            self._room.set()  # who still publishes waits for nobody
            if self._subscription is not None and not self._client.is_closed:
                with contextlib.suppress(NatsError):
                    await self._subscription.unsubscribe()

    @property
    def under_way(self) -> int:
        """How many messages are sent and not yet acknowledged."""
        return len(self._pending)

    def failing(self) -> str | None:
        """A health check: what keeps messages from being stored, if that has gone on for `max_retries` attempts."""
        stuck = sum(pending.failures >= self._max_retries for pending in self._pending.values())
        return f"{stuck} messages not stored after {self._max_retries} attempts" if stuck else None

    async def publish(
        self,
        subject: str,
        payload: bytes,
        *,
        message_id: str,
        headers: Mapping[str, str] | None = None,
        lines: Sequence[str] = (),
        behind: str | None = None,
    ) -> asyncio.Future[PubAck]:
        """Send a message, waiting first while the window is full. The future gives JetStream's acknowledgement, or
        PublishRejected where it will never take the message.

        JetStream stores in the order of sending, but what has to be sent again comes behind its successors. A message
        that must come `behind` all of one of its `lines` waits until those before it are stored, and those after it in
        that line wait for it.
        """
        await self._turn(lines, behind)
        while len(self._pending) >= self._window:
            self._room.clear()
            await self._room.wait()
        token = self._next_token
        self._next_token += 1
        loop = asyncio.get_running_loop()
        pending = _Pending(
            subject,
            payload,
            {**(headers or {}), Header.MSG_ID.value: message_id},
            loop.create_future(),
            loop.time() + self._ack_timeout,
            lines,
            behind,
        )
        self._pending[token] = pending
        for line in lines:
            self._lines.setdefault(line, []).append(pending)
        await self._send(token, pending)
        return pending.acknowledged

    async def _turn(self, lines: Sequence[str], behind: str | None) -> None:
        while before := [
            pending.acknowledged
            for line in lines
            for pending in self._lines.get(line, ())
            if line in (behind, pending.behind)
        ]:
            await asyncio.wait(before)

    async def flush(self) -> None:
        """Wait until everything under way is stored or rejected and whoever waits for it knows, or nobody is left to
        send it again: the connection is given up, or the retries have failed."""
        while self._pending and not self._client.is_closed and self._sweeper is not None and not self._sweeper.done():
            waiting = [pending.acknowledged for pending in self._pending.values()]
            await asyncio.wait(waiting, timeout=SWEEP_INTERVAL)
        await asyncio.sleep(0)  # the callbacks of what was stored just now are still to come

    async def _send(self, token: int, pending: _Pending) -> None:
        # The broker counts the headers too, and ends the connection of a client that sends more than it takes.
        size = sum(len(name) + len(value) + _HEADER_LINE for name, value in pending.headers.items())
        size += len(pending.payload) + _HEADER_FRAME
        if self._client.is_connected and size > self._client.max_payload:
            self._settle(token, PublishRejected(f"{size} bytes are more than the broker takes"))
            return
        try:
            await self._client.publish(
                pending.subject, pending.payload, reply=f"{self._inbox}.{token}", headers=pending.headers
            )
        except NatsError as error:
            self._failed(pending, type(error).__name__)

    async def _on_answer(self, message: Msg) -> None:
        token = int(message.subject.rpartition(".")[2])
        pending = self._pending.get(token)
        if pending is None:
            return
        if not message.data:  # a status without a body: nobody answers for this subject
            self._missing = True
            self._failed(pending, "no stream takes this subject")
            return
        answer = from_json(message.data)
        if (refused := answer.get("error")) is None:
            self._settle(token, PubAck(stream=answer["stream"], seq=answer["seq"], duplicate=answer.get("duplicate")))
        elif refused.get("err_code") in _NEVER:
            self._settle(token, PublishRejected(refused.get("description", "refused")))
        else:
            self._failed(pending, str(refused.get("description", "refused")))

    def _settle(self, token: int, outcome: PubAck | PublishRejected) -> None:
        pending = self._pending.pop(token)
        for line in pending.lines:
            self._lines[line].remove(pending)
            if not self._lines[line]:
                del self._lines[line]
        self._room.set()
        if pending.acknowledged.done():
            return
        if isinstance(outcome, PublishRejected):
            self._errors.inc()
            pending.acknowledged.set_exception(outcome)
        else:
            pending.acknowledged.set_result(outcome)

    def _failed(self, pending: _Pending, why: str) -> None:
        self._errors.inc()
        pending.awaited = False
        pending.failures += 1
        delay = pending.backoff.next()
        pending.due = asyncio.get_running_loop().time() + delay
        self._seldom.warning(
            "publish failed",
            why,
            subject=pending.subject,
            why=why,
            attempt=pending.failures,
            retry_seconds=round(delay, 2),
        )

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_INTERVAL)
            if not self._client.is_connected:
                continue
            await self._mend()
            for token, pending in list(self._pending.items()):
                if pending.due > loop.time() or pending.acknowledged.done():
                    continue
                if pending.awaited:
                    self._failed(pending, f"no acknowledgement within {self._ack_timeout} s")
                else:
                    pending.awaited = True
                    pending.due = loop.time() + self._ack_timeout
                    await self._send(token, pending)

    async def _mend(self) -> None:
        """Bring back a stream that is missing, as somebody may have deleted it under us."""
        now = asyncio.get_running_loop().time()
        if self._ensure is None or not self._missing or now - self._mended < MEND_INTERVAL:
            return
        self._mended, self._missing = now, False
        try:
            await self._ensure()
        except (TopologyError, NatsError) as error:
            self._log.warning("stream not mended", why=in_words(error))
