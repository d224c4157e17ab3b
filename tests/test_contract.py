"""What one part says is what another understands, though neither knows the other: the dashboard is written in another
language, and mock-ingest stands in for ingest.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from mock_ingest.events import Garbage
from mock_ingest.identifiers import rfc3339
from mock_ingest.messages import raw_messages
from mock_ingest.wire import to_bytes
from mock_ingest.world import World
from nats_firehose_ingest.decoding.frames import decode
from pipeline_core.messages import SENTIMENTS, TOPICS

LISTS = Path(__file__).parents[1] / "bsky-sentiment-web" / "lib"


def test_the_dashboard_knows_the_topics_in_their_order() -> None:
    assert tuple(re.findall(r'"([a-z_]+(?:_&_[a-z_]+)?)"', (LISTS / "topics.ts").read_text()))[: len(TOPICS)] == TOPICS


def test_the_dashboard_knows_the_sentiments_in_their_order() -> None:
    assert tuple(re.findall(r'"([A-Z]+)"', (LISTS / "sentiments.ts").read_text()))[: len(SENTIMENTS)] == SENTIMENTS


def test_mock_ingest_publishes_what_ingest_makes_of_the_same_worlds_frames() -> None:
    world, first, seen = World(seed=7, rate=200, post_share=0.5), 359_000_000_000, Counter[str]()
    for seq in range(first, first + 5_000):
        event = world.event(seq)
        assert not isinstance(event, Garbage)
        read = decode("relay", to_bytes(event), received_at=rfc3339(event.time_us))
        told = [*raw_messages(event)]
        assert [message.model_dump() for message in read.messages] == [message.model_dump() for message in told]
        assert [message.message_id for message in read.messages] == [message.message_id for message in told]
        seen.update(message.kind for message in told)
    assert min(seen[kind] for kind in ("create", "update", "delete", "account")) > 10
