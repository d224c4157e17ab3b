"""What the command says of itself, and how it takes its settings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from nats_stream_processor.settings import UnifiedSettings
from nats_stream_processor_topics.settings import TopicsSettings
from pipeline_core.settings import load

FOLDER = Path(__file__).parent.parent


@pytest.mark.parametrize("command", [["main.py"], ["-m", "nats_stream_processor_topics"]])
def test_help_tells_every_setting(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *command, "--help"], cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    flags = {f"--{name.replace('_', '-')}" for name in TopicsSettings.model_fields}
    assert {flag for flag in flags if flag not in done.stdout} == set()
    assert "topic-processor" in done.stdout


@pytest.mark.parametrize(
    ("variable", "field", "given"),
    [
        ("SIGMOID_THRESHOLD", "topic_sigmoid_threshold", 0.25),
        ("TOPIC_SIGMOID_THRESHOLD", "topic_sigmoid_threshold", 0.25),
        ("MODEL_NAME", "topic_model_name", "owner/name@1234"),
        ("TOPIC_MODEL_NAME", "topic_model_name", "/models/topics"),
        ("QUEUE_GROUP", "consumer_name", "others"),
    ],
)
def test_a_setting_is_known_under_each_of_its_names(
    monkeypatch: pytest.MonkeyPatch, variable: str, field: str, given: object
) -> None:
    monkeypatch.setenv(variable, str(given))
    assert getattr(load(TopicsSettings, []), field) == given


@pytest.mark.parametrize("given", ["topics.only", "bluesky.enriched.topics.only", "bluesky.enriched.topics.only.>"])
def test_the_dashboards_subject_is_refused(capsys: pytest.CaptureFixture[str], given: str) -> None:
    with pytest.raises(SystemExit) as end:
        load(TopicsSettings, ["--output-subject", given])
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("OUTPUT_SUBJECT: leave out topics.only")


def test_a_checksum_without_a_model_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        load(TopicsSettings, ["--topic-model-sha256", "0" * 64])
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("TOPIC_MODEL_SHA256: ")
    load(TopicsSettings, ["--topic-model-sha256", "0" * 64, "--topic-model-name", "own/model"])


def test_both_processors_can_run_on_one_machine_without_a_word_of_configuration() -> None:
    unified, topics = load(UnifiedSettings, []), load(TopicsSettings, [])
    assert topics.consumer_name != unified.consumer_name
    assert topics.service_name != unified.service_name
    for shared in ("input_stream", "input_subject", "output_stream", "output_subject", "duplicate_window_seconds"):
        assert getattr(topics, shared) == getattr(unified, shared)


@pytest.mark.parametrize("kind", [UnifiedSettings, TopicsSettings])
@pytest.mark.parametrize("flag", ["--input-stream", "--input-subject", "--output-stream", "--output-subject"])
def test_a_name_that_the_broker_cannot_take_is_named(
    capsys: pytest.CaptureFixture[str], kind: type[UnifiedSettings | TopicsSettings], flag: str
) -> None:
    with pytest.raises(SystemExit):
        load(kind, [flag, "a b", "--consumer-name", "a.b"])
    lines = capsys.readouterr().err.splitlines()
    assert {line.partition(":")[0] for line in lines} == {flag[2:].replace("-", "_").upper(), "CONSUMER_NAME"}
