"""What a service says of itself: is it alive, can it work, and in what detail. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Check = Callable[[], str | None]
"""None while all is well, else what is wrong, in words for the operator."""


class Health:
    """Checks that the service's parts register and that the endpoints ask.

    Alive is false only where a restart would help; ready is true only while the service can do its work.
    A broker that is away makes a service unready, never dead.
    """

    def __init__(self) -> None:
        self._alive: dict[str, Check] = {}
        self._ready: dict[str, Check] = {}
        self._details: dict[str, Callable[[], Any]] = {}

    def alive_while(self, name: str, check: Check) -> None:
        """Register a condition of being alive."""
        self._alive[name] = check

    def ready_while(self, name: str, check: Check) -> None:
        """Register a condition of being ready."""
        self._ready[name] = check

    def tell(self, name: str, detail: Callable[[], Any]) -> None:
        """Register a JSON value for `/health/detailed`."""
        self._details[name] = detail

    def why_dead(self) -> dict[str, str]:
        """What is wrong that a restart would mend."""
        return _failing(self._alive)

    def why_unready(self) -> dict[str, str]:
        """What keeps the service from its work."""
        return _failing(self._alive) | _failing(self._ready)

    def details(self) -> dict[str, Any]:
        """All that was registered with `tell`."""
        return {name: detail() for name, detail in self._details.items()}


def _failing(checks: dict[str, Check]) -> dict[str, str]:
    return {name: wrong for name, check in checks.items() if (wrong := check()) is not None}
