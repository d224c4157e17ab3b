"""What every chart renders, whatever it is told."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.charts.rendering import PROCESSORS, ROOT, SERVICES, Release, render
from tests.charts.validation import CUSTOM, validate

SECURE = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
DIGEST = "sha256:" + "0123456789abcdef" * 4
VALUES: dict[str, dict[str, Any]] = {
    "as it stands": {},
    "tag": {"image": {"tag": "latest"}, "imagePullSecrets": [{"name": "ghcr"}]},
    "digest": {"image": {"tag": "latest", "digest": DIGEST}},
    "secret of its own": {"secret": {"provider": "values", "values": {"NATS_URL": 'nats://u:p"a: #ss@nats:4222'}}},
    "external secret": {
        "secret": {"provider": "external", "external": {"key": "nats", "storeRef": {"name": "gcp"}}},
    },
    "nothing around it": {
        "secret": {"provider": "none"},
        "serviceAccount": {"create": False},
        "disruptionBudget": {"enabled": False},
        "networkPolicy": {"enabled": False},
        "monitoring": {"enabled": False, "rules": {"enabled": False}},
        "autoscaling": {"provider": "none"},
        "tolerations": [],
    },
    "keda": {"autoscaling": {"provider": "keda", "metricsPrefix": "stream_processor"}},
    "route": {"route": {"enabled": True, "hostnames": ["mood.example.org"], "gateway": {"name": "nginx"}}},
    "model cache": {"modelCache": {"type": "persistentVolumeClaim", "accessMode": "ReadWriteMany"}},
    "labels": {
        "podLabels": {"team": "mood"},
        "podAnnotations": {"note": "true"},
        "monitoring": {"labels": {"release": "prometheus"}},
        "serviceAccount": {"annotations": {"iam.gke.io/gcp-service-account": "a@b"}},
    },
}


matrix = pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
everywhere = pytest.mark.parametrize("service", SERVICES)


@matrix
@everywhere
def test_every_object_is_as_kubernetes_and_its_controllers_want_it(service: str, values: dict[str, Any]) -> None:
    release = render(service, values)
    validate(release)
    for each in release.objects:
        assert each["metadata"]["labels"]["app.kubernetes.io/part-of"] == "bluesky-pipeline"


@pytest.mark.parametrize("kind", ["HTTPRoute", "ServiceMonitor", "PrometheusRule", "ScaledObject", "ExternalSecret"])
def test_a_field_that_a_controller_does_not_know_is_found(kind: str) -> None:
    rendered = next(
        found
        for values in VALUES.values()
        for found in render("nats-stream-processor", values).objects
        if found["kind"] == kind
    )
    strange = {**rendered, "spec": {**rendered["spec"], "unheardOf": 1}}
    assert [error.message for error in CUSTOM[kind].iter_errors(strange)] == [
        "Additional properties are not allowed ('unheardOf' was unexpected)"
    ]


@matrix
@everywhere
def test_every_pod_keeps_to_the_restricted_profile(service: str, values: dict[str, Any]) -> None:
    release = render(service, values)
    assert release.container["securityContext"] == SECURE
    assert release.pod["automountServiceAccountToken"] is False
    assert release.pod["securityContext"]["runAsNonRoot"] is True
    assert release.pod["securityContext"]["runAsUser"] > 0
    assert release.pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert {kind for volume in release.pod["volumes"] for kind in volume} <= {
        *("name", "emptyDir", "persistentVolumeClaim"),
    }


@matrix
@everywhere
def test_services_budgets_policies_and_monitors_choose_the_pods(service: str, values: dict[str, Any]) -> None:
    release = render(service, values, name="second")
    labels = release["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
    for kind in release.kinds & {"Service", "PodDisruptionBudget", "NetworkPolicy", "ServiceMonitor"}:
        spec = release[kind]["spec"]
        selector = spec.get("podSelector") or spec["selector"]
        assert selector.get("matchLabels", selector).items() <= labels


@everywhere
def test_the_alerts_find_their_targets_whatever_the_release_is_called(service: str) -> None:
    release = render(service, name="second")
    label = release["ServiceMonitor"]["spec"]["jobLabel"]
    assert release["Service"]["metadata"]["labels"][label] == service


@everywhere
def test_a_start_a_hang_and_unreadiness_are_told_apart(service: str) -> None:
    container = render(service).container
    health, ready = ("/api/health", "/api/ready") if service == "bsky-sentiment-web" else ("/health", "/ready")
    assert container["startupProbe"]["httpGet"]["path"] == container["livenessProbe"]["httpGet"]["path"] == health
    assert container["readinessProbe"]["httpGet"]["path"] == ready
    assert container["startupProbe"]["periodSeconds"] * container["startupProbe"]["failureThreshold"] >= 120


@everywhere
def test_a_digest_goes_before_a_tag_and_a_tag_before_the_charts_version(service: str) -> None:
    image = f"ghcr.io/richardr1126/{service}"
    assert render(service).container["image"] == f"{image}:0.1.0"
    assert render(service, VALUES["tag"]).container["image"] == f"{image}:latest"
    assert render(service, VALUES["digest"]).container["image"] == f"{image}@{DIGEST}"


@everywhere
def test_the_cluster_decides_when_an_image_is_fetched_as_it_looks_again_what_latest_is(service: str) -> None:
    assert "imagePullPolicy" not in render(service, VALUES["tag"]).container
    assert render(service, {"image": {"pullPolicy": "Never"}}).container["imagePullPolicy"] == "Never"


@everywhere
def test_a_change_of_the_settings_restarts_the_pods(service: str) -> None:
    def annotations(release: Release) -> dict[str, str]:
        return release["Deployment"]["spec"]["template"]["metadata"]["annotations"]

    assert annotations(render(service)) == annotations(render(service))
    changed = render(service, {"config": {"NATS_URL": "nats://elsewhere:4222"}})
    assert annotations(changed) != annotations(render(service))


def test_a_setting_reaches_the_service_as_it_was_written() -> None:
    settings = {
        **{"RECEIVE_TIMEOUT": 0.5, "MAX_TEXT_LENGTH": 5_000_000, "ENABLE_TEXT_FILTERING": False},
        **{"UPSTREAM_HOSTS": 'ws://a:1,ws://b:2 "#{{ .Values }}', "NATS_URL": "nats://a:4222"},
    }
    data = render("nats-firehose-ingest", {"config": settings})["ConfigMap"]["data"]
    assert data == {
        **{"RECEIVE_TIMEOUT": "0.5", "MAX_TEXT_LENGTH": "5000000", "ENABLE_TEXT_FILTERING": "false"},
        **{"UPSTREAM_HOSTS": 'ws://a:1,ws://b:2 "#{{ .Values }}', "NATS_URL": "nats://a:4222"},
        "NUM_STREAM_REPLICAS": "3",
    }


@everywhere
def test_what_the_brokers_owner_says_of_it_goes_before_the_users_own_variables(service: str) -> None:
    sources = render(service).container["envFrom"]
    assert [next(iter(source.values()))["name"] for source in sources if "configMapRef" in source] == [service]
    assert [source["secretRef"] for source in sources if "secretRef" in source] == [
        {"name": f"{service}-env", "optional": True},
        {"name": f"{service}-nats", "optional": True},
    ]
    named = render(service, {"broker": {"secret": "mine"}}).container["envFrom"]
    assert named[-1]["secretRef"] == {"name": "mine", "optional": False}


def test_the_dashboard_is_not_public_until_somebody_says_so_and_its_metrics_never_are() -> None:
    assert "HTTPRoute" not in render("bsky-sentiment-web").kinds
    route = render("bsky-sentiment-web", VALUES["route"])["HTTPRoute"]
    hidden, shown = route["spec"]["rules"]
    assert hidden["matches"] == [{"path": {"type": "PathPrefix", "value": "/metrics"}}]
    assert "backendRefs" not in hidden
    assert shown["backendRefs"] == [{"name": "bsky-sentiment-web", "port": 3000}]


@pytest.mark.parametrize("service", PROCESSORS)
def test_processors_run_on_the_pool_for_models_and_scale_on_what_all_replicas_together_have_to_do(service: str) -> None:
    release = render(service)
    assert release.pod["nodeSelector"] == {"cloud.google.com/gke-nodepool": "ml-pool"}
    assert {taint["key"]: taint["value"] for taint in release.pod["tolerations"]} == {
        "dedicated": "ml",
        "cloud.google.com/gke-spot": "true",
    }
    assert "replicas" not in release["Deployment"]["spec"]
    scaler = release["HorizontalPodAutoscaler"]["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (3, 6)
    prefix = "topic_processor" if service.endswith("topics") else "stream_processor"
    assert {metric["external"]["metric"]["name"]: metric["external"]["target"] for metric in scaler["metrics"]} == {
        f"{prefix}_global_backlog_messages": {"type": "AverageValue", "averageValue": "24000"},
        f"{prefix}_global_arrivals_per_second": {"type": "AverageValue", "averageValue": "320"},
    }


def test_prometheus_adapter_knows_the_metrics_that_the_autoscalers_ask_for() -> None:
    (rule,) = yaml.safe_load((ROOT / "gke-cluster/helm/prometheus-adapter.yaml").read_text())["rules"]["external"]
    found = re.fullmatch(r'\{__name__=~"(.*)"\}', rule["seriesQuery"])
    assert found
    for service in PROCESSORS:
        for metric in render(service)["HorizontalPodAutoscaler"]["spec"]["metrics"]:
            assert re.fullmatch(found[1], metric["external"]["metric"]["name"])
    assert rule["metricsQuery"].startswith("max(")


def test_keda_asks_for_the_same_and_leaves_the_replicas_alone_while_nobody_knows() -> None:
    release = render("nats-stream-processor", {"autoscaling": {"provider": "keda"}})
    assert "HorizontalPodAutoscaler" not in release.kinds
    triggers = [trigger["metadata"] for trigger in release["ScaledObject"]["spec"]["triggers"]]
    assert [(each["threshold"], each["ignoreNullValues"]) for each in triggers] == [
        ("24000", "false"),
        ("320", "false"),
    ]
    assert triggers[0]["query"] == 'max(stream_processor_global_backlog_messages{namespace="default"})'


def test_of_the_firehose_there_is_one_reader_also_while_it_is_replaced() -> None:
    deployment = render("nats-firehose-ingest")["Deployment"]["spec"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})


@everywhere
def test_the_pod_has_more_time_to_end_than_the_service_takes(service: str) -> None:
    release = render(service)
    told = release.container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    drain = 5 if service == "bsky-sentiment-web" else 25
    assert release.pod["terminationGracePeriodSeconds"] >= told + drain + 5


def test_the_gateway_knows_that_a_page_leaves_before_it_stops_listening() -> None:
    assert render("bsky-sentiment-web").container["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}


@pytest.mark.parametrize("given", ["", "mine"])
def test_the_command_for_the_secret_in_the_notes_makes_the_one_that_is_read(given: str) -> None:
    release = render("mock-ingest", {"secret": {"name": given}}, namespace="mood")
    expected = "../create-secrets.sh -n mood -s mine makes" if given else "../create-secrets.sh -n mood makes"
    assert expected in release.notes


@everywhere
def test_the_notes_say_what_to_do_next(service: str) -> None:
    notes = render(service).notes
    assert f"rollout status deployment/{service}" in notes
    assert "create-secrets.sh" in notes
    assert "<no value>" not in notes
