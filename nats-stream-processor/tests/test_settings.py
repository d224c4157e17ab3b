"""Settings that cannot be used end the command with a line about each."""

from __future__ import annotations

import pytest
from nats_stream_processor.settings import UnifiedSettings
from pipeline_core.settings import load


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is said of these flags."""
    with pytest.raises(SystemExit) as end:
        load(UnifiedSettings, [*arguments])
    assert end.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("model", ["sentiment", "topic"])
@pytest.mark.parametrize("given", [("file", "model.onnx"), ("sha256", "0" * 64)])
def test_what_only_a_model_by_name_has_is_not_ignored(
    capsys: pytest.CaptureFixture[str], model: str, given: tuple[str, str]
) -> None:
    arguments = (f"--{model}-model-{given[0]}", given[1])
    told = refused(capsys, *arguments)
    assert told.startswith(f"{model}_model_{given[0]}: ".upper())
    assert told.count("\n") == 1
    load(UnifiedSettings, [*arguments, f"--{model}-model-name", "own/model"])


@pytest.mark.parametrize("model", ["sentiment", "topic"])
@pytest.mark.parametrize("given", [("model_cache_dir", "/models"), ("max_sequence_length", "512")])
def test_what_has_no_effect_on_an_embedded_model_is_named_where_it_was_given(
    monkeypatch: pytest.MonkeyPatch, model: str, given: tuple[str, str]
) -> None:
    name = f"{model}_{given[0]}".upper()
    assert load(UnifiedSettings, []).without_effect == []
    monkeypatch.setenv(name, given[1])
    assert load(UnifiedSettings, []).without_effect == [name]
    assert load(UnifiedSettings, [f"--{model}-model-name", "own/model"]).without_effect == []


@pytest.mark.parametrize("subject", ["bluesky.posts", "bluesky.posts.>", "bluesky.posts.create", "bluesky"])
def test_what_is_written_must_not_be_read_again(capsys: pytest.CaptureFixture[str], subject: str) -> None:
    told = refused(capsys, "--output-subject", subject)
    assert told.startswith(f"OUTPUT_SUBJECT: '{subject}' overlaps INPUT_SUBJECT, 'bluesky.posts.>'; ")
    assert told.count("\n") == 1


def test_one_stream_is_not_both_raw_and_enriched(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "--output-stream", "bluesky-posts").startswith("OUTPUT_STREAM: is INPUT_STREAM too")


@pytest.mark.parametrize(
    ("flag", "given", "words"),
    [
        ("ack-wait-seconds", "inf", "finite"),
        ("ack-wait-seconds", "1e300", "less than or equal to 86400"),
        ("ack-wait-seconds", "1e-12", "greater than or equal to 0.1"),
        ("duplicate-window-seconds", "nan", "finite"),
        ("retry-delay", "inf", "finite"),
        ("max-ack-pending", "99999999999999999999", "less than or equal to 1000000"),
    ],
)
def test_a_number_that_the_broker_could_not_take_is_refused_at_the_start(
    capsys: pytest.CaptureFixture[str], flag: str, given: str, words: str
) -> None:
    told = refused(capsys, f"--{flag}", given)
    assert told.startswith(f"{flag}: ".upper().replace("-", "_"))
    assert words in told
