"""Choices that follow from a seed: the same on every machine and every version of Python."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

Choice = TypeVar("Choice")

#: Below this many bits left, a pick would begin to favour low numbers, so a fresh digest is drawn.
_ENOUGH_BITS = 64
#: Chances are measured in millionths: fine enough for a share of 0.01 %.
_MILLION = 1_000_000


class Dice:
    """A stream of picks from BLAKE2b of (key, label, number).

    ``random.Random`` costs several microseconds to seed and promises the same sequence for ``random()`` only; a
    digest costs one, and one digest holds the forty-odd picks that a post needs.
    """

    __slots__ = ("_bits", "_key", "_label")

    def __init__(self, key: bytes, label: bytes, number: int) -> None:
        self._key = key
        self._label = label + number.to_bytes(8, "big")
        self._bits = self._draw()

    def _draw(self) -> int:
        return int.from_bytes(blake2b(self._label, key=self._key).digest(), "big")

    def below(self, bound: int) -> int:
        """A number from 0 up to, not including, ``bound``."""
        if self._bits >> _ENOUGH_BITS == 0:
            self._label += b"+"
            self._bits = self._draw()
        self._bits, picked = divmod(self._bits, bound)
        return picked

    def pick(self, choices: Sequence[Choice]) -> Choice:
        """One of ``choices``, each as likely as the next."""
        return choices[self.below(len(choices))]

    def chance(self, share: float) -> bool:
        """True in ``share`` (0 to 1) of all cases."""
        return self.below(_MILLION) < share * _MILLION
