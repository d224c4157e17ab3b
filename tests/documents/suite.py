"""What there is to be told of: ports, paths, settings, streams and charts, each read from where it is defined."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml
from mock_ingest.settings import MockSettings
from nats_firehose_ingest.settings import IngestSettings
from nats_stream_processor.settings import UnifiedSettings
from nats_stream_processor_topics.settings import TopicsSettings
from pipeline_core.settings import Settings
from pydantic import AliasChoices

from tests.documents.files import DASHBOARD, ROOT, ours

SETTINGS: dict[str, type[Settings]] = {
    "nats-firehose-ingest": IngestSettings,
    "nats-stream-processor": UnifiedSettings,
    "nats-stream-processor-topics": TopicsSettings,
    "mock-ingest": MockSettings,
}


class Compose(yaml.SafeLoader):
    """Knows the tags by which Compose replaces what it would merge."""


for tag in ("!override", "!reset"):
    Compose.add_constructor(tag, lambda loader, node: loader.construct_sequence(node))
COMPOSE: dict[str, Any] = yaml.load((ROOT / "docker-compose.yml").read_text(), Compose)


def _ports() -> dict[int, str]:
    """Published on the host, each with its service; a replica's is that of what it repeats."""
    return {
        int(port.split(":")[1]): service.get("extends", {"service": name})["service"]
        for name, service in COMPOSE["services"].items()
        for port in service.get("ports", ())
    }


def _endpoints() -> dict[str, set[str]]:
    source = (ROOT / "pipeline-core" / "src" / "pipeline_core" / "endpoints.py").read_text()
    python = set(re.findall(r'add_get\("(/[a-z/]*)"', source))
    routes = {f"/{path.parent.relative_to(DASHBOARD / 'app')}" for path in (DASHBOARD / "app").rglob("route.ts")}
    others = {
        "nats": {"/healthz", "/jsz", "/varz", "/connz"},  # docs.nats.io, Monitoring
        "prometheus": {"/alerts"},
        "grafana": {"/"},
    }
    return {**dict.fromkeys(SETTINGS, python), "bsky-sentiment-web": {*routes, "/"}, **others}


def _variables(kind: type[Settings]) -> dict[str, Any]:
    """Each setting's names, with its default."""
    found = {}
    for name, field in kind.model_fields.items():
        alias = field.validation_alias
        names = [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else [name]
        found |= dict.fromkeys((each.upper() for each in names), field.default)
    return found


def _of_the_dashboard() -> dict[str, Any]:
    """As its README's table has them, which its own tests hold against its code."""
    table = (DASHBOARD / "README.md").read_text()
    return dict(re.findall(r"^\| `([A-Z_]+)` \| `?([^`|]+?)`? \|", table, re.M))


PORTS = _ports()
ENDPOINTS = _endpoints()
DEFAULTS = {**{name: _variables(kind) for name, kind in SETTINGS.items()}, "bsky-sentiment-web": _of_the_dashboard()}
VARIABLES = {name for service in DEFAULTS.values() for name in service}


def _named(*variables: str) -> set[str]:
    """What these variables are by default, and in Compose."""
    given = [DEFAULTS[name] for name in SETTINGS] + [COMPOSE["services"][name]["environment"] for name in SETTINGS]
    return {each[variable] for each in given for variable in variables if variable in each}


STREAMS = _named("INPUT_STREAM", "OUTPUT_STREAM", "NATS_STREAM")
SUBJECTS = _named("INPUT_SUBJECT", "OUTPUT_SUBJECT", "NATS_SUBJECT")
BUCKETS = _named("NATS_KV_BUCKET")


def charts() -> dict[str, Any]:
    """The services' charts by name, each with the schema of its values."""
    return {path.parent.name: json.loads(path.read_text()) for path in ours("values.schema.json")}
