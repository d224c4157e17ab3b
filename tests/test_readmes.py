"""A README names every setting and metric of its service, and none that the service does not have."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from nats_firehose_ingest.metrics import Metrics as IngestMetrics
from nats_firehose_ingest.settings import IngestSettings
from nats_stream_processor.deployment import UNIFIED
from nats_stream_processor.metrics import Metrics as ProcessorMetrics
from nats_stream_processor.settings import UnifiedSettings
from nats_stream_processor_topics.deployment import TOPICS_ONLY
from nats_stream_processor_topics.settings import TopicsSettings
from pipeline_core.settings import Settings
from prometheus_client import CollectorRegistry
from pydantic import AliasChoices
from pydantic_settings import BaseSettings

ROOT = Path(__file__).parents[1]
SERVICES = [
    ("nats-firehose-ingest", IngestSettings, IngestMetrics, ""),
    (
        "nats-stream-processor",
        UnifiedSettings,
        partial(ProcessorMetrics, prefix=UNIFIED.metrics_prefix),
        "stream_processor_",
    ),
]


def section(service: str, heading: str) -> str:
    text = (ROOT / service / "README.md").read_text()
    found = re.search(rf"^## {heading}\n(.*?)(?=^##+ |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"{service}/README.md has no section {heading}"
    return found[1]


def variables(kind: type[Settings], unlike: type[BaseSettings] = BaseSettings) -> set[str]:
    """The names of all settings, but for those that are the same in `unlike`."""
    names: set[str] = set()
    for name, field in kind.model_fields.items():
        if repr(field) == repr(unlike.model_fields.get(name)):
            continue
        alias = field.validation_alias
        names |= {str(choice) for choice in alias.choices} if isinstance(alias, AliasChoices) else {name}
    return {name.upper() for name in names}


@pytest.mark.parametrize(("service", "settings", "metrics", "prefix"), SERVICES)
def test_settings(service: str, settings: type[Settings], metrics: Callable[..., object], prefix: str) -> None:
    told = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", section(service, "Environment")))
    assert told == variables(settings)


@pytest.mark.parametrize(("service", "settings", "metrics", "prefix"), SERVICES)
def test_metrics(service: str, settings: type[Settings], metrics: Callable[..., object], prefix: str) -> None:
    registry = CollectorRegistry()
    metrics(registry)
    kept = {metric.name + ("_total" if metric.type == "counter" else "") for metric in registry.collect()}
    told = {prefix + name for name in re.findall(r"`([a-z_]+)(?:\{[a-z_]+\})?`", section(service, "Metrics"))}
    told.discard(prefix + prefix)
    assert told == kept


def test_the_topics_processor_tells_what_is_not_as_in_the_other_one() -> None:
    told = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", section("nats-stream-processor-topics", "Environment")))
    assert told == variables(TopicsSettings, unlike=UnifiedSettings)
    assert f"`{TOPICS_ONLY.metrics_prefix}_`" in section("nats-stream-processor-topics", "Metrics")


HEADINGS = [
    *("What it does", "Guarantees", "Endpoints", "Environment", "Streams", "Metrics"),
    *("Kubernetes", "Run", "Troubleshooting", "Test"),
]
"""What a reader looks for, in the order in which it is asked; what only one service has stands under one of them."""


def headings(folder: str) -> list[str]:
    return re.findall(r"^## (.+)$", (ROOT / folder / "README.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    "service",
    [
        *("mock-ingest", "nats-firehose-ingest", "nats-stream-processor", "nats-stream-processor-topics"),
        "bsky-sentiment-web",
    ],
)
def test_every_service_is_told_under_the_same_headings(service: str) -> None:
    assert headings(service) == HEADINGS


@pytest.mark.parametrize("part", ["nats-server", "pipeline-core"])
def test_what_is_no_service_of_ours_has_some_of_them_in_their_order(part: str) -> None:
    assert headings(part) == [heading for heading in HEADINGS if heading in headings(part)]
