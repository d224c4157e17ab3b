"""Dead letters: what could not be processed, kept as it came, with the reason in its headers."""

from __future__ import annotations

import asyncio
import hashlib

from nats.js.api import PubAck
from prometheus_client import Counter

from pipeline_core.publisher import Publisher
from pipeline_core.subjects import prefix

LARGEST = 900 * 1024  # bytes kept of one letter: the broker's default limit of 1 MiB, less room for headers
_LONGEST_HEADER = 500  # characters


class DeadLetters:
    """Publishes to `bluesky.dlq.<service>.<reason>` and counts by reason. The headers `Dlq-Reason`, `Dlq-Error`,
    `Dlq-Service` and `Dlq-Source` say why, in whose words, by whom and where it stood upstream; `Dlq-Subject`, of a
    message of the raw stream, where it was published."""

    def __init__(self, publisher: Publisher, subject: str, service: str, counter: Counter) -> None:
        """`counter` has one label, the reason."""
        self._publisher, self._subject, self._service, self._counter = (
            publisher,
            prefix(subject),
            service,
            counter,
        )

    async def bury(
        self, payload: bytes, *, reason: str, error: str, source: str, subject: str | None = None
    ) -> asyncio.Future[PubAck]:
        """Keep `payload`. `reason` is one of the caller's own tokens; `source` names the place upstream, such as
        `bluesky-posts:1234`: the same bytes from the same place are stored once. `subject` is where it was published,
        if it was: there it can be replayed. Waits while the window is full; the future is done when the letter is
        stored."""
        self._counter.labels(reason).inc()
        headers = {
            "Dlq-Reason": reason,
            "Dlq-Error": _one_line(error),
            "Dlq-Service": self._service,
            "Dlq-Source": _one_line(source),
        }
        if subject is not None:
            headers["Dlq-Subject"] = _one_line(subject)
        if len(payload) > LARGEST:
            headers["Dlq-Truncated-From"] = str(len(payload))
        return await self._publisher.publish(
            f"{self._subject}.{self._service}.{reason}",
            payload[:LARGEST],
            message_id=f"{hashlib.sha256(payload).hexdigest()}@{_one_line(source)}",
            headers=headers,
        )


def _one_line(text: str) -> str:
    """`text` as a header value: printable ASCII, the rest escaped, so that nobody writes a header of his own."""
    return text.encode("unicode_escape").decode("ascii")[:_LONGEST_HEADER]
