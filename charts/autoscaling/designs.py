"""Settings to compare: the charts' own, and a design whose metric feeds back into itself. Pure."""

from __future__ import annotations

from typing import Any

from charts.autoscaling.autoscaler import Direction, Load, Settings, repeated_by_every_pod, shared


def backlog(load: Load) -> float:
    """In messages."""
    return load.backlog


def arrivals(load: Load) -> float:
    """In messages a second."""
    return load.arrivals


def of_values(autoscaling: dict[str, Any], capacity: float, least: int) -> Settings:
    """The `autoscaling` of a chart's values, for pods of another capacity (messages a second) than theirs."""
    return Settings(
        metrics=(
            shared(backlog, capacity * autoscaling["backlogSeconds"]),
            shared(arrivals, capacity * autoscaling["utilisationPercent"] / 100),
        ),
        least=least,
        most=autoscaling["maxReplicas"],
        up=_direction(autoscaling["behavior"]["scaleUp"]),
        down=_direction(autoscaling["behavior"]["scaleDown"]),
    )


def _direction(behavior: dict[str, Any]) -> Direction:
    (policy,) = behavior["policies"]
    return Direction(behavior["stabilizationWindowSeconds"], policy["value"], policy["periodSeconds"])


BACKLOG_OF_EVERY_POD = Settings(
    metrics=(repeated_by_every_pod(backlog, 200),),
    least=2,
    most=6,
    up=Direction(180, 1, 120),
    down=Direction(300, 1, 120),
)
"""The reference's: each pod exports the whole backlog as its own, of which it may have 200, and long windows stand
against the swinging that follows from that."""
