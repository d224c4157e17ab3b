"""What opens models does nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from nats_stream_processor.errors import in_one_line
from nats_stream_processor.sessions import open_session
from tinymodels import tiny_model

# Where it cannot keep the number that it gives this machine, onnxruntime says so: that is how we know that it reports.
NOWHERE = {"HOME": "/proc/nowhere", "XDG_CACHE_HOME": "/proc/nowhere"}


def said_at_import(**settings: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    command = [sys.executable, "-c", "import nats_stream_processor.embedded"]
    done = subprocess.run(command, env=environment | NOWHERE | settings, capture_output=True, text=True, check=True)
    return done.stderr


def test_the_runtime_of_the_models_reports_to_nobody() -> None:
    assert "telemetry" not in said_at_import()


def test_the_runtime_would_report_if_it_was_let() -> None:
    if "telemetry" not in said_at_import(ORT_DISABLE_TELEMETRY="0"):
        pytest.skip("this build of onnxruntime reports nothing anyway")


def test_what_fails_is_raised_in_few_words_and_printed_by_nobody_else(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tiny_model(tmp_path, ("negative", "neutral", "positive"), ("a", "b", "c")) / "onnx/model.onnx"
    unknown = np.full((1, 3), 99, np.int64)
    with pytest.raises(Exception, match="ONNXRuntimeError") as failed:
        open_session(file, 1, file).run(None, {"input_ids": unknown, "attention_mask": np.ones_like(unknown)})
    assert in_one_line(failed.value).startswith("InvalidArgument: Non-zero status code returned while running Gather")
    assert capfd.readouterr() == ("", "")


def test_an_error_of_many_lines_is_told_in_one() -> None:
    assert in_one_line(RuntimeError("[ONNXRuntimeError] : 1 : FAIL : no\n  way\n")) == "RuntimeError: no way"
