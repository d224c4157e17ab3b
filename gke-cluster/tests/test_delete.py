"""Deleting: all of this cluster, and nothing else."""

from __future__ import annotations

import pytest
from gke_command import Run
from google.cloud import compute_v1
from local_google import ZONE, Fault, World

NAME = "cost-optimized-cluster"


@pytest.fixture(autouse=True)
def created(google: World, gke: Run) -> None:
    gke("create", "--yes")


def disks(google: World) -> set[str]:
    return {name for _, name in google.disks}


def test_nothing_of_it_is_left(google: World, gke: Run) -> None:
    google.add_volume("nats/data-0", NAME)
    ended = gke("delete", "--yes")
    assert ended.code == 0, ended.err
    assert "nothing is left" in ended.out
    assert (google.clusters, google.routers, google.disks, google.groups) == ({}, {}, {}, {})


def test_a_neighbours_disks_are_left_alone(google: World, gke: Run) -> None:
    mine = google.add_volume("nats/data-0", NAME)
    others = {
        google.add_volume("nats/data-0", "neighbour"),
        google.add_volume("nats/data-0", "neighbour", attached=False),
        google.add_volume("nats/data-0", NAME, "us-central1-c", attached=False),
        google.add_volume("nats/data-0", f"{NAME}-2", attached=False),
        google.add_volume("nats/data-0", None),
    }
    plain = compute_v1.Disk(name="backups", labels={"goog-k8s-cluster-name": NAME, "goog-k8s-cluster-location": ZONE})
    google.disks[f"zones/{ZONE}", "backups"] = plain
    ended = gke("delete", "--yes")
    assert ended.code == 0
    assert mine in ended.out
    assert disks(google) == others | {"backups"}
    assert not any(other in ended.out for other in others)
    assert "1 volumes' disks in the zone do not say whose they are: they stay." in " ".join(ended.out.split())


def test_the_disks_can_stay(google: World, gke: Run) -> None:
    mine = google.add_volume("nats/data-0", NAME)
    assert gke("delete", "--yes", "--keep-disks").code == 0
    assert disks(google) == {mine}
    assert not google.clusters


def test_regional_disks_go_too(google: World, gke: Run) -> None:
    name = google.add_volume("nats/data-0", NAME)
    disk = google.disks.pop((f"zones/{ZONE}", name))
    disk.region, disk.zone = "https://www.googleapis.com/compute/v1/projects/shop/regions/us-central1", ""
    google.disks["regions/us-central1", name] = disk
    assert gke("delete", "--yes").code == 0
    assert not google.disks


def test_the_cluster_goes_before_its_disks_and_its_router(google: World, gke: Run) -> None:
    google.add_volume("nats/data-0", NAME)
    gke("delete", "--yes")
    changes = [change.split()[0] for change in google.changes][2:]
    assert changes[0] == "DeleteCluster"
    assert set(changes[1:]) == {"delete_disk", "delete_router"}


def test_a_router_that_others_go_out_through_stays_as_long_as_they_do(google: World, gke: Run) -> None:
    gke("create", "--yes", "--name", "second", "--control-plane-range", "172.16.0.16/28")
    ended = gke("delete", "--yes")
    assert ended.code == 0
    assert f"Router {NAME}-nat-router stays: the nodes of second" in ended.out
    assert set(google.routers) == {f"{NAME}-nat-router"}
    last = gke("delete", "--yes", "--name", "second")
    assert f"gke-cluster delete --name {NAME} --zone {ZONE}" in " ".join(last.out.split())
    assert gke("delete", "--yes").code == 0
    assert not google.routers


def test_after_a_partial_failure_the_rest_is_removed(google: World, gke: Run) -> None:
    google.add_volume("nats/data-0", NAME)
    google.add_volume("nats/data-1", NAME)
    google.doomed["delete disk"] = "internal error"
    failed = gke("delete", "--yes")
    assert failed.code == 1
    assert len(google.disks) == 1
    assert not google.clusters
    assert not google.routers
    assert gke("delete", "--yes").code == 0
    assert not google.disks


@pytest.mark.parametrize("said_by", ["kubernetes.io", "networking.gke.io"])
def test_load_balancers_that_outlive_the_cluster_are_told_before_and_after(
    google: World, gke: Run, said_by: str
) -> None:
    address = google.add_balancer("nginx/gateway", NAME, said_by)
    others = {
        google.add_balancer("nginx/gateway", f"{NAME}-2"),
        google.add_balancer("nginx/gateway", "neighbour"),
    }
    google.forwarding_rules += [compute_v1.ForwardingRule(name="by-hand", I_p_address=address)]
    google.firewalls += [
        compute_v1.Firewall(name="by-hand", description=words, target_tags=[f"gke-{NAME}-1a2b3c4d-node"])
        for words in ("", "[]", "made by hand", '{"kubernetes.io/service-ip": 7}')
    ]
    planned = " ".join(gke("delete", "--dry-run").out.split())
    assert f"Load balancer {address} of Service nginx/gateway outlives the cluster" in planned
    assert "kubectl delete service gateway --namespace nginx" in planned
    ended = gke("delete", "--yes")
    assert ended.code == 0
    closing = ended.out[ended.out.index("Looked again") :]
    assert "nothing is left of cost-optimized-cluster, but for what outlives it." in closing
    assert f"gcloud compute forwarding-rules delete {google.forwarding_rules[0].name} --region us-central1" in closing
    assert not any(other in planned + ended.out for other in others | {"by-hand"})
    assert len(google.forwarding_rules) == 4, "none was deleted"


def test_twice_is_once(google: World, gke: Run) -> None:
    gke("delete", "--yes")
    before = list(google.changes)
    again = gke("delete", "--yes")
    assert again.code == 0
    assert "Nothing to do" in again.out
    assert google.changes == before


def test_a_dry_run_changes_nothing(google: World, gke: Run) -> None:
    google.add_volume("nats/data-0", NAME)
    before = list(google.changes)
    ended = gke("delete", "--dry-run")
    assert ended.code == 0
    assert "data of nats/data-0" in ended.out
    assert google.changes == before


def test_nothing_is_deleted_without_a_terminal_or_a_yes(google: World, gke: Run) -> None:
    before = list(google.changes)
    assert gke("delete").code == 2
    assert google.changes == before


def test_a_disk_that_is_released_late_is_waited_for(google: World, gke: Run) -> None:
    google.add_volume("nats/data-0", NAME)
    google.faults.append(("delete_disk", Fault("INVALID_ARGUMENT", "The disk is already being used by 'node'")))
    ended = gke("delete", "--yes")
    assert ended.code == 0, ended.err
    assert "waits. " in ended.err
    assert not google.disks


def test_a_connection_lost_between_pages_loses_no_disk(google: World, gke: Run) -> None:
    google.page = 2
    for number in range(7):
        google.add_volume(f"nats/data-{number}", NAME)
    google.faults += [("list_all_disks", Fault("DROPPED")), ("list_all_disks", Fault("INTERNAL"))]
    assert gke("delete", "--yes").code == 0
    assert not google.disks
