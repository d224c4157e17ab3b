"""What needs no Google starts without it: no credentials, no network, none of its libraries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "gke-cluster.py"
LOADED = "import atexit, json, sys; atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr));"
COMPLETION = {
    "_GKE_CLUSTER_COMPLETE": "bash_complete",
    "COMP_WORDS": "gke-cluster create --ml-machine-type c3",
    "COMP_CWORD": "3",
}


def started(arguments: list[str], **variables: str) -> tuple[str, set[str]]:
    """What the command says and which modules it has loaded."""
    run = f"sys.argv = {['gke-cluster', *arguments]!r}; runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    code = f"{LOADED} import runpy; {run}"
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **variables}
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    return ended.stdout, set(json.loads(ended.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    ("arguments", "variables", "expected"),
    [
        (["--help"], {}, "Usage: gke-cluster"),
        (["delete", "--help"], {}, "--keep-disks"),
        (["create", "--dry-run"], {}, "Plan: create cost-optimized-cluster"),
        (["create", "--dry-run", "-o", "yaml"], {}, "command: create"),
        ([], COMPLETION, "c3d-highcpu-4"),
    ],
    ids=["help", "delete-help", "dry-run", "dry-run-yaml", "completion"],
)
def test_it_loads_nothing_of_googles(arguments: list[str], variables: dict[str, str], expected: str) -> None:
    said, modules = started(arguments, **variables)
    assert expected in said
    heavy = {"google", "grpc", "requests", "rich"}
    assert not {module.partition(".")[0] for module in modules} & heavy


def test_its_start_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """Reported, not asserted: a loaded machine proves nothing."""
    taken = []
    for _ in range(3):
        begun = time.perf_counter()
        subprocess.run([sys.executable, SCRIPT, "--help"], check=True, capture_output=True, timeout=60)
        taken.append(time.perf_counter() - begun)
    with capsys.disabled():
        print(f"\ngke-cluster --help: {min(taken):.2f} s")
