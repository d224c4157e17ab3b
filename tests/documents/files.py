"""The repository's own files."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "bsky-sentiment-web"
NOT_OURS = {"node_modules", ".venv", ".next", ".data", ".git"}


def ours(name: str) -> list[Path]:
    """All files of this name, or with this ending, but for what was installed or built."""
    found = []
    for folder, inner, names in os.walk(ROOT):
        inner[:] = [each for each in inner if each not in NOT_OURS]
        found += [Path(folder, each) for each in names if each.endswith(name)]
    return sorted(found)
