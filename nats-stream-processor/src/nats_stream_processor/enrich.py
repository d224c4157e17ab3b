"""From a raw post and the model's answer to the enriched post. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_core.messages import SENTIMENTS, TOPICS, EnrichedPost, RawPost, Sentiment, SentimentProbabilities, Topics

DIGITS = 4  # of a probability: finer than any model's calibration, and a third of the bytes


def enrich(
    post: RawPost,
    sentiment: Sequence[float] | None,
    topics: Sequence[float],
    *,
    threshold: float,
    processor: str,
    processed_at: str,
) -> EnrichedPost:
    """`sentiment`: 3 probabilities in the order of SENTIMENTS, or None where nobody asked for it; `topics`: 19 in the
    order of TOPICS."""
    return EnrichedPost.model_construct(
        **dict(post),
        sentiment=None if sentiment is None else name_sentiment(sentiment),
        topics=name_topics(topics, threshold),
        processor=processor,
        processed_at=processed_at,
    )


def name_sentiment(probabilities: Sequence[float]) -> Sentiment:
    """The likeliest of the three."""
    negative, neutral, positive = (round(float(probability), DIGITS) for probability in probabilities)
    best = max(range(3), key=lambda index: float(probabilities[index]))
    return Sentiment.model_construct(
        label=SENTIMENTS[best],
        score=(negative, neutral, positive)[best],
        probabilities=SentimentProbabilities.model_construct(negative=negative, neutral=neutral, positive=positive),
    )


def name_topics(probabilities: Sequence[float], threshold: float) -> Topics:
    """Those at or above `threshold`, likeliest first, and always the likeliest."""
    ranked = sorted(range(len(TOPICS)), key=lambda index: -float(probabilities[index]))
    named = [index for index in ranked if float(probabilities[index]) >= threshold] or ranked[:1]
    rounded = [round(float(probability), DIGITS) for probability in probabilities]
    return Topics.model_construct(
        topics=[TOPICS[index] for index in named],
        top_topic=TOPICS[ranked[0]],
        top_confidence=rounded[ranked[0]],
        probabilities=dict(zip(TOPICS, rounded, strict=True)),
    )
