"""Creating, once and again."""

from __future__ import annotations

from gke_command import Run
from google.cloud import compute_v1, container_v1
from local_google import PROJECT, ZONE, World

NAME = "cost-optimized-cluster"


def test_the_cluster_is_that_of_the_contract(google: World, gke: Run) -> None:
    assert gke("create", "--yes").code == 0
    cluster = google.clusters[ZONE, NAME]
    default, ml = cluster.node_pools
    assert (default.name, default.initial_node_count, default.config.machine_type) == (
        "default-pool",
        3,
        "t2d-standard-2",
    )
    assert (default.config.disk_size_gb, default.config.disk_type) == (20, "pd-standard")
    assert not default.autoscaling.enabled
    assert (ml.name, ml.initial_node_count, ml.config.machine_type) == ("ml-pool", 3, "n2d-highcpu-4")
    assert (ml.config.disk_size_gb, ml.config.gcfs_config.enabled) == (50, True)
    assert (ml.autoscaling.enabled, ml.autoscaling.min_node_count, ml.autoscaling.max_node_count) == (True, 0, 6)
    (taint,) = ml.config.taints
    assert (taint.key, taint.value, taint.effect) == ("dedicated", "ml", container_v1.NodeTaint.Effect.NO_SCHEDULE)
    for pool in (default, ml):
        assert pool.config.spot
        assert pool.config.image_type == "COS_CONTAINERD"
        assert pool.config.shielded_instance_config.enable_secure_boot
        assert pool.config.workload_metadata_config.mode == container_v1.WorkloadMetadataConfig.Mode.GKE_METADATA
        assert not any("cloud-platform" in scope for scope in pool.config.oauth_scopes)
    assert cluster.private_cluster_config.enable_private_nodes
    assert cluster.private_cluster_config.master_ipv4_cidr_block == "172.16.0.0/28"
    assert cluster.ip_allocation_policy.use_ip_aliases
    assert cluster.workload_identity_config.workload_pool == f"{PROJECT}.svc.id.goog"
    assert cluster.cost_management_config.enabled
    assert not cluster.monitoring_config.managed_prometheus_config.enabled
    assert cluster.shielded_nodes.enabled
    assert cluster.release_channel.channel == container_v1.ReleaseChannel.Channel.REGULAR
    assert cluster.network_config.datapath_provider == container_v1.DatapathProvider.ADVANCED_DATAPATH
    assert cluster.control_plane_endpoints_config.dns_endpoint_config.allow_external_traffic
    assert not cluster.control_plane_endpoints_config.ip_endpoints_config.enabled


def test_the_nodes_have_their_way_out_before_they_are_there(google: World, gke: Run) -> None:
    gke("create", "--yes")
    kinds = [call.split()[0] for call in google.calls]
    router = google.routers[f"{NAME}-nat-router"]
    assert kinds.index("insert_router") < kinds.index("get_operation") < kinds.index("CreateCluster")
    assert [nat.name for nat in router.nats] == [f"{NAME}-nat-config"]
    assert router.nats[0].source_subnetwork_ip_ranges_to_nat == "ALL_SUBNETWORKS_ALL_IP_RANGES"


def test_twice_is_once(google: World, gke: Run) -> None:
    gke("create", "--yes")
    changes = list(google.changes)
    again = gke("create", "--yes")
    assert again.code == 0
    assert "Nothing to do" in again.out
    assert google.changes == changes


def test_a_dry_run_asks_google_nothing_at_all(google: World, gke: Run) -> None:
    assert gke("create", "--dry-run").code == 0
    assert google.calls == []


def test_options_reach_the_cluster(google: World, gke: Run) -> None:
    account = "nodes@shop.iam.gserviceaccount.com"
    ended = gke(
        *("create", "--yes", "--no-spot", "--name", "other", "--ml-machine-type", "c3d-highcpu-4"),
        *("--service-account", account, "--subnetwork", "inner", "--release-channel", "stable"),
    )
    assert ended.code == 0, ended.err
    cluster = google.clusters[ZONE, "other"]
    default, ml = cluster.node_pools
    assert not default.config.spot
    assert (ml.config.machine_type, ml.config.disk_type) == ("c3d-highcpu-4", "pd-balanced")
    assert ml.config.service_account == account
    assert [scope.rpartition("/")[2] for scope in ml.config.oauth_scopes] == ["cloud-platform"]
    assert google.routers["other-nat-router"].nats[0].source_subnetwork_ip_ranges_to_nat == "LIST_OF_SUBNETWORKS"


def test_a_pool_that_is_missing_is_added(google: World, gke: Run) -> None:
    gke("create", "--yes")
    cluster = google.clusters[ZONE, NAME]
    cluster.node_pools = [pool for pool in cluster.node_pools if pool.name != "ml-pool"]
    ended = gke("create", "--yes")
    assert ended.code == 0
    assert [change.split()[0] for change in google.changes][2:] == ["CreateNodePool"]
    assert set(google.sizes(NAME)) == {"default-pool", "ml-pool"}


def test_a_nat_that_is_missing_is_added(google: World, gke: Run) -> None:
    gke("create", "--yes")
    google.routers[f"{NAME}-nat-router"].nats = []
    assert gke("create", "--yes").code == 0
    assert [nat.name for nat in google.routers[f"{NAME}-nat-router"].nats] == [f"{NAME}-nat-config"]


def test_what_failed_is_told_and_made_again(google: World, gke: Run) -> None:
    google.doomed["CREATE_CLUSTER"] = "GCE_STOCKOUT: the zone does not have enough resources"
    failed = gke("create", "--yes")
    assert failed.code == 1
    assert "GCE_STOCKOUT" in failed.err
    assert "another --zone" in failed.err
    again = gke("create", "--yes")
    assert again.code == 0
    assert "its creation failed: no machines" in again.out
    assert google.clusters[ZONE, NAME].status == container_v1.Cluster.Status.RUNNING


def test_a_pool_that_failed_is_made_again(google: World, gke: Run) -> None:
    gke("create", "--yes")
    cluster = google.clusters[ZONE, NAME]
    cluster.node_pools = list(cluster.node_pools)[:1]
    google.doomed["CREATE_NODE_POOL"] = "Quota 'N2D_CPUS' exceeded. Limit: 8.0 in region us-central1."
    failed = gke("create", "--yes")
    assert failed.code == 6
    assert "gcloud compute regions describe us-central1 --project shop" in failed.err
    assert gke("create", "--yes").code == 0
    assert [pool.status.name for pool in cluster.node_pools] == ["RUNNING", "RUNNING"]


def test_a_cluster_of_somebody_else_is_left_alone(google: World, gke: Run) -> None:
    google.clusters[ZONE, NAME] = container_v1.Cluster(name=NAME, location=ZONE, status="RUNNING")
    for command in (["create"], ["scale", "--nodes", "0"], ["delete"]):
        ended = gke(*command, "--yes")
        assert ended.code == 1
        assert "--update-labels managed-by=gke-cluster" in ended.err
    assert google.changes == []


def test_a_neighbours_nat_serves_the_whole_network(google: World, gke: Run) -> None:
    gke("create", "--yes", "--name", "first")
    second = gke("create", "--yes", "--name", "second", "--control-plane-range", "172.16.0.16/28")
    assert second.code == 0
    assert "Router first-nat-router serves network default already" in second.out
    assert set(google.routers) == {"first-nat-router"}


def test_without_waiting_the_last_operation_is_only_begun(google: World, gke: Run) -> None:
    ended = gke("create", "--yes", "--no-wait")
    assert ended.code == 0
    assert google.clusters[ZONE, NAME].status == container_v1.Cluster.Status.PROVISIONING
    assert gke("create", "--yes").code == 0
    assert google.clusters[ZONE, NAME].status == container_v1.Cluster.Status.RUNNING
    assert sum(call.startswith("CreateCluster") for call in google.calls) == 1


def test_a_wait_that_is_too_long_ends_with_a_code_of_its_own(google: World, gke: Run) -> None:
    google.latency = 10**9
    ended = gke("create", "--yes", "--timeout", "1")
    assert ended.code == 5
    assert "Under way: create router" in ended.err
    assert "Not begun: create cluster" in ended.err


def test_nothing_is_changed_without_a_terminal_or_a_yes(google: World, gke: Run) -> None:
    ended = gke("create")
    assert ended.code == 2
    assert "--yes" in ended.err
    assert google.changes == []


def test_a_nat_that_somebody_added_to_our_router_stays(google: World, gke: Run) -> None:
    gke("create", "--yes")
    google.routers[f"{NAME}-nat-router"].nats = [compute_v1.RouterNat(name="by-hand")]
    assert gke("create", "--yes").code == 0
    assert [nat.name for nat in google.routers[f"{NAME}-nat-router"].nats] == ["by-hand", f"{NAME}-nat-config"]


def test_a_router_left_in_another_network_is_no_way_out(google: World, gke: Run) -> None:
    gke("create", "--yes")
    google.clusters.clear()
    ended = gke("create", "--yes", "--network", "other")
    assert ended.code == 1
    assert "in network default and not in other" in ended.err
