"""The messages of the two streams: the contract that producers, processors and dashboards share."""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    model_validator,
)

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
_PLAIN = re.compile("[!-~]+")


class Message(BaseModel, ABC):
    """What all messages of the raw stream have in common. `author` is a DID; `timestamp` and `received_at` are UTC."""

    model_config = ConfigDict(populate_by_name=True)

    kind: str
    author: str = Field(min_length=1)
    received_at: Timestamp | None = None

    @property
    @abstractmethod
    def identity(self) -> str:
        """What this message and no other is: the same for each copy of it, from whatever source."""

    @property
    def line(self) -> str:
        """What the order of messages matters for: a post's uri, else the author."""
        return self.author

    @property
    def message_id(self) -> str:
        """`identity` as a `Nats-Msg-Id`, by which JetStream stores one copy."""
        identity = self.identity
        if len(identity) <= _LONGEST_PLAIN_ID and _PLAIN.fullmatch(identity):
            return identity
        # A header line must not be broken by what a publisher wrote into a uri, and its outer blanks are lost.
        return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()

    def to_json(self) -> bytes:
        """The message's payload: JSON in UTF-8."""
        return self.model_dump_json().encode()


class Reply(BaseModel):
    """The uris of the post that is answered, and of the one that began the thread."""

    root: str
    parent: str


class Facet(BaseModel):
    """What a stretch of a text is: a link (`value` is its URL), a mention (a DID) or a tag (without `#`). `start` and
    `end` count bytes of the text in UTF-8."""

    start: int
    end: int
    kind: Literal["link", "mention", "tag"]
    value: str


class RawPost(Message):
    """A post, new or edited, as ingest publishes it. Only `uri`, `text`, `author` and `timestamp` must be there.

    `timestamp` is the author's `createdAt` in UTC (or the time of receipt, where that cannot be read);
    `created_at` is the author's own wording of it; `received_at` is when this suite first saw the post. `rev` is the
    revision of the author's repository, which grows from edit to edit. `langs` are the author's tags, `lang` what the
    text is found to be in (ISO 639-1, null where nobody can tell). `embed` is the kind of what is attached.
    """

    kind: Literal["create", "update"] = "create"
    uri: str = Field(min_length=1)
    cid: str | None = None
    rev: str | None = None
    text: str
    timestamp: Timestamp = Field(validation_alias=AliasChoices("timestamp", "created_at"))
    created_at: str | None = None
    lang: str | None = None
    langs: list[str] = []
    reply: Reply | None = None
    embed: str | None = None
    labels: list[str] = []
    links: list[str] = []
    mentions: list[str] = []
    tags: list[str] = []
    facets: list[Facet] = []

    @model_validator(mode="after")
    def _created_at_defaults_to_timestamp(self) -> Self:
        if self.created_at is None:
            self.created_at = self.timestamp
        return self

    @property
    def identity(self) -> str:
        """`<uri>@<rev>`, as a post that is written anew may bring back the words of an earlier one, with the CID where
        no revision is known; of an edit `<uri>@update@<rev>`."""
        words = (self.uri, "update" if self.kind == "update" else None, self.rev or self.cid)
        return "@".join(filter(None, words))

    @property
    def line(self) -> str:
        """The uri."""
        return self.uri


class Deletion(Message):
    """The end of the post `uri`. `timestamp` is when upstream told of it."""

    kind: Literal["delete"] = "delete"
    uri: str = Field(min_length=1)
    rev: str | None = None
    timestamp: Timestamp

    @property
    def identity(self) -> str:
        """`<uri>@delete@<rev>`."""
        return f"{self.uri}@delete@{self.rev or self.timestamp}"

    @property
    def line(self) -> str:
        """The uri."""
        return self.uri


class AccountChange(Message):
    """An account that came or went. While `active` is false nothing of its author may be shown; `status` says why
    (takendown, suspended, deleted, deactivated). `timestamp` is when upstream told of it."""

    kind: Literal["account"] = "account"
    active: bool
    status: str | None = None
    timestamp: Timestamp

    @property
    def identity(self) -> str:
        """`<author>@account@<status>@<timestamp>`."""
        return f"{self.author}@account@{'active' if self.active else self.status}@{self.timestamp}"


def _kind(message: Any) -> str:
    kind = message.get("kind", "create") if isinstance(message, Mapping) else getattr(message, "kind", None)
    return "post" if kind in ("create", "update") else str(kind)


RawMessage = RawPost | Deletion | AccountChange
"""A message of the raw stream. One without a `kind` is a new post."""

_RAW_MESSAGE: TypeAdapter[RawMessage] = TypeAdapter(
    Annotated[
        Annotated[RawPost, Tag("post")] | Annotated[Deletion, Tag("delete")] | Annotated[AccountChange, Tag("account")],
        Discriminator(_kind),
    ]
)


def read_message(payload: bytes) -> RawMessage:
    """The message in a payload of the raw stream. pydantic's ValidationError if it is none."""
    return _RAW_MESSAGE.validate_json(payload)


class SentimentProbabilities(BaseModel):
    """Three probabilities that add up to 1."""

    negative: float
    neutral: float
    positive: float


class Sentiment(BaseModel):
    """The likeliest sentiment; `score` is its probability, `uncertain` says that it is below the threshold."""

    label: SentimentLabel
    score: float
    probabilities: SentimentProbabilities
    uncertain: bool = False


class Topics(BaseModel):
    """`topics`: those at or above the threshold, likeliest first, and always `top_topic`. Each probability is its own
    yes or no: they do not add up to 1."""

    topics: list[str]
    top_topic: str
    top_confidence: float
    probabilities: dict[str, float]


Unclassified = Literal["language_not_supported", "uncertain"]


class EnrichedPost(RawPost):
    """A raw post with what a processor found in it; `unclassified` says why it has not all that it was asked for."""

    sentiment: Sentiment | None = None
    topics: Topics | None = None
    unclassified: Unclassified | None = None
    processor: str
    processed_at: Timestamp
