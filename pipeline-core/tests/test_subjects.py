from __future__ import annotations

from itertools import product

import pytest
from pipeline_core import subjects
from pipeline_core.messages import SENTIMENTS, TOPICS, AccountChange, Deletion, EnrichedPost, Sentiment, Topics

OUTPUT = "bluesky.enriched"
MOMENT = "2026-07-04T14:38:08.999Z"
URI = "at://did:plc:a/app.bsky.feed.post/1"


def post(sentiment: str | None, topic: str | None) -> EnrichedPost:
    return EnrichedPost(
        uri=URI,
        author="did:plc:a",
        text="*.> \n",
        timestamp=MOMENT,
        sentiment=sentiment and Sentiment.model_construct(label=sentiment),
        topics=topic and Topics.model_construct(top_topic=topic),
        processor="p",
        processed_at=MOMENT,
    )


POSTS = [post(*found) for found in product((*SENTIMENTS, None), (*TOPICS, None))]
REMOVALS = [
    Deletion(author="did:plc:a", uri=URI, timestamp=MOMENT),
    AccountChange(author="a", active=False, timestamp=MOMENT),
]


def of_posts(root: str) -> set[str]:
    return {subjects.enriched(root, one) for one in POSTS}


def of_removals(root: str) -> set[str]:
    return {subjects.removal(root, one) for one in REMOVALS}


def takes(pattern: str, subject: str) -> bool:
    """Whether the broker would give a subscriber of `pattern` what stands under `subject`."""
    wanted, found = pattern.split("."), subject.split(".")
    return len(wanted) == len(found) and all(token in ("*", other) for token, other in zip(wanted, found, strict=True))


@pytest.mark.parametrize("output", [OUTPUT, f"{OUTPUT}.>", f"{OUTPUT}.*"])
def test_a_post_stands_below_its_sentiment_and_its_top_topic(output: str) -> None:
    assert subjects.enriched(output, post("NEGATIVE", "sports")) == "bluesky.enriched.negative.sports"
    assert subjects.enriched(output, post(None, "sports")) == "bluesky.enriched.none.sports"
    assert of_removals(output) == {"bluesky.enriched.delete", "bluesky.enriched.account"}


@pytest.mark.parametrize("output", [OUTPUT, f"{OUTPUT}.>"])
def test_what_has_topics_only_stands_apart(output: str) -> None:
    root = subjects.topics_only(output)
    assert subjects.enriched(root, post(None, "sports")) == "bluesky.enriched.topics.only.none.sports"
    assert of_removals(root) == {"bluesky.enriched.topics.only.delete", "bluesky.enriched.topics.only.account"}


def test_no_filter_on_one_processors_posts_or_removals_takes_what_the_other_publishes() -> None:
    topics_only = subjects.topics_only(OUTPUT)
    kinds = [of(root) for root in (OUTPUT, topics_only) for of in (of_posts, of_removals)]
    filters = [f"{root}.{below}" for root in (OUTPUT, topics_only) for below in ("*.*", "*")]
    for pattern, own in zip(filters, kinds, strict=True):
        assert all(takes(pattern, subject) for subject in own)
        assert not any(takes(pattern, subject) for other in kinds if other is not own for subject in other)
    assert not any(takes(f"{OUTPUT}.*.{topic}", subject) for topic in TOPICS for subject in of_posts(topics_only))


@pytest.mark.parametrize(
    ("one", "other", "covered", "common"),
    [
        ("a.>", "a.>", True, True),
        ("a.>", "a.b.>", True, True),
        ("a.b.>", "a.>", False, True),
        ("a.>", "a", False, False),
        ("a", "a.>", False, False),
        ("a.*", "a.b", True, True),
        ("a.b", "a.*", False, True),
        ("a.*", "a.>", False, True),
        ("a.*", "a.b.c", False, False),
        ("*.b", "a.*", False, True),
        ("a.>", "b.>", False, False),
        (">", "a.b", True, True),
    ],
)
def test_patterns_cover_and_meet_as_the_broker_has_it(one: str, other: str, covered: bool, common: bool) -> None:
    assert subjects.covers(one, other) is covered
    assert subjects.meet(one, other) is common
    assert subjects.meet(other, one) is common
