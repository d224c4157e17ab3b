"""Ctrl-C, at every call: what runs is told, and the same command again reaches the same end."""

from __future__ import annotations

import itertools

from gke_command import Run
from local_google import World

NAME = "cost-optimized-cluster"


def shape(google: World) -> object:
    """What there is, without what depends on when it was made."""
    clusters = {
        key: (cluster.status.name, [(pool.name, pool.status.name) for pool in cluster.node_pools])
        for key, cluster in google.clusters.items()
    }
    routers = {name: [nat.name for nat in router.nats] for name, router in google.routers.items()}
    return clusters, routers, dict(google.groups), set(google.disks)


def wiped(google: World) -> None:
    for things in (google.clusters, google.routers, google.disks, google.groups, google.operations, google.calls):
        things.clear()
    google.interrupt_at = None


def test_create_goes_on_after_ctrl_c_at_every_call(google: World, gke: Run) -> None:
    assert gke("create", "--yes").code == 0
    wanted = shape(google)
    for call in itertools.count(1):
        wiped(google)
        google.interrupt_at = call
        stopped = gke("create", "--yes")
        if stopped.code == 0:
            break
        assert stopped.code == 130
        assert "Interrupted." in stopped.err
        if google.changes:
            assert "same command again" in stopped.err or "not looked at again" in stopped.err
        google.interrupt_at = None
        if call % 2:  # what was begun has ended meanwhile, or not
            google.settle()
        again = gke("create", "--yes")
        assert again.code == 0, again.err
        assert shape(google) == wanted
        assert sum(change.startswith("CreateCluster") for change in google.changes) <= 2
    assert call > 10


def test_delete_goes_on_after_ctrl_c_at_every_call(google: World, gke: Run) -> None:
    for call in itertools.count(1):
        wiped(google)
        gke("create", "--yes")
        google.add_volume("nats/data-0", NAME)
        kept = google.add_volume("nats/data-0", "neighbour")
        google.calls.clear()
        google.interrupt_at = call
        stopped = gke("delete", "--yes")
        if stopped.code == 0:
            break
        assert stopped.code == 130
        google.interrupt_at = None
        if call % 2:  # what was begun has ended meanwhile, or not
            google.settle()
        again = gke("delete", "--yes")
        assert again.code == 0, again.err
        assert (google.clusters, google.routers, google.groups) == ({}, {}, {})
        assert [name for _, name in google.disks] == [kept]
    assert call > 10


def test_what_is_under_way_is_told(google: World, gke: Run) -> None:
    google.latency = 5
    google.interrupt_at = 1 + next(
        number for number, call in enumerate(_calls_of_a_creation(google, gke), 1) if call.startswith("CreateCluster")
    )
    stopped = gke("create", "--yes")
    assert stopped.code == 130
    assert "Under way: create cluster cost-optimized-cluster (operation-" in stopped.err


def _calls_of_a_creation(google: World, gke: Run) -> list[str]:
    gke("create", "--yes")
    calls = list(google.calls)
    wiped(google)
    return calls
