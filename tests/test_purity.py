"""The modules that call themselves pure import nothing that touches a socket, a clock, a file or a thread."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PURE = {
    "pipeline-core/src/pipeline_core": ["backoff", "errors", "health", "messages", "subjects"],
    "nats-firehose-ingest/src/nats_firehose_ingest": [
        *("car", "events", "facets", "filters", "frames", "graphemes", "iso639", "jetstream_events", "ledger"),
        *("pulse", "records", "seek", "tally"),
    ],
    "nats-stream-processor/src/nats_stream_processor": ["batching", "enrich", "text"],
}
IMPURE = {
    *("aiohttp", "asyncio", "concurrent", "nats", "os", "pathlib", "prometheus_client", "socket", "structlog"),
    *("subprocess", "threading", "time"),
}
MODULES = [ROOT / folder / f"{name}.py" for folder, names in PURE.items() for name in names]


def imported(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("module", MODULES, ids=lambda module: f"{module.parent.name}.{module.stem}")
def test_a_pure_module_does_no_input_or_output(module: Path) -> None:
    assert not {name.partition(".")[0] for name in imported(module)} & IMPURE


def test_pure_modules_know_no_impure_ones_of_their_house() -> None:
    ours = {f"{module.parent.name}.{module.stem}" for module in MODULES} | {"pipeline_core.timestamps"}
    houses = {module.parent.name for module in MODULES}
    for module in MODULES:
        inside = {name for name in imported(module) if name.partition(".")[0] in houses}
        assert inside <= ours, module
