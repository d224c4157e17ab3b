"""Plans, estimates and clusters for programs: the same in JSON and YAML."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from gke_cluster.cluster import Cluster
from gke_cluster.found import Found, FoundCluster
from gke_cluster.plans import Plan
from gke_cluster.prices import Bill, Estimate, Prices, Range, estimate


def plan_document(plan: Plan, prices: Prices, cluster: Cluster | None = None) -> dict[str, Any]:
    """A plan. With the cluster it is also a file for `create --config`."""
    document: dict[str, Any] = {"command": plan.command, "target": msgspec.to_builtins(plan.target)}
    if cluster is not None:
        document["cluster"] = msgspec.to_builtins(cluster)
    document["stages"] = msgspec.to_builtins(plan.stages)
    document["notes"] = list(plan.notes)
    bills = {"now": plan.before, "then": plan.after, "at_zero_nodes": plan.after.at_zero}
    document["cost_a_month"] = costs_document(bills, prices)
    return document


def costs_document(bills: dict[str, Bill], prices: Prices) -> dict[str, Any]:
    """The months of several states, and where the prices are from."""
    months = {name: _estimate(estimate(bill, prices)) for name, bill in bills.items()}
    return {"currency": "USD", "prices": str(prices), **months}


def cluster_document(cluster: FoundCluster, bill: Bill, prices: Prices) -> dict[str, Any]:
    """One cluster of a list."""
    document: dict[str, Any] = msgspec.to_builtins(cluster)
    document["cost_a_month"] = costs_document({"now": bill, "at_zero_nodes": bill.at_zero}, prices)
    return document


def status_document(found: Found, cluster: FoundCluster, bill: Bill, prices: Prices) -> dict[str, Any]:
    """All about one cluster."""
    rest: dict[str, Any] = msgspec.to_builtins({"volumes": found.disks, "under_way": found.running})
    return cluster_document(cluster, bill, prices) | rest


def written(document: Any, output: str) -> str:
    """As JSON or YAML, with a newline at its end."""
    if output == "json":
        return json.dumps(document, indent=2) + "\n"
    import yaml

    return str(yaml.safe_dump(document, sort_keys=False, width=120, allow_unicode=True))


def _estimate(reckoned: Estimate) -> dict[str, Any]:
    items = [
        {"what": item.what, **({"least": None, "most": None} if item.cost is None else _rounded(item.cost))}
        for item in reckoned.items
    ]
    return {**_rounded(reckoned.total), "complete": reckoned.complete, "items": items}


def _rounded(cost: Range) -> dict[str, float]:
    return {"least": round(cost.least, 2), "most": round(cost.most, 2)}
