"""A model's labels become ours."""

import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats_stream_processor.labels import SENTIMENT_LABELS, TOPIC_LABELS, LabelSet, columns


def numbered(labels: list[str]) -> dict[int, str]:
    return dict(enumerate(labels))


@pytest.mark.parametrize("ours", [SENTIMENT_LABELS, TOPIC_LABELS], ids=lambda labels: labels.kind)
@given(seed=st.randoms(use_true_random=False))
def test_labels_in_any_order_are_brought_into_ours(ours: LabelSet, seed: random.Random) -> None:
    theirs = list(ours.names)
    seed.shuffle(theirs)
    assert [theirs[column] for column in columns(numbered(theirs), ours)] == list(ours.names)


@pytest.mark.parametrize(
    "labels",
    [["Positive", "NEUTRAL", "negative"], ["LABEL_2", "LABEL_1", "LABEL_0"], ["label_2", "neutral", "label_0"]],
)
def test_sentiments_are_known_in_any_case_and_by_their_number(labels: list[str]) -> None:
    assert columns(numbered(labels), SENTIMENT_LABELS) == (2, 1, 0)


@pytest.mark.parametrize(
    "spelled",
    [
        lambda name: name.replace("_&_", "_and_"),
        lambda name: name.replace("_&_", " & ").replace("_", " ").title(),
        lambda name: re.sub(r"[_&]+", "-", name).upper(),
        lambda name: name.replace("_&_", "&"),
        lambda name: name.replace("_&_", "_"),
    ],
)
def test_topics_are_known_however_their_words_are_joined(spelled: Callable[[str], str]) -> None:
    assert columns(numbered([spelled(name) for name in TOPIC_LABELS.names]), TOPIC_LABELS) == tuple(range(19))


@pytest.mark.parametrize(
    ("labels", "ours", "told"),
    [
        (["NEGATIVE", "POSITIVE"], SENTIMENT_LABELS, r"missing neutral; unknown or named twice none"),
        (["LABEL_0", "LABEL_1"], SENTIMENT_LABELS, r"missing negative, neutral, positive; .* LABEL_0, LABEL_1"),
        (["negative", "neutral", "joy"], SENTIMENT_LABELS, r"missing positive; .* joy"),
        (["negative", "neutral", "positive", "Positive"], SENTIMENT_LABELS, r"missing none; .* Positive"),
        (["negative", "LABEL_0", "positive"], SENTIMENT_LABELS, r"missing neutral; .* LABEL_0"),
        ([f"LABEL_{number}" for number in range(19)], TOPIC_LABELS, r"missing arts_&_culture, .* LABEL_18"),
        (["1 star", "2 stars", "3 stars"], SENTIMENT_LABELS, r"unknown or named twice 1 star, 2 stars, 3 stars"),
    ],
)
def test_other_labels_are_refused_by_name(labels: list[str], ours: LabelSet, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        columns(numbered(labels), ours)


def test_labels_of_columns_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ValueError, match=r"not ours"):
        columns({1: "negative", 2: "neutral", 3: "positive"}, SENTIMENT_LABELS)
