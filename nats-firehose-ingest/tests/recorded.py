"""Recorded frames of a personal data server, and what a Jetstream makes of them."""

from __future__ import annotations

from collections.abc import Iterable

from jetstream import told, trained
from nats_firehose_ingest.decoding import frames
from nats_firehose_ingest.events import Event
from pipeline_core.messages import RawMessage
from relay import pds_frames

NOW = "2026-11-23T10:02:00.000Z"  # after the recorded frames were told
FRAMES = pds_frames()
TOLD = told(FRAMES)
LAST = [event for event in TOLD if event.body.get("collection") == "app.bsky.feed.post"][-1]
DICTIONARIES = [trained([event.v2 for event in TOLD], number) for number in (40_001, 40_002)]


def messages(events: Iterable[Event]) -> list[RawMessage]:
    return [message for event in events for message in event.messages]


def by_frames(recorded: Iterable[bytes]) -> list[RawMessage]:
    return messages(frames.decode("relay", frame, NOW) for frame in recorded)
