"""On a laptop Prometheus finds each service under the name that the alerts know, and Grafana shows a cluster's file."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from charts.__main__ import DASHBOARD
from tests.charts.alerts import ALERTS, RULES
from tests.charts.rendering import ROOT

FOLDER = ROOT / "observability"
WRITTEN = (ROOT / "docker-compose.yml").read_text().replace("!override", "")  # Compose's own tag
COMPOSE: dict[str, dict[str, Any]] = yaml.safe_load(WRITTEN)["services"]
PROFILE = {name: service for name, service in COMPOSE.items() if "observability" in service.get("profiles", ())}
(SCRAPED,) = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
TARGETS = {name: found["port"] for found in SCRAPED["dns_sd_configs"] for name in found["names"]}


def mounted(service: str, under: str) -> list[Path]:
    """The repository's files that the container has in this folder."""
    pairs = (volume.split(":")[:2] for volume in COMPOSE[service]["volumes"])
    return [(ROOT / ours).resolve() for ours, theirs in pairs if theirs.startswith(under)]


def test_every_service_is_read_at_its_port() -> None:
    ours = {name for name, service in COMPOSE.items() if "build" in service or "extends" in service}
    assert TARGETS.keys() == ours | {"nats-exporter"}
    for name in ours:
        (published,) = COMPOSE[name]["ports"]
        assert published.endswith(f":{TARGETS[name]}")


def test_each_service_has_the_name_that_the_alerts_know_it_by() -> None:
    (job,) = (rule for rule in SCRAPED["relabel_configs"] if rule["target_label"] == "job")
    jobs = {re.fullmatch(job["regex"], name)[1] for name in TARGETS}
    asked = {name for alert in ALERTS.values() for name in re.findall(r'job="([^"]+)"', alert["expr"])}
    assert asked <= jobs
    assert "nats-stream-processor-2" not in jobs, "a replica is no service of its own"


def test_the_alerts_are_the_charts_own_files_but_for_those_of_a_service_that_is_seldom_there() -> None:
    here = {path.resolve() for chart, path in RULES.items() if chart != "nats-stream-processor-topics"}
    assert {*mounted("prometheus", "/etc/prometheus/rules/")} == here


def test_grafana_shows_the_file_that_a_cluster_shows() -> None:
    assert mounted("grafana", "/etc/grafana/dashboards/") == [DASHBOARD]
    (provider,) = yaml.safe_load((FOLDER / "grafana-dashboards.yaml").read_text())["providers"]
    home = COMPOSE["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/{DASHBOARD.name}"
    (source,) = yaml.safe_load((FOLDER / "grafana-datasource.yaml").read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090"


def test_nothing_is_published_to_the_network_and_every_image_has_a_version() -> None:
    assert PROFILE.keys() == {"grafana", "nats-exporter", "prometheus"}
    assert all(port.startswith("127.0.0.1:") for service in COMPOSE.values() for port in service.get("ports", ()))
    assert all(re.search(r":v?\d+\.\d+\.\d+$", service["image"]) for service in PROFILE.values())
    assert COMPOSE["grafana"]["environment"]["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"


def test_the_brokers_exporter_names_its_figures_as_the_one_of_its_chart_does() -> None:
    assert {"-varz", "-jsz=all", "-prefix=nats"} <= {*COMPOSE["nats-exporter"]["command"]}


def test_prometheus_takes_its_configuration(promtool: str) -> None:
    subprocess.run([promtool, "check", "config", FOLDER / "prometheus.yml"], check=True)
