"""The dashboard: made of its source, explained, with a panel for every alert, and loaded by Grafana's sidecar."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from charts.__main__ import DASHBOARD, generated_dashboard
from charts.dashboard import COLUMNS, queries
from tests.charts.alerts import ALERTS
from tests.charts.expressions import asked
from tests.charts.rendering import CLUSTER, ROOT, render_chart
from tests.charts.validation import validate

PANELS = [panel for row in yaml.safe_load((ROOT / "charts" / "dashboard.yaml").read_text()) for panel in row["panels"]]
MADE = json.loads(DASHBOARD.read_text())
UNITS = {"bytes", "percentunit", "s", "short", "suffix: /s"}
"""As Grafana calls them; the last one is a number a second."""


def shown_by(alert: str) -> list[dict[str, Any]]:
    """The panels of an alert; those of either processor are the same."""
    return [panel for panel in PANELS if alert.removeprefix("Topics") in panel.get("alerts", ())]


def test_the_file_is_what_make_charts_would_write() -> None:
    for path, text in generated_dashboard().items():
        assert path.read_text() == text, f"{path.relative_to(ROOT)} is old: make charts"


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_is_told_nothing_that_would_be_left_out_in_silence(panel: dict[str, Any]) -> None:
    told = {"title", "about", "unit", "queries"}
    assert told <= panel.keys() <= told | {"alerts", "kind", "stacked", "threshold", "width"}


def test_every_panel_says_what_it_shows_in_a_unit_and_has_a_place_of_its_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in MADE["panels"]:
        at = panel["gridPos"]
        place = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not place & taken, panel["title"]
        assert at["x"] + at["w"] <= COLUMNS
        taken |= place
        if panel["type"] != "row":
            assert panel["description"].endswith(".")
            assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
            assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]) > 0
    assert len({panel["id"] for panel in MADE["panels"]}) == len(MADE["panels"])


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_has_a_panel_that_asks_for_the_same(alert: str) -> None:
    panels = shown_by(alert)
    assert panels
    wanted = asked(ALERTS[alert]["expr"]).keys()
    for panel in panels:
        assert wanted & {name for _, expression in queries(panel) for name in asked(expression)}, panel["title"]
        if "threshold" in panel:
            assert ALERTS[alert]["expr"].endswith(f"> {panel['threshold']}")


def test_every_alert_that_a_panel_names_is_one() -> None:
    assert {alert for panel in PANELS for alert in panel.get("alerts", ())} <= ALERTS.keys()


@pytest.mark.parametrize("title", ["Alerts", "Alerts over time"])
def test_the_panels_of_ringing_alerts_have_them_all_and_no_other(title: str) -> None:
    (panel,) = (panel for panel in PANELS if panel["title"] == title)
    (expression,) = panel["queries"].values()
    (pattern,) = re.findall(r'alertname=~"(.+?)"', expression)
    assert all(re.fullmatch(pattern, alert) for alert in ALERTS)
    assert not any(re.fullmatch(pattern, alert) for alert in ("Watchdog", "KubePodCrashLooping", "PrometheusBadConfig"))


def test_grafana_loads_it_from_a_config_map_with_the_label_that_its_sidecar_looks_for() -> None:
    release = render_chart(CLUSTER / "observability", {}, "observability", "monitoring")
    validate(release)
    config = release["ConfigMap"]
    assert config["metadata"]["labels"] == {"grafana_dashboard": "1"}
    assert config["data"] == {DASHBOARD.name: DASHBOARD.read_text()}
    sidecar = yaml.safe_load((CLUSTER / "kube-prometheus-stack.yaml").read_text())["grafana"]["sidecar"]
    assert sidecar["dashboards"]["searchNamespace"] == "ALL"
