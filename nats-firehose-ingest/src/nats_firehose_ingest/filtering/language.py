"""What language a post is in: what its text looks like, weighed with what its author says.

The text is judged by fastText's lid.176 (`data/README.md`). Authors' tags are often wrong, as apps fill in the language
of their own menus, and yet all there is where a text is a link, an emoji or one word.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import fasttext  # type: ignore[import-untyped]
import regex  # type: ignore[import-untyped]

from nats_firehose_ingest.filtering.iso639 import code

MODEL = Path(__file__).parents[1] / "data" / "lid.176.ftz"

# A tagged language counts as so many times likelier than it looks. On 18,341 labelled posts in nine languages, 20 % of
# them with a wrong tag, 10 left 1.4 to 1.7 % wrong; 5 and 20 left more, whether the wrong tags were random or English.
TAG_WEIGHT = 10

# The likelihood below which nothing is believed, and which a tag has on its own. Of the guesses below it two thirds
# were wrong; of those from 0.3 to 0.4 one half was right.
ENOUGH = 0.3

# Letters that the model is shown; its time grows with them. On the same posts without tags, 60 lost 0.4 % of them, all
# letters gained 0.05 %.
LETTERS = 80
# Code points that are searched for letters. A post has at most 3,000 bytes, but nobody forces a server to keep to it.
SEARCHED = 1000
# Languages that are asked of the model. Fewer are no faster; on the same posts with tags, 3 lost 0.05 % of them and 8
# gained 0.01 %.
CANDIDATES = 5

# Links and names say nothing of a language; nor do digits, signs and emoji.
_WORDS = regex.compile(r"(?:https?://|www\.|@)\S+(*SKIP)(*FAIL)|\p{L}[\p{L}\p{M}'’]*")
_LABEL = "__label__"
# Where the model's labels are Wikipedia's, not ISO's.
_OF_WIKIPEDIA = {"als": "gsw", "bh": "bho", "eml": "egl", "sh": "hbs"}


class _Model(Protocol):
    def predict(self, text: str, k: int, threshold: float) -> tuple[tuple[str, ...], tuple[float, ...]]: ...


class Languages:
    """The detector. Making one reads the model, its only I/O; after that it is pure."""

    def __init__(self) -> None:
        self._model: _Model = fasttext.load_model(str(MODEL))

    def of(self, text: str, tags: list[str]) -> str | None:
        """The likeliest language, as ISO 639-1 (639-3 where there is no shorter code); None where nobody can tell.

        Of equally likely ones it is the one that the author names first. Tags that name no language do not count.
        """
        seen = self._look(text)
        said = [language for tag in tags if (language := code(tag))]
        weighed = {language: max(seen.get(language, 0.0) * TAG_WEIGHT, ENOUGH) for language in said}
        for language, likelihood in seen.items():
            weighed.setdefault(language, likelihood)
        likeliest = max(weighed, key=weighed.__getitem__, default=None)
        return likeliest if likeliest is not None and weighed[likeliest] >= ENOUGH else None

    def _look(self, text: str) -> dict[str, float]:
        """How likely each language is by the text alone, without those that no tag could lift over ENOUGH."""
        words = " ".join(_WORDS.findall(text[:SEARCHED]))[:LETTERS].lower()
        seen: dict[str, float] = {}
        if not words:
            return seen
        labels, likelihoods = self._model.predict(words, CANDIDATES, ENOUGH / TAG_WEIGHT)
        for label, likelihood in zip(labels, likelihoods, strict=True):
            name = label.removeprefix(_LABEL)
            language = code(_OF_WIKIPEDIA.get(name, name))
            if language is not None:
                seen[language] = seen.get(language, 0.0) + likelihood
        return seen
