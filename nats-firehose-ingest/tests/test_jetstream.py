"""What Jetstream's lines say, in both versions."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

import pytest
from jetstream import NSID, line
from nats_firehose_ingest.decoding.jetstream import LEAST_TIME_CURSOR, Decode, decode_v1, decode_v2, decoder_of
from nats_firehose_ingest.events import Event, UpstreamError
from nats_firehose_ingest.sources.jetstream import JetstreamV1
from pipeline_core.messages import Deletion, RawMessage
from recorded import FRAMES, NOW, TOLD, by_frames, messages
from relay import RECORDING, relay_frames

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
CID = "bafyreidqpc7si3dbimffi64lz3xsx2qt45ip7rpna2qpslcddp23itjjzm"
with_the_recording = pytest.mark.skipif(
    not RECORDING.is_dir(), reason=f"no recording of the production relay at {RECORDING}"
)


def alike(told: Iterable[RawMessage]) -> list[dict[str, Any]]:
    """The messages as they are, but for when upstream told of a deletion, which each upstream knows for itself."""
    return [
        message.model_dump(exclude={"timestamp"} if isinstance(message, Deletion) else set())
        | {"message_id": message.message_id}
        for message in told
    ]


def commit(**fields: Any) -> dict[str, Any]:
    record = {"$type": "app.bsky.feed.post", "text": "hello", "createdAt": NOW}
    done = {"rev": "3k", "operation": "create", "collection": "app.bsky.feed.post", "rkey": "3l", "cid": CID}
    return {key: value for key, value in {**done, "record": record, **fields}.items() if value is not ...}


def v1(kind: str = "commit", body: Any = ..., **fields: Any) -> bytes:
    return line({"did": DID, "time_us": 7, "kind": kind, kind: commit() if body is ... else body, **fields})


def v2(kind: str = "commit", **fields: Any) -> bytes:
    return line(
        {"$type": "message", "payload": {"$type": f"{NSID}#{kind}", "seq": 7, "did": DID, "time": NOW, **fields}}
    )


def both(**fields: Any) -> list[tuple[Decode, bytes]]:
    """A commit to posts with `fields`, in both versions."""
    return [(decode_v1, v1(body=commit(**fields))), (decode_v2, v2(**commit(**fields)))]


@pytest.mark.parametrize("version", [1, 2])
def test_what_is_told_by_jetstream_gives_the_messages_that_the_relays_frames_give(version: int) -> None:
    decode, lines = (decode_v1, [t.v1 for t in TOLD]) if version == 1 else (decode_v2, [t.v2 for t in TOLD])
    events = [decode("host", line, NOW) for line in lines if version == 2 or b'"kind":"sync"' not in line]
    assert not any(event.bad for event in events)
    assert alike(messages(events)) == alike(by_frames(FRAMES))
    assert {"create", "update", "delete", "account"} == {message.kind for message in messages(events)}


@with_the_recording
def test_production_jetstreams_lines_give_the_messages_that_the_production_relays_frames_give() -> None:
    lines = (RECORDING / "expected_v1.jsonl").read_bytes().splitlines()
    events = [decode_v1("host", line, NOW) for line in lines]
    assert len(events) == 152
    assert not any(event.bad for event in events)
    ours, theirs = alike(messages(events)), alike(by_frames(relay_frames()))
    assert sorted(ours, key=str) == sorted(theirs, key=str)
    assert len(ours) == 19


@with_the_recording
def test_production_jetstreams_examples_of_each_kind_are_read() -> None:
    lines = (RECORDING / "golden_v1.jsonl").read_bytes().splitlines()
    events = [decode_v1("host", line, NOW) for line in lines]
    assert not any(event.bad for event in events)
    assert {event.kind for event in events} == {"commit", "identity", "account"}
    assert [event.seq for event in events] == [json.loads(line)["time_us"] for line in lines]
    assert [message.kind for message in messages(events)] == ["create", "account"]


def test_the_place_of_an_event_is_its_time_in_version_1_and_its_sequence_in_version_2() -> None:
    first, second = decode_v1("host", TOLD[9].v1, NOW), decode_v2("host", TOLD[9].v2, NOW)
    assert (first.seq, second.seq) == (TOLD[9].time_us, TOLD[9].seq)
    assert first.time == second.time == "2026-07-04T14:38:08.000010Z"


def test_the_version_of_a_line_is_known_by_the_line() -> None:
    assert {decoder_of(event.v1) for event in TOLD} == {decode_v1}
    assert {decoder_of(event.v2) for event in TOLD} == {decode_v2}
    assert decoder_of(line({"$type": "error", "error": "ConsumerTooSlow"})) is decode_v2
    assert [decoder_of(garbage) for garbage in (b"", b"[]", b'{"$type":', b"\xff")] == [decode_v1] * 4


INVALID_UTF8 = v1().replace(b"hello", b"\xff\xfeh\xed\xa0")
LONE_SURROGATE = v1().replace(b"hello", rb"\ud800")
NESTED = b"[" * 100_000


@pytest.mark.parametrize(
    ("reason", "seq", "decode", "data"),
    [
        *(
            ("undecodable_frame", None, decode, data)
            for decode in (decode_v1, decode_v2)
            for data in (b"", b"\xff", b"[]", b"7", b"{}", NESTED, b'{"payload":' + NESTED, TOLD[0].v1[:-1])
        ),
        ("undecodable_frame", 7, decode_v1, line({"time_us": 7, "kind": ["commit"]})),
        ("undecodable_frame", None, decode_v2, line({"$type": "news", "payload": {}})),
        ("undecodable_frame", None, decode_v2, line({"$type": "message", "payload": 7})),
        ("undecodable_frame", 7, decode_v2, line({"$type": "message", "payload": {"$type": 7, "seq": 7}})),
        ("unknown_event_type", 7, decode_v1, v1("labels", {})),
        ("unknown_event_type", 7, decode_v2, v2("labels")),
        ("unknown_event_type", 7, decode_v2, line({"$type": "message", "payload": {"$type": "a#commit", "seq": 7}})),
        ("undecodable_commit", 7, decode_v1, v1(body=None)),
        ("undecodable_commit", 7, decode_v1, v1(body=7)),
        ("undecodable_commit", 7, decode_v1, v1(did=None)),
        ("undecodable_commit", 7, decode_v2, v2(**commit(), account=7)),
        ("undecodable_commit", 7, decode_v2, v2()),
        *(
            (reason, 7, decode, data)
            for reason, fields in [
                ("undecodable_commit", {"collection": ...}),
                ("undecodable_commit", {"rkey": ...}),
                ("undecodable_commit", {"rkey": ""}),
                ("undecodable_commit", {"cid": ...}),
                ("undecodable_commit", {"cid": 7}),
                ("undecodable_commit", {"record": ...}),
                ("not_a_post", {"record": None}),
                ("not_a_post", {"record": [1, 2]}),
                ("not_a_post", {"record": {"$type": "app.bsky.feed.like", "text": "x"}}),
                ("missing_text", {"record": {"$type": "app.bsky.feed.post", "text": 7}}),
            ]
            for decode, data in both(**fields)
        ),
        ("undecodable_record", 7, decode_v1, INVALID_UTF8),
        ("undecodable_frame", None, decode_v1, LONE_SURROGATE),
        ("undecodable_account", 7, decode_v1, v1("account", {"did": DID})),
        ("undecodable_account", 7, decode_v1, v1("account", 7)),
        ("undecodable_account", 7, decode_v1, v1("account", {"active": True}, did=7)),
        ("undecodable_account", 7, decode_v2, v2("account")),
        ("undecodable_account", 7, decode_v2, v2("account", account={"active": "yes"})),
    ],
)  # fmt: skip
def test_bad_input_is_named_never_raised_and_kept_whole(
    reason: str, seq: int | None, decode: Decode, data: bytes
) -> None:
    event = decode("host", data, NOW)
    assert [(bad.reason, bad.payload) for bad in event.bad] == [(reason, data)]
    assert event.seq == seq
    assert event.messages == ()
    assert event.kind == {"undecodable_frame": "unreadable", "unknown_event_type": "unknown"}.get(
        reason, "account" if reason == "undecodable_account" else "commit"
    )


@pytest.mark.parametrize("place", [None, -1, "7", 7.5, True, 10**30, [7]])
def test_a_place_that_is_none_does_not_cost_the_post(place: Any) -> None:
    for event in (decode_v1("host", v1(time_us=place), NOW), decode_v2("host", v2(**commit(), seq=place), NOW)):
        assert event.seq is None
        assert [message.kind for message in event.messages] == ["create"]


def test_a_time_that_is_far_ahead_of_our_clock_is_no_place() -> None:
    in_a_minute, in_an_hour = (int((time.time() + ahead) * 1_000_000) for ahead in (60, 3600))
    for place, seq in [(in_a_minute, in_a_minute), (in_an_hour, None), (253_402_300_799_999_999, None)]:
        event = JetstreamV1().decode("host", v1(time_us=place), NOW)
        assert event.seq == seq
        assert [message.kind for message in event.messages] == ["create"]


def test_a_sequence_whose_next_one_would_be_taken_for_a_time_is_no_place() -> None:
    places = [LEAST_TIME_CURSOR - 2, LEAST_TIME_CURSOR - 1]
    events = [decode_v2("host", v2(**commit(), seq=place), NOW) for place in places]
    assert [event.seq for event in events] == [LEAST_TIME_CURSOR - 2, None]


def test_what_upstream_adds_is_passed_over_and_what_it_invents_makes_no_names_of_ours() -> None:
    for event in (
        decode_v1("host", v1(cursor=9, new={"a": [1]}), NOW),
        decode_v2("host", v2(**commit(), new=[1]), NOW),
    ):
        assert len(event.messages) == 1
    for decode, data in both(operation="invented"):
        event = decode("host", data, NOW)
        assert (event.operations, event.messages, event.bad) == (("other",), (), ())


def test_records_of_other_collections_are_not_even_looked_at() -> None:
    for decode, data in both(collection="app.bsky.feed.like", rkey=7, cid=[], record={"text": 7}):
        assert decode("host", data, NOW) == Event("host", "commit", 7, decode("host", data, NOW).time)


def test_an_account_is_told_by_the_time_of_the_relay_or_else_of_jetstream() -> None:
    gone = {"active": False, "status": "deleted", "did": DID, "time": "2026-07-04T14:00:00Z", "seq": 1}
    for event in (decode_v1("host", v1("account", gone), NOW), decode_v2("host", v2("account", account=gone), NOW)):
        assert [message.message_id for message in event.messages] == [f"{DID}@account@deleted@2026-07-04T14:00:00Z"]
    (change,) = decode_v2("host", v2("account", account={"active": True}, time="2026-07-04T13:00:00Z"), "").messages
    assert change.message_id == f"{DID}@account@active@2026-07-04T13:00:00Z"


def test_an_info_is_a_notice_and_an_error_is_upstreams_last_word() -> None:
    assert decode_v2("host", v2("info", name="FutureCursor"), NOW).notice == "FutureCursor"
    with pytest.raises(UpstreamError, match="ConsumerTooSlow: read faster") as raised:
        decode_v2("host", line({"$type": "error", "error": "ConsumerTooSlow", "message": "read faster"}), NOW)
    assert raised.value.name == "ConsumerTooSlow"


def test_hostile_and_odd_posts_pass_as_they_are() -> None:
    for text in ("", "x" * 3000, "\u202e<script>alert(1)</script>\x00", "👩‍👩‍👧‍👦" * 99, "%s {0} $(reboot) *.>"):
        for decode, data in both(record={"$type": "app.bsky.feed.post", "text": text}):
            (post,) = decode("host", data, NOW).messages
            assert json.loads(post.to_json())["text"] == text
