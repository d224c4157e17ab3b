"""From what upstream tells of records and accounts to the messages of the raw stream. Pure."""

from __future__ import annotations

from typing import Any, Literal

from pipeline_core.messages import AccountChange, Deletion, RawPost, Reply
from pipeline_core.timestamps import rfc3339_utc

from nats_firehose_ingest.decoding.facets import facets, values
from nats_firehose_ingest.ledger import seconds
from nats_firehose_ingest.untrusted import MOST_AHEAD

POST = "app.bsky.feed.post"
MOST_LISTED = 8  # languages or labels of one post: the lexicon allows 3 and 10; clients are not always that modest
LONGEST_TOKEN = 128  # characters of a language tag or label; the lexicon allows a label that many bytes
GONE = frozenset({"takendown", "suspended", "deleted", "deactivated"})
"""The states in which nothing of an account may be shown. In others, such as `desynchronized` or `throttled`, it is
the relay that has a difficulty."""
_EMBEDS = {
    "app.bsky.embed.images": "images",
    "app.bsky.embed.video": "video",
    "app.bsky.embed.external": "external",
    "app.bsky.embed.record": "record",
    "app.bsky.embed.recordWithMedia": "record_with_media",
}


class NotAPost(ValueError):
    """The record cannot be a post. `reason` is the token it is counted under."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def raw_post(
    kind: Literal["create", "update"], did: str, rkey: str, cid: str, rev: str | None, record: Any, received_at: str
) -> RawPost:
    """The message for one record. NotAPost where it is of another type or has no text.

    A `createdAt` that is no time does not cost us the post: `timestamp` is then the time of receipt, and
    `created_at` keeps the author's words. What else is not as the lexicon wants it is left out.
    """
    if not isinstance(record, dict) or record.get("$type") != POST:
        raise NotAPost(
            "not_a_post", f"a record of type {record.get('$type') if isinstance(record, dict) else None!r:.60}"
        )
    text = record.get("text")
    if not isinstance(text, str):
        raise NotAPost("missing_text", f"text is {type(text).__name__}")
    created_at = record.get("createdAt")
    found = facets(record, text)
    return RawPost.model_construct(
        kind=kind,
        uri=post_uri(did, rkey),
        cid=cid,
        rev=rev,
        author=did,
        text=text,
        timestamp=utc_or(created_at, received_at),
        created_at=created_at if isinstance(created_at, str) else None,
        received_at=received_at,
        lang=None,
        langs=_tokens(record.get("langs")),
        reply=_reply(record.get("reply")),
        embed=_embed(record.get("embed")),
        labels=_labels(record.get("labels")),
        links=values(found, "link"),
        mentions=values(found, "mention"),
        tags=values(found, "tag", record.get("tags")),
        facets=found,
    )


def deletion(did: str, rkey: str, rev: str | None, time: str | None, received_at: str) -> Deletion:
    """The message for a post that is gone."""
    return Deletion.model_construct(
        kind="delete",
        uri=post_uri(did, rkey),
        author=did,
        rev=rev,
        timestamp=utc_or(time, received_at),
        received_at=received_at,
    )


def account_change(did: Any, active: Any, status: Any, time: Any, received_at: str) -> AccountChange | None:
    """The message for an account that came back or went; None where its posts stay as they are. A time far ahead of
    `received_at` is replaced by it, or whoever orders an account's changes by time would never see a later one.
    ValueError where the event does not say whose account it is or whether it is active."""
    if not isinstance(did, str) or not did or not isinstance(active, bool):
        raise ValueError(f"did is {type(did).__name__}, active is {type(active).__name__}")
    if not active and status not in GONE:
        return None
    return AccountChange.model_construct(
        kind="account",
        author=did,
        active=active,
        status=None if active else status,
        timestamp=_not_ahead(utc_or(time, received_at), received_at),
        received_at=received_at,
    )


def post_uri(did: str, rkey: str) -> str:
    """The AT-URI of a post."""
    return f"at://{did}/{POST}/{rkey}"


def utc_or(time: Any, otherwise: str) -> str:
    """`time` in UTC, or `otherwise` where it is no time."""
    try:
        return rfc3339_utc(time) if isinstance(time, str) else otherwise
    except ValueError:
        return otherwise


def _not_ahead(time: str, received_at: str) -> str:
    told, received = seconds(time), seconds(received_at)
    is_ahead = told is not None and received is not None and told > received + MOST_AHEAD
    return received_at if is_ahead else time


def _tokens(listed: Any) -> list[str]:
    if not isinstance(listed, list):
        return []
    return [token for token in listed[:MOST_LISTED] if isinstance(token, str) and len(token) <= LONGEST_TOKEN]


def _labels(labels: Any) -> list[str]:
    """The author's own labels (com.atproto.label.defs#selfLabels)."""
    listed = labels.get("values") if isinstance(labels, dict) else None
    if not isinstance(listed, list):
        return []
    return _tokens([label.get("val") for label in listed[:MOST_LISTED] if isinstance(label, dict)])


def _embed(embed: Any) -> str | None:
    if not isinstance(embed, dict):
        return None
    return _EMBEDS.get(str(embed.get("$type")), "other")


def _reply(reply: Any) -> Reply | None:
    if not isinstance(reply, dict):
        return None
    root, parent = (end.get("uri") if isinstance(end := reply.get(name), dict) else None for name in ("root", "parent"))
    return (
        Reply.model_construct(root=root, parent=parent) if isinstance(root, str) and isinstance(parent, str) else None
    )
