"""A raw message in our hands."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from nats.aio.msg import Msg
from pipeline_core.messages import EnrichedPost, RawMessage


@dataclass(slots=True, eq=False)
class Delivery:
    """A raw message that was given out to us and is not answered for. `said` is what it says, if that can be read,
    `enriched` what a post became."""

    message: Msg
    since: float = field(default_factory=time.monotonic)
    said: RawMessage | None = None
    enriched: EnrichedPost | None = None
    failures: int = 0
    on_docket: bool = False
    buried: bool = False

    @property
    def sequence(self) -> int:
        """Its number in the raw stream."""
        return self.message.metadata.sequence.stream

    @property
    def place(self) -> str:
        """Its stream and sequence: `bluesky-posts:1234`."""
        return f"{self.message.metadata.stream}:{self.sequence}"

    @property
    def times(self) -> int:
        """How often it was given out, now included, to whichever replica and whatever became of that."""
        return self.message.metadata.num_delivered
