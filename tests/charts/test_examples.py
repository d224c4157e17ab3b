"""What READMEs tell to type at the charts is taken by them."""

from __future__ import annotations

import re
from collections.abc import ItemsView
from typing import Any

import pytest
import yaml

from tests.charts.rendering import ROOT, SERVICES, Release, render
from tests.charts.validation import validate

READMES = {service: (ROOT / service / "README.md").read_text() for service in SERVICES}
COMMAND = re.compile(r"helm upgrade (?:--install )?(?P<name>\S+) \./(?P<chart>\S+)(?P<rest>.*)")


def values(options: str) -> dict[str, Any]:
    """Of `--set a.b=c,d=null`, as far as the READMEs go."""
    nested: dict[str, Any] = {}
    for pair in ",".join(re.findall(r"--set (\S+)", options)).split(","):
        path, _, written = pair.partition("=")
        *above, last = path.split(".")
        at = nested
        for key in above:
            at = at.setdefault(key, {})
        at[last] = written.strip("{}").split(",") if written.startswith("{") else yaml.safe_load(written)
    return nested


@pytest.mark.parametrize("service", SERVICES)
def test_each_command_installs_the_service(service: str) -> None:
    found = [*COMMAND.finditer(READMES[service])]
    assert found
    for command in found:
        assert command["name"] == command["chart"] == service
        validate(render(service, values(command["rest"])))


@pytest.mark.parametrize("service", SERVICES)
def test_each_option_that_is_named_in_passing_is_one(service: str) -> None:
    for options in re.findall(r"`(--set [^`]+)`", READMES[service]):
        validate(render(service, values(options)))


def test_what_the_suites_readme_tells_is_taken_by_the_chart_that_it_is_told_of() -> None:
    readme = (ROOT / "README.md").read_text()
    commands = [*COMMAND.finditer(readme)]
    assert commands
    for command in commands:
        assert command["name"] == command["chart"]
        validate(render(command["chart"], values(command["rest"])))
    for options in re.findall(r"`(--set [^`]+)`", readme):
        validate(render("nats-stream-processor", values(options)))


def test_ingest_can_read_the_mocks_firehose_with_the_values_of_its_readme() -> None:
    (written,) = re.findall(r"```yaml\n(.*?)```", READMES["mock-ingest"], re.DOTALL)
    ingest = render("nats-firehose-ingest", yaml.safe_load(written))
    mock = render("mock-ingest", {"config": {"MODE": "firehose"}})
    validate(ingest)
    host, port = re.fullmatch(r"ws://(.*):(\d+)", ingest["ConfigMap"]["data"]["UPSTREAM_HOSTS"]).groups()
    assert mock["Service"]["metadata"]["name"] == host
    assert {"name": "firehose", "containerPort": int(port)} in mock.container["ports"]
    out = ingest["NetworkPolicy"]["spec"]["egress"][-1]
    assert out["ports"] == [{"port": int(port), "protocol": "TCP"}]
    assert out["to"][0]["podSelector"]["matchLabels"].items() <= labels(mock)
    into = mock["NetworkPolicy"]["spec"]["ingress"][-1]
    assert into["ports"] == [{"port": "firehose", "protocol": "TCP"}]
    assert into["from"][0]["podSelector"]["matchLabels"].items() <= labels(ingest)


def labels(release: Release) -> ItemsView[str, str]:
    return release["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
