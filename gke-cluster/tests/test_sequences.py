"""Any sequence of commands, with failures between, ends in the state that its last commands planned."""

from __future__ import annotations

from typing import Any

from gke_command import Run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from local_google import ZONE, Fault, World

NAMES = ("first", "second")
POOLS = ("default-pool", "ml-pool")
CALLS = ("insert_router", "CreateCluster", "DeleteCluster", "SetNodePoolSize", "delete_disk", "ListClusters")
KINDS = ("CREATE_CLUSTER", "DELETE_CLUSTER", "SET_NODE_POOL_SIZE", "delete disk")

names = st.sampled_from(NAMES)
commands = st.one_of(
    st.tuples(st.just("create"), names),
    st.tuples(st.just("delete"), names),
    st.tuples(st.just("scale"), names, st.integers(0, 6), st.sampled_from((*POOLS, None))),
    st.tuples(st.just("volume"), names),
    st.tuples(st.just("lose"), st.sampled_from(CALLS), st.booleans()),
    st.tuples(st.just("doom"), st.sampled_from(KINDS)),
)
Model = dict[str, dict[str, int]]  # the planned number of nodes of each pool of each cluster


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequence=st.lists(commands, max_size=8))
def test_any_sequence_ends_in_the_planned_state(google: World, gke: Run, sequence: list[tuple[Any, ...]]) -> None:
    _empty(google)
    model: Model = {}
    for command, *arguments in sequence:
        if command == "lose":
            google.faults.append((arguments[0], Fault("DROPPED", applied=arguments[1])))
        elif command == "doom":
            google.doomed[arguments[0]] = "internal error"
        elif command == "volume":
            if arguments[0] in model:
                google.add_volume("nats/data", arguments[0])
        else:
            _until_it_succeeds(gke, model, command, *arguments)
            assert {name: google.sizes(name) for _, name in google.clusters} == model
            _nothing_is_orphaned(google, model)


def _until_it_succeeds(gke: Run, model: Model, command: str, name: str, *rest: Any) -> None:
    arguments = [command, "--name", name, "--yes"]
    if command == "create":
        model.setdefault(name, dict.fromkeys(POOLS, 3))
    elif command == "delete":
        model.pop(name, None)
    else:
        nodes, pool = rest
        arguments += ["--nodes", str(nodes), *(["--pool", pool] if pool else [])]
        if name not in model:
            assert gke(*arguments).code == 4
            return
        model[name] |= {scaled: nodes for scaled in POOLS if pool in (None, scaled)}
    codes = []
    for _ in range(1 + len(KINDS)):  # each failure that was prepared costs one attempt at the most
        codes.append(gke(*arguments).code)
        if codes[-1] == 0:
            return
    raise AssertionError(f"{arguments} ended with {codes}")


def _nothing_is_orphaned(google: World, model: Model) -> None:
    for disk in google.disks.values():
        assert disk.labels["goog-k8s-cluster-name"] in model
    assert bool(google.routers) >= bool(model), "nodes without a way out"
    for (zone, name), cluster in google.clusters.items():
        assert (zone, cluster.status.name) == (ZONE, "RUNNING"), name
        ml = cluster.node_pools[1]
        assert ml.autoscaling.enabled == (model[name]["ml-pool"] > 0)


def _empty(google: World) -> None:
    for things in (google.clusters, google.routers, google.disks, google.groups, google.operations, google.calls):
        things.clear()
    google.faults.clear()
    google.doomed.clear()
