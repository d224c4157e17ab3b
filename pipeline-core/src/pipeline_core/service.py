"""The frame of a service: settings, log, endpoints up before anything slow, signals, drain, exit code."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, NoReturn

from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry

from pipeline_core import endpoints, logs
from pipeline_core.errors import ServiceError
from pipeline_core.health import Health
from pipeline_core.settings import AnySettings


@dataclass(frozen=True, slots=True)
class Service(Generic[AnySettings]):
    """What a service's `main` is given to work with."""

    settings: AnySettings
    log: logs.Log
    health: Health
    registry: CollectorRegistry


HANDING_BACK = 0.2  # of DRAIN_SECONDS: kept for handing back, where finishing takes longer than the rest of it

Main = Callable[[Service[AnySettings]], Awaitable[None]]
"""A service's work. SIGTERM and SIGINT cancel it: what must be handed over is handed over by the context managers and
`finally` blocks it leaves through, within `drain_seconds`."""


def run(main: Main[AnySettings], settings: AnySettings) -> int:
    """Run `main` until it returns or a signal comes; the process's exit code. 0: done or drained, 1: failed."""
    log = logs.configure(settings.service_name, settings.log_level, settings.log_format)
    registry = CollectorRegistry()
    for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
        registry.register(collector)
    service = Service(settings, log, Health(), registry)
    try:
        return asyncio.run(_supervise(main, service))
    except ServiceError as failed:
        log.error("stopped", why=str(failed))
    except Exception:
        log.exception("crashed")
    return 1


async def _supervise(main: Main[AnySettings], service: Service[AnySettings]) -> int:
    settings = service.settings
    app = endpoints.application(settings, service.health, service.registry)
    async with endpoints.serve(
        app, settings.health_check_host, settings.health_check_port, "HEALTH_CHECK_PORT"
    ) as port:
        service.log.info("started", port=port)
        work = asyncio.create_task(_awaited(main(service)))
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        return await (_finished(work) if work.done() else _drain(work, service))


async def _awaited(work: Awaitable[None]) -> None:
    await work


async def _finished(work: asyncio.Task[None]) -> int:
    if work.cancelled():  # by a part of it that failed, and that has said why
        return 1
    await work
    return 0


async def _drain(work: asyncio.Task[None], service: Service[AnySettings]) -> int:
    """Cancelled once, work finishes what is under way; once more, it leaves that and only hands back the rest."""
    service.log.info("stopping")
    drain, handing_back = service.settings.drain_seconds, service.settings.drain_seconds * HANDING_BACK
    work.cancel()
    done, _ = await asyncio.wait({work}, timeout=drain - handing_back)
    if not done:
        service.log.error("not drained in time", drain_seconds=drain)
        work.cancel()
        await asyncio.wait({work}, timeout=handing_back)
        return 1
    if work.cancelling() > 1:  # not by us alone: a part of it failed, and has said why
        return 1
    if not work.cancelled():
        await work
    service.log.info("stopped")
    return 0


def end(code: int) -> NoReturn:
    """End the process at once, when `run` has returned: a thread that still computes would hold up an exit in order,
    and what it computes was handed back."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
