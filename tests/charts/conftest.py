from __future__ import annotations

import os
import shutil

import pytest


@pytest.fixture(scope="session")
def helm() -> str:
    found = os.environ.get("HELM_BIN") or shutil.which("helm")
    if found is None:
        pytest.skip("no helm on PATH: install it, or name yours with HELM_BIN=…")
    return found
