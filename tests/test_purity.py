"""The modules that call themselves pure import nothing that touches a socket, a clock, a file or a thread."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PURE = {
    "pipeline-core/src/pipeline_core": ["backoff", "errors", "health", "messages", "shown", "subjects"],
    "nats-firehose-ingest/src/nats_firehose_ingest": [
        *("events", "ledger", "pulse", "tally", "untrusted"),
        *(f"decoding/{name}" for name in ("car", "facets", "frames", "jetstream", "records")),
        *(f"filtering/{name}" for name in ("filters", "graphemes", "iso639")),
        "sources/seek",
    ],
    "nats-stream-processor/src/nats_stream_processor": [
        "batching",
        "deployment",
        "enrich",
        "errors",
        "labels",
        "names",
        "order",
        "prediction",
        "text",
    ],
    "nats-stream-processor-topics/src/nats_stream_processor_topics": ["deployment"],
    "charts": ["documentation", *(f"autoscaling/{name}" for name in ("autoscaler", "designs", "simulation"))],
    "gke-cluster/src/gke_cluster": [
        *("cluster", "creation", "deletion", "documents", "errors", "found", "machines", "plans", "prices", "scaling"),
        *("steps", "tables"),
    ],
}
IMPURE = {
    *("aiohttp", "asyncio", "concurrent", "nats", "os", "pathlib", "prometheus_client", "socket", "structlog"),
    *("click", "google", "grpc", "rich", "subprocess", "threading", "time"),
}
MODULES = {
    f"{Path(folder).name}.{name}".replace("/", "."): ROOT / folder / f"{name}.py"
    for folder, names in PURE.items()
    for name in names
}


def imported(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("name", MODULES)
def test_a_pure_module_does_no_input_or_output(name: str) -> None:
    assert not {other.partition(".")[0] for other in imported(MODULES[name])} & IMPURE


@pytest.mark.parametrize("name", MODULES)
def test_a_pure_module_knows_no_impure_one_of_its_house(name: str) -> None:
    houses = {Path(folder).name for folder in PURE}
    inside = {other for other in imported(MODULES[name]) if other.partition(".")[0] in houses}
    assert inside <= {*MODULES, "pipeline_core.timestamps"}
