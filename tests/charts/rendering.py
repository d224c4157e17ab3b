"""Charts as Helm renders them, by its own code in a Python package, so that no binary has to be installed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from helm_python.chart import Chart

ROOT = Path(__file__).parents[2]
CLUSTER = ROOT / "gke-cluster" / "helm"
SERVICES = (
    "nats-firehose-ingest",
    "nats-stream-processor",
    "nats-stream-processor-topics",
    "mock-ingest",
    "bsky-sentiment-web",
)
PROCESSORS = tuple(service for service in SERVICES if "processor" in service)


def folder(service: str) -> Path:
    return ROOT / service / "charts" / service


@dataclass(frozen=True, slots=True)
class Release:
    objects: list[dict[str, Any]]
    notes: str

    def __getitem__(self, kind: str) -> dict[str, Any]:
        """The one object of this kind."""
        (found,) = (each for each in self.objects if each["kind"] == kind)
        return found

    @property
    def kinds(self) -> set[str]:
        return {each["kind"] for each in self.objects}

    @property
    def pod(self) -> dict[str, Any]:
        return self["Deployment"]["spec"]["template"]["spec"]

    @property
    def container(self) -> dict[str, Any]:
        (found,) = self.pod["containers"]
        return found


@cache
def chart(folder: Path) -> Chart:
    return Chart.load(folder)


def render(service: str, values: dict[str, Any] | None = None, name: str = "", namespace: str = "default") -> Release:
    return render_chart(folder(service), values or {}, name or service, namespace)


def render_chart(folder: Path, values: dict[str, Any], name: str, namespace: str) -> Release:
    texts = chart(folder).render(values=values, name=name, namespace=namespace)
    notes = "".join(text for path, text in texts.items() if path.endswith("NOTES.txt"))
    manifests = (text for path, text in texts.items() if path.endswith(".yaml"))
    return Release([each for text in manifests for each in yaml.safe_load_all(text) if each], notes)
