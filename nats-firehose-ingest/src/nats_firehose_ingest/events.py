"""What a source yields, whatever its wire format. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline_core.messages import RawPost


@dataclass(frozen=True, slots=True)
class BadInput:
    """Something upstream sent that is no post, with the bytes it came in. `reason` is one of our own tokens."""

    reason: str
    detail: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the upstream `host`. `seq` is None where it has none, or none that could be read."""

    host: str
    kind: str
    seq: int | None = None
    time: str | None = None
    operations: list[str] = field(default_factory=list)
    """What was done to records of posts: create, update or delete."""
    notice: str | None = None
    """The name of an `#info` frame's message, such as OutdatedCursor."""
    posts: list[RawPost] = field(default_factory=list)
    bad: list[BadInput] = field(default_factory=list)


class UpstreamError(Exception):
    """An error frame: upstream ends the stream and says why (`FutureCursor`, `ConsumerTooSlow`, …)."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}" if message else name)
        self.name = name
