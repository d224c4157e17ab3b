"""The workflows build what is there, with no more rights than they need, and nothing can change under them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WRITES = {("release.yml", "packages")}
"""What may be changed from a workflow."""


def read(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())


def test_every_service_is_published() -> None:
    services = {path.parent.name for path in ROOT.glob("*/Dockerfile")}
    assert set(read("release.yml")["jobs"]["image"]["strategy"]["matrix"]["service"]) == services
    compose = (ROOT / "docker-compose.yml").read_text()
    assert all(f"image: {service}:local\n" in compose for service in services), "which is what is scanned"
    assert {path.parent.name for path in ROOT.glob("*/charts/*/Chart.yaml")} == services


def test_the_checks_are_those_of_every_change() -> None:
    (job,) = read("checks.yml")["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_rights_are_given_to_a_job_and_only_where_they_are_needed(workflow: Path) -> None:
    told = yaml.safe_load(workflow.read_text())
    assert told["permissions"] == {}
    for job in told["jobs"].values():
        assert job["timeout-minutes"] <= 60
        given = {(workflow.name, right) for right, how in job["permissions"].items() if how == "write"}
        assert given <= WRITES


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_and_says_its_version(workflow: Path) -> None:
    used = re.findall(r"uses: (.*)", workflow.read_text())
    assert used
    for action in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_zizmor_finds_nothing_to_attack() -> None:
    zizmor = shutil.which("zizmor", path=str(Path(sys.executable).parent))
    assert zizmor, "make setup installs it"
    command = [zizmor, "--offline", "--no-progress", "--persona", "auditor", *map(str, WORKFLOWS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
