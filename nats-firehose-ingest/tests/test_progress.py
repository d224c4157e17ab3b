from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest

SHOW = """
from pipeline_core.logs import configure
from nats_firehose_ingest.progress import Bar
log = configure("ingest", "INFO", "json")
with Bar("[red]capture[/red].zst") as bar:
    bar.moved(512, 2048, 1000)
    log.info("a line between")
    bar.moved(2048, 2048, 4321)
log.info("a line behind")
"""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def shown(environment: dict[str, str], *, stdout_too: bool) -> tuple[str, str]:
    """What a terminal at stderr is sent, and what stdout is sent where that is a pipe."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", SHOW],
        stdout=theirs if stdout_too else subprocess.PIPE,
        stderr=theirs,
        text=True,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", **environment},
    )
    os.close(theirs)
    told = bytearray()
    while chunk := _read(ours):
        told += chunk
    os.close(ours)
    piped, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return told.decode(), piped or ""


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that the other side is closed
        return b""


def test_on_a_terminal_a_line_says_how_far_the_reading_is() -> None:
    told, log = shown({}, stdout_too=False)
    assert "4,321 records" in told
    assert "2.0/2.0 KiB" in told
    assert "[red]capture[/red].zst" in _CONTROL.sub("", told)
    assert log.count("a line") == 2
    assert "\x1b" not in log


def test_lines_of_the_log_stand_whole_above_the_bar() -> None:
    told, _ = shown({}, stdout_too=True)
    lines = [line for line in _CONTROL.sub("", told).replace("\r", "\n").split("\n") if "a line" in line]
    assert len(lines) == 2
    assert all(line.lstrip().startswith('{"') for line in lines)
    assert all("records" not in line for line in lines)


def test_who_wants_no_colour_gets_none() -> None:
    colour = re.compile(r"\x1b\[[0-9;]*3[0-9]")
    assert colour.search(shown({}, stdout_too=False)[0])
    assert not colour.search(shown({"NO_COLOR": "1"}, stdout_too=False)[0])


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}])
def test_on_a_pipe_nothing_is_shown(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOW], capture_output=True, text=True, env={**os.environ, **environment}, check=True
    )
    assert done.stderr == ""
    assert done.stdout.count("a line") == 2
