"""On a real terminal: the question, and the answer that is not the right one."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from gke_command import Run
from local_google import ZONE, World

SCRIPT = Path(__file__).parents[1] / "gke-cluster.py"
NAME = "cost-optimized-cluster"


def typed(answer: str, *arguments: str) -> tuple[int, str]:
    """The command's exit code and what the terminal showed."""
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    process = subprocess.Popen([sys.executable, SCRIPT, *arguments], stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while more := os.read(ours, 65536):
            shown += more
    except OSError:
        pass  # the other end is closed: the process has ended
    os.close(ours)
    return process.wait(60), shown.decode()


@pytest.mark.parametrize(("answer", "code"), [("y", 3), (NAME, 0)])
def test_only_the_clusters_own_name_deletes_it(google: World, gke: Run, answer: str, code: int) -> None:
    gke("create", "--yes")
    google.latency = 0
    ended, shown = typed(answer, "delete")
    assert ended == code, shown
    assert f"Type {NAME} to delete all of it:" in shown
    assert ((ZONE, NAME) in google.clusters) == (code != 0)
