"""Links, mentions and tags of a text (app.bsky.richtext.facet). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pipeline_core.messages import Facet

MOST_FACETS = 100  # a text of 300 graphemes has room for no more; a hostile record could bring thousands
LONGEST_VALUE = 2048  # characters; what is longer is no address that a browser opens

_TYPE = "app.bsky.richtext.facet#"
_FEATURES: dict[str, tuple[Literal["link", "mention", "tag"], str]] = {
    f"{_TYPE}link": ("link", "uri"),
    f"{_TYPE}mention": ("mention", "did"),
    f"{_TYPE}tag": ("tag", "tag"),
}


def facets(record: dict[str, Any], text: str) -> list[Facet]:
    """What of a record's facets can be understood and lies within its text, in their order. The rest is no reason to
    lose the post."""
    told = record.get("facets")
    if not isinstance(told, list):
        return []
    length = len(text.encode("utf-8", "surrogatepass"))
    return [
        Facet.model_construct(start=start, end=end, kind=kind, value=value)
        for facet in told[:MOST_FACETS]
        for start, end, kind, value in _features(facet)
        if 0 <= start < end <= length
    ]


def values(found: list[Facet], kind: str, further: Any = None) -> list[str]:
    """The distinct values of one kind in their order, and then those of the list `further`, if it is one."""
    more = [value for value in further[:MOST_FACETS] if isinstance(value, str)] if isinstance(further, list) else []
    return list(dict.fromkeys([*(facet.value for facet in found if facet.kind == kind), *more]))


def _features(facet: Any) -> Iterator[tuple[int, int, Literal["link", "mention", "tag"], str]]:
    if not isinstance(facet, dict):
        return
    index, features = facet.get("index"), facet.get("features")
    if not isinstance(index, dict) or not isinstance(features, list):
        return
    start, end = index.get("byteStart"), index.get("byteEnd")
    if type(start) is not int or type(end) is not int:
        return
    for feature in features[:MOST_FACETS]:
        kind, key = _FEATURES.get(str(feature.get("$type")), (None, "")) if isinstance(feature, dict) else (None, "")
        if kind is not None and isinstance(value := feature.get(key), str) and len(value) <= LONGEST_VALUE:
            yield start, end, kind, value
