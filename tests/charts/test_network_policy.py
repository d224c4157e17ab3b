"""Who may speak to a service and whom it may speak to: nobody but these."""

from __future__ import annotations

from typing import Any

import pytest

from tests.charts.rendering import SERVICES, render

everywhere = pytest.mark.parametrize("service", SERVICES)


def pods_of(namespace: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}


NAMES = {
    "to": [pods_of("kube-system"), {"ipBlock": {"cidr": "169.254.20.10/32"}}],
    "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
}
BROKER = {"to": [pods_of("nats")], "ports": [{"port": 4222, "protocol": "TCP"}]}
PRIVATE = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]
INTERNET = {
    "to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": PRIVATE}}],
    "ports": [{"port": 443, "protocol": "TCP"}],
}


@everywhere
def test_a_policy_lets_out_to_names_and_the_broker_and_ingest_alone_to_the_internet(service: str) -> None:
    policy = render(service)["NetworkPolicy"]["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["egress"] == [NAMES, BROKER, *([INTERNET] if service == "nats-firehose-ingest" else [])]


@everywhere
def test_a_policy_lets_in_prometheus_and_the_gateway_where_there_may_be_a_route(service: str) -> None:
    first, *further = render(service)["NetworkPolicy"]["spec"]["ingress"]
    spaces = ["monitoring", "nginx-gateway"] if service == "bsky-sentiment-web" else ["monitoring"]
    assert first == {"from": [pods_of(space) for space in spaces], "ports": [{"port": "http", "protocol": "TCP"}]}
    assert len(further) == (service == "mock-ingest")  # its firehose, for an ingest beside it


@everywhere
def test_a_policy_without_namespaces_lets_nobody_in(service: str) -> None:
    policy = render(service, {"networkPolicy": {"from": [], "extraIngress": []}})["NetworkPolicy"]["spec"]
    assert "ingress" not in policy
    assert "Ingress" in policy["policyTypes"]
