"""What a chart refuses, and in which words."""

from __future__ import annotations

import pytest
from helm_python.errors import HelmError

from tests.charts.rendering import render

REFUSED = {
    "a misspelt value": ("nats-stream-processor", {"replicas": 3}, "replicas"),
    "a misspelt variable": ("nats-stream-processor", {"config": {"MAX_DELIVERY": 3}}, "MAX_DELIVERY"),
    "another service's variable": ("nats-firehose-ingest", {"config": {"MAX_DELIVER": 3}}, "MAX_DELIVER"),
    "a number out of range": ("nats-stream-processor", {"config": {"MAX_DELIVER": 0}}, "/config/MAX_DELIVER"),
    "a word that is none of the known": ("nats-firehose-ingest", {"config": {"SOURCE": "rss"}}, "/config/SOURCE"),
    "a password in the ConfigMap": (
        "bsky-sentiment-web",
        {"config": {"NATS_URL": "nats://u:p@a"}},
        "put NATS_URL into the Secret",
    ),
    "a tag with the name": ("mock-ingest", {"image": {"repository": "ghcr.io/a/b:latest"}}, "/image/repository"),
    "more pods than Kubernetes can count": ("mock-ingest", {"replicaCount": 3_000_000_000}, "/replicaCount"),
    "an end that takes longer than the pod has": (
        "nats-stream-processor",
        {"config": {"DRAIN_SECONDS": 45}},
        "terminationGracePeriodSeconds 30 is less",
    ),
    "a folder of the chart's own": ("mock-ingest", {"writable": {"tmp": "/x"}}, "writable.tmp: that name is taken"),
    "the models' folder": (
        "nats-stream-processor",
        {"modelCache": {"type": "emptyDir"}, "writable": {"models": "/x"}},
        "writable.models: that name is taken",
    ),
    "a folder that is writable already": ("mock-ingest", {"writable": {"a": "/tmp"}}, "/tmp is there twice"),
    "a folder twice": ("mock-ingest", {"writable": {"a": "/x", "b": "/x"}}, "/x is there twice"),
    "all folders": ("mock-ingest", {"writable": {"a": "/"}}, "/writable/a"),
    "a folder's name that is no volume's": ("mock-ingest", {"writable": {"-a": "/x"}}, "invalid propertyName '-a'"),
    "a port of the chart's own": (
        "mock-ingest",
        {"service": {"extraPorts": {"http": 9000}}},
        "service.extraPorts.http: that name is taken",
    ),
    "a port twice": (
        "mock-ingest",
        {"service": {"extraPorts": {"a": 8080}}},
        "service.extraPorts.a: 8080 is there twice",
    ),
    "a port's name that is none": (
        "mock-ingest",
        {"service": {"extraPorts": {"a--b": 9000}}},
        "invalid propertyName 'a--b'",
    ),
    "a label by which pods are chosen": (
        "mock-ingest",
        {"podLabels": {"app.kubernetes.io/name": "x"}},
        "podLabels.app.kubernetes.io/name: the chart says it itself",
    ),
    "a label that is none": ("mock-ingest", {"podLabels": {"team": "a b"}}, "/podLabels/team"),
    "names that the broker's users may not say": (
        "nats-stream-processor",
        {"config": {"INPUT_STREAM": "mine"}},
        "config.INPUT_STREAM: the broker's users",
    ),
    "no image": ("mock-ingest", {"image": {"repository": None}}, "missing property 'repository'"),
    "half a digest": ("mock-ingest", {"image": {"digest": "sha256:12"}}, "/image/digest"),
    "an unknown autoscaler": ("nats-stream-processor", {"autoscaling": {"provider": "vpa"}}, "/autoscaling/provider"),
    "an autoscaler without metrics": (
        "mock-ingest",
        {"autoscaling": {"provider": "hpa"}},
        "/autoscaling/metricsPrefix",
    ),
    "fewer pods than the fewest": (
        "nats-stream-processor",
        {"autoscaling": {"maxReplicas": 2}},
        "minReplicas 3 is more than autoscaling.maxReplicas 2",
    ),
    "an external secret from nowhere": ("mock-ingest", {"secret": {"provider": "external"}}, "/secret/external"),
    "a volume of one node for pods on several": (
        "nats-stream-processor",
        {"modelCache": {"type": "persistentVolumeClaim"}},
        "give ReadWriteMany",
    ),
    "a volume of one node while the next pod starts on another": (
        "nats-stream-processor",
        {
            **{"autoscaling": {"provider": "none"}, "replicaCount": 1},
            **{"modelCache": {"type": "persistentVolumeClaim"}},
        },
        "strategy.type Recreate",
    ),
    "a route without a gateway": ("nats-stream-processor", {"route": {"enabled": True}}, "missing property 'gateway'"),
}


@pytest.mark.parametrize(("service", "values", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(service: str, values: dict[str, object], words: str) -> None:
    with pytest.raises(HelmError, match=words):
        render(service, values)
