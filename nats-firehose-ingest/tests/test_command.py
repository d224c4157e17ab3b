"""The command as an operator uses it: captures read once, dry runs, recordings, settings that do not fit together."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from nats.js import JetStreamContext
from nats.js.errors import NoKeysError, NotFoundError
from nats_firehose_ingest.decoding.frames import decode
from nats_firehose_ingest.sources.capture import Capture
from nats_firehose_ingest.sources.recorder import Recorder
from pipeline_core.messages import read_message
from pipeline_core.testing import Broker, ServiceProcess, eventually, running_service
from pipeline_core.timestamps import now
from relay import Relay, pds_frames

FRAMES = pds_frames()
IDS = {message.message_id for frame in FRAMES for message in decode("", frame, now()).messages}
POSTS = sum("account" not in one and "delete" not in one for one in IDS)


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "capture.zst"
    with Recorder(path, "frames") as recorder:
        for frame in FRAMES:
            recorder.take(frame)
    return path


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nats_firehose_ingest", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


async def ids(js: JetStreamContext) -> list[str]:
    total = (await js.stream_info("bluesky-posts")).state.messages
    told = [await js.get_msg("bluesky-posts", seq=number) for number in range(1, total + 1)]
    return [read_message(one.data or b"").message_id for one in told]


def once(broker: Broker, capture: Path) -> dict[str, str]:
    return {
        "NATS_URL": broker.url,
        "SOURCE": "file",
        "CAPTURE": str(capture),
        "ONCE": "true",
        "ENABLE_TEXT_FILTERING": "false",
        "CURSOR_SAVE_INTERVAL": "0.05",
    }


async def test_a_capture_is_read_once_and_the_command_ends(broker: Broker, js: JetStreamContext, capture: Path) -> None:
    ended = await asyncio.to_thread(command, **once(broker, capture))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert sorted(await ids(js)) == sorted(IDS)
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    (summary,) = [line for line in told if line["event"] == "capture read"]
    assert (summary["frames"], summary["bad"], summary["posts"]) == (len(FRAMES), 0, POSTS)
    with pytest.raises(NoKeysError):
        await (await js.key_value("firehose-state")).keys()


@pytest.mark.parametrize("end", ["kill", "stop"])
async def test_a_reading_that_is_cut_off_goes_on_where_it_was(
    broker: Broker, js: JetStreamContext, tmp_path: Path, end: str
) -> None:
    capture = tmp_path / "long.zst"
    with Recorder(capture, "frames") as recorder:
        for frame in FRAMES * 40:  # long enough to be cut off
            recorder.take(frame)
    reading = ServiceProcess("nats_firehose_ingest", **once(broker, capture))
    try:
        await eventually(lambda: _some(js), "some messages stored")
    finally:
        if end == "stop":
            code, output = await reading.stop()
            assert code == 1
            assert "interrupted: the same command goes on" in output
        else:
            reading.kill()
    ended = await asyncio.to_thread(command, **once(broker, capture))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert sorted(await ids(js)) == sorted(IDS)


async def _some(js: JetStreamContext) -> bool:
    try:
        return bool(await ids(js))
    except NotFoundError:
        return False


async def test_a_service_whose_capture_has_ended_stays_and_is_well(
    broker: Broker, js: JetStreamContext, capture: Path
) -> None:
    async with running_service("nats_firehose_ingest", **{**once(broker, capture), "ONCE": "false"}) as service:
        await eventually(lambda: _all(js), "all stored")
        assert await service.answers("/ready", 200)
        assert await service.answers("/health", 200)
        service.kill_and_restart()
        await eventually(lambda: service.answers("/ready", 200), "up again")
        code, output = await service.stop()
        assert code == 0, output
    assert sorted(await ids(js)) == sorted(IDS)


async def _all(js: JetStreamContext) -> bool:
    return await _some(js) and len(await ids(js)) == len(IDS)


def test_a_dry_run_counts_without_a_broker(capture: Path) -> None:
    ended = command("--source", "file", str(capture), "--dry-run", "--output", "json", NATS_URL="nats://127.0.0.1:1")
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert sum(told["frames"].values()) == len(FRAMES)
    assert sum(told["operations"].values()) + told["messages"]["account"] == len(IDS)
    assert told["dropped"] == {"empty_text": 3}


async def test_what_comes_over_the_network_can_be_recorded_and_read_again(
    broker: Broker, js: JetStreamContext, tmp_path: Path
) -> None:
    path = tmp_path / "recorded.zst"
    async with (
        Relay(FRAMES).serving() as url,
        running_service(
            "nats_firehose_ingest",
            NATS_URL=broker.url,
            UPSTREAM_HOSTS=url,
            START_CURSOR="0",
            RECORD=str(path),
            ENABLE_TEXT_FILTERING="false",
        ) as service,
    ):
        await eventually(lambda: _all(js), "all stored")
        code, output = await service.stop()
        assert code == 0, output
    with Capture(path) as recorded:
        assert list(recorded) == FRAMES


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--source", "file"], "SOURCE=file needs a CAPTURE"),
        (["--once"], "ONCE is for SOURCE=file"),
        (["some.zst"], "CAPTURE is for SOURCE=file: add --source file"),
        (["--upstream-hosts", ","], "UPSTREAM_HOSTS: give WebSocket base URLs"),
        (["--upstream-hosts", "ws://127.0.0.1:99999"], "UPSTREAM_HOSTS: give WebSocket base URLs"),
        (["--upstream-hosts", "ws://foo bar"], "UPSTREAM_HOSTS: give WebSocket base URLs"),
        (["--except-authors", "did:"], "EXCEPT_AUTHORS: give DIDs"),
        (["--nats-stream", "a b"], "NATS_STREAM: "),
        (["--nats-subject", "a b"], "NATS_SUBJECT: "),
        (["--nats-kv-bucket", "a.b"], "NATS_KV_BUCKET: "),
        (["--jetstream-version", "3"], "JETSTREAM_VERSION: "),
        (["--source", "file", "missing.zst", "--once"], "missing.zst cannot be read: No such file"),
        (["--source", "file", "missing.zst", "--dry-run"], "missing.zst cannot be read: No such file"),
        (["--source", "file", "x.zst", "--record", "y.zst"], "RECORD is for what comes over the network"),
        (["--only-languages", "en,klingonish"], "ONLY_LANGUAGES: klingonish"),
        (["--only-authors", "ada"], "ONLY_AUTHORS: give DIDs"),
        (["--min-text-length", "20", "--max-text-length", "10"], "MIN_TEXT_LENGTH 20 is more than MAX_TEXT_LENGTH 10"),
        (["--upstream-hosts", "bsky.network"], "UPSTREAM_HOSTS: give WebSocket base URLs"),
        (["--upstream-hosts", "wss://bsky.network,ws://"], "UPSTREAM_HOSTS: give WebSocket base URLs"),
        (
            ["--duplicate-window-seconds", "120"],
            "DUPLICATE_WINDOW_SECONDS: Input should be greater than or equal to 180",
        ),
    ],
)
def test_settings_that_cannot_be_are_named_in_a_line(arguments: list[str], words: str) -> None:
    ended = command(*arguments, NATS_URL="nats://127.0.0.1:1")
    assert ended.returncode in (1, 2)
    assert words in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr


def test_help_names_every_source() -> None:
    told = command("--help").stdout
    assert all(word in told for word in ("firehose", "jetstream", "file", "CAPTURE", "--once", "--dry-run", "--record"))
