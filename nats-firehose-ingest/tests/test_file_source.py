from __future__ import annotations

import asyncio
import json
import time
from contextlib import aclosing, nullcontext
from pathlib import Path

import pytest
from nats_firehose_ingest.decoding.frames import decode
from nats_firehose_ingest.events import Event
from nats_firehose_ingest.ledger import CursorLedger
from nats_firehose_ingest.pulse import Pulse
from nats_firehose_ingest.sources.capture import LENGTH, CaptureError, Form
from nats_firehose_ingest.sources.file import BATCH_RECORDS, File
from nats_firehose_ingest.sources.recorder import Recorder
from pipeline_core.messages import RawPost
from relay import RECORDING, encode, pds_frames, relay_frames

NOW = "2026-11-23T10:02:00.000Z"  # after the recorded frames were told


class Watching(nullcontext[None]):
    """Keeps every move that it is told of."""

    def __init__(self) -> None:
        super().__init__()
        self.moves: list[tuple[int, int, int]] = []

    def moved(self, read: int, size: int, records: int) -> None:
        self.moves.append((read, size, records))


class Reading:
    """One reading of a capture that goes on behind record `start`."""

    def __init__(self, path: Path, start: int | None = None) -> None:
        self.start = start
        self.asked: list[str] = []
        self.watching = Watching()
        self.pulse = Pulse(time.monotonic, 0.0)
        self.file = File(path, self.resume, self.pulse, self.watching)

    async def resume(self, origin: str) -> CursorLedger:
        self.asked.append(origin)
        return CursorLedger(self.start)

    async def events(self) -> list[Event]:
        return [event async for event in self.file.events()]


def recorded(path: Path, form: Form, records: list[bytes]) -> Path:
    with Recorder(path, form) as recorder:
        for record in records:
            recorder.take(record)
    return path


def line(number: int) -> bytes:
    commit = {
        "rev": "3k",
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": f"3k{number}",
        "cid": "bafyreib2rxk3rybk3aobmv5cjuql3bm2twh4jo5uxgf5kpqcsgz7soitae",
        "record": {"$type": "app.bsky.feed.post", "text": f"post {number}", "createdAt": NOW},
    }
    return json.dumps({"did": "did:plc:a", "time_us": 1783175889000000, "kind": "commit", "commit": commit}).encode()


def texts(events: list[Event]) -> list[str]:
    return [message.text for event in events for message in event.messages if isinstance(message, RawPost)]


@pytest.mark.parametrize("name", ["capture", "capture.zst"])
async def test_frames_give_what_their_decoder_makes_of_them_and_their_number_as_place(
    tmp_path: Path, name: str
) -> None:
    reading = Reading(recorded(tmp_path / name, "frames", pds_frames()))
    events = await reading.events()
    assert [event.seq for event in events] == list(range(1, 601))
    assert {event.origin for event in events} == set(reading.asked)
    for event, frame in zip(events, pds_frames(), strict=True):
        alone = decode(event.origin, frame, NOW)
        assert (event.kind, event.time, event.operations) == (alone.kind, alone.time, alone.operations)
        assert [message.identity for message in event.messages] == [message.identity for message in alone.messages]
    assert len(texts(events)) > 200


@pytest.mark.parametrize("name", ["capture", "capture.zst"])
async def test_lines_of_jetstream_are_posts_too(tmp_path: Path, name: str) -> None:
    reading = Reading(recorded(tmp_path / name, "lines", [line(number) for number in range(1000)]))
    events = await reading.events()
    assert texts(events) == [f"post {number}" for number in range(1000)]
    assert [event.seq for event in events] == list(range(1, 1001))


@pytest.mark.skipif(not RECORDING.is_dir(), reason=f"no recording of the production relay at {RECORDING}")
async def test_frames_and_lines_of_the_same_events_give_the_same_posts(tmp_path: Path) -> None:
    by_frames = await Reading(recorded(tmp_path / "frames", "frames", relay_frames())).events()
    by_lines = await Reading(RECORDING / "expected_v1.jsonl").events()
    assert sorted(texts(by_frames)) == sorted(texts(by_lines))
    assert len(texts(by_frames)) == 17
    assert texts(await Reading(RECORDING / "frames.bin.zst").events()) == texts(by_frames)


@pytest.mark.parametrize("start", [0, 1, BATCH_RECORDS - 1, BATCH_RECORDS, BATCH_RECORDS + 1, 599, 600, 10_000])
async def test_a_reading_goes_on_behind_the_record_where_the_last_one_stopped(tmp_path: Path, start: int) -> None:
    path = recorded(tmp_path / "capture", "frames", pds_frames())
    events = await Reading(path, start).events()
    assert [event.seq for event in events] == list(range(start + 1, 601))


async def test_what_cannot_be_decoded_is_bad_input_in_its_place(tmp_path: Path) -> None:
    good = pds_frames()[0]
    path = recorded(tmp_path / "capture", "frames", [good, b"\xffgarbage", good])
    path.write_bytes(path.read_bytes() + LENGTH.pack(100) + b"cut")
    events = await Reading(path).events()
    assert [[bad.reason for bad in event.bad] for event in events] == [
        [],
        ["undecodable_frame"],
        [],
        ["truncated_capture"],
    ]
    assert [event.seq for event in events] == [1, 2, 3, 4]


async def test_what_was_said_to_the_recorder_does_not_touch_our_cursor(tmp_path: Path) -> None:
    error = encode({"op": -1}, {"error": "FutureCursor"})
    info = encode({"op": 1, "t": "#info"}, {"name": "OutdatedCursor"})
    events = await Reading(recorded(tmp_path / "capture", "frames", [error, info, pds_frames()[0]])).events()
    assert [event.kind for event in events[:2]] == ["info", "info"]
    assert [event.notice for event in events[:2]] == [
        "while recording: FutureCursor",
        "while recording: OutdatedCursor",
    ]
    assert events[2].bad == ()


async def test_who_looks_on_learns_of_every_batch(tmp_path: Path) -> None:
    path = recorded(tmp_path / "capture", "frames", pds_frames())
    reading = Reading(path)
    assert reading.pulse.trouble() == "not connected yet"
    await reading.events()
    assert reading.pulse.trouble() is None
    size = path.stat().st_size
    assert [records for _, _, records in reading.watching.moves] == [BATCH_RECORDS, 2 * BATCH_RECORDS, 600]
    assert all(0 < read <= whole == size for read, whole, _ in reading.watching.moves)
    assert reading.watching.moves[-1] == (size, size, 600)


async def test_everything_else_has_its_turn_while_a_capture_is_read(tmp_path: Path) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    reading = Reading(recorded(tmp_path / "capture", "lines", [line(number) for number in range(20 * BATCH_RECORDS)]))
    beside = asyncio.create_task(others())
    assert len(await reading.events()) == 20 * BATCH_RECORDS
    beside.cancel()
    assert turns >= 20


async def test_a_reading_that_is_left_or_cancelled_leaves_nothing_open(tmp_path: Path) -> None:
    path = recorded(tmp_path / "capture.zst", "frames", pds_frames() * 20)

    def held() -> int:
        return sum(open_file.resolve() == path.resolve() for open_file in Path("/proc/self/fd").iterdir())

    async with aclosing(Reading(path).file.events()) as events:
        async for event in events:
            assert event.seq == 1
            assert held() == 1
            break
    assert held() == 0
    reading = Reading(path)
    work = asyncio.create_task(reading.events())
    while not reading.watching.moves:
        await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert held() == 0


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n" + bytes(100), b"no,capture\n"])
async def test_what_is_no_capture_ends_the_reading_with_the_reason(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(CaptureError, match=f"{path} is no capture: "):
        await Reading(path).events()


def test_the_frames_of_these_tests_are_more_than_one_batch() -> None:
    assert len(pds_frames()) > 2 * BATCH_RECORDS
