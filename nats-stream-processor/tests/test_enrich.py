from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats_stream_processor.cpus import usable_cpus
from nats_stream_processor.embedded import MODELS
from nats_stream_processor.enrich import TWO_LETTERS, Rules, Task, enrich, language, name_sentiment, name_topics
from nats_stream_processor.prediction import Prediction
from pipeline_core.messages import TOPICS, EnrichedPost, RawPost

SHARES = st.floats(0, 1)
POST = RawPost.model_validate(
    {
        "kind": "update",
        "uri": "at://did:plc:a/app.bsky.feed.post/1",
        "rev": "3k1",
        "text": "#Gol!",
        "author": "did:plc:a",
        "timestamp": "2026-07-04T14:38:08Z",
        "reply": {"root": "at://did:plc:b/app.bsky.feed.post/1", "parent": "at://did:plc:c/app.bsky.feed.post/1"},
        "tags": ["Gol"],
        "facets": [{"start": 0, "end": 4, "kind": "tag", "value": "Gol"}],
    }
)


def rules(topic_threshold: float = 0.5, *, tasks: Sequence[Task] = ("sentiment", "topics"), keep: bool = True) -> Rules:
    return Rules(frozenset(tasks), topic_threshold, sentiment_threshold=0.4, keep_uncertain=keep)


def enriched(sentiment: tuple[float, ...] | None, rules: Rules) -> EnrichedPost:
    prediction = Prediction(sentiment, (0.1,) * 19 if sentiment else None)
    return enrich(POST, prediction, rules, processor="p", processed_at="2026-07-04T14:38:09.000Z")


@given(st.lists(SHARES, min_size=3, max_size=3), st.lists(SHARES, min_size=19, max_size=19), st.floats(0.01, 0.99))
def test_an_enriched_post_is_valid_and_holds_the_contract(
    sentiment: list[float], topics: list[float], threshold: float
) -> None:
    post = enrich(
        POST,
        Prediction(tuple(sentiment), tuple(topics)),
        rules(threshold),
        processor="p",
        processed_at="2026-07-04T14:38:09.000Z",
    )
    again = EnrichedPost.model_validate_json(post.to_json())
    assert again == post
    assert json.loads(post.to_json()).items() >= json.loads(POST.to_json()).items()
    assert post.sentiment is not None
    assert post.topics is not None
    assert post.sentiment.score == max(post.sentiment.probabilities.model_dump().values())
    assert post.topics.topics[0] == post.topics.top_topic
    assert post.topics.top_confidence == max(post.topics.probabilities.values())
    over = {topic for topic, probability in zip(TOPICS, topics, strict=True) if probability >= threshold}
    assert set(post.topics.topics) == (over or {post.topics.top_topic})
    assert list(post.topics.probabilities) == list(TOPICS)


def test_a_sentiment_below_the_threshold_is_marked_and_stays() -> None:
    sure, unsure = enriched((0.1, 0.2, 0.7), rules()).sentiment, enriched((0.35, 0.26, 0.39), rules()).sentiment
    assert sure is not None
    assert unsure is not None
    assert (sure.uncertain, unsure.uncertain, unsure.label) == (False, True, "POSITIVE")


def test_an_uncertain_sentiment_is_left_out_with_its_reason_where_that_is_asked() -> None:
    post = enriched((0.35, 0.26, 0.39), rules(keep=False))
    assert post.sentiment is None
    assert post.unclassified == "uncertain"
    assert post.topics is not None


def test_topics_that_are_not_to_be_had_do_not_hide_why_there_is_no_sentiment() -> None:
    unsure, sure = Prediction((0.35, 0.26, 0.39)), Prediction((0.1, 0.2, 0.7))
    asked = rules(keep=False)
    said = [enrich(POST, one, asked, processor="p", processed_at="2026-07-04T14:38:09.000Z") for one in (unsure, sure)]
    assert [post.unclassified for post in said] == ["uncertain", "language_not_supported"]
    assert [post.sentiment is None for post in said] == [True, False]


def test_a_language_that_is_not_supported_is_said_and_not_guessed() -> None:
    post = enriched(None, rules())
    assert (
        json.loads(post.to_json()).items()
        >= {"sentiment": None, "topics": None, "unclassified": "language_not_supported"}.items()
    )


def test_who_is_asked_for_topics_alone_owes_no_reason_for_the_sentiment() -> None:
    post = enriched((0.1, 0.2, 0.7), rules(tasks=["topics"]))
    assert post.sentiment is post.unclassified is None
    assert post.topics is not None
    assert enriched(None, rules(tasks=["topics"])).unclassified == "language_not_supported"


@pytest.mark.parametrize(
    ("lang", "langs", "code"),
    [
        ("ja", ["en"], "ja"),
        (None, ["pt-BR", "en"], "pt"),
        ("eng", [], "en"),
        (None, ["fre-CA"], "fr"),
        ("tlh", [], "tlh"),
        (None, [], "und"),
        (None, ["x" * 40], "und"),
        ("../*", ["en"], "und"),
    ],
)
def test_a_posts_language_is_what_was_found_or_its_author_says(lang: str | None, langs: list[str], code: str) -> None:
    assert language(POST.model_copy(update={"lang": lang, "langs": langs})) == code


def test_each_language_of_the_embedded_models_is_known_by_three_letters_too() -> None:
    taught = {code for folder in MODELS.glob("*/config.json") for code in json.loads(folder.read_text())["languages"]}
    assert set(TWO_LETTERS.values()) == taught - {"und"}


def test_labels_stand_in_the_order_of_the_vectors() -> None:
    assert name_sentiment([0.2, 0.1, 0.7], 0.4).label == "POSITIVE"
    assert name_sentiment([0.5, 0.3, 0.2], 0.4).label == "NEGATIVE"
    topics = [0.0] * 19
    topics[TOPICS.index("sports")], topics[TOPICS.index("gaming")] = 0.9, 0.6
    assert name_topics(topics, 0.5).topics == ["sports", "gaming"]
    assert name_topics(topics, 0.95).topics == ["sports"]


@pytest.mark.parametrize(("quota", "cpus"), [("100000 100000", 1), ("150000 100000", 2), ("50000 100000", 1)])
def test_the_cgroups_quota_bounds_the_threads(tmp_path: Path, quota: str, cpus: int) -> None:
    (tmp_path / "cpu.max").write_text(quota)
    assert usable_cpus(tmp_path / "cpu.max") <= cpus


@pytest.mark.parametrize("content", ["max 100000", "nonsense", ""])
def test_without_a_quota_the_affinity_counts(tmp_path: Path, content: str) -> None:
    (tmp_path / "cpu.max").write_text(content)
    assert usable_cpus(tmp_path / "cpu.max") == usable_cpus(tmp_path / "absent") >= 1
