"""The cluster's own charts, which install-apps.sh installs around the services'."""

from __future__ import annotations

from typing import Any

import pytest

from tests.charts.rendering import ROOT, Release, render, render_chart
from tests.charts.validation import validate

DOMAIN = {"domain": "mood.example.org", "email": "me@example.org"}


def gateway(values: dict[str, Any]) -> Release:
    return render_chart(ROOT / "gke-cluster/helm/gateway", values, "gateway", "nginx-gateway")


@pytest.mark.parametrize("values", [{}, DOMAIN, {**DOMAIN, "dnsProvider": "none"}], ids=["no domain", "dns", "http"])
def test_the_gateway_and_its_certificate_are_as_their_controllers_want_them(values: dict[str, Any]) -> None:
    release = gateway(values)
    validate(release)
    kinds = {"Gateway", "ClusterIssuer", "Certificate", "HTTPRoute"} if "domain" in values else {"Gateway"}
    assert release.kinds == kinds


@pytest.mark.parametrize("values", [{}, DOMAIN], ids=["no domain", "domain"])
def test_the_dashboards_route_leads_to_a_listener_that_lets_it_in(values: dict[str, Any]) -> None:
    found = gateway(values)["Gateway"]
    (parent,) = render("bsky-sentiment-web", {"route": {"enabled": True}})["HTTPRoute"]["spec"]["parentRefs"]
    assert parent == {key: found["metadata"][key] for key in ("name", "namespace")}
    listener = found["spec"]["listeners"][-1]
    assert listener["protocol"] == ("HTTPS" if values else "HTTP")
    chosen = listener["allowedRoutes"]["namespaces"]["selector"]["matchLabels"]
    assert chosen == {"kubernetes.io/metadata.name": "default"}


def test_the_brokers_policy_is_as_kubernetes_wants_it() -> None:
    release = render_chart(
        ROOT / "gke-cluster/helm/nats-network", {"clients": ["default", "mood"]}, "nats-network", "nats"
    )
    validate(release)
