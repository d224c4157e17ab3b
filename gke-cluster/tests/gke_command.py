"""What the tests know of a command that has ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Result:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str
    both: str  # as a terminal shows them, one after the other


Run = Callable[..., Result]
