"""Scaling: only as far as was said."""

from __future__ import annotations

import pytest
from gke_command import Run
from local_google import ZONE, World

NAME = "cost-optimized-cluster"


@pytest.fixture(autouse=True)
def created(google: World, gke: Run) -> None:
    gke("create", "--yes")


def test_without_a_number_nothing_happens(google: World, gke: Run) -> None:
    ended = gke("scale", "--yes")
    assert ended.code == 2
    assert "--nodes" in ended.err


def test_one_pool_or_all(google: World, gke: Run) -> None:
    assert gke("scale", "--nodes", "2", "--pool", "default-pool", "--yes").code == 0
    assert google.sizes(NAME) == {"default-pool": 2, "ml-pool": 3}
    assert gke("scale", "--nodes", "5", "--yes").code == 0
    assert google.sizes(NAME) == {"default-pool": 5, "ml-pool": 5}


def test_pools_are_scaled_at_the_same_time(google: World, gke: Run) -> None:
    gke("scale", "--nodes", "5", "--yes")
    kinds = [call.split()[0] for call in google.calls]
    first = kinds.index("SetNodePoolSize")
    assert kinds[first : first + 3] == ["SetNodePoolSize", "SetNodePoolSize", "GetOperation"]


def test_what_has_its_size_is_left_alone(google: World, gke: Run) -> None:
    before = list(google.changes)
    ended = gke("scale", "--nodes", "3", "--yes")
    assert ended.code == 0
    assert google.changes == before


def test_the_limits_of_autoscaling_are_kept(google: World, gke: Run) -> None:
    ended = gke("scale", "--nodes", "7", "--yes")
    assert ended.code == 2
    assert "ml-pool is autoscaled from 0 to 6 nodes" in ended.err
    assert google.sizes(NAME) == {"default-pool": 3, "ml-pool": 3}


def test_at_zero_the_autoscaler_brings_no_node_back_and_comes_back_with_the_first(google: World, gke: Run) -> None:
    assert gke("scale", "--nodes", "0", "--yes").code == 0
    ml = google.clusters[ZONE, NAME].node_pools[1]
    assert google.sizes(NAME) == {"default-pool": 0, "ml-pool": 0}
    assert not ml.autoscaling.enabled
    assert gke("scale", "--nodes", "7", "--pool", "ml-pool", "--yes").code == 2
    assert gke("scale", "--nodes", "2", "--yes").code == 0
    assert (ml.autoscaling.enabled, ml.autoscaling.min_node_count, ml.autoscaling.max_node_count) == (True, 0, 6)


def test_real_sizes_are_read_not_those_of_the_creation(google: World, gke: Run) -> None:
    gke("scale", "--nodes", "1", "--yes")
    assert "from 1 to 4 nodes" in gke("scale", "--nodes", "4", "--dry-run").out


def test_a_dry_run_changes_nothing(google: World, gke: Run) -> None:
    before = list(google.changes)
    assert gke("scale", "--nodes", "0", "--dry-run").code == 0
    assert google.changes == before


def test_an_unknown_pool_is_told_with_those_that_there_are(google: World, gke: Run) -> None:
    ended = gke("scale", "--nodes", "1", "--pool", "gpu-pool", "--yes")
    assert ended.code == 2
    assert "default-pool, ml-pool" in ended.err


def test_no_such_cluster_has_its_own_code(google: World, gke: Run) -> None:
    ended = gke("scale", "--nodes", "1", "--name", "other", "--yes")
    assert ended.code == 4


def test_one_that_fails_does_not_hide_the_other(google: World, gke: Run) -> None:
    google.doomed["SET_NODE_POOL_SIZE"] = "no machines"
    ended = gke("scale", "--nodes", "5", "--yes")
    assert ended.code == 1
    assert "Could not scale pool default-pool: no machines" in ended.err
    assert google.sizes(NAME) == {"default-pool": 3, "ml-pool": 5}
