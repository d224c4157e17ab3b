"""A chart's README: its values as their comments explain them. Pure.

A comment that begins with `-- ` explains the key below it; further comment lines go on.
"""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

_COMMENT = re.compile(r"\s*# (?P<begins>-- )?(?P<text>.*)")
_KEY = re.compile(r"(?P<indent> *)(?P<key>[A-Za-z]\w*):")

README = """\
# {name}

{description} The Helm chart of [the service](../../README.md).

    helm upgrade --install {name} ./{name} --set image.tag=latest     # in the folder above this one

| value | default | meaning |
|---|---|---|
{rows}

This table is written by `make charts` from values.yaml here and from
[charts/pipeline/values.yaml](../../../charts/pipeline/values.yaml), which all charts of the pipeline share.
"""


def explanations(values: str) -> dict[str, str]:
    """What the comments of a values file say, by the path of the key, such as `image.tag`."""
    told: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    comment: list[str] = []
    for line in values.splitlines():
        if found := _COMMENT.fullmatch(line):
            if found["begins"]:
                comment = [found["text"]]
            elif comment:
                comment.append(found["text"])
        elif found := _KEY.match(line):
            indent = len(found["indent"])
            path = [*((depth, key) for depth, key in path if depth < indent), (indent, found["key"])]
            if comment:
                told[".".join(key for _, key in path)] = " ".join(comment)
            comment = []
    return told


def merged(below: Any, above: Any) -> Any:
    """Values as Helm puts them together: maps key by key, of the rest the upper one, and null takes a key away."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    both = {**below, **{key: merged(below.get(key), value) for key, value in above.items()}}
    return {key: value for key, value in both.items() if value is not None}


def readme(name: str, description: str, shared: str, own: str) -> str:
    """The README of the chart `name`, from the shared and its own values files."""
    prefix = "exports.defaults."
    told = {path.removeprefix(prefix): text for path, text in explanations(shared).items()} | explanations(own)
    values = merged(yaml.safe_load(shared)["exports"]["defaults"], yaml.safe_load(own))
    rows = [f"| `{path}` | {_default(values, path)} | {told[path]} |" for path in sorted(told, key=str.lower)]
    return README.format(name=name, description=description, rows="\n".join(rows))


def _default(values: Any, path: str) -> str:
    for key in path.split("."):
        values = values[key]
    return f"`{json.dumps(values).replace('|', chr(92) + '|')}`" if values not in ("", [], {}) else ""
