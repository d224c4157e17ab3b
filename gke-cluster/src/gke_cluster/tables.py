"""Plans, estimates and clusters as text for a reader. Pure, and the same on a terminal and in a file."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime

from gke_cluster.found import Found, FoundCluster, FoundPool
from gke_cluster.plans import Plan
from gke_cluster.prices import HOURS, Bill, Prices, estimate

WIDTH = 100  # characters of a line of prose
_TERMS = (
    "Without traffic, logs and load balancers. GKE's fee for the control plane, {fee} a month, is waived for one zonal "
    "cluster a billing account and not in the sum."
)


def printable(text: str) -> str:
    """What others wrote, without anything that moves a cursor."""
    return "".join(letter if letter.isprintable() or letter == "\n" else ascii(letter)[1:-1] for letter in text)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns two blanks apart, indented by two."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(f"  {printable(line)}" for line in lines)


def wrapped(text: str) -> str:
    """Lines of words, but what stands on a line of its own, such as a command."""
    return "\n".join(textwrap.fill(line, WIDTH, subsequent_indent="  ") for line in printable(text).splitlines())


def plan_text(plan: Plan, prices: Prices) -> str:
    """Steps, notes and costs of a plan."""
    target = plan.target
    heading = f"Plan: {plan.command} {target.name} in {target.zone}, project {target.project}"
    parts = [heading]
    if plan.steps:
        rows = []
        for number, stage in enumerate(plan.stages, 1):
            for step in stage:
                rows += [(str(number), *step.words), *(("", *part) for part in step.parts)]
        parts.append(aligned(rows))
        if len(plan.steps) > len(plan.stages):
            parts.append("Steps of the same number run at the same time.")
    else:
        parts.append("  Nothing to do.")
    parts += [wrapped(f"Note: {note}") for note in plan.notes]
    bills = {"now": plan.before, "then": plan.after}
    if plan.after.loads:
        bills["at zero nodes"] = plan.after.at_zero
    parts.append(costs_text(bills, prices))
    return "\n\n".join(part for part in parts if part)


def costs_text(bills: dict[str, Bill], prices: Prices) -> str:
    """The months of several states beside each other, the sums alone."""
    rows = [(name, str(estimate(bill, prices))) for name, bill in bills.items()]
    return f"Estimated cost a month ({prices}):\n{aligned(rows)}\n{_terms(prices)}"


def bill_text(bill: Bill, prices: Prices) -> str:
    """One month in full, and the sum at zero nodes."""
    reckoned = estimate(bill, prices)
    rows = [(item.what, "not known" if item.cost is None else str(item.cost)) for item in reckoned.items]
    rows += [("now", str(reckoned)), ("at zero nodes", str(estimate(bill.at_zero, prices)))]
    return f"Estimated cost a month ({prices}):\n{aligned(rows)}\n{_terms(prices)}"


def clusters_text(bills: Sequence[tuple[FoundCluster, Bill]], prices: Prices, now: datetime) -> str:
    """A line a cluster."""
    heading = ("name", "zone", "status", "version", "nodes", "spot", "age", "by us", "cost a month", "at zero nodes")
    rows = [
        (
            cluster.name,
            cluster.zone,
            cluster.status,
            cluster.version,
            _sizes(cluster.pools),
            _spot(cluster.pools),
            age(cluster.created, now),
            "yes" if cluster.ours else "no",
            str(estimate(bill, prices)),
            str(estimate(bill.at_zero, prices)),
        )
        for cluster, bill in bills
    ]
    return aligned([heading, *rows])


def status_text(found: Found, cluster: FoundCluster, bill: Bill, prices: Prices, now: datetime) -> str:
    """All about one cluster."""
    facts = [
        ("status", f"{cluster.status} {cluster.message}".strip()),
        ("version", cluster.version),
        ("endpoint", cluster.endpoint or cluster.address or "none yet"),
        ("age", age(cluster.created, now)),
        ("made by gke-cluster", "yes" if cluster.ours else "no"),
    ]
    heading = ("pool", "nodes", "machine type", "spot", "autoscaling", "disk", "version", "status")
    pools = [
        (
            pool.name,
            _sizes([pool]),
            pool.machine_type,
            "yes" if pool.spot else "no",
            str(pool.autoscaling or "off"),
            f"{pool.disk_gb} GB {pool.disk_type}",
            pool.version,
            f"{pool.status} {pool.message}".strip(),
        )
        for pool in cluster.pools
    ]
    disks = [(disk.name, f"{disk.size_gb} GB {disk.disk_type}", disk.claim) for disk in found.disks]
    parts = [f"{cluster.name} in {cluster.zone}\n{aligned(facts)}", aligned([heading, *pools])]
    if disks:
        parts.append(f"Volumes:\n{aligned(disks)}")
    if found.running:
        parts.append(f"Under way:\n{aligned([(running.what, running.operation) for running in found.running])}")
    parts.append(bill_text(bill, prices))
    return "\n\n".join(parts)


def age(created: str, now: datetime) -> str:
    """How long ago, in its largest unit."""
    try:
        seconds = (now - datetime.fromisoformat(created)).total_seconds()
    except (ValueError, TypeError):
        return "unknown"
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _sizes(pools: Sequence[FoundPool]) -> str:
    asked, running = sum(pool.nodes for pool in pools), sum(pool.running for pool in pools)
    return str(asked) if asked == running else f"{running} of {asked}"


def _spot(pools: Sequence[FoundPool]) -> str:
    spots = {pool.spot for pool in pools}
    return "some" if len(spots) > 1 else "yes" if True in spots else "no"


def _terms(prices: Prices) -> str:
    return wrapped(_TERMS.format(fee=f"${prices.control_plane_hour * HOURS:,.2f}"))
