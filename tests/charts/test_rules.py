"""The alerts: each has a runbook and rings when it should, and only then."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from charts.__main__ import rules_for_topics
from tests.charts.alerts import ALERTS, RULES
from tests.charts.rendering import CLUSTER, ROOT, SERVICES, Release, render, render_chart

RUNBOOKS = ROOT / "charts" / "runbooks.md"
PLACE = "https://github.com/owner/name/blob/main"
SCENARIOS = Path(__file__).parent / "promtool"


def release(chart: str) -> Release:
    if chart in SERVICES:
        return render(chart, {"monitoring": {"rules": {"repository": f"{PLACE}/"}}})
    return render_chart(CLUSTER / chart, {"repository": f"{PLACE}/"}, chart, "monitoring")


def scenarios(chart: str) -> str:
    """What promtool is to try; the processor's hold for its deployment with topics alone too, under the names there."""
    text = (SCENARIOS / f"{chart.removesuffix('-topics')}.yaml").read_text()
    text = text.replace("../../..", str(ROOT))
    return rules_for_topics(text).replace("alertname: ", "alertname: Topics") if chart.endswith("-topics") else text


def test_every_service_but_the_mock_has_alerts() -> None:
    assert {*SERVICES} - {*RULES} == {"mock-ingest"}
    assert "PrometheusRule" not in render("mock-ingest").kinds


@pytest.mark.parametrize("chart", RULES)
def test_every_alert_has_a_runbook_and_the_chart_says_where(chart: str) -> None:
    headings = {heading.lower() for heading in re.findall(r"^## (\w+)$", RUNBOOKS.read_text(), re.MULTILINE)}
    (group,) = release(chart)["PrometheusRule"]["spec"]["groups"]
    for rule in group["rules"]:
        url, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert url == f"{PLACE}/charts/runbooks.md"
        assert anchor in headings
        assert rule["expr"] == ALERTS[rule["alert"]]["expr"]


@pytest.mark.parametrize("chart", RULES)
def test_for_every_alert_it_is_tried_that_it_rings_and_that_it_does_not(chart: str) -> None:
    tried = [each for test in yaml.safe_load(scenarios(chart))["tests"] for each in test["alert_rule_test"]]
    (group,) = yaml.safe_load(RULES[chart].read_text())["groups"]
    alerts = {rule["alert"] for rule in group["rules"]}
    assert {each["alertname"] for each in tried if "exp_alerts" in each} == alerts
    assert {each["alertname"] for each in tried if "exp_alerts" not in each} == alerts


@pytest.mark.parametrize("chart", RULES)
def test_every_alert_rings_when_it_should(chart: str, promtool: str, tmp_path: Path) -> None:
    subprocess.run([promtool, "check", "rules", RULES[chart]], check=True)
    file = tmp_path / "scenarios.yaml"
    file.write_text(scenarios(chart))
    done = subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
