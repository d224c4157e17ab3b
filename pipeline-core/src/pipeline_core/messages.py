"""The messages of the two streams: the contract that producers, processors and dashboards share."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, model_validator

from pipeline_core.timestamps import rfc3339_utc

TOPICS = (
    "arts_&_culture",
    "business_&_entrepreneurs",
    "celebrity_&_pop_culture",
    "diaries_&_daily_life",
    "family",
    "fashion_&_style",
    "film_tv_&_video",
    "fitness_&_health",
    "food_&_dining",
    "gaming",
    "learning_&_educational",
    "music",
    "news_&_social_concern",
    "other_hobbies",
    "relationships",
    "science_&_technology",
    "sports",
    "travel_&_adventure",
    "youth_&_student_life",
)
"""The 19 topics of TweetTopic, in the order of every topic vector in the suite."""

SentimentLabel = Literal["NEGATIVE", "NEUTRAL", "POSITIVE"]
SENTIMENTS: tuple[SentimentLabel, ...] = ("NEGATIVE", "NEUTRAL", "POSITIVE")
"""The three sentiments, in the order of every sentiment vector in the suite."""

Timestamp = Annotated[str, AfterValidator(rfc3339_utc)]

# A message id travels in a header line; AT-URIs and CIDs are far shorter than this.
_LONGEST_PLAIN_ID = 512


class RawPost(BaseModel):
    """A post as ingest publishes it. Only `uri`, `text`, `author` and `timestamp` must be there.

    `timestamp` is the author's `createdAt` in UTC (or the time of receipt, where that cannot be read);
    `created_at` is the author's own wording of it; `received_at` is when this suite first saw the post.
    """

    model_config = ConfigDict(populate_by_name=True)

    uri: str = Field(min_length=1)
    cid: str | None = None
    author: str = Field(min_length=1)
    text: str
    timestamp: Timestamp = Field(validation_alias=AliasChoices("timestamp", "created_at"))
    created_at: str | None = None
    received_at: Timestamp | None = None
    langs: list[str] = []

    @model_validator(mode="after")
    def _created_at_defaults_to_timestamp(self) -> Self:
        if self.created_at is None:
            self.created_at = self.timestamp
        return self

    @property
    def message_id(self) -> str:
        """The post's `Nats-Msg-Id`: the same for every copy of this version of the post, from whatever source."""
        identity = f"{self.uri}@{self.cid}" if self.cid else self.uri
        if len(identity) <= _LONGEST_PLAIN_ID and identity.isascii() and identity.isprintable():
            return identity
        # A header line must not be broken by what a publisher wrote into a uri.
        return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()

    def to_json(self) -> bytes:
        """The message's payload: JSON in UTF-8."""
        return self.model_dump_json().encode()


class SentimentProbabilities(BaseModel):
    """Three probabilities that add up to 1."""

    negative: float
    neutral: float
    positive: float


class Sentiment(BaseModel):
    """The likeliest sentiment; `score` is its probability."""

    label: SentimentLabel
    score: float
    probabilities: SentimentProbabilities


class Topics(BaseModel):
    """`topics`: those at or above the threshold, likeliest first, and always `top_topic`. Each probability is its own
    yes or no: they do not add up to 1."""

    topics: list[str]
    top_topic: str
    top_confidence: float
    probabilities: dict[str, float]


class EnrichedPost(RawPost):
    """A raw post with what a processor found in it."""

    sentiment: Sentiment | None = None
    topics: Topics | None = None
    processor: str
    processed_at: Timestamp
