"""Ctrl-C between requests, not in the midst of one: what was asked for is then always known, and told."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from gke_cluster.errors import Interrupted


@contextmanager
def undisturbed() -> Iterator[None]:
    """SIGINT and SIGTERM wait for the end of the block, which then raises KeyboardInterrupt. A second does not wait.

    gRPC's locks, too, are not safe against an exception from a signal: the process may hang at its end.
    """
    pressed: list[int] = []

    def press(number: int, frame: FrameType | None) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    before = {number: signal.signal(number, press) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if pressed:
        raise KeyboardInterrupt


@contextmanager
def interruptible(told: Callable[[], str]) -> Iterator[None]:
    """KeyboardInterrupt becomes an Interrupted that tells how far it had come."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(f"Interrupted. {told()}") from None
