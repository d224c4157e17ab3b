from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from nats_firehose_ingest.events import BadInput
from nats_firehose_ingest.sources.capture import (
    LENGTH,
    Capture,
    CaptureError,
    Form,
    NoCapture,
    decompressed,
    take_apart,
)
from nats_firehose_ingest.sources.recorder import FLUSH_BYTES, FLUSH_SECONDS, Recorder
from nats_firehose_ingest.sources.subscription import LARGEST_FRAME
from relay import pds_frames

MIB = 1024 * 1024
FORMS: tuple[Form, ...] = ("frames", "lines")
SUFFIXES = ("", ".zst")
FRAMES = st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=20)
LINES = st.lists(
    st.dictionaries(st.text(max_size=8), st.text(max_size=40), max_size=4).map(lambda told: json.dumps(told).encode()),
    min_size=1,
    max_size=20,
)


def records_of(form: Form) -> st.SearchStrategy[list[bytes]]:
    return FRAMES if form == "frames" else LINES


def prefixed(*frames: bytes) -> bytes:
    return b"".join(LENGTH.pack(len(frame)) + frame for frame in frames)


def in_chunks(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


def written(path: Path, form: Form, records: list[bytes]) -> Path:
    """`records` as a capture; each is flushed on its own, so that a compressed one has as many zstd frames."""
    path.unlink(missing_ok=True)
    with Recorder(path, form) as recorder:
        for record in records:
            recorder.take(record)
            recorder.flush()
    return path


def holding(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def read(path: Path) -> list[bytes | BadInput]:
    with Capture(path) as capture:
        return list(capture)


def told_apart(path: Path) -> tuple[list[bytes], list[str]]:
    """Records, and the reasons for what is none; `no capture` where it is refused as a whole."""
    try:
        found = read(path)
    except CaptureError:
        return [], ["no capture"]
    return [record for record in found if isinstance(record, bytes)], [
        bad.reason for bad in found if isinstance(bad, BadInput)
    ]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("form", FORMS)
@given(data=st.data())
def test_what_was_recorded_is_read_back(
    form: Form, suffix: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    records = data.draw(records_of(form))
    path = written(tmp_path_factory.getbasetemp() / f"capture{suffix}", form, records)
    with Capture(path) as capture:
        assert capture.form == form
        assert list(capture) == records
        assert capture.read == capture.size == path.stat().st_size


@pytest.mark.parametrize("form", FORMS)
@given(data=st.data(), size=st.integers(1, 300))
def test_records_do_not_depend_on_how_the_file_is_cut_into_chunks(form: Form, data: st.DataObject, size: int) -> None:
    records = data.draw(records_of(form))
    content = prefixed(*records) if form == "frames" else b"\n".join(records) + b"\n"
    assert list(take_apart(in_chunks(content, size))[1]) == records
    compressed = b"".join(zstandard.compress(part) for part in in_chunks(content, 64))
    found, apart = take_apart(decompressed(in_chunks(compressed, size)))
    assert (found, list(apart)) == (form, records)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=200)
@given(data=st.data())
def test_of_a_file_that_was_cut_short_a_beginning_is_read_and_the_cut_is_said_once(
    form: Form, suffix: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    records = data.draw(records_of(form))
    path = tmp_path_factory.getbasetemp() / f"cut{suffix}"
    whole = written(path, form, records).read_bytes()
    found, reasons = told_apart(holding(path, whole[: data.draw(st.integers(0, len(whole) - 1))]))
    assert found == records[: len(found)]
    assert reasons in ([], ["truncated_capture"], ["no capture"])
    assert bool(found) == (reasons != ["no capture"])


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=200)
@given(data=st.data())
def test_no_damage_to_a_capture_is_more_than_bad_input(
    suffix: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / f"damaged{suffix}"
    content = bytearray(written(path, "frames", data.draw(FRAMES)).read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    found, reasons = told_apart(holding(path, bytes(content)))
    assert sum(map(len, found)) <= len(content) + MIB
    assert set(reasons) <= {"truncated_capture", "damaged_capture", "no capture"}


def test_the_frames_of_a_real_server_are_kept_to_the_byte(tmp_path: Path) -> None:
    frames = pds_frames()
    assert len(frames) == 600
    assert read(written(tmp_path / "frames.zst", "frames", frames)) == frames
    assert read(written(tmp_path / "frames", "frames", frames)) == frames


def test_the_form_is_known_by_content_not_by_name(tmp_path: Path) -> None:
    plain = holding(tmp_path / "a.zst", b'{"kind":"commit"}\n')
    packed = holding(tmp_path / "b.bin", zstandard.compress(prefixed(b"\xa2first", b"\xa2second")))
    assert read(plain) == [b'{"kind":"commit"}']
    assert read(packed) == [b"\xa2first", b"\xa2second"]


def test_no_length_that_a_frame_can_have_looks_like_text() -> None:
    assert LENGTH.pack(LARGEST_FRAME) < LENGTH.pack(0x20202020)
    assert min(LENGTH.unpack(bytes([0, 0, 0, least]))[0] for least in b"\t\n\r ") > LARGEST_FRAME


def test_many_zstd_frames_behind_one_another_and_skippable_ones_are_one_capture(tmp_path: Path) -> None:
    skippable = b"\x50\x2a\x4d\x18" + LENGTH.pack(3) + b"any"
    content = prefixed(*pds_frames()[:50])
    packed = skippable + b"".join(zstandard.compress(content[i : i + 1000]) for i in range(0, len(content), 1000))
    assert read(holding(tmp_path / "capture", packed + skippable)) == pds_frames()[:50]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (zstandard.compress(b""), "it is empty"),
        (b"\xa2", "ends 1 bytes into a frame"),
        (bytes(100), "a frame of 0 bytes"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "a frame of 1,196,314,761 bytes"),
        (LENGTH.pack(1000) + bytes(999), "ends 1003 bytes into a frame"),
        (LENGTH.pack(LARGEST_FRAME + 1) + bytes(99), "a frame of 8,388,609 bytes"),
        (b"seq,did,text\n1,2,3\n", "not of JSON lines"),
        (b'{"cut": "sho', "ends 12 bytes into a line"),
        (b"\n \n\n\n\n", "nothing but blank lines"),
        (zstandard.compress(prefixed(b"frame"))[:8], "ends within a frame of zstd"),
        (b"\x28\xb5\x2f\xfd" + b"\xff" * 60, "zstd"),
    ],
)
def test_what_is_no_capture_is_refused_with_the_reason(tmp_path: Path, content: bytes, why: str) -> None:
    path = holding(tmp_path / "file", content)
    with pytest.raises(CaptureError, match=why) as refused:
        read(path)
    assert str(path) in str(refused.value)


def test_what_is_no_file_is_refused_before_anything_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, why in (("pipe", "no regular file"), (".", "no regular file"), ("missing", "No such file")):
        with pytest.raises(CaptureError, match=why):
            Capture(tmp_path / path)


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        (b"\x01", "truncated_capture"),
        (LENGTH.pack(10) + b"nine char", "truncated_capture"),
        (LENGTH.pack(LARGEST_FRAME + 1) + b"x", "damaged_capture"),
        (bytes(4096), "damaged_capture"),
    ],
)
def test_a_capture_that_breaks_off_gives_what_stands_before_and_keeps_what_is_left(
    tmp_path: Path, rest: bytes, reason: str
) -> None:
    *whole, bad = read(holding(tmp_path / "capture", prefixed(b"\xa2first", b"\xa2second") + rest))
    assert whole == [b"\xa2first", b"\xa2second"]
    assert isinstance(bad, BadInput)
    assert (bad.reason, bad.payload) == (reason, rest)
    assert "behind record 2" in bad.detail


WRONG_CHECKSUM = zstandard.ZstdCompressor(write_checksum=True).compress(prefixed(b"\xa2second"))[:-4] + b"sum?"


@pytest.mark.parametrize("damage", [b"garbage behind the frame", WRONG_CHECKSUM])
def test_damaged_zstd_costs_only_what_is_behind_it(tmp_path: Path, damage: bytes) -> None:
    *whole, bad = read(holding(tmp_path / "capture", zstandard.compress(prefixed(b"\xa2first")) + damage))
    assert whole == [b"\xa2first"]
    assert isinstance(bad, BadInput)
    assert bad.reason == "damaged_capture"


def test_blank_lines_and_a_missing_last_line_end_mean_nothing(tmp_path: Path) -> None:
    assert read(holding(tmp_path / "capture", b'{"a":1}\r\n\n  \n{"b":2}')) == [b'{"a":1}\r', b'{"b":2}']


def test_a_line_that_is_too_long_costs_itself_alone_and_no_memory_of_its_size(tmp_path: Path) -> None:
    path, long = tmp_path / "capture", 5 * LARGEST_FRAME
    with path.open("wb") as file:
        file.write(b'{"a":1}\n{"')
        file.seek(long, os.SEEK_CUR)  # a hole: it takes no space on the disk
        file.write(b'"}\n{"b":2}\n')
    tracemalloc.start()
    first, bad, last = read(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (first, last) == (b'{"a":1}', b'{"b":2}')
    assert isinstance(bad, BadInput)
    assert bad.reason == "line_too_long"
    assert len(bad.payload) <= 1024
    assert peak < 2.5 * LARGEST_FRAME < long


def test_gigabytes_of_nothing_in_a_small_file_are_not_unpacked_at_once(tmp_path: Path) -> None:
    nothing = zstandard.compress(bytes(256 * MIB))
    tracemalloc.start()
    with Capture(holding(tmp_path / "bomb", zstandard.compress(b'{"a":1}\n') + nothing * 4)) as capture:
        found = list(capture)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found[0] == b'{"a":1}'
    assert [bad.reason for bad in found[1:] if isinstance(bad, BadInput)] == ["line_too_long"]
    assert peak < 384 * MIB < 1024 * MIB


def test_a_capture_is_known_by_its_content_whatever_its_name(tmp_path: Path) -> None:
    one = holding(tmp_path / "one", prefixed(*pds_frames()))
    same = holding(tmp_path / "same", prefixed(*pds_frames()))
    longer = holding(tmp_path / "longer", prefixed(*pds_frames(), b"\xa2more"))
    other = holding(tmp_path / "other", prefixed(*reversed(pds_frames())))
    origins = [Capture(path).origin for path in (one, same, longer, other)]
    assert origins[0] == origins[1]
    assert len(set(origins)) == 3
    assert all(origin.startswith("file:") for origin in origins)


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    path = holding(tmp_path / "kept", b"precious")
    with pytest.raises(CaptureError, match="never overwritten"):
        Recorder(path, "frames")
    assert path.read_bytes() == b"precious"


def test_a_recording_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="No such file or directory"):
        Recorder(tmp_path / "missing" / "capture", "frames")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FLUSH_BYTES, before[1]))  # the end of a write is missing
    try:
        with (
            pytest.raises(CaptureError, match="cannot be written: File too large"),
            Recorder(tmp_path / "new", "frames") as recorder,
        ):
            recorder.take(b"x" * FLUSH_BYTES)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (tmp_path / "new").stat().st_size == FLUSH_BYTES


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_is_whole_after_every_flush(tmp_path: Path, form: Form, suffix: str) -> None:
    seconds = 0.0
    path, records = tmp_path / f"capture{suffix}", [b'{"n":%d}' % number for number in range(10)]
    recorder = Recorder(path, form, lambda: seconds)
    for number, record in enumerate(records, 1):
        seconds += FLUSH_SECONDS
        recorder.take(record)
        assert read(path) == records[:number]
    recorder.take(b"{}")
    assert read(path) == records
    recorder.flush()
    assert read(path) == [*records, b"{}"]


def test_line_breaks_between_tokens_do_not_break_a_record_apart(tmp_path: Path) -> None:
    (line,) = read(written(tmp_path / "lines", "lines", [b'{\n "text": "a\\nb"\n}\n']))
    assert isinstance(line, bytes)
    assert json.loads(line) == {"text": "a\nb"}


RECORD_FOR_EVER = """
import sys
from itertools import count
from pathlib import Path
from nats_firehose_ingest.sources.recorder import Recorder
recorder = Recorder(Path(sys.argv[1]), "frames")
for number in count():
    recorder.take(b"%020d" % number * 50)
    if number == 20_000:
        print("enough", flush=True)
"""


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_recording_that_was_killed_can_be_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"capture{suffix}"
    with subprocess.Popen([sys.executable, "-c", RECORD_FOR_EVER, path], stdout=subprocess.PIPE) as recording:
        assert recording.stdout is not None
        assert recording.stdout.readline() == b"enough\n"
        recording.send_signal(signal.SIGKILL)
    found = [record for record in read(path) if isinstance(record, bytes)]
    assert len(found) > 18_000
    assert all(record == b"%020d" % number * 50 for number, record in enumerate(found))


def test_reading_a_large_capture_takes_no_memory_of_its_size(tmp_path: Path) -> None:
    path = tmp_path / "capture.zst"
    content = zstandard.compress(prefixed(*pds_frames()))
    with path.open("wb") as file:
        for _ in range(100):
            file.write(content)
    tracemalloc.start()
    with Capture(path) as capture:
        assert sum(len(record) for record in islice(capture, None) if isinstance(record, bytes)) > 50 * MIB
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * MIB


def test_nothing_at_all_is_no_capture() -> None:
    with pytest.raises(NoCapture):
        take_apart(iter(()))
