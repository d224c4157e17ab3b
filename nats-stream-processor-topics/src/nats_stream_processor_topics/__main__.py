"""The command nats-stream-processor-topics."""

from __future__ import annotations

from functools import partial

from nats_stream_processor.__main__ import process
from pipeline_core import service as frame
from pipeline_core.settings import load

from nats_stream_processor_topics.deployment import TOPICS_ONLY
from nats_stream_processor_topics.settings import TopicsSettings


def main() -> None:
    """Run the service."""
    frame.end(frame.run(partial(process, deployment=TOPICS_ONLY), load(TopicsSettings)))


if __name__ == "__main__":
    main()
