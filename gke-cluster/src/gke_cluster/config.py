"""Reads what the user wrote: the cluster of a file, with the options of the command line over it; own prices."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from gke_cluster.cluster import MEANINGS, PROJECT, Cluster, NodePool, contradictions
from gke_cluster.errors import Misused
from gke_cluster.prices import LIST_PRICES, Prices

_Kind = TypeVar("_Kind")
DEFAULT_POOL, ML_POOL = "default-pool", "ml-pool"


def cluster(
    file: Path | None, over: dict[str, Any], machine_types: dict[str, str | None], spot: bool | None
) -> Cluster:
    """The cluster as it shall be.

    `over` holds settings of the cluster, `machine_types` one a pool; what is None was not given.
    """
    base = Cluster() if file is None else _checked(_cluster_section(file), Cluster, str(file))
    chosen = {name: value for name, value in over.items() if value is not None}
    pools = [_pool(pool, machine_types.get(pool.name), spot) for pool in base.pools]
    for name in (name for name, machine_type in machine_types.items() if machine_type is not None):
        if name not in {pool.name for pool in pools}:
            raise Misused(f"{file} has no pool {name} whose machine type could be set.")
    whole = msgspec.to_builtins(base) | chosen | {"pools": msgspec.to_builtins(pools)}
    made = _checked(whole, Cluster, "the options")
    if found := contradictions(made):
        raise Misused("; ".join(found) + ".")
    return made


def project(given: str) -> str:
    """The project's ID. Unchecked it would stand in addresses, and in commands that are to be pasted into a shell."""
    if re.search(PROJECT, given) is None:
        raise Misused(f"Project {given!r} is not {MEANINGS[PROJECT]}.")
    return given


def prices(file: Path | None) -> Prices:
    """The embedded table, with the user's own prices over it."""
    if file is None:
        return LIST_PRICES
    own = _mapping(file)
    base = msgspec.to_builtins(LIST_PRICES)
    merged = {
        name: base[name] | value if isinstance(value, dict) and isinstance(base.get(name), dict) else value
        for name, value in own.items()
    }
    return _checked(base | merged, Prices, str(file))


def _pool(pool: NodePool, machine_type: str | None, spot: bool | None) -> NodePool:
    changed = pool if spot is None else msgspec.structs.replace(pool, spot=spot)
    # Another machine type may not take the disk that was meant for the first.
    return (
        changed if machine_type is None else msgspec.structs.replace(changed, machine_type=machine_type, disk_type=None)
    )


def _cluster_section(file: Path) -> Any:
    document = _mapping(file)
    # What `create --dry-run -o yaml` says beside the cluster is no setting.
    if "cluster" not in document:
        raise Misused(f"{file} has no section `cluster`. `gke-cluster create --dry-run -o yaml` writes a whole file.")
    return document["cluster"]


def _mapping(file: Path) -> dict[str, Any]:
    import yaml

    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misused(f"{file} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Misused(f"{file} is no YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(document, dict):
        raise Misused(f"{file} is no mapping of names to values.")
    plain: dict[str, Any] = msgspec.to_builtins(document, str_keys=True)  # YAML makes a date of 2030-01-31
    return plain


def _checked(document: Any, kind: type[_Kind], where: str) -> _Kind:
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise Misused(f"In {where}: {_in_words(error, document)}.") from error


def _in_words(error: msgspec.ValidationError, document: Any) -> str:
    """What was expected, without a regular expression, and what there is."""
    words = str(error)
    for pattern, meaning in MEANINGS.items():
        words = words.replace(f"`str` matching regex {pattern!r}", meaning)
    value, path = document, words.partition("`$")[2]
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        value = value[name or int(index)]
    return f"{words}, not {value!r}" if path and isinstance(value, str | int | float) else words
