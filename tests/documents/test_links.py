"""The documents lead where they say, and all parts say the same licence and version."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import gke_cluster
import pytest
import yaml

from tests.documents.files import ROOT, ours

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def prose(document: Path) -> str:
    return FENCE.sub("", document.read_text())


@cache
def anchors(document: Path) -> set[str]:
    """As GitHub makes them of headings."""
    return {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        for heading in HEADING.findall(prose(document))
    }


def links(document: Path) -> Iterator[tuple[str, str]]:
    """Of each link within this repository: path, empty for the document itself, and anchor."""
    for in_markdown, in_markup in LINK.findall(prose(document)):
        target = in_markdown or in_markup
        if not target.startswith(("https://", "http://")):
            path, _, anchor = target.partition("#")
            yield unquote(path), anchor


@pytest.mark.parametrize("document", ours(".md"), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(document: Path) -> None:
    for path, anchor in links(document):
        target = (document.parent / path).resolve() if path else document
        assert target.is_relative_to(ROOT), path
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def test_one_licence_and_one_version_hold_for_all_parts() -> None:
    projects = [tomllib.loads(path.read_text())["project"] for path in ours("pyproject.toml") if path.parent != ROOT]
    packages = [json.loads(path.read_text()) for path in ours("package.json")]
    assert {part["license"] for part in projects + packages} == {"MIT"}
    assert (ROOT / "LICENSE").read_text().startswith("MIT License\n")
    charts = [yaml.safe_load(path.read_text()) for path in ours("Chart.yaml")]
    versions = {part["version"] for part in projects + packages + charts if "version" not in part.get("dynamic", ())}
    assert versions == {gke_cluster.__version__}, (
        "the one of gke-cluster stands in its package, which runs uninstalled too"
    )
