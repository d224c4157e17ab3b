"""Values that YAML or Kubernetes could take for something else come out as what they are."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from helm_python.errors import HelmError

from charts.__main__ import SHARED
from tests.charts.rendering import SERVICES, render
from tests.charts.validation import validate

everywhere = pytest.mark.parametrize("service", SERVICES)
MAY_GO = {"writable", "nodeSelector", "affinity", "strategy", "resources", "podLabels", "podAnnotations"}
DEFAULTS = yaml.safe_load(SHARED.read_text())["exports"]["defaults"]
SECTIONS = {name for name, value in DEFAULTS.items() if isinstance(value, dict)} - MAY_GO
NUMBERS = {
    "serviceAccount": {"name": "123"},
    "secret": {"name": "456"},
    "broker": {"secret": "1e3"},
    "networkPolicy": {"broker": "0", "from": ["1e3", "true"]},
    "podLabels": {"build": "123"},
    "service": {"extraPorts": {"true": 9000}},
    "writable": {"1": "/a b #c"},
    "spreadOver": "null",
    "modelCache": {
        **{"type": "persistentVolumeClaim", "accessMode": "ReadWriteMany"},
        **{"storageClassName": "123"},
    },
    "probes": {"health": "/a, port: 1", "ready": "/{}#"},
    "route": {"enabled": True, "gateway": {"name": "1"}, "hidden": ["/a, type: Exact"]},
}


@everywhere
def test_words_that_yaml_takes_for_numbers_stay_words(service: str) -> None:
    release = render(service, NUMBERS, name="true", namespace="1e5")
    validate(release)
    assert release.pod["serviceAccountName"] == "123"
    assert release.container["livenessProbe"]["httpGet"] == {"path": "/a, port: 1", "port": "http"}
    assert release["HTTPRoute"]["spec"]["rules"][0]["matches"] == [
        {"path": {"type": "PathPrefix", "value": "/a, type: Exact"}}
    ]
    assert {"name": "1", "mountPath": "/a b #c"} in release.container["volumeMounts"]
    assert release["Deployment"]["metadata"]["labels"]["app.kubernetes.io/instance"] == "true"


@pytest.mark.parametrize(
    "value", ["a\"b'c", "a\nb: c", "{{ .Values }}", "#no comment", "0123", "1e5", "no", "${HOME}", ""]
)
def test_a_secret_of_the_charts_own_holds_the_very_characters(value: str) -> None:
    release = render("mock-ingest", {"secret": {"provider": "values", "values": {"PASSWORD": value, "NO": value}}})
    assert release["Secret"]["stringData"] == {"PASSWORD": value, "NO": value}


@pytest.mark.parametrize("value", [123, 1e30, True, None])
def test_a_secret_that_is_no_word_is_refused_as_yaml_has_changed_it_already(value: Any) -> None:
    with pytest.raises(HelmError, match="/secret/values/PASSWORD"):
        render("mock-ingest", {"secret": {"provider": "values", "values": {"PASSWORD": value}}})


@everywhere
def test_the_service_listens_where_its_probes_and_its_service_look(service: str) -> None:
    release = render(service, {"port": 9000})
    variables = {each["name"]: each["value"] for each in release.container["env"]}
    assert variables["PORT" if service == "bsky-sentiment-web" else "HEALTH_CHECK_PORT"] == "9000"
    assert release.container["ports"][0] == {"name": "http", "containerPort": 9000}
    assert release["Service"]["spec"]["ports"][0]["port"] == 9000


def test_large_numbers_are_written_in_full() -> None:
    large = {"user": 1_000_650_000, "terminationGracePeriodSeconds": 1_000_000}
    release = render("nats-stream-processor", {**large, "autoscaling": {"maxReplicas": 2_000_000}})
    validate(release)
    assert release.pod["securityContext"]["runAsUser"] == 1_000_650_000
    assert release.pod["terminationGracePeriodSeconds"] == 1_000_000
    assert release["HorizontalPodAutoscaler"]["spec"]["maxReplicas"] == 2_000_000
    fixed = render("mock-ingest", {"replicaCount": 1_000_000})
    assert fixed["Deployment"]["spec"]["replicas"] == 1_000_000


@pytest.mark.parametrize("written", [0.5, "0.5"])
def test_a_fraction_may_be_a_word_as_set_makes_one_of_it(written: float | str) -> None:
    release = render("nats-firehose-ingest", {"config": {"CURSOR_SAVE_INTERVAL": written}})
    assert release["ConfigMap"]["data"]["CURSOR_SAVE_INTERVAL"] == "0.5"


def test_a_pod_that_does_little_still_has_a_share_of_the_arrivals() -> None:
    release = render("nats-stream-processor", {"autoscaling": {"capacity": 1}})
    validate(release)
    targets = [metric["external"]["target"] for metric in release["HorizontalPodAutoscaler"]["spec"]["metrics"]]
    assert [target["averageValue"] for target in targets] == ["60", "1"]


@everywhere
def test_any_node_will_do_where_the_choice_of_nodes_is_taken_away(service: str) -> None:
    pod = render(service, {"nodeSelector": None, "tolerations": None}).pod
    assert pod.keys().isdisjoint({"nodeSelector", "tolerations"})


@pytest.mark.parametrize("name", ["1st", "first.release"])
def test_a_release_whose_service_could_not_be_called_like_it_is_refused(name: str) -> None:
    with pytest.raises(HelmError, match=f"the release cannot be called {name}"):
        render("mock-ingest", name=name)


@everywhere
@pytest.mark.parametrize("section", sorted(SECTIONS))
def test_a_section_that_is_taken_away_is_refused_by_its_name(service: str, section: str) -> None:
    with pytest.raises(HelmError, match=f"{section}: null takes away|missing property '{section}'"):
        render(service, {section: None})


@pytest.mark.parametrize(("above", "section"), [("monitoring", "rules"), ("secret", "external")])
def test_so_is_a_section_within_another(above: str, section: str) -> None:
    with pytest.raises(HelmError, match=f"{above}.{section}: null takes away"):
        render("mock-ingest", {above: {section: None}})
