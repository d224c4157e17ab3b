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

from tests.charts.rendering import ROOT, SERVICES


@pytest.fixture(scope="session")
def kubeconfig() -> Path:
    if not (named := os.environ.get("CHARTS_KUBECONFIG")):
        pytest.skip("no CHARTS_KUBECONFIG: name the kubeconfig of a cluster for trials")
    return Path(named)


@pytest.mark.parametrize("service", SERVICES)
def test_a_release_is_installed_upgraded_rolled_back_and_removed(helm: str, kubeconfig: Path, service: str) -> None:
    namespace = f"charts-{uuid4().hex[:8]}"

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [helm, *arguments, "--namespace", namespace],
            cwd=ROOT / service / "charts",
            env={**os.environ, "KUBECONFIG": str(kubeconfig)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def images() -> str:
        return run("get", "manifest", service)

    assert "STATUS: deployed" in run("upgrade", "--install", service, f"./{service}", "--create-namespace")
    run("upgrade", "--install", service, f"./{service}", "--set", "image.tag=latest")
    assert f"{service}:latest" in images()
    run("rollback", service, "1")
    assert f"{service}:0.1.0" in images()
    history = json.loads(run("history", service, "--output", "json"))
    assert [(each["revision"], each["status"]) for each in history] == [
        *((1, "superseded"), (2, "superseded"), (3, "deployed")),
    ]
    run("uninstall", service)
