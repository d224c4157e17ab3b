"""What a source yields, whatever its wire format. Pure."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline_core.messages import RawMessage

from nats_firehose_ingest.untrusted import LONGEST_WORDS


@dataclass(frozen=True, slots=True)
class BadInput:
    """Something upstream sent that cannot be taken, with the bytes it came in. `reason` is one of our own tokens."""

    reason: str
    detail: str
    payload: bytes


@dataclass(slots=True)
class Event:
    """One event of an upstream. Not frozen, as thousands are made a second and that doubles the cost."""

    origin: str
    """Whose sequence `seq` belongs to, and so under what the cursor is kept: a host, an endpoint, a file."""
    kind: str
    """One of KINDS."""
    seq: int | None = None
    """Where to go on after this event; None where it has no place, or none that could be read."""
    time: str | None = None
    """When upstream told of it, RFC 3339."""
    operations: Sequence[str] = ()
    """What was done to records of posts: create, update, delete or other."""
    notice: str | None = None
    """The name of an `#info`, such as OutdatedCursor."""
    messages: Sequence[RawMessage] = ()
    bad: Sequence[BadInput] = ()


KINDS = ("commit", "identity", "account", "sync", "info", "unknown", "unreadable")
"""The kinds of events as they are counted. `unknown` can be read and says nothing to us, `unreadable` cannot."""


class Source(Protocol):
    """Where events come from."""

    def events(self) -> AsyncGenerator[Event, None]:
        """Every event in order. Stop reading and the source is held back: nothing piles up here."""
        ...


class UpstreamError(Exception):
    """Upstream ends the stream, or will not begin it, and says why (`FutureCursor`, `ConsumerTooSlow`, …). Of its words
    only the beginning is kept."""

    def __init__(self, name: str, message: str) -> None:
        name, message = name[:LONGEST_WORDS], message[:LONGEST_WORDS]
        super().__init__(f"{name}: {message}" if message else name)
        self.name = name
