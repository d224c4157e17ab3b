"""Work beside the service's own: a loop that dies must not be missed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

from pipeline_core.logs import Log


def start(work: Coroutine[object, object, None], log: Log, name: str) -> asyncio.Task[None]:
    """Run `work` beside the calling task until it is cancelled. If it fails, that is logged and the calling task is
    cancelled, which ends the service with code 1: half of it at work would look like the whole."""
    owner = asyncio.current_task()
    task = asyncio.create_task(work)

    def ended(_: asyncio.Task[None]) -> None:
        if task.cancelled() or (failure := task.exception()) is None:
            return
        log.error("background work failed", work=name, exc_info=failure)
        if owner is not None:
            owner.cancel()

    task.add_done_callback(ended)
    return task
