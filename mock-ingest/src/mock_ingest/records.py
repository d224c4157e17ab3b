"""Records as the lexicons of Bluesky define them, ready for DAG-CBOR."""

from dataclasses import dataclass

from libipld import encode_dag_cbor

from mock_ingest.dice import Dice
from mock_ingest.events import FOLLOW, LIKE, POST, REPOST, Action, Op, Record, Writing
from mock_ingest.identifiers import at_uri, cid_of_blob, cid_of_block, cid_text, rfc3339
from mock_ingest.writing import LINK_HOST

#: Of all posts.
_SELF_LABEL_SHARE = 0.005
_SELF_LABELS = ("graphic-media", "nudity", "!no-unauthenticated")
_LARGEST_IMAGE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Post:
    """A post with its place in the author's repository."""

    did: str
    rkey: str
    record: Record
    writing: Writing

    @property
    def cid(self) -> bytes:
        """The record's binary CID."""
        return cid_of_block(encode_dag_cbor(self.record))

    def as_op(self, action: Action, prev: bytes | None = None) -> Op:
        """The operation that writes this post."""
        return Op(action, self.did, POST, self.rkey, self.record, prev, self.writing)


@dataclass(frozen=True, slots=True)
class PostRef:
    """A post that others reply to, quote, like and repost, and the post at the root of its thread."""

    uri: str
    cid: str
    root_uri: str
    root_cid: str

    @property
    def strong(self) -> Record:
        """As ``com.atproto.repo.strongRef``."""
        return {"uri": self.uri, "cid": self.cid}

    @property
    def root(self) -> Record:
        """The thread's first post as ``com.atproto.repo.strongRef``."""
        return {"uri": self.root_uri, "cid": self.root_cid}


def reference_to(target: Post) -> PostRef:
    """The reference that replies and likes carry."""
    uri, cid = at_uri(target.did, POST, target.rkey), cid_text(target.cid)
    root = target.record["reply"]["root"] if "reply" in target.record else {"uri": uri, "cid": cid}
    return PostRef(uri, cid, root["uri"], root["cid"])


def post(
    writing: Writing, facets: list[Record], created_us: int, parent: PostRef | None, embed: Record | None, dice: Dice
) -> Record:
    """An ``app.bsky.feed.post``. Absent properties are left out, as the network's own clients do."""
    record: Record = {"$type": POST, "text": writing.text, "createdAt": rfc3339(created_us)}
    if writing.langs:
        record["langs"] = list(writing.langs)
    if facets:
        record["facets"] = facets
    if parent is not None:
        record["reply"] = {"root": parent.root, "parent": parent.strong}
    if embed is not None:
        record["embed"] = embed
    if dice.chance(_SELF_LABEL_SHARE):
        values = [{"val": dice.pick(_SELF_LABELS)}]
        record["labels"] = {"$type": "com.atproto.label.defs#selfLabels", "values": values}
    return record


def quote(quoted: PostRef) -> Record:
    """An embed that shows another post."""
    return {"$type": "app.bsky.embed.record", "record": quoted.strong}


def media(dice: Dice) -> Record:
    """An embed of a link card or of one to four images."""
    if dice.chance(0.5):
        return {"$type": "app.bsky.embed.external", "external": _link_card(dice)}
    images = [
        {"alt": "", "image": _image_blob(dice), "aspectRatio": {"width": 1600, "height": 1200}}
        for _ in range(1 + dice.below(4))
    ]
    return {"$type": "app.bsky.embed.images", "images": images}


def _link_card(dice: Dice) -> Record:
    card: Record = {
        "uri": f"https://{LINK_HOST}/article/{dice.below(10_000)}",
        "title": "A page worth reading",
        "description": "Its first lines, as a link card shows them.",
    }
    if dice.chance(0.5):
        card["thumb"] = _image_blob(dice)
    return card


def _image_blob(dice: Dice) -> Record:
    size = 1 + dice.below(_LARGEST_IMAGE_BYTES)
    return {"$type": "blob", "ref": cid_of_blob(size.to_bytes(4, "big")), "mimeType": "image/jpeg", "size": size}


def like(subject: PostRef, created_us: int) -> Record:
    """An ``app.bsky.feed.like``."""
    return {"$type": LIKE, "subject": subject.strong, "createdAt": rfc3339(created_us)}


def repost(subject: PostRef, created_us: int) -> Record:
    """An ``app.bsky.feed.repost``."""
    return {"$type": REPOST, "subject": subject.strong, "createdAt": rfc3339(created_us)}


def follow(did: str, created_us: int) -> Record:
    """An ``app.bsky.graph.follow``."""
    return {"$type": FOLLOW, "subject": did, "createdAt": rfc3339(created_us)}
