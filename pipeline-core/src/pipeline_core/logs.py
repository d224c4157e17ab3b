"""One line a fact, as JSON or for a reader. A post's text is never part of a format."""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
from dataclasses import dataclass
from functools import partial
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, ExcInfo, FilteringBoundLogger, Processor, WrappedLogger

from pipeline_core.shown import shown

Log = FilteringBoundLogger


class Seldom:
    """Warnings of which many may come at once: of each kind the first is told, then none for `interval` seconds, and
    after them, or at the end of the event loop, the last of those held back, with their number as `more_since`.
    Metrics count them all."""

    def __init__(self, log: Log, interval: float = 5.0) -> None:
        self._log, self._interval = log, interval
        self._quiet: dict[str, asyncio.Task[None]] = {}
        self._held: dict[str, _Held] = {}

    def warning(self, event: str, kind: str, **facts: object) -> None:
        """Log `event` with `facts`, or hold it back if one of this `kind`, which is a token of ours, was logged just
        now. Only where an event loop runs."""
        if kind in self._quiet:
            before = self._held.get(kind)
            self._held[kind] = _Held(event, facts, before.times + 1 if before else 1)
        else:
            self._log.warning(event, **facts)
            self._be_quiet(kind)

    def _be_quiet(self, kind: str) -> None:
        self._quiet[kind] = asyncio.create_task(asyncio.sleep(self._interval))
        self._quiet[kind].add_done_callback(partial(self._quiet_over, kind))

    def _quiet_over(self, kind: str, quiet: asyncio.Task[None]) -> None:
        del self._quiet[kind]
        if (held := self._held.pop(kind, None)) is None:
            return
        self._log.warning(held.event, more_since=held.times, **held.facts)
        if not quiet.cancelled():
            self._be_quiet(kind)


@dataclass(frozen=True, slots=True)
class _Held:
    """The last of what was held back, and how many it stands for."""

    event: str
    facts: dict[str, object]
    times: int


def configure(service: str, level: str, form: Literal["json", "console"], output: TextIO | None = None) -> Log:
    """Send our own lines and those of the libraries the same way to `output`, else to standard output; returns the
    service's log."""
    output = output or sys.stdout
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # A crash is told without its local variables: among them are a broker's password and the texts of posts.
    without_locals = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    renderer: list[Processor] = (
        [structlog.processors.ExceptionRenderer(without_locals), structlog.processors.JSONRenderer()]
        if form == "json"
        else [
            _for_a_terminal,
            structlog.dev.ConsoleRenderer(colors=output.isatty(), exception_formatter=_traceback_for_a_terminal),
        ]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # The client's own lines repeat what our connection callbacks say; the HTTP server's tell of each probe, the HTTP
    # clients' of each address, with the signature that opens it.
    for chatty in ("nats", "aiohttp.access", "asyncio", "httpx", "httpx2"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    log: Log = structlog.get_logger(service).bind(service=service)
    return log


def _for_a_terminal(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {key: shown(value) if isinstance(value, str) else value for key, value in event.items()}


def _traceback_for_a_terminal(output: TextIO, raised: ExcInfo) -> None:
    """Indented, as the error's own words may have lines that look like those of the log."""
    lines = "".join(traceback.format_exception(*raised)).rstrip("\n").split("\n")
    output.writelines(f"\n  {shown(line)}" for line in lines)
