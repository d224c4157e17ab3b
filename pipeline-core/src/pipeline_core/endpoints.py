"""The HTTP endpoints every service has: /health /health/detailed /ready /metrics."""

from __future__ import annotations

import errno
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from pipeline_core.errors import ServiceError
from pipeline_core.health import Health
from pipeline_core.settings import Settings


def application(settings: Settings, health: Health, registry: CollectorRegistry) -> web.Application:
    """The endpoints over one service's health and metrics."""
    started = time.monotonic()

    async def alive(_: web.Request) -> web.Response:
        problems = health.why_dead()
        return _answer("stuck" if problems else "ok", problems)

    async def ready(_: web.Request) -> web.Response:
        problems = health.why_unready()
        return _answer("not ready" if problems else "ready", problems)

    async def detailed(_: web.Request) -> web.Response:
        return web.json_response(
            {
                "service": settings.service_name,
                "uptime_seconds": round(time.monotonic() - started, 1),
                "dead": health.why_dead(),
                "unready": health.why_unready(),
                "details": health.details(),
            },
            status=503 if health.why_dead() else 200,
        )

    async def metrics(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(registry), headers={"Content-Type": content_type})

    app = web.Application()
    app.router.add_get("/health", alive)
    app.router.add_get("/health/detailed", detailed)
    app.router.add_get("/ready", ready)
    if settings.metrics_enabled:
        app.router.add_get("/metrics", metrics)
    return app


@asynccontextmanager
async def serve(app: web.Application, host: str, port: int, setting: str) -> AsyncIterator[int]:
    """Serve `app` inside the block; yields the port (0 picks a free one). `setting` names what chose the port,
    for the error where it is taken."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    try:
        await site.start()
    except OSError as taken:
        await runner.cleanup()
        reason = (
            "is taken by another program" if taken.errno == errno.EADDRINUSE else f"cannot be used: {taken.strerror}"
        )
        raise ServiceError(f"{host}:{port} {reason}; choose another with {setting}") from taken
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _answer(status: str, problems: dict[str, str]) -> web.Response:
    return web.json_response({"status": status, "problems": problems}, status=503 if problems else 200)
