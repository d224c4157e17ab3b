from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from atproto import CAR, CID, models, parse_subscribe_repos_message  # type: ignore[import-untyped]
from atproto_subscription.frames import ErrorFrame, Frame, MessageFrame  # type: ignore[import-untyped]
from libipld import decode_dag_cbor, decode_dag_cbor_multi
from mock_ingest import frames
from mock_ingest.events import FOLLOW, LIKE, POST, REPOST, Account, Commit, Event, Garbage, Identity, Sync
from mock_ingest.identifiers import rfc3339
from mock_ingest.wire import to_bytes
from mock_ingest.world import World

SplitCar = Callable[[bytes], tuple[bytes, dict[bytes, bytes]]]
IsSound = Callable[[bytes, bytes], bool]
EVENTS = 2_000


@pytest.fixture(scope="module")
def events(world: World, head: int) -> list[Event]:
    return [world.event(seq) for seq in range(head, head + EVENTS)]


@pytest.fixture(scope="module")
def commits(events: list[Event]) -> list[Commit]:
    return [event for event in events if isinstance(event, Commit)]


def parsed(event: Event) -> Any:
    """As the Python SDK of the protocol understands the frame."""
    frame = Frame.from_bytes(to_bytes(event))
    assert isinstance(frame, MessageFrame)
    return parse_subscribe_repos_message(frame)


def body(event: Event) -> dict[str, Any]:
    header, body = decode_dag_cbor_multi(to_bytes(event))
    assert header["op"] == 1
    return dict(body)


def test_every_frame_parses_with_the_protocols_own_library(events: list[Event]) -> None:
    kinds = {
        Commit: models.ComAtprotoSyncSubscribeRepos.Commit,
        Identity: models.ComAtprotoSyncSubscribeRepos.Identity,
        Account: models.ComAtprotoSyncSubscribeRepos.Account,
        Sync: models.ComAtprotoSyncSubscribeRepos.Sync,
    }
    for event in events:
        assert not isinstance(event, Garbage)
        message = parsed(event)
        assert type(message) is kinds[type(event)]
        assert message.seq == event.seq
        assert message.time == rfc3339(event.time_us)
        assert (message.repo if isinstance(event, Commit) else message.did) == event.did
    assert {type(event) for event in events} == set(kinds)


def test_every_post_arrives_with_its_uri_cid_and_text(commits: list[Commit]) -> None:
    arrived = 0
    for commit in commits:
        message = parsed(commit)
        blocks = CAR.from_bytes(message.blocks).blocks
        assert [(op.action, op.path) for op in message.ops] == [(op.action, op.path) for op in commit.ops]
        for told, op in zip(message.ops, commit.ops, strict=True):
            if op.collection == POST and op.action != "delete":
                record = blocks[told.cid]
                assert op.writing is not None
                assert record["text"] == op.writing.text
                assert f"at://{message.repo}/{told.path}" == op.uri
                assert record == op.record
                arrived += 1
    assert arrived > 200


def test_every_record_is_valid_by_the_lexicons_of_the_sdk(commits: list[Commit]) -> None:
    lexicons = {
        POST: models.AppBskyFeedPost.Record,
        LIKE: models.AppBskyFeedLike.Record,
        REPOST: models.AppBskyFeedRepost.Record,
        FOLLOW: models.AppBskyGraphFollow.Record,
    }
    checked = set()
    for commit in commits:
        message = parsed(commit)
        blocks = CAR.from_bytes(message.blocks).blocks
        for told, op in zip(message.ops, commit.ops, strict=True):
            # One hostile text is longer than the lexicon allows, on purpose.
            if told.cid is not None and (op.writing is None or op.writing.hostile != "emoji_families"):
                record = models.get_or_create(
                    blocks[told.cid], lexicons[op.collection], strict=True, strict_string_format=True
                )
                assert isinstance(record, lexicons[op.collection])
                checked.add(op.collection)
    assert checked == set(lexicons)


def test_every_block_has_the_hash_it_is_addressed_by(
    events: list[Event], split_car: SplitCar, is_sound: IsSound
) -> None:
    hashed = 0
    for event in events:
        if isinstance(event, Commit | Sync):
            _, blocks = split_car(body(event)["blocks"])
            assert all(is_sound(cid, block) for cid, block in blocks.items())
            hashed += len(blocks)
    assert hashed > EVENTS


def test_a_car_has_the_commit_as_its_root_and_first_block(commits: list[Commit], split_car: SplitCar) -> None:
    for commit in commits[:200]:
        told = body(commit)
        header, blocks = split_car(told["blocks"])
        assert decode_dag_cbor(header) == {"roots": [told["commit"]], "version": 1}
        assert next(iter(blocks)) == told["commit"]
        root = decode_dag_cbor(blocks[told["commit"]])
        assert (root["did"], root["rev"], root["version"], root["prev"]) == (commit.did, commit.rev, 3, None)
        assert len(root["sig"]) == 64


def test_the_tree_leads_from_the_commit_to_each_record(commits: list[Commit], split_car: SplitCar) -> None:
    for commit in commits:
        told = body(commit)
        _, blocks = split_car(told["blocks"])
        keys = list(keys_below(decode_dag_cbor(blocks[told["commit"]])["data"], blocks))
        assert [key for key, _ in keys] == sorted(key for key, _ in keys)
        for op in told["ops"]:
            assert dict(keys).get(op["path"].encode()) == op["cid"]


def keys_below(node: bytes | None, blocks: dict[bytes, bytes]) -> Any:
    """All keys and values of a Merkle search tree, in order."""
    if node is None:
        return
    tree = decode_dag_cbor(blocks[node])
    yield from keys_below(tree["l"], blocks)
    key = b""
    for entry in tree["e"]:
        key = key[: entry["p"]] + entry["k"]
        yield key, entry["v"]
        yield from keys_below(entry["t"], blocks)


def test_a_signature_is_never_mistaken_for_a_link(commits: list[Commit], split_car: SplitCar) -> None:
    for commit in commits:
        told = body(commit)
        _, blocks = split_car(told["blocks"])
        # A link would be tag 42 (d8 2a); a byte string of 64 bytes is 58 40.
        assert b"csigX\x40" in blocks[told["commit"]]


def test_frames_weigh_what_the_networks_do(events: list[Event]) -> None:
    mean = sum(len(to_bytes(event)) for event in events) / len(events)
    assert 5_000 < mean < 6_500


def test_the_same_event_is_the_same_bytes_in_another_world_of_the_seed(head: int) -> None:
    one, other = World(7, 200, garbage_share=0.1), World(7, 200, garbage_share=0.1)
    for seq in range(head, head + 300):
        assert to_bytes(one.event(seq)) == to_bytes(other.event(seq))


def test_an_info_frame_has_a_name_and_no_sequence_number() -> None:
    frame = Frame.from_bytes(frames.info("OutdatedCursor", "why"))
    assert isinstance(frame, MessageFrame)
    message = parse_subscribe_repos_message(frame)
    assert isinstance(message, models.ComAtprotoSyncSubscribeRepos.Info)
    assert (message.name, message.message) == ("OutdatedCursor", "why")


def test_an_error_frame_is_told_from_a_message() -> None:
    frame = Frame.from_bytes(frames.error("FutureCursor", "why"))
    assert isinstance(frame, ErrorFrame)
    assert (frame.body.error, frame.body.message) == ("FutureCursor", "why")


def test_links_are_written_as_tag_42_with_the_multibase_prefix(commits: list[Commit]) -> None:
    told = body(commits[0])
    assert b"fcommit\xd8\x2a\x58\x25\x00" + told["commit"] in to_bytes(commits[0])
    assert CID.decode(told["commit"]).codec == 0x71
