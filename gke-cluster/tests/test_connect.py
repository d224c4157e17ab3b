"""The entry for kubectl, beside all others."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import yaml
from gke_command import Run
from local_google import ZONE, World

NAME = "cost-optimized-cluster"
CONTEXT = f"gke_shop_{ZONE}_{NAME}"
OTHER = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "home", "cluster": {"server": "https://10.0.0.1", "insecure-skip-tls-verify": True}}],
    "users": [{"name": "me", "user": {"token": "secret"}}],
    "contexts": [{"name": "home", "context": {"cluster": "home", "user": "me", "namespace": "web"}}],
    "current-context": "home",
    "extensions": [{"name": "kept"}],
}


@pytest.fixture(autouse=True)
def created(google: World, gke: Run) -> None:
    gke("create", "--yes")


def test_a_new_file_is_for_its_owner_alone(gke: Run, tmp_path: Path) -> None:
    path = tmp_path / "new" / "config"
    assert gke("connect", "--kubeconfig", str(path)).code == 0
    config = yaml.safe_load(path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert config["current-context"] == CONTEXT
    assert config["clusters"] == [{"name": CONTEXT, "cluster": {"server": f"https://gke-{NAME}.{ZONE}.gke.goog"}}]
    assert config["users"][0]["user"]["exec"]["command"] == "gke-gcloud-auth-plugin"
    assert sorted(file.name for file in path.parent.iterdir()) == ["config"]


def test_other_entries_stay_and_twice_is_once(gke: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(OTHER))
    monkeypatch.setenv("KUBECONFIG", f"{path}:{tmp_path / 'second'}")
    gke("connect")
    first = path.read_text()
    gke("connect")
    config = yaml.safe_load(first)
    assert path.read_text() == first
    for section in ("clusters", "users", "contexts"):
        assert config[section][0] == OTHER[section][0]
        assert [entry["name"] for entry in config[section]][1:] == [CONTEXT]
    assert config["extensions"] == OTHER["extensions"]


@pytest.mark.parametrize("content", ["clusters: [", "- a list", "kind: Pod"])
def test_a_file_that_is_not_understood_stays_as_it_is(gke: Run, tmp_path: Path, content: str) -> None:
    path = tmp_path / "config"
    path.write_text(content)
    ended = gke("connect", "--kubeconfig", str(path))
    assert ended.code == 1
    assert "was left as it is" in ended.err
    assert path.read_text() == content


def test_a_link_stays_a_link(gke: Run, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    gke("connect", "--kubeconfig", str(tmp_path / "link"))
    assert (tmp_path / "link").is_symlink()
    assert CONTEXT in (tmp_path / "real").read_text()


def test_kubectls_lock_is_respected(gke: Run, tmp_path: Path) -> None:
    (tmp_path / "config.lock").touch()
    ended = gke("connect", "--kubeconfig", str(tmp_path / "config"))
    assert ended.code == 1
    assert "Somebody else is writing" in ended.err
    assert not (tmp_path / "config").exists()


def test_a_cluster_without_an_endpoint_by_name_is_told_how_to_get_one(google: World, gke: Run, tmp_path: Path) -> None:
    google.clusters[ZONE, NAME].control_plane_endpoints_config.dns_endpoint_config.endpoint = ""
    ended = gke("connect", "--kubeconfig", str(tmp_path / "config"))
    assert ended.code == 1
    assert "--enable-dns-access" in ended.err
