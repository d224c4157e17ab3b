"""An entry for kubectl, as gcloud would write it for the endpoint by name. No other entry is touched."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from gke_cluster.cluster import Target
from gke_cluster.errors import ClusterError

PLUGIN = "gke-gcloud-auth-plugin"
INSTALL_HINT = f"Install {PLUGIN}: gcloud components install {PLUGIN}, or apt-get install google-cloud-cli-{PLUGIN}"


def default_path() -> Path:
    """The file that kubectl would write to."""
    listed = [entry for entry in os.environ.get("KUBECONFIG", "").split(os.pathsep) if entry]
    return Path(listed[0]) if listed else Path("~/.kube/config")


def connect(path: Path, target: Target, endpoint: str) -> str:
    """Write the entry and make it the current one; its name."""
    name = f"gke_{target.project}_{target.zone}_{target.name}"
    try:
        path = path.expanduser().resolve()  # a link stays a link
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(path):
            config = _read(path)
            _put(config, "clusters", name, {"cluster": {"server": f"https://{endpoint}"}})
            _put(config, "users", name, {"user": {"exec": _plugin()}})
            _put(config, "contexts", name, {"context": {"cluster": name, "user": name}})
            config["current-context"] = name
            _replace(path, yaml.safe_dump(config, sort_keys=False))
    except OSError as error:
        raise ClusterError(f"{path} cannot be written: {error.strerror}.") from error
    except RuntimeError as error:  # pathlib's word for a home that there is not
        raise ClusterError(f"{path} cannot be found: there is no such home folder. Say --kubeconfig.") from error
    return name


def _plugin() -> dict[str, Any]:
    return {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": PLUGIN,
        "installHint": INSTALL_HINT,
        "provideClusterInfo": True,
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        config = None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ClusterError(f"{path} is no YAML and was left as it is: {' '.join(str(error).split())}.") from error
    if config is None:
        return {"apiVersion": "v1", "kind": "Config", "preferences": {}}
    if not isinstance(config, dict) or config.get("kind", "Config") != "Config":
        raise ClusterError(f"{path} is no configuration of kubectl and was left as it is.")
    return config


def _put(config: dict[str, Any], section: str, name: str, entry: dict[str, Any]) -> None:
    """In place of the entry of that name, or at the end."""
    entries = config.get(section) or []
    named = {"name": name} | entry
    places = [place for place, other in enumerate(entries) if isinstance(other, dict) and other.get("name") == name]
    if places:
        entries[places[0]] = named
    else:
        entries.append(named)
    config[section] = entries


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Against others that write at the same time: kubectl locks with the same file."""
    lock = path.with_name(path.name + ".lock")
    try:
        lock.touch(mode=0o600, exist_ok=False)
    except FileExistsError as error:
        raise ClusterError(f"Somebody else is writing {path}. If not, remove {lock} and try again.") from error
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _replace(path: Path, text: str) -> None:
    """All of it or nothing; for its owner's eyes, or with the rights that it has."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
