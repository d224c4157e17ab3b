"""The metrics that there are, each with its labels: our services' by their code, others as who makes them says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from nats_firehose_ingest.metrics import Metrics as IngestMetrics
from nats_stream_processor.deployment import UNIFIED
from nats_stream_processor.metrics import Metrics as ProcessorMetrics
from nats_stream_processor_topics.deployment import TOPICS_ONLY
from prometheus_client import PROCESS_COLLECTOR, CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from tests.charts.rendering import ROOT

Exported = dict[str, set[str]]

OF_A_TARGET = {"instance", "job", "namespace", "pod"}
"""Labels that Prometheus gives to whatever it reads."""
OF_PROMETHEUS: Exported = {"up": set(), "ALERTS": {"alertname", "alertstate", "severity"}}
OF_NODE: Exported = {"nodejs_eventloop_lag_p99_seconds": set()}
"""prom-client's default metrics, of its README."""
VARZ = ("connections", "cpu", "in_msgs", "mem", "out_msgs", "slow_consumers")
"""Of prometheus-nats-exporter -varz -prefix=nats: it passes on every number of the broker's answer (collector.go)."""
OF_A_BROKER = {"server_id", "server_name", "cluster", "domain", "meta_leader", "is_meta_leader"}
OF_A_STREAM = OF_A_BROKER | {"account", "account_id", "stream_name", "stream_leader", "is_stream_leader"}
OF_A_CONSUMER = OF_A_STREAM | {"consumer_name", "consumer_leader", "is_consumer_leader", "consumer_desc"}
OF_THE_BROKERS_EXPORTER: Exported = {
    **{f"nats_varz_{number}": {"server_id"} for number in VARZ},
    **{f"nats_server_{name}": OF_A_BROKER for name in ("max_storage", "total_streams")},
    **{f"nats_stream_{name}": OF_A_STREAM for name in ("total_bytes", "total_messages")},
    **{f"nats_consumer_{name}": OF_A_CONSUMER for name in ("num_ack_pending", "num_pending")},
}
"""Of prometheus-nats-exporter -jsz=all -prefix=nats, as its collector/jsz.go names them; only what is asked for."""


def exported() -> Exported:
    return {
        **_of_python(IngestMetrics),
        **_of_python(partial(ProcessorMetrics, prefix=UNIFIED.metrics_prefix)),
        **_of_python(partial(ProcessorMetrics, prefix=TOPICS_ONLY.metrics_prefix)),
        **_of_the_dashboard(),
        **{family.name + "_total" * (family.type == "counter"): set() for family in PROCESS_COLLECTOR.collect()},
        **OF_NODE,
        **OF_PROMETHEUS,
        **OF_THE_BROKERS_EXPORTER,
    }


def _of_python(make: Callable[[CollectorRegistry], object]) -> Exported:
    registry = CollectorRegistry()
    kept = [each for each in vars(make(registry)).values() if isinstance(each, MetricWrapperBase)]
    labels = {each._name: set(each._labelnames) for each in kept}
    series = (_series(family.name, family.type, labels.get(family.name, set())) for family in registry.collect())
    return {name: labels for each in series for name, labels in each}


def _of_the_dashboard() -> Exported:
    source = (ROOT / "bsky-sentiment-web" / "server" / "metrics.ts").read_text()
    found: Exported = {}
    for kind, body in re.findall(r"new (Counter|Gauge|Histogram)\(\{(.*?)\}\)", source, re.DOTALL):
        (name,) = re.findall(r'name: "(\w+)"', body)
        labels = set(re.findall(r'"(\w+)"', "".join(re.findall(r"labelNames: \[(.*?)\]", body))))
        found |= _series(name.removesuffix("_total"), kind.lower(), labels)
    return found


def _series(name: str, kind: str, labels: set[str]) -> Iterator[tuple[str, set[str]]]:
    """The names under which Prometheus knows a metric."""
    if kind == "histogram":
        yield from {f"{name}_bucket": {*labels, "le"}, f"{name}_sum": labels, f"{name}_count": labels}.items()
    else:
        yield name + "_total" * (kind == "counter"), labels
