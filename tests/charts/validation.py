"""Rendered objects, held against the schemas of their kinds; unknown fields and unknown kinds fail."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import kubernetes_validate
from jsonschema import Draft202012Validator

from tests.charts.rendering import Release

KUBERNETES = "1.33"
CUSTOM = {
    path.stem: Draft202012Validator(json.loads(path.read_text()))
    for path in Path(__file__).parent.glob("schemas/*.json")
}
"""By kind, those of controllers; see schemas/README.md."""


def validate(release: Release) -> None:
    for each in release.objects:
        _validate(json.dumps(each))


@cache
def _validate(manifest: str) -> None:
    """Once for each object that is the same under several values: the schemas are large."""
    each = json.loads(manifest)
    if each["kind"] in CUSTOM:
        CUSTOM[each["kind"]].validate(each)
    else:
        kubernetes_validate.validate(each, KUBERNETES, strict=True)
