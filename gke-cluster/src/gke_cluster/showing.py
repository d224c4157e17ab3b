"""Writes what was found or planned to standard output, in the form that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from gke_cluster.cluster import Cluster
from gke_cluster.documents import plan_document, written
from gke_cluster.plans import Plan
from gke_cluster.prices import Prices
from gke_cluster.tables import plan_text


def report(output: str, text: Callable[[], str], document: Callable[[], Any]) -> None:
    """The text for a reader, or the document for a program."""
    if output == "table":
        click.echo(text())
    else:
        click.echo(written(document(), output), nl=False)


def show(plan: Plan, prices: Prices, output: str, cluster: Cluster | None = None) -> None:
    """A plan that is the last word."""
    report(output, lambda: plan_text(plan, prices), lambda: plan_document(plan, prices, cluster))
