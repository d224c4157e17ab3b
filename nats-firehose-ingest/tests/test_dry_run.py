from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest
from nats_firehose_ingest.dry_run import DryRun, run
from nats_firehose_ingest.events import Event, Source
from nats_firehose_ingest.progress import Bar
from nats_firehose_ingest.pulse import Pulse
from nats_firehose_ingest.sources.file import File
from nats_firehose_ingest.sources.recorder import Recorder
from nats_firehose_ingest.sources.upstream import Resume
from nats_firehose_ingest.tally import Tally
from pipeline_core.errors import ServiceError
from pipeline_core.messages import RawMessage, RawPost
from relay import pds_frames, posts_by_the_sdk


def only_long(messages: Sequence[RawMessage]) -> tuple[list[RawMessage], Counter[str]]:
    kept = [message for message in messages if not isinstance(message, RawPost) or len(message.text) > 40]
    return kept, Counter({"too_short": len(messages) - len(kept)})


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    with Recorder(tmp_path / "capture.zst", "frames") as recorder:
        for frame in pds_frames():
            recorder.take(frame)
    return tmp_path / "capture.zst"


def reading(path: Path, resume: Resume) -> Source:
    return File(path, resume, Pulse(lambda: 0.0, 0.0), Bar(path.name))


def test_a_capture_is_counted_to_its_end(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    created = sum(len(posts_by_the_sdk(frame)) for frame in pds_frames())
    assert run(lambda resume: reading(capture, resume), only_long, None, "json") == 0
    counted = json.loads(capsys.readouterr().out)
    assert sum(counted["frames"].values()) == 600
    assert counted["operations"]["create"] == created
    assert counted["messages"]["create"] + counted["dropped"]["too_short"] >= created
    assert counted["messages"]["create"] > 0
    assert counted["dropped"]["too_short"] > 0
    assert counted["bad"] == {}


def test_a_reader_is_told_in_words(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(lambda resume: reading(capture, resume), only_long, None, "text") == 0
    told = capsys.readouterr()
    assert "          600  frames\n" in told.out
    assert "event times: 20" in told.out
    assert told.err == ""


def test_a_start_is_kept_to(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(lambda resume: reading(capture, resume), only_long, 590, "json") == 0
    assert sum(json.loads(capsys.readouterr().out)["frames"].values()) == 10


def test_what_cannot_be_read_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(lambda resume: reading(tmp_path / "missing", resume), only_long, None, "text") == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"{tmp_path / 'missing'} cannot be read: No such file or directory\n"


class BreaksOff:
    """Tells one event and fails."""

    async def events(self) -> AsyncGenerator[Event, None]:
        yield Event("host", "commit", 7)
        raise ServiceError("it broke")


def test_what_was_counted_until_a_failure_is_told_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(lambda _: BreaksOff(), only_long, None, "json") == 1
    told = capsys.readouterr()
    assert json.loads(told.out)["frames"] == {"commit": 1}
    assert told.err == "it broke\n"


async def test_a_connection_that_is_lost_goes_on_where_it_was() -> None:
    dry = DryRun(only_long, 3, Tally())
    assert (await dry.resume("host")).position == 3
    with pytest.raises(ServiceError):
        await dry.read(BreaksOff())
    assert (await dry.resume("host")).position == 7
    assert (await dry.resume("another host")).position == 3


class Noticing:
    """Tells one event, and notices that it is no longer read."""

    closed = False

    async def events(self) -> AsyncGenerator[Event, None]:
        try:
            yield Event("host", "commit", 7)
        finally:
            self.closed = True


async def test_a_source_is_closed_before_a_reading_that_failed_is_over() -> None:
    def fails(_: Sequence[RawMessage]) -> tuple[list[RawMessage], Counter[str]]:
        raise ServiceError("no model")

    source = Noticing()
    with pytest.raises(ServiceError):
        await DryRun(fails, None, Tally()).read(source)
    assert source.closed


READ_FOR_EVER = """
import asyncio
from collections import Counter
from nats_firehose_ingest.dry_run import run
from nats_firehose_ingest.events import Event
class Endless:
    async def events(self):
        for number in range(1000):
            yield Event("host", "commit", number)
        print("enough", flush=True)
        await asyncio.Event().wait()
raise SystemExit(run(lambda _: Endless(), lambda messages: (list(messages), Counter()), None, "json"))
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_whoever_stops_it_is_told_what_was_counted_until_then(how: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", READ_FOR_EVER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "enough\n"
        process.send_signal(how)
        told, complaints = process.communicate(timeout=60)
    assert json.loads(told)["frames"] == {"commit": 1000}
    assert (process.returncode, complaints) == (0, "")
