"""What the commands say, word for word, here and in the README.

    UPDATE_TRANSCRIPTS=1 pytest gke-cluster/tests/test_transcripts.py

writes tests/transcripts/ and the README's blocks anew; the difference is then to be read before it is committed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from gke_command import Run
from local_google import World

HERE = Path(__file__).parent
TRANSCRIPTS = HERE / "transcripts"
README = HERE.parent / "README.md"
UPDATE = bool(os.environ.get("UPDATE_TRANSCRIPTS"))
SET_UP = {"status", "cost", "list", "scale", "scale-to-zero", "delete", "connect"}  # on a cluster that is there
COMMANDS = {
    "help": ["--help"],
    "create-help": ["create", "--help"],
    "create-dry-run": ["create", "--dry-run"],
    "create": ["create", "--yes"],
    "connect": ["connect", "--kubeconfig", "kubeconfig"],
    "list": ["list"],
    "status": ["status"],
    "cost": ["cost"],
    "scale": ["scale", "--nodes", "5", "--pool", "ml-pool", "--yes"],
    "scale-to-zero": ["scale", "--nodes", "0", "--yes"],
    "delete": ["delete", "--yes"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_its_transcript_says(
    google: World, gke: Run, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("PATH", str(tmp_path))  # no plugin of kubectl's
    monkeypatch.chdir(tmp_path)
    if name in SET_UP:
        gke("create", "--yes")
        google.add_volume("nats/data-nats-0", "cost-optimized-cluster")
        google.add_volume("nats/data-nats-1", "cost-optimized-cluster")
    ended = gke(*COMMANDS[name])
    assert ended.code == 0, ended.err
    said = re.sub(r"after \d+ s", "after 21 s", ended.both)
    transcript = f"$ gke-cluster {' '.join(COMMANDS[name])}\n{said.rstrip()}\n"
    file = TRANSCRIPTS / f"{name}.txt"
    if UPDATE:
        file.write_text(transcript)
        README.write_text(_with_block(README.read_text(), name, transcript))
    assert transcript == file.read_text()
    assert _block(name, transcript) in README.read_text()


def test_no_transcript_is_of_a_command_that_is_gone() -> None:
    assert {file.stem for file in TRANSCRIPTS.iterdir()} == set(COMMANDS)


def _block(name: str, transcript: str) -> str:
    return f"<!-- transcript {name} -->\n```console\n{transcript}```\n"


def _with_block(readme: str, name: str, transcript: str) -> str:
    written = _block(name, transcript)
    return re.sub(
        rf"<!-- transcript {name} -->\n(```console\n.*?```\n)?", lambda _: written, readme, count=1, flags=re.DOTALL
    )
