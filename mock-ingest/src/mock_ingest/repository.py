"""An author's repository as a commit shows it: records, one tree node, one commit block, in a CAR.

The blocks are real (DAG-CBOR, addressed by their SHA-256) with two liberties that a world without memory must take:
under the records of this commit the tree holds the same old likes for every author, and the signature is 64 bytes that
no key made.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Any

from libipld import encode_dag_cbor

from mock_ingest.events import LIKE, Commit
from mock_ingest.identifiers import cid_of_block, tid

#: Version of the repository format (https://atproto.com/specs/repository).
_REPOSITORY_VERSION = 3
_CAR_VERSION = 1
#: Eight nodes of nine likes bring the mean frame to the 5.5 KB of the real network.
_PAST_NODES, _PAST_LIKES = 8, 9
#: The old likes' time: 2023, when the network had begun and this world's events had not. In microseconds.
_PAST_US = 1_690_000_000_000_000
#: libipld's encoder takes byte strings that begin like a CID for links. A CID begins with 0x01 or 0x12, so a signature
#: that begins with 0xff always stays a byte string.
_NOT_A_CID = b"\xff"


@dataclass(frozen=True, slots=True)
class Block:
    """Bytes and the binary CID they are addressed by."""

    cid: bytes
    data: bytes

    @property
    def section(self) -> bytes:
        """The block as an entry of a CAR."""
        return _varint(len(self.cid) + len(self.data)) + self.cid + self.data


@dataclass(frozen=True, slots=True)
class Signed:
    """What a commit consists of. ``records`` has one entry for each of the commit's operations, None for a delete."""

    commit: Block
    tree: Block
    records: tuple[Block | None, ...]

    @property
    def car(self) -> bytes:
        """The blocks as a commit carries them."""
        return self.car_with(self.records)

    def car_with(self, records: Iterable[Block | None]) -> bytes:
        """The same with other records in place of the commit's own."""
        written = (record.section for record in records if record is not None)
        return car(self.commit, _past_sections(), self.tree.section, *written)


def block(value: Any) -> Block:
    """A value as a DAG-CBOR block."""
    data = encode_dag_cbor(value)
    return Block(cid_of_block(data), data)


def signed(event: Commit) -> Signed:
    """The blocks of a commit with the records as they are."""
    return sign(event, tuple(None if op.record is None else block(op.record) for op in event.ops))


def sign(event: Commit, records: tuple[Block | None, ...]) -> Signed:
    """The blocks of a commit whose records were encoded elsewhere."""
    written = [(op, record) for op, record in zip(event.ops, records, strict=True) if record]
    tree = block(_tree_node(((op.path.encode(), record.cid) for op, record in written), below=_past()[0].cid))
    return Signed(commit_block(event.did, event.rev, tree.cid), tree, records)


def commit_block(did: str, rev: str, tree: bytes) -> Block:
    """The root block of a repository at one revision."""
    signature = _NOT_A_CID + blake2b(f"{did} {rev}".encode() + tree, digest_size=63).digest()
    return block({"did": did, "rev": rev, "sig": signature, "data": tree, "prev": None, "version": _REPOSITORY_VERSION})


@cache
def _past() -> tuple[Block, ...]:
    """Tree nodes of old likes, each the left child of the one before it: what a real commit carries as the path from
    the root to its records, and most of its weight."""
    nodes: list[Block] = []
    for depth in range(_PAST_NODES):
        likes = []
        for place in range(_PAST_LIKES):
            number = depth * _PAST_LIKES + place
            likes.append((f"{LIKE}/{tid(_PAST_US + number, 0)}".encode(), cid_of_block(number.to_bytes(4, "big"))))
        nodes.insert(0, block(_tree_node(likes, below=nodes[0].cid if nodes else None)))
    return tuple(nodes)


@cache
def _past_sections() -> bytes:
    return b"".join(node.section for node in _past())


def _tree_node(written: Iterable[tuple[bytes, bytes]], below: bytes | None) -> dict[str, Any]:
    """A node of a Merkle search tree. ``written`` is in the order of its keys; each key after the first is cut to what
    differs. ``below`` is the node of all smaller keys."""
    entries = []
    before = b""
    for key, cid in written:
        shared = _shared_prefix(before, key)
        entries.append({"p": shared, "k": key[shared:], "v": cid, "t": None})
        before = key
    return {"e": entries, "l": below}


def _shared_prefix(one: bytes, other: bytes) -> int:
    length = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        length += 1
    return length


def car(root: Block, *sections: bytes) -> bytes:
    """A CAR v1 file of a root block and other blocks' sections (https://ipld.io/specs/transport/car/carv1/)."""
    header = encode_dag_cbor({"roots": [root.cid], "version": _CAR_VERSION})
    return b"".join((_varint(len(header)), header, root.section, *sections))


@cache
def _varint(number: int) -> bytes:
    """Unsigned LEB128. Kept, as a firehose has a few thousand different lengths."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
