"""The alerts of every chart, by name, and the files that they stand in."""

from __future__ import annotations

from typing import Any

import yaml

from tests.charts.rendering import CLUSTER, SERVICES, folder

RULES = {
    chart.name: chart / "rules.yaml"
    for chart in (*map(folder, SERVICES), CLUSTER / "observability")
    if (chart / "rules.yaml").exists()
}
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule
    for path in RULES.values()
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
}
