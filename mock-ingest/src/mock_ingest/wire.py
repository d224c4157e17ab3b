"""Any event, sound or not, as the bytes that a client receives."""

from mock_ingest.broken import broken_frame
from mock_ingest.events import Event, Garbage
from mock_ingest.frames import frame


def to_bytes(event: Event) -> bytes:
    """One binary WebSocket message."""
    return broken_frame(event) if isinstance(event, Garbage) else frame(event)
