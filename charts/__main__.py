"""`make charts`: writes each chart's README.md and values.schema.json, the second processor's alerts, the dashboard."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import yaml
from mock_ingest.settings import MockSettings
from nats_firehose_ingest.settings import IngestSettings
from nats_stream_processor.settings import UnifiedSettings
from nats_stream_processor_topics.settings import TopicsSettings

from charts.dashboard import dashboard
from charts.documentation import readme
from charts.schema import Schema, chart_schema, config_schema, settings_schema

ROOT = Path(__file__).parents[1]
SHARED = ROOT / "charts" / "pipeline" / "values.yaml"
DASHBOARD = ROOT / "gke-cluster" / "helm" / "observability" / "bluesky-pipeline.json"
CHARTS: dict[str, Callable[[], Schema]] = {
    "nats-firehose-ingest": partial(settings_schema, IngestSettings),
    "nats-stream-processor": partial(settings_schema, UnifiedSettings),
    "nats-stream-processor-topics": partial(settings_schema, TopicsSettings),
    "mock-ingest": partial(settings_schema, MockSettings),
    "bsky-sentiment-web": lambda: config_schema(dashboard_settings()),
}


def folder(service: str) -> Path:
    """Where a service's chart is."""
    return ROOT / service / "charts" / service


def dashboard_settings() -> dict[str, Schema]:
    """The dashboard's variables, which its own code defines in another language."""
    source = (ROOT / "bsky-sentiment-web" / "server" / "settings.ts").read_text()
    names = re.findall(r"^  ([A-Z_]+): ", source, re.MULTILINE)
    return {name: {"type": ["string", "boolean", "integer"]} for name in names}


def generated(service: str) -> dict[Path, str]:
    """What the generated files of a service's chart should hold."""
    chart = folder(service)
    shared = yaml.safe_load((ROOT / "charts" / "schema.yaml").read_text())
    schema = chart_schema(shared, CHARTS[service]())
    description = yaml.safe_load((chart / "Chart.yaml").read_text())["description"]
    files = {
        chart / "values.schema.json": json.dumps(schema, indent=2) + "\n",
        chart / "README.md": readme(service, description, SHARED.read_text(), (chart / "values.yaml").read_text()),
    }
    if service == "nats-stream-processor-topics":
        files[chart / "rules.yaml"] = rules_for_topics((folder("nats-stream-processor") / "rules.yaml").read_text())
    return files


def rules_for_topics(rules: str) -> str:
    """The processor's alerts for its deployment with topics alone; the runbooks are the same."""
    for theirs, ours in (
        ("stream_processor_", "topic_processor_"),
        ("nats-stream-processor", "nats-stream-processor-topics"),
        ("alert: ", "alert: Topics"),
    ):
        rules = rules.replace(theirs, ours)
    return rules


def generated_dashboard() -> dict[Path, str]:
    """What the dashboard's file should hold."""
    return {DASHBOARD: dashboard((ROOT / "charts" / "dashboard.yaml").read_text())}


def main() -> None:
    """Write what differs and name it."""
    for files in (*map(generated, CHARTS), generated_dashboard()):
        for path, text in files.items():
            if not path.exists() or path.read_text() != text:
                path.write_text(text)
                print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
