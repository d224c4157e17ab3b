"""What tells the deployments of this code apart: where it puts what it has read, and how it counts. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline_core.messages import RawMessage
from pipeline_core.subjects import prefix


@dataclass(frozen=True, slots=True)
class Deployment:
    """`root` makes of OUTPUT_SUBJECT what this deployment's subjects begin with. Deployments that write into one stream
    need an `id_prefix` each: JetStream would take the second answer to a post for the first one, sent again."""

    metrics_prefix: str
    root: Callable[[str], str] = prefix
    id_prefix: str = ""

    def message_id(self, message: RawMessage) -> str:
        """The `Nats-Msg-Id` of what becomes of `message` here."""
        return self.id_prefix + message.message_id


UNIFIED = Deployment(metrics_prefix="stream_processor")
