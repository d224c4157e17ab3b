"""What Google's machine series are: memory, processor, the disks they take, and what that means for the engine. Pure.

Source: Compute Engine's documentation of its machine families. A series that is not here can be used all the same;
its cost is then called unknown.
"""

from __future__ import annotations

from msgspec import Struct

_OLDER = ("pd-standard", "pd-balanced", "pd-ssd")
_THIRD = ("pd-balanced", "pd-ssd", "hyperdisk-balanced")
_FOURTH = ("hyperdisk-balanced",)


class Series(Struct, frozen=True):
    """A machine series. `memory`: GiB a virtual processor, of each class. `disks`: for booting, cheapest first."""

    processor: str
    memory: dict[str, float]
    disks: tuple[str, ...]
    vnni: bool  # integer products of the INT8 model in one instruction, not three
    bfloat16: bool  # AVX512-BF16 or AMX


class Machine(Struct, frozen=True):
    """A machine type of a known series."""

    series: str
    processors: int  # virtual
    memory: float  # GiB


SERIES = {
    "e2": Series("what is free", {"standard": 4, "highmem": 8, "highcpu": 1}, _OLDER, vnni=False, bfloat16=False),
    "n2": Series(
        "Intel Cascade Lake, Ice Lake", {"standard": 4, "highmem": 8, "highcpu": 1}, _OLDER, vnni=True, bfloat16=False
    ),
    "n2d": Series("AMD Rome, Milan", {"standard": 4, "highmem": 8, "highcpu": 1}, _OLDER, vnni=False, bfloat16=False),
    "t2d": Series("AMD Milan", {"standard": 4}, _OLDER, vnni=False, bfloat16=False),
    "c3": Series(
        "Intel Sapphire Rapids", {"standard": 4, "highmem": 8, "highcpu": 2}, _THIRD, vnni=True, bfloat16=True
    ),
    "c3d": Series("AMD Genoa", {"standard": 4, "highmem": 8, "highcpu": 2}, _THIRD, vnni=True, bfloat16=True),
    "n4": Series(
        "Intel Emerald Rapids", {"standard": 4, "highmem": 8, "highcpu": 2}, _FOURTH, vnni=True, bfloat16=True
    ),
}
SUGGESTED = ("t2d-standard-2", "n2d-highcpu-4", "c3d-highcpu-4", "c3-highcpu-4", "n2-highcpu-4", "e2-standard-2")
BEST_FOR_ENGINE = "c3d-highcpu-4"


def machine_of(machine_type: str) -> Machine | None:
    """`n2d-highcpu-4` in figures; None where the series or its class is not known."""
    name, _, rest = machine_type.partition("-")
    kind, _, processors = rest.partition("-")
    series = SERIES.get(name)
    if series is None or kind not in series.memory or not processors.isdecimal():
        return None
    return Machine(name, int(processors), int(processors) * series.memory[kind])


def cheapest_disk(machine_type: str) -> str:
    """The cheapest boot disk that the machine type takes."""
    series = SERIES.get(machine_type.partition("-")[0])
    return series.disks[0] if series else "pd-balanced"


def takes(machine_type: str, disk_type: str) -> bool:
    """Whether the machine type boots from such a disk. An unknown series is given the benefit of the doubt."""
    series = SERIES.get(machine_type.partition("-")[0])
    return series is None or disk_type in series.disks


def advice(machine_type: str) -> str | None:
    """What whoever runs the engine on such machines should know."""
    series = SERIES.get(machine_type.partition("-")[0])
    if series is None or series.vnni:
        return None
    return (
        f"{machine_type} ({series.processor}) has neither VNNI nor AVX512-BF16: the INT8 models run, but slower than "
        f"their price suggests. {BEST_FOR_ENGINE} has both and costs about a fifth more than n2d-highcpu-4: likely the "
        "most posts per dollar; `make bench` on a node tells."
    )
