"""What is there at Google. Reads only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from google.api_core import exceptions
from google.cloud import compute_v1, container_v1

from gke_cluster.clients import Clients
from gke_cluster.cluster import MANAGED_BY, Limits, Target
from gke_cluster.errors import ClusterError
from gke_cluster.found import Balancer, Disk, Found, FoundCluster, FoundPool, Router, Running, belongs, tied
from gke_cluster.resources import LIMITS_LABEL

_GROUP = re.compile(r"/projects/([^/]+)/zones/([^/]+)/instanceGroupManagers/([^/]+)$")
_LIMITS = re.compile(r"(\d+)-(\d+)")
_VOLUME = "kubernetes.io/created-for/pv/name"  # in the description of every disk that a volume was made of
_SERVICE = re.compile(r"(?:kubernetes|networking\.gke)\.io/service-(name|ip)")  # in what Services had made
_EVERYWHERE = "-"


class Reading:
    """Reads for one project."""

    def __init__(self, clients: Clients, project: str) -> None:
        self._clients, self._project = clients, project

    def concerning(self, target: Target) -> Found:
        """All that concerns one cluster."""
        mine, neighbours = None, []
        for cluster in self._clusters():
            if (cluster.name, cluster.location) == (target.name, target.zone):
                mine = cluster
            else:
                neighbours.append(self._cluster(cluster, sized=False))
        disks, strangers = self._disks(target)
        return Found(
            cluster=None if mine is None else self._cluster(mine, sized=True),
            neighbours=tuple(neighbours),
            routers=self._routers(target),
            disks=disks,
            strangers=strangers,
            balancers=self._balancers(target),
            running=self._running(target),
        )

    def clusters(self) -> list[FoundCluster]:
        """All of the project, by zone and name."""
        found = [self._cluster(cluster, sized=True) for cluster in self._clusters()]
        return sorted(found, key=lambda cluster: (cluster.zone, cluster.name))

    def _clusters(self) -> Iterable[container_v1.Cluster]:
        parent = f"projects/{self._project}/locations/{_EVERYWHERE}"
        answer = self._clients.container.list_clusters(parent=parent, **self._clients.call)
        if answer.missing_zones:
            zones = ", ".join(answer.missing_zones)
            raise ClusterError(f"Google does not answer for {zones}: nothing is planned on half a view. Try again.")
        return answer.clusters

    def _cluster(self, cluster: container_v1.Cluster, *, sized: bool) -> FoundCluster:
        dns = cluster.control_plane_endpoints_config.dns_endpoint_config
        private = cluster.private_cluster_config.enable_private_nodes
        return FoundCluster(
            name=cluster.name,
            zone=cluster.location,
            status=cluster.status.name,
            message=_message(cluster.conditions) or cluster.status_message,
            version=cluster.current_master_version,
            endpoint=dns.endpoint,
            address=cluster.endpoint,
            created=cluster.create_time,
            network=cluster.network,
            private=private or cluster.network_config.default_enable_private_nodes,
            ours=cluster.resource_labels.get("managed-by") == MANAGED_BY,
            pools=tuple(self._pool(pool, sized=sized) for pool in cluster.node_pools),
        )

    def _pool(self, pool: container_v1.NodePool, *, sized: bool) -> FoundPool:
        # initial_node_count is what it was created with, however often it was scaled since.
        nodes, running = self._size(pool.instance_group_urls) if sized else (0, 0)
        scaling = pool.autoscaling
        label = _LIMITS.fullmatch(pool.config.resource_labels.get(LIMITS_LABEL, ""))
        return FoundPool(
            name=pool.name,
            machine_type=pool.config.machine_type,
            nodes=nodes,
            running=running,
            disk_gb=pool.config.disk_size_gb,
            disk_type=pool.config.disk_type,
            spot=pool.config.spot or pool.config.preemptible,
            autoscaling=Limits(scaling.min_node_count, scaling.max_node_count) if scaling.enabled else None,
            limits=Limits(int(label[1]), int(label[2])) if label else None,
            version=pool.version,
            status=pool.status.name,
            message=_message(pool.conditions) or pool.status_message,
        )

    def _size(self, groups: Iterable[str]) -> tuple[int, int]:
        """Nodes asked for, and nodes that run undisturbed."""
        asked = running = 0
        for url in groups:
            if (named := _GROUP.search(url)) is None:
                raise ClusterError(f"Google names a group of nodes in a way that is not known: {url}")
            try:
                group = self._clients.instance_groups.get(
                    project=named[1], zone=named[2], instance_group_manager=named[3], **self._clients.call
                )
            except exceptions.NotFound:
                continue  # it is being made, or goes away with its pool
            asked += group.target_size
            running += group.current_actions.none
        return asked, running

    def _routers(self, target: Target) -> tuple[Router, ...]:
        found = self._clients.routers.list(project=self._project, region=target.region, **self._clients.call)
        return tuple(_router(router) for router in found)

    def _disks(self, target: Target) -> tuple[tuple[Disk, ...], int]:
        """Those of the cluster's volumes, and the number of volumes' disks in the zone that are nobody's."""
        mine, strangers = [], 0
        for _, scoped in self._clients.disks.aggregated_list(project=self._project, **self._clients.call):
            for disk in scoped.disks:
                claim = _claim(disk.description)
                if claim is None:
                    continue
                if belongs(disk.labels, target):
                    mine.append(_disk(disk, claim))
                elif not tied(disk.labels) and _last(disk.zone) == target.zone:
                    strangers += 1
        return tuple(sorted(mine, key=lambda disk: disk.name)), strangers

    def _balancers(self, target: Target) -> tuple[Balancer, ...]:
        """Those in the region whose firewall rule lets somebody in to this cluster's nodes: they bear no label, but the
        rules name the tag that GKE gives to a cluster's nodes."""
        tag = re.compile(rf"gke-{re.escape(target.name)}-[0-9a-f]{{8}}-node")
        mine = {
            _service(wall.description).get("ip")
            for wall in self._clients.firewalls.list(project=self._project, **self._clients.call)
            if any(tag.fullmatch(one) for one in wall.target_tags)
        }
        rules = self._clients.forwarding_rules.list(project=self._project, region=target.region, **self._clients.call)
        return tuple(
            Balancer(name=rule.name, address=rule.I_p_address, service=service)
            for rule in rules
            if (service := _service(rule.description).get("name")) and rule.I_p_address in mine
        )

    def _running(self, target: Target) -> tuple[Running, ...]:
        answer = self._clients.container.list_operations(parent=target.location, **self._clients.call)
        concerned = re.compile(rf"/clusters/{re.escape(target.name)}(/|$)")
        return tuple(
            Running(operation.name, f"{operation.operation_type.name.lower().replace('_', ' ')} of {target.name}")
            for operation in answer.operations
            if operation.status != container_v1.Operation.Status.DONE and concerned.search(operation.target_link)
        )


def _router(router: compute_v1.Router) -> Router:
    whole = any(nat.source_subnetwork_ip_ranges_to_nat.startswith("ALL_SUBNETWORKS") for nat in router.nats)
    return Router(
        name=router.name,
        description=router.description,
        network=_last(router.network),
        nats=tuple(nat.name for nat in router.nats),
        covers_network=whole,
    )


def _disk(disk: compute_v1.Disk, claim: str) -> Disk:
    return Disk(
        name=disk.name,
        location=_last(disk.zone or disk.region),
        regional=not disk.zone,
        disk_type=_last(disk.type_),
        size_gb=disk.size_gb,
        claim=claim,
        attached_to=tuple(_last(user) for user in disk.users),
    )


def _claim(description: str) -> str | None:
    """For which claim a volume's disk was made; None of any other disk."""
    try:
        said = json.loads(description)
    except ValueError:
        return None
    if not isinstance(said, dict) or _VOLUME not in said:
        return None
    prefix = "kubernetes.io/created-for/pvc/"
    return f"{said.get(prefix + 'namespace', '?')}/{said.get(prefix + 'name', '?')}"


def _service(description: str) -> dict[str, str]:
    """What is said of the Service for which something was made: its `name` and `ip`, as far as they are told."""
    try:
        said = json.loads(description)
    except ValueError:
        return {}
    found = ((_SERVICE.fullmatch(key), value) for key, value in said.items()) if isinstance(said, dict) else ()
    return {key[1]: value for key, value in found if key and isinstance(value, str)}


def _message(conditions: Iterable[container_v1.StatusCondition]) -> str:
    return "; ".join(condition.message for condition in conditions if condition.message)


def _last(url: str) -> str:
    return url.rpartition("/")[2]
