"""Publishing into JetStream: a window of messages under way, each acknowledged, retried until it is.

The acknowledgements come to an inbox of our own, as the client's own asynchronous publish never resolves a message
that JetStream answers with an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError
from nats.js.api import Header, PubAck
from prometheus_client import Counter

from pipeline_core.backoff import Backoff
from pipeline_core.errors import PublishRejected
from pipeline_core.logs import Log

WINDOW = 256  # messages under way; more gains nothing on a local broker, and this many bound our memory
ACK_TIMEOUT = 5.0  # seconds; a leader's election in a cluster of three can take longer, and is then retried
SWEEP_INTERVAL = 0.25  # seconds between looks at what is overdue
# err_codes of JetStream that no retry will change: message, or its headers, larger than the stream allows.
_NEVER = {10054, 10097}


@dataclass(slots=True)
class _Pending:
    subject: str
    payload: bytes
    headers: dict[str, str]
    acknowledged: asyncio.Future[PubAck]
    due: float
    awaited: bool = True  # an answer may still come; else it waits for its next attempt
    failures: int = 0
    backoff: Backoff = field(default_factory=lambda: Backoff(first=0.25, most=5.0))


class Publisher:
    """Publishes with at most `window` messages unacknowledged; leaving the block waits until all are stored.

    A message is sent again, with the same `Nats-Msg-Id`, until JetStream has stored it, through time-outs, refusals
    and lost connections: what JetStream stored already it recognises within the stream's duplicate window.
    """

    def __init__(
        self,
        client: Client,
        log: Log,
        errors: Counter,
        *,
        window: int = WINDOW,
        ack_timeout: float = ACK_TIMEOUT,
        max_retries: int = 3,
    ) -> None:
        self._client, self._log, self._errors = client, log, errors
        self._window, self._ack_timeout, self._max_retries = window, ack_timeout, max_retries
        self._inbox = client.new_inbox()
        self._pending: dict[int, _Pending] = {}
        self._next_token = 0
        self._room = asyncio.Event()
        self._room.set()
        self._subscription: Subscription | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._subscription = await self._client.subscribe(f"{self._inbox}.*", cb=self._on_answer)
        self._sweeper = asyncio.create_task(self._sweep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.flush()
        finally:
            if self._sweeper is not None:
                self._sweeper.cancel()
            for pending in self._pending.values():
                pending.acknowledged.cancel()
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
        self, subject: str, payload: bytes, *, message_id: str, headers: Mapping[str, str] | None = None
    ) -> asyncio.Future[PubAck]:
        """Send a message, waiting first while the window is full. The future gives JetStream's acknowledgement, or
        PublishRejected where it will never take the message."""
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
        )
        self._pending[token] = pending
        await self._send(token, pending)
        return pending.acknowledged

    async def flush(self) -> None:
        """Wait until everything under way is stored or rejected."""
        while self._pending:
            await asyncio.wait([pending.acknowledged for pending in self._pending.values()])

    async def _send(self, token: int, pending: _Pending) -> None:
        try:
            await self._client.publish(
                pending.subject, pending.payload, reply=f"{self._inbox}.{token}", headers=pending.headers
            )
        except MaxPayloadError:
            self._settle(token, PublishRejected(f"{len(pending.payload)} bytes are more than the broker takes"))
        except NatsError as error:
            self._failed(pending, type(error).__name__)

    async def _on_answer(self, message: Msg) -> None:
        token = int(message.subject.rpartition(".")[2])
        pending = self._pending.get(token)
        if pending is None:
            return
        if not message.data:  # a status without a body: nobody answers for this subject
            self._failed(pending, f"status {(message.headers or {}).get(Header.STATUS.value, '?')}")
            return
        answer = json.loads(message.data)
        if (refused := answer.get("error")) is None:
            self._settle(token, PubAck(stream=answer["stream"], seq=answer["seq"], duplicate=answer.get("duplicate")))
        elif refused.get("err_code") in _NEVER:
            self._settle(token, PublishRejected(refused.get("description", "refused")))
        else:
            self._failed(pending, str(refused.get("description", "refused")))

    def _settle(self, token: int, outcome: PubAck | PublishRejected) -> None:
        pending = self._pending.pop(token)
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
        if pending.failures == 1 or pending.failures % self._max_retries == 0:
            self._log.warning(
                "publish failed",
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
            for token, pending in list(self._pending.items()):
                if pending.due > loop.time() or pending.acknowledged.done():
                    continue
                if pending.awaited:
                    self._failed(pending, f"no acknowledgement within {self._ack_timeout} s")
                else:
                    pending.awaited = True
                    pending.due = loop.time() + self._ack_timeout
                    await self._send(token, pending)
