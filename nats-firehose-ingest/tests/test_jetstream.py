from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from jetstream import DICTIONARY_V1, NSID, Jetstream, Told, line, packer, told, trained
from nats_firehose_ingest.decoding import frames
from nats_firehose_ingest.decoding.jetstream import LEAST_TIME_CURSOR, Decode, decode_v1, decode_v2, decoder_of
from nats_firehose_ingest.events import Event, UpstreamError
from nats_firehose_ingest.ledger import CursorLedger
from nats_firehose_ingest.metrics import Metrics
from nats_firehose_ingest.pulse import Pulse
from nats_firehose_ingest.sources.jetstream import LARGEST_LINE, JetstreamV1, JetstreamV2
from nats_firehose_ingest.sources.upstream import Dialect, Upstream
from pipeline_core import logs
from pipeline_core.messages import Deletion, RawMessage
from pipeline_core.testing import eventually
from prometheus_client import CollectorRegistry
from relay import GOING_AWAY, RECORDING, pds_frames, relay_frames

NOW = "2026-11-23T10:02:00.000Z"  # after the recorded frames were told
DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
CID = "bafyreidqpc7si3dbimffi64lz3xsx2qt45ip7rpna2qpslcddp23itjjzm"
FRAMES = pds_frames()
TOLD = told(FRAMES)
LAST = [event for event in TOLD if event.body.get("collection") == "app.bsky.feed.post"][-1]
DICTIONARIES = [trained([event.v2 for event in TOLD], number) for number in (40_001, 40_002)]
with_the_recording = pytest.mark.skipif(
    not RECORDING.is_dir(), reason=f"no recording of the production relay at {RECORDING}"
)


def messages(events: Iterable[Event]) -> list[RawMessage]:
    return [message for event in events for message in event.messages]


def by_frames(recorded: Iterable[bytes]) -> list[RawMessage]:
    return messages(frames.decode("relay", frame, NOW) for frame in recorded)


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


BOMB = zstandard.ZstdCompressor().compress(bytes(LARGEST_LINE + 1))
HIDDEN_BOMB = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(LARGEST_LINE + 1))
PACKED = packer(DICTIONARY_V1).compress(TOLD[0].v1)


def test_a_zstd_frame_is_read_with_its_dictionary_whether_it_says_its_size_or_not() -> None:
    silent = zstandard.ZstdCompressor(
        dict_data=zstandard.ZstdCompressionDict(DICTIONARY_V1), write_content_size=False
    ).compress(TOLD[0].v1)
    for packed in (PACKED, silent, TOLD[0].v1):
        assert JetstreamV1().decode("host", packed, NOW) == decode_v1("host", TOLD[0].v1, NOW)


@pytest.mark.parametrize("dialect", [JetstreamV1(), JetstreamV2()])
@pytest.mark.parametrize(
    "data",
    [
        BOMB,
        HIDDEN_BOMB,
        PACKED[:4],
        PACKED[:-9],
        packer(DICTIONARIES[0]).compress(TOLD[0].v2),
        zstandard.ZstdCompressor().compress(b"garbage"),
    ],
)
def test_a_zstd_frame_that_cannot_be_read_or_would_be_too_large_costs_itself_alone(
    dialect: Dialect, data: bytes
) -> None:
    event = dialect.decode("host", data, NOW)
    assert [bad.reason for bad in event.bad] == ["undecodable_frame"]
    assert event.bad[0].payload in (data, b"garbage")


DIALECTS: dict[int, Dialect] = {1: JetstreamV1(), 2: JetstreamV2()}


@settings(max_examples=300)
@given(st.data(), st.sampled_from([1, 2]), st.booleans())
def test_no_damage_to_a_line_is_fatal(data: st.DataObject, version: int, compress: bool) -> None:
    event = TOLD[data.draw(st.integers(0, len(TOLD) - 1))]
    whole = event.v1 if version == 1 else event.v2
    pack = packer(DICTIONARY_V1) if version == 1 else zstandard.ZstdCompressor()
    damaged = bytearray(pack.compress(whole) if compress else whole)
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    for hurt in (bytes(damaged), bytes(damaged[: data.draw(st.integers(0, len(damaged)))])):
        try:
            read = DIALECTS[version].decode("host", hurt, NOW)
        except UpstreamError:
            continue
        decoder_of(hurt)
        for message in read.messages:
            assert json.loads(message.to_json())["author"]


@dataclass
class Reading:
    """What is read of a server by `dialect`, as the service reads it: a ledger keeps the place, and a cursor from the
    future is forgotten."""

    server: Jetstream
    dialect: Dialect
    cursor: int | None = None
    events: list[Event] = field(default_factory=list)
    metrics: Metrics = field(default_factory=lambda: Metrics(CollectorRegistry()))

    @asynccontextmanager
    async def to_the_end(self) -> AsyncIterator[list[Event]]:
        """Inside, the last event has come, and what should not come had a while to come. Reading goes on until the
        block is left."""
        reading = asyncio.create_task(self._read())
        try:
            await eventually(self._has_the_last, "the last event")
            await asyncio.sleep(0.2)
            yield self.events
        finally:
            reading.cancel()
            await asyncio.wait([reading])
        assert reading.cancelled(), reading

    async def whole(self) -> list[Event]:
        async with self.to_the_end() as events:
            return events

    async def _read(self) -> None:
        ledger, pulse = CursorLedger(self.cursor), Pulse(time.monotonic, 30.0)

        async def resume(_: str) -> CursorLedger:
            return ledger

        log = logs.configure("test", "INFO", "console")
        async for event in Upstream(self.dialect, [self.server.url], resume, 60.0, pulse, self.metrics, log).events():
            self.events.append(event)
            ledger.read(event.seq, 0)
            if event.notice == "FutureCursor":
                ledger.forget()

    async def _has_the_last(self) -> bool:
        return bool(self.events) and self.events[-1].seq in (LAST.seq, LAST.time_us)

    def counted(self, name: str) -> dict[str, float]:
        counter = getattr(self.metrics, name)
        return {
            next(iter(sample.labels.values())): sample.value
            for metric in counter.collect()
            for sample in metric.samples
            if sample.name.endswith("_total")
        }


ALL = [message.message_id for message in by_frames(FRAMES)]
KINDS_V2 = {"commit", "identity", "account", "sync"}


@pytest.mark.parametrize("compress", [False, True])
async def test_version_1_goes_on_where_a_connection_was_cut_and_what_comes_again_is_known_by_its_id(
    compress: bool,
) -> None:
    server = Jetstream(TOLD, cut_after=[200, 100], close_with=[GOING_AWAY])
    async with server.serving():
        reading = Reading(server, JetstreamV1(compress))
        async with reading.to_the_end() as events:
            await eventually(lambda: _asked(server, 4), "a connection after each end")
    ids = [message.message_id for message in messages(events)]
    assert list(dict.fromkeys(ids)) == ALL
    assert 0 < len(ids) - len(ALL) <= 6, "more than the last two events of a connection came again"
    assert not any(event.bad for event in events)
    assert {event.kind for event in events} == {"commit", "identity", "account"}
    assert "cursor" not in server.asked[0]
    assert all(int(asked["cursor"]) + 1 in {event.time_us for event in TOLD} for asked in server.asked[1:])
    assert {asked.get("compress") for asked in server.asked} == {"true" if compress else None}
    assert reading.counted("gaps") == {}


async def _asked(server: Jetstream, times: int) -> bool:
    return len(server.asked) >= times


@pytest.mark.parametrize("compress", [False, True])
async def test_version_2_goes_on_where_a_connection_was_cut_and_nothing_comes_again(compress: bool) -> None:
    server = Jetstream(TOLD, DICTIONARIES[:1], cut_after=[200, 100], close_with=[GOING_AWAY])
    async with server.serving():
        reading = Reading(server, JetstreamV2(compress))
        async with reading.to_the_end() as events:
            await eventually(lambda: _asked(server, 4), "a connection after each end")
    assert [message.message_id for message in messages(events)] == ALL
    assert not any(event.bad for event in events)
    assert {event.kind for event in events} == KINDS_V2
    assert [asked.get("cursor") for asked in server.asked][::3] == [None, str(LAST.seq + 1)]
    assert {asked.get("zstdDictionary") for asked in server.asked} == {"40001" if compress else None}
    assert server.fetched == (len(server.asked) if compress else 0)
    assert reading.counted("gaps") == {}


async def test_a_stored_cursor_brings_what_follows_it_and_that_the_one_before_it_comes_again_is_no_gap() -> None:
    server = Jetstream(TOLD)
    stored = next(second for first, second in pairwise(TOLD[200:]) if _is_of_a_post(first) and _is_of_a_post(second))
    async with server.serving():
        by_time = Reading(server, JetstreamV1(), stored.time_us)
        by_sequence = Reading(server, JetstreamV2(compress=False), stored.seq)
        first, second = await by_time.whole(), await by_sequence.whole()
    ids = [message.message_id for event in TOLD[stored.seq :] for message in decode_v2("", event.v2, NOW).messages]
    assert [message.message_id for message in messages(second)] == ids
    assert [event.seq for event in first[:2]] == [stored.time_us - 1, stored.time_us]
    assert [message.message_id for message in messages(first[2:])] == ids
    assert by_time.counted("gaps") == by_sequence.counted("gaps") == {}
    assert len(ids) > 100


def _is_of_a_post(event: Told) -> bool:
    return event.body.get("collection") == "app.bsky.feed.post"


async def test_a_cursor_from_the_future_is_given_up_and_all_that_comes_is_read() -> None:
    server = Jetstream(TOLD)
    async with server.serving():
        reading = Reading(server, JetstreamV2(compress=False), 10**9)
        events = await reading.whole()
    assert [message.message_id for message in messages(events)] == ALL
    assert [asked.get("cursor") for asked in server.asked] == [str(10**9 + 1), None]
    assert reading.counted("gaps") == {"future_cursor": 1}


async def test_what_is_no_longer_there_is_a_gap_and_all_that_is_there_is_read() -> None:
    server = Jetstream(TOLD, DICTIONARIES[:1], floor=300)
    async with server.serving():
        reading = Reading(server, JetstreamV2(), 7)
        events = await reading.whole()
    assert [asked["cursor"] for asked in server.asked] == ["8", str(10**15 + 1)]
    assert [message.message_id for message in messages(events)] == [
        message.message_id for event in TOLD[299:] for message in decode_v2("", event.v2, NOW).messages
    ]
    assert reading.counted("gaps") == {"outdated_cursor": 1}


async def test_an_upstream_that_finds_us_too_slow_is_asked_again_where_we_are() -> None:
    server = Jetstream(TOLD, DICTIONARIES[:1], slow_after=[150])
    async with server.serving():
        reading = Reading(server, JetstreamV2())
        events = await reading.whole()
    assert [message.message_id for message in messages(events)] == ALL
    assert reading.counted("reconnects") == {"error_frame": 1}
    assert len(server.asked) == 2


async def test_a_dictionary_that_is_no_longer_taken_is_fetched_anew() -> None:
    server = Jetstream(TOLD, DICTIONARIES)
    async with server.serving():
        reading = Reading(server, JetstreamV2())
        events = await reading.whole()
    assert [message.message_id for message in messages(events)] == ALL
    assert [asked["zstdDictionary"] for asked in server.asked] == ["40001", "40002"]
    assert reading.counted("reconnects") == {"error_frame": 1}


async def test_a_host_without_a_dictionary_that_can_be_used_is_a_failed_connection() -> None:
    server = Jetstream(TOLD, [b"no dictionary", *DICTIONARIES[:1]])
    async with server.serving():
        reading = Reading(server, JetstreamV2())
        await reading.whole()
    assert reading.counted("reconnects") == {"connect_failed": 1}
    assert server.fetched == 2


def test_each_version_has_a_cursor_of_its_own() -> None:
    assert len({JetstreamV1().origin("wss://host"), JetstreamV2().origin("wss://host"), "wss://host"}) == 3
