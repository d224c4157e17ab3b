"""The cluster as it shall be: what a configuration file may say, and the suite's own defaults. Pure."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Literal

from msgspec import Meta, Struct

from gke_cluster.machines import cheapest_disk, takes

# As Google takes them. They end in \Z: a $ lets a line break pass.
NAME = r"^[a-z]([-a-z0-9]{0,38}[a-z0-9])?\Z"  # of clusters and node pools
NETWORK = r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?\Z"
ZONE = r"^[a-z]+-[a-z]+[0-9]+-[a-z0-9]+\Z"
MACHINE_TYPE = r"^[a-z0-9]+(-[a-z0-9]+)+\Z"
DISK_TYPE = r"^[a-z]+(-[a-z]+)+\Z"
SERVICE_ACCOUNT = r"^[a-z0-9][-.a-z0-9]*@[-.a-z0-9]+\Z"
PROJECT = r"^([a-z0-9.-]+:)?[a-z][-a-z0-9]{0,28}[a-z0-9]\Z"  # the first part is of old ones that belong to a domain
ROUTER_SUFFIX, NAT_SUFFIX = "-nat-router", "-nat-config"
MANAGED_BY = "gke-cluster"  # the value of the label managed-by on all that is made here
TAINT = r"^[A-Za-z0-9][-./_A-Za-z0-9]*=[-._A-Za-z0-9]*:(NoSchedule|PreferNoSchedule|NoExecute)\Z"
# What a pattern asks for, in words.
MEANINGS = {
    NAME: "1 to 40 lower-case letters, digits and hyphens, a letter first and no hyphen last",
    NETWORK: "1 to 63 lower-case letters, digits and hyphens, a letter first and no hyphen last",
    ZONE: "a zone such as us-central1-b",
    MACHINE_TYPE: "a machine type such as n2d-highcpu-4",
    DISK_TYPE: "a type of disk such as pd-balanced",
    SERVICE_ACCOUNT: "the address of a service account, such as nodes@PROJECT.iam.gserviceaccount.com",
    PROJECT: "the ID of a project: 2 to 30 lower-case letters, digits and hyphens, a letter first and no hyphen last",
    TAINT: "a taint such as dedicated=ml:NoSchedule",
}
MOST_NODES = 1000  # of one pool, as GKE allows
LEAST_DISK, MOST_DISK = 12, 65_536  # GB, as the node image and Compute Engine allow

Name = Annotated[str, Meta(pattern=NAME)]
Network = Annotated[str, Meta(pattern=NETWORK)]
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
    machine_type: Annotated[str, Meta(pattern=MACHINE_TYPE)]
    nodes: Nodes
    autoscaling: Limits | None = None
    disk_gb: Annotated[int, Meta(ge=LEAST_DISK, le=MOST_DISK)]
    disk_type: Annotated[str, Meta(pattern=DISK_TYPE)] | None = None  # the cheapest that the machine type takes
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
    zone: Annotated[str, Meta(pattern=ZONE)] = "us-central1-b"
    network: Network = "default"
    subnetwork: Network | None = None  # the network's own in the region
    control_plane_range: str = "172.16.0.0/28"
    release_channel: Literal["rapid", "regular", "stable"] = "regular"
    service_account: Annotated[str, Meta(pattern=SERVICE_ACCOUNT)] | None = None  # Compute Engine's default
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
    if not _is_range(cluster.control_plane_range):
        found.append(f"{cluster.control_plane_range!r} is no /28 such as 172.16.0.16/28")
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


def _is_range(text: str) -> bool:
    """Whether the control plane can have it: a /28 that begins where one does."""
    try:
        return IPv4Network(text).prefixlen == 28
    except ValueError:
        return False
