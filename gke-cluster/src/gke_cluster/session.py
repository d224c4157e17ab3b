"""Shows a plan, asks, carries it out, and proves it: planned again from what is there, nothing is left to do."""

from __future__ import annotations

from collections.abc import Callable

import click
import msgspec

from gke_cluster.asking import Question, ask
from gke_cluster.clients import Clients
from gke_cluster.cluster import Cluster, Target
from gke_cluster.documents import plan_document
from gke_cluster.errors import ClusterError
from gke_cluster.execute import Execution
from gke_cluster.explain import explained
from gke_cluster.found import Found, FoundCluster
from gke_cluster.interrupts import interruptible, undisturbed
from gke_cluster.operations import Operations
from gke_cluster.plans import Plan
from gke_cluster.prices import Prices
from gke_cluster.progress import told
from gke_cluster.reading import Reading
from gke_cluster.showing import report, show
from gke_cluster.steps import Await
from gke_cluster.tables import plan_text


class Choices(msgspec.Struct, frozen=True):
    """How a plan is carried out."""

    dry_run: bool
    yes: bool
    wait: bool
    timeout: int  # seconds
    output: str


class Session:
    """One command at Google."""

    def __init__(self, target: Target, prices: Prices) -> None:
        self._clients = Clients()
        self._target, self._prices = target, prices

    def read(self) -> Found:
        """All that concerns the cluster."""
        with undisturbed(), explained(self._target.project, self._target):
            return Reading(self._clients, self._target.project).concerning(self._target)

    def clusters(self) -> list[FoundCluster]:
        """All of the project."""
        with undisturbed(), explained(self._target.project, self._target):
            return Reading(self._clients, self._target.project).clusters()

    def carry_out(
        self,
        made: Callable[[Found], Plan],
        question: Callable[[Plan], Question],
        choices: Choices,
        success: Callable[[Plan], str],
        cluster: Cluster | None = None,
    ) -> None:
        """Plan, show, ask, execute, prove. `success` words what the plan made at the end shows."""
        with interruptible(lambda: "Nothing was changed."):
            plan = made(self.read())
            if choices.dry_run or not plan.steps:
                show(plan, self._prices, choices.output, cluster)
                return
            # A document for a program is the last word on standard output, so that the reader's plan goes beside it.
            click.echo(f"{plan_text(plan, self._prices)}\n", err=choices.output != "table")
            ask(question(plan), yes=choices.yes)
        account = cluster.service_account if cluster else None
        with interruptible(lambda: "Google goes on with what was asked of it; it was not looked at again."):
            with told() as progress:
                operations = Operations(self._clients, self._target, account)
                Execution(operations, progress, plan, choices.timeout).run(wait=choices.wait)
            words = success(self._proof(made)) if choices.wait else "Asked for; Google goes on by itself."
            report(choices.output, lambda: words, lambda: plan_document(plan, self._prices) | {"result": words})

    def _proof(self, made: Callable[[Found], Plan]) -> Plan:
        left = made(self.read())
        # GKE begins some work by itself, such as a repair just after a creation. That is not for us to wait for.
        if steps := ", ".join(str(step) for step in left.steps if not isinstance(step, Await)):
            raise ClusterError(
                f"Each operation ended well, and yet this is left to do: {steps}. Run the same command again."
            )
        return left
