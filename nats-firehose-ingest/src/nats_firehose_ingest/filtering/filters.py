"""Which posts are let through, and under which reason each other one is dropped. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import regex  # type: ignore[import-untyped]
from pipeline_core.messages import RawPost

from nats_firehose_ingest.filtering.graphemes import length
from nats_firehose_ingest.filtering.iso639 import code

# Anything that leaves a mark. The blank of Braille and the fillers of Hangul are letters and signs that leave none.
_VISIBLE = regex.compile(r"[^\s\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\u2800]")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a post must be. Lengths are in graphemes, both included; authors are DIDs; languages are tags such as `en`
    or `pt-BR`, of which only the language counts. An empty set lets everything through.

    The reasons, in the order in which they are looked for: author, empty_text, too_short, too_long, language.

    ValueError where a language is none.
    """

    text_filtering: bool = True
    shortest: int = 10
    longest: int = 1000
    languages: frozenset[str] = frozenset()
    authors: frozenset[str] = frozenset()
    excluded_authors: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        wrong = sorted(tag for tag in self.languages if code(tag) is None)
        if wrong:
            raise ValueError(f"{', '.join(map(repr, wrong))}: no language code such as en, ja or pt-BR")
        object.__setattr__(self, "languages", frozenset(map(code, self.languages)))

    def reason_to_drop(self, post: RawPost) -> str | None:
        """Why the post is dropped whatever its language; None where it is not."""
        if post.author in self.excluded_authors or (self.authors and post.author not in self.authors):
            return "author"
        return self._by_text(post.text) if self.text_filtering else None

    def reason_to_drop_language(self, language: str | None) -> str | None:
        """Why a post in this language is dropped; None where it is not. Asked last, as detection costs.

        A post whose language nobody can tell is dropped where languages are asked for: who asks for English wants
        posts in English, and one of emoji alone or of no known tongue is not that.
        """
        if not self.languages:
            return None
        return None if language is not None and code(language) in self.languages else "language"

    def _by_text(self, text: str) -> str | None:
        if not _VISIBLE.search(text):
            return "empty_text"
        if length(text, self.shortest) < self.shortest:
            return "too_short"
        # No text has more graphemes than code points, and those are known without reading it.
        if len(text) > self.longest and length(text, self.longest + 1) > self.longest:
            return "too_long"
        return None
