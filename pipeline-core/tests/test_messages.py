from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipeline_core import subjects
from pipeline_core.messages import TOPICS, EnrichedPost, RawPost, Sentiment, SentimentProbabilities, Topics
from pipeline_core.timestamps import format_utc, now, rfc3339_utc
from pydantic import ValidationError

FLOOR = {
    "uri": "at://test/12345",
    "text": "What a day!",
    "author": "test-user-67890",
    "timestamp": "2025-09-30T10:30:00Z",
}


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


@given(st.text(), st.text() | st.none())
def test_a_message_id_is_always_one_short_line_and_tells_versions_apart(uri: str, cid: str | None) -> None:
    post = RawPost.model_construct(uri=uri, cid=cid)
    assert post.message_id.isascii()
    assert post.message_id.isprintable()
    assert len(post.message_id) <= 512
    assert post.message_id == RawPost.model_construct(uri=uri, cid=cid).message_id
    assert post.message_id != RawPost.model_construct(uri=uri, cid="another").message_id or cid == "another"


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


def test_there_are_nineteen_topics_each_a_single_subject_token() -> None:
    assert len(set(TOPICS)) == 19
    assert not any(set(topic) & set(" .*>") for topic in TOPICS)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_in_our_own_form_is_kept_as_it_is(moment: datetime) -> None:
    text = format_utc(moment)
    assert rfc3339_utc(text) == text


@pytest.mark.parametrize(
    ("given_text", "utc"),
    [
        ("2026-07-04T14:38:08.999Z", "2026-07-04T14:38:08.999Z"),
        ("2026-07-04T14:38:08.123456789Z", "2026-07-04T14:38:08.123456789Z"),
        ("2026-07-04T14:38:08-07:00", "2026-07-04T21:38:08.000Z"),
        ("2026-07-04t14:38:08z", "2026-07-04T14:38:08.000Z"),
    ],
)
def test_other_offsets_become_utc(given_text: str, utc: str) -> None:
    assert rfc3339_utc(given_text) == utc


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "2026-07-04",
        "2026-13-04T14:38:08Z",
        "2026-07-04T14:38:08",
        "2026-02-30T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_what_is_no_time_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        rfc3339_utc(wrong)
