"""The world's events as messages for the raw stream, and messages that are wrong on purpose. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Literal

from pipeline_core import subjects
from pipeline_core.messages import AccountChange, Deletion, Facet, RawMessage, RawPost, Reply

from mock_ingest.events import POST, Account, Commit, Event, Garbage, Op, Record
from mock_ingest.identifiers import cid_text, rfc3339
from mock_ingest.repository import block
from mock_ingest.world import World

#: Where a facet of each kind keeps what it points at.
_FACET_VALUES: dict[str, tuple[Literal["link", "mention", "tag"], str]] = {
    "app.bsky.richtext.facet#link": ("link", "uri"),
    "app.bsky.richtext.facet#mention": ("mention", "did"),
    "app.bsky.richtext.facet#tag": ("tag", "tag"),
}

#: Payloads that are no message of the raw stream, by what is wrong with them.
BROKEN_PAYLOADS: dict[str, bytes] = {
    "empty": b"",
    "not_json": b"at://example.com/post hello",
    "cut_off": b'{"uri": "at://did:plc:x/app.bsky.feed.post/y", "text": "and th',
    "not_an_object": b'["uri", "text", "author", "timestamp"]',
    "unknown_kind": b'{"kind": "mystery", "author": "did:plc:x", "timestamp": "2026-01-01T00:00:00Z"}',
    "no_text": b'{"uri": "at://x/y/z", "author": "did:plc:x", "timestamp": "2026-01-01T00:00:00Z"}',
    "text_not_a_string": b'{"uri": "at://x/y/z", "author": "x", "timestamp": "2026-01-01T00:00:00Z", "text": 42}',
    "unreadable_date": b'{"uri": "at://x/y/z", "author": "x", "timestamp": "yesterday", "text": "hello"}',
    "invalid_utf8": b'{"uri": "at://x/y/z", "author": "x", "timestamp": "2026-01-01T00:00:00Z", "text": "\xff\xfe"}',
    "lone_surrogate": b'{"uri": "at://x/y/z", "author": "x", "timestamp": "2026-01-01T00:00:00Z", "text": "\\ud800"}',
}


@dataclass(frozen=True, slots=True)
class Publication:
    """A payload for the raw stream, due at ``time_us`` (microseconds since 1970)."""

    time_us: int
    subject: str
    payload: bytes
    message_id: str


def publications(world: World, after: int, subject: str) -> Iterator[Publication]:
    """What the world's events after ``after`` publish below ``subject``, garbage where the world has it. Endless."""
    for seq in count(after + 1):
        event = world.event(seq)
        if isinstance(event, Garbage):
            payloads = tuple(BROKEN_PAYLOADS.values())
            payload = payloads[seq % len(payloads)]
            yield Publication(event.time_us, f"{subjects.prefix(subject)}.create", payload, f"garbage-{seq}")
        for message in raw_messages(event):
            yield Publication(event.time_us, subjects.raw(subject, message), message.to_json(), message.message_id)


def raw_messages(event: Event) -> Iterator[RawMessage]:
    """What ingest would make of an event that reached it at once. Garbage says nothing here."""
    told = rfc3339(event.time_us)
    match event:
        case Account(did=did, active=active, status=status):
            yield AccountChange(author=did, active=active, status=status, timestamp=told, received_at=told)
        case Commit(rev=rev, ops=ops):
            for op in ops:
                if op.collection != POST:
                    continue
                if op.record is None:
                    yield Deletion(author=op.did, uri=op.uri, rev=rev, timestamp=told, received_at=told)
                else:
                    yield raw_post(op, op.record, rev, told)


def raw_post(op: Op, record: Record, rev: str, received_at: str) -> RawPost:
    """The message of an operation that writes ``record`` into the author's repository at the revision ``rev``."""
    facets = [_facet(facet) for facet in record.get("facets", ())]
    reply = record.get("reply")
    return RawPost(
        kind="update" if op.action == "update" else "create",
        uri=op.uri,
        cid=cid_text(block(record).cid),
        rev=rev,
        author=op.did,
        text=record["text"],
        timestamp=record["createdAt"],
        received_at=received_at,
        langs=record.get("langs", []),
        reply=Reply(root=reply["root"]["uri"], parent=reply["parent"]["uri"]) if reply else None,
        embed=record["embed"]["$type"].rpartition(".")[2] if "embed" in record else None,
        labels=[label["val"] for label in record.get("labels", {"values": ()})["values"]],
        links=[facet.value for facet in facets if facet.kind == "link"],
        mentions=[facet.value for facet in facets if facet.kind == "mention"],
        tags=[facet.value for facet in facets if facet.kind == "tag"],
        facets=facets,
    )


def _facet(facet: Record) -> Facet:
    (feature,) = facet["features"]
    kind, name = _FACET_VALUES[feature["$type"]]
    return Facet(start=facet["index"]["byteStart"], end=facet["index"]["byteEnd"], kind=kind, value=feature[name])
