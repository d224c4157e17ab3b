"""The cluster's own charts, which install-apps.sh installs around the services'."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from helm_python.errors import HelmError

from tests.charts.rendering import CLUSTER, SERVICES, Release, render, render_chart
from tests.charts.validation import validate

DOMAIN = {"domain": "mood.example.org", "email": "me@example.org"}


def gateway(values: dict[str, Any]) -> Release:
    return render_chart(CLUSTER / "gateway", values, "gateway", "nginx-gateway")


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


def test_without_a_domain_the_gateway_answers_plain_http_to_any_name() -> None:
    (listener,) = gateway({})["Gateway"]["spec"]["listeners"]
    assert (listener["protocol"], listener["port"]) == ("HTTP", 80)
    assert "hostname" not in listener


def test_with_a_domain_plain_http_only_leads_to_https() -> None:
    release = gateway(DOMAIN)
    http, https = release["Gateway"]["spec"]["listeners"]
    assert {http["hostname"], https["hostname"]} == {DOMAIN["domain"]}
    assert http["allowedRoutes"]["namespaces"] == {"from": "Same"}
    certificate = release["Certificate"]["spec"]
    assert https["tls"] == {"mode": "Terminate", "certificateRefs": [{"name": certificate["secretName"]}]}
    assert certificate["dnsNames"] == [DOMAIN["domain"]]
    route = release["HTTPRoute"]["spec"]
    assert route["parentRefs"] == [{"name": "nginx", "sectionName": "http"}]
    assert route["rules"][0]["filters"][0]["requestRedirect"]["scheme"] == "https"


@pytest.mark.parametrize(("provider", "solver"), [("cloudflare", "dns01"), ("none", "http01")])
def test_the_name_is_proven_by_a_record_or_by_a_page(provider: str, solver: str) -> None:
    release = gateway({**DOMAIN, "dnsProvider": provider})
    issuers = {
        each["metadata"]["name"]: each["spec"]["acme"] for each in release.objects if each["kind"] == "ClusterIssuer"
    }
    assert issuers.keys() == {"letsencrypt", "letsencrypt-staging"}
    assert release["Certificate"]["spec"]["issuerRef"]["name"] == "letsencrypt"
    assert ["staging" in issuer["server"] for issuer in issuers.values()] == ["staging" in name for name in issuers]
    for issuer in issuers.values():
        assert [list(each) for each in issuer["solvers"]] == [[solver]]
        assert issuer["email"] == DOMAIN["email"]


def test_the_namespace_whose_routes_are_joined_is_chosen() -> None:
    listener = gateway({**DOMAIN, "routesFrom": "mood"})["Gateway"]["spec"]["listeners"][-1]
    chosen = listener["allowedRoutes"]["namespaces"]["selector"]["matchLabels"]
    assert chosen == {"kubernetes.io/metadata.name": "mood"}


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"domain": "mood", "email": "me@example.com"}, "/domain"),
        ({"domain": "mood.example.com"}, "/email"),
        ({"dnsProvider": "route53"}, "/dnsProvider"),
        ({"domian": "mood.example.com"}, "domian"),
    ],
)
def test_what_the_gateway_cannot_be_told_is_refused(values: dict[str, str], place: str) -> None:
    with pytest.raises(HelmError, match=place):
        gateway(values)


def test_the_broker_is_reached_by_its_clients_at_one_port_and_its_monitoring_by_nobody() -> None:
    release = render_chart(CLUSTER / "nats-network", {"clients": ["mood"]}, "nats-network", "nats")
    validate(release)
    (policy,) = release.objects
    ways = {rule["ports"][0]["port"]: rule["from"] for rule in policy["spec"]["ingress"]}
    assert ways.keys() == {4222, 6222, 7777}
    assert ways[4222] == [
        {"podSelector": {}},
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "mood"}}},
    ]
    assert ways[6222] == [{"podSelector": policy["spec"]["podSelector"]}]
    assert ways[7777] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]


@pytest.mark.parametrize("name", ["2024", "1e3", "yes", "null", "0x1f"])
def test_namespaces_that_yaml_takes_for_something_else_stay_names(name: str) -> None:
    chosen = {"kubernetes.io/metadata.name": name}
    released = render_chart(CLUSTER / "gateway", {**DOMAIN, "dnsProvider": "none", "routesFrom": name}, "gateway", name)
    network = render_chart(CLUSTER / "nats-network", {"clients": [name], "monitoring": name}, "nats-network", name)
    validate(released)
    validate(network)
    assert {each["metadata"].get("namespace", name) for each in (*released.objects, *network.objects)} == {name}
    listener = released["Gateway"]["spec"]["listeners"][-1]
    assert listener["allowedRoutes"]["namespaces"]["selector"]["matchLabels"] == chosen
    broker, _, figures = network["NetworkPolicy"]["spec"]["ingress"]
    assert broker["from"][-1] == figures["from"][0] == {"namespaceSelector": {"matchLabels": chosen}}


@pytest.mark.parametrize(("values", "place"), [({"client": ["mood"]}, "client"), ({"clients": []}, "/clients")])
def test_what_the_brokers_policy_cannot_be_told_is_refused(values: dict[str, Any], place: str) -> None:
    with pytest.raises(HelmError, match=place):
        render_chart(CLUSTER / "nats-network", values, "nats-network", "nats")


def test_the_broker_is_as_the_services_want_it() -> None:
    values = yaml.safe_load((CLUSTER / "nats.yaml").read_text())
    config = values["config"]
    assert config["cluster"] == {"enabled": True, "replicas": 3}
    assert config["jetstream"]["fileStore"]["pvc"] == {"enabled": True, "size": "10Gi"}
    assert config["jetstream"]["merge"]["sync_interval"] == "always"
    for service in SERVICES:
        secret = render(service).container["envFrom"][-1]["secretRef"]["name"]
        assert secret == f"{service}-nats", "where install-apps.sh puts its password"


def test_nothing_of_a_chart_is_public_but_the_gateway() -> None:
    told = {path.stem: yaml.safe_load(path.read_text()) for path in CLUSTER.glob("*.yaml")}
    public = [app for app, values in told.items() if "LoadBalancer" in str(values) or "ingress" in values]
    assert public == ["nginx-gateway-fabric"]
    grafana = told["kube-prometheus-stack"]["grafana"]
    assert grafana["admin"]["existingSecret"] == "grafana-admin"
    assert grafana["grafana.ini"]["auth.anonymous"] == {"enabled": False}
    assert told["cockroachdb"]["tls"]["enabled"]
