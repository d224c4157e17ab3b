"""Google refuses, fails, breaks connections: each is told with what mends it, or overcome."""

from __future__ import annotations

import errno

import pytest
from gke_command import Run
from google.cloud import container_v1
from local_google import ZONE, Fault, World

NAME = "cost-optimized-cluster"
DISABLED = (
    "Kubernetes Engine API has not been used in project 1 before or it is disabled. Enable it by visiting "
    "https://console.developers.google.com/apis/api/container.googleapis.com/overview then retry."
)


@pytest.mark.parametrize("call", ["insert_router", "CreateCluster"])
@pytest.mark.parametrize("applied", [True, False])
def test_a_lost_answer_is_overcome(google: World, gke: Run, call: str, applied: bool) -> None:
    google.faults.append((call, Fault("DROPPED", applied=applied)))
    ended = gke("create", "--yes")
    assert ended.code == 0, ended.err
    assert google.clusters[ZONE, NAME].status == container_v1.Cluster.Status.RUNNING
    assert len(google.routers) == 1


@pytest.mark.parametrize("call", ["ListClusters", "list_routers", "list_all_disks", "GetOperation", "get_operation"])
def test_a_passing_failure_of_reading_is_overcome(google: World, gke: Run, call: str) -> None:
    google.faults += [(call, Fault("UNAVAILABLE")), (call, Fault("DROPPED"))]
    assert gke("create", "--yes").code == 0


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("call", ["DeleteCluster", "delete_disk", "delete_router"])
def test_a_lost_answer_to_a_deletion_is_overcome(google: World, gke: Run, call: str, applied: bool) -> None:
    gke("create", "--yes")
    google.add_volume("nats/data-0", NAME)
    google.latency = 0
    google.faults.append((call, Fault("DROPPED", applied=applied)))
    ended = gke("delete", "--yes")
    assert ended.code == 0, ended.err
    assert not google.clusters
    assert not google.disks
    assert not google.routers


def test_a_deletion_whose_answer_was_lost_is_followed_and_not_asked_for_again_and_again(
    google: World, gke: Run
) -> None:
    gke("create", "--yes")
    google.latency = 20
    google.faults.append(("DeleteCluster", Fault("DROPPED", applied=True)))
    assert gke("delete", "--yes").code == 0
    assert sum(call.startswith("DeleteCluster") for call in google.calls) == 2


def test_an_api_that_is_off_is_told_with_the_command_that_switches_it_on(google: World, gke: Run) -> None:
    google.faults.append(("ListClusters", Fault("PERMISSION_DENIED", DISABLED, "SERVICE_DISABLED")))
    ended = gke("create", "--yes")
    assert ended.code == 6
    assert "gcloud services enable container.googleapis.com --project shop" in ended.err


def test_a_missing_permission_is_told_with_the_roles(google: World, gke: Run) -> None:
    denied = "Required 'compute.routers.create' permission for 'projects/shop/regions/us-central1/routers/x'"
    google.faults.append(("insert_router", Fault("PERMISSION_DENIED", denied)))
    ended = gke("create", "--yes")
    assert ended.code == 6
    assert denied in ended.err
    assert "gcloud projects add-iam-policy-binding shop" in ended.err
    assert "roles/compute.networkAdmin" in ended.err


def test_a_quota_is_told_with_where_more_is_to_be_had(google: World, gke: Run) -> None:
    quota = (
        "Insufficient regional quota to satisfy request: resource 'CPUS': request requires '18.0' and is short '6.0'."
    )
    google.faults.append(("CreateCluster", Fault("PERMISSION_DENIED", quota)))
    ended = gke("create", "--yes")
    assert ended.code == 6
    assert quota in ended.err
    assert "gcloud compute regions describe us-central1 --project shop" in ended.err


def test_a_failed_operation_is_no_success(google: World, gke: Run) -> None:
    gke("create", "--yes")
    google.doomed["DELETE_CLUSTER"] = "internal error"
    ended = gke("delete", "--yes")
    assert ended.code == 1
    assert "Could not delete cluster cost-optimized-cluster: internal error" in ended.err
    assert not any(call.startswith("delete_router") for call in google.calls)


def test_a_busy_cluster_is_waited_for(google: World, gke: Run) -> None:
    gke("create", "--yes")
    busy = Fault("FAILED_PRECONDITION", "Cluster is running incompatible operation operation-7.")
    google.faults.append(("SetNodePoolSize", busy))
    ended = gke("scale", "--nodes", "1", "--yes")
    assert ended.code == 0, ended.err
    assert "scale pool default-pool: waits. Cluster is running incompatible operation" in ended.err
    assert google.sizes(NAME) == {"default-pool": 1, "ml-pool": 1}


def test_a_zone_that_does_not_answer_is_no_empty_zone(google: World, gke: Run) -> None:
    google.silent_zones.append(ZONE)
    ended = gke("delete", "--yes")
    assert ended.code == 1
    assert ZONE in ended.err
    assert google.changes == []


def test_what_google_says_moves_no_cursor(google: World, gke: Run) -> None:
    google.faults.append(("CreateCluster", Fault("INVALID_ARGUMENT", "bad \x1b[2J name")))
    ended = gke("create", "--yes")
    assert ended.code == 1
    assert "bad \\x1b[2J name" in ended.err


def test_no_credentials_are_told_with_the_login(
    google: World, gke: Run, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.delenv("CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path_factory.mktemp("none") / "missing.json"))
    ended = gke("list")
    assert ended.code == 6
    assert "gcloud auth application-default login" in ended.err


def test_expired_credentials_are_told_with_the_login(google: World, gke: Run) -> None:
    google.faults.append(("list_routers", Fault("UNAUTHENTICATED", "Request had invalid credentials")))
    ended = gke("status")
    assert ended.code == 6
    assert "gcloud auth application-default login" in ended.err


def test_a_project_that_nobody_pays_for_is_told_so(google: World, gke: Run) -> None:
    google.faults.append(("ListClusters", Fault("PERMISSION_DENIED", "It requires billing to be enabled.")))
    ended = gke("status")
    assert ended.code == 6
    assert "gcloud billing projects link shop" in ended.err


def test_a_failure_is_told_also_when_the_wait_for_its_neighbour_is_too_long(google: World, gke: Run) -> None:
    gke("create", "--yes")
    google.faults.append(("SetNodePoolSize", Fault("INVALID_ARGUMENT", "no such size")))
    google.latency = 10**9
    ended = gke("scale", "--nodes", "5", "--yes", "--timeout", "1")
    assert ended.code == 5
    assert "Could not scale pool default-pool: no such size" in ended.err


def test_output_on_a_full_disk_is_no_traceback(gke: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("click.echo", full)
    ended = gke("create", "--dry-run")
    assert ended.code == 1
    assert "could not be written: No space left on device" in ended.err
