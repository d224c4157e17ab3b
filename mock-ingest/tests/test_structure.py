"""What is said about the service is true of its code, and its pure part is pure."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import mock_ingest
import pytest
from mock_ingest.settings import MockSettings

FOLDER = Path(__file__).parent.parent
SOURCES = Path(mock_ingest.__file__).parent
#: The imperative shell: what touches sockets, clocks or the broker.
SHELL = {"__main__", "main", "firehose", "publish"}
IMPURE = {"asyncio", "time", "random", "socket", "os", "pathlib", "aiohttp", "nats", "prometheus_client", "secrets"}
CORE = [path for path in sorted(SOURCES.rglob("*.py")) if path.stem not in SHELL]


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_the_core_does_no_input_or_output(path: Path) -> None:
    assert not {name.partition(".")[0] for name in imports(path)} & IMPURE
    assert not {name for name in imports(path) if name.removeprefix("mock_ingest.") in SHELL}


def section(heading: str) -> str:
    readme = (FOLDER / "README.md").read_text()
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", readme, re.DOTALL | re.MULTILINE)
    assert found, heading
    return found[1]


def test_the_readme_documents_every_setting_with_its_default_and_no_other() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (?:`([^`]*)`|—) \|", section("Environment"), re.MULTILINE))
    settings = {name.upper(): field.default for name, field in MockSettings.model_fields.items()}
    assert set(rows) == set(settings)
    for name, default in settings.items():
        shown = str(default).lower() if isinstance(default, bool) else str(default).removesuffix(".0")
        if name.endswith("HOST"):
            shown = str(default)
        assert rows[name] == shown, name


def test_the_readme_documents_every_metric_and_no_other() -> None:
    written = set(re.findall(r"^\| `([a-z_]+)` \|", section("Metrics"), re.MULTILINE))
    code = "".join((SOURCES / f"{name}.py").read_text() for name in ("firehose", "publish"))
    made = set()
    for kind, name in re.findall(r'(Counter|Gauge)\(\s*"([a-z_]+)"', code):
        made.add(f"{name}_total" if kind == "Counter" else name)
    assert written == made
    assert len(made) == 6
