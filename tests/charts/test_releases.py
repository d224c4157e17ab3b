"""The life of a release, by the real `helm`, against the API server that CHARTS_KUBECONFIG leads to. It installs into a
namespace of its own; without the variable nothing is touched.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest

from tests.charts.rendering import CLUSTER, ROOT, SERVICES

# Where a chart stands, a value to change, and what its objects say before and after.
CHARTS = {
    service: (ROOT / service / "charts", "image.tag=latest", f"{service}:0.1.0", f"{service}:latest")
    for service in SERVICES
} | {
    "gateway": (CLUSTER, "routesFrom=mood", 'metadata.name: "default"', 'metadata.name: "mood"'),
    "observability": (CLUSTER, "repository=https://mood.example.org", "_url: charts", "_url: https://mood.example.org"),
    "nats-network": (CLUSTER, "clients[0]=mood", 'metadata.name: "default"', 'metadata.name: "mood"'),
}


@pytest.fixture(scope="session")
def kubeconfig() -> Path:
    if not (named := os.environ.get("CHARTS_KUBECONFIG")):
        pytest.skip("no CHARTS_KUBECONFIG: name the kubeconfig of a cluster for trials")
    return Path(named)


@pytest.mark.parametrize("chart", CHARTS)
def test_a_release_is_installed_upgraded_rolled_back_and_removed(helm: str, kubeconfig: Path, chart: str) -> None:
    folder, change, before, after = CHARTS[chart]
    namespace = f"charts-{uuid4().hex[:8]}"

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [helm, *arguments, "--namespace", namespace],
            cwd=folder,
            env={**os.environ, "KUBECONFIG": str(kubeconfig)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def manifest() -> str:
        return run("get", "manifest", chart)

    assert "STATUS: deployed" in run("upgrade", "--install", chart, f"./{chart}", "--create-namespace")
    run("upgrade", "--install", chart, f"./{chart}", "--set", change)
    assert after in manifest()
    run("rollback", chart, "1")
    assert before in manifest()
    history = json.loads(run("history", chart, "--output", "json"))
    assert [(each["revision"], each["status"]) for each in history] == [
        *((1, "superseded"), (2, "superseded"), (3, "deployed")),
    ]
    run("uninstall", chart)
