from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest
from mock_ingest.events import POST, Account, Commit, Garbage, Identity, Op, Sync
from mock_ingest.identifiers import cid_text, rfc3339
from mock_ingest.kinds import POPULATION
from mock_ingest.messages import BROKEN_PAYLOADS, Publication, publications, raw_messages
from mock_ingest.repository import block
from mock_ingest.world import World
from pipeline_core import subjects
from pipeline_core.messages import AccountChange, Deletion, RawMessage, RawPost, read_message
from pydantic import ValidationError

EVENTS = 20_000


@pytest.fixture(scope="module")
def told(world: World, head: int) -> list[RawMessage]:
    """What some minutes of the world say."""
    return [message for seq in range(head, head + EVENTS) for message in raw_messages(world.event(seq))]


def kept(message: RawMessage) -> RawMessage:
    """The message as a reader of the stream gets it."""
    return read_message(message.to_json())


def test_every_kind_is_told_and_read_back_as_it_was(told: list[RawMessage]) -> None:
    assert set(Counter(message.kind for message in told)) == {"create", "update", "delete", "account"}
    assert [kept(message) for message in told] == told


def test_no_two_messages_have_one_identity(told: list[RawMessage]) -> None:
    assert len({message.message_id for message in told}) == len(told)


def test_events_of_other_kinds_say_nothing(world: World, head: int) -> None:
    silent = Counter[str]()
    for seq in range(head, head + EVENTS):
        event = world.event(seq)
        if isinstance(event, Identity | Sync) or (
            isinstance(event, Commit) and not any(op.collection == POST for op in event.ops)
        ):
            assert list(raw_messages(event)) == []
            silent[type(event).__name__] += 1
    assert set(silent) == {"Identity", "Sync", "Commit"}


def test_a_post_says_what_its_record_says(world: World, head: int) -> None:
    seen = Counter[str]()
    for seq in range(head, head + EVENTS):
        event = world.event(seq)
        if not isinstance(event, Commit):
            continue
        written = [op for op in event.ops if op.collection == POST and op.record is not None]
        posts = [message for message in raw_messages(event) if isinstance(message, RawPost)]
        for op, post in zip(written, posts, strict=True):
            assert (post.kind, post.uri, post.author, post.rev) == (op.action, op.uri, op.did, event.rev)
            assert (post.cid, post.received_at) == (cid_text(block(op.record).cid), rfc3339(event.time_us))
            says_the_record(post, op, seen)
    assert min(seen[what] for what in ("reply", "images", "external", "record", "link", "mention", "tag")) > 5
    assert seen["label"] > 0


def says_the_record(post: RawPost, op: Op, seen: Counter[str]) -> None:
    record = op.record or {}
    assert (post.text, post.timestamp, post.langs) == (record["text"], record["createdAt"], record.get("langs", []))
    assert (post.reply is not None, post.embed is not None) == ("reply" in record, "embed" in record)
    if post.reply is not None:
        assert post.reply.parent == record["reply"]["parent"]["uri"]
        assert post.reply.root == record["reply"]["root"]["uri"]
        seen["reply"] += 1
    if post.embed is not None:
        assert record["embed"]["$type"] == f"app.bsky.embed.{post.embed}"
        seen[post.embed] += 1
    assert len(post.facets) == len(record.get("facets", ()))
    for facet in post.facets:
        marked = post.text.encode()[facet.start : facet.end].decode()
        seen[facet.kind] += 1
        match facet.kind:
            case "tag":
                assert marked == f"#{facet.value}"
                assert facet.value in post.tags
            case "mention":
                assert marked.startswith("@")
                assert facet.value in post.mentions
            case "link":
                assert facet.value.removeprefix("https://").startswith(marked.removesuffix("…"))
                assert facet.value in post.links
    assert len(post.facets) == len(post.links + post.mentions + post.tags)
    assert len(post.labels) == ("labels" in record)
    seen["label"] += len(post.labels)


def test_a_deletion_is_of_a_post_that_was_told_before(world: World, head: int) -> None:
    posts: set[str] = set()
    deletions = 0
    for seq in range(head, head + EVENTS):
        for message in raw_messages(world.event(seq)):
            if isinstance(message, RawPost):
                posts.add(message.uri)
            elif isinstance(message, Deletion) and seq >= head + 2 * POPULATION:
                assert message.uri in posts
                assert message.uri.startswith(f"at://{message.author}/")
                deletions += 1
    assert deletions > 10


def test_an_account_change_says_who_and_why(world: World, head: int) -> None:
    reasons = Counter[str | None]()
    for seq in range(head, head + EVENTS):
        event = world.event(seq)
        if isinstance(event, Account):
            (message,) = raw_messages(event)
            assert isinstance(message, AccountChange)
            assert (message.author, message.active, message.status) == (event.did, event.active, event.status)
            reasons[message.status] += 1
    assert set(reasons) == {"deactivated", "suspended", "takendown", "deleted", None}


def test_a_publication_goes_to_its_kinds_subject_when_it_happens_and_garbage_is_not_left_out(head: int) -> None:
    dirty = World(7, 200, post_share=0.8, garbage_share=0.1)
    first = publications(dirty, head, "bluesky.posts.dev.>")
    expected: list[object] = []
    seq = head
    while len(expected) < 500:
        seq += 1
        event = dirty.event(seq)
        for message in raw_messages(event):
            subject = subjects.raw("bluesky.posts.dev", message)
            expected.append(Publication(event.time_us, subject, message.to_json(), message.message_id))
        if isinstance(event, Garbage):
            expected.append(f"garbage-{seq}")
    found = [one.message_id if one.payload in BROKEN_PAYLOADS.values() else one for one in islice(first, len(expected))]
    assert found == expected
    assert any(isinstance(one, str) for one in expected)


@pytest.mark.parametrize("name", BROKEN_PAYLOADS)
def test_a_broken_payload_is_no_message(name: str) -> None:
    with pytest.raises(ValidationError):
        read_message(BROKEN_PAYLOADS[name])


def test_the_messages_of_a_world_can_be_told_again(head: int) -> None:
    def first(count: int) -> list[Publication]:
        return [*islice(publications(World(5, 100, post_share=0.85, garbage_share=0.1), head, "p"), count)]

    assert first(300) == first(300)
