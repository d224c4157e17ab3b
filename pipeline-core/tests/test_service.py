from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
import urllib.error
import urllib.request
from pathlib import Path
from typing import Literal

import pytest
from pipeline_core import logs
from pipeline_core.backoff import Backoff
from pipeline_core.health import Health
from pipeline_core.settings import STREAM_NAME, SUBJECT, Settings, load
from pipeline_core.testing import eventually, free_port
from pydantic import Field

SERVICE = textwrap.dedent(
    """
    import asyncio, os, sys
    from pipeline_core import background
    from pipeline_core.errors import ServiceError
    from pipeline_core.service import run
    from pipeline_core.settings import Settings, load

    mode = os.environ["TOY_MODE"]

    async def main(service):
        service.health.ready_while("work", lambda: "still loading" if mode == "loading" else None)
        service.health.alive_while("loop", lambda: "hangs" if mode == "stuck" else None)
        service.health.tell("posts", lambda: 7)
        if mode == "fail":
            raise ServiceError("no model at /nowhere: name another with MODEL_FOLDER")
        async def loop():
            await asyncio.sleep(0.2)
            raise RuntimeError("a loop of ours died")
        if mode == "background":
            background.start(loop(), service.log, "loop")
        if mode == "crash":
            raise RuntimeError("a mistake of ours")
        try:
            await asyncio.sleep(3600)
        finally:
            if mode == "late":
                background.start(loop(), service.log, "loop")
            try:
                await asyncio.sleep(60 if mode in ("slow", "late", "unanswered") else 0.2)
                service.log.info("handed over")
            finally:
                if mode == "unanswered":
                    service.log.info("handing back")
                    await asyncio.sleep(3600)

    sys.exit(run(main, load(Settings)))
    """
)


class Toy:
    """A service of a few lines, as a process."""

    def __init__(self, folder: Path, mode: str, **settings: str) -> None:
        script = folder / "toy.py"
        script.write_text(SERVICE)
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, str(script)],
            env={
                **os.environ,
                "TOY_MODE": mode,
                "HEALTH_CHECK_PORT": str(self.port),
                "HEALTH_CHECK_HOST": "127.0.0.1",
                **settings,
            },
            stdout=subprocess.PIPE,
            text=True,
        )

    async def status(self, path: str) -> int:
        return self.get(path)[0]

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except OSError:
            return 0, ""

    def end(self, *signals: int) -> tuple[int, str]:
        for number in signals:
            self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=30)
        return self.process.returncode, output


@pytest.mark.parametrize(("mode", "ready", "health"), [("ready", 200, 200), ("loading", 503, 200), ("stuck", 503, 503)])
async def test_the_endpoints_tell_ready_from_alive(tmp_path: Path, mode: str, ready: int, health: int) -> None:
    toy = Toy(tmp_path, mode)
    await eventually(lambda: toy.status("/health"), "answers")
    assert (toy.get("/ready")[0], toy.get("/health")[0]) == (ready, health)
    assert json.loads(toy.get("/health/detailed")[1])["details"] == {"posts": 7}
    assert "python_info" in toy.get("/metrics")[1]
    assert toy.end(signal.SIGTERM)[0] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_the_work_hand_over_and_every_line_is_json(tmp_path: Path, number: int) -> None:
    toy = Toy(tmp_path, "ready")
    await eventually(lambda: toy.status("/health"), "answers")
    code, output = toy.end(number)
    assert code == 0
    assert [json.loads(line)["event"] for line in output.splitlines()] == [
        "started",
        "stopping",
        "handed over",
        "stopped",
    ]


async def test_work_beside_that_fails_during_the_hand_over_is_a_failure(tmp_path: Path) -> None:
    toy = Toy(tmp_path, "late")
    await eventually(lambda: toy.status("/health"), "answers")
    code, output = toy.end(signal.SIGTERM)
    assert code == 1
    assert [json.loads(line)["event"] for line in output.splitlines()] == [
        "started",
        "stopping",
        "background work failed",
    ]


async def test_a_hand_over_that_takes_too_long_is_cut_off_and_said(tmp_path: Path) -> None:
    toy = Toy(tmp_path, "slow", DRAIN_SECONDS="0.5")
    await eventually(lambda: toy.status("/health"), "answers")
    code, output = toy.end(signal.SIGTERM)
    assert code == 1
    assert "not drained in time" in output


async def test_a_hand_back_that_nobody_answers_does_not_hold_up_the_end(tmp_path: Path) -> None:
    toy = Toy(tmp_path, "unanswered", DRAIN_SECONDS="0.5")
    await eventually(lambda: toy.status("/health"), "answers")
    code, output = toy.end(signal.SIGTERM)
    assert code == 1
    assert [json.loads(line)["event"] for line in output.splitlines()] == [
        "started",
        "stopping",
        "not drained in time",
        "handing back",
    ]


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("fail", "name another with MODEL_FOLDER"),
        ("crash", "a mistake of ours"),
        ("background", "a loop of ours died"),
    ],
)
def test_a_failure_ends_the_process_with_its_reason(tmp_path: Path, mode: str, words: str) -> None:
    code, output = Toy(tmp_path, mode).end()
    assert code == 1
    assert words in output
    assert ("Traceback" in output or "exc_type" in output) == (mode != "fail")


def test_metrics_can_be_switched_off_by_a_flag_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(Settings, []).metrics_enabled
    assert not load(Settings, ["--no-metrics-enabled"]).metrics_enabled
    monkeypatch.setenv("METRICS_ENABLED", "false")
    assert not load(Settings, []).metrics_enabled
    assert load(Settings, ["--metrics-enabled"]).metrics_enabled, "a flag counts more than the environment"


@pytest.mark.parametrize("name", ["NUM_STREAM_REPLICAS", "NATS_STREAM_NUM_REPLICAS"])
def test_replicas_have_two_names(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "3")
    assert load(Settings, []).num_stream_replicas == 3


def test_a_setting_that_cannot_be_used_is_named_with_its_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEALTH_CHECK_PORT", "many")
    monkeypatch.setenv("LOG_LEVEL", "LOUD")
    with pytest.raises(SystemExit) as ended:
        load(Settings, [])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "HEALTH_CHECK_PORT" in said
    assert "'many'" in said
    assert "LOG_LEVEL" in said


class Named(Settings):
    stream: str = Field("posts", pattern=STREAM_NAME)
    subject: str = Field("posts", pattern=SUBJECT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("STREAM", wrong) for wrong in ("a b", "a.b", "a/b", "a>", "*")),
        *(("SUBJECT", wrong) for wrong in ("a b", "a..b", ".a", "a.", "a.>.b", ">", "a>")),
        ("SERVICE_NAME", "a b"),
    ],
)
def test_a_name_that_the_broker_cannot_take_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        load(Named, [])
    said = capsys.readouterr().err
    assert (ended.value.code, said.count("\n"), "pattern" in said) == (2, 1, False)
    assert said.startswith(f"{name}: give ")


@pytest.mark.parametrize("subject", ["a", "bluesky.posts.>", "bluesky.posts.*", "über-1_x.$y"])
def test_subjects_may_end_in_a_wildcard(monkeypatch: pytest.MonkeyPatch, subject: str) -> None:
    monkeypatch.setenv("SUBJECT", subject)
    assert load(Named, []).subject == subject


@pytest.mark.parametrize("level", ["debug", "Debug", "DEBUG"])
def test_a_level_is_understood_in_any_case(monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    monkeypatch.setenv("LOG_LEVEL", level)
    assert load(Settings, []).log_level == "DEBUG"


@pytest.mark.parametrize(
    "url", [",", "http://broker:4222", "nats://", "nats://me:secret@broker:many", "nats://broker:99999"]
)
def test_an_address_that_is_no_brokers_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    monkeypatch.setenv("NATS_URL", url)
    with pytest.raises(SystemExit):
        load(Settings, [])
    said = capsys.readouterr().err
    assert "NATS_URL" in said
    assert "secret" not in said


@pytest.mark.parametrize("url", ["nats://a:4222, nats://user:pass@b:4222", "broker:4222", "localhost", "tls://a"])
def test_brokers_may_be_several(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("NATS_URL", url)
    assert load(Settings, []).nats_servers == [server.strip() for server in url.split(",")]


@pytest.mark.parametrize(
    ("url", "prefix"),
    [
        ("nats://a:4222", "_INBOX"),
        ("nats://token@a:4222", "_INBOX"),
        ("nats://a:4222, nats://web:secret@b:4222", "_INBOX.web"),
        ("nats://we.b>:secret@a:4222", "_INBOX"),
    ],
)
def test_a_user_has_an_inbox_of_its_own(monkeypatch: pytest.MonkeyPatch, url: str, prefix: str) -> None:
    monkeypatch.setenv("NATS_URL", url)
    assert load(Settings, []).nats_inbox_prefix == prefix


def test_an_empty_variable_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NATS_URL", "")
    assert load(Settings, []).nats_servers == ["nats://localhost:4222"]


def test_a_hostile_text_stays_one_line_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    text = 'a"\n{"event": "forged"}\r\u2028\x00%s {0} \x1b[31m'
    logs.configure("test", "INFO", "json").info("seen", text=text)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["text"] == text


def test_on_a_terminal_a_hostile_text_is_shown_and_does_not_act(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("test", "INFO", "console").info("seen", text="\x1b]0;owned\x07\u202e\nforged 今日は")
    said = capsys.readouterr().out
    assert not set("\x1b\x07\u202e") & set(said)
    assert len(said.splitlines()) == 1
    assert "今日は" in said


def test_on_a_terminal_a_hostile_text_in_an_error_is_shown_and_does_not_act(capsys: pytest.CaptureFixture[str]) -> None:
    text = "\x1b]0;owned\x07\x1b[2J\u202e\u2028\n2026-07-04T12:00:00Z [error] forged 今日は"
    log = logs.configure("test", "INFO", "console")
    try:
        raise RuntimeError(text)
    except RuntimeError:
        log.exception("crashed")
        logging.getLogger("a library").exception("crashed")
    said = capsys.readouterr().out
    assert not set("\x1b\x07\u202e\u2028") & set(said)
    assert said.count("RuntimeError: \\x1b]0;owned") == said.count("今日は") == 2
    assert all("crashed" in line for line in said.splitlines() if not line.startswith("  ")), "nothing is forged"


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_crash_is_told_without_what_its_variables_held(
    capsys: pytest.CaptureFixture[str], form: Literal["json", "console"]
) -> None:
    def crash(post: str, password: str) -> None:
        raise RuntimeError("a mistake of ours")

    log = logs.configure("test", "INFO", form)
    try:
        crash("dear diary".upper(), "hunter".upper())
    except RuntimeError:
        log.exception("crashed")
        logging.getLogger("a library").exception("crashed too")
    said = capsys.readouterr().out
    assert said.count("a mistake of ours") >= 2
    assert "in crash" in said or '"crash"' in said
    assert "DEAR DIARY" not in said
    assert "HUNTER" not in said


def test_of_many_warnings_of_a_kind_the_first_is_told_and_later_the_last_with_their_number(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told: list[dict[str, object]] = []

    async def lines(number: int) -> bool:
        told.extend(json.loads(line) for line in capsys.readouterr().out.splitlines())
        return len(told) >= number

    async def main() -> None:
        seldom = logs.Seldom(logs.configure("test", "INFO", "json"), interval=0.2)
        for place in range(11):
            seldom.warning("dead letter", "invalid_post", place=place)
        seldom.warning("dead letter", "inference_failed", place=11)
        assert await lines(2)
        await eventually(lambda: lines(3), "what was held back is told after the quiet interval")

    asyncio.run(main())
    assert [(line["place"], line.get("more_since")) for line in told] == [(0, None), (11, None), (10, 10)]


def test_what_is_held_back_at_the_end_is_told_then(capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        seldom = logs.Seldom(logs.configure("test", "INFO", "json"), interval=3600.0)
        for place in range(11):
            seldom.warning("dead letter", "invalid_post", place=place)

    asyncio.run(main())
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["place"], line.get("more_since")) for line in told] == [(0, None), (10, 10)]


def test_health_names_only_what_is_wrong() -> None:
    health = Health()
    health.alive_while("a", lambda: None)
    health.ready_while("b", lambda: "gone")
    assert (health.why_dead(), health.why_unready()) == ({}, {"b": "gone"})


def test_backoff_grows_to_its_bound_and_starts_again_after_a_success() -> None:
    backoff = Backoff(first=1.0, most=8.0)
    for ceiling in (1, 2, 4, 8, 8, 8):
        assert ceiling / 2 <= backoff.next() <= ceiling
    backoff.reset()
    assert backoff.next() <= 1
