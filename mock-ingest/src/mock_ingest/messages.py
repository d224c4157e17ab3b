"""The world's posts as messages for the raw stream, and messages that are wrong on purpose. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from pipeline_core.messages import RawPost

from mock_ingest.events import POST, Commit, Garbage, Op, Record
from mock_ingest.identifiers import cid_text, rfc3339
from mock_ingest.repository import block
from mock_ingest.world import World

#: Payloads that are no RawPost, by what is wrong with them.
BROKEN_PAYLOADS: dict[str, bytes] = {
    "empty": b"",
    "not_json": b"at://example.com/post hello",
    "cut_off": b'{"uri": "at://did:plc:x/app.bsky.feed.post/y", "text": "and th',
    "not_an_object": b'["uri", "text", "author", "timestamp"]',
    "no_text": b'{"uri": "at://x/y/z", "author": "did:plc:x", "timestamp": "2026-01-01T00:00:00Z"}',
    "text_not_a_string": b'{"uri": "at://x/y/z", "author": "x", "timestamp": "2026-01-01T00:00:00Z", "text": 42}',
    "unreadable_date": b'{"uri": "at://x/y/z", "author": "x", "timestamp": "yesterday", "text": "hello"}',
    "invalid_utf8": b'{"uri": "at://x/y/z", "author": "x", "timestamp": "2026-01-01T00:00:00Z", "text": "\xff\xfe"}',
    "lone_surrogate": b'{"uri": "at://x/y/z", "author": "x", "timestamp": "2026-01-01T00:00:00Z", "text": "\\ud800"}',
}


@dataclass(frozen=True, slots=True)
class Message:
    """A payload for the raw stream, due at ``time_us`` (microseconds since 1970)."""

    time_us: int
    payload: bytes
    message_id: str


def messages(world: World, after: int) -> Iterator[Message]:
    """What the world's events after ``after`` publish, without end: new posts, and garbage where the world has it."""
    for seq in count(after + 1):
        match world.event(seq):
            case Commit(time_us=time_us, ops=ops):
                for op in ops:
                    if op.action == "create" and op.collection == POST and op.record is not None:
                        post = raw_post(op, op.record, time_us)
                        yield Message(time_us, post.to_json(), post.message_id)
            case Garbage(time_us=time_us):
                payloads = tuple(BROKEN_PAYLOADS.values())
                yield Message(time_us, payloads[seq % len(payloads)], f"garbage-{seq}")


def raw_post(op: Op, record: Record, time_us: int) -> RawPost:
    """The message that ingest would make of a post's operation received at ``time_us``."""
    return RawPost(
        uri=op.uri,
        cid=cid_text(block(record).cid),
        author=op.did,
        text=record["text"],
        timestamp=record["createdAt"],
        received_at=rfc3339(time_us),
        langs=record.get("langs", []),
    )
