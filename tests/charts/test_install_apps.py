"""install-apps.sh, with a `kubectl` and a `helm` that write down what they are asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.charts.recorded import Script
from tests.charts.rendering import CLUSTER

PINNED = {
    app: (namespace, version, source)
    for app, namespace, version, source in (
        line.split() for line in (CLUSTER / "versions.txt").read_text().splitlines() if line and line[0] != "#"
    )
}
THIRD_PARTY = [app for app, (_, version, source) in PINNED.items() if version != "-" and not source.endswith(".yaml")]
TOKEN = "hunter2-of-cloudflare"
DOMAIN = ("--domain", "mood.example.com", "--email", "me@example.com")


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return Script(tmp_path)


def test_everything_is_installed_in_the_order_of_the_contract(script: Script) -> None:
    script.given(f"CLOUDFLARE_API_TOKEN={TOKEN}")
    done = script.run(*DOMAIN)
    assert done.code == 0, done.output
    assert ["gateway-api", *done.releases] == list(PINNED)
    assert list(PINNED) == [
        *("gateway-api", "cert-manager", "external-dns", "nginx-gateway-fabric", "gateway", "kube-prometheus-stack"),
        *("observability", "prometheus-adapter", "nats-network", "nats", "nack", "cockroachdb"),
    ]
    first = done.changes[0]
    assert first[:2] == ["kubectl", "apply"]
    assert first[-3].endswith("/v1.4.1/standard-install.yaml")


@pytest.mark.parametrize("app", THIRD_PARTY)
def test_a_chart_is_of_the_pinned_version_from_its_own_address_with_our_values(script: Script, app: str) -> None:
    namespace, version, source = PINNED[app]
    script.given(f"CLOUDFLARE_API_TOKEN={TOKEN}")
    arguments = script.run(*DOMAIN, "--only", app).releases[app]
    chart = [f"{source}/{app}"] if source.startswith("oci:") else [app, "--repo", source]
    values = CLUSTER / f"{app}.yaml"
    assert arguments[: len(chart) + 4] == [*chart, "--version", version, "--values", str(values)]
    assert arguments[len(chart) + 4 :][:3] == ["--namespace", namespace, "--create-namespace"]
    assert yaml.safe_load(values.read_text())


def test_all_goes_to_the_cluster_that_was_named_at_the_start(script: Script) -> None:
    done = script.run("--skip", "kube-prometheus-stack", HELM_KUBECONTEXT="another")
    assert "Into the cluster of the context trial" in done.output
    asked, *rest = [call for call in done.calls if call[0] == "kubectl"]
    assert asked[1:] == ["config", "current-context"]
    assert {tuple(call[-2:]) for call in rest} == {("--context", "trial")}
    assert script.contexts_of_helm == {"trial"}


def test_no_version_is_left_open() -> None:
    for app in THIRD_PARTY:
        assert PINNED[app][1].removeprefix("v").replace(".", "").isdigit()


def test_each_app_is_awaited_before_the_next_one(script: Script) -> None:
    done = script.run()
    waiting = {app for app, arguments in done.releases.items() if "--wait" in arguments}
    assert waiting == {*done.releases} - {"cockroachdb"}
    *_, last, awaited = done.changes
    assert last[:4] == ["helm", "upgrade", "--install", "cockroachdb"]
    assert awaited[1:6] == ["--namespace", "cockroachdb", "rollout", "status", "statefulset/cockroachdb"]


def test_without_a_domain_nothing_is_asked_of_dns_and_no_token_is_needed(script: Script) -> None:
    done = script.run()
    assert done.code == 0, done.output
    assert "external-dns" not in done.releases
    assert not any("domain" in argument for argument in done.releases["gateway"])
    assert not [place for place in script.secrets if "cloudflare" in place]
    assert "port-forward service/bsky-sentiment-web" in done.output


def test_a_domain_is_told_to_the_gateway_and_to_external_dns(script: Script) -> None:
    script.given(f"CLOUDFLARE_API_TOKEN={TOKEN}")
    done = script.run(*DOMAIN)
    assert {"domain=mood.example.com", "email=me@example.com", "dnsProvider=cloudflare"} <= {*done.releases["gateway"]}
    assert "domainFilters[0]=mood.example.com" in done.releases["external-dns"]
    for namespace in ("external-dns", "cert-manager"):
        assert script.secrets[f"{namespace}/cloudflare/CLOUDFLARE_API_TOKEN"] == TOKEN
    assert "route.hostnames={mood.example.com}" in done.output


def test_a_domain_whose_record_somebody_else_keeps_needs_no_token(script: Script) -> None:
    done = script.run(*DOMAIN, "--dns-provider", "none")
    assert done.code == 0, done.output
    assert "external-dns" not in done.releases
    assert "dnsProvider=none" in done.releases["gateway"]
    assert "Let mood.example.com point there" in done.output


def test_the_env_file_has_what_is_not_an_option(script: Script) -> None:
    script.given(f"CLOUDFLARE_API_TOKEN='{TOKEN}' # mine\nDOMAIN=a.example.com\nEMAIL=me@example.com\n")
    assert "domain=a.example.com" in script.run("--only", "gateway").releases["gateway"]
    assert "domain=b.example.com" in script.run("--only", "gateway", "-d", "b.example.com").releases["gateway"]


def test_the_example_of_an_env_file_is_one(script: Script) -> None:
    done = script.run("--dry-run", "--env-file", str(CLUSTER / ".env.example"))
    assert done.code == 0, done.output


def test_the_namespace_of_the_services_is_theirs_alone_to_choose(script: Script) -> None:
    done = script.run("--namespace", "mood")
    assert "routesFrom=mood" in done.releases["gateway"]
    assert "clients[0]=mood" in done.releases["nats-network"]
    assert "mood/bsky-sentiment-web-nats/NATS_URL" in script.secrets


def test_each_service_is_given_the_address_of_the_broker_with_its_own_password(script: Script) -> None:
    script.run("--only", "nats")
    told = script.secrets
    users = {
        "nats-firehose-ingest": "ingest",
        "nats-stream-processor": "processor",
        "nats-stream-processor-topics": "topics",
        "mock-ingest": "mock-ingest",
        "bsky-sentiment-web": "web",
    }
    for service, user in users.items():
        password = told[f"nats/nats-users/{user}"]
        url = f"nats://{user}:{password}@nats.nats.svc.cluster.local:4222"
        assert told[f"default/{service}-nats/NATS_URL"] == url
    assert told["nats/nats-admin/user"] == "admin"
    assert told["nats/nats-admin/password"] == told["nats/nats-users/admin"]
    broker = yaml.safe_load((CLUSTER / "nats.yaml").read_text())
    assert [user["user"] for user in broker["config"]["merge"]["authorization"]["users"]] == [*users.values(), "admin"]
    passwords = [told[f"nats/nats-users/{user}"] for user in (*users.values(), "admin")]
    assert len({*passwords}) == len(passwords)
    assert all(len(password) > 40 for password in passwords)


def test_no_secret_is_printed_or_stands_on_a_command_line(script: Script) -> None:
    script.given(f"CLOUDFLARE_API_TOKEN={TOKEN}")
    done = script.run(*DOMAIN)
    told = done.output + "\n".join(argument for call in done.calls for argument in call)
    secret = [value for place, value in script.secrets.items() if not place.endswith(("/user", "/admin-user"))]
    assert len(secret) == 15
    assert not [value for value in secret if value in told]


def test_what_fails_in_the_middle_is_named_and_the_same_command_goes_on_with_the_same_passwords(script: Script) -> None:
    stopped = script.run(FAILS="--install nack")
    assert stopped.code == 3
    assert list(stopped.releases)[-1] == "nack"
    assert "nack is not installed, and nothing behind it was begun" in stopped.output
    assert "helm -n nats history nack" in stopped.output
    assert "Installed:" not in stopped.output
    before = dict(script.secrets)

    again = script.run()
    assert again.code == 0, again.output
    assert list(again.releases)[-1] == "cockroachdb"
    assert script.secrets == before


def test_a_release_that_a_killed_helm_left_locked_is_named_with_what_frees_it(script: Script) -> None:
    done = script.run(LOCKED="nats")
    assert done.code == 1
    assert list(done.releases)[-1] == "nats-network"
    assert "helm -n nats rollback nats" in done.output
    assert not [place for place in script.secrets if place.startswith("nats/")]


def test_a_password_that_cannot_be_read_is_not_replaced(script: Script) -> None:
    script.run("--only", "kube-prometheus-stack")
    before = dict(script.secrets)
    done = script.run("--only", "kube-prometheus-stack", FAILS="get secret")
    assert done.code == 3
    assert done.releases == {}
    assert script.secrets == before


def test_only_and_skip_choose_without_changing_the_order(script: Script) -> None:
    assert list(script.run("--only", "nack,nats").releases) == ["nats", "nack"]
    skipped = ["cockroachdb", "gateway-api", "nginx-gateway-fabric"]
    assert list(script.run("--skip", ",".join(skipped)).releases) == [
        app for app in PINNED if app not in [*skipped, "external-dns"]
    ]
    assert list(script.run("--only", "nack,nats", "--skip", "nats").releases) == ["nack"]


def test_a_dry_run_shows_all_and_asks_nobody(script: Script) -> None:
    script.given(f"CLOUDFLARE_API_TOKEN={TOKEN}")
    script.lacks("helm")
    done = script.run("--dry-run", *DOMAIN)
    assert (done.code, done.calls, script.secrets) == (0, [], {})
    shown = [line.split()[3] for line in done.output.splitlines() if line.startswith("    helm upgrade")]
    assert ["gateway-api", *shown] == list(PINNED)
    assert "Secret nats-users in nats: ingest processor topics mock-ingest web admin" in done.output
    assert TOKEN not in done.output
    assert "Nothing was run." in done.output


def test_the_summary_tells_how_to_come_to_what_was_installed(script: Script) -> None:
    output = script.run("--skip", "cockroachdb").output
    for told in ("service/kube-prometheus-stack-grafana", "deployment/nats-box", "get gateway nginx"):
        assert told in output
    assert "CockroachDB" not in output


@pytest.mark.parametrize(
    ("arguments", "env_file", "words"),
    [
        (["--only", "nats,redis"], "", "there is no app redis: --only and --skip take gateway-api cert-manager"),
        (["--skip", "*"], "", "there is no app *"),
        (["--skip", ",".join(PINNED)], "", "nothing is left to install"),
        (["--only", "external-dns"], "", "external-dns has nothing to do without --domain"),
        ([*DOMAIN], "", "no CLOUDFLARE_API_TOKEN in"),
        ([*DOMAIN], "CLOUDFLARE_API_TOKEN=", "no CLOUDFLARE_API_TOKEN in"),
        (["--domain", "mood.example.com"], f"CLOUDFLARE_API_TOKEN={TOKEN}", "--email is missing"),
        (["--domain", "mood,x=y"], "", "--domain mood,x=y: give a name"),
        (["--dns-provider", "route53"], "", "--dns-provider route53: give cloudflare or none"),
        (["--namespace", "Not A Name"], "", "--namespace Not A Name"),
        (["--timeout", "long"], "", "--timeout long: give a time such as 10m"),
        (["--domain"], "", "--domain needs a value"),
        (["--onyl", "nats"], "", "what is --onyl?"),
        (["--env-file", "/nowhere/.env"], "", "cannot read /nowhere/.env: copy .env.example"),
        ([], "DOMIAN=mood.example.com", "what is DOMIAN?"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_is_run(
    script: Script, arguments: list[str], env_file: str, words: str
) -> None:
    script.given(env_file)
    done = script.run(*arguments)
    assert done.code in (1, 2)
    assert words in done.output
    assert done.changes == []


def test_a_machine_without_the_tools_or_a_cluster_is_told_what_is_missing(script: Script) -> None:
    assert "has no current context" in script.run(NO_CONTEXT="yes").output
    assert "the cluster of the context trial does not answer" in script.run(FAILS="get --raw").output
    script.lacks("helm")
    assert "no helm on PATH" in script.run().output
    script.lacks("kubectl")
    done = script.run()
    assert (done.code, done.calls) == (1, [])
    assert "no kubectl on PATH" in done.output


def test_help_names_every_app(script: Script) -> None:
    output = script.run("--help").output
    assert all(f"  {app}\n" in output for app in PINNED)


def test_the_readme_names_every_app_and_no_option_that_there_is_not(script: Script) -> None:
    readme = (CLUSTER / "README.md").read_text()
    table = re.findall(r"^\| ([a-z-]+) \|", readme.partition("## What is public")[0], re.MULTILINE)
    assert table[1:] == [*PINNED]
    known = script.run("--help").output
    told = {
        option
        for part in re.findall(r"install-apps\.sh (.*)|`(--.*?)`", readme)
        for option in re.findall("--[a-z-]+", " ".join(part))
    }
    assert {"--only", "--dns-provider"} <= told
    assert [option for option in told - {"--set"} if option not in known] == []
