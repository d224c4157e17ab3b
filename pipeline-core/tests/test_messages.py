from __future__ import annotations

import json
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipeline_core import subjects
from pipeline_core.messages import (
    SENTIMENTS,
    TOPICS,
    AccountChange,
    Deletion,
    EnrichedPost,
    Facet,
    RawMessage,
    RawPost,
    Reply,
    Sentiment,
    SentimentProbabilities,
    Topics,
    read_message,
)
from pipeline_core.timestamps import format_utc, now
from pydantic import ValidationError

FLOOR = {
    "uri": "at://test/12345",
    "text": "What a day!",
    "author": "test-user-67890",
    "timestamp": "2025-09-30T10:30:00Z",
}

words = st.text(min_size=1)
moments = st.datetimes(timezones=st.just(UTC)).map(format_utc)
revs = st.text("234567abcdefghijklmnopqrstuvwxyz", min_size=13, max_size=13)
cids = revs.map("bafyrei{}".format)
authors = revs.map("did:plc:{}".format)
statuses = st.sampled_from(["takendown", "suspended", "deleted", "deactivated"])
facets = st.builds(
    Facet,
    start=st.integers(0, 3000),
    end=st.integers(0, 3000),
    kind=st.sampled_from(["link", "mention", "tag"]),
    value=st.text(),
)
posts = st.builds(
    RawPost,
    kind=st.sampled_from(["create", "update"]),
    uri=words,
    cid=st.none() | cids,
    rev=st.none() | revs,
    author=words,
    text=st.text(),
    timestamp=moments,
    created_at=st.none() | st.text(),
    received_at=st.none() | moments,
    lang=st.none() | st.text(),
    langs=st.lists(st.text()),
    reply=st.none() | st.builds(Reply, root=st.text(), parent=st.text()),
    embed=st.none() | st.text(),
    labels=st.lists(st.text()),
    links=st.lists(st.text()),
    mentions=st.lists(st.text()),
    tags=st.lists(st.text()),
    facets=st.lists(facets, max_size=3),
)
deletions = st.builds(
    Deletion, uri=words, author=words, rev=st.none() | revs, timestamp=moments, received_at=st.none() | moments
)
account_changes = st.builds(
    AccountChange,
    author=words,
    active=st.booleans(),
    status=st.none() | st.text(),
    timestamp=moments,
    received_at=st.none() | moments,
)
messages: st.SearchStrategy[RawMessage] = posts | deletions | account_changes


def test_the_four_keys_of_the_specification_are_enough() -> None:
    post = RawPost.model_validate(FLOOR)
    assert post.created_at == post.timestamp == "2025-09-30T10:30:00Z"
    assert json.loads(post.to_json()).items() >= FLOOR.items()


def test_created_at_stands_in_for_timestamp() -> None:
    post = RawPost.model_validate(
        {**FLOOR, "timestamp": "2025-09-30T10:30:00Z", "created_at": "2025-09-30T12:30:00+02:00"}
    )
    assert (post.timestamp, post.created_at) == ("2025-09-30T10:30:00Z", "2025-09-30T12:30:00+02:00")
    del (other := {**FLOOR, "created_at": "2025-09-30T12:30:00+02:00"})["timestamp"]
    assert RawPost.model_validate(other).timestamp == "2025-09-30T10:30:00.000Z"


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"[]",
        b"null",
        b'"post"',
        b"{}",
        b"\xff\xfe",
        json.dumps({**FLOOR, "text": None}).encode(),
        json.dumps({**FLOOR, "text": 7}).encode(),
        json.dumps({**FLOOR, "uri": ""}).encode(),
        json.dumps({**FLOOR, "timestamp": "yesterday"}).encode(),
        json.dumps({**FLOOR, "text": "\ud800 lone"}).encode(),
        json.dumps({**FLOOR, "text": "x"}).encode().replace(b'"x"', b'"\xff"'),
    ],
)
def test_what_is_not_a_post_is_refused(broken: bytes) -> None:
    with pytest.raises(ValidationError):
        RawPost.model_validate_json(broken)


@given(messages)
def test_every_message_is_read_back_as_it_was_written(message: RawMessage) -> None:
    again = read_message(message.to_json())
    assert again == message
    assert type(again) is type(message)
    assert again.message_id == message.message_id


def test_a_message_without_a_kind_is_a_new_post() -> None:
    post = read_message(json.dumps(FLOOR).encode())
    assert isinstance(post, RawPost)
    assert post.kind == "create"


MOMENT = FLOOR["timestamp"]


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"[]",
        b"null",
        b"7",
        b'"delete"',
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        *(
            json.dumps(told).encode()
            for told in (
                *({**FLOOR, "kind": kind} for kind in ("mystery", "post", "", None, 7, ["create"], {"kind": "create"})),
                {**FLOOR, "kind": "account"},
                {**FLOOR, "kind": "update", "text": None},
                {**FLOOR, "facets": [{"start": 0, "end": 1, "kind": "mystery", "value": ""}]},
                {"kind": "delete", "author": "a", "timestamp": MOMENT},
                {"kind": "delete", "author": "", "uri": "u", "timestamp": MOMENT},
                {"kind": "delete", "author": "a", "uri": "u", "timestamp": "yesterday"},
                {"kind": "account", "active": True, "timestamp": MOMENT},
                {"kind": "account", "author": "a", "active": "perhaps", "timestamp": MOMENT},
                {"kind": "account", "author": "a", "active": False, "status": "\ud800", "timestamp": MOMENT},
            )
        ),
    ],
    ids=lambda broken: broken[:80].decode("ascii", "replace") or "nothing",
)
def test_what_is_no_message_is_refused(broken: bytes) -> None:
    with pytest.raises(ValidationError):
        read_message(broken)


@given(st.binary() | st.text().map(str.encode))
def test_whatever_the_bytes_they_are_a_message_or_refused(payload: bytes) -> None:
    try:
        read_message(payload)
    except ValidationError:
        return
    assert isinstance(json.loads(payload), dict)


# Lone surrogates too: a message need not have been read from bytes.
anything = st.text(st.characters(), min_size=1)
long_or_strange = anything | st.builds(lambda part, times: part * times, anything, st.integers(1, 600))


@given(
    st.builds(RawPost.model_construct, kind=st.just("create"), uri=long_or_strange, cid=st.none() | long_or_strange)
    | st.builds(
        RawPost.model_construct,
        kind=st.just("update"),
        uri=long_or_strange,
        rev=st.none() | long_or_strange,
        cid=st.none() | cids,
    )
    | st.builds(Deletion.model_construct, uri=long_or_strange, rev=st.none() | long_or_strange, timestamp=moments)
    | st.builds(
        AccountChange.model_construct,
        author=long_or_strange,
        active=st.booleans(),
        status=st.none() | long_or_strange,
        timestamp=moments,
    )
)
def test_a_message_id_is_always_one_short_line(message: RawMessage) -> None:
    assert message.message_id.isascii()
    assert message.message_id.isprintable()
    assert 1 <= len(message.message_id) <= 512
    assert message.message_id == message.model_copy().message_id


@given(authors, long_or_strange, st.lists(cids, min_size=2, max_size=2, unique=True), revs, revs, statuses, moments)
def test_each_thing_that_happens_to_a_post_has_an_id_of_its_own(
    author: str, rkey: str, versions: list[str], rev: str, later: str, status: str, moment: str
) -> None:
    uri = f"at://{author}/app.bsky.feed.post/{rkey}"
    floor = {"uri": uri, "author": author, "text": "", "timestamp": moment}
    happened: list[RawMessage] = [
        *(RawPost.model_construct(kind="create", cid=versions[0], rev=at, **floor) for at in {rev, later}),
        *(RawPost.model_construct(kind="create", cid=cid, rev=None, **floor) for cid in versions),
        *(RawPost.model_construct(kind="update", cid=versions[0], rev=at, **floor) for at in {rev, later}),
        *(Deletion.model_construct(uri=uri, author=author, rev=at, timestamp=moment) for at in {rev, later}),
        *(
            AccountChange.model_construct(author=author, active=active, status=why, timestamp=moment)
            for active, why in ((True, None), (False, status))
        ),
    ]
    assert len({message.message_id for message in happened}) == len(happened)


@given(posts, st.lists(messages, max_size=3))
def test_an_id_depends_on_what_happened_and_not_on_when_or_by_whom_it_was_seen(
    post: RawPost, others: list[RawMessage]
) -> None:
    for message in (post, *others):
        again = message.model_copy(update={"received_at": now()})
        assert again.message_id == message.message_id


def test_subjects_are_made_of_known_tokens() -> None:
    post = EnrichedPost(
        **RawPost.model_validate(FLOOR).model_dump(),
        processor="p",
        processed_at=now(),
        sentiment=Sentiment(
            label="POSITIVE", score=0.9, probabilities=SentimentProbabilities(negative=0.05, neutral=0.05, positive=0.9)
        ),
        topics=Topics(topics=["sports"], top_topic="sports", top_confidence=0.8, probabilities={"sports": 0.8}),
    )
    for wording in ("bluesky.enriched", "bluesky.enriched.>", "bluesky.enriched.*"):
        assert subjects.enriched(wording, post) == "bluesky.enriched.positive.sports"
    assert subjects.enriched("e", post.model_copy(update={"sentiment": None, "topics": None})) == "e.none.none"
    assert subjects.everything_below("bluesky.posts.*") == "bluesky.posts.>"


@given(messages)
def test_a_raw_subject_says_the_kind_and_nothing_of_what_was_written(message: RawMessage) -> None:
    assert subjects.raw("bluesky.posts.>", message) in {
        f"bluesky.posts.{kind}" for kind in ("create", "update", "delete", "account")
    }


@given(deletions | account_changes)
def test_the_subject_of_a_removal_is_a_token_shorter_than_a_posts(message: Deletion | AccountChange) -> None:
    assert subjects.removal("bluesky.enriched", message) == f"bluesky.enriched.{message.kind}"


@given(posts, st.none() | st.sampled_from(SENTIMENTS), st.none() | st.sampled_from(TOPICS))
def test_an_enriched_subject_says_what_was_found_and_nothing_of_what_was_written(
    post: RawPost, label: str | None, topic: str | None
) -> None:
    enriched = EnrichedPost.model_construct(
        **dict(post),
        sentiment=label and Sentiment.model_construct(label=label),
        topics=topic and Topics.model_construct(top_topic=topic),
    )
    assert subjects.enriched("e", enriched) == f"e.{(label or 'none').lower()}.{topic or 'none'}"


def test_there_are_nineteen_topics_each_a_single_subject_token() -> None:
    assert len(set(TOPICS)) == 19
    assert not any(set(topic) & set(" .*>") for topic in TOPICS)
