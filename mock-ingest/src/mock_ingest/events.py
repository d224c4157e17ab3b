"""What happens in the world, in the words of ``com.atproto.sync.subscribeRepos``."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from mock_ingest.identifiers import at_uri

Record: TypeAlias = dict[str, Any]
Action = Literal["create", "update", "delete"]
Sentiment = Literal["negative", "neutral", "positive"]

POST = "app.bsky.feed.post"
LIKE = "app.bsky.feed.like"
REPOST = "app.bsky.feed.repost"
FOLLOW = "app.bsky.graph.follow"


@dataclass(frozen=True, slots=True)
class Writing:
    """A text and what its writer meant by it. The meaning never goes on the wire: it is what tests compare with.

    ``sentiment`` and ``topic`` are None for a hostile text, whose name is then in ``hostile``.
    """

    text: str
    langs: tuple[str, ...]
    sentiment: Sentiment | None
    topic: str | None
    hostile: str | None = None


@dataclass(frozen=True, slots=True)
class Op:
    """One operation of a commit. ``record`` is None for a delete, ``prev`` (binary CID) for a create."""

    action: Action
    did: str
    collection: str
    rkey: str
    record: Record | None
    prev: bytes | None = None
    writing: Writing | None = None

    @property
    def path(self) -> str:
        """Collection and record key, as ``ops[].path`` has it."""
        return f"{self.collection}/{self.rkey}"

    @property
    def uri(self) -> str:
        """The record's AT-URI."""
        return at_uri(self.did, self.collection, self.rkey)


@dataclass(frozen=True, slots=True)
class Commit:
    """A ``#commit``: no operation at all (an empty commit), one, or several."""

    seq: int
    time_us: int
    did: str
    rev: str
    since: str | None
    ops: tuple[Op, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """An ``#identity``: the author's handle was confirmed anew."""

    seq: int
    time_us: int
    did: str
    handle: str


@dataclass(frozen=True, slots=True)
class Account:
    """An ``#account``: ``status`` says why it is not active, None when it is."""

    seq: int
    time_us: int
    did: str
    active: bool
    status: str | None


@dataclass(frozen=True, slots=True)
class Sync:
    """A ``#sync``: the repository's state is declared afresh, without operations."""

    seq: int
    time_us: int
    did: str
    rev: str


@dataclass(frozen=True, slots=True)
class Garbage:
    """A frame that is wrong in the way ``flaw`` names (see ``broken.FLAWS``), made from a sound post."""

    seq: int
    time_us: int
    flaw: str
    commit: Commit


Event: TypeAlias = Commit | Identity | Account | Sync | Garbage
