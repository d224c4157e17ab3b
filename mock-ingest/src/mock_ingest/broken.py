"""Frames that are wrong, each in the one way its name says, and right in every other.

They are made from a sound post, so that a reader who looks too hard at the frame, or too little, shows it.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mock_ingest.events import Commit, Garbage, Record
from mock_ingest.frames import commit_body, message
from mock_ingest.identifiers import cid_of_block
from mock_ingest.repository import Block, block, sign, signed

#: Stands in the text until the bytes that UTF-8 forbids take its place; as long as they are.
_PLACE = b"@@@"
#: 0xff can begin no character.
_INVALID_UTF8 = b"\xff\xfe\xff"
#: U+D800 as a careless encoder writes it: three bytes that UTF-8 reserves for nothing.
_LONE_SURROGATE = b"\xed\xa0\x80"


def broken_frame(garbage: Garbage) -> bytes:
    """The frame of a ``Garbage`` event."""
    return _FRAMES[garbage.flaw](garbage.commit)


def _undecodable(commit: Commit) -> bytes:
    """A frame cut off in the middle."""
    whole = message("#commit", commit_body(commit, signed(commit)))
    return whole[: len(whole) // 2]


def _not_cbor(commit: Commit) -> bytes:
    """Text where CBOR belongs."""
    return f'{{"seq":{commit.seq}}}'.encode()


def _unknown_type(commit: Commit) -> bytes:
    """A message of a type that no lexicon knows: readers ignore it, but may remember its sequence number."""
    return message("#mystery", {"seq": commit.seq, "did": commit.did})


def _wrong_hash(commit: Commit) -> bytes:
    """The record was changed, its CID was not."""
    forged = block(_record(commit) | {"text": "This is not what the author signed."})
    return _with_blocks(commit, lambda original: Block(original.cid, forged.data))


def _missing_block(commit: Commit) -> bytes:
    """The operation names a record that the CAR does not hold."""
    return _with_blocks(commit, lambda original: None)


def _broken_car(commit: Commit) -> bytes:
    """The CAR ends in the middle of its last block."""
    body = commit_body(commit, signed(commit))
    return message("#commit", body | {"blocks": body["blocks"][:-10]})


def _post_without_text(commit: Commit) -> bytes:
    record = _record(commit)
    return _with_record(commit, {key: value for key, value in record.items() if key != "text"})


def _text_not_a_string(commit: Commit) -> bytes:
    return _with_record(commit, _record(commit) | {"text": 42})


def _not_a_post(commit: Commit) -> bytes:
    """A record of another type under the path of a post."""
    return _with_record(commit, {"$type": "app.bsky.feed.generator", "displayName": "A feed"})


def _not_a_record(commit: Commit) -> bytes:
    """A block that is a list, not a map."""
    return _with_block(commit, block(["text", "list"]))


def _unreadable_date(commit: Commit) -> bytes:
    return _with_record(commit, _record(commit) | {"createdAt": "the day before yesterday"})


def _invalid_utf8(commit: Commit) -> bytes:
    return _with_text_bytes(commit, _INVALID_UTF8)


def _lone_surrogate(commit: Commit) -> bytes:
    return _with_text_bytes(commit, _LONE_SURROGATE)


_FRAMES: dict[str, Callable[[Commit], bytes]] = {
    "undecodable": _undecodable,
    "not_cbor": _not_cbor,
    "unknown_type": _unknown_type,
    "wrong_hash": _wrong_hash,
    "missing_block": _missing_block,
    "broken_car": _broken_car,
    "post_without_text": _post_without_text,
    "text_not_a_string": _text_not_a_string,
    "not_a_post": _not_a_post,
    "not_a_record": _not_a_record,
    "unreadable_date": _unreadable_date,
    "invalid_utf8": _invalid_utf8,
    "lone_surrogate": _lone_surrogate,
}

#: The ways to be wrong, by name.
FLAWS = tuple(_FRAMES)


def _record(commit: Commit) -> Record:
    """The record of the one post that the commit creates."""
    (op,) = commit.ops
    return dict(op.record or {})


def _with_record(commit: Commit, record: Any) -> bytes:
    (op,) = commit.ops
    changed = replace(commit, ops=(replace(op, record=record),))
    return message("#commit", commit_body(changed, signed(changed)))


def _with_block(commit: Commit, record: Block) -> bytes:
    return message("#commit", commit_body(commit, sign(commit, (record,))))


def _with_text_bytes(commit: Commit, text: bytes) -> bytes:
    """The text ends in bytes that are no UTF-8; the CID fits them."""
    data = block(_record(commit) | {"text": "bytes: " + _PLACE.decode()}).data.replace(_PLACE, text)
    return _with_block(commit, Block(cid_of_block(data), data))


def _with_blocks(commit: Commit, change: Callable[[Block], Block | None]) -> bytes:
    """The commit as signed, but with another record block, or none, in the CAR."""
    parts = signed(commit)
    records = [change(record) for record in parts.records if record is not None]
    return message("#commit", commit_body(commit, parts) | {"blocks": parts.car_with(records)})
