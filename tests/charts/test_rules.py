"""The services' alerts: what they ask for exists, each has a runbook, and each rings when it should."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from tests.charts.rendering import ROOT, SERVICES, folder, render

WITH_RULES = [service for service in SERVICES if (folder(service) / "rules.yaml").exists()]
RUNBOOKS = ROOT / "charts" / "runbooks.md"
OF_PROMETHEUS = {"up"}
OF_A_HISTOGRAM = "_bucket"


def rules(service: str) -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((folder(service) / "rules.yaml").read_text())["groups"]
    return group["rules"]


def test_every_service_but_the_mock_has_alerts() -> None:
    assert {*SERVICES} - {*WITH_RULES} == {"mock-ingest"}
    assert "PrometheusRule" not in render("mock-ingest").kinds


@pytest.mark.parametrize("service", WITH_RULES)
def test_every_alert_has_a_runbook_and_the_chart_says_where(service: str) -> None:
    headings = {heading.lower() for heading in re.findall(r"^## (\w+)$", RUNBOOKS.read_text(), re.MULTILINE)}
    place = "https://github.com/owner/name/blob/main"
    release = render(service, {"monitoring": {"rules": {"repository": f"{place}/"}}})
    (group,) = release["PrometheusRule"]["spec"]["groups"]
    for rule in group["rules"]:
        url, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert url == f"{place}/charts/runbooks.md"
        assert anchor in headings
    assert [rule["expr"] for rule in group["rules"]] == [rule["expr"] for rule in rules(service)]


@pytest.mark.parametrize("service", WITH_RULES)
def test_every_metric_asked_for_is_one_that_a_readme_tells_of(service: str) -> None:
    prefix = "topic_processor_" if service.endswith("topics") else "stream_processor_"
    readme = (ROOT / service.removesuffix("-topics") / "README.md").read_text()
    told = set(re.findall(r"`([a-z_]+)(?:\{[a-z_]+\})?`", readme))
    for rule in rules(service):
        asked = re.findall(r"\b[a-z_]+_[a-z_]+\b(?!\s*\()", re.sub(r'"[^"]*"|by \([a-z, ]*\)', "", rule["expr"]))
        names = {name.removeprefix(prefix).removesuffix(OF_A_HISTOGRAM) for name in asked} - OF_PROMETHEUS
        assert names <= told, rule["alert"]


def test_every_alert_rings_when_it_should() -> None:
    promtool = os.environ.get("PROMTOOL_BIN") or shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool on PATH: it comes with Prometheus; or name yours with PROMTOOL_BIN=…")
    for service in WITH_RULES:
        subprocess.run([promtool, "check", "rules", folder(service) / "rules.yaml"], check=True)
    done = subprocess.run(
        [promtool, "test", "rules", ROOT / "tests" / "charts" / "rules.test.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
