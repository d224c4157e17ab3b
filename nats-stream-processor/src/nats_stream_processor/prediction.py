"""What the models say of a post. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the models say of one post; None where none was asked, or none answers in the post's language.

    `sentiment`: negative, neutral, positive, which add up to one. `topics` in the order of the 19: each probability is
    its own yes or no.
    """

    sentiment: tuple[float, ...] | None = None
    topics: tuple[float, ...] | None = None

    @property
    def finite(self) -> bool:
        """Whether all of it are numbers."""
        return all(map(math.isfinite, (*(self.sentiment or ()), *(self.topics or ()))))


NO_PREDICTION = Prediction()
