"""What a month costs: a dated table of prices, and the sums. Pure.

Estimates, not a bill: without traffic, logs, load balancers, taxes and the free tier beyond the control plane.
"""

from __future__ import annotations

from msgspec import Struct

from gke_cluster.cluster import Cluster
from gke_cluster.found import Found
from gke_cluster.machines import machine_of

HOURS = 730  # a month, as Google reckons
NAT_MACHINES = 32  # beyond this number a NAT costs no more


class Range(Struct, frozen=True):
    """US dollars a month, from the best to the worst case."""

    least: float
    most: float

    def __add__(self, other: Range) -> Range:
        return Range(self.least + other.least, self.most + other.most)

    def __str__(self) -> str:
        least, most = f"${self.least:,.2f}", f"${self.most:,.2f}"
        return least if least == most else f"{least} to {most}"


class Prices(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """US dollars, before discounts for use or commitment."""

    date: str
    region: str
    source: str
    processor_hour: dict[str, float]  # a virtual processor of a series, on demand
    gib_hour: dict[str, float]  # memory of a series, on demand
    spot_discount: Range  # what is off on spot, as a share
    disk_gb_month: dict[str, float]
    nat_machine_hour: float
    address_hour: float
    control_plane_hour: float

    def __str__(self) -> str:
        return f"{self.source}, {self.region}, as of {self.date}"


# `--prices` takes a file with the same keys; those that it leaves out keep these values.
LIST_PRICES = Prices(
    date="2025-06",
    region="us-central1",
    source="Google Cloud's list prices",
    processor_hour={"e2": 0.02181159, "n2": 0.031611, "n2d": 0.027502, "t2d": 0.027502, "c3": 0.03398, "c3d": 0.02956},
    gib_hour={"e2": 0.00292353, "n2": 0.004237, "n2d": 0.003686, "t2d": 0.003686, "c3": 0.004555, "c3d": 0.003959},
    spot_discount=Range(0.60, 0.91),  # changes up to once a month, within these bounds that Google publishes
    disk_gb_month={"pd-standard": 0.04, "pd-balanced": 0.10, "pd-ssd": 0.17, "hyperdisk-balanced": 0.08},
    nat_machine_hour=0.0014,
    address_hour=0.005,
    control_plane_hour=0.10,
)


class Load(Struct, frozen=True):
    """Alike nodes that are paid for."""

    pool: str
    machine_type: str
    nodes: int
    spot: bool
    disk_type: str
    disk_gb: int


class Volume(Struct, frozen=True):
    """Alike disks that are paid for, whether nodes run or not."""

    disk_type: str
    size_gb: int
    copies: int  # two of a regional disk


class Bill(Struct, frozen=True):
    """All that is paid for."""

    loads: tuple[Load, ...] = ()
    nat: bool = False
    volumes: tuple[Volume, ...] = ()

    def with_nodes(self, nodes: dict[str, int]) -> Bill:
        """The same with other sizes of the pools that are named."""
        loads = tuple(
            Load(
                load.pool, load.machine_type, nodes.get(load.pool, load.nodes), load.spot, load.disk_type, load.disk_gb
            )
            for load in self.loads
        )
        return Bill(loads, self.nat, self.volumes)

    @property
    def at_zero(self) -> Bill:
        """The same without a node."""
        return self.with_nodes({load.pool: 0 for load in self.loads})


class Item(Struct, frozen=True):
    """One line of an estimate. `cost` is None where the price is not known."""

    what: str
    cost: Range | None


class Estimate(Struct, frozen=True):
    """The lines of a month."""

    items: tuple[Item, ...]

    @property
    def total(self) -> Range:
        """Of what is known."""
        return sum((item.cost for item in self.items if item.cost is not None), Range(0, 0))

    @property
    def complete(self) -> bool:
        """Whether each price is known."""
        return all(item.cost is not None for item in self.items)

    def __str__(self) -> str:
        return str(self.total) if self.complete else f"{self.total} and what is not known"


def planned(cluster: Cluster) -> Bill:
    """What the cluster costs once it is there, without volumes."""
    loads = tuple(
        Load(pool.name, pool.machine_type, pool.nodes, pool.spot, pool.boot_disk, pool.disk_gb)
        for pool in cluster.pools
    )
    return Bill(loads, nat=True)


def actual(found: Found, *, nat: bool) -> Bill:
    """What is there costs, at the sizes that were asked for. `nat`: whether there is one of this cluster's."""
    pools = found.cluster.pools if found.cluster else ()
    loads = tuple(
        Load(pool.name, pool.machine_type, pool.nodes, pool.spot, pool.disk_type, pool.disk_gb) for pool in pools
    )
    volumes = tuple(Volume(disk.disk_type, disk.size_gb, 1 + disk.regional) for disk in found.disks)
    return Bill(loads, nat, volumes)


def estimate(bill: Bill, prices: Prices) -> Estimate:
    """A month of it."""
    items = [item for load in bill.loads if load.nodes for item in _nodes(load, prices)]
    if bill.nat:
        users = min(sum(load.nodes for load in bill.loads), NAT_MACHINES)
        hourly = users * prices.nat_machine_hour + prices.address_hour
        items.append(Item("NAT with one address", _same(hourly * HOURS)))
    sizes: dict[str, int] = {}
    for volume in bill.volumes:
        sizes[volume.disk_type] = sizes.get(volume.disk_type, 0) + volume.size_gb * volume.copies
    for disk_type, size in sorted(sizes.items()):
        items.append(Item(f"volumes, {size} GB {disk_type}", _disks(disk_type, size, prices)))
    return Estimate(tuple(items))


def _nodes(load: Load, prices: Prices) -> list[Item]:
    kind = f"{load.machine_type}{' spot' if load.spot else ''}"
    return [
        Item(f"{load.pool}, {load.nodes} x {kind}", _machines(load, prices)),
        Item(
            f"{load.pool}, {load.nodes} x {load.disk_gb} GB {load.disk_type}",
            _disks(load.disk_type, load.nodes * load.disk_gb, prices),
        ),
    ]


def _machines(load: Load, prices: Prices) -> Range | None:
    machine = machine_of(load.machine_type)
    if machine is None or machine.series not in prices.processor_hour or machine.series not in prices.gib_hour:
        return None
    hourly = (
        machine.processors * prices.processor_hour[machine.series] + machine.memory * prices.gib_hour[machine.series]
    )
    full = load.nodes * hourly * HOURS
    if not load.spot:
        return _same(full)
    return Range(full * (1 - prices.spot_discount.most), full * (1 - prices.spot_discount.least))


def _disks(disk_type: str, size: int, prices: Prices) -> Range | None:
    price = prices.disk_gb_month.get(disk_type)
    return None if price is None else _same(size * price)


def _same(cost: float) -> Range:
    return Range(cost, cost)
