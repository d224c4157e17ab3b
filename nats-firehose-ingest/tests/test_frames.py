from __future__ import annotations

import hashlib
from typing import Any

import libipld
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nats_firehose_ingest.decoding.car import CID_PREFIX, find_blocks, is_block_of
from nats_firehose_ingest.decoding.frames import decode
from nats_firehose_ingest.events import Event, UpstreamError
from nats_firehose_ingest.untrusted import LONGEST_WORDS
from pipeline_core.messages import AccountChange, RawPost, Reply, read_message
from relay import (
    RECORDING,
    Found,
    changes_by_the_sdk,
    encode,
    made_by_jetstream,
    pds_frames,
    posts_by_the_sdk,
    relay_frames,
)

NOW = "2026-07-04T14:38:09.000Z"
DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"


def cid_of(block: bytes) -> bytes:
    return CID_PREFIX + hashlib.sha256(block).digest()


def archive(*sections: tuple[bytes, bytes]) -> bytes:
    """A CAR of blocks under 16 KiB."""

    def with_length(data: bytes) -> bytes:
        return bytes([len(data) & 0x7F | 0x80, len(data) >> 7]) + data

    header = libipld.encode_dag_cbor({"version": 1, "roots": []})
    return with_length(header) + b"".join(with_length(cid + block) for cid, block in sections)


def commit(*posts: bytes, blocks: bytes | None = None, **fields: Any) -> bytes:
    """A commit that creates a record for each block of `posts`."""
    ops = [
        {"action": "create", "path": f"app.bsky.feed.post/3k{number}", "cid": cid_of(block)}
        for number, block in enumerate(posts)
    ]
    body = {
        "seq": 7,
        "time": NOW,
        "repo": DID,
        "ops": ops,
        "tooBig": False,
        "blocks": archive(*((cid_of(block), block) for block in posts)) if blocks is None else blocks,
        **fields,
    }
    return encode({"op": 1, "t": "#commit"}, body)


def record(**fields: Any) -> bytes:
    return libipld.encode_dag_cbor({"$type": "app.bsky.feed.post", "createdAt": NOW, "text": "hello", **fields})


def posts_of(event: Event) -> Found:
    created = [message for message in event.messages if message.kind == "create"]
    return {post.uri: (post.cid, post.text, post.langs, post.created_at) for post in created}


def test_frames_of_a_real_server_give_the_posts_that_the_sdk_finds_in_them() -> None:
    ours, theirs = {}, {}
    for frame in pds_frames():
        event = decode("host", frame, NOW)
        assert not event.bad
        ours |= posts_of(event)
        theirs |= posts_by_the_sdk(frame)
    assert ours == theirs
    assert len(ours) > 200


@pytest.mark.skipif(not RECORDING.is_dir(), reason=f"no recording of the production relay at {RECORDING}")
def test_frames_of_the_production_relay_give_the_posts_that_production_jetstream_made_of_them() -> None:
    events = [decode("host", frame, NOW) for frame in relay_frames()]
    assert len(events) == 150
    assert not any(event.bad for event in events)
    posts = {uri: found for event in events for uri, found in posts_of(event).items()}
    assert posts == made_by_jetstream()
    assert len(posts) == 17


def test_a_post_without_text_costs_itself_alone() -> None:
    frame = commit(record(text="first"), record(text=None), record(text="third"))
    event = decode("host", frame, NOW)
    assert [post.text for post in event.messages] == ["first", "third"]
    assert [bad.reason for bad in event.bad] == ["missing_text"]


INVALID_UTF8 = record(text="hello").replace(b"ehello", b"e\xff\xfeh\xed\xa0")
BOMB = b"\x81" * 100_000


@pytest.mark.parametrize(
    ("reason", "frame"),
    [
        ("undecodable_frame", b""),
        ("undecodable_frame", b"\xff\x00garbage"),
        ("undecodable_frame", encode({"op": 1, "t": "#commit"}, [])),
        ("undecodable_frame", encode({"op": 2, "t": "#commit"}, {})),
        ("undecodable_frame", libipld.encode_dag_cbor({"op": 1, "t": "#commit"})),
        ("undecodable_frame", BOMB),
        ("unknown_event_type", encode({"op": 1, "t": "#labels"}, {"seq": 9})),
        ("commit_too_big", encode({"op": 1, "t": "#commit"}, {"seq": 9, "tooBig": True, "ops": []})),
        ("undecodable_commit", encode({"op": 1, "t": "#commit"}, {"seq": 9})),
        ("undecodable_commit", commit(record(), blocks=b"\x05no")),
        ("undecodable_commit", commit(record(), blocks=b"\xff" * 30)),
        ("undecodable_commit", commit(record(), repo=7)),
        ("undecodable_commit", commit(*[record()] * 201)),
        ("undecodable_commit", commit(ops=[{"path": "app.bsky.feed.post/3k", "action": "create", "cid": None}])),
        *(
            ("undecodable_commit", commit(ops=[{"path": "app.bsky.feed.post/3k", "action": "create", "cid": cid}]))
            for cid in (7, 10**9, 2**62, 2**63, "bafy", [1])
        ),
        ("missing_block", commit(record(), blocks=archive())),
        ("missing_block", commit(record(), record(text="another"), blocks=archive())),
        ("wrong_hash", commit(record(), blocks=archive((cid_of(record()), record(text="forged"))))),
        ("undecodable_record", commit(INVALID_UTF8)),
        ("undecodable_record", commit(b"\x81" * 9000)),
        ("not_a_post", commit(libipld.encode_dag_cbor([1, 2]))),
        ("not_a_post", commit(libipld.encode_dag_cbor({"$type": "app.bsky.feed.like", "text": "x"}))),
        ("missing_text", commit(record(text=7))),
    ],
)
def test_bad_input_is_named_never_raised_and_kept(reason: str, frame: bytes) -> None:
    event = decode("host", frame, NOW)
    assert [bad.reason for bad in event.bad] == [reason]
    assert event.bad[0].payload or frame == b""
    assert not event.messages


def test_a_block_that_many_operations_name_is_hashed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[bytes] = []

    def counting(cid: bytes, block: bytes) -> bool:
        hashed.append(cid)
        return is_block_of(cid, block)

    monkeypatch.setattr("nats_firehose_ingest.decoding.frames.is_block_of", counting)
    event = decode("host", commit(*[record()] * 199, record(text="another")), NOW)
    assert len({message.uri for message in event.messages if isinstance(message, RawPost)}) == 200
    assert sorted(hashed) == sorted([cid_of(record()), cid_of(record(text="another"))])


def test_what_upstream_invents_makes_no_names_of_ours() -> None:
    ops = [{"path": "app.bsky.feed.post/3k", "action": f"invented-{number}", "cid": None} for number in range(100)]
    assert set(decode("host", commit(ops=ops), NOW).operations) == {"other"}


def test_a_sequence_is_known_even_where_the_commit_is_unreadable() -> None:
    assert decode("host", commit(record(), blocks=b"\x05no"), NOW).seq == 7


def test_hostile_and_odd_posts_pass_as_they_are() -> None:
    texts = ["", "x" * 3000, "\u202e<script>alert(1)</script>\x00", "👩‍👩‍👧‍👦" * 99, "%s {0} $(reboot) *.>"]
    event = decode("host", commit(*(record(text=text) for text in texts)), NOW)
    assert [post.text for post in event.messages] == texts


@pytest.mark.parametrize("created_at", [None, 7, "", "soon", "2026-99-01T00:00:00Z"])
def test_a_time_that_cannot_be_read_does_not_cost_the_post(created_at: Any) -> None:
    (post,) = decode("host", commit(record(createdAt=created_at)), NOW).messages
    assert post.timestamp == NOW
    assert type(post).model_validate_json(post.to_json()).timestamp == NOW


@pytest.mark.parametrize("langs", [None, "en", [1, None], {"a": 1}, ["en", 2, "de"]])
def test_languages_are_what_of_them_is_text(langs: Any) -> None:
    (post,) = decode("host", commit(record(langs=langs)), NOW).messages
    assert post.langs == (["en", "de"] if langs == ["en", 2, "de"] else [])


def test_edits_and_deletions_of_a_real_server_are_those_that_the_sdk_finds() -> None:
    ours = [
        (message.kind, message.uri, getattr(message, "cid", None), message.rev)
        for frame in pds_frames()
        for message in decode("host", frame, NOW).messages
        if not isinstance(message, AccountChange)
    ]
    theirs = [change for frame in pds_frames() for change in changes_by_the_sdk(frame)]
    assert ours == theirs
    assert {kind for kind, *_ in ours} == {"create", "update", "delete"}


@pytest.mark.parametrize("status", ["takendown", "suspended", "deleted", "deactivated"])
def test_an_account_that_goes_is_told_of(status: str) -> None:
    frame = encode({"op": 1, "t": "#account"}, {"seq": 7, "did": DID, "time": NOW, "active": False, "status": status})
    (change,) = decode("host", frame, NOW).messages
    assert change == AccountChange(author=DID, active=False, status=status, timestamp=NOW, received_at=NOW)


@pytest.mark.parametrize(
    ("time", "taken"),
    [("2026-07-04T14:43:09Z", "2026-07-04T14:43:09Z"), ("2026-07-04T14:43:10Z", NOW), ("9999-12-31T23:59:59Z", NOW)],
)
def test_an_account_does_not_change_long_after_it_was_told_of(time: str, taken: str) -> None:
    frame = encode({"op": 1, "t": "#account"}, {"seq": 7, "did": DID, "time": time, "active": True})
    (change,) = decode("host", frame, NOW).messages
    assert change.timestamp == taken


@pytest.mark.parametrize("status", ["throttled", "desynchronized", None, 7])
def test_a_relays_own_difficulty_with_an_account_hides_nothing(status: Any) -> None:
    frame = encode({"op": 1, "t": "#account"}, {"seq": 7, "did": DID, "time": NOW, "active": False, "status": status})
    event = decode("host", frame, NOW)
    assert (event.kind, event.seq, event.messages, event.bad) == ("account", 7, (), ())


@pytest.mark.parametrize("body", [{"did": 7, "active": True}, {"did": DID}, {"did": "", "active": False}])
def test_an_account_event_that_says_nothing_is_kept_as_bad_input(body: dict[str, Any]) -> None:
    event = decode("host", encode({"op": 1, "t": "#account"}, {"seq": 7, **body}), NOW)
    assert [bad.reason for bad in event.bad] == ["undecodable_account"]


@pytest.mark.parametrize("kind", ["#identity", "#sync"])
def test_other_events_advance_the_sequence_and_say_nothing(kind: str) -> None:
    event = decode("host", encode({"op": 1, "t": kind}, {"seq": 7, "did": DID, "time": NOW}), NOW)
    assert (event.kind, event.seq, event.time, event.messages, event.bad) == (kind[1:], 7, NOW, (), ())


def test_an_empty_commit_advances_the_sequence() -> None:
    event = decode("host", commit(), NOW)
    assert (event.kind, event.seq, event.messages, event.bad) == ("commit", 7, (), ())


def test_a_post_carries_what_is_attached_to_it() -> None:
    end = {"uri": "at://did:plc:b/app.bsky.feed.post/3k", "cid": "bafy"}
    (post,) = decode(
        "host",
        commit(
            record(
                text="Grüße an @ada und #rust: example.org",
                reply={"root": end, "parent": {**end, "uri": "at://did:plc:c/app.bsky.feed.post/3k"}},
                embed={"$type": "app.bsky.embed.recordWithMedia"},
                labels={"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "nudity"}]},
                tags=["hidden"],
                facets=[
                    facet(11, 15, "mention", did="did:plc:ada"),
                    facet(20, 25, "tag", tag="rust"),
                    facet(27, 38, "link", uri="https://example.org/"),
                ],
            )
        ),
        NOW,
    ).messages
    assert isinstance(post, RawPost)
    assert post.reply == Reply(root=end["uri"], parent="at://did:plc:c/app.bsky.feed.post/3k")
    assert (post.embed, post.labels) == ("record_with_media", ["nudity"])
    assert (post.links, post.mentions, post.tags) == (["https://example.org/"], ["did:plc:ada"], ["rust", "hidden"])
    spans = [post.text.encode()[facet.start : facet.end].decode() for facet in post.facets]
    assert spans == ["@ada", "#rust", "example.org"]


def facet(start: Any, end: Any, kind: str, **value: Any) -> dict[str, Any]:
    feature = {"$type": f"app.bsky.richtext.facet#{kind}", **value}
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


@pytest.mark.parametrize(
    "fields",
    [
        {"facets": 7},
        {"facets": [7, {}, {"index": 7, "features": []}, {"index": {}, "features": [{}]}]},
        {"facets": [facet(0, 99, "link", uri="https://example.org/"), facet(3, 3, "tag", tag="x")]},
        {"facets": [facet(0, 1, "link", uri=7), facet(0, 1, "invented", uri="x"), facet("0", None, "tag", tag="x")]},
        {"facets": [facet(0, 1, "link", uri="https://" + "x" * 3000)]},
        {"reply": 7, "embed": 7, "labels": 7, "tags": 7},
        {"reply": {"root": {}, "parent": None}, "labels": {"values": [7, {"val": 7}]}, "tags": [7]},
    ],
)
def test_what_is_attached_wrongly_does_not_cost_the_post(fields: dict[str, Any]) -> None:
    (post,) = decode("host", commit(record(**fields)), NOW).messages
    assert isinstance(post, RawPost)
    assert (post.text, post.reply, post.embed, post.labels) == ("hello", None, None, [])
    assert (post.facets, post.links, post.mentions, post.tags) == ([], [], [], [])
    assert read_message(post.to_json()) == post


def test_an_error_frame_is_upstreams_last_word() -> None:
    with pytest.raises(UpstreamError, match="FutureCursor: cursor in the future"):
        decode("host", encode({"op": -1}, {"error": "FutureCursor", "message": "cursor in the future"}), NOW)


def test_of_a_last_word_only_the_beginning_is_kept() -> None:
    with pytest.raises(UpstreamError) as raised:
        decode("host", encode({"op": -1}, {"error": "E" * 10_000, "message": "m" * 10_000}), NOW)
    assert raised.value.name == "E" * LONGEST_WORDS
    assert str(raised.value) == f"{'E' * LONGEST_WORDS}: {'m' * LONGEST_WORDS}"


@settings(max_examples=300)
@given(st.data())
def test_no_damage_to_a_real_frame_is_fatal(data: st.DataObject) -> None:
    frames = pds_frames()
    frame = bytearray(frames[data.draw(st.integers(0, len(frames) - 1))])
    for _ in range(data.draw(st.integers(1, 5))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(frame)))
    for damaged in (bytes(frame), bytes(frame[:cut])):
        try:
            event = decode("host", damaged, NOW)
        except UpstreamError:
            continue
        for post in event.messages:
            assert read_message(post.to_json()).message_id == post.message_id


def test_blocks_are_found_wherever_they_stand() -> None:
    sections = [(cid_of(bytes([n]) * 200), bytes([n]) * 200) for n in range(50)]
    wanted = {sections[3][0], sections[49][0], cid_of(b"absent")}
    assert find_blocks(archive(*sections), wanted) == dict([sections[3], sections[49]])
