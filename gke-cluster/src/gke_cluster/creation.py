"""The plan of `create`. Pure.

Router and NAT come before the cluster: private nodes without a way out pull no image and never become ready. What is
there is kept, also where it differs from what is wanted; what failed is made again.
"""

from __future__ import annotations

from gke_cluster.cluster import Cluster, NodePool, Target
from gke_cluster.errors import ClusterError
from gke_cluster.found import Found, FoundCluster, FoundPool
from gke_cluster.machines import advice
from gke_cluster.plans import Plan, awaits, bill, refuse_stranger, stages
from gke_cluster.prices import Bill, planned
from gke_cluster.steps import AddNat, CreateCluster, CreatePool, CreateRouter, DeleteCluster, DeletePool, Step

BROKEN = "ERROR"  # from this status GKE brings back neither cluster nor pool
LEAVING = "STOPPING"


def create(cluster: Cluster, target: Target, found: Found) -> Plan:
    """What is still missing of the cluster."""
    refuse_stranger(found, target)
    there = found.cluster
    if there is not None and there.status not in (BROKEN, LEAVING):
        kept = {pool.name: pool for pool in there.pools if pool.status not in (BROKEN, LEAVING)}
        removing = [_failed_pool(pool) for pool in there.pools if _wanted(cluster, pool) and pool.status == BROKEN]
        making: list[Step] = [CreatePool(pool) for pool in cluster.pools if pool.name not in kept]
    else:
        kept = {}
        removing = [_failed_cluster(there)] if there is not None and there.status == BROKEN else []
        making = [CreateCluster(cluster)]
    routing, notes = _routing(cluster, target, found)
    notes += [words for pool in cluster.pools if pool.name in kept for words in _differences(pool, kept[pool.name])]
    notes += [words for pool in cluster.pools if pool.taint and (words := advice(pool.machine_type))]
    before = bill(found, target)
    loads = {load.pool: load for load in planned(cluster).loads}
    loads |= {load.pool: load for load in before.loads if load.pool in kept}
    return Plan(
        command="create",
        target=target,
        stages=stages(awaits(found), routing, removing, making),
        before=before,
        after=Bill(tuple(loads.values()), before.nat or bool(routing), before.volumes),
        notes=tuple(notes),
    )


def _routing(cluster: Cluster, target: Target, found: Found) -> tuple[list[Step], list[str]]:
    """The nodes' way out, and what is to be said about it."""
    network = found.cluster.network if found.cluster is not None else cluster.network
    named = next((router for router in found.routers if router.name == target.router), None)
    mine = named is not None and named.made_for(target) and named.network == network
    if named is not None and mine and target.nat in named.nats:
        return [], []
    for router in found.routers:
        # Google allows no second NAT beside one that covers the whole network.
        if router.network == network and router.covers_network:
            return [], [f"Router {router.name} serves network {network} already: the nodes go out through it."]
    if mine:
        return [AddNat(target.router, target.nat, cluster.subnetwork)], []
    if named is not None and named.made_for(target):
        raise ClusterError(
            f"Router {target.router} was made for this cluster, in network {named.network} and not in {network}. "
            f"`gke-cluster delete --name {target.name} --zone {target.zone}` removes what was left of the former."
        )
    if named is not None:
        raise ClusterError(
            f"There is a router {target.router} in {target.region} that was not made for this cluster. "
            "Choose another --name, or remove it:\n"
            f"  gcloud compute routers delete {target.router} --region {target.region} --project {target.project}"
        )
    return [CreateRouter(target.router, target.nat, network, cluster.subnetwork, target.mark)], []


def _wanted(cluster: Cluster, pool: FoundPool) -> bool:
    return pool.name in {wanted.name for wanted in cluster.pools}


def _failed_pool(pool: FoundPool) -> Step:
    return DeletePool(pool.name, f"it failed: {pool.message or 'no reason given'}")


def _failed_cluster(cluster: FoundCluster) -> Step:
    return DeleteCluster(cluster.name, f"its creation failed: {cluster.message or 'no reason given'}")


def _differences(wanted: NodePool, there: FoundPool) -> list[str]:
    pairs = {
        "machine type": (wanted.machine_type, there.machine_type),
        "spot": (wanted.spot, there.spot),
        "disk": (f"{wanted.disk_gb} GB {wanted.boot_disk}", f"{there.disk_gb} GB {there.disk_type}"),
    }
    told = [f"{what} is {has}, not {wants}" for what, (wants, has) in pairs.items() if wants != has]
    if told:
        return [f"Pool {wanted.name} stays as it is: {'; '.join(told)}."]
    if wanted.nodes != there.nodes and there.autoscaling is None:
        return [f"Pool {wanted.name} has {there.nodes} nodes, not {wanted.nodes}: `gke-cluster scale` changes that."]
    return []
