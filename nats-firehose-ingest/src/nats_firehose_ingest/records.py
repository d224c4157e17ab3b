"""From a record of app.bsky.feed.post to the message of the raw stream. Pure."""

from __future__ import annotations

from typing import Any

from pipeline_core.messages import RawPost
from pipeline_core.timestamps import rfc3339_utc

POST = "app.bsky.feed.post"
MOST_LANGS = 8  # the lexicon allows 3; authors' clients are not always that modest


class NotAPost(ValueError):
    """The record cannot be a post. `reason` is the token it is counted under."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def raw_post(did: str, rkey: str, cid: str, record: Any, received_at: str) -> RawPost:
    """The message for one record. NotAPost where it is of another type or has no text.

    A `createdAt` that is no time does not cost us the post: `timestamp` is then the time of receipt, and
    `created_at` keeps the author's words.
    """
    if not isinstance(record, dict) or record.get("$type") != POST:
        raise NotAPost(
            "not_a_post", f"a record of type {record.get('$type') if isinstance(record, dict) else None!r:.60}"
        )
    text = record.get("text")
    if not isinstance(text, str):
        raise NotAPost("missing_text", f"text is {type(text).__name__}")
    created_at = record.get("createdAt")
    langs = record.get("langs")
    return RawPost.model_construct(
        uri=f"at://{did}/{POST}/{rkey}",
        cid=cid,
        author=did,
        text=text,
        timestamp=_utc_or(created_at, received_at),
        created_at=created_at if isinstance(created_at, str) else None,
        received_at=received_at,
        langs=[lang for lang in langs[:MOST_LANGS] if isinstance(lang, str)] if isinstance(langs, list) else [],
    )


def _utc_or(created_at: Any, otherwise: str) -> str:
    try:
        return rfc3339_utc(created_at) if isinstance(created_at, str) else otherwise
    except ValueError:
        return otherwise
