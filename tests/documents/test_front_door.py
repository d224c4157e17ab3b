"""The README at the root says what the code says: ports, profiles, settings, streams, messages, metrics, costs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pipeline_core.messages import EnrichedPost, RawPost

from tests.charts.exported import exported
from tests.documents.files import ROOT
from tests.documents.suite import COMPOSE, DEFAULTS, ENDPOINTS, PORTS, SETTINGS, STREAMS, SUBJECTS

README = (ROOT / "README.md").read_text()
CODE = re.compile(r"`([^`]+)`")
SHORT = {"ingest": "nats-firehose-ingest", "web": "bsky-sentiment-web", "mock-ingest": "mock-ingest"}


def section(heading: str) -> str:
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def table(heading: str) -> list[list[str]]:
    """Its rows, without the head."""
    lines = [line for line in section(heading).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" |")] for line in lines[2:]]


def test_services_are_where_they_are_said_to_be_and_answer_there() -> None:
    told: dict[int, str] = {}
    for service, _, ports, endpoints in table("Services"):
        name = re.sub(r"\[(.*)\]\(.*\)", r"\1", service)
        told |= {int(port): name for port in re.findall(r"\d{4}", ports)}
        assert set(CODE.findall(endpoints)) <= ENDPOINTS[name]
        assert name not in SETTINGS or set(CODE.findall(endpoints)) == ENDPOINTS[name]
    assert told == PORTS


def test_every_profile_of_compose_is_told() -> None:
    profiles = {profile for service in COMPOSE["services"].values() for profile in service.get("profiles", ())}
    words = set(re.findall(r"[a-z]+", section("With Docker") + section("Monitoring")))
    assert profiles <= words


@pytest.mark.parametrize(("names", "of", "defaults"), [row[:3] for row in table("Configuration")])
def test_settings_have_the_defaults_that_are_told(names: str, of: str, defaults: str) -> None:
    services = {"all": [*DEFAULTS], "Python": [*SETTINGS], "processor": ["nats-stream-processor"]}
    services["processors"] = ["nats-stream-processor", "nats-stream-processor-topics"]
    told = defaults.split(", ")
    for at, name in enumerate(CODE.findall(names)):
        for service in services.get(of) or [SHORT[of]]:
            default, kept = told[min(at, len(told) - 1)], DEFAULTS[service][name]
            if default[0] == "`" or default.isdigit():
                assert default.strip("`") == (f"{kept:g}" if isinstance(kept, float) else str(kept))
            else:
                assert not kept, "words stand for what is found out when the service starts"


def test_streams_have_the_names_that_are_told() -> None:
    for _, cluster, laptop, subject in table("The way of a post"):
        assert laptop == cluster[:-1] + "-dev`"
        if "dlq" not in cluster:
            assert {cluster.strip("`"), laptop.strip("`")} <= STREAMS
            assert subject.strip("`").removesuffix(".>") in SUBJECTS


def test_the_messages_shown_are_messages() -> None:
    raw, more = (json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", README, re.MULTILINE | re.DOTALL))
    assert RawPost.model_validate(raw).model_dump(exclude_unset=True, mode="json").keys() == raw.keys()
    assert EnrichedPost.model_validate({**raw, **more}).sentiment is not None
    assert more.keys() == EnrichedPost.model_fields.keys() - RawPost.model_fields.keys()


def test_the_metrics_asked_are_exported() -> None:
    there = {re.sub(r"_(bucket|sum|count)$", "", name) for name in exported()}
    told = {name for row in table("Monitoring") for name in CODE.findall(row[-1])}
    assert told
    assert told <= there


def test_costs_are_those_of_the_control_script() -> None:
    """Whose README a test holds against what it reckons."""
    costs = re.findall(r"\d+\.\d\d(?: to \d+\.\d\d)?", section("In the cloud").split("### Costs")[1])
    there = (ROOT / "gke-cluster" / "README.md").read_text().split("## Costs")[1]
    assert len(costs) == 2
    assert all(cost in there for cost in costs)


def test_every_part_of_the_repository_stands_in_the_layout() -> None:
    told = {Path(line.split()[0]) for line in section("Layout").splitlines() if line.strip()}
    told |= {Path(word) for line in section("Layout").splitlines() for word in re.findall(r"\b[a-z-]+/(?=\s)", line)}
    folders = {
        path.parent.relative_to(ROOT).parts[0] for path in ROOT.glob("[a-z]*/*") if not path.name.startswith(".")
    }
    assert {str(path) for path in told} == folders
