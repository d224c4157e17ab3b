"""What is there at Google, as far as a cluster is concerned. Pure: `reading` fills it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from gke_cluster.cluster import MANAGED_BY, Limits, Target

# What GKE itself writes on the disks of a cluster's volumes.
_GKE_LABELS = ("goog-k8s-cluster-name", "goog-k8s-cluster-location")
_OUR_LABELS = ("gke-cluster-name", "gke-cluster-zone")


class FoundPool(Struct, frozen=True, kw_only=True):
    """A node pool. `nodes` is what was last asked for, `running` what is really there."""

    name: str
    machine_type: str
    nodes: int
    running: int
    disk_gb: int
    disk_type: str
    spot: bool
    autoscaling: Limits | None  # None where it is off
    limits: Limits | None  # with which it was created, kept while it is off
    version: str
    status: str
    message: str


class FoundCluster(Struct, frozen=True, kw_only=True):
    """A cluster, of whomever."""

    name: str
    zone: str
    status: str
    message: str
    version: str
    endpoint: str  # by name; empty where it has none
    address: str  # by number; empty where it has none
    created: str  # RFC 3339
    network: str
    private: bool  # its nodes have no addresses of their own on the internet
    ours: bool
    pools: tuple[FoundPool, ...]

    @property
    def region(self) -> str:
        """Of a zone, or the location itself."""
        return self.zone.rpartition("-")[0] if self.zone.count("-") > 1 else self.zone


class Router(Struct, frozen=True, kw_only=True):
    """A router of the region."""

    name: str
    description: str
    network: str
    nats: tuple[str, ...]
    covers_network: bool  # a NAT of it serves every subnetwork of the network in the region

    def made_for(self, target: Target) -> bool:
        """Whether it was made here, for this very cluster."""
        return self.description == target.mark

    @property
    def owner(self) -> tuple[str, str] | None:
        """Name and zone of the cluster for which it was made here; None if it was not."""
        marks = dict(word.partition("=")[::2] for word in self.description.split())
        if marks.get("managed-by") != MANAGED_BY:
            return None
        return marks.get("gke-cluster-name", ""), marks.get("gke-cluster-zone", "")


class Disk(Struct, frozen=True, kw_only=True):
    """The disk of a persistent volume."""

    name: str
    location: str  # a zone, or a region
    regional: bool
    disk_type: str
    size_gb: int
    claim: str  # namespace/name of the claim that it was made for
    attached_to: tuple[str, ...]


class Balancer(Struct, frozen=True, kw_only=True):
    """A load balancer that a Service of the cluster had made. It outlives the cluster."""

    name: str  # of its forwarding rule
    address: str
    service: str  # namespace/name


class Running(Struct, frozen=True):
    """An operation on the cluster that has not ended."""

    operation: str
    what: str


class Found(Struct, frozen=True, kw_only=True):
    """All that concerns one cluster."""

    cluster: FoundCluster | None = None
    neighbours: tuple[FoundCluster, ...] = ()
    routers: tuple[Router, ...] = ()
    disks: tuple[Disk, ...] = ()  # of this cluster's volumes
    strangers: int = 0  # volumes' disks in the zone that nothing ties to a cluster
    balancers: tuple[Balancer, ...] = ()  # of this cluster's Services
    running: tuple[Running, ...] = ()


def belongs(labels: Mapping[str, str], target: Target) -> bool:
    """Whether a volume's disk is this cluster's.

    Name and zone must both be written on it, by GKE or by us (a cluster's labels are handed on to its disks), and no
    other label may say another cluster. A disk's name says nothing: every cluster calls them pvc-….
    """
    said = [(labels[name], labels.get(zone)) for name, zone in (_GKE_LABELS, _OUR_LABELS) if name in labels]
    return bool(said) and all(pair == (target.name, target.zone) for pair in said)


def tied(labels: Mapping[str, str]) -> bool:
    """Whether a disk says of which cluster it is."""
    return any(name in labels for name, _ in (_GKE_LABELS, _OUR_LABELS))
