"""Every step is told to the user, and asked of Google by one request."""

from __future__ import annotations

from contextlib import suppress

import pytest
from gke_cluster.clients import Clients
from gke_cluster.cluster import Cluster, Limits, Target
from gke_cluster.errors import ClusterError
from gke_cluster.operations import Busy, Operations
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
from gke_command import Run
from local_google import PROJECT, REGION, ZONE, World

CLUSTER = Cluster()
TARGET = Target(PROJECT, ZONE, CLUSTER.name)
REQUESTS: list[tuple[Step, str]] = [
    (CreateRouter("router", "nat", "default", None, "ours"), "insert_router"),
    (AddNat(f"{CLUSTER.name}-nat-router", "nat", None), "patch_router"),
    (CreateCluster(CLUSTER), "CreateCluster"),
    (CreatePool(CLUSTER.pools[0]), "CreateNodePool"),
    (DeletePool("default-pool", "ended in an error"), "DeleteNodePool"),
    (SetAutoscaling("ml-pool", Limits(0, 6)), "SetNodePoolAutoscaling"),
    (SetAutoscaling("ml-pool", None), "SetNodePoolAutoscaling"),
    (SetSize("ml-pool", 3, 5), "SetNodePoolSize"),
    (DeleteCluster(CLUSTER.name, "2 pools, 6 nodes"), "DeleteCluster"),
    (DeleteDisk("pvc-1", ZONE, False, 10, "pd-balanced", "nats/data-nats-0"), "delete_disk"),
    (DeleteDisk("pvc-2", REGION, True, 10, "pd-balanced", "nats/data-nats-0"), "delete_disk"),
    (DeleteRouter("router", "with its NAT"), "delete_router"),
]
UNDER_WAY = Await("operation-1", "cluster")


def test_every_kind_of_step_is_here() -> None:
    assert {type(step) for step, _ in REQUESTS} | {Await} == set(Step.__subclasses__())


@pytest.mark.parametrize("step", [*(step for step, _ in REQUESTS), UNDER_WAY], ids=str)
def test_a_step_says_what_is_done_to_what_and_why(step: Step) -> None:
    action, what, particulars = step.words
    assert action.isalpha()
    assert action.islower()
    assert len(what.split()) > 1 or step is UNDER_WAY
    assert particulars
    assert str(step) == f"{action} {what}"


def test_a_step_is_one_request_that_changes_something(google: World, gke: Run) -> None:
    """Refused or not, as some is there already: what matters is what is asked."""
    gke("create", "--yes")
    operations = Operations(Clients(), TARGET, None)
    for step, call in REQUESTS:
        google.calls.clear()
        with suppress(ClusterError, Busy):
            operations.start(step)
        assert [change.split()[0] for change in google.changes] == [call], step


def test_what_is_under_way_is_not_asked_for_again(google: World) -> None:
    operation = Operations(Clients(), TARGET, None).start(UNDER_WAY)
    assert operation is not None
    assert operation.name == "operation-1"
    assert not google.calls
