"""Alerts, the dashboard, the autoscalers and the runbooks ask for nothing that is not exported."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator

import pytest
import yaml
from pipeline_core.testing import Broker

from charts.dashboard import queries
from tests.charts.alerts import ALERTS
from tests.charts.exported import OF_A_TARGET, VARZ, exported
from tests.charts.expressions import asked
from tests.charts.rendering import CLUSTER, PROCESSORS, ROOT, render

EXPORTED = exported()
PANELS = [panel for row in yaml.safe_load((ROOT / "charts" / "dashboard.yaml").read_text()) for panel in row["panels"]]


def unknown(expression: str) -> Iterator[str]:
    for metric, labels in asked(expression).items():
        if metric not in EXPORTED:
            yield metric
        else:
            yield from (f"{metric}{{{label}}}" for label in labels - EXPORTED[metric] - OF_A_TARGET)


def test_an_unknown_metric_and_an_unknown_label_are_found_wherever_they_stand() -> None:
    assert [*unknown("sum by (le) (rate(sentiment_web_post_age_seconds_bucket[5m])) > max(up{job='a'})")] == []
    assert [*unknown("sum(rate(firehose_messages_total[5m]))")] == ["firehose_messages_total"]
    assert sorted(unknown("max by (kind) (up{sort='a'} offset 5m) or up")) == ["up{kind}", "up{sort}"]


@pytest.mark.parametrize("alert", ALERTS)
def test_alerts(alert: str) -> None:
    assert [*unknown(ALERTS[alert]["expr"])] == []


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_panels_and_the_labels_that_their_lines_are_called_by(panel: dict[str, dict[str, str]]) -> None:
    for name, expression in queries(panel):
        assert [*unknown(expression)] == []
        for label in re.findall(r"\{\{(\w+)\}\}", name):
            assert all(label in labels for labels in asked(expression).values()), name


@pytest.mark.parametrize("service", PROCESSORS)
def test_the_autoscalers_figures(service: str) -> None:
    scaled = {"autoscaling": {"provider": "hpa"}}
    metrics = render(service, scaled)["HorizontalPodAutoscaler"]["spec"]["metrics"]
    figures = {each["external"]["metric"]["name"] for each in metrics}
    assert figures <= EXPORTED.keys()
    (rule,) = yaml.safe_load((CLUSTER / "prometheus-adapter.yaml").read_text())["rules"]["external"]
    (pattern,) = re.findall(r'__name__=~"(.+)"', rule["seriesQuery"])
    assert figures <= {name for name in EXPORTED if re.fullmatch(pattern, name)}
    keda = render(service, {"autoscaling": {"provider": "keda"}})["ScaledObject"]["spec"]["triggers"]
    assert {name for each in keda for name in asked(each["metadata"]["query"])} == figures
    assert not any([*unknown(each["metadata"]["query"])] for each in keda)


@pytest.mark.parametrize("document", ["charts/runbooks.md", "docs/operations.md"])
def test_runbooks(document: str) -> None:
    told = re.findall(r"\b[a-z]+(?:_[a-z]+)+(?:_total|_seconds|_messages|_per_second)\b", (ROOT / document).read_text())
    assert told
    for name in told:
        assert any(each.removesuffix("_bucket").endswith(name) for each in EXPORTED), name


def test_the_numbers_of_the_broker_are_in_its_answer(broker: Broker) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{broker.monitoring_port}/varz") as answer:
        varz = json.load(answer)
    assert {type(varz[number]) for number in VARZ} <= {int, float}
