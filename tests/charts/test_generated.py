"""What `make charts` writes is up to date, and a fresh clone needs no step before it is installed."""

from __future__ import annotations

import pytest
from helm_python.chart import lint

from charts.__main__ import CHARTS, generated
from charts.documentation import explanations
from tests.charts.rendering import ROOT, SERVICES, folder


@pytest.mark.parametrize("service", SERVICES)
def test_readme_and_schema_are_what_make_charts_would_write(service: str) -> None:
    for path, text in generated(service).items():
        assert path.read_text() == text, f"{path.relative_to(ROOT)} is old: make charts"


def test_every_chart_is_generated() -> None:
    assert set(CHARTS) == set(SERVICES)


def test_a_comment_belongs_to_the_key_below_it() -> None:
    values = "# about the file\n# -- one\n# and more\na: 1\nb:\n  # -- two\n  c: {}\n  d: 2\ne: 3\n"
    assert explanations(values) == {"a": "one and more", "b.c": "two"}


@pytest.mark.parametrize("service", SERVICES)
def test_the_shared_chart_is_a_link_within_the_repository(service: str) -> None:
    shared = folder(service) / "charts" / "pipeline"
    assert shared.is_symlink()
    assert not shared.readlink().is_absolute()
    assert shared.resolve() == ROOT / "charts" / "pipeline"


@pytest.mark.parametrize("service", SERVICES)
def test_lint_finds_nothing_but_that_there_is_no_icon(service: str) -> None:
    found = [message["error"] for message in lint(folder(service), strict=True)["messages"]]
    assert found == ["icon is recommended"]
