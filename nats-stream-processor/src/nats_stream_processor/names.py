"""What a model can be called: an embedded one, a folder, or a model of the hub. Pure, and strict about every character,
because a part of each name becomes a path in the cache."""

from __future__ import annotations

import re
from dataclasses import dataclass

EMBEDDED = "embedded"

_PART = r"[A-Za-z0-9](?:\w|[.-](?=\w))*"
_HUB_MODEL = re.compile(rf"(?P<repository>{_PART}/{_PART})(?:@(?P<revision>{_PART}(?:/{_PART})*))?", re.ASCII)
_FILE = re.compile(rf"(?:{_PART}/)*{_PART}\.onnx", re.ASCII)
_MOST_CHARACTERS = 96  # of owner and name together: the hub's own limit


@dataclass(frozen=True, slots=True)
class HubModel:
    """`owner/name` on the hub, at a branch, tag or commit; the default branch where `revision` is None."""

    repository: str
    revision: str | None

    def __str__(self) -> str:
        return f"{self.repository}@{self.revision}" if self.revision else self.repository


def folder_or_hub_model(name: str) -> str | HubModel:
    """A folder begins with `/`, `.` or `~`: none that happens to exist stands in for a model of the hub.

    Raises ValueError where the name is neither."""
    if name.startswith(("/", ".", "~")):
        return name
    found = _HUB_MODEL.fullmatch(name)
    if found is None or found["repository"].endswith(".git") or len(found["repository"]) > _MOST_CHARACTERS:
        raise ValueError(
            f"give {EMBEDDED}, a folder (beginning with /, ./ or ~/) or a model of the hub as owner/name or "
            "owner/name@revision"
        )
    return HubModel(found["repository"], found["revision"])


def model_name(name: str) -> str:
    """The name itself. Raises ValueError where no model can be called so."""
    if name != EMBEDDED:
        folder_or_hub_model(name)
    return name


def onnx_file(path: str) -> str:
    """The path itself. Raises ValueError where it is not one of an ONNX file inside a model's folder."""
    if not _FILE.fullmatch(path):
        raise ValueError("give a file inside the model such as onnx/model_int8.onnx")
    return path
