"""What opens models does nothing else."""

import os
import subprocess
import sys

import pytest

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
