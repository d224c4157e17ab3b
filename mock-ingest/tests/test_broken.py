from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from libipld import decode_dag_cbor, decode_dag_cbor_multi
from mock_ingest.broken import FLAWS
from mock_ingest.events import Garbage
from mock_ingest.wire import to_bytes
from mock_ingest.world import World

SplitCar = Callable[[bytes], tuple[bytes, dict[bytes, bytes]]]
IsSound = Callable[[bytes, bytes], bool]


@pytest.fixture(scope="module")
def garbage(head: int) -> dict[str, Garbage]:
    """One event of each flaw, as a world of nothing but garbage tells them."""
    world = World(7, 200, garbage_share=1)
    found: dict[str, Garbage] = {}
    for seq in range(head, head + 500):
        event = world.event(seq)
        assert isinstance(event, Garbage)
        found.setdefault(event.flaw, event)
    return found


@pytest.fixture
def post(
    garbage: dict[str, Garbage], split_car: SplitCar
) -> Callable[[str], tuple[dict[str, Any], bytes, bytes | None]]:
    """The body of a flawed commit, the CID of its record, and the record's bytes (None where they are missing)."""

    def read(flaw: str) -> tuple[dict[str, Any], bytes, bytes | None]:
        header, body = decode_dag_cbor_multi(to_bytes(garbage[flaw]))
        assert header == {"t": "#commit", "op": 1}
        assert body["seq"] == garbage[flaw].seq
        (op,) = body["ops"]
        assert op["action"] == "create"
        assert op["path"].startswith("app.bsky.feed.post/")
        _, blocks = split_car(body["blocks"])
        return body, op["cid"], blocks.get(op["cid"])

    return read


Post = Callable[[str], tuple[dict[str, Any], bytes, bytes | None]]


def test_every_flaw_happens(garbage: dict[str, Garbage]) -> None:
    assert set(garbage) == set(FLAWS)


@pytest.mark.parametrize("flaw", ["undecodable", "not_cbor"])
def test_some_frames_cannot_be_decoded_at_all(garbage: dict[str, Garbage], flaw: str) -> None:
    with pytest.raises(ValueError, match="DAG-CBOR"):
        decode_dag_cbor_multi(to_bytes(garbage[flaw]))


def test_an_unknown_type_is_a_sound_frame_of_a_type_that_does_not_exist(garbage: dict[str, Garbage]) -> None:
    header, body = decode_dag_cbor_multi(to_bytes(garbage["unknown_type"]))
    assert header == {"t": "#mystery", "op": 1}
    assert body["seq"] == garbage["unknown_type"].seq


def test_a_wrong_hash_is_that_of_another_valid_post(post: Post, is_sound: IsSound) -> None:
    _, cid, block = post("wrong_hash")
    assert block is not None
    assert not is_sound(cid, block)
    assert decode_dag_cbor(block)["text"]


def test_a_missing_block_is_missing_and_the_others_are_sound(
    post: Post, split_car: SplitCar, is_sound: IsSound
) -> None:
    body, _, block = post("missing_block")
    assert block is None
    _, blocks = split_car(body["blocks"])
    assert body["commit"] in blocks
    assert all(is_sound(cid, data) for cid, data in blocks.items())


def test_a_broken_car_ends_within_a_block(post: Post, is_sound: IsSound) -> None:
    _, cid, block = post("broken_car")
    assert block is not None
    assert not is_sound(cid, block)
    with pytest.raises(ValueError, match="DAG-CBOR"):
        decode_dag_cbor(block)


def test_a_post_may_lack_its_text(post: Post, is_sound: IsSound) -> None:
    _, cid, block = post("post_without_text")
    assert block is not None
    assert is_sound(cid, block)
    assert "text" not in decode_dag_cbor(block)
    assert decode_dag_cbor(block)["$type"] == "app.bsky.feed.post"


def test_a_text_may_be_a_number(post: Post, is_sound: IsSound) -> None:
    _, cid, block = post("text_not_a_string")
    assert block is not None
    assert is_sound(cid, block)
    assert decode_dag_cbor(block)["text"] == 42


def test_a_record_at_a_posts_path_may_be_no_post(post: Post, is_sound: IsSound) -> None:
    _, cid, block = post("not_a_post")
    assert block is not None
    assert is_sound(cid, block)
    assert decode_dag_cbor(block)["$type"] == "app.bsky.feed.generator"


def test_a_record_may_be_no_map(post: Post, is_sound: IsSound) -> None:
    _, cid, block = post("not_a_record")
    assert block is not None
    assert is_sound(cid, block)
    assert isinstance(decode_dag_cbor(block), list)


def test_a_date_may_be_no_date(post: Post, is_sound: IsSound) -> None:
    _, cid, block = post("unreadable_date")
    assert block is not None
    assert is_sound(cid, block)
    assert decode_dag_cbor(block)["createdAt"] == "the day before yesterday"


@pytest.mark.parametrize(("flaw", "wrong"), [("invalid_utf8", b"\xff\xfe\xff"), ("lone_surrogate", b"\xed\xa0\x80")])
def test_a_text_may_hold_bytes_that_utf8_forbids(post: Post, is_sound: IsSound, flaw: str, wrong: bytes) -> None:
    _, cid, block = post(flaw)
    assert block is not None
    assert is_sound(cid, block)
    assert b"bytes: " + wrong in block
    with pytest.raises(ValueError, match=r"UTF-8|utf-8"):
        decode_dag_cbor(block)
