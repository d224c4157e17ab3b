"""Files and options of the user's: what they say is taken, what they say wrongly is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from gke_command import Run


def planned(gke: Run, *arguments: str) -> dict[str, object]:
    ended = gke("create", "--dry-run", "-o", "json", *arguments)
    assert ended.code == 0, ended.err
    document: dict[str, object] = json.loads(ended.out)
    return document


def test_a_plan_is_a_configuration_that_gives_the_same_plan(gke: Run, tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(gke("create", "--dry-run", "--no-spot", "--name", "mine", "-o", "yaml").out)
    assert planned(gke, "--config", str(file)) == planned(gke, "--no-spot", "--name", "mine")


def test_options_win_over_the_file(gke: Run, tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text("cluster: {name: filed, zone: europe-west1-b}")
    assert planned(gke, "--config", str(file), "--name", "said", "--project", "shop")["target"] == {
        "project": "shop",
        "zone": "europe-west1-b",
        "name": "said",
    }


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("cluster: {nam: x}", "unknown field `nam`"),
        ("cluster: {name: Upper}", "$.name"),
        ("name: x", "no section `cluster`"),
        ("[1, 2]", "no mapping"),
        ("cluster: [", "no YAML"),
        (
            "cluster: {pools: [{name: a, machine_type: n2-standard-2, nodes: 9, disk_gb: 20, "
            "autoscaling: {least: 0, most: 3}}]}",
            "a starts with 9 nodes, and its autoscaling allows 0 to 3",
        ),
        (
            "cluster: {pools: [{name: a, machine_type: c3d-highcpu-4, nodes: 1, disk_gb: 20, disk_type: pd-standard}]}",
            "c3d-highcpu-4 takes no pd-standard disk; say pd-balanced",
        ),
    ],
)
def test_a_wrong_file_is_told_what_is_wrong(gke: Run, tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(content)
    ended = gke("create", "--dry-run", "--config", str(file))
    assert ended.code == 2
    assert told in ended.err


def test_own_prices_lie_over_the_table(gke: Run, tmp_path: Path) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text(yaml.safe_dump({"date": "2030-01", "source": "our contract", "processor_hour": {"t2d": 0}}))
    said = gke("create", "--dry-run", "--prices", str(file)).out
    assert "our contract, us-central1, as of 2030-01" in said
    assert "$59.42" not in said


def test_a_price_that_is_not_known_is_called_so(gke: Run) -> None:
    said = gke("create", "--dry-run", "--ml-machine-type", "z9-highcpu-4").out
    assert "and what is not known" in said


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--name", "demo\n", "at `$.name`, not 'demo\\n'"),
        ("--name", "My Cluster", "1 to 40 lower-case letters, digits and hyphens"),
        ("--name", "a" * 100, "1 to 40 lower-case letters"),
        ("--zone", "us-central1", "a zone such as us-central1-b"),
        ("--project", "a/b", "Project 'a/b' is not the ID of a project"),
        ("--control-plane-range", "999.1.1.0/28", "'999.1.1.0/28' is no /28 such as 172.16.0.16/28"),
        ("--control-plane-range", "172.16.0.1/28", "is no /28"),
        ("--service-account", "ü@x", "the address of a service account"),
        ("--timeout", "nan", "--timeout"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_right(gke: Run, option: str, value: str, told: str) -> None:
    ended = gke("create", "--dry-run", option, value)
    assert ended.code == 2
    assert told in ended.err


def test_a_network_may_have_a_long_name(gke: Run) -> None:
    assert planned(gke, "--network", "n" * 63)
