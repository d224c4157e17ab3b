"""Where this deployment puts what it has read. Pure."""

from __future__ import annotations

from nats_stream_processor.deployment import Deployment
from pipeline_core.subjects import topics_only

TOPICS_ONLY = Deployment(
    metrics_prefix="topic_processor",
    root=topics_only,
    id_prefix="topics-only:",  # no AT-URI begins so
)
