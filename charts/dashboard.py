"""The pipeline's dashboard as Grafana reads it, from the rows and panels of dashboard.yaml. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml

Json = dict[str, Any]

COLUMNS = 24  # of Grafana's grid
WIDTH = 8  # of a panel, in columns
HEIGHTS = {"timeseries": 7, "stat": 4}  # of a panel by its kind, in Grafana's units of about 30 pixels
SCHEMA = 39  # Grafana's version of the format, that of 10.4; newer ones read it
PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}
"""The data source that the reader has chosen above the panels, as each installation has its own."""
PROCESSORS = {"stream_processor": "", "topic_processor": " (topics only)"}
"""By prefix of the metrics, what a line's name has behind it."""

_OPTIONS: dict[str, Json] = {
    "timeseries": {
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "colorMode": "none",
        "graphMode": "area",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "textMode": "value_and_name",
    },
}


def dashboard(source: str) -> str:
    """The file that Grafana loads, of dashboard.yaml's text."""
    return json.dumps(_dashboard(yaml.safe_load(source)), indent=2) + "\n"


def queries(panel: Json) -> Iterator[tuple[str, str]]:
    """Each line's name and expression, those of <processor> for either processor."""
    for name, expression in panel["queries"].items():
        if "<processor>" not in expression:
            yield name, expression
        else:
            for prefix, behind in PROCESSORS.items():
                yield name + behind, expression.replace("<processor>", prefix)


def _dashboard(rows: list[Json]) -> Json:
    return {
        "uid": "bluesky-pipeline",
        "title": "Bluesky pipeline",
        "description": "From Bluesky's firehose to the page: lag, rates, backlog, latency, model, errors, broker.",
        "tags": ["bluesky"],
        "schemaVersion": SCHEMA,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "15s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {
            "list": [{"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]
        },
        "panels": [{"id": number, **panel} for number, panel in enumerate(_laid_out(rows), start=1)],
    }


def _laid_out(rows: list[Json]) -> Iterator[Json]:
    """Rows below each other, and in a row panels from left to right as far as they fit."""
    top = 0
    for row in rows:
        yield {
            "type": "row",
            "title": row["row"],
            "collapsed": False,
            "panels": [],
            "gridPos": _place(0, top, COLUMNS, 1),
        }
        left, top, height = 0, top + 1, 0
        for each in row["panels"]:
            panel, width = _panel(each), each.get("width", WIDTH)
            if left + width > COLUMNS:
                left, top, height = 0, top + height, 0
            tall = HEIGHTS[panel["type"]]
            yield {**panel, "gridPos": _place(left, top, width, tall)}
            left, height = left + width, max(height, tall)
        top += height


def _place(left: int, top: int, width: int, height: int) -> Json:
    return {"x": left, "y": top, "w": width, "h": height}


def _panel(panel: Json) -> Json:
    kind = panel.get("kind", "timeseries")
    return {
        "type": kind,
        "title": panel["title"],
        "description": _description(panel),
        "datasource": PROMETHEUS,
        "fieldConfig": {"defaults": _field(panel, kind), "overrides": []},
        "options": _OPTIONS[kind],
        "targets": [
            {"refId": chr(ord("A") + at), "expr": expression, "legendFormat": name}
            for at, (name, expression) in enumerate(queries(panel))
        ],
    }


def _description(panel: Json) -> str:
    alerts = ", ".join(panel.get("alerts", ()))
    return f"{panel['about']} Alerts: {alerts}." if alerts else str(panel["about"])


def _field(panel: Json, kind: str) -> Json:
    field: Json = {"unit": panel["unit"], "min": 0}
    if kind == "timeseries":
        field["custom"] = {
            "fillOpacity": 10,
            "showPoints": "never",
            "stacking": {"mode": "normal" if panel.get("stacked") else "none", "group": "A"},
        }
    if "threshold" in panel:
        steps = [{"color": "green", "value": None}, {"color": "red", "value": panel["threshold"]}]
        field["thresholds"] = {"mode": "absolute", "steps": steps}
        field["custom"]["thresholdsStyle"] = {"mode": "dashed"}
    return field
