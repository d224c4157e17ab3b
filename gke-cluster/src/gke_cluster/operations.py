"""Asks Google for a step, and looks how far it has come."""

from __future__ import annotations

import re
from typing import Literal

from google.api_core import exceptions
from google.cloud import compute_v1, container_v1
from msgspec import Struct

from gke_cluster import resources
from gke_cluster.clients import Clients
from gke_cluster.cluster import Target
from gke_cluster.explain import explained
from gke_cluster.steps import (
    AddNat,
    Await,
    CreateCluster,
    CreatePool,
    CreateRouter,
    DeleteCluster,
    DeleteDisk,
    DeletePool,
    DeleteRouter,
    SetAutoscaling,
    SetSize,
    Step,
)

_BUSY = re.compile(
    r"incompatible operation|currently (creating|updating|operating|being)|operation .* in progress|"
    r"already being used|is not ready",  # a disk that its node has not let go of yet; a router that is being made
    re.I,
)

_KINDS = {
    CreateCluster: container_v1.Operation.Type.CREATE_CLUSTER,
    DeleteCluster: container_v1.Operation.Type.DELETE_CLUSTER,
    CreatePool: container_v1.Operation.Type.CREATE_NODE_POOL,
    DeletePool: container_v1.Operation.Type.DELETE_NODE_POOL,
    SetSize: container_v1.Operation.Type.SET_NODE_POOL_SIZE,
}


class Operation(Struct, frozen=True):
    """What Google does for a step. `error` is empty unless it has ended in one."""

    name: str
    service: Literal["container", "zone", "region"]
    location: str
    done: bool = False
    error: str = ""


class Busy(Exception):
    """Something else has to end first. The step can be asked for again."""


class Operations:
    """Steps of one plan."""

    def __init__(self, clients: Clients, target: Target, service_account: str | None) -> None:
        self._clients, self._target, self._account = clients, target, service_account

    def start(self, step: Step) -> Operation | None:
        """Ask for the step; None if nothing is left to do for it, as an earlier request did it.

        Raises Busy, or a ClusterError where Google refuses.
        """
        with explained(self._target.project, self._target):
            return self._start(step)

    def look(self, operation: Operation) -> Operation:
        """The operation as it is now."""
        with explained(self._target.project, self._target):
            return self._look(operation)

    def _start(self, step: Step) -> Operation | None:
        try:
            return self._ask(step)
        except exceptions.NotFound:
            if isinstance(step, DeleteCluster | DeletePool | DeleteDisk | DeleteRouter):
                return None
            raise
        except exceptions.BadRequest as refused:  # GKE's FailedPrecondition is one, too
            if not _BUSY.search(refused.message):
                raise
            if (begun := self._begun(step)) is not None:
                return begun
            raise Busy(refused.message) from refused
        except exceptions.Conflict:
            if type(step) in _KINDS:
                return self._begun(step)
            if isinstance(step, CreateRouter):
                return self._router_operation(step.router)
            raise

    def _look(self, operation: Operation) -> Operation:
        if operation.service == "container":
            name = f"{self._target.location}/operations/{operation.name}"
            return self._container(self._clients.container.get_operation(name=name, **self._clients.call))
        where = {"project": self._target.project, "operation": operation.name, **self._clients.call}
        if operation.service == "zone":
            return _compute(self._clients.zone_operations.get(zone=operation.location, **where))
        return _compute(self._clients.region_operations.get(region=operation.location, **where))

    def _ask(self, step: Step) -> Operation:
        gke, call, target = self._clients.container, self._clients.call, self._target
        match step:
            case Await():
                return Operation(step.operation, "container", target.zone)
            case CreateCluster():
                cluster = resources.cluster(step.cluster, target)
                return self._container(gke.create_cluster(parent=target.location, cluster=cluster, **call))
            case DeleteCluster():
                return self._container(gke.delete_cluster(name=target.path, **call))
            case CreatePool():
                pool = resources.node_pool(step.pool, self._account)
                return self._container(gke.create_node_pool(parent=target.path, node_pool=pool, **call))
            case DeletePool():
                return self._container(gke.delete_node_pool(name=self._pool(step.pool), **call))
            case SetAutoscaling():
                autoscaling = resources.autoscaling(step.limits)
                request = container_v1.SetNodePoolAutoscalingRequest(
                    name=self._pool(step.pool), autoscaling=autoscaling
                )
                return self._container(gke.set_node_pool_autoscaling(request=request, **call))
            case SetSize():
                size = container_v1.SetNodePoolSizeRequest(name=self._pool(step.pool), node_count=step.nodes)
                return self._container(gke.set_node_pool_size(request=size, **call))
        return self._ask_compute(step)

    def _ask_compute(self, step: Step) -> Operation:
        target, clients = self._target, self._clients
        where = {"project": target.project, "region": target.region, **clients.call}
        match step:
            case CreateRouter():
                nat = resources.nat(step.nat, step.subnetwork, target)
                router = resources.router(step.router, step.network, step.description, target, nat)
                return _compute(clients.routers.insert_unary(router_resource=router, **where))
            case AddNat():
                # A patch replaces the whole list: those that somebody added stay.
                there = clients.routers.get(router=step.router, **where).nats
                nats = compute_v1.Router(nats=[*there, resources.nat(step.nat, step.subnetwork, target)])
                return _compute(clients.routers.patch_unary(router=step.router, router_resource=nats, **where))
            case DeleteRouter():
                return _compute(clients.routers.delete_unary(router=step.router, **where))
            case DeleteDisk(regional=True):
                where["region"] = step.location
                return _compute(clients.region_disks.delete_unary(disk=step.name, **where))
            case DeleteDisk():
                where = {"project": target.project, "zone": step.location, **clients.call}
                return _compute(clients.disks.delete_unary(disk=step.name, **where))
        raise NotImplementedError(step)

    def _pool(self, name: str) -> str:
        return f"{self._target.path}/nodePools/{name}"

    def _container(self, operation: container_v1.Operation) -> Operation:
        done = operation.status == container_v1.Operation.Status.DONE
        error = operation.error.message
        if operation.error.code and not error:
            error = operation.status_message or f"error {operation.error.code}, without a word from Google"
        return Operation(operation.name, "container", self._target.zone, done, error if done else "")

    def _begun(self, step: Step) -> Operation | None:
        """The operation of a request whose answer was lost, and which was therefore made again."""
        kind, pool = _KINDS.get(type(step)), _pool_of(step)
        part = f"/nodePools/{pool}" if pool else ""
        answer = self._clients.container.list_operations(parent=self._target.location, **self._clients.call)
        for operation in answer.operations:
            done = operation.status == container_v1.Operation.Status.DONE
            whose = operation.target_link.endswith(f"/clusters/{self._target.name}{part}")
            if not done and whose and operation.operation_type == kind:
                return self._container(operation)
        return None

    def _router_operation(self, router: str) -> Operation | None:
        where = {"project": self._target.project, "region": self._target.region, **self._clients.call}
        for operation in self._clients.region_operations.list(**where):
            if operation.status != compute_v1.Operation.Status.DONE and operation.target_link.endswith(f"/{router}"):
                return _compute(operation)
        return None


def _pool_of(step: Step) -> str:
    match step:
        case CreatePool():
            return step.pool.name
        case DeletePool() | SetSize():
            return step.pool
    return ""


def _compute(operation: compute_v1.Operation) -> Operation:
    place = operation.zone or operation.region
    errors = "; ".join(f"{error.code}: {error.message}" for error in operation.error.errors)
    done = operation.status == compute_v1.Operation.Status.DONE
    return Operation(
        operation.name,
        "zone" if operation.zone else "region",
        place.rpartition("/")[2],
        done,
        (errors or operation.http_error_message) if done else "",
    )
