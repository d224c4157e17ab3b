"""From a raw post and the models' answer to the enriched post. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline_core.messages import (
    SENTIMENTS,
    TOPICS,
    EnrichedPost,
    RawPost,
    Sentiment,
    SentimentProbabilities,
    Topics,
    Unclassified,
)

from nats_stream_processor.prediction import Prediction

Task = Literal["sentiment", "topics"]

UNKNOWN_LANGUAGE = "und"  # of ISO 639
TWO_LETTERS = {
    "ara": "ar",
    "deu": "de",
    "ger": "de",
    "ell": "el",
    "gre": "el",
    "eng": "en",
    "spa": "es",
    "fra": "fr",
    "fre": "fr",
    "ita": "it",
    "jpn": "ja",
    "por": "pt",
}
"""ISO 639-1 of 639-2 and 639-3, for the languages in which the embedded models answer."""
_CODE = re.compile(r"[a-z]{2,3}")
DIGITS = 4  # of a probability: finer than any model's calibration, and a third of the bytes


@dataclass(frozen=True, slots=True)
class Rules:
    """From probabilities to labels: what is asked, from which probability on, and what becomes of less."""

    tasks: frozenset[Task]
    topic_threshold: float
    sentiment_threshold: float = 0.0
    keep_uncertain: bool = True
    """Whether a sentiment below its threshold is published, marked; else there is none, and the message says why."""


def language(post: RawPost) -> str:
    """An ISO 639 code, of two letters where the embedded models know the language: what ingest found, else the first of
    the author's tags, else `und`."""
    tag = post.lang or next(iter(post.langs), UNKNOWN_LANGUAGE)
    code = tag.partition("-")[0].lower()
    code = TWO_LETTERS.get(code, code)
    return code if _CODE.fullmatch(code) else UNKNOWN_LANGUAGE


def enrich(post: RawPost, prediction: Prediction, rules: Rules, *, processor: str, processed_at: str) -> EnrichedPost:
    """The post with what the models say of it; `unclassified` says why it has no sentiment where that was asked
    for, else why it has no topics."""
    sentiment, why = None, None
    if "sentiment" in rules.tasks:
        sentiment, why = _judge(prediction.sentiment, rules)
    topics = None
    if "topics" in rules.tasks:
        if prediction.topics is None:
            why = why or "language_not_supported"
        else:
            topics = name_topics(prediction.topics, rules.topic_threshold)
    return EnrichedPost.model_construct(
        **vars(post),
        sentiment=sentiment,
        topics=topics,
        unclassified=why,
        processor=processor,
        processed_at=processed_at,
    )


def _judge(probabilities: Sequence[float] | None, rules: Rules) -> tuple[Sentiment | None, Unclassified | None]:
    if probabilities is None:
        return None, "language_not_supported"
    sentiment = name_sentiment(probabilities, rules.sentiment_threshold)
    if sentiment.uncertain and not rules.keep_uncertain:
        return None, "uncertain"
    return sentiment, None


def name_sentiment(probabilities: Sequence[float], threshold: float) -> Sentiment:
    """The likeliest of the three, uncertain below `threshold`."""
    negative, neutral, positive = rounded = [round(probability, DIGITS) for probability in probabilities]
    score = max(probabilities)
    best = probabilities.index(score)
    return Sentiment.model_construct(
        label=SENTIMENTS[best],
        score=rounded[best],
        probabilities=SentimentProbabilities.model_construct(negative=negative, neutral=neutral, positive=positive),
        uncertain=score < threshold,
    )


def name_topics(probabilities: Sequence[float], threshold: float) -> Topics:
    """Those at or above `threshold`, likeliest first, and always the likeliest."""
    ranked = sorted(range(len(TOPICS)), key=probabilities.__getitem__, reverse=True)
    named = [index for index in ranked if probabilities[index] >= threshold] or ranked[:1]
    rounded = [round(probability, DIGITS) for probability in probabilities]
    return Topics.model_construct(
        topics=[TOPICS[index] for index in named],
        top_topic=TOPICS[ranked[0]],
        top_confidence=rounded[ranked[0]],
        probabilities=dict(zip(TOPICS, rounded, strict=True)),
    )
