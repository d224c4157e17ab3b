"""The cluster in Google's own types. What cannot be chosen is fixed here: it keeps the cluster safe and cheap."""

from __future__ import annotations

from google.cloud import compute_v1, container_v1

from gke_cluster.cluster import Cluster, Limits, NodePool, Target

LIMITS_LABEL = "gke-cluster-autoscaling"  # on a pool's nodes: the limits, also while its autoscaling is off

# What the nodes' own account may do if it is Compute Engine's default one: write logs and metrics, read images.
_SCOPES = [
    f"https://www.googleapis.com/auth/{scope}"
    for scope in (
        *("devstorage.read_only", "logging.write", "monitoring", "service.management.readonly", "servicecontrol"),
        "trace.append",
    )
]
# An account of the cluster's own is bounded by its roles.
_OWN_ACCOUNT_SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
_EFFECTS = {
    "NoSchedule": container_v1.NodeTaint.Effect.NO_SCHEDULE,
    "PreferNoSchedule": container_v1.NodeTaint.Effect.PREFER_NO_SCHEDULE,
    "NoExecute": container_v1.NodeTaint.Effect.NO_EXECUTE,
}


def cluster(wanted: Cluster, target: Target) -> container_v1.Cluster:
    """The cluster with all its pools."""
    systems = container_v1.MonitoringComponentConfig.Component.SYSTEM_COMPONENTS
    dns = container_v1.ControlPlaneEndpointsConfig.DNSEndpointConfig(allow_external_traffic=True)
    by_address = container_v1.ControlPlaneEndpointsConfig.IPEndpointsConfig(enabled=False)
    return container_v1.Cluster(
        name=wanted.name,
        description="Made by gke-cluster",
        resource_labels=target.labels,
        network=wanted.network,
        subnetwork=wanted.subnetwork or "",
        node_pools=[node_pool(pool, wanted.service_account) for pool in wanted.pools],
        private_cluster_config=container_v1.PrivateClusterConfig(
            enable_private_nodes=True, master_ipv4_cidr_block=wanted.control_plane_range
        ),
        control_plane_endpoints_config=container_v1.ControlPlaneEndpointsConfig(
            dns_endpoint_config=dns, ip_endpoints_config=by_address
        ),
        ip_allocation_policy=container_v1.IPAllocationPolicy(use_ip_aliases=True),
        network_config=container_v1.NetworkConfig(datapath_provider=container_v1.DatapathProvider.ADVANCED_DATAPATH),
        workload_identity_config=container_v1.WorkloadIdentityConfig(workload_pool=f"{target.project}.svc.id.goog"),
        shielded_nodes=container_v1.ShieldedNodes(enabled=True),
        release_channel=container_v1.ReleaseChannel(
            channel=getattr(container_v1.ReleaseChannel.Channel, wanted.release_channel.upper())
        ),
        cost_management_config=container_v1.CostManagementConfig(enabled=True),
        monitoring_config=container_v1.MonitoringConfig(
            component_config=container_v1.MonitoringComponentConfig(enable_components=[systems]),
            managed_prometheus_config=container_v1.ManagedPrometheusConfig(enabled=False),
        ),
    )


def node_pool(pool: NodePool, service_account: str | None) -> container_v1.NodePool:
    """One pool."""
    labels = {LIMITS_LABEL: f"{pool.autoscaling.least}-{pool.autoscaling.most}"} if pool.autoscaling else {}
    config = container_v1.NodeConfig(
        machine_type=pool.machine_type,
        disk_size_gb=pool.disk_gb,
        disk_type=pool.boot_disk,
        image_type="COS_CONTAINERD",
        spot=pool.spot,
        service_account=service_account or "",
        oauth_scopes=_OWN_ACCOUNT_SCOPES if service_account else _SCOPES,
        metadata={"disable-legacy-endpoints": "true"},
        taints=[_taint(pool.taint)] if pool.taint else [],
        resource_labels=labels,
        gcfs_config=container_v1.GcfsConfig(enabled=pool.image_streaming),
        shielded_instance_config=container_v1.ShieldedInstanceConfig(
            enable_secure_boot=True, enable_integrity_monitoring=True
        ),
        workload_metadata_config=container_v1.WorkloadMetadataConfig(
            mode=container_v1.WorkloadMetadataConfig.Mode.GKE_METADATA
        ),
    )
    return container_v1.NodePool(
        name=pool.name,
        initial_node_count=pool.nodes,
        config=config,
        autoscaling=autoscaling(pool.autoscaling),
        management=container_v1.NodeManagement(auto_upgrade=True, auto_repair=True),
    )


def autoscaling(limits: Limits | None) -> container_v1.NodePoolAutoscaling:
    """On between these limits, or off."""
    if limits is None:
        return container_v1.NodePoolAutoscaling(enabled=False)
    return container_v1.NodePoolAutoscaling(enabled=True, min_node_count=limits.least, max_node_count=limits.most)


def router(
    name: str, network: str, description: str, target: Target, own_nat: compute_v1.RouterNat
) -> compute_v1.Router:
    """A router that exists for its NAT alone."""
    path = f"projects/{target.project}/global/networks/{network}"
    return compute_v1.Router(name=name, network=path, description=description, nats=[own_nat])


def nat(name: str, subnetwork: str | None, target: Target) -> compute_v1.RouterNat:
    """The way out for the whole network, or for the one subnetwork that is named."""
    made = compute_v1.RouterNat(name=name, nat_ip_allocate_option="AUTO_ONLY")
    made.log_config = compute_v1.RouterNatLogConfig(enable=True, filter="ERRORS_ONLY")
    if subnetwork is None:
        made.source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"
        return made
    made.source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"
    path = f"projects/{target.project}/regions/{target.region}/subnetworks/{subnetwork}"
    every_range = compute_v1.RouterNatSubnetworkToNat(name=path, source_ip_ranges_to_nat=["ALL_IP_RANGES"])
    made.subnetworks = [every_range]
    return made


def _taint(text: str) -> container_v1.NodeTaint:
    key, _, rest = text.partition("=")
    value, _, effect = rest.rpartition(":")
    return container_v1.NodeTaint(key=key, value=value, effect=_EFFECTS[effect])
