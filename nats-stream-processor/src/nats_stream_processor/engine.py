"""The models at work, whichever were asked for; a text that was read lately is not read again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from nats_stream_processor.embedded import EmbeddedModels, Floats
from nats_stream_processor.errors import NoAnswer
from nats_stream_processor.names import EMBEDDED
from nats_stream_processor.prediction import NO_PREDICTION, Prediction

REMEMBERED_POSTS = 2_048
REMEMBERED_LETTERS = 400
"""Of a text, at most: what bots and greetings repeat is short. With REMEMBERED_POSTS 6 MB at the most."""

Post = tuple[str, str]  # text and language


class Classifier(Protocol):
    """A model by name for one task."""

    def predict(self, texts: Sequence[str]) -> Floats:
        """Probabilities [posts, labels]."""


class Engine:
    """`predict` blocks and is meant for one worker thread. `sentiment` and `topics` are models by name, which are asked
    in any language; the embedded ones answer for the task that has none. While one reads, `timed` of `embedded`,
    `sentiment` or `topics` is entered."""

    def __init__(
        self,
        embedded: EmbeddedModels | None,
        sentiment: Classifier | None = None,
        topics: Classifier | None = None,
        timed: Callable[[str], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._embedded, self._sentiment, self._topics, self._timed = embedded, sentiment, topics, timed
        self._remembered: OrderedDict[Post, Prediction] = OrderedDict()
        self.repeats = 0
        """Posts answered without reading them, since the start."""

    @property
    def embedded_languages(self) -> list[str]:
        """Those that the embedded models read; none where they are not asked."""
        return sorted(self._embedded.languages) if self._embedded is not None else []

    def predict(self, texts: Sequence[str], languages: Sequence[str]) -> list[Prediction]:
        """One prediction per text, in the order given; `languages` as the messages say, `und` where they do not.
        Raises NoAnswer where a model's answer to any of them is not a number: then none is remembered."""
        posts = list(zip(texts, languages, strict=True))
        known = {post: self._remembered[post] for post in posts if post in self._remembered}
        new = [post for post in dict.fromkeys(posts) if post not in known]
        known |= zip(new, _numbers(self._read(new)), strict=True)
        self.repeats += len(posts) - len(new)
        self._remember(known)
        return [known[post] for post in posts]

    def _read(self, posts: Sequence[Post]) -> list[Prediction]:
        if not posts:
            return []
        texts, languages = zip(*posts, strict=True)
        predictions = [NO_PREDICTION] * len(posts)
        if self._embedded is not None:
            with self._timed(EMBEDDED):
                predictions = self._embedded.predict(texts, languages)
        if self._sentiment is not None:
            with self._timed("sentiment"):
                rows = self._sentiment.predict(texts).tolist()
            predictions = [Prediction(tuple(row), one.topics) for row, one in zip(rows, predictions, strict=True)]
        if self._topics is not None:
            with self._timed("topics"):
                rows = self._topics.predict(texts).tolist()
            predictions = [Prediction(one.sentiment, tuple(row)) for row, one in zip(rows, predictions, strict=True)]
        return predictions

    def _remember(self, known: dict[Post, Prediction]) -> None:
        for post, prediction in known.items():
            if len(post[0]) <= REMEMBERED_LETTERS:
                self._remembered[post] = prediction
                self._remembered.move_to_end(post)
        while len(self._remembered) > REMEMBERED_POSTS:
            self._remembered.popitem(last=False)


def _numbers(predictions: list[Prediction]) -> list[Prediction]:
    if not all(prediction.finite for prediction in predictions):
        raise NoAnswer("a model answered with what is not a number")
    return predictions
