"""A Google project on this machine: clusters, routers, disks and operations, with latency and faults, and a record of
every call. `local_container` and `local_compute` serve it over the wire in Google's own types.
"""

from __future__ import annotations

import itertools
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from google.cloud import compute_v1, container_v1

PROJECT, ZONE, REGION = "shop", "us-central1-b", "us-central1"
HOST = "https://www.googleapis.com/compute/v1"
READS = {"list", "get", "aggregated"}
HTTP = {
    "INVALID_ARGUMENT": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
}


@dataclass
class Fault(Exception):
    """What a call ends in. `code` is a name of gRPC's, or DROPPED: the connection breaks."""

    code: str
    message: str = ""
    reason: str = ""
    applied: bool = False  # what was asked for happens all the same, and only the answer is lost


@dataclass
class Operation:
    """Something that ends after it was looked at some times."""

    name: str
    place: str  # zone/… or region/…
    target: str
    kind: str
    looks: int
    effect: Callable[[], None]
    error: str = ""
    done: bool = False

    def look(self) -> None:
        """A look at it, after which it may have ended."""
        self.looks -= 1
        if self.looks <= 0:
            self.end()

    def end(self) -> None:
        """It has ended."""
        if not self.done:
            self.done = True
            self.effect()


@dataclass
class World:
    """All that is there."""

    latency: int = 2  # looks
    page: int = 500  # disks of one answer
    clusters: dict[tuple[str, str], container_v1.Cluster] = field(default_factory=dict)
    routers: dict[str, compute_v1.Router] = field(default_factory=dict)
    disks: dict[tuple[str, str], compute_v1.Disk] = field(default_factory=dict)
    firewalls: list[compute_v1.Firewall] = field(default_factory=list)
    forwarding_rules: list[compute_v1.ForwardingRule] = field(default_factory=list)
    groups: dict[str, int] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    faults: list[tuple[str, Fault]] = field(default_factory=list)
    doomed: dict[str, str] = field(default_factory=dict)  # kind of operation: the error in which the next one ends
    silent_zones: list[str] = field(default_factory=list)
    interrupt_at: int | None = None  # the call during which Ctrl-C is pressed
    lock: threading.RLock = field(default_factory=threading.RLock)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def changes(self) -> list[str]:
        """The calls that were to change something."""
        return [call for call in self.calls if not any(call.split()[0].lower().startswith(read) for read in READS)]

    def called(self, call: str, act: Callable[[], Any]) -> Any:
        """Record a call, and let happen what was prepared for it."""
        with self.lock:
            self.calls.append(call)
            fault = next((fault for wanted, fault in self.faults if call.startswith(wanted)), None)
            if fault is not None:
                self.faults.remove(next(pair for pair in self.faults if pair[1] is fault))
                if fault.applied:
                    act()
                raise fault
            answer = act()
            if self.interrupt_at == len(self.calls):
                os.kill(os.getpid(), signal.SIGINT)
            return answer

    def begin(
        self, kind: str, place: str, target: str, effect: Callable[[], None], failure: Callable[[], None]
    ) -> Operation:
        """Start an operation."""
        error = self.doomed.pop(kind, "")
        name = f"operation-{next(self._numbers)}"
        operation = Operation(name, place, target, kind, self.latency, failure if error else effect, error)
        self.operations[name] = operation
        if self.latency == 0:
            operation.end()
        return operation

    def settle(self) -> None:
        """Time passes: all that is under way ends."""
        for operation in self.operations.values():
            operation.end()

    def running(self, target: str) -> list[Operation]:
        """What is under way on something or a part of it."""
        return [
            operation
            for operation in self.operations.values()
            if not operation.done and (operation.target == target or operation.target.startswith(f"{target}/"))
        ]

    def sizes(self, name: str, zone: str = ZONE) -> dict[str, int]:
        """The real number of nodes of each pool."""
        return {pool.name: self.groups[group_name(name, pool.name)] for pool in self.clusters[zone, name].node_pools}

    def add_volume(self, claim: str, cluster: str | None, zone: str = ZONE, *, attached: bool = True) -> str:
        """The disk of a persistent volume."""
        name = f"pvc-{next(self._numbers):08d}"
        namespace, _, claimed = claim.partition("/")
        labels = {"goog-gke-volume": ""}
        if cluster is not None:
            labels |= {"goog-k8s-cluster-name": cluster, "goog-k8s-cluster-location": zone}
        description = (
            f'{{"kubernetes.io/created-for/pv/name":"{name}","kubernetes.io/created-for/pvc/name":"{claimed}",'
            f'"kubernetes.io/created-for/pvc/namespace":"{namespace}","storage.gke.io/created-by":"pd.csi.storage.gke.io"}}'
        )
        users = [f"{HOST}/projects/{PROJECT}/zones/{zone}/instances/gke-{cluster}-node"] if attached and cluster else []
        self.disks[f"zones/{zone}", name] = compute_v1.Disk(
            name=name,
            description=description,
            labels=labels,
            size_gb=10,
            zone=f"{HOST}/projects/{PROJECT}/zones/{zone}",
            type_=f"{HOST}/projects/{PROJECT}/zones/{zone}/diskTypes/pd-balanced",
            users=users,
        )
        return name

    def add_balancer(self, service: str, cluster: str, said_by: str = "kubernetes.io") -> str:
        """The load balancer of a Service; its address."""
        name, address = f"a{next(self._numbers):031d}", f"34.1.2.{next(self._numbers)}"
        rule, wall = (
            f'{{"{said_by}/service-name":"{service}"}}',
            f'{{"{said_by}/service-name":"{service}","{said_by}/service-ip":"{address}"}}',
        )
        tags = [f"gke-{cluster}-1a2b3c4d-node"]
        self.forwarding_rules.append(compute_v1.ForwardingRule(name=name, description=rule, I_p_address=address))
        self.firewalls.append(compute_v1.Firewall(name=f"k8s-fw-{name}", description=wall, target_tags=tags))
        return address


def group_name(cluster: str, pool: str) -> str:
    """The instance group of a pool."""
    return f"gke-{cluster}-{pool}-grp"
