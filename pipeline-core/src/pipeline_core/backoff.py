"""Waiting longer after each failure, at random, so that many clients do not come back at once. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Delays that double from `first` to `most` seconds, each drawn from its upper half; `reset` after a success."""

    def __init__(
        self, first: float = 0.5, most: float = 30.0, draw: Callable[[float, float], float] = random.uniform
    ) -> None:
        self._first, self._most = first, most
        self._ceiling = first
        self._draw = draw

    def next(self) -> float:
        """Seconds to wait before the next attempt."""
        ceiling, self._ceiling = self._ceiling, min(self._most, self._ceiling * 2)
        return self._draw(ceiling / 2, ceiling)

    def reset(self) -> None:
        """Start from `first` again."""
        self._ceiling = self._first
