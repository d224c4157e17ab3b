"""The single things that a plan does. Pure: `operations` knows how each is asked of Google."""

from __future__ import annotations

from msgspec import Struct

from gke_cluster.cluster import Cluster, Limits, NodePool


class Step(Struct, frozen=True, tag_field="step"):
    """One request to Google that starts one operation."""

    @property
    def words(self) -> tuple[str, str, str]:
        """What is done, to what, and the particulars."""
        raise NotImplementedError

    @property
    def parts(self) -> tuple[tuple[str, str, str], ...]:
        """What comes with it, in the same columns."""
        return ()

    def __str__(self) -> str:
        action, what, _ = self.words
        return f"{action} {what}"


class Await(Step, frozen=True, tag=True):
    """What is under way already, from an earlier run or somebody else's."""

    operation: str
    what: str

    @property
    def words(self) -> tuple[str, str, str]:
        return "await", self.what, f"under way since before ({self.operation})"


class CreateRouter(Step, frozen=True, tag=True):
    """A router with its NAT, in one request."""

    router: str
    nat: str
    network: str
    subnetwork: str | None
    description: str

    @property
    def words(self) -> tuple[str, str, str]:
        return "create", f"router {self.router}", f"with NAT {self.nat}, for network {self.network}"


class AddNat(Step, frozen=True, tag=True):
    """The NAT that our router lacks."""

    router: str
    nat: str
    subnetwork: str | None

    @property
    def words(self) -> tuple[str, str, str]:
        return "add", f"NAT {self.nat}", f"to router {self.router}"


class CreateCluster(Step, frozen=True, tag=True):
    """The control plane and all pools, in one request."""

    cluster: Cluster

    @property
    def words(self) -> tuple[str, str, str]:
        settings = f"{self.cluster.release_channel} channel, private nodes, control plane reached by name alone"
        return "create", f"cluster {self.cluster.name}", settings

    @property
    def parts(self) -> tuple[tuple[str, str, str], ...]:
        return tuple(("with", f"pool {pool.name}", described(pool)) for pool in self.cluster.pools)


class CreatePool(Step, frozen=True, tag=True):
    """A pool that the cluster lacks."""

    pool: NodePool

    @property
    def words(self) -> tuple[str, str, str]:
        return "create", f"pool {self.pool.name}", described(self.pool)


class DeletePool(Step, frozen=True, tag=True):
    """A pool that failed."""

    pool: str
    why: str

    @property
    def words(self) -> tuple[str, str, str]:
        return "delete", f"pool {self.pool}", self.why


class SetAutoscaling(Step, frozen=True, tag=True):
    """On with these limits, or off."""

    pool: str
    limits: Limits | None

    @property
    def words(self) -> tuple[str, str, str]:
        if self.limits is None:
            return "stop", f"autoscaling of {self.pool}", "else it would bring nodes back for any waiting pod"
        return "start", f"autoscaling of {self.pool}", f"{self.limits} nodes"


class SetSize(Step, frozen=True, tag=True):
    """The number of a pool's nodes."""

    pool: str
    before: int
    nodes: int

    @property
    def words(self) -> tuple[str, str, str]:
        return "scale", f"pool {self.pool}", f"from {self.before} to {self.nodes} nodes"


class DeleteCluster(Step, frozen=True, tag=True):
    """The control plane, all nodes and their boot disks."""

    name: str
    why: str

    @property
    def words(self) -> tuple[str, str, str]:
        return "delete", f"cluster {self.name}", self.why


class DeleteDisk(Step, frozen=True, tag=True):
    """The disk of a volume, with its data."""

    name: str
    location: str
    regional: bool
    size_gb: int
    disk_type: str
    claim: str

    @property
    def words(self) -> tuple[str, str, str]:
        return "delete", f"disk {self.name}", f"{self.size_gb} GB {self.disk_type}, data of {self.claim}"


class DeleteRouter(Step, frozen=True, tag=True):
    """A router with its NAT."""

    router: str
    why: str

    @property
    def words(self) -> tuple[str, str, str]:
        return "delete", f"router {self.router}", self.why


def described(pool: NodePool) -> str:
    """A pool in a line."""
    parts = [f"{pool.nodes} x {pool.machine_type}", "spot" if pool.spot else "on demand"]
    parts.append(f"{pool.disk_gb} GB {pool.boot_disk}")
    if pool.autoscaling is not None:
        parts.append(f"autoscaling {pool.autoscaling}")
    if pool.taint is not None:
        parts.append(f"taint {pool.taint}")
    if pool.image_streaming:
        parts.append("image streaming")
    return ", ".join(parts)
