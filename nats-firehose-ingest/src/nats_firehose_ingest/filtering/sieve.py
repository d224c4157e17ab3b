"""What of the messages that a source gives is published: each post with its language, if the filters let it pass. Pure,
but for the model behind `Languages`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pipeline_core.messages import Deletion, RawMessage, RawPost

from nats_firehose_ingest.filtering.filters import Filters
from nats_firehose_ingest.filtering.language import Languages


class Sieve:
    """Filters, and the detection of languages for what passes the cheap ones."""

    def __init__(self, filters: Filters, languages: Languages) -> None:
        self._filters, self._languages = filters, languages

    def sift(self, messages: Sequence[RawMessage]) -> tuple[list[RawMessage], Counter[str]]:
        """What is left of `messages`, and how many posts were dropped by which reason. An edit that does not pass
        becomes a deletion: the words it replaced must not stay. Deletions and account changes always pass."""
        kept: list[RawMessage] = []
        dropped: Counter[str] = Counter()
        for message in messages:
            if not isinstance(message, RawPost) or (reason := self._why_dropped(message)) is None:
                kept.append(message)
            else:
                dropped[reason] += 1
                if message.kind == "update":
                    kept.append(_withdrawn(message))
        return kept, dropped

    def _why_dropped(self, post: RawPost) -> str | None:
        """The reason, or None; the language is known then."""
        if (reason := self._filters.reason_to_drop(post)) is not None:
            return reason
        post.lang = self._languages.of(post.text, post.langs)
        return self._filters.reason_to_drop_language(post.lang)


def _withdrawn(edit: RawPost) -> Deletion:
    """The time of a deletion is when it was told of; that of a post is what its author says."""
    told_at = edit.received_at or edit.timestamp
    return Deletion(uri=edit.uri, author=edit.author, rev=edit.rev, timestamp=told_at, received_at=edit.received_at)
