"""The plan of `scale`. Pure."""

from __future__ import annotations

from gke_cluster.cluster import Target
from gke_cluster.errors import Misused
from gke_cluster.found import Found, FoundPool
from gke_cluster.plans import Plan, awaits, bill, ours, stages
from gke_cluster.steps import SetAutoscaling, SetSize, Step


def scale(target: Target, found: Found, nodes: int, pool_name: str | None) -> Plan:
    """`nodes` in the pool that is named, or in each.

    An autoscaled pool goes to zero with its autoscaling off: it would be given nodes again for any pod that waits. With
    the first node it is switched on again, within the limits of its creation.
    """
    cluster = ours(found, target)
    pools = [pool for pool in cluster.pools if pool_name in (None, pool.name)]
    if not pools:
        names = ", ".join(pool.name for pool in cluster.pools)
        raise Misused(f"{target.name} has no pool {pool_name}; it has {names}.")
    for pool in pools:
        _refuse_beyond(pool, nodes)
    switching: list[Step] = []
    sizing: list[Step] = []
    restoring: list[Step] = []
    for pool in pools:
        if nodes == 0 and pool.autoscaling is not None:
            switching.append(SetAutoscaling(pool.name, None))
        if nodes != pool.nodes:
            sizing.append(SetSize(pool.name, pool.nodes, nodes))
        if nodes > 0 and pool.autoscaling is None and pool.limits is not None:
            restoring.append(SetAutoscaling(pool.name, pool.limits))
    before = bill(found, target)
    notes = [
        f"The autoscaler of {pool.name} may change the number at any time, from {pool.autoscaling}."
        for pool in pools
        if nodes > 0 and pool.autoscaling is not None
    ]
    return Plan(
        command="scale",
        target=target,
        stages=stages(awaits(found), switching, sizing, restoring),
        before=before,
        after=before.with_nodes({pool.name: nodes for pool in pools}),
        notes=tuple(notes),
    )


def _refuse_beyond(pool: FoundPool, nodes: int) -> None:
    limits = pool.autoscaling or pool.limits
    if limits is None or nodes == 0 or limits.least <= nodes <= limits.most:
        return
    raise Misused(f"{pool.name} is autoscaled from {limits} nodes: {nodes} is beyond. Name another --pool or number.")
