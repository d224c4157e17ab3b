"""The cluster as it shall be: what a configuration file may say, and the suite's own defaults. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gke_cluster.machines import cheapest_disk, takes

NAME = r"^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$"  # of clusters and node pools, as GKE takes them
ROUTER_SUFFIX, NAT_SUFFIX = "-nat-router", "-nat-config"
MANAGED_BY = "gke-cluster"  # the value of the label managed-by on all that is made here
TAINT = r"^[^=:\s]+=[^=:\s]*:(NoSchedule|PreferNoSchedule|NoExecute)$"
MOST_NODES = 1000  # of one pool, as GKE allows
LEAST_DISK, MOST_DISK = 12, 65_536  # GB, as the node image and Compute Engine allow

Name = Annotated[str, Meta(pattern=NAME)]
Nodes = Annotated[int, Meta(ge=0, le=MOST_NODES)]


class Target(Struct, frozen=True):
    """Which cluster is meant, whether it is there or not."""

    project: str
    zone: str
    name: str

    @property
    def region(self) -> str:
        """Of routers and their NATs."""
        return self.zone.rpartition("-")[0]

    @property
    def location(self) -> str:
        """GKE's name of the zone."""
        return f"projects/{self.project}/locations/{self.zone}"

    @property
    def path(self) -> str:
        """GKE's name of the cluster."""
        return f"{self.location}/clusters/{self.name}"

    @property
    def router(self) -> str:
        """The router's name."""
        return self.name + ROUTER_SUFFIX

    @property
    def nat(self) -> str:
        """The NAT's name."""
        return self.name + NAT_SUFFIX

    @property
    def labels(self) -> dict[str, str]:
        """What the cluster, its nodes and its volumes' disks bear."""
        return {"managed-by": MANAGED_BY, "gke-cluster-name": self.name, "gke-cluster-zone": self.zone}

    @property
    def mark(self) -> str:
        """The description of what can bear no labels. It names the zone: a region's routers share their names."""
        return f"managed-by={MANAGED_BY} gke-cluster-name={self.name} gke-cluster-zone={self.zone}"


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """Between which numbers of nodes the autoscaler may choose."""

    least: Nodes
    most: Nodes

    def __str__(self) -> str:
        return f"{self.least} to {self.most}"


class NodePool(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Nodes that are alike."""

    name: Name
    machine_type: Annotated[str, Meta(pattern=r"^[a-z0-9]+-[a-z0-9-]+$")]
    nodes: Nodes
    autoscaling: Limits | None = None
    disk_gb: Annotated[int, Meta(ge=LEAST_DISK, le=MOST_DISK)]
    disk_type: str | None = None  # the cheapest that the machine type takes
    spot: bool = True
    taint: Annotated[str, Meta(pattern=TAINT)] | None = None
    image_streaming: bool = False

    @property
    def boot_disk(self) -> str:
        """The type of the nodes' disks."""
        return self.disk_type or cheapest_disk(self.machine_type)


class Cluster(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All that can be chosen. What cannot is in `resources`: it is what keeps the cluster safe."""

    name: Name = "cost-optimized-cluster"
    zone: Annotated[str, Meta(pattern=r"^[a-z]+-[a-z]+[0-9]+-[a-z]$")] = "us-central1-b"
    network: Name = "default"
    subnetwork: Name | None = None  # the network's own in the region
    control_plane_range: Annotated[str, Meta(pattern=r"^\d{1,3}(\.\d{1,3}){3}/28$")] = "172.16.0.0/28"
    release_channel: Literal["rapid", "regular", "stable"] = "regular"
    service_account: Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None  # Compute Engine's default
    pools: Annotated[tuple[NodePool, ...], Meta(min_length=1)] = (
        NodePool(name="default-pool", machine_type="t2d-standard-2", nodes=3, disk_gb=20),
        NodePool(
            name="ml-pool",
            machine_type="n2d-highcpu-4",
            nodes=3,
            autoscaling=Limits(0, 6),
            disk_gb=50,
            taint="dedicated=ml:NoSchedule",
            image_streaming=True,
        ),
    )


def contradictions(cluster: Cluster) -> list[str]:
    """What is well-formed and yet cannot be."""
    found = []
    names = [pool.name for pool in cluster.pools]
    found += [f"two pools are called {name}" for name in sorted({name for name in names if names.count(name) > 1})]
    for pool in cluster.pools:
        limits = pool.autoscaling
        if limits is not None and not limits.least <= pool.nodes <= limits.most:
            found.append(f"{pool.name} starts with {pool.nodes} nodes, and its autoscaling allows {limits}")
        if limits is not None and limits.most == 0:
            found.append(f"{pool.name} may never have a node: its autoscaling allows {limits}")
        if not takes(pool.machine_type, pool.boot_disk):
            cheapest = cheapest_disk(pool.machine_type)
            found.append(f"{pool.name}: {pool.machine_type} takes no {pool.boot_disk} disk; say {cheapest}")
    return found
