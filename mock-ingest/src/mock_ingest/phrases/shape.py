"""The shape of the phrase data."""

from dataclasses import dataclass

from mock_ingest.events import Sentiment


@dataclass(frozen=True, slots=True)
class Topic:
    """Sentences about one topic. ``{thing}`` and ``{Thing}`` stand for one of ``things``, ``{when}`` and ``{who}``
    for one of the words that all topics share."""

    things: tuple[str, ...]
    tags: tuple[str, ...]
    positive: tuple[str, ...]
    neutral: tuple[str, ...]
    negative: tuple[str, ...]

    def sentences(self, sentiment: Sentiment) -> tuple[str, ...]:
        """The sentences of one mood."""
        return {"positive": self.positive, "neutral": self.neutral, "negative": self.negative}[sentiment]
