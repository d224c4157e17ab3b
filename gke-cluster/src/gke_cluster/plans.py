"""What is to be done to come from what is there to what is wanted. Pure: no plan asks Google anything.

A plan made again after it was executed is empty. The commands use that as their proof.
"""

from __future__ import annotations

from msgspec import Struct

from gke_cluster.cluster import Target
from gke_cluster.errors import ClusterError, NotFound
from gke_cluster.found import Found, FoundCluster, Router
from gke_cluster.prices import Bill, actual
from gke_cluster.steps import Await, Step


class Plan(Struct, frozen=True, kw_only=True):
    """Stages one after the other, the steps of one at the same time."""

    command: str
    target: Target
    stages: tuple[tuple[Step, ...], ...]
    before: Bill
    after: Bill
    notes: tuple[str, ...] = ()
    outliving: tuple[str, ...] = ()  # of those notes: what stays, is paid for, and is nobody else's

    @property
    def steps(self) -> tuple[Step, ...]:
        """All of them, in order."""
        return tuple(step for stage in self.stages for step in stage)


def stages(*wanted: list[Step]) -> tuple[tuple[Step, ...], ...]:
    """Those that have a step."""
    return tuple(tuple(stage) for stage in wanted if stage)


def awaits(found: Found) -> list[Step]:
    """What must end before anything else is begun on the cluster."""
    return [Await(running.operation, running.what) for running in found.running]


def bill(found: Found, target: Target) -> Bill:
    """What is paid for now."""
    return actual(found, nat=any(router.made_for(target) and router.nats for router in found.routers))


def ours(found: Found, target: Target) -> FoundCluster:
    """The cluster, if it is there and was made here."""
    cluster = there(found, target)
    refuse_stranger(found, target)
    return cluster


def there(found: Found, target: Target) -> FoundCluster:
    """The cluster, if it is there, of whomever."""
    if found.cluster is None:
        raise NotFound(
            f"There is no cluster {target.name} in {target.zone} of project {target.project}. "
            "`gke-cluster list` shows those that there are, `gke-cluster create` makes one."
        )
    return found.cluster


def refuse_stranger(found: Found, target: Target) -> None:
    """Nothing is changed that was not made here."""
    if found.cluster is not None and not found.cluster.ours:
        labels = ",".join(f"{name}={value}" for name, value in target.labels.items())
        raise ClusterError(
            f"Cluster {target.name} in {target.zone} was not made by gke-cluster, which therefore leaves it alone. "
            "To hand it over:\n"
            f"  gcloud container clusters update {target.name} --zone {target.zone} --project {target.project} "
            f"--update-labels {labels}"
        )


def sharers(found: Found, target: Target, router: Router) -> list[str]:
    """Neighbours whose nodes go out through the router: private ones in its network and region."""
    return [
        neighbour.name
        for neighbour in found.neighbours
        if neighbour.private and neighbour.network == router.network and neighbour.region == target.region
    ]
