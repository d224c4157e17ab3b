from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def helm() -> str:
    found = os.environ.get("HELM_BIN") or shutil.which("helm")
    if found is None:
        pytest.skip("no helm on PATH: install it, or name yours with HELM_BIN=…")
    return found


@pytest.fixture(scope="session")
def promtool() -> str:
    beside = str(Path(sys.executable).parent)
    found = os.environ.get("PROMTOOL_BIN") or shutil.which("promtool") or shutil.which("promtool", path=beside)
    if found is None:
        pytest.skip("no promtool: `make promtool` says how to get it; or name yours with PROMTOOL_BIN=…")
    return found
