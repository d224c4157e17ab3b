"""The plan of `delete`. Pure.

The cluster goes first: while it lives it holds its disks, would make new ones, and its nodes need the way out. Then
go the disks of its volumes and the router. Whatever does not say that it is this cluster's stays.
"""

from __future__ import annotations

from gke_cluster.cluster import Target
from gke_cluster.found import Balancer, Found
from gke_cluster.plans import Plan, awaits, bill, refuse_stranger, sharers, stages
from gke_cluster.prices import Bill
from gke_cluster.steps import DeleteCluster, DeleteDisk, DeleteRouter, Step


def delete(target: Target, found: Found, *, keep_disks: bool = False) -> Plan:
    """All that is there of the cluster."""
    refuse_stranger(found, target)
    notes: list[str] = []
    removing: list[Step] = []
    if found.cluster is not None and found.cluster.status != "STOPPING":
        nodes = sum(pool.nodes for pool in found.cluster.pools)
        removing.append(DeleteCluster(target.name, f"{len(found.cluster.pools)} pools, {nodes} nodes"))
    clearing: list[Step] = []
    if keep_disks and found.disks:
        notes.append(f"{len(found.disks)} disks of its volumes stay, and are paid for.")
    elif not keep_disks:
        clearing += [
            DeleteDisk(disk.name, disk.location, disk.regional, disk.size_gb, disk.disk_type, disk.claim)
            for disk in found.disks
        ]
    if found.strangers:
        notes.append(f"{found.strangers} volumes' disks in the zone do not say whose they are: they stay.")
    clearing += _routers(target, found, notes)
    balancers = _balancers(target, found)
    kept = bill(found, target).volumes if keep_disks else ()
    return Plan(
        command="delete",
        target=target,
        stages=stages(awaits(found), removing, clearing),
        before=bill(found, target),
        after=Bill(volumes=kept),
        notes=(*notes, *balancers),
        outliving=balancers,
    )


def what_is_left(left: Plan, *, keep_disks: bool = False) -> str:
    """By the plan that was made once all was done."""
    but = ["the disks that were to stay"] if keep_disks else []
    but += ["what outlives it"] if left.outliving else []
    words = f"Looked again: nothing is left of {left.target.name}{', but for ' if but else ''}{' and '.join(but)}."
    return "\n".join((words, *left.outliving))


def _balancers(target: Target, found: Found) -> tuple[str, ...]:
    """They go in order with their Services, as long as there is a cluster. After that the reader decides."""

    def way(balancer: Balancer) -> str:
        namespace, _, name = balancer.service.partition("/")
        if found.cluster is not None:
            return f"delete the Service first: `kubectl delete service {name} --namespace {namespace}`"
        where = f"--region {target.region} --project {target.project}"
        return f"`gcloud compute forwarding-rules delete {balancer.name} {where}` ends the payment"

    return tuple(
        f"Load balancer {balancer.address} of Service {balancer.service} outlives the cluster, and is paid for: "
        f"{way(balancer)}."
        for balancer in found.balancers
    )


def _routers(target: Target, found: Found, notes: list[str]) -> list[Step]:
    """The cluster's own, unless others go out through it. A router that outlived its own cluster is told of."""
    steps: list[Step] = []
    alive = {(neighbour.name, neighbour.zone) for neighbour in found.neighbours}
    for router in found.routers:
        users = ", ".join(sharers(found, target, router))
        if router.made_for(target) and users:
            notes.append(f"Router {router.name} stays: the nodes of {users} go out through it.")
        elif router.made_for(target):
            steps.append(DeleteRouter(router.name, "with its NAT"))
        elif router.owner is not None and router.owner not in alive and not users:
            name, zone = router.owner
            notes.append(
                f"Router {router.name} has outlived its cluster: `gke-cluster delete --name {name} --zone {zone}`."
            )
    return steps
