from __future__ import annotations

import pytest
from pipeline_core import logs


@pytest.fixture
def log() -> logs.Log:
    return logs.configure("test", "INFO", "console")
