"""GKE's ClusterManager over gRPC, for a `World`."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
from google.cloud import container_v1
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from local_google import HOST, PROJECT, Fault, Operation, World, group_name

SERVICE = "google.container.v1.ClusterManager"
STATUS = container_v1.Cluster.Status
POOL_STATUS = container_v1.NodePool.Status
METHODS = {
    "ListClusters": (container_v1.ListClustersRequest, container_v1.ListClustersResponse),
    "ListOperations": (container_v1.ListOperationsRequest, container_v1.ListOperationsResponse),
    "GetOperation": (container_v1.GetOperationRequest, container_v1.Operation),
    "CreateCluster": (container_v1.CreateClusterRequest, container_v1.Operation),
    "DeleteCluster": (container_v1.DeleteClusterRequest, container_v1.Operation),
    "CreateNodePool": (container_v1.CreateNodePoolRequest, container_v1.Operation),
    "DeleteNodePool": (container_v1.DeleteNodePoolRequest, container_v1.Operation),
    "SetNodePoolSize": (container_v1.SetNodePoolSizeRequest, container_v1.Operation),
    "SetNodePoolAutoscaling": (container_v1.SetNodePoolAutoscalingRequest, container_v1.Operation),
}


class ClusterManager:
    """The methods, each on a request of Google's own type."""

    def __init__(self, world: World) -> None:
        self._world = world

    def start(self) -> tuple[grpc.Server, int]:
        """Serve on a free port."""
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                self._served(name), request_deserializer=request.deserialize, response_serializer=answer.serialize
            )
            for name, (request, answer) in METHODS.items()
        }
        server = grpc.server(ThreadPoolExecutor(max_workers=2))
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        return server, port

    def _served(self, name: str) -> Callable[[Any, grpc.ServicerContext], Any]:
        act = getattr(self, "_" + re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower())

        def serve(request: Any, context: grpc.ServicerContext) -> Any:
            where = getattr(request, "name", "") or getattr(request, "parent", "")
            try:
                return self._world.called(f"{name} {where.rpartition('locations/')[2]}", lambda: act(request))
            except Fault as fault:
                context.abort_with_status(rpc_status.to_status(_status(fault)))

        return serve

    def _list_clusters(self, request: Any) -> Any:
        clusters, silent = list(self._world.clusters.values()), self._world.silent_zones
        return container_v1.ListClustersResponse(clusters=clusters, missing_zones=silent)

    def _list_operations(self, request: Any) -> Any:
        running = [operation for operation in self._world.operations.values() if operation.place == "container"]
        return container_v1.ListOperationsResponse(operations=[_proto(operation) for operation in running])

    def _get_operation(self, request: Any) -> Any:
        operation = self._world.operations[request.name.rpartition("/")[2]]
        operation.look()
        return _proto(operation)

    def _create_cluster(self, request: Any) -> Any:
        cluster, zone = request.cluster, request.parent.rpartition("/")[2]
        if (zone, cluster.name) in self._world.clusters:
            raise Fault("ALREADY_EXISTS", f"Already exists: {request.parent}/clusters/{cluster.name}.")
        cluster.location, cluster.status = zone, STATUS.PROVISIONING
        cluster.create_time = (datetime.now(UTC) - timedelta(days=3)).isoformat()
        cluster.network = cluster.network or "default"
        self._world.clusters[zone, cluster.name] = cluster
        for pool in cluster.node_pools:
            self._add_pool(cluster, pool)

        def done() -> None:
            cluster.status, cluster.current_master_version = STATUS.RUNNING, "1.35.1-gke.100"
            cluster.control_plane_endpoints_config.dns_endpoint_config.endpoint = f"gke-{cluster.name}.{zone}.gke.goog"
            for pool in cluster.node_pools:
                pool.status, pool.version = POOL_STATUS.RUNNING, "1.35.1-gke.100"

        def failed() -> None:
            cluster.status, cluster.status_message = STATUS.ERROR, "no machines"

        return self._begin("CREATE_CLUSTER", f"{zone}/clusters/{cluster.name}", done, failed)

    def _delete_cluster(self, request: Any) -> Any:
        cluster = self._cluster(request.name)
        if busy := self._world.running(f"{cluster.location}/clusters/{cluster.name}"):
            busy[0].look()
            raise Fault("FAILED_PRECONDITION", "Cluster is running incompatible operation operation-0.")
        before, cluster.status = cluster.status, STATUS.STOPPING

        def done() -> None:
            self._world.clusters.pop((cluster.location, cluster.name), None)
            for pool in cluster.node_pools:
                self._world.groups.pop(group_name(cluster.name, pool.name), None)
            for disk in self._world.disks.values():
                disk.users = [user for user in disk.users if not user.endswith(f"/gke-{cluster.name}-node")]

        def failed() -> None:
            cluster.status = before

        return self._begin("DELETE_CLUSTER", f"{cluster.location}/clusters/{cluster.name}", done, failed)

    def _create_node_pool(self, request: Any) -> Any:
        cluster, pool = self._cluster(request.parent), request.node_pool
        if pool.name in {other.name for other in cluster.node_pools}:
            raise Fault("ALREADY_EXISTS", f"Already exists: {pool.name}")
        self._refuse_if_busy(cluster, pool.name)
        cluster.node_pools = [*cluster.node_pools, pool]
        pool = cluster.node_pools[-1]
        self._add_pool(cluster, pool)

        def done() -> None:
            pool.status = POOL_STATUS.RUNNING

        def failed() -> None:
            pool.status, pool.status_message = POOL_STATUS.ERROR, "no machines"

        return self._begin("CREATE_NODE_POOL", self._pool_target(cluster, pool.name), done, failed)

    def _delete_node_pool(self, request: Any) -> Any:
        cluster, name = self._cluster(request.name), request.name.rpartition("/")[2]
        self._refuse_if_busy(cluster, name)

        def done() -> None:
            cluster.node_pools = [pool for pool in cluster.node_pools if pool.name != name]

        return self._begin("DELETE_NODE_POOL", self._pool_target(cluster, name), done, lambda: None)

    def _set_node_pool_size(self, request: Any) -> Any:
        cluster, name = self._cluster(request.name), request.name.rpartition("/")[2]
        self._refuse_if_busy(cluster, name)

        def done() -> None:
            self._world.groups[group_name(cluster.name, name)] = request.node_count

        return self._begin("SET_NODE_POOL_SIZE", self._pool_target(cluster, name), done, lambda: None)

    def _set_node_pool_autoscaling(self, request: Any) -> Any:
        cluster, name = self._cluster(request.name), request.name.rpartition("/")[2]
        self._refuse_if_busy(cluster, name)
        (pool,) = (pool for pool in cluster.node_pools if pool.name == name)

        def done() -> None:
            pool.autoscaling = request.autoscaling

        return self._begin("UPDATE_CLUSTER", self._pool_target(cluster, name), done, lambda: None)

    def _cluster(self, path: str) -> Any:
        _, _, _, zone, _, name, *_ = path.split("/")
        if (zone, name) not in self._world.clusters:
            raise Fault("NOT_FOUND", f"Not found: {path}.")
        return self._world.clusters[zone, name]

    def _add_pool(self, cluster: Any, pool: Any) -> None:
        group = group_name(cluster.name, pool.name)
        self._world.groups[group] = pool.initial_node_count
        pool.status = POOL_STATUS.PROVISIONING
        pool.instance_group_urls = [f"{HOST}/projects/{PROJECT}/zones/{cluster.location}/instanceGroupManagers/{group}"]

    def _refuse_if_busy(self, cluster: Any, pool: str) -> None:
        whole = f"{cluster.location}/clusters/{cluster.name}"
        busy = [
            operation
            for operation in self._world.running(whole)
            if operation.target in (whole, self._pool_target(cluster, pool))
        ]
        if busy:
            busy[0].look()  # time passes for whoever comes again and again
            raise Fault("FAILED_PRECONDITION", f"Cluster is running incompatible operation {busy[0].name}.")

    def _pool_target(self, cluster: Any, pool: str) -> str:
        return f"{cluster.location}/clusters/{cluster.name}/nodePools/{pool}"

    def _begin(self, kind: str, target: str, done: Callable[[], None], failed: Callable[[], None]) -> Any:
        return _proto(self._world.begin(kind, "container", target, done, failed))


def _proto(operation: Operation) -> container_v1.Operation:
    states = container_v1.Operation.Status
    made = container_v1.Operation(
        name=operation.name,
        operation_type=container_v1.Operation.Type[operation.kind],
        status=states.DONE if operation.done else states.RUNNING,
        target_link=f"https://container.googleapis.com/v1/projects/{PROJECT}/zones/{operation.target}",
    )
    if operation.done and operation.error:
        made.error = status_pb2.Status(code=8, message=operation.error)
    return made


def _status(fault: Fault) -> status_pb2.Status:
    code = "UNAVAILABLE" if fault.code == "DROPPED" else fault.code
    status = status_pb2.Status(code=grpc.StatusCode[code].value[0], message=fault.message)
    if fault.reason:
        status.details.add().Pack(error_details_pb2.ErrorInfo(reason=fault.reason, domain="googleapis.com"))
    return status
